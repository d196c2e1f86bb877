/* buf.c - the growing byte buffer.
 *
 * Invariants: len <= alloc <= cap; ptr == NULL exactly while alloc == 0; once `failed`, nothing is appended
 * until reset() or release(), so a half-written record cannot be taken for a whole one: callers check
 * once at the end. Growth doubles from 64 bytes, clipped to the cap. */
#include "base/buf.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_ALLOC_MIN 64u

void hx_buf_init(hx_buf *b, size_t cap) {
    *b = (hx_buf){.cap = cap};
}

void hx_buf_release(hx_buf *b) {
    free(b->ptr);
    *b = (hx_buf){.cap = b->cap};
}

void hx_buf_reset(hx_buf *b) {
    b->len = 0;
    b->failed = false;
    b->no_memory = false;
}

static size_t buf_grown(const hx_buf *b, size_t need) {
    size_t size = b->alloc ? b->alloc : BUF_ALLOC_MIN;
    while (size < need)
        size = size > SIZE_MAX / 2 ? need : size * 2;
    return size < b->cap ? size : b->cap;
}

bool hx_buf_reserve(hx_buf *b, size_t more) {
    if (b->failed) return false;
    if (more <= b->alloc - b->len) return true;
    if (more > b->cap - b->len) {
        b->failed = true;
        return false;
    }
    size_t size = buf_grown(b, b->len + more);
    char *ptr = size <= PTRDIFF_MAX ? realloc(b->ptr, size) : NULL;
    if (!ptr) {
        b->failed = b->no_memory = true;
        return false;
    }
    b->ptr = ptr;
    b->alloc = size;
    return true;
}

bool hx_buf_append(hx_buf *b, const void *data, size_t len) {
    if (!hx_buf_reserve(b, len)) return false;
    if (len) memcpy(b->ptr + b->len, data, len);
    b->len += len;
    return true;
}

bool hx_buf_append_str(hx_buf *b, hx_str s) {
    return hx_buf_append(b, s.ptr, s.len);
}

bool hx_buf_append_lit(hx_buf *b, const char *s) {
    return hx_buf_append(b, s, strlen(s));
}

bool hx_buf_append_byte(hx_buf *b, char c) {
    if (!hx_buf_reserve(b, 1)) return false;
    b->ptr[b->len++] = c;
    return true;
}

/* vsnprintf() needs a place for its NUL, which the cap does not grant: what does not fit the room at hand is
 * measured first and, at the very edge of the cap, printed through a block of its own. */
static bool buf_print_again(hx_buf *b, size_t n, const char *format, va_list args) {
    if (n < b->cap - b->len) {
        if (!hx_buf_reserve(b, n + 1)) return false;
        vsnprintf(b->ptr + b->len, n + 1, format, args);
        b->len += n;
        return true;
    }
    if (!hx_buf_reserve(b, n)) return false;
    char *text = malloc(n + 1);
    if (!text) {
        b->failed = b->no_memory = true;
        return false;
    }
    vsnprintf(text, n + 1, format, args);
    hx_buf_append(b, text, n);
    free(text);
    return true;
}

bool hx_buf_printf(hx_buf *b, const char *format, ...) {
    if (b->failed) return false;
    size_t room = b->alloc - b->len;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(room ? b->ptr + b->len : NULL, room, format, args);
    va_end(args);
    if (n < 0) {
        b->failed = true;
        return false;
    }
    if ((size_t)n < room) {
        b->len += (size_t)n;
        return true;
    }
    va_start(args, format);
    bool ok = buf_print_again(b, (size_t)n, format, args);
    va_end(args);
    return ok;
}

hx_str hx_buf_str(const hx_buf *b) {
    return (hx_str){b->ptr ? b->ptr : "", b->len};
}

hx_status hx_buf_status(const hx_buf *b, const char *what, hx_error *err) {
    if (!b->failed) return HX_OK;
    if (b->no_memory) return hx_fail(err, HX_ENOMEM, "%s: out of memory", what);
    return hx_fail(err, HX_ELIMIT, "%s: larger than the limit of %zu bytes", what, b->cap);
}
