/* test_attention.c - attention of every set against doubles: shapes, spans, types, masks; and bits that do not depend on how
 * the queries of a sequence are split. */
#include "unit/tensor/kernel_test.h"

#include "tensor/attention.h"
#include "tensor/vector.h"

#define SPANS_MAX 3

typedef struct {
    hx_attention_call call;
    hx_attention_span spans[SPANS_MAX];
    uint8_t *bytes[SPANS_MAX];
    size_t total;
    float *q, *out, *k, *v; /* k, v (total, head_dim): what the spans decode to */
    void *scratch;
} problem;

static size_t row_bytes(hx_dtype type, size_t n) {
    uint64_t bytes = 0;
    assert_true(hx_dtype_size(type, n, &bytes));
    return (size_t)bytes;
}

/* One span of n positions: key, then value, then some more bytes. */
static void add_span(problem *p, hx_rng *r, hx_dtype type, size_t n) {
    hx_attention_span *span = &p->spans[p->call.n_spans];
    size_t d = p->call.head_dim, size = row_bytes(type, d), first = p->total;
    uint8_t *bytes = test_bytes((2 * size + 8) * n);
    p->bytes[p->call.n_spans++] = bytes;
    *span = (hx_attention_span){type, bytes, bytes + size, 2 * size + 8, n};
    p->total += n;
    p->k = realloc(p->k, p->total * d * sizeof *p->k);
    p->v = realloc(p->v, p->total * d * sizeof *p->v);
    assert_true(p->k && p->v);
    for (size_t i = 0; i < 2 * n; ++i) {
        float *row = test_values(r, d), *back = (i % 2 ? p->v : p->k) + (first + i / 2) * d;
        uint8_t *place = bytes + i / 2 * span->stride + i % 2 * size;
        hx_vector_store(test_kernels(0), type, row, d, place);
        memcpy(back, row, d * sizeof *row);
        if (type != HX_DTYPE_F32) hx_dtype_decode(type, place, d, back);
        free(row);
    }
}

static void problem_init(problem *p, hx_rng *r, size_t n_queries, size_t n_heads, size_t head_dim) {
    size_t ld = n_heads * head_dim + 8;
    *p = (problem){.q = test_values(r, n_queries * ld), .out = test_values(r, n_queries * ld)};
    for (size_t i = 0; i < n_queries * ld; ++i)
        p->q[i] /= 4; /* scores of some tens, as in models: their rounding is what F32 allows */
    p->scratch = test_bytes(hx_attention_scratch(head_dim, n_heads));
    p->call = (hx_attention_call){.q = p->q,
                                  .out = p->out,
                                  .n_queries = n_queries,
                                  .n_heads = n_heads,
                                  .head_dim = head_dim,
                                  .ldq = ld,
                                  .ldo = ld,
                                  .scale = 1 / sqrtf((float)head_dim)};
}

static void problem_free(problem *p) {
    for (size_t i = 0; i < p->call.n_spans; ++i)
        free(p->bytes[i]);
    free(p->q);
    free(p->out);
    free(p->k);
    free(p->v);
    free(p->scratch);
}

static void run(const hx_kernels *k, problem *p) {
    p->call.spans = p->spans;
    hx_attention_run(k, &p->call, p->scratch);
}

/* Weights exp(scale (s - max)) of one query, in double; their sum. */
static double weights_of(const problem *p, const float *q, size_t seen, double *w) {
    size_t d = p->call.head_dim;
    double max = -INFINITY, sum = 0;
    for (size_t i = 0; i < seen; ++i) {
        w[i] = 0;
        for (size_t j = 0; j < d; ++j)
            w[i] += (double)q[j] * p->k[i * d + j];
        max = fmax(max, w[i]);
    }
    for (size_t i = 0; i < seen; ++i)
        sum += w[i] = exp((w[i] - max) * p->call.scale);
    return sum;
}

static void check(const problem *p) {
    const hx_attention_call *c = &p->call;
    size_t d = c->head_dim;
    double *w = malloc(p->total * sizeof *w);
    assert_non_null(w);
    for (size_t row = 0; row < c->n_queries * c->n_heads; ++row) {
        size_t query = row / c->n_heads, at = row % c->n_heads * d;
        size_t seen = c->causal ? c->first + query + 1 : p->total;
        double sum = weights_of(p, c->q + query * c->ldq + at, seen, w);
        for (size_t j = 0; j < d; ++j) {
            double want = 0, size = 0;
            for (size_t i = 0; i < seen; ++i) {
                want += w[i] / sum * p->v[i * d + j];
                size += w[i] / sum * fabs(p->v[i * d + j]);
            }
            test_close(c->out[query * c->ldo + at + j], want, size, 1e-5);
        }
    }
    free(w);
}

static void shapes_and_spans_agree_with_doubles(void **state) {
    (void)state;
    static const hx_dtype types[] = {HX_DTYPE_F32, HX_DTYPE_F16, HX_DTYPE_Q8_0};
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set)
        for (size_t i = 0; i < 150; ++i) {
            problem p;
            size_t n_queries = 1 + hx_rng_below(&r, i % 5 == 0 ? 150 : 20);
            size_t head_dim = 8 * (1 + hx_rng_below(&r, i % 4 ? 12 : 32));
            problem_init(&p, &r, n_queries, 1 + hx_rng_below(&r, 9), head_dim);
            for (size_t s = hx_rng_below(&r, 3); s > 0; --s)
                add_span(&p, &r, types[hx_rng_below(&r, head_dim % 32 ? 2 : 3)],
                         hx_rng_below(&r, 100));
            p.call.first = p.total;
            p.call.causal = hx_rng_below(&r, 2);
            add_span(&p, &r, types[hx_rng_below(&r, head_dim % 32 ? 2 : 3)], n_queries);
            run(k, &p);
            check(&p);
            problem_free(&p);
        }
}

/* All heads and queries at once, or in calls of some queries: the same bits. */
static void queries_may_be_split_anywhere(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set)
        for (size_t i = 0; i < 24; ++i) {
            problem p;
            size_t n = 1 + hx_rng_below(&r, 180), heads = 1 + hx_rng_below(&r, 7);
            problem_init(&p, &r, n, heads, 8 * (1 + hx_rng_below(&r, 16)));
            add_span(&p, &r, HX_DTYPE_F16, hx_rng_below(&r, 90));
            p.call.first = p.total;
            p.call.causal = i % 3 != 0;
            add_span(&p, &r, HX_DTYPE_F32, n);
            run(k, &p);
            size_t size = n * p.call.ldo;
            float *whole = malloc(size * sizeof *whole);
            assert_non_null(whole);
            memcpy(whole, p.out, size * sizeof *whole);
            hx_attention_call all = p.call;
            for (size_t at = 0, step; at < n; at += step) {
                step = 1 + hx_rng_below(&r, n - at < 9 || i % 2 ? n - at : 9);
                p.call = all;
                p.call.q += at * all.ldq;
                p.call.out += at * all.ldo;
                p.call.n_queries = step;
                p.call.first += at;
                memset(p.call.out, 0, heads * all.head_dim * sizeof *whole);
                run(k, &p);
            }
            assert_memory_equal(p.out, whole, size * sizeof *whole);
            free(whole);
            p.call = all;
            problem_free(&p);
        }
}

/* A key far above all others takes all the weight, however late it comes; lowest scores do not disturb. */
static void extreme_scores_are_stable(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set) {
        problem p;
        problem_init(&p, &r, 3, 2, 16);
        p.call.first = 197;
        add_span(&p, &r, HX_DTYPE_F32, 200);
        for (size_t i = 0; i < 3 * p.call.ldq; ++i)
            p.q[i] = 1;
        float *key = (float *)(void *)(p.bytes[0] + 170 * p.spans[0].stride);
        for (size_t j = 0; j < 16; ++j)
            key[j] = p.k[170 * 16 + j] = 1e4f;
        run(k, &p);
        check(&p);
        for (size_t j = 0; j < 16; ++j)
            assert_true(p.out[j] == p.v[170 * 16 + j]);
        problem_free(&p);
    }
}

static void hostile_values_pass(void **state) {
    (void)state;
    static const float hostile[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-45f, -0.0f, 0};
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set) {
        problem p;
        problem_init(&p, &r, 70, 3, 32);
        p.call.causal = true;
        add_span(&p, &r, HX_DTYPE_F32, 70);
        for (size_t i = 0; i < 70 * 64; ++i)
            ((float *)(void *)p.bytes[0])[i] = hostile[hx_rng_below(&r, 8)];
        run(k, &p);
        assert_true(isnan(p.out[69 * p.call.ldo]));
        problem_free(&p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_and_spans_agree_with_doubles),
        cmocka_unit_test(queries_may_be_split_anywhere),
        cmocka_unit_test(extreme_scores_are_stable),
        cmocka_unit_test(hostile_values_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
