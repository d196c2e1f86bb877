/* decisions.c - what somebody decided about who belongs together, beside what the files say.
 *
 *     decision(id, kind, at, source, reason, weight, undone)   the journal: nothing in it is ever changed but `undone`
 *     decided(decision, a, b)                                  its pairs of ids, a < b as signed
 *
 * A pair that an active decision parts is no edge, whatever file or decision says it is. Undoing a decision needs no memory of what was before:
 * persons follow from the edges and the active decisions alone (src/pipeline/identity.c). */
#include "base/error.h"
#include "store/sqlite.h"

hx_status hx_store_add_decision(hx_store *s, const hx_decision *d, int64_t *id, hx_error *err) {
    bool found;
    HX_TRY(hx_store_set_identity(s, false, err));
    sqlite3_stmt *st = hx_store_bind(s, SQL_ADD_DECISION, err, "iiss", (int64_t)d->kind, d->at,
                                     d->source, d->reason);
    if (!st) return HX_EINTERNAL;
    if (sqlite3_bind_double(st, 5, d->weight) != SQLITE_OK)
        return hx_store_fail(s, sqlite3_errcode(s->db), err);
    return hx_store_int(s, st, id, &found, err);
}

hx_status hx_store_add_decided(hx_store *s, int64_t decision, uint64_t a, uint64_t b,
                               hx_error *err) {
    bool in_order = (int64_t)a < (int64_t)b;
    return hx_store_run(s, SQL_ADD_DECIDED, err, "iuu", decision, in_order ? a : b,
                        in_order ? b : a);
}

hx_status hx_store_undo_decision(hx_store *s, int64_t id, bool undone, hx_error *err) {
    HX_TRY(hx_store_set_identity(s, false, err));
    return hx_store_run(s, SQL_UNDO_DECISION, err, "ii", id, (int64_t)undone);
}

static void read_decision(sqlite3_stmt *st, hx_decision *d) {
    d->id = sqlite3_column_int64(st, 0);
    d->kind = sqlite3_column_int(st, 1) == HX_DECISION_PART ? HX_DECISION_PART : HX_DECISION_JOIN;
    d->at = sqlite3_column_int64(st, 2);
    d->source = hx_store_column_str(st, 3);
    d->reason = hx_store_column_str(st, 4);
    d->weight = sqlite3_column_double(st, 5);
    d->undone = sqlite3_column_int(st, 6) != 0;
}

hx_status hx_store_each_decision(hx_store *s, hx_store_decision_fn *fn, void *context,
                                 hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_ALL_DECISIONS, err, "");
    hx_status status = st ? HX_OK : HX_EINTERNAL;
    bool row = true;
    while (status == HX_OK && row) {
        hx_decision d;
        status = hx_store_step(s, st, &row, err);
        if (status != HX_OK || !row) break;
        read_decision(st, &d);
        status = fn(context, &d, err);
    }
    if (st) sqlite3_reset(st);
    return status;
}

hx_status hx_store_decision(hx_store *s, int64_t id, hx_arena *arena, hx_decision *out, bool *found,
                            hx_error *err) {
    sqlite3_stmt *st = hx_store_bind(s, SQL_GET_DECISION, err, "i", id);
    if (!st) return HX_EINTERNAL;
    HX_TRY(hx_store_step(s, st, found, err));
    if (*found) {
        read_decision(st, out);
        out->source = hx_arena_str(arena, out->source);
        out->reason = hx_arena_str(arena, out->reason);
    }
    sqlite3_reset(st);
    return HX_OK;
}

static hx_status each_pair_of(hx_store *s, sqlite3_stmt *st, hx_store_pair_fn *fn, void *context,
                              hx_error *err) {
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

hx_status hx_store_each_decided(hx_store *s, int64_t decision, hx_store_pair_fn *fn, void *context,
                                hx_error *err) {
    return each_pair_of(s, hx_store_bind(s, SQL_DECIDED, err, "i", decision), fn, context, err);
}

hx_status hx_store_each_join(hx_store *s, hx_store_pair_fn *fn, void *context, hx_error *err) {
    return each_pair_of(s, hx_store_bind(s, SQL_ALL_JOINS, err, ""), fn, context, err);
}

hx_status hx_store_edges_of(hx_store *s, uint64_t key, hx_store_pair_fn *fn, void *context,
                            hx_error *err) {
    return each_pair_of(s, hx_store_bind(s, SQL_EDGES_OF, err, "u", key), fn, context, err);
}

hx_status hx_store_drop_decided_key(hx_store *s, uint64_t key, hx_error *err) {
    HX_TRY(hx_store_set_identity(s, false, err));
    return hx_store_run(s, SQL_DROP_DECIDED_KEY, err, "u", key);
}
