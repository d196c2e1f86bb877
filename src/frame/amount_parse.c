/* amount_parse.c - amounts of money as people and shops write them, exact, in 1/10,000 units.
 *
 *     amount   = [sign | "("] [currency] [sign] number [unit] {number unit} [currency] ["-" | ")"]
 *     number   = digits with thousands separators, decimals, exponent    unit = 百 千 万 亿 k
 *
 * Full-width forms are folded; blanks anywhere are ignored. A separator is a thousands one only before three digits, so that
 * 3,50 is refused rather than read as 350. Decimals beyond the fourth are rounded half away from zero. */
#include <string.h>

#include "huaxiang/frame.h"
#include "base/error.h"
#include "base/money.h"
#include "base/utf8.h"

#define TEXT_MAX 96
#define DIGITS_MAX 19 /* all fit 64 bits */

typedef struct {
    const char *name; /* folded: upper case */
    char code[4];
} currency_name;

/* Longer names first where one starts with another. */
static const currency_name currencies[] = {
    {"人民币", "CNY"}, {"RMB", "CNY"},  {"元", "CNY"},   {"圆", "CNY"},   {"块", "CNY"},
    {"¥", "CNY"},      {"美元", "USD"}, {"美金", "USD"}, {"US$", "USD"},  {"HK$", "HKD"},
    {"NT$", "TWD"},    {"A$", "AUD"},   {"C$", "CAD"},   {"S$", "SGD"},   {"R$", "BRL"},
    {"$", "USD"},      {"欧元", "EUR"}, {"€", "EUR"},    {"英镑", "GBP"}, {"£", "GBP"},
    {"日元", "JPY"},   {"円", "JPY"},   {"港币", "HKD"}, {"港元", "HKD"}, {"新台币", "TWD"},
    {"台币", "TWD"},   {"韩元", "KRW"}, {"₩", "KRW"},    {"₹", "INR"},    {"₽", "RUB"},
    {"฿", "THB"},      {"CN¥", "CNY"},
};
static const char codes[] = "CNY USD EUR GBP JPY HKD TWD KRW AUD CAD SGD CHF INR RUB THB BRL MXN "
                            "SEK NOK DKK NZD ZAR TRY PLN CZK HUF "
                            "ILS AED SAR MYR IDR PHP VND MOP";

typedef struct {
    hx_str s;
    size_t at;
    bool decimal_comma;
} scan;

/* Full-width to ASCII, lower to upper case, blanks away. */
static bool fold(hx_str s, char out[TEXT_MAX], hx_str *folded) {
    size_t n = 0;
    for (size_t i = 0; i < s.len;) {
        uint32_t cp = hx_utf8_next(s, &i);
        if (cp >= 0xFF01 && cp <= 0xFF5E) cp -= 0xFEE0;
        if (cp == 0xFFE5) cp = 0xA5; /* ￥ */
        if (cp == 0xFFE1) cp = 0xA3; /* ￡ */
        if (cp == 0x2212 || cp == 0x2013) cp = '-';
        if (cp == ' ' || cp == '\t' || cp == 0xA0 || cp == 0x3000 || cp == 0x202F || cp == 0x2009)
            continue;
        if (cp >= 'a' && cp <= 'z') cp -= 'a' - 'A';
        char bytes[4];
        size_t k = cp == HX_UTF8_BAD ? 0 : hx_utf8_put(cp, bytes);
        if (k == 0 || n + k > TEXT_MAX) return false;
        memcpy(out + n, bytes, k);
        n += k;
    }
    *folded = (hx_str){out, n};
    return n > 0;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static char peek(const scan *x, size_t ahead) {
    return x->at + ahead < x->s.len ? x->s.ptr[x->at + ahead] : '\0';
}

static bool skip(scan *x, const char *text) {
    size_t n = strlen(text);
    if (x->s.len - x->at < n || memcmp(x->s.ptr + x->at, text, n) != 0) return false;
    x->at += n;
    return true;
}

static bool take_currency(scan *x, char currency[4]) {
    for (size_t i = 0; i < sizeof currencies / sizeof *currencies; i++) {
        if (!skip(x, currencies[i].name)) continue;
        memcpy(currency, currencies[i].code, 4);
        return true;
    }
    for (const char *c = codes; *c && x->s.len - x->at >= 3; c += c[3] ? 4 : 3) {
        if (memcmp(c, x->s.ptr + x->at, 3) != 0) continue;
        memcpy(currency, c, 3);
        currency[3] = '\0';
        x->at += 3;
        (void)skip(x, "$");
        (void)skip(x, "¥");
        return true;
    }
    return false;
}

static size_t digits_ahead(const scan *x, size_t from) {
    size_t n = 0;
    while (is_digit(peek(x, from + n)))
        n++;
    return n;
}

/* mantissa x 10^exponent */
typedef struct {
    uint64_t mantissa;
    int exponent;
    size_t n_digits;
    bool too_long;
} decimal;

static void push_digit(decimal *d, char c, bool fraction) {
    if (d->mantissa == 0 && c == '0') {
        d->exponent -= fraction;
        return;
    }
    if (d->n_digits < DIGITS_MAX) {
        d->mantissa = d->mantissa * 10 + (uint64_t)(c - '0');
        d->exponent -= fraction;
        d->n_digits++;
    } else if (!fraction) {
        d->too_long = true;
    }
}

static bool take_exponent(scan *x, decimal *d) {
    if (peek(x, 0) != 'E' || d->too_long) return true;
    size_t sign = peek(x, 1) == '+' || peek(x, 1) == '-';
    size_t n = digits_ahead(x, 1 + sign);
    if (n == 0) return true; /* the E of EUR */
    if (n > 2) return false;
    int e = 0;
    for (size_t i = 0; i < n; i++)
        e = e * 10 + (peek(x, 1 + sign + i) - '0');
    d->exponent += peek(x, 1) == '-' ? -e : e;
    x->at += 1 + sign + n;
    return true;
}

static bool take_number(scan *x, decimal *d) {
    char group = x->decimal_comma ? '.' : ',', point = x->decimal_comma ? ',' : '.';
    size_t n = digits_ahead(x, 0), seen = n;
    bool grouped = false;
    for (;;) {
        for (; n > 0; n--)
            push_digit(d, x->s.ptr[x->at++], false);
        char c = peek(x, 0);
        if ((c != group && c != '\'') || seen == 0) break;
        n = digits_ahead(x, 1);
        if (n != 3 && !(n == 2 && peek(x, 3) == group)) return false;
        if (!grouped && seen > 3) return false;
        grouped = true;
        x->at++;
    }
    if (peek(x, 0) == point) {
        x->at++;
        n = digits_ahead(x, 0);
        seen += n;
        for (; n > 0; n--)
            push_digit(d, x->s.ptr[x->at++], true);
    }
    return seen > 0 && take_exponent(x, d);
}

static int take_unit(scan *x) {
    static const struct {
        const char *name;
        int exponent;
    } units[] = {{"万亿", 12}, {"亿", 8}, {"億", 8}, {"千万", 7}, {"百万", 6}, {"万", 4},
                 {"萬", 4},    {"千", 3}, {"百", 2}, {"W", 4},    {"K", 3}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        /* KRW starts with K */
        if (units[i].name[0] == 'K' && skip(x, "KRW")) {
            x->at -= 3;
            return 0;
        }
        if (skip(x, units[i].name)) return units[i].exponent;
    }
    return 0;
}

/* In 1/10,000; false where it does not fit. */
static bool to_units(decimal d, int64_t *out) {
    int e = d.exponent + 4;
    uint64_t v = d.mantissa;
    if (d.too_long) return false;
    for (; e > 0 && v > 0; e--)
        if (__builtin_mul_overflow(v, (uint64_t)10, &v)) return false;
    if (e < -19) v = 0;
    for (; e < -1 && v > 0; e++)
        v /= 10;
    if (e == -1) v = v / 10 + (v % 10 >= 5);
    if (v > INT64_MAX) return false;
    *out = (int64_t)v;
    return true;
}

typedef enum { OK, BAD, TOO_LARGE } verdict;

static verdict take_sum(scan *x, int64_t *sum) {
    int last = 99;
    *sum = 0;
    do {
        decimal d = {0, 0, 0, false};
        int64_t part = 0;
        if (!take_number(x, &d)) return BAD;
        int unit = take_unit(x);
        if (unit >= last) return BAD;
        last = unit;
        d.exponent += unit;
        if (!to_units(d, &part) || __builtin_add_overflow(*sum, part, sum)) return TOO_LARGE;
    } while (last > 0 && is_digit(peek(x, 0)));
    return OK;
}

static verdict parse(scan *x, int64_t *amount, char currency[4]) {
    bool brackets = skip(x, "("), negative = false;
    negative = skip(x, "-");
    if (!negative) (void)skip(x, "+");
    bool named = take_currency(x, currency);
    if (!negative && named) negative = skip(x, "-");
    verdict v = take_sum(x, amount);
    if (v != OK) return v;
    char again[4] = "";
    if (take_currency(x, again) && !named) memcpy(currency, again, 4);
    (void)skip(x, "整");
    if (brackets && (negative || !skip(x, ")"))) return BAD;
    if (!brackets && !negative && skip(x, "-")) negative = true;
    if (x->at != x->s.len) return BAD;
    if (brackets || negative) *amount = -*amount;
    return OK;
}

hx_status hx_parse_amount(hx_str s, bool decimal_comma, int64_t *amount_e4, char currency[4],
                          hx_error *err) {
    char text[TEXT_MAX], code[4] = "";
    int64_t amount = 0;
    scan x = {{text, 0}, 0, decimal_comma};
    verdict v = fold(s, text, &x.s) ? parse(&x, &amount, code) : BAD;
    if (v == TOO_LARGE)
        return hx_fail(err, HX_EFORMAT, "'%.*s' is too large an amount", HX_STR_ARG(s));
    if (v == BAD) return hx_fail(err, HX_EFORMAT, "'%.*s' is not an amount", HX_STR_ARG(s));
    *amount_e4 = amount;
    if (currency) memcpy(currency, code, 4);
    return HX_OK;
}
