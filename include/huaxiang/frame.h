/* huaxiang/frame.h - tables in: files of rows, whatever their encoding and format, and what their columns mean.
 *
 *     path or stdin -> (gunzip, zstd) -> encoding -> records -> rows of text cells
 *                                                        |
 *                              header + first rows -> roles of the columns (text, customer, time, amount, ...)
 *
 * A reader is opened once and gives chunks of whole records in file order (cheap, one thread); each chunk is parsed into
 * rows by any thread. All text that comes out is valid UTF-8. Nothing is lost: a record that can't be read is given as a
 * bad row with its reason. */
#ifndef HUAXIANG_FRAME_H
#define HUAXIANG_FRAME_H

#include "huaxiang/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ caps */
#define HX_CELL_MAX (64u << 20) /* bytes of one cell; a larger one is refused with its row */
#define HX_COLUMNS_MAX 4096
#define HX_ROW_MAX (96u << 20) /* bytes of one record */

/* ------------------------------------------------------------------ what a file is */
typedef enum {
    HX_FORMAT_AUTO =
        0, /* by name (.csv .tsv .txt .jsonl .json .ndjson .xlsx, before .gz/.zst), else by content */
    HX_FORMAT_CSV,
    HX_FORMAT_TSV,
    HX_FORMAT_JSONL,
    HX_FORMAT_XLSX,
    HX_FORMAT_TEXT /* one text a line; a single column "text" */
} hx_format;

typedef enum {
    HX_ENCODING_UTF8 = 0,
    HX_ENCODING_UTF16LE,
    HX_ENCODING_UTF16BE,
    HX_ENCODING_GB18030
} hx_encoding;

/* What a column means. HX_ROLE_OTHER columns are kept as properties under their own names. */
typedef enum {
    HX_ROLE_OTHER = 0,
    /* who */
    HX_ROLE_CUSTOMER,
    HX_ROLE_EMAIL,
    HX_ROLE_PHONE,
    HX_ROLE_DEVICE,
    HX_ROLE_ANONYMOUS,
    HX_ROLE_ACCOUNT, /* WeChat/QQ/nick */
    /* what was said */
    HX_ROLE_TEXT,
    HX_ROLE_TITLE,
    HX_ROLE_QUERY,
    HX_ROLE_QUESTION,
    HX_ROLE_CHAT,
    HX_ROLE_TICKET,
    HX_ROLE_REPLY,
    HX_ROLE_RATING,
    HX_ROLE_LABEL,
    /* when */
    HX_ROLE_TIME,
    HX_ROLE_DATE, /* a date column beside a time-of-day column: combined */
    /* what was done */
    HX_ROLE_EVENT,
    HX_ROLE_PAGE,
    HX_ROLE_URL,
    HX_ROLE_CHANNEL,
    HX_ROLE_STATUS,
    /* what was bought */
    HX_ROLE_ORDER,
    HX_ROLE_ITEM,
    HX_ROLE_ITEM_NAME,
    HX_ROLE_CATEGORY,
    HX_ROLE_QUANTITY,
    HX_ROLE_UNIT_PRICE,
    HX_ROLE_AMOUNT,
    HX_ROLE_DISCOUNT,
    HX_ROLE_REFUND,
    HX_ROLE_CURRENCY,
    /* traits of a person */
    HX_ROLE_NAME,
    HX_ROLE_GENDER,
    HX_ROLE_AGE,
    HX_ROLE_BIRTHDAY,
    HX_ROLE_CITY,
    HX_ROLE_COUNTRY,
    HX_ROLE_OCCUPATION,
    HX_ROLE_LEVEL,
    HX_ROLE_INCOME,
    HX_ROLE_ADDRESS,
    /* an event's own id, if the source has one */
    HX_ROLE_MESSAGE_ID,
    HX_ROLE_N
} hx_role;

/* The name used in --map, --dry-run and messages: "text", "customer", "unit_price", ... */
HX_API const char *hx_role_name(hx_role role);
/* The role of that name, or HX_ROLE_N where there is none. */
HX_API hx_role hx_role_of_name(hx_str name);

/* What a column holds, from a sample. */
typedef enum {
    HX_TYPE_EMPTY = 0,
    HX_TYPE_INTEGER,
    HX_TYPE_NUMBER,
    HX_TYPE_AMOUNT,
    HX_TYPE_TIME,
    HX_TYPE_BOOLEAN,
    HX_TYPE_CODE,
    HX_TYPE_TEXT
} hx_type;
HX_API const char *hx_type_name(hx_type type);

/* Which number of 5/3/26 is the day. Decided per column: a part over 12 decides; else 4-digit-first is Y-M-D; else
 * D-M-Y unless --date-order says otherwise; the choice is shown. */
typedef enum {
    HX_DATE_ORDER_AUTO = 0,
    HX_DATE_ORDER_YMD,
    HX_DATE_ORDER_DMY,
    HX_DATE_ORDER_MDY
} hx_date_order;

typedef struct {
    hx_str name;
    hx_role role;
    hx_type type;
    hx_date_order date_order; /* of time columns; AUTO = no value is of the form 5/3/26 */
    bool date_order_guessed; /* no value decided it */
    bool excel_serial; /* times are Excel day numbers */
} hx_column;

/* ------------------------------------------------------------------ reading */
typedef struct {
    hx_format format;
    char delimiter; /* 0 = detect among , ; TAB | */
    char quote; /* 0 = '"' for CSV, none for TSV (interface.md); '"' to have it in TSV too */
    bool no_header; /* the first row is data; columns are named column_1, ... */
    const char *
        map; /* "text=评论内容,customer=买家,trait:hobby=爱好": COLUMN may be quoted "a,b"; no role (but other and trait:) and
              * no column twice; NULL */
    hx_date_order date_order;
    size_t chunk_bytes; /* of decoded input a chunk, 0 = 1 MiB */
    int64_t sheet; /* xlsx: 1-based sheet, 0 = first visible with rows */
} hx_reader_options;

typedef struct hx_reader hx_reader;

/* Opens `path` ("-" = standard input), reads its head, detects encoding, format, delimiter, header, columns.
 * Fails with HX_ENOTFOUND, HX_EIO, HX_EFORMAT (empty file, not what it claims to be, damaged archive). The reader is
 * used by one thread, but for hx_chunk_rows(). */
HX_API hx_status hx_reader_open(hx_reader **out, const char *path, const hx_reader_options *options,
                                hx_error *err) HX_MUST_USE;
HX_API void hx_reader_close(hx_reader *r);

HX_API hx_format hx_reader_format(const hx_reader *r);
HX_API const char *
hx_reader_format_name(const hx_reader *r); /* "CSV", "TSV", "JSON Lines", "Excel", "text" */
HX_API const char *
hx_reader_encoding_name(const hx_reader *r); /* "UTF-8", "UTF-8 with BOM", "GB18030", ... */
HX_API char hx_reader_delimiter(const hx_reader *r); /* 0 where the format has none */
HX_API const char *hx_reader_compression(const hx_reader *r); /* "", "gzip", "zstd" */
HX_API size_t hx_reader_columns(const hx_reader *r,
                                const hx_column **columns); /* borrowed from r; fixed after open */
/* The columns' header as one string, for remembering a mapping: names joined by 0x1F. Borrowed. */
HX_API hx_str hx_reader_header(const hx_reader *r);
/* Replaces the roles (for a remembered mapping), before the first chunk. Same syntax as options->map. HX_EINVAL: not of that form, no such role,
 * a role or column given twice; HX_ENOTFOUND: no such column. Nothing is changed then. */
HX_API hx_status hx_reader_map(hx_reader *r, const char *map, hx_error *err) HX_MUST_USE;
/* Compressed bytes consumed and their total (0 = unknown): for progress bars. */
HX_API void hx_reader_progress(const hx_reader *r, uint64_t *done, uint64_t *total);

/* Where the next chunk starts: decoded byte offset behind the mark (xlsx: of the sheet as CSV) and records before it, blank
 * ones counted. For checkpoints. */
typedef struct {
    uint64_t offset;
    uint64_t row;
} hx_position;

/* Whole records, decoded to UTF-8 (or sheet rows). Owned by the caller, freed with hx_chunk_free(). */
typedef struct hx_chunk hx_chunk;

/* The next chunk, or *out = NULL at the end. HX_EIO/HX_EFORMAT where the file breaks off (damaged archive): what was
 * given before stays good. */
HX_API hx_status hx_reader_next(hx_reader *r, hx_chunk **out, hx_error *err) HX_MUST_USE;
/* Goes to a position an earlier chunk of the same file ended at, before the first hx_reader_next(). */
HX_API hx_status hx_reader_seek(hx_reader *r, hx_position at, hx_error *err) HX_MUST_USE;
HX_API void hx_chunk_free(hx_chunk *c);
HX_API hx_position hx_chunk_start(const hx_chunk *c);
HX_API hx_position hx_chunk_end(const hx_chunk *c);

/* One parsed row. `cells` has one view per column of the reader (missing cells are empty with ptr NULL). */
typedef struct {
    const hx_str *cells;
    hx_str raw; /* the record as it stands in the file, as UTF-8, without its line end */
    int64_t row; /* 1-based data row; blank records have a number, but give no row */
    hx_str
        extra; /* JSON Lines: an object of keys that are no column; Excel: surplus cells as a JSON array; else empty */
    const char *bad; /* why the row can't be used, in English, NULL = good; see hx_row_bad_text() */
    const char *bad_zh; /* the same in Chinese where `bad` holds figures, else NULL */
    int64_t bad_column; /* 0-based, or -1 */
} hx_row;

typedef struct {
    hx_row *rows;
    size_t n_rows;
    size_t n_columns;
} hx_rows;

/* Parses a chunk. Thread-safe for different chunks of one reader (reads only immutable parts of `r`). The rows borrow from the
 * chunk and `arena`. Ragged rows: short ones have missing cells; long ones are bad unless
 * the surplus is blank (Excel: it goes into `extra`). A NUL byte, an invalid byte
 * sequence (replaced by U+FFFD; the row is bad), an over-long cell or an unclosed quote makes a bad row, never a lost one. */
HX_API hx_status hx_chunk_rows(const hx_reader *r, const hx_chunk *c, hx_arena *arena, hx_rows *out,
                               hx_error *err) HX_MUST_USE;
/* `bad` in the language of messages. */
HX_API const char *hx_row_bad_text(const hx_row *row, hx_ui_lang ui);

/* ------------------------------------------------------------------ values */
/* Milliseconds since 1970 UTC. Understands ISO 8601 (T or blank, fraction, Z or ±hh:mm), 2026-3-5, 2026/3/5, 2026.3.5, 20260305,
 * 20260305142011, 2026年3月5日 14:20(:11), 下午2点20分, 5/3/26 (by `order`), 5-Mar-2026, Mar 5, 2026, Unix seconds (10 digits), ms (13),
 * us (16), Excel serials where `excel`; full-width digits. `zone_ms` = bare times are local_ms of `zone` (see hx_time_zone). Years 1900-2199
 * pass; others are refused with a sentence. */
typedef struct hx_time_zone hx_time_zone; /* immutable; shared by threads */
HX_API hx_status hx_time_zone_open(hx_time_zone **out, const char *name, hx_error *err)
    HX_MUST_USE; /* "UTC", "+08:00", "Asia/Shanghai" */
HX_API void hx_time_zone_close(hx_time_zone *z);
HX_API hx_status hx_parse_time(hx_str s, hx_date_order order, bool excel, const hx_time_zone *zone,
                               int64_t *ms, hx_error *err) HX_MUST_USE;

/* Amounts in 1/10,000 units: ￥1,299.00, １２９９元, 1.2万, 3亿, -45.5, (45.5), 45.5-, $12, 12 USD, EUR 3,50 with `decimal_comma`.
 * `currency` (may be NULL) gets "CNY", "USD", ... or "" where none is said. */
HX_API hx_status hx_parse_amount(hx_str s, bool decimal_comma, int64_t *amount_e4, char currency[4],
                                 hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ dry run */
/* What was understood of a file, as one JSON object: encoding, format, delimiter, columns (name, role, type, date order), first
 * rows, and how many of the sampled rows would be rejected and why. `json` lives in `arena`. */
HX_API hx_status hx_reader_preview(hx_reader *r, size_t n_rows, const hx_time_zone *zone,
                                   hx_arena *arena, hx_str *json, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ group */
/* SELECT keys, aggregates FROM file GROUP BY keys: as `huaxiang table group --by C --agg "sum(amount),count,max(date)"`.
 * Aggregates: count, count(c) of non-empty, distinct(c) or nunique(c), sum(c), mean(c), min(c), max(c), first(c), last(c); of tables in memory
 * (hx_table_group) also std(c), var(c) (sample), median(c), q25(c), q97.5(c), ... and mode(c). Numbers are summed exactly
 * as decimals of up to 4 places (int128), times compared as text order where the column is ISO, else as times. */
typedef struct {
    const char *by; /* "customer_id" or "a,b" */
    const char *aggregates;
    size_t n_threads; /* 0 = one a processor */
    hx_reader_options reader;
} hx_group_options;
typedef struct hx_group_table hx_group_table;
/* False where one of the aggregates needs all values of a group: those are for hx_table_group(). */
HX_API bool hx_group_is_streamed(const char *aggregates);
HX_API hx_status hx_group_file(hx_group_table **out, const char *path,
                               const hx_group_options *options, hx_error *err) HX_MUST_USE;
HX_API void hx_group_table_free(hx_group_table *t);
HX_API size_t hx_group_table_rows(const hx_group_table *t);
HX_API size_t hx_group_table_columns(const hx_group_table *t);
HX_API const char *hx_group_table_column_name(const hx_group_table *t, size_t column);
/* Rows are in bytewise order of the keys. The cell lives as long as the table. */
HX_API hx_str hx_group_table_cell(const hx_group_table *t, size_t row, size_t column);

/* ------------------------------------------------------------------ tables in memory */
/* Typed columns of equal length, each value or missing. A table is used by one thread while it changes and by any number while it does
 * not. Numbers come out as doubles, times as milliseconds since 1970 UTC, booleans as 0 and 1, texts as codes of a dictionary of the
 * column; how they are held inside (as few bytes as their values need) is the table's own business.
 *
 * A column read from a file is BOOLEAN where all its values are true/false words, NUMBER where all are numbers that a double holds,
 * TIME where all are times, else TEXT; ids of more than 15 digits and numbers with leading zeros are TEXT. Missing are empty
 * cells and what pandas takes for missing (NA, N/A, n/a, #N/A, #NA, #N/A N/A, <NA>, NULL, null, NaN, nan, -NaN, -nan, None, 1.#IND, -1.#IND, 1.#QNAN,
 * -1.#QNAN), and what the options add. */
typedef enum { HX_KIND_NUMBER = 0, HX_KIND_TIME, HX_KIND_BOOLEAN, HX_KIND_TEXT } hx_kind;
HX_API const char *hx_kind_name(hx_kind kind); /* "number", "time", "boolean", "text" */

#define HX_TABLE_ROWS_MAX 2000000000u
#define HX_CODE_MISSING UINT32_MAX
#define HX_COLUMN_NONE SIZE_MAX

typedef struct {
    hx_str name; /* lives as long as the column */
    hx_kind kind;
    bool integer; /* NUMBER: all values are whole and below 2^53 */
    int decimals; /* NUMBER: digits behind the point it is written with, -1 = as many as it needs */
    size_t missing; /* rows without a value */
    size_t n_values; /* TEXT: entries of the dictionary; codes are below it */
} hx_table_column;

/* What a column is to be read as. */
typedef struct {
    hx_str name;
    hx_kind kind;
} hx_column_kind;

typedef struct {
    hx_reader_options reader;
    const char *columns; /* only these, "a,b"; NULL = all */
    const char *missing; /* more texts that mean missing, "未知,-"; NULL */
    const char *texts; /* columns read as TEXT whatever they hold, "zip,sku"; NULL */
    /* kinds (n_kinds) that something learnt from: a column of that name is read as that kind, cells that are no such value are missing and
     * counted (hx_table_odd_at()); where most are none, the column is what it is by itself. Names that the file does not have are passed over. */
    const hx_column_kind *kinds;
    size_t n_kinds;
    const hx_time_zone *zone; /* of bare times; NULL = UTC */
    size_t n_threads; /* 0 = one a processor */
    size_t max_bytes; /* of the table, 0 = 16 GiB */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* bytes; NULL */
    void *context;
    const volatile int *cancel;
} hx_table_options;

typedef struct hx_table hx_table;

/* Reads a whole file. Rows that can't be read (ragged, foreign bytes) are left out and counted: hx_table_bad_rows(). A row of separators alone is
 * a row without values, a blank line (and an empty row of a workbook) is none. Order of rows is the file's at any number of threads. */
HX_API hx_status hx_table_read(hx_table **out, const char *path, const hx_table_options *options,
                               hx_error *err) HX_MUST_USE;
HX_API hx_status hx_table_new(hx_table **out, size_t n_rows,
                              hx_error *err) HX_MUST_USE; /* no columns yet */
HX_API void hx_table_free(hx_table *t); /* NULL is fine */
HX_API size_t hx_table_rows(const hx_table *t);
HX_API size_t hx_table_columns(const hx_table *t);
HX_API size_t hx_table_bad_rows(const hx_table *t);
/* The first row that was left out and why; "" where there is none. */
HX_API const char *hx_table_first_bad(const hx_table *t);
/* Columns of options.kinds with cells that were no value of that kind; fixed once it was read, lives as long as the table. */
typedef struct {
    hx_str column;
    hx_kind kind;
    size_t cells;
    hx_str first; /* the first of them, cut short where it is long */
} hx_odd_cells;
HX_API size_t hx_table_odd(const hx_table *t);
HX_API const hx_odd_cells *hx_table_odd_at(const hx_table *t, size_t i);
/* The kinds of all columns, as hx_table_options takes them; names borrow from the table, the list is in the arena. */
HX_API hx_status hx_table_kinds(const hx_table *t, hx_arena *arena, hx_column_kind **out, size_t *n,
                                hx_error *err) HX_MUST_USE;
HX_API const hx_table_column *hx_table_column_at(const hx_table *t, size_t column);
/* HX_COLUMN_NONE where there is none. */
HX_API size_t hx_table_find(const hx_table *t, hx_str name);
/* The columns of a list "a,b" ("" or NULL: all), checked; indexes (n) in the arena. HX_ENOTFOUND names the column and the nearest name there is. */
HX_API hx_status hx_table_find_list(const hx_table *t, const char *list, hx_arena *arena,
                                    size_t **columns, size_t *n, hx_error *err) HX_MUST_USE;

/* Values of rows [first, first + n) of a column that is no TEXT; NaN = missing (a NaN is never a value). */
HX_API void hx_table_numbers(const hx_table *t, size_t column, size_t first, size_t n, double *out);
/* Codes of a TEXT column; HX_CODE_MISSING. Codes are in order of first appearance. */
HX_API void hx_table_codes(const hx_table *t, size_t column, size_t first, size_t n, uint32_t *out);
HX_API hx_str hx_table_value(const hx_table *t, size_t column, uint32_t code);
HX_API bool hx_table_is_missing(const hx_table *t, size_t column, size_t row);
/* A cell as it is written: numbers with the column's decimals, times as ISO 8601, true/false; empty = missing. `room` (64 bytes)
 * may hold it; it lives as long as both. */
HX_API hx_str hx_table_cell(const hx_table *t, size_t row, size_t column, char *room);

/* Adds a column behind the others, or replaces the one of that name where it stands. values (rows): NaN = missing; copied. TIME,
 * BOOLEAN or NUMBER; integer is found out, decimals -1 = as many as needed. */
HX_API hx_status hx_table_put_numbers(hx_table *t, hx_str name, hx_kind kind, const double *values,
                                      int decimals, hx_error *err) HX_MUST_USE;
/* codes (rows), each below n_values or HX_CODE_MISSING; both copied. */
HX_API hx_status hx_table_put_texts(hx_table *t, hx_str name, const uint32_t *codes,
                                    const hx_str *values, size_t n_values,
                                    hx_error *err) HX_MUST_USE;
HX_API hx_status hx_table_rename(hx_table *t, size_t column, hx_str name,
                                 hx_error *err) HX_MUST_USE;
HX_API void hx_table_remove(hx_table *t, size_t column);
/* The rows of a list (indexes, any order, repeats are fine) as a new table; dictionaries keep their codes. */
HX_API hx_status hx_table_pick(hx_table **out, const hx_table *t, const size_t *rows, size_t n,
                               hx_error *err) HX_MUST_USE;
/* The same in place. */
HX_API hx_status hx_table_keep(hx_table *t, const size_t *rows, size_t n,
                               hx_error *err) HX_MUST_USE;
/* Rows for which a condition holds, in place: `city = 上海 and (age >= 30 or level in (gold, silver)) and not email is missing`. */
HX_API hx_status hx_table_where(hx_table *t, const char *condition, hx_error *err) HX_MUST_USE;

/* Writes rows [first, first + n) as HX_FORMAT_CSV (with a header where first = 0) or HX_FORMAT_JSONL, in pieces of about 1 MiB. */
typedef hx_status hx_table_write_fn(void *context, const char *bytes, size_t n, hx_error *err);
HX_API hx_status hx_table_write(const hx_table *t, hx_format format, size_t first, size_t n,
                                size_t n_threads, hx_table_write_fn *write, void *context,
                                hx_error *err) HX_MUST_USE;

/* GROUP BY in memory: keys (their own kinds, in their order, missing first), then one column an aggregate under the name it was written
 * with: as hx_group_file(), with a missing value wherever a group has none. */
HX_API hx_status hx_table_group(hx_table **out, const hx_table *t, const char *by,
                                const char *aggregates, size_t n_threads,
                                hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ splits */
/* Which part each row belongs to. Without a column: by chance; stratify: every value of that column (numbers of many values: tenths of
 * them) is shared out alike; group: the rows of a value stay together; time: the earliest rows are trained on, the latest are the test,
 * rows of one time stay together. At most one of the three. */
typedef struct {
    double shares[3]; /* of training, validation, test; >= 0, one > 0; scaled to their sum */
    const char *stratify, *group, *time; /* a column; NULL */
    uint64_t seed;
} hx_split_options;
/* part (rows) in the arena: 0, 1, 2. */
HX_API hx_status hx_table_split(const hx_table *t, const hx_split_options *options, hx_arena *arena,
                                unsigned char **part, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ describe */
/* As pandas' describe(include="all"): sample standard deviation, quartiles by linear interpolation; a NaN is "does not apply". Infinite values
 * are values: the mean may be infinite then, there is no standard deviation, and no quartile beside one. */
typedef struct {
    size_t count, missing, unique; /* unique values; of numbers too */
    size_t infinite; /* of count; not in bins */
    double mean, std, min, q25, q50, q75, max, sum;
    double skew, zeros, negatives; /* skew as pandas has it */
    hx_str top; /* TEXT, BOOLEAN: the commonest value, the first to appear among equals */
    size_t freq;
    size_t
        n_bins; /* histogram of finite values: equal widths from min to max; TEXT: the commonest values */
    size_t bins[20];
} hx_description;
/* Of each column; out (columns) in the arena. */
HX_API hx_status hx_table_describe(const hx_table *t, size_t n_threads, hx_arena *arena,
                                   hx_description **out, hx_error *err) HX_MUST_USE;
/* A column of texts that may be meant as something else: nearly all of its values are numbers or times, or most are amounts (￥68.00, 1.2万). */
#define HX_ODD_EXAMPLES 5
typedef struct {
    hx_kind meant; /* NUMBER, TIME */
    bool amounts; /* NUMBER: as amounts; examples has one */
    size_t cells; /* with a value */
    size_t odd,
        odd_values; /* of them those that are none, and how many different ones; 0 of amounts */
    hx_str examples[HX_ODD_EXAMPLES]; /* in order of appearance, borrowed from the table */
    size_t n_examples;
    bool marks; /* all odd ones are usual signs of a missing value: ?, -, 无, 未知 */
} hx_mistyped;
/* False: the column is no such one. At most a fifth of the cells and 20 different values are odd then. */
HX_API bool hx_table_mistyped(const hx_table *t, size_t column, hx_mistyped *out);

/* The same as one self-contained HTML page, `title` escaped by it. */
HX_API hx_status hx_table_describe_html(const hx_table *t, hx_str title, hx_ui_lang ui,
                                        hx_arena *arena, hx_str *html, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ recipes */
/* Steps that are fitted on one table and applied to others: what is learnt (means, ranges, categories, neighbours) comes from the
 * table it was fitted on alone. A recipe is a JSON array of steps,
 *     [{"step":"impute","columns":["age"],"method":"median","by":["city"],"mask":true},{"step":"scale","method":"minmax"}]
 * and once fitted a JSON object with the parameters in it: one file, read back by hx_recipe_read(). docs/tables.md lists the
 * steps with their keys; an unknown key is refused by name. */
typedef struct hx_recipe hx_recipe;
typedef struct hx_step_kind hx_step_kind; /* frame/step.h: steps that modules above bring along */
/* How the step "embed" wants texts to be read, and what reads them: language models are not of this module (hx_embedder of huaxiang/model.h). */
typedef struct {
    hx_str model; /* name or path, as the step has it */
    bool mean; /* of all tokens, else the last one's vector */
    bool normalize, bidirectional;
    size_t max_length; /* tokens; 0 = as many as the model takes */
} hx_text_embedding;
typedef struct {
    void *context;
    /* Vectors (n, *width) of n texts, in the arena; each depends on its text alone. May be called by several threads at once. */
    hx_status (*embed)(void *context, const hx_text_embedding *how, const hx_str *texts, size_t n,
                       hx_arena *arena, float **out, size_t *width, hx_error *err);
} hx_text_embedder;
typedef struct {
    size_t n_threads; /* 0 = one a processor */
    uint64_t seed;
    bool keep_rows; /* steps that remove rows do nothing (for predictions, a row each) */
    const volatile int *cancel;
    const hx_text_embedder *embedder; /* borrowed; NULL: the step "embed" is refused */
} hx_recipe_run;
/* more (n_more): further kinds of steps, borrowed; NULL, 0. */
HX_API hx_status hx_recipe_open(hx_recipe **out, hx_str json, const hx_step_kind *const *more,
                                size_t n_more, hx_error *err) HX_MUST_USE;
HX_API void hx_recipe_free(hx_recipe *r); /* NULL is fine */
/* Fits each step and applies it to `t` before the next one is fitted. */
HX_API hx_status hx_recipe_fit(hx_recipe *r, hx_table *t, const hx_recipe_run *run,
                               hx_error *err) HX_MUST_USE;
/* Applies a fitted recipe in place. A column it needs that is missing or of another kind is named. */
HX_API hx_status hx_recipe_apply(const hx_recipe *r, hx_table *t, const hx_recipe_run *run,
                                 hx_error *err) HX_MUST_USE;
/* Undoes the steps that can be undone (scale), last first; the others are passed over. */
HX_API hx_status hx_recipe_undo(const hx_recipe *r, hx_table *t, const hx_recipe_run *run,
                                hx_error *err) HX_MUST_USE;
HX_API hx_status hx_recipe_json(const hx_recipe *r, hx_arena *arena, hx_str *json,
                                hx_error *err) HX_MUST_USE;
HX_API hx_status hx_recipe_read(hx_recipe **out, hx_str json, const hx_step_kind *const *more,
                                size_t n_more, hx_error *err) HX_MUST_USE;
/* The kinds that columns had which its steps read, when it was fitted: those of the table before its first step. Names borrow from the recipe. 0
 * where it was not fitted or kept by a version that did not write them down. */
HX_API size_t hx_recipe_kinds(const hx_recipe *r, const hx_column_kind **out);
/* What each step did to the table it was fitted on or applied to last: one sentence a step, in the language of `ui`. */
HX_API size_t hx_recipe_steps(const hx_recipe *r);
HX_API const char *hx_recipe_note(const hx_recipe *r, size_t step, hx_ui_lang ui);

/* A column that is other when later rows are taken away: its values knew the future of their rows. */
typedef struct {
    hx_str column;
    size_t changed, compared; /* values, over all cuts */
    size_t first_row; /* 0-based row of the table, the first that changed */
} hx_leak;
/* Runs `steps` (an array, as of hx_recipe_open()) on all rows and on those up to each tenth of the column `time`; gives the columns whose values of the
 * same rows differ. `t` is not changed; leaks (n) in the arena. HX_EINVAL where steps remove rows. */
HX_API hx_status hx_recipe_leaks(hx_str steps, const hx_table *t, hx_str time,
                                 const hx_recipe_run *run, hx_arena *arena, hx_leak **leaks,
                                 size_t *n, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ checking by rules */
/* A rules file says what has to hold of a table, each rule with a severity: {"format":"huaxiang/rules/1","rules":[
 *     {"rule":"not_null","columns":["id","date"],"severity":"error"},
 *     {"rule":"unique","columns":["id"]},
 *     {"rule":"range","column":"age","min":0,"max":120,"at_most":0.01},        at_most: the share of rows that may break it, 0
 *     {"rule":"range","column":"date","min":"2025-01-01"},
 *     {"rule":"pattern","column":"phone","pattern":"^1[3-9]\\d{9}$"},
 *     {"rule":"in_set","column":"channel","values":["web","app"]},
 *     {"rule":"foreign_key","column":"customer","file":"customers.csv","key":"id"},
 *     {"rule":"freshness","column":"date","within_hours":48},
 *     {"rule":"row_count","min":1000,"max":2000},
 *     {"rule":"distribution","column":"amount","mean":[50,90],"std":[5,30],"quantiles":{"0.5":[40,80]},"psi":0.2,"profile":"base.json"}]}
 * Severity is "info", "warn" or "error" (the default). Missing values break not_null alone. */
typedef enum { HX_SEVERITY_INFO = 0, HX_SEVERITY_WARN, HX_SEVERITY_ERROR } hx_severity;
HX_API const char *hx_severity_name(hx_severity severity); /* "info", "warn", "error" */

#define HX_CHECK_EXAMPLES 3
typedef struct {
    const char *rule; /* "not_null", ... */
    hx_str columns; /* "a,b"; empty = of the table */
    hx_str expected; /* ">= 0, <= 120", in the language of the options */
    hx_severity severity;
    bool broken;
    size_t count,
        rows; /* rows that break it, of those looked at; 0, 0 where it is about the table or column as a whole */
    hx_str found; /* what there is instead, where it is about a whole: "mean 43.1" */
    size_t n_examples;
    struct {
        size_t row; /* 0-based */
        hx_str value;
    } examples[HX_CHECK_EXAMPLES]; /* the first rows that break it */
} hx_check_result;

typedef struct {
    int64_t as_of_ms; /* of freshness */
    const char *folder; /* that files named in rules are relative to; NULL = the working folder */
    size_t n_threads; /* 0 = one a processor */
    hx_ui_lang ui;
} hx_check_options;

/* Each rule in the order of the file; all in the arena. HX_EINVAL and HX_ENOTFOUND name the rule at fault: a rule that can't be checked is
 * a failure, not a broken rule. */
HX_API hx_status hx_table_check(const hx_table *t, hx_str rules, const hx_check_options *options,
                                hx_arena *arena, hx_check_result **out, size_t *n,
                                hx_error *err) HX_MUST_USE;
/* Rules that this table keeps, as a file to be read and edited: not_null, unique, ranges, sets of few values, patterns of codes, the number of
 * rows within a half and the double. */
HX_API hx_status hx_rules_propose(const hx_table *t, hx_arena *arena, hx_str *json,
                                  hx_error *err) HX_MUST_USE;
/* Results as one self-contained HTML page; `title` is escaped. */
HX_API hx_status hx_check_html(const hx_check_result *results, size_t n, hx_str title,
                               hx_ui_lang ui, hx_arena *arena, hx_str *html,
                               hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ duplicates, misspelt values */
typedef struct {
    const char
        *keys; /* columns that tell rows apart, "a,b"; NULL = all, with `near` all of texts */
    double near; /* 0 = equal cells; 0.5 to 1 = alike from this similarity on, see below */
    const char *keep; /* "first" (NULL), "last", "complete" (fewest missing), "latest:COLUMN" */
} hx_duplicate_options;

typedef struct {
    size_t n_groups; /* of two rows at least */
    size_t n_surplus; /* rows that do not survive */
    uint32_t *
        group; /* (rows) 0 = alone, else the number of its group, in the order of their first rows */
    size_t *survivor; /* (rows) the row that stands for it; a survivor: itself */
    double *similarity; /* (rows) to the survivor; 1 = equal keys */
} hx_duplicates;

/* Rows that are the same thing; all in the arena. Rows without any key are alone. Near: the mean over the key columns (those that both rows have)
 * of text similarity, of other kinds 1 where equal, else 0. Text similarity is the mean of Jaro-Winkler and 1 - edit distance / longer length on texts
 * without case, width, blanks and signs; texts whose digits differ are not alike. Pairs are found by hashes of their character pairs: at
 * a similarity of 0.85 nearly all of them, not surely all. Likeness is passed on: a ~ b ~ c are one group. */
HX_API hx_status hx_table_duplicates(const hx_table *t, const hx_duplicate_options *options,
                                     hx_arena *arena, hx_duplicates *out,
                                     hx_error *err) HX_MUST_USE;

typedef struct {
    hx_str column, from, to;
    size_t from_rows, to_rows;
    double similarity; /* of the two as they are compared */
    const char *
        reason; /* "form" (width, case, blanks), "suffix" (市, 省, ...), "pinyin" (Shanghai), "spelling" */
} hx_repair;

/* Values of text columns ("a,b"; NULL = all of texts with at most 10,000 values) that seem to be other spellings of commoner ones; all in the arena. Spelling: similarity
 * from 0.85 on and a target at least twice as common. A list to be read by somebody before it is applied (the step `repair`). */
HX_API hx_status hx_table_propose_repairs(const hx_table *t, const char *columns, hx_arena *arena,
                                          hx_repair **out, size_t *n, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ several sources */
#define HX_SOURCES_MAX 16

typedef struct {
    const char *key; /* columns that all sources have, "a,b" */
    const char *compare; /* columns, "a,b"; NULL = all that two sources share */
    const char
        *tolerance; /* how far numbers may be apart and still agree, "amount=0.01,price=1"; NULL */
    const char *survive; /* "first" (NULL), "most-frequent", "newest:COLUMN", "source:NAME" */
    const char *const *names; /* (n) of the sources */
    const hx_table *const *
        written; /* (n) the sources with all their columns as texts: then values and merged cells are as they stand in the
                  * files; NULL = numbers with the places of the column that has most */
} hx_reconcile_options;

typedef enum {
    HX_CONFLICT_ABSENT = 0, /* the key is not in every source */
    HX_CONFLICT_DIFFERS, /* a field has different values, or is missing in one */
    HX_CONFLICT_REPEATED /* a source has the key more than once; its first row counts */
} hx_source_conflict_kind;
HX_API const char *
hx_source_conflict_name(hx_source_conflict_kind kind); /* "absent", "differs", "repeated" */

typedef struct {
    hx_source_conflict_kind kind;
    hx_str key; /* cells joined by commas */
    hx_str column; /* DIFFERS; else empty */
    unsigned
        sources; /* bit i: ABSENT: source i has it; DIFFERS: it has a row; REPEATED: it is this one */
    hx_str *values; /* [n sources] DIFFERS: as they are written; empty = missing */
    size_t kept; /* DIFFERS: the source whose value survives */
    size_t rows; /* REPEATED: how many */
} hx_source_conflict;

typedef struct {
    size_t keys; /* different ones in all sources together */
    size_t agreed; /* keys that every source has and whose compared fields agree */
    size_t absent[HX_SOURCES_MAX], repeated[HX_SOURCES_MAX], keyless[HX_SOURCES_MAX];
    hx_source_conflict *
        conflicts; /* [n_conflicts], in the order of the keys: those of the first source, then what the next ones add */
    size_t n_conflicts;
    hx_table *merged; /* a row a key, the columns of all; the caller's, hx_table_free() */
} hx_reconciliation;

/* Matches n tables (2 to HX_SOURCES_MAX) by key and compares their fields; what is not `merged` is in the arena. A field of the merged table comes from
 * the source that the rule names, or from the first that has a value. */
HX_API hx_status hx_tables_reconcile(const hx_table *const *tables, size_t n,
                                     const hx_reconcile_options *options, hx_arena *arena,
                                     hx_reconciliation *out, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ monitoring */
/* How far a column is from what a kept profile says of it. Shares are over bins: tenths of the profile's rows (NUMBER, TIME) or its commonest values
 * and all others (TEXT, BOOLEAN). A NaN is "does not apply". */
typedef struct {
    double psi; /* sum (q - p) ln (q / p), half a row added to each bin on both sides */
    double js; /* Jensen-Shannon distance: square root of the divergence to base 2, 0 to 1 */
    double ks, ks_p; /* Kolmogorov-Smirnov distance and the probability of a larger one by chance */
    double missing_before, missing_now, missing_p; /* shares; two-sided test of two proportions */
    bool knows_new; /* the profile has all values, so new ones can be told */
    size_t new_values, new_rows; /* values that the profile does not have, and their rows */
    double
        new_expected; /* rows of values never seen that chance alone would bring (Good, Turing) */
    size_t n_bins, before, now; /* bins; rows with a value */
    hx_str new_value; /* the commonest of the new ones */
} hx_drift;

typedef struct {
    const char *folder; /* where profiles are kept; made where it is not there */
    const char *name; /* of the series of runs: letters, digits, - and _ */
    const char *
        baseline; /* "previous": the latest run without an alarm; "first"; or the number of a run */
    double alpha; /* chance that a run over unchanged data raises an alarm; (0, 0.5] */
    int64_t now_ms; /* written down with the run */
    size_t n_threads;
} hx_monitor_options;

typedef enum {
    HX_ALARM_PSI = 1,
    HX_ALARM_JS = 2,
    HX_ALARM_KS = 4,
    HX_ALARM_MISSING = 8,
    HX_ALARM_NEW_VALUES = 16,
    HX_ALARM_GONE = 32, /* the column is not there any more */
    HX_ALARM_KIND = 64 /* it is of another kind now */
} hx_alarm;

typedef struct {
    hx_str column;
    hx_kind kind;
    bool is_new; /* the profile does not have this column: noted, no alarm */
    hx_drift drift;
    double psi_limit, js_limit, ks_limit, missing_limit, new_limit; /* an alarm lies beyond */
    unsigned alarms; /* hx_alarm, or-ed */
    size_t n_bins, bins_before[10],
        bins_now[10]; /* for pictures: rows by tenths or commonest values */
} hx_monitor_column;

typedef struct {
    int64_t run,
        baseline; /* numbers from 1; baseline 0 = this is the first run, nothing is compared */
    int64_t baseline_ms;
    size_t rows, baseline_rows;
    bool rows_alarm; /* fewer than half or more than twice the rows */
    size_t n_alarms; /* columns with an alarm, and one of the rows */
    size_t n;
    hx_monitor_column *columns; /* [n] */
    struct {
        int64_t run, at_ms;
        size_t rows, alarms;
    } * history; /* [n_history], the latest last, this run among them */
    size_t n_history;
} hx_monitor_report;

/* The kinds that the columns of the run to be compared with had, for hx_table_options.kinds: (n) in the arena, 0 where there is no run. */
HX_API hx_status hx_monitor_kinds(const hx_monitor_options *options, hx_arena *arena,
                                  hx_column_kind **out, size_t *n, hx_error *err) HX_MUST_USE;
/* Compares a table with a kept profile and keeps its own. What alarms: beyond a floor that matters (PSI 0.2, JS 0.2, KS 0.1, missing 1 % of rows,
 * new values 1 % of rows) and beyond what chance does in 1 - alpha of runs. All in the arena. HX_EBUSY: another run wrote that number. */
HX_API hx_status hx_table_monitor(const hx_table *t, const hx_monitor_options *options,
                                  hx_arena *arena, hx_monitor_report *out,
                                  hx_error *err) HX_MUST_USE;
/* One self-contained HTML page; `title` is escaped. */
HX_API hx_status hx_monitor_html(const hx_monitor_report *report, hx_str title, hx_ui_lang ui,
                                 hx_arena *arena, hx_str *html, hx_error *err) HX_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
