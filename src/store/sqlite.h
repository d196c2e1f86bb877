/* sqlite.h - SQLite behind hx_status: statements with typed bindings, errors as finished sentences. */
#ifndef HX_STORE_SQLITE_H
#define HX_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/store.h"

/* Statements are prepared once a store, on first use. */
typedef enum {
    SQL_BEGIN,
    SQL_BEGIN_READ,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_SET_META,
    SQL_GET_META,
    SQL_ADD_IMPORT,
    SQL_SAVE_IMPORT,
    SQL_SET_IMPORT_STATE,
    SQL_UNFINISHED_RUN,
    SQL_UNFINISHED_PATHS,
    SQL_RUN_REJECTS,
    SQL_UNDOING,
    SQL_IMPORT_OF_RUN,
    SQL_NEXT_RUN,
    SQL_FINISH_RUN,
    SQL_IMPORT_STATE,
    SQL_ALL_IMPORTS,
    SQL_ADD_DUPLICATES,
    SQL_ADD_PENDING,
    SQL_PENDING_PARTS,
    SQL_PENDING_OF_PART,
    SQL_DROP_PENDING_PART,
    SQL_ALL_PENDING_OF_PART,
    SQL_DROP_ALL_PENDING_PART,
    SQL_DROP_PENDING_IMPORT,
    SQL_GET_BLOCK,
    SQL_BLOCK_LAST,
    SQL_PUT_BLOCK,
    SQL_DROP_BLOCK,
    SQL_ADD_ID,
    SQL_GET_ID,
    SQL_DROP_ID,
    SQL_DROP_LOOSE_IDS,
    SQL_ADD_EDGE,
    SQL_ALL_EDGES,
    SQL_DROP_EDGES_OF_IMPORT,
    SQL_DROP_EDGES_OF_KEY,
    SQL_GET_PERSON,
    SQL_PUT_PERSON,
    SQL_DROP_PERSON,
    SQL_ALL_PERSONS,
    SQL_MEMBERS,
    SQL_ADD_DIRTY,
    SQL_NEXT_DIRTY,
    SQL_DROP_DIRTY,
    SQL_GET_PROFILE,
    SQL_HAS_PROFILE,
    SQL_PUT_PROFILE,
    SQL_DROP_PROFILE,
    SQL_LATEST,
    SQL_ADD_ERASED,
    SQL_GET_ERASED,
    SQL_ADD_REJECT,
    SQL_DROP_REJECTS,
    SQL_ALL_REJECTS,
    SQL_GET_MAPPING,
    SQL_PUT_MAPPING,
    SQL_ADD_DECISION,
    SQL_ADD_DECIDED,
    SQL_UNDO_DECISION,
    SQL_ALL_DECISIONS,
    SQL_GET_DECISION,
    SQL_DECIDED,
    SQL_ALL_JOINS,
    SQL_EDGES_OF,
    SQL_DROP_DECIDED_KEY,
    SQL_ADD_SEGMENT,
    SQL_DROP_SEGMENT,
    SQL_COUNT_SEGMENTS,
    SQL_ALL_SEGMENTS,
    SQL_PUT_SEGMENT_TIMES,
    SQL_DROP_SEGMENT_TIMES,
    SQL_DROP_PERSON_TIMES,
    SQL_ALL_TIMES,
    SQL_PERSON_TIMES,
    SQL_NEXT_TOUCHED,
    SQL_COUNT_TOUCHED,
    SQL_TOUCH_ALL,
    SQL_DROP_TOUCHED,
    SQL_N
} hx_sql;

struct hx_store {
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_N];
    hx_event_codec *codec;
    char *path;
    bool identity_stale; /* said so in the open transaction or before */
    int lock_fd; /* the writers' lock, -1 = not held */
    hx_store_mode mode;
};

/* The failure of the last call on s->db as a sentence. */
hx_status hx_store_fail(hx_store *s, int sqlite_code, hx_error *err);
/* The statement, reset and ready to bind; NULL with `err` filled where it can't be prepared. */
sqlite3_stmt *hx_store_statement(hx_store *s, hx_sql which, hx_error *err);
/* Steps a statement that gives no row. */
hx_status hx_store_done(hx_store *s, sqlite3_stmt *st, hx_error *err) HX_MUST_USE;
/* Steps; *row says whether there is one. */
hx_status hx_store_step(hx_store *s, sqlite3_stmt *st, bool *row, hx_error *err) HX_MUST_USE;
hx_status hx_store_exec(hx_store *s, const char *sql, hx_error *err) HX_MUST_USE;
/* Binds by `types`, a letter an argument: i = int64_t, u = uint64_t, s = hx_str as text, b = hx_str as blob (not copied: they must
 * live until the statement is stepped). NULL with `err` filled on failure. */
sqlite3_stmt *hx_store_bind(hx_store *s, hx_sql which, hx_error *err, const char *types, ...);
/* Binds and runs a statement that gives no row. */
hx_status hx_store_run(hx_store *s, hx_sql which, hx_error *err, const char *types,
                       ...) HX_MUST_USE;
/* One integer of one row: *found = false, *out untouched where there is none or it is NULL. */
hx_status hx_store_int(hx_store *s, sqlite3_stmt *st, int64_t *out, bool *found,
                       hx_error *err) HX_MUST_USE;
/* One blob or text of one row into `arena`: {NULL, 0} where there is none. */
hx_status hx_store_blob(hx_store *s, sqlite3_stmt *st, hx_arena *arena, hx_str *out,
                        hx_error *err) HX_MUST_USE;
hx_str hx_store_column_str(sqlite3_stmt *st, int at); /* valid until the next step */

#endif
