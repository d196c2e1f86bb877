/* satisfaction.c - how satisfied and loyal the customers of a store are: all, by customer, by product or by month.
 *
 * Two walks over everybody's events up to as_of: the first finds the scale of each import's ratings (its greatest answer), the second
 * adds opinions and purchases to their groups. A customer's opinions are a cluster; by customer each opinion is one. Columns named
 * nps and csat that stand beside a rating are answers, too. Groups come least satisfied first, months in their order. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "answer/value.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/number.h"
#include "insight/satisfaction.h"

#define GROUPS_MAX 20000000u
#define PLACES 1e4

typedef struct {
    hx_str key, name; /* the arena's */
    hx_satisfaction sums;
} group;

typedef struct {
    const hx_population *pop;
    hx_satisfaction_by by;
    const hx_zone *zone;
    hx_map scales; /* import -> greatest rating */
    hx_map at; /* hash of a key -> index + 1 */
    hx_buf groups; /* group */
    hx_satisfaction all;
    hx_arena *names, *scratch;
    uint64_t customer, opinions;
    hx_str customer_key, customer_name; /* of the one that is read */
} walk;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
}

/* --- groups -------------------------------------------------------------- */
static group *group_at(const walk *w, size_t i) {
    return (group *)(void *)w->groups.ptr + i;
}

static hx_status group_of(walk *w, hx_str key, hx_str name, group **out, hx_error *err) {
    uint64_t *at = hx_map_put(&w->at, hx_hash(key));
    if (!at) return no_memory(err);
    if (*at == 0) {
        const group fresh = {.key = hx_arena_str(w->names, key),
                             .name = hx_arena_str(w->names, name)};
        if (!fresh.key.ptr || !fresh.name.ptr) return no_memory(err);
        hx_buf_append(&w->groups, &fresh, sizeof fresh);
        HX_TRY(hx_buf_status(&w->groups, "groups", err));
        *at = w->groups.len / sizeof fresh;
    }
    *out = group_at(w, *at - 1);
    if ((*out)->name.len == 0 && name.len > 0) (*out)->name = hx_arena_str(w->names, name);
    return (*out)->name.ptr ? HX_OK : no_memory(err);
}

static void month_of(const walk *w, int64_t ms, char out[16]) {
    const hx_civil c = hx_civil_from_ms(hx_zone_to_local_ms(w->zone, ms));
    (void)snprintf(out, 16, "%04d-%02d", c.year, c.month);
}

/* NULL: the event is of no group (no item, no time). */
static hx_status group_of_event(walk *w, const hx_event *e, group **out, hx_error *err) {
    char month[16];
    *out = NULL;
    if (w->by == HX_SATISFACTION_CUSTOMER)
        return group_of(w, w->customer_key, w->customer_name, out, err);
    if (w->by == HX_SATISFACTION_PRODUCT) {
        const hx_str item = e->item.len > 0 ? e->item : e->item_name;
        return item.len > 0 ? group_of(w, item, e->item_name, out, err) : HX_OK;
    }
    if (w->by == HX_SATISFACTION_ALL || e->time == HX_TIME_NONE) return HX_OK;
    month_of(w, e->time, month);
    return group_of(w, hx_str_of(month), hx_str_of(month), out, err);
}

/* --- opinions ------------------------------------------------------------ */
static hx_scale scale_of(const walk *w, const hx_event *e) {
    int32_t greatest = 0;
    for (uint32_t i = 0; i < e->n_imports; i++) {
        const uint64_t *most = hx_map_get(&w->scales, e->imports[i]);
        if (most && (int32_t)*most > greatest) greatest = (int32_t)*most;
    }
    return hx_scale_of(greatest);
}

static bool is_named(hx_str name, const char *lower) {
    size_t i = 0;
    for (; i < name.len && lower[i]; i++) {
        const char c = name.ptr[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != lower[i]) return false;
    }
    return i == name.len && !lower[i];
}

static bool answer_of(const hx_event *e, const char *column, double *out) {
    for (uint32_t i = 0; i < e->n_properties; i++)
        if (is_named(e->properties[i].name, column)) *out = hx_double_of(e->properties[i].value);
    return isfinite(*out);
}

static hx_opinion opinion_of(const walk *w, const hx_event *e) {
    const hx_annotation *a = e->annotation;
    const bool speaks =
        e->text.len > 0 && a && a->noise == HX_NOISE_NONE && e->kind != HX_KIND_SEARCH;
    hx_opinion o = {.has_rating = e->rating != HX_RATING_NONE, .nps = NAN, .csat = NAN};
    if (o.has_rating) {
        o.rating = (double)e->rating / 1000;
        o.scale = scale_of(w, e);
    }
    o.has_nps = answer_of(e, "nps", &o.nps) && o.nps >= 0 && o.nps <= 10;
    o.has_csat = answer_of(e, "csat", &o.csat) && o.csat >= 1 && o.csat <= 5;
    if (!speaks) return o;
    o.has_mood = a->sentiment.label != HX_SENTIMENT_NONE;
    if (a->sentiment.label == HX_SENTIMENT_POSITIVE) o.mood = a->sentiment.score;
    if (a->sentiment.label == HX_SENTIMENT_NEGATIVE) o.mood = -a->sentiment.score;
    o.complains = a->intent.label == HX_INTENT_COMPLAINT || a->intent.label == HX_INTENT_CHURN;
    return o;
}

static bool says_something(const hx_opinion *o) {
    return o->has_rating || o->has_mood || o->complains || o->has_nps || o->has_csat;
}

static hx_status add_opinion(walk *w, const hx_event *e, hx_error *err) {
    const hx_opinion o = opinion_of(w, e);
    group *g;
    if (!says_something(&o)) return HX_OK;
    HX_TRY(group_of_event(w, e, &g, err));
    w->opinions++;
    hx_satisfaction_see(&w->all, w->customer);
    hx_satisfaction_add(&w->all, &o, w->customer);
    if (!g) return HX_OK;
    hx_satisfaction_see(&g->sums, w->customer);
    hx_satisfaction_add(&g->sums, &o,
                        w->by == HX_SATISFACTION_CUSTOMER ? w->opinions : w->customer);
    return HX_OK;
}

/* --- purchases ----------------------------------------------------------- */
static int64_t day_of(const walk *w, const hx_event *e) {
    return hx_floor_div(hx_zone_to_local_ms(w->zone, e->time), HX_DAY_MS);
}

static bool is_purchase(const hx_event *e) {
    return e->kind == HX_KIND_ORDER && e->time != HX_TIME_NONE &&
           (e->has_amount ? e->amount > 0 : e->quantity >= 0);
}

static bool comes_back(const walk *w, const hx_event *events, size_t n, size_t i) {
    const int64_t day = day_of(w, &events[i]);
    for (size_t k = i + 1; k < n; k++) {
        if (!is_purchase(&events[k])) continue;
        const int64_t gap = day_of(w, &events[k]) - day;
        if (gap > 0) return gap <= HX_RETURN_DAYS;
    }
    return false;
}

static bool is_watched(const walk *w, const hx_event *e) {
    return w->pop->as_of != HX_TIME_NONE && w->pop->as_of - e->time >= HX_RETURN_DAYS * HX_DAY_MS;
}

/* A day counts once for all, for the customer and the month, and once for each product of it. */
static bool is_first_of(const walk *w, const hx_event *events, size_t i, bool product) {
    const int64_t day = day_of(w, &events[i]);
    for (size_t k = i; k-- > 0 && events[k].time != HX_TIME_NONE && day_of(w, &events[k]) == day;)
        if (is_purchase(&events[k]) && (!product || hx_str_equal(events[k].item, events[i].item)))
            return false;
    return true;
}

static hx_status add_purchase(walk *w, const hx_event *events, size_t n, size_t i, hx_error *err) {
    const bool product = w->by == HX_SATISFACTION_PRODUCT;
    group *g;
    if (!is_purchase(&events[i]) || !is_watched(w, &events[i])) return HX_OK;
    const bool back = comes_back(w, events, n, i);
    if (is_first_of(w, events, i, false)) {
        hx_satisfaction_see(&w->all, w->customer);
        hx_satisfaction_bought(&w->all, back);
    }
    if (!is_first_of(w, events, i, product)) return HX_OK;
    HX_TRY(group_of_event(w, &events[i], &g, err));
    if (!g) return HX_OK;
    hx_satisfaction_see(&g->sums, w->customer);
    hx_satisfaction_bought(&g->sums, back);
    return HX_OK;
}

/* --- walks --------------------------------------------------------------- */
static hx_status note_scales(walk *w, const hx_event *events, size_t n, hx_error *err) {
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; events[i].rating != HX_RATING_NONE && k < events[i].n_imports; k++) {
            uint64_t *most = hx_map_put(&w->scales, events[i].imports[k]);
            if (!most) return no_memory(err);
            if (events[i].rating > 0 && (uint64_t)events[i].rating > *most)
                *most = (uint64_t)events[i].rating;
        }
    return HX_OK;
}

static void name_customer(walk *w, const hx_event *events, size_t n, uint64_t person,
                          char id[HX_PROFILE_ID_MAX]) {
    hx_str name = {NULL, 0};
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; events[i].kind == HX_KIND_TRAITS && k < events[i].n_properties; k++)
            if (is_named(events[i].properties[k].name, "name"))
                name = events[i].properties[k].value;
    for (size_t i = 0; i < n && name.len == 0; i++)
        if (events[i].n_ids > 0) name = events[i].ids[0].value;
    w->customer_key = hx_str_of(hx_profile_id_text(person, id));
    w->customer_name = name;
}

static hx_status add_person(walk *w, const hx_event *events, size_t n, uint64_t person,
                            hx_error *err) {
    char id[HX_PROFILE_ID_MAX];
    w->customer++;
    name_customer(w, events, n, person, id);
    for (size_t i = 0; i < n; i++) {
        HX_TRY(add_opinion(w, &events[i], err));
        HX_TRY(add_purchase(w, events, n, i, err));
    }
    return HX_OK;
}

static hx_status each_person(walk *w, bool scales, hx_error *err) {
    for (size_t i = 0; i < w->pop->n; i++) {
        const uint64_t person = w->pop->customers[i].person;
        hx_event *events = NULL;
        size_t n = 0;
        hx_arena_reset(w->scratch);
        HX_TRY(
            hx__person_events(w->pop->store, person, w->pop->as_of, w->scratch, &events, &n, err));
        HX_TRY(scales ? note_scales(w, events, n, err) : add_person(w, events, n, person, err));
    }
    return HX_OK;
}

/* --- the answer ---------------------------------------------------------- */
static void put_number(hx_json_writer *w, const char *key, double v) {
    hx__value_double(w, key, isfinite(v) ? round(v * PLACES) / PLACES + 0.0 : NAN);
}

static void put_figure(hx_json_writer *w, const char *key, hx_interval v, double n) {
    hx_json_key(w, key);
    if (isnan(v.value)) {
        hx_json_null(w);
        return;
    }
    hx_json_object(w);
    put_number(w, "value", v.value);
    put_number(w, "low", v.low);
    put_number(w, "high", v.high);
    hx__value_int(w, "n", (int64_t)n);
    hx_json_end_object(w);
}

static void put_sums(hx_json_writer *w, const hx_satisfaction *s) {
    hx__value_count(w, "customers", s->customers);
    put_figure(w, "index", hx_satisfaction_index(s), s->n);
    put_number(w, "rating", s->ratings > 0 ? 1 + 4 * s->rating_sum / s->ratings : NAN);
    put_figure(w, "csat", hx_satisfaction_csat(s), s->five);
    put_figure(w, "nps", hx_satisfaction_nps(s), s->ten);
    hx__value_count(w, "texts", s->texts);
    hx__value_count(w, "positive", s->positive);
    hx__value_count(w, "negative", s->negative);
    hx__value_count(w, "complaints", s->complaints);
    put_figure(w, "loyalty", hx_satisfaction_loyalty(s), s->watched);
}

typedef struct {
    double score;
    const group *g;
} ranked;

static int least_first(const void *l, const void *r) {
    const ranked *a = l, *b = r;
    if (a->score < b->score || a->score > b->score) return a->score < b->score ? -1 : 1;
    return hx_str_compare(a->g->key, b->g->key);
}

static int by_key(const void *l, const void *r) {
    return hx_str_compare(((const ranked *)l)->g->key, ((const ranked *)r)->g->key);
}

/* Groups with an opinion, in order; those with purchases alone say nothing of satisfaction and come last. */
static hx_status rank(const walk *w, ranked **out, size_t *n, hx_error *err) {
    const size_t all = w->groups.len / sizeof(group);
    const hx_satisfaction **sums =
        hx_arena_alloc(w->names, (all + 1) * sizeof(const hx_satisfaction *));
    ranked *list = hx_arena_alloc(w->names, (all + 1) * sizeof *list);
    if (!sums || !list) return no_memory(err);
    for (size_t i = 0; i < all; i++)
        sums[i] = &group_at(w, i)->sums;
    const double pull = hx_satisfaction_pull(sums, all);
    const double overall = hx_satisfaction_index(&w->all).value;
    for (size_t i = 0; i < all; i++) {
        const group *g = group_at(w, i);
        list[i] =
            (ranked){g->sums.n > 0 ? hx_satisfaction_score(&g->sums, overall, pull) : INFINITY, g};
    }
    if (all > 1)
        qsort(list, all, sizeof *list, w->by == HX_SATISFACTION_MONTH ? by_key : least_first);
    *out = list;
    *n = all;
    return HX_OK;
}

static void put_group(hx_json_writer *w, const ranked *r) {
    hx_json_object(w);
    hx__value_str(w, "group", r->g->key);
    hx__value_str(w, "name", r->g->name.len > 0 ? r->g->name : r->g->key);
    put_number(w, "score", r->score);
    put_sums(w, &r->g->sums);
    hx_json_end_object(w);
}

static hx_status put_answer(walk *w, size_t limit, hx_buf *out, hx_error *err) {
    static const char *const names[] = {"all", "customer", "product", "month"};
    ranked *list = NULL;
    size_t n = 0;
    hx_json_writer j;
    hx_satisfaction_finish(&w->all);
    for (size_t i = 0; i < w->groups.len / sizeof(group); i++)
        hx_satisfaction_finish(&group_at(w, i)->sums);
    HX_TRY(rank(w, &list, &n, err));
    hx_json_begin(&j, out);
    hx_json_object(&j);
    hx__value_cstr(&j, "by", names[w->by]);
    hx__value_time(&j, "as_of", w->pop->as_of);
    hx__value_int(&j, "return_days", HX_RETURN_DAYS);
    put_number(&j, "level", HX_DYNAMIC_LEVEL);
    hx_json_key(&j, "all");
    hx_json_object(&j);
    put_sums(&j, &w->all);
    hx_json_end_object(&j);
    hx__value_count(&j, "groups_in_all", n);
    hx_json_key(&j, "groups");
    hx_json_array(&j);
    for (size_t i = 0; i < n && (limit == 0 || i < limit); i++)
        put_group(&j, &list[i]);
    hx_json_end_array(&j);
    hx_json_end_object(&j);
    return HX_OK;
}

static hx_status run(walk *w, size_t limit, hx_buf *out, hx_error *err) {
    w->names = hx_arena_new(0);
    w->scratch = hx_arena_new(0);
    if (!w->names || !w->scratch) return no_memory(err);
    HX_TRY(each_person(w, true, err));
    HX_TRY(each_person(w, false, err));
    return put_answer(w, limit, out, err);
}

hx_status hx_answer_satisfaction(hx_store *s, hx_satisfaction_by by, size_t limit,
                                 const hx_answer_options *o, hx_arena *arena, hx_str *json,
                                 hx_error *err) {
    walk w = {.by = by};
    hx_population *pop = NULL;
    hx_zone zone;
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_buf_init(&w.groups, GROUPS_MAX * sizeof(group));
    hx_map_init(&w.scales);
    hx_map_init(&w.at);
    HX_TRY(hx__answer_zone(s, o, &zone, err));
    hx_status status = hx__population_open(&pop, s, hx__answer_as_of(o), err);
    w.pop = pop;
    w.zone = &zone;
    if (status == HX_OK) status = run(&w, limit, &out, err);
    hx_arena_free(w.names);
    hx_arena_free(w.scratch);
    hx_map_release(&w.scales);
    hx_map_release(&w.at);
    hx_buf_release(&w.groups);
    hx__population_close(pop);
    hx_zone_release(&zone);
    return hx__value_finish(&out, status, arena, json, err);
}
