/* test_corrected.c - texts corrected before they are annotated: what is said is what is said of the corrected text, spans lie in the text as given,
 * `suggest` changes nothing but says the edits, the order and the company of texts change nothing; spans as a property over edits drawn at random. */
#include "text_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/utf8.h"
#include "text/corrected.h"

static const char *const texts[] = {
    "我门的房间很干净，服务员太度很好！",
    "房间非长脏，隔音效果很差，我门不会再来。",
    "The room was definately the best, I recieve a good breakfast in the the morning.",
    "这家餐厅很棒！",
    "It was fine.",
    "",
    "🙂🙂",
    "我门的房间很干净，服务员太度很好！",
    "我门很喜歡，服務很好 whenit rains.",
    "ＡＢＣ　我门<b>非长</b>满意 &amp; definately ok",
    "\xff\xfe 我门"};
enum { N_TEXTS = sizeof texts / sizeof *texts };

typedef struct {
    hx_text_model *model;
    hx_annotator *annotator;
    hx_arena *arena;
} reader;

static reader open_reader(hx_correct_mode mode) {
    const hx_text_model_options options = {.engine = HX_ENGINE_RULES, .correct = mode};
    reader r = {.arena = hx_arena_new(0)};
    hx_error err = {0};
    if (hx_text_model_open(&r.model, HX_SHARE_DIR, &options, &err) != HX_OK)
        fail_msg("%s", err.message);
    assert_int_equal(hx_annotator_new(&r.annotator, r.model, &err), HX_OK);
    assert_non_null(r.arena);
    return r;
}

static void close_reader(reader *r) {
    hx_annotator_free(r->annotator);
    hx_text_model_close(r->model);
    hx_arena_free(r->arena);
}

static hx_annotation annotate(reader *r, hx_str text) {
    hx_annotation out;
    hx_error err = {0};
    if (hx_text_annotate(r->annotator, text, r->arena, &out, &err) != HX_OK)
        fail_msg("%s", err.message);
    return out;
}

static bool is_edge(hx_str s, size_t at) {
    return at == s.len || ((unsigned char)s.ptr[at] & 0xC0) != 0x80;
}

static void expect_within(hx_str given, hx_span s) {
    assert_true(s.start <= s.end && s.end <= given.len);
    if (!hx_utf8_is_valid(given)) return;
    assert_true(is_edge(given, s.start) && is_edge(given, s.end));
}

static void expect_spans(hx_str given, const hx_annotation *a) {
    for (size_t i = 0; i < a->sentiment.n_evidence; i++)
        expect_within(given, a->sentiment.evidence[i].span);
    for (size_t i = 0; i < a->intent.n_evidence; i++)
        expect_within(given, a->intent.evidence[i].span);
    for (size_t i = 0; i < a->n_keywords; i++) {
        expect_within(given, a->keywords[i].span);
        assert_true(a->keywords[i].span.start < a->keywords[i].span.end);
    }
    for (size_t i = 0; i < a->n_aspects; i++) {
        expect_within(given, a->aspects[i].span);
        expect_within(given, a->aspects[i].opinion);
    }
    size_t least = 0;
    for (size_t i = 0; i < a->corrected.n_edits; i++) {
        const hx_edit *e = &a->corrected.edits[i];
        expect_within(given, e->span);
        assert_true(e->span.start >= least);
        least = e->span.end;
        hx_str from = {given.ptr + e->span.start, e->span.end - e->span.start};
        assert_true(hx_str_equal(from, e->from));
    }
}

/* The text with its edits done. */
static hx_str corrected_text(reader *r, hx_str given, const hx_corrected *c) {
    char *out = hx_arena_alloc(r->arena, given.len + 4096);
    size_t n = 0, at = 0;
    assert_non_null(out);
    for (size_t i = 0; i < c->n_edits; i++) {
        const hx_edit *e = &c->edits[i];
        memcpy(out + n, given.ptr + at, e->span.start - at);
        n += e->span.start - at;
        memcpy(out + n, e->to.ptr, e->to.len);
        n += e->to.len;
        at = e->span.end;
    }
    memcpy(out + n, given.ptr + at, given.len - at);
    return (hx_str){out, n + given.len - at};
}

static void expect_same_words(const hx_annotation *a, const hx_annotation *b) {
    assert_int_equal(a->lang, b->lang);
    assert_int_equal(a->noise, b->noise);
    assert_true(a->similarity == b->similarity);
    assert_int_equal(a->sentiment.label, b->sentiment.label);
    assert_true(a->sentiment.logit == b->sentiment.logit);
    assert_int_equal(a->sentiment.n_evidence, b->sentiment.n_evidence);
    assert_int_equal(a->intent.label, b->intent.label);
    assert_int_equal(a->n_aspects, b->n_aspects);
    assert_int_equal(a->n_keywords, b->n_keywords);
    for (size_t i = 0; i < a->n_keywords; i++)
        assert_true(hx_str_equal(a->keywords[i].text, b->keywords[i].text));
}

static void test_apply_reads_the_corrected_text(void **state) {
    reader off = open_reader(HX_CORRECT_OFF), on = open_reader(HX_CORRECT_APPLY);
    size_t edits = 0;
    (void)state;
    for (size_t i = 0; i < N_TEXTS; i++) {
        hx_str given = hx_str_of(texts[i]);
        hx_annotation a = annotate(&on, given);
        hx_str put_right = corrected_text(&on, given, &a.corrected);
        hx_annotation b = annotate(&off, put_right), again = annotate(&on, put_right);
        assert_int_equal(a.corrected.mode, HX_CORRECT_APPLY);
        assert_int_equal(a.corrected.engine, HX_ENGINE_RULES);
        expect_same_words(&a, &b);
        expect_spans(given, &a);
        assert_int_equal(again.corrected.n_edits, 0);
        expect_same_words(&a, &again);
        assert_true(a.model != b.model);
        edits += a.corrected.n_edits;
    }
    assert_true(edits >= 6);
    close_reader(&off);
    close_reader(&on);
}

/* 太度 is read as 态度, and quoted as it was written. */
static void test_quotes_are_verbatim(void **state) {
    reader on = open_reader(HX_CORRECT_APPLY);
    hx_str given = hx_str_of(texts[0]);
    hx_annotation a = annotate(&on, given);
    bool found = false;
    (void)state;
    for (size_t i = 0; i < a.n_keywords; i++) {
        if (!hx_str_equal(a.keywords[i].text, HX_STR_LIT("态度"))) continue;
        hx_span s = a.keywords[i].span;
        hx_str quote = {given.ptr + s.start, s.end - s.start};
        assert_true(hx_str_equal(quote, HX_STR_LIT("太度")));
        found = true;
    }
    assert_true(found);
    close_reader(&on);
}

/* hx__corrected_text(): what a labeller reads. */
static void test_text_with_its_edits(void **state) {
    const hx_str given = HX_STR_LIT("aXbcYd");
    const hx_edit edits[] = {{.span = {1, 2}, .to = HX_STR_LIT("long")},
                             {.span = {3, 3}, .to = HX_STR_LIT("-")},
                             {.span = {4, 5}, .to = HX_STR_LIT("")}};
    hx_corrected how = {.mode = HX_CORRECT_APPLY, .edits = edits, .n_edits = 3};
    hx_arena *arena = hx_arena_new(0);
    (void)state;
    assert_non_null(arena);
    hx_str text = hx__corrected_text(&how, given, arena);
    assert_true(hx_str_equal(text, HX_STR_LIT("alongb-cd")));
    how.mode = HX_CORRECT_SUGGEST;
    assert_ptr_equal(hx__corrected_text(&how, given, arena).ptr, given.ptr);
    how = (hx_corrected){.mode = HX_CORRECT_APPLY};
    assert_ptr_equal(hx__corrected_text(&how, given, arena).ptr, given.ptr);
    hx_arena_free(arena);
}

static void test_suggest_changes_nothing(void **state) {
    reader off = open_reader(HX_CORRECT_OFF), on = open_reader(HX_CORRECT_SUGGEST);
    size_t edits = 0;
    (void)state;
    for (size_t i = 0; i < N_TEXTS; i++) {
        hx_annotation a = annotate(&on, hx_str_of(texts[i])),
                      b = annotate(&off, hx_str_of(texts[i]));
        expect_same_words(&a, &b);
        assert_true(a.model == b.model);
        expect_spans(hx_str_of(texts[i]), &a);
        assert_int_equal(a.corrected.mode, HX_CORRECT_SUGGEST);
        edits += a.corrected.n_edits;
    }
    assert_true(edits >= 6);
    close_reader(&off);
    close_reader(&on);
}

static void test_modes_of_an_annotator(void **state) {
    reader on = open_reader(HX_CORRECT_APPLY), off = open_reader(HX_CORRECT_OFF);
    hx_str text = hx_str_of(texts[0]);
    (void)state;
    hx_annotator_correct(on.annotator, HX_CORRECT_OFF);
    hx_annotation a = annotate(&on, text), b = annotate(&off, text);
    assert_true(a.model == b.model && a.corrected.mode == HX_CORRECT_OFF);
    hx_annotator_correct(on.annotator, HX_CORRECT_SUGGEST);
    assert_int_equal(annotate(&on, text).corrected.mode, HX_CORRECT_SUGGEST);
    hx_annotator_correct(off.annotator, HX_CORRECT_APPLY);
    assert_int_equal(annotate(&off, text).corrected.mode, HX_CORRECT_OFF);
    close_reader(&on);
    close_reader(&off);
}

/* Read ahead or alone, in any order: the same. */
static void test_company_changes_nothing(void **state) {
    reader one = open_reader(HX_CORRECT_APPLY), many = open_reader(HX_CORRECT_APPLY);
    hx_str list[N_TEXTS];
    hx_annotation all[N_TEXTS];
    hx_error err = {0};
    (void)state;
    for (size_t i = 0; i < N_TEXTS; i++)
        list[i] = hx_str_of(texts[i]);
    assert_int_equal(hx_text_annotate_many(many.annotator, list, N_TEXTS, many.arena, all, &err),
                     HX_OK);
    for (size_t i = N_TEXTS; i-- > 0;) {
        hx_annotation a = annotate(&one, list[i]);
        expect_same_words(&a, &all[i]);
        assert_int_equal(a.corrected.n_edits, all[i].corrected.n_edits);
    }
    close_reader(&one);
    close_reader(&many);
}

/* ------------------------------------------------------------------ spans */
static const char *const pieces[] = {"a", "bc", "我", "们的", "é", "", "when it", "whenit", "😀"};
enum { N_PIECES = sizeof pieces / sizeof *pieces };

/* Pieces of text with edits between: given, corrected and the edits, at most 8. */
typedef struct {
    char given[256], now[256];
    hx_edit edits[8];
    hx_correction c;
    hx_str text;
} drawn;

static hx_str put(char *to, size_t *n, const char *s) {
    hx_str at = {to + *n, strlen(s)};
    memcpy(to + *n, s, at.len + 1);
    *n += at.len;
    return at;
}

static void draw(hx_rng *rng, drawn *d) {
    size_t given = 0, now = 0, n = 0;
    for (size_t i = 0; i < 8; i++) {
        const char *from = pieces[hx_rng_below(rng, N_PIECES)];
        const char *to = pieces[hx_rng_below(rng, N_PIECES)];
        if (hx_rng_below(rng, 2) == 0) {
            put(d->given, &given, from);
            put(d->now, &now, from);
            continue;
        }
        if (strcmp(from, to) == 0) continue;
        uint32_t start = (uint32_t)given;
        hx_str a = put(d->given, &given, from), b = put(d->now, &now, to);
        d->edits[n++] = (hx_edit){.span = {start, (uint32_t)given}, .from = a, .to = b};
        put(d->given, &given, "-");
        put(d->now, &now, "-");
    }
    d->text = (hx_str){d->given, given};
    d->c = (hx_correction){.text = {d->now, now}, .edits = d->edits, .n_edits = n};
}

/* Spans between characters: within the text, none empty, ascending, a whole edit where one is touched, the same bytes where none is. */
static void test_spans_as_a_property(void **state) {
    hx_rng rng;
    (void)state;
    hx_rng_seed(&rng, 7);
    for (size_t round = 0; round < 3000; round++) {
        drawn d;
        draw(&rng, &d);
        hx_span last = {0, 0};
        for (size_t at = 0; at < d.c.text.len;) {
            size_t from = at;
            hx_utf8_next(d.c.text, &at);
            hx_span s = hx__original_span(&d.c, d.text, (hx_span){(uint32_t)from, (uint32_t)at});
            expect_within(d.text, s);
            assert_true(s.start < s.end || d.text.len == 0);
            assert_true(s.start >= last.start && s.end >= last.end);
            last = s;
            if (d.c.text.ptr[from] == '-') assert_true(d.text.ptr[s.start] == '-');
        }
        hx_span all = hx__original_span(&d.c, d.text, (hx_span){0, (uint32_t)d.c.text.len});
        hx_span none = hx__original_span(&d.c, d.text, (hx_span){0, 0});
        assert_true(none.start == none.end);
        if (d.c.text.len > 0) expect_within(d.text, all);
    }
}

static void test_spans_of_known_edits(void **state) {
    const hx_edit edits[] = {
        {.span = {3, 9}, .from = HX_STR_LIT("whenit"), .to = HX_STR_LIT("when it")},
        {.span = {13, 16}, .from = HX_STR_LIT("的"), .to = HX_STR_LIT("")}};
    const hx_correction c = {HX_STR_LIT("ab when it x y"), edits, 2};
    const hx_str given = HX_STR_LIT("ab whenit x y的");
    const struct {
        hx_span of, is;
    } cases[] = {{{0, 2}, {0, 2}},     {{3, 7}, {3, 7}},   {{8, 10}, {7, 9}},
                 {{7, 8}, {6, 7}},     {{3, 10}, {3, 9}},  {{11, 12}, {10, 11}},
                 {{13, 14}, {12, 13}}, {{0, 14}, {0, 13}}, {{5, 5}, {5, 5}}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_span s = hx__original_span(&c, given, cases[i].of);
        assert_int_equal(s.start, cases[i].is.start);
        assert_int_equal(s.end, cases[i].is.end);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply_reads_the_corrected_text),
        cmocka_unit_test(test_quotes_are_verbatim),
        cmocka_unit_test(test_text_with_its_edits),
        cmocka_unit_test(test_suggest_changes_nothing),
        cmocka_unit_test(test_modes_of_an_annotator),
        cmocka_unit_test(test_company_changes_nothing),
        cmocka_unit_test(test_spans_as_a_property),
        cmocka_unit_test(test_spans_of_known_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
