/* files_test.h - what the tests of types and files share: reference records, bytes of a file put together by hand, a folder. */
#ifndef HX_TESTS_TENSOR_FILES_TEST_H
#define HX_TESTS_TENSOR_FILES_TEST_H

#include "unit/base/base_test.h"

#include "base/error.h"
#include "base/file.h"
#include "tensor/tensor_file.h"

/* One record of tests/golden/tensor/blocks.bin. */
typedef struct {
    uint32_t kind, type, n, n_bytes;
    const unsigned char *bytes; /* blocks, in a copy of their own, aligned */
    const float *numbers, *importance; /* (n), aligned; importance only of kind 3 */
} block_record;

enum { RECORD_DECODE = 0, RECORD_ENCODE, RECORD_PEER, RECORD_PEER_IMPORTANCE };

static inline void *record_take(hx_str *left, size_t n) {
    assert_true(left->len >= n);
    void *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, left->ptr, n);
    *left = (hx_str){left->ptr + n, left->len - n};
    return copy;
}

/* Calls `check` for every record of one of the kinds in the bit set; returns how many there were. */
static inline size_t each_block_record(unsigned kinds, void (*check)(const block_record *)) {
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    assert_int_equal(hx_file_read(HX_SOURCE_DIR "/tests/golden/tensor/blocks.bin", &b, NULL),
                     HX_OK);
    const char *line_end = memchr(b.ptr, '\n', b.len);
    assert_non_null(line_end);
    hx_str left = {line_end + 1, b.len - (size_t)(line_end + 1 - b.ptr)};
    size_t n = 0;
    while (left.len) {
        uint32_t *head = record_take(&left, 16);
        block_record r = {.kind = head[0], .type = head[1], .n = head[2], .n_bytes = head[3]};
        unsigned char *bytes = record_take(&left, r.n_bytes);
        float *numbers = record_take(&left, r.n * sizeof(float)), *importance = NULL;
        if (r.kind == RECORD_PEER_IMPORTANCE) importance = record_take(&left, r.n * sizeof(float));
        r.bytes = bytes;
        r.numbers = numbers;
        r.importance = importance;
        if (kinds >> r.kind & 1) {
            check(&r);
            n++;
        }
        free(head);
        free(bytes);
        free(numbers);
        free(importance);
    }
    hx_buf_release(&b);
    return n;
}

/* ------------------------------------------------------------------ files by hand */

static inline void put_u32(hx_buf *b, uint32_t v) {
    hx_buf_append(b, &v, sizeof v);
}

static inline void put_u64(hx_buf *b, uint64_t v) {
    hx_buf_append(b, &v, sizeof v);
}

static inline void put_text(hx_buf *b, const char *s) {
    put_u64(b, strlen(s));
    hx_buf_append_lit(b, s);
}

/* The first 24 bytes of a GGUF file, into an empty buffer. */
static inline void begin_gguf(hx_buf *b, uint64_t n_tensors, uint64_t n_values) {
    hx_buf_reset(b);
    hx_buf_append_lit(b, "GGUF");
    put_u32(b, 3);
    put_u64(b, n_tensors);
    put_u64(b, n_values);
}

/* dims fastest first, as in the file */
static inline void put_tensor(hx_buf *b, const char *name, uint32_t n_dims, const uint64_t *dims,
                              uint32_t type, uint64_t offset) {
    put_text(b, name);
    put_u32(b, n_dims);
    for (uint32_t i = 0; i < n_dims && i < 8; i++)
        put_u64(b, dims[i]);
    put_u32(b, type);
    put_u64(b, offset);
}

/* Zeros up to a multiple of 32, then n more. */
static inline void put_data(hx_buf *b, size_t n) {
    while (b->len % 32)
        hx_buf_append_byte(b, 0);
    for (size_t i = 0; i < n; i++)
        hx_buf_append_byte(b, (char)i);
}

/* A folder with at most a few files of known names. */
typedef struct {
    char directory[32];
    char path[96]; /* of the file at hand */
} test_place;

static inline test_place place_of(const char *name) {
    test_place p;
    test_directory(p.directory);
    snprintf(p.path, sizeof p.path, "%s/%s", p.directory, name);
    return p;
}

/* Another file of the same folder; the text lives in `out`. */
static inline const char *place_name(const test_place *p, const char *name, char out[96]) {
    snprintf(out, 96, "%s/%s", p->directory, name);
    return out;
}

static inline void place_remove(const test_place *p) {
    unlink(p->path);
    assert_int_equal(rmdir(p->directory), 0);
}

static inline void write_file(const char *path, hx_str bytes) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    if (bytes.len) assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
}

static inline hx_tensor_file *open_good(const char *path) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tensor_file *f = NULL;
    if (hx_tensor_file_open(&f, path, &err) != HX_OK) fail_msg("%s", err.message);
    return f;
}

/* Opening fails so; the sentence begins with the path. */
static inline void assert_refused_at(const char *path, hx_status want, const char *sentence) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tensor_file *f = (hx_tensor_file *)(uintptr_t)1;
    hx_status got = hx_tensor_file_open(&f, path, &err);
    char expected[HX_MESSAGE_MAX];
    snprintf(expected, sizeof expected, "%s%s", path, sentence);
    assert_string_equal(err.message, expected);
    assert_int_equal(got, want);
    assert_null(f);
}

#endif
