/* dynamic_list.c - counted names, faded means and their intervals; see dynamic_part.h.
 *
 * Points are whole, so that the sum over a list is exact in any order; sums of squares and means are taken in the order of the
 * events, which is one order.
 * Means and spreads are updated event by event (West 1979), which loses no digits where all values are nearly the same. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "insight/dynamic_part.h"
#include "learn/special.h"

/* --- intervals ----------------------------------------------------------- */
hx_interval hx_wilson(double p, double n, double level) {
    if (!(n > 0)) return (hx_interval){p, 0, 1};
    const double z = hx_normal_quantile((1 + level) / 2), zz = z * z / n;
    const double middle = (p + zz / 2) / (1 + zz);
    const double half = z / (1 + zz) * sqrt(p * (1 - p) / n + zz / (4 * n));
    return (hx_interval){p, p > 0 ? fmax(0, middle - half) : 0, p < 1 ? fmin(1, middle + half) : 1};
}

hx_interval hx_interval_difference(hx_interval before, hx_interval since) {
    const double d = since.value - before.value;
    const double below = hypot(since.value - since.low, before.high - before.value);
    const double above = hypot(since.high - since.value, before.value - before.low);
    return (hx_interval){d, d - below, d + above};
}

void hx__faded_add(hx_faded *f, double weight, double x) {
    const double sum = f->sum + weight, step = x - f->mean;
    if (!(sum > 0)) return;
    f->mean += step * weight / sum;
    f->spread += weight * step * (x - f->mean);
    f->sum = sum;
    f->squares += weight * weight;
}

hx_interval hx__faded_interval(const hx_faded *f) {
    const double n = hx__history_effective(f->sum, f->squares);
    if (!(n > 0)) return (hx_interval){NAN, NAN, NAN};
    if (!(n > 1 + 1e-9)) return (hx_interval){f->mean, NAN, NAN};
    const double error = sqrt(f->spread / f->sum / (n - 1));
    const double half = hx_student_quantile((1 + HX_DYNAMIC_LEVEL) / 2, n - 1) * error;
    return (hx_interval){f->mean, f->mean - half, f->mean + half};
}

/* --- evidence ------------------------------------------------------------ */
void hx__evidence_add(uint64_t *events, int64_t *points, uint32_t *n, uint64_t event, int64_t of) {
    uint32_t at = 0;
    while (at < *n && points[at] > of)
        at++;
    if (at == HX_DYNAMIC_EVIDENCE_MAX) return;
    const uint32_t kept = *n < HX_DYNAMIC_EVIDENCE_MAX ? *n : HX_DYNAMIC_EVIDENCE_MAX - 1;
    memmove(&events[at + 1], &events[at], (kept - at) * sizeof *events);
    memmove(&points[at + 1], &points[at], (kept - at) * sizeof *points);
    events[at] = event;
    points[at] = of;
    *n = kept + 1;
}

/* --- tallies ------------------------------------------------------------- */
void hx__tally_init(hx_tally *t) {
    *t = (hx_tally){.failed = false};
    hx_map_init(&t->at);
    hx_buf_init(&t->entries, HX_TALLY_NAMES_MAX * sizeof(hx_dynamic_entry));
}

static hx_dynamic_entry *entry_at(const hx_tally *t, uint64_t place) {
    return (hx_dynamic_entry *)(void *)t->entries.ptr + (place - 1);
}

const hx_dynamic_entry *hx__tally_find(const hx_tally *t, hx_str name) {
    const uint64_t *at = hx_map_get(&t->at, hx_hash(name));
    return at ? entry_at(t, *at) : NULL;
}

static hx_dynamic_entry *entry_of(hx_tally *t, hx_str name) {
    const hx_dynamic_entry fresh = {.name = name, .last_time = HX_TIME_NONE};
    const uint64_t hash = hx_hash(name);
    const uint64_t *known = hx_map_get(&t->at, hash);
    if (known) return entry_at(t, *known);
    if (t->entries.len + sizeof fresh > t->entries.cap) return NULL;
    uint64_t *at = hx_map_put(&t->at, hash);
    if (!at || !hx_buf_append(&t->entries, &fresh, sizeof fresh)) {
        t->failed = true;
        return NULL;
    }
    *at = t->entries.len / sizeof fresh;
    return entry_at(t, *at);
}

hx_dynamic_entry *hx__tally_add(hx_tally *t, hx_str name, int64_t points, const hx_event *e) {
    hx_dynamic_entry *entry = t->failed ? NULL : entry_of(t, name);
    if (!entry) return NULL;
    const double w = (double)points / HX_POINT;
    entry->points += points;
    entry->squares += w * w;
    entry->n++;
    entry->orders += e->kind == HX_KIND_ORDER;
    entry->reviews += e->kind == HX_KIND_REVIEW;
    entry->views += e->kind == HX_KIND_VIEW || e->kind == HX_KIND_SEARCH;
    if (e->time != HX_TIME_NONE) entry->last_time = e->time;
    hx__evidence_add(entry->events, entry->event_points, &entry->n_events, hx_event_id(e), points);
    t->points += points;
    t->squares += w * w;
    return entry;
}

static int most_points_first(const void *l, const void *r) {
    const hx_dynamic_entry *a = l, *b = r;
    if (a->points != b->points) return a->points > b->points ? -1 : 1;
    return hx_str_compare(a->name, b->name);
}

bool hx__tally_finish(hx_tally *t, hx_arena *arena, hx_dynamic_list *out) {
    const size_t all = t->entries.len / sizeof(hx_dynamic_entry);
    const size_t n = all < HX_DYNAMIC_LIST_MAX ? all : HX_DYNAMIC_LIST_MAX;
    hx_dynamic_entry *at = n > 0 ? hx_arena_alloc(arena, n * sizeof *at) : NULL;
    const bool ok = !t->failed && (n == 0 || at != NULL);
    *out = (hx_dynamic_list){at, n, all, t->points, t->squares};
    if (ok && n > 0) {
        qsort(t->entries.ptr, all, sizeof *at, most_points_first);
        memcpy(at, t->entries.ptr, n * sizeof *at);
    }
    const double effective = hx__history_effective((double)t->points / HX_POINT, t->squares);
    for (size_t i = 0; ok && i < n && t->points > 0; i++)
        at[i].share =
            hx_wilson((double)at[i].points / (double)t->points, effective, HX_DYNAMIC_LEVEL);
    hx_map_release(&t->at);
    hx_buf_release(&t->entries);
    return ok;
}

const hx_dynamic_entry *hx_dynamic_find(const hx_dynamic_list *l, hx_str name) {
    for (size_t i = 0; i < l->n; i++)
        if (hx_str_equal(l->at[i].name, name)) return &l->at[i];
    return NULL;
}

static double share_of(const hx_dynamic_list *l, hx_str name) {
    const hx_dynamic_entry *e = hx_dynamic_find(l, name);
    return e ? e->share.value : 0;
}

/* The half of the divergence that p adds: p log2(p / m), m = (p + q) / 2. */
static double half_divergence(double p, double q) {
    return p > 0 ? p * log2(2 * p / (p + q)) / 2 : 0;
}

double hx_dynamic_divergence(const hx_dynamic_list *a, const hx_dynamic_list *b) {
    double sum = 0, p = 0, q = 0;
    if (a->points == 0 || b->points == 0) return NAN;
    for (size_t i = 0; i < a->n; i++)
        sum += half_divergence(a->at[i].share.value, share_of(b, a->at[i].name));
    for (size_t i = 0; i < b->n; i++)
        sum += half_divergence(b->at[i].share.value, share_of(a, b->at[i].name));
    for (size_t i = 0; i < a->n; i++)
        p += a->at[i].share.value;
    for (size_t i = 0; i < b->n; i++)
        q += b->at[i].share.value;
    const double rest_p = fmax(0, 1 - p), rest_q = fmax(0, 1 - q);
    return fmin(1,
                fmax(0, sum + half_divergence(rest_p, rest_q) + half_divergence(rest_q, rest_p)));
}
