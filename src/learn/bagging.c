/* bagging.c - many models of one kind, each of other rows drawn with replacement; their mean (Breiman 1996).
 *
 * Rows are drawn within each class, so that every member sees all classes; member m draws from (seed, m) alone, so the result is the same for any
 * number of threads.
 *
 * Members are as their kind is without parameters. What they say of classes are probabilities (of margins Platt's). Features are filled and scaled once for all members. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/rng.h"
#include "learn/families.h"
#include "learn/fields.h"

#define MEMBERS_MAX 500
#define ARENA_MAX ((size_t)64 << 30)

enum { BASE, MEMBERS, SHARE };

static const char *const bases[] = {
    "tree", "linear",     "ridge", "lasso",      "elastic",     "logistic", "bayes",
    "svm",  "neighbours", "mlp",   "kernel-svm", "forest",      "boosting", "textcnn",
    "rnn",  "gru",        "lstm",  "cnn-gru",    "transformer", "nbsvm",    NULL};
static const hx_model_param params[] = {
    {.name = "base",
     .kind = HX_PARAM_CHOICE,
     .choices = bases,
     .help = {"the kind of the members", "成员模型的种类"}},
    {.name = "members",
     .kind = HX_PARAM_COUNT,
     .fallback = 25,
     .low = 1,
     .high = MEMBERS_MAX,
     .help = {"how many", "成员个数"}},
    {.name = "share",
     .kind = HX_PARAM_NUMBER,
     .fallback = 1,
     .low = 0.01,
     .high = 1,
     .tune_low = 0.3,
     .tune_high = 1,
     .help = {"rows that are drawn for each, as a share of all", "每个成员抽取的行占全部的比例"}},
};

typedef struct {
    const hx_estimator *base;
    size_t n, columns; /* members; of what each says: classes, or 1 */
    size_t d, n_tokens; /* features; of them ids of tokens, at the end, which networks alone see */
    void *states[MEMBERS_MAX];
} state;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for an ensemble");
}

static void release(void *state_) {
    state *s = state_;
    for (size_t m = 0; m < s->n; m++)
        if (s->states[m]) s->base->release(s->states[m]);
    free(s);
}

/* ------------------------------------------------------------------ drawing */
typedef struct {
    state *s;
    const hx_problem *p;
    const hx_fit_options *o;
    const size_t *rows, *starts; /* (n) rows by class; (classes + 1) where each begins */
    const double *values; /* of the base's parameters */
} bag;

/* rows (n) by class, starts (classes + 1); of numbers one class. */
static void sort_rows(const hx_problem *p, size_t *rows, size_t *starts) {
    size_t k = p->task == HX_TASK_CLASSES ? p->n_classes : 1;
    memset(starts, 0, (k + 1) * sizeof *starts);
    for (size_t i = 0; i < p->n; i++)
        starts[(k > 1 ? (size_t)p->y[i] : 0) + 1]++;
    for (size_t c = 0; c < k; c++)
        starts[c + 1] += starts[c];
    for (size_t i = 0; i < p->n; i++)
        rows[starts[k > 1 ? (size_t)p->y[i] : 0]++] = i;
    for (size_t c = k; c > 0; c--)
        starts[c] = starts[c - 1];
    starts[0] = 0;
}

static int compare_rows(const void *a, const void *b) {
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static size_t draw_rows(const bag *b, size_t member, size_t *drawn) {
    size_t k = b->p->task == HX_TASK_CLASSES ? b->p->n_classes : 1, n = 0;
    hx_rng rng;
    hx_rng_seed(&rng, hx_hash_mix(b->o->seed, member));
    for (size_t c = 0; c < k; c++) {
        size_t all = b->starts[c + 1] - b->starts[c];
        size_t wanted = (size_t)(b->o->params[SHARE] * (double)all + 0.5);
        if (wanted == 0 && all > 0) wanted = 1;
        for (size_t i = 0; i < wanted; i++)
            drawn[n++] = b->rows[b->starts[c] + (size_t)hx_rng_below(&rng, all)];
    }
    qsort(drawn, n, sizeof *drawn, compare_rows);
    return n;
}

static hx_status fit_in(const bag *b, size_t member, hx_arena *arena, hx_error *err) {
    hx_problem drawn;
    const hx_fit_options o = {.params = b->values,
                              .seed = hx_hash_mix(b->o->seed, member),
                              .n_threads = 1,
                              .cancel = b->o->cancel};
    size_t *rows = hx_arena_alloc(arena, (b->p->n + b->p->n_classes + 1) * sizeof *rows);
    if (!rows) return no_memory(err);
    HX_TRY(hx_problem_pick(b->p, rows, draw_rows(b, member, rows), arena, &drawn, err));
    return b->s->base->fit(&b->s->states[member], &drawn, NULL, &o, err);
}

static hx_status fit_member(void *context, size_t member, size_t worker, hx_error *err) {
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    (void)worker;
    hx_status st = arena ? fit_in(context, member, arena, err) : no_memory(err);
    hx_arena_free(arena);
    return st;
}

static hx_status fit_members(state *s, const hx_problem *p, const hx_fit_options *o,
                             hx_error *err) {
    size_t *rows = calloc(2 * p->n + p->n_classes + 3, sizeof *rows);
    double *values = calloc(s->base->kind.n_params + 1, sizeof *values);
    hx_status st = rows && values ? HX_OK : no_memory(err);
    for (size_t i = 0; values && i < s->base->kind.n_params; i++)
        values[i] = s->base->kind.params[i].fallback;
    if (st == HX_OK) {
        bag b = {s, p, o, rows, rows + p->n, values};
        sort_rows(p, rows, rows + p->n);
        st = hx_pool_run(o->n_threads, s->n, fit_member, &b, err);
    }
    free(rows);
    free(values);
    return st;
}

/* Where there is one. */
static bool reads_text(const hx_estimator *e) {
    return (e->wants & (HX_WANTS_TOKENS | HX_WANTS_TOKENS_TOO)) != 0;
}

/* The rows as the members see them. */
static hx_status fit_seen(state *s, const hx_problem *p, const hx_fit_options *o, hx_error *err) {
    hx_problem seen = *p;
    if (!s->base || !(s->base->kind.tasks & 1u << p->task))
        return hx_fail(err, HX_EINVAL, "an ensemble needs a member that can learn this target");
    if (s->base->wants & HX_WANTS_TOKENS && p->n_tokens == 0)
        return hx_fail(err, HX_EINVAL, "%s reads a text; name its column by --text",
                       s->base->kind.name);
    if (!reads_text(s->base) && p->n_tokens > 0 && p->n_tokens == p->d)
        return hx_fail(err, HX_EINVAL, "%s can't be a member: there is no column beside the text",
                       s->base->kind.name);
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    hx_status st = arena ? HX_OK : no_memory(err);
    if (st == HX_OK && !reads_text(s->base)) st = hx_problem_plain(p, arena, &seen, err);
    if (st == HX_OK) st = fit_members(s, &seen, o, err);
    hx_arena_free(arena);
    return st;
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    state *s = calloc(1, sizeof *s);
    (void)validation;
    if (!s) return no_memory(err);
    s->base = hx_estimator_of(bases[(size_t)o->params[BASE]]);
    s->n = (size_t)o->params[MEMBERS];
    s->columns = train->task == HX_TASK_CLASSES ? train->n_classes : 1;
    s->d = train->d;
    s->n_tokens = train->n_tokens;
    hx_status st = fit_seen(s, train, o, err);
    if (st != HX_OK) {
        release(s);
        return st;
    }
    *out = s;
    return HX_OK;
}

/* ------------------------------------------------------------------ answers */
static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    size_t cells = n * s->columns;
    double *said = calloc(cells + 1, sizeof *said), *own = NULL;
    size_t kept = s->d - s->n_tokens;
    hx_status st = said ? HX_OK : no_memory(err);
    if (st == HX_OK && s->n_tokens > 0 && !reads_text(s->base)) {
        own = calloc(n * kept + 1, sizeof *own);
        if (!own) st = no_memory(err);
        for (size_t i = 0; i < n && own; i++)
            memcpy(own + i * kept, x + i * s->d, kept * sizeof *own);
    }
    if (st == HX_OK) memset(out, 0, cells * sizeof *out);
    for (size_t m = 0; m < s->n && st == HX_OK; m++) {
        st = s->base->predict(s->states[m], own ? own : x, n, n_threads, said, err);
        for (size_t i = 0; i < cells; i++)
            out[i] += said[i] / (double)s->n;
    }
    free(said);
    free(own);
    return st;
}

static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_key(w, "base");
    hx_json_cstr(w, s->base->kind.name);
    hx_json_key(w, "members");
    hx_json_int(w, (int64_t)s->n);
}

/* ------------------------------------------------------------------ files */
static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_object(w);
    hx_json_key(w, "base");
    hx_json_cstr(w, s->base->kind.name);
    hx_json_key(w, "tokens");
    hx_json_int(w, (int64_t)s->n_tokens);
    hx_json_key(w, "states");
    hx_json_array(w);
    for (size_t m = 0; m < s->n; m++)
        s->base->write(s->states[m], w);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static const hx_estimator *base_of(const json_t *json) {
    const char *name = json_string_value(json_object_get(json, "base"));
    for (size_t i = 0; name && bases[i]; i++)
        if (strcmp(bases[i], name) == 0) return hx_estimator_of(name);
    return NULL;
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    const json_t *states = json_object_get(json, "states");
    state *s = calloc(1, sizeof *s);
    if (!s) return no_memory(err);
    s->base = base_of(json);
    s->columns = n_classes ? n_classes : 1;
    s->d = d;
    size_t n = json_array_size(states);
    bool ok = true;
    if (json_object_get(json, "tokens")) s->n_tokens = hx_field_count(json, "tokens", d, &ok);
    size_t seen = s->base && reads_text(s->base) ? d : d - s->n_tokens;
    hx_status st = s->base && ok && seen > 0 && n > 0 && n <= MEMBERS_MAX
                       ? HX_OK
                       : hx_fail(err, HX_EFORMAT, "the model's members are damaged");
    for (size_t m = 0; m < n && st == HX_OK; m++) {
        st = s->base->read(&s->states[m], json_array_get(states, m), seen, n_classes, err);
        s->n = m + 1;
    }
    if (st != HX_OK) {
        release(s);
        return st;
    }
    *out = s;
    return HX_OK;
}

const hx_estimator hx_estimator_bagging = {
    .kind = {.name = "bagging",
             .tasks = 1u << HX_TASK_REGRESSION | 1u << HX_TASK_CLASSES,
             .params = params,
             .n_params = sizeof params / sizeof *params,
             .help = {"the mean of models of one kind, each of rows drawn anew",
                      "同种模型在重抽样的行上学习后取平均"}},
    .wants = HX_WANTS_FILLED | HX_WANTS_SCALED | HX_WANTS_TOKENS_TOO,
    .fit = fit,
    .predict = predict,
    .summary = summary,
    .write = write,
    .read = read,
    .release = release};
