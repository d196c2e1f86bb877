/* cmd_score_credit.c - score credit: scorecards, from a table of people with their outcome to points, reasons, cut-offs and code.
 *
 *     fit FILE                 a card as JSON, to --out
 *     edit CARD FILE --bins B  the same with bins made by hand, all else as the card has it
 *     apply CARD [FILE]        the rows with score and chance of a bad; with --reasons why, and what would make each pass
 *     show CARD [FILE]         its bins, or how well it does on FILE (figures, cut-offs, stability, fairness); --html a page
 *     export CARD --as sql|c   the same points elsewhere */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"

#include "huaxiang/insight.h"

#define CARD_BYTES_MAX ((size_t)32 << 20)
#define NUMBERS_MAX 3

static int failed(hx_cli *c, hx_error *err) {
    (void)hx_cli_error(c, err);
    return HX_EXIT_FAILED;
}

/* "600,20,20": exactly n numbers above 0. The exit status. */
static int numbers_of(hx_cli *c, hx_cli_option_id id, const char *name, size_t n, double *out) {
    const char *at = c->options.text[id];
    char one[32];
    if (!at) return HX_EXIT_DONE;
    for (size_t i = 0; i < n; i++) {
        const size_t length = strcspn(at, ",");
        const bool last = i + 1 == n;
        if (length == 0 || length >= sizeof one || (at[length] == '\0') != last) break;
        memcpy(one, at, length);
        one[length] = '\0';
        if (!hx_cli_parse_real(one, &out[i]) || !(out[i] > 0)) break;
        if (last) return HX_EXIT_DONE;
        at += length + 1;
    }
    return hx_cli_usage(c, "%s takes %zu numbers above 0 with commas between, not %s",
                        "%s 需要 %zu 个大于 0 的数，以逗号分隔，而不是 %s", name, n,
                        c->options.text[id]);
}

static hx_scorecard *read_card(hx_cli *c, const char *path) {
    hx_str text;
    hx_error err = {.ui = c->ui};
    hx_scorecard *card = NULL;
    if (!hx_cli_read_file(c, path, CARD_BYTES_MAX, &text)) return NULL;
    if (hx_scorecard_read(&card, text, &err) != HX_OK) (void)failed(c, &err);
    return card;
}

static bool read_rows(hx_cli *c, const hx_scorecard *card, const char *path, hx_table **t) {
    hx_column_kind *kinds;
    hx_error err = {.ui = c->ui};
    size_t n;
    if (!card) return hx_table_io_read(c, path, NULL, t);
    if (hx_scorecard_kinds(card, c->arena, &kinds, &n, &err) != HX_OK)
        return failed(c, &err) == HX_EXIT_DONE;
    return hx_table_io_read_as(c, path, (hx_table_kinds_asked){kinds, n}, t);
}

static bool put_text(hx_cli *c, hx_str text) {
    return fwrite(text.ptr, 1, text.len, c->out) == text.len;
}

/* --- fit, edit ----------------------------------------------------------- */
static int fit_options(hx_cli *c, const hx_scorecard *old, hx_scorecard_options *o) {
    const hx_cli_values *v = &c->options;
    double scale[NUMBERS_MAX] = {0};
    hx_str target = old ? hx_scorecard_target(old) : (hx_str){NULL, 0};
    const int wrong = numbers_of(c, HX_OPT_POINTS, "--points", 3, scale);
    if (wrong) return wrong;
    *o =
        (hx_scorecard_options){.target = v->text[HX_OPT_LEARN_TARGET],
                               .bad = v->text[HX_OPT_BAD],
                               .use = v->text[HX_OPT_USE],
                               .drop = v->text[HX_OPT_DROP],
                               .bins_of = old,
                               .base = scale[0],
                               .odds = scale[1],
                               .pdo = scale[2],
                               .min_iv = hx_cli_has(v, HX_OPT_MIN_IV) ? v->real[HX_OPT_MIN_IV] : -1,
                               .max_p_value = v->real[HX_OPT_MAX_P],
                               .seed = (uint64_t)v->number[HX_OPT_SEED],
                               .n_threads = hx_table_io_threads(c),
                               .cancel = &c->cancel};
    o->bin = (hx_bin_options){.trend = (hx_trend)v->number[HX_OPT_TREND],
                              .max_bins = (size_t)v->number[HX_OPT_MAX_BINS],
                              .min_share = v->real[HX_OPT_MIN_SHARE],
                              .max_p = v->real[HX_OPT_BIN_P]};
    o->places = (int)v->number[HX_OPT_PLACES];
    if (hx_cli_has(v, HX_OPT_REJECTED))
        o->reject = (hx_reject_method)(v->number[HX_OPT_REJECTED] + 1);
    if (!o->target && target.len > 0) o->target = hx_arena_str(c->arena, target).ptr;
    if (!o->target)
        return hx_cli_usage(c, "say which column tells good from bad by --target COLUMN",
                            "请用 --target 列名 指定区分好坏的列");
    const char *bins = v->text[HX_OPT_BINS];
    return !bins || hx_cli_read_file(c, bins, CARD_BYTES_MAX, &o->bins) ? HX_EXIT_DONE
                                                                        : HX_EXIT_FAILED;
}

static int fit(hx_cli *c, const hx_scorecard *old, const char *path) {
    hx_scorecard_options o;
    hx_scorecard *card = NULL;
    hx_table *t = NULL;
    hx_str json;
    hx_error err = {.ui = c->ui};
    const int wrong = fit_options(c, old, &o);
    if (wrong) return wrong;
    if (!read_rows(c, old, path, &t)) return HX_EXIT_FAILED;
    hx_cli_catch_interrupts(c);
    hx_status status = hx_scorecard_fit(&card, t, &o, &err);
    if (status == HX_OK) status = hx_scorecard_json(card, c->arena, &json, &err);
    hx_scorecard_free(card);
    hx_table_free(t);
    if (status != HX_OK) return failed(c, &err);
    return put_text(c, json) ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* --- apply --------------------------------------------------------------- */
static int add_scores(hx_cli *c, const hx_scorecard *card, hx_table *t) {
    const size_t rows = hx_table_rows(t);
    const double tens = pow(10, hx_scorecard_places(card));
    hx_error err = {.ui = c->ui};
    int64_t *units = calloc(rows + 1, sizeof *units);
    double *values = calloc(2 * rows + 2, sizeof *values);
    hx_status status = HX_ENOMEM;
    if (units && values) status = hx_scorecard_apply(card, t, units, &err);
    for (size_t i = 0; status == HX_OK && i < rows; i++) {
        values[i] = (double)units[i] / tens;
        values[rows + i] = round(hx_scorecard_bad(card, units[i]) * 1e6) / 1e6;
    }
    if (status == HX_OK)
        status = hx_table_put_numbers(t, hx_str_of("score"), HX_KIND_NUMBER, values,
                                      hx_scorecard_places(card), &err);
    if (status == HX_OK)
        status =
            hx_table_put_numbers(t, hx_str_of("p_bad"), HX_KIND_NUMBER, values + rows, 6, &err);
    free(units);
    free(values);
    if (status == HX_OK) return hx_table_io_write(c, t) ? HX_EXIT_DONE : HX_EXIT_FAILED;
    return err.message[0] ? failed(c, &err) : hx_cli_fail(c, "not enough memory", "内存不足");
}

static int explain(hx_cli *c, const hx_scorecard *card, const hx_table *t) {
    const hx_cli_values *v = &c->options;
    const size_t rows = hx_table_rows(t),
                 head = hx_cli_has(v, HX_OPT_HEAD) ? (size_t)v->number[HX_OPT_HEAD] : rows;
    hx_error err = {.ui = c->ui};
    hx_receipt_of_score o = {.cut_off = hx_scorecard_units(card, v->real[HX_OPT_CUT_OFF]),
                             .against_mean = v->number[HX_OPT_REASONS] == 1};
    hx_arena *arena = hx_arena_new(0);
    hx_status status = arena ? HX_OK : HX_ENOMEM;
    bool written = true;
    for (size_t i = 0; i < rows && i < head && status == HX_OK && written; i++) {
        hx_str json;
        status = hx_scorecard_explain(card, t, i, &o, arena, &json, &err);
        if (status == HX_OK) written = put_text(c, json) && fputc('\n', c->out) != EOF;
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
    if (status != HX_OK) return failed(c, &err);
    return written ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int apply(hx_cli *c, const hx_scorecard *card, const char *path) {
    hx_table *t = NULL;
    if (!read_rows(c, card, path, &t)) return HX_EXIT_FAILED;
    const int status =
        hx_cli_has(&c->options, HX_OPT_REASONS) ? explain(c, card, t) : add_scores(c, card, t);
    hx_table_free(t);
    return status;
}

/* --- show ---------------------------------------------------------------- */
/* The bins of a card as rows. */
static json_t *bin_records(const json_t *card) {
    json_t *records = json_array();
    const json_t *variables = json_object_get(card, "variables");
    for (size_t j = 0; j < json_array_size(variables); j++) {
        const json_t *v = json_array_get(variables, j), *bins = json_object_get(v, "bins");
        const size_t n = json_array_size(bins);
        for (size_t k = 0; k < n + 2; k++) {
            const json_t *bin =
                k < n ? json_array_get(bins, k) : json_object_get(v, k == n ? "missing" : "other");
            if (!bin || (k > n && !json_object_get(v, "other"))) continue;
            json_t *r = json_pack("{s:O,s:o}", "column", json_object_get(v, "name"), "bin",
                                  json_integer((json_int_t)k + 1));
            if (k >= n) json_object_set_new(r, "bin", json_string(k == n ? "missing" : "other"));
            json_object_update(r, (json_t *)(uintptr_t)bin);
            json_object_set(r, "iv", json_object_get(v, "iv"));
            json_object_set(r, "used", json_object_get(v, "used"));
            json_array_append_new(records, r);
        }
    }
    return records;
}

static int show_bins(hx_cli *c, const hx_scorecard *card) {
    static const hx_record_column columns[] = {
        {"column", "column", "列", HX_CELL_LEFT},  {"bin", "bin", "分箱", HX_CELL_RIGHT},
        {"below", "below", "小于", HX_CELL_RIGHT}, {"values", "values", "取值", HX_CELL_LEFT},
        {"good", "good", "好", HX_CELL_RIGHT},     {"bad", "bad", "坏", HX_CELL_RIGHT},
        {"woe", "WoE", "WoE", HX_CELL_RIGHT},      {"iv", "IV", "IV", HX_CELL_RIGHT},
        {"used", "used", "使用", HX_CELL_LEFT},    {"points", "points", "分值", HX_CELL_RIGHT}};
    hx_str text;
    hx_error err = {.ui = c->ui};
    if (hx_scorecard_json(card, c->arena, &text, &err) != HX_OK) return failed(c, &err);
    json_t *parsed = hx_output_parse(c, text);
    json_t *records = bin_records(parsed);
    const bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    json_decref(parsed);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int measure(hx_cli *c, const hx_scorecard *card, const char *path, hx_str *figures) {
    const hx_cli_values *v = &c->options;
    double profit[NUMBERS_MAX] = {0};
    hx_table *t = NULL;
    hx_error err = {.ui = c->ui};
    const int wrong = numbers_of(c, HX_OPT_PROFIT, "--profit", 2, profit);
    if (wrong) return wrong;
    if (!read_rows(c, card, path, &t)) return HX_EXIT_FAILED;
    const hx_scorecard_check o = {.gain = profit[0],
                                  .loss = profit[1],
                                  .cut_off = v->text[HX_OPT_CUT_OFF],
                                  .by = v->text[HX_OPT_PSI_BY],
                                  .group = v->text[HX_OPT_FAIR_GROUP]};
    const hx_status status = hx_scorecard_measure(card, t, &o, c->arena, figures, &err);
    hx_table_free(t);
    return status == HX_OK ? HX_EXIT_DONE : failed(c, &err);
}

static bool put_figures(hx_cli *c, hx_str figures) {
    json_t *parsed = hx_output_parse(c, figures);
    hx_outbuf out = {0};
    bool ok = parsed != NULL;
    if (ok && c->shape == HX_SHAPE_JSON) {
        hx_output_json(&out, parsed);
        ok = hx_output_write(c, &out);
    } else if (ok) {
        ok = hx_output_pairs(c, parsed);
    }
    hx_outbuf_release(&out);
    json_decref(parsed);
    return ok;
}

static int show(hx_cli *c, const hx_scorecard *card, const char *path) {
    const char *page = c->options.text[HX_OPT_HTML];
    hx_str figures = {0}, html;
    hx_error err = {.ui = c->ui};
    const int wrong = path ? measure(c, card, path, &figures) : HX_EXIT_DONE;
    if (wrong) return wrong;
    if (page) {
        if (hx_scorecard_html(card, hx_str_of(hx_cli_tr(c, "Scorecard", "评分卡")), figures, c->ui,
                              c->arena, &html, &err) != HX_OK)
            return failed(c, &err);
        return hx_table_io_write_text(c, html, page) ? HX_EXIT_DONE : HX_EXIT_FAILED;
    }
    if (!path) return show_bins(c, card);
    return put_figures(c, figures) ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int export_card(hx_cli *c, const hx_scorecard *card) {
    const hx_cli_values *v = &c->options;
    hx_str text = {0};
    hx_error err = {.ui = c->ui};
    if (!hx_cli_has(v, HX_OPT_CARD_AS))
        return hx_cli_usage(c, "say in which words by --as sql or c",
                            "请用 --as sql 或 c 指定导出形式");
    const hx_status status =
        v->number[HX_OPT_CARD_AS] == 0
            ? hx_scorecard_sql(card, v->text[HX_OPT_EXPORT_TABLE], c->arena, &text, &err)
            : hx_scorecard_c(card, v->text[HX_OPT_EXPORT_NAME], c->arena, &text, &err);
    if (status != HX_OK) return failed(c, &err);
    return put_text(c, text) ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int with_card(hx_cli *c, int what) {
    const char *path = c->n_args > 2 ? c->args[2] : NULL;
    hx_scorecard *card = read_card(c, c->args[1]);
    int status = HX_EXIT_FAILED;
    if (!card) return status;
    if (what == 1) status = fit(c, card, path ? path : "-");
    if (what == 2) status = apply(c, card, path ? path : "-");
    if (what == 3) status = show(c, card, path);
    if (what == 4) status = export_card(c, card);
    hx_scorecard_free(card);
    return status;
}

int hx_cmd_score_credit(hx_cli *c) {
    static const char *const known = "fit,edit,apply,show,export";
    char near[80];
    const int what = c->n_args ? hx_cli_choice(known, c->args[0]) : -1;
    if (what < 0) {
        hx_cli_suggest(c, c->n_args ? c->args[0] : "", known, near, sizeof near);
        return hx_cli_usage(c, "score credit does one of fit, edit, apply, show, export%s",
                            "score credit 的动作为 fit、edit、apply、show、export 之一%s", near);
    }
    if (what == 0 && c->n_args <= 2) return fit(c, NULL, c->n_args > 1 ? c->args[1] : "-");
    if (what > 0 && c->n_args >= 2 && c->n_args <= (what == 4 ? 2 : 3)) return with_card(c, what);
    return hx_cli_usage(c, "score credit %s takes %s", "score credit %s 的参数为 %s", c->args[0],
                        what == 0   ? "[FILE]"
                        : what == 4 ? "CARD"
                                    : "CARD [FILE]");
}
