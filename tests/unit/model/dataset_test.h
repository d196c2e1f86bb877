/* dataset_test.h - what the tests of datasets share: files of a folder that is removed in the end, and reading that must go well. */
#ifndef HX_TESTS_DATASET_TEST_H
#define HX_TESTS_DATASET_TEST_H

#include "base/file.h"
#include "model/dataset.h"
#include "unit/model/model_test.h"

typedef char path_buf[128];

static inline void make_file(const char *folder, const char *name, const char *bytes, size_t n,
                             path_buf path) {
    hx_error err = {0};
    assert_true(snprintf(path, sizeof(path_buf), "%s/%s", folder, name) < (int)sizeof(path_buf));
    if (hx_file_write(path, (hx_str){bytes, n}, false, &err) != HX_OK) fail_msg("%s", err.message);
}

static inline hx_dataset *must_read(const char *path, const hx_dataset_options *o) {
    hx_error err = {0};
    hx_dataset *d = NULL;
    if (hx_dataset_read(&d, path, o, &err) != HX_OK) fail_msg("%s", err.message);
    return d;
}

/* A CSV of n texts of `n_labels` labels, text i being "text i". */
static inline void make_numbered(const char *folder, size_t n, size_t n_labels, path_buf path) {
    hx_buf b;
    hx_buf_init(&b, 1u << 24);
    (void)hx_buf_append_lit(&b, "text,label\n");
    for (size_t i = 0; i < n; i++)
        (void)hx_buf_printf(&b, "text %zu,L%zu\n", i, i % n_labels);
    make_file(folder, "numbered.csv", b.ptr, b.len, path);
    hx_buf_release(&b);
}

static inline void assert_str(hx_str s, const char *expected) {
    if (!hx_str_equal(s, hx_str_of(expected)))
        fail_msg("'%.*s', not '%s'", (int)s.len, s.ptr ? s.ptr : "", expected);
}

#endif
