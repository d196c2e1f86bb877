/* clv_receipt.c - receipts of lifetime values and their replay; see clv.h.
 *
 *     days (with events) -> x, last, age, mean -> alive, expected, amount, value -> contributions by month
 *
 * Everything behind the days follows from them and from the parameters as they are written. Contributions are
 * whole 1/10,000 units and sum to the value exactly. "if_bought" says what one more purchase on the last day would change. */
#include "cli/clv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"

#define KIND "clv"
#define DAYS_MAX 1000000
#define PERIODS_MAX 1300
#define RECEIPTS_MAX ((size_t)1 << 30)
#define TEN_THOUSANDTHS 1e4
#define DIGITS 15 /* of numbers in the output */

typedef struct {
    hx_purchases p;
    double mean;
} history;

static double rounded(double v) {
    return round(v * TEN_THOUSANDTHS) / TEN_THOUSANDTHS;
}

static void put(json_t *o, const char *key, double v) {
    json_object_set_new(o, key, isfinite(v) ? json_real(v) : json_null());
}

static double at(const json_t *o, const char *path) {
    const json_t *v = hx_json_at(o, path);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* --- working it out ------------------------------------------------------ */
/* False where nothing was bought. */
static bool history_of(const json_t *days, const hx_clv_terms *t, history *h) {
    const size_t n = json_array_size(days);
    double sum = 0;
    if (n == 0 || n > DAYS_MAX) return false;
    const double first = at(json_array_get(days, 0), "day");
    const double last = at(json_array_get(days, n - 1), "day");
    for (size_t i = 1; i < n; i++)
        sum += at(json_array_get(days, i), "amount");
    h->p = (hx_purchases){.x = (uint32_t)(n - 1),
                          .last = (last - first) / t->unit,
                          .age = (t->until - first) / t->unit,
                          .weight = 1};
    h->mean = n > 1 ? sum / (double)(n - 1) : 0;
    return h->p.age >= h->p.last;
}

static bool value_in(hx_cli *c, const hx_clv_terms *t, const history *h, double horizon,
                     double *out) {
    const hx_value_options o = {.horizon = horizon, .step = t->step, .rate = t->rate, .draws = 1};
    hx_error err = {.ui = c->ui};
    hx_value v;
    if (hx_value_expect(&t->fit, &t->spend, &h->p, h->mean, &o, &v, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    *out = v.value;
    return true;
}

/* Month by month: each cut at the whole 1/10,000 of the sum so far. */
static bool put_contributions(hx_cli *c, const hx_clv_terms *t, const history *h, json_t *to) {
    json_t *list = json_array();
    double before = 0, value = 0;
    bool ok = true;
    json_object_set_new(to, "contributions", list);
    for (int k = 1; ok && k <= PERIODS_MAX && (k - 1) * t->step < t->horizon * (1 - 1e-12); k++) {
        ok = value_in(c, t, h, fmin(k * t->step, t->horizon), &value);
        const double now = round(value * TEN_THOUSANDTHS);
        json_array_append_new(
            list, json_pack("{s:i,s:I}", "month", k, "units", (json_int_t)(now - before)));
        before = now;
    }
    json_object_set_new(to, "sum_units", json_integer((json_int_t)before));
    return ok;
}

static bool put_figures(hx_cli *c, const hx_clv_terms *t, const history *h, json_t *to) {
    double value = NAN;
    if (t->has_spend && !value_in(c, t, h, t->horizon, &value)) return false;
    put(to, "alive", rounded(hx_purchase_alive(&t->fit, &h->p)));
    put(to, "expected", rounded(hx_purchase_expected(&t->fit, &h->p, t->horizon)));
    put(to, "amount", t->has_spend ? rounded(hx_spend_expected(&t->spend, h->p.x, h->mean)) : NAN);
    put(to, "value", rounded(value));
    return true;
}

/* One more purchase of the usual amount on the last day that was watched. */
static json_t *if_bought(hx_cli *c, const hx_clv_terms *t, const history *h) {
    history more = *h;
    json_t *o = json_object();
    if (h->p.age > h->p.last) {
        more.p.x++;
        more.p.last = more.p.age;
    }
    if (put_figures(c, t, &more, o)) return o;
    json_decref(o);
    return NULL;
}

/* All that follows from days and terms. */
static bool conclude(hx_cli *c, const hx_clv_terms *t, const json_t *days, json_t *to) {
    history h;
    if (!history_of(days, t, &h))
        return hx_cli_fail(c, "this customer had bought nothing by then", "该客户当时尚未购买") ==
               HX_EXIT_DONE;
    json_object_set_new(to, "purchases",
                        json_pack("{s:I,s:f,s:f,s:f}", "x", (json_int_t)h.p.x, "last", h.p.last,
                                  "age", h.p.age, "mean", h.mean));
    if (!put_figures(c, t, &h, to)) return false;
    if (t->has_spend && !put_contributions(c, t, &h, to)) return false;
    json_t *more = if_bought(c, t, &h);
    if (more) json_object_set_new(to, "if_bought", more);
    return more != NULL;
}

/* --- writing ------------------------------------------------------------- */
static json_t *terms_of(const hx_clv_terms *t) {
    json_t *p = json_array(), *o = json_object();
    for (size_t i = 0; i < 4; i++)
        json_array_append_new(p, json_real(t->fit.parameter[i]));
    json_object_set_new(o, "model", json_string(hx_purchase_model_id(t->fit.model)));
    json_object_set_new(o, "parameters", p);
    json_object_set_new(o, "spend",
                        t->has_spend ? json_pack("[f,f,f]", t->spend.p, t->spend.q, t->spend.v)
                                     : json_null());
    put(o, "horizon", t->horizon);
    put(o, "step", t->step);
    put(o, "rate", t->rate);
    put(o, "unit_days", t->unit);
    json_object_set_new(o, "until", json_integer(t->until));
    return o;
}

static bool read_terms(const json_t *r, hx_clv_terms *t) {
    const json_t *o = json_object_get(r, "terms"), *p = json_object_get(o, "parameters"),
                 *spend = json_object_get(o, "spend");
    const char *model = json_string_value(json_object_get(o, "model"));
    const char *kind = json_string_value(json_object_get(r, "receipt"));
    const int id = model ? hx_cli_choice("bg-nbd,mbg-nbd,pareto-nbd", model) : -1;
    if (!kind || strcmp(kind, KIND) != 0 || id < 0 || json_array_size(p) != 4) return false;
    *t = (hx_clv_terms){.fit = {.model = (hx_purchase_model)id},
                        .has_spend = json_array_size(spend) == 3,
                        .horizon = at(o, "horizon"),
                        .step = at(o, "step"),
                        .rate = at(o, "rate"),
                        .unit = at(o, "unit_days"),
                        .until = (int32_t)json_integer_value(json_object_get(o, "until"))};
    for (size_t i = 0; i < 4; i++)
        t->fit.parameter[i] = json_number_value(json_array_get(p, i));
    if (t->has_spend) {
        t->spend.p = json_number_value(json_array_get(spend, 0));
        t->spend.q = json_number_value(json_array_get(spend, 1));
        t->spend.v = json_number_value(json_array_get(spend, 2));
    }
    return t->horizon > 0 && t->step > 0 && t->rate >= 0 && t->unit > 0 &&
           t->fit.parameter[0] > 0 && t->fit.parameter[1] > 0 && t->fit.parameter[2] > 0 &&
           t->fit.parameter[3] > 0;
}

/* As it reads back when it was written: the digits of the output are the digits that count. Takes `o`. */
static json_t *as_written(json_t *o) {
    char *text = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS)) : NULL;
    json_t *read = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    json_decref(o);
    return read;
}

static json_t *ask_days(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str customer,
                        double until) {
    hx_str text;
    hx_error err = {.ui = c->ui};
    json_t *days = json_array();
    if (hx_answer_purchases(s, customer, o, c->arena, &text, &err) != HX_OK) {
        hx_cli_error(c, &err);
        json_decref(days);
        return NULL;
    }
    json_t *all = hx_output_parse(c, text), *list = json_object_get(all, "days");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (at(json_array_get(list, i), "day") <= until)
            json_array_append(days, json_array_get(list, i));
    json_decref(all);
    return days;
}

json_t *hx_clv_receipt(hx_cli *c, const hx_clv_terms *t, hx_store *s, const hx_answer_options *o,
                       hx_str customer) {
    hx_clv_terms written;
    json_t *r = json_object();
    json_object_set_new(r, "receipt", json_string(KIND));
    json_object_set_new(r, "customer", json_stringn(customer.ptr, customer.len));
    json_object_set_new(r, "terms", terms_of(t));
    r = as_written(r);
    json_t *days = r && read_terms(r, &written) ? ask_days(c, s, o, customer, t->until) : NULL;
    const bool ok = days && conclude(c, &written, days, r);
    if (days) json_object_set_new(r, "days", days);
    if (ok) return r;
    json_decref(r);
    return NULL;
}

/* --- replaying ----------------------------------------------------------- */
static json_t *differences(const json_t *old, const json_t *now, const json_t *days) {
    static const char *const members[] = {"purchases", "alive",         "expected",  "amount",
                                          "value",     "contributions", "sum_units", "if_bought"};
    json_t *list = json_array();
    if (!json_equal(json_object_get(old, "days"), days))
        json_array_append_new(list, json_string("days"));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *a = json_object_get(old, members[i]), *b = json_object_get(now, members[i]);
        if (a != b && !json_equal(a, b)) json_array_append_new(list, json_string(members[i]));
    }
    return list;
}

static bool replay_line(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str line,
                        json_t *records, bool *all) {
    hx_clv_terms t;
    json_t *old = json_loadb(line.ptr, line.len, 0, NULL);
    const json_t *who = json_object_get(old, "customer");
    if (!json_is_string(who) || !read_terms(old, &t)) {
        json_decref(old);
        return hx_cli_fail(c, "a line of --verify is no receipt of a lifetime value",
                           "--verify 中有一行不是客户价值的凭据") == HX_EXIT_DONE;
    }
    const hx_str name = {json_string_value(who), json_string_length(who)};
    json_t *days = ask_days(c, s, o, name, t.until), *now = json_object();
    const bool ok = days && conclude(c, &t, days, now);
    now = as_written(now);
    json_t *changed = ok && now ? differences(old, now, days) : json_array();
    const bool same = ok && json_array_size(changed) == 0;
    *all = *all && same;
    json_array_append_new(
        records, json_pack("{s:O,s:b,s:o}", "customer", who, "verified", same, "changed", changed));
    json_decref(days);
    json_decref(now);
    json_decref(old);
    return true;
}

int hx_clv_replay(hx_cli *c, hx_store *s, const hx_answer_options *o) {
    static const hx_record_column columns[] = {{"customer", "customer", "客户", HX_CELL_LEFT},
                                               {"verified", "verified", "已核验", HX_CELL_LEFT},
                                               {"changed", "changed", "变化", HX_CELL_LEFT}};
    hx_str text;
    bool all = true,
         ok = hx_cli_read_file(c, c->options.text[HX_OPT_CLV_VERIFY], RECEIPTS_MAX, &text);
    json_t *records = json_array();
    while (ok && text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        const size_t n = end ? (size_t)(end - text.ptr) : text.len;
        if (n > 0) ok = replay_line(c, s, o, (hx_str){text.ptr, n}, records, &all);
        text = (hx_str){text.ptr + n + (end != NULL), text.len - n - (end != NULL)};
    }
    ok = ok && hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok && all ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
