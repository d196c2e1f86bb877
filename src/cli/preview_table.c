/* preview_table.c - a dry run for eyes: what was understood of a file, its columns, first rows, and what would be rejected. */
#include "cli/shown.h"

#include <string.h>

#include "cli/grid.h"

#define CELL_WIDTH 24
#define ROWS_SHOWN 5

static const char *text_at(const json_t *object, const char *key) {
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static void put_head(hx_cli *c, const json_t *p, hx_outbuf *out) {
    const char *delimiter = text_at(p, "delimiter"), *compression = text_at(p, "compression");
    hx_outbuf_visible(out, hx_str_of(text_at(p, "file")), 0);
    hx_outbuf_printf(out, ": %s, %s", text_at(p, "format"), text_at(p, "encoding"));
    if (*compression) hx_outbuf_printf(out, ", %s", compression);
    if (*delimiter)
        hx_outbuf_printf(out, hx_cli_tr(c, ", delimiter %s", "，分隔符 %s"),
                         *delimiter == '\t' ? "TAB" : delimiter);
    hx_outbuf_text(out, "\n\n");
}

static void put_columns(hx_cli *c, const json_t *p, hx_outbuf *out) {
    static const hx_record_column columns[] = {
        {"name", "column", "列", HX_CELL_LEFT},
        {"role", "role", "含义", HX_CELL_LEFT},
        {"type", "type", "类型", HX_CELL_LEFT},
        {"date_order", "date order", "日期顺序", HX_CELL_LEFT}};
    (void)hx_output_table(c, json_object_get(p, "columns"), columns,
                          sizeof columns / sizeof *columns, 0, out);
}

/* A date order that no value decided is worth a line: 5/3/26 may be either. */
static void put_guesses(hx_cli *c, const json_t *p, hx_outbuf *out) {
    size_t i;
    json_t *column;
    json_array_foreach(json_object_get(p, "columns"), i, column) {
        if (!json_is_true(json_object_get(column, "date_order_guessed"))) continue;
        hx_outbuf_byte(out, '\n');
        hx_outbuf_visible(out, hx_str_of(text_at(column, "name")), 0);
        hx_outbuf_printf(
            out,
            hx_cli_tr(
                c,
                ": no value decides the date order; %s is assumed, --date-order says otherwise\n",
                "：没有值能确定日期顺序；按 %s 处理，可用 --date-order 指定\n"),
            text_at(column, "date_order"));
    }
}

static void put_rows(hx_cli *c, const json_t *p, hx_outbuf *out) {
    const json_t *columns = json_object_get(p, "columns"), *rows = json_object_get(p, "rows");
    size_t n = json_array_size(columns), i;
    json_t *column;
    hx_grid g;
    if (n == 0 || !hx_grid_init(&g, n)) return;
    g.cell_max = CELL_WIDTH;
    hx_outbuf_printf(out, "\n%s\n", hx_cli_tr(c, "first rows", "前几行"));
    json_array_foreach(columns, i, column) hx_grid_text(&g, text_at(column, "name"));
    for (size_t row = 0; row < json_array_size(rows) && row < ROWS_SHOWN; row++)
        for (size_t k = 0; k < n; k++) {
            const char *s = json_string_value(json_array_get(json_array_get(rows, row), k));
            hx_grid_text(&g, s ? s : "");
        }
    hx_grid_print(&g, out);
    hx_grid_release(&g);
}

static void put_rejects(hx_cli *c, const json_t *p, hx_outbuf *out) {
    static const hx_record_column columns[] = {{"row", "row", "行", HX_CELL_RIGHT},
                                               {"column", "column", "列", HX_CELL_LEFT},
                                               {"reason", "reason", "原因", HX_CELL_LEFT}};
    long long sampled = (long long)json_integer_value(json_object_get(p, "sampled"));
    long long rejected = (long long)json_integer_value(json_object_get(p, "rejected"));
    hx_outbuf_printf(out,
                     hx_cli_tr(c, "\nof the first %lld rows %lld would be rejected\n",
                               "\n前 %lld 行中有 %lld 行会被拒绝\n"),
                     sampled, rejected);
    if (rejected > 0)
        (void)hx_output_table(c, json_object_get(p, "reasons"), columns,
                              sizeof columns / sizeof *columns, 0, out);
}

void hx_shown_preview(hx_cli *c, const json_t *preview, hx_outbuf *out) {
    put_head(c, preview, out);
    put_columns(c, preview, out);
    put_guesses(c, preview, out);
    put_rows(c, preview, out);
    put_rejects(c, preview, out);
}
