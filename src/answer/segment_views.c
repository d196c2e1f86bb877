/* segment_views.c - what there is to see of segments: a defined one with its members, a rule tried, overlap, lift, history.
 *
 *   overlap   |A and B| of each two segments, Jaccard's |A and B| / |A or B|, lift = share of A in B / share of A in all
 *   lift      of one segment: means of what customers do and shares of other segments, among its members and among all; members / all
 *   history   by month (UTC): how many came in, went out, and were in at its end
 *
 * Sets are roaring bitmaps of places in the population. Fixed segments take part where only members are asked for; a history is known of
 * defined ones alone, since the limits of fixed ones move with the population. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answer/segment_rules.h"
#include "base/error.h"

#define MONTHS 4800 /* 1900 to 2299 */
#define FIRST_YEAR 1900

static double share_of(uint64_t part, uint64_t whole) {
    return whole ? (double)part / (double)whole : 0;
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
}

/* ------------------------------------------------------------------ one segment */
void hx__segment_put(hx_json_writer *w, const hx_population *pop, const hx_store_segment *g,
                     uint64_t size) {
    hx__value_str(w, "id", g->name);
    hx__value_str(w, "name", g->name);
    hx__value_str(w, "rule", g->rule);
    hx__value_count(w, "size", size);
    hx__value_double(w, "share", share_of(size, pop->n));
    hx__value_time(w, "as_of", pop->as_of);
}

typedef struct {
    const hx_population *pop;
    const hx_segment_set *set;
} membership;

static bool is_in(const void *context, const hx_customer *c) {
    const membership *m = context;
    return hx_segment_set_has(m->set, (uint32_t)(c - m->pop->customers));
}

static int by_money(const void *context, const hx_customer *a, const hx_customer *b) {
    (void)context;
    if (a->monetary != b->monetary) return a->monetary > b->monetary ? -1 : 1;
    const int64_t p = (int64_t)a->person, q = (int64_t)b->person;
    return (p > q) - (p < q);
}

hx_status hx__segment_put_members(hx_json_writer *w, const hx_population *pop,
                                  const hx_store_segment *g, const hx_segment_set *set,
                                  size_t limit, hx_ui_lang ui, hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return no_memory(err);
    const membership m = {pop, set};
    uint32_t *best = NULL;
    size_t n = 0;
    hx_status status = hx__population_top(pop, is_in, by_money, &m, limit, arena, &best, &n, err);
    hx_json_object(w);
    hx__segment_put(w, pop, g, set->size);
    hx_json_key(w, "members");
    if (status == HX_OK) status = hx__value_customers(w, pop, best, n, ui, err);
    hx_json_end_object(w);
    hx_arena_free(arena);
    return status;
}

typedef struct {
    hx__segments *g;
    hx_json_writer *w;
    int64_t as_of;
} name_job;

static hx_status put_name(void *context, uint64_t person, size_t index, hx_str written,
                          hx_error *err) {
    name_job *j = context;
    (void)person;
    (void)err;
    if (hx_segment_times_in(written, j->as_of, NULL, NULL))
        hx_json_str(j->w, j->g->list[index].name);
    return HX_OK;
}

hx_status hx__segment_put_names(hx_json_writer *w, hx_store *s, uint64_t person, int64_t as_of,
                                hx_error *err) {
    hx__segments g;
    hx_status status = hx__segments_load(&g, s, NULL, err);
    name_job j = {.g = &g, .w = w, .as_of = as_of};
    if (status == HX_OK) status = hx__segments_of(&g, s, person, put_name, &j, err);
    hx__segments_release(&g);
    return status;
}

/* ------------------------------------------------------------------ a view of all */
typedef struct {
    hx_population *pop;
    hx__segments g;
    hx_segment_set *sets; /* (g.n) */
    hx_segment_set fixed[HX_SEGMENT_N];
    hx_ui_lang ui;
    hx_json_writer w;
} view;

static hx_status fill_fixed(view *v, hx_error *err) {
    for (size_t i = 0; i < v->pop->n; i++)
        for (int id = 0; id < HX_SEGMENT_N; id++)
            if ((v->pop->customers[i].segments >> id & 1) &&
                !hx_segment_set_put(&v->fixed[id], (uint32_t)i, true))
                return no_memory(err);
    return HX_OK;
}

static hx_status open_view(view *v, hx_store *s, const hx_segment_definition *more,
                           const hx_answer_options *o, hx_error *err) {
    *v = (view){.ui = hx__answer_ui(o)};
    HX_TRY(hx__segments_load(&v->g, s, more, err));
    HX_TRY(hx__population_open(&v->pop, s, hx__answer_as_of(o), err));
    return fill_fixed(v, err);
}

static void close_view(view *v) {
    hx__segments_sets_free(v->sets, v->g.n);
    for (int id = 0; id < HX_SEGMENT_N; id++)
        hx_segment_set_release(&v->fixed[id]);
    hx__segments_release(&v->g);
    hx__population_close(v->pop);
}

static size_t view_n(const view *v) {
    return HX_SEGMENT_N + v->g.n;
}

static const hx_segment_set *view_set(const view *v, size_t i) {
    return i < HX_SEGMENT_N ? &v->fixed[i] : &v->sets[i - HX_SEGMENT_N];
}

static hx_str view_name(const view *v, size_t i) {
    return i < HX_SEGMENT_N ? hx_str_of(hx_segment_key((hx_segment_id)i))
                            : v->g.list[i - HX_SEGMENT_N].name;
}

static hx_status view_find(const view *v, hx_str name, size_t *at, hx_error *err) {
    const hx_segment_id id = hx_segment_find(name);
    *at = (size_t)id;
    if (id != HX_SEGMENT_N) return HX_OK;
    if (hx__segments_index(&v->g, name, at)) return *at += HX_SEGMENT_N, HX_OK;
    return hx_fail(err, HX_ENOTFOUND,
                   "there is no segment '%.*s'; 'huaxiang segment list' shows those there are",
                   HX_STR_ARG(name));
}

/* ------------------------------------------------------------------ overlap */
static void put_pair(view *v, size_t a, size_t b) {
    const hx_segment_set *x = view_set(v, a), *y = view_set(v, b);
    const uint64_t shared = hx_segment_set_shared(x, y), either = x->size + y->size - shared;
    hx_json_writer *w = &v->w;
    hx_json_object(w);
    hx__value_str(w, "a", view_name(v, a));
    hx__value_str(w, "b", view_name(v, b));
    hx__value_count(w, "size_a", x->size);
    hx__value_count(w, "size_b", y->size);
    hx__value_count(w, "shared", shared);
    hx__value_double(w, "jaccard", share_of(shared, either));
    hx_json_key(w, "lift");
    if (x->size > 0 && y->size > 0)
        hx_json_double(w, (double)shared * (double)v->pop->n / (double)x->size / (double)y->size);
    else
        hx_json_null(w);
    hx__value_time(w, "as_of", v->pop->as_of);
    hx_json_end_object(w);
}

static hx_status put_overlap(view *v, hx_str name, hx_error *err) {
    size_t only = SIZE_MAX;
    HX_TRY(hx__segments_sets(&v->g, v->pop, &v->sets, err));
    if (name.len > 0) HX_TRY(view_find(v, name, &only, err));
    hx_json_array(&v->w);
    for (size_t a = 0; a < view_n(v); a++)
        for (size_t b = a + 1; b < view_n(v); b++) {
            if (only == SIZE_MAX || a == only) put_pair(v, a, b);
            if (b == only) put_pair(v, b, a);
        }
    hx_json_end_array(&v->w);
    return HX_OK;
}

hx_status hx_answer_segment_overlap(hx_store *s, hx_str segment, const hx_answer_options *o,
                                    hx_arena *arena, hx_str *json, hx_error *err) {
    view v;
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_status status = open_view(&v, s, NULL, o, err);
    hx_json_begin(&v.w, &out);
    if (status == HX_OK) status = put_overlap(&v, segment, err);
    close_view(&v);
    return hx__value_finish(&out, status, arena, json, err);
}

/* ------------------------------------------------------------------ lift */
typedef struct {
    const char *name;
    bool (*read)(const hx_customer *c, double *value); /* false: not known of him */
} measure;

static bool read_orders(const hx_customer *c, double *value) {
    return *value = c->orders, true;
}

static bool read_spent(const hx_customer *c, double *value) {
    return *value = (double)c->monetary / HX_MONEY_ONE, true;
}

static bool read_recency(const hx_customer *c, double *value) {
    *value = c->recency;
    return c->recency != HX_DAYS_UNKNOWN;
}

static bool read_texts(const hx_customer *c, double *value) {
    return *value = c->texts, true;
}

static bool read_mood(const hx_customer *c, double *value) {
    *value = (double)c->sentiment / HX_SHARE_ONE;
    return c->texts > 0;
}

static const measure measures[] = {{"orders", read_orders},
                                   {"spent", read_spent},
                                   {"recency_days", read_recency},
                                   {"texts", read_texts},
                                   {"sentiment", read_mood}};

static void put_ratio(hx_json_writer *w, const char *key, double above, double below) {
    hx_json_key(w, key);
    if (isfinite(above) && isfinite(below) && below > 0)
        hx_json_double(w, above / below);
    else
        hx_json_null(w);
}

static void put_known(hx_json_writer *w, const char *key, double v) {
    hx_json_key(w, key);
    if (isfinite(v))
        hx_json_double(w, v);
    else
        hx_json_null(w);
}

static void put_measure(view *v, const measure *m, const hx_segment_set *set) {
    double sums[2] = {0, 0}, counts[2] = {0, 0};
    for (size_t i = 0; i < v->pop->n; i++) {
        double value;
        if (!m->read(&v->pop->customers[i], &value)) continue;
        sums[0] += value;
        counts[0]++;
        if (!hx_segment_set_has(set, (uint32_t)i)) continue;
        sums[1] += value;
        counts[1]++;
    }
    const double all = counts[0] > 0 ? sums[0] / counts[0] : NAN;
    const double members = counts[1] > 0 ? sums[1] / counts[1] : NAN;
    hx_json_object(&v->w);
    hx__value_cstr(&v->w, "measure", m->name);
    hx__value_cstr(&v->w, "of", "mean");
    put_known(&v->w, "members", members);
    put_known(&v->w, "all", all);
    put_ratio(&v->w, "lift", members, all);
    hx_json_end_object(&v->w);
}

static void put_share(view *v, size_t other, const hx_segment_set *set) {
    const hx_segment_set *x = view_set(v, other);
    const double members = share_of(hx_segment_set_shared(x, set), set->size);
    const double all = share_of(x->size, v->pop->n);
    hx_json_object(&v->w);
    hx__value_str(&v->w, "measure", view_name(v, other));
    hx__value_cstr(&v->w, "of", "share");
    hx__value_double(&v->w, "members", members);
    hx__value_double(&v->w, "all", all);
    put_ratio(&v->w, "lift", members, all);
    hx_json_end_object(&v->w);
}

static hx_status put_lift(view *v, hx_str name, hx_error *err) {
    size_t at;
    HX_TRY(hx__segments_sets(&v->g, v->pop, &v->sets, err));
    HX_TRY(view_find(v, name, &at, err));
    const hx_segment_set *set = view_set(v, at);
    hx_json_writer *w = &v->w;
    hx_json_object(w);
    hx__value_str(w, "id", view_name(v, at));
    hx__value_count(w, "size", set->size);
    hx__value_double(w, "share", share_of(set->size, v->pop->n));
    hx__value_time(w, "as_of", v->pop->as_of);
    hx_json_key(w, "lift");
    hx_json_array(w);
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
        put_measure(v, &measures[i], set);
    for (size_t i = 0; i < view_n(v); i++)
        if (i != at) put_share(v, i, set);
    hx_json_end_array(w);
    hx_json_end_object(w);
    return HX_OK;
}

hx_status hx_answer_segment_lift(hx_store *s, hx_str segment, const hx_answer_options *o,
                                 hx_arena *arena, hx_str *json, hx_error *err) {
    view v;
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_status status = open_view(&v, s, NULL, o, err);
    hx_json_begin(&v.w, &out);
    if (status == HX_OK) status = put_lift(&v, segment, err);
    close_view(&v);
    return hx__value_finish(&out, status, arena, json, err);
}

/* ------------------------------------------------------------------ history */
typedef struct {
    size_t wanted;
    int64_t as_of;
    uint64_t *in, *out; /* (MONTHS) */
    uint64_t before; /* in before all time */
} month_job;

static size_t month_of(int64_t time) {
    const hx_civil c = hx_civil_from_ms(time);
    const int64_t month = ((int64_t)c.year - FIRST_YEAR) * 12 + c.month - 1;
    return month < 0 ? 0 : month >= MONTHS ? MONTHS - 1 : (size_t)month;
}

static hx_status count_turns(void *context, uint64_t person, size_t index, hx_str written,
                             hx_error *err) {
    month_job *j = context;
    (void)person;
    (void)err;
    if (index != j->wanted) return HX_OK;
    hx_segment_times_walk w = hx_segment_times_begin(written);
    while (hx_segment_times_next(&w) && w.time <= j->as_of) {
        if (w.time == HX_TIME_NONE)
            j->before++;
        else if (w.in)
            j->in[month_of(w.time)]++;
        else
            j->out[month_of(w.time)]++;
    }
    return HX_OK;
}

static void put_months(view *v, const month_job *j) {
    const size_t last = v->pop->as_of == HX_TIME_NONE ? 0 : month_of(v->pop->as_of);
    uint64_t size = j->before;
    size_t first = 0;
    while (first < last && j->in[first] == 0 && j->out[first] == 0)
        first++;
    for (size_t m = first; m <= last; m++) {
        char month[24];
        (void)snprintf(month, sizeof month, "%04zu-%02zu", FIRST_YEAR + m / 12, m % 12 + 1);
        size += j->in[m] - j->out[m];
        hx_json_object(&v->w);
        hx__value_cstr(&v->w, "month", month);
        hx__value_count(&v->w, "came", j->in[m]);
        hx__value_count(&v->w, "went", j->out[m]);
        hx__value_count(&v->w, "size", size);
        hx_json_end_object(&v->w);
    }
}

static hx_status put_history(view *v, hx_str name, hx_error *err) {
    size_t at;
    HX_TRY(view_find(v, name, &at, err));
    if (at < HX_SEGMENT_N)
        return hx_fail(
            err, HX_EUNSUPPORTED,
            "'%s' is a fixed segment, whose limits move with all customers; a history is "
            "kept of segments that you define",
            hx_segment_key((hx_segment_id)at));
    month_job j = {.wanted = at - HX_SEGMENT_N, .as_of = v->pop->as_of};
    j.in = hx_arena_alloc(v->g.arena, MONTHS * sizeof *j.in);
    j.out = hx_arena_alloc(v->g.arena, MONTHS * sizeof *j.out);
    if (!j.in || !j.out) return no_memory(err);
    memset(j.in, 0, MONTHS * sizeof *j.in);
    memset(j.out, 0, MONTHS * sizeof *j.out);
    HX_TRY(hx__segments_each(&v->g, v->pop->store, count_turns, &j, err));
    const hx_store_segment *g = &v->g.list[j.wanted];
    hx_json_object(&v->w);
    hx__value_str(&v->w, "id", g->name);
    hx__value_str(&v->w, "rule", g->rule);
    hx__value_time(&v->w, "as_of", v->pop->as_of);
    hx_json_key(&v->w, "months");
    hx_json_array(&v->w);
    put_months(v, &j);
    hx_json_end_array(&v->w);
    hx_json_end_object(&v->w);
    return HX_OK;
}

hx_status hx_answer_segment_history(hx_store *s, hx_str segment, const hx_answer_options *o,
                                    hx_arena *arena, hx_str *json, hx_error *err) {
    view v;
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_status status = open_view(&v, s, NULL, o, err);
    hx_json_begin(&v.w, &out);
    if (status == HX_OK) status = put_history(&v, segment, err);
    close_view(&v);
    return hx__value_finish(&out, status, arena, json, err);
}

/* ------------------------------------------------------------------ a rule tried */
typedef struct {
    const hx_population *pop;
    hx_segment_times *times;
    size_t wanted;
    hx_segment_set set;
    hx_buf written;
    hx_arena *arena;
} trial;

static hx_status try_person(trial *t, uint32_t place, hx_error *err) {
    hx_event *events = NULL;
    size_t n = 0, from = 0;
    const uint64_t person = t->pop->customers[place].person;
    hx_arena_reset(t->arena);
    HX_TRY(hx_store_events(t->pop->store, person, t->arena, &events, &n, err));
    HX_TRY(hx_segment_times_find(t->times, person, events, n, err));
    while (from < t->times->n && t->times->at[from].definition != t->wanted)
        from++;
    size_t end = from;
    while (end < t->times->n && t->times->at[end].definition == t->wanted)
        end++;
    hx_buf_reset(&t->written);
    hx_segment_times_write(t->times->at + from, end - from, &t->written);
    HX_TRY(hx_buf_status(&t->written, "times of a segment", err));
    if (!hx_segment_times_in(hx_buf_str(&t->written), t->pop->as_of, NULL, NULL)) return HX_OK;
    return hx_segment_set_put(&t->set, place, true) ? HX_OK : no_memory(err);
}

static hx_status try_all(view *v, hx_str name, size_t limit, hx_error *err) {
    size_t at = 0;
    trial t = {.pop = v->pop, .times = &v->g.times, .arena = hx_arena_new(0)};
    hx_buf_init(&t.written, (size_t)1 << 28);
    hx_status status = t.arena ? HX_OK : no_memory(err);
    if (hx__segments_index(&v->g, name, &at)) t.wanted = at;
    for (size_t i = 0; i < v->pop->n && status == HX_OK; i++)
        status = try_person(&t, (uint32_t)i, err);
    hx_buf_release(&t.written);
    if (status == HX_OK)
        status = hx__segment_put_members(&v->w, v->pop, &v->g.list[at], &t.set, limit, v->ui, err);
    hx_segment_set_release(&t.set);
    hx_arena_free(t.arena);
    return status;
}

hx_status hx_answer_segment_test(hx_store *s, hx_str rule, size_t limit, const hx_answer_options *o,
                                 hx_arena *arena, hx_str *json, hx_error *err) {
    const hx_segment_definition more = {HX_STR_LIT("(test)"), rule};
    view v;
    hx_buf out;
    hx_segment_program parsed;
    HX_TRY(hx_segment_rule_parse(rule, arena, &parsed, err));
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_status status = open_view(&v, s, &more, o, err);
    hx_json_begin(&v.w, &out);
    if (status == HX_OK) status = try_all(&v, more.name, limit, err);
    close_view(&v);
    return hx__value_finish(&out, status, arena, json, err);
}
