/* design.h - what is inside a design: the columns features are made of. For design*.c and explain*.c only. */
#ifndef HX_LEARN_DESIGN_H
#define HX_LEARN_DESIGN_H

#include "learn/estimator.h"

#define HX_DESIGN_DAY_MS 86400000.0 /* times are features in days */

typedef struct {
    const char *name;
    hx_kind kind;
    bool had_missing; /* in training: a feature says where */
    double mean; /* of values, what missing ones become where features are filled */
    const char **levels; /* TEXT: (n_levels) in bytewise order */
    size_t n_levels;
    size_t
        tokens; /* TEXT: its features are ids of so many tokens, levels the known ones; 0 = values */
    const char *mark; /* between items; "" = words and characters */
    bool others; /* TEXT: rare values occurred in training, and have a feature */
    size_t first, n; /* features [first, first + n) */
} hx_design_column;

struct hx_design {
    hx_arena *arena; /* owned, with all below */
    hx_learn_task task;
    unsigned wants;
    const char *target, *event, *weight; /* "" = none */
    hx_kind target_kind;
    hx_design_column *columns;
    size_t n_columns;
    const char **column_names;
    const char **left_out; /* columns that tell rows apart and nothing else; not in files */
    size_t n_left_out;
    const char **classes;
    double *class_values; /* (n_classes) ascending, of targets that are numbers; NULL for texts */
    size_t n_classes;
    /* ---- features: (d) */
    size_t d;
    const char **names;
    size_t *feature_columns;
    uint32_t *levels; /* NULL unless HX_WANTS_LEVELS */
    double *means, *deviations; /* of filled features; NULL unless HX_WANTS_SCALED */
};

/* Counts and names the features from what stands in the columns. */
hx_status hx_design_name_features(hx_design *d, hx_error *err) HX_MUST_USE;

/* Cells: one number a column, from which its features follow. NUMBER, BOOLEAN: the value; TIME: days since 1970; TEXT: the level, n_levels for values that
 * training did not have; of a text that is read the number of its row; NaN: missing. (rows, n_columns) in the arena, of a table that hx_design_problem() takes. */
hx_status hx_design_cells(const hx_design *d, const hx_table *t, hx_arena *arena, double **out,
                          hx_error *err) HX_MUST_USE;
/* The features of a column from its cell, into a row (d) of x; not of a text that is read. */
void hx_design_put_cell(const hx_design *d, size_t column, double cell, double *row);

/* ------------------------------------------------------------------ the column that is read (design_text.c) */
/* Puts it last among the chosen ones (*chosen is made anew), or takes it away where the model can't read it; *text: whether the last one is read. */
hx_status hx_design_choose_text(hx_design *d, const hx_table *t, const hx_design_options *o,
                                size_t **chosen, size_t *n, bool *text, hx_error *err) HX_MUST_USE;
hx_status hx_design_fit_tokens(hx_design *d, hx_design_column *c, const hx_table *t, size_t column,
                               const hx_design_options *o, hx_error *err) HX_MUST_USE;
hx_status hx_design_put_tokens(const hx_design_column *c, const hx_table *t, size_t column,
                               hx_problem *p, hx_error *err) HX_MUST_USE;

#endif
