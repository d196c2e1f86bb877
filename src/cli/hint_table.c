/* hint_table.c - what commands that reckon with columns say of those that were read as text and may be meant as numbers or times:
 *
 *     loans.csv: amount is read as text because of 1 of its 17879 values, which are no numbers: 17'; if they mean ...: --missing "17'"
 *     amount holds amounts as texts (1.2万); numbers of them: huaxiang table convert ...
 *
 * Only of the columns that --columns names, where it does; not of those that --drop leaves out or --as-text or a model has as text. Amounts are not spoken of where
 * a recipe may make numbers of them. */
#include <string.h>

#include "cli/commands.h"
#include "cli/outbuf.h"
#include "cli/table_io.h"

#define HINTS_MAX 5

static bool reckons(const hx_cli *c) {
    static const char *const names[] = {
        "table describe", "table features", "table impute",  "table interpolate",
        "table outliers", "table scale",    "table select",  "table monitor",
        "table check",    "learn fit",      "learn tune",    "learn cross-validate",
        "learn ensemble", "learn cluster",  "learn survival"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (c->command != NULL && strcmp(c->command->name, names[i]) == 0) return true;
    return false;
}

/* A list, as the options take it, names the column; a list that is wrong names none. */
static bool is_listed(const hx_cli *c, const hx_table *t, const char *list, size_t column) {
    size_t *columns = NULL, n = 0;
    if (hx_table_find_list(t, list, c->arena, &columns, &n, NULL) != HX_OK) return false;
    for (size_t i = 0; i < n; i++)
        if (columns[i] == column) return true;
    return false;
}

static bool is_wanted(const hx_cli *c, const hx_table *t, hx_table_kinds_asked kinds,
                      size_t column) {
    const char *columns = c->options.text[HX_OPT_COLUMNS];
    const char *texts = c->options.text[HX_OPT_AS_TEXT];
    const hx_str name = hx_table_column_at(t, column)->name;
    for (size_t i = 0; i < kinds.n; i++)
        if (kinds.list[i].kind == HX_KIND_TEXT && hx_str_equal(kinds.list[i].name, name))
            return false;
    const char *drop = c->options.text[HX_OPT_DROP];
    return (columns == NULL || is_listed(c, t, columns, column)) &&
           (texts == NULL || !is_listed(c, t, texts, column)) &&
           (drop == NULL || !is_listed(c, t, drop, column));
}

static void put_examples(hx_outbuf *out, const hx_mistyped *m) {
    for (size_t i = 0; i < m->n_examples; i++) {
        if (i > 0) hx_outbuf_byte(out, ',');
        hx_outbuf_bytes(out, m->examples[i].ptr, m->examples[i].len);
    }
}

/* Whether the list can stand in quotes of a shell and be taken apart again, and in which. */
static bool can_quote(hx_str list, size_t n, char *quote) {
    size_t commas = 0;
    *quote = '\'';
    for (size_t i = 0; i < list.len; i++) {
        const char s = list.ptr[i];
        commas += s == ',';
        if (s == '\'') *quote = '"';
        if (s == '"' || s == '`' || s == '$' || s == '\\' || (unsigned char)s < ' ') return false;
    }
    return commas + 1 == n;
}

/* How to go on. */
static void put_advice(const hx_cli *c, hx_outbuf *out, hx_str name, hx_str list,
                       const hx_mistyped *m) {
    char quote;
    const bool few = m->odd_values <= m->n_examples && can_quote(list, m->n_examples, &quote);
    if (few) {
        hx_outbuf_text(out, hx_cli_tr(c, "if they mean that there is no value: --missing ",
                                      "若它们表示缺失：--missing "));
        hx_outbuf_byte(out, quote);
        hx_outbuf_bytes(out, list.ptr, list.len);
        hx_outbuf_byte(out, quote);
    } else if (m->meant == HX_KIND_TIME) {
        hx_outbuf_text(out, hx_cli_tr(c, "name those that mean no value in --missing",
                                      "其中表示缺失的可用 --missing 列出"));
    }
    if (m->meant == HX_KIND_TIME) return;
    if (few) hx_outbuf_text(out, hx_cli_tr(c, "; or ", "；或"));
    hx_outbuf_text(out,
                   hx_cli_tr(c, "keep the numbers alone: huaxiang table convert FILE --columns ",
                             "只保留数值：huaxiang table convert 文件 --columns "));
    hx_outbuf_bytes(out, name.ptr, name.len);
    hx_outbuf_text(out, " --from 1 --to 1");
}

static void hint_odd(const hx_cli *c, const char *path, hx_str name, const hx_mistyped *m) {
    hx_outbuf list = {0}, advice = {0};
    put_examples(&list, m);
    put_advice(c, &advice, name, hx_outbuf_str(&list), m);
    hx_cli_note(c,
                "%s: %.*s is read as text because of %zu of its %zu values, which are no %s: "
                "%.*s%s; %.*s",
                "%s：列 %.*s 因 %zu 个值（共 %zu 个）不是%s而按文本读取：%.*s%s；%.*s", path,
                (int)name.len, name.ptr, m->odd, m->cells,
                m->meant == HX_KIND_TIME ? hx_cli_tr(c, "times", "时间")
                                         : hx_cli_tr(c, "numbers", "数值"),
                (int)list.len, list.ptr, m->odd_values > m->n_examples ? ", ..." : "",
                (int)advice.len, advice.ptr);
    hx_outbuf_release(&list);
    hx_outbuf_release(&advice);
}

static void hint_amounts(const hx_cli *c, hx_str name, hx_str example) {
    hx_cli_note(c,
                "%.*s holds amounts as texts (%.*s); numbers of them: huaxiang table convert "
                "FILE --columns %.*s --from 1 --to 1",
                "列 %.*s 以文本写金额（%.*s）；变为数值：huaxiang table convert 文件 --columns "
                "%.*s --from 1 --to 1",
                (int)name.len, name.ptr, (int)example.len, example.ptr, (int)name.len, name.ptr);
}

void hx_table_hint(const hx_cli *c, const char *path, const hx_table *t,
                   hx_table_kinds_asked kinds) {
    size_t n = 0;
    hx_mistyped m;
    if (c->quiet || !reckons(c)) return;
    for (size_t i = 0; i < hx_table_columns(t); i++) {
        const hx_str name = hx_table_column_at(t, i)->name;
        if (!is_wanted(c, t, kinds, i) || !hx_table_mistyped(t, i, &m)) continue;
        if (m.amounts && c->options.text[HX_OPT_RECIPE] != NULL) continue;
        if (++n > HINTS_MAX) continue;
        if (m.amounts)
            hint_amounts(c, name, m.examples[0]);
        else
            hint_odd(c, path, name, &m);
    }
    if (n > HINTS_MAX)
        hx_cli_note(c, "%s: further columns like these: %zu", "%s：另有类似的列 %zu 个", path,
                    n - HINTS_MAX);
}
