/* ask_walk.h - a query run over a store's events: totals, groups, quotes, and which events they came from.
 *
 * A walk sees every event up to as_of once, guests' included, and adds those that fit the query to cells: [0] of the time asked for, [1] of
 * the time compared with. Orders and customers count once a cell; in a decomposition once in all, so that its parts sum to the whole. */
#ifndef HX_ANSWER_ASK_WALK_H
#define HX_ANSWER_ASK_WALK_H

#include "answer/ask.h"
#include "answer/population.h"
#include "base/map.h"

#define HX_ASK_PARTS 4
#define HX_ASK_QUOTES_MAX 10
#define HX_ASK_EVENTS_MAX 1000 /* listed; all are counted */

typedef struct {
    int64_t n, sum; /* what is counted; 1/10,000 of money or units, 1/1,000 of ratings */
} hx_ask_cell;

typedef struct {
    hx_ask_dim dim;
    uint64_t key;
    hx_str name; /* the arena's */
    hx_ask_cell cell[2], base[2];
} hx_ask_group;

typedef struct {
    uint64_t event, person;
    int64_t time;
    double score;
    hx_str text; /* the arena's */
} hx_ask_quote;

typedef struct {
    const hx_ask_query *q;
    const hx_population *pop;
    const hx_zone *zone;
    hx_map categories; /* hash of an item -> its category's entity + 1 */
    const hx_ask_entity *entities;
    hx_ui_lang ui;
    hx_ask_dim dims[HX_ASK_PARTS];
    size_t n_dims;
    hx_map at, seen; /* of groups; of what counts once */
    hx_buf groups, events; /* hx_ask_group; uint64_t */
    hx_ask_group total;
    hx_ask_quote quotes[HX_ASK_QUOTES_MAX];
    size_t n_quotes, n_events;
    uint64_t events_sum; /* of all events' ids: whatever their order */
    hx_arena *arena; /* borrowed */
    bool no_memory;
} hx_ask_walk;

hx_status hx__ask_walk(hx_ask_walk *w, hx_error *err) HX_MUST_USE;
/* The value of a cell in the measure's unit; false where there is none, as of a mean of nothing. */
bool hx__ask_value(const hx_ask_query *q, const hx_ask_cell *c, double *out);

/* What the store calls its own; strings live in `arena`. `entities` (hx_ask_entity) and `categories` are the caller's. */
hx_status hx__ask_catalogue(hx_store *s, const hx_population *pop, hx_arena *arena,
                            hx_buf *entities, hx_map *categories, hx_error *err) HX_MUST_USE;

#endif
