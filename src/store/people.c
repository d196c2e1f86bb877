/* people.c - ids, who belongs together, events and profiles by person.
 *
 * An id's key is the hash of its type and value. Edges say which ids stood in one event, and in which import, so that an undone import
 * takes its joins back. `person` is what follows from the edges: the key of the first id in canonical order; an id without a row is its
 * own person. Events lie in one block an id; a person's events are its ids' blocks merged. Whoever changes a block marks the person dirty,
 * and folding clears the mark in the same transaction as it writes the profile. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/sqlite.h"

/* ------------------------------------------------------------------ blocks */
hx_status hx_store_block(hx_store *s, uint64_t key, hx_arena *arena, hx_str *data, hx_error *err) {
    return hx_store_blob(s, hx_store_bind(s, SQL_GET_BLOCK, err, "u", key), arena, data, err);
}

hx_status hx_store_put_block(hx_store *s, uint64_t key, size_t n, int64_t last, hx_str data,
                             hx_error *err) {
    if (n == 0) return hx_store_run(s, SQL_DROP_BLOCK, err, "u", key);
    return hx_store_run(s, SQL_PUT_BLOCK, err, "uiib", key, (int64_t)n, last, data);
}

/* A walk prepares its own statement, so that the callback may use the store. */
static hx_status prepare_walk(hx_store *s, const char *sql, sqlite3_stmt **st, hx_error *err) {
    int code = sqlite3_prepare_v2(s->db, sql, -1, st, NULL);
    return code == SQLITE_OK ? HX_OK : hx_store_fail(s, code, err);
}

hx_status hx_store_each_block(hx_store *s, hx_store_block_fn *fn, void *context, hx_error *err) {
    sqlite3_stmt *st = NULL;
    bool row = true;
    hx_status status = prepare_walk(s, "SELECT key, data FROM block ORDER BY key", &st, err);
    while (status == HX_OK && row) {
        status = hx_store_step(s, st, &row, err);
        if (status == HX_OK && row)
            status =
                fn(context, (uint64_t)sqlite3_column_int64(st, 0), hx_store_column_str(st, 1), err);
    }
    sqlite3_finalize(st);
    return status;
}

typedef struct {
    hx_store *store;
    hx_store_events_fn *fn;
    void *context;
    hx_arena *arena;
} events_walk;

static hx_status visit_block(void *context, uint64_t key, hx_str data, hx_error *err) {
    events_walk *w = context;
    hx_event *events;
    size_t n;
    uint64_t person = 0;
    hx_arena_reset(w->arena);
    HX_TRY(hx_event_block_read(w->store->codec, data, w->arena, &events, &n, err));
    if (!hx_id_key_is_guest(key)) HX_TRY(hx_store_person(w->store, key, &person, err));
    return w->fn(w->context, person, events, n, err);
}

hx_status hx_store_each_events(hx_store *s, hx_store_events_fn *fn, void *context, hx_error *err) {
    events_walk w = {s, fn, context, hx_arena_new(0)};
    if (!w.arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status status = hx_store_each_block(s, visit_block, &w, err);
    hx_arena_free(w.arena);
    return status;
}

/* ------------------------------------------------------------------ ids */
hx_status hx_store_add_id(hx_store *s, hx_id id, hx_error *err) {
    return hx_store_run(s, SQL_ADD_ID, err, "uis", hx_id_key(id), (int64_t)id.type, id.value);
}

hx_status hx_store_drop_id(hx_store *s, uint64_t key, hx_error *err) {
    return hx_store_run(s, SQL_DROP_ID, err, "u", key);
}

hx_status hx_store_drop_loose_ids(hx_store *s, hx_error *err) {
    return hx_store_run(s, SQL_DROP_LOOSE_IDS, err, "");
}

hx_status hx_store_id(hx_store *s, uint64_t key, hx_arena *arena, hx_id *out, bool *found,
                      hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_GET_ID, err, "u", key);
    if (!st) return HX_EINTERNAL;
    HX_TRY(hx_store_step(s, st, found, err));
    if (*found) {
        out->type = (hx_id_type)(sqlite3_column_int(st, 0) % HX_ID_N);
        out->value = hx_arena_str(arena, hx_store_column_str(st, 1));
    }
    sqlite3_reset(st);
    return HX_OK;
}

hx_status hx_store_each_id(hx_store *s, hx_store_id_fn *fn, void *context, hx_error *err) {
    sqlite3_stmt *st = NULL;
    bool row = true;
    hx_status status = prepare_walk(s, "SELECT key, type, value FROM id", &st, err);
    while (status == HX_OK && row) {
        status = hx_store_step(s, st, &row, err);
        if (status != HX_OK || !row) break;
        hx_id id = {(hx_id_type)(sqlite3_column_int(st, 1) % HX_ID_N), hx_store_column_str(st, 2)};
        status = fn(context, (uint64_t)sqlite3_column_int64(st, 0), id, err);
    }
    sqlite3_finalize(st);
    return status;
}

hx_status hx_store_identity_is_current(hx_store *s, bool *current, hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_GET_META, err, "s", HX_STR_LIT("identity"));
    bool row;
    if (!st) return HX_EINTERNAL;
    HX_TRY(hx_store_step(s, st, &row, err));
    *current = row && hx_str_equal(hx_store_column_str(st, 0), HX_STR_LIT("current"));
    sqlite3_reset(st);
    return HX_OK;
}

hx_status hx_store_set_identity(hx_store *s, bool current, hx_error *err) {
    if (!current && s->identity_stale) return HX_OK;
    s->identity_stale = !current;
    return hx_store_set_meta(s, "identity", current ? HX_STR_LIT("current") : HX_STR_LIT("stale"),
                             err);
}

hx_status hx_store_add_edge(hx_store *s, uint64_t a, uint64_t b, int64_t import, hx_error *err) {
    HX_TRY(hx_store_set_identity(s, false, err));
    return hx_store_run(s, SQL_ADD_EDGE, err, "uui", a, b, import);
}

hx_status hx_store_drop_edges_of_import(hx_store *s, int64_t import, hx_error *err) {
    HX_TRY(hx_store_set_identity(s, false, err));
    return hx_store_run(s, SQL_DROP_EDGES_OF_IMPORT, err, "i", import);
}

hx_status hx_store_drop_edges_of_key(hx_store *s, uint64_t key, hx_error *err) {
    HX_TRY(hx_store_set_identity(s, false, err));
    return hx_store_run(s, SQL_DROP_EDGES_OF_KEY, err, "u", key);
}

static hx_status each_pair(hx_store *s, hx_sql which, hx_store_pair_fn *fn, void *context,
                           hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, which, err, "");
    hx_status status = st ? HX_OK : HX_EINTERNAL;
    bool row = true;
    while (status == HX_OK && row) {
        status = hx_store_step(s, st, &row, err);
        if (status == HX_OK && row)
            status = fn(context, (uint64_t)sqlite3_column_int64(st, 0),
                        (uint64_t)sqlite3_column_int64(st, 1), err);
    }
    if (st) sqlite3_reset(st);
    return status;
}

hx_status hx_store_each_edge(hx_store *s, hx_store_pair_fn *fn, void *context, hx_error *err) {
    return each_pair(s, SQL_ALL_EDGES, fn, context, err);
}

/* ------------------------------------------------------------------ persons */
hx_status hx_store_each_person(hx_store *s, hx_store_pair_fn *fn, void *context, hx_error *err) {
    return each_pair(s, SQL_ALL_PERSONS, fn, context, err);
}

hx_status hx_store_person(hx_store *s, uint64_t key, uint64_t *person, hx_error *err) {
    int64_t v = (int64_t)key;
    bool found;
    HX_TRY(hx_store_int(s, hx_store_bind(s, SQL_GET_PERSON, err, "u", key), &v, &found, err));
    *person = (uint64_t)v;
    return HX_OK;
}

hx_status hx_store_put_person(hx_store *s, uint64_t key, uint64_t person, hx_error *err) {
    return hx_store_run(s, SQL_PUT_PERSON, err, "uu", key, person);
}

hx_status hx_store_drop_person(hx_store *s, uint64_t key, hx_error *err) {
    return hx_store_run(s, SQL_DROP_PERSON, err, "u", key);
}

hx_status hx_store_members(hx_store *s, uint64_t person, hx_arena *arena, uint64_t **keys,
                           size_t *n, hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_MEMBERS, err, "u", person);
    size_t cap = 8;
    bool row = true;
    *n = 0;
    *keys = hx_arena_alloc(arena, cap * sizeof **keys);
    if (!st) return HX_EINTERNAL;
    while (row && *keys) {
        HX_TRY(hx_store_step(s, st, &row, err));
        if (!row) break;
        if (*n == cap) {
            uint64_t *bigger = hx_arena_alloc(arena, cap * 2 * sizeof *bigger);
            if (bigger) memcpy(bigger, *keys, cap * sizeof *bigger);
            *keys = bigger;
            cap *= 2;
        }
        if (*keys) (*keys)[(*n)++] = (uint64_t)sqlite3_column_int64(st, 0);
    }
    sqlite3_reset(st);
    if (!*keys) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (*n == 0) (*keys)[(*n)++] = person;
    return HX_OK;
}

hx_status hx_store_add_dirty(hx_store *s, uint64_t person, hx_error *err) {
    return hx_store_run(s, SQL_ADD_DIRTY, err, "u", person);
}

hx_status hx_store_drop_dirty(hx_store *s, uint64_t person, hx_error *err) {
    return hx_store_run(s, SQL_DROP_DIRTY, err, "u", person);
}

hx_status hx_store_next_dirty(hx_store *s, uint64_t *persons, size_t max, size_t *n,
                              hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_NEXT_DIRTY, err, "i", (int64_t)max);
    bool row = true;
    if (!st) return HX_EINTERNAL;
    for (*n = 0; row && *n < max;) {
        HX_TRY(hx_store_step(s, st, &row, err));
        if (row) persons[(*n)++] = (uint64_t)sqlite3_column_int64(st, 0);
    }
    sqlite3_reset(st);
    return HX_OK;
}

/* ------------------------------------------------------------------ profiles */
hx_status hx_store_put_profile_bytes(hx_store *s, uint64_t key, int64_t last, hx_str bytes,
                                     hx_error *err) {
    return hx_store_run(s, SQL_PUT_PROFILE, err, "uib", key, last, bytes);
}

hx_status hx_store_put_profile(hx_store *s, const hx_profile *p, hx_buf *scratch, hx_error *err) {
    hx_buf_reset(scratch);
    hx_profile_write(p, scratch);
    HX_TRY(hx_buf_status(scratch, "a profile", err));
    return hx_store_put_profile_bytes(s, p->key, p->last, hx_buf_str(scratch), err);
}

hx_status hx_store_drop_profile(hx_store *s, uint64_t key, hx_error *err) {
    return hx_store_run(s, SQL_DROP_PROFILE, err, "u", key);
}

hx_status hx_store_profile(hx_store *s, uint64_t person, hx_profile *out, hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_GET_PROFILE, err, "u", person);
    bool row;
    char id[HX_PROFILE_ID_MAX];
    if (!st) return HX_EINTERNAL;
    HX_TRY(hx_store_step(s, st, &row, err));
    hx_status status = row ? hx_profile_read(hx_store_column_str(st, 0), out, err)
                           : hx_fail(err, HX_ENOTFOUND, "no customer '%s' in this store",
                                     hx_profile_id_text(person, id));
    sqlite3_reset(st);
    return status;
}

hx_status hx_store_each_profile(hx_store *s, hx_store_profile_fn *fn, void *context,
                                hx_error *err) {
    sqlite3_stmt *st = NULL;
    bool row = true;
    hx_profile *p = hx_profile_new();
    hx_status status = p ? prepare_walk(s, "SELECT data FROM profile ORDER BY key", &st, err)
                         : hx_fail(err, HX_ENOMEM, "out of memory");
    while (status == HX_OK && row) {
        status = hx_store_step(s, st, &row, err);
        if (status == HX_OK && row) status = hx_profile_read(hx_store_column_str(st, 0), p, err);
        if (status == HX_OK && row) status = fn(context, p, err);
    }
    sqlite3_finalize(st);
    hx_profile_free(p);
    return status;
}

static int compare_events(const void *a, const void *b) {
    return hx_event_compare(a, b);
}

hx_status hx_store_events(hx_store *s, uint64_t person, hx_arena *arena, hx_event **out, size_t *n,
                          hx_error *err) {
    uint64_t *keys;
    size_t n_keys, total = 0;
    HX_TRY(hx_store_members(s, person, arena, &keys, &n_keys, err));
    hx_event **parts = hx_arena_alloc(arena, n_keys * sizeof *parts);
    size_t *counts = hx_arena_alloc(arena, n_keys * sizeof *counts);
    if (!parts || !counts) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n_keys; i++) {
        hx_str block;
        HX_TRY(hx_store_block(s, keys[i], arena, &block, err));
        if (block.ptr)
            HX_TRY(hx_event_block_read(s->codec, block, arena, &parts[i], &counts[i], err));
        total += counts[i];
    }
    *n = total;
    *out = n_keys == 1 ? parts[0] : hx_arena_alloc(arena, total * sizeof **out);
    if (n_keys == 1) return HX_OK;
    if (!*out) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0, at = 0; i < n_keys; at += counts[i], i++)
        if (counts[i]) memcpy(*out + at, parts[i], counts[i] * sizeof **out);
    qsort(*out, total, sizeof **out, compare_events);
    return HX_OK;
}

/* ------------------------------------------------------------------ finding */
typedef struct {
    uint64_t person;
    size_t n; /* different persons found */
} match;

static hx_status try_id(hx_store *s, hx_id_type type, hx_str value, hx_arena *arena, match *m,
                        hx_error *err) {
    hx_id id, stored;
    bool found;
    uint64_t person;
    if (!hx_id_normalize(type, value, arena, &id)) return HX_OK;
    HX_TRY(hx_store_id(s, hx_id_key(id), arena, &stored, &found, err));
    if (!found || !hx_str_equal(stored.value, id.value)) return HX_OK;
    HX_TRY(hx_store_person(s, hx_id_key(id), &person, err));
    if (m->n == 0 || person != m->person) m->n++;
    m->person = person;
    return HX_OK;
}

static hx_status find_by_type(hx_store *s, hx_str who, hx_arena *arena, match *m, hx_error *err) {
    for (int t = 0; t < HX_ID_GUEST; t++) {
        const char *name = hx_id_type_name((hx_id_type)t);
        size_t len = strlen(name);
        hx_str rest = {who.ptr + len + 1, who.len - len - 1};
        if (who.len > len + 1 && memcmp(who.ptr, name, len) == 0 && who.ptr[len] == ':')
            HX_TRY(try_id(s, (hx_id_type)t, rest, arena, m, err));
    }
    return HX_OK;
}

/* A profile id; one that has become part of another person leads to him. */
static hx_status find_by_key(hx_store *s, uint64_t key, match *m, hx_error *err) {
    uint64_t person;
    int64_t one;
    bool found = false;
    HX_TRY(hx_store_person(s, key, &person, err));
    HX_TRY(hx_store_int(s, hx_store_bind(s, SQL_HAS_PROFILE, err, "u", person), &one, &found, err));
    if (found) *m = (match){person, 1};
    return HX_OK;
}

hx_status hx_store_find(hx_store *s, hx_str who, uint64_t *person, hx_error *err) {
    hx_arena *arena = hx_arena_new(1u << 20);
    match m = {0, 0};
    uint64_t key;
    if (!arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status status = HX_OK;
    if (hx_profile_id_parse(who, &key)) status = find_by_key(s, key, &m, err);
    for (int t = 0; status == HX_OK && t < HX_ID_GUEST; t++)
        status = try_id(s, (hx_id_type)t, who, arena, &m, err);
    if (status == HX_OK && m.n == 0) status = find_by_type(s, who, arena, &m, err);
    hx_arena_free(arena);
    if (status != HX_OK) return status;
    if (m.n == 0)
        return hx_fail(err, HX_ENOTFOUND, "no customer '%.*s' in this store", HX_STR_ARG(who));
    if (m.n > 1)
        return hx_fail(err, HX_ECONFLICT,
                       "'%.*s' is an id of several customers; say which kind of id, as in "
                       "customer:%.*s or phone:%.*s",
                       HX_STR_ARG(who), HX_STR_ARG(who), HX_STR_ARG(who));
    *person = m.person;
    return HX_OK;
}

/* ------------------------------------------------------------------ the whole store */
hx_status hx_store_each_guest(hx_store *s, hx_store_events_fn *fn, void *context, hx_error *err) {
    events_walk w = {s, fn, context, hx_arena_new(0)};
    if (!w.arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status status = HX_OK;
    for (uint64_t bucket = 0; bucket < HX_GUEST_BUCKETS && status == HX_OK; bucket++) {
        hx_str block;
        hx_event *events = NULL;
        size_t n = 0;
        hx_arena_reset(w.arena);
        status = hx_store_block(s, hx_id_guest_key(bucket), w.arena, &block, err);
        if (status == HX_OK && block.ptr)
            status = hx_event_block_read(s->codec, block, w.arena, &events, &n, err);
        if (status == HX_OK && n > 0) status = fn(context, 0, events, n, err);
    }
    hx_arena_free(w.arena);
    return status;
}

hx_status hx_store_latest(hx_store *s, int64_t *ms, hx_error *err) {
    bool found;
    *ms = INT64_MIN;
    HX_TRY(hx_store_int(s, hx_store_bind(s, SQL_LATEST, err, ""), ms, &found, err));
    for (uint64_t bucket = 0; bucket < HX_GUEST_BUCKETS; bucket++) {
        int64_t last = INT64_MIN;
        HX_TRY(hx_store_int(s, hx_store_bind(s, SQL_BLOCK_LAST, err, "u", hx_id_guest_key(bucket)),
                            &last, &found, err));
        if (last > *ms) *ms = last;
    }
    return HX_OK;
}

hx_status hx_store_add_erased(hx_store *s, uint64_t person, int64_t at, hx_error *err) {
    return hx_store_run(s, SQL_ADD_ERASED, err, "ui", person, at);
}

hx_status hx_store_erased_at(hx_store *s, uint64_t person, int64_t *ms, hx_error *err) {
    bool found;
    *ms = INT64_MIN;
    return hx_store_int(s, hx_store_bind(s, SQL_GET_ERASED, err, "u", person), ms, &found, err);
}

typedef struct {
    hx_store_summary *out;
} summary_walk;

static hx_status summarize_profile(void *context, const hx_profile *p, hx_error *err) {
    hx_store_summary *out = ((summary_walk *)context)->out;
    (void)err;
    out->customers++;
    out->texts += p->n_texts;
    out->joined_customers += p->n_ids > 1;
    if (p->first != INT64_MIN && (out->first == INT64_MIN || p->first < out->first))
        out->first = p->first;
    if (p->last != INT64_MIN && p->last > out->last) out->last = p->last;
    return HX_OK;
}

static hx_status count_block(void *context, uint64_t key, int64_t events) {
    hx_store_summary *out = context;
    out->events += (uint64_t)events;
    if (hx_id_key_is_guest(key)) out->guest_events += (uint64_t)events;
    return HX_OK;
}

static hx_status count_blocks(hx_store *s, hx_store_summary *out, hx_error *err) {
    sqlite3_stmt *st = NULL;
    bool row = true;
    hx_status status = prepare_walk(s, "SELECT key, events FROM block", &st, err);
    while (status == HX_OK && row) {
        status = hx_store_step(s, st, &row, err);
        if (status == HX_OK && row)
            status = count_block(out, (uint64_t)sqlite3_column_int64(st, 0),
                                 sqlite3_column_int64(st, 1));
    }
    sqlite3_finalize(st);
    return status;
}

static hx_status count_by(hx_store *s, const char *sql, uint64_t *out, hx_error *err) {
    sqlite3_stmt *st = NULL;
    bool row;
    HX_TRY(prepare_walk(s, sql, &st, err));
    hx_status status = hx_store_step(s, st, &row, err);
    if (status == HX_OK && row) *out = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return status;
}

hx_status hx_store_count_profiles(hx_store *s, uint64_t *n, hx_error *err) {
    return count_by(s, "SELECT count(*) FROM profile", n, err);
}

hx_status hx_store_summarize(hx_store *s, hx_store_summary *out, hx_error *err) {
    summary_walk w = {out};
    uint64_t version = 0, pages = 0, page_size = 0;
    *out = (hx_store_summary){.first = INT64_MIN, .last = INT64_MIN};
    HX_TRY(hx_store_each_profile(s, summarize_profile, &w, err));
    HX_TRY(count_blocks(s, out, err));
    HX_TRY(count_by(s, "SELECT count(*) FROM id", &out->ids, err));
    HX_TRY(count_by(s, "SELECT count(*) FROM import WHERE state < 3", &out->imports, err));
    HX_TRY(count_by(s, "PRAGMA user_version", &version, err));
    HX_TRY(count_by(s, "PRAGMA page_count", &pages, err));
    HX_TRY(count_by(s, "PRAGMA page_size", &page_size, err));
    out->version = (int64_t)version;
    out->bytes = pages * page_size;
    return HX_OK;
}
