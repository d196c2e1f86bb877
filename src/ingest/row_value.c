/* row_value.c - small readers of cells, written by people in two languages.
 *
 * Each takes a borrowed view and looks at every byte once. A reader that does not recognise the cell says so and never guesses: the
 * caller decides whether the row is rejected or the value stays text. Words are compared without regard to the case of ASCII
 * letters; full-width digits and blanks count as their ASCII forms where the header says so. */
#include "ingest/row_value.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/money.h"
#include "base/utf8.h"

#define RATING_MAX 64 /* bytes of a cell that may be a rating */
#define RATING_LIMIT 100 /* the widest scale in use is 0 to 100 */
#define STARS_MAX 10

static size_t blank_before(hx_str s) {
    unsigned char first = s.len > 0 ? (unsigned char)s.ptr[0] : 'x';
    if (first == ' ' || (first >= '\t' && first <= '\r')) return 1;
    if (s.len >= 2 && memcmp(s.ptr, "\xC2\xA0", 2) == 0) return 2;
    if (s.len >= 3 && memcmp(s.ptr, "\xE3\x80\x80", 3) == 0) return 3;
    return 0;
}

static size_t blank_behind(hx_str s) {
    unsigned char last = s.len > 0 ? (unsigned char)s.ptr[s.len - 1] : 'x';
    if (last == ' ' || (last >= '\t' && last <= '\r')) return 1;
    if (s.len >= 2 && memcmp(s.ptr + s.len - 2, "\xC2\xA0", 2) == 0) return 2;
    if (s.len >= 3 && memcmp(s.ptr + s.len - 3, "\xE3\x80\x80", 3) == 0) return 3;
    return 0;
}

hx_str hx_trim(hx_str s) {
    size_t n;
    while ((n = blank_before(s)) > 0) {
        s.ptr += n;
        s.len -= n;
    }
    while ((n = blank_behind(s)) > 0)
        s.len -= n;
    return s;
}

bool hx_is_plain_number(hx_str s) {
    size_t points = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '.') {
            points++;
        } else if (!(s.ptr[i] >= '0' && s.ptr[i] <= '9') &&
                   !(i == 0 && (s.ptr[i] == '-' || s.ptr[i] == '+'))) {
            return false;
        }
    }
    return s.len > 0 && points <= 1;
}

static bool starts_with(hx_str s, const char *lit) {
    size_t n = strlen(lit);
    return s.len >= n && memcmp(s.ptr, lit, n) == 0;
}

/* Full-width forms (U+FF01-FF5E) as ASCII; what does not fit is no rating. */
static hx_str fold_width(hx_str s, char to[RATING_MAX]) {
    size_t n = 0;
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        uint32_t cp = hx_utf8_next(s, &i);
        bool wide = cp >= 0xFF01 && cp <= 0xFF5E;
        size_t k = wide ? 1 : i - from;
        if (n + k > RATING_MAX) return (hx_str){to, 0};
        if (wide)
            to[n] = (char)(cp - 0xFEE0);
        else
            memcpy(to + n, s.ptr + from, k);
        n += k;
    }
    return (hx_str){to, n};
}

/* Full stars before empty ones, and nothing else. */
static bool read_stars(hx_str s, int32_t *out) {
    int32_t full = 0, empty = 0;
    for (; s.len >= 3; s = (hx_str){s.ptr + 3, s.len - 3}) {
        bool is_full = starts_with(s, "★") || (starts_with(s, "⭐"));
        if ((!is_full && !starts_with(s, "☆")) || (is_full && empty > 0)) return false;
        full += is_full;
        empty += !is_full;
    }
    if (s.len > 0 || full + empty == 0 || full + empty > STARS_MAX) return false;
    *out = full * 1000;
    return true;
}

static bool read_figure(hx_str s, int32_t *out) {
    size_t n = 0;
    hx_money value;
    while (n < s.len &&
           ((s.ptr[n] >= '0' && s.ptr[n] <= '9') || s.ptr[n] == '.' || (n == 0 && s.ptr[n] == '-')))
        n++;
    hx_str rest = hx_trim((hx_str){s.ptr + n, s.len - n});
    bool known = rest.len == 0 || rest.ptr[0] == '/' || starts_with(rest, "星") ||
                 starts_with(rest, "分") || starts_with(rest, "star") ||
                 starts_with(rest, "out of");
    if (n == 0 || !known || hx_parse_amount((hx_str){s.ptr, n}, false, &value, NULL, NULL) != HX_OK)
        return false;
    if (value > RATING_LIMIT * HX_MONEY_ONE || value < -RATING_LIMIT * HX_MONEY_ONE) return false;
    *out = (int32_t)(value / 10);
    return true;
}

bool hx_parse_rating(hx_str raw, int32_t *out) {
    char folded[RATING_MAX];
    hx_str s = hx_trim(fold_width(raw, folded));
    static const struct {
        const char *word;
        int32_t value;
    } words[] = {{"好评", 5000}, {"中评", 3000}, {"差评", 1000},   {"非常满意", 5000},
                 {"满意", 4000}, {"一般", 3000}, {"不满意", 2000}, {"非常不满意", 1000},
                 {"五星", 5000}, {"四星", 4000}, {"三星", 3000},   {"二星", 2000},
                 {"两星", 2000}, {"一星", 1000}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (starts_with(s, words[i].word) && s.len <= strlen(words[i].word) + 3) {
            *out = words[i].value;
            return true;
        }
    }
    return read_stars(s, out) || read_figure(s, out);
}

bool hx_has_folded(hx_str s, const char *part) {
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= s.len; i++) {
        size_t k = 0;
        while (k < n &&
               (s.ptr[i + k] | (s.ptr[i + k] >= 'A' && s.ptr[i + k] <= 'Z' ? 0x20 : 0)) == part[k])
            k++;
        if (k == n) return true;
    }
    return false;
}

bool hx_status_is_cancelled(hx_str s) {
    static const char *const words[] = {"关闭",   "取消",   "作废", "支付失败", "未付款",
                                        "待付款", "cancel", "void", "failed",   "unpaid"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (hx_has_folded(s, words[i])) return true;
    return false;
}

/* ------------------------------------------------------------------ properties */
static hx_str printed(hx_arena *arena, const char *text) {
    return hx_arena_str(arena, hx_str_of(text));
}

static bool read_number(hx_str value, hx_arena *arena, hx_property *out) {
    hx_money m;
    char text[HX_MONEY_TEXT_MAX];
    if (hx_parse_amount(value, false, &m, NULL, NULL) != HX_OK) return false;
    out->type = HX_VALUE_NUMBER;
    out->value = printed(arena, hx_money_text(m, text));
    return true;
}

static bool read_date(const hx_column *column, hx_str value, hx_arena *arena, hx_property *out) {
    int64_t ms;
    char text[HX_ISO_MAX];
    /* A date in a trait is a calendar date, not an instant: it is kept as it was written. */
    if (hx_parse_time(value, column->date_order, column->excel_serial, NULL, &ms, NULL) != HX_OK)
        return false;
    out->type = HX_VALUE_DATE;
    hx_iso_from_ms(ms, text);
    text[ms % HX_DAY_MS == 0 ? 10 : strlen(text) - 1] = '\0'; /* no Z: the zone was not said */
    out->value = printed(arena, text);
    return true;
}

hx_property hx_joined_read(const hx_column *column, hx_str value, hx_arena *arena) {
    hx_property p = {.name = column->name, .value = value, .type = HX_VALUE_TEXT};
    if (read_date(column, value, arena, &p) && p.value.len > 10) p.value.len = 10;
    return p;
}

static hx_str gender_word(hx_str v) {
    static const char *const male[] = {"男", "男性", "male", "Male", "M", "m", "先生"};
    static const char *const female[] = {"女", "女性", "female", "Female", "F", "f", "女士"};
    for (size_t i = 0; i < sizeof male / sizeof *male; i++)
        if (hx_str_equal(v, hx_str_of(male[i]))) return HX_STR_LIT("male");
    for (size_t i = 0; i < sizeof female / sizeof *female; i++)
        if (hx_str_equal(v, hx_str_of(female[i]))) return HX_STR_LIT("female");
    return v;
}

/* traits.plan and properties.coupon of Segment events are plan and coupon. */
static hx_str without_prefix(hx_str name) {
    static const hx_str prefixes[] = {{"traits.", 7}, {"properties.", 11}};
    for (size_t i = 0; i < 2; i++)
        if (name.len > prefixes[i].len && memcmp(name.ptr, prefixes[i].ptr, prefixes[i].len) == 0)
            return (hx_str){name.ptr + prefixes[i].len, name.len - prefixes[i].len};
    return name;
}

bool hx_property_read(const hx_column *column, hx_str value, hx_arena *arena, hx_property *out) {
    bool own = column->role == HX_ROLE_OTHER;
    hx_str name = own ? without_prefix(column->name) : hx_str_of(hx_role_name(column->role));
    *out = (hx_property){.name = name, .value = value, .type = HX_VALUE_TEXT};
    bool number = column->role == HX_ROLE_AGE || column->role == HX_ROLE_INCOME ||
                  (own && (column->type == HX_TYPE_NUMBER || column->type == HX_TYPE_INTEGER ||
                           column->type == HX_TYPE_AMOUNT));
    bool date = column->role == HX_ROLE_BIRTHDAY || (own && column->type == HX_TYPE_TIME);
    if (column->role == HX_ROLE_GENDER) out->value = gender_word(value);
    if (own && column->type == HX_TYPE_BOOLEAN) out->type = HX_VALUE_BOOLEAN;
    if (number) read_number(value, arena, out);
    if (date) read_date(column, value, arena, out);
    return out->value.ptr != NULL;
}
