/* test_real.c - SmolLM2-135M where it is there (HX_MODEL_DIR, else the cache folder): the greedy continuation transformers gives, and
 * that embeddings by sets of kernels agree.
 *
 * The expected ids and text are those of transformers in F32 on the same file. Skipped with a message where the model is absent: builds and
 * tests never fetch it. */
#include "unit/llama/golden_test.h"

#include "tensor/kernels.h"

#define N_NEW 12

static bool model_path(const char *file, char out[512]) {
    const char *folder = getenv("HX_MODEL_DIR"), *home = getenv("HOME");
    if (folder)
        snprintf(out, 512, "%s/%s", folder, file);
    else
        snprintf(out, 512, "%s/.cache/huaxiang/models/%s", home ? home : "", file);
    if (hx_file_exists(out)) return true;
    print_message("skipped: %s is not there\n", out);
    return false;
}

static int32_t likeliest(const float *logits, size_t n) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (logits[i] > logits[best]) best = i;
    return (int32_t)best;
}

static void goes_on_as_transformers_does(void **state) {
    (void)state;
    char path[512];
    if (!model_path("smollm2-135m.gguf", path)) skip();
    hx_llama_options options = {.precision = HX_PRECISION_EXACT};
    hx_llama *m = NULL;
    hx_error err = {0};
    if (hx_llama_open(&m, path, &options, &err) != HX_OK) fail_msg("%s", err.message);
    hx_llama_context *c = golden_context(m, NULL);
    hx_arena *arena = hx_arena_new(0);
    hx_tokens prompt;
    hx_str text = HX_STR_LIT("The capital of France is");
    assert_int_equal(hx_llama_tokenize(m, text, NULL, arena, &prompt, NULL, &err), HX_OK);
    const int32_t expected[] = {504, 3575, 282, 4649, 314};
    assert_int_equal(prompt.n, 5);
    assert_memory_equal(prompt.ids, expected, sizeof expected);
    int32_t out[N_NEW];
    hx_llama_piece p = {
        .ids = prompt.ids, .n = prompt.n, .sequence = 0, .want = HX_WANT_LOGITS_LAST};
    for (size_t i = 0; i < N_NEW; i++) {
        golden_run(c, &p, 1);
        out[i] = likeliest(hx_llama_logits(c, 0, NULL), hx_llama_describe(m)->n_vocab);
        p = (hx_llama_piece){
            .ids = &out[i], .n = 1, .sequence = 0, .want = HX_WANT_LOGITS_LAST, .step = true};
    }
    hx_str said;
    assert_int_equal(hx_llama_detokenize(m, out, N_NEW, false, arena, &said, &err), HX_OK);
    static const char want[] = " Paris.\n\nThe answer is: 201";
    assert_int_equal(said.len, sizeof want - 1);
    assert_memory_equal(said.ptr, want, said.len);
    hx_arena_free(arena);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* Sets of kernels sum floats in different orders, so an activation near a border becomes another 8-bit integer; 30 layers carry it on. */
static float *vectors_by(const char *path, const char *kernels, const hx_str *texts, size_t n,
                         hx_pooling pooling) {
    hx_llama_options options = {.kernels = kernels};
    hx_embed_options how = {.pooling = pooling, .normalize = true};
    hx_llama *m = NULL;
    hx_error err = {0};
    if (hx_llama_open(&m, path, &options, &err) != HX_OK) fail_msg("%s", err.message);
    hx_llama_context *c = golden_context(m, NULL);
    float *out = malloc(n * hx_llama_describe(m)->n_embd * sizeof *out);
    assert_non_null(out);
    if (hx_llama_embed(c, texts, n, &how, out, &err) != HX_OK) fail_msg("%s", err.message);
    hx_llama_context_close(c);
    hx_llama_close(m);
    return out;
}

static void sets_of_kernels_agree(void **state) {
    (void)state;
    const hx_str texts[] = {HX_STR_LIT("The parcel came late and the box was torn."),
                            HX_STR_LIT("Best earphones I have had, thank you!"),
                            HX_STR_LIT("这家餐厅很棒！"), HX_STR_LIT("no")};
    enum { N = sizeof texts / sizeof *texts, WIDTH = 576 };
    char path[512];
    if (!model_path("smollm2-135m.gguf", path) || !hx_kernels_has(HX_KERNELS_AVX512)) skip();
    for (int pooling = HX_POOL_LAST; pooling <= HX_POOL_MEAN; pooling++) {
        float *a = vectors_by(path, "avx2", texts, N, (hx_pooling)pooling);
        float *b = vectors_by(path, "avx512", texts, N, (hx_pooling)pooling);
        for (size_t i = 0; i < N; i++) {
            double cosine = golden_cosine(a + i * WIDTH, b + i * WIDTH, WIDTH);
            if (!(cosine > (pooling == HX_POOL_MEAN ? 0.999 : 0.99)))
                fail_msg("text %zu, pooling %d: cosine %.6f", i, pooling, cosine);
        }
        free(a);
        free(b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_as_transformers_does),
        cmocka_unit_test(sets_of_kernels_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
