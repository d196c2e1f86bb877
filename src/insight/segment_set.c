/* segment_set.c - roaring bitmaps of customers; see segment_set.h.
 *
 * A container turns into bits above 4,096 numbers and back into an array at 4,096: its form follows from its size alone.
 * Memory is the set's own and is freed with it; a set is a handle of its owner (segment_live).
 * Where memory runs out a set stays as it was. */
#include "insight/segment_set.h"

#include <stdlib.h>
#include <string.h>

#define ARRAY_MAX 4096u
#define WORDS 1024u

void hx_segment_set_release(hx_segment_set *s) {
    for (size_t i = 0; i < s->n; i++) {
        free(s->at[i].values);
        free(s->at[i].bits);
    }
    free(s->at);
    *s = (hx_segment_set){0};
}

static uint32_t place_of(const hx_set_container *c, uint16_t v) {
    uint32_t low = 0, high = c->n;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (c->values[middle] < v)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool container_has(const hx_set_container *c, uint16_t v) {
    if (c->bits) return c->bits[v >> 6] >> (v & 63) & 1;
    const uint32_t at = place_of(c, v);
    return at < c->n && c->values[at] == v;
}

static bool to_bits(hx_set_container *c) {
    c->bits = calloc(WORDS, sizeof *c->bits);
    if (!c->bits) return false;
    for (uint32_t i = 0; i < c->n; i++)
        c->bits[c->values[i] >> 6] |= UINT64_C(1) << (c->values[i] & 63);
    free(c->values);
    c->values = NULL;
    c->room = 0;
    return true;
}

static bool to_array(hx_set_container *c) {
    c->values = calloc(ARRAY_MAX, sizeof *c->values);
    if (!c->values) return false;
    uint32_t n = 0;
    for (uint32_t w = 0; w < WORDS; w++)
        for (uint64_t rest = c->bits[w]; rest && n < ARRAY_MAX; rest &= rest - 1)
            c->values[n++] = (uint16_t)(w * 64 + (uint32_t)__builtin_ctzll(rest));
    free(c->bits);
    c->bits = NULL;
    c->room = ARRAY_MAX;
    return true;
}

static bool make_room(hx_set_container *c) {
    if (c->n < c->room) return true;
    const uint32_t room = c->room ? c->room * 2 : 8;
    uint16_t *more = calloc(room, sizeof *more);
    if (!more) return false;
    if (c->n > 0) memcpy(more, c->values, c->n * sizeof *more);
    free(c->values);
    c->values = more;
    c->room = room;
    return true;
}

static bool insert(hx_set_container *c, uint16_t v) {
    if (!c->bits && c->n == ARRAY_MAX && !to_bits(c)) return false;
    if (c->bits) {
        c->bits[v >> 6] |= UINT64_C(1) << (v & 63);
    } else {
        if (!make_room(c)) return false;
        const uint32_t at = place_of(c, v);
        memmove(c->values + at + 1, c->values + at, (c->n - at) * sizeof *c->values);
        c->values[at] = v;
    }
    c->n++;
    return true;
}

static bool drop(hx_set_container *c, uint16_t v) {
    if (c->bits) {
        c->bits[v >> 6] &= ~(UINT64_C(1) << (v & 63));
        if (c->n - 1 == ARRAY_MAX && !to_array(c)) {
            c->bits[v >> 6] |= UINT64_C(1) << (v & 63);
            return false;
        }
    } else {
        const uint32_t at = place_of(c, v);
        memmove(c->values + at, c->values + at + 1, (c->n - at - 1) * sizeof *c->values);
    }
    c->n--;
    return true;
}

static bool reach(hx_segment_set *s, size_t container) {
    if (container < s->n) return true;
    hx_set_container *more = calloc(container + 1, sizeof *more);
    if (!more) return false;
    if (s->n > 0) memcpy(more, s->at, s->n * sizeof *more);
    free(s->at);
    s->at = more;
    s->n = container + 1;
    return true;
}

bool hx_segment_set_has(const hx_segment_set *s, uint32_t v) {
    return v >> 16 < s->n && container_has(&s->at[v >> 16], (uint16_t)v);
}

bool hx_segment_set_put(hx_segment_set *s, uint32_t v, bool in) {
    if (hx_segment_set_has(s, v) == in) return true;
    if (in && !reach(s, v >> 16)) return false;
    hx_set_container *c = &s->at[v >> 16];
    if (!(in ? insert(c, (uint16_t)v) : drop(c, (uint16_t)v))) return false;
    s->size = in ? s->size + 1 : s->size - 1;
    return true;
}

static uint32_t shared(const hx_set_container *a, const hx_set_container *b) {
    uint32_t n = 0;
    if (a->bits && b->bits) {
        for (uint32_t w = 0; w < WORDS; w++)
            n += (uint32_t)__builtin_popcountll(a->bits[w] & b->bits[w]);
        return n;
    }
    if (a->bits) return shared(b, a);
    for (uint32_t i = 0; i < a->n; i++)
        n += container_has(b, a->values[i]);
    return n;
}

uint64_t hx_segment_set_shared(const hx_segment_set *a, const hx_segment_set *b) {
    uint64_t n = 0;
    for (size_t i = 0; i < a->n && i < b->n; i++)
        n += shared(&a->at[i], &b->at[i]);
    return n;
}

static bool container_next(const hx_set_container *c, uint32_t *v) {
    if (!c->bits) {
        const uint32_t at = place_of(c, (uint16_t)*v);
        if (at == c->n) return false;
        *v = c->values[at];
        return true;
    }
    uint64_t rest = c->bits[*v >> 6] & ~UINT64_C(0) << (*v & 63);
    for (uint32_t w = *v >> 6; w < WORDS; rest = ++w < WORDS ? c->bits[w] : 0)
        if (rest) return *v = w * 64 + (uint32_t)__builtin_ctzll(rest), true;
    return false;
}

bool hx_segment_set_next(const hx_segment_set *s, uint32_t *v) {
    uint32_t low = *v & 0xffff;
    for (size_t i = *v >> 16; i < s->n; i++, low = 0)
        if (container_next(&s->at[i], &low)) return *v = (uint32_t)(i << 16) | low, true;
    return false;
}

size_t hx_segment_set_bytes(const hx_segment_set *s) {
    size_t n = s->n * sizeof *s->at;
    for (size_t i = 0; i < s->n; i++)
        n += s->at[i].bits ? WORDS * sizeof(uint64_t) : s->at[i].room * sizeof(uint16_t);
    return n;
}

void hx_segment_set_write(const hx_segment_set *s, hx_buf *out) {
    size_t n = s->n;
    while (n > 0 && s->at[n - 1].n == 0)
        n--;
    hx_put_u64(out, n);
    for (size_t i = 0; i < n; i++) {
        const hx_set_container *c = &s->at[i];
        uint32_t last = 0;
        hx_put_u64(out, c->n);
        for (uint32_t w = 0; c->bits && w < WORDS; w++)
            hx_put_fixed64(out, c->bits[w]);
        for (uint32_t k = 0; !c->bits && k < c->n; last = c->values[k++])
            hx_put_u64(out, c->values[k] - last);
    }
}

static bool read_container(hx_cursor *c, size_t i, hx_segment_set *out) {
    const uint64_t n = hx_get_u64(c);
    uint64_t value = 0, word = 0;
    if (c->failed || n > 65536) return false;
    for (uint64_t k = 0; n <= ARRAY_MAX && k < n; k++) {
        const uint64_t step = hx_get_u64(c);
        value += step;
        if (c->failed || value > 65535 || (k > 0 && step == 0)) return false;
        if (!hx_segment_set_put(out, (uint32_t)(i << 16 | value), true)) return false;
    }
    if (n <= ARRAY_MAX) return true;
    const uint64_t before = out->size;
    for (uint32_t w = 0; w < WORDS; w++)
        for (word = hx_get_fixed64(c); word && !c->failed; word &= word - 1)
            if (!hx_segment_set_put(
                    out, (uint32_t)(i << 16) | (w * 64 + (uint32_t)__builtin_ctzll(word)), true))
                return false;
    return !c->failed && out->size - before == n;
}

bool hx_segment_set_read(hx_cursor *c, hx_segment_set *out) {
    *out = (hx_segment_set){0};
    const size_t n = hx_get_count(c, 1);
    bool ok = !c->failed && n <= 65536;
    for (size_t i = 0; i < n && ok; i++)
        ok = read_container(c, i, out);
    if (!ok) hx_segment_set_release(out);
    return ok;
}
