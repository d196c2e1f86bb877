/* cmd_table_dedupe.c - table dedupe and table repair: rows that are the same thing, values that are spelt in several ways.
 *
 * Both may write what they would do as a CSV first: dedupe its groups (--mapping), repair its replacements (--propose), which somebody reads,
 * edits and gives back with --mapping.
 *
 * Repair is a step of recipes, so --save, --recipe and --fit-on work as with other steps. */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"
#include "cli/table_recipe.h"

static bool no_memory(const hx_cli *c) {
    hx_cli_fail(c, "out of memory", "内存不足");
    return false;
}

static bool failed(const hx_cli *c, hx_status status, const hx_error *err) {
    if (status != HX_OK) hx_cli_error(c, err);
    return status != HX_OK;
}

/* ------------------------------------------------------------------ groups of rows */
static void put_group_row(hx_outbuf *b, const hx_table *t, const hx_duplicates *d, size_t row) {
    char room[64];
    hx_outbuf_printf(b, "%u,%zu,%zu,%s,%.4g", (unsigned)d->group[row], row + 1,
                     d->survivor[row] + 1, d->survivor[row] == row ? "keep" : "remove",
                     d->similarity[row]);
    for (size_t c = 0; c < hx_table_columns(t); c++) {
        hx_outbuf_byte(b, ',');
        hx_outbuf_csv(b, hx_table_cell(t, row, c, room));
    }
    hx_outbuf_byte(b, '\n');
}

/* Rows by group: starts (n_groups + 1) of runs in `order`. */
static size_t *rows_by_group(hx_cli *c, const hx_table *t, const hx_duplicates *d, size_t *n) {
    const size_t rows = hx_table_rows(t);
    size_t *ends = hx_arena_alloc(c->arena, (d->n_groups + 2) * sizeof *ends);
    size_t *order = hx_arena_alloc(c->arena, (rows + 1) * sizeof *order);
    if (ends == NULL || order == NULL) return NULL;
    for (size_t i = 0; i < rows; i++)
        ends[d->group[i] + 1] += d->group[i] > 0;
    for (size_t g = 1; g <= d->n_groups; g++)
        ends[g + 1] += ends[g];
    *n = ends[d->n_groups + 1];
    for (size_t i = 0; i < rows; i++)
        if (d->group[i] > 0) order[ends[d->group[i]]++] = i;
    return order;
}

static bool write_groups(hx_cli *c, const hx_table *t, const hx_duplicates *d, const char *path) {
    hx_outbuf b = {0};
    size_t n = 0;
    const size_t *order = rows_by_group(c, t, d, &n);
    if (order == NULL) return no_memory(c);
    hx_outbuf_text(&b, "group,row,survivor,action,similarity");
    for (size_t k = 0; k < hx_table_columns(t); k++) {
        hx_outbuf_byte(&b, ',');
        hx_outbuf_csv(&b, hx_table_column_at(t, k)->name);
    }
    hx_outbuf_byte(&b, '\n');
    for (size_t i = 0; i < n; i++)
        put_group_row(&b, t, d, order[i]);
    const bool ok = b.failed ? no_memory(c) : hx_table_io_write_text(c, hx_outbuf_str(&b), path);
    hx_outbuf_release(&b);
    return ok;
}

static bool keep_survivors(hx_cli *c, hx_table *t, const hx_duplicates *d) {
    const size_t rows = hx_table_rows(t);
    size_t *list = hx_arena_alloc(c->arena, (rows + 1) * sizeof *list), n = 0;
    hx_error err = {.ui = c->ui};
    if (list == NULL) return no_memory(c);
    for (size_t i = 0; i < rows; i++)
        if (d->survivor[i] == i) list[n++] = i;
    hx_cli_note(c, "duplicate rows removed: %zu of %zu, in %zu groups",
                "去掉重复行 %zu 行（共 %zu 行，%zu 组）", d->n_surplus, rows, d->n_groups);
    return !failed(c, hx_table_keep(t, list, n, &err), &err);
}

int hx_cmd_table_dedupe(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    const hx_duplicate_options o = {
        .keys = v->text[HX_OPT_KEYS], .near = v->real[HX_OPT_NEAR], .keep = v->text[HX_OPT_KEEP]};
    hx_duplicates d;
    hx_table *t = NULL;
    hx_error err = {.ui = c->ui};
    hx_cli_catch_interrupts(c);
    if (!hx_table_io_read(c, hx_table_io_input(c), NULL, &t)) return HX_EXIT_FAILED;
    const char *mapping = v->text[HX_OPT_MAPPING];
    const bool ok = !failed(c, hx_table_duplicates(t, &o, c->arena, &d, &err), &err) &&
                    (mapping == NULL || write_groups(c, t, &d, mapping)) &&
                    keep_survivors(c, t, &d) && hx_table_io_write(c, t);
    hx_table_free(t);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ values */
static int propose_repairs(hx_cli *c) {
    hx_outbuf b = {0};
    hx_table *t = NULL;
    hx_repair *r = NULL;
    size_t n = 0;
    hx_error err = {.ui = c->ui};
    const char *columns = c->options.text[HX_OPT_COLUMNS];
    if (!hx_table_io_read(c, hx_table_io_input(c), NULL, &t)) return HX_EXIT_FAILED;
    bool ok = !failed(c, hx_table_propose_repairs(t, columns, c->arena, &r, &n, &err), &err);
    hx_outbuf_text(&b, "column,from,to,from_rows,to_rows,reason,similarity\n");
    for (size_t i = 0; ok && i < n; i++) {
        hx_outbuf_csv(&b, r[i].column);
        hx_outbuf_byte(&b, ',');
        hx_outbuf_csv(&b, r[i].from);
        hx_outbuf_byte(&b, ',');
        hx_outbuf_csv(&b, r[i].to);
        hx_outbuf_printf(&b, ",%zu,%zu,%s,%.4g\n", r[i].from_rows, r[i].to_rows, r[i].reason,
                         r[i].similarity);
    }
    if (ok && b.failed) ok = no_memory(c);
    ok = ok && hx_table_io_write_text(c, hx_outbuf_str(&b), c->options.text[HX_OPT_PROPOSE]);
    if (ok)
        hx_cli_note(c,
                    "values that may be misspelt: %zu; read the file, then give it with --mapping",
                    "可能写错的值：%zu 个；请核对该文件，再用 --mapping 应用", n);
    hx_outbuf_release(&b);
    hx_table_free(t);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static json_t *cell_json(const hx_table *t, size_t row, size_t column) {
    char room[64];
    const hx_str s = hx_table_cell(t, row, column, room);
    return json_stringn(s.ptr != NULL ? s.ptr : "", s.len);
}

/* The file with the columns column, from, to as the member "mapping". */
static bool read_mapping(hx_cli *c, const char *path, json_t *step) {
    static const char *const names[] = {"column", "from", "to"};
    hx_error err = {.ui = c->ui};
    const hx_table_options o = {.columns = "column,from,to", .texts = "column,from,to"};
    hx_table *t = NULL;
    json_t *list = json_array();
    if (failed(c, hx_table_read(&t, path, &o, &err), &err)) {
        json_decref(list);
        return false;
    }
    for (size_t i = 0; i < hx_table_rows(t); i++) {
        json_t *pair = json_object();
        for (size_t k = 0; k < 3; k++)
            json_object_set_new(pair, names[k],
                                cell_json(t, i, hx_table_find(t, hx_str_of(names[k]))));
        json_array_append_new(list, pair);
    }
    hx_table_free(t);
    json_object_set_new(step, "mapping", list);
    return true;
}

int hx_cmd_table_repair(hx_cli *c) {
    const char *mapping = c->options.text[HX_OPT_MAPPING];
    hx_cli_catch_interrupts(c);
    if (hx_cli_has(&c->options, HX_OPT_PROPOSE)) {
        if (mapping == NULL) return propose_repairs(c);
        return hx_cli_usage(c,
                            "--propose writes a mapping and --mapping applies one: one of the two",
                            "--propose 生成映射，--mapping 应用映射：二者选一");
    }
    json_t *step = json_object();
    json_object_set_new(step, "step", json_string("repair"));
    hx_step_set_text(step, "columns", c, HX_OPT_COLUMNS);
    int status = HX_EXIT_FAILED;
    if (mapping == NULL || read_mapping(c, mapping, step)) status = hx_table_recipe_run(c, step);
    json_decref(step);
    return status;
}
