/* ensemble.c - several models as one: voting, blending, stacking. Members are kinds of the list, as they are, chosen by switches.
 *
 *     voting     the mean of what the members say
 *     blending   a mean with weights (>= 0, sum 1) that fit a fifth of the rows best, which the members did not see: least log loss, or squares
 *     stacking   a model on top of what the members say of rows out of fold: logistic regression on log-odds (log p of each class where there are
 *                more than two), ridge regression on numbers (Wolpert 1992)
 *
 * What a member says of classes are probabilities: of margins (svm, kernel-svm) Platt's, fitted out of fold on the rows the member learns from; of
 * neighbours the shares of their classes. A share of 0 counts as 1e-9 where its logarithm is taken.
 *
 * Behind that every member learns from all rows. Members share one matrix of features, filled and scaled; networks, svm and logistic read its tokens
 * (of the column that --text names) beside them, the others do not see these. Weights of blending are
 * softmax(theta), theta by L-BFGS; with p_im = what member m gives the true class of row i:
 *
 *     loss = -sum log sum_m w_m p_im      d loss / d theta_m = -sum (w_m p_im / sum - w_m)
 *     loss =  sum (y - sum_m w_m f_im)^2  d loss / d theta_m = -2 sum (y - f) w_m (f_im - f)
 *
 * With one member, and where rows are too few for folds, the members vote. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/minimise.h"
#include "learn/split.h"

#define MEMBERS_MAX 32
#define ARENA_MAX ((size_t)64 << 30)
#define LEAST 1e-9 /* of a probability whose logarithm is taken */
#define SHARE_SEEN 0.8

typedef enum { VOTING, BLENDING, STACKING } way;
enum { FOLDS, FIRST };
#define MEMBER(NAME, ON)                                                                           \
    {                                                                                              \
        .name = NAME, .kind = HX_PARAM_SWITCH, .fallback = ON, .high = 1, .help = {                \
            "it is a member (where it can do the task)",                                           \
            "是否参与（适用于该任务时）"                                              \
        }                                                                                          \
    }
#define MEMBERS                                                                                    \
    MEMBER("ridge", 1), MEMBER("lasso", 0), MEMBER("elastic", 0), MEMBER("logistic", 1),           \
        MEMBER("tree", 0), MEMBER("forest", 1), MEMBER("boosting", 1), MEMBER("linear", 0),        \
        MEMBER("svm", 0), MEMBER("kernel-svm", 0), MEMBER("bayes", 0), MEMBER("neighbours", 0),    \
        MEMBER("mlp", 0), MEMBER("nbsvm", 0), MEMBER("textcnn", 0), MEMBER("rnn", 0),              \
        MEMBER("gru", 0), MEMBER("lstm", 0), MEMBER("cnn-gru", 0), MEMBER("transformer", 0)
#define FOLDS_PARAM(EN, ZH)                                                                        \
    {                                                                                              \
        .name = "folds", .kind = HX_PARAM_COUNT, .fallback = 5, .low = 2, .high = 50, .help = {    \
            EN,                                                                                    \
            ZH                                                                                     \
        }                                                                                          \
    }

static const hx_model_param params[] = {
    FOLDS_PARAM("stacking: parts for what members say out of fold", "stacking：折外预测的折数"),
    MEMBERS,
};
#define PARAMS (sizeof params / sizeof *params)

typedef struct {
    way how;
    size_t n, n_classes, d,
        n_tokens; /* members; classes (0 of numbers); features, with so many tokens at the end */
    const hx_estimator *members[MEMBERS_MAX];
    void *states[MEMBERS_MAX];
    double weights[MEMBERS_MAX]; /* of voting and blending */
    const hx_estimator *top; /* of stacking, else NULL */
    void *top_state;
} state;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for an ensemble");
}

static void release(void *state_) {
    state *s = state_;
    for (size_t m = 0; m < s->n; m++)
        if (s->states[m]) s->members[m]->release(s->states[m]);
    if (s->top_state) s->top->release(s->top_state);
    free(s);
}

static size_t columns_of(const state *s) {
    return s->n_classes ? s->n_classes : 1;
}

/* ------------------------------------------------------------------ members */
/* Where there is one. */
static bool reads_text(const hx_estimator *e) {
    return (e->wants & (HX_WANTS_TOKENS | HX_WANTS_TOKENS_TOO)) != 0;
}

/* The rows as a member sees them; copied into the arena only where it must not see tokens. */
static hx_status seen_by(const hx_estimator *e, const hx_problem *p, hx_arena *arena,
                         hx_problem *out, hx_error *err) {
    *out = *p;
    return reads_text(e) ? HX_OK : hx_problem_plain(p, arena, out, err);
}

/* What a member says of rows: (n, columns). */
static hx_status say(const hx_estimator *e, const void *of, const hx_problem *p, double *out,
                     hx_error *err) {
    return e->predict(of, p->x, p->n, 1, out, err);
}

static hx_status fit_plain(const hx_estimator *e, void **out, const hx_problem *p, uint64_t seed,
                           size_t n_threads, const volatile int *cancel, hx_error *err) {
    double *values = calloc(e->kind.n_params + 1, sizeof *values);
    if (!values) return no_memory(err);
    for (size_t i = 0; i < e->kind.n_params; i++)
        values[i] = e->kind.params[i].fallback;
    const hx_fit_options o = {
        .params = values, .seed = seed, .n_threads = n_threads, .cancel = cancel};
    *out = NULL;
    hx_status st = e->fit(out, p, NULL, &o, err);
    free(values);
    return st;
}

static hx_status choose(state *s, const hx_problem *p, const double *values, hx_error *err) {
    for (size_t i = FIRST; i < PARAMS; i++) {
        const hx_estimator *e = values[i] != 0 ? hx_estimator_of(params[i].name) : NULL;
        if (values[i] != 0 && !e)
            return hx_fail(err, HX_EINVAL, "there is no model '%s'; see huaxiang learn fit --help",
                           params[i].name);
        if (!e || !(e->kind.tasks & 1u << p->task)) continue;
        if (e->wants & HX_WANTS_TOKENS && p->n_tokens == 0)
            return hx_fail(err, HX_EINVAL, "%s reads a text; name its column by --text",
                           e->kind.name);
        if (!reads_text(e) && p->n_tokens > 0 && p->n_tokens == p->d)
            return hx_fail(err, HX_EINVAL,
                           "%s can't be a member: there is no column beside the text",
                           e->kind.name);
        s->members[s->n++] = e;
    }
    if (s->n == 0)
        return hx_fail(err, HX_EINVAL, "an ensemble needs a member that can learn this target");
    return HX_OK;
}

/* ------------------------------------------------------------------ answers of rows that members did not see */
typedef struct {
    const state *s;
    const hx_problem *p;
    const hx_fit_options *o;
    const uint32_t *parts; /* (p->n) */
    size_t n_parts;
    double *answers; /* (members, p->n, columns) */
} unseen;

static hx_status answer_part(const unseen *u, size_t member, uint32_t part, hx_arena *arena,
                             hx_error *err) {
    size_t n = u->p->n, columns = columns_of(u->s), n_train, n_test;
    size_t *train = hx_arena_alloc(arena, (n + 1) * sizeof *train);
    size_t *test = hx_arena_alloc(arena, (n + 1) * sizeof *test);
    double *said = hx_arena_alloc(arena, (n * columns + 1) * sizeof *said);
    const hx_estimator *e = u->s->members[member];
    hx_problem a, b;
    void *of = NULL;
    if (!train || !test || !said) return no_memory(err);
    hx_split_rows(u->parts, n, part, false, train, &n_train, test, &n_test);
    HX_TRY(hx_problem_pick(u->p, train, n_train, arena, &a, err));
    HX_TRY(hx_problem_pick(u->p, test, n_test, arena, &b, err));
    HX_TRY(seen_by(e, &a, arena, &a, err));
    HX_TRY(seen_by(e, &b, arena, &b, err));
    hx_status st = fit_plain(e, &of, &a, hx_hash_mix(u->o->seed, part + 1), 1, u->o->cancel, err);
    if (st == HX_OK) st = say(e, of, &b, said, err);
    for (size_t i = 0; i < n_test && st == HX_OK; i++)
        memcpy(u->answers + (member * n + test[i]) * columns, said + i * columns,
               columns * sizeof *said);
    if (of) e->release(of);
    return st;
}

static hx_status answer_job(void *context, size_t i, size_t worker, hx_error *err) {
    const unseen *u = context;
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    (void)worker;
    /* blending asks of the last part alone */
    uint32_t part = (uint32_t)(u->s->how == BLENDING ? 1 : i % u->n_parts);
    size_t member = u->s->how == BLENDING ? i : i / u->n_parts;
    hx_status st = arena ? answer_part(u, member, part, arena, err) : no_memory(err);
    hx_arena_free(arena);
    return st;
}

static hx_status deal(const unseen *u, uint32_t *parts, hx_arena *arena, hx_error *err) {
    static const double shares[] = {SHARE_SEEN, 1 - SHARE_SEEN};
    hx_fold_options o = {.seed = u->o->seed};
    uint32_t *strata = hx_arena_alloc(arena, (u->p->n + 1) * sizeof *strata);
    if (!strata) return no_memory(err);
    for (size_t i = 0; i < u->p->n; i++)
        strata[i] = u->s->n_classes ? (uint32_t)u->p->y[i] : 0;
    o.strata = strata;
    if (u->s->how == BLENDING) return hx_split_shares(u->p->n, shares, 2, &o, parts, err);
    return hx_split_folds(u->p->n, u->n_parts, &o, parts, err);
}

/* ------------------------------------------------------------------ blending */
typedef struct {
    size_t n, members;
    bool classes;
    const double *f; /* (n, members): p of the true class, or the number */
    const double *y; /* (n) of numbers */
    double *w; /* (members) */
} mixture;

static void softmax(const double *theta, size_t n, double *w) {
    double most = theta[0], sum = 0;
    for (size_t m = 1; m < n; m++)
        most = fmax(most, theta[m]);
    for (size_t m = 0; m < n; m++)
        sum += w[m] = exp(theta[m] - most);
    for (size_t m = 0; m < n; m++)
        w[m] /= sum;
}

static double mixture_loss(void *context, const double *theta, double *gradient) {
    const mixture *x = context;
    double loss = 0;
    softmax(theta, x->members, x->w);
    memset(gradient, 0, x->members * sizeof *gradient);
    for (size_t i = 0; i < x->n; i++) {
        const double *f = x->f + i * x->members;
        double sum = 0;
        for (size_t m = 0; m < x->members; m++)
            sum += x->w[m] * f[m];
        double off = x->classes ? 0 : x->y[i] - sum;
        loss += x->classes ? -log(sum) : off * off;
        for (size_t m = 0; m < x->members; m++)
            gradient[m] -=
                x->classes ? x->w[m] * (f[m] / sum - 1) : 2 * off * x->w[m] * (f[m] - sum);
    }
    for (size_t m = 0; m < x->members; m++)
        gradient[m] /= (double)x->n;
    return loss / (double)x->n;
}

static hx_status blend(state *s, const unseen *u, hx_arena *arena, hx_error *err) {
    size_t n = u->p->n, kept = 0, columns = columns_of(s);
    double *f = hx_arena_alloc(arena, (n * s->n + 1) * sizeof *f);
    double *y = hx_arena_alloc(arena, (n + 1) * sizeof *y);
    double theta[MEMBERS_MAX] = {0};
    if (!f || !y) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        if (u->parts[i] != 1) continue;
        size_t label = s->n_classes ? (size_t)u->p->y[i] : 0;
        for (size_t m = 0; m < s->n; m++) {
            double v = u->answers[(m * n + i) * columns + label];
            f[kept * s->n + m] = s->n_classes ? fmax(v, LEAST) : v;
        }
        y[kept++] = u->p->y[i];
    }
    mixture x = {kept, s->n, s->n_classes > 0, f, y, s->weights};
    const hx_minimise_options o = {.n = s->n, .tolerance = 1e-9, .cancel = u->o->cancel};
    if (kept > 0) HX_TRY(hx_minimise(mixture_loss, &x, &o, theta, NULL, NULL, err));
    softmax(theta, s->n, s->weights);
    return HX_OK;
}

/* ------------------------------------------------------------------ stacking */
/* Features of the top a member gives: log-odds of class 1, logarithms of all, or the number. */
static size_t top_columns(const state *s) {
    return s->n_classes > 2 ? s->n_classes : 1;
}

static void top_features(const state *s, const double *said, double *out) {
    if (s->n_classes == 2)
        out[0] = log(fmax(said[1], LEAST)) - log(fmax(said[0], LEAST));
    else if (s->n_classes > 2)
        for (size_t k = 0; k < s->n_classes; k++)
            out[k] = log(fmax(said[k], LEAST));
    else
        out[0] = said[0];
}

static hx_status stack(state *s, const unseen *u, hx_arena *arena, hx_error *err) {
    size_t n = u->p->n, columns = columns_of(s), width = top_columns(s);
    hx_problem p = *u->p;
    p.d = s->n * width;
    p.x = hx_arena_alloc(arena, (n * p.d + 1) * sizeof *p.x);
    const char **names = hx_arena_alloc(arena, p.d * sizeof *names);
    size_t *of = hx_arena_alloc(arena, p.d * sizeof *of);
    if (!p.x || !names || !of) return no_memory(err);
    for (size_t j = 0; j < p.d; j++) {
        names[j] = s->members[j / width]->kind.name;
        of[j] = j / width;
    }
    p.names = names;
    p.columns = of;
    p.levels = NULL;
    p.n_tokens = p.n_known = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t m = 0; m < s->n; m++)
            top_features(s, u->answers + (m * n + i) * columns, p.x + i * p.d + m * width);
    s->top = s->n_classes ? &hx_estimator_logistic : &hx_estimator_ridge;
    return fit_plain(s->top, &s->top_state, &p, u->o->seed, 1, u->o->cancel, err);
}

/* ------------------------------------------------------------------ fitting */
static hx_status fit_top(state *s, const hx_problem *p, const hx_fit_options *o, hx_arena *arena,
                         hx_error *err) {
    unseen u = {.s = s, .p = p, .o = o, .n_parts = (size_t)o->params[FOLDS]};
    for (size_t m = 0; m < s->n; m++)
        s->weights[m] = 1 / (double)s->n;
    if (s->how == VOTING || s->n == 1 || p->n < 2 * u.n_parts) return HX_OK;
    uint32_t *parts = hx_arena_alloc(arena, (p->n + 1) * sizeof *parts);
    u.answers = hx_arena_alloc(arena, (s->n * p->n * columns_of(s) + 1) * sizeof(double));
    if (!parts || !u.answers) return no_memory(err);
    HX_TRY(deal(&u, parts, arena, err));
    u.parts = parts;
    size_t jobs = s->how == BLENDING ? s->n : s->n * u.n_parts;
    HX_TRY(hx_pool_run(o->n_threads, jobs, answer_job, &u, err));
    return s->how == BLENDING ? blend(s, &u, arena, err) : stack(s, &u, arena, err);
}

static hx_status fit_all(state *s, const hx_problem *p, const hx_fit_options *o, hx_error *err) {
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    hx_problem plain, own;
    hx_status st = arena ? choose(s, p, o->params, err) : no_memory(err);
    if (st == HX_OK) st = fit_top(s, p, o, arena, err);
    if (st == HX_OK) st = hx_problem_plain(p, arena, &plain, err);
    for (size_t m = 0; m < s->n && st == HX_OK; m++) {
        own = reads_text(s->members[m]) ? *p : plain;
        st = fit_plain(s->members[m], &s->states[m], &own, o->seed, o->n_threads, o->cancel, err);
    }
    hx_arena_free(arena);
    return st;
}

static hx_status fit_by(way how, void **out, const hx_problem *train, const hx_fit_options *o,
                        hx_error *err) {
    state *s = calloc(1, sizeof *s);
    if (!s) return no_memory(err);
    s->how = how;
    s->d = train->d;
    s->n_tokens = train->n_tokens;
    s->n_classes = train->task == HX_TASK_CLASSES ? train->n_classes : 0;
    hx_status st = fit_all(s, train, o, err);
    if (st != HX_OK) {
        release(s);
        return st;
    }
    *out = s;
    return HX_OK;
}

static hx_status fit_voting(void **out, const hx_problem *train, const hx_problem *validation,
                            const hx_fit_options *o, hx_error *err) {
    (void)validation;
    return fit_by(VOTING, out, train, o, err);
}

static hx_status fit_blending(void **out, const hx_problem *train, const hx_problem *validation,
                              const hx_fit_options *o, hx_error *err) {
    (void)validation;
    return fit_by(BLENDING, out, train, o, err);
}

static hx_status fit_stacking(void **out, const hx_problem *train, const hx_problem *validation,
                              const hx_fit_options *o, hx_error *err) {
    (void)validation;
    return fit_by(STACKING, out, train, o, err);
}

/* ------------------------------------------------------------------ answers */
/* x (n, d) and the same without tokens. */
static hx_status ask(const state *s, const double *x, const double *plain, size_t n,
                     size_t n_threads, double *said, double *out, double *z, hx_error *err) {
    size_t columns = columns_of(s), width = top_columns(s), d = s->n * width;
    memset(out, 0, n * columns * sizeof *out);
    for (size_t m = 0; m < s->n; m++) {
        HX_TRY(s->members[m]->predict(s->states[m], reads_text(s->members[m]) ? x : plain, n,
                                      n_threads, said, err));
        for (size_t i = 0; i < n && s->top_state; i++)
            top_features(s, said + i * columns, z + i * d + m * width);
        for (size_t i = 0; i < n * columns && !s->top_state; i++)
            out[i] += s->weights[m] * said[i];
    }
    return s->top_state ? s->top->predict(s->top_state, z, n, n_threads, out, err) : HX_OK;
}

static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    size_t columns = columns_of(s), d = s->n * top_columns(s);
    double *said = calloc(n * columns + 1, sizeof *said);
    double *z = calloc(n * d + 1, sizeof *z);
    double *own = s->n_tokens ? calloc(n * s->d + 1, sizeof *own) : NULL;
    bool room = said && z && (own || s->n_tokens == 0);
    size_t kept = s->d - s->n_tokens;
    for (size_t i = 0; i < n && room && own; i++)
        memcpy(own + i * kept, x + i * s->d, kept * sizeof *own);
    hx_status st =
        room ? ask(s, x, own ? own : x, n, n_threads, said, out, z, err) : no_memory(err);
    free(said);
    free(own);
    free(z);
    return st;
}

/* ------------------------------------------------------------------ words and files */
static const char *const way_names[] = {"voting", "blending", "stacking"};

static void put_member_names(const state *s, hx_json_writer *w) {
    const char *names[MEMBERS_MAX];
    for (size_t m = 0; m < s->n; m++)
        names[m] = s->members[m]->kind.name;
    hx_put_texts(w, "members", names, s->n);
}

static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    put_member_names(s, w);
    if (!s->top_state) {
        hx_put_numbers(w, "weights", s->weights, s->n);
        return;
    }
    hx_json_key(w, "top");
    hx_json_object(w);
    hx_json_key(w, "model");
    hx_json_cstr(w, s->top->kind.name);
    s->top->summary(s->top_state, w);
    hx_json_end_object(w);
}

static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_object(w);
    hx_json_key(w, "way");
    hx_json_cstr(w, way_names[s->how]);
    hx_json_key(w, "tokens");
    hx_json_int(w, (int64_t)s->n_tokens);
    put_member_names(s, w);
    hx_put_numbers(w, "weights", s->weights, s->n);
    hx_json_key(w, "states");
    hx_json_array(w);
    for (size_t m = 0; m < s->n; m++)
        s->members[m]->write(s->states[m], w);
    hx_json_end_array(w);
    hx_json_key(w, "top");
    if (s->top_state)
        s->top->write(s->top_state, w);
    else
        hx_json_null(w);
    hx_json_end_object(w);
}

static hx_status damaged(hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "the model's members are damaged");
}

static hx_status read_members(state *s, const json_t *json, hx_arena *arena, hx_error *err) {
    bool ok = true;
    size_t n = 0;
    const char **names = hx_field_texts(json, "members", MEMBERS_MAX, arena, &n, &ok);
    const json_t *states = json_object_get(json, "states"), *top = json_object_get(json, "top");
    if (!ok || n == 0 || json_array_size(states) != n) return damaged(err);
    const double *weights = hx_field_numbers(json, "weights", n, arena, &ok);
    if (json_object_get(json, "tokens")) s->n_tokens = hx_field_count(json, "tokens", s->d, &ok);
    if (!ok) return damaged(err);
    memcpy(s->weights, weights, n * sizeof *weights);
    for (size_t m = 0; m < n; m++) {
        const hx_estimator *e = hx_estimator_of(names[m]);
        if (!e || e->read == NULL) return damaged(err);
        s->members[s->n++] = e;
        size_t d = reads_text(e) ? s->d : s->d - s->n_tokens;
        if (d == 0) return damaged(err);
        HX_TRY(e->read(&s->states[m], json_array_get(states, m), d, s->n_classes, err));
    }
    if (json_is_null(top)) return HX_OK;
    s->top = s->n_classes ? &hx_estimator_logistic : &hx_estimator_ridge;
    return s->top->read(&s->top_state, top, s->n * top_columns(s), s->n_classes, err);
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    bool ok = true;
    state *s = calloc(1, sizeof *s);
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    hx_status st = s && arena ? HX_OK : no_memory(err);
    const char *how = st == HX_OK ? hx_field_text(json, "way", arena, &ok) : "";
    if (st == HX_OK) {
        s->d = d;
        s->n_classes = n_classes;
        s->how = strcmp(how, "stacking") == 0   ? STACKING
                 : strcmp(how, "blending") == 0 ? BLENDING
                                                : VOTING;
        st = ok ? read_members(s, json, arena, err) : damaged(err);
    }
    hx_arena_free(arena);
    if (st != HX_OK) {
        if (s) release(s);
        return st;
    }
    *out = s;
    return HX_OK;
}

#define TOGETHER(NAME, FIT, EN, ZH)                                                                \
    {                                                                                              \
        .kind = {.name = NAME,                                                                     \
                 .tasks = 1u << HX_TASK_REGRESSION | 1u << HX_TASK_CLASSES,                        \
                 .params = params,                                                                 \
                 .n_params = PARAMS,                                                               \
                 .help = {EN, ZH}},                                                                \
        .wants = HX_WANTS_FILLED | HX_WANTS_SCALED | HX_WANTS_TOKENS_TOO, .fit = FIT,              \
        .predict = predict, .summary = summary, .write = write, .read = read, .release = release   \
    }

const hx_estimator hx_estimator_voting =
    TOGETHER("voting", fit_voting, "the mean of several models", "多个模型取平均");
const hx_estimator hx_estimator_blending =
    TOGETHER("blending", fit_blending, "a mean with weights fitted on rows held out",
             "加权平均，权重在留出的行上求得");
const hx_estimator hx_estimator_stacking =
    TOGETHER("stacking", fit_stacking, "a model on top of several others, out of fold",
             "在多个模型的折外预测之上再学一个模型");
