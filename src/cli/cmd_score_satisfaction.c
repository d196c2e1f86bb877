/* cmd_score_satisfaction.c - score satisfaction: how satisfied and loyal customers are, in all, and by customer, product or month.
 *
 * One record a group, least satisfied first (months in their order), then one of all. A table shows the groups and says the rest in a
 * line beneath. The figures and their intervals are the library's; nothing is computed here. */
#include <math.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/output.h"

#define LINE_BYTES 400

static double number(const json_t *r, const char *path) {
    const json_t *v = hx_json_at(r, path);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static bool put_groups(hx_cli *c, const json_t *answer, bool products) {
    const hx_record_column columns[] = {
        {"group", products ? "product" : "group", products ? "商品" : "组别", HX_CELL_LEFT},
        {"name", products ? "name" : NULL, "名称", HX_CELL_LEFT},
        {"score", "score", "得分", HX_CELL_RIGHT},
        {"index.value", "index", "满意度", HX_CELL_RIGHT},
        {"index.low", "low", "下限", HX_CELL_RIGHT},
        {"index.high", "high", "上限", HX_CELL_RIGHT},
        {"index.n", "opinions", "意见数", HX_CELL_RIGHT},
        {"customers", "customers", "客户", HX_CELL_RIGHT},
        {"rating", "stars", "评分", HX_CELL_RIGHT},
        {"csat.value", "CSAT", "CSAT", HX_CELL_PERCENT},
        {"nps.value", "NPS", "NPS", HX_CELL_RIGHT},
        {"complaints", "complaints", "投诉", HX_CELL_RIGHT},
        {"loyalty.value", "come back", "回购", HX_CELL_PERCENT},
        {"loyalty.low", NULL, NULL, HX_CELL_PERCENT},
        {"loyalty.high", NULL, NULL, HX_CELL_PERCENT},
        {"loyalty.n", "purchases", "购买天数", HX_CELL_RIGHT}};
    return hx_output_records(c, json_object_get(answer, "groups"), columns,
                             sizeof columns / sizeof *columns);
}

/* A customer's group is an id; what people see is the name. */
static bool put_customers(hx_cli *c, const json_t *answer) {
    static const hx_record_column columns[] = {
        {"name", "customer", "客户", HX_CELL_LEFT},
        {"group", NULL, NULL, HX_CELL_LEFT},
        {"score", "score", "得分", HX_CELL_RIGHT},
        {"index.value", "index", "满意度", HX_CELL_RIGHT},
        {"index.low", "low", "下限", HX_CELL_RIGHT},
        {"index.high", "high", "上限", HX_CELL_RIGHT},
        {"index.n", "opinions", "意见数", HX_CELL_RIGHT},
        {"rating", "stars", "评分", HX_CELL_RIGHT},
        {"nps.value", "NPS", "NPS", HX_CELL_RIGHT},
        {"complaints", "complaints", "投诉", HX_CELL_RIGHT},
        {"loyalty.value", "come back", "回购", HX_CELL_PERCENT},
        {"loyalty.n", "purchases", "购买天数", HX_CELL_RIGHT}};
    return hx_output_records(c, json_object_get(answer, "groups"), columns,
                             sizeof columns / sizeof *columns);
}

static void say_figure(hx_outbuf *out, const char *name, const json_t *all, const char *key,
                       double k, const char *unit) {
    const json_t *f = json_object_get(all, key);
    if (!json_is_object(f)) return;
    hx_outbuf_printf(out, "%s%s %.1f%s", out->len > 0 ? "; " : "", name, k * number(f, "value"),
                     unit);
    if (isfinite(number(f, "low")))
        hx_outbuf_printf(out, " (%.1f … %.1f)", k * number(f, "low"), k * number(f, "high"));
    hx_outbuf_printf(out, ", n %.0f", number(f, "n"));
}

static bool put_all(hx_cli *c, const json_t *answer) {
    const json_t *all = json_object_get(answer, "all");
    hx_outbuf line = {0}, out = {0};
    say_figure(&line, hx_cli_tr(c, "satisfaction", "满意度"), all, "index", 1, "");
    say_figure(&line, "CSAT", all, "csat", 100, "%");
    say_figure(&line, "NPS", all, "nps", 1, "");
    say_figure(&line, hx_cli_tr(c, "come back within 90 days", "90 天内回购"), all, "loyalty", 100,
               "%");
    if (json_array_size(json_object_get(answer, "groups")) > 0) hx_outbuf_byte(&out, '\n');
    hx_outbuf_text(&out, hx_cli_tr(c, "all: ", "全部："));
    hx_outbuf_bytes(&out, line.ptr, line.len);
    hx_outbuf_text(&out, line.len > 0 ? "\n"
                                      : hx_cli_tr(c, "no opinions and no purchases\n",
                                                  "没有意见，也没有购买\n"));
    const bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&line);
    hx_outbuf_release(&out);
    return ok;
}

static bool put_all_record(hx_cli *c, const json_t *answer) {
    json_t *r = json_pack("{s:n,s:O}", "group", "all", json_object_get(answer, "all"));
    hx_outbuf out = {0};
    hx_output_json(&out, r);
    const bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    json_decref(r);
    return ok;
}

static bool show(hx_cli *c, const json_t *answer, hx_satisfaction_by by) {
    bool ok = true;
    if (by == HX_SATISFACTION_CUSTOMER)
        ok = put_customers(c, answer);
    else if (by != HX_SATISFACTION_ALL)
        ok = put_groups(c, answer, by == HX_SATISFACTION_PRODUCT);
    if (c->shape == HX_SHAPE_JSON) return ok && put_all_record(c, answer);
    if (c->shape == HX_SHAPE_TABLE) return ok && put_all(c, answer);
    return ok;
}

int hx_cmd_score_satisfaction(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    const hx_satisfaction_by by = hx_cli_has(v, HX_OPT_SATISFACTION_BY)
                                      ? (hx_satisfaction_by)(v->number[HX_OPT_SATISFACTION_BY] + 1)
                                      : HX_SATISFACTION_ALL;
    hx_answer_options o;
    hx_error err = {.ui = c->ui};
    hx_str text;
    int status = HX_EXIT_DONE;
    if (!hx_cli_answer_options(c, &o)) return HX_EXIT_USAGE;
    hx_store *s = hx_cli_store(c, HX_STORE_READ, &status);
    if (!s) return status;
    if (hx_answer_satisfaction(s, by, (size_t)v->number[HX_OPT_HEAD], &o, c->arena, &text, &err) !=
        HX_OK) {
        status = hx_cli_error(c, &err);
    } else {
        json_t *answer = hx_output_parse(c, text);
        status = answer && show(c, answer, by) ? HX_EXIT_DONE : HX_EXIT_FAILED;
        json_decref(answer);
    }
    hx_store_close(s);
    return status;
}
