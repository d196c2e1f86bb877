/* cmd_table_check.c - table check: a file against a file of rules, and --propose: rules to start from.
 *
 * A row a rule. The exit status is 1 where a rule of severity error is broken, so that a script stops; warnings and notes are shown only.
 *
 * Rows are counted from 1 behind the header, as in all messages. Files that rules name are looked for beside the file of rules. */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define RULES_BYTES_MAX ((size_t)16 << 20)

static const char *severity_word(const hx_cli *c, hx_severity severity) {
    static const char *const zh[] = {"提示", "警告", "错误"};
    return c->shape == HX_SHAPE_TABLE ? hx_cli_tr(c, hx_severity_name(severity), zh[severity])
                                      : hx_severity_name(severity);
}

static void add_text(json_t *r, const char *key, hx_str s) {
    if (s.len > 0) json_object_set_new(r, key, json_stringn(s.ptr, s.len));
}

/* "3: -5, 9: 200" for eyes. */
static json_t *examples_text(const hx_check_result *r) {
    hx_outbuf b = {0};
    for (size_t i = 0; i < r->n_examples; i++) {
        hx_outbuf_printf(&b, "%s%zu", i > 0 ? ", " : "", r->examples[i].row + 1);
        if (r->examples[i].value.len == 0) continue;
        hx_outbuf_text(&b, ": ");
        hx_outbuf_bytes(&b, r->examples[i].value.ptr, r->examples[i].value.len);
    }
    json_t *out = json_stringn(b.ptr != NULL ? b.ptr : "", b.len);
    hx_outbuf_release(&b);
    return out;
}

static json_t *examples_list(const hx_check_result *r) {
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_examples; i++) {
        json_t *one = json_object();
        json_object_set_new(one, "row", json_integer((json_int_t)r->examples[i].row + 1));
        add_text(one, "value", r->examples[i].value);
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *record_of(const hx_cli *c, const hx_check_result *r) {
    json_t *o = json_object();
    const bool eyes = c->shape == HX_SHAPE_TABLE;
    const char *verdict =
        r->broken ? hx_cli_tr(c, "broken", "不符合") : hx_cli_tr(c, "holds", "符合");
    json_object_set_new(o, "rule", json_string(r->rule));
    add_text(o, "columns", r->columns);
    json_object_set_new(o, "severity", json_string(severity_word(c, r->severity)));
    json_object_set_new(o, "verdict", json_string(eyes ? verdict : r->broken ? "broken" : "holds"));
    add_text(o, "expected", r->expected);
    if (r->rows > 0 || r->found.len == 0) {
        json_object_set_new(o, "count", json_integer((json_int_t)r->count));
        json_object_set_new(o, "share",
                            json_real(r->rows > 0 ? (double)r->count / (double)r->rows : 0));
    }
    add_text(o, "found", r->found);
    if (r->n_examples > 0)
        json_object_set_new(o, "examples",
                            c->shape == HX_SHAPE_JSON ? examples_list(r) : examples_text(r));
    return o;
}

static bool write_results(hx_cli *c, const hx_check_result *results, size_t n) {
    static const hx_record_column columns[] = {
        {"rule", "rule", "规则", HX_CELL_LEFT},
        {"columns", "columns", "列", HX_CELL_LEFT},
        {"severity", "severity", "级别", HX_CELL_LEFT},
        {"verdict", "verdict", "结论", HX_CELL_LEFT},
        {"expected", "expected", "要求", HX_CELL_LEFT},
        {"count", "rows", "不符合的行", HX_CELL_RIGHT},
        {"share", "share", "比例", HX_CELL_PERCENT},
        {"found", "found", "实际", HX_CELL_LEFT},
        {"examples", "rows: values", "行: 值", HX_CELL_LEFT},
    };
    json_t *records = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(records, record_of(c, &results[i]));
    const bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

static bool write_page(hx_cli *c, const hx_check_result *results, size_t n) {
    hx_str html;
    hx_error err = {.ui = c->ui};
    const char *path = hx_table_io_input(c), *name = strrchr(path, '/');
    const hx_str title = hx_str_of(name != NULL ? name + 1 : path);
    if (hx_check_html(results, n, title, c->ui, c->arena, &html, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    return hx_table_io_write_text(c, html, c->options.text[HX_OPT_HTML]);
}

static int propose(hx_cli *c, const hx_table *t) {
    hx_str json;
    hx_error err = {.ui = c->ui};
    if (hx_rules_propose(t, c->arena, &json, &err) != HX_OK) return hx_cli_error(c, &err);
    const char *path = c->options.text[HX_OPT_PROPOSE];
    if (!hx_table_io_write_text(c, json, path)) return HX_EXIT_FAILED;
    hx_cli_note(c, "rules that hold for these rows are in %s; read them before they judge others",
                "适用于这些行的规则已写入 %s；用于其他数据前请先审阅", path);
    return HX_EXIT_DONE;
}

/* Files that rules name are beside the file of rules. */
static const char *folder_of(hx_cli *c, const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? hx_arena_str(c->arena, (hx_str){path, (size_t)(slash - path)}).ptr
                         : NULL;
}

static int check(hx_cli *c, const hx_table *t) {
    const char *path = c->options.text[HX_OPT_RULES], *as_of = c->options.text[HX_OPT_AS_OF];
    hx_check_options o = {.as_of_ms = hx_cli_now(),
                          .folder = folder_of(c, path),
                          .n_threads = hx_table_io_threads(c),
                          .ui = c->ui};
    hx_check_result *results = NULL;
    hx_error err = {.ui = c->ui};
    hx_str rules;
    size_t n = 0;
    if (as_of != NULL && strcmp(as_of, "now") != 0 &&
        hx_parse_time(hx_str_of(as_of), HX_DATE_ORDER_YMD, false, NULL, &o.as_of_ms, &err) != HX_OK)
        return hx_cli_error(c, &err);
    if (!hx_cli_read_file(c, path, RULES_BYTES_MAX, &rules)) return HX_EXIT_FAILED;
    if (hx_table_check(t, rules, &o, c->arena, &results, &n, &err) != HX_OK)
        return hx_cli_error(c, &err);
    if (!write_results(c, results, n) ||
        (hx_cli_has(&c->options, HX_OPT_HTML) && !write_page(c, results, n)))
        return HX_EXIT_FAILED;
    for (size_t i = 0; i < n; i++)
        if (results[i].broken && results[i].severity == HX_SEVERITY_ERROR) return HX_EXIT_FAILED;
    return HX_EXIT_DONE;
}

int hx_cmd_table_check(hx_cli *c) {
    hx_table *t = NULL;
    const bool proposes = hx_cli_has(&c->options, HX_OPT_PROPOSE);
    if (proposes == hx_cli_has(&c->options, HX_OPT_RULES))
        return hx_cli_usage(c, "table check needs --rules FILE, or --propose FILE to write one",
                            "table check 需要 --rules 文件，或用 --propose 文件 生成一份");
    hx_cli_catch_interrupts(c);
    if (!hx_table_io_read(c, hx_table_io_input(c), NULL, &t)) return HX_EXIT_FAILED;
    const int status = proposes ? propose(c, t) : check(c, t);
    hx_table_free(t);
    return status;
}
