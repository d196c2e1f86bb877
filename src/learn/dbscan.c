/* dbscan.c - density-based clusters; see dbscan.h. Rows are sorted by the feature that varies most, so that only those within the radius along it
 * are looked at. Serial; labels as scikit-learn's DBSCAN has them. */
#include "learn/dbscan.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

typedef struct {
    double at;
    size_t row;
} place;

typedef struct {
    const double *x;
    size_t n, d, axis;
    double limit, radius; /* limit: radius squared */
    place *places; /* (n) ascending */
    size_t *place_of, *stack; /* (n) */
} search;

static int by_place(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static size_t widest(const double *x, size_t n, size_t d) {
    size_t best = 0;
    double most = -1;
    for (size_t j = 0; j < d; j++) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < n; i++)
            mean += x[i * d + j] / (double)n;
        for (size_t i = 0; i < n; i++)
            squares += (x[i * d + j] - mean) * (x[i * d + j] - mean);
        if (squares <= most) continue;
        most = squares;
        best = j;
    }
    return best;
}

static bool near(const search *s, size_t a, size_t b) {
    double sum = 0;
    for (size_t j = 0; j < s->d && sum <= s->limit; j++) {
        double difference = s->x[a * s->d + j] - s->x[b * s->d + j];
        sum += difference * difference;
    }
    return sum <= s->limit;
}

/* Places [*from, *to) that may be near a row. */
static void window(const search *s, size_t row, size_t *from, size_t *to) {
    size_t here = s->place_of[row];
    double at = s->places[here].at;
    for (*from = here; *from > 0 && at - s->places[*from - 1].at <= s->radius;)
        --*from;
    for (*to = here + 1; *to < s->n && s->places[*to].at - at <= s->radius;)
        ++*to;
}

static size_t count_near(const search *s, size_t row, size_t enough) {
    size_t from, to, found = 0;
    window(s, row, &from, &to);
    for (size_t i = from; i < to && found < enough; i++)
        found += near(s, row, s->places[i].row);
    return found;
}

/* All that can be reached from a core. */
static void spread(search *s, size_t core, uint32_t label, const bool *cores, uint32_t *labels) {
    size_t waiting = 1, from, to;
    s->stack[0] = core;
    labels[core] = label;
    while (waiting > 0) {
        size_t row = s->stack[--waiting];
        window(s, row, &from, &to);
        for (size_t i = from; i < to; i++) {
            size_t other = s->places[i].row;
            if (labels[other] != HX_NOISE || !near(s, row, other)) continue;
            labels[other] = label;
            if (cores[other]) s->stack[waiting++] = other;
        }
    }
}

static hx_status run(search *s, size_t least, uint32_t *labels, bool *cores, size_t *k,
                     const volatile int *cancel, hx_error *err) {
    s->axis = widest(s->x, s->n, s->d);
    for (size_t i = 0; i < s->n; i++) {
        s->places[i] = (place){s->d ? s->x[i * s->d + s->axis] : 0, i};
        labels[i] = HX_NOISE;
    }
    qsort(s->places, s->n, sizeof *s->places, by_place);
    for (size_t i = 0; i < s->n; i++)
        s->place_of[s->places[i].row] = i;
    for (size_t i = 0; i < s->n; i++) {
        if (hx_flag_is_raised(cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        cores[i] = count_near(s, i, least) >= least;
    }
    *k = 0;
    for (size_t i = 0; i < s->n; i++)
        if (cores[i] && labels[i] == HX_NOISE) spread(s, i, (uint32_t)(*k)++, cores, labels);
    return HX_OK;
}

hx_status hx_dbscan(const double *x, size_t n, size_t d, double radius, size_t least,
                    uint32_t *labels, bool *cores, size_t *k, const volatile int *cancel,
                    hx_error *err) {
    search s = {.x = x, .n = n, .d = d, .radius = radius, .limit = radius * radius};
    s.places = calloc(n + 1, sizeof *s.places);
    s.place_of = calloc(n + 1, sizeof *s.place_of);
    s.stack = calloc(n + 1, sizeof *s.stack);
    hx_status st = s.places && s.place_of && s.stack
                       ? run(&s, least, labels, cores, k, cancel, err)
                       : hx_fail(err, HX_ENOMEM, "not enough memory for the clusters");
    free(s.places);
    free(s.place_of);
    free(s.stack);
    return st;
}
