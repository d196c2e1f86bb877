/* fold.c - profile' = fold(profile, event): the pure function at the centre.
 *
 * Events arrive in event order (time, message id), undated ones first. Everything is integer arithmetic with saturation at the
 * int64 border, so the result depends on the sequence of events alone.
 *
 * Interests and words are kept by Space-Saving (Metwally, Agrawal, El Abbadi 2005): with all places taken, a newcomer replaces the
 * entry of least weight (ties: the smaller name) and inherits its weight as its error. */
#include <string.h>

#include "base/civil.h"
#include "base/hash.h"
#include "profile/profile.h"

static int64_t add_capped(int64_t a, int64_t b) {
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

static hx_str keep(hx_profile *p, hx_str s) {
    hx_str copy = hx_arena_str(p->arena, s);
    if (!copy.ptr) p->failed = true;
    return copy;
}

/* ------------------------------------------------------------------ ids */
static void fold_id(hx_profile *p, hx_id id) {
    uint32_t at = 0;
    while (at < p->n_ids && hx_id_compare(p->ids[at], id) < 0)
        at++;
    if (at < p->n_ids && hx_id_compare(p->ids[at], id) == 0) return;
    if (at == HX_PROFILE_IDS_MAX) return;
    uint32_t moved = p->n_ids < HX_PROFILE_IDS_MAX ? p->n_ids - at : HX_PROFILE_IDS_MAX - 1 - at;
    memmove(&p->ids[at + 1], &p->ids[at], moved * sizeof *p->ids);
    p->ids[at] = (hx_id){id.type, keep(p, id.value)};
    if (p->n_ids < HX_PROFILE_IDS_MAX) p->n_ids++;
    if (at == 0) p->key = hx_id_key(id);
}

/* ------------------------------------------------------------------ activity */
static void fold_time(hx_profile *p, const hx_event *e) {
    if (e->time == HX_TIME_NONE) {
        p->n_undated++;
        return;
    }
    if (p->first == HX_TIME_NONE) p->first = e->time;
    p->last = e->time;
    if (e->kind == HX_KIND_TRAITS) return;
    int64_t hour = hx_floor_div(e->time, 3600000);
    p->by_hour[hour - 24 * hx_floor_div(hour, 24)]++;
    p->by_weekday[hx_weekday(e->time)]++;
}

static hx_spent *spent_in(hx_profile *p, hx_str currency) {
    for (uint32_t i = 0; i < p->n_spent; i++)
        if (hx_str_equal(p->spent[i].currency, currency)) return &p->spent[i];
    if (p->n_spent == HX_CURRENCIES_MAX) return NULL;
    hx_spent *s = &p->spent[p->n_spent++];
    *s = (hx_spent){.currency = keep(p, currency)};
    return s;
}

static void fold_money(hx_profile *p, const hx_event *e) {
    hx_spent *s = e->has_amount ? spent_in(p, e->currency) : NULL;
    if (s) s->amount = add_capped(s->amount, e->amount);
    if (s && e->amount < 0) s->refunded = add_capped(s->refunded, -e->amount);
    p->quantity = add_capped(p->quantity, e->quantity);
    if (e->discount > 0 && e->kind == HX_KIND_ORDER) {
        p->discount = add_capped(p->discount, e->discount);
        p->n_discounted++;
    }
}

/* A purchase day counts once; gaps are whole days between purchase days (all for the models of repeat buying). */
static void fold_purchase_day(hx_profile *p, int64_t time) {
    if (time == HX_TIME_NONE) return;
    if (p->first_purchase == HX_TIME_NONE) {
        p->first_purchase = p->last_purchase = time;
        p->purchase_days = 1;
        return;
    }
    int64_t gap = hx_floor_div(time, HX_DAY_MS) - hx_floor_div(p->last_purchase, HX_DAY_MS);
    p->last_purchase = time;
    if (gap <= 0) return;
    p->purchase_days++;
    p->gap_sum += gap;
    p->gap_square_sum += gap * gap;
}

/* A gift, a line of amount 0, is a line but makes no order. */
static bool is_paid(const hx_event *e) {
    return e->has_amount ? e->amount > 0 : e->quantity >= 0;
}

static void fold_order(hx_profile *p, const hx_event *e) {
    p->n_lines++;
    if (!is_paid(e)) return;
    int64_t day = e->time == HX_TIME_NONE ? INT64_MIN : hx_floor_div(e->time, HX_DAY_MS);
    uint64_t order =
        e->order.len > 0 ? hx_hash(e->order) : hx_hash_mix(UINT64_C(0xDA11), (uint64_t)day);
    uint64_t *seen = hx_map_put(&p->order_ids, order);
    if (!seen) {
        p->failed = true;
        return;
    }
    if (*seen == 0) p->n_orders++;
    *seen = 1;
    fold_purchase_day(p, e->time);
}

/* ------------------------------------------------------------------ interests */
/* Items make room first: there are many more of them than categories, and a category says more. */
static bool is_less(const hx_interest *a, const hx_interest *b) {
    if (a->is_item != b->is_item) return a->is_item;
    if (a->weight != b->weight) return a->weight < b->weight;
    return hx_str_compare(a->name, b->name) < 0;
}

static size_t least_interest(const hx_profile *p) {
    size_t least = 0;
    for (size_t i = 1; i < p->n_interests; i++)
        if (is_less(&p->interests[i], &p->interests[least])) least = i;
    return least;
}

static hx_interest *interest_of(hx_profile *p, hx_str name, bool is_item) {
    uint64_t hash = hx_hash_seed(name, is_item ? UINT64_C(0x9E3779B97F4A7C15) : 0);
    for (uint32_t i = 0; i < p->n_interests; i++)
        if (p->interest_hashes[i] == hash) return &p->interests[i];
    size_t at = p->n_interests;
    int64_t floor = 0;
    if (at < HX_INTERESTS_MAX) {
        p->n_interests++;
    } else {
        at = least_interest(p);
        floor = p->interests[at].is_item == is_item ? p->interests[at].weight : 0;
    }
    p->interest_hashes[at] = hash;
    p->interests[at] =
        (hx_interest){.name = keep(p, name), .weight = floor, .error = floor, .is_item = is_item};
    return &p->interests[at];
}

static int64_t interest_weight(const hx_event *e) {
    bool negative = e->annotation && e->annotation->sentiment.label == HX_SENTIMENT_NEGATIVE;
    switch (e->kind) {
    case HX_KIND_ORDER:
        return 4;
    case HX_KIND_REVIEW:
        return negative ? 0 : 2;
    case HX_KIND_VIEW:
    case HX_KIND_SEARCH:
        return 1;
    default:
        return 0;
    }
}

static void fold_interest(hx_profile *p, const hx_event *e) {
    hx_str name = e->category.len > 0 ? e->category : e->item_name.len > 0 ? e->item_name : e->item;
    int64_t weight = interest_weight(e);
    if (name.len == 0 || weight == 0) return;
    hx_interest *i = interest_of(p, name, e->category.len == 0);
    i->weight += weight;
    i->last_event = hx_event_id(e);
    i->orders += e->kind == HX_KIND_ORDER;
    i->views += e->kind == HX_KIND_VIEW || e->kind == HX_KIND_SEARCH;
    i->reviews += e->kind == HX_KIND_REVIEW;
    if (e->kind == HX_KIND_ORDER && e->has_amount) i->amount = add_capped(i->amount, e->amount);
}

/* ------------------------------------------------------------------ voice */
static size_t least_word(const hx_profile *p) {
    size_t least = 0;
    for (size_t i = 1; i < p->n_words; i++) {
        const hx_top_word *a = &p->words[i], *b = &p->words[least];
        if (a->count < b->count || (a->count == b->count && hx_str_compare(a->text, b->text) < 0))
            least = i;
    }
    return least;
}

static hx_top_word *word_of(hx_profile *p, hx_str text) {
    uint64_t hash = hx_hash(text);
    for (uint32_t i = 0; i < p->n_words; i++)
        if (p->word_hashes[i] == hash) return &p->words[i];
    size_t at = p->n_words;
    int64_t floor = 0;
    if (at < HX_TOP_WORDS_MAX) {
        p->n_words++;
    } else {
        at = least_word(p);
        floor = p->words[at].count;
    }
    p->word_hashes[at] = hash;
    p->words[at] = (hx_top_word){.text = keep(p, text), .count = floor, .error = floor};
    return &p->words[at];
}

static int64_t signed_milli(hx_sentiment_label label, double score) {
    int64_t milli = (int64_t)(score * 1000.0 + 0.5);
    return label == HX_SENTIMENT_POSITIVE ? milli : label == HX_SENTIMENT_NEGATIVE ? -milli : 0;
}

static int64_t signed_score(const hx_sentiment *s) {
    return signed_milli(s->label, s->score);
}

int64_t hx_aspect_milli(const hx_aspect *a) {
    return signed_milli(a->label, a->score);
}

static void fold_trend(hx_profile *p, int64_t time, int64_t score) {
    if (time == HX_TIME_NONE) return;
    int64_t day = hx_floor_div(time, HX_DAY_MS);
    if (p->trend_n == 0) p->trend_origin = day;
    int64_t t = day - p->trend_origin;
    p->trend_n++;
    p->trend_t += t;
    p->trend_tt = add_capped(p->trend_tt, t * t);
    p->trend_s += score;
    p->trend_ts = add_capped(p->trend_ts, t * score);
}

static void fold_aspect(hx_profile *p, const hx_event *e, const hx_aspect *a) {
    hx_aspect_count *c = NULL;
    for (uint32_t i = 0; i < p->n_aspects && !c; i++)
        if (hx_str_equal(p->aspects[i].id, a->id)) c = &p->aspects[i];
    if (!c && p->n_aspects == HX_PROFILE_ASPECTS_MAX) return;
    if (!c) {
        c = &p->aspects[p->n_aspects++];
        *c = (hx_aspect_count){.id = keep(p, a->id), .name = keep(p, a->name)};
    }
    c->count++;
    c->sum = add_capped(c->sum, hx_aspect_milli(a));
    c->at = e->time;
    c->event = hx_event_id(e);
}

static void fold_words(hx_profile *p, const hx_annotation *a) {
    for (size_t i = 0; i < a->n_keywords; i++) {
        hx_top_word *w = word_of(p, a->keywords[i].text);
        w->count++;
        w->positive += a->sentiment.label == HX_SENTIMENT_POSITIVE;
        w->negative += a->sentiment.label == HX_SENTIMENT_NEGATIVE;
    }
}

/* A search query says what a customer looks for, not how he feels: its words count, its sentiment does not. */
static void fold_text(hx_profile *p, const hx_event *e) {
    const hx_annotation *a = e->annotation;
    p->n_texts++;
    if (!a) return;
    if (a->noise != HX_NOISE_NONE) {
        p->n_noise++;
        return;
    }
    p->langs[a->lang]++;
    fold_words(p, a);
    if (e->kind == HX_KIND_SEARCH) return;
    for (size_t i = 0; i < a->n_aspects; i++)
        fold_aspect(p, e, &a->aspects[i]);
    p->intents[a->intent.label]++;
    p->sentiments[a->sentiment.label]++;
    if (a->sentiment.label == HX_SENTIMENT_NONE) return;
    int64_t score = signed_score(&a->sentiment);
    p->sentiment_sum += score;
    fold_trend(p, e->time, score);
}

/* ------------------------------------------------------------------ traits */
static void note_conflict(hx_profile *p, hx_str name, hx_str value, uint64_t event) {
    for (uint32_t i = 0; i < p->n_conflicts; i++)
        if (hx_str_equal(p->conflicts[i].name, name) && hx_str_equal(p->conflicts[i].value, value))
            return;
    if (p->n_conflicts == HX_CONFLICTS_MAX) return;
    p->conflicts[p->n_conflicts++] =
        (hx_conflict){.name = keep(p, name), .value = keep(p, value), .event = event};
}

/* The latest statement holds. A later one that differs is a change; an undated or simultaneous one is a conflict. */
static void fold_trait(hx_profile *p, const hx_event *e, const hx_property *f) {
    hx_trait *t = NULL;
    for (uint32_t i = 0; i < p->n_traits && !t; i++)
        if (hx_str_equal(p->traits[i].name, f->name)) t = &p->traits[i];
    if (!t && p->n_traits == HX_TRAITS_MAX) return;
    if (!t) {
        t = &p->traits[p->n_traits++];
        *t = (hx_trait){.name = keep(p, f->name), .value = keep(p, f->value)};
    } else if (!hx_str_equal(t->value, f->value)) {
        bool undated = t->at == HX_TIME_NONE || e->time == t->at;
        if (undated && t->key == hx_event_key(e)) note_conflict(p, f->name, t->value, t->event);
        t->value = keep(p, f->value);
    }
    t->type = f->type;
    t->at = e->time;
    t->event = hx_event_id(e);
    t->key = hx_event_key(e);
}

/* ------------------------------------------------------------------ labels of models */
/* Every labelled text counts, noise too: what is noise to the rules may be just what a model was trained to find. */
static void fold_model_label(hx_profile *p, const hx_event *e, const hx_model_label *l) {
    hx_label_count *c = NULL;
    for (uint32_t i = 0; i < p->n_labels && !c; i++)
        if (hx_str_equal(p->labels[i].set, l->set) && hx_str_equal(p->labels[i].label, l->label))
            c = &p->labels[i];
    if (!c && p->n_labels == HX_LABELS_MAX) return;
    if (!c) {
        c = &p->labels[p->n_labels++];
        *c = (hx_label_count){.set = keep(p, l->set), .label = keep(p, l->label)};
    }
    c->count++;
    c->score_sum = add_capped(c->score_sum, hx_label_micro(l->score));
    c->at = e->time;
    c->event = hx_event_id(e);
}

/* ------------------------------------------------------------------ the fold */
void hx_profile_fold(hx_profile *p, const hx_event *e) {
    for (uint32_t i = 0; i < e->n_ids; i++)
        fold_id(p, e->ids[i]);
    p->n_events++;
    p->kinds[e->kind]++;
    fold_time(p, e);
    if (e->kind == HX_KIND_ORDER) fold_order(p, e);
    if (e->kind == HX_KIND_REFUND) p->n_refunds++;
    if (e->kind == HX_KIND_ORDER || e->kind == HX_KIND_REFUND) fold_money(p, e);
    fold_interest(p, e);
    if (e->text.len > 0) fold_text(p, e);
    for (uint32_t i = 0; i < e->n_model_labels; i++)
        fold_model_label(p, e, &e->model_labels[i]);
    if (e->rating != HX_RATING_NONE) {
        p->rating_sum += e->rating;
        p->n_ratings++;
    }
    for (uint32_t i = 0; e->kind == HX_KIND_TRAITS && i < e->n_properties; i++)
        fold_trait(p, e, &e->properties[i]);
    p->folded_time = e->time;
    p->folded_id = hx_event_id(e);
}

bool hx_profile_can_extend(const hx_profile *p, const hx_event *e) {
    if (p->n_events == 0) return true;
    if (e->time != p->folded_time) return e->time > p->folded_time;
    return hx_event_id(e) > p->folded_id;
}
