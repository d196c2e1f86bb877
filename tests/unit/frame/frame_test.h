/* frame_test.h - what the tests of frame share: files made on the spot, readers over them, and rows as one comparable text. */
#ifndef HX_TESTS_FRAME_TEST_H
#define HX_TESTS_FRAME_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "huaxiang/frame.h"
#include "base/buf.h"

typedef struct {
    char directory[40];
    char path[80];
} test_file;

/* A file `name` with `bytes` in a directory of its own. */
static inline test_file test_file_new(const char *name, hx_str bytes) {
    test_file f;
    snprintf(f.directory, sizeof f.directory, "/tmp/hx-frame-XXXXXX");
    assert_non_null(mkdtemp(f.directory));
    snprintf(f.path, sizeof f.path, "%s/%s", f.directory, name);
    FILE *out = fopen(f.path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, out), bytes.len);
    assert_int_equal(fclose(out), 0);
    return f;
}

static inline void test_file_remove(const test_file *f) {
    unlink(f->path);
    assert_int_equal(rmdir(f->directory), 0);
}

static inline hx_reader *test_open(const test_file *f, const hx_reader_options *options) {
    hx_reader *r = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_reader_open(&r, f->path, options, &err) != HX_OK) fail_msg("open: %s", err.message);
    return r;
}

/* Opening fails with this code, and with a sentence that is the path and `tail`. */
static inline void assert_open_fails(const test_file *f, const hx_reader_options *options,
                                     hx_status code, const char *tail) {
    char want[HX_MESSAGE_MAX];
    hx_reader *r = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    snprintf(want, sizeof want, "%s%s", f->path, tail);
    assert_int_equal(hx_reader_open(&r, f->path, options, &err), code);
    assert_string_equal(err.message, want);
}

/* Rows as text: "1|a|b|\n", a missing cell as ~, extra as +..., a bad row as "3!reason!raw\n". */
static inline void test_write_rows(const hx_rows *rows, hx_buf *out) {
    for (size_t i = 0; i < rows->n_rows; i++) {
        const hx_row *row = &rows->rows[i];
        (void)hx_buf_printf(out, "%lld", (long long)row->row);
        if (row->bad) {
            (void)hx_buf_printf(out, "!%s!", row->bad);
            (void)hx_buf_append_str(out, row->raw);
            (void)hx_buf_append_byte(out, '\n');
            continue;
        }
        for (size_t k = 0; k < rows->n_columns; k++) {
            (void)hx_buf_append_byte(out, '|');
            if (row->cells[k].ptr)
                (void)hx_buf_append_str(out, row->cells[k]);
            else
                (void)hx_buf_append_byte(out, '~');
        }
        if (row->extra.len) (void)hx_buf_append_byte(out, '+');
        (void)hx_buf_append_str(out, row->extra);
        (void)hx_buf_append_byte(out, '\n');
    }
}

/* Reads on to the end; returns the status the end came with. */
static inline hx_status test_read_all(hx_reader *r, hx_buf *out, hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    assert_non_null(arena);
    hx_status st = HX_OK;
    for (;;) {
        hx_chunk *c = NULL;
        hx_rows rows = {NULL, 0, 0};
        st = hx_reader_next(r, &c, err);
        if (st != HX_OK || !c) break;
        assert_int_equal(hx_chunk_rows(r, c, arena, &rows, err), HX_OK);
        test_write_rows(&rows, out);
        hx_chunk_free(c);
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
    assert_false(out->failed);
    return st;
}

/* The file's rows are these. */
static inline void assert_rows(const char *name, hx_str bytes, const hx_reader_options *options,
                               const char *want) {
    test_file f = test_file_new(name, bytes);
    hx_reader *r = test_open(&f, options);
    hx_buf got;
    hx_buf_init(&got, 256u << 20);
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(test_read_all(r, &got, &err), HX_OK);
    (void)hx_buf_append_byte(&got, '\0');
    assert_string_equal(got.ptr, want);
    hx_buf_release(&got);
    hx_reader_close(r);
    test_file_remove(&f);
}

/* The roles as "name=role,name=role". */
static inline void assert_roles(const hx_reader *r, const char *want) {
    const hx_column *columns = NULL;
    size_t n = hx_reader_columns(r, &columns);
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    for (size_t k = 0; k < n; k++) {
        if (k > 0) (void)hx_buf_append_byte(&b, ',');
        (void)hx_buf_append_str(&b, columns[k].name);
        (void)hx_buf_printf(&b, "=%s", hx_role_name(columns[k].role));
    }
    (void)hx_buf_append_byte(&b, '\0');
    assert_string_equal(b.ptr, want);
    hx_buf_release(&b);
}

#endif
