/* cmd_learn.c - learn fit, predict, evaluate: a model of a table, its answers, how good they are.
 *
 *     fit: file -> table -> (split) -> hx_learner_fit -> summary on standard output, model in --out
 *
 * With --split the model learns from the first part alone; of three parts the second stops early, the last is the test. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/learn.h"
#include "cli/llama.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/table_io.h"

#define RECIPE_BYTES_MAX ((size_t)16 << 20)
#define PARAMS_BYTES_MAX ((size_t)1 << 20)
#define NAME_BYTES 64
#define READ_BLOCK 1024 /* rows looked at together */
#define COLUMN_BYTES 512

/* ------------------------------------------------------------------ options */
/* --trunk is a step of the recipe, behind the others. */
static bool add_trunk(hx_cli *c, hx_learn_options *o) {
    const hx_cli_values *v = &c->options;
    const char *trunk = v->text[HX_OPT_LEARN_TRUNK], *column = v->text[HX_OPT_LEARN_TEXT];
    if (trunk == NULL) return true;
    if (column == NULL) {
        hx_cli_usage(c, "--trunk needs the column of texts: --text COLUMN",
                     "--trunk 需要文本所在的列：--text 列");
        return false;
    }
    json_t *steps = o->recipe.len > 0
                        ? json_loadb(o->recipe.ptr, o->recipe.len, JSON_REJECT_DUPLICATES, NULL)
                        : json_array();
    if (!json_is_array(steps)) {
        json_decref(steps);
        hx_cli_usage(c, "--recipe %s is no list of steps", "--recipe %s 不是步骤列表",
                     v->text[HX_OPT_RECIPE]);
        return false;
    }
    json_array_append_new(
        steps, json_pack("{s:s,s:s,s:s}", "step", "embed", "column", column, "model", trunk));
    char *text = json_dumps(steps, JSON_COMPACT);
    json_decref(steps);
    o->recipe = text != NULL ? hx_arena_str(c->arena, hx_str_of(text)) : (hx_str){NULL, 0};
    free(text);
    return o->recipe.ptr != NULL || hx_cli_fail(c, "out of memory", "内存不足") == HX_EXIT_DONE;
}

bool hx_learn_options_of(hx_cli *c, hx_learn_options *out) {
    const hx_cli_values *v = &c->options;
    *out = (hx_learn_options){.target = v->text[HX_OPT_LEARN_TARGET],
                              .event = v->text[HX_OPT_EVENT],
                              .use = v->text[HX_OPT_USE],
                              .drop = v->text[HX_OPT_DROP],
                              .weight = v->text[HX_OPT_WEIGHT],
                              .text = v->text[HX_OPT_LEARN_TEXT],
                              .items = v->text[HX_OPT_ITEMS],
                              .task = (hx_learn_task)v->number[HX_OPT_LEARN_TASK],
                              .seed = (uint64_t)v->number[HX_OPT_SEED],
                              .n_threads = hx_table_io_threads(c),
                              .cancel = &c->cancel};
    if (hx_cli_has(v, HX_OPT_CALIBRATION))
        out->calibrate = (hx_calibrate)(v->number[HX_OPT_CALIBRATION] + HX_CALIBRATE_PLATT);
    if ((out->embedder = hx_cli_embedder(c)) == NULL) return false;
    if (v->text[HX_OPT_RECIPE] != NULL &&
        !hx_cli_read_file(c, v->text[HX_OPT_RECIPE], RECIPE_BYTES_MAX, &out->recipe))
        return false;
    return add_trunk(c, out);
}

/* true, false, a number, else a text. */
static json_t *value_of(const char *text) {
    double v;
    if (strcmp(text, "true") == 0) return json_true();
    if (strcmp(text, "false") == 0) return json_false();
    const bool minus = text[0] == '-';
    if (!hx_cli_parse_real(text + minus, &v)) return json_string(text);
    if (minus) v = -v;
    return v == floor(v) && fabs(v) < 1e15 ? json_integer((json_int_t)v) : json_real(v);
}

/* The object that "MODEL.NAME" goes to; *name is what stands behind the point. */
static json_t *place_of(json_t *params, const char **name, size_t *len) {
    const char *dot = memchr(*name, '.', *len);
    char model[NAME_BYTES];
    if (dot == NULL || (size_t)(dot - *name) >= sizeof model) return params;
    memcpy(model, *name, (size_t)(dot - *name));
    model[dot - *name] = '\0';
    *len -= (size_t)(dot + 1 - *name);
    *name = dot + 1;
    json_t *of = json_object_get(params, model);
    if (json_is_object(of)) return of;
    json_object_set_new(params, model, json_object());
    return json_object_get(params, model);
}

static bool add_param(hx_cli *c, json_t *params, const char *text, bool nested) {
    const char *equals = strchr(text, '='), *name = text;
    char key[NAME_BYTES];
    size_t len = equals != NULL ? (size_t)(equals - text) : 0;
    if (len > 0 && nested) params = place_of(params, &name, &len);
    if (len == 0 || len >= sizeof key) {
        hx_cli_usage(c, "--param is NAME=VALUE, not '%s'", "--param 的形式是 名称=值，而不是“%s”",
                     text);
        return false;
    }
    memcpy(key, name, len);
    key[len] = '\0';
    return json_object_set_new(params, key, value_of(equals + 1)) == 0;
}

static bool given_params(hx_cli *c, json_t **out) {
    const char *text = c->options.text[HX_OPT_PARAMS];
    *out = text == NULL ? json_object() : NULL;
    if (text == NULL) return *out != NULL;
    *out = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(*out)) return true;
    json_decref(*out);
    hx_cli_usage(c, "--params is no JSON object: %s", "--params 不是 JSON 对象：%s", text);
    return false;
}

static void add_shortcuts(const hx_cli *c, json_t *params) {
    const hx_cli_values *v = &c->options;
    if (hx_cli_has(v, HX_OPT_SOLVER))
        json_object_set_new(params, "solver", json_string(v->text[HX_OPT_SOLVER]));
    if (hx_cli_has(v, HX_OPT_LEARNING_RATE))
        json_object_set_new(params, "rate", json_real(v->real[HX_OPT_LEARNING_RATE]));
    if (hx_cli_has(v, HX_OPT_EPOCHS))
        json_object_set_new(params, "epochs", json_integer((json_int_t)v->real[HX_OPT_EPOCHS]));
}

bool hx_learn_params_of(hx_cli *c, bool nested, hx_str *out) {
    json_t *params;
    if (!given_params(c, &params)) return false;
    bool ok = true;
    add_shortcuts(c, params);
    for (size_t i = 0; i < c->options.n_list && ok; i++)
        ok = add_param(c, params, c->options.list[i], nested);
    char *text = ok ? json_dumps(params, JSON_COMPACT) : NULL;
    if (text != NULL) *out = hx_arena_str(c->arena, hx_str_of(text));
    if (ok && (text == NULL || out->ptr == NULL))
        ok = hx_cli_fail(c, "out of memory", "内存不足") == HX_EXIT_DONE;
    free(text);
    json_decref(params);
    return ok;
}

/* What is learnt for minutes has a place to go to. */
static bool can_keep(const hx_cli *c) {
    const char *out = c->options.text[HX_OPT_TARGET], *page = c->options.text[HX_OPT_REPORT];
    return (out == NULL || hx_output_may_replace(c, out)) &&
           (page == NULL || hx_output_may_replace(c, page));
}

bool hx_learn_read(hx_cli *c, hx_table **out) {
    if (!can_keep(c)) return false;
    hx_cli_catch_interrupts(c);
    return hx_table_io_read(c, hx_table_io_input(c), NULL, out);
}

/* Infinite numbers in the columns a model reads: it takes them as missing, or, where it splits numbers, as beyond all others. */
static void say_infinite(const hx_cli *c, const hx_table *t, const hx_column_kind *kinds,
                         size_t n) {
    const size_t rows = hx_table_rows(t);
    double x[READ_BLOCK];
    for (size_t k = 0; k < n; k++) {
        const size_t column = hx_table_find(t, kinds[k].name);
        size_t found = 0, first = 0;
        if (column == HX_COLUMN_NONE || hx_table_column_at(t, column)->kind != HX_KIND_NUMBER)
            continue;
        for (size_t i = 0; i < rows; i += READ_BLOCK) {
            const size_t m = rows - i < READ_BLOCK ? rows - i : READ_BLOCK;
            hx_table_numbers(t, column, i, m, x);
            for (size_t r = 0; r < m; r++)
                if (isinf(x[r]) && found++ == 0) first = i + r + 1;
        }
        if (found > 0)
            hx_cli_note(c,
                        "column '%.*s': infinite values (%zu, the first in row %zu); the model "
                        "takes them as missing, trees as beyond all other values",
                        "列“%.*s”：有无穷值（%zu 个，最先见于第 %zu "
                        "行）；模型把它们当作缺失值，树模型把它们当作超出其他所有值",
                        (int)kinds[k].name.len, kinds[k].name.ptr, found, first);
    }
}

bool hx_learn_read_for(hx_cli *c, const hx_learner *l, const char *path, hx_table **out) {
    hx_column_kind *kinds = NULL;
    size_t n = 0;
    hx_error err = {.ui = c->ui};
    if (hx_learner_kinds(l, c->arena, &kinds, &n, &err) != HX_OK)
        return hx_cli_error(c, &err) == HX_EXIT_DONE;
    hx_cli_catch_interrupts(c);
    if (!hx_table_io_read_as(c, path != NULL ? path : hx_table_io_input(c),
                             (hx_table_kinds_asked){kinds, n}, out))
        return false;
    say_infinite(c, *out, kinds, n);
    return true;
}

/* ------------------------------------------------------------------ fit */
typedef struct {
    hx_cli *c;
    hx_error err;
    hx_table *all, *parts[3]; /* training, validation, test; NULL where there is none */
    hx_learner *learner;
} job;

static bool failed(job *j, hx_status status) {
    if (status != HX_OK) hx_cli_error(j->c, &j->err);
    return status != HX_OK;
}

static bool pick_part(job *j, const unsigned char *part, unsigned char which,
                      const double shares[3]) {
    const size_t n = hx_table_rows(j->all);
    size_t kept = 0, *rows = hx_arena_alloc(j->c->arena, (n + 1) * sizeof *rows);
    if (rows == NULL) return hx_cli_fail(j->c, "out of memory", "内存不足") == HX_EXIT_DONE;
    for (size_t i = 0; i < n; i++)
        if (part[i] == which) rows[kept++] = i;
    if (kept == 0 && which > 0) {
        if (shares[which] > 0)
            hx_cli_note(j->c, "--split: no row fell to the %s: rows of the file: %zu",
                        "--split：没有行分到%s：文件共 %zu 行",
                        which == 1
                            ? hx_cli_tr(j->c, "validation part", "验证部分")
                            : hx_cli_tr(j->c, "test, so there is none", "测试部分，不作评估"),
                        n);
        return true;
    }
    return !failed(j, hx_table_pick(&j->parts[which], j->all, rows, kept, &j->err));
}

static bool split_rows(job *j) {
    const hx_cli_values *v = &j->c->options;
    unsigned char *part = NULL;
    hx_split_options o = {.stratify = v->text[HX_OPT_STRATIFY],
                          .group = v->text[HX_OPT_GROUP],
                          .time = v->text[HX_OPT_TIME],
                          .seed = (uint64_t)v->number[HX_OPT_SEED]};
    if (!hx_table_io_shares(v->text[HX_OPT_SPLIT], o.shares)) {
        hx_cli_usage(j->c, "--split takes two or three shares: 80,20 or 70,15,15",
                     "--split 须为两个或三个比例：80,20 或 70,15,15");
        return false;
    }
    if (failed(j, hx_table_split(j->all, &o, j->c->arena, &part, &j->err))) return false;
    return pick_part(j, part, 0, o.shares) && pick_part(j, part, 1, o.shares) &&
           pick_part(j, part, 2, o.shares);
}

static bool read_parts(job *j) {
    hx_cli *c = j->c;
    const hx_cli_values *v = &c->options;
    if (!hx_learn_read(c, &j->all)) return false;
    if (hx_cli_has(v, HX_OPT_SPLIT) && !split_rows(j)) return false;
    if (!hx_cli_has(v, HX_OPT_VALIDATION_FILE)) return true;
    hx_table_free(j->parts[1]);
    j->parts[1] = NULL;
    hx_column_kind *kinds = NULL;
    size_t n = 0;
    if (failed(j, hx_table_kinds(j->all, c->arena, &kinds, &n, &j->err))) return false;
    return hx_table_io_read_as(c, v->text[HX_OPT_VALIDATION_FILE], (hx_table_kinds_asked){kinds, n},
                               &j->parts[1]);
}

static void tell(void *context, const hx_learn_progress *p) {
    hx_progress_tick(context, p->epoch, p->n_epochs);
}

static bool fit(job *j) {
    hx_cli *c = j->c;
    hx_learn_options o;
    hx_progress_clock clock;
    if (!hx_learn_options_of(c, &o) || !hx_learn_params_of(c, false, &o.params)) return false;
    o.model = c->options.text[HX_OPT_MODEL];
    o.conformal = c->options.real[HX_OPT_CONFORMAL];
    hx_progress_begin(&clock, c, o.model != NULL ? o.model : "boosting");
    if (c->talks) {
        o.progress = tell;
        o.context = &clock;
    }
    const hx_table *train = j->parts[0] != NULL ? j->parts[0] : j->all;
    const hx_status status = hx_learner_fit(&j->learner, train, j->parts[1], &o, &j->err);
    hx_progress_clear(c);
    return !failed(j, status);
}

bool hx_learn_costs_of(hx_cli *c, double *false_positive, double *false_negative) {
    const hx_cli_values *v = &c->options;
    double costs[3] = {0};
    if (hx_cli_has(v, HX_OPT_COST) &&
        (!hx_table_io_shares(v->text[HX_OPT_COST], costs) || costs[1] != 0)) {
        hx_cli_usage(c, "--cost is two costs, of a false alarm and of a miss: 1,5",
                     "--cost 为误报和漏报的两个代价：1,5");
        return false;
    }
    *false_positive = costs[0];
    *false_negative = costs[2];
    return true;
}

static bool assess(job *j, const hx_table *t, hx_str *json) {
    const hx_cli_values *v = &j->c->options;
    hx_assess_options o = {.seed = (uint64_t)v->number[HX_OPT_SEED],
                           .n_threads = hx_table_io_threads(j->c),
                           .curves = hx_learn_wants_page(j->c),
                           .rank_by = v->text[HX_OPT_RANK_BY],
                           .rank_at = (size_t)v->number[HX_OPT_RANK_AT]};
    if (!hx_learn_costs_of(j->c, &o.cost_false_positive, &o.cost_false_negative)) return false;
    return !failed(j, hx_learner_assess(j->learner, t, &o, j->c->arena, json, &j->err));
}

static void release(job *j) {
    hx_learner_free(j->learner);
    hx_table_free(j->all);
    for (size_t i = 0; i < 3; i++)
        hx_table_free(j->parts[i]);
}

static bool save(job *j) {
    const char *path = j->c->options.text[HX_OPT_TARGET];
    if (path == NULL) return true;
    if (!hx_output_may_replace(j->c, path)) return false;
    return !failed(j, hx_learner_save(j->learner, path, &j->err));
}

static bool write_page(job *j, hx_str summary, hx_str evaluation) {
    const hx_learn_pages of = {.target = hx_learner_target(j->learner),
                               .en = "a model and how good it is",
                               .zh = "模型及其评估",
                               .rows = hx_table_rows(j->all),
                               .fit = summary,
                               .evaluation = evaluation};
    return hx_learn_write_page(j->c, &of);
}

int hx_cmd_learn_fit(hx_cli *c) {
    job j = {.c = c, .err.ui = c->ui};
    hx_str test = {0};
    const bool ok = read_parts(&j) && fit(&j) &&
                    (j.parts[2] == NULL || assess(&j, j.parts[2], &test)) && save(&j) &&
                    write_page(&j, hx_learner_summary(j.learner), test) &&
                    hx_learn_show_fit(c, hx_learner_summary(j.learner), test);
    release(&j);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ predict */
static bool load(job *j) {
    const char *path = j->c->options.text[HX_OPT_MODEL];
    if (path == NULL) {
        hx_cli_usage(j->c, "say which model by --model MODEL.json, as learn fit --out kept it",
                     "请用 --model 模型.json 给出 learn fit --out 保存的模型");
        return false;
    }
    const hx_text_embedder *embedder = hx_cli_embedder(j->c);
    if (embedder == NULL || failed(j, hx_learner_load(&j->learner, path, &j->err))) return false;
    hx_learner_lend(j->learner, embedder);
    return true;
}

static bool put_numbers(job *j, const char *name, const double *x) {
    return !failed(j,
                   hx_table_put_numbers(j->all, hx_str_of(name), HX_KIND_NUMBER, x, -1, &j->err));
}

static bool put_labels(job *j, const hx_predictions *p) {
    hx_arena *arena = j->c->arena;
    hx_str *texts = hx_arena_alloc(arena, (p->n_classes + 1) * sizeof *texts);
    uint32_t *codes = hx_arena_alloc(arena, (p->n + 1) * sizeof *codes);
    if (texts == NULL || codes == NULL)
        return hx_cli_fail(j->c, "out of memory", "内存不足") == HX_EXIT_DONE;
    for (size_t k = 0; k < p->n_classes; k++)
        texts[k] = hx_str_of(p->classes[k]);
    for (size_t i = 0; i < p->n; i++)
        codes[i] = (uint32_t)p->values[i];
    return !failed(j, hx_table_put_texts(j->all, HX_STR_LIT("prediction"), codes, texts,
                                         p->n_classes, &j->err));
}

/* Of class `k`; SIZE_MAX: of what was said. */
static bool put_probability(job *j, const hx_predictions *p, const char *name, size_t k) {
    double *x = hx_arena_alloc(j->c->arena, (p->n + 1) * sizeof *x);
    if (x == NULL) return hx_cli_fail(j->c, "out of memory", "内存不足") == HX_EXIT_DONE;
    for (size_t i = 0; i < p->n; i++)
        x[i] = p->probabilities[i * p->n_classes + (k == SIZE_MAX ? (size_t)p->values[i] : k)];
    return put_numbers(j, name, x);
}

/* The classes of a row's set, "a|b", as codes into the different sets there are. */
static bool put_sets(job *j, const hx_predictions *p, const hx_coverage *of) {
    hx_arena *arena = j->c->arena;
    hx_str *texts = hx_arena_alloc(arena, (p->n + 1) * sizeof *texts);
    uint32_t *codes = hx_arena_alloc(arena, (p->n + 1) * sizeof *codes);
    hx_outbuf set = {0};
    bool ok = texts != NULL && codes != NULL;
    for (size_t i = 0; i < p->n && ok; i++) {
        set.len = 0;
        for (size_t k = 0; k < p->n_classes; k++) {
            if (of->members[i * p->n_classes + k] == 0) continue;
            if (set.len > 0) hx_outbuf_byte(&set, '|');
            hx_outbuf_text(&set, p->classes[k]);
        }
        texts[i] = hx_arena_str(arena, (hx_str){set.ptr, set.len});
        codes[i] = (uint32_t)i;
        ok = texts[i].ptr != NULL;
    }
    hx_outbuf_release(&set);
    if (!ok) return hx_cli_fail(j->c, "out of memory", "内存不足") == HX_EXIT_DONE;
    return !failed(j, hx_table_put_texts(j->all, HX_STR_LIT("set"), codes, texts, p->n, &j->err));
}

static bool put_coverage(job *j, const hx_predictions *p) {
    const hx_cli_values *v = &j->c->options;
    hx_coverage of;
    if (!hx_cli_has(v, HX_OPT_CERTAINTY)) return true;
    if (failed(j, hx_learner_cover(j->learner, p, v->real[HX_OPT_CERTAINTY],
                                   (hx_conformal_method)v->number[HX_OPT_SETS], j->c->arena, &of,
                                   &j->err)))
        return false;
    if (of.members != NULL) return put_sets(j, p, &of);
    return put_numbers(j, "low", of.low) && put_numbers(j, "high", of.high);
}

static bool put_answers(job *j, const hx_predictions *p) {
    char name[COLUMN_BYTES];
    const hx_learn_task task = hx_learner_task(j->learner);
    if (p->probabilities == NULL)
        return put_numbers(j,
                           task == HX_TASK_OUTLIERS   ? "score"
                           : task == HX_TASK_SURVIVAL ? "risk"
                                                      : "prediction",
                           p->values);
    if (!put_labels(j, p)) return false;
    if (!put_probability(j, p, "probability", p->n_classes == 2 ? 1 : SIZE_MAX)) return false;
    for (size_t k = 0; k < p->n_classes && hx_cli_has(&j->c->options, HX_OPT_ALL); k++) {
        (void)snprintf(name, sizeof name, "probability %s", p->classes[k]);
        if (!put_probability(j, p, name, k)) return false;
    }
    return true;
}

int hx_cmd_learn_predict(hx_cli *c) {
    job j = {.c = c, .err.ui = c->ui};
    hx_predictions p;
    const bool ok = load(&j) && hx_learn_read_for(c, j.learner, NULL, &j.all) &&
                    !failed(&j, hx_learner_predict(j.learner, j.all, hx_table_io_threads(c),
                                                   c->arena, &p, &j.err)) &&
                    put_answers(&j, &p) && put_coverage(&j, &p) && hx_table_io_write(c, j.all);
    release(&j);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ evaluate */
int hx_cmd_learn_evaluate(hx_cli *c) {
    job j = {.c = c, .err.ui = c->ui};
    hx_str json = {0};
    const bool ok =
        load(&j) && hx_learn_read_for(c, j.learner, NULL, &j.all) && assess(&j, j.all, &json) &&
        write_page(&j, hx_learner_summary(j.learner), json) && hx_learn_show_evaluation(c, json);
    release(&j);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
