/* conformal.c - split conformal prediction (Vovk 2005; Papadopoulos 2002): intervals and sets that hold the truth as often as was asked for.
 *
 *     numbers   score = |y - f(x)|                              interval = f(x) -+ bound
 *     LAC       score = 1 - p of the true class                 set = classes with 1 - p <= bound            (Sadinle, Lei, Wasserman 2019)
 *     APS       score = sum of p of the classes that are likelier than the true one, and u times its own
 *               set = classes whose score is <= bound                                                       (Romano, Sesia, Candes 2020)
 *
 * u in [0, 1) is drawn from the row's probabilities, so that it is the same wherever they are: a score may be any function of the row, and without u two
 * classes would always be both in the set.
 *
 * The bound is order statistic ceil((n + 1) coverage) of the n scores of rows that were kept from the learner. Where new rows are drawn as those were, the
 * truth is within with a probability of at least `coverage`, whatever the model. The likeliest class is always in the set, which only adds to it. */
#include "learn/conformal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "learn/fields.h"
#include "learn/learner.h"
#include "learn/split.h"

#define ARENA_MAX ((size_t)64 << 30)
#define SUMMARY_MAX 256
#define SHARE_MAX 0.9
#define ROUNDING 1e-12 /* of sums of probabilities */
#define SALT                                                                                       \
    0x636f6e66u /* the rows that are kept are not those of another split by the same seed */

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for conformal prediction");
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ------------------------------------------------------------------ scores */
/* u of a row: its probabilities hashed. */
static double share_of(const double *row, size_t n_classes) {
    const uint64_t h = hx_hash((hx_str){(const char *)row, n_classes * sizeof *row});
    return (double)(hx_hash_mix(h, SALT) >> 11) * 0x1p-53;
}

/* The sum of p of all classes likelier than `class`, and u times its own; of equal ones the earlier are likelier. */
static double aps_score(const double *row, size_t n_classes, size_t class, double u) {
    double sum = u * row[class];
    for (size_t k = 0; k < n_classes; k++)
        if (row[k] > row[class] || (row[k] == row[class] && k < class)) sum += row[k];
    return sum;
}

static hx_conformal *conformal_new(void) {
    hx_conformal *c = calloc(1, sizeof *c);
    if (c && !(c->arena = hx_arena_new(ARENA_MAX))) {
        free(c);
        return NULL;
    }
    return c;
}

void hx_conformal_free(hx_conformal *c) {
    if (!c) return;
    hx_arena_free(c->arena);
    free(c);
}

static bool score_rows(hx_conformal *c, const hx_predictions *said, const double *truth) {
    size_t k = said->n_classes, n = said->n;
    double *first = hx_arena_alloc(c->arena, (n + 1) * sizeof *first);
    double *second = hx_arena_alloc(c->arena, (n + 1) * sizeof *second);
    if (!first || !second) return false;
    for (size_t i = 0; i < n; i++) {
        const double *row = said->probabilities ? said->probabilities + i * k : NULL;
        first[i] = row ? 1 - row[(size_t)truth[i]] : fabs(truth[i] - said->values[i]);
        second[i] = row ? aps_score(row, k, (size_t)truth[i], share_of(row, k)) : 0;
    }
    qsort(first, n, sizeof *first, compare_doubles);
    qsort(second, n, sizeof *second, compare_doubles);
    c->residuals = said->probabilities ? NULL : first;
    c->lac = said->probabilities ? first : NULL;
    c->aps = said->probabilities ? second : NULL;
    return true;
}

hx_status hx_conformal_fit(hx_conformal **out, const hx_predictions *said, const double *truth,
                           hx_error *err) {
    for (size_t i = 0; i < said->n; i++)
        if (!isfinite(truth[i]) || !isfinite(said->values[i]))
            return hx_fail(err, HX_EINVAL, "a row kept for coverage has an infinite value");
    hx_conformal *c = conformal_new();
    if (!c || !score_rows(c, said, truth)) {
        hx_conformal_free(c);
        return no_memory(err);
    }
    c->n = said->n;
    *out = c;
    return HX_OK;
}

hx_status hx_conformal_bound(const double *scores, size_t n, double coverage, double *out,
                             hx_error *err) {
    if (!(coverage > 0 && coverage < 1))
        return hx_fail(err, HX_EINVAL, "a coverage is a number between 0 and 1, not %g", coverage);
    double rank = ceil(((double)n + 1) * coverage - 1e-9);
    if (rank > (double)n)
        return hx_fail(err, HX_EINVAL,
                       "a coverage of %g needs at least %.0f rows that were kept for it, not %zu",
                       coverage, ceil(coverage / (1 - coverage) - 1e-9), n);
    *out = scores[rank < 1 ? 0 : (size_t)rank - 1];
    return HX_OK;
}

/* ------------------------------------------------------------------ intervals and sets */
static hx_status put_intervals(const hx_predictions *p, double bound, hx_arena *arena,
                               hx_coverage *out, hx_error *err) {
    out->low = hx_arena_alloc(arena, (p->n + 1) * sizeof *out->low);
    out->high = hx_arena_alloc(arena, (p->n + 1) * sizeof *out->high);
    if (!out->low || !out->high) return no_memory(err);
    for (size_t i = 0; i < p->n; i++) {
        out->low[i] = p->values[i] - bound;
        out->high[i] = p->values[i] + bound;
    }
    return HX_OK;
}

static hx_status put_sets(const hx_predictions *p, bool aps, double bound, hx_arena *arena,
                          hx_coverage *out, hx_error *err) {
    size_t k = p->n_classes;
    out->members = hx_arena_alloc(arena, p->n * k + 1);
    if (!out->members) return no_memory(err);
    for (size_t i = 0; i < p->n; i++) {
        const double *row = p->probabilities + i * k, u = share_of(row, k);
        for (size_t j = 0; j < k; j++) {
            double score = aps ? aps_score(row, k, j, u) : 1 - row[j];
            out->members[i * k + j] = score <= bound + ROUNDING || j == (size_t)p->values[i];
        }
    }
    return HX_OK;
}

hx_status hx_learner_cover(const hx_learner *l, const hx_predictions *p, double coverage,
                           hx_conformal_method method, hx_arena *arena, hx_coverage *out,
                           hx_error *err) {
    const hx_conformal *c = l->conformal;
    double bound = NAN;
    *out = (hx_coverage){0};
    if (!c)
        return hx_fail(
            err, HX_EINVAL,
            "the model was fitted without rows kept for its coverage; see learn fit --conformal");
    const double *scores = c->residuals                 ? c->residuals
                           : method == HX_CONFORMAL_APS ? c->aps
                                                        : c->lac;
    HX_TRY(hx_conformal_bound(scores, c->n, coverage, &bound, err));
    if (c->residuals) return put_intervals(p, bound, arena, out, err);
    return put_sets(p, method == HX_CONFORMAL_APS, bound, arena, out, err);
}

/* ------------------------------------------------------------------ files */
void hx_conformal_write(const hx_conformal *c, hx_json_writer *w) {
    hx_json_object(w);
    hx_json_key(w, "rows");
    hx_json_int(w, (int64_t)c->n);
    if (c->residuals) hx_put_numbers(w, "residuals", c->residuals, c->n);
    if (c->lac) hx_put_numbers(w, "lac", c->lac, c->n);
    if (c->aps) hx_put_numbers(w, "aps", c->aps, c->n);
    hx_json_end_object(w);
}

static bool ascending(const double *x, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (x[i] < x[i - 1]) return false;
    return true;
}

hx_status hx_conformal_read(hx_conformal **out, const json_t *json, hx_error *err) {
    bool ok = true;
    hx_conformal *c = conformal_new();
    if (!c) return no_memory(err);
    c->n = hx_field_count(json, "rows", HX_CONFORMAL_ROWS_MAX, &ok);
    bool numbers = json_object_get(json, "residuals") != NULL;
    double **first = numbers ? &c->residuals : &c->lac;
    *first = hx_field_numbers(json, numbers ? "residuals" : "lac", c->n, c->arena, &ok);
    if (!numbers) c->aps = hx_field_numbers(json, "aps", c->n, c->arena, &ok);
    ok = ok && c->n > 0 && ascending(*first, c->n) && (numbers || ascending(c->aps, c->n));
    if (!ok) {
        hx_conformal_free(c);
        return hx_fail(err, HX_EFORMAT, "the model's rows kept for coverage are damaged");
    }
    *out = c;
    return HX_OK;
}

/* ------------------------------------------------------------------ a learner */
/* rows (n) in parts: first those to learn from, then those to keep; *kept of them. */
static hx_status part_rows(const hx_table *t, const hx_learn_options *o, size_t *rows, size_t *kept,
                           hx_error *err) {
    size_t n = hx_table_rows(t), at = 0;
    double share = fmin(o->conformal, HX_CONFORMAL_ROWS_MAX / fmax((double)n, 1));
    const double shares[] = {1 - share, share};
    const hx_fold_options f = {.seed = hx_hash_mix(o->seed, SALT)};
    uint32_t *parts = calloc(n + 1, sizeof *parts);
    if (!parts) return no_memory(err);
    hx_status st = n < 2 ? HX_OK : hx_split_shares(n, shares, 2, &f, parts, err);
    *kept = 0;
    for (uint32_t part = 0; part < 2 && st == HX_OK; part++)
        for (size_t i = 0; i < n; i++)
            if (parts[i] == part) {
                rows[at++] = i;
                *kept += part;
            }
    free(parts);
    return st;
}

static hx_status keep_scores(hx_learner *l, const hx_table *held, const hx_learn_options *o,
                             hx_arena *arena, hx_error *err) {
    hx_table *own = NULL;
    hx_problem p;
    hx_predictions said;
    char text[SUMMARY_MAX];
    HX_TRY(hx_learner_prepare(l, held, o->n_threads, &own, err));
    hx_status st = hx_design_problem(l->design, own ? own : held, true, arena, &p, err);
    if (st == HX_OK) st = hx_learner_predict_problem(l, &p, o->n_threads, arena, &said, err);
    if (st == HX_OK) st = hx_conformal_fit(&l->conformal, &said, p.y, err);
    hx_table_free(own);
    if (st != HX_OK) return st;
    int len = snprintf(text, sizeof text, "{\"rows\":%zu}", l->conformal->n);
    return hx_learner_tell(l, "conformal", (hx_str){text, (size_t)len}, err);
}

static hx_status learn_and_keep(hx_learner **out, const hx_table *const parts[2],
                                const hx_table *validation, const hx_learn_options *o,
                                hx_arena *arena, hx_error *err) {
    hx_learn_options plain = *o;
    plain.conformal = 0;
    HX_TRY(hx_learner_fit(out, parts[0], validation, &plain, err));
    hx_learn_task task = hx_learner_task(*out);
    hx_status st =
        task == HX_TASK_CLASSES || task == HX_TASK_REGRESSION
            ? keep_scores(*out, parts[1], o, arena, err)
            : hx_fail(err, HX_EINVAL, "only models of numbers and of classes can have a coverage");
    if (st != HX_OK) {
        hx_learner_free(*out);
        *out = NULL;
    }
    return st;
}

hx_status hx_conformal_learn(hx_learner **out, const hx_table *train, const hx_table *validation,
                             const hx_learn_options *o, hx_error *err) {
    if (!(o->conformal > 0 && o->conformal <= SHARE_MAX))
        return hx_fail(err, HX_EINVAL, "the share of rows kept for coverage is above 0, at most %g",
                       SHARE_MAX);
    hx_table *parts[2] = {NULL, NULL};
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    size_t n = hx_table_rows(train), kept = 0;
    size_t *rows = arena ? hx_arena_alloc(arena, (n + 1) * sizeof *rows) : NULL;
    hx_status st = rows ? part_rows(train, o, rows, &kept, err) : no_memory(err);
    if (st == HX_OK && kept == 0)
        st = hx_fail(err, HX_EINVAL, "%zu rows are too few to keep some for coverage", n);
    if (st == HX_OK) st = hx_table_pick(&parts[0], train, rows, n - kept, err);
    if (st == HX_OK) st = hx_table_pick(&parts[1], train, rows + (n - kept), kept, err);
    const hx_table *const halves[] = {parts[0], parts[1]};
    if (st == HX_OK) st = learn_and_keep(out, halves, validation, o, arena, err);
    hx_table_free(parts[0]);
    hx_table_free(parts[1]);
    hx_arena_free(arena);
    return st;
}
