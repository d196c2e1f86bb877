/* cmd_table_describe.c - table describe: what each column of a file holds, a row a column of it.
 *
 * Figures as pandas' describe(include="all") has them; in a table the last column is a small histogram: of numbers and times over twenty
 * equal steps from the smallest to the largest value, of texts the commonest values. Times are ISO 8601. An infinite figure is the text
 * "inf" or "-inf" in JSON, which has no such number; one that is not defined is left out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define BAR_BYTES 3 /* of a block in UTF-8 */
#define INFINITE_ROOM 40
#define ISO_ROOM 64

static json_t *number_or_text(double v) {
    if (v != v) return json_null();
    return isfinite(v) ? json_real(v) : json_string(v > 0 ? "inf" : "-inf");
}

/* A figure in the column's own terms: a time is a time. */
static json_t *figure(const hx_table *t, size_t column, double v) {
    if (hx_table_column_at(t, column)->kind != HX_KIND_TIME || !isfinite(v))
        return number_or_text(v);
    hx_table *one = NULL;
    char room[ISO_ROOM];
    json_t *out = NULL;
    if (hx_table_new(&one, 1, NULL) == HX_OK &&
        hx_table_put_numbers(one, HX_STR_LIT("t"), HX_KIND_TIME, &v, -1, NULL) == HX_OK) {
        const hx_str s = hx_table_cell(one, 0, 0, room);
        out = json_stringn(s.ptr, s.len);
    }
    hx_table_free(one);
    return out != NULL ? out : json_null();
}

/* For eyes in the language asked for. */
static const char *kind_word(const hx_cli *c, hx_kind kind) {
    static const char *const zh[] = {"数值", "时间", "真假值", "文本"};
    return c->shape == HX_SHAPE_TABLE ? hx_cli_tr(c, hx_kind_name(kind), zh[kind])
                                      : hx_kind_name(kind);
}

static json_t *bars(const hx_description *d) {
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    char text[sizeof d->bins / sizeof *d->bins * BAR_BYTES + INFINITE_ROOM] = "";
    size_t most = 0;
    for (size_t i = 0; i < d->n_bins; i++)
        if (d->bins[i] > most) most = d->bins[i];
    for (size_t i = 0; i < d->n_bins; i++) {
        size_t level = d->bins[i] == 0 ? 0 : (d->bins[i] * 7 + most - 1) / most;
        memcpy(text + i * BAR_BYTES, d->bins[i] == 0 ? "   " : blocks[level], BAR_BYTES);
        if (d->bins[i] == 0) memcpy(text + i * BAR_BYTES, "\xe2\x80\x87", BAR_BYTES);
    }
    text[d->n_bins * BAR_BYTES] = '\0';
    if (d->infinite > 0)
        (void)snprintf(text + d->n_bins * BAR_BYTES, INFINITE_ROOM, "%s±∞: %zu",
                       d->n_bins > 0 ? " " : "", d->infinite);
    return json_string(text);
}

static json_t *record_of(const hx_cli *c, const hx_table *t, size_t column,
                         const hx_description *d) {
    const hx_table_column *about = hx_table_column_at(t, column);
    json_t *r = json_object(), *bins = json_array();
    json_object_set_new(r, "column", json_stringn(about->name.ptr, about->name.len));
    json_object_set_new(r, "kind", json_string(kind_word(c, about->kind)));
    json_object_set_new(r, "count", json_integer((json_int_t)d->count));
    json_object_set_new(r, "missing", json_integer((json_int_t)d->missing));
    json_object_set_new(r, "unique", json_integer((json_int_t)d->unique));
    if (d->infinite > 0) json_object_set_new(r, "infinite", json_integer((json_int_t)d->infinite));
    if (d->freq > 0) {
        json_object_set_new(r, "top", json_stringn(d->top.ptr, d->top.len));
        json_object_set_new(r, "freq", json_integer((json_int_t)d->freq));
    }
    const struct {
        const char *key;
        double v;
    } figures[] = {{"mean", d->mean}, {"std", d->std}, {"min", d->min}, {"q25", d->q25},
                   {"q50", d->q50},   {"q75", d->q75}, {"max", d->max}};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (figures[i].v == figures[i].v)
            json_object_set_new(r, figures[i].key, figure(t, column, figures[i].v));
    if (d->skew == d->skew) json_object_set_new(r, "skew", number_or_text(d->skew));
    for (size_t i = 0; i < d->n_bins; i++)
        json_array_append_new(bins, json_integer((json_int_t)d->bins[i]));
    if (c->shape == HX_SHAPE_TABLE)
        json_object_set_new(r, "histogram", bars(d));
    else if (c->shape == HX_SHAPE_JSON)
        json_object_set(r, "bins", bins);
    json_decref(bins);
    return r;
}

static bool write_records(hx_cli *c, const hx_table *t, const hx_description *d) {
    static const hx_record_column columns[] = {
        {"column", "column", "列", HX_CELL_LEFT},
        {"kind", "kind", "类型", HX_CELL_LEFT},
        {"count", "count", "个数", HX_CELL_RIGHT},
        {"missing", "missing", "缺失", HX_CELL_RIGHT},
        {"unique", "unique", "不同值", HX_CELL_RIGHT},
        {"top", "top", "最多的值", HX_CELL_LEFT},
        {"freq", "freq", "次数", HX_CELL_RIGHT},
        {"mean", "mean", "均值", HX_CELL_RIGHT},
        {"std", "std", "标准差", HX_CELL_RIGHT},
        {"min", "min", "最小", HX_CELL_RIGHT},
        {"q25", "25%", "25%", HX_CELL_RIGHT},
        {"q50", "50%", "50%", HX_CELL_RIGHT},
        {"q75", "75%", "75%", HX_CELL_RIGHT},
        {"max", "max", "最大", HX_CELL_RIGHT},
        {"skew", NULL, NULL, HX_CELL_RIGHT},
        {"histogram", "histogram", "分布", HX_CELL_LEFT},
    };
    const size_t n_columns = sizeof columns / sizeof *columns - (c->shape == HX_SHAPE_CSV);
    json_t *records = json_array();
    for (size_t i = 0; i < hx_table_columns(t); i++)
        json_array_append_new(records, record_of(c, t, i, &d[i]));
    const bool ok = hx_output_records(c, records, columns, n_columns);
    json_decref(records);
    return ok;
}

static bool write_page(hx_cli *c, const hx_table *t) {
    hx_str html;
    hx_error err = {.ui = c->ui};
    const char *path = hx_table_io_input(c), *name = strrchr(path, '/');
    const hx_str title = hx_str_of(name != NULL ? name + 1 : path);
    if (hx_table_describe_html(t, title, c->ui, c->arena, &html, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    return hx_table_io_write_text(c, html, c->options.text[HX_OPT_HTML]);
}

int hx_cmd_table_describe(hx_cli *c) {
    hx_table *t = NULL;
    hx_description *d = NULL;
    hx_error err = {.ui = c->ui};
    hx_cli_catch_interrupts(c);
    if (!hx_table_io_read(c, hx_table_io_input(c), c->options.text[HX_OPT_COLUMNS], &t))
        return HX_EXIT_FAILED;
    int status = HX_EXIT_DONE;
    if (hx_table_describe(t, hx_table_io_threads(c), c->arena, &d, &err) != HX_OK)
        status = hx_cli_error(c, &err);
    else if (!write_records(c, t, d) || (hx_cli_has(&c->options, HX_OPT_HTML) && !write_page(c, t)))
        status = HX_EXIT_FAILED;
    hx_table_free(t);
    return status;
}
