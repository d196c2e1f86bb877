/* adapt.c - fits an adaptation to a few labelled texts; see adapted.h for what it is.
 *
 *     m(x) = bias + scale b(x) + sum w(g) / sqrt(T),       b the engine's logit
 *     least  sum log(1 + exp(-y m(x))) + strength / 2 |w|^2 + BIAS / 2 bias^2 + SCALE / 2 (scale - 1)^2
 *
 * the most probable weights where the prior says "as the engine does" (Chelba and Acero 2004), by limited-memory BFGS. The strength of the prior is
 * the one of a few whose held-out log loss is least over five folds, dealt round within each label; none of them where leaving the weights out does
 * better. The held-out logits give the last scale and bias, so that probabilities are calibrated. Everything is in the order of the texts: same
 * texts, same bytes. */
#include "text/adapt.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/minimise.h"
#include "text/annotator.h"
#include "text/grams.h"
#include "text/sentiment.h"

enum { FOLDS = 5, ROUNDS = 60, LEAST = 10, MOST = 20000 };

#define PRIOR_BIAS 1.0
#define PRIOR_SCALE 5.0
#define KEEP_ABOVE 0.01 /* of a weight */

static const double strengths[] = {0.1, 0.3, 1, 3, 10};

typedef struct {
    const hx_adapt_rows *rows;
    const hx_adapt_prior *prior;
    unsigned without;
} fit_task;

/* ------------------------------------------------------------------ reading */
static hx_status no_memory(size_t n, hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while fitting to %zu texts", n);
}

/* The grams of a text as ids, in `arena`. */
static bool take_grams(hx_annotator *a, const hx_clean *clean, hx_map *ids, hx_arena *arena,
                       hx_adapt_row *row) {
    hx_gram grams[HX_GRAM_MAX];
    hx_gram_set seen;
    size_t n = 0;
    hx_gram_piece *pieces = hx__gram_pieces(clean->text, a->scratch, &n);
    uint32_t *list = pieces ? hx_arena_alloc(arena, (n * HX_GRAM_MAX + 1) * sizeof *list) : NULL;
    if (!list || !hx__gram_set_new(&seen, n * HX_GRAM_MAX, a->scratch)) return false;
    row->ids = list;
    row->scale = 1 / sqrt(n > 0 ? (double)n : 1);
    for (size_t i = 0; i < n; i++) {
        size_t some = hx__grams_at(pieces, n, i, grams);
        for (size_t g = 0; g < some; g++) {
            if (!hx__gram_set_add(&seen, grams[g].hash)) continue;
            size_t known = ids->n;
            uint64_t *at = hx_map_put(ids, grams[g].hash);
            if (!at) return false;
            if (ids->n > known) *at = known;
            list[row->n++] = (uint32_t)*at;
        }
    }
    return true;
}

static hx_status read_row(hx_annotator *a, hx_str text, hx_map *ids, hx_arena *arena,
                          hx_arena *said, hx_adapt_row *row, hx_error *err) {
    static const hx_clean_rules rules = {0};
    hx_sentiment s;
    hx_clean clean;
    hx_arena_reset(said);
    HX_TRY(hx_text_sentiment(a, text, said, &s, err));
    row->base = s.logit;
    hx_arena_reset(a->scratch);
    HX_TRY(hx__clean(a, text, &rules, &clean, err));
    return take_grams(a, &clean, ids, arena, row) ? HX_OK : no_memory(1, err);
}

static bool name_grams(const hx_map *ids, hx_arena *arena, hx_adapt_rows *out) {
    size_t at = 0;
    uint64_t hash, id;
    out->n_grams = ids->n;
    out->hashes = hx_arena_alloc(arena, (ids->n + 1) * sizeof *out->hashes);
    while (out->hashes && hx_map_next(ids, &at, &hash, &id))
        out->hashes[id] = hash;
    return out->hashes != NULL;
}

hx_status hx__adapt_read(hx_annotator *a, const hx_labelled_texts *data, hx_arena *arena,
                         hx_adapt_rows *out, hx_error *err) {
    hx_map ids;
    unsigned dealt[2] = {0};
    hx_arena *said = hx_arena_new(0);
    hx_status status = HX_OK;
    hx_map_init(&ids);
    *out = (hx_adapt_rows){.rows = hx_arena_alloc(arena, (data->n + 1) * sizeof *out->rows)};
    if (!out->rows || !said) status = no_memory(data->n, err);
    for (size_t i = 0; i < data->n && status == HX_OK; i++) {
        bool positive = data->labels[i] == HX_SENTIMENT_POSITIVE;
        if (!positive && data->labels[i] != HX_SENTIMENT_NEGATIVE) continue;
        hx_adapt_row row = {.y = positive ? 1 : -1};
        status = read_row(a, data->texts[i], &ids, arena, said, &row, err);
        if (row.n == 0) continue;
        row.fold = dealt[positive]++ % FOLDS;
        out->rows[out->n++] = row;
    }
    if (status == HX_OK && !name_grams(&ids, arena, out)) status = no_memory(data->n, err);
    hx_map_release(&ids);
    hx_arena_free(said);
    return status;
}

/* ------------------------------------------------------------------ the fit */
double hx__adapt_logit(const hx_adapt_row *row, const double *x, size_t n_grams) {
    double sum = 0;
    for (size_t k = 0; k < row->n && n_grams > 0; k++)
        sum += x[row->ids[k]];
    return x[n_grams] + x[n_grams + 1] * row->base + sum * row->scale;
}

static double log_loss(double margin) {
    return margin > 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin;
}

static double objective(void *context, const double *x, double *gradient) {
    const fit_task *t = context;
    size_t n = t->rows->n_grams;
    double sum = 0, *bias = &gradient[n], *scale = &gradient[n + 1];
    for (size_t j = 0; j < n; j++) {
        gradient[j] = t->prior->strength * x[j];
        sum += t->prior->strength / 2 * x[j] * x[j];
    }
    *bias = PRIOR_BIAS * x[n];
    *scale = PRIOR_SCALE * (x[n + 1] - 1);
    sum += PRIOR_BIAS / 2 * x[n] * x[n] + PRIOR_SCALE / 2 * (x[n + 1] - 1) * (x[n + 1] - 1);
    for (size_t i = 0; i < t->rows->n; i++) {
        const hx_adapt_row *r = &t->rows->rows[i];
        if (r->fold == t->without) continue;
        double m = r->y * hx__adapt_logit(r, x, n), slope = -r->y / (1 + exp(m));
        sum += log_loss(m);
        for (size_t k = 0; k < r->n && n > 0; k++)
            gradient[r->ids[k]] += slope * r->scale;
        *bias += slope;
        *scale += slope * r->base;
    }
    if (!t->prior->moves) *bias = *scale = 0;
    return sum;
}

hx_status hx__adapt_fit(const hx_adapt_rows *rows, const hx_adapt_prior *prior, unsigned without,
                        double *x, hx_error *err) {
    fit_task task = {rows, prior, without};
    const hx_minimise_options o = {.n = rows->n_grams + 2, .rounds = ROUNDS, .tolerance = 1e-3};
    memset(x, 0, (rows->n_grams + 2) * sizeof *x);
    x[rows->n_grams + 1] = 1;
    return hx_minimise(objective, &task, &o, x, NULL, NULL, err);
}

/* ------------------------------------------------------------------ choosing the strength */
typedef struct {
    hx_adapt_row *rows; /* (n): the held-out logits as what the engine says, and no grams */
    double loss;
    double strength; /* 0 = bias and scale alone */
} held_out;

/* Without grams: what is fitted is the last bias and scale. */
static hx_status calibrate(const hx_adapt_row *rows, size_t n, unsigned without, double x[2],
                           hx_error *err) {
    const hx_adapt_rows alone = {.rows = (hx_adapt_row *)(uintptr_t)rows, .n = n};
    const hx_adapt_prior prior = {.strength = 1, .moves = true};
    return hx__adapt_fit(&alone, &prior, without, x, err);
}

static hx_status hold_out(const hx_adapt_rows *rows, double strength, double *x, held_out *h,
                          hx_error *err) {
    const hx_adapt_prior prior = {.strength = strength, .moves = true};
    const hx_adapt_rows alone = {.rows = rows->rows, .n = rows->n};
    h->loss = 0;
    h->strength = strength;
    for (unsigned fold = 0; fold < FOLDS; fold++) {
        if (strength > 0)
            HX_TRY(hx__adapt_fit(rows, &prior, fold, x, err));
        else
            HX_TRY(calibrate(alone.rows, alone.n, fold, x, err));
        for (size_t i = 0; i < rows->n; i++) {
            hx_adapt_row r = rows->rows[i];
            if (r.fold != fold) continue;
            r.base = hx__adapt_logit(&r, x, strength > 0 ? rows->n_grams : 0);
            r.n = 0;
            h->rows[i] = r;
            h->loss += log_loss(r.y * r.base);
        }
    }
    return HX_OK;
}

static hx_status choose(const hx_adapt_rows *rows, double *x, hx_arena *arena, held_out *best,
                        hx_error *err) {
    held_out next = {.rows = hx_arena_alloc(arena, (rows->n + 1) * sizeof *next.rows)};
    best->rows = hx_arena_alloc(arena, (rows->n + 1) * sizeof *best->rows);
    if (!next.rows || !best->rows) return no_memory(rows->n, err);
    HX_TRY(hold_out(rows, 0, x, best, err));
    for (size_t i = 0; i < sizeof strengths / sizeof *strengths; i++) {
        HX_TRY(hold_out(rows, strengths[i], x, &next, err));
        if (next.loss >= best->loss) continue;
        held_out swap = *best;
        *best = next;
        next = swap;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ all of it */
static void judge(const hx_adapt_row *rows, size_t n, const double x[2], double *right,
                  double *loss) {
    *right = *loss = 0;
    for (size_t i = 0; i < n; i++) {
        double m = rows[i].y * (x[0] + x[1] * rows[i].base);
        *right += (m > 0) / (double)n;
        *loss += log_loss(m) / (double)n;
    }
}

static int by_size(const void *x, const void *y) {
    double a = fabs(*(const double *)x), b = fabs(*(const double *)y);
    return (a < b) - (a > b);
}

/* The least weight that is kept. */
static double least_kept(const double *w, size_t n, hx_arena *arena) {
    if (n <= HX_ADAPTED_GRAMS_MAX) return KEEP_ABOVE;
    double *sorted = hx_arena_alloc(arena, n * sizeof *sorted);
    if (!sorted) return INFINITY;
    memcpy(sorted, w, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_size);
    return fmax(KEEP_ABOVE, nextafter(fabs(sorted[HX_ADAPTED_GRAMS_MAX]), INFINITY));
}

static size_t keep_strong(const hx_adapt_rows *rows, double *x, double factor, hx_arena *arena) {
    size_t n = 0;
    for (size_t j = 0; j < rows->n_grams; j++)
        x[j] *= factor;
    double least = least_kept(x, rows->n_grams, arena);
    for (size_t j = 0; j < rows->n_grams; j++) {
        if (fabs(x[j]) < least) continue;
        rows->hashes[n] = rows->hashes[j];
        x[n++] = x[j];
    }
    return n;
}

static hx_status fit_all(hx_annotator *a, const hx_adapt_rows *rows, hx_arena *arena,
                         const char *path, hx_adapt_report *report, hx_error *err) {
    const double as_it_is[2] = {0, 1};
    held_out best = {.loss = 0};
    double last[2], *x = hx_arena_alloc(arena, (rows->n_grams + 2) * sizeof *x);
    if (!x) return no_memory(rows->n, err);
    HX_TRY(choose(rows, x, arena, &best, err));
    HX_TRY(calibrate(best.rows, rows->n, UINT_MAX, last, err));
    judge(rows->rows, rows->n, as_it_is, &report->before, &report->loss_before);
    judge(best.rows, rows->n, as_it_is, &report->after, &report->loss_after);
    hx_adapt_prior prior = {.strength = best.strength > 0 ? best.strength : 1e6, .moves = true};
    HX_TRY(hx__adapt_fit(rows, &prior, UINT_MAX, x, err));
    hx_adapted_head head = {.bias = last[0] + last[1] * x[rows->n_grams],
                            .scale = fmax(last[1] * x[rows->n_grams + 1], 0.01),
                            .engine = (uint64_t)hx_text_model_engine(a->model),
                            .base = hx__adapted_base(a->model),
                            .texts = rows->n,
                            .before = report->before,
                            .after = report->after,
                            .strength = best.strength};
    report->strength = best.strength;
    report->grams = keep_strong(rows, x, last[1], arena);
    hx_adapted *made = hx__adapted_new(&head, rows->hashes, x, report->grams);
    hx_status status = made ? hx__adapted_write(made, path, err) : no_memory(rows->n, err);
    hx__adapted_free(made);
    return status;
}

static hx_status check_rows(const hx_annotator *a, const hx_adapt_rows *rows, hx_error *err) {
    size_t sides[2] = {0};
    for (size_t i = 0; i < rows->n; i++)
        sides[rows->rows[i].y > 0]++;
    if (a->model->adapted)
        return hx_fail(err, HX_EINVAL, "a model that is adapted already can't be adapted again");
    if (rows->n > MOST)
        return hx_fail(err, HX_ELIMIT,
                       "an adaptation takes at most %d texts; there are %zu (train a model of your "
                       "own on so many)",
                       MOST, rows->n);
    if (sides[0] < LEAST / 2 || sides[1] < LEAST / 2)
        return hx_fail(err, HX_EINVAL,
                       "an adaptation needs at least %d positive and %d negative texts; there are "
                       "%zu and %zu",
                       LEAST / 2, LEAST / 2, sides[1], sides[0]);
    return HX_OK;
}

hx_status hx_text_adapt(hx_annotator *a, const hx_labelled_texts *data, const char *path,
                        hx_adapt_report *report, hx_error *err) {
    hx_adapt_rows rows;
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return no_memory(data->n, err);
    hx_status status = hx__adapt_read(a, data, arena, &rows, err);
    *report = (hx_adapt_report){.used = status == HX_OK ? rows.n : 0};
    report->left_out = data->n - report->used;
    if (status == HX_OK) status = check_rows(a, &rows, err);
    if (status == HX_OK) status = fit_all(a, &rows, arena, path, report, err);
    hx_arena_free(arena);
    return status;
}
