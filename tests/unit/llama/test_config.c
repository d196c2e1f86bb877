/* test_config.c - config.json: both layouts of rotary scaling, heads and labels, and every field set to what it must not be.
 *
 * The hostile values are those every JSON number field meets: negative, beyond double's integers, infinite, strings. None may become a
 * default. */
#include "unit/llama/golden_test.h"

#include "llama/config.h"

/* A whole configuration in which `key` has another value (text that may go on with more members); value NULL leaves it out. */
static hx_status read_with(hx_config *c, const char *key, const char *value, hx_error *err) {
    static const char *const base[][2] = {
        {"model_type", "\"llama\""},        {"hidden_size", "64"},
        {"num_hidden_layers", "2"},         {"num_attention_heads", "4"},
        {"num_key_value_heads", "2"},       {"head_dim", "16"},
        {"intermediate_size", "128"},       {"vocab_size", "96"},
        {"max_position_embeddings", "128"}, {"rms_norm_eps", "1e-05"},
        {"rope_theta", "10000.0"},          {"tie_word_embeddings", "true"}};
    char json[4096];
    size_t at = (size_t)snprintf(json, sizeof json, "{");
    for (size_t i = 0; i < sizeof base / sizeof *base; i++)
        if (!key || strcmp(key, base[i][0]) != 0)
            at +=
                (size_t)snprintf(json + at, sizeof json - at, "\"%s\":%s,", base[i][0], base[i][1]);
    if (key && value) at += (size_t)snprintf(json + at, sizeof json - at, "\"%s\":%s,", key, value);
    json[at - 1] = '}';
    return hx_config_read_json(c, (hx_str){json, at}, "config.json", err);
}

static void refused(const char *key, const char *value, hx_status status, const char *message) {
    hx_config c;
    hx_error err = {0};
    memset(&c, 0xff, sizeof c);
    hx_status got = read_with(&c, key, value, &err);
    if (got == HX_OK) fail_msg("%s: %s was taken", key, value);
    if (message) assert_string_equal(err.message, message);
    if (got != status) fail_msg("%s: %s: status %d: %s", key, value, (int)got, err.message);
    assert_null(c.labels);
}

static void reads_the_sizes(void **state) {
    (void)state;
    hx_config c;
    assert_int_equal(read_with(&c, NULL, NULL, NULL), HX_OK);
    assert_int_equal(c.n_embd, 64);
    assert_int_equal(c.n_layers, 2);
    assert_int_equal(c.n_heads, 4);
    assert_int_equal(c.n_kv_heads, 2);
    assert_int_equal(c.head_dim, 16);
    assert_int_equal(c.n_ff, 128);
    assert_int_equal(c.n_vocab, 96);
    assert_int_equal(c.n_positions, 128);
    assert_true(c.tied && c.norm_eps == 1e-05 && c.rope.theta == 10000.0);
    assert_int_equal(c.rope.scaling, HX_ROPE_PLAIN);
    assert_int_equal(c.rope.dims, 16);
    assert_false(c.has_head || c.interleaved);
    assert_int_equal(c.bos, -1);
    hx_config_release(&c);
}

static void what_is_not_said_is_as_in_transformers(void **state) {
    (void)state;
    hx_config c;
    assert_int_equal(read_with(&c, "num_key_value_heads", NULL, NULL), HX_OK);
    assert_int_equal(c.n_kv_heads, 4);
    assert_int_equal(read_with(&c, "head_dim", "null", NULL), HX_OK);
    assert_int_equal(c.head_dim, 16);
    assert_int_equal(read_with(&c, "max_position_embeddings", NULL, NULL), HX_OK);
    assert_int_equal(c.n_positions, 2048);
    assert_int_equal(read_with(&c, "tie_word_embeddings", NULL, NULL), HX_OK);
    assert_false(c.tied);
    assert_int_equal(read_with(&c, "rms_norm_eps", NULL, NULL), HX_OK);
    assert_true(c.norm_eps == 1e-6);
    assert_int_equal(read_with(&c, "eos_token_id", "[7, 9]", NULL), HX_OK);
    assert_int_equal(c.eos, 7);
    assert_int_equal(read_with(&c, "pad_token_id", "-1", NULL), HX_OK);
    assert_int_equal(c.pad, -1);
    refused("vocab_size", NULL, HX_EFORMAT, "config.json: vocab_size is missing");
    refused("hidden_size", NULL, HX_EFORMAT, "config.json: hidden_size is missing");
    refused("num_hidden_layers", "null", HX_EFORMAT, "config.json: num_hidden_layers is missing");
    refused("model_type", NULL, HX_EFORMAT, "config.json: model_type is missing");
}

static void numbers_are_what_they_should_be(void **state) {
    (void)state;
    static const char *const integers[] = {
        "num_hidden_layers", "vocab_size",         "hidden_size",       "num_attention_heads",
        "head_dim",          "num_labels",         "intermediate_size", "max_position_embeddings",
        "sliding_window",    "num_key_value_heads"};
    static const char *const bad[] = {
        "-1",   "1e308", "\"NaN\"", "9007199254740993", "\"1\"", "0",   "1.5", "16.0",
        "true", "[16]",  "{}",      "4294967296",       "\"\"",  "-0.0"};
    for (size_t k = 0; k < sizeof integers / sizeof *integers; k++)
        for (size_t v = 0; v < sizeof bad / sizeof *bad; v++) {
            char text[200];
            hx_config c;
            hx_error err = {0};
            bool is_labels = strcmp(integers[k], "num_labels") == 0;
            snprintf(text, sizeof text, "%s%s", bad[v],
                     is_labels ? ",\"architectures\":[\"LlamaForSequenceClassification\"]" : "");
            if (read_with(&c, integers[k], text, &err) == HX_OK)
                fail_msg("%s: %s was taken", integers[k], bad[v]);
            snprintf(text, sizeof text, "config.json: %s is no integer between 1 and ",
                     integers[k]);
            if (strncmp(err.message, text, strlen(text)) != 0)
                fail_msg("%s: %s: %s", integers[k], bad[v], err.message);
        }
    static const char *const reals[] = {"rms_norm_eps", "rope_theta", "partial_rotary_factor"};
    static const char *const wrong[] = {"-1",    "1e308", "\"NaN\"", "9007199254740993",
                                        "\"1\"", "0",     "true",    "[]"};
    for (size_t k = 0; k < sizeof reals / sizeof *reals; k++)
        for (size_t v = 0; v < sizeof wrong / sizeof *wrong; v++)
            refused(reals[k], wrong[v], HX_EFORMAT, NULL);
    static const char *const tokens[] = {"bos_token_id", "eos_token_id", "pad_token_id"};
    static const char *const ids[] = {"-2",    "1e308",      "\"NaN\"", "9007199254740993",
                                      "\"1\"", "2147483648", "1.0",     "[\"1\"]"};
    for (size_t k = 0; k < sizeof tokens / sizeof *tokens; k++)
        for (size_t v = 0; v < sizeof ids / sizeof *ids; v++) {
            char message[100];
            snprintf(message, sizeof message, "config.json: %s is no token id", tokens[k]);
            refused(tokens[k], ids[v], HX_EFORMAT, message);
        }
    refused("tie_word_embeddings", "1", HX_EFORMAT,
            "config.json: tie_word_embeddings is neither true nor false");
    refused("attention_bias", "\"true\"", HX_EFORMAT,
            "config.json: attention_bias is neither true nor false");
    refused("hidden_size", "NaN", HX_EFORMAT, NULL);
    refused("hidden_size", "1e999", HX_EFORMAT, NULL);
}

static void numbers_go_together(void **state) {
    (void)state;
    refused("num_key_value_heads", "3", HX_EFORMAT,
            "config.json: 4 attention heads cannot share 3 key-value heads evenly");
    refused("head_dim", "15", HX_EFORMAT,
            "config.json: heads of 15 elements cannot be rotated, an even number is needed");
    refused("num_attention_heads", "5", HX_EFORMAT,
            "config.json: 5 attention heads cannot share 2 key-value heads evenly");
    refused("head_dim", "1024,\"partial_rotary_factor\":0.001", HX_EFORMAT,
            "config.json: 1 elements of a head of 1024 cannot be rotated");
}

/* ------------------------------------------------------------------ rotary positions */
static void scaling_is_read_in_both_layouts(void **state) {
    (void)state;
    hx_config c;
    assert_int_equal(read_with(&c, "rope_scaling", "{\"type\":\"linear\",\"factor\":4}", NULL),
                     HX_OK);
    assert_int_equal(c.rope.scaling, HX_ROPE_LINEAR);
    assert_true(c.rope.factor == 4.0);
    assert_int_equal(read_with(&c, "rope_scaling", "null", NULL), HX_OK);
    assert_int_equal(c.rope.scaling, HX_ROPE_PLAIN);
    assert_int_equal(read_with(&c, "rope_scaling",
                               "{\"rope_type\":\"llama3\",\"factor\":8.0,\"low_freq_factor\":1.0,"
                               "\"high_freq_factor\":4.0,\"original_max_position_embeddings\":32}",
                               NULL),
                     HX_OK);
    assert_int_equal(c.rope.scaling, HX_ROPE_LLAMA3);
    assert_int_equal(c.rope.original_positions, 32);
    assert_int_equal(read_with(&c, "rope_parameters",
                               "{\"rope_type\":\"yarn\",\"factor\":2,\"rope_theta\":500000.0,"
                               "\"attention_factor\":1.25,\"truncate\":false}",
                               NULL),
                     HX_OK);
    assert_int_equal(c.rope.scaling, HX_ROPE_YARN);
    assert_true(c.rope.theta == 500000.0 && c.rope.attention_factor == 1.25);
    assert_true(c.rope.keep_fractions && c.rope.original_positions == 128);
    assert_int_equal(
        read_with(&c, "rope_parameters", "{\"rope_type\":\"default\",\"rope_theta\":50000}", NULL),
        HX_OK);
    assert_true(c.rope.theta == 50000.0 && c.rope.scaling == HX_ROPE_PLAIN);
}

static void scaling_is_never_loosened(void **state) {
    (void)state;
    refused("rope_scaling", "{\"rope_type\":\"dynamic\",\"factor\":2}", HX_EUNSUPPORTED,
            "config.json: rope scaling 'dynamic' cannot be run");
    refused("rope_scaling", "{\"rope_type\":\"linear\"}", HX_EFORMAT,
            "config.json: the rope scaling has no factor");
    refused("rope_scaling", "[]", HX_EFORMAT, "config.json: rope_scaling is no object");
    refused("rope_parameters", "\"yarn\"", HX_EFORMAT, "config.json: rope_parameters is no object");
    refused("rope_scaling", "{\"type\":7}", HX_EFORMAT, "config.json: type is no string");
    refused("rope_scaling",
            "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":4,\"high_freq_factor\":4,"
            "\"original_max_position_embeddings\":32}",
            HX_EFORMAT,
            "config.json: high_freq_factor 4 of the rope scaling is not above low_freq_factor 4");
    refused("rope_scaling",
            "{\"rope_type\":\"yarn\",\"factor\":8,\"beta_fast\":1,\"beta_slow\":32}", HX_EFORMAT,
            "config.json: beta_fast 1 of the rope scaling is not above beta_slow 32");
    static const char *const keys[] = {"factor",    "low_freq_factor", "high_freq_factor",
                                       "beta_fast", "beta_slow",       "attention_factor",
                                       "mscale",    "rope_theta"};
    static const char *const bad[] = {"-1", "1e308", "\"NaN\"", "9007199254740993", "\"1\""};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        for (size_t v = 0; v < sizeof bad / sizeof *bad; v++) {
            char rope[200];
            bool is_factor = k == 0;
            snprintf(rope, sizeof rope, "{\"rope_type\":\"yarn\",%s\"%s\":%s}",
                     is_factor ? "" : "\"factor\":2,", keys[k], bad[v]);
            refused("rope_scaling", rope, HX_EFORMAT, NULL);
        }
}

static void scaling_says_all_it_needs(void **state) {
    (void)state;
    hx_config c;
    refused("rope_scaling", "{\"factor\":8}", HX_EFORMAT,
            "config.json: the rope scaling has factor, but no rope_type");
    refused("rope_parameters", "{\"rope_theta\":500000.0,\"low_freq_factor\":1}", HX_EFORMAT,
            "config.json: the rope scaling has low_freq_factor, but no rope_type");
    assert_int_equal(read_with(&c, "rope_parameters", "{\"rope_theta\":50000}", NULL), HX_OK);
    assert_int_equal(c.rope.scaling, HX_ROPE_PLAIN);
    refused("rope_scaling",
            "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":1,\"high_freq_factor\":4}",
            HX_EFORMAT,
            "config.json: the rope scaling llama3 has no original_max_position_embeddings");
    refused("rope_parameters",
            "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":1,"
            "\"original_max_position_embeddings\":32}",
            HX_EFORMAT, "config.json: the rope scaling llama3 has no high_freq_factor");
}

static void other_kinds_are_refused(void **state) {
    (void)state;
    refused("model_type", "\"gemma\"", HX_EUNSUPPORTED,
            "config.json: models of architecture 'gemma' cannot be run, only llama, qwen2 and "
            "qwen3");
    refused("hidden_act", "\"gelu\"", HX_EUNSUPPORTED,
            "config.json: hidden_act 'gelu' cannot be run, only silu");
    refused("quantization_config", "{\"quant_method\":\"gptq\"}", HX_EUNSUPPORTED, NULL);
    refused("use_sliding_window", "true,\"sliding_window\":64", HX_EUNSUPPORTED,
            "config.json: attention in sliding windows cannot be run");
    refused("architectures", "[\"LlamaForQuestionAnswering\"]", HX_EUNSUPPORTED,
            "config.json: models for 'LlamaForQuestionAnswering' cannot be run");
    refused("architectures", "[]", HX_EFORMAT, "config.json: architectures is no list of names");
    refused("architectures", "[1]", HX_EFORMAT, "config.json: architectures is no list of names");
    hx_config c;
    hx_error err = {0};
    assert_int_equal(hx_config_read_json(&c, HX_STR_LIT("[1]"), "config.json", &err), HX_EFORMAT);
    assert_string_equal(err.message, "config.json: no JSON object");
    assert_int_equal(hx_config_read_json(&c, HX_STR_LIT("{"), "config.json", &err), HX_EFORMAT);
    assert_int_equal(hx_config_read_json(&c, HX_STR_LIT(""), "config.json", &err), HX_EFORMAT);
}

/* ------------------------------------------------------------------ labels */
#define CLASSES "[\"LlamaForSequenceClassification\"],\"id2label\":"

static void labels_are_read(void **state) {
    (void)state;
    hx_config c;
    assert_int_equal(
        read_with(&c, "architectures", CLASSES "{\"1\":\"bad\",\"0\":\"good\",\"2\":\"\"}", NULL),
        HX_OK);
    assert_int_equal(c.score_kind, HX_LLAMA_LABEL);
    assert_true(c.has_head && !c.head_is_token && !c.head_is_mean);
    assert_int_equal(c.n_labels, 3);
    assert_string_equal(c.labels[0], "good");
    assert_string_equal(c.labels[1], "bad");
    assert_string_equal(c.labels[2], "");
    hx_config_release(&c);
    assert_int_equal(
        read_with(&c, "architectures", "[\"LlamaForTokenClassification\"],\"num_labels\":4", NULL),
        HX_OK);
    assert_true(c.has_head && c.head_is_token);
    assert_int_equal(c.n_labels, 4);
    assert_string_equal(c.labels[3], "LABEL_3");
    hx_config_release(&c);
    assert_int_equal(read_with(&c, "architectures",
                               CLASSES "{\"0\":\"a\"},\"huaxiang.head.type\":\"mean\"", NULL),
                     HX_OK);
    assert_true(c.head_is_mean);
    hx_config_release(&c);
    static const char *const odd[] = {"multi_label_classification", "regression"};
    for (size_t i = 0; i < 2; i++) {
        char text[160];
        snprintf(text, sizeof text, CLASSES "{\"0\":\"a\"},\"problem_type\":\"%s\"", odd[i]);
        assert_int_equal(read_with(&c, "architectures", text, NULL), HX_OK);
        assert_true(c.has_head && c.n_tasks == 1 && c.tasks[0].is_score);
        assert_int_equal(c.tasks[0].kind, i == 0 ? HX_LLAMA_LABELS : HX_LLAMA_NUMBER);
        hx_config_release(&c);
    }
}

static void labels_must_be_numbered(void **state) {
    (void)state;
    static const char *const bad[] = {"{\"1\":\"a\"}",  "{\"0\":\"a\",\"2\":\"b\"}",
                                      "{\"00\":\"a\"}", "{\"-1\":\"a\"}",
                                      "{\"\":\"a\"}",   "{\"0\":1}",
                                      "{\"0\":null}",   "{\"99999999999999999999\":\"a\"}",
                                      "{\"0x0\":\"a\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[200];
        snprintf(text, sizeof text, CLASSES "%s", bad[i]);
        refused("architectures", text, HX_EFORMAT, NULL);
    }
    refused("architectures", CLASSES "{}", HX_EFORMAT,
            "config.json: id2label has 0 labels, not 1 to 65536");
    refused("architectures", CLASSES "[\"a\"]", HX_EFORMAT, "config.json: id2label is no object");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_sizes),
        cmocka_unit_test(what_is_not_said_is_as_in_transformers),
        cmocka_unit_test(numbers_are_what_they_should_be),
        cmocka_unit_test(numbers_go_together),
        cmocka_unit_test(scaling_is_read_in_both_layouts),
        cmocka_unit_test(scaling_is_never_loosened),
        cmocka_unit_test(scaling_says_all_it_needs),
        cmocka_unit_test(other_kinds_are_refused),
        cmocka_unit_test(labels_are_read),
        cmocka_unit_test(labels_must_be_numbered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
