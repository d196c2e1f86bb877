/* export_c.c - a learner as one C17 file that needs the C library alone; see export.h.
 *
 *     NAME_row      a member x_COLUMN for each column that is needed: double (NAN = missing) or const char * (NULL or "" = missing)
 *     NAME_predict  recipe -> features x[] in the order of the design -> sums in the order that the library adds -> number or probabilities
 *
 * The arithmetic is the library's own, step by step, so that scores are equal to the last bit where the compiler contracts no products and sums.
 * Names of members are made of letters, digits and underscores of the column's name; comments say which column it is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "learn/export.h"

#define NAME_MAX_ 40
#define VALUE_BYTES_MAX 4000 /* C17 promises 4,095 in a literal */
#define PER_LINE 6

typedef struct {
    const hx_export_plan *p;
    const char *name;
    hx_buf *out;
    char (*members)[NAME_MAX_ + 24]; /* (exprs) of inputs */
} writer;

/* ------------------------------------------------------------------ words */
static void put_text(hx_buf *out, const char *text) {
    hx_buf_append_byte(out, '"');
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < ' ' || *c == 127)
            hx_buf_printf(out, "\\%03o", *c);
        else if (strchr("\"\\?", *c) != NULL)
            hx_buf_printf(out, "\\%c", *c);
        else
            hx_buf_append_byte(out, (char)*c);
    }
    hx_buf_append_byte(out, '"');
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

static bool is_taken(const writer *w, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (strcmp(w->members[k], w->members[i]) == 0) return true;
    return false;
}

/* x_ and what of the name C takes; a number behind it where that is taken already. */
static void name_member(const writer *w, size_t i) {
    char *member = w->members[i];
    size_t n = 2;
    member[0] = 'x';
    member[1] = '_';
    for (const char *c = w->p->exprs[i].name; *c != '\0' && n < NAME_MAX_; c++) {
        if (is_word(*c))
            member[n++] = *c;
        else if (member[n - 1] != '_')
            member[n++] = '_';
    }
    member[n] = '\0';
    if (n == 2) (void)snprintf(member + n, 24, "%zu", i);
    for (size_t more = i; is_taken(w, i); more++)
        (void)snprintf(member + n, 24, "_%zu", more);
}

static void put_array(const writer *w, const char *what, const double *v, size_t n) {
    hx_buf_printf(w->out, "static const double %s_%s[] = {", w->name, what);
    for (size_t i = 0; i < n; i++) {
        hx_buf_append_lit(w->out, i % PER_LINE == 0 ? "\n    " : " ");
        hx_export_number(w->out, v[i]);
        hx_buf_append_byte(w->out, ',');
    }
    hx_buf_append_lit(w->out, n == 0 ? "0};\n" : "\n};\n");
}

static void put_texts(const writer *w, const char *what, size_t i, const char *const *v, size_t n) {
    hx_buf_printf(w->out, "static const char *const %s_%s_%zu[] = {", w->name, what, i);
    for (size_t k = 0; k < n; k++) {
        hx_buf_append_lit(w->out, "\n    ");
        put_text(w->out, v[k]);
        hx_buf_append_byte(w->out, ',');
    }
    hx_buf_append_lit(w->out, n == 0 ? "\"\"};\n" : "\n};\n");
}

/* ------------------------------------------------------------------ the head */
static void put_struct(const writer *w) {
    const hx_export_plan *p = w->p;
    hx_buf_printf(w->out, "typedef struct {\n");
    for (size_t i = 0; i < p->n; i++) {
        const hx_expr *e = &p->exprs[i];
        if (e->op != HX_EXPR_INPUT || !e->used) continue;
        name_member(w, i);
        hx_buf_printf(w->out, "    %s%s; /* ", e->kind == HX_KIND_TEXT ? "const char *" : "double ",
                      w->members[i]);
        hx_export_comment(w->out, e->name);
        hx_buf_printf(w->out, "%s */\n",
                      e->kind == HX_KIND_TIME      ? ": milliseconds since 1970 UTC"
                      : e->kind == HX_KIND_BOOLEAN ? ": 1 = true, 0 = false"
                                                   : "");
    }
    hx_buf_printf(w->out, "} %s_row;\n\n", w->name);
}

static void put_head(const writer *w) {
    const hx_learner *l = w->p->learner;
    hx_buf_printf(w->out, "/* %s of ", l->estimator->kind.name);
    hx_export_comment(w->out, l->target);
    hx_buf_append_lit(w->out,
                      ", written by huaxiang " HX_VERSION
                      ". Plain C17; link with -lm.\n *\n * A row holds NAN where a number is "
                      "missing, NULL or \"\" where a text is.\n");
    if (l->n_classes > 0)
        hx_buf_append_lit(w->out, " * predict() gives the index of the class and fills "
                                  "probabilities, one a class in the order of class_names.\n");
    hx_buf_append_lit(w->out,
                      " */\n#include <math.h>\n#include <stddef.h>\n#include <string.h>\n\n");
    put_struct(w);
    if (l->n_classes > 0) {
        hx_buf_printf(w->out, "enum { %s_classes = %zu };\n", w->name, l->n_classes);
        hx_buf_printf(w->out, "extern const char *const %s_class_names[%s_classes];\n", w->name,
                      w->name);
        hx_buf_printf(w->out,
                      "int %s_predict(const %s_row *row, double probabilities[%s_classes]);\n\n",
                      w->name, w->name, w->name);
        hx_buf_printf(w->out, "const char *const %s_class_names[%s_classes] = {", w->name, w->name);
        for (size_t k = 0; k < l->n_classes; k++) {
            hx_buf_append_lit(w->out, "\n    ");
            put_text(w->out, l->classes[k]);
            hx_buf_append_byte(w->out, ',');
        }
        hx_buf_append_lit(w->out, "\n};\n\n");
        return;
    }
    hx_buf_printf(w->out, "double %s_predict(const %s_row *row);\n\n", w->name, w->name);
}

/* ------------------------------------------------------------------ data */
static void put_values(const writer *w) {
    const hx_export_plan *p = w->p;
    for (size_t i = 0; i < p->n; i++) {
        const hx_expr *e = &p->exprs[i];
        if (!e->used || (e->op != HX_EXPR_CODE && e->op != HX_EXPR_OTHER)) continue;
        char what[32];
        put_texts(w, "values", i, e->values, e->n_values);
        (void)snprintf(what, sizeof what, "codes_%zu", i);
        if (e->op != HX_EXPR_CODE) continue;
        hx_buf_printf(w->out, "static const double %s_%s[] = {", w->name, what);
        for (size_t k = 0; k < e->n_values; k++) {
            if (isnan(e->codes[k]))
                hx_buf_append_lit(w->out, "\n    NAN,");
            else {
                hx_buf_append_lit(w->out, "\n    ");
                hx_export_number(w->out, e->codes[k]);
                hx_buf_append_byte(w->out, ',');
            }
        }
        hx_buf_append_lit(w->out, e->n_values == 0 ? "0};\n" : "\n};\n");
    }
    for (size_t i = 0; i < p->design->n_columns; i++) {
        const hx_design_column *c = &p->design->columns[i];
        if (c->kind == HX_KIND_TEXT) put_texts(w, "levels", i, c->levels, c->n_levels);
    }
}

static void put_whole(const writer *w, const char *type, const char *what, const uint32_t *v,
                      size_t n) {
    hx_buf_printf(w->out, "static const %s %s_%s[] = {", type, w->name, what);
    for (size_t i = 0; i < n; i++)
        hx_buf_printf(w->out, "%s%ld,", i % 16 == 0 ? "\n    " : " ",
                      v[i] == HX_LEAF ? -1L : (long)v[i]);
    hx_buf_append_lit(w->out, n == 0 ? "0};\n" : "\n};\n");
}

static void put_trees(const writer *w) {
    const hx_trees *t = w->p->formula.trees;
    hx_buf_append_lit(w->out, "/* Nodes: a leaf where the feature is -1; else left where the "
                              "feature is below the border. */\n");
    put_whole(w, "long", "roots", t->roots, t->n_trees);
    put_whole(w, "long", "feature", t->feature, t->n_nodes);
    put_whole(w, "long", "left", t->left, t->n_nodes);
    hx_buf_printf(w->out, "static const char %s_missing_left[] = {", w->name);
    for (size_t i = 0; i < t->n_nodes; i++)
        hx_buf_printf(w->out, "%s%d,", i % 32 == 0 ? "\n    " : " ", t->missing_left[i]);
    hx_buf_append_lit(w->out, "\n};\n");
    put_array(w, "border", t->threshold, t->n_nodes);
    put_array(w, "value", t->values, t->n_nodes * t->width);
    put_array(w, "base", t->base, t->n_outputs);
}

static void put_weights(const writer *w) {
    const hx_formula *f = &w->p->formula;
    const size_t d = w->p->design->d;
    hx_buf_printf(w->out, "static const double %s_weights[%zu][%zu] = {", w->name, f->n_outputs, d);
    for (size_t o = 0; o < f->n_outputs; o++) {
        hx_buf_append_lit(w->out, "\n    {");
        for (size_t j = 0; j < d; j++) {
            if (j > 0) hx_buf_append_lit(w->out, j % PER_LINE == 0 ? ",\n     " : ", ");
            hx_export_number(w->out, f->weights[o * f->stride + j]);
        }
        hx_buf_append_lit(w->out, "},");
    }
    hx_buf_printf(w->out, "\n};\nstatic const double %s_intercepts[] = {", w->name);
    for (size_t o = 0; o < f->n_outputs; o++) {
        if (o > 0) hx_buf_append_lit(w->out, ", ");
        hx_export_number(w->out, f->intercepts[o * f->stride]);
    }
    hx_buf_append_lit(w->out, "};\n");
}

/* ------------------------------------------------------------------ helpers */
static bool has_text(const hx_design *d) {
    for (size_t i = 0; i < d->n_columns; i++)
        if (d->columns[i].kind == HX_KIND_TEXT) return true;
    return false;
}

static bool has(const hx_export_plan *p, hx_expr_op op, bool text) {
    for (size_t i = 0; i < p->n; i++)
        if (p->exprs[i].used && p->exprs[i].op == op && (!text || p->exprs[i].kind == HX_KIND_TEXT))
            return true;
    return false;
}

static void put_helpers(const writer *w) {
    const hx_export_plan *p = w->p;
    if (has(p, HX_EXPR_INPUT, true))
        hx_buf_append_lit(w->out,
                          "\nstatic const char *text_of(const char *text) {\n"
                          "    return text != NULL && text[0] != '\\0' ? text : NULL;\n}\n");
    if (has(p, HX_EXPR_CODE, false) || has(p, HX_EXPR_OTHER, false))
        hx_buf_append_lit(
            w->out, "\n/* Its place among the values, n where it is none of them. */\n"
                    "static size_t find(const char *text, const char *const *values, size_t n) {\n"
                    "    size_t i = 0;\n"
                    "    while (i < n && strcmp(text, values[i]) != 0)\n"
                    "        i++;\n"
                    "    return i;\n}\n");
    if (has_text(p->design))
        hx_buf_append_lit(
            w->out,
            "\n/* Which feature a text is: its place among the sorted levels, less `skip`; `other` "
            "or `missing`; -1 = none. */\n"
            "static long place_of(const char *text, const char *const *levels, size_t n, long "
            "skip, long other,\n                     long missing) {\n"
            "    size_t low = 0, high = n;\n"
            "    if (text == NULL) return missing;\n"
            "    while (low < high) {\n"
            "        const size_t half = low + (high - low) / 2;\n"
            "        const int order = strcmp(text, levels[half]);\n"
            "        if (order == 0) return (long)half >= skip ? (long)half - skip : -1;\n"
            "        if (order < 0)\n"
            "            high = half;\n"
            "        else\n"
            "            low = half + 1;\n"
            "    }\n"
            "    return other;\n}\n");
    hx_buf_append_byte(w->out, '\n');
}

/* ------------------------------------------------------------------ the function */
static void put_nan(hx_buf *out, double v) {
    if (isnan(v))
        hx_buf_append_lit(out, "(double)NAN");
    else
        hx_export_number(out, v);
}

static void put_right_side(const writer *w, size_t i) {
    const hx_expr *e = &w->p->exprs[i];
    hx_buf *out = w->out;
    switch (e->op) {
    case HX_EXPR_INPUT:
        hx_buf_printf(out, e->kind == HX_KIND_TEXT ? "text_of(row->%s)" : "row->%s", w->members[i]);
        break;
    case HX_EXPR_SCALE:
        hx_buf_printf(out, "(c%zu - ", e->from);
        hx_export_number(out, e->number[0]);
        hx_buf_append_lit(out, ") * ");
        hx_export_number(out, e->number[1]);
        hx_buf_append_lit(out, " + ");
        hx_export_number(out, e->number[2]);
        break;
    case HX_EXPR_LOG1P:
        hx_buf_printf(out, "c%zu > -1 ? log1p(c%zu) : (double)NAN", e->from, e->from);
        break;
    case HX_EXPR_FILL:
        hx_buf_printf(out, e->kind == HX_KIND_TEXT ? "c%zu == NULL ? " : "isnan(c%zu) ? ", e->from);
        if (e->kind == HX_KIND_TEXT)
            put_text(out, e->text);
        else
            hx_export_number(out, e->number[0]);
        hx_buf_printf(out, " : c%zu", e->from);
        break;
    case HX_EXPR_ABSENT:
        hx_buf_printf(out,
                      w->p->exprs[e->from].kind == HX_KIND_TEXT ? "c%zu == NULL ? 1.0 : 0.0"
                                                                : "isnan(c%zu) ? 1.0 : 0.0",
                      e->from);
        break;
    case HX_EXPR_WORD:
        hx_buf_printf(out, "isnan(c%zu) ? NULL : c%zu > 0 ? \"true\" : \"false\"", e->from,
                      e->from);
        break;
    case HX_EXPR_OTHER:
        hx_buf_printf(out, "c%zu != NULL && find(c%zu, %s_values_%zu, %zu) == %zu ? 1.0 : 0.0",
                      e->from, e->from, w->name, i, e->n_values, e->n_values);
        break;
    case HX_EXPR_CODE:
        break; /* statements of its own */
    }
}

static void put_code(const writer *w, size_t i) {
    const hx_expr *e = &w->p->exprs[i];
    hx_buf_printf(w->out, "    double c%zu = ", i);
    put_nan(w->out, e->number[1]);
    hx_buf_printf(w->out,
                  ";\n    if (c%zu != NULL) {\n"
                  "        const size_t found = find(c%zu, %s_values_%zu, %zu);\n"
                  "        c%zu = found < %zu ? %s_codes_%zu[found] : ",
                  e->from, e->from, w->name, i, e->n_values, i, e->n_values, w->name, i);
    put_nan(w->out, e->number[0]);
    hx_buf_append_lit(w->out, ";\n    }\n");
}

static void put_expressions(const writer *w) {
    const hx_export_plan *p = w->p;
    for (size_t i = 0; i < p->n; i++) {
        if (!p->exprs[i].used) continue;
        if (p->exprs[i].op == HX_EXPR_CODE) {
            put_code(w, i);
            continue;
        }
        hx_buf_printf(w->out, "    const %s%zu = ",
                      p->exprs[i].kind == HX_KIND_TEXT ? "char *const c" : "double c", i);
        put_right_side(w, i);
        hx_buf_append_lit(w->out, ";\n");
    }
}

static void put_number_feature(const writer *w, size_t i) {
    const hx_design *d = w->p->design;
    const hx_design_column *c = &d->columns[i];
    const size_t expr = w->p->columns[i];
    const char *unit = c->kind == HX_KIND_TIME ? " / 86400000.0" : "";
    if (!(d->wants & HX_WANTS_FILLED)) {
        hx_buf_printf(w->out, "    x[%zu] = c%zu%s;\n", c->first, expr, unit);
        return;
    }
    hx_buf_printf(w->out, "    x[%zu] = isfinite(c%zu) ? c%zu%s : ", c->first, expr, expr, unit);
    hx_export_number(w->out, c->mean);
    hx_buf_append_lit(w->out, ";\n");
    if (hx_export_tells_missing(d, c))
        hx_buf_printf(w->out, "    x[%zu] = isfinite(c%zu) ? 0.0 : 1.0;\n", c->first + 1, expr);
}

static void put_text_feature(const writer *w, size_t i) {
    const hx_design *d = w->p->design;
    const hx_design_column *c = &d->columns[i];
    const long skip = c->n_levels > 0 && (d->wants & HX_WANTS_CONTRASTS) ? 1 : 0;
    const long other = c->others ? (long)c->n_levels - skip : -1;
    const long missing = hx_export_tells_missing(d, c) ? (long)c->n - 1 : -1;
    hx_buf_printf(w->out,
                  "    at = place_of(c%zu, %s_levels_%zu, %zu, %ld, %ld, %ld);\n"
                  "    if (at >= 0) x[%zu + at] = 1.0;\n",
                  w->p->columns[i], w->name, i, c->n_levels, skip, other, missing, c->first);
}

static void put_features(const writer *w) {
    const hx_design *d = w->p->design;
    hx_buf_printf(w->out, "    double x[%zu] = {0};\n", d->d);
    if (has_text(d)) hx_buf_append_lit(w->out, "    long at;\n");
    put_expressions(w);
    for (size_t i = 0; i < d->n_columns; i++) {
        if (d->columns[i].kind == HX_KIND_TEXT)
            put_text_feature(w, i);
        else
            put_number_feature(w, i);
    }
    if (d->deviations == NULL) return;
    hx_buf_printf(w->out,
                  "    for (size_t j = 0; j < %zu; j++)\n"
                  "        x[j] = %s_deviations[j] > 0 ? (x[j] - %s_means[j]) / %s_deviations[j] "
                  ": 0;\n",
                  d->d, w->name, w->name, w->name);
}

static void put_sums(const writer *w) {
    const hx_formula *f = &w->p->formula;
    const char *n = w->name;
    hx_buf_printf(w->out, "    double z[%zu];\n", f->n_outputs);
    hx_buf_printf(w->out, "    for (size_t o = 0; o < %zu; o++) {\n", f->n_outputs);
    if (f->intercept_last)
        hx_buf_append_lit(w->out, "        z[o] = 0;\n");
    else
        hx_buf_printf(w->out, "        z[o] = %s_intercepts[o];\n", n);
    hx_buf_printf(w->out,
                  "        for (size_t j = 0; j < %zu; j++)\n"
                  "            z[o] += %s_weights[o][j] * x[j];\n",
                  w->p->design->d, n);
    if (f->intercept_last) hx_buf_printf(w->out, "        z[o] = %s_intercepts[o] + z[o];\n", n);
    hx_buf_append_lit(w->out, "    }\n");
}

static void put_walk(const writer *w) {
    const hx_trees *t = w->p->formula.trees;
    const char *n = w->name;
    hx_buf_printf(w->out,
                  "    double z[%zu];\n"
                  "    memcpy(z, %s_base, sizeof z);\n"
                  "    for (size_t k = 0; k < %zu; k++) {\n"
                  "        size_t i = (size_t)%s_roots[k];\n"
                  "        while (%s_feature[i] >= 0) {\n"
                  "            const double v = x[%s_feature[i]];\n"
                  "            const int left = isnan(v) ? %s_missing_left[i] : v < "
                  "%s_border[i];\n"
                  "            i = (size_t)%s_left[i] + (left == 0);\n"
                  "        }\n",
                  t->n_outputs, n, t->n_trees, n, n, n, n, n, n);
    if (t->turns)
        hx_buf_printf(w->out, "        z[k %% %zu] += %s_value[i];\n", t->n_outputs, n);
    else
        hx_buf_printf(w->out,
                      "        for (size_t o = 0; o < %zu; o++)\n"
                      "            z[o] += %s_value[i * %zu + o];\n",
                      t->n_outputs, n, t->width);
    hx_buf_append_lit(w->out, "    }\n");
}

static void put_probabilities(const writer *w) {
    const size_t n = w->p->learner->n_classes;
    const hx_link link = w->p->formula.link;
    if (link == HX_LINK_LOGIT)
        hx_buf_append_lit(w->out,
                          "    const double e = exp(-fabs(z[0]));\n"
                          "    probabilities[1] = z[0] >= 0 ? 1 / (1 + e) : e / (1 + e);\n"
                          "    probabilities[0] = z[0] >= 0 ? e / (1 + e) : 1 / (1 + e);\n");
    if (link == HX_LINK_SHARES)
        hx_buf_append_lit(w->out, "    memcpy(probabilities, z, sizeof z);\n");
    if (link == HX_LINK_SOFTMAX)
        hx_buf_printf(w->out,
                      "    double most = z[0], sum = 0;\n"
                      "    for (size_t k = 1; k < %zu; k++)\n"
                      "        most = fmax(most, z[k]);\n"
                      "    for (size_t k = 0; k < %zu; k++)\n"
                      "        sum += exp(z[k] - most);\n"
                      "    for (size_t k = 0; k < %zu; k++)\n"
                      "        probabilities[k] = exp(z[k] - most) / sum;\n",
                      n, n, n);
    hx_buf_printf(w->out,
                  "    int best = 0;\n"
                  "    for (int k = 1; k < %s_classes; k++)\n"
                  "        if (probabilities[k] > probabilities[best]) best = k;\n"
                  "    return best;\n",
                  w->name);
}

static void put_function(const writer *w) {
    const bool classes = w->p->learner->n_classes > 0;
    if (classes)
        hx_buf_printf(w->out,
                      "int %s_predict(const %s_row *row, double probabilities[%s_classes]) {\n",
                      w->name, w->name, w->name);
    else
        hx_buf_printf(w->out, "double %s_predict(const %s_row *row) {\n", w->name, w->name);
    put_features(w);
    if (w->p->formula.trees != NULL)
        put_walk(w);
    else
        put_sums(w);
    if (classes)
        put_probabilities(w);
    else
        hx_buf_append_lit(w->out, "    return z[0];\n");
    hx_buf_append_lit(w->out, "}\n");
}

/* ------------------------------------------------------------------ all of it */
static hx_status short_enough(const char *const *values, size_t n, hx_error *err) {
    for (size_t k = 0; k < n; k++)
        if (strlen(values[k]) > VALUE_BYTES_MAX)
            return hx_fail(err, HX_ELIMIT,
                           "a value of %zu bytes is too long for a text in C (at most %d)",
                           strlen(values[k]), VALUE_BYTES_MAX);
    return HX_OK;
}

static hx_status fits(const hx_export_plan *p, const char *name, hx_error *err) {
    bool good = is_letter(name[0]) && strlen(name) <= NAME_MAX_;
    for (const char *c = name; *c != '\0'; c++)
        good = good && is_word(*c);
    if (!good)
        return hx_fail(err, HX_EINVAL,
                       "'%s' can't be a name in C: letters, digits and _, a letter first, at most "
                       "%d",
                       name, NAME_MAX_);
    for (size_t i = 0; i < p->n; i++) {
        const hx_expr *e = &p->exprs[i];
        HX_TRY(short_enough(e->values, e->n_values, err));
        if (e->text != NULL) HX_TRY(short_enough(&e->text, 1, err));
    }
    for (size_t i = 0; i < p->design->n_columns; i++)
        HX_TRY(short_enough(p->design->columns[i].levels, p->design->columns[i].n_levels, err));
    return short_enough(p->learner->classes, p->learner->n_classes, err);
}

hx_status hx_export_c(const hx_export_plan *p, const char *name, hx_buf *out, hx_error *err) {
    writer w = {.p = p, .name = name, .out = out};
    HX_TRY(fits(p, name, err));
    w.members = hx_arena_alloc(p->arena, (p->n + 1) * sizeof *w.members);
    if (w.members == NULL) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    put_head(&w);
    put_values(&w);
    if (p->formula.trees != NULL)
        put_trees(&w);
    else
        put_weights(&w);
    if (p->design->deviations != NULL) {
        put_array(&w, "means", p->design->means, p->design->d);
        put_array(&w, "deviations", p->design->deviations, p->design->d);
    }
    put_helpers(&w);
    put_function(&w);
    return HX_OK;
}
