/* explain.c - why a learner of tables says what it says, as one JSON object; see hx_learner_explain() in huaxiang/learn.h.
 *
 *     table -> recipe -> cells, features, answers, background -> methods -> JSON
 *
 * Methods are written one after another into an open object. Without a list of them: of one row its Shapley values and what would have to change; of all
 * rows coefficients where there are some, Shapley values, permutation where the truth is known, partial dependence of what counts most, a surrogate. */
#include "learn/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/rng.h"

#define ARENA_MAX ((size_t)64 << 30)
#define JSON_MAX ((size_t)1 << 30)
#define BACKGROUND_USUAL 100
#define ASK_BLOCK ((size_t)4096) /* rows of features at once */

enum {
    COEFFICIENTS = 1,
    SHAP = 2,
    KERNEL = 4,
    PERMUTATION = 8,
    PARTIAL = 16,
    CHANGE = 32,
    SURROGATE = 64
};
typedef struct {
    const char *name;
    unsigned bit;
} method_name;
static const method_name methods[] = {
    {"coefficients", COEFFICIENTS}, {"shap", SHAP},          {"kernel", KERNEL},
    {"permutation", PERMUTATION},   {"partial", PARTIAL},    {"ice", PARTIAL},
    {"counterfactual", CHANGE},     {"surrogate", SURROGATE}};

hx_status hx_explain_no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the explanation");
}

/* ------------------------------------------------------------------ asking */
void hx_explain_put(const hx_explaining *e, size_t column, double cell, double *row) {
    const hx_design_column *c = &e->design->columns[column];
    if (c->tokens)
        memcpy(row + c->first, e->read + (size_t)cell * e->d + c->first, c->n * sizeof *row);
    else
        hx_design_put_cell(e->design, column, cell, row);
}

void hx_explain_features(const hx_explaining *e, const double *cells, size_t n, double *x) {
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < e->n_columns; c++)
            hx_explain_put(e, c, cells[i * e->n_columns + c], x + i * e->d);
}

hx_status hx_explain_answers(const hx_explaining *e, const double *x, size_t n, size_t n_threads,
                             double *out, hx_error *err) {
    const size_t width = e->classes ? e->l->n_classes : 1;
    if (n == 0) return HX_OK;
    double *said = calloc(n * width + 1, sizeof *said);
    if (!said) return hx_explain_no_memory(err);
    const hx_status st = e->l->estimator->predict(e->l->state, x, n, n_threads, said, err);
    for (size_t i = 0; i < n && st == HX_OK; i++)
        out[i] = said[i * width + (e->classes ? e->class : 0)];
    free(said);
    return st;
}

typedef struct {
    const hx_explaining *e;
    const double *cells;
    size_t n;
    double *out;
} asking;

static hx_status ask_block(void *context, size_t block, size_t worker, hx_error *err) {
    const asking *a = context;
    const size_t first = block * ASK_BLOCK, n = a->n - first < ASK_BLOCK ? a->n - first : ASK_BLOCK;
    (void)worker;
    if (hx_flag_is_raised(a->e->o->cancel))
        return hx_fail(err, HX_ECANCELLED, "the explanation was stopped");
    double *x = calloc(n * a->e->d + 1, sizeof *x);
    if (!x) return hx_explain_no_memory(err);
    hx_explain_features(a->e, a->cells + first * a->e->n_columns, n, x);
    const hx_status st = hx_explain_answers(a->e, x, n, 1, a->out + first, err);
    free(x);
    return st;
}

hx_status hx_explain_ask(const hx_explaining *e, const double *cells, size_t n, double *out,
                         hx_error *err) {
    asking a = {e, cells, n, out};
    return hx_pool_run(e->n_threads, (n + ASK_BLOCK - 1) / ASK_BLOCK, ask_block, &a, err);
}

/* ------------------------------------------------------------------ pieces */
size_t *hx_explain_sample(const hx_explaining *e, size_t n, size_t most, size_t *n_out) {
    size_t *rows = hx_arena_alloc(e->arena, ((n < most ? n : most) + 1) * sizeof *rows), kept = 0;
    hx_rng rng;
    if (!rows) return NULL;
    hx_rng_seed(&rng, hx_hash_mix(e->o->seed, n));
    /* each row is taken with the share of what is still wanted (Knuth, algorithm S) */
    for (size_t i = 0; i < n && kept < most; i++)
        if (n <= most || hx_rng_below(&rng, n - i) < most - kept) rows[kept++] = i;
    *n_out = kept;
    return rows;
}

void hx_explain_put_number(hx_json_writer *w, const char *key, double v) {
    hx_json_key(w, key);
    hx_json_double(w, v);
}

const char *hx_explain_kind(const hx_explaining *e, size_t column) {
    return hx_kind_name(e->design->columns[column].kind);
}

void hx_explain_put_cell(const hx_explaining *e, size_t column, double cell, hx_json_writer *w) {
    const hx_design_column *c = &e->design->columns[column];
    char text[HX_ISO_MAX];
    if (isnan(cell))
        hx_json_null(w);
    else if (c->kind == HX_KIND_TEXT)
        hx_json_cstr(w, cell < (double)c->n_levels ? c->levels[(size_t)cell] : "other");
    else if (c->kind == HX_KIND_BOOLEAN)
        hx_json_bool(w, cell != 0);
    else if (c->kind == HX_KIND_TIME && fabs(cell) < 1e6)
        hx_json_cstr(w, hx_iso_from_ms((int64_t)llround(cell * HX_DESIGN_DAY_MS), text));
    else
        hx_json_double(w, cell);
}

void hx_explain_put_table_cell(const hx_explaining *e, size_t column, size_t row,
                               hx_json_writer *w) {
    char room[64];
    const size_t at = hx_table_find(e->t, hx_str_of(e->design->columns[column].name));
    if (at == HX_COLUMN_NONE || hx_table_is_missing(e->t, at, row))
        hx_json_null(w);
    else if (hx_table_column_at(e->t, at)->kind == HX_KIND_TEXT)
        hx_json_str(w, hx_table_cell(e->t, row, at, room));
    else
        hx_explain_put_cell(e, column, e->cells[row * e->n_columns + column], w);
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

hx_status hx_explain_distinct(const hx_explaining *e, size_t column, double **out, size_t *n,
                              hx_error *err) {
    double *v = hx_arena_alloc(e->arena, (e->n + 1) * sizeof *v);
    size_t found = 0, kept = 0;
    if (!v) return hx_explain_no_memory(err);
    for (size_t i = 0; i < e->n; i++) {
        const double cell = e->cells[i * e->n_columns + column];
        if (isfinite(cell)) v[found++] = cell;
    }
    qsort(v, found, sizeof *v, by_value);
    for (size_t i = 0; i < found; i++)
        if (i == 0 || v[i] != v[kept - 1]) v[kept++] = v[i];
    *out = v;
    *n = kept;
    return HX_OK;
}

/* ------------------------------------------------------------------ options */
static hx_status method_of(hx_str name, unsigned *bits, hx_error *err) {
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (hx_str_equal(name, hx_str_of(methods[i].name))) {
            *bits |= methods[i].bit;
            return HX_OK;
        }
    return hx_fail(err, HX_EINVAL,
                   "there is no method '%.*s'; there are coefficients, shap, kernel, permutation, "
                   "partial, ice, counterfactual, surrogate",
                   HX_STR_ARG(name));
}

static hx_status methods_of(const hx_explaining *e, unsigned *bits, hx_error *err) {
    const char *at = e->o->methods;
    const bool weighted = strstr(e->l->summary.ptr, "\"coefficients\":[") != NULL;
    *bits = 0;
    if (!at) {
        *bits = e->row != SIZE_MAX ? SHAP | CHANGE : SHAP | PARTIAL | SURROGATE;
        if (e->row != SIZE_MAX) return HX_OK;
        if (weighted) *bits |= COEFFICIENTS;
        if (e->y && e->n > 1) *bits |= PERMUTATION;
        return HX_OK;
    }
    for (;;) {
        const size_t len = strcspn(at, ",");
        HX_TRY(method_of((hx_str){at, len}, bits, err));
        if (!at[len]) break;
        at += len + 1;
    }
    if (*bits & COEFFICIENTS && !weighted)
        return hx_fail(err, HX_EINVAL, "%s has no coefficients; ask for shap or permutation",
                       e->l->estimator->kind.name);
    if (*bits & CHANGE && e->row == SIZE_MAX)
        return hx_fail(err, HX_EINVAL, "say whose answer is to change by --row N");
    return HX_OK;
}

/* The class that is asked for; else of two the second, of a row the one it is put into, else the last. */
static hx_status choose_class(hx_explaining *e, hx_error *err) {
    const hx_learner *l = e->l;
    e->classes = hx_design_task(e->design) == HX_TASK_CLASSES;
    if (!e->classes && e->o->class_name)
        return hx_fail(err, HX_EINVAL, "the model tells no classes apart, so there is no '%s'",
                       e->o->class_name);
    if (!e->classes) return HX_OK;
    e->class = l->n_classes - 1;
    for (size_t k = 0; k < l->n_classes && e->o->class_name; k++)
        if (strcmp(l->classes[k], e->o->class_name) == 0) {
            e->class = k;
            return HX_OK;
        }
    if (e->o->class_name)
        return hx_fail(err, HX_EINVAL, "the model knows no class '%s'", e->o->class_name);
    if (l->n_classes == 2 || e->row == SIZE_MAX) return HX_OK;
    double *said = hx_arena_alloc(e->arena, (l->n_classes + 1) * sizeof *said);
    if (!said) return hx_explain_no_memory(err);
    HX_TRY(l->estimator->predict(l->state, e->x + e->row * e->d, 1, 1, said, err));
    e->class = 0;
    for (size_t k = 1; k < l->n_classes; k++)
        if (said[k] > said[e->class]) e->class = k;
    return HX_OK;
}

/* ------------------------------------------------------------------ rows */
/* Truth where the table has it for all rows; what is wrong with it is said only to those who need it. */
static hx_status take_rows(hx_explaining *e, hx_error *err) {
    hx_problem p;
    hx_error ignored = {0};
    HX_TRY(hx_design_problem(e->design, e->t, false, e->arena, &p, err));
    e->n = p.n;
    e->d = p.d;
    e->read = e->x = p.x;
    e->n_columns = e->design->n_columns;
    if (e->design->target[0] &&
        hx_design_problem(e->design, e->t, true, e->arena, &p, &ignored) == HX_OK)
        e->y = p.y;
    return hx_design_cells(e->design, e->t, e->arena, &e->cells, err);
}

static hx_status take_background(hx_explaining *e, const hx_table *t, hx_error *err) {
    hx_explaining from = *e;
    hx_table *own = NULL;
    size_t n, *rows;
    if (t) {
        hx_problem p; /* sees whether the columns are there */
        for (size_t c = 0; c < e->n_columns; c++)
            if (e->design->columns[c].tokens)
                return hx_fail(
                    err, HX_EUNSUPPORTED,
                    "a model that reads texts is compared with rows of the table itself; "
                    "leave --background out");
        HX_TRY(hx_learner_prepare(e->l, t, e->n_threads, &own, err));
        hx_status st = hx_design_problem(e->design, own ? own : t, false, e->arena, &p, err);
        if (st == HX_OK) st = hx_design_cells(e->design, own ? own : t, e->arena, &from.cells, err);
        hx_table_free(own);
        if (st != HX_OK) return st;
        from.n = p.n;
    }
    if (from.n == 0)
        return hx_fail(err, HX_EINVAL,
                       "there is no row to compare with; give some by --background");
    rows = hx_explain_sample(e, from.n, e->o->n_background ? e->o->n_background : BACKGROUND_USUAL,
                             &n);
    e->background = hx_arena_alloc(e->arena, (n * e->n_columns + 1) * sizeof(double));
    if (!rows || !e->background) return hx_explain_no_memory(err);
    for (size_t i = 0; i < n; i++)
        memcpy(e->background + i * e->n_columns, from.cells + rows[i] * e->n_columns,
               e->n_columns * sizeof(double));
    e->n_background = n;
    return HX_OK;
}

static hx_status take_all(hx_explaining *e, hx_error *err) {
    HX_TRY(take_rows(e, err));
    e->row = e->o->row > 0 ? e->o->row - 1 : SIZE_MAX;
    if (e->n == 0) return hx_fail(err, HX_EINVAL, "there is no row to explain");
    if (e->row != SIZE_MAX && e->row >= e->n)
        return hx_fail(err, HX_EINVAL, "there is no row %zu: the table has %zu", e->o->row, e->n);
    HX_TRY(choose_class(e, err));
    HX_TRY(take_background(e, e->o->background, err));
    e->answers = hx_arena_alloc(e->arena, (e->n + 1) * sizeof *e->answers);
    if (!e->answers) return hx_explain_no_memory(err);
    return hx_explain_answers(e, e->x, e->n, e->n_threads, e->answers, err);
}

/* ------------------------------------------------------------------ the object */
static void put_head(const hx_explaining *e, hx_json_writer *w) {
    static const char *const tasks[] = {"auto", "regression", "classes", "survival", "outliers"};
    double sum = 0;
    hx_json_key(w, "model");
    hx_json_cstr(w, e->l->estimator->kind.name);
    hx_json_key(w, "target");
    hx_json_cstr(w, e->l->target);
    hx_json_key(w, "task");
    hx_json_cstr(w, tasks[hx_design_task(e->design)]);
    if (e->classes) {
        hx_json_key(w, "class");
        hx_json_cstr(w, e->l->classes[e->class]);
    }
    hx_json_key(w, "rows");
    hx_json_int(w, (int64_t)e->n);
    for (size_t i = 0; i < e->n; i++)
        sum += e->answers[i];
    hx_explain_put_number(w, "mean", sum / (double)e->n);
    if (e->row == SIZE_MAX) return;
    hx_json_key(w, "row");
    hx_json_int(w, (int64_t)e->row + 1);
    hx_explain_put_number(w, "answer", e->answers[e->row]);
}

static hx_status put_members(const hx_explaining *e, unsigned bits, hx_json_writer *w,
                             hx_error *err) {
    size_t *order = hx_arena_alloc(e->arena, (e->n_columns + 1) * sizeof *order);
    if (!order) return hx_explain_no_memory(err);
    for (size_t c = 0; c < e->n_columns; c++)
        order[c] = c;
    put_head(e, w);
    if (bits & COEFFICIENTS) HX_TRY(hx_explain_coefficients(e, w, err));
    if (bits & (SHAP | KERNEL)) HX_TRY(hx_explain_shap(e, (bits & KERNEL) != 0, w, order, err));
    if (bits & PERMUTATION) HX_TRY(hx_explain_permutation(e, w, err));
    if (bits & PARTIAL) HX_TRY(hx_explain_partial(e, order, w, err));
    if (bits & CHANGE) HX_TRY(hx_explain_change(e, w, err));
    return bits & SURROGATE ? hx_explain_surrogate(e, w, err) : HX_OK;
}

static hx_status explain(hx_explaining *e, hx_str *json, hx_error *err) {
    unsigned bits;
    hx_buf b;
    hx_json_writer w;
    HX_TRY(take_all(e, err));
    HX_TRY(methods_of(e, &bits, err));
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_status st = put_members(e, bits, &w, err);
    hx_json_end_object(&w);
    if (st == HX_OK) st = hx_buf_status(&b, "explanation", err);
    if (st == HX_OK) *json = hx_arena_str(e->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st != HX_OK || json->ptr ? st : hx_explain_no_memory(err);
}

hx_status hx_learner_explain(const hx_learner *l, const hx_table *t,
                             const hx_explain_options *options, hx_arena *arena, hx_str *json,
                             hx_error *err) {
    hx_table *own = NULL;
    hx_str text = {0};
    hx_explaining e = {.l = l,
                       .design = l->design,
                       .o = options,
                       .arena = hx_arena_new(ARENA_MAX),
                       .n_threads = options->n_threads ? options->n_threads : hx_processors()};
    hx_status st =
        e.arena ? hx_learner_prepare(l, t, e.n_threads, &own, err) : hx_explain_no_memory(err);
    e.t = own ? own : t;
    if (st == HX_OK) st = explain(&e, &text, err);
    if (st == HX_OK) *json = hx_arena_str(arena, text);
    if (st == HX_OK && !json->ptr) st = hx_explain_no_memory(err);
    hx_table_free(own);
    hx_arena_free(e.arena);
    return st;
}
