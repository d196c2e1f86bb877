/* textrank.c - TextRank (Mihalcea, Tarau 2004): a word is important if important words stand near it.
 *
 *     nodes     the candidates
 *     edges     undirected; weight = how often two candidates stand less than WINDOW words apart
 *     rank      r(v) = (1 - d) / n + d x sum over neighbours u of r(u) x w(u, v) / w(u),  d = 0.85, w(u) = sum of u's edges
 *               ROUNDS rounds from 1 / n, all nodes from the round before
 *
 * Parallel edges are kept apart, which adds up to the same. Rounds walk the edges in text order: same text, same bytes.
 * Only the first PLACES_MAX words of a text are linked, which bounds time and memory. */
#include "text/keyword.h"

#include "base/error.h"
#include "text/annotator.h"

enum { WINDOW = 5, ROUNDS = 30, PLACES_MAX = 1 << 16 };

static const double damping = 0.85;

/* Calls for each pair of different candidates in one window, in text order. */
typedef struct {
    const hx_candidates *c;
    size_t n; /* places walked */
    size_t i, j;
    uint32_t from, to; /* indices of the pair found */
} pair_walk;

static bool next_pair(pair_walk *w) {
    while (w->i < w->n) {
        uint32_t from = w->c->places[w->i];
        if (from != 0 && ++w->j < w->n && w->j - w->i < WINDOW) {
            uint32_t to = w->c->places[w->j];
            if (to == 0 || to == from) continue;
            w->from = from - 1;
            w->to = to - 1;
            return true;
        }
        w->j = ++w->i;
    }
    return false;
}

static void set_degrees(pair_walk w, double *degree) {
    while (next_pair(&w)) {
        degree[w.from] += 1;
        degree[w.to] += 1;
    }
}

static void rank_once(pair_walk w, const double *degree, const double *rank, double *next,
                      uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        next[i] = (1 - damping) / n;
    while (next_pair(&w)) {
        next[w.to] += damping * rank[w.from] / degree[w.from];
        next[w.from] += damping * rank[w.to] / degree[w.to];
    }
}

hx_status hx__textrank_score(hx_annotator *a, hx_candidates *c, hx_error *err) {
    double *block = hx_arena_alloc(a->scratch, ((size_t)c->n * 3 + 1) * sizeof *block);
    if (!block)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while ranking the keywords of a text of %zu words",
                       c->n_places);
    double *degree = block, *rank = block + c->n, *next = block + 2 * (size_t)c->n;
    pair_walk start = {.c = c, .n = c->n_places < PLACES_MAX ? c->n_places : PLACES_MAX};
    set_degrees(start, degree);
    for (uint32_t i = 0; i < c->n; i++)
        rank[i] = 1.0 / c->n;
    for (int round = 0; round < ROUNDS; round++) {
        rank_once(start, degree, rank, next, c->n);
        double *swap = rank;
        rank = next;
        next = swap;
    }
    for (uint32_t i = 0; i < c->n; i++)
        c->list[i].score = rank[i];
    return HX_OK;
}
