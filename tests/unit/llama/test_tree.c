/* test_tree.c - the best tree beside all trees that there are, sentences of contractions within contractions, arcs that must not be. */
#include "unit/nn/nn_test.h"

#include "llama/tree.h"

#define WORDS_MAX 6

/* Whether every word reaches the root, and one hangs on it. */
static bool is_tree(const uint32_t *heads, size_t n) {
    size_t n_roots = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = i + 1, steps = 0;
        while (at != 0 && steps++ <= n)
            at = heads[at - 1];
        if (at != 0) return false;
        n_roots += heads[i] == 0;
    }
    return n_roots == 1;
}

static double score_of(const float *scores, const uint32_t *heads, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)scores[(i + 1) * (n + 1) + heads[i]];
    return sum;
}

/* Of all (n + 1)^n choices of heads. */
static double best_of_all(const float *scores, size_t n) {
    size_t n_all = 1;
    double best = -INFINITY;
    for (size_t i = 0; i < n; i++)
        n_all *= n + 1;
    for (size_t k = 0; k < n_all; k++) {
        uint32_t heads[WORDS_MAX];
        size_t rest = k;
        for (size_t i = 0; i < n; i++, rest /= n + 1)
            heads[i] = (uint32_t)(rest % (n + 1));
        double score = is_tree(heads, n) ? score_of(scores, heads, n) : -INFINITY;
        if (score > best) best = score;
    }
    return best;
}

static void test_beside_all(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, 5);
    for (int round = 0; round < 300; round++) {
        size_t n = 1 + (size_t)round % 5, m = n + 1;
        float scores[(WORDS_MAX + 1) * (WORDS_MAX + 1)];
        uint32_t heads[WORDS_MAX];
        bool is_coarse = round % 2 == 0; /* many equal ones */
        for (size_t i = 0; i < m * m; i++)
            scores[i] =
                is_coarse ? (float)hx_rng_below(&rng, 4) : (float)(hx_rng_uniform(&rng) * 20 - 10);
        assert_int_equal(hx_tree_best(scores, n, heads, NULL), HX_OK);
        assert_true(is_tree(heads, n));
        assert_true(fabs(score_of(scores, heads, n) - best_of_all(scores, n)) < 1e-5);
    }
}

/* Pairs that love each other, pairs of pairs, and so on: contractions within contractions. */
static void test_nested(void **state) {
    (void)state;
    enum { N = 64, M = N + 1 };
    float *scores = calloc((size_t)M * M, sizeof *scores);
    uint32_t heads[N];
    assert_non_null(scores);
    for (size_t i = 1; i <= N; i++)
        for (size_t j = 1; j <= N; j++) {
            int level = 0;
            for (size_t a = i - 1, b = j - 1; a != b; a /= 2, b /= 2)
                level++;
            scores[i * M + j] = (float)(20 - 2 * level);
        }
    scores[37 * M] = 1;
    assert_int_equal(hx_tree_best(scores, N, heads, NULL), HX_OK);
    assert_true(is_tree(heads, N));
    assert_int_equal(heads[36], 0);
    /* Within each pair one arc, between the pairs of a pair one, ...: 32 x 18 + 16 x 16 + 8 x 14 + 4 x 12 + 2 x 10 + 8 + root. */
    assert_true(score_of(scores, heads, N) == 32 * 18 + 16 * 16 + 8 * 14 + 4 * 12 + 2 * 10 + 8 + 1);
    free(scores);
}

static void test_forbidden(void **state) {
    (void)state;
    enum { N = 3, M = 4 };
    float scores[M * M] = {0};
    uint32_t heads[N];
    for (size_t i = 0; i < (size_t)M * M; i++)
        scores[i] = -INFINITY;
    scores[1 * M + 2] = -5;
    scores[2 * M + 3] = -3;
    scores[3 * M + 0] = -1;
    scores[3 * M + 1] = 50;
    scores[2 * M + 1] = NAN;
    assert_int_equal(hx_tree_best(scores, N, heads, NULL), HX_OK);
    assert_int_equal(heads[0], 2);
    assert_int_equal(heads[1], 3);
    assert_int_equal(heads[2], 0);
    for (size_t i = 0; i < (size_t)M * M; i++)
        scores[i] = NAN;
    assert_int_equal(hx_tree_best(scores, N, heads, NULL), HX_OK);
    assert_true(is_tree(heads, N));
    hx_error err = {0};
    assert_int_equal(hx_tree_best(scores, 0, heads, &err), HX_OK);
    assert_int_equal(hx_tree_best(scores, HX_TREE_WORDS_MAX + 1, heads, &err), HX_ELIMIT);
    assert_non_null(strstr(err.message, "words"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside_all),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_forbidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
