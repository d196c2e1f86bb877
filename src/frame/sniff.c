/* sniff.c - what kind of file it is, and its delimiter.
 *
 * The format: as asked; else by what the content can only be (a zip is a workbook); else by the name, before .gz and .zst, where the content
 * is not plainly the other of JSON Lines and a table; else by the text: a first character { makes JSON Lines, columns of equal number in each of the first records make CSV or TSV, and the rest is plain
 * text, one text a line.
 *
 * The delimiter: of TAB , ; | the one that gives the first record two cells or more and the most of the next records as many. None does:
 * the file has one column, and commas in its texts are text. */
#include "frame/reader.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/json.h"
#include "frame/column_names.h"

#define RECORDS_COMPARED 100
#define BINARY_SHARE 10
#define HEADER_CELL_MAX 64 /* bytes; longer ones are no names */

static bool ends_with(const char *s, size_t n, const char *tail) {
    size_t k = strlen(tail);
    return n >= k && strncasecmp(s + n - k, tail, k) == 0;
}

static hx_format format_of_name(const char *path) {
    static const struct {
        const char *tail;
        hx_format format;
    } known[] = {
        {".csv", HX_FORMAT_CSV},     {".tsv", HX_FORMAT_TSV},    {".tab", HX_FORMAT_TSV},
        {".jsonl", HX_FORMAT_JSONL}, {".json", HX_FORMAT_JSONL}, {".ndjson", HX_FORMAT_JSONL},
        {".xlsx", HX_FORMAT_XLSX},   {".xlsm", HX_FORMAT_XLSX},  {".txt", HX_FORMAT_TEXT}};
    size_t n = strlen(path);
    if (ends_with(path, n, ".gz")) n -= 3;
    if (ends_with(path, n, ".zst")) n -= 4;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (ends_with(path, n, known[i].tail)) return known[i].format;
    return HX_FORMAT_AUTO;
}

static bool starts(hx_str s, const char *magic, size_t n) {
    return s.len >= n && memcmp(s.ptr, magic, n) == 0;
}

static hx_status refuse_foreign(const hx_reader *r, hx_str head, hx_error *err) {
    static const struct {
        const char *magic;
        size_t n;
        const char *what;
    } foreign[] = {{"\x28\xB5\x2F\xFD", 4, "a zstd archive inside another archive"},
                   {"\x1F\x8B", 2, "a gzip archive inside another archive"},
                   {"%PDF-", 5, "a PDF document"},
                   {"\x89PNG", 4, "a PNG image"},
                   {"\xFF\xD8\xFF", 3, "a JPEG image"},
                   {"SQLite format 3", 16, "a SQLite database"},
                   {"PAR1", 4, "a Parquet file"},
                   {"BZh", 3, "a bzip2 archive"},
                   {"\xFD"
                    "7zXZ",
                    5, "an xz archive"},
                   {"7z\xBC\xAF", 4, "a 7-Zip archive"},
                   {"Rar!", 4, "a RAR archive"},
                   {"\x7F"
                    "ELF",
                    4, "a program"}};
    if (starts(head, "\xD0\xCF\x11\xE0", 4))
        return hx_fail(err, HX_EFORMAT, "%s: is an old Excel file (.xls); save it as .xlsx or CSV",
                       r->name);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (starts(head, foreign[i].magic, foreign[i].n))
            return hx_fail(err, HX_EFORMAT, "%s: is %s, not a table", r->name, foreign[i].what);
    return HX_OK;
}

hx_status hx_sniff_container(hx_reader *r, const char *path, hx_str head, hx_error *err) {
    bool zip = starts(head, "PK\x03\x04", 4) || starts(head, "PK\x05\x06", 4);
    hx_format named = format_of_name(path);
    HX_TRY(refuse_foreign(r, head, err));
    r->format = r->options.format != HX_FORMAT_AUTO ? r->options.format
                : zip                               ? HX_FORMAT_XLSX
                                                    : named;
    if (r->format == HX_FORMAT_XLSX && !zip)
        return hx_fail(err, HX_EFORMAT, "%s: is no Excel workbook, whatever its name says",
                       r->name);
    if (r->format != HX_FORMAT_XLSX && zip)
        return hx_fail(err, HX_EFORMAT, "%s: is a zip archive or workbook, not text", r->name);
    return HX_OK;
}

/* ------------------------------------------------------------------ delimiter */

typedef struct {
    char delimiter;
    size_t cells; /* of the first record */
    size_t records; /* behind it */
    size_t equal; /* ... with as many cells */
    hx_str first; /* the first record */
} shape;

static shape shape_of(hx_csv_dialect d, hx_str s, bool final) {
    shape sh = {d.delimiter, 0, 0, 0, {NULL, 0}};
    for (size_t at = 0; at < s.len && sh.records < RECORDS_COMPARED;) {
        size_t n = 0;
        bool unclosed = false;
        size_t used = hx_cut_record(d, s.ptr + at, s.len - at, final, NULL, 0, &n, &unclosed);
        if (used == 0 || (!final && s.ptr[at + used - 1] != '\n')) break;
        hx_str text = hx_record_text(s.ptr + at, used);
        at += used;
        if (text.len == 0) continue;
        if (sh.cells == 0) {
            sh.cells = n;
            sh.first = text;
        } else {
            sh.records++;
            sh.equal += n == sh.cells;
        }
    }
    return sh;
}

static bool is_better(shape a, shape b) {
    if (a.cells < 2) return false;
    if (b.cells < 2) return true;
    size_t left = a.equal * (b.records ? b.records : 1),
           right = b.equal * (a.records ? a.records : 1);
    return left != right ? left > right : a.cells > b.cells;
}

static shape best_shape(hx_str s, char quote, bool final) {
    static const char candidates[] = {',', '\t', ';', '|'};
    shape best = {0, 0, 0, 0, {NULL, 0}};
    for (size_t i = 0; i < sizeof candidates; i++) {
        char q = candidates[i] == '\t' && quote == '"' ? '"' : quote;
        shape sh = shape_of((hx_csv_dialect){candidates[i], q}, s, final);
        if (is_better(sh, best)) best = sh;
    }
    return best;
}

/* ------------------------------------------------------------------ text without a telling name */

static bool has_known_name(hx_str record, hx_csv_dialect d) {
    hx_csv_cell cells[64];
    size_t n = 0;
    bool unclosed = false;
    if (record.len == 0) return false;
    (void)hx_cut_record(d, record.ptr, record.len, true, cells, 64, &n, &unclosed);
    for (size_t i = 0; i < n && i < 64; i++) {
        if (cells[i].raw.len > HEADER_CELL_MAX) return false;
        if (hx_column_name_is_known(cells[i].raw)) return true;
    }
    return false;
}

/* A table shows itself by a known column name, or by three records or more all of one width. */
static bool looks_like_table(shape sh) {
    if (sh.cells < 2) return false;
    if (has_known_name(sh.first, (hx_csv_dialect){sh.delimiter, '"'})) return true;
    return sh.records >= 2 && sh.equal == sh.records && (sh.delimiter == '\t' || sh.cells >= 3);
}

static hx_format format_of_text(hx_str s, bool final) {
    size_t i = 0;
    while (i < s.len && strchr(" \t\r\n", s.ptr[i]))
        i++;
    if (i < s.len && (s.ptr[i] == '{' || s.ptr[i] == '[')) return HX_FORMAT_JSONL;
    shape sh = best_shape(s, '"', final);
    if (looks_like_table(sh)) return sh.delimiter == '\t' ? HX_FORMAT_TSV : HX_FORMAT_CSV;
    shape one = shape_of((hx_csv_dialect){0, '"'}, s, final);
    return has_known_name(one.first, (hx_csv_dialect){0, '"'}) ? HX_FORMAT_CSV : HX_FORMAT_TEXT;
}

/* Is the first line that is not blank a whole JSON object? */
static bool starts_with_object(hx_str s) {
    size_t i = 0;
    json_t *root = NULL;
    while (i < s.len && strchr(" \t\r\n", s.ptr[i]))
        i++;
    if (i == s.len || s.ptr[i] != '{') return false;
    const char *end = memchr(s.ptr + i, '\n', s.len - i);
    hx_str line = {s.ptr + i, end ? (size_t)(end - (s.ptr + i)) : s.len - i};
    bool is =
        hx_json_parse(line, HX_HEAD_BYTES, "line", &root, NULL) == HX_OK && json_is_object(root);
    json_decref(root);
    return is;
}

static bool has_object_line(hx_str s) {
    for (size_t i = 0; i < s.len; i++) {
        if ((i == 0 || s.ptr[i - 1] == '\n') && (s.ptr[i] == '{' || s.ptr[i] == '[')) return true;
    }
    return false;
}

/* What the name promises, unless the content is plainly the other kind: JSON Lines called .csv, a table called .jsonl. */
static hx_format format_of_both(hx_format named, hx_str s, bool final) {
    if (named != HX_FORMAT_JSONL) return starts_with_object(s) ? HX_FORMAT_JSONL : named;
    if (has_object_line(s)) return named;
    hx_format seen = format_of_text(s, final);
    return seen == HX_FORMAT_CSV || seen == HX_FORMAT_TSV ? seen : named;
}

/* A first line with a tenth of NUL bytes is no text with a flaw. */
static hx_status refuse_binary(const hx_reader *r, hx_str s, hx_error *err) {
    const char *end = s.len ? memchr(s.ptr, '\n', s.len) : NULL;
    size_t n = 0, len = end ? (size_t)(end - s.ptr) : s.len;
    for (size_t i = 0; i < len; i++)
        n += s.ptr[i] == '\0';
    if (n == 0 || n * BINARY_SHARE < len) return HX_OK;
    return hx_fail(err, HX_EFORMAT, "%s: begins with NUL bytes; it is binary data, not a table",
                   r->name);
}

hx_status hx_sniff_text(hx_reader *r, hx_error *err) {
    bool final = r->ended && r->window.len <= HX_HEAD_BYTES;
    hx_str s = {r->window.ptr ? r->window.ptr : "",
                r->window.len < HX_HEAD_BYTES ? r->window.len : HX_HEAD_BYTES};
    HX_TRY(refuse_binary(r, s, err));
    if (r->format == HX_FORMAT_AUTO)
        r->format = format_of_text(s, final);
    else if (r->options.format == HX_FORMAT_AUTO)
        r->format = format_of_both(r->format, s, final);
    char quote = r->options.quote ? r->options.quote : r->format == HX_FORMAT_TSV ? '\0' : '"';
    if (r->format == HX_FORMAT_TEXT || r->format == HX_FORMAT_JSONL) quote = '\0';
    char delimiter = r->options.delimiter;
    if (!delimiter && r->format == HX_FORMAT_TSV) delimiter = '\t';
    if (!delimiter && r->format == HX_FORMAT_CSV) delimiter = best_shape(s, quote, final).delimiter;
    r->dialect = (hx_csv_dialect){delimiter, quote};
    if (delimiter && (delimiter == quote || delimiter == '\n' || delimiter == '\r'))
        return hx_fail(err, HX_EINVAL, "the delimiter can't be a line end or the quotation mark");
    return HX_OK;
}
