/* Rankings of columns against scipy, scikit-learn, statsmodels and pandas (tests/golden/learn/make_select.py), rules, choices, edge cases. */
#include "golden.h"
#include "huaxiang/learn.h"
#include "learn/select.h"

#define N 207
#define COLUMNS 6

static const char *const names[COLUMNS] = {"a", "b", "near", "few", "ties", "same"};

static void put_number(hx_table *t, const char *name, const double *x) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static void put_text(hx_table *t, const char *name, const uint32_t *codes, const hx_str *values,
                     size_t n) {
    hx_error err = {0};
    if (hx_table_put_texts(t, hx_str_of(name), codes, values, n, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static hx_table *new_table(size_t n) {
    hx_table *t = NULL;
    hx_error err = {0};
    if (hx_table_new(&t, n, &err) != HX_OK) fail_msg("%s", err.message);
    return t;
}

static hx_table *golden_table(golden *g) {
    const hx_str values[] = {HX_STR_LIT("v0"), HX_STR_LIT("v1"), HX_STR_LIT("v2"), HX_STR_LIT("v3"),
                             HX_STR_LIT("v4")};
    double x[N];
    size_t n;
    hx_table *t = new_table(N);
    const double *all = golden_array(g, "x", &n);
    assert_int_equal(n, N * COLUMNS);
    for (size_t j = 0; j < COLUMNS; j++) {
        for (size_t i = 0; i < N; i++)
            x[i] = all[i * COLUMNS + j];
        put_number(t, names[j], x);
    }
    put_text(t, "text", golden_u32(g, "text", &n), values, 5);
    put_number(t, "y", golden_array(g, "y", &n));
    put_number(t, "c", golden_array(g, "c", &n));
    put_number(t, "k", golden_array(g, "k", &n));
    return t;
}

static hx_selection selected(const hx_table *t, const hx_select_options *o, hx_arena *arena) {
    hx_selection s;
    hx_error err = {0};
    if (hx_table_select(t, o, arena, &s, &err) != HX_OK) fail_msg("%s", err.message);
    return s;
}

static const hx_selected_column *column_of(const hx_selection *s, const char *name) {
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->columns[i].name, name) == 0) return &s->columns[i];
    fail_msg("no column %s", name);
    return NULL;
}

/* Values of a method for the first `n` names beside the array NAME, `stride` apart. */
static void near(golden *g, const hx_selection *s, hx_select_method m, size_t n, const char *name,
                 size_t from, size_t stride, double tolerance) {
    size_t length;
    const double *wanted = golden_array(g, name, &length);
    assert_true(from + (n - 1) * stride < length);
    for (size_t j = 0; j < n; j++)
        golden_near(column_of(s, j == 5 ? "text" : names[j])->value[m], wanted[from + j * stride],
                    tolerance, name);
}

/* ------------------------------------------------------------------ as others have it */
static void correlations(void **st) {
    golden *g = *st;
    hx_table *t = golden_table(g);
    for (size_t k = 0; k < 2; k++) {
        const char *const target = k == 0 ? "y" : "c";
        char name[32];
        const hx_select_options o = {.target = target,
                                     .use = "a,b,near,few,ties,same",
                                     .methods = "pearson,spearman,kendall"};
        const hx_selection s = selected(t, &o, g->arena);
        for (hx_select_method m = HX_SELECT_PEARSON; m <= HX_SELECT_KENDALL; m++) {
            (void)snprintf(name, sizeof name, "%s.%s", target, hx_select_method_name(m));
            near(g, &s, m, 5, name, 0, 1, 1e-12);
            assert_true(isnan(column_of(&s, "same")->value[m]));
        }
        assert_false(s.has[HX_SELECT_CHI2]);
    }
    hx_table_free(t);
}

static void tests_of_means(void **st) {
    golden *g = *st;
    hx_table *t = golden_table(g);
    static const char *const targets[] = {"y", "c", "k"};
    for (size_t k = 0; k < 3; k++) {
        char name[32];
        size_t n;
        const hx_select_options o = {
            .target = targets[k], .use = "a,b,near,few,ties,text", .methods = "anova"};
        const hx_selection s = selected(t, &o, g->arena);
        (void)snprintf(name, sizeof name, "%s.f", targets[k]);
        near(g, &s, HX_SELECT_ANOVA, 5, name, 0, 1, 1e-9);
        const double *wanted = golden_array(g, name, &n);
        for (size_t j = 0; j < 5; j++)
            assert_true(fabs(column_of(&s, names[j])->p[HX_SELECT_ANOVA] / wanted[5 + j] - 1) <
                        1e-8);
        const double f = column_of(&s, "text")->value[HX_SELECT_ANOVA];
        if (k == 0) golden_near(f, golden_array(g, "text.y.f", &n)[0], 1e-9, "text");
        if (k == 2) assert_true(isfinite(f)); /* classes that are numbers */
    }
    hx_table_free(t);
}

static void counts(void **st) {
    static const hx_select_method of[] = {HX_SELECT_MUTUAL, HX_SELECT_GAIN, HX_SELECT_GAIN_RATIO,
                                          HX_SELECT_CHI2};
    golden *g = *st;
    hx_table *t = golden_table(g);
    static const char *const targets[] = {"y", "c", "k"};
    for (size_t k = 0; k < 3; k++) {
        char name[32];
        size_t n;
        const hx_select_options o = {.target = targets[k],
                                     .use = "a,b,near,few,ties,text,same",
                                     .methods = "gain,gain-ratio,chi2,iv,variance"};
        const hx_selection s = selected(t, &o, g->arena);
        (void)snprintf(name, sizeof name, "%s.counts", targets[k]);
        for (size_t m = 1; m < 4; m++)
            near(g, &s, of[m], 6, name, m, 5, 1e-9);
        const double *wanted = golden_array(g, name, &n);
        for (size_t j = 0; j < 6; j++)
            golden_near(column_of(&s, j == 5 ? "text" : names[j])->p[HX_SELECT_CHI2],
                        wanted[j * 5 + 4], 1e-12, name);
        assert_true(isnan(column_of(&s, "same")->value[HX_SELECT_GAIN]));
        assert_true(column_of(&s, "same")->value[HX_SELECT_VARIANCE] == 0);
        near(g, &s, HX_SELECT_VARIANCE, 5, "variance", 0, 1, 1e-12);
        if (k == 1) near(g, &s, HX_SELECT_INFORMATION_VALUE, 6, "c.iv", 0, 1, 1e-9);
        if (k != 1) assert_false(s.has[HX_SELECT_INFORMATION_VALUE]);
    }
    hx_table_free(t);
}

static void mutual_information(void **st) {
    golden *g = *st;
    hx_table *t = golden_table(g);
    static const char *const targets[] = {"y", "c", "k"};
    for (size_t k = 0; k < 3; k++) {
        char name[32];
        size_t n;
        const hx_select_options o = {
            .target = targets[k], .use = "a,b,near,few,ties,text", .methods = "mutual", .seed = 5};
        const hx_selection s = selected(t, &o, g->arena);
        (void)snprintf(name, sizeof name, "%s.mutual", targets[k]);
        near(g, &s, HX_SELECT_MUTUAL, 3, name, 0, 1, 1e-9);
        const double few = column_of(&s, "few")->value[HX_SELECT_MUTUAL],
                     text = column_of(&s, "text")->value[HX_SELECT_MUTUAL];
        (void)snprintf(name, sizeof name, k == 0 ? "y.mutual.few" : "%s.counts", targets[k]);
        const double *wanted = golden_array(g, name, &n);
        golden_near(few, wanted[k == 0 ? 0 : 3 * 5], 1e-9, name);
        golden_near(text, wanted[k == 0 ? 1 : 5 * 5], 1e-9, name);
    }
    hx_table_free(t);
}

static void linear_models(void **st) {
    golden *g = *st;
    hx_table *t = golden_table(g);
    size_t n;
    const char *const methods = "vif,l1,elimination";
    hx_select_options o = {.target = "y", .use = "a,b,near,few,ties,same", .methods = methods};
    hx_selection s = selected(t, &o, g->arena);
    near(g, &s, HX_SELECT_VIF, 5, "vif", 0, 1, 1e-9);
    near(g, &s, HX_SELECT_L1, 5, "y.l1", 0, 1, 1e-9);
    near(g, &s, HX_SELECT_ELIMINATION, 5, "y.rfe", 0, 1, 0);
    assert_true(isnan(column_of(&s, "same")->value[HX_SELECT_VIF]));
    o.target = "c";
    s = selected(t, &o, g->arena);
    near(g, &s, HX_SELECT_L1, 5, "c.l1", 0, 1, 1e-9);
    near(g, &s, HX_SELECT_ELIMINATION, 5, "c.rfe", 0, 1, 0);
    o.target = "k";
    s = selected(t, &o, g->arena);
    near(g, &s, HX_SELECT_ELIMINATION, 5, "k.rfe", 0, 1, 0);
    o.use = "a,b,near,few,ties,text";
    s = selected(t, &o, g->arena);
    golden_near(column_of(&s, "text")->value[HX_SELECT_VIF], golden_array(g, "gvif", &n)[0], 1e-9,
                "gvif");
    hx_table_free(t);
}

/* ------------------------------------------------------------------ a shop */
/* strong tells the target, weak a little, noise nothing; twin = 2 strong; id and same tell nothing. */
static hx_table *shop(size_t n) {
    static const char *const cities[] = {"上海", "北京", "广州", "深圳"};
    static const char *const sexes[] = {"男", "女"};
    static const char *const answers[] = {"no", "yes"};
    hx_arena *arena = hx_arena_new(0);
    double *x = hx_arena_alloc(arena, 6 * n * sizeof *x);
    uint32_t *codes = hx_arena_alloc(arena, 4 * n * sizeof *codes);
    hx_str *ids = hx_arena_alloc(arena, n * sizeof *ids), values[4];
    hx_table *t = new_table(n);
    for (size_t i = 0; i < n; i++) {
        char id[32];
        const double u = (double)(i * 7919 % 1009) / 1009, v = (double)(i * 104729 % 997) / 997;
        x[i] = u;
        x[n + i] = i % 17 == 3 ? NAN : i % 19 == 2 ? INFINITY : v;
        x[2 * n + i] = (double)(i * 15485863 % 991);
        x[3 * n + i] = 2 * u;
        x[4 * n + i] = 7;
        x[5 * n + i] = 20 + (double)(i * 31 % 50);
        codes[i] = (uint32_t)(u > 0.7 ? i % 2 : 2 + i % 2);
        codes[n + i] = (uint32_t)(i * 13 % 2);
        codes[2 * n + i] = (uint32_t)i;
        codes[3 * n + i] = u + 0.3 * v > 0.7;
        (void)snprintf(id, sizeof id, "C%05zu", i);
        ids[i] = hx_arena_str(arena, hx_str_of(id));
    }
    static const char *const numbers[] = {"strong", "weak", "noise", "twin", "same", "age"};
    for (size_t k = 0; k < 6; k++)
        put_number(t, numbers[k], x + k * n);
    for (size_t k = 0; k < 4; k++)
        values[k] = hx_str_of(cities[k]);
    put_text(t, "city", codes, values, 4);
    values[0] = hx_str_of(sexes[0]);
    values[1] = hx_str_of(sexes[1]);
    put_text(t, "性别", codes + n, values, 2);
    put_text(t, "id", codes + 2 * n, ids, n);
    values[0] = hx_str_of(answers[0]);
    values[1] = hx_str_of(answers[1]);
    put_text(t, "buys", codes + 3 * n, values, 2);
    hx_arena_free(arena);
    return t;
}

static void all_rankings(void **st) {
    (void)st;
    hx_table *t = shop(400);
    hx_arena *arena = hx_arena_new(0);
    hx_select_options o = {.target = "buys", .methods = "all", .seed = 3, .n_threads = 1};
    const hx_selection one = selected(t, &o, arena);
    o.n_threads = 3;
    const hx_selection three = selected(t, &o, arena);
    assert_int_equal(one.n, 9);
    for (size_t i = 0; i < one.n; i++) {
        assert_string_equal(one.columns[i].name, three.columns[i].name);
        assert_memory_equal(one.columns[i].value, three.columns[i].value,
                            sizeof one.columns[i].value);
        assert_memory_equal(one.columns[i].rank, three.columns[i].rank, sizeof one.columns[i].rank);
    }
    const hx_selected_column *strong = column_of(&one, "strong"), *noise = column_of(&one, "noise"),
                             *twin = column_of(&one, "twin");
    for (size_t m = 0; m < HX_SELECT_VARIANCE; m++) {
        if (m == HX_SELECT_L1 || m == HX_SELECT_ELIMINATION) continue; /* one of the twins enters */
        if (!one.has[m]) continue;
        assert_true(strong->rank[m] < noise->rank[m]);
    }
    assert_true(isinf(strong->value[HX_SELECT_VIF]) && isinf(twin->value[HX_SELECT_VIF]));
    assert_true(isfinite(noise->value[HX_SELECT_VIF]));
    assert_true(strong->value[HX_SELECT_BORUTA] > 0.9 && strong->p[HX_SELECT_BORUTA] > 0);
    assert_true(noise->value[HX_SELECT_BORUTA] < 0.5 && noise->p[HX_SELECT_BORUTA] < 0);
    assert_true(strong->value[HX_SELECT_PERMUTATION] > noise->value[HX_SELECT_PERMUTATION]);
    assert_string_equal(column_of(&one, "id")->reason[0],
                        "no value occurs in 5 rows: an identifier");
    assert_string_equal(column_of(&one, "same")->reason[1], "只有一个值");
    assert_false(column_of(&one, "id")->kept || column_of(&one, "same")->kept);
    assert_int_equal(one.n_kept, 7);
    assert_true(isnan(column_of(&one, "city")->value[HX_SELECT_PEARSON])); /* has no order */
    assert_true(column_of(&one, "city")->value[HX_SELECT_CHI2] > 50);
    hx_arena_free(arena);
    hx_table_free(t);
}

/* Ranks of a method that applies to some columns are stretched to all: 1 stays 1, the last becomes the number of columns. */
static void stretched_ranks(void **st) {
    (void)st;
    hx_table *t = shop(300);
    hx_arena *arena = hx_arena_new(0);
    const hx_select_options o = {
        .target = "buys", .use = "strong,twin,noise,city", .methods = "pearson,gain"};
    const hx_selection s = selected(t, &o, arena);
    assert_true(column_of(&s, "strong")->rank[HX_SELECT_PEARSON] ==
                column_of(&s, "twin")->rank[HX_SELECT_PEARSON]);
    golden_near(column_of(&s, "strong")->rank[HX_SELECT_PEARSON], 1 + 0.5 * 3 / 2.0, 1e-12, "tie");
    golden_near(column_of(&s, "noise")->rank[HX_SELECT_PEARSON], 4, 1e-12, "last");
    golden_near(column_of(&s, "city")->mean_rank, column_of(&s, "city")->rank[HX_SELECT_GAIN],
                1e-12, "only one applies");
    hx_arena_free(arena);
    hx_table_free(t);
}

/* ------------------------------------------------------------------ choices */
static void rules_and_choice(void **st) {
    (void)st;
    hx_table *t = shop(300), *other = shop(100);
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_str json;
    hx_recipe *r = NULL;
    hx_select_options o = {
        .target = "buys",
        .methods = "gain,forest,permutation",
        .top = 3,
        .must_keep = "same",
        .must_not = "age",
        .rules = HX_STR_LIT("{\"must_not\":[{\"column\":\"性别\",\"reason\":\"law\"},\"民族\"],"
                            "\"must_keep\":[{\"column\":\"noise\",\"reason\":\"contract\"}]}"),
        .test = other};
    const hx_selection s = selected(t, &o, arena);
    assert_int_equal(s.n, 9);
    assert_int_equal(s.n_kept, 3);
    assert_true(column_of(&s, "same")->kept && column_of(&s, "noise")->kept);
    assert_string_equal(column_of(&s, "noise")->reason[0], "must be kept: contract");
    assert_string_equal(column_of(&s, "性别")->reason[1], "不得使用：law");
    assert_true(column_of(&s, "性别")->ruled_out && column_of(&s, "age")->ruled_out);
    assert_true(isnan(column_of(&s, "age")->value[HX_SELECT_GAIN]));
    assert_true(s.columns[7].ruled_out && s.columns[8].ruled_out);
    assert_string_equal(s.columns[0].reason[0], "by mean rank place 1 of 5");
    assert_string_equal(s.figure, "auc");
    assert_true(s.all > 0.9 && s.chosen > 0.9);
    assert_int_equal(hx_selection_recipe(&s, HX_UI_EN, arena, &json, &err), HX_OK);
    assert_non_null(strstr(json.ptr, "\"age\": \"must not be used\""));
    assert_int_equal(hx_recipe_open(&r, json, NULL, 0, &err), HX_OK);
    assert_int_equal(hx_recipe_fit(r, other, &(hx_recipe_run){.n_threads = 1}, &err), HX_OK);
    assert_int_equal(hx_table_columns(other), 4); /* three and the target */
    assert_true(hx_table_find(other, HX_STR_LIT("buys")) != HX_COLUMN_NONE);
    hx_recipe_free(r);
    hx_arena_free(arena);
    hx_table_free(t);
    hx_table_free(other);
}

static void limits(void **st) {
    (void)st;
    hx_table *t = shop(300);
    hx_arena *arena = hx_arena_new(0);
    hx_select_options o = {.target = "buys",
                           .use = "strong,weak,noise,twin",
                           .methods = "pearson",
                           .by = "pearson",
                           .limit = "0.5"};
    hx_selection s = selected(t, &o, arena);
    assert_int_equal(s.n_kept, 2);
    assert_true(column_of(&s, "strong")->kept && column_of(&s, "twin")->kept);
    o.by = "vif";
    o.limit = "5";
    s = selected(t, &o, arena);
    assert_int_equal(s.n_kept, 2);
    assert_false(column_of(&s, "strong")->kept);
    o.by = NULL;
    o.limit = "2";
    s = selected(t, &o, arena);
    assert_true(column_of(&s, "twin")->kept);
    assert_false(s.columns[3].kept);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void pages(void **st) {
    (void)st;
    hx_table *t = shop(200);
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_str html, rules;
    const hx_select_options o = {.target = "buys", .methods = "gain,vif,boosting"};
    const hx_selection s = selected(t, &o, arena);
    assert_int_equal(hx_selection_html(&s, HX_STR_LIT("<&>"), HX_UI_ZH, arena, &html, &err), HX_OK);
    assert_non_null(strstr(html.ptr, "<h1>&lt;&amp;&gt;</h1>"));
    assert_non_null(strstr(html.ptr, "受保护？性别"));
    assert_non_null(strstr(html.ptr, "∞"));
    assert_null(strstr(html.ptr, "<script"));
    assert_int_equal(hx_select_rules_propose(t, HX_UI_EN, arena, &rules, &err), HX_OK);
    assert_non_null(strstr(rules.ptr, "\"reason\": \"protected attribute: gender\""));
    assert_null(strstr(rules.ptr, "strong"));
    const hx_select_options ruled = {.target = "buys", .methods = "gain", .rules = rules};
    const hx_selection less = selected(t, &ruled, arena);
    assert_true(column_of(&less, "age")->ruled_out && column_of(&less, "性别")->ruled_out);
    assert_int_equal(less.n_kept, 5);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void protected_names(void **st) {
    (void)st;
    static const struct {
        const char *name, *group;
    } cases[] = {{"personal_status_sex", "gender"},
                 {"SeniorCitizen", "age"},
                 {"DOB", "age"},
                 {"customerAge", "age"},
                 {"foreign_worker", "nationality"},
                 {"客户民族", "ethnicity"},
                 {"出生地", "origin"},
                 {"MARITAL STATUS", "marriage and family"},
                 {"page", NULL},
                 {"language", NULL},
                 {"traceId", NULL},
                 {"Essex", NULL},
                 {"", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const *group = hx_select_protected(hx_str_of(cases[i].name));
        if (cases[i].group == NULL)
            assert_null(group);
        else
            assert_string_equal(group[0], cases[i].group);
    }
}

/* ------------------------------------------------------------------ edges */
static void refused(const hx_table *t, const hx_select_options *o, hx_status code,
                    const char *message) {
    hx_selection s;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    assert_int_equal(hx_table_select(t, o, arena, &s, &err), code);
    assert_string_equal(err.message, message);
    hx_arena_free(arena);
}

#define WITH(...) (&(hx_select_options){__VA_ARGS__})

static void bad_input(void **st) {
    (void)st;
    hx_table *t = shop(60), *none = shop(0), *one = shop(1);
    refused(t, WITH(0), HX_EINVAL, "say which column is to be learnt by --target");
    refused(t, WITH(.target = "none"), HX_ENOTFOUND, "there is no column 'none'");
    refused(t, WITH(.target = "buys", .methods = "gain,luck"), HX_EINVAL,
            "there is no ranking 'luck'; see huaxiang table select --help");
    refused(t, WITH(.target = "buys", .by = "luck"), HX_EINVAL,
            "there is no ranking 'luck'; see huaxiang table select --help");
    refused(t, WITH(.target = "buys", .limit = "x"), HX_EINVAL, "the limit 'x' is no number");
    refused(t, WITH(.target = "buys", .task = HX_TASK_OUTLIERS), HX_EINVAL,
            "columns are ranked for a number or for classes alone");
    refused(t, WITH(.target = "buys", .must_keep = "age", .must_not = "age"), HX_EINVAL,
            "the column 'age' must be kept and must not be used");
    refused(t, WITH(.target = "buys", .must_not = "buys"), HX_EINVAL,
            "the target 'buys' can't stand under a rule");
    refused(t, WITH(.target = "buys", .rules = HX_STR_LIT("[]")), HX_EFORMAT,
            "rules: {\"must_keep\":[...],\"must_not\":[...]} is wanted");
    refused(t, WITH(.target = "buys", .rules = HX_STR_LIT("{\"never\":[]}")), HX_EFORMAT,
            "rules: 'never' is no list that is known; there are must_keep and must_not");
    refused(t, WITH(.target = "buys", .rules = HX_STR_LIT("{\"must_not\":[\"age\",{\"col\":1}]}")),
            HX_EFORMAT,
            "rules: entry 2 of 'must_not' is neither a column's name nor {\"column\":..., "
            "\"reason\":...}");
    refused(t, WITH(.target = "buys", .rules = HX_STR_LIT("{\"must_keep\":[\"plan\"]}")),
            HX_ENOTFOUND, "rules: there is no column 'plan', which must be kept");
    refused(t, WITH(.target = "same", .task = HX_TASK_REGRESSION), HX_EINVAL,
            "the target 'same' has only one value: nothing can be told apart");
    refused(t, WITH(.target = "same"), HX_EINVAL,
            "the target 'same' has only one class, '7': nothing can be told apart");
    refused(none, WITH(.target = "buys"), HX_EINVAL, "the table has no rows to learn from");
    refused(one, WITH(.target = "noise"), HX_EINVAL, "columns can't be ranked by one row alone");
    hx_table_free(t);
    hx_table_free(none);
    hx_table_free(one);
}

/* Two rows, columns without a value, infinities alone: nothing is learnt, nothing breaks. */
static void hardly_any_rows(void **st) {
    (void)st;
    const double empty[] = {NAN, NAN}, wide[] = {INFINITY, -INFINITY}, fine[] = {1, 2};
    hx_table *t = new_table(2);
    hx_arena *arena = hx_arena_new(0);
    put_number(t, "empty", empty);
    put_number(t, "wide", wide);
    put_number(t, "fine", fine);
    put_number(t, "y", fine);
    for (size_t k = 0; k < 2; k++) {
        const hx_select_options o = {
            .target = "y", .methods = "all", .task = k == 0 ? HX_TASK_REGRESSION : HX_TASK_CLASSES};
        const hx_selection s = selected(t, &o, arena);
        assert_int_equal(s.n, 3);
        assert_string_equal(s.columns[0].name, "fine");
        assert_true(s.columns[0].kept);
        assert_int_equal(s.n_kept, 1);
        assert_string_equal(column_of(&s, "empty")->reason[0], "has only one value");
        golden_near(column_of(&s, "fine")->value[HX_SELECT_PEARSON], 1, 1e-15, "pearson");
        assert_false(s.has[HX_SELECT_PERMUTATION]);
    }
    hx_arena_free(arena);
    hx_table_free(t);
}

/* A column of 10,000 values, six rows each: the commonest 255 are levels, the others one. One of 30,000, each twice, is an identifier. */
static void many_categories(void **st) {
    (void)st;
    enum { ROWS = 60000, SKUS = 10000 };
    hx_arena *arena = hx_arena_new(0);
    hx_str *values = hx_arena_alloc(arena, ROWS / 2 * sizeof *values);
    uint32_t *serial = hx_arena_alloc(arena, ROWS * sizeof *serial);
    uint32_t *codes = hx_arena_alloc(arena, ROWS * sizeof *codes);
    double *y = hx_arena_alloc(arena, ROWS * sizeof *y);
    hx_table *t = new_table(ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        char name[16];
        codes[i] = i % SKUS;
        serial[i] = i % (ROWS / 2);
        y[i] = i * 2654435761u % 1000;
        (void)snprintf(name, sizeof name, "v%u", serial[i]);
        values[serial[i]] = hx_arena_str(arena, hx_str_of(name));
    }
    put_text(t, "sku", codes, values, SKUS);
    put_text(t, "serial", serial, values, ROWS / 2);
    put_number(t, "y", y);
    put_number(t, "copy", y);
    const hx_select_options o = {.target = "y", .methods = "gain,chi2,anova,vif,l1,elimination"};
    const hx_selection s = selected(t, &o, arena);
    assert_string_equal(s.columns[0].name, "copy");
    assert_true(column_of(&s, "sku")->value[HX_SELECT_GAIN] <
                0.2); /* not 3.3, as of an identifier */
    assert_true(isfinite(column_of(&s, "sku")->value[HX_SELECT_VIF]));
    assert_true(column_of(&s, "sku")->kept && !column_of(&s, "serial")->kept);
    hx_arena_free(arena);
    hx_table_free(t);
}

/* Classes without an order and of more than two: what needs an order does not apply. */
static void classes_without_order(void **st) {
    (void)st;
    hx_table *t = shop(300);
    hx_arena *arena = hx_arena_new(0);
    const hx_select_options o = {.target = "city", .use = "strong,noise,性别,buys"};
    const hx_selection s = selected(t, &o, arena);
    assert_int_equal(s.n_classes, 4);
    assert_false(s.has[HX_SELECT_PEARSON] || s.has[HX_SELECT_INFORMATION_VALUE]);
    assert_true(s.has[HX_SELECT_ANOVA] && s.has[HX_SELECT_L1] && s.has[HX_SELECT_PERMUTATION]);
    assert_true(column_of(&s, "strong")->mean_rank < column_of(&s, "noise")->mean_rank);
    hx_arena_free(arena);
    hx_table_free(t);
}

static int open_vectors(void **st) {
    static golden g;
    golden_open(&g, "select.txt");
    *st = &g;
    return 0;
}

static int close_vectors(void **st) {
    golden_close(*st);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(correlations),
                                       cmocka_unit_test(tests_of_means),
                                       cmocka_unit_test(counts),
                                       cmocka_unit_test(mutual_information),
                                       cmocka_unit_test(linear_models),
                                       cmocka_unit_test(all_rankings),
                                       cmocka_unit_test(stretched_ranks),
                                       cmocka_unit_test(rules_and_choice),
                                       cmocka_unit_test(limits),
                                       cmocka_unit_test(pages),
                                       cmocka_unit_test(protected_names),
                                       cmocka_unit_test(bad_input),
                                       cmocka_unit_test(hardly_any_rows),
                                       cmocka_unit_test(many_categories),
                                       cmocka_unit_test(classes_without_order)};
    return cmocka_run_group_tests(tests, open_vectors, close_vectors);
}
