/* test_objective.c - every kind of head beside PyTorch (tests/golden/nn/vectors.txt, to 1e-5) and beside slopes by differences, with each of
 * its options; what a tap, dropout, a teacher and mixup do; the same bytes from any number of threads; targets that make no sense. */
#include "unit/llama/objective_test.h"

/* ------------------------------------------------------------------ PyTorch */
static float *golden(head_test *h, const char *kind, const char *name, size_t n) {
    char full[64];
    snprintf(full, sizeof full, "head.%s.%s", kind, name);
    return nn_golden(&h->t, full, n);
}

static void take(head_test *h, const char *kind, const char *name, const char *tensor) {
    hx_param *p = part(h, tensor);
    memcpy(p->w, golden(h, kind, name, p->n), p->n * sizeof *p->w);
    memset(p->g, 0, p->n * sizeof *p->g);
}

static void check_part(head_test *h, const char *kind, const char *name, const char *tensor) {
    const hx_param *p = part(h, tensor);
    nn_check_near(p->g, golden(h, kind, name, p->n), p->n, tensor);
}

/* Loss and gradients of h and the tensors `parts` (golden name, tensor's name; ends with NULL). */
static hx_objective_result check_golden(head_test *h, const char *kind, const char *const *parts) {
    char name[16];
    h->hidden = golden(h, kind, "h", T * D);
    for (size_t i = 0; parts[i]; i += 2)
        take(h, kind, parts[i], parts[i + 1]);
    hx_objective_result r = run(h, h->dhidden);
    float loss = (float)r.loss;
    nn_check_near(&loss, golden(h, kind, "loss", 1), 1, kind);
    nn_check_near(h->dhidden, golden(h, kind, "dh", T * D), T * D, kind);
    for (size_t i = 0; parts[i]; i += 2) {
        snprintf(name, sizeof name, "d%s", parts[i]);
        check_part(h, kind, name, parts[i + 1]);
    }
    close_head(h);
    return r;
}

static const char *const only_weight[] = {"w", "score.weight", NULL};
static const uint32_t sequence_labels[S] = {2, HX_NN_IGNORE, 0, 1}, second_labels[S] = {1, 0, 0, 2};
static const uint32_t token_labels[T] = {0, 3, 1, HX_NN_IGNORE, 2, 2, HX_NN_IGNORE, 1, 3};
static const uint32_t replaced_labels[T] = {0, 1, 1, HX_NN_IGNORE, 0, 0, HX_NN_IGNORE, 1, 0};
static const uint32_t lm_labels[T] = {10, 3, 1, HX_NN_IGNORE, 2, 7, HX_NN_IGNORE, 1, 0};
static const uint32_t words[5] = {1, 3, 5, 7, 8}, word_starts[S + 1] = {0, 1, 2, 3, 5};
static const uint32_t heads[5] = {0, 0, HX_NN_IGNORE, 2, 0};
static const uint32_t relations[5] = {1, HX_NN_IGNORE, 0, 2, 0};

static void test_golden_sequences(void **state) {
    (void)state;
    head_test h;
    open_head(&h, &(hx_head_options){.kind = HX_HEAD_SEQUENCE, .n_labels = 3, .smoothing = 0.1f},
              1);
    h.batch.share = golden(&h, "sequence", "share", S);
    h.targets = (hx_targets){.labels = sequence_labels, .second = second_labels};
    h.targets.class_weights = golden(&h, "sequence", "weights", 3);
    check_golden(&h, "sequence", only_weight);

    static const char *const dense[] = {"w",    "score.weight",     "dense", "score.dense.weight",
                                        "bias", "score.dense.bias", NULL};
    open_head(
        &h, &(hx_head_options){.kind = HX_HEAD_MULTI, .n_labels = 3, .hidden = 5, .mean = true}, 1);
    h.targets = (hx_targets){.values = golden(&h, "multi", "y", S * 3),
                             .class_weights = golden(&h, "multi", "p", 3)};
    assert_true(check_golden(&h, "multi", dense).count == S * 3);

    open_head(&h, &(hx_head_options){.kind = HX_HEAD_REGRESSION, .mean = true}, 1);
    h.targets = (hx_targets){.values = golden(&h, "regression", "y", S)};
    assert_true(check_golden(&h, "regression", only_weight).count == S);

    static const char *const none[] = {NULL};
    open_head(&h, &(hx_head_options){.kind = HX_HEAD_CONTRAST, .mean = true}, 1);
    assert_true(check_golden(&h, "contrast", none).count == 2);
}

static void test_golden_tokens(void **state) {
    (void)state;
    head_test h;
    open_head(
        &h, &(hx_head_options){.kind = HX_HEAD_TOKEN, .n_labels = 4, .gamma = 2, .temperature = 2},
        1);
    h.targets = (hx_targets){.labels = token_labels,
                             .teacher_logits = golden(&h, "token", "teacher", T * 4),
                             .teacher_hidden = golden(&h, "token", "target", T * D),
                             .teacher_share = 0.25f,
                             .hidden_share = 0.5f};
    assert_true(check_golden(&h, "token", only_weight).count == 7);

    const float weights[] = {1, 3};
    open_head(&h, &(hx_head_options){.kind = HX_HEAD_REPLACED}, 1);
    h.targets = (hx_targets){.labels = replaced_labels, .class_weights = weights};
    assert_true(check_golden(&h, "replaced", only_weight).count == 4 * 1 + 3 * 3);

    static const char *const crf[] = {"w",     "heads.ner.weight", "between", "heads.ner.between",
                                      "start", "heads.ner.start",  "stop",    "heads.ner.stop",
                                      NULL};
    open_head(&h, &(hx_head_options){.kind = HX_HEAD_CRF, .n_labels = 4, .name = "ner"}, 1);
    h.targets = (hx_targets){.labels = token_labels};
    assert_true(check_golden(&h, "crf", crf).count == 7);

    static const char *const output[] = {"w", "model.embed_tokens.weight", NULL};
    open_head(&h, &(hx_head_options){.kind = HX_HEAD_LM, .smoothing = 0.1f}, 1);
    h.targets = (hx_targets){.labels = lm_labels};
    assert_true(check_golden(&h, "lm", output).count == 7);
    open_head(&h, &(hx_head_options){.kind = HX_HEAD_LM}, 1);
    h.targets = (hx_targets){.labels = lm_labels,
                             .teacher_logits = golden(&h, "taught", "teacher", T * V),
                             .teacher_share = 0.5f};
    check_golden(&h, "taught", output);
}

static void test_golden_biaffine(void **state) {
    (void)state;
    static const char *const parts[] = {
        "mlp",      "heads.tree.mlp.weight",      "bias", "heads.tree.mlp.bias",
        "arc",      "heads.tree.arc.weight", //
        "relation", "heads.tree.relation.weight", NULL};
    head_test h;
    open_head(
        &h, &(hx_head_options){.kind = HX_HEAD_BIAFFINE, .n_labels = 3, .width = 4, .name = "tree"},
        1);
    h.targets = (hx_targets){
        .words = words, .word_starts = word_starts, .heads = heads, .labels = relations};
    assert_true(check_golden(&h, "biaffine", parts).count == 4);
}

/* ------------------------------------------------------------------ slopes */
static void test_slopes_sequences(void **state) {
    (void)state;
    const float share[S] = {0.9f, 0.2f, 0.6f, 1}, weights[3] = {1, 2, 0.5f};
    for (int i = 0; i < 8; i++) {
        static const hx_head_kind kinds[] = {HX_HEAD_SEQUENCE, HX_HEAD_SEQUENCE, HX_HEAD_MULTI,
                                             HX_HEAD_REGRESSION};
        bool is_taught = i >= 4;
        head_test h;
        hx_head_options o = {.kind = kinds[i % 4],
                             .n_labels = 3,
                             .mean = i % 2 == 1,
                             .hidden = i % 4 == 1 ? 5 : 0,
                             .smoothing = i % 2 ? 0 : 0.2f,
                             .gamma = i % 4 == 1 ? 2 : 0,
                             .temperature = 3};
        open_head(&h, &o, 2);
        h.scale = 0.5f;
        h.batch.share = share;
        h.targets = (hx_targets){
            .labels = sequence_labels, .class_weights = weights, .values = nn_random(&h.t, S * 3)};
        if (i % 4 == 0) h.targets.second = second_labels;
        if (is_taught) {
            h.targets.teacher_logits = nn_random(&h.t, S * 3);
            h.targets.teacher_hidden = nn_random(&h.t, S * D);
            h.targets.teacher_share = 0.5f;
            h.targets.hidden_share = 0.8f;
        }
        check_slopes(&h, "sequence");
        close_head(&h);
    }
}

static void test_slopes_tokens(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++) {
        static const hx_head_kind kinds[] = {HX_HEAD_LM, HX_HEAD_TOKEN, HX_HEAD_CRF,
                                             HX_HEAD_REPLACED};
        static const uint32_t *const labels[] = {lm_labels, token_labels, token_labels,
                                                 replaced_labels};
        head_test h;
        bool has_dense = i % 4 > 0 && i >= 4;
        hx_head_options o = {
            .kind = kinds[i % 4], .n_labels = 4, .name = "task", .hidden = has_dense ? 5 : 0};
        open_head(&h, &o, 2);
        h.targets = (hx_targets){.labels = labels[i % 4]};
        if (i >= 4) {
            h.targets.teacher_logits = nn_random(&h.t, T * V);
            h.targets.teacher_hidden = nn_random(&h.t, T * D);
            h.targets.teacher_share = 0.4f;
            h.targets.hidden_share = 0.6f;
        }
        check_slopes(&h, "token");
        close_head(&h);
    }
}

static void test_slopes_pairs(void **state) {
    (void)state;
    head_test h;
    open_head(&h, &(hx_head_options){.kind = HX_HEAD_CONTRAST, .temperature = 0.5f}, 2);
    h.targets.teacher_hidden = nn_random(&h.t, S * D);
    h.targets.hidden_share = 1;
    check_slopes(&h, "contrast");
    close_head(&h);

    open_head(
        &h, &(hx_head_options){.kind = HX_HEAD_BIAFFINE, .n_labels = 3, .width = 5, .name = "tree"},
        2);
    h.targets = (hx_targets){
        .words = words, .word_starts = word_starts, .heads = heads, .labels = relations};
    check_slopes(&h, "biaffine");
    close_head(&h);
}

/* ------------------------------------------------------------------ the way in */
/* Dropout: the gradient is that of the pass which was made; without `training` nothing is dropped. */
static void test_dropout(void **state) {
    (void)state;
    head_test h;
    open_head(&h, &(hx_head_options){.kind = HX_HEAD_TOKEN, .n_labels = 4, .dropout = 0.5f}, 1);
    h.targets.labels = token_labels;
    double whole = run(&h, NULL).loss;
    h.batch.training = true;
    h.batch.seed = 8;
    h.batch.step = 2;
    check_slopes(&h, "dropout");
    double dropped = run(&h, NULL).loss;
    assert_true(dropped != whole);
    h.batch.step = 3;
    assert_true(run(&h, NULL).loss != dropped);
    h.batch.step = 2;
    assert_true(run(&h, NULL).loss == dropped);
    close_head(&h);
}

/* A head with a tap is a head on RMSNorm(tap). */
static void test_tap(void **state) {
    (void)state;
    static const uint32_t ids[T] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    hx_error err = {0};
    head_test h, plain;
    hx_head_options o = {.kind = HX_HEAD_SEQUENCE, .n_labels = 3, .name = "side", .mean = true};
    open_head(&plain, &o, 1);
    o.tap = 1;
    open_head(&h, &o, 1);
    h.targets.labels = plain.targets.labels = sequence_labels;
    h.batch.ids = ids;
    h.batch.tap = 1;
    h.batch.training = true;
    size_t bytes = hx_trunk_scratch(h.trunk, T, S, 1);
    assert_true(bytes <= SCRATCH_BYTES);
    const float *hidden;
    assert_int_equal(hx_trunk_forward(h.trunk, &h.t.nn, &h.batch, &hidden, &err), HX_OK);
    const float *tap = hx_trunk_tap(h.trunk);
    float r[T], dtap[T * D] = {0}, dw[D] = {0}, want[T * D];
    hx_param *norm = part(&h, "heads.side.norm.weight");
    for (size_t i = 0; i < D; i++)
        norm->w[i] = 0.5f + 0.25f * (float)i;
    hx_nn_rms_norm(&h.t.nn, tap, T, D, norm->w, 1e-5f, r, plain.hidden);
    hx_objective_result expected = run(&plain, plain.dhidden), got;
    hx_nn_rms_norm_back(&h.t.nn, tap, T, D, norm->w, r, plain.dhidden, want, dw);
    assert_int_equal(hx_train_head_loss(h.head, &h.t.nn, &h.batch, hidden, &h.targets, 1, h.dhidden,
                                        dtap, &got, &err),
                     HX_OK);
    assert_true(got.loss == expected.loss);
    nn_check_near(dtap, want, T * D, "dtap");
    nn_check_near(norm->g, dw, D, "norm");
    for (size_t i = 0; i < T * D; i++)
        assert_true(h.dhidden[i] == 0);
    close_head(&h);
    close_head(&plain);
}

/* Sequences without tokens are rows of zeros. */
static void test_empty_sequences(void **state) {
    (void)state;
    const uint32_t holes[S + 1] = {0, 0, 5, 5, 9};
    for (int mean = 0; mean < 2; mean++) {
        head_test h;
        open_head(
            &h, &(hx_head_options){.kind = HX_HEAD_SEQUENCE, .n_labels = 3, .mean = mean == 1}, 1);
        h.batch.starts = holes;
        h.targets.labels = second_labels;
        hx_objective_result r = run(&h, h.dhidden);
        assert_true(isfinite(r.loss) && r.count == S);
        const float *logits;
        assert_int_equal(hx_train_head_logits(h.head, &h.t.nn, &h.batch, h.hidden, &logits, NULL),
                         HX_OK);
        for (size_t i = 0; i < 3; i++)
            assert_true(logits[i] == 0 && logits[6 + i] == 0 && logits[3 + i] != 0);
        close_head(&h);
    }
}

static void test_threads(void **state) {
    (void)state;
    static float first[T * D];
    for (size_t threads = 1; threads <= 3; threads++) {
        head_test h;
        open_head(&h,
                  &(hx_head_options){
                      .kind = HX_HEAD_BIAFFINE, .n_labels = 3, .width = 33, .name = "tree"},
                  threads);
        h.targets = (hx_targets){
            .words = words, .word_starts = word_starts, .heads = heads, .labels = relations};
        run(&h, h.dhidden);
        if (threads == 1) memcpy(first, h.dhidden, sizeof first);
        assert_memory_equal(first, h.dhidden, sizeof first);
        close_head(&h);
    }
}

/* ------------------------------------------------------------------ looking */
static void test_tags(void **state) {
    (void)state;
    static const hx_head_kind kinds[] = {HX_HEAD_TOKEN, HX_HEAD_CRF, HX_HEAD_REPLACED};
    for (int i = 0; i < 3; i++) {
        head_test h;
        uint32_t tags[T];
        hx_error err = {0};
        open_head(&h, &(hx_head_options){.kind = kinds[i], .n_labels = 4}, 1);
        const uint32_t *labels = i == 2 ? replaced_labels : token_labels;
        assert_int_equal(
            hx_train_head_tags(h.head, &h.t.nn, &h.batch, h.hidden, labels, tags, &err), HX_OK);
        size_t right = 0;
        for (size_t k = 0; k < T; k++) {
            assert_true((tags[k] == HX_NN_IGNORE) == (labels[k] == HX_NN_IGNORE));
            right += labels[k] != HX_NN_IGNORE && tags[k] == labels[k];
        }
        h.targets.labels = labels;
        assert_int_equal(run(&h, NULL).n_right, right);
        h.targets.labels = tags;
        assert_int_equal(run(&h, NULL).n_right, 7);
        assert_int_equal(hx_train_head_tags(h.head, &h.t.nn, &h.batch, h.hidden, NULL, tags, &err),
                         HX_OK);
        for (size_t k = 0; k < T; k++)
            assert_true(tags[k] < 4);
        close_head(&h);
    }
}

/* What a head has learnt by heart it says again. */
static void test_trees(void **state) {
    (void)state;
    static const uint32_t gold[5] = {0, 0, 0, 2, 0}, gold_relations[5] = {1, 2, 0, 2, 0};
    head_test h;
    uint32_t got[5], labels[5];
    open_head(
        &h, &(hx_head_options){.kind = HX_HEAD_BIAFFINE, .n_labels = 3, .width = 8, .name = "tree"},
        1);
    h.targets = (hx_targets){
        .words = words, .word_starts = word_starts, .heads = gold, .labels = gold_relations};
    hx_params *params = hx_trunk_params(h.trunk);
    for (int step = 0; step < 200; step++) {
        run(&h, h.dhidden);
        for (size_t i = 0; i < hx_params_count(params); i++) {
            hx_param *p = hx_params_at(params, i);
            for (size_t k = 0; k < p->n; k++)
                p->w[k] -= 0.1f * p->g[k];
        }
        hx_params_zero_gradients(&h.t.nn, params);
    }
    assert_int_equal(run(&h, NULL).n_right, 5);
    assert_int_equal(
        hx_train_head_trees(h.head, &h.t.nn, &h.batch, h.hidden, &h.targets, got, labels, NULL),
        HX_OK);
    assert_memory_equal(got, gold, sizeof gold);
    assert_memory_equal(labels, gold_relations, sizeof labels);
    close_head(&h);
}

/* ------------------------------------------------------------------ single examples */
enum { N_EXAMPLES = 48, N_DIMS = D };

/* One example: a sequence of one token. */
static void example_gradient(head_test *h, const float *x, const uint32_t *label) {
    static const uint32_t one[2] = {0, 1};
    h->batch = (hx_trunk_batch){.n_tokens = 1, .starts = one, .n_sequences = 1};
    h->targets = (hx_targets){.labels = label};
    memcpy(h->hidden, x, N_DIMS * sizeof *x);
    run(h, h->dhidden);
}

static void make_examples(head_test *h, float *x, uint32_t *labels) {
    for (size_t i = 0; i < N_EXAMPLES; i++) {
        labels[i] = (uint32_t)(i % 2);
        for (size_t k = 0; k < N_DIMS; k++)
            x[i * N_DIMS + k] = (float)(hx_rng_uniform(&h->t.rng) * 2 - 1);
        x[i * N_DIMS] = i % 2 ? 1.5f : -1.5f;
    }
}

static void open_private(head_test *h, hx_optim **optim) {
    hx_optim_options o;
    hx_error err = {0};
    open_head(h, &(hx_head_options){.kind = HX_HEAD_SEQUENCE, .n_labels = 2}, 2);
    hx_optim_defaults(&o, HX_OPTIM_SGD);
    o.clip = 0;
    o.decay = 0;
    assert_int_equal(hx_optim_new(optim, hx_trunk_params(h->trunk), &o, &err), HX_OK);
}

/* The sum of gradients, each clipped: as it is written down, and as the hook makes it. */
static void test_clipped_examples(void **state) {
    (void)state;
    head_test h;
    hx_optim *optim;
    float x[N_EXAMPLES * N_DIMS], want[2 * N_DIMS] = {0};
    uint32_t labels[N_EXAMPLES];
    open_private(&h, &optim);
    make_examples(&h, x, labels);
    hx_params *params = hx_trunk_params(h.trunk);
    const hx_param *score = part(&h, "score.weight");
    assert_int_equal(hx_optim_examples_begin(optim, 0.5, NULL), HX_OK);
    size_t n_clipped = 0;
    for (size_t i = 0; i < N_EXAMPLES; i++) {
        hx_params_zero_gradients(&h.t.nn, params);
        example_gradient(&h, x + i * N_DIMS, &labels[i]);
        double norm = sqrt(nn_dot(score->g, score->g, score->n));
        n_clipped += norm > 0.5;
        for (size_t k = 0; k < score->n; k++)
            want[k] += score->g[k] * (float)(norm > 0.5 ? 0.5 / norm : 1);
        double told = hx_optim_example(optim, &h.t.nn);
        assert_true(fabs(told - norm) < 1e-9);
    }
    assert_true(n_clipped > 0);
    hx_optim_examples_end(optim, &h.t.nn, 0, 1, 1);
    nn_check_near(score->g, want, score->n, "clipped");
    hx_optim_free(optim);
    close_head(&h);
}

/* With noise of a fifth of the greatest norm and clipping the head still learns which side an example lies on. */
static void test_private_learning(void **state) {
    (void)state;
    head_test h;
    hx_optim *optim;
    float x[N_EXAMPLES * N_DIMS];
    uint32_t labels[N_EXAMPLES];
    size_t right = 0;
    open_private(&h, &optim);
    make_examples(&h, x, labels);
    for (uint64_t step = 1; step <= 20; step++) {
        hx_optim_result r;
        assert_int_equal(hx_optim_examples_begin(optim, 0.5, NULL), HX_OK);
        for (size_t i = 0; i < N_EXAMPLES; i++) {
            example_gradient(&h, x + i * N_DIMS, &labels[i]);
            hx_optim_example(optim, &h.t.nn);
        }
        hx_optim_examples_end(optim, &h.t.nn, 0.2, 11, step);
        hx_optim_step(optim, &h.t.nn, step, 0.05, 1, &r);
        assert_true(r.finite && r.norm > 0);
    }
    for (size_t i = 0; i < N_EXAMPLES; i++) {
        const float *logits;
        memcpy(h.hidden, x + i * N_DIMS, N_DIMS * sizeof *x);
        assert_int_equal(hx_train_head_logits(h.head, &h.t.nn, &h.batch, h.hidden, &logits, NULL),
                         HX_OK);
        right += (logits[1] > logits[0] ? 1u : 0u) == labels[i];
    }
    assert_true(right >= N_EXAMPLES - 1);
    hx_optim_free(optim);
    close_head(&h);
}

/* ------------------------------------------------------------------ bad input */
static void check_refused(head_test *h, const char *sentence) {
    hx_error err = {0};
    hx_objective_result r;
    assert_int_equal(hx_train_head_loss(h->head, &h->t.nn, &h->batch, h->hidden, &h->targets, 1,
                                        h->dhidden, NULL, &r, &err),
                     HX_EINVAL);
    if (!strstr(err.message, sentence)) fail_msg("%s", err.message);
}

static void test_bad_targets(void **state) {
    (void)state;
    const uint32_t bad[T] = {0, 4, 1, 0, 0, 0, 0, 0, 0}, back[5] = {1, 3, 5, 8, 7};
    const uint32_t far[5] = {0, 0, 0, 3, 0};
    head_test h;
    open_head(&h, &(hx_head_options){.kind = HX_HEAD_TOKEN, .n_labels = 4}, 1);
    check_refused(&h, "neither labels nor a teacher");
    h.targets.labels = bad;
    check_refused(&h, "label 4 of row 1");
    h.targets.labels = token_labels;
    h.targets.second = token_labels;
    check_refused(&h, "only labels of sequences");
    close_head(&h);

    open_head(&h, &(hx_head_options){.kind = HX_HEAD_SEQUENCE, .n_labels = 3}, 1);
    h.targets = (hx_targets){.labels = sequence_labels, .second = second_labels};
    check_refused(&h, "no shares");
    close_head(&h);

    open_head(&h, &(hx_head_options){.kind = HX_HEAD_CONTRAST}, 1);
    h.batch.n_sequences = 3;
    check_refused(&h, "pairs");
    close_head(&h);

    open_head(
        &h, &(hx_head_options){.kind = HX_HEAD_BIAFFINE, .n_labels = 3, .width = 4, .name = "tree"},
        1);
    h.targets = (hx_targets){.words = words, .word_starts = word_starts, .labels = relations};
    check_refused(&h, "no heads");
    h.targets.heads = far;
    check_refused(&h, "head 3 of 2 words");
    h.targets.heads = heads;
    h.targets.words = back;
    check_refused(&h, "not behind");
    h.targets.words = NULL;
    check_refused(&h, "needs words");
    close_head(&h);
}

static void test_bad_options(void **state) {
    (void)state;
    const struct {
        hx_head_options options;
        const char *sentence;
    } cases[] = {
        {{.kind = HX_HEAD_SEQUENCE}, "0 labels"},
        {{.kind = HX_HEAD_CRF, .n_labels = HX_NN_TAGS_MAX + 1}, "513 labels"},
        {{.kind = HX_HEAD_LM, .hidden = 8}, "no hidden layer"},
        {{.kind = HX_HEAD_LM, .tap = 3}, "no block 3"},
        {{.kind = HX_HEAD_LM, .dropout = 1}, "makes no sense"},
        {{.kind = HX_HEAD_LM, .smoothing = NAN}, "makes no sense"},
        {{.kind = (hx_head_kind)77}, "not known"},
        {{.kind = HX_HEAD_TOKEN, .n_labels = 2, .hidden = SIZE_MAX}, "too wide"},
    };
    head_test h = {0};
    open_trunk(&h, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hx_error err = {0};
        assert_int_equal(hx_train_head_new(&h.head, h.trunk, &cases[i].options, 1, &err),
                         HX_EINVAL);
        assert_null(h.head);
        if (!strstr(err.message, cases[i].sentence)) fail_msg("%s", err.message);
    }
    hx_head_options twice = {.kind = HX_HEAD_REPLACED};
    hx_train_head *second = NULL;
    assert_int_equal(hx_train_head_new(&h.head, h.trunk, &twice, 1, NULL), HX_OK);
    assert_int_equal(hx_train_head_new(&second, h.trunk, &twice, 1, NULL), HX_ECONFLICT);
    assert_null(second);
    close_head(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_sequences),
        cmocka_unit_test(test_golden_tokens),
        cmocka_unit_test(test_golden_biaffine),
        cmocka_unit_test(test_slopes_sequences),
        cmocka_unit_test(test_slopes_tokens),
        cmocka_unit_test(test_slopes_pairs),
        cmocka_unit_test(test_dropout),
        cmocka_unit_test(test_tap),
        cmocka_unit_test(test_empty_sequences),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_clipped_examples),
        cmocka_unit_test(test_private_learning),
        cmocka_unit_test(test_bad_targets),
        cmocka_unit_test(test_bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
