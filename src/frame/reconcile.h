/* reconcile.h - sources matched by key; between reconcile.c and reconcile_merge.c. */
#ifndef HX_FRAME_RECONCILE_H
#define HX_FRAME_RECONCILE_H

#include "huaxiang/frame.h"

typedef enum {
    HX_SURVIVE_FIRST,
    HX_SURVIVE_FREQUENT,
    HX_SURVIVE_NEWEST,
    HX_SURVIVE_SOURCE
} hx_survive;

/* A column of any source. */
typedef struct {
    hx_str name;
    size_t at[HX_SOURCES_MAX]; /* HX_COLUMN_NONE where a source does not have it */
    bool is_key, compared;
    double tolerance;
} hx_field;

typedef struct {
    const hx_table *const *tables; /* [n] */
    size_t n;
    const hx_reconcile_options *options;
    hx_arena *arena;
    hx_field *fields; /* [n_fields], in order of appearance */
    size_t n_fields;
    size_t *rows; /* [n_keys][n] row of each source; HX_COLUMN_NONE */
    size_t n_keys;
    hx_survive survive;
    size_t survivor; /* HX_SURVIVE_SOURCE */
    size_t newest; /* HX_SURVIVE_NEWEST: a field */
} hx_match;

/* The value of a field in a source for a key: as a number (not of texts) and as it is written; false where it is missing. */
bool hx_match_value(const hx_match *m, size_t key, size_t field, size_t source, double *number,
                    hx_str *text, char room[64]);
/* The value as it stands in the source's file, where the options have that; else as above. */
bool hx_match_written(const hx_match *m, size_t key, size_t field, size_t source, hx_str *text,
                      char room[64]);
/* Whether two sources that both have a value agree. */
bool hx_match_agree(const hx_match *m, size_t key, size_t field, size_t a, size_t b);
/* The source whose value survives; HX_COLUMN_NONE where none has one. */
size_t hx_match_survivor(const hx_match *m, size_t key, size_t field);
/* reconcile_merge.c: a row a key. */
hx_status hx_match_merge(const hx_match *m, hx_table **out, hx_error *err) HX_MUST_USE;

#endif
