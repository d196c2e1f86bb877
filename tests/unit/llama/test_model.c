/* test_model.c - opening models: what a model says of itself; files whose tensors and configuration do not go together.
 *
 * Wrong models are made from tests/golden/llama: a folder with another config.json beside a good model.safetensors. Each has its sentence. */
#include "unit/llama/golden_test.h"

#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own with a link to good weights and a changed configuration. */
typedef struct {
    char folder[64], config[100], weights[100];
} wrong_model;

static void replace(hx_buf *text, const char *from, const char *to) {
    assert_true(hx_buf_append_byte(text, '\0'));
    text->len--;
    char *at = strstr(text->ptr, from);
    if (!at) fail_msg("no %s", from);
    hx_buf out;
    hx_buf_init(&out, 1u << 20);
    hx_buf_append(&out, text->ptr, (size_t)(at - text->ptr));
    hx_buf_append_lit(&out, to);
    hx_buf_append_lit(&out, at + strlen(from));
    hx_buf_release(text);
    *text = out;
}

static void make_wrong(wrong_model *w, const char *name, const char *from, const char *to) {
    char path[512];
    hx_buf text;
    snprintf(w->folder, sizeof w->folder, "/tmp/hx-model-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->config, sizeof w->config, "%s/config.json", w->folder);
    snprintf(w->weights, sizeof w->weights, "%s/model.safetensors", w->folder);
    hx_buf_init(&text, 1u << 20);
    golden_path(name, "/config.json", path);
    assert_int_equal(hx_file_read(path, &text, NULL), HX_OK);
    if (from) replace(&text, from, to);
    assert_int_equal(hx_file_write(w->config, hx_buf_str(&text), false, NULL), HX_OK);
    hx_buf_release(&text);
    golden_path(name, "/model.safetensors", path);
    assert_int_equal(symlink(path, w->weights), 0);
}

static void remove_wrong(wrong_model *w) {
    unlink(w->config);
    unlink(w->weights);
    assert_int_equal(rmdir(w->folder), 0);
}

static void refused(const char *path, const hx_llama_options *options, hx_status status,
                    const char *end) {
    hx_llama *m = NULL;
    hx_error err = {0};
    assert_int_equal(hx_llama_open(&m, path, options, &err), status);
    assert_null(m);
    size_t n = strlen(err.message);
    if (n < strlen(end) || strcmp(err.message + n - strlen(end), end) != 0)
        fail_msg("'%s' does not end in '%s'", err.message, end);
}

static void shapes_must_be_those_of_the_configuration(void **state) {
    (void)state;
    static const struct {
        const char *name, *from, *to, *end;
    } cases[] = {
        {"llama_mha", "\"hidden_size\": 32", "\"hidden_size\": 64",
         "model.safetensors: tensor model.embed_tokens.weight has shape (96, 32), the "
         "configuration says (96, 64)"},
        {"llama_mha", "\"vocab_size\": 96", "\"vocab_size\": 97",
         "tensor model.embed_tokens.weight has shape (96, 32), the configuration says (97, 32)"},
        {"llama_mha", "\"num_key_value_heads\": 4", "\"num_key_value_heads\": 2",
         "tensor model.layers.0.self_attn.k_proj.weight has shape (32, 32), the configuration "
         "says (16, 32)"},
        {"llama_mha", "\"intermediate_size\": 64", "\"intermediate_size\": 63",
         "tensor model.layers.0.mlp.gate_proj.weight has shape (64, 32), the configuration says "
         "(63, 32)"},
        {"llama_mha", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3",
         "tensor model.layers.2.self_attn.q_proj.weight is missing"},
        {"llama_mha", "\"head_dim\": 8", "\"head_dim\": 16",
         "tensor model.layers.0.self_attn.q_proj.weight has shape (32, 32), the configuration "
         "says (64, 32)"},
        {"llama_mha", "\"llama\"", "\"qwen2\"",
         "tensor model.layers.0.self_attn.q_proj.bias is missing"},
        {"llama_mha", "\"llama\"", "\"qwen3\"",
         "tensor model.layers.0.self_attn.q_norm.weight is missing"},
        {"llama_classes", "  \"2\": \"positive\"", "  \"2\": \"positive\", \"3\": \"x\"",
         "tensor score.weight has shape (3, 32), the configuration says (4, 32)"},
        {"llama_mha", "LlamaForCausalLM", "LlamaForSequenceClassification",
         "tensor score.weight is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wrong_model w;
        make_wrong(&w, cases[i].name, cases[i].from, cases[i].to);
        refused(w.folder, NULL, HX_EFORMAT, cases[i].end);
        remove_wrong(&w);
    }
}

static void parts_must_be_there(void **state) {
    (void)state;
    wrong_model w;
    char path[512];
    make_wrong(&w, "llama_mha", NULL, NULL);
    unlink(w.weights);
    refused(w.folder, NULL, HX_ENOTFOUND,
            ": neither model.safetensors nor model.safetensors.index.json is there");
    unlink(w.config);
    refused(w.folder, NULL, HX_ENOTFOUND, "");
    rmdir(w.folder);
    refused("/nowhere/at/all", NULL, HX_ENOTFOUND, "");
    golden_path("llama_mha", "/model.safetensors", path);
    refused(path, NULL, HX_EFORMAT,
            ": safetensors hold weights only; give the folder with its config.json");
    golden_path("llama_mha", "", path);
    refused(path, &(hx_llama_options){.kernels = "mmx"}, HX_EINVAL, "");
    refused(path, &(hx_llama_options){.precision = (hx_precision)7}, HX_EINVAL,
            "7 is no precision");
}

static void a_model_describes_itself(void **state) {
    (void)state;
    hx_llama *m = golden_open("qwen3_wide", HX_PRECISION_EXACT, 1);
    const hx_llama_info *i = hx_llama_describe(m);
    assert_string_equal(i->architecture, "qwen3");
    assert_string_equal(i->name, "");
    assert_true(strlen(i->kernels) > 0);
    assert_int_equal(i->n_layers, 2);
    assert_int_equal(i->n_heads, 2);
    assert_int_equal(i->n_kv_heads, 1);
    assert_int_equal(i->head_dim, 32);
    assert_int_equal(i->n_positions, 128);
    assert_int_equal(i->bos, 1);
    assert_int_equal(i->pad, 0);
    /* embedding + 2 x (q, k, v, out, gate, up, down, two norms of 32 and of the heads) + the last norm */
    assert_int_equal(i->n_parameters,
                     96 * 32 + 2 * (32 * (64 + 32 + 32 + 64 + 3 * 64) + 4 * 32) + 32);
    hx_llama_close(m);
    m = golden_open("gguf_chat", HX_PRECISION_FAST, 2);
    i = hx_llama_describe(m);
    assert_string_equal(i->name, "gguf_chat");
    assert_int_equal(i->n_vocab, 273);
    assert_int_equal(i->eos, 2);
    hx_llama_close(m);
}

static void tokenizer_only_runs_nothing(void **state) {
    (void)state;
    hx_llama_options options = {.tokenizer_only = true};
    hx_llama *m = golden_open_with("gguf_chat", &options);
    hx_llama_context *c = NULL;
    hx_error err = {0};
    assert_int_equal(hx_llama_describe(m)->n_vocab, 273);
    assert_int_equal(hx_llama_context_open(&c, m, NULL, &err), HX_EUNSUPPORTED);
    assert_string_equal(err.message, "the model was opened for tokenising only and cannot run");
    hx_llama_close(m);
    /* and opens no weights of a folder */
    wrong_model w;
    make_wrong(&w, "llama_mha", NULL, NULL);
    unlink(w.weights);
    assert_int_equal(hx_llama_open(&m, w.folder, &options, &err), HX_OK);
    hx_llama_close(m);
    unlink(w.config);
    rmdir(w.folder);
}

/* Tokens "a", "b", "ab" at `first` and behind, and an added one. */
static hx_status open_with_tokens(int first, int added, hx_llama **m, hx_error *err) {
    wrong_model w;
    char path[128], json[512];
    make_wrong(&w, "llama_mha", NULL, NULL);
    snprintf(path, sizeof path, "%s/tokenizer.json", w.folder);
    int n =
        snprintf(json, sizeof json,
                 "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":%d,\"b\":%d,\"ab\":%d},\"merges\":"
                 "[\"a b\"]},\"added_tokens\":[{\"id\":%d,\"content\":\"<x>\"}]}",
                 first, first + 1, first + 2, added);
    assert_int_equal(hx_file_write(path, (hx_str){json, (size_t)n}, false, NULL), HX_OK);
    hx_llama_options options = {.precision = HX_PRECISION_EXACT, .n_threads = 1};
    hx_status status = hx_llama_open(m, w.folder, &options, err);
    unlink(path);
    remove_wrong(&w);
    return status;
}

static void words_need_rows_of_the_embedding(void **state) {
    (void)state;
    hx_llama *m = NULL;
    hx_error err = {0};
    hx_tokens got;
    assert_int_equal(open_with_tokens(94, 0, &m, &err), HX_EFORMAT);
    assert_null(m);
    assert_non_null(strstr(err.message, "the tokenizer has 97 tokens, the embedding only 96 rows"));
    /* an added token without a row is one no run takes */
    if (open_with_tokens(93, 96, &m, &err) != HX_OK) fail_msg("%s", err.message);
    hx_arena *arena = hx_arena_new(0);
    hx_llama_context *c = NULL;
    assert_int_equal(hx_llama_tokenize(m, HX_STR_LIT("ab<x>"), NULL, arena, &got, NULL, &err),
                     HX_OK);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.ids[0], 95);
    assert_int_equal(got.ids[1], 96);
    assert_int_equal(hx_llama_context_open(&c, m, NULL, &err), HX_OK);
    hx_llama_piece piece = {.sequence = -1, .ids = got.ids, .n = 1, .want = HX_WANT_LOGITS_LAST};
    assert_int_equal(hx_llama_run(c, &piece, 1, &err), HX_OK);
    piece.n = 2;
    assert_int_equal(hx_llama_run(c, &piece, 1, &err), HX_EINVAL);
    hx_llama_context_close(c);
    hx_llama_close(m);
    hx_arena_free(arena);
}

/* Ends of texts that have no row are none. */
static void special_tokens_have_rows(void **state) {
    (void)state;
    wrong_model w;
    hx_llama_options options = {.precision = HX_PRECISION_EXACT, .n_threads = 1};
    hx_llama *m = NULL;
    hx_error err = {0};
    make_wrong(&w, "llama_mha", "\"bos_token_id\": 1", "\"bos_token_id\": 96");
    if (hx_llama_open(&m, w.folder, &options, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(hx_llama_describe(m)->bos, -1);
    hx_llama_close(m);
    remove_wrong(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_must_be_those_of_the_configuration),
        cmocka_unit_test(parts_must_be_there),
        cmocka_unit_test(a_model_describes_itself),
        cmocka_unit_test(tokenizer_only_runs_nothing),
        cmocka_unit_test(words_need_rows_of_the_embedding),
        cmocka_unit_test(special_tokens_have_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
