/* grammar_check.c - what a grammar must keep besides its syntax.
 *
 *   defined      every rule that is mentioned
 *   nullable     marked: rules that match the empty text. A repetition of such a rule has minimum 0, which is the same language
 *   productive   every rule matches some finite text, so that no text of the grammar's leads into a part without an end
 *   not left-recursive   no rule can begin with itself; the matcher's closure would not end
 *
 * Nullable and productive are least fixed points: an alternative holds once all its elements hold, a rule once an alternative does. Each
 * alternative counts what it still waits for, and each rule lists the alternatives that wait for it, so the work is linear. Left recursion is
 * a depth-first search with its stack in memory. */
#include "llama/grammar.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

typedef struct {
    hx_grammar *g;
    hx_str text;
    size_t n_rules, n_alternatives, n_elements;
    uint32_t *waits; /* (n_alternatives) elements that do not hold; HX_GRAMMAR_NONE = never */
    uint32_t *first; /* (n_rules + 1) into users */
    uint32_t *users; /* alternatives, by the rule they mention */
    uint32_t *queue; /* (n_rules) */
    uint8_t *holds; /* (n_rules) */
    hx_error *err;
} checker;

static bool waits_for_rule(const hx_element *e) {
    return e->kind == HX_ELEMENT_REF || (e->kind == HX_ELEMENT_REPEAT && e->min > 0);
}

static hx_str name_of(const checker *c, uint32_t rule) {
    const hx_rule *r = hx_grammar_rule(c->g, rule);
    return (hx_str){c->text.ptr + r->name, r->name_len};
}

static size_t line_of(const checker *c, uint32_t rule) {
    size_t line, column;
    hx_grammar_place(c->text, hx_grammar_rule(c->g, rule)->used_at, &line, &column);
    return line;
}

static size_t column_of(const checker *c, uint32_t rule) {
    size_t line, column;
    hx_grammar_place(c->text, hx_grammar_rule(c->g, rule)->used_at, &line, &column);
    return column;
}

/* Arguments of "%.*s at line %zu, column %zu". */
#define RULE(c, rule) HX_STR_ARG(name_of(c, rule)), line_of(c, rule), column_of(c, rule)

static hx_status check_defined(checker *c) {
    for (uint32_t i = 0; i < c->n_rules; i++)
        if (hx_grammar_rule(c->g, i)->first == HX_GRAMMAR_NONE)
            return hx_fail(c->err, HX_EFORMAT,
                           "grammar: the rule %.*s at line %zu, column %zu is not defined",
                           RULE(c, i));
    return HX_OK;
}

/* Lists the alternatives that mention each rule. */
static void list_users(checker *c) {
    for (uint32_t a = 0; a < c->n_alternatives; a++)
        for (const hx_element *e = hx_grammar_element(c->g, hx_grammar_alternative(c->g, a)->first);
             e->kind != HX_ELEMENT_END; e++)
            if (waits_for_rule(e)) c->first[e->arg + 1]++;
    for (size_t i = 0; i < c->n_rules; i++)
        c->first[i + 1] += c->first[i];
    for (uint32_t a = (uint32_t)c->n_alternatives; a-- > 0;)
        for (const hx_element *e = hx_grammar_element(c->g, hx_grammar_alternative(c->g, a)->first);
             e->kind != HX_ELEMENT_END; e++)
            if (waits_for_rule(e)) c->users[--c->first[e->arg + 1]] = a;
    /* Filling moved each end to its beginning: entry i + 1 is where rule i begins. */
    memmove(c->first, c->first + 1, c->n_rules * sizeof *c->first);
}

/* The least fixed point; characters hold or not. */
static void spread(checker *c, bool characters_hold) {
    size_t head = 0, tail = 0;
    memset(c->holds, 0, c->n_rules);
    for (uint32_t a = 0; a < c->n_alternatives; a++) {
        const hx_alternative *alternative = hx_grammar_alternative(c->g, a);
        c->waits[a] = 0;
        for (const hx_element *e = hx_grammar_element(c->g, alternative->first);
             e->kind != HX_ELEMENT_END; e++) {
            if (waits_for_rule(e)) c->waits[a]++;
            if ((e->kind == HX_ELEMENT_CHAR || e->kind == HX_ELEMENT_SET) && !characters_hold) {
                c->waits[a] = HX_GRAMMAR_NONE;
                break;
            }
        }
        if (c->waits[a] == 0 && !c->holds[alternative->rule]) {
            c->holds[alternative->rule] = 1;
            c->queue[tail++] = alternative->rule;
        }
    }
    while (head < tail) {
        uint32_t rule = c->queue[head++];
        for (uint32_t i = c->first[rule]; i < c->first[rule + 1]; i++) {
            uint32_t a = c->users[i], owner = hx_grammar_alternative(c->g, a)->rule;
            if (c->waits[a] == HX_GRAMMAR_NONE || --c->waits[a] > 0 || c->holds[owner]) continue;
            c->holds[owner] = 1;
            c->queue[tail++] = owner;
        }
    }
}

static void mark_nullable(checker *c) {
    hx_rule *rules = (hx_rule *)(void *)c->g->rules.ptr;
    hx_element *e = (hx_element *)(void *)c->g->elements.ptr;
    for (size_t i = 0; i < c->n_rules; i++)
        rules[i].nullable = c->holds[i] != 0;
    for (size_t i = 0; i < c->n_elements; i++)
        if (e[i].kind == HX_ELEMENT_REPEAT && rules[e[i].arg].nullable) e[i].min = 0;
}

static hx_status check_productive(checker *c) {
    for (uint32_t i = 0; i < c->n_rules; i++)
        if (!c->holds[i] && hx_grammar_rule(c->g, i)->name_len > 0)
            return hx_fail(
                c->err, HX_EFORMAT,
                "grammar: the rule %.*s at line %zu, column %zu can never come to an end",
                RULE(c, i));
    return HX_OK;
}

/* ------------------------------------------------------------------ left recursion */
typedef struct {
    uint32_t rule, alternative,
        element; /* element: the next to look at, HX_GRAMMAR_NONE = take the next alternative */
} visit;

static bool is_passed(const hx_grammar *g, const hx_element *e) {
    if (e->kind == HX_ELEMENT_REPEAT) return e->min == 0;
    return e->kind == HX_ELEMENT_REF && hx_grammar_rule(g, e->arg)->nullable;
}

/* The next rule that `v` can begin with, HX_GRAMMAR_NONE = no more. */
static uint32_t next_beginning(const hx_grammar *g, visit *v) {
    while (v->alternative != HX_GRAMMAR_NONE) {
        const hx_element *e = hx_grammar_element(g, v->element);
        if (e->kind == HX_ELEMENT_REF || e->kind == HX_ELEMENT_REPEAT) {
            v->element++;
            if (!is_passed(g, e)) {
                v->alternative = hx_grammar_alternative(g, v->alternative)->next;
                if (v->alternative != HX_GRAMMAR_NONE)
                    v->element = hx_grammar_alternative(g, v->alternative)->first;
            }
            return e->arg;
        }
        v->alternative = hx_grammar_alternative(g, v->alternative)->next;
        if (v->alternative != HX_GRAMMAR_NONE)
            v->element = hx_grammar_alternative(g, v->alternative)->first;
    }
    return HX_GRAMMAR_NONE;
}

static visit visit_of(const hx_grammar *g, uint32_t rule) {
    uint32_t a = hx_grammar_rule(g, rule)->first;
    return (visit){rule, a, hx_grammar_alternative(g, a)->first};
}

enum { UNSEEN = 0, OPEN, DONE };

/* A cycle goes through a rule with a name: brackets only lead inwards or to one. */
static hx_status fail_recursion(checker *c, const visit *stack, size_t n, uint32_t rule) {
    size_t i = n;
    while (i > 0 && stack[i - 1].rule != rule)
        i--;
    for (size_t k = i > 0 ? i - 1 : 0; k < n; k++)
        if (hx_grammar_rule(c->g, stack[k].rule)->name_len > 0) {
            rule = stack[k].rule;
            break;
        }
    return hx_fail(c->err, HX_EFORMAT,
                   "grammar: the rule %.*s at line %zu, column %zu begins with itself; write the "
                   "repetition with *",
                   RULE(c, rule));
}

static hx_status walk(checker *c, visit *stack, uint32_t start) {
    size_t n = 0;
    stack[n++] = visit_of(c->g, start);
    c->holds[start] = OPEN;
    while (n > 0) {
        uint32_t next = next_beginning(c->g, &stack[n - 1]);
        if (next == HX_GRAMMAR_NONE) {
            c->holds[stack[--n].rule] = DONE;
        } else if (c->holds[next] == OPEN) {
            return fail_recursion(c, stack, n, next);
        } else if (c->holds[next] == UNSEEN) {
            c->holds[next] = OPEN;
            stack[n++] = visit_of(c->g, next);
        }
    }
    return HX_OK;
}

static hx_status check_recursion(checker *c) {
    visit *stack = calloc(c->n_rules, sizeof *stack);
    if (!stack) return hx_fail(c->err, HX_ENOMEM, "not enough memory for the grammar");
    memset(c->holds, UNSEEN, c->n_rules);
    hx_status status = HX_OK;
    for (uint32_t i = 0; i < c->n_rules && status == HX_OK; i++)
        if (c->holds[i] == UNSEEN) status = walk(c, stack, i);
    free(stack);
    return status;
}

/* After nullable rules are marked, fewer repetitions wait for their rule: they are listed anew. */
static void find_fixed_point(checker *c, bool characters_hold) {
    const hx_element *e = hx_grammar_element(c->g, 0);
    size_t n_users = 0;
    for (size_t i = 0; i < c->n_elements; i++)
        n_users += waits_for_rule(&e[i]);
    memset(c->first, 0, (c->n_rules + 2) * sizeof *c->first);
    list_users(c);
    c->first[c->n_rules] = (uint32_t)n_users;
    spread(c, characters_hold);
}

static hx_status check_all(checker *c) {
    HX_TRY(check_defined(c));
    find_fixed_point(c, false);
    mark_nullable(c);
    HX_TRY(check_recursion(c));
    find_fixed_point(c, true);
    return check_productive(c);
}

hx_status hx_grammar_check(hx_grammar *g, hx_str gbnf, hx_error *err) {
    checker c = {.g = g,
                 .text = gbnf,
                 .n_rules = hx_grammar_n_rules(g),
                 .n_alternatives = hx_grammar_n_alternatives(g),
                 .err = err};
    c.n_elements = g->elements.len / sizeof(hx_element);
    c.waits = calloc(c.n_alternatives, sizeof *c.waits);
    c.first = calloc(c.n_rules + 2, sizeof *c.first);
    c.users = calloc(c.n_elements + 1, sizeof *c.users);
    c.queue = calloc(c.n_rules, sizeof *c.queue);
    c.holds = calloc(c.n_rules, 1);
    hx_status status = c.waits && c.first && c.users && c.queue && c.holds
                           ? check_all(&c)
                           : hx_fail(err, HX_ENOMEM, "not enough memory for the grammar");
    free(c.waits);
    free(c.first);
    free(c.users);
    free(c.queue);
    free(c.holds);
    return status;
}
