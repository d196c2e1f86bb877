/* test_learning.c - four steps of a whole model: trunk, two heads with their weights, clipping, AdamW, beside transformers and PyTorch
 * (tests/golden/nn/vectors.txt, to 1e-5): losses, norms, and every weight at the end; with all activations kept and made again, and with
 * weights and state written and read in the middle. */
#include "unit/nn/nn_test.h"

#include <unistd.h>

#include "llama/objective.h"
#include "nn/optim.h"

#define WEIGHTS_PATH "test_learning.weights.safetensors"
#define STATE_PATH "test_learning.state.safetensors"
enum { T = 12, S = 3, D = 8, STEPS = 4 };

typedef struct {
    nn_test t;
    hx_trunk *trunk;
    hx_train_head *text, *class;
    hx_optim *optim;
    uint32_t ids[T], next[T];
} learning_test;

static const uint32_t starts[S + 1] = {0, 4, 9, 12}, classes[S] = {2, 0, 1};

static void take_ids(learning_test *l) {
    const float *ids = nn_golden(&l->t, "train.ids", T);
    for (size_t i = 0; i < T; i++)
        l->ids[i] = (uint32_t)ids[i];
    for (size_t i = 0; i < T; i++)
        l->next[i] = i + 1 < T ? l->ids[i + 1] : HX_NN_IGNORE;
    for (size_t s = 1; s <= S; s++)
        l->next[starts[s] - 1] = HX_NN_IGNORE;
}

static void open_learning(learning_test *l, bool recompute, size_t threads) {
    hx_error err = {0};
    const hx_config c = {.architecture = hx_architecture_find(hx_str_of("llama")),
                         .n_layers = 2,
                         .n_vocab = 16,
                         .n_embd = D,
                         .n_heads = 2,
                         .n_kv_heads = 1,
                         .head_dim = 4,
                         .n_ff = 12,
                         .n_positions = 32,
                         .norm_eps = 1e-5,
                         .rope = {.theta = 10000, .factor = 1, .dims = 4},
                         .tied = true,
                         .bos = -1,
                         .eos = -1,
                         .pad = -1};
    const hx_trunk_options o = {.recompute = recompute};
    const hx_head_options text = {.kind = HX_HEAD_LM, .name = "text"};
    const hx_head_options class = {.kind = HX_HEAD_SEQUENCE, .n_labels = 3};
    hx_optim_options adam;
    hx_optim_defaults(&adam, HX_OPTIM_ADAMW);
    adam.beta2 = 0.95f;
    adam.eps = 1e-3f;
    adam.decay = 0.1f;
    *l = (learning_test){0};
    nn_open(&l->t, NULL, threads);
    take_ids(l);
    if (hx_trunk_new(&l->trunk, &c, &o, 1, &err) != HX_OK ||
        hx_train_head_new(&l->text, l->trunk, &text, 1, &err) != HX_OK ||
        hx_train_head_new(&l->class, l->trunk, &class, 1, &err) != HX_OK ||
        hx_optim_new(&l->optim, hx_trunk_params(l->trunk), &adam, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static void close_learning(learning_test *l) {
    hx_optim_free(l->optim);
    hx_train_head_free(l->text);
    hx_train_head_free(l->class);
    hx_trunk_free(l->trunk);
    nn_close(&l->t);
}

/* Each tensor of the model, named with `prefix` before. */
static void for_weights(learning_test *l, const char *prefix, bool is_check) {
    hx_params *params = hx_trunk_params(l->trunk);
    for (size_t i = 0; i < hx_params_count(params); i++) {
        char name[HX_PARAM_NAME_MAX + 16];
        hx_param *p = hx_params_at(params, i);
        snprintf(name, sizeof name, "%s%s", prefix, p->name);
        const float *golden = nn_golden(&l->t, name, p->n);
        if (is_check)
            nn_check_near(p->w, golden, p->n, p->name);
        else
            memcpy(p->w, golden, p->n * sizeof *p->w);
    }
}

static double one_step(learning_test *l, uint64_t step, double *norm) {
    hx_error err = {0};
    const hx_trunk_batch batch = {
        .ids = l->ids, .n_tokens = T, .starts = starts, .n_sequences = S, .training = true};
    const hx_targets next = {.labels = l->next}, class = {.labels = classes};
    const float *hidden;
    float dhidden[T * D] = {0};
    hx_objective_result text, label;
    hx_optim_result stepped;
    assert_true(hx_trunk_scratch(l->trunk, T, S, 3) <= SCRATCH_BYTES);
    double n = hx_train_head_count(l->text, &batch, &next);
    assert_true(n == 9);
    if (hx_trunk_forward(l->trunk, &l->t.nn, &batch, &hidden, &err) != HX_OK ||
        hx_train_head_loss(l->text, &l->t.nn, &batch, hidden, &next, (float)(1 / n), dhidden, NULL,
                           &text, &err) != HX_OK ||
        hx_train_head_loss(l->class, &l->t.nn, &batch, hidden, &class, 0.5f / S, dhidden, NULL,
                           &label, &err) != HX_OK)
        fail_msg("%s", err.message);
    hx_trunk_backward(l->trunk, &l->t.nn, dhidden, NULL);
    hx_optim_step(l->optim, &l->t.nn, step, 0.02, 1, &stepped);
    assert_true(stepped.finite);
    *norm = stepped.norm;
    return text.loss / n + 0.5 * label.loss / label.count;
}

static void run_steps(learning_test *l, uint64_t first, uint64_t last) {
    const float *losses = nn_golden(&l->t, "train.losses", STEPS);
    const float *norms = nn_golden(&l->t, "train.norms", STEPS);
    for (uint64_t step = first; step <= last; step++) {
        double norm;
        float loss = (float)one_step(l, step, &norm), narrow = (float)norm;
        nn_check_near(&loss, losses + step - 1, 1, "loss");
        nn_check_near(&narrow, norms + step - 1, 1, "norm");
    }
}

static void test_steps(void **state) {
    (void)state;
    for (int recompute = 0; recompute < 2; recompute++) {
        learning_test l;
        open_learning(&l, recompute == 1, 2);
        for_weights(&l, "train.", false);
        run_steps(&l, 1, STEPS);
        for_weights(&l, "train.end.", true);
        close_learning(&l);
    }
}

/* A second process with other threads goes on where the first stopped: the same bytes. */
static void test_resumed(void **state) {
    (void)state;
    hx_error err = {0};
    learning_test whole, first, second;
    open_learning(&whole, false, 1);
    for_weights(&whole, "train.", false);
    run_steps(&whole, 1, STEPS);
    open_learning(&first, false, 2);
    for_weights(&first, "train.", false);
    run_steps(&first, 1, 2);
    hx_params *params = hx_trunk_params(first.trunk);
    assert_int_equal(hx_params_save(params, WEIGHTS_PATH, HX_DTYPE_F32, &err), HX_OK);
    assert_int_equal(hx_optim_save(first.optim, STATE_PATH, &err), HX_OK);
    close_learning(&first);
    open_learning(&second, true, 3);
    params = hx_trunk_params(second.trunk);
    assert_int_equal(hx_params_load(params, WEIGHTS_PATH, &err), HX_OK);
    assert_int_equal(hx_optim_load(second.optim, STATE_PATH, &err), HX_OK);
    run_steps(&second, 3, STEPS);
    for (size_t i = 0; i < hx_params_count(params); i++) {
        const hx_param *a = hx_params_at(hx_trunk_params(whole.trunk), i);
        assert_memory_equal(a->w, hx_params_at(params, i)->w, a->n * sizeof *a->w);
    }
    close_learning(&whole);
    close_learning(&second);
    unlink(WEIGHTS_PATH);
    unlink(STATE_PATH);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_resumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
