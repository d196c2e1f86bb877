/* fairness.c - how a cut-off treats groups of people: who is accepted, and how good and bad ones among them fare.
 *
 *     demographic parity   shares accepted are equal: greatest difference, and the least share over the greatest (below 0.8 alarms in US practice)
 *     equalised odds       shares accepted of the goods are equal, and those of the bads: the greater of the two greatest differences
 *
 * Every share has its 95 % interval by Wilson (1927); each group's difference to the largest group has Newcombe's (1998, method 10). */
#include <math.h>
#include <string.h>

#include "insight/scorecard.h"

#define GROUPS_MAX 50
#define Z95 1.959963984540054

typedef struct {
    double n, yes;
} share;

typedef struct {
    hx_str name;
    share all, good, bad; /* accepted of them */
} group;

typedef struct {
    double rate, low, high;
} estimate;

static estimate wilson(share s) {
    estimate e = {NAN, 0, 1};
    if (!(s.n > 0)) return e;
    const double p = s.yes / s.n, zz = Z95 * Z95 / s.n;
    const double middle = (p + zz / 2) / (1 + zz),
                 half = Z95 * sqrt(p * (1 - p) / s.n + zz / 4 / s.n) / (1 + zz);
    return (estimate){p, fmax(0, middle - half), fmin(1, middle + half)};
}

/* a - b */
static estimate newcombe(share a, share b) {
    const estimate x = wilson(a), y = wilson(b);
    const double d = x.rate - y.rate;
    return (estimate){d, d - hypot(x.rate - x.low, y.high - y.rate),
                      d + hypot(x.high - x.rate, y.rate - y.low)};
}

static void put_estimate(hx_json_writer *w, const char *key, estimate e) {
    hx_json_key(w, key);
    hx_json_array(w);
    hx_json_double(w, e.rate);
    hx_json_double(w, e.low);
    hx_json_double(w, e.high);
    hx_json_end_array(w);
}

static group *find_group(group *groups, size_t *n, hx_str name, hx_arena *arena) {
    for (size_t i = 0; i < *n; i++)
        if (hx_str_equal(groups[i].name, name)) return &groups[i];
    if (*n == GROUPS_MAX) return NULL;
    groups[*n] = (group){.name = hx_arena_str(arena, name)};
    return &groups[(*n)++];
}

static void add(share *s, double weight, bool yes) {
    s->n += weight;
    s->yes += yes ? weight : 0;
}

static double spread(const group *groups, size_t n, size_t which, double *ratio) {
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        const share s = which == 0 ? groups[i].all : which == 1 ? groups[i].good : groups[i].bad;
        if (!(s.n > 0)) continue;
        low = fmin(low, s.yes / s.n);
        high = fmax(high, s.yes / s.n);
    }
    *ratio = high > 0 ? low / high : NAN;
    return high - low;
}

static void put_group(hx_json_writer *w, const group *g, const group *largest) {
    hx_json_object(w);
    hx_json_key(w, "group");
    hx_json_str(w, g->name);
    hx_json_key(w, "rows");
    hx_json_double(w, g->all.n);
    put_estimate(w, "accepted", wilson(g->all));
    put_estimate(w, "good_accepted", wilson(g->good));
    put_estimate(w, "bad_accepted", wilson(g->bad));
    if (g != largest) {
        put_estimate(w, "accepted_difference", newcombe(g->all, largest->all));
        put_estimate(w, "good_difference", newcombe(g->good, largest->good));
        put_estimate(w, "bad_difference", newcombe(g->bad, largest->bad));
    }
    hx_json_end_object(w);
}

void hx_fairness_write(hx_json_writer *w, const hx_table *t, size_t column, const int64_t *scores,
                       const double *good, const double *bad, int64_t cut_off, hx_arena *arena) {
    group groups[GROUPS_MAX];
    size_t n = 0, left_out = 0, largest = 0;
    char room[64];
    double ratio, unused;
    for (size_t i = 0; i < hx_table_rows(t); i++) {
        const bool yes = scores[i] >= cut_off;
        if (!(good[i] + bad[i] > 0)) continue;
        group *g = find_group(groups, &n, hx_table_cell(t, i, column, room), arena);
        left_out += g == NULL;
        if (!g) continue;
        add(&g->all, good[i] + bad[i], yes);
        add(&g->good, good[i], yes);
        add(&g->bad, bad[i], yes);
    }
    for (size_t i = 1; i < n; i++)
        if (groups[i].all.n > groups[largest].all.n) largest = i;
    hx_json_object(w);
    hx_json_key(w, "column");
    hx_json_str(w, hx_table_column_at(t, column)->name);
    hx_json_key(w, "demographic_parity_difference");
    hx_json_double(w, spread(groups, n, 0, &ratio));
    hx_json_key(w, "demographic_parity_ratio");
    hx_json_double(w, ratio);
    hx_json_key(w, "equalised_odds_difference");
    hx_json_double(w, fmax(spread(groups, n, 1, &unused), spread(groups, n, 2, &unused)));
    hx_json_key(w, "rows_of_further_groups");
    hx_json_int(w, (int64_t)left_out);
    hx_json_key(w, "groups");
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        put_group(w, &groups[i], &groups[largest]);
    hx_json_end_array(w);
    hx_json_end_object(w);
}
