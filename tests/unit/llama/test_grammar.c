/* test_grammar.c - GBNF: what matches, what is refused and how, and what hostile grammars cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "llama/grammar.h"

typedef struct {
    const char *gbnf, *text;
    bool is_whole; /* false: no text of the grammar */
} match_case;

static hx_grammar *grammar_of(const char *gbnf) {
    hx_grammar *g = NULL;
    hx_error err = {0};
    if (hx_grammar_new(&g, hx_str_of(gbnf), &err) != HX_OK) fail_msg("%s: %s", gbnf, err.message);
    return g;
}

static bool is_whole(const char *gbnf, hx_str text) {
    hx_grammar *g = grammar_of(gbnf);
    hx_matcher *m = hx_matcher_new(g);
    assert_non_null(m);
    bool whole = hx_matcher_may_end(m, hx_matcher_read(m, hx_matcher_start(m), text));
    assert_int_equal(hx_matcher_status(m, NULL), HX_OK);
    hx_matcher_free(m);
    hx_grammar_free(g);
    return whole;
}

static const match_case cases[] = {
    {"root ::= \"ab\"", "ab", true},
    {"root ::= \"ab\"", "a", false},
    {"root ::= \"ab\"", "abc", false},
    {"root ::= \"a\" | \"b\"\n", "b", true},
    {"root ::= \"a\"\n  | \"b\"", "b", true},
    {"root ::=\n \"a\" # first\n", "a", true},
    {"# head\nroot ::= x y\nx ::= \"1\"\ny ::= \"2\"", "12", true},
    {"root ::= \"\"", "", true},
    {"root ::= ", "", true},
    {"root ::= \"a\" |", "", true},
    {"root ::= (\"a\" | )\n", "", true},
    {"root ::= [a-c]+", "abcabc", true},
    {"root ::= [a-c]+", "", false},
    {"root ::= [a-c]*", "", true},
    {"root ::= [^a-c]", "d", true},
    {"root ::= [^a-c]", "b", false},
    {"root ::= [^a-c]", "\xE5\xA5\xBD", true},
    {"root ::= [\xE4\xB8\x80-\xE9\xBE\xA5]{2}", "\xE5\xA5\xBD\xE7\x9C\x8B", true},
    {"root ::= [\\u4e00-\\u9fa5]{2}", "\xE5\xA5\xBD", false},
    {"root ::= \"\\u597d\"", "\xE5\xA5\xBD", true},
    {"root ::= \"\\x41\\n\\\"\\\\\"", "A\n\"\\", true},
    {"root ::= \"\\U0001F600\"", "\xF0\x9F\x98\x80", true},
    {"root ::= [a\\-z]+", "a-z", true},
    {"root ::= [a\\-z]+", "b", false},
    {"root ::= [-a]+", "-a", true},
    {"root ::= [a-]+", "-a", true},
    {"root ::= [\\]\\[^]+", "[]^", true},
    {"root ::= .", "\n", true},
    {"root ::= .", "", false},
    {"root ::= . .", "\xE5\xA5\xBD\xE7\x9C\x8B", true},
    {"root ::= \"ab\"{3}", "ababab", true},
    {"root ::= \"ab\"{3}", "abab", false},
    {"root ::= \"a\"{2,}", "aaaaa", true},
    {"root ::= \"a\"{2,}", "a", false},
    {"root ::= \"a\"{,2}", "aa", true},
    {"root ::= \"a\"{,2}", "aaa", false},
    {"root ::= \"a\"{0}\"b\"", "b", true},
    {"root ::= \"a\"{0}\"b\"", "ab", false},
    {"root ::= \"a\"{1,3} \"a\"{2}", "aaaaa", true},
    {"root ::= \"a\"{1,3} \"a\"{2}", "aaaaaa", false},
    {"root ::= (\"a\"? \"b\"?){2}", "ab", true},
    {"root ::= (\"a\"? \"b\"?){2}", "abab", true},
    {"root ::= (\"a\"? \"b\"?){2}", "ababa", false},
    {"root ::= (\"a\"* \"b\"*)*", "abba", true},
    {"root ::= ((\"a\"?)*)* \"c\"", "aac", true},
    {"root ::= ((\"a\"?){0,3}){2} \"c\"", "aaaaaac", true},
    {"root ::= ((\"a\"?){0,3}){2} \"c\"", "aaaaaaac", false},
    {"root ::= \"(\" root \")\" | \"x\"", "((x))", true},
    {"root ::= \"(\" root \")\" | \"x\"", "((x)", false},
    {"root ::= \"a\" root | \"\"", "aaaaaaaa", true},
    {"root ::= a-b_c\na-b_c ::= \"x\"", "x", true},
    {"root ::= [a] [\\x62] \"\" [c]", "abc", true},
};

static void texts_match_or_not(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (is_whole(cases[i].gbnf, hx_str_of(cases[i].text)) != cases[i].is_whole)
            fail_msg("%s with '%s'", cases[i].gbnf, cases[i].text);
}

typedef struct {
    const char *gbnf, *message;
    hx_status status;
} refusal;

static const refusal refusals[] = {
    {"", "grammar: no rule is called root", HX_EFORMAT},
    {"a ::= \"x\"", "grammar: no rule is called root", HX_EFORMAT},
    {"root ::= \"x", "grammar: the string that begins at line 1, column 10 has no end", HX_EFORMAT},
    {"root ::= \"x\n\"", "grammar: the string that begins at line 1, column 10 has no end",
     HX_EFORMAT},
    {"root ::= [x", "grammar: the class that begins at line 1, column 10 has no end", HX_EFORMAT},
    {"root ::= []", "grammar: an empty character class at line 1, column 10", HX_EFORMAT},
    {"root ::= [z-a]", "grammar: a range runs backwards at line 1, column 11", HX_EFORMAT},
    {"root ::= [^\\x00-\\U0010ffff]", "grammar: an empty character class at line 1, column 10",
     HX_EFORMAT},
    {"root ::= \"\\q\"", "grammar: unknown escape at line 1, column 11", HX_EFORMAT},
    {"root ::= \"\\x4\"", "grammar: an escape lacks hexadecimal digits at line 1, column 11",
     HX_EFORMAT},
    {"root ::= \"\\ud800\"", "grammar: an escape is no character at line 1, column 11", HX_EFORMAT},
    {"root ::= \"\\U00110000\"", "grammar: an escape is no character at line 1, column 11",
     HX_EFORMAT},
    {"root ::= *", "grammar: nothing to repeat before line 1, column 10", HX_EFORMAT},
    {"root ::= \"a\" | +", "grammar: nothing to repeat before line 1, column 16", HX_EFORMAT},
    {"root ::= (?)", "grammar: nothing to repeat before line 1, column 11", HX_EFORMAT},
    {"root ::= \"a\"**", "grammar: nothing to repeat before line 1, column 14", HX_EFORMAT},
    {"root ::= \"a\"{3,2}",
     "grammar: a repetition's minimum is above its maximum at line 1, column 13", HX_EFORMAT},
    {"root ::= \"a\"{}",
     "grammar: repetitions are written {m}, {m,}, {,n} or {m,n}, not as at line 1, column 13",
     HX_EFORMAT},
    {"root ::= \"a\"{,}",
     "grammar: repetitions are written {m}, {m,}, {,n} or {m,n}, not as at line 1, column 13",
     HX_EFORMAT},
    {"root ::= \"a\"{1",
     "grammar: repetitions are written {m}, {m,}, {,n} or {m,n}, not as at line 1, column 13",
     HX_EFORMAT},
    {"root ::= \"a\"{-1}",
     "grammar: repetitions are written {m}, {m,}, {,n} or {m,n}, not as at line 1, column 13",
     HX_EFORMAT},
    {"root ::= \"a\"{99999999999999999999}",
     "grammar: more than 1048576 repetitions at line 1, column 13", HX_ELIMIT},
    {"root ::= \"a\"{1,4294967296}", "grammar: more than 1048576 repetitions at line 1, column 13",
     HX_ELIMIT},
    {"root ::= (\"a\"", "grammar: the '(' at line 1, column 10 has no ')'", HX_EFORMAT},
    {"root ::= \"a\")", "grammar: ')' without '(' at line 1, column 13", HX_EFORMAT},
    {"root ::= \"a\" \n\"b\"", "grammar: a rule's name is expected at line 2, column 1",
     HX_EFORMAT},
    {"root = \"a\"", "grammar: '::=' is expected at line 1, column 6", HX_EFORMAT},
    {"root ::= \"a\"\nroot ::= \"b\"", "grammar: the rule at line 2, column 1 was defined before",
     HX_EFORMAT},
    {"root ::= x\n", "grammar: the rule x at line 1, column 10 is not defined", HX_EFORMAT},
    {"root ::= \"\xE5\xA5\xBD\" nix", "grammar: the rule nix at line 1, column 14 is not defined",
     HX_EFORMAT},
    {"root ::= root \"a\"",
     "grammar: the rule root at line 1, column 1 begins with itself; write the repetition with *",
     HX_EFORMAT},
    {"root ::= x | \"b\"\nx ::= (\"c\"? y)\ny ::= x \"a\" | \"q\"",
     "grammar: the rule x at line 1, column 10 begins with itself; write the repetition with *",
     HX_EFORMAT},
    {"root ::= (root)* \"a\"",
     "grammar: the rule root at line 1, column 1 begins with itself; write the repetition with *",
     HX_EFORMAT},
    {"root ::= \"a\" root", "grammar: the rule root at line 1, column 1 can never come to an end",
     HX_EFORMAT},
    {"root ::= \"a\" | (\"b\" x)\nx ::= \"c\" x",
     "grammar: the rule x at line 1, column 21 can never come to an end", HX_EFORMAT},
    {"root ::= $", "grammar: this cannot stand at line 1, column 10", HX_EFORMAT},
    {"root ::= \"a\"\n\nx ::= \"\xC3\"", "grammar: not valid UTF-8 at line 3, column 8",
     HX_EFORMAT},
};

static void mistakes_get_a_sentence(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        hx_grammar *g = NULL;
        hx_error err = {0};
        assert_int_equal(hx_grammar_new(&g, hx_str_of(refusals[i].gbnf), &err), refusals[i].status);
        assert_null(g);
        assert_string_equal(err.message, refusals[i].message);
    }
}

/* Security: known defects of other engines. */
static void grammar_depth(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    hx_buf_append_lit(&b, "root ::= ");
    for (int i = 0; i < 60000; i++)
        hx_buf_append_byte(&b, '(');
    hx_buf_append_lit(&b, "\"a\"");
    for (int i = 0; i < 60000; i++)
        hx_buf_append_byte(&b, ')');
    hx_grammar *g = NULL;
    hx_error err = {0};
    assert_int_equal(hx_grammar_new(&g, hx_buf_str(&b), &err), HX_ELIMIT);
    assert_string_equal(err.message,
                        "grammar: brackets nest deeper than 128 at line 1, column 138");
    hx_buf_release(&b);
}

/* 60,000 rules that lead to each other: no recursion, and the stack's cap refuses the text, not the grammar. */
static void long_chains_of_rules(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 8 << 20);
    hx_buf_append_lit(&b, "root ::= r0\n");
    for (int i = 0; i < 60000; i++)
        hx_buf_printf(&b, "r%d ::= r%d \"x\"?\n", i, i + 1);
    hx_buf_append_lit(&b, "r60000 ::= \"a\"\n");
    hx_grammar *g = NULL;
    hx_error err = {0};
    assert_int_equal(hx_grammar_new(&g, hx_buf_str(&b), &err), HX_OK);
    hx_matcher *m = hx_matcher_new(g);
    assert_int_equal(hx_matcher_start(m), 0);
    hx_matcher_free(m);
    hx_grammar_free(g);
    hx_buf_release(&b);
}

static void ambiguity_is_capped(void **state) {
    (void)state;
    hx_grammar *g = grammar_of("root ::= ((\"a\"{1,1000}){1,1000}){1,1000} \"b\"");
    hx_matcher *m = hx_matcher_new(g);
    uint32_t node = hx_matcher_start(m);
    for (int i = 0; i < 5000 && node != 0; i++)
        node = hx_matcher_step(m, node, 'a');
    assert_int_equal(node, 0);
    hx_error err = {0};
    assert_int_equal(hx_matcher_status(m, &err), HX_ELIMIT);
    assert_string_equal(err.message,
                        "the grammar is too ambiguous: too many ways to read the text");
    hx_matcher_free(m);
    hx_grammar_free(g);
}

static void deep_texts_are_refused(void **state) {
    (void)state;
    hx_grammar *g = grammar_of("root ::= \"(\" root \")\" | \"x\"");
    hx_matcher *m = hx_matcher_new(g);
    uint32_t node = hx_matcher_start(m);
    int depth = 0;
    for (; depth < 5000; depth++) {
        uint32_t next = hx_matcher_step(m, node, '(');
        if (next == 0) break;
        node = next;
    }
    assert_in_range(depth, 1000, 1024);
    assert_int_equal(hx_matcher_status(m, NULL), HX_OK);
    node = hx_matcher_step(m, node, 'x');
    for (int i = 0; i < depth; i++) {
        assert_false(hx_matcher_may_end(m, node));
        node = hx_matcher_step(m, node, ')');
    }
    assert_true(hx_matcher_must_end(m, node));
    hx_matcher_free(m);
    hx_grammar_free(g);
}

/* A character may come byte by byte, and only bytes of one that is allowed. */
static void characters_in_parts(void **state) {
    (void)state;
    hx_grammar *g = grammar_of("root ::= [\\u4e00-\\u4e0f]+ \"!\"?");
    hx_matcher *m = hx_matcher_new(g);
    uint32_t node = hx_matcher_read(m, hx_matcher_start(m), HX_STR_LIT("\xE4\xB8"));
    assert_true(node != 0);
    assert_false(hx_matcher_may_end(m, node));
    assert_int_equal(hx_matcher_step(m, node, 0x90), 0);
    assert_int_equal(hx_matcher_step(m, node, '!'), 0);
    assert_true(hx_matcher_may_end(m, hx_matcher_step(m, node, 0x8F)));
    assert_int_equal(hx_matcher_step(m, hx_matcher_start(m), 0xE5), 0);
    assert_int_equal(hx_matcher_step(m, hx_matcher_start(m), 0xF0), 0);
    uint32_t whole = hx_matcher_step(m, node, 0x81), over = hx_matcher_step(m, whole, '!');
    assert_false(hx_matcher_must_end(m, whole));
    assert_true(hx_matcher_must_end(m, over));
    hx_matcher_free(m);
    hx_grammar_free(g);
}

/* All two-, three- and four-byte beginnings agree with RFC 3629. */
static void any_character_is_strict_utf8(void **state) {
    (void)state;
    hx_grammar *g = grammar_of("root ::= .");
    hx_matcher *m = hx_matcher_new(g);
    static const char *const bad[] = {"\x80",     "\xC0",     "\xC1",        "\xE0\x9F",
                                      "\xED\xA0", "\xF0\x8F", "\xF4\x90",    "\xF5",
                                      "\xFF",     "\xC2\x41", "\xE1\x80\xC0"};
    static const char *const good[] = {
        "\x7F",         "\xC2\x80",         "\xE0\xA0\x80",    "\xED\x9F\xBF",
        "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(hx_matcher_read(m, hx_matcher_start(m), hx_str_of(bad[i])), 0);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(
            hx_matcher_must_end(m, hx_matcher_read(m, hx_matcher_start(m), hx_str_of(good[i]))));
    hx_matcher_free(m);
    hx_grammar_free(g);
}

/* A long text makes many states: numbers change, what is allowed does not. */
static void trimming_changes_nothing(void **state) {
    (void)state;
    hx_grammar *g = grammar_of("root ::= \"a\"{30000} (\"b\" | \"c\"){0,7} \"d\"");
    hx_matcher *m = hx_matcher_new(g);
    uint32_t node = hx_matcher_start(m);
    for (int i = 0; i < 30000; i++) {
        assert_int_equal(hx_matcher_step(m, node, 'b'), 0);
        node = hx_matcher_trim(m, hx_matcher_step(m, node, 'a'));
        assert_true(node != 0);
    }
    assert_true(hx_matcher_round(m) >= 3);
    assert_int_equal(hx_matcher_step(m, node, 'a'), 0);
    node = hx_matcher_read(m, node, HX_STR_LIT("bcbcbcb"));
    assert_int_equal(hx_matcher_step(m, node, 'b'), 0);
    assert_true(hx_matcher_must_end(m, hx_matcher_step(m, node, 'd')));
    hx_matcher_free(m);
    hx_grammar_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_match_or_not),
        cmocka_unit_test(mistakes_get_a_sentence),
        cmocka_unit_test(grammar_depth),
        cmocka_unit_test(long_chains_of_rules),
        cmocka_unit_test(ambiguity_is_capped),
        cmocka_unit_test(deep_texts_are_refused),
        cmocka_unit_test(characters_in_parts),
        cmocka_unit_test(any_character_is_strict_utf8),
        cmocka_unit_test(trimming_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
