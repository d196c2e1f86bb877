/* scorecard_measure.c - how well a scorecard tells goods from bads, where to cut, and whether its scores stay as they were.
 *
 *     auc, gini    chance that a good scores above a bad, ties half; 2 auc - 1
 *     ks           greatest distance between the shares of goods and bads below a score
 *     lift         bads of each tenth of the rows, the worst first, over the bads of all
 *     cut-offs     each tenth of the scores: accepted, their bads as met and as the card says, profit = goods gain - bads loss
 *     psi          of the scores in tenths of all, for each value of a column (months of a time) against the first one */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "insight/scorecard.h"

#define BANDS 10
#define PARTS_MAX 200

typedef struct {
    int64_t score;
    double good, bad;
} scored;

typedef struct {
    const hx_scorecard *card;
    const hx_table *t;
    const hx_scorecard_check *o;
    hx_arena *arena;
    hx_json_writer w;
    double *good, *bad;
    int64_t *scores, edges[BANDS - 1];
    scored *rows; /* with an outcome, by score; ties joined */
    size_t n;
    double goods, bads, gain, loss;
    int64_t cut_off;
} measure;

double hx_stability(const double *expected, const double *actual, size_t n) {
    double e = 0, a = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        e += expected[i];
        a += actual[i];
    }
    if (!(e > 0 && a > 0)) return NAN;
    for (size_t i = 0; i < n; i++) {
        const double x = (expected[i] > 0 ? expected[i] : 0.5) / e,
                     y = (actual[i] > 0 ? actual[i] : 0.5) / a;
        sum += (y - x) * log(y / x);
    }
    return sum;
}

static int by_score(const void *l, const void *r) {
    const scored *a = l, *b = r;
    return (a->score > b->score) - (a->score < b->score);
}

static void collect(measure *m) {
    size_t n = 0;
    for (size_t i = 0; i < hx_table_rows(m->t); i++) {
        if (!(m->good[i] + m->bad[i] > 0)) continue;
        m->rows[n++] = (scored){m->scores[i], m->good[i], m->bad[i]};
        m->goods += m->good[i];
        m->bads += m->bad[i];
    }
    qsort(m->rows, n, sizeof *m->rows, by_score);
    for (size_t k = 1; k < BANDS && n > 0; k++)
        m->edges[k - 1] = m->rows[n * k / BANDS].score;
    for (size_t i = 0; i < n; i++) {
        if (m->n > 0 && m->rows[m->n - 1].score == m->rows[i].score) {
            m->rows[m->n - 1].good += m->rows[i].good;
            m->rows[m->n - 1].bad += m->rows[i].bad;
        } else {
            m->rows[m->n++] = m->rows[i];
        }
    }
}

static void put_number(measure *m, const char *key, double v) {
    hx_json_key(&m->w, key);
    hx_json_double(&m->w, v);
}

static void put_units(measure *m, const char *key, int64_t units) {
    hx_buf text;
    hx_buf_init(&text, 64);
    hx_card_put_units(units, m->card->places, &text);
    hx_json_key(&m->w, key);
    hx_json_raw(&m->w, hx_buf_str(&text));
    hx_buf_release(&text);
}

static void put_figures(measure *m) {
    double good = 0, bad = 0, ks = 0, auc = 0, expected = 0;
    int64_t at = 0;
    for (size_t i = 0; i < m->n; i++) {
        const scored *s = &m->rows[i];
        auc += s->good * (bad + s->bad / 2);
        good += s->good;
        bad += s->bad;
        expected += (s->good + s->bad) * hx_scorecard_bad(m->card, s->score);
        const double distance = fabs(bad / m->bads - good / m->goods);
        if (distance > ks) ks = distance, at = s->score;
    }
    auc /= m->goods * m->bads;
    put_number(m, "rows", m->goods + m->bads);
    put_number(m, "bad_rate", m->bads / (m->goods + m->bads));
    put_number(m, "expected_bad_rate", expected / (m->goods + m->bads));
    put_number(m, "auc", auc);
    put_number(m, "gini", 2 * auc - 1);
    put_number(m, "ks", ks);
    put_units(m, "ks_at", at);
}

/* Rows from `low` to below `high`, and the bads that the card says. */
static hx_bin_counts count_between(const measure *m, int64_t low, int64_t high, double *expected) {
    hx_bin_counts c = {0, 0};
    *expected = 0;
    for (size_t i = 0; i < m->n; i++) {
        const scored *s = &m->rows[i];
        if (s->score < low || s->score >= high) continue;
        c.good += s->good;
        c.bad += s->bad;
        *expected += (s->good + s->bad) * hx_scorecard_bad(m->card, s->score);
    }
    return c;
}

static void put_lift(measure *m) {
    const double rate = m->bads / (m->goods + m->bads);
    double expected, before = 0;
    hx_json_key(&m->w, "lift");
    hx_json_array(&m->w);
    for (size_t k = 0; k < BANDS; k++) {
        const int64_t low = k ? m->edges[k - 1] : INT64_MIN,
                      high = k + 1 < BANDS ? m->edges[k] : INT64_MAX;
        const hx_bin_counts c = count_between(m, low, high, &expected);
        const double n = c.good + c.bad;
        if (!(n > 0)) continue;
        before += c.bad;
        hx_json_object(&m->w);
        put_units(m, "from", k ? low : m->rows[0].score);
        put_number(m, "rows", n);
        put_number(m, "bads", c.bad);
        put_number(m, "bad_rate", c.bad / n);
        put_number(m, "expected_bad_rate", expected / n);
        put_number(m, "lift", c.bad / n / rate);
        put_number(m, "bads_so_far", before / m->bads);
        hx_json_end_object(&m->w);
    }
    hx_json_end_array(&m->w);
}

static double profit_at(const measure *m, size_t i, double *good, double *bad) {
    *good -= i > 0 ? m->rows[i - 1].good : 0;
    *bad -= i > 0 ? m->rows[i - 1].bad : 0;
    return *good * m->gain - *bad * m->loss;
}

static void find_cut_off(measure *m) {
    double good = m->goods, bad = m->bads, best = -INFINITY;
    for (size_t i = 0; i < m->n; i++) {
        const double profit = profit_at(m, i, &good, &bad);
        if (profit > best) best = profit, m->cut_off = m->rows[i].score;
    }
    if (best < 0) m->cut_off = m->rows[m->n - 1].score + 1; /* nobody */
}

static void put_cut(measure *m, int64_t cut) {
    double expected;
    const hx_bin_counts c = count_between(m, cut, INT64_MAX, &expected);
    const double n = c.good + c.bad;
    hx_json_object(&m->w);
    put_units(m, "score", cut);
    put_number(m, "accepted", n / (m->goods + m->bads));
    put_number(m, "bad_rate", n > 0 ? c.bad / n : NAN);
    put_number(m, "expected_bad_rate", n > 0 ? expected / n : NAN);
    put_number(m, "profit", c.good * m->gain - c.bad * m->loss);
    hx_json_end_object(&m->w);
}

static void put_cuts(measure *m) {
    hx_json_key(&m->w, "cut_off");
    put_cut(m, m->cut_off);
    hx_json_key(&m->w, "cut_offs");
    hx_json_array(&m->w);
    put_cut(m, m->rows[0].score);
    for (size_t k = 0; k < BANDS - 1; k++)
        if (m->edges[k] > (k ? m->edges[k - 1] : m->rows[0].score)) put_cut(m, m->edges[k]);
    hx_json_end_array(&m->w);
}

/* --- stability ----------------------------------------------------------- */
typedef struct {
    hx_str name;
    double counts[BANDS], rows;
} portion;

static int by_name(const void *l, const void *r) {
    const portion *a = l, *b = r;
    return hx_str_compare(a->name, b->name);
}

static portion *find_portion(portion *parts, size_t *n, hx_str name, hx_arena *arena) {
    for (size_t i = 0; i < *n; i++)
        if (hx_str_equal(parts[i].name, name)) return &parts[i];
    if (*n == PARTS_MAX) return NULL;
    parts[*n].name = hx_arena_str(arena, name);
    return &parts[(*n)++];
}

static void put_stability(measure *m, size_t column, portion *parts) {
    const bool time = hx_table_column_at(m->t, column)->kind == HX_KIND_TIME;
    char room[64];
    size_t n = 0;
    for (size_t i = 0; i < hx_table_rows(m->t); i++) {
        size_t band = 0;
        hx_str name = hx_table_cell(m->t, i, column, room);
        if (time && name.len > 7) name.len = 7; /* 2026-11 */
        portion *p = find_portion(parts, &n, name, m->arena);
        if (!p) continue;
        while (band < BANDS - 1 && m->scores[i] >= m->edges[band])
            band++;
        p->counts[band]++;
        p->rows++;
    }
    qsort(parts, n, sizeof *parts, by_name);
    hx_json_key(&m->w, "psi");
    hx_json_array(&m->w);
    for (size_t i = 0; i < n; i++) {
        hx_json_object(&m->w);
        hx_json_key(&m->w, "part");
        hx_json_str(&m->w, parts[i].name);
        put_number(m, "rows", parts[i].rows);
        put_number(m, "psi", hx_stability(parts[0].counts, parts[i].counts, BANDS));
        hx_json_end_object(&m->w);
    }
    hx_json_end_array(&m->w);
}

static hx_status find_column(const measure *m, const char *name, size_t *column, hx_error *err) {
    *column = hx_table_find(m->t, hx_str_of(name));
    if (*column != HX_COLUMN_NONE) return HX_OK;
    return hx_fail(err, HX_ENOTFOUND, "there is no column '%.*s'", HX_STR_ARG(hx_str_of(name)));
}

static hx_status parse_cut_off(measure *m, hx_error *err) {
    json_t *number = NULL;
    HX_TRY(hx_json_parse(hx_str_of(m->o->cut_off), 40, "the cut-off", &number, err));
    const bool good = json_is_number(number);
    m->cut_off = hx_scorecard_units(m->card, json_number_value(number));
    json_decref(number);
    return good ? HX_OK : hx_fail(err, HX_EINVAL, "the cut-off must be a score");
}

static hx_status put_all(measure *m, hx_error *err) {
    size_t column;
    hx_str bad_value = m->card->bad;
    HX_TRY(hx_card_outcomes(m->t, m->card->target, &bad_value, m->arena, m->good, m->bad, err));
    HX_TRY(hx_scorecard_apply(m->card, m->t, m->scores, err));
    collect(m);
    if (!(m->goods > 0 && m->bads > 0))
        return hx_fail(err, HX_EINVAL, "a scorecard is measured by good rows and bad ones");
    find_cut_off(m);
    if (m->o->cut_off) HX_TRY(parse_cut_off(m, err));
    hx_json_object(&m->w);
    put_figures(m);
    put_lift(m);
    put_cuts(m);
    if (m->o->by) {
        HX_TRY(find_column(m, m->o->by, &column, err));
        portion *parts = hx_arena_alloc(m->arena, PARTS_MAX * sizeof *parts);
        if (!parts) return hx_fail(err, HX_ENOMEM, "not enough memory for scores");
        put_stability(m, column, parts);
    }
    if (m->o->group) {
        HX_TRY(find_column(m, m->o->group, &column, err));
        hx_json_key(&m->w, "fairness");
        hx_fairness_write(&m->w, m->t, column, m->scores, m->good, m->bad, m->cut_off, m->arena);
    }
    hx_json_end_object(&m->w);
    return HX_OK;
}

hx_status hx_scorecard_measure(const hx_scorecard *card, const hx_table *t,
                               const hx_scorecard_check *options, hx_arena *arena, hx_str *json,
                               hx_error *err) {
    const size_t rows = hx_table_rows(t) + 1;
    measure m = {.card = card, .t = t, .o = options, .arena = arena};
    hx_buf out;
    hx_buf_init(&out, HX_CARD_BYTES_MAX);
    hx_json_begin(&m.w, &out);
    m.gain = options->gain > 0 ? options->gain : 1;
    m.loss = options->loss > 0 ? options->loss : 5;
    m.good = calloc(2 * rows, sizeof *m.good);
    m.scores = calloc(rows, sizeof *m.scores);
    m.rows = calloc(rows, sizeof *m.rows);
    m.bad = m.good ? m.good + rows : NULL;
    hx_status status = m.good && m.scores && m.rows
                           ? put_all(&m, err)
                           : hx_fail(err, HX_ENOMEM, "not enough memory for scores");
    if (status == HX_OK) status = hx_buf_status(&out, "the figures", err);
    if (status == HX_OK) {
        *json = hx_arena_str(arena, hx_buf_str(&out));
        if (!json->ptr) status = hx_fail(err, HX_ENOMEM, "not enough memory for scores");
    }
    free(m.good);
    free(m.scores);
    free(m.rows);
    hx_buf_release(&out);
    return status;
}
