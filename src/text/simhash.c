/* simhash.c - SimHash (Charikar 2002; Manku, Jain, Sarma 2007) of the code point 3-grams of a cleaned text.
 *
 * Each 3-gram votes with the 64 bits of its hash; a bit of the result is 1 where more than half of the votes are. Three code points of 21 bits
 * fill one word exactly, which a bijective mixer (splitmix64) turns into the hash, so different 3-grams have different hashes. Votes are
 * counted eight bits at a time in the bytes of eight words, emptied before a byte can overflow. A text shorter than three is filled up
 * with zeros; an empty one has the hash 0. */
#include <string.h>

#include "base/utf8.h"
#include "text/wordseg.h"

#define LANES 0x0101010101010101u
#define FLUSH_EVERY 255u

typedef struct {
    uint64_t lanes[8]; /* byte i of lanes[k] counts bit 8 k + i */
    uint32_t votes[64];
    uint32_t pending;
    uint32_t n;
} ballot;

static uint64_t mix(uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static void flush(ballot *b) {
    for (int k = 0; k < 8; k++)
        for (int i = 0; i < 8; i++)
            b->votes[8 * k + i] += (uint32_t)(b->lanes[k] >> (8 * i) & 0xFF);
    memset(b->lanes, 0, sizeof b->lanes);
    b->pending = 0;
}

static void vote(ballot *b, uint64_t hash) {
    for (int k = 0; k < 8; k++) {
        uint64_t bits = ((hash >> (8 * k) & 0xFF) * LANES) & 0x8040201008040201u;
        b->lanes[k] += ((bits + 0x7F7F7F7F7F7F7F7Fu) >> 7) & LANES;
    }
    b->n++;
    if (++b->pending == FLUSH_EVERY) flush(b);
}

uint64_t hx__simhash(hx_str clean) {
    ballot b = {0};
    uint64_t gram = 0, result = 0;
    size_t at = 0, seen = 0;
    while (at < clean.len) {
        gram = (gram << 21 | hx_utf8_next(clean, &at)) & 0x7FFFFFFFFFFFFFFFu;
        if (++seen >= 3) vote(&b, mix(gram));
    }
    if (seen == 0) return 0;
    if (seen < 3) vote(&b, mix(gram));
    flush(&b);
    for (int i = 0; i < 64; i++)
        if (2 * b.votes[i] > b.n) result |= (uint64_t)1 << i;
    return result;
}
