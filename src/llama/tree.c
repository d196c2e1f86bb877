/* tree.c - maximum spanning arborescence by contraction (Chu, Liu 1965; Edmonds 1967), O(n^2) for n words, without recursion (tree.h).
 *
 * Each node takes its best head. While that has a cycle C, C becomes one node r, its lowest:
 *     into r from u:  max over c in C of s(c, u) - s(c, head of c)     the arc that breaks the cycle; enter[u] = that c
 *     from r to u:    max over c in C of s(u, c)                       leave[u] = that c
 * Contractions are undone from the last to the first: r's head u becomes the head of enter[u], the others of C keep theirs, and who hangs on r
 * hangs on leave[u].
 * One root word: all arcs to the root lose more than any two trees of other arcs can differ by, so the best tree uses one of them; what the
 * loss is changes nothing among trees with one (Stanojevic, Cohen 2021). Of equal scores the lowest head wins. */
#include "llama/tree.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "tensor/memory.h"

typedef struct {
    uint32_t *enter, *leave; /* (m) */
    uint32_t *cycle, *kept; /* (length): nodes, lowest first, and their heads */
    size_t length;
} contraction;

typedef struct {
    size_t m; /* nodes with the root */
    double *s; /* (m, m) */
    uint32_t *head; /* (m) */
    uint32_t *mark; /* (m) */
    uint32_t *
        next; /* (2 m): room for cycles and the heads kept; those of all cycles together have fewer than 2 m */
    size_t n_next;
    bool *is_gone; /* (m) */
    contraction *levels; /* (m) */
    size_t n_levels;
    uint32_t *sides; /* (2 m, m): enter and leave of the levels */
} tree_state;

static double score(const tree_state *t, size_t node, size_t head) {
    return t->s[node * t->m + head];
}

/* ------------------------------------------------------------------ scores */
static void fill_scores(tree_state *t, const float *scores) {
    size_t m = t->m;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = m; i < m * m; i++) {
        double x = (double)scores[i];
        if (!isfinite(x) || i / m == i % m) continue;
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    if (low > high) low = high = 0;
    double most = (high - low) * (double)m + 1; /* by which trees of known arcs differ */
    for (size_t i = m; i < m * m; i++) {
        double x = (double)scores[i];
        if (!isfinite(x)) x = low - most;
        if (i % m == 0) x -= most * (double)(m + 1);
        t->s[i] = x - high;
    }
}

static uint32_t best_head(const tree_state *t, size_t node) {
    size_t best = 0;
    for (size_t u = 0; u < t->m; u++)
        if (u != node && !t->is_gone[u] && score(t, node, u) > score(t, node, best)) best = u;
    return (uint32_t)best;
}

/* ------------------------------------------------------------------ contraction */
/* A node of a cycle, or 0. mark: which walk came by. */
static size_t find_cycle(const tree_state *t) {
    memset(t->mark, 0, t->m * sizeof *t->mark);
    for (size_t first = 1; first < t->m; first++) {
        size_t at = first;
        if (t->is_gone[first] || t->mark[first]) continue;
        while (at != 0 && t->mark[at] == 0) {
            t->mark[at] = (uint32_t)first;
            at = t->head[at];
        }
        if (at != 0 && t->mark[at] == first) return at;
    }
    return 0;
}

static contraction *begin_level(tree_state *t, size_t node) {
    contraction *c = &t->levels[t->n_levels];
    c->enter = t->sides + 2 * t->n_levels * t->m;
    c->leave = c->enter + t->m;
    t->n_levels++;
    size_t lowest = node, at = node;
    do {
        at = t->head[at];
        if (at < lowest) lowest = at;
        c->length++;
    } while (at != node);
    c->cycle = t->next + t->n_next;
    c->kept = c->cycle + c->length;
    t->n_next += 2 * c->length;
    at = lowest;
    for (size_t i = 0; i < c->length; i++, at = t->head[at]) {
        c->cycle[i] = (uint32_t)at;
        c->kept[i] = t->head[at];
    }
    return c;
}

/* Arcs between the cycle and node u go through r. */
static void join(tree_state *t, contraction *c, size_t u) {
    size_t m = t->m, r = c->cycle[0], in = r, out = r;
    double into = -INFINITY;
    for (size_t i = 0; i < c->length; i++) {
        size_t node = c->cycle[i];
        double gain = score(t, node, u) - score(t, node, c->kept[i]);
        if (gain > into) {
            into = gain;
            in = node;
        }
        if (u != 0 && score(t, u, node) > score(t, u, out)) out = node;
    }
    c->enter[u] = (uint32_t)in;
    c->leave[u] = (uint32_t)out;
    t->s[u] = into; /* the root's row has room: r's own scores are read until all u are done */
    if (u != 0) t->s[u * m + r] = score(t, u, out);
}

static void contract(tree_state *t, size_t node) {
    contraction *c = begin_level(t, node);
    size_t r = c->cycle[0];
    for (size_t i = 1; i < c->length; i++)
        t->is_gone[c->cycle[i]] = true;
    t->is_gone[r] = true;
    for (size_t u = 0; u < t->m; u++)
        if (!t->is_gone[u]) join(t, c, u);
    for (size_t u = 0; u < t->m; u++) {
        if (t->is_gone[u]) continue;
        t->s[r * t->m + u] = t->s[u];
        for (size_t i = 0; u != 0 && i < c->length; i++)
            if (t->head[u] == c->cycle[i]) t->head[u] = (uint32_t)r;
    }
    t->is_gone[r] = false;
    t->head[r] = best_head(t, r);
}

static void expand(const tree_state *t, const contraction *c) {
    size_t r = c->cycle[0], head = t->head[r];
    for (size_t u = 1; u < t->m; u++)
        if (!t->is_gone[u] && u != r && t->head[u] == r) t->head[u] = c->leave[u];
    for (size_t i = 0; i < c->length; i++) {
        t->head[c->cycle[i]] = c->kept[i];
        t->is_gone[c->cycle[i]] = false;
    }
    t->head[c->enter[head]] = (uint32_t)head;
}

/* ------------------------------------------------------------------ all */
static size_t carve(size_t *bytes, size_t n) {
    size_t at = *bytes;
    *bytes += (n + 63) / 64 * 64;
    return at;
}

static void solve(tree_state *t, const float *scores) {
    fill_scores(t, scores);
    for (size_t i = 1; i < t->m; i++)
        t->head[i] = best_head(t, i);
    size_t node = find_cycle(t);
    while (node != 0) {
        contract(t, node);
        node = find_cycle(t);
    }
    for (size_t i = t->n_levels; i-- > 0;)
        expand(t, &t->levels[i]);
}

hx_status hx_tree_best(const float *scores, size_t n, uint32_t *heads, hx_error *err) {
    size_t m = n + 1, bytes = 0;
    if (n == 0) return HX_OK;
    if (n > HX_TREE_WORDS_MAX)
        return hx_fail(err, HX_ELIMIT, "a sentence has %zu words; trees are made of at most %d", n,
                       HX_TREE_WORDS_MAX);
    size_t s = carve(&bytes, m * m * sizeof(double)), head = carve(&bytes, m * sizeof(uint32_t));
    size_t mark = carve(&bytes, m * sizeof(uint32_t));
    size_t next = carve(&bytes, 4 * m * sizeof(uint32_t)), gone = carve(&bytes, m);
    size_t levels = carve(&bytes, m * sizeof(contraction));
    size_t sides = carve(&bytes, 2 * m * m * sizeof(uint32_t));
    char *room = hx_memory_new(bytes);
    if (!room) return hx_fail(err, HX_ENOMEM, "out of memory (tree of %zu words)", n);
    tree_state t = {.m = m,
                    .s = (double *)(void *)(room + s),
                    .head = (uint32_t *)(void *)(room + head),
                    .mark = (uint32_t *)(void *)(room + mark),
                    .next = (uint32_t *)(void *)(room + next),
                    .is_gone = (bool *)(room + gone),
                    .levels = (contraction *)(void *)(room + levels),
                    .sides = (uint32_t *)(void *)(room + sides)};
    solve(&t, scores);
    memcpy(heads, t.head + 1, n * sizeof *heads);
    hx_memory_free(room, bytes);
    return HX_OK;
}
