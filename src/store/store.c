/* store.c - opening, migrating, copying and checking a store.
 *
 * Invariants: the file's user_version is the number of migrations applied; application_id marks it as ours; a migration and its version
 * number are one transaction; before the first migration of an existing store a copy PATH.backup-vN is made. The file and its WAL are
 * created with mode 0600. Writers of whole runs hold an flock on PATH.lock, which the kernel drops when they die. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/file.h"
#include "store/migrations.h"
#include "store/sqlite.h"

#define APPLICATION_ID 0x48584941 /* "HXIA" */
#define BUSY_MS 60000

static hx_status pragma_int(hx_store *s, const char *sql, int64_t *out, hx_error *err) {
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (code != SQLITE_OK) return hx_store_fail(s, code, err);
    code = sqlite3_step(st);
    *out = code == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_finalize(st);
    return code == SQLITE_ROW ? HX_OK : hx_store_fail(s, code, err);
}

/* "ok" is the only answer of an integrity check that is one. */
static bool is_whole(sqlite3 *db) {
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &st, NULL) != SQLITE_OK)
        return false;
    const char *text =
        sqlite3_step(st) == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
    bool ok = text && strcmp(text, "ok") == 0;
    sqlite3_finalize(st);
    return ok;
}

static hx_status make_empty(const char *path, hx_error *err) {
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
    if (fd >= 0) return HX_OK;
    if (errno == EEXIST)
        return hx_fail(err, HX_ECONFLICT, "%s: is there already; choose another name for the copy",
                       path);
    return hx_fail_errno(err, path, errno);
}

/* Copies through SQLite's backup interface: consistent while others write. */
static int copy_pages(hx_store *s, sqlite3 *copy) {
    sqlite3_backup *b = sqlite3_backup_init(copy, "main", s->db, "main");
    int code = b ? SQLITE_OK : SQLITE_ERROR;
    while (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED)
        code = sqlite3_backup_step(b, 4096);
    int end = b ? sqlite3_backup_finish(b) : SQLITE_ERROR;
    return code == SQLITE_DONE ? end : code;
}

/* A copy that does not hold together is no copy: it is removed. */
static hx_status copy_to(hx_store *s, const char *to, hx_error *err) {
    HX_TRY(make_empty(to, err));
    sqlite3 *copy = NULL;
    int code = sqlite3_open_v2(to, &copy, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK) code = copy_pages(s, copy);
    if (code == SQLITE_OK && !is_whole(copy)) code = SQLITE_CORRUPT;
    sqlite3_close(copy);
    if (code == SQLITE_OK) return HX_OK;
    unlink(to);
    if ((code & 0xFF) == SQLITE_FULL || (code & 0xFF) == SQLITE_IOERR)
        return hx_fail(err, HX_EIO, "%s: the disk is full; free some space and copy again", to);
    return hx_store_fail(s, code, err);
}

static hx_status apply_migration(hx_store *s, int version, hx_error *err) {
    char sql[64];
    HX_TRY(hx_store_exec(s, "BEGIN IMMEDIATE", err));
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", version + 1);
    hx_status status = hx_store_exec(s, hx__migrations[version], err);
    if (status == HX_OK) status = hx_store_exec(s, sql, err);
    if (status == HX_OK) status = hx_store_exec(s, "COMMIT", err);
    if (status != HX_OK) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static hx_status backup_before_migration(hx_store *s, int64_t version, hx_error *err) {
    char suffix[32];
    snprintf(suffix, sizeof suffix, ".backup-v%d", (int)version);
    char *to = hx_file_beside(s->path, suffix);
    if (!to) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status status = hx_file_exists(to) ? HX_OK : copy_to(s, to, err);
    free(to);
    return status;
}

static hx_status migrate(hx_store *s, hx_error *err) {
    int64_t version = 0, application = 0;
    HX_TRY(pragma_int(s, "PRAGMA user_version", &version, err));
    HX_TRY(pragma_int(s, "PRAGMA application_id", &application, err));
    if (version > hx__migrations_n)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "%s: was made by a newer version of huaxiang; install that version",
                       s->path);
    if (version > 0 && application != APPLICATION_ID)
        return hx_fail(err, HX_EFORMAT, "%s: is a database of another program, not a store",
                       s->path);
    if (version == hx__migrations_n) return HX_OK;
    if (version > 0) HX_TRY(backup_before_migration(s, version, err));
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d", APPLICATION_ID);
    HX_TRY(hx_store_exec(s, sql, err));
    for (int64_t v = version; v < hx__migrations_n; v++)
        HX_TRY(apply_migration(s, (int)v, err));
    return HX_OK;
}

/* Two programs may find the store old at once: the second waits for the lock and then finds it new. */
static hx_status migrate_alone(hx_store *s, hx_error *err) {
    int64_t version;
    HX_TRY(pragma_int(s, "PRAGMA user_version", &version, err));
    if (version == hx__migrations_n) return migrate(s, err);
    bool held = s->lock_fd >= 0;
    if (!held) HX_TRY(hx_store_lock(s, err));
    hx_status status = migrate(s, err);
    if (!held) hx_store_unlock(s);
    return status;
}

static hx_status refuse_other_tables(hx_store *s, hx_error *err) {
    int64_t version, tables;
    HX_TRY(pragma_int(s, "PRAGMA user_version", &version, err));
    HX_TRY(pragma_int(s, "SELECT count(*) FROM sqlite_master", &tables, err));
    if (version == 0 && tables > 0)
        return hx_fail(err, HX_EFORMAT, "%s: is a database of another program, not a store",
                       s->path);
    return HX_OK;
}

static hx_status configure(hx_store *s, hx_error *err) {
    sqlite3_busy_timeout(s->db, BUSY_MS);
    HX_TRY(refuse_other_tables(s, err));
    HX_TRY(hx_store_exec(s, "PRAGMA page_size = 8192", err));
    HX_TRY(hx_store_exec(s, "PRAGMA journal_mode = WAL", err));
    HX_TRY(hx_store_exec(
        s,
        "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = "
        "-16384; "
        "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF",
        err));
    return migrate_alone(s, err);
}

/* file:PATH?immutable=1 with all but plain characters escaped. */
static void immutable_uri(const char *path, hx_buf *out) {
    hx_buf_init(out, 1u << 20);
    hx_buf_append_lit(out, "file:");
    for (const char *p = path; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("/._-", *p);
        hx_buf_printf(out, plain ? "%c" : "%%%02X", plain ? *p : (unsigned char)*p);
    }
    hx_buf_append(out, "?immutable=1", sizeof "?immutable=1");
}

static hx_status configure_for_reading(hx_store *s, hx_error *err) {
    int64_t version;
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    HX_TRY(refuse_other_tables(s, err));
    HX_TRY(pragma_int(s, "PRAGMA user_version", &version, err));
    if (version == hx__migrations_n) return hx_store_exec(s, "PRAGMA trusted_schema = OFF", err);
    return hx_fail(err, HX_EDENIED,
                   "%s: is of another version and may not be written by you; open it once with the "
                   "right to write",
                   s->path);
}

/* A store that may only be read. In a folder that may not be written either SQLite can't share memory with writers: then the file is
 * taken as it stands. */
static hx_status open_for_reading(hx_store *s, hx_error *err) {
    hx_buf uri;
    int code = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK && configure_for_reading(s, NULL) == HX_OK) return HX_OK;
    sqlite3_close(s->db);
    s->db = NULL;
    immutable_uri(s->path, &uri);
    code =
        uri.failed
            ? SQLITE_NOMEM
            : sqlite3_open_v2(uri.ptr, &s->db,
                              SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    hx_buf_release(&uri);
    return code == SQLITE_OK ? configure_for_reading(s, err) : hx_store_fail(s, code, err);
}

static hx_status open_file(hx_store *s, hx_error *err) {
    struct stat st;
    bool there = stat(s->path, &st) == 0;
    if (there && S_ISDIR(st.st_mode))
        return hx_fail(err, HX_EINVAL, "%s: is a folder, not a store", s->path);
    if (!there && s->mode != HX_STORE_CREATE)
        return hx_fail(err, HX_ENOTFOUND,
                       "%s: no such store; make one with 'huaxiang profile FILE --store %s'",
                       s->path, s->path);
    if (!there) {
        int fd = open(s->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0) return hx_store_fail(s, SQLITE_CANTOPEN, err);
        close(fd);
    }
    if (there && s->mode == HX_STORE_READ && access(s->path, W_OK) != 0)
        return open_for_reading(s, err);
    int code = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) return hx_store_fail(s, code, err);
    sqlite3_extended_result_codes(s->db, 1);
    return configure(s, err);
}

hx_status hx_store_open(hx_store **out, const char *path, hx_store_mode mode, hx_error *err) {
    hx_store *s = calloc(1, sizeof *s);
    if (!s) return hx_fail(err, HX_ENOMEM, "out of memory");
    s->lock_fd = -1;
    s->mode = mode;
    s->path = hx_file_beside(path, "");
    s->codec = hx_event_codec_new();
    hx_status status =
        s->path && s->codec ? open_file(s, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    if (status != HX_OK) {
        hx_store_close(s);
        return status;
    }
    *out = s;
    return HX_OK;
}

void hx_store_close(hx_store *s) {
    if (!s) return;
    for (int i = 0; i < SQL_N; i++)
        sqlite3_finalize(s->statements[i]);
    hx_store_unlock(s);
    sqlite3_close(s->db);
    hx_event_codec_free(s->codec);
    free(s->path);
    free(s);
}

const char *hx_store_path(const hx_store *s) {
    return s->path;
}

/* ------------------------------------------------------------------ the writers' lock */
static hx_status wait_for_lock(const char *path, int fd, int wait_ms, hx_error *err) {
    for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited += 50) {
        if (waited >= wait_ms)
            return hx_fail(err, HX_EBUSY,
                           "%s: is being written by another program; try again when it is done",
                           path);
        nanosleep(&(struct timespec){0, 50000000}, NULL);
    }
    return HX_OK;
}

/* The locked descriptor in *fd; closing it unlocks. */
static hx_status lock_path(const char *path, int wait_ms, int *fd, hx_error *err) {
    char *name = hx_file_beside(path, ".lock");
    if (!name) return hx_fail(err, HX_ENOMEM, "out of memory");
    *fd = open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    free(name);
    if (*fd < 0)
        return hx_fail(err, HX_EIO,
                       "%s: can't be opened; does its folder exist and may you write there?", path);
    hx_status status = wait_for_lock(path, *fd, wait_ms, err);
    if (status == HX_OK) return HX_OK;
    close(*fd);
    *fd = -1;
    return status;
}

hx_status hx_store_lock(hx_store *s, hx_error *err) {
    return s->lock_fd >= 0 ? HX_OK : lock_path(s->path, BUSY_MS, &s->lock_fd, err);
}

bool hx_store_lock_soon(hx_store *s, int wait_ms) {
    return s->lock_fd >= 0 || lock_path(s->path, wait_ms, &s->lock_fd, NULL) == HX_OK;
}

void hx_store_unlock(hx_store *s) {
    if (s->lock_fd >= 0) close(s->lock_fd);
    s->lock_fd = -1;
}

/* ------------------------------------------------------------------ transactions, meta */
hx_status hx_store_begin(hx_store *s, hx_error *err) {
    return hx_store_run(s, SQL_BEGIN, err, "");
}

hx_status hx_store_begin_read(hx_store *s, hx_error *err) {
    return hx_store_run(s, SQL_BEGIN_READ, err, "");
}

hx_status hx_store_commit(hx_store *s, hx_error *err) {
    hx_status status = hx_store_run(s, SQL_COMMIT, err, "");
    if (status != HX_OK) hx_store_rollback(s);
    return status;
}

void hx_store_rollback(hx_store *s) {
    s->identity_stale = false; /* what was said in the transaction is gone with it */
    if (!sqlite3_get_autocommit(s->db)) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

hx_status hx_store_set_meta(hx_store *s, const char *name, hx_str value, hx_error *err) {
    return hx_store_run(s, SQL_SET_META, err, "sb", hx_str_of(name), value);
}

hx_status hx_store_get_meta(hx_store *s, const char *name, hx_arena *arena, hx_str *value,
                            hx_error *err) {
    return hx_store_blob(s, hx_store_bind(s, SQL_GET_META, err, "s", hx_str_of(name)), arena, value,
                         err);
}

hx_status hx_store_flush(hx_store *s, hx_error *err) {
    return hx_store_exec(s, "PRAGMA wal_checkpoint(TRUNCATE)", err);
}

hx_status hx_store_vacuum(hx_store *s, hx_error *err) {
    HX_TRY(hx_store_exec(s, "VACUUM", err));
    return hx_store_flush(s, err);
}

/* ------------------------------------------------------------------ backup, restore, check */
hx_status hx_store_backup(hx_store *s, const char *to, hx_error *err) {
    return copy_to(s, to, err);
}

static hx_status quick_check(hx_store *s, hx_error *err) {
    return is_whole(s->db) ? HX_OK : hx_store_fail(s, SQLITE_CORRUPT, err);
}

/* Over a store that is whole: SQLite copies page by page in one transaction, so that readers of the old one go on until it is done and a
 * crash leaves either. */
static hx_status copy_over(hx_store *from, const char *path, hx_error *err) {
    hx_store *old = NULL;
    HX_TRY(hx_store_open(&old, path, HX_STORE_WRITE, err));
    sqlite3_backup *b = sqlite3_backup_init(old->db, "main", from->db, "main");
    int code = b ? sqlite3_backup_step(b, -1) : SQLITE_ERROR;
    int end = b ? sqlite3_backup_finish(b) : SQLITE_ERROR;
    hx_status status =
        code == SQLITE_DONE && end == SQLITE_OK ? HX_OK : hx_store_fail(old, code, err);
    if (status == HX_OK) status = hx_store_flush(old, err);
    hx_store_close(old);
    return status;
}

/* Over nothing, or over a file that is no store any more: the copy goes to PATH.restoring first. */
static hx_status copy_beside(hx_store *from, const char *path, hx_error *err) {
    char *temporary = hx_file_beside(path, ".restoring");
    if (!temporary) return hx_fail(err, HX_ENOMEM, "out of memory");
    unlink(temporary);
    hx_status status = copy_to(from, temporary, err);
    if (status == HX_OK) status = hx_store_replace(temporary, path, err);
    free(temporary);
    return status;
}

static hx_status restore_locked(hx_store *from, const char *path, hx_error *err) {
    HX_TRY(quick_check(from, err));
    if (hx_file_exists(path) && copy_over(from, path, NULL) == HX_OK) return HX_OK;
    return copy_beside(from, path, err);
}

hx_status hx_store_restore(const char *from, const char *path, bool overwrite, hx_error *err) {
    hx_store *s = NULL;
    int lock = -1;
    if (!overwrite && hx_file_exists(path))
        return hx_fail(err, HX_ECONFLICT, "%s: exists already; give --force to replace it", path);
    HX_TRY(hx_file_replaceable(path, err));
    HX_TRY(hx_store_open(&s, from, HX_STORE_READ, err));
    hx_status status = lock_path(path, BUSY_MS, &lock, err);
    if (status == HX_OK) status = restore_locked(s, path, err);
    if (lock >= 0) close(lock);
    hx_store_close(s);
    return status;
}

/* The old file's WAL must go with it: SQLite would play it into the new one. */
hx_status hx_store_replace(const char *from, const char *path, hx_error *err) {
    static const char *const tails[] = {"-wal", "-shm"};
    for (size_t i = 0; i < 2; i++) {
        char *name = hx_file_beside(path, tails[i]);
        if (!name) return hx_fail(err, HX_ENOMEM, "out of memory");
        unlink(name);
        free(name);
    }
    if (rename(from, path) == 0) return HX_OK;
    return hx_fail(err, HX_EIO, "%s: can't be replaced; may you write in its folder?", path);
}

hx_status hx_store_check(hx_store *s, uint64_t sample, hx_error *err) {
    HX_TRY(quick_check(s, err));
    return hx_store_check_people(s, sample, err);
}
