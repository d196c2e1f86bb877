/* clean_markup.c - HTML entities and tags, recognised at their last character on what has been written so far.
 *
 * Because the output and not the input is looked at, markup that only appears after cleaning (&amp;lt;b&amp;gt;, <scr<b></b>ipt>, full-width
 * letters, zero-width characters in between) is seen too, and what is left holds no markup: cleaning is idempotent without a second pass.
 *
 *     ;   closes &name; &#39; &#x27;      (repeatedly, as &semi; gives another ;)
 *     >   closes <name ...> </name> <!-- --> <!doctype> <?xml ?>: a tag needs a letter behind <, and even quotes
 *     </script> and </style> drop all since their opening tag; a block tag leaves a blank, an inline tag nothing
 *
 * Names of entities are case-sensitive, but the output may be lower-cased: the case is read from the original byte. */
#include "base/utf8.h"
#include "text/cleaner.h"
#include "text/html_entities.h"

#define TAG_MAX 4096u /* bytes between < and > */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
}

/* ------------------------------------------------------------------ entities */
/* Where the & of an unfinished entity at the end of `out` stands. */
static size_t find_ampersand(const hx_clean_buf *b) {
    size_t least = b->len > HX_ENTITY_NAME_MAX + 1 ? b->len - HX_ENTITY_NAME_MAX - 1 : 0;
    for (size_t i = b->len; i-- > least;) {
        if (b->text[i] == '&') return i + 1 < b->len ? i : HX_NO_POSITION;
        if (!is_alnum(b->text[i]) && b->text[i] != '#') return HX_NO_POSITION;
    }
    return HX_NO_POSITION;
}

/* What Windows-1252 has at 0x80 to 0x9F, as HTML reads &#128; to &#159;. */
static uint32_t windows_1252(uint32_t cp) {
    static const uint16_t table[32] = {
        0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021, 0x2C6,  0x2030, 0x160,
        0x2039, 0x152,  0x8D,   0x17D,  0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178};
    return cp >= 0x80 && cp <= 0x9F ? table[cp - 0x80] : cp;
}

static bool digit_value(char c, uint32_t base, uint32_t *out) {
    uint32_t v = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
                 : is_letter(c)       ? (uint32_t)((c | 32) - 'a') + 10
                                      : 99;
    *out = v;
    return v < base;
}

/* "#39" or "#x27" to UTF-8; a number that is no character gives a control, which is dropped. */
static bool numeric(hx_str name, char out[4], size_t *len) {
    bool hex = name.len > 1 && (name.ptr[1] | 32) == 'x';
    size_t i = hex ? 2 : 1;
    uint32_t cp = 0, digit, base = hex ? 16 : 10;
    if (i >= name.len) return false;
    for (; i < name.len; i++) {
        if (!digit_value(name.ptr[i], base, &digit)) return false;
        cp = cp > 0x110000u ? cp : cp * base + digit;
    }
    *len = hx_utf8_put(windows_1252(cp), out);
    if (*len == 0) *len = hx_utf8_put(1, out);
    return true;
}

/* The characters of the entity between `ampersand` and the end of `out`; `memory` backs numeric ones. */
static hx_str lookup(const hx_cleaner *c, size_t ampersand, bool bare, char memory[4]) {
    const hx_clean_buf *b = c->out;
    char name[HX_ENTITY_NAME_MAX + 1] = {0};
    size_t n = b->len - ampersand - 1, len;
    for (size_t i = 0; i < n; i++) {
        size_t at = ampersand + 1 + i;
        char original = c->in.ptr[b->starts[at]];
        bool same = b->ends[at] == b->starts[at] + 1 && is_letter(original) &&
                    (original | 32) == (b->text[at] | 32);
        name[i] = same ? original : b->text[at];
    }
    if (name[0] == '#')
        return numeric((hx_str){name, n}, memory, &len) ? (hx_str){memory, len} : (hx_str){0};
    hx_str found = hx__html_entity((hx_str){name, n}, bare);
    if (found.len) return found;
    for (size_t i = 0; i < n; i++)
        name[i] = is_letter(name[i]) ? (char)(name[i] | 32) : name[i];
    return hx__html_entity((hx_str){name, n}, bare);
}

static void take_decoded(hx_cleaner *c, size_t ampersand, hx_str decoded, uint32_t end) {
    uint32_t start = c->out->starts[ampersand];
    hx__clean_truncate(c, ampersand);
    for (size_t at = 0; at < decoded.len;)
        hx__clean_take(c, hx_utf8_next(decoded, &at), start, end);
}

static void semicolon(hx_cleaner *c, uint32_t start, uint32_t end) {
    char memory[4];
    for (;;) {
        size_t ampersand = find_ampersand(c->out);
        hx_str decoded =
            ampersand == HX_NO_POSITION ? (hx_str){0} : lookup(c, ampersand, false, memory);
        if (decoded.len == 0) break;
        if (!hx_str_equal(decoded, HX_STR_LIT(";"))) {
            take_decoded(c, ampersand, decoded, end);
            return;
        }
        start = c->out->starts[ampersand];
        hx__clean_truncate(c, ampersand);
    }
    hx__clean_put_folded(c, ';', 1, start, end);
}

void hx__clean_bare_entity(hx_cleaner *c) {
    char memory[4];
    c->watch = false;
    size_t ampersand = find_ampersand(c->out);
    if (ampersand == HX_NO_POSITION) return;
    hx_str decoded = lookup(c, ampersand, true, memory);
    if (decoded.len) take_decoded(c, ampersand, decoded, c->out->ends[c->out->len - 1]);
}

/* ------------------------------------------------------------------ tags */
static bool name_is(hx_str name, const char *word) {
    size_t i = 0;
    for (; i < name.len && word[i]; i++)
        if ((name.ptr[i] | 32) != word[i]) return false;
    return i == name.len && word[i] == '\0';
}

static bool is_inline(hx_str name) {
    static const char *const names[] = {
        "a",     "abbr", "b",      "bdi",    "bdo", "big",   "cite", "code", "del", "dfn",
        "em",    "font", "i",      "ins",    "kbd", "label", "mark", "q",    "s",   "samp",
        "small", "span", "strike", "strong", "sub", "sup",   "tt",   "u",    "var", "wbr"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (name_is(name, names[i])) return true;
    return false;
}

/* The name in the content of a tag (what stands between < and >); empty where it is no tag. */
static hx_str tag_name(hx_str content) {
    size_t i = content.len > 0 && content.ptr[0] == '/' ? 1 : 0, quotes = 0;
    size_t start = i;
    if (i >= content.len || !is_letter(content.ptr[i])) return (hx_str){0};
    while (i < content.len &&
           (is_alnum(content.ptr[i]) || content.ptr[i] == ':' || content.ptr[i] == '-'))
        i++;
    if (i < content.len && content.ptr[i] != ' ' && content.ptr[i] != '/') return (hx_str){0};
    hx_str name = {content.ptr + start, i - start};
    for (; i < content.len; i++)
        quotes += content.ptr[i] == '"';
    return quotes % 2 == 0 ? name : (hx_str){0};
}

static bool is_comment(hx_str content) {
    if (content.len < 2) return false;
    const char *last = content.ptr + content.len - 1;
    if (content.ptr[0] == '?') return *last == '?';
    if (content.ptr[0] != '!') return false;
    if (content.ptr[1] == '-')
        return content.len >= 5 && content.ptr[2] == '-' && last[0] == '-' && last[-1] == '-';
    return is_letter(content.ptr[1]);
}

/* Opening <script>, <style>: remembers the place. Closing: goes back to it. */
static void raw_text(hx_cleaner *c, int which, bool closing, uint32_t *start) {
    if (!closing && c->raw_at[which] == HX_NO_POSITION) {
        c->raw_at[which] = c->out->len;
        c->raw_start[which] = *start;
    } else if (closing && c->raw_at[which] != HX_NO_POSITION) {
        *start = c->raw_start[which];
        hx__clean_truncate(c, c->raw_at[which]);
        c->raw_at[which] = HX_NO_POSITION;
    }
}

/* Whether the > that ends at `end` closed a tag. */
static bool close_tag(hx_cleaner *c, uint32_t end) {
    hx_clean_buf *b = c->out;
    size_t least = b->len > TAG_MAX ? b->len - TAG_MAX : 0;
    if (b->len == 0) return false;
    const char *open = memrchr(b->text + least, '<', b->len - least);
    if (!open) return false;
    size_t at = (size_t)(open - b->text);
    hx_str content = {open + 1, b->len - at - 1};
    hx_str name = tag_name(content);
    if (name.len == 0 && !is_comment(content)) return false;
    bool closing = content.ptr[0] == '/', blank = name.len == 0 || !is_inline(name);
    int raw = name_is(name, "script") ? 0 : name_is(name, "style") ? 1 : -1;
    uint32_t start = b->starts[at];
    hx__clean_truncate(c, at);
    if (raw >= 0) raw_text(c, raw, closing, &start);
    if (blank) hx__clean_put_blank(c, start, end);
    c->watch = true;
    return true;
}

void hx__clean_markup(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end) {
    switch (cp) {
    case ';':
        semicolon(c, start, end);
        return;
    case '&':
        c->watch = true;
        break;
    case '>':
        if (close_tag(c, end)) return;
        break;
    case ':':
    case '@':
        c->links = true;
        break;
    default:
        break;
    }
    hx__clean_put(c, cp, start, end);
}
