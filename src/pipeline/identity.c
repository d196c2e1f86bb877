/* identity.c - union-find over id keys (path halving, no ranks: the trees stay flat enough), then a diff against the stored persons.
 *
 * An id that stands beside more than HX_SHARED_MAX others (a shop's own phone, test@test.com) joins nobody: its edges are left out.
 * The outcome depends on the set of edges alone: a component's person is its first id in canonical order, whatever came first.
 *
 * The work is done only when edges have come or gone since the last time (store meta "identity"). */
#include "pipeline/identity.h"

#include <stdlib.h>

#include "base/error.h"

typedef struct {
    hx_map degree; /* key of an edge's second id -> edges */
    hx_map parent; /* key -> key */
    hx_map best; /* root -> place in `first` + 1 */
    hx_id *first; /* the first id of each component in canonical order; in arena */
    size_t n_first, first_cap;
    hx_arena *arena;
    bool failed;
} components;

static uint64_t find_root(components *c, uint64_t key) {
    for (;;) {
        uint64_t *up = hx_map_get(&c->parent, key);
        if (!up || *up == key) return key;
        uint64_t *grand = hx_map_get(&c->parent, *up);
        if (grand) *up = *grand;
        key = *up;
    }
}

static void add_key(components *c, uint64_t key) {
    if (hx_map_get(&c->parent, key)) return;
    uint64_t *place = hx_map_put(&c->parent, key);
    if (place) *place = key;
    if (!place) c->failed = true;
}

static hx_status count_edge(void *context, uint64_t a, uint64_t b, hx_error *err) {
    components *c = context;
    (void)a;
    uint64_t *n = hx_map_put(&c->degree, b);
    if (!n) return hx_fail(err, HX_ENOMEM, "out of memory");
    (*n)++;
    return HX_OK;
}

static hx_status add_edge(void *context, uint64_t a, uint64_t b, hx_error *err) {
    components *c = context;
    if (*hx_map_get(&c->degree, b) > HX_SHARED_MAX) return HX_OK;
    add_key(c, a);
    add_key(c, b);
    if (c->failed) return hx_fail(err, HX_ENOMEM, "out of memory");
    uint64_t x = find_root(c, a), y = find_root(c, b);
    if (x != y) *hx_map_get(&c->parent, x > y ? x : y) = x > y ? y : x;
    return HX_OK;
}

static size_t count_shared(const components *c) {
    size_t i = 0, n = 0;
    uint64_t key, degree;
    while (hx_map_next(&c->degree, &i, &key, &degree))
        n += degree > HX_SHARED_MAX;
    return n;
}

/* ------------------------------------------------------------------ the first id of every component */
static bool add_first(components *c, hx_id id, uint64_t *place) {
    if (c->n_first == c->first_cap) {
        size_t cap = c->first_cap ? c->first_cap * 2 : 1024;
        hx_id *bigger = hx_arena_alloc(c->arena, cap * sizeof *bigger);
        if (!bigger) return false;
        for (size_t i = 0; i < c->n_first; i++)
            bigger[i] = c->first[i];
        c->first = bigger;
        c->first_cap = cap;
    }
    c->first[c->n_first++] = id;
    *place = c->n_first;
    return true;
}

static hx_status compare_id(void *context, uint64_t key, hx_id id, hx_error *err) {
    components *c = context;
    if (!hx_map_get(&c->parent, key)) return HX_OK;
    uint64_t *place = hx_map_put(&c->best, find_root(c, key));
    if (place && *place && hx_id_compare(c->first[*place - 1], id) <= 0) return HX_OK;
    id.value = hx_arena_str(c->arena, id.value);
    bool ok = place && id.value.ptr;
    if (ok && *place) c->first[*place - 1] = id;
    if (ok && !*place) ok = add_first(c, id, place);
    return ok ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static uint64_t person_of(components *c, uint64_t key) {
    uint64_t *place = hx_map_get(&c->best, find_root(c, key));
    return place && *place ? hx_id_key(c->first[*place - 1]) : key;
}

/* ------------------------------------------------------------------ the diff */
/* `known`: the key stood in the person table before; else it was its own person. */
static hx_status move_key(hx_store *s, uint64_t key, bool known, uint64_t from, uint64_t to,
                          hx_error *err) {
    if (known && from == to) return HX_OK;
    if (from != to) HX_TRY(hx_store_add_dirty(s, to, err));
    if (from != to && !known) HX_TRY(hx_store_drop_profile(s, from, err));
    if (from != to && known) HX_TRY(hx_store_add_dirty(s, from, err));
    return hx_store_put_person(s, key, to, err);
}

static int compare_keys(const void *a, const void *b) {
    int64_t x = (int64_t) * (const uint64_t *)a, y = (int64_t) * (const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* All keys in the tables' order: inserting them so is several times faster than in the map's. */
static uint64_t *sorted_keys(const components *c) {
    uint64_t *keys = hx_arena_alloc(c->arena, c->parent.n * sizeof *keys), key, value;
    size_t i = 0, n = 0;
    while (keys && hx_map_next(&c->parent, &i, &key, &value))
        keys[n++] = key;
    if (keys) qsort(keys, n, sizeof *keys, compare_keys);
    return keys;
}

static hx_status save_components(components *c, hx_store *s, const hx_map *before, hx_error *err) {
    size_t i = 0;
    uint64_t key, person, *keys = sorted_keys(c);
    if (!keys) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (; i < c->parent.n; i++) {
        bool known = hx_map_get(before, keys[i]) != NULL;
        HX_TRY(move_key(s, keys[i], known, hx_identity_person(before, keys[i]),
                        person_of(c, keys[i]), err));
    }
    for (i = 0; hx_map_next(before, &i, &key, &person);) {
        if (hx_map_get(&c->parent, key)) continue;
        HX_TRY(hx_store_add_dirty(s, person, err));
        HX_TRY(hx_store_add_dirty(s, key, err));
        HX_TRY(hx_store_drop_person(s, key, err));
    }
    return HX_OK;
}

static hx_status update_in_transaction(hx_store *s, components *c, hx_map *before, hx_error *err) {
    HX_TRY(hx_store_each_edge(s, count_edge, c, err));
    HX_TRY(hx_store_each_edge(s, add_edge, c, err));
    HX_TRY(hx_store_each_id(s, compare_id, c, err));
    HX_TRY(hx_identity_load(s, before, err));
    HX_TRY(save_components(c, s, before, err));
    return hx_store_set_identity(s, true, err);
}

static hx_status update(hx_store *s, components *c, hx_map *before, hx_error *err) {
    if (!c->arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_store_begin(s, err));
    hx_status status = update_in_transaction(s, c, before, err);
    if (status == HX_OK) return hx_store_commit(s, err);
    hx_store_rollback(s);
    return status;
}

hx_status hx_identity_update(hx_store *s, uint64_t *n_shared, hx_error *err) {
    components c = {.arena = NULL};
    hx_map before;
    bool current;
    *n_shared = 0;
    HX_TRY(hx_store_identity_is_current(s, &current, err));
    if (current) return HX_OK;
    c.arena = hx_arena_new(0);
    hx_map_init(&c.degree);
    hx_map_init(&c.parent);
    hx_map_init(&c.best);
    hx_map_init(&before);
    hx_status status = update(s, &c, &before, err);
    *n_shared = count_shared(&c);
    hx_map_release(&c.degree);
    hx_map_release(&c.parent);
    hx_map_release(&c.best);
    hx_map_release(&before);
    hx_arena_free(c.arena);
    return status;
}

static hx_status load_pair(void *context, uint64_t key, uint64_t person, hx_error *err) {
    uint64_t *place = hx_map_put(context, key);
    if (!place) return hx_fail(err, HX_ENOMEM, "out of memory");
    *place = person;
    return HX_OK;
}

hx_status hx_identity_load(hx_store *s, hx_map *persons, hx_error *err) {
    return hx_store_each_person(s, load_pair, persons, err);
}

uint64_t hx_identity_person(const hx_map *persons, uint64_t key) {
    uint64_t *person = hx_map_get(persons, key);
    return person ? *person : key;
}
