/* Models as SQL and C: what SQLite and the system's compiler make of them is what predict says, of missing, infinite and unseen values and of names and
 * texts that would break out of their quotes. */
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "golden.h"
#include "huaxiang/learn.h"
#include "learn/learner.h"

#define N 240
#define NEW 160 /* rows that the models never saw */
#define COLUMNS 5
#define PATH_BYTES 64

static const char *const names[COLUMNS] = {"age", "x*/ \"; int \\", "城市';--", "is \"member\"?",
                                           "when ?\?/"};
static const char *const texts[] = {"上海",   "O'Neil",  "\"q\" \\n",    "?\?/*/--\n x",
                                    "%s; ''", "Lhasa 1", "never before", "nor 'this'"};

/* ------------------------------------------------------------------ tables */
typedef struct {
    double number[COLUMNS][N], y[N];
    uint32_t code[N], class2[N], class3[N];
    size_t n;
} data;

/* Column 2 is the text; of `fresh` rows some have texts that no other has, and infinite numbers. */
static void make(data *d, size_t n, bool fresh, uint64_t seed) {
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    d->n = n;
    for (size_t i = 0; i < n; i++) {
        const double age = floor(hx_rng_uniform(&rng) * 600) / 10 + 18;
        const double other = hx_rng_uniform(&rng) * 8 - 4;
        d->number[0][i] = age;
        d->number[1][i] = other;
        d->number[3][i] = (double)hx_rng_below(&rng, 2);
        d->number[4][i] = 1.7e12 + floor(hx_rng_uniform(&rng) * 1e8) * 1000;
        d->code[i] = (uint32_t)hx_rng_below(&rng, fresh ? 8 : 5);
        if (!fresh && i == 7) d->code[i] = 5; /* rare: "other" */
        d->y[i] =
            2 * age - 7 * other + 11 * d->code[i] + 5 * d->number[3][i] + 3 * hx_rng_uniform(&rng);
        d->class2[i] = d->y[i] > 100;
        d->class3[i] = d->y[i] < 80 ? 0 : d->y[i] < 130 ? 1 : 2;
        if (i % 9 == 4) d->number[0][i] = NAN;
        if (i % 13 == 5) d->code[i] = HX_CODE_MISSING;
        if (i % 17 == 3) d->number[3][i] = NAN;
        if (i % 19 == 2) d->number[4][i] = NAN;
        if (fresh && i % 23 == 6) d->number[1][i] = i % 2 ? INFINITY : -INFINITY;
    }
}

static void put(hx_table *t, const char *name, hx_kind kind, const double *v) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), kind, v, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static void put_words(hx_table *t, const char *name, const uint32_t *codes,
                      const char *const *words, size_t n) {
    hx_str v[8];
    hx_error err = {0};
    for (size_t i = 0; i < n; i++)
        v[i] = hx_str_of(words[i]);
    if (hx_table_put_texts(t, hx_str_of(name), codes, v, n, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static hx_table *table_of(const data *d) {
    static const char *const two[] = {"it's", "say \"no\""}, *const three[] = {"a", "b'", "c\""};
    static const hx_kind kinds[COLUMNS] = {HX_KIND_NUMBER, HX_KIND_NUMBER, HX_KIND_TEXT,
                                           HX_KIND_BOOLEAN, HX_KIND_TIME};
    hx_table *t = NULL;
    hx_error err = {0};
    if (hx_table_new(&t, d->n, &err) != HX_OK) fail_msg("%s", err.message);
    for (size_t k = 0; k < COLUMNS; k++) {
        if (k == 2)
            put_words(t, names[k], d->code, texts, 8);
        else
            put(t, names[k], kinds[k], d->number[k]);
    }
    put(t, "y", HX_KIND_NUMBER, d->y);
    put_words(t, "two", d->class2, two, 2);
    put_words(t, "three", d->class3, three, 3);
    return t;
}

static hx_learner *fitted(const data *d, const char *model, const char *target, const char *params,
                          const char *recipe) {
    hx_learner *l = NULL;
    hx_error err = {0};
    hx_table *t = table_of(d);
    const hx_learn_options o = {.model = model,
                                .target = target,
                                .drop = strcmp(target, "y") == 0     ? "two,three"
                                        : strcmp(target, "two") == 0 ? "y,three"
                                                                     : "y,two",
                                .params = hx_str_of(params),
                                .recipe = hx_str_of(recipe),
                                .seed = 5,
                                .n_threads = 1};
    const hx_status status = hx_learner_fit(&l, t, NULL, &o, &err);
    hx_table_free(t);
    if (status == HX_EUNSUPPORTED && strcmp(model, "boosting") == 0) {
        print_message("skipped: %s\n", err.message);
        skip();
    }
    if (status != HX_OK) fail_msg("%s: %s", model, err.message);
    return l;
}

static hx_str exported(const hx_learner *l, hx_export_kind kind, hx_arena *arena) {
    const hx_export_options o = {.kind = kind, .table = "the \"table\"", .name = "shop"};
    hx_str text = {0};
    hx_error err = {0};
    if (hx_learner_export(l, &o, arena, &text, &err) != HX_OK) fail_msg("%s", err.message);
    return text;
}

/* ------------------------------------------------------------------ SQL */
static void iso(double ms, char out[32]) {
    const time_t seconds = (time_t)floor(ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
}

static void run(sqlite3 *db, const char *sql) {
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s", message);
}

static void bind_row(sqlite3_stmt *s, const data *d, size_t i) {
    char when[32];
    for (int k = 0; k < COLUMNS; k++) {
        const double v = d->number[k][i];
        int done = SQLITE_OK;
        if (k == 2 && d->code[i] != HX_CODE_MISSING)
            done = sqlite3_bind_text(s, k + 1, texts[d->code[i]], -1, SQLITE_STATIC);
        else if (k == 2)
            done = i % 2 ? sqlite3_bind_null(s, k + 1)
                         : sqlite3_bind_text(s, k + 1, "", -1, SQLITE_STATIC);
        else if (isnan(v))
            done = i % 2 ? sqlite3_bind_null(s, k + 1)
                         : sqlite3_bind_text(s, k + 1, "", -1, SQLITE_STATIC);
        else if (k == 3)
            done = i % 3 ? sqlite3_bind_int(s, k + 1, (int)v)
                         : sqlite3_bind_text(s, k + 1, v > 0 ? "true" : "FALSE", -1, SQLITE_STATIC);
        else if (k == 4)
            iso(v, when), done = sqlite3_bind_text(s, k + 1, when, -1, SQLITE_TRANSIENT);
        else
            done = sqlite3_bind_double(s, k + 1, v);
        assert_int_equal(done, SQLITE_OK);
    }
}

static sqlite3 *database_of(const data *d) {
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    hx_buf b;
    hx_buf_init(&b, 1u << 16);
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    hx_buf_append_lit(&b, "CREATE TABLE \"the \"\"table\"\"\" (");
    for (int k = 0; k < COLUMNS; k++) {
        hx_buf_append_lit(&b, k > 0 ? ", \"" : "\"");
        for (const char *c = names[k]; *c; c++)
            hx_buf_printf(&b, *c == '"' ? "\"\"" : "%c", *c);
        hx_buf_append_byte(&b, '"');
    }
    hx_buf_append(&b, ")", 2);
    run(db, b.ptr);
    hx_buf_release(&b);
    assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO \"the \"\"table\"\"\" VALUES (?,?,?,?,?)",
                                        -1, &s, NULL),
                     SQLITE_OK);
    for (size_t i = 0; i < d->n; i++) {
        bind_row(s, d, i);
        assert_int_equal(sqlite3_step(s), SQLITE_DONE);
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    return db;
}

static void near_enough(double is, double wanted, const char *model, size_t row) {
    if (fabs(is - wanted) > 1e-12 * fmax(1, fabs(wanted)))
        fail_msg("%s, row %zu: %.17g, not %.17g", model, row, is, wanted);
}

static void check_sql(const hx_learner *l, const data *d, const hx_predictions *p,
                      hx_arena *arena) {
    const char *model = l->estimator->kind.name;
    sqlite3 *db = database_of(d);
    sqlite3_stmt *s = NULL;
    const hx_str sql = exported(l, HX_EXPORT_SQL, arena);
    if (sqlite3_prepare_v2(db, sql.ptr, -1, &s, NULL) != SQLITE_OK)
        fail_msg("%s: %s\n%.3000s", model, sqlite3_errmsg(db), sql.ptr);
    for (size_t i = 0; i < d->n; i++) {
        assert_int_equal(sqlite3_step(s), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(s, COLUMNS), (int)i + 1);
        if (p->n_classes == 0) {
            near_enough(sqlite3_column_double(s, COLUMNS + 1), p->values[i], model, i);
            continue;
        }
        const double *row = p->probabilities + i * p->n_classes;
        const size_t said = (size_t)p->values[i];
        assert_string_equal(sqlite3_column_text(s, COLUMNS + 1), p->classes[said]);
        near_enough(sqlite3_column_double(s, COLUMNS + 2), row[p->n_classes == 2 ? 1 : said], model,
                    i);
        for (size_t k = 0; k < p->n_classes && p->n_classes > 2; k++)
            near_enough(sqlite3_column_double(s, COLUMNS + 3 + (int)k), row[k], model, i);
    }
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
    sqlite3_finalize(s);
    sqlite3_close(db);
}

/* ------------------------------------------------------------------ C */
static void put_c_text(FILE *f, const char *text) {
    fputc('"', f);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        fprintf(f, "\\%03o", *c);
    fputc('"', f);
}

/* Members of names that C takes a part of; that of the text, which has no such part, is the only text of the struct. */
static void put_c_rows(FILE *f, const data *d, const char *source) {
    static const char *const members[COLUMNS] = {"x_age", "x_x_int_", NULL, "x_is_member_",
                                                 "x_when_"};
    const char *text = strstr(source, "const char *x_");
    assert_non_null(text);
    text += strlen("const char *");
    fprintf(f, "static const shop_row rows[] = {\n");
    for (size_t i = 0; i < d->n; i++) {
        fprintf(f, "{");
        for (int k = 0; k < COLUMNS; k++) {
            const double v = d->number[k][i];
            if (k == 2)
                fprintf(f, ".%.*s = ", (int)strcspn(text, ";"), text);
            else
                fprintf(f, ".%s = ", members[k]);
            if (k == 2 && d->code[i] == HX_CODE_MISSING)
                fprintf(f, i % 2 ? "NULL, " : "\"\", ");
            else if (k == 2)
                put_c_text(f, texts[d->code[i]]), fprintf(f, ", ");
            else if (isnan(v) || isinf(v))
                fprintf(f, "%s, ", isnan(v) ? "(double)NAN" : v > 0 ? "HUGE_VAL" : "-HUGE_VAL");
            else
                fprintf(f, "%.17g, ", v);
        }
        fprintf(f, "},\n");
    }
    fprintf(f, "};\n");
}

/* Writes model and rows, compiles without a warning, runs; the bits of what it says. */
static uint64_t *run_c(hx_str source, const data *d, size_t n_classes, hx_arena *arena) {
    char dir[PATH_BYTES] = "/tmp/hx-export-XXXXXX", command[512];
    const size_t n = d->n * (n_classes ? n_classes + 1 : 1);
    uint64_t *bits = hx_arena_alloc(arena, (n + 1) * sizeof *bits);
    assert_non_null(mkdtemp(dir));
    snprintf(command, sizeof command, "%s/main.c", dir);
    FILE *f = fopen(command, "w");
    assert_non_null(f);
    fwrite(source.ptr, 1, source.len, f);
    fprintf(f, "#include <stdio.h>\n");
    put_c_rows(f, d, source.ptr);
    fprintf(f, "int main(void) {\n  for (size_t i = 0; i < %zu; i++) {\n", d->n);
    if (n_classes)
        fprintf(f, "    double out[shop_classes + 1];\n"
                   "    out[shop_classes] = shop_predict(&rows[i], out);\n");
    else
        fprintf(f, "    double out[1] = {shop_predict(&rows[i])};\n");
    fprintf(f, "    fwrite(out, sizeof out, 1, stdout);\n  }\n  return 0;\n}\n");
    assert_int_equal(fclose(f), 0);
    snprintf(
        command, sizeof command,
        "cd %s && cc -std=c17 -O1 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef "
        "-Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror main.c -o main -lm && ./main > "
        "out",
        dir);
    if (system(command) != 0) fail_msg("the model does not compile or run: %s/main.c", dir);
    snprintf(command, sizeof command, "%s/out", dir);
    f = fopen(command, "rb");
    assert_int_equal(fread(bits, sizeof *bits, n + 1, f), n);
    fclose(f);
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
    return bits;
}

static void check_c(const hx_learner *l, const data *d, const hx_predictions *p, hx_arena *arena) {
    const size_t k = p->n_classes;
    uint64_t *bits = run_c(exported(l, HX_EXPORT_C, arena), d, k, arena);
    for (size_t i = 0; i < d->n; i++) {
        const double *row = k ? p->probabilities + i * k : &p->values[i];
        assert_memory_equal(bits + i * (k ? k + 1 : 1), row, (k ? k : 1) * sizeof *row);
        if (k) assert_memory_equal(bits + i * (k + 1) + k, &p->values[i], sizeof *row);
    }
}

/* ------------------------------------------------------------------ each model */
static void check(const char *model, const char *target, const char *params, const char *recipe) {
    data *train = calloc(1, sizeof *train), *fresh = calloc(1, sizeof *fresh);
    hx_predictions p;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    make(train, N, false, 1);
    make(fresh, NEW, true, 2);
    hx_learner *l = fitted(train, model, target, params, recipe);
    hx_table *t = table_of(fresh);
    if (hx_learner_predict(l, t, 1, arena, &p, &err) != HX_OK) fail_msg("%s", err.message);
    check_sql(l, fresh, &p, arena);
    check_c(l, fresh, &p, arena);
    hx_table_free(t);
    hx_learner_free(l);
    hx_arena_free(arena);
    free(train);
    free(fresh);
}

static void numbers_of_columns(void **st) {
    (void)st;
    check("linear", "y", "", "");
    check("ridge", "y", "", "");
    check("lasso", "y", "", "");
    check("elastic", "y", "", "");
}

static void logistic_models(void **st) {
    (void)st;
    check("logistic", "two", "", "");
    check("logistic", "three", "", "");
}

static void single_trees(void **st) {
    (void)st;
    check("tree", "y", "{\"depth\":4}", "");
    check("tree", "two", "", "");
    check("tree", "three", "{\"leaf_rows\":3}", "");
}

static void forests(void **st) {
    (void)st;
    check("forest", "y", "{\"trees\":30}", "");
    check("forest", "two", "{\"trees\":30}", "");
    check("forest", "three", "{\"trees\":12}", "");
}

/* More trees than one layer of sums has. */
static void boosted_trees(void **st) {
    (void)st;
    check("boosting", "two", "{\"rounds\":450,\"depth\":2}", "");
    check("boosting", "y", "{\"rounds\":20,\"depth\":11}", "");
    check("boosting", "three", "{\"rounds\":70}", "");
}

static void recipes(void **st) {
    (void)st;
    static const char impute[] =
        "[{\"step\":\"where\",\"condition\":\"age > 19\"},"
        "{\"step\":\"impute\",\"columns\":[\"age\",\"when "
        "?\?/\"],\"method\":\"median\",\"mask\":true},"
        "{\"step\":\"impute\",\"columns\":[\"城市';--\"],\"method\":\"mode\",\"mask\":true},"
        "{\"step\":\"impute\",\"columns\":[\"is \\\"member\\\"?\"],\"method\":\"mode\"},"
        "{\"step\":\"scale\",\"columns\":[\"age\"],\"method\":\"minmax\",\"low\":-1},"
        "{\"step\":\"scale\",\"columns\":[\"x*/ \\\"; int \\\\\"],\"method\":\"robust\"}]";
    static const char onehot[] =
        "[{\"step\":\"encode\",\"columns\":[\"城市';--\",\"is "
        "\\\"member\\\"?\"],\"method\":\"onehot\","
        "\"least\":3},{\"step\":\"scale\",\"columns\":[\"age\"],\"method\":\"log1p\"},"
        "{\"step\":\"scale\",\"columns\":[\"age\"],\"method\":\"z\"}]";
    static const char ordinal[] =
        "[{\"step\":\"encode\",\"columns\":[\"城市';--\"],\"method\":\"ordinal\",\"keep\":true},"
        "{\"step\":\"impute\",\"columns\":[\"城市';--_ordinal\"],\"method\":\"constant\",\"value\":"
        "-1}]";
    static const char target[] =
        "[{\"step\":\"encode\",\"columns\":[\"城市';--\"],\"method\":\"target\",\"target\":\"y\"}]";
    static const char often[] =
        "[{\"step\":\"encode\",\"columns\":[\"城市';--\"],\"method\":\"frequency\"}]";
    check("ridge", "y", "", impute);
    check("tree", "two", "", impute);
    check("logistic", "three", "", onehot);
    check("forest", "two", "{\"trees\":9}", ordinal);
    check("lasso", "y", "", target);
    check("tree", "y", "{\"depth\":6}", often);
}

/* ------------------------------------------------------------------ refusals */
static void refused(const char *model, const char *recipe, const hx_export_options *o,
                    hx_status code, const char *message) {
    data *train = calloc(1, sizeof *train);
    hx_error err = {0};
    hx_str text = {0};
    hx_arena *arena = hx_arena_new(0);
    make(train, N, false, 1);
    hx_learner *l = fitted(train, model, strcmp(model, "bayes") == 0 ? "two" : "y", "", recipe);
    assert_int_equal(hx_learner_export(l, o, arena, &text, &err), code);
    assert_string_equal(err.message, message);
    hx_learner_free(l);
    hx_arena_free(arena);
    free(train);
}

static void refusals(void **st) {
    (void)st;
    static const hx_export_options sql = {.kind = HX_EXPORT_SQL}, c = {.kind = HX_EXPORT_C},
                                   xgboost = {.kind = HX_EXPORT_XGBOOST};
    refused("bayes", "", &sql, HX_EUNSUPPORTED,
            "a model of the kind 'bayes' can't be written as SQL or C; linear, ridge, lasso, "
            "elastic, logistic, tree, forest and boosting can");
    refused("ridge", "", &xgboost, HX_EUNSUPPORTED,
            "XGBoost's JSON holds models of the kind boosting; this one is of the kind 'ridge'");
    refused("ridge", "[{\"step\":\"hour\",\"column\":\"when ?\?/\"}]", &c, HX_EUNSUPPORTED,
            "the step 'hour' (its kind) can't be written as SQL or C; give the rows to table apply "
            "before the model learns from them");
    refused("ridge",
            "[{\"step\":\"scale\",\"columns\":[\"age\"],\"method\":\"quantile\",\"quantiles\":5}]",
            &sql, HX_EUNSUPPORTED,
            "the step 'scale' (quantile) can't be written as SQL or C; give the rows to table "
            "apply before the model learns from them");
    refused(
        "ridge",
        "[{\"step\":\"impute\",\"columns\":[\"age\"],\"method\":\"mean\",\"by\":[\"城市';--\"]}]",
        &sql, HX_EUNSUPPORTED,
        "the step 'impute' (by) can't be written as SQL or C; give the rows to table apply "
        "before the model learns from them");
    refused("ridge", "", &(hx_export_options){.kind = HX_EXPORT_C, .name = "1; system(0)"},
            HX_EINVAL,
            "'1; system(0)' can't be a name in C: letters, digits and _, a letter first, at most "
            "40");
    refused("ridge", "", &(hx_export_options){.kind = HX_EXPORT_SQL, .table = ""}, HX_EINVAL,
            "say which table the rows are in by --table");
}

static void calibrated(void **st) {
    (void)st;
    data *train = calloc(1, sizeof *train);
    hx_learner *l = NULL;
    hx_error err = {0};
    hx_str text = {0};
    hx_arena *arena = hx_arena_new(0);
    make(train, N, false, 1);
    hx_table *t = table_of(train);
    const hx_learn_options o = {.model = "tree",
                                .target = "two",
                                .drop = "y,three",
                                .calibrate = HX_CALIBRATE_PLATT,
                                .n_threads = 1};
    if (hx_learner_fit(&l, t, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(hx_learner_export(l, &(hx_export_options){0}, arena, &text, &err),
                     HX_EUNSUPPORTED);
    assert_string_equal(err.message, "the model's probabilities are calibrated, which can't be "
                                     "exported; fit it without --calibrate");
    hx_learner_free(l);
    hx_table_free(t);
    hx_arena_free(arena);
    free(train);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_columns), cmocka_unit_test(logistic_models),
        cmocka_unit_test(single_trees),       cmocka_unit_test(forests),
        cmocka_unit_test(boosted_trees),      cmocka_unit_test(recipes),
        cmocka_unit_test(refusals),           cmocka_unit_test(calibrated)};
    return cmocka_run_group_tests_name("learn/export", tests, NULL, NULL);
}
