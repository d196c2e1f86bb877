/* solve.c - dense linear algebra for learners; see solve.h.
 *
 * A triangle takes rows in blocks of twice its width, so that each reflection has long columns to work on and n rows cost 3 n d^2 at
 * most, whatever n is.
 *
 * Singular values come from one-sided Jacobi rotations of the triangle, so that small ones are exact relative to themselves and the rank is well told. */
#include "learn/solve.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define SWEEPS_MAX 60
#define ROTATED 1e-15 /* cosines below it are zero */

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a system of equations");
}

/* ------------------------------------------------------------------ triangles */
hx_status hx_triangle_init(hx_triangle *t, size_t columns, hx_error *err) {
    *t = (hx_triangle){.columns = columns, .block = columns < 32 ? 64 : 2 * columns};
    if (columns > 1u << 14)
        return hx_fail(err, HX_ELIMIT, "%zu features are too many for exact least squares",
                       columns);
    t->r = calloc(columns * columns + 1, sizeof *t->r);
    t->room = calloc((t->block + columns) * columns + 1, sizeof *t->room);
    if (t->r && t->room) return HX_OK;
    hx_triangle_release(t);
    return no_memory(err);
}

void hx_triangle_release(hx_triangle *t) {
    free(t->r);
    free(t->room);
    *t = (hx_triangle){0};
}

/* The reflection that zeroes column k of a (n, d) below row k, applied to the columns behind it. */
static void reflect(double *a, size_t n, size_t d, size_t k, double *dots) {
    double sum = 0;
    for (size_t i = k; i < n; i++)
        sum += a[i * d + k] * a[i * d + k];
    if (!(sum > 0)) return;
    double head = a[k * d + k], norm = head > 0 ? -sqrt(sum) : sqrt(sum), first = head - norm;
    double scale = 1 / (norm * first); /* -2 / v'v */
    a[k * d + k] = first;
    memset(dots + k, 0, (d - k) * sizeof *dots);
    for (size_t i = k; i < n; i++) {
        double v = a[i * d + k];
        for (size_t j = k + 1; j < d; j++)
            dots[j] += v * a[i * d + j];
    }
    for (size_t i = k; i < n; i++) {
        double v = a[i * d + k] * scale;
        for (size_t j = k + 1; j < d; j++)
            a[i * d + j] += v * dots[j];
    }
    a[k * d + k] = norm;
    for (size_t i = k + 1; i < n; i++)
        a[i * d + k] = 0;
}

static void work_in(hx_triangle *t) {
    size_t d = t->columns, n = d + t->filled;
    double *dots = t->r; /* is written anew below */
    memcpy(t->room, t->r, d * d * sizeof *t->r);
    for (size_t k = 0; k < d; k++)
        reflect(t->room, n, d, k, dots);
    memcpy(t->r, t->room, d * d * sizeof *t->r);
    t->filled = 0;
}

void hx_triangle_add(hx_triangle *t, const double *row) {
    size_t d = t->columns;
    memcpy(t->room + (d + t->filled) * d, row, d * sizeof *row);
    if (++t->filled == t->block) work_in(t);
}

void hx_triangle_finish(hx_triangle *t) {
    if (t->filled > 0) work_in(t);
}

/* ------------------------------------------------------------------ singular values */
/* One rotation of columns p and q; true where they were not orthogonal yet. */
static bool rotate(double *a, size_t n, size_t d, double *v, size_t p, size_t q) {
    double alpha = 0, beta = 0, gamma = 0;
    for (size_t i = 0; i < n; i++) {
        double x = a[i * d + p], y = a[i * d + q];
        alpha += x * x;
        beta += y * y;
        gamma += x * y;
    }
    if (fabs(gamma) <= ROTATED * sqrt(alpha) * sqrt(beta)) return false;
    double zeta = (beta - alpha) / (2 * gamma);
    double t = (zeta >= 0 ? 1 : -1) / (fabs(zeta) + hypot(1, zeta)), c = 1 / hypot(1, t), s = c * t;
    for (size_t i = 0; i < n; i++) {
        double x = a[i * d + p], y = a[i * d + q];
        a[i * d + p] = c * x - s * y;
        a[i * d + q] = s * x + c * y;
    }
    for (size_t i = 0; i < d; i++) {
        double x = v[i * d + p], y = v[i * d + q];
        v[i * d + p] = c * x - s * y;
        v[i * d + q] = s * x + c * y;
    }
    return true;
}

static void swap_columns(double *a, size_t n, size_t d, size_t p, size_t q) {
    for (size_t i = 0; i < n; i++) {
        double x = a[i * d + p];
        a[i * d + p] = a[i * d + q];
        a[i * d + q] = x;
    }
}

static void order(double *a, size_t n, size_t d, double *s, double *v) {
    for (size_t j = 0; j < d; j++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += a[i * d + j] * a[i * d + j];
        s[j] = sqrt(sum);
    }
    for (size_t j = 0; j < d; j++) {
        size_t best = j;
        for (size_t k = j + 1; k < d; k++)
            if (s[k] > s[best]) best = k;
        if (best == j) continue;
        double x = s[j];
        s[j] = s[best];
        s[best] = x;
        swap_columns(a, n, d, j, best);
        swap_columns(v, d, d, j, best);
    }
}

hx_status hx_singular(double *a, size_t n, size_t d, double *s, double *v, hx_error *err) {
    memset(v, 0, d * d * sizeof *v);
    for (size_t j = 0; j < d; j++)
        v[j * d + j] = 1;
    bool turned = true;
    for (int sweep = 0; sweep < SWEEPS_MAX && turned; sweep++) {
        turned = false;
        for (size_t p = 0; p + 1 < d; p++)
            for (size_t q = p + 1; q < d; q++)
                turned = rotate(a, n, d, v, p, q) || turned;
    }
    order(a, n, d, s, v);
    if (d > 0 && !isfinite(s[0]))
        return hx_fail(err, HX_EINVAL,
                       "the features hold values too large to compute with; scale them");
    return HX_OK;
}

/* ------------------------------------------------------------------ least squares */
typedef struct {
    double *a, *s, *v; /* (d, d), (d), (d, d); one block, `a` owns it */
    size_t d, rank;
} factors;

static hx_status factor(const hx_triangle *t, double cut, factors *f, hx_error *err) {
    size_t d = t->columns - 1;
    *f = (factors){.d = d, .a = calloc(2 * d * d + d + 1, sizeof(double))};
    if (!f->a) return no_memory(err);
    f->v = f->a + d * d;
    f->s = f->v + d * d;
    for (size_t i = 0; i < d; i++)
        memcpy(f->a + i * d, t->r + i * t->columns, d * sizeof(double));
    hx_status st = hx_singular(f->a, d, d, f->s, f->v, err);
    double least = (cut > 0 ? cut : DBL_EPSILON * (double)(d + 1)) * (d ? f->s[0] : 0);
    while (st == HX_OK && f->rank < d && f->s[f->rank] > least)
        f->rank++;
    if (st != HX_OK) free(f->a);
    return st;
}

hx_status hx_least_squares(const hx_triangle *t, double cut, double *w, size_t *rank,
                           double *residual, hx_error *err) {
    factors f;
    HX_TRY(factor(t, cut, &f, err));
    size_t d = f.d;
    double lost = t->r[d * t->columns + d] * t->r[d * t->columns + d];
    memset(w, 0, d * sizeof *w);
    for (size_t k = 0; k < d; k++) {
        double dot = 0; /* u_k' y, times s_k */
        for (size_t i = 0; i < d; i++)
            dot += f.a[i * d + k] * t->r[i * t->columns + d];
        if (k >= f.rank) {
            if (f.s[k] > 0) lost += dot * dot / (f.s[k] * f.s[k]);
            continue;
        }
        for (size_t j = 0; j < d; j++)
            w[j] += f.v[j * d + k] * dot / (f.s[k] * f.s[k]);
    }
    if (rank) *rank = f.rank;
    if (residual) *residual = lost;
    free(f.a);
    return HX_OK;
}

hx_status hx_inverse_gram(const hx_triangle *t, double cut, double *out, hx_error *err) {
    factors f;
    HX_TRY(factor(t, cut, &f, err));
    size_t d = f.d;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            double sum = 0;
            for (size_t k = 0; k < f.rank; k++)
                sum += f.v[i * d + k] * f.v[j * d + k] / (f.s[k] * f.s[k]);
            out[i * d + j] = sum;
        }
    free(f.a);
    return HX_OK;
}

/* ------------------------------------------------------------------ Cholesky */
bool hx_cholesky(double *a, size_t n) {
    for (size_t j = 0; j < n; j++) {
        double sum = a[j * n + j];
        for (size_t k = 0; k < j; k++)
            sum -= a[j * n + k] * a[j * n + k];
        if (!(sum > 0) || !isfinite(sum)) return false;
        a[j * n + j] = sqrt(sum);
        for (size_t i = j + 1; i < n; i++) {
            double x = a[i * n + j];
            for (size_t k = 0; k < j; k++)
                x -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = x / a[j * n + j];
        }
    }
    return true;
}

void hx_cholesky_solve(const double *l, size_t n, double *b) {
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= l[i * n + k] * b[k];
        b[i] /= l[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            b[i] -= l[k * n + i] * b[k];
        b[i] /= l[i * n + i];
    }
}

void hx_cholesky_invert(double *l, size_t n) {
    for (size_t j = 0; j < n; j++) { /* L^-1, lower */
        l[j * n + j] = 1 / l[j * n + j];
        for (size_t i = j + 1; i < n; i++) {
            double sum = 0;
            for (size_t k = j; k < i; k++)
                sum -= l[i * n + k] * l[k * n + j];
            l[i * n + j] = sum / l[i * n + i];
        }
    }
    for (size_t i = 0; i < n; i++) /* (L^-1)' L^-1, into the upper triangle */
        for (size_t j = i; j < n; j++) {
            double sum = 0;
            for (size_t k = j; k < n; k++)
                sum += l[k * n + i] * l[k * n + j];
            l[i * n + j] = sum;
        }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            l[i * n + j] = l[j * n + i];
}
