/* test_guide.c - texts drawn under random grammars, judged by a reader of its own.
 *
 * A random grammar is kept as a tree, written as GBNF for the library, and read here by sets of positions: ends(node, p) = where a match
 * that begins at character p can end. Both sides share nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "llama/sampler.h"

#define SEED 7u

enum { NODES_MAX = 400, CHILDREN = 3, RULES = 4, TEXT_MAX = 60, STEPS_MAX = 24 };

typedef enum { CHARACTER, CLASS, SEQUENCE, CHOICE, REPETITION, REFERENCE } kind;

typedef struct {
    kind kind;
    uint32_t characters[3]; /* of CHARACTER one; of CLASS three */
    bool negated;
    int children[CHILDREN], n_children;
    int min, max; /* max < 0 = no end */
    int rule;
} node;

typedef struct {
    node nodes[NODES_MAX];
    int n_nodes, rules[RULES];
    uint32_t text[TEXT_MAX];
    int n_text;
    uint64_t memo[NODES_MAX][TEXT_MAX + 1];
    uint8_t known[NODES_MAX][TEXT_MAX + 1];
} tree;

static const uint32_t alphabet[] = {'a', 'b', 'c', 0x597D, 0x5979, 0x1F600};

/* ------------------------------------------------------------------ random trees */
static int new_node(tree *t, kind k) {
    node *n = &t->nodes[t->n_nodes];
    *n = (node){.kind = k};
    return t->n_nodes++;
}

static uint32_t random_character(hx_rng *r) {
    return alphabet[hx_rng_below(r, 6)];
}

static int random_leaf(tree *t, hx_rng *r, int rule) {
    uint64_t pick = hx_rng_below(r, rule + 1 < RULES ? 10 : 8);
    int i = new_node(t, pick < 6 ? CHARACTER : pick < 8 ? CLASS : REFERENCE);
    node *n = &t->nodes[i];
    for (int k = 0; k < 3; k++)
        n->characters[k] = random_character(r);
    n->negated = hx_rng_below(r, 4) == 0;
    if (n->kind == REFERENCE)
        n->rule = rule + 1 + (int)hx_rng_below(r, (uint64_t)(RULES - rule - 1));
    return i;
}

static int random_tree(tree *t, hx_rng *r, int rule, int depth) {
    uint64_t pick = hx_rng_below(r, 8);
    if (depth == 0 || pick < 2 || t->n_nodes > NODES_MAX - 40) return random_leaf(t, r, rule);
    int i = new_node(t, pick < 4 ? SEQUENCE : pick < 6 ? CHOICE : REPETITION);
    int n_children = t->nodes[i].kind == REPETITION ? 1 : 2 + (int)hx_rng_below(r, 2);
    for (int k = 0; k < n_children; k++) {
        int child = random_tree(t, r, rule, depth - 1);
        t->nodes[i].children[k] = child;
    }
    node *n = &t->nodes[i];
    n->n_children = n_children;
    n->min = (int)hx_rng_below(r, 3);
    n->max = hx_rng_below(r, 2) == 0 ? -1 : n->min + (int)hx_rng_below(r, 3);
    /* Sometimes the rule itself, behind a character: brackets. */
    if (n->kind == CHOICE && hx_rng_below(r, 3) == 0) {
        int s = new_node(t, SEQUENCE), open = new_node(t, CHARACTER), self = new_node(t, REFERENCE);
        t->nodes[open].characters[0] = random_character(r);
        t->nodes[self].rule = rule;
        t->nodes[s].children[0] = open;
        t->nodes[s].children[1] = self;
        t->nodes[s].children[2] = random_leaf(t, r, rule);
        t->nodes[s].n_children = 3;
        t->nodes[i].children[0] = s;
    }
    return i;
}

static void print_node(const tree *t, int i, hx_buf *b) {
    const node *n = &t->nodes[i];
    switch (n->kind) {
    case CHARACTER:
        hx_buf_printf(b, "\"\\U%08X\"", (unsigned)n->characters[0]);
        break;
    case CLASS:
        hx_buf_printf(b, n->negated ? "[^\\U%08X\\U%08X\\U%08X]" : "[\\U%08X\\U%08X\\U%08X]",
                      (unsigned)n->characters[0], (unsigned)n->characters[1],
                      (unsigned)n->characters[2]);
        break;
    case REFERENCE:
        hx_buf_printf(b, "r%d", n->rule);
        break;
    default:
        hx_buf_append_lit(b, "(");
        for (int k = 0; k < n->n_children; k++) {
            hx_buf_append_lit(b, k == 0 ? "" : n->kind == CHOICE ? " | " : " ");
            print_node(t, n->children[k], b);
        }
        hx_buf_append_lit(b, ")");
        if (n->kind == REPETITION && n->max < 0) hx_buf_printf(b, "{%d,}", n->min);
        if (n->kind == REPETITION && n->max >= 0) hx_buf_printf(b, "{%d,%d}", n->min, n->max);
    }
}

/* ------------------------------------------------------------------ the reader */
static uint64_t ends(tree *t, int i, int at);

static uint64_t ends_of_all(tree *t, int i, uint64_t starts) {
    uint64_t out = 0;
    for (int p = 0; p <= t->n_text; p++)
        if (starts >> p & 1) out |= ends(t, i, p);
    return out;
}

static bool character_matches(const node *n, uint32_t cp) {
    if (n->kind == CHARACTER) return n->characters[0] == cp;
    return (n->characters[0] == cp || n->characters[1] == cp || n->characters[2] == cp) !=
           n->negated;
}

static uint64_t compute_ends(tree *t, const node *n, int at) {
    uint64_t set = 1ull << at, out = 0;
    switch (n->kind) {
    case CHARACTER:
    case CLASS:
        return at < t->n_text && character_matches(n, t->text[at]) ? 2ull << at : 0;
    case REFERENCE:
        return ends(t, t->rules[n->rule], at);
    case SEQUENCE:
        for (int k = 0; k < n->n_children; k++)
            set = ends_of_all(t, n->children[k], set);
        return set;
    case CHOICE:
        for (int k = 0; k < n->n_children; k++)
            out |= ends(t, n->children[k], at);
        return out;
    case REPETITION:
        for (int k = 0; k <= (n->max < 0 ? TEXT_MAX + 3 : n->max); k++) {
            if (k >= n->min) out |= set;
            set = ends_of_all(t, n->children[0], set);
        }
        return out;
    }
    return 0;
}

static uint64_t ends(tree *t, int i, int at) {
    if (!t->known[i][at]) {
        uint64_t out = compute_ends(t, &t->nodes[i], at);
        t->memo[i][at] = out;
        t->known[i][at] = 1;
    }
    return t->memo[i][at];
}

/* The text is whole characters and one of the grammar. */
static bool is_text_of(tree *t, hx_str bytes) {
    if (!hx_utf8_is_valid(bytes)) return false;
    t->n_text = 0;
    memset(t->known, 0, sizeof t->known);
    for (size_t at = 0; at < bytes.len;)
        t->text[t->n_text++] = hx_utf8_next(bytes, &at);
    return (ends(t, t->rules[0], 0) >> t->n_text & 1) != 0;
}

/* ------------------------------------------------------------------ a small vocabulary */
static const char *const vocabulary[] = {
    "a",
    "b",
    "c",
    "ab",
    "bc",
    "ca",
    "aab",
    "abc",
    "\xE5\xA5\xBD",
    "\xE5\xA5\xB9",
    "\xF0\x9F\x98\x80",
    "\xE5",
    "\xA5",
    "\xBD",
    "\xB9",
    "\xE5\xA5",
    "\xF0\x9F",
    "\x98\x80",
    "a\xE5",
    "\xBD\x61",
    "\xBD\xE5\xA5\xB9",
    "d",
    "",
    "\xFF",
    "aaaa",
    "a",
    "",
    "",
};
enum {
    VOCABULARY = sizeof vocabulary / sizeof *vocabulary,
    END = VOCABULARY - 1,
    END_OF_TURN = VOCABULARY - 2
};

static hx_str token_bytes(const void *context, int32_t id) {
    (void)context;
    return hx_str_of(vocabulary[id]);
}

static bool token_ends(const void *context, int32_t id) {
    (void)context;
    return id == END || id == END_OF_TURN;
}

static hx_generate_options random_options(hx_rng *r) {
    hx_generate_options o = {.seed = hx_rng_next(r), .temperature = (float)hx_rng_below(r, 3)};
    if (hx_rng_below(r, 2) == 0) o.top_k = 1 + (uint32_t)hx_rng_below(r, 8);
    if (hx_rng_below(r, 2) == 0) o.top_p = (float)hx_rng_uniform(r);
    if (hx_rng_below(r, 2) == 0) o.min_p = (float)hx_rng_uniform(r);
    if (hx_rng_below(r, 4) == 0) o.repetition_penalty = 1.5f;
    return o;
}

typedef struct {
    int texts, wholes, dead_ends, too_ambiguous;
} tally;

/* The mask, single questions and the reader agree. */
static bool check_state(tree *t, hx_guide *u, hx_str text) {
    const uint64_t *bits = hx_guide_mask(u);
    /* Stacks of a very ambiguous grammar may be too many: an error, for good. */
    if (!bits) {
        assert_int_equal(hx_guide_status(u, NULL), HX_ELIMIT);
        return false;
    }
    for (int32_t id = 0; id < VOCABULARY; id++)
        assert_int_equal((bits[0] >> id) & 1, hx_guide_allows(u, id));
    assert_int_equal(hx_guide_allows(u, END), is_text_of(t, text));
    assert_int_equal(hx_guide_allows(u, END_OF_TURN), hx_guide_allows(u, END));
    assert_false(hx_guide_allows(u, VOCABULARY));
    assert_false(hx_guide_allows(u, -1));
    return true;
}

static void draw_text(tree *t, const hx_grammar *g, hx_token_table *table, hx_rng *r, tally *sums) {
    hx_sampler *s = NULL;
    hx_generate_options o = random_options(r);
    const hx_kernels *kernels = NULL;
    assert_int_equal(hx_kernels_choose("scalar", &kernels, NULL), HX_OK);
    assert_int_equal(hx_sampler_new(&s, kernels, VOCABULARY, &o, NULL), HX_OK);
    hx_guide *u = hx_guide_take(g, table);
    hx_buf text;
    hx_buf_init(&text, TEXT_MAX - 5);
    for (int step = 0; step < STEPS_MAX && text.len < TEXT_MAX - 10; step++) {
        float logits[VOCABULARY], log_prob;
        for (int i = 0; i < VOCABULARY; i++)
            logits[i] = (float)(hx_rng_uniform(r) * 12);
        int32_t id = -1;
        if (!check_state(t, u, hx_buf_str(&text))) {
            sums->too_ambiguous++;
            break;
        }
        hx_status status = hx_sampler_choose(s, logits, u, &id, &log_prob, NULL);
        if (status != HX_OK) {
            assert_int_equal(status, HX_EFORMAT);
            for (int32_t k = 0; k < VOCABULARY; k++)
                assert_false(hx_guide_allows(u, k));
            sums->dead_ends++;
            break;
        }
        assert_true(hx_guide_allows(u, id));
        if (token_ends(NULL, id)) {
            assert_true(is_text_of(t, hx_buf_str(&text)));
            sums->wholes++;
            break;
        }
        hx_buf_append_lit(&text, vocabulary[id]);
        hx_guide_accept(u, id);
        hx_sampler_accept(s, id);
    }
    sums->texts++;
    hx_buf_release(&text);
    hx_guide_give(u);
    hx_sampler_free(s);
}

static void random_grammars_hold(void **state) {
    (void)state;
    static tree t;
    tally sums = {0};
    int refused = 0;
    hx_rng r;
    hx_rng_seed(&r, SEED);
    hx_token_table *table = hx_token_table_new(VOCABULARY, token_bytes, token_ends, NULL);
    for (int round = 0; round < 700; round++) {
        t.n_nodes = 0;
        hx_buf gbnf;
        hx_buf_init(&gbnf, 1 << 16);
        hx_buf_append_lit(&gbnf, "root ::= r0\n");
        for (int i = 0; i < RULES; i++) {
            t.rules[i] = random_tree(&t, &r, i, 3);
            hx_buf_printf(&gbnf, "r%d ::= ", i);
            print_node(&t, t.rules[i], &gbnf);
            hx_buf_append_lit(&gbnf, "\n");
        }
        hx_grammar *g = NULL;
        hx_error err = {0};
        if (hx_grammar_new(&g, hx_buf_str(&gbnf), &err) != HX_OK) {
            assert_non_null(strstr(err.message, "never come to an end"));
            refused++;
        }
        for (int i = 0; i < 5 && g; i++)
            draw_text(&t, g, table, &r, &sums);
        hx_grammar_free(g);
        hx_buf_release(&gbnf);
    }
    hx_token_table_free(table);
    print_message(
        "seed %u: %d texts, %d ended, %d dead ends, %d too ambiguous, %d grammars refused\n", SEED,
        sums.texts, sums.wholes, sums.dead_ends, sums.too_ambiguous, refused);
    assert_true(sums.texts > 3000 && sums.wholes > 1000 && sums.dead_ends < sums.texts / 4 &&
                sums.too_ambiguous < 50);
}

/* The next text under an equal grammar goes on with the automaton of the last, also where the grammar was read anew. */
static void equal_grammars_share_a_guide(void **state) {
    (void)state;
    static const char *const texts[] = {"root ::= \"a\" \"b\"*", "root ::= \"a\" \"c\"*",
                                        "root ::= \"b\" \"b\"*", "root ::= \"c\" \"b\"*",
                                        "root ::= \"a\" \"b\"+"};
    enum { N = sizeof texts / sizeof *texts };
    hx_token_table *table = hx_token_table_new(VOCABULARY, token_bytes, token_ends, NULL);
    hx_guide *made[N];
    uint64_t masks[N];
    for (size_t round = 0; round < 3; round++)
        for (size_t i = round == 0 ? 0 : 1; i < N; i++) { /* of five the first is given up */
            hx_grammar *g = NULL;
            assert_int_equal(hx_grammar_new(&g, hx_str_of(texts[i]), NULL), HX_OK);
            hx_guide *u = hx_guide_take(g, table);
            hx_grammar_free(g);
            const uint64_t *bits = hx_guide_mask(u);
            assert_non_null(bits);
            if (round == 0) {
                made[i] = u;
                masks[i] = bits[0];
            }
            assert_ptr_equal(u, made[i]);
            assert_true(bits[0] == masks[i] && bits[0] != 0);
            for (int32_t id = 0; id < VOCABULARY && round < 2; id++)
                if (hx_guide_allows(u, id) && !token_ends(NULL, id)) {
                    hx_guide_accept(u, id);
                    break;
                }
            hx_guide_give(u);
        }
    hx_token_table_free(table);
}

/* Two texts at once have a guide each. */
static void a_guide_in_use_is_not_shared(void **state) {
    (void)state;
    hx_grammar *g = NULL;
    assert_int_equal(hx_grammar_new(&g, HX_STR_LIT("root ::= \"a\"+"), NULL), HX_OK);
    hx_token_table *table = hx_token_table_new(VOCABULARY, token_bytes, token_ends, NULL);
    hx_guide *a = hx_guide_take(g, table), *b = hx_guide_take(g, table);
    assert_ptr_not_equal(a, b);
    hx_guide_give(a);
    hx_guide_give(b);
    hx_guide_give(NULL);
    hx_token_table_free(table);
    hx_grammar_free(g);
}

/* The vocabulary lacks what the grammar wants: an error, never another text. */
static void dead_end_is_an_error(void **state) {
    (void)state;
    hx_grammar *g = NULL;
    assert_int_equal(hx_grammar_new(&g, HX_STR_LIT("root ::= \"a\" \"z\""), NULL), HX_OK);
    hx_token_table *table = hx_token_table_new(VOCABULARY, token_bytes, token_ends, NULL);
    const hx_kernels *kernels = NULL;
    assert_int_equal(hx_kernels_choose("scalar", &kernels, NULL), HX_OK);
    for (int mode = 0; mode < 3; mode++) {
        hx_generate_options o = {.temperature = mode == 0 ? 0.0f : 1.0f,
                                 .top_k = mode == 1 ? 3 : 0};
        hx_sampler *s = NULL;
        assert_int_equal(hx_sampler_new(&s, kernels, VOCABULARY, &o, NULL), HX_OK);
        hx_guide *u = hx_guide_new(g, table);
        float logits[VOCABULARY] = {0}, log_prob;
        int32_t id = -1;
        assert_int_equal(hx_sampler_choose(s, logits, u, &id, &log_prob, NULL), HX_OK);
        assert_string_equal(vocabulary[id], "a");
        hx_guide_accept(u, id);
        hx_error err = {0};
        assert_int_equal(hx_sampler_choose(s, logits, u, &id, &log_prob, &err), HX_EFORMAT);
        assert_string_equal(err.message, "no token of the model can go on with the grammar here");
        hx_guide_free(u);
        hx_sampler_free(s);
    }
    hx_token_table_free(table);
    hx_grammar_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_grammars_hold), cmocka_unit_test(equal_grammars_share_a_guide),
        cmocka_unit_test(a_guide_in_use_is_not_shared), cmocka_unit_test(dead_end_is_an_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
