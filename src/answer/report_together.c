/* report_together.c - the report's section of recommendations: pairs of products that the same customers buy.
 *
 * Of the HX_TOGETHER_ITEMS products with most order lines, by customers: n(a), n(b), n(a and b). A pair stands out by (shared - expected) / sqrt(expected), where
 * expected = n(a) n(b) / buyers; it is shown where at least HX_TOGETHER_LEAST customers bought both and that is 2 at least. Lift = shared / expected.
 * Events come by block, and a customer of several ids has several: a set of bits a customer gathers what all of them bought. */
#include <math.h>
#include <stdlib.h>

#include "answer/report.h"
#include "base/error.h"

#define HX_TOGETHER_ITEMS 256
#define WORDS (HX_TOGETHER_ITEMS / 64)
#define HX_TOGETHER_LEAST 5
#define HX_TOGETHER_SHOWN 8
#define HX_TOGETHER_STANDS_OUT 2.0

typedef struct {
    double score;
    uint32_t a, b;
} item_pair;

typedef struct {
    hx_report *r;
    uint32_t *place; /* (items of the report) + 1 among the chosen, 0 = not chosen */
    uint64_t *bought; /* (customers, WORDS): which of the chosen */
    uint32_t chosen[HX_TOGETHER_ITEMS], shared[HX_TOGETHER_ITEMS][HX_TOGETHER_ITEMS];
    uint32_t buyers;
    size_t n;
} together;

typedef struct {
    uint64_t lines;
    uint32_t at;
} busy_item;

static int busiest_first(const void *l, const void *r) {
    const busy_item *a = l, *b = r;
    if (a->lines != b->lines) return a->lines > b->lines ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static hx_status choose(together *t, hx_error *err) {
    const size_t n = t->r->items.len / sizeof(hx_report_item);
    busy_item *list = hx_arena_alloc(t->r->arena, (n + 1) * sizeof *list);
    t->place = hx_arena_alloc(t->r->arena, (n + 1) * sizeof *t->place);
    t->bought = calloc(t->r->pop->n * WORDS + 1, sizeof *t->bought);
    if (!list || !t->place || !t->bought)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    for (size_t i = 0; i < n; i++) {
        list[i] = (busy_item){hx__report_items(t->r)[i].lines, (uint32_t)i};
        t->place[i] = 0;
    }
    if (n > 1) qsort(list, n, sizeof *list, busiest_first);
    for (; t->n < n && t->n < HX_TOGETHER_ITEMS && list[t->n].lines > 0; t->n++) {
        t->chosen[t->n] = list[t->n].at;
        t->place[list[t->n].at] = (uint32_t)t->n + 1;
    }
    return HX_OK;
}

static void buy(together *t, const hx_event *e, uint64_t *bought) {
    const hx_report_item *item =
        e->kind == HX_KIND_ORDER && hx__report_is_seen(t->r, e) && (!e->has_amount || e->amount > 0)
            ? hx__report_item_of(t->r, e, false)
            : NULL;
    const uint32_t at = item ? t->place[item - hx__report_items(t->r)] : 0;
    if (at > 0) bought[(at - 1) / 64] |= UINT64_C(1) << ((at - 1) % 64);
}

static hx_status visit(void *context, uint64_t person, const hx_event *events, size_t n,
                       hx_error *err) {
    together *t = context;
    const hx_customer *c = person ? hx__population_find(t->r->pop, person) : NULL;
    (void)err;
    for (size_t i = 0; c && i < n; i++)
        buy(t, &events[i], t->bought + (size_t)(c - t->r->pop->customers) * WORDS);
    return HX_OK;
}

static void count_pairs(together *t) {
    uint32_t list[HX_TOGETHER_ITEMS];
    for (size_t c = 0; c < t->r->pop->n; c++) {
        const uint64_t *bought = t->bought + c * WORDS;
        size_t n = 0;
        for (uint32_t i = 0; i < t->n; i++)
            if (bought[i / 64] >> (i % 64) & 1) list[n++] = i;
        t->buyers += n > 0;
        for (size_t i = 0; i < n; i++)
            for (size_t k = i; k < n; k++)
                t->shared[list[i]][list[k]]++;
    }
}

static double expected(const together *t, size_t a, size_t b) {
    return (double)t->shared[a][a] * (double)t->shared[b][b] / (double)t->buyers;
}

static size_t best_pairs(const together *t, item_pair best[HX_TOGETHER_SHOWN]) {
    size_t n = 0;
    for (uint32_t a = 0; a < t->n; a++)
        for (uint32_t b = a + 1; b < t->n; b++) {
            if (t->shared[a][b] < HX_TOGETHER_LEAST) continue;
            const double e = expected(t, a, b), score = (t->shared[a][b] - e) / sqrt(e);
            size_t at = n;
            if (score < HX_TOGETHER_STANDS_OUT) continue;
            while (at > 0 && best[at - 1].score < score)
                at--;
            if (at == HX_TOGETHER_SHOWN) continue;
            if (n < HX_TOGETHER_SHOWN) n++;
            for (size_t k = n - 1; k > at; k--)
                best[k] = best[k - 1];
            best[at] = (item_pair){score, a, b};
        }
    return n;
}

static void put_pairs(const together *t, hx_json_writer *w) {
    item_pair best[HX_TOGETHER_SHOWN];
    const size_t n = best_pairs(t, best);
    for (size_t i = 0; i < n; i++) {
        const uint32_t a = best[i].a, b = best[i].b;
        hx_json_object(w);
        hx__value_str(w, "a", hx__report_items(t->r)[t->chosen[a]].name);
        hx__value_str(w, "b", hx__report_items(t->r)[t->chosen[b]].name);
        hx__value_int(w, "bought_a", t->shared[a][a]);
        hx__value_int(w, "bought_b", t->shared[b][b]);
        hx__value_int(w, "shared", t->shared[a][b]);
        hx__value_double(w, "lift", t->shared[a][b] / expected(t, a, b));
        hx_json_end_object(w);
    }
}

hx_status hx__report_put_together(hx_report *r, hx_json_writer *w, hx_error *err) {
    together *t = calloc(1, sizeof *t);
    if (!t) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    t->r = r;
    hx_status status = choose(t, err);
    if (status == HX_OK && t->n > 1) status = hx_store_each_events(r->store, visit, t, err);
    if (status == HX_OK) count_pairs(t);
    hx_json_key(w, "together");
    hx_json_array(w);
    if (status == HX_OK) put_pairs(t, w);
    hx_json_end_array(w);
    free(t->bought);
    free(t);
    return status;
}
