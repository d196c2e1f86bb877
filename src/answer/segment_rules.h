/* segment_rules.h - the segments that somebody defined in a store: kept up, and asked who is in them at a time.
 *
 *   keep    persons whose profile was written -> their events through the engine -> when they are in which segment (hx__segments_keep)
 *   open    definitions and, of a population, the sets of members at its as_of (hx__segments_open)
 *
 * What is kept says nothing of persons that were touched and not brought up yet (a run that was killed): they are found out when they are
 * read, so that an answer is always true of the events that are stored. */
#ifndef HX_ANSWER_SEGMENT_RULES_H
#define HX_ANSWER_SEGMENT_RULES_H

#include "answer/value.h"
#include "insight/segment_times.h"

/* Definitions made ready to find out who is when in what. */
typedef struct {
    hx_arena *arena;
    hx_store_segment *list; /* in the order of their definition */
    size_t n;
    hx_segment_live *live;
    hx_segment_times times;
} hx__segments;

/* `more` (may be NULL) is one further definition, or the one of its name in another form; it comes last or in its place. HX_EINVAL as
 * hx_segment_live_new() says. Release also what failed. */
hx_status hx__segments_load(hx__segments *g, hx_store *s, const hx_segment_definition *more,
                            hx_error *err) HX_MUST_USE;
void hx__segments_release(hx__segments *g); /* of a zeroed one fine */
bool hx__segments_index(const hx__segments *g, hx_str name, size_t *index);
int64_t hx__segments_index_of(const hx__segments *g, int64_t id); /* -1 = none */

/* Brings all persons up that were touched. The caller holds the store's lock. `tell` (may be NULL): persons done, of how many; false stops. */
typedef bool hx__segments_progress(void *context, uint64_t done, uint64_t total);
hx_status hx__segments_keep(hx_store *s, hx__segments_progress *tell, void *context,
                            hx_error *err) HX_MUST_USE;

/* When somebody is in what: one call a person and segment that he is ever in; `written` as hx_segment_times_write() does it. */
typedef hx_status hx__segments_fn(void *context, uint64_t person, size_t index, hx_str written,
                                  hx_error *err);
hx_status hx__segments_each(hx__segments *g, hx_store *s, hx__segments_fn *fn, void *context,
                            hx_error *err) HX_MUST_USE;
/* The same of one person. */
hx_status hx__segments_of(hx__segments *g, hx_store *s, uint64_t person, hx__segments_fn *fn,
                          void *context, hx_error *err) HX_MUST_USE;

/* Who is in which at pop->as_of, by places in pop->customers: sets[g->n], in the heap. Release with hx__segments_sets_free(). */
hx_status hx__segments_sets(hx__segments *g, const hx_population *pop, hx_segment_set **sets,
                            hx_error *err) HX_MUST_USE;
void hx__segments_sets_free(hx_segment_set *sets, size_t n);

/* segment_views.c: members "id", "name", "rule", "size", "share", "as_of" of a defined segment. */
void hx__segment_put(hx_json_writer *w, const hx_population *pop, const hx_store_segment *g,
                     uint64_t size);
/* All defined ones as objects into an array that is open (members.c). */
hx_status hx__segments_list(hx_json_writer *w, const hx_population *pop, hx_error *err) HX_MUST_USE;
/* An object with its best members, of whom `limit` are listed (0 = all). */
hx_status hx__segment_put_members(hx_json_writer *w, const hx_population *pop,
                                  const hx_store_segment *g, const hx_segment_set *set,
                                  size_t limit, hx_ui_lang ui, hx_error *err) HX_MUST_USE;
/* Names of the defined segments that a person is in at a time, into an array that is open. */
hx_status hx__segment_put_names(hx_json_writer *w, hx_store *s, uint64_t person, int64_t as_of,
                                hx_error *err) HX_MUST_USE;

#endif
