/* members.c - the model "ensemble": members with parameters of their own and weights, as `learn tune` chose them. Only a search makes one.
 *
 *     answer = sum over members of weight * what the member says
 *
 * The features come as trees take them (missing values stay). Members that want features filled or scaled share a second matrix, made here as the
 * design makes it: a value that is missing or infinite is the mean of the others, a feature behind the last says where any was missing in
 * training, then mean 0 and deviation 1. Members learn side by side, each with one thread and a seed of its own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/members.h"

#define ARENA_MAX ((size_t)64 << 30)
#define BLOCK ((size_t)16384) /* rows that are filled at once */

typedef struct {
    hx_arena *arena; /* owned, with all arrays below */
    size_t n, n_classes, d; /* members; classes (0 of numbers); features */
    const hx_estimator *members[HX_MEMBERS_MAX];
    void *states[HX_MEMBERS_MAX];
    double *params[HX_MEMBERS_MAX];
    double weights[HX_MEMBERS_MAX];
    size_t n_missing; /* features with missing values in training */
    size_t *missing; /* (n_missing), ascending */
    double *fill; /* (d) */
    double *means, *deviations; /* (d + n_missing) */
} state;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for an ensemble");
}

static hx_status damaged(hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "the model's members are damaged");
}

static void release(void *state_) {
    state *s = state_;
    for (size_t m = 0; m < s->n; m++)
        if (s->states[m]) s->members[m]->release(s->states[m]);
    hx_arena_free(s->arena);
    free(s);
}

static state *new_state(size_t d, size_t n_classes, hx_error *err) {
    state *s = calloc(1, sizeof *s);
    if (s && (s->arena = hx_arena_new(ARENA_MAX)) != NULL) {
        s->d = d;
        s->n_classes = n_classes;
        return s;
    }
    free(s);
    (void)no_memory(err);
    return NULL;
}

static size_t columns_of(const state *s) {
    return s->n_classes ? s->n_classes : 1;
}

/* ------------------------------------------------------------------ filled and scaled features */
static bool takes_filled(const hx_estimator *e) {
    return (e->wants & (HX_WANTS_FILLED | HX_WANTS_SCALED)) != 0;
}

static size_t width_of(const state *s, const hx_estimator *e) {
    return takes_filled(e) ? s->d + s->n_missing : s->d;
}

/* (n, d) to (n, d + n_missing), not yet scaled where there are no means. */
static void fill_rows(const state *s, const double *x, size_t n, double *out) {
    size_t width = s->d + s->n_missing;
    for (size_t i = 0; i < n; i++) {
        const double *from = x + i * s->d;
        double *to = out + i * width;
        for (size_t j = 0; j < s->d; j++)
            to[j] = isfinite(from[j]) ? from[j] : s->fill[j];
        for (size_t k = 0; k < s->n_missing; k++)
            to[s->d + k] = !isfinite(from[s->missing[k]]);
        for (size_t j = 0; j < width && s->means; j++)
            to[j] = s->deviations[j] > 0 ? (to[j] - s->means[j]) / s->deviations[j] : 0;
    }
}

static void find_fill(state *s, const hx_problem *p) {
    for (size_t j = 0; j < s->d; j++) {
        double sum = 0;
        size_t n = 0, gaps = 0;
        for (size_t i = 0; i < p->n; i++) {
            double v = p->x[i * p->d + j];
            gaps += isnan(v) != 0;
            if (isfinite(v)) sum += v, n++;
        }
        s->fill[j] = n ? sum / (double)n : 0;
        if (gaps > 0) s->missing[s->n_missing++] = j;
    }
}

static hx_status find_scale(state *s, const double *x, size_t n, hx_error *err) {
    size_t width = s->d + s->n_missing;
    double *means = hx_arena_alloc(s->arena, (width + 1) * sizeof *means);
    double *deviations = hx_arena_alloc(s->arena, (width + 1) * sizeof *deviations);
    if (!means || !deviations) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < width; j++)
            means[j] += x[i * width + j] / (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < width; j++) {
            double off = x[i * width + j] - means[j];
            deviations[j] += off * off / (double)n;
        }
    for (size_t j = 0; j < width; j++)
        deviations[j] = sqrt(deviations[j]);
    s->means = means;
    s->deviations = deviations;
    return HX_OK;
}

static hx_status name_filled(const state *s, const hx_problem *p, hx_arena *arena, hx_problem *out,
                             hx_error *err) {
    size_t width = s->d + s->n_missing;
    const char **names = hx_arena_alloc(arena, (width + 1) * sizeof *names);
    size_t *columns = hx_arena_alloc(arena, (width + 1) * sizeof *columns);
    if (!names || !columns) return no_memory(err);
    for (size_t j = 0; j < width; j++) {
        size_t of = j < s->d ? j : s->missing[j - s->d];
        names[j] = p->names[of];
        columns[j] = p->columns[of];
    }
    out->names = names;
    out->columns = columns;
    return HX_OK;
}

/* Learns fill and scale from the rows and gives them filled and scaled, in the arena. */
static hx_status fit_filled(state *s, const hx_problem *p, hx_arena *arena, hx_problem *out,
                            hx_error *err) {
    s->missing = hx_arena_alloc(s->arena, (s->d + 1) * sizeof *s->missing);
    s->fill = hx_arena_alloc(s->arena, (s->d + 1) * sizeof *s->fill);
    if (!s->missing || !s->fill) return no_memory(err);
    find_fill(s, p);
    *out = *p;
    out->d = s->d + s->n_missing;
    out->x = hx_arena_alloc(arena, (p->n * out->d + 1) * sizeof *out->x);
    if (!out->x) return no_memory(err);
    HX_TRY(name_filled(s, p, arena, out, err));
    fill_rows(s, p->x, p->n, out->x);
    HX_TRY(find_scale(s, out->x, p->n, err));
    fill_rows(s, p->x, p->n, out->x);
    return HX_OK;
}

/* ------------------------------------------------------------------ fitting */
typedef struct {
    state *s;
    const hx_problem *plain, *filled;
    const hx_fit_options *o;
} fitting;

static hx_status fit_one(void *context, size_t m, size_t worker, hx_error *err) {
    const fitting *f = context;
    const hx_estimator *e = f->s->members[m];
    const hx_fit_options o = {.params = f->s->params[m],
                              .seed = hx_hash_mix(f->o->seed, m + 1),
                              .n_threads = 1,
                              .cancel = f->o->cancel};
    (void)worker;
    return e->fit(&f->s->states[m], takes_filled(e) ? f->filled : f->plain, NULL, &o, err);
}

static hx_status take_members(state *s, const hx_fit_options *o, hx_error *err) {
    for (size_t m = 0; m < o->n_members; m++) {
        const hx_member *from = &o->members[m];
        size_t n = from->estimator->kind.n_params;
        s->params[m] = hx_arena_alloc(s->arena, (n + 1) * sizeof(double));
        if (!s->params[m]) return no_memory(err);
        if (n > 0) memcpy(s->params[m], from->params, n * sizeof(double));
        s->members[m] = from->estimator;
        s->weights[m] = from->weight;
    }
    s->n = o->n_members;
    return HX_OK;
}

static hx_status fit_state(state *s, const hx_problem *p, const hx_fit_options *o, hx_arena *arena,
                           hx_error *err) {
    hx_problem filled = {0};
    bool wanted = false;
    HX_TRY(take_members(s, o, err));
    for (size_t m = 0; m < s->n; m++)
        wanted |= takes_filled(s->members[m]);
    if (wanted) HX_TRY(fit_filled(s, p, arena, &filled, err));
    fitting f = {s, p, &filled, o};
    return hx_pool_run(o->n_threads, s->n, fit_one, &f, err);
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    (void)validation;
    if (o->n_members == 0 || o->n_members > HX_MEMBERS_MAX)
        return hx_fail(err, HX_EINVAL,
                       "an ensemble is what huaxiang learn tune makes; the models voting, blending "
                       "and stacking put others together");
    state *s = new_state(train->d, train->task == HX_TASK_CLASSES ? train->n_classes : 0, err);
    hx_arena *arena = s ? hx_arena_new(ARENA_MAX) : NULL;
    hx_status st = arena ? fit_state(s, train, o, arena, err) : no_memory(err);
    hx_arena_free(arena);
    if (st != HX_OK) {
        if (s) release(s);
        return st;
    }
    *out = s;
    return HX_OK;
}

/* ------------------------------------------------------------------ answers */
static hx_status ask(const state *s, const double *x, size_t n, size_t n_threads, double *filled,
                     double *said, double *out, hx_error *err) {
    size_t columns = columns_of(s);
    if (s->fill) fill_rows(s, x, n, filled);
    memset(out, 0, n * columns * sizeof *out);
    for (size_t m = 0; m < s->n; m++) {
        const hx_estimator *e = s->members[m];
        HX_TRY(e->predict(s->states[m], takes_filled(e) ? filled : x, n, n_threads, said, err));
        for (size_t i = 0; i < n * columns; i++)
            out[i] += s->weights[m] * said[i];
    }
    return HX_OK;
}

static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    size_t columns = columns_of(s), width = s->d + s->n_missing, most = n < BLOCK ? n : BLOCK;
    double *filled = calloc(s->fill ? most * width + 1 : 1, sizeof *filled);
    double *said = calloc(most * columns + 1, sizeof *said);
    hx_status st = filled && said ? HX_OK : no_memory(err);
    for (size_t i = 0; i < n && st == HX_OK; i += BLOCK)
        st = ask(s, x + i * s->d, n - i < BLOCK ? n - i : BLOCK, n_threads, filled, said,
                 out + i * columns, err);
    free(filled);
    free(said);
    return st;
}

/* ------------------------------------------------------------------ words and files */
static void put_names(const state *s, hx_json_writer *w) {
    const char *names[HX_MEMBERS_MAX];
    for (size_t m = 0; m < s->n; m++)
        names[m] = s->members[m]->kind.name;
    hx_put_texts(w, "members", names, s->n);
    hx_put_numbers(w, "weights", s->weights, s->n);
    hx_json_key(w, "settings");
    hx_json_array(w);
    for (size_t m = 0; m < s->n; m++)
        hx_params_write(&s->members[m]->kind, s->params[m], w);
    hx_json_end_array(w);
}

static void summary(const void *state_, hx_json_writer *w) {
    put_names(state_, w);
}

static void put_filled(const state *s, hx_json_writer *w) {
    size_t width = s->d + s->n_missing;
    hx_json_key(w, "filled");
    if (!s->fill) {
        hx_json_null(w);
        return;
    }
    hx_json_object(w);
    hx_json_key(w, "missing");
    hx_json_array(w);
    for (size_t k = 0; k < s->n_missing; k++)
        hx_json_int(w, (int64_t)s->missing[k]);
    hx_json_end_array(w);
    hx_put_numbers(w, "fill", s->fill, s->d);
    hx_put_numbers(w, "means", s->means, width);
    hx_put_numbers(w, "deviations", s->deviations, width);
    hx_json_end_object(w);
}

static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_object(w);
    put_names(s, w);
    put_filled(s, w);
    hx_json_key(w, "states");
    hx_json_array(w);
    for (size_t m = 0; m < s->n; m++)
        s->members[m]->write(s->states[m], w);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status read_filled(state *s, const json_t *json, hx_error *err) {
    const json_t *list = json_object_get(json, "missing"), *one;
    bool ok = json_is_array(list) && json_array_size(list) <= s->d;
    size_t i;
    if (json_is_null(json)) return HX_OK;
    if (!ok) return damaged(err);
    s->missing = hx_arena_alloc(s->arena, (s->d + 1) * sizeof *s->missing);
    if (!s->missing) return no_memory(err);
    json_array_foreach(list, i, one) {
        json_int_t v = json_is_integer(one) ? json_integer_value(one) : -1;
        bool fits = v >= 0 && v < (json_int_t)s->d;
        if (!fits || (i > 0 && (size_t)v <= s->missing[i - 1])) return damaged(err);
        s->missing[s->n_missing++] = (size_t)v;
    }
    size_t width = s->d + s->n_missing;
    s->fill = hx_field_numbers(json, "fill", s->d, s->arena, &ok);
    s->means = hx_field_numbers(json, "means", width, s->arena, &ok);
    s->deviations = hx_field_numbers(json, "deviations", width, s->arena, &ok);
    return ok ? HX_OK : damaged(err);
}

static hx_status read_params(state *s, size_t m, const json_t *json, hx_error *err) {
    char *text = json_dumps(json, JSON_COMPACT);
    const hx_model_kind *kind = &s->members[m]->kind;
    s->params[m] = hx_arena_alloc(s->arena, (kind->n_params + 1) * sizeof(double));
    hx_status st = !text || !s->params[m] ? no_memory(err)
                                          : hx_params_of(kind, hx_str_of(text), s->params[m], err);
    free(text);
    return st;
}

static hx_status read_members(state *s, const json_t *json, hx_error *err) {
    bool ok = true;
    size_t n = 0;
    const char **names = hx_field_texts(json, "members", HX_MEMBERS_MAX, s->arena, &n, &ok);
    const json_t *states = json_object_get(json, "states"),
                 *settings = json_object_get(json, "settings");
    if (!ok || n == 0 || json_array_size(states) != n || json_array_size(settings) != n)
        return damaged(err);
    const double *weights = hx_field_numbers(json, "weights", n, s->arena, &ok);
    if (!ok) return damaged(err);
    memcpy(s->weights, weights, n * sizeof *weights);
    HX_TRY(read_filled(s, json_object_get(json, "filled"), err));
    for (size_t m = 0; m < n; m++) {
        const hx_estimator *e = hx_estimator_of(names[m]);
        bool known = e && e != &hx_estimator_members && (s->fill || !takes_filled(e));
        if (!known || !json_is_object(json_array_get(settings, m))) return damaged(err);
        s->members[s->n++] = e;
        HX_TRY(read_params(s, m, json_array_get(settings, m), err));
        HX_TRY(
            e->read(&s->states[m], json_array_get(states, m), width_of(s, e), s->n_classes, err));
    }
    return HX_OK;
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    state *s = new_state(d, n_classes, err);
    if (!s) return HX_ENOMEM;
    hx_status st = read_members(s, json, err);
    if (st != HX_OK) {
        release(s);
        return st;
    }
    *out = s;
    return HX_OK;
}

const hx_estimator hx_estimator_members = {
    .kind = {.name = "ensemble",
             .tasks = 1u << HX_TASK_REGRESSION | 1u << HX_TASK_CLASSES,
             .help = {"several tuned models together (made by learn tune)",
                      "多个调好的模型的组合（由 learn tune 得到）"}},
    .fit = fit,
    .predict = predict,
    .summary = summary,
    .write = write,
    .read = read,
    .release = release,
};
