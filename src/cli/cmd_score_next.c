/* cmd_score_next.c - score next: what each customer does next, a page and a purchase, and how well that is foretold.
 *
 * One record a customer with the likeliest pages and categories, then one of the whole: visits by kind, and the models on held-out
 * visits and purchases beside a first-order Markov chain. A table shows the customers and says the rest in lines beneath. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/output.h"

static double number(const json_t *r, const char *path) {
    return json_number_value(hx_json_at(r, path));
}

/* "item 图书 0.31  end 0.12" */
static json_t *in_words(const json_t *list) {
    hx_outbuf text = {0};
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *e = json_array_get(list, i);
        hx_outbuf_printf(&text, "%s%s %.2f", i > 0 ? "  " : "",
                         json_string_value(json_object_get(e, "name")), number(e, "p"));
    }
    json_t *s = json_stringn(text.len > 0 ? text.ptr : "", text.len);
    hx_outbuf_release(&text);
    return s;
}

static bool put_customers(hx_cli *c, json_t *answer) {
    static const hx_record_column columns[] = {
        {"customer", "customer", "客户", HX_CELL_LEFT},
        {"next_page", "next page", "下一页面", HX_CELL_LEFT},
        {"next_purchase", "next purchase", "下一次购买", HX_CELL_LEFT}};
    json_t *list = json_object_get(answer, "customers"), *r;
    size_t i;
    if (c->shape != HX_SHAPE_JSON) {
        json_array_foreach(list, i, r) {
            json_object_set_new(r, "next_page", in_words(json_object_get(r, "next_page")));
            json_object_set_new(r, "next_purchase", in_words(json_object_get(r, "next_purchase")));
        }
    }
    return hx_output_records(c, list, columns, sizeof columns / sizeof *columns);
}

static void say_model(hx_cli *c, hx_outbuf *out, const char *name, const json_t *m) {
    if (!json_is_object(m)) return;
    hx_outbuf_printf(
        out,
        hx_cli_tr(
            c,
            "%s, %.0f held out: first right %.1f%%, among three %.1f%%; Markov chain %.1f%%, "
            "%.1f%%; "
            "gain %+.1f (%+.1f … %+.1f) points\n",
            "%s，留出 %.0f 次：首选正确 %.1f%%，前三命中 %.1f%%；一阶马尔可夫链 %.1f%%、%.1f%%；"
            "提升 %+.1f（%+.1f … %+.1f）个百分点\n"),
        name, number(m, "n"), 100 * number(m, "first"), 100 * number(m, "top_3"),
        100 * number(m, "markov_first"), 100 * number(m, "markov_top_3"),
        100 * number(m, "gain_top_3"), 100 * number(m, "gain_low"), 100 * number(m, "gain_high"));
}

static bool put_whole(hx_cli *c, json_t *answer) {
    hx_outbuf out = {0};
    const json_t *v = json_object_get(answer, "visits");
    if (c->shape == HX_SHAPE_JSON) {
        json_object_del(answer, "customers");
        hx_output_json(&out, answer);
    } else if (c->shape == HX_SHAPE_TABLE) {
        if (json_array_size(json_object_get(answer, "customers")) > 0) hx_outbuf_byte(&out, '\n');
        hx_outbuf_printf(&out,
                         hx_cli_tr(c, "visits: browse %.0f, compare %.0f, buy %.0f, support %.0f\n",
                                   "访问：浏览 %.0f，比较 %.0f，购买 %.0f，求助 %.0f\n"),
                         number(v, "browse"), number(v, "compare"), number(v, "buy"),
                         number(v, "support"));
        say_model(c, &out, hx_cli_tr(c, "next page", "下一页面"),
                  json_object_get(answer, "next_page"));
        say_model(c, &out, hx_cli_tr(c, "next purchase", "下一次购买"),
                  json_object_get(answer, "next_purchase"));
    }
    const bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return ok;
}

int hx_cmd_score_next(hx_cli *c) {
    hx_answer_options o;
    hx_error err = {.ui = c->ui};
    hx_str text;
    int status = HX_EXIT_DONE;
    if (!hx_cli_answer_options(c, &o)) return HX_EXIT_USAGE;
    hx_store *s = hx_cli_store(c, HX_STORE_READ, &status);
    if (!s) return status;
    if (hx_answer_next(s, (size_t)c->options.number[HX_OPT_HEAD], &o, c->arena, &text, &err) !=
        HX_OK) {
        status = hx_cli_error(c, &err);
    } else {
        json_t *answer = hx_output_parse(c, text);
        status = answer && put_customers(c, answer) && put_whole(c, answer) ? HX_EXIT_DONE
                                                                            : HX_EXIT_FAILED;
        json_decref(answer);
    }
    hx_store_close(s);
    return status;
}
