/* test_crf.c - the conditional random field beside the sum over all taggings written out, slopes, Viterbi beside trying every tagging; the
 * biaffine scorer beside its formula, slopes; the same bytes from any number of threads. */
#include "nn_test.h"

#include "nn/crf.h"

enum { T = 8, L = 3, SEQUENCES = 4 };
static const uint32_t starts[SEQUENCES + 1] = {0, 4, 4, 5, T};
static const uint32_t tags[T] = {0, 2, 1, 1, 2, 0, 0, 1};

typedef struct {
    nn_test *test;
    hx_nn_crf crf;
    float *x, *between, *start, *stop;
} crf_case;

static crf_case case_of(nn_test *t) {
    crf_case c = {.test = t,
                  .x = nn_random(t, T * L),
                  .between = nn_random(t, L * L),
                  .start = nn_random(t, L),
                  .stop = nn_random(t, L)};
    c.crf = (hx_nn_crf){c.x, c.between, c.start, c.stop, L, starts, SEQUENCES};
    return c;
}

static double loss(void *context) {
    crf_case *c = context;
    return hx_nn_crf_loss(&c->test->nn, &c->crf, tags, 1, NULL, NULL, NULL, NULL);
}

/* Tagging number `code` of the tokens [first, end): digits in base L, the last token's first. */
static double score_of(const crf_case *c, size_t first, size_t end, size_t code, uint32_t *y) {
    for (size_t t = end; t-- > first; code /= L)
        y[t] = (uint32_t)(code % L);
    double s = (double)c->start[y[first]] + (double)c->stop[y[end - 1]];
    for (size_t t = first; t < end; t++) {
        s += (double)c->x[t * L + y[t]];
        if (t > first) s += (double)c->between[y[t - 1] * L + y[t]];
    }
    return s;
}

static void test_all_taggings(void **state) {
    (void)state;
    nn_test t;
    nn_open(&t, NULL, 2);
    crf_case c = case_of(&t);
    double want = 0;
    uint32_t best[T] = {0}, got[T] = {0}, y[T] = {0};
    float scores[SEQUENCES];
    hx_nn_crf_best(&t.nn, &c.crf, got, scores);
    for (size_t s = 0; s < SEQUENCES; s++) {
        size_t first = starts[s], end = starts[s + 1], n = 1;
        double sum = 0, top = -1e9, right = 0;
        if (first == end) continue;
        for (size_t i = first; i < end; i++)
            n *= L;
        for (size_t code = 0; code < n; code++) {
            double score = score_of(&c, first, end, code, y);
            sum += exp(score);
            if (memcmp(y + first, tags + first, (end - first) * sizeof *y) == 0) right = score;
            if (score > top) {
                top = score;
                memcpy(best + first, y + first, (end - first) * sizeof *y);
            }
        }
        want += log(sum) - right;
        assert_true(fabs((double)scores[s] - top) < 1e-5);
    }
    assert_true(fabs(loss(&c) - want) < 1e-6);
    assert_memory_equal(got, best, sizeof got);
    nn_close(&t);
}

static void test_crf_slopes(void **state) {
    (void)state;
    float first[T * L];
    for (size_t threads = 1; threads <= 3; threads++) {
        nn_test t;
        nn_open(&t, NULL, threads);
        crf_case c = case_of(&t);
        float *dx = nn_random(&t, T * L), *dbetween = nn_zeros(&t, L * L);
        float *dstart = nn_zeros(&t, L), *dstop = nn_zeros(&t, L);
        double with = hx_nn_crf_loss(&t.nn, &c.crf, tags, 1, dx, dbetween, dstart, dstop);
        assert_true(with == loss(&c));
        if (threads == 1) memcpy(first, dx, sizeof first);
        assert_memory_equal(first, dx, sizeof first);
        nn_check_slopes(loss, &c, c.x, T * L, dx, "x");
        nn_check_slopes(loss, &c, c.between, L * L, dbetween, "between");
        nn_check_slopes(loss, &c, c.start, L, dstart, "start");
        nn_check_slopes(loss, &c, c.stop, L, dstop, "stop");
        nn_close(&t);
    }
}

enum { D = 4, E = 6 };

typedef struct {
    nn_test *test;
    hx_nn_biaffine_call call;
    float *s;
    const float *c;
} biaffine_case;

static double biaffine(void *context) {
    biaffine_case *c = context;
    hx_nn_biaffine(&c->test->nn, &c->call, c->s);
    return nn_dot(c->s, c->c, T * T * L);
}

static void test_biaffine(void **state) {
    (void)state;
    nn_test t;
    nn_open(&t, NULL, 2);
    float *a = nn_random(&t, T * D), *b = nn_random(&t, T * E), *w = nn_random(&t, L * D * E);
    biaffine_case c = {
        &t, {a, b, w, T, D, E, L}, nn_zeros(&t, T * T * L), nn_random(&t, T * T * L)};
    float *da = nn_random(&t, T * D), *db = nn_random(&t, T * E), *dw = nn_zeros(&t, L * D * E);
    biaffine(&c);
    double want = 0;
    for (size_t i = 0; i < D; i++)
        want += (double)a[2 * D + i] * nn_dot(w + (D + i) * E, b + 5 * E, E);
    assert_true(fabs((double)c.s[(2 * T + 5) * L + 1] - want) < 1e-5);
    hx_nn_biaffine_back(&t.nn, &c.call, c.c, da, db, dw);
    nn_check_slopes(biaffine, &c, a, T * D, da, "a");
    nn_check_slopes(biaffine, &c, b, T * E, db, "b");
    nn_check_slopes(biaffine, &c, w, L * D * E, dw, "w");
    nn_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_taggings),
        cmocka_unit_test(test_crf_slopes),
        cmocka_unit_test(test_biaffine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
