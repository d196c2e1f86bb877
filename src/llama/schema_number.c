/* schema_number.c - numbers between bounds as digits.
 *
 * With d decimals a number is k / 10^d, written as the digits of k with a point before the last d. The k whose texts, read as doubles, keep
 * the bounds are an interval: its ends are found by trying, with the very division that reading is. An interval of magnitudes is cut by
 * number of digits; among numbers of equal length, from low = l1 l2 .. ln to high = h1 h2 .. hn, with the first i digits in common:
 *
 *     low's first j digits, one above the next, then any digits     for j = n-1 .. i+1
 *     the common digits, one between l(i+1) and h(i+1), any digits
 *     high's first j digits, one below the next, then any digits    for j = i+1 .. n-1
 *     and low and high themselves.
 *
 * Of multiples (schema_multiple.c) "any digits" become those that keep the number a multiple. */
#include "llama/schema_multiple.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

#define LIMIT 999999999999999 /* 15 digits: exact in a double */

enum { DIGITS_MAX = 15, DECIMALS_MAX = 4 };

typedef struct {
    double low, high; /* -INFINITY, INFINITY = none */
    bool above_low, below_high; /* the bound itself is out */
} bounds;

typedef struct {
    hx_buf *out;
    int decimals;
    const char *sign; /* "" or a literal */
    size_t n; /* alternatives so far */
    uint64_t modulus; /* of the digits as a whole number; 1 = any */
    hx_multiples multiples;
} digits_out;

/* ------------------------------------------------------------------ bounds */
static hx_status read_bound(hx_schema *s, uint32_t place, json_t *node, const char *keyword,
                            double *out) {
    json_t *value = json_object_get(node, keyword);
    if (!value) return HX_OK;
    if (!json_is_number(value))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be a number",
                       hx_schema_pointer(s, place, keyword));
    double x = json_number_value(value);
    if (!(x >= -(double)LIMIT && x <= (double)LIMIT))
        return hx_fail(s->err, HX_EFORMAT,
                       "schema: %s has more than 15 digits, which is not supported",
                       hx_schema_pointer(s, place, keyword));
    *out = x;
    return HX_OK;
}

static hx_status read_bounds(hx_schema *s, uint32_t place, json_t *node, bounds *b) {
    double low = -INFINITY, high = INFINITY;
    *b = (bounds){.low = -INFINITY, .high = INFINITY};
    HX_TRY(read_bound(s, place, node, "minimum", &b->low));
    HX_TRY(read_bound(s, place, node, "maximum", &b->high));
    HX_TRY(read_bound(s, place, node, "exclusiveMinimum", &low));
    HX_TRY(read_bound(s, place, node, "exclusiveMaximum", &high));
    const char *format = json_string_value(json_object_get(node, "format"));
    if (format && strcmp(format, "int32") == 0) {
        if (b->low < -2147483648.0) b->low = -2147483648.0;
        if (b->high > 2147483647.0) b->high = 2147483647.0;
    }
    if (low >= b->low && low > -INFINITY) {
        b->low = low;
        b->above_low = true;
    }
    if (high <= b->high && high < INFINITY) {
        b->high = high;
        b->below_high = true;
    }
    return HX_OK;
}

static bool keeps_low(const bounds *b, int64_t k, double scale) {
    double x = (double)k / scale;
    return b->above_low ? x > b->low : x >= b->low;
}

static bool keeps_high(const bounds *b, int64_t k, double scale) {
    double x = (double)k / scale;
    return b->below_high ? x < b->high : x <= b->high;
}

/* The least and the greatest k that keep the bounds; false where none does. */
static bool find_interval(const bounds *b, double scale, int64_t *low, int64_t *high) {
    double l = b->low * scale, h = b->high * scale;
    *low = l < -(double)LIMIT ? -LIMIT : l > (double)LIMIT ? LIMIT : (int64_t)floor(l) - 2;
    *high = h > (double)LIMIT ? LIMIT : h < -(double)LIMIT ? -LIMIT : (int64_t)ceil(h) + 2;
    for (int i = 0; i < 8 && !keeps_low(b, *low, scale); i++)
        ++*low;
    for (int i = 0; i < 8 && !keeps_high(b, *high, scale); i++)
        --*high;
    if (*low < -LIMIT) *low = -LIMIT;
    if (*high > LIMIT) *high = LIMIT;
    return keeps_low(b, *low, scale) && keeps_high(b, *high, scale) && *low <= *high;
}

/* ------------------------------------------------------------------ digits */
/* The first `n_fixed` digits, with what stands before the next one. */
static void put_fixed(hx_buf *out, const digits_out *d, const char *digits, int n_fixed, int n) {
    hx_buf_append_lit(out, d->sign);
    for (int i = 0; i <= n_fixed && i < n; i++) {
        if (i == n - d->decimals && d->decimals > 0) hx_buf_append_lit(out, " \".\"");
        if (i < n_fixed) hx_buf_printf(out, " \"%c\"", digits[i]);
    }
}

/* put_alternative() of multiples. */
static void put_multiples(digits_out *d, const char *digits, int n_fixed, char from, char to,
                          int n) {
    hx_digit_range r = {.from = from, .to = to, .left = n - n_fixed - 1, .follows = d->n > 0};
    hx_buf before;
    hx_buf_init(&before, 1024);
    put_fixed(&before, d, digits, n_fixed, n);
    hx_buf_append_byte(&before, '\0');
    for (int i = 0; i < n_fixed; i++)
        r.residue = (r.residue * 10 + (uint64_t)(digits[i] - '0')) % d->modulus;
    if (before.failed) {
        d->multiples.failed = true;
    } else if (n_fixed < n) {
        d->n += hx_multiples_put(&d->multiples, d->out, &r, d->modulus, d->decimals, before.ptr);
    } else if (r.residue == 0) {
        hx_buf_printf(d->out, "%s%s", d->n++ > 0 ? " | " : "", before.ptr);
    }
    hx_buf_release(&before);
}

/* One alternative: the first `n_fixed` digits, then one in [from, to], then any up to `n` in all. */
static void put_alternative(digits_out *d, const char *digits, int n_fixed, char from, char to,
                            int n) {
    if (n_fixed < n && from > to) return;
    if (d->modulus > 1) {
        put_multiples(d, digits, n_fixed, from, to, n);
        return;
    }
    hx_buf_append_lit(d->out, d->n++ > 0 ? " | " : "");
    put_fixed(d->out, d, digits, n_fixed, n);
    if (n_fixed < n) hx_buf_printf(d->out, " [%c-%c]", from, to);
    for (int i = n_fixed + 1; i < n; i++) {
        if (i == n - d->decimals && d->decimals > 0) hx_buf_append_lit(d->out, " \".\"");
        hx_buf_append_lit(d->out, " [0-9]");
    }
}

/* low <= high, both of n digits. */
static void put_equal_lengths(digits_out *d, const char *low, const char *high, int n) {
    int i = 0;
    while (i < n && low[i] == high[i])
        i++;
    put_alternative(d, low, n, '0', '9', n);
    if (i == n) return;
    for (int j = n - 1; j > i; j--)
        put_alternative(d, low, j, (char)(low[j] + 1), '9', n);
    put_alternative(d, low, i, (char)(low[i] + 1), (char)(high[i] - 1), n);
    for (int j = i + 1; j < n; j++)
        put_alternative(d, high, j, '0', (char)(high[j] - 1), n);
    put_alternative(d, high, n, '0', '9', n);
}

static void write_digits(uint64_t k, int n, char out[DIGITS_MAX + 2]) {
    for (int i = n; i-- > 0; k /= 10)
        out[i] = (char)('0' + k % 10);
    out[n] = '\0';
}

static int length_of(uint64_t k) {
    int n = 1;
    while (k >= 10) {
        k /= 10;
        n++;
    }
    return n;
}

/* Magnitudes from low to high; at least one digit stands before the point. */
static void put_magnitudes(digits_out *d, uint64_t low, uint64_t high) {
    int least = d->decimals + 1, n = length_of(low) > least ? length_of(low) : least;
    int last = length_of(high) > least ? length_of(high) : least;
    for (; n <= last; n++) {
        char a[DIGITS_MAX + 2], b[DIGITS_MAX + 2];
        write_digits(low, n, a);
        if (n > least && length_of(low) < n) {
            memset(a, '0', (size_t)n);
            a[0] = '1';
        }
        if (length_of(high) > n)
            memset(b, '9', (size_t)n);
        else
            write_digits(high, n, b);
        put_equal_lengths(d, a, b, n);
    }
}

static void put_interval(digits_out *d, int64_t low, int64_t high) {
    d->sign = "\"-\"";
    if (low < 0) put_magnitudes(d, high < 0 ? (uint64_t)-high : 1, (uint64_t)-low);
    d->sign = "";
    if (high >= 0) put_magnitudes(d, low > 0 ? (uint64_t)low : 0, (uint64_t)high);
}

static hx_status read_multiple(hx_schema *s, uint32_t place, json_t *node, hx_multiple *out) {
    json_t *value = json_object_get(node, "multipleOf");
    *out = (hx_multiple){.step = 0};
    if (!value) return HX_OK;
    double step = json_is_number(value) ? json_number_value(value) : 0;
    if (!(step > 0))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be a number above 0",
                       hx_schema_pointer(s, place, "multipleOf"));
    if (hx_multiple_read(step, out)) return HX_OK;
    return hx_fail(s->err, HX_EFORMAT, "schema: %s has more than 15 digits, which is not supported",
                   hx_schema_pointer(s, place, "multipleOf"));
}

/* Numbers of each number of decimals up to `most`. */
static hx_status put_numbers(digits_out *d, const bounds *b, const hx_multiple *step, int most,
                             hx_buf *more) {
    double scale = 1;
    for (d->decimals = 0; d->decimals <= most; d->decimals++, scale *= 10) {
        int64_t low, high;
        d->modulus = step->step ? hx_multiple_modulus(step, d->decimals) : 1;
        if (find_interval(b, scale, &low, &high)) put_interval(d, low, high);
    }
    return hx_multiples_rules(&d->multiples, more);
}

hx_status hx_schema_number(hx_schema *s, uint32_t place, json_t *node, bool is_integer,
                           hx_buf *more) {
    hx_multiple step;
    bounds b;
    HX_TRY(read_multiple(s, place, node, &step));
    HX_TRY(read_bounds(s, place, node, &b));
    bool is_free = step.step == 0 || (is_integer && hx_multiple_modulus(&step, 0) == 1);
    if (is_free && b.low == -INFINITY && b.high == INFINITY) {
        hx_buf_append_lit(&s->out, is_integer ? "int" : "num");
        return HX_OK;
    }
    int most = is_integer ? 0 : DECIMALS_MAX;
    if (step.step && step.decimals < most) most = step.decimals;
    digits_out d = {.out = &s->out, .sign = ""};
    hx_multiples_init(&d.multiples, s, place);
    hx_status status = put_numbers(&d, &b, &step, most, more);
    hx_multiples_release(&d.multiples);
    HX_TRY(status);
    if (d.n == 0)
        return hx_fail(s->err, HX_EFORMAT,
                       "schema: no number with up to 4 decimals lies between the bounds of %s",
                       hx_schema_pointer(s, place, NULL));
    return HX_OK;
}
