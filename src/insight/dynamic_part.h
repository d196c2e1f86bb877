/* dynamic_part.h - what the parts of a dynamic profile share: the events within the borders, how they fade, counted names.
 *
 * A tally counts names in the order of the events and keeps for each which events say most; finished, it is a hx_dynamic_list. */
#ifndef HX_INSIGHT_DYNAMIC_PART_H
#define HX_INSIGHT_DYNAMIC_PART_H

#include "base/map.h"
#include "insight/dynamic.h"

#define HX_TALLY_NAMES_MAX 100000 /* further names of one customer are not counted */

typedef struct {
    const hx_event *events; /* within the borders, in event order */
    size_t n;
    const hx_dynamic_options *o; /* resolved */
    int64_t first; /* the first event's time, HX_TIME_NONE where none has one */
    hx_arena *arena;
} hx_history;

/* 2^(-age / half-life), (0, 1]; an undated event is as old as the first dated one. */
double hx__history_fade(const hx_history *h, int64_t time);
int64_t hx__history_points(const hx_history *h, const hx_event *e, double weight);
int64_t hx__history_local(const hx_history *h, int64_t ms);
bool hx__history_is_paid(const hx_event *e); /* an order line that makes an order */
/* A text that counts: annotated, neither noise nor a query. */
bool hx__history_speaks(const hx_event *e);
/* Signed sentiment of a text, [-1, 1]. */
double hx__history_mood(const hx_sentiment *s);
double hx__history_effective(double sum, double squares); /* sum^2 / squares, 0 for nothing */

/* Keeps the event among the HX_DYNAMIC_EVIDENCE_MAX of most points; of equal ones the later. */
void hx__evidence_add(uint64_t *events, int64_t *points, uint32_t *n, uint64_t event, int64_t of);

/* A faded mean. */
typedef struct {
    double sum, squares; /* of weights */
    double mean, spread; /* sum of w (x - mean)^2 (West 1979) */
} hx_faded;
void hx__faded_add(hx_faded *f, double weight, double x);
/* Student's interval with the effective number of events; NANs where that is not above 1. */
hx_interval hx__faded_interval(const hx_faded *f);

typedef struct {
    hx_map at; /* hash -> index + 1 */
    hx_buf entries; /* hx_dynamic_entry */
    int64_t points;
    double squares;
    bool failed;
} hx_tally;
void hx__tally_init(hx_tally *t);
/* The entry, changed; NULL where it isn't counted. Valid until the next one. */
hx_dynamic_entry *hx__tally_add(hx_tally *t, hx_str name, int64_t points, const hx_event *e);
const hx_dynamic_entry *hx__tally_find(const hx_tally *t, hx_str name);
/* Sorts, cuts and moves into the arena; releases the tally. False when out of memory. */
bool hx__tally_finish(hx_tally *t, hx_arena *arena, hx_dynamic_list *out);

/* The parts. False when out of memory. */
bool hx__dynamic_interests(const hx_history *h, hx_dynamic *out);
bool hx__dynamic_topics(const hx_history *h, hx_dynamic *out);
void hx__dynamic_mood(const hx_history *h, hx_mood *out);
bool hx__dynamic_aspects(const hx_history *h, hx_dynamic *out);
bool hx__dynamic_life(const hx_history *h, hx_life *out);
bool hx__dynamic_habits(const hx_history *h, hx_habits *out);
void hx__dynamic_price(const hx_history *h, hx_price_sense *out);
bool hx__dynamic_home(const hx_history *h, hx_dynamic *out);

#endif
