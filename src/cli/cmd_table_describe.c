/* cmd_table_describe.c - table describe: what each column of a file holds, a row a column of it.
 *
 * Figures as pandas' describe(include="all") has them; in a table the last column is a small histogram: of numbers and times over twenty
 * equal steps from the smallest to the largest value, of texts the commonest values. Times are ISO 8601. Columns of texts that are amounts of money
 * (1.2万, ￥68.00) are named on standard error, with the command that makes numbers of them. */
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define BAR_BYTES 3 /* of a block in UTF-8 */
#define ISO_ROOM 64
#define LOOKED_AT 10000 /* values of a column */
#define MOSTLY 0.8

static json_t *number_or_null(double v) {
    return isfinite(v) ? json_real(v) : json_null();
}

/* A figure in the column's own terms: a time is a time. */
static json_t *figure(const hx_table *t, size_t column, double v) {
    if (hx_table_column_at(t, column)->kind != HX_KIND_TIME || !isfinite(v))
        return number_or_null(v);
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
    char text[sizeof d->bins / sizeof *d->bins * BAR_BYTES + 1] = "";
    size_t most = 0;
    for (size_t i = 0; i < d->n_bins; i++)
        if (d->bins[i] > most) most = d->bins[i];
    for (size_t i = 0; i < d->n_bins; i++) {
        size_t level = d->bins[i] == 0 ? 0 : (d->bins[i] * 7 + most - 1) / most;
        memcpy(text + i * BAR_BYTES, d->bins[i] == 0 ? "   " : blocks[level], BAR_BYTES);
        if (d->bins[i] == 0) memcpy(text + i * BAR_BYTES, "\xe2\x80\x87", BAR_BYTES);
    }
    text[d->n_bins * BAR_BYTES] = '\0';
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
    if (d->skew == d->skew) json_object_set_new(r, "skew", number_or_null(d->skew));
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

static bool is_plain(hx_str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((s.ptr[i] < '0' || s.ptr[i] > '9') && s.ptr[i] != '.' && s.ptr[i] != '-') return false;
    return true;
}

/* A value of a text column, most of whose values are amounts, that no number is written like; empty where it is no such column. */
static hx_str odd_amount(const hx_table *t, size_t column) {
    const size_t all = hx_table_column_at(t, column)->n_values;
    const size_t n = all < LOOKED_AT ? all : LOOKED_AT;
    size_t amounts = 0;
    hx_str odd = {NULL, 0};
    for (uint32_t k = 0; k < n; k++) {
        int64_t amount;
        const hx_str value = hx_table_value(t, column, k);
        if (hx_parse_amount(value, false, &amount, NULL, NULL) != HX_OK) continue;
        amounts++;
        if (odd.len == 0 && !is_plain(value)) odd = value;
    }
    return (double)amounts >= MOSTLY * (double)n ? odd : (hx_str){NULL, 0};
}

static void hint_amounts(const hx_cli *c, const hx_table *t) {
    for (size_t i = 0; i < hx_table_columns(t); i++) {
        const hx_table_column *about = hx_table_column_at(t, i);
        if (about->kind != HX_KIND_TEXT) continue;
        const hx_str odd = odd_amount(t, i);
        if (odd.len == 0) continue;
        hx_cli_note(c,
                    "%.*s holds amounts as texts (%.*s); numbers of them: huaxiang table convert "
                    "FILE --columns %.*s --from 1 --to 1",
                    "列 %.*s 以文本写金额（%.*s）；变为数值：huaxiang table convert 文件 --columns "
                    "%.*s --from 1 --to 1",
                    (int)about->name.len, about->name.ptr, (int)odd.len, odd.ptr,
                    (int)about->name.len, about->name.ptr);
    }
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
    if (status == HX_EXIT_DONE) hint_amounts(c, t);
    hx_table_free(t);
    return status;
}
