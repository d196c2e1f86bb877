/* table_io.c - tables in and out; see table_io.h.
 *
 * A condition may name columns that are not asked for: then all are read and the others are dropped behind it. With --store the customers of a
 * store take the place of the file, as of --as-of where the command has it.
 *
 * Rows go straight from the library to the stream; a failed write is found by ferror() or fclose() and said once, by whoever opened it. */
#include "cli/table_io.h"

#include <errno.h>
#include <string.h>

#include "cli/grid.h"
#include "cli/output.h"
#include "cli/progress.h"

#define GRID_ROWS 10000 /* laid out together */
#define CELL_ROOM 64

size_t hx_table_io_threads(const hx_cli *c) {
    return (size_t)c->options.number[HX_OPT_THREADS];
}

const char *hx_table_io_input(const hx_cli *c) {
    const char *store = c->options.text[HX_OPT_STORE];
    if (c->n_args > 0) return c->args[0];
    return store != NULL ? store : "-";
}

/* ------------------------------------------------------------------ in */
static void note_bad_rows(const hx_cli *c, const char *path, const hx_table *t) {
    const size_t n = hx_table_bad_rows(t);
    if (n == 0) return;
    hx_cli_note(c, "%s: rows that can't be read are left out: %zu; the first: %s",
                "%s：无法读取的行已略过，共 %zu 行；首个：%s", path, n, hx_table_first_bad(t));
}

static hx_status keep_columns(hx_cli *c, hx_table *t, const char *columns, hx_error *err) {
    size_t *kept = NULL, n = 0;
    hx_status status = hx_table_find_list(t, columns, c->arena, &kept, &n, err);
    for (size_t i = hx_table_columns(t); status == HX_OK && i-- > 0;) {
        bool found = false;
        for (size_t k = 0; k < n; k++)
            found |= kept[k] == i;
        if (!found) hx_table_remove(t, i);
    }
    return status;
}

/* --where, then the columns that are asked for; frees the table where one fails. */
static hx_status narrow(hx_cli *c, const char *columns, hx_table **t, hx_error *err) {
    const char *where = c->options.text[HX_OPT_WHERE];
    hx_status status = where != NULL ? hx_table_where(*t, where, err) : HX_OK;
    if (status == HX_OK && columns != NULL) status = keep_columns(c, *t, columns, err);
    if (status != HX_OK) {
        hx_table_free(*t);
        *t = NULL;
    }
    return status;
}

static hx_status read_table(hx_cli *c, const char *path, const char *columns,
                            hx_table_options *options, hx_table **out, hx_error *err) {
    const bool all = c->options.text[HX_OPT_WHERE] != NULL;
    options->columns = all ? NULL : columns;
    const hx_status status = hx_table_read(out, path, options, err);
    return status == HX_OK && all ? narrow(c, columns, out, err) : status;
}

static bool read_store(hx_cli *c, const char *columns, hx_table **out) {
    hx_answer_options o;
    hx_error err = {.ui = c->ui};
    int exit_status = 0;
    if (!hx_cli_answer_options(c, &o)) return false;
    hx_store *store = hx_cli_store(c, HX_STORE_READ, &exit_status);
    if (store == NULL) return false;
    hx_status status = hx_profiles_table(out, store, o.as_of, &err);
    hx_store_close(store);
    if (status == HX_OK) status = narrow(c, columns, out, &err);
    if (status != HX_OK) hx_cli_error(c, &err);
    return status == HX_OK;
}

/* Cells that are no value of the kind that was learnt from. */
static void note_odd(const hx_cli *c, const char *path, const hx_table *t) {
    static const char *const en[] = {"numbers", "times", "true or false", "texts"};
    static const char *const zh[] = {"数值", "时间", "真假值", "文本"};
    for (size_t i = 0; i < hx_table_odd(t); i++) {
        const hx_odd_cells *o = hx_table_odd_at(t, i);
        hx_cli_note(c,
                    "%s: %.*s held %s before; cells that are none are taken as missing: %zu (the "
                    "first: %.*s)",
                    "%s：列 %.*s 此前为%s；不是的单元格按缺失处理：%zu 个（首个：%.*s）", path,
                    (int)o->column.len, o->column.ptr, hx_cli_tr(c, en[o->kind], zh[o->kind]),
                    o->cells, (int)o->first.len, o->first.ptr);
    }
}

static bool read_file(hx_cli *c, const char *path, const char *columns, hx_table_kinds_asked kinds,
                      hx_table **out) {
    const hx_cli_values *v = &c->options;
    hx_progress_clock clock;
    hx_time_zone *zone = NULL;
    hx_error err = {.ui = c->ui};
    hx_table_options options = {.missing = v->text[HX_OPT_MISSING],
                                .texts = v->text[HX_OPT_AS_TEXT],
                                .kinds = kinds.list,
                                .n_kinds = kinds.n,
                                .n_threads = hx_table_io_threads(c),
                                .cancel = &c->cancel};
    if (!hx_cli_reader_options(c, &options.reader)) return false;
    if (v->text[HX_OPT_TIMEZONE] != NULL &&
        hx_time_zone_open(&zone, v->text[HX_OPT_TIMEZONE], &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    options.zone = zone;
    hx_progress_begin(&clock, c, path);
    if (c->talks) {
        options.progress = hx_progress_tick;
        options.context = &clock;
    }
    const hx_status status = read_table(c, path, columns, &options, out, &err);
    hx_progress_clear(c);
    hx_time_zone_close(zone);
    if (status != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    note_bad_rows(c, path, *out);
    note_odd(c, path, *out);
    hx_table_hint(c, path, *out, kinds);
    return true;
}

static bool read_any(hx_cli *c, const char *path, const char *columns, hx_table_kinds_asked kinds,
                     hx_table **out) {
    const char *store = c->options.text[HX_OPT_STORE];
    *out = NULL;
    if (store != NULL && path == store) return read_store(c, columns, out);
    if (store != NULL && c->n_args > 0 && path == c->args[0]) {
        hx_cli_usage(c, "FILE or --store, not both", "文件与 --store 只能给出一个");
        return false;
    }
    return read_file(c, path, columns, kinds, out);
}

bool hx_table_io_read(hx_cli *c, const char *path, const char *columns, hx_table **out) {
    return read_any(c, path, columns, (hx_table_kinds_asked){NULL, 0}, out);
}

bool hx_table_io_read_as(hx_cli *c, const char *path, hx_table_kinds_asked kinds, hx_table **out) {
    return read_any(c, path, NULL, kinds, out);
}

/* ------------------------------------------------------------------ out */
static hx_status put_bytes(void *context, const char *bytes, size_t n, hx_error *err) {
    (void)err;
    return fwrite(bytes, 1, n, context) == n ? HX_OK : HX_EIO;
}

static bool write_grid(hx_cli *c, const hx_table *t, size_t n_rows) {
    hx_grid g;
    hx_outbuf out = {0};
    char room[CELL_ROOM];
    const size_t n = hx_table_columns(t);
    if (n == 0 || !hx_grid_init(&g, n)) return n == 0;
    for (size_t k = 0; k < n; k++) {
        const hx_table_column *column = hx_table_column_at(t, k);
        g.align[k] = column->kind == HX_KIND_NUMBER ? HX_GRID_RIGHT : HX_GRID_LEFT;
        hx_grid_cell(&g, column->name);
    }
    bool ok = true;
    for (size_t i = 0; i < n_rows && ok; i++) {
        for (size_t k = 0; k < n; k++)
            hx_grid_cell(&g, hx_table_cell(t, i, k, room));
        if ((i + 1) % GRID_ROWS != 0) continue;
        hx_grid_print(&g, &out);
        ok = hx_output_write(c, &out);
    }
    hx_grid_print(&g, &out);
    ok = hx_output_write(c, &out) && ok;
    hx_grid_release(&g);
    hx_outbuf_release(&out);
    return ok;
}

bool hx_table_io_write(hx_cli *c, const hx_table *t) {
    size_t n = hx_table_rows(t);
    if (hx_cli_has(&c->options, HX_OPT_HEAD) && (size_t)c->options.number[HX_OPT_HEAD] < n)
        n = (size_t)c->options.number[HX_OPT_HEAD];
    if (c->shape == HX_SHAPE_TABLE) return write_grid(c, t, n);
    hx_error err = {.ui = c->ui};
    const hx_format format = c->shape == HX_SHAPE_CSV ? HX_FORMAT_CSV : HX_FORMAT_JSONL;
    const hx_status status =
        hx_table_write(t, format, 0, n, hx_table_io_threads(c), put_bytes, c->out, &err);
    if (status != HX_OK && status != HX_EIO) hx_cli_error(c, &err);
    return status == HX_OK;
}

static int cant_write(const hx_cli *c, const char *path) {
    return hx_cli_fail(c, "%s: can't be written: %s", "%s：无法写入：%s", path, strerror(errno));
}

static bool close_file(const hx_cli *c, FILE *f, const char *path, bool ok) {
    ok = fflush(f) == 0 && ferror(f) == 0 && ok;
    if (!ok) cant_write(c, path);
    if (fclose(f) != 0 && ok) ok = cant_write(c, path) == HX_EXIT_DONE;
    return ok;
}

static FILE *open_file(const hx_cli *c, const char *path) {
    if (!hx_output_may_replace(c, path)) return NULL;
    FILE *f = fopen(path, "wb");
    if (f == NULL) cant_write(c, path);
    return f;
}

static bool ends_with(const char *s, const char *tail) {
    const size_t n = strlen(s), k = strlen(tail);
    return n >= k && strcmp(s + n - k, tail) == 0;
}

bool hx_table_io_write_file(hx_cli *c, const hx_table *t, const char *path) {
    FILE *f = open_file(c, path);
    if (f == NULL) return false;
    hx_error err = {.ui = c->ui};
    const bool json = ends_with(path, ".jsonl") || ends_with(path, ".json");
    const hx_status status =
        hx_table_write(t, json ? HX_FORMAT_JSONL : HX_FORMAT_CSV, 0, hx_table_rows(t),
                       hx_table_io_threads(c), put_bytes, f, &err);
    if (status != HX_OK && status != HX_EIO) {
        (void)fclose(f);
        hx_cli_error(c, &err);
        return false;
    }
    return close_file(c, f, path, status == HX_OK);
}

bool hx_table_io_write_text(hx_cli *c, hx_str text, const char *path) {
    FILE *f = open_file(c, path);
    if (f == NULL) return false;
    return close_file(c, f, path, fwrite(text.ptr, 1, text.len, f) == text.len);
}
