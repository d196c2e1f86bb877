/* identity.c - union-find over id keys (path halving, no ranks: the trees stay flat enough), then a diff against the stored persons. */
#include "pipeline/identity.h"

#include <stdlib.h>

#include "base/error.h"

typedef struct {
    hx_map parent; /* key -> key */
    hx_map best; /* root -> key of its first id in canonical order */
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

static hx_status add_edge(void *context, uint64_t a, uint64_t b, hx_error *err) {
    components *c = context;
    add_key(c, a);
    add_key(c, b);
    if (c->failed) return hx_fail(err, HX_ENOMEM, "out of memory");
    uint64_t x = find_root(c, a), y = find_root(c, b);
    if (x != y) *hx_map_get(&c->parent, x > y ? x : y) = x > y ? y : x;
    return HX_OK;
}

/* The first id of every component, by (type, value). */
static hx_status choose_persons(components *c, hx_store *s, hx_error *err) {
    hx_arena *arena = hx_arena_new(1u << 20);
    size_t i = 0;
    uint64_t key, parent;
    hx_status status = arena ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
    while (status == HX_OK && hx_map_next(&c->parent, &i, &key, &parent)) {
        hx_id mine, best;
        bool found = false, have = false;
        uint64_t *place = hx_map_put(&c->best, find_root(c, key));
        hx_arena_reset(arena);
        if (!place) status = hx_fail(err, HX_ENOMEM, "out of memory");
        if (status == HX_OK) status = hx_store_id(s, key, arena, &mine, &found, err);
        if (status == HX_OK && *place) status = hx_store_id(s, *place, arena, &best, &have, err);
        if (status == HX_OK && found && (!have || hx_id_compare(mine, best) < 0)) *place = key;
    }
    hx_arena_free(arena);
    return status;
}

static hx_status move_key(hx_store *s, uint64_t key, uint64_t from, uint64_t to, hx_error *err) {
    if (from == to) return HX_OK;
    HX_TRY(hx_store_add_dirty(s, from, err));
    HX_TRY(hx_store_add_dirty(s, to, err));
    return hx_store_put_person(s, key, to, err);
}

static hx_status save_components(components *c, hx_store *s, const hx_map *before, hx_error *err) {
    size_t i = 0;
    uint64_t key, person;
    while (hx_map_next(&c->parent, &i, &key, &person)) {
        uint64_t *best = hx_map_get(&c->best, find_root(c, key));
        uint64_t to = best && *best ? *best : key;
        HX_TRY(move_key(s, key, hx_identity_person(before, key), to, err));
        if (!hx_map_get(before, key)) HX_TRY(hx_store_put_person(s, key, to, err));
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
    HX_TRY(hx_store_each_edge(s, add_edge, c, err));
    HX_TRY(choose_persons(c, s, err));
    HX_TRY(hx_identity_load(s, before, err));
    return save_components(c, s, before, err);
}

hx_status hx_identity_update(hx_store *s, hx_error *err) {
    components c = {.failed = false};
    hx_map before;
    hx_map_init(&c.parent);
    hx_map_init(&c.best);
    hx_map_init(&before);
    hx_status status = hx_store_begin(s, err);
    if (status == HX_OK) status = update_in_transaction(s, &c, &before, err);
    if (status == HX_OK) {
        status = hx_store_commit(s, err);
    } else {
        hx_store_rollback(s);
    }
    hx_map_release(&c.parent);
    hx_map_release(&c.best);
    hx_map_release(&before);
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
