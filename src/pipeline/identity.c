/* identity.c - union-find over id keys (path halving, no ranks: the trees stay flat enough), then a diff against the stored persons.
 *
 * What somebody decided joins first, then the edges of the files. An id that stands beside more than the rules allow (a shop's own phone,
 * test@test.com) or that they block joins nobody: its edges are left out. Where the rules limit how many ids of a type a person may have, edges join in
 * the order of their types' ranks, then of their keys, and one that would break a limit is left out.
 * The outcome depends on the set of edges alone: a component's person is its first id in canonical order, whatever came first.
 *
 * The work is done only when edges have come or gone since the last time (store meta "identity"). */
#include "pipeline/identity.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "pipeline/identity_rules.h"

typedef struct {
    uint64_t a, b;
    uint32_t rank;
} edge;

/* How many ids of each type a component has. */
typedef struct {
    uint32_t n[HX_ID_N];
} tally;

typedef struct {
    hx_identity_rules rules;
    hx_buf edges; /* edge; of rules with limits */
    hx_map types; /* key -> type + 1; likewise */
    hx_map tally_of; /* root -> place in `tallies` + 1 */
    hx_buf tallies;
    uint64_t n_limited;
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

static bool is_blocked(const components *c, uint64_t a, uint64_t b) {
    const hx_map *blocked = &c->rules.blocked;
    return blocked->n > 0 && (hx_map_get(blocked, a) || hx_map_get(blocked, b));
}

static hx_status count_edge(void *context, uint64_t a, uint64_t b, hx_error *err) {
    components *c = context;
    if (is_blocked(c, a, b)) return HX_OK;
    uint64_t *n = hx_map_put(&c->degree, b);
    if (!n) return hx_fail(err, HX_ENOMEM, "out of memory");
    (*n)++;
    return HX_OK;
}

static void join_roots(components *c, uint64_t x, uint64_t y) {
    if (x != y) *hx_map_get(&c->parent, x > y ? x : y) = x > y ? y : x;
}

static hx_status join(void *context, uint64_t a, uint64_t b, hx_error *err) {
    components *c = context;
    add_key(c, a);
    add_key(c, b);
    if (c->failed) return hx_fail(err, HX_ENOMEM, "out of memory");
    join_roots(c, find_root(c, a), find_root(c, b));
    return HX_OK;
}

static hx_status add_edge(void *context, uint64_t a, uint64_t b, hx_error *err) {
    components *c = context;
    if (is_blocked(c, a, b) || *hx_map_get(&c->degree, b) > c->rules.shared) return HX_OK;
    if (!c->rules.has_limits) return join(c, a, b, err);
    const edge e = {a, b, 0};
    add_key(c, a);
    add_key(c, b);
    bool ok = !c->failed && hx_buf_append(&c->edges, &e, sizeof e);
    return ok ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static size_t count_shared(const components *c) {
    size_t i = 0, n = 0;
    uint64_t key, degree;
    while (hx_map_next(&c->degree, &i, &key, &degree))
        n += degree > c->rules.shared;
    return n;
}

/* ------------------------------------------------------------------ limits */
static hx_status note_type(void *context, uint64_t key, hx_id id, hx_error *err) {
    components *c = context;
    if (!hx_map_get(&c->parent, key)) return HX_OK;
    uint64_t *type = hx_map_put(&c->types, key);
    if (!type) return hx_fail(err, HX_ENOMEM, "out of memory");
    *type = (uint64_t)id.type + 1;
    return HX_OK;
}

static hx_id_type type_of(const components *c, uint64_t key) {
    const uint64_t *type = hx_map_get(&c->types, key);
    return type && *type ? (hx_id_type)(*type - 1) : HX_ID_GUEST;
}

static tally *tally_of(components *c, uint64_t root) {
    const uint64_t *place = hx_map_get(&c->tally_of, root);
    return place && *place ? (tally *)(void *)c->tallies.ptr + *place - 1 : NULL;
}

/* What every key adds to its component as the decisions left it. */
static hx_status count_types(components *c, hx_error *err) {
    size_t i = 0;
    uint64_t key, value;
    while (hx_map_next(&c->types, &i, &key, &value)) {
        uint64_t *place = hx_map_put(&c->tally_of, find_root(c, key));
        const tally none = {{0}};
        if (place && !*place && hx_buf_append(&c->tallies, &none, sizeof none))
            *place = c->tallies.len / sizeof none;
        if (!place || !*place) return hx_fail(err, HX_ENOMEM, "out of memory");
        tally_of(c, find_root(c, key))->n[type_of(c, key)]++;
    }
    return HX_OK;
}

static int compare_edges(const void *p, const void *q) {
    const edge *x = p, *y = q;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return x->b < y->b ? -1 : x->b > y->b;
}

static bool within_limits(const components *c, const tally *x, const tally *y) {
    for (int t = 0; t < HX_ID_N; t++)
        if (c->rules.most[t] && x->n[t] + y->n[t] > c->rules.most[t]) return false;
    return true;
}

static void join_within_limits(components *c, const edge *e) {
    uint64_t x = find_root(c, e->a), y = find_root(c, e->b);
    tally *of_x = tally_of(c, x), *of_y = tally_of(c, y);
    if (x == y || !of_x || !of_y) return;
    if (!within_limits(c, of_x, of_y)) {
        c->n_limited++;
        return;
    }
    tally *kept = x < y ? of_x : of_y;
    const tally *gone = x < y ? of_y : of_x;
    for (int t = 0; t < HX_ID_N; t++)
        kept->n[t] += gone->n[t];
    join_roots(c, x, y);
}

static hx_status join_limited(components *c, hx_store *s, hx_error *err) {
    edge *edges = (edge *)(void *)c->edges.ptr;
    const size_t n = c->edges.len / sizeof *edges;
    HX_TRY(hx_store_each_id(s, note_type, c, err));
    HX_TRY(count_types(c, err));
    for (size_t i = 0; i < n; i++) {
        uint32_t x = c->rules.rank[type_of(c, edges[i].a)],
                 y = c->rules.rank[type_of(c, edges[i].b)];
        edges[i].rank = x > y ? x : y;
    }
    if (n > 1) qsort(edges, n, sizeof *edges, compare_edges);
    for (size_t i = 0; i < n; i++)
        join_within_limits(c, &edges[i]);
    return HX_OK;
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
    HX_TRY(hx_identity_rules_load(s, &c->rules, err));
    HX_TRY(hx_store_each_edge(s, count_edge, c, err));
    HX_TRY(hx_store_each_join(s, join, c, err));
    HX_TRY(hx_store_each_edge(s, add_edge, c, err));
    if (c->rules.has_limits) HX_TRY(join_limited(c, s, err));
    HX_TRY(hx_store_each_id(s, compare_id, c, err));
    HX_TRY(hx_identity_load(s, before, err));
    HX_TRY(save_components(c, s, before, err));
    return hx_store_set_identity(s, true, err);
}

static void init(components *c) {
    hx_map *maps[] = {&c->degree, &c->parent, &c->best, &c->types, &c->tally_of, &c->rules.blocked};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        hx_map_init(maps[i]);
    hx_buf_init(&c->edges, SIZE_MAX / 2);
    hx_buf_init(&c->tallies, SIZE_MAX / 2);
    c->arena = hx_arena_new(0);
}

static void release(components *c) {
    hx_map *maps[] = {&c->degree, &c->parent, &c->best, &c->types, &c->tally_of, &c->rules.blocked};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        hx_map_release(maps[i]);
    hx_buf_release(&c->edges);
    hx_buf_release(&c->tallies);
    hx_arena_free(c->arena);
}

hx_status hx_identity_update_within(hx_store *s, hx_identity_counts *counts, hx_error *err) {
    components c = {.arena = NULL};
    hx_map before;
    init(&c);
    hx_map_init(&before);
    hx_status status = c.arena ? update_in_transaction(s, &c, &before, err)
                               : hx_fail(err, HX_ENOMEM, "out of memory");
    *counts = (hx_identity_counts){
        .shared_most = c.rules.shared, .shared = count_shared(&c), .limited = c.n_limited};
    hx_map_release(&before);
    release(&c);
    return status;
}

hx_status hx_identity_update(hx_store *s, hx_identity_counts *counts, hx_error *err) {
    bool current;
    *counts = (hx_identity_counts){0};
    HX_TRY(hx_store_identity_is_current(s, &current, err));
    if (current) return HX_OK;
    HX_TRY(hx_store_begin(s, err));
    hx_status status = hx_identity_update_within(s, counts, err);
    if (status == HX_OK) return hx_store_commit(s, err);
    hx_store_rollback(s);
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
