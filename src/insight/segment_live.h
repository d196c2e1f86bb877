/* segment_live.h - who is in which segment now, kept up event by event.
 *
 *     hx_segment_live *l;
 *     HX_TRY(hx_segment_live_new(&l, definitions, n, err));
 *     HX_TRY(hx_segment_live_add(l, person, event, err));       membership is current to the latest event
 *     HX_TRY(hx_segment_live_advance(l, now, err));             windows expire by themselves
 *     for (uint32_t v = 0; hx_segment_set_next(hx_segment_live_members(l, i), &v); v++) ... hx_segment_live_person(l, v) ...
 *
 * What is said is what reading all events again would say (hx_segment_live_recompute), at each time and in whatever order events came,
 * as long as places are given in the same order: a person's place is that of the first event of his. An event is told once: who
 * adds one twice counts it twice. Not for several threads at once. */
#ifndef HX_INSIGHT_SEGMENT_LIVE_H
#define HX_INSIGHT_SEGMENT_LIVE_H

#include "insight/segment_rule.h"
#include "insight/segment_set.h"

#define HX_SEGMENTS_MAX 1024
#define HX_SEGMENT_NAME_MAX 64 /* bytes */

typedef struct {
    hx_str name, rule;
} hx_segment_definition;

typedef struct hx_segment_live hx_segment_live;

/* HX_EINVAL: a rule that is none, a name twice, a segment that nobody defined, a segment that refers to itself (with the path). */
hx_status hx_segment_live_new(hx_segment_live **out, const hx_segment_definition *definitions,
                              size_t n, hx_error *err) HX_MUST_USE;
void hx_segment_live_free(hx_segment_live *l); /* NULL is fine */

/* Takes the event in and brings all up to its time. */
hx_status hx_segment_live_add(hx_segment_live *l, uint64_t person, const hx_event *e,
                              hx_error *err) HX_MUST_USE;
/* Takes it in and no more: for many at once, before hx_segment_live_recompute(). */
hx_status hx_segment_live_load(hx_segment_live *l, uint64_t person, const hx_event *e,
                               hx_error *err) HX_MUST_USE;
/* Earlier times than the current one change nothing. */
hx_status hx_segment_live_advance(hx_segment_live *l, int64_t now, hx_error *err) HX_MUST_USE;
/* All anew from the events. */
hx_status hx_segment_live_recompute(hx_segment_live *l, hx_error *err) HX_MUST_USE;

/* Who comes in or goes out, and when; `definition` by its place in the list. NULL = nobody is told. */
typedef void hx_segment_watch(void *context, size_t definition, uint32_t place, int64_t time,
                              bool in);
void hx_segment_live_watch(hx_segment_live *l, hx_segment_watch *fn, void *context);
/* The next time at which a window may end; INT64_MAX = none will. */
int64_t hx_segment_live_next(hx_segment_live *l);
/* Nobody and no event is known any more, no time has gone by; definitions stay. */
void hx_segment_live_forget(hx_segment_live *l);

int64_t
hx_segment_live_current(const hx_segment_live *l); /* ms; HX_TIME_NONE before dated events */
const hx_segment_set *hx_segment_live_members(const hx_segment_live *l, size_t definition);
uint32_t hx_segment_live_people(const hx_segment_live *l);
uint64_t hx_segment_live_person(const hx_segment_live *l, uint32_t place);
bool hx_segment_live_place(const hx_segment_live *l, uint64_t person, uint32_t *place);
const hx_segment_program *hx_segment_live_rule(const hx_segment_live *l, size_t definition);
/* The conditions of a rule that hold for somebody, as bits. */
uint64_t hx_segment_live_held(const hx_segment_live *l, size_t definition, uint32_t place);
/* What a count or a sum comes to, in 1/10,000; 0 of other conditions. */
int64_t hx_segment_live_value(const hx_segment_live *l, size_t definition, size_t condition,
                              uint32_t place);
/* Current time, people and members: equal for equal histories. */
void hx_segment_live_write(const hx_segment_live *l, hx_buf *out);
size_t hx_segment_live_bytes(const hx_segment_live *l); /* of memory, about */

/* The order in which definitions can be found out, each behind those it names: segment_order.c. order (n), refers (n x 64: by condition). */
hx_status hx_segment_order(const hx_segment_definition *definitions,
                           const hx_segment_program *rules, size_t n, uint16_t *order,
                           uint16_t (*refers)[HX_SEGMENT_CONDITIONS_MAX],
                           hx_error *err) HX_MUST_USE;

#endif
