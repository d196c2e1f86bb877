/* step_dedupe.h - rows as texts for comparison; between step_dedupe.c, step_dedupe_find.c and step_dedupe_near.c. */
#ifndef HX_FRAME_STEP_DEDUPE_H
#define HX_FRAME_STEP_DEDUPE_H

#include "frame/similar_text.h"
#include "huaxiang/frame.h"

/* The values of a text column as code points for comparison, by code. */
typedef struct {
    uint32_t *points;
    size_t *ends; /* value i: points[i ? ends[i - 1] : 0, ends[i]) */
    uint64_t *masks; /* a bit for each kind of code point that is in it */
} hx_plain_column;

typedef struct {
    const hx_table *t;
    const size_t *columns; /* [n], the keys */
    size_t n;
    hx_plain_column *plain; /* [n]; points = NULL where the column is no text */
} hx_near_rows;

/* All in the arena. HX_EINVAL where no key is a text. */
hx_status hx_near_prepare(hx_near_rows *r, const hx_table *t, const size_t *columns, size_t n,
                          hx_arena *arena, hx_error *err) HX_MUST_USE;
/* 0 where it is surely below `floor`. */
double hx_near_similarity(const hx_near_rows *r, size_t a, size_t b, double floor);
/* Joins alike rows: parent (rows) is a forest of rows, a root its own parent; only rows with first[i] == i are looked at. */
hx_status hx_near_join(const hx_near_rows *r, const size_t *first, double near, size_t *parent,
                       hx_error *err) HX_MUST_USE;
size_t hx_near_root(size_t *parent, size_t i);

#endif
