/* regression.c - how far predicted numbers are from the values.
 *
 *     RMSE = sqrt(mean e^2)   MAE = mean |e|   R2 = 1 - sum e^2 / sum (y - mean y)^2   MAPE = mean |e| / |y|,   e = y - prediction
 *
 * R2 is not defined for fewer than two rows or values that are all the same, MAPE not where a value is 0. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "learn/metrics.h"

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *x, size_t n) {
    qsort(x, n, sizeof *x, compare_doubles);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

static double mean_of(const double *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

static void add_up(const double *values, const double *predictions, size_t n, double *errors,
                   hx_regression *out) {
    double mean = mean_of(values, n), squares = 0, spread = 0, sum = 0, relative = 0, most = 0;
    for (size_t i = 0; i < n; i++) {
        double e = fabs(values[i] - predictions[i]);
        errors[i] = e;
        squares += e * e;
        spread += (values[i] - mean) * (values[i] - mean);
        sum += e;
        relative += values[i] == 0 ? NAN : e / fabs(values[i]);
        if (e > most) most = e;
    }
    out->rmse = sqrt(squares / (double)n);
    out->mae = sum / (double)n;
    out->r2 = spread > 0 ? 1 - squares / spread : NAN;
    out->mape = relative / (double)n;
    out->max_error = most;
    out->median_error = median_of(errors, n);
}

hx_status hx_regression_of(const double *values, const double *predictions, size_t n,
                           hx_regression *out, hx_error *err) {
    *out = (hx_regression){NAN, NAN, NAN, NAN, NAN, NAN};
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]) || !isfinite(predictions[i]))
            return hx_fail(err, HX_EINVAL, "row %zu: a value or prediction is not a number", i + 1);
    if (n == 0) return HX_OK;
    double *errors = calloc(n, sizeof *errors);
    if (!errors) return hx_fail(err, HX_ENOMEM, "not enough memory for the figures of %zu rows", n);
    add_up(values, predictions, n, errors, out);
    free(errors);
    return HX_OK;
}
