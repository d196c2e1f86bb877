/* cmd_learn_survival.c - learn survival: how long until something happens. Kaplan-Meier curves, log-rank, Cox regression.
 *
 * In JSON the answer is the library's object with every time. In CSV it is the curves, a row a time.
 *
 * For eyes each curve is shown at up to twelve times, evenly over its events, then the medians, the test between groups and the
 * risks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/learn.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define TIMES_SHOWN 12
#define TEXT_BYTES 64
#define LINE_BYTES 320

static double number_at(const json_t *object, const char *key) {
    const json_t *v = hx_json_at(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static json_t *text_of(const char *format, double a, double b) {
    char text[TEXT_BYTES];
    if (!isfinite(a) || !isfinite(b)) return json_null();
    (void)snprintf(text, sizeof text, format, a, b);
    return json_string(text);
}

static bool put_row(hx_cli *c, const char *text, bool gap) {
    hx_outbuf line = {0};
    if (gap) hx_outbuf_byte(&line, '\n');
    hx_outbuf_visible(&line, hx_str_of(text), 0);
    hx_outbuf_byte(&line, '\n');
    const bool ok = hx_output_write(c, &line);
    hx_outbuf_release(&line);
    return ok;
}

static bool put_line(hx_cli *c, const char *text) {
    return put_row(c, text, true);
}

/* ------------------------------------------------------------------ curves */
static json_t *point_record(const hx_cli *c, const json_t *group, const json_t *p) {
    json_t *r = json_object();
    static const char *const keys[] = {"time", "at_risk", "events", "censored"};
    json_object_set(r, "group", json_object_get(group, "group"));
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        json_object_set(r, keys[k], json_object_get(p, keys[k]));
    if (c->shape == HX_SHAPE_CSV) {
        static const char *const rest[] = {"survival", "low", "high", "hazard"};
        for (size_t k = 0; k < sizeof rest / sizeof *rest; k++)
            json_object_set(r, rest[k], json_object_get(p, rest[k]));
        return r;
    }
    const double s = number_at(p, "survival");
    json_object_set_new(r, "survival", text_of("%.4f", s, 0));
    json_object_set_new(r, "low",
                        text_of("%.4f … %.4f", number_at(p, "low"), number_at(p, "high")));
    return r;
}

/* Times at which something ended, all or evenly among them, the last always. */
static void add_points(const hx_cli *c, const json_t *group, json_t *records) {
    const json_t *curve = json_object_get(group, "curve");
    size_t n = 0, seen = 0, i, next = 0;
    json_t *p;
    json_array_foreach(curve, i, p) n += number_at(p, "events") > 0;
    const bool all = c->shape == HX_SHAPE_CSV;
    json_array_foreach(curve, i, p) {
        if (!all && !(number_at(p, "events") > 0)) continue;
        const bool shown = all || n <= TIMES_SHOWN || seen == next || seen + 1 == n;
        if (shown) json_array_append_new(records, point_record(c, group, p));
        if (shown && n > TIMES_SHOWN) next = seen + (n + TIMES_SHOWN - 1) / TIMES_SHOWN;
        seen++;
    }
}

static bool put_curves(hx_cli *c, const json_t *e) {
    static const hx_record_column shown[] = {{"group", "group", "组", HX_CELL_LEFT},
                                             {"time", "time", "时间", HX_CELL_RIGHT},
                                             {"at_risk", "at risk", "在观察", HX_CELL_RIGHT},
                                             {"events", "ended", "发生", HX_CELL_RIGHT},
                                             {"censored", "cut off", "截断", HX_CELL_RIGHT},
                                             {"survival", "survival", "生存率", HX_CELL_RIGHT},
                                             {"low", "95 %", "95 %", HX_CELL_LEFT}};
    static const hx_record_column csv[] = {{"group", "group", "组", HX_CELL_LEFT},
                                           {"time", "time", "时间", HX_CELL_RIGHT},
                                           {"at_risk", "at_risk", "在观察", HX_CELL_RIGHT},
                                           {"events", "events", "发生", HX_CELL_RIGHT},
                                           {"censored", "censored", "截断", HX_CELL_RIGHT},
                                           {"survival", "survival", "生存率", HX_CELL_RIGHT},
                                           {"low", "low", "下限", HX_CELL_RIGHT},
                                           {"high", "high", "上限", HX_CELL_RIGHT},
                                           {"hazard", "hazard", "累积风险", HX_CELL_RIGHT}};
    json_t *records = json_array(), *group;
    size_t i;
    json_array_foreach(json_object_get(e, "groups"), i, group) add_points(c, group, records);
    const bool ok = c->shape == HX_SHAPE_CSV
                        ? hx_output_records(c, records, csv, sizeof csv / sizeof *csv)
                        : hx_output_records(c, records, shown, sizeof shown / sizeof *shown);
    json_decref(records);
    return ok;
}

/* ------------------------------------------------------------------ medians and tests */
static void time_text(char *out, size_t size, double time) {
    if (isfinite(time))
        (void)snprintf(out, size, "%.6g", time);
    else
        (void)snprintf(out, size, "–");
}

static bool put_medians(hx_cli *c, const json_t *e) {
    json_t *group;
    size_t i;
    bool ok = true;
    json_array_foreach(json_object_get(e, "groups"), i, group) {
        char line[LINE_BYTES], middle[TEXT_BYTES], low[TEXT_BYTES], high[TEXT_BYTES];
        const char *name = json_string_value(json_object_get(group, "group"));
        time_text(middle, sizeof middle, number_at(group, "median"));
        time_text(low, sizeof low, number_at(group, "median_low"));
        time_text(high, sizeof high, number_at(group, "median_high"));
        (void)snprintf(line, sizeof line,
                       hx_cli_tr(c, "%s%s%.0f rows, %.0f ended; half of them by %s (%s … %s)",
                                 "%s%s%.0f 行，%.0f 行发生；中位时间 %s（%s … %s）"),
                       name != NULL ? name : "", name != NULL && name[0] != '\0' ? ": " : "",
                       number_at(group, "n"), number_at(group, "events"), middle, low, high);
        ok = ok && put_row(c, line, i == 0);
    }
    return ok;
}

static bool put_test(hx_cli *c, const json_t *e) {
    char line[LINE_BYTES];
    const json_t *test = json_object_get(e, "log_rank");
    if (test == NULL) return true;
    if (!isfinite(number_at(test, "p")))
        return put_line(c, hx_cli_tr(c, "log-rank: needs two groups with rows and an event",
                                     "对数秩检验：须有两个非空的组，且有事件发生"));
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(c, "log-rank: chi-square %.6g, %.0f degrees of freedom, p = %.4g",
                             "对数秩检验：卡方 %.6g，自由度 %.0f，p = %.4g"),
                   number_at(test, "statistic"), number_at(test, "freedom"), number_at(test, "p"));
    return put_line(c, line);
}

/* ------------------------------------------------------------------ risks */
static json_t *feature_records(const json_t *features) {
    json_t *records = json_array(), *f;
    size_t i;
    json_array_foreach(features, i, f) json_array_append_new(
        records,
        json_pack("{s:O,s:o,s:o,s:o,s:o}", "feature", json_object_get(f, "feature"), "coefficient",
                  text_of("%.6g", number_at(f, "coefficient"), 0), "hazard_ratio",
                  text_of("%.4g", number_at(f, "hazard_ratio"), 0), "interval",
                  text_of("%.4g … %.4g", exp(number_at(f, "low")), exp(number_at(f, "high"))), "p",
                  text_of("%.4g", number_at(f, "p"), 0)));
    return records;
}

static bool put_risks(hx_cli *c, const json_t *e) {
    static const hx_record_column columns[] = {
        {"feature", "feature", "特征", HX_CELL_LEFT},
        {"coefficient", "coefficient", "系数", HX_CELL_RIGHT},
        {"hazard_ratio", "times the risk", "风险倍数", HX_CELL_RIGHT},
        {"interval", "95 %", "95 %", HX_CELL_LEFT},
        {"p", "p", "p", HX_CELL_RIGHT}};
    char line[LINE_BYTES];
    const json_t *cox = json_object_get(e, "cox");
    if (cox == NULL) return true;
    const char *ties = json_string_value(json_object_get(cox, "ties"));
    (void)snprintf(
        line, sizeof line,
        hx_cli_tr(c,
                  "Cox regression (ties: %s): concordance %.4f, likelihood ratio %.6g with %.0f "
                  "degrees of freedom, p = %.4g",
                  "Cox 回归（并列：%s）：一致性 %.4f，似然比 %.6g，自由度 %.0f，p = %.4g"),
        ties != NULL ? ties : "", number_at(cox, "concordance"), number_at(cox, "likelihood_ratio"),
        number_at(cox, "freedom"), number_at(cox, "p"));
    json_t *records = feature_records(json_object_get(cox, "features"));
    const bool ok = put_line(c, line) &&
                    hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    if (ok && !json_is_true(json_object_get(cox, "converged")))
        hx_cli_note(c,
                    "a coefficient runs off: a feature tells nearly all that ended from the others",
                    "某个系数趋于无穷：有特征几乎能完全区分发生与未发生的行");
    return ok;
}

static bool show(hx_cli *c, hx_str json) {
    json_t *e = hx_output_parse(c, json);
    bool ok = e != NULL;
    if (ok && c->shape == HX_SHAPE_JSON) {
        hx_outbuf out = {0};
        hx_output_json(&out, e);
        ok = hx_output_write(c, &out);
        hx_outbuf_release(&out);
    } else if (ok) {
        ok = put_curves(c, e);
        if (ok && c->shape != HX_SHAPE_CSV)
            ok = put_medians(c, e) && put_test(c, e) && put_risks(c, e);
    }
    json_decref(e);
    return ok;
}

int hx_cmd_learn_survival(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    const hx_survival_options o = {.time = v->text[HX_OPT_DURATION],
                                   .event = v->text[HX_OPT_ENDED],
                                   .group = v->text[HX_OPT_CURVE_GROUP],
                                   .use = v->text[HX_OPT_RISK_USE],
                                   .breslow = v->number[HX_OPT_TIES] == 1};
    hx_error err = {.ui = c->ui};
    hx_table *t = NULL;
    hx_str json;
    bool ok = hx_learn_read(c, &t);
    if (ok && hx_survival(t, &o, c->arena, &json, &err) != HX_OK)
        ok = hx_cli_error(c, &err) == HX_EXIT_DONE;
    if (ok) {
        const hx_learn_pages of = {.target = o.time,
                                   .en = "how long until it ends",
                                   .zh = "事件发生前经过多久",
                                   .rows = hx_table_rows(t),
                                   .survival = json};
        ok = hx_learn_write_page(c, &of) && show(c, json);
    }
    hx_table_free(t);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
