/* kernel_test.h - what the tests of kernels share: the sets this processor can run, random rows, comparison with doubles. */
#ifndef HX_TESTS_KERNEL_TEST_H
#define HX_TESTS_KERNEL_TEST_H

#include "unit/base/base_test.h"

#include <math.h>

#include "base/rng.h"
#include "tensor/kernels.h"

/* The i-th set that can run here; NULL past the last. */
static inline const hx_kernels *test_kernels(size_t i) {
    static const char *const names[HX_KERNELS_N] = {"scalar", "avx2", "avx512", "vnni", "neon"};
    for (size_t set = 0; set < HX_KERNELS_N; ++set) {
        const hx_kernels *k = NULL;
        hx_error err = {0};
        if (!hx_kernels_has((hx_kernels_set)set) || i-- != 0) continue;
        assert_int_equal(hx_kernels_choose(names[set], &k, &err), HX_OK);
        return k;
    }
    return NULL;
}

/* [-1, 1), now and then 20 times as large. */
static inline float test_value(hx_rng *r) {
    double x = 2 * hx_rng_uniform(r) - 1;
    return (float)(hx_rng_below(r, 40) == 0 ? 20 * x : x);
}

/* n values; free() them. Exactly that long: AddressSanitizer sees a read past the end. */
static inline float *test_values(hx_rng *r, size_t n) {
    float *x = malloc(n ? n * sizeof *x : 1);
    assert_non_null(x);
    for (size_t i = 0; i < n; ++i)
        x[i] = test_value(r);
    return x;
}

static inline void *test_bytes(size_t n) {
    void *p = NULL;
    assert_int_equal(posix_memalign(&p, 64, n ? n : 1), 0);
    memset(p, 0xa5, n);
    return p;
}

/* |got - want| <= limit * size, where size is the sum of the magnitudes that went in. */
static inline void test_close(double got, double want, double size, double limit) {
    if (!(fabs(got - want) <= limit * size + 1e-37))
        fail_msg("got %.9g, want %.9g, of a size of %.9g", got, want, size);
}

#endif
