/* cmd_look.c - show, timeline: looks into a store.
 *
 * On a terminal a card or a table, in a pipe the library's JSON: one line for one thing, one line an event for lists.
 *
 * Each is a question to the library and a way to show its answer; the store is open for reading in between. */
#include "cli/commands.h"
#include "cli/look.h"
#include "cli/shown.h"

int hx_cli_look(hx_cli *c, hx_cli_ask *ask, hx_cli_present *show) {
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

bool hx_cli_write_line(hx_cli *c, hx_str json) {
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
    if (c->shape == HX_SHAPE_JSON) return hx_cli_write_line(c, json);
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

static hx_status ask_prose(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                           hx_error *err) {
    return hx_answer_prose(s, hx_str_of(c->args[0]), o, c->arena, json, err);
}

/* The sentences on a terminal; with facts and quotes as JSON. */
static bool show_prose(hx_cli *c, hx_str json) {
    if (c->shape == HX_SHAPE_JSON) return hx_cli_write_line(c, json);
    json_t *p = hx_output_parse(c, json);
    if (!p) return false;
    const char *prose = json_string_value(json_object_get(p, "prose"));
    const bool ok = c->shape == HX_SHAPE_CSV ? hx_output_pairs(c, p)
                                             : hx_cli_write_line(c, hx_str_of(prose ? prose : ""));
    json_decref(p);
    return ok;
}

int hx_cmd_show(hx_cli *c) {
    if (!hx_cli_has(&c->options, HX_OPT_PROSE)) return hx_cli_look(c, ask_profile, show_profile);
    if (hx_cli_has(&c->options, HX_OPT_DRIFT))
        return hx_cli_usage(c, "--prose says nothing of --drift; leave one of them out",
                            "--prose 不含 --drift 的内容；请去掉其中一个");
    return hx_cli_look(c, ask_prose, show_prose);
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
    return hx_cli_look(c, ask_events, show_events);
}
