/* order.c - order statistics and moments of arrays of doubles without NaN.
 *
 * Selection is Hoare's with the middle of three as pivot, falling back on heap sort after 2 log2 n bad rounds (Musser 1997), so that the worst
 * case is n log n; the result does not depend on how it was found. Quantiles are type 7 of Hyndman and Fan (1996).
 *
 * Moments are of differences to the mean, whose own rounding is taken out again; a sum beyond the range of doubles is taken of shares. */
#include <math.h>
#include <stdlib.h>

#include "frame/step_fit.h"

static inline void swap(double *v, size_t a, size_t b) {
    const double x = v[a];
    v[a] = v[b];
    v[b] = x;
}

static void sift(double *v, size_t root, size_t n) {
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n) return;
        if (child + 1 < n && v[child + 1] > v[child]) child++;
        if (v[root] >= v[child]) return;
        swap(v, root, child);
        root = child;
    }
}

static void heap_sort(double *v, size_t n) {
    for (size_t i = n / 2; i-- > 0;)
        sift(v, i, n);
    for (size_t i = n; i-- > 1;) {
        swap(v, 0, i);
        sift(v, 0, i);
    }
}

static double middle(double a, double b, double c) {
    if (a > b) {
        const double x = a;
        a = b;
        b = x;
    }
    return c <= a ? a : c >= b ? b : c;
}

/* Two borders: v[low..*left) <= pivot <= v[*right..high). */
static void part(double *v, size_t low, size_t high, size_t *left, size_t *right) {
    const double pivot = middle(v[low], v[low + (high - low) / 2], v[high - 1]);
    size_t i = low, j = high - 1;
    for (;;) {
        while (v[i] < pivot)
            i++;
        while (v[j] > pivot)
            j--;
        if (i < j) swap(v, i, j);
        if (i <= j) {
            i++;
            if (j == low) break;
            j--;
        }
        if (i > j) break;
    }
    *left = i > j && j + 1 > low ? j + 1 : low;
    *right = i;
}

static int rounds_of(size_t n) {
    int rounds = 0;
    for (; n > 0; n /= 2)
        rounds += 2;
    return rounds;
}

/* v[k] is what it would be in order; what is before it is not greater, what is behind it not less. */
static void select_nth(double *v, size_t n, size_t k) {
    size_t low = 0, high = n;
    for (int rounds = rounds_of(n); high - low > 16 && rounds > 0; rounds--) {
        size_t left = 0, right = 0;
        part(v, low, high, &left, &right);
        if (k < left)
            high = left;
        else if (k >= right)
            low = right;
        else
            return;
    }
    heap_sort(v + low, high - low);
}

void hx_sort_reals(double *v, size_t n) {
    size_t stack[128][2], depth = 0;
    stack[depth][0] = 0;
    stack[depth++][1] = n;
    while (depth > 0) {
        size_t low = stack[--depth][0], high = stack[depth][1], left = 0, right = 0;
        if (high - low <= 32 || depth > 100) {
            heap_sort(v + low, high - low);
            continue;
        }
        part(v, low, high, &left, &right);
        if (left - low > high - right) { /* the longer one waits */
            stack[depth][0] = low;
            stack[depth++][1] = left;
            stack[depth][0] = right;
            stack[depth++][1] = high;
        } else {
            stack[depth][0] = right;
            stack[depth++][1] = high;
            stack[depth][0] = low;
            stack[depth++][1] = left;
        }
    }
}

static double between(double a, double b, double share) {
    if (!(share > 0) || a == b) return a;
    return isfinite(b - a) ? a + (b - a) * share : a * (1 - share) + b * share;
}

double hx_quantile(double *v, size_t n, double p) {
    if (n == 0) return NAN;
    const double at = p * (double)(n - 1);
    const size_t k = (size_t)floor(at);
    select_nth(v, n, k);
    if (at <= (double)k || k + 1 >= n) return v[k];
    double next = v[k + 1];
    for (size_t i = k + 2; i < n; i++)
        if (v[i] < next) next = v[i];
    return between(v[k], next, at - (double)k);
}

double hx_quantile_sorted(const double *v, size_t n, double p) {
    if (n == 0) return NAN;
    const double at = p * (double)(n - 1);
    const size_t k = (size_t)floor(at);
    return k + 1 >= n ? v[n - 1] : between(v[k], v[k + 1], at - (double)k);
}

double hx_median(double *v, size_t n) {
    return hx_quantile(v, n, 0.5);
}

size_t hx_drop_missing(double *v, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i] == v[i]) v[kept++] = v[i];
    return kept;
}

double hx_mean_of_sum(double sum, const double *v, size_t step, size_t n, size_t count) {
    if (count == 0) return NAN;
    if (isfinite(sum)) return sum / (double)count;
    sum = 0;
    for (size_t i = 0; i < n; i++) /* too large to be added up, or infinities */
        if (v[i * step] == v[i * step]) sum += v[i * step] / (double)count;
    return sum;
}

void hx_mean_squares(const double *v, size_t n, double *mean, double *squares) {
    double sum = 0, rest = 0, total = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    *mean = hx_mean_of_sum(sum, v, 1, n, n);
    for (size_t i = 0; i < n; i++) {
        const double d = v[i] - *mean;
        total += d * d;
        rest += d;
    }
    *squares = n > 0 ? total - rest * rest / (double)n : NAN;
    if (n > 0 && isfinite(rest)) *mean += rest / (double)n;
}

double hx_mode(double *v, size_t n) {
    double best = NAN;
    size_t most = 0;
    hx_sort_reals(v, n);
    for (size_t i = 0, j = 0; i < n; i = j) {
        while (j < n && v[j] == v[i])
            j++;
        if (j - i > most) {
            most = j - i;
            best = v[i];
        }
    }
    return best;
}
