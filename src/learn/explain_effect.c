/* explain_effect.c - what columns do on all rows together: permutation importance, and partial dependence with its single rows (ICE).
 *
 * Permutation (Breiman 2001): the usual figure (ROC-AUC, R2) with the cells of one column taken from other rows, against as they are; positive = the model
 * needs the column. Permutation r of column c is drawn from (seed, c, r). It says nothing of a column whose twin is there too.
 *
 * Partial dependence (Friedman 2001): the mean answer where every row has the same cell v in a column, as scikit-learn has it (method brute): at all
 * different values where there are few, else in equal steps from the 5th to the 95th percentile. The lines of single rows (Goldstein et al. 2015) show
 * what the mean hides. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/explain.h"

#define REPEATS_USUAL ((size_t)5)
#define ROWS_USUAL ((size_t)10000) /* permutation */
#define STEPS ((size_t)20)
#define LEVELS_SHOWN ((size_t)20)
#define PARTIAL_ROWS ((size_t)1000)
#define LINES_MAX ((size_t)40)
#define TOP_USUAL ((size_t)6)

/* ------------------------------------------------------------------ permutation */
/* Answers of the learner to rows with truth. */
typedef struct {
    const hx_explaining *e;
    double *x, *values, *probabilities;
    hx_arena *scratch;
} scoring;

static hx_status make_scoring(scoring *s, const hx_explaining *e, hx_error *err) {
    const size_t width = e->classes ? e->l->n_classes : 1;
    *s = (scoring){.e = e,
                   .x = calloc(e->n * e->d + 1, sizeof *s->x),
                   .values = calloc(e->n + 1, sizeof *s->values),
                   .probabilities = calloc(e->n * width + 1, sizeof *s->probabilities),
                   .scratch = hx_arena_new((size_t)16 << 30)};
    return s->x && s->values && s->probabilities && s->scratch ? HX_OK : hx_explain_no_memory(err);
}

static void release(scoring *s) {
    free(s->x);
    free(s->values);
    free(s->probabilities);
    hx_arena_free(s->scratch);
}

static hx_status score(scoring *s, hx_figure figure, double *out, hx_error *err) {
    const hx_explaining *e = s->e;
    const size_t k = e->classes ? e->l->n_classes : 1;
    hx_figures figures;
    HX_TRY(e->l->estimator->predict(e->l->state, s->x, e->n, e->n_threads,
                                    e->classes ? s->probabilities : s->values, err));
    for (size_t i = 0; i < e->n && e->classes; i++) {
        size_t best = 0;
        for (size_t c = 1; c < k; c++)
            if (s->probabilities[i * k + c] > s->probabilities[i * k + best]) best = c;
        s->values[i] = (double)best;
    }
    const hx_scored scored = {.task = hx_design_task(e->design),
                              .n = e->n,
                              .n_classes = e->l->n_classes,
                              .truth = e->y,
                              .values = s->values,
                              .probabilities = e->classes ? s->probabilities : NULL};
    hx_arena_reset(s->scratch);
    HX_TRY(hx_figures_of(&scored, s->scratch, &figures, err));
    *out = figures.at[figure];
    return HX_OK;
}

static hx_status permuted(scoring *s, hx_figure figure, size_t column, const size_t *from,
                          double *out, hx_error *err) {
    const hx_explaining *e = s->e;
    memcpy(s->x, e->x, e->n * e->d * sizeof *s->x);
    for (size_t i = 0; i < e->n && column != SIZE_MAX; i++)
        hx_explain_put(e, column, e->cells[from[i] * e->n_columns + column], s->x + i * e->d);
    return score(s, figure, out, err);
}

hx_status hx_explain_permuted(const hx_explaining *e, hx_figure figure, size_t column,
                              const size_t *from, double *out, hx_error *err) {
    scoring s;
    hx_status st = make_scoring(&s, e, err);
    if (st == HX_OK) st = permuted(&s, figure, column, from, out, err);
    release(&s);
    return st;
}

/* The usual figure; where it is not defined (one class only, one value) one that is. */
static hx_status choose_figure(scoring *s, hx_figure *figure, double *now, hx_error *err) {
    const hx_figure tries[] = {hx_figure_usual(hx_design_task(s->e->design)),
                               s->e->classes ? HX_FIGURE_ACCURACY : HX_FIGURE_RMSE};
    for (size_t i = 0; i < 2; i++) {
        *figure = tries[i];
        HX_TRY(permuted(s, *figure, SIZE_MAX, NULL, now, err));
        if (!isnan(*now)) break;
    }
    return HX_OK;
}

static void draw(const hx_explaining *e, size_t column, size_t repeat, size_t *from) {
    hx_rng rng;
    hx_rng_seed(&rng, hx_hash_mix(hx_hash_mix(e->o->seed, column), repeat));
    for (size_t i = 0; i < e->n; i++)
        from[i] = i;
    for (size_t i = e->n; i > 1; i--) {
        const size_t k = hx_rng_below(&rng, i), was = from[i - 1];
        from[i - 1] = from[k];
        from[k] = was;
    }
}

typedef struct {
    double mean, sd;
} effect;

static hx_status effect_of(scoring *s, hx_figure figure, double now, size_t column, size_t repeats,
                           size_t *from, effect *out, hx_error *err) {
    double sum = 0, squares = 0;
    for (size_t r = 0; r < repeats; r++) {
        double then;
        if (hx_flag_is_raised(s->e->o->cancel))
            return hx_fail(err, HX_ECANCELLED, "the explanation was stopped");
        draw(s->e, column, r, from);
        HX_TRY(permuted(s, figure, column, from, &then, err));
        const double loss = hx_figure_is_loss(figure) ? then - now : now - then;
        sum += loss;
        squares += loss * loss;
    }
    const double n = (double)repeats;
    out->mean = sum / n;
    out->sd = sqrt(fmax(squares / n - out->mean * out->mean, 0));
    return HX_OK;
}

static void put_effects(const hx_explaining *e, const effect *effects, hx_json_writer *w) {
    unsigned char *done = hx_arena_alloc(e->arena, e->n_columns + 1);
    hx_json_key(w, "columns");
    hx_json_array(w);
    for (size_t i = 0; i < e->n_columns && done; i++) {
        size_t best = SIZE_MAX;
        for (size_t c = 0; c < e->n_columns; c++)
            if (!done[c] && (best == SIZE_MAX || effects[c].mean > effects[best].mean)) best = c;
        done[best] = 1;
        hx_json_object(w);
        hx_json_key(w, "column");
        hx_json_cstr(w, e->design->columns[best].name);
        hx_explain_put_number(w, "mean", effects[best].mean);
        hx_explain_put_number(w, "sd", effects[best].sd);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static hx_status permute_all(const hx_explaining *e, hx_json_writer *w, hx_error *err) {
    const size_t repeats = e->o->repeats ? e->o->repeats : REPEATS_USUAL;
    effect *effects = hx_arena_alloc(e->arena, (e->n_columns + 1) * sizeof *effects);
    size_t *from = hx_arena_alloc(e->arena, (e->n + 1) * sizeof *from);
    hx_figure figure;
    double now;
    scoring s;
    if (!effects || !from) return hx_explain_no_memory(err);
    hx_status st = make_scoring(&s, e, err);
    if (st == HX_OK) st = choose_figure(&s, &figure, &now, err);
    for (size_t c = 0; c < e->n_columns && st == HX_OK; c++)
        st = effect_of(&s, figure, now, c, repeats, from, &effects[c], err);
    release(&s);
    if (st != HX_OK) return st;
    hx_json_key(w, "permutation");
    hx_json_object(w);
    hx_json_key(w, "figure");
    hx_json_cstr(w, hx_figure_name(figure));
    hx_explain_put_number(w, "score", now);
    hx_json_key(w, "rows");
    hx_json_int(w, (int64_t)e->n);
    hx_json_key(w, "repeats");
    hx_json_int(w, (int64_t)repeats);
    put_effects(e, effects, w);
    hx_json_end_object(w);
    return HX_OK;
}

/* A copy of `e` with some of its rows. */
static hx_status fewer_rows(const hx_explaining *e, size_t most, hx_explaining *out,
                            hx_error *err) {
    size_t n, *rows = hx_explain_sample(e, e->n, most, &n);
    *out = *e;
    out->n = n;
    out->x = hx_arena_alloc(e->arena, (n * e->d + 1) * sizeof *out->x);
    out->cells = hx_arena_alloc(e->arena, (n * e->n_columns + 1) * sizeof *out->cells);
    out->y = e->y ? hx_arena_alloc(e->arena, (n + 1) * sizeof *out->y) : NULL;
    if (!rows || !out->x || !out->cells || (e->y && !out->y)) return hx_explain_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        memcpy(out->x + i * e->d, e->x + rows[i] * e->d, e->d * sizeof *out->x);
        memcpy(out->cells + i * e->n_columns, e->cells + rows[i] * e->n_columns,
               e->n_columns * sizeof *out->cells);
        if (e->y) out->y[i] = e->y[rows[i]];
    }
    return HX_OK;
}

hx_status hx_explain_permutation(const hx_explaining *e, hx_json_writer *w, hx_error *err) {
    hx_explaining fewer;
    hx_problem p;
    if (!e->design->target[0])
        return hx_fail(err, HX_EINVAL, "permutation needs a target, and the model has none");
    if (!e->y) /* says what is wrong with the target */
        HX_TRY(hx_design_problem(e->design, e->t, true, e->arena, &p, err));
    const size_t most = e->o->max_rows ? e->o->max_rows : ROWS_USUAL;
    if (e->n <= most) return permute_all(e, w, err);
    HX_TRY(fewer_rows(e, most, &fewer, err));
    return permute_all(&fewer, w, err);
}

/* ------------------------------------------------------------------ partial dependence */
/* As scipy's mquantiles (alphap = betap = 0.4) of ascending numbers. */
static double percentile(const double *v, size_t n, double p) {
    const double at = (double)n * p + 0.4 + 0.2 * p;
    const double k = floor(fmin(fmax(at, 1), (double)n - 1));
    const double share = fmin(fmax(at - k, 0), 1);
    return (1 - share) * v[(size_t)k - 1] + share * v[(size_t)k];
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static hx_status equal_steps(const hx_explaining *e, size_t column, size_t steps, double **out,
                             size_t *n, hx_error *err) {
    double *v = hx_arena_alloc(e->arena, (e->n + 1) * sizeof *v), low, high;
    size_t found = 0;
    *out = hx_arena_alloc(e->arena, (steps + 1) * sizeof **out);
    if (!v || !*out) return hx_explain_no_memory(err);
    for (size_t i = 0; i < e->n; i++)
        if (isfinite(e->cells[i * e->n_columns + column]))
            v[found++] = e->cells[i * e->n_columns + column];
    qsort(v, found, sizeof *v, by_value);
    low = percentile(v, found, 0.05);
    high = percentile(v, found, 0.95);
    *n = low < high ? steps : 1;
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = *n > 1 ? low + (high - low) * (double)i / (double)(steps - 1) : low;
    if (*n > 1) (*out)[steps - 1] = high;
    return HX_OK;
}

/* The commonest levels, in the order of the levels. */
static hx_status levels_of(const hx_explaining *e, size_t column, double **out, size_t *n,
                           hx_error *err) {
    const size_t levels = e->design->columns[column].n_levels + 1;
    size_t *counts = hx_arena_alloc(e->arena, levels * sizeof *counts), kept = 0;
    *out = hx_arena_alloc(e->arena, (LEVELS_SHOWN + 1) * sizeof **out);
    if (!counts || !*out) return hx_explain_no_memory(err);
    for (size_t i = 0; i < e->n; i++) {
        const double cell = e->cells[i * e->n_columns + column];
        if (!isnan(cell)) counts[(size_t)cell]++;
    }
    while (kept < LEVELS_SHOWN) {
        size_t best = 0;
        for (size_t k = 1; k < levels; k++)
            if (counts[k] > counts[best]) best = k;
        if (counts[best] == 0) break;
        counts[best] = 0;
        (*out)[kept++] = (double)best;
    }
    qsort(*out, kept, sizeof **out, by_value);
    *n = kept;
    return HX_OK;
}

hx_status hx_explain_grid(const hx_explaining *e, size_t column, size_t steps, double **out,
                          size_t *n, hx_error *err) {
    if (e->design->columns[column].kind == HX_KIND_TEXT) return levels_of(e, column, out, n, err);
    HX_TRY(hx_explain_distinct(e, column, out, n, err));
    return *n < steps ? HX_OK : equal_steps(e, column, steps, out, n, err);
}

typedef struct {
    const hx_explaining *e;
    size_t *rows, n_rows, *lines, n_lines; /* lines: indexes into rows */
    double *x, *said; /* (n_rows, d), (n_rows) */
} partial;

/* Answers of all rows with a cell in the column: the mean, and `lines` of them as a row of ice. */
static hx_status ask_at(const partial *p, size_t column, double cell, double *mean, double *ice,
                        hx_error *err) {
    const hx_explaining *e = p->e;
    double sum = 0;
    for (size_t i = 0; i < p->n_rows; i++)
        hx_explain_put(e, column, cell, p->x + i * e->d);
    HX_TRY(hx_explain_answers(e, p->x, p->n_rows, e->n_threads, p->said, err));
    for (size_t i = 0; i < p->n_rows; i++)
        sum += p->said[i];
    *mean = sum / (double)p->n_rows;
    for (size_t k = 0; k < p->n_lines; k++)
        ice[k] = p->said[p->lines[k]];
    return HX_OK;
}

static void put_partial(const partial *p, size_t column, const double *grid, size_t n,
                        const double *means, const double *ice, hx_json_writer *w) {
    hx_json_object(w);
    hx_json_key(w, "column");
    hx_json_cstr(w, p->e->design->columns[column].name);
    hx_json_key(w, "kind");
    hx_json_cstr(w, hx_explain_kind(p->e, column));
    hx_json_key(w, "values");
    hx_json_array(w);
    for (size_t k = 0; k < n; k++)
        hx_explain_put_cell(p->e, column, grid[k], w);
    hx_json_end_array(w);
    hx_json_key(w, "means");
    hx_json_array(w);
    for (size_t k = 0; k < n; k++)
        hx_json_double(w, means[k]);
    hx_json_end_array(w);
    hx_json_key(w, "lines");
    hx_json_array(w);
    for (size_t i = 0; i < p->n_lines; i++) {
        hx_json_array(w);
        for (size_t k = 0; k < n; k++)
            hx_json_double(w, ice[k * p->n_lines + i]);
        hx_json_end_array(w);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status one_partial(const partial *p, size_t column, hx_json_writer *w, hx_error *err) {
    const hx_explaining *e = p->e;
    double *grid;
    size_t n;
    HX_TRY(hx_explain_grid(e, column, STEPS, &grid, &n, err));
    double *means = hx_arena_alloc(e->arena, (n + 1) * sizeof *means);
    double *ice = hx_arena_alloc(e->arena, (n * p->n_lines + 1) * sizeof *ice);
    if (!means || !ice) return hx_explain_no_memory(err);
    for (size_t i = 0; i < p->n_rows; i++)
        memcpy(p->x + i * e->d, e->x + p->rows[i] * e->d, e->d * sizeof *p->x);
    for (size_t k = 0; k < n; k++)
        HX_TRY(ask_at(p, column, grid[k], &means[k], ice + k * p->n_lines, err));
    if (n > 0) put_partial(p, column, grid, n, means, ice, w);
    return HX_OK;
}

hx_status hx_explain_partial(const hx_explaining *e, const size_t *order, hx_json_writer *w,
                             hx_error *err) {
    const size_t top = e->o->top ? e->o->top : TOP_USUAL;
    partial p = {.e = e};
    p.rows = hx_explain_sample(e, e->n, e->o->max_rows ? e->o->max_rows : PARTIAL_ROWS, &p.n_rows);
    p.lines = hx_explain_sample(e, p.n_rows, LINES_MAX, &p.n_lines);
    p.x = hx_arena_alloc(e->arena, (p.n_rows * e->d + 1) * sizeof *p.x);
    p.said = hx_arena_alloc(e->arena, (p.n_rows + 1) * sizeof *p.said);
    if (!p.rows || !p.lines || !p.x || !p.said) return hx_explain_no_memory(err);
    hx_json_key(w, "partial");
    hx_json_array(w);
    hx_status st = HX_OK;
    for (size_t i = 0, shown = 0; i < e->n_columns && shown < top && st == HX_OK; i++) {
        if (e->design->columns[order[i]].tokens) continue; /* a text has no scale */
        st = one_partial(&p, order[i], w, err);
        shown++;
    }
    hx_json_end_array(w);
    return st;
}
