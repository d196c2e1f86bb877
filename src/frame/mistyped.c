/* mistyped.c - columns of texts that seem to be meant as numbers, times or amounts: what describe and its kin hint at.
 *
 * A column is TEXT where one value is neither a number nor a time. Here the values of its dictionary are tried once more: at most ODD_VALUES
 * of them may be something else, which have at most ODD_SHARE of the cells. Digits that only look like a number (ids, codes with leading zeros or
 * letters) say that the column is meant as text. Times are tried with the day first and with the month first. Amounts are told by a sample of the values. */
#include <string.h>

#include "frame/table.h"
#include "frame/table_strip.h"

#define BLOCK 4096
#define ODD_VALUES 20
#define ODD_SHARE 0.2
#define TIMES_TRIED 1000000 /* values */
#define AMOUNTS_TRIED 10000
#define MOSTLY 0.8
#define CODE_DIGITS 4
#define AMOUNT_DIGITS 10

typedef struct {
    uint32_t codes[ODD_VALUES];
    size_t n;
} odd_codes;

static bool is_amount(hx_str s) {
    int64_t amount;
    return hx_parse_amount(s, false, &amount, NULL, NULL) == HX_OK;
}

static bool is_digits(hx_str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((s.ptr[i] < '0' || s.ptr[i] > '9') && (i > 0 || s.ptr[i] != '+')) return false;
    return true;
}

static size_t digits_of(hx_str s, bool *letters) {
    size_t digits = 0;
    *letters = false;
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.ptr[i];
        digits += c >= '0' && c <= '9';
        *letters = *letters || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }
    return digits;
}

/* B2508152, 01234: of a column of numbers they say that it is one of ids. */
static bool is_code(hx_str s) {
    bool letters;
    return is_digits(s) || (digits_of(s, &letters) >= CODE_DIGITS && letters);
}

/* No number of a phone, whose parts may stand apart. */
static bool is_likely_amount(hx_str s) {
    bool letters;
    return is_amount(s) && s.ptr[0] != '+' && digits_of(s, &letters) <= AMOUNT_DIGITS;
}

static bool is_plain(hx_str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((s.ptr[i] < '0' || s.ptr[i] > '9') && s.ptr[i] != '.' && s.ptr[i] != '-') return false;
    return true;
}

static bool is_mark(hx_str s) {
    static const char *const marks[] = {
        "?",       "??",      "-",       "--",    "—",       "——",     "/",    "\\",  ".",
        "*",       "无",      "未知",    "空",    "缺失",    "不详",   "暂无", "na",  "Na",
        "n.a.",    "N.A.",    "none",    "NONE",  "Null",    "nil",    "NIL",  "N/K", "missing",
        "Missing", "unknown", "Unknown", "#REF!", "#VALUE!", "#DIV/0!"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (hx_str_equal(s, hx_str_of(marks[i]))) return true;
    return false;
}

/* The codes whose values are not of a kind; false where they are too many, or all. */
static bool find_odd(const hx_table *t, size_t column, size_t n_values, hx_kind kind,
                     hx_date_order order, odd_codes *out) {
    const hx_strip_plan plan = {.order = order};
    out->n = 0;
    for (uint32_t code = 0; code < n_values; code++) {
        if (hx_kind_of_text(&plan, kind, hx_table_value(t, column, code)) == kind) continue;
        if (out->n == ODD_VALUES) return false;
        out->codes[out->n++] = code;
    }
    return out->n > 0 && out->n < n_values;
}

static void count_cells(const hx_table *t, size_t column, const odd_codes *odd, hx_mistyped *out) {
    uint32_t codes[BLOCK];
    const size_t n_rows = hx_table_rows(t);
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t n = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        hx_table_codes(t, column, at, n, codes);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < odd->n; k++)
                out->odd += codes[i] == odd->codes[k];
    }
}

/* Of a kind but for the odd ones. */
static bool is_meant(const hx_table *t, size_t column, hx_kind kind, const odd_codes *odd,
                     hx_mistyped *out) {
    bool all_amounts = kind == HX_KIND_NUMBER;
    out->meant = kind;
    out->odd = out->n_examples = 0;
    out->odd_values = odd->n;
    out->marks = true;
    for (size_t k = 0; k < odd->n; k++) {
        const hx_str value = hx_table_value(t, column, odd->codes[k]);
        if (kind == HX_KIND_NUMBER && is_code(value)) return false;
        all_amounts = all_amounts && is_amount(value);
        out->marks = out->marks && is_mark(value);
        if (k < HX_ODD_EXAMPLES) out->examples[out->n_examples++] = value;
    }
    if (all_amounts) return false;
    count_cells(t, column, odd, out);
    return out->odd > 0 && (double)out->odd <= ODD_SHARE * (double)out->cells;
}

static bool are_times(const hx_table *t, size_t column, size_t n_values, hx_mistyped *out) {
    static const hx_date_order orders[] = {HX_DATE_ORDER_AUTO, HX_DATE_ORDER_MDY};
    odd_codes odd;
    if (n_values > TIMES_TRIED) return false;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (find_odd(t, column, n_values, HX_KIND_TIME, orders[i], &odd))
            return is_meant(t, column, HX_KIND_TIME, &odd, out);
    return false;
}

static bool are_amounts(const hx_table *t, size_t column, size_t n_values, hx_mistyped *out) {
    const size_t n = n_values < AMOUNTS_TRIED ? n_values : AMOUNTS_TRIED;
    size_t amounts = 0;
    *out = (hx_mistyped){.meant = HX_KIND_NUMBER, .amounts = true, .cells = out->cells};
    for (uint32_t k = 0; k < n; k++) {
        const hx_str value = hx_table_value(t, column, k);
        if (!is_likely_amount(value)) continue;
        amounts++;
        if (out->n_examples == 0 && !is_plain(value)) out->examples[out->n_examples++] = value;
    }
    return out->n_examples > 0 && (double)amounts >= MOSTLY * (double)n;
}

bool hx_table_mistyped(const hx_table *t, size_t column, hx_mistyped *out) {
    const hx_table_column *about = hx_table_column_at(t, column);
    odd_codes odd;
    *out = (hx_mistyped){.cells = hx_table_rows(t) - about->missing};
    if (about->kind != HX_KIND_TEXT || out->cells == 0) return false;
    if (find_odd(t, column, about->n_values, HX_KIND_NUMBER, HX_DATE_ORDER_AUTO, &odd) &&
        is_meant(t, column, HX_KIND_NUMBER, &odd, out))
        return true;
    return are_times(t, column, about->n_values, out) ||
           are_amounts(t, column, about->n_values, out);
}
