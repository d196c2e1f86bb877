/* drift_limits.c - how far two tables drawn from one distribution come apart by chance: limits of PSI, Jensen-Shannon and the share of missing.
 *
 *     numbers   rows of each bin before  ->  shares that could lie behind them, Dirichlet(before + 1/2)  ->  rows of each bin now, multinomial
 *     texts     rows of each bin in both tables together  ->  dealt out anew to the two: the law is exact, since the bins follow from these sums
 *               ->  PSI and JS of the two, SIMULATED times  ->  mean, deviation, skewness  ->  Pearson's third law, its tail
 *
 * PSI is about (1/n + 1/m) chi2(k - 1) and the JS divergence an eighth of it in nats, but at 200 rows the tails of small alphas are heavier than
 * those of chi2, by which such limits are exceeded too often. Where chi2 alone stays far below what matters anyway nothing is drawn. They come
 * from the bins and a fixed seed: the same limits every time.
 *
 * Missing rows of the second table, given those of both together, are hypergeometric: the limit is exact (Fisher 1935). */
#include <math.h>

#include "base/rng.h"
#include "frame/drift.h"

#define SIMULATED 3000
#define SEED 20120401
#define ENOUGH 0.07 /* PSI: a third of the least that matters */
#define INVERTED_MEAN 40 /* a binomial mean up to which it is drawn by inversion */
#define FAR 14 /* deviations beyond which no hypergeometric row is looked for */

/* ------------------------------------------------------------------ draws */
static double draw_normal(hx_rng *r) {
    const double u = 1 - hx_rng_uniform(r), v = hx_rng_uniform(r);
    return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* Marsaglia, Tsang 2000; shape >= 1/2. */
static double draw_gamma(hx_rng *r, double shape) {
    double boost = 1;
    if (shape < 1) {
        boost = pow(1 - hx_rng_uniform(r), 1 / shape);
        shape += 1;
    }
    const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        const double x = draw_normal(r), v = pow(1 + c * x, 3), u = 1 - hx_rng_uniform(r);
        if (v > 0 && log(u) < x * x / 2 + d - d * v + d * log(v)) return boost * d * v;
    }
}

/* Of n rows, each with probability p. Large means by the normal law, whose error is small beside the deviation. */
static double draw_binomial(hx_rng *r, double n, double p) {
    if (p > 0.5) return n - draw_binomial(r, n, 1 - p);
    if (n <= 0 || p <= 0) return 0;
    if (n * p > INVERTED_MEAN) {
        const double x = round(n * p + sqrt(n * p * (1 - p)) * draw_normal(r));
        return x < 0 ? 0 : x > n ? n : x;
    }
    double chance = pow(1 - p, n), left = hx_rng_uniform(r), x = 0;
    while (left > chance && x < n) {
        left -= chance;
        chance *= (n - x) / (x + 1) * p / (1 - p);
        x++;
    }
    return x;
}

static void draw_now(hx_rng *r, const hx_drift_bins *b, double m, hx_drift_bins *out) {
    double shares[HX_DRIFT_BINS + 1], sum = 0;
    for (size_t i = 0; i < b->n; i++)
        sum += shares[i] = draw_gamma(r, (double)b->before[i] + 0.5);
    for (size_t i = 0; i < b->n; i++) {
        const bool last = i + 1 == b->n;
        const double p = sum > 0 ? shares[i] / sum : 1;
        const double x = last ? m : draw_binomial(r, m, p < 1 ? p : 1);
        out->now[i] = (size_t)x;
        m -= x;
        sum -= shares[i];
    }
}

/* ------------------------------------------------------------------ dealing out anew */
#define DEALT_MAX 65536 /* rows of both tables; of more the smaller one is drawn with replacement */

typedef struct {
    size_t n, fewer; /* labels; rows of the smaller table */
    bool now_is_fewer, sampled;
    unsigned char labels
        [DEALT_MAX]; /* bins of the rows of both; of more than fit a sample of them in equal steps */
} deck;

static void fill_deck(deck *k, const hx_drift_bins *b, double n, double m) {
    const double all = n + m, step = all > DEALT_MAX ? all / DEALT_MAX : 1;
    double before = 0;
    *k = (deck){.now_is_fewer = m <= n, .fewer = (size_t)(m <= n ? m : n), .sampled = step > 1};
    for (size_t i = 0; i < b->n; i++) {
        before += (double)(b->before[i] + b->now[i]);
        while (k->n < DEALT_MAX && ((double)k->n + 0.5) * step < before)
            k->labels[k->n++] = (unsigned char)i;
    }
}

/* The smaller table's rows are drawn from those of both, the others are the other's. */
static void deal(hx_rng *r, deck *k, const hx_drift_bins *b, hx_drift_bins *out) {
    size_t drawn[HX_DRIFT_BINS + 1] = {0};
    for (size_t i = 0; i < k->fewer; i++) {
        const size_t first = k->sampled ? 0 : i;
        const size_t at = first + (size_t)hx_rng_below(r, k->n - first);
        const unsigned char label = k->labels[at];
        drawn[label]++;
        if (k->sampled) continue;
        k->labels[at] = k->labels[i];
        k->labels[i] = label;
    }
    for (size_t i = 0; i < b->n; i++) {
        const size_t both = b->before[i] + b->now[i], one = drawn[i] < both ? drawn[i] : both;
        out->now[i] = k->now_is_fewer ? one : both - one;
        out->before[i] = both - out->now[i];
    }
}

/* ------------------------------------------------------------------ Pearson's third law by moments */
typedef struct {
    double n, origin, sum, squares, cubes;
} moments;

static void add(moments *s, double x) {
    const double off = x - s->origin;
    s->n++;
    s->sum += off;
    s->squares += off * off;
    s->cubes += off * off * off;
}

static double above(const moments *s, double tail) {
    const double a = s->sum / s->n, b = s->squares / s->n, c = s->cubes / s->n;
    const double variance = b - a * a, third = c - 3 * a * b + 2 * a * a * a;
    if (!(variance > 0)) return s->origin + a;
    const double deviation = sqrt(variance), skewness = third / (variance * deviation);
    if (skewness < 0.05) return s->origin + a + deviation * hx_normal_above(tail);
    const double shape = 4 / (skewness * skewness);
    return s->origin + a +
           deviation * (hx_chi_square_above(2 * shape, tail) / 2 - shape) / sqrt(shape);
}

/* ------------------------------------------------------------------ limits */
void hx_drift_limits(const hx_drift_bins *b, double tail, bool exact, double *psi, double *js) {
    double n = 0, m = 0;
    for (size_t i = 0; i < b->n; i++) {
        n += (double)b->before[i];
        m += (double)b->now[i];
    }
    const double unit = 1 / n + 1 / m;
    *psi = hx_chi_square_above((double)b->n - 1, tail) * unit;
    *js = sqrt(*psi / (8 * M_LN2));
    if (!exact || *psi < ENOUGH || b->n < 2) return;
    moments of_psi = {.origin = (double)(b->n - 1) * unit};
    moments of_js = {.origin = of_psi.origin / (8 * M_LN2)};
    hx_drift_bins drawn = *b;
    deck k = {.n = 0};
    hx_rng r;
    hx_rng_seed(&r, SEED);
    if (b->together) fill_deck(&k, b, n, m);
    for (size_t i = 0; i < SIMULATED; i++) {
        double one, other;
        if (b->together)
            deal(&r, &k, b, &drawn);
        else
            draw_now(&r, b, m, &drawn);
        hx_drift_distances(&drawn, &one, &other);
        add(&of_psi, one);
        add(&of_js, other * other);
    }
    *psi = above(&of_psi, tail);
    *js = sqrt(above(&of_js, tail));
}

static double log_factorial(double n) {
    int sign;
    return lgamma_r(n + 1, &sign);
}

static double log_choose(double n, double k) {
    return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

/* Of m rows beside n others, `missing` of all missing: how far the share of the m may be above that of the n. */
static double missing_above(double n, double m, double missing, double tail) {
    const double share = missing / (n + m), least = fmax(0, missing - n), most = fmin(missing, m);
    const double mean = m * share;
    const double spread = sqrt(m * share * (1 - share) * n / fmax(n + m - 1, 1));
    double y = fmin(most, ceil(mean + FAR * spread + FAR)), sum = 0;
    const double all = log_choose(n + m, missing);
    /* from far above the mean down to the first number of rows that chance reaches */
    for (; y > least && y > mean; y--) {
        sum += exp(log_choose(m, y) + log_choose(n, missing - y) - all);
        if (sum > tail) break;
    }
    return fabs(y / m - (missing - y) / n);
}

double hx_drift_missing_limit(size_t rows_before, size_t missing_before, size_t rows_now,
                              size_t missing_now, double tail) {
    const double n = (double)rows_before, m = (double)rows_now;
    const double x = (double)missing_before, y = (double)missing_now;
    return y / m >= x / n ? missing_above(n, m, x + y, tail / 2)
                          : missing_above(m, n, x + y, tail / 2);
}
