/* person.h - one person at one time: the options of a question made definite, a profile folded up to as_of, its events.
 *
 * as_of is resolved once (hx__as_of) and then passed on in ms; HX_TIME_NONE means a store without dated events, where everything
 * counts. Undated events always count. */
#ifndef HX_ANSWER_PERSON_H
#define HX_ANSWER_PERSON_H

#include "base/civil.h"
#include "huaxiang/answer.h"
#include "store/store.h"

/* HX_AS_OF_LATEST -> the time of the latest event; others as they are. */
hx_status hx__as_of(hx_store *s, int64_t as_of, int64_t *out, hx_error *err) HX_MUST_USE;
/* The zone of `o` (NULL or empty: the store's meta "timezone", else UTC). The caller releases it. */
hx_status hx__answer_zone(hx_store *s, const hx_answer_options *o, hx_zone *out,
                          hx_error *err) HX_MUST_USE;
/* The person's profile at as_of (ms, resolved). HX_ENOTFOUND with a sentence where nothing was known by then. */
hx_status hx__person_profile(hx_store *s, uint64_t person, int64_t as_of, hx_profile *out,
                             hx_error *err) HX_MUST_USE;
/* The person's events up to as_of, undated ones first. */
hx_status hx__person_events(hx_store *s, uint64_t person, int64_t as_of, hx_arena *arena,
                            hx_event **out, size_t *n, hx_error *err) HX_MUST_USE;
/* Folds n events of a person, in event order. */
hx_status hx__person_fold(const hx_event *events, size_t n, uint64_t person, hx_profile *out,
                          hx_error *err) HX_MUST_USE;
/* A name to show: trait "name", else the first id's value, else the profile id. Borrows from `p` and `scratch`. */
hx_str hx__person_name(const hx_profile *p, char scratch[HX_PROFILE_ID_MAX]);

#endif
