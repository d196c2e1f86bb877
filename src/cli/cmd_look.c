/* cmd_look.c - show, timeline, segment: looks into a store.
 *
 * On a terminal a card or a table, in a pipe the library's JSON: one line for one thing, one line an event or a segment for lists.
 *
 * Each is a question to the library and a way to show its answer; the store is open for reading in between. */
#include <string.h>

#include "cli/commands.h"
#include "cli/shown.h"

typedef hx_status look(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                       hx_error *err);
typedef bool present(hx_cli *c, hx_str json);

static int look_and_show(hx_cli *c, look *ask, present *show) {
    hx_answer_options o;
    hx_str json;
    hx_error err = {.ui = c->ui};
    int status;
    if (!hx_cli_answer_options(c, &o)) return HX_EXIT_USAGE;
    hx_store *s = hx_cli_store(c, HX_STORE_READ, &status);
    if (!s) return status;
    if (ask(c, s, &o, &json, &err) != HX_OK)
        status = hx_cli_error(c, &err);
    else if (!show(c, json))
        status = HX_EXIT_FAILED;
    hx_store_close(s);
    return status;
}

static bool write_line(hx_cli *c, hx_str json) {
    hx_outbuf out = {0};
    hx_outbuf_bytes(&out, json.ptr, json.len);
    hx_outbuf_byte(&out, '\n');
    bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return ok;
}

static size_t limit_of(const hx_cli *c) {
    return (size_t)c->options.number[HX_OPT_HEAD];
}

/* ------------------------------------------------------------------ show */
static hx_status ask_profile(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                             hx_error *err) {
    return hx_answer_show(s, hx_str_of(c->args[0]), o, c->arena, json, err);
}

static bool show_profile(hx_cli *c, hx_str json) {
    if (c->shape == HX_SHAPE_JSON) return write_line(c, json);
    json_t *p = hx_output_parse(c, json);
    if (!p) return false;
    hx_outbuf out = {0};
    bool ok = true;
    if (c->shape == HX_SHAPE_CSV)
        ok = hx_output_pairs(c, p);
    else
        hx_shown_profile(c, p, &out);
    ok = hx_output_write(c, &out) && ok;
    hx_outbuf_release(&out);
    json_decref(p);
    return ok;
}

int hx_cmd_show(hx_cli *c) {
    return look_and_show(c, ask_profile, show_profile);
}

/* ------------------------------------------------------------------ timeline */
static hx_status ask_events(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                            hx_error *err) {
    return hx_answer_timeline(s, hx_str_of(c->args[0]), limit_of(c), o, c->arena, json, err);
}

static bool show_events(hx_cli *c, hx_str json) {
    static const hx_record_column columns[] = {{"event", NULL, NULL, HX_CELL_LEFT},
                                               {"time", NULL, NULL, HX_CELL_LEFT},
                                               {"name", NULL, NULL, HX_CELL_LEFT},
                                               {"order", NULL, NULL, HX_CELL_LEFT},
                                               {"item", NULL, NULL, HX_CELL_LEFT},
                                               {"item_name", NULL, NULL, HX_CELL_LEFT},
                                               {"category", NULL, NULL, HX_CELL_LEFT},
                                               {"quantity", NULL, NULL, HX_CELL_LEFT},
                                               {"amount", NULL, NULL, HX_CELL_LEFT},
                                               {"text", NULL, NULL, HX_CELL_LEFT},
                                               {"sentiment.label", NULL, NULL, HX_CELL_LEFT},
                                               {"intent.label", NULL, NULL, HX_CELL_LEFT},
                                               {"model_label.label", NULL, NULL, HX_CELL_LEFT}};
    json_t *events = hx_output_parse(c, json);
    if (!events) return false;
    bool ok = true;
    if (c->shape == HX_SHAPE_TABLE) {
        hx_outbuf out = {0};
        hx_shown_events(c, events, &out);
        ok = hx_output_write(c, &out);
        hx_outbuf_release(&out);
    } else {
        ok = hx_output_records(c, events, columns, sizeof columns / sizeof *columns);
    }
    json_decref(events);
    return ok;
}

int hx_cmd_timeline(hx_cli *c) {
    return look_and_show(c, ask_events, show_events);
}

/* ------------------------------------------------------------------ segments */
static hx_status ask_segments(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                              hx_error *err) {
    return hx_answer_segments(s, o, c->arena, json, err);
}

static bool show_segments(hx_cli *c, hx_str json) {
    static const hx_record_column columns[] = {{"id", "id", "编号", HX_CELL_LEFT},
                                               {"name", "name", "名称", HX_CELL_LEFT},
                                               {"size", "customers", "人数", HX_CELL_RIGHT},
                                               {"share", "share", "占比", HX_CELL_PERCENT},
                                               {"rule", "rule", "规则", HX_CELL_LEFT}};
    json_t *list = hx_output_parse(c, json);
    if (!list) return false;
    bool ok = hx_output_records(c, list, columns, sizeof columns / sizeof *columns);
    json_decref(list);
    return ok;
}

static hx_status ask_members(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                             hx_error *err) {
    return hx_answer_segment(s, hx_str_of(c->args[0]), limit_of(c), o, c->arena, json, err);
}

static void put_segment_head(hx_cli *c, const json_t *segment, hx_outbuf *out) {
    hx_output_cell(out, json_object_get(segment, "name"), true);
    hx_outbuf_text(out, "  ");
    hx_output_cell(out, json_object_get(segment, "size"), true);
    hx_outbuf_text(out, hx_cli_tr(c, " customers\n", " 人\n"));
    hx_output_cell(out, json_object_get(segment, "rule"), true);
    hx_outbuf_text(out, "\n\n");
}

static bool show_members(hx_cli *c, hx_str json) {
    static const hx_record_column columns[] = {
        {"id", "id", "编号", HX_CELL_LEFT},
        {"name", "name", "客户", HX_CELL_LEFT},
        {"rfm.name", "RFM", "RFM 分组", HX_CELL_LEFT},
        {"recency_days", "days ago", "距今天数", HX_CELL_RIGHT},
        {"orders", "orders", "订单", HX_CELL_RIGHT},
        {"spent", "spent", "消费", HX_CELL_RIGHT},
        {"texts", "texts", "文本", HX_CELL_RIGHT},
        {"sentiment", "sentiment", "情感", HX_CELL_RIGHT},
        {"ids", NULL, NULL, HX_CELL_LEFT},
        {"segments", NULL, NULL, HX_CELL_LEFT}};
    if (c->shape == HX_SHAPE_JSON) return write_line(c, json);
    json_t *segment = hx_output_parse(c, json);
    if (!segment) return false;
    hx_outbuf out = {0};
    if (c->shape == HX_SHAPE_TABLE) put_segment_head(c, segment, &out);
    bool ok = hx_output_write(c, &out);
    ok = hx_output_records(c, json_object_get(segment, "members"), columns,
                           sizeof columns / sizeof *columns) &&
         ok;
    hx_outbuf_release(&out);
    json_decref(segment);
    return ok;
}

int hx_cmd_segment(hx_cli *c) {
    bool list = strcmp(c->action, "list") == 0;
    if (list && c->n_args > 0)
        return hx_cli_usage(c, "segment list takes no argument", "segment list 不带参数");
    if (!list && c->n_args == 0)
        return hx_cli_usage(c, "segment show needs a segment: its id or name",
                            "segment show 需要分群的编号或名称");
    return list ? look_and_show(c, ask_segments, show_segments)
                : look_and_show(c, ask_members, show_members);
}
