/* cmd_learn_explain.c - learn explain: why a model says what it says, of one row (--row) or of all.
 *
 *     model, file -> hx_learner_explain -> one JSON object -> standard output; --report: the same as a page
 *
 * For eyes every method is a table with bars, numbers of four digits. In CSV it is the first table there is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/learn.h"
#include "cli/llama.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define BAR_CELLS 20
#define HALF_CELLS 12
#define ROWS_SHOWN ((size_t)30)
#define TEXT_BYTES 256
#define STEPS_SHOWN ((size_t)7)
#define NODES_MAX 15

typedef struct {
    hx_cli *c;
    hx_error err;
    hx_table *table, *background;
    hx_learner *learner;
} job;

/* ------------------------------------------------------------------ texts */
static double number_at(const json_t *object, const char *key) {
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static const char *text_at(const json_t *object, const char *key) {
    const char *s = json_string_value(json_object_get(object, key));
    return s != NULL ? s : "";
}

/* For eyes by `format`; in CSV nine digits. What is nothing beside `most` is 0: rounding of sums. */
static json_t *digits(const hx_cli *c, double v, const char *format, double most) {
    char text[TEXT_BYTES];
    if (!isfinite(v)) return json_null();
    if (fabs(v) <= 1e-9 * most) v = 0;
    if (v == 0) return json_string("0");
    (void)snprintf(text, sizeof text, c->shape == HX_SHAPE_CSV ? "%.9g" : format, v);
    return json_string(text);
}

/* `cells` blocks, behind `blanks` of them. */
static json_t *blocks(size_t blanks, size_t cells) {
    char text[TEXT_BYTES] = "";
    size_t at = 0;
    for (size_t i = 0; i < blanks && at + 2 < sizeof text; i++)
        text[at++] = ' ';
    for (size_t i = 0; i < cells && at + 4 < sizeof text; i++, at += 3)
        memcpy(text + at, "█", 4);
    text[at] = '\0';
    return json_string(text);
}

static json_t *bar(double share) {
    return blocks(0, (size_t)lround(fmin(fmax(share, 0), 1) * BAR_CELLS));
}

/* To the right of the middle where it is positive, to the left where it is not. */
static json_t *signed_bar(double share) {
    const size_t cells = (size_t)lround(fmin(fabs(share), 1) * HALF_CELLS);
    return share < 0 ? blocks(HALF_CELLS - cells, cells) : blocks(HALF_CELLS, cells);
}

static double greatest(const json_t *list, const char *key) {
    double most = 0;
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one) {
        const double v = fabs(number_at(one, key));
        if (v > most) most = v;
    }
    return most;
}

static json_t *shown_value(const hx_cli *c, const json_t *v) {
    if (json_is_number(v))
        return digits(c, json_number_value(v), fabs(json_number_value(v)) < 1e4 ? "%.4g" : "%.0f",
                      0);
    if (json_is_boolean(v))
        return json_string(json_is_true(v) ? hx_cli_tr(c, "true", "是")
                                           : hx_cli_tr(c, "false", "否"));
    if (json_is_string(v)) return json_string(json_string_value(v));
    return json_string(hx_cli_tr(c, "missing", "缺失"));
}

/* ------------------------------------------------------------------ output */
static bool put_line(hx_cli *c, const char *text, bool gap) {
    hx_outbuf line = {0};
    if (gap) hx_outbuf_byte(&line, '\n');
    hx_outbuf_visible(&line, hx_str_of(text), 0);
    hx_outbuf_byte(&line, '\n');
    const bool ok = hx_output_write(c, &line);
    hx_outbuf_release(&line);
    return ok;
}

static bool put_title(hx_cli *c, const char *en, const char *zh) {
    return put_line(c, hx_cli_tr(c, en, zh), true);
}

static bool put_records(hx_cli *c, json_t *records, const hx_record_column *columns, size_t n) {
    const bool ok = records != NULL && hx_output_records(c, records, columns, n);
    json_decref(records);
    return ok;
}

/* Without the bars in CSV: they stand last. */
#define PUT(c, records, columns)                                                                   \
    put_records(c, records, columns,                                                               \
                sizeof(columns) / sizeof *(columns) - ((c)->shape == HX_SHAPE_CSV))

/* ------------------------------------------------------------------ one row */
static bool put_contributions(hx_cli *c, const json_t *shap) {
    static const hx_record_column columns[] = {
        {"column", "column", "列", HX_CELL_LEFT},
        {"value", "value", "值", HX_CELL_LEFT},
        {"contribution", "contribution", "贡献", HX_CELL_RIGHT},
        {"bar", "", "", HX_CELL_LEFT}};
    const json_t *list = json_object_get(shap, "contributions");
    const double most = greatest(list, "contribution");
    json_t *records = json_array(), *one;
    size_t i;
    json_array_foreach(list, i, one) {
        const double v = number_at(one, "contribution");
        if (i >= ROWS_SHOWN && c->shape != HX_SHAPE_CSV) break;
        json_array_append_new(records, json_pack("{s:O,s:o,s:o,s:o}", "column",
                                                 json_object_get(one, "column"), "value",
                                                 shown_value(c, json_object_get(one, "value")),
                                                 "contribution", digits(c, v, "%+.4g", most), "bar",
                                                 signed_bar(most > 0 ? v / most : 0)));
    }
    return PUT(c, records, columns);
}

static const char *unit_of(const hx_cli *c, const char *unit) {
    if (strcmp(unit, "log-odds") == 0) return hx_cli_tr(c, "log-odds", "对数几率");
    if (strcmp(unit, "probability") == 0) return hx_cli_tr(c, "probability", "概率");
    if (strcmp(unit, "value") == 0) return hx_cli_tr(c, "its own unit", "目标的单位");
    return hx_cli_tr(c, "the model's score", "模型得分");
}

static bool put_row(hx_cli *c, const json_t *e, const json_t *shap) {
    char line[2 * TEXT_BYTES];
    const char *class = text_at(e, "class");
    (void)snprintf(
        line, sizeof line,
        hx_cli_tr(c, "row %.0f: %s%s%.4g (%s: %.4g = mean %.4g %+.4g)",
                  "第 %.0f 行：%s%s%.4g（%s：%.4g = 均值 %.4g %+.4g）"),
        number_at(e, "row"), class, class[0] != '\0' ? hx_cli_tr(c, " with ", " 的概率 ") : "",
        number_at(e, "answer"), unit_of(c, text_at(shap, "unit")), number_at(shap, "sum"),
        number_at(shap, "base"), number_at(shap, "sum") - number_at(shap, "base"));
    return (c->shape == HX_SHAPE_CSV || put_line(c, line, true)) && put_contributions(c, shap);
}

static json_t *changes_of(const hx_cli *c, const json_t *one) {
    hx_outbuf text = {0};
    size_t i;
    json_t *change;
    json_array_foreach(json_object_get(one, "changes"), i, change) {
        json_t *from = shown_value(c, json_object_get(change, "from")),
               *to = shown_value(c, json_object_get(change, "to"));
        hx_outbuf_printf(&text, "%s%s: %s -> %s", i > 0 ? "; " : "", text_at(change, "column"),
                         json_string_value(from), json_string_value(to));
        json_decref(from);
        json_decref(to);
    }
    json_t *out = json_stringn(text.ptr != NULL ? text.ptr : "", text.len);
    hx_outbuf_release(&text);
    return out;
}

static bool put_wanted(hx_cli *c, const json_t *f) {
    char line[2 * TEXT_BYTES], wanted[TEXT_BYTES];
    const json_t *w = json_object_get(f, "wanted");
    if (json_is_string(w))
        (void)snprintf(wanted, sizeof wanted, hx_cli_tr(c, "%s", "是 %s"), json_string_value(w));
    else if (json_object_get(w, "above") != NULL)
        (void)snprintf(wanted, sizeof wanted, hx_cli_tr(c, "above %.4g", "高于 %.4g"),
                       number_at(w, "above"));
    else
        (void)snprintf(wanted, sizeof wanted, hx_cli_tr(c, "below %.4g", "低于 %.4g"),
                       number_at(w, "below"));
    const bool already = json_is_true(json_object_get(f, "already"));
    const bool none = json_array_size(json_object_get(f, "found")) == 0;
    (void)snprintf(
        line, sizeof line,
        hx_cli_tr(c, "what would have to change for %s (now %.4g)%s", "怎样才会%s（现为 %.4g）%s"),
        wanted, number_at(f, "answer"),
        already ? hx_cli_tr(c, ": nothing, it is so already", "：无需改动，已经如此")
        : none ? hx_cli_tr(c, ": no change of up to four columns does it", "：至多改动四列也达不到")
               : "");
    return put_line(c, line, true);
}

static bool put_counterfactual(hx_cli *c, const json_t *f) {
    static const hx_record_column columns[] = {{"answer", "then", "改动后", HX_CELL_RIGHT},
                                               {"cost", "cost", "代价", HX_CELL_RIGHT},
                                               {"changes", "changes", "改动", HX_CELL_LEFT}};
    json_t *records = json_array(), *one;
    size_t i;
    json_array_foreach(json_object_get(f, "found"), i, one) json_array_append_new(
        records,
        json_pack("{s:o,s:o,s:o}", "answer", digits(c, number_at(one, "answer"), "%.4g", 0), "cost",
                  digits(c, number_at(one, "cost"), "%.3g", 0), "changes", changes_of(c, one)));
    const bool some = json_array_size(records) > 0;
    if (c->shape != HX_SHAPE_CSV && !put_wanted(c, f)) {
        json_decref(records);
        return false;
    }
    if (some) return put_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return true;
}

/* ------------------------------------------------------------------ all rows */
static bool put_shap(hx_cli *c, const json_t *shap) {
    static const hx_record_column columns[] = {
        {"column", "column", "列", HX_CELL_LEFT},
        {"mean_abs", "mean |value|", "绝对值均值", HX_CELL_RIGHT},
        {"mean", "mean", "均值", HX_CELL_RIGHT},
        {"share", "share", "占比", HX_CELL_PERCENT},
        {"bar", "", "", HX_CELL_LEFT}};
    const json_t *list = json_object_get(shap, "columns");
    const double most = greatest(list, "mean_abs");
    char line[TEXT_BYTES];
    json_t *records = json_array(), *one;
    size_t i;
    json_array_foreach(list, i, one) {
        const double v = number_at(one, "mean_abs");
        if (i >= ROWS_SHOWN && c->shape != HX_SHAPE_CSV) break;
        json_array_append_new(
            records, json_pack("{s:O,s:o,s:o,s:O,s:o}", "column", json_object_get(one, "column"),
                               "mean_abs", digits(c, v, "%.4g", most), "mean",
                               digits(c, number_at(one, "mean"), "%+.4g", most), "share",
                               json_object_get(one, "share"), "bar", bar(most > 0 ? v / most : 0)));
    }
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(c, "what counts (Shapley values of %.0f rows, %s):",
                             "什么最重要（%.0f 行的 Shapley 值，%s）："),
                   number_at(shap, "rows"), unit_of(c, text_at(shap, "unit")));
    if (c->shape != HX_SHAPE_CSV && !put_line(c, line, true)) {
        json_decref(records);
        return false;
    }
    return PUT(c, records, columns);
}

static const char *figure_of(const json_t *p) {
    const char *name = text_at(p, "figure");
    return strcmp(name, "auc") == 0 ? "ROC-AUC" : strcmp(name, "r2") == 0 ? "R2" : name;
}

static bool put_permutation(hx_cli *c, const json_t *p) {
    static const hx_record_column columns[] = {{"column", "column", "列", HX_CELL_LEFT},
                                               {"mean", "loss", "变差", HX_CELL_RIGHT},
                                               {"sd", "±", "±", HX_CELL_RIGHT},
                                               {"bar", "", "", HX_CELL_LEFT}};
    const json_t *list = json_object_get(p, "columns");
    const double most = greatest(list, "mean");
    char line[TEXT_BYTES];
    json_t *records = json_array(), *one;
    size_t i;
    json_array_foreach(list, i, one) {
        const double v = number_at(one, "mean");
        if (i >= ROWS_SHOWN && c->shape != HX_SHAPE_CSV) break;
        json_array_append_new(records, json_pack("{s:O,s:o,s:o,s:o}", "column",
                                                 json_object_get(one, "column"), "mean",
                                                 digits(c, v, "%.4f", most), "sd",
                                                 digits(c, number_at(one, "sd"), "%.4f", 0), "bar",
                                                 bar(most > 0 ? v / most : 0)));
    }
    (void)snprintf(
        line, sizeof line,
        hx_cli_tr(c, "what the model needs (%s %.4f, worse by, where a column is shuffled):",
                  "模型依赖什么（%s 为 %.4f，打乱一列后变差）："),
        figure_of(p), number_at(p, "score"));
    if (c->shape != HX_SHAPE_CSV && !put_line(c, line, true)) {
        json_decref(records);
        return false;
    }
    return PUT(c, records, columns);
}

static json_t *interval_of(const json_t *one) {
    char text[TEXT_BYTES];
    const double low = number_at(one, "low"), high = number_at(one, "high");
    if (!isfinite(low) || !isfinite(high)) return json_null();
    (void)snprintf(text, sizeof text, "%.4g … %.4g", low, high);
    return json_string(text);
}

static bool put_coefficients(hx_cli *c, const json_t *list) {
    static const hx_record_column columns[] = {
        {"class", "class", "类别", HX_CELL_LEFT},
        {"feature", "feature", "特征", HX_CELL_LEFT},
        {"coefficient", "coefficient", "系数", HX_CELL_RIGHT},
        {"interval", "95 %", "95 %", HX_CELL_LEFT},
        {"p", "p", "p", HX_CELL_RIGHT}};
    json_t *records = json_array(), *one;
    size_t i;
    json_array_foreach(list, i, one) {
        if (i >= ROWS_SHOWN && c->shape != HX_SHAPE_CSV) break;
        json_t *r = json_object();
        if (json_object_get(one, "class") != NULL)
            json_object_set(r, "class", json_object_get(one, "class"));
        json_object_set(r, "feature", json_object_get(one, "feature"));
        json_object_set_new(r, "coefficient", digits(c, number_at(one, "coefficient"), "%.6g", 0));
        json_object_set_new(r, "interval", interval_of(one));
        json_object_set_new(r, "p", digits(c, number_at(one, "p"), "%.4g", 0));
        json_array_append_new(records, r);
    }
    if (c->shape != HX_SHAPE_CSV && !put_title(c, "coefficients:", "系数：")) {
        json_decref(records);
        return false;
    }
    return put_records(c, records, columns, sizeof columns / sizeof *columns);
}

/* ------------------------------------------------------------------ partial dependence */
static void add_partial(const hx_cli *c, const json_t *one, json_t *records) {
    const json_t *values = json_object_get(one, "values"), *means = json_object_get(one, "means");
    const size_t n = json_array_size(means);
    double low = INFINITY, high = -INFINITY;
    for (size_t k = 0; k < n; k++) {
        low = fmin(low, json_number_value(json_array_get(means, k)));
        high = fmax(high, json_number_value(json_array_get(means, k)));
    }
    const bool all = n <= STEPS_SHOWN || strcmp(text_at(one, "kind"), "number") != 0;
    const size_t shown = all ? n : STEPS_SHOWN;
    for (size_t k = 0; k < shown; k++) {
        const size_t i = all || c->shape == HX_SHAPE_CSV ? k : k * (n - 1) / (STEPS_SHOWN - 1);
        const double v = json_number_value(json_array_get(means, i));
        json_array_append_new(records, json_pack("{s:s,s:o,s:o,s:o}", "column",
                                                 k == 0 ? text_at(one, "column") : "", "value",
                                                 shown_value(c, json_array_get(values, i)), "mean",
                                                 digits(c, v, "%.4g", 0), "bar",
                                                 bar(high > low ? (v - low) / (high - low) : 0)));
    }
}

static bool put_partial(hx_cli *c, const json_t *list) {
    static const hx_record_column columns[] = {{"column", "column", "列", HX_CELL_LEFT},
                                               {"value", "value", "值", HX_CELL_RIGHT},
                                               {"mean", "mean answer", "平均回答", HX_CELL_RIGHT},
                                               {"bar", "", "", HX_CELL_LEFT}};
    json_t *records = json_array(), *one;
    size_t i;
    json_array_foreach(list, i, one) add_partial(c, one, records);
    if (c->shape != HX_SHAPE_CSV &&
        !put_title(c, "if every row had this value of a column:", "假设每一行的某列都取该值：")) {
        json_decref(records);
        return false;
    }
    return PUT(c, records, columns);
}

/* ------------------------------------------------------------------ the small tree */
static void put_question(const hx_cli *c, hx_outbuf *out, const json_t *node, bool left) {
    const json_t *below = json_object_get(node, "below"), *is = json_object_get(node, "is");
    hx_outbuf_visible(out, hx_str_of(text_at(node, "column")), 0);
    if (is != NULL) {
        hx_outbuf_text(out, left ? " != " : " = ");
        hx_outbuf_visible(out, hx_str_of(json_string_value(is)), 0);
        return;
    }
    if (below == NULL) {
        hx_outbuf_text(out, left ? hx_cli_tr(c, " is there", " 不缺失")
                                 : hx_cli_tr(c, " is missing", " 缺失"));
        return;
    }
    json_t *value = shown_value(c, below);
    hx_outbuf_printf(out, "%s%s", left ? " < " : " >= ", json_string_value(value));
    json_decref(value);
}

/* Nodes in the order of a walk, each a line behind the question that leads to it. */
static void put_nodes(const hx_cli *c, const json_t *nodes, hx_outbuf *out) {
    struct {
        size_t node, depth, parent;
        bool left;
    } stack[NODES_MAX + 2];
    size_t waits = 0, n = json_array_size(nodes);
    stack[waits].node = stack[waits].depth = stack[waits].parent = 0;
    stack[waits++].left = false;
    while (waits > 0 && n <= NODES_MAX) {
        const size_t i = stack[--waits].node, depth = stack[waits].depth;
        const json_t *node = json_array_get(nodes, i), *left = json_object_get(node, "left");
        hx_outbuf_fill(out, ' ', 2 * depth);
        if (depth > 0)
            put_question(c, out, json_array_get(nodes, stack[waits].parent), stack[waits].left);
        else
            hx_outbuf_text(out, hx_cli_tr(c, "all rows", "全部行"));
        hx_outbuf_printf(out, ": %.4g (%.0f %%)\n", number_at(node, "value"),
                         100 * number_at(node, "share"));
        if (left == NULL) continue;
        for (size_t k = 2; k-- > 0;) {
            stack[waits].node = (size_t)json_integer_value(left) + k;
            stack[waits].depth = depth + 1;
            stack[waits].parent = i;
            stack[waits++].left = k == 0;
        }
    }
}

static bool put_surrogate(hx_cli *c, const json_t *s) {
    char line[TEXT_BYTES], agreement[TEXT_BYTES] = "", r2[TEXT_BYTES] = "–";
    hx_outbuf out = {0};
    if (c->shape == HX_SHAPE_CSV) return true;
    if (isfinite(number_at(s, "agreement")))
        (void)snprintf(agreement, sizeof agreement,
                       hx_cli_tr(c, ", decides alike on %.1f %% of rows", "，判断一致 %.1f %%"),
                       100 * number_at(s, "agreement"));
    if (isfinite(number_at(s, "r2"))) (void)snprintf(r2, sizeof r2, "%.3f", number_at(s, "r2"));
    (void)snprintf(
        line, sizeof line,
        hx_cli_tr(c, "nearly the same as a small tree (R2 %s%s):", "近似的小树（R2 %s%s）："), r2,
        agreement);
    put_nodes(c, json_object_get(s, "nodes"), &out);
    const bool ok = put_line(c, line, true) && hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return ok;
}

/* ------------------------------------------------------------------ all of it */
static bool put_head(hx_cli *c, const json_t *e) {
    char line[2 * TEXT_BYTES];
    const char *class = text_at(e, "class");
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(c, "%s%s%s%s%s: %.0f rows, mean answer %.4g",
                             "%s%s%s%s%s：%.0f 行，平均回答 %.4g"),
                   text_at(e, "model"),
                   text_at(e, "target")[0] != '\0' ? hx_cli_tr(c, " of ", " 预测 ") : "",
                   text_at(e, "target"), class[0] != '\0' ? " = " : "", class, number_at(e, "rows"),
                   number_at(e, "mean"));
    return put_line(c, line, false);
}

typedef bool put_fn(hx_cli *c, const json_t *part);

static bool put_parts(hx_cli *c, const json_t *e) {
    static const struct {
        const char *key;
        put_fn *put;
    } parts[] = {{"counterfactual", put_counterfactual},
                 {"permutation", put_permutation},
                 {"partial", put_partial},
                 {"coefficients", put_coefficients},
                 {"surrogate", put_surrogate}};
    const json_t *shap = json_object_get(e, "shap");
    const bool one = json_object_get(shap, "contributions") != NULL;
    bool ok = shap == NULL || (one ? put_row(c, e, shap) : put_shap(c, shap));
    bool done = shap != NULL;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && ok; i++) {
        const json_t *part = json_object_get(e, parts[i].key);
        if (part == NULL || (c->shape == HX_SHAPE_CSV && done)) continue;
        ok = parts[i].put(c, part);
        done = true;
    }
    return ok;
}

static bool show(hx_cli *c, hx_str json) {
    json_t *e = hx_output_parse(c, json);
    bool ok = e != NULL;
    if (ok && c->shape == HX_SHAPE_JSON) {
        hx_outbuf out = {0};
        hx_output_json(&out, e);
        ok = hx_output_write(c, &out);
        hx_outbuf_release(&out);
    } else if (ok) {
        ok = (c->shape == HX_SHAPE_CSV || put_head(c, e)) && put_parts(c, e);
    }
    json_decref(e);
    return ok;
}

/* ------------------------------------------------------------------ the command */
static bool failed(job *j, hx_status status) {
    if (status != HX_OK) hx_cli_error(j->c, &j->err);
    return status != HX_OK;
}

static bool read_all(job *j) {
    hx_cli *c = j->c;
    const char *path = c->options.text[HX_OPT_MODEL];
    if (path == NULL) {
        hx_cli_usage(c, "say which model by --model MODEL.json, as learn fit --out kept it",
                     "请用 --model 模型.json 给出 learn fit --out 保存的模型");
        return false;
    }
    const hx_text_embedder *embedder = hx_cli_embedder(c);
    if (embedder == NULL || failed(j, hx_learner_load(&j->learner, path, &j->err))) return false;
    hx_learner_lend(j->learner, embedder);
    if (!hx_learn_read_for(c, j->learner, NULL, &j->table)) return false;
    return !hx_cli_has(&c->options, HX_OPT_BACKGROUND) ||
           hx_learn_read_for(c, j->learner, c->options.text[HX_OPT_BACKGROUND], &j->background);
}

static bool write_page(job *j, hx_str json) {
    hx_cli *c = j->c;
    char title[TEXT_BYTES];
    hx_str html = {0};
    if (!hx_cli_has(&c->options, HX_OPT_REPORT)) return true;
    (void)snprintf(title, sizeof title,
                   hx_cli_tr(c, "Why the model says so: %s", "模型为何如此回答：%s"),
                   hx_learner_target(j->learner));
    if (failed(j, hx_explain_html(json, hx_str_of(title), c->ui, c->arena, &html, &j->err)))
        return false;
    return hx_table_io_write_text(c, html, c->options.text[HX_OPT_REPORT]);
}

static bool explain(job *j, hx_str *json) {
    const hx_cli_values *v = &j->c->options;
    const hx_explain_options o = {.methods = v->text[HX_OPT_EXPLAIN_METHOD],
                                  .class_name = v->text[HX_OPT_CLASS],
                                  .row = (size_t)v->number[HX_OPT_ROW],
                                  .top = (size_t)v->number[HX_OPT_EXPLAIN_TOP],
                                  .want = v->text[HX_OPT_WANT],
                                  .fixed = v->text[HX_OPT_FIXED],
                                  .background = j->background,
                                  .seed = (uint64_t)v->number[HX_OPT_SEED],
                                  .n_threads = hx_table_io_threads(j->c),
                                  .cancel = &j->c->cancel};
    return !failed(j, hx_learner_explain(j->learner, j->table, &o, j->c->arena, json, &j->err));
}

int hx_cmd_learn_explain(hx_cli *c) {
    job j = {.c = c, .err.ui = c->ui};
    hx_str json = {0};
    const bool ok = read_all(&j) && explain(&j, &json) && write_page(&j, json) && show(c, json);
    hx_learner_free(j.learner);
    hx_table_free(j.table);
    hx_table_free(j.background);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
