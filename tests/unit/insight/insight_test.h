/* insight_test.h - what the tests of insight share: cmocka, customers and events by hand. */
#ifndef HX_TESTS_INSIGHT_TEST_H
#define HX_TESTS_INSIGHT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "insight/segment.h"

#define TEST_SEED 20240229u
#define DAY(n) ((int64_t)(n)*HX_DAY_MS)

/* A buyer who is in no segment of an ordinary shop. */
static inline hx_customer plain_customer(uint64_t person) {
    return (hx_customer){.person = person,
                         .monetary = 100 * HX_MONEY_ONE,
                         .orders = 3,
                         .recency = 10,
                         .age = 300,
                         .silent = 10,
                         .gap = 30};
}

#endif
