/* sheet.c - tables as CSV and Excel; see sheet.h.
 *
 * Both forms stream into plain files: CSV into PATH.tmp, Excel into PATH.sheetN.tmp (one XML a sheet). At the end of an
 * Excel file xlsx.c packs the sheets into PATH.tmp. Then PATH.tmp is synced and renamed to PATH. A row is collected in a
 * buffer and written when it ends. */
#include "answer/sheet.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer/xlsx.h"
#include "base/file.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"

#define ROW_BYTES_MAX (256u << 20)
#define PATH_BYTES_MAX (1u << 16)
#define FLUSH_BYTES (1u << 20)
#define EXCEL_EPOCH_DAYS 25569 /* 1970-01-01 as an Excel day number */
#define EXCEL_DIGITS 15 /* that a number of a spreadsheet holds */
#define EXCEL_FIRST_DAY 61 /* 1900-03-01: before it Excel's calendar has a day too many */

struct hx_sheet {
    hx_export_format format;
    const char *path; /* borrowed */
    const hx_str *header; /* borrowed */
    size_t n_columns;
    const hx_zone *zone; /* borrowed */
    uint64_t rows_max, rows; /* of the current sheet, header included */
    unsigned sheets;
    size_t column; /* of the row that is being written */
    int file; /* -1 = none */
    hx_buf row;
    hx_buf name; /* of the temporary file, with its NUL */
    hx_status failure; /* of a write; reported at the end of the row */
    int failure_errno;
};

/* ------------------------------------------------------------------ files */
/* NULL when out of memory. */
static const char *temporary_name(hx_sheet *s, unsigned sheet) {
    hx_buf_reset(&s->name);
    hx_buf_append_lit(&s->name, s->path);
    if (sheet > 0) hx_buf_printf(&s->name, ".sheet%u", sheet);
    hx_buf_append(&s->name, ".tmp", sizeof ".tmp");
    return s->name.failed ? NULL : s->name.ptr;
}

static hx_status fail_io(const hx_sheet *s, int error, hx_error *err) {
    if (error == ENOSPC)
        return hx_fail(err, HX_EIO, "%s: the disk is full; free some space and export again",
                       s->path);
    return hx_fail(err, HX_EIO,
                   "%s: can't be written; does its folder exist and may you write there?", s->path);
}

static hx_status open_file(hx_sheet *s, unsigned sheet, hx_error *err) {
    const char *name = temporary_name(s, sheet);
    if (!name) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    s->file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return s->file >= 0 ? HX_OK : fail_io(s, errno, err);
}

static void flush(hx_sheet *s) {
    const char *at = s->row.ptr;
    size_t left = s->row.len;
    if (s->row.failed) s->failure = HX_ELIMIT;
    while (left > 0 && s->failure == HX_OK) {
        ssize_t n = write(s->file, at, left);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            s->failure = HX_EIO;
            s->failure_errno = errno;
            break;
        }
        at += n;
        left -= (size_t)n;
    }
    hx_buf_reset(&s->row);
}

static hx_status close_file(hx_sheet *s, hx_error *err) {
    flush(s);
    if (s->failure == HX_OK && fsync(s->file) != 0 && errno != EINVAL) {
        s->failure = HX_EIO;
        s->failure_errno = errno;
    }
    close(s->file);
    s->file = -1;
    if (s->failure == HX_ELIMIT)
        return hx_fail(err, HX_ELIMIT, "%s: a row is too large to export", s->path);
    return s->failure == HX_OK ? HX_OK : fail_io(s, s->failure_errno, err);
}

/* ------------------------------------------------------------------ sheets */
static void put_header(hx_sheet *s) {
    for (size_t i = 0; i < s->n_columns; i++)
        hx__sheet_text(s, s->header[i]);
}

static hx_status begin_sheet(hx_sheet *s, hx_error *err) {
    bool excel = s->format == HX_EXPORT_XLSX;
    s->sheets++;
    s->rows = 0;
    s->column = 0;
    HX_TRY(open_file(s, excel ? s->sheets : 0, err));
    if (excel)
        hx__xlsx_begin_sheet(&s->row);
    else
        hx_buf_append_lit(&s->row, "\xEF\xBB\xBF");
    put_header(s);
    return hx__sheet_end_row(s, err);
}

static hx_status end_sheet(hx_sheet *s, hx_error *err) {
    if (s->format == HX_EXPORT_XLSX) hx__xlsx_end_sheet(&s->row);
    return close_file(s, err);
}

hx_status hx__sheet_open(hx_sheet **out, hx_export_format format, const char *path,
                         const hx_str *header, size_t n_columns, const hx_zone *zone,
                         uint64_t rows_max, hx_error *err) {
    HX_TRY(hx_file_replaceable(path, err));
    hx_sheet *s = calloc(1, sizeof *s);
    if (!s) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    *s = (hx_sheet){.format = format,
                    .path = path,
                    .header = header,
                    .n_columns = n_columns,
                    .zone = zone,
                    .rows_max = rows_max ? rows_max : HX_SHEET_ROWS_MAX,
                    .file = -1};
    hx_buf_init(&s->name, PATH_BYTES_MAX);
    hx_buf_init(&s->row, ROW_BYTES_MAX);
    hx_status status = begin_sheet(s, err);
    if (status != HX_OK)
        hx__sheet_abandon(s);
    else
        *out = s;
    return status;
}

static void release(hx_sheet *s) {
    hx_buf_release(&s->row);
    hx_buf_release(&s->name);
    free(s);
}

static void remove_temporaries(hx_sheet *s) {
    for (unsigned i = 0; i <= s->sheets; i++)
        if ((i == 0 || s->format == HX_EXPORT_XLSX) && temporary_name(s, i)) unlink(s->name.ptr);
}

void hx__sheet_abandon(hx_sheet *s) {
    if (!s) return;
    if (s->file >= 0) close(s->file);
    remove_temporaries(s);
    release(s);
}

/* What libzip wrote is made durable and private as a CSV file is. */
static hx_status settle(hx_sheet *s, hx_error *err) {
    const char *name = temporary_name(s, 0);
    int file = name ? open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (file < 0) return fail_io(s, errno, err);
    bool good = fchmod(file, 0600) == 0 && (fsync(file) == 0 || errno == EINVAL);
    int error = errno;
    close(file);
    return good ? HX_OK : fail_io(s, error, err);
}

hx_status hx__sheet_close(hx_sheet *s, hx_error *err) {
    hx_status status = end_sheet(s, err);
    if (status == HX_OK && s->format == HX_EXPORT_XLSX) {
        status = hx__xlsx_pack(s->path, s->sheets, err);
        if (status == HX_OK) status = settle(s, err);
    }
    const char *name = temporary_name(s, 0);
    if (status == HX_OK && (!name || rename(name, s->path) != 0)) status = fail_io(s, errno, err);
    remove_temporaries(s);
    release(s);
    return status;
}

hx_status hx__sheet_end_row(hx_sheet *s, hx_error *err) {
    if (s->format == HX_EXPORT_XLSX)
        hx__xlsx_end_row(&s->row);
    else
        hx_buf_append_lit(&s->row, "\r\n");
    s->column = 0;
    s->rows++;
    if (s->row.len >= FLUSH_BYTES || s->row.failed) flush(s);
    if (s->failure == HX_ELIMIT)
        return hx_fail(err, HX_ELIMIT, "%s: a row is too large to export", s->path);
    return s->failure == HX_OK ? HX_OK : fail_io(s, s->failure_errno, err);
}

/* The row begins: a full Excel sheet is left for the next one. */
static void begin_cell(hx_sheet *s) {
    if (s->format == HX_EXPORT_CSV) {
        if (s->column++ > 0) hx_buf_append_byte(&s->row, ',');
        return;
    }
    if (s->column == 0 && s->rows == s->rows_max) {
        hx_error ignored = {.code = HX_OK};
        hx_status status = end_sheet(s, &ignored);
        if (status == HX_OK) status = begin_sheet(s, &ignored);
        if (status != HX_OK && s->failure == HX_OK) s->failure = status;
    }
    if (s->column == 0) hx__xlsx_begin_row(&s->row, s->rows + 1);
    s->column++;
}

/* ------------------------------------------------------------------ cells */
bool hx__sheet_is_number(hx_str s) {
    size_t i = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+');
    size_t start = i;
    while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
        i++;
    if (i == start) return false;
    if (i == s.len) return true;
    if (s.ptr[i++] != '.') return false;
    start = i;
    while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
        i++;
    return i == s.len && i > start;
}

static bool starts_formula(hx_str s) {
    static const char *const starts[] = {"=",  "+",  "-",  "@",  "\t", "\r",
                                         "\n", "＝", "＋", "－", "＠"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t n = strlen(starts[i]);
        if (s.len >= n && memcmp(s.ptr, starts[i], n) == 0) return !hx__sheet_is_number(s);
    }
    return false;
}

static bool needs_quotes(hx_str s) {
    if (s.len == 0) return false;
    if (s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ') return true;
    for (size_t i = 0; i < s.len; i++)
        if (memchr(",\"\r\n\t;", s.ptr[i], 6)) return true;
    return false;
}

/* Digits that a spreadsheet would turn into another number: leading zeros go, and all beyond 15 digits becomes 0. */
static bool needs_text_form(hx_str s) {
    if (s.len < 2 || (s.ptr[0] != '0' && s.len <= EXCEL_DIGITS)) return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    return true;
}

/* ="00123" is shown as 00123 by every spreadsheet; our own reader takes the form back off. */
static void put_csv_digits(hx_buf *out, hx_str s) {
    hx_buf_append_lit(out, "\"=\"\"");
    hx_buf_append_str(out, s);
    hx_buf_append_lit(out, "\"\"\"");
}

static void put_csv_text(hx_buf *out, hx_str s) {
    if (needs_text_form(s)) {
        put_csv_digits(out, s);
        return;
    }
    bool disarm = starts_formula(s), quote = needs_quotes(s);
    if (quote) hx_buf_append_byte(out, '"');
    if (disarm) hx_buf_append_byte(out, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"') hx_buf_append_byte(out, '"');
        if (s.ptr[i] != '\0') hx_buf_append_byte(out, s.ptr[i]);
    }
    if (quote) hx_buf_append_byte(out, '"');
}

void hx__sheet_text(hx_sheet *s, hx_str text) {
    begin_cell(s);
    if (s->format == HX_EXPORT_XLSX)
        hx__xlsx_text(&s->row, s->column - 1, s->rows + 1, text, HX_SHEET_CELL_MAX);
    else
        put_csv_text(&s->row, text);
}

void hx__sheet_number(hx_sheet *s, hx_str decimal) {
    if (!hx__sheet_is_number(decimal) || decimal.len > 32 || needs_text_form(decimal)) {
        hx__sheet_text(s, decimal);
        return;
    }
    begin_cell(s);
    if (s->format == HX_EXPORT_XLSX)
        hx__xlsx_number(&s->row, s->column - 1, s->rows + 1, decimal, false);
    else
        hx_buf_append_str(&s->row, decimal);
}

void hx__sheet_int(hx_sheet *s, int64_t v) {
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRId64, v);
    hx__sheet_number(s, (hx_str){text, (size_t)n});
}

void hx__sheet_money(hx_sheet *s, hx_money m) {
    char text[HX_MONEY_TEXT_MAX];
    hx__sheet_number(s, hx_str_of(hx_money_text(m, text)));
}

void hx__sheet_empty(hx_sheet *s) {
    begin_cell(s);
}

void hx__sheet_time(hx_sheet *s, int64_t ms) {
    if (ms == HX_TIME_NONE) {
        hx__sheet_empty(s);
        return;
    }
    int64_t local = hx_zone_to_local_ms(s->zone, ms);
    int64_t seconds = hx_floor_div(local, 1000);
    int64_t day = hx_floor_div(seconds, 86400) + EXCEL_EPOCH_DAYS;
    hx_civil c = hx_civil_from_ms(local);
    char text[64];
    if (s->format == HX_EXPORT_XLSX && day >= EXCEL_FIRST_DAY) {
        /* 10 decimals of a day are finer than a second's 1.2e-5 */
        int64_t rest = seconds - hx_floor_div(seconds, 86400) * 86400;
        int n = snprintf(text, sizeof text, "%" PRId64 ".%010" PRId64, day,
                         (rest * 10000000000 + 43200) / 86400);
        begin_cell(s);
        hx__xlsx_number(&s->row, s->column - 1, s->rows + 1, (hx_str){text, (size_t)n}, true);
        return;
    }
    int n = snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day,
                     c.hour, c.minute, c.second);
    hx__sheet_text(s, (hx_str){text, (size_t)n});
}
