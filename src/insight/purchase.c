/* purchase.c - models of purchases fitted and asked; the models themselves are in purchase_bg.c and purchase_pareto.c.
 *
 * The search sees minus the mean log-likelihood at logarithms of the parameters. One evaluation finds the parts that hang on the number of purchases
 * once for each number that occurs (rows are in their order), and sums the rows in blocks of 4,096, block by block in order: the same bits for
 * any number of threads. The first start: a rate as in the rows (alpha one mean age), even shapes. */
#include "insight/purchase.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/pool.h"

enum { PURCHASE_BLOCK = 4096 };
/* Logarithms of parameters: beyond them sums of log-gammas lose their last digits, and nothing changes that could be seen. */
#define PURCHASE_LEAST (-20.0)
#define PURCHASE_MOST_SHAPE 13.8
#define PURCHASE_MOST_TIME 27.6
#define PURCHASE_ALIKE 1e4 /* shapes beyond it: customers hardly differ */

const hx_purchase_kind *hx__purchase_kind(hx_purchase_model m) {
    static const hx_purchase_kind *const kinds[HX_PURCHASE_MODELS] = {
        &hx_purchase_bg, &hx_purchase_mbg, &hx_purchase_pareto};
    return (unsigned)m < HX_PURCHASE_MODELS ? kinds[m] : kinds[0];
}

const char *hx_purchase_model_id(hx_purchase_model m) {
    return hx__purchase_kind(m)->id;
}

const char *hx_purchase_model_name(hx_purchase_model m) {
    return hx__purchase_kind(m)->name;
}

const char *hx_purchase_parameter(hx_purchase_model m, size_t i) {
    return i < 4 ? hx__purchase_kind(m)->parameters[i] : "";
}

double hx__hypergeometric(double a, double b, double c, double z) {
    double term = 1, sum = 1;
    for (double n = 0; n < 1e6; n++) {
        term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z;
        sum += term;
        if (fabs(term) < 1e-17 * fabs(sum) && n > -c) break;
    }
    return sum;
}

/* ------------------------------------------------------------------ rows */
static int by_value(const void *l, const void *r) {
    const hx_purchases *a = l, *b = r;
    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    if (a->last != b->last) return a->last < b->last ? -1 : 1;
    return (a->age > b->age) - (a->age < b->age);
}

void hx_purchases_join(hx_purchases *rows, size_t *n) {
    if (*n == 0) return;
    qsort(rows, *n, sizeof *rows, by_value);
    size_t kept = 0;
    for (size_t i = 1; i < *n; i++)
        if (by_value(&rows[kept], &rows[i]) == 0)
            rows[kept].weight += rows[i].weight;
        else
            rows[++kept] = rows[i];
    *n = kept + 1;
}

static hx_status check_row(const hx_purchases *row, size_t i, hx_error *err) {
    if (!(row->age >= row->last && row->last >= 0 && row->age <= 1e12))
        return hx_fail(err, HX_EINVAL,
                       "customer %zu: the last purchase must lie between the first and the end of "
                       "the time that was watched",
                       i + 1);
    if (row->x > HX_PURCHASES_MAX || (row->x == 0) != (row->last == 0))
        return hx_fail(err, HX_EINVAL,
                       "customer %zu: at most %u repeat purchases, and a time of the last where "
                       "there are any",
                       i + 1, HX_PURCHASES_MAX);
    if (!(row->weight > 0 && row->weight <= 1e12))
        return hx_fail(err, HX_EINVAL, "customer %zu: the weight must be above 0", i + 1);
    return HX_OK;
}

/* ------------------------------------------------------------------ the search */
typedef struct {
    hx_purchases *rows;
    uint32_t (*moments)[2];
    double *times, *logs; /* (2 n) */
    hx_slope *sums;
    size_t n, n_times;
} purchase_memory;

static void release(purchase_memory *m) {
    free(m->rows);
    free(m->moments);
    free(m->times);
    free(m->logs);
    free(m->sums);
}

static int by_time(const void *l, const void *r) {
    double a = *(const double *)l, b = *(const double *)r;
    return (a > b) - (a < b);
}

static uint32_t moment_of(const purchase_memory *m, double t) {
    size_t from = 0, to = m->n_times;
    while (to - from > 1) {
        size_t middle = from + (to - from) / 2;
        if (m->times[middle] <= t)
            from = middle;
        else
            to = middle;
    }
    return (uint32_t)from;
}

/* Copies the rows, alike ones joined, with the times that occur in them. */
static hx_status take(purchase_memory *m, const hx_purchases *rows, size_t n, hx_error *err) {
    m->n = n;
    m->rows = calloc(n, sizeof *m->rows);
    m->moments = calloc(n, sizeof *m->moments);
    m->times = calloc(2 * n, sizeof *m->times);
    m->logs = calloc(2 * n, sizeof *m->logs);
    m->sums = calloc(n / PURCHASE_BLOCK + 1, sizeof *m->sums);
    if (!m->rows || !m->moments || !m->times || !m->logs || !m->sums)
        return hx_fail(err, HX_ENOMEM, "not enough memory for %zu customers' purchases", n);
    for (size_t i = 0; i < n; i++)
        m->rows[i] = rows[i];
    hx_purchases_join(m->rows, &m->n);
    for (size_t i = 0; i < m->n; i++) {
        m->times[2 * i] = m->rows[i].last;
        m->times[2 * i + 1] = m->rows[i].age;
    }
    qsort(m->times, 2 * m->n, sizeof *m->times, by_time);
    for (size_t i = 0; i < 2 * m->n; i++)
        if (!i || m->times[i] != m->times[m->n_times - 1]) m->times[m->n_times++] = m->times[i];
    for (size_t i = 0; i < m->n; i++) {
        m->moments[i][0] = moment_of(m, m->rows[i].last);
        m->moments[i][1] = moment_of(m, m->rows[i].age);
    }
    return HX_OK;
}

typedef struct {
    const hx_purchase_kind *kind;
    const hx_purchases *rows; /* in the order of x */
    const uint32_t (*moments)[2]; /* (n): of last and age, into times */
    const double *times; /* (n_times) that occur */
    double *logs; /* (n_times): of p[1] + times */
    size_t n, blocks, n_times;
    double customers;
    hx_slope *sums; /* (blocks) */
    size_t n_threads;
    double p[4];
} purchase_search;

static void add_slope(hx_slope *sum, const hx_slope *s, double weight) {
    sum->value += weight * s->value;
    for (int i = 0; i < 4; i++)
        sum->by[i] += weight * s->by[i];
}

static hx_status sum_block(void *context, size_t block, size_t worker, hx_error *err) {
    purchase_search *f = context;
    (void)worker;
    (void)err;
    size_t from = block * PURCHASE_BLOCK, to = from + PURCHASE_BLOCK;
    hx_slope sum = {0}, of_x = {0};
    if (to > f->n) to = f->n;
    for (size_t i = from; i < to; i++) {
        const hx_purchases *row = &f->rows[i];
        if (i == from || row->x != row[-1].x) of_x = f->kind->of_count(f->p, row->x);
        const uint32_t *at = f->moments[i];
        hx_slope s = f->kind->of_times(f->p, row, (double[2]){f->logs[at[0]], f->logs[at[1]]});
        add_slope(&sum, &of_x, row->weight);
        add_slope(&sum, &s, row->weight);
    }
    f->sums[block] = sum;
    return HX_OK;
}

static bool is_time(const hx_purchase_kind *k, int i) {
    return i == 1 || (i == 3 && k->two_times);
}

static double search_value(void *context, const double *logs, double *gradient) {
    purchase_search *f = context;
    hx_slope sum = {0};
    for (int i = 0; i < 4; i++) {
        double most = is_time(f->kind, i) ? PURCHASE_MOST_TIME : PURCHASE_MOST_SHAPE;
        if (!(logs[i] >= PURCHASE_LEAST && logs[i] <= most)) return INFINITY;
        f->p[i] = exp(logs[i]);
    }
    for (size_t i = 0; i < f->n_times; i++)
        f->logs[i] = log(f->p[1] + f->times[i]);
    if (hx_pool_run(f->n_threads, f->blocks, sum_block, f, NULL) != HX_OK) return INFINITY;
    for (size_t b = 0; b < f->blocks; b++)
        add_slope(&sum, &f->sums[b], 1);
    bool fine = isfinite(sum.value);
    for (int i = 0; i < 4; i++) {
        gradient[i] = fine ? -sum.by[i] * f->p[i] / f->customers : 0;
        if (!isfinite(gradient[i])) fine = false;
    }
    return fine ? -sum.value / f->customers : INFINITY;
}

static hx_status search(purchase_search *f, const hx_purchase_options *o, double age,
                        hx_purchase_fit *out, hx_error *err) {
    double start[4] = {log(0.5), log(age / 4), f->kind->two_times ? log(0.5) : 0,
                       f->kind->two_times ? log(age / 4) : log(2)};
    hx_likely_problem p = {search_value, f, 4, start, 1, f->customers};
    hx_likely found;
    HX_TRY(hx__likely(&p, o, &found, err));
    for (int i = 0; i < 4; i++) {
        out->parameter[i] = found.parameter[i];
        out->error[i] = found.error[i];
        out->alike = out->alike || (!is_time(f->kind, i) && found.parameter[i] > PURCHASE_ALIKE);
    }
    out->customers = f->customers;
    out->log_likelihood = -found.value * f->customers;
    out->n_starts = found.starts;
    out->n_reached = found.reached;
    return HX_OK;
}

hx_status hx_purchase_fit_model(hx_purchase_model model, const hx_purchases *rows, size_t n,
                                const hx_purchase_options *o, hx_purchase_fit *out, hx_error *err) {
    double bought = 0, age = 0;
    purchase_search f = {.kind = hx__purchase_kind(model), .n = n};
    *out = (hx_purchase_fit){.model = model};
    for (size_t i = 0; i < n; i++) {
        HX_TRY(check_row(&rows[i], i, err));
        bought += rows[i].weight * rows[i].x;
        age += rows[i].weight * rows[i].age;
        f.customers += rows[i].weight;
    }
    if (!(bought > 0))
        return hx_fail(err, HX_EINVAL,
                       "no customer bought twice; when one buys again can't be told from that");
    purchase_memory m = {0};
    hx_status st = n <= UINT32_MAX / 2 ? take(&m, rows, n, err)
                                       : hx_fail(err, HX_ELIMIT, "too many customers: %zu", n);
    if (st == HX_OK) {
        f.rows = m.rows;
        f.moments = (const uint32_t(*)[2])m.moments;
        f.times = m.times;
        f.logs = m.logs;
        f.sums = m.sums;
        f.n = m.n;
        f.n_times = m.n_times;
        f.blocks = (m.n + PURCHASE_BLOCK - 1) / PURCHASE_BLOCK;
        f.n_threads = o && o->n_threads ? o->n_threads : 1;
        st = search(&f, o, age / f.customers, out, err);
    }
    release(&m);
    return st;
}

/* ------------------------------------------------------------------ what a fit says */
double hx_purchase_log_likelihood(const hx_purchase_fit *f, const hx_purchases *row,
                                  double *gradient) {
    const hx_purchase_kind *k = hx__purchase_kind(f->model);
    double logs[2] = {log(f->parameter[1] + row->last), log(f->parameter[1] + row->age)};
    hx_slope a = k->of_count(f->parameter, row->x), b = k->of_times(f->parameter, row, logs);
    for (int i = 0; gradient && i < 4; i++)
        gradient[i] = a.by[i] + b.by[i];
    return a.value + b.value;
}

double hx_purchase_alive(const hx_purchase_fit *f, const hx_purchases *row) {
    return hx__purchase_kind(f->model)->alive(f->parameter, row);
}

double hx_purchase_expected(const hx_purchase_fit *f, const hx_purchases *row, double t) {
    return hx__purchase_kind(f->model)->expected(f->parameter, row, t);
}

double hx_purchase_expected_new(const hx_purchase_fit *f, double t) {
    return hx__purchase_kind(f->model)->fresh(f->parameter, t);
}

double hx_purchase_count(const hx_purchase_fit *f, uint32_t x, double t) {
    return hx__purchase_kind(f->model)->count(f->parameter, x, t);
}
