/* cmd_table_select.c - table select: rankings of the columns side by side, rules of the business, the columns that are chosen.
 *
 *     file -> (--split: the first part alone) -> hx_table_select -> a row a column on standard output, --save recipe, --report page
 *
 * On a terminal the rankings stand in blocks that fit 100 columns, with --wide side by side, as in a pipe.
 *
 * Rows that are held out only judge the choice. Columns whose names look like protected attributes are named in a note; nothing is done about them unless
 * --must-not or --rules says so. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/table_io.h"

#define RULES_BYTES_MAX ((size_t)4 << 20)
#define PATH_BYTES 64
#define NAMES_BYTES 400
#define NARROW 100 /* columns of a screen that a table fits */
#define NAME_WIDE 24 /* of the names in it */
#define RANK_WIDE 4 /* of a rank: 12.5 */
#define GAP 2

typedef struct {
    hx_cli *c;
    hx_error err;
    hx_table *all, *train, *test; /* train = NULL: all of it */
    hx_selection selection;
} job;

static bool failed(job *j, hx_status status) {
    if (status != HX_OK) hx_cli_error(j->c, &j->err);
    return status != HX_OK;
}

/* ------------------------------------------------------------------ rows */
static bool pick_rows(job *j, const unsigned char *part, bool test, hx_table **out) {
    const size_t n = hx_table_rows(j->all);
    size_t kept = 0, *rows = hx_arena_alloc(j->c->arena, (n + 1) * sizeof *rows);
    if (rows == NULL) return hx_cli_fail(j->c, "out of memory", "内存不足") == HX_EXIT_DONE;
    for (size_t i = 0; i < n; i++)
        if (test ? part[i] > 0 : part[i] == 0) rows[kept++] = i;
    if (test && kept == 0) return true;
    return !failed(j, hx_table_pick(out, j->all, rows, kept, &j->err));
}

static bool is_there(const hx_table *t, size_t column, size_t row) {
    double x;
    uint32_t code;
    if (hx_table_column_at(t, column)->kind == HX_KIND_TEXT) {
        hx_table_codes(t, column, row, 1, &code);
        return code != HX_CODE_MISSING;
    }
    hx_table_numbers(t, column, row, 1, &x);
    return !isnan(x);
}

/* Rows without the target rank nothing. */
static bool drop_rows(job *j) {
    const char *target = j->c->options.text[HX_OPT_LEARN_TARGET];
    const size_t n = hx_table_rows(j->all);
    const size_t column =
        target != NULL ? hx_table_find(j->all, hx_str_of(target)) : HX_COLUMN_NONE;
    size_t kept = 0, *rows = hx_arena_alloc(j->c->arena, (n + 1) * sizeof *rows);
    hx_table *some = NULL;
    if (rows == NULL) return hx_cli_fail(j->c, "out of memory", "内存不足") == HX_EXIT_DONE;
    for (size_t i = 0; i < n && column != HX_COLUMN_NONE; i++)
        if (is_there(j->all, column, i)) rows[kept++] = i;
    if (column == HX_COLUMN_NONE || kept == n) return true;
    if (kept == 0)
        return hx_cli_fail(j->c, "the target '%s' has no value in any row", "目标列“%s”没有任何值",
                           target) == HX_EXIT_DONE;
    hx_cli_note(j->c, "rows without a value of '%s' are left out: %zu of %zu",
                "没有“%s”值的行未使用：%zu 行，共 %zu 行", target, n - kept, n);
    if (failed(j, hx_table_pick(&some, j->all, rows, kept, &j->err))) return false;
    hx_table_free(j->all);
    j->all = some;
    return true;
}

static bool split_rows(job *j) {
    const hx_cli_values *v = &j->c->options;
    unsigned char *part = NULL;
    hx_split_options o = {.stratify = v->text[HX_OPT_STRATIFY],
                          .group = v->text[HX_OPT_GROUP],
                          .time = v->text[HX_OPT_TIME],
                          .seed = (uint64_t)v->number[HX_OPT_SEED]};
    if (!hx_cli_has(v, HX_OPT_SPLIT)) return true;
    if (!hx_table_io_shares(v->text[HX_OPT_SPLIT], o.shares)) {
        hx_cli_usage(j->c, "--split takes two or three shares: 80,20 or 70,15,15",
                     "--split 须为两个或三个比例：80,20 或 70,15,15");
        return false;
    }
    if (failed(j, hx_table_split(j->all, &o, j->c->arena, &part, &j->err))) return false;
    return pick_rows(j, part, false, &j->train) && pick_rows(j, part, true, &j->test);
}

/* ------------------------------------------------------------------ choosing */
static void tell(void *context, const hx_learn_progress *p) {
    hx_progress_tick(context, p->epoch, p->n_epochs);
}

static bool choose(job *j) {
    hx_cli *c = j->c;
    const hx_cli_values *v = &c->options;
    hx_progress_clock clock;
    hx_select_options o = {.target = v->text[HX_OPT_LEARN_TARGET],
                           .task = (hx_learn_task)v->number[HX_OPT_LEARN_TASK],
                           .use = v->text[HX_OPT_USE],
                           .drop = v->text[HX_OPT_DROP],
                           .methods = v->text[HX_OPT_SELECT_METHODS],
                           .by = v->text[HX_OPT_SELECT_BY],
                           .top = (size_t)v->number[HX_OPT_SELECT_TOP],
                           .limit = v->text[HX_OPT_SELECT_LIMIT],
                           .must_keep = v->text[HX_OPT_MUST_KEEP],
                           .must_not = v->text[HX_OPT_MUST_NOT],
                           .test = j->test,
                           .seed = (uint64_t)v->number[HX_OPT_SEED],
                           .n_threads = hx_table_io_threads(c),
                           .cancel = &c->cancel};
    const char *rules = v->text[HX_OPT_RULES];
    if (rules != NULL && !hx_cli_read_file(c, rules, RULES_BYTES_MAX, &o.rules)) return false;
    hx_progress_begin(&clock, c, hx_cli_tr(c, "rankings", "排名"));
    if (c->talks) {
        o.progress = tell;
        o.context = &clock;
    }
    const hx_status status =
        hx_table_select(j->train != NULL ? j->train : j->all, &o, c->arena, &j->selection, &j->err);
    hx_progress_clear(c);
    return !failed(j, status);
}

/* ------------------------------------------------------------------ a row a column */
static json_t *number_of(double v) {
    if (isnan(v)) return json_null();
    return isinf(v) ? json_string("inf") : json_real(v);
}

static json_t *record_of(const job *j, const hx_selected_column *column) {
    const hx_ui_lang ui = j->c->ui;
    json_t *o = json_object(), *ranks = json_object(), *values = json_object();
    json_object_set_new(o, "column", json_string(column->name));
    json_object_set_new(
        o, "kept",
        j->c->shape == HX_SHAPE_TABLE
            ? json_string(column->kept ? hx_cli_tr(j->c, "yes", "是") : hx_cli_tr(j->c, "no", "否"))
            : json_boolean(column->kept));
    json_object_set_new(o, "mean_rank",
                        number_of(j->c->shape == HX_SHAPE_TABLE ? round(column->mean_rank * 10) / 10
                                                                : column->mean_rank));
    for (hx_select_method m = 0; m < HX_SELECT_METHODS; m++) {
        const char *name = hx_select_method_name(m);
        if (!j->selection.has[m]) continue;
        json_object_set_new(ranks, name, number_of(round(column->rank[m] * 10) / 10));
        json_object_set_new(values, name, number_of(column->value[m]));
    }
    json_object_set_new(o, "ranks", ranks);
    json_object_set_new(o, "values", values);
    if (!isnan(column->p[HX_SELECT_CHI2]) || !isnan(column->p[HX_SELECT_ANOVA]))
        json_object_set_new(o, "p",
                            json_pack("{s:o,s:o}", "chi2", number_of(column->p[HX_SELECT_CHI2]),
                                      "anova", number_of(column->p[HX_SELECT_ANOVA])));
    if (column->looks_protected != NULL)
        json_object_set_new(o, "looks_protected", json_string(column->looks_protected[ui]));
    json_object_set_new(o, "reason", json_string(column->reason[ui]));
    return o;
}

/* Ranks in tables, in CSV values too. */
static size_t put_methods(const job *j, hx_record_column *columns, size_t n,
                          char paths[][PATH_BYTES], bool values) {
    for (hx_select_method m = 0; m < HX_SELECT_METHODS; m++) {
        char *path = paths[m + (values ? HX_SELECT_METHODS : 0)];
        if (!j->selection.has[m]) continue;
        (void)snprintf(path, PATH_BYTES, values ? "values.%s" : "ranks.%s",
                       hx_select_method_name(m));
        columns[n++] =
            (hx_record_column){path, values ? NULL : hx_select_method_title(m, HX_UI_EN),
                               values ? NULL : hx_select_method_title(m, HX_UI_ZH), HX_CELL_RIGHT};
    }
    return n;
}

static json_t *records_of(const job *j) {
    json_t *records = json_array();
    for (size_t i = 0; i < j->selection.n; i++)
        json_array_append_new(records, record_of(j, &j->selection.columns[i]));
    return records;
}

static const hx_record_column name_column = {"column", "column", "列", HX_CELL_LEFT},
                              kept_column = {"kept", "kept", "保留", HX_CELL_LEFT},
                              mean_column = {"mean_rank", "mean", "平均", HX_CELL_RIGHT},
                              why_column = {"reason", "why", "理由", HX_CELL_LEFT};

static bool write_wide(job *j, const json_t *records) {
    hx_record_column columns[2 * HX_SELECT_METHODS + 4] = {name_column, kept_column, mean_column};
    char paths[2 * HX_SELECT_METHODS][PATH_BYTES];
    size_t n = put_methods(j, columns, 3, paths, false);
    n = put_methods(j, columns, n, paths, true);
    columns[n++] = why_column;
    return hx_output_records(j->c, records, columns, n);
}

/* ---- for a terminal: blocks of NARROW columns of the screen, one below the other */
/* Columns of the screen that the names take, at most NAME_WIDE. */
static size_t name_width(const job *j) {
    size_t most = strlen("column");
    for (size_t i = 0; i < j->selection.n; i++) {
        const size_t n = strlen(j->selection.columns[i].name);
        most = n > most ? n : most;
    }
    return most < NAME_WIDE ? most : NAME_WIDE;
}

static bool write_block(job *j, const json_t *records, const hx_record_column *columns, size_t n) {
    hx_outbuf out = {0};
    const bool ok = hx_output_table(j->c, records, columns, n, NAME_WIDE, &out);
    hx_outbuf_byte(&out, '\n');
    const bool written = ok && hx_output_write(j->c, &out);
    hx_outbuf_release(&out);
    return written;
}

/* First what was chosen and why, then the rankings under the names that --method and --by take. */
static bool write_narrow(job *j, json_t *records) {
    const hx_record_column answer[] = {name_column, kept_column, mean_column, why_column};
    hx_record_column columns[HX_SELECT_METHODS + 1] = {name_column};
    char paths[HX_SELECT_METHODS][PATH_BYTES];
    const size_t first = name_width(j);
    size_t n = 1, width = first;
    if (hx_cli_has(&j->c->options, HX_OPT_HEAD))
        while (json_array_size(records) > (size_t)j->c->options.number[HX_OPT_HEAD])
            json_array_remove(records, json_array_size(records) - 1);
    bool ok = write_block(j, records, answer, sizeof answer / sizeof *answer);
    for (hx_select_method m = 0; m < HX_SELECT_METHODS && ok; m++) {
        const char *name = hx_select_method_name(m);
        const size_t own = GAP + (strlen(name) > RANK_WIDE ? strlen(name) : RANK_WIDE);
        if (!j->selection.has[m]) continue;
        if (width + own > NARROW) {
            ok = write_block(j, records, columns, n);
            n = 1;
            width = first;
        }
        (void)snprintf(paths[m], PATH_BYTES, "ranks.%s", name);
        columns[n++] = (hx_record_column){paths[m], name, name, HX_CELL_RIGHT};
        width += own;
    }
    return n > 1 && ok ? write_block(j, records, columns, n) : ok;
}

static bool write_columns(job *j) {
    const hx_cli *c = j->c;
    const bool narrow = c->shape == HX_SHAPE_TABLE && c->out == stdout && isatty(STDOUT_FILENO) &&
                        !hx_cli_has(&c->options, HX_OPT_WIDE);
    json_t *records = records_of(j);
    const bool ok = narrow ? write_narrow(j, records) : write_wide(j, records);
    json_decref(records);
    return ok;
}

/* ------------------------------------------------------------------ notes */
static void say_protected(const job *j) {
    const hx_selection *s = &j->selection;
    char names[NAMES_BYTES] = "";
    size_t len = 0;
    for (size_t i = 0; i < s->n && len < sizeof names - 1; i++) {
        const hx_selected_column *c = &s->columns[i];
        if (c->looks_protected == NULL || c->ruled_out) continue;
        (void)snprintf(names + len, sizeof names - len, "%s%s (%s)", len > 0 ? ", " : "", c->name,
                       c->looks_protected[j->c->ui]);
        len = strlen(names);
    }
    if (len == 0) return;
    hx_cli_note(
        j->c,
        "columns that look like protected attributes are used like any other: %s; --must-not "
        "or --rules leaves them out, --propose writes such rules",
        "疑似受保护属性的列未作特殊处理：%s；可用 --must-not 或 --rules 排除，--propose "
        "写出规则草案",
        names);
}

static void say_summary(const job *j) {
    const hx_selection *s = &j->selection;
    hx_cli_note(j->c, "columns: %zu, chosen: %zu, learnt from %zu rows",
                "共 %zu 列，选出 %zu 列，由 %zu 行得出", s->n, s->n_kept, s->rows);
    for (size_t i = 0; i < s->n_notes; i++)
        hx_cli_say(j->c, s->notes[i][j->c->ui]);
    if (s->figure != NULL)
        hx_cli_note(j->c,
                    "on the %zu rows held out a forest has %s %.4f with all columns that may be "
                    "used, %.4f with the chosen ones",
                    "在留出的 %zu 行上，随机森林用全部可用列时 %s 为 %.4f，用所选列时为 %.4f",
                    hx_table_rows(j->test), s->figure, s->all, s->chosen);
    say_protected(j);
}

/* ------------------------------------------------------------------ files */
static bool save_recipe(job *j) {
    const char *path = j->c->options.text[HX_OPT_SAVE];
    hx_str json;
    if (path == NULL) return true;
    if (failed(j, hx_selection_recipe(&j->selection, j->c->ui, j->c->arena, &json, &j->err)))
        return false;
    return hx_table_io_write_text(j->c, json, path);
}

static bool write_report(job *j) {
    const char *path = j->c->options.text[HX_OPT_REPORT];
    char title[NAMES_BYTES];
    hx_str html;
    if (path == NULL) return true;
    (void)snprintf(title, sizeof title, hx_cli_tr(j->c, "Columns for %s", "用于 %s 的列"),
                   j->selection.target);
    if (failed(j, hx_selection_html(&j->selection, hx_str_of(title), j->c->ui, j->c->arena, &html,
                                    &j->err)))
        return false;
    return hx_table_io_write_text(j->c, html, path);
}

/* True where that was all that was asked for. */
static bool propose(job *j, bool *ok) {
    const char *path = j->c->options.text[HX_OPT_PROPOSE];
    hx_str json;
    *ok = true;
    if (path == NULL) return false;
    *ok = !failed(j, hx_select_rules_propose(j->all, j->c->ui, j->c->arena, &json, &j->err)) &&
          hx_table_io_write_text(j->c, json, path);
    return !hx_cli_has(&j->c->options, HX_OPT_LEARN_TARGET);
}

int hx_cmd_table_select(hx_cli *c) {
    job j = {.c = c, .err.ui = c->ui};
    hx_cli_catch_interrupts(c);
    bool ok = hx_table_io_read(c, hx_table_io_input(c), NULL, &j.all);
    if (ok && !propose(&j, &ok) && ok) {
        ok = drop_rows(&j) && split_rows(&j) && choose(&j);
        if (ok) say_summary(&j);
        ok = ok && save_recipe(&j) && write_report(&j) && write_columns(&j);
    }
    hx_table_free(j.all);
    hx_table_free(j.train);
    hx_table_free(j.test);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
