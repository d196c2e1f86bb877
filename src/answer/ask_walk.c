/* ask_walk.c - a query run over a store's events; see ask_walk.h.
 *
 * Also the catalogue of what a store calls its own: names of items, categories, channels and customers, each once, gathered in one walk.
 * A review has no category of its own; it has that of its item, as the orders say it.
 * A part of a decomposition that nothing names is a group of its own, with key 0. */
#include "answer/ask_walk.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"

#define GROUPS_MAX 2000000u
#define QUOTE_MIN 9
#define QUOTE_MAX 600

/* --- the catalogue ---------------------------------------------------------- */
typedef struct {
    hx_buf *entities;
    hx_map seen, *categories;
    const hx_population *pop;
    hx_arena *arena;
} gathering;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
}

/* The entity's number + 1, or 0 without a name or memory. */
static uint64_t add_name(gathering *g, hx_ask_entity_kind kind, hx_str name, uint64_t id) {
    if (name.len == 0) return 0;
    uint64_t *at = hx_map_put(&g->seen, hx_hash_mix(hx_hash_seed(name, kind), id));
    if (!at) return 0;
    if (*at == 0) {
        const hx_ask_entity e = {kind, hx_arena_str(g->arena, name), id};
        if (!e.name.ptr || !hx_buf_append(g->entities, &e, sizeof e)) return 0;
        *at = g->entities->len / sizeof e;
    }
    return *at;
}

static hx_str item_of(const hx_event *e) {
    return e->item.len > 0 ? e->item : e->item_name;
}

static hx_status gather(void *context, uint64_t person, const hx_event *events, size_t n,
                        hx_error *err) {
    gathering *g = context;
    for (size_t i = 0; i < n; i++) {
        const hx_event *e = &events[i];
        const uint64_t item = hx_hash(item_of(e));
        const uint64_t category = add_name(g, HX_ASK_CATEGORY, e->category, hx_hash(e->category));
        (void)add_name(g, HX_ASK_ITEM, e->item, item);
        (void)add_name(g, HX_ASK_ITEM, e->item_name, item);
        (void)add_name(g, HX_ASK_CHANNEL, e->channel, hx_hash(e->channel));
        for (uint32_t k = 0; person && k < e->n_ids; k++)
            (void)add_name(g, HX_ASK_PERSON, e->ids[k].value, person);
        for (uint32_t k = 0; person && e->kind == HX_KIND_TRAITS && k < e->n_properties; k++)
            if (hx_str_equal(e->properties[k].name, HX_STR_LIT("name")))
                (void)add_name(g, HX_ASK_PERSON, e->properties[k].value, person);
        uint64_t *of = category && item_of(e).len ? hx_map_put(g->categories, item) : NULL;
        if (of && *of == 0) *of = category;
    }
    return hx_buf_status(g->entities, "names", err);
}

hx_status hx__ask_catalogue(hx_store *s, const hx_population *pop, hx_arena *arena,
                            hx_buf *entities, hx_map *categories, hx_error *err) {
    gathering g = {.entities = entities, .categories = categories, .pop = pop, .arena = arena};
    hx_map_init(&g.seen);
    const hx_status status = hx_store_each_events(s, gather, &g, err);
    hx_map_release(&g.seen);
    return status;
}

/* --- which events ----------------------------------------------------------- */
static bool speaks(const hx_event *e) {
    return e->text.len > 0 && e->kind != HX_KIND_SEARCH && e->annotation &&
           e->annotation->noise == HX_NOISE_NONE;
}

static bool is_of_class(const hx_ask_query *q, const hx_event *e) {
    switch (q->of) {
    case HX_ASK_TEXTS:
        return speaks(e);
    case HX_ASK_REVIEWS:
        return e->kind == HX_KIND_REVIEW;
    case HX_ASK_TICKETS:
        return e->kind == HX_KIND_TICKET;
    case HX_ASK_ORDERS:
        return (e->kind == HX_KIND_ORDER && e->quantity >= 0) ||
               (q->measure == HX_ASK_REVENUE &&
                (e->kind == HX_KIND_REFUND || e->kind == HX_KIND_ORDER));
    case HX_ASK_REFUNDS:
        return e->kind == HX_KIND_REFUND;
    case HX_ASK_VIEWS:
        return e->kind == HX_KIND_VIEW;
    case HX_ASK_SEARCHES:
        return e->kind == HX_KIND_SEARCH;
    case HX_ASK_ANY:
    case HX_ASK_CLASSES:
        break;
    }
    return true;
}

static int range_of(const hx_ask_walk *w, const hx_event *e) {
    if (w->q->n_ranges == 0) return 0;
    if (e->time == HX_TIME_NONE) return -1;
    const int64_t local = hx_zone_to_local_ms(w->zone, e->time);
    for (int i = 0; i < w->q->n_ranges; i++)
        if (local >= w->q->range[i].from && local < w->q->range[i].to) return i;
    return -1;
}

static uint64_t category_of(const hx_ask_walk *w, const hx_event *e) {
    if (e->category.len > 0) return hx_hash(e->category);
    const uint64_t *at = hx_map_get(&w->categories, hx_hash(item_of(e)));
    return at && *at ? w->entities[*at - 1].id : 0;
}

static bool is_item(const hx_ask_query *q, uint64_t item) {
    for (size_t i = 0; i < q->n_items; i++)
        if (q->items[i] == item) return true;
    return q->n_items == 0;
}

static bool is_of_things(const hx_ask_walk *w, const hx_event *e) {
    const hx_ask_query *q = w->q;
    return is_item(q, hx_hash(item_of(e))) && (!q->category || category_of(w, e) == q->category) &&
           (!q->channel || hx_hash(e->channel) == q->channel);
}

static uint16_t segments_of(const hx_ask_walk *w, uint64_t person) {
    const hx_customer *c = person ? hx__population_find(w->pop, person) : NULL;
    return c ? c->segments : 0;
}

static bool has_aspect(const hx_ask_query *q, const hx_event *e) {
    for (size_t i = 0; i < e->annotation->n_aspects; i++)
        if (hx_str_equal(e->annotation->aspects[i].id, hx_str_of(q->aspect))) return true;
    return false;
}

static bool has_term(hx_str text, hx_str term) {
    for (size_t i = 0; i + term.len <= text.len; i++) {
        size_t k = 0;
        while (k < term.len &&
               (text.ptr[i + k] | (text.ptr[i + k] >= 'A' && text.ptr[i + k] <= 'Z' ? 0x20 : 0)) ==
                   term.ptr[k])
            k++;
        if (k == term.len) return true;
    }
    return false;
}

static bool says(const hx_ask_query *q, const hx_event *e) {
    const bool asks = q->sentiment != HX_SENTIMENT_NONE || q->intent >= 0 || q->aspect ||
                      q->term.len > 0 || q->op == HX_ASK_QUOTE;
    if (!asks) return true;
    if (!speaks(e)) return false;
    const hx_annotation *a = e->annotation;
    return (q->sentiment == HX_SENTIMENT_NONE || a->sentiment.label == q->sentiment) &&
           (q->intent < 0 || (int)a->intent.label == q->intent) &&
           (!q->aspect || has_aspect(q, e)) && (q->term.len == 0 || has_term(e->text, q->term));
}

/* --- cells ------------------------------------------------------------------ */
static uint64_t order_of(const hx_ask_walk *w, const hx_event *e, uint64_t person) {
    if (e->order.len > 0) return hx_hash(e->order);
    if (!person || e->time == HX_TIME_NONE) return hx_event_id(e);
    const int64_t day = hx_floor_div(hx_zone_to_local_ms(w->zone, e->time), HX_DAY_MS);
    return hx_hash_mix((uint64_t)day, person);
}

static bool is_first(hx_ask_walk *w, uint64_t key, uint64_t cell) {
    uint64_t *at = hx_map_put(&w->seen, hx_hash_mix(key, cell));
    if (!at) w->no_memory = true;
    if (!at || *at) return false;
    *at = 1;
    return true;
}

static void add_sum(hx_ask_cell *c, int64_t v) {
    hx_money sum;
    if (hx_money_add(c->sum, v, &sum)) c->sum = sum;
}

static void add(hx_ask_walk *w, hx_ask_cell *c, uint64_t cell, const hx_event *e, uint64_t person) {
    const hx_ask_query *q = w->q;
    const bool money = e->has_amount && hx_str_equal(e->currency, hx_str_of(w->pop->currency));
    switch (q->measure) {
    case HX_ASK_CUSTOMERS:
        c->n += person && hx__population_find(w->pop, person) && is_first(w, person, cell);
        break;
    case HX_ASK_REVENUE:
        c->n++;
        if (money) add_sum(c, e->amount);
        break;
    case HX_ASK_UNITS:
        c->n++;
        add_sum(c, e->quantity ? e->quantity : HX_MONEY_ONE);
        break;
    case HX_ASK_RATING:
        if (e->rating == HX_RATING_NONE) break;
        c->n++;
        add_sum(c, e->rating);
        break;
    case HX_ASK_ORDER_VALUE:
        c->n += is_first(w, order_of(w, e, person), cell);
        if (money) add_sum(c, e->amount);
        break;
    case HX_ASK_COUNT:
    case HX_ASK_MEASURES:
        c->n += q->of != HX_ASK_ORDERS || is_first(w, order_of(w, e, person), cell);
        break;
    }
}

bool hx__ask_value(const hx_ask_query *q, const hx_ask_cell *c, double *out) {
    *out = (double)c->n;
    if (q->measure == HX_ASK_REVENUE || q->measure == HX_ASK_UNITS) *out = (double)c->sum / 1e4;
    if (q->measure == HX_ASK_RATING) *out = (double)c->sum / 1e3 / (double)(c->n ? c->n : 1);
    if (q->measure == HX_ASK_ORDER_VALUE) *out = (double)c->sum / 1e4 / (double)(c->n ? c->n : 1);
    return c->n > 0 || (q->measure != HX_ASK_RATING && q->measure != HX_ASK_ORDER_VALUE);
}

/* --- groups ----------------------------------------------------------------- */
static bool is_in_language(const hx_ask_walk *w, hx_str name) {
    size_t at = 0;
    while (at < name.len)
        if (hx_utf8_is_han(hx_utf8_next(name, &at))) return w->ui == HX_UI_ZH;
    return w->ui == HX_UI_EN;
}

static hx_ask_group *group_of(hx_ask_walk *w, hx_ask_dim dim, uint64_t key, hx_str name) {
    uint64_t *at = hx_map_put(&w->at, hx_hash_mix(key, (uint64_t)dim + 1));
    if (!at) return NULL;
    if (*at == 0) {
        const hx_ask_group fresh = {.dim = dim, .key = key, .name = hx_arena_str(w->arena, name)};
        if (!hx_buf_append(&w->groups, &fresh, sizeof fresh)) return NULL;
        *at = w->groups.len / sizeof fresh;
    }
    hx_ask_group *g = (hx_ask_group *)(void *)w->groups.ptr + (*at - 1);
    if (name.len > 0 && !is_in_language(w, g->name) && is_in_language(w, name))
        g->name = hx_arena_str(w->arena, name);
    return g;
}

static void put(hx_ask_walk *w, hx_ask_dim dim, uint64_t key, hx_str name, const hx_event *e,
                uint64_t person, int range, bool base) {
    hx_ask_group *g = group_of(w, dim, key, name);
    if (!g) {
        w->no_memory = true;
        return;
    }
    const uint64_t own = w->q->op == HX_ASK_WHY ? 0 : key;
    const uint64_t cell = hx_hash_mix(own, (uint64_t)dim * 4 + (uint64_t)range * 2 + base);
    add(w, base ? &g->base[range] : &g->cell[range], cell, e, person);
}

static void put_aspects(hx_ask_walk *w, const hx_event *e, uint64_t person, int range, bool base) {
    const hx_annotation *a = e->annotation;
    bool found = false;
    const bool one = w->q->op == HX_ASK_WHY;
    for (size_t i = 0; a && i < a->n_aspects && !(one && found); i++) {
        if (w->q->sentiment != HX_SENTIMENT_NONE && a->aspects[i].label != w->q->sentiment)
            continue;
        found = true;
        const hx_str known = hx__ask_aspect_name(a->aspects[i].id, w->ui);
        put(w, HX_ASK_BY_ASPECT, hx_hash(a->aspects[i].id), known.len ? known : a->aspects[i].name,
            e, person, range, base);
    }
    if (!found && one) put(w, HX_ASK_BY_ASPECT, 0, (hx_str){NULL, 0}, e, person, range, base);
}

static void put_segments(hx_ask_walk *w, const hx_event *e, uint64_t person, int range, bool base) {
    const uint16_t mask = segments_of(w, person);
    for (int i = 0; i < HX_SEGMENT_N; i++)
        if (mask >> i & 1)
            put(w, HX_ASK_BY_SEGMENT, (uint64_t)i + 1,
                hx_str_of(hx_segment_name((hx_segment_id)i, w->ui)), e, person, range, base);
}

static void put_category(hx_ask_walk *w, const hx_event *e, uint64_t person, int range, bool base) {
    const uint64_t *at = hx_map_get(&w->categories, hx_hash(item_of(e)));
    const hx_str name = e->category.len > 0 ? e->category
                        : at && *at         ? w->entities[*at - 1].name
                                            : (hx_str){NULL, 0};
    put(w, HX_ASK_BY_CATEGORY, name.len ? hx_hash(name) : 0, name, e, person, range, base);
}

static void put_month(hx_ask_walk *w, const hx_event *e, uint64_t person, int range, bool base) {
    char month[16];
    if (e->time == HX_TIME_NONE) return;
    const hx_civil c = hx_civil_from_ms(hx_zone_to_local_ms(w->zone, e->time));
    (void)snprintf(month, sizeof month, "%04d-%02d", c.year, c.month);
    put(w, HX_ASK_BY_MONTH, (uint64_t)(c.year * 12 + c.month), hx_str_of(month), e, person, range,
        base);
}

static void put_dim(hx_ask_walk *w, hx_ask_dim dim, const hx_event *e, uint64_t person, int range,
                    bool base) {
    const hx_str none = {NULL, 0}, item = item_of(e);
    const hx_annotation *a = e->annotation;
    const char *label = NULL;
    switch (dim) {
    case HX_ASK_BY_MONTH:
        put_month(w, e, person, range, base);
        return;
    case HX_ASK_BY_ASPECT:
        put_aspects(w, e, person, range, base);
        return;
    case HX_ASK_BY_SEGMENT:
        put_segments(w, e, person, range, base);
        return;
    case HX_ASK_BY_CATEGORY:
        put_category(w, e, person, range, base);
        return;
    case HX_ASK_BY_PRODUCT:
        put(w, dim, item.len ? hx_hash(item) : 0, e->item_name.len ? e->item_name : item, e, person,
            range, base);
        return;
    case HX_ASK_BY_CHANNEL:
        put(w, dim, e->channel.len ? hx_hash(e->channel) : 0, e->channel, e, person, range, base);
        return;
    case HX_ASK_BY_CUSTOMER:
        if (person && hx__population_find(w->pop, person))
            put(w, dim, person, none, e, person, range, base);
        return;
    case HX_ASK_BY_INTENT:
        label = a ? hx_intent_name(a->intent.label) : NULL;
        break;
    case HX_ASK_BY_SENTIMENT:
        label = a ? hx_sentiment_name(a->sentiment.label) : NULL;
        break;
    case HX_ASK_BY_NOTHING:
    case HX_ASK_DIMS:
        break;
    }
    if (!label) return;
    const char *shown = hx_answer_label(label, w->ui);
    put(w, dim, hx_hash(hx_str_of(label)), hx_str_of(shown ? shown : label), e, person, range,
        base);
}

/* --- quotes ----------------------------------------------------------------- */
static void quote(hx_ask_walk *w, const hx_event *e, uint64_t person) {
    if (!speaks(e) || e->text.len < QUOTE_MIN || e->text.len > QUOTE_MAX) return;
    const double score = e->annotation->sentiment.score;
    const size_t most = w->q->limit < HX_ASK_QUOTES_MAX ? w->q->limit : HX_ASK_QUOTES_MAX;
    const uint64_t id = hx_event_id(e);
    size_t at = w->n_quotes;
    for (size_t i = 0; i < w->n_quotes; i++)
        if (hx_str_equal(w->quotes[i].text, e->text)) return;
    while (at > 0 && (w->quotes[at - 1].score < score ||
                      (w->quotes[at - 1].score <= score && w->quotes[at - 1].event > id)))
        at--;
    if (at >= most) return;
    if (w->n_quotes < most) w->n_quotes++;
    memmove(w->quotes + at + 1, w->quotes + at, (w->n_quotes - at - 1) * sizeof *w->quotes);
    w->quotes[at] = (hx_ask_quote){id, person, e->time, score, hx_arena_str(w->arena, e->text)};
}

/* --- the walk --------------------------------------------------------------- */
static void add_event(hx_ask_walk *w, const hx_event *e, uint64_t person, int range, bool base) {
    add(w, base ? &w->total.base[range] : &w->total.cell[range], 1000 + (uint64_t)range * 2 + base,
        e, person);
    for (size_t i = 0; i < w->n_dims; i++)
        put_dim(w, w->dims[i], e, person, range, base);
}

static void note_event(hx_ask_walk *w, const hx_event *e, uint64_t person, int range) {
    const uint64_t id = hx_event_id(e);
    w->n_events++;
    w->events_sum += id;
    if (w->n_events <= HX_ASK_EVENTS_MAX) (void)hx_buf_append(&w->events, &id, sizeof id);
    if (range == 0) quote(w, e, person);
}

/* The whole of a share is what remains without that which was asked for: the words; else the things; else the segment. */
static bool is_base(const hx_ask_walk *w, bool said, bool things, bool segment) {
    const hx_ask_query *q = w->q;
    if (q->sentiment != HX_SENTIMENT_NONE || q->intent >= 0 || q->aspect || q->term.len > 0)
        return things && segment;
    if (q->n_items > 0 || q->category || q->channel) return said && segment;
    return said && things;
}

static hx_status visit(void *context, uint64_t person, const hx_event *events, size_t n,
                       hx_error *err) {
    hx_ask_walk *w = context;
    const hx_ask_query *q = w->q;
    const bool segment = q->segment < 0 || (segments_of(w, person) >> q->segment & 1);
    if (q->person && person != q->person) return HX_OK;
    for (size_t i = 0; i < n; i++) {
        const hx_event *e = &events[i];
        const bool late =
            w->pop->as_of != HX_TIME_NONE && e->time != HX_TIME_NONE && e->time > w->pop->as_of;
        const int range = late ? -1 : range_of(w, e);
        const bool fits = is_of_class(q, e);
        if (range < 0) continue;
        const bool all = q->measure == HX_ASK_CUSTOMERS && q->segment < 0 && q->n_items == 0 &&
                         !q->category && !q->channel && q->sentiment == HX_SENTIMENT_NONE;
        const bool said = says(q, e), things = is_of_things(w, e);
        if ((fits && is_base(w, said, things, segment)) || all)
            add_event(w, e, person, range, true);
        if (!fits || !said || !things || !segment) continue;
        add_event(w, e, person, range, false);
        note_event(w, e, person, range);
    }
    return w->no_memory ? no_memory(err) : HX_OK;
}

hx_status hx__ask_walk(hx_ask_walk *w, hx_error *err) {
    hx_buf_init(&w->groups, GROUPS_MAX * sizeof(hx_ask_group));
    hx_buf_init(&w->events, HX_ASK_EVENTS_MAX * sizeof(uint64_t));
    return hx_store_each_events(w->pop->store, visit, w, err);
}
