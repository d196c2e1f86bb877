/* learner.c - learners of tables behind one interface; see huaxiang/learn.h.
 *
 *     table -> recipe (on a copy) -> design -> problem -> estimator
 *
 * What is learnt about the columns (recipe, design) comes from the training rows alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "learn/calibration.h"
#include "learn/conformal.h"
#include "learn/estimator.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/learner.h"

#define RECIPE_BYTES_MAX ((size_t)512 << 20)
#define ARENA_MAX ((size_t)64 << 30)
#define SUMMARY_MAX ((size_t)256 << 20)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

hx_learner *hx_learner_new(void) {
    hx_learner *l = calloc(1, sizeof *l);
    if (l && !(l->arena = hx_arena_new(ARENA_MAX))) {
        free(l);
        return NULL;
    }
    return l;
}

void hx_learner_free(hx_learner *l) {
    if (!l) return;
    if (l->state) l->estimator->release(l->state);
    hx_calibration_free(l->calibration);
    hx_conformal_free(l->conformal);
    hx_design_free(l->design);
    hx_recipe_free(l->recipe);
    hx_arena_free(l->arena);
    free(l);
}

/* ------------------------------------------------------------------ what can't be */
static hx_status can_do(const hx_estimator *e, const hx_problem *p, hx_error *err) {
    static const char *const names[2][5] = {
        {"", "numbers (regression)", "classes", "survival", "outliers without a target"},
        {"", "数值（回归）", "类别", "生存时间", "无目标的异常"}};
    if (e->kind.tasks & 1u << p->task) return HX_OK;
    return hx_fail(err, HX_EINVAL, "%s can't learn %s; see huaxiang learn fit --help", e->kind.name,
                   names[err && err->ui == HX_UI_ZH][p->task]);
}

static hx_status finite_targets(const hx_problem *p, const char *target, hx_error *err) {
    for (size_t i = 0; i < p->n && p->y; i++)
        if (!isfinite(p->y[i]))
            return hx_fail(err, HX_EINVAL,
                           "row %zu: '%s' is infinite, nothing can be learnt from that", i + 1,
                           target);
    return HX_OK;
}

static hx_status two_classes(const hx_problem *p, const char *target, hx_error *err) {
    if (p->task != HX_TASK_CLASSES) return HX_OK;
    for (size_t i = 1; i < p->n; i++)
        if (p->y[i] != p->y[0]) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "the target '%s' has only one class, '%s': nothing can be told apart", target,
                   p->n ? p->classes[(size_t)p->y[0]] : "");
}

/* ------------------------------------------------------------------ fitting */
static hx_status estimator_of(hx_learner *l, const hx_learn_options *o, hx_error *err) {
    const char *name = o->model ? o->model : HX_MODEL_DEFAULT;
    HX_TRY(hx_estimator_named(&l->estimator, name, err));
    if (!o->target && !(l->estimator->kind.tasks & 1u << HX_TASK_OUTLIERS))
        return hx_fail(err, HX_EINVAL, "say which column is to be learnt by --target");
    l->params = hx_arena_alloc(l->arena, (l->estimator->kind.n_params + 1) * sizeof *l->params);
    l->target = hx_arena_str(l->arena, hx_str_of(o->target)).ptr;
    if (!l->params || !l->target) return no_memory(err);
    return hx_params_of(&l->estimator->kind, o->params, l->params, err);
}

static hx_status whole(hx_table **out, const hx_table *t, hx_error *err) {
    size_t n = hx_table_rows(t), *rows = calloc(n + 1, sizeof *rows);
    if (!rows) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        rows[i] = i;
    hx_status st = hx_table_pick(out, t, rows, n, err);
    free(rows);
    return st;
}

hx_status hx_learner_prepare(const hx_learner *l, const hx_table *t, size_t n_threads,
                             hx_table **own, hx_error *err) {
    hx_recipe_run run = {.n_threads = n_threads, .keep_rows = true, .embedder = l->embedder};
    *own = NULL;
    if (!l->recipe) return HX_OK;
    HX_TRY(whole(own, t, err));
    hx_status st = hx_recipe_apply(l->recipe, *own, &run, err);
    if (st == HX_OK) return HX_OK;
    hx_table_free(*own);
    *own = NULL;
    return st;
}

void hx_learner_lend(hx_learner *l, const hx_text_embedder *embedder) {
    l->embedder = embedder;
}

/* The column that the recipe's last step "embed" reads, in the learner's arena; NULL where there is no such step. A head on a language model has
 * nothing to learn from without it. */
static hx_status find_embedding(const hx_learner *l, hx_str recipe, const char **column,
                                hx_error *err) {
    json_t *steps = NULL, *step;
    size_t i;
    *column = NULL;
    if (recipe.len > 0) HX_TRY(hx_json_parse(recipe, RECIPE_BYTES_MAX, "recipe", &steps, err));
    json_array_foreach(steps, i, step) {
        const char *name = json_string_value(json_object_get(step, "step"));
        const char *of = json_string_value(json_object_get(step, "column"));
        if (name && of && strcmp(name, "embed") == 0)
            *column = hx_arena_str(l->arena, hx_str_of(of)).ptr;
    }
    json_decref(steps);
    if (*column || !(l->estimator->wants & HX_WANTS_EMBEDDING)) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "%s reads a text by a language model: name both by --text COLUMN --trunk MODEL",
                   l->estimator->kind.name);
}

/* --use of a text that a language model reads means its vector, too: "C" becomes "C,C~1,C~2,...". */
static hx_status use_vectors(hx_learner *l, const hx_table *t, const hx_learn_options *o,
                             const char **use, hx_error *err) {
    const char *column;
    hx_buf all;
    *use = o->use;
    HX_TRY(find_embedding(l, o->recipe, &column, err));
    if (!column || !o->use || !o->use[0]) return HX_OK;
    const size_t len = strlen(column);
    hx_buf_init(&all, SUMMARY_MAX);
    hx_buf_append_str(&all, hx_str_of(o->use));
    for (size_t i = 0; i < hx_table_columns(t); i++) {
        const hx_str name = hx_table_column_at(t, i)->name;
        if (name.len > len + 1 && memcmp(name.ptr, column, len) == 0 && name.ptr[len] == '~')
            hx_buf_printf(&all, ",%.*s", HX_STR_ARG(name));
    }
    hx_status st = hx_buf_status(&all, "use", err);
    if (st == HX_OK) *use = hx_arena_str(l->arena, hx_buf_str(&all)).ptr;
    hx_buf_release(&all);
    return st == HX_OK && !*use ? no_memory(err) : st;
}

static hx_status fit_recipe(hx_learner *l, const hx_table *t, const hx_learn_options *o,
                            hx_table **own, hx_error *err) {
    hx_recipe_run run = {
        .n_threads = o->n_threads, .seed = o->seed, .cancel = o->cancel, .embedder = o->embedder};
    *own = NULL;
    l->embedder = o->embedder;
    const char *column;
    HX_TRY(find_embedding(l, o->recipe, &column, err));
    if (o->recipe.len == 0) return HX_OK;
    size_t n_more;
    const hx_step_kind *const *more = hx_learn_steps(&n_more);
    HX_TRY(hx_recipe_open(&l->recipe, o->recipe, more, n_more, err));
    HX_TRY(whole(own, t, err));
    return hx_recipe_fit(l->recipe, *own, &run, err);
}

static hx_status fit_state(hx_learner *l, const hx_problem *train, const hx_problem *validation,
                           const hx_learn_options *o, hx_error *err) {
    hx_fit_options f = {.params = l->params,
                        .seed = o->seed,
                        .n_threads = o->n_threads ? o->n_threads : hx_processors(),
                        .progress = o->progress,
                        .context = o->context,
                        .cancel = o->cancel,
                        .members = l->members,
                        .n_members = l->n_members};
    HX_TRY(can_do(l->estimator, train, err));
    HX_TRY(finite_targets(train, l->target, err));
    HX_TRY(two_classes(train, l->target, err));
    HX_TRY(l->estimator->fit(&l->state, train, validation, &f, err));
    hx_design_names(l->design, &l->features, &l->n_features, &l->classes, &l->n_classes);
    return hx_flag_is_raised(o->cancel) ? hx_fail(err, HX_ECANCELLED, "the learning was stopped")
                                        : HX_OK;
}

/* What the features and classes are called, and which count most. */
static hx_status describe(const hx_learner *l, const hx_problem *train, hx_json_writer *w,
                          hx_error *err) {
    static const char *const tasks[] = {"auto", "regression", "classes", "survival", "outliers"};
    double *shares = calloc(train->d + 1, sizeof *shares);
    size_t n_left_out = 0;
    const char *const *left_out = hx_design_left_out(l->design, &n_left_out);
    if (!shares) return no_memory(err);
    hx_json_key(w, "task");
    hx_json_cstr(w, tasks[train->task]);
    hx_put_texts(w, "names", l->features, l->n_features);
    if (n_left_out > 0) hx_put_texts(w, "left_out", left_out, n_left_out);
    if (l->estimator->wants & HX_WANTS_SCALED) {
        hx_json_key(w, "scaled");
        hx_json_bool(w, true);
    }
    if (l->n_classes > 0) hx_put_texts(w, "classes", l->classes, l->n_classes);
    if (l->estimator->importance) {
        l->estimator->importance(l->state, shares);
        hx_put_numbers(w, "importances", shares, train->d);
    }
    free(shares);
    return HX_OK;
}

static hx_status summarise(hx_learner *l, const hx_problem *train, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, SUMMARY_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "model");
    hx_json_cstr(&w, l->estimator->kind.name);
    hx_json_key(&w, "target");
    hx_json_cstr(&w, l->target);
    hx_json_key(&w, "rows");
    hx_json_int(&w, (int64_t)train->n);
    hx_json_key(&w, "features");
    hx_json_int(&w, (int64_t)train->d);
    hx_json_key(&w, "params");
    hx_params_write(&l->estimator->kind, l->params, &w);
    hx_status st = describe(l, train, &w, err);
    if (l->estimator->summary) l->estimator->summary(l->state, &w);
    hx_json_end_object(&w);
    if (st == HX_OK) st = hx_buf_status(&b, "summary", err);
    if (st == HX_OK) l->summary = hx_arena_str(l->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st != HX_OK || l->summary.ptr ? st : no_memory(err);
}

hx_status hx_learner_tell(hx_learner *l, const char *key, hx_str json, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, SUMMARY_MAX);
    hx_buf_append(&b, l->summary.ptr, l->summary.len - 1);
    hx_buf_printf(&b, ",\"%s\":", key);
    hx_buf_append_str(&b, json);
    hx_buf_append_byte(&b, '}');
    hx_status st = hx_buf_status(&b, "summary", err);
    if (st == HX_OK) l->summary = hx_arena_str(l->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st != HX_OK || l->summary.ptr ? st : no_memory(err);
}

/* A parameter by its name, 0 where the model has none. */
static size_t count_of(const hx_learner *l, const char *name) {
    for (size_t i = 0; i < l->estimator->kind.n_params; i++)
        if (strcmp(l->estimator->kind.params[i].name, name) == 0) return (size_t)l->params[i];
    return 0;
}

static hx_status fit_design(hx_learner *l, const hx_table *train, const hx_table *validation,
                            const hx_learn_options *o, hx_arena *scratch, hx_error *err) {
    hx_design_options d = {.target = o->target,
                           .event = o->event,
                           .weight = o->weight,
                           .use = o->use,
                           .drop = o->drop,
                           .task = o->task,
                           .wants = l->estimator->wants,
                           .model = l->estimator->kind.name,
                           .leave_ids = true,
                           .text = o->text,
                           .items = o->items,
                           .length = count_of(l, "length"),
                           .min_count = count_of(l, "min_count")};
    hx_problem p, v;
    HX_TRY(use_vectors(l, train, o, &d.use, err));
    HX_TRY(hx_design_fit(&l->design, train, &d, err));
    HX_TRY(hx_design_problem(l->design, train, true, scratch, &p, err));
    if (validation) HX_TRY(hx_design_problem(l->design, validation, true, scratch, &v, err));
    HX_TRY(fit_state(l, &p, validation ? &v : NULL, o, err));
    return summarise(l, &p, err);
}

static hx_status fit(hx_learner *l, const hx_table *train, const hx_table *validation,
                     const hx_learn_options *o, hx_arena *scratch, hx_error *err) {
    hx_table *own = NULL, *own_validation = NULL;
    HX_TRY(estimator_of(l, o, err));
    hx_status st = fit_recipe(l, train, o, &own, err);
    if (st == HX_OK && validation)
        st = hx_learner_prepare(l, validation, o->n_threads, &own_validation, err);
    if (st == HX_OK)
        st = fit_design(l, own ? own : train, own_validation ? own_validation : validation, o,
                        scratch, err);
    hx_table_free(own);
    hx_table_free(own_validation);
    return st;
}

static hx_status fit_with(hx_learner **out, const hx_table *train, const hx_table *validation,
                          const hx_learn_options *options, const hx_member *members, size_t n,
                          hx_error *err) {
    hx_learner *l = hx_learner_new();
    if (l) {
        l->members = members;
        l->n_members = n;
    }
    hx_arena *scratch = hx_arena_new(ARENA_MAX);
    hx_status st = l && scratch ? fit(l, train, validation, options, scratch, err) : no_memory(err);
    if (st == HX_OK && options->calibrate != HX_CALIBRATE_NONE)
        st = hx_learner_calibrate(l, train, options, err);
    hx_arena_free(scratch);
    if (st != HX_OK) {
        hx_learner_free(l);
        return st;
    }
    l->members = NULL;
    *out = l;
    return HX_OK;
}

hx_status hx_learner_fit(hx_learner **out, const hx_table *train, const hx_table *validation,
                         const hx_learn_options *options, hx_error *err) {
    if (options->conformal != 0) return hx_conformal_learn(out, train, validation, options, err);
    return fit_with(out, train, validation, options, NULL, 0, err);
}

hx_status hx_learner_fit_members(hx_learner **out, const hx_table *train, const hx_member *members,
                                 size_t n, const hx_learn_options *options, hx_error *err) {
    hx_learn_options o = *options;
    o.model = hx_estimator_members.kind.name;
    o.params = (hx_str){0};
    return fit_with(out, train, NULL, &o, members, n, err);
}

/* ------------------------------------------------------------------ predicting */
static void decide(hx_predictions *p) {
    for (size_t i = 0; i < p->n; i++) {
        const double *row = p->probabilities + i * p->n_classes;
        size_t best = 0;
        for (size_t k = 1; k < p->n_classes; k++)
            if (row[k] > row[best]) best = k;
        p->values[i] = (double)best;
    }
}

hx_status hx_learner_predict_problem(const hx_learner *l, const hx_problem *p, size_t n_threads,
                                     hx_arena *arena, hx_predictions *out, hx_error *err) {
    bool classes = hx_design_task(l->design) == HX_TASK_CLASSES;
    hx_predictions r = {.n = p->n, .n_classes = l->n_classes, .classes = l->classes};
    r.values = hx_arena_alloc(arena, (p->n + 1) * sizeof *r.values);
    if (classes) r.probabilities = hx_arena_alloc(arena, (p->n * r.n_classes + 1) * sizeof(double));
    if (!r.values || (classes && !r.probabilities)) return no_memory(err);
    HX_TRY(l->estimator->predict(l->state, p->x, p->n, n_threads ? n_threads : hx_processors(),
                                 classes ? r.probabilities : r.values, err));
    if (l->calibration) hx_calibration_apply(l->calibration, r.probabilities, r.n);
    if (classes) decide(&r);
    *out = r;
    return HX_OK;
}

hx_status hx_learner_predict(const hx_learner *l, const hx_table *t, size_t n_threads,
                             hx_arena *arena, hx_predictions *out, hx_error *err) {
    hx_problem p;
    hx_table *own = NULL;
    hx_arena *scratch = hx_arena_new(ARENA_MAX);
    hx_status st = scratch ? hx_learner_prepare(l, t, n_threads, &own, err) : no_memory(err);
    if (st == HX_OK) st = hx_design_problem(l->design, own ? own : t, false, scratch, &p, err);
    if (st == HX_OK) st = hx_learner_predict_problem(l, &p, n_threads, arena, out, err);
    hx_table_free(own);
    hx_arena_free(scratch);
    return st;
}

hx_learn_task hx_learner_task(const hx_learner *l) {
    return hx_design_task(l->design);
}
const char *hx_learner_target(const hx_learner *l) {
    return l->target;
}
hx_str hx_learner_summary(const hx_learner *l) {
    return l->summary;
}

/* Those that the recipe read come first: the design sees what it made of them. */
hx_status hx_learner_kinds(const hx_learner *l, hx_arena *arena, hx_column_kind **out, size_t *n,
                           hx_error *err) {
    const hx_column_kind *before = NULL;
    hx_column_kind *of_design = NULL;
    size_t n_design = 0;
    const size_t n_before = l->recipe ? hx_recipe_kinds(l->recipe, &before) : 0;
    HX_TRY(hx_design_kinds(l->design, arena, &of_design, &n_design, err));
    hx_column_kind *list = hx_arena_alloc(arena, (n_before + n_design + 1) * sizeof *list);
    if (!list) return no_memory(err);
    if (n_before > 0) memcpy(list, before, n_before * sizeof *list);
    memcpy(list + n_before, of_design, n_design * sizeof *list);
    *out = list;
    *n = n_before + n_design;
    return HX_OK;
}
