/* select.c - ranks the columns of a table and chooses among them; see huaxiang/learn.h.
 *
 *     table -> columns (select_columns.c) -> a value a method (select_filter, _mutual, _linear, _trees) -> ranks -> rules and limits -> kept or not
 *
 * Ranks: 1 is the best, equal values share the mean of their places. Where a method applies to m of n columns its ranks are stretched, 1 + (rank - 1)
 * (n - 1) / (m - 1), so that a column does not gain from standing in a short list. The mean rank is over the methods that look at the target.
 *
 * Order of the decision: rules, then what tells nothing (one value, an identifier), then places. Columns that must be kept count among the --top ones. Each
 * column's reason is a sentence in both languages, which the recipe keeps. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/pool.h"
#include "learn/select.h"
#include "learn/special.h"

#define ARENA_MAX ((size_t)64 << 30)
#define REASON_BYTES 400
#define TARGET_METHODS HX_SELECT_VARIANCE /* methods before it look at the target */

static const struct {
    const char *name, *en, *zh;
    bool less; /* is better */
} methods[HX_SELECT_METHODS] = {
    [HX_SELECT_PEARSON] = {"pearson", "Pearson", "皮尔逊", false},
    [HX_SELECT_SPEARMAN] = {"spearman", "Spearman", "斯皮尔曼", false},
    [HX_SELECT_KENDALL] = {"kendall", "Kendall", "肯德尔", false},
    [HX_SELECT_MUTUAL] = {"mutual", "mutual inf.", "互信息", false},
    [HX_SELECT_GAIN] = {"gain", "inf. gain", "信息增益", false},
    [HX_SELECT_GAIN_RATIO] = {"gain-ratio", "gain ratio", "增益率", false},
    [HX_SELECT_INFORMATION_VALUE] = {"iv", "inf. value", "信息值", false},
    [HX_SELECT_CHI2] = {"chi2", "chi-square", "卡方", false},
    [HX_SELECT_ANOVA] = {"anova", "ANOVA F", "方差分析 F", false},
    [HX_SELECT_L1] = {"l1", "L1 path", "L1 路径", false},
    [HX_SELECT_ELIMINATION] = {"elimination", "elimination", "递归消除", true},
    [HX_SELECT_FOREST] = {"forest", "forest", "随机森林", false},
    [HX_SELECT_BOOSTING] = {"boosting", "boosting", "梯度提升", false},
    [HX_SELECT_PERMUTATION] = {"permutation", "permutation", "置换", false},
    [HX_SELECT_BORUTA] = {"boruta", "Boruta", "Boruta", false},
    [HX_SELECT_VARIANCE] = {"variance", "variance", "方差", false},
    [HX_SELECT_VIF] = {"vif", "VIF", "VIF", true},
};

const char *hx_select_method_name(hx_select_method m) {
    return methods[m].name;
}

const char *hx_select_method_title(hx_select_method m, hx_ui_lang ui) {
    return ui == HX_UI_ZH ? methods[m].zh : methods[m].en;
}

hx_select_method hx_select_method_of(hx_str name) {
    for (size_t m = 0; m < HX_SELECT_METHODS; m++)
        if (hx_str_equal(name, hx_str_of(methods[m].name))) return (hx_select_method)m;
    return HX_SELECT_METHODS;
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory to rank the columns");
}

/* ------------------------------------------------------------------ what is asked for */
typedef struct {
    const hx_select_options *o;
    const hx_table *t;
    hx_arena *arena; /* the caller's */
    hx_selection *out;
    hx_design *design;
    hx_select_data data; /* in an arena of its own */
    hx_problem problem; /* of all columns */
    hx_select_rule *rules; /* by column of the table */
    bool wanted[HX_SELECT_METHODS];
    size_t n_wanted, done;
    size_t n_telling; /* columns that are ranked */
    hx_select_method by; /* HX_SELECT_METHODS = the mean rank */
    double limit; /* NAN = none */
    double *value[HX_SELECT_METHODS], *p[HX_SELECT_METHODS]; /* (n_columns) */
} selecting;

static hx_status method_list(selecting *s, const char *list, hx_error *err) {
    for (const char *at = list;;) {
        const hx_str name = {at, strcspn(at, ",")};
        const hx_select_method m = hx_select_method_of(name);
        if (m == HX_SELECT_METHODS)
            return hx_fail(err, HX_EINVAL,
                           "there is no ranking '%.*s'; see huaxiang table select --help",
                           HX_STR_ARG(name));
        s->wanted[m] = true;
        at += name.len;
        if (*at++ == '\0') return HX_OK;
    }
}

static hx_status read_options(selecting *s, hx_error *err) {
    const hx_select_options *o = s->o;
    const bool all = o->methods != NULL && strcmp(o->methods, "all") == 0;
    s->by = HX_SELECT_METHODS;
    s->limit = NAN;
    if (o->target == NULL || o->target[0] == '\0')
        return hx_fail(err, HX_EINVAL, "say which column is to be learnt by --target");
    if (o->task == HX_TASK_SURVIVAL || o->task == HX_TASK_OUTLIERS)
        return hx_fail(err, HX_EINVAL, "columns are ranked for a number or for classes alone");
    for (size_t m = 0; m < HX_SELECT_METHODS && (o->methods == NULL || all); m++)
        s->wanted[m] = all || m != HX_SELECT_BORUTA;
    if (o->methods != NULL && !all) HX_TRY(method_list(s, o->methods, err));
    if (o->by != NULL && strcmp(o->by, "mean") != 0) {
        s->by = hx_select_method_of(hx_str_of(o->by));
        if (s->by == HX_SELECT_METHODS)
            return hx_fail(err, HX_EINVAL,
                           "there is no ranking '%.*s'; see huaxiang table select --help",
                           HX_STR_ARG(hx_str_of(o->by)));
        s->wanted[s->by] = true;
    }
    if (o->limit != NULL) {
        s->limit = hx_double_of(hx_str_of(o->limit));
        if (isnan(s->limit))
            return hx_fail(err, HX_EINVAL, "the limit '%.*s' is no number",
                           HX_STR_ARG(hx_str_of(o->limit)));
    }
    for (size_t m = 0; m < HX_SELECT_METHODS; m++)
        s->n_wanted += s->wanted[m];
    return HX_OK;
}

/* A finished sentence in both languages, in the caller's arena. */
static hx_status say(selecting *s, const char *out[2], hx_error *err, const char *en,
                     const char *zh, ...) HX_PRINTF(4, 6);
static hx_status say(selecting *s, const char *out[2], hx_error *err, const char *en,
                     const char *zh, ...) {
    char room[REASON_BYTES];
    const char *const formats[2] = {en, zh};
    for (size_t ui = 0; ui < 2; ui++) {
        va_list args;
        va_start(args, zh);
        (void)vsnprintf(room, sizeof room, formats[ui], args);
        va_end(args);
        out[ui] = hx_arena_str(s->arena, hx_str_of(room)).ptr;
        if (out[ui] == NULL) return no_memory(err);
    }
    return HX_OK;
}

static const char **note(selecting *s) {
    hx_selection *out = s->out;
    const size_t most = sizeof out->notes / sizeof *out->notes;
    return out->notes[out->n_notes < most ? out->n_notes++ : most - 1];
}

/* ------------------------------------------------------------------ the table as columns */
static hx_status finite_targets(const hx_problem *p, const char *target, hx_error *err) {
    for (size_t i = 0; i < p->n; i++)
        if (!isfinite(p->y[i]))
            return hx_fail(err, HX_EINVAL,
                           "row %zu: '%s' is infinite, nothing can be learnt from that", i + 1,
                           target);
    return HX_OK;
}

static const hx_select_rule *rule_of(const selecting *s, const char *name) {
    return &s->rules[hx_table_find(s->t, hx_str_of(name))];
}

static hx_status read_columns(selecting *s, hx_error *err) {
    size_t n = 0;
    hx_select_data *d = &s->data;
    const char *const *names = hx_design_columns(s->design, &n);
    bool *skip = hx_arena_alloc(d->arena, n + 1), *use = hx_arena_alloc(d->arena, n + 1);
    if (skip == NULL || use == NULL) return no_memory(err);
    if (rule_of(s, s->o->target)->must_keep || rule_of(s, s->o->target)->must_not)
        return hx_fail(err, HX_EINVAL, "the target '%s' can't stand under a rule", s->o->target);
    for (size_t i = 0; i < n; i++) {
        skip[i] = rule_of(s, names[i])->must_not;
        use[i] = !skip[i];
    }
    HX_TRY(hx_select_columns_of(d, s->t, s->o->target, s->design, skip, err));
    for (size_t i = 0; i < d->n_columns; i++) {
        s->n_telling += d->columns[i].tells;
        use[d->columns[i].design] = d->columns[i].tells;
    }
    HX_TRY(hx_select_merge_of(d, &s->problem, err));
    return hx_select_features_of(&s->problem, use, d->merge, d->arena, &d->problem, err);
}

static hx_status prepare(selecting *s, hx_error *err) {
    const hx_select_options *o = s->o;
    const hx_design_options d = {
        .target = o->target, .use = o->use, .drop = o->drop, .task = o->task};
    if (hx_table_rows(s->t) == 1)
        return hx_fail(err, HX_EINVAL, "columns can't be ranked by one row alone");
    HX_TRY(hx_design_fit(&s->design, s->t, &d, err));
    HX_TRY(hx_design_problem(s->design, s->t, true, s->data.arena, &s->problem, err));
    HX_TRY(finite_targets(&s->problem, o->target, err));
    HX_TRY(hx_select_rules_of(s->t, o, s->data.arena, &s->rules, err));
    s->data.n = s->problem.n;
    s->data.task = s->problem.task;
    s->data.seed = o->seed;
    s->data.n_threads = o->n_threads ? o->n_threads : hx_processors();
    s->data.cancel = o->cancel;
    s->data.problem = s->problem;
    return read_columns(s, err);
}

/* ------------------------------------------------------------------ values */
static hx_status tick(selecting *s, hx_error *err) {
    s->done++;
    if (hx_flag_is_raised(s->o->cancel))
        return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
    if (s->o->progress == NULL) return HX_OK;
    const hx_learn_progress p = {.epoch = s->done <= s->n_wanted ? s->done : s->n_wanted,
                                 .n_epochs = s->n_wanted,
                                 .validation_loss = NAN,
                                 .validation_accuracy = NAN,
                                 .validation_macro_f1 = NAN,
                                 .seconds_left = NAN};
    s->o->progress(s->o->context, &p);
    return HX_OK;
}

static hx_status mutual_of(const hx_select_data *d, const hx_select_column *c,
                           const hx_select_counts *counts, double *out, hx_error *err) {
    if (c->n_levels < 2) return HX_OK;
    if (d->task == HX_TASK_CLASSES) {
        if (c->x && !c->few)
            return hx_select_mutual_class(c->x, d->target, d->n, d->n_targets, d->seed, out, err);
        *out = counts->mutual;
        return HX_OK;
    }
    if (c->x && !c->few) return hx_select_mutual_numbers(c->x, d->y, d->n, d->seed, out, err);
    return hx_select_mutual_class(d->y, c->levels, d->n, c->n_levels, d->seed, out, err);
}

static hx_status anova_of(const hx_select_data *d, const hx_select_column *c, double *f, double *p,
                          hx_error *err) {
    if (c->x && d->task == HX_TASK_CLASSES)
        return hx_select_anova(c->x, d->target, d->n, d->n_targets, f, p, err);
    if (c->x) { /* as f_regression: F of the straight line is t squared */
        const double r = hx_select_pearson(c->x, d->y, d->n);
        double rows = 0;
        for (size_t i = 0; i < d->n; i++)
            rows += !isnan(c->x[i]);
        if (isnan(r) || rows < 3) return HX_OK;
        *f = r * r / (1 - r * r) * (rows - 2);
        *p = r * r < 1 ? hx_f_tail(*f, 1, rows - 2) : 0;
        return HX_OK;
    }
    if (d->y == NULL || c->n_levels < 2) return HX_OK;
    return hx_select_anova(d->y, c->levels, d->n, c->n_levels, f, p, err);
}

static hx_status correlate(selecting *s, size_t i, hx_error *err) {
    const hx_select_data *d = &s->data;
    const hx_select_column *c = &d->columns[i];
    if (c->x == NULL || d->y == NULL) return HX_OK;
    s->value[HX_SELECT_PEARSON][i] = hx_select_pearson(c->x, d->y, d->n);
    if (s->wanted[HX_SELECT_SPEARMAN])
        HX_TRY(hx_select_spearman(c->x, d->y, d->n, &s->value[HX_SELECT_SPEARMAN][i], err));
    if (s->wanted[HX_SELECT_KENDALL])
        HX_TRY(hx_select_kendall(c->x, d->y, d->n, &s->value[HX_SELECT_KENDALL][i], err));
    return HX_OK;
}

/* All methods that look at one column at a time. */
static hx_status filter(void *context, size_t i, size_t worker, hx_error *err) {
    selecting *s = context;
    const hx_select_data *d = &s->data;
    const hx_select_column *c = &d->columns[i];
    hx_select_counts counts;
    (void)worker;
    HX_TRY(correlate(s, i, err));
    HX_TRY(
        hx_select_counts_of(c->levels, c->n_levels, d->target, d->n_targets, d->n, &counts, err));
    s->value[HX_SELECT_GAIN][i] = counts.gain;
    s->value[HX_SELECT_GAIN_RATIO][i] = counts.gain_ratio;
    s->value[HX_SELECT_INFORMATION_VALUE][i] =
        d->task == HX_TASK_CLASSES ? counts.information_value : NAN;
    s->value[HX_SELECT_CHI2][i] = counts.chi2;
    s->p[HX_SELECT_CHI2][i] = counts.chi2_p;
    s->value[HX_SELECT_VARIANCE][i] = hx_select_variance(c, d->n);
    if (s->wanted[HX_SELECT_MUTUAL])
        HX_TRY(mutual_of(d, c, &counts, &s->value[HX_SELECT_MUTUAL][i], err));
    return s->wanted[HX_SELECT_ANOVA]
               ? anova_of(d, c, &s->value[HX_SELECT_ANOVA][i], &s->p[HX_SELECT_ANOVA][i], err)
               : HX_OK;
}

static hx_status linear(selecting *s, hx_error *err) {
    const hx_select_method all[] = {HX_SELECT_VIF, HX_SELECT_L1, HX_SELECT_ELIMINATION};
    double *to[3];
    bool any = false, some = false;
    for (size_t k = 0; k < 3; k++) {
        to[k] = s->wanted[all[k]] ? s->value[all[k]] : NULL;
        any = any || to[k] != NULL;
    }
    if (!any) return HX_OK;
    HX_TRY(hx_select_linear(&s->data, to[0], to[1], to[2], err));
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; to[k] != NULL && i < s->data.n_columns; i++)
            some = some || !isnan(to[k][i]);
    if (some) return HX_OK;
    return say(s, note(s), err,
               "VIF, L1 path and elimination: no features, or more than %d of them",
               "VIF、L1 路径和递归消除：没有可用特征，或超过 %d 个", HX_SELECT_LINEAR_MAX);
}

static hx_status one_tree_method(selecting *s, hx_select_method m, hx_error *err) {
    const hx_select_data *d = &s->data;
    if (m == HX_SELECT_PERMUTATION) return hx_select_permutation(d, s->value[m], err);
    if (m == HX_SELECT_BORUTA) return hx_select_boruta(d, s->value[m], s->p[m], err);
    return hx_select_importance(d, m == HX_SELECT_FOREST ? "forest" : "boosting", s->value[m], err);
}

static hx_status trees(selecting *s, hx_error *err) {
    const hx_select_data *d = &s->data;
    bool any = false;
    for (hx_select_method m = HX_SELECT_FOREST; m <= HX_SELECT_BORUTA; m++) {
        hx_error own = {.ui = err ? err->ui : HX_UI_EN};
        if (!s->wanted[m]) continue;
        const hx_status st = one_tree_method(s, m, &own);
        any = true;
        if (m == HX_SELECT_BOOSTING && (st == HX_EUNSUPPORTED || st == HX_ELIMIT)) {
            HX_TRY(st == HX_ELIMIT
                       ? say(s, note(s), err,
                             "boosting: a column holds numbers beyond 1e38; scale it, or leave "
                             "it out by --drop",
                             "梯度提升：有列含超过 1e38 的数值；请缩放该列，或用 --drop 排除")
                       : say(s, note(s), err, "boosting: the library XGBoost is not installed",
                             "梯度提升：未安装 XGBoost 库"));
            for (size_t i = 0; i < d->n_columns; i++)
                s->value[m][i] = NAN;
        } else if (st != HX_OK) {
            if (err) *err = own;
            return st;
        }
        HX_TRY(tick(s, err));
    }
    if (any && d->merged)
        HX_TRY(say(s, note(s), err,
                   "trees: of texts with more than %d values the commonest, all others as one",
                   "树模型：取值超过 %d 个的文本列只用最常见的值，其余合并为一个",
                   HX_SELECT_DUMMIES));
    if (!any || d->n <= HX_SELECT_TREE_ROWS) return HX_OK;
    return say(s, note(s), err, "trees learnt from %d of the %zu rows, drawn by chance",
               "树模型从 %2$zu 行中随机抽取 %1$d 行学习", HX_SELECT_TREE_ROWS, d->n);
}

static hx_status evaluate(selecting *s, hx_error *err) {
    const size_t n = s->data.n_columns;
    for (size_t m = 0; m < HX_SELECT_METHODS; m++) {
        s->value[m] = hx_arena_alloc(s->data.arena, (n + 1) * sizeof(double));
        s->p[m] = hx_arena_alloc(s->data.arena, (n + 1) * sizeof(double));
        if (s->value[m] == NULL || s->p[m] == NULL) return no_memory(err);
        for (size_t i = 0; i < n; i++)
            s->value[m][i] = s->p[m][i] = NAN;
    }
    if (n == 0) return HX_OK;
    HX_TRY(hx_pool_run(s->data.n_threads, n, filter, s, err));
    for (size_t m = 0; m < HX_SELECT_FOREST; m++)
        if (s->wanted[m]) HX_TRY(tick(s, err));
    HX_TRY(linear(s, err));
    return s->data.problem.d > 0 ? trees(s, err) : HX_OK;
}

/* ------------------------------------------------------------------ ranks */
typedef struct {
    double first, second; /* less is better */
    size_t index;
} placed;

static int by_place(const void *a, const void *b) {
    const placed *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    if (x->second != y->second) return x->second < y->second ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* How good a value is: less is better. Of tests the probability comes first, where it is 0 the figure. */
static placed place_of(const selecting *s, hx_select_method m, size_t i) {
    const double v = s->value[m][i];
    if (m == HX_SELECT_CHI2 || m == HX_SELECT_ANOVA) return (placed){s->p[m][i], -v, i};
    if (m <= HX_SELECT_KENDALL) return (placed){-fabs(v), 0, i};
    return (placed){methods[m].less ? v : -v, 0, i};
}

static void rank_method(const selecting *s, hx_select_method m, placed *room,
                        hx_selected_column *columns) {
    const size_t all = s->n_telling;
    size_t n = 0;
    for (size_t i = 0; i < s->data.n_columns; i++)
        if (s->data.columns[i].tells && !isnan(s->value[m][i])) room[n++] = place_of(s, m, i);
    qsort(room, n, sizeof *room, by_place);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1;
             end < n && room[end].first == room[i].first && room[end].second == room[i].second;)
            end++;
        const double rank = ((double)(i + end) + 1) / 2;
        for (size_t k = i; k < end; k++)
            columns[room[k].index].rank[m] =
                n > 1 ? 1 + (rank - 1) * (double)(all - 1) / (double)(n - 1)
                      : ((double)all + 1) / 2;
    }
}

static void mean_rank(hx_selected_column *c) {
    double sum = 0, n = 0;
    for (size_t m = 0; m < TARGET_METHODS; m++)
        if (!isnan(c->rank[m])) sum += c->rank[m], n++;
    c->mean_rank = n > 0 ? sum / n : NAN;
}

static void rank_columns(selecting *s, placed *room, hx_selected_column *columns) {
    hx_selection *out = s->out;
    for (size_t m = 0; m < HX_SELECT_METHODS; m++) {
        for (size_t i = 0; i < out->n; i++)
            columns[i].value[m] = columns[i].p[m] = columns[i].rank[m] = NAN;
        if (!s->wanted[m]) continue;
        for (size_t i = 0; i < s->data.n_columns; i++) {
            columns[i].value[m] = s->value[m][i];
            columns[i].p[m] = s->p[m][i];
            out->has[m] = out->has[m] || !isnan(s->value[m][i]);
        }
        rank_method(s, (hx_select_method)m, room, columns);
    }
    for (size_t i = 0; i < out->n; i++)
        mean_rank(&columns[i]);
}

/* ------------------------------------------------------------------ the decision */
typedef struct {
    selecting *s;
    hx_error *err;
    size_t *order; /* (n_columns of data) the best first */
    hx_selected_column *columns; /* those of data first, then the ruled out */
    size_t kept;
} deciding;

static hx_status by_rule(deciding *g, hx_selected_column *c, const hx_select_rule *rule) {
    c->kept = rule->must_keep;
    g->kept += rule->must_keep;
    if (rule->must_keep && rule->reason[0])
        return say(g->s, c->reason, g->err, "must be kept: %s", "必须保留：%s", rule->reason);
    if (rule->must_keep) return say(g->s, c->reason, g->err, "must be kept", "必须保留");
    if (rule->reason[0])
        return say(g->s, c->reason, g->err, "must not be used: %s", "不得使用：%s", rule->reason);
    return say(g->s, c->reason, g->err, "must not be used", "不得使用");
}

static bool within_limit(const selecting *s, const hx_selected_column *c, double *value) {
    const bool mean = s->by == HX_SELECT_METHODS, less = mean || methods[s->by].less;
    *value = mean ? c->mean_rank : c->value[s->by];
    if (isnan(s->limit)) return true;
    if (!mean && s->by <= HX_SELECT_KENDALL) return fabs(*value) >= s->limit;
    return less ? *value <= s->limit : *value >= s->limit;
}

static hx_status by_place_of(deciding *g, hx_selected_column *c, size_t place, size_t room) {
    const selecting *s = g->s;
    const bool mean = s->by == HX_SELECT_METHODS;
    const char *en = mean ? "mean rank" : methods[s->by].en,
               *zh = mean ? "平均名次" : methods[s->by].zh;
    double value;
    const bool within = within_limit(s, c, &value);
    const size_t all = s->n_telling;
    c->kept = within && room > 0;
    g->kept += c->kept;
    const char *names[2] = {en, zh}, *said[2];
    for (size_t ui = 0; ui < 2; ui++) {
        const bool is_zh = ui == HX_UI_ZH;
        char text[REASON_BYTES];
        if (!within)
            (void)snprintf(text, sizeof text,
                           is_zh ? "%s %.4g，超出界限 %.4g" : "%s %.4g, the limit is %.4g",
                           names[ui], value, s->limit);
        else if (!c->kept)
            (void)snprintf(text, sizeof text,
                           is_zh ? "按%s第 %zu 位（共 %zu 列），不在前 %zu 之内"
                                 : "by %s place %zu of %zu, not among the best %zu",
                           names[ui], place, all, s->o->top);
        else
            (void)snprintf(text, sizeof text,
                           is_zh ? "按%s第 %zu 位（共 %zu 列）" : "by %s place %zu of %zu",
                           names[ui], place, all);
        said[ui] = hx_arena_str(s->arena, hx_str_of(text)).ptr;
        if (said[ui] == NULL) return no_memory(g->err);
        c->reason[ui] = said[ui];
    }
    return HX_OK;
}

static hx_status decide_one(deciding *g, size_t place, size_t *free_places) {
    const selecting *s = g->s;
    const size_t i = g->order[place];
    const hx_select_column *from = &s->data.columns[i];
    hx_selected_column *c = &g->columns[i];
    if (rule_of(s, c->name)->must_keep) return HX_OK;
    if (from->identifier && from->repeated > 0)
        return say(g->s, c->reason, g->err,
                   "values in %zu rows or more have less than a tenth of the rows: an identifier",
                   "出现 %zu 行以上的值不到总行数的十分之一：标识列",
                   hx_select_least_rows(s->data.n));
    if (from->identifier)
        return say(g->s, c->reason, g->err, "no value occurs in %zu rows: an identifier",
                   "没有出现 %zu 行以上的值：标识列", hx_select_least_rows(s->data.n));
    if (!from->tells) return say(g->s, c->reason, g->err, "has only one value", "只有一个值");
    HX_TRY(by_place_of(g, c, place + 1, *free_places));
    if (c->kept && *free_places != SIZE_MAX) (*free_places)--;
    return HX_OK;
}

static hx_status decide(deciding *g) {
    const selecting *s = g->s;
    size_t free_places = s->o->top ? s->o->top : SIZE_MAX;
    for (size_t i = 0; i < s->out->n; i++) {
        const hx_select_rule *rule = rule_of(s, g->columns[i].name);
        if (rule->must_keep || rule->must_not) HX_TRY(by_rule(g, &g->columns[i], rule));
    }
    if (s->o->top) free_places = g->kept < s->o->top ? s->o->top - g->kept : 0;
    for (size_t k = 0; k < s->data.n_columns; k++)
        HX_TRY(decide_one(g, k, &free_places));
    return HX_OK;
}

/* NAN last. */
static double or_last(double rank) {
    return isnan(rank) ? INFINITY : rank;
}

static void order_columns(const selecting *s, const hx_selected_column *columns, placed *room,
                          size_t *order) {
    const size_t n = s->data.n_columns;
    for (size_t i = 0; i < n; i++) {
        const double mean = or_last(s->data.columns[i].tells ? columns[i].mean_rank : NAN);
        room[i] =
            (placed){s->by == HX_SELECT_METHODS ? mean : or_last(columns[i].rank[s->by]), mean, i};
    }
    qsort(room, n, sizeof *room, by_place);
    for (size_t i = 0; i < n; i++)
        order[i] = room[i].index;
}

/* ------------------------------------------------------------------ how good the choice is */
static hx_status judge(selecting *s, const hx_selected_column *columns, hx_error *err) {
    size_t n = 0;
    hx_problem test;
    (void)hx_design_columns(s->design, &n);
    bool *use = hx_arena_alloc(s->data.arena, n + 1);
    if (use == NULL) return no_memory(err);
    HX_TRY(hx_design_problem(s->design, s->o->test, true, s->data.arena, &test, err));
    for (size_t i = 0; i < s->data.n_columns; i++)
        use[s->data.columns[i].design] = s->data.columns[i].tells;
    HX_TRY(hx_select_judge(&s->data, &test, use, &s->out->all, err));
    for (size_t i = 0; i < s->data.n_columns; i++)
        use[s->data.columns[i].design] = columns[i].kept && s->data.columns[i].tells;
    HX_TRY(hx_select_judge(&s->data, &test, use, &s->out->chosen, err));
    s->out->figure = s->data.task == HX_TASK_REGRESSION ? "r2" : "auc";
    return HX_OK;
}

/* ------------------------------------------------------------------ the result */
static hx_status name_columns(selecting *s, hx_selected_column *columns, hx_error *err) {
    size_t n = 0, at = s->data.n_columns;
    const char *const *names = hx_design_columns(s->design, &n);
    for (size_t i = 0; i < s->data.n_columns; i++)
        columns[i].name = s->data.columns[i].name;
    for (size_t i = 0; i < n; i++) {
        if (!rule_of(s, names[i])->must_not) continue;
        columns[at].name = names[i];
        columns[at++].ruled_out = true;
    }
    for (size_t i = 0; i < n; i++) {
        hx_selected_column *c = &columns[i];
        const hx_str name = hx_str_of(c->name);
        c->kind = hx_table_column_at(s->t, hx_table_find(s->t, name))->kind;
        c->looks_protected = hx_select_protected(name);
        c->name = hx_arena_str(s->arena, name).ptr;
        if (c->name == NULL) return no_memory(err);
    }
    return HX_OK;
}

static hx_status finish(selecting *s, hx_error *err) {
    hx_selection *out = s->out;
    (void)hx_design_columns(s->design, &out->n);
    hx_arena *scratch = s->data.arena;
    hx_selected_column *columns = hx_arena_alloc(scratch, (out->n + 1) * sizeof *columns);
    placed *room = hx_arena_alloc(scratch, (out->n + 1) * sizeof *room);
    deciding g = {.s = s,
                  .err = err,
                  .columns = columns,
                  .order = hx_arena_alloc(scratch, (out->n + 1) * sizeof *g.order)};
    out->columns = hx_arena_alloc(s->arena, (out->n + 1) * sizeof *out->columns);
    out->target = hx_arena_str(s->arena, hx_str_of(s->o->target)).ptr;
    if (!columns || !room || !g.order || !out->columns || !out->target) return no_memory(err);
    HX_TRY(name_columns(s, columns, err));
    rank_columns(s, room, columns);
    order_columns(s, columns, room, g.order);
    HX_TRY(decide(&g));
    if (s->o->test != NULL) HX_TRY(judge(s, columns, err));
    for (size_t i = 0; i < out->n; i++)
        out->columns[i] = columns[i < s->data.n_columns ? g.order[i] : i];
    out->n_kept = g.kept;
    out->task = s->data.task;
    out->rows = s->data.n;
    out->n_classes = s->problem.n_classes;
    return HX_OK;
}

hx_status hx_table_select(const hx_table *train, const hx_select_options *options, hx_arena *arena,
                          hx_selection *out, hx_error *err) {
    selecting s = {.o = options, .t = train, .arena = arena, .out = out};
    *out = (hx_selection){.all = NAN, .chosen = NAN};
    HX_TRY(read_options(&s, err));
    if (!(s.data.arena = hx_arena_new(ARENA_MAX))) return no_memory(err);
    hx_status st = prepare(&s, err);
    if (st == HX_OK) st = evaluate(&s, err);
    if (st == HX_OK) st = finish(&s, err);
    hx_design_free(s.design);
    hx_arena_free(s.data.arena);
    return st;
}
