/* test_trunk_model.c - trunks of open models: hidden states and gradients of transformers, frozen weights read from their file, chosen layers,
 * and folders written that the engine opens with the same hidden states.
 *
 * Expected rows: tests/golden/llama/make_models.py; gradients: make_gradients.py. */
#include "unit/llama/trunk_test.h"

#include <unistd.h>

#define ERROR 1e-4
#define SHOWN 24

static hx_trunk *of_model(trunk_fixture *f, const hx_llama *m, const hx_trunk_options *options) {
    hx_trunk *t = NULL;
    if (hx_trunk_of_model(&t, m, options, 1, &f->err) != HX_OK) fail_msg("%s", f->err.message);
    return t;
}

/* Hidden states of all sequences of a golden file as one packed batch. */
static void check_hidden(trunk_fixture *f, hx_trunk *t, const golden *g, const char *name) {
    uint32_t starts[GOLDEN_SEQUENCES_MAX + 1] = {0}, ids[1024];
    for (uint32_t i = 0; i < g->n; i++) {
        starts[i + 1] = starts[i] + g->sequences[i].n;
        assert_true(starts[i + 1] <= 1024);
        for (uint32_t j = 0; j < g->sequences[i].n; j++)
            ids[starts[i] + j] = (uint32_t)g->sequences[i].ids[j];
    }
    hx_trunk_batch b = {
        .ids = ids, .n_tokens = starts[g->n], .starts = starts, .n_sequences = g->n};
    const float *hidden = NULL;
    assert_true(hx_trunk_scratch(t, b.n_tokens, g->n, 2) <= TRUNK_SCRATCH);
    if (hx_trunk_forward(t, &f->nn, &b, &hidden, &f->err) != HX_OK) fail_msg("%s", f->err.message);
    for (uint32_t i = 0; i < g->n; i++) {
        double error = golden_error(hidden + starts[i] * g->n_embd, g->sequences[i].hidden,
                                    g->sequences[i].n * g->n_embd);
        if (!(error <= ERROR)) fail_msg("%s: sequence %u: error %g", name, i, error);
    }
}

static void check_model(trunk_fixture *f, const char *name, const hx_trunk_options *options) {
    golden g;
    golden_read(&g, name);
    hx_llama *m = golden_open(name, HX_PRECISION_EXACT, 2);
    hx_trunk *t = of_model(f, m, options);
    check_hidden(f, t, &g, name);
    hx_trunk_free(t);
    hx_llama_close(m);
    golden_release(&g);
}

static void test_hidden(void **state) {
    (void)state;
    trunk_fixture f;
    trunk_open(&f, NULL, 2);
    const hx_trunk_options frozen = {.frozen = true}, half = {.frozen_layers = 1};
    const hx_trunk_options lora = {.frozen = true, .lora_rank = 2, .lora_targets = HX_LORA_ALL};
    for (size_t i = 0; i < GOLDEN_N; i++) {
        check_model(&f, golden_names[i], NULL);
        check_model(&f, golden_names[i], &frozen);
        check_model(&f, golden_names[i], &half);
        check_model(&f, golden_names[i], &lora);
    }
    trunk_close(&f);
}

/* ------------------------------------------------------------------ gradients */
static void check_tensor(FILE *golden_file, hx_trunk *t, const char *name, size_t size) {
    char line[128];
    const hx_param *p = hx_params_find(hx_trunk_params(t), name);
    assert_non_null(p);
    assert_int_equal(p->n, size);
    double most = 0;
    for (size_t i = 0; i < p->n; i++)
        most = fmax(most, fabs((double)p->g[i]));
    for (size_t j = 0; j < (size < SHOWN ? size : SHOWN); j++) {
        assert_non_null(fgets(line, sizeof line, golden_file));
        double want = strtod(line, NULL), got = (double)p->g[j * 7919 % size];
        if (!(fabs(got - want) <= 2e-5 * fmax(most, 1)))
            fail_msg("%s[%zu]: %.9g, autograd has %.9g", name, j * 7919 % size, got, want);
    }
}

/* A line `# MODEL TENSOR SIZE` of this model: cuts out the tensor's name. */
static bool read_head(char *line, const char *model, const char **tensor, size_t *size) {
    size_t length = strlen(model);
    if (strncmp(line, "# ", 2) != 0 || strncmp(line + 2, model, length) != 0) return false;
    char *name = line + 2 + length, *end = strrchr(line, ' ');
    if (*name != ' ' || end <= name) return false;
    *end = '\0';
    *tensor = name + 1;
    *size = (size_t)strtoul(end + 1, NULL, 10);
    return true;
}

static size_t check_gradients(const char *model, const hx_trunk_options *options) {
    trunk_fixture f;
    char line[256];
    const char *tensor = NULL;
    size_t size = 0, n = 0;
    FILE *file = fopen(HX_SOURCE_DIR "/tests/golden/llama/gradients.txt", "r");
    assert_non_null(file);
    trunk_open(&f, NULL, 2);
    hx_llama *m = golden_open(model, HX_PRECISION_EXACT, 2);
    hx_trunk *t = of_model(&f, m, options);
    trunk_gradients(&f, t);
    while (fgets(line, sizeof line, file))
        if (read_head(line, model, &tensor, &size)) {
            check_tensor(file, t, tensor, size);
            n++;
        }
    hx_trunk_free(t);
    hx_llama_close(m);
    trunk_close(&f);
    fclose(file);
    return n;
}

static void test_gradients(void **state) {
    (void)state;
    const hx_trunk_options plain = {.recompute = false}, again = {.recompute = true};
    const char *const names[5] = {"llama_mha", "llama_bias", "llama_yarn", "qwen2_tied",
                                  "qwen3_wide"};
    const size_t tensors[5] = {20, 34, 20, 26, 24};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(check_gradients(names[i], &plain), tensors[i]);
        assert_int_equal(check_gradients(names[i], &again), tensors[i]);
    }
}

/* ------------------------------------------------------------------ layers, folders */
static void test_layers(void **state) {
    (void)state;
    trunk_fixture f;
    trunk_open(&f, NULL, 1);
    hx_llama *m = golden_open("llama_mha", HX_PRECISION_EXACT, 1);
    hx_trunk *all = of_model(&f, m, NULL);
    const size_t second[1] = {1}, wrong[2] = {1, 1};
    hx_trunk_options o = {.keep_layers = 1, .layers = second};
    hx_trunk *t = of_model(&f, m, &o);
    assert_int_equal(hx_trunk_config(t)->n_layers, 1);
    const hx_param *got = hx_params_find(hx_trunk_params(t), "model.layers.0.mlp.down_proj.weight");
    const hx_param *want =
        hx_params_find(hx_trunk_params(all), "model.layers.1.mlp.down_proj.weight");
    assert_memory_equal(got->w, want->w, got->n * sizeof *got->w);
    hx_trunk_free(t);
    hx_trunk_free(all);
    o = (hx_trunk_options){.keep_layers = 2, .layers = wrong};
    assert_int_equal(hx_trunk_of_model(&t, m, &o, 1, &f.err), HX_EINVAL);
    assert_string_equal(f.err.message, "training: kept layers must ascend and be below 2, not 1");
    o = (hx_trunk_options){.keep_layers = 3};
    assert_int_equal(hx_trunk_of_model(&t, m, &o, 1, &f.err), HX_EINVAL);
    assert_string_equal(f.err.message, "training: 3 layers are to be kept, the model has 2");
    hx_llama_close(m);
    trunk_close(&f);
}

static void remove_folder(const char *folder) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s/config.json", folder);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* What the engine gives for the folder must be what the trunk gives. */
static void check_folder(trunk_fixture *f, hx_trunk *t, const char *folder, double most) {
    const float *hidden = NULL;
    f->batch.training = false;
    assert_int_equal(hx_trunk_forward(t, &f->nn, &f->batch, &hidden, &f->err), HX_OK);
    hx_llama_options options = {.precision = HX_PRECISION_EXACT, .n_threads = 2};
    hx_llama *m = NULL;
    if (hx_llama_open(&m, folder, &options, &f->err) != HX_OK) fail_msg("%s", f->err.message);
    hx_llama_context *c = golden_context(m, NULL);
    hx_llama_piece pieces[3];
    for (size_t i = 0; i < 3; i++)
        pieces[i] = (hx_llama_piece){.ids = (const int32_t *)f->ids + trunk_starts[i],
                                     .n = trunk_starts[i + 1] - trunk_starts[i],
                                     .sequence = -1,
                                     .want = HX_WANT_HIDDEN_ALL,
                                     .bidirectional = !trunk_causal[i]};
    golden_run(c, pieces, 3);
    size_t d = hx_trunk_config(t)->n_embd;
    for (size_t i = 0; i < 3; i++) {
        size_t rows = 0;
        const float *got = hx_llama_hidden(c, i, &rows);
        assert_int_equal(rows, pieces[i].n);
        double error = golden_error(got, hidden + trunk_starts[i] * d, rows * d);
        if (!(error <= most)) fail_msg("sequence %zu: error %g", i, error);
    }
    hx_llama_context_close(c);
    hx_llama_close(m);
    f->batch.training = true;
}

static void save(trunk_fixture *f, hx_trunk *t, const char *folder, hx_dtype type, bool heads) {
    if (hx_trunk_save_folder(t, &f->nn, folder, type, heads, &f->err) != HX_OK)
        fail_msg("%s", f->err.message);
}

static void test_folders(void **state) {
    (void)state;
    trunk_fixture f;
    trunk_open(&f, NULL, 2);
    const char *const names[3] = {"llama", "qwen2", "qwen3"};
    const hx_trunk_options lora = {.lora_rank = 3, .lora_targets = HX_LORA_ALL};
    for (size_t i = 0; i < 6; i++) {
        char folder[] = "/tmp/hx_test_trunk_XXXXXX";
        assert_non_null(mkdtemp(folder));
        hx_trunk *t = trunk_new(&f, names[i % 3], i < 3, i < 3 ? NULL : &lora);
        trunk_stir(t);
        save(&f, t, folder, HX_DTYPE_F32, false);
        check_folder(&f, t, folder, ERROR);
        save(&f, t, folder, HX_DTYPE_F16, false);
        check_folder(&f, t, folder, 0.02);
        hx_trunk_free(t);
        remove_folder(folder);
    }
    trunk_close(&f);
}

/* A head and its labels beside weights that stay as the file has them, adapted. */
static void test_folder_of_model(void **state) {
    (void)state;
    trunk_fixture f;
    trunk_open(&f, NULL, 2);
    char folder[] = "/tmp/hx_test_trunk_XXXXXX";
    assert_non_null(mkdtemp(folder));
    hx_llama *m = golden_open("gguf_chat", HX_PRECISION_EXACT, 2);
    const hx_trunk_options o = {.frozen = true, .lora_rank = 3, .lora_targets = HX_LORA_ALL};
    hx_trunk *t = of_model(&f, m, &o);
    const uint64_t dims[2] = {2, hx_trunk_config(t)->n_embd};
    const hx_str labels[2] = {HX_STR_LIT("bad"), HX_STR_LIT("good")};
    size_t index = 0;
    assert_int_equal(
        hx_params_add(hx_trunk_params(t), "score.weight", 2, dims, 3, true, &index, &f.err), HX_OK);
    trunk_stir(t);
    assert_int_equal(hx_trunk_set_labels(t, labels, 2, false, false, &f.err), HX_OK);
    assert_int_equal(hx_trunk_set_labels(t, labels, 0, false, false, &f.err), HX_EINVAL);
    save(&f, t, folder, HX_DTYPE_F32, true);
    check_folder(&f, t, folder, ERROR);
    hx_llama *saved = NULL;
    assert_int_equal(hx_llama_open(&saved, folder, NULL, &f.err), HX_OK);
    assert_int_equal(hx_llama_describe(saved)->n_labels, 2);
    assert_string_equal(hx_llama_label(saved, 1), "good");
    hx_llama_close(saved);
    assert_int_equal(hx_trunk_merge(t, &f.nn, &f.err), HX_OK);
    check_folder(&f, t, folder, ERROR);
    hx_trunk_free(t);
    hx_llama_close(m);
    remove_folder(folder);
    trunk_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hidden),          cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_layers),          cmocka_unit_test(test_folders),
        cmocka_unit_test(test_folder_of_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
