/* summary_table.c - what profile prints in the end: what was read, the shop in figures, segments, RFM groups, the best and the
 * unhappiest customers.
 *
 * Reads the JSON that hx_answer_summary() gives: what it has no member or an empty list for is left out with its title. Labels
 * stand in a column that is as wide as they are shown on a terminal, a Chinese character being two; lists end after LIST_SHOWN
 * lines, as --format json has all of it. */
#include "cli/shown.h"

#include <string.h>

#define LABEL_COLUMN 20
#define LIST_SHOWN 5

void hx_shown_title(const hx_cli *c, hx_outbuf *out, const char *title) {
    hx_outbuf_printf(out, c->color ? "\n\x1b[1m%s\x1b[0m\n" : "\n%s\n", title);
}

void hx_shown_time(hx_outbuf *out, const json_t *value) {
    const char *s = json_string_value(value);
    if (!s) return;
    hx_outbuf_printf(out, "%.10s", s);
    if (strlen(s) >= 16 && strncmp(s + 11, "00:00", 5) != 0) hx_outbuf_printf(out, " %.5s", s + 11);
}

static void put_label(hx_outbuf *out, const char *label, size_t column) {
    size_t width = hx_visible_width(hx_str_of(label));
    hx_outbuf_printf(out, "  %s", label);
    hx_outbuf_fill(out, ' ', width + 2 <= column ? column - width : 2);
}

void hx_shown_field(hx_outbuf *out, const char *label, const json_t *value, size_t column) {
    hx_outbuf cell = {0};
    hx_output_cell(&cell, value, true);
    if (cell.len > 0) {
        put_label(out, label, column);
        hx_outbuf_visible(out, hx_outbuf_str(&cell), 0);
        hx_outbuf_byte(out, '\n');
    }
    hx_outbuf_release(&cell);
}

static void put_correction(hx_cli *c, const json_t *correction, hx_outbuf *out) {
    const char *mode = json_string_value(json_object_get(correction, "mode"));
    if (!mode) return;
    put_label(out,
              strcmp(mode, "apply") == 0 ? hx_cli_tr(c, "texts corrected", "已纠错的文本")
                                         : hx_cli_tr(c, "would be corrected", "建议纠错的文本"),
              LABEL_COLUMN);
    hx_outbuf_printf(out, hx_cli_tr(c, "%lld (%lld edits)\n", "%lld（%lld 处）\n"),
                     (long long)json_integer_value(json_object_get(correction, "texts")),
                     (long long)json_integer_value(json_object_get(correction, "edits")));
}

static void put_import(hx_cli *c, const json_t *import, hx_outbuf *out) {
    static const char *const fields[][3] = {
        {"files", "files read", "读入文件"},        {"rows", "rows", "行数"},
        {"accepted", "accepted", "接受"},           {"duplicates", "already there", "已有（重复）"},
        {"rejected", "rejected", "拒绝"},           {"new_customers", "new customers", "新增客户"},
        {"conflicts", "contradictions", "资料冲突"}};
    if (!import) return;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        hx_shown_field(out, hx_cli_tr(c, fields[i][1], fields[i][2]),
                       json_object_get(import, fields[i][0]), LABEL_COLUMN);
    put_correction(c, json_object_get(import, "correction"), out);
    hx_shown_field(out, hx_cli_tr(c, "rejected rows are in", "被拒绝的行见"),
                   json_object_get(import, "rejects"), LABEL_COLUMN);
    hx_outbuf_byte(out, '\n');
}

static void put_moods(hx_cli *c, const json_t *sentiments, hx_outbuf *out) {
    static const char *const names[][3] = {{"positive", "positive", "正面"},
                                           {"neutral", "neutral", "中性"},
                                           {"mixed", "mixed", "褒贬不一"},
                                           {"negative", "negative", "负面"}};
    const char *between = "";
    if (!sentiments) return;
    put_label(out, hx_cli_tr(c, "sentiment", "情感"), LABEL_COLUMN);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++, between = "  ")
        hx_outbuf_printf(out, "%s%s %lld", between, hx_cli_tr(c, names[i][1], names[i][2]),
                         (long long)json_integer_value(json_object_get(sentiments, names[i][0])));
    hx_outbuf_byte(out, '\n');
}

/* What trained models said: a line a set, LABEL and its texts. */
static void put_labels(const json_t *labels, hx_outbuf *out) {
    const char *set, *label;
    json_t *counts, *count;
    json_object_foreach((json_t *)(uintptr_t)labels, set, counts) {
        hx_outbuf name = {0};
        const char *between = "";
        hx_outbuf_text(&name, "label.");
        hx_outbuf_visible(&name, hx_str_of(set), LABEL_COLUMN - 8);
        hx_outbuf_byte(&name, '\0');
        if (!name.failed) put_label(out, name.ptr, LABEL_COLUMN);
        hx_outbuf_release(&name);
        json_object_foreach(counts, label, count) {
            hx_outbuf_text(out, between);
            hx_outbuf_visible(out, hx_str_of(label), 0);
            const json_t *mean = json_object_get(count, "value");
            if (mean) hx_outbuf_printf(out, " %.4g,", json_number_value(mean));
            hx_outbuf_printf(out, " %lld",
                             (long long)json_integer_value(json_object_get(count, "texts")));
            between = "  ";
        }
        hx_outbuf_byte(out, '\n');
    }
}

static void put_spent(hx_cli *c, const json_t *list, hx_outbuf *out) {
    for (size_t i = 0; i < json_array_size(list); i++)
        hx_shown_field(out, i == 0 ? hx_cli_tr(c, "spent", "消费") : "", json_array_get(list, i),
                       LABEL_COLUMN);
}

static void put_figures(hx_cli *c, const json_t *s, hx_outbuf *out) {
    static const char *const fields[][3] = {
        {"customers", "customers", "客户"}, {"buyers", "buyers", "买家"},
        {"events", "events", "事件"},       {"guest_events", "events of guests", "未知客户的事件"},
        {"orders", "orders", "订单"},       {"refunds", "refunds", "退款"},
        {"texts", "texts", "文本"}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        hx_shown_field(out, hx_cli_tr(c, fields[i][1], fields[i][2]),
                       json_object_get(s, fields[i][0]), LABEL_COLUMN);
    put_moods(c, json_object_get(s, "sentiments"), out);
    put_labels(json_object_get(s, "labels"), out);
    put_spent(c, json_object_get(s, "spent_by_currency"), out);
    put_label(out, hx_cli_tr(c, "from, to", "起止"), LABEL_COLUMN);
    hx_shown_time(out, json_object_get(s, "first_local"));
    hx_outbuf_text(out, " … ");
    hx_shown_time(out, json_object_get(s, "last_local"));
    hx_outbuf_printf(out, "  %s", json_string_value(json_object_get(s, "timezone")));
    hx_outbuf_byte(out, '\n');
}

static void put_shares(hx_cli *c, const json_t *list, const char *title, hx_outbuf *out) {
    static const hx_record_column columns[] = {{"name", "name", "名称", HX_CELL_LEFT},
                                               {"size", "customers", "人数", HX_CELL_RIGHT},
                                               {"share", "share", "占比", HX_CELL_PERCENT}};
    if (json_array_size(list) == 0) return;
    hx_shown_title(c, out, title);
    (void)hx_output_table(c, list, columns, sizeof columns / sizeof *columns, 0, out);
}

static void put_customers(hx_cli *c, const json_t *list, const char *title, hx_outbuf *out) {
    static const hx_record_column columns[] = {{"name", "name", "客户", HX_CELL_LEFT},
                                               {"rfm.name", "RFM", "RFM 分组", HX_CELL_LEFT},
                                               {"orders", "orders", "订单", HX_CELL_RIGHT},
                                               {"spent", "spent", "消费", HX_CELL_RIGHT},
                                               {"texts", "texts", "文本", HX_CELL_RIGHT},
                                               {"sentiment", "sentiment", "情感", HX_CELL_RIGHT},
                                               {"segments", "segments", "分群", HX_CELL_CODE}};
    if (json_array_size(list) == 0) return;
    json_t *first = json_array();
    for (size_t i = 0; i < json_array_size(list) && i < LIST_SHOWN; i++)
        (void)json_array_append(first, json_array_get(list, i));
    hx_shown_title(c, out, title);
    (void)hx_output_table(c, first, columns, sizeof columns / sizeof *columns, 40, out);
    json_decref(first);
}

void hx_shown_summary(hx_cli *c, const json_t *s, hx_outbuf *out) {
    put_import(c, json_object_get(s, "import"), out);
    put_figures(c, s, out);
    put_shares(c, json_object_get(s, "segments"), hx_cli_tr(c, "Segments", "分群"), out);
    put_shares(c, json_object_get(s, "rfm"), hx_cli_tr(c, "RFM groups", "RFM 分组"), out);
    put_customers(c, json_object_get(s, "best"), hx_cli_tr(c, "Best customers", "最有价值的客户"),
                  out);
    put_customers(c, json_object_get(s, "unhappiest"),
                  hx_cli_tr(c, "Unhappiest customers", "最不满意的客户"), out);
}
