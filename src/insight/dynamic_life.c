/* dynamic_life.c - the stage of a customer's life: by his own rhythm, drawn to the shop's where he has shown little of it.
 *
 * The silence of somebody whose gaps are exponential, with a rate that is gamma distributed over people, is Pareto of the second
 * kind (Lomax 1954; the pause of the Pareto/NBD model, Schmittlein, Morrison and Colombo 1987). Its tail is the chance that one
 * who buys on as before has not come for so long; the stage says how small that chance is. Customers who never bought are
 * measured by the days on which anything happened. */
#include <math.h>

#include "insight/dynamic_part.h"
#include "learn/special.h"

#define TAIL_SLOWING 0.25
#define TAIL_ASLEEP 0.10
#define TAIL_LOST 0.02
#define NEW_GAPS 2.0
#define GROWTH_GAPS 6
#define GROWTH_P 0.05

/* Days on which the event counts, in order. */
typedef struct {
    int64_t *days; /* arena */
    size_t n;
    int64_t first, last; /* ms */
    uint64_t last_event;
} rhythm;

static bool counts(const hx_event *e, bool purchases) {
    if (e->time == HX_TIME_NONE || e->kind == HX_KIND_TRAITS) return false;
    return !purchases || hx__history_is_paid(e);
}

static bool read_rhythm(const hx_history *h, bool purchases, rhythm *r) {
    *r = (rhythm){.days = hx_arena_alloc(h->arena, (h->n + 1) * sizeof *r->days)};
    for (size_t i = 0; i < h->n && r->days; i++) {
        const hx_event *e = &h->events[i];
        if (!counts(e, purchases)) continue;
        const int64_t day = hx_floor_div(hx__history_local(h, e->time), HX_DAY_MS);
        if (r->n == 0) r->first = e->time;
        r->last = e->time;
        r->last_event = hx_event_id(e);
        if (r->n == 0 || r->days[r->n - 1] < day) r->days[r->n++] = day;
    }
    return r->days != NULL;
}

static double mean_gap(const rhythm *r, size_t from, size_t to) {
    return (double)(r->days[to] - r->days[from]) / (double)(to - from);
}

/* Means of exponential gaps over one another are F distributed, with twice their numbers as degrees of freedom. */
static double growth_of(const rhythm *r) {
    const size_t gaps = r->n > 0 ? r->n - 1 : 0, half = gaps / 2;
    if (gaps < GROWTH_GAPS) return NAN;
    const double f = mean_gap(r, half, gaps) / mean_gap(r, 0, half);
    return hx_f_tail(f, 2 * (double)(gaps - half), 2 * (double)half);
}

static hx_stage stage_of(const hx_life *l) {
    if (l->tail < TAIL_LOST) return HX_STAGE_LOST;
    if (l->tail < TAIL_ASLEEP) return HX_STAGE_ASLEEP;
    if (l->tail < TAIL_SLOWING) return HX_STAGE_SLOWING;
    if (l->known < NEW_GAPS * l->gap) return HX_STAGE_NEW;
    return l->growth < GROWTH_P ? HX_STAGE_SLOWING : HX_STAGE_ACTIVE;
}

static double days_between(int64_t from, int64_t to) {
    return fmax(0, ((double)to - (double)from) / (double)HX_DAY_MS);
}

bool hx__dynamic_life(const hx_history *h, hx_life *out) {
    rhythm r;
    *out = (hx_life){.by_purchases = true, .own_gap = NAN, .gap = NAN, .silent = NAN};
    out->known = out->tail = out->growth = NAN;
    if (!read_rhythm(h, true, &r)) return false;
    if (r.n == 0) {
        out->by_purchases = false;
        if (!read_rhythm(h, false, &r)) return false;
    }
    if (r.n == 0 || h->o->as_of == HX_TIME_NONE) return true;
    const double usual = h->o->gap_days > 0 ? h->o->gap_days : HX_STAGE_GAP;
    const double gaps = (double)(r.n - 1), sum = (double)(r.days[r.n - 1] - r.days[0]);
    const double a = HX_STAGE_PRIOR + gaps, b = HX_STAGE_PRIOR * usual + sum;
    out->days = (uint32_t)r.n;
    if (r.n > 1) out->own_gap = sum / gaps;
    out->gap = b / a;
    out->silent = days_between(r.last, h->o->as_of);
    out->known = days_between(r.first, h->o->as_of);
    out->tail = pow(b / (b + out->silent), a);
    out->growth = growth_of(&r);
    out->last_event = r.last_event;
    out->stage = stage_of(out);
    return true;
}
