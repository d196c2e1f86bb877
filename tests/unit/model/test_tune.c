/* test_tune.c - settings that are tried: where they belong, which weights stay, what is told of the test, and the same end after an
 * interruption; what can't be tuned. */
#include "unit/model/model_test.h"

#include <math.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "huaxiang/model.h"

typedef struct {
    char folder[64];
    hx_arena *arena;
    hx_error err;
    size_t n_told;
    size_t cancel_at; /* trials; 0 = never */
    volatile int cancel;
} place;

static int set_up(void **state) {
    static place p;
    static const char *const words[2][2] = {{"good", "fine"}, {"bad", "poor"}};
    char path[200];
    hx_buf b;
    hx_rng r;
    p = (place){.folder = "/tmp/hx-tune-XXXXXX"};
    assert_non_null(mkdtemp(p.folder));
    p.arena = hx_arena_new(0);
    *state = &p;
    hx_rng_seed(&r, 5);
    hx_buf_init(&b, 1 << 20);
    (void)hx_buf_append_lit(&b, "text,label\n");
    for (size_t i = 0; i < 160; i++)
        (void)hx_buf_printf(&b, "a %s shop in town %zu,%s\n", words[i % 2][hx_rng_below(&r, 2)], i,
                            i % 2 ? "no" : "yes");
    (void)snprintf(path, sizeof path, "%s/labels.csv", p.folder);
    assert_int_equal(hx_file_write(path, hx_buf_str(&b), false, NULL), HX_OK);
    hx_buf_release(&b);
    return 0;
}

static int tear_down(void **state) {
    place *p = *state;
    hx_arena_free(p->arena);
    test_remove_tree(p->folder);
    return 0;
}

static void on_notice(void *context, const char *sentence) {
    place *p = context;
    if (!strstr(sentence, "trial ")) return;
    p->n_told++;
    if (p->cancel_at && p->n_told == p->cancel_at) hx_flag_raise(&p->cancel);
}

static void on_evaluation(void *context, hx_str json) {
    (void)context;
    (void)json;
    fail_msg("an evaluation of a trial was shown");
}

/* '@' stands for the folder. */
static hx_status tune(place *p, const char *config, const char *name, size_t trials, bool resume,
                      hx_str *summary) {
    hx_buf b;
    char path[200];
    const hx_train_calls calls = {.n_threads = 2,
                                  .notice = on_notice,
                                  .evaluated = on_evaluation,
                                  .context = p,
                                  .cancel = &p->cancel};
    hx_buf_init(&b, 1 << 16);
    for (const char *s = config; *s; s++)
        (void)(*s == '@' ? hx_buf_append_lit(&b, p->folder) : hx_buf_append_byte(&b, *s));
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
    p->err = (hx_error){.ui = HX_UI_EN};
    p->n_told = 0;
    hx_status st =
        hx_train_tune(hx_buf_str(&b), path, trials, resume, &calls, p->arena, summary, &p->err);
    hx_buf_release(&b);
    return st;
}

static bool has(const place *p, const char *whole, const char *run, const char *name) {
    char path[300];
    (void)snprintf(path, sizeof path, "%s/%s/%s/%s", p->folder, whole, run, name);
    return hx_file_exists(path);
}

static json_t *read_json(const place *p, const char *name) {
    char path[300];
    hx_buf b;
    json_t *j = NULL;
    hx_buf_init(&b, 1 << 22);
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    assert_int_equal(hx_json_parse(hx_buf_str(&b), 1 << 22, path, &j, NULL), HX_OK);
    hx_buf_release(&b);
    return j;
}

#define TASK                                                                                       \
    ",\"tasks\":[{\"name\":\"l\",\"data\":\"@/"                                                    \
    "labels.csv\",\"validation_size\":0.2,\"mean\":true}]"
#define SPACE                                                                                      \
    "\"tune\":{\"rate\":[0.0001,0.01],\"layers\":[1,2],\"width\":[16,32],\"smoothing\":[0,0.1],"   \
    "\"dropout\":[0,0.1],\"weight_decay\":[0.01,0.3]}"
#define CONFIG "{\"epochs\":9,\"batch_tokens\":128,\"seed\":3," SPACE TASK "}"

static const char *text_of(const json_t *j, const char *key) {
    return json_string_value(json_object_get(j, key));
}

static void the_best_keeps_its_weights(void **state) {
    place *p = *state;
    hx_str summary;
    if (tune(p, CONFIG, "halved", 7, false, &summary) != HX_OK) fail_msg("%s", p->err.message);
    assert_int_equal(p->n_told, 7 + 3);
    json_t *j = read_json(p, "halved/tune.json");
    const json_t *best = json_object_get(j, "best"), *trials = json_object_get(j, "trials");
    const char *kept = text_of(best, "run");
    double most = -1;
    assert_int_equal(json_array_size(trials), 10);
    for (size_t i = 0; i < 10; i++) {
        const json_t *t = json_array_get(trials, i);
        const char *run = text_of(t, "run");
        double figure = json_number_value(json_object_get(t, "figure"));
        bool last = strncmp(run, "round2", 6) == 0;
        if (last && figure > most) most = figure;
        assert_true(json_object_get(t, "test") == NULL);
        assert_true(has(p, "halved", run, "trial.json"));
        bool is_kept = strcmp(run, kept) == 0;
        assert_true(has(p, "halved", run, "best/model.safetensors") == is_kept);
        assert_true(has(p, "halved", run, "last/weights.safetensors") == is_kept);
        assert_true(has(p, "halved", run, "metrics.json") == is_kept);
        assert_true(has(p, "halved", run, "predictions.jsonl") == is_kept);
    }
    assert_true(strncmp(kept, "round2", 6) == 0);
    assert_true(json_number_value(json_object_get(best, "figure")) == most);
    assert_true(json_is_number(json_object_get(json_object_get(best, "test"), "accuracy")));
    json_decref(j);
}

/* Depth, width and smoothing go where the training reads them. */
static void settings_have_their_places(void **state) {
    place *p = *state;
    char name[200];
    json_t *j = read_json(p, "halved/tune.json");
    const json_t *trials = json_object_get(j, "trials");
    for (size_t i = 0; i < json_array_size(trials); i++) {
        const json_t *t = json_array_get(trials, i), *s = json_object_get(t, "settings");
        (void)snprintf(name, sizeof name, "halved/%s/config.json", text_of(t, "run"));
        json_t *c = read_json(p, name);
        const json_t *sizes = json_object_get(c, "sizes"),
                     *task = json_array_get(json_object_get(c, "tasks"), 0);
        assert_true(
            json_equal(json_object_get(sizes, "num_hidden_layers"), json_object_get(s, "layers")));
        assert_true(json_equal(json_object_get(sizes, "hidden_size"), json_object_get(s, "width")));
        assert_true(
            json_equal(json_object_get(task, "smoothing"), json_object_get(s, "smoothing")));
        assert_true(json_equal(json_object_get(c, "rate"), json_object_get(s, "rate")));
        assert_true(json_object_get(c, "tune") == NULL);
        double epochs = json_number_value(json_object_get(c, "epochs"));
        assert_true(epochs == (strncmp(text_of(t, "run"), "round1", 6) == 0 ? 3 : 9));
        json_decref(c);
    }
    json_decref(j);
}

static void broken_off_and_gone_on_with(void **state) {
    place *p = *state;
    hx_str summary;
    p->cancel_at = 4;
    assert_int_equal(tune(p, CONFIG, "parts", 7, false, &summary), HX_ECANCELLED);
    p->cancel_at = 0;
    p->cancel = 0;
    if (tune(p, CONFIG, "parts", 7, true, &summary) != HX_OK) fail_msg("%s", p->err.message);
    json_t *a = read_json(p, "halved/tune.json"), *b = read_json(p, "parts/tune.json");
    assert_true(json_equal(a, b));
    json_decref(a);
    json_decref(b);
    /* All of it again: nothing is trained any more. */
    if (tune(p, CONFIG, "parts", 7, true, &summary) != HX_OK) fail_msg("%s", p->err.message);
    b = read_json(p, "parts/tune.json");
    assert_true(has(p, "parts", text_of(json_object_get(b, "best"), "run"), "best/config.json"));
    json_decref(b);
}

/* ------------------------------------------------------------------ folders of several trainings */
typedef enum { TUNE, COMPARE, FOLDS, WAYS } way;

/* '@' stands for the folder. */
static hx_status several(place *p, way w, const char *config, const char *name, bool resume,
                         hx_str *summary) {
    hx_buf b;
    char path[200];
    const hx_train_calls calls = {.n_threads = 2};
    hx_buf_init(&b, 1 << 16);
    for (const char *s = config; *s; s++)
        (void)(*s == '@' ? hx_buf_append_lit(&b, p->folder) : hx_buf_append_byte(&b, *s));
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
    p->err = (hx_error){.ui = HX_UI_EN};
    hx_str text = hx_buf_str(&b);
    hx_status st =
        w == TUNE ? hx_train_tune(text, path, 2, resume, &calls, p->arena, summary, &p->err)
        : w == COMPARE
            ? hx_train_compare(text, path, "nb,llama", resume, &calls, p->arena, summary, &p->err)
            : hx_train_folds(text, path, 2, resume, &calls, p->arena, summary, &p->err);
    hx_buf_release(&b);
    return st;
}

static void write_other(const place *p, size_t turn) {
    char path[200];
    hx_buf b;
    (void)snprintf(path, sizeof path, "%s/other.csv", p->folder);
    hx_buf_init(&b, 1 << 16);
    (void)hx_buf_append_lit(&b, "text,label\n");
    for (size_t i = 0; i < 60; i++)
        (void)hx_buf_printf(&b, "a %s shop in town %zu,%s\n", i % 2 ? "bad" : "good", i + turn,
                            i % 2 ? "no" : "yes");
    assert_int_equal(hx_file_write(path, hx_buf_str(&b), false, NULL), HX_OK);
    hx_buf_release(&b);
}

#define SEVERAL                                                                                    \
    "\"steps\":2,\"batch_tokens\":128,\"seed\":3,\"sizes\":{\"hidden_size\":16,"                   \
    "\"num_hidden_layers\":1},\"tasks\":[{\"name\":\"l\",\"data\":\"@/other.csv\","                \
    "\"validation_size\":0.2}]}"
static const char *const several_configs[WAYS] = {"{\"tune\":{\"rate\":[0.001,0.01]}," SEVERAL,
                                                  "{" SEVERAL, "{" SEVERAL};
static const char *const several_names[WAYS] = {"several_tune", "several_compare", "several_folds"};

static void refused(place *p, hx_status st, const char *part) {
    assert_int_equal(st, HX_ECONFLICT);
    if (!strstr(p->err.message, part)) fail_msg("%s", p->err.message);
}

/* What was trained on other texts may have seen those of the test. */
static void several_go_on_with_the_same_files_alone(void **state) {
    place *p = *state;
    hx_str summary;
    for (way w = TUNE; w < WAYS; w++) {
        const char *config = several_configs[w], *name = several_names[w];
        write_other(p, 0);
        if (several(p, w, config, name, false, &summary) != HX_OK) fail_msg("%s", p->err.message);
        if (several(p, w, config, name, true, &summary) != HX_OK) fail_msg("%s", p->err.message);
        write_other(p, 1);
        refused(p, several(p, w, config, name, true, &summary),
                "other.csv is not what it was when");
        write_other(p, 0);
        char other[512];
        (void)snprintf(other, sizeof other, "{\"rate\":0.002,%s", config + 1);
        refused(p, several(p, w, other, name, true, &summary), "was begun with another 'rate'");
        assert_int_equal(several(p, w, config, name, true, &summary), HX_OK);
    }
}

/* None writes over what another one left. */
static void folders_of_others_are_left_alone(void **state) {
    place *p = *state;
    hx_str summary;
    write_other(p, 0);
    if (several(p, FOLDS, several_configs[FOLDS], "owned", false, &summary) != HX_OK)
        fail_msg("%s", p->err.message);
    for (way w = TUNE; w < WAYS; w++) {
        refused(p, several(p, w, several_configs[w], "owned", false, &summary),
                "is there already; go on with --resume");
        refused(p, several(p, w, several_configs[w], "owned/fold1", w == TUNE, &summary),
                "is there already");
    }
    char path[200], config[600];
    const hx_train_calls calls = {.n_threads = 1};
    (void)snprintf(path, sizeof path, "%s/owned", p->folder);
    (void)snprintf(config, sizeof config,
                   "{\"steps\":1,\"tasks\":[{\"name\":\"l\",\"data\":\"%s/other.csv\"}]}",
                   p->folder);
    refused(p, hx_train(hx_str_of(config), path, false, &calls, p->arena, &summary, &p->err),
            "is there already");
}

/* Every text is judged once; a test that is asked for is told of. */
static void folds_use_all_texts(void **state) {
    place *p = *state;
    hx_str summary;
    write_other(p, 0);
    for (int i = 0; i < 2; i++) {
        json_t *j = NULL;
        size_t n = 0, k;
        json_t *fold;
        const char *config = i == 0 ? "{" SEVERAL
                                    : "{\"steps\":2,\"sizes\":{\"hidden_size\":16,"
                                      "\"num_hidden_layers\":1},\"tasks\":[{\"name\":\"l\","
                                      "\"data\":\"@/other.csv\",\"test_size\":0.2}]}";
        if (several(p, FOLDS, config, i ? "tested" : "untested", false, &summary) != HX_OK)
            fail_msg("%s", p->err.message);
        assert_int_equal(hx_json_parse(summary, 1 << 20, "folds", &j, NULL), HX_OK);
        json_array_foreach(json_object_get(j, "folds"), k, fold) n +=
            (size_t)json_integer_value(json_object_get(fold, "n"));
        assert_int_equal(n, i ? 48 : 60);
        const json_t *test = json_object_get(json_object_get(j, "test"), "n");
        assert_int_equal(json_is_object(test), i);
        if (i) assert_true(json_real_value(json_object_get(test, "mean")) == 12);
        json_decref(j);
    }
}

#define OF_LEARNER "\"seed\":3,\"epochs\":4,\"tasks\":[{\"name\":\"l\",\"data\":\"@/other.csv\"}]}"

/* Folds of a learner are told as those of a model are, and go on with the same learner alone. */
static void folds_of_a_learner(void **state) {
    place *p = *state;
    hx_str summary;
    json_t *j = NULL, *fold;
    size_t n = 0, k;
    write_other(p, 0);
    if (several(p, FOLDS, "{\"learner\":\"nb\"," OF_LEARNER, "of_nb", false, &summary) != HX_OK)
        fail_msg("%s", p->err.message);
    assert_int_equal(hx_json_parse(summary, 1 << 20, "folds", &j, NULL), HX_OK);
    json_array_foreach(json_object_get(j, "folds"), k, fold) n +=
        (size_t)json_integer_value(json_object_get(fold, "n"));
    assert_int_equal(n, 60);
    assert_null(json_object_get(j, "test"));
    const json_t *figures = json_object_get(j, "figures");
    static const char *const keys[] = {"accuracy", "precision", "recall", "f1", "macro_f1"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_true(json_number_value(json_object_get(json_object_get(figures, keys[i]), "mean")) >
                    0.9);
    json_decref(j);
    if (several(p, FOLDS, "{\"learner\":\"nb\"," OF_LEARNER, "of_nb", true, &summary) != HX_OK)
        fail_msg("%s", p->err.message);
    refused(p, several(p, FOLDS, "{\"learner\":\"svm\"," OF_LEARNER, "of_nb", true, &summary),
            "was begun with another 'learner'");
}

/* Of several learners each fold is a comparison; the means stand side by side, with what the ensembles gain. */
static void folds_compare_learners(void **state) {
    place *p = *state;
    hx_str summary;
    json_t *j = NULL, *row;
    static const char *const names[] = {"nb", "svm", "average", "stack"};
    size_t i;
    double best = 0;
    write_other(p, 0);
    if (several(p, FOLDS, "{\"learner\":\"nb,svm\"," OF_LEARNER, "of_two", false, &summary) !=
        HX_OK)
        fail_msg("%s", p->err.message);
    assert_int_equal(hx_json_parse(summary, 1 << 20, "folds", &j, NULL), HX_OK);
    assert_int_equal(json_array_size(json_object_get(j, "learners")), 4);
    json_array_foreach(json_object_get(j, "learners"), i, row) {
        const json_t *f1 = json_object_get(json_object_get(row, "macro_f1"), "mean");
        assert_string_equal(json_string_value(json_object_get(row, "learner")), names[i]);
        assert_true(json_number_value(f1) > 0.8 && json_number_value(f1) <= 1);
        if (i < 2 && json_number_value(f1) > best) best = json_number_value(f1);
        const json_t *gain = json_object_get(row, "gain");
        assert_int_equal(json_is_number(gain), i >= 2);
        if (i >= 2)
            assert_true(fabs(json_number_value(gain) - json_number_value(f1) + best) < 1e-12);
    }
    json_decref(j);
    assert_int_equal(
        several(p, FOLDS, "{\"learner\":\"nb,oracle\"," OF_LEARNER, "of_none", false, &summary),
        HX_EINVAL);
}

/* How often the pool is right about the lines of a run's predictions is what the record says of the same texts. */
static void must_agree(place *p, const char *lines, hx_text_pool *pool, const json_t *record) {
    char path[300];
    size_t n = 0, right = 0;
    hx_buf b;
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, lines);
    hx_buf_init(&b, 1 << 20);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    for (const char *at = b.ptr, *end; at < b.ptr + b.len; at = end + 1) {
        end = memchr(at, '\n', (size_t)(b.ptr + b.len - at));
        json_t *j = NULL;
        float said[2];
        assert_int_equal(hx_json_parse((hx_str){at, (size_t)(end - at)}, 1 << 16, "line", &j, NULL),
                         HX_OK);
        hx_str text = hx_str_of(json_string_value(json_object_get(j, "text")));
        assert_int_equal(hx_text_pool_predict(pool, &text, 1, 1, said, NULL), HX_OK);
        assert_true(fabs((double)said[0] + (double)said[1] - 1) < 1e-5);
        const char *best = hx_text_pool_label(pool, said[1] > said[0]);
        right += strcmp(best, json_string_value(json_object_get(j, "label"))) == 0;
        n++;
        json_decref(j);
    }
    hx_buf_release(&b);
    assert_int_equal(n, json_integer_value(json_object_get(record, "n")));
    assert_true(n > 0 && fabs((double)right / (double)n -
                              json_number_value(json_object_get(record, "accuracy"))) < 1e-9);
}

/* Both ensembles of a comparison are models: what they say of the test is what the comparison counted. */
static void ensembles_stay_as_models(void **state) {
    place *p = *state;
    static const char *const files[] = {"average.pool", "stack.pool"}, *const keys[] = {"ensemble",
                                                                                        "stack"};
    hx_str summary;
    json_t *j = NULL;
    hx_error err = {.ui = HX_UI_EN};
    char path[300];
    write_other(p, 20);
    const char config[] =
        "{\"seed\":3,\"steps\":20,\"sizes\":{\"hidden_size\":16,"
        "\"num_hidden_layers\":1,\"num_attention_heads\":2,"
        "\"intermediate_size\":16},\"tasks\":[{\"name\":\"l\",\"data\":\"@/other.csv\","
        "\"validation_size\":0.3,\"test_size\":0.3}]}";
    if (several(p, COMPARE, config, "pooled", false, &summary) != HX_OK)
        fail_msg("%s", p->err.message);
    assert_int_equal(hx_json_parse(summary, 1 << 20, "summary", &j, NULL), HX_OK);
    for (size_t i = 0; i < 2; i++) {
        hx_text_pool *pool = NULL;
        (void)snprintf(path, sizeof path, "%s/pooled/%s", p->folder, files[i]);
        assert_true(hx_text_pool_is_file(path));
        if (hx_text_pool_open(&pool, path, NULL, &err) != HX_OK) fail_msg("%s", err.message);
        assert_int_equal(hx_text_pool_labels(pool), 2);
        must_agree(p, "pooled/predictions.jsonl", pool, json_object_get(j, keys[i]));
        hx_text_pool_close(pool);
    }
    json_decref(j);
    /* a member that is another one now is refused */
    (void)snprintf(path, sizeof path, "%s/pooled/nb.learner", p->folder);
    assert_int_equal(hx_file_write(path, HX_STR_LIT("something else"), false, NULL), HX_OK);
    (void)snprintf(path, sizeof path, "%s/pooled/stack.pool", p->folder);
    hx_text_pool *pool = NULL;
    assert_int_equal(hx_text_pool_open(&pool, path, NULL, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "is not the model that"));
    assert_null(pool);
    assert_int_equal(hx_file_write(path, HX_STR_LIT("{\"huaxiang\":\"pool\"}"), false, NULL),
                     HX_OK);
    assert_int_equal(hx_text_pool_open(&pool, path, NULL, &err), HX_EFORMAT);
    assert_false(hx_text_pool_is_file("pooled/stack"));
}

static bool reads_both(const place *p, const char *name) {
    json_t *j = read_json(p, name);
    bool both = json_is_true(
        json_object_get(json_array_get(json_object_get(j, "tasks"), 0), "bidirectional"));
    json_decref(j);
    return both;
}

/* With a model to start from, "bert" is that model, read in both directions; without one the learner of learn.h. */
static void bert_starts_from_a_model(void **state) {
    place *p = *state;
    hx_str summary;
    char path[200], config[700];
    const hx_train_calls calls = {.n_threads = 1};
    write_other(p, 0);
    (void)snprintf(path, sizeof path, "%s/start", p->folder);
    (void)snprintf(config, sizeof config,
                   "{\"steps\":2,\"sizes\":{\"hidden_size\":16,\"num_hidden_layers\":1},\"tasks\":["
                   "{\"name\":\"l\",\"data\":\"%s/other.csv\"}]}",
                   p->folder);
    assert_int_equal(hx_train(hx_str_of(config), path, false, &calls, p->arena, &summary, &p->err),
                     HX_OK);
    for (int with = 0; with < 2; with++) {
        (void)snprintf(path, sizeof path, "%s/bert%d", p->folder, with);
        (void)snprintf(config, sizeof config,
                       "{%s%s%s\"epochs\":2,\"learner_epochs\":1,\"tasks\":[{\"name\":\"l\","
                       "\"data\":\"%s/other.csv\",\"validation_size\":0.2}]}",
                       with ? "\"model\":\"" : "", with ? p->folder : "", with ? "/start\"," : "",
                       p->folder);
        if (hx_train_compare(hx_str_of(config), path, "bert,llama", false, &calls, p->arena,
                             &summary, &p->err) != HX_OK)
            fail_msg("%s", p->err.message);
        (void)snprintf(path, sizeof path, "%s/bert%d/bert.learner", p->folder, with);
        assert_int_equal(hx_file_exists(path), !with);
    }
    assert_true(reads_both(p, "bert1/bert/config.json"));
    assert_false(reads_both(p, "bert1/llama/config.json"));
}

static void random_search_trains_all_to_the_end(void **state) {
    place *p = *state;
    hx_str summary;
    if (tune(p,
             "{\"epochs\":2,\"batch_tokens\":128,\"seed\":3,\"search\":\"random\","
             "\"sizes\":{\"hidden_size\":32,\"num_hidden_layers\":1}," SPACE TASK "}",
             "random", 5, false, &summary) != HX_OK)
        fail_msg("%s", p->err.message);
    json_t *j = read_json(p, "random/tune.json");
    const json_t *trials = json_object_get(j, "trials");
    assert_int_equal(json_array_size(trials), 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(json_number_value(json_object_get(json_array_get(trials, i), "share")) == 1);
    json_decref(j);
}

static void what_can_not_be_tuned(void **state) {
    static const struct {
        const char *config, *says;
    } cases[] = {
        {"{\"steps\":1" TASK "}", "tuning needs \"tune\""},
        {"{\"steps\":1,\"tune\":{\"rate\":0.1}" TASK "}", "\"rate\" needs a list"},
        {"{\"steps\":1,\"tune\":{}" TASK "}", "no settings to try"},
        {"{\"steps\":1,\"tune\":{\"rate\":[1]},\"search\":\"grid\"" TASK "}", "halving or random"},
        {"{\"steps\":1,\"model\":\"x\",\"tune\":{\"width\":[64]}" TASK "}", "can't be changed"},
        {"{\"steps\":1,\"tune\":{\"rate\":[1]},\"tasks\":[{},{}]}", "for one task"},
        {"{\"steps\":1,\"tune\":{\"speed\":[1]}" TASK "}", "has no \"speed\""},
    };
    place *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_str summary;
        hx_status st = tune(p, cases[i].config, "refused", 3, false, &summary);
        if (st == HX_OK || !strstr(p->err.message, cases[i].says))
            fail_msg("%s: %s", cases[i].config, st == HX_OK ? "taken" : p->err.message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_keeps_its_weights),
        cmocka_unit_test(settings_have_their_places),
        cmocka_unit_test(broken_off_and_gone_on_with),
        cmocka_unit_test(several_go_on_with_the_same_files_alone),
        cmocka_unit_test(folders_of_others_are_left_alone),
        cmocka_unit_test(folds_use_all_texts),
        cmocka_unit_test(folds_of_a_learner),
        cmocka_unit_test(folds_compare_learners),
        cmocka_unit_test(ensembles_stay_as_models),
        cmocka_unit_test(bert_starts_from_a_model),
        cmocka_unit_test(random_search_trains_all_to_the_end),
        cmocka_unit_test(what_can_not_be_tuned),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
