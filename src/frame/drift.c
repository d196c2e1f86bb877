/* drift.c - distances between a kept distribution and a column of today.
 *
 *     PSI = sum (q - p) ln (q / p)        over bins, p and q with half a row added to each bin, so that no bin is empty
 *     JS  = sqrt((KL(p, m) + KL(q, m)) / 2), m = (p + q) / 2, logarithms to base 2   (as scipy.spatial.distance.jensenshannon)
 *     KS  = sup |F - G|, p by Kolmogorov's limit law at sqrt(n m / (n + m)) KS
 *
 * F is known at the points of the profile, both below and up to each, so the supremum is exact where the profile has all values and found
 * at a thousand points otherwise (never above the true one: the test errs to the quiet side). Of rows with values never seen before, chance
 * brings about singles / n of the rows (Good 1953): the share of rows whose value the profile saw once. Bins of numbers are tenths of the profile's
 * rows, those of texts the values commonest in both tables. */
#include "frame/drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"

#define NUMBER_BINS 10
#define ROWS_OF_A_BIN                                                                              \
    5 /* a text with fewer goes to the others: chi-squared limits need some rows */

/* ------------------------------------------------------------------ laws */
double hx_kolmogorov_tail(double x) {
    if (x <= 0) return 1;
    if (x < 1) { /* the other form of the series, quick for small x */
        double sum = 0;
        for (int k = 1; k < 20; k++) {
            const double odd = 2 * k - 1;
            sum += exp(-odd * odd * M_PI * M_PI / (8 * x * x));
        }
        return 1 - sqrt(2 * M_PI) / x * sum;
    }
    double sum = 0;
    for (int k = 1; k < 20; k++)
        sum += (k % 2 == 1 ? 1 : -1) * exp(-2.0 * k * k * x * x);
    return 2 * sum;
}

double hx_normal_above(double tail) {
    if (!(tail > 0)) return INFINITY;
    if (!(tail < 1)) return -INFINITY;
    double low = -40, high = 40;
    for (int i = 0; i < 100; i++) {
        const double middle = (low + high) / 2;
        if (erfc(middle / M_SQRT2) / 2 > tail)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

double hx_chi_square_above(double k, double tail) {
    if (k <= 0) return 0;
    const double a = 2 / (9 * k), x = 1 - a + hx_normal_above(tail) * sqrt(a);
    return x > 0 ? k * x * x * x : 0;
}

/* ------------------------------------------------------------------ over bins */
static double divergence_part(double p, double m) {
    return p > 0 ? p * log2(p / m) : 0;
}

void hx_drift_distances(const hx_drift_bins *b, double *psi, double *js) {
    double n = 0, m = 0, sum = 0;
    for (size_t i = 0; i < b->n; i++) {
        n += (double)b->before[i];
        m += (double)b->now[i];
    }
    *psi = 0;
    for (size_t i = 0; i < b->n; i++) {
        const double half = (double)b->n / 2, x = (double)b->before[i], y = (double)b->now[i];
        const double p = (x + 0.5) / (n + half), q = (y + 0.5) / (m + half);
        *psi += (q - p) * log(q / p);
        const double middle = (x / n + y / m) / 2;
        sum += (divergence_part(x / n, middle) + divergence_part(y / m, middle)) / 2;
    }
    *js = sqrt(sum > 0 ? sum : 0);
}

static void compare_bins(const hx_drift_bins *b, hx_drift *d) {
    size_t n = 0, m = 0;
    for (size_t i = 0; i < b->n; i++) {
        n += b->before[i];
        m += b->now[i];
    }
    d->n_bins = b->n;
    if (n > 0 && m > 0) hx_drift_distances(b, &d->psi, &d->js);
}

/* Rows of the profile that a bin needs: so many that five of today's are to be expected in it too. */
static size_t rows_of_a_bin(size_t before, size_t now) {
    if (now == 0 || now >= before) return ROWS_OF_A_BIN;
    return (size_t)ceil(ROWS_OF_A_BIN * (double)before / (double)now);
}

/* ------------------------------------------------------------------ numbers */
/* Bins of a tenth of the profile's rows at least, five rows at least; equal values are never parted. */
static void number_bins(const hx_profile_column *base, const double *v, size_t n,
                        hx_drift_bins *b) {
    const size_t tenth = (base->count + NUMBER_BINS - 1) / NUMBER_BINS;
    const size_t least = rows_of_a_bin(base->count, n), enough = tenth > least ? tenth : least;
    size_t start = 0, at = 0, before = 0;
    b->n = 0;
    for (size_t i = 0; i < base->n; i++) {
        const size_t end = base->up_to[i];
        const bool last = i + 1 == base->n;
        if (!last && (end < before + enough || base->count < end + enough / 2)) continue;
        while (at < n && (last || v[at] <= base->points[i]))
            at++;
        b->before[b->n] = (last ? base->count : end) - before;
        b->now[b->n++] = at - start;
        start = at;
        before = end;
    }
}

static void compare_distributions(const hx_profile_column *base, const double *v, size_t n,
                                  hx_drift *d) {
    size_t below = 0, up_to = 0;
    if (n == 0 || base->count == 0) return;
    const double a = (double)base->count, b = (double)n;
    d->ks = 0;
    for (size_t i = 0; i < base->n; i++) {
        while (below < n && v[below] < base->points[i])
            below++;
        if (up_to < below) up_to = below;
        while (up_to < n && v[up_to] <= base->points[i])
            up_to++;
        d->ks = fmax(d->ks, fabs((double)base->below[i] / a - (double)below / b));
        d->ks = fmax(d->ks, fabs((double)base->up_to[i] / a - (double)up_to / b));
    }
    d->ks_p = hx_kolmogorov_tail(sqrt(a * b / (a + b)) * d->ks);
}

static hx_status drift_of_numbers(const hx_profile_column *base, const hx_table *t, size_t column,
                                  hx_drift *d, hx_drift_bins *b, hx_error *err) {
    size_t n = 0;
    double *v = hx_drift_sorted(t, column, &n);
    if (v == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    number_bins(base, v, n, b);
    compare_bins(b, d);
    compare_distributions(base, v, n, d);
    free(v);
    return HX_OK;
}

/* ------------------------------------------------------------------ texts */
typedef struct {
    const hx_profile_column *base;
    const hx_table *t;
    size_t column;
    const size_t *counts; /* by code */
    hx_map places; /* hash of a value to its place in base->values, from 1 */
} texts;

static bool index_values(texts *x) {
    for (size_t i = 0; i < x->base->n; i++) {
        uint64_t *at = hx_map_put(&x->places, hx_hash(x->base->values[i]));
        if (at == NULL) return false;
        *at = i + 1;
    }
    return true;
}

/* Rows of a value in both tables. */
typedef struct {
    size_t before, now, order;
} both_rows;

static int commoner_in_both(const void *a, const void *b) {
    const both_rows *x = a, *y = b;
    const size_t m = x->before + x->now, n = y->before + y->now;
    if (m != n) return m < n ? 1 : -1;
    return (x->order > y->order) - (x->order < y->order);
}

static hx_str value_at(const texts *x, size_t code) {
    if (hx_table_column_at(x->t, x->column)->kind == HX_KIND_TEXT)
        return hx_table_value(x->t, x->column, (uint32_t)code);
    return hx_str_of(code != 0 ? "true" : "false");
}

/* The values of both tables, those of the profile first; and what is new. all: room for values and codes. */
static size_t count_both(const texts *x, hx_drift *d, both_rows *all) {
    const hx_table_column *about = hx_table_column_at(x->t, x->column);
    const size_t codes = about->kind == HX_KIND_TEXT ? about->n_values : 2;
    size_t n = x->base->n, most = 0;
    for (size_t i = 0; i < n; i++)
        all[i] = (both_rows){x->base->rows[i], 0, i};
    for (size_t i = 0; i < codes; i++) {
        if (x->counts[i] == 0) continue;
        const hx_str value = value_at(x, i);
        const uint64_t *at = hx_map_get(&x->places, hx_hash(value));
        if (at != NULL) all[*at - 1].now = x->counts[i];
        if (at != NULL || !d->knows_new) continue;
        all[n] = (both_rows){0, x->counts[i], n};
        n++;
        d->new_values++;
        d->new_rows += x->counts[i];
        if (x->counts[i] > most) d->new_value = value;
        if (x->counts[i] > most) most = x->counts[i];
    }
    return n;
}

/* A bin for each of the values commonest in both tables, if five rows are to be expected in each; the others together. Chosen by one table alone they
 * would be those that happen to be common there, and come out rarer in the other though nothing changed. */
static void text_bins(both_rows *all, size_t n, size_t before, size_t now, hx_drift_bins *b) {
    const size_t fewer = before < now ? before : now;
    const double least = ROWS_OF_A_BIN * (double)(before + now) / (double)fewer;
    size_t own = 0;
    qsort(all, n, sizeof *all, commoner_in_both);
    b->together = true;
    while (own < n && own < HX_DRIFT_BINS && (double)(all[own].before + all[own].now) >= least) {
        b->before[own] = all[own].before;
        b->now[own] = all[own].now;
        before -= all[own].before < before ? all[own].before : before;
        now -= all[own].now < now ? all[own].now : now;
        own++;
    }
    b->before[own] = before;
    b->now[own] = now;
    b->n = own + (before > 0 || now > 0);
}

static hx_status drift_of_texts(const hx_profile_column *base, const hx_table *t, size_t column,
                                hx_arena *arena, hx_drift *d, hx_drift_bins *b, hx_error *err) {
    const hx_table_column *about = hx_table_column_at(t, column);
    const size_t codes = about->kind == HX_KIND_TEXT ? about->n_values : 2;
    size_t *counts = hx_drift_counts(t, column);
    both_rows *all = calloc(base->n + codes + 1, sizeof *all);
    texts x = {base, t, column, counts, {0}};
    hx_map_init(&x.places);
    const bool good = counts != NULL && all != NULL && index_values(&x);
    if (good) {
        d->knows_new = base->n == base->unique;
        d->new_expected =
            base->count > 0 ? (double)base->singles / (double)base->count * (double)d->now : NAN;
        text_bins(all, count_both(&x, d, all), base->count, d->now, b);
        compare_bins(b, d);
        d->new_value = hx_arena_str(arena, d->new_value);
    }
    hx_map_release(&x.places);
    free(counts);
    free(all);
    return good && d->new_value.ptr != NULL ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

/* ------------------------------------------------------------------ a column */
static void compare_missing(const hx_profile_column *base, const hx_table_column *about,
                            size_t rows, hx_drift *d) {
    const double n = (double)(base->count + base->missing), m = (double)rows;
    if (n == 0 || m == 0) return;
    const double x = (double)base->missing, y = (double)about->missing, pooled = (x + y) / (n + m);
    const double spread = sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
    d->missing_before = x / n;
    d->missing_now = y / m;
    d->missing_p = spread > 0 ? erfc(fabs(x / n - y / m) / spread / M_SQRT2) : 1;
}

hx_status hx_drift_of(const hx_profile_column *base, const hx_table *t, size_t column,
                      hx_arena *arena, hx_drift *out, hx_drift_bins *bins, hx_error *err) {
    const hx_table_column *about = hx_table_column_at(t, column);
    const size_t rows = hx_table_rows(t);
    *out = (hx_drift){.psi = NAN,
                      .js = NAN,
                      .ks = NAN,
                      .ks_p = NAN,
                      .missing_before = NAN,
                      .missing_now = NAN,
                      .missing_p = NAN,
                      .new_expected = NAN,
                      .before = base->count,
                      .now = rows - about->missing};
    *bins = (hx_drift_bins){.n = 0};
    compare_missing(base, about, rows, out);
    if (base->count == 0 || out->now == 0)
        return HX_OK; /* nothing to compare but what is missing */
    if (base->kind != about->kind)
        return hx_fail(err, HX_EINVAL, "the column '%.*s' is of the kind %s, not %s",
                       HX_STR_ARG(about->name), hx_kind_name(about->kind),
                       hx_kind_name(base->kind));
    return about->kind == HX_KIND_NUMBER || about->kind == HX_KIND_TIME
               ? drift_of_numbers(base, t, column, out, bins, err)
               : drift_of_texts(base, t, column, arena, out, bins, err);
}
