/* profile.c - a profile's life and the questions one can ask it. The fold is in fold.c.
 *
 * A profile is kept a thread and reset: its strings live in its arena, which goes back to empty in one step. Questions never change it.
 * Lists are asked for as indexes in order of weight, then of name, so that equal profiles answer alike in whatever order their entries
 * came to stand. */
#include "profile/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"

#define PROFILE_ARENA_MAX (256u << 20)

hx_profile *hx_profile_new(void) {
    hx_profile *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->arena = hx_arena_new(PROFILE_ARENA_MAX);
    hx_map_init(&p->order_ids);
    if (!p->arena) {
        free(p);
        return NULL;
    }
    hx_profile_reset(p);
    return p;
}

void hx_profile_free(hx_profile *p) {
    if (!p) return;
    hx_map_release(&p->order_ids);
    hx_arena_free(p->arena);
    free(p);
}

/* Only what counts is cleared: the arrays behind the counters are large and stay as they are. */
void hx_profile_reset(hx_profile *p) {
    hx_arena *arena = p->arena;
    hx_map orders = p->order_ids;
    hx_arena_reset(arena);
    hx_map_reset(&orders);
    p->key = 0;
    p->n_ids = p->n_spent = p->n_words = p->n_interests = p->n_traits = p->n_conflicts =
        p->n_labels = p->n_aspects = 0;
    p->n_events = p->n_undated = p->n_orders = p->n_lines = p->n_refunds = p->n_discounted = 0;
    p->quantity = 0;
    p->discount = 0;
    p->first = p->last = p->first_purchase = p->last_purchase = HX_TIME_NONE;
    p->purchase_days = p->gap_sum = p->gap_square_sum = 0;
    p->n_texts = p->n_noise = p->n_ratings = 0;
    p->sentiment_sum = p->rating_sum = 0;
    p->trend_t = p->trend_tt = p->trend_s = p->trend_ts = p->trend_n = p->trend_origin = 0;
    p->folded_time = HX_TIME_NONE;
    p->folded_id = 0;
    p->failed = false;
    memset(p->by_hour, 0, sizeof p->by_hour);
    memset(p->by_weekday, 0, sizeof p->by_weekday);
    memset(p->kinds, 0, sizeof p->kinds);
    memset(p->sentiments, 0, sizeof p->sentiments);
    memset(p->intents, 0, sizeof p->intents);
    memset(p->langs, 0, sizeof p->langs);
    p->arena = arena;
    p->order_ids = orders;
}

/* Insertion sort of small index lists by weight (descending), then name. */
typedef int before_fn(const hx_profile *p, uint32_t a, uint32_t b);

static void sort_order(const hx_profile *p, uint32_t *order, uint32_t n, before_fn *compare) {
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = i;
        while (at > 0 && compare(p, i, order[at - 1]) < 0) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
}

static int compare_interests(const hx_profile *p, uint32_t a, uint32_t b) {
    const hx_interest *x = &p->interests[a], *y = &p->interests[b];
    if (x->is_item != y->is_item) return x->is_item ? 1 : -1;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return hx_str_compare(x->name, y->name);
}

static int compare_words(const hx_profile *p, uint32_t a, uint32_t b) {
    const hx_top_word *x = &p->words[a], *y = &p->words[b];
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return hx_str_compare(x->text, y->text);
}

size_t hx_profile_interests(const hx_profile *p, uint32_t order[HX_INTERESTS_MAX]) {
    sort_order(p, order, p->n_interests, compare_interests);
    return p->n_interests;
}

static int compare_aspects(const void *a, const void *b) {
    const hx_aspect_count *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return hx_str_compare(x->id, y->id);
}

size_t hx_profile_aspects(const hx_profile *p, hx_aspect_count out[HX_PROFILE_ASPECTS_MAX]) {
    for (uint32_t i = 0; i < p->n_aspects; i++)
        out[i] = p->aspects[i];
    qsort(out, p->n_aspects, sizeof *out, compare_aspects);
    return p->n_aspects;
}

double hx_profile_aspect_mean(const hx_aspect_count *a) {
    return a->count > 0 ? (double)a->sum / 1000.0 / (double)a->count : 0.0;
}

int64_t hx_profile_aspect_micro(const hx_aspect_count *a) {
    return a && a->count ? a->sum * 1000 / (int64_t)a->count : 0;
}

const hx_aspect_count *hx_profile_aspect(const hx_profile *p, hx_str name) {
    for (uint32_t i = 0; i < p->n_aspects; i++)
        if (hx_str_equal(p->aspects[i].id, name) || hx_str_equal(p->aspects[i].name, name))
            return &p->aspects[i];
    return NULL;
}

size_t hx_profile_words(const hx_profile *p, uint32_t order[HX_TOP_WORDS_MAX]) {
    sort_order(p, order, p->n_words, compare_words);
    return p->n_words;
}

double hx_profile_sentiment_mean(const hx_profile *p) {
    uint64_t n = p->sentiments[HX_SENTIMENT_POSITIVE] + p->sentiments[HX_SENTIMENT_NEGATIVE] +
                 p->sentiments[HX_SENTIMENT_NEUTRAL] + p->sentiments[HX_SENTIMENT_MIXED];
    return n > 0 ? (double)p->sentiment_sum / 1000.0 / (double)n : 0.0;
}

/* Ordinary least squares slope of the signed sentiment over days, times 30. */
double hx_profile_sentiment_trend(const hx_profile *p) {
    double n = (double)p->trend_n, t = (double)p->trend_t, s = (double)p->trend_s;
    double spread = n * (double)p->trend_tt - t * t;
    if (p->trend_n < 3 || spread <= 0.0) return 0.0;
    return 30.0 / 1000.0 * (n * (double)p->trend_ts - t * s) / spread;
}

static uint64_t size_of_money(hx_money m) {
    return m < 0 ? 0 - (uint64_t)m : (uint64_t)m;
}

hx_money hx_profile_spent(const hx_profile *p, hx_str *currency) {
    if (currency) *currency = (hx_str){"", 0};
    if (p->n_spent == 0) return 0;
    const hx_spent *best = &p->spent[0];
    for (uint32_t i = 1; i < p->n_spent; i++) {
        const hx_spent *s = &p->spent[i];
        uint64_t size = size_of_money(s->amount), most = size_of_money(best->amount);
        if (size > most || (size == most && hx_str_compare(s->currency, best->currency) < 0))
            best = s;
    }
    if (currency) *currency = best->currency;
    return best->amount;
}

const hx_trait *hx_profile_trait(const hx_profile *p, const char *name) {
    hx_str wanted = hx_str_of(name);
    for (uint32_t i = 0; i < p->n_traits; i++)
        if (hx_str_equal(p->traits[i].name, wanted)) return &p->traits[i];
    return NULL;
}

/* ------------------------------------------------------------------ labels of models */
/* Texts are folded in event order, so the label that was last counted has the greatest (time, message id) of its set. */
static bool is_later(const hx_label_count *a, const hx_label_count *b) {
    return a->at != b->at ? a->at > b->at : a->event > b->event;
}

const hx_label_count *hx_profile_last_label(const hx_profile *p, hx_str set) {
    const hx_label_count *last = NULL;
    for (uint32_t i = 0; i < p->n_labels; i++)
        if (hx_str_equal(p->labels[i].set, set) && (!last || is_later(&p->labels[i], last)))
            last = &p->labels[i];
    return last;
}

const hx_label_count *hx_profile_label(const hx_profile *p, hx_str set, hx_str label) {
    for (uint32_t i = 0; i < p->n_labels; i++)
        if (hx_str_equal(p->labels[i].set, set) && hx_str_equal(p->labels[i].label, label))
            return &p->labels[i];
    return NULL;
}

uint64_t hx_profile_labelled(const hx_profile *p, hx_str set) {
    uint64_t n = 0;
    for (uint32_t i = 0; i < p->n_labels; i++)
        if (hx_str_equal(p->labels[i].set, set)) n += p->labels[i].count;
    return n;
}

bool hx_label_is_number(const hx_label_count *c) {
    return c->label.len == 0;
}

int64_t hx_label_mean(const hx_label_count *c) {
    int64_t n = (int64_t)c->count, mean = n > 0 ? c->score_sum / n : 0;
    return n > 0 && mean * n > c->score_sum ? mean - 1 : mean;
}
