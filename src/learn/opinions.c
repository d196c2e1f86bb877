/* opinions.c - what several sources say of the labels of texts, as one probability a label (Dawid, Skene 1979).
 *
 *     p(k | text) ~ prior(k) x product over sources s and labels l of confusion_s(k, l)^said_s(l)
 *
 * The sources' confusions and the prior are those of the texts themselves, by expectation and maximisation, beside PRIOR texts that each source labels
 * right with a probability of RIGHT: so a handful of texts says little of a source, and labels can't change places. What a source says is a share of
 * a vote for each label; all zero is no vote. Sums run in the order of the texts: the same opinions, the same bits. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "huaxiang/learn.h"

enum { OPINION_ROUNDS = 50, OPINION_PRIOR = 20 };

#define OPINION_RIGHT 0.85
#define OPINION_SETTLED 1e-6

typedef struct {
    const hx_opinions *o;
    double *prior; /* (n_labels) */
    double *confusion; /* (n_sources, n_labels, n_labels): true, said */
    double *p; /* (n, n_labels) */
} opinion_fit;

static double *confusion_at(const opinion_fit *f, size_t source, size_t truth) {
    size_t k = f->o->n_labels;
    return f->confusion + (source * k + truth) * k;
}

/* Confusions and prior from the probabilities of the texts. */
static void maximise(opinion_fit *f) {
    const hx_opinions *o = f->o;
    size_t n = o->n_labels;
    double wrong = n > 1 ? (1 - OPINION_RIGHT) / (double)(n - 1) : 0;
    for (size_t k = 0; k < n; k++)
        f->prior[k] = 1;
    for (size_t i = 0; i < o->n; i++)
        for (size_t k = 0; k < n; k++)
            f->prior[k] += f->p[i * n + k];
    for (size_t s = 0; s < o->n_sources; s++)
        for (size_t k = 0; k < n; k++) {
            double *row = confusion_at(f, s, k), sum = 0;
            for (size_t l = 0; l < n; l++)
                row[l] = OPINION_PRIOR * (l == k ? OPINION_RIGHT : wrong);
            for (size_t i = 0; i < o->n; i++)
                for (size_t l = 0; l < n; l++)
                    row[l] += f->p[i * n + k] * (double)o->said[(i * o->n_sources + s) * n + l];
            for (size_t l = 0; l < n; l++)
                sum += row[l];
            for (size_t l = 0; l < n; l++)
                row[l] = log(row[l] / sum);
        }
    double all = (double)(o->n + n);
    for (size_t k = 0; k < n; k++)
        f->prior[k] = log(f->prior[k] / all);
}

/* The probabilities of a text; returns how far they moved. */
static double expect(opinion_fit *f, size_t i) {
    const hx_opinions *o = f->o;
    size_t n = o->n_labels;
    double most = -INFINITY, sum = 0, moved = 0, now[HX_OPINION_LABELS_MAX];
    for (size_t k = 0; k < n; k++) {
        now[k] = f->prior[k];
        for (size_t s = 0; s < o->n_sources; s++)
            for (size_t l = 0; l < n; l++)
                now[k] +=
                    (double)o->said[(i * o->n_sources + s) * n + l] * confusion_at(f, s, k)[l];
        most = fmax(most, now[k]);
    }
    for (size_t k = 0; k < n; k++)
        sum += now[k] = exp(now[k] - most);
    for (size_t k = 0; k < n; k++) {
        moved = fmax(moved, fabs(now[k] / sum - f->p[i * n + k]));
        f->p[i * n + k] = now[k] / sum;
    }
    return moved;
}

/* Where it starts: the mean of what was said. */
static void begin(opinion_fit *f) {
    const hx_opinions *o = f->o;
    size_t n = o->n_labels;
    for (size_t i = 0; i < o->n; i++) {
        double sum = 0;
        for (size_t k = 0; k < n; k++) {
            double *p = &f->p[i * n + k];
            *p = 1e-3;
            for (size_t s = 0; s < o->n_sources; s++)
                *p += (double)o->said[(i * o->n_sources + s) * n + k];
            sum += *p;
        }
        for (size_t k = 0; k < n; k++)
            f->p[i * n + k] /= sum;
    }
}

static void judge_sources(const opinion_fit *f, double *right) {
    const hx_opinions *o = f->o;
    size_t n = o->n_labels;
    for (size_t s = 0; s < o->n_sources; s++) {
        double votes = 0, good = 0;
        for (size_t i = 0; i < o->n; i++)
            for (size_t k = 0; k < n; k++) {
                double vote = (double)o->said[(i * o->n_sources + s) * n + k];
                votes += vote;
                good += vote * f->p[i * n + k];
            }
        right[s] = votes > 0 ? good / votes : 0;
    }
}

hx_status hx_opinions_combine(const hx_opinions *o, double *p, double *right, hx_error *err) {
    size_t n = o->n_labels;
    if (n < 2 || n > HX_OPINION_LABELS_MAX)
        return hx_fail(err, HX_EINVAL, "opinions are about 2 to %d labels, not %zu",
                       HX_OPINION_LABELS_MAX, n);
    opinion_fit f = {.o = o, .p = p};
    f.prior = calloc(n, sizeof *f.prior);
    f.confusion = calloc(o->n_sources * n * n + 1, sizeof *f.confusion);
    bool whole = f.prior && f.confusion;
    if (whole) begin(&f);
    for (int round = 0; round < OPINION_ROUNDS && whole; round++) {
        double moved = 0;
        maximise(&f);
        for (size_t i = 0; i < o->n; i++)
            moved = fmax(moved, expect(&f, i));
        if (moved < OPINION_SETTLED) break;
    }
    if (whole) judge_sources(&f, right);
    free(f.prior);
    free(f.confusion);
    return whole ? HX_OK
                 : hx_fail(err, HX_ENOMEM,
                           "out of memory while combining what %zu texts are called", o->n);
}
