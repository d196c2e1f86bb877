/* report_topics.c - the report's section of topics: what customers speak of, how much, in which mood, since when, and in their words.
 *
 * hx_topics_find() over the latest HX_REPORT_TOPIC_TEXTS texts of the store, with the rules' words, so that no model is needed. Quotes are verbatim
 * but for masked personal data, and name their event. A trend is said where its p, times the number of topics, is below 5 %. Where the
 * words can't be read, or nothing was said, the member is null. */
#include "answer/report.h"
#include "base/error.h"
#include "huaxiang/text.h"

#define HX_REPORT_TOPIC_TEXTS 20000
#define HX_REPORT_TOPIC_LEAST 20 /* texts */
#define HX_REPORT_TOPICS 12
#define CHANCE 0.05

typedef struct {
    hx_report *r;
    const hx_said_text *said; /* (n) */
    size_t n;
    hx_topics topics;
    hx_json_writer *w;
} topic_job;

static void put_quote(const topic_job *j, const hx_topic_quote *q) {
    const hx_said_text *said = &j->said[q->row];
    char event[HX_ID_NAME_MAX], person[HX_ID_NAME_MAX], at[HX_REPORT_LABEL_MAX];
    const int64_t time = said->time == INT64_MIN ? HX_TIME_NONE : said->time;
    hx_json_object(j->w);
    hx__value_str(j->w, "text", hx__report_mask_cut(said->text, q->span, j->r->arena));
    hx__value_cstr(j->w, "event", hx_event_name(said->event, event));
    hx__value_cstr(j->w, "who", said->person ? hx_person_name(said->person, person) : NULL);
    hx__value_cstr(j->w, "at", hx__report_local_text(j->r, time, at));
    hx__value_int(j->w, "mood",
                  said->sentiment == HX_SENTIMENT_POSITIVE   ? 1
                  : said->sentiment == HX_SENTIMENT_NEGATIVE ? -1
                                                             : 0);
    hx_json_end_object(j->w);
}

static void put_said(const topic_job *j, const hx_topic_quote *quotes, size_t n) {
    hx_json_key(j->w, "said");
    hx_json_array(j->w);
    for (size_t i = 0; i < n; i++)
        put_quote(j, &quotes[i]);
    hx_json_end_array(j->w);
}

static void put_moods(const topic_job *j, size_t topic) {
    int64_t n[3] = {0};
    for (size_t i = 0; i < j->n; i++) {
        const int label = j->said[i].sentiment;
        if (j->topics.topic_of[i] != topic) continue;
        n[label == HX_SENTIMENT_NEGATIVE ? 0 : label == HX_SENTIMENT_POSITIVE ? 2 : 1]++;
    }
    hx_json_key(j->w, "moods");
    hx_json_array(j->w);
    for (size_t i = 0; i < 3; i++)
        hx_json_int(j->w, n[i]);
    hx_json_end_array(j->w);
}

static void put_topic(const topic_job *j, size_t i) {
    const hx_topic *t = &j->topics.list[i];
    const bool sure = t->p * (double)j->topics.n < CHANCE;
    hx_json_object(j->w);
    hx__value_str(j->w, "name", hx__report_mask(t->name, j->r->arena));
    hx__value_count(j->w, "n", t->size);
    hx__value_int(j->w, "trend", !sure || !t->counts ? 0 : t->slope > 0 ? 1 : -1);
    hx_json_key(j->w, "counts");
    hx_json_array(j->w);
    for (size_t k = 0; t->counts && k < j->topics.n_periods; k++)
        hx_json_int(j->w, t->counts[k]);
    hx_json_end_array(j->w);
    put_moods(j, i);
    put_said(j, t->quotes, t->n_quotes);
    hx_json_end_object(j->w);
}

static void put_fresh(const topic_job *j, const hx_new_topic *t) {
    hx_json_object(j->w);
    hx__value_str(j->w, "name",
                  hx__report_mask(t->n_words ? t->words[0] : (hx_str){NULL, 0}, j->r->arena));
    hx__value_int(j->w, "now", t->now);
    hx__value_int(j->w, "before", t->before);
    put_said(j, t->quotes, t->n_quotes);
    hx_json_end_object(j->w);
}

static void put_all(const topic_job *j) {
    hx_json_writer *w = j->w;
    hx_json_object(w);
    hx__value_count(w, "texts", j->n);
    hx__value_count(w, "without", j->topics.n_without);
    hx_json_key(w, "periods");
    hx_json_array(w);
    for (size_t i = 0; i < j->topics.n_periods; i++)
        hx_json_cstr(w, j->topics.period_names[i]);
    hx_json_end_array(w);
    hx_json_key(w, "list");
    hx_json_array(w);
    for (size_t i = 0; i < j->topics.n; i++)
        put_topic(j, i);
    hx_json_end_array(w);
    hx_json_key(w, "fresh");
    hx_json_array(w);
    for (size_t i = 0; i < j->topics.n_fresh; i++)
        put_fresh(j, &j->topics.fresh[i]);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

/* false: nothing can be said. */
static bool find(topic_job *j, const char *share_dir) {
    const hx_text_model_options rules = {.engine = HX_ENGINE_RULES};
    hx_arena *arena = j->r->arena;
    hx_error why = {.ui = HX_UI_EN};
    hx_text_model *m = NULL;
    hx_str *texts = hx_arena_alloc(arena, (j->n + 1) * sizeof *texts);
    int64_t *times = hx_arena_alloc(arena, (j->n + 1) * sizeof *times);
    if (!texts || !times || hx_text_model_open(&m, share_dir, &rules, &why) != HX_OK) return false;
    for (size_t i = 0; i < j->n; i++) {
        texts[i] = j->said[i].text;
        times[i] = j->said[i].time == INT64_MIN ? HX_TOPIC_NO_TIME : j->said[i].time;
    }
    const hx_topics_options o = {.texts = texts,
                                 .n = j->n,
                                 .times = times,
                                 .n_topics = j->n < 200 ? 0 : HX_REPORT_TOPICS,
                                 .period = HX_TOPIC_PERIOD_MONTH,
                                 .seed = 1};
    const bool found = hx_topics_find(m, &o, arena, &j->topics, &why) == HX_OK;
    hx_text_model_close(m);
    return found && j->topics.n > 0;
}

hx_status hx__report_put_topics(hx_report *r, const char *share_dir, hx_json_writer *w,
                                hx_error *err) {
    const hx_answer_options o = {
        .as_of = r->pop->as_of == HX_TIME_NONE ? HX_AS_OF_LATEST : r->pop->as_of, .ui = r->ui};
    topic_job j = {.r = r, .w = w};
    HX_TRY(hx_answer_texts(r->store, HX_REPORT_TOPIC_TEXTS, &o, r->arena, &j.said, &j.n, err));
    hx_json_key(w, "topics");
    if (j.n >= HX_REPORT_TOPIC_LEAST && find(&j, share_dir))
        put_all(&j);
    else
        hx_json_null(w);
    return HX_OK;
}
