/* topic_cluster.c - spherical k-means over sparse rows (Dhillon, Modha 2001), and how many groups there are.
 *
 *     objective   sum of cosines of rows to the centre of their group
 *     seeds       k-means++ by 1 - cosine over at most SAMPLE rows, the best of TRIES
 *     rounds      until fewer than one row in a thousand changes its group, at most ROUNDS
 *     auto        of several k, on the sample: the greatest mean NPMI of each group's WORDS best words (Bouma 2009; how much oftener two of them stand
 *                 in one text than by chance), weighted by size, times the share of words that no other group has among its best (Dieng and others 2020)
 *
 * Groups are renumbered by size. Ties go to the lower number, so the result is the same everywhere but for the rounding of sums. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "text/topics.h"

enum { SAMPLE = 4000, TRIES = 3, ROUNDS = 30, SAMPLE_ROUNDS = 12, WORDS = 6 };

typedef struct {
    const hx_topic_space *s;
    const size_t *rows; /* (n) of the space */
    size_t n, k;
    float *centres; /* (n_terms, k) */
    uint32_t *group; /* (n) */
    float *likeness; /* (n) */
} clustering;

static void find_group(clustering *c, size_t i, float *sums) {
    const hx_topic_space *s = c->s;
    memset(sums, 0, c->k * sizeof *sums);
    for (size_t e = s->from[c->rows[i]]; e < s->from[c->rows[i] + 1]; e++) {
        const float *centre = c->centres + (size_t)s->ids[e] * c->k;
        for (size_t g = 0; g < c->k; g++)
            sums[g] += s->values[e] * centre[g];
    }
    size_t best = 0;
    for (size_t g = 1; g < c->k; g++)
        if (sums[g] > sums[best]) best = g;
    c->group[i] = (uint32_t)best;
    c->likeness[i] = sums[best];
}

static void set_centres(clustering *c, double *lengths) {
    const hx_topic_space *s = c->s;
    memset(c->centres, 0, s->n_terms * c->k * sizeof *c->centres);
    memset(lengths, 0, c->k * sizeof *lengths);
    for (size_t i = 0; i < c->n; i++)
        for (size_t e = s->from[c->rows[i]]; e < s->from[c->rows[i] + 1]; e++)
            c->centres[(size_t)s->ids[e] * c->k + c->group[i]] += s->values[e];
    for (size_t j = 0; j < s->n_terms * c->k; j++)
        lengths[j % c->k] += (double)c->centres[j] * (double)c->centres[j];
    for (size_t j = 0; j < s->n_terms * c->k; j++)
        if (lengths[j % c->k] > 0)
            c->centres[j] = (float)((double)c->centres[j] / sqrt(lengths[j % c->k]));
}

static void put_centre(clustering *c, size_t g, size_t row) {
    const hx_topic_space *s = c->s;
    for (size_t e = s->from[row]; e < s->from[row + 1]; e++)
        c->centres[(size_t)s->ids[e] * c->k + g] = s->values[e];
}

/* k-means++ over the rows; far (n): 1 - cosine to the nearest seed. */
static void seed(clustering *c, hx_rng *rng, double *far) {
    const hx_topic_space *s = c->s;
    memset(c->centres, 0, s->n_terms * c->k * sizeof *c->centres);
    for (size_t i = 0; i < c->n; i++)
        far[i] = 1;
    for (size_t g = 0; g < c->k; g++) {
        double sum = 0, at = 0;
        size_t chosen = 0;
        for (size_t i = 0; i < c->n; i++)
            sum += far[i] * far[i];
        double stop = hx_rng_uniform(rng) * sum;
        while (chosen + 1 < c->n && (at += far[chosen] * far[chosen]) <= stop)
            chosen++;
        put_centre(c, g, c->rows[chosen]);
        for (size_t i = 0; i < c->n; i++) {
            double cosine = 0;
            for (size_t e = s->from[c->rows[i]]; e < s->from[c->rows[i] + 1]; e++)
                cosine += (double)s->values[e] * (double)c->centres[(size_t)s->ids[e] * c->k + g];
            far[i] = fmin(far[i], fmax(1 - cosine, 0));
        }
    }
}

/* Sum of cosines. */
static double run(clustering *c, int rounds, float *sums, double *lengths) {
    double total = 0;
    for (int round = 0; round < rounds; round++) {
        size_t changed = 0;
        total = 0;
        for (size_t i = 0; i < c->n; i++) {
            uint32_t before = c->group[i];
            find_group(c, i, sums);
            changed += round == 0 || c->group[i] != before;
            total += (double)c->likeness[i];
        }
        if (changed * 1000 < c->n) break;
        if (round + 1 < rounds) set_centres(c, lengths);
    }
    return total;
}

typedef struct {
    float *sums;
    double *lengths, *far;
} workspace;

static bool allot(clustering *c, workspace *w, hx_arena *arena) {
    c->centres = hx_arena_alloc(arena, (c->s->n_terms * c->k + 1) * sizeof *c->centres);
    c->group = hx_arena_alloc(arena, (c->n + 1) * sizeof *c->group);
    c->likeness = hx_arena_alloc(arena, (c->n + 1) * sizeof *c->likeness);
    w->sums = hx_arena_alloc(arena, (c->k + 1) * sizeof *w->sums);
    w->lengths = hx_arena_alloc(arena, (c->k + 1) * sizeof *w->lengths);
    w->far = hx_arena_alloc(arena, (c->n + 1) * sizeof *w->far);
    return c->centres && c->group && c->likeness && w->sums && w->lengths && w->far;
}

/* The best of several tries; centres and groups of it in c. */
static bool fit(clustering *c, uint64_t seed_number, hx_arena *arena) {
    workspace w;
    double best = -1;
    if (!allot(c, &w, arena)) return false;
    float *kept = hx_arena_alloc(arena, (c->s->n_terms * c->k + 1) * sizeof *kept);
    if (!kept) return false;
    for (uint64_t t = 0; t < TRIES; t++) {
        hx_rng rng;
        hx_rng_seed(&rng, seed_number + t * 7919 + c->k);
        seed(c, &rng, w.far);
        double total = run(c, SAMPLE_ROUNDS, w.sums, w.lengths);
        if (total <= best) continue;
        best = total;
        set_centres(c, w.lengths);
        memcpy(kept, c->centres, c->s->n_terms * c->k * sizeof *kept);
    }
    memcpy(c->centres, kept, c->s->n_terms * c->k * sizeof *kept);
    for (size_t i = 0; i < c->n; i++)
        find_group(c, i, w.sums);
    return true;
}

/* ------------------------------------------------------------------ how many */
static bool row_has(const hx_topic_space *s, size_t row, uint32_t term) {
    for (size_t e = s->from[row]; e < s->from[row + 1]; e++)
        if (s->ids[e] == term) return true;
    return false;
}

static double npmi(const clustering *c, uint32_t a, uint32_t b) {
    double with_a = 0, with_b = 0, both = 0, n = (double)c->n;
    for (size_t i = 0; i < c->n; i++) {
        bool has_a = row_has(c->s, c->rows[i], a), has_b = row_has(c->s, c->rows[i], b);
        with_a += has_a;
        with_b += has_b;
        both += has_a && has_b;
    }
    if (both < 1) return -1;
    return both < n ? log(both * n / (with_a * with_b)) / -log(both / n) : 1;
}

static double quality(const clustering *c, hx_arena *arena) {
    const hx_topic_space *s = c->s;
    uint32_t words[HX_TOPICS_MAX][WORDS];
    size_t n_words[HX_TOPICS_MAX], sizes[HX_TOPICS_MAX] = {0}, all = 0, own = 0;
    double sum = 0;
    uint32_t *counts = hx_arena_alloc(arena, (s->n_terms * c->k + 1) * sizeof *counts);
    if (!counts) return 0;
    for (size_t i = 0; i < c->n; i++) {
        sizes[c->group[i]]++;
        for (size_t e = s->from[c->rows[i]]; e < s->from[c->rows[i] + 1]; e++)
            counts[(size_t)s->ids[e] * c->k + c->group[i]]++;
    }
    for (size_t g = 0; g < c->k; g++) {
        double pairs = 0, coherence = 0;
        n_words[g] = hx__topic_words(s, counts, c->k, g, words[g], WORDS, arena);
        for (size_t a = 0; a < n_words[g]; a++)
            for (size_t b = 0; b < a; b++, pairs++)
                coherence += npmi(c, words[g][a], words[g][b]);
        sum += pairs > 0 ? coherence / pairs * (double)sizes[g] : -(double)sizes[g];
    }
    for (size_t g = 0; g < c->k; g++)
        for (size_t a = 0; a < n_words[g]; a++, all++) {
            bool shared = false;
            for (size_t h = 0; h < c->k; h++)
                for (size_t b = 0; b < n_words[h]; b++)
                    shared = shared || (h != g && words[h][b] == words[g][a]);
            own += !shared;
        }
    return all > 0 ? (1 + sum / (double)c->n) * (double)own / (double)all : 0;
}

/* A sample that is spread evenly over the rows. */
static size_t *sample_of(const size_t *rows, size_t n, size_t most, hx_arena *arena, size_t *kept) {
    size_t *some = hx_arena_alloc(arena, (most + 1) * sizeof *some);
    *kept = n < most ? n : most;
    for (size_t i = 0; some && i < *kept; i++)
        some[i] = rows[i * n / *kept];
    return some;
}

static size_t choose_k(const hx_topic_space *s, const size_t *rows, size_t n, uint64_t seed_number,
                       hx_error *err) {
    static const size_t tried[] = {2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30};
    size_t best = 1;
    double best_quality = -1;
    for (size_t t = 0; t < sizeof tried / sizeof *tried && tried[t] * 5 <= n; t++) {
        clustering c = {.s = s, .rows = rows, .n = n, .k = tried[t]};
        hx_arena *arena = hx_arena_new(0);
        double q = arena && fit(&c, seed_number, arena) ? quality(&c, arena) : -2;
        hx_arena_free(arena);
        if (q < -1.5) {
            (void)hx_fail(err, HX_ENOMEM, "out of memory while looking for topics in %zu texts", n);
            return 0;
        }
        if (q > best_quality) {
            best_quality = q;
            best = tried[t];
        }
    }
    return best;
}

/* ------------------------------------------------------------------ all rows */
typedef struct {
    size_t size;
    uint32_t group;
} sized;

static int by_size(const void *a, const void *b) {
    const sized *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return (x->group > y->group) - (x->group < y->group);
}

/* Numbers by size; groups without a row are gone. */
static size_t renumber(clustering *c) {
    sized order[HX_TOPICS_MAX];
    uint32_t names[HX_TOPICS_MAX];
    size_t kept = 0;
    for (size_t g = 0; g < c->k; g++)
        order[g] = (sized){0, (uint32_t)g};
    for (size_t i = 0; i < c->n; i++)
        order[c->group[i]].size++;
    qsort(order, c->k, sizeof *order, by_size);
    for (size_t g = 0; g < c->k; g++) {
        names[order[g].group] = (uint32_t)g;
        kept += order[g].size > 0;
    }
    for (size_t i = 0; i < c->n; i++)
        c->group[i] = names[c->group[i]];
    return kept;
}

hx_status hx__topic_cluster(const hx_topic_space *s, const hx_topics_options *o, hx_arena *arena,
                            size_t *k, uint32_t **topic_of, float **likeness, hx_error *err) {
    size_t n = 0, n_sample = 0;
    size_t *rows = hx_arena_alloc(arena, (s->n_texts + 1) * sizeof *rows);
    *topic_of = hx_arena_alloc(arena, (s->n_texts + 1) * sizeof **topic_of);
    *likeness = hx_arena_alloc(arena, (s->n_texts + 1) * sizeof **likeness);
    for (size_t i = 0; rows && i < s->n_texts; i++)
        if (s->from[i + 1] > s->from[i]) rows[n++] = i;
    size_t *sample = rows ? sample_of(rows, n, SAMPLE, arena, &n_sample) : NULL;
    if (!*topic_of || !*likeness || !sample) goto no_memory;
    for (size_t i = 0; i < s->n_texts; i++)
        (*topic_of)[i] = HX_TOPIC_NONE;
    if (n == 0) return *k = 0, HX_OK;
    if (*k == 0 && (*k = choose_k(s, sample, n_sample, o->seed, err)) == 0) return HX_ENOMEM;
    if (*k > n_sample) *k = n_sample;
    clustering c = {.s = s, .rows = sample, .n = n_sample, .k = *k};
    workspace w;
    if (!fit(&c, o->seed, arena)) goto no_memory;
    clustering whole = {.s = s, .rows = rows, .n = n, .k = *k};
    if (!allot(&whole, &w, arena)) goto no_memory;
    memcpy(whole.centres, c.centres, s->n_terms * c.k * sizeof *c.centres);
    (void)run(&whole, ROUNDS, w.sums, w.lengths);
    *k = renumber(&whole);
    for (size_t i = 0; i < n; i++) {
        (*topic_of)[rows[i]] = whole.group[i];
        (*likeness)[rows[i]] = whole.likeness[i];
    }
    return HX_OK;
no_memory:
    return hx_fail(err, HX_ENOMEM, "out of memory while looking for topics in %zu texts",
                   s->n_texts);
}
