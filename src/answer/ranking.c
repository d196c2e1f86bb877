/* ranking.c - the first few of a population by any order, without sorting all of it.
 *
 * A heap of at most `limit` indexes with the worst on top: each further customer is compared with the worst kept one. At the end
 * the heap is emptied from the back, which leaves the best first. Ties are broken by the person's key, so the result does not
 * depend on the order of the walk. O(n log limit), whatever the input. */
#include <string.h>

#include "answer/population.h"
#include "base/error.h"

typedef struct {
    const hx_customer *customers;
    hx_customer_compare *compare;
    const void *context;
    uint32_t *heap;
    size_t n;
} ranking_heap;

/* a stands behind b */
static bool is_worse(const ranking_heap *h, uint32_t a, uint32_t b) {
    const hx_customer *x = &h->customers[a], *y = &h->customers[b];
    int order = h->compare(h->context, x, y);
    if (order != 0) return order > 0;
    return (int64_t)x->person > (int64_t)y->person;
}

static void swap(uint32_t *a, uint32_t *b) {
    uint32_t t = *a;
    *a = *b;
    *b = t;
}

static void sift_up(ranking_heap *h, size_t i) {
    while (i > 0 && is_worse(h, h->heap[i], h->heap[(i - 1) / 2])) {
        swap(&h->heap[i], &h->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static void sift_down(ranking_heap *h, size_t i) {
    for (;;) {
        size_t worst = i, left = 2 * i + 1;
        for (size_t child = left; child < left + 2 && child < h->n; child++)
            if (is_worse(h, h->heap[child], h->heap[worst])) worst = child;
        if (worst == i) return;
        swap(&h->heap[i], &h->heap[worst]);
        i = worst;
    }
}

static void offer(ranking_heap *h, uint32_t customer, size_t limit) {
    if (h->n < limit) {
        h->heap[h->n++] = customer;
        sift_up(h, h->n - 1);
    } else if (is_worse(h, h->heap[0], customer)) {
        h->heap[0] = customer;
        sift_down(h, 0);
    }
}

static void sort_best_first(ranking_heap *h) {
    size_t all = h->n;
    while (h->n > 1) {
        swap(&h->heap[0], &h->heap[--h->n]);
        sift_down(h, 0);
    }
    h->n = all;
}

hx_status hx__population_top(const hx_population *pop, hx_customer_keep *keep,
                             hx_customer_compare *compare, const void *context, size_t limit,
                             hx_arena *arena, uint32_t **out, size_t *n, hx_error *err) {
    if (limit == 0 || limit > pop->n) limit = pop->n;
    ranking_heap h = {pop->customers, compare, context, NULL, 0};
    h.heap = hx_arena_alloc(arena, (limit + 1) * sizeof *h.heap);
    if (!h.heap) return hx_fail(err, HX_ENOMEM, "not enough memory to rank %zu customers", pop->n);
    for (size_t i = 0; i < pop->n; i++)
        if (!keep || keep(context, &pop->customers[i])) offer(&h, (uint32_t)i, limit);
    sort_best_first(&h);
    *out = h.heap;
    *n = h.n;
    return HX_OK;
}

static int compare_spent(const void *context, const hx_customer *a, const hx_customer *b) {
    (void)context;
    return (a->monetary < b->monetary) - (a->monetary > b->monetary);
}

static bool is_buyer(const void *context, const hx_customer *c) {
    (void)context;
    return c->orders > 0;
}

static int compare_mood(const void *context, const hx_customer *a, const hx_customer *b) {
    (void)context;
    int order = (a->sentiment > b->sentiment) - (a->sentiment < b->sentiment);
    if (order == 0) order = (a->texts < b->texts) - (a->texts > b->texts);
    return order ? order : compare_spent(NULL, a, b);
}

static bool is_below_zero(const void *context, const hx_customer *c) {
    (void)context;
    return c->texts > 0 && c->sentiment < 0;
}

hx_status hx__population_best(const hx_population *pop, size_t limit, hx_arena *arena,
                              uint32_t **out, size_t *n, hx_error *err) {
    return hx__population_top(pop, is_buyer, compare_spent, NULL, limit, arena, out, n, err);
}

hx_status hx__population_unhappiest(const hx_population *pop, size_t limit, hx_arena *arena,
                                    uint32_t **out, size_t *n, hx_error *err) {
    return hx__population_top(pop, is_below_zero, compare_mood, NULL, limit, arena, out, n, err);
}
