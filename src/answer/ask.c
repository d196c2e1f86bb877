/* ask.c - hx_answer_ask(): a question in words, answered from the store alone, with the figures, the quotes and the events behind them.
 *
 * The question becomes a query (ask_parse.c), the query one walk over the events (ask_walk.c), and what the walk counted the sentences of
 * the answer: nothing in them is from elsewhere. What the store does not have is said to be missing, with what can be asked.
 * The walk is the only place where events are read; receipts are this answer, asked again. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/ask_walk.h"
#include "answer/value.h"
#include "base/error.h"
#include "base/hash.h"

#define RATINGS_MIN 5 /* of a group that is ranked by its mean */
#define PART_ROWS 5
#define SENTENCES_MAX (64u << 10)

typedef struct {
    hx_store *s;
    hx_ask_query q;
    hx_ask_walk walk;
    hx_population *pop;
    hx_zone zone;
    hx_ui_lang ui;
    hx_str question;
    hx_buf say; /* the sentences */
    hx_arena *arena;
    const char *missing; /* why there is no answer; NULL = there is one */
} asking;

static bool zh(const asking *a) {
    return a->ui == HX_UI_ZH;
}

static double value_of(const asking *a, const hx_ask_cell *c) {
    double v;
    return hx__ask_value(&a->q, c, &v) ? v : NAN;
}

/* A number as the sentences have it, and as people write it. */
static void put_number(asking *a, double v) {
    const hx_ask_measure m = a->q.measure;
    const bool money = m == HX_ASK_REVENUE || m == HX_ASK_ORDER_VALUE;
    if (a->q.op == HX_ASK_SHARE)
        (void)hx_buf_printf(&a->say, "%.1f%%", 100 * v);
    else if (money)
        (void)hx_buf_printf(&a->say, "%.2f%s%s", v, a->pop->currency[0] ? " " : "",
                            a->pop->currency);
    else
        (void)hx_buf_printf(&a->say, m == HX_ASK_RATING ? "%.2f" : "%.0f", v);
}

static void say(asking *a, const char *en, const char *chinese) {
    hx_buf_append_lit(&a->say, zh(a) ? chinese : en);
}

/* --- groups, in order ------------------------------------------------------- */
typedef struct {
    double by;
    const hx_ask_group *g;
} ranked;

static int by_value(const void *l, const void *r) {
    const ranked *x = l, *y = r;
    if (x->by < y->by || x->by > y->by) return x->by > y->by ? -1 : 1;
    const int names = hx_str_compare(x->g->name, y->g->name);
    return names ? names : (x->g->key > y->g->key) - (x->g->key < y->g->key);
}

static double order_by(const asking *a, const hx_ask_group *g) {
    if (a->q.dim == HX_ASK_BY_MONTH && a->q.op == HX_ASK_TREND) return -(double)g->key;
    if (a->q.op == HX_ASK_WHY) {
        const double change = value_of(a, &g->cell[0]) - value_of(a, &g->cell[1]);
        return a->q.falls ? -change : change;
    }
    if (a->q.op == HX_ASK_SHARE)
        return (double)g->cell[0].n / (double)(g->base[0].n ? g->base[0].n : 1);
    return a->q.least ? -value_of(a, &g->cell[0]) : value_of(a, &g->cell[0]);
}

static bool takes_part(const asking *a, const hx_ask_group *g, hx_ask_dim dim) {
    if (g->dim != dim) return false;
    if (a->q.op == HX_ASK_WHY) return true;
    if (g->key == 0 && (a->q.op == HX_ASK_TOP || a->q.distinct)) return false;
    if (a->q.measure == HX_ASK_RATING && a->q.op == HX_ASK_TOP) return g->cell[0].n >= RATINGS_MIN;
    return g->cell[0].n > 0;
}

static size_t rank(const asking *a, hx_ask_dim dim, ranked **out) {
    const size_t all = a->walk.groups.len / sizeof(hx_ask_group);
    const hx_ask_group *groups = (const hx_ask_group *)(const void *)a->walk.groups.ptr;
    size_t n = 0;
    *out = hx_arena_alloc(a->arena, (all + 1) * sizeof **out);
    for (size_t i = 0; *out && i < all; i++)
        if (takes_part(a, &groups[i], dim))
            (*out)[n++] = (ranked){order_by(a, &groups[i]), &groups[i]};
    if (n > 1) qsort(*out, n, sizeof **out, by_value);
    return n;
}

/* What a group is called; a customer by name. */
static hx_str name_of(asking *a, const hx_ask_group *g) {
    char scratch[HX_PROFILE_ID_MAX];
    hx_error err = {.ui = a->ui};
    if (g->dim == HX_ASK_BY_ASPECT && g->name.len == 0)
        return hx_str_of(zh(a) ? "未提及任何方面" : "no aspect named");
    if (g->dim != HX_ASK_BY_CUSTOMER)
        return g->name.len ? g->name : hx_str_of(zh(a) ? "未说明" : "not said");
    hx_profile *p = hx_profile_new();
    hx_str name = hx_str_of(hx_profile_id_text(g->key, scratch));
    if (p && hx__person_profile(a->s, g->key, a->pop->as_of, p, &err) == HX_OK)
        name = hx__person_name(p, scratch);
    name = hx_arena_str(a->arena, name);
    hx_profile_free(p);
    return name;
}

/* --- JSON ------------------------------------------------------------------- */
static void put_double(hx_json_writer *w, const char *key, double v) {
    hx__value_double(w, key, isfinite(v) ? round(v * 1e4) / 1e4 + 0.0 : NAN);
}

static double share_of(const hx_ask_group *g, int i) {
    return g->base[i].n ? (double)g->cell[i].n / (double)g->base[i].n : NAN;
}

static double figure(const asking *a, const hx_ask_group *g, int i) {
    return a->q.op == HX_ASK_SHARE ? share_of(g, i) : value_of(a, &g->cell[i]);
}

static void put_figures(asking *a, hx_json_writer *w, const hx_ask_group *g) {
    put_double(w, "value", figure(a, g, 0));
    if (a->q.op == HX_ASK_SHARE) {
        hx__value_int(w, "of", g->cell[0].n);
        hx__value_int(w, "base", g->base[0].n);
    }
    if (a->q.n_ranges < 2) return;
    put_double(w, "before", figure(a, g, 1));
    put_double(w, "change", figure(a, g, 0) - figure(a, g, 1));
}

static void put_row(asking *a, hx_json_writer *w, const hx_ask_group *g) {
    hx_json_object(w);
    hx__value_str(w, "name", name_of(a, g));
    if (g->dim == HX_ASK_BY_CUSTOMER) {
        char id[HX_PROFILE_ID_MAX];
        hx__value_cstr(w, "customer", hx_profile_id_text(g->key, id));
    }
    put_figures(a, w, g);
    hx_json_end_object(w);
}

static void say_change(asking *a, double change) {
    if (change > 0) hx_buf_append_lit(&a->say, "+");
    put_number(a, change);
}

/* A row of a decomposition, in a sentence and as JSON. */
static void put_part(asking *a, hx_json_writer *w, hx_str name, double before, double now,
                     bool first) {
    hx_json_object(w);
    hx__value_str(w, "name", name);
    put_double(w, "before", before);
    put_double(w, "value", now);
    put_double(w, "change", now - before);
    hx_json_end_object(w);
    if (!first) say(a, ", ", "、");
    (void)hx_buf_printf(&a->say, "%.*s ", (int)name.len, name.ptr);
    say_change(a, now - before);
}

static void put_parts_of(asking *a, hx_json_writer *w, hx_ask_dim dim) {
    ranked *list = NULL;
    const size_t n = rank(a, dim, &list), shown = n < PART_ROWS ? n : PART_ROWS;
    double rest[2] = {0, 0};
    if (n < 2) return;
    hx_json_object(w);
    hx__value_cstr(w, "by", hx__ask_dim_name(dim, HX_UI_EN));
    hx_json_key(w, "rows");
    hx_json_array(w);
    (void)hx_buf_printf(&a->say, zh(a) ? "按%s：" : " By %s: ", hx__ask_dim_name(dim, a->ui));
    for (size_t i = 0; i < shown; i++)
        put_part(a, w, name_of(a, list[i].g), value_of(a, &list[i].g->cell[1]),
                 value_of(a, &list[i].g->cell[0]), i == 0);
    for (size_t i = shown; i < n; i++)
        for (int k = 0; k < 2; k++)
            rest[k] += value_of(a, &list[i].g->cell[k]);
    if (n > shown) put_part(a, w, hx_str_of(zh(a) ? "其余" : "the rest"), rest[1], rest[0], false);
    hx_json_end_array(w);
    hx_json_end_object(w);
    say(a, ".", "。");
}

static void put_quotes(asking *a, hx_json_writer *w) {
    char id[HX_EVENT_ID_TEXT], person[HX_PROFILE_ID_MAX];
    hx_json_key(w, "quotes");
    hx_json_array(w);
    const bool wanted = a->q.op == HX_ASK_QUOTE || a->q.op == HX_ASK_WHY;
    for (size_t i = 0; wanted && i < a->walk.n_quotes; i++) {
        const hx_ask_quote *q = &a->walk.quotes[i];
        hx_json_object(w);
        hx__value_cstr(w, "event", hx_event_id_text(q->event, id));
        hx__value_cstr(w, "customer", q->person ? hx_profile_id_text(q->person, person) : NULL);
        hx__value_local(w, "time_local", q->time, &a->zone);
        hx__value_str(w, "text", q->text);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

/* --- sentences -------------------------------------------------------------- */
static void say_period(asking *a) {
    if (a->q.n_ranges == 0) return;
    (void)hx_buf_printf(&a->say, zh(a) ? "%s " : "%s: ", a->q.range[0].name);
}

static void say_what(asking *a) {
    hx_buf_append_lit(&a->say, hx__ask_measure_name(&a->q, a->ui));
    hx__ask_say_filters(&a->q, a->ui, &a->say);
    hx_buf_append_lit(&a->say, zh(a) ? " " : ": ");
}

static void say_share(asking *a) {
    const hx_ask_group *t = &a->walk.total;
    put_number(a, share_of(t, 0));
    (void)hx_buf_printf(&a->say, zh(a) ? "（%lld / %lld）。" : " (%lld of %lld).",
                        (long long)t->cell[0].n, (long long)t->base[0].n);
}

static void say_compare(asking *a) {
    const double now = value_of(a, &a->walk.total.cell[0]);
    const double before = value_of(a, &a->walk.total.cell[1]);
    put_number(a, now);
    (void)hx_buf_printf(&a->say, zh(a) ? "，%s 为 " : "; %s: ", a->q.range[1].name);
    put_number(a, before);
    const bool asked_why = a->q.op == HX_ASK_WHY && isfinite(now - before);
    if (asked_why && a->q.falls && now >= before) say(a, "; it did not fall", "，并没有下降");
    if (asked_why && a->q.rises && now <= before) say(a, "; it did not rise", "，并没有上升");
    say(a, "; change ", "，变化 ");
    say_change(a, now - before);
    if (before > 0)
        (void)hx_buf_printf(&a->say, zh(a) ? "（%+.1f%%）" : " (%+.1f%%)",
                            100 * (now - before) / before);
    say(a, ".", "。");
}

static void say_total(asking *a) {
    say_period(a);
    say_what(a);
    if (a->q.op == HX_ASK_SHARE) {
        say_share(a);
    } else if (a->q.op == HX_ASK_COMPARE || a->q.op == HX_ASK_WHY) {
        say_compare(a);
    } else {
        put_number(a, value_of(a, &a->walk.total.cell[0]));
        say(a, ".", "。");
    }
}

static void put_rows(asking *a, hx_json_writer *w) {
    ranked *list = NULL;
    const size_t n = a->q.dim != HX_ASK_BY_NOTHING ? rank(a, a->q.dim, &list) : 0;
    const size_t most = a->q.op == HX_ASK_TREND ? n : a->q.limit;
    hx_json_key(w, "rows");
    hx_json_array(w);
    const bool listed = n > 0 && !a->q.distinct;
    if (listed) {
        say_period(a);
        say_what(a);
    }
    for (size_t i = 0; listed && i < n && i < most; i++) {
        const hx_str name = name_of(a, list[i].g);
        put_row(a, w, list[i].g);
        if (i > 0) say(a, ", ", "、");
        (void)hx_buf_printf(&a->say, "%.*s ", (int)name.len, name.ptr);
        put_number(a, figure(a, list[i].g, 0));
    }
    hx_json_end_array(w);
    if (listed) say(a, ".", "。");
    if (a->q.distinct) {
        hx__value_int(w, "value", (int64_t)n);
        (void)hx_buf_printf(&a->say, zh(a) ? "%s：%zu。" : "%s: %zu.",
                            hx__ask_dim_name(a->q.dim, a->ui), n);
    }
}

static void put_parts(asking *a, hx_json_writer *w) {
    hx_json_key(w, "parts");
    hx_json_array(w);
    for (size_t i = 0; a->q.op == HX_ASK_WHY && i < a->walk.n_dims; i++)
        put_parts_of(a, w, a->walk.dims[i]);
    hx_json_end_array(w);
}

static void put_evidence(const asking *a, hx_json_writer *w) {
    char id[HX_EVENT_ID_TEXT];
    hx_json_key(w, "evidence");
    hx_json_object(w);
    hx__value_count(w, "events", a->walk.n_events);
    hx__value_hash(w, "hash", a->walk.events_sum);
    hx_json_key(w, "first");
    hx_json_array(w);
    for (size_t i = 0; i < a->walk.events.len / sizeof(uint64_t); i++) {
        uint64_t event;
        memcpy(&event, a->walk.events.ptr + i * sizeof event, sizeof event);
        hx_json_cstr(w, hx_event_id_text(event, id));
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static void put_found(asking *a, hx_json_writer *w) {
    const bool rows =
        a->q.dim != HX_ASK_BY_NOTHING && a->q.op != HX_ASK_WHY && a->q.op != HX_ASK_COMPARE;
    const bool quotes = a->q.op == HX_ASK_QUOTE;
    hx__value_cstr(w, "unit",
                   a->q.op == HX_ASK_SHARE ? "share"
                   : a->q.measure == HX_ASK_REVENUE || a->q.measure == HX_ASK_ORDER_VALUE
                       ? a->pop->currency
                       : NULL);
    if (!rows || a->q.op == HX_ASK_SHARE) {
        put_figures(a, w, &a->walk.total);
        if (!quotes) say_total(a);
    }
    if (quotes)
        (void)hx_buf_printf(&a->say, zh(a) ? "共 %lld 条文本，其中：" : "%lld texts, among them:",
                            (long long)a->walk.total.cell[0].n);
    if (rows) put_rows(a, w);
    put_parts(a, w);
    put_quotes(a, w);
    put_evidence(a, w);
}

/* --- what is missing -------------------------------------------------------- */
static const char *why_not(const asking *a) {
    const hx_ask_query *q = &a->q;
    const bool texts = q->of == HX_ASK_TEXTS || q->of == HX_ASK_REVIEWS || q->of == HX_ASK_TICKETS;
    const bool asks =
        q->of != HX_ASK_ANY || q->measure != HX_ASK_COUNT || q->dim != HX_ASK_BY_NOTHING;
    if (q->unsupported)
        return zh(a) ? "这类事实不在数据中" : "facts of that kind are not in the data";
    if (q->n_left > 0) return zh(a) ? "数据中没有" : "not in the data";
    if (q->several_people)
        return zh(a) ? "一次只能问一位客户" : "a question is about one customer at a time";
    if (q->n_namesakes > 1)
        return zh(a) ? "有多位客户叫这个名字，请用编号提问"
                     : "several customers have that name; ask by one of their ids";
    if (!asks) return zh(a) ? "问题没有说要什么" : "the question does not say what is wanted";
    if (texts && a->pop->texts == 0) return zh(a) ? "库中没有文本" : "the store has no texts";
    return NULL;
}

static const char *why_nothing(const asking *a) {
    const hx_ask_query *q = &a->q;
    const int64_t first =
        a->pop->first == HX_TIME_NONE ? HX_TIME_NONE : hx_zone_to_local_ms(&a->zone, a->pop->first);
    const int64_t last =
        a->pop->as_of == HX_TIME_NONE ? HX_TIME_NONE : hx_zone_to_local_ms(&a->zone, a->pop->as_of);
    for (int i = 0; i < q->n_ranges; i++)
        if (first == HX_TIME_NONE || q->range[i].to <= first || q->range[i].from > last)
            return zh(a) ? "数据不含这段时间" : "the data do not reach that time";
    if (q->term.len > 0 && a->walk.total.cell[0].n == 0)
        return zh(a) ? "没有文本提到它" : "no text mentions it";
    const bool mean = q->measure == HX_ASK_RATING || q->measure == HX_ASK_ORDER_VALUE;
    if (mean && a->walk.total.cell[0].n == 0)
        return zh(a) ? "没有可平均的数" : "there is nothing to average";
    return NULL;
}

static void put_day(asking *a, int64_t ms) {
    const hx_civil c = hx_civil_from_ms(hx_zone_to_local_ms(&a->zone, ms));
    (void)hx_buf_printf(&a->say, "%04d-%02d-%02d", c.year, c.month, c.day);
}

static void put_words(asking *a, hx_json_writer *w, const hx_str *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        hx_json_str(w, words[i]);
        (void)hx_buf_printf(&a->say,
                            i       ? ", %.*s"
                            : zh(a) ? "：%.*s"
                                    : ": %.*s",
                            (int)words[i].len, words[i].ptr);
    }
}

static void put_missing(asking *a, hx_json_writer *w) {
    static const char *const instead[][2] = {
        {"how many orders last month?", "上个月有多少订单？"},
        {"why were there more bad reviews in August?", "为什么八月差评变多？"},
        {"which products sold most this year?", "今年哪些商品卖得最多？"},
        {"what do people say about delivery?", "大家对物流怎么说？"}};
    hx_json_key(w, "unknown");
    hx_json_array(w);
    say(a, "Not in the data: ", "数据中没有答案：");
    hx_buf_append_lit(&a->say, a->missing);
    put_words(a, w, a->q.left, a->q.n_left);
    if (a->q.n_left == 0 && a->q.n_namesakes > 1 && !a->q.several_people)
        put_words(a, w, a->q.namesakes, a->q.n_namesakes);
    say(a, ".", "。");
    hx_json_end_array(w);
    if (a->pop->first != HX_TIME_NONE && a->pop->as_of != HX_TIME_NONE) {
        say(a, " The data reach from ", "数据从 ");
        put_day(a, a->pop->first);
        say(a, " to ", " 到 ");
        put_day(a, a->pop->as_of);
        say(a, ".", "。");
    }
    hx_json_key(w, "instead");
    hx_json_array(w);
    for (size_t i = 0; i < sizeof instead / sizeof *instead; i++)
        hx_json_cstr(w, instead[i][zh(a)]);
    hx_json_end_array(w);
}

/* --- the answer ------------------------------------------------------------- */
static hx_status put_answer(asking *a, hx_buf *out, hx_error *err) {
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    hx__value_str(&w, "question", a->question);
    hx__value_cstr(&w, "lang", zh(a) ? "zh" : "en");
    hx__value_cstr(&w, "status", a->missing ? "not in the data" : "answered");
    hx__value_time(&w, "as_of", a->pop->as_of);
    hx__value_cstr(&w, "timezone", a->zone.name);
    hx__ask_say_query(&a->q, a->ui, &a->say);
    hx__value_str(&w, "understood", hx_buf_str(&a->say));
    hx_buf_reset(&a->say);
    if (a->missing)
        put_missing(a, &w);
    else
        put_found(a, &w);
    hx__value_str(&w, "answer", hx_buf_str(&a->say));
    hx_json_end_object(&w);
    return hx_buf_status(&a->say, "sentences", err);
}

static void choose_dims(asking *a) {
    static const hx_ask_dim of_texts[] = {HX_ASK_BY_ASPECT, HX_ASK_BY_PRODUCT, HX_ASK_BY_CATEGORY,
                                          HX_ASK_BY_CHANNEL};
    static const hx_ask_dim of_orders[] = {HX_ASK_BY_CATEGORY, HX_ASK_BY_PRODUCT,
                                           HX_ASK_BY_CHANNEL};
    const hx_ask_query *q = &a->q;
    const bool texts = q->of == HX_ASK_TEXTS || q->of == HX_ASK_REVIEWS || q->of == HX_ASK_TICKETS;
    const bool adds_up = q->measure != HX_ASK_RATING && q->measure != HX_ASK_ORDER_VALUE;
    if (q->op != HX_ASK_WHY && q->dim != HX_ASK_BY_NOTHING) {
        a->walk.dims[a->walk.n_dims++] = q->dim;
    } else if (q->op == HX_ASK_WHY && adds_up) {
        a->walk.n_dims = texts ? 4 : 3;
        memcpy(a->walk.dims, texts ? of_texts : of_orders, a->walk.n_dims * sizeof *of_texts);
    }
}

static hx_status understand(asking *a, hx_buf *entities, bool follow, hx_error *err) {
    HX_TRY(hx__ask_catalogue(a->s, a->pop, a->arena, entities, &a->walk.categories, err));
    hx_ask_catalogue c = {(const hx_ask_entity *)(const void *)entities->ptr,
                          entities->len / sizeof(hx_ask_entity), HX_TIME_NONE};
    if (a->pop->as_of != HX_TIME_NONE) c.now = hx_zone_to_local_ms(&a->zone, a->pop->as_of);
    HX_TRY(hx__ask_parse(a->question, &c, a->arena, &a->q, err));
    if (follow) a->ui = a->q.zh ? HX_UI_ZH : HX_UI_EN;
    a->walk.q = &a->q;
    a->walk.pop = a->pop;
    a->walk.zone = &a->zone;
    a->walk.entities = c.at;
    a->walk.ui = a->ui;
    a->walk.arena = a->arena;
    return HX_OK;
}

static hx_status run(asking *a, bool follow, hx_buf *out, hx_error *err) {
    hx_buf entities;
    hx_buf_init(&entities, (size_t)256 << 20);
    hx_status status = understand(a, &entities, follow, err);
    if (status == HX_OK) a->missing = why_not(a);
    if (status == HX_OK && !a->missing) {
        choose_dims(a);
        status = hx__ask_walk(&a->walk, err);
        if (status == HX_OK) a->missing = why_nothing(a);
    }
    if (status == HX_OK) status = put_answer(a, out, err);
    hx_buf_release(&entities);
    return status;
}

hx_status hx_answer_ask(hx_store *s, hx_str question, bool follow_language,
                        const hx_answer_options *o, hx_arena *arena, hx_str *json, hx_error *err) {
    asking a = {.s = s, .ui = hx__answer_ui(o), .question = question};
    hx_buf out;
    HX_TRY(hx__answer_zone(s, o, &a.zone, err));
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_buf_init(&a.say, SENTENCES_MAX);
    hx_map_init(&a.walk.categories);
    hx_map_init(&a.walk.at);
    hx_map_init(&a.walk.seen);
    a.arena = hx_arena_new(0);
    hx_status status = a.arena ? hx__population_open(&a.pop, s, hx__answer_as_of(o), err)
                               : hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    if (status == HX_OK) status = run(&a, follow_language, &out, err);
    hx__population_close(a.pop);
    hx_arena_free(a.arena);
    hx_map_release(&a.walk.categories);
    hx_map_release(&a.walk.at);
    hx_map_release(&a.walk.seen);
    hx_buf_release(&a.walk.groups);
    hx_buf_release(&a.walk.events);
    hx_buf_release(&a.say);
    hx_zone_release(&a.zone);
    return hx__value_finish(&out, status, arena, json, err);
}
