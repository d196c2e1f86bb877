/* cmd_prefer.c - prefer: who would like an item that nobody has had yet, how sure, and why; receipts, replay, figures.
 *
 *     --store or --data -> opinions and orders -> hx_prefer() -> the likeliest customers, or receipts with --receipts
 *     verify FILE --store S, prefer --verify FILE: each receipt is worked out again from its item, seed and time, and compared byte by byte
 *
 * Replay learns once for receipts of one item that follow one another. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/table_io.h"

#include "huaxiang/insight.h"
#include "huaxiang/pipeline.h"

#define USUAL_TOP 10
#define RECEIPTS_MAX ((size_t)1 << 30)
#define TERMS_SHOWN 2
#define LEAST_TERM 0.01 /* log-odds: less is no reason */
#define LINE_BYTES 500

typedef struct {
    hx_cli *c;
    hx_error err;
    hx_tastes *tastes; /* owned */
    hx_table *t; /* owned */
    hx_preferring *p; /* owned */
    hx_new_item item;
    json_t *records; /* owned */
} preferring;

static bool said(preferring *r, hx_status st) {
    return st == HX_OK || (hx_cli_error(r->c, &r->err), false);
}

static void release(preferring *r) {
    hx_preferring_free(r->p);
    hx_tastes_free(r->tastes);
    hx_table_free(r->t);
    json_decref(r->records);
}

/* ------------------------------------------------------------------ opinions and orders */
static bool gather_store(preferring *r, const int64_t *as_of) {
    hx_answer_options a;
    int status;
    if (!hx_cli_answer_options(r->c, &a)) return false;
    hx_store *s = hx_cli_store(r->c, HX_STORE_READ, &status);
    if (!s) return false;
    const bool ok = said(r, hx_tastes_of_store(r->tastes, s, as_of ? *as_of : a.as_of, &r->err));
    hx_store_close(s);
    return ok;
}

static const char *column(const hx_cli *c, hx_cli_option_id id, const char *usual) {
    return c->options.text[id] ? c->options.text[id] : usual;
}

static bool gather_table(preferring *r, hx_cli_option_id data, hx_cli_option_id items) {
    const hx_cli *c = r->c;
    const hx_taste_columns columns = {.user = column(c, HX_OPT_RECOMMEND_USER, "user"),
                                      .item = column(c, items, "item"),
                                      .time = column(c, HX_OPT_TIME, NULL),
                                      .rating = column(c, HX_OPT_RECOMMEND_RATING, "rating"),
                                      .comment = column(c, HX_OPT_PREFER_COMMENT, NULL),
                                      .text = column(c, HX_OPT_PREFER_ABOUT, NULL),
                                      .category = column(c, HX_OPT_PREFER_CATEGORIES, NULL),
                                      .price = column(c, HX_OPT_PREFER_PRICES, NULL)};
    return hx_table_io_read(r->c, c->options.text[data], NULL, &r->t) &&
           said(r, hx_tastes_read(r->tastes, r->t, &columns, &r->err));
}

/* as_of: of a receipt; NULL = as asked for. */
static bool gather(preferring *r, const int64_t *as_of) {
    hx_tastes_free(r->tastes);
    r->tastes = NULL;
    hx_table_free(r->t);
    r->t = NULL;
    if (!said(r, hx_tastes_new(&r->tastes, &r->err))) return false;
    if (!hx_cli_has(&r->c->options, HX_OPT_RECOMMEND_DATA)) return gather_store(r, as_of);
    return gather_table(r, HX_OPT_RECOMMEND_DATA, HX_OPT_PREFER_ITEMS);
}

static bool learn(preferring *r) {
    hx_progress_clock clock;
    hx_preferring_free(r->p);
    r->p = NULL;
    hx_progress_begin(&clock, r->c, hx_cli_tr(r->c, "preferences", "偏好"));
    const hx_status st = hx_prefer(&r->p, r->tastes, &r->item, &r->err);
    hx_progress_clear(r->c);
    if (!said(r, st)) return false;
    if (!(hx_prefer_learnt(r->p).alike > 0))
        hx_cli_note(r->c,
                    "the item has no word in common with any other: the chances are those of any "
                    "new item",
                    "该商品与其他商品没有共同的词：这里是对任意新商品的可能性");
    return true;
}

/* ------------------------------------------------------------------ customers */
/* The terms that weigh most on the side the chance is on, joined. */
static json_t *why_of(const hx_cli *c, const json_t *receipt) {
    const json_t *terms = json_object_get(receipt, "terms");
    const double score = json_number_value(json_object_get(receipt, "score")),
                 base = json_number_value(json_object_get(receipt, "base"));
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(terms) && json_array_size(list) < TERMS_SHOWN; i++) {
        const json_t *t = json_array_get(terms, i);
        const double by = json_number_value(json_object_get(t, "contribution"));
        if (json_is_null(json_object_get(t, "value")) || (score >= base ? by : -by) < LEAST_TERM)
            continue;
        json_array_append(list, json_object_get(t, c->ui == HX_UI_ZH ? "zh" : "en"));
    }
    return list;
}

static json_t *record_of(const hx_cli *c, const json_t *receipt) {
    static const char *const copied[] = {"customer", "chance", "low", "high", "met", "quotes"};
    const char *key = c->ui == HX_UI_ZH ? "zh" : "en";
    json_t *o = json_object(), *why = why_of(c, receipt);
    char shown[LINE_BYTES] = "";
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        json_object_set(o, copied[i], json_object_get(receipt, copied[i]));
    for (size_t i = 0; i < json_array_size(why) && c->shape != HX_SHAPE_JSON; i++)
        (void)snprintf(shown + strlen(shown), sizeof shown - strlen(shown), "%s%s",
                       i ? (c->ui == HX_UI_ZH ? "；" : "; ") : "",
                       json_string_value(json_array_get(why, i)));
    if (c->shape != HX_SHAPE_JSON) {
        json_decref(why);
        why = json_string(shown);
    }
    json_object_set_new(o, "why", why ? why : json_null());
    const json_t *quote = json_array_get(json_object_get(o, "quotes"), 0);
    json_object_set(o, "quote", json_object_get(quote, "text"));
    if (c->shape == HX_SHAPE_JSON) json_object_del(o, "quote");
    json_object_set(o, "otherwise", json_object_get(json_object_get(receipt, "otherwise"), key));
    return o;
}

static bool add_receipt(preferring *r, size_t person) {
    hx_str receipt;
    if (!said(r, hx_prefer_receipt(r->p, person, r->c->arena, &receipt, &r->err))) return false;
    if (hx_cli_has(&r->c->options, HX_OPT_PREFER_RECEIPTS)) {
        hx_outbuf out = {0};
        hx_outbuf_bytes(&out, receipt.ptr, receipt.len);
        hx_outbuf_byte(&out, '\n');
        const bool ok = hx_output_write(r->c, &out);
        hx_outbuf_release(&out);
        return ok;
    }
    json_t *parsed = hx_output_parse(r->c, receipt);
    if (!parsed) return false;
    json_array_append_new(r->records, record_of(r->c, parsed));
    json_decref(parsed);
    return true;
}

static bool add_one(preferring *r, const char *customer) {
    const size_t person = hx_prefer_find(r->p, hx_str_of(customer));
    if (person != SIZE_MAX) return add_receipt(r, person);
    hx_cli_fail(r->c, "%s has neither bought nor said anything by then: nothing can be told",
                "%s 在此之前没有购买也没有评论：无从推断", customer);
    return false;
}

static bool add_top(preferring *r) {
    const hx_cli_values *v = &r->c->options;
    const size_t people = hx_prefer_learnt(r->p).people,
                 top = hx_cli_has(v, HX_OPT_PREFER_TOP) ? (size_t)v->number[HX_OPT_PREFER_TOP]
                                                        : USUAL_TOP;
    size_t *order = hx_arena_alloc(r->c->arena, (people + 1) * sizeof *order);
    bool ok = order != NULL;
    if (!ok) return hx_cli_fail(r->c, "not enough memory", "内存不足") == HX_EXIT_DONE;
    hx_prefer_order(r->p, order);
    for (size_t i = 0; ok && i < people && i < top; i++)
        ok = add_receipt(r, order[i]);
    return ok;
}

static bool put_learnt(preferring *r) {
    const hx_prefer_about a = hx_prefer_learnt(r->p);
    hx_outbuf out = {0};
    hx_outbuf_printf(&out,
                     hx_cli_tr(r->c,
                               "\nlearnt from %zu opinions (%zu liked) and %zu orders of %zu "
                               "people on %zu items; on items unseen: AUC %.3f, log loss %.3f\n",
                               "\n学自 %zu 条意见（%zu 条喜欢）与 %zu 笔订单，%zu 人、%zu "
                               "种商品；对未见商品：AUC %.3f，对数损失 %.3f\n"),
                     a.opinions, a.liked, a.orders, a.people, a.items, a.auc, a.log_loss);
    const bool ok = hx_output_write(r->c, &out);
    hx_outbuf_release(&out);
    return ok;
}

static bool put_people(preferring *r) {
    static const hx_record_column columns[] = {
        {"customer", "customer", "客户", HX_CELL_LEFT},
        {"chance", "likes it", "喜欢的可能性", HX_CELL_PERCENT},
        {"low", "from", "自", HX_CELL_PERCENT},
        {"high", "to", "至", HX_CELL_PERCENT},
        {"why", "why", "原因", HX_CELL_LEFT},
        {"quote", "own words", "原话", HX_CELL_LEFT},
        {"otherwise", "otherwise", "若情况不同", HX_CELL_LEFT}};
    if (hx_cli_has(&r->c->options, HX_OPT_PREFER_RECEIPTS)) return true;
    return hx_output_records(r->c, r->records, columns, sizeof columns / sizeof *columns) &&
           (r->c->shape != HX_SHAPE_TABLE || put_learnt(r));
}

/* ------------------------------------------------------------------ replay */
static bool same_item(const hx_new_item *a, const hx_new_item *b) {
    return hx_str_equal(a->text, b->text) && hx_str_equal(a->category, b->category) &&
           (a->price == b->price || (isnan(a->price) && isnan(b->price))) && a->seed == b->seed &&
           a->as_of == b->as_of;
}

static bool replay_line(preferring *r, hx_str line, bool *all) {
    hx_new_item item = {.n_threads = r->item.n_threads};
    hx_str customer, again = {NULL, 0};
    if (!said(r, hx_prefer_item_of(line, r->c->arena, &item, &customer, &r->err))) return false;
    if (!r->p || !same_item(&item, &r->item)) {
        const int64_t as_of = (int64_t)item.as_of;
        r->item = item;
        if (!gather(r, &as_of) || !learn(r)) return false;
    }
    const size_t person = hx_prefer_find(r->p, customer);
    if (person != SIZE_MAX &&
        !said(r, hx_prefer_receipt(r->p, person, r->c->arena, &again, &r->err)))
        return false;
    const bool same = hx_str_equal(line, again);
    *all = *all && same;
    json_t *o = json_object();
    json_object_set_new(o, "customer", json_stringn(customer.ptr, customer.len));
    json_object_set_new(o, "verified", json_boolean(same));
    json_t *old = json_loadb(line.ptr, line.len, 0, NULL);
    json_t *now = again.ptr ? json_loadb(again.ptr, again.len, 0, NULL) : NULL;
    json_t *changed = json_array();
    const char *key;
    json_t *value;
    json_object_foreach(old, key, value) if (!json_equal(value, json_object_get(now, key)))
        json_array_append_new(changed, json_string(now ? key : "customer"));
    json_decref(old);
    json_decref(now);
    if (!same) json_object_set(o, "changed", changed);
    json_decref(changed);
    json_array_append_new(r->records, o);
    return true;
}

static int replay(preferring *r, hx_str text) {
    static const hx_record_column columns[] = {{"customer", "customer", "客户", HX_CELL_LEFT},
                                               {"verified", "verified", "已核验", HX_CELL_LEFT},
                                               {"changed", "changed", "变化", HX_CELL_LEFT}};
    bool all = true, ok = true;
    while (ok && text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        const size_t n = end ? (size_t)(end - text.ptr) : text.len;
        if (n > 0) ok = replay_line(r, (hx_str){text.ptr, n}, &all);
        text = (hx_str){text.ptr + n + (end != NULL), text.len - n - (end != NULL)};
    }
    ok = ok && hx_output_records(r->c, r->records, columns, sizeof columns / sizeof *columns);
    return ok && all ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

bool hx_cmd_prefer_is(hx_str receipts) {
    static const char head[] = "{\"receipt\":\"prefer\",";
    return receipts.len > sizeof head && memcmp(receipts.ptr, head, sizeof head - 1) == 0;
}

int hx_cmd_prefer_replay(hx_cli *c, hx_str receipts) {
    preferring r = {.c = c, .err = {.ui = c->ui}, .records = json_array()};
    hx_cli_catch_interrupts(c);
    const int status = replay(&r, receipts);
    release(&r);
    return status;
}

/* ------------------------------------------------------------------ the command */
static int check(const hx_cli *c) {
    const hx_cli_values *v = &c->options;
    const bool store = hx_cli_has(v, HX_OPT_STORE), data = hx_cli_has(v, HX_OPT_RECOMMEND_DATA);
    if (store == data)
        return hx_cli_usage(c, "prefer needs --store FILE or --data FILE, one of them",
                            "prefer 需要 --store 文件 或 --data 文件，二者择一");
    if (!hx_cli_has(v, HX_OPT_PREFER_ITEM) && !hx_cli_has(v, HX_OPT_PREFER_VERIFY))
        return hx_cli_usage(c, "prefer needs --item TEXT: the new item, described in words",
                            "prefer 需要 --item 文本：新商品的描述");
    return 0;
}

static bool show(preferring *r) {
    const char *customer = r->c->options.text[HX_OPT_PREFER_CUSTOMER];
    return gather(r, NULL) && learn(r) && (customer ? add_one(r, customer) : add_top(r)) &&
           put_people(r);
}

int hx_cmd_prefer(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    const char *receipts = v->text[HX_OPT_PREFER_VERIFY];
    hx_str text;
    const int wrong = check(c);
    if (wrong) return wrong;
    preferring r = {
        .c = c,
        .err = {.ui = c->ui},
        .records = json_array(),
        .item = {.text = hx_str_of(v->text[HX_OPT_PREFER_ITEM]),
                 .category = hx_str_of(v->text[HX_OPT_PREFER_CATEGORY]),
                 .price = hx_cli_has(v, HX_OPT_PREFER_PRICE) ? v->real[HX_OPT_PREFER_PRICE] : NAN,
                 .seed = (uint64_t)v->number[HX_OPT_SEED],
                 .n_threads = hx_table_io_threads(c)}};
    hx_cli_catch_interrupts(c);
    int status = HX_EXIT_FAILED;
    if (!receipts)
        status = show(&r) ? HX_EXIT_DONE : HX_EXIT_FAILED;
    else if (hx_cli_read_file(c, receipts, RECEIPTS_MAX, &text))
        status = replay(&r, text);
    release(&r);
    return status;
}

/* ------------------------------------------------------------------ evaluate */
static json_t *places(double v, int n) {
    const double tens = pow(10, n);
    return isfinite(v) ? json_real(round(v * tens) / tens) : json_null();
}

static void add_quality(preferring *r, const char *part, const hx_prefer_quality *q) {
    const struct {
        const char *method;
        const hx_risk_quality *q;
    } all[] = {{"prefer", &q->model}, {"content", &q->content}, {"hybrid", &q->hybrid}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "part", json_string(part));
        json_object_set_new(o, "method", json_string(all[i].method));
        json_object_set_new(o, "learnt", json_integer((json_int_t)q->learnt));
        json_object_set_new(o, "judged", json_integer((json_int_t)q->judged));
        json_object_set_new(o, "items", json_integer((json_int_t)q->held_items));
        json_object_set_new(o, "auc", places(all[i].q->auc, 4));
        json_object_set_new(o, "low", places(all[i].q->low, 4));
        json_object_set_new(o, "high", places(all[i].q->high, 4));
        json_object_set_new(o, "log_loss", places(all[i].q->log_loss, 4));
        json_object_set_new(o, "calibration", places(all[i].q->calibration, 4));
        json_array_append_new(r->records, o);
    }
}

static bool put_quality(preferring *r) {
    static const hx_record_column columns[] = {{"part", "part", "部分", HX_CELL_LEFT},
                                               {"method", "method", "方法", HX_CELL_LEFT},
                                               {"learnt", "learnt", "学习", HX_CELL_RIGHT},
                                               {"judged", "judged", "检验", HX_CELL_RIGHT},
                                               {"items", "items", "商品", HX_CELL_RIGHT},
                                               {"auc", "AUC", "AUC", HX_CELL_RIGHT},
                                               {"low", "from", "自", HX_CELL_RIGHT},
                                               {"high", "to", "至", HX_CELL_RIGHT},
                                               {"log_loss", "log loss", "对数损失", HX_CELL_RIGHT},
                                               {"calibration", "off by", "偏差", HX_CELL_RIGHT}};
    return hx_output_records(r->c, r->records, columns, sizeof columns / sizeof *columns);
}

static bool judge(preferring *r) {
    hx_prefer_judgement j = {.columns = NULL};
    hx_progress_clock clock;
    hx_progress_begin(&clock, r->c, hx_cli_tr(r->c, "evaluating", "评估中"));
    const hx_status st = hx_prefer_judge(r->tastes, (uint64_t)r->c->options.number[HX_OPT_SEED],
                                         hx_table_io_threads(r->c), &j, &r->err);
    hx_progress_clear(r->c);
    if (!said(r, st)) return false;
    add_quality(r, "dev", &j.dev);
    add_quality(r, "test", &j.test);
    hx_cli_note(r->c, "columns chosen on dev: %s", "在开发集上选定的列：%s", j.columns);
    return put_quality(r);
}

int hx_cmd_evaluate_prefer(hx_cli *c) {
    preferring r = {.c = c, .err = {.ui = c->ui}, .records = json_array()};
    if (!c->options.text[HX_OPT_TIME]) {
        json_decref(r.records);
        return hx_cli_usage(
            c, "evaluate prefer needs --time COLUMN: items are held out by when they came",
            "evaluate prefer 需要 --time 列名：按商品出现的时间留出检验");
    }
    hx_cli_catch_interrupts(c);
    const bool ok = said(&r, hx_tastes_new(&r.tastes, &r.err)) &&
                    gather_table(&r, HX_OPT_FORETOLD, HX_OPT_RECOMMEND_ITEM) && judge(&r);
    release(&r);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
