/* store.h - what the pipeline and the questions need of a store beyond the public header.
 *
 *   pending(import, part, data)   events read but not yet merged; parts by the top bits of the id's key
 *   block(key, data)              all events of one id, compressed, in event order
 *   id(key, type, value)          what a key stands for
 *   edge(a, b, import)            two ids seen in one event
 *   person(key, person)           ids of joined persons; an id without a row is its own person
 *   dirty(person)                 persons to fold again
 *   profile(key, data)            the fold's state, by the person's key
 *   segment(..), segment_times    rules that somebody defined, and when customers were in them
 *
 * Keys are 64-bit hashes stored as signed integers; "ascending" means as signed. */
#ifndef HX_STORE_STORE_H
#define HX_STORE_STORE_H

#include "base/buf.h"
#include "huaxiang/store.h"
#include "profile/event.h"
#include "profile/profile.h"

/* ---------------------------------------------------------------- transactions (the handle's own thread) */
hx_status hx_store_begin(hx_store *s, hx_error *err) HX_MUST_USE; /* IMMEDIATE */
/* Many reads from one point in time; ended by commit. Saves a lock and an unlock a read. */
hx_status hx_store_begin_read(hx_store *s, hx_error *err) HX_MUST_USE;
hx_status hx_store_commit(hx_store *s, hx_error *err) HX_MUST_USE;
void hx_store_rollback(hx_store *s);

hx_status hx_store_set_meta(hx_store *s, const char *name, hx_str value, hx_error *err) HX_MUST_USE;
/* *value = {NULL,0} where there is none. */
hx_status hx_store_get_meta(hx_store *s, const char *name, hx_arena *arena, hx_str *value,
                            hx_error *err) HX_MUST_USE;

/* ---------------------------------------------------------------- reading people */
/* The person behind any id text ("u1024", "a@b.cn", "c_...", "phone:138..."): HX_ENOTFOUND with a sentence if nobody, HX_ECONFLICT if several. */
hx_status hx_store_find(hx_store *s, hx_str who, uint64_t *person, hx_error *err) HX_MUST_USE;
/* The profile of a person into `out` (reset first). HX_ENOTFOUND. */
hx_status hx_store_profile(hx_store *s, uint64_t person, hx_profile *out,
                           hx_error *err) HX_MUST_USE;
/* All events of a person in event order (of all joined ids). */
hx_status hx_store_events(hx_store *s, uint64_t person, hx_arena *arena, hx_event **out, size_t *n,
                          hx_error *err) HX_MUST_USE;

hx_status hx_store_count_profiles(hx_store *s, uint64_t *n, hx_error *err) HX_MUST_USE;
/* Every profile in ascending key order. The callback may stop the walk by returning other than HX_OK, which is passed on. */
typedef hx_status hx_store_profile_fn(void *context, const hx_profile *p, hx_error *err);
hx_status hx_store_each_profile(hx_store *s, hx_store_profile_fn *fn, void *context,
                                hx_error *err) HX_MUST_USE;
/* Every block of events in ascending key order (a person's ids are visited apart); `person` = 0 for guests. */
typedef hx_status hx_store_events_fn(void *context, uint64_t person, const hx_event *events,
                                     size_t n, hx_error *err);
hx_status hx_store_each_events(hx_store *s, hx_store_events_fn *fn, void *context,
                               hx_error *err) HX_MUST_USE;

/* The events of nobody known, bucket by bucket. */
hx_status hx_store_each_guest(hx_store *s, hx_store_events_fn *fn, void *context,
                              hx_error *err) HX_MUST_USE;

/* The time of the latest event (HX_TIME_NONE in a store without dated events): the default as-of. */
hx_status hx_store_latest(hx_store *s, int64_t *ms, hx_error *err) HX_MUST_USE;
/* When a person was erased; HX_TIME_NONE if never. What is kept is the key alone: a hash, by which who still has the
 * receipt learns that its evidence is gone. */
hx_status hx_store_erased_at(hx_store *s, uint64_t person, int64_t *ms, hx_error *err) HX_MUST_USE;

/* ---------------------------------------------------------------- writing (the pipeline's part) */
/* One writer of whole runs at a time, across processes: waits up to a minute, then HX_EBUSY. */
hx_status hx_store_lock(hx_store *s, hx_error *err) HX_MUST_USE;
/* The same within `wait_ms`, to be able to say that one is waiting. */
bool hx_store_lock_soon(hx_store *s, int wait_ms);
void hx_store_unlock(hx_store *s);

#define HX_PARTS 256 /* pending events are split by the top byte of their id's key */

typedef enum {
    HX_IMPORT_READING = 0,
    HX_IMPORT_READ,
    HX_IMPORT_DONE,
    HX_IMPORT_UNDONE,
    HX_IMPORT_UNDOING
} hx_import_state;

/* How far one file is: saved with every checkpoint. */
typedef struct {
    int64_t id;
    hx_import_state state;
    uint64_t next_offset, next_row, rejects_bytes;
    uint64_t rows, accepted, rejected, repaired, texts, guests;
    uint64_t fingerprint; /* of the file's header and size: a resumed file must be the same */
} hx_import_row;

typedef struct {
    int64_t run;
    const char *path, *kind, *format, *encoding;
    hx_str mapping;
    uint64_t fingerprint;
    int64_t started;
} hx_import_new;

hx_status hx_store_add_import(hx_store *s, const hx_import_new *i, int64_t *id,
                              hx_error *err) HX_MUST_USE;
hx_status hx_store_save_import(hx_store *s, const hx_import_row *row, hx_error *err) HX_MUST_USE;
hx_status hx_store_set_import_state(hx_store *s, int64_t id, hx_import_state state,
                                    int64_t finished, hx_error *err) HX_MUST_USE;
/* The last run that did not end, 0 if none; a fresh run's number. */
hx_status hx_store_unfinished_run(hx_store *s, int64_t *run, hx_error *err) HX_MUST_USE;
hx_status hx_store_next_run(hx_store *s, int64_t *run, hx_error *err) HX_MUST_USE;
hx_status hx_store_finish_run(hx_store *s, int64_t run, int64_t finished,
                              hx_error *err) HX_MUST_USE;
/* Files of a run that were not read to their end. */
typedef hx_status hx_store_path_fn(void *context, int64_t import, hx_str path, hx_error *err);
hx_status hx_store_each_unfinished(hx_store *s, int64_t run, hx_store_path_fn *fn, void *context,
                                   hx_error *err) HX_MUST_USE;
/* How many bytes of the rejects file belong to a run's checkpoints and what came before it. */
hx_status hx_store_run_rejects(hx_store *s, int64_t run, uint64_t *bytes,
                               hx_error *err) HX_MUST_USE;
/* HX_ECONFLICT with a sentence where an import was only half undone. */
hx_status hx_store_refuse_half_undone(hx_store *s, hx_error *err) HX_MUST_USE;
/* The import of `path` in a run; *found = false where there is none. */
hx_status hx_store_import_of_run(hx_store *s, int64_t run, const char *path, hx_import_row *out,
                                 bool *found, hx_error *err) HX_MUST_USE;
hx_status hx_store_import_state(hx_store *s, int64_t id, hx_import_state *state, bool *found,
                                hx_error *err) HX_MUST_USE;
hx_status hx_store_add_duplicates(hx_store *s, int64_t id, uint64_t n, hx_error *err) HX_MUST_USE;

/* Kept compressed. */
hx_status hx_store_add_pending(hx_store *s, unsigned part, int64_t import, hx_str data,
                               hx_error *err) HX_MUST_USE;
/* Which parts wait: parts[0..*n). */
hx_status hx_store_pending_parts(hx_store *s, unsigned parts[HX_PARTS], size_t *n,
                                 hx_error *err) HX_MUST_USE;
typedef hx_status hx_store_pending_fn(void *context, int64_t import, hx_str data, hx_error *err);
/* Of imports that were read to their end, or of `all`. */
hx_status hx_store_each_pending(hx_store *s, unsigned part, bool all, hx_store_pending_fn *fn,
                                void *context, hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_pending(hx_store *s, unsigned part, bool all, hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_pending_import(hx_store *s, int64_t import, hx_error *err) HX_MUST_USE;

/* *data = {NULL, 0} where there is no block. */
hx_status hx_store_block(hx_store *s, uint64_t key, hx_arena *arena, hx_str *data,
                         hx_error *err) HX_MUST_USE;
/* n = 0 removes it; `last` = the time of its last event. */
hx_status hx_store_put_block(hx_store *s, uint64_t key, size_t n, int64_t last, hx_str data,
                             hx_error *err) HX_MUST_USE;
typedef hx_status hx_store_block_fn(void *context, uint64_t key, hx_str data, hx_error *err);
hx_status hx_store_each_block(hx_store *s, hx_store_block_fn *fn, void *context,
                              hx_error *err) HX_MUST_USE;

hx_status hx_store_add_id(hx_store *s, hx_id id, hx_error *err) HX_MUST_USE;
/* *found = false where the key is unknown; the value lives in `arena`. */
hx_status hx_store_id(hx_store *s, uint64_t key, hx_arena *arena, hx_id *out, bool *found,
                      hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_id(hx_store *s, uint64_t key, hx_error *err) HX_MUST_USE;
/* Forgets ids that no event and no edge names any more. */
hx_status hx_store_drop_loose_ids(hx_store *s, hx_error *err) HX_MUST_USE;
hx_status hx_store_add_edge(hx_store *s, uint64_t a, uint64_t b, int64_t import,
                            hx_error *err) HX_MUST_USE;
/* Every id; the value is valid during the call. */
typedef hx_status hx_store_id_fn(void *context, uint64_t key, hx_id id, hx_error *err);
hx_status hx_store_each_id(hx_store *s, hx_store_id_fn *fn, void *context,
                           hx_error *err) HX_MUST_USE;
/* Whether the persons follow from the edges as they are; adding or dropping an edge takes it back. */
hx_status hx_store_identity_is_current(hx_store *s, bool *current, hx_error *err) HX_MUST_USE;
hx_status hx_store_set_identity(hx_store *s, bool current, hx_error *err) HX_MUST_USE;
typedef hx_status hx_store_pair_fn(void *context, uint64_t a, uint64_t b, hx_error *err);
hx_status hx_store_each_edge(hx_store *s, hx_store_pair_fn *fn, void *context,
                             hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_edges_of_import(hx_store *s, int64_t import, hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_edges_of_key(hx_store *s, uint64_t key, hx_error *err) HX_MUST_USE;

/* What somebody decided about who belongs together; see decisions.c. Strings are valid during the call that gives them. */
typedef enum { HX_DECISION_JOIN = 1, HX_DECISION_PART = 2 } hx_decision_kind;
typedef struct {
    int64_t id;
    hx_decision_kind kind;
    int64_t at; /* ms since 1970 */
    hx_str source, reason; /* "by hand" or "match"; what the one who decided says */
    double weight; /* probability of a match, 1 by hand */
    bool undone;
} hx_decision;
/* d->id and d->undone are not read. */
hx_status hx_store_add_decision(hx_store *s, const hx_decision *d, int64_t *id,
                                hx_error *err) HX_MUST_USE;
hx_status hx_store_add_decided(hx_store *s, int64_t decision, uint64_t a, uint64_t b,
                               hx_error *err) HX_MUST_USE;
hx_status hx_store_undo_decision(hx_store *s, int64_t id, bool undone, hx_error *err) HX_MUST_USE;
/* In the order in which they were made; the callback may not use the store. */
typedef hx_status hx_store_decision_fn(void *context, const hx_decision *d, hx_error *err);
hx_status hx_store_each_decision(hx_store *s, hx_store_decision_fn *fn, void *context,
                                 hx_error *err) HX_MUST_USE;
/* Strings in `arena`. */
hx_status hx_store_decision(hx_store *s, int64_t id, hx_arena *arena, hx_decision *out, bool *found,
                            hx_error *err) HX_MUST_USE;
hx_status hx_store_each_decided(hx_store *s, int64_t decision, hx_store_pair_fn *fn, void *context,
                                hx_error *err) HX_MUST_USE;
/* Pairs that active decisions join and none parts. hx_store_each_edge leaves out what is parted, hx_store_edges_of does not. */
hx_status hx_store_each_join(hx_store *s, hx_store_pair_fn *fn, void *context,
                             hx_error *err) HX_MUST_USE;
hx_status hx_store_edges_of(hx_store *s, uint64_t key, hx_store_pair_fn *fn, void *context,
                            hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_decided_key(hx_store *s, uint64_t key, hx_error *err) HX_MUST_USE;

/* Segments that somebody defined, and when customers were in them; see segments.c. */
typedef struct {
    int64_t id;
    hx_str name, rule;
    int64_t at; /* when it was defined, ms since 1970 */
} hx_store_segment;
/* g->id is not read. */
hx_status hx_store_add_segment(hx_store *s, const hx_store_segment *g, int64_t *id,
                               hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_segment(hx_store *s, int64_t id, hx_error *err) HX_MUST_USE;
/* In the order in which they were defined; in `arena`. */
hx_status hx_store_segments(hx_store *s, hx_arena *arena, hx_store_segment **out, size_t *n,
                            hx_error *err) HX_MUST_USE;
hx_status hx_store_put_segment_times(hx_store *s, uint64_t person, int64_t id, hx_str data,
                                     hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_segment_times(hx_store *s, int64_t id, hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_person_times(hx_store *s, uint64_t person, hx_error *err) HX_MUST_USE;
/* By person, then segment; the callback may not walk times itself. */
typedef hx_status hx_store_times_fn(void *context, uint64_t person, int64_t segment, hx_str data,
                                    hx_error *err);
hx_status hx_store_each_times(hx_store *s, hx_store_times_fn *fn, void *context,
                              hx_error *err) HX_MUST_USE;
hx_status hx_store_each_person_times(hx_store *s, uint64_t person, hx_store_times_fn *fn,
                                     void *context, hx_error *err) HX_MUST_USE;
/* Up to `max` persons whose times are to be found out again; all persons; no more this one. */
hx_status hx_store_next_touched(hx_store *s, uint64_t *persons, size_t max, size_t *n,
                                hx_error *err) HX_MUST_USE;
hx_status hx_store_count_touched(hx_store *s, uint64_t *n, hx_error *err) HX_MUST_USE;
hx_status hx_store_touch_all(hx_store *s, hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_touched(hx_store *s, uint64_t person, hx_error *err) HX_MUST_USE;

/* The person a key belongs to: itself where it is joined with nobody. */
hx_status hx_store_person(hx_store *s, uint64_t key, uint64_t *person, hx_error *err) HX_MUST_USE;
hx_status hx_store_put_person(hx_store *s, uint64_t key, uint64_t person,
                              hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_person(hx_store *s, uint64_t key, hx_error *err) HX_MUST_USE;
hx_status hx_store_each_person(hx_store *s, hx_store_pair_fn *fn, void *context,
                               hx_error *err) HX_MUST_USE;
/* The keys of a person: at least himself. In `arena`. */
hx_status hx_store_members(hx_store *s, uint64_t person, hx_arena *arena, uint64_t **keys,
                           size_t *n, hx_error *err) HX_MUST_USE;
hx_status hx_store_add_dirty(hx_store *s, uint64_t person, hx_error *err) HX_MUST_USE;
/* Up to `max` persons to fold again. */
hx_status hx_store_next_dirty(hx_store *s, uint64_t *persons, size_t max, size_t *n,
                              hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_dirty(hx_store *s, uint64_t person, hx_error *err) HX_MUST_USE;

hx_status hx_store_put_profile(hx_store *s, const hx_profile *p, hx_buf *scratch,
                               hx_error *err) HX_MUST_USE;
hx_status hx_store_put_profile_bytes(hx_store *s, uint64_t key, int64_t last, hx_str bytes,
                                     hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_profile(hx_store *s, uint64_t key, hx_error *err) HX_MUST_USE;
hx_status hx_store_add_erased(hx_store *s, uint64_t person, int64_t at, hx_error *err) HX_MUST_USE;

/* A rejected row, for the quality section (the first 1,000 of an import); the rows themselves stand in the rejects file. */
typedef hx_status hx_store_reject_fn(void *context, int64_t import, int64_t row, hx_str column,
                                     hx_str reason, hx_error *err);
hx_status hx_store_add_reject(hx_store *s, int64_t import, int64_t row, hx_str column,
                              hx_str reason, hx_error *err) HX_MUST_USE;
hx_status hx_store_each_reject(hx_store *s, hx_store_reject_fn *fn, void *context,
                               hx_error *err) HX_MUST_USE;
hx_status hx_store_drop_rejects(hx_store *s, int64_t import, hx_error *err) HX_MUST_USE;
/* Mappings by the hash of a header; {NULL, 0} where none is kept. */
hx_status hx_store_mapping(hx_store *s, uint64_t header, hx_arena *arena, hx_str *map,
                           hx_error *err) HX_MUST_USE;
hx_status hx_store_put_mapping(hx_store *s, uint64_t header, hx_str map, hx_error *err) HX_MUST_USE;

/* Moves the WAL into the file and fsyncs: what was committed survives a power cut. */
hx_status hx_store_flush(hx_store *s, hx_error *err) HX_MUST_USE;
/* Overwrites freed pages and shrinks the file (after erasure). */
hx_status hx_store_vacuum(hx_store *s, hx_error *err) HX_MUST_USE;
/* Renames a finished copy over a store that nobody has open. */
hx_status hx_store_replace(const char *from, const char *path, hx_error *err) HX_MUST_USE;
/* Every block decodes; the profiles of `sample` persons (0 = all) equal their re-fold. */
hx_status hx_store_check_people(hx_store *s, uint64_t sample, hx_error *err) HX_MUST_USE;

#endif
