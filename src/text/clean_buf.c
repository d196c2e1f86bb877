/* clean_buf.c - three arrays that grow together: bytes, and for each byte the original bytes [start, end) it comes from.
 *
 * The memory is kept between texts and only grows, so a text of usual length allocates nothing.
 *
 * Invariant: starts and ends ascend (not strictly), starts[i] <= ends[i], and the text is valid UTF-8 between calls. */
#include "text/clean_buf.h"

#include "base/utf8.h"

void hx__clean_buf_init(hx_clean_buf *b) {
    *b = (hx_clean_buf){0};
    hx_buf_init(&b->text_memory, HX_CLEAN_CAP);
    hx_buf_init(&b->starts_memory, HX_CLEAN_CAP * sizeof(uint32_t));
    hx_buf_init(&b->ends_memory, HX_CLEAN_CAP * sizeof(uint32_t));
}

void hx__clean_buf_release(hx_clean_buf *b) {
    hx_buf_release(&b->text_memory);
    hx_buf_release(&b->starts_memory);
    hx_buf_release(&b->ends_memory);
}

bool hx__clean_buf_grow(hx_clean_buf *b, size_t more) {
    if (b->len > HX_CLEAN_CAP || more > HX_CLEAN_CAP - b->len) return false;
    size_t want = b->len + more < HX_CLEAN_CAP / 2 ? (b->len + more) * 3 / 2 + 64 : HX_CLEAN_CAP;
    b->text_memory.len = b->len;
    b->starts_memory.len = b->ends_memory.len = b->len * sizeof(uint32_t);
    if (!hx_buf_reserve(&b->text_memory, want - b->len) ||
        !hx_buf_reserve(&b->starts_memory, (want - b->len) * sizeof(uint32_t)) ||
        !hx_buf_reserve(&b->ends_memory, (want - b->len) * sizeof(uint32_t)))
        return false;
    b->text = b->text_memory.ptr;
    b->starts = (uint32_t *)(void *)b->starts_memory.ptr;
    b->ends = (uint32_t *)(void *)b->ends_memory.ptr;
    b->cap = want;
    return true;
}

bool hx__clean_buf_put(hx_clean_buf *b, const char *bytes, size_t n, uint32_t start, uint32_t end) {
    if (!hx__clean_buf_reserve(b, n)) return false;
    for (size_t i = 0; i < n; i++) {
        b->text[b->len + i] = bytes[i];
        b->starts[b->len + i] = start;
        b->ends[b->len + i] = end;
    }
    b->len += n;
    return true;
}

bool hx__clean_buf_copy(hx_clean_buf *b, const char *bytes, size_t n, uint32_t start) {
    if (n == 0) return true;
    if (!hx__clean_buf_reserve(b, n)) return false;
    memcpy(b->text + b->len, bytes, n);
    uint32_t *starts = b->starts + b->len, *ends = b->ends + b->len;
    for (size_t i = 0; i < n; i++) {
        starts[i] = start + (uint32_t)i;
        ends[i] = start + (uint32_t)i + 1;
    }
    b->len += n;
    return true;
}

bool hx__clean_buf_move(hx_clean_buf *b, const hx_clean_buf *other, size_t from, size_t n) {
    if (n == 0) return true;
    if (!hx__clean_buf_reserve(b, n)) return false;
    memcpy(b->text + b->len, other->text + from, n);
    memcpy(b->starts + b->len, other->starts + from, n * sizeof *b->starts);
    memcpy(b->ends + b->len, other->ends + from, n * sizeof *b->ends);
    b->len += n;
    return true;
}

uint32_t hx__clean_buf_before(const hx_clean_buf *b, size_t end, size_t *begin) {
    size_t at = end - 1;
    while (at > 0 && ((unsigned char)b->text[at] & 0xC0) == 0x80)
        at--;
    *begin = at;
    return hx_utf8_next((hx_str){b->text, end}, &at);
}
