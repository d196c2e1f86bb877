/* correct_weights.c - how likely a fix is: a file of weights, made by tools/train/correct/fit, and what follows from it; see correct.h.
 *
 * The probability of a site's softmax is put right by a line over its logit, one a kind (Platt), and never leaves (0, 1). A threshold for a rate
 * of false alarms is read between the two rates of the table around it; outside the table the nearest one holds.
 *
 * Sites are sorted first, so that a score depends neither on the order fixes were found in nor on the sort. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/number.h"
#include "text/correct.h"

#define WEIGHTS_CAP ((size_t)1 << 20)
#define WEIGHT_MAX 1e4
#define P_MIN 1e-6

const char *const hx__fix_names[HX_FIX_N] = {"zh.other", "zh.gone",  "zh.swapped",
                                             "zh.said",  "en.spelt", "en.other",
                                             "en.split", "en.twice", "en.said"};

/* ------------------------------------------------------------------ the file */
static hx_str take_field(hx_str *line) {
    size_t n = 0;
    while (n < line->len && line->ptr[n] != '\t')
        n++;
    hx_str field = {line->ptr, n};
    n += n < line->len;
    *line = (hx_str){line->ptr + n, line->len - n};
    return field;
}

static bool take_number(hx_str *line, double *out) {
    *out = hx_double_of(take_field(line));
    return isfinite(*out) && fabs(*out) <= WEIGHT_MAX;
}

static bool take_two(hx_str *line, double out[2]) {
    return take_number(line, &out[0]) && take_number(line, &out[1]);
}

static int kind_named(hx_str name) {
    for (int k = 0; k < HX_FIX_N; k++)
        if (hx_str_equal(name, hx_str_of(hx__fix_names[k]))) return k;
    return -1;
}

static bool take_line(hx_fix_weights *w, hx_str line) {
    hx_str key = take_field(&line);
    if (hx_str_equal(key, HX_STR_LIT("usual"))) return take_two(&line, w->usual);
    if (hx_str_equal(key, HX_STR_LIT("rate"))) {
        size_t n = w->n_rates;
        if (n == HX_FIX_RATES_MAX || !take_number(&line, &w->rate[n])) return false;
        if (n > 0 && w->rate[n] <= w->rate[n - 1]) return false;
        w->n_rates++;
        return take_two(&line, w->threshold[n]);
    }
    int kind = kind_named(take_field(&line));
    if (kind < 0) return false;
    if (hx_str_equal(key, HX_STR_LIT("calibration")))
        return take_number(&line, &w->slope[kind]) && take_number(&line, &w->shift[kind]);
    if (!hx_str_equal(key, HX_STR_LIT("weight"))) return false;
    for (size_t i = 0; i < HX_FIX_FEATURES; i++)
        if (!take_number(&line, &w->weight[kind][i])) return false;
    return true;
}

static hx_status read_lines(hx_fix_weights *w, hx_str text, const char *path, hx_error *err) {
    for (size_t at = 0, row = 1; at < text.len; row++) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t n = end ? (size_t)(end - text.ptr) - at : text.len - at;
        hx_str line = {text.ptr + at, n};
        at += n + 1;
        if (n == 0 || line.ptr[0] == '#') continue;
        if (!take_line(w, line))
            return hx_fail(err, HX_EFORMAT,
                           "%s: line %zu is no weight, calibration, rate or threshold", path, row);
    }
    bool usual = w->usual[0] > 0 && w->usual[0] <= 1 && w->usual[1] > 0 && w->usual[1] <= 1;
    if (!usual) return hx_fail(err, HX_EFORMAT, "%s has no usual thresholds between 0 and 1", path);
    return HX_OK;
}

hx_status hx__fix_weights_open(hx_fix_weights *w, const char *path, hx_error *err) {
    hx_buf b;
    *w = (hx_fix_weights){.n_rates = 0};
    for (int k = 0; k < HX_FIX_N; k++)
        w->slope[k] = 1;
    hx_buf_init(&b, WEIGHTS_CAP);
    hx_status st = hx_file_read(path, &b, err);
    if (st == HX_OK) st = read_lines(w, hx_buf_str(&b), path, err);
    hx_buf_release(&b);
    return st;
}

void hx__fix_thresholds(const hx_fix_weights *w, double false_alarms, double out[2]) {
    size_t n = w->n_rates, i = 0;
    double share = 0;
    if (n == 0) {
        memcpy(out, w->usual, sizeof w->usual);
        return;
    }
    while (i + 2 < n && w->rate[i + 1] < false_alarms)
        i++;
    size_t next = i + 1 < n ? i + 1 : i;
    if (next > i) share = (false_alarms - w->rate[i]) / (w->rate[next] - w->rate[i]);
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    for (int k = 0; k < 2; k++)
        out[k] = w->threshold[i][k] + share * (w->threshold[next][k] - w->threshold[i][k]);
}

/* ------------------------------------------------------------------ scores */
static double sum_of(const hx_fix_weights *w, const hx_fix *x) {
    double sum = 0;
    for (size_t i = 0; i < HX_FIX_FEATURES; i++)
        sum += w->weight[x->kind][i] * (double)x->f[i];
    return sum;
}

static int by_site(const void *a, const void *b) {
    const hx_fix *x = a, *y = b;
    if (x->site != y->site) return x->site < y->site ? -1 : 1;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    int order = hx_str_compare(x->to, y->to);
    return order ? order : (int)x->kind - (int)y->kind;
}

static double calibrated(const hx_fix_weights *w, int kind, double p) {
    double q = p < P_MIN ? P_MIN : p > 1 - P_MIN ? 1 - P_MIN : p;
    double logit = w->slope[kind] * log(q / (1 - q)) + w->shift[kind];
    q = 1 / (1 + exp(-logit));
    return q < P_MIN ? P_MIN : q > 1 - P_MIN ? 1 - P_MIN : q;
}

void hx__fixes_score(const hx_fix_weights *w, hx_passage *p) {
    if (p->n_fixes > 1) qsort(p->fixes, p->n_fixes, sizeof *p->fixes, by_site);
    for (size_t i = 0, end; i < p->n_fixes; i = end) {
        double top = 0, total;
        for (end = i; end < p->n_fixes && p->fixes[end].site == p->fixes[i].site; end++) {
            p->fixes[end].score = sum_of(w, &p->fixes[end]);
            if (p->fixes[end].score > top) top = p->fixes[end].score;
        }
        total = exp(-top);
        for (size_t k = i; k < end; k++)
            total += exp(p->fixes[k].score - top);
        for (size_t k = i; k < end; k++)
            p->fixes[k].score =
                calibrated(w, p->fixes[k].kind, exp(p->fixes[k].score - top) / total);
    }
}
