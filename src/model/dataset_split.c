/* dataset_split.c - parts, samples and folds: drawn within each label, so that every part holds labels in the shares of the whole.
 *
 *     draw w of N examples:  label c gives floor(w n_c / N), and the labels of the greatest remainders (then the larger, then the first) one
 *                            more, until there are w; of each label at least one stays behind
 *
 * Which examples of a label are drawn is a shuffle by (seed, label). Texts with several labels count as the rarest of theirs; texts, numbers
 * and tags are one label. Nothing else enters, so the same file and seed give the same parts on every machine. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "model/dataset_parts.h"

typedef struct {
    uint64_t remainder;
    uint32_t n, drawn, label;
} stratum;

/* Examples of some parts, by label: those of label c are members[starts[c]..starts[c + 1]). */
typedef struct {
    uint32_t *members, *starts;
    stratum *strata; /* (n_strata) */
    size_t n_strata, n;
} groups;

/* ------------------------------------------------------------------ grouping */
static void count_labels(const hx_dataset *d, uint32_t *counts) {
    for (size_t i = 0; i < d->many.len / sizeof(uint32_t); i++)
        counts[hx__many(d)[i]]++;
}

static uint32_t label_of(const hx_dataset *d, const hx_example *e, const uint32_t *counts) {
    uint32_t best = (uint32_t)hx_dataset_n_labels(d);
    if (d->target == HX_TARGET_LABEL) return e->label;
    if (d->target != HX_TARGET_LABELS) return 0;
    for (uint32_t k = 0; k < e->n_labels; k++) {
        uint32_t id = hx__many(d)[e->label + k];
        if (k == 0 || counts[id] < counts[best]) best = id;
    }
    return best;
}

static void shuffle(uint32_t *members, size_t n, uint64_t seed) {
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)hx_rng_below(&rng, i);
        uint32_t kept = members[i - 1];
        members[i - 1] = members[k];
        members[k] = kept;
    }
}

static void fill_groups(const hx_dataset *d, unsigned parts, uint64_t seed, const uint32_t *counts,
                        groups *g) {
    const hx_example *e = hx__examples(d);
    size_t n = hx__dataset_n(d);
    for (size_t i = 0; i < n; i++)
        if (parts >> e[i].part & 1u) g->strata[label_of(d, &e[i], counts)].n++;
    for (size_t c = 0; c < g->n_strata; c++) {
        g->strata[c].label = (uint32_t)c;
        g->starts[c + 1] = g->starts[c] + g->strata[c].n;
        g->strata[c].n = 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (!(parts >> e[i].part & 1u)) continue;
        uint32_t c = label_of(d, &e[i], counts);
        g->members[g->starts[c] + g->strata[c].n++] = (uint32_t)i;
    }
    for (size_t c = 0; c < g->n_strata; c++)
        shuffle(g->members + g->starts[c], g->strata[c].n, hx_hash_mix(seed, c + 1));
    g->n = g->starts[g->n_strata];
}

/* `parts`: bits. Freed with free_groups(). */
static hx_status make_groups(const hx_dataset *d, unsigned parts, uint64_t seed, groups *g,
                             hx_error *err) {
    size_t n_labels = hx_dataset_n_labels(d);
    g->n_strata = n_labels + 1;
    uint32_t *counts = calloc(n_labels + 1, sizeof *counts);
    g->strata = calloc(g->n_strata, sizeof *g->strata);
    g->starts = calloc(g->n_strata + 1, sizeof *g->starts);
    g->members = calloc(hx__dataset_n(d) + 1, sizeof *g->members);
    bool made = counts && g->strata && g->starts && g->members;
    if (made) {
        if (d->target == HX_TARGET_LABELS) count_labels(d, counts);
        fill_groups(d, parts, seed, counts, g);
    }
    free(counts);
    return made ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static void free_groups(groups *g) {
    free(g->members);
    free(g->starts);
    free(g->strata);
}

/* ------------------------------------------------------------------ drawing */
static int by_remainder(const void *a, const void *b) {
    const stratum *x = a, *y = b;
    if (x->remainder != y->remainder) return x->remainder > y->remainder ? -1 : 1;
    if (x->n != y->n) return x->n > y->n ? -1 : 1;
    return x->label < y->label ? -1 : x->label > y->label;
}

/* How many each label gives; `stay` stay behind of each. The strata are sorted afterwards. */
static void allot(groups *g, uint64_t want, uint32_t stay) {
    uint64_t given = 0;
    for (size_t c = 0; c < g->n_strata; c++) {
        stratum *s = &g->strata[c];
        uint32_t most = s->n > stay ? s->n - stay : 0;
        uint64_t share = g->n ? want * s->n / g->n : 0;
        s->remainder = g->n ? want * s->n % g->n : 0;
        s->drawn = share < most ? (uint32_t)share : most;
        given += s->drawn;
    }
    qsort(g->strata, g->n_strata, sizeof *g->strata, by_remainder);
    for (bool moved = true; given < want && moved;) {
        moved = false;
        for (size_t c = 0; c < g->n_strata && given < want; c++) {
            stratum *s = &g->strata[c];
            if (s->drawn + stay >= s->n) continue;
            s->drawn++;
            given++;
            moved = true;
        }
    }
}

static hx_status draw(hx_dataset *d, hx_part from, hx_part to, uint64_t want, uint32_t stay,
                      uint64_t seed, hx_error *err) {
    groups g = {0};
    hx_status st = make_groups(d, 1u << from, seed, &g, err);
    if (st == HX_OK) {
        allot(&g, want, stay);
        for (size_t c = 0; c < g.n_strata; c++)
            for (uint32_t i = 0; i < g.strata[c].drawn; i++)
                hx__examples(d)[g.members[g.starts[g.strata[c].label] + i]].part = to;
    }
    free_groups(&g);
    return st;
}

static size_t count_part(const hx_dataset *d, hx_part part) {
    size_t n = 0;
    for (size_t i = 0; i < hx__dataset_n(d); i++)
        n += hx__examples(d)[i].part == part;
    return n;
}

static bool is_share(double x) {
    return x >= 0 && x < 1; /* false for NaN */
}

hx_status hx__dataset_split(hx_dataset *d, const hx_dataset_options *o, hx_error *err) {
    double test = o->test_path ? 0 : o->test_size;
    double validation = o->validation_path ? 0 : o->validation_size;
    if (!is_share(test) || !is_share(validation) || !is_share(test + validation))
        return hx_fail(err, HX_EINVAL,
                       "the shares of test (%g) and validation (%g) must leave something to train",
                       test, validation);
    double n = (double)count_part(d, HX_PART_TRAIN);
    if (test > 0)
        HX_TRY(draw(d, HX_PART_TRAIN, HX_PART_TEST, (uint64_t)floor(n * test + 0.5), 1,
                    hx_hash_mix(o->seed, 1), err));
    if (validation > 0)
        HX_TRY(draw(d, HX_PART_TRAIN, HX_PART_VALIDATION, (uint64_t)floor(n * validation + 0.5), 1,
                    hx_hash_mix(o->seed, 2), err));
    return HX_OK;
}

hx_status hx__dataset_sample(hx_dataset *d, size_t most, uint64_t seed, hx_error *err) {
    size_t n = count_part(d, HX_PART_TRAIN);
    if (most == 0 || n <= most) return HX_OK;
    uint32_t stay = most >= hx_dataset_n_labels(d) ? 1 : 0;
    return draw(d, HX_PART_TRAIN, HX_DATASET_PARTS, n - most, stay, hx_hash_mix(seed, 3), err);
}

/* ------------------------------------------------------------------ folds */
hx_status hx_dataset_fold(hx_dataset *d, size_t k, size_t f, uint64_t seed, hx_error *err) {
    const unsigned both = 1u << HX_PART_TRAIN | 1u << HX_PART_VALIDATION;
    groups g = {0};
    size_t n = count_part(d, HX_PART_TRAIN) + count_part(d, HX_PART_VALIDATION);
    if (k < 2 || f >= k || n < k)
        return hx_fail(err, HX_EINVAL,
                       "%zu examples can't be cut into %zu folds of which this is %zu", n, k,
                       f + 1);
    hx_status st = make_groups(d, both, hx_hash_mix(seed, 4), &g, err);
    for (size_t i = 0; st == HX_OK && i < g.n; i++)
        hx__examples(d)[g.members[i]].part = i % k == f ? HX_PART_VALIDATION : HX_PART_TRAIN;
    free_groups(&g);
    HX_TRY(st);
    return hx__dataset_check_all(d, err);
}
