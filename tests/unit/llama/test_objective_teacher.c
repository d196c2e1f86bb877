/* test_objective_teacher.c - heads beside a teacher: logits made 64 rows at a time are those of the whole batch, rows it says nothing of learn
 * from their labels alone; hidden states by squares and by cosine, through a projection, after a block, by slopes; what is left out of the folder. */
#include "unit/llama/objective_test.h"

#include "base/file.h"
#include "unit/model/model_test.h"

static const uint32_t labels[T] = {10, 3, 1, HX_NN_IGNORE, 2, 7, HX_NN_IGNORE, 1, 0};
static const uint32_t ids[T] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const bool some[T] = {true, false, true, true, false, true, false, false, true};

typedef struct {
    const float *all; /* (T, V) */
    size_t n_rows;
} said;

static void give_rows(void *context, const uint32_t *rows, size_t n, float *logits) {
    said *s = context;
    for (size_t i = 0; i < n; i++) {
        assert_true(i == 0 || rows[i] > rows[i - 1]);
        memcpy(logits + i * V, s->all + rows[i] * V, V * sizeof *logits);
    }
    s->n_rows += n;
}

static void test_rows_are_asked_for(void **state) {
    (void)state;
    head_test h;
    open_head(&h, &(hx_head_options){.kind = HX_HEAD_LM, .temperature = 2}, 2);
    said s = {.all = nn_random(&h.t, T * V)};
    float *first = nn_zeros(&h.t, T * D);
    h.targets = (hx_targets){.labels = labels, .teacher_logits = s.all, .teacher_share = 0.75f};
    double whole = run(&h, first).loss;
    h.targets.teacher_logits = NULL;
    h.targets.teacher = give_rows;
    h.targets.teacher_context = &s;
    assert_true(run(&h, h.dhidden).loss == whole);
    assert_int_equal(s.n_rows, 7);
    assert_memory_equal(first, h.dhidden, T * D * sizeof *first);
    close_head(&h);
}

/* What is taught and what is not are two batches in one. */
static void test_untaught_rows(void **state) {
    (void)state;
    head_test h;
    uint32_t taught[T], others[T];
    open_head(&h, &(hx_head_options){.kind = HX_HEAD_LM}, 1);
    float *logits = nn_random(&h.t, T * V), *parts = nn_zeros(&h.t, T * D);
    for (size_t i = 0; i < T; i++) {
        taught[i] = some[i] ? labels[i] : HX_NN_IGNORE;
        others[i] = some[i] ? HX_NN_IGNORE : labels[i];
    }
    h.targets = (hx_targets){.labels = taught, .teacher_logits = logits, .teacher_share = 0.5f};
    double a = run(&h, parts).loss;
    h.targets = (hx_targets){.labels = others};
    double b = run(&h, parts).loss;
    h.targets = (hx_targets){
        .labels = labels, .teacher_logits = logits, .teacher_share = 0.5f, .taught = some};
    assert_true(fabs(run(&h, h.dhidden).loss - a - b) <= 1e-6 * (a + b));
    nn_check_near(h.dhidden, parts, T * D, "both parts");
    check_slopes(&h, "taught rows");
    close_head(&h);

    open_head(&h, &(hx_head_options){.kind = HX_HEAD_TOKEN, .n_labels = V, .name = "tag"}, 1);
    logits = nn_random(&h.t, T * V);
    h.targets = (hx_targets){
        .labels = labels, .teacher_logits = logits, .teacher_share = 1, .taught = some};
    check_slopes(&h, "taught words");
    memset(h.dhidden, 0, T * D * sizeof *h.dhidden);
    run(&h, h.dhidden);
    for (size_t i = 0; i < T; i++)
        for (size_t k = 0; k < D; k++)
            assert_true(some[i] && labels[i] != HX_NN_IGNORE ? h.dhidden[i * D + k] != 0
                                                             : h.dhidden[i * D + k] == 0);
    close_head(&h);
}

static void test_hidden_slopes(void **state) {
    (void)state;
    static const size_t widths[] = {0, 4, 9};
    for (int i = 0; i < 12; i++) {
        head_test h;
        bool pooled = i % 2;
        size_t width = widths[i / 2 % 3];
        hx_head_options o = {.kind = pooled ? HX_HEAD_SEQUENCE : HX_HEAD_LM,
                             .n_labels = 3,
                             .name = "task",
                             .mean = i % 4 == 1,
                             .teacher_width = width,
                             .teacher_cosine = i >= 6};
        open_head(&h, &o, 2);
        h.targets = (hx_targets){.teacher_hidden = nn_random(
                                     &h.t, (pooled ? (size_t)S : (size_t)T) * (width ? width : D)),
                                 .hidden_share = 0.7f,
                                 .taught = some};
        if (!pooled) h.targets.labels = labels;
        check_slopes(&h, o.teacher_cosine ? "cosine" : "squares");
        bool projected = hx_params_find(hx_trunk_params(h.trunk), "teacher.heads.task.weight");
        assert_true(projected == (width > 0));
        close_head(&h);
    }
}

static float *tap_of(const head_test *h) {
    return (float *)(uintptr_t)hx_trunk_tap(h->trunk);
}

/* After a block the gradient goes to dtap, by as much as the loss changes with the stream there. */
static void test_blocks(void **state) {
    (void)state;
    for (int pooled = 0; pooled < 2; pooled++) {
        head_test h;
        hx_error err = {0};
        const float *hidden;
        float dtap[T * D] = {0};
        hx_objective_result r;
        hx_head_options o = {.kind = pooled ? HX_HEAD_SEQUENCE : HX_HEAD_LM,
                             .n_labels = 3,
                             .mean = true,
                             .teacher_width = 5,
                             .teacher_block = 1};
        open_head(&h, &o, 2);
        h.batch.ids = ids;
        h.batch.training = true;
        h.targets = (hx_targets){.teacher_hidden = nn_random(&h.t, T * 5), .hidden_share = 1};
        assert_int_equal(hx_train_head_loss(h.head, &h.t.nn, &h.batch, h.hidden, &h.targets, 1,
                                            h.dhidden, dtap, &r, &err),
                         HX_EINVAL);
        assert_non_null(strstr(err.message, "compared with block 1"));
        h.batch.tap = 1;
        assert_true(hx_trunk_scratch(h.trunk, T, S, 2) <= SCRATCH_BYTES);
        assert_int_equal(hx_trunk_forward(h.trunk, &h.t.nn, &h.batch, &hidden, &err), HX_OK);
        assert_int_equal(hx_train_head_loss(h.head, &h.t.nn, &h.batch, h.hidden, &h.targets, 1,
                                            h.dhidden, dtap, &r, &err),
                         HX_OK);
        for (size_t i = 0; i < T * D; i++)
            assert_true(h.dhidden[i] == 0);
        nn_check_slopes(loss_alone, &h, tap_of(&h), T * D, dtap, "stream");
        close_head(&h);
    }
}

static void test_bad_blocks(void **state) {
    (void)state;
    const hx_head_options cases[] = {
        {.kind = HX_HEAD_LM, .teacher_block = 3},
        {.kind = HX_HEAD_LM, .teacher_block = 1, .tap = 2},
    };
    head_test h = {0};
    open_trunk(&h, 1);
    for (size_t i = 0; i < 2; i++) {
        hx_error err = {0};
        assert_int_equal(hx_train_head_new(&h.head, h.trunk, &cases[i], 1, &err), HX_EINVAL);
        if (!strstr(err.message, "can't be compared with block")) fail_msg("%s", err.message);
    }
    close_head(&h);
}

static bool holds(const char *path, const char *name) {
    hx_buf b;
    hx_buf_init(&b, 1 << 24);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    bool found = memmem(b.ptr, b.len, name, strlen(name)) != NULL;
    hx_buf_release(&b);
    return found;
}

static void test_projections_stay_behind(void **state) {
    (void)state;
    head_test h;
    hx_error err = {0};
    char folder[] = "/tmp/hx-teacher-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    open_head(
        &h,
        &(hx_head_options){.kind = HX_HEAD_TOKEN, .n_labels = 2, .name = "tag", .teacher_width = 5},
        1);
    hx_status status = hx_trunk_save_folder(h.trunk, &h.t.nn, folder, HX_DTYPE_F32, true, &err);
    if (status != HX_OK) fail_msg("%s", err.message);
    (void)snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_true(holds(path, "heads.tag.weight"));
    assert_false(holds(path, "teacher."));
    test_remove_tree(folder);
    close_head(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_asked_for), cmocka_unit_test(test_untaught_rows),
        cmocka_unit_test(test_hidden_slopes),      cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_bad_blocks),         cmocka_unit_test(test_projections_stay_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
