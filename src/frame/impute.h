/* impute.h - the parts of the step "impute": fills that are one value a column and group, values carried along, models of other columns.
 *
 * step_impute.c reads the settings and chooses; impute_fill.c, impute_model.c learn and fill; the arithmetic of models is in donors.c
 * and chained.c, on plain matrices. */
#ifndef HX_FRAME_IMPUTE_H
#define HX_FRAME_IMPUTE_H

#include "frame/chained.h"
#include "frame/donors.h"
#include "frame/step_fit.h"

typedef enum {
    HX_IMPUTE_MEAN = 0,
    HX_IMPUTE_MEDIAN,
    HX_IMPUTE_MODE,
    HX_IMPUTE_CONSTANT,
    HX_IMPUTE_FORWARD,
    HX_IMPUTE_BACKWARD,
    HX_IMPUTE_KNN,
    HX_IMPUTE_ITERATIVE,
    HX_IMPUTE_DROP_ROWS,
    HX_IMPUTE_DROP_COLUMNS
} hx_impute_method;

/* What fills one column. */
typedef struct {
    hx_kind kind;
    bool mask; /* it has a column NAME_missing */
    double *number; /* [groups + 1], the last of the whole table; NaN = nothing to fill with */
    hx_str *text; /* of TEXT; ptr NULL */
} hx_impute_fill;

typedef struct {
    int method;
    hx_names names, by;
    hx_str order;
    const json_t *value;
    int64_t limit, neighbours, donors, rounds, least;
    int weights, how;
    double tolerance, share;
    bool mask;
    /* learnt */
    hx_names columns;
    hx_groups groups;
    hx_impute_fill *fills; /* [columns.n] */
    hx_neighbours near;
    double *near_start; /* [groups + 1], with `by`: rows of group g are near_start[g], ...; whole */
    hx_chained chain;
} hx_impute;

/* impute_fill.c; the columns are those of s->columns. */
hx_status hx_impute_fit_fills(hx_impute *s, const hx_table *t, const size_t *columns,
                              hx_arena *arena, hx_step_run *run, hx_error *err) HX_MUST_USE;
hx_status hx_impute_apply_fills(const hx_impute *s, hx_table *t, const size_t *columns,
                                size_t *filled, hx_step_run *run, hx_error *err) HX_MUST_USE;
hx_status hx_impute_carry(const hx_impute *s, hx_table *t, const size_t *columns, size_t *filled,
                          hx_error *err) HX_MUST_USE;
/* impute_model.c */
hx_status hx_impute_fit_model(hx_impute *s, const hx_table *t, const size_t *columns,
                              hx_arena *arena, hx_step_run *run, hx_error *err) HX_MUST_USE;
/* wide: values that are told by all rows, as the group has too few. */
hx_status hx_impute_apply_model(const hx_impute *s, hx_table *t, const size_t *columns,
                                size_t *filled, size_t *wide, hx_step_run *run,
                                hx_error *err) HX_MUST_USE;
void hx_impute_write_model(const hx_impute *s, hx_json_writer *w);
hx_status hx_impute_read_model(hx_impute *s, const json_t *fitted, hx_arena *arena,
                               hx_error *err) HX_MUST_USE;

#endif
