/* kernel_svm.c - support vector machines with kernels (C-SVC, epsilon-SVR of libsvm), of classes and of numbers.
 *
 *     margin(x) = sum over support vectors of coef_i K(v_i, x) - rho
 *
 * Of more than two classes each has a machine against the rest. Support vectors of all machines stand once, with a coefficient a machine. The dual
 * problems are solved by smo.c; probabilities are margins.h's. gamma 0 is 1 / (features * variance of all values), scikit-learn's "scale". */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/margins.h"
#include "learn/model_state.h"
#include "learn/smo.h"

#define CACHE ((size_t)512 << 20)
#define BLOCK ((size_t)64) /* rows a job */
#define VECTORS_MAX ((size_t)1 << 22)
#define DEGREE_MAX 20

enum { COST, KERNEL, GAMMA, DEGREE, COEF0, EPSILON, TOLERANCE, PARAMS };
static const char *const kernels[] = {"rbf", "poly", "linear", NULL};

static const hx_model_param params[PARAMS] = {
    HX_PARAM_COST(1e-2, 1e3),
    {.name = "kernel",
     .kind = HX_PARAM_CHOICE,
     .choices = kernels,
     .help = {"how alike two rows are", "核函数"}},
    {.name = "gamma",
     .high = 1e6,
     .tune_low = 1e-4,
     .tune_high = 1,
     .tune_log = true,
     .help = {"how fast likeness fades; 0 = 1 / (features x variance)",
              "相似度衰减速度；0 表示 1 /（特征数×方差）"}},
    {.name = "degree",
     .kind = HX_PARAM_COUNT,
     .fallback = 3,
     .low = 1,
     .high = DEGREE_MAX,
     .help = {"of poly", "多项式次数"}},
    {.name = "coef0", .low = -1e6, .high = 1e6, .help = {"constant of poly", "多项式常数项"}},
    {.name = "epsilon",
     .fallback = 0.1,
     .high = 1e10,
     .tune_low = 1e-3,
     .tune_high = 1,
     .tune_log = true,
     .help = {"errors of numbers up to it are none", "数值误差不超过它时不计"}},
    {.name = "tolerance",
     .fallback = 1e-3,
     .low = 1e-14,
     .high = 1,
     .help = {"of the optimum", "最优条件的容差"}},
};

typedef struct {
    hx_arena *arena; /* owned, with all below */
    size_t d, n_classes, n_machines, n_vectors; /* of numbers 0 classes, 1 machine */
    hx_kernel kernel;
    double *vectors; /* (n_vectors, d) */
    double *coefs; /* (n_vectors, n_machines) */
    double *rho; /* (n_machines) */
    double *platt; /* (n_machines, 2) */
} state;

static state *new_state(size_t d, size_t n_classes) {
    state *s = hx_state_new(sizeof *s);
    if (!s) return NULL;
    s->d = d;
    s->n_classes = n_classes;
    s->n_machines = n_classes ? hx_machines_of(n_classes) : 1;
    s->rho = hx_arena_alloc(s->arena, s->n_machines * sizeof *s->rho);
    if (s->rho) s->platt = hx_arena_alloc(s->arena, 2 * s->n_machines * sizeof *s->platt);
    if (s->platt) return s;
    hx_state_release(s);
    return NULL;
}

/* ------------------------------------------------------------------ machines */
/* What one dual problem is made of: classes have a variable a row, numbers two. */
typedef struct {
    size_t n, *rows;
    double *p, *cost, *a;
    signed char *y;
} dual;

static bool make_dual(dual *q, size_t n) {
    *q = (dual){.n = n,
                .rows = calloc(n + 1, sizeof *q->rows),
                .p = calloc(n + 1, sizeof *q->p),
                .cost = calloc(n + 1, sizeof *q->cost),
                .a = calloc(n + 1, sizeof *q->a),
                .y = calloc(n + 1, sizeof *q->y)};
    return q->rows && q->p && q->cost && q->a && q->y;
}

static void release_dual(dual *q) {
    free(q->rows);
    free(q->p);
    free(q->cost);
    free(q->a);
    free(q->y);
}

static void pose(dual *q, const hx_problem *p, size_t positive, const hx_fit_options *o) {
    for (size_t i = 0; i < q->n; i++) {
        size_t row = i % p->n;
        q->rows[i] = row;
        q->cost[i] = o->params[COST] * (p->weights ? p->weights[row] : 1);
        if (p->task == HX_TASK_CLASSES) {
            q->y[i] = (size_t)p->y[row] == positive ? 1 : -1;
            q->p[i] = -1;
        } else {
            q->y[i] = i < p->n ? 1 : -1;
            q->p[i] = o->params[EPSILON] - q->y[i] * p->y[row];
        }
    }
}

/* coefs (n, n_machines) of all rows, column `machine`. */
static hx_status fit_machine(const hx_problem *p, size_t machine, const hx_fit_options *o,
                             hx_kernel_rows *k, double *coefs, double *rho, hx_error *err) {
    bool classes = p->task == HX_TASK_CLASSES;
    size_t machines = classes ? hx_machines_of(p->n_classes) : 1;
    dual q;
    bool room = make_dual(&q, classes ? p->n : 2 * p->n);
    if (room) pose(&q, p, machines == 1 ? 1 : machine, o);
    hx_smo s = {.n = q.n,
                .rows = q.rows,
                .p = q.p,
                .cost = q.cost,
                .y = q.y,
                .tolerance = o->params[TOLERANCE],
                .cancel = o->cancel};
    hx_status st = room ? hx_smo_solve(&s, k, q.a, &rho[machine], err) : hx_state_no_memory(err);
    for (size_t i = 0; i < p->n && st == HX_OK; i++)
        coefs[i * machines + machine] = 0;
    for (size_t i = 0; i < q.n && st == HX_OK; i++)
        coefs[q.rows[i] * machines + machine] += q.y[i] * q.a[i];
    release_dual(&q);
    return st;
}

static hx_status fit_machines(const hx_problem *p, const hx_kernel *kernel, const hx_fit_options *o,
                              double *coefs, double *rho, hx_error *err) {
    size_t machines = p->task == HX_TASK_CLASSES ? hx_machines_of(p->n_classes) : 1;
    hx_kernel_rows *k = NULL;
    hx_status st = hx_kernel_rows_new(&k, kernel, p->x, p->n, p->d, CACHE, err);
    for (size_t m = 0; m < machines && st == HX_OK; m++)
        st = fit_machine(p, m, o, k, coefs, rho, err);
    hx_kernel_rows_free(k);
    return st;
}

static void margins_at(const hx_kernel *k, const double *vectors, const double *coefs, size_t n,
                       size_t d, size_t machines, const double *rho, const double *x, double *out) {
    for (size_t m = 0; m < machines; m++)
        out[m] = -rho[m];
    for (size_t i = 0; i < n; i++) {
        double value = hx_kernel_value(k, vectors + i * d, x, d);
        for (size_t m = 0; m < machines; m++)
            out[m] += coefs[i * machines + m] * value;
    }
}

typedef struct {
    const hx_kernel *kernel;
    const hx_fit_options *o;
} folded;

static hx_status margins_of(void *context, const hx_problem *train, const hx_problem *ask,
                            double *out, hx_error *err) {
    const folded *f = context;
    size_t machines = hx_machines_of(train->n_classes);
    double *coefs = calloc(train->n * machines + 1, sizeof *coefs);
    double *rho = calloc(machines, sizeof *rho);
    hx_status st = coefs && rho ? fit_machines(train, f->kernel, f->o, coefs, rho, err)
                                : hx_state_no_memory(err);
    for (size_t i = 0; i < ask->n && st == HX_OK; i++)
        margins_at(f->kernel, train->x, coefs, train->n, train->d, machines, rho,
                   ask->x + i * ask->d, out + i * machines);
    free(coefs);
    free(rho);
    return st;
}

/* ------------------------------------------------------------------ fitting */
static double scale_of(const hx_problem *p) {
    double mean = 0, squares = 0, n = (double)p->n * (double)p->d;
    for (size_t i = 0; i < p->n * p->d; i++)
        mean += p->x[i] / n;
    for (size_t i = 0; i < p->n * p->d; i++)
        squares += (p->x[i] - mean) * (p->x[i] - mean) / n;
    return squares > 0 ? 1 / ((double)p->d * squares) : 1;
}

static bool supports(const double *coefs, size_t machines) {
    for (size_t m = 0; m < machines; m++)
        if (coefs[m] != 0) return true;
    return false;
}

/* Only rows that support a machine are kept. */
static bool keep_vectors(state *s, const hx_problem *p, const double *coefs) {
    size_t m = s->n_machines;
    for (size_t i = 0; i < p->n; i++)
        s->n_vectors += supports(coefs + i * m, m);
    s->vectors = hx_arena_alloc(s->arena, (s->n_vectors * s->d + 1) * sizeof *s->vectors);
    s->coefs = hx_arena_alloc(s->arena, (s->n_vectors * m + 1) * sizeof *s->coefs);
    if (!s->vectors || !s->coefs) return false;
    for (size_t i = 0, at = 0; i < p->n; i++) {
        if (!supports(coefs + i * m, m)) continue;
        memcpy(s->vectors + at * s->d, p->x + i * s->d, s->d * sizeof *s->vectors);
        memcpy(s->coefs + at++ * m, coefs + i * m, m * sizeof *s->coefs);
    }
    return true;
}

static hx_status fit_state(state *s, const hx_problem *p, const hx_fit_options *o, double *coefs,
                           hx_error *err) {
    double gamma = o->params[GAMMA];
    s->kernel = (hx_kernel){.kind = (hx_kernel_kind)o->params[KERNEL],
                            .gamma = gamma > 0 ? gamma : scale_of(p),
                            .coef0 = o->params[COEF0],
                            .degree = (unsigned)o->params[DEGREE]};
    HX_TRY(fit_machines(p, &s->kernel, o, coefs, s->rho, err));
    if (!keep_vectors(s, p, coefs)) return hx_state_no_memory(err);
    if (!s->n_classes) return HX_OK;
    folded f = {.kernel = &s->kernel, .o = o};
    const hx_margin_machine m = {.margins = margins_of, .context = &f};
    return hx_platt_by_folds(p, &m, o->seed, s->platt, err);
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    (void)validation;
    state *s = new_state(train->d, train->task == HX_TASK_CLASSES ? train->n_classes : 0);
    double *coefs = s ? calloc(train->n * s->n_machines + 1, sizeof *coefs) : NULL;
    hx_status st = coefs ? fit_state(s, train, o, coefs, err) : hx_state_no_memory(err);
    free(coefs);
    return hx_state_give(out, s, hx_state_release, st, err);
}

/* ------------------------------------------------------------------ predicting */
typedef struct {
    const state *s;
    const double *x;
    double *out;
    size_t n;
} asking;

static hx_status ask(void *context, size_t block, size_t worker, hx_error *err) {
    const asking *a = context;
    const state *s = a->s;
    size_t to = (block + 1) * BLOCK < a->n ? (block + 1) * BLOCK : a->n;
    double *margins = calloc(s->n_machines, sizeof *margins);
    (void)worker;
    if (!margins) return hx_state_no_memory(err);
    for (size_t i = block * BLOCK; i < to; i++) {
        margins_at(&s->kernel, s->vectors, s->coefs, s->n_vectors, s->d, s->n_machines, s->rho,
                   a->x + i * s->d, margins);
        if (s->n_classes)
            hx_platt_apply(s->platt, margins, s->n_classes, a->out + i * s->n_classes);
        else
            a->out[i] = margins[0];
    }
    free(margins);
    return HX_OK;
}

static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    asking a = {.s = state_, .x = x, .out = out, .n = n};
    return hx_pool_run(n_threads, (n + BLOCK - 1) / BLOCK, ask, &a, err);
}

/* ------------------------------------------------------------------ words and files */
static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_key(w, "support_vectors");
    hx_json_int(w, (int64_t)s->n_vectors);
    hx_json_key(w, "gamma");
    hx_json_double(w, s->kernel.gamma);
}

static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_object(w);
    hx_json_key(w, "kernel");
    hx_json_int(w, s->kernel.kind);
    hx_json_key(w, "gamma");
    hx_json_double(w, s->kernel.gamma);
    hx_json_key(w, "coef0");
    hx_json_double(w, s->kernel.coef0);
    hx_json_key(w, "degree");
    hx_json_int(w, s->kernel.degree);
    hx_json_key(w, "n");
    hx_json_int(w, (int64_t)s->n_vectors);
    hx_put_numbers(w, "vectors", s->vectors, s->n_vectors * s->d);
    hx_put_numbers(w, "weights", s->coefs, s->n_vectors * s->n_machines);
    hx_put_numbers(w, "rho", s->rho, s->n_machines);
    hx_put_numbers(w, "platt", s->platt, 2 * s->n_machines);
    hx_json_end_object(w);
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    bool ok = true;
    state *s = new_state(d, n_classes);
    if (!s) return hx_state_no_memory(err);
    s->kernel.kind = (hx_kernel_kind)hx_field_count(json, "kernel", HX_KERNEL_LINEAR, &ok);
    s->kernel.gamma = hx_field_number(json, "gamma", &ok);
    s->kernel.coef0 = hx_field_number(json, "coef0", &ok);
    s->kernel.degree = (unsigned)hx_field_count(json, "degree", DEGREE_MAX, &ok);
    s->n_vectors = hx_field_count(json, "n", VECTORS_MAX, &ok);
    s->vectors = hx_field_numbers(json, "vectors", s->n_vectors * d, s->arena, &ok);
    s->coefs = hx_field_numbers(json, "weights", s->n_vectors * s->n_machines, s->arena, &ok);
    s->rho = hx_field_numbers(json, "rho", s->n_machines, s->arena, &ok);
    s->platt = hx_field_numbers(json, "platt", 2 * s->n_machines, s->arena, &ok);
    return hx_state_give(out, s, hx_state_release, ok ? HX_OK : hx_state_damaged(err), err);
}

const hx_estimator hx_estimator_kernel_svm = {
    .kind = {.name = "kernel-svm",
             .tasks = 1u << HX_TASK_REGRESSION | 1u << HX_TASK_CLASSES,
             .params = params,
             .n_params = PARAMS,
             .help = {"support vector machine with a kernel", "核支持向量机"}},
    .wants = HX_WANTS_FILLED | HX_WANTS_SCALED,
    .fit = fit,
    .predict = predict,
    .summary = summary,
    .write = write,
    .read = read,
    .release = hx_state_release,
};
