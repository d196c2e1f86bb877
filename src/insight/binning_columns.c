/* binning_columns.c - columns to prebins to bins.
 *
 * Numbers: at most 64 prebins of equal frequency, from all rows or, above PREBIN_SAMPLE, from every k-th; values that fill a prebin by themselves
 * stand alone. A border between two neighbouring values is the number with the fewest digits that tells them apart, so that cards are
 * short to read and their borders have exact decimals. All rows are counted, whatever the sample.
 *
 * Texts: values by their share of bads; those of less than 1 % of the rows are one prebin. Joining neighbours in that order is exact (Fisher 1958).
 * Texts with too many values, and columns of times, have no bins: n_bins is 0. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "insight/quantile.h"
#include "insight/scorecard.h"

#define PREBIN_SAMPLE 200000
#define RARE_SHARE 0.01

/* --- numbers ------------------------------------------------------------- */
/* Doubles as integers of the same order; both ways. */
static int64_t to_key(double v) {
    int64_t k;
    v += 0.0; /* -0 is 0 */
    memcpy(&k, &v, sizeof k);
    return k < 0 ? k ^ INT64_MAX : k;
}

static double of_key(int64_t k) {
    double v;
    if (k < 0) k ^= INT64_MAX;
    memcpy(&v, &k, sizeof v);
    return v;
}

/* The shortest number in (a, b]. */
static double border(double a, double b) {
    const double middle = a / 2 + b / 2;
    for (int places = -6; places <= 15; places++) {
        const double tens = pow(10, abs(places));
        const double r = places < 0 ? round(middle / tens) * tens : round(middle * tens) / tens;
        if (r > a && r <= b && fabs(r) < 1e15) return r + 0.0;
    }
    return b;
}

/* Ascending borders between n sorted keys, at most HX_PREBINS_MAX - 1. */
static size_t find_borders(const int64_t *keys, size_t n, double *cuts) {
    size_t n_cuts = 0, last = 0; /* where the last border stands */
    const size_t step = n / HX_PREBINS_MAX + 1;
    for (size_t at = step; at < n && n_cuts < HX_PREBINS_MAX - 1; at += step) {
        size_t first = at, end = at;
        if (at < last) continue;
        while (first > last && keys[first - 1] == keys[at])
            first--;
        while (end < n && keys[end] == keys[at])
            end++;
        if (first > last) {
            cuts[n_cuts++] = border(of_key(keys[first - 1]), of_key(keys[first]));
            last = first;
        }
        if (end - first < step || end == n || n_cuts == HX_PREBINS_MAX - 1) continue;
        cuts[n_cuts++] = border(of_key(keys[end - 1]), of_key(keys[end]));
        last = end;
    }
    return n_cuts;
}

static hx_status sample_borders(const double *values, size_t rows, double *cuts, size_t *n_cuts,
                                hx_error *err) {
    const size_t stride = rows / PREBIN_SAMPLE + 1, room = rows / stride + 1;
    int64_t *keys = calloc(2 * room, sizeof *keys);
    size_t n = 0;
    if (!keys) return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
    for (size_t i = 0; i < rows; i += stride)
        if (isfinite(values[i])) keys[n++] = to_key(values[i]);
    hx_quantile_sort(keys, n, keys + room);
    *n_cuts = find_borders(keys, n, cuts);
    free(keys);
    return HX_OK;
}

/* Counts of bins between n_cuts borders; branches would be guessed wrong half the time. */
static void count_numbers(const double *values, const double *good, const double *bad, size_t rows,
                          const double *cuts, size_t n_cuts, hx_bin_counts *counts,
                          hx_bin_counts *all) {
    double padded[HX_PREBINS_MAX];
    for (size_t i = 0; i < HX_PREBINS_MAX; i++)
        padded[i] = i < n_cuts ? cuts[i] : INFINITY;
    for (size_t i = 0; i < rows; i++) {
        const double x = values[i];
        size_t at = 0;
        all->good += good[i];
        all->bad += bad[i];
        if (isnan(x)) continue;
        for (size_t half = HX_PREBINS_MAX / 2; half; half /= 2)
            at += x >= padded[at + half - 1] ? half : 0;
        counts[at].good += good[i];
        counts[at].bad += bad[i];
    }
}

static hx_card_bin *new_bins(hx_card_variable *v, size_t n, hx_arena *arena) {
    v->n_bins = n;
    v->bins = hx_arena_alloc(arena, (n + 2) * sizeof *v->bins);
    for (size_t i = 0; v->bins && i < n + 2; i++)
        v->bins[i].below = INFINITY;
    return v->bins;
}

static hx_status join_numbers(hx_card_variable *v, const double *cuts, size_t n_cuts,
                              const hx_bin_counts *counts, hx_bin_counts all,
                              const hx_bin_options *o, hx_arena *arena, hx_error *err) {
    size_t ends[HX_PREBINS_MAX], n;
    HX_TRY(hx_bins_join(counts, n_cuts + 1, all, o, ends, &n, &v->trend, err));
    if (!new_bins(v, n, arena)) return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
    for (size_t i = 0; i + 1 < n; i++)
        v->bins[i].below = cuts[ends[i] - 1];
    return HX_OK;
}

static hx_status bin_numbers(hx_card_variable *v, const hx_table *t, size_t column,
                             const double *good, const double *bad, const hx_bin_options *o,
                             hx_arena *arena, hx_error *err) {
    const size_t rows = hx_table_rows(t);
    double cuts[HX_PREBINS_MAX], *values = calloc(rows + 1, sizeof *values);
    hx_bin_counts counts[HX_PREBINS_MAX] = {{0, 0}}, all = {0, 0};
    size_t n_cuts = 0;
    if (!values) return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
    hx_table_numbers(t, column, 0, rows, values);
    hx_status status = sample_borders(values, rows, cuts, &n_cuts, err);
    if (status == HX_OK) {
        count_numbers(values, good, bad, rows, cuts, n_cuts, counts, &all);
        status = join_numbers(v, cuts, n_cuts, counts, all, o, arena, err);
    }
    free(values);
    return status;
}

/* --- texts --------------------------------------------------------------- */
typedef struct {
    uint32_t code;
    hx_bin_counts count;
    size_t prebin;
} text_value;

static double share_bad(hx_bin_counts c) {
    return c.good + c.bad > 0 ? c.bad / (c.good + c.bad) : 0;
}

static int by_share(const void *l, const void *r) {
    const text_value *a = l, *b = r;
    const double x = share_bad(a->count), y = share_bad(b->count);
    if (x != y) return x < y ? -1 : 1;
    return (a->code > b->code) - (a->code < b->code);
}

static hx_status count_texts(const hx_table *t, size_t column, const double *good,
                             const double *bad, text_value *values, hx_bin_counts *all,
                             hx_error *err) {
    const size_t rows = hx_table_rows(t);
    uint32_t *codes = calloc(rows + 1, sizeof *codes);
    if (!codes) return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
    hx_table_codes(t, column, 0, rows, codes);
    for (size_t i = 0; i < rows; i++) {
        all->good += good[i];
        all->bad += bad[i];
        if (codes[i] == HX_CODE_MISSING) continue;
        values[codes[i]].count.good += good[i];
        values[codes[i]].count.bad += bad[i];
    }
    free(codes);
    return HX_OK;
}

/* Rare values become one: behind it all are sorted by their share of bads, the rare ones by that of all of them. */
static size_t order_texts(text_value *values, size_t n, hx_bin_counts all, hx_bin_counts *pre) {
    double least = (all.good + all.bad) * RARE_SHARE;
    hx_bin_counts rare = {0, 0};
    size_t n_pre = 0, frequent = 0;
    bool pooled = false;
    for (size_t i = 0; i < n; i++)
        frequent += values[i].count.good + values[i].count.bad >= least;
    if (frequent >= HX_PREBINS_MAX) least = (all.good + all.bad) / (HX_PREBINS_MAX - 1);
    for (size_t i = 0; i < n; i++) {
        values[i].prebin = values[i].count.good + values[i].count.bad < least ? 1 : 0;
        if (!values[i].prebin) continue;
        rare.good += values[i].count.good;
        rare.bad += values[i].count.bad;
    }
    for (size_t i = 0; i < n; i++)
        if (values[i].prebin) values[i].count = rare;
    qsort(values, n, sizeof *values, by_share);
    size_t rare_at = 0;
    for (size_t i = 0; i < n; i++) {
        const bool is_rare = values[i].prebin == 1;
        values[i].prebin = is_rare && pooled ? rare_at : n_pre;
        if (is_rare && pooled) continue;
        if (is_rare) rare_at = n_pre, pooled = true;
        pre[n_pre++] = values[i].count;
    }
    return n_pre;
}

static hx_status put_texts(hx_card_variable *v, const hx_table *t, size_t column,
                           const text_value *values, size_t n, const size_t *ends, hx_arena *arena,
                           hx_error *err) {
    size_t counts[HX_PREBINS_MAX] = {0};
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n; i++) {
            size_t bin = 0;
            while (values[i].prebin >= ends[bin])
                bin++;
            hx_card_bin *b = &v->bins[bin];
            if (pass == 0) {
                counts[bin]++;
                continue;
            }
            b->values[b->n_values] = hx_arena_str(arena, hx_table_value(t, column, values[i].code));
            if (!b->values[b->n_values++].ptr)
                return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
        }
        for (size_t k = 0; k < v->n_bins && pass == 0; k++)
            if (!(v->bins[k].values =
                      hx_arena_alloc(arena, (counts[k] + 1) * sizeof *v->bins[k].values)))
                return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
    }
    return HX_OK;
}

static hx_status bin_texts(hx_card_variable *v, const hx_table *t, size_t column,
                           const double *good, const double *bad, const hx_bin_options *o,
                           hx_arena *arena, hx_error *err) {
    size_t n = hx_table_column_at(t, column)->n_values, ends[HX_PREBINS_MAX], n_bins;
    hx_bin_counts pre[HX_PREBINS_MAX + 2], all = {0, 0};
    hx_bin_options options = *o;
    v->text = true;
    if (n == 0 || n > HX_CARD_VALUES_MAX) return HX_OK;
    text_value *values = hx_arena_alloc(arena, n * sizeof *values);
    if (!values) return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
    for (size_t i = 0; i < n; i++)
        values[i].code = (uint32_t)i;
    HX_TRY(count_texts(t, column, good, bad, values, &all, err));
    const size_t n_pre = order_texts(values, n, all, pre);
    options.trend = HX_TREND_ASCENDING;
    HX_TRY(hx_bins_join(pre, n_pre, all, &options, ends, &n_bins, &v->trend, err));
    if (!new_bins(v, n_bins, arena)) return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
    return put_texts(v, t, column, values, n, ends, arena, err);
}

hx_status hx_card_find_bins(hx_card_variable *v, const hx_table *t, size_t column,
                            const double *good, const double *bad, const hx_bin_options *options,
                            hx_arena *arena, hx_error *err) {
    const hx_table_column *about = hx_table_column_at(t, column);
    v->n_bins = 0;
    if (about->kind == HX_KIND_TIME) return HX_OK;
    if (about->kind == HX_KIND_TEXT) return bin_texts(v, t, column, good, bad, options, arena, err);
    return bin_numbers(v, t, column, good, bad, options, arena, err);
}

/* --- by hand ------------------------------------------------------------- */
static hx_status set_numbers(hx_card_variable *v, const json_t *list, hx_error *err) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *cut = json_array_get(list, i);
        const double x = json_number_value(cut);
        if (!json_is_number(cut) || !isfinite(x) || (i > 0 && !(x > v->bins[i - 1].below)))
            return hx_fail(err, HX_EINVAL,
                           "the borders of '%.*s' must be numbers that ascend, as in [25, 40]",
                           HX_STR_ARG(v->name));
        v->bins[i].below = x;
    }
    return HX_OK;
}

static bool is_taken(const hx_card_variable *v, size_t bins, hx_str value) {
    for (size_t k = 0; k <= bins; k++)
        for (size_t i = 0; i < v->bins[k].n_values; i++)
            if (hx_str_equal(v->bins[k].values[i], value)) return true;
    return false;
}

static hx_status set_texts(hx_card_variable *v, const json_t *list, hx_arena *arena,
                           hx_error *err) {
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *group = json_array_get(list, k);
        const size_t n = json_array_size(group);
        hx_card_bin *b = &v->bins[k];
        if (n == 0 || n > HX_CARD_VALUES_MAX)
            return hx_fail(
                err, HX_EINVAL,
                "the bins of '%.*s' must be lists of texts, as in [[\"car\", \"tv\"], [\"shop\"]]",
                HX_STR_ARG(v->name));
        if (!(b->values = hx_arena_alloc(arena, n * sizeof *b->values)))
            return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
        for (size_t i = 0; i < n; i++) {
            const json_t *text = json_array_get(group, i);
            const hx_str value = {json_string_value(text), json_string_length(text)};
            if (!value.ptr || is_taken(v, k, value))
                return hx_fail(err, HX_EINVAL,
                               "the bins of '%.*s' hold something that is no text, or a text twice",
                               HX_STR_ARG(v->name));
            b->values[b->n_values++] = hx_arena_str(arena, value);
        }
    }
    return HX_OK;
}

hx_status hx_card_set_bins(hx_card_variable *v, const json_t *list, hx_arena *arena,
                           hx_error *err) {
    const size_t n = json_array_size(list);
    const bool texts = json_is_array(json_array_get(list, 0));
    if (!json_is_array(list) || n >= HX_CARD_BINS_MAX)
        return hx_fail(err, HX_EINVAL, "the bins of '%.*s' must be a list of at most %d",
                       HX_STR_ARG(v->name), HX_CARD_BINS_MAX - 1);
    v->text = texts;
    v->trend = HX_TREND_NONE;
    if (!new_bins(v, texts ? n : n + 1, arena))
        return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
    return texts ? set_texts(v, list, arena, err) : set_numbers(v, list, err);
}
