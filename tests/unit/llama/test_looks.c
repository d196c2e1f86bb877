/* test_looks.c - where tokens look: numbers of a plain reference, rows that sum to 1, nothing left behind in the context. */
#include "llama/context.h"
#include "unit/llama/golden_test.h"

static hx_arena *new_arena(void) {
    hx_arena *arena = hx_arena_new(0);
    assert_non_null(arena);
    return arena;
}

/* Of the second golden sequence of llama_mha, mean of its four heads, by loops in Python over the file's tensors, which also gave the golden hidden
 * rows within 1e-6. */
static void the_numbers_are_those_of_the_definition(void **state) {
    (void)state;
    static const float first[3] = {0.316234f, 0.381229f, 0.302536f};
    static const float last[2][7] = {
        {0.119639f, 0.158718f, 0.117043f, 0.160266f, 0.072285f, 0.238839f, 0.133210f},
        {0.056452f, 0.091284f, 0.291435f, 0.193025f, 0.177050f, 0.103764f, 0.086990f}};
    golden g;
    golden_read(&g, "llama_mha");
    hx_llama *m = golden_open("llama_mha", HX_PRECISION_EXACT, 1);
    hx_llama_context *c = golden_context(m, NULL);
    hx_arena *arena = new_arena();
    hx_tokens t = {(int32_t *)(uintptr_t)g.sequences[1].ids, g.sequences[1].n};
    hx_attention a;
    assert_int_equal(t.n, 7);
    assert_int_equal(hx_attention_of(c, SIZE_MAX, &t, arena, &a, NULL), HX_OK);
    assert_int_equal(a.n_layers, 2);
    for (size_t j = 0; j < 3; j++)
        assert_float_equal(a.layers[2 * 7 + j], first[j], 2e-6f);
    for (size_t l = 0; l < 2; l++)
        for (size_t j = 0; j < 7; j++)
            assert_float_equal(a.layers[l * 49 + 6 * 7 + j], last[l][j], 2e-6f);
    assert_null(c->seen);
    /* rollout of the last row: half stays at each layer */
    for (size_t j = 0; j < 7; j++) {
        double want = j == 6 ? 0.25 : 0;
        want += 0.25 * (double)a.layers[6 * 7 + j] + 0.25 * (double)a.layers[49 + 6 * 7 + j];
        for (size_t i = 0; i < 7; i++)
            want += 0.25 * (double)a.layers[49 + 6 * 7 + i] * (double)a.layers[i * 7 + j];
        assert_float_equal(a.rollout[j], want, 1e-6f);
    }
    hx_arena_free(arena);
    hx_llama_context_close(c);
    hx_llama_close(m);
    golden_release(&g);
}

static void check_rows(const hx_attention *a) {
    size_t n = a->n_tokens;
    float all = 0;
    for (size_t l = 0; l < a->n_layers; l++)
        for (size_t i = 0; i < n; i++) {
            float sum = 0;
            for (size_t j = 0; j < n; j++)
                sum += a->layers[(l * n + i) * n + j];
            assert_float_equal(sum, 1, 1e-5f);
            for (size_t j = i + 1; j < n; j++)
                assert_true(a->layers[(l * n + i) * n + j] == 0);
        }
    for (size_t j = 0; j < n; j++)
        all += a->rollout[j];
    if (n > 0) assert_float_equal(all, 1, 1e-5f);
}

static void texts_have_spans_and_rows_that_sum_to_one(void **state) {
    (void)state;
    static const char *const texts[] = {"", "good", "is it good? the bad \xe5\xa5\xbd a b c"};
    for (int precision = HX_PRECISION_FAST; precision <= HX_PRECISION_EXACT; precision++) {
        hx_llama *m = golden_open("gguf_classes", (hx_precision)precision, 2);
        hx_llama_context *c = golden_context(m, NULL);
        hx_arena *arena = new_arena();
        for (size_t i = 0; i < 3; i++) {
            hx_attention a;
            hx_str text = hx_str_of(texts[i]);
            assert_int_equal(hx_llama_attention(c, SIZE_MAX, text, 0, arena, &a, NULL), HX_OK);
            check_rows(&a);
            for (size_t k = 0; k < a.n_tokens; k++)
                assert_true(a.spans[k].start <= a.spans[k].end && a.spans[k].end <= text.len);
            assert_int_equal(hx_llama_attention(c, SIZE_MAX, text, 3, arena, &a, NULL), HX_OK);
            assert_true(a.n_tokens <= 3);
        }
        hx_arena_free(arena);
        hx_llama_context_close(c);
        hx_llama_close(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_numbers_are_those_of_the_definition),
                                       cmocka_unit_test(texts_have_spans_and_rows_that_sum_to_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
