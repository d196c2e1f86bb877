/* store.h - what the pipeline and the questions need of a store beyond the public header.
 *
 *   pending(import, part, data)   events read but not yet merged; parts by the top bits of the id's key
 *   block(key, data)              all events of one id, compressed, in event order
 *   id(key, type, value)          what a key stands for
 *   edge(a, b, import)            two ids seen in one event
 *   person(key, person)           ids of joined persons; an id without a row is its own person
 *   dirty(person)                 persons to fold again
 *   profile(key, data)            the fold's state, by the person's key
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

/* Every profile in ascending key order. The callback may stop the walk by returning other than HX_OK, which is passed on. */
typedef hx_status hx_store_profile_fn(void *context, const hx_profile *p, hx_error *err);
hx_status hx_store_each_profile(hx_store *s, hx_store_profile_fn *fn, void *context,
                                hx_error *err) HX_MUST_USE;
/* Every block of events in ascending key order (a person's ids are visited apart); `person` = 0 for guests. */
typedef hx_status hx_store_events_fn(void *context, uint64_t person, const hx_event *events,
                                     size_t n, hx_error *err);
hx_status hx_store_each_events(hx_store *s, hx_store_events_fn *fn, void *context,
                               hx_error *err) HX_MUST_USE;

/* The time of the latest event (HX_TIME_NONE in a store without dated events): the default as-of. */
hx_status hx_store_latest(hx_store *s, int64_t *ms, hx_error *err) HX_MUST_USE;
/* When a person was erased, by a keyed hash of the person key; HX_TIME_NONE if never. */
hx_status hx_store_erased_at(hx_store *s, uint64_t person, int64_t *ms, hx_error *err) HX_MUST_USE;

#endif
