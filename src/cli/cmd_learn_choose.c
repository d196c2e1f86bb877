/* cmd_learn_choose.c - learn cross-validate, tune, ensemble: models on the same folds, the best of many settings, several models together.
 *
 * ensemble is a cross-validation of the members and of the ways to put them together (voting, blending, stacking, which are models
 * themselves), whose members are set by their switches; then the gain of the best way over the best member, and with --out that way
 * fitted on all rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/learn.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/table_io.h"

#define MODELS_BYTES 1024
#define NAME_BYTES 64
#define METHODS "voting,blending,stacking"

static bool cross_options(hx_cli *c, hx_cross_options *out) {
    const hx_cli_values *v = &c->options;
    *out = (hx_cross_options){.models = v->text[HX_OPT_MODEL],
                              .n_folds = (size_t)v->number[HX_OPT_FOLDS],
                              .n_repeats = (size_t)v->number[HX_OPT_REPEATS],
                              .group = v->text[HX_OPT_GROUP],
                              .time = v->text[HX_OPT_TIME],
                              .curve = hx_cli_has(v, HX_OPT_CURVE),
                              .curves = hx_learn_wants_page(c)};
    return hx_learn_costs_of(c, &out->cost_false_positive, &out->cost_false_negative) &&
           hx_learn_options_of(c, &out->learn);
}

static bool keep_model(hx_cli *c, const hx_learner *l) {
    hx_error err = {.ui = c->ui};
    const char *path = c->options.text[HX_OPT_TARGET];
    if (path == NULL) return true;
    if (!hx_output_may_replace(c, path)) return false;
    return hx_learner_save(l, path, &err) == HX_OK || hx_cli_error(c, &err) == HX_EXIT_DONE;
}

/* ------------------------------------------------------------------ cross-validate */
static bool cross(hx_cli *c, const hx_table *t, const hx_cross_options *o) {
    hx_str json;
    hx_table *said = NULL;
    hx_error err = {.ui = c->ui};
    const char *path = c->options.text[HX_OPT_TARGET];
    if (hx_cross_validate(t, o, c->arena, &json, path != NULL ? &said : NULL, &err) != HX_OK)
        return hx_cli_error(c, &err) == HX_EXIT_DONE;
    const hx_learn_pages of = {.target = o->learn.target,
                               .en = "models on the same folds",
                               .zh = "相同折上的模型",
                               .rows = hx_table_rows(t),
                               .cross = json};
    const bool ok = (said == NULL || hx_table_io_write_file(c, said, path)) &&
                    hx_learn_write_page(c, &of) && hx_learn_show_cross(c, json);
    hx_table_free(said);
    return ok;
}

int hx_cmd_learn_cross_validate(hx_cli *c) {
    hx_cross_options o;
    hx_table *t = NULL;
    const bool ok = cross_options(c, &o) && hx_learn_params_of(c, true, &o.params) &&
                    hx_learn_read(c, &t) && cross(c, t, &o);
    hx_table_free(t);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ tune */
static bool tuning_page(hx_cli *c, const hx_learner *best, const hx_table *t, hx_str json) {
    const hx_learn_pages of = {.target = hx_learner_target(best),
                               .en = "a search for good parameters",
                               .zh = "参数搜索",
                               .rows = hx_table_rows(t),
                               .fit = hx_learner_summary(best),
                               .tuning = json};
    return hx_learn_write_page(c, &of);
}

static void tell(void *context, const hx_learn_progress *p) {
    hx_progress_tick(context, p->epoch, p->n_epochs);
}

static bool tune(hx_cli *c, const hx_table *t, hx_tune_options *o, hx_learner **best,
                 hx_str *json) {
    hx_error err = {.ui = c->ui};
    hx_progress_clock clock;
    hx_progress_begin(&clock, c, "tune");
    if (c->talks) {
        o->cross.learn.progress = tell;
        o->cross.learn.context = &clock;
    }
    const hx_status status = hx_learner_tune(best, t, o, c->arena, json, &err);
    hx_progress_clear(c);
    return status == HX_OK || hx_cli_error(c, &err) == HX_EXIT_DONE;
}

int hx_cmd_learn_tune(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    hx_tune_options o = {.search = (hx_tune_search)v->number[HX_OPT_TUNE_SEARCH],
                         .n_trials = (size_t)v->number[HX_OPT_TRIALS],
                         .seconds = v->real[HX_OPT_MINUTES] * 60,
                         .n_outer = (size_t)v->number[HX_OPT_OUTER],
                         .single = hx_cli_has(v, HX_OPT_SINGLE)};
    hx_learner *best = NULL;
    hx_table *t = NULL;
    hx_str json;
    bool ok = cross_options(c, &o.cross) && hx_learn_read(c, &t) && tune(c, t, &o, &best, &json);
    ok =
        ok && keep_model(c, best) && tuning_page(c, best, t, json) && hx_learn_show_tuning(c, json);
    hx_learner_free(best);
    hx_table_free(t);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ ensemble */
/* Each name of a list is among `known`; `out` = the list in the names that it has there ("knn" is neighbours). */
static bool known_names(hx_cli *c, const char *list, const char *known, const char *option,
                        char *out, size_t size) {
    char name[NAME_BYTES];
    size_t used = 0;
    out[0] = '\0';
    for (const char *at = list; *at != '\0';) {
        const size_t len = strcspn(at, ",");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, at);
        at += len + (at[len] == ',');
        const hx_model_kind *kind = hx_model_kind_of(name);
        const char *own = kind != NULL ? kind->name : name;
        const bool is_known = hx_cli_choice(known, own) >= 0;
        const int n = snprintf(out + used, size - used, "%s%s", used > 0 ? "," : "", own);
        if (is_known && n >= 0 && (size_t)n < size - used) {
            used += (size_t)n;
            continue;
        }
        hx_cli_usage(c, "--%s: '%s' is none of %s", "--%s：“%s”不在 %s 之中", option, name, known);
        return false;
    }
    return true;
}

/* The models that can be members: the switches of an ensemble's kind. */
static void member_names(char *out, size_t size) {
    const hx_model_kind *kind = hx_model_kind_of("voting");
    size_t at = 0;
    out[0] = '\0';
    for (size_t k = 0; kind != NULL && k < kind->n_params; k++) {
        if (kind->params[k].kind != HX_PARAM_SWITCH) continue;
        const int n =
            snprintf(out + at, size - at, "%s%s", at > 0 ? "," : "", kind->params[k].name);
        if (n < 0 || (size_t)n >= size - at) return;
        at += (size_t)n;
    }
}

/* {"voting":{"forest":true,"boosting":false,...},...} of the members named by --model; "" = each way's own. */
static bool members_of(hx_cli *c, const char *members, const char *methods, hx_str *out) {
    json_t *all = json_object();
    for (const char *at = methods; members != NULL && *at != '\0';) {
        char method[NAME_BYTES];
        const size_t len = strcspn(at, ",");
        (void)snprintf(method, sizeof method, "%.*s", (int)len, at);
        at += len + (at[len] == ',');
        const hx_model_kind *kind = hx_model_kind_of(method);
        json_t *switches = json_object();
        for (size_t k = 0; kind != NULL && k < kind->n_params; k++)
            if (kind->params[k].kind == HX_PARAM_SWITCH)
                json_object_set_new(
                    switches, kind->params[k].name,
                    json_boolean(hx_cli_choice(members, kind->params[k].name) >= 0));
        json_object_set_new(all, method, switches);
    }
    char *text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    if (text != NULL) *out = hx_arena_str(c->arena, hx_str_of(text));
    free(text);
    return out->ptr != NULL || hx_cli_fail(c, "out of memory", "内存不足") == HX_EXIT_DONE;
}

/* The gain of the best way over the best single model, and the test of the two. */
static bool put_gain(hx_cli *c, const char *singles, const json_t *e) {
    const json_t *best = NULL, *single = NULL;
    const char *figure = json_string_value(json_object_get(e, "figure"));
    size_t i;
    json_t *m;
    json_array_foreach(json_object_get(e, "models"), i, m) {
        const char *name = json_string_value(json_object_get(m, "model"));
        const json_t **slot = hx_cli_choice(singles, name) >= 0 ? &single : &best;
        const double mean = json_number_value(hx_json_at(json_object_get(m, figure), "mean"));
        if (*slot == NULL ||
            mean > json_number_value(hx_json_at(json_object_get(*slot, figure), "mean")))
            *slot = m;
    }
    if (best == NULL || single == NULL) return true;
    const double a = json_number_value(hx_json_at(json_object_get(best, figure), "mean"));
    const double b = json_number_value(hx_json_at(json_object_get(single, figure), "mean"));
    hx_cli_note(c, "%s: %s %.4f, the best single model (%s) %.4f, gain %+.4f",
                "%s：%s %.4f，最佳单一模型（%s）%.4f，增益 %+.4f", figure,
                json_string_value(json_object_get(best, "model")), a,
                json_string_value(json_object_get(single, "model")), b, a - b);
    return true;
}

static const char *best_way(const json_t *e, const char *singles) {
    const char *figure = json_string_value(json_object_get(e, "figure")), *name = "stacking";
    double most = -1e300;
    size_t i;
    json_t *m;
    json_array_foreach(json_object_get(e, "models"), i, m) {
        const char *one = json_string_value(json_object_get(m, "model"));
        const double mean = json_number_value(hx_json_at(json_object_get(m, figure), "mean"));
        if (hx_cli_choice(singles, one) >= 0 || mean <= most) continue;
        most = mean;
        name = one;
    }
    return name;
}

static bool fit_way(hx_cli *c, const hx_table *t, const hx_cross_options *o, const char *way,
                    hx_str params) {
    hx_error err = {.ui = c->ui};
    hx_learner *l = NULL;
    hx_learn_options learn = o->learn;
    json_t *all = hx_output_parse(c, params);
    char *text = json_dumps(json_object_get(all, way), JSON_COMPACT);
    learn.model = way;
    learn.params = hx_str_of(text);
    bool ok = true;
    if (hx_learner_fit(&l, t, NULL, &learn, &err) != HX_OK)
        ok = hx_cli_error(c, &err) == HX_EXIT_DONE;
    ok = ok && keep_model(c, l);
    hx_learner_free(l);
    free(text);
    json_decref(all);
    return ok;
}

static bool ensemble(hx_cli *c, const hx_table *t, hx_cross_options *o, const char *singles) {
    hx_str json;
    hx_error err = {.ui = c->ui};
    if (hx_cross_validate(t, o, c->arena, &json, NULL, &err) != HX_OK)
        return hx_cli_error(c, &err) == HX_EXIT_DONE;
    json_t *e = hx_output_parse(c, json);
    bool ok = e != NULL && hx_learn_show_cross(c, json) && put_gain(c, singles, e);
    if (ok && hx_cli_has(&c->options, HX_OPT_TARGET))
        ok = fit_way(c, t, o, best_way(e, singles), o->params);
    json_decref(e);
    return ok;
}

int hx_cmd_learn_ensemble(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    const char *asked = v->text[HX_OPT_WAYS] != NULL ? v->text[HX_OPT_WAYS] : METHODS;
    char models[2 * MODELS_BYTES], members[MODELS_BYTES], ways[NAME_BYTES];
    hx_cross_options o;
    hx_table *t = NULL;
    if (v->text[HX_OPT_MODEL] == NULL)
        return hx_cli_usage(c, "name the models to put together: --model logistic,forest,boosting",
                            "请给出要组合的模型：--model logistic,forest,boosting");
    member_names(models, sizeof models);
    if (!known_names(c, v->text[HX_OPT_MODEL], models, "model", members, sizeof members) ||
        !known_names(c, asked, METHODS, "method", ways, sizeof ways))
        return HX_EXIT_USAGE;
    (void)snprintf(models, sizeof models, "%s,%s", members, ways);
    bool ok = cross_options(c, &o) && members_of(c, members, ways, &o.params);
    o.models = models;
    ok = ok && hx_learn_read(c, &t) && ensemble(c, t, &o, members);
    hx_table_free(t);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
