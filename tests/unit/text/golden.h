/* golden.h - walks the lines "a TAB b" of a file under tests/golden; lines with # are comments. */
#ifndef HX_TESTS_GOLDEN_H
#define HX_TESTS_GOLDEN_H

#include "unit/base/base_test.h"

#include "base/file.h"

typedef void golden_fn(void *context, hx_str first, hx_str second);

static inline size_t golden_each(const char *path, golden_fn *check, void *context) {
    hx_buf file;
    hx_error err = {0};
    hx_buf_init(&file, (size_t)1 << 24);
    if (hx_file_read(path, &file, &err) != HX_OK) fail_msg("%s", err.message);
    size_t n = 0;
    for (const char *p = file.ptr, *end = file.ptr + file.len; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if (!stop) stop = end;
        const char *tab = memchr(p, '\t', (size_t)(stop - p));
        if (*p != '#' && tab) {
            check(context, (hx_str){p, (size_t)(tab - p)},
                  (hx_str){tab + 1, (size_t)(stop - tab - 1)});
            n++;
        }
        p = stop + 1;
    }
    hx_buf_release(&file);
    return n;
}

#endif
