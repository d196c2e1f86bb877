/* grammar_tokens.c - a grammar's automaton against whole tokens.
 *
 * One token is a walk of its bytes: some ten table look-ups. Sampling asks about the likeliest tokens first, so a full mask is rarely made.
 * When it is, tokens are taken in the order of their bytes: each begins where it parts from the one before it (`shared`), and where a
 * beginning is dead all that share it are passed over. The last masks are kept by node, since texts come back to the same places.
 *
 * Guides outlive their text: a table keeps the last SPARES of them, so that the next text under an equal grammar (the next review under the
 * same schema) finds automaton and masks made. A guide whose nodes were trimmed does not know the begin of a text any more and is dropped. */
#include "llama/grammar_tokens.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { MASKS = 32, SPARES = 4 };

typedef struct {
    hx_str bytes;
    int32_t id;
    uint32_t shared; /* bytes that agree with the entry before */
} entry;

struct hx_token_table {
    size_t n;
    hx_str (*bytes)(const void *context, int32_t id);
    bool (*ends)(const void *context, int32_t id);
    const void *context;
    entry *sorted; /* (n_sorted), tokens with bytes that are no end; NULL until needed */
    size_t n_sorted, longest;
    hx_guide *spares[SPARES]; /* oldest first; NULL behind the last */
    pthread_mutex_t lock; /* guards the making of `sorted`, and spares */
};

typedef struct {
    uint32_t node; /* 0 = none */
    uint64_t *bits; /* (words) */
} mask;

struct hx_guide {
    hx_grammar *g; /* kept */
    hx_matcher *m;
    hx_token_table *t;
    uint32_t node, round;
    mask masks[MASKS];
    size_t next_mask;
    uint32_t *path; /* (longest + 1) nodes along the current token */
    bool no_memory;
};

hx_token_table *hx_token_table_new(size_t n, hx_str (*bytes)(const void *context, int32_t id),
                                   bool (*ends)(const void *context, int32_t id),
                                   const void *context) {
    hx_token_table *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    if (pthread_mutex_init(&t->lock, NULL) != 0) {
        free(t);
        return NULL;
    }
    t->n = n;
    t->bytes = bytes;
    t->ends = ends;
    t->context = context;
    return t;
}

void hx_token_table_free(hx_token_table *t) {
    if (!t) return;
    for (size_t i = 0; i < SPARES; i++)
        hx_guide_free(t->spares[i]);
    pthread_mutex_destroy(&t->lock);
    free(t->sorted);
    free(t);
}

static int compare_entries(const void *a, const void *b) {
    const entry *x = a, *y = b;
    int order = hx_str_compare(x->bytes, y->bytes);
    return order != 0 ? order : x->id < y->id ? -1 : 1;
}

static uint32_t shared_bytes(hx_str a, hx_str b) {
    size_t n = 0;
    while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
        n++;
    return (uint32_t)n;
}

static void sort_table(hx_token_table *t) {
    entry *e = calloc(t->n + 1, sizeof *e);
    if (!e) return;
    size_t kept = 0;
    for (size_t i = 0; i < t->n; i++) {
        hx_str bytes = t->bytes(t->context, (int32_t)i);
        if (bytes.len == 0 || bytes.len > UINT16_MAX || t->ends(t->context, (int32_t)i)) continue;
        e[kept++] = (entry){bytes, (int32_t)i, 0};
        if (bytes.len > t->longest) t->longest = bytes.len;
    }
    qsort(e, kept, sizeof *e, compare_entries);
    for (size_t i = 1; i < kept; i++)
        e[i].shared = shared_bytes(e[i - 1].bytes, e[i].bytes);
    t->n_sorted = kept;
    t->sorted = e;
}

static bool is_sorted(hx_token_table *t) {
    pthread_mutex_lock(&t->lock);
    if (!t->sorted) sort_table(t);
    bool fine = t->sorted != NULL;
    pthread_mutex_unlock(&t->lock);
    return fine;
}

/* ------------------------------------------------------------------ guide */
hx_guide *hx_guide_new(const hx_grammar *g, hx_token_table *t) {
    hx_guide *u = calloc(1, sizeof *u);
    if (!u) return NULL;
    u->t = t;
    u->m = hx_matcher_new(g);
    if (!u->m) {
        free(u);
        return NULL;
    }
    u->g = hx_grammar_keep(g);
    u->node = hx_matcher_start(u->m);
    return u;
}

/* Takes spare i out. */
static hx_guide *take_spare(hx_token_table *t, size_t i) {
    hx_guide *u = t->spares[i];
    memmove(t->spares + i, t->spares + i + 1, (SPARES - 1 - i) * sizeof *t->spares);
    t->spares[SPARES - 1] = NULL;
    return u;
}

hx_guide *hx_guide_take(const hx_grammar *g, hx_token_table *t) {
    hx_guide *u = NULL;
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < SPARES && t->spares[i] && !u; i++)
        if (hx_grammar_equal(t->spares[i]->g, g)) u = take_spare(t, i);
    pthread_mutex_unlock(&t->lock);
    if (!u) return hx_guide_new(g, t);
    u->node = hx_matcher_start(u->m);
    return u;
}

void hx_guide_give(hx_guide *u) {
    hx_guide *dropped = u;
    bool is_whole = u && hx_matcher_round(u->m) == 0 && hx_guide_status(u, NULL) == HX_OK;
    if (is_whole) {
        hx_token_table *t = u->t;
        size_t n = 0;
        pthread_mutex_lock(&t->lock);
        while (n < SPARES && t->spares[n])
            n++;
        dropped = n == SPARES ? take_spare(t, 0) : NULL;
        t->spares[n - (n == SPARES)] = u;
        pthread_mutex_unlock(&t->lock);
    }
    hx_guide_free(dropped);
}

void hx_guide_free(hx_guide *u) {
    if (!u) return;
    hx_matcher_free(u->m);
    hx_grammar_free(u->g);
    for (size_t i = 0; i < MASKS; i++)
        free(u->masks[i].bits);
    free(u->path);
    free(u);
}

bool hx_guide_allows(hx_guide *u, int32_t id) {
    if (id < 0 || (size_t)id >= u->t->n) return false;
    if (u->t->ends(u->t->context, id)) return hx_matcher_may_end(u->m, u->node);
    hx_str bytes = u->t->bytes(u->t->context, id);
    if (bytes.len == 0 || bytes.len > UINT16_MAX) return false;
    return hx_matcher_read(u->m, u->node, bytes) != 0;
}

void hx_guide_accept(hx_guide *u, int32_t id) {
    u->node = hx_matcher_read(u->m, u->node, u->t->bytes(u->t->context, id));
    u->node = hx_matcher_trim(u->m, u->node);
}

bool hx_guide_is_over(const hx_guide *u) {
    return hx_matcher_must_end(u->m, u->node);
}

hx_status hx_guide_status(const hx_guide *u, hx_error *err) {
    if (u->no_memory) return hx_fail(err, HX_ENOMEM, "not enough memory to follow the grammar");
    return hx_matcher_status(u->m, err);
}

static void mark_tokens(hx_guide *u, uint64_t *bits) {
    const entry *e = u->t->sorted;
    size_t alive = 0; /* path[0 .. alive] are the nodes along the token's first bytes */
    bool is_dead = false; /* the byte behind them led nowhere */
    u->path[0] = u->node;
    for (size_t i = 0; i < u->t->n_sorted; i++) {
        if (is_dead && e[i].shared > alive) continue;
        if (e[i].shared < alive) alive = e[i].shared;
        is_dead = false;
        for (; alive < e[i].bytes.len; alive++) {
            uint32_t next = hx_matcher_step(u->m, u->path[alive], (uint8_t)e[i].bytes.ptr[alive]);
            is_dead = next == 0;
            if (is_dead) break;
            u->path[alive + 1] = next;
        }
        if (!is_dead) bits[(size_t)e[i].id >> 6] |= 1ull << ((size_t)e[i].id & 63);
    }
    if (!hx_matcher_may_end(u->m, u->node)) return;
    for (size_t i = 0; i < u->t->n; i++)
        if (u->t->ends(u->t->context, (int32_t)i)) bits[i >> 6] |= 1ull << (i & 63);
}

static mask *find_mask(hx_guide *u) {
    if (u->round != hx_matcher_round(u->m)) {
        for (size_t i = 0; i < MASKS; i++)
            u->masks[i].node = 0;
        u->round = hx_matcher_round(u->m);
    }
    for (size_t i = 0; i < MASKS; i++)
        if (u->masks[i].node == u->node) return &u->masks[i];
    return NULL;
}

const uint64_t *hx_guide_mask(hx_guide *u) {
    mask *found = u->node == 0 ? NULL : find_mask(u);
    if (found) return found->bits;
    size_t words = (u->t->n + 63) / 64;
    mask *k = &u->masks[u->next_mask++ % MASKS];
    if (!k->bits) k->bits = calloc(words + 1, sizeof *k->bits);
    if (k->bits && is_sorted(u->t) && !u->path)
        u->path = calloc(u->t->longest + 2, sizeof *u->path);
    if (!k->bits || !u->path) {
        u->no_memory = true;
        return NULL;
    }
    memset(k->bits, 0, words * sizeof *k->bits);
    mark_tokens(u, k->bits);
    k->node = u->node;
    return hx_matcher_status(u->m, NULL) == HX_OK ? k->bits : NULL;
}
