/* cluster_words.c - what makes each cluster different, in words.
 *
 * A feature of numbers tells by how many deviations of all rows the cluster's mean lies from that of all; a feature of yes and no (a value of a text
 * column, true/false) by its lift, the share in the cluster over the share of all. Up to three that differ most make the name, five the reasons: numbers
 * from 0.5 deviations, shares that are at least 1.5 times as common and 10 % of the cluster (their weight is the difference of the shares in their
 * deviations). A cluster that differs in nothing is "average". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "learn/cluster.h"

#define NAME_PARTS 3
#define REASONS 5
#define LEAST_DEVIATIONS 0.5
#define LEAST_LIFT 1.5
#define LEAST_SHARE 0.1
#define ROUNDING 1e-12 /* a deviation below it, as a share of the mean, is none */
#define TEXT_MAX ((size_t)1 << 16)

typedef struct {
    double mean, deviation;
    bool binary;
} feature;

typedef struct {
    size_t feature;
    double weight; /* deviations, signed */
} difference;

typedef struct {
    const hx_cluster_rows *r;
    feature *features; /* (d) */
    double *means; /* (k, d) */
    size_t *rows; /* (k) */
    difference *differences; /* (d) */
} describing;

static void measure(describing *g) {
    const hx_cluster_rows *r = g->r;
    for (size_t j = 0; j < r->d; j++) {
        feature *f = &g->features[j];
        f->binary = true;
        for (size_t i = 0; i < r->n; i++) {
            double v = r->x[i * r->d + j];
            f->mean += v / (double)r->n;
            f->binary = f->binary && (v == 0 || v == 1);
        }
        for (size_t i = 0; i < r->n; i++) {
            double v = r->x[i * r->d + j] - f->mean;
            f->deviation += v * v / (double)r->n;
        }
        f->deviation = sqrt(f->deviation);
        if (f->deviation <= ROUNDING * fabs(f->mean)) f->deviation = 0;
    }
    for (size_t i = 0; i < r->n; i++) {
        if (r->labels[i] == HX_NOISE) continue;
        g->rows[r->labels[i]]++;
        for (size_t j = 0; j < r->d; j++)
            g->means[r->labels[i] * r->d + j] += r->x[i * r->d + j];
    }
    for (size_t j = 0; j < r->k * r->d; j++)
        g->means[j] /= (double)(g->rows[j / r->d] ? g->rows[j / r->d] : 1);
}

static int by_weight(const void *a, const void *b) {
    const difference *x = a, *y = b;
    double p = fabs(x->weight), q = fabs(y->weight);
    if (p != q) return p > q ? -1 : 1;
    return (x->feature > y->feature) - (x->feature < y->feature);
}

/* Those that count, the greatest first; returns how many. */
static size_t differences_of(describing *g, size_t cluster) {
    const hx_cluster_rows *r = g->r;
    size_t n = 0;
    for (size_t j = 0; j < r->d; j++) {
        const feature *f = &g->features[j];
        double mean = g->means[cluster * r->d + j];
        if (!(f->deviation > 0)) continue;
        double weight = (mean - f->mean) / f->deviation;
        bool tells = f->binary ? mean >= LEAST_SHARE && mean >= LEAST_LIFT * f->mean
                               : fabs(weight) >= LEAST_DEVIATIONS;
        if (tells) g->differences[n++] = (difference){j, weight};
    }
    qsort(g->differences, n, sizeof *g->differences, by_weight);
    return n;
}

/* ------------------------------------------------------------------ words */
static void put_name(const describing *g, size_t n, bool zh, hx_buf *b) {
    hx_buf_reset(b);
    if (n == 0) hx_buf_printf(b, "%s", zh ? "平均" : "average");
    for (size_t i = 0; i < n && i < NAME_PARTS; i++) {
        const difference *d = &g->differences[i];
        const char *name = g->r->names[d->feature];
        if (i) hx_buf_printf(b, "%s", zh ? "，" : ", ");
        if (g->features[d->feature].binary)
            hx_buf_printf(b, "%s", name);
        else if (zh)
            hx_buf_printf(b, "%s%s", name, d->weight > 0 ? "高" : "低");
        else
            hx_buf_printf(b, "%s %s", d->weight > 0 ? "high" : "low", name);
    }
}

static void put_reason(const describing *g, size_t cluster, const difference *d, bool zh,
                       hx_buf *b) {
    const feature *f = &g->features[d->feature];
    const char *name = g->r->names[d->feature];
    double mean = g->means[cluster * g->r->d + d->feature];
    hx_buf_reset(b);
    if (f->binary)
        hx_buf_printf(b,
                      zh ? "%s 的占比是全体的 %.1f 倍（%.0f%% 对 %.0f%%）"
                         : "%s is %.1f times as common as among all rows (%.0f %% against %.0f %%)",
                      name, mean / f->mean, 100 * mean, 100 * f->mean);
    else if (zh)
        hx_buf_printf(b, "%s 的均值 %.4g 比全体的 %.4g %s %.1f 个标准差", name, mean, f->mean,
                      d->weight > 0 ? "高" : "低", fabs(d->weight));
    else
        hx_buf_printf(b, "%s is %.1f deviations %s the mean of all rows (%.4g against %.4g)", name,
                      fabs(d->weight), d->weight > 0 ? "above" : "below", mean, f->mean);
}

static void put_words(const describing *g, size_t cluster, size_t n, bool zh, hx_buf *b,
                      hx_json_writer *w) {
    put_name(g, n, zh, b);
    hx_json_key(w, zh ? "name_zh" : "name_en");
    hx_json_str(w, hx_buf_str(b));
    hx_json_key(w, zh ? "why_zh" : "why_en");
    hx_json_array(w);
    for (size_t i = 0; i < n && i < REASONS; i++) {
        put_reason(g, cluster, &g->differences[i], zh, b);
        hx_json_str(w, hx_buf_str(b));
    }
    hx_json_end_array(w);
}

static void put_cluster(describing *g, size_t cluster, hx_buf *b, hx_json_writer *w) {
    const hx_cluster_rows *r = g->r;
    size_t n = differences_of(g, cluster);
    hx_json_object(w);
    hx_json_key(w, "cluster");
    hx_json_int(w, (int64_t)r->place[cluster] + 1);
    hx_json_key(w, "rows");
    hx_json_int(w, (int64_t)g->rows[cluster]);
    hx_json_key(w, "share");
    hx_json_double(w, r->n ? (double)g->rows[cluster] / (double)r->n : 0);
    put_words(g, cluster, n, false, b, w);
    put_words(g, cluster, n, true, b, w);
    hx_json_key(w, "centre");
    hx_json_object(w);
    for (size_t j = 0; j < r->d; j++) {
        hx_json_key(w, r->names[j]);
        hx_json_double(w, g->means[cluster * r->d + j]);
    }
    hx_json_end_object(w);
    hx_json_end_object(w);
}

hx_status hx_cluster_describe(const hx_cluster_rows *r, hx_json_writer *w, hx_error *err) {
    describing g = {.r = r,
                    .features = calloc(r->d + 1, sizeof *g.features),
                    .means = calloc(r->k * r->d + 1, sizeof *g.means),
                    .rows = calloc(r->k + 1, sizeof *g.rows),
                    .differences = calloc(r->d + 1, sizeof *g.differences)};
    hx_buf b;
    hx_buf_init(&b, TEXT_MAX);
    bool room = g.features && g.means && g.rows && g.differences;
    hx_json_array(w);
    if (room) measure(&g);
    for (size_t at = 0; at < r->k && room; at++)
        for (size_t c = 0; c < r->k; c++)
            if (r->place[c] == at) put_cluster(&g, c, &b, w);
    hx_json_end_array(w);
    hx_buf_release(&b);
    free(g.features);
    free(g.means);
    free(g.rows);
    free(g.differences);
    return room ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for the clusters");
}
