/* export_sql.c - a learner as one SELECT that SQLite (3.35 or later) and PostgreSQL (12 or later) both run; see export.h.
 *
 *     hx_rows     the table's rows, numbered
 *     hx_0        its columns c*: typed, empty texts and NaN as NULL
 *     hx_1 ...    what the recipe makes of them, a layer for what stands on the one before
 *     hx_x        what features come of: numbers f*, whether they are missing m*, texts t*, other texts o*
 *     hx_z1 ...   sums z*, SUM_TERMS terms each: SQLite takes no expression deeper than 1,000
 *     hx_e, hx_s, hx_p   probabilities
 *
 * Layers are MATERIALIZED, so that no planner puts one into the other and reckons a column twice. Literals of sums are cast once, at their head:
 * PostgreSQL reckons literals alone as decimals. No exponential is taken below -700, where PostgreSQL fails instead of giving 0. */
#include "learn/export_sql.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define SUM_TERMS 200
#define CLASSES_MAX 100
#define COLUMNS_MAX 1400 /* of a layer: PostgreSQL has at most 1,600 */

void hx_sql_text(hx_buf *out, const char *text) {
    hx_buf_append_byte(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'') hx_buf_append_byte(out, '\'');
        hx_buf_append_byte(out, *text);
    }
    hx_buf_append_byte(out, '\'');
}

void hx_sql_name(hx_buf *out, const char *name) {
    hx_buf_append_byte(out, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"') hx_buf_append_byte(out, '"');
        hx_buf_append_byte(out, *name);
    }
    hx_buf_append_byte(out, '"');
}

static void number_or_null(hx_buf *out, double v) {
    if (isnan(v))
        hx_buf_append_lit(out, "NULL");
    else
        hx_export_number(out, v);
}

/* ------------------------------------------------------------------ columns of the table */
static void part_of(hx_buf *out, const char *name, int at, int len, const char *otherwise) {
    hx_buf_append_lit(out, "CAST(COALESCE(NULLIF(REPLACE(SUBSTR(CAST(r.");
    hx_sql_name(out, name);
    hx_buf_printf(out, " AS TEXT), %d, %d), 'Z', ''), ''), '%s') AS %s)", at, len, otherwise,
                  at == 18 ? "DOUBLE PRECISION" : "INTEGER");
}

/* Milliseconds since 1970 of 'YYYY-MM-DD[ HH:MM[:SS[.fff]]]' (Fliegel, van Flandern 1968). */
static void time_input(hx_buf *out, const char *name) {
    static const struct {
        const char *text;
        int at, len;
        const char *otherwise;
    } parts[] = {{"(((1461 * (", 1, 4, "0"},
                 {" + 4800 + (", 6, 2, "1"},
                 {" - 14) / 12)) / 4 + (367 * (", 6, 2, "1"},
                 {" - 2 - 12 * ((", 6, 2, "1"},
                 {" - 14) / 12))) / 12 - (3 * ((", 1, 4, "0"},
                 {" + 4900 + (", 6, 2, "1"},
                 {" - 14) / 12) / 100)) / 4 + ", 9, 2, "1"},
                 {" - 2472663) * 86400.0 + ", 12, 2, "0"},
                 {" * 3600 + ", 15, 2, "0"},
                 {" * 60 + ", 18, 6, "0"}};
    hx_buf_append_lit(out, "CASE WHEN CAST(r.");
    hx_sql_name(out, name);
    hx_buf_append_lit(out, " AS TEXT) <> '' THEN ROUND(1000.0 * ");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        hx_buf_append_lit(out, parts[i].text);
        part_of(out, name, parts[i].at, parts[i].len, parts[i].otherwise);
    }
    hx_buf_append_lit(out, ")) END");
}

static void boolean_input(hx_buf *out, const char *name) {
    hx_buf_append_lit(out, "CAST(CASE LOWER(CAST(r.");
    hx_sql_name(out, name);
    hx_buf_append_lit(out, " AS TEXT)) WHEN 'true' THEN 1.0 WHEN 't' THEN 1.0 WHEN '1' THEN 1.0 "
                           "WHEN '1.0' THEN 1.0 WHEN 'false' THEN 0.0 WHEN 'f' THEN 0.0 WHEN '0' "
                           "THEN 0.0 WHEN '0.0' THEN 0.0 END AS DOUBLE PRECISION)");
}

static void input(hx_buf *out, const hx_expr *e) {
    if (e->kind == HX_KIND_TIME) {
        time_input(out, e->name);
    } else if (e->kind == HX_KIND_BOOLEAN) {
        boolean_input(out, e->name);
    } else if (e->kind == HX_KIND_TEXT) {
        hx_buf_append_lit(out, "NULLIF(CAST(r.");
        hx_sql_name(out, e->name);
        hx_buf_append_lit(out, " AS TEXT), '')");
    } else {
        hx_buf_append_lit(out, "CASE WHEN CAST(r.");
        hx_sql_name(out, e->name);
        hx_buf_append_lit(out, " AS TEXT) IN ('', 'NaN') THEN NULL ELSE CAST(r.");
        hx_sql_name(out, e->name);
        hx_buf_append_lit(out, " AS DOUBLE PRECISION) END");
    }
}

/* ------------------------------------------------------------------ steps */
static void code_of(hx_buf *out, const hx_expr *e) {
    hx_buf_printf(out, "CAST(CASE WHEN h.c%zu IS NULL THEN ", e->from);
    number_or_null(out, e->number[1]);
    for (size_t k = 0; k < e->n_values; k++) {
        hx_buf_printf(out, " WHEN h.c%zu = ", e->from);
        hx_sql_text(out, e->values[k]);
        hx_buf_append_lit(out, " THEN ");
        number_or_null(out, e->codes[k]);
    }
    hx_buf_append_lit(out, " ELSE ");
    number_or_null(out, e->number[0]);
    hx_buf_append_lit(out, " END AS DOUBLE PRECISION)");
}

/* 1 where the text `column` is there and none of the values. */
static void other(hx_buf *out, const char *column, const char *const *values, size_t n) {
    hx_buf_printf(out, "CASE WHEN %s IS NULL", column);
    for (size_t k = 0; k < n; k++) {
        hx_buf_append_lit(out, k > 0 ? ", " : "");
        if (k == 0) hx_buf_printf(out, " OR %s IN (", column);
        hx_sql_text(out, values[k]);
    }
    hx_buf_printf(out, "%s THEN 0 ELSE 1 END", n > 0 ? ")" : "");
}

static void expression(hx_buf *out, const hx_expr *e) {
    char column[32];
    (void)snprintf(column, sizeof column, "h.c%zu", e->from);
    switch (e->op) {
    case HX_EXPR_INPUT:
        input(out, e);
        break;
    case HX_EXPR_SCALE:
        hx_buf_printf(out, "(%s - ", column);
        hx_export_number(out, e->number[0]);
        hx_buf_append_lit(out, ") * ");
        hx_export_number(out, e->number[1]);
        hx_buf_append_lit(out, " + ");
        hx_export_number(out, e->number[2]);
        break;
    case HX_EXPR_LOG1P:
        hx_buf_printf(out, "CASE WHEN %s > -1.0 THEN LN(1.0 + %s) END", column, column);
        break;
    case HX_EXPR_FILL:
        hx_buf_printf(out, "COALESCE(%s, ", column);
        if (e->kind == HX_KIND_TEXT)
            hx_sql_text(out, e->text);
        else
            hx_export_number(out, e->number[0]);
        hx_buf_append_byte(out, ')');
        break;
    case HX_EXPR_ABSENT:
        hx_buf_printf(out, "CAST(CASE WHEN %s IS NULL THEN 1 ELSE 0 END AS DOUBLE PRECISION)",
                      column);
        break;
    case HX_EXPR_WORD:
        hx_buf_printf(out, "CASE WHEN %s = 1 THEN 'true' WHEN %s = 0 THEN 'false' END", column,
                      column);
        break;
    case HX_EXPR_OTHER:
        hx_buf_append_lit(out, "CAST(");
        other(out, column, e->values, e->n_values);
        hx_buf_append_lit(out, " AS DOUBLE PRECISION)");
        break;
    case HX_EXPR_CODE:
        code_of(out, e);
        break;
    }
}

static void layer_of_expressions(const hx_sql_writer *s, size_t layer) {
    const hx_export_plan *p = s->plan;
    if (layer == 0)
        hx_buf_append_lit(s->out, "hx_0 AS MATERIALIZED (\n  SELECT r.hx_row");
    else
        hx_buf_printf(s->out, "hx_%zu AS MATERIALIZED (\n  SELECT h.*", layer);
    for (size_t i = 0; i < p->n; i++) {
        if (!p->exprs[i].used || p->exprs[i].layer != layer) continue;
        hx_buf_append_lit(s->out, ",\n    ");
        expression(s->out, &p->exprs[i]);
        hx_buf_printf(s->out, " AS c%zu", i);
    }
    if (layer == 0)
        hx_buf_append_lit(s->out, "\n  FROM hx_rows AS r\n),\n");
    else
        hx_buf_printf(s->out, "\n  FROM hx_%zu AS h\n),\n", layer - 1);
}

/* ------------------------------------------------------------------ features */
static void put_unit(hx_buf *out, const hx_design_column *c, size_t expr) {
    hx_buf_printf(out, "h.c%zu", expr);
    if (c->kind == HX_KIND_TIME) hx_buf_printf(out, " / %.1f", HX_DESIGN_DAY_MS);
}

static void features(const hx_sql_writer *s, size_t i) {
    const hx_design *d = s->plan->design;
    const hx_design_column *c = &d->columns[i];
    const size_t expr = s->plan->columns[i];
    char column[32];
    (void)snprintf(column, sizeof column, "h.c%zu", expr);
    if (c->kind == HX_KIND_TEXT) {
        hx_buf_printf(s->out, ",\n    %s AS t%zu", column, i);
        if (!c->others) return;
        hx_buf_append_lit(s->out, ",\n    ");
        other(s->out, column, c->levels, c->n_levels);
        hx_buf_printf(s->out, " AS o%zu", i);
        return;
    }
    if (!(d->wants & HX_WANTS_FILLED)) {
        hx_buf_append_lit(s->out, ",\n    ");
        put_unit(s->out, c, expr);
        hx_buf_printf(s->out, " AS f%zu", i);
        return;
    }
    hx_buf_printf(s->out, ",\n    CASE WHEN ABS(%s) <= 1.7976931348623157e+308 THEN ", column);
    put_unit(s->out, c, expr);
    hx_buf_append_lit(s->out, " ELSE ");
    hx_export_number(s->out, c->mean);
    hx_buf_printf(s->out, " END AS f%zu", i);
    if (hx_export_tells_missing(d, c))
        hx_buf_printf(s->out,
                      ",\n    CASE WHEN ABS(%s) <= 1.7976931348623157e+308 THEN 0 ELSE 1 END AS "
                      "m%zu",
                      column, i);
}

static void layer_of_features(const hx_sql_writer *s) {
    hx_buf_append_lit(s->out, "hx_x AS MATERIALIZED (\n  SELECT h.hx_row");
    for (size_t i = 0; i < s->plan->design->n_columns; i++)
        features(s, i);
    hx_buf_printf(s->out, "\n  FROM hx_%zu AS h\n),\n", s->plan->n_layers);
}

/* ------------------------------------------------------------------ sums of columns */
static double weight(const hx_sql_writer *s, size_t output, size_t j) {
    const hx_formula *f = &s->plan->formula;
    const hx_design *d = s->plan->design;
    if (d->deviations != NULL && !(d->deviations[j] > 0)) return 0;
    return f->weights[output * f->stride + j];
}

static double sum_at(const hx_sql_writer *s, const hx_design_column *c, size_t output,
                     const double *at) {
    double sum = 0;
    for (size_t k = 0; k < c->n; k++)
        sum += weight(s, output, c->first + k) * at[k];
    return sum;
}

static void text_term(const hx_sql_writer *s, size_t i, size_t output) {
    const hx_design *d = s->plan->design;
    const hx_design_column *c = &d->columns[i];
    double at[HX_LEVELS_MAX + 2];
    hx_buf_printf(s->out, "\n      + CASE WHEN h.t%zu IS NULL THEN ", i);
    hx_export_level_features(d, c, HX_CODE_MISSING, at);
    hx_export_number(s->out, sum_at(s, c, output, at));
    for (uint32_t k = 0; k < c->n_levels; k++) {
        hx_buf_printf(s->out, " WHEN h.t%zu = ", i);
        hx_sql_text(s->out, c->levels[k]);
        hx_buf_append_lit(s->out, " THEN ");
        hx_export_level_features(d, c, k, at);
        hx_export_number(s->out, sum_at(s, c, output, at));
    }
    hx_buf_append_lit(s->out, " ELSE ");
    hx_export_level_features(d, c, (uint32_t)c->n_levels, at);
    hx_export_number(s->out, sum_at(s, c, output, at));
    hx_buf_append_lit(s->out, " END");
}

static void number_term(const hx_sql_writer *s, char letter, size_t i, size_t output, size_t j) {
    const hx_design *d = s->plan->design;
    const double w = weight(s, output, j);
    if (w == 0) return;
    hx_buf_append_lit(s->out, "\n      + ");
    hx_export_number(s->out, w);
    if (d->deviations == NULL) {
        hx_buf_printf(s->out, " * h.%c%zu", letter, i);
        return;
    }
    hx_buf_printf(s->out, " * ((h.%c%zu - ", letter, i);
    hx_export_number(s->out, d->means[j]);
    hx_buf_append_lit(s->out, ") / ");
    hx_export_number(s->out, d->deviations[j]);
    hx_buf_append_byte(s->out, ')');
}

static void column_term(const hx_sql_writer *s, size_t i, size_t output) {
    const hx_design_column *c = &s->plan->design->columns[i];
    bool counts = false;
    for (size_t k = 0; k < c->n; k++)
        counts = counts || weight(s, output, c->first + k) != 0;
    if (!counts) return;
    if (c->kind == HX_KIND_TEXT) {
        text_term(s, i, output);
        return;
    }
    number_term(s, 'f', i, output, c->first);
    if (hx_export_tells_missing(s->plan->design, c)) number_term(s, 'm', i, output, c->first + 1);
}

static void tree_term(const hx_sql_writer *s, hx_sql_scratch *scratch, size_t tree, size_t output) {
    const hx_trees *t = s->plan->formula.trees;
    if (t->turns && tree % t->n_outputs != output) return;
    hx_buf_append_lit(s->out, "\n      + ");
    hx_sql_tree(s, scratch, tree, output);
}

/* Terms [first, last) of every output on top of what came before. */
static void layer_of_sums(const hx_sql_writer *s, hx_sql_scratch *scratch, size_t layer,
                          size_t last) {
    const hx_formula *f = &s->plan->formula;
    const size_t first = (layer - 1) * SUM_TERMS;
    hx_buf_printf(s->out, "hx_z%zu AS MATERIALIZED (\n  SELECT h.*", layer);
    for (size_t o = 0; o < f->n_outputs; o++) {
        hx_buf_append_lit(s->out, ",\n    ");
        if (layer > 1) {
            hx_buf_printf(s->out, "h.z%zu_%zu", layer - 1, o);
        } else {
            hx_buf_append_lit(s->out, "CAST(");
            hx_export_number(s->out,
                             f->trees != NULL ? f->trees->base[o] : f->intercepts[o * f->stride]);
            hx_buf_append_lit(s->out, " AS DOUBLE PRECISION)");
        }
        for (size_t k = first; k < last; k++) {
            if (f->trees != NULL)
                tree_term(s, scratch, k, o);
            else
                column_term(s, k, o);
        }
        hx_buf_printf(s->out, " AS z%zu_%zu", layer, o);
    }
    if (layer > 1)
        hx_buf_printf(s->out, "\n  FROM hx_z%zu AS h\n),\n", layer - 1);
    else
        hx_buf_append_lit(s->out, "\n  FROM hx_x AS h\n),\n");
}

static hx_status layers_of_sums(hx_sql_writer *s, hx_error *err) {
    const hx_formula *f = &s->plan->formula;
    const size_t n = f->trees != NULL ? f->trees->n_trees : s->plan->design->n_columns;
    hx_sql_scratch *scratch = f->trees != NULL ? hx_sql_tree_scratch(s->plan) : NULL;
    if (f->trees != NULL && scratch == NULL)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the trees");
    size_t layer = 0;
    do {
        layer++;
        layer_of_sums(s, scratch, layer, n < layer * SUM_TERMS ? n : layer * SUM_TERMS);
    } while (layer * SUM_TERMS < n && !s->out->failed);
    s->n_layers = layer;
    return HX_OK;
}

/* ------------------------------------------------------------------ probabilities */
static void logit(const hx_sql_writer *s) {
    const size_t z = s->n_layers;
    hx_buf_printf(s->out,
                  "hx_e AS MATERIALIZED (\n  SELECT h.hx_row, h.z%zu_0 AS z,\n"
                  "    CASE WHEN ABS(h.z%zu_0) > 700 THEN 0.0 ELSE EXP(-ABS(h.z%zu_0)) END AS e\n"
                  "  FROM hx_z%zu AS h\n),\n",
                  z, z, z, z);
    hx_buf_append_lit(s->out,
                      "hx_p AS MATERIALIZED (\n  SELECT h.hx_row,\n"
                      "    CASE WHEN h.z >= 0 THEN h.e / (1.0 + h.e) ELSE 1.0 / (1.0 + h.e) END "
                      "AS p0,\n"
                      "    CASE WHEN h.z >= 0 THEN 1.0 / (1.0 + h.e) ELSE h.e / (1.0 + h.e) END "
                      "AS p1\n  FROM hx_e AS h\n)\n");
}

static void greatest(const hx_sql_writer *s, const char *column, size_t n, bool text) {
    hx_buf_append_lit(s->out, "CASE");
    for (size_t k = 0; k < n; k++) {
        hx_buf_append_lit(s->out, k + 1 < n ? " WHEN " : " ELSE ");
        for (size_t j = k + 1; j < n; j++)
            hx_buf_printf(s->out, "%s%s%zu >= %s%zu", j > k + 1 ? " AND " : "", column, k, column,
                          j);
        if (k + 1 < n) hx_buf_append_lit(s->out, " THEN ");
        if (text)
            hx_sql_text(s->out, s->plan->learner->classes[k]);
        else
            hx_buf_printf(s->out, "%s%zu", column, k);
    }
    hx_buf_append_lit(s->out, " END");
}

static void softmax(const hx_sql_writer *s) {
    const size_t n = s->plan->formula.n_outputs, z = s->n_layers;
    char column[32];
    (void)snprintf(column, sizeof column, "h.z%zu_", z);
    hx_buf_append_lit(s->out, "hx_m AS MATERIALIZED (\n  SELECT h.*, ");
    greatest(s, column, n, false);
    hx_buf_printf(s->out, " AS most\n  FROM hx_z%zu AS h\n),\n", z);
    hx_buf_append_lit(s->out, "hx_e AS MATERIALIZED (\n  SELECT h.hx_row");
    for (size_t k = 0; k < n; k++)
        hx_buf_printf(s->out,
                      ",\n    CASE WHEN h.z%zu_%zu - h.most < -700 THEN 0.0 ELSE EXP(h.z%zu_%zu - "
                      "h.most) END AS e%zu",
                      z, k, z, k, k);
    hx_buf_append_lit(s->out, "\n  FROM hx_m AS h\n),\nhx_s AS MATERIALIZED (\n  SELECT h.*, ");
    for (size_t k = 0; k < n; k++)
        hx_buf_printf(s->out, "%sh.e%zu", k > 0 ? " + " : "", k);
    hx_buf_append_lit(s->out, " AS total\n  FROM hx_e AS h\n),\nhx_p AS MATERIALIZED (\n  SELECT "
                              "h.hx_row");
    for (size_t k = 0; k < n; k++)
        hx_buf_printf(s->out, ", h.e%zu / h.total AS p%zu", k, k);
    hx_buf_append_lit(s->out, "\n  FROM hx_s AS h\n)\n");
}

static void shares(const hx_sql_writer *s) {
    hx_buf_append_lit(s->out, "hx_p AS MATERIALIZED (\n  SELECT h.hx_row");
    for (size_t k = 0; k < s->plan->formula.n_outputs; k++)
        hx_buf_printf(s->out, ", h.z%zu_%zu AS p%zu", s->n_layers, k, k);
    hx_buf_printf(s->out, "\n  FROM hx_z%zu AS h\n)\n", s->n_layers);
}

static void class_name(hx_buf *out, const char *class) {
    hx_buf_append_lit(out, "\"probability ");
    for (; *class != '\0'; class ++) {
        if (*class == '"') hx_buf_append_byte(out, '"');
        hx_buf_append_byte(out, *class);
    }
    hx_buf_append_byte(out, '"');
}

static void answers(const hx_sql_writer *s) {
    const hx_learner *l = s->plan->learner;
    const size_t n = l->n_classes;
    const hx_link link = s->plan->formula.link;
    if (link == HX_LINK_LOGIT) logit(s);
    if (link == HX_LINK_SOFTMAX) softmax(s);
    if (link == HX_LINK_SHARES) shares(s);
    if (link == HX_LINK_NUMBER)
        hx_buf_printf(s->out, "hx_p AS (\n  SELECT h.hx_row, h.z%zu_0 AS p0 FROM hx_z%zu AS h\n)\n",
                      s->n_layers, s->n_layers);
    hx_buf_append_lit(s->out, "SELECT r.*, ");
    if (link == HX_LINK_NUMBER) {
        hx_buf_append_lit(s->out, "p.p0 AS prediction");
    } else {
        greatest(s, "p.p", n, true);
        hx_buf_append_lit(s->out, " AS prediction, ");
        if (n == 2)
            hx_buf_append_lit(s->out, "p.p1");
        else
            greatest(s, "p.p", n, false);
        hx_buf_append_lit(s->out, " AS probability");
    }
    for (size_t k = 0; k < n && n > 2; k++) {
        hx_buf_printf(s->out, ", p.p%zu AS ", k);
        class_name(s->out, l->classes[k]);
    }
    hx_buf_append_lit(s->out, "\nFROM hx_rows AS r\nJOIN hx_p AS p ON p.hx_row = r.hx_row\n"
                              "ORDER BY r.hx_row;\n");
}

/* ------------------------------------------------------------------ all of it */
static hx_status fits(const hx_export_plan *p, hx_error *err) {
    size_t used = 2 * p->design->n_columns;
    for (size_t i = 0; i < p->n; i++)
        used += p->exprs[i].used;
    if (used > COLUMNS_MAX)
        return hx_fail(err, HX_ELIMIT,
                       "the model needs %zu columns at once, which databases do not take (at most "
                       "%d); export it as C, or learn from fewer columns",
                       used, COLUMNS_MAX);
    if (p->learner->n_classes > CLASSES_MAX)
        return hx_fail(err, HX_ELIMIT,
                       "the model has %zu classes, too many for one SELECT (at most %d); export it "
                       "as C",
                       p->learner->n_classes, CLASSES_MAX);
    return HX_OK;
}

/* "schema.table" is two names. */
static void table_name(hx_buf *out, const char *table) {
    hx_buf_append_byte(out, '"');
    for (; *table != '\0'; table++) {
        if (*table == '"') hx_buf_append_byte(out, '"');
        if (*table == '.')
            hx_buf_append_lit(out, "\".\"");
        else
            hx_buf_append_byte(out, *table);
    }
    hx_buf_append_byte(out, '"');
}

static void head(const hx_sql_writer *s, const char *table) {
    hx_buf_printf(s->out, "-- %s of ", s->plan->learner->estimator->kind.name);
    hx_export_comment(s->out, s->plan->learner->target);
    hx_buf_append_lit(
        s->out, ", written by huaxiang " HX_VERSION " for SQLite 3.35 and PostgreSQL 12.\n"
                "-- NULL, empty texts and NaN are missing. Times are 'YYYY-MM-DD HH:MM:SS' in "
                "UTC. hx_row numbers the rows.\n"
                "WITH hx_rows AS MATERIALIZED (\n  SELECT t.*, ROW_NUMBER() OVER () AS "
                "hx_row FROM ");
    table_name(s->out, table);
    hx_buf_append_lit(s->out, " AS t\n),\n");
}

hx_status hx_export_sql(const hx_export_plan *p, const char *table, hx_buf *out, hx_error *err) {
    hx_sql_writer s = {.plan = p, .out = out};
    if (table[0] == '\0')
        return hx_fail(err, HX_EINVAL, "say which table the rows are in by --table");
    HX_TRY(fits(p, err));
    head(&s, table);
    for (size_t layer = 0; layer <= p->n_layers; layer++)
        layer_of_expressions(&s, layer);
    layer_of_features(&s);
    HX_TRY(layers_of_sums(&s, err));
    answers(&s);
    return HX_OK;
}
