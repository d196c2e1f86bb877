/* test_compress_run.c - a tiny classifier trained here and then compressed in every way: sizes shrink, what is left still opens and
 * classifies, tuning brings back what pruning cost, calibration points at what matters, and bad wishes are refused.
 *
 * The label of a text follows from one of its words, so that a whole model gets nearly all right. */
#include "unit/model/model_test.h"

#include <math.h>

#include "base/buf.h"
#include "base/file.h"
#include "huaxiang/model.h"
#include "llama/tokenizer_train.h"
#include "model/compress.h"
#include "model/model_file.h"

#define TEXTS 400

typedef struct {
    char folder[32];
    char data[64], model[64], out[64];
    hx_arena *arena;
} place;

static void assert_ok(hx_status st, const hx_error *err) {
    if (st != HX_OK) fail_msg("%s", err->message);
}

static void write_data(place *p) {
    static const char *const words[2][4] = {{"good", "fine", "great", "lovely"},
                                            {"bad", "poor", "awful", "ugly"}};
    hx_error err = {0};
    hx_buf b;
    hx_buf_init(&b, 1u << 20);
    (void)hx_buf_append_lit(&b, "text,label\n");
    for (size_t i = 0; i < TEXTS; i++)
        (void)hx_buf_printf(&b, "item %zu of the shop is %s today,%s\n", i * 7 % 97,
                            words[i % 2][i / 2 % 4], i % 2 ? "negative" : "positive");
    assert_ok(hx_file_write(p->data, hx_buf_str(&b), false, &err), &err);
    hx_tokenizer_trainer *t = NULL;
    const hx_tokenizer_train_options o = {.vocab = 512, .n_threads = 1};
    char path[80];
    (void)snprintf(path, sizeof path, "%s/tokenizer.model", p->folder);
    assert_ok(hx_tokenizer_trainer_new(&t, &o, &err), &err);
    assert_ok(hx_tokenizer_trainer_add(t, hx_buf_str(&b), &err), &err);
    assert_ok(hx_tokenizer_trainer_write(t, path, &err), &err);
    hx_tokenizer_trainer_free(t);
    hx_buf_release(&b);
}

static void train(place *p) {
    char config[1024], run[64];
    hx_error err = {0};
    hx_str metrics, best;
    const hx_train_calls calls = {.n_threads = 1};
    (void)snprintf(run, sizeof run, "%s/run", p->folder);
    (void)snprintf(
        config, sizeof config,
        "{\"tokenizer\":\"%s/tokenizer.model\",\"epochs\":6,\"rate\":0.004,\"batch_tokens\":256,"
        "\"sizes\":{\"hidden_size\":32,\"num_hidden_layers\":3,\"num_attention_heads\":4,"
        "\"num_key_value_heads\":2,\"intermediate_size\":64},"
        "\"tasks\":[{\"name\":\"mood\",\"kind\":\"label\",\"mean\":true,\"data\":\"%s\"}]}",
        p->folder, p->data);
    assert_ok(hx_train(hx_str_of(config), run, false, &calls, p->arena, &metrics, &err), &err);
    assert_ok(hx_model_resolve(run, p->folder, p->arena, &best, &err), &err);
    (void)snprintf(p->model, sizeof p->model, "%s", best.ptr);
}

static int set_up(void **state) {
    place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    test_directory(p->folder);
    p->arena = hx_arena_new(0);
    (void)snprintf(p->data, sizeof p->data, "%s/labels.csv", p->folder);
    (void)snprintf(p->out, sizeof p->out, "%s/out", p->folder);
    write_data(p);
    train(p);
    *state = p;
    return 0;
}

static int tear_down(void **state) {
    place *p = *state;
    hx_arena_free(p->arena);
    test_remove_tree(p->folder);
    free(p);
    return 0;
}

static void count(void *context, const hx_compressed *row) {
    assert_non_null(row->path);
    ++*(size_t *)context;
}

/* The head reads the mean over the tokens, as that of the model does. */
static void check_head(const char *path) {
    hx_error err = {0};
    hx_model_file s;
    assert_ok(hx_model_file_open(&s, path, &err), &err);
    assert_true(s.has_config && s.config.head_is_mean);
    hx_model_file_release(&s);
}

static void every_way_is_tried(void **state) {
    place *p = *state;
    size_t n = 0, told = 0;
    hx_compressed *rows = NULL;
    hx_error err = {0};
    const hx_compress_options o = {
        .data = p->data,
        .n_threads = 1,
        .rate = 0.001,
        .tried = count,
        .context = &told,
        .tries =
            "int8,q4_0,vocab,drop:1,ffn:0.5,heads:0.5,ffn:0.5+tune:4+int8,qat:8,drop:1+vocab+q4_0"};
    assert_ok(hx_model_compress(p->model, p->out, &o, p->arena, &rows, &n, &err), &err);
    assert_int_equal(n, 10);
    assert_int_equal(told, 10);
    assert_string_equal(rows[0].name, "as it is");
    assert_true(rows[0].accuracy > 0.9);
    assert_true(rows[0].speed == 1 && rows[0].texts_per_second > 0);
    for (size_t i = 1; i < n; i++) {
        assert_true(rows[i].bytes > 0 && rows[i].bytes < rows[0].bytes);
        assert_true(rows[i].speed > 0);
        assert_true(fabs(rows[i].texts_per_second - rows[0].texts_per_second * rows[i].speed) <
                    1e-6 * rows[i].texts_per_second);
        assert_true(hx_file_exists(rows[i].path) || hx_model_is_folder(rows[i].path));
    }
    assert_true(rows[1].bytes < rows[0].bytes / 2);
    assert_true(fabs(rows[1].accuracy - rows[0].accuracy) < 0.05);
    assert_true(rows[2].bytes < rows[1].bytes);
    assert_true(fabs(rows[3].accuracy - rows[0].accuracy) < 0.05);
    for (size_t i = 3; i <= 7; i++)
        assert_true(rows[i].n_parameters < rows[0].n_parameters);
    assert_true(rows[7].accuracy > 0.9);
    assert_true(rows[8].accuracy > 0.9);
    for (size_t i = 0; i < n; i++)
        check_head(rows[i].path);
    assert_int_equal(rows[8].n_parameters, rows[0].n_parameters);
    char between[128];
    (void)snprintf(between, sizeof between, "%s.1", p->out);
    assert_false(hx_model_is_folder(between));
}

static void calibration_points_at_what_matters(void **state) {
    place *p = *state;
    hx_error err = {0};
    hx_dataset *d = NULL;
    hx__calibration a, b;
    const hx_dataset_options read = {.target = HX_TARGET_LABEL};
    assert_ok(hx_dataset_read(&d, p->data, &read, &err), &err);
    const hx_config_task forwards = {.mean = true}, both = {.mean = true, .bidirectional = true};
    assert_ok(hx__calibrate(p->model, &forwards, d, 64, 1, NULL, p->arena, &a, &err), &err);
    assert_ok(hx__calibrate(p->model, &forwards, d, 64, 2, NULL, p->arena, &b, &err), &err);
    assert_int_equal(a.n_layers, 3);
    assert_int_equal(a.n_ff, 64);
    assert_int_equal(a.n_groups, 2);
    assert_memory_equal(a.channels, b.channels, 3 * 64 * sizeof *a.channels);
    assert_memory_equal(a.groups, b.groups, 3 * 2 * sizeof *a.groups);
    const float *columns = hx__calibration_columns(&a, "model.layers.1.mlp.down_proj.weight");
    assert_non_null(columns);
    double sum = 0;
    for (size_t i = 0; i < 64; i++) {
        assert_true(columns[i] > 0);
        sum += (double)columns[i];
    }
    assert_true(fabs(sum / 64 - 1.01) < 1e-3);
    assert_null(hx__calibration_columns(&a, "score.weight"));
    assert_ok(hx__calibrate(p->model, &both, d, 64, 2, NULL, p->arena, &b, &err), &err);
    assert_memory_not_equal(a.channels, b.channels, 3 * 64 * sizeof *a.channels);
    hx_dataset_free(d);
}

/* A model that reads lower case, in both directions, cut at 24 tokens; its texts are in capitals. */
static void what_is_tuned_reads_as_before(void **state) {
    place *p = *state;
    char config[1024], run[64], out[64], loud[64];
    hx_error err = {0};
    hx_str metrics;
    hx_buf b;
    hx_compressed *rows = NULL;
    size_t n = 0;
    const hx_train_calls calls = {.n_threads = 1};
    (void)snprintf(run, sizeof run, "%s/lower", p->folder);
    (void)snprintf(out, sizeof out, "%s/lower_out", p->folder);
    (void)snprintf(loud, sizeof loud, "%s/loud.csv", p->folder);
    (void)snprintf(
        config, sizeof config,
        "{\"tokenizer\":\"%s/tokenizer.model\",\"epochs\":6,\"rate\":0.004,\"batch_tokens\":256,"
        "\"sizes\":{\"hidden_size\":32,\"num_hidden_layers\":3,\"num_attention_heads\":4,"
        "\"intermediate_size\":64},\"tasks\":[{\"name\":\"mood\",\"mean\":true,\"lower\":true,"
        "\"bidirectional\":true,\"max_length\":24,\"data\":\"%s\"}]}",
        p->folder, p->data);
    assert_ok(hx_train(hx_str_of(config), run, false, &calls, p->arena, &metrics, &err), &err);
    hx_buf_init(&b, 1u << 20);
    assert_ok(hx_file_read(p->data, &b, &err), &err);
    char *text = b.ptr;
    for (size_t line = 0, i = 0; i < b.len; i++) {
        bool in_text = line > 0 && memchr(text + i, ',', b.len - i) &&
                       (const char *)memchr(text + i, ',', b.len - i) <
                           (const char *)memchr(text + i, '\n', b.len - i);
        if (in_text && text[i] >= 'a' && text[i] <= 'z') text[i] = (char)(text[i] - 32);
        line += text[i] == '\n';
    }
    assert_ok(hx_file_write(loud, hx_buf_str(&b), false, &err), &err);
    hx_buf_release(&b);
    hx_str best;
    assert_ok(hx_model_resolve(run, p->folder, p->arena, &best, &err), &err);
    const hx_compress_options o = {
        .data = loud, .n_threads = 1, .rate = 0.002, .tries = "drop:1+tune:2,qat:8"};
    assert_ok(hx_model_compress(best.ptr, out, &o, p->arena, &rows, &n, &err), &err);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        hx_model_file s;
        assert_ok(hx_model_file_open(&s, rows[i].path, &err), &err);
        assert_int_equal(s.config.n_tasks, 1);
        const hx_config_task *t = &s.config.tasks[0];
        assert_string_equal(t->name, "mood");
        assert_true(t->mean && t->lower && t->bidirectional);
        assert_int_equal(t->max_length, 24);
        hx_model_file_release(&s);
        assert_true(rows[i].accuracy > 0.95);
    }
}

/* ------------------------------------------------------------------ a run's own test */
static void keep_notice(void *context, const char *sentence) {
    (void)snprintf(context, 256, "%s", sentence);
}

static size_t lines_of(const char *path, hx_buf *b) {
    size_t n = 0;
    hx_error err = {0};
    b->len = 0;
    assert_ok(hx_file_read(path, b, &err), &err);
    for (size_t i = 0; i < b->len; i++)
        n += b->ptr[i] == '\n';
    (void)hx_buf_append_byte(b, '\0');
    return n;
}

/* No text of the run's test is among those that `path` holds. */
static void assert_apart(const char *predictions, const char *path, size_t n) {
    hx_buf said, kept;
    size_t seen = 0;
    hx_buf_init(&said, 1u << 20);
    hx_buf_init(&kept, 1u << 20);
    assert_int_equal(lines_of(predictions, &said), 120);
    assert_int_equal(lines_of(path, &kept), n);
    for (char *at = said.ptr; (at = strstr(at, "\"text\":\"item ")); seen++) {
        char *end = strstr(at, "\",");
        assert_non_null(end);
        *end = '\0';
        if (strstr(kept.ptr, at)) fail_msg("%s is in %s", at, path);
        at = end + 1;
    }
    assert_int_equal(seen, 120);
    hx_buf_release(&said);
    hx_buf_release(&kept);
}

static void the_test_is_that_of_the_run(void **state) {
    place *p = *state;
    char config[1024], run[64], out[64], other[64], notice[256], path[3][96];
    hx_error err = {0};
    hx_str metrics, best;
    hx_compressed *rows = NULL;
    size_t n = 0;
    const hx_train_calls calls = {.n_threads = 1};
    (void)snprintf(run, sizeof run, "%s/apart", p->folder);
    (void)snprintf(out, sizeof out, "%s/apart_out", p->folder);
    (void)snprintf(other, sizeof other, "%s/apart_other", p->folder);
    (void)snprintf(config, sizeof config,
                   "{\"model\":\"%s\",\"steps\":2,\"seed\":5,\"tasks\":[{\"name\":\"mood\","
                   "\"data\":\"%s\",\"test_size\":0.3,\"validation_size\":0.1}]}",
                   p->model, p->data);
    assert_ok(hx_train(hx_str_of(config), run, false, &calls, p->arena, &metrics, &err), &err);
    assert_ok(hx_model_resolve(run, p->folder, p->arena, &best, &err), &err);
    hx_compress_options o = {
        .data = p->data, .n_threads = 1, .tries = "int8", .notice = keep_notice, .context = notice};
    assert_ok(hx_model_compress(best.ptr, out, &o, p->arena, &rows, &n, &err), &err);
    if (!strstr(notice, "120 texts") || !strstr(notice, "the run's own test"))
        fail_msg("%s", notice);
    (void)snprintf(path[0], sizeof path[0], "%s/predictions.jsonl", run);
    (void)snprintf(path[1], sizeof path[1], "%s/train.jsonl", out);
    (void)snprintf(path[2], sizeof path[2], "%s/validation.jsonl", out);
    assert_apart(path[0], path[1], 240);
    assert_apart(path[0], path[2], 40);
    o.seed = 1;
    assert_ok(hx_model_compress(best.ptr, other, &o, p->arena, &rows, &n, &err), &err);
    if (!strstr(notice, "a test other than the run's own")) fail_msg("%s", notice);
}

/* What is there is never mixed with what is made; after a failure nothing is left, so that the next try has a new folder. */
static void folders_that_hold_something(void **state) {
    place *p = *state;
    hx_compressed *rows;
    size_t n;
    hx_error err = {0};
    char fresh[64];
    const hx_compress_options o = {.data = p->data, .n_threads = 1, .tries = "drop:2"};
    const char *const taken[] = {p->folder, p->model, p->data};
    static const char *const says[] = {"is there already and not empty",
                                       "is there already and not empty", "is a file"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(hx_model_compress(p->model, taken[i], &o, p->arena, &rows, &n, &err),
                         HX_EINVAL);
        if (!strstr(err.message, says[i])) fail_msg("%s", err.message);
        if (!strstr(err.message, taken[i])) fail_msg("%s", err.message);
    }
    (void)snprintf(fresh, sizeof fresh, "%s/fresh", p->folder);
    assert_int_equal(hx_model_compress(p->model, fresh, &o, p->arena, &rows, &n, &err), HX_EINVAL);
    if (!strstr(err.message, "2 of 3 layers")) fail_msg("%s", err.message);
    assert_false(hx_file_exists(fresh));
}

static void wishes_that_make_no_sense(void **state) {
    place *p = *state;
    char out[64];
    (void)snprintf(out, sizeof out, "%s/wishes", p->folder);
    static const char *const tries[][2] = {{"int9", "'int9'"},
                                           {"drop:2", "2 of 3 layers"},
                                           {"int8,", "''"},
                                           {"q4+vocab", "comes last"}};
    hx_compressed *rows;
    size_t n;
    hx_error err = {0};
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        const hx_compress_options o = {.data = p->data, .n_threads = 1, .tries = tries[i][0]};
        hx_status st = hx_model_compress(p->model, out, &o, p->arena, &rows, &n, &err);
        assert_int_equal(st, HX_EINVAL);
        if (!strstr(err.message, tries[i][1])) fail_msg("%s", err.message);
    }
    const hx_compress_options none = {.n_threads = 1};
    assert_int_equal(hx_model_compress(p->model, out, &none, p->arena, &rows, &n, &err), HX_EINVAL);
    const hx_compress_options o = {.data = p->data, .n_threads = 1};
    assert_int_equal(hx_model_compress(HX_SOURCE_DIR "/tests/golden/llama/llama_mha", out, &o,
                                       p->arena, &rows, &n, &err),
                     HX_EUNSUPPORTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_is_tried),
        cmocka_unit_test(calibration_points_at_what_matters),
        cmocka_unit_test(what_is_tuned_reads_as_before),
        cmocka_unit_test(the_test_is_that_of_the_run),
        cmocka_unit_test(folders_that_hold_something),
        cmocka_unit_test(wishes_that_make_no_sense),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
