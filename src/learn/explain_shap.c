/* explain_shap.c - Shapley values by column: of one row, or of many with their means; and the coefficients of linear models.
 *
 * Trees and linear models have their own exact values (estimator.contributions) in the unit their answers add up in: log-odds, a score, a probability or
 * the number; all others are asked about coalitions of columns (explain_kernel.c), in probabilities. Features of one column are summed. Which unit it is
 * is seen from the sums. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "learn/explain.h"

#define ROWS_USUAL ((size_t)10000)
#define KERNEL_ROWS_USUAL ((size_t)50)
#define KERNEL_BUDGET 2048
#define POINTS_MAX ((size_t)300) /* rows that are drawn one by one */
#define TOP_USUAL ((size_t)10)
#define BLOCK ((size_t)512)
#define Z_95 1.959963984540054

/* ------------------------------------------------------------------ coefficients */
/* Member `key` of the summary, its number k; NAN where there is none. */
static double number_of(const json_t *summary, const char *key, size_t k) {
    const json_t *v = json_object_get(summary, key);
    if (json_is_array(v)) v = json_array_get(v, k);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static void put_coefficient(const hx_explaining *e, const json_t *s, size_t at, size_t j,
                            const char *class, hx_json_writer *w) {
    const bool alone = j == e->d && json_object_get(s, "intercept"); /* stands by itself */
    const double v = alone ? number_of(s, "intercept", 0) : number_of(s, "coefficients", at);
    const double error =
        alone ? number_of(s, "intercept_error", 0) : number_of(s, "standard_errors", at);
    const double t = json_object_get(s, "t_95") ? number_of(s, "t_95", 0) : Z_95;
    hx_json_object(w);
    hx_json_key(w, "feature");
    hx_json_cstr(w, j < e->d ? e->l->features[j] : "(intercept)");
    if (j < e->d) {
        hx_json_key(w, "column");
        hx_json_cstr(w, e->design->columns[e->design->feature_columns[j]].name);
    }
    if (class) {
        hx_json_key(w, "class");
        hx_json_cstr(w, class);
    }
    hx_explain_put_number(w, "coefficient", v);
    hx_explain_put_number(w, "low", v - t * error);
    hx_explain_put_number(w, "high", v + t * error);
    hx_explain_put_number(w, "p", alone ? NAN : number_of(s, "p", at));
    hx_json_end_object(w);
}

/* Rows of d coefficients and an intercept, one a class, or one for all. */
hx_status hx_explain_coefficients(const hx_explaining *e, hx_json_writer *w, hx_error *err) {
    json_t *s = NULL;
    HX_TRY(hx_json_parse(e->l->summary, (size_t)256 << 20, "summary", &s, err));
    const size_t width = e->d + (json_object_get(s, "intercept") ? 0 : 1);
    const size_t n = json_array_size(json_object_get(s, "coefficients")) / width;
    hx_json_key(w, "scaled");
    hx_json_bool(w, e->design->deviations != NULL);
    hx_json_key(w, "coefficients");
    hx_json_array(w);
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j <= e->d; j++)
            put_coefficient(e, s, k * width + j, j,
                            e->classes ? e->l->classes[n == 1 ? e->l->n_classes - 1 : k] : NULL, w);
    hx_json_end_array(w);
    json_decref(s);
    return HX_OK;
}

/* ------------------------------------------------------------------ values of rows */
typedef struct {
    const hx_explaining *e;
    bool kernel;
    size_t *rows, n; /* rows that are explained */
    double *phi; /* (n, n_columns) */
    double *base; /* (n) */
    double *mean_abs, *mean; /* (n_columns) */
    const char *unit;
} shap;

/* Rows [first, first + n) of s->rows, features summed by column. */
static hx_status by_estimator(const shap *s, size_t first, size_t n, double *x, double *out,
                              hx_error *err) {
    const hx_explaining *e = s->e;
    const size_t d = e->d;
    for (size_t i = 0; i < n; i++)
        memcpy(x + i * d, e->x + s->rows[first + i] * d, d * sizeof *x);
    HX_TRY(e->l->estimator->contributions(e->l->state, x, n, e->class, e->n_threads, out, err));
    for (size_t i = 0; i < n; i++) {
        double *phi = s->phi + (first + i) * e->n_columns;
        for (size_t j = 0; j < d; j++)
            phi[e->design->feature_columns[j]] += out[i * (d + 1) + j];
        s->base[first + i] = out[i * (d + 1) + d];
    }
    return HX_OK;
}

static hx_status all_by_estimator(const shap *s, hx_error *err) {
    const size_t d = s->e->d, room = s->n < BLOCK ? s->n : BLOCK;
    double *x = calloc(room * d + 1, sizeof *x), *out = calloc(room * (d + 1) + 1, sizeof *out);
    hx_status st = x && out ? HX_OK : hx_explain_no_memory(err);
    for (size_t first = 0; first < s->n && st == HX_OK; first += BLOCK)
        st = by_estimator(s, first, s->n - first < BLOCK ? s->n - first : BLOCK, x, out, err);
    free(x);
    free(out);
    return st;
}

static hx_status all_by_kernel(const shap *s, hx_error *err) {
    const size_t m = s->e->n_columns;
    double *out = calloc(m + 1, sizeof *out);
    hx_status st = out ? HX_OK : hx_explain_no_memory(err);
    for (size_t i = 0; i < s->n && st == HX_OK; i++) {
        st = hx_explain_kernel(s->e, s->e->cells + s->rows[i] * m,
                               hx_hash_mix(s->e->o->seed, s->rows[i]), KERNEL_BUDGET, out, err);
        memcpy(s->phi + i * m, out, m * sizeof *out);
        s->base[i] = out[m];
    }
    free(out);
    return st;
}

static double sum_of(const shap *s, size_t i) {
    double sum = s->base[i];
    for (size_t c = 0; c < s->e->n_columns; c++)
        sum += s->phi[i * s->e->n_columns + c];
    return sum;
}

static const char *unit_of(const shap *s) {
    const hx_explaining *e = s->e;
    bool answer = true, odds = e->classes && e->l->n_classes == 2;
    for (size_t i = 0; i < s->n; i++) {
        const double p = e->answers[s->rows[i]], sum = sum_of(s, i);
        if (!(fabs(sum - p) <= 1e-6 * fmax(1, fabs(p)))) answer = false;
        if (!(p > 1e-9 && p < 1 - 1e-9)) continue; /* nothing can be told there */
        if (!(fabs(log(p / (1 - p)) - sum) <= 1e-4 * fmax(1, fabs(sum)))) odds = false;
    }
    if (answer) return e->classes ? "probability" : "value";
    return odds ? "log-odds" : "score";
}

static hx_status take_sample(shap *s, hx_error *err) {
    const hx_explaining *e = s->e;
    if (e->row == SIZE_MAX) {
        const size_t usual = s->kernel ? KERNEL_ROWS_USUAL : ROWS_USUAL;
        s->rows = hx_explain_sample(e, e->n, e->o->max_rows ? e->o->max_rows : usual, &s->n);
    } else if ((s->rows = hx_arena_alloc(e->arena, sizeof *s->rows)) != NULL) {
        s->rows[0] = e->row;
        s->n = 1;
    }
    s->phi = hx_arena_alloc(e->arena, (s->n * e->n_columns + 1) * sizeof *s->phi);
    s->base = hx_arena_alloc(e->arena, (s->n + 1) * sizeof *s->base);
    s->mean_abs = hx_arena_alloc(e->arena, (e->n_columns + 1) * sizeof *s->mean_abs);
    s->mean = hx_arena_alloc(e->arena, (e->n_columns + 1) * sizeof *s->mean);
    return s->rows && s->phi && s->base && s->mean_abs && s->mean ? HX_OK
                                                                  : hx_explain_no_memory(err);
}

static void average(const shap *s) {
    const size_t m = s->e->n_columns;
    for (size_t i = 0; i < s->n; i++)
        for (size_t c = 0; c < m; c++) {
            s->mean_abs[c] += fabs(s->phi[i * m + c]) / (double)s->n;
            s->mean[c] += s->phi[i * m + c] / (double)s->n;
        }
}

/* The greatest first; of equal ones the first in the table. */
static void put_in_order(const shap *s, size_t *order) {
    for (size_t i = 1; i < s->e->n_columns; i++) {
        const size_t c = order[i];
        size_t k = i;
        for (; k > 0 && s->mean_abs[order[k - 1]] < s->mean_abs[c]; k--)
            order[k] = order[k - 1];
        order[k] = c;
    }
}

/* ------------------------------------------------------------------ writing */
static void put_row(const shap *s, const size_t *order, hx_json_writer *w) {
    const hx_explaining *e = s->e;
    hx_explain_put_number(w, "sum", sum_of(s, 0));
    hx_json_key(w, "contributions");
    hx_json_array(w);
    for (size_t i = 0; i < e->n_columns; i++) {
        const size_t c = order[i];
        hx_json_object(w);
        hx_json_key(w, "column");
        hx_json_cstr(w, e->design->columns[c].name);
        hx_json_key(w, "value");
        hx_explain_put_table_cell(e, c, e->row, w);
        hx_explain_put_number(w, "contribution", s->phi[c]);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

/* How great a cell is among all of its column: 0 to 1; NAN of texts. */
static double height_of(const hx_explaining *e, size_t column, double cell, const double *distinct,
                        size_t n) {
    if (e->design->columns[column].kind == HX_KIND_TEXT || !isfinite(cell) || n == 0) return NAN;
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (distinct[middle] < cell)
            low = middle + 1;
        else
            high = middle;
    }
    return n > 1 ? (double)low / (double)(n - 1) : 0.5;
}

/* [height of the cell, value] of some rows. */
static hx_status put_points(const shap *s, size_t c, hx_json_writer *w, hx_error *err) {
    const hx_explaining *e = s->e;
    double *distinct;
    size_t n, n_points;
    const size_t *which = hx_explain_sample(e, s->n, POINTS_MAX, &n_points);
    HX_TRY(hx_explain_distinct(e, c, &distinct, &n, err));
    if (!which) return hx_explain_no_memory(err);
    hx_json_key(w, "points");
    hx_json_array(w);
    for (size_t k = 0; k < n_points; k++) {
        const size_t i = which[k];
        const double cell = e->cells[s->rows[i] * e->n_columns + c];
        hx_json_array(w);
        hx_json_double(w, height_of(e, c, cell, distinct, n));
        hx_json_double(w, s->phi[i * e->n_columns + c]);
        hx_json_end_array(w);
    }
    hx_json_end_array(w);
    return HX_OK;
}

static hx_status put_columns(const shap *s, const size_t *order, hx_json_writer *w, hx_error *err) {
    const hx_explaining *e = s->e;
    const size_t top = e->o->top ? e->o->top : TOP_USUAL;
    double all = 0;
    for (size_t c = 0; c < e->n_columns; c++)
        all += s->mean_abs[c];
    hx_json_key(w, "columns");
    hx_json_array(w);
    for (size_t i = 0; i < e->n_columns; i++) {
        const size_t c = order[i];
        hx_json_object(w);
        hx_json_key(w, "column");
        hx_json_cstr(w, e->design->columns[c].name);
        hx_json_key(w, "kind");
        hx_json_cstr(w, hx_explain_kind(e, c));
        hx_explain_put_number(w, "mean_abs", s->mean_abs[c]);
        hx_explain_put_number(w, "mean", s->mean[c]);
        hx_explain_put_number(w, "share", all > 0 ? s->mean_abs[c] / all : 0);
        if (i < top) HX_TRY(put_points(s, c, w, err));
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    return HX_OK;
}

hx_status hx_explain_shap(const hx_explaining *e, bool kernel, hx_json_writer *w, size_t *order,
                          hx_error *err) {
    shap s = {.e = e, .kernel = kernel || !e->l->estimator->contributions};
    HX_TRY(take_sample(&s, err));
    HX_TRY(s.kernel ? all_by_kernel(&s, err) : all_by_estimator(&s, err));
    average(&s);
    put_in_order(&s, order);
    s.unit = unit_of(&s);
    hx_json_key(w, "shap");
    hx_json_object(w);
    hx_json_key(w, "by");
    hx_json_cstr(w, s.kernel ? "kernel" : e->l->estimator->importance ? "trees" : "weights");
    hx_json_key(w, "unit");
    hx_json_cstr(w, s.unit);
    hx_json_key(w, "rows");
    hx_json_int(w, (int64_t)s.n);
    hx_explain_put_number(w, "base", s.base[0]);
    hx_status st = HX_OK;
    if (e->row != SIZE_MAX)
        put_row(&s, order, w);
    else
        st = put_columns(&s, order, w, err);
    hx_json_end_object(w);
    return st;
}
