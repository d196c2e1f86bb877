/* sqlite.c - statements and errors. Each statement's text stands once, in the order of hx_sql.
 *
 * A statement is prepared at its first use, kept with the handle and reset before each next one. SQLite's codes become finished
 * sentences here and nowhere else: busy, full, corrupt, read-only and out of memory each say what to do. Bound text and blobs are not
 * copied (SQLITE_STATIC): they must live until the statement is stepped. */
#include "store/sqlite.h"

#include <stdarg.h>
#include <string.h>

#include "base/error.h"

/* Pairs that an active decision parts. */
#define PARTED                                                                                     \
    "decided JOIN decision ON decision.id = decided.decision WHERE decision.kind = 2 AND "         \
    "decision.undone = 0 AND "

static const char *const sql_text[SQL_N] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_BEGIN_READ] = "BEGIN DEFERRED",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SET_META] = "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
    [SQL_GET_META] = "SELECT value FROM meta WHERE name = ?1",
    [SQL_ADD_IMPORT] =
        "INSERT INTO import (run, path, kind, format, encoding, mapping, fingerprint, started) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_SAVE_IMPORT] =
        "UPDATE import SET next_offset = ?2, next_row = ?3, rejects_bytes = ?4, rows = ?5, "
        "accepted = ?6, "
        "rejected = ?7, repaired = ?8, texts = ?9, guests = ?10, state = ?11 WHERE id = ?1",
    [SQL_SET_IMPORT_STATE] = "UPDATE import SET state = ?2, finished = ?3 WHERE id = ?1",
    [SQL_UNFINISHED_RUN] = "SELECT max(run) FROM import WHERE state < 2",
    [SQL_UNFINISHED_PATHS] = "SELECT id, path FROM import WHERE run = ?1 AND state = 0 ORDER BY id",
    [SQL_RUN_REJECTS] = "SELECT max(rejects_bytes) FROM import WHERE run = ?1",
    [SQL_UNDOING] = "SELECT min(id) FROM import WHERE state = 4",
    [SQL_IMPORT_OF_RUN] = "SELECT id, state, next_offset, next_row, rejects_bytes, rows, accepted, "
                          "rejected, repaired, texts, "
                          "guests, fingerprint FROM import WHERE run = ?1 AND path = ?2",
    [SQL_NEXT_RUN] = "SELECT coalesce(max(run), 0) + 1 FROM import",
    [SQL_FINISH_RUN] = "UPDATE import SET state = 2, finished = ?2 WHERE run = ?1 AND state = 1",
    [SQL_IMPORT_STATE] = "SELECT state FROM import WHERE id = ?1",
    [SQL_ALL_IMPORTS] = "SELECT id, path, format, encoding, kind, mapping, started, finished, "
                        "rows, accepted, rejected, "
                        "repaired, duplicates, state FROM import ORDER BY id",
    [SQL_ADD_DUPLICATES] = "UPDATE import SET duplicates = duplicates + ?2 WHERE id = ?1",
    [SQL_ADD_PENDING] = "INSERT INTO pending VALUES (?1, ?2, ?3)",
    [SQL_PENDING_PARTS] = "SELECT DISTINCT part FROM pending WHERE import IN (SELECT id FROM "
                          "import WHERE state = 1) ORDER BY part",
    [SQL_PENDING_OF_PART] = "SELECT import, data FROM pending WHERE part = ?1 AND import IN "
                            "(SELECT id FROM import WHERE state = 1) ORDER BY import, rowid",
    [SQL_DROP_PENDING_PART] =
        "DELETE FROM pending WHERE part = ?1 AND import IN (SELECT id FROM import WHERE state = 1)",
    [SQL_ALL_PENDING_OF_PART] =
        "SELECT import, data FROM pending WHERE part = ?1 ORDER BY import, rowid",
    [SQL_DROP_ALL_PENDING_PART] = "DELETE FROM pending WHERE part = ?1",
    [SQL_DROP_PENDING_IMPORT] = "DELETE FROM pending WHERE import = ?1",
    [SQL_GET_BLOCK] = "SELECT data FROM block WHERE key = ?1",
    [SQL_BLOCK_LAST] = "SELECT last FROM block WHERE key = ?1",
    [SQL_PUT_BLOCK] = "INSERT OR REPLACE INTO block VALUES (?1, ?2, ?3, ?4)",
    [SQL_DROP_BLOCK] = "DELETE FROM block WHERE key = ?1",
    [SQL_ADD_ID] = "INSERT OR IGNORE INTO id VALUES (?1, ?2, ?3)",
    [SQL_GET_ID] = "SELECT type, value FROM id WHERE key = ?1",
    [SQL_DROP_ID] = "DELETE FROM id WHERE key = ?1",
    [SQL_DROP_LOOSE_IDS] = "DELETE FROM id WHERE key NOT IN (SELECT key FROM block) AND key NOT IN "
                           "(SELECT a FROM edge) AND key NOT IN (SELECT b FROM edge)",
    [SQL_ADD_EDGE] = "INSERT OR IGNORE INTO edge VALUES (?1, ?2, ?3)",
    [SQL_ALL_EDGES] = "SELECT DISTINCT a, b FROM edge WHERE NOT EXISTS (SELECT 1 FROM " PARTED
                      "decided.a = min(edge.a, edge.b) AND decided.b = max(edge.a, edge.b))",
    [SQL_DROP_EDGES_OF_IMPORT] = "DELETE FROM edge WHERE import = ?1",
    [SQL_DROP_EDGES_OF_KEY] = "DELETE FROM edge WHERE a = ?1 OR b = ?1",
    [SQL_GET_PERSON] = "SELECT person FROM person WHERE key = ?1",
    [SQL_PUT_PERSON] = "INSERT OR REPLACE INTO person VALUES (?1, ?2)",
    [SQL_DROP_PERSON] = "DELETE FROM person WHERE key = ?1",
    [SQL_ALL_PERSONS] = "SELECT key, person FROM person",
    [SQL_MEMBERS] = "SELECT key FROM person WHERE person = ?1 ORDER BY key",
    [SQL_ADD_DIRTY] = "INSERT OR IGNORE INTO dirty VALUES (?1)",
    [SQL_NEXT_DIRTY] = "SELECT person FROM dirty ORDER BY person LIMIT ?1",
    [SQL_DROP_DIRTY] = "DELETE FROM dirty WHERE person = ?1",
    [SQL_GET_PROFILE] = "SELECT data FROM profile WHERE key = ?1",
    [SQL_HAS_PROFILE] = "SELECT 1 FROM profile WHERE key = ?1",
    [SQL_PUT_PROFILE] = "INSERT OR REPLACE INTO profile VALUES (?1, ?2, ?3)",
    [SQL_DROP_PROFILE] = "DELETE FROM profile WHERE key = ?1",
    [SQL_LATEST] = "SELECT max(last) FROM profile",
    [SQL_ADD_ERASED] = "INSERT OR REPLACE INTO erased VALUES (?1, ?2)",
    [SQL_GET_ERASED] = "SELECT at FROM erased WHERE person = ?1",
    [SQL_ADD_REJECT] = "INSERT INTO reject VALUES (?1, ?2, ?3, ?4)",
    [SQL_DROP_REJECTS] = "DELETE FROM reject WHERE import = ?1",
    [SQL_ALL_REJECTS] = "SELECT import, row, column_name, reason FROM reject ORDER BY import, row",
    [SQL_GET_MAPPING] = "SELECT map FROM mapping WHERE header = ?1",
    [SQL_PUT_MAPPING] = "INSERT OR REPLACE INTO mapping VALUES (?1, ?2)",
    [SQL_ADD_DECISION] = "INSERT INTO decision (kind, at, source, reason, weight) VALUES (?1, ?2, "
                         "?3, ?4, ?5) RETURNING id",
    [SQL_ADD_DECIDED] = "INSERT OR IGNORE INTO decided VALUES (?1, ?2, ?3)",
    [SQL_UNDO_DECISION] = "UPDATE decision SET undone = ?2 WHERE id = ?1",
    [SQL_ALL_DECISIONS] =
        "SELECT id, kind, at, source, reason, weight, undone FROM decision ORDER BY id",
    [SQL_GET_DECISION] =
        "SELECT id, kind, at, source, reason, weight, undone FROM decision WHERE id = ?1",
    [SQL_DECIDED] = "SELECT a, b FROM decided WHERE decision = ?1 ORDER BY a, b",
    [SQL_ALL_JOINS] =
        "SELECT DISTINCT j.a, j.b FROM decided j JOIN decision d ON d.id = j.decision WHERE "
        "d.kind = 1 AND d.undone = 0 AND NOT EXISTS (SELECT 1 FROM " PARTED
        "decided.a = j.a AND decided.b = j.b) ORDER BY j.a, j.b",
    [SQL_EDGES_OF] = "SELECT DISTINCT a, b FROM edge WHERE a = ?1 UNION SELECT DISTINCT a, b FROM "
                     "edge WHERE b = ?1 ORDER BY 1, 2",
    [SQL_DROP_DECIDED_KEY] = "DELETE FROM decided WHERE a = ?1 OR b = ?1",
    [SQL_ADD_SEGMENT] = "INSERT INTO segment (name, rule, at) VALUES (?1, ?2, ?3) RETURNING id",
    [SQL_DROP_SEGMENT] = "DELETE FROM segment WHERE id = ?1",
    [SQL_COUNT_SEGMENTS] = "SELECT count(*) FROM segment",
    [SQL_ALL_SEGMENTS] = "SELECT id, name, rule, at FROM segment ORDER BY id",
    [SQL_PUT_SEGMENT_TIMES] = "INSERT OR REPLACE INTO segment_times VALUES (?1, ?2, ?3)",
    [SQL_DROP_SEGMENT_TIMES] = "DELETE FROM segment_times WHERE segment = ?1",
    [SQL_DROP_PERSON_TIMES] = "DELETE FROM segment_times WHERE person = ?1",
    [SQL_ALL_TIMES] = "SELECT person, segment, data FROM segment_times ORDER BY person, segment",
    [SQL_PERSON_TIMES] =
        "SELECT person, segment, data FROM segment_times WHERE person = ?1 ORDER BY segment",
    [SQL_NEXT_TOUCHED] = "SELECT person FROM segment_dirty ORDER BY person LIMIT ?1",
    [SQL_COUNT_TOUCHED] = "SELECT count(*) FROM segment_dirty",
    [SQL_TOUCH_ALL] = "INSERT OR IGNORE INTO segment_dirty SELECT key FROM profile",
    [SQL_DROP_TOUCHED] = "DELETE FROM segment_dirty WHERE person = ?1",
};

hx_status hx_store_fail(hx_store *s, int code, hx_error *err) {
    const char *path = s->path;
    switch (code & 0xFF) {
    case SQLITE_FULL:
        return hx_fail(err, HX_EIO,
                       "%s: the disk is full; free some space and run again with --resume", path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return hx_fail(err, HX_EBUSY,
                       "%s: is being written by another program; try again when it is done", path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return hx_fail(err, HX_EFORMAT,
                       "%s: is not a store or is damaged; restore a backup with 'huaxiang restore'",
                       path);
    case SQLITE_CANTOPEN:
        return hx_fail(err, HX_EIO,
                       "%s: can't be opened; does its folder exist and may you write there?", path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return hx_fail(err, HX_EDENIED,
                       "%s: may not be written by you; change its rights or choose another store",
                       path);
    case SQLITE_NOMEM:
        return hx_fail(err, HX_ENOMEM, "out of memory");
    case SQLITE_IOERR:
        return hx_fail(err, HX_EIO, "%s: reading or writing failed; the disk may be full or broken",
                       path);
    default:
        return hx_fail(err, HX_EINTERNAL, "%s: the database says: %s", path, sqlite3_errmsg(s->db));
    }
}

sqlite3_stmt *hx_store_statement(hx_store *s, hx_sql which, hx_error *err) {
    sqlite3_stmt **st = &s->statements[which];
    if (!*st) {
        int code =
            sqlite3_prepare_v3(s->db, sql_text[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
        if (code != SQLITE_OK) {
            hx_status status = hx_store_fail(s, code, err);
            (void)status;
            return NULL;
        }
    }
    sqlite3_reset(*st);
    return *st;
}

hx_status hx_store_step(hx_store *s, sqlite3_stmt *st, bool *row, hx_error *err) {
    int code = sqlite3_step(st);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE) return HX_OK;
    sqlite3_reset(st);
    return hx_store_fail(s, code, err);
}

hx_status hx_store_done(hx_store *s, sqlite3_stmt *st, hx_error *err) {
    bool row;
    HX_TRY(hx_store_step(s, st, &row, err));
    sqlite3_reset(st);
    return HX_OK;
}

hx_status hx_store_exec(hx_store *s, const char *sql, hx_error *err) {
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? HX_OK : hx_store_fail(s, code, err);
}

static void bind_arguments(sqlite3_stmt *st, const char *types, va_list arguments) {
    for (int i = 0; types[i]; i++) {
        if (types[i] == 'i') {
            sqlite3_bind_int64(st, i + 1, va_arg(arguments, int64_t));
        } else if (types[i] == 'u') {
            sqlite3_bind_int64(st, i + 1, (int64_t)va_arg(arguments, uint64_t));
        } else {
            hx_str v = va_arg(arguments, hx_str);
            if (!v.ptr) v.ptr = "";
            if (types[i] == 's')
                sqlite3_bind_text64(st, i + 1, v.ptr, v.len, SQLITE_STATIC, SQLITE_UTF8);
            if (types[i] == 'b') sqlite3_bind_blob64(st, i + 1, v.ptr, v.len, SQLITE_STATIC);
        }
    }
}

sqlite3_stmt *hx_store_bind(hx_store *s, hx_sql which, hx_error *err, const char *types, ...) {
    sqlite3_stmt *st = hx_store_statement(s, which, err);
    if (!st) return NULL;
    va_list arguments;
    va_start(arguments, types);
    bind_arguments(st, types, arguments);
    va_end(arguments);
    return st;
}

hx_status hx_store_run(hx_store *s, hx_sql which, hx_error *err, const char *types, ...) {
    sqlite3_stmt *st = hx_store_statement(s, which, err);
    if (!st) return HX_EINTERNAL;
    va_list arguments;
    va_start(arguments, types);
    bind_arguments(st, types, arguments);
    va_end(arguments);
    return hx_store_done(s, st, err);
}

hx_status hx_store_int(hx_store *s, sqlite3_stmt *st, int64_t *out, bool *found, hx_error *err) {
    bool row;
    if (!st) return HX_EINTERNAL;
    HX_TRY(hx_store_step(s, st, &row, err));
    *found = row && sqlite3_column_type(st, 0) != SQLITE_NULL;
    if (*found) *out = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return HX_OK;
}

hx_status hx_store_blob(hx_store *s, sqlite3_stmt *st, hx_arena *arena, hx_str *out,
                        hx_error *err) {
    bool row;
    if (!st) return HX_EINTERNAL;
    HX_TRY(hx_store_step(s, st, &row, err));
    *out = row ? hx_arena_str(arena, hx_store_column_str(st, 0)) : (hx_str){NULL, 0};
    bool lost = row && !out->ptr;
    sqlite3_reset(st);
    return lost ? hx_fail(err, HX_ENOMEM, "out of memory") : HX_OK;
}

hx_str hx_store_column_str(sqlite3_stmt *st, int at) {
    const void *bytes = sqlite3_column_blob(st, at);
    return (hx_str){bytes, (size_t)sqlite3_column_bytes(st, at)};
}
