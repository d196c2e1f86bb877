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

#endif
