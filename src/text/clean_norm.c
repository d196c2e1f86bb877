/* clean_norm.c - NFKC one code point at a time (Unicode UAX #15), with lower-casing before composition.
 *
 * A code point is decomposed (compatibility), lower-cased, decomposed again; parts that cannot compose backwards go on as they are. A part
 * that can takes the last starter of the output and the marks behind it off, is put in canonical order with them, and the whole is composed
 * and put back; all of it then maps to the original bytes from that starter to the part. More than MARKS_MAX marks on one character are
 * noise (UAX #15's stream-safe format allows 30) and are dropped. */
#include <utf8proc.h>

#include "base/utf8.h"
#include "text/cleaner.h"

#define PARTS_MAX 64
#define MARKS_MAX 30u

static int combining(uint32_t cp) {
    return utf8proc_get_property((utf8proc_int32_t)cp)->combining_class;
}

/* Decomposes cp to `parts`, returns how many; cp itself where it has no decomposition. */
static size_t decompose(uint32_t cp, bool compat, uint32_t *parts, size_t room) {
    utf8proc_int32_t buffer[PARTS_MAX];
    int boundary = 0;
    int options = UTF8PROC_DECOMPOSE | UTF8PROC_STABLE | (compat ? UTF8PROC_COMPAT : 0);
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, buffer, PARTS_MAX,
                                                 (utf8proc_option_t)options, &boundary);
    if (n < 1 || (size_t)n > room || n > PARTS_MAX) {
        parts[0] = cp;
        return 1;
    }
    for (utf8proc_ssize_t i = 0; i < n; i++)
        parts[i] = (uint32_t)buffer[i];
    return (size_t)n;
}

static void take_part(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end) {
    uint32_t lower[PARTS_MAX] = {cp};
    size_t n = 1;
    if (!c->rules->keep_case)
        n = decompose((uint32_t)utf8proc_tolower((utf8proc_int32_t)cp), true, lower, PARTS_MAX);
    for (size_t i = 0; i < n; i++)
        hx__clean_take_normal(c, lower[i], start, end);
}

void hx__clean_normalise(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end) {
    uint32_t parts[PARTS_MAX];
    size_t n = decompose(cp, true, parts, PARTS_MAX);
    for (size_t i = 0; i < n; i++)
        take_part(c, parts[i], start, end);
}

/* Where the last starter of `out` begins; HX_NO_POSITION where too many marks stand behind it. */
static size_t last_starter(const hx_clean_buf *b) {
    size_t at = b->len;
    for (unsigned n = 0; at > 0; n++) {
        if (n > MARKS_MAX) return HX_NO_POSITION;
        if (combining(hx__clean_buf_before(b, at, &at)) == 0) break;
    }
    return at;
}

/* Stable insertion sort of the marks between starters by combining class. */
static void order_marks(utf8proc_int32_t *cps, size_t n) {
    for (size_t i = 1; i < n; i++) {
        utf8proc_int32_t cp = cps[i];
        int class = combining((uint32_t)cp);
        size_t j = i;
        for (; class != 0 && j > 0 && combining((uint32_t)cps[j - 1]) > class; j--)
            cps[j] = cps[j - 1];
        cps[j] = cp;
    }
}

void hx__clean_compose(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end) {
    hx_clean_buf *b = c->out;
    size_t from = last_starter(b), n = 0;
    if (from == HX_NO_POSITION) return;
    uint32_t parts[PARTS_MAX];
    utf8proc_int32_t cluster[2 * PARTS_MAX];
    for (size_t at = from; at < b->len;) {
        size_t more =
            decompose(hx_utf8_next((hx_str){b->text, b->len}, &at), false, parts, PARTS_MAX);
        if (n + more > MARKS_MAX + 1) return;
        for (size_t i = 0; i < more; i++)
            cluster[n++] = (utf8proc_int32_t)parts[i];
    }
    cluster[n++] = (utf8proc_int32_t)cp;
    order_marks(cluster, n);
    utf8proc_ssize_t composed =
        utf8proc_normalize_utf32(cluster, (utf8proc_ssize_t)n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    if (from < b->len) start = b->starts[from];
    hx__clean_truncate(c, from);
    /* A letter that may have continued an entity's name is none any more: &ltc with an accent is <ć. */
    if (composed > 0 && cluster[0] >= 128) hx__clean_bare_entity(c);
    char bytes[4];
    for (utf8proc_ssize_t i = 0; i < composed; i++) {
        size_t len = hx_utf8_put((uint32_t)cluster[i], bytes);
        if (!hx__clean_buf_put(b, bytes, len, start, end)) c->failed = true;
    }
}
