/* card.c - one customer on a terminal: a card, and the events with what was read in their texts.
 *
 * In texts the evidence is coloured (green speaks for, red against); without colours it stands in brackets with its sign, so that a
 * screen of any kind says the same. Hours and weekdays are bars of eight heights.
 *
 * Times are those of the store's time zone, which the card names. Codes are shown as words of the language. What comes from data is
 * escaped. */
#include "cli/shown.h"

#include <string.h>

#include "cli/grid.h"

#define LABEL_COLUMN 16
#define LIST_SHOWN 8
#define GREEN "\x1b[32m"
#define RED "\x1b[31m"
#define OFF "\x1b[0m"

static const char *text_at(const json_t *object, const char *path) {
    const char *s = json_string_value(hx_json_at(object, path));
    return s ? s : "";
}

static void put_label(hx_outbuf *out, const char *label) {
    size_t width = hx_visible_width(hx_str_of(label));
    hx_outbuf_printf(out, "  %s", label);
    hx_outbuf_fill(out, ' ', width + 2 <= LABEL_COLUMN ? LABEL_COLUMN - width : 2);
}

static void put_time_field(hx_outbuf *out, const char *label, const json_t *value) {
    if (!json_is_string(value)) return;
    put_label(out, label);
    hx_shown_time(out, value);
    hx_outbuf_byte(out, '\n');
}

static const char *word_of(const hx_cli *c, const char *code) {
    const char *word = hx_answer_label(code, c->ui);
    return word ? word : code;
}

static void put_words(const hx_cli *c, hx_outbuf *out, const char *label, const json_t *value) {
    json_t *words = json_is_null(value) ? NULL : hx_output_words(c, value);
    if (words) hx_shown_field(out, label, words, LABEL_COLUMN);
    json_decref(words);
}

/* ------------------------------------------------------------------ the card */
static void put_bars(hx_outbuf *out, const char *label, const json_t *counts) {
    static const char *const bars[] = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    json_int_t most = 0;
    for (size_t i = 0; i < json_array_size(counts); i++) {
        json_int_t v = json_integer_value(json_array_get(counts, i));
        if (v > most) most = v;
    }
    if (most == 0) return;
    put_label(out, label);
    for (size_t i = 0; i < json_array_size(counts); i++) {
        json_int_t v = json_integer_value(json_array_get(counts, i));
        hx_outbuf_text(out, bars[v > 0 ? 1 + (v * 7) / most : 0]);
    }
    hx_outbuf_byte(out, '\n');
}

/* What a trained model says: the last label, and how many texts have each. */
static void put_counted(hx_outbuf *out, const char *label, const json_t *trait) {
    const char *name, *between = "  (";
    json_t *count;
    put_label(out, label);
    hx_output_cell(out, json_object_get(trait, "value"), true);
    json_object_foreach(json_object_get(trait, "counts"), name, count) {
        hx_outbuf_text(out, between);
        hx_outbuf_visible(out, hx_str_of(name), 0);
        hx_outbuf_printf(out, " %lld", (long long)json_integer_value(count));
        between = ", ";
    }
    hx_outbuf_text(out, ")\n");
}

static void put_traits(hx_cli *c, const json_t *p, hx_outbuf *out) {
    const char *name;
    json_t *trait;
    json_t *traits = json_object_get(p, "traits");
    if (json_object_size(traits) == 0) return;
    hx_shown_title(c, out, hx_cli_tr(c, "Traits", "资料"));
    json_object_foreach(traits, name, trait) {
        hx_outbuf label = {0};
        const json_t *value = json_object_get(trait, "value");
        hx_outbuf_visible(&label, hx_str_of(word_of(c, name)), LABEL_COLUMN - 2);
        hx_outbuf_byte(&label, '\0');
        if (!label.failed && json_object_get(trait, "counts"))
            put_counted(out, label.ptr, trait);
        else if (!label.failed && strcmp(name, "gender") == 0)
            put_words(c, out, label.ptr, value);
        else if (!label.failed)
            hx_shown_field(out, label.ptr, value, LABEL_COLUMN);
        hx_outbuf_release(&label);
    }
}

static void put_activity(hx_cli *c, const json_t *p, hx_outbuf *out) {
    const json_t *a = json_object_get(p, "activity");
    hx_shown_title(c, out, hx_cli_tr(c, "Activity", "活动"));
    put_time_field(out, hx_cli_tr(c, "first", "首次"), json_object_get(a, "first_local"));
    put_time_field(out, hx_cli_tr(c, "last", "最近"), json_object_get(a, "last_local"));
    hx_shown_field(out, hx_cli_tr(c, "events", "事件"), json_object_get(a, "events"), LABEL_COLUMN);
    hx_shown_field(out, hx_cli_tr(c, "orders", "订单"), json_object_get(a, "orders"), LABEL_COLUMN);
    for (size_t i = 0; i < json_array_size(json_object_get(a, "spent_by_currency")); i++)
        hx_shown_field(out, i == 0 ? hx_cli_tr(c, "spent", "消费") : "",
                       json_array_get(json_object_get(a, "spent_by_currency"), i), LABEL_COLUMN);
    put_bars(out, hx_cli_tr(c, "hours 0-23", "时段 0-23"), json_object_get(a, "by_hour"));
    put_bars(out, hx_cli_tr(c, "Monday-Sunday", "周一至周日"), json_object_get(a, "by_weekday"));
}

static void put_names(hx_outbuf *out, const char *label, const json_t *list, const char *key) {
    if (json_array_size(list) == 0) return;
    put_label(out, label);
    for (size_t i = 0; i < json_array_size(list) && i < LIST_SHOWN; i++) {
        const json_t *entry = json_array_get(list, i);
        if (i > 0) hx_outbuf_text(out, "  ");
        hx_outbuf_visible(out, hx_str_of(key ? text_at(entry, key) : json_string_value(entry)), 0);
    }
    hx_outbuf_byte(out, '\n');
}

/* "物流 -0.72 (2)": the mean sentiment, -1 to 1, and the texts. */
static void put_aspects(hx_cli *c, const json_t *list, hx_outbuf *out) {
    if (json_array_size(list) == 0) return;
    put_label(out, hx_cli_tr(c, "aspects", "方面"));
    for (size_t i = 0; i < json_array_size(list) && i < LIST_SHOWN; i++) {
        const json_t *a = json_array_get(list, i);
        if (i > 0) hx_outbuf_text(out, "  ");
        hx_outbuf_visible(out, hx_str_of(text_at(a, "aspect")), 0);
        hx_outbuf_printf(out, " %+.2f (%lld)", json_number_value(json_object_get(a, "sentiment")),
                         (long long)json_integer_value(json_object_get(a, "n")));
    }
    hx_outbuf_byte(out, '\n');
}

static void put_voice(hx_cli *c, const json_t *p, hx_outbuf *out) {
    const json_t *v = json_object_get(p, "voice");
    if (json_integer_value(json_object_get(v, "texts")) == 0) return;
    hx_shown_title(c, out, hx_cli_tr(c, "Voice", "心声"));
    hx_shown_field(out, hx_cli_tr(c, "texts", "文本"), json_object_get(v, "texts"), LABEL_COLUMN);
    put_words(c, out, hx_cli_tr(c, "sentiment", "情感"), json_object_get(v, "sentiment"));
    put_words(c, out, hx_cli_tr(c, "intents", "意图"), json_object_get(v, "intents"));
    put_aspects(c, json_object_get(v, "aspects"), out);
    put_words(c, out, hx_cli_tr(c, "rating", "评分"), json_object_get(v, "rating"));
    put_names(out, hx_cli_tr(c, "keywords", "关键词"), json_object_get(v, "keywords"), "text");
}

static void put_insight(hx_cli *c, const json_t *p, hx_outbuf *out) {
    const json_t *rfm = hx_json_at(p, "scores.rfm");
    hx_shown_title(c, out, hx_cli_tr(c, "Insight", "洞察"));
    if (json_is_object(rfm)) {
        put_label(out, "RFM");
        hx_outbuf_printf(
            out, "%lld-%lld-%lld  %s\n", (long long)json_integer_value(json_object_get(rfm, "r")),
            (long long)json_integer_value(json_object_get(rfm, "f")),
            (long long)json_integer_value(json_object_get(rfm, "m")), text_at(rfm, "name"));
    }
    json_t *segments = hx_output_words(c, json_object_get(p, "segments"));
    put_names(out, hx_cli_tr(c, "segments", "分群"), segments, NULL);
    json_decref(segments);
    put_names(out, hx_cli_tr(c, "interests", "兴趣"), json_object_get(p, "interests"), "name");
}

static void put_conflicts(hx_cli *c, const json_t *p, hx_outbuf *out) {
    const json_t *list = json_object_get(p, "conflicts");
    if (json_array_size(list) == 0) return;
    hx_shown_title(c, out,
                   hx_cli_tr(c, "Sources disagree (imports conflicts says which)",
                             "各来源不一致（来源见 imports conflicts）"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *conflict = json_array_get(list, i), *traits = json_object_get(p, "traits");
        const json_t *trait = json_object_get(traits, text_at(conflict, "trait"));
        put_label(out, word_of(c, text_at(conflict, "trait")));
        hx_output_cell(out, json_object_get(trait, "value"), true);
        hx_outbuf_text(out, hx_cli_tr(c, ", elsewhere ", "，另有 "));
        hx_outbuf_visible(out, hx_str_of(text_at(conflict, "value")), 0);
        hx_outbuf_byte(out, '\n');
    }
}

void hx_shown_profile(hx_cli *c, const json_t *p, hx_outbuf *out) {
    const char *type;
    json_t *values;
    hx_outbuf_text(out, c->color ? "\x1b[1m" : "");
    hx_outbuf_visible(out, hx_str_of(text_at(p, "name")), 0);
    hx_outbuf_printf(out, "%s  %s\n", c->color ? OFF : "", text_at(p, "id"));
    json_object_foreach(json_object_get(p, "ids"), type, values)
        hx_shown_field(out, word_of(c, type), values, LABEL_COLUMN);
    put_time_field(out, hx_cli_tr(c, "as of", "截至"), json_object_get(p, "as_of_local"));
    hx_shown_field(out, hx_cli_tr(c, "time zone", "时区"), hx_json_at(p, "activity.timezone"),
                   LABEL_COLUMN);
    put_traits(c, p, out);
    put_activity(c, p, out);
    put_voice(c, p, out);
    put_insight(c, p, out);
    hx_shown_dynamic(c, json_object_get(p, "dynamic"), out);
    hx_shown_drift(c, json_object_get(p, "drift"), out);
    put_conflicts(c, p, out);
}

/* ------------------------------------------------------------------ events */
static void put_span(const hx_cli *c, hx_outbuf *out, hx_str s, double weight) {
    hx_outbuf_text(out, !c->color ? "[" : weight >= 0 ? GREEN : RED);
    hx_outbuf_visible(out, s, 0);
    hx_outbuf_text(out, c->color ? OFF : weight >= 0 ? " +]" : " -]");
}

/* Spans that overlap an earlier one are left out; all stand inside the text. */
static void put_marked(const hx_cli *c, hx_outbuf *out, hx_str text, const json_t *evidence) {
    size_t at = 0, i;
    json_t *e;
    json_array_foreach(evidence, i, e) {
        json_int_t start = json_integer_value(json_object_get(e, "start")),
                   end = json_integer_value(json_object_get(e, "end"));
        if (start < (json_int_t)at || end <= start || (uint64_t)end > text.len) continue;
        hx_outbuf_visible(out, (hx_str){text.ptr + at, (size_t)start - at}, 0);
        put_span(c, out, (hx_str){text.ptr + start, (size_t)(end - start)},
                 json_number_value(json_object_get(e, "weight")));
        at = (size_t)end;
    }
    hx_outbuf_visible(out, (hx_str){text.ptr + at, text.len - at}, 0);
}

/* label.mood: good 0.97; label.stars: 4.2 */
static void put_said(const json_t *said, const char *between, hx_outbuf *out) {
    const char *label = text_at(said, "label");
    hx_outbuf_printf(out, "%slabel.%s: ", between, text_at(said, "set"));
    hx_outbuf_visible(out, hx_str_of(label), 0);
    if (*label)
        hx_outbuf_printf(out, " %.2f", json_number_value(json_object_get(said, "score")));
    else
        hx_outbuf_printf(out, "%.4g", json_number_value(json_object_get(said, "value")));
}

static void put_label_line(const hx_cli *c, hx_outbuf *out, const json_t *e) {
    const char *mood = text_at(e, "sentiment.label"), *intent = text_at(e, "intent.label");
    const char *color = !c->color                       ? ""
                        : strcmp(mood, "positive") == 0 ? GREEN
                        : strcmp(mood, "negative") == 0 ? RED
                                                        : "";
    bool read = *mood || (*intent && strcmp(intent, "other") != 0);
    hx_outbuf_text(out, "    → ");
    if (*mood)
        hx_outbuf_printf(out, "%s%s%s %.2f", color, word_of(c, mood), *color ? OFF : "",
                         json_number_value(hx_json_at(e, "sentiment.score")));
    if (*intent && strcmp(intent, "other") != 0)
        hx_outbuf_printf(out, "%s%s %.2f", *mood ? " · " : "", word_of(c, intent),
                         json_number_value(hx_json_at(e, "intent.score")));
    const json_t *one = json_object_get(e, "model_label"),
                 *several = json_object_get(e, "model_labels");
    if (one) put_said(one, read ? " · " : "", out);
    for (size_t i = 0; i < json_array_size(several); i++)
        put_said(json_array_get(several, i), read || i > 0 ? " · " : "", out);
    hx_outbuf_byte(out, '\n');
}

static void put_event(hx_cli *c, const json_t *e, hx_outbuf *out) {
    static const char *const parts[] = {"item_name", "item",   "category", "page",
                                        "quantity",  "amount", "rating"};
    hx_outbuf cell = {0};
    if (json_is_string(json_object_get(e, "time")))
        hx_shown_time(out, json_object_get(e, "time_local"));
    else
        hx_outbuf_text(out, hx_cli_tr(c, "undated", "无日期"));
    hx_outbuf_text(out, "  ");
    hx_outbuf_visible(out, hx_str_of(word_of(c, text_at(e, "name"))), 0);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        cell.len = 0;
        if (i == 1 && json_object_get(e, "item_name")) continue;
        hx_output_cell(&cell, json_object_get(e, parts[i]), true);
        if (cell.len == 0) continue;
        hx_outbuf_text(out, i == 4 ? "  ×" : "  ");
        hx_outbuf_visible(out, hx_outbuf_str(&cell), 40);
    }
    hx_outbuf_printf(out, c->color ? "  \x1b[2m%s\x1b[0m\n" : "  %s\n", text_at(e, "event"));
    hx_outbuf_release(&cell);
    const json_t *text = json_object_get(e, "text");
    if (!text) return;
    hx_outbuf_text(out, "    ");
    put_marked(c, out, (hx_str){json_string_value(text), json_string_length(text)},
               hx_json_at(e, "sentiment.evidence"));
    hx_outbuf_byte(out, '\n');
    if (json_object_get(e, "sentiment") || json_object_get(e, "intent") ||
        json_object_get(e, "model_label") || json_object_get(e, "model_labels"))
        put_label_line(c, out, e);
}

void hx_shown_events(hx_cli *c, const json_t *events, hx_outbuf *out) {
    for (size_t i = 0; i < json_array_size(events); i++)
        put_event(c, json_array_get(events, i), out);
}
