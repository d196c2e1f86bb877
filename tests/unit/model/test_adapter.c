/* test_adapter.c - LoRA adapters of PEFT: merged logits against peft's own, the head that an adapter brings, export and import, refusals.
 *
 * Reference: tests/golden/model/make_adapter.py. */
#include "unit/model/model_test.h"

#include <math.h>

#include "base/file.h"
#include "huaxiang/llama.h"
#include "huaxiang/model.h"
#include "model/adapter.h"
#include "model/reshape.h"

#define BASE HX_SOURCE_DIR "/tests/golden/llama/llama_mha"
#define GOLDEN HX_SOURCE_DIR "/tests/golden/model/"
#define LOGITS_MAX 512
#define HEADS_WIDTH 32 /* of BASE */

typedef char path_buf[256];

static void spell(path_buf out, const char *folder, const char *name) {
    assert_true(snprintf(out, sizeof(path_buf), "%s/%s", folder, name) < (int)sizeof(path_buf));
}

static void assert_ok(hx_status st, const hx_error *err) {
    if (st != HX_OK) fail_msg("%s", err->message);
}

static size_t read_logits(const char *path, float out[LOGITS_MAX]) {
    hx_error err = {0};
    hx_buf text;
    size_t n = 0;
    hx_buf_init(&text, 1u << 20);
    assert_ok(hx_file_read(path, &text, &err), &err);
    (void)hx_buf_append_byte(&text, '\0');
    char *end = text.ptr;
    for (char *at = text.ptr; n < LOGITS_MAX; n++, at = end) {
        out[n] = strtof(at, &end);
        if (end == at) break;
    }
    hx_buf_release(&text);
    return n;
}

/* Ids 3, 5, ..., 49 by F32 arithmetic: the greatest difference from `expected`. */
static double difference(const char *path, bool head, const float *expected, size_t n) {
    const hx_llama_options options = {.precision = HX_PRECISION_EXACT, .n_threads = 1};
    hx_error err = {0};
    hx_llama *m = NULL;
    hx_llama_context *c = NULL;
    int32_t ids[24];
    double most = 0;
    for (int32_t i = 0; i < 24; i++)
        ids[i] = 3 + i * 2;
    assert_ok(hx_llama_open(&m, path, &options, &err), &err);
    assert_int_equal(head ? hx_llama_describe(m)->n_labels : hx_llama_describe(m)->n_vocab, n);
    assert_ok(hx_llama_context_open(&c, m, NULL, &err), &err);
    const hx_llama_piece piece = {
        .ids = ids, .n = 24, .sequence = -1, .want = head ? HX_WANT_HEAD : HX_WANT_LOGITS_LAST};
    assert_ok(hx_llama_run(c, &piece, 1, &err), &err);
    const float *got = head ? hx_llama_head(c, 0, NULL) : hx_llama_logits(c, 0, NULL);
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)got[i] - (double)expected[i]));
    hx_llama_context_close(c);
    hx_llama_close(m);
    return most;
}

static void merged_models_are_those_of_peft(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool head;
    } cases[] = {{"adapter", false}, {"adapter_scores", true}};
    char work[32];
    path_buf adapter, logits, out, gguf;
    test_directory(work);
    spell(gguf, work, "base.gguf");
    hx_error err = {0};
    assert_ok(hx_model_convert(BASE, HX_MODEL_GGUF, gguf, NULL, &err), &err);
    for (size_t i = 0; i < 2; i++)
        for (size_t way = 0; way < 3; way++) {
            float expected[LOGITS_MAX];
            spell(adapter, GOLDEN, cases[i].name);
            spell(logits, adapter, "logits.txt");
            spell(out, work, way == 2 ? "merged.gguf" : "merged");
            size_t n = read_logits(logits, expected);
            const hx_reshape_options reshape = {.adapter = adapter};
            assert_ok(hx_model_reshape(way == 1 ? gguf : BASE,
                                       way == 2 ? HX_MODEL_GGUF : HX_MODEL_HF, out, &reshape, NULL,
                                       &err),
                      &err);
            double most = difference(out, cases[i].head, expected, n);
            if (most > 1e-4) fail_msg("%s, way %zu: %g", cases[i].name, way, most);
        }
    test_remove_tree(work);
}

static void what_does_not_fit_is_named(void **state) {
    (void)state;
    static const char *const configs[][2] = {
        {"{\"peft_type\":\"IA3\",\"lora_alpha\":1}", "peft_type is IA3"},
        {"{\"peft_type\":\"LORA\",\"lora_alpha\":1,\"use_dora\":true}", "use_dora"},
        {"{\"peft_type\":\"LORA\"}", "lora_alpha is no number"},
        {"{\"peft_type\":", "adapter_config.json"}};
    char work[32];
    path_buf path, other, folder;
    hx_error err = {0};
    hx_adapter *a = NULL;
    test_directory(work);
    spell(path, work, "adapter_config.json");
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        assert_ok(hx_file_write(path, hx_str_of(configs[i][0]), false, &err), &err);
        assert_int_not_equal(hx_adapter_open(&a, work, &err), HX_OK);
        if (!strstr(err.message, configs[i][1])) fail_msg("%s", err.message);
    }
    spell(other, HX_SOURCE_DIR "/tests/golden/llama", "llama_llama3");
    spell(folder, GOLDEN, "adapter");
    const hx_reshape_options reshape = {.adapter = folder};
    spell(path, work, "x");
    assert_int_equal(hx_model_reshape(other, HX_MODEL_HF, path, &reshape, NULL, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "adapter"));
    assert_int_equal(hx_adapter_open(&a, "/nowhere", &err), HX_ENOTFOUND);
    test_remove_tree(work);
}

static void exported_adapters_come_back(void **state) {
    (void)state;
    static const char *const names[] = {
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight", "score.weight",
        "model.norm.weight"};
    static const uint64_t dims[][2] = {{2, 6}, {4, 2}, {3, 6}, {6, 1}};
    char work[32];
    hx_error err = {0};
    hx_params *p = NULL;
    hx_adapter *a = NULL;
    hx_adapter_part *part = NULL;
    test_directory(work);
    assert_ok(hx_params_new(&p, &err), &err);
    for (size_t i = 0; i < 4; i++) {
        size_t index;
        assert_ok(hx_params_add(p, names[i], i == 3 ? 1 : 2, dims[i], 0, true, &index, &err), &err);
        for (size_t k = 0; k < hx_params_at(p, index)->n; k++)
            hx_params_at(p, index)->w[k] = (float)(k + 1);
    }
    const hx_adapter_options o = {.rank = 2, .alpha = 6, .classifies = true};
    assert_ok(hx_adapter_export(p, &o, work, &err), &err);
    assert_ok(hx_adapter_open(&a, work, &err), &err);
    assert_int_equal(hx_adapter_count(a), 2);
    assert_ok(hx_adapter_find(a, "model.layers.0.self_attn.q_proj.weight", 4, 6, &part, &err),
              &err);
    float row[6] = {0};
    hx_adapter_add_row(part, 1, row, 6);
    for (size_t c = 0; c < 6; c++) /* 3 (B[1] A[:, c]) = 3 (3 (c + 1) + 4 (c + 7)) */
        assert_true(fabs((double)row[c] - 3.0 * (3.0 * (double)(c + 1) + 4.0 * (double)(c + 7))) <
                    1e-3);
    assert_ok(hx_adapter_find(a, "score.weight", 3, 6, &part, &err), &err);
    assert_non_null(part->instead);
    assert_int_equal(hx_adapter_find(a, "score.weight", 4, 6, &part, &err), HX_EFORMAT);
    hx_adapter_close(a);
    hx_params_free(p);
    assert_ok(hx_params_new(&p, &err), &err);
    assert_int_equal(hx_adapter_export(p, &o, work, &err), HX_EINVAL);
    hx_params_free(p);
    test_remove_tree(work);
}

static const char heads_config[] = "{\"peft_type\":\"LORA\",\"lora_alpha\":4,\"huaxiang.heads\":[{"
                                   "\"name\":\"mood\",\"kind\":\"label\","
                                   "\"pooling\":\"mean\",\"bidirectional\":false,\"tap\":0,"
                                   "\"hidden\":0,\"labels\":[\"bad\",\"good\"]}]}";

static hx_status put_ones(void *context, hx_tensor_sink *out, hx_error *err) {
    const float one = 1;
    (void)context;
    for (size_t i = 0; i < 2 * HEADS_WIDTH; i++) {
        const hx_status st = hx_tensor_sink_write(out, &one, sizeof one, err);
        if (st != HX_OK) return st;
    }
    return HX_OK;
}

static void write_heads_adapter(const char *folder) {
    static const uint64_t dims[2] = {2, HEADS_WIDTH};
    path_buf path;
    hx_error err = {0};
    const hx_tensor_source source = {
        "base_model.model.heads.mood.weight", HX_DTYPE_F32, 2, dims, put_ones, NULL};
    spell(path, folder, "adapter_config.json");
    assert_ok(hx_file_write(path, hx_str_of(heads_config), false, &err), &err);
    spell(path, folder, "adapter_model.safetensors");
    assert_ok(hx_safetensors_write(path, &source, 1, &err), &err);
}

static void heads_come_with_an_adapter(void **state) {
    (void)state;
    char work[32];
    path_buf out, again;
    hx_error err = {0};
    test_directory(work);
    write_heads_adapter(work);
    const hx_reshape_options reshape = {.adapter = work};
    for (int gguf = 0; gguf < 2; gguf++) {
        hx_llama *m = NULL;
        spell(out, work, gguf ? "m.gguf" : "m");
        assert_ok(
            hx_model_reshape(BASE, gguf ? HX_MODEL_GGUF : HX_MODEL_HF, out, &reshape, NULL, &err),
            &err);
        assert_ok(hx_llama_open(&m, out, NULL, &err), &err);
        assert_string_equal(hx_llama_head_of(m, 0)->name, "mood");
        assert_string_equal(hx_llama_head_label(m, 0, 1), "good");
        assert_null(hx_llama_head_of(m, 1));
        hx_llama_close(m);
    }
    spell(out, work, "m");
    spell(again, work, "again");
    assert_int_equal(hx_model_reshape(out, HX_MODEL_HF, again, &reshape, NULL, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "has heads already"));
    test_remove_tree(work);
}

static void layers_are_read_from_text(void **state) {
    (void)state;
    static const char *const bad[] = {"", "a", "1-", "3-1", "1,1", "2,1", "0-8", "1;2", "1,"};
    hx_arena *arena = hx_arena_new(0);
    uint32_t *list = NULL;
    size_t n = 0;
    hx_error err = {0};
    assert_ok(hx__parse_layers("0-2,5,7", 8, arena, &list, &n, &err), &err);
    static const uint32_t expected[] = {0, 1, 2, 5, 7};
    assert_int_equal(n, 5);
    assert_memory_equal(list, expected, sizeof expected);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(hx__parse_layers(bad[i], 8, arena, &list, &n, &err), HX_EINVAL);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ adapters of some layers */
static void learn(const char *config, const char *folder, const char *name, hx_arena *arena) {
    const hx_train_calls calls = {.n_threads = 1};
    hx_error err = {0};
    hx_str metrics;
    path_buf run;
    hx_buf b;
    hx_buf_init(&b, 1 << 16);
    for (const char *s = config; *s; s++) /* '@' stands for the folder */
        (void)(*s == '@' ? hx_buf_append_lit(&b, folder) : hx_buf_append_byte(&b, *s));
    spell(run, folder, name);
    assert_ok(hx_train(hx_buf_str(&b), run, false, &calls, arena, &metrics, &err), &err);
    hx_buf_release(&b);
}

static void write_labels(const char *folder) {
    path_buf path;
    hx_error err = {0};
    hx_buf b;
    hx_buf_init(&b, 1 << 16);
    (void)hx_buf_append_lit(&b, "text,label\n");
    for (size_t i = 0; i < 80; i++)
        (void)hx_buf_printf(&b, "a %s shop in town %zu,%s\n", i % 2 ? "bad" : "good", i,
                            i % 2 ? "no" : "yes");
    spell(path, folder, "labels.csv");
    assert_ok(hx_file_write(path, hx_buf_str(&b), false, &err), &err);
    hx_buf_release(&b);
}

static void probabilities(const char *path, float out[4]) {
    const hx_str texts[] = {HX_STR_LIT("a good shop"), HX_STR_LIT("a bad shop in town")};
    const hx_llama_options options = {.precision = HX_PRECISION_EXACT, .n_threads = 1};
    hx_error err = {0};
    hx_llama *m = NULL;
    hx_llama_context *c = NULL;
    assert_ok(hx_llama_open(&m, path, &options, &err), &err);
    assert_ok(hx_llama_context_open(&c, m, NULL, &err), &err);
    assert_ok(hx_llama_classify(c, texts, 2, 0, out, &err), &err);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

static void check_start(const char *work, const char *run) {
    path_buf folder, start, adapter, best, merged, whole;
    float expected[4], found[4];
    hx_error err = {0};
    spell(folder, work, run);
    spell(start, folder, "start");
    spell(adapter, folder, "adapter");
    spell(best, folder, "best");
    spell(merged, folder, "merged");
    spell(whole, work, "three/best");
    const hx_reshape_options merge = {.adapter = adapter};
    assert_int_equal(hx_model_reshape(whole, HX_MODEL_HF, merged, &merge, NULL, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "made for a model of 2 layers, this one has 3"));
    assert_non_null(strstr(err.message, start));
    assert_ok(hx_model_reshape(start, HX_MODEL_HF, merged, &merge, NULL, &err), &err);
    probabilities(merged, found);
    probabilities(best, expected);
    for (size_t k = 0; k < 4; k++)
        assert_true(fabsf(found[k] - expected[k]) < 1e-6f);
    assert_true(fabsf(expected[0] - expected[2]) > 1e-3f);
}

/* They belong to a model of these layers, which the run keeps; the whole one is refused. */
static void adapters_of_chosen_layers(void **state) {
    (void)state;
    static const char lora[] = ",\"model\":\"@/three/best\",\"lora\":4,\"rate\":0.01,\"epochs\":3,"
                               "\"tasks\":[{\"name\":\"l\",\"data\":\"@/labels.csv\"}]}";
    char work[32], config[400];
    hx_arena *arena = hx_arena_new(0);
    test_directory(work);
    write_labels(work);
    learn("{\"sizes\":{\"hidden_size\":32,\"num_hidden_layers\":3,\"num_attention_heads\":2,"
          "\"intermediate_size\":48},\"steps\":2,\"tasks\":[{\"name\":\"l\",\"data\":"
          "\"@/labels.csv\"}]}",
          work, "three", arena);
    (void)snprintf(config, sizeof config, "{\"layers\":\"0,2\"%s", lora);
    learn(config, work, "chosen", arena);
    check_start(work, "chosen");
    (void)snprintf(config, sizeof config, "{\"keep_layers\":2%s", lora);
    learn(config, work, "first", arena);
    check_start(work, "first");
    hx_arena_free(arena);
    test_remove_tree(work);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merged_models_are_those_of_peft),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(exported_adapters_come_back),
        cmocka_unit_test(heads_come_with_an_adapter),
        cmocka_unit_test(layers_are_read_from_text),
        cmocka_unit_test(adapters_of_chosen_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
