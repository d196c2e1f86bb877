/* test_intent_parts.c - all intents of a text with the clause that says each: places, order, texts at the edge, the same answer whatever
 * was read before. */
#include "text_test.h"

#include <string.h>

#include "base/buf.h"

typedef struct {
    hx_text_model *model;
    hx_annotator *a, *parts;
    hx_arena *arena;
} fixture;

static int setup(void **state) {
    static fixture f;
    const hx_text_model_options options = {.engine = HX_ENGINE_LEARN};
    f.arena = hx_arena_new(0);
    assert_int_equal(hx_text_model_open(&f.model, HX_SHARE_DIR, &options, NULL), HX_OK);
    assert_int_equal(hx_annotator_new(&f.a, f.model, NULL), HX_OK);
    assert_int_equal(hx_annotator_new(&f.parts, f.model, NULL), HX_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture *f = *state;
    hx_annotator_free(f->a);
    hx_annotator_free(f->parts);
    hx_text_model_close(f->model);
    hx_arena_free(f->arena);
    return 0;
}

static size_t ask(fixture *f, hx_annotator *parts, hx_str text, hx_intent *whole,
                  const hx_intent_part **out) {
    size_t n = 0;
    assert_int_equal(hx_text_intents(f->a, parts, text, f->arena, whole, out, &n, NULL), HX_OK);
    for (size_t i = 0; i < n; i++) {
        const hx_intent_part *p = &(*out)[i];
        assert_true(p->span.start < p->span.end && p->span.end <= text.len);
        assert_true(p->score >= 0 && p->score <= 1 && p->label != HX_INTENT_OTHER);
        assert_true(i == 0 || p->span.start >= (*out)[i - 1].span.start);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal((*out)[k].label, p->label);
    }
    return n;
}

static void test_each_intent_has_its_clause(void **state) {
    fixture *f = *state;
    const hx_str text = HX_STR_LIT("我要退款，另外发票什么时候开？");
    const hx_intent_part *list;
    hx_intent whole;
    assert_int_equal(ask(f, f->parts, text, &whole, &list), 2);
    assert_int_equal(list[0].label, HX_INTENT_REFUND);
    assert_int_equal(list[0].span.start, 0);
    assert_int_equal(list[0].span.end, strlen("我要退款，"));
    assert_int_equal(list[1].label, HX_INTENT_INVOICE);
    assert_int_equal(list[1].span.start, strlen("我要退款，"));
    assert_int_equal(list[1].span.end, text.len);
}

static void test_one_annotator_does_for_both(void **state) {
    fixture *f = *state;
    const hx_str text = HX_STR_LIT("I want a refund, and when will my other parcel arrive?");
    const hx_intent_part *apart, *alone;
    hx_intent whole, again;
    const size_t n = ask(f, f->parts, text, &whole, &apart);
    assert_int_equal(ask(f, f->a, text, &again, &alone), n);
    assert_int_equal(n, 2);
    assert_memory_equal(apart, alone, n * sizeof *apart);
    assert_true(whole.label == again.label && whole.holds == again.holds);
}

static void test_texts_at_the_edge(void **state) {
    fixture *f = *state;
    static const char *const texts[] = {"", "   ", "😀😀", "。。。！！", "ok", "\xff\xfe", "退款"};
    const hx_intent_part *list;
    hx_intent whole;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_true(ask(f, f->parts, hx_str_of(texts[i]), &whole, &list) <= 1);
    hx_buf many;
    hx_buf_init(&many, 1u << 20);
    for (size_t i = 0; i < 2000; i++) /* more clauses than are read apart */
        assert_true(hx_buf_append_lit(&many, "我要退款，发票什么时候开？"));
    const size_t n = ask(f, f->parts, hx_buf_str(&many), &whole, &list);
    for (size_t i = 0; i < n; i++)
        assert_true(list[i].span.start == 0 && list[i].span.end == many.len);
    hx_buf_release(&many);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_intent_has_its_clause, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_annotator_does_for_both, setup, teardown),
        cmocka_unit_test_setup_teardown(test_texts_at_the_edge, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
