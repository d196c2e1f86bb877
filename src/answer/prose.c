/* prose.c - a profile in three to six sentences, Chinese or English, from a template; see hx_answer_prose().
 *
 *     who, since when  |  what and how much  |  how often, how long ago  |  what they like  |  how they feel, a quote  |  segments
 *
 * A sentence whose facts are missing is left out. Every number goes through fact_*(), which writes it down as a fact in the same digits, and the whole is
 * held against the facts by hx_prose_check() before anybody sees it: the check that prose of a language model has to pass as well. */
#include "answer/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/money.h"

#define FACTS_MAX 48
#define PROSE_BYTES ((size_t)16 << 10)
#define QUOTE_LEAST 12 /* bytes */
#define QUOTE_MOST 240
#define DAY_MS 86400000

typedef struct {
    const hx_profile *p;
    const hx_customer *c; /* NULL where the person is not in the population */
    const hx_zone *zone;
    int64_t as_of;
    bool zh;
    hx_arena *arena;
    hx_buf prose;
    const char *names[FACTS_MAX];
    hx_str facts[FACTS_MAX]; /* as they are written */
    size_t n;
    hx_str quote; /* empty: none */
    uint64_t quote_event;
} telling;

/* ------------------------------------------------------------------ facts */
static hx_str fact(telling *t, const char *name, const char *written) {
    if (t->n == FACTS_MAX) return (hx_str){NULL, 0};
    t->names[t->n] = name;
    t->facts[t->n] = hx_arena_str(t->arena, hx_str_of(written));
    return t->facts[t->n++];
}

static const char *fact_count(telling *t, const char *name, uint64_t v) {
    char text[32];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    return fact(t, name, text).ptr ? t->facts[t->n - 1].ptr : "";
}

static const char *fact_money(telling *t, const char *name, hx_money m) {
    char text[HX_MONEY_TEXT_MAX];
    return fact(t, name, hx_money_text(m, text)).ptr ? t->facts[t->n - 1].ptr : "";
}

static const char *fact_day(telling *t, const char *name, int64_t ms) {
    char text[32];
    const hx_civil c = hx_civil_from_ms(hx_zone_to_local_ms(t->zone, ms));
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d", c.year, c.month, c.day);
    return fact(t, name, text).ptr ? t->facts[t->n - 1].ptr : "";
}

static const char *fact_text(telling *t, const char *name, hx_str v) {
    const hx_str kept = hx_arena_str(t->arena, v);
    return kept.ptr && fact(t, name, kept.ptr).ptr ? t->facts[t->n - 1].ptr : "";
}

static const char *plural(uint64_t n) {
    return n == 1 ? "" : "s";
}

static void say(telling *t, const char *text) {
    (void)hx_buf_append_str(&t->prose, hx_str_of(text));
}

/* ------------------------------------------------------------------ who */
static hx_str trait(const hx_profile *p, const char *name) {
    for (uint32_t i = 0; i < p->n_traits; i++)
        if (hx_str_equal(p->traits[i].name, hx_str_of(name))) return p->traits[i].value;
    return (hx_str){NULL, 0};
}

static void say_who(telling *t) {
    char scratch[HX_PROFILE_ID_MAX];
    const hx_str city = trait(t->p, "city"), work = trait(t->p, "occupation");
    say(t, fact_text(t, "name", hx__person_name(t->p, scratch)));
    if (city.len + work.len > 0) {
        say(t, t->zh ? "（" : " (");
        if (city.len > 0) say(t, fact_text(t, "city", city));
        if (city.len > 0 && work.len > 0) say(t, t->zh ? "，" : ", ");
        if (work.len > 0) say(t, fact_text(t, "occupation", work));
        say(t, t->zh ? "）" : ")");
    }
    if (t->p->first == HX_TIME_NONE) {
        say(t, t->zh ? "是这家店的客户。" : " is a customer.");
        return;
    }
    const char *since = fact_day(t, "first", t->p->first);
    (void)hx_buf_printf(&t->prose, t->zh ? "自 %s 起为人所知。" : " has been known since %s.",
                        since);
}

/* ------------------------------------------------------------------ purchases */
static void say_orders(telling *t) {
    hx_str currency;
    const hx_profile *p = t->p;
    if (p->n_orders == 0) {
        say(t, t->zh ? "还没有下过单。" : " They have not ordered yet.");
        return;
    }
    const char *orders = fact_count(t, "orders", p->n_orders);
    const char *spent = fact_money(t, "spent", hx_profile_spent(p, &currency));
    const char *unit = currency.len > 0 ? fact_text(t, "currency", currency) : "";
    (void)hx_buf_printf(
        &t->prose, t->zh ? "共下单 %s 次，消费 %s%s%s" : " They placed %s order%s and spent %s",
        orders, t->zh ? spent : plural(p->n_orders), t->zh ? " " : spent, t->zh ? unit : "");
    if (!t->zh && *unit) (void)hx_buf_printf(&t->prose, " %s", unit);
    if (p->n_refunds > 0) {
        const char *refunds = fact_count(t, "refunds", p->n_refunds);
        (void)hx_buf_printf(&t->prose, t->zh ? "（已减去 %s 次退款）" : ", %s refund%s taken off",
                            refunds, plural(p->n_refunds));
    }
    say(t, t->zh ? "。" : ".");
}

static void say_rhythm(telling *t) {
    const hx_profile *p = t->p;
    if (p->last_purchase == HX_TIME_NONE || t->as_of == HX_TIME_NONE) return;
    const uint64_t days = (uint64_t)((t->as_of - p->last_purchase) / DAY_MS);
    const char *last = fact_day(t, "last_purchase", p->last_purchase);
    const char *ago = fact_count(t, "days_since", days);
    (void)hx_buf_printf(&t->prose,
                        t->zh ? "最近一次购买在 %s（%s 天前）"
                              : " The last purchase was on %s, %s day%s ago",
                        last, ago, plural(days));
    if (p->purchase_days > 2) {
        const double gap = (double)p->gap_sum / (double)(p->purchase_days - 1);
        const char *mean = fact_count(t, "mean_gap_days", (uint64_t)llround(gap));
        const bool late = (double)days > 2 * gap;
        (void)hx_buf_printf(
            &t->prose, t->zh ? "，平时约 %s 天一次%s" : "; they usually buy every %s days%s", mean,
            !late   ? ""
            : t->zh ? "，这次的间隔已是平时的两倍以上"
                    : ", so this silence is unusually long");
    }
    say(t, t->zh ? "。" : ".");
}

static void say_interests(telling *t) {
    uint32_t order[HX_INTERESTS_MAX];
    const size_t n = hx_profile_interests(t->p, order), shown = n < 3 ? n : 3;
    if (shown == 0) return;
    say(t, t->zh ? "最感兴趣的是" : " What interests them most: ");
    for (size_t i = 0; i < shown; i++) {
        if (i > 0) say(t, t->zh ? "、" : ", ");
        say(t, fact_text(t, "interest", t->p->interests[order[i]].name));
    }
    say(t, t->zh ? "。" : ".");
}

/* ------------------------------------------------------------------ voice */
static const hx_aspect_count *extreme(const hx_aspect_count *list, size_t n, bool good) {
    const hx_aspect_count *best = NULL;
    for (size_t i = 0; i < n; i++) {
        const double mean = hx_profile_aspect_mean(&list[i]);
        const bool fits = list[i].count >= 2 && (good ? mean > 0.1 : mean < -0.1);
        if (!fits) continue;
        const double most = best ? hx_profile_aspect_mean(best) : 0;
        if (!best || (good ? mean > most : mean < most)) best = &list[i];
    }
    return best;
}

static void say_aspects(telling *t) {
    hx_aspect_count list[HX_PROFILE_ASPECTS_MAX];
    const size_t n = hx_profile_aspects(t->p, list);
    const hx_aspect_count *good = extreme(list, n, true), *bad = extreme(list, n, false);
    if (good) {
        say(t, t->zh ? "，对" : ", happiest with ");
        say(t, fact_text(t, "likes", t->zh ? good->name : good->id));
        if (t->zh) say(t, "最满意");
    }
    if (bad) {
        say(t, t->zh ? "，对" : good ? " and unhappiest with " : ", unhappiest with ");
        say(t, fact_text(t, "dislikes", t->zh ? bad->name : bad->id));
        if (t->zh) say(t, "最不满");
    }
}

static void say_voice(telling *t) {
    const hx_profile *p = t->p;
    const uint64_t good = p->sentiments[HX_SENTIMENT_POSITIVE],
                   bad = p->sentiments[HX_SENTIMENT_NEGATIVE];
    if (p->n_texts == 0) {
        say(t, t->zh ? "没有留下文字。" : " They have not written anything.");
        return;
    }
    const char *texts = fact_count(t, "texts", p->n_texts);
    const char *up = fact_count(t, "positive", good), *down = fact_count(t, "negative", bad);
    (void)hx_buf_printf(&t->prose,
                        t->zh ? "在 %s 条文字里正面 %s 条、负面 %s 条"
                              : " Of their %s text%s %s read%s as positive and %s as negative",
                        texts, t->zh ? up : plural(p->n_texts), t->zh ? down : up,
                        good == 1 ? "s" : "", down);
    say_aspects(t);
    say(t, t->zh ? "。" : ".");
    if (t->quote.len > 0)
        (void)hx_buf_printf(&t->prose, t->zh ? "原话：“%.*s”。" : " In their words: “%.*s”",
                            (int)t->quote.len, t->quote.ptr);
}

static void say_segments(telling *t) {
    size_t n = 0;
    for (int id = 0; t->c && id < HX_SEGMENT_N; id++) {
        if (!(t->c->segments >> id & 1)) continue;
        say(t, n++ > 0 ? (t->zh ? "、" : ", ") : t->zh ? "属于分群：" : " Segments: ");
        say(t,
            fact_text(t, "segment",
                      hx_str_of(hx_segment_name((hx_segment_id)id, t->zh ? HX_UI_ZH : HX_UI_EN))));
    }
    if (n > 0) say(t, t->zh ? "。" : ".");
}

/* ------------------------------------------------------------------ a quote */
/* The surest text of the mood that most of theirs have. */
static void choose_quote(telling *t, const hx_event *events, size_t n) {
    const hx_profile *p = t->p;
    const hx_sentiment_label mood =
        p->sentiments[HX_SENTIMENT_NEGATIVE] > p->sentiments[HX_SENTIMENT_POSITIVE]
            ? HX_SENTIMENT_NEGATIVE
            : HX_SENTIMENT_POSITIVE;
    double best = 0;
    for (size_t i = 0; i < n; i++) {
        const hx_event *e = &events[i];
        const bool fits = e->annotation && e->annotation->noise == HX_NOISE_NONE &&
                          e->kind != HX_KIND_SEARCH && e->text.len >= QUOTE_LEAST &&
                          e->text.len <= QUOTE_MOST && e->annotation->sentiment.label == mood;
        const bool plain = fits && !memchr(e->text.ptr, '"', e->text.len) &&
                           !memchr(e->text.ptr, '\n', e->text.len);
        if (!plain || e->annotation->sentiment.score <= best) continue;
        best = e->annotation->sentiment.score;
        t->quote = e->text;
        t->quote_event = hx_event_id(e);
    }
}

/* ------------------------------------------------------------------ JSON */
static void put_facts(const telling *t, hx_json_writer *w) {
    hx_json_key(w, "facts");
    hx_json_array(w);
    for (size_t i = 0; i < t->n; i++) {
        hx_json_object(w);
        hx__value_cstr(w, "fact", t->names[i]);
        hx__value_str(w, "value", t->facts[i]);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_key(w, "quotes");
    hx_json_array(w);
    if (t->quote.len > 0) {
        hx_json_object(w);
        hx__value_hash(w, "event", t->quote_event);
        hx__value_str(w, "text", t->quote);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_all(const telling *t, hx_buf *out) {
    char id[HX_PROFILE_ID_MAX];
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    hx__value_cstr(&w, "id", hx_profile_id_text(t->p->key, id));
    hx__value_str(&w, "name", t->facts[0]);
    hx__value_time(&w, "as_of", t->as_of);
    hx__value_cstr(&w, "lang", t->zh ? "zh" : "en");
    hx__value_str(&w, "prose", hx_buf_str(&t->prose));
    put_facts(t, &w);
    hx_json_end_object(&w);
}

static hx_status tell(telling *t, hx_store *s, hx_buf *out, hx_error *err) {
    char bad[HX_PROSE_BAD_MAX];
    hx_event *events = NULL;
    size_t n = 0;
    HX_TRY(hx__person_events(s, t->p->key, t->as_of, t->arena, &events, &n, err));
    choose_quote(t, events, n);
    say_who(t);
    say_orders(t);
    say_rhythm(t);
    say_interests(t);
    say_voice(t);
    say_segments(t);
    HX_TRY(hx_buf_status(&t->prose, "sentences", err));
    if (!hx_prose_check(hx_buf_str(&t->prose), t->facts, t->n, &t->quote, t->quote.len > 0, bad))
        return hx_fail(err, HX_ECONFLICT, "the sentences say what no fact says: %s", bad);
    put_all(t, out);
    return HX_OK;
}

static hx_status tell_person(hx_store *s, uint64_t person, const hx_answer_options *o,
                             const hx_population *pop, telling *t, hx_buf *out, hx_error *err) {
    hx_zone zone;
    hx_profile *p = hx_profile_new();
    if (!p) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_status st = hx__person_profile(s, person, pop->as_of, p, err);
    if (st == HX_OK) st = hx__answer_zone(s, o, &zone, err);
    if (st == HX_OK) {
        t->p = p;
        t->c = hx__population_find(pop, person);
        t->zone = &zone;
        t->as_of = pop->as_of;
        st = tell(t, s, out, err);
        hx_zone_release(&zone);
    }
    hx_profile_free(p);
    return st;
}

hx_status hx_answer_prose(hx_store *s, hx_str who, const hx_answer_options *o, hx_arena *arena,
                          hx_str *json, hx_error *err) {
    uint64_t person;
    hx_buf out;
    hx_population *pop = NULL;
    HX_TRY(hx_store_find(s, who, &person, err));
    HX_TRY(hx__population_open(&pop, s, hx__answer_as_of(o), err));
    telling t = {.zh = hx__answer_ui(o) == HX_UI_ZH, .arena = hx_arena_new(0)};
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_buf_init(&t.prose, PROSE_BYTES);
    hx_status st = t.arena ? tell_person(s, person, o, pop, &t, &out, err)
                           : hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_buf_release(&t.prose);
    hx_arena_free(t.arena);
    hx__population_close(pop);
    return hx__value_finish(&out, st, arena, json, err);
}
