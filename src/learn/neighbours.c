/* neighbours.c - k nearest neighbours: a row is as the k training rows that are nearest to it.
 *
 * Euclidean distance over scaled features; a missing value is the mean, or (missing = "skip") the features that both rows have count alone, the sum
 * of squares times all features / those (scikit-learn's nan_euclidean). Neighbours at the same distance go by their place in training. With
 * weights "distance" each counts 1 / distance, those at distance 0 alone where there are any. Exact: every training row is looked at, blocks of
 * rows by threads, so that any number of threads gives the same bits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/model_state.h"

#define BLOCK ((size_t)64) /* rows a job */
#define ROWS_MAX ((size_t)1 << 24)

enum { NEIGHBOURS, WEIGHTS, MISSING, PARAMS };
static const char *const weightings[] = {"uniform", "distance", NULL};
static const char *const missings[] = {"mean", "skip", NULL};

static const hx_model_param params[PARAMS] = {
    {.name = "k",
     .kind = HX_PARAM_COUNT,
     .fallback = 15,
     .low = 1,
     .high = 100000,
     .tune_low = 1,
     .tune_high = 200,
     .tune_log = true,
     .help = {"neighbours that are asked", "参考的邻居个数"}},
    {.name = "weights",
     .kind = HX_PARAM_CHOICE,
     .choices = weightings,
     .tune_high = 1,
     .help = {"what a neighbour counts: all the same, or 1 / distance",
              "邻居权重：相同或按距离倒数"}},
    {.name = "missing",
     .kind = HX_PARAM_CHOICE,
     .choices = missings,
     .help = {"a missing value is the mean, or left out of the distance",
              "缺失值取均值，或不计入距离"}},
};

typedef struct {
    hx_arena *arena; /* owned, with all below */
    size_t d, n_classes, n, k; /* n training rows; n_classes 0 = numbers */
    bool by_distance, skip;
    double *x, *y, *weights; /* (n, d), (n), (n) */
} state;

static state *new_state(size_t d, size_t n_classes) {
    state *s = hx_state_new(sizeof *s);
    if (!s) return NULL;
    s->d = d;
    s->n_classes = n_classes;
    return s;
}

static bool make_room(state *s) {
    s->x = hx_arena_alloc(s->arena, (s->n * s->d + 1) * sizeof *s->x);
    s->y = hx_arena_alloc(s->arena, (s->n + 1) * sizeof *s->y);
    s->weights = hx_arena_alloc(s->arena, (s->n + 1) * sizeof *s->weights);
    return s->x && s->y && s->weights;
}

/* What a value counts as in a distance. */
static double known(const state *s, double v) {
    return isfinite(v) ? v : s->skip ? NAN : 0;
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    (void)validation;
    if (train->n > ROWS_MAX)
        return hx_fail(err, HX_ELIMIT, "neighbours can keep %zu rows, not %zu", ROWS_MAX, train->n);
    state *s = new_state(train->d, train->task == HX_TASK_CLASSES ? train->n_classes : 0);
    if (!s) return hx_state_no_memory(err);
    s->n = train->n;
    s->k = (size_t)o->params[NEIGHBOURS];
    s->by_distance = o->params[WEIGHTS] != 0;
    s->skip = o->params[MISSING] != 0;
    if (!make_room(s)) {
        hx_state_release(s);
        return hx_state_no_memory(err);
    }
    for (size_t i = 0; i < s->n * s->d; i++)
        s->x[i] = known(s, train->x[i]);
    for (size_t i = 0; i < s->n; i++) {
        s->y[i] = train->y[i];
        s->weights[i] = train->weights ? train->weights[i] : 1;
    }
    *out = s;
    return HX_OK;
}

/* ------------------------------------------------------------------ the nearest */
typedef struct {
    double distance; /* squared */
    size_t row;
} near_row;

static bool farther(const near_row *a, const near_row *b) {
    return a->distance != b->distance ? a->distance > b->distance : a->row > b->row;
}

/* A heap with the farthest first. */
static void sink(near_row *heap, size_t n, size_t i) {
    for (;;) {
        size_t child = 2 * i + 1, most = i;
        for (size_t c = child; c < n && c < child + 2; c++)
            if (farther(&heap[c], &heap[most])) most = c;
        if (most == i) return;
        near_row swap = heap[i];
        heap[i] = heap[most];
        heap[most] = swap;
        i = most;
    }
}

static double squared(const state *s, const double *a, const double *b, double most) {
    double sum = 0;
    for (size_t j = 0; j < s->d && sum <= most; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

static double squared_known(const state *s, const double *a, const double *b) {
    double sum = 0;
    size_t both = 0;
    for (size_t j = 0; j < s->d; j++) {
        double difference = a[j] - b[j];
        if (isnan(difference)) continue;
        both++;
        sum += difference * difference;
    }
    return both ? sum * (double)s->d / (double)both : INFINITY;
}

static size_t nearest(const state *s, const double *x, near_row *heap) {
    size_t k = s->k < s->n ? s->k : s->n;
    for (size_t i = 0; i < s->n; i++) {
        const double *row = s->x + i * s->d;
        double most = i < k ? INFINITY : heap[0].distance;
        near_row it = {s->skip ? squared_known(s, x, row) : squared(s, x, row, most), i};
        if (i < k) {
            heap[i] = it;
            for (size_t j = k / 2; i + 1 == k && j-- > 0;)
                sink(heap, k, j);
        } else if (farther(&heap[0], &it)) {
            heap[0] = it;
            sink(heap, k, 0);
        }
    }
    return k;
}

static void vote(const state *s, const near_row *near, size_t k, double *out) {
    size_t width = s->n_classes ? s->n_classes : 1;
    double total = 0;
    bool touching = false;
    for (size_t i = 0; i < k && s->by_distance; i++)
        touching |= near[i].distance == 0;
    memset(out, 0, width * sizeof *out);
    for (size_t i = 0; i < k; i++) {
        size_t row = near[i].row;
        double w = s->weights[row], distance = near[i].distance;
        if (touching && distance > 0) continue;
        if (s->by_distance && !touching) w /= isinf(distance) ? 1e300 : sqrt(distance);
        total += w;
        if (s->n_classes)
            out[(size_t)s->y[row]] += w;
        else
            out[0] += w * s->y[row];
    }
    for (size_t c = 0; c < width; c++)
        out[c] = total > 0 ? out[c] / total : 1 / (double)width;
}

typedef struct {
    const state *s;
    const double *x;
    double *out;
    size_t n;
} asking;

static hx_status ask(void *context, size_t block, size_t worker, hx_error *err) {
    const asking *a = context;
    const state *s = a->s;
    size_t width = s->n_classes ? s->n_classes : 1, from = block * BLOCK;
    size_t to = from + BLOCK < a->n ? from + BLOCK : a->n;
    near_row *heap = calloc(s->k + 1, sizeof *heap);
    double *row = calloc(s->d + 1, sizeof *row);
    bool room = heap && row;
    (void)worker;
    for (size_t i = from; i < to && room; i++) {
        for (size_t j = 0; j < s->d; j++)
            row[j] = known(s, a->x[i * s->d + j]);
        size_t k = nearest(s, row, heap);
        vote(s, heap, k, a->out + i * width);
    }
    free(heap);
    free(row);
    return room ? HX_OK : hx_state_no_memory(err);
}

static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    asking a = {.s = state_, .x = x, .out = out, .n = n};
    return hx_pool_run(n_threads, (n + BLOCK - 1) / BLOCK, ask, &a, err);
}

/* ------------------------------------------------------------------ words and files */
static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_key(w, "kept_rows");
    hx_json_int(w, (int64_t)s->n);
}

static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_object(w);
    hx_json_key(w, "rows");
    hx_json_int(w, (int64_t)s->n);
    hx_json_key(w, "k");
    hx_json_int(w, (int64_t)s->k);
    hx_json_key(w, "by_distance");
    hx_json_bool(w, s->by_distance);
    hx_json_key(w, "skip");
    hx_json_bool(w, s->skip);
    hx_json_key(w, "classes");
    hx_json_bool(w, s->n_classes > 0);
    hx_put_numbers(w, "x", s->x, s->n * s->d);
    hx_put_numbers(w, "y", s->y, s->n);
    hx_put_numbers(w, "weights", s->weights, s->n);
    hx_json_end_object(w);
}

/* As hx_field_numbers, but null is missing. */
static void read_rows(state *s, const json_t *json, bool *ok) {
    const json_t *x = json_object_get(json, "x");
    if (!json_is_array(x) || json_array_size(x) != s->n * s->d) *ok = false;
    for (size_t i = 0; i < s->n * s->d && *ok; i++) {
        const json_t *v = json_array_get(x, i);
        s->x[i] = json_is_number(v) ? json_number_value(v) : NAN;
        if (!json_is_number(v) && !(s->skip && json_is_null(v))) *ok = false;
    }
}

static bool read_members(state *s, const json_t *json, size_t n_classes) {
    bool ok = true;
    s->n = hx_field_count(json, "rows", ROWS_MAX, &ok);
    s->k = hx_field_count(json, "k", 100000, &ok);
    s->by_distance = hx_field_bool(json, "by_distance", &ok);
    s->skip = hx_field_bool(json, "skip", &ok);
    s->n_classes = hx_field_bool(json, "classes", &ok) ? n_classes : 0;
    s->y = hx_field_numbers(json, "y", s->n, s->arena, &ok);
    s->weights = hx_field_numbers(json, "weights", s->n, s->arena, &ok);
    if (ok) s->x = hx_arena_alloc(s->arena, (s->n * s->d + 1) * sizeof *s->x);
    if (!ok || !s->x || s->k == 0 || s->n == 0) return false;
    read_rows(s, json, &ok);
    for (size_t i = 0; i < s->n && ok && s->n_classes; i++)
        ok = s->y[i] >= 0 && s->y[i] < (double)n_classes && s->y[i] == floor(s->y[i]);
    return ok && (s->n_classes > 0) == (n_classes > 0);
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    state *s = new_state(d, n_classes);
    if (!s) return hx_state_no_memory(err);
    const bool ok = read_members(s, json, n_classes);
    return hx_state_give(out, s, hx_state_release, ok ? HX_OK : hx_state_damaged(err), err);
}

const hx_estimator hx_estimator_neighbours = {
    .kind = {.name = "neighbours",
             .tasks = 1u << HX_TASK_REGRESSION | 1u << HX_TASK_CLASSES,
             .params = params,
             .n_params = PARAMS,
             .help = {"the k nearest training rows", "k 近邻"}},
    .wants = HX_WANTS_SCALED,
    .fit = fit,
    .predict = predict,
    .summary = summary,
    .write = write,
    .read = read,
    .release = hx_state_release,
};
