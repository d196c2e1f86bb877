/* cmd_table.c - table group: SELECT keys, aggregates FROM file GROUP BY keys.
 *
 * Rows of a file go by in a stream where the aggregates allow it; in JSON an aggregate is a number where it is one (exact decimals as they stand), keys
 * are strings. Else the file is read as a table, whose columns have kinds: there keys are of their kinds, too. */
#include "cli/commands.h"
#include "cli/grid.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define FLUSH_BYTES ((size_t)1 << 20)
#define TABLE_ROWS 10000 /* laid out together */

static size_t count_keys(const char *by) {
    size_t n = 1;
    bool quoted = false;
    for (; *by; by++) {
        if (*by == '"') quoted = !quoted;
        n += *by == ',' && !quoted;
    }
    return n;
}

/* As JSON has numbers: no plus, no leading zeros, digits on both sides of a point. */
static bool is_json_number(hx_str s) {
    size_t i = s.len > 0 && s.ptr[0] == '-', first = i;
    while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
        i++;
    if (i == first || i > 30 || (i > first + 1 && s.ptr[first] == '0')) return false;
    if (i == s.len) return true;
    if (s.ptr[i++] != '.') return false;
    first = i;
    while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
        i++;
    return i == s.len && i > first;
}

static void put_json_row(const hx_group_table *t, size_t row, size_t keys, hx_outbuf *out) {
    for (size_t k = 0; k < hx_group_table_columns(t); k++) {
        hx_str cell = hx_group_table_cell(t, row, k);
        hx_outbuf_byte(out, k ? ',' : '{');
        hx_outbuf_json(out, hx_str_of(hx_group_table_column_name(t, k)));
        hx_outbuf_byte(out, ':');
        if (k >= keys && is_json_number(cell))
            hx_outbuf_bytes(out, cell.ptr, cell.len);
        else if (k >= keys && cell.len == 0)
            hx_outbuf_text(out, "null");
        else
            hx_outbuf_json(out, cell);
    }
    hx_outbuf_text(out, "}\n");
}

static void put_csv_row(const hx_group_table *t, size_t row, hx_outbuf *out) {
    for (size_t k = 0; k < hx_group_table_columns(t); k++) {
        if (k > 0) hx_outbuf_byte(out, ',');
        hx_outbuf_csv(out, hx_group_table_cell(t, row, k));
    }
    hx_outbuf_byte(out, '\n');
}

static bool write_table(hx_cli *c, const hx_group_table *t, size_t keys, size_t n_rows) {
    hx_grid g;
    hx_outbuf out = {0};
    size_t n = hx_group_table_columns(t);
    if (!hx_grid_init(&g, n)) return false;
    for (size_t k = 0; k < n; k++) {
        g.align[k] = k < keys ? HX_GRID_LEFT : HX_GRID_RIGHT;
        hx_grid_text(&g, hx_group_table_column_name(t, k));
    }
    bool ok = true;
    for (size_t i = 0; i < n_rows && ok; i++) {
        for (size_t k = 0; k < n; k++)
            hx_grid_cell(&g, hx_group_table_cell(t, i, k));
        if ((i + 1) % TABLE_ROWS != 0) continue;
        hx_grid_print(&g, &out);
        ok = hx_output_write(c, &out);
    }
    hx_grid_print(&g, &out);
    ok = hx_output_write(c, &out) && ok;
    hx_grid_release(&g);
    hx_outbuf_release(&out);
    return ok;
}

static bool write_rows(hx_cli *c, const hx_group_table *t, size_t keys, size_t n_rows) {
    hx_outbuf out = {0};
    bool ok = true;
    for (size_t k = 0; k < hx_group_table_columns(t) && c->shape == HX_SHAPE_CSV; k++) {
        if (k > 0) hx_outbuf_byte(&out, ',');
        hx_outbuf_csv(&out, hx_str_of(hx_group_table_column_name(t, k)));
    }
    if (c->shape == HX_SHAPE_CSV) hx_outbuf_byte(&out, '\n');
    for (size_t i = 0; i < n_rows && ok; i++) {
        if (c->shape == HX_SHAPE_CSV)
            put_csv_row(t, i, &out);
        else
            put_json_row(t, i, keys, &out);
        if (out.len >= FLUSH_BYTES) ok = hx_output_write(c, &out);
    }
    ok = hx_output_write(c, &out) && ok;
    hx_outbuf_release(&out);
    return ok;
}

/* What narrows the rows, says what cells mean, or needs all values of a group works on a table in memory, as the customers of a store are. */
static bool needs_table(const hx_cli *c, const hx_group_options *o) {
    static const unsigned short of_tables[] = {HX_OPT_STORE, HX_OPT_WHERE, HX_OPT_MISSING,
                                               HX_OPT_AS_TEXT, HX_OPT_TIMEZONE};
    for (size_t i = 0; i < sizeof of_tables / sizeof *of_tables; i++)
        if (c->options.text[of_tables[i]] != NULL) return true;
    return !hx_group_is_streamed(o->aggregates);
}

static int group_table(hx_cli *c, const hx_group_options *o) {
    hx_error err = {.ui = c->ui};
    hx_table *t = NULL, *groups = NULL;
    if (!hx_table_io_read(c, hx_table_io_input(c), NULL, &t)) return HX_EXIT_FAILED;
    const hx_status st = hx_table_group(&groups, t, o->by, o->aggregates, o->n_threads, &err);
    int status = HX_EXIT_DONE;
    if (st != HX_OK)
        status = hx_cli_error(c, &err);
    else if (!hx_table_io_write(c, groups))
        status = HX_EXIT_FAILED;
    hx_table_free(groups);
    hx_table_free(t);
    return status;
}

int hx_cmd_table_group(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    hx_group_options o = {.by = v->text[HX_OPT_BY],
                          .aggregates = hx_cli_has(v, HX_OPT_AGG) ? v->text[HX_OPT_AGG] : "count",
                          .n_threads = (size_t)v->number[HX_OPT_THREADS]};
    hx_group_table *t = NULL;
    hx_error err = {.ui = c->ui};
    if (!o.by)
        return hx_cli_usage(c, "table group needs --by COLUMN", "table group 需要 --by 列名");
    if (needs_table(c, &o)) return group_table(c, &o);
    if (!hx_cli_reader_options(c, &o.reader)) return HX_EXIT_FAILED;
    hx_status st = hx_group_file(&t, c->n_args > 0 ? c->args[0] : "-", &o, &err);
    if (st != HX_OK) return hx_cli_error(c, &err);
    size_t rows = hx_group_table_rows(t), keys = count_keys(o.by);
    if (hx_cli_has(v, HX_OPT_HEAD) && (size_t)v->number[HX_OPT_HEAD] < rows)
        rows = (size_t)v->number[HX_OPT_HEAD];
    bool ok =
        c->shape == HX_SHAPE_TABLE ? write_table(c, t, keys, rows) : write_rows(c, t, keys, rows);
    hx_group_table_free(t);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
