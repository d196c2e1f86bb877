/* dynamic.h - what holds of one customer at one time, from the events up to then: interests that fade, mood and where it goes,
 * aspects praised and blamed, stage of life, hours and channels, price sensitivity, household.
 *
 * A pure function of (events, options): no clock, no file, no chance, and nothing of it is stored. Events behind `as_of` are not
 * looked at, so they change no byte of the result; with `from` only what came behind that time counts, which is how two
 * times of one customer are compared by events that they do not share.
 *
 * An event of age t counts w 2^(-t / half-life); w is 4 for an order line, 2 for a review (0 for a bad one), 1 for a
 * view, search or question. Weights are whole millionths, so that shares are of exact sums. The interval of a share is
 * Wilson's (1927) with the effective number of events, (sum w)^2 / sum w^2 (Kish 1965). Every value carries how many
 * events it rests on and the ids of those that say most. */
#ifndef HX_INSIGHT_DYNAMIC_H
#define HX_INSIGHT_DYNAMIC_H

#include "base/civil.h"
#include "insight/catalog.h"

#define HX_DYNAMIC_LEVEL 0.9 /* of every interval */
#define HX_DYNAMIC_HALF_LIFE 365.0 /* days */
#define HX_DYNAMIC_EVIDENCE_MAX 5
#define HX_DYNAMIC_LIST_MAX 20
#define HX_DYNAMIC_WINDOW 4 /* hours */
#define HX_POINT 1000000 /* a fresh event of weight 1 */

typedef struct {
    int64_t from, as_of; /* ms, from exclusive, as_of inclusive; HX_TIME_NONE = no border */
    double half_life; /* days; 0 = HX_DYNAMIC_HALF_LIFE */
    const hx_zone *zone; /* of hours and weekdays; NULL = UTC */
    const hx_catalog *catalog; /* of events up to as_of; NULL = what the events say themselves */
    double
        gap_days; /* the shop's usual days between a customer's purchases (the median); 0 = unknown */
    double
        discounted; /* share of the shop's order lines that were sold at a discount; < 0 = unknown */
    bool household; /* home and role may be concluded */
} hx_dynamic_options;

/* A share, a mean or a slope. low > high: no interval can be given (NAN). */
typedef struct {
    double value, low, high;
} hx_interval;

typedef struct {
    hx_str name;
    int64_t points; /* sum of weights, in 1/HX_POINT */
    hx_interval share; /* of all points of its list */
    uint32_t n; /* events */
    uint32_t orders, reviews, views;
    int64_t last_time; /* of its latest event */
    uint64_t events[HX_DYNAMIC_EVIDENCE_MAX]; /* message ids, what says most first */
    int64_t event_points[HX_DYNAMIC_EVIDENCE_MAX];
    uint32_t n_events;
    double squares; /* sum of squared weights */
} hx_dynamic_entry;

typedef struct {
    hx_dynamic_entry
        *at; /* most points first, then by name; at most HX_DYNAMIC_LIST_MAX of `n_all` */
    size_t n, n_all;
    int64_t points; /* of all */
    double squares;
} hx_dynamic_list;

typedef enum {
    HX_TURN_UNKNOWN = 0, /* too little is known */
    HX_TURN_STEADY, /* the interval holds 0 */
    HX_TURN_UP,
    HX_TURN_DOWN
} hx_turn;

/* Signed sentiment in [-1, 1] of texts (no search queries, no noise). */
typedef struct {
    uint32_t n;
    hx_interval now; /* faded mean; Student's interval with the effective number of texts */
    hx_interval
        slope; /* least squares, a 30 days; Student's interval with n - 2 degrees of freedom */
    hx_turn turn;
    uint64_t worst, best; /* message ids; 0 = no text */
} hx_mood;

typedef struct {
    hx_str id, name;
    uint32_t n, praised, blamed; /* texts */
    double mean; /* faded, [-1, 1] */
    hx_interval praise; /* share of praise among texts for or against */
    int verdict; /* 1 praised, -1 blamed, 0 both or neither */
    bool sure; /* the interval leaves 1/2 out */
    uint64_t events[HX_DYNAMIC_EVIDENCE_MAX]; /* latest first */
    uint32_t n_events;
} hx_dynamic_aspect;

typedef enum {
    HX_STAGE_UNKNOWN = 0,
    HX_STAGE_NEW, /* known for less than two of his gaps, and not silent for long */
    HX_STAGE_ACTIVE,
    HX_STAGE_SLOWING, /* silent for longer than 3 of 4 gaps, or gaps that grow */
    HX_STAGE_ASLEEP, /* ... than 9 of 10 */
    HX_STAGE_LOST, /* ... than 49 of 50 */
    HX_STAGE_N
} hx_stage;
const char *hx_stage_name(hx_stage s); /* "unknown", "new", "active", ... */
const char *hx_turn_name(hx_turn t); /* "unknown", "steady", "rising", "falling" */

/* Gaps are exponential with a rate that has a gamma prior of HX_STAGE_PRIOR gaps of the shop's median, so that a silence of s
 * days behind n gaps of sum g has the Pareto (Lomax) tail (b / (b + s))^a, a = HX_STAGE_PRIOR + n, b = HX_STAGE_PRIOR x median + g. */
#define HX_STAGE_PRIOR 3.0
#define HX_STAGE_GAP 30.0 /* days, where the shop's is unknown */
typedef struct {
    hx_stage stage;
    bool by_purchases; /* else by days with any event: nothing was bought */
    uint32_t days; /* with a purchase (an event) */
    double own_gap; /* mean days between them, NAN with fewer than two days */
    double gap; /* shrunk to the shop's: b / a */
    double silent; /* days since the last of them */
    double known; /* days since the first */
    double tail; /* chance of so long a silence of one who goes on as before */
    double
        growth; /* p that gaps of the later half are no longer than those of the first (F test); NAN under 6 gaps */
    uint64_t last_event;
} hx_life;

typedef struct {
    uint32_t n; /* visits: hours of the clock with an event whose time of day is known */
    int hour; /* first of HX_DYNAMIC_WINDOW hours, 0-23; -1 = unknown */
    hx_interval share; /* of visits within it */
    bool sure; /* the 99 % interval lies above chance */
    hx_interval weekend; /* share of visits on Saturdays and Sundays */
    uint32_t n_days; /* visits that have a day */
    hx_dynamic_list channels; /* by days */
} hx_habits;

typedef struct {
    uint32_t n; /* paid order lines */
    uint32_t discounted;
    hx_interval share; /* of lines at a discount, faded */
    double shrunk; /* the share drawn to the shop's as by 5 lines of it: the score, [0, 1] */
    double depth; /* discount / list price over all lines, [0, 1] */
    hx_interval
        level; /* price a piece over the usual one of its category (geometric mean): 1 = usual */
    uint32_t n_level;
    uint32_t words; /* texts about price */
    hx_interval words_share; /* of texts */
    int verdict; /* 1 more sensitive than the shop, -1 less, 0 as others or unknown */
    uint64_t events[HX_DYNAMIC_EVIDENCE_MAX]; /* greatest discounts first */
    int64_t event_points[HX_DYNAMIC_EVIDENCE_MAX];
    uint32_t n_events;
} hx_price_sense;

typedef struct {
    hx_dynamic_options options; /* as resolved */
    uint32_t n; /* events looked at */
    hx_dynamic_list interests; /* categories, items where no category is known */
    hx_dynamic_list topics; /* key words of texts and searches */
    hx_mood mood;
    hx_dynamic_aspect *aspects; /* most texts first, then by id */
    size_t n_aspects;
    hx_life life;
    hx_habits habits;
    hx_price_sense price;
    hx_dynamic_list home; /* codes: child, pet, partner, parents, student, office, gift */
} hx_dynamic;

/* `events`: of one person, in event order. Arrays and no strings are copied into the arena: strings borrow from events and
 * catalog. HX_ENOMEM alone can go wrong. */
hx_status hx_dynamic_of(const hx_event *events, size_t n, const hx_dynamic_options *o,
                        hx_arena *arena, hx_dynamic *out, hx_error *err) HX_MUST_USE;

/* Two values of unlike events: since - before, with the interval that theirs give (MOVER, Zou and Donner 2008; of shares it is
 * Newcombe's method 10, 1998). */
hx_interval hx_interval_difference(hx_interval before, hx_interval since);
/* Wilson's interval of share p among n (effective) events, at a two-sided level; without events [0, 1]. */
hx_interval hx_wilson(double p, double n, double level);
/* Jensen-Shannon divergence of two lists by their shares, in bits: 0 alike to 1 nothing in common; NAN where one is empty. */
double hx_dynamic_divergence(const hx_dynamic_list *a, const hx_dynamic_list *b);
const hx_dynamic_entry *hx_dynamic_find(const hx_dynamic_list *l,
                                        hx_str name); /* NULL = not there */

#endif
