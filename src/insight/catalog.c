/* catalog.c - items and their categories, as events tell them; see catalog.h.
 *
 * Items are found by a hash of their id (or of their name, where there is no id), categories by a hash of their name. Sums of
 * logarithms are kept as whole millionths, so that they do not hang on the order of the events.
 * A catalogue is of one thread; its strings live until it is freed. */
#include "insight/catalog.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"

#define MICRO 1e6

typedef struct {
    uint32_t category[HX_CATALOG_RIVALS]; /* index + 1; 0 = free */
    uint32_t votes[HX_CATALOG_RIVALS];
    uint32_t n; /* votes in all */
} catalog_item;

typedef struct {
    hx_str name; /* the arena's */
    uint64_t n;
    int64_t log_sum; /* of list prices, x 1,000,000 */
} catalog_category;

struct hx_catalog {
    hx_arena *arena;
    hx_map item_at, category_at; /* hash -> index + 1 */
    hx_buf items, categories; /* catalog_item, catalog_category */
    size_t n_wanted, n_settled;
    bool failed;
};

hx_catalog *hx_catalog_new(void) {
    hx_catalog *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->arena = hx_arena_new(0);
    hx_map_init(&c->item_at);
    hx_map_init(&c->category_at);
    hx_buf_init(&c->items, HX_CATALOG_ITEMS_MAX * sizeof(catalog_item));
    hx_buf_init(&c->categories, HX_CATALOG_CATEGORIES_MAX * sizeof(catalog_category));
    if (c->arena) return c;
    hx_catalog_free(c);
    return NULL;
}

void hx_catalog_free(hx_catalog *c) {
    if (!c) return;
    hx_map_release(&c->item_at);
    hx_map_release(&c->category_at);
    hx_buf_release(&c->items);
    hx_buf_release(&c->categories);
    hx_arena_free(c->arena);
    free(c);
}

bool hx_catalog_failed(const hx_catalog *c) {
    return c->failed;
}

bool hx_catalog_settled(const hx_catalog *c) {
    return c->n_wanted > 0 && c->n_settled == c->n_wanted;
}

static hx_str item_name(const hx_event *e) {
    return e->item.len > 0 ? e->item : e->item_name;
}

static catalog_item *item_of(const hx_catalog *c, hx_str item) {
    const uint64_t *at = hx_map_get(&c->item_at, hx_hash(item));
    return at ? (catalog_item *)(void *)c->items.ptr + (*at - 1) : NULL;
}

static catalog_category *category_at(const hx_catalog *c, uint32_t index) {
    return (catalog_category *)(void *)c->categories.ptr + index;
}

/* The place of a name, made where `data` (a fresh record of `size` bytes) is given; 0 = none, or no room. */
static uint64_t place(hx_catalog *c, hx_map *map, hx_buf *list, hx_str name, const void *data,
                      size_t size) {
    if (list->len + size > list->cap) return 0;
    uint64_t *at = hx_map_put(map, hx_hash(name));
    if (!at || !hx_buf_append(list, data, size)) {
        c->failed = true;
        return 0;
    }
    *at = list->len / size;
    return *at;
}

/* Index + 1 of a category. */
static uint64_t category_of(hx_catalog *c, hx_str name) {
    const uint64_t *at = hx_map_get(&c->category_at, hx_hash(name));
    if (at) return *at;
    catalog_category fresh = {.name = hx_arena_str(c->arena, name)};
    if (fresh.name.ptr)
        return place(c, &c->category_at, &c->categories, name, &fresh, sizeof fresh);
    c->failed = true;
    return 0;
}

void hx_catalog_want(hx_catalog *c, const hx_event *e) {
    const hx_str item = item_name(e);
    const catalog_item fresh = {{0}, {0}, 0};
    if (c->failed || e->category.len > 0 || item.len == 0 || item_of(c, item)) return;
    if (place(c, &c->item_at, &c->items, item, &fresh, sizeof fresh)) c->n_wanted++;
}

static void vote(hx_catalog *c, catalog_item *i, uint32_t category) {
    if (i->n >= HX_CATALOG_VOTES) return;
    for (size_t k = 0; k < HX_CATALOG_RIVALS; k++) {
        if (i->category[k] != 0 && i->category[k] != category) continue;
        i->category[k] = category;
        i->votes[k]++;
        break;
    }
    i->n++;
    if (i->n == HX_CATALOG_VOTES) c->n_settled++;
}

double hx_catalog_list_price(const hx_event *e) {
    const double pieces = (double)e->quantity / HX_MONEY_ONE;
    if (e->kind != HX_KIND_ORDER || !e->has_amount || e->amount <= 0) return 0;
    return (hx_money_double(e->amount) + hx_money_double(e->discount)) / (pieces > 0 ? pieces : 1);
}

void hx_catalog_see(hx_catalog *c, const hx_event *e) {
    if (c->failed || e->category.len == 0) return;
    const uint64_t category = category_of(c, e->category);
    const hx_str name = item_name(e);
    if (category == 0) return;
    const double price = hx_catalog_list_price(e);
    if (price > 0) {
        catalog_category *k = category_at(c, (uint32_t)(category - 1));
        k->n++;
        k->log_sum += (int64_t)llround(log(price) * MICRO);
    }
    if (name.len == 0) return;
    catalog_item *i = item_of(c, name);
    if (i) vote(c, i, (uint32_t)category);
}

static hx_str most_named(const hx_catalog *c, const catalog_item *i) {
    hx_str best = {NULL, 0};
    uint32_t votes = 0;
    for (size_t k = 0; k < HX_CATALOG_RIVALS && i->category[k] != 0; k++) {
        const hx_str name = category_at(c, i->category[k] - 1)->name;
        if (i->votes[k] < votes) continue;
        if (i->votes[k] == votes && hx_str_compare(name, best) > 0) continue;
        votes = i->votes[k];
        best = name;
    }
    return best;
}

hx_str hx_catalog_category(const hx_catalog *c, const hx_event *e) {
    const hx_str none = {NULL, 0}, item = item_name(e);
    if (e->category.len > 0 || !c) return e->category;
    const catalog_item *i = item.len > 0 ? item_of(c, item) : NULL;
    return i ? most_named(c, i) : none;
}

bool hx_catalog_price(const hx_catalog *c, hx_str category, double *mean, uint64_t *n) {
    const uint64_t *at = c ? hx_map_get(&c->category_at, hx_hash(category)) : NULL;
    const catalog_category *k = at ? category_at(c, (uint32_t)(*at - 1)) : NULL;
    if (!k || k->n == 0) return false;
    *mean = (double)k->log_sum / MICRO / (double)k->n;
    *n = k->n;
    return true;
}
