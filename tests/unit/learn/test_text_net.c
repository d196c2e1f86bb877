/* test_text_net.c - the small networks: gradients of every kind and every tensor against finite differences, logits and gradients against PyTorch
 * (tests/golden/learn/make_networks.py). */
#include "golden.h"

#include "base/rng.h"
#include "learn/text_net_inside.h"
#include "nn/loss.h"

enum { T = 11, B = 3, L = 3, KNOWN = 9, MORE = 2 };

static const uint32_t ids[T] = {1, 4, 0, 9, 2, 3, 3, 7, 8, 5, 6}, starts[B + 1] = {0, 5, 6, 11};
static const uint32_t labels[B] = {2, 0, 1};
static const float more[B * MORE] = {0.5f, -1, 2, 0.25f, -0.75f, 1.5f}; /* beside the text */

typedef struct {
    hx_text_net net;
    hx_nn nn;
    hx_arena *arena;
} subject;

static void subject_open(subject *s, hx_text_learner_kind kind, size_t d) {
    hx_error err = {0};
    memset(s, 0, sizeof *s);
    s->net = (hx_text_net){
        .kind = kind, .n_labels = L, .d = d, .max_length = 8, .n_known = KNOWN, .n_more = MORE};
    assert_int_equal(hx_net_build(&s->net, 5, true, &err), HX_OK);
    assert_int_equal(hx_kernels_choose(NULL, &s->nn.kernels, &err), HX_OK);
    s->nn.scratch = aligned_alloc(64, hx_net_scratch(&s->net, T, B, 1));
    s->arena = hx_arena_new(0);
    assert_non_null(s->nn.scratch);
}

static void subject_close(subject *s) {
    hx_params_free(s->net.params);
    free(s->nn.scratch);
    hx_arena_free(s->arena);
}

static double loss_of(subject *s, bool back) {
    const hx_net_batch batch = {ids, starts, T, B, more};
    const hx_net_call call = {.nn = &s->nn, .arena = s->arena};
    const hx_nn_classes classes = {.labels = labels, .scale = 1};
    float rows[B], dlogits[B * L];
    hx_net_state state;
    hx_arena_reset(s->arena);
    assert_true(hx_net_forward(&s->net, &call, &batch, &state));
    double loss = hx_nn_cross_entropy(&s->nn, &classes, state.logits, B, L, rows, dlogits);
    if (back) assert_true(hx_net_backward(&s->net, &call, &batch, &state, dlogits));
    return loss;
}

/* A few elements of each tensor, the steepest among them. A kink of ReLU or of the maximum may lie between: most must agree. */
static void check_tensor(subject *s, hx_param *p, hx_rng *rng, size_t *tried, size_t *bad) {
    size_t steepest = 0;
    for (size_t i = 1; i < p->n; i++)
        if (fabsf(p->g[i]) > fabsf(p->g[steepest])) steepest = i;
    for (int i = 0; i < 6; i++) {
        size_t at = i == 0 ? steepest : (size_t)hx_rng_below(rng, p->n);
        float was = p->w[at], step = 2e-3f;
        p->w[at] = was + step;
        double up = loss_of(s, false);
        p->w[at] = was - step;
        double down = loss_of(s, false);
        p->w[at] = was;
        double slope = (up - down) / (2 * (double)step), got = (double)p->g[at];
        (*tried)++;
        if (fabs(slope - got) <= 2e-3 + 2e-2 * fabs(slope)) continue;
        (*bad)++;
        if (i == 0 && fabs(slope - got) > 0.2 * fabs(slope) + 1e-2)
            fail_msg("%s[%zu]: %g, not %g", p->name, at, got, slope);
    }
}

static void test_gradients(void **state) {
    (void)state;
    for (int kind = HX_TEXT_LEARNER_MLP; kind < HX_TEXT_LEARNER_N; kind++) {
        subject s;
        hx_rng rng;
        size_t tried = 0, bad = 0;
        subject_open(&s, (hx_text_learner_kind)kind, 16);
        hx_rng_seed(&rng, 9);
        (void)loss_of(&s, true);
        for (size_t i = 0; i < hx_params_count(s.net.params); i++)
            check_tensor(&s, hx_params_at(s.net.params, i), &rng, &tried, &bad);
        if (bad * 12 > tried)
            fail_msg("%s: %zu of %zu slopes differ",
                     hx_text_learner_name((hx_text_learner_kind)kind), bad, tried);
        subject_close(&s);
    }
}

static void near_all(golden *g, const char *net, const char *name, const float *got, size_t n) {
    char key[100];
    size_t wanted_n;
    snprintf(key, sizeof key, "%s.%s", net, name);
    const double *wanted = golden_array(g, key, &wanted_n);
    assert_int_equal(wanted_n, n);
    for (size_t i = 0; i < n; i++)
        golden_near((double)got[i], wanted[i], 2e-5, key);
}

static void test_pytorch(void **state) {
    golden g;
    (void)state;
    golden_open(&g, "networks.txt");
    for (int kind = HX_TEXT_LEARNER_MLP; kind < HX_TEXT_LEARNER_N; kind++) {
        subject s;
        hx_net_state run;
        subject_open(&s, (hx_text_learner_kind)kind, 8);
        const char *net = hx_text_learner_name((hx_text_learner_kind)kind);
        for (size_t k = 0; k < hx_params_count(s.net.params); k++) {
            hx_param *p = hx_params_at(s.net.params, k);
            bool norm = strstr(p->name, "norm") && strstr(p->name, "weight");
            for (size_t i = 0; i < p->n; i++)
                p->w[i] = (float)(0.3 * sin(1.7 * (double)i + (double)k) + norm);
        }
        (void)loss_of(&s, true);
        for (size_t k = 0; k < hx_params_count(s.net.params); k++) {
            const hx_param *p = hx_params_at(s.net.params, k);
            near_all(&g, net, p->name, p->g, p->n);
        }
        const hx_net_batch batch = {ids, starts, T, B, more};
        const hx_net_call call = {.nn = &s.nn, .arena = s.arena};
        assert_true(hx_net_forward(&s.net, &call, &batch, &run));
        near_all(&g, net, "logits", run.logits, B * L);
        subject_close(&s);
    }
    golden_close(&g);
}

/* What stands beside a text in its batch does not change what is said of it. */
static void test_alone(void **state) {
    (void)state;
    for (int kind = HX_TEXT_LEARNER_MLP; kind < HX_TEXT_LEARNER_N; kind++) {
        subject s;
        float together[L];
        hx_net_state run;
        subject_open(&s, (hx_text_learner_kind)kind, 16);
        const hx_net_call call = {.nn = &s.nn, .arena = s.arena};
        const hx_net_batch all = {ids, starts, T, B, more};
        assert_true(hx_net_forward(&s.net, &call, &all, &run));
        memcpy(together, run.logits + 2 * L, sizeof together);
        const uint32_t from_zero[2] = {0, 5};
        const hx_net_batch last = {ids + 6, from_zero, 5, 1, more + 2 * MORE};
        assert_true(hx_net_forward(&s.net, &call, &last, &run));
        assert_memory_equal(together, run.logits, sizeof together);
        subject_close(&s);
    }
}

static void test_ids(void **state) {
    (void)state;
    const hx_str texts[] = {HX_STR_LIT("很好！Good GOOD"), HX_STR_LIT("很 good"), HX_STR_LIT("  ")};
    const hx_text_rows rows = {.texts = texts, .n = 3};
    hx_text_net net = {.max_length = 4};
    hx_buf word, out;
    hx_error err = {0};
    hx_buf_init(&word, 1 << 20);
    hx_buf_init(&out, 1 << 20);
    assert_int_equal(hx_net_learn_tokens(&net, &rows, 2, &err), HX_OK);
    assert_int_equal(net.n_known, 2); /* 很, good */
    assert_true(hx_net_ids(&net, texts[0], &word, &out));
    const uint32_t *ids_of = (const uint32_t *)(const void *)out.ptr;
    assert_int_equal(out.len, 4 * sizeof *ids_of); /* cut */
    assert_true(ids_of[0] > 0 && ids_of[1] == 0 && ids_of[2] == 0 && ids_of[3] > 0);
    assert_true(hx_net_ids(&net, texts[2], &word, &out));
    assert_int_equal(out.len, sizeof *ids_of);
    hx_buf_release(&word);
    hx_buf_release(&out);
    free(net.keys);
}

/* Items between marks: blanks around them and empty ones are nothing, capitals stay. */
static void test_items(void **state) {
    static const char *const wanted[] = {"Home page", "list", "a=b"};
    hx_buf word;
    size_t at = 0, n = 0;
    (void)state;
    hx_buf_init(&word, 1 << 10);
    const hx_str text = HX_STR_LIT(" Home page ->list->-> ->a=b"), mark = HX_STR_LIT("->");
    while (hx_token_next(text, mark, &at, &word)) {
        assert_true(n < 3 && word.len == strlen(wanted[n]));
        assert_memory_equal(word.ptr, wanted[n], word.len);
        n++;
    }
    assert_int_equal(n, 3);
    at = 0;
    assert_false(hx_token_next(HX_STR_LIT("->->"), mark, &at, &word));
    hx_buf_release(&word);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients),
                                       cmocka_unit_test(test_pytorch), cmocka_unit_test(test_alone),
                                       cmocka_unit_test(test_ids), cmocka_unit_test(test_items)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
