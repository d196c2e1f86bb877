/* test_compress.c - ways of compressing as text, and what a smaller model keeps: channels and heads that are chosen, quantising with weights.
 *
 * That a pruned model is the model without those parts is checked against the model with the same parts set to nothing. */
#include "unit/model/model_test.h"

#include <math.h>

#include "huaxiang/llama.h"
#include "model/compress.h"
#include "base/file.h"
#include "model/gguf_out.h"

#define BASE HX_SOURCE_DIR "/tests/golden/llama/llama_mha"

typedef char path_buf[256];

static void assert_ok(hx_status st, const hx_error *err) {
    if (st != HX_OK) fail_msg("%s", err->message);
}

static void ways_are_read_from_text(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",      "int9",   "drop",    "drop:0",     "drop:1.5", "ffn:1",   "ffn:-1", "heads",
        "qat:6", "vocab:", "vocab:1", "int8+vocab", "+",        "q4:best", "tune:",  "drop:1+"};
    hx__step steps[HX_STEPS_MAX];
    size_t n = 0;
    hx_error err = {0};
    assert_ok(hx__steps_parse(HX_STR_LIT("drop:2+ffn:0.5+heads:0.25+vocab+tune+q4:plain"), steps,
                              &n, &err),
              &err);
    static const hx__step_kind kinds[] = {HX_STEP_DROP,  HX_STEP_FFN,  HX_STEP_HEADS,
                                          HX_STEP_VOCAB, HX_STEP_TUNE, HX_STEP_QUANTISE};
    assert_int_equal(n, 6);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(steps[i].kind, kinds[i]);
    assert_true(fabs(steps[0].amount - 2) < 1e-12 && fabs(steps[2].amount - .25) < 1e-12);
    assert_true(steps[5].plain);
    assert_string_equal(steps[5].type, "q4_k");
    assert_ok(hx__steps_parse(HX_STR_LIT("qat:4"), steps, &n, &err), &err);
    assert_string_equal(steps[0].type, "q4_0");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (hx__steps_parse(hx_str_of(bad[i]), steps, &n, &err) != HX_EINVAL)
            fail_msg("'%s' is taken", bad[i]);
}

/* Logits of the last token of ids 3, 5, ..., 49, by F32 arithmetic. */
static void run_model(const char *path, float out[96]) {
    const hx_llama_options options = {.precision = HX_PRECISION_EXACT, .n_threads = 1};
    hx_error err = {0};
    hx_llama *m = NULL;
    hx_llama_context *c = NULL;
    int32_t ids[24];
    for (int32_t i = 0; i < 24; i++)
        ids[i] = 3 + i * 2;
    assert_ok(hx_llama_open(&m, path, &options, &err), &err);
    assert_ok(hx_llama_context_open(&c, m, NULL, &err), &err);
    const hx_llama_piece piece = {.ids = ids, .n = 24, .sequence = -1, .want = HX_WANT_LOGITS_LAST};
    assert_ok(hx_llama_run(c, &piece, 1, &err), &err);
    memcpy(out, hx_llama_logits(c, 0, NULL), 96 * sizeof *out);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* A copy of BASE in which the columns >= `from` of `part` of each layer are zero: what is read there counts no more. */
static void silence(const char *out, const char *part, size_t from) {
    hx_error err = {0};
    hx_model_file s;
    const hx__reshape all = {0};
    const hx_convert_options options = {.type = "f32"};
    char path[512];
    assert_ok(hx_model_file_open(&s, BASE, &err), &err);
    assert_ok(hx__reshape_write(&s, &all, out, &options, &err), &err);
    hx_model_file_release(&s);
    (void)snprintf(path, sizeof path, "%s/model.safetensors", out);
    hx_tensor_file *f = NULL;
    assert_ok(hx_tensor_file_open(&f, path, &err), &err);
    hx_buf bytes;
    hx_buf_init(&bytes, 1u << 24);
    assert_ok(hx_file_read(path, &bytes, &err), &err);
    uint64_t header;
    memcpy(&header, bytes.ptr, 8);
    const char *start = hx_tensor_file_at(f, 0)->data;
    for (size_t i = 0; i < hx_tensor_file_count(f);
         i++) /* the first tensor's place in the mapping */
        if ((const char *)hx_tensor_file_at(f, i)->data < start)
            start = hx_tensor_file_at(f, i)->data;
    for (size_t i = 0; i < hx_tensor_file_count(f); i++) {
        const hx_tensor_entry *t = hx_tensor_file_at(f, i);
        if (!strstr(t->name.ptr, part)) continue;
        char *at = bytes.ptr + 8 + header + ((const char *)t->data - start);
        for (uint64_t r = 0; r < t->dims[0]; r++)
            memset(at + (r * t->dims[1] + from) * 4, 0, (t->dims[1] - from) * 4);
    }
    hx_tensor_file_close(f);
    assert_ok(hx_file_write(path, hx_buf_str(&bytes), false, &err), &err);
    hx_buf_release(&bytes);
}

static void check_pruned(const hx__reshape *keep, const char *part, size_t from) {
    char work[32];
    path_buf pruned, silent;
    hx_error err = {0};
    hx_model_file s;
    const hx_convert_options options = {0};
    float a[96], b[96], c[96];
    double moved = 0;
    test_directory(work);
    (void)snprintf(pruned, sizeof pruned, "%s/pruned", work);
    (void)snprintf(silent, sizeof silent, "%s/silent", work);
    assert_ok(hx_model_file_open(&s, BASE, &err), &err);
    assert_ok(hx__reshape_write(&s, keep, pruned, &options, &err), &err);
    hx_model_file_release(&s);
    silence(silent, part, from);
    run_model(pruned, a);
    run_model(silent, b);
    run_model(BASE, c);
    for (size_t i = 0; i < 96; i++) {
        assert_true(fabs((double)a[i] - (double)b[i]) < 1e-5 * (1 + fabs((double)b[i])));
        moved = fmax(moved, fabs((double)a[i] - (double)c[i]));
    }
    assert_true(moved > 1e-4);
    test_remove_tree(work);
}

static void what_goes_is_as_if_silent(void **state) {
    (void)state;
    uint32_t channels[2 * 40];
    static const uint32_t groups[] = {0, 1, 2, 0, 1, 2};
    for (uint32_t i = 0; i < 80; i++)
        channels[i] = i % 40;
    const hx__reshape ffn = {.channels = channels, .n_channels = 40};
    const hx__reshape heads = {.groups = groups, .n_groups = 3};
    check_pruned(&ffn, "down_proj", 40);
    check_pruned(&heads, "o_proj", 3 * 8);
}

static const float *weigh(const void *context, const char *name) {
    return strstr(name, "down_proj") ? context : NULL;
}

/* Columns that count much are rounded more exactly than where all count alike. */
static void weights_of_columns_are_used(void **state) {
    (void)state;
    char work[32];
    path_buf plain, weighed;
    hx_error err = {0};
    float weights[64], row[64], exact[64];
    double error[2] = {0};
    const hx_convert_options options = {.n_threads = 1};
    test_directory(work);
    (void)snprintf(plain, sizeof plain, "%s/a.gguf", work);
    (void)snprintf(weighed, sizeof weighed, "%s/b.gguf", work);
    for (size_t i = 0; i < 64; i++)
        weights[i] = i % 8 == 0 ? 1000.0f : 0.01f;
    for (size_t way = 0; way < 2; way++) {
        hx_model_file s;
        hx_tensor_file *f = NULL, *base = NULL;
        assert_ok(hx_model_file_open(&s, BASE, &err), &err);
        assert_ok(hx_gguf_out(&s, BASE, "q4_0", way ? weighed : plain, &options, way ? weigh : NULL,
                              weights, &err),
                  &err);
        hx_model_file_release(&s);
        assert_ok(hx_tensor_file_open(&f, way ? weighed : plain, &err), &err);
        assert_ok(hx_tensor_file_open(&base, BASE "/model.safetensors", &err), &err);
        const hx_tensor_entry *t = hx_tensor_file_find(f, "blk.0.ffn_down.weight");
        const hx_tensor_entry *e = hx_tensor_file_find(base, "model.layers.0.mlp.down_proj.weight");
        for (uint64_t r = 0; r < 32; r++) {
            hx_dtype_decode(t->type, (const char *)t->data + r * (t->bytes / 32), 64, row);
            hx_dtype_decode(e->type, (const char *)e->data + r * (e->bytes / 32), 64, exact);
            for (size_t k = 0; k < 64; k += 8)
                error[way] += pow((double)row[k] - (double)exact[k], 2);
        }
        hx_tensor_file_close(f);
        hx_tensor_file_close(base);
    }
    assert_true(error[1] < 0.7 * error[0]);
    test_remove_tree(work);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_are_read_from_text),
        cmocka_unit_test(what_goes_is_as_if_silent),
        cmocka_unit_test(weights_of_columns_are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
