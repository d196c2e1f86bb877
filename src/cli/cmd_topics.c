/* cmd_topics.c - topics: what a file of texts speaks of, how that changes over time, and what is new.
 *
 *     file -> table -> texts, times -> hx_topics_find() -> one record a topic, then one a new topic
 *     --store -> what customers said -> the same; quotes name event and customer, topics have the share of their sentiments
 *
 * The texts are the column of --text, else the one whose name says so, else the column of most letters; times are those of --time, else the first column
 * of times. A trend is said where its p, times the number of topics, is below 5 %. */
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"

typedef struct {
    hx_cli *c;
    hx_table *table;
    hx_str *texts;
    int64_t *times; /* NULL = none */
    size_t n;
    hx_topics topics;
    const hx_said_text *said; /* (n) of --store; NULL = of a file */
} topics_job;

static const double chance = 0.05;

static bool no_memory(hx_cli *c) {
    return hx_cli_fail(c, "not enough memory for the topics", "内存不足，无法寻找主题") ==
           HX_EXIT_DONE;
}

/* ------------------------------------------------------------------ columns */
static bool is_text_role(hx_role role) {
    return role == HX_ROLE_TEXT || role == HX_ROLE_CHAT || role == HX_ROLE_TICKET ||
           role == HX_ROLE_QUESTION || role == HX_ROLE_QUERY;
}

static double letters_of(const hx_table *t, size_t column) {
    const hx_table_column *of = hx_table_column_at(t, column);
    double sum = 0;
    if (of->kind != HX_KIND_TEXT) return -1;
    for (size_t v = 0; v < of->n_values; v++)
        sum += (double)hx_table_value(t, column, (uint32_t)v).len;
    return sum;
}

static size_t text_column(const hx_table *t) {
    size_t best = HX_COLUMN_NONE;
    double most = 0;
    for (size_t k = 0; k < hx_table_columns(t); k++)
        if (is_text_role(hx_role_of_name(hx_table_column_at(t, k)->name)) &&
            hx_table_column_at(t, k)->kind == HX_KIND_TEXT)
            return k;
    for (size_t k = 0; k < hx_table_columns(t); k++) {
        double letters = letters_of(t, k);
        if (letters <= most) continue;
        most = letters;
        best = k;
    }
    return best;
}

static bool named(topics_job *j, const char *name, hx_kind kind, size_t *out) {
    *out = hx_table_find(j->table, hx_str_of(name));
    if (*out == HX_COLUMN_NONE) {
        hx_cli_fail(j->c, "the file has no column %s", "文件没有 %s 列", name);
        return false;
    }
    if (hx_table_column_at(j->table, *out)->kind == kind) return true;
    if (kind == HX_KIND_TIME)
        hx_cli_fail(j->c, "column %s holds no times", "%s 列不是时间", name);
    else
        hx_cli_fail(j->c, "column %s holds no texts", "%s 列不是文本", name);
    return false;
}

static bool take_times(topics_job *j, size_t column) {
    double *values = hx_arena_alloc(j->c->arena, (j->n + 1) * sizeof *values);
    j->times = hx_arena_alloc(j->c->arena, (j->n + 1) * sizeof *j->times);
    if (!values || !j->times) return no_memory(j->c);
    hx_table_numbers(j->table, column, 0, j->n, values);
    for (size_t i = 0; i < j->n; i++)
        j->times[i] = isnan(values[i]) ? HX_TOPIC_NO_TIME : (int64_t)values[i];
    return true;
}

static bool take_texts(topics_job *j, size_t column) {
    uint32_t *codes = hx_arena_alloc(j->c->arena, (j->n + 1) * sizeof *codes);
    j->texts = hx_arena_alloc(j->c->arena, (j->n + 1) * sizeof *j->texts);
    if (!codes || !j->texts) return no_memory(j->c);
    hx_table_codes(j->table, column, 0, j->n, codes);
    for (size_t i = 0; i < j->n; i++)
        j->texts[i] = codes[i] == HX_CODE_MISSING ? (hx_str){"", 0}
                                                  : hx_table_value(j->table, column, codes[i]);
    return true;
}

static bool take_columns(topics_job *j) {
    const char *text = j->c->options.text[HX_OPT_TEXT], *time = j->c->options.text[HX_OPT_WHEN];
    size_t column = HX_COLUMN_NONE;
    j->n = hx_table_rows(j->table);
    if (text && !named(j, text, HX_KIND_TEXT, &column)) return false;
    if (!text) column = text_column(j->table);
    if (column == HX_COLUMN_NONE)
        return hx_cli_fail(j->c, "no column holds text; name it with --text COLUMN",
                           "没有文本列；请用 --text 列名 指出") == HX_EXIT_DONE;
    if (!take_texts(j, column)) return false;
    column = HX_COLUMN_NONE;
    if (time && !named(j, time, HX_KIND_TIME, &column)) return false;
    for (size_t k = 0; !time && column == HX_COLUMN_NONE && k < hx_table_columns(j->table); k++)
        if (hx_table_column_at(j->table, k)->kind == HX_KIND_TIME) column = k;
    return column == HX_COLUMN_NONE || take_times(j, column);
}

/* ------------------------------------------------------------------ a store */
static bool take_said(topics_job *j) {
    j->texts = hx_arena_alloc(j->c->arena, (j->n + 1) * sizeof *j->texts);
    j->times = hx_arena_alloc(j->c->arena, (j->n + 1) * sizeof *j->times);
    if (!j->texts || !j->times) return no_memory(j->c);
    for (size_t i = 0; i < j->n; i++) {
        j->texts[i] = j->said[i].text;
        j->times[i] = j->said[i].time == INT64_MIN ? HX_TOPIC_NO_TIME : j->said[i].time;
    }
    return true;
}

static bool read_store(topics_job *j) {
    static const hx_cli_option_id of_files[] = {HX_OPT_TEXT, HX_OPT_MAP, HX_OPT_WHEN};
    hx_cli *c = j->c;
    int status = HX_EXIT_DONE;
    hx_error err = {.ui = c->ui};
    hx_answer_options o;
    if (c->n_args > 0)
        return hx_cli_fail(c, "topics reads a file or --store, not both",
                           "topics 读取文件或 --store，不能同时使用") == HX_EXIT_DONE;
    for (size_t i = 0; i < sizeof of_files / sizeof *of_files; i++)
        if (hx_cli_has(&c->options, of_files[i]))
            return hx_cli_fail(c, "--%s is for files; a store knows its texts and times",
                               "--%s 只用于文件；库中已有文本和时间",
                               hx_cli_options[of_files[i]].name) == HX_EXIT_DONE;
    hx_store *s = hx_cli_store(c, HX_STORE_READ, &status);
    if (!s) return false;
    hx_status st = hx_cli_answer_options(c, &o)
                       ? hx_answer_texts(s, 0, &o, c->arena, &j->said, &j->n, &err)
                       : HX_EINVAL;
    hx_store_close(s);
    if (st != HX_OK) {
        if (err.code != HX_OK) (void)hx_cli_error(c, &err);
        return false;
    }
    return take_said(j);
}

/* ------------------------------------------------------------------ records */
static json_t *json_of(hx_str s) {
    return json_stringn(s.ptr, s.len);
}

static json_t *words_of(const hx_str *words, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(list, json_of(words[i]));
    return list;
}

static hx_str quoted(const topics_job *j, const hx_topic_quote *q) {
    return (hx_str){j->texts[q->row].ptr + q->span.start, q->span.end - q->span.start};
}

static void put_speaker(json_t *quote, const hx_said_text *said) {
    char event[HX_ID_NAME_MAX], person[HX_ID_NAME_MAX];
    (void)json_object_set_new(quote, "event", json_string(hx_event_name(said->event, event)));
    (void)json_object_set_new(quote, "customer",
                              said->person ? json_string(hx_person_name(said->person, person))
                                           : json_null());
}

/* Shares of the sentiments of a topic's texts. */
static void put_mood(const topics_job *j, json_t *r, size_t topic) {
    double n[HX_SENTIMENT_N] = {0}, all = 0;
    for (size_t i = 0; i < j->n; i++) {
        const int label = j->said[i].sentiment;
        if (j->topics.topic_of[i] != topic || label < 0 || label >= HX_SENTIMENT_N) continue;
        n[label]++;
        all++;
    }
    const double share = all > 0 ? 1 / all : 0;
    (void)json_object_set_new(r, "positive", json_real(n[HX_SENTIMENT_POSITIVE] * share));
    (void)json_object_set_new(r, "negative", json_real(n[HX_SENTIMENT_NEGATIVE] * share));
}

static json_t *quotes_of(const topics_job *j, const hx_topic_quote *quotes, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *one =
            json_pack("{s:I,s:I,s:I}", "row", (json_int_t)quotes[i].row + 1, "start",
                      (json_int_t)quotes[i].span.start, "end", (json_int_t)quotes[i].span.end);
        (void)json_object_set_new(one, "text", json_of(quoted(j, &quotes[i])));
        if (j->said) put_speaker(one, &j->said[quotes[i].row]);
        (void)json_array_append_new(list, one);
    }
    return list;
}

static json_t *periods_of(const topics_job *j, const hx_topic *t) {
    json_t *list = json_array();
    for (size_t p = 0; p < j->topics.n_periods; p++) {
        const uint32_t total = j->topics.totals[p];
        (void)json_array_append_new(list,
                                    json_pack("{s:s,s:I,s:f}", "from", j->topics.period_names[p],
                                              "texts", (json_int_t)t->counts[p], "share",
                                              total > 0 ? (double)t->counts[p] / total : 0.0));
    }
    return list;
}

static const char *trend_of(const topics_job *j, const hx_topic *t) {
    bool sure = t->p * (double)j->topics.n < chance;
    return !sure ? "steady" : t->slope > 0 ? "rising" : "falling";
}

static json_t *topic_record(const topics_job *j, size_t i) {
    const hx_topic *t = &j->topics.list[i];
    const double all = (double)(j->n - j->topics.n_without);
    json_t *r = json_pack("{s:I,s:I,s:f}", "topic", (json_int_t)i + 1, "texts", (json_int_t)t->size,
                          "share", (double)t->size / all);
    (void)json_object_set_new(r, "name", json_of(t->name));
    (void)json_object_set_new(r, "words", words_of(t->words, t->n_words));
    if (j->said) put_mood(j, r, i);
    if (j->topics.n_periods > 1) {
        (void)json_object_set_new(r, "trend", json_string(trend_of(j, t)));
        (void)json_object_set_new(r, "slope", json_real(t->slope));
        (void)json_object_set_new(r, "p", json_real(t->p));
        (void)json_object_set_new(r, "periods", periods_of(j, t));
    }
    (void)json_object_set_new(r, "quotes", quotes_of(j, t->quotes, t->n_quotes));
    if (t->n_quotes > 0) (void)json_object_set_new(r, "quote", json_of(quoted(j, &t->quotes[0])));
    return r;
}

static json_t *new_record(const topics_job *j, size_t i) {
    const hx_new_topic *t = &j->topics.fresh[i];
    json_t *r = json_pack("{s:s,s:I,s:I,s:s,s:f}", "topic", "new", "texts", (json_int_t)t->now,
                          "before", (json_int_t)t->before, "trend", "new", "p", t->p);
    (void)json_object_set_new(r, "name", json_of(t->words[0]));
    (void)json_object_set_new(r, "words", words_of(t->words, t->n_words));
    (void)json_object_set_new(r, "quotes", quotes_of(j, t->quotes, t->n_quotes));
    if (t->n_quotes > 0) (void)json_object_set_new(r, "quote", json_of(quoted(j, &t->quotes[0])));
    return r;
}

static bool report(topics_job *j) {
    static const hx_record_column of_file[] = {
        {"topic", "topic", "主题", HX_CELL_RIGHT},   {"name", "name", "名称", HX_CELL_LEFT},
        {"texts", "texts", "文本数", HX_CELL_RIGHT}, {"share", "share", "占比", HX_CELL_PERCENT},
        {"trend", "trend", "趋势", HX_CELL_LEFT},    {"quote", "quote", "原文", HX_CELL_LEFT}};
    static const hx_record_column of_store[] = {{"topic", "topic", "主题", HX_CELL_RIGHT},
                                                {"name", "name", "名称", HX_CELL_LEFT},
                                                {"texts", "texts", "文本数", HX_CELL_RIGHT},
                                                {"share", "share", "占比", HX_CELL_PERCENT},
                                                {"negative", "negative", "负面", HX_CELL_PERCENT},
                                                {"trend", "trend", "趋势", HX_CELL_LEFT},
                                                {"quote", "quote", "原文", HX_CELL_LEFT}};
    static const char *const en[] = {"", "days", "weeks", "months"};
    static const char *const zh[] = {"", "天", "周", "月"};
    const hx_topics *t = &j->topics;
    json_t *records = json_array();
    for (size_t i = 0; i < t->n; i++)
        (void)json_array_append_new(records, topic_record(j, i));
    for (size_t i = 0; i < t->n_fresh; i++)
        (void)json_array_append_new(records, new_record(j, i));
    bool done = j->said
                    ? hx_output_records(j->c, records, of_store, sizeof of_store / sizeof *of_store)
                    : hx_output_records(j->c, records, of_file, sizeof of_file / sizeof *of_file);
    json_decref(records);
    hx_cli_note(j->c, "%zu topics of %zu texts; %zu have no word that others have",
                "%zu 个主题，%zu 条文本；%zu 条没有与其他文本共有的词", t->n, j->n, t->n_without);
    if (t->n_periods > 1)
        hx_cli_note(j->c, "trends over %zu %s; new in the last: %zu",
                    "趋势跨 %zu %s；最近新出现：%zu", t->n_periods,
                    hx_cli_tr(j->c, en[t->period], zh[t->period]), t->n_fresh);
    return done;
}

/* ------------------------------------------------------------------ all of it */
static bool options_of(topics_job *j, hx_topics_options *o) {
    const hx_cli_values *v = &j->c->options;
    const char *k = v->text[HX_OPT_TOPICS];
    double number = 0;
    *o = (hx_topics_options){.texts = j->texts,
                             .n = j->n,
                             .times = j->times,
                             .period = (hx_topic_period)v->number[HX_OPT_PERIOD],
                             .seed = (uint64_t)v->number[HX_OPT_SEED],
                             .cancel = &j->c->cancel};
    if (!k || strcmp(k, "auto") == 0) return true;
    if (hx_cli_parse_real(k, &number) && number >= 1 && number <= HX_TOPICS_MAX &&
        number == floor(number)) {
        o->n_topics = (size_t)number;
        return true;
    }
    hx_cli_usage(j->c, "--topics is auto or a whole number from 1 to %d, not '%s'",
                 "--topics 为 auto 或 1 到 %d 的整数，而不是“%s”", HX_TOPICS_MAX, k);
    return false;
}

static bool find(topics_job *j, const hx_topics_options *o) {
    hx_error err = {.ui = j->c->ui};
    hx_text_model *model = hx_cli_text_model_of(j->c, HX_ENGINE_RULES);
    bool done = model != NULL;
    if (done && hx_topics_find(model, o, j->c->arena, &j->topics, &err) != HX_OK) {
        (void)hx_cli_error(j->c, &err);
        done = false;
    }
    hx_text_model_close(model);
    return done;
}

/* Columns called so are times, also where some of their cells are none. */
static bool read_table(topics_job *j) {
    static const char *const names[] = {"time", "date", "created_at", "时间", "日期", "评论时间"};
    enum { NAMES = sizeof names / sizeof *names };
    const char *time = j->c->options.text[HX_OPT_WHEN];
    hx_column_kind kinds[NAMES] = {{{time, time ? strlen(time) : 0}, HX_KIND_TIME}};
    for (size_t i = 0; !time && i < NAMES; i++)
        kinds[i] = (hx_column_kind){hx_str_of(names[i]), HX_KIND_TIME};
    return hx_table_io_read_as(j->c, hx_table_io_input(j->c),
                               (hx_table_kinds_asked){kinds, time ? 1 : NAMES}, &j->table);
}

int hx_cmd_topics(hx_cli *c) {
    topics_job j = {.c = c};
    hx_topics_options o;
    hx_cli_catch_interrupts(c);
    bool done =
        hx_cli_has(&c->options, HX_OPT_STORE) ? read_store(&j) : read_table(&j) && take_columns(&j);
    if (done && !options_of(&j, &o)) {
        hx_table_free(j.table);
        return HX_EXIT_USAGE;
    }
    done = done && find(&j, &o) && report(&j);
    hx_table_free(j.table);
    return done ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
