/* fuzz_file.h - the bytes of the fuzzer as a file, read to the end by the reader.
 *
 * Promises that are checked on the way: chunks follow each other without gap; rows come in ascending order; all text is UTF-8; a
 * row is good or has its reason; going on from the end of the first chunk gives the same end. */
#ifndef HX_FUZZ_FILE_H
#define HX_FUZZ_FILE_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "huaxiang/frame.h"
#include "base/utf8.h"
#include "fuzz.h"

static inline void fuzz_check_rows(const hx_rows *rows, int64_t *last) {
    for (size_t i = 0; i < rows->n_rows; i++) {
        const hx_row *row = &rows->rows[i];
        FUZZ_REQUIRE(row->row > *last);
        *last = row->row;
        FUZZ_REQUIRE(hx_utf8_is_valid(row->raw) && hx_utf8_is_valid(row->extra));
        for (size_t k = 0; k < rows->n_columns; k++)
            FUZZ_REQUIRE(hx_utf8_is_valid(row->cells[k]));
    }
}

/* Reads on to the end or the break; *first is the end of the first chunk. Returns where it ended. */
static inline hx_position fuzz_read_all(hx_reader *r, hx_position at, hx_position *first) {
    hx_arena *arena = hx_arena_new(0);
    int64_t last = (int64_t)at.row;
    bool is_first = true;
    FUZZ_REQUIRE(arena);
    for (;;) {
        hx_chunk *c = NULL;
        hx_rows rows = {NULL, 0, 0};
        hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
        if (hx_reader_next(r, &c, &err) != HX_OK || !c) break;
        FUZZ_REQUIRE(is_first || hx_chunk_start(c).offset == at.offset);
        at = hx_chunk_end(c);
        FUZZ_REQUIRE(at.offset > hx_chunk_start(c).offset);
        if (hx_chunk_rows(r, c, arena, &rows, &err) == HX_OK) fuzz_check_rows(&rows, &last);
        if (is_first) *first = at;
        is_first = false;
        FUZZ_REQUIRE(last <= (int64_t)at.row);
        hx_chunk_free(c);
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
    return at;
}

static inline void fuzz_file(const uint8_t *data, size_t size, const hx_reader_options *o) {
    char path[64];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    hx_reader *r = NULL;
    hx_position start = {0, 0}, first = {0, 0}, end, again;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_reader_open(&r, path, o, &err) == HX_OK) {
        end = fuzz_read_all(r, start, &first);
        hx_reader_close(r);
        FUZZ_REQUIRE(hx_reader_open(&r, path, o, &err) == HX_OK);
        if (first.offset > 0) {
            FUZZ_REQUIRE(hx_reader_seek(r, first, &err) == HX_OK);
            hx_position ignored;
            again = fuzz_read_all(r, first, &ignored);
            FUZZ_REQUIRE(again.offset == end.offset && again.row == end.row);
        }
        hx_reader_close(r);
    } else {
        FUZZ_REQUIRE(err.message[0] != '\0');
    }
    (void)close(fd);
}

#endif
