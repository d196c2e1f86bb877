/* population.c - every customer at one time, in one walk; see population.h.
 *
 * During the walk the main currency is not known yet: each record holds the money of the profile's first currency (its number
 * stands in `first_currency`), and what a customer spent in others waits in `extras`, which few customers need. When
 * the walk is over the main currency is chosen and the records are set right. People who have to be folded again are
 * noted by key and done after the walk, because a store handle walks one thing at a time. */
#include "answer/population.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

#define CUSTOMERS_MAX 100000000u
#define NO_CURRENCY 255

typedef struct {
    uint32_t customer; /* index */
    uint32_t currency;
    hx_money amount;
} population_extra;

/* Growing arrays are hx_bufs of records. */
typedef struct {
    hx_population *pop;
    hx_buf customers; /* hx_customer */
    hx_buf first_currency; /* uint8_t a customer */
    hx_buf extras; /* population_extra */
    hx_buf later; /* uint64_t keys of people to fold again */
} population_walk;

static uint64_t add_u64(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static hx_money add_money(hx_money a, hx_money b) {
    hx_money sum;
    if (hx_money_add(a, b, &sum)) return sum;
    return b > 0 ? INT64_MAX : INT64_MIN;
}

static void add_all(uint64_t *to, const uint64_t *from, size_t n) {
    for (size_t i = 0; i < n; i++)
        to[i] = add_u64(to[i], from[i]);
}

static void add_hours(uint64_t *to, const uint32_t *from, size_t n) {
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

/* ------------------------------------------------------------------ one profile into the sums */
static void add_times(hx_population *pop, const hx_profile *p) {
    if (p->first == HX_TIME_NONE) return;
    if (pop->first == HX_TIME_NONE || p->first < pop->first) pop->first = p->first;
    if (pop->last == HX_TIME_NONE || p->last > pop->last) pop->last = p->last;
}

static void add_totals(hx_population *pop, const hx_profile *p) {
    pop->events = add_u64(pop->events, p->n_events);
    pop->undated = add_u64(pop->undated, p->n_undated);
    pop->orders = add_u64(pop->orders, p->n_orders);
    pop->lines = add_u64(pop->lines, p->n_lines);
    pop->discounted = add_u64(pop->discounted, p->n_discounted);
    pop->refunds = add_u64(pop->refunds, p->n_refunds);
    pop->buyers += p->n_orders > 0;
    pop->texts = add_u64(pop->texts, p->n_texts);
    pop->noise = add_u64(pop->noise, p->n_noise);
    add_all(pop->kinds, p->kinds, HX_KIND_N);
    add_all(pop->sentiments, p->sentiments, HX_SENTIMENT_N);
    add_all(pop->intents, p->intents, HX_INTENT_N);
    add_all(pop->langs, p->langs, HX_LANG_N);
    add_hours(pop->by_hour, p->by_hour, 24);
    add_hours(pop->by_weekday, p->by_weekday, 7);
    add_times(pop, p);
}

/* The number of a currency, NO_CURRENCY where the table is full or its name is no currency's. */
static uint8_t currency_number(hx_population *pop, hx_str name) {
    if (name.len >= HX_CURRENCY_TEXT_MAX) return NO_CURRENCY;
    for (size_t i = 0; i < pop->n_spent; i++)
        if (hx_str_equal(hx_str_of(pop->spent[i].currency), name)) return (uint8_t)i;
    if (pop->n_spent == HX_POPULATION_CURRENCIES_MAX) return NO_CURRENCY;
    hx_population_spent *s = &pop->spent[pop->n_spent];
    memset(s, 0, sizeof *s);
    if (name.len > 0) memcpy(s->currency, name.ptr, name.len);
    return (uint8_t)pop->n_spent++;
}

static void add_spent(population_walk *w, const hx_profile *p, uint32_t customer) {
    uint8_t first = NO_CURRENCY;
    for (uint32_t i = 0; i < p->n_spent; i++) {
        const hx_spent *spent = &p->spent[i];
        uint8_t number = currency_number(w->pop, spent->currency);
        if (i == 0) first = number;
        if (number == NO_CURRENCY) continue;
        hx_population_spent *s = &w->pop->spent[number];
        s->amount = add_money(s->amount, spent->amount);
        s->refunded = add_money(s->refunded, spent->refunded);
        double amount = hx_money_double(spent->amount);
        s->weight += amount < 0 ? -amount : amount;
        population_extra extra = {customer, number, spent->amount};
        if (i > 0) hx_buf_append(&w->extras, &extra, sizeof extra);
    }
    hx_buf_append_byte(&w->first_currency, (char)first);
}

static hx_status take(population_walk *w, const hx_profile *p, hx_error *err) {
    uint32_t customer = (uint32_t)(w->customers.len / sizeof(hx_customer));
    hx_customer c;
    add_totals(w->pop, p);
    hx__label_sums_add(&w->pop->labels, p, true);
    add_spent(w, p, customer);
    hx_customer_measure(p, w->pop->as_of, p->n_spent > 0 ? p->spent[0].currency : (hx_str){NULL, 0},
                        &c);
    hx_buf_append(&w->customers, &c, sizeof c);
    return hx_buf_status(&w->customers, "customers", err);
}

static hx_status visit(void *context, const hx_profile *p, hx_error *err) {
    population_walk *w = context;
    int64_t as_of = w->pop->as_of;
    if (as_of == HX_TIME_NONE || p->last == HX_TIME_NONE || p->last <= as_of)
        return take(w, p, err);
    w->pop->latest = false;
    hx_buf_append(&w->later, &p->key, sizeof p->key);
    return hx_buf_status(&w->later, "customers", err);
}

/* ------------------------------------------------------------------ folding again */
static hx_status take_again(population_walk *w, uint64_t person, hx_profile *p, hx_arena *arena,
                            hx_error *err) {
    hx_event *events = NULL;
    size_t n = 0;
    hx_arena_reset(arena);
    HX_TRY(hx__person_events(w->pop->store, person, w->pop->as_of, arena, &events, &n, err));
    if (n == 0) return HX_OK;
    HX_TRY(hx__person_fold(events, n, person, p, err));
    return take(w, p, err);
}

static hx_status take_later(population_walk *w, hx_error *err) {
    size_t n = w->later.len / sizeof(uint64_t);
    if (n == 0) return HX_OK;
    hx_profile *p = hx_profile_new();
    hx_arena *arena = hx_arena_new(0);
    hx_status status = HX_OK;
    if (!p || !arena) status = hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    for (size_t i = 0; i < n && status == HX_OK; i++) {
        uint64_t person;
        memcpy(&person, w->later.ptr + i * sizeof person, sizeof person);
        status = take_again(w, person, p, arena, err);
    }
    hx_arena_free(arena);
    hx_profile_free(p);
    return status;
}

/* ------------------------------------------------------------------ main currency, order, scores */
static size_t main_currency(const hx_population *pop) {
    size_t best = 0;
    for (size_t i = 1; i < pop->n_spent; i++) {
        const hx_population_spent *a = &pop->spent[i], *b = &pop->spent[best];
        if (a->weight > b->weight ||
            (a->weight >= b->weight && strcmp(a->currency, b->currency) < 0))
            best = i;
    }
    return best;
}

static void set_money(population_walk *w) {
    hx_population *pop = w->pop;
    if (pop->n_spent == 0) return;
    size_t main = main_currency(pop);
    memcpy(pop->currency, pop->spent[main].currency, sizeof pop->currency);
    for (size_t i = 0; i < pop->n; i++)
        if ((uint8_t)w->first_currency.ptr[i] != main) pop->customers[i].monetary = 0;
    size_t n = w->extras.len / sizeof(population_extra);
    for (size_t i = 0; i < n; i++) {
        population_extra x;
        memcpy(&x, w->extras.ptr + i * sizeof x, sizeof x);
        if (x.currency == main) pop->customers[x.customer].monetary = x.amount;
    }
}

static int compare_spent(const void *a, const void *b) {
    const hx_population_spent *x = a, *y = b;
    if (x->weight > y->weight) return -1;
    return x->weight < y->weight ? 1 : strcmp(x->currency, y->currency);
}

static int compare_keys(const void *a, const void *b) {
    int64_t x = (int64_t)((const hx_customer *)a)->person;
    int64_t y = (int64_t)((const hx_customer *)b)->person;
    return (x > y) - (x < y);
}

static void score_all(hx_population *pop) {
    for (size_t i = 0; i < pop->n; i++) {
        hx_customer *c = &pop->customers[i];
        hx_rfm_score(&pop->thresholds.rfm, c);
        c->segments = hx_segment_mask(&pop->thresholds, c);
        for (int id = 0; id < HX_SEGMENT_N; id++)
            pop->segment_sizes[id] += c->segments >> id & 1;
        if (c->r == 0) continue;
        pop->group_sizes[hx_rfm_group(c)]++;
        pop->rfm_cells[c->r - 1][c->f - 1]++;
    }
}

static hx_status finish(population_walk *w, hx_error *err) {
    hx_population *pop = w->pop;
    hx_buf *sums[] = {&w->first_currency, &w->extras, &w->customers};
    for (size_t i = 0; i < 3; i++)
        HX_TRY(hx_buf_status(sums[i], "customers", err));
    pop->customers = (hx_customer *)(void *)w->customers.ptr;
    pop->n = w->customers.len / sizeof(hx_customer);
    set_money(w);
    HX_TRY(hx__label_sums_finish(&pop->labels, err));
    if (pop->n_spent > 1) qsort(pop->spent, pop->n_spent, sizeof *pop->spent, compare_spent);
    if (!pop->latest && pop->n > 1)
        qsort(pop->customers, pop->n, sizeof *pop->customers, compare_keys);
    int32_t history = hx_customer_days(pop->as_of, pop->first);
    HX_TRY(hx_segment_fit(pop->customers, pop->n, history, &pop->thresholds, err));
    score_all(pop);
    pop->hash = hx_hash_seed((hx_str){w->customers.ptr, w->customers.len}, (uint64_t)pop->as_of);
    pop->hash = hx_hash_mix(pop->hash, hx_hash(hx_str_of(pop->currency)));
    return HX_OK;
}

/* ------------------------------------------------------------------ open and close */
static hx_status walk_store(population_walk *w, hx_error *err) {
    hx_store_summary size;
    HX_TRY(hx_store_summarize(w->pop->store, &size, err));
    if (size.customers > CUSTOMERS_MAX)
        return hx_fail(err, HX_ELIMIT, "the store has %llu customers; at most %u can be compared",
                       (unsigned long long)size.customers, CUSTOMERS_MAX);
    hx_buf_reserve(&w->customers, size.customers * sizeof(hx_customer));
    hx_buf_reserve(&w->first_currency, size.customers);
    HX_TRY(hx_store_each_profile(w->pop->store, visit, w, err));
    HX_TRY(take_later(w, err));
    return finish(w, err);
}

hx_status hx__population_open(hx_population **out, hx_store *s, int64_t as_of, hx_error *err) {
    hx_population *pop = calloc(1, sizeof *pop);
    if (!pop) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    pop->store = s;
    pop->latest = true;
    pop->first = pop->last = HX_TIME_NONE;
    population_walk w = {.pop = pop};
    hx_buf_init(&w.customers, (CUSTOMERS_MAX + 1ull) * sizeof(hx_customer));
    hx_buf_init(&w.first_currency, CUSTOMERS_MAX + 1ull);
    hx_buf_init(&w.extras, CUSTOMERS_MAX * sizeof(population_extra));
    hx_buf_init(&w.later, CUSTOMERS_MAX * sizeof(uint64_t));
    hx_status status = hx__as_of(s, as_of, &pop->as_of, err);
    if (status == HX_OK) status = walk_store(&w, err);
    hx_buf_release(&w.first_currency);
    hx_buf_release(&w.extras);
    hx_buf_release(&w.later);
    if (status == HX_OK) {
        *out = pop;
        return HX_OK;
    }
    hx_buf_release(&w.customers);
    hx_arena_free(pop->labels.arena);
    free(pop);
    return status;
}

void hx__population_close(hx_population *pop) {
    if (!pop) return;
    hx_buf customers = {.ptr = (char *)pop->customers};
    hx_buf_release(&customers);
    hx_arena_free(pop->labels.arena);
    free(pop);
}

/* ------------------------------------------------------------------ use */
const hx_customer *hx__population_find(const hx_population *pop, uint64_t person) {
    hx_customer key = {.person = person};
    if (pop->n == 0) return NULL;
    return bsearch(&key, pop->customers, pop->n, sizeof key, compare_keys);
}

typedef struct {
    const hx_population *pop;
    hx_population_fn *fn;
    void *context;
} population_each;

static hx_status pass_on(void *context, const hx_profile *p, hx_error *err) {
    population_each *each = context;
    const hx_customer *c = hx__population_find(each->pop, p->key);
    return c ? each->fn(each->context, c, p, err) : HX_OK;
}

static hx_status each_again(const hx_population *pop, hx_population_fn *fn, void *context,
                            hx_error *err) {
    hx_profile *p = hx_profile_new();
    if (!p) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_status status = HX_OK;
    for (size_t i = 0; i < pop->n && status == HX_OK; i++) {
        status = hx__person_profile(pop->store, pop->customers[i].person, pop->as_of, p, err);
        if (status == HX_OK) status = fn(context, &pop->customers[i], p, err);
    }
    hx_profile_free(p);
    return status;
}

hx_status hx__population_each(const hx_population *pop, hx_population_fn *fn, void *context,
                              hx_error *err) {
    if (!pop->latest) return each_again(pop, fn, context, err);
    population_each each = {pop, fn, context};
    return hx_store_each_profile(pop->store, pass_on, &each, err);
}
