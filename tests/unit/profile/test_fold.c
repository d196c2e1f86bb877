/* Events and profiles as bytes, and the fold: what it counts, and that it depends on the sequence of events alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash.h"
#include "profile/profile.h"
#include "random_event.h"

static hx_arena *arena;
static const hx_id ids[] = {{HX_ID_CUSTOMER, {"u1", 2}}, {HX_ID_EMAIL, {"a@b.cn", 6}}};

static int compare(const void *a, const void *b) {
    return hx_event_compare(a, b);
}

static hx_event *random_history(uint64_t seed, size_t n) {
    hx_rng r;
    hx_rng_seed(&r, seed);
    hx_event *e = hx_arena_alloc(arena, n * sizeof *e);
    for (size_t i = 0; i < n; i++)
        e[i] = random_event(&r, arena, ids, 1 + (uint32_t)hx_rng_below(&r, 2));
    qsort(e, n, sizeof *e, compare);
    return e;
}

static void bytes_of(const hx_profile *p, hx_buf *out) {
    hx_buf_init(out, 1u << 24);
    hx_profile_write(p, out);
    assert_false(out->failed);
}

static void assert_same_bytes(const hx_profile *a, const hx_profile *b) {
    hx_buf x, y;
    bytes_of(a, &x);
    bytes_of(b, &y);
    assert_int_equal(x.len, y.len);
    assert_memory_equal(x.ptr, y.ptr, x.len);
    hx_buf_release(&x);
    hx_buf_release(&y);
}

static void events_go_round(void **state) {
    (void)state;
    hx_event *e = random_history(1, 500);
    hx_buf b, again;
    hx_buf_init(&b, 1u << 24);
    hx_buf_init(&again, 1u << 24);
    for (size_t i = 0; i < 500; i++) {
        hx_buf_reset(&b);
        hx_event_write(&e[i], &b);
        hx_cursor c = hx_cursor_of(hx_buf_str(&b));
        hx_event back;
        assert_true(hx_event_read(&c, arena, &back));
        assert_ptr_equal(c.at, c.end);
        assert_int_equal(hx_event_id(&back), hx_event_id(&e[i]));
        assert_int_equal(back.time, e[i].time);
        assert_int_equal(back.amount, e[i].amount);
        hx_buf_reset(&again);
        hx_event_write(&back, &again);
        assert_int_equal(again.len, b.len);
        assert_memory_equal(again.ptr, b.ptr, b.len);
    }
    hx_buf_release(&b);
    hx_buf_release(&again);
}

/* Any cut and any flipped byte is refused or read as something, never over-read (the sanitizer build watches). */
static void damaged_events_are_refused(void **state) {
    (void)state;
    hx_event *e = random_history(2, 40);
    hx_buf b;
    hx_buf_init(&b, 1u << 24);
    for (size_t i = 0; i < 40; i++) {
        hx_buf_reset(&b);
        hx_event_write(&e[i], &b);
        for (size_t cut = 0; cut < b.len; cut++) {
            char *copy = malloc(cut ? cut : 1);
            hx_event back;
            if (cut) memcpy(copy, b.ptr, cut);
            hx_cursor c = hx_cursor_of((hx_str){copy, cut});
            assert_false(hx_event_read(&c, arena, &back));
            free(copy);
        }
        for (size_t at = 0; at < b.len; at++) {
            hx_event back;
            b.ptr[at] = (char)(b.ptr[at] ^ 0x55);
            hx_cursor c = hx_cursor_of(hx_buf_str(&b));
            hx_event_read(&c, arena, &back);
            b.ptr[at] = (char)(b.ptr[at] ^ 0x55);
        }
    }
    hx_buf_release(&b);
}

static void blocks_go_round(void **state) {
    (void)state;
    hx_event *e = random_history(3, 300), *back;
    hx_event_head heads[300];
    hx_buf raw, block;
    hx_error err = {.code = HX_OK};
    size_t n;
    hx_event_codec *codec = hx_event_codec_new();
    hx_buf_init(&raw, 1u << 24);
    hx_buf_init(&block, 1u << 24);
    for (size_t i = 0; i < 300; i++)
        hx_event_write(&e[i], &raw);
    hx_cursor c = hx_cursor_of(hx_buf_str(&raw));
    for (size_t i = 0; i < 300; i++)
        assert_true(hx_event_head_read(&c, &heads[i]));
    assert_int_equal(hx_event_block_write(codec, heads, 300, &block, &err), HX_OK);
    assert_true(block.len < raw.len);
    assert_int_equal(hx_event_block_read(codec, hx_buf_str(&block), arena, &back, &n, &err), HX_OK);
    assert_int_equal(n, 300);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(hx_event_compare(&back[i], &e[i]), 0);
    for (size_t cut = 0; cut < block.len; cut += 7)
        assert_int_equal(
            hx_event_block_read(codec, (hx_str){block.ptr, cut}, arena, &back, &n, &err),
            HX_EFORMAT);
    hx_buf_release(&raw);
    hx_buf_release(&block);
    hx_event_codec_free(codec);
}

/* Folding on after a save and a load gives what folding at one go gives, wherever the break is. */
static void stream_equals_batch(void **state) {
    (void)state;
    for (uint64_t seed = 10; seed < 30; seed++) {
        hx_event *e = random_history(seed, 200);
        hx_profile *whole = hx_profile_new(), *part = hx_profile_new(), *loaded = hx_profile_new();
        hx_error err = {.code = HX_OK};
        for (size_t i = 0; i < 200; i++)
            hx_profile_fold(whole, &e[i]);
        size_t cut = (size_t)(seed * 7 % 200);
        for (size_t i = 0; i < cut; i++)
            hx_profile_fold(part, &e[i]);
        hx_buf b;
        bytes_of(part, &b);
        assert_int_equal(hx_profile_read(hx_buf_str(&b), loaded, &err), HX_OK);
        assert_same_bytes(part, loaded);
        for (size_t i = cut; i < 200; i++) {
            assert_true(hx_profile_can_extend(loaded, &e[i]));
            hx_profile_fold(loaded, &e[i]);
        }
        assert_same_bytes(whole, loaded);
        if (cut > 0) assert_false(hx_profile_can_extend(whole, &e[0]));
        hx_buf_release(&b);
        hx_profile_free(whole);
        hx_profile_free(part);
        hx_profile_free(loaded);
    }
}

static void damaged_profiles_are_refused(void **state) {
    (void)state;
    hx_event *e = random_history(4, 100);
    hx_profile *p = hx_profile_new(), *q = hx_profile_new();
    hx_error err = {.code = HX_OK};
    hx_buf b;
    for (size_t i = 0; i < 100; i++)
        hx_profile_fold(p, &e[i]);
    bytes_of(p, &b);
    for (size_t cut = 0; cut < b.len; cut++)
        assert_int_equal(hx_profile_read((hx_str){b.ptr, cut}, q, &err), HX_EFORMAT);
    hx_buf_release(&b);
    hx_profile_free(p);
    hx_profile_free(q);
}

static hx_event order(int64_t day, const char *id, hx_money amount) {
    return (hx_event){.kind = amount < 0 ? HX_KIND_REFUND : HX_KIND_ORDER,
                      .row_hash = (uint64_t)day * 1000 + (uint64_t)(amount < 0 ? -amount : amount),
                      .time = day * HX_DAY_MS + 13 * 3600000,
                      .ids = ids,
                      .n_ids = 1,
                      .order = hx_str_of(id),
                      .amount = amount * HX_MONEY_ONE,
                      .has_amount = true,
                      .quantity = amount < 0 ? -HX_MONEY_ONE : HX_MONEY_ONE,
                      .currency = HX_STR_LIT("CNY"),
                      .category = HX_STR_LIT("户外"),
                      .rating = HX_RATING_NONE};
}

static void money_orders_and_gaps(void **state) {
    (void)state;
    hx_profile *p = hx_profile_new();
    const hx_event e[] = {order(10, "A", 100), order(10, "A", 50), order(13, "B", 20),
                          order(20, "B", -30), order(23, "C", 5)};
    for (size_t i = 0; i < 5; i++)
        hx_profile_fold(p, &e[i]);
    hx_str currency;
    assert_int_equal(p->n_orders, 3);
    assert_int_equal(p->n_lines, 4);
    assert_int_equal(p->n_refunds, 1);
    assert_int_equal(hx_profile_spent(p, &currency), 145 * HX_MONEY_ONE);
    assert_true(hx_str_equal(currency, HX_STR_LIT("CNY")));
    assert_int_equal(p->spent[0].refunded, 30 * HX_MONEY_ONE);
    assert_int_equal(p->purchase_days, 3); /* 10, 13, 23: gaps 3 and 10 */
    assert_int_equal(p->gap_sum, 13);
    assert_int_equal(p->gap_square_sum, 109);
    assert_int_equal(p->by_hour[13], 5);
    assert_int_equal(p->interests[0].weight, 16);
    assert_int_equal(p->interests[0].orders, 4);
    hx_profile_free(p);
}

static hx_event statement(int64_t time, uint64_t hash, hx_property *p) {
    return (hx_event){.type = HX_EVENT_IDENTIFY,
                      .kind = HX_KIND_TRAITS,
                      .row_hash = hash,
                      .time = time,
                      .ids = ids,
                      .n_ids = 2,
                      .rating = HX_RATING_NONE,
                      .properties = p,
                      .n_properties = 1};
}

static void later_traits_win_and_undated_ones_conflict(void **state) {
    (void)state;
    hx_profile *p = hx_profile_new();
    hx_property shanghai = {HX_STR_LIT("city"), HX_STR_LIT("上海"), HX_VALUE_TEXT};
    hx_property beijing = {HX_STR_LIT("city"), HX_STR_LIT("北京"), HX_VALUE_TEXT};
    hx_event first = statement(HX_TIME_NONE, 1, &shanghai),
             second = statement(HX_TIME_NONE, 2, &beijing);
    hx_event third = statement(5, 3, &shanghai), fourth = statement(9, 4, &beijing);
    hx_profile_fold(p, &first);
    hx_profile_fold(p, &second);
    assert_int_equal(p->n_conflicts, 1);
    assert_true(hx_str_equal(p->conflicts[0].value, HX_STR_LIT("上海")));
    hx_profile_fold(p, &third);
    hx_profile_fold(p, &fourth);
    assert_true(hx_str_equal(hx_profile_trait(p, "city")->value, HX_STR_LIT("北京")));
    assert_int_equal(hx_profile_trait(p, "city")->at, 9);
    assert_int_equal(p->n_ids, 2);
    assert_int_equal(p->key, hx_id_key(ids[0]));
    hx_profile_free(p);
}

static hx_event said(int64_t time, uint64_t hash, const hx_model_label *l) {
    return (hx_event){.type = HX_EVENT_TRACK,
                      .kind = HX_KIND_REVIEW,
                      .row_hash = hash,
                      .time = time,
                      .ids = ids,
                      .n_ids = 1,
                      .text = HX_STR_LIT("text"),
                      .rating = HX_RATING_NONE,
                      .model_labels = l,
                      .n_model_labels = l != NULL};
}

static void labels_of_models_are_counted_by_set(void **state) {
    (void)state;
    const hx_str mood = HX_STR_LIT("mood"), topic = HX_STR_LIT("topic");
    const hx_model_label bad = {.set = mood, .label = HX_STR_LIT("negative"), .score = 0.75},
                         good = {.set = mood, .label = HX_STR_LIT("positive"), .score = 0.5},
                         food = {.set = topic, .label = HX_STR_LIT("negative"), .score = 1};
    const hx_event events[] = {said(HX_TIME_NONE, 9, &good),
                               said(5, 1, &bad),
                               said(6, 2, &bad),
                               said(7, 3, &good),
                               said(8, 4, &food),
                               said(9, 5, NULL)};
    hx_profile *p = hx_profile_new(), *again = hx_profile_new();
    hx_error err = {.code = HX_OK};
    hx_buf b;
    assert_null(hx_profile_last_label(p, mood));
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        hx_profile_fold(p, &events[i]);
        const char *last = i == 0 || i > 2 ? "positive" : "negative";
        assert_true(hx_str_equal(hx_profile_last_label(p, mood)->label, hx_str_of(last)));
    }
    assert_int_equal(hx_profile_labelled(p, mood), 4);
    assert_int_equal(hx_profile_labelled(p, topic), 1);
    assert_int_equal(hx_profile_label(p, mood, bad.label)->count, 2);
    assert_int_equal(hx_profile_label(p, mood, bad.label)->score_sum, 1500000);
    assert_int_equal(hx_profile_label(p, mood, bad.label)->at, 6);
    assert_null(hx_profile_label(p, topic, good.label));
    bytes_of(p, &b);
    assert_int_equal(b.ptr[0], 2);
    assert_int_equal(hx_profile_read(hx_buf_str(&b), again, &err), HX_OK);
    assert_same_bytes(p, again);
    for (size_t cut = 0; cut < b.len; cut++)
        assert_int_equal(hx_profile_read((hx_str){b.ptr, cut}, again, &err), HX_EFORMAT);
    hx_buf_release(&b);
    hx_profile_free(p);
    hx_profile_free(again);
}

static void numbers_of_models_have_a_mean(void **state) {
    (void)state;
    const hx_str stars = HX_STR_LIT("stars");
    const hx_model_label low = {.set = stars, .score = -1.5}, high = {.set = stars, .score = 4.25};
    const hx_event events[] = {said(5, 1, &low), said(6, 2, &high), said(7, 3, &high)};
    hx_profile *p = hx_profile_new(), *again = hx_profile_new();
    hx_buf b;
    for (size_t i = 0; i < 3; i++)
        hx_profile_fold(p, &events[i]);
    const hx_label_count *c = hx_profile_last_label(p, stars);
    assert_int_equal(p->n_labels, 1);
    assert_true(hx_label_is_number(c));
    assert_int_equal(c->count, 3);
    assert_int_equal(c->score_sum, 7000000);
    assert_int_equal(hx_label_mean(c), 2333333);
    assert_int_equal(hx_label_mean(&(hx_label_count){.count = 3, .score_sum = -7}), -3);
    bytes_of(p, &b);
    assert_int_equal(hx_profile_read(hx_buf_str(&b), again, NULL), HX_OK);
    assert_same_bytes(p, again);
    hx_buf_release(&b);
    hx_profile_free(p);
    hx_profile_free(again);
}

/* What was written before there were labels of models is what is written without them. */
static void profiles_without_labels_keep_their_version(void **state) {
    (void)state;
    hx_profile *p = hx_profile_new();
    hx_event e = said(5, 1, NULL);
    hx_buf b;
    hx_profile_fold(p, &e);
    bytes_of(p, &b);
    assert_int_equal(b.ptr[0], 1);
    b.ptr[0] = 2; /* and then it lacks them */
    assert_int_equal(hx_profile_read(hx_buf_str(&b), p, NULL), HX_EFORMAT);
    hx_buf_release(&b);
    hx_profile_free(p);
}

static void labels_beyond_the_cap_are_not_counted(void **state) {
    (void)state;
    hx_profile *p = hx_profile_new();
    char name[16];
    for (int i = 0; i < HX_LABELS_MAX + 5; i++) {
        snprintf(name, sizeof name, "l%d", i);
        hx_model_label l = {.set = HX_STR_LIT("many"), .label = hx_str_of(name), .score = 1};
        hx_event e = said(i, (uint64_t)i, &l);
        hx_profile_fold(p, &e);
    }
    assert_int_equal(p->n_labels, HX_LABELS_MAX);
    assert_int_equal(hx_profile_labelled(p, HX_STR_LIT("many")), HX_LABELS_MAX);
    hx_profile_free(p);
}

static void aspects_are_counted(void **state) {
    (void)state;
    const hx_aspect slow = {.id = HX_STR_LIT("delivery"),
                            .name = HX_STR_LIT("物流"),
                            .label = HX_SENTIMENT_NEGATIVE,
                            .score = 0.75},
                    both[] = {{.id = HX_STR_LIT("price"),
                               .name = HX_STR_LIT("price"),
                               .label = HX_SENTIMENT_MIXED,
                               .score = 0.5},
                              {.id = HX_STR_LIT("delivery"),
                               .name = HX_STR_LIT("delivery"),
                               .label = HX_SENTIMENT_POSITIVE,
                               .score = 0.5}};
    const hx_annotation first = {.aspects = &slow, .n_aspects = 1},
                        second = {.aspects = both, .n_aspects = 2},
                        advert = {.noise = HX_NOISE_ADVERT, .aspects = both, .n_aspects = 2};
    hx_event events[] = {said(5, 1, NULL), said(6, 2, NULL), said(7, 3, NULL)};
    events[0].annotation = &first;
    events[1].annotation = &second;
    events[2].annotation = &advert;
    hx_profile *p = hx_profile_new(), *again = hx_profile_new();
    hx_aspect_count sorted[HX_PROFILE_ASPECTS_MAX];
    hx_error err = {.code = HX_OK};
    hx_buf b;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        hx_profile_fold(p, &events[i]);
    assert_int_equal(hx_profile_aspects(p, sorted), 2);
    assert_true(hx_str_equal(sorted[0].id, slow.id));
    assert_true(hx_str_equal(sorted[0].name, slow.name));
    assert_int_equal(sorted[0].count, 2);
    assert_int_equal(sorted[0].sum, -250);
    assert_int_equal(sorted[0].at, 6);
    assert_int_equal(sorted[0].event, hx_event_id(&events[1]));
    assert_int_equal(hx_profile_aspect(p, HX_STR_LIT("price"))->sum, 0);
    assert_ptr_equal(hx_profile_aspect(p, HX_STR_LIT("物流")),
                     hx_profile_aspect(p, HX_STR_LIT("delivery")));
    assert_null(hx_profile_aspect(p, HX_STR_LIT("taste")));
    bytes_of(p, &b);
    assert_int_equal(b.ptr[0], 3);
    assert_int_equal(hx_profile_read(hx_buf_str(&b), again, &err), HX_OK);
    assert_same_bytes(p, again);
    for (size_t cut = 0; cut < b.len; cut++)
        assert_int_equal(hx_profile_read((hx_str){b.ptr, cut}, again, &err), HX_EFORMAT);
    hx_buf_release(&b);
    hx_profile_free(p);
    hx_profile_free(again);
}

static void aspects_beyond_the_cap_are_not_counted(void **state) {
    (void)state;
    hx_profile *p = hx_profile_new();
    char name[16];
    for (int i = 0; i < HX_PROFILE_ASPECTS_MAX + 5; i++) {
        snprintf(name, sizeof name, "a%d", i);
        const hx_aspect a = {.id = hx_str_of(name), .name = hx_str_of(name)};
        const hx_annotation says = {.aspects = &a, .n_aspects = 1};
        hx_event e = said(i, (uint64_t)i, NULL);
        e.annotation = &says;
        hx_profile_fold(p, &e);
    }
    assert_int_equal(p->n_aspects, HX_PROFILE_ASPECTS_MAX);
    assert_null(hx_profile_aspect(p, hx_str_of(name)));
    hx_profile_free(p);
}

/* Bytes of an event with an annotation and of its profile as they were written before there were aspects: by their hashes. */
static void what_was_written_before_aspects_stays(void **state) {
    (void)state;
    hx_evidence e = {{0, 2}, 0.5};
    hx_keyword k = {{0, 2}, HX_STR_LIT("ok"), 1};
    hx_annotation a = {.engine = HX_ENGINE_RULES, .lang = HX_LANG_EN, .model = 7};
    a.sentiment = (hx_sentiment){HX_SENTIMENT_POSITIVE, 0.625, 0.5, 0, &e, 1};
    a.intent = (hx_intent){.label = HX_INTENT_PRAISE,
                           .score = 0.75,
                           .evidence = &e,
                           .n_evidence = 1,
                           .holds = 1u << HX_INTENT_PRAISE};
    a.keywords = &k;
    a.n_keywords = 1;
    hx_event event = said(5, 1, NULL), back;
    event.annotation = &a;
    hx_profile *p = hx_profile_new(), *again = hx_profile_new();
    hx_buf b;
    hx_buf_init(&b, 1u << 16);
    hx_event_write(&event, &b);
    assert_int_equal(hx_hash(hx_buf_str(&b)), 0xee88af6834e718ccu);
    hx_cursor c = hx_cursor_of(hx_buf_str(&b));
    assert_true(hx_event_read(&c, arena, &back));
    assert_true(back.annotation->sentiment.score == 0.625);
    hx_profile_fold(p, &event);
    hx_buf_release(&b);
    bytes_of(p, &b);
    assert_int_equal(hx_hash(hx_buf_str(&b)), 0xd4e91f5fe020c26fu);
    assert_int_equal(hx_profile_read(hx_buf_str(&b), again, NULL), HX_OK);
    assert_same_bytes(p, again);
    hx_buf_release(&b);
    hx_profile_free(p);
    hx_profile_free(again);
}

/* Space-Saving never undercounts and its error bounds the excess. */
static void interests_stay_bounded(void **state) {
    (void)state;
    hx_profile *p = hx_profile_new();
    hx_rng r;
    int64_t truth[300] = {0};
    hx_rng_seed(&r, 9);
    for (int i = 0; i < 5000; i++) {
        uint64_t k = hx_rng_below(&r, 4) ? hx_rng_below(&r, 10) : hx_rng_below(&r, 300);
        char name[16];
        snprintf(name, sizeof name, "c%d", (int)k);
        hx_event e = order(1, "x", 1);
        e.row_hash = (uint64_t)i;
        e.category = hx_arena_str(arena, hx_str_of(name));
        hx_profile_fold(p, &e);
        truth[k] += 4;
    }
    assert_int_equal(p->n_interests, HX_INTERESTS_MAX);
    for (uint32_t i = 0; i < p->n_interests; i++) {
        int k = atoi(p->interests[i].name.ptr + 1);
        assert_true(p->interests[i].weight >= truth[k]);
        assert_true(p->interests[i].weight - p->interests[i].error <= truth[k]);
    }
    uint32_t by_weight[HX_INTERESTS_MAX];
    assert_int_equal(hx_profile_interests(p, by_weight), HX_INTERESTS_MAX);
    for (int i = 0; i < 10; i++)
        assert_true(atoi(p->interests[by_weight[i]].name.ptr + 1) < 10);
    hx_profile_free(p);
}

/* Edits lie in the event's text: what does not is damage. */
static void corrections_go_round(void **state) {
    (void)state;
    const hx_edit edits[] = {{.span = {0, 1}, .to = HX_STR_LIT("x"), .score = 0.75},
                             {.span = {1, 2}, .to = HX_STR_LIT(""), .score = 0.5}};
    hx_annotation a = {.engine = HX_ENGINE_RULES, .model = 7};
    a.corrected = (hx_corrected){HX_CORRECT_APPLY, HX_ENGINE_RULES, {0.93, 0.8}, 99, edits, 2};
    hx_event event = said(5, 1, NULL), back;
    event.annotation = &a;
    event.text = HX_STR_LIT("ab");
    for (size_t bytes = 2; bytes > 0; bytes--) {
        hx_buf b;
        event.text.len = bytes;
        hx_buf_init(&b, 1u << 16);
        hx_event_write(&event, &b);
        hx_cursor c = hx_cursor_of(hx_buf_str(&b));
        assert_int_equal(hx_event_read(&c, arena, &back), bytes == 2);
        if (bytes == 2) {
            const hx_corrected *r = &back.annotation->corrected;
            assert_int_equal(r->mode, HX_CORRECT_APPLY);
            assert_int_equal(r->engine, HX_ENGINE_RULES);
            assert_true(r->threshold[0] == 0.93 && r->threshold[1] == 0.8 && r->hash == 99);
            assert_int_equal(r->n_edits, 2);
            assert_true(hx_str_equal(r->edits[1].from, HX_STR_LIT("b")));
            assert_true(hx_str_equal(r->edits[0].to, HX_STR_LIT("x")));
            assert_true(r->edits[1].score == 0.5);
        }
        hx_buf_release(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(events_go_round),
                                       cmocka_unit_test(damaged_events_are_refused),
                                       cmocka_unit_test(blocks_go_round),
                                       cmocka_unit_test(stream_equals_batch),
                                       cmocka_unit_test(damaged_profiles_are_refused),
                                       cmocka_unit_test(money_orders_and_gaps),
                                       cmocka_unit_test(later_traits_win_and_undated_ones_conflict),
                                       cmocka_unit_test(labels_of_models_are_counted_by_set),
                                       cmocka_unit_test(profiles_without_labels_keep_their_version),
                                       cmocka_unit_test(numbers_of_models_have_a_mean),
                                       cmocka_unit_test(labels_beyond_the_cap_are_not_counted),
                                       cmocka_unit_test(aspects_are_counted),
                                       cmocka_unit_test(aspects_beyond_the_cap_are_not_counted),
                                       cmocka_unit_test(what_was_written_before_aspects_stays),
                                       cmocka_unit_test(corrections_go_round),
                                       cmocka_unit_test(interests_stay_bounded)};
    arena = hx_arena_new(0);
    int failed = cmocka_run_group_tests_name("profile/fold", tests, NULL, NULL);
    hx_arena_free(arena);
    return failed;
}
