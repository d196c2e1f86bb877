/* similar.c - customers who are most like one customer, and in what.
 *
 * Likeness is Gower's general coefficient (A general coefficient of similarity and some of its properties, 1971):
 *
 *     s(a, b) = sum w_k s_k(a, b) / sum w_k        over what is known of both
 *
 * Of a number s_k = 1 - |difference of ranks| / (n - 1), ranks among all customers who have one (Podani 1999: no tail of big spenders squeezes
 * the others together; equal values have the mean of their ranks). Of interests s_k is the cosine of their weights x ln(1 + n / customers who
 * have the interest), and counts INTEREST_WEIGHT times. Nothing that a person is (age, sex, city, name) takes part: only what was bought,
 * looked at and said. Parts add up to the likeness, so each neighbour comes with them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answer/value.h"
#include "base/error.h"
#include "base/map.h"
#include "insight/quantile.h"

#define INTEREST_WEIGHT 3
#define NUMBERS 7
#define SHARED_SHOWN 5
#define WORST (-1.0)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
}

/* ------------------------------------------------------------------ numbers */
static const char *const number_names[NUMBERS] = {
    "orders", "spent", "recency_days", "gap_days", "price_share", "texts", "sentiment"};

/* False: not known. */
static bool read_number(const hx_customer *c, size_t k, int64_t *v) {
    const int64_t values[NUMBERS] = {c->orders,      c->monetary, c->recency,  c->gap,
                                     c->price_share, c->texts,    c->sentiment};
    const bool known[NUMBERS] = {
        true, true, c->recency != HX_DAYS_UNKNOWN, c->gap > 0, c->orders > 0, true, c->texts > 0};
    *v = values[k];
    return known[k];
}

typedef struct {
    int64_t *at; /* sorted */
    size_t n;
} sorted_values;

static size_t count_below(const sorted_values *s, int64_t v) {
    size_t low = 0, high = s->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (s->at[middle] < v)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Twice the mean rank of equal values, from 0. */
static double rank_of(const sorted_values *s, int64_t v) {
    const size_t below = count_below(s, v);
    const size_t upto = v == INT64_MAX ? s->n : count_below(s, v + 1);
    return (double)below + (double)(upto > below ? upto - 1 : below);
}

/* ------------------------------------------------------------------ the search */
typedef struct {
    const hx_population *pop;
    const hx_customer *who;
    hx_profile *p; /* of who */
    sorted_values numbers[NUMBERS];
    hx_map have; /* interest's hash -> customers */
    double length; /* of who's interests */
    double *likeness; /* (pop->n) */
    hx_arena *arena;
} search;

static double weight_of(const search *s, const hx_profile *p, uint32_t i) {
    const uint64_t *have = hx_map_get(&s->have, p->interest_hashes[i]);
    const double rare = log1p((double)s->pop->n / (double)(have && *have ? *have : 1));
    return (double)p->interests[i].weight * rare;
}

static double length_of(const search *s, const hx_profile *p) {
    double sum = 0;
    for (uint32_t i = 0; i < p->n_interests; i++) {
        const double w = weight_of(s, p, i);
        sum += w * w;
    }
    return sqrt(sum);
}

/* What interest i of `p` adds to the product with who's. */
static double shared_by(const search *s, const hx_profile *p, uint32_t i) {
    for (uint32_t k = 0; k < s->p->n_interests; k++)
        if (s->p->interest_hashes[k] == p->interest_hashes[i])
            return weight_of(s, p, i) * weight_of(s, s->p, k);
    return 0;
}

static bool interest_part(const search *s, const hx_profile *p, double *part) {
    const double length = length_of(s, p);
    double product = 0;
    if (!(length > 0) || !(s->length > 0)) return false;
    for (uint32_t i = 0; i < p->n_interests; i++)
        product += shared_by(s, p, i);
    *part = product / length / s->length;
    if (*part > 1) *part = 1;
    return true;
}

static bool number_part(const search *s, const hx_customer *c, size_t k, double *part) {
    int64_t a, b;
    if (!read_number(s->who, k, &a) || !read_number(c, k, &b)) return false;
    const double most = s->numbers[k].n > 1 ? 2.0 * (double)(s->numbers[k].n - 1) : 1;
    *part = 1 - fabs(rank_of(&s->numbers[k], a) - rank_of(&s->numbers[k], b)) / most;
    return true;
}

static hx_status measure(void *context, const hx_customer *c, const hx_profile *p, hx_error *err) {
    search *s = context;
    double sum = 0, weights = 0, part;
    (void)err;
    if (interest_part(s, p, &part)) {
        sum += INTEREST_WEIGHT * part;
        weights += INTEREST_WEIGHT;
    }
    for (size_t k = 0; k < NUMBERS; k++)
        if (number_part(s, c, k, &part)) {
            sum += part;
            weights += 1;
        }
    s->likeness[c - s->pop->customers] = c == s->who ? WORST : sum / weights;
    return HX_OK;
}

static hx_status count_interests(void *context, const hx_customer *c, const hx_profile *p,
                                 hx_error *err) {
    search *s = context;
    (void)c;
    for (uint32_t i = 0; i < p->n_interests; i++) {
        uint64_t *have = hx_map_put(&s->have, p->interest_hashes[i]);
        if (!have) return no_memory(err);
        ++*have;
    }
    return HX_OK;
}

static hx_status sort_numbers(search *s, hx_error *err) {
    const size_t n = s->pop->n;
    int64_t *scratch = hx_arena_alloc(s->arena, (n + 1) * sizeof *scratch);
    if (!scratch) return no_memory(err);
    for (size_t k = 0; k < NUMBERS; k++) {
        sorted_values *v = &s->numbers[k];
        v->at = hx_arena_alloc(s->arena, (n + 1) * sizeof *v->at);
        if (!v->at) return no_memory(err);
        for (size_t i = 0; i < n; i++)
            v->n += read_number(&s->pop->customers[i], k, &v->at[v->n]);
        hx_quantile_sort(v->at, v->n, scratch);
    }
    return HX_OK;
}

static bool is_other(const void *context, const hx_customer *c) {
    return c != ((const search *)context)->who;
}

static int more_alike(const void *context, const hx_customer *a, const hx_customer *b) {
    const search *s = context;
    const double x = s->likeness[a - s->pop->customers], y = s->likeness[b - s->pop->customers];
    if (x > y) return -1;
    if (x < y) return 1;
    const int64_t p = (int64_t)a->person, q = (int64_t)b->person;
    return (p > q) - (p < q);
}

/* ------------------------------------------------------------------ the answer */
static void put_shared(hx_json_writer *w, const search *s, const hx_profile *p) {
    bool used[HX_INTERESTS_MAX] = {false};
    hx_json_key(w, "shared");
    hx_json_array(w);
    for (int n = 0; n < SHARED_SHOWN; n++) {
        double best = 0;
        uint32_t at = 0;
        for (uint32_t i = 0; i < p->n_interests; i++) {
            const double v = used[i] ? 0 : shared_by(s, p, i);
            if (v > best) best = v, at = i;
        }
        if (!(best > 0)) break;
        used[at] = true;
        hx_json_str(w, p->interests[at].name);
    }
    hx_json_end_array(w);
}

static void put_part(hx_json_writer *w, const char *name, double likeness, int weight) {
    hx_json_object(w);
    hx__value_cstr(w, "part", name);
    hx__value_double(w, "likeness", likeness);
    hx__value_int(w, "weight", weight);
    hx_json_end_object(w);
}

static void put_parts(hx_json_writer *w, const search *s, const hx_customer *c,
                      const hx_profile *p) {
    double part;
    hx_json_key(w, "parts");
    hx_json_array(w);
    if (interest_part(s, p, &part)) put_part(w, "interests", part, INTEREST_WEIGHT);
    for (size_t k = 0; k < NUMBERS; k++)
        if (number_part(s, c, k, &part)) put_part(w, number_names[k], part, 1);
    hx_json_end_array(w);
}

static void put_neighbour(hx_json_writer *w, const search *s, const hx_customer *c,
                          const hx_profile *p) {
    char id[HX_PROFILE_ID_MAX], scratch[HX_PROFILE_ID_MAX];
    hx_json_object(w);
    hx__value_cstr(w, "id", hx_profile_id_text(c->person, id));
    hx__value_str(w, "name", hx__person_name(p, scratch));
    hx__value_ids(w, p);
    hx__value_double(w, "likeness", s->likeness[c - s->pop->customers]);
    put_shared(w, s, p);
    put_parts(w, s, c, p);
    hx__value_int(w, "orders", c->orders);
    hx__value_amount(w, "spent", c->monetary, hx_str_of(s->pop->currency));
    hx__value_time(w, "as_of", s->pop->as_of);
    hx_json_end_object(w);
}

static hx_status put_nearest(search *s, size_t limit, hx_json_writer *w, hx_error *err) {
    uint32_t *best = NULL;
    size_t n = 0;
    HX_TRY(hx__population_top(s->pop, is_other, more_alike, s, limit, s->arena, &best, &n, err));
    hx_profile *p = hx_profile_new();
    if (!p) return no_memory(err);
    hx_status status = HX_OK;
    hx_json_array(w);
    for (size_t i = 0; i < n && status == HX_OK; i++) {
        const hx_customer *c = &s->pop->customers[best[i]];
        status = hx__person_profile(s->pop->store, c->person, s->pop->as_of, p, err);
        if (status == HX_OK) put_neighbour(w, s, c, p);
    }
    hx_json_end_array(w);
    hx_profile_free(p);
    return status;
}

static hx_status find(search *s, uint64_t person, size_t limit, hx_buf *out, hx_error *err) {
    char id[HX_PROFILE_ID_MAX];
    hx_json_writer w;
    s->who = hx__population_find(s->pop, person);
    if (!s->who)
        return hx_fail(err, HX_ENOTFOUND,
                       "customer %s: there are no events up to the time asked for",
                       hx_profile_id_text(person, id));
    s->likeness = hx_arena_alloc(s->arena, (s->pop->n + 1) * sizeof *s->likeness);
    if (!s->likeness) return no_memory(err);
    HX_TRY(hx__person_profile(s->pop->store, person, s->pop->as_of, s->p, err));
    HX_TRY(hx__population_each(s->pop, count_interests, s, err));
    HX_TRY(sort_numbers(s, err));
    s->length = length_of(s, s->p);
    HX_TRY(hx__population_each(s->pop, measure, s, err));
    hx_json_begin(&w, out);
    return put_nearest(s, limit, &w, err);
}

hx_status hx_answer_similar(hx_store *store, hx_str who, size_t limit, const hx_answer_options *o,
                            hx_arena *arena, hx_str *json, hx_error *err) {
    uint64_t person;
    hx_population *pop = NULL;
    hx_buf out;
    HX_TRY(hx_store_find(store, who, &person, err));
    HX_TRY(hx__population_open(&pop, store, hx__answer_as_of(o), err));
    search s = {.pop = pop, .p = hx_profile_new(), .arena = hx_arena_new(0)};
    hx_map_init(&s.have);
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_status status = s.p && s.arena ? find(&s, person, limit, &out, err) : no_memory(err);
    hx_map_release(&s.have);
    hx_profile_free(s.p);
    hx_arena_free(s.arena);
    hx__population_close(pop);
    return hx__value_finish(&out, status, arena, json, err);
}
