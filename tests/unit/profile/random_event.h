/* random_event.h - events for property tests: any mix of fields, in the test's arena. */
#ifndef HX_TESTS_RANDOM_EVENT_H
#define HX_TESTS_RANDOM_EVENT_H

#include <stdio.h>

#include "base/civil.h"
#include "base/rng.h"
#include "profile/event.h"

static inline hx_str random_word(hx_rng *r, hx_arena *arena, const char *stem, uint64_t n) {
    char text[64];
    snprintf(text, sizeof text, "%s%d", stem, (int)hx_rng_below(r, n));
    return hx_arena_str(arena, hx_str_of(text));
}

/* None in half of the texts, else up to three of ten. */
static inline const hx_aspect *random_aspects(hx_rng *r, hx_arena *arena, size_t *n) {
    hx_aspect *list = hx_arena_alloc(arena, 3 * sizeof *list);
    hx_evidence *e = hx_arena_alloc(arena, sizeof *e);
    uint64_t first = hx_rng_below(r, 10);
    *n = hx_rng_below(r, 2) ? (size_t)hx_rng_below(r, 4) : 0;
    *e = (hx_evidence){{4, 9}, hx_rng_uniform(r) - 0.5};
    for (size_t i = 0; i < *n; i++) {
        char id[32];
        snprintf(id, sizeof id, "side %d", (int)((first + i) % 10));
        uint64_t label = 1 + hx_rng_below(r, HX_SENTIMENT_N - 1);
        list[i] = (hx_aspect){.id = hx_arena_str(arena, hx_str_of(id)),
                              .name = random_word(r, arena, "方面", 5),
                              .span = {0, 4},
                              .opinion = {4, label == HX_SENTIMENT_NEUTRAL ? 4 : 9},
                              .label = (hx_sentiment_label)label,
                              .score = hx_rng_uniform(r),
                              .logit = e->weight,
                              .evidence = e,
                              .n_evidence = 1};
    }
    return list;
}

static inline const hx_annotation *random_annotation(hx_rng *r, hx_arena *arena) {
    hx_annotation *a = hx_arena_alloc(arena, sizeof *a);
    *a = (hx_annotation){0};
    hx_evidence *e = hx_arena_alloc(arena, 2 * sizeof *e);
    hx_keyword *k = hx_arena_alloc(arena, 2 * sizeof *k);
    for (int i = 0; i < 2; i++) {
        e[i] = (hx_evidence){{(uint32_t)i, (uint32_t)i + 1}, hx_rng_uniform(r) - 0.5};
        k[i] = (hx_keyword){{0, 2}, random_word(r, arena, "词", 100), hx_rng_uniform(r)};
    }
    a->engine = HX_ENGINE_RULES;
    a->lang = (hx_lang)hx_rng_below(r, HX_LANG_N);
    a->noise = hx_rng_below(r, 10) == 0 ? HX_NOISE_ADVERT : HX_NOISE_NONE;
    a->sentiment = (hx_sentiment){
        (hx_sentiment_label)hx_rng_below(r, HX_SENTIMENT_N), hx_rng_uniform(r), 0.25, -0.5, e, 2};
    hx_intent_label intent = (hx_intent_label)hx_rng_below(r, HX_INTENT_N);
    a->intent = (hx_intent){.label = intent,
                            .score = hx_rng_uniform(r),
                            .evidence = e,
                            .n_evidence = 1,
                            .holds = 1u << intent};
    a->keywords = k;
    a->n_keywords = 2;
    a->aspects = random_aspects(r, arena, &a->n_aspects);
    a->similarity = hx_rng_next(r);
    a->model = 42;
    return a;
}

/* One label; or several of sets of their own, one of them a number; or a number alone. */
static inline void random_model_labels(hx_rng *r, hx_arena *arena, hx_event *e) {
    static const char *const sets[] = {"mood", "主题", "stars", "topics.price"};
    uint32_t n = hx_rng_below(r, 2) ? 1 : 4, first = (uint32_t)hx_rng_below(r, 3);
    hx_model_label *l = hx_arena_alloc(arena, n * sizeof *l);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t set = n == 1 ? first : i;
        bool number = set == 2;
        l[i] =
            (hx_model_label){.set = hx_str_of(sets[set]),
                             .label = number ? HX_STR_LIT("") : random_word(r, arena, "label ", 5),
                             .score = number ? 10 * hx_rng_uniform(r) - 5 : hx_rng_uniform(r),
                             .engine = HX_ENGINE_LLAMA,
                             .kernels = HX_STR_LIT("scalar"),
                             .model = HX_STR_LIT("0123456789abcdef")};
    }
    e->model_labels = l;
    e->n_model_labels = n;
}

static inline hx_event random_event(hx_rng *r, hx_arena *arena, const hx_id *ids, uint32_t n_ids) {
    static const uint32_t one_import[] = {3};
    hx_event e = {.type = HX_EVENT_TRACK,
                  .kind = (hx_event_kind)hx_rng_below(r, HX_KIND_N),
                  .rating = HX_RATING_NONE};
    e.row_hash = hx_rng_next(r);
    e.time = hx_rng_below(r, 20) == 0 ? HX_TIME_NONE
                                      : 1700000000000 + (int64_t)hx_rng_below(r, 400) * 43200000;
    e.ids = ids;
    e.n_ids = n_ids;
    e.imports = one_import;
    e.n_imports = 1;
    if (e.kind == HX_KIND_OTHER) e.name = random_word(r, arena, "Event ", 5);
    if (hx_rng_below(r, 2)) e.order = random_word(r, arena, "O", 50);
    if (hx_rng_below(r, 2)) e.item = random_word(r, arena, "sku", 300);
    if (hx_rng_below(r, 2)) e.category = random_word(r, arena, "类", 90);
    if (e.kind == HX_KIND_ORDER || e.kind == HX_KIND_REFUND) {
        e.has_amount = true;
        e.amount = (hx_money)hx_rng_below(r, 10000000) * (e.kind == HX_KIND_REFUND ? -1 : 1);
        e.quantity = HX_MONEY_ONE * (int64_t)hx_rng_below(r, 5);
        e.discount = (hx_money)hx_rng_below(r, 3) * 1000;
        e.currency = hx_rng_below(r, 3) ? HX_STR_LIT("CNY") : HX_STR_LIT("USD");
    }
    if (hx_rng_below(r, 3) == 0) e.rating = (int32_t)hx_rng_below(r, 6) * 1000;
    if (hx_rng_below(r, 2)) {
        e.text = random_word(r, arena, "文本 text ", 1000);
        e.annotation = random_annotation(r, arena);
        if (hx_rng_below(r, 2)) random_model_labels(r, arena, &e);
    }
    if (hx_rng_below(r, 3) == 0) {
        hx_property *p = hx_arena_alloc(arena, sizeof *p);
        *p = (hx_property){random_word(r, arena, "字段", 4), random_word(r, arena, "值", 3),
                           HX_VALUE_TEXT};
        e.properties = p;
        e.n_properties = 1;
    }
    return e;
}

#endif
