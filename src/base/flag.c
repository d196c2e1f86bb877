/* flag.c - a request to stop that one thread raises and others read.
 *
 * Relaxed order suffices: the flag guards no data, it only has to be seen soon. Both operations are lock-free on every
 * machine with atomic ints, which makes the store safe in a signal handler as well. */
#include "huaxiang/base.h"

void hx_flag_raise(volatile int *flag) {
    __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
}

bool hx_flag_is_raised(const volatile int *flag) {
    return flag && __atomic_load_n(flag, __ATOMIC_RELAXED);
}
