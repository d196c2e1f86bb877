/* export.h - a fitted learner as a list of expressions: what SQL and C are written from. For export*.c only.
 *
 *     recipe as JSON, design, formula -> hx_export_plan -> SQL, C
 *
 * Expression i reads columns of the table (HX_EXPR_INPUT) or expressions before it. Numbers are missing as NaN (SQL: NULL), texts as NULL. */
#ifndef HX_LEARN_EXPORT_H
#define HX_LEARN_EXPORT_H

#include "learn/design.h"
#include "learn/estimator.h"

typedef enum {
    HX_EXPR_INPUT = 0, /* the column `name` */
    HX_EXPR_SCALE, /* (v - number[0]) * number[1] + number[2] */
    HX_EXPR_LOG1P, /* log(1 + v), missing up to -1 */
    HX_EXPR_FILL, /* number[0] or `text` where v is missing */
    HX_EXPR_ABSENT, /* 1 where v is missing, else 0 */
    HX_EXPR_WORD, /* "true" or "false" of a true/false */
    HX_EXPR_OTHER, /* 1 where v is there and none of the values, else 0 */
    HX_EXPR_CODE /* codes[k] of the value k, number[0] of others, number[1] where v is missing */
} hx_expr_op;

typedef struct {
    hx_expr_op op;
    hx_kind kind; /* of what it gives; TEXT or a number */
    size_t from; /* the expression v */
    size_t layer; /* 0 = INPUT, else one above that of `from` */
    bool used;
    const char *name, *text;
    double number[3];
    const char **values; /* (n_values) */
    double *codes; /* (n_values) */
    size_t n_values;
} hx_expr;

typedef struct {
    const hx_learner *learner;
    const hx_design *design;
    hx_formula formula;
    hx_expr *exprs; /* (n), owned until hx_export_plan_release() */
    size_t n, room;
    size_t *columns; /* (design.n_columns): the expression that is the column */
    size_t n_layers; /* the highest of an expression */
    hx_arena *arena; /* borrowed */
} hx_export_plan;

/* HX_EUNSUPPORTED: a model, a step or a method that neither language says. */
hx_status hx_export_plan_of(hx_export_plan *p, const hx_learner *l, hx_arena *arena,
                            hx_error *err) HX_MUST_USE;
void hx_export_plan_release(hx_export_plan *p);

hx_status hx_export_sql(const hx_export_plan *p, const char *table, hx_buf *out,
                        hx_error *err) HX_MUST_USE;
hx_status hx_export_c(const hx_export_plan *p, const char *name, hx_buf *out,
                      hx_error *err) HX_MUST_USE;
hx_status hx_export_xgboost(const hx_learner *l, hx_buf *out, hx_error *err) HX_MUST_USE;

/* A double as both languages take it: with a point or an exponent, in parentheses where it is negative. */
void hx_export_number(hx_buf *out, double v);
/* A text that ends a line comment nowhere and is short enough to be read. */
void hx_export_comment(hx_buf *out, const char *text);

/* What a feature of one column says of a row, all features of the design counted: features (n) of column c of a level (n_levels: another value,
 * HX_CODE_MISSING: none). */
void hx_export_level_features(const hx_design *d, const hx_design_column *c, uint32_t level,
                              double *features);
bool hx_export_tells_missing(const hx_design *d, const hx_design_column *c);

#endif
