/* test_sampler.c - what is drawn, against a plain reference: mask, penalty, temperature, top_k, top_p, min_p over a sorted list.
 *
 * The reference gives each token's probability. 40,000 draws must agree within 5 standard deviations a token, and no token of probability 0
 * may be drawn. Greedy choices must be equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "llama/sampler.h"

#define SEED 5u

enum { N_MAX = 6000, DRAWS = 40000, END = 0 };

/* Token i is spelt "a<i>;" or, refused by the grammar below, "b<i>;". */
static char spellings[N_MAX][24];
static bool allowed[N_MAX];

static hx_str bytes_of(const void *context, int32_t id) {
    (void)context;
    return id == END ? (hx_str){NULL, 0} : hx_str_of(spellings[id]);
}

static bool ends_text(const void *context, int32_t id) {
    (void)context;
    return id == END;
}

typedef struct {
    double probability;
    int32_t id;
    float logit;
} entry;

static int by_logit(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->logit != y->logit) return x->logit > y->logit ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

/* Probabilities by token; the list is sorted by likelihood. */
static void reference(const float *logits, size_t n, const bool *mask, const hx_generate_options *o,
                      double *out) {
    static entry list[N_MAX];
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        out[i] = 0;
        if (!mask || mask[i]) list[kept++] = (entry){0, (int32_t)i, logits[i]};
    }
    qsort(list, kept, sizeof *list, by_logit);
    if (o->top_k > 0 && kept > o->top_k) kept = o->top_k;
    double sum = 0, reached = 0, total = 0;
    for (size_t i = 0; i < kept; i++) {
        list[i].probability =
            exp(((double)list[i].logit - (double)list[0].logit) / (double)o->temperature);
        sum += list[i].probability;
    }
    for (size_t i = 0; i < kept; i++) {
        bool by_mass = o->top_p > 0 && o->top_p < 1 && reached >= (double)o->top_p * sum;
        bool by_ratio = list[i].probability < (double)o->min_p;
        reached += list[i].probability;
        if (by_mass || by_ratio) list[i].probability = 0;
        total += list[i].probability;
    }
    for (size_t i = 0; i < kept; i++)
        out[list[i].id] = list[i].probability / total;
}

typedef struct {
    size_t n;
    int refused_best; /* of the likeliest tokens, how many the grammar refuses */
    float spread; /* of the logits */
    hx_generate_options o;
} draw_case;

static void make_tokens(const draw_case *c, float *logits, hx_rng *r) {
    for (size_t i = 0; i < c->n; i++) {
        logits[i] = (float)hx_rng_uniform(r) * c->spread;
        allowed[i] = i != END && hx_rng_below(r, 2) == 0;
    }
    static entry list[N_MAX];
    for (size_t i = 0; i < c->n; i++)
        list[i] = (entry){0, (int32_t)i, logits[i]};
    qsort(list, c->n, sizeof *list, by_logit);
    for (int i = 0; i < c->refused_best; i++)
        allowed[list[i].id] = false;
    for (size_t i = 0; i < c->n; i++)
        snprintf(spellings[i], sizeof spellings[i], "%c%zu;", allowed[i] ? 'a' : 'b', i);
}

static void check_draws(const draw_case *c, bool guided) {
    static float logits[N_MAX];
    static double expected[N_MAX];
    static int counts[N_MAX];
    hx_rng r;
    hx_rng_seed(&r, SEED);
    make_tokens(c, logits, &r);
    reference(logits, c->n, guided ? allowed : NULL, &c->o, expected);
    hx_grammar *g = NULL;
    assert_int_equal(hx_grammar_new(&g, HX_STR_LIT("root ::= (\"a\" [0-9]+ \";\")+ \"x\""), NULL),
                     HX_OK);
    hx_token_table *table = hx_token_table_new(c->n, bytes_of, ends_text, NULL);
    hx_guide *guide = guided ? hx_guide_new(g, table) : NULL;
    const hx_kernels *kernels = NULL;
    hx_sampler *s = NULL;
    assert_int_equal(hx_kernels_choose(NULL, &kernels, NULL), HX_OK);
    assert_int_equal(hx_sampler_new(&s, kernels, c->n, &c->o, NULL), HX_OK);
    int draws = c->n > 2000 ? DRAWS / 20 : DRAWS;
    memset(counts, 0, sizeof counts);
    for (int i = 0; i < draws; i++) {
        int32_t id = -1;
        float log_prob;
        assert_int_equal(hx_sampler_choose(s, logits, guide, &id, &log_prob, NULL), HX_OK);
        counts[id]++;
    }
    for (size_t i = 0; i < c->n; i++) {
        double mean = expected[i] * draws, deviation = sqrt(mean * (1 - expected[i]));
        if (expected[i] == 0 && counts[i] > 0) fail_msg("token %zu must not be drawn", i);
        if (fabs(counts[i] - mean) > 5 * deviation + 3)
            fail_msg("token %zu: %d draws, %.1f expected", i, counts[i], mean);
    }
    hx_sampler_free(s);
    hx_guide_free(guide);
    hx_token_table_free(table);
    hx_grammar_free(g);
}

static const draw_case draw_cases[] = {
    {40, 0, 6, {.temperature = 1}},
    {40, 6, 6, {.temperature = 0.7f}},
    {40, 6, 400, {.temperature = 1}}, /* all allowed ones weigh nothing beside the refused */
    {1500, 60, 8, {.temperature = 1}},
    {40, 5, 5, {.temperature = 1, .top_k = 4}},
    {300, 100, 5, {.temperature = 1.5f, .top_k = 10}},
    {40, 5, 5, {.temperature = 1, .top_p = 0.6f}},
    {300, 90, 9, {.temperature = 1, .top_p = 0.9f}},
    {40, 5, 5, {.temperature = 1, .min_p = 0.2f}},
    {300, 90, 9, {.temperature = 0.8f, .min_p = 0.05f}},
    {300, 10, 6, {.temperature = 1, .top_k = 30, .top_p = 0.8f}},
    {300, 10, 6, {.temperature = 1, .top_k = 30, .top_p = 0.95f, .min_p = 0.3f}},
    {300, 10, 6, {.temperature = 1, .top_p = 0.95f, .min_p = 0.1f}},
    {6000, 2500, 12, {.temperature = 1, .top_k = 8}},
    {6000, 2500, 12, {.temperature = 1, .top_p = 0.5f}},
    {6000, 1500, 2000, {.temperature = 1, .top_p = 0.5f}},
};

static void draws_follow_the_reference(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof draw_cases / sizeof *draw_cases; i++) {
        check_draws(&draw_cases[i], false);
        check_draws(&draw_cases[i], true);
    }
}

/* Greedy: the likeliest allowed token, the lowest id of equals; also where thousands before it are refused. */
static void greedy_takes_the_first_allowed(void **state) {
    (void)state;
    static float logits[N_MAX];
    hx_rng r;
    hx_rng_seed(&r, SEED);
    const hx_kernels *kernels = NULL;
    hx_grammar *g = NULL;
    assert_int_equal(hx_kernels_choose(NULL, &kernels, NULL), HX_OK);
    assert_int_equal(hx_grammar_new(&g, HX_STR_LIT("root ::= (\"a\" [0-9]+ \";\")+ \"x\""), NULL),
                     HX_OK);
    for (int round = 0; round < 40; round++) {
        draw_case c = {.n = N_MAX, .refused_best = round * round * 3, .spread = 50};
        make_tokens(&c, logits, &r);
        for (size_t i = 0; i < c.n; i++)
            logits[i] = roundf(logits[i] * 4) / 4;
        int32_t expected = -1, id = -1;
        for (int32_t i = 0; i < (int32_t)c.n; i++)
            if (allowed[i] && (expected < 0 || logits[i] > logits[expected])) expected = i;
        hx_token_table *table = hx_token_table_new(c.n, bytes_of, ends_text, NULL);
        hx_guide *guide = hx_guide_new(g, table);
        hx_sampler *s = NULL;
        float log_prob;
        assert_int_equal(hx_sampler_new(&s, kernels, c.n, &c.o, NULL), HX_OK);
        assert_int_equal(hx_sampler_choose(s, logits, guide, &id, &log_prob, NULL), HX_OK);
        assert_int_equal(id, expected);
        hx_sampler_free(s);
        hx_guide_free(guide);
        hx_token_table_free(table);
    }
    hx_grammar_free(g);
}

static int32_t choose_one(const hx_generate_options *o, const float *logits, size_t n,
                          const int32_t *seen, size_t n_seen, float *log_prob) {
    const hx_kernels *kernels = NULL;
    hx_sampler *s = NULL;
    int32_t id = -1;
    assert_int_equal(hx_kernels_choose(NULL, &kernels, NULL), HX_OK);
    assert_int_equal(hx_sampler_new(&s, kernels, n, o, NULL), HX_OK);
    for (size_t i = 0; i < n_seen; i++)
        hx_sampler_accept(s, seen[i]);
    assert_int_equal(hx_sampler_choose(s, logits, NULL, &id, log_prob, NULL), HX_OK);
    hx_sampler_free(s);
    return id;
}

static void repetition_is_penalized_once(void **state) {
    (void)state;
    float logits[4] = {2.0f, 1.5f, -1.0f, -1.2f}, log_prob;
    hx_generate_options o = {.repetition_penalty = 1.2f};
    int32_t seen[] = {0, 0, 0};
    /* 2 / 1.2 is still above 1.5; twice it would not be. */
    assert_int_equal(choose_one(&o, logits, 4, seen, 3, &log_prob), 0);
    o.repetition_penalty = 1.5f;
    assert_int_equal(choose_one(&o, logits, 4, seen, 1, &log_prob), 1);
    float negative[2] = {-1.0f, -1.4f};
    assert_int_equal(choose_one(&o, negative, 2, seen, 1, &log_prob), 1);
    /* Only the last 64 tokens count. */
    int32_t many[65] = {0};
    for (int i = 1; i < 65; i++)
        many[i] = 3;
    assert_int_equal(choose_one(&o, logits, 4, many, 65, &log_prob), 0);
    assert_int_equal(choose_one(&o, logits, 4, many, 64, &log_prob), 1);
}

static void log_probabilities_are_the_models(void **state) {
    (void)state;
    float logits[3] = {1, 2, 3}, log_prob = -1;
    int32_t seen[] = {2};
    hx_generate_options o = {.repetition_penalty = 10, .log_probs = true};
    assert_int_equal(choose_one(&o, logits, 3, seen, 1, &log_prob), 1);
    assert_true(fabs((double)log_prob - (2 - log(exp(1) + exp(2) + exp(3)))) < 1e-5);
    o.log_probs = false;
    choose_one(&o, logits, 3, seen, 1, &log_prob);
    assert_true(log_prob == 0);
}

static void same_seed_same_tokens(void **state) {
    (void)state;
    float logits[200];
    int different = 0;
    hx_rng r;
    hx_rng_seed(&r, SEED);
    for (int i = 0; i < 200; i++)
        logits[i] = (float)hx_rng_uniform(&r);
    for (uint64_t seed = 0; seed < 20; seed++) {
        float log_prob;
        hx_generate_options a = {.temperature = 1, .seed = seed},
                            b = {.temperature = 1, .seed = seed + 1};
        assert_int_equal(choose_one(&a, logits, 200, NULL, 0, &log_prob),
                         choose_one(&a, logits, 200, NULL, 0, &log_prob));
        different += choose_one(&a, logits, 200, NULL, 0, &log_prob) !=
                     choose_one(&b, logits, 200, NULL, 0, &log_prob);
    }
    assert_true(different > 10);
}

/* No number from the model is trusted. */
static void strange_logits(void **state) {
    (void)state;
    float nan_first[4] = {NAN, 1, INFINITY, -INFINITY}, none[2] = {NAN, -INFINITY}, log_prob;
    const hx_generate_options all[] = {{.temperature = 0},
                                       {.temperature = 1},
                                       {.temperature = 1, .top_k = 2},
                                       {.temperature = 1, .top_p = 0.5f},
                                       {.temperature = 1e-30f},
                                       {.temperature = 1e30f, .top_k = 1}};
    const hx_kernels *kernels = NULL;
    assert_int_equal(hx_kernels_choose(NULL, &kernels, NULL), HX_OK);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_int_equal(choose_one(&all[i], nan_first, 4, NULL, 0, &log_prob), 2);
        hx_sampler *s = NULL;
        int32_t id;
        hx_error err = {0};
        assert_int_equal(hx_sampler_new(&s, kernels, 2, &all[i], NULL), HX_OK);
        assert_int_equal(hx_sampler_choose(s, none, NULL, &id, &log_prob, &err), HX_EFORMAT);
        assert_string_equal(err.message, "the model gives no token a finite score");
        hx_sampler_free(s);
    }
}

static void options_are_checked(void **state) {
    (void)state;
    const hx_generate_options bad[] = {
        {.temperature = -1}, {.temperature = NAN},       {.temperature = INFINITY},
        {.top_p = 1.5f},     {.top_p = -0.1f},           {.min_p = NAN},
        {.min_p = 2},        {.repetition_penalty = -1}, {.repetition_penalty = NAN}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hx_sampler *s = NULL;
        assert_int_equal(hx_sampler_new(&s, NULL, 4, &bad[i], NULL), HX_EINVAL);
        assert_null(s);
    }
}

/* Logits and penalties that are no finite numbers, or lead to some: a choice is made, and its log probability is a finite number. */
static void broken_numbers_give_finite_log_probs(void **state) {
    (void)state;
    static const float rows[][4] = {{INFINITY, 1, 2, 3},
                                    {INFINITY, INFINITY, -INFINITY, 0},
                                    {NAN, 1, 2, NAN},
                                    {FLT_MAX, -FLT_MAX, 0, 1},
                                    {-INFINITY, -INFINITY, -INFINITY, -5},
                                    {-FLT_MAX, -FLT_MAX, NAN, -INFINITY}};
    static const float penalties[] = {0, 1e-38f, 3e38f};
    static const float temperatures[] = {0, 1e-30f, 1, 1e30f};
    static const float top_ps[] = {0, 0.9f};
    const hx_kernels *kernels = NULL;
    assert_int_equal(hx_kernels_choose(NULL, &kernels, NULL), HX_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows * 24; i++) {
        const float *row = rows[i / 24];
        hx_generate_options o = {.temperature = temperatures[i % 4],
                                 .top_p = top_ps[i / 4 % 2],
                                 .repetition_penalty = penalties[i / 8 % 3],
                                 .log_probs = true};
        hx_sampler *s = NULL;
        assert_int_equal(hx_sampler_new(&s, kernels, 4, &o, NULL), HX_OK);
        hx_sampler_accept(s, 1);
        hx_sampler_accept(s, 3);
        for (int k = 0; k < 20; k++) {
            int32_t token = -1;
            float log_prob = NAN;
            assert_int_equal(hx_sampler_choose(s, row, NULL, &token, &log_prob, NULL), HX_OK);
            assert_in_range(token, 0, 3);
            assert_true(row[token] > -INFINITY);
            assert_true(isfinite(log_prob) && log_prob <= 0);
        }
        hx_sampler_free(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_numbers_give_finite_log_probs),
        cmocka_unit_test(draws_follow_the_reference),
        cmocka_unit_test(greedy_takes_the_first_allowed),
        cmocka_unit_test(repetition_is_penalized_once),
        cmocka_unit_test(log_probabilities_are_the_models),
        cmocka_unit_test(same_seed_same_tokens),
        cmocka_unit_test(strange_logits),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
