/* infer.c - what columns hold, from the rows of the head: type, order of day and month, Excel's day numbers.
 *
 * A type is taken where 95 % of the values that are there agree; it is shown to the user and guides names (columns.c), but
 * never turns a value away: rows are judged one by one by whoever reads them. Which number of 5/3/26 is the day is
 * decided for a column as a whole: one value with a part over 12 decides for all. */
#include "frame/reader.h"

#include <string.h>
#include <strings.h>

#include "frame/time_parse.h"

#define EXCEL_DAY_LOW 20000 /* 1954 */
#define EXCEL_DAY_HIGH 80000 /* 2119 */
#define EXCEL_BIRTHDAY_LOW 5000 /* 1913; above any year that stands alone */
#define CODE_MAX 40
#define INTEGER_DIGITS_MAX 15 /* longer ones are codes: no spreadsheet keeps their digits */

typedef struct {
    size_t filled, integers, numbers, amounts, times, booleans, codes, zero_led, excel_days;
    size_t order[4]; /* of values like 5/3/26, by what they decide; [AUTO] = nothing */
} tally;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* 0 = no number, 1 = integer, 2 = with decimals. */
static int number_kind(hx_str s) {
    size_t i = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'), digits = 0, points = 0;
    for (; i < s.len; i++) {
        if (is_digit(s.ptr[i]))
            digits++;
        else if (s.ptr[i] == '.' && points == 0)
            points++;
        else
            return 0;
    }
    return digits == 0 ? 0 : points ? 2 : 1;
}

static bool is_boolean(hx_str s) {
    static const char *const words[] = {"true", "false", "yes", "no", "y",
                                        "n",    "是",    "否",  "有", "无"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (s.len == strlen(words[i]) && strncasecmp(s.ptr, words[i], s.len) == 0) return true;
    return false;
}

/* One word of letters, digits and - _ # / with a digit in it: an id. */
static bool is_code(hx_str s) {
    size_t digits = 0;
    if (s.len > CODE_MAX) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !is_digit(c) && !strchr("-_#/.:", c)) return false;
        digits += is_digit(c);
    }
    return digits > 0;
}

static void tally_number(tally *t, hx_str s, int kind, hx_role role) {
    double low = role == HX_ROLE_BIRTHDAY ? EXCEL_BIRTHDAY_LOW : EXCEL_DAY_LOW, v = 0;
    size_t whole = 0;
    while (whole < s.len && is_digit(s.ptr[whole]) && whole < 6)
        v = v * 10 + (s.ptr[whole++] - '0');
    t->integers += kind == 1 && s.len <= INTEGER_DIGITS_MAX;
    t->numbers += s.len <= 2 * INTEGER_DIGITS_MAX;
    t->zero_led += kind == 1 && s.len > 1 && s.ptr[0] == '0';
    t->excel_days +=
        whole == 5 && v >= low && v <= EXCEL_DAY_HIGH && (whole == s.len || s.ptr[whole] == '.');
}

static void tally_cell(tally *t, hx_str s, hx_role role, hx_date_order order) {
    int64_t value = 0;
    if (s.len == 0) return;
    t->filled++;
    int kind = number_kind(s);
    if (kind) tally_number(t, s, kind, role);
    t->codes += is_code(s);
    t->booleans += is_boolean(s);
    if (s.len > 64) return;
    bool three = false;
    hx_date_order said = hx_time_order_of(s, &three);
    if (three) t->order[said]++;
    bool timed = role == HX_ROLE_TIME || role == HX_ROLE_DATE || role == HX_ROLE_BIRTHDAY;
    if (kind != 1 || timed || s.len >= 10) {
        hx_time_result got = hx_time_try(s, order, false, NULL, &value);
        t->times += got != HX_TIME_BAD || hx_time_is_clock(s);
    }
    if (!kind) t->amounts += hx_parse_amount(s, false, &value, NULL, NULL) == HX_OK;
}

static bool most(size_t n, const tally *t) {
    return n * 20 >= t->filled * 19;
}

/* Of a column that is called a time, one value in ten may be dirt. */
static bool nearly(size_t n, const tally *t) {
    return n * 10 >= t->filled * 9;
}

static hx_type type_of(const tally *t, bool timed) {
    if (t->filled == 0) return HX_TYPE_EMPTY;
    if (timed && (nearly(t->times, t) || most(t->excel_days, t))) return HX_TYPE_TIME;
    if (most(t->booleans, t)) return HX_TYPE_BOOLEAN;
    if (most(t->integers, t)) return t->zero_led * 20 > t->filled ? HX_TYPE_CODE : HX_TYPE_INTEGER;
    if (most(t->numbers, t))
        return t->codes == t->filled && t->integers == 0 && t->zero_led ? HX_TYPE_CODE
                                                                        : HX_TYPE_NUMBER;
    if (most(t->times, t)) return HX_TYPE_TIME;
    if (most(t->amounts + t->numbers, t)) return HX_TYPE_AMOUNT;
    return most(t->codes, t) ? HX_TYPE_CODE : HX_TYPE_TEXT;
}

/* A part over 12 decides; else a year in front; else what was asked for, else day first. No such value: no order. */
static void set_order(hx_column *c, const tally *t, hx_date_order asked) {
    const size_t *n = t->order;
    c->date_order = HX_DATE_ORDER_YMD;
    c->date_order_guessed = false;
    if (n[HX_DATE_ORDER_DMY] + n[HX_DATE_ORDER_MDY] + n[HX_DATE_ORDER_AUTO] == 0) {
        if (n[HX_DATE_ORDER_YMD] == 0) c->date_order = asked;
        return;
    }
    if (n[HX_DATE_ORDER_DMY] > n[HX_DATE_ORDER_MDY]) {
        c->date_order = HX_DATE_ORDER_DMY;
    } else if (n[HX_DATE_ORDER_MDY] > n[HX_DATE_ORDER_DMY]) {
        c->date_order = HX_DATE_ORDER_MDY;
    } else {
        c->date_order = asked ? asked : HX_DATE_ORDER_DMY;
        c->date_order_guessed = asked == HX_DATE_ORDER_AUTO;
    }
}

void hx_infer_columns(hx_reader *r, const hx_rows *sample) {
    for (size_t k = 0; k < r->n_columns; k++) {
        hx_column *c = &r->columns[k];
        tally t = {0};
        bool timed =
            c->role == HX_ROLE_TIME || c->role == HX_ROLE_DATE || c->role == HX_ROLE_BIRTHDAY;
        for (size_t i = 0; i < sample->n_rows; i++)
            if (!sample->rows[i].bad)
                tally_cell(&t, sample->rows[i].cells[k], c->role, r->options.date_order);
        c->excel_serial = timed && t.filled > 0 && most(t.excel_days, &t);
        c->type = type_of(&t, timed);
        if (c->type == HX_TYPE_TIME || timed) set_order(c, &t, r->options.date_order);
    }
}
