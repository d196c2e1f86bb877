/* select_linear.c - rankings by linear models of all columns together: variance inflation, L1 path, recursive elimination.
 *
 *     column -> features -> Z, each of mean 0 and deviation 1 -> G = Z'Z / n, c = Z'y / n        all three need nothing else
 *
 *     VIF           of a number 1 / (1 - R2) by the others, the diagonal of G^-1; of a text with m features det(G_t) det((G^-1)_t) to the power 1 / m
 *                   (generalised VIF, Fox and Monette 1992), its commonest value left out. Infinite where the others tell a feature exactly:
 *                   it has a part in a direction of G without spread
 *     L1 path       min |y - Zw|^2 / 2n + a |w|_1 for 100 values of a from the largest that leaves w = 0 down to a thousandth (scikit-learn's
 *                   lasso_path): the first at which a feature of the column comes in, over the largest
 *     elimination   ridge, (nG + I) w = nc; the column with the smallest sum of squares of w goes, then anew (scikit-learn's RFE); of more
 *                   than 200 columns a tenth at once
 *
 * Numbers that are missing stand at the mean. A text has a feature for each of its 31 commonest values and one for the others. Of two classes y is 0 or
 * 1, of more each class against the rest (the 20 commonest): the best counts for the path, the sum for elimination. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/select.h"
#include "learn/solve.h"

#define BLOCK ((size_t)64)
#define WORK_MAX 2e10 /* rows x features x features; of more rows every k-th is taken */
#define TARGETS_MAX 20
#define PENALTIES 100
#define PENALTY_LEAST 1e-3
#define SWEEPS_MAX 2000
#define STILL 1e-10 /* of the largest correlation: no weight moves further */
#define SINGULAR 1e-10
#define STEP_COLUMNS 200

typedef struct {
    size_t column; /* of hx_select_data */
    uint32_t level; /* of texts; UINT32_MAX: all from HX_SELECT_DUMMIES - 1 on */
    bool commonest;
    double mean, deviation;
} feature;

typedef struct {
    const hx_select_data *data;
    feature *features;
    size_t d, n_targets, rows, step;
    double *g; /* (d, d) */
    double *c; /* (n_targets, d) */
    uint32_t targets[TARGETS_MAX]; /* classes; one of numbers and of two classes */
    double means[TARGETS_MAX];
} linear;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory to rank the columns");
}

/* ------------------------------------------------------------------ features */
static double raw(const hx_select_data *d, const feature *f, size_t row) {
    const hx_select_column *c = &d->columns[f->column];
    if (c->x) return c->x[row];
    if (f->level == UINT32_MAX) return c->levels[row] >= HX_SELECT_DUMMIES - 1;
    return c->levels[row] == f->level;
}

/* Levels of texts are in order of how common they are. Returns how many there are; out = NULL counts. */
static size_t list_features(const hx_select_data *d, feature *out) {
    size_t n = 0;
    for (size_t i = 0; i < d->n_columns; i++) {
        const hx_select_column *c = &d->columns[i];
        const size_t values = c->x                               ? c->spread
                              : c->n_levels < 2                  ? 0
                              : c->n_levels <= HX_SELECT_DUMMIES ? c->n_levels
                                                                 : HX_SELECT_DUMMIES;
        for (size_t k = 0; k < values; k++, n++) {
            const bool rest = c->n_levels > HX_SELECT_DUMMIES && k == HX_SELECT_DUMMIES - 1;
            if (out)
                out[n] = (feature){.column = i,
                                   .level = rest ? UINT32_MAX : (uint32_t)k,
                                   .commonest = !c->x && k == 0};
        }
    }
    return n;
}

static void measure(const linear *l, feature *f) {
    double mean = 0, squares = 0, rows = 0;
    for (size_t i = 0; i < l->data->n; i += l->step) {
        const double v = raw(l->data, f, i);
        if (!isnan(v)) mean += v, rows++;
    }
    f->mean = rows > 0 ? mean / rows : 0;
    for (size_t i = 0; i < l->data->n; i += l->step) {
        const double v = raw(l->data, f, i);
        if (!isnan(v)) squares += (v - f->mean) * (v - f->mean);
    }
    f->deviation = sqrt(squares / (double)l->rows);
}

/* ------------------------------------------------------------------ products */
static double target_at(const linear *l, size_t k, size_t row) {
    const hx_select_data *d = l->data;
    if (d->task == HX_TASK_REGRESSION) return d->y[row];
    return d->target[row] == l->targets[k];
}

/* Four sums side by side: as many at once as the processor has room for. */
static double product(const double *p, const double *q, size_t n) {
    double sums[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            sums[k] += p[i + k] * q[i + k];
    for (; i < n; i++)
        sums[0] += p[i] * q[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void add_products(linear *l, const double *z, const double *y, size_t rows) {
    for (size_t a = 0; a < l->d; a++)
        for (size_t b = 0; b <= a; b++)
            l->g[a * l->d + b] += product(z + a * BLOCK, z + b * BLOCK, rows) / (double)l->rows;
    for (size_t k = 0; k < l->n_targets; k++)
        for (size_t a = 0; a < l->d; a++)
            l->c[k * l->d + a] += product(z + a * BLOCK, y + k * BLOCK, rows) / (double)l->rows;
}

static hx_status products(linear *l, hx_error *err) {
    const size_t n = l->data->n;
    double *z = calloc((l->d + l->n_targets) * BLOCK, sizeof *z);
    if (!z) return no_memory(err);
    double *y = z + l->d * BLOCK;
    for (size_t first = 0; first < n; first += BLOCK * l->step) {
        size_t rows = 0;
        if (hx_flag_is_raised(l->data->cancel)) {
            free(z);
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        }
        for (size_t i = first; i < n && rows < BLOCK; i += l->step, rows++) {
            for (size_t a = 0; a < l->d; a++) {
                const feature *f = &l->features[a];
                const double v = (raw(l->data, f, i) - f->mean) / f->deviation;
                z[a * BLOCK + rows] = isfinite(v) ? v : 0;
            }
            for (size_t k = 0; k < l->n_targets; k++)
                y[k * BLOCK + rows] = target_at(l, k, i) - l->means[k];
        }
        add_products(l, z, y, rows);
    }
    for (size_t a = 0; a < l->d; a++)
        for (size_t b = a + 1; b < l->d; b++)
            l->g[a * l->d + b] = l->g[b * l->d + a];
    free(z);
    return HX_OK;
}

/* ------------------------------------------------------------------ targets */
static void choose_targets(linear *l) {
    const hx_select_data *d = l->data;
    if (d->task == HX_TASK_REGRESSION || d->n_targets == 2) {
        l->targets[0] = 1;
        l->n_targets = 1;
        return;
    }
    double *rows = calloc(d->n_targets, sizeof *rows);
    for (size_t i = 0; rows && i < d->n; i++)
        rows[d->target[i]]++;
    for (size_t k = 0; rows && k < TARGETS_MAX && k < d->n_targets; k++) {
        size_t best = 0;
        for (size_t i = 1; i < d->n_targets; i++)
            if (rows[i] > rows[best]) best = i;
        if (!(rows[best] > 0)) break;
        rows[best] = 0;
        l->targets[l->n_targets++] = (uint32_t)best;
    }
    free(rows);
}

static void target_means(linear *l) {
    for (size_t k = 0; k < l->n_targets; k++) {
        for (size_t i = 0; i < l->data->n; i += l->step)
            l->means[k] += target_at(l, k, i);
        l->means[k] /= (double)l->rows;
    }
}

/* ------------------------------------------------------------------ VIF */
/* The inverse of g into `out`, or the pseudo-inverse; exact[j]: the others tell feature j. */
static hx_status invert(const double *g, size_t d, double *out, bool *exact,
                        const volatile int *cancel, hx_error *err) {
    memcpy(out, g, d * d * sizeof *out);
    bool well = hx_cholesky(out, d);
    for (size_t j = 0; j < d && well; j++)
        well = out[j * d + j] * out[j * d + j] > SINGULAR;
    if (well) {
        hx_cholesky_invert(out, d);
        return HX_OK;
    }
    double *v = calloc(2 * d * d + d + 1, sizeof *v);
    if (!v) return no_memory(err);
    double *a = v + d * d, *s = a + d * d;
    memcpy(a, g, d * d * sizeof *a);
    hx_status st = hx_singular(a, d, d, s, v, cancel, err);
    memset(out, 0, d * d * sizeof *out);
    for (size_t k = 0; k < d && st == HX_OK; k++)
        for (size_t i = 0; i < d; i++) {
            const double part = v[i * d + k];
            if (s[k] <= SINGULAR * s[0]) {
                exact[i] = exact[i] || part * part > SINGULAR;
                continue;
            }
            for (size_t j = 0; j < d; j++)
                out[i * d + j] += part * v[j * d + k] / s[k];
        }
    free(v);
    return st;
}

/* log det of the rows and columns [first, first + m) of a; NAN where it is not positive definite. room (m, m). */
static double log_det(const double *a, size_t d, size_t first, size_t m, double *room) {
    double sum = 0;
    for (size_t i = 0; i < m; i++)
        memcpy(room + i * m, a + (first + i) * d + first, m * sizeof *room);
    if (!hx_cholesky(room, m)) return NAN;
    for (size_t i = 0; i < m; i++)
        sum += 2 * log(room[i * m + i]);
    return sum;
}

static void vif_of(const linear *l, const size_t *kept, size_t m, const double *g,
                   const double *inverse, const bool *exact, double *room, double *vif) {
    for (size_t j = 0, end; j < m; j = end) {
        const size_t column = l->features[kept[j]].column;
        bool known = false;
        for (end = j; end < m && l->features[kept[end]].column == column; end++)
            known = known || exact[end];
        vif[column] =
            known ? INFINITY
            : end - j == 1
                ? inverse[j * m + j]
                : exp((log_det(g, m, j, end - j, room) + log_det(inverse, m, j, end - j, room)) /
                      (double)(end - j));
    }
}

static hx_status inflation(const linear *l, double *vif, hx_error *err) {
    size_t *kept = calloc(l->d + 1, sizeof *kept), m = 0;
    bool *exact = calloc(l->d + 1, sizeof *exact);
    double *g = calloc(3 * l->d * l->d + 1, sizeof *g);
    hx_status st = kept && exact && g ? HX_OK : no_memory(err);
    for (size_t j = 0; j < l->d && st == HX_OK; j++)
        if (!l->features[j].commonest) kept[m++] = j;
    for (size_t i = 0; i < m && st == HX_OK; i++)
        for (size_t j = 0; j < m; j++)
            g[i * m + j] = l->g[kept[i] * l->d + kept[j]];
    if (st == HX_OK) st = invert(g, m, g + m * m, exact, l->data->cancel, err);
    if (st == HX_OK) vif_of(l, kept, m, g, g + m * m, exact, g + 2 * m * m, vif);
    free(kept);
    free(exact);
    free(g);
    return st;
}

/* ------------------------------------------------------------------ L1 path */
typedef struct {
    double *w, *rest; /* (d): weights, c - Gw */
} descent;

static double sweep(const linear *l, descent *s, double penalty) {
    double moved = 0;
    for (size_t j = 0; j < l->d; j++) {
        const double *g = l->g + j * l->d, was = s->w[j];
        const double pull = s->rest[j] + was * g[j], soft = fabs(pull) - penalty;
        const double now = soft > 0 ? copysign(soft, pull) / g[j] : 0, by = now - was;
        if (by == 0) continue;
        for (size_t i = 0; i < l->d; i++)
            s->rest[i] -= by * g[i];
        s->w[j] = now;
        moved = fmax(moved, fabs(by));
    }
    return moved;
}

static void walk_path(const linear *l, const double *c, descent *s, double *l1) {
    double most = 0;
    memcpy(s->rest, c, l->d * sizeof *c);
    memset(s->w, 0, l->d * sizeof *s->w);
    for (size_t j = 0; j < l->d; j++)
        most = fmax(most, fabs(c[j]));
    for (size_t k = 0; k < PENALTIES && most > 0 && !hx_flag_is_raised(l->data->cancel); k++) {
        const double share = pow(PENALTY_LEAST, (double)k / (PENALTIES - 1));
        for (size_t r = 0; r < SWEEPS_MAX; r++)
            if (sweep(l, s, most * share) <= STILL * most) break;
        for (size_t j = 0; j < l->d; j++) {
            double *entry = &l1[l->features[j].column];
            if (s->w[j] != 0) *entry = fmax(*entry, share);
        }
    }
}

static hx_status path(const linear *l, double *l1, hx_error *err) {
    double *room = calloc(2 * l->d + 1, sizeof *room);
    if (!room) return no_memory(err);
    descent s = {room, room + l->d};
    for (size_t j = 0; j < l->d; j++)
        l1[l->features[j].column] = 0;
    for (size_t k = 0; k < l->n_targets; k++)
        walk_path(l, l->c + k * l->d, &s, l1);
    free(room);
    if (hx_flag_is_raised(l->data->cancel))
        return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
    return HX_OK;
}

/* ------------------------------------------------------------------ elimination */
typedef struct {
    size_t column;
    double weight;
} weighed;

static int lightest(const void *a, const void *b) {
    const weighed *x = a, *y = b;
    if (x->weight != y->weight) return x->weight < y->weight ? -1 : 1;
    return (x->column < y->column) -
           (x->column > y->column); /* of equal ones the later goes first */
}

/* Sums of squares of the ridge's weights into weights (n_columns), of the features kept (m). */
static bool weigh(const linear *l, const size_t *kept, size_t m, double *room, double *weights) {
    double *b = room + m * m;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++)
            room[i * m + j] = l->g[kept[i] * l->d + kept[j]] + (i == j ? 1 / (double)l->rows : 0);
    if (!hx_cholesky(room, m)) return false;
    for (size_t k = 0; k < l->n_targets; k++) {
        for (size_t i = 0; i < m; i++)
            b[i] = l->c[k * l->d + kept[i]];
        hx_cholesky_solve(room, m, b);
        for (size_t i = 0; i < m; i++)
            weights[l->features[kept[i]].column] += b[i] * b[i];
    }
    return true;
}

/* Takes the lightest columns away; returns how many are left. */
static size_t remove_lightest(const double *weights, bool *in, size_t n_columns, size_t left,
                              weighed *order, double *rfe) {
    size_t n = 0, away = left > STEP_COLUMNS ? left / 10 : 1;
    for (size_t i = 0; i < n_columns; i++)
        if (in[i]) order[n++] = (weighed){i, weights[i]};
    qsort(order, n, sizeof *order, lightest);
    for (size_t i = 0; i < away; i++) {
        in[order[i].column] = false;
        rfe[order[i].column] = (double)(left - i);
    }
    return left - away;
}

static hx_status eliminate_with(const linear *l, double *room, size_t *kept, double *weights,
                                bool *in, weighed *order, double *rfe, hx_error *err) {
    const size_t n = l->data->n_columns;
    size_t left = 0;
    for (size_t j = 0; j < l->d; j++) {
        left += !in[l->features[j].column];
        in[l->features[j].column] = true;
    }
    while (left > 0) {
        size_t m = 0;
        if (hx_flag_is_raised(l->data->cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        for (size_t j = 0; j < l->d; j++)
            if (in[l->features[j].column]) kept[m++] = j;
        memset(weights, 0, n * sizeof *weights);
        if (!weigh(l, kept, m, room, weights)) return HX_OK;
        left = remove_lightest(weights, in, n, left, order, rfe);
    }
    return HX_OK;
}

static hx_status eliminate(const linear *l, double *rfe, hx_error *err) {
    const size_t n = l->data->n_columns;
    double *room = calloc(l->d * l->d + l->d + n + 1, sizeof *room);
    size_t *kept = calloc(l->d + 1, sizeof *kept);
    bool *in = calloc(n + 1, sizeof *in);
    weighed *order = calloc(n + 1, sizeof *order);
    hx_status st =
        room && kept && in && order
            ? eliminate_with(l, room, kept, room + l->d * l->d + l->d, in, order, rfe, err)
            : no_memory(err);
    free(room);
    free(kept);
    free(in);
    free(order);
    return st;
}

/* ------------------------------------------------------------------ all three */
static hx_status prepare(linear *l, hx_error *err) {
    const double square = (double)l->d * (double)l->d, rows = (double)l->data->n;
    size_t kept = 0;
    l->step = rows * square > WORK_MAX ? (size_t)ceil(rows * square / WORK_MAX) : 1;
    l->rows = (l->data->n + l->step - 1) / l->step;
    choose_targets(l);
    target_means(l);
    list_features(l->data, l->features);
    for (size_t j = 0; j < l->d; j++) {
        measure(l, &l->features[j]);
        if (l->features[j].deviation > 0) l->features[kept++] = l->features[j];
    }
    l->d = kept;
    l->g = calloc(l->d * l->d + l->n_targets * l->d + 1, sizeof *l->g);
    if (!l->g) return no_memory(err);
    l->c = l->g + l->d * l->d;
    return products(l, err);
}

hx_status hx_select_linear(const hx_select_data *d, double *vif, double *l1, double *rfe,
                           hx_error *err) {
    linear l = {.data = d, .d = list_features(d, NULL)};
    for (size_t i = 0; i < d->n_columns; i++) {
        if (vif) vif[i] = NAN;
        if (l1) l1[i] = NAN;
        if (rfe) rfe[i] = NAN;
    }
    if (l.d == 0 || l.d > HX_SELECT_LINEAR_MAX) return HX_OK;
    if (!(l.features = calloc(l.d, sizeof *l.features))) return no_memory(err);
    hx_status st = prepare(&l, err);
    if (st == HX_OK && vif && l.d > 0) st = inflation(&l, vif, err);
    if (st == HX_OK && l1 && l.d > 0) st = path(&l, l1, err);
    if (st == HX_OK && rfe && l.d > 0) st = eliminate(&l, rfe, err);
    free(l.features);
    free(l.g);
    return st;
}
