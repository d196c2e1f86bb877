/* rules_propose.c - rules that a table keeps, written as a file to start from.
 *
 *     column -> full? not_null   all different? unique   numbers, times? range   few texts? in_set   texts of one shape? pattern
 *
 * What is proposed holds for the table it came from: `table check` of the same file finds nothing. Ranges are the smallest and largest value
 * there are; they are meant to be widened by somebody who knows. Sets are proposed up to SET_MAX values that rows share (ten rows a value at
 * least), shapes for columns whose values differ: digits, capitals and small letters by their number, other signs as they are. */
#include <math.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/utf8.h"
#include "frame/rules.h"

#define SET_MAX 30
#define ROWS_OF_A_VALUE 10
#define SHAPE_MAX 128
#define FILE_BYTES_MAX ((size_t)64 << 20)

typedef struct {
    hx_json_writer w;
    const hx_table *t;
} writer;

static void begin(writer *x, const char *rule, hx_str column, const char *severity) {
    hx_json_object(&x->w);
    hx_json_key(&x->w, "rule");
    hx_json_cstr(&x->w, rule);
    if (column.len > 0) {
        hx_json_key(&x->w, "column");
        hx_json_str(&x->w, column);
    }
    hx_json_key(&x->w, "severity");
    hx_json_cstr(&x->w, severity);
}

static void put_plain(writer *x, const char *rule, hx_str column, const char *severity) {
    begin(x, rule, column, severity);
    hx_json_end_object(&x->w);
}

static void put_limit(writer *x, const char *key, hx_kind kind, double v) {
    char text[HX_ISO_MAX];
    hx_json_key(&x->w, key);
    if (kind == HX_KIND_TIME)
        hx_json_cstr(&x->w, hx_iso_from_ms((int64_t)v, text));
    else
        hx_json_double(&x->w, v);
}

static void put_range(writer *x, const hx_table_column *about, const hx_description *d) {
    if (!isfinite(d->min) || !isfinite(d->max)) return;
    begin(x, "range", about->name, "warn");
    put_limit(x, "min", about->kind, d->min);
    put_limit(x, "max", about->kind, d->max);
    hx_json_end_object(&x->w);
}

/* ------------------------------------------------------------------ texts */
static void put_set(writer *x, size_t column) {
    const hx_table_column *about = hx_table_column_at(x->t, column);
    begin(x, "in_set", about->name, "warn");
    hx_json_key(&x->w, "values");
    hx_json_array(&x->w);
    for (size_t i = 0; i < about->n_values; i++)
        hx_json_str(&x->w, hx_table_value(x->t, column, (uint32_t)i));
    hx_json_end_array(&x->w);
    hx_json_end_object(&x->w);
}

static char class_of(uint32_t c) {
    if (c >= '0' && c <= '9') return 'd';
    if (c >= 'A' && c <= 'Z') return 'A';
    if (c >= 'a' && c <= 'z') return 'a';
    return c < 0x80 && c > ' ' ? '.' : 0;
}

/* "C00325" -> "C[0-9]{5}" is found as runs of one class; signs stand for themselves. False: longer than fits, or of other characters. */
static bool shape_of(hx_str s, char out[SHAPE_MAX], size_t *len) {
    *len = 0;
    for (size_t i = 0; i < s.len;) {
        const char class = class_of((unsigned char)s.ptr[i]);
        size_t run = i;
        while (run < s.len && class_of((unsigned char)s.ptr[run]) == class &&
               (class != '.' || run == i))
            run++;
        if (class == 0 || *len + 4 > SHAPE_MAX || run - i > 99) return false;
        out[(*len)++] = class;
        out[(*len)++] = class == '.' ? s.ptr[i] : (char)(run - i);
        i = run;
    }
    return *len > 0;
}

static void put_pattern(writer *x, hx_str column, const char *shape, size_t len) {
    char text[8 * SHAPE_MAX];
    hx_buf b;
    hx_buf_init(&b, sizeof text);
    (void)hx_buf_append_byte(&b, '^');
    for (size_t i = 0; i < len; i += 2) {
        const char *class = shape[i] == 'd' ? "\\d" : shape[i] == 'A' ? "[A-Z]" : "[a-z]";
        if (shape[i] == '.')
            (void)hx_buf_printf(&b, "%s%c", strchr("_-:@,/#&='\"<>!%~`;", shape[i + 1]) ? "" : "\\",
                                shape[i + 1]);
        else if (shape[i + 1] == 1)
            (void)hx_buf_append_lit(&b, class);
        else
            (void)hx_buf_printf(&b, "%s{%d}", class, shape[i + 1]);
    }
    (void)hx_buf_append_byte(&b, '$');
    begin(x, "pattern", column, "warn");
    hx_json_key(&x->w, "pattern");
    hx_json_str(&x->w, hx_buf_str(&b));
    hx_json_end_object(&x->w);
    hx_buf_release(&b);
}

/* All values of one shape: codes, dates kept as texts, phone numbers. */
static void put_shape(writer *x, size_t column) {
    const hx_table_column *about = hx_table_column_at(x->t, column);
    char first[SHAPE_MAX], other[SHAPE_MAX];
    size_t n = 0, k = 0;
    if (about->n_values == 0 || !shape_of(hx_table_value(x->t, column, 0), first, &n)) return;
    for (size_t i = 1; i < about->n_values; i++)
        if (!shape_of(hx_table_value(x->t, column, (uint32_t)i), other, &k) || k != n ||
            memcmp(first, other, n) != 0)
            return;
    put_pattern(x, about->name, first, n);
}

static void put_column(writer *x, size_t column, const hx_description *d) {
    const hx_table_column *about = hx_table_column_at(x->t, column);
    const size_t rows = hx_table_rows(x->t);
    const bool whole = about->kind == HX_KIND_TEXT || about->integer;
    if (d->missing == 0 && rows > 0) put_plain(x, "not_null", about->name, "error");
    if (d->unique == rows && rows > 1 && whole) put_plain(x, "unique", about->name, "error");
    if (about->kind == HX_KIND_NUMBER || about->kind == HX_KIND_TIME) put_range(x, about, d);
    if (about->kind != HX_KIND_TEXT) return;
    if (d->unique == about->n_values && d->unique <= SET_MAX && d->unique > 0 &&
        rows >= ROWS_OF_A_VALUE * d->unique)
        put_set(x, column);
    else if (d->unique == about->n_values)
        put_shape(x, column);
}

hx_status hx_rules_propose(const hx_table *t, hx_arena *arena, hx_str *json, hx_error *err) {
    hx_description *d = NULL;
    hx_buf b;
    HX_TRY(hx_table_describe(t, 0, arena, &d, err));
    hx_buf_init(&b, FILE_BYTES_MAX);
    writer x = {.t = t};
    hx_json_begin(&x.w, &b);
    hx_json_object(&x.w);
    hx_json_key(&x.w, "format");
    hx_json_cstr(&x.w, "huaxiang/rules/1");
    hx_json_key(&x.w, "rules");
    hx_json_array(&x.w);
    begin(&x, "row_count", (hx_str){NULL, 0}, "warn");
    hx_json_key(&x.w, "min");
    hx_json_int(&x.w, (int64_t)(hx_table_rows(t) / 2));
    hx_json_key(&x.w, "max");
    hx_json_int(&x.w, (int64_t)(hx_table_rows(t) * 2));
    hx_json_end_object(&x.w);
    for (size_t c = 0; c < hx_table_columns(t); c++)
        put_column(&x, c, &d[c]);
    hx_json_end_array(&x.w);
    hx_json_end_object(&x.w);
    hx_status status = hx_buf_status(&b, "rules", err);
    if (status == HX_OK) *json = hx_arena_str(arena, hx_buf_str(&b));
    if (status == HX_OK && json->ptr == NULL) status = hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_release(&b);
    return status;
}
