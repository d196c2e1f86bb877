/* segment_times.h - when one customer is in which segment, over all time: what the store keeps of memberships.
 *
 *     hx_segment_times t;
 *     HX_TRY(hx_segment_times_init(&t, live, err));          `live` knows the definitions and is nobody else's meanwhile
 *     HX_TRY(hx_segment_times_find(&t, person, events, n, err));
 *     for (size_t i = 0; i < t.n; i++) ... t.at[i].definition, t.at[i].time, t.at[i].in ...
 *     hx_segment_times_release(&t);
 *
 * Times at which windows will end when no further event comes are in the list: whoever is in at a time is looked up there, and nothing has
 * to be done when time goes by. What a list says of a time depends on the events up to then alone.
 *
 * Written, a segment's times are the moments of coming in and going out by turns: a varint count x 2 + (1 if the first is HX_TIME_NONE:
 * in by undated events, before all time), then zigzag differences. */
#ifndef HX_INSIGHT_SEGMENT_TIMES_H
#define HX_INSIGHT_SEGMENT_TIMES_H

#include "insight/segment_live.h"

typedef struct {
    int64_t time; /* ms; HX_TIME_NONE = before all time */
    uint16_t definition;
    bool in; /* comes in, else goes out */
} hx_segment_turn;

typedef struct {
    hx_segment_live *live; /* borrowed */
    hx_buf turns;
    hx_segment_turn *at; /* by definition, then time; of the last person */
    size_t n;
    bool failed;
} hx_segment_times;

hx_status hx_segment_times_init(hx_segment_times *t, hx_segment_live *live,
                                hx_error *err) HX_MUST_USE;
void hx_segment_times_release(hx_segment_times *t); /* of a zeroed one fine */
/* Events in event order (undated ones first, then by time). */
hx_status hx_segment_times_find(hx_segment_times *t, uint64_t person, const hx_event *events,
                                size_t n, hx_error *err) HX_MUST_USE;

/* The n turns of one definition, written. */
void hx_segment_times_write(const hx_segment_turn *turns, size_t n, hx_buf *out);
/* Whether one is in at a time (HX_TIME_NONE: by undated events). *since, *until (may be NULL): the turns around that time; INT64_MIN and
 * INT64_MAX where there is none. Damaged bytes are nobody's membership. */
bool hx_segment_times_in(hx_str written, int64_t time, int64_t *since, int64_t *until);
/* One turn after the other: start with *c over the bytes. */
typedef struct {
    hx_cursor c;
    uint64_t left;
    int64_t time;
    bool in, none;
} hx_segment_times_walk;
hx_segment_times_walk hx_segment_times_begin(hx_str written);
bool hx_segment_times_next(hx_segment_times_walk *w); /* then w->time, w->in */

#endif
