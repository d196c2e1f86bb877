/* kernels.c - the processor's peaks and what share of them the products of linear.h reach, on the shapes of real models.
 *
 * usage: bench_kernels THREADS ROUNDS [--set NAME] [--model NAME] [--form NAME] [--m ROWS] [--clock process]
 *
 * Prints one JSON record a line:
 *   {"peak": "f32" | "int8" | "memory", "threads": n, "rate": G/s}
 *   {"model", "product", "form", "type", "k", "n", "m", "seconds", "rate": GFLOP/s or GOP/s, "bytes": of weights read a call}
 *   {"model", "pack": seconds for all layers, "weights": how many}
 * Rates are the best of ROUNDS rounds; with --clock process by the time the processor gave us (one thread on a machine with other work). Each product has as many copies as make 96 MB of weights and goes through them in turn, as the layers of a model do:
 * nothing is in the cache that would not be there in use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "kernels_peak.h"
#include "tensor/linear.h"
#include "tensor/memory.h"

#define COPIES_MAX 400
#define WEIGHT_BYTES ((size_t)96 << 20)
#define M_MAX 2048

typedef struct {
    const char *name;
    size_t k, n; /* n: of all parts */
    hx_linear_kind kind;
} product;

typedef struct {
    const char *name;
    hx_dtype type;
    size_t layers;
    product products[4];
} model;

static const model models[] = {
    {"smollm2-135m",
     HX_DTYPE_Q4_1,
     30,
     {{"qkv", 576, 960, HX_LINEAR_STORE},
      {"output", 576, 576, HX_LINEAR_ADD},
      {"gate_up", 576, 3072, HX_LINEAR_SWIGLU},
      {"down", 1536, 576, HX_LINEAR_ADD}}},
    {"qwen2.5-0.5b",
     HX_DTYPE_Q5_0,
     24,
     {{"qkv", 896, 1152, HX_LINEAR_STORE},
      {"output", 896, 896, HX_LINEAR_ADD},
      {"gate_up", 896, 9728, HX_LINEAR_SWIGLU},
      {"down", 4864, 896, HX_LINEAR_ADD}}},
};

typedef struct {
    size_t threads, rounds, only_m;
    clockid_t clock;
    const char *set, *model, *form;
    const hx_kernels *kernels;
    hx_team *team;
} options;

typedef struct {
    const model *model;
    const product *product;
    size_t n_copies, copy_bytes, next;
    uint8_t *data; /* (n_copies, copy_bytes) */
    void *packed; /* of all copies */
    size_t packed_bytes;
    hx_linear *l[COPIES_MAX];
    double pack_seconds; /* of one copy */
} matrices;

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(hx_status status, const hx_error *err) {
    if (status == HX_OK) return;
    fprintf(stderr, "bench_kernels: %s\n", err->message);
    exit(1);
}

static void *get_memory(size_t bytes) {
    void *p = hx_memory_new(bytes);
    if (!p) {
        fprintf(stderr, "bench_kernels: not enough memory\n");
        exit(1);
    }
    return p;
}

static float *random_floats(size_t n, hx_rng *r) {
    float *x = get_memory(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(hx_rng_uniform(r) * 2.0 - 1.0);
    return x;
}

static void make_copy(matrices *w, size_t i, const options *o, hx_rng *r, hx_error *err) {
    const product *p = w->product;
    uint8_t *data = w->data + i * w->copy_bytes;
    float *row = random_floats(p->k, r);
    size_t row_bytes = w->copy_bytes / p->n;
    for (size_t j = 0; j < p->n; j++) {
        if (j < 16 && i == 0)
            check(hx_dtype_encode(w->model->type, row, p->k, NULL, data + j * row_bytes, err), err);
        else
            memcpy(data + j * row_bytes, w->data + j % 16 * row_bytes, row_bytes);
        row[j % p->k] = -row[j % p->k] * 0.9f;
    }
    hx_memory_free(row, p->k * sizeof *row);
    size_t half = p->kind == HX_LINEAR_SWIGLU ? p->n / 2 : p->n;
    hx_linear_part parts[] = {{w->model->type, half, data, NULL},
                              {w->model->type, half, data + half * row_bytes, NULL}};
    check(hx_linear_new(&w->l[i], o->kernels, parts, p->n / half, p->k, p->kind, err), err);
}

static void make_matrices(matrices *w, const options *o, hx_rng *r) {
    const hx_dtype_info *info = hx_dtype_describe((uint32_t)w->model->type);
    hx_error err = {0};
    w->copy_bytes = w->product->n * (w->product->k / info->block * info->bytes);
    w->n_copies = WEIGHT_BYTES / (w->product->n * w->product->k) + 1;
    w->data = get_memory(w->n_copies * w->copy_bytes);
    for (size_t i = 0; i < w->n_copies; i++)
        make_copy(w, i, o, r, &err);
    size_t each = hx_linear_packed_bytes(w->l[0]);
    w->packed_bytes = w->n_copies * each;
    w->packed = get_memory(w->packed_bytes);
    double start = now(o->clock);
    for (size_t i = 0; i < w->n_copies; i++)
        check(hx_linear_pack_into(w->l[i], (char *)w->packed + i * each, o->team, NULL, NULL, &err),
              &err);
    w->pack_seconds = (now(o->clock) - start) / (double)w->n_copies;
}

static void free_matrices(matrices *w) {
    for (size_t i = 0; i < w->n_copies; i++)
        hx_linear_free(w->l[i]);
    hx_memory_free(w->data, w->n_copies * w->copy_bytes);
    hx_memory_free(w->packed, w->packed_bytes);
}

/* Seconds of a call, the best of the rounds; a round takes some 10 ms. */
static double time_calls(matrices *w, hx_form form, const hx_linear_call *call, const options *o) {
    size_t bytes = hx_linear_scratch(w->l[0], form, call->m, o->threads);
    void *scratch = get_memory(bytes);
    double flops = 2.0 * (double)call->m * (double)(w->product->n * w->product->k), best = 1e9;
    size_t calls = (size_t)(4e9 / flops) + 1;
    if (calls > 2 * w->n_copies) calls = 2 * w->n_copies;
    for (size_t round = 0; round < o->rounds; round++) {
        double start = now(o->clock);
        for (size_t i = 0; i < calls; i++)
            hx_linear_run(w->l[w->next++ % w->n_copies], form, call, scratch, o->team);
        double seconds = (now(o->clock) - start) / (double)calls;
        if (seconds < best) best = seconds;
    }
    hx_memory_free(scratch, bytes);
    return best;
}

static void bench_form(matrices *w, hx_form form, const float *x, float *y, const options *o) {
    static const char *const names[] = {"exact", "int8", "stored"};
    static const size_t rows[] = {1, 8, 32, 256, M_MAX};
    const product *p = w->product;
    if (o->form && strcmp(o->form, names[form]) != 0) return;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t m = rows[i];
        if ((o->only_m && m != o->only_m) || (form == HX_FORM_STORED && m > 32)) continue;
        bool normed = p->kind != HX_LINEAR_ADD;
        hx_linear_call call = {.x = x,
                               .m = m,
                               .ldx = p->k,
                               .norm = normed ? x : NULL,
                               .eps = 1e-5f,
                               .y = y,
                               .ldy = p->n};
        double seconds = time_calls(w, form, &call, o);
        double bytes = form == HX_FORM_INT8 ? (double)(p->n * p->k) : (double)w->copy_bytes;
        printf("{\"model\": \"%s\", \"product\": \"%s\", \"form\": \"%s\", \"type\": \"%s\", "
               "\"k\": %zu, \"n\": %zu, "
               "\"m\": %zu, \"seconds\": %.9f, \"rate\": %.2f, \"bytes\": %.0f}\n",
               w->model->name, p->name, names[form],
               hx_dtype_describe((uint32_t)w->model->type)->name, p->k, p->n, m, seconds,
               2e-9 * (double)m * (double)(p->n * p->k) / seconds, bytes);
        fflush(stdout);
    }
}

static void bench_model(const model *m, const options *o, const float *x, float *y, hx_rng *r) {
    double pack = 0.0, weights = 0.0;
    for (size_t i = 0; i < 4; i++) {
        matrices *w = calloc(1, sizeof *w);
        if (!w) exit(1);
        w->model = m;
        w->product = &m->products[i];
        make_matrices(w, o, r);
        pack += w->pack_seconds * (double)m->layers;
        weights += (double)(w->product->n * w->product->k * m->layers);
        for (hx_form form = HX_FORM_EXACT; form <= HX_FORM_STORED; form++)
            bench_form(w, form, x, y, o);
        free_matrices(w);
        free(w);
    }
    printf("{\"model\": \"%s\", \"pack\": %.6f, \"weights\": %.0f}\n", m->name, pack, weights);
}

static void bench_peaks(const options *o) {
    static const char *const names[] = {"f32", "int8", "memory"};
    for (int peak = 0; peak < 3; peak++) {
        double best = 0.0;
        for (size_t round = 0; round < o->rounds; round++) {
            double rate = peak_rate((peak_kind)peak, o->team, o->clock);
            if (rate > best) best = rate;
        }
        printf("{\"peak\": \"%s\", \"threads\": %zu, \"rate\": %.2f}\n", names[peak], o->threads,
               best);
    }
    fflush(stdout);
}

static size_t number(const char *s) {
    size_t n = 0;
    for (; s && *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (size_t)(*s - '0');
    return n;
}

static void read_options(options *o, int argc, char **argv) {
    for (int i = 3; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--clock") == 0 && strcmp(argv[i + 1], "process") == 0)
            o->clock = CLOCK_PROCESS_CPUTIME_ID;
        if (strcmp(argv[i], "--set") == 0) o->set = argv[i + 1];
        if (strcmp(argv[i], "--model") == 0) o->model = argv[i + 1];
        if (strcmp(argv[i], "--form") == 0) o->form = argv[i + 1];
        if (strcmp(argv[i], "--m") == 0) o->only_m = number(argv[i + 1]);
    }
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: bench_kernels THREADS ROUNDS [--set NAME] [--model NAME] [--form "
                        "NAME] [--m ROWS]\n");
        return 2;
    }
    options o = {.threads = number(argv[1]), .rounds = number(argv[2]), .clock = CLOCK_MONOTONIC};
    read_options(&o, argc, argv);
    hx_error err = {0};
    check(hx_kernels_choose(o.set, &o.kernels, &err), &err);
    check(hx_team_new(&o.team, o.threads, &err), &err);
    o.threads = hx_team_size(o.team);
    hx_rng r;
    hx_rng_seed(&r, 1);
    float *x = random_floats((size_t)M_MAX * 4864, &r),
          *y = get_memory((size_t)M_MAX * 9728 * sizeof *y);
    bench_peaks(&o);
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (!o.model || strcmp(o.model, models[i].name) == 0) bench_model(&models[i], &o, x, y, &r);
    hx_memory_free(x, (size_t)M_MAX * 4864 * sizeof *x);
    hx_memory_free(y, (size_t)M_MAX * 9728 * sizeof *y);
    hx_team_free(o.team);
    return 0;
}
