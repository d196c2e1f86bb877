/* cmd_score_campaign.c - score campaign: what became of those who were contacted and of those who were held out.
 *
 * The campaign is the file that score churn --list wrote beside its list. Who is held out is drawn again by seed and share from the ids: a file in which
 * somebody moved customers from one side to the other is refused, since its sides can't be compared any more. A store says who left by the
 * campaign's definition since its time; a table says it in a column.
 *
 *     effect = share that stayed of the contacted - share that stayed of the held, with Newcombe's interval
 *     profit = customers kept x mean value of the contacted - what the contacts cost */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/table_io.h"

#include "huaxiang/insight.h"
#include "huaxiang/pipeline.h"

#define BYTES_MAX ((size_t)1 << 30)
#define CELL_ROOM 64
#define LINE_BYTES 500

typedef struct {
    hx_cli *c;
    hx_error err;
    json_t *head; /* owned */
    json_t *who; /* owned: customer -> held */
    hx_table *t; /* owned: rows with an outcome */
    double value, cost; /* of the contacted */
    hx_campaign_counts counts;
    uint64_t unknown; /* of the list, without an outcome */
} campaign;

static bool done(campaign *k, hx_status st) {
    return st == HX_OK || (hx_cli_error(k->c, &k->err), false);
}

/* ------------------------------------------------------------------ the file */
static bool bad_file(const campaign *k, const char *en, const char *zh) {
    return hx_cli_fail(k->c, "%s: %s", "%s：%s", k->c->args[0], hx_cli_tr(k->c, en, zh)) ==
           HX_EXIT_DONE;
}

static bool take_head(campaign *k, json_t *o) {
    const double share = json_number_value(json_object_get(o, "hold_out"));
    if (json_integer_value(json_object_get(o, "campaign")) != 1 ||
        !json_is_integer(json_object_get(o, "seed")) || !(share >= 0 && share < 1) ||
        !json_is_number(json_object_get(o, "cost")))
        return bad_file(k, "is no campaign that score churn --list wrote",
                        "不是 score churn --list 写出的活动文件");
    k->head = json_incref(o);
    return true;
}

static bool take_customer(campaign *k, const json_t *o) {
    const json_t *name = json_object_get(o, "customer"), *held = json_object_get(o, "held");
    const hx_str who = {json_string_value(name), json_string_length(name)};
    if (!who.ptr || !json_is_boolean(held) || json_object_get(k->who, who.ptr))
        return bad_file(k, "a line names no customer, or one twice", "某行没有客户，或客户重复");
    if (hx_contact_is_held(who, json_number_value(json_object_get(k->head, "hold_out")),
                           (uint64_t)json_integer_value(json_object_get(k->head, "seed"))) !=
        json_is_true(held))
        return bad_file(k, "its hold-out is not the one that seed and share draw; it was changed",
                        "对照与种子和比例抽出的不符，文件被改动过");
    if (!json_is_true(held)) {
        k->counts.contacted++;
        k->value += json_number_value(json_object_get(o, "value"));
        k->cost += json_number_value(json_object_get(k->head, "cost"));
    }
    json_object_set_new(k->who, who.ptr, json_boolean(json_is_true(held)));
    return true;
}

static bool take_line(campaign *k, hx_str line) {
    json_t *o = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, NULL);
    bool ok = json_is_object(o) || bad_file(k, "is no campaign that score churn --list wrote",
                                            "不是 score churn --list 写出的活动文件");
    if (ok) ok = k->head ? take_customer(k, o) : take_head(k, o);
    json_decref(o);
    return ok;
}

static bool read_campaign(campaign *k) {
    hx_str text;
    bool ok = hx_cli_read_file(k->c, k->c->args[0], BYTES_MAX, &text);
    k->who = json_object();
    while (ok && text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        const size_t n = end ? (size_t)(end - text.ptr) : text.len;
        if (n > 0) ok = take_line(k, (hx_str){text.ptr, n});
        text = (hx_str){text.ptr + n + (end != NULL), text.len - n - (end != NULL)};
    }
    if (ok && !k->head)
        ok = bad_file(k, "is no campaign that score churn --list wrote",
                      "不是 score churn --list 写出的活动文件");
    if (k->counts.contacted > 0) k->value /= (double)k->counts.contacted;
    k->counts.contacted = 0;
    return ok;
}

/* ------------------------------------------------------------------ outcomes */
static bool read_store(campaign *k) {
    hx_cli *c = k->c;
    hx_answer_options a;
    hx_churn_panel_about about;
    hx_progress_clock clock;
    int status;
    const char *defined = json_string_value(json_object_get(k->head, "definition"));
    const int64_t at = json_integer_value(json_object_get(k->head, "at"));
    if (!defined)
        return bad_file(k, "is a campaign of a table; say what became of its customers by --table",
                        "是基于表的活动；请用 --table 说明客户后来的情况");
    hx_churn_panel_options o = {.only_cut = &at, .cancel = &c->cancel};
    if (!done(k, hx_churn_define(defined, &o.definition, &k->err)) || !hx_cli_answer_options(c, &a))
        return false;
    o.as_of = a.as_of;
    hx_store *s = hx_cli_store(c, HX_STORE_READ, &status);
    if (!s) return false;
    hx_progress_begin(&clock, c, hx_cli_tr(c, "customers", "客户"));
    if (c->talks) {
        o.progress = hx_progress_tick;
        o.context = &clock;
    }
    const hx_status st = hx_churn_panel(&k->t, s, &o, &about, &k->err);
    hx_progress_clear(c);
    hx_store_close(s);
    return done(k, st);
}

static bool read_outcomes(campaign *k) {
    const char *path = k->c->options.text[HX_OPT_CHURN_TABLE];
    return path ? hx_table_io_read(k->c, path, NULL, &k->t) : read_store(k);
}

static void count_row(campaign *k, hx_str who, double left) {
    char name[CELL_ROOM * 4];
    if (isnan(left) || who.len >= sizeof name) return;
    memcpy(name, who.ptr, who.len);
    name[who.len] = '\0';
    const json_t *held = json_object_get(k->who, name);
    if (!held) return;
    if (json_is_true(held)) {
        k->counts.held++;
        k->counts.held_stayed += !(left > 0);
    } else {
        k->counts.contacted++;
        k->counts.contacted_stayed += !(left > 0);
    }
    json_object_del(k->who, name);
}

/* Of a store the outcomes are the column `churned` of the panel. */
static bool count_rows(campaign *k) {
    const hx_cli_values *v = &k->c->options;
    const bool store = !hx_cli_has(v, HX_OPT_CHURN_TABLE);
    const char *target = store ? "churned" : v->text[HX_OPT_LEARN_TARGET];
    const char *ids = store ? "customer" : v->text[HX_OPT_CHURN_CUSTOMER];
    const size_t rows = hx_table_rows(k->t), column = hx_table_find(k->t, hx_str_of(ids));
    double *left = calloc(rows + 1, sizeof *left);
    char room[CELL_ROOM];
    if (!left) return hx_cli_fail(k->c, "not enough memory", "内存不足") == HX_EXIT_DONE;
    bool ok = column != HX_COLUMN_NONE ||
              hx_cli_fail(k->c, "there is no column '%s'", "没有列“%s”", ids) == HX_EXIT_DONE;
    if (ok && store)
        hx_table_numbers(k->t, hx_table_find(k->t, hx_str_of(target)), 0, rows, left);
    else if (ok)
        ok = done(k, hx_churn_outcomes(k->t, target, v->text[HX_OPT_CHURN_VALUE], left, &k->err));
    for (size_t i = 0; ok && i < rows; i++)
        count_row(k, hx_table_cell(k->t, i, column, room), left[i]);
    k->unknown = json_object_size(k->who);
    free(left);
    return ok;
}

/* ------------------------------------------------------------------ what it did */
static json_t *places(double v, int n) {
    const double tens = pow(10, n);
    return json_real(round(v * tens) / tens);
}

static double profit_of(const campaign *k, double effect) {
    return effect * (double)k->counts.contacted * k->value - k->cost;
}

static json_t *record_of(const campaign *k, const hx_campaign_effect *e) {
    const hx_campaign_counts *n = &k->counts;
    json_t *o =
        json_pack("{s:I,s:I,s:I,s:I,s:I}", "contacted", (json_int_t)n->contacted,
                  "contacted_stayed", (json_int_t)n->contacted_stayed, "held", (json_int_t)n->held,
                  "held_stayed", (json_int_t)n->held_stayed, "unknown", (json_int_t)k->unknown);
    json_object_set_new(o, "effect", places(e->effect, 6));
    json_object_set_new(o, "low", places(e->low, 6));
    json_object_set_new(o, "high", places(e->high, 6));
    json_object_set_new(o, "kept", places(e->kept, 2));
    json_object_set_new(o, "mean_value", places(k->value, 2));
    json_object_set_new(o, "cost", places(k->cost, 2));
    json_object_set_new(o, "profit", places(profit_of(k, e->effect), 2));
    json_object_set_new(o, "profit_low", places(profit_of(k, e->low), 2));
    json_object_set_new(o, "profit_high", places(profit_of(k, e->high), 2));
    json_object_set_new(o, "shown", json_boolean(e->low > 0 || e->high < 0));
    return o;
}

static bool put_line(hx_cli *c, const char *text) {
    hx_outbuf line = {0};
    hx_outbuf_visible(&line, hx_str_of(text), 0);
    hx_outbuf_byte(&line, '\n');
    const bool ok = hx_output_write(c, &line);
    hx_outbuf_release(&line);
    return ok;
}

static bool put_words(const campaign *k, const hx_campaign_effect *e) {
    char line[LINE_BYTES];
    const hx_cli *c = k->c;
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(c,
                             "stayed: %.1f %% of %llu contacted, %.1f %% of %llu held out; %llu "
                             "without an outcome yet",
                             "留存：被联系者 %.1f %%（共 %llu 位），对照者 %.1f %%（共 %llu "
                             "位）；尚无结果 %llu 位"),
                   100 * e->contacted, (unsigned long long)k->counts.contacted, 100 * e->held,
                   (unsigned long long)k->counts.held, (unsigned long long)k->unknown);
    bool ok = put_line(k->c, line);
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(c,
                             "effect: %+.1f points (%+.1f to %+.1f), %.1f customers kept, profit "
                             "%.2f (%.2f to %.2f)",
                             "效果：%+.1f 个百分点（%+.1f 至 %+.1f），留住 %.1f 位客户，利润 "
                             "%.2f（%.2f 至 %.2f）"),
                   100 * e->effect, 100 * e->low, 100 * e->high, e->kept, profit_of(k, e->effect),
                   profit_of(k, e->low), profit_of(k, e->high));
    ok = ok && put_line(k->c, line);
    return ok && put_line(k->c, e->low > 0 || e->high < 0
                                    ? hx_cli_tr(c,
                                                "the interval does not hold 0: the campaign did "
                                                "something",
                                                "区间不含 0：活动产生了作用")
                                    : hx_cli_tr(c, "the interval holds 0: no effect has been shown",
                                                "区间含 0：尚未显示出效果"));
}

static bool show(campaign *k) {
    hx_campaign_effect e;
    if (k->counts.contacted + k->counts.held == 0 && k->unknown > 0)
        return hx_cli_fail(k->c, "of nobody on the list is it known yet what became of him",
                           "名单上的客户均尚无结果") == HX_EXIT_DONE;
    if (!done(k, hx_campaign_measure(&k->counts, 0, &e, &k->err))) return false;
    if (k->c->shape == HX_SHAPE_TABLE) return put_words(k, &e);
    json_t *o = record_of(k, &e);
    hx_outbuf out = {0};
    bool ok;
    if (k->c->shape == HX_SHAPE_CSV) {
        ok = hx_output_pairs(k->c, o);
    } else {
        hx_output_json(&out, o);
        ok = hx_output_write(k->c, &out);
    }
    hx_outbuf_release(&out);
    json_decref(o);
    return ok;
}

int hx_cmd_score_campaign(hx_cli *c) {
    campaign k = {.c = c, .err = {.ui = c->ui}};
    const hx_cli_values *v = &c->options;
    const bool table = hx_cli_has(v, HX_OPT_CHURN_TABLE);
    if (table == hx_cli_has(v, HX_OPT_STORE) ||
        (table && (!hx_cli_has(v, HX_OPT_LEARN_TARGET) || !hx_cli_has(v, HX_OPT_CHURN_CUSTOMER))))
        return hx_cli_usage(c,
                            "score campaign takes --store FILE, or --table FILE with --target and "
                            "--customer COLUMN",
                            "score campaign 需要 --store 文件，或 --table 文件 加 --target 和 "
                            "--customer 列名");
    hx_cli_catch_interrupts(c);
    const bool ok = read_campaign(&k) && read_outcomes(&k) && count_rows(&k) && show(&k);
    json_decref(k.head);
    json_decref(k.who);
    hx_table_free(k.t);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
