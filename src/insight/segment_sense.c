/* segment_sense.c - whether a rule can hold at all, and whether it can fail: see hx_segment_rule_sense() in segment_rule.h.
 *
 * Conditions that measure the same thing (the same events in the same window, or the same trait) can't hold in any mixture: each value
 * of the thing makes some of them hold and others not. The values worth trying are those at and beside each limit; each gives one
 * pattern. Patterns of different things are free of each other, as far as is known here, so the rule is asked for all combinations;
 * where there are more than PATTERNS_MAX the answer is that nothing is known. */
#include <string.h>

#include "base/money.h"
#include "insight/segment_rule.h"

#define THINGS_MAX HX_SEGMENT_CONDITIONS_MAX
#define TRIES_MAX (3 * HX_SEGMENT_CONDITIONS_MAX + 4)
#define PATTERNS_MAX 20000

typedef struct {
    uint64_t members; /* conditions */
    uint64_t patterns[TRIES_MAX]; /* of these */
    size_t n;
} thing;

/* ------------------------------------------------------------------ the same thing */
static bool same_filter(const hx_segment_filter *a, const hx_segment_filter *b) {
    return a->field == b->field && a->relation == b->relation && a->number == b->number &&
           hx_str_equal(a->name, b->name) && hx_str_equal(a->value, b->value);
}

static bool same_events(const hx_segment_events *a, const hx_segment_events *b) {
    if (a->kind != b->kind || a->n != b->n || !hx_str_equal(a->name, b->name)) return false;
    for (size_t i = 0; i < a->n; i++)
        if (!same_filter(&a->filters[i], &b->filters[i])) return false;
    return true;
}

static bool same_thing(const hx_condition *a, const hx_condition *b) {
    if (a->kind != b->kind) return false;
    if (a->kind == HX_COND_TRAIT || a->kind == HX_COND_SEGMENT)
        return hx_str_equal(a->name, b->name);
    if (a->window != b->window || !same_events(&a->a, &b->a)) return false;
    return a->kind != HX_COND_SEQUENCE || (a->within == b->within && same_events(&a->b, &b->b));
}

/* ------------------------------------------------------------------ its values */
typedef struct {
    const hx_segment_program *r;
    thing *t;
} trying;

static void add_pattern(thing *t, uint64_t pattern) {
    for (size_t i = 0; i < t->n; i++)
        if (t->patterns[i] == pattern) return;
    if (t->n < TRIES_MAX) t->patterns[t->n++] = pattern;
}

static void try_number(const trying *y, int64_t value) {
    uint64_t pattern = 0;
    for (size_t i = 0; i < y->r->n_conditions; i++) {
        const hx_condition *c = &y->r->conditions[i];
        if (!(y->t->members >> i & 1)) continue;
        if (c->kind == HX_COND_TRAIT && !c->is_number) continue; /* a number is none of its words */
        if (hx_relation_holds(c->relation, value, c->number)) pattern |= UINT64_C(1) << i;
    }
    add_pattern(y->t, pattern);
}

static void try_word(const trying *y, hx_str word) {
    uint64_t pattern = 0;
    for (size_t i = 0; i < y->r->n_conditions; i++) {
        const hx_condition *c = &y->r->conditions[i];
        if (!(y->t->members >> i & 1) || c->is_number) continue;
        const bool equal = word.ptr && hx_str_equal(word, c->value);
        if (equal == (c->relation == HX_REL_EQUAL)) pattern |= UINT64_C(1) << i;
    }
    add_pattern(y->t, pattern);
}

static void try_beside(const trying *y, const hx_condition *c) {
    const int64_t limit = HX_MONEY_ONE * INT64_C(1000000000000);
    if (c->number > limit || c->number < -limit) {
        try_number(y, c->number);
        return;
    }
    if (c->kind == HX_COND_COUNT) {
        const int64_t whole = c->number / HX_MONEY_ONE;
        for (int64_t n = whole - 1; n <= whole + 1; n++)
            if (n >= 0) try_number(y, n * HX_MONEY_ONE);
        return;
    }
    for (int64_t v = c->number - 1; v <= c->number + 1; v++)
        try_number(y, v);
}

static void find_patterns(const hx_segment_program *r, thing *t) {
    const trying y = {r, t};
    const hx_condition *first = &r->conditions[__builtin_ctzll(t->members)];
    if (first->kind == HX_COND_SEQUENCE || first->kind == HX_COND_SEGMENT) {
        add_pattern(t, 0);
        add_pattern(t, t->members);
        return;
    }
    if (first->kind == HX_COND_TRAIT) {
        add_pattern(t, 0); /* nobody said it */
        try_word(&y, (hx_str){NULL, 0}); /* another word */
    } else {
        try_number(&y, 0);
    }
    for (size_t i = 0; i < r->n_conditions; i++) {
        const hx_condition *c = &r->conditions[i];
        if (!(t->members >> i & 1)) continue;
        if (c->kind == HX_COND_TRAIT && !c->is_number)
            try_word(&y, c->value);
        else
            try_beside(&y, c);
    }
}

/* ------------------------------------------------------------------ the rule */
static size_t find_things(const hx_segment_program *r, thing *things) {
    size_t n = 0;
    for (size_t i = 0; i < r->n_conditions; i++) {
        size_t k = 0;
        while (k < n &&
               !same_thing(&r->conditions[__builtin_ctzll(things[k].members)], &r->conditions[i]))
            k++;
        if (k == n) things[n++] = (thing){.members = 0};
        things[k].members |= UINT64_C(1) << i;
    }
    for (size_t k = 0; k < n; k++)
        find_patterns(r, &things[k]);
    return n;
}

static bool is_too_much(const thing *things, size_t n) {
    size_t all = 1;
    for (size_t k = 0; k < n && all <= PATTERNS_MAX; k++)
        all *= things[k].n;
    return all > PATTERNS_MAX;
}

hx_rule_sense hx_segment_rule_sense(const hx_segment_program *r) {
    thing things[THINGS_MAX];
    size_t at[THINGS_MAX] = {0};
    bool can_hold = false, can_fail = false;
    const size_t n = find_things(r, things);
    if (is_too_much(things, n)) return HX_RULE_OPEN;
    for (size_t k = 0; k < n;) {
        uint64_t held = 0;
        for (size_t i = 0; i < n; i++)
            held |= things[i].patterns[at[i]];
        if (hx_segment_rule_holds(r, held))
            can_hold = true;
        else
            can_fail = true;
        if (can_hold && can_fail) return HX_RULE_OPEN;
        for (k = 0; k < n && ++at[k] == things[k].n; k++)
            at[k] = 0;
    }
    return can_hold ? HX_RULE_ALWAYS : HX_RULE_NEVER;
}
