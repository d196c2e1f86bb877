/* cmd_score_clv.c - score clv: who buys again, how often, for how much, from files of transactions or a store.
 *
 * One record a customer, the most valuable first, then one of the fit: its parameters with their errors, log-likelihood, test, and where there is time
 * behind --calibrate-to, how well that was foretold. A table shows the customers and says the rest in lines beneath.
 *
 * Customers are ranked by their expected value; the interval, which is drawn, is found for those alone that are shown. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/clv.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"

#include "huaxiang/insight.h"

#define DAY_MS INT64_C(86400000)
#define LINE_BYTES 400
#define MONTHS 12

typedef struct {
    hx_cli *c;
    hx_error err;
    hx_transactions *list;
    hx_transactions_cut cut;
    hx_transactions_about about;
    hx_purchase_fit fit;
    hx_spend_fit spend;
    hx_buyer *buyers;
    hx_purchases *rows; /* in the arena, as long as the buyers */
    size_t n;
    bool has_spend;
    double horizon; /* in the unit */
    double step, rate; /* of a month */
    hx_store *store; /* NULL: files */
    hx_answer_options answer;
} score;

static bool done(score *s, hx_status st) {
    return st == HX_OK || (hx_cli_error(s->c, &s->err), false);
}

static double unit_days(const hx_cli *c) {
    static const double days[] = {7, 1, 365.25 / MONTHS};
    return days[c->options.number[HX_OPT_TIME_UNIT]];
}

/* --- reading ------------------------------------------------------------- */
static bool read_file(score *s, const char *path) {
    hx_reader *r = NULL;
    hx_reader_options o;
    if (!hx_cli_reader_options(s->c, &o)) return false;
    if (!done(s, hx_reader_open(&r, path, &o, &s->err))) return false;
    const bool ok = done(s, hx_transactions_read(s->list, r, &s->c->cancel, &s->err));
    hx_reader_close(r);
    return ok;
}

static bool read_store(score *s) {
    uint64_t left_out = 0;
    if (!done(s, hx_answer_transactions(s->store, &s->answer, s->list, &left_out, &s->err)))
        return false;
    s->about = hx_transactions_describe(s->list);
    if (left_out)
        hx_cli_note(s->c, "lines left out: %llu without a time or in another currency",
                    "已略过 %llu 行：没有时间或为其他币种", (unsigned long long)left_out);
    return true;
}

static bool read_files(score *s) {
    const hx_cli_values *v = &s->c->options;
    bool ok = true;
    if (s->store) return read_store(s);
    if (hx_cli_has(v, HX_OPT_DATA)) ok = read_file(s, v->text[HX_OPT_DATA]);
    if (s->c->n_args == 0 && !hx_cli_has(v, HX_OPT_DATA)) ok = read_file(s, "-");
    for (int i = 0; ok && i < s->c->n_args; i++)
        ok = read_file(s, s->c->args[i]);
    if (!ok) return false;
    s->about = hx_transactions_describe(s->list);
    if (s->about.left_out + s->about.returns)
        hx_cli_note(s->c, "rows left out: %llu that can't be read, %llu returns",
                    "已略过：%llu 行无法读取，%llu 行为退货", (unsigned long long)s->about.left_out,
                    (unsigned long long)s->about.returns);
    return true;
}

static bool parse_day(score *s, int32_t *day) {
    const char *text = s->c->options.text[HX_OPT_CALIBRATE_TO];
    int64_t ms;
    *day = INT32_MAX;
    if (!text) return true;
    if (!done(s, hx_parse_time(hx_str_of(text), HX_DATE_ORDER_AUTO, false, NULL, &ms, &s->err)))
        return false;
    *day = (int32_t)(ms >= 0 ? ms / DAY_MS : -((DAY_MS - 1 - ms) / DAY_MS));
    return true;
}

/* --- fitting ------------------------------------------------------------- */
static bool parse_model(score *s, hx_purchase_model *m) {
    static const char *const known = "bg-nbd,mbg-nbd,pareto-nbd";
    const char *name = s->c->options.text[HX_OPT_MODEL];
    const int i = name ? hx_cli_choice(known, name) : (int)HX_MBG_NBD;
    char near[80];
    *m = (hx_purchase_model)i;
    if (i >= 0) return true;
    hx_cli_suggest(s->c, name, known, near, sizeof near);
    hx_cli_usage(s->c,
                 "--model %s is no model of purchases; there are bg-nbd, mbg-nbd, pareto-nbd%s",
                 "--model %s 不是购买模型；可用 bg-nbd、mbg-nbd、pareto-nbd%s", name, near);
    return false;
}

static bool fit_spend(score *s, const hx_purchase_options *o) {
    hx_spend *amounts = hx_arena_alloc(s->c->arena, s->n * sizeof *amounts);
    if (!amounts) return hx_cli_fail(s->c, "not enough memory", "内存不足") == HX_EXIT_DONE;
    for (size_t i = 0; i < s->n; i++)
        amounts[i] = (hx_spend){s->buyers[i].purchases.x, s->buyers[i].mean, 1};
    s->has_spend = hx_spend_fit_model(amounts, s->n, o, &s->spend, &s->err) == HX_OK;
    if (!s->has_spend) hx_cli_say(s->c, s->err.message);
    if (s->has_spend && fabs(s->spend.correlation) > 0.3)
        hx_cli_note(s->c,
                    "who buys more often also spends otherwise (correlation %.2f): amounts are "
                    "less sure than they look",
                    "购买频率与金额相关（相关系数 %.2f）：金额的估计不如看上去可靠",
                    s->spend.correlation);
    return true;
}

static bool fit(score *s) {
    hx_purchase_model m;
    const hx_purchase_options o = {.seed = (uint64_t)s->c->options.number[HX_OPT_SEED],
                                   .n_threads = (size_t)s->c->options.number[HX_OPT_THREADS],
                                   .cancel = &s->c->cancel};
    if (!parse_model(s, &m)) return false;
    if (!done(s, hx_transactions_buyers(s->list, &s->cut, s->c->arena, &s->buyers, &s->n, &s->err)))
        return false;
    s->rows = hx_arena_alloc(s->c->arena, s->n * sizeof *s->rows);
    if (!s->rows) return hx_cli_fail(s->c, "not enough memory", "内存不足") == HX_EXIT_DONE;
    for (size_t i = 0; i < s->n; i++)
        s->rows[i] = s->buyers[i].purchases;
    if (!done(s, hx_purchase_fit_model(m, s->rows, s->n, &o, &s->fit, &s->err))) return false;
    if (s->fit.alike)
        hx_cli_note(s->c,
                    "these customers hardly differ in how they stop or buy: a parameter of the fit "
                    "runs off",
                    "这些客户在停止或购买的规律上几乎没有差别：有参数趋于无穷");
    return !s->about.has_amounts || fit_spend(s, &o);
}

/* --- records ------------------------------------------------------------- */
static json_t *places(double v, int n) {
    const double tens = pow(10, n);
    return isfinite(v) ? json_real(round(v * tens) / tens) : json_null();
}

static json_t *buyer_record(const score *s, const hx_buyer *b, const hx_value *v) {
    json_t *r = json_object();
    json_object_set_new(r, "customer", json_stringn(b->customer.ptr, b->customer.len));
    json_object_set_new(r, "purchases", json_integer((json_int_t)b->purchases.x));
    json_object_set_new(r, "last", places(b->purchases.last, 2));
    json_object_set_new(r, "age", places(b->purchases.age, 2));
    json_object_set_new(r, "alive", places(hx_purchase_alive(&s->fit, &b->purchases), 4));
    json_object_set_new(r, "expected", places(v->purchases, 4));
    if (!s->has_spend) return r;
    json_object_set_new(r, "amount",
                        places(hx_spend_expected(&s->spend, b->purchases.x, b->mean), 2));
    json_object_set_new(r, "value", places(v->value, 2));
    json_object_set_new(r, "low", places(v->low, 2));
    json_object_set_new(r, "high", places(v->high, 2));
    return r;
}

typedef struct {
    double value;
    size_t at;
} ranked;

static int greatest_first(const void *l, const void *r) {
    const ranked *a = l, *b = r;
    if (a->value != b->value) return a->value > b->value ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* Of one buyer; with `draws` the interval, too. */
static bool value_of(score *s, const hx_buyer *b, size_t draws, hx_value *v) {
    const hx_value_options o = {.horizon = s->horizon,
                                .step = s->step,
                                .rate = s->rate,
                                .draws = draws,
                                .seed = (uint64_t)s->c->options.number[HX_OPT_SEED]};
    if (s->has_spend)
        return done(s, hx_value_expect(&s->fit, &s->spend, &b->purchases, b->mean, &o, v, &s->err));
    *v = (hx_value){.purchases = hx_purchase_expected(&s->fit, &b->purchases, s->horizon)};
    return true;
}

static bool has_receipts(const score *s) {
    return hx_cli_has(&s->c->options, HX_OPT_CLV_RECEIPTS);
}

/* Of a store with --receipts: the whole receipt. */
static bool add_record(score *s, const hx_buyer *b, json_t *records) {
    hx_value value;
    if (!has_receipts(s)) {
        if (!value_of(s, b, 0, &value)) return false;
        return json_array_append_new(records, buyer_record(s, b, &value)) == 0;
    }
    const hx_clv_terms t = {.fit = s->fit,
                            .spend = s->spend,
                            .has_spend = s->has_spend,
                            .horizon = s->horizon,
                            .step = s->step,
                            .rate = s->rate,
                            .unit = s->cut.unit,
                            .until = s->cut.calibrate_to < s->about.last ? s->cut.calibrate_to
                                                                         : s->about.last};
    json_t *r = hx_clv_receipt(s->c, &t, s->store, &s->answer, b->customer);
    return r && json_array_append_new(records, r) == 0;
}

static json_t *buyer_records(score *s) {
    const hx_cli_values *v = &s->c->options;
    json_t *records = json_array();
    ranked *order = hx_arena_alloc(s->c->arena, s->n * sizeof *order);
    hx_value value;
    bool ok = order != NULL;
    for (size_t i = 0; i < s->n && ok; i++) {
        ok = value_of(s, &s->buyers[i], 1, &value);
        order[i] = (ranked){s->has_spend ? value.value : value.purchases, i};
    }
    if (ok) qsort(order, s->n, sizeof *order, greatest_first);
    size_t shown = hx_cli_has(v, HX_OPT_HEAD) ? (size_t)v->number[HX_OPT_HEAD] : s->n;
    for (size_t i = 0; i < s->n && i < shown && ok; i++) {
        ok = add_record(s, &s->buyers[order[i].at], records);
    }
    if (ok) return records;
    json_decref(records);
    return NULL;
}

static json_t *spend_record(const hx_spend_fit *f) {
    return json_pack("{s:{s:f,s:f,s:f},s:{s:o,s:o,s:o},s:f,s:f,s:o}", "parameters", "p", f->p, "q",
                     f->q, "v", f->v, "errors", "p", places(f->error[0], 6), "q",
                     places(f->error[1], 6), "v", places(f->error[2], 6), "log_likelihood",
                     f->log_likelihood, "customers", f->customers, "correlation",
                     places(f->correlation, 6));
}

/* NULL where there is no time behind the calibration. */
static json_t *hold_out_record(score *s, hx_hold_out *h) {
    int32_t end = s->cut.calibrate_to < s->about.last ? s->cut.calibrate_to : s->about.last;
    double horizon = (s->about.last - end) / s->cut.unit;
    if (!(horizon > 0) ||
        hx_purchase_hold_out(&s->fit, s->buyers, s->n, horizon, h, &s->err) != HX_OK)
        return NULL;
    return json_pack("{s:o,s:f,s:o,s:o,s:o,s:o,s:o}", "horizon", places(horizon, 4), "met", h->met,
                     "expected", places(h->expected, 4), "mae", places(h->mae, 7), "rmse",
                     places(h->rmse, 7), "correlation", places(h->correlation, 7),
                     "rank_correlation", places(h->rank_correlation, 7));
}

static json_t *fit_record(score *s, hx_purchase_test *test) {
    json_t *r = json_object(), *p = json_object(), *e = json_object();
    for (size_t i = 0; i < 4; i++) {
        const char *name = hx_purchase_parameter(s->fit.model, i);
        json_object_set_new(p, name, json_real(s->fit.parameter[i]));
        json_object_set_new(e, name, places(s->fit.error[i], 8));
    }
    json_object_set_new(r, "model", json_string(hx_purchase_model_id(s->fit.model)));
    json_object_set_new(r, "parameters", p);
    json_object_set_new(r, "errors", e);
    json_object_set_new(r, "log_likelihood", json_real(s->fit.log_likelihood));
    json_object_set_new(r, "customers", json_integer((json_int_t)s->n));
    json_object_set_new(r, "chi2", places(test->chi2, 6));
    json_object_set_new(r, "freedom", json_integer((json_int_t)test->freedom));
    json_object_set_new(r, "p", places(test->p, 6));
    if (s->has_spend) json_object_set_new(r, "spend", spend_record(&s->spend));
    return r;
}

/* --- showing ------------------------------------------------------------- */
static bool put_line(hx_cli *c, const char *text, bool gap) {
    hx_outbuf line = {0};
    if (gap) hx_outbuf_byte(&line, '\n');
    hx_outbuf_visible(&line, hx_str_of(text), 0);
    hx_outbuf_byte(&line, '\n');
    const bool ok = hx_output_write(c, &line);
    hx_outbuf_release(&line);
    return ok;
}

static bool put_fit(score *s, const hx_purchase_test *t) {
    hx_cli *c = s->c;
    char line[LINE_BYTES];
    const hx_purchase_fit *f = &s->fit;
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(c, "%s of %zu customers: %s %.4f, %s %.4f, %s %.4f, %s %.4f",
                             "%s，%zu 位客户：%s %.4f，%s %.4f，%s %.4f，%s %.4f"),
                   hx_purchase_model_name(f->model), s->n, hx_purchase_parameter(f->model, 0),
                   f->parameter[0], hx_purchase_parameter(f->model, 1), f->parameter[1],
                   hx_purchase_parameter(f->model, 2), f->parameter[2],
                   hx_purchase_parameter(f->model, 3), f->parameter[3]);
    bool ok = put_line(c, line, true);
    (void)snprintf(line, sizeof line,
                   t->freedom
                       ? hx_cli_tr(c,
                                   "log-likelihood %.4f; counts of purchases: chi-square %.2f, "
                                   "%zu degrees of freedom, p = %.4f",
                                   "对数似然 %.4f；购买次数检验：卡方 %.2f，自由度 %zu，p = %.4f")
                       : hx_cli_tr(c, "log-likelihood %.4f", "对数似然 %.4f"),
                   f->log_likelihood, t->chi2, t->freedom, t->p);
    return ok && put_line(c, line, false);
}

static bool put_hold_out(score *s, const hx_hold_out *h) {
    char line[LINE_BYTES];
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(s->c,
                             "behind the calibration: %.0f purchases came, %.1f were expected "
                             "(%+.1f %%); MAE %.4f, RMSE %.4f, correlation %.4f",
                             "校准期之后：实际 %.0f 次购买，预期 %.1f 次（%+.1f %%）；MAE "
                             "%.4f，RMSE %.4f，相关系数 %.4f"),
                   h->met, h->expected, h->met > 0 ? (h->expected / h->met - 1) * 100 : NAN, h->mae,
                   h->rmse, h->correlation);
    return put_line(s->c, line, false);
}

static bool put_buyers(score *s, const json_t *records) {
    static const hx_record_column columns[] = {{"customer", "customer", "客户", HX_CELL_LEFT},
                                               {"purchases", "repeat", "复购", HX_CELL_RIGHT},
                                               {"last", "last", "最后购买", HX_CELL_RIGHT},
                                               {"age", "age", "观察期", HX_CELL_RIGHT},
                                               {"alive", "still buys", "仍会购买", HX_CELL_PERCENT},
                                               {"expected", "expected", "预期购买", HX_CELL_RIGHT},
                                               {"amount", "amount", "单次金额", HX_CELL_RIGHT},
                                               {"value", "value", "价值", HX_CELL_RIGHT},
                                               {"low", "low", "下限", HX_CELL_RIGHT},
                                               {"high", "high", "上限", HX_CELL_RIGHT}};
    const size_t n = sizeof columns / sizeof *columns;
    return hx_output_records(s->c, records, columns, s->has_spend ? n : n - 4);
}

static bool show(score *s) {
    hx_purchase_test test;
    hx_hold_out held;
    json_t *records = buyer_records(s);
    if (!records) return false;
    size_t joined = s->n;
    hx_purchases_join(s->rows, &joined);
    hx_purchase_test_fit(&s->fit, s->rows, joined, &test);
    json_t *hold_out = hold_out_record(s, &held);
    bool ok = put_buyers(s, records);
    if (has_receipts(s)) {
        /* receipts alone: a file of them is what --verify takes */
    } else if (s->c->shape == HX_SHAPE_JSON) {
        json_t *r = fit_record(s, &test);
        hx_outbuf out = {0};
        if (hold_out) json_object_set(r, "hold_out", hold_out);
        hx_output_json(&out, r);
        ok = ok && hx_output_write(s->c, &out);
        hx_outbuf_release(&out);
        json_decref(r);
    } else if (s->c->shape == HX_SHAPE_TABLE) {
        ok = ok && put_fit(s, &test) && (!hold_out || put_hold_out(s, &held));
    }
    json_decref(hold_out);
    json_decref(records);
    return ok;
}

/* HX_EXIT_DONE, with the store open where there is one; else after a sentence. */
static int open_store(score *s) {
    hx_cli *c = s->c;
    const hx_cli_values *v = &c->options;
    int status = HX_EXIT_DONE;
    const bool store = hx_cli_has(v, HX_OPT_STORE);
    if (store && (c->n_args > 0 || hx_cli_has(v, HX_OPT_DATA)))
        return hx_cli_usage(c, "FILE or --store, not both", "文件与 --store 只能给出一个");
    if (!store && (hx_cli_has(v, HX_OPT_CLV_RECEIPTS) || hx_cli_has(v, HX_OPT_CLV_VERIFY) ||
                   hx_cli_has(v, HX_OPT_AS_OF)))
        return hx_cli_usage(c, "--receipts, --verify and --as-of need a --store",
                            "--receipts、--verify 与 --as-of 需要 --store");
    if (!store) return HX_EXIT_DONE;
    if (!hx_cli_answer_options(c, &s->answer)) return HX_EXIT_USAGE;
    s->store = hx_cli_store(c, HX_STORE_READ, &status);
    return s->store ? HX_EXIT_DONE : status;
}

static int run(score *s) {
    if (hx_cli_has(&s->c->options, HX_OPT_CLV_VERIFY))
        return hx_clv_replay(s->c, s->store, &s->answer);
    const bool ok = parse_day(s, &s->cut.calibrate_to) &&
                    done(s, hx_transactions_new(&s->list, &s->err)) && read_files(s) && fit(s) &&
                    show(s);
    hx_transactions_free(s->list);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

int hx_cmd_score_clv(hx_cli *c) {
    score s = {.c = c, .err = {.ui = c->ui}};
    const hx_cli_values *v = &c->options;
    const int wrong = open_store(&s);
    if (wrong) return wrong;
    const double days = hx_cli_has(v, HX_OPT_HORIZON) ? (double)v->number[HX_OPT_HORIZON] : 365;
    const double yearly = hx_cli_has(v, HX_OPT_DISCOUNT) ? v->real[HX_OPT_DISCOUNT] : 0.1;
    s.cut = (hx_transactions_cut){.hold_to = INT32_MAX, .unit = unit_days(c)};
    s.horizon = days / s.cut.unit;
    s.step = 365.25 / MONTHS / s.cut.unit;
    s.rate = pow(1 + yearly, 1.0 / MONTHS) - 1;
    const int status = run(&s);
    hx_store_close(s.store);
    return status;
}
