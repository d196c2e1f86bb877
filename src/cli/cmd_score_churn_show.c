/* cmd_score_churn_show.c - score churn: customers by risk with the reason that weighs most, receipts, figures, receipts replayed.
 *
 *     customers      one record each, the riskiest first, with the reason that weighs most on the side that its chance is on
 *     --reasons      receipts in place of records, one JSON object a line
 *     figures        the last record, or lines beneath a table: what was held out, then folds of the rows that taught; none in CSV
 *     --verify       receipts read again, replayed by the model and the rows, and what is not the same any more */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/churn.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define LINE_BYTES 500
#define CELL_ROOM 64
#define RECEIPTS_MAX ((size_t)1 << 30)
#define STORE_COLUMNS 3 /* silent_days, orders, gone */

static const char *const from_panel[STORE_COLUMNS] = {"silent_days", "orders", "gone"};

typedef struct {
    double chance;
    size_t at;
} ranked;

static int riskiest_first(const void *l, const void *r) {
    const ranked *a = l, *b = r;
    if (a->chance != b->chance) return a->chance > b->chance ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

size_t *hx_churn_order(hx_churn_run *r, const double *chances, size_t *n) {
    const size_t rows = hx_table_rows(r->rows);
    const hx_cli_values *v = &r->c->options;
    ranked *order = hx_arena_alloc(r->c->arena, (rows + 1) * sizeof *order);
    size_t *out = hx_arena_alloc(r->c->arena, (rows + 1) * sizeof *out);
    if (!order || !out) {
        hx_cli_fail(r->c, "not enough memory", "内存不足");
        return NULL;
    }
    for (size_t i = 0; i < rows; i++)
        order[i] = (ranked){chances[i], i};
    qsort(order, rows, sizeof *order, riskiest_first);
    *n = rows;
    if (hx_cli_has(v, HX_OPT_HEAD) && (size_t)v->number[HX_OPT_HEAD] < rows)
        *n = (size_t)v->number[HX_OPT_HEAD];
    for (size_t i = 0; i < *n; i++)
        out[i] = order[i].at;
    return out;
}

hx_str hx_churn_who(const hx_churn_run *r, size_t row, char *room) {
    const hx_str name = hx_churn_customer(r->model);
    const size_t column = name.len > 0 ? hx_table_find(r->rows, name) : HX_COLUMN_NONE;
    if (column != HX_COLUMN_NONE) return hx_table_cell(r->rows, row, column, room);
    (void)snprintf(room, CELL_ROOM, "%zu", row + 1);
    return hx_str_of(room);
}

/* ------------------------------------------------------------------ figures */
static json_t *places(double v, int n) {
    const double tens = pow(10, n);
    return isfinite(v) ? json_real(round(v * tens) / tens) : json_null();
}

static json_t *quality_record(const hx_risk_quality *q) {
    json_t *r =
        json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "rows", (json_int_t)q->rows, "left",
                  places(q->left, 0), "expected", places(q->expected, 2), "auc", places(q->auc, 5),
                  "low", places(q->low, 5), "high", places(q->high, 5), "brier",
                  places(q->brier, 5), "brier_even", places(q->brier_even, 5), "log_loss",
                  places(q->log_loss, 5), "calibration", places(q->calibration, 5));
    json_t *bands = json_array();
    for (size_t k = 0; k < q->n_bands; k++)
        json_array_append_new(
            bands, json_pack("{s:I,s:o,s:o,s:o}", "rows", (json_int_t)q->bands[k].rows, "left",
                             places(q->bands[k].left, 0), "expected",
                             places(q->bands[k].expected, 2), "lift", places(q->bands[k].lift, 3)));
    if (q->n_bands > 0)
        json_object_set_new(r, "bands", bands);
    else
        json_decref(bands);
    return r;
}

static json_t *figures_record(const hx_churn_run *r) {
    json_t *o = json_object(), *folds;
    const hx_risk_quality q = hx_churn_out_of_fold(r->model);
    if (r->of_store) {
        json_object_set_new(o, "definition", json_string(r->defined));
        json_object_set_new(o, "as_of", json_string(r->about.times[0]));
    }
    json_object_set_new(o, "scored", json_integer((json_int_t)hx_table_rows(r->rows)));
    if (r->has_held) {
        json_t *held = quality_record(&r->held);
        if (r->of_store) json_object_set_new(held, "cut_off", json_string(r->about.times[1]));
        json_object_set_new(o, "hold_out", held);
    }
    if (r->has_held_here)
        json_object_set_new(o, "hold_out_not_gone", quality_record(&r->held_here));
    folds = json_pack("{s:I,s:o,s:o,s:o,s:o}", "rows", (json_int_t)q.rows, "left",
                      places(q.left, 0), "auc", places(q.auc, 5), "brier", places(q.brier, 5),
                      "log_loss", places(q.log_loss, 5));
    json_object_set_new(o, "folds", folds);
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

static bool put_quality(hx_cli *c, const char *what, const hx_risk_quality *q) {
    char line[LINE_BYTES];
    (void)snprintf(
        line, sizeof line,
        hx_cli_tr(c,
                  "%s: %.0f of %zu left (expected %.1f); AUC %.4f (%.4f to %.4f), riskiest tenth "
                  "%.2f times the mean, Brier %.4f (even %.4f), off by %.4f",
                  "%s：流失 %.0f 位，共 %zu 位（预期 %.1f）；AUC %.4f（%.4f 至 "
                  "%.4f），风险最高的十分之一为"
                  "平均的 %.2f 倍，Brier %.4f（等概率 %.4f），偏差 %.4f"),
        what, q->left, q->rows, q->expected, q->auc, q->low, q->high,
        q->n_bands ? q->bands[0].lift : NAN, q->brier, q->brier_even, q->calibration);
    return put_line(c, line);
}

static bool put_figures(hx_churn_run *r) {
    hx_cli *c = r->c;
    char line[LINE_BYTES];
    const hx_risk_quality q = hx_churn_out_of_fold(r->model);
    bool ok = put_line(c, "");
    if (r->has_held)
        ok =
            ok && put_quality(c,
                              r->of_store ? hx_cli_tr(c, "held out, a later time", "留出的更晚时段")
                                          : hx_cli_tr(c, "these rows", "这些行"),
                              &r->held);
    if (r->has_held_here)
        ok = ok &&
             put_quality(c, hx_cli_tr(c, "... not gone at the cut-off", "其中截止时尚未流失者"),
                         &r->held_here);
    (void)snprintf(
        line, sizeof line,
        hx_cli_tr(c,
                  "folds of the %zu rows it learnt from, %.0f left: AUC %.4f, Brier "
                  "%.4f, log loss %.4f",
                  "学习用的 %zu 行（%.0f 行流失）分折：AUC %.4f，Brier %.4f，对数损失 %.4f"),
        q.rows, q.left, q.auc, q.brier, q.log_loss);
    return ok && put_line(c, line);
}

/* ------------------------------------------------------------------ customers */
static void put_from_panel(const hx_churn_run *r, json_t *o, size_t row) {
    for (size_t k = 0; k < STORE_COLUMNS; k++) {
        double v = NAN;
        const size_t at = hx_table_find(r->rows, hx_str_of(from_panel[k]));
        if (at == HX_COLUMN_NONE) continue;
        hx_table_numbers(r->rows, at, row, 1, &v);
        if (hx_table_column_at(r->rows, at)->kind == HX_KIND_BOOLEAN)
            json_object_set_new(o, from_panel[k], json_boolean(v > 0));
        else
            json_object_set_new(o, from_panel[k],
                                isfinite(v) ? json_integer((json_int_t)v) : json_null());
    }
}

/* What weighs most, of the side that the chance is on. */
static json_t *reason_of(const hx_cli *c, const json_t *receipt) {
    const char *key = c->ui == HX_UI_ZH ? "zh" : "en";
    const json_t *r = json_array_get(json_object_get(receipt, "reasons"), 0);
    if (!r) r = json_array_get(json_object_get(receipt, "holds"), 0);
    const char *text = json_string_value(json_object_get(r, key));
    return text ? json_string(text) : json_null();
}

static json_t *customer_record(const hx_churn_run *r, size_t row, const json_t *receipt) {
    char room[CELL_ROOM];
    const hx_str who = hx_churn_who(r, row, room);
    json_t *o = json_object();
    json_object_set_new(o, "customer", json_stringn(who.ptr, who.len));
    json_object_set(o, "probability", json_object_get(receipt, "probability"));
    put_from_panel(r, o, row);
    json_object_set_new(o, "reason", reason_of(r->c, receipt));
    return o;
}

static bool put_receipts(hx_cli *c, const hx_str *receipts, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (fwrite(receipts[i].ptr, 1, receipts[i].len, c->out) != receipts[i].len ||
            fputc('\n', c->out) == EOF)
            return false;
    return true;
}

static bool put_customers(hx_churn_run *r, const size_t *order, const hx_str *receipts, size_t n) {
    static const hx_record_column columns[] = {
        {"customer", "customer", "客户", HX_CELL_LEFT},
        {"probability", "leaves", "流失概率", HX_CELL_PERCENT},
        {"silent_days", "silent days", "沉默天数", HX_CELL_RIGHT},
        {"orders", "purchases", "购买次数", HX_CELL_RIGHT},
        {"gone", "gone", "已流失", HX_CELL_LEFT},
        {"reason", "what weighs most", "最主要的原因", HX_CELL_LEFT}};
    json_t *records = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *receipt = hx_output_parse(r->c, receipts[i]);
        json_array_append_new(records, customer_record(r, order[i], receipt));
        json_decref(receipt);
    }
    const bool ok = hx_output_records(r->c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

static bool show_rows(hx_churn_run *r, const size_t *order, size_t n) {
    hx_str *receipts = hx_arena_alloc(r->c->arena, (n + 1) * sizeof *receipts);
    if (!receipts) return hx_cli_fail(r->c, "not enough memory", "内存不足") == HX_EXIT_DONE;
    if (hx_churn_explain(r->model, r->rows, order, n, 0, hx_table_io_threads(r->c), r->c->arena,
                         receipts, &r->err) != HX_OK)
        return hx_cli_error(r->c, &r->err) == HX_EXIT_DONE;
    return hx_cli_has(&r->c->options, HX_OPT_CHURN_RECEIPTS) ? put_receipts(r->c, receipts, n)
                                                             : put_customers(r, order, receipts, n);
}

bool hx_churn_show(hx_churn_run *r) {
    hx_cli *c = r->c;
    size_t n = 0;
    double *chances = hx_arena_alloc(c->arena, (hx_table_rows(r->rows) + 1) * sizeof *chances);
    if (!chances) return hx_cli_fail(c, "not enough memory", "内存不足") == HX_EXIT_DONE;
    if (hx_churn_apply(r->model, r->rows, hx_table_io_threads(c), chances, &r->err) != HX_OK)
        return hx_cli_error(c, &r->err) == HX_EXIT_DONE;
    const size_t *order = hx_churn_order(r, chances, &n);
    if (!order || !show_rows(r, order, n)) return false;
    if (hx_cli_has(&c->options, HX_OPT_CHURN_RECEIPTS) || c->shape == HX_SHAPE_CSV) return true;
    if (c->shape == HX_SHAPE_TABLE) return put_figures(r);
    json_t *figures = figures_record(r);
    hx_outbuf out = {0};
    hx_output_json(&out, figures);
    const bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    json_decref(figures);
    return ok;
}

/* ------------------------------------------------------------------ replay */
static bool replay_line(hx_churn_run *r, hx_str line, json_t *records, bool *all) {
    bool same = false;
    hx_str why = {NULL, 0};
    if (hx_churn_verify(r->model, r->rows, line, r->c->arena, &same, &why, &r->err) != HX_OK)
        return hx_cli_error(r->c, &r->err) == HX_EXIT_DONE;
    json_t *receipt = json_loadb(line.ptr, line.len, 0, NULL);
    json_t *o = json_object();
    json_t *who = json_object_get(receipt, "customer");
    json_object_set(o, who ? "customer" : "row", who ? who : json_object_get(receipt, "row"));
    json_object_set_new(o, "verified", json_boolean(same));
    if (!same) json_object_set_new(o, "changed", json_stringn(why.ptr, why.len));
    json_array_append_new(records, o);
    json_decref(receipt);
    *all = *all && same;
    return true;
}

int hx_churn_replay(hx_churn_run *r) {
    static const hx_record_column columns[] = {{"customer", "customer", "客户", HX_CELL_LEFT},
                                               {"row", "row", "行", HX_CELL_RIGHT},
                                               {"verified", "verified", "已核验", HX_CELL_LEFT},
                                               {"changed", "changed", "变化", HX_CELL_LEFT}};
    hx_str text;
    bool all = true, ok = true;
    json_t *records = json_array();
    if (!hx_cli_read_file(r->c, r->c->options.text[HX_OPT_CHURN_VERIFY], RECEIPTS_MAX, &text))
        ok = false;
    while (ok && text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        const size_t n = end ? (size_t)(end - text.ptr) : text.len;
        if (n > 0) ok = replay_line(r, (hx_str){text.ptr, n}, records, &all);
        text = (hx_str){text.ptr + n + (end != NULL), text.len - n - (end != NULL)};
    }
    ok = ok && hx_output_records(r->c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok && all ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
