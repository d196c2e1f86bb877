/* prefer.c - who would like a new item: the past as numbers, the model, everybody's score; see prefer.h.
 *
 * The new item stands last among the items; nobody has an opinion of it, so nothing need be held out.
 * Everybody is told at one moment behind all that was.
 * Beside the model its folds' chances of the opinions are kept: the interval of a chance is what became of opinions that were told about like it. */
#include "insight/prefer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"

#define DIM 512
#define KNOWN                                                                                      \
    "opinions,own_share,own_latest,taste,closest_liked,closest_disliked,words,near_share,"         \
    "near_count,orders,closest_bought"
#define KNOWN_BYTES 300
#define SAID_MAX ((size_t)64 << 20) /* floats of comments */

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for preferences");
}

/* ------------------------------------------------------------------ the past as numbers */
static bool make_room(hx_preferring *p, size_t n, size_t items, size_t people, size_t categories) {
    p->people = calloc(n + 1, sizeof *p->people);
    p->items = calloc(n + 1, sizeof *p->items);
    p->liked = calloc(n + 1, sizeof *p->liked);
    p->times = calloc(n + 1, sizeof *p->times);
    p->prices = calloc(items, sizeof *p->prices);
    p->categories = calloc(items, sizeof *p->categories);
    p->vectors = calloc(items * DIM, sizeof *p->vectors);
    if ((n + 1) * DIM <= SAID_MAX) p->said = calloc((n + 1) * DIM, sizeof *p->said);
    p->told = calloc(n + 1, sizeof *p->told);
    p->told_liked = calloc(n + 1, sizeof *p->told_liked);
    p->scores = calloc(people + 1, sizeof *p->scores);
    p->past = (hx_preference_past){.n = n,
                                   .people = p->people,
                                   .items = p->items,
                                   .liked = p->liked,
                                   .times = p->times,
                                   .said = p->said,
                                   .prices = p->prices,
                                   .n_people = people,
                                   .n_items = items,
                                   .dim = DIM,
                                   .vectors = p->vectors,
                                   .categories = p->categories,
                                   .n_categories = categories};
    return p->people && p->items && p->liked && p->times && p->prices && p->categories &&
           p->vectors && p->told && p->told_liked && p->scores;
}

static void take_rows(hx_preferring *p) {
    size_t n;
    const hx_taste_row *rows = hx_tastes_rows(p->tastes, &n);
    for (size_t i = 0; i < n; i++) {
        p->people[i] = rows[i].person;
        p->items[i] = rows[i].item;
        p->liked[i] = rows[i].liked;
        p->times[i] = rows[i].time;
        p->now = fmax(p->now, rows[i].time + 1);
        p->about.opinions += isnan(rows[i].liked) ? 0 : 1;
        p->about.orders += isnan(rows[i].liked) ? 1 : 0;
        p->about.liked += rows[i].liked > 0;
    }
}

static void take_items(hx_preferring *p, size_t n) {
    size_t known;
    const hx_taste_item *items = hx_tastes_items(p->tastes, &known);
    for (size_t i = 0; i < n; i++) {
        p->prices[i] = i < known ? items[i].price : p->item.price;
        p->categories[i] =
            i < known ? items[i].category : hx_tastes_category(p->tastes, p->item.category);
    }
}

/* Texts of items, of the new one and of comments are weighed together, so that their vectors can be compared. */
static hx_status take_texts(hx_preferring *p, size_t n, size_t n_items, hx_error *err) {
    size_t known;
    const hx_taste_item *items = hx_tastes_items(p->tastes, &known);
    const hx_taste_row *rows = hx_tastes_rows(p->tastes, &n);
    const size_t said = p->said ? n : 0, all = n_items + said;
    hx_str *texts = calloc(all + 1, sizeof *texts);
    float *vectors = calloc(all * DIM + 1, sizeof *vectors);
    for (size_t i = 0; texts && i < n_items; i++)
        texts[i] = i < known ? items[i].text : p->item.text;
    for (size_t i = 0; texts && i < said; i++)
        texts[n_items + i] = rows[i].comment;
    hx_status st =
        texts && vectors ? hx_preference_grams(texts, all, DIM, vectors, err) : no_memory(err);
    if (st == HX_OK) memcpy(p->vectors, vectors, n_items * DIM * sizeof *vectors);
    if (st == HX_OK && said) memcpy(p->said, vectors + n_items * DIM, said * DIM * sizeof *vectors);
    free(texts);
    free(vectors);
    return st;
}

/* Letters and digits of any script; punctuation and signs say nothing. */
static bool has_text(hx_str text) {
    for (size_t at = 0; at < text.len;) {
        const uint32_t cp = hx_utf8_next(text, &at);
        const bool digit = cp >= '0' && cp <= '9', latin = (cp | 32) >= 'a' && (cp | 32) <= 'z',
                   sign = (cp >= 0x2000 && cp < 0x2C00) || (cp >= 0x3000 && cp < 0x3041) ||
                          (cp >= 0xFE00 && cp < 0xFF10) || cp >= 0x1F000;
        if (digit || latin || hx_utf8_is_han(cp) || (cp >= 0xC0 && !sign)) return true;
    }
    return false;
}

static hx_status check(const hx_preferring *p, hx_error *err) {
    if (!has_text(p->item.text))
        return hx_fail(err, HX_EINVAL,
                       "the new item has no text: say what it is in words of its description");
    if (p->about.opinions == 0)
        return hx_fail(err, HX_EINVAL,
                       "nobody said what he liked: preferences are learnt from ratings and "
                       "comments on items");
    if (p->about.people < 2)
        return hx_fail(err, HX_EINVAL, "preferences are learnt from at least two people");
    if (p->about.liked < 10 || p->about.opinions - p->about.liked < 10)
        return hx_fail(err, HX_EINVAL,
                       "preferences are learnt from at least 10 opinions that liked an item and "
                       "10 that did not: here are %zu and %zu",
                       p->about.liked, p->about.opinions - p->about.liked);
    return HX_OK;
}

/* ------------------------------------------------------------------ no further than what was met */
static hx_status note_range(hx_preferring *p, const hx_table *t, hx_error *err) {
    const size_t rows = hx_table_rows(t);
    double *v = calloc(rows + 1, sizeof *v);
    if (!v) return no_memory(err);
    for (size_t k = 0; k < hx_table_columns(t) && k < HX_PREFER_COLUMNS; k++) {
        p->low[k] = INFINITY;
        p->high[k] = -INFINITY;
        hx_table_numbers(t, k, 0, rows, v);
        for (size_t i = 0; i < rows; i++) {
            p->low[k] = fmin(p->low[k], v[i]);
            p->high[k] = fmax(p->high[k], v[i]);
        }
    }
    free(v);
    return HX_OK;
}

/* A copy whose values lie within what was learnt from: a line goes on for ever, what is known does not. */
static hx_status within_range(const hx_preferring *p, const hx_table *t, hx_table **out,
                              hx_error *err) {
    const size_t rows = hx_table_rows(t);
    double *v = calloc(rows + 1, sizeof *v);
    hx_status st = v ? hx_table_new(out, rows, err) : no_memory(err);
    for (size_t k = 0; st == HX_OK && k < hx_table_columns(t) && k < HX_PREFER_COLUMNS; k++) {
        hx_table_numbers(t, k, 0, rows, v);
        for (size_t i = 0; i < rows; i++)
            if (!isnan(v[i])) v[i] = fmax(p->low[k], fmin(p->high[k], v[i]));
        st = hx_table_put_numbers(*out, hx_table_column_at(t, k)->name, HX_KIND_NUMBER, v, -1, err);
    }
    free(v);
    return st;
}

static hx_status score_rows(const hx_preferring *p, const hx_table *t, size_t n_threads,
                            int64_t *scores, int64_t *phi, hx_error *err) {
    hx_table *met_before = NULL;
    hx_status st = within_range(p, t, &met_before, err);
    if (st == HX_OK) st = hx_churn_scores(p->model, met_before, n_threads, scores, phi, err);
    hx_table_free(met_before);
    return st;
}

/* ------------------------------------------------------------------ the model */
typedef struct {
    double told, liked;
} met;

static int by_told(const void *l, const void *r) {
    const met *a = l, *b = r;
    if (a->told != b->told) return a->told < b->told ? -1 : 1;
    return (a->liked > b->liked) - (a->liked < b->liked);
}

static hx_status keep_told(hx_preferring *p, const double *liked, size_t n, hx_error *err) {
    met *all = calloc(n + 1, sizeof *all);
    if (!all) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        all[i] = (met){p->told[i], liked[i]};
    qsort(all, n, sizeof *all, by_told);
    for (size_t i = 0; i < n; i++) {
        p->told[i] = all[i].told;
        p->told_liked[i] = all[i].liked;
    }
    p->n_told = n;
    free(all);
    return HX_OK;
}

/* What is not known of the new item teaches nothing: a column that is missing for it alone would be met for the first time there. */
static void columns_of(const hx_preferring *p, char use[KNOWN_BYTES]) {
    const bool category = p->categories[p->past.n_items - 1] != HX_PREFERENCE_NO_CATEGORY;
    (void)snprintf(use, KNOWN_BYTES, "%s%s%s%s", KNOWN, p->tastes->untimed ? "" : ",own_days",
                   category ? ",category_own,category_all" : "",
                   p->item.price > 0 ? ",price_fit" : "");
}

static hx_status learn(hx_preferring *p, hx_error *err) {
    const size_t n = p->about.opinions;
    char use[KNOWN_BYTES];
    uint32_t *numbers = calloc(2 * n + 1, sizeof *numbers);
    double *values = calloc(2 * n + 1, sizeof *values);
    size_t k = 0;
    hx_table *t = NULL;
    for (size_t i = 0; numbers && values && i < p->past.n; i++) {
        if (isnan(p->liked[i])) continue;
        numbers[k] = p->people[i];
        numbers[n + k] = p->items[i];
        values[k] = p->times[i];
        values[n + k++] = p->liked[i];
    }
    const hx_preference_pairs pairs = {n, numbers, numbers + n, values, NULL};
    columns_of(p, use);
    const hx_preference_way way = {use, p->item.seed, p->item.n_threads, p->told};
    hx_status st =
        numbers && values ? hx_preference_features(&t, &p->past, &pairs, err) : no_memory(err);
    if (st == HX_OK) st = note_range(p, t, err);
    if (st == HX_OK) st = hx_preference_learn(&p->model, t, &pairs, values + n, &way, err);
    if (st == HX_OK) st = keep_told(p, values + n, n, err);
    hx_table_free(t);
    free(numbers);
    free(values);
    return st;
}

/* Rows of people (n) and the new item. */
static hx_status rows_of(const hx_preferring *p, uint32_t first, size_t n, hx_table **out,
                         hx_error *err) {
    uint32_t *numbers = calloc(2 * n + 1, sizeof *numbers);
    double *times = calloc(n + 1, sizeof *times);
    for (size_t i = 0; numbers && times && i < n; i++) {
        numbers[i] = first + (uint32_t)i;
        numbers[n + i] = (uint32_t)(p->past.n_items - 1);
        times[i] = p->now;
    }
    const hx_preference_pairs pairs = {n, numbers, numbers + n, times, NULL};
    const hx_status st =
        numbers && times ? hx_preference_features(out, &p->past, &pairs, err) : no_memory(err);
    free(numbers);
    free(times);
    return st;
}

hx_status hx_prefer_score(const hx_preferring *p, uint32_t person, int64_t *score, hx_error *err) {
    hx_table *t = NULL;
    hx_status st = rows_of(p, person, 1, &t, err);
    if (st == HX_OK) st = score_rows(p, t, 1, score, NULL, err);
    hx_table_free(t);
    return st;
}

static hx_status tell(hx_preferring *p, hx_error *err) {
    const size_t people = p->about.people;
    HX_TRY(rows_of(p, 0, people, &p->rows, err));
    p->phi = calloc(people * (p->model->n_columns + 1) + 1, sizeof *p->phi);
    if (!p->phi) return no_memory(err);
    return score_rows(p, p->rows, p->item.n_threads, p->scores, p->phi, err);
}

/* The past as numbers. */
static hx_status take(hx_preferring *p, hx_error *err) {
    size_t n, items;
    (void)hx_tastes_rows(p->tastes, &n);
    (void)hx_tastes_items(p->tastes, &items);
    (void)hx_tastes_people(p->tastes, &p->about.people);
    p->about.items = items;
    if (!make_room(p, n, items + 1, p->about.people, p->tastes->categories.len / sizeof(hx_str)))
        return no_memory(err);
    take_rows(p);
    take_items(p, items + 1);
    return take_texts(p, n, items + 1, err);
}

static hx_status fill(hx_preferring *p, hx_error *err) {
    HX_TRY(take(p, err));
    HX_TRY(check(p, err));
    HX_TRY(learn(p, err));
    return tell(p, err);
}

hx_status hx_prefer(hx_preferring **out, const hx_tastes *tastes, const hx_new_item *item,
                    hx_error *err) {
    hx_preferring *p = calloc(1, sizeof *p);
    if (!p) return no_memory(err);
    p->tastes = tastes;
    p->item = *item;
    const hx_status st = fill(p, err);
    if (st == HX_OK)
        *out = p;
    else
        hx_preferring_free(p);
    return st;
}

/* ------------------------------------------------------------------ how well */
/* The columns of greatest AUC on dev; the test part is read once, by them. */
static hx_status judge(const hx_preferring *p, hx_prefer_judgement *out, hx_error *err) {
    static const char *const sets[] = {
        "opinions,own_share,own_latest,own_days,taste,closest_liked,closest_disliked,words,"
        "category_own,category_all,near_share,near_count,price_fit,orders,closest_bought",
        "opinions,own_share,own_latest,taste,category_own,category_all,near_share",
        "opinions,own_share,own_latest,taste", "own_share,taste,words,near_share"};
    hx_preference_way way = {sets[0], p->item.seed, p->item.n_threads, NULL};
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        hx_prefer_quality dev;
        way.use = sets[k];
        HX_TRY(hx_preference_judge(&p->past, false, &way, &dev, err));
        if (k > 0 && !(dev.model.auc > out->dev.model.auc)) continue;
        out->dev = dev;
        out->columns = sets[k];
    }
    way.use = out->columns;
    return hx_preference_judge(&p->past, true, &way, &out->test, err);
}

hx_status hx_prefer_judge(const hx_tastes *tastes, uint64_t seed, size_t n_threads,
                          hx_prefer_judgement *out, hx_error *err) {
    hx_preferring *p = calloc(1, sizeof *p);
    if (!p) return no_memory(err);
    p->tastes = tastes;
    p->item = (hx_new_item){.price = NAN, .seed = seed, .n_threads = n_threads};
    hx_status st = take(p, err);
    if (st == HX_OK) st = judge(p, out, err);
    hx_preferring_free(p);
    return st;
}

void hx_preferring_free(hx_preferring *p) {
    if (!p) return;
    free(p->people);
    free(p->items);
    free(p->categories);
    free(p->liked);
    free(p->times);
    free(p->prices);
    free(p->vectors);
    free(p->said);
    free(p->told);
    free(p->told_liked);
    free(p->scores);
    free(p->phi);
    hx_table_free(p->rows);
    hx_churn_free(p->model);
    free(p);
}

/* ------------------------------------------------------------------ what it tells */
hx_prefer_about hx_prefer_learnt(const hx_preferring *p) {
    hx_prefer_about a = p->about;
    const hx_risk_quality q = hx_churn_out_of_fold(p->model);
    for (uint32_t i = 0; i + 1 < p->past.n_items; i++)
        a.alike = fmax(a.alike, hx_prefer_likeness(p, i));
    a.auc = q.auc;
    a.log_loss = q.log_loss;
    a.brier = q.brier;
    return a;
}

double hx_prefer_chance(const hx_preferring *p, size_t person) {
    return hx_churn_probability(p->model, p->scores[person]);
}

size_t hx_prefer_find(const hx_preferring *p, hx_str customer) {
    const uint64_t *at = hx_map_get(&p->tastes->people_by, hx_hash(customer));
    return at ? (size_t)(*at - 1) : SIZE_MAX;
}

typedef struct {
    int64_t score;
    size_t at;
} ranked;

static int likeliest_first(const void *l, const void *r) {
    const ranked *a = l, *b = r;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

void hx_prefer_order(const hx_preferring *p, size_t *order) {
    const size_t n = p->about.people;
    ranked *all = calloc(n + 1, sizeof *all);
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
        if (all) all[i] = (ranked){p->scores[i], i};
    }
    if (all) qsort(all, n, sizeof *all, likeliest_first);
    for (size_t i = 0; all && i < n; i++)
        order[i] = all[i].at;
    free(all);
}

double hx_prefer_likeness(const hx_preferring *p, uint32_t item) {
    const float *a = p->vectors + (size_t)item * DIM, *b = p->vectors + (p->past.n_items - 1) * DIM;
    double sum = 0;
    for (size_t k = 0; k < DIM; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

hx_str hx_prefer_name(const hx_preferring *p, uint32_t item) {
    size_t n;
    const hx_taste_item *items = hx_tastes_items(p->tastes, &n);
    return items[item].text.len > 0 ? items[item].text : items[item].name;
}

hx_prefer_closest hx_prefer_find_closest(const hx_preferring *p, uint32_t person) {
    hx_prefer_closest c = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    for (size_t i = 0; i < p->past.n; i++) {
        if (p->people[i] != person) continue;
        size_t *best = isnan(p->liked[i]) ? &c.bought : p->liked[i] > 0 ? &c.liked : &c.disliked;
        if (*best == SIZE_MAX ||
            hx_prefer_likeness(p, p->items[i]) > hx_prefer_likeness(p, p->items[*best]))
            *best = i;
    }
    return c;
}
