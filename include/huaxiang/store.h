/* huaxiang/store.h - one file that holds everything: events, identities, profiles, imports.
 *
 * A store is one SQLite database in WAL mode with rights 0600. Several processes may open it at once; writers wait for each other
 * (up to a minute), readers never wait. Every change is a transaction: a killed process leaves either all or nothing of it.
 * A handle is used by one thread at a time. */
#ifndef HUAXIANG_STORE_H
#define HUAXIANG_STORE_H

#include "huaxiang/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hx_store hx_store;

typedef enum {
    HX_STORE_READ = 0, /* must exist */
    HX_STORE_WRITE, /* must exist */
    HX_STORE_CREATE /* made where absent */
} hx_store_mode;

/* Opens (migrating an older version after a backup PATH.backup-vN). HX_ENOTFOUND, HX_EFORMAT (no store, damaged), HX_EBUSY, HX_EUNSUPPORTED (made
 * by a newer version). `backup` (may be NULL) gets the path of an automatic backup in `arena`, or is left alone. */
HX_API hx_status hx_store_open(hx_store **out, const char *path, hx_store_mode mode,
                               hx_error *err) HX_MUST_USE;
HX_API void hx_store_close(hx_store *s);
HX_API const char *hx_store_path(const hx_store *s);

/* A consistent copy of a live store; the file must not exist. Restore checks the copy first, then replaces `path`. */
HX_API hx_status hx_store_backup(hx_store *s, const char *to, hx_error *err) HX_MUST_USE;
HX_API hx_status hx_store_restore(const char *from, const char *path, bool overwrite,
                                  hx_error *err) HX_MUST_USE;
/* SQLite's integrity check and our own (every block decodes, profiles equal their re-fold for a sample of `sample` customers, 0 = all). */
HX_API hx_status hx_store_check(hx_store *s, uint64_t sample, hx_error *err) HX_MUST_USE;

typedef struct {
    int64_t id;
    hx_str path; /* as given */
    hx_str format, encoding;
    hx_str kind; /* "orders", "reviews", "customers", "views", ... */
    hx_str mapping; /* role=column,... */
    int64_t started, finished; /* ms; finished HX 0 while running or broken off */
    uint64_t rows, accepted, rejected, repaired, duplicates;
    bool undone;
    bool undoing; /* an undo broke off: it has to be repeated */
} hx_import_info;
/* In order of id; strings live in `arena`. */
HX_API hx_status hx_store_imports(hx_store *s, hx_arena *arena, hx_import_info **out, size_t *n,
                                  hx_error *err) HX_MUST_USE;

typedef struct {
    uint64_t customers, events, guest_events, texts, ids, joined_customers, imports;
    int64_t first, last; /* ms, INT64_MIN where no event has a time */
    uint64_t bytes;
    int64_t version;
} hx_store_summary;
HX_API hx_status hx_store_summarize(hx_store *s, hx_store_summary *out, hx_error *err) HX_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
