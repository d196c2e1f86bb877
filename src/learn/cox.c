/* cox.c - proportional hazards by partial likelihood, and concordance; see survival.h.
 *
 *     log L(b) = sum over times of [ sum over ended b x_i - sum over l < m of log(sum over at risk exp(b x) - l / m sum over ended exp(b x)) ]
 *
 * with m that ended together (Efron 1977); Breslow's has l = 0 in all. Newton's steps from b = 0, halved until log L rises (Therneau, Grambsch 2000).
 * Features are brought to mean 0 and deviation 1 for the steps, so that years and amounts do not lose digits; coefficients and errors are those of the
 * features as they came. Errors are the root of the diagonal of the inverse information. Equal to lifelines' CoxPHFitter. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/solve.h"
#include "learn/survival.h"

#define ROUNDS_MAX 100
#define HALVINGS_MAX 30
#define GRADIENT_DONE 1e-10 /* in deviations of the features, a row that ended */
#define RUNS_OFF 30.0 /* log of a hazard ratio of one deviation */
#define KNOWN 1000.0 /* greatest error of that: beyond, the likelihood is flat there */

typedef struct {
    const hx_lives *l;
    size_t d;
    bool breslow;
    double *x; /* (n, d) standardised, rows from the longest time to the shortest */
    double *times; /* (n) in that order */
    unsigned char *events;
    double *mean, *deviation; /* (d) */
    double *risk; /* (n): exp(b x) */
    double *s1, *e1; /* (d): sums over those at risk, over those that ended together */
    double *s2, *e2; /* (d, d), lower half */
    double *gradient, *information; /* (d), (d, d) */
} cox;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for survival");
}

/* ------------------------------------------------------------------ rows in order */
typedef struct {
    double time;
    size_t row;
} placed;

static int latest_first(const void *a, const void *b) {
    const placed *x = a, *y = b;
    if (x->time != y->time) return x->time > y->time ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static hx_status standardise(cox *c, const double *x, hx_error *err) {
    const size_t n = c->l->n, d = c->d;
    for (size_t j = 0; j < d; j++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++)
            sum += x[i * d + j];
        c->mean[j] = sum / (double)n;
        for (size_t i = 0; i < n; i++)
            squares += (x[i * d + j] - c->mean[j]) * (x[i * d + j] - c->mean[j]);
        c->deviation[j] = sqrt(squares / (double)n);
        if (!(c->deviation[j] > 1e-12 * fmax(1, fabs(c->mean[j]))))
            return hx_fail(err, HX_EINVAL,
                           "feature %zu is the same in every row; leave its column out of --use",
                           j + 1);
    }
    return HX_OK;
}

static hx_status order_rows(cox *c, const double *x, hx_error *err) {
    const size_t n = c->l->n, d = c->d;
    placed *p = calloc(n + 1, sizeof *p);
    if (!p) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        p[i] = (placed){c->l->times[i], i};
    qsort(p, n, sizeof *p, latest_first);
    for (size_t i = 0; i < n; i++) {
        c->times[i] = p[i].time;
        c->events[i] = c->l->events[p[i].row];
        for (size_t j = 0; j < d; j++)
            c->x[i * d + j] = (x[p[i].row * d + j] - c->mean[j]) / c->deviation[j];
    }
    free(p);
    return HX_OK;
}

/* ------------------------------------------------------------------ the likelihood */
static void add_row(double risk, const double *row, size_t d, double *s1, double *s2) {
    for (size_t j = 0; j < d; j++) {
        const double v = risk * row[j];
        s1[j] += v;
        for (size_t k = 0; k <= j && s2; k++)
            s2[j * d + k] += v * row[k];
    }
}

/* What the rows from..to that ended together add to log L, its gradient and information; s0 of all at risk, e0 of them. */
static double add_ties(cox *c, double s0, double e0, size_t m, bool slopes) {
    double loss = 0;
    for (size_t tie = 0; tie < m; tie++) {
        const double share = c->breslow ? 0 : (double)tie / (double)m, sum = s0 - share * e0;
        loss -= log(sum);
        for (size_t j = 0; j < c->d && slopes; j++) {
            const double mean = (c->s1[j] - share * c->e1[j]) / sum;
            c->gradient[j] -= mean;
            for (size_t k = 0; k <= j; k++)
                c->information[j * c->d + k] +=
                    (c->s2[j * c->d + k] - share * c->e2[j * c->d + k]) / sum -
                    mean * (c->s1[k] - share * c->e1[k]) / sum;
        }
    }
    return loss;
}

static void clear(cox *c) {
    memset(c->s1, 0, c->d * sizeof *c->s1);
    memset(c->s2, 0, c->d * c->d * sizeof *c->s2);
    memset(c->gradient, 0, c->d * sizeof *c->gradient);
    memset(c->information, 0, c->d * c->d * sizeof *c->information);
}

/* log L at b; gradient and information too where `slopes`. */
static double likelihood(cox *c, const double *b, bool slopes) {
    const size_t n = c->l->n, d = c->d;
    double value = 0, s0 = 0;
    clear(c);
    for (size_t i = 0; i < n; i++) {
        double eta = 0;
        for (size_t j = 0; j < d; j++)
            eta += b[j] * c->x[i * d + j];
        c->risk[i] = exp(eta);
    }
    for (size_t from = 0, to; from < n; from = to) {
        double e0 = 0;
        size_t m = 0;
        memset(c->e1, 0, d * sizeof *c->e1);
        memset(c->e2, 0, d * d * sizeof *c->e2);
        for (to = from; to < n && c->times[to] == c->times[from]; to++) {
            const double *row = c->x + to * d;
            s0 += c->risk[to];
            add_row(c->risk[to], row, slopes ? d : 0, c->s1, c->s2);
            if (!c->events[to]) continue;
            m++;
            e0 += c->risk[to];
            value += log(c->risk[to]);
            add_row(c->risk[to], row, slopes ? d : 0, c->e1, c->e2);
            for (size_t j = 0; j < d && slopes; j++)
                c->gradient[j] += row[j];
        }
        value += add_ties(c, s0, e0, m, slopes);
    }
    return value;
}

/* ------------------------------------------------------------------ Newton */
static void mirror(double *a, size_t d) {
    for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k < j; k++)
            a[k * d + j] = a[j * d + k];
}

static double greatest(const double *x, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

/* b (d) from 0; step (d), tried (d) room. */
static hx_status climb(cox *c, double *b, double *step, double *tried, size_t n_events, hx_cox *out,
                       hx_error *err) {
    const size_t d = c->d;
    double now = likelihood(c, b, true);
    out->null_log_likelihood = now;
    for (out->rounds = 0; out->rounds < ROUNDS_MAX; out->rounds++) {
        if (greatest(c->gradient, d) <= GRADIENT_DONE * (double)n_events) break;
        memcpy(step, c->gradient, d * sizeof *step);
        mirror(c->information, d);
        if (!hx_cholesky(c->information, d)) {
            if (out->rounds > 0) break;
            return hx_fail(err, HX_EINVAL,
                           "a feature is a sum of others, so no coefficient is its own; leave a "
                           "column out of --use");
        }
        hx_cholesky_solve(c->information, d, step);
        double size = 1, next = -INFINITY;
        for (int i = 0; i < HALVINGS_MAX && !(next >= now - 1e-12 * fabs(now)); i++, size /= 2) {
            for (size_t j = 0; j < d; j++)
                tried[j] = b[j] + size * step[j];
            next = likelihood(c, tried, false);
        }
        if (!(next >= now - 1e-12 * fabs(now))) break;
        memcpy(b, tried, d * sizeof *b);
        now = likelihood(c, b, true);
        if (greatest(b, d) > RUNS_OFF) break;
    }
    out->log_likelihood = now;
    out->converged =
        greatest(c->gradient, d) <= 1e-6 * (double)n_events && greatest(b, d) <= RUNS_OFF;
    return HX_OK;
}

static void give(cox *c, const double *b, const double *x, hx_arena *arena, hx_cox *out) {
    const size_t d = c->d, n = c->l->n;
    mirror(c->information, d);
    const bool known = hx_cholesky(c->information, d);
    if (known) hx_cholesky_invert(c->information, d);
    for (size_t j = 0; j < d; j++) {
        out->converged = out->converged && known && c->information[j * d + j] < KNOWN * KNOWN;
        out->coefficients[j] = b[j] / c->deviation[j];
        out->errors[j] = known ? sqrt(c->information[j * d + j]) / c->deviation[j] : NAN;
    }
    for (size_t i = 0; i < n; i++) {
        c->risk[i] = 0;
        for (size_t j = 0; j < d; j++)
            c->risk[i] += out->coefficients[j] * (x[i * d + j] - c->mean[j]);
    }
    out->concordance = hx_concordance(c->l, c->risk, arena);
}

static bool make_room(cox *c, hx_arena *arena) {
    const size_t n = c->l->n, d = c->d;
    double **const rooms[] = {&c->mean, &c->deviation, &c->s1, &c->e1, &c->gradient};
    bool ok = true;
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
        ok = ok && (*rooms[i] = hx_arena_alloc(arena, (d + 1) * sizeof(double))) != NULL;
    c->x = hx_arena_alloc(arena, (n * d + 1) * sizeof *c->x);
    c->times = hx_arena_alloc(arena, (n + 1) * sizeof *c->times);
    c->risk = hx_arena_alloc(arena, (n + 1) * sizeof *c->risk);
    c->events = hx_arena_alloc(arena, n + 1);
    c->s2 = hx_arena_alloc(arena, 3 * d * d * sizeof *c->s2);
    ok = ok && c->x && c->times && c->risk && c->events && c->s2;
    if (!ok) return false;
    c->e2 = c->s2 + d * d;
    c->information = c->e2 + d * d;
    return true;
}

hx_status hx_cox_fit(const hx_lives *l, const double *x, size_t d, bool breslow, hx_arena *arena,
                     hx_cox *out, hx_error *err) {
    cox c = {.l = l, .d = d, .breslow = breslow};
    size_t n_events = 0;
    for (size_t i = 0; i < l->n; i++)
        n_events += l->events[i];
    if (n_events == 0)
        return hx_fail(err, HX_EINVAL, "nothing ended in any row, so no risk can be compared");
    if (d > HX_COX_FEATURES_MAX)
        return hx_fail(err, HX_ELIMIT, "Cox regression takes %d features at most, not %zu",
                       HX_COX_FEATURES_MAX, d);
    double *room = hx_arena_alloc(arena, (3 * d + 1) * sizeof *room);
    *out = (hx_cox){.coefficients = hx_arena_alloc(arena, (d + 1) * sizeof(double)),
                    .errors = hx_arena_alloc(arena, (d + 1) * sizeof(double))};
    if (!room || !out->coefficients || !out->errors || !make_room(&c, arena)) return no_memory(err);
    memset(room, 0, 3 * d * sizeof *room);
    HX_TRY(standardise(&c, x, err));
    HX_TRY(order_rows(&c, x, err));
    HX_TRY(climb(&c, room, room + d, room + 2 * d, n_events, out, err));
    give(&c, room, x, arena, out);
    return HX_OK;
}

/* ------------------------------------------------------------------ concordance */
/* Counts of ranks from 1, summed from the lowest (Fenwick 1994). */
static void count_rank(size_t *tree, size_t n, size_t rank) {
    for (; rank <= n; rank += rank & (~rank + 1))
        tree[rank]++;
}

static size_t counted(const size_t *tree, size_t rank) {
    size_t sum = 0;
    for (; rank > 0; rank -= rank & (~rank + 1))
        sum += tree[rank];
    return sum;
}

/* ranks (n) from 1, equal risks the same; returns how many different ones. */
static size_t rank_risks(const double *risks, size_t n, placed *p, size_t *ranks) {
    size_t rank = 0;
    for (size_t i = 0; i < n; i++)
        p[i] = (placed){risks[i], i};
    qsort(p, n, sizeof *p, latest_first);
    for (size_t i = n; i-- > 0;) {
        if (i + 1 == n || p[i].time != p[i + 1].time) rank++;
        ranks[p[i].row] = rank;
    }
    return rank;
}

double hx_concordance(const hx_lives *l, const double *risks, hx_arena *arena) {
    placed *p = hx_arena_alloc(arena, (l->n + 1) * sizeof *p);
    size_t *ranks = hx_arena_alloc(arena, (l->n + 1) * sizeof *ranks);
    size_t *tree = hx_arena_alloc(arena, (l->n + 2) * sizeof *tree), seen = 0;
    double right = 0, pairs = 0;
    if (!p || !ranks || !tree) return NAN;
    memset(tree, 0, (l->n + 2) * sizeof *tree);
    const size_t n_ranks = rank_risks(risks, l->n, p, ranks);
    for (size_t i = 0; i < l->n; i++)
        p[i] = (placed){l->times[i], i};
    qsort(p, l->n, sizeof *p, latest_first);
    for (size_t from = 0, to; from < l->n; from = to) {
        for (to = from; to < l->n && p[to].time == p[from].time; to++)
            if (!l->events[p[to].row]) {
                count_rank(tree, n_ranks, ranks[p[to].row]);
                seen++;
            }
        for (size_t i = from; i < to; i++) {
            if (!l->events[p[i].row]) continue;
            const size_t below = counted(tree, ranks[p[i].row] - 1),
                         upto = counted(tree, ranks[p[i].row]);
            right += (double)below + (double)(upto - below) / 2;
            pairs += (double)seen;
        }
        for (size_t i = from; i < to; i++)
            if (l->events[p[i].row]) {
                count_rank(tree, n_ranks, ranks[p[i].row]);
                seen++;
            }
    }
    return pairs > 0 ? right / pairs : NAN;
}
