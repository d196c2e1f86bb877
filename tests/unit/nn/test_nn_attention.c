/* test_nn_attention.c - attention on packed sequences of many lengths, causal and not, grouped heads: against softmax written out in doubles,
 * slopes by differences, sequences that do not see each other, the same bytes from any number of threads. */
#include "nn_test.h"

#include "nn/attention.h"

#define HEADS 4
#define KV 2
#define DIM 6
#define LDQ (HEADS * DIM + 2 * KV * DIM) /* q, k, v side by side */

typedef struct {
    nn_test *test;
    hx_nn_attention_call call;
    size_t t;
    float *qkv, *out, *lse, *c;
} attention_case;

static const uint32_t short_starts[] = {0, 1, 6, 15}, long_starts[] = {0, 70, 70, 290};
static const bool mixed[] = {true, false, true}, mixed_other[] = {false, true, true};

static attention_case case_of(nn_test *test, const uint32_t *starts, const bool *causal) {
    attention_case c = {.test = test, .t = starts[3]};
    c.qkv = nn_random(test, c.t * LDQ);
    c.out = nn_zeros(test, c.t * HEADS * DIM);
    c.lse = nn_zeros(test, c.t * HEADS);
    c.c = nn_random(test, c.t * HEADS * DIM);
    c.call = (hx_nn_attention_call){.q = c.qkv,
                                    .k = c.qkv + HEADS * DIM,
                                    .v = c.qkv + (HEADS + KV) * DIM,
                                    .ldq = LDQ,
                                    .ldkv = LDQ,
                                    .n_heads = HEADS,
                                    .n_kv = KV,
                                    .head_dim = DIM,
                                    .starts = starts,
                                    .n_sequences = 3,
                                    .causal = causal,
                                    .scale = 0.7f,
                                    .out = c.out,
                                    .ldo = HEADS * DIM,
                                    .lse = c.lse};
    return c;
}

static double forward(void *context) {
    attention_case *c = context;
    hx_nn_attention(&c->test->nn, &c->call);
    return nn_dot(c->out, c->c, c->t * HEADS * DIM);
}

static void backward(attention_case *c, float *d) {
    hx_nn_attention_back(&c->test->nn, &c->call, c->c, d, d + HEADS * DIM, d + (HEADS + KV) * DIM);
}

static void check_query(const attention_case *c, size_t first, size_t end, size_t i, size_t head) {
    double out[DIM] = {0}, sum = 0;
    for (size_t j = first; j < end; j++) {
        const float *q = c->call.q + i * LDQ + head * DIM;
        const float *k = c->call.k + j * LDQ + head / 2 * DIM;
        double e = exp((double)c->call.scale * nn_dot(q, k, DIM));
        sum += e;
        for (size_t d = 0; d < DIM; d++)
            out[d] += e * (double)c->call.v[j * LDQ + head / 2 * DIM + d];
    }
    assert_true(fabs((double)c->lse[i * HEADS + head] - log(sum)) < 1e-5);
    for (size_t d = 0; d < DIM; d++)
        assert_true(fabs((double)c->out[(i * HEADS + head) * DIM + d] - out[d] / sum) < 1e-5);
}

static void test_forward(void **state) {
    (void)state;
    nn_test test;
    nn_open(&test, NULL, 2);
    const uint32_t *all_starts[] = {short_starts, long_starts};
    const bool *all_causal[] = {mixed, mixed_other, NULL};
    for (int k = 0; k < 6; k++) {
        const uint32_t *starts = all_starts[k / 3];
        const bool *causal = all_causal[k % 3];
        attention_case c = case_of(&test, starts, causal);
        forward(&c);
        for (size_t s = 0; s < 3; s++)
            for (size_t i = starts[s]; i < starts[s + 1]; i++)
                for (size_t head = 0; head < HEADS; head++)
                    check_query(&c, starts[s], !causal || causal[s] ? i + 1 : starts[s + 1], i,
                                head);
    }
    nn_close(&test);
}

static void test_slopes(void **state) {
    (void)state;
    nn_test test;
    nn_open(&test, NULL, 1);
    attention_case c = case_of(&test, short_starts, mixed);
    float *d = nn_random(&test, c.t * LDQ);
    forward(&c);
    backward(&c, d);
    nn_check_slopes(forward, &c, c.qkv, c.t * LDQ, d, "attention");
    nn_close(&test);
}

/* Of long sequences, several tiles each: some slopes, the rest by threads. */
static void test_long(void **state) {
    (void)state;
    float *first = NULL;
    nn_test tests[3];
    for (size_t threads = 1; threads <= 3; threads++) {
        nn_test *test = &tests[threads - 1];
        nn_open(test, NULL, threads);
        attention_case c = case_of(test, long_starts, mixed_other);
        float *d = nn_random(test, c.t * LDQ);
        forward(&c);
        backward(&c, d);
        if (!first) {
            first = d;
            for (size_t row = 3; row < c.t; row += 71)
                nn_check_slopes(forward, &c, c.qkv + row * LDQ, LDQ, d + row * LDQ, "long");
        }
        assert_memory_equal(first, d, c.t * LDQ * sizeof *d);
    }
    for (size_t i = 0; i < 3; i++)
        nn_close(&tests[i]);
}

static void test_alone(void **state) {
    (void)state;
    nn_test test;
    nn_open(&test, NULL, 2);
    attention_case c = case_of(&test, long_starts, mixed_other);
    forward(&c);
    float *both = c.out + 70 * HEADS * DIM;
    uint32_t starts[] = {0, 220};
    attention_case alone = c;
    alone.call.q += 70 * LDQ;
    alone.call.k += 70 * LDQ;
    alone.call.v += 70 * LDQ;
    alone.call.starts = starts;
    alone.call.n_sequences = 1;
    alone.call.causal = NULL;
    alone.call.out = nn_zeros(&test, 220 * HEADS * DIM);
    hx_nn_attention(&test.nn, &alone.call);
    assert_memory_equal(alone.call.out, both, 220 * HEADS * DIM * sizeof *both);
    nn_close(&test);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_slopes),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
