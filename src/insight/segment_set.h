/* segment_set.h - a set of 32-bit numbers (customers by their place): a roaring bitmap.
 *
 * Numbers are kept by their upper 16 bits in containers: at most 4,096 numbers as a sorted array of 16-bit values, more as 8 KiB of bits
 * (Chambi, Lemire, Kaser, Godin: Better bitmap performance with Roaring bitmaps, 2016). Equal sets have equal containers, whatever
 * the order in which they came to be, so that what is written of them is equal byte for byte. */
#ifndef HX_INSIGHT_SEGMENT_SET_H
#define HX_INSIGHT_SEGMENT_SET_H

#include "base/codec.h"

typedef struct {
    uint16_t *values; /* sorted, n <= 4,096; NULL where `bits` */
    uint64_t *bits; /* [1,024] */
    uint32_t n, room;
} hx_set_container;

typedef struct {
    hx_set_container *at; /* by the upper bits; owned */
    size_t n; /* containers */
    uint64_t size;
} hx_segment_set;

void hx_segment_set_release(hx_segment_set *s); /* of a zeroed set fine */
/* false: out of memory, the set unchanged. */
bool hx_segment_set_put(hx_segment_set *s, uint32_t v, bool in);
bool hx_segment_set_has(const hx_segment_set *s, uint32_t v);
uint64_t hx_segment_set_shared(const hx_segment_set *a, const hx_segment_set *b);
/* The least member that is >= *v into *v; false at the end. */
bool hx_segment_set_next(const hx_segment_set *s, uint32_t *v);
size_t hx_segment_set_bytes(const hx_segment_set *s); /* of memory */
/* Sizes and values by container, as varints and words. Reading: false = damaged (the set released) or out of memory. */
void hx_segment_set_write(const hx_segment_set *s, hx_buf *out);
bool hx_segment_set_read(hx_cursor *c, hx_segment_set *out);

#endif
