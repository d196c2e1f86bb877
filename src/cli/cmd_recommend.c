/* cmd_recommend.c - recommend: items for people by what they took up before; evaluate recommend: how well that finds what is held out.
 *
 *     rows of --data (--user, --item) -> EASE and ALS -> the best items of each person, each with the item of the past that speaks most for it
 *
 * A person without a past gets popular items. One record an item, the best first; of the evaluation one record a method, all rows and, with --rating, those
 * that were liked. Settings are chosen on a dev part; the test part is read once. */
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

#define USUAL_TOP 10
#define USUAL_HELD 10
#define REASON_BYTES 500

typedef struct {
    hx_cli *c;
    hx_error err;
    hx_table *t, *test; /* owned */
    hx_taken *taken; /* owned */
    hx_recommender *r; /* owned */
    hx_tastes *tastes; /* of a store; owned */
    json_t *records; /* owned */
} recommending;

static json_t *places(double v, int n) {
    const double tens = pow(10, n);
    return isfinite(v) ? json_real(round(v * tens) / tens) : json_null();
}

static json_t *text_of(hx_str s) {
    return json_stringn(s.ptr, s.len);
}

/* ------------------------------------------------------------------ rows */
static bool read_taken(recommending *r, const char *data) {
    const hx_cli_values *v = &r->c->options;
    const hx_recommend_columns columns = {
        .user = v->text[HX_OPT_RECOMMEND_USER] ? v->text[HX_OPT_RECOMMEND_USER] : "user",
        .item = v->text[HX_OPT_RECOMMEND_ITEM] ? v->text[HX_OPT_RECOMMEND_ITEM] : "item",
        .time = v->text[HX_OPT_TIME],
        .rating = v->text[HX_OPT_RECOMMEND_RATING]};
    const char *test = v->text[HX_OPT_TEST_FILE];
    if (!hx_table_io_read(r->c, data, NULL, &r->t)) return false;
    if (test && !hx_table_io_read(r->c, test, NULL, &r->test)) return false;
    return hx_taken_read(&r->taken, r->t, r->test, &columns, &r->err) == HX_OK ||
           (hx_cli_error(r->c, &r->err), false);
}

static void release(recommending *r) {
    hx_recommender_free(r->r);
    hx_taken_free(r->taken);
    hx_tastes_free(r->tastes);
    hx_table_free(r->t);
    hx_table_free(r->test);
    json_decref(r->records);
}

/* ------------------------------------------------------------------ a store */
/* as_of: of a receipt; NULL = as asked for. */
static bool read_store(recommending *r, const int64_t *as_of) {
    static const hx_recommend_columns columns = {"user", "item", "time", "rating"};
    hx_answer_options a;
    int status;
    if (!hx_cli_answer_options(r->c, &a)) return false;
    hx_store *s = hx_cli_store(r->c, HX_STORE_READ, &status);
    if (!s) return false;
    hx_status st = hx_tastes_new(&r->tastes, &r->err);
    if (st == HX_OK) st = hx_tastes_of_store(r->tastes, s, as_of ? *as_of : a.as_of, &r->err);
    hx_store_close(s);
    if (st == HX_OK) st = hx_tastes_table(&r->t, r->tastes, &r->err);
    if (st == HX_OK) st = hx_taken_read(&r->taken, r->t, NULL, &columns, &r->err);
    return st == HX_OK || (hx_cli_error(r->c, &r->err), false);
}

/* Names of both items, and what the customer did with the one that speaks most for it. */
static void add_reason(const recommending *r, json_t *o, hx_str who, hx_str item, hx_str because) {
    char words[REASON_BYTES];
    hx_taste t;
    if (!r->tastes) return;
    json_object_set_new(o, "name", text_of(hx_tastes_name(r->tastes, item)));
    if (!because.ptr || !hx_tastes_find(r->tastes, who, because, &t)) return;
    const hx_str name = hx_tastes_name(r->tastes, because);
    const int len = name.len > 300 ? 300 : (int)name.len;
    const char *how = isnan(t.liked) ? hx_cli_tr(r->c, "you bought", "您买过")
                      : t.liked > 0  ? hx_cli_tr(r->c, "you praised", "您称赞过")
                                     : hx_cli_tr(r->c, "you tried", "您试过");
    (void)snprintf(words, sizeof words, hx_cli_tr(r->c, "because %s %.*s", "因为%s%.*s"), how, len,
                   name.ptr);
    json_object_set_new(o, "reason", json_string(words));
    json_object_set_new(o, "event", text_of(t.event));
    if (t.comment.len > 0) json_object_set_new(o, "quote", text_of(t.comment));
}

/* ------------------------------------------------------------------ receipts */
static json_t *part_of(const recommending *r, hx_str who, const hx_recommendation *part) {
    const hx_str item = hx_taken_item(r->taken, part->because);
    hx_taste t;
    json_t *o = json_object();
    json_object_set_new(o, "item", text_of(item));
    json_object_set_new(o, "name", text_of(hx_tastes_name(r->tastes, item)));
    if (hx_tastes_find(r->tastes, who, item, &t)) {
        json_object_set_new(o, "event", text_of(t.event));
        json_object_set_new(o, "liked", isnan(t.liked) ? json_null() : json_boolean(t.liked > 0));
    }
    json_object_set_new(o, "part", json_real(part->part));
    return o;
}

/* One line: the item and the term of each thing the customer has; added one by one they are the score. Empty after a sentence. */
static hx_str receipt_of(recommending *r, hx_str who, size_t u, size_t item) {
    const size_t room = hx_taken_items(r->taken);
    hx_recommendation *parts = hx_arena_alloc(r->c->arena, (room + 1) * sizeof *parts);
    hx_str text = {NULL, 0};
    size_t n = 0;
    double score = 0;
    if (!parts) return hx_cli_fail(r->c, "not enough memory", "内存不足"), text;
    if (u != SIZE_MAX && hx_recommend_parts(r->r, u, item, parts, room, &n, &r->err) != HX_OK)
        return hx_cli_error(r->c, &r->err), text;
    json_t *o = json_object(), *list = json_array();
    for (size_t k = 0; k < n; k++) {
        score += parts[k].part;
        json_array_append_new(list, part_of(r, who, &parts[k]));
    }
    json_object_set_new(o, "receipt", json_string("recommend"));
    json_object_set_new(o, "customer", text_of(who));
    json_object_set_new(o, "item", text_of(hx_taken_item(r->taken, item)));
    json_object_set_new(o, "score", json_real(score));
    json_object_set_new(o, "parts", list);
    json_object_set_new(o, "as_of_ms", json_integer((json_int_t)hx_tastes_latest(r->tastes)));
    char *dumped = json_dumps(o, JSON_COMPACT);
    if (dumped) text = hx_arena_str(r->c->arena, hx_str_of(dumped));
    free(dumped);
    json_decref(o);
    return text;
}

static bool put_receipt(recommending *r, hx_str who, size_t u, size_t item) {
    const hx_str text = receipt_of(r, who, u, item);
    hx_outbuf out = {0};
    if (!text.ptr) return false;
    hx_outbuf_bytes(&out, text.ptr, text.len);
    hx_outbuf_byte(&out, '\n');
    const bool ok = hx_output_write(r->c, &out);
    hx_outbuf_release(&out);
    return ok;
}

/* ------------------------------------------------------------------ recommend */
static bool add_person(recommending *r, hx_str name, size_t u, size_t most) {
    hx_recommendation *best = hx_arena_alloc(r->c->arena, (most + 1) * sizeof *best);
    size_t n;
    if (!best) return hx_cli_fail(r->c, "not enough memory", "内存不足") == HX_EXIT_DONE;
    if (hx_recommend(r->r, u, best, most, &n, &r->err) != HX_OK)
        return hx_cli_error(r->c, &r->err), false;
    for (size_t k = 0; k < n; k++) {
        if (r->tastes && hx_cli_has(&r->c->options, HX_OPT_PREFER_RECEIPTS)) {
            if (!put_receipt(r, name, u, best[k].item)) return false;
            continue;
        }
        json_t *o = json_object();
        json_object_set_new(o, "customer", text_of(name));
        json_object_set_new(o, "item", text_of(hx_taken_item(r->taken, best[k].item)));
        json_object_set_new(o, "score", places(best[k].score, 6));
        json_object_set_new(o, "because",
                            best[k].because == SIZE_MAX
                                ? json_null()
                                : text_of(hx_taken_item(r->taken, best[k].because)));
        json_object_set_new(o, "part", places(best[k].part, 6));
        add_reason(r, o, name, hx_taken_item(r->taken, best[k].item),
                   best[k].because == SIZE_MAX ? (hx_str){NULL, 0}
                                               : hx_taken_item(r->taken, best[k].because));
        json_array_append_new(r->records, o);
    }
    return true;
}

static bool add_people(recommending *r, size_t most) {
    bool ok = true;
    if (r->c->n_args > 0) {
        const hx_str name = hx_str_of(r->c->args[0]);
        const size_t u = hx_taken_find(r->taken, name);
        if (u == SIZE_MAX)
            hx_cli_note(r->c, "%s has taken up nothing here: these are popular items",
                        "%s 在此没有记录：给出的是热门商品", r->c->args[0]);
        return add_person(r, name, u, most);
    }
    for (size_t u = 0; ok && u < hx_taken_people(r->taken); u++)
        ok = !hx_flag_is_raised(&r->c->cancel) &&
             add_person(r, hx_taken_person(r->taken, u), u, most);
    return ok;
}

static bool put_people(recommending *r) {
    static const hx_record_column columns[] = {{"customer", "customer", "客户", HX_CELL_LEFT},
                                               {"item", "item", "商品", HX_CELL_LEFT},
                                               {"name", "name", "名称", HX_CELL_LEFT},
                                               {"score", "score", "得分", HX_CELL_RIGHT},
                                               {"because", "because of", "因为", HX_CELL_LEFT},
                                               {"part", "its part", "其贡献", HX_CELL_RIGHT},
                                               {"reason", "reason", "理由", HX_CELL_LEFT},
                                               {"event", "event", "事件", HX_CELL_LEFT},
                                               {"quote", "own words", "原话", HX_CELL_LEFT}};
    return hx_output_records(r->c, r->records, columns, sizeof columns / sizeof *columns);
}

/* ------------------------------------------------------------------ replay */
static void forget(recommending *r) {
    hx_recommender_free(r->r);
    hx_taken_free(r->taken);
    hx_tastes_free(r->tastes);
    hx_table_free(r->t);
    r->r = NULL;
    r->taken = NULL;
    r->tastes = NULL;
    r->t = NULL;
}

static size_t item_named(const recommending *r, const char *name) {
    const size_t n = hx_taken_items(r->taken);
    for (size_t i = 0; name && i < n; i++)
        if (hx_str_equal(hx_taken_item(r->taken, i), hx_str_of(name))) return i;
    return n;
}

static bool replay_line(recommending *r, hx_str line, bool *all) {
    json_t *old = json_loadb(line.ptr, line.len, 0, NULL);
    const char *who = json_string_value(json_object_get(old, "customer"));
    const int64_t as_of = json_integer_value(json_object_get(old, "as_of_ms"));
    const hx_recommend_setting setting = hx_recommend_usual(true);
    hx_str again = {NULL, 0};
    bool ok = true;
    if (!who) {
        json_decref(old);
        return hx_cli_fail(r->c, "a line is no receipt of a recommendation",
                           "有一行不是推荐的凭据") == HX_EXIT_DONE;
    }
    if (!r->r || (int64_t)hx_tastes_latest(r->tastes) != as_of) {
        forget(r);
        ok = read_store(r, &as_of);
        if (ok && hx_recommender_fit(&r->r, r->taken, &setting, &r->err) != HX_OK)
            ok = (hx_cli_error(r->c, &r->err), false);
    }
    const size_t item = ok ? item_named(r, json_string_value(json_object_get(old, "item"))) : 0;
    if (ok && item < hx_taken_items(r->taken))
        again = receipt_of(r, hx_str_of(who), hx_taken_find(r->taken, hx_str_of(who)), item);
    const bool same = hx_str_equal(line, again);
    *all = *all && same;
    if (ok)
        json_array_append_new(r->records,
                              json_pack("{s:s,s:O?,s:b}", "customer", who, "item",
                                        json_object_get(old, "item"), "verified", same));
    json_decref(old);
    return ok;
}

bool hx_cmd_recommend_is(hx_str receipts) {
    static const char head[] = "{\"receipt\":\"recommend\",";
    return receipts.len > sizeof head && memcmp(receipts.ptr, head, sizeof head - 1) == 0;
}

int hx_cmd_recommend_replay(hx_cli *c, hx_str text) {
    static const hx_record_column columns[] = {{"customer", "customer", "客户", HX_CELL_LEFT},
                                               {"item", "item", "商品", HX_CELL_LEFT},
                                               {"verified", "verified", "已核验", HX_CELL_LEFT}};
    recommending r = {.c = c, .err = {.ui = c->ui}, .records = json_array()};
    bool all = true, ok = true;
    while (ok && text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        const size_t n = end ? (size_t)(end - text.ptr) : text.len;
        if (n > 0) ok = replay_line(&r, (hx_str){text.ptr, n}, &all);
        text = (hx_str){text.ptr + n + (end != NULL), text.len - n - (end != NULL)};
    }
    ok = ok && hx_output_records(c, r.records, columns, sizeof columns / sizeof *columns);
    release(&r);
    return ok && all ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ the command */
int hx_cmd_recommend(hx_cli *c) {
    recommending r = {.c = c, .err = {.ui = c->ui}, .records = json_array()};
    const hx_cli_values *v = &c->options;
    const bool store = hx_cli_has(v, HX_OPT_STORE);
    const hx_recommend_setting setting =
        hx_recommend_usual(store || v->text[HX_OPT_RECOMMEND_RATING] != NULL);
    const size_t most = hx_cli_has(v, HX_OPT_HEAD) ? (size_t)v->number[HX_OPT_HEAD] : USUAL_TOP;
    if (store == (v->text[HX_OPT_RECOMMEND_DATA] != NULL)) {
        json_decref(r.records);
        return hx_cli_usage(
            c, "recommend needs --store FILE, or --data FILE: rows of who took up what",
            "recommend 需要 --store 文件，或 --data 文件：每行记录谁购买或评价了什么");
    }
    if (!store && hx_cli_has(v, HX_OPT_PREFER_RECEIPTS)) {
        json_decref(r.records);
        return hx_cli_usage(c, "--receipts needs --store FILE", "--receipts 需要 --store 文件");
    }
    hx_cli_catch_interrupts(c);
    bool ok = store ? read_store(&r, NULL) : read_taken(&r, v->text[HX_OPT_RECOMMEND_DATA]);
    if (ok && hx_recommender_fit(&r.r, r.taken, &setting, &r.err) != HX_OK)
        ok = (hx_cli_error(c, &r.err), false);
    ok = ok && add_people(&r, most) && (hx_cli_has(v, HX_OPT_PREFER_RECEIPTS) || put_people(&r));
    release(&r);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ evaluate */
static void add_figures(recommending *r, const hx_recommend_result *result, const char *rows,
                        const hx_recommend_figures *f) {
    const hx_recommend_method m = result->setting.method;
    const bool reads = m != HX_RECOMMEND_POPULAR, als = m >= HX_RECOMMEND_ALS;
    json_t *o = json_object();
    json_object_set_new(o, "method", json_string(hx_recommend_method_id(m)));
    json_object_set_new(o, "penalty",
                        !reads                  ? json_null()
                        : m == HX_RECOMMEND_ALS ? places(result->setting.als_penalty, 3)
                                                : places(result->setting.penalty, 3));
    json_object_set_new(o, "rated", json_boolean(result->setting.rated));
    json_object_set_new(o, "factors",
                        als ? json_integer((json_int_t)result->setting.factors) : json_null());
    json_object_set_new(o, "rows", json_string(rows));
    json_object_set_new(o, "people", json_integer((json_int_t)f->people));
    json_object_set_new(o, "ndcg", places(f->ndcg, 4));
    json_object_set_new(o, "recall", places(f->recall, 4));
    json_object_set_new(o, "mrr", places(f->mrr, 4));
    json_object_set_new(o, "coverage", places(f->coverage, 4));
    json_object_set_new(o, "dev_ndcg", places(result->dev, 4));
    json_array_append_new(r->records, o);
}

static bool put_figures(recommending *r) {
    static const hx_record_column columns[] = {
        {"method", "method", "方法", HX_CELL_LEFT},
        {"penalty", "penalty", "惩罚", HX_CELL_RIGHT},
        {"rows", "rows", "行", HX_CELL_LEFT},
        {"people", "people", "人数", HX_CELL_RIGHT},
        {"ndcg", "NDCG@10", "NDCG@10", HX_CELL_RIGHT},
        {"recall", "recall@10", "召回@10", HX_CELL_RIGHT},
        {"mrr", "MRR@10", "MRR@10", HX_CELL_RIGHT},
        {"coverage", "coverage", "覆盖率", HX_CELL_PERCENT},
        {"dev_ndcg", "dev NDCG@10", "开发集 NDCG@10", HX_CELL_RIGHT}};
    return hx_output_records(r->c, r->records, columns, sizeof columns / sizeof *columns);
}

static void show_share(void *context, double share) {
    hx_progress_tick(context, (uint64_t)(share * 1000), 1000);
}

static bool evaluate(recommending *r) {
    hx_recommend_result results[HX_RECOMMEND_METHODS];
    hx_progress_clock clock;
    const hx_recommend_options o = {.held = USUAL_HELD,
                                    .seed = (uint64_t)r->c->options.number[HX_OPT_SEED],
                                    .cancel = &r->c->cancel,
                                    .done = show_share,
                                    .context = &clock};
    hx_progress_begin(&clock, r->c, hx_cli_tr(r->c, "evaluating", "评估中"));
    const hx_status st = hx_recommend_evaluate(r->taken, &o, results, &r->err);
    hx_progress_clear(r->c);
    if (st != HX_OK) return hx_cli_error(r->c, &r->err), false;
    for (size_t m = 0; m < HX_RECOMMEND_METHODS; m++) {
        add_figures(r, &results[m], "all", &results[m].all);
        if (results[m].liked.people > 0) add_figures(r, &results[m], "liked", &results[m].liked);
    }
    return put_figures(r);
}

int hx_cmd_evaluate_recommend(hx_cli *c) {
    recommending r = {.c = c, .err = {.ui = c->ui}, .records = json_array()};
    hx_cli_catch_interrupts(c);
    const bool ok = read_taken(&r, c->options.text[HX_OPT_FORETOLD]) && evaluate(&r);
    release(&r);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
