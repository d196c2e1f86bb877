/* feature_index.h - numbers the features that a trainer saw often enough, learns weights for them by AdaGrad, and stores the weightiest in 8 bits.
 *
 * Features are 64-bit hashes. A feature has one weight for each of `wide` labels (1 of arcs). First all are counted, then index_number() gives
 * numbers to those seen `least` times; ids_of() keeps only these. Stored form: the tables of src/text/learned.h. For fit_syntax.c. */
#ifndef HX_TRAIN_LEARN_FEATURE_INDEX_H
#define HX_TRAIN_LEARN_FEATURE_INDEX_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/syntax.h"

typedef struct {
    uint64_t *keys; /* (2^bits), 0 = free */
    uint32_t *counts, *ids; /* (2^bits) */
    unsigned bits;
    size_t n, used, wide;
    float *w, *squares; /* (n, wide) */
} feature_index;

static inline void *need(void *p) {
    if (p) return p;
    fputs("fit_syntax: out of memory\n", stderr);
    exit(1);
}

static inline void index_open(feature_index *x, unsigned bits, size_t wide) {
    *x = (feature_index){.bits = bits, .wide = wide};
    x->keys = need(calloc((size_t)1 << bits, sizeof *x->keys));
    x->counts = need(calloc((size_t)1 << bits, sizeof *x->counts));
    x->ids = need(calloc((size_t)1 << bits, sizeof *x->ids));
}

static inline void index_close(feature_index *x) {
    free(x->keys);
    free(x->counts);
    free(x->ids);
    free(x->w);
    free(x->squares);
    *x = (feature_index){.bits = 0};
}

static inline size_t index_place(const feature_index *x, uint64_t key) {
    const size_t mask = ((size_t)1 << x->bits) - 1;
    size_t at = (size_t)(key >> 13) & mask;
    while (x->keys[at] != 0 && x->keys[at] != key)
        at = (at + 1) & mask;
    return at;
}

static inline void index_count(feature_index *x, const uint64_t *hashes, size_t n) {
    for (size_t f = 0; f < n; f++) {
        size_t at = index_place(x, hashes[f]);
        if (x->keys[at] == 0 && ++x->used > ((size_t)3 << x->bits) / 4) {
            fputs("fit_syntax: more features than the index has room for\n", stderr);
            exit(1);
        }
        x->keys[at] = hashes[f];
        x->counts[at]++;
    }
}

static inline void index_number(feature_index *x, uint32_t least) {
    for (size_t at = 0; at < (size_t)1 << x->bits; at++) {
        if (x->counts[at] < least)
            x->counts[at] = 0;
        else
            x->ids[at] = (uint32_t)x->n++;
    }
    x->w = need(calloc(x->n * x->wide + 1, sizeof *x->w));
    x->squares = need(calloc(x->n * x->wide + 1, sizeof *x->squares));
}

static inline size_t ids_of(const feature_index *x, const uint64_t *hashes, size_t n,
                            uint32_t *ids) {
    size_t some = 0;
    for (size_t f = 0; f < n; f++) {
        size_t at = index_place(x, hashes[f]);
        if (x->counts[at] > 0) ids[some++] = x->ids[at];
    }
    return some;
}

static inline double sum_of(const feature_index *x, const uint32_t *ids, size_t n, size_t label) {
    double z = 0;
    for (size_t f = 0; f < n; f++)
        z += (double)x->w[ids[f] * x->wide + label];
    return z;
}

static inline void move(feature_index *x, const uint32_t *ids, size_t n, size_t label, double slope,
                        double rate) {
    for (size_t f = 0; f < n; f++) {
        float *w = &x->w[ids[f] * x->wide + label], *s = &x->squares[ids[f] * x->wide + label];
        *s += (float)(slope * slope);
        *w -= (float)(rate * slope / sqrt(1e-6 + (double)*s));
    }
}

static inline void to_probabilities(double *z, size_t n) {
    double most = z[0], sum = 0;
    for (size_t k = 1; k < n; k++)
        most = fmax(most, z[k]);
    for (size_t k = 0; k < n; k++)
        sum += z[k] = exp(z[k] - most);
    for (size_t k = 0; k < n; k++)
        z[k] /= sum;
}

/* ------------------------------------------------------------------ storing */
typedef struct {
    uint64_t key;
    const float *w;
    float most;
} weighed_feature;

static inline int heavier(const void *a, const void *b) {
    const weighed_feature *x = a, *y = b;
    if (x->most < y->most || x->most > y->most) return (x->most < y->most) - (x->most > y->most);
    return (x->key < y->key) - (x->key > y->key);
}

static inline weighed_feature *weigh_features(const feature_index *x) {
    weighed_feature *list = need(calloc(x->n + 1, sizeof *list));
    size_t n = 0;
    for (size_t at = 0; at < (size_t)1 << x->bits; at++) {
        if (x->counts[at] == 0) continue;
        weighed_feature *f = &list[n++];
        *f = (weighed_feature){x->keys[at], x->w + (size_t)x->ids[at] * x->wide, 0};
        for (size_t k = 0; k < x->wide; k++)
            f->most = fmaxf(f->most, fabsf(f->w[k]));
    }
    qsort(list, n, sizeof *list, heavier);
    return list;
}

/* A part of 2^bits slots; its memory is never given back. */
static inline hx_syntax_part index_store(const feature_index *x, unsigned bits, const char *name) {
    weighed_feature *list = weigh_features(x);
    const size_t slots = (size_t)1 << bits;
    uint8_t *check = need(calloc(slots, 1));
    int8_t *weight = need(calloc(slots * x->wide, 1));
    hx_syntax_part p = {.n = x->wide, .weight = weight};
    double squares = 0;
    size_t kept = 0;
    for (size_t i = 0; i < x->n * x->wide; i++)
        squares += (double)x->w[i] * (double)x->w[i];
    p.scale = 10 * sqrt(squares / (double)(x->n * x->wide + 1)) / 127;
    if (!hx__learned_table_of(&p.table, (hx_str){(const char *)check, slots})) exit(2);
    for (size_t i = 0; i < x->n && (double)list[i].most >= 0.5 * p.scale; i++) {
        size_t at = (size_t)(list[i].key >> p.table.shift) * HX_LEARNED_WAYS, k = 0;
        uint8_t c = hx__learned_check(list[i].key);
        while (k < HX_LEARNED_WAYS && check[at + k] && check[at + k] != c)
            k++;
        if (k == HX_LEARNED_WAYS || check[at + k]) continue;
        check[at + k] = c;
        kept++;
        for (size_t j = 0; j < x->wide; j++)
            weight[(at + k) * x->wide + j] =
                (int8_t)fmax(fmin(round((double)list[i].w[j] / p.scale), 127), -127);
    }
    printf("%s: %zu features, %zu kept in %zu slots\n", name, x->n, kept, slots);
    free(list);
    return p;
}

#endif
