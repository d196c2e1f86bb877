/* dynamic_price.c - how much the price decides: lines bought at a discount, how cheap the choice is, words about price.
 *
 * The list price of a line is what was paid and what was taken off. A customer is more price sensitive than the shop only where the
 * interval of his share of discounted lines lies above the shop's share. The level compares the list price of a piece with the
 * geometric mean of its category, so that a customer of dear goods is not dear himself. */
#include <math.h>

#include "insight/dynamic_part.h"

#define SHRUNK_LINES 5.0
#define LEVEL_LINES 5 /* of a category, before its prices are a measure */

typedef struct {
    hx_faded share, level, words;
    double paid, listed;
} price_sums;

static bool is_about_price(const hx_annotation *a) {
    for (size_t i = 0; i < a->n_aspects; i++)
        if (hx_str_equal(a->aspects[i].id, HX_STR_LIT("price"))) return true;
    return a->intent.label == HX_INTENT_PRICE;
}

static void add_level(const hx_history *h, price_sums *s, const hx_event *e, hx_price_sense *out) {
    const double price = hx_catalog_list_price(e);
    const hx_str category = hx_catalog_category(h->o->catalog, e);
    double usual;
    uint64_t n;
    if (!(price > 0) || category.len == 0 || !hx_catalog_price(h->o->catalog, category, &usual, &n))
        return;
    if (n < LEVEL_LINES) return;
    hx__faded_add(&s->level, hx__history_fade(h, e->time), log(price) - usual);
    out->n_level++;
}

static void add_line(const hx_history *h, price_sums *s, const hx_event *e, hx_price_sense *out) {
    const double paid = hx_money_double(e->amount), off = hx_money_double(e->discount);
    const bool cheaper = e->discount > 0;
    if (!hx__history_is_paid(e) || !e->has_amount) return;
    out->n++;
    out->discounted += cheaper;
    s->paid += paid;
    s->listed += paid + off;
    hx__faded_add(&s->share, hx__history_fade(h, e->time), cheaper ? 1 : 0);
    if (cheaper)
        hx__evidence_add(out->events, out->event_points, &out->n_events, hx_event_id(e),
                         (int64_t)llround(off / (paid + off) * HX_POINT));
    add_level(h, s, e, out);
}

static hx_interval exponential(hx_interval v) {
    return (hx_interval){exp(v.value), exp(v.low), exp(v.high)};
}

static hx_interval share_of(const hx_faded *f) {
    const double n = hx__history_effective(f->sum, f->squares);
    if (!(n > 0)) return (hx_interval){NAN, NAN, NAN};
    return hx_wilson(f->mean, n, HX_DYNAMIC_LEVEL);
}

void hx__dynamic_price(const hx_history *h, hx_price_sense *out) {
    price_sums s = {.paid = 0};
    const double shop = h->o->discounted;
    *out = (hx_price_sense){.n = 0};
    for (size_t i = 0; i < h->n; i++) {
        const hx_event *e = &h->events[i];
        add_line(h, &s, e, out);
        if (!hx__history_speaks(e)) continue;
        const bool about = is_about_price(e->annotation);
        hx__faded_add(&s.words, hx__history_fade(h, e->time), about ? 1 : 0);
        out->words += about;
    }
    const double n = hx__history_effective(s.share.sum, s.share.squares);
    out->share = share_of(&s.share);
    out->words_share = share_of(&s.words);
    out->level = exponential(hx__faded_interval(&s.level));
    out->depth = s.listed > 0 ? (s.listed - s.paid) / s.listed : NAN;
    out->shrunk =
        n > 0 && shop >= 0 ? (n * s.share.mean + SHRUNK_LINES * shop) / (n + SHRUNK_LINES) : NAN;
    if (n > 0 && shop >= 0)
        out->verdict = out->share.low > shop ? 1 : out->share.high < shop ? -1 : 0;
}
