/* report_json.c - what was gathered as the one JSON value that the page draws from.
 *
 * Quotes stand once, in "quotes"; everything else names them by number, so they come last, when it is known which are used.
 * Counts of moods are triples [negative, neutral, positive]. Money is in the main currency unless a currency stands beside it.
 * Texts arrive masked; the page reads them as text. */
#include <string.h>

#include "answer/report.h"
#include "base/error.h"

static const char *const step_names[] = {"day", "month", "quarter", "year"};

/* Negative, neutral, positive; mixed texts stand with the neutral ones, which they are in sum. */
static void put_moods(hx_json_writer *w, const char *key, const uint64_t *sentiments) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (int i = HX_SENTIMENT_NEGATIVE; i <= HX_SENTIMENT_POSITIVE; i++)
        hx_json_int(w, (int64_t)(sentiments[i] +
                                 (i == HX_SENTIMENT_NEUTRAL ? sentiments[HX_SENTIMENT_MIXED] : 0)));
    hx_json_end_array(w);
}

static void put_rating(hx_json_writer *w, int64_t sum, uint64_t n) {
    if (n > 0)
        hx__value_double(w, "rating", (double)sum / 1000.0 / (double)n);
    else
        hx__value_cstr(w, "rating", NULL);
}

static void put_money_text(hx_json_writer *w, hx_money m) {
    char text[HX_MONEY_TEXT_MAX];
    hx_json_raw(w, hx_str_of(hx_money_text(m, text)));
}

/* ------------------------------------------------------------------ head */
static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int64_t last_import(const hx_report *r) {
    int64_t last = HX_TIME_NONE;
    for (size_t i = 0; i < r->quality.n_imports; i++)
        if (r->quality.imports[i].finished > last && r->quality.imports[i].finished > 0)
            last = r->quality.imports[i].finished;
    return last;
}

static void put_head(const hx_report *r, hx_json_writer *w) {
    char text[HX_REPORT_LABEL_MAX];
    hx__value_cstr(w, "ui", r->ui == HX_UI_ZH ? "zh" : "en");
    hx__value_cstr(w, "program", hx_version());
    hx__value_cstr(w, "store", base_name(hx_store_path(r->store)));
    hx__value_cstr(w, "as_of", hx__report_local_text(r, r->pop->as_of, text));
    hx__value_cstr(w, "latest", hx__report_local_text(r, r->pop->last, text));
    hx__value_cstr(w, "imported", hx__report_local_text(r, last_import(r), text));
    hx__value_cstr(w, "timezone", r->zone.name);
    hx__value_cstr(w, "currency", r->pop->currency[0] ? r->pop->currency : NULL);
    hx__value_int(w, "window", r->window);
    hx_json_key(w, "engines");
    hx_json_array(w);
    for (size_t i = 0; i < r->n_engines; i++) {
        hx_json_object(w);
        hx__value_cstr(w, "engine", hx_engine_name(r->engines[i].engine));
        hx__value_hash(w, "model", r->engines[i].model);
        hx__value_count(w, "texts", r->engines[i].texts);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_period(hx_json_writer *w, const char *key, const hx_report_period *p) {
    hx_json_key(w, key);
    hx_json_object(w);
    hx__value_count(w, "customers", p->customers);
    hx__value_count(w, "active", p->active);
    hx__value_count(w, "orders", p->orders);
    hx__value_money(w, "revenue", p->revenue);
    hx__value_count(w, "texts", p->texts);
    put_moods(w, "moods", p->sentiments);
    hx__value_count(w, "ratings", p->n_ratings);
    put_rating(w, p->rating_sum, p->n_ratings);
    hx_json_end_object(w);
}

static void put_overview(const hx_report *r, hx_json_writer *w) {
    put_period(w, "last", &r->periods[HX_PERIOD_LAST]);
    put_period(w, "before", &r->periods[HX_PERIOD_BEFORE]);
    put_period(w, "all", &r->periods[HX_PERIOD_ALL]);
    hx_json_key(w, "money");
    hx_json_array(w);
    for (size_t i = 0; i < r->n_money; i++) {
        hx_json_object(w);
        hx__value_cstr(w, "currency", r->money[i].currency[0] ? r->money[i].currency : NULL);
        hx__value_money(w, "value", r->money[i].amount);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

/* ------------------------------------------------------------------ over time */
typedef enum { COLUMN_NEW, COLUMN_ACTIVE, COLUMN_ORDERS, COLUMN_REVENUE, COLUMN_MOOD } time_column;

static void put_cell(hx_json_writer *w, const hx_report_bucket *b, time_column column, int mood) {
    switch (column) {
    case COLUMN_NEW:
        hx_json_int(w, (int64_t)b->new_customers);
        break;
    case COLUMN_ACTIVE:
        hx_json_int(w, (int64_t)b->active);
        break;
    case COLUMN_ORDERS:
        hx_json_int(w, (int64_t)b->orders);
        break;
    case COLUMN_REVENUE:
        put_money_text(w, b->revenue);
        break;
    default:
        hx_json_int(w, (int64_t)b->sentiments[mood]);
    }
}

static void put_column(const hx_report *r, hx_json_writer *w, const char *key, time_column column,
                       int mood) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < r->axis.n; i++)
        put_cell(w, &r->buckets[i], column, mood);
    hx_json_end_array(w);
}

static void put_time(const hx_report *r, hx_json_writer *w) {
    char text[HX_REPORT_LABEL_MAX];
    hx_json_key(w, "time");
    hx_json_object(w);
    hx__value_cstr(w, "step", step_names[r->axis.step]);
    hx_json_key(w, "labels");
    hx_json_array(w);
    for (size_t i = 0; i < r->axis.n; i++)
        hx_json_cstr(w, hx__report_bucket_label(r, i, text));
    hx_json_end_array(w);
    put_column(r, w, "new", COLUMN_NEW, 0);
    put_column(r, w, "active", COLUMN_ACTIVE, 0);
    put_column(r, w, "orders", COLUMN_ORDERS, 0);
    put_column(r, w, "revenue", COLUMN_REVENUE, 0);
    put_column(r, w, "negative", COLUMN_MOOD, HX_SENTIMENT_NEGATIVE);
    put_column(r, w, "neutral", COLUMN_MOOD, HX_SENTIMENT_NEUTRAL);
    put_column(r, w, "positive", COLUMN_MOOD, HX_SENTIMENT_POSITIVE);
    hx_json_end_object(w);
}

/* ------------------------------------------------------------------ RFM */
typedef struct {
    double cells[5][5]; /* money, [r - 1][f - 1] */
    double groups[HX_RFM_GROUPS];
} rfm_money;

static rfm_money sum_rfm(const hx_population *pop) {
    rfm_money sums = {0};
    for (size_t i = 0; i < pop->n; i++) {
        const hx_customer *c = &pop->customers[i];
        int group = hx_rfm_group(c);
        if (group < 0) continue;
        sums.cells[c->r - 1][c->f - 1] += hx_money_double(c->monetary);
        sums.groups[group] += hx_money_double(c->monetary);
    }
    return sums;
}

static void put_rfm_cells(const hx_population *pop, hx_json_writer *w, const rfm_money *sums) {
    hx_json_key(w, "cells");
    hx_json_array(w);
    for (int r = 0; r < 5; r++) {
        hx_json_array(w);
        for (int f = 0; f < 5; f++) {
            uint64_t n = pop->rfm_cells[r][f];
            hx_json_array(w);
            hx_json_int(w, (int64_t)n);
            hx_json_double(w, n ? sums->cells[r][f] / (double)n : 0);
            hx_json_end_array(w);
        }
        hx_json_end_array(w);
    }
    hx_json_end_array(w);
}

static void put_rfm(const hx_report *r, hx_json_writer *w) {
    const hx_population *pop = r->pop;
    rfm_money sums = sum_rfm(pop);
    hx_json_key(w, "rfm");
    hx_json_object(w);
    hx__value_count(w, "n", pop->thresholds.rfm.n);
    put_rfm_cells(pop, w, &sums);
    hx_json_key(w, "groups");
    hx_json_array(w);
    for (int g = HX_RFM_GROUPS - 1; g >= 0; g--) {
        hx_json_object(w);
        hx__value_cstr(w, "zh", hx_rfm_group_name(g, HX_UI_ZH));
        hx__value_cstr(w, "en", hx_rfm_group_name(g, HX_UI_EN));
        hx__value_int(w, "group", g);
        hx__value_count(w, "size", pop->group_sizes[g]);
        hx__value_double(w, "money", sums.groups[g]);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

/* ------------------------------------------------------------------ voice */
static void put_list(hx_report *r, hx_json_writer *w, const hx_report_list *list) {
    uint32_t sorted[HX_REPORT_SLOTS];
    size_t n = hx__report_list_sorted(r, list, sorted);
    hx_json_key(w, "quotes");
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        hx_json_int(w, hx__report_number_quote(r, sorted[i]));
    hx_json_end_array(w);
}

static void put_item(hx_report *r, hx_json_writer *w, const hx_report_item *item) {
    hx_json_object(w);
    hx__value_str(w, "name", item->name);
    hx__value_count(w, "n", item->texts);
    put_moods(w, "moods", item->sentiments);
    put_rating(w, item->rating_sum, item->n_ratings);
    hx__value_money(w, "money", item->amount);
    put_list(r, w, &item->list);
    hx_json_end_object(w);
}

static void put_voice(hx_report *r, hx_json_writer *w, const char *id, const hx_report_voice *v) {
    hx_json_object(w);
    hx__value_cstr(w, "id", id);
    hx__value_count(w, "n", v->count);
    put_moods(w, "moods", v->sentiments);
    put_list(r, w, &v->list);
    hx_json_end_object(w);
}

static void put_word(hx_report *r, hx_json_writer *w, const hx_report_word *word) {
    hx_json_object(w);
    hx__value_str(w, "word", hx__report_mask(word->text, r->arena));
    hx__value_count(w, "n", word->count);
    put_moods(w, "moods", word->sentiments);
    put_list(r, w, &word->list);
    hx_json_end_object(w);
}

/* Only where a model labelled texts; of customers, not of guests. */
static void put_model_labels(const hx_report *r, hx_json_writer *w) {
    const hx_label_sums *sums = &r->pop->labels;
    if (sums->n == 0) return;
    hx_json_key(w, "model_labels");
    hx_json_array(w);
    for (size_t i = 0; i < sums->n; i++) {
        hx_json_object(w);
        hx__value_str(w, "set", sums->at[i].set);
        hx__value_str(w, "label", sums->at[i].label);
        hx__value_count(w, "texts", sums->at[i].texts);
        hx__value_count(w, "customers", sums->at[i].customers);
        if (sums->at[i].label.len == 0)
            hx__value_double(w, "mean", hx__label_mean_of(&sums->at[i]));
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_voices(hx_report *r, hx_json_writer *w) {
    hx_json_key(w, "items");
    hx_json_array(w);
    for (size_t i = 0; i < r->n_top_items; i++)
        put_item(r, w, &hx__report_items(r)[r->top_items[i]]);
    hx_json_end_array(w);
    hx_json_key(w, "categories");
    hx_json_array(w);
    for (size_t i = 0; i < r->n_categories; i++)
        put_item(r, w, &r->categories[i]);
    hx_json_end_array(w);
    hx_json_key(w, "intents");
    hx_json_array(w);
    for (size_t i = 0; i < HX_INTENT_N; i++)
        if (r->intents[i].count > 0) put_voice(r, w, hx__intent_name(i), &r->intents[i]);
    hx_json_end_array(w);
    hx_json_key(w, "aspects");
    hx_json_array(w);
    for (size_t i = 0; i < HX_REPORT_ASPECTS; i++)
        if (r->aspects[i].count > 0) put_voice(r, w, hx__report_aspect_id(i), &r->aspects[i]);
    hx_json_end_array(w);
    hx_json_key(w, "words");
    hx_json_array(w);
    for (size_t i = 0; i < r->n_top_words; i++)
        put_word(r, w, &hx__report_words(r)[r->top_words[i]]);
    hx_json_end_array(w);
}

/* ------------------------------------------------------------------ quality */
static const char *import_name(const hx_report *r, int64_t id, hx_arena *arena) {
    for (size_t i = 0; i < r->quality.n_imports; i++)
        if (r->quality.imports[i].id == id) {
            hx_str path = hx_arena_str(arena, r->quality.imports[i].path);
            return path.ptr ? base_name(path.ptr) : "";
        }
    return "";
}

static void put_import(const hx_report *r, hx_json_writer *w, const hx_import_info *i) {
    hx_json_object(w);
    hx__value_int(w, "id", i->id);
    hx__value_cstr(w, "file", import_name(r, i->id, r->arena));
    hx__value_str(w, "kind", i->kind);
    hx__value_str(w, "format", i->format);
    hx__value_str(w, "encoding", i->encoding);
    hx__value_count(w, "rows", i->rows);
    hx__value_count(w, "accepted", i->accepted);
    hx__value_count(w, "rejected", i->rejected);
    hx__value_count(w, "repaired", i->repaired);
    hx__value_count(w, "duplicates", i->duplicates);
    hx_json_key(w, "undone");
    hx_json_bool(w, i->undone);
    hx_json_end_object(w);
}

static void put_rejects(const hx_report *r, hx_json_writer *w) {
    const hx_report_quality *q = &r->quality;
    hx_json_key(w, "rejects");
    hx_json_array(w);
    for (size_t i = 0; i < q->n_rejects; i++) {
        hx_json_object(w);
        hx__value_cstr(w, "file", import_name(r, q->rejects[i].import, r->arena));
        hx__value_int(w, "row", q->rejects[i].row);
        hx__value_str(w, "column", q->rejects[i].column);
        hx__value_str(w, "example", q->rejects[i].example);
        hx__value_count(w, "n", q->rejects[i].count);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx__value_count(w, "more_rejects", q->more_rejects);
}

static void put_conflicts(const hx_report *r, hx_json_writer *w) {
    const hx_report_quality *q = &r->quality;
    char id[HX_PROFILE_ID_MAX];
    hx_json_key(w, "conflicts");
    hx_json_array(w);
    for (size_t i = 0; i < q->n_conflicts && i < HX_REPORT_CONFLICTS; i++) {
        const hx_report_conflict *c = &q->conflicts[i];
        hx_json_object(w);
        hx__value_cstr(w, "id", hx_profile_id_text(c->person, id));
        hx__value_str(w, "main", c->who);
        hx__value_str(w, "trait", c->name);
        hx__value_str(w, "kept", c->kept);
        hx__value_cstr(w, "kept_file", import_name(r, c->kept_import, r->arena));
        hx__value_str(w, "other", c->other);
        hx__value_cstr(w, "other_file", import_name(r, c->other_import, r->arena));
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx__value_count(w, "n_conflicts", q->n_conflicts);
    hx__value_count(w, "conflicted", q->conflicted);
}

static void put_quality(const hx_report *r, hx_json_writer *w) {
    static const char *const noise[HX_NOISE_N] = {
        "none", "empty", "default_praise", "advert", "repeated", "spam", "bot", "off_topic"};
    const hx_report_quality *q = &r->quality;
    hx_json_key(w, "quality");
    hx_json_object(w);
    hx_json_key(w, "imports");
    hx_json_array(w);
    for (size_t i = 0; i < q->n_imports; i++)
        put_import(r, w, &q->imports[i]);
    hx_json_end_array(w);
    put_rejects(r, w);
    put_conflicts(r, w);
    hx__value_count(w, "joined", q->joined);
    hx__value_count(w, "undated", q->undated);
    hx__value_count(w, "outside", q->outside);
    hx__value_count(w, "guests", q->guest_events);
    hx__value_count(w, "unread", q->unread);
    hx__value_count(w, "corrected", q->corrected[HX_CORRECT_APPLY]);
    hx__value_count(w, "corrected_edits", q->edits[HX_CORRECT_APPLY]);
    hx__value_count(w, "suggested", q->corrected[HX_CORRECT_SUGGEST]);
    hx__value_count(w, "suggested_edits", q->edits[HX_CORRECT_SUGGEST]);
    hx__value_count(w, "equal_texts", q->equal_texts);
    hx__value_count(w, "near_texts", q->near_texts);
    hx__value_count(w, "compared_texts", q->compared_texts);
    hx_json_key(w, "noise");
    hx_json_object(w);
    for (int i = HX_NOISE_EMPTY; i < HX_NOISE_N; i++)
        hx__value_count(w, noise[i], q->noise[i]);
    hx_json_end_object(w);
    hx_json_end_object(w);
}

/* ------------------------------------------------------------------ quotes */
static void put_quote(const hx_report *r, hx_json_writer *w, const hx_report_quote *q) {
    char id[HX_PROFILE_ID_MAX], time[HX_REPORT_LABEL_MAX];
    hx_json_object(w);
    hx__value_str(w, "text", q->text);
    hx__value_cstr(w, "who", q->person ? hx_profile_id_text(q->person, id) : NULL);
    hx__value_cstr(w, "at", hx__report_local_text(r, q->time, time));
    hx__value_str(w, "item", q->item);
    hx__value_int(w, "mood", (int64_t)q->label - HX_SENTIMENT_NEUTRAL);
    if (q->rating != HX_RATING_NONE) hx__value_double(w, "rating", q->rating / 1000.0);
    hx_json_end_object(w);
}

static hx_status put_quotes(const hx_report *r, hx_json_writer *w, hx_error *err) {
    size_t n = r->quotes.len / sizeof(hx_report_quote);
    uint32_t *order = hx_arena_alloc(r->arena, (n + 1) * sizeof *order);
    if (!order) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    for (uint32_t i = 0; i < n; i++)
        if (hx__report_quotes(r)[i].number >= 0) order[hx__report_quotes(r)[i].number] = i;
    hx_json_key(w, "quotes");
    hx_json_array(w);
    for (int32_t i = 0; i < r->n_numbered; i++)
        put_quote(r, w, &hx__report_quotes(r)[order[i]]);
    hx_json_end_array(w);
    return HX_OK;
}

hx_status hx__report_put(hx_report *r, hx_json_writer *w, hx_error *err) {
    hx_json_object(w);
    put_head(r, w);
    put_overview(r, w);
    hx__report_put_findings(r, w);
    put_time(r, w);
    put_rfm(r, w);
    HX_TRY(hx__report_put_segments(r, w, err));
    HX_TRY(hx__report_put_more(r, w, err));
    HX_TRY(hx__report_put_value(r, w, err));
    HX_TRY(hx__report_put_together(r, w, err));
    HX_TRY(hx__report_put_topics(r, r->share_dir, w, err));
    put_voices(r, w);
    put_model_labels(r, w);
    HX_TRY(hx__report_put_people(r, w, err));
    put_quality(r, w);
    HX_TRY(put_quotes(r, w, err));
    hx_json_end_object(w);
    return HX_OK;
}
