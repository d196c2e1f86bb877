/* undo.c - an import taken back, a person erased: the two ways in which events leave.
 *
 * Undo walks all blocks and takes the import's number out of every event; events that no other import holds go. Its edges go too, so people whom
 * only this import joined are two again. Touched ids are marked dirty and folded again. The work is committed in batches; the import is marked
 * "being undone" first, and calling undo again goes on. Erasure is one transaction, then the file is compacted, so that nothing of the person is
 * left in free pages or in the WAL. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "pipeline/identity.h"
#include "pipeline/merge.h"
#include "base/file.h"
#include "pipeline/rejects.h"
#include "pipeline/run.h"

#define UNDO_BATCH 512

typedef struct {
    hx_store *store;
    hx_event_codec *codec;
    hx_arena *arena;
    hx_buf out;
    uint32_t import;
    hx_buf keys; /* uint64_t: of the blocks to look at */
} undo;

static hx_status note_key(void *context, uint64_t key, hx_str data, hx_error *err) {
    undo *u = context;
    (void)data;
    if (!hx_buf_append(&u->keys, &key, sizeof key)) return hx_fail(err, HX_ENOMEM, "out of memory");
    return HX_OK;
}

/* Takes the import out of an event's list. *gone = nobody else holds it; *touched = the list has changed. */
static hx_status drop_import(undo *u, hx_event_head *h, bool *gone, bool *touched, hx_error *err) {
    uint32_t list[HX_EVENT_IMPORTS_MAX];
    size_t n = hx_imports_read(h->imports, list, HX_EVENT_IMPORTS_MAX), kept = 0;
    hx_buf again;
    for (size_t i = 0; i < n; i++)
        if (list[i] != u->import) list[kept++] = list[i];
    *gone = kept == 0;
    if (kept == n || kept == 0) {
        *touched = *touched || kept == 0;
        return HX_OK;
    }
    *touched = true;
    hx_buf_init(&again, 10 * HX_EVENT_IMPORTS_MAX);
    hx_imports_write(list, kept, &again);
    h->imports = hx_arena_str(u->arena, hx_buf_str(&again));
    hx_buf_release(&again);
    return h->imports.ptr ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status undo_block(undo *u, uint64_t key, hx_error *err) {
    hx_str block;
    hx_event_head *heads;
    size_t n, kept = 0;
    bool touched = false;
    uint64_t person;
    hx_arena_reset(u->arena);
    HX_TRY(hx_store_block(u->store, key, u->arena, &block, err));
    HX_TRY(hx_event_block_heads(u->codec, block, u->arena, &heads, &n, err));
    for (size_t i = 0; i < n; i++) {
        bool gone;
        HX_TRY(drop_import(u, &heads[i], &gone, &touched, err));
        if (!gone) heads[kept++] = heads[i];
    }
    if (!touched) return HX_OK;
    hx_buf_reset(&u->out);
    if (kept > 0) HX_TRY(hx_event_block_write(u->codec, heads, kept, &u->out, err));
    HX_TRY(hx_store_put_block(u->store, key, kept, kept ? heads[kept - 1].time : 0,
                              hx_buf_str(&u->out), err));
    if (hx_id_key_is_guest(key)) return HX_OK;
    HX_TRY(hx_store_person(u->store, key, &person, err));
    return hx_store_add_dirty(u->store, person, err);
}

static hx_status in_transaction(hx_store *s, hx_status status, hx_error *err) {
    if (status == HX_OK) return hx_store_commit(s, err);
    hx_store_rollback(s);
    return status;
}

static hx_status undo_batch(undo *u, size_t from, size_t to, hx_error *err) {
    const uint64_t *keys = (const uint64_t *)(const void *)u->keys.ptr;
    hx_status status = HX_OK;
    HX_TRY(hx_store_begin(u->store, err));
    for (size_t i = from; i < to && status == HX_OK; i++)
        status = undo_block(u, keys[i], err);
    return in_transaction(u->store, status, err);
}

static hx_status mark_undoing(undo *u, hx_error *err) {
    int64_t id = u->import;
    HX_TRY(hx_store_begin(u->store, err));
    hx_status status = hx_store_set_import_state(u->store, id, HX_IMPORT_UNDOING, 0, err);
    if (status == HX_OK) status = hx_store_drop_pending_import(u->store, id, err);
    if (status == HX_OK) status = hx_store_drop_edges_of_import(u->store, id, err);
    if (status == HX_OK) status = hx_store_drop_rejects(u->store, id, err);
    return in_transaction(u->store, status, err);
}

static hx_status undo_all(undo *u, hx_error *err) {
    HX_TRY(mark_undoing(u, err));
    HX_TRY(hx_store_each_block(u->store, note_key, u, err));
    size_t n = u->keys.len / sizeof(uint64_t);
    for (size_t i = 0; i < n; i += UNDO_BATCH)
        HX_TRY(undo_batch(u, i, i + UNDO_BATCH < n ? i + UNDO_BATCH : n, err));
    HX_TRY(hx_run_fold_dirty(u->store, err));
    HX_TRY(hx_store_drop_loose_ids(u->store, err));
    HX_TRY(hx_store_set_import_state(u->store, u->import, HX_IMPORT_UNDONE, 0, err));
    return hx_store_vacuum(u->store, err);
}

static hx_status check_undo(hx_store *s, int64_t id, hx_error *err) {
    hx_import_state state;
    bool found;
    HX_TRY(hx_store_import_state(s, id, &state, &found, err));
    if (!found || id <= 0 || id > UINT32_MAX)
        return hx_fail(err, HX_ENOTFOUND,
                       "no import %" PRId64 " in this store; see 'huaxiang imports list'", id);
    if (state == HX_IMPORT_UNDONE)
        return hx_fail(err, HX_ECONFLICT, "import %" PRId64 " has been undone already", id);
    return HX_OK;
}

hx_status hx_import_undo(hx_store *store, int64_t import_id, hx_error *err) {
    HX_TRY(check_undo(store, import_id, err));
    HX_TRY(hx_store_lock(store, err));
    undo u = {.store = store, .import = (uint32_t)import_id};
    u.codec = hx_event_codec_new();
    u.arena = hx_arena_new(0);
    hx_buf_init(&u.out, SIZE_MAX / 2);
    hx_buf_init(&u.keys, SIZE_MAX / 2);
    hx_status status =
        u.codec && u.arena ? undo_all(&u, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_release(&u.out);
    hx_arena_free(u.arena);
    hx_event_codec_free(u.codec);
    hx_buf_release(&u.keys);
    hx_store_unlock(store);
    return status;
}

/* ------------------------------------------------------------------ erasure */
typedef struct {
    int64_t import;
    hx_str data;
} pending_blob;

static hx_status erase_key(hx_store *s, uint64_t key, hx_error *err) {
    HX_TRY(hx_store_put_block(s, key, 0, 0, (hx_str){NULL, 0}, err));
    HX_TRY(hx_store_drop_id(s, key, err));
    HX_TRY(hx_store_drop_edges_of_key(s, key, err));
    HX_TRY(hx_store_drop_decided_key(s, key, err));
    return hx_store_drop_person(s, key, err);
}

/* Events of the person that were read but not merged yet: the parts they lie in are written anew without them. */
typedef struct {
    hx_store *store;
    const uint64_t *keys;
    size_t n_keys;
    unsigned part;
    hx_arena *arena; /* owns what is put back */
    pending_blob *kept; /* in arena */
    size_t n, cap;
} pending_sieve;

static bool is_key_of(const pending_sieve *s, uint64_t key) {
    for (size_t i = 0; i < s->n_keys; i++)
        if (s->keys[i] == key) return true;
    return false;
}

static hx_status keep_pending(pending_sieve *s, int64_t import, hx_str data, hx_error *err) {
    if (s->n == s->cap) {
        pending_blob *bigger = hx_arena_alloc(s->arena, (s->cap * 2 + 16) * sizeof *bigger);
        if (!bigger) return hx_fail(err, HX_ENOMEM, "out of memory");
        if (s->n > 0) memcpy(bigger, s->kept, s->n * sizeof *bigger);
        s->kept = bigger;
        s->cap = s->cap * 2 + 16;
    }
    s->kept[s->n++] = (pending_blob){import, hx_arena_str(s->arena, data)};
    return s->kept[s->n - 1].data.ptr ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status sift_pending(void *context, int64_t import, hx_str data, hx_error *err) {
    pending_sieve *s = context;
    hx_buf rest;
    hx_cursor c = hx_cursor_of(data);
    hx_buf_init(&rest, data.len);
    while (c.at < c.end && !c.failed) {
        const char *start = (const char *)c.at;
        hx_event_head h;
        uint64_t key = hx_get_fixed64(&c);
        bool whole = hx_event_head_read(&c, &h);
        if (whole && !is_key_of(s, key))
            hx_buf_append(&rest, start, (size_t)((const char *)c.at - start));
    }
    hx_status status = HX_OK;
    if (rest.len > 0) status = keep_pending(s, import, hx_buf_str(&rest), err);
    hx_buf_release(&rest);
    return status;
}

static hx_status erase_pending_part(pending_sieve *s, unsigned part, hx_error *err) {
    s->part = part;
    s->n = 0;
    HX_TRY(hx_store_each_pending(s->store, part, true, sift_pending, s, err));
    HX_TRY(hx_store_drop_pending(s->store, part, true, err));
    for (size_t i = 0; i < s->n; i++)
        HX_TRY(hx_store_add_pending(s->store, part, s->kept[i].import, s->kept[i].data, err));
    return HX_OK;
}

static hx_status erase_person(hx_store *s, uint64_t person, int64_t now, hx_arena *arena,
                              uint64_t *n_events, hx_error *err) {
    uint64_t *keys;
    size_t n_keys, n;
    hx_event *events;
    HX_TRY(hx_store_events(s, person, arena, &events, &n, err));
    HX_TRY(hx_store_members(s, person, arena, &keys, &n_keys, err));
    *n_events = n;
    pending_sieve sieve = {.store = s, .keys = keys, .n_keys = n_keys, .arena = arena};
    for (size_t i = 0; i < n_keys; i++) {
        HX_TRY(erase_pending_part(&sieve, (unsigned)(keys[i] >> 56), err));
        HX_TRY(erase_key(s, keys[i], err));
    }
    HX_TRY(hx_store_drop_profile(s, person, err));
    return hx_store_add_erased(s, person, now, err);
}

/* The values of all ids of a person, so that rejected rows that name him can be found. */
static hx_status id_values(hx_store *s, uint64_t person, hx_arena *arena, hx_str **values,
                           size_t *n, hx_error *err) {
    uint64_t *keys;
    size_t n_keys;
    HX_TRY(hx_store_members(s, person, arena, &keys, &n_keys, err));
    *n = 0;
    *values = hx_arena_alloc(arena, n_keys * sizeof **values);
    if (!*values) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n_keys; i++) {
        hx_id id;
        bool found;
        HX_TRY(hx_store_id(s, keys[i], arena, &id, &found, err));
        if (found) (*values)[(*n)++] = id.value;
    }
    return HX_OK;
}

static hx_status erase_everywhere(hx_store *store, hx_str who, int64_t now, hx_arena *arena,
                                  uint64_t *n_events, hx_error *err) {
    uint64_t person = 0;
    hx_str *values;
    size_t n;
    HX_TRY(hx_store_find(store, who, &person, err));
    HX_TRY(id_values(store, person, arena, &values, &n, err));
    HX_TRY(hx_store_begin(store, err));
    HX_TRY(in_transaction(store, erase_person(store, person, now, arena, n_events, err), err));
    char *rejects = hx_file_beside(hx_store_path(store), ".rejects.csv");
    if (!rejects) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status status = hx_rejects_drop_rows(rejects, values, n, err);
    free(rejects);
    return status == HX_OK ? hx_store_vacuum(store, err) : status;
}

hx_status hx_erase_customer(hx_store *store, hx_str who, int64_t now, uint64_t *n_events,
                            hx_error *err) {
    HX_TRY(hx_store_lock(store, err));
    hx_arena *arena = hx_arena_new(0);
    hx_status status = arena ? erase_everywhere(store, who, now, arena, n_events, err)
                             : hx_fail(err, HX_ENOMEM, "out of memory");
    hx_arena_free(arena);
    hx_store_unlock(store);
    return status;
}
