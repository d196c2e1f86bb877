/* preference_judge.c - how well preferences of unseen items are told, beside content alone and beside a hybrid of factors; see preference.h.
 *
 *     items by their first opinion:   learnt (70 %; dev: 50 %) | judged (30 %; dev: the 20 % before them)
 *
 * The hybrid is that of LightFM (Kula 2015): a person's factors times the sum of the factors of what the item's vector holds, biases of both, logistic
 * loss by AdaGrad (Duchi, Hazan, Singer 2011). A person who was never seen has none but the common bias. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "insight/preference.h"

#define FACTORS 16
#define EPOCHS 30
#define RATE 0.05
#define PENALTY 1e-4
#define TEST_SHARE 0.3
#define DEV_SHARE 0.2
#define CONTENT "taste,closest_liked,closest_disliked,words,near_share"

typedef struct {
    const hx_preference_past *past;
    double *first; /* (n_items) time of the first opinion */
    double *sorted; /* (n_items) */
    bool *held; /* (n_items) not learnt from */
    uint32_t *rows; /* opinions learnt from, then those judged */
    size_t n_learnt, n_judged;
    uint32_t *people, *items; /* of rows */
    double *liked, *times, *p; /* of rows */
    bool *is; /* liked, as truth */
} judging;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for preferences");
}

/* ------------------------------------------------------------------ who is held out */
static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void take_row(judging *j, uint32_t o) {
    const size_t k = j->n_learnt + j->n_judged;
    j->rows[k] = o;
    j->people[k] = j->past->people[o];
    j->items[k] = j->past->items[o];
    j->liked[k] = j->past->liked[o];
    j->times[k] = j->past->times[o];
    j->is[k] = j->past->liked[o] > 0;
}

static void divide(judging *j, bool on_test, size_t *n_held) {
    const hx_preference_past *p = j->past;
    size_t n = 0;
    for (size_t i = 0; i < p->n_items; i++)
        j->first[i] = INFINITY;
    for (size_t o = 0; o < p->n; o++)
        j->first[p->items[o]] = fmin(j->first[p->items[o]], p->times[o]);
    for (size_t i = 0; i < p->n_items; i++)
        if (isfinite(j->first[i])) j->sorted[n++] = j->first[i];
    qsort(j->sorted, n, sizeof *j->sorted, ascending);
    if (n == 0) return;
    const double test = j->sorted[(size_t)((double)n * (1 - TEST_SHARE))],
                 dev = j->sorted[(size_t)((double)n * (1 - TEST_SHARE - DEV_SHARE))],
                 from = on_test ? test : dev, to = on_test ? INFINITY : test;
    for (size_t i = 0; i < p->n_items; i++) {
        j->held[i] = j->first[i] >= from;
        *n_held += j->held[i] && j->first[i] < to;
    }
    for (uint32_t o = 0; o < p->n; o++)
        if (!isnan(p->liked[o]) && !j->held[p->items[o]] && p->times[o] < from) {
            take_row(j, o);
            j->n_learnt++;
        }
    for (uint32_t o = 0; o < p->n; o++)
        if (!isnan(p->liked[o]) && j->held[p->items[o]] && j->first[p->items[o]] < to) {
            take_row(j, o);
            j->n_judged++;
        }
}

/* ------------------------------------------------------------------ the model, whole and of content alone */
static hx_status judge_model(judging *j, const char *use, uint64_t seed, size_t n_threads,
                             hx_risk_quality *out, hx_error *err) {
    const size_t n = j->n_learnt;
    const hx_preference_pairs learnt = {n, j->people, j->items, j->times, j->held},
                              judged = {j->n_judged, j->people + n, j->items + n, j->times + n,
                                        j->held};
    const hx_preference_way way = {use, seed, n_threads, NULL};
    hx_table *a = NULL, *b = NULL;
    hx_churn *m = NULL;
    hx_status st = hx_preference_features(&a, j->past, &learnt, err);
    if (st == HX_OK) st = hx_preference_features(&b, j->past, &judged, err);
    if (st == HX_OK) st = hx_preference_learn(&m, a, &learnt, j->liked, &way, err);
    if (st == HX_OK) st = hx_churn_apply(m, b, n_threads, j->p, err);
    if (st == HX_OK) st = hx_risk_measure(j->p, j->is + n, j->n_judged, out, err);
    hx_churn_free(m);
    hx_table_free(a);
    hx_table_free(b);
    return st;
}

/* ------------------------------------------------------------------ the hybrid */
typedef struct {
    const hx_preference_past *past;
    double *people, *words; /* (n, FACTORS + 1), the bias last */
    double *people_sum, *words_sum; /* squares of their gradients */
    double bias, bias_sum;
    bool *known; /* (n_people) */
} hybrid;

static double at_random(uint64_t seed, uint64_t k) {
    return ((double)(hx_hash_mix(seed, k) >> 11) * 0x1p-53 - 0.5) / FACTORS;
}

static bool hybrid_new(hybrid *h, const hx_preference_past *past, uint64_t seed) {
    const size_t people = past->n_people * (FACTORS + 1), words = past->dim * (FACTORS + 1);
    *h = (hybrid){.past = past};
    h->people = calloc(people + 1, sizeof *h->people);
    h->words = calloc(words + 1, sizeof *h->words);
    h->people_sum = calloc(people + 1, sizeof *h->people_sum);
    h->words_sum = calloc(words + 1, sizeof *h->words_sum);
    h->known = calloc(past->n_people + 1, sizeof *h->known);
    if (!h->people || !h->words || !h->people_sum || !h->words_sum || !h->known) return false;
    for (size_t k = 0; k < people; k++)
        h->people[k] = k % (FACTORS + 1) == FACTORS ? 0 : at_random(seed, k);
    for (size_t k = 0; k < words; k++)
        h->words[k] = k % (FACTORS + 1) == FACTORS ? 0 : at_random(seed + 1, k);
    return true;
}

static void hybrid_free(hybrid *h) {
    free(h->people);
    free(h->words);
    free(h->people_sum);
    free(h->words_sum);
    free(h->known);
}

static void item_factors(const hybrid *h, uint32_t item, double *sum) {
    const float *v = h->past->vectors + (size_t)item * h->past->dim;
    memset(sum, 0, (FACTORS + 1) * sizeof *sum);
    for (size_t k = 0; k < h->past->dim; k++)
        for (size_t f = 0; v[k] != 0 && f <= FACTORS; f++)
            sum[f] += (double)v[k] * h->words[k * (FACTORS + 1) + f];
}

static double hybrid_says(const hybrid *h, uint32_t person, const double *item) {
    const double *own = h->people + (size_t)person * (FACTORS + 1);
    double z = h->bias + item[FACTORS];
    if (!h->known[person]) return 1 / (1 + exp(-z));
    z += own[FACTORS];
    for (size_t f = 0; f < FACTORS; f++)
        z += own[f] * item[f];
    return 1 / (1 + exp(-z));
}

static void move(double *at, double *sum, double gradient) {
    const double g = gradient + PENALTY * *at;
    *sum += g * g;
    if (*sum > 0) *at -= RATE * g / sqrt(*sum);
}

static void hybrid_step(hybrid *h, uint32_t person, uint32_t item, double liked) {
    double sum[FACTORS + 1], was[FACTORS];
    double *own = h->people + (size_t)person * (FACTORS + 1),
           *own_sum = h->people_sum + (size_t)person * (FACTORS + 1);
    const float *v = h->past->vectors + (size_t)item * h->past->dim;
    h->known[person] = true;
    item_factors(h, item, sum);
    const double error = hybrid_says(h, person, sum) - liked;
    memcpy(was, own, sizeof was);
    for (size_t f = 0; f <= FACTORS; f++)
        move(&own[f], &own_sum[f], error * (f < FACTORS ? sum[f] : 1));
    for (size_t k = 0; k < h->past->dim; k++)
        for (size_t f = 0; v[k] != 0 && f <= FACTORS; f++)
            move(&h->words[k * (FACTORS + 1) + f], &h->words_sum[k * (FACTORS + 1) + f],
                 error * (double)v[k] * (f < FACTORS ? was[f] : 1));
    move(&h->bias, &h->bias_sum, error);
}

static hx_status judge_hybrid(judging *j, uint64_t seed, hx_risk_quality *out, hx_error *err) {
    hybrid h;
    double sum[FACTORS + 1];
    const size_t n = j->n_learnt;
    const bool room = hybrid_new(&h, j->past, seed);
    for (uint64_t k = 0; room && k < (uint64_t)EPOCHS * n; k++) {
        const size_t r = hx_hash_mix(seed + 2, k) % n;
        hybrid_step(&h, j->people[r], j->items[r], j->liked[r]);
    }
    for (size_t k = 0; room && k < j->n_judged; k++) {
        item_factors(&h, j->items[n + k], sum);
        j->p[k] = hybrid_says(&h, j->people[n + k], sum);
    }
    hybrid_free(&h);
    return room ? hx_risk_measure(j->p, j->is + n, j->n_judged, out, err) : no_memory(err);
}

/* ------------------------------------------------------------------ all three */
static bool make_room(judging *j) {
    const size_t n = j->past->n + 1, items = j->past->n_items + 1;
    j->first = calloc(items, sizeof *j->first);
    j->sorted = calloc(items, sizeof *j->sorted);
    j->held = calloc(items, sizeof *j->held);
    j->rows = calloc(n, sizeof *j->rows);
    j->people = calloc(n, sizeof *j->people);
    j->items = calloc(n, sizeof *j->items);
    j->liked = calloc(n, sizeof *j->liked);
    j->times = calloc(n, sizeof *j->times);
    j->p = calloc(n, sizeof *j->p);
    j->is = calloc(n, sizeof *j->is);
    return j->first && j->sorted && j->held && j->rows && j->people && j->items && j->liked &&
           j->times && j->p && j->is;
}

static void release(judging *j) {
    free(j->first);
    free(j->sorted);
    free(j->held);
    free(j->rows);
    free(j->people);
    free(j->items);
    free(j->liked);
    free(j->times);
    free(j->p);
    free(j->is);
}

static hx_status judge(judging *j, bool on_test, const hx_preference_way *way,
                       hx_preference_quality *out, hx_error *err) {
    divide(j, on_test, &out->held_items);
    out->learnt = j->n_learnt;
    out->judged = j->n_judged;
    if (j->n_learnt == 0 || j->n_judged == 0)
        return hx_fail(err, HX_EINVAL,
                       "too few items to hold the latest ones out: %zu opinions are left to learn "
                       "from, %zu to judge by",
                       j->n_learnt, j->n_judged);
    HX_TRY(judge_model(j, way->use, way->seed, way->n_threads, &out->model, err));
    HX_TRY(judge_model(j, CONTENT, way->seed, way->n_threads, &out->content, err));
    return judge_hybrid(j, way->seed, &out->hybrid, err);
}

hx_status hx_preference_judge(const hx_preference_past *past, bool on_test,
                              const hx_preference_way *way, hx_preference_quality *out,
                              hx_error *err) {
    judging j = {.past = past};
    *out = (hx_preference_quality){0};
    const hx_status st = make_room(&j) ? judge(&j, on_test, way, out, err) : no_memory(err);
    release(&j);
    return st;
}
