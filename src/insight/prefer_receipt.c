/* prefer_receipt.c - the receipt of a preference: how sure, by which terms, in whose words, and what would change it; see prefer.h.
 *
 *     chance     by the score; low to high = Wilson's interval (1927) at 90 % of what became of the opinions that folds told the most alike
 *     terms      all columns, the greatest first; base + terms = score, exactly, in millionths of log-odds
 *     quotes     the person's own comments, those most like the item first, as they stand
 *     otherwise  the opinion on the closest item turned round, or one added where there is none (a poor one where the chance is
 *                above the base), and the chance that comes of it
 *
 * Everything follows from the tastes, the item and the seed, so a receipt is replayed by working it out again. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "insight/prefer.h"

#define BYTES_MAX ((size_t)1 << 26)
#define QUOTES 3
#define BAND_LEAST 50 /* opinions that an interval is read from */
#define BAND_MOST 500
#define ALIKE 0.1 /* an item that a sentence may speak of */
#define Z 1.6448536269514722 /* 90 % */

typedef struct {
    double low, high;
    size_t n, liked;
} band;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for preferences");
}

/* ------------------------------------------------------------------ how sure */
/* The n opinions whose chance lies closest: a window of those in order. */
static band band_of(const hx_preferring *p, double chance) {
    size_t n = p->n_told / 5, from = 0;
    band b = {0};
    n = n < BAND_LEAST ? BAND_LEAST : n > BAND_MOST ? BAND_MOST : n;
    if (n > p->n_told) n = p->n_told;
    while (from + n < p->n_told && fabs(p->told[from + n] - chance) < fabs(p->told[from] - chance))
        from++;
    for (size_t i = from; i < from + n; i++)
        b.liked += p->told_liked[i] > 0;
    const double m = (double)n, share = (double)b.liked / m, z2 = Z * Z / m,
                 half = Z * sqrt(share * (1 - share) / m + z2 / (4 * m));
    b.n = n;
    b.low = fmin(chance, (share + z2 / 2 - half) / (1 + z2));
    b.high = fmax(chance, (share + z2 / 2 + half) / (1 + z2));
    return b;
}

static double places(double v, double ones) {
    return round(v * ones) / ones;
}

static void put_millionths(hx_json_writer *w, const char *key, int64_t v) {
    hx_json_key(w, key);
    hx_json_double(w, (double)v / HX_CHURN_ONE);
}

static void put_chance(const hx_preferring *p, int64_t score, hx_json_writer *w) {
    const double chance = hx_churn_probability(p->model, score);
    const band b = band_of(p, chance);
    hx_json_key(w, "chance");
    hx_json_double(w, places(chance, 1e6));
    hx_json_key(w, "low");
    hx_json_double(w, places(b.low, 1e4));
    hx_json_key(w, "high");
    hx_json_double(w, places(b.high, 1e4));
    hx_json_key(w, "met");
    hx_json_object(w);
    hx_json_key(w, "opinions");
    hx_json_int(w, (int64_t)b.n);
    hx_json_key(w, "liked");
    hx_json_int(w, (int64_t)b.liked);
    hx_json_end_object(w);
}

/* ------------------------------------------------------------------ terms */
typedef struct {
    hx_preferring *p;
    uint32_t person;
    const int64_t *phi; /* of the person */
    hx_prefer_closest closest;
    hx_buf words;
    hx_json_writer *w;
} receipt;

static double value_of(const receipt *r, size_t column) {
    double v = NAN;
    const size_t at = hx_table_find(r->p->rows, r->p->model->columns[column].name);
    if (at != HX_COLUMN_NONE) hx_table_numbers(r->p->rows, at, r->person, 1, &v);
    return v;
}

static void put_term(receipt *r, size_t column) {
    const hx_str name = r->p->model->columns[column].name;
    const double v = value_of(r, column);
    hx_json_object(r->w);
    hx_json_key(r->w, "column");
    hx_json_str(r->w, name);
    hx_json_key(r->w, "value");
    hx_json_double(r->w, v);
    put_millionths(r->w, "contribution", r->phi[column]);
    for (int ui = HX_UI_EN; ui <= HX_UI_ZH; ui++) {
        hx_buf_reset(&r->words);
        hx_prefer_say(r->p, &r->closest, name, v, (hx_ui_lang)ui, &r->words);
        hx_json_key(r->w, ui == HX_UI_ZH ? "zh" : "en");
        hx_json_str(r->w, hx_buf_str(&r->words));
    }
    hx_json_end_object(r->w);
}

static hx_status put_terms(receipt *r, hx_error *err) {
    const size_t n = r->p->model->n_columns;
    size_t *order = calloc(n + 1, sizeof *order);
    if (!order) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        size_t k = i;
        for (; k > 0 && llabs(r->phi[order[k - 1]]) < llabs(r->phi[i]); k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    hx_json_key(r->w, "terms");
    hx_json_array(r->w);
    for (size_t i = 0; i < n; i++)
        put_term(r, order[i]);
    hx_json_end_array(r->w);
    free(order);
    return HX_OK;
}

/* ------------------------------------------------------------------ own words */
static void put_event(const receipt *r, size_t row) {
    size_t n;
    const hx_taste_row *rows = hx_tastes_rows(r->p->tastes, &n);
    hx_json_key(r->w, "event");
    hx_json_str(r->w, rows[row].event);
    hx_json_key(r->w, "item");
    hx_json_str(r->w, hx_prefer_name(r->p, rows[row].item));
}

static void put_quotes(const receipt *r) {
    size_t n, best[QUOTES], held = 0;
    const hx_taste_row *rows = hx_tastes_rows(r->p->tastes, &n);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].person != r->person || rows[i].comment.len == 0) continue;
        const double like = hx_prefer_likeness(r->p, rows[i].item);
        size_t at = held;
        while (at > 0 && hx_prefer_likeness(r->p, rows[best[at - 1]].item) < like)
            at--;
        if (at == QUOTES) continue;
        if (held < QUOTES) held++;
        memmove(best + at + 1, best + at, (held - 1 - at) * sizeof *best);
        best[at] = i;
    }
    hx_json_key(r->w, "quotes");
    hx_json_array(r->w);
    for (size_t k = 0; k < held; k++) {
        hx_json_object(r->w);
        put_event(r, best[k]);
        hx_json_key(r->w, "liked");
        hx_json_bool(r->w, rows[best[k]].liked > 0);
        hx_json_key(r->w, "text");
        hx_json_str(r->w, rows[best[k]].comment);
        hx_json_end_object(r->w);
    }
    hx_json_end_array(r->w);
}

/* ------------------------------------------------------------------ what would change it */
static uint32_t closest_item(const hx_preferring *p) {
    uint32_t best = 0;
    for (uint32_t i = 1; i + 1 < p->past.n_items; i++)
        if (hx_prefer_likeness(p, i) > hx_prefer_likeness(p, best)) best = i;
    return best;
}

static double likeness_of(const hx_preferring *p, size_t row) {
    return row == SIZE_MAX ? 0 : hx_prefer_likeness(p, p->items[row]);
}

/* The opinion on the closest item; SIZE_MAX where none is alike. */
static size_t closest_opinion(const receipt *r) {
    const double a = likeness_of(r->p, r->closest.liked),
                 b = likeness_of(r->p, r->closest.disliked);
    if (fmax(a, b) < ALIKE) return SIZE_MAX;
    return a >= b ? r->closest.liked : r->closest.disliked;
}

static void put_sentence(receipt *r, hx_str item, int change, double chance) {
    static const char *const en[4] = {
        "Had the customer liked \"%.*s\", the chance would be %.0f %%.",
        "Had the customer not liked \"%.*s\", the chance would be %.0f %%.",
        "With one good opinion of \"%.*s\" the chance would be %.0f %%.",
        "With one poor opinion of \"%.*s\" the chance would be %.0f %%."};
    static const char *const zh[4] = {
        "若该客户喜欢“%.*s”，则可能性为 %.0f %%。", "若该客户不喜欢“%.*s”，则可能性为 %.0f %%。",
        "若对“%.*s”有一次好评，则可能性为 %.0f %%。", "若对“%.*s”有一次差评，则可能性为 %.0f %%。"};
    const int len = item.len > 400 ? 400 : (int)item.len;
    for (int ui = HX_UI_EN; ui <= HX_UI_ZH; ui++) {
        hx_buf_reset(&r->words);
        (void)hx_buf_printf(&r->words, ui == HX_UI_ZH ? zh[change] : en[change], len, item.ptr,
                            100 * chance);
        hx_json_key(r->w, ui == HX_UI_ZH ? "zh" : "en");
        hx_json_str(r->w, hx_buf_str(&r->words));
    }
}

static hx_status put_otherwise(receipt *r, hx_error *err) {
    hx_preferring *p = r->p;
    const size_t row = closest_opinion(r);
    const bool adds = row == SIZE_MAX;
    const size_t at = adds ? p->past.n : row;
    /* An opinion that is made up speaks against the side that the chance is on. */
    const bool above = p->scores[r->person] > r->phi[p->model->n_columns];
    const double was = adds ? above : p->liked[row];
    int64_t score = 0;
    if (adds) {
        p->people[at] = r->person;
        p->items[at] = closest_item(p);
        p->times[at] = p->now - 0.5;
        p->past.n++;
    }
    p->liked[at] = was > 0 ? 0 : 1;
    const hx_status st = hx_prefer_score(p, r->person, &score, err);
    p->liked[at] = was;
    p->past.n -= adds;
    if (st != HX_OK) return st;
    const double chance = hx_churn_probability(p->model, score);
    hx_json_key(r->w, "otherwise");
    hx_json_object(r->w);
    if (!adds) put_event(r, row);
    hx_json_key(r->w, "chance");
    hx_json_double(r->w, places(chance, 1e6));
    put_sentence(r, hx_prefer_name(p, p->items[at]), adds ? 2 + above : was > 0 ? 1 : 0, chance);
    hx_json_end_object(r->w);
    return HX_OK;
}

/* ------------------------------------------------------------------ the whole */
static void put_item(const receipt *r) {
    const hx_new_item *i = &r->p->item;
    char seed[24];
    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)i->seed);
    hx_json_key(r->w, "item");
    hx_json_object(r->w);
    hx_json_key(r->w, "text");
    hx_json_str(r->w, i->text);
    hx_json_key(r->w, "category");
    hx_json_str(r->w, i->category);
    hx_json_key(r->w, "price");
    hx_json_double(r->w, i->price);
    hx_json_key(r->w, "seed");
    hx_json_cstr(r->w, seed);
    hx_json_end_object(r->w);
}

static void put_learnt(const receipt *r) {
    const hx_prefer_about a = hx_prefer_learnt(r->p);
    char hash[20];
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)r->p->model->hash);
    hx_json_key(r->w, "learnt");
    hx_json_object(r->w);
    hx_json_key(r->w, "opinions");
    hx_json_int(r->w, (int64_t)a.opinions);
    hx_json_key(r->w, "people");
    hx_json_int(r->w, (int64_t)a.people);
    hx_json_key(r->w, "items");
    hx_json_int(r->w, (int64_t)a.items);
    hx_json_end_object(r->w);
    hx_json_key(r->w, "model");
    hx_json_cstr(r->w, hash);
}

static hx_status write_receipt(receipt *r, hx_error *err) {
    size_t n;
    const int64_t score = r->p->scores[r->person];
    hx_json_object(r->w);
    hx_json_key(r->w, "receipt");
    hx_json_cstr(r->w, "prefer");
    hx_json_key(r->w, "customer");
    hx_json_str(r->w, hx_tastes_people(r->p->tastes, &n)[r->person]);
    put_item(r);
    hx_json_key(r->w, "as_of_ms");
    hx_json_double(r->w, r->p->now - 1);
    put_chance(r->p, score, r->w);
    put_millionths(r->w, "score", score);
    put_millionths(r->w, "base", r->phi[r->p->model->n_columns]);
    HX_TRY(put_terms(r, err));
    put_quotes(r);
    HX_TRY(put_otherwise(r, err));
    put_learnt(r);
    hx_json_end_object(r->w);
    return HX_OK;
}

hx_status hx_prefer_receipt(hx_preferring *p, size_t person, hx_arena *arena, hx_str *out,
                            hx_error *err) {
    hx_buf json;
    hx_json_writer w;
    receipt r = {.p = p,
                 .person = (uint32_t)person,
                 .phi = p->phi + person * (p->model->n_columns + 1),
                 .closest = hx_prefer_find_closest(p, (uint32_t)person),
                 .w = &w};
    hx_buf_init(&json, BYTES_MAX);
    hx_buf_init(&r.words, 1u << 20);
    hx_json_begin(&w, &json);
    hx_status st = write_receipt(&r, err);
    if (st == HX_OK) st = hx_buf_status(&json, "a receipt", err);
    if (st == HX_OK) *out = hx_arena_str(arena, hx_buf_str(&json));
    if (st == HX_OK && !out->ptr) st = no_memory(err);
    hx_buf_release(&json);
    hx_buf_release(&r.words);
    return st;
}

/* ------------------------------------------------------------------ read again */
static bool kept(hx_arena *arena, const json_t *o, const char *key, hx_str *out) {
    const json_t *v = json_object_get(o, key);
    if (!json_is_string(v)) return false;
    *out = hx_arena_str(arena, (hx_str){json_string_value(v), json_string_length(v)});
    return out->ptr != NULL;
}

hx_status hx_prefer_item_of(hx_str text, hx_arena *arena, hx_new_item *item, hx_str *customer,
                            hx_error *err) {
    json_t *r = NULL;
    hx_str kind, seed = {NULL, 0};
    HX_TRY(hx_json_parse(text, BYTES_MAX, "the receipt", &r, err));
    const json_t *i = json_object_get(r, "item"), *price = json_object_get(i, "price");
    const bool good = kept(arena, r, "receipt", &kind) && hx_str_equal(kind, hx_str_of("prefer")) &&
                      kept(arena, r, "customer", customer) && kept(arena, i, "text", &item->text) &&
                      kept(arena, i, "category", &item->category) && kept(arena, i, "seed", &seed);
    item->price = json_is_number(price) ? json_number_value(price) : NAN;
    item->as_of = json_number_value(json_object_get(r, "as_of_ms"));
    item->seed = 0;
    for (size_t k = 0; good && k < seed.len && k < 20; k++)
        item->seed = item->seed * 10 + (uint64_t)((seed.ptr[k] - '0') & 15);
    json_decref(r);
    if (good) return HX_OK;
    return hx_fail(err, HX_EFORMAT, "this is no receipt of a preference");
}
