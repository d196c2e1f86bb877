/* cmd_score_churn.c - score churn: who leaves, from a store's events or from a table with its outcome.
 *
 *     a store     panel of cut-offs -> learn on those that end before the latest one, judge on it -> learn on all, score as of now
 *     a table     learn on rows with an outcome (judged by folds), score all rows
 *     --model     no learning: the rows are scored by what --save kept
 *
 * The hold-out of a store is a later time and none of its outcomes was known when its model learnt: rows of a cut-off teach only where all their
 * outcomes lie before it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/churn.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/table_io.h"

#define MODEL_BYTES_MAX ((size_t)1 << 30)
#define DAY_MS 86400000.0
#define TARGET "churned"
#define DROPPED "cut_off,gone"
#define DEFINED "days:90"

static bool done(hx_churn_run *r, hx_status st) {
    return st == HX_OK || (hx_cli_error(r->c, &r->err), false);
}

/* ------------------------------------------------------------------ the model's words */
static bool keep_about(hx_churn_run *r, hx_str *about) {
    json_t *o = json_pack("{s:s}", "definition", r->defined);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    *about = hx_arena_str(r->c->arena, hx_str_of(text));
    free(text);
    json_decref(o);
    return about->ptr || hx_cli_fail(r->c, "not enough memory", "内存不足") == HX_EXIT_DONE;
}

/* The definition of the model that was read, where none is asked for. */
static void take_about(hx_churn_run *r) {
    const hx_str about = hx_churn_about(r->model);
    json_t *o = about.len > 0 ? json_loadb(about.ptr, about.len, 0, NULL) : NULL;
    const char *said = json_string_value(json_object_get(o, "definition"));
    const hx_str kept = said ? hx_arena_str(r->c->arena, hx_str_of(said)) : (hx_str){NULL, 0};
    if (kept.ptr) r->defined = kept.ptr;
    json_decref(o);
}

static bool read_model(hx_churn_run *r) {
    const char *path = r->c->options.text[HX_OPT_MODEL];
    hx_str text;
    if (!path) return true;
    if (!hx_cli_read_file(r->c, path, MODEL_BYTES_MAX, &text)) return false;
    if (!done(r, hx_churn_read(&r->model, text, &r->err))) return false;
    if (!r->defined) take_about(r);
    return true;
}

static bool save_model(hx_churn_run *r) {
    const char *path = r->c->options.text[HX_OPT_CHURN_SAVE];
    hx_str text;
    if (!path) return true;
    return done(r, hx_churn_text(r->model, r->c->arena, &text, &r->err)) &&
           hx_table_io_write_text(r->c, text, path);
}

/* ------------------------------------------------------------------ learning */
static bool learn(hx_churn_run *r, const hx_table *t, const char *what, hx_churn **out) {
    const hx_cli_values *v = &r->c->options;
    hx_progress_clock clock;
    hx_churn_options o = {.target = v->text[HX_OPT_LEARN_TARGET],
                          .churned = v->text[HX_OPT_CHURN_VALUE],
                          .customer = v->text[HX_OPT_CHURN_CUSTOMER],
                          .use = v->text[HX_OPT_USE],
                          .drop = v->text[HX_OPT_DROP],
                          .seed = (uint64_t)v->number[HX_OPT_SEED],
                          .n_threads = hx_table_io_threads(r->c),
                          .cancel = &r->c->cancel};
    if (r->of_store) {
        o.target = TARGET;
        o.customer = "customer";
        o.repeats = true;
        o.drop = DROPPED;
        o.churned = NULL;
        if (!keep_about(r, &o.about)) return false;
    }
    hx_progress_begin(&clock, r->c, what);
    if (r->c->talks) {
        o.progress = hx_progress_tick;
        o.context = &clock;
    }
    const hx_status st = hx_churn_fit(out, t, &o, &r->err);
    hx_progress_clear(r->c);
    return done(r, st);
}

/* Rows [first, last) of a panel; of those `here` alone who were not gone. */
static bool pick(hx_churn_run *r, const hx_table *panel, size_t first, size_t last, bool here,
                 hx_table **out) {
    size_t *rows = calloc(last - first + 1, sizeof *rows), n = 0;
    if (!rows) return hx_cli_fail(r->c, "not enough memory", "内存不足") == HX_EXIT_DONE;
    const size_t gone = hx_table_find(panel, hx_str_of("gone"));
    for (size_t i = first; i < last; i++) {
        double is_gone = 0;
        if (here) hx_table_numbers(panel, gone, i, 1, &is_gone);
        if (!(is_gone > 0)) rows[n++] = i;
    }
    const bool ok = done(r, hx_table_pick(out, panel, rows, n, &r->err));
    free(rows);
    return ok;
}

static size_t row_of_cut(const hx_churn_run *r, size_t cut) {
    size_t first = 0;
    for (size_t k = 0; k < cut; k++)
        first += r->about.rows[k];
    return first;
}

/* The first cut-off whose outcomes were all known at the held-out one; n_cuts where there is none. */
static size_t first_before(const hx_churn_run *r) {
    const double reach =
        r->definition.days + (r->definition.rule == HX_CHURN_CONTRACT ? r->definition.grace : 0);
    size_t k = 2;
    while (k < r->about.n_cuts &&
           (double)r->about.cuts[k] + reach * DAY_MS > (double)r->about.cuts[1])
        k++;
    return k;
}

static bool judge(hx_churn_run *r, const hx_churn *m, const hx_table *panel, bool here,
                  hx_risk_quality *out, bool *has) {
    hx_table *t = NULL;
    hx_error err = {.ui = r->c->ui};
    if (!pick(r, panel, row_of_cut(r, 1), row_of_cut(r, 2), here, &t)) return false;
    *has = hx_churn_judge(m, t, hx_table_io_threads(r->c), out, &err) == HX_OK;
    if (!*has && !here) hx_cli_say(r->c, err.message);
    hx_table_free(t);
    return true;
}

static bool hold_out(hx_churn_run *r, const hx_table *panel) {
    const size_t from = first_before(r);
    hx_table *t = NULL;
    hx_churn *m = NULL;
    if (from == r->about.n_cuts) {
        hx_cli_note(r->c,
                    "the orders don't reach back far enough to hold a later time out: the figures "
                    "are those of folds",
                    "订单的时间跨度不足以留出更晚的时段作检验：指标来自分折");
        return true;
    }
    const bool ok = pick(r, panel, row_of_cut(r, from), hx_table_rows(panel), false, &t) &&
                    learn(r, t, hx_cli_tr(r->c, "hold-out", "留出检验"), &m) &&
                    judge(r, m, panel, false, &r->held, &r->has_held) &&
                    judge(r, m, panel, true, &r->held_here, &r->has_held_here);
    r->n_held = r->about.rows[1];
    hx_churn_free(m);
    hx_table_free(t);
    return ok;
}

/* ------------------------------------------------------------------ a store */
static bool read_panel(hx_churn_run *r, hx_table **out) {
    hx_cli *c = r->c;
    hx_answer_options a;
    hx_progress_clock clock;
    int status;
    if (!r->defined) r->defined = DEFINED;
    if (!done(r, hx_churn_define(r->defined, &r->definition, &r->err))) return false;
    if (!hx_cli_answer_options(c, &a)) return false;
    hx_churn_panel_options o = {.definition = r->definition,
                                .as_of = a.as_of,
                                .cuts = (size_t)c->options.number[HX_OPT_CHURN_CUTS],
                                .cancel = &c->cancel};
    hx_store *s = hx_cli_store(c, HX_STORE_READ, &status);
    if (!s) return false;
    hx_progress_begin(&clock, c, hx_cli_tr(c, "customers", "客户"));
    if (c->talks) {
        o.progress = hx_progress_tick;
        o.context = &clock;
    }
    const hx_status st = hx_churn_panel(out, s, &o, &r->about, &r->err);
    hx_progress_clear(c);
    hx_store_close(s);
    return done(r, st);
}

static bool learn_panel(hx_churn_run *r, const hx_table *panel) {
    hx_table *t = NULL;
    const size_t first = row_of_cut(r, 1);
    const bool ok = hold_out(r, panel) && pick(r, panel, first, hx_table_rows(panel), false, &t) &&
                    learn(r, t, hx_cli_tr(r->c, "model", "模型"), &r->model);
    r->n_learnt = hx_table_rows(panel) - first;
    hx_table_free(t);
    return ok;
}

static bool from_store(hx_churn_run *r) {
    hx_table *panel = NULL;
    const bool ok = read_panel(r, &panel) && (r->model || learn_panel(r, panel)) &&
                    pick(r, panel, 0, r->about.rows[0],
                         !hx_cli_has(&r->c->options, HX_OPT_CHURN_GONE), &r->rows);
    hx_table_free(panel);
    return ok;
}

/* ------------------------------------------------------------------ a table */
static bool read_rows(hx_churn_run *r) {
    hx_cli *c = r->c;
    const char *path = c->options.text[HX_OPT_CHURN_TABLE];
    hx_column_kind *kinds = NULL;
    size_t n = 0;
    if (!path) path = c->n_args > 0 ? c->args[0] : "-";
    if (r->model && !done(r, hx_churn_kinds(r->model, c->arena, &kinds, &n, &r->err))) return false;
    return r->model ? hx_table_io_read_as(c, path, (hx_table_kinds_asked){kinds, n}, &r->rows)
                    : hx_table_io_read(c, path, NULL, &r->rows);
}

/* Rows that tell their outcome judge the model. */
static void judge_rows(hx_churn_run *r) {
    hx_error err = {.ui = r->c->ui};
    const hx_str target = hx_churn_target(r->model);
    if (hx_table_find(r->rows, target) == HX_COLUMN_NONE) return;
    r->has_held =
        hx_churn_judge(r->model, r->rows, hx_table_io_threads(r->c), &r->held, &err) == HX_OK;
    if (!r->has_held) hx_cli_say(r->c, err.message);
}

static bool from_table(hx_churn_run *r) {
    if (!read_rows(r)) return false;
    if (r->model) judge_rows(r);
    if (r->model) return true;
    r->n_learnt = hx_table_rows(r->rows);
    return learn(r, r->rows, hx_cli_tr(r->c, "model", "模型"), &r->model);
}

/* ------------------------------------------------------------------ the command */
static int check(const hx_cli *c) {
    const hx_cli_values *v = &c->options;
    const bool store = hx_cli_has(v, HX_OPT_STORE);
    if (store && (c->n_args > 0 || hx_cli_has(v, HX_OPT_CHURN_TABLE)))
        return hx_cli_usage(c, "FILE or --store, not both", "文件与 --store 只能给出一个");
    if (!store && !hx_cli_has(v, HX_OPT_LEARN_TARGET) && !hx_cli_has(v, HX_OPT_MODEL))
        return hx_cli_usage(
            c,
            "score churn takes --store FILE, or a table and --target COLUMN, which "
            "says who left",
            "score churn 需要 --store 文件，或一个表和 --target 列名（说明谁已流失）");
    if (hx_cli_has(v, HX_OPT_CHURN_VERIFY) && !hx_cli_has(v, HX_OPT_MODEL))
        return hx_cli_usage(c, "--verify needs the model of the receipts: --model FILE",
                            "--verify 需要凭据所用的模型：--model 文件");
    return hx_churn_check_list(c);
}

int hx_cmd_score_churn(hx_cli *c) {
    hx_churn_run r = {.c = c, .err = {.ui = c->ui}};
    const int wrong = check(c);
    if (wrong) return wrong;
    r.of_store = hx_cli_has(&c->options, HX_OPT_STORE);
    r.defined = c->options.text[HX_OPT_CHURN_DEFINITION];
    hx_cli_catch_interrupts(c);
    int status = HX_EXIT_FAILED;
    if (read_model(&r) && (r.of_store ? from_store(&r) : from_table(&r)) && save_model(&r) &&
        hx_churn_list(&r))
        status = hx_cli_has(&c->options, HX_OPT_CHURN_VERIFY)
                     ? hx_churn_replay(&r)
                     : (hx_churn_show(&r) ? HX_EXIT_DONE : HX_EXIT_FAILED);
    hx_churn_free(r.model);
    hx_table_free(r.rows);
    return status;
}
