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
 * Aggregates: count, count(c) of non-empty, distinct(c), sum(c), mean(c), min(c), max(c), first(c), last(c). Numbers are summed exactly
 * as decimals of up to 4 places (int128), times compared as text order where the column is ISO, else as times. */
typedef struct {
    const char *by; /* "customer_id" or "a,b" */
    const char *aggregates;
    size_t n_threads; /* 0 = one a processor */
    hx_reader_options reader;
} hx_group_options;
typedef struct hx_group_table hx_group_table;
HX_API hx_status hx_group_file(hx_group_table **out, const char *path,
                               const hx_group_options *options, hx_error *err) HX_MUST_USE;
HX_API void hx_group_table_free(hx_group_table *t);
HX_API size_t hx_group_table_rows(const hx_group_table *t);
HX_API size_t hx_group_table_columns(const hx_group_table *t);
HX_API const char *hx_group_table_column_name(const hx_group_table *t, size_t column);
/* Rows are in bytewise order of the keys. The cell lives as long as the table. */
HX_API hx_str hx_group_table_cell(const hx_group_table *t, size_t row, size_t column);

#ifdef __cplusplus
}
#endif
#endif
