/* schema_pattern.c - a regular expression (ECMA 262, as JSON Schema has them) as GBNF for the text between a string's quotes.
 *
 * Both notations have groups, alternatives and quantifiers of the same meaning, so the expression is rewritten from left to right; the depth
 * of brackets is a counter. What differs:
 *   - a pattern may match anywhere: without ^ any characters come first, without $ any follow, in each outermost alternative
 *   - characters stand in JSON: a quote and a backslash with a backslash, line breaks and tabs as \n \r \t; no other control characters
 *   - lazy quantifiers match the same texts
 * Left out, with an error: look-around, back references, named groups, word boundaries, \p, ^ and $ inside groups.
 *
 * \D \W \S, the dot and [^\d] and the like give less than they could where dialects differ: \D and \S ASCII and common Han characters, \W ASCII. */
#include "llama/schema.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

enum { GROUPS_MAX = 100, CLASS_MAX = 256, COUNT_MAX = 65536 };

typedef struct {
    hx_code_range ranges[CLASS_MAX];
    size_t n;
    bool negated;
    bool has_space_or_digit, has_word; /* of \s \d \w, which dialects see differently */
} char_class;

typedef struct {
    hx_str text;
    size_t at;
    hx_buf *out;
    const char *any; /* the rule of any character */
    int depth;
    bool has_item; /* a quantifier may follow */
} translator;

static hx_status fail_unsupported(hx_schema *s, uint32_t place) {
    return hx_fail(s->err, HX_EFORMAT,
                   "schema: %s uses what is not supported here (look-around, "
                   "references, anchors inside, \\p, \\b)",
                   hx_schema_pointer(s, place, s->pattern_at));
}

static hx_status fail_wrong(hx_schema *s, uint32_t place) {
    return hx_fail(s->err, HX_EFORMAT, "schema: %s is no valid regular expression",
                   hx_schema_pointer(s, place, s->pattern_at));
}

static int peek(const translator *t) {
    return t->at < t->text.len ? (unsigned char)t->text.ptr[t->at] : -1;
}

static bool takes(translator *t, const char *s) {
    size_t n = strlen(s);
    if (t->text.len - t->at < n || memcmp(t->text.ptr + t->at, s, n) != 0) return false;
    t->at += n;
    return true;
}

/* ------------------------------------------------------------------ classes */
static bool add(char_class *c, uint32_t lo, uint32_t hi) {
    if (c->n == CLASS_MAX) return false;
    c->ranges[c->n++] = (hx_code_range){lo, hi};
    return true;
}

static bool has(const char_class *c, uint32_t cp) {
    bool found = false;
    for (size_t i = 0; i < c->n && !found; i++)
        found = cp >= c->ranges[i].lo && cp <= c->ranges[i].hi;
    return found != c->negated;
}

static void put_range(hx_buf *out, uint32_t lo, uint32_t hi) {
    hx_buf_printf(out, "\\U%08X-\\U%08X", (unsigned)lo, (unsigned)hi);
}

/* The class without what JSON escapes; true where something is left. */
static bool put_plain_part(hx_buf *out, const char_class *c) {
    if (c->negated) {
        hx_buf_append_lit(out, "[^\"\\\\\\x00-\\x1F");
        for (size_t i = 0; i < c->n; i++)
            put_range(out, c->ranges[i].lo, c->ranges[i].hi);
        hx_buf_append_lit(out, "]");
        return true;
    }
    static const hx_code_range plain[] = {
        {0x20, 0x21}, {0x23, 0x5B}, {0x5D, 0xD7FF}, {0xE000, 0x10FFFF}};
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < 4; k++) {
            uint32_t lo = c->ranges[i].lo > plain[k].lo ? c->ranges[i].lo : plain[k].lo;
            uint32_t hi = c->ranges[i].hi < plain[k].hi ? c->ranges[i].hi : plain[k].hi;
            if (lo > hi) continue;
            if (n++ == 0) hx_buf_append_lit(out, "[");
            put_range(out, lo, hi);
        }
    if (n > 0) hx_buf_append_lit(out, "]");
    return n > 0;
}

/* A negated class with \d, \s or \w, as what is left where all dialects agree: ASCII, and Han characters where no \w is in it. */
static bool put_common_part(hx_buf *out, const char_class *c) {
    static const hx_code_range common[] = {{0x20, 0x7E}, {0x4E00, 0x9FA5}};
    char_class left = {.n = 0};
    for (size_t i = 0; i < (c->has_word ? 1u : 2u); i++)
        for (uint32_t lo = common[i].lo, hi; lo <= common[i].hi && left.n < CLASS_MAX;
             lo = hi + 1) {
            hi = common[i].hi;
            bool is_out = false;
            for (size_t k = 0; k < c->n; k++) {
                const hx_code_range *r = &c->ranges[k];
                if (r->lo <= lo && lo <= r->hi) {
                    is_out = true;
                    hi = r->hi;
                    break;
                }
                if (r->lo > lo && r->lo <= hi) hi = r->lo - 1;
            }
            if (!is_out) left.ranges[left.n++] = (hx_code_range){lo, hi};
        }
    return put_plain_part(out, &left);
}

static hx_status put_class(hx_schema *s, uint32_t place, translator *t, const char_class *c) {
    static const struct {
        uint32_t cp;
        const char *gbnf;
    } escaped[] = {{'"', "\"\\\\\\\"\""},
                   {'\\', "\"\\\\\\\\\""},
                   {'\n', "\"\\\\n\""},
                   {'\r', "\"\\\\r\""},
                   {'\t', "\"\\\\t\""}};
    hx_buf_append_lit(t->out, "(");
    bool is_common = c->negated && (c->has_space_or_digit || c->has_word);
    bool any = is_common ? put_common_part(t->out, c) : put_plain_part(t->out, c);
    for (size_t i = 0; i < sizeof escaped / sizeof *escaped; i++) {
        /* What is not asked for by name needs no escape to be written. */
        if (!has(c, escaped[i].cp) || (c->negated && escaped[i].cp < 0x20)) continue;
        if (escaped[i].cp < 0x20) s->pattern_is_narrow = true;
        hx_buf_printf(t->out, "%s%s", any ? " | " : "", escaped[i].gbnf);
        any = true;
    }
    hx_buf_append_lit(t->out, ") ");
    t->has_item = true;
    return any ? HX_OK
               : hx_fail(s->err, HX_EFORMAT,
                         "schema: %s has a class that no character of a string can match",
                         hx_schema_pointer(s, place, s->pattern_at));
}

/* \d \w \s and their opposites; false = another letter. */
static bool add_shorthand(char_class *c, int letter) {
    static const struct {
        char letter;
        hx_code_range ranges[8];
    } known[] = {
        {'d', {{'0', '9'}}},
        {'w', {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
        {'s', {{'\t', '\t'}, {'\n', '\n'}, {'\r', '\r'}, {' ', ' '}}},
        {'D', {{' ', '/'}, {':', '~'}, {0x4E00, 0x9FA5}}},
        {'W', {{' ', '/'}, {':', '@'}, {'[', '^'}, {'`', '`'}, {'{', '~'}}},
        {'S', {{'!', '~'}, {0x4E00, 0x9FA5}}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].letter != letter) continue;
        for (size_t k = 0; k < 8 && known[i].ranges[k].hi != 0; k++)
            if (!add(c, known[i].ranges[k].lo, known[i].ranges[k].hi)) return false;
        return true;
    }
    return false;
}

static int hex_value(int c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind a backslash: one character. */
static bool read_escape(translator *t, uint32_t *out) {
    static const char control[] = "nrtfv", codes[] = "\n\r\t\f\v",
                      plain[] = "\\/.*+?()[]{}|^$-\"'&%,:;=!<>@#~` _";
    int c = peek(t);
    t->at++;
    const char *known = c > 0 ? strchr(control, c) : NULL;
    if (known) {
        *out = (uint32_t)codes[known - control];
        return true;
    }
    int digits = c == 'x' ? 2 : c == 'u' ? 4 : 0;
    *out = digits > 0 ? 0 : (uint32_t)c;
    for (int i = 0; i < digits; i++) {
        int value = hex_value(peek(t));
        if (value < 0) return false;
        *out = *out << 4 | (uint32_t)value;
        t->at++;
    }
    bool is_scalar = *out < 0xD800 || *out > 0xDFFF;
    return digits > 0 ? is_scalar : c > 0 && strchr(plain, c) != NULL;
}

/* One end of a range in a class; a shorthand is added at once and gives false in *is_char. */
static hx_status read_class_char(hx_schema *s, uint32_t place, translator *t, char_class *c,
                                 uint32_t *out, bool *is_char) {
    *is_char = true;
    if (!takes(t, "\\")) {
        *out = hx_utf8_next(t->text, &t->at);
        return HX_OK;
    }
    int letter = peek(t);
    if (letter > 0 && strchr("dwsDWS", letter)) {
        *is_char = false;
        t->at++;
        s->pattern_is_narrow = true;
        c->has_word = c->has_word || letter == 'w';
        c->has_space_or_digit = c->has_space_or_digit || letter != 'w';
        /* The opposites are narrowed, which must not be turned round. */
        if ((c->negated && letter < 'a') || !add_shorthand(c, letter))
            return fail_unsupported(s, place);
        return HX_OK;
    }
    return read_escape(t, out) ? HX_OK : fail_unsupported(s, place);
}

static hx_status read_class(hx_schema *s, uint32_t place, translator *t) {
    char_class c = {.n = 0};
    t->at++;
    c.negated = takes(t, "^");
    while (!takes(t, "]")) {
        uint32_t lo, hi;
        bool is_char;
        if (peek(t) < 0) return fail_wrong(s, place);
        HX_TRY(read_class_char(s, place, t, &c, &lo, &is_char));
        if (!is_char) continue;
        hi = lo;
        bool is_range = peek(t) == '-' && t->at + 1 < t->text.len && t->text.ptr[t->at + 1] != ']';
        if (is_range) {
            t->at++;
            HX_TRY(read_class_char(s, place, t, &c, &hi, &is_char));
        }
        if (!is_char || hi < lo) return fail_wrong(s, place);
        if (!add(&c, lo, hi))
            return hx_fail(s->err, HX_EFORMAT, "schema: %s has a class with too many ranges",
                           hx_schema_pointer(s, place, s->pattern_at));
    }
    return put_class(s, place, t, &c);
}

static hx_status put_character(hx_schema *s, uint32_t place, translator *t, uint32_t cp) {
    char_class c = {.n = 1, .ranges = {{cp, cp}}};
    return put_class(s, place, t, &c);
}

static hx_status read_backslash(hx_schema *s, uint32_t place, translator *t) {
    char_class c = {.n = 0};
    uint32_t cp;
    t->at++;
    int letter = peek(t);
    if (letter > 0 && add_shorthand(&c, letter)) {
        s->pattern_is_narrow = true;
        t->at++;
        return put_class(s, place, t, &c);
    }
    if (!read_escape(t, &cp)) return fail_unsupported(s, place);
    return put_character(s, place, t, cp);
}

/* ------------------------------------------------------------------ groups and quantifiers */
static bool read_count(translator *t, uint32_t *out) {
    size_t start = t->at;
    *out = 0;
    while (peek(t) >= '0' && peek(t) <= '9' && *out <= COUNT_MAX)
        *out = *out * 10 + (uint32_t)(t->text.ptr[t->at++] - '0');
    return t->at > start && *out <= COUNT_MAX;
}

static hx_status read_quantifier(hx_schema *s, uint32_t place, translator *t, int c) {
    if (!t->has_item) return fail_wrong(s, place);
    t->at++;
    if (c == '{') {
        uint32_t least, most = HX_GRAMMAR_UNLIMITED;
        bool fine = read_count(t, &least);
        if (takes(t, ",")) {
            if (peek(t) != '}') fine = fine && read_count(t, &most);
        } else {
            most = least;
        }
        if (!fine || !takes(t, "}") || most < least) return fail_wrong(s, place);
        if (most == HX_GRAMMAR_UNLIMITED)
            hx_buf_printf(t->out, "{%u,} ", least);
        else
            hx_buf_printf(t->out, "{%u,%u} ", least, most);
    } else {
        hx_buf_printf(t->out, "%c ", c);
    }
    t->has_item = false;
    takes(t, "?");
    return HX_OK;
}

static hx_status open_group(hx_schema *s, uint32_t place, translator *t) {
    t->at++;
    if (peek(t) == '?' && !takes(t, "?:")) return fail_unsupported(s, place);
    if (++t->depth > GROUPS_MAX)
        return hx_fail(s->err, HX_EFORMAT, "schema: the groups of %s nest too deep",
                       hx_schema_pointer(s, place, s->pattern_at));
    hx_buf_append_lit(t->out, "(");
    t->has_item = false;
    return HX_OK;
}

static void begin_alternative(translator *t) {
    if (t->depth == 0 && !takes(t, "^")) hx_buf_printf(t->out, "%s* ", t->any);
    hx_buf_append_lit(t->out, "\"\" ");
    t->has_item = false;
}

/* "$" where it stood closes the alternative; otherwise anything may follow. */
static void end_alternative(translator *t, bool is_anchored) {
    if (t->depth == 0 && !is_anchored) hx_buf_printf(t->out, "%s* ", t->any);
}

static hx_status read_one(hx_schema *s, uint32_t place, translator *t, bool *is_anchored) {
    int c = peek(t);
    *is_anchored = false;
    switch (c) {
    case '(':
        HX_TRY(open_group(s, place, t));
        begin_alternative(t);
        return HX_OK;
    case ')':
        if (t->depth-- == 0) return fail_wrong(s, place);
        t->at++;
        hx_buf_append_lit(t->out, ") ");
        t->has_item = true;
        return HX_OK;
    case '[':
        return read_class(s, place, t);
    case '\\':
        return read_backslash(s, place, t);
    case '*':
    case '+':
    case '?':
    case '{':
        return read_quantifier(s, place, t, c);
    case '.': {
        char_class any = {
            .n = 3, .ranges = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}, .negated = true};
        t->at++;
        return put_class(s, place, t, &any);
    }
    case '$':
        t->at++;
        *is_anchored = true;
        if (t->depth > 0 || (peek(t) >= 0 && peek(t) != '|')) return fail_unsupported(s, place);
        return HX_OK;
    case '^':
    case '}':
    case ']':
        return fail_unsupported(s, place);
    default:
        return put_character(s, place, t, hx_utf8_next(t->text, &t->at));
    }
}

hx_status hx_schema_pattern(hx_schema *s, uint32_t place, hx_str pattern, const char *any,
                            hx_buf *out) {
    translator t = {.text = pattern, .out = out, .any = any};
    bool is_anchored = false;
    s->pattern_is_narrow = false;
    hx_buf_append_lit(t.out, "(");
    begin_alternative(&t);
    while (peek(&t) >= 0) {
        if (peek(&t) == '|') {
            end_alternative(&t, is_anchored);
            hx_buf_append_lit(t.out, "| ");
            t.at++;
            is_anchored = false;
            begin_alternative(&t);
            continue;
        }
        HX_TRY(read_one(s, place, &t, &is_anchored));
    }
    if (t.depth > 0) return fail_wrong(s, place);
    end_alternative(&t, is_anchored);
    hx_buf_append_lit(t.out, ")");
    return HX_OK;
}
