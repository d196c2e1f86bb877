/* cmd_table_monitor.c - table monitor: the profile of this run kept, and compared with an earlier one.
 *
 *     file -> series of its name -> hx_table_monitor -> a row a column, --html page
 *
 * The exit status is 1 where anything alarms, so that cron sends its mail; the first run has nothing to compare with, prints
 * no rows and is fine. The file is read as the kinds that the run compared with had: a mark that comes or goes (?) is a missing value, not
 * another kind of column. */
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define ALPHA 0.001
#define ALARM_KINDS 7

static void add_figure(json_t *o, const char *key, double v) {
    if (isfinite(v)) json_object_set_new(o, key, json_real(v));
}

static json_t *alarms_of(const hx_cli *c, unsigned alarms) {
    static const char *const en[ALARM_KINDS] = {"psi",        "js",   "ks",  "missing",
                                                "new_values", "gone", "kind"};
    static const char *const zh[ALARM_KINDS] = {"PSI",  "JS",     "KS",  "缺失",
                                                "新值", "列消失", "类型"};
    json_t *list = json_array();
    for (unsigned i = 0; i < ALARM_KINDS; i++)
        if ((alarms >> i & 1) != 0)
            json_array_append_new(
                list, json_string(c->shape == HX_SHAPE_TABLE ? hx_cli_tr(c, en[i], zh[i]) : en[i]));
    return list;
}

static json_t *record_of(const hx_cli *c, const hx_monitor_column *k) {
    const hx_drift *d = &k->drift;
    json_t *o = json_object();
    const char *verdict = k->alarms   ? hx_cli_tr(c, "alarm", "告警")
                          : k->is_new ? hx_cli_tr(c, "new", "新列")
                                      : hx_cli_tr(c, "as before", "无变化");
    if (c->shape != HX_SHAPE_TABLE) verdict = k->alarms ? "alarm" : k->is_new ? "new" : "as before";
    json_object_set_new(o, "column", json_stringn(k->column.ptr, k->column.len));
    json_object_set_new(o, "verdict", json_string(verdict));
    if (k->alarms) json_object_set_new(o, "alarms", alarms_of(c, k->alarms));
    add_figure(o, "psi", d->psi);
    add_figure(o, "psi_limit", k->psi_limit);
    add_figure(o, "js", d->js);
    add_figure(o, "js_limit", k->js_limit);
    add_figure(o, "ks", d->ks);
    add_figure(o, "ks_limit", k->ks_limit);
    add_figure(o, "ks_p", d->ks_p);
    add_figure(o, "missing_before", d->missing_before);
    add_figure(o, "missing", d->missing_now);
    if (d->knows_new) {
        json_object_set_new(o, "new_values", json_integer((json_int_t)d->new_values));
        json_object_set_new(o, "new_rows", json_integer((json_int_t)d->new_rows));
    }
    if (d->new_values > 0)
        json_object_set_new(o, "new_value", json_stringn(d->new_value.ptr, d->new_value.len));
    return o;
}

static bool write_columns(hx_cli *c, const hx_monitor_report *r) {
    static const hx_record_column columns[] = {
        {"column", "column", "列", HX_CELL_LEFT},
        {"verdict", "verdict", "结论", HX_CELL_LEFT},
        {"alarms", "alarms", "告警", HX_CELL_LEFT},
        {"psi", "PSI", "PSI", HX_CELL_RIGHT},
        {"psi_limit", "limit", "限值", HX_CELL_RIGHT},
        {"js", "JS", "JS", HX_CELL_RIGHT},
        {"js_limit", NULL, NULL, HX_CELL_RIGHT},
        {"ks", "KS", "KS", HX_CELL_RIGHT},
        {"ks_limit", NULL, NULL, HX_CELL_RIGHT},
        {"ks_p", "p", "p", HX_CELL_RIGHT},
        {"missing_before", "missing before", "此前缺失", HX_CELL_PERCENT},
        {"missing", "missing", "缺失", HX_CELL_PERCENT},
        {"new_values", "new values", "新值", HX_CELL_RIGHT},
        {"new_rows", "rows", "行", HX_CELL_RIGHT},
        {"new_value", "for example", "例如", HX_CELL_LEFT},
    };
    json_t *records = json_array();
    for (size_t i = 0; i < r->n; i++)
        json_array_append_new(records, record_of(c, &r->columns[i]));
    const bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

static bool write_page(hx_cli *c, const hx_monitor_report *r, const char *name) {
    hx_str html;
    hx_error err = {.ui = c->ui};
    if (hx_monitor_html(r, hx_str_of(name), c->ui, c->arena, &html, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    return hx_table_io_write_text(c, html, c->options.text[HX_OPT_HTML]);
}

static void say_run(const hx_cli *c, const hx_monitor_report *r, const char *series) {
    if (r->baseline == 0) {
        hx_cli_note(c, "series %s: run %lld is kept; there is nothing to compare it with yet",
                    "序列 %s：已保存第 %lld 次运行；尚无可比较的档案", series, (long long)r->run);
        return;
    }
    hx_cli_note(c, "series %s: run %lld is kept and compared with run %lld; alarms: %zu",
                "序列 %s：已保存第 %lld 次运行，与第 %lld 次比较；告警 %zu 个", series,
                (long long)r->run, (long long)r->baseline, r->n_alarms);
    if (r->rows_alarm)
        hx_cli_note(c, "alarm: rows now: %zu, before: %zu", "告警：现有 %zu 行，此前 %zu 行",
                    r->rows, r->baseline_rows);
}

/* Where the date or number at the end of a name begins: behind a sign (orders-2026-11-01, part_3) or of six digits or more (orders20261101). */
static size_t without_number(const char *name, size_t n) {
    for (;;) {
        size_t digits = n;
        while (digits > 0 && strchr("0123456789TZ", name[digits - 1]) != NULL)
            digits--;
        while (digits < n && (name[digits] == 'T' || name[digits] == 'Z'))
            digits++;
        size_t end = digits;
        while (end > 0 && strchr("-_ ", name[end - 1]) != NULL)
            end--;
        if (digits == n || (end == digits && end > 0 && n - digits < 6)) return n;
        n = end;
    }
}

/* The series: --name, else the file's name up to its first dot without a date or number behind it, so that the files of each day are one series;
 * with - for what can't be in one. */
static const char *series_of(hx_cli *c) {
    const char *given = c->options.text[HX_OPT_NAME], *path = hx_table_io_input(c);
    if (given != NULL) return given;
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    size_t n = without_number(name, strcspn(name, "."));
    char *out = hx_arena_alloc(c->arena, n + 2);
    if (out == NULL) return "table";
    for (size_t i = 0; i < n; i++)
        out[i] = strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", name[i])
                     ? name[i]
                     : '-';
    out[n] = '\0';
    return n > 0 ? out : "table";
}

int hx_cmd_table_monitor(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    hx_monitor_options o = {.folder = v->text[HX_OPT_PROFILE_STORE],
                            .name = series_of(c),
                            .baseline = v->text[HX_OPT_BASELINE],
                            .alpha = hx_cli_has(v, HX_OPT_ALPHA) ? v->real[HX_OPT_ALPHA] : ALPHA,
                            .now_ms = hx_cli_now(),
                            .n_threads = hx_table_io_threads(c)};
    hx_monitor_report r;
    hx_table *t = NULL;
    hx_error err = {.ui = c->ui};
    if (o.folder == NULL)
        return hx_cli_usage(c, "table monitor needs --profile-store FOLDER",
                            "table monitor 需要 --profile-store 文件夹");
    hx_cli_catch_interrupts(c);
    hx_table_kinds_asked kinds = {NULL, 0};
    hx_column_kind *before = NULL;
    if (hx_monitor_kinds(&o, c->arena, &before, &kinds.n, &err) != HX_OK)
        return hx_cli_error(c, &err);
    kinds.list = before;
    if (!hx_table_io_read_as(c, hx_table_io_input(c), kinds, &t)) return HX_EXIT_FAILED;
    const hx_status status = hx_table_monitor(t, &o, c->arena, &r, &err);
    hx_table_free(t);
    if (status != HX_OK) return hx_cli_error(c, &err);
    say_run(c, &r, o.name);
    if ((r.baseline > 0 && !write_columns(c, &r)) ||
        (hx_cli_has(v, HX_OPT_HTML) && !write_page(c, &r, o.name)))
        return HX_EXIT_FAILED;
    return r.n_alarms > 0 ? HX_EXIT_FAILED : HX_EXIT_DONE;
}
