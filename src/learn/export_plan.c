/* export_plan.c - a learner to expressions: the steps of its recipe, then the columns of its design; see export.h.
 *
 * The recipe is read from its own JSON, the documented form of a fitted one, so that nothing else than the file format is relied on. Names stand
 * for the latest expression of that name; one that no step made is a column of the table. Steps that remove rows or columns do nothing to a
 * row that is scored. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/export.h"
#include "learn/learner.h"

#define RECIPE_BYTES_MAX ((size_t)512 << 20)
#define EXPRS_MAX 100000
#define NAME_BYTES 1100

typedef struct {
    const char *name;
    size_t expr;
} binding;

typedef struct {
    hx_export_plan *plan;
    binding *names; /* (n, room) the latest last */
    size_t n, room;
    const char *step_name;
} builder;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

static hx_status damaged(hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "the model's recipe is damaged");
}

/* ------------------------------------------------------------------ expressions */
static bool grow(void **items, size_t n, size_t *room, size_t size) {
    if (n < *room) return true;
    size_t more = *room > 0 ? *room * 2 : 64;
    void *copy = calloc(more, size);
    if (copy == NULL) return false;
    if (n > 0) memcpy(copy, *items, n * size);
    free(*items);
    *items = copy;
    *room = more;
    return true;
}

static hx_status add(builder *b, const hx_expr *e, size_t *at, hx_error *err) {
    hx_export_plan *p = b->plan;
    if (p->n >= EXPRS_MAX) return hx_fail(err, HX_ELIMIT, "the recipe makes too many columns");
    if (!grow((void **)&p->exprs, p->n, &p->room, sizeof *p->exprs)) return no_memory(err);
    p->exprs[p->n] = *e;
    hx_expr *own = &p->exprs[p->n];
    own->layer = e->op == HX_EXPR_INPUT ? 0 : p->exprs[e->from].layer + 1;
    if (own->layer > p->n_layers) p->n_layers = own->layer;
    *at = p->n++;
    return HX_OK;
}

static hx_status bind(builder *b, const char *name, size_t expr, hx_error *err) {
    for (size_t i = b->n; i-- > 0;) {
        if (strcmp(b->names[i].name, name) != 0) continue;
        b->names[i].expr = expr;
        return HX_OK;
    }
    const char *copy = hx_arena_str(b->plan->arena, hx_str_of(name)).ptr;
    if (copy == NULL || !grow((void **)&b->names, b->n, &b->room, sizeof *b->names))
        return no_memory(err);
    b->names[b->n++] = (binding){copy, expr};
    return HX_OK;
}

/* The expression of that name; a column of the table of the kind where no step made it. */
static hx_status find(builder *b, const char *name, hx_kind kind, size_t *at, hx_error *err) {
    for (size_t i = b->n; i-- > 0;) {
        if (strcmp(b->names[i].name, name) != 0) continue;
        *at = b->names[i].expr;
        if ((b->plan->exprs[*at].kind == HX_KIND_TEXT) == (kind == HX_KIND_TEXT)) return HX_OK;
        return hx_fail(err, HX_EUNSUPPORTED,
                       "the column '%s' is used as a text and as a number, which can't be exported",
                       name);
    }
    hx_expr e = {.op = HX_EXPR_INPUT, .kind = kind};
    e.name = hx_arena_str(b->plan->arena, hx_str_of(name)).ptr;
    if (e.name == NULL) return no_memory(err);
    HX_TRY(add(b, &e, at, err));
    return bind(b, e.name, *at, err);
}

static hx_status put(builder *b, const char *name, const hx_expr *e, hx_error *err) {
    size_t at = 0;
    HX_TRY(add(b, e, &at, err));
    return bind(b, name, at, err);
}

/* ------------------------------------------------------------------ steps */
static hx_status cant(const builder *b, const char *what, hx_error *err) {
    return hx_fail(err, HX_EUNSUPPORTED,
                   "the step '%s' (%s) can't be written as SQL or C; give the rows to table apply "
                   "before the model learns from them",
                   b->step_name, what);
}

static const char *text_of(const json_t *o, const char *key, const char *otherwise) {
    const char *text = json_string_value(json_object_get(o, key));
    return text != NULL ? text : otherwise;
}

static double number_at(const json_t *array, size_t i) {
    const json_t *v = json_array_get(array, i);
    return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

static bool is_one_of(const char *text, const char *const *list) {
    for (size_t i = 0; list[i] != NULL; i++)
        if (strcmp(text, list[i]) == 0) return true;
    return false;
}

static hx_status scale_step(builder *b, const json_t *step, hx_error *err) {
    static const char *const linear[] = {"minmax", "z", "robust", "maxabs", NULL};
    const char *method = text_of(step, "method", "minmax");
    const json_t *fitted = json_object_get(step, "fitted");
    const json_t *columns = json_object_get(fitted, "columns");
    const json_t *low = json_object_get(step, "low");
    const bool log = strcmp(method, "log1p") == 0;
    if (!log && !is_one_of(method, linear)) return cant(b, method, err);
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const char *name = json_string_value(json_array_get(columns, i));
        const json_t *measure = json_array_get(json_object_get(fitted, "measures"), i);
        const json_t *v = json_object_get(measure, "linear");
        hx_expr e = {.op = log ? HX_EXPR_LOG1P : HX_EXPR_SCALE, .kind = HX_KIND_NUMBER};
        if (name == NULL || json_array_size(v) != 3) return damaged(err);
        e.number[0] = number_at(v, 0);
        e.number[1] = number_at(v, 1);
        if (strcmp(method, "minmax") == 0) e.number[2] = json_number_value(low);
        if (e.number[1] == 0) continue; /* nothing was learnt: it stays as it is */
        HX_TRY(find(b, name, HX_KIND_NUMBER, &e.from, err));
        HX_TRY(put(b, name, &e, err));
    }
    return HX_OK;
}

static hx_status fill_column(builder *b, const json_t *column, hx_error *err) {
    char mask[NAME_BYTES];
    const char *name = text_of(column, "name", NULL), *kind = text_of(column, "kind", "");
    const json_t *with = json_object_get(column, "with");
    const json_t *last = json_array_get(with, json_array_size(with) - 1);
    hx_expr e = {.op = HX_EXPR_FILL};
    if (name == NULL) return damaged(err);
    while (strcmp(kind, hx_kind_name(e.kind)) != 0)
        if (e.kind++ == HX_KIND_TEXT) return damaged(err);
    HX_TRY(find(b, name, e.kind, &e.from, err));
    if (json_is_true(json_object_get(column, "mask"))) {
        const hx_expr absent = {.op = HX_EXPR_ABSENT, .kind = HX_KIND_BOOLEAN, .from = e.from};
        (void)snprintf(mask, sizeof mask, "%.1000s_missing", name);
        HX_TRY(put(b, mask, &absent, err));
    }
    if (last == NULL || json_is_null(last)) return HX_OK;
    if (e.kind != HX_KIND_TEXT) {
        e.number[0] = json_number_value(last);
        return put(b, name, &e, err);
    }
    e.text = hx_arena_str(b->plan->arena, hx_str_of(json_string_value(last))).ptr;
    return e.text != NULL ? put(b, name, &e, err) : no_memory(err);
}

static hx_status impute_step(builder *b, const json_t *step, hx_error *err) {
    static const char *const fills[] = {"mean", "median", "mode", "constant", NULL};
    static const char *const drops[] = {"drop-rows", "drop-columns", NULL};
    const char *method = text_of(step, "method", "median");
    const json_t *columns = json_object_get(json_object_get(step, "fitted"), "columns");
    const json_t *by = json_object_get(step, "by");
    if (is_one_of(method, drops)) return HX_OK;
    if (!is_one_of(method, fills)) return cant(b, method, err);
    if (json_array_size(by) > 0 || json_string_length(by) > 0) return cant(b, "by", err);
    for (size_t i = 0; i < json_array_size(columns); i++)
        HX_TRY(fill_column(b, json_array_get(columns, i), err));
    return HX_OK;
}

/* ------------------------------------------------------------------ encode */
typedef struct {
    const char *name, *method;
    const json_t *values, *as; /* texts and what each became */
    size_t n;
    bool drop_first, keep;
    double prior;
} encoding;

static bool is_boolean(const encoding *c) {
    for (size_t i = 0; i < c->n; i++) {
        const char *v = json_string_value(json_array_get(c->values, i));
        if (v == NULL || (v[0] != '\0' && strcmp(v, "true") != 0 && strcmp(v, "false") != 0))
            return false;
    }
    return c->n > 0;
}

/* The values of a column with their codes, those for which `wanted` holds; the missing one apart. */
static hx_status table_of(builder *b, const encoding *c, bool (*wanted)(double as), hx_expr *e,
                          hx_error *err) {
    hx_arena *arena = b->plan->arena;
    e->values = hx_arena_alloc(arena, (c->n + 1) * sizeof *e->values);
    e->codes = hx_arena_alloc(arena, (c->n + 1) * sizeof *e->codes);
    if (e->values == NULL || e->codes == NULL) return no_memory(err);
    for (size_t i = 0; i < c->n; i++) {
        const char *value = json_string_value(json_array_get(c->values, i));
        const double as = number_at(c->as, i);
        if (value == NULL) return damaged(err);
        if (value[0] == '\0') e->number[1] = as;
        if (value[0] == '\0' || !wanted(as)) continue;
        e->values[e->n_values] = hx_arena_str(arena, hx_str_of(value)).ptr;
        if (e->values[e->n_values] == NULL) return no_memory(err);
        e->codes[e->n_values++] = as;
    }
    return HX_OK;
}

static bool any(double as) {
    (void)as;
    return true;
}

static bool has_a_place(double as) {
    return !(as < 0); /* the first that was dropped, too */
}

static hx_status put_as(builder *b, const char *base, const char *tail, const hx_expr *e,
                        hx_error *err) {
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof name, "%.500s_%.500s", base, tail);
    return put(b, name, e, err);
}

static hx_status put_value(builder *b, const encoding *c, size_t from, size_t i, hx_error *err) {
    const char *value = json_string_value(json_array_get(c->values, i));
    const char **values = hx_arena_alloc(b->plan->arena, sizeof *values);
    double *codes = hx_arena_alloc(b->plan->arena, sizeof *codes);
    hx_expr e = {.op = HX_EXPR_CODE, .kind = HX_KIND_NUMBER, .from = from, .n_values = 1};
    if (value == NULL) return damaged(err);
    if (values == NULL || codes == NULL) return no_memory(err);
    values[0] = hx_arena_str(b->plan->arena, hx_str_of(value)).ptr;
    if (values[0] == NULL) return no_memory(err);
    codes[0] = 1;
    e.values = values;
    e.codes = codes;
    return put_as(b, c->name, value, &e, err);
}

static hx_status onehot(builder *b, const encoding *c, size_t from, hx_error *err) {
    bool other = false, taken = false;
    for (size_t i = 0; i < c->n; i++) {
        const double as = number_at(c->as, i);
        const char *value = json_string_value(json_array_get(c->values, i));
        other = other || as < 0;
        if (!(as >= 0)) continue;
        taken = taken || (value != NULL && strcmp(value, "other") == 0);
        HX_TRY(put_value(b, c, from, i, err));
    }
    if (!other) return HX_OK;
    hx_expr e = {.op = HX_EXPR_OTHER, .kind = HX_KIND_NUMBER, .from = from};
    HX_TRY(table_of(b, c, has_a_place, &e, err));
    return put_as(b, c->name, taken ? "(other)" : "other", &e, err);
}

static hx_status encode_column(builder *b, const encoding *c, hx_error *err) {
    size_t from = 0;
    const bool boolean = is_boolean(c);
    HX_TRY(find(b, c->name, boolean ? HX_KIND_BOOLEAN : HX_KIND_TEXT, &from, err));
    if (b->plan->exprs[from].kind != HX_KIND_TEXT) {
        const hx_expr word = {.op = HX_EXPR_WORD, .kind = HX_KIND_TEXT, .from = from};
        HX_TRY(add(b, &word, &from, err));
    }
    if (strcmp(c->method, "onehot") == 0) return onehot(b, c, from, err);
    hx_expr e = {.op = HX_EXPR_CODE, .kind = HX_KIND_NUMBER, .from = from};
    e.number[0] = strcmp(c->method, "target") == 0      ? c->prior
                  : strcmp(c->method, "frequency") == 0 ? 0
                                                        : (double)NAN;
    e.number[1] = e.number[0];
    HX_TRY(table_of(b, c, any, &e, err));
    return c->keep ? put_as(b, c->name, c->method, &e, err) : put(b, c->name, &e, err);
}

static hx_status encode_step(builder *b, const json_t *step, hx_error *err) {
    const json_t *fitted = json_object_get(step, "fitted");
    const json_t *columns = json_object_get(fitted, "columns");
    encoding c = {.method = text_of(step, "method", "onehot"),
                  .keep = json_is_true(json_object_get(step, "keep")),
                  .prior = number_at(json_object_get(fitted, "prior"), 0)};
    if (strcmp(c.method, "hash") == 0) return cant(b, c.method, err);
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const json_t *code = json_array_get(json_object_get(fitted, "codes"), i);
        c.name = json_string_value(json_array_get(columns, i));
        c.values = json_object_get(code, "values");
        c.as = json_object_get(code, "as");
        c.n = json_array_size(c.values);
        if (c.name == NULL || json_array_size(c.as) != c.n) return damaged(err);
        HX_TRY(encode_column(b, &c, err));
    }
    return HX_OK;
}

static hx_status one_step(builder *b, const json_t *step, hx_error *err) {
    static const char *const removes[] = {"drop", "keep", "where", "dedupe", NULL};
    b->step_name = text_of(step, "step", "?");
    if (is_one_of(b->step_name, removes)) return HX_OK;
    if (strcmp(b->step_name, "scale") == 0) return scale_step(b, step, err);
    if (strcmp(b->step_name, "impute") == 0) return impute_step(b, step, err);
    if (strcmp(b->step_name, "encode") == 0) return encode_step(b, step, err);
    return cant(b, "its kind", err);
}

static hx_status all_steps(builder *b, const hx_learner *l, hx_error *err) {
    hx_str text;
    json_t *json = NULL;
    if (l->recipe == NULL) return HX_OK;
    HX_TRY(hx_recipe_json(l->recipe, b->plan->arena, &text, err));
    HX_TRY(hx_json_parse(text, RECIPE_BYTES_MAX, "recipe", &json, err));
    const json_t *steps = json_object_get(json, "steps");
    hx_status status = HX_OK;
    for (size_t i = 0; i < json_array_size(steps) && status == HX_OK; i++)
        status = one_step(b, json_array_get(steps, i), err);
    json_decref(json);
    return status;
}

/* ------------------------------------------------------------------ the design */
static hx_status all_columns(builder *b, hx_error *err) {
    hx_export_plan *p = b->plan;
    const hx_design *d = p->design;
    p->columns = hx_arena_alloc(p->arena, (d->n_columns + 1) * sizeof *p->columns);
    if (p->columns == NULL) return no_memory(err);
    for (size_t i = 0; i < d->n_columns; i++)
        HX_TRY(find(b, d->columns[i].name, d->columns[i].kind, &p->columns[i], err));
    for (size_t i = 0; i < d->n_columns; i++)
        p->exprs[p->columns[i]].used = true;
    for (size_t i = p->n; i-- > 0;)
        if (p->exprs[i].used && p->exprs[i].op != HX_EXPR_INPUT)
            p->exprs[p->exprs[i].from].used = true;
    return HX_OK;
}

hx_status hx_export_plan_of(hx_export_plan *p, const hx_learner *l, hx_arena *arena,
                            hx_error *err) {
    builder b = {.plan = p};
    *p = (hx_export_plan){.learner = l, .design = l->design, .arena = arena};
    if (l->estimator->formula == NULL)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "a model of the kind '%s' can't be written as SQL or C; linear, ridge, "
                       "lasso, elastic, logistic, tree, forest and boosting can",
                       l->estimator->kind.name);
    for (size_t i = 0; i < l->design->n_columns; i++)
        if (l->design->columns[i].tokens > 0)
            return hx_fail(err, HX_EUNSUPPORTED,
                           "the model reads the text '%s', which can't be written as SQL or C",
                           l->design->columns[i].name);
    l->estimator->formula(l->state, &p->formula);
    hx_status status = all_steps(&b, l, err);
    if (status == HX_OK) status = all_columns(&b, err);
    free(b.names);
    if (status != HX_OK) hx_export_plan_release(p);
    return status;
}

void hx_export_plan_release(hx_export_plan *p) {
    free(p->exprs);
    p->exprs = NULL;
    p->n = p->room = 0;
}
