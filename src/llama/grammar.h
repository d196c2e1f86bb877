/* grammar.h - a grammar as compiled, and the automaton that follows a text through it byte by byte.
 *
 *     rule = alternatives, each a run of elements that ends with END in one array:
 *         CHAR cp | SET set | REF rule | REPEAT rule {min, max}
 *
 * Groups, literals with a quantifier and the like are rules without a name. Counted repetitions are not expanded: a count stands on the
 * matcher's stack. */
#ifndef HX_LLAMA_GRAMMAR_H
#define HX_LLAMA_GRAMMAR_H

#include <stdatomic.h>

#include "base/buf.h"
#include "huaxiang/llama.h"

enum {
    HX_GRAMMAR_BYTES_MAX = 4 << 20, /* of GBNF text */
    HX_GRAMMAR_RULES_MAX = 1 << 18,
    HX_GRAMMAR_ELEMENTS_MAX = 1 << 20,
    HX_GRAMMAR_RANGES_MAX = 1 << 18,
    HX_GRAMMAR_NESTING_MAX = 128, /* groups in groups */
    HX_GRAMMAR_REPEAT_MAX = 1 << 20
};
#define HX_GRAMMAR_UNLIMITED UINT32_MAX
#define HX_GRAMMAR_NONE UINT32_MAX

typedef enum {
    HX_ELEMENT_END = 0,
    HX_ELEMENT_CHAR,
    HX_ELEMENT_SET,
    HX_ELEMENT_REF,
    HX_ELEMENT_REPEAT
} hx_element_kind;

typedef struct {
    uint32_t kind; /* hx_element_kind */
    uint32_t arg; /* code point, set or rule */
    uint32_t min, max; /* of REPEAT; max may be HX_GRAMMAR_UNLIMITED */
} hx_element;

typedef struct {
    uint32_t first; /* element */
    uint32_t next; /* alternative of the same rule, HX_GRAMMAR_NONE = last */
    uint32_t rule;
} hx_alternative;

typedef struct {
    uint32_t name, name_len; /* in the text; a rule without a name has length 0 */
    uint32_t first, last; /* alternatives; HX_GRAMMAR_NONE = undefined */
    uint32_t used_at; /* byte of its first mention */
    bool nullable;
} hx_rule;

typedef struct {
    uint32_t lo, hi; /* code points, both included */
} hx_code_range;

typedef struct {
    uint32_t first, n; /* ranges: sorted, disjoint, no surrogates */
    uint64_t ascii[2]; /* bit cp */
} hx_code_set;

struct hx_grammar {
    hx_buf rules, alternatives, elements, sets, ranges; /* arrays of the types above */
    _Atomic uint32_t n_users; /* whoever made it, and guides */
    uint32_t root;
    uint32_t depth_max; /* frames of a stack */
    uint32_t
        bracket_depth_max; /* frames at an opening bracket, [ or {: below depth_max, so that what is opened can be filled */
};

/* One user more; each ends with hx_grammar_free(). */
hx_grammar *hx_grammar_keep(const hx_grammar *g);
bool hx_grammar_equal(const hx_grammar *a, const hx_grammar *b); /* as compiled */
const hx_rule *hx_grammar_rule(const hx_grammar *g, uint32_t i);
const hx_alternative *hx_grammar_alternative(const hx_grammar *g, uint32_t i);
const hx_element *hx_grammar_element(const hx_grammar *g, uint32_t i);
size_t hx_grammar_n_rules(const hx_grammar *g);
size_t hx_grammar_n_alternatives(const hx_grammar *g);
/* A CHAR or SET element has a code point in [lo, hi]. */
bool hx_grammar_meets(const hx_grammar *g, const hx_element *e, uint32_t lo, uint32_t hi);

/* grammar_parse.c: fills an empty grammar from text. */
hx_status hx_grammar_parse(hx_grammar *g, hx_str gbnf, hx_error *err) HX_MUST_USE;
/* grammar_check.c: refuses undefined rules, left recursion and rules that never come to an end; marks nullable rules. */
hx_status hx_grammar_check(hx_grammar *g, hx_str gbnf, hx_error *err) HX_MUST_USE;
/* "line 3, column 7" of a byte: 1-based, columns in code points. */
void hx_grammar_place(hx_str gbnf, size_t byte, size_t *line, size_t *column);

/* ------------------------------------------------------------------ matcher (grammar_match.c) */
/* Nodes are the states of a deterministic automaton over bytes, made on demand. Node 0 is dead: no text of the grammar begins so. */
typedef struct hx_matcher hx_matcher;

hx_matcher *hx_matcher_new(const hx_grammar *g); /* keeps g; NULL when out of memory */
void hx_matcher_free(hx_matcher *m);
uint32_t hx_matcher_start(const hx_matcher *m); /* before the first byte */
uint32_t hx_matcher_step(hx_matcher *m, uint32_t node, uint8_t byte);
uint32_t hx_matcher_read(hx_matcher *m, uint32_t node, hx_str bytes);
bool hx_matcher_may_end(const hx_matcher *m, uint32_t node); /* what was read is a whole text */
bool hx_matcher_must_end(const hx_matcher *m, uint32_t node); /* and no byte can follow */
/* Not HX_OK once a cap or memory ran out: nodes since then may be dead without reason, and the text must not go on. */
hx_status hx_matcher_status(const hx_matcher *m, hx_error *err) HX_MUST_USE;
/* Forgets nodes where many are held and gives `node`'s new number; *round goes up when numbers changed. */
uint32_t hx_matcher_trim(hx_matcher *m, uint32_t node);
uint32_t hx_matcher_round(const hx_matcher *m);

#endif
