/* segments.c - segments that somebody defined, and when each customer was in them.
 *
 *     segment(id, name, rule, at)              a definition; ids are never used again
 *     segment_times(person, segment, data)     times at which he comes in and goes out by turns; no row = never in
 *     segment_dirty(person)                    whose times are to be found out again
 *
 * Times follow from the rule and the person's events alone, those at which a window will end included: who is in at a time is looked up,
 * nothing need be done when time goes by, and an import taken back leaves what was there before it. Triggers of the table of profiles
 * mark a person as dirty in the transaction that writes his profile, and forget one whose profile goes. */
#include "base/error.h"
#include "store/sqlite.h"

hx_status hx_store_add_segment(hx_store *s, const hx_store_segment *g, int64_t *id, hx_error *err) {
    bool found;
    sqlite3_stmt *st = hx_store_bind(s, SQL_ADD_SEGMENT, err, "ssi", g->name, g->rule, g->at);
    if (!st) return HX_EINTERNAL;
    return hx_store_int(s, st, id, &found, err);
}

hx_status hx_store_drop_segment(hx_store *s, int64_t id, hx_error *err) {
    HX_TRY(hx_store_drop_segment_times(s, id, err));
    return hx_store_run(s, SQL_DROP_SEGMENT, err, "i", id);
}

hx_status hx_store_drop_segment_times(hx_store *s, int64_t id, hx_error *err) {
    return hx_store_run(s, SQL_DROP_SEGMENT_TIMES, err, "i", id);
}

static hx_status count_segments(hx_store *s, int64_t *n, hx_error *err) {
    bool found = false;
    *n = 0;
    return hx_store_int(s, hx_store_bind(s, SQL_COUNT_SEGMENTS, err, ""), n, &found, err);
}

hx_status hx_store_segments(hx_store *s, hx_arena *arena, hx_store_segment **out, size_t *n,
                            hx_error *err) {
    int64_t all = 0;
    bool row = true;
    *n = 0;
    HX_TRY(count_segments(s, &all, err));
    *out = hx_arena_alloc(arena, ((size_t)all + 1) * sizeof **out);
    if (!*out) return hx_fail(err, HX_ENOMEM, "out of memory");
    sqlite3_stmt *st = hx_store_bind(s, SQL_ALL_SEGMENTS, err, "");
    if (!st) return HX_EINTERNAL;
    while (row && *n < (size_t)all) {
        HX_TRY(hx_store_step(s, st, &row, err));
        if (!row) break;
        hx_store_segment *g = &(*out)[(*n)++];
        *g = (hx_store_segment){.id = sqlite3_column_int64(st, 0),
                                .name = hx_arena_str(arena, hx_store_column_str(st, 1)),
                                .rule = hx_arena_str(arena, hx_store_column_str(st, 2)),
                                .at = sqlite3_column_int64(st, 3)};
        if (g->name.ptr && g->rule.ptr) continue;
        sqlite3_reset(st);
        return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    sqlite3_reset(st);
    return HX_OK;
}

hx_status hx_store_put_segment_times(hx_store *s, uint64_t person, int64_t id, hx_str data,
                                     hx_error *err) {
    return hx_store_run(s, SQL_PUT_SEGMENT_TIMES, err, "uib", person, id, data);
}

hx_status hx_store_drop_person_times(hx_store *s, uint64_t person, hx_error *err) {
    return hx_store_run(s, SQL_DROP_PERSON_TIMES, err, "u", person);
}

static hx_status each_times(hx_store *s, sqlite3_stmt *st, hx_store_times_fn *fn, void *context,
                            hx_error *err) {
    hx_status status = st ? HX_OK : HX_EINTERNAL;
    bool row = true;
    while (status == HX_OK && row) {
        status = hx_store_step(s, st, &row, err);
        if (status == HX_OK && row)
            status = fn(context, (uint64_t)sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
                        hx_store_column_str(st, 2), err);
    }
    if (st) sqlite3_reset(st);
    return status;
}

hx_status hx_store_each_times(hx_store *s, hx_store_times_fn *fn, void *context, hx_error *err) {
    return each_times(s, hx_store_bind(s, SQL_ALL_TIMES, err, ""), fn, context, err);
}

hx_status hx_store_each_person_times(hx_store *s, uint64_t person, hx_store_times_fn *fn,
                                     void *context, hx_error *err) {
    return each_times(s, hx_store_bind(s, SQL_PERSON_TIMES, err, "u", person), fn, context, err);
}

/* ------------------------------------------------------------------ who is to be found out again */
hx_status hx_store_next_touched(hx_store *s, uint64_t *persons, size_t max, size_t *n,
                                hx_error *err) {
    bool row = true;
    *n = 0;
    sqlite3_stmt *st = hx_store_bind(s, SQL_NEXT_TOUCHED, err, "i", (int64_t)max);
    if (!st) return HX_EINTERNAL;
    while (row && *n < max) {
        HX_TRY(hx_store_step(s, st, &row, err));
        if (row) persons[(*n)++] = (uint64_t)sqlite3_column_int64(st, 0);
    }
    sqlite3_reset(st);
    return HX_OK;
}

hx_status hx_store_count_touched(hx_store *s, uint64_t *n, hx_error *err) {
    bool found = false;
    int64_t count = 0;
    HX_TRY(hx_store_int(s, hx_store_bind(s, SQL_COUNT_TOUCHED, err, ""), &count, &found, err));
    *n = (uint64_t)count;
    return HX_OK;
}

hx_status hx_store_touch_all(hx_store *s, hx_error *err) {
    return hx_store_run(s, SQL_TOUCH_ALL, err, "");
}

hx_status hx_store_drop_touched(hx_store *s, uint64_t person, hx_error *err) {
    return hx_store_run(s, SQL_DROP_TOUCHED, err, "u", person);
}
