/* churn_explain.c - scores of customers, and why one has his.
 *
 *     score = base + sum of contributions          in millionths of log-odds: whole numbers, so that the sum is exact
 *
 * A contribution is the members' weighed Shapley value of the column (Lundberg, Lee 2017; trees: Lundberg, Erion, Lee 2018). What rounding leaves
 * goes to the base. A reason in words is a fact that can be counted: what became of the customers the model learnt from who are alike in that
 * column. Where that share and the contribution point to different sides, the reason says that the whole matters, not the column alone. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "insight/churn.h"
#include "insight/churn_names.h"

#define CLASS_LEFT 1
#define REASONS_USUAL 4
#define CELL_ROOM 64
#define LEAST_REASON 10000 /* millionths of log-odds: less is no reason */

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for scores");
}

double hx_churn_probability(const hx_churn *m, int64_t score) {
    const double p = 1 / (1 + exp(-(double)score / HX_CHURN_ONE));
    double two[2] = {1 - p, p};
    if (m->map) hx_calibration_apply(m->map, two, 1);
    return two[1];
}

/* ------------------------------------------------------------------ sums over members */
static size_t index_of(const hx_churn *m, const char *name) {
    const hx_churn_column *c = hx_churn_column_of(m, hx_str_of(name));
    return c ? (size_t)(c - m->columns) : m->n_columns;
}

static hx_status add_member(const hx_churn *m, size_t member, const hx_table *t, size_t n_threads,
                            double *sums, hx_error *err) {
    const size_t width = m->n_columns + 1;
    hx_contributions c;
    hx_arena *arena = hx_arena_new((size_t)64 << 30);
    hx_status st = arena ? hx_learner_contributions(m->members[member], t, CLASS_LEFT, n_threads,
                                                    arena, &c, err)
                         : no_memory(err);
    size_t *at = st == HX_OK ? hx_arena_alloc(arena, (c.n_columns + 1) * sizeof *at) : NULL;
    if (st == HX_OK && !at) st = no_memory(err);
    for (size_t j = 0; st == HX_OK && j < c.n_columns; j++)
        at[j] = index_of(m, c.columns[j]);
    if (st == HX_OK) at[c.n_columns] = m->n_columns;
    for (size_t i = 0; st == HX_OK && i < c.n; i++)
        for (size_t j = 0; j <= c.n_columns; j++)
            sums[i * width + at[j]] += m->weights[member] * c.phi[i * (c.n_columns + 1) + j];
    hx_arena_free(arena);
    return st;
}

/* Whole millionths: the score is rounded, then each contribution, and the base takes what is left. */
static void round_row(const hx_churn *m, const double *sums, int64_t *score, int64_t *phi) {
    double all = m->intercept;
    for (size_t j = 0; j <= m->n_columns; j++)
        all += sums[j];
    *score = llround(fmax(-1e3, fmin(1e3, all)) * HX_CHURN_ONE);
    if (!phi) return;
    phi[m->n_columns] = *score;
    for (size_t j = 0; j < m->n_columns; j++) {
        phi[j] = llround(fmax(-1e3, fmin(1e3, sums[j])) * HX_CHURN_ONE);
        phi[m->n_columns] -= phi[j];
    }
}

hx_status hx_churn_scores(const hx_churn *m, const hx_table *t, size_t n_threads, int64_t *scores,
                          int64_t *phi, hx_error *err) {
    const size_t rows = hx_table_rows(t), width = m->n_columns + 1;
    double *sums = calloc(rows * width + 1, sizeof *sums);
    hx_status st = sums ? HX_OK : no_memory(err);
    for (size_t k = 0; k < m->n_members && st == HX_OK; k++)
        if (m->weights[k] > 0) st = add_member(m, k, t, n_threads, sums, err);
    for (size_t i = 0; i < rows && st == HX_OK; i++)
        round_row(m, sums + i * width, &scores[i], phi ? phi + i * width : NULL);
    free(sums);
    return st;
}

hx_status hx_churn_apply(const hx_churn *m, const hx_table *t, size_t n_threads,
                         double *probabilities, hx_error *err) {
    const size_t rows = hx_table_rows(t);
    int64_t *scores = calloc(rows + 1, sizeof *scores);
    hx_status st = scores ? hx_churn_scores(m, t, n_threads, scores, NULL, err) : no_memory(err);
    for (size_t i = 0; i < rows && st == HX_OK; i++)
        probabilities[i] = hx_churn_probability(m, scores[i]);
    free(scores);
    return st;
}

/* ------------------------------------------------------------------ words */
typedef struct {
    const hx_churn *m;
    const hx_table *t;
    const int64_t *phi; /* (n_columns + 1) of the row */
    size_t row, number; /* in t, and in the caller's table */
    hx_buf words;
} churn_row;

static double share_of(double left, double rows) {
    return rows > 0 ? 100 * left / rows : 0;
}

/* 6.0 as 6, 19.95 as 19.95, times as days. */
static void put_value(hx_buf *b, hx_kind kind, double v) {
    char iso[HX_ISO_MAX];
    if (kind == HX_KIND_TIME && fabs(v) < 1e16) {
        (void)hx_buf_append(b, hx_iso_from_ms((int64_t)v, iso), 10);
    } else if (kind == HX_KIND_BOOLEAN) {
        (void)hx_buf_append_lit(b, v > 0 ? "true" : "false");
    } else if (fabs(v) < 1e9 && v == floor(v)) {
        (void)hx_buf_printf(b, "%.0f", v);
    } else {
        (void)hx_buf_printf(b, "%.4g", v);
    }
}

static void put_cell(churn_row *r, const hx_churn_column *c, size_t column, hx_ui_lang ui) {
    char room[CELL_ROOM];
    double v;
    if (column == HX_COLUMN_NONE || hx_table_is_missing(r->t, column, r->row)) {
        (void)hx_buf_append_lit(&r->words, ui == HX_UI_ZH ? "未知" : "not known");
        return;
    }
    if (hx_table_column_at(r->t, column)->kind == HX_KIND_TEXT) {
        (void)hx_buf_append_str(&r->words, hx_table_cell(r->t, r->row, column, room));
        return;
    }
    hx_table_numbers(r->t, column, r->row, 1, &v);
    put_value(&r->words, c->kind, v);
}

static bool is_range(const hx_churn_column *c, const hx_churn_bin *b) {
    return b != &c->missing && c->kind != HX_KIND_TEXT && b->high > b->low;
}

static void put_fact(churn_row *r, const hx_churn_column *c, const hx_churn_bin *b, hx_ui_lang ui) {
    const bool zh = ui == HX_UI_ZH;
    if (!b || !(b->rows > 0)) {
        (void)hx_buf_append_lit(&r->words, zh ? "：拟合数据中没有此类客户"
                                              : ": no such customer was among those learnt from");
        return;
    }
    (void)hx_buf_append_lit(&r->words, zh ? "：" : ": of customers with ");
    if (is_range(c, b)) {
        put_value(&r->words, c->kind, b->low);
        (void)hx_buf_append_lit(&r->words, zh ? " 至 " : " to ");
        put_value(&r->words, c->kind, b->high);
        (void)hx_buf_append_lit(&r->words, zh ? " " : "");
    } else {
        (void)hx_buf_append_lit(&r->words, zh ? "此值" : "that value");
    }
    (void)hx_buf_printf(
        &r->words, zh ? "的客户中 %.1f %% 流失，全体为 %.1f %%" : " %.1f %% left, of all %.1f %%",
        share_of(b->left, b->rows), share_of(r->m->left, r->m->rows));
}

/* The share of such customers speaks for the other side than the contribution does. */
static bool is_odd(const churn_row *r, const hx_churn_bin *b, int64_t phi) {
    if (!b || !(b->rows > 0)) return false;
    const double over = b->left / b->rows - r->m->left / r->m->rows;
    return (over < 0 && phi > 0) || (over > 0 && phi < 0);
}

static void put_words(churn_row *r, size_t at, hx_ui_lang ui) {
    const hx_churn_column *c = &r->m->columns[at];
    const size_t column = hx_table_find(r->t, c->name);
    const hx_churn_bin *b = hx_churn_bin_of(c, r->t, column, r->row);
    const char *name = hx_churn_name(c->name, ui);
    const bool zh = ui == HX_UI_ZH;
    hx_buf_reset(&r->words);
    (void)hx_buf_append_str(&r->words, name ? hx_str_of(name) : c->name);
    (void)hx_buf_append_lit(&r->words, zh ? " 为 " : " is ");
    put_cell(r, c, column, ui);
    put_fact(r, c, b, ui);
    if (is_odd(r, b, r->phi[at]))
        (void)hx_buf_append_lit(
            &r->words,
            r->phi[at] > 0
                ? (zh ? "；与其余情况合看，风险升高" : "; with all else known it raises the risk")
                : (zh ? "；与其余情况合看，风险降低" : "; with all else known it lowers the risk"));
}

/* ------------------------------------------------------------------ the receipt */
static void put_millionths(hx_json_writer *w, const char *key, int64_t v) {
    hx_json_key(w, key);
    hx_json_double(w, (double)v / HX_CHURN_ONE);
}

static void put_table_cell(const churn_row *r, const hx_churn_column *c, hx_json_writer *w) {
    char room[CELL_ROOM];
    double v;
    const size_t column = hx_table_find(r->t, c->name);
    hx_json_key(w, "value");
    if (column == HX_COLUMN_NONE || hx_table_is_missing(r->t, column, r->row)) {
        hx_json_null(w);
    } else if (hx_table_column_at(r->t, column)->kind == HX_KIND_NUMBER) {
        hx_table_numbers(r->t, column, r->row, 1, &v);
        hx_json_double(w, v);
    } else {
        hx_json_str(w, hx_table_cell(r->t, r->row, column, room));
    }
}

static void order_columns(const churn_row *r, size_t *order) {
    for (size_t i = 0; i < r->m->n_columns; i++) {
        size_t k = i;
        for (; k > 0 && llabs(r->phi[order[k - 1]]) < llabs(r->phi[i]); k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
}

static void put_reason(churn_row *r, size_t at, hx_json_writer *w) {
    hx_json_object(w);
    hx_json_key(w, "column");
    hx_json_str(w, r->m->columns[at].name);
    put_millionths(w, "contribution", r->phi[at]);
    for (int ui = HX_UI_EN; ui <= HX_UI_ZH; ui++) {
        put_words(r, at, (hx_ui_lang)ui);
        hx_json_key(w, ui == HX_UI_ZH ? "zh" : "en");
        hx_json_str(w, hx_buf_str(&r->words));
    }
    hx_json_end_object(w);
}

static bool is_odd_column(const churn_row *r, size_t at) {
    const hx_churn_column *c = &r->m->columns[at];
    return is_odd(r, hx_churn_bin_of(c, r->t, hx_table_find(r->t, c->name), r->row), r->phi[at]);
}

/* The greatest first, but facts that speak for themselves before those that only hold with all else known. */
static void put_reasons(churn_row *r, const size_t *order, size_t most, bool raises,
                        hx_json_writer *w) {
    size_t n = 0;
    hx_json_key(w, raises ? "reasons" : "holds");
    hx_json_array(w);
    for (int odd = 0; odd < 2; odd++)
        for (size_t i = 0; i < r->m->n_columns && n < most; i++) {
            const int64_t phi = r->phi[order[i]];
            if ((raises ? phi : -phi) < LEAST_REASON || is_odd_column(r, order[i]) != (odd > 0))
                continue;
            n++;
            put_reason(r, order[i], w);
        }
    hx_json_end_array(w);
}

static void put_who(const churn_row *r, hx_json_writer *w) {
    char room[CELL_ROOM];
    const size_t column = r->m->customer.len ? hx_table_find(r->t, r->m->customer) : HX_COLUMN_NONE;
    if (column != HX_COLUMN_NONE) {
        hx_json_key(w, "customer");
        hx_json_str(w, hx_table_cell(r->t, r->row, column, room));
    }
    hx_json_key(w, "row");
    hx_json_int(w, (int64_t)r->number + 1);
}

static void put_receipt(churn_row *r, int64_t score, const size_t *order, size_t reasons,
                        hx_json_writer *w) {
    char hash[20];
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)r->m->hash);
    hx_json_object(w);
    put_who(r, w);
    hx_json_key(w, "probability");
    hx_json_double(w, round(hx_churn_probability(r->m, score) * 1e6) / 1e6);
    put_millionths(w, "score", score);
    put_millionths(w, "base", r->phi[r->m->n_columns]);
    put_reasons(r, order, reasons, true, w);
    put_reasons(r, order, reasons, false, w);
    hx_json_key(w, "contributions");
    hx_json_array(w);
    for (size_t i = 0; i < r->m->n_columns; i++) {
        hx_json_object(w);
        hx_json_key(w, "column");
        hx_json_str(w, r->m->columns[order[i]].name);
        put_table_cell(r, &r->m->columns[order[i]], w);
        put_millionths(w, "contribution", r->phi[order[i]]);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_key(w, "model");
    hx_json_cstr(w, hash);
    hx_json_end_object(w);
}

typedef struct {
    const hx_churn *m;
    const hx_table *t; /* of these rows alone */
    const size_t *numbers; /* (rows) their places in the caller's table */
    size_t reasons;
    int64_t *scores, *phi;
} churn_receipts;

static hx_status write_receipts(const churn_receipts *all, hx_arena *arena, hx_str *out,
                                hx_error *err) {
    hx_buf json;
    hx_json_writer w;
    const hx_churn *m = all->m;
    churn_row r = {.m = m, .t = all->t};
    size_t *order = calloc(m->n_columns + 1, sizeof *order);
    hx_status st = order ? HX_OK : no_memory(err);
    hx_buf_init(&json, HX_CHURN_BYTES_MAX);
    hx_buf_init(&r.words, 1u << 20);
    for (r.row = 0; st == HX_OK && r.row < hx_table_rows(all->t); r.row++) {
        r.phi = all->phi + r.row * (m->n_columns + 1);
        r.number = all->numbers ? all->numbers[r.row] : r.row;
        order_columns(&r, order);
        hx_buf_reset(&json);
        hx_json_begin(&w, &json);
        put_receipt(&r, all->scores[r.row], order, all->reasons ? all->reasons : REASONS_USUAL, &w);
        st = hx_buf_status(&json, "a receipt", err);
        if (st == HX_OK) out[r.row] = hx_arena_str(arena, hx_buf_str(&json));
        if (st == HX_OK && !out[r.row].ptr) st = no_memory(err);
    }
    hx_buf_release(&json);
    hx_buf_release(&r.words);
    free(order);
    return st;
}

static hx_status explain_all(churn_receipts *all, size_t n_threads, hx_arena *arena, hx_str *out,
                             hx_error *err) {
    const size_t rows = hx_table_rows(all->t);
    all->scores = calloc(rows + 1, sizeof *all->scores);
    all->phi = calloc(rows * (all->m->n_columns + 1) + 1, sizeof *all->phi);
    hx_status st = all->scores && all->phi
                       ? hx_churn_scores(all->m, all->t, n_threads, all->scores, all->phi, err)
                       : no_memory(err);
    if (st == HX_OK) st = write_receipts(all, arena, out, err);
    free(all->scores);
    free(all->phi);
    return st;
}

hx_status hx_churn_explain(const hx_churn *m, const hx_table *t, const size_t *rows, size_t n,
                           size_t reasons, size_t n_threads, hx_arena *arena, hx_str *receipts,
                           hx_error *err) {
    hx_table *some = NULL;
    churn_receipts all = {.m = m, .t = t, .numbers = rows, .reasons = reasons};
    if (rows) HX_TRY(hx_table_pick(&some, t, rows, n, err));
    if (rows) all.t = some;
    const hx_status st = explain_all(&all, n_threads, arena, receipts, err);
    hx_table_free(some);
    return st;
}

/* ------------------------------------------------------------------ replayed */
static hx_status verify_row(const json_t *receipt, hx_str again, bool *same, hx_str *why,
                            hx_arena *arena, hx_error *err) {
    static const char *const keys[] = {"model",         "probability", "score", "base",
                                       "contributions", "reasons",     "holds"};
    json_t *now = NULL;
    HX_TRY(hx_json_parse(again, HX_CHURN_BYTES_MAX, "a receipt", &now, err));
    *same = true;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && *same; i++) {
        if (json_equal(json_object_get(receipt, keys[i]), json_object_get(now, keys[i]))) continue;
        *same = false;
        *why = hx_arena_str(arena, hx_str_of(keys[i]));
    }
    json_decref(now);
    return HX_OK;
}

static size_t row_of(const hx_churn *m, const hx_table *t, const json_t *receipt) {
    char room[CELL_ROOM];
    const char *who = json_string_value(json_object_get(receipt, "customer"));
    const size_t rows = hx_table_rows(t);
    const size_t column = m->customer.len ? hx_table_find(t, m->customer) : HX_COLUMN_NONE;
    const json_int_t at = json_integer_value(json_object_get(receipt, "row"));
    if (!who || column == HX_COLUMN_NONE)
        return at >= 1 && (size_t)at <= rows ? (size_t)at - 1 : rows;
    for (size_t i = 0; i < rows; i++)
        if (hx_str_equal(hx_table_cell(t, i, column, room), hx_str_of(who))) return i;
    return rows;
}

static hx_status replay(const hx_churn *m, const hx_table *t, const json_t *receipt,
                        hx_arena *arena, bool *same, hx_str *why, hx_error *err) {
    const size_t row = row_of(m, t, receipt),
                 n = json_array_size(json_object_get(receipt, "reasons")),
                 held = json_array_size(json_object_get(receipt, "holds"));
    hx_str again = {0};
    if (!json_is_object(receipt) || !json_object_get(receipt, "contributions"))
        return hx_fail(err, HX_EFORMAT, "this is no receipt of a score of churn");
    if (row == hx_table_rows(t))
        return hx_fail(err, HX_ENOTFOUND, "the receipt's customer is not among these rows");
    HX_TRY(hx_churn_explain(m, t, &row, 1, n > held ? n : held, 1, arena, &again, err));
    return verify_row(receipt, again, same, why, arena, err);
}

hx_status hx_churn_verify(const hx_churn *m, const hx_table *t, hx_str receipt, hx_arena *arena,
                          bool *same, hx_str *why, hx_error *err) {
    json_t *parsed = NULL;
    *same = false;
    *why = (hx_str){NULL, 0};
    HX_TRY(hx_json_parse(receipt, HX_CHURN_BYTES_MAX, "the receipt", &parsed, err));
    hx_status st = replay(m, t, parsed, arena, same, why, err);
    json_decref(parsed);
    return st;
}
