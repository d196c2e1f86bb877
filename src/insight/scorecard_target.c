/* scorecard_target.c - which rows are good, which are bad, which have no outcome.
 *
 * The target has two values beside missing ones. Bad is what the caller says, else the greater number, true, or the rarer text. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "insight/scorecard.h"

static hx_status not_two(hx_str target, hx_error *err) {
    return hx_fail(err, HX_EINVAL,
                   "the target '%.*s' must have two values: one of good rows, one of bad ones",
                   HX_STR_ARG(target));
}

static hx_status other_value(hx_str target, hx_str bad, hx_error *err) {
    return hx_fail(err, HX_ENOTFOUND, "'%.*s' is no value of the target '%.*s'", HX_STR_ARG(bad),
                   HX_STR_ARG(target));
}

static hx_status of_numbers(const hx_table *t, size_t column, hx_str target, hx_str *bad_value,
                            hx_arena *arena, double *good, double *bad, hx_error *err) {
    const size_t rows = hx_table_rows(t);
    double low = INFINITY, high = -INFINITY;
    char text[HX_DOUBLE_TEXT_MAX];
    const bool truth = hx_table_column_at(t, column)->kind == HX_KIND_BOOLEAN;
    hx_table_numbers(t, column, 0, rows, bad);
    for (size_t i = 0; i < rows; i++) {
        if (isnan(bad[i])) continue;
        low = fmin(low, bad[i]);
        high = fmax(high, bad[i]);
    }
    if (!(low < high)) return not_two(target, err);
    double is_bad = high;
    if (bad_value->len > 0 && truth)
        is_bad = hx_str_equal(*bad_value, HX_STR_LIT("false")) ||
                         hx_str_equal(*bad_value, HX_STR_LIT("0"))
                     ? 0
                     : 1;
    else if (bad_value->len > 0)
        is_bad = hx_double_of(*bad_value);
    if (is_bad != low && is_bad != high) return other_value(target, *bad_value, err);
    for (size_t i = 0; i < rows; i++) {
        if (!isnan(bad[i]) && bad[i] != low && bad[i] != high) return not_two(target, err);
        good[i] = !isnan(bad[i]) && bad[i] != is_bad ? 1 : 0;
        bad[i] = bad[i] == is_bad ? 1 : 0;
    }
    if (bad_value->len == 0)
        *bad_value = hx_arena_str(arena, (hx_str){text, hx_double_put(is_bad, text)});
    return HX_OK;
}

static hx_status of_texts(const hx_table *t, size_t column, hx_str target, hx_str *bad_value,
                          hx_arena *arena, double *good, double *bad, hx_error *err) {
    const size_t rows = hx_table_rows(t), n = hx_table_column_at(t, column)->n_values;
    size_t counts[2] = {0, 0};
    uint32_t seen[2] = {HX_CODE_MISSING, HX_CODE_MISSING}, code;
    for (size_t i = 0; i < rows; i++) {
        hx_table_codes(t, column, i, 1, &code);
        if (code == HX_CODE_MISSING) continue;
        const size_t k = seen[0] == HX_CODE_MISSING || seen[0] == code ? 0 : 1;
        if (seen[k] != HX_CODE_MISSING && seen[k] != code) return not_two(target, err);
        seen[k] = code;
        counts[k]++;
    }
    if (seen[1] == HX_CODE_MISSING || n == 0) return not_two(target, err);
    uint32_t is_bad = counts[0] < counts[1] ? seen[0] : seen[1];
    if (bad_value->len > 0) {
        const bool first = hx_str_equal(*bad_value, hx_table_value(t, column, seen[0]));
        if (!first && !hx_str_equal(*bad_value, hx_table_value(t, column, seen[1])))
            return other_value(target, *bad_value, err);
        is_bad = seen[first ? 0 : 1];
    } else {
        *bad_value = hx_arena_str(arena, hx_table_value(t, column, is_bad));
    }
    for (size_t i = 0; i < rows; i++) {
        hx_table_codes(t, column, i, 1, &code);
        good[i] = code != HX_CODE_MISSING && code != is_bad ? 1 : 0;
        bad[i] = code == is_bad ? 1 : 0;
    }
    return HX_OK;
}

hx_status hx_card_outcomes(const hx_table *t, hx_str target, hx_str *bad_value, hx_arena *arena,
                           double *good, double *bad, hx_error *err) {
    const size_t column = hx_table_find(t, target);
    if (column == HX_COLUMN_NONE)
        return hx_fail(err, HX_ENOTFOUND, "there is no column '%.*s', the target",
                       HX_STR_ARG(target));
    if (hx_table_column_at(t, column)->kind == HX_KIND_TEXT)
        return of_texts(t, column, target, bad_value, arena, good, bad, err);
    return of_numbers(t, column, target, bad_value, arena, good, bad, err);
}
