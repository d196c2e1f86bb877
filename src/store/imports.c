/* imports.c - which files were read, how far, what is still to be merged, what was rejected.
 *
 * An import is written together with the place it has reached and the pending events up to there, in the caller's transaction: after
 * a kill the place and the events agree. Pending events lie in parts by the top bits of their id's key, so that the merge holds one part
 * in memory at a time. Rejects keep row, column and reason; the rows themselves are in the rejects file. */
#include "base/error.h"
#include "store/sqlite.h"

hx_status hx_store_add_import(hx_store *s, const hx_import_new *i, int64_t *id, hx_error *err) {
    HX_TRY(hx_store_run(s, SQL_ADD_IMPORT, err, "isssssui", i->run, hx_str_of(i->path),
                        hx_str_of(i->kind), hx_str_of(i->format), hx_str_of(i->encoding),
                        i->mapping, i->fingerprint, i->started));
    *id = sqlite3_last_insert_rowid(s->db);
    return HX_OK;
}

hx_status hx_store_save_import(hx_store *s, const hx_import_row *r, hx_error *err) {
    return hx_store_run(s, SQL_SAVE_IMPORT, err, "iuuuuuuuuui", r->id, r->next_offset, r->next_row,
                        r->rejects_bytes, r->rows, r->accepted, r->rejected, r->repaired, r->texts,
                        r->guests, (int64_t)r->state);
}

hx_status hx_store_set_import_state(hx_store *s, int64_t id, hx_import_state state,
                                    int64_t finished, hx_error *err) {
    return hx_store_run(s, SQL_SET_IMPORT_STATE, err, "iii", id, (int64_t)state, finished);
}

hx_status hx_store_unfinished_run(hx_store *s, int64_t *run, hx_error *err) {
    bool found;
    *run = 0;
    return hx_store_int(s, hx_store_bind(s, SQL_UNFINISHED_RUN, err, ""), run, &found, err);
}

hx_status hx_store_each_unfinished(hx_store *s, int64_t run, hx_store_path_fn *fn, void *context,
                                   hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_UNFINISHED_PATHS, err, "i", run);
    hx_status status = st ? HX_OK : HX_EINTERNAL;
    bool row = true;
    while (status == HX_OK && row) {
        status = hx_store_step(s, st, &row, err);
        if (status == HX_OK && row)
            status = fn(context, sqlite3_column_int64(st, 0), hx_store_column_str(st, 1), err);
    }
    if (st) sqlite3_reset(st);
    return status;
}

hx_status hx_store_run_rejects(hx_store *s, int64_t run, uint64_t *bytes, hx_error *err) {
    int64_t v = 0;
    bool found;
    HX_TRY(hx_store_int(s, hx_store_bind(s, SQL_RUN_REJECTS, err, "i", run), &v, &found, err));
    *bytes = (uint64_t)v;
    return HX_OK;
}

hx_status hx_store_refuse_half_undone(hx_store *s, hx_error *err) {
    int64_t id = 0;
    bool found;
    HX_TRY(hx_store_int(s, hx_store_bind(s, SQL_UNDOING, err, ""), &id, &found, err));
    if (!found) return HX_OK;
    return hx_fail(err, HX_ECONFLICT,
                   "%s: import %d is only half undone; finish it with 'huaxiang imports undo %d'",
                   s->path, (int)id, (int)id);
}

hx_status hx_store_next_run(hx_store *s, int64_t *run, hx_error *err) {
    bool found;
    return hx_store_int(s, hx_store_bind(s, SQL_NEXT_RUN, err, ""), run, &found, err);
}

hx_status hx_store_finish_run(hx_store *s, int64_t run, int64_t finished, hx_error *err) {
    return hx_store_run(s, SQL_FINISH_RUN, err, "ii", run, finished);
}

hx_status hx_store_import_of_run(hx_store *s, int64_t run, const char *path, hx_import_row *out,
                                 bool *found, hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_IMPORT_OF_RUN, err, "is", run, hx_str_of(path));
    if (!st) return HX_EINTERNAL;
    HX_TRY(hx_store_step(s, st, found, err));
    if (*found) {
        uint64_t *const counts[] = {&out->next_offset, &out->next_row, &out->rejects_bytes,
                                    &out->rows,        &out->accepted, &out->rejected,
                                    &out->repaired,    &out->texts,    &out->guests};
        out->id = sqlite3_column_int64(st, 0);
        out->state = (hx_import_state)sqlite3_column_int(st, 1);
        for (int i = 0; i < 9; i++)
            *counts[i] = (uint64_t)sqlite3_column_int64(st, 2 + i);
        out->fingerprint = (uint64_t)sqlite3_column_int64(st, 11);
    }
    sqlite3_reset(st);
    return HX_OK;
}

hx_status hx_store_import_state(hx_store *s, int64_t id, hx_import_state *state, bool *found,
                                hx_error *err) {
    int64_t v = 0;
    HX_TRY(hx_store_int(s, hx_store_bind(s, SQL_IMPORT_STATE, err, "i", id), &v, found, err));
    *state = (hx_import_state)v;
    return HX_OK;
}

hx_status hx_store_add_duplicates(hx_store *s, int64_t id, uint64_t n, hx_error *err) {
    return hx_store_run(s, SQL_ADD_DUPLICATES, err, "iu", id, n);
}

static hx_import_info info_of_row(sqlite3_stmt *st, hx_arena *arena) {
    hx_str texts[5];
    uint64_t counts[5];
    for (int i = 0; i < 5; i++)
        texts[i] = hx_arena_str(arena, hx_store_column_str(st, 1 + i));
    for (int i = 0; i < 5; i++)
        counts[i] = (uint64_t)sqlite3_column_int64(st, 8 + i);
    return (hx_import_info){.id = sqlite3_column_int64(st, 0),
                            .path = texts[0],
                            .format = texts[1],
                            .encoding = texts[2],
                            .kind = texts[3],
                            .mapping = texts[4],
                            .started = sqlite3_column_int64(st, 6),
                            .finished = sqlite3_column_int64(st, 7),
                            .rows = counts[0],
                            .accepted = counts[1],
                            .rejected = counts[2],
                            .repaired = counts[3],
                            .duplicates = counts[4],
                            .undone = sqlite3_column_int(st, 13) == HX_IMPORT_UNDONE,
                            .undoing = sqlite3_column_int(st, 13) == HX_IMPORT_UNDOING};
}

hx_status hx_store_imports(hx_store *s, hx_arena *arena, hx_import_info **out, size_t *n,
                           hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_ALL_IMPORTS, err, "");
    size_t cap = 0;
    bool row;
    if (!st) return HX_EINTERNAL;
    *out = NULL;
    *n = 0;
    for (;;) {
        HX_TRY(hx_store_step(s, st, &row, err));
        if (!row) break;
        if (*n == cap) {
            hx_import_info *bigger = hx_arena_alloc(arena, (cap * 2 + 8) * sizeof *bigger);
            if (!bigger) return hx_fail(err, HX_ENOMEM, "out of memory");
            for (size_t i = 0; i < *n; i++)
                bigger[i] = (*out)[i];
            *out = bigger;
            cap = cap * 2 + 8;
        }
        (*out)[(*n)++] = info_of_row(st, arena);
    }
    sqlite3_reset(st);
    return HX_OK;
}

/* ------------------------------------------------------------------ pending events */
hx_status hx_store_add_pending(hx_store *s, unsigned part, int64_t import, hx_str data,
                               hx_error *err) {
    hx_str packed = hx_event_pack(s->codec, data);
    if (!packed.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    return hx_store_run(s, SQL_ADD_PENDING, err, "iib", (int64_t)part, import, packed);
}

hx_status hx_store_pending_parts(hx_store *s, unsigned parts[HX_PARTS], size_t *n, hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_PENDING_PARTS, err, "");
    bool row = st != NULL;
    if (!st) return HX_EINTERNAL;
    for (*n = 0; row && *n < HX_PARTS;) {
        HX_TRY(hx_store_step(s, st, &row, err));
        if (row) parts[(*n)++] = (unsigned)sqlite3_column_int(st, 0) % HX_PARTS;
    }
    sqlite3_reset(st);
    return HX_OK;
}

static hx_status visit_pending(hx_store *s, int64_t import, hx_str packed, hx_store_pending_fn *fn,
                               void *context, hx_error *err) {
    hx_str data = hx_event_unpack(s->codec, packed);
    if (!data.ptr)
        return hx_fail(err, HX_EFORMAT,
                       "the store is damaged: a pending event can't be decoded; restore a backup");
    return fn(context, import, data, err);
}

hx_status hx_store_each_pending(hx_store *s, unsigned part, bool all, hx_store_pending_fn *fn,
                                void *context, hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, all ? SQL_ALL_PENDING_OF_PART : SQL_PENDING_OF_PART, err,
                                     "i", (int64_t)part);
    hx_status status = st ? HX_OK : HX_EINTERNAL;
    bool row = true;
    while (status == HX_OK && row) {
        status = hx_store_step(s, st, &row, err);
        if (status == HX_OK && row)
            status = visit_pending(s, sqlite3_column_int64(st, 0), hx_store_column_str(st, 1), fn,
                                   context, err);
    }
    if (st) sqlite3_reset(st);
    return status;
}

hx_status hx_store_drop_pending(hx_store *s, unsigned part, bool all, hx_error *err) {
    return hx_store_run(s, all ? SQL_DROP_ALL_PENDING_PART : SQL_DROP_PENDING_PART, err, "i",
                        (int64_t)part);
}

hx_status hx_store_drop_pending_import(hx_store *s, int64_t import, hx_error *err) {
    return hx_store_run(s, SQL_DROP_PENDING_IMPORT, err, "i", import);
}

/* ------------------------------------------------------------------ quality */
hx_status hx_store_add_reject(hx_store *s, int64_t import, int64_t row, hx_str column,
                              hx_str reason, hx_error *err) {
    return hx_store_run(s, SQL_ADD_REJECT, err, "iiss", import, row, column, reason);
}

hx_status hx_store_drop_rejects(hx_store *s, int64_t import, hx_error *err) {
    return hx_store_run(s, SQL_DROP_REJECTS, err, "i", import);
}

hx_status hx_store_each_reject(hx_store *s, hx_store_reject_fn *fn, void *context, hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_ALL_REJECTS, err, "");
    hx_status status = st ? HX_OK : HX_EINTERNAL;
    bool row = true;
    while (status == HX_OK && row) {
        status = hx_store_step(s, st, &row, err);
        if (status == HX_OK && row)
            status = fn(context, sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
                        hx_store_column_str(st, 2), hx_store_column_str(st, 3), err);
    }
    if (st) sqlite3_reset(st);
    return status;
}

hx_status hx_store_mapping(hx_store *s, uint64_t header, hx_arena *arena, hx_str *map,
                           hx_error *err) {
    return hx_store_blob(s, hx_store_bind(s, SQL_GET_MAPPING, err, "u", header), arena, map, err);
}

hx_status hx_store_put_mapping(hx_store *s, uint64_t header, hx_str map, hx_error *err) {
    return hx_store_run(s, SQL_PUT_MAPPING, err, "us", header, map);
}
