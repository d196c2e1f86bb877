/* solve.c - dense linear algebra for learners; see solve.h.
 *
 * A triangle takes rows in blocks of BLOCK: a reflection works on one row of R and those of the block, as R has zeroes below, so that n rows cost 2 n d^2.
 *
 * Least squares: a complete orthogonal decomposition of R, whose columns are permuted so that the greatest of what is left comes first (Golub, Van Loan,
 * 5.5.2),  R P = Q [T S; 0 0],  [T S]' = Z [U; 0],  R^+ = P Z [U'^-1; 0] Q'. All of it is of order d^3 without iteration, and columns lie one behind the
 * other. Singular values come from one-sided Jacobi rotations, so that small ones are exact relative to themselves. */
#include "learn/solve.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define SWEEPS_MAX 60
#define ROTATED 1e-15 /* cosines below it are zero */
#define NOTHING 1e-280 /* a sum of squares below it is zero: its inverse would not be finite */
#define BLOCK ((size_t)64) /* rows that are worked into a triangle at once */

double hx_dot(const double *a, const double *b, size_t n) {
    double s[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            s[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        s[0] += a[i] * b[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a system of equations");
}

static hx_status stopped(hx_error *err) {
    return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
}

static void add_to(double *out, const double *x, double by, size_t n) {
    for (size_t i = 0; i < n; i++)
        out[i] += by * x[i];
}

/* ------------------------------------------------------------------ triangles */
hx_status hx_triangle_init(hx_triangle *t, size_t columns, const volatile int *cancel,
                           hx_error *err) {
    *t = (hx_triangle){.columns = columns, .cancel = cancel};
    if (columns > 1u << 14)
        return hx_fail(err, HX_ELIMIT, "%zu features are too many for exact least squares",
                       columns);
    t->r = calloc(columns * columns + 1, sizeof *t->r);
    t->room = calloc((BLOCK + 1) * columns + 1, sizeof *t->room);
    if (t->r && t->room) return HX_OK;
    hx_triangle_release(t);
    return no_memory(err);
}

void hx_triangle_release(hx_triangle *t) {
    free(t->r);
    free(t->room);
    *t = (hx_triangle){0};
}

/* The reflection that zeroes column k of the rows (m, d) below R, applied to the columns behind it. dots (d). */
static void reflect(double *r, double *rows, size_t m, size_t d, size_t k, double *dots) {
    double *head = r + k * d, sum = 0;
    for (size_t i = 0; i < m; i++)
        sum += rows[i * d + k] * rows[i * d + k];
    if (sum <= NOTHING) return;
    sum += head[k] * head[k];
    double norm = head[k] > 0 ? -sqrt(sum) : sqrt(sum), first = head[k] - norm;
    double scale = 1 / (norm * first); /* -2 / v'v */
    size_t n = d - k - 1;
    for (size_t j = 0; j < n; j++)
        dots[j] = first * head[k + 1 + j];
    for (size_t i = 0; i < m; i++)
        if (rows[i * d + k] != 0) add_to(dots, rows + i * d + k + 1, rows[i * d + k], n);
    add_to(head + k + 1, dots, first * scale, n);
    for (size_t i = 0; i < m; i++)
        if (rows[i * d + k] != 0) add_to(rows + i * d + k + 1, dots, rows[i * d + k] * scale, n);
    head[k] = norm;
}

static void work_in(hx_triangle *t) {
    size_t d = t->columns;
    for (size_t k = 0; k < d && !hx_flag_is_raised(t->cancel); k++)
        reflect(t->r, t->room, t->filled, d, k, t->room + BLOCK * d);
    t->filled = 0;
}

void hx_triangle_add(hx_triangle *t, const double *row) {
    memcpy(t->room + t->filled * t->columns, row, t->columns * sizeof *row);
    if (++t->filled == BLOCK) work_in(t);
}

hx_status hx_triangle_finish(hx_triangle *t, hx_error *err) {
    if (t->filled > 0) work_in(t);
    return hx_flag_is_raised(t->cancel) ? stopped(err) : HX_OK;
}

/* ------------------------------------------------------------------ singular values */
typedef struct {
    double *a, *v; /* (d, n), (d, d): columns as rows */
    double *squares; /* (d): of the columns, as last known */
    size_t n, d;
} jacobi;

static void turn(double *x, double *y, double c, double s, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const double was = x[i];
        x[i] = c * was - s * y[i];
        y[i] = s * was + c * y[i];
    }
}

/* One rotation of columns p and q; true where they were not orthogonal yet. */
static bool rotate(jacobi *m, size_t p, size_t q) {
    double *x = m->a + p * m->n, *y = m->a + q * m->n, gamma = hx_dot(x, y, m->n);
    if (fabs(gamma) <= ROTATED * sqrt(m->squares[p]) * sqrt(m->squares[q])) return false;
    double alpha = hx_dot(x, x, m->n), beta = hx_dot(y, y, m->n);
    m->squares[p] = alpha;
    m->squares[q] = beta;
    if (fabs(gamma) <= ROTATED * sqrt(alpha) * sqrt(beta)) return false;
    double zeta = (beta - alpha) / (2 * gamma);
    double t = (zeta >= 0 ? 1 : -1) / (fabs(zeta) + hypot(1, zeta)), c = 1 / hypot(1, t), s = c * t;
    turn(x, y, c, s, m->n);
    turn(m->v + p * m->d, m->v + q * m->d, c, s, m->d);
    m->squares[p] = fmax(0, alpha - t * gamma);
    m->squares[q] = fmax(0, beta + t * gamma);
    return true;
}

/* Greatest first; then columns are columns again, in a and v of the caller. */
static void order(const jacobi *m, double *a, double *s, double *v, double *taken) {
    for (size_t j = 0; j < m->d; j++)
        taken[j] = sqrt(hx_dot(m->a + j * m->n, m->a + j * m->n, m->n));
    for (size_t j = 0; j < m->d; j++) {
        size_t best = 0;
        for (size_t k = 1; k < m->d; k++)
            if (taken[best] < 0 || taken[k] > taken[best]) best = k;
        s[j] = taken[best];
        taken[best] = -1;
        for (size_t i = 0; i < m->n; i++)
            a[i * m->d + j] = m->a[best * m->n + i];
        for (size_t i = 0; i < m->d; i++)
            v[i * m->d + j] = m->v[best * m->d + i];
    }
}

static hx_status sweep(jacobi *m, const volatile int *cancel, hx_error *err) {
    bool turned = true;
    for (int round = 0; round < SWEEPS_MAX && turned; round++) {
        turned = false;
        for (size_t j = 0; j < m->d; j++)
            m->squares[j] = hx_dot(m->a + j * m->n, m->a + j * m->n, m->n);
        for (size_t p = 0; p + 1 < m->d; p++) {
            if (hx_flag_is_raised(cancel)) return stopped(err);
            for (size_t q = p + 1; q < m->d; q++)
                turned = rotate(m, p, q) || turned;
        }
    }
    return HX_OK;
}

hx_status hx_singular(double *a, size_t n, size_t d, double *s, double *v,
                      const volatile int *cancel, hx_error *err) {
    jacobi m = {.n = n, .d = d, .a = calloc(d * n + d * d + d + 1, sizeof *m.a)};
    if (!m.a) return no_memory(err);
    m.v = m.a + d * n;
    m.squares = m.v + d * d;
    for (size_t j = 0; j < d; j++) {
        for (size_t i = 0; i < n; i++)
            m.a[j * n + i] = a[i * d + j];
        m.v[j * d + j] = 1;
    }
    hx_status st = sweep(&m, cancel, err);
    if (st == HX_OK) order(&m, a, s, v, m.squares);
    free(m.a);
    if (st == HX_OK && d > 0 && !isfinite(s[0]))
        return hx_fail(err, HX_EINVAL,
                       "the features hold values too large to compute with; scale them");
    return st;
}

/* ------------------------------------------------------------------ least squares */
typedef struct {
    size_t d, rank;
    double *a; /* (d, d): columns of R as rows, then T and S; owned, with all below */
    double *y; /* (d): Q'y */
    double *z; /* (rank, d): columns of [T S]', then reflections and U */
    double *heads; /* (d) of reflections */
    size_t *order; /* (d): the column that stands there */
    const volatile int *cancel;
} factors;

/* The reflection that zeroes x (n) behind its first number: v stays in x, its first number in *head, x[0] becomes the norm; *scale is -2 / v'v, 0 = none. */
static double reflection(double *x, size_t n, double *head) {
    const double rest = hx_dot(x + 1, x + 1, n - 1), sum = rest + x[0] * x[0];
    if (rest <= NOTHING) return 0;
    const double norm = x[0] > 0 ? -sqrt(sum) : sqrt(sum);
    *head = x[0] - norm;
    x[0] = norm;
    return 1 / (norm * *head);
}

static void apply(const double *v, double head, double scale, double *x, size_t n) {
    const double by = scale * (head * x[0] + hx_dot(v + 1, x + 1, n - 1));
    x[0] += by * head;
    add_to(x + 1, v + 1, by, n - 1);
}

/* The greatest column of what is left comes to place k; returns its square. */
static double bring_forward(factors *f, size_t k) {
    size_t best = k;
    double most = 0;
    for (size_t j = k; j < f->d; j++) {
        const double one = hx_dot(f->a + j * f->d + k, f->a + j * f->d + k, f->d - k);
        if (!(one <= most)) most = one, best = j; /* a NaN, too */
    }
    double *x = f->a + k * f->d, *y = f->a + best * f->d;
    const size_t was = f->order[k];
    f->order[k] = f->order[best];
    f->order[best] = was;
    for (size_t i = 0; i < f->d; i++) {
        const double one = x[i];
        x[i] = y[i];
        y[i] = one;
    }
    return most;
}

/* R P = Q [T S; 0 0]. */
static hx_status triangulate(factors *f, double cut, hx_error *err) {
    double most = 0;
    for (size_t k = 0; k < f->d; k++) {
        if (hx_flag_is_raised(f->cancel)) return stopped(err);
        const double norm = sqrt(bring_forward(f, k));
        if (k == 0) most = norm;
        if (!isfinite(norm))
            return hx_fail(err, HX_EINVAL,
                           "the features hold values too large to compute with; scale them");
        if (!(norm > cut * most)) break;
        double *v = f->a + k * f->d + k, head = 0;
        const double scale = reflection(v, f->d - k, &head);
        for (size_t j = k + 1; j < f->d && scale != 0; j++)
            apply(v, head, scale, f->a + j * f->d + k, f->d - k);
        if (scale != 0) apply(v, head, scale, f->y + k, f->d - k);
        f->rank = k + 1;
    }
    return HX_OK;
}

/* [T S]' = Z [U; 0]: z keeps the reflections behind the diagonal, U' below it (U[i][j] is z[j][i]). */
static hx_status turn_over(factors *f, double *scales, hx_error *err) {
    for (size_t i = 0; i < f->rank; i++)
        for (size_t j = 0; j < f->d; j++)
            f->z[i * f->d + j] = j >= i ? f->a[j * f->d + i] : 0;
    for (size_t k = 0; k < f->rank; k++) {
        if (hx_flag_is_raised(f->cancel)) return stopped(err);
        double *v = f->z + k * f->d + k;
        scales[k] = reflection(v, f->d - k, &f->heads[k]);
        for (size_t i = k + 1; i < f->rank && scales[k] != 0; i++)
            apply(v, f->heads[k], scales[k], f->z + i * f->d + k, f->d - k);
    }
    return HX_OK;
}

/* x (d) = P Z [U'^-1 c; 0], c (rank) in the first places of x. room (d). */
static void back(const factors *f, const double *scales, double *x, double *room) {
    for (size_t i = 0; i < f->d; i++)
        room[i] = 0;
    for (size_t i = 0; i < f->rank; i++) { /* U' is lower: row i is z[i][0 ... i] */
        const double *row = f->z + i * f->d;
        room[i] = (x[i] - hx_dot(row, room, i)) / row[i];
    }
    for (size_t k = f->rank; k-- > 0;)
        if (scales[k] != 0) apply(f->z + k * f->d + k, f->heads[k], scales[k], room + k, f->d - k);
    for (size_t i = 0; i < f->d; i++)
        x[f->order[i]] = room[i];
}

static hx_status open_factors(factors *f, const hx_triangle *t, hx_error *err) {
    const size_t d = t->columns - 1;
    *f = (factors){.d = d, .cancel = t->cancel};
    f->a = calloc(2 * d * d + 2 * d + 1, sizeof *f->a);
    f->order = calloc(d + 1, sizeof *f->order);
    if (!f->a || !f->order) return no_memory(err);
    f->z = f->a + d * d;
    f->y = f->z + d * d;
    f->heads = f->y + d;
    for (size_t j = 0; j < d; j++) {
        f->order[j] = j;
        f->y[j] = t->r[j * t->columns + d];
        for (size_t i = 0; i <= j; i++)
            f->a[j * d + i] = t->r[i * t->columns + j];
    }
    return HX_OK;
}

/* Columns of the root: R^+ of unit vectors, so that root root' is (X'X)^+. */
static hx_status roots(const factors *f, const double *scales, double *room, double *root,
                       hx_error *err) {
    memset(root, 0, f->d * f->d * sizeof *root);
    for (size_t k = 0; k < f->rank; k++) {
        double *x = root + k * f->d;
        if (hx_flag_is_raised(f->cancel)) return stopped(err);
        x[k] = 1;
        back(f, scales, x, room);
    }
    return HX_OK;
}

static hx_status solve(factors *f, double cut, double *w, double *root, hx_error *err) {
    double *room = calloc(2 * f->d + 1, sizeof *room);
    if (!room) return no_memory(err);
    double *scales = room + f->d;
    hx_status st = triangulate(f, cut > 0 ? cut : DBL_EPSILON * (double)(f->d + 1), err);
    if (st == HX_OK) st = turn_over(f, scales, err);
    if (st == HX_OK) {
        memcpy(w, f->y, f->rank * sizeof *w);
        back(f, scales, w, room);
    }
    if (st == HX_OK && root) st = roots(f, scales, room, root, err);
    free(room);
    return st;
}

hx_status hx_least_squares(const hx_triangle *t, double cut, double *w, size_t *rank,
                           double *residual, double *root, hx_error *err) {
    factors f;
    hx_status st = open_factors(&f, t, err);
    if (st == HX_OK) st = solve(&f, cut, w, root, err);
    if (st == HX_OK && residual) {
        const double last = t->r[f.d * t->columns + f.d];
        *residual = last * last + hx_dot(f.y + f.rank, f.y + f.rank, f.d - f.rank);
    }
    if (st == HX_OK && rank) *rank = f.rank;
    free(f.a);
    free(f.order);
    return st;
}

/* ------------------------------------------------------------------ Cholesky */
bool hx_cholesky(double *a, size_t n) {
    for (size_t j = 0; j < n; j++) {
        double sum = a[j * n + j] - hx_dot(a + j * n, a + j * n, j);
        if (!(sum > 0) || !isfinite(sum)) return false;
        a[j * n + j] = sqrt(sum);
        for (size_t i = j + 1; i < n; i++)
            a[i * n + j] = (a[i * n + j] - hx_dot(a + i * n, a + j * n, j)) / a[j * n + j];
    }
    return true;
}

void hx_cholesky_solve(const double *l, size_t n, double *b) {
    for (size_t i = 0; i < n; i++)
        b[i] = (b[i] - hx_dot(l + i * n, b, i)) / l[i * n + i];
    for (size_t i = n; i-- > 0;) {
        b[i] /= l[i * n + i];
        add_to(b, l + i * n, -b[i], i);
    }
}

void hx_cholesky_invert(double *l, size_t n) {
    for (size_t i = 0; i < n; i++) { /* L^-1, lower, a row from those above */
        double *row = l + i * n, own = row[i];
        for (size_t k = 0; k < i; k++) {
            const double by = row[k];
            row[k] = 0;
            add_to(row, l + k * n, by, k + 1);
        }
        for (size_t j = 0; j < i; j++)
            row[j] = -row[j] / own;
        row[i] = 1 / own;
    }
    for (size_t i = 0; i < n; i++) { /* (L^-1)' L^-1, into the upper triangle */
        double *row = l + i * n;
        row[i] *= row[i];
        for (size_t j = i + 1; j < n; j++)
            row[j] = 0;
        for (size_t k = i + 1; k < n; k++)
            add_to(row + i, l + k * n + i, l[k * n + i], k - i + 1);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            l[i * n + j] = l[j * n + i];
}
