/* test_convert.c - conversion and quantising on the tiny models of tests/golden/llama: there and back bit for bit, the same logits out of
 * either format, the types that each tensor gets, and what is refused.
 *
 * Reference: the folders and files of tests/golden/llama/make_models.py, whose logits llama's own tests hold against transformers. */
#include "unit/model/model_test.h"

#include <math.h>

#include "base/file.h"
#include "huaxiang/llama.h"
#include "huaxiang/model.h"
#include "llama/config.h"
#include "model/hf_out.h"
#include "model/names.h"
#include "tensor/tensor_file.h"

#define GOLDEN HX_SOURCE_DIR "/tests/golden/llama/"

static const char *const folders[] = {"llama_bias", "llama_classes", "llama_linear", "llama_llama3",
                                      "llama_mha",  "llama_shards",  "llama_yarn"};

typedef char path_buf[256];

static void spell(path_buf out, const char *folder, const char *name) {
    assert_true(snprintf(out, sizeof(path_buf), "%s/%s", folder, name) < (int)sizeof(path_buf));
}

static void assert_ok(hx_status st, const hx_error *err) {
    if (st != HX_OK) fail_msg("%s", err->message);
}

static hx_tensor_file *open_weights(const char *folder) {
    path_buf path;
    hx_error err = {0};
    hx_tensor_file *f = NULL;
    spell(path, folder, "model.safetensors");
    if (!hx_file_exists(path)) spell(path, folder, "model.safetensors.index.json");
    assert_ok(hx_tensor_file_open(&f, path, &err), &err);
    return f;
}

/* ------------------------------------------------------------------ there and back */
static void assert_same_tensors(const char *a_folder, const char *b_folder) {
    hx_tensor_file *a = open_weights(a_folder), *b = open_weights(b_folder);
    assert_int_equal(hx_tensor_file_count(a), hx_tensor_file_count(b));
    for (size_t i = 0; i < hx_tensor_file_count(a); i++) {
        const hx_tensor_entry *x = hx_tensor_file_at(a, i),
                              *y = hx_tensor_file_find(b, x->name.ptr);
        if (!y) fail_msg("%s: %s is missing", b_folder, x->name.ptr);
        assert_int_equal(x->type, y->type);
        assert_int_equal(x->bytes, y->bytes);
        if (memcmp(x->data, y->data, x->bytes) != 0) fail_msg("%s: %s", b_folder, x->name.ptr);
    }
    hx_tensor_file_close(a);
    hx_tensor_file_close(b);
}

static void folders_go_there_and_back(void **state) {
    (void)state;
    char work[64];
    path_buf from, file, back;
    test_directory(work);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        hx_error err = {0};
        spell(from, GOLDEN, folders[i]);
        spell(file, work, "x.gguf");
        spell(back, work, folders[i]);
        assert_ok(hx_model_convert(from, HX_MODEL_GGUF, file, NULL, &err), &err);
        assert_ok(hx_model_convert(file, HX_MODEL_HF, back, NULL, &err), &err);
        assert_same_tensors(from, back);
    }
    test_remove_tree(work);
}

/* Runs ids 3, 4, ... by F32 arithmetic; `n` numbers of the last token to `out`. */
static void run_model(const char *path, bool head, float *out, size_t n) {
    const hx_llama_options options = {.precision = HX_PRECISION_EXACT, .n_threads = 1};
    hx_error err = {0};
    hx_llama *m = NULL;
    hx_llama_context *c = NULL;
    int32_t ids[24];
    size_t rows = 0;
    for (int32_t i = 0; i < 24; i++)
        ids[i] = 3 + i * 2;
    assert_ok(hx_llama_open(&m, path, &options, &err), &err);
    assert_ok(hx_llama_context_open(&c, m, NULL, &err), &err);
    const hx_llama_piece piece = {
        .ids = ids, .n = 24, .sequence = -1, .want = head ? HX_WANT_HEAD : HX_WANT_LOGITS_LAST};
    assert_ok(hx_llama_run(c, &piece, 1, &err), &err);
    const float *got = head ? hx_llama_head(c, 0, &rows) : hx_llama_logits(c, 0, &rows);
    assert_non_null(got);
    memcpy(out, got, n * sizeof *out);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

static void both_formats_run_alike(void **state) {
    (void)state;
    char work[64];
    path_buf from, file, back;
    test_directory(work);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        float a[96] = {0}, b[96] = {0}, c[96] = {0};
        hx_error err = {0};
        bool head = strcmp(folders[i], "llama_classes") == 0;
        size_t n = head ? 3 : 96;
        spell(from, GOLDEN, folders[i]);
        spell(file, work, "x.gguf");
        spell(back, work, folders[i]);
        assert_ok(hx_model_convert(from, HX_MODEL_GGUF, file, NULL, &err), &err);
        assert_ok(hx_model_convert(file, HX_MODEL_HF, back, NULL, &err), &err);
        run_model(from, head, a, n);
        run_model(file, head, b, n);
        run_model(back, head, c, n);
        for (size_t k = 0; k < n; k++) {
            if (fabsf(a[k] - b[k]) > 1e-5f * (1 + fabsf(a[k])))
                fail_msg("%s as GGUF: %zu: %g, not %g", folders[i], k, (double)b[k], (double)a[k]);
            if (fabsf(a[k] - c[k]) > 1e-5f * (1 + fabsf(a[k])))
                fail_msg("%s and back: %zu: %g, not %g", folders[i], k, (double)c[k], (double)a[k]);
        }
    }
    test_remove_tree(work);
}

static void tokenizers_go_there_and_back(void **state) {
    (void)state;
    static const char *const texts[] = {"Hello, world 1234!", "这家餐厅很棒！", " two  blanks\n\tx",
                                        "<|im_start|>user", ""};
    char work[64];
    path_buf back, again;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    const hx_llama_options options = {.tokenizer_only = true};
    hx_llama *models[3] = {NULL};
    test_directory(work);
    spell(back, work, "folder");
    spell(again, work, "again.gguf");
    assert_ok(hx_model_convert(GOLDEN "gguf_chat.gguf", HX_MODEL_HF, back, NULL, &err), &err);
    assert_ok(hx_model_convert(back, HX_MODEL_GGUF, again, NULL, &err), &err);
    assert_ok(hx_llama_open(&models[0], GOLDEN "gguf_chat.gguf", &options, &err), &err);
    assert_ok(hx_llama_open(&models[1], back, &options, &err), &err);
    assert_ok(hx_llama_open(&models[2], again, &options, &err), &err);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const hx_chat_message message = {"user", hx_str_of(texts[i])};
        hx_tokens plain[3], chat[3];
        for (size_t k = 0; k < 3; k++) {
            assert_ok(
                hx_llama_tokenize(models[k], message.content, NULL, arena, &plain[k], NULL, &err),
                &err);
            assert_ok(hx_llama_chat(models[k], &message, 1, true, arena, &chat[k], &err), &err);
            assert_int_equal(plain[k].n, plain[0].n);
            assert_int_equal(chat[k].n, chat[0].n);
            if (plain[0].n > 0)
                assert_memory_equal(plain[k].ids, plain[0].ids, plain[0].n * sizeof(int32_t));
            assert_memory_equal(chat[k].ids, chat[0].ids, chat[0].n * sizeof(int32_t));
        }
    }
    for (size_t k = 0; k < 3; k++)
        hx_llama_close(models[k]);
    hx_arena_free(arena);
    test_remove_tree(work);
}

/* ------------------------------------------------------------------ types */
static void assert_type(const char *path, const char *tensor, const char *type) {
    hx_error err = {0};
    hx_tensor_file *f = NULL;
    assert_ok(hx_tensor_file_open(&f, path, &err), &err);
    const hx_tensor_entry *t = hx_tensor_file_find(f, tensor);
    assert_non_null(t);
    if (strcmp(hx_dtype_describe(t->type)->name, type) != 0)
        fail_msg("%s is %s, not %s", tensor, hx_dtype_describe(t->type)->name, type);
    hx_tensor_file_close(f);
}

/* Rows of 32 and 64 elements: K blocks of 256 do not fit, so the types that take their place are seen. */
static void each_tensor_gets_its_type(void **state) {
    (void)state;
    static const struct {
        const char *type, *matrix, *output;
    } cases[] = {{"q8_0", "Q8_0", "Q8_0"}, {"q4_0", "Q4_0", "Q8_0"}, {"q4_1", "Q4_1", "Q8_0"},
                 {"q4_k", "Q5_0", "Q8_0"}, {"q6_k", "Q8_0", "Q8_0"}, {"f16", "F16", "F16"},
                 {"bf16", "BF16", "BF16"}, {"f32", "F32", "F32"}};
    char work[64];
    path_buf out;
    test_directory(work);
    spell(out, work, "out.gguf");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_error err = {0};
        assert_ok(hx_model_quantize(GOLDEN "llama_llama3", cases[i].type, out, NULL, &err), &err);
        assert_type(out, "blk.0.attn_q.weight", cases[i].matrix);
        assert_type(out, "token_embd.weight", cases[i].output); /* tied */
        assert_type(out, "blk.1.ffn_norm.weight", "F32");
        assert_type(out, "rope_freqs.weight", "F32");
    }
    hx_error err = {0};
    assert_ok(hx_model_quantize(GOLDEN "llama_classes", "q4_0", out, NULL, &err), &err);
    assert_type(out, "cls.output.weight", "F32");
    test_remove_tree(work);
}

static void quantised_models_stay_close(void **state) {
    (void)state;
    static const struct {
        const char *type;
        double least; /* cosine to the logits of F32 */
    } cases[] = {{"f32", 0.999999}, {"f16", 0.99999}, {"q8_0", 0.998}, {"q4_0", 0.9}};
    char work[64];
    path_buf out;
    float exact[96], got[96];
    test_directory(work);
    spell(out, work, "out.gguf");
    run_model(GOLDEN "llama_mha", false, exact, 96);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_error err = {0};
        double dot = 0, a = 0, b = 0;
        assert_ok(hx_model_quantize(GOLDEN "llama_mha", cases[i].type, out, NULL, &err), &err);
        run_model(out, false, got, 96);
        for (size_t k = 0; k < 96; k++) {
            dot += (double)exact[k] * (double)got[k];
            a += (double)exact[k] * (double)exact[k];
            b += (double)got[k] * (double)got[k];
        }
        if (!(dot / sqrt(a * b) >= cases[i].least))
            fail_msg("%s: cosine %g", cases[i].type, dot / sqrt(a * b));
    }
    test_remove_tree(work);
}

static void threads_do_not_matter(void **state) {
    (void)state;
    char work[64];
    path_buf one, three;
    hx_error err = {0};
    hx_model_check a, b;
    const hx_convert_options options = {.n_threads = 1}, more = {.n_threads = 3};
    test_directory(work);
    spell(one, work, "one.gguf");
    spell(three, work, "three.gguf");
    assert_ok(hx_model_quantize(GOLDEN "llama_mha", "q4_1", one, &options, &err), &err);
    assert_ok(hx_model_quantize(GOLDEN "llama_mha", "q4_1", three, &more, &err), &err);
    assert_ok(hx_model_verify(NULL, one, NULL, &a, &err), &err);
    assert_ok(hx_model_verify(NULL, three, NULL, &b, &err), &err);
    assert_string_equal(a.sha256, b.sha256);
    test_remove_tree(work);
}

/* ------------------------------------------------------------------ what is refused */
static void assert_refused(hx_status got, hx_status want, hx_error *err, const char *sentence) {
    if (got != want || !strstr(err->message, sentence))
        fail_msg("%d '%s', not %d '%s'", (int)got, err->message, (int)want, sentence);
    *err = (hx_error){0};
}

static void wrong_requests_are_refused(void **state) {
    (void)state;
    char work[64];
    path_buf out, broken;
    volatile int stop = 0;
    hx_error err = {0};
    const hx_convert_options stopped = {.cancel = &stop}, q8 = {.type = "q8_0"};
    hx_flag_raise(&stop);
    test_directory(work);
    spell(out, work, "out.gguf");
    spell(broken, work, "config.json");
    assert_refused(hx_model_quantize(GOLDEN "gguf_chat.gguf", "q9", out, NULL, &err), HX_EINVAL,
                   &err, "'q9' is no type");
    assert_refused(hx_model_convert(GOLDEN "gguf_chat.gguf", HX_MODEL_GGUF, out, NULL, &err),
                   HX_EINVAL, &err, "is no folder");
    assert_refused(hx_model_convert(GOLDEN "llama_mha", HX_MODEL_HF, out, NULL, &err), HX_EINVAL,
                   &err, "already");
    assert_refused(hx_model_convert(GOLDEN "gguf_chat.gguf", HX_MODEL_HF, out, &q8, &err),
                   HX_EINVAL, &err, "f32, f16 or bf16");
    assert_refused(hx_model_convert(work, HX_MODEL_GGUF, out, NULL, &err), HX_ENOTFOUND, &err,
                   "config.json");
    assert_int_equal(hx_file_write(broken, HX_STR_LIT("{\"model_type\":\"llama\"}"), false, &err),
                     HX_OK);
    assert_refused(hx_model_convert(work, HX_MODEL_GGUF, out, NULL, &err), HX_ENOTFOUND, &err,
                   "neither model.safetensors nor");
    assert_refused(hx_model_quantize(GOLDEN "llama_mha", "q4_0", out, &stopped, &err),
                   HX_ECANCELLED, &err, "stopped");
    assert_false(hx_file_exists(out)); /* nothing half-written takes the name */
    test_remove_tree(work);
}

#define YARN                                                                                       \
    "{\"model_type\":\"llama\",\"hidden_size\":32,\"num_hidden_layers\":2,"                        \
    "\"num_attention_heads\":4,\"intermediate_size\":64,\"vocab_size\":96,"                        \
    "\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":4,\"truncate\":false}}"

/* A ramp between whole dimensions would turn keys otherwise: GGUF can't say that it has fractions, folders can. */
static void fractions_of_a_ramp_are_not_lost(void **state) {
    (void)state;
    char work[64];
    path_buf out, config, weights;
    hx_error err = {0};
    test_directory(work);
    spell(out, work, "out.gguf");
    spell(config, work, "config.json");
    spell(weights, work, "model.safetensors");
    assert_ok(hx_file_write(config, HX_STR_LIT(YARN), false, &err), &err);
    assert_int_equal(symlink(GOLDEN "llama_yarn/model.safetensors", weights), 0);
    assert_refused(hx_model_convert(work, HX_MODEL_GGUF, out, NULL, &err), HX_EUNSUPPORTED, &err,
                   "truncate: false");
    assert_false(hx_file_exists(out));
    hx_config c, again;
    hx_buf json;
    hx_buf_init(&json, 1 << 16);
    assert_ok(hx_config_read_json(&c, HX_STR_LIT(YARN), "config.json", &err), &err);
    hx_config_write_json(&c, HX_DTYPE_F32, false, false, &json);
    assert_ok(hx_config_read_json(&again, hx_buf_str(&json), "config.json", &err), &err);
    assert_true(again.rope.keep_fractions);
    hx_config_release(&again);
    hx_config_release(&c);
    hx_buf_release(&json);
    test_remove_tree(work);
}

/* ------------------------------------------------------------------ names */
static void names_go_there_and_back(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"token_embd.weight", "model.embed_tokens.weight"},
        {"output_norm.weight", "model.norm.weight"},
        {"output.weight", "lm_head.weight"},
        {"cls.output.weight", "score.weight"},
        {"blk.0.attn_q.weight", "model.layers.0.self_attn.q_proj.weight"},
        {"blk.31.attn_k.bias", "model.layers.31.self_attn.k_proj.bias"},
        {"blk.7.ffn_down.weight", "model.layers.7.mlp.down_proj.weight"},
        {"blk.7.attn_k_norm.weight", "model.layers.7.self_attn.k_norm.weight"}};
    static const char *const unknown[] = {"",
                                          "weight",
                                          "blk.x.attn_q.weight",
                                          "blk.1",
                                          "blk.1.",
                                          "blk..attn_q.weight",
                                          "visual.weight",
                                          "blk.1.attn_q",
                                          "model.layers.0.mlp.experts.0.weight"};
    hx_tensor_name name;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_true(hx_tensor_name_to_hf(hx_str_of(pairs[i][0]), name));
        assert_string_equal(name, pairs[i][1]);
        assert_true(hx_tensor_name_to_gguf(hx_str_of(pairs[i][1]), name));
        assert_string_equal(name, pairs[i][0]);
    }
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_false(hx_tensor_name_to_hf(hx_str_of(unknown[i]), name));
        assert_false(hx_tensor_name_to_gguf(hx_str_of(unknown[i]), name));
    }
    assert_true(hx_tensor_name_to_gguf(HX_STR_LIT("layers.2.input_layernorm.weight"), name));
    assert_string_equal(name, "blk.2.attn_norm.weight"); /* a bare trunk */
    assert_true(hx_tensor_name_is_idle(HX_STR_LIT("model.layers.0.self_attn.rotary_emb.inv_freq")));
    assert_false(hx_tensor_name_is_idle(HX_STR_LIT("inv_freq")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_go_there_and_back),
        cmocka_unit_test(both_formats_run_alike),
        cmocka_unit_test(tokenizers_go_there_and_back),
        cmocka_unit_test(each_tensor_gets_its_type),
        cmocka_unit_test(quantised_models_stay_close),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(wrong_requests_are_refused),
        cmocka_unit_test(names_go_there_and_back),
        cmocka_unit_test(fractions_of_a_ramp_are_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
