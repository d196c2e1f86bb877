/* test_recipe.c - recipes: what is fitted is applied alike, kept, read back; what is no recipe is refused with its sentence. */
#include <math.h>

#include "frame_test.h"

#include "base/error.h"
#include "frame/step.h"

/* A step for these tests: subtracts the mean that a column had where it was fitted. */
typedef struct {
    hx_str column;
    double mean;
} centre;

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    centre *c = state;
    (void)arena;
    return hx_step_text(spec, "column", "a", &c->column, err);
}

static hx_status fit(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                     hx_error *err) {
    centre *c = state;
    size_t column = 0;
    (void)arena;
    (void)run;
    HX_TRY(hx_step_column_of(t, c->column, HX_KIND_NUMBER, &column, err));
    double sum = 0, v = 0;
    for (size_t i = 0; i < hx_table_rows(t); i++) {
        hx_table_numbers(t, column, i, 1, &v);
        sum += v;
    }
    c->mean = sum / (double)hx_table_rows(t);
    return HX_OK;
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    const centre *c = state;
    double v[16];
    size_t column = 0;
    HX_TRY(hx_step_column_of(t, c->column, HX_KIND_NUMBER, &column, err));
    hx_table_numbers(t, column, 0, hx_table_rows(t), v);
    for (size_t i = 0; i < hx_table_rows(t); i++)
        v[i] -= c->mean;
    hx_step_say(run, "mean %g", "均值 %g", c->mean);
    return hx_table_put_numbers(t, c->column, HX_KIND_NUMBER, v, -1, err);
}

static void write_mean(const void *state, hx_json_writer *w) {
    const centre *c = state;
    hx_json_object(w);
    hx_json_key(w, "mean");
    hx_json_double(w, c->mean);
    hx_json_end_object(w);
}

static hx_status read_mean(void *state, const json_t *fitted, hx_arena *arena, hx_error *err) {
    centre *c = state;
    (void)arena;
    return hx_step_number(fitted, "mean", 0, &c->mean, err);
}

static const char *const keys[] = {"column", NULL};
static const hx_step_kind kind = {.name = "centre",
                                  .keys = keys,
                                  .size = sizeof(centre),
                                  .parse = parse,
                                  .fit = fit,
                                  .apply = apply,
                                  .write = write_mean,
                                  .read = read_mean};
static const hx_step_kind *const more[] = {&kind};

static hx_table *table(const double *a, size_t n) {
    hx_table *t = NULL;
    assert_int_equal(hx_table_new(&t, n, NULL), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("a"), HX_KIND_NUMBER, a, -1, NULL), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("b"), HX_KIND_NUMBER, a, -1, NULL), HX_OK);
    return t;
}

static void assert_values(const hx_table *t, double first, double second) {
    double v[2] = {NAN, NAN};
    hx_table_numbers(t, 0, 0, 2, v);
    assert_true(v[0] == first && v[1] == second);
}

#define SPEC "[{\"step\":\"centre\",\"column\":\"a\"},{\"step\":\"drop\",\"columns\":\"b\"}]"
static const double train[] = {1, 2, 6.5, 2.5}, later[] = {10, 20};

static void test_fit_apply_keep(void **state) {
    (void)state;
    hx_recipe *r = NULL, *again = NULL;
    hx_str json, second;
    hx_arena *arena = hx_arena_new(0);
    assert_int_equal(hx_recipe_open(&r, HX_STR_LIT(SPEC), more, 1, NULL), HX_OK);
    hx_table *t = table(train, 4), *u = table(later, 2);
    assert_int_equal(hx_recipe_apply(r, u, NULL, NULL), HX_EINVAL);
    assert_int_equal(hx_recipe_fit(r, t, NULL, NULL), HX_OK);
    assert_values(t, -2, -1);
    assert_int_equal(hx_table_columns(t), 1);
    assert_int_equal(hx_recipe_steps(r), 2);
    assert_string_equal(hx_recipe_note(r, 0, HX_UI_EN), "mean 3");
    assert_string_equal(hx_recipe_note(r, 1, HX_UI_ZH), "去掉 1 列");
    assert_int_equal(hx_recipe_json(r, arena, &json, NULL), HX_OK);
    assert_int_equal(hx_recipe_read(&again, json, more, 1, NULL), HX_OK);
    assert_int_equal(hx_recipe_apply(again, u, NULL, NULL), HX_OK);
    assert_values(u, 7, 17);
    assert_int_equal(hx_recipe_json(again, arena, &second, NULL), HX_OK);
    assert_true(hx_str_equal(json, second));
    hx_table *v = table(later, 2);
    assert_int_equal(hx_recipe_fit(r, v, NULL, NULL), HX_OK);
    assert_values(v, -5, 5);
    hx_table_free(v);
    hx_table_free(t);
    hx_table_free(u);
    hx_recipe_free(r);
    hx_recipe_free(again);
    hx_arena_free(arena);
}

static void assert_kinds(const hx_recipe *r, size_t n, const char *first, hx_kind of) {
    const hx_column_kind *kinds = NULL;
    assert_int_equal(hx_recipe_kinds(r, &kinds), n);
    if (n == 0) return;
    assert_true(hx_str_equal(kinds[0].name, hx_str_of(first)));
    assert_int_equal(kinds[0].kind, of);
}

/* Those of the table before the first step, of columns that the steps may read; kept in the file. */
static void kinds_go_along(void **state) {
    (void)state;
    static const struct {
        const char *spec;
        size_t n;
        const char *first;
        hx_kind kind;
    } cases[] = {
        {"[{\"step\":\"scale\",\"columns\":\"bmi\",\"method\":\"minmax\"}]", 1, "bmi",
         HX_KIND_NUMBER},
        {"[{\"step\":\"scale\",\"method\":\"minmax\"}]", 3, "sex", HX_KIND_TEXT},
        {"[{\"step\":\"where\",\"condition\":\"bmi > 0\"}]", 3, "sex", HX_KIND_TEXT},
        {"[{\"step\":\"drop\",\"columns\":[\"day\"]}]", 1, "day", HX_KIND_TIME},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_file f = test_file_new(
            "a.csv", HX_STR_LIT("sex,bmi,day,none\nx,1,2026-01-01,\ny,2,2026-01-02,\n"));
        hx_table *t = NULL;
        hx_recipe *r = NULL, *again = NULL;
        hx_str json;
        hx_arena *arena = hx_arena_new(0);
        assert_int_equal(hx_table_read(&t, f.path, NULL, NULL), HX_OK);
        test_file_remove(&f);
        assert_int_equal(hx_recipe_open(&r, hx_str_of(cases[i].spec), NULL, 0, NULL), HX_OK);
        assert_kinds(r, 0, NULL, HX_KIND_TEXT);
        assert_int_equal(hx_recipe_fit(r, t, NULL, NULL), HX_OK);
        assert_kinds(r, cases[i].n, cases[i].first, cases[i].kind);
        assert_int_equal(hx_recipe_json(r, arena, &json, NULL), HX_OK);
        assert_int_equal(hx_recipe_read(&again, json, NULL, 0, NULL), HX_OK);
        assert_kinds(again, cases[i].n, cases[i].first, cases[i].kind);
        hx_recipe_free(r);
        hx_recipe_free(again);
        hx_table_free(t);
        hx_arena_free(arena);
    }
}

static void assert_refused(const char *json, bool fitted, const char *sentence) {
    hx_recipe *r = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    const hx_status status = fitted ? hx_recipe_read(&r, hx_str_of(json), more, 1, &err)
                                    : hx_recipe_open(&r, hx_str_of(json), more, 1, &err);
    assert_true(status != HX_OK && r == NULL);
    assert_string_equal(err.message, sentence);
}

static void test_sentences(void **state) {
    (void)state;
    assert_refused("{}", false, "a recipe is a list of steps: [{\"step\":\"drop\",...}]");
    assert_refused("[]", false, "a recipe is a list of steps: [{\"step\":\"drop\",...}]");
    assert_refused("[1]", false, "a step is an object with a \"step\" that names its kind");
    assert_refused("[{\"step\":\"drop\"}]", false, "'columns' has to name one column at least");
    assert_refused("[{\"step\":\"drop\",\"columns\":[1]}]", false,
                   "'columns' has to be a list of names");
    assert_refused("[{\"step\":\"drop\",\"column\":\"a\"}]", false,
                   "the step 'drop' has no setting 'column'");
    assert_refused("[{\"step\":\"drop\",\"columns\":\"a\"},{\"step\":\"centre\",\"column\":3}]",
                   false, "step 2 (centre): 'column' has to be a text");
    assert_refused("{\"steps\":[]}", true,
                   "this is not a recipe: there is no \"format\": \"huaxiang/recipe/1\"");
    assert_refused("{\"format\":\"huaxiang/recipe/1\",\"steps\":[],\"hash\":\"0\"}", true,
                   "the recipe is damaged or was changed by hand: its hash does not match");
    hx_recipe *r = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(hx_recipe_open(&r, HX_STR_LIT("[{\"step\":\"dropp\"}]"), NULL, 0, &err),
                     HX_EINVAL);
    assert_memory_equal(err.message, "there is no step 'dropp'; there are: ", 37);
    assert_non_null(strstr(err.message, "drop, "));
}

/* Each digit of the mean is protected; blanks and the order of members are not. */
static void test_hash(void **state) {
    (void)state;
    hx_recipe *r = NULL, *again = NULL;
    hx_str json;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = table(train, 4);
    assert_int_equal(hx_recipe_open(&r, HX_STR_LIT(SPEC), more, 1, NULL), HX_OK);
    assert_int_equal(hx_recipe_fit(r, t, NULL, NULL), HX_OK);
    assert_int_equal(hx_recipe_json(r, arena, &json, NULL), HX_OK);
    char *copy = hx_arena_alloc(arena, 2 * json.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < json.len; i++) {
        copy[n++] = json.ptr[i];
        if (json.ptr[i] == ',') copy[n++] = '\n';
    }
    assert_int_equal(hx_recipe_read(&again, (hx_str){copy, n}, more, 1, NULL), HX_OK);
    hx_recipe_free(again);
    char *mean = strstr(copy, "\"mean\":3");
    assert_non_null(mean);
    mean[7] = '4';
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(hx_recipe_read(&again, (hx_str){copy, n}, more, 1, &err), HX_EFORMAT);
    hx_recipe_free(r);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void test_steps_that_choose(void **state) {
    (void)state;
    hx_recipe *r = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    const char *json =
        "[{\"step\":\"where\",\"condition\":\"a < 3\"},{\"step\":\"keep\",\"columns\":[\"a\"]}]";
    assert_int_equal(hx_recipe_open(&r, hx_str_of(json), NULL, 0, NULL), HX_OK);
    hx_table *t = table(train, 4), *u = table(later, 2);
    const hx_recipe_run keep = {.keep_rows = true};
    assert_int_equal(hx_recipe_fit(r, t, NULL, NULL), HX_OK);
    assert_int_equal(hx_table_rows(t), 3);
    assert_int_equal(hx_table_columns(t), 1);
    assert_int_equal(hx_recipe_apply(r, u, &keep, NULL), HX_OK);
    assert_int_equal(hx_table_rows(u), 2);
    assert_int_equal(hx_recipe_apply(r, u, NULL, NULL), HX_OK);
    assert_int_equal(hx_table_rows(u), 0);
    hx_table_remove(u, 0);
    assert_int_equal(hx_recipe_apply(r, u, &keep, &err), HX_ENOTFOUND);
    assert_string_equal(err.message, "step 2 (keep): there is no column 'a'");
    hx_table_free(t);
    hx_table_free(u);
    hx_recipe_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_apply_keep),    cmocka_unit_test(kinds_go_along),
        cmocka_unit_test(test_sentences),         cmocka_unit_test(test_hash),
        cmocka_unit_test(test_steps_that_choose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
