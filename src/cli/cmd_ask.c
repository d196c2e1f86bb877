/* cmd_ask.c - ask: a question in words about a store, answered from it alone.
 *
 *     ask "为什么八月差评变多？" --store shop.db       the sentences, quotes, and the question as it was understood
 *     ask "…" --store shop.db --receipts r.json       and the whole answer with its events, which verify replays
 *
 * The answer is in the question's language unless --lang says otherwise. "Not in the data" is an answer, too; its exit status is 0. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/look.h"

enum { SHOWN = 10 }; /* events in a line of JSON */

static const char *text_of(const json_t *r, const char *key) {
    const char *s = json_string_value(json_object_get(r, key));
    return s ? s : "";
}

static void show_line(hx_outbuf *out, const char *head, const char *text) {
    hx_outbuf_text(out, head);
    hx_outbuf_visible(out, hx_str_of(text), 0);
    hx_outbuf_byte(out, '\n');
}

static void show_quotes(const json_t *answer, hx_outbuf *out) {
    const json_t *quotes = json_object_get(answer, "quotes");
    for (size_t i = 0; i < json_array_size(quotes); i++) {
        const json_t *q = json_array_get(quotes, i);
        hx_outbuf_printf(out, "  %.10s  %s  ", text_of(q, "time_local"), text_of(q, "event"));
        show_line(out, "", text_of(q, "text"));
    }
}

static bool show_answer(hx_cli *c, const json_t *answer) {
    const bool zh = strcmp(text_of(answer, "lang"), "zh") == 0;
    const json_t *instead = json_object_get(answer, "instead");
    hx_outbuf out = {0};
    show_line(&out, "", text_of(answer, "answer"));
    show_quotes(answer, &out);
    for (size_t i = 0; i < json_array_size(instead); i++)
        show_line(&out,
                  i    ? "  "
                  : zh ? "可以这样问：\n  "
                       : "What can be asked:\n  ",
                  json_string_value(json_array_get(instead, i)));
    show_line(&out, zh ? "理解为：" : "understood as: ", text_of(answer, "understood"));
    const bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return ok;
}

static bool keep_receipt(hx_cli *c, hx_str json) {
    const char *path = c->options.text[HX_OPT_ASK_RECEIPTS];
    if (!hx_cli_has(&c->options, HX_OPT_ASK_RECEIPTS)) return true;
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(json.ptr, 1, json.len, f) == json.len && fputc('\n', f) != EOF;
    if (f && fclose(f) != 0) ok = false;
    if (!ok) hx_cli_fail(c, "%s: can't be written", "%s：无法写入", path);
    return ok;
}

static hx_status ask(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                     hx_error *err) {
    const bool follow = !hx_cli_has(&c->options, HX_OPT_LANG);
    return hx_answer_ask(s, hx_str_of(c->args[0]), follow, o, c->arena, json, err);
}

/* The answer with the first SHOWN of its events, which are thousands: the receipt has more. NULL when out of memory. */
static const char *shortened(hx_cli *c, hx_str json) {
    static const char list[] = "\"first\":[";
    char *copy = hx_arena_alloc(c->arena, json.len + 1);
    if (!copy) return NULL;
    memcpy(copy, json.ptr, json.len);
    copy[json.len] = '\0';
    char *from = strstr(copy, list), *end = from ? strchr(from, ']') : NULL;
    for (size_t i = 0; end && i < SHOWN && from; i++)
        from = strchr(from + 1, ',');
    if (from && end && from < end) memmove(from, end, strlen(end) + 1);
    return copy;
}

static bool show(hx_cli *c, hx_str json) {
    if (!keep_receipt(c, json)) return false;
    if (c->shape == HX_SHAPE_JSON) {
        const char *line = shortened(c, json);
        return line && hx_cli_write_line(c, hx_str_of(line));
    }
    json_t *answer = hx_output_parse(c, json);
    if (!answer) return false;
    const bool ok = c->shape == HX_SHAPE_CSV ? hx_output_pairs(c, answer) : show_answer(c, answer);
    json_decref(answer);
    return ok;
}

int hx_cmd_ask(hx_cli *c) {
    return hx_cli_look(c, ask, show);
}
