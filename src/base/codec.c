/* codec.c - the store's byte codec.
 *
 *     u64      LEB128: 7 bits a byte, least significant first, high bit = more; 1-10 bytes, shortest form only
 *     i64      zigzag (0, -1, 1, -2, ... -> 0, 1, 2, 3, ...), then u64
 *     fixed64  8 bytes, little-endian
 *     str      u64 length, then the bytes
 *
 * One value has one encoding: a reader refuses padded varints, so equal bytes mean equal values and back.
 * After a failure the cursor stands at its end and every read gives zero. */
#include "base/codec.h"

static size_t varint_write(uint64_t v, uint8_t out[10]) {
    size_t n = 0;
    while (v >= 0x80) {
        out[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    out[n++] = (uint8_t)v;
    return n;
}

void hx_put_u64(hx_buf *b, uint64_t v) {
    uint8_t bytes[10];
    hx_buf_append(b, bytes, varint_write(v, bytes));
}

void hx_put_i64(hx_buf *b, int64_t v) {
    uint64_t u = (uint64_t)v;
    hx_put_u64(b, (u << 1) ^ (v < 0 ? UINT64_MAX : 0));
}

void hx_put_fixed64(hx_buf *b, uint64_t v) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    hx_buf_append(b, bytes, sizeof bytes);
}

void hx_put_str(hx_buf *b, hx_str s) {
    hx_put_u64(b, s.len);
    hx_buf_append_str(b, s);
}

hx_cursor hx_cursor_of(hx_str bytes) {
    const uint8_t *at = (const uint8_t *)(bytes.ptr ? bytes.ptr : "");
    return (hx_cursor){at, at + bytes.len, false};
}

static uint64_t cursor_fail(hx_cursor *c) {
    c->failed = true;
    c->at = c->end;
    return 0;
}

static size_t cursor_left(const hx_cursor *c) {
    return c->failed ? 0 : (size_t)(c->end - c->at);
}

uint64_t hx_get_u64(hx_cursor *c) {
    if (cursor_left(c) == 0) return cursor_fail(c);
    uint8_t byte = *c->at++;
    if (byte < 0x80) return byte;
    uint64_t v = byte & 0x7F;
    for (unsigned shift = 7;; shift += 7) {
        if (c->at == c->end) return cursor_fail(c);
        byte = *c->at++;
        if (shift == 63 && byte > 1) return cursor_fail(c); /* the tenth byte is the last */
        v |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return byte ? v : cursor_fail(c);
    }
}

int64_t hx_get_i64(hx_cursor *c) {
    uint64_t u = hx_get_u64(c);
    return (int64_t)(u >> 1 ^ (u & 1 ? UINT64_MAX : 0));
}

uint64_t hx_get_fixed64(hx_cursor *c) {
    if (cursor_left(c) < 8) return cursor_fail(c);
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v |= (uint64_t)c->at[i] << (8 * i);
    c->at += 8;
    return v;
}

hx_str hx_get_str(hx_cursor *c) {
    uint64_t len = hx_get_u64(c);
    if (len > cursor_left(c)) {
        cursor_fail(c);
        return (hx_str){NULL, 0};
    }
    hx_str s = {(const char *)c->at, (size_t)len};
    c->at += len;
    return s;
}

size_t hx_get_count(hx_cursor *c, size_t each) {
    uint64_t n = hx_get_u64(c);
    if (n > cursor_left(c) / (each ? each : 1)) return (size_t)cursor_fail(c);
    return (size_t)n;
}

/* ------------------------------------------------------------------ base64 */
void hx_put_base64(hx_buf *b, hx_str bytes) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        const size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < n ? (uint32_t)(unsigned char)bytes.ptr[i + k] : 0);
        const char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                              n > 1 ? digits[bits >> 6 & 63] : '=',
                              n > 2 ? digits[bits & 63] : '='};
        hx_buf_append(b, four, sizeof four);
    }
}

static int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool hx_get_base64(hx_str text, hx_buf *out) {
    size_t pads = 0;
    if (text.len % 4 != 0) return false;
    while (pads < 2 && text.len > pads && text.ptr[text.len - 1 - pads] == '=')
        pads++;
    for (size_t i = 0; i < text.len; i += 4) {
        uint32_t bits = 0;
        const size_t given = i + 4 == text.len ? 4 - pads : 4;
        for (size_t k = 0; k < 4; k++) {
            const int value = k < given ? base64_value(text.ptr[i + k]) : 0;
            if (value < 0) return false;
            bits = bits << 6 | (uint32_t)value;
        }
        const char three[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
        hx_buf_append(out, three, given - 1);
    }
    return !out->failed;
}
