/* quantile.c - exact order statistics of integers; see quantile.h.
 *
 * Least-significant-digit radix sort, 8 bits a pass. The sign bit is flipped so that two's complement sorts as unsigned. One
 * sweep counts all eight digits; a digit on which all values agree moves nothing and is skipped, so small numbers (days,
 * orders) take one or two passes. Linear whatever the input: customers' data cannot make it slow. */
#include "insight/quantile.h"

#include <string.h>

#define DIGITS 8
#define RADIX 256

static unsigned digit_of(int64_t v, int d) {
    return (unsigned)((((uint64_t)v ^ ((uint64_t)1 << 63)) >> (8 * d)) & (RADIX - 1));
}

static void move_by_digit(const int64_t *from, size_t n, int d, const size_t *count, int64_t *to) {
    size_t place[RADIX];
    size_t sum = 0;
    for (int i = 0; i < RADIX; i++) {
        place[i] = sum;
        sum += count[i];
    }
    for (size_t i = 0; i < n; i++)
        to[place[digit_of(from[i], d)]++] = from[i];
}

void hx_quantile_sort(int64_t *values, size_t n, int64_t *scratch) {
    size_t count[DIGITS][RADIX];
    memset(count, 0, sizeof count);
    for (size_t i = 0; i < n; i++)
        for (int d = 0; d < DIGITS; d++)
            count[d][digit_of(values[i], d)]++;
    int64_t *from = values, *to = scratch;
    for (int d = 0; d < DIGITS && n > 0; d++) {
        if (count[d][digit_of(values[0], d)] == n) continue;
        move_by_digit(from, n, d, count[d], to);
        int64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != values) memcpy(values, from, n * sizeof *values);
}

int64_t hx_quantile_lower(const int64_t *sorted, size_t n, size_t k, size_t parts) {
    return sorted[(n - 1) / parts * k + (n - 1) % parts * k / parts];
}
