/* base_test.h - what the tests of base share: cmocka with its prerequisites, exact-size copies (so that a read past
 * the end is a report of AddressSanitizer), and a directory of their own. */
#ifndef HX_TESTS_BASE_TEST_H
#define HX_TESTS_BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "huaxiang/base.h"

/* Printed by each property test; any value must do. */
#define TEST_SEED 20240229u

/* A heap copy without one byte more; free() its ptr. */
static inline hx_str test_exact(const void *data, size_t len) {
    char *p = malloc(len ? len : 1);
    assert_non_null(p);
    if (len) memcpy(p, data, len);
    return (hx_str){p, len};
}

/* A fresh directory under /tmp; the test removes what it puts there, then rmdir()s it. */
static inline void test_directory(char out[32]) {
    snprintf(out, 32, "/tmp/hx-base-XXXXXX");
    assert_non_null(mkdtemp(out));
}

#endif
