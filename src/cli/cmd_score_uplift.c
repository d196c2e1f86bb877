/* cmd_score_uplift.c - score uplift: how much a treatment changes each customer, and how well that is told.
 *
 *     rows of FILE, treated or not by chance -> three ways, each on five folds -> Qini, AUUC -> the best scores the rows (or those of --data)
 *
 * Records: the rows with the greatest uplift first, then one of the figures. In a table the figures are lines beneath; in CSV there are none. A row's own
 * columns are not repeated but for --customer, else its number stands for it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"

#include "huaxiang/insight.h"

#define CELL_ROOM 64
#define LINE_BYTES 400

typedef struct {
    hx_cli *c;
    hx_error err;
    hx_table *t, *fresh; /* owned; fresh NULL = none */
    double *scores; /* in the run's arena */
    hx_uplift_report report;
} uplift;

typedef struct {
    double score;
    size_t at;
} ranked;

static int greatest_first(const void *l, const void *r) {
    const ranked *a = l, *b = r;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static json_t *places(double v, int n) {
    const double tens = pow(10, n);
    return isfinite(v) ? json_real(round(v * tens) / tens) : json_null();
}

/* ------------------------------------------------------------------ rows */
static json_t *row_record(const uplift *u, const hx_table *t, size_t ids, const ranked *r) {
    char room[CELL_ROOM];
    json_t *o = json_object();
    if (ids != HX_COLUMN_NONE) {
        const hx_str who = hx_table_cell(t, r->at, ids, room);
        json_object_set_new(o, "customer", json_stringn(who.ptr, who.len));
    } else {
        json_object_set_new(o, "row", json_integer((json_int_t)r->at + 1));
    }
    json_object_set_new(o, "uplift", places(u->scores[r->at], 6));
    return o;
}

static bool put_rows(uplift *u) {
    static const hx_record_column columns[] = {{"customer", "customer", "客户", HX_CELL_LEFT},
                                               {"row", "row", "行", HX_CELL_RIGHT},
                                               {"uplift", "uplift", "增量", HX_CELL_PERCENT}};
    const hx_cli_values *v = &u->c->options;
    const hx_table *t = u->fresh ? u->fresh : u->t;
    const size_t rows = hx_table_rows(t);
    const char *name = v->text[HX_OPT_CHURN_CUSTOMER];
    const size_t ids = name ? hx_table_find(t, hx_str_of(name)) : HX_COLUMN_NONE;
    ranked *order = hx_arena_alloc(u->c->arena, (rows + 1) * sizeof *order);
    json_t *records = json_array();
    size_t n = 0, most = hx_cli_has(v, HX_OPT_HEAD) ? (size_t)v->number[HX_OPT_HEAD] : rows;
    for (size_t i = 0; order && i < rows; i++)
        if (isfinite(u->scores[i])) order[n++] = (ranked){u->scores[i], i};
    if (order && n > 0) qsort(order, n, sizeof *order, greatest_first);
    for (size_t i = 0; i < n && i < most; i++)
        json_array_append_new(records, row_record(u, t, ids, &order[i]));
    const size_t skip = ids == HX_COLUMN_NONE ? 1 : 0;
    const hx_record_column shown[2] = {columns[skip], columns[2]};
    const bool ok = order && hx_output_records(u->c, records, shown, 2);
    json_decref(records);
    return ok;
}

/* ------------------------------------------------------------------ figures */
static json_t *area_record(const hx_uplift_area *a) {
    return json_pack("{s:o,s:o,s:o}", "value", places(a->value, 5), "low", places(a->low, 5),
                     "high", places(a->high, 5));
}

static json_t *figures_record(const uplift *u) {
    const hx_uplift_report *r = &u->report;
    json_t *o = json_object(), *bands = json_array();
    json_object_set_new(o, "method", json_string(hx_uplift_method_id(r->best)));
    json_object_set_new(o, "rows", json_integer((json_int_t)r->rows));
    json_object_set_new(o, "treated", json_integer((json_int_t)r->counts.contacted));
    json_object_set_new(o, "effect", places(r->effect.effect, 6));
    json_object_set_new(o, "low", places(r->effect.low, 6));
    json_object_set_new(o, "high", places(r->effect.high, 6));
    for (size_t m = 0; m < HX_UPLIFT_METHODS; m++)
        json_object_set_new(o, hx_uplift_method_id((hx_uplift_method)m),
                            json_pack("{s:o,s:o}", "qini", area_record(&r->quality[m].qini), "auuc",
                                      area_record(&r->quality[m].auuc)));
    for (size_t k = 0; k < HX_UPLIFT_BANDS; k++)
        json_array_append_new(
            bands, json_pack("{s:I,s:o,s:o}", "rows", (json_int_t)r->bands[k].rows, "expected",
                             places(r->bands[k].expected, 5), "met", places(r->bands[k].met, 5)));
    json_object_set_new(o, "bands", bands);
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

static bool put_method(uplift *u, hx_uplift_method m) {
    const hx_uplift_quality *q = &u->report.quality[m];
    char line[LINE_BYTES];
    (void)snprintf(line, sizeof line, "%-12s Qini %.4f (%.4f - %.4f), AUUC %.4f (%.4f - %.4f)%s",
                   hx_uplift_method_id(m), q->qini.value, q->qini.low, q->qini.high, q->auuc.value,
                   q->auuc.low, q->auuc.high,
                   m == u->report.best ? hx_cli_tr(u->c, "  <- scores", "  <- 用于评分") : "");
    return put_line(u->c, line);
}

static bool put_figures(uplift *u) {
    const hx_uplift_report *r = &u->report;
    char line[LINE_BYTES];
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(u->c,
                             "%zu rows, %llu treated: %.1f %% with the outcome, of the untreated "
                             "%.1f %%; effect %+.1f points (%+.1f to %+.1f)",
                             "%zu 行，%llu 行受干预：其中 %.1f %% 有该结果，未受干预者 %.1f "
                             "%%；效果 %+.1f 个百分点（%+.1f 至 %+.1f）"),
                   r->rows, (unsigned long long)r->counts.contacted, 100 * r->effect.contacted,
                   100 * r->effect.held, 100 * r->effect.effect, 100 * r->effect.low,
                   100 * r->effect.high);
    bool ok = put_line(u->c, "") && put_line(u->c, line);
    for (size_t m = 0; m < HX_UPLIFT_METHODS; m++)
        ok = ok && put_method(u, (hx_uplift_method)m);
    for (size_t k = 0; k < HX_UPLIFT_BANDS; k++) {
        (void)snprintf(line, sizeof line,
                       hx_cli_tr(u->c, "fifth %zu of the rows: uplift said %+.1f, met %+.1f points",
                                 "第 %zu 个五分之一：预测增量 %+.1f，实际 %+.1f 个百分点"),
                       k + 1, 100 * r->bands[k].expected, 100 * r->bands[k].met);
        ok = ok && put_line(u->c, line);
    }
    if (ok && !(r->quality[r->best].qini.low > 0))
        hx_cli_note(u->c,
                    "the interval of its Qini holds 0: it has not shown that it orders customers "
                    "better than chance",
                    "其 Qini 的区间含 0：尚未显示出优于随机的排序");
    return ok;
}

static bool show(uplift *u) {
    if (!put_rows(u)) return false;
    if (u->c->shape == HX_SHAPE_CSV) return true;
    if (u->c->shape == HX_SHAPE_TABLE) return put_figures(u);
    json_t *o = figures_record(u);
    hx_outbuf out = {0};
    hx_output_json(&out, o);
    const bool ok = hx_output_write(u->c, &out);
    hx_outbuf_release(&out);
    json_decref(o);
    return ok;
}

/* ------------------------------------------------------------------ the command */
static bool read_rows(uplift *u) {
    const hx_cli_values *v = &u->c->options;
    const char *path = v->text[HX_OPT_CHURN_TABLE], *fresh = v->text[HX_OPT_UPLIFT_FRESH];
    hx_column_kind *kinds;
    size_t n;
    if (!path) path = hx_table_io_input(u->c);
    if (!hx_table_io_read(u->c, path, NULL, &u->t)) return false;
    if (!fresh) return true;
    if (hx_table_kinds(u->t, u->c->arena, &kinds, &n, &u->err) != HX_OK)
        return hx_cli_error(u->c, &u->err) == HX_EXIT_DONE;
    return hx_table_io_read_as(u->c, fresh, (hx_table_kinds_asked){kinds, n}, &u->fresh);
}

static bool learn(uplift *u) {
    const hx_cli_values *v = &u->c->options;
    const int64_t method = v->number[HX_OPT_UPLIFT_METHOD];
    const hx_uplift_options o = {.treatment = v->text[HX_OPT_UPLIFT_TREATMENT],
                                 .treated = v->text[HX_OPT_UPLIFT_TREATED],
                                 .outcome = v->text[HX_OPT_UPLIFT_OUTCOME],
                                 .happened = v->text[HX_OPT_UPLIFT_HAPPENED],
                                 .customer = v->text[HX_OPT_CHURN_CUSTOMER],
                                 .use = v->text[HX_OPT_USE],
                                 .drop = v->text[HX_OPT_DROP],
                                 .method = method > 0 ? (hx_uplift_method)(method - 1)
                                                      : HX_UPLIFT_METHODS,
                                 .seed = (uint64_t)v->number[HX_OPT_SEED],
                                 .n_threads = hx_table_io_threads(u->c),
                                 .cancel = &u->c->cancel};
    const size_t rows = hx_table_rows(u->fresh ? u->fresh : u->t);
    u->scores = hx_arena_alloc(u->c->arena, (rows + 1) * sizeof *u->scores);
    if (!u->scores) return hx_cli_fail(u->c, "not enough memory", "内存不足") == HX_EXIT_DONE;
    return hx_uplift_learn(u->t, u->fresh, &o, u->scores, &u->report, &u->err) == HX_OK ||
           (hx_cli_error(u->c, &u->err), false);
}

int hx_cmd_score_uplift(hx_cli *c) {
    uplift u = {.c = c, .err = {.ui = c->ui}};
    const hx_cli_values *v = &c->options;
    if (!hx_cli_has(v, HX_OPT_UPLIFT_TREATMENT) || !hx_cli_has(v, HX_OPT_UPLIFT_OUTCOME))
        return hx_cli_usage(
            c,
            "score uplift needs --treatment COLUMN, which says who was treated, and "
            "--outcome COLUMN, which says what came of it",
            "score uplift 需要 --treatment 列名（谁受到干预）和 --outcome 列名（结果）");
    hx_cli_catch_interrupts(c);
    const bool ok = read_rows(&u) && learn(&u) && show(&u);
    hx_table_free(u.t);
    hx_table_free(u.fresh);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
