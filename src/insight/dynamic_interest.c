/* dynamic_interest.c - what a customer turns to, and words that come again: counts that fade; see dynamic.h.
 *
 * An interest is a category: what the event says, else what the catalogue knows of its item, else the item itself. A bad review
 * is no interest. Topics are the key words of texts and searches; a word counts once a text, by its weight in it. */
#include "insight/dynamic_part.h"

static double interest_weight(const hx_event *e) {
    const bool bad = e->annotation && e->annotation->sentiment.label == HX_SENTIMENT_NEGATIVE;
    switch (e->kind) {
    case HX_KIND_ORDER:
        return 4;
    case HX_KIND_REVIEW:
        return bad ? 0 : 2;
    case HX_KIND_VIEW:
    case HX_KIND_SEARCH:
    case HX_KIND_QUESTION:
        return 1;
    default:
        return 0;
    }
}

static hx_str interest_name(const hx_history *h, const hx_event *e) {
    const hx_str category = hx_catalog_category(h->o->catalog, e);
    if (category.len > 0) return category;
    return e->item_name.len > 0 ? e->item_name : e->item;
}

bool hx__dynamic_interests(const hx_history *h, hx_dynamic *out) {
    hx_tally t;
    hx__tally_init(&t);
    for (size_t i = 0; i < h->n; i++) {
        const hx_event *e = &h->events[i];
        const hx_str name = interest_name(h, e);
        const int64_t points = hx__history_points(h, e, interest_weight(e));
        if (name.len > 0 && points > 0) hx__tally_add(&t, name, points, e);
    }
    return hx__tally_finish(&t, h->arena, &out->interests);
}

bool hx__dynamic_topics(const hx_history *h, hx_dynamic *out) {
    hx_tally t;
    hx__tally_init(&t);
    for (size_t i = 0; i < h->n; i++) {
        const hx_event *e = &h->events[i];
        const hx_annotation *a = e->annotation;
        if (e->text.len == 0 || !a || a->noise != HX_NOISE_NONE) continue;
        for (size_t k = 0; k < a->n_keywords; k++) {
            const int64_t points = hx__history_points(h, e, a->keywords[k].score);
            if (points > 0) hx__tally_add(&t, a->keywords[k].text, points, e);
        }
    }
    return hx__tally_finish(&t, h->arena, &out->topics);
}
