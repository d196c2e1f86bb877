/* test_triple.c - triples of trees written down by hand, and of any tree: verbatim, with a predicate, none longer than its sentence. */
#include "unit/base/base_test.h"

#include "base/rng.h"
#include "text/triple.h"

enum { WORDS_MOST = 40 };

typedef struct {
    const char
        *text; /* words with one blank between, which is part of no word; '~' stands for none */
    const char *tree; /* head and relation of each: "2 nsubj, 0 root" */
    const char *wanted;
} triple_case;

/* The sentence of a case; `joined` gets the text as it is read. */
static hx_tagged_sentence sentence_of(const triple_case *c, char *joined, char *relations,
                                      hx_tagged_word *words) {
    hx_tagged_sentence s = {words, 0, false};
    size_t at = 0;
    for (const char *w = c->text; *w;) {
        size_t len = strcspn(w, " ~");
        memcpy(joined + at, w, len);
        words[s.n] = (hx_tagged_word){.span = {(uint32_t)at, (uint32_t)(at + len)}};
        s.n++;
        at += len;
        w += len;
        if (*w == ' ') joined[at++] = ' ';
        w += *w != '\0';
    }
    joined[at] = '\0';
    memcpy(relations, c->tree, strlen(c->tree) + 1);
    char *to = relations;
    for (size_t i = 0; i < s.n; i++) {
        char *rel = strchr(to, ' '), *end = strchr(to, ',');
        assert_non_null(rel);
        words[i].head = 0;
        for (const char *d = to; d < rel; d++)
            words[i].head = words[i].head * 10 + (uint32_t)(*d - '0');
        words[i].deprel = rel + 1;
        if (end) *end = '\0';
        to = end ? end + 2 : to + strlen(to);
    }
    return s;
}

static const triple_case cases[] = {
    {"I did~n't like the slow delivery", "4 nsubj, 4 aux, 4 advmod, 0 root, 7 det, 7 amod, 4 obj",
     "I|didn't like|the slow delivery;"},
    {"She is a good doctor", "5 nsubj, 5 cop, 5 det, 5 amod, 0 root", "She|is|a good doctor;"},
    {"I want to buy two phones", "2 nsubj, 0 root, 4 mark, 2 xcomp, 6 nummod, 4 obj",
     "I|want to buy|two phones;"},
    {"The box was opened by him", "2 det, 4 nsubj:pass, 4 aux:pass, 0 root, 6 case, 4 obl:agent",
     "him|was opened|The box;"},
    {"They came and took it .", "2 nsubj, 0 root, 4 cc, 2 conj, 4 obj, 2 punct",
     "They|came|;They|took|it;"},
    {"we sell apples and pears", "2 nsubj, 0 root, 2 obj, 5 cc, 3 conj",
     "we|sell|apples and pears;"},
    {"物流~太~慢", "3 nsubj, 3 advmod, 0 root", "物流|太慢|;"},
    {"我~把~旧~手机~卖~了", "5 nsubj, 4 case, 4 amod, 5 obl:patient, 0 root, 5 aux",
     "我|卖了|旧手机;"},
    {"我~不~喜欢~这~手机", "3 nsubj, 3 advmod, 0 root, 5 det, 3 obj", "我|不喜欢|这手机;"},
    {"他~是~医生", "3 nsubj, 3 cop, 0 root", "他|是|医生;"},
    {"退货~！", "0 root, 1 punct", ""},
};

static void triples_of_trees(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char joined[512], relations[512], got[512] = "";
        hx_tagged_word words[WORDS_MOST];
        hx_tagged_sentence s = sentence_of(&cases[c], joined, relations, words);
        hx_triple *list;
        size_t n, at = 0;
        assert_int_equal(hx_triples_find(&s, arena, &list, &n, NULL), HX_OK);
        for (size_t i = 0; i < n; i++) {
            const hx_span *p = &list[i].subject;
            for (int k = 0; k < 3; k++)
                at += (size_t)snprintf(got + at, sizeof got - at, "%.*s%s",
                                       (int)(p[k].end - p[k].start), joined + p[k].start,
                                       k < 2 ? "|" : ";");
        }
        assert_string_equal(got, cases[c].wanted);
    }
    hx_arena_free(arena);
}

static void any_tree_gives_spans_of_its_words(void **state) {
    (void)state;
    static const char *const relations[] = {
        "nsubj", "nsubj:pass", "obj",    "iobj",      "obl:patient", "obl:agent", "cop",
        "conj",  "xcomp",      "advmod", "aux",       "cc",          "punct",     "det",
        "case",  "root",       "mark",   "parataxis", "advcl",       "acl"};
    hx_arena *arena = hx_arena_new(0);
    hx_rng r;
    size_t found = 0;
    hx_rng_seed(&r, TEST_SEED);
    for (int round = 0; round < 5000; round++) {
        hx_tagged_word words[WORDS_MOST];
        hx_tagged_sentence s = {words, 1 + hx_rng_below(&r, WORDS_MOST), false};
        hx_triple *list;
        size_t n;
        for (size_t i = 0; i < s.n; i++) /* heads at random: cycles, too */
            words[i] = (hx_tagged_word){
                .span = {(uint32_t)(2 * i), (uint32_t)(2 * i + 1 + i % 2)},
                .head = (uint32_t)hx_rng_below(&r, s.n + 1),
                .deprel = relations[hx_rng_below(&r, sizeof relations / sizeof *relations)]};
        assert_int_equal(hx_triples_find(&s, arena, &list, &n, NULL), HX_OK);
        for (size_t i = 0; i < n; i++, found++) {
            const hx_span *p = &list[i].subject;
            for (int k = 0; k < 3; k++)
                assert_true(p[k].start <= p[k].end && p[k].end <= words[s.n - 1].span.end);
            assert_true(list[i].predicate.end > list[i].predicate.start);
            assert_true(p[0].end > p[0].start || p[2].end > p[2].start);
        }
        hx_arena_reset(arena);
    }
    assert_true(found > 5000);
    hx_arena_free(arena);
}

static void without_a_tree_there_are_none(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_tagged_word words[2] = {{.span = {0, 1}, .head = 0, .deprel = "root"},
                               {.span = {1, 2}, .head = HX_TAGGED_NO_HEAD}};
    hx_tagged_sentence s = {words, 2, false};
    hx_triple *list;
    size_t n = 1;
    assert_int_equal(hx_triples_find(&s, arena, &list, &n, NULL), HX_OK);
    assert_int_equal(n, 0);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(triples_of_trees),
        cmocka_unit_test(any_tree_gives_spans_of_its_words),
        cmocka_unit_test(without_a_tree_there_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
