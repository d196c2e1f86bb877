/* reader.c - opens an input, keeps a window of decoded bytes over it, and gives chunks of whole records.
 *
 *     window   [........................................)
 *              at = position.offset        window.len
 *
 * A chunk starts at `at`. The bytes it is cut from are the next chunk_bytes; where they hold no whole record, twice as many, up to
 * HX_ROW_MAX. A record longer than that is skipped to its line end and given as a chunk of one bad row that holds its start. Where the
 * input breaks off, the whole records before the break are given first, then the failure. */
#include "frame/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define CHUNK_BYTES (1u << 20)
#define READ_BYTES (256u << 10) /* raw bytes decoded at a time */
#define WINDOW_MAX ((size_t)HX_ROW_MAX + (8u << 20))
#define OVERSIZE_KEPT 4096 /* bytes of an over-long record that are kept */

/* ------------------------------------------------------------------ the window */

static void compact(hx_reader *r) {
    if (r->at == 0) return;
    memmove(r->window.ptr, r->window.ptr + r->at, r->window.len - r->at);
    r->window.len -= r->at;
    r->at = 0;
}

static hx_status read_decoded(hx_reader *r, size_t *got, hx_error *err) {
    if (!hx_buf_reserve(&r->raw, READ_BYTES)) return hx_buf_status(&r->raw, r->name, err);
    HX_TRY(hx_source_read(r->source, r->raw.ptr, READ_BYTES, got, err));
    return hx_decoder_write(&r->decoder, (hx_str){r->raw.ptr, *got}, *got == 0, &r->window, err);
}

static hx_status read_more(hx_reader *r, size_t want, size_t *got, hx_error *err) {
    if (!r->workbook && r->encoding != HX_ENCODING_UTF8) return read_decoded(r, got, err);
    size_t room = want < READ_BYTES ? READ_BYTES : want;
    if (!hx_buf_reserve(&r->window, room)) return hx_buf_status(&r->window, r->name, err);
    char *to = r->window.ptr + r->window.len;
    HX_TRY(r->workbook ? hx_xlsx_read(r->workbook, to, room, got, err)
                       : hx_source_read(r->source, to, room, got, err));
    r->window.len += *got;
    return HX_OK;
}

hx_status hx_reader_fill(hx_reader *r, size_t want, hx_error *err) {
    if (r->window.len - r->at >= want) return HX_OK;
    compact(r);
    while (!r->ended && r->window.len < want) {
        size_t got = 0;
        r->failure.ui = err ? err->ui : HX_UI_EN;
        hx_status st = read_more(r, want - r->window.len, &got, &r->failure);
        r->ended = st != HX_OK || got == 0;
        r->broken = st != HX_OK;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ chunks */

static void advance(hx_reader *r, size_t bytes, size_t records) {
    r->at += bytes;
    r->position.offset += bytes;
    r->position.row += records;
}

static hx_status chunk_new(hx_reader *r, size_t bytes, size_t records, hx_chunk **out,
                           hx_error *err) {
    hx_chunk *c = calloc(1, sizeof *c);
    if (!c) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_init(&c->data, WINDOW_MAX);
    (void)hx_buf_append(&c->data, r->window.ptr + r->at, bytes);
    hx_status st = hx_buf_status(&c->data, r->name, err);
    if (st != HX_OK) {
        hx_chunk_free(c);
        return st;
    }
    c->start = r->position;
    c->n_records = records;
    c->end = (hx_position){c->start.offset + bytes, c->start.row + records};
    *out = c;
    return HX_OK;
}

/* Drops everything up to the end of the line the window starts in. */
static hx_status skip_line(hx_reader *r, hx_error *err) {
    for (;;) {
        const char *p = r->window.ptr + r->at;
        size_t have = r->window.len - r->at;
        const char *end = have ? memchr(p, '\n', have) : NULL;
        advance(r, end ? (size_t)(end - p) + 1 : have, 0);
        if (end || r->ended) break;
        HX_TRY(hx_reader_fill(r, CHUNK_BYTES, err));
    }
    r->position.row++;
    return HX_OK;
}

static hx_status next_oversize(hx_reader *r, hx_chunk **out, hx_error *err) {
    size_t keep = OVERSIZE_KEPT;
    while (keep > 0 && ((unsigned char)r->window.ptr[r->at + keep] & 0xC0) == 0x80)
        keep--;
    HX_TRY(chunk_new(r, keep, 1, out, err));
    (*out)->oversize = true;
    hx_status st = skip_line(r, err);
    (*out)->end = r->position;
    if (st == HX_OK) return HX_OK;
    hx_chunk_free(*out);
    *out = NULL;
    return st;
}

static hx_status give_failure(const hx_reader *r, hx_error *err) {
    if (err) *err = r->failure;
    return r->failure.code != HX_OK ? r->failure.code : HX_EIO;
}

hx_status hx_reader_next(hx_reader *r, hx_chunk **out, hx_error *err) {
    *out = NULL;
    r->moved = true;
    for (size_t want = r->chunk_bytes;; want *= 2) {
        if (want > HX_ROW_MAX) want = HX_ROW_MAX;
        HX_TRY(hx_reader_fill(r, want, err));
        size_t have = r->window.len - r->at;
        bool final = r->ended && !r->broken && have <= want;
        bool last = r->ended && have <= want;
        if (have == 0) return r->broken ? give_failure(r, err) : HX_OK;
        hx_record_cut cut =
            hx_cut_records(r, r->window.ptr + r->at, have < want ? have : want, r->chunk_bytes,
                           r->max_records, final, want >= HX_ROW_MAX);
        if (cut.bytes > 0) {
            HX_TRY(chunk_new(r, cut.bytes, cut.records, out, err));
            advance(r, cut.bytes, cut.records);
            return HX_OK;
        }
        if (last) return give_failure(r, err);
        if (want >= HX_ROW_MAX) return next_oversize(r, out, err);
    }
}

hx_status hx_reader_sample(hx_reader *r, size_t max_rows, hx_chunk **out, hx_error *err) {
    *out = NULL;
    size_t want = HX_HEAD_BYTES;
    HX_TRY(hx_reader_fill(r, want, err));
    size_t have = r->window.len - r->at;
    if (have == 0) return r->broken ? give_failure(r, err) : HX_OK;
    hx_record_cut cut = hx_cut_records(r, r->window.ptr + r->at, have < want ? have : want, want,
                                       max_rows, r->ended && have <= want, true);
    if (cut.bytes == 0) return HX_OK;
    return chunk_new(r, cut.bytes, cut.records, out, err);
}

void hx_chunk_free(hx_chunk *c) {
    if (!c) return;
    hx_buf_release(&c->data);
    free(c);
}

hx_position hx_chunk_start(const hx_chunk *c) {
    return c->start;
}

hx_position hx_chunk_end(const hx_chunk *c) {
    return c->end;
}

hx_status hx_chunk_rows(const hx_reader *r, const hx_chunk *c, hx_arena *arena, hx_rows *out,
                        hx_error *err) {
    if (r->format == HX_FORMAT_JSONL) return hx_jsonl_rows(r, c, arena, out, err);
    return hx_csv_rows(r, c, arena, out, err);
}

hx_status hx_reader_seek(hx_reader *r, hx_position at, hx_error *err) {
    if (r->moved || at.offset < r->position.offset)
        return hx_fail(err, HX_EINVAL, "%s: can only be continued from a place behind the header",
                       r->name);
    uint64_t ahead = at.offset - r->position.offset;
    bool direct = !r->workbook && r->encoding == HX_ENCODING_UTF8;
    r->moved = true;
    while (ahead > r->window.len - r->at && !r->ended) {
        advance(r, r->window.len - r->at, 0);
        if (direct && hx_source_is_file(r->source)) {
            r->at = r->window.len;
            HX_TRY(hx_source_skip_to(r->source, at.offset + r->bom, err));
            r->position = at;
            return HX_OK;
        }
        ahead = at.offset - r->position.offset;
        HX_TRY(hx_reader_fill(r, ahead < CHUNK_BYTES ? (size_t)ahead : CHUNK_BYTES, err));
    }
    if (ahead > r->window.len - r->at) {
        if (r->broken) return give_failure(r, err);
        return hx_fail(err, HX_EFORMAT, "%s: is shorter than when it was read before; start afresh",
                       r->name);
    }
    advance(r, (size_t)ahead, 0);
    r->position = at;
    return HX_OK;
}

/* ------------------------------------------------------------------ open, close */

static hx_status open_workbook(hx_reader *r, const char *path, hx_error *err) {
    r->encoding = HX_ENCODING_UTF8;
    r->dialect = (hx_csv_dialect){',', '"'};
    if (hx_source_is_file(r->source))
        return hx_xlsx_open(&r->workbook, path, (hx_str){NULL, 0}, r->name, r->options.sheet, err);
    /* A workbook's index stands at its end: from a pipe it has to be taken whole. */
    hx_buf_init(&r->workbook_bytes, HX_XLSX_BYTES_MAX);
    for (size_t n = 1; n > 0;) {
        if (!hx_buf_reserve(&r->workbook_bytes, READ_BYTES))
            return hx_buf_status(&r->workbook_bytes, r->name, err);
        char *to = r->workbook_bytes.ptr + r->workbook_bytes.len;
        HX_TRY(hx_source_read(r->source, to, READ_BYTES, &n, err));
        r->workbook_bytes.len += n;
    }
    return hx_xlsx_open(&r->workbook, NULL, hx_buf_str(&r->workbook_bytes), r->name,
                        r->options.sheet, err);
}

static hx_status open_text(hx_reader *r, hx_str head, hx_error *err) {
    hx_encoding_guess g = hx_encoding_detect(head, head.len < HX_HEAD_BYTES);
    if (g.utf32) return hx_fail(err, HX_EFORMAT, "%s: is UTF-32 text; save it as UTF-8", r->name);
    r->encoding = g.encoding;
    r->bom = g.bom;
    HX_TRY(hx_decoder_init(&r->decoder, g.encoding, err));
    char mark[4];
    size_t n = 0;
    if (g.bom > 0) HX_TRY(hx_source_read(r->source, mark, g.bom, &n, err));
    HX_TRY(hx_reader_fill(r, HX_HEAD_BYTES, err));
    if (r->window.len == 0 && r->broken) return give_failure(r, err);
    return hx_sniff_text(r, err);
}

static hx_status open_all(hx_reader *r, const char *path, hx_error *err) {
    hx_str head = {NULL, 0};
    HX_TRY(hx_source_open(&r->source, path, err));
    r->name = (char *)hx_arena_str(r->arena, hx_str_of(hx_source_name(r->source))).ptr;
    if (!r->name) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_source_peek(r->source, HX_HEAD_BYTES, &head, err));
    if (head.len == 0 && strcmp(path, "-") == 0)
        return hx_fail(
            err, HX_EFORMAT,
            "nothing came in on standard input: name a file, or send rows with a header");
    if (head.len == 0) return hx_fail(err, HX_EFORMAT, "%s: is empty", r->name);
    HX_TRY(hx_sniff_container(r, path, head, err));
    if (r->format == HX_FORMAT_XLSX)
        HX_TRY(open_workbook(r, path, err));
    else
        HX_TRY(open_text(r, head, err));
    HX_TRY(hx_columns_read(r, err));
    return r->options.map ? hx_columns_map(r, r->options.map, err) : HX_OK;
}

hx_status hx_reader_open(hx_reader **out, const char *path, const hx_reader_options *options,
                         hx_error *err) {
    hx_reader *r = calloc(1, sizeof *r);
    if (!r) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (options) r->options = *options;
    r->chunk_bytes = r->options.chunk_bytes ? r->options.chunk_bytes : CHUNK_BYTES;
    r->max_records = HX_CHUNK_CELLS;
    hx_buf_init(&r->window, WINDOW_MAX);
    hx_buf_init(&r->raw, READ_BYTES);
    hx_map_init(&r->by_name);
    r->arena = hx_arena_new(0);
    hx_status st = r->arena ? open_all(r, path, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    r->options.map = NULL;
    if (st == HX_OK)
        *out = r;
    else
        hx_reader_close(r);
    return st;
}

void hx_reader_close(hx_reader *r) {
    if (!r) return;
    hx_xlsx_close(r->workbook);
    hx_buf_release(&r->workbook_bytes);
    hx_source_close(r->source);
    hx_decoder_release(&r->decoder);
    hx_buf_release(&r->window);
    hx_buf_release(&r->raw);
    hx_map_release(&r->by_name);
    hx_arena_free(r->arena);
    free(r);
}

/* ------------------------------------------------------------------ what it is */

hx_format hx_reader_format(const hx_reader *r) {
    return r->format;
}

const char *hx_reader_format_name(const hx_reader *r) {
    static const char *const names[] = {"", "CSV", "TSV", "JSON Lines", "Excel", "text"};
    return names[r->format];
}

const char *hx_reader_encoding_name(const hx_reader *r) {
    static const char *const names[][2] = {{"UTF-8", "UTF-8 with BOM"},
                                           {"UTF-16LE", "UTF-16LE with BOM"},
                                           {"UTF-16BE", "UTF-16BE with BOM"},
                                           {"GB18030", "GB18030 with BOM"}};
    return names[r->encoding][r->bom > 0];
}

char hx_reader_delimiter(const hx_reader *r) {
    bool has = r->format == HX_FORMAT_CSV || r->format == HX_FORMAT_TSV;
    return has ? r->dialect.delimiter : '\0';
}

const char *hx_reader_compression(const hx_reader *r) {
    return hx_source_compression(r->source);
}

size_t hx_reader_columns(const hx_reader *r, const hx_column **columns) {
    if (columns) *columns = r->columns;
    return r->n_columns;
}

hx_str hx_reader_header(const hx_reader *r) {
    return r->header;
}

hx_status hx_reader_map(hx_reader *r, const char *map, hx_error *err) {
    if (r->moved)
        return hx_fail(err, HX_EINVAL, "%s: columns are mapped before the first row is read",
                       r->name);
    return hx_columns_map(r, map, err);
}

void hx_reader_progress(const hx_reader *r, uint64_t *done, uint64_t *total) {
    hx_source_progress(r->source, done, total);
    /* libzip reads a workbook on its own: all that is known is how far the rows are. */
    if (r->workbook) *done = r->ended ? *total : 0;
}
