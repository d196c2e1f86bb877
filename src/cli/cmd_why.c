/* cmd_why.c - why and verify: the receipt of a claim, and its replay.
 *
 * verify fails (exit status 1) where the receipt does not hold any more, with what changed. With --model it reads the texts behind a
 * model's labels again. Engine, correction and its thresholds are those of the receipt, so that nothing need be said twice; word lists and
 * protected words that a run was given must be given again. */
#include <string.h>

#include "cli/commands.h"
#include "cli/labeller.h"
#include "cli/shown.h"

#define RECEIPT_MAX ((size_t)64 << 20)

static bool put_json(hx_cli *c, hx_str json, hx_outbuf *out) {
    hx_outbuf_bytes(out, json.ptr, json.len);
    hx_outbuf_byte(out, '\n');
    return hx_output_write(c, out);
}

/* The person's events; an empty list where they can't be had, as the receipt stands without them. */
static json_t *events_of(hx_cli *c, hx_store *s, const hx_answer_options *o) {
    hx_error err = {.ui = c->ui};
    hx_str json;
    json_t *events = NULL;
    if (hx_answer_timeline(s, hx_str_of(c->args[0]), 0, o, c->arena, &json, &err) == HX_OK)
        events = hx_output_parse(c, json);
    return events ? events : json_array();
}

static bool show_receipt(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str json) {
    hx_outbuf out = {0};
    bool ok;
    if (c->shape == HX_SHAPE_JSON) {
        ok = put_json(c, json, &out);
    } else {
        json_t *r = hx_output_parse(c, json);
        if (!r) return false;
        json_t *events = c->shape == HX_SHAPE_TABLE ? events_of(c, s, o) : NULL;
        if (events) hx_shown_receipt(c, r, events, &out);
        json_decref(events);
        ok = c->shape == HX_SHAPE_TABLE ? hx_output_write(c, &out) : hx_output_pairs(c, r);
        json_decref(r);
    }
    hx_outbuf_release(&out);
    return ok;
}

int hx_cmd_why(hx_cli *c) {
    hx_answer_options o;
    hx_error err = {.ui = c->ui};
    hx_str json;
    int status = HX_EXIT_FAILED;
    if (!hx_cli_answer_options(c, &o)) return HX_EXIT_USAGE;
    hx_text_model *m = hx_cli_text_model(c);
    hx_store *s = m ? hx_cli_store(c, HX_STORE_READ, &status) : NULL;
    if (s && hx_answer_why(s, m, hx_str_of(c->args[0]), hx_str_of(c->args[1]), &o, c->arena, &json,
                           &err) != HX_OK)
        status = hx_cli_error(c, &err);
    else if (s && !show_receipt(c, s, &o, json))
        status = HX_EXIT_FAILED;
    hx_store_close(s);
    hx_text_model_close(m);
    return status;
}

static bool show_verdict(hx_cli *c, hx_str json, bool verified) {
    hx_outbuf out = {0};
    if (c->shape != HX_SHAPE_TABLE) {
        bool ok = put_json(c, json, &out);
        hx_outbuf_release(&out);
        return ok;
    }
    json_t *verdict = hx_output_parse(c, json);
    if (!verdict) return false;
    hx_outbuf_text(&out, verified ? hx_cli_tr(c, "verified: replayed to the same bytes\n",
                                              "已验证：重演结果逐字节相同\n")
                                  : hx_cli_tr(c, "not verified\n", "未能验证\n"));
    const json_t *changed = json_object_get(verdict, "changed");
    const char *labels = json_string_value(json_object_get(verdict, "labels"));
    if (labels && strcmp(labels, "as stored") == 0)
        hx_outbuf_text(&out, hx_cli_tr(c,
                                       "  labels as stored: the model did not read the texts again "
                                       "(--model RUN)\n",
                                       "  标签取自库中：模型没有重新读文本（--model RUN）\n"));
    for (size_t i = 0; i < json_array_size(changed); i++) {
        const char *s = json_string_value(json_array_get(changed, i));
        hx_outbuf_text(&out, "  ");
        hx_outbuf_visible(&out, hx_str_of(s), 0);
        hx_outbuf_byte(&out, '\n');
    }
    bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    json_decref(verdict);
    return ok;
}

/* Which engine read its texts, as the receipt says. A claim on label.SET names the engine of a model of the caller's instead (--model). */
static hx_engine engine_of(hx_str receipt) {
    json_t *r = json_loadb(receipt.ptr, receipt.len, 0, NULL);
    const char *engine = json_string_value(json_object_get(r, "engine"));
    const char *claim = json_string_value(json_object_get(r, "claim"));
    hx_engine e = HX_ENGINE_RULES;
    if (claim && strstr(claim, "label.")) engine = NULL;
    for (int i = HX_ENGINE_LEARN; engine && i <= HX_ENGINE_LLAMA; i++)
        if (strcmp(engine, hx_engine_name((hx_engine)i)) == 0) e = (hx_engine)i;
    json_decref(r);
    return e;
}

static double share_of(const json_t *millionths) {
    return (double)json_integer_value(millionths) / 1e6;
}

/* How its texts were corrected, as the receipt says. */
static hx_corrected correction_of(hx_str receipt) {
    json_t *r = json_loadb(receipt.ptr, receipt.len, 0, NULL);
    const json_t *o = json_object_get(r, "correct");
    const char *mode = json_string_value(json_object_get(o, "mode"));
    const char *engine = json_string_value(json_object_get(o, "engine"));
    hx_corrected how = {.mode = HX_CORRECT_OFF, .engine = HX_ENGINE_RULES};
    if (mode) (void)hx_correct_mode_parse(hx_str_of(mode), &how.mode);
    if (engine && strcmp(engine, hx_engine_name(HX_ENGINE_LLAMA)) == 0)
        how.engine = HX_ENGINE_LLAMA;
    how.threshold[0] = share_of(json_object_get(o, "threshold_zh"));
    how.threshold[1] = share_of(json_object_get(o, "threshold_en"));
    for (int k = 0; k < 2; k++)
        if (!(how.threshold[k] >= 0 && how.threshold[k] <= 1)) how.threshold[k] = 0;
    json_decref(r);
    return how;
}

int hx_cmd_verify(hx_cli *c) {
    hx_answer_options o;
    hx_error err = {.ui = c->ui};
    hx_str receipt, json;
    bool verified = false;
    int status = HX_EXIT_FAILED;
    if (!hx_cli_answer_options(c, &o)) return HX_EXIT_USAGE;
    if (!hx_cli_has(&c->options, HX_OPT_STORE))
        return hx_cli_usage(c, "verify needs --store FILE", "verify 需要 --store 文件");
    if (!hx_cli_read_file(c, c->args[0], RECEIPT_MAX, &receipt)) return HX_EXIT_FAILED;
    if (hx_cmd_prefer_is(receipt)) return hx_cmd_prefer_replay(c, receipt);
    if (hx_cmd_recommend_is(receipt)) return hx_cmd_recommend_replay(c, receipt);
    hx_cli_labeller labeller = {.n = 0};
    if (hx_cli_wants_llama(c)) {
        if (!hx_cli_labeller_open(c, &labeller)) return HX_EXIT_FAILED;
        o.labeller = &labeller.labeller;
    }
    hx_corrected how = correction_of(receipt);
    hx_text_model *m = hx_cli_text_model_by(c, engine_of(receipt), &how);
    hx_store *s = m ? hx_cli_store(c, HX_STORE_READ, &status) : NULL;
    if (s && hx_answer_verify(s, m, receipt, &o, c->arena, &verified, &json, &err) != HX_OK)
        status = hx_cli_error(c, &err);
    else if (s)
        status = show_verdict(c, json, verified) && verified ? HX_EXIT_DONE : HX_EXIT_FAILED;
    hx_store_close(s);
    hx_text_model_close(m);
    hx_cli_labeller_close(&labeller);
    return status;
}
