/* grammar_parse.c - GBNF text to rules, as llama.cpp's grammars are written.
 *
 *     grammar     ::= (rule | comment)*            comment: # to the end of the line
 *     rule        ::= NAME "::=" alternatives NEWLINE         NAME: [a-zA-Z0-9_-]+
 *     alternatives::= sequence ("|" sequence)*
 *     sequence    ::= (item ("*" | "+" | "?" | "{m}" | "{m,}" | "{,n}" | "{m,n}")?)*
 *     item        ::= "literal" | [class] | [^class] | . | NAME | "(" alternatives ")"
 *
 * A line ends a rule outside brackets, unless "::=" or "|" stands before its end or "|" begins the next line. Escapes: \n \r \t \\ \" \[ \]
 * \- \^ \xHH \uHHHH \UHHHHHHHH.
 *
 * No recursion: open groups stand on a stack of at most HX_GRAMMAR_NESTING_MAX. Elements of the sequence that is being read are kept in
 * `pending`, where a group's lie above those around it; a finished alternative is moved to the grammar's array. */
#include "llama/grammar.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/utf8.h"

typedef struct {
    uint32_t rule;
    size_t alternative; /* pending elements of the alternative begin here */
    size_t item; /* of its last item, SIZE_MAX = none to repeat */
    size_t at; /* byte of "(" */
} open_group;

typedef struct {
    hx_grammar *g;
    hx_str text;
    size_t at;
    hx_buf pending; /* hx_element */
    hx_map names; /* hash -> rule + 1 */
    open_group open[HX_GRAMMAR_NESTING_MAX + 1];
    size_t n_open; /* [0] is the rule itself */
    hx_error *err;
} parser;

void hx_grammar_place(hx_str gbnf, size_t byte, size_t *line, size_t *column) {
    size_t start = 0;
    *line = 1;
    for (size_t i = 0; i < byte && i < gbnf.len; i++)
        if (gbnf.ptr[i] == '\n') {
            *line += 1;
            start = i + 1;
        }
    *column = 1 + hx_utf8_count((hx_str){gbnf.ptr + start, byte - start});
}

static size_t line_of(const parser *p, size_t byte) {
    size_t line, column;
    hx_grammar_place(p->text, byte, &line, &column);
    return line;
}

static size_t column_of(const parser *p, size_t byte) {
    size_t line, column;
    hx_grammar_place(p->text, byte, &line, &column);
    return column;
}

/* Arguments of "line %zu, column %zu". */
#define AT(p, byte) line_of(p, byte), column_of(p, byte)

static hx_status out_of_room(parser *p, const hx_buf *b) {
    if (b->no_memory) return hx_fail(p->err, HX_ENOMEM, "not enough memory for the grammar");
    return hx_fail(p->err, HX_ELIMIT, "grammar: too many rules, elements or ranges");
}

static hx_status push(parser *p, hx_element e) {
    if (!hx_buf_append(&p->pending, &e, sizeof e)) return out_of_room(p, &p->pending);
    return HX_OK;
}

static size_t n_pending(const parser *p) {
    return p->pending.len / sizeof(hx_element);
}

/* ------------------------------------------------------------------ text */
static int peek(const parser *p, size_t ahead) {
    return p->text.len - p->at > ahead ? (unsigned char)p->text.ptr[p->at + ahead] : -1;
}

static bool is_name(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static void skip_space(parser *p, bool lines) {
    for (int c = peek(p, 0); c >= 0; c = peek(p, 0)) {
        if (c == '#')
            while (peek(p, 0) >= 0 && peek(p, 0) != '\n' && peek(p, 0) != '\r')
                p->at++;
        else if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r')))
            p->at++;
        else
            return;
    }
}

static hx_str read_name(parser *p) {
    size_t start = p->at;
    while (is_name(peek(p, 0)))
        p->at++;
    return (hx_str){p->text.ptr + start, p->at - start};
}

static bool takes(parser *p, const char *s) {
    size_t n = strlen(s);
    if (p->text.len - p->at < n || memcmp(p->text.ptr + p->at, s, n) != 0) return false;
    p->at += n;
    return true;
}

static int hex_value(int c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind the backslash. */
static hx_status read_escape(parser *p, uint32_t *out) {
    static const char plain[] = "\\\"[]-^", control[] = "nrt", codes[] = "\n\r\t";
    size_t start = p->at - 1;
    int c = peek(p, 0);
    p->at++;
    if (c > 0 && strchr(plain, c)) {
        *out = (uint32_t)c;
        return HX_OK;
    }
    const char *known = c > 0 ? strchr(control, c) : NULL;
    if (known) {
        *out = (uint32_t)codes[known - control];
        return HX_OK;
    }
    int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0)
        return hx_fail(p->err, HX_EFORMAT, "grammar: unknown escape at line %zu, column %zu",
                       AT(p, start));
    uint32_t cp = 0;
    for (int i = 0; i < digits; i++) {
        int value = hex_value(peek(p, 0));
        if (value < 0)
            return hx_fail(p->err, HX_EFORMAT,
                           "grammar: an escape lacks hexadecimal digits at line %zu, column %zu",
                           AT(p, start));
        cp = cp << 4 | (uint32_t)value;
        p->at++;
    }
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return hx_fail(p->err, HX_EFORMAT,
                       "grammar: an escape is no character at line %zu, column %zu", AT(p, start));
    *out = cp;
    return HX_OK;
}

/* One character of a literal or class; the text is valid UTF-8. */
static hx_status read_char(parser *p, uint32_t *out) {
    if (takes(p, "\\")) return read_escape(p, out);
    *out = hx_utf8_next(p->text, &p->at);
    return HX_OK;
}

/* ------------------------------------------------------------------ rules and sets */
static hx_rule *rule_of(parser *p, uint32_t i) {
    return (hx_rule *)(void *)p->g->rules.ptr + i;
}

static hx_status add_rule(parser *p, hx_str name, size_t at, uint32_t *out) {
    hx_rule r = {.first = HX_GRAMMAR_NONE, .last = HX_GRAMMAR_NONE, .used_at = (uint32_t)at};
    if (name.len > 0) {
        r.name = (uint32_t)(name.ptr - p->text.ptr);
        r.name_len = (uint32_t)name.len;
    }
    *out = (uint32_t)hx_grammar_n_rules(p->g);
    if (!hx_buf_append(&p->g->rules, &r, sizeof r)) return out_of_room(p, &p->g->rules);
    return HX_OK;
}

/* The rule of that name, made where it is new. Names whose hashes are equal get the next free key. */
static hx_status find_rule(parser *p, hx_str name, size_t at, uint32_t *out) {
    for (uint64_t key = hx_hash(name);; key++) {
        uint64_t *value = hx_map_put(&p->names, key);
        if (!value) return hx_fail(p->err, HX_ENOMEM, "not enough memory for the grammar");
        if (*value == 0) {
            HX_TRY(add_rule(p, name, at, out));
            *value = (uint64_t)*out + 1;
            return HX_OK;
        }
        *out = (uint32_t)(*value - 1);
        const hx_rule *r = rule_of(p, *out);
        if (hx_str_equal(name, (hx_str){p->text.ptr + r->name, r->name_len})) return HX_OK;
    }
}

/* Moves pending elements from `start` on behind the grammar's, as an alternative of `rule`. */
static hx_status finish_alternative(parser *p, uint32_t rule, size_t start) {
    hx_grammar *g = p->g;
    hx_alternative a = {(uint32_t)(g->elements.len / sizeof(hx_element)), HX_GRAMMAR_NONE, rule};
    uint32_t index = (uint32_t)hx_grammar_n_alternatives(g);
    hx_element end = {.kind = HX_ELEMENT_END};
    size_t bytes = start * sizeof end;
    if (p->pending.len > bytes)
        hx_buf_append(&g->elements, p->pending.ptr + bytes, p->pending.len - bytes);
    if (!hx_buf_append(&g->elements, &end, sizeof end)) return out_of_room(p, &g->elements);
    if (!hx_buf_append(&g->alternatives, &a, sizeof a)) return out_of_room(p, &g->alternatives);
    p->pending.len = bytes;
    hx_rule *r = rule_of(p, rule);
    if (r->first == HX_GRAMMAR_NONE)
        r->first = index;
    else
        ((hx_alternative *)(void *)g->alternatives.ptr + r->last)->next = index;
    r->last = index;
    return HX_OK;
}

static int compare_ranges(const void *a, const void *b) {
    const hx_code_range *x = a, *y = b;
    return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* Sorts and joins what overlaps or touches; gives the new count. */
static size_t join_ranges(hx_code_range *r, size_t n) {
    if (n == 0) return 0;
    qsort(r, n, sizeof *r, compare_ranges);
    size_t kept = 0;
    for (size_t i = 1; i < n; i++)
        if (r[i].lo <= r[kept].hi + 1) {
            if (r[i].hi > r[kept].hi) r[kept].hi = r[i].hi;
        } else {
            r[++kept] = r[i];
        }
    return kept + 1;
}

static bool add_range(hx_grammar *g, uint32_t lo, uint32_t hi) {
    hx_code_range r = {lo, hi};
    return lo > hi || hx_buf_append(&g->ranges, &r, sizeof r);
}

/* Adds [lo, hi] without the surrogates. */
static bool add_scalars(hx_grammar *g, uint32_t lo, uint32_t hi) {
    return add_range(g, lo, hi < 0xD7FF ? hi : 0xD7FF) &&
           add_range(g, lo > 0xE000 ? lo : 0xE000, hi);
}

/* What lies between the `n` joined ranges from `first` on takes their place. */
static bool negate(hx_grammar *g, size_t first, size_t n) {
    uint32_t from = 0;
    bool fine = true;
    for (size_t i = 0; i < n && fine; i++) {
        hx_code_range r = ((hx_code_range *)(void *)g->ranges.ptr)[first + i];
        if (r.lo > from) fine = add_scalars(g, from, r.lo - 1);
        from = r.hi + 1;
    }
    if (fine && from <= 0x10FFFF) fine = add_scalars(g, from, 0x10FFFF);
    if (!fine) return false;
    hx_code_range *all = (hx_code_range *)(void *)g->ranges.ptr;
    size_t total = g->ranges.len / sizeof *all;
    memmove(all + first, all + first + n, (total - first - n) * sizeof *all);
    g->ranges.len -= n * sizeof *all;
    return true;
}

/* Ranges from `first` on become a set and an element. */
static hx_status finish_set(parser *p, size_t first, bool negated, size_t at) {
    hx_grammar *g = p->g;
    hx_code_range *r = (hx_code_range *)(void *)g->ranges.ptr + first;
    size_t n = join_ranges(r, g->ranges.len / sizeof *r - first);
    g->ranges.len = (first + n) * sizeof *r;
    if (negated && !negate(g, first, n)) return out_of_room(p, &g->ranges);
    r = (hx_code_range *)(void *)g->ranges.ptr + first;
    hx_code_set set = {(uint32_t)first, (uint32_t)(g->ranges.len / sizeof *r - first), {0, 0}};
    if (set.n == 0)
        return hx_fail(p->err, HX_EFORMAT,
                       "grammar: an empty character class at line %zu, column %zu", AT(p, at));
    for (uint32_t cp = 0, i = 0; cp < 128 && i < set.n; cp++) {
        while (i < set.n && r[i].hi < cp)
            i++;
        if (i < set.n && r[i].lo <= cp) set.ascii[cp >> 6] |= 1ull << (cp & 63);
    }
    hx_element e = {.kind = HX_ELEMENT_SET, .arg = (uint32_t)(g->sets.len / sizeof set)};
    if (!hx_buf_append(&g->sets, &set, sizeof set)) return out_of_room(p, &g->sets);
    return push(p, e);
}

/* ------------------------------------------------------------------ items */
static hx_status read_literal(parser *p) {
    size_t at = p->at++;
    for (;;) {
        int c = peek(p, 0);
        if (c < 0 || c == '\n')
            return hx_fail(p->err, HX_EFORMAT,
                           "grammar: the string that begins at line %zu, column %zu has no end",
                           AT(p, at));
        if (takes(p, "\"")) return HX_OK;
        hx_element e = {.kind = HX_ELEMENT_CHAR};
        HX_TRY(read_char(p, &e.arg));
        HX_TRY(push(p, e));
    }
}

static hx_status read_class(parser *p) {
    hx_grammar *g = p->g;
    size_t at = p->at++, first = g->ranges.len / sizeof(hx_code_range);
    bool negated = takes(p, "^");
    while (!takes(p, "]")) {
        int c = peek(p, 0);
        if (c < 0 || c == '\n')
            return hx_fail(p->err, HX_EFORMAT,
                           "grammar: the class that begins at line %zu, column %zu has no end",
                           AT(p, at));
        size_t here = p->at;
        uint32_t lo, hi;
        HX_TRY(read_char(p, &lo));
        hi = lo;
        if (peek(p, 0) == '-' && peek(p, 1) != ']' && peek(p, 1) >= 0 && peek(p, 1) != '\n') {
            p->at++;
            HX_TRY(read_char(p, &hi));
        }
        if (lo > hi)
            return hx_fail(p->err, HX_EFORMAT,
                           "grammar: a range runs backwards at line %zu, column %zu", AT(p, here));
        if (!add_scalars(g, lo, hi)) return out_of_room(p, &g->ranges);
    }
    return finish_set(p, first, negated, at);
}

static hx_status read_any(parser *p) {
    size_t first = p->g->ranges.len / sizeof(hx_code_range);
    p->at++;
    if (!add_scalars(p->g, 0, 0x10FFFF)) return out_of_room(p, &p->g->ranges);
    return finish_set(p, first, false, p->at);
}

static hx_status read_reference(parser *p) {
    size_t at = p->at;
    hx_element e = {.kind = HX_ELEMENT_REF};
    HX_TRY(find_rule(p, read_name(p), at, &e.arg));
    return push(p, e);
}

static hx_status open_bracket(parser *p) {
    if (p->n_open > HX_GRAMMAR_NESTING_MAX) {
        size_t line, column;
        hx_grammar_place(p->text, p->at, &line, &column);
        return hx_fail(p->err, HX_ELIMIT,
                       "grammar: brackets nest deeper than %d at line %zu, column %zu",
                       HX_GRAMMAR_NESTING_MAX, line, column);
    }
    open_group *o = &p->open[p->n_open++];
    *o = (open_group){.alternative = n_pending(p), .item = SIZE_MAX, .at = p->at};
    HX_TRY(add_rule(p, (hx_str){NULL, 0}, p->at, &o->rule));
    p->at++;
    return HX_OK;
}

static hx_status close_bracket(parser *p) {
    if (p->n_open == 1)
        return hx_fail(p->err, HX_EFORMAT, "grammar: ')' without '(' at line %zu, column %zu",
                       AT(p, p->at));
    open_group o = p->open[--p->n_open];
    HX_TRY(finish_alternative(p, o.rule, o.alternative));
    p->at++;
    p->open[p->n_open - 1].item = n_pending(p);
    return push(p, (hx_element){.kind = HX_ELEMENT_REF, .arg = o.rule});
}

/* ------------------------------------------------------------------ quantifiers */
static bool read_count(parser *p, uint32_t *out) {
    uint64_t value = 0;
    size_t start = p->at;
    while (peek(p, 0) >= '0' && peek(p, 0) <= '9' && value <= HX_GRAMMAR_REPEAT_MAX)
        value = value * 10 + (uint64_t)(p->text.ptr[p->at++] - '0');
    *out = (uint32_t)value;
    return p->at > start;
}

static hx_status read_bounds(parser *p, uint32_t *min, uint32_t *max) {
    size_t at = p->at++;
    skip_space(p, false);
    *min = 0;
    *max = HX_GRAMMAR_UNLIMITED;
    bool has_min = read_count(p, min), has_max = has_min;
    skip_space(p, false);
    if (takes(p, ",")) {
        skip_space(p, false);
        has_max = read_count(p, max);
        skip_space(p, false);
        if (!has_max) *max = HX_GRAMMAR_UNLIMITED;
    } else {
        *max = *min;
    }
    bool too_many = *min > HX_GRAMMAR_REPEAT_MAX || (has_max && *max > HX_GRAMMAR_REPEAT_MAX);
    if (too_many) {
        size_t line, column;
        hx_grammar_place(p->text, at, &line, &column);
        return hx_fail(p->err, HX_ELIMIT,
                       "grammar: more than %d repetitions at line %zu, column %zu",
                       HX_GRAMMAR_REPEAT_MAX, line, column);
    }
    if (!takes(p, "}") || (!has_min && !has_max))
        return hx_fail(p->err, HX_EFORMAT,
                       "grammar: repetitions are written {m}, {m,}, {,n} or {m,n}, not as at line "
                       "%zu, column %zu",
                       AT(p, at));
    if (*min > *max)
        return hx_fail(
            p->err, HX_EFORMAT,
            "grammar: a repetition's minimum is above its maximum at line %zu, column %zu",
            AT(p, at));
    return HX_OK;
}

/* Applies {min, max} to the last item: the pending elements from there on become a rule, unless they are one. */
static hx_status repeat(parser *p, size_t item, uint32_t min, uint32_t max) {
    hx_element *e = (hx_element *)(void *)p->pending.ptr + item;
    hx_element r = {HX_ELEMENT_REPEAT, 0, min, max};
    if (n_pending(p) == item + 1 && e->kind == HX_ELEMENT_REF) {
        r.arg = e->arg;
        p->pending.len -= sizeof *e;
    } else {
        HX_TRY(add_rule(p, (hx_str){NULL, 0}, p->at, &r.arg));
        HX_TRY(finish_alternative(p, r.arg, item));
    }
    return max == 0 ? HX_OK : push(p, r);
}

static hx_status read_quantifier(parser *p) {
    size_t at = p->at;
    open_group *o = &p->open[p->n_open - 1];
    uint32_t min = 0, max = HX_GRAMMAR_UNLIMITED;
    if (peek(p, 0) == '{') {
        HX_TRY(read_bounds(p, &min, &max));
    } else {
        int c = peek(p, 0);
        p->at++;
        if (c == '+') min = 1;
        if (c == '?') max = 1;
    }
    if (o->item == SIZE_MAX)
        return hx_fail(p->err, HX_EFORMAT, "grammar: nothing to repeat before line %zu, column %zu",
                       AT(p, at));
    size_t item = o->item;
    o->item = SIZE_MAX;
    return repeat(p, item, min, max);
}

/* ------------------------------------------------------------------ rules */
static hx_status read_item(parser *p, int c) {
    p->open[p->n_open - 1].item = n_pending(p);
    switch (c) {
    case '"':
        return read_literal(p);
    case '[':
        return read_class(p);
    case '.':
        return read_any(p);
    case '(':
        return open_bracket(p);
    default:
        if (is_name(c)) return read_reference(p);
        return hx_fail(p->err, HX_EFORMAT, "grammar: this cannot stand at line %zu, column %zu",
                       AT(p, p->at));
    }
}

/* The end of a line outside brackets: true where the rule goes on with "|". */
static bool goes_on(parser *p) {
    skip_space(p, true);
    return peek(p, 0) == '|';
}

static hx_status next_alternative(parser *p) {
    open_group *o = &p->open[p->n_open - 1];
    HX_TRY(finish_alternative(p, o->rule, o->alternative));
    o->item = SIZE_MAX;
    p->at++;
    skip_space(p, true);
    return HX_OK;
}

static hx_status read_alternatives(parser *p) {
    for (;;) {
        skip_space(p, p->n_open > 1);
        int c = peek(p, 0);
        if (c < 0 || ((c == '\n' || c == '\r') && !goes_on(p))) break;
        c = peek(p, 0);
        if (c == '|')
            HX_TRY(next_alternative(p));
        else if (c == ')')
            HX_TRY(close_bracket(p));
        else if (c == '*' || c == '+' || c == '?' || c == '{')
            HX_TRY(read_quantifier(p));
        else
            HX_TRY(read_item(p, c));
    }
    if (p->n_open > 1)
        return hx_fail(p->err, HX_EFORMAT, "grammar: the '(' at line %zu, column %zu has no ')'",
                       AT(p, p->open[p->n_open - 1].at));
    return finish_alternative(p, p->open[0].rule, 0);
}

static hx_status read_rule(parser *p) {
    size_t at = p->at;
    hx_str name = read_name(p);
    if (name.len == 0)
        return hx_fail(p->err, HX_EFORMAT,
                       "grammar: a rule's name is expected at line %zu, column %zu", AT(p, at));
    skip_space(p, false);
    if (!takes(p, "::="))
        return hx_fail(p->err, HX_EFORMAT, "grammar: '::=' is expected at line %zu, column %zu",
                       AT(p, p->at));
    uint32_t rule;
    HX_TRY(find_rule(p, name, at, &rule));
    if (rule_of(p, rule)->first != HX_GRAMMAR_NONE)
        return hx_fail(p->err, HX_EFORMAT,
                       "grammar: the rule at line %zu, column %zu was defined before", AT(p, at));
    skip_space(p, true);
    p->open[0] = (open_group){.rule = rule, .item = SIZE_MAX};
    p->n_open = 1;
    return read_alternatives(p);
}

static hx_status read_all(parser *p) {
    for (skip_space(p, true); peek(p, 0) >= 0; skip_space(p, true))
        HX_TRY(read_rule(p));
    HX_TRY(find_rule(p, HX_STR_LIT("root"), 0, &p->g->root));
    if (rule_of(p, p->g->root)->first == HX_GRAMMAR_NONE)
        return hx_fail(p->err, HX_EFORMAT, "grammar: no rule is called root");
    return HX_OK;
}

hx_status hx_grammar_parse(hx_grammar *g, hx_str gbnf, hx_error *err) {
    size_t valid = hx_utf8_valid_prefix(gbnf);
    parser p = {.g = g, .text = gbnf, .err = err};
    if (valid < gbnf.len)
        return hx_fail(err, HX_EFORMAT, "grammar: not valid UTF-8 at line %zu, column %zu",
                       AT(&p, valid));
    hx_buf_init(&p.pending, HX_GRAMMAR_ELEMENTS_MAX * sizeof(hx_element));
    hx_map_init(&p.names);
    /* From here on arrays have an address, even while they are empty. */
    bool has_room = hx_buf_reserve(&g->ranges, sizeof(hx_code_range)) &&
                    hx_buf_reserve(&p.pending, sizeof(hx_element));
    hx_status status =
        has_room ? read_all(&p) : hx_fail(err, HX_ENOMEM, "not enough memory for the grammar");
    hx_buf_release(&p.pending);
    hx_map_release(&p.names);
    return status;
}
