/* clean.c - cleaning in one pass over the bytes, with an exact map back.
 *
 *     bytes -> valid UTF-8 -> controls and zero-width dropped -> entities, tags (clean_markup.c) -> NFKC and lower case (clean_norm.c)
 *           -> blanks folded and trimmed, repeated punctuation folded -> traditional to simplified -> URLs, mentions (clean_links.c)
 *
 * Runs of PLAIN characters (charclass.h: most of every text) are copied in bulk; all others go one at a time through hx__clean_take().
 * The later two steps run only over texts in which the first one met something for them. Every rule looks at what has been written, not
 * at what was read, so cleaning a cleaned text changes nothing.
 *
 * Emoji stay whole: a variation selector stays behind a pictograph and in keycaps, a zero width joiner between pictographs, tags in flags. */
#include "text/clean.h"

#include "base/error.h"
#include "base/utf8.h"
#include "text/atom.h"
#include "text/cleaner.h"

#define JOINER 0x200Du
#define VARIATION_16 0xFE0Fu
#define KEYCAP 0x20E3u
#define BLACK_FLAG 0x1F3F4u
#define AGAIN_ROUNDS 8 /* of cleaning again, in case dropped links left a tag */
#define CONVERT_ROUNDS 4 /* OpenCC maps 薴 to 苧 and 苧 to 苎: two rounds reach every end */

/* ------------------------------------------------------------------ writing */
void hx__clean_truncate(hx_cleaner *c, size_t len) {
    c->out->len = len;
    for (int i = 0; i < 2; i++)
        if (c->raw_at[i] != HX_NO_POSITION && c->raw_at[i] > len) c->raw_at[i] = len;
}

void hx__clean_put(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end) {
    char bytes[4];
    size_t n = hx_utf8_put(cp, bytes);
    bool same = end - start == n && memcmp(c->in.ptr + start, bytes, n) == 0;
    bool ok = same ? hx__clean_buf_copy(c->out, bytes, n, start)
                   : hx__clean_buf_put(c->out, bytes, n, start, end);
    if (!ok) c->failed = true;
}

void hx__clean_put_blank(hx_cleaner *c, uint32_t start, uint32_t end) {
    hx_clean_buf *b = c->out;
    if (b->len == 0) return;
    if (b->text[b->len - 1] == ' ')
        b->ends[b->len - 1] = end;
    else
        hx__clean_put(c, ' ', start, end);
}

void hx__clean_put_folded(hx_cleaner *c, uint32_t cp, size_t most, uint32_t start, uint32_t end) {
    hx_clean_buf *b = c->out;
    char bytes[4];
    size_t n = hx_utf8_put(cp, bytes), there = 0;
    while (there < most && b->len >= (there + 1) * n &&
           memcmp(b->text + b->len - (there + 1) * n, bytes, n) == 0)
        there++;
    if (there == most && !c->rules->keep_repeats)
        b->ends[b->len - 1] = end;
    else
        hx__clean_put(c, cp, start, end);
}

/* ------------------------------------------------------------------ emoji */
static uint32_t last_of(const hx_clean_buf *b) {
    size_t begin;
    return b->len ? hx__clean_buf_before(b, b->len, &begin) : 0;
}

static bool is_tag(uint32_t cp) {
    return cp >= 0xE0020 && cp <= 0xE007F;
}

static bool is_tone(uint32_t cp) {
    return cp >= 0x1F3FB && cp <= 0x1F3FF;
}

static void take_joiner(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end) {
    uint32_t last = last_of(c->out);
    bool keycap = (last >= '0' && last <= '9') || last == '#' || last == '*';
    bool waits = cp == JOINER ? hx__cp_is_pictograph(last) || is_tone(last) || last == VARIATION_16
                              : cp == VARIATION_16 && keycap;
    if (waits) {
        c->joiner = cp;
        c->joiner_start = start;
        c->joiner_end = end;
    } else if (cp == VARIATION_16 ? hx__cp_is_pictograph(last)
                                  : is_tag(cp) && (last == BLACK_FLAG || is_tag(last))) {
        hx__clean_put(c, cp, start, end);
    }
}

/* What waited stays if cp is what it waited for. */
static void resolve_joiner(hx_cleaner *c, uint32_t cp) {
    bool stays = c->joiner == JOINER ? hx__cp_is_pictograph(cp) : cp == KEYCAP;
    if (stays) hx__clean_put(c, c->joiner, c->joiner_start, c->joiner_end);
    c->joiner = 0;
}

/* ------------------------------------------------------------------ one code point */
static bool is_entity_char(uint32_t cp) {
    return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') ||
           cp == '#' || cp == ';';
}

static bool ends_in_www(const hx_clean_buf *b) {
    return b->len >= 3 && (b->text[b->len - 1] | 32) == 'w' && (b->text[b->len - 2] | 32) == 'w' &&
           (b->text[b->len - 3] | 32) == 'w';
}

/* don’t is don't. */
static bool is_apostrophe(const hx_cleaner *c, uint32_t cp) {
    uint32_t last = cp == 0x2019 ? last_of(c->out) | 32 : 0;
    return last >= 'a' && last <= 'z';
}

static void dispatch(hx_cleaner *c, hx_cc class, uint32_t cp, uint32_t start, uint32_t end) {
    if (c->joiner) resolve_joiner(c, cp);
    if (class == HX_CC_DROP) return;
    if (c->watch && class != HX_CC_JOINER && !is_entity_char(cp)) hx__clean_bare_entity(c);
    switch (class) {
    case HX_CC_UPPER:
        hx__clean_put(c, c->rules->keep_case ? cp : cp + 32, start, end);
        break;
    case HX_CC_BLANK:
        hx__clean_put_blank(c, start, end);
        break;
    case HX_CC_FOLD:
        hx__clean_put_folded(c, is_apostrophe(c, cp) ? '\'' : cp, 1, start, end);
        break;
    case HX_CC_FOLD3:
        if (cp == '.' && ends_in_www(c->out)) c->links = true;
        hx__clean_put_folded(c, cp, 3, start, end);
        break;
    case HX_CC_MARKUP:
        hx__clean_markup(c, cp, start, end);
        break;
    case HX_CC_JOINER:
        take_joiner(c, cp, start, end);
        break;
    case HX_CC_TRADITIONAL:
        c->traditional = true; /* fall through */
    default:
        hx__clean_put(c, cp, start, end);
        break;
    }
}

void hx__clean_take_normal(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end) {
    if (!hx__cp_composes_back(cp)) {
        dispatch(c, hx__charclass_of(c->classes, c->t2s, cp), cp, start, end);
        return;
    }
    if (c->joiner) resolve_joiner(c, cp);
    if (c->watch) hx__clean_bare_entity(c);
    hx__clean_compose(c, cp, start, end);
}

void hx__clean_take(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end) {
    if (cp >= 0xFF01 && cp <= 0xFF5E) cp -= 0xFEE0;
    hx_cc class = hx__charclass_of(c->classes, c->t2s, cp);
    if (class == HX_CC_NORM)
        hx__clean_normalise(c, cp, start, end);
    else
        dispatch(c, class, cp, start, end);
}

/* ------------------------------------------------------------------ the fast path */
/* The end of the PLAIN characters from `at` on. */
static size_t plain_end(const uint8_t *class, hx_str in, size_t at) {
    const unsigned char *p = (const unsigned char *)in.ptr;
    while (at < in.len) {
        if (p[at] < 0x80) {
            if (class[p[at]] != HX_CC_PLAIN) break;
            at++;
        } else if (p[at] >= 0xE0 && p[at] <= 0xEF) {
            if (in.len - at < 3 || (p[at + 1] & 0xC0) != 0x80 || (p[at + 2] & 0xC0) != 0x80) break;
            uint32_t cp = (uint32_t)(p[at] & 0x0F) << 12 | (uint32_t)(p[at + 1] & 0x3F) << 6 |
                          (uint32_t)(p[at + 2] & 0x3F);
            if (cp < 0x800 || class[cp] != HX_CC_PLAIN) break;
            at += 3;
        } else {
            break;
        }
    }
    return at;
}

static void clean_characters(hx_cleaner *c) {
    for (size_t at = 0; at < c->in.len && !c->failed;) {
        if (!c->watch && !c->joiner) {
            size_t end = plain_end(c->classes->bmp, c->in, at);
            if (end > at && !hx__clean_buf_copy(c->out, c->in.ptr + at, end - at, (uint32_t)at))
                c->failed = true;
            at = end;
            if (at == c->in.len) break;
        }
        size_t start = at;
        uint32_t cp = hx_utf8_next(c->in, &at);
        if (cp != HX_UTF8_BAD) hx__clean_take(c, cp, (uint32_t)start, (uint32_t)at);
    }
    if (c->watch && !c->failed) hx__clean_bare_entity(c);
    if (c->out->len > 0 && c->out->text[c->out->len - 1] == ' ')
        hx__clean_truncate(c, c->out->len - 1);
}

/* ------------------------------------------------------------------ traditional to simplified */
/* Appends `to` with the map of the `n` bytes at `at` it replaces, character by character. */
static bool put_converted(const hx_clean_buf *from, size_t at, size_t n, hx_str to,
                          hx_clean_buf *out) {
    size_t end = at + n;
    bool ok = true;
    for (size_t i = 0; ok && i < to.len;) {
        size_t to_start = i, from_start = at;
        (void)hx_utf8_next(to, &i);
        (void)hx_utf8_next((hx_str){from->text, end}, &at);
        bool same = i - to_start == at - from_start &&
                    memcmp(to.ptr + to_start, from->text + from_start, i - to_start) == 0;
        ok = same ? hx__clean_buf_move(out, from, from_start, at - from_start)
                  : hx__clean_buf_put(out, to.ptr + to_start, i - to_start,
                                      from->starts[from_start], from->ends[at - 1]);
    }
    return ok;
}

/* Converts `from` into `out`; *changed: something was. */
static bool convert(const hx_t2s *t, const hx_clean_buf *from, hx_clean_buf *out, bool *changed) {
    hx_str text = {from->text, from->len};
    size_t copied = 0, at = 0;
    out->len = 0;
    *changed = false;
    while (at < text.len) {
        hx_str to;
        size_t n = (unsigned char)text.ptr[at] < 0xE2
                       ? 0
                       : hx__t2s_match(t, (hx_str){text.ptr + at, text.len - at}, true, &to);
        if (n == 0) {
            (void)hx_utf8_next(text, &at);
            continue;
        }
        if (n != to.len || memcmp(text.ptr + at, to.ptr, n) != 0) {
            if (!hx__clean_buf_move(out, from, copied, at - copied) ||
                !put_converted(from, at, n, to, out))
                return false;
            copied = at + n;
            *changed = true;
        }
        at += n;
    }
    return hx__clean_buf_move(out, from, copied, at - copied);
}

static bool simplify(const hx_t2s *t, hx_clean_buf *buffers, hx_clean_buf **out) {
    for (int round = 0; round < CONVERT_ROUNDS; round++) {
        hx_clean_buf *other = *out == &buffers[0] ? &buffers[1] : &buffers[0];
        bool changed;
        if (!convert(t, *out, other, &changed)) return false;
        if (!changed) return true;
        *out = other;
    }
    return true;
}

/* ------------------------------------------------------------------ the whole */
/* Cleans `in` into one of the annotator's first two buffers; *dropped: links were. */
static bool clean_once(hx_annotator *a, hx_str in, const hx_clean_rules *rules, hx_clean_buf **out,
                       bool *dropped) {
    *out = &a->clean[0];
    (*out)->len = 0;
    hx_cleaner c = {.classes = a->model->charclass,
                    .t2s = a->model->t2s,
                    .rules = rules,
                    .in = in,
                    .out = *out,
                    .raw_at = {HX_NO_POSITION, HX_NO_POSITION}};
    if (!hx__clean_buf_reserve(*out, in.len + 16)) return false;
    clean_characters(&c);
    if (c.failed) return false;
    if (c.traditional && !rules->keep_traditional && !simplify(a->model->t2s, a->clean, out))
        return false;
    *dropped = c.links && !rules->keep_urls && hx__clean_drop_links(*out);
    return true;
}

/* A link that became a blank may have left a tag around it: <p@bob>. */
static bool may_hold_tags(const hx_clean_buf *b) {
    return b->len > 0 && memchr(b->text, '<', b->len) && memchr(b->text, '>', b->len);
}

/* Maps what was cleaned from `middle` to what `middle` came from. */
static void compose_maps(hx_clean_buf *b, const hx_clean_buf *middle) {
    for (size_t i = 0; i < b->len; i++) {
        b->starts[i] = middle->starts[b->starts[i]];
        b->ends[i] = middle->ends[b->ends[i] - 1];
    }
}

hx_status hx__clean(hx_annotator *a, hx_str text, const hx_clean_rules *rules, hx_clean *out,
                    hx_error *err) {
    if (text.len > HX_TEXT_MAX)
        return hx_fail(err, HX_ELIMIT, "a text has %zu bytes, more than the %u that are read",
                       text.len, HX_TEXT_MAX);
    hx_clean_buf *b, *middle = &a->clean[2];
    bool dropped = false;
    bool ok = clean_once(a, text, rules, &b, &dropped);
    for (int round = 0; ok && dropped && may_hold_tags(b) && round < AGAIN_ROUNDS; round++) {
        middle->len = 0;
        ok = hx__clean_buf_move(middle, b, 0, b->len) &&
             clean_once(a, (hx_str){middle->text, middle->len}, rules, &b, &dropped);
        if (ok) compose_maps(b, middle);
    }
    if (!ok)
        return hx_fail(err, HX_ENOMEM, "out of memory while cleaning a text of %zu bytes",
                       text.len);
    *out = (hx_clean){{b->text, b->len}, b->starts, b->ends};
    return HX_OK;
}

hx_span hx__clean_span(const hx_clean *c, size_t start, size_t end) {
    return (hx_span){c->starts[start], c->ends[end - 1]};
}
