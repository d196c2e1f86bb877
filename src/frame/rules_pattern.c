/* rules_pattern.c - regular expressions that no pattern and no value can make slow.
 *
 *     text -> postfix operations -> states with at most two ways on -> all reachable states at once, a code point a step
 *
 * Known: literals, . [a-z上海] [^0-9] \d \w \s \D \W \S, escapes of signs, ( ) | * + ? {m} {m,} {m,n} ^ $. Characters are code points
 * whatever the locale is. There are no back references, so a value of n code points takes at most n * states steps (Thompson 1968).
 *
 * Counted repeats are written out, so the cap on operations bounds them too: (a{99}){99} is refused, not tried. Nothing recurses:
 * brackets live on a stack of their own. All memory is the arena's. */
#include "frame/rules_pattern.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

#define OPS_MAX 2000
#define RANGES_MAX 1000
#define DEPTH_MAX 100
#define TEXT_MAX 1000

typedef enum { LITERAL, ANY, SET, START, END, EMPTY, CAT, ALT, STAR, PLUS, OPTIONAL } op_kind;

typedef struct {
    unsigned char kind;
    bool negated; /* SET */
    uint32_t a, b; /* LITERAL: code point; SET: ranges [a, b) */
} op;

typedef struct {
    uint32_t low, high;
} range;

#define NO_STATE (-1)
typedef struct {
    op test; /* EMPTY = passes at once */
    int next[2]; /* NO_STATE */
} state;

struct hx_pattern {
    op *ops; /* [OPS_MAX] postfix */
    size_t n_ops;
    range *ranges; /* [RANGES_MAX] */
    size_t n_ranges;
    state *states;
    int n_states, first, last;
    int *list[2], *stack; /* [n_states] each */
    size_t *seen; /* [n_states]: the step a state was last added in, from 1 */
};

/* ------------------------------------------------------------------ parsing */
typedef struct {
    hx_pattern *p;
    hx_str text;
    size_t at;
    size_t starts[OPS_MAX + 1]; /* where each operand of the postfix form begins */
    size_t n_operands;
    struct {
        int atoms, choices;
    } open[DEPTH_MAX];
    size_t depth;
    int atoms, choices; /* not joined yet, of this bracket */
    hx_error *err;
} parser;

static hx_status too_large(const parser *s) {
    return hx_fail(s->err, HX_ELIMIT, "the pattern '%.*s' is too large", HX_STR_ARG(s->text));
}

static hx_status wrong(const parser *s) {
    return hx_fail(s->err, HX_EINVAL, "the pattern '%.*s' is not valid at its byte %zu",
                   HX_STR_ARG(s->text), s->at);
}

static hx_status put_op(parser *s, op o) {
    if (s->p->n_ops >= OPS_MAX) return too_large(s);
    if (o.kind <= EMPTY) s->starts[s->n_operands++] = s->p->n_ops;
    if (o.kind == CAT || o.kind == ALT) s->n_operands--;
    s->p->ops[s->p->n_ops++] = o;
    return HX_OK;
}

static hx_status put_kind(parser *s, op_kind kind) {
    return put_op(s, (op){.kind = (unsigned char)kind});
}

/* Before a further atom: at most two wait to be joined. */
static hx_status put_atom(parser *s, op o) {
    if (s->atoms > 1) {
        HX_TRY(put_kind(s, CAT));
        s->atoms--;
    }
    HX_TRY(put_op(s, o));
    s->atoms++;
    return HX_OK;
}

static hx_status put_range(parser *s, uint32_t low, uint32_t high) {
    if (s->p->n_ranges >= RANGES_MAX) return too_large(s);
    s->p->ranges[s->p->n_ranges++] = (range){low, high};
    return HX_OK;
}

/* The ranges of \d, \w, \s and their opposites; false for other letters. */
static hx_status put_class(parser *s, uint32_t letter, bool *known) {
    *known = true;
    switch (letter) {
    case 'd':
        return put_range(s, '0', '9');
    case 'D':
        HX_TRY(put_range(s, 0, '0' - 1));
        return put_range(s, '9' + 1, 0x10FFFF);
    case 'w':
        HX_TRY(put_range(s, '0', '9'));
        HX_TRY(put_range(s, 'A', 'Z'));
        HX_TRY(put_range(s, '_', '_'));
        HX_TRY(put_range(s, 'a', 'z'));
        return put_range(s, 0x80, 0x10FFFF);
    case 'W':
        HX_TRY(put_range(s, 0, '0' - 1));
        HX_TRY(put_range(s, '9' + 1, 'A' - 1));
        HX_TRY(put_range(s, 'Z' + 1, '_' - 1));
        HX_TRY(put_range(s, '_' + 1, 'a' - 1));
        return put_range(s, 'z' + 1, 0x7F);
    case 's':
        HX_TRY(put_range(s, '\t', '\r'));
        HX_TRY(put_range(s, 0x3000, 0x3000));
        return put_range(s, ' ', ' ');
    case 'S':
        HX_TRY(put_range(s, 0, '\t' - 1));
        HX_TRY(put_range(s, '\r' + 1, ' ' - 1));
        HX_TRY(put_range(s, ' ' + 1, 0x2FFF));
        return put_range(s, 0x3001, 0x10FFFF);
    default:
        *known = false;
        return HX_OK;
    }
}

static bool is_letter_or_digit(uint32_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A character of a set; *is_class: its ranges were put. */
static hx_status set_character(parser *s, uint32_t *c, bool *is_class) {
    *is_class = false;
    *c = hx_utf8_next(s->text, &s->at);
    if (*c != '\\') return HX_OK;
    if (s->at >= s->text.len) return wrong(s);
    *c = hx_utf8_next(s->text, &s->at);
    HX_TRY(put_class(s, *c, is_class));
    if (*c == 't' || *c == 'n') {
        *c = *c == 't' ? '\t' : '\n';
        return HX_OK;
    }
    return !*is_class && is_letter_or_digit(*c) ? wrong(s) : HX_OK;
}

static hx_status parse_set(parser *s) {
    op o = {.kind = SET, .a = (uint32_t)s->p->n_ranges};
    const size_t after = s->at;
    if (s->at < s->text.len && s->text.ptr[s->at] == '^') {
        o.negated = true;
        s->at++;
    }
    const size_t body = s->at;
    while (s->at < s->text.len && (s->text.ptr[s->at] != ']' || s->at == body)) {
        uint32_t low = 0, high = 0;
        bool is_class = false;
        HX_TRY(set_character(s, &low, &is_class));
        if (is_class) continue;
        high = low;
        if (s->at + 1 < s->text.len && s->text.ptr[s->at] == '-' && s->text.ptr[s->at + 1] != ']') {
            s->at++;
            HX_TRY(set_character(s, &high, &is_class));
            if (is_class || high < low) return wrong(s);
        }
        HX_TRY(put_range(s, low, high));
    }
    if (s->at >= s->text.len) {
        s->at = after;
        return wrong(s);
    }
    s->at++;
    o.b = (uint32_t)s->p->n_ranges;
    return put_atom(s, o);
}

static hx_status parse_escape(parser *s) {
    op o = {.kind = SET, .a = (uint32_t)s->p->n_ranges};
    bool known = false;
    if (s->at >= s->text.len) return wrong(s);
    const uint32_t c = hx_utf8_next(s->text, &s->at);
    HX_TRY(put_class(s, c, &known));
    if (!known && c != 't' && c != 'n' && is_letter_or_digit(c)) return wrong(s);
    o.b = (uint32_t)s->p->n_ranges;
    if (!known) o = (op){.kind = LITERAL, .a = c == 't' ? '\t' : c == 'n' ? '\n' : c};
    return put_atom(s, o);
}

static hx_status parse_open(parser *s) {
    if (s->depth >= DEPTH_MAX) return too_large(s);
    if (s->atoms > 1) {
        HX_TRY(put_kind(s, CAT));
        s->atoms--;
    }
    s->open[s->depth].atoms = s->atoms;
    s->open[s->depth++].choices = s->choices;
    s->atoms = s->choices = 0;
    return HX_OK;
}

static hx_status join_atoms(parser *s) {
    if (s->atoms == 0) HX_TRY(put_atom(s, (op){.kind = EMPTY}));
    for (; s->atoms > 1; s->atoms--)
        HX_TRY(put_kind(s, CAT));
    return HX_OK;
}

static hx_status join_choices(parser *s) {
    HX_TRY(join_atoms(s));
    for (; s->choices > 0; s->choices--)
        HX_TRY(put_kind(s, ALT));
    return HX_OK;
}

static hx_status parse_close(parser *s) {
    if (s->depth == 0) return wrong(s);
    HX_TRY(join_choices(s));
    s->atoms = s->open[--s->depth].atoms + 1;
    s->choices = s->open[s->depth].choices;
    return HX_OK;
}

static hx_status parse_choice(parser *s) {
    HX_TRY(join_atoms(s));
    s->atoms = 0;
    s->choices++;
    return HX_OK;
}

/* Another copy of the operand ops[from, to), joined to what is there, optional or repeated by `kind` (EMPTY = as it is). */
static hx_status copy_operand(parser *s, size_t from, size_t to, op_kind kind, bool join) {
    const size_t begin = s->p->n_ops;
    if (to - from + 2 > OPS_MAX - s->p->n_ops) return too_large(s);
    memcpy(s->p->ops + begin, s->p->ops + from, (to - from) * sizeof *s->p->ops);
    s->p->n_ops += to - from;
    s->starts[s->n_operands++] = begin;
    if (kind != EMPTY) HX_TRY(put_kind(s, kind));
    return join ? put_kind(s, CAT) : HX_OK;
}

static bool parse_number(parser *s, int *n) {
    const size_t first = s->at;
    for (*n = 0; s->at < s->text.len && s->text.ptr[s->at] >= '0' && s->text.ptr[s->at] <= '9' &&
                 s->at - first < 4;
         s->at++)
        *n = *n * 10 + (s->text.ptr[s->at] - '0');
    return s->at > first;
}

/* {m}, {m,}, {m,n} behind an operand: m copies, then optional ones or a repeat. */
static hx_status parse_count(parser *s) {
    int low = 0, high = 0;
    bool open_end = false;
    if (!parse_number(s, &low)) return wrong(s);
    high = low;
    if (s->at < s->text.len && s->text.ptr[s->at] == ',') {
        s->at++;
        open_end = !parse_number(s, &high);
        if (open_end) high = low;
    }
    if (s->at >= s->text.len || s->text.ptr[s->at] != '}' || high < low) return wrong(s);
    s->at++;
    const size_t from = s->starts[s->n_operands - 1], to = s->p->n_ops;
    if (low == 0) {
        if (!open_end && high == 0) {
            s->p->n_ops = from;
            s->p->ops[s->p->n_ops++] = (op){.kind = EMPTY};
            return HX_OK;
        }
        HX_TRY(put_kind(s, open_end ? STAR : OPTIONAL));
        if (open_end) return HX_OK;
    }
    for (int i = 1; i < low; i++)
        HX_TRY(copy_operand(s, from, to, EMPTY, true));
    for (int i = low > 0 ? low : 1; i < high; i++)
        HX_TRY(copy_operand(s, from, to, OPTIONAL, true));
    return open_end ? copy_operand(s, from, to, STAR, true) : HX_OK;
}

static hx_status parse_repeat(parser *s, char c) {
    if (s->atoms == 0) return wrong(s);
    if (c == '{') return parse_count(s);
    return put_kind(s, c == '*' ? STAR : c == '+' ? PLUS : OPTIONAL);
}

static hx_status parse(parser *s) {
    while (s->at < s->text.len) {
        const uint32_t c = hx_utf8_next(s->text, &s->at);
        switch (c) {
        case '(':
            HX_TRY(parse_open(s));
            break;
        case ')':
            HX_TRY(parse_close(s));
            break;
        case '|':
            HX_TRY(parse_choice(s));
            break;
        case '*':
        case '+':
        case '?':
        case '{':
            HX_TRY(parse_repeat(s, (char)c));
            break;
        case '[':
            HX_TRY(parse_set(s));
            break;
        case '\\':
            HX_TRY(parse_escape(s));
            break;
        case '.':
            HX_TRY(put_atom(s, (op){.kind = ANY}));
            break;
        case '^':
            HX_TRY(put_atom(s, (op){.kind = START}));
            break;
        case '$':
            HX_TRY(put_atom(s, (op){.kind = END}));
            break;
        default:
            HX_TRY(put_atom(s, (op){.kind = LITERAL, .a = c}));
        }
    }
    if (s->depth > 0) return wrong(s);
    return join_choices(s);
}

/* ------------------------------------------------------------------ states */
typedef struct {
    int first, last; /* `last` passes at once and leads nowhere yet */
} part;

static int new_state(hx_pattern *p, op test, int a, int b) {
    p->states[p->n_states] = (state){test, {a, b}};
    return p->n_states++;
}

static part repeat(hx_pattern *p, part x, op_kind kind) {
    const op pass = {.kind = EMPTY};
    const int end = new_state(p, pass, NO_STATE, NO_STATE);
    const int fork = new_state(p, pass, x.first, end);
    p->states[x.last].next[0] = kind == OPTIONAL ? end : fork;
    return (part){kind == PLUS ? x.first : fork, end};
}

static part choose(hx_pattern *p, part x, part y) {
    const op pass = {.kind = EMPTY};
    const int end = new_state(p, pass, NO_STATE, NO_STATE);
    p->states[x.last].next[0] = p->states[y.last].next[0] = end;
    return (part){new_state(p, pass, x.first, y.first), end};
}

static part single(hx_pattern *p, op test) {
    const int end = new_state(p, (op){.kind = EMPTY}, NO_STATE, NO_STATE);
    return (part){new_state(p, test, end, NO_STATE), end};
}

static bool build(hx_pattern *p, hx_arena *arena) {
    const size_t most = 2 * p->n_ops + 2;
    part *stack = hx_arena_alloc(arena, most * sizeof *stack);
    size_t n = 0;
    p->states = hx_arena_alloc(arena, most * sizeof *p->states);
    p->list[0] = hx_arena_alloc(arena, most * sizeof(int));
    p->list[1] = hx_arena_alloc(arena, most * sizeof(int));
    p->stack = hx_arena_alloc(arena, 2 * most * sizeof(int));
    p->seen = hx_arena_alloc(arena, most * sizeof *p->seen);
    if (!stack || !p->states || !p->list[0] || !p->list[1] || !p->stack || !p->seen) return false;
    for (size_t i = 0; i < p->n_ops; i++) {
        const op o = p->ops[i];
        if (o.kind <= EMPTY) {
            stack[n++] = single(p, o);
        } else if (o.kind == CAT) {
            n--;
            p->states[stack[n - 1].last].next[0] = stack[n].first;
            stack[n - 1].last = stack[n].last;
        } else if (o.kind == ALT) {
            n--;
            stack[n - 1] = choose(p, stack[n - 1], stack[n]);
        } else {
            stack[n - 1] = repeat(p, stack[n - 1], (op_kind)o.kind);
        }
    }
    p->first = stack[0].first;
    p->last = stack[0].last;
    return true;
}

hx_status hx_pattern_compile(hx_pattern **out, hx_str text, hx_arena *arena, hx_error *err) {
    parser *s = hx_arena_alloc(arena, sizeof *s);
    hx_pattern *p = hx_arena_alloc(arena, sizeof *p);
    if (s == NULL || p == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    p->ops = hx_arena_alloc(arena, OPS_MAX * sizeof *p->ops);
    p->ranges = hx_arena_alloc(arena, RANGES_MAX * sizeof *p->ranges);
    if (p->ops == NULL || p->ranges == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    s->p = p;
    s->text = text;
    s->err = err;
    if (text.len > TEXT_MAX) return too_large(s);
    HX_TRY(parse(s));
    if (!build(p, arena)) return hx_fail(err, HX_ENOMEM, "out of memory");
    *out = p;
    return HX_OK;
}

/* ------------------------------------------------------------------ matching */
static bool passes(const op *o, bool at_start, bool at_end) {
    return o->kind == EMPTY || (o->kind == START && at_start) || (o->kind == END && at_end);
}

/* Adds a state and all that follow without a character. */
static size_t add(hx_pattern *p, int from, int *list, size_t n, size_t step, bool at_start,
                  bool at_end) {
    size_t depth = 0;
    p->stack[depth++] = from;
    while (depth > 0) {
        const int i = p->stack[--depth];
        if (i == NO_STATE || p->seen[i] == step) continue;
        p->seen[i] = step;
        list[n++] = i;
        if (!passes(&p->states[i].test, at_start, at_end)) continue;
        p->stack[depth++] = p->states[i].next[1];
        p->stack[depth++] = p->states[i].next[0];
    }
    return n;
}

static bool takes(const hx_pattern *p, const op *o, uint32_t c) {
    if (o->kind == LITERAL) return o->a == c;
    if (o->kind == ANY) return true;
    if (o->kind != SET) return false;
    for (uint32_t i = o->a; i < o->b; i++)
        if (c >= p->ranges[i].low && c <= p->ranges[i].high) return !o->negated;
    return o->negated;
}

bool hx_pattern_found(hx_pattern *p, hx_str s) {
    size_t at = 0, n = 0, step = 1;
    int which = 0;
    memset(p->seen, 0, (size_t)p->n_states * sizeof *p->seen);
    for (;;) {
        n = add(p, p->first, p->list[which], n, step, at == 0, at >= s.len);
        if (p->seen[p->last] == step) return true;
        if (at >= s.len) return false;
        const uint32_t c = hx_utf8_next(s, &at);
        size_t kept = 0;
        step++;
        for (size_t i = 0; i < n; i++) {
            const state *from = &p->states[p->list[which][i]];
            if (takes(p, &from->test, c))
                kept = add(p, from->next[0], p->list[!which], kept, step, false, at >= s.len);
        }
        which = !which;
        n = kept;
    }
}
