/* deviations.c - rows of a problem as what differs from each column's usual value; see deviations.h.
 *
 *     rows -> a vote of each column -> count of what differs -> starts -> columns and values
 *
 * Three passes over the rows; what differs is told by its bits, so the sums are those of the rows but for rounding. */
#include "learn/deviations.h"

#include <stdlib.h>

#include "base/error.h"

void hx_deviations_release(hx_deviations *v) {
    free(v->usual);
    free(v->starts);
    free(v->columns);
    free(v->values);
    *v = (hx_deviations){0};
}

static hx_status no_memory(hx_deviations *v, hx_error *err) {
    hx_deviations_release(v);
    return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

/* Boyer and Moore: a value gains a vote where it stands and loses one where another does. A missing value is none that stands anywhere. */
static void vote(hx_deviations *v, const hx_problem *p, size_t *votes) {
    for (size_t i = 0; i < p->n; i++) {
        const double *x = p->x + i * p->d;
        for (size_t j = 0; j < p->d; j++) {
            if (votes[j] == 0) {
                v->usual[j] = x[j];
                votes[j] = 1;
            } else {
                votes[j] = x[j] == v->usual[j] ? votes[j] + 1 : votes[j] - 1;
            }
        }
    }
}

static void count(hx_deviations *v, const hx_problem *p) {
    for (size_t i = 0; i < p->n; i++) {
        size_t differ = 0;
        for (size_t j = 0; j < p->d; j++)
            differ += p->x[i * p->d + j] != v->usual[j];
        v->starts[i + 1] = v->starts[i] + differ;
    }
}

static void keep(hx_deviations *v, const hx_problem *p) {
    size_t at = 0;
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->d; j++) {
            const double x = p->x[i * p->d + j];
            if (x == v->usual[j]) continue;
            v->columns[at] = (uint32_t)j;
            v->values[at++] = x - v->usual[j];
        }
}

hx_status hx_deviations_of(hx_deviations *out, const hx_problem *p, hx_error *err) {
    hx_deviations *v = out;
    size_t *votes = calloc(p->d + 1, sizeof *votes);
    *v = (hx_deviations){.n = p->n,
                         .d = p->d,
                         .usual = calloc(p->d + 1, sizeof *v->usual),
                         .starts = calloc(p->n + 1, sizeof *v->starts)};
    const bool room = votes && v->usual && v->starts;
    if (room) {
        vote(v, p, votes);
        count(v, p);
    }
    free(votes);
    if (!room) return no_memory(v, err);
    v->columns = calloc(v->starts[p->n] + 1, sizeof *v->columns);
    v->values = calloc(v->starts[p->n] + 1, sizeof *v->values);
    if (!v->columns || !v->values) return no_memory(v, err);
    keep(v, p);
    return HX_OK;
}

double hx_deviations_base(const hx_deviations *v, const double *weights) {
    double sum = weights[v->d];
    for (size_t j = 0; j < v->d; j++)
        sum += weights[j] * v->usual[j];
    return sum;
}

double hx_deviations_score(const hx_deviations *v, size_t i, double usual, const double *weights) {
    for (size_t j = v->starts[i]; j < v->starts[i + 1]; j++)
        usual += v->values[j] * weights[v->columns[j]];
    return usual;
}

void hx_deviations_add(const hx_deviations *v, size_t i, double by, double *gradient) {
    for (size_t j = v->starts[i]; j < v->starts[i + 1]; j++)
        gradient[v->columns[j]] += by * v->values[j];
}

void hx_deviations_finish(const hx_deviations *v, double sum, double *gradient) {
    for (size_t j = 0; j < v->d; j++)
        gradient[j] += sum * v->usual[j];
    gradient[v->d] += sum;
}
