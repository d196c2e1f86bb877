/* cmd_score_churn_list.c - score churn --list: whom to contact, who is held out, and the campaign that remembers both.
 *
 *     FILE            CSV of those to contact alone, the most profitable first: who is held out is not in it, so that nobody writes to him by mistake
 *     FILE.campaign   JSON Lines: one of the campaign (time, definition, offer, seed and share of the hold-out), then one a customer of the list,
 *                     {"customer":...,"held":true|false,"probability":...,"value":...,"profit":...}
 *
 * A customer is worth `--value`, or of a store what he would spend within a year at his own rhythm. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/churn.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define CELL_ROOM 64
#define HOLD_OUT 0.1
#define YEAR 365.0

typedef struct {
    hx_churn_run *r;
    hx_contact *contacts; /* (n), in the run's arena */
    size_t n;
    hx_contact_offer offer;
    hx_contact_choice *choices; /* (n) */
    hx_contact_sum sum;
} contact_list;

int hx_churn_check_list(const hx_cli *c) {
    const hx_cli_values *v = &c->options;
    if (!hx_cli_has(v, HX_OPT_CHURN_LIST)) return HX_EXIT_DONE;
    if (!hx_cli_has(v, HX_OPT_CHURN_COST) || !hx_cli_has(v, HX_OPT_CHURN_SUCCESS))
        return hx_cli_usage(
            c,
            "--list needs --cost X and --success P: what a contact costs, and the "
            "chance that it keeps one who would leave",
            "--list 需要 --cost X 和 --success P：联系的成本，以及留住将流失者的概率");
    if (!hx_cli_has(v, HX_OPT_STORE) && !hx_cli_has(v, HX_OPT_CHURN_WORTH))
        return hx_cli_usage(c,
                            "--list of a table needs --value X or a column: what a customer who "
                            "stays is worth",
                            "表的 --list 需要 --value：留住一位客户的价值，可为数或列名");
    return HX_EXIT_DONE;
}

/* ------------------------------------------------------------------ what they are worth */
static bool of_column(const hx_churn_run *r, const char *name, double *out) {
    const size_t at = hx_table_find(r->rows, hx_str_of(name));
    if (at == HX_COLUMN_NONE || hx_table_column_at(r->rows, at)->kind == HX_KIND_TEXT) return false;
    hx_table_numbers(r->rows, at, 0, hx_table_rows(r->rows), out);
    return true;
}

static bool a_year(hx_churn_run *r, double *out) {
    const size_t n = hx_table_rows(r->rows);
    double *gaps = hx_arena_alloc(r->c->arena, (n + 1) * sizeof *gaps);
    if (!gaps || !of_column(r, "gap_days", gaps) || !of_column(r, "order_value", out)) return false;
    for (size_t i = 0; i < n; i++)
        out[i] *= YEAR / fmax(1, gaps[i]);
    return true;
}

static bool worth_of(hx_churn_run *r, double *out) {
    const char *said = r->c->options.text[HX_OPT_CHURN_WORTH];
    double same;
    if (!said) return a_year(r, out);
    if (of_column(r, said, out)) return true;
    if (!hx_cli_parse_real(said, &same)) {
        hx_cli_fail(r->c, "--value %s is neither a number nor a column of numbers",
                    "--value %s 既不是数，也不是数值列", said);
        return false;
    }
    for (size_t i = 0; i < hx_table_rows(r->rows); i++)
        out[i] = same;
    return true;
}

/* ------------------------------------------------------------------ the choice */
static bool gather(contact_list *l) {
    hx_churn_run *r = l->r;
    const size_t rows = hx_table_rows(r->rows);
    double *p = hx_arena_alloc(r->c->arena, (rows + 1) * sizeof *p);
    double *worth = hx_arena_alloc(r->c->arena, (rows + 1) * sizeof *worth);
    l->contacts = hx_arena_alloc(r->c->arena, (rows + 1) * sizeof *l->contacts);
    if (!p || !worth || !l->contacts)
        return hx_cli_fail(r->c, "not enough memory", "内存不足") == HX_EXIT_DONE;
    if (!worth_of(r, worth)) return false;
    if (hx_churn_apply(r->model, r->rows, hx_table_io_threads(r->c), p, &r->err) != HX_OK)
        return hx_cli_error(r->c, &r->err) == HX_EXIT_DONE;
    for (size_t i = 0; i < rows; i++) {
        char room[CELL_ROOM];
        const hx_str who = hx_arena_str(r->c->arena, hx_churn_who(r, i, room));
        if (who.ptr && isfinite(worth[i])) l->contacts[l->n++] = (hx_contact){who, p[i], worth[i]};
    }
    if (l->n < rows)
        hx_cli_note(r->c, "%zu customers have no value and are not on the list",
                    "%zu 位客户没有价值，不在名单中", rows - l->n);
    return true;
}

static bool choose(contact_list *l) {
    const hx_cli_values *v = &l->r->c->options;
    l->offer = (hx_contact_offer){
        .cost = v->real[HX_OPT_CHURN_COST],
        .success = v->real[HX_OPT_CHURN_SUCCESS],
        .budget = hx_cli_has(v, HX_OPT_CHURN_BUDGET) ? v->real[HX_OPT_CHURN_BUDGET] : INFINITY,
        .hold_out =
            hx_cli_has(v, HX_OPT_CHURN_HOLD_OUT) ? v->real[HX_OPT_CHURN_HOLD_OUT] : HOLD_OUT,
        .seed = (uint64_t)v->number[HX_OPT_SEED]};
    return hx_contact_choose(l->contacts, l->n, &l->offer, l->r->c->arena, &l->choices, &l->sum,
                             &l->r->err) == HX_OK ||
           (hx_cli_error(l->r->c, &l->r->err), false);
}

/* ------------------------------------------------------------------ writing */
static void put_head(const contact_list *l, hx_outbuf *b) {
    const hx_churn_run *r = l->r;
    json_t *o = json_pack("{s:i,s:f,s:f,s:f,s:I,s:I,s:I,s:f}", "campaign", 1, "cost", l->offer.cost,
                          "success", l->offer.success, "hold_out", l->offer.hold_out, "seed",
                          (json_int_t)l->offer.seed, "contacts", (json_int_t)l->sum.chosen, "held",
                          (json_int_t)l->sum.held, "expected_profit", l->sum.profit);
    if (isfinite(l->offer.budget)) json_object_set_new(o, "budget", json_real(l->offer.budget));
    if (r->of_store) {
        json_object_set_new(o, "definition", json_string(r->defined));
        json_object_set_new(o, "at", json_integer((json_int_t)r->about.cuts[0]));
        json_object_set_new(o, "time", json_string(r->about.times[0]));
    }
    hx_output_json(b, o);
    json_decref(o);
}

static json_t *cents(double v) {
    return json_real(round(v * 100) / 100);
}

static void put_customer(const contact_list *l, const hx_contact_choice *k, hx_outbuf *b) {
    const hx_contact *who = &l->contacts[k->at];
    json_t *o = json_pack(
        "{s:o,s:b,s:o,s:o,s:o}", "customer", json_stringn(who->customer.ptr, who->customer.len),
        "held", k->what == HX_CONTACT_HELD, "probability", json_real(round(who->risk * 1e6) / 1e6),
        "value", cents(who->value), "profit", cents(k->profit));
    hx_output_json(b, o);
    json_decref(o);
}

static void put_row(const contact_list *l, const hx_contact_choice *k, hx_outbuf *b) {
    const hx_contact *who = &l->contacts[k->at];
    hx_outbuf_csv(b, who->customer);
    hx_outbuf_printf(b, ",%.6f,%.2f,%.2f\n", who->risk, who->value, k->profit);
}

static bool write_both(const contact_list *l, const char *path) {
    hx_outbuf list = {0}, campaign = {0}, name = {0};
    hx_outbuf_text(&list, "customer,probability,value,profit\n");
    hx_outbuf_printf(&name, "%s.campaign", path);
    hx_outbuf_byte(&name, '\0');
    put_head(l, &campaign);
    for (size_t i = 0; i < l->n; i++) {
        if (l->choices[i].what == HX_CONTACT_LEFT) continue;
        put_customer(l, &l->choices[i], &campaign);
        if (l->choices[i].what == HX_CONTACT_CHOSEN) put_row(l, &l->choices[i], &list);
    }
    bool ok = !list.failed && !campaign.failed && !name.failed;
    if (!ok) hx_cli_fail(l->r->c, "not enough memory", "内存不足");
    ok = ok && hx_table_io_write_text(l->r->c, hx_outbuf_str(&list), path) &&
         hx_table_io_write_text(l->r->c, hx_outbuf_str(&campaign), name.ptr);
    hx_outbuf_release(&list);
    hx_outbuf_release(&campaign);
    hx_outbuf_release(&name);
    return ok;
}

bool hx_churn_list(hx_churn_run *r) {
    const char *path = r->c->options.text[HX_OPT_CHURN_LIST];
    contact_list l = {.r = r};
    if (!path) return true;
    if (!r->of_store && hx_churn_customer(r->model).len == 0)
        return hx_cli_fail(
                   r->c,
                   "--list needs a model with --customer COLUMN: a hold-out is drawn by the "
                   "customer's id",
                   "--list 需要带 --customer 列名 的模型：对照按客户编号抽取") == HX_EXIT_DONE;
    if (!gather(&l) || !choose(&l) || !write_both(&l, path)) return false;
    hx_cli_note(r->c,
                "%s: %zu customers to contact for %.2f, expected profit %.2f; %zu held out to "
                "measure by",
                "%s：联系 %zu 位客户，成本 %.2f，预期利润 %.2f；另有 %zu 位留作对照", path,
                l.sum.chosen, l.sum.cost, l.sum.profit, l.sum.held);
    return true;
}
