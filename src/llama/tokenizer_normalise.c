/* tokenizer_normalise.c - what happens to a text before it is cut into words.
 *
 * Steps run one after the other, each from one buffer of the scratch into the other. Unicode forms are in tokenizer_form.c; NFC is skipped
 * where no character of the text can change under it. All parts of a text together may grow to hx__normal_most() of its length.
 *
 * SentencePiece's own normaliser is one step: at each place the longest entry of the compiled character map is replaced (or one character
 * kept), user-defined symbols are passed as they are, spaces become U+2581, with remove_extra_whitespaces runs of them are one and none
 * stands at either end, and a dummy prefix goes in front.
 *
 * The map: u32 size of the trie in bytes; the trie, a double array of u32 units (darts-clone: bits 0-7 label, 8 has a value, 9 offset is
 * shifted by 8, 10-30 offset; values have bit 31); then texts that end in NUL, to which the values are offsets. `tokenizers` asks it for
 * grapheme clusters of less than 6 bytes, then for single characters, and takes the shortest entry. */
#include <string.h>
#include <utf8proc.h>

#include "base/error.h"
#include "base/utf8.h"
#include "llama/tokenizer_parts.h"

#define META "\xE2\x96\x81"
#define META_LEN 3
/* What a text may become: NFKC's worst, U+FDFA, is 11 times as long, and a text of spaces, each U+2581, three times. */
#define NORMAL_TIMES 18
#define NORMAL_MORE ((size_t)4096)
#define NORMAL_MAX (META_LEN * (size_t)HX_LLAMA_TEXT_MAX + NORMAL_MORE)
#define GRAPHEME_MAX 6 /* bytes from which a cluster is not looked up */

/* ------------------------------------------------------------------ the character map */
hx_status hx__charsmap_read(hx_tokenizer *t, hx_str blob, hx_error *err) {
    uint32_t size = 0;
    if (blob.len == 0) return HX_OK;
    if (blob.len >= sizeof size) memcpy(&size, blob.ptr, sizeof size);
    bool fits = size > 0 && size % 4 == 0 && size <= blob.len - 4 && blob.len - 4 != size;
    hx_str texts = {NULL, 0};
    if (fits) texts = (hx_str){blob.ptr + 4 + size, blob.len - 4 - size};
    if (!fits || texts.ptr[texts.len - 1] != '\0' || !hx_utf8_is_valid(texts))
        return hx_fail(err, HX_EFORMAT, "%s: the compiled character map is damaged", t->what);
    t->charsmap = (hx_charsmap){(const uint8_t *)blob.ptr + 4, size / 4, texts};
    return HX_OK;
}

static uint32_t map_unit(const hx_charsmap *m, size_t i) {
    uint32_t u;
    memcpy(&u, m->units + 4 * i, sizeof u);
    return u;
}

static size_t unit_offset(uint32_t u) {
    return (size_t)(u >> 10) << ((u & 0x200u) >> 6);
}

/* The shortest or the longest entry at the begin of `text`: its length, 0 = none; *to = what it becomes. */
static size_t map_find(const hx_charsmap *m, hx_str text, bool shortest, hx_str *to) {
    size_t found = 0;
    if (m->n_units == 0) return 0;
    size_t pos = unit_offset(map_unit(m, 0));
    for (size_t i = 0; i < text.len; i++) {
        pos ^= (unsigned char)text.ptr[i];
        if (pos >= m->n_units) break;
        uint32_t u = map_unit(m, pos);
        if ((u & 0x800000FFu) != (unsigned char)text.ptr[i]) break;
        pos ^= unit_offset(u);
        if (!(u & 0x100u)) continue;
        if (pos >= m->n_units) break;
        uint32_t value = map_unit(m, pos) & 0x7FFFFFFFu;
        /* inside a character */
        if (value >= m->texts.len || ((unsigned char)m->texts.ptr[value] & 0xC0) == 0x80) break;
        found = i + 1;
        *to = hx_str_of(m->texts.ptr + value);
        if (shortest) break;
    }
    return found;
}

static bool map_char_by_char(const hx_charsmap *m, hx_str cluster, hx_buf *out) {
    for (size_t i = 0; i < cluster.len;) {
        unsigned len;
        (void)hx_char_at(cluster.ptr + i, &len);
        hx_str part = {cluster.ptr + i, len}, to = part;
        (void)map_find(m, part, true, &to);
        if (!hx_buf_append_str(out, to)) return false;
        i += len;
    }
    return true;
}

static bool map_cluster(const hx_charsmap *m, hx_str cluster, hx_buf *out) {
    hx_str to = {NULL, 0};
    if (cluster.len < GRAPHEME_MAX && map_find(m, cluster, true, &to) > 0)
        return hx_buf_append_str(out, to);
    return map_char_by_char(m, cluster, out);
}

static bool map_clusters(const hx_charsmap *m, hx_str in, hx_buf *out) {
    size_t start = 0;
    utf8proc_int32_t state = 0, before = 0;
    for (size_t i = 0; i < in.len;) {
        unsigned len;
        utf8proc_int32_t cp = (utf8proc_int32_t)hx_char_at(in.ptr + i, &len);
        if (i > start && utf8proc_grapheme_break_stateful(before, cp, &state)) {
            if (!map_cluster(m, (hx_str){in.ptr + start, i - start}, out)) return false;
            start = i;
            state = 0;
        }
        before = cp;
        i += len;
    }
    return map_cluster(m, (hx_str){in.ptr + start, in.len - start}, out);
}

/* ------------------------------------------------------------------ Unicode forms */
/* NFC of an older Unicode, as `tokenizers` has it: characters that have become marks since stay where they are. */
static bool put_nfc(const hx_tokenizer *t, hx_str in, hx_buf *points, hx_buf *out) {
    size_t start = 0;
    for (size_t i = 0; i < in.len;) {
        unsigned len;
        bool newer = hx_char_class(&t->pre, hx_char_at(in.ptr + i, &len)) & HX_CLASS_NEWER;
        if (newer &&
            (!hx__put_form((hx_str){in.ptr + start, i - start}, UTF8PROC_COMPOSE, points, out) ||
             !hx_buf_append(out, in.ptr + i, len)))
            return false;
        i += len;
        if (newer) start = i;
    }
    return hx__put_form((hx_str){in.ptr + start, in.len - start}, UTF8PROC_COMPOSE, points, out);
}

static bool put_lower(hx_str in, hx_buf *out) {
    for (size_t i = 0; i < in.len;) {
        char c[4];
        unsigned len;
        uint32_t cp = hx_char_at(in.ptr + i, &len);
        cp = (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
        if (!hx_buf_append(out, c, hx_utf8_put(cp, c))) return false;
        i += len;
    }
    return true;
}

/* ------------------------------------------------------------------ small steps */
static bool put_replaced(hx_str in, hx_str from, hx_str to, hx_buf *out) {
    for (;;) {
        const char *p = from.len ? memmem(in.ptr, in.len, from.ptr, from.len) : NULL;
        if (!p) return hx_buf_append_str(out, in);
        size_t n = (size_t)(p - in.ptr);
        if (!hx_buf_append(out, in.ptr, n) || !hx_buf_append_str(out, to)) return false;
        in = (hx_str){p + from.len, in.len - n - from.len};
    }
}

static bool put_spaces(hx_str in, hx_str to, hx_buf *out) {
    for (size_t i = 0; i < in.len;) {
        size_t end = i;
        while (end < in.len && in.ptr[end] == ' ')
            end++;
        if (end - i >= 2) {
            if (!hx_buf_append_str(out, to)) return false;
            i = end;
        } else {
            if (!hx_buf_append_byte(out, in.ptr[i])) return false;
            i++;
        }
    }
    return true;
}

static bool is_space_at(const hx_tokenizer *t, hx_str in, size_t at, unsigned *len) {
    return hx_char_class(&t->pre, hx_char_at(in.ptr + at, len)) & HX_CLASS_S;
}

static hx_str strip(const hx_tokenizer *t, hx_str in, bool left) {
    unsigned len;
    if (left) {
        while (in.len > 0 && is_space_at(t, in, 0, &len))
            in = (hx_str){in.ptr + len, in.len - len};
        return in;
    }
    while (in.len > 0) {
        size_t at = in.len - 1;
        while (at > 0 && ((unsigned char)in.ptr[at] & 0xC0) == 0x80)
            at--;
        if (!is_space_at(t, in, at, &len)) break;
        in.len = at;
    }
    return in;
}

static bool starts_with_meta(hx_str s) {
    return s.len >= META_LEN && memcmp(s.ptr, META, META_LEN) == 0;
}

static bool put_metaspace(const hx_tokenizer *t, hx_str in, hx_text_place place, hx_buf *out) {
    bool wanted = place == HX_PLACE_FIRST || (place == HX_PLACE_LATER && !t->prefix_first);
    bool prefix = t->prefix_any && wanted;
    bool has_one = starts_with_meta(in) || (in.len > 0 && in.ptr[0] == ' ');
    if (prefix && !has_one && !hx_buf_append(out, META, META_LEN)) return false;
    return put_replaced(in, HX_STR_LIT(" "), HX_STR_LIT(META), out);
}

static bool put_words(const hx_tokenizer *t, hx_str in, hx_buf *out) {
    size_t i = 0;
    while (i < in.len) {
        unsigned len;
        if (is_space_at(t, in, i, &len)) {
            i += len;
            continue;
        }
        size_t start = i;
        while (i < in.len && !is_space_at(t, in, i, &len))
            i += len;
        hx_str word = {in.ptr + start, i - start};
        if (!starts_with_meta(word) && !hx_buf_append(out, META, META_LEN)) return false;
        if (!hx_buf_append_str(out, word)) return false;
    }
    return true;
}

/* ------------------------------------------------------------------ SentencePiece */
/* One step: *to = what the begin of `in` becomes. Returns how much of it that was. */
static size_t next_chunk(const hx_tokenizer *t, hx_str in, hx_str *to) {
    unsigned char c = (unsigned char)in.ptr[0];
    int32_t id = t->first_user[c] ? hx__added_at(t, in, HX_ADDED) : -1;
    if (id >= 0) {
        *to = (hx_str){in.ptr, t->vocab.spans[id].len};
        return to->len;
    }
    size_t n = map_find(&t->charsmap, in, false, to), end = 0;
    if (n > 0) return n;
    /* a bad byte is U+FFFD, which the map does not see */
    *to =
        hx_utf8_next(in, &end) == HX_UTF8_BAD ? HX_STR_LIT("\xEF\xBF\xBD") : (hx_str){in.ptr, end};
    return end;
}

static bool put_escaped(const hx_tokenizer *t, hx_str s, hx_buf *out) {
    if (t->sp.escape_whitespaces && s.len == 1 && s.ptr[0] == ' ')
        return hx_buf_append(out, META, META_LEN);
    if (!t->sp.escape_whitespaces || !memchr(s.ptr, ' ', s.len)) return hx_buf_append_str(out, s);
    return put_replaced(s, HX_STR_LIT(" "), HX_STR_LIT(META), out);
}

/* The way from `pos` of the map over byte c: the unit there; 0 = none. */
static uint32_t map_step(const hx_charsmap *m, size_t pos, unsigned char c) {
    if ((pos ^ c) >= m->n_units) return 0;
    uint32_t u = map_unit(m, pos ^ c);
    return (u & 0x800000FFu) == c ? u : 0;
}

/* Whether some entry is the character c, or begins with it and another of ASCII. */
static bool is_mapped(const hx_charsmap *m, unsigned char c) {
    if (m->n_units == 0) return false;
    size_t root = unit_offset(map_unit(m, 0));
    uint32_t u = map_step(m, root, c);
    bool mapped = u & 0x100u;
    for (unsigned char next = 1; u && next < 0x80; next++)
        mapped |= map_step(m, root ^ c ^ unit_offset(u), next) != 0;
    return mapped;
}

void hx__plain_index(hx_tokenizer *t) {
    for (unsigned char c = 1; c < 0x80; c++)
        t->plain[c] = !t->first_user[c] && !is_mapped(&t->charsmap, c);
}

static bool is_plain(const hx_tokenizer *t, hx_str in, size_t at) {
    const unsigned char *p = (const unsigned char *)in.ptr + at;
    return p[0] < 0x80 && t->plain[p[0]] && (at + 1 == in.len || (p[1] > 0 && p[1] < 0x80));
}

/* What no step changes at the begin of `in`: one space, or a run of characters without any. */
static size_t plain_run(const hx_tokenizer *t, hx_str in) {
    size_t n = 0;
    if (in.ptr[0] == ' ') return is_plain(t, in, 0);
    while (n < in.len && in.ptr[n] != ' ' && is_plain(t, in, n))
        n++;
    return n;
}

static bool put_chunks(const hx_tokenizer *t, hx_str in, hx_buf *out) {
    bool after_space = t->sp.remove_extra_whitespaces;
    while (in.len > 0) {
        hx_str to = {in.ptr, plain_run(t, in)};
        size_t n = to.len ? to.len : next_chunk(t, in, &to);
        while (after_space && to.len > 0 && to.ptr[0] == ' ')
            to = (hx_str){to.ptr + 1, to.len - 1};
        if (to.len > 0) {
            if (!put_escaped(t, to, out)) return false;
            after_space = t->sp.remove_extra_whitespaces && to.ptr[to.len - 1] == ' ';
        }
        in = (hx_str){in.ptr + n, in.len - n};
    }
    return true;
}

static bool put_sentencepiece(const hx_tokenizer *t, hx_str in, bool first, hx_buf *out) {
    hx_str space = t->sp.escape_whitespaces ? HX_STR_LIT(META) : HX_STR_LIT(" "), to;
    while (t->sp.remove_extra_whitespaces && in.len > 0) {
        size_t n = next_chunk(t, in, &to);
        if (!hx_str_equal(to, HX_STR_LIT(" "))) break;
        in = (hx_str){in.ptr + n, in.len - n};
    }
    if (in.len == 0) return true;
    bool dummy = t->sp.add_dummy_prefix && first;
    if (dummy && !t->sp.whitespace_as_suffix && !hx_buf_append_str(out, space)) return false;
    if (!put_chunks(t, in, out)) return false;
    while (t->sp.remove_extra_whitespaces && out->len >= space.len &&
           memcmp(out->ptr + out->len - space.len, space.ptr, space.len) == 0)
        out->len -= space.len;
    return !dummy || !t->sp.whitespace_as_suffix || hx_buf_append_str(out, space);
}

/* ------------------------------------------------------------------ all steps */
static bool run_step(const hx_tokenizer *t, const hx_norm *step, hx_str in, hx_text_place place,
                     hx_buf *points, hx_buf *out) {
    switch (step->kind) {
    case HX_NORM_NFC:
        return put_nfc(t, in, points, out);
    case HX_NORM_NFKC:
        return hx__put_form(in, UTF8PROC_COMPOSE | UTF8PROC_COMPAT, points, out);
    case HX_NORM_NFD:
        return hx__put_form(in, UTF8PROC_DECOMPOSE, points, out);
    case HX_NORM_NFKD:
        return hx__put_form(in, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, points, out);
    case HX_NORM_LOWER:
        return put_lower(in, out);
    case HX_NORM_PREPEND:
        if (place != HX_PLACE_INSIDE && !hx_buf_append_str(out, step->from)) return false;
        return hx_buf_append_str(out, in);
    case HX_NORM_REPLACE:
        return put_replaced(in, step->from, step->to, out);
    case HX_NORM_SPACES:
        return put_spaces(in, step->to, out);
    case HX_NORM_CHARSMAP:
        return map_clusters(&t->charsmap, in, out);
    case HX_NORM_METASPACE:
        return put_metaspace(t, in, place, out);
    case HX_NORM_WORDS:
        return put_words(t, in, out);
    case HX_NORM_SENTENCEPIECE:
        return put_sentencepiece(t, in, place == HX_PLACE_FIRST, out);
    default:
        return hx_buf_append_str(out, strip(t, in, step->kind == HX_NORM_STRIP_LEFT));
    }
}

static bool has_prefix_space(const hx_tokenizer *t, hx_str text) {
    return !t->pre.add_prefix_space || text.ptr[0] == ' ';
}

size_t hx__normal_most(size_t len) {
    size_t most = NORMAL_MAX;
    return len < (most - NORMAL_MORE) / NORMAL_TIMES ? NORMAL_TIMES * len + NORMAL_MORE : most;
}

static hx_status normal_failed(const hx_tokenizer *t, const hx_tokenizer_scratch *s,
                               hx_error *err) {
    const hx_buf *bufs[] = {&s->normal[0], &s->normal[1], &s->points};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        if (bufs[i]->failed && !bufs[i]->no_memory)
            return hx_fail(err, HX_ELIMIT, "%s: the tokenizer's normaliser makes the text too long",
                           t->what);
    return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
}

/* The buffer may be larger, from a longer text before. */
static bool fits(const hx_tokenizer_scratch *s, hx_buf *to) {
    if (to->len > s->normal_left) to->failed = true;
    return !to->failed;
}

/* The other buffer, empty, with room for what is left of the text. */
static hx_buf *next_normal(hx_tokenizer_scratch *s, hx_str in) {
    hx_buf *to = &s->normal[in.ptr == s->normal[0].ptr];
    hx_buf_reset(to);
    hx_buf_reset(&s->points);
    s->points.cap = sizeof(utf8proc_int32_t) * hx__normal_most(HX_LLAMA_TEXT_MAX);
    to->cap = s->normal_left > to->alloc ? s->normal_left : to->alloc;
    return to;
}

hx_status hx__normalise(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str in,
                        hx_text_place place, hx_str *out, hx_error *err) {
    bool ok = true;
    hx_buf *to = NULL;
    for (size_t i = 0; i < t->n_norms && ok && in.len > 0; i++) {
        if (t->norms[i].kind == HX_NORM_NFC && !hx_text_needs_nfc(&t->pre, in)) continue;
        to = next_normal(s, in);
        ok = run_step(t, &t->norms[i], in, place, &s->points, to) && fits(s, to);
        in = hx_buf_str(to);
    }
    if (ok && in.len > 0 && place != HX_PLACE_INSIDE && !has_prefix_space(t, in)) {
        to = next_normal(s, in);
        ok = hx_buf_append_byte(to, ' ') && hx_buf_append_str(to, in) && fits(s, to);
        in = hx_buf_str(to);
    }
    if (!ok) return normal_failed(t, s, err);
    if (to) s->normal_left -= in.len;
    *out = in;
    return HX_OK;
}
