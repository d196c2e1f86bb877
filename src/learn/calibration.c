/* calibration.c - Platt's, isotonic and temperature maps; see calibration.h.
 *
 * Platt (1999): slope and offset minimise -sum w (t log p' + (1 - t) log (1 - p')) with t = (positives + 1) / (positives + 2) and
 * 1 / (negatives + 2), by Newton's steps that are halved until the loss falls (Lin, Lin, Weng 2007). Probabilities are kept within [1e-6, 1 - 1e-6]
 * before their logarithms are taken: models that say 0 or 1 would have infinite z.
 *
 * Isotonic: rows of equal p are one point with the weighted mean of their outcomes; neighbours out of order are pooled (PAVA); corners are the ends of
 * each pool. Equal to scikit-learn's IsotonicRegression(out_of_bounds="clip"). */
#include "learn/calibration.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/fields.h"
#include "learn/metrics.h"
#include "learn/ranking.h"

#define LEAST 1e-6
#define STEPS_MAX 200
#define HALVINGS_MAX 60
#define CORNERS_MAX ((size_t)10000000)
#define ARENA_MAX ((size_t)16 << 30)

static const char *const names[] = {"none", "platt", "isotonic", "temperature"};

const char *hx_calibrate_name(hx_calibrate kind) {
    return names[kind];
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory to calibrate");
}

static double log_odds(double p) {
    p = fmin(fmax(p, LEAST), 1 - LEAST);
    return log(p) - log1p(-p);
}

static double weight_of(const hx_calibration_rows *r, size_t i) {
    return r->weights ? r->weights[i] : 1;
}

/* ------------------------------------------------------------------ Platt */
typedef struct {
    size_t n;
    double *z, *target, *weight; /* (n) */
} platt;

/* The loss; g (2) and h (3: slope slope, slope offset, offset offset) where they are wanted. */
static double platt_loss(const platt *f, double slope, double offset, double *g, double *h) {
    double loss = 0;
    for (size_t i = 0; i < f->n; i++) {
        double a = slope * f->z[i] + offset, e = exp(-fabs(a));
        double p = a >= 0 ? e / (1 + e) : 1 / (1 + e), w = f->weight[i];
        loss += w * (a >= 0 ? f->target[i] * a : (f->target[i] - 1) * a) + w * log1p(e);
        if (!g) continue;
        double d1 = w * (f->target[i] - p), d2 = w * p * (1 - p);
        g[0] += d1 * f->z[i];
        g[1] += d1;
        h[0] += d2 * f->z[i] * f->z[i];
        h[1] += d2 * f->z[i];
        h[2] += d2;
    }
    return loss;
}

static bool platt_step(const platt *f, hx_calibration_map *m, double *loss) {
    double g[2] = {0, 0}, h[3] = {1e-12, 0, 1e-12};
    (void)platt_loss(f, m->slope, m->offset, g, h);
    double determinant = h[0] * h[2] - h[1] * h[1];
    if (fmax(fabs(g[0]), fabs(g[1])) < 1e-10 || !(determinant > 0)) return false;
    double a = -(h[2] * g[0] - h[1] * g[1]) / determinant;
    double b = -(h[0] * g[1] - h[1] * g[0]) / determinant, step = 1;
    for (int i = 0; i < HALVINGS_MAX; i++, step /= 2) {
        double now = platt_loss(f, m->slope + step * a, m->offset + step * b, NULL, NULL);
        if (!(now < *loss)) continue;
        m->slope += step * a;
        m->offset += step * b;
        *loss = now;
        return true;
    }
    return false;
}

static hx_status fit_platt(const hx_calibration_rows *r, size_t class, hx_calibration_map *m,
                           hx_error *err) {
    double *room = calloc(3 * r->n + 1, sizeof *room), positives = 0, negatives = 0;
    if (!room) return no_memory(err);
    const platt f = {r->n, room, room + r->n, room + 2 * r->n};
    for (size_t i = 0; i < r->n; i++)
        *(r->labels[i] == class ? &positives : &negatives) += weight_of(r, i);
    for (size_t i = 0; i < r->n; i++) {
        f.z[i] = log_odds(r->probabilities[i * r->n_classes + class]);
        f.target[i] =
            r->labels[i] == class ? (positives + 1) / (positives + 2) : 1 / (negatives + 2);
        f.weight[i] = weight_of(r, i);
    }
    m->slope = 0;
    m->offset = log((negatives + 1) / (positives + 1));
    double loss = platt_loss(&f, m->slope, m->offset, NULL, NULL);
    for (int i = 0; i < STEPS_MAX && platt_step(&f, m, &loss); i++) {
    }
    free(room);
    return HX_OK;
}

static double apply_platt(const hx_calibration_map *m, double p) {
    double a = m->slope * log_odds(p) + m->offset;
    return a >= 0 ? exp(-a) / (1 + exp(-a)) : 1 / (1 + exp(a));
}

/* ------------------------------------------------------------------ isotonic */
typedef struct {
    double low, high, sum, weight; /* of p; outcomes */
} pool;

static double level(const pool *p) {
    return p->sum / p->weight;
}

/* Ascending points, one a different p, pooled as they come; n of them, returns how many pools. */
static size_t pool_rows(const hx_calibration_rows *r, const hx_ranked *rows, pool *pools) {
    size_t n = 0;
    for (size_t i = 0; i < r->n;) {
        pool one = {rows[i].score, rows[i].score, 0, 0};
        for (; i < r->n && rows[i].score == one.low; i++) {
            double w = weight_of(r, rows[i].row);
            one.sum += w * rows[i].label;
            one.weight += w;
        }
        if (!(one.weight > 0)) continue;
        while (n > 0 && level(&pools[n - 1]) >= level(&one)) {
            one.low = pools[n - 1].low;
            one.sum += pools[n - 1].sum;
            one.weight += pools[n - 1].weight;
            n--;
        }
        pools[n++] = one;
    }
    return n;
}

static hx_status fit_isotonic(const hx_calibration_rows *r, size_t class, hx_calibration_map *m,
                              hx_arena *arena, hx_error *err) {
    hx_ranked *rows = calloc(r->n + 1, sizeof *rows);
    pool *pools = calloc(r->n + 1, sizeof *pools);
    for (size_t i = 0; rows && i < r->n; i++)
        rows[i] = (hx_ranked){r->probabilities[i * r->n_classes + class], (uint32_t)i,
                              r->labels[i] == class};
    if (rows && pools) {
        hx_rank(rows, r->n);
        size_t n = pool_rows(r, rows, pools);
        m->x = hx_arena_alloc(arena, (2 * n + 1) * sizeof *m->x);
        m->y = hx_arena_alloc(arena, (2 * n + 1) * sizeof *m->y);
        for (size_t i = 0; i < n && m->x && m->y; i++) {
            for (int end = 0; end < 1 + (pools[i].high > pools[i].low); end++) {
                m->x[m->n] = end ? pools[i].high : pools[i].low;
                m->y[m->n++] = level(&pools[i]);
            }
        }
    }
    bool ok = rows && pools && m->x && m->y;
    free(rows);
    free(pools);
    return ok ? HX_OK : no_memory(err);
}

static double apply_isotonic(const hx_calibration_map *m, double p) {
    size_t low = 0, high = m->n;
    if (m->n == 0) return p;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (m->x[middle] < p)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == m->n) return m->y[m->n - 1];
    if (low == 0 || m->x[low] == p) return m->y[low];
    double share = (p - m->x[low - 1]) / (m->x[low] - m->x[low - 1]);
    return m->y[low - 1] + share * (m->y[low] - m->y[low - 1]);
}

/* ------------------------------------------------------------------ temperature */
static hx_status fit_temperature(const hx_calibration_rows *r, double *temperature, hx_error *err) {
    float *logits = calloc(r->n * r->n_classes + 1, sizeof *logits);
    if (!logits) return no_memory(err);
    for (size_t i = 0; i < r->n * r->n_classes; i++)
        logits[i] = (float)log(fmax(r->probabilities[i], LEAST));
    *temperature = hx_temperature_fit(logits, r->labels, r->n, r->n_classes);
    free(logits);
    return HX_OK;
}

static void apply_temperature(double temperature, double *p, size_t n) {
    double most = 0, sum = 0;
    for (size_t k = 0; k < n; k++)
        most = fmax(most, p[k]);
    for (size_t k = 0; k < n; k++)
        sum += p[k] = pow(fmax(p[k], LEAST) / most, 1 / temperature);
    for (size_t k = 0; k < n; k++)
        p[k] /= sum;
}

/* ------------------------------------------------------------------ all */
static hx_calibration *calibration_new(hx_calibrate kind, size_t n_classes) {
    hx_calibration *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->kind = kind;
    c->n_classes = n_classes;
    c->temperature = 1;
    c->n_maps = kind == HX_CALIBRATE_TEMPERATURE ? 0 : n_classes == 2 ? 1 : n_classes;
    c->arena = hx_arena_new(ARENA_MAX);
    c->maps = c->arena ? hx_arena_alloc(c->arena, (c->n_maps + 1) * sizeof *c->maps) : NULL;
    if (!c->maps) {
        hx_calibration_free(c);
        return NULL;
    }
    memset(c->maps, 0, (c->n_maps + 1) * sizeof *c->maps);
    return c;
}

void hx_calibration_free(hx_calibration *c) {
    if (!c) return;
    hx_arena_free(c->arena);
    free(c);
}

hx_status hx_calibration_fit(hx_calibration **out, hx_calibrate kind,
                             const hx_calibration_rows *rows, hx_error *err) {
    if (rows->n == 0 || rows->n_classes < 2)
        return hx_fail(err, HX_EINVAL, "there are too few rows to calibrate on");
    hx_calibration *c = calibration_new(kind, rows->n_classes);
    if (!c) return no_memory(err);
    hx_status st = HX_OK;
    if (kind == HX_CALIBRATE_TEMPERATURE) st = fit_temperature(rows, &c->temperature, err);
    for (size_t m = 0; m < c->n_maps && st == HX_OK; m++) {
        size_t class = c->n_maps == 1 ? 1 : m;
        st = kind == HX_CALIBRATE_PLATT ? fit_platt(rows, class, &c->maps[m], err)
                                        : fit_isotonic(rows, class, &c->maps[m], c->arena, err);
    }
    if (st != HX_OK) {
        hx_calibration_free(c);
        return st;
    }
    *out = c;
    return HX_OK;
}

static double mapped(const hx_calibration *c, size_t map, double p) {
    return c->kind == HX_CALIBRATE_PLATT ? apply_platt(&c->maps[map], p)
                                         : apply_isotonic(&c->maps[map], p);
}

static void apply_each(const hx_calibration *c, double *row) {
    double sum = 0;
    for (size_t k = 0; k < c->n_classes; k++)
        sum += row[k] = mapped(c, k, row[k]);
    for (size_t k = 0; k < c->n_classes; k++)
        row[k] = sum > 0 ? row[k] / sum : 1 / (double)c->n_classes;
}

void hx_calibration_apply(const hx_calibration *c, double *probabilities, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double *row = probabilities + i * c->n_classes;
        if (c->kind == HX_CALIBRATE_TEMPERATURE) {
            apply_temperature(c->temperature, row, c->n_classes);
        } else if (c->n_maps == 1) {
            row[1] = mapped(c, 0, row[1]);
            row[0] = 1 - row[1];
        } else {
            apply_each(c, row);
        }
    }
}

/* ------------------------------------------------------------------ files */
void hx_calibration_write(const hx_calibration *c, hx_json_writer *w) {
    hx_json_object(w);
    hx_json_key(w, "method");
    hx_json_cstr(w, names[c->kind]);
    hx_json_key(w, "temperature");
    hx_json_double(w, c->temperature);
    hx_json_key(w, "maps");
    hx_json_array(w);
    for (size_t m = 0; m < c->n_maps; m++) {
        hx_json_object(w);
        hx_json_key(w, "slope");
        hx_json_double(w, c->maps[m].slope);
        hx_json_key(w, "offset");
        hx_json_double(w, c->maps[m].offset);
        hx_put_numbers(w, "x", c->maps[m].x, c->maps[m].n);
        hx_put_numbers(w, "y", c->maps[m].y, c->maps[m].n);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static bool read_map(hx_calibration *c, const json_t *json, hx_calibration_map *m) {
    bool ok = true;
    m->slope = hx_field_number(json, "slope", &ok);
    m->offset = hx_field_number(json, "offset", &ok);
    m->n = json_array_size(json_object_get(json, "x"));
    ok = ok && m->n <= CORNERS_MAX && (c->kind == HX_CALIBRATE_PLATT || m->n > 0);
    if (!ok) return false;
    m->x = hx_field_numbers(json, "x", m->n, c->arena, &ok);
    m->y = hx_field_numbers(json, "y", m->n, c->arena, &ok);
    for (size_t i = 1; i < m->n && ok; i++)
        ok = m->x[i] > m->x[i - 1] && m->y[i] >= m->y[i - 1];
    for (size_t i = 0; i < m->n && ok; i++)
        ok = m->y[i] >= 0 && m->y[i] <= 1;
    return ok;
}

static hx_calibrate kind_of(const json_t *json) {
    const char *name = json_string_value(json_object_get(json, "method"));
    for (int k = HX_CALIBRATE_PLATT; name && k <= HX_CALIBRATE_TEMPERATURE; k++)
        if (strcmp(names[k], name) == 0) return (hx_calibrate)k;
    return HX_CALIBRATE_NONE;
}

hx_status hx_calibration_read(hx_calibration **out, const json_t *json, size_t n_classes,
                              hx_error *err) {
    bool ok = true;
    const hx_calibrate kind = kind_of(json);
    const json_t *maps = json_object_get(json, "maps");
    if (kind == HX_CALIBRATE_NONE || n_classes < 2)
        return hx_fail(err, HX_EFORMAT, "the model's calibration is damaged");
    hx_calibration *c = calibration_new(kind, n_classes);
    if (!c) return no_memory(err);
    c->temperature = hx_field_number(json, "temperature", &ok);
    ok = ok && c->temperature > 0 && json_array_size(maps) == c->n_maps;
    for (size_t m = 0; m < c->n_maps && ok; m++)
        ok = read_map(c, json_array_get(maps, m), &c->maps[m]);
    if (!ok) {
        hx_calibration_free(c);
        return hx_fail(err, HX_EFORMAT, "the model's calibration is damaged");
    }
    *out = c;
    return HX_OK;
}
