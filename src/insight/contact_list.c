/* contact_list.c - whom to contact, whom to keep as a hold-out, and what the contact did.
 *
 * A contact of a customer who leaves with chance p, is kept by it with chance s and is worth v costs c: its expected profit is p s v - c. All contacts
 * cost the same, so that the greatest profit within a budget is the list of the greatest profits. Down that list a share of the customers is held out by the hash of
 * their id: nobody chooses, and the same customer is held in each run of the same seed. Contacted and held come from the same stretch of
 * the list, so that their difference is the effect of the contact alone.
 *
 * The interval of that difference: Newcombe 1998, Interval estimation for the difference between independent proportions, method 10 (Wilson's
 * score intervals joined), without correction of continuity. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "huaxiang/insight.h"
#include "learn/special.h"

typedef struct {
    double profit;
    hx_str customer;
    size_t at;
} contact_rank;

static int most_profit_first(const void *l, const void *r) {
    const contact_rank *a = l, *b = r;
    if (a->profit != b->profit) return a->profit > b->profit ? -1 : 1;
    const size_t n = a->customer.len < b->customer.len ? a->customer.len : b->customer.len;
    const int order = n ? memcmp(a->customer.ptr, b->customer.ptr, n) : 0;
    if (order) return order;
    if (a->customer.len != b->customer.len) return a->customer.len < b->customer.len ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

bool hx_contact_is_held(hx_str customer, double share, uint64_t seed) {
    return (double)(hx_hash_seed(customer, seed) >> 11) * 0x1p-53 < share;
}

static hx_status check_offer(const hx_contact_offer *o, hx_error *err) {
    if (!(o->cost >= 0) || !isfinite(o->cost))
        return hx_fail(err, HX_EINVAL, "the cost of a contact is a number from 0 on, not %g",
                       o->cost);
    if (!(o->success >= 0 && o->success <= 1))
        return hx_fail(err, HX_EINVAL, "the chance that a contact succeeds is from 0 to 1, not %g",
                       o->success);
    if (!(o->budget >= 0))
        return hx_fail(err, HX_EINVAL, "the budget of contacts is a number from 0 on, not %g",
                       o->budget);
    if (!(o->hold_out >= 0 && o->hold_out < 1))
        return hx_fail(err, HX_EINVAL, "the share held out is from 0 to below 1, not %g",
                       o->hold_out);
    return HX_OK;
}

static hx_status rank_contacts(const hx_contact *rows, size_t n, const hx_contact_offer *o,
                               contact_rank *ranks, hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        const hx_contact *c = &rows[i];
        if (!(c->risk >= 0 && c->risk <= 1) || !isfinite(c->value))
            return hx_fail(err, HX_EINVAL,
                           "customer %zu of the contacts has no chance from 0 to 1 or no value",
                           i + 1);
        ranks[i] = (contact_rank){c->risk * o->success * c->value - o->cost, c->customer, i};
    }
    qsort(ranks, n, sizeof *ranks, most_profit_first);
    return HX_OK;
}

static void walk_ranks(const contact_rank *ranks, size_t n, const hx_contact_offer *o,
                       hx_contact_choice *out, hx_contact_sum *sum) {
    *sum = (hx_contact_sum){0};
    for (size_t i = 0; i < n; i++)
        out[i] = (hx_contact_choice){ranks[i].at, HX_CONTACT_LEFT, ranks[i].profit};
    for (size_t i = 0; i < n && ranks[i].profit > 0; i++) {
        const double cost = o->cost * (double)(sum->chosen + 1);
        if (hx_contact_is_held(ranks[i].customer, o->hold_out, o->seed)) {
            out[i].what = HX_CONTACT_HELD;
            sum->held++;
            continue;
        }
        if (cost > o->budget) break;
        out[i].what = HX_CONTACT_CHOSEN;
        sum->chosen++;
        sum->cost = cost;
        sum->profit += ranks[i].profit;
    }
}

hx_status hx_contact_choose(const hx_contact *rows, size_t n, const hx_contact_offer *offer,
                            hx_arena *arena, hx_contact_choice **out, hx_contact_sum *sum,
                            hx_error *err) {
    HX_TRY(check_offer(offer, err));
    if (!n) return hx_fail(err, HX_EINVAL, "there is no customer to contact");
    contact_rank *ranks = hx_arena_alloc(arena, n * sizeof *ranks);
    *out = hx_arena_alloc(arena, n * sizeof **out);
    if (!ranks || !*out) return hx_fail(err, HX_ENOMEM, "not enough memory for contacts");
    HX_TRY(rank_contacts(rows, n, offer, ranks, err));
    walk_ranks(ranks, n, offer, *out, sum);
    return HX_OK;
}

/* ------------------------------------------------------------------ what it did */
static void wilson(double stayed, double n, double z, double *low, double *high) {
    const double p = stayed / n, middle = p + z * z / (2 * n);
    const double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    *low = (middle - half) / (1 + z * z / n);
    *high = (middle + half) / (1 + z * z / n);
}

hx_status hx_campaign_measure(const hx_campaign_counts *c, double level, hx_campaign_effect *out,
                              hx_error *err) {
    if (!c->contacted || !c->held)
        return hx_fail(err, HX_EINVAL,
                       "an effect needs customers who were contacted and customers held out");
    if (c->contacted_stayed > c->contacted || c->held_stayed > c->held)
        return hx_fail(err, HX_EINVAL, "more customers stayed than there were");
    const double share = level > 0 && level < 1 ? level : 0.95;
    const double z = hx_normal_quantile(0.5 + share / 2);
    const double n1 = (double)c->contacted, n0 = (double)c->held;
    const double p1 = (double)c->contacted_stayed / n1, p0 = (double)c->held_stayed / n0;
    double low1, high1, low0, high0;
    wilson((double)c->contacted_stayed, n1, z, &low1, &high1);
    wilson((double)c->held_stayed, n0, z, &low0, &high0);
    out->contacted = p1;
    out->held = p0;
    out->effect = p1 - p0;
    out->low = out->effect - hypot(p1 - low1, high0 - p0);
    out->high = out->effect + hypot(high1 - p1, p0 - low0);
    out->kept = out->effect * n1;
    return HX_OK;
}
