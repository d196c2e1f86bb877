/* xlsx_sheet.c - the rows of one sheet as CSV.
 *
 *     <row r="2"><c r="A2" t="s" s="1"><v>17</v></c><c r="C2" t="inlineStr"><is><t>x</t></is></c></row>
 *
 * t: s = shared string, inlineStr, str = formula's text, b = boolean, e = error, d = ISO date, else a number. Texts are quoted; numbers have
 * Excel's 15 digits; numbers with a date format become 2026-03-05, 2026-03-05 14:20:00 or 14:20:00. */
#include "frame/xlsx_book.h"

#include <math.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/json.h"

#define ROWS_MAX 1048576u /* of a sheet, by the format */
#define COLUMNS_MAX 16384u
#define SERIAL_MAX 2958466.0 /* 9999-12-31, exclusive */
#define EXCEL_EPOCH_DAYS 25569 /* from 1899-12-30 to 1970-01-01 */
#define EPOCH_1904_DAYS 1462
#define TYPE_MAX 16
#define EXACT_DIGITS 15 /* what Excel keeps of a number */

typedef struct {
    uint64_t column; /* 0-based */
    uint64_t style;
    char type[TYPE_MAX];
    hx_buf value;
} cell;

typedef struct {
    hx_xlsx *x;
    uint64_t next; /* where a cell without reference stands */
    uint64_t commas; /* written in this row */
    cell cell;
    bool in_cell, in_value, in_phonetic;
} row_state;

/* The digits `s` starts with, at most a little over `max`. */
static uint64_t number_of(hx_str s, uint64_t max) {
    uint64_t n = 0;
    for (size_t i = 0; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9' && n <= max; i++)
        n = n * 10 + (uint64_t)(s.ptr[i] - '0');
    return n;
}

/* "AB12" -> 27; `next` where there is no reference. */
static uint64_t column_of(const char *ref, uint64_t next) {
    uint64_t n = 0;
    for (; ref && *ref >= 'A' && *ref <= 'Z' && n <= COLUMNS_MAX; ref++)
        n = n * 26 + (uint64_t)(*ref - 'A' + 1);
    return n > 0 ? n - 1 : next;
}

/* ------------------------------------------------------------------ values */

static void put_quoted(hx_buf *out, hx_str s) {
    (void)hx_buf_append_byte(out, '"');
    for (size_t i = 0; i < s.len;) {
        const char *quote = memchr(s.ptr + i, '"', s.len - i);
        size_t n = quote ? (size_t)(quote - (s.ptr + i)) + 1 : s.len - i;
        (void)hx_buf_append(out, s.ptr + i, n);
        if (quote) (void)hx_buf_append_byte(out, '"');
        i += n;
    }
    (void)hx_buf_append_byte(out, '"');
}

static bool shared_text(const hx_xlsx *x, uint64_t i, hx_str *out) {
    uint64_t n = x->text_ends.len / sizeof(uint64_t), from = 0, to = 0;
    if (i >= n) return false;
    if (i > 0) memcpy(&from, x->text_ends.ptr + (i - 1) * sizeof from, sizeof from);
    memcpy(&to, x->text_ends.ptr + i * sizeof to, sizeof to);
    *out = (hx_str){x->texts.ptr ? x->texts.ptr + from : "", (size_t)(to - from)};
    return true;
}

static bool put_date(const hx_xlsx *x, double serial, hx_xlsx_kind kind, hx_buf *out) {
    if (!(serial >= 0) || serial >= SERIAL_MAX) return false;
    bool bare = kind == HX_XLSX_CLOCK && serial < 1; /* a time of no day */
    if (x->epoch_1904)
        serial += EPOCH_1904_DAYS;
    else if (serial < 60)
        serial += 1; /* Excel's 1900 has a 29 February */
    int64_t seconds = llround(serial * 86400) - EXCEL_EPOCH_DAYS * 86400LL;
    hx_civil c = hx_civil_from_ms(seconds * 1000);
    bool clock = bare || c.hour || c.minute || c.second;
    if (!bare) (void)hx_buf_printf(out, "%04d-%02d-%02d", c.year, c.month, c.day);
    if (!bare && clock) (void)hx_buf_append_byte(out, ' ');
    if (clock) (void)hx_buf_printf(out, "%02d:%02d:%02d", c.hour, c.minute, c.second);
    return true;
}

/* Digits with at most one point, few enough to be exact: stands as it is, but for -0. */
static bool is_plain_number(hx_str s) {
    size_t i = s.len > 0 && s.ptr[0] == '-', digits = 0, points = 0;
    bool leading_zero = i + 1 < s.len && s.ptr[i] == '0' && s.ptr[i + 1] != '.';
    for (; i < s.len; i++) {
        bool digit = s.ptr[i] >= '0' && s.ptr[i] <= '9';
        if (!digit && (s.ptr[i] != '.' || points > 0 || digits == 0 || i + 1 == s.len))
            return false;
        digits += digit;
        points += !digit;
    }
    return digits > 0 && digits <= EXACT_DIGITS && !leading_zero &&
           !(s.len == 2 && s.ptr[1] == '0') && (points == 0 || s.ptr[s.len - 1] != '0');
}

/* As a JSON number, which is what Excel writes; whatever the locale. */
static bool parse_double(hx_str s, double *v) {
    json_t *number = NULL;
    if (hx_json_parse(s, 64, "number", &number, NULL) != HX_OK) return false;
    bool is_number = json_is_number(number);
    *v = is_number ? json_number_value(number) : 0;
    json_decref(number);
    return is_number;
}

static void put_number(const hx_xlsx *x, const cell *c, hx_buf *out) {
    hx_str s = hx_buf_str(&c->value);
    hx_xlsx_kind kind =
        c->style < x->kinds.len ? (hx_xlsx_kind)x->kinds.ptr[c->style] : HX_XLSX_NUMBER;
    double v = 0;
    if (kind == HX_XLSX_NUMBER && is_plain_number(s))
        (void)hx_buf_append_str(out, s);
    else if (!parse_double(s, &v))
        put_quoted(out, s);
    else if (kind != HX_XLSX_NUMBER && put_date(x, v, kind, out))
        return;
    else if (fabs(v) < 1e15 && v == floor(v))
        (void)hx_buf_printf(out, "%.0f", v == 0 ? 0.0 : v);
    else
        (void)hx_buf_printf(out, "%.*g", EXACT_DIGITS, v);
}

static hx_status put_value(row_state *s, hx_error *err) {
    const cell *c = &s->cell;
    hx_str text = hx_buf_str(&c->value);
    hx_buf *out = &s->x->out;
    if (text.len == 0) return HX_OK;
    if (strcmp(c->type, "s") == 0) {
        if (!shared_text(s->x, number_of(text, UINT32_MAX), &text))
            return hx_fail(err, HX_EFORMAT, "%s: the workbook is damaged (%s)", s->x->name,
                           s->x->sheet);
        put_quoted(out, text);
    } else if (strcmp(c->type, "b") == 0) {
        (void)hx_buf_append_lit(out, text.ptr[0] == '1' ? "true" : "false");
    } else if (c->type[0] == '\0' || strcmp(c->type, "n") == 0) {
        put_number(s->x, c, out);
    } else {
        put_quoted(out, text);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ nodes */

static void begin_cell(row_state *s) {
    hx_xlsx_part *p = &s->x->rows;
    char *ref = hx_xlsx_attribute(p, "r"), *style = hx_xlsx_attribute(p, "s"),
         *type = hx_xlsx_attribute(p, "t");
    s->cell.column = column_of(ref, s->next);
    if (s->cell.column < s->next) s->cell.column = s->next;
    s->next = s->cell.column + 1;
    s->cell.style = number_of(hx_str_of(style), UINT32_MAX);
    memset(s->cell.type, 0, TYPE_MAX);
    if (type) memcpy(s->cell.type, type, strnlen(type, TYPE_MAX - 1));
    hx_buf_reset(&s->cell.value);
    s->in_cell = true;
    xmlFree(ref);
    xmlFree(style);
    xmlFree(type);
}

static hx_status end_cell(row_state *s, hx_error *err) {
    s->in_cell = false;
    if (s->cell.column >= COLUMNS_MAX)
        return hx_fail(err, HX_EFORMAT, "%s: the workbook is damaged (%s)", s->x->name,
                       s->x->sheet);
    if (s->cell.value.len == 0) return HX_OK;
    for (; s->commas < s->cell.column; s->commas++)
        (void)hx_buf_append_byte(&s->x->out, ',');
    HX_TRY(put_value(s, err));
    HX_TRY(hx_buf_status(&s->cell.value, s->x->name, err));
    return hx_buf_status(&s->x->out, s->x->name, err);
}

/* Rows may be left out; they are given as blank ones, so that numbers agree with Excel's. */
static hx_status begin_row(row_state *s, hx_error *err) {
    char *ref = hx_xlsx_attribute(&s->x->rows, "r");
    uint64_t number = number_of(hx_str_of(ref), ROWS_MAX);
    xmlFree(ref);
    if (number > ROWS_MAX || s->x->last_row >= ROWS_MAX)
        return hx_fail(err, HX_EFORMAT, "%s: the workbook is damaged (%s)", s->x->name,
                       s->x->sheet);
    if (number <= s->x->last_row) number = s->x->last_row + 1;
    for (; s->x->last_row + 1 < number; s->x->last_row++)
        (void)hx_buf_append_byte(&s->x->out, '\n');
    s->x->last_row = number;
    s->next = s->commas = 0;
    return HX_OK;
}

static void take_text(row_state *s) {
    int type = xmlTextReaderNodeType(s->x->rows.xml);
    bool text = type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE ||
                type == XML_READER_TYPE_WHITESPACE || type == XML_READER_TYPE_CDATA;
    if (text && s->in_cell && s->in_value && !s->in_phonetic)
        (void)hx_buf_append_lit(&s->cell.value,
                                (const char *)xmlTextReaderConstValue(s->x->rows.xml));
}

/* *done = a row has ended. */
static hx_status sheet_node(row_state *s, bool *done, hx_error *err) {
    const hx_xlsx_part *p = &s->x->rows;
    if (hx_xlsx_starts(p, "row")) HX_TRY(begin_row(s, err));
    if (hx_xlsx_starts(p, "c")) begin_cell(s);
    if (hx_xlsx_starts(p, "v") || hx_xlsx_starts(p, "t")) s->in_value = true;
    if (hx_xlsx_ends(p, "v") || hx_xlsx_ends(p, "t")) s->in_value = false;
    if (hx_xlsx_starts(p, "rPh")) s->in_phonetic = true;
    if (hx_xlsx_ends(p, "rPh")) s->in_phonetic = false;
    take_text(s);
    if (hx_xlsx_ends(p, "c")) HX_TRY(end_cell(s, err));
    *done = hx_xlsx_ends(p, "row");
    if (hx_xlsx_ends(p, "sheetData")) s->x->ended = true;
    return HX_OK;
}

hx_status hx_xlsx_sheet_row(hx_xlsx *x, hx_error *err) {
    row_state s = {.x = x};
    hx_buf_init(&s.cell.value, 64u << 20);
    bool more = true, done = false;
    hx_status st = HX_OK;
    while (st == HX_OK && !done && !x->ended) {
        st = hx_xlsx_part_next(x, &x->rows, &more, err);
        if (st == HX_OK && !more) x->ended = true;
        if (st == HX_OK && more) st = sheet_node(&s, &done, err);
    }
    if (st == HX_OK && done) {
        (void)hx_buf_append_byte(&x->out, '\n');
        st = hx_buf_status(&x->out, x->name, err);
    }
    hx_buf_release(&s.cell.value);
    return st;
}
