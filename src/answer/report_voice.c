/* report_voice.c - products, categories and words by mood, and the second walk that collects what was said of them.
 *
 * Products are told apart by item id, or by name where there is none. Reviews often name no category: an item takes the one
 * that any of its events gives. The second walk happens only where there are texts.
 * A word or product that first appears when its table is full is not listed; the totals still count it. */
#include <stdlib.h>
#include <string.h>

#include "answer/report.h"
#include "base/error.h"
#include "base/hash.h"

/* ------------------------------------------------------------------ products */
static hx_str kept(hx_report *r, hx_str s) {
    return hx_arena_str(r->arena, hx__report_shorten(s, HX_REPORT_NAME_BYTES));
}

static void name_item(hx_report *r, hx_report_item *item, const hx_event *e) {
    if (!item->named && e->item_name.len > 0) {
        item->name = kept(r, e->item_name);
        item->named = true;
    }
    if (item->name.len == 0) item->name = kept(r, e->item);
    if (item->category.len == 0 && e->category.len > 0) item->category = kept(r, e->category);
}

hx_report_item *hx__report_item_of(hx_report *r, const hx_event *e, bool make) {
    hx_str key = e->item.len > 0 ? e->item : e->item_name;
    if (key.len == 0) return NULL;
    uint64_t hash = hx_hash(key), *at = hx_map_get(&r->item_index, hash);
    size_t n = r->items.len / sizeof(hx_report_item);
    if (!at && make && n < HX_REPORT_ITEMS_MAX) {
        hx_report_item fresh = {0};
        at = hx_map_put(&r->item_index, hash);
        if (!at || !hx_buf_append(&r->items, &fresh, sizeof fresh)) {
            r->items.no_memory = true;
            return NULL;
        }
        *at = n + 1;
    }
    if (!at) return NULL;
    hx_report_item *item = &hx__report_items(r)[*at - 1];
    if (make) name_item(r, item, e);
    return item;
}

static int compare_items(const hx_report_item *a, const hx_report_item *b) {
    if (a->texts != b->texts) return a->texts < b->texts ? 1 : -1;
    return hx_str_compare(a->name, b->name);
}

/* Keeps `list` (of *n indexes, at most `cap`) sorted by `better`, best first. */
static void keep_best(uint32_t *list, size_t *n, size_t cap, uint32_t index,
                      bool (*better)(const hx_report *, uint32_t, uint32_t), const hx_report *r) {
    size_t at = *n;
    while (at > 0 && better(r, index, list[at - 1]))
        at--;
    if (at >= cap) return;
    if (*n < cap) (*n)++;
    memmove(list + at + 1, list + at, (*n - at - 1) * sizeof *list);
    list[at] = index;
}

static bool item_is_better(const hx_report *r, uint32_t a, uint32_t b) {
    return compare_items(&hx__report_items(r)[a], &hx__report_items(r)[b]) < 0;
}

/* ------------------------------------------------------------------ categories */
static void add_to_category(hx_report_item *c, const hx_report_item *item) {
    c->texts += item->texts;
    for (int i = 0; i < HX_SENTIMENT_N; i++)
        c->sentiments[i] += item->sentiments[i];
    c->n_ratings += item->n_ratings;
    c->rating_sum += item->rating_sum;
    c->lines += item->lines;
    hx_money sum;
    if (hx_money_add(c->amount, item->amount, &sum)) c->amount = sum;
}

static int compare_categories(const void *a, const void *b) {
    return compare_items(a, b);
}

static void choose_categories(hx_report *r) {
    hx_report_item *all = hx_arena_alloc(r->arena, HX_REPORT_CATEGORIES_MAX * sizeof *all);
    hx_map index;
    hx_map_init(&index);
    size_t n = 0, n_items = r->items.len / sizeof(hx_report_item);
    for (size_t i = 0; all && i < n_items; i++) {
        const hx_report_item *item = &hx__report_items(r)[i];
        if (item->category.len == 0) continue;
        uint64_t *at = hx_map_put(&index, hx_hash(item->category));
        if (!at || (*at == 0 && n == HX_REPORT_CATEGORIES_MAX)) continue;
        if (*at == 0) {
            all[n] = (hx_report_item){.name = item->category};
            *at = ++n;
        }
        add_to_category(&all[*at - 1], item);
    }
    hx_map_release(&index);
    if (n > 1) qsort(all, n, sizeof *all, compare_categories);
    for (size_t i = 0; i < n && i < HX_REPORT_TOP_ITEMS && all[i].texts > 0; i++)
        r->categories[r->n_categories++] = all[i];
}

/* ------------------------------------------------------------------ words */
static bool is_number(hx_str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((s.ptr[i] < '0' || s.ptr[i] > '9') && s.ptr[i] != '.') return false;
    return true;
}

static hx_report_word *word_of(hx_report *r, hx_str text, bool make) {
    uint64_t hash = hx_hash(text), *at = hx_map_get(&r->word_index, hash);
    size_t n = r->words.len / sizeof(hx_report_word);
    if (!at && make && n < HX_REPORT_WORDS_MAX) {
        hx_report_word fresh = {.text = hx_arena_str(r->arena, text)};
        at = hx_map_put(&r->word_index, hash);
        if (!at || !fresh.text.ptr || !hx_buf_append(&r->words, &fresh, sizeof fresh)) {
            r->words.no_memory = true;
            return NULL;
        }
        *at = n + 1;
    }
    return at && *at ? &hx__report_words(r)[*at - 1] : NULL;
}

void hx__report_count_words(hx_report *r, const hx_event *e) {
    const hx_annotation *a = e->annotation;
    for (size_t i = 0; i < a->n_keywords; i++) {
        hx_str text = a->keywords[i].text;
        if (text.len == 0 || text.len > 60 || is_number(text)) continue;
        hx_report_word *w = word_of(r, text, true);
        if (!w) return;
        w->count++;
        w->sentiments[a->sentiment.label]++;
    }
}

static bool word_is_better(const hx_report *r, uint32_t a, uint32_t b) {
    const hx_report_word *x = &hx__report_words(r)[a], *y = &hx__report_words(r)[b];
    if (x->count != y->count) return x->count > y->count;
    return hx_str_compare(x->text, y->text) < 0;
}

void hx__report_choose_top(hx_report *r) {
    size_t n = r->items.len / sizeof(hx_report_item);
    for (uint32_t i = 0; i < n; i++)
        if (hx__report_items(r)[i].texts > 0)
            keep_best(r->top_items, &r->n_top_items, HX_REPORT_TOP_ITEMS, i, item_is_better, r);
    n = r->words.len / sizeof(hx_report_word);
    for (uint32_t i = 0; i < n; i++)
        keep_best(r->top_words, &r->n_top_words, HX_REPORT_TOP_WORDS, i, word_is_better, r);
    choose_categories(r);
}

/* ------------------------------------------------------------------ second walk */
static bool is_top_item(const hx_report *r, const hx_report_item *item) {
    for (size_t i = 0; i < r->n_top_items; i++)
        if (item == &hx__report_items(r)[r->top_items[i]]) return true;
    return false;
}

static void offer_category(hx_report *r, uint64_t person, const hx_event *e, hx_str category) {
    for (size_t i = 0; i < r->n_categories; i++)
        if (hx_str_equal(r->categories[i].name, category))
            hx__report_offer(r, &r->categories[i].list, person, e, 0,
                             e->annotation->sentiment.label);
}

static void offer_aspects(hx_report *r, uint64_t person, const hx_event *e) {
    hx_report_mention found[HX_REPORT_ASPECTS];
    hx__report_aspects_find(&r->lexicon, e, found);
    for (size_t i = 0; i < HX_REPORT_ASPECTS; i++) {
        if (!found[i].found) continue;
        r->aspects[i].count++;
        r->aspects[i].sentiments[found[i].label]++;
        hx__report_offer(r, &r->aspects[i].list, person, e, found[i].at, found[i].label);
    }
}

static void offer_intent(hx_report *r, uint64_t person, const hx_event *e) {
    const hx_intent *intent = &e->annotation->intent;
    uint32_t at = intent->n_evidence ? intent->evidence[0].span.start : 0;
    hx__report_offer(r, &r->intents[intent->label].list, person, e, at,
                     e->annotation->sentiment.label);
}

static bool is_top_word(const hx_report *r, const hx_report_word *w) {
    const uint32_t last = r->n_top_words ? r->top_words[r->n_top_words - 1] : 0;
    uint32_t index = (uint32_t)(w - hx__report_words(r));
    return r->n_top_words && (index == last || word_is_better(r, index, last));
}

static void offer_words(hx_report *r, uint64_t person, const hx_event *e) {
    const hx_annotation *a = e->annotation;
    for (size_t i = 0; i < a->n_keywords; i++) {
        hx_report_word *w = word_of(r, a->keywords[i].text, false);
        if (!w || !is_top_word(r, w)) continue;
        uint32_t at = a->keywords[i].span.start;
        hx__report_offer(r, &w->list, person, e, at, a->sentiment.label);
    }
}

static hx_status visit_texts(void *context, uint64_t person, const hx_event *events, size_t n,
                             hx_error *err) {
    hx_report *r = context;
    for (size_t i = 0; i < n; i++) {
        const hx_event *e = &events[i];
        if (!hx__report_is_seen(r, e) || !hx__report_speaks(e)) continue;
        hx_buf_append(&r->fingerprints, &e->annotation->similarity, sizeof(uint64_t));
        hx_report_item *item = hx__report_item_of(r, e, false);
        if (item && is_top_item(r, item))
            hx__report_offer(r, &item->list, person, e, 0, e->annotation->sentiment.label);
        if (item && item->category.len > 0) offer_category(r, person, e, item->category);
        offer_intent(r, person, e);
        offer_aspects(r, person, e);
        offer_words(r, person, e);
    }
    if (r->quotes.no_memory) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    return HX_OK;
}

hx_status hx__report_walk_quotes(hx_report *r, hx_error *err) {
    if (r->periods[HX_PERIOD_ALL].texts == 0) return HX_OK;
    return hx_store_each_events(r->store, visit_texts, r, err);
}
