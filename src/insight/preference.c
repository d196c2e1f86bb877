/* preference.c - features of a person and an item that nobody has had yet, and the model over them; see preference.h.
 *
 * Pairs are gone through in the order of time, and opinions are taken in as their time comes: per person a chain of opinions, the latest first,
 * per item and category what was liked of how many. What a pair reads never holds an opinion of its own item: from sums that
 * item's part is taken off. Near items are found once, by a full comparison of all vectors. */
#include "insight/preference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"

#define NEAR 20 /* items beside an item */
#define CHAIN_MAX 500 /* latest opinions of a person that are read */
#define DRAWN 3.0 /* opinions that a share of all counts for */
#define NOBODY UINT32_MAX
#define DAY_MS 86400000.0
#define WORD_BYTES_MAX ((size_t)64)

enum {
    OPINIONS = 0,
    OWN_SHARE,
    OWN_LATEST,
    OWN_DAYS,
    TASTE,
    CLOSEST_LIKED,
    CLOSEST_DISLIKED,
    WORDS,
    CATEGORY_OWN,
    CATEGORY_ALL,
    NEAR_SHARE,
    NEAR_COUNT,
    PRICE_FIT,
    ORDERS,
    CLOSEST_BOUGHT,
    FEATURES
};
static const char *const names[FEATURES] = {
    "opinions",      "own_share",        "own_latest", "own_days",     "taste",
    "closest_liked", "closest_disliked", "words",      "category_own", "category_all",
    "near_share",    "near_count",       "price_fit",  "orders",       "closest_bought"};

typedef struct {
    double liked, n;
} tally;

typedef struct {
    const hx_preference_past *past;
    const hx_preference_pairs *pairs;
    uint32_t *order, *asked; /* opinions and pairs by time */
    uint32_t *latest, *before; /* (n_people), (n): chains */
    tally *items, *categories, all;
    uint32_t *near; /* (n_items, NEAR), NOBODY = none */
    float *close; /* (n_items, NEAR) their cosines */
    double *out; /* (FEATURES, pairs) */
} taking;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for preferences");
}

/* ------------------------------------------------------------------ words */
typedef struct {
    float *row;
    size_t dim;
} gram_row;

static void count_gram(const gram_row *g, const char *bytes, size_t n) {
    const uint64_t h = hx_hash((hx_str){bytes, n});
    g->row[h % g->dim] += 1;
}

/* Words of letters and digits, small; pairs of Han characters; single ones too. */
static void count_grams(const gram_row *g, hx_str text) {
    char word[WORD_BYTES_MAX], pair[8];
    size_t at = 0, n = 0, kept = 0;
    while (at < text.len) {
        const size_t from = at;
        const uint32_t cp = hx_utf8_next(text, &at);
        const bool han = hx_utf8_is_han(cp),
                   letter = !han && (cp >= 0x80 || (cp >= '0' && cp <= '9') ||
                                     ((cp | 32) >= 'a' && (cp | 32) <= 'z'));
        if (letter && n + (at - from) <= sizeof word) {
            memcpy(word + n, text.ptr + from, at - from);
            if (cp < 0x80 && cp >= 'A' && cp <= 'Z') word[n] = (char)(cp | 32);
            n += at - from;
        } else if (n > 0 && !letter) {
            count_gram(g, word, n);
            n = 0;
        }
        if (!han || at - from > 4) {
            kept = 0;
            continue;
        }
        count_gram(g, text.ptr + from, at - from);
        memcpy(pair + kept, text.ptr + from, at - from);
        if (kept > 0) count_gram(g, pair, kept + (at - from));
        memcpy(pair, text.ptr + from, at - from);
        kept = at - from;
    }
    if (n > 0) count_gram(g, word, n);
}

static void weigh_row(float *row, const double *idf, size_t dim) {
    double sum = 0;
    for (size_t k = 0; k < dim; k++) {
        row[k] = row[k] > 0 ? (float)((1 + log((double)row[k])) * idf[k]) : 0;
        sum += (double)row[k] * (double)row[k];
    }
    for (size_t k = 0; k < dim && sum > 0; k++)
        row[k] = (float)((double)row[k] / sqrt(sum));
}

hx_status hx_preference_grams(const hx_str *texts, size_t n, size_t dim, float *vectors,
                              hx_error *err) {
    double *idf = calloc(dim + 1, sizeof *idf);
    if (!idf) return no_memory(err);
    memset(vectors, 0, n * dim * sizeof *vectors);
    for (size_t i = 0; i < n; i++) {
        const gram_row g = {vectors + i * dim, dim};
        count_grams(&g, texts[i]);
        for (size_t k = 0; k < dim; k++)
            idf[k] += g.row[k] > 0;
    }
    for (size_t k = 0; k < dim; k++)
        idf[k] = log((1 + (double)n) / (1 + idf[k])) + 1;
    for (size_t i = 0; i < n; i++)
        weigh_row(vectors + i * dim, idf, dim);
    free(idf);
    return HX_OK;
}

/* ------------------------------------------------------------------ near items */
static double cosine(const float *a, const float *b, size_t dim) {
    double sum = 0;
    for (size_t k = 0; k < dim; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

static double item_cosine(const taking *t, uint32_t a, uint32_t b) {
    const size_t dim = t->past->dim;
    return cosine(t->past->vectors + a * dim, t->past->vectors + b * dim, dim);
}

static void place_near(const taking *t, uint32_t item, uint32_t other) {
    const double c = item_cosine(t, item, other);
    uint32_t *near = t->near + (size_t)item * NEAR;
    float *close = t->close + (size_t)item * NEAR;
    size_t at = NEAR;
    if (!(c > 0)) return;
    while (at > 0 && (near[at - 1] == NOBODY || (double)close[at - 1] < c))
        at--;
    if (at == NEAR) return;
    memmove(near + at + 1, near + at, (NEAR - at - 1) * sizeof *near);
    memmove(close + at + 1, close + at, (NEAR - at - 1) * sizeof *close);
    near[at] = other;
    close[at] = (float)c;
}

/* Near ones of items that are asked about. */
static void find_near(const taking *t) {
    for (size_t i = 0; i < t->past->n_items * NEAR; i++)
        t->near[i] = NOBODY;
    for (size_t p = 0; p < t->pairs->n; p++) {
        const uint32_t item = t->pairs->items[p];
        if (t->near[(size_t)item * NEAR] != NOBODY) continue;
        for (uint32_t other = 0; other < t->past->n_items; other++)
            if (other != item && !(t->pairs->held && t->pairs->held[other]))
                place_near(t, item, other);
    }
}

/* ------------------------------------------------------------------ a pair */
static double drawn(double liked, double n, double share) {
    return (liked + DRAWN * share) / (n + DRAWN);
}

static uint32_t category_of(const taking *t, uint32_t item) {
    return t->past->categories ? t->past->categories[item] : HX_PREFERENCE_NO_CATEGORY;
}

typedef struct {
    tally own, kin, category; /* own opinions: all, by closeness, in the category */
    double liked, disliked, bought, words, latest, last, price, priced;
    size_t said, orders;
} reading;

static void read_opinion(const taking *t, uint32_t o, uint32_t item, reading *r) {
    const hx_preference_past *p = t->past;
    const uint32_t other = p->items[o], category = category_of(t, item);
    const double c = fmax(0, item_cosine(t, item, other)), liked = p->liked[o];
    if (p->prices && p->prices[other] > 0) {
        r->price += log(p->prices[other]);
        r->priced++;
    }
    if (isnan(liked)) {
        r->orders++;
        r->bought = fmax(r->bought, c);
        return;
    }
    if (r->own.n <= 0) {
        r->latest = liked;
        r->last = p->times[o];
    }
    r->own.n++;
    r->own.liked += liked;
    r->kin.n += c * c;
    r->kin.liked += c * c * liked;
    if (category != HX_PREFERENCE_NO_CATEGORY && category == category_of(t, other)) {
        r->category.n++;
        r->category.liked += liked;
    }
    if (liked > 0) r->liked = fmax(r->liked, c);
    if (!(liked > 0)) r->disliked = fmax(r->disliked, c);
    if (p->said) {
        r->words +=
            cosine(p->said + (size_t)o * p->dim, p->vectors + (size_t)item * p->dim, p->dim);
        r->said++;
    }
}

static void put(const taking *t, uint32_t pair, int feature, double value) {
    t->out[(size_t)feature * t->pairs->n + pair] = value;
}

static void put_others(const taking *t, uint32_t pair, uint32_t item, double share) {
    const uint32_t category = category_of(t, item);
    tally near = {0, 0};
    for (size_t k = 0; k < NEAR; k++) {
        const uint32_t other = t->near[(size_t)item * NEAR + k];
        if (other == NOBODY) break;
        const double c = (double)t->close[(size_t)item * NEAR + k];
        near.liked += c * c * drawn(t->items[other].liked, t->items[other].n, share);
        near.n += c * c;
        put(t, pair, NEAR_COUNT,
            log1p(t->items[other].n + expm1(t->out[NEAR_COUNT * t->pairs->n + pair])));
    }
    if (near.n > 0) put(t, pair, NEAR_SHARE, near.liked / near.n);
    if (category == HX_PREFERENCE_NO_CATEGORY) return;
    const tally c = t->categories[category], own = t->items[item];
    put(t, pair, CATEGORY_ALL, drawn(c.liked - own.liked, c.n - own.n, share));
}

static void put_own(const taking *t, uint32_t pair, uint32_t item, const reading *r, double share) {
    const double own = drawn(r->own.liked, r->own.n, share);
    put(t, pair, OPINIONS, log1p(r->own.n));
    put(t, pair, OWN_SHARE, own);
    put(t, pair, ORDERS, log1p((double)r->orders));
    if (r->orders > 0) put(t, pair, CLOSEST_BOUGHT, r->bought);
    if (r->priced > 0 && t->past->prices[item] > 0)
        put(t, pair, PRICE_FIT, log(t->past->prices[item]) - r->price / r->priced);
    if (r->own.n <= 0) return;
    put(t, pair, OWN_LATEST, r->latest);
    put(t, pair, OWN_DAYS, log1p(fmax(0, t->pairs->times[pair] - r->last) / DAY_MS));
    put(t, pair, TASTE, (r->kin.liked + own) / (r->kin.n + 1));
    put(t, pair, CLOSEST_LIKED, r->liked);
    put(t, pair, CLOSEST_DISLIKED, r->disliked);
    if (r->said > 0) put(t, pair, WORDS, r->words / (double)r->said);
    if (r->category.n > 0) put(t, pair, CATEGORY_OWN, drawn(r->category.liked, r->category.n, own));
}

static void tell_pair(const taking *t, uint32_t pair) {
    const uint32_t person = t->pairs->people[pair], item = t->pairs->items[pair];
    const double share =
        drawn(t->all.liked - t->items[item].liked, t->all.n - t->items[item].n, 0.5);
    reading r = {0};
    size_t read = 0;
    for (int f = 0; f < FEATURES; f++)
        put(t, pair, f, NAN);
    put(t, pair, NEAR_COUNT, 0);
    for (uint32_t o = t->latest[person]; o != NOBODY && read < CHAIN_MAX; o = t->before[o], read++)
        if (t->past->items[o] != item) read_opinion(t, o, item, &r);
    put_own(t, pair, item, &r, share);
    put_others(t, pair, item, share);
}

/* ------------------------------------------------------------------ all pairs */
static void take_opinion(taking *t, uint32_t o) {
    const hx_preference_past *p = t->past;
    const uint32_t item = p->items[o], category = category_of(t, item);
    if (t->pairs->held && t->pairs->held[item]) return;
    t->before[o] = t->latest[p->people[o]];
    t->latest[p->people[o]] = o;
    tally *sums[3] = {&t->items[item], &t->all,
                      category == HX_PREFERENCE_NO_CATEGORY ? NULL : &t->categories[category]};
    for (size_t k = 0; k < 3 && !isnan(p->liked[o]); k++) {
        if (!sums[k]) continue;
        sums[k]->n++;
        sums[k]->liked += p->liked[o];
    }
}

typedef struct {
    double time;
    uint32_t at;
} moment;

static int by_time(const void *a, const void *b) {
    const moment *x = a, *y = b;
    if (x->time < y->time || x->time > y->time) return x->time < y->time ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static bool sort_times(const double *times, size_t n, uint32_t *order) {
    moment *m = calloc(n + 1, sizeof *m);
    if (!m) return false;
    for (size_t i = 0; i < n; i++)
        m[i] = (moment){times[i], (uint32_t)i};
    qsort(m, n, sizeof *m, by_time);
    for (size_t i = 0; i < n; i++)
        order[i] = m[i].at;
    free(m);
    return true;
}

static bool make_room(taking *t) {
    const hx_preference_past *p = t->past;
    t->order = calloc(p->n + 1, sizeof *t->order);
    t->asked = calloc(t->pairs->n + 1, sizeof *t->asked);
    t->latest = calloc(p->n_people + 1, sizeof *t->latest);
    t->before = calloc(p->n + 1, sizeof *t->before);
    t->items = calloc(p->n_items + 1, sizeof *t->items);
    t->categories = calloc(p->n_categories + 1, sizeof *t->categories);
    t->near = calloc(p->n_items * NEAR + 1, sizeof *t->near);
    t->close = calloc(p->n_items * NEAR + 1, sizeof *t->close);
    t->out = calloc(FEATURES * t->pairs->n + 1, sizeof *t->out);
    return t->order && t->asked && t->latest && t->before && t->items && t->categories && t->near &&
           t->close && t->out && sort_times(p->times, p->n, t->order) &&
           sort_times(t->pairs->times, t->pairs->n, t->asked);
}

static void release(taking *t) {
    free(t->order);
    free(t->asked);
    free(t->latest);
    free(t->before);
    free(t->items);
    free(t->categories);
    free(t->near);
    free(t->close);
    free(t->out);
}

static void go_through(taking *t) {
    size_t taken = 0;
    for (size_t i = 0; i < t->past->n_people; i++)
        t->latest[i] = NOBODY;
    for (size_t k = 0; k < t->pairs->n; k++) {
        const uint32_t pair = t->asked[k];
        while (taken < t->past->n && t->past->times[t->order[taken]] < t->pairs->times[pair])
            take_opinion(t, t->order[taken++]);
        tell_pair(t, pair);
    }
}

static hx_status check(const hx_preference_past *p, hx_error *err) {
    bool texts = false;
    if (p->n_items > HX_PREFERENCE_MAX_ITEMS)
        return hx_fail(err, HX_ELIMIT, "preferences are told of at most %zu items; here are %zu",
                       HX_PREFERENCE_MAX_ITEMS, p->n_items);
    if (p->n_people < 2)
        return hx_fail(err, HX_EINVAL, "preferences are learnt from at least two people");
    for (size_t k = 0; k < p->n_items * p->dim; k++)
        texts = texts || p->vectors[k] > 0 || p->vectors[k] < 0;
    if (!texts)
        return hx_fail(err, HX_EINVAL, "no item has a text: what a new one is like can't be told");
    for (size_t o = 0; o < p->n; o++)
        if (p->people[o] >= p->n_people || p->items[o] >= p->n_items || !isfinite(p->times[o]))
            return hx_fail(err, HX_EINVAL,
                           "opinion %zu has a person, an item or a time out of range", o + 1);
    return HX_OK;
}

static hx_status as_table(const taking *t, hx_table **out, hx_error *err) {
    hx_table *table = NULL;
    HX_TRY(hx_table_new(&table, t->pairs->n, err));
    hx_status st = HX_OK;
    for (size_t f = 0; st == HX_OK && f < FEATURES; f++)
        st = hx_table_put_numbers(table, hx_str_of(names[f]), HX_KIND_NUMBER,
                                  t->out + f * t->pairs->n, -1, err);
    if (st != HX_OK) hx_table_free(table);
    if (st == HX_OK) *out = table;
    return st;
}

hx_status hx_preference_features(hx_table **out, const hx_preference_past *past,
                                 const hx_preference_pairs *pairs, hx_error *err) {
    taking t = {.past = past, .pairs = pairs};
    HX_TRY(check(past, err));
    hx_status st = make_room(&t) ? HX_OK : no_memory(err);
    if (st == HX_OK) {
        find_near(&t);
        go_through(&t);
        st = as_table(&t, out, err);
    }
    release(&t);
    return st;
}

/* ------------------------------------------------------------------ the model */
hx_status hx_preference_learn(hx_churn **out, hx_table *t, const hx_preference_pairs *pairs,
                              const double *liked, const hx_preference_way *way, hx_error *err) {
    const hx_churn_options o = {.target = "liked",
                                .churned = "true",
                                .customer = "item",
                                .repeats = true,
                                .use = way->use,
                                .seed = way->seed,
                                .n_threads = way->n_threads,
                                .told = way->told};
    double *items = calloc(pairs->n + 1, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < pairs->n; i++)
        items[i] = pairs->items[i];
    hx_status st = hx_table_put_numbers(t, hx_str_of("item"), HX_KIND_NUMBER, items, -1, err);
    if (st == HX_OK)
        st = hx_table_put_numbers(t, hx_str_of("liked"), HX_KIND_BOOLEAN, liked, -1, err);
    if (st == HX_OK) st = hx_churn_fit(out, t, &o, err);
    free(items);
    return st;
}

hx_status hx_preference_fit(hx_churn **out, const hx_preference_past *past, uint64_t seed,
                            size_t n_threads, hx_error *err) {
    const hx_preference_pairs pairs = {past->n, past->people, past->items, past->times, NULL};
    const hx_preference_way way = {NULL, seed, n_threads, NULL};
    hx_table *t = NULL;
    HX_TRY(hx_preference_features(&t, past, &pairs, err));
    const hx_status st = hx_preference_learn(out, t, &pairs, past->liked, &way, err);
    hx_table_free(t);
    return st;
}
