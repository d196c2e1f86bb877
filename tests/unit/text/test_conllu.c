/* test_conllu.c - CoNLL-U in and out byte for byte, what is refused with its line, the figures of the shared task on cases worked out by hand, and
 * words of English text: cases, and spans that cover any bytes. */
#include "unit/base/base_test.h"

#include "base/buf.h"
#include "base/rng.h"
#include "text/conllu.h"

#define REST "\t_\t_\t_\t_\t_\t_\t_\t_\n"

static int open_arena(void **state) {
    *state = hx_arena_new(0);
    return *state ? 0 : -1;
}

static int close_arena(void **state) {
    hx_arena_free(*state);
    return 0;
}

static const char whole[] = "# newdoc id = a\n# text = I don't 去.\n"
                            "1\tI\tI\tPRON\tPRP\tCase=Nom\t4\tnsubj\t4:nsubj\t_\n"
                            "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
                            "2\tdo\tdo\tAUX\tVBP\t_\t4\taux\t4:aux\t_\n"
                            "3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t4:advmod\t_\n"
                            "3.1\tnever\t_\t_\t_\t_\t_\t_\t4:x\t_\n"
                            "4\t去\tgo\tVERB\tVB\t_\t0\troot\t0:root\tSpaceAfter=No\n"
                            "5\t.\t.\tPUNCT\t.\t_\t4\tpunct\t4:punct\tX=1|SpaceAfter=No\n"
                            "\n"
                            "# newpar\n"
                            "1\tYes" REST "\n";

static hx_conllu_sentence *read_all(hx_arena *arena, const char *text, size_t *n) {
    hx_conllu_sentence *s;
    hx_error err = {0};
    if (hx_conllu_read(hx_str_of(text), arena, &s, n, &err) != HX_OK) fail_msg("%s", err.message);
    return s;
}

static void test_what_is_read_is_written(void **state) {
    size_t n;
    hx_str out;
    hx_error err = {0};
    hx_conllu_sentence *s = read_all(*state, whole, &n);
    assert_int_equal(n, 2);
    assert_int_equal(s[0].n_words, 5);
    assert_int_equal(s[0].n_rows, 9);
    assert_int_equal(s[0].rows[3].kind, HX_CONLLU_RANGE);
    assert_int_equal(s[0].rows[3].last, 3);
    assert_int_equal(s[0].rows[6].kind, HX_CONLLU_EMPTY);
    assert_int_equal(s[0].rows[7].head, 0);
    assert_int_equal(s[1].rows[1].head, HX_CONLLU_NO_HEAD);
    assert_int_equal(s[1].line, 11);
    assert_int_equal(hx_conllu_write(s, n, *state, &out, &err), HX_OK);
    assert_string_equal(out.ptr, whole);
    s[0].rows[2].head = 2;
    s[1].rows[1].head = 0;
    assert_int_equal(hx_conllu_write(s, n, *state, &out, &err), HX_OK);
    assert_non_null(strstr(out.ptr, "Case=Nom\t2\tnsubj"));
    assert_non_null(strstr(out.ptr, "1\tYes\t_\t_\t_\t_\t0\t_"));
    assert_int_equal(hx_conllu_text(s, n, *state, &out, &err), HX_OK);
    assert_string_equal(out.ptr, "I don't 去.\n\nYes ");
}

static void test_ends_of_lines_and_of_the_file(void **state) {
    size_t n;
    assert_int_equal(read_all(*state, "", &n) && n == 0, 1);
    (void)read_all(*state, "\n\n1\ta" REST "\n\n\n1\tb\t_\t_\t_\t_\t_\t_\t_\t_", &n);
    assert_int_equal(n, 2);
    hx_conllu_sentence *s = read_all(*state, "1\ta\t_\t_\t_\t_\t_\t_\t_\tx\r\n\r\n", &n);
    assert_int_equal(s[0].rows[0].columns[HX_CONLLU_MISC].len, 1);
}

static void test_hostile_input_is_refused(void **state) {
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"1\ta\t_\n", "line 1: a row has ten columns"},
        {"1\t\t_\t_\t_\t_\t_\t_\t_\t_\n", "line 1: a row has ten columns"},
        {"1\ta" REST "3\tb" REST, "line 2: the number of a word"},
        {"0\ta" REST, "line 1: the number of a word"},
        {"01\ta" REST, "line 1: the number of a word"},
        {"x\ta" REST, "line 1: the number of a word"},
        {"1-1\ta" REST "1\ta" REST, "line 1: the number of a word"},
        {"1-2\tab" REST "1\ta" REST "2-3\tbc" REST, "line 3: the number of a word"},
        {"1-3\tab" REST "1\ta" REST, "line 2: the sentence ends within"},
        {"1.1\ta" REST, "line 1: the number of a word"},
        {"99999999999\ta" REST, "line 1: the number of a word"},
        {"# c\n\n1\ta" REST, "line 2: the sentence has no words"},
        {"1\ta" REST "# c\n", "line 2: a comment stands between words"},
        {"1\t\xff" REST, "line 1: invalid UTF-8"},
        {"1\ta\t_\t_\t_\t_\t1\tx\t_\t_\n", "line 1: a word hangs on itself"},
        {"1\ta\t_\t_\t_\t_\t-1\tx\t_\t_\n", "line 1: the head is no number"},
        {"1\ta\t_\t_\t_\t_\t7\tx\t_\t_\n", "line 1: word 1 hangs on a word that is not there"},
        {"1\ta\t_\t_\t_\t_\t0\tx\t_\t_\n2\tb\t_\t_\t_\t_\t0\tx\t_\t_\n",
         "line 2: the sentence has two"},
        {"1\ta\t_\t_\t_\t_\t0\tx\t_\t_\n2\tb\t_\t_\t_\t_\t_\tx\t_\t_\n", "some words have a head"},
        {"1\ta\t_\t_\t_\t_\t0\tx\t_\t_\n2\tb\t_\t_\t_\t_\t3\tx\t_\t_\n3\tb\t_\t_\t_\t_\t2\tx\t_\t_"
         "\n",
         "word 2 does not come to the root"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_error err = {0};
        hx_conllu_sentence *s;
        size_t n;
        assert_int_equal(hx_conllu_read(hx_str_of(cases[i].text), *state, &s, &n, &err),
                         HX_EFORMAT);
        if (!strstr(err.message, cases[i].says)) fail_msg("%zu: %s", i, err.message);
    }
}

/* ------------------------------------------------------------------ figures */
typedef struct {
    const char *gold, *system;
    size_t n_gold, n_system, words, upos, uas, las, sentences;
} score_case;

#define W(id, form, upos, head, rel) id "\t" form "\t_\t" upos "\t_\t_\t" head "\t" rel "\t_\t_\n"

static void test_figures_by_hand(void **state) {
    static const score_case cases[] = {
        /* The same; a subtype of a relation doesn't count. */
        {W("1", "a", "X", "2", "nsubj:pass") W("2", "b", "Y", "0", "root"),
         W("1", "a", "X", "2", "nsubj") W("2", "b", "Z", "0", "root"), 2, 2, 2, 1, 2, 2, 1},
        /* ab|c against a|bc: none; then d, whose heads are not aligned. */
        {W("1", "ab", "X", "0", "root") W("2", "c", "X", "1", "x") W("3", "d", "X", "1", "x"),
         W("1", "a", "X", "0", "root") W("2", "bc", "X", "1", "x") W("3", "d", "X", "1", "x"), 3, 3,
         1, 1, 0, 0, 1},
        /* A multiword word by forms, in lower case, whatever its places. */
        {"1-2\tDon't" REST W("1", "do", "A", "3", "aux") W("2", "not", "B", "3", "x")
             W("3", "go", "V", "0", "root"),
         W("1", "Do", "A", "3", "aux") W("2", "n't", "B", "3", "x") W("3", "go", "V", "0", "root"),
         3, 3, 2, 2, 2, 2, 1},
        {"1-2\tab" REST W("1", "x", "A", "2", "x") W("2", "y", "B", "0", "root"),
         "1-2\tab" REST W("1", "y", "B", "0", "root") W("2", "x", "A", "1", "x"), 2, 2, 1, 1, 1, 1,
         1},
        /* Sentences by where they begin and end: c is one of both. */
        {W("1", "a", "X", "0", "root")
             W("2", "b", "X", "1", "x") "\n" W("1", "c", "X", "0", "root"),
         W("1", "a", "X", "0", "root") "\n" W("1", "b", "X", "0", "root") "\n" W("1", "c", "X", "0",
                                                                                 "root"),
         3, 3, 3, 3, 2, 2, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const score_case *k = &cases[i];
        hx_conllu_scores got;
        hx_error err = {0};
        size_t n, m;
        hx_conllu_sentence *g = read_all(*state, k->gold, &n), *s = read_all(*state, k->system, &m);
        assert_int_equal(hx_conllu_score(g, n, s, m, &got, &err), HX_OK);
        const size_t want[7] = {k->n_gold, k->n_system, k->words,    k->upos,
                                k->uas,    k->las,      k->sentences};
        const size_t have[7] = {got.words.gold,     got.words.system, got.words.right,
                                got.upos.right,     got.uas.right,    got.las.right,
                                got.sentences.right};
        for (size_t c = 0; c < 7; c++)
            if (want[c] != have[c]) fail_msg("case %zu, figure %zu: %zu", i, c, have[c]);
    }
}

static void test_other_texts_are_refused(void **state) {
    hx_conllu_scores got;
    hx_error err = {0};
    size_t n, m;
    hx_conllu_sentence *g = read_all(*state, "1\tab" REST "2\tcd" REST, &n);
    hx_conllu_sentence *s = read_all(*state, "1\tab" REST "2\tce" REST, &m);
    assert_int_equal(hx_conllu_score(g, n, s, m, &got, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "from byte 3 on, at word 2"));
    assert_true(hx_conllu_f1((hx_conllu_count){0, 0, 0}) == 0);
    assert_true(hx_conllu_f1((hx_conllu_count){3, 1, 1}) == 0.5);
}

/* ------------------------------------------------------------------ English */
/* Words with '|' between them, joined ones with '+', a sentence behind '/'. */
static hx_str cut(hx_arena *arena, const char *text) {
    hx_english_word *w;
    size_t n;
    hx_buf b;
    hx_error err = {0};
    hx_buf_init(&b, 1 << 20);
    assert_int_equal(hx_english_words(hx_str_of(text), arena, &w, &n, &err), HX_OK);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) hx_buf_append_byte(&b, w[i].joins ? '+' : w[i].begins ? '/' : '|');
        hx_buf_append(&b, text + w[i].span.start, w[i].span.end - w[i].span.start);
    }
    hx_str out = hx_arena_str(arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return out;
}

static void test_words_of_english(void **state) {
    static const char *const cases[][2] = {
        {"I don't know. It's John's!", "I|do+n't|know|./It+'s|John+'s|!"},
        {"I couldn't've, we’ll see", "I|could+n't+'ve|,|we+’ll|see"},
        {"You cannot; I'm gonna go", "You|can+not|;|I+'m|gon+na|go"},
        {"a well-known e-mail (co-op)", "a|well|-|known|e-mail|(|co-op|)"},
        {"$5.50, 50% and/or 1,000 at 10:30", "$|5.50|,|50|%|and|/|or|1,000|at|10:30"},
        {"Mr. Smith left. He lives in the U.S. now", "Mr.|Smith|left|./He|lives|in|the|U.S.|now"},
        {"See http://a.b/c?d=1. Mail me@x.org!", "See|http://a.b/c?d=1|./Mail|me@x.org|!"},
        {"Wait... what?! \"Yes.\" :-) OK", "Wait|...|what|?!/\"|Yes|.|\"/:-)|OK"},
        {"at 5pm -- or 9/11", "at|5+pm|--|or|9/11"},
        {"no end\n\nnew part", "no|end/new|part"},
        {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(cut(*state, cases[i][0]).ptr ? cut(*state, cases[i][0]).ptr : "",
                            cases[i][1]);
}

static void test_spans_cover_any_bytes(void **state) {
    static const char some[] = "aZ.'\"-/:,()$%!? \n\t5nts@\xE2\x80\x99\xC2\xA9\xF0\xFF\\";
    hx_rng rng;
    hx_rng_seed(&rng, 7);
    for (int round = 0; round < 4000; round++) {
        char text[64];
        size_t n = hx_rng_below(&rng, sizeof text), n_words, at = 0;
        hx_english_word *w;
        hx_error err = {0};
        for (size_t i = 0; i < n; i++)
            text[i] = some[hx_rng_below(&rng, sizeof some)];
        hx_arena_reset(*state);
        assert_int_equal(hx_english_words((hx_str){text, n}, *state, &w, &n_words, &err), HX_OK);
        for (size_t i = 0; i < n_words; i++) {
            for (; at < w[i].span.start; at++)
                assert_true(text[at] == ' ' || text[at] == '\n' || text[at] == '\t');
            assert_int_equal(at, w[i].span.start);
            assert_true(w[i].span.end > at && w[i].span.end <= n);
            if (w[i].joins) assert_true(i > 0 && w[i - 1].span.end == at && !w[i].begins);
            at = w[i].span.end;
        }
        for (; at < n; at++)
            assert_true(text[at] == ' ' || text[at] == '\n' || text[at] == '\t');
        if (n_words > 0) assert_true(w[0].begins);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read_is_written),
        cmocka_unit_test(test_ends_of_lines_and_of_the_file),
        cmocka_unit_test(test_hostile_input_is_refused),
        cmocka_unit_test(test_figures_by_hand),
        cmocka_unit_test(test_other_texts_are_refused),
        cmocka_unit_test(test_words_of_english),
        cmocka_unit_test(test_spans_cover_any_bytes),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
