/* tokenizer_form.c - Unicode normalisation forms in time that grows with the text, whatever the text.
 *
 *     for each chunk:  decompose (utf8proc, a character at a time) -> order runs of marks -> compose (utf8proc) -> UTF-8
 *
 * The canonical order (Unicode 15, 3.11, D109) is a stable sort of each run of marks by their combining class. utf8proc sorts by swapping
 * neighbours, quadratic in the length of a run; here runs of more than SHORT_RUN are sorted by counting their classes (0 to 254, one
 * byte), which gives the same order. Composing is one pass in utf8proc.
 *
 * Chunks end before a character that no form joins to what stands before it: ASCII and U+5000 to U+8FFF are starters, stay as they are and
 * are second in no composition. A chunk of one text is therefore normalised as the whole is, and the code points (4 bytes each) of a whole
 * text seldom stand in memory at once. */
#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"
#include "llama/tokenizer_parts.h"

#define CHUNK ((size_t)4096) /* bytes after which a chunk ends where it can */
#define SHORT_RUN 24 /* marks that are sorted by insertion */
#define EXPANSION 32 /* room for a decomposed character; the longest has 18 code points */
#define CLASSES 256

typedef utf8proc_int32_t point;

static unsigned combining_class(point cp) {
    return (unsigned)utf8proc_get_property(cp)->combining_class % CLASSES;
}

static bool ends_chunk(unsigned char c) {
    return c < 0x80 || (c >= 0xE5 && c <= 0xE8);
}

static size_t chunk_end(hx_str in, size_t at) {
    at = in.len - at > CHUNK ? at + CHUNK : in.len;
    while (at < in.len && !ends_chunk((unsigned char)in.ptr[at]))
        at++;
    return at;
}

/* ------------------------------------------------------------------ order */
static void sort_short(point *marks, size_t n) {
    for (size_t i = 1; i < n; i++) {
        point cp = marks[i];
        unsigned class = combining_class(cp);
        size_t at = i;
        for (; at > 0 && combining_class(marks[at - 1]) > class; at--)
            marks[at] = marks[at - 1];
        marks[at] = cp;
    }
}

/* `room`: n more. */
static void sort_long(point *marks, point *room, size_t n) {
    size_t starts[CLASSES + 1] = {0};
    for (size_t i = 0; i < n; i++)
        starts[combining_class(marks[i]) + 1]++;
    for (size_t c = 0; c < CLASSES; c++)
        starts[c + 1] += starts[c];
    for (size_t i = 0; i < n; i++)
        room[starts[combining_class(marks[i])]++] = marks[i];
    memcpy(marks, room, n * sizeof *marks);
}

static bool order_run(hx_buf *points, size_t first, size_t n) {
    if (n > SHORT_RUN && !hx_buf_reserve(points, n * sizeof(point))) return false;
    point *all = (point *)(void *)points->ptr;
    if (n > SHORT_RUN)
        sort_long(all + first, all + points->len / sizeof(point), n);
    else
        sort_short(all + first, n);
    return true;
}

static bool order(hx_buf *points) {
    size_t n = points->len / sizeof(point), start = 0;
    for (size_t i = 0; i <= n; i++) {
        const point *all = (const point *)(const void *)points->ptr;
        if (i < n && combining_class(all[i]) != 0) continue;
        if (i - start > 1 && !order_run(points, start, i - start)) return false;
        start = i + 1;
    }
    return true;
}

/* ------------------------------------------------------------------ chunks */
static bool decompose(hx_str in, utf8proc_option_t options, hx_buf *points) {
    for (size_t i = 0; i < in.len;) {
        unsigned len;
        int last = 0;
        point cp = (point)hx_char_at(in.ptr + i, &len);
        if (!hx_buf_reserve(points, EXPANSION * sizeof cp)) return false;
        point *to = (point *)(void *)(points->ptr + points->len);
        utf8proc_ssize_t n = utf8proc_decompose_char(cp, to, EXPANSION, options, &last);
        if (n < 0 || n > EXPANSION) return false;
        points->len += (size_t)n * sizeof cp;
        i += len;
    }
    return true;
}

static bool put_points(const hx_buf *points, size_t n, hx_buf *out) {
    const point *all = (const point *)(const void *)points->ptr;
    for (size_t i = 0; i < n; i++) {
        char c[4];
        if (!hx_buf_append(out, c, hx_utf8_put((uint32_t)all[i], c))) return false;
    }
    return true;
}

static bool put_chunk(hx_str in, utf8proc_option_t options, hx_buf *points, hx_buf *out) {
    hx_buf_reset(points);
    if (!decompose(in, options, points) || !order(points)) return false;
    utf8proc_ssize_t n = (utf8proc_ssize_t)(points->len / sizeof(point));
    n = utf8proc_normalize_utf32((point *)(void *)points->ptr, n, options);
    return n >= 0 && put_points(points, (size_t)n, out);
}

bool hx__put_form(hx_str in, int options, hx_buf *points, hx_buf *out) {
    for (size_t at = 0; at < in.len;) {
        size_t end = chunk_end(in, at);
        hx_str chunk = {in.ptr + at, end - at};
        if (!put_chunk(chunk, (utf8proc_option_t)(options | UTF8PROC_STABLE), points, out))
            return false;
        at = end;
    }
    return true;
}
