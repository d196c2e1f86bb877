/* profile_codec.c - a profile's state as bytes, canonical: equal profiles give equal bytes. Version 2 ends with the labels of models;
 * a profile without any is written as version 1, as it was before there were such labels. Version 3 has mixed texts and aspects behind
 * them, where there are any.
 *
 * Sets are written sorted; the Space-Saving tables in their own order, which the sequence of events fixes. Layout: version byte, then the
 * fields in the order below; counters as varints, signed numbers zigzag, strings with their length. A cut field, a count
 * that the bytes can't hold, bytes left over or another version is HX_EFORMAT as a whole. */
#include <stdlib.h>

#include "base/error.h"
#include "profile/profile.h"

#define STATE_VERSION 1
#define STATE_LABELS 2 /* version 1, then the labels */
#define STATE_ASPECTS 3 /* version 1, then the labels, if any, texts that are mixed, aspects */
#define STATE_SENTIMENTS (HX_SENTIMENT_POSITIVE + 1) /* of version 1 */

/* The plain counters, in order, for both directions. */
#define FOR_EACH_SIGNED(X)                                                                         \
    X(first)                                                                                       \
    X(last)                                                                                        \
    X(quantity)                                                                                    \
    X(discount)                                                                                    \
    X(first_purchase)                                                                              \
    X(last_purchase)                                                                               \
    X(purchase_days)                                                                               \
    X(gap_sum)                                                                                     \
    X(gap_square_sum)                                                                              \
    X(sentiment_sum)                                                                               \
    X(trend_t)                                                                                     \
    X(trend_tt) X(trend_s) X(trend_ts) X(trend_n) X(trend_origin) X(rating_sum) X(folded_time)
#define FOR_EACH_COUNT(X)                                                                          \
    X(n_events)                                                                                    \
    X(n_undated)                                                                                   \
    X(n_orders) X(n_lines) X(n_refunds) X(n_discounted) X(n_texts) X(n_noise) X(n_ratings)

static int compare_u64(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void put_orders(const hx_profile *p, hx_buf *out) {
    size_t n = p->order_ids.n, i = 0, k = 0;
    hx_put_u64(out, n);
    size_t start = out->len;
    uint64_t key, value;
    if (!hx_buf_reserve(out, n * 8 + 16)) return;
    uint64_t *keys = calloc(n ? n : 1, sizeof *keys);
    if (!keys) {
        out->failed = true;
        return;
    }
    while (hx_map_next(&p->order_ids, &i, &key, &value))
        keys[k++] = key;
    qsort(keys, k, sizeof *keys, compare_u64);
    for (size_t j = 0; j < k; j++)
        hx_put_fixed64(out, keys[j]);
    free(keys);
    if (out->len != start + n * 8) out->failed = true;
}

static void put_tables(const hx_profile *p, hx_buf *out) {
    hx_put_u64(out, p->n_ids);
    for (uint32_t i = 0; i < p->n_ids; i++) {
        hx_put_u64(out, (uint64_t)p->ids[i].type);
        hx_put_str(out, p->ids[i].value);
    }
    hx_put_u64(out, p->n_spent);
    for (uint32_t i = 0; i < p->n_spent; i++) {
        hx_put_str(out, p->spent[i].currency);
        hx_put_i64(out, p->spent[i].amount);
        hx_put_i64(out, p->spent[i].refunded);
    }
    hx_put_u64(out, p->n_words);
    for (uint32_t i = 0; i < p->n_words; i++) {
        const hx_top_word *w = &p->words[i];
        hx_put_fixed64(out, p->word_hashes[i]);
        hx_put_str(out, w->text);
        hx_put_i64(out, w->count);
        hx_put_i64(out, w->error);
        hx_put_i64(out, w->positive);
        hx_put_i64(out, w->negative);
    }
    hx_put_u64(out, p->n_interests);
    for (uint32_t i = 0; i < p->n_interests; i++) {
        const hx_interest *t = &p->interests[i];
        hx_put_fixed64(out, p->interest_hashes[i]);
        hx_put_str(out, t->name);
        hx_put_i64(out, t->weight);
        hx_put_i64(out, t->error);
        hx_put_u64(out, t->is_item);
        hx_put_fixed64(out, t->last_event);
        hx_put_u64(out, t->orders);
        hx_put_u64(out, t->views);
        hx_put_u64(out, t->reviews);
        hx_put_i64(out, t->amount);
    }
}

static void put_traits(const hx_profile *p, hx_buf *out) {
    hx_put_u64(out, p->n_traits);
    for (uint32_t i = 0; i < p->n_traits; i++) {
        const hx_trait *t = &p->traits[i];
        hx_put_str(out, t->name);
        hx_put_str(out, t->value);
        hx_put_u64(out, (uint64_t)t->type);
        hx_put_i64(out, t->at);
        hx_put_fixed64(out, t->event);
        hx_put_fixed64(out, t->key);
    }
    hx_put_u64(out, p->n_conflicts);
    for (uint32_t i = 0; i < p->n_conflicts; i++) {
        hx_put_str(out, p->conflicts[i].name);
        hx_put_str(out, p->conflicts[i].value);
        hx_put_fixed64(out, p->conflicts[i].event);
    }
}

static void put_labels(const hx_profile *p, hx_buf *out) {
    hx_put_u64(out, p->n_labels);
    for (uint32_t i = 0; i < p->n_labels; i++) {
        const hx_label_count *l = &p->labels[i];
        hx_put_str(out, l->set);
        hx_put_str(out, l->label);
        hx_put_u64(out, l->count);
        hx_put_i64(out, l->score_sum);
        hx_put_i64(out, l->at);
        hx_put_fixed64(out, l->event);
    }
}

static void put_aspects(const hx_profile *p, hx_buf *out) {
    hx_put_u64(out, p->sentiments[HX_SENTIMENT_MIXED]);
    hx_put_u64(out, p->n_aspects);
    for (uint32_t i = 0; i < p->n_aspects; i++) {
        const hx_aspect_count *a = &p->aspects[i];
        hx_put_str(out, a->id);
        hx_put_str(out, a->name);
        hx_put_u64(out, a->count);
        hx_put_i64(out, a->sum);
        hx_put_i64(out, a->at);
        hx_put_fixed64(out, a->event);
    }
}

void hx_profile_write(const hx_profile *p, hx_buf *out) {
    bool aspects = p->n_aspects > 0 || p->sentiments[HX_SENTIMENT_MIXED] > 0;
    hx_buf_append_byte(out, aspects           ? STATE_ASPECTS
                            : p->n_labels > 0 ? STATE_LABELS
                                              : STATE_VERSION);
    hx_put_fixed64(out, p->key);
    hx_put_fixed64(out, p->folded_id);
#define PUT(field) hx_put_i64(out, p->field);
    FOR_EACH_SIGNED(PUT)
#undef PUT
#define PUT(field) hx_put_u64(out, p->field);
    FOR_EACH_COUNT(PUT)
#undef PUT
    for (int i = 0; i < 24; i++)
        hx_put_u64(out, p->by_hour[i]);
    for (int i = 0; i < 7; i++)
        hx_put_u64(out, p->by_weekday[i]);
    for (int i = 0; i < HX_KIND_N; i++)
        hx_put_u64(out, p->kinds[i]);
    for (int i = 0; i < STATE_SENTIMENTS; i++)
        hx_put_u64(out, p->sentiments[i]);
    for (int i = 0; i < HX_INTENT_N; i++)
        hx_put_u64(out, p->intents[i]);
    for (int i = 0; i < HX_LANG_N; i++)
        hx_put_u64(out, p->langs[i]);
    put_tables(p, out);
    put_traits(p, out);
    put_orders(p, out);
    if (aspects || p->n_labels > 0) put_labels(p, out);
    if (aspects) put_aspects(p, out);
    if (p->failed) out->failed = true;
}

/* ------------------------------------------------------------------ reading */
static hx_str get_kept(hx_cursor *c, hx_profile *p) {
    hx_str s = hx_arena_str(p->arena, hx_get_str(c));
    if (!s.ptr) c->failed = true;
    return s;
}

static uint32_t get_n(hx_cursor *c, size_t each, uint32_t max) {
    size_t n = hx_get_count(c, each);
    if (n > max) c->failed = true;
    return c->failed ? 0 : (uint32_t)n;
}

static void get_words(hx_cursor *c, hx_profile *p) {
    uint32_t n = get_n(c, 13, HX_TOP_WORDS_MAX);
    for (uint32_t i = 0; i < n && !c->failed; i++) {
        p->word_hashes[i] = hx_get_fixed64(c);
        hx_top_word *w = &p->words[i];
        w->text = get_kept(c, p);
        w->count = hx_get_i64(c);
        w->error = hx_get_i64(c);
        w->positive = (int32_t)hx_get_i64(c);
        w->negative = (int32_t)hx_get_i64(c);
    }
    p->n_words = n;
}

static void get_interests(hx_cursor *c, hx_profile *p) {
    uint32_t n = get_n(c, 24, HX_INTERESTS_MAX);
    for (uint32_t i = 0; i < n && !c->failed; i++) {
        p->interest_hashes[i] = hx_get_fixed64(c);
        hx_interest *t = &p->interests[i];
        t->name = get_kept(c, p);
        t->weight = hx_get_i64(c);
        t->error = hx_get_i64(c);
        t->is_item = hx_get_u64(c) != 0;
        t->last_event = hx_get_fixed64(c);
        t->orders = (uint32_t)hx_get_u64(c);
        t->views = (uint32_t)hx_get_u64(c);
        t->reviews = (uint32_t)hx_get_u64(c);
        t->amount = hx_get_i64(c);
    }
    p->n_interests = n;
}

static void get_tables(hx_cursor *c, hx_profile *p) {
    uint32_t n = get_n(c, 2, HX_PROFILE_IDS_MAX);
    for (uint32_t i = 0; i < n && !c->failed; i++) {
        uint64_t type = hx_get_u64(c);
        if (type >= HX_ID_GUEST) c->failed = true;
        p->ids[i] = (hx_id){(hx_id_type)type, get_kept(c, p)};
    }
    p->n_ids = n;
    n = get_n(c, 3, HX_CURRENCIES_MAX);
    for (uint32_t i = 0; i < n && !c->failed; i++) {
        p->spent[i].currency = get_kept(c, p);
        p->spent[i].amount = hx_get_i64(c);
        p->spent[i].refunded = hx_get_i64(c);
    }
    p->n_spent = n;
    get_words(c, p);
    get_interests(c, p);
}

static void get_traits(hx_cursor *c, hx_profile *p) {
    uint32_t n = get_n(c, 20, HX_TRAITS_MAX);
    for (uint32_t i = 0; i < n && !c->failed; i++) {
        hx_trait *t = &p->traits[i];
        t->name = get_kept(c, p);
        t->value = get_kept(c, p);
        uint64_t type = hx_get_u64(c);
        if (type > HX_VALUE_BOOLEAN) c->failed = true;
        t->type = (hx_value_type)type;
        t->at = hx_get_i64(c);
        t->event = hx_get_fixed64(c);
        t->key = hx_get_fixed64(c);
    }
    p->n_traits = n;
    n = get_n(c, 10, HX_CONFLICTS_MAX);
    for (uint32_t i = 0; i < n && !c->failed; i++) {
        p->conflicts[i].name = get_kept(c, p);
        p->conflicts[i].value = get_kept(c, p);
        p->conflicts[i].event = hx_get_fixed64(c);
    }
    p->n_conflicts = n;
}

static void get_orders(hx_cursor *c, hx_profile *p) {
    size_t n = hx_get_count(c, 8);
    for (size_t i = 0; i < n && !c->failed; i++) {
        uint64_t *place = hx_map_put(&p->order_ids, hx_get_fixed64(c));
        if (!place) c->failed = true;
        if (place) *place = 1;
    }
}

static void get_labels(hx_cursor *c, hx_profile *p) {
    uint32_t n = get_n(c, 13, HX_LABELS_MAX);
    for (uint32_t i = 0; i < n && !c->failed; i++) {
        hx_label_count *l = &p->labels[i];
        l->set = get_kept(c, p);
        l->label = get_kept(c, p);
        l->count = hx_get_u64(c);
        l->score_sum = hx_get_i64(c);
        l->at = hx_get_i64(c);
        l->event = hx_get_fixed64(c);
    }
    p->n_labels = c->failed ? 0 : n;
}

static void get_aspects(hx_cursor *c, hx_profile *p) {
    p->sentiments[HX_SENTIMENT_MIXED] = hx_get_u64(c);
    uint32_t n = get_n(c, 13, HX_PROFILE_ASPECTS_MAX);
    for (uint32_t i = 0; i < n && !c->failed; i++) {
        hx_aspect_count *a = &p->aspects[i];
        a->id = get_kept(c, p);
        a->name = get_kept(c, p);
        a->count = hx_get_u64(c);
        a->sum = hx_get_i64(c);
        a->at = hx_get_i64(c);
        a->event = hx_get_fixed64(c);
    }
    p->n_aspects = c->failed ? 0 : n;
}

hx_status hx_profile_read(hx_str bytes, hx_profile *p, hx_error *err) {
    hx_cursor cursor = hx_cursor_of(bytes), *c = &cursor;
    hx_profile_reset(p);
    uint8_t version = bytes.len > 0 ? *c->at++ : 0;
    bool known = version >= STATE_VERSION && version <= STATE_ASPECTS;
    p->key = hx_get_fixed64(c);
    p->folded_id = hx_get_fixed64(c);
#define GET(field) p->field = hx_get_i64(c);
    FOR_EACH_SIGNED(GET)
#undef GET
#define GET(field) p->field = hx_get_u64(c);
    FOR_EACH_COUNT(GET)
#undef GET
    for (int i = 0; i < 24; i++)
        p->by_hour[i] = (uint32_t)hx_get_u64(c);
    for (int i = 0; i < 7; i++)
        p->by_weekday[i] = (uint32_t)hx_get_u64(c);
    for (int i = 0; i < HX_KIND_N; i++)
        p->kinds[i] = hx_get_u64(c);
    for (int i = 0; i < STATE_SENTIMENTS; i++)
        p->sentiments[i] = hx_get_u64(c);
    for (int i = 0; i < HX_INTENT_N; i++)
        p->intents[i] = hx_get_u64(c);
    for (int i = 0; i < HX_LANG_N; i++)
        p->langs[i] = hx_get_u64(c);
    get_tables(c, p);
    get_traits(c, p);
    get_orders(c, p);
    if (version >= STATE_LABELS) get_labels(c, p);
    if (version == STATE_LABELS && p->n_labels == 0) c->failed = true;
    if (version == STATE_ASPECTS) get_aspects(c, p);
    if (known && !c->failed && c->at == c->end) return HX_OK;
    return hx_fail(err, HX_EFORMAT,
                   "the store is damaged: a profile can't be decoded; run 'huaxiang doctor "
                   "--store' and restore a backup");
}
