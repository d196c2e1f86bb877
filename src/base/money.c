/* money.c - exact decimal amounts: int64 in units of 1/10,000.
 *
 * Range +-922,337,203,685,477.5807. Sums and products are checked, never wrapped; a product is formed in 128 bits
 * and rounded once, half away from zero, as invoices do. */
#include "base/money.h"

#include <inttypes.h>
#include <stdio.h>

__extension__ typedef __int128 money_wide;

bool hx_money_add(hx_money a, hx_money b, hx_money *out) {
    return !__builtin_add_overflow(a, b, out);
}

bool hx_money_times(hx_money price, int64_t quantity_e4, hx_money *out) {
    money_wide product = (money_wide)price * quantity_e4;
    money_wide half = HX_MONEY_ONE / 2;
    money_wide rounded = (product + (product < 0 ? -half : half)) / HX_MONEY_ONE;
    if (rounded > INT64_MAX || rounded < INT64_MIN) return false;
    *out = (hx_money)rounded;
    return true;
}

char *hx_money_text(hx_money m, char out[HX_MONEY_TEXT_MAX]) {
    uint64_t u = m < 0 ? 0 - (uint64_t)m : (uint64_t)m;
    unsigned fraction = (unsigned)(u % HX_MONEY_ONE);
    int n = snprintf(out, HX_MONEY_TEXT_MAX, "%s%" PRIu64, m < 0 ? "-" : "", u / HX_MONEY_ONE);
    if (fraction == 0) return out;
    char *at = out + n;
    *at++ = '.';
    for (unsigned unit = HX_MONEY_ONE / 10; fraction > 0; unit /= 10) {
        *at++ = (char)('0' + fraction / unit);
        fraction %= unit;
    }
    *at = '\0';
    return out;
}

double hx_money_double(hx_money m) {
    return (double)m / HX_MONEY_ONE;
}
