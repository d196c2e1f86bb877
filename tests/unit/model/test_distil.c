/* test_distil.c - tiny students beside tiny teachers: of plain text, words and several labels; the same bytes after an interruption and with
 * any number of threads; what no teacher can say. */
#include "unit/model/model_test.h"

#include <math.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "huaxiang/llama.h"
#include "huaxiang/model.h"
#include "llama/tokenizer_train.h"

typedef struct {
    char folder[64];
    hx_arena *arena;
    hx_error err;
} place;

static void put_path(const place *p, const char *name, char out[200]) {
    (void)snprintf(out, 200, "%s/%s", p->folder, name);
}

static void write_text(const place *p, const char *name, hx_buf *b) {
    char path[200];
    put_path(p, name, path);
    assert_int_equal(hx_file_write(path, hx_buf_str(b), false, NULL), HX_OK);
    hx_buf_release(b);
}

/* Words of which each has two that may follow it: something to learn, and never certain. */
static void put_sentence(hx_buf *b, hx_rng *r) {
    static const char *const words[] = {"shop", "sells", "tea",  "and",   "bread", "from",
                                        "town", "where", "rain", "falls", "on",    "rooftops"};
    size_t at = hx_rng_below(r, 12);
    for (size_t i = 0; i < 12; i++) {
        (void)hx_buf_printf(b, "%s%s", i ? " " : "", words[at]);
        at = (3 * at + (hx_rng_below(r, 4) ? 1 : 7)) % 12;
    }
}

static void write_data(const place *p) {
    hx_buf text, many, tags;
    hx_rng r;
    hx_rng_seed(&r, 3);
    hx_buf_init(&text, 1 << 20);
    hx_buf_init(&many, 1 << 20);
    hx_buf_init(&tags, 1 << 20);
    (void)hx_buf_append_lit(&many, "text,label\n");
    (void)hx_buf_append_lit(&tags, "text\tlabel\n");
    for (size_t i = 0; i < 300; i++) {
        bool a = i % 2, b = i % 3 == 0;
        put_sentence(&text, &r);
        (void)hx_buf_append_lit(&text, "\n\n");
        put_sentence(&many, &r);
        (void)hx_buf_printf(&many, " %zu%s%s,%s%s%s\n", i, a ? " wet" : "", b ? " cold" : "",
                            a ? "rain" : "", a && b ? "|" : "",
                            b   ? "ice"
                            : a ? ""
                                : "none");
        (void)hx_buf_printf(&tags, "tea %s roofs %zu\tO %s O O\n", a ? "bread" : "rain", i,
                            a ? "B-food" : "B-weather");
    }
    write_text(p, "text.txt", &text);
    write_text(p, "many.csv", &many);
    write_text(p, "tags.tsv", &tags);
}

static void write_tokenizer(const place *p, const char *folder, size_t max_piece) {
    char path[200], out[200];
    hx_tokenizer_trainer *t = NULL;
    hx_buf b;
    const hx_tokenizer_train_options options = {
        .vocab = 512, .n_threads = 1, .max_piece = max_piece};
    hx_buf_init(&b, 1 << 20);
    put_path(p, "text.txt", path);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    (void)snprintf(out, sizeof out, "mkdir -p %s/%s", p->folder, folder);
    assert_int_equal(system(out), 0);
    (void)snprintf(out, sizeof out, "%s/%s/tokenizer.model", p->folder, folder);
    assert_int_equal(hx_tokenizer_trainer_new(&t, &options, NULL), HX_OK);
    assert_int_equal(hx_tokenizer_trainer_add(t, hx_buf_str(&b), NULL), HX_OK);
    assert_int_equal(hx_tokenizer_trainer_write(t, out, NULL), HX_OK);
    hx_tokenizer_trainer_free(t);
    hx_buf_release(&b);
}

/* ------------------------------------------------------------------ runs */
#define NEW(tokenizer, width)                                                                      \
    "{\"tokenizer\":\"@/" tokenizer "/tokenizer.model\",\"sizes\":{\"hidden_size\":" width         \
    ",\"num_hidden_layers\":2,\"num_attention_heads\":2,\"intermediate_size\":64}"
#define TEXT(kind)                                                                                 \
    "{\"name\":\"lm\",\"kind\":\"" kind "\",\"data\":\"@/text.txt\",\"length\":16,"                \
    "\"validation_size\":0.1"

typedef struct {
    volatile int cancel;
    uint64_t stop_at; /* 0 = never */
    char notice[HX_MESSAGE_MAX];
} watcher;

static void on_step(void *context, const hx_train_progress *p) {
    watcher *w = context;
    if (w->stop_at && p->step == w->stop_at) hx_flag_raise(&w->cancel);
}

static void on_notice(void *context, const char *sentence) {
    watcher *w = context;
    (void)snprintf(w->notice, sizeof w->notice, "%s", sentence);
}

static hx_status run(place *p, const char *config, const char *name, bool resume, size_t threads,
                     watcher *w) {
    hx_buf b;
    hx_str metrics;
    char path[200];
    const hx_train_calls calls = {.n_threads = threads,
                                  .progress = on_step,
                                  .notice = on_notice,
                                  .context = w,
                                  .cancel = &w->cancel};
    hx_buf_init(&b, 1 << 16);
    for (const char *s = config; *s; s++)
        (void)(*s == '@' ? hx_buf_append_lit(&b, p->folder) : hx_buf_append_byte(&b, *s));
    put_path(p, name, path);
    p->err = (hx_error){.ui = HX_UI_EN};
    hx_status st = hx_train(hx_buf_str(&b), path, resume, &calls, p->arena, &metrics, &p->err);
    hx_buf_release(&b);
    return st;
}

static void must_run(place *p, const char *config, const char *name) {
    watcher w = {0};
    hx_status st = run(p, config, name, false, 2, &w);
    if (st != HX_OK) fail_msg("%s", p->err.message);
}

static int set_up(void **state) {
    static place p;
    p = (place){.folder = "/tmp/hx-distil-XXXXXX"};
    assert_non_null(mkdtemp(p.folder));
    p.arena = hx_arena_new(0);
    *state = &p;
    write_data(&p);
    write_tokenizer(&p, "one", 16);
    write_tokenizer(&p, "other", 7);
    must_run(&p,
             NEW("one", "48") ",\"rate\":0.005,\"steps\":250,\"batch_tokens\":256,\"tasks\":[" TEXT(
                 "causal") "}]}",
             "teacher");
    must_run(&p,
             NEW("one", "48") ",\"rate\":0.005,\"steps\":250,\"batch_tokens\":256,\"tasks\":[" TEXT(
                 "mixed") "}]}",
             "mixed_teacher");
    return 0;
}

static int tear_down(void **state) {
    place *p = *state;
    hx_arena_free(p->arena);
    test_remove_tree(p->folder);
    return 0;
}

/* ------------------------------------------------------------------ how near */
typedef struct {
    hx_llama *model;
    hx_llama_context *context;
} reader;

static void open_reader(const place *p, const char *run, reader *r) {
    char path[200];
    hx_str model;
    hx_error err = {.ui = HX_UI_EN};
    const hx_llama_options options = {.precision = HX_PRECISION_EXACT, .n_threads = 1};
    put_path(p, run, path);
    assert_int_equal(hx_model_resolve(path, NULL, p->arena, &model, &err), HX_OK);
    assert_int_equal(hx_llama_open(&r->model, model.ptr, &options, &err), HX_OK);
    assert_int_equal(hx_llama_context_open(&r->context, r->model, NULL, &err), HX_OK);
}

static void close_reader(reader *r) {
    hx_llama_context_close(r->context);
    hx_llama_close(r->model);
}

static const float *read_text(reader *r, const hx_tokens *ids, bool both, size_t *rows) {
    const hx_llama_piece piece = {.ids = ids->ids,
                                  .n = ids->n,
                                  .sequence = -1,
                                  .want = HX_WANT_LOGITS_ALL,
                                  .bidirectional = both};
    assert_int_equal(hx_llama_run(r->context, &piece, 1, NULL), HX_OK);
    return hx_llama_logits(r->context, 0, rows);
}

static double log_sum(const float *row, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)row[i]);
    return log(sum);
}

/* Mean KL of the next token's distributions on texts that neither has seen. */
static double distance(const place *p, const char *teacher, const char *student, bool both) {
    reader a, b;
    hx_rng r;
    double sum = 0, n = 0;
    open_reader(p, teacher, &a);
    open_reader(p, student, &b);
    size_t v = hx_llama_describe(a.model)->n_vocab;
    hx_rng_seed(&r, 99);
    for (size_t i = 0; i < 20; i++) {
        hx_buf text;
        hx_tokens ids;
        size_t rows;
        hx_buf_init(&text, 1 << 12);
        put_sentence(&text, &r);
        assert_int_equal(hx_llama_tokenize(a.model, hx_buf_str(&text),
                                           &(hx_token_options){.special = true}, p->arena, &ids,
                                           NULL, NULL),
                         HX_OK);
        const float *x = read_text(&a, &ids, both, &rows), *y = read_text(&b, &ids, both, &rows);
        for (size_t k = 0; k < rows; k++, x += v, y += v) {
            double lx = log_sum(x, v), ly = log_sum(y, v);
            for (size_t c = 0; c < v; c++)
                sum += exp((double)x[c] - lx) * ((double)x[c] - lx - (double)y[c] + ly);
            n++;
        }
        hx_buf_release(&text);
    }
    close_reader(&a);
    close_reader(&b);
    return sum / n;
}

/* ------------------------------------------------------------------ plain text */
#define STEPS ",\"rate\":0.005,\"steps\":120,\"batch_tokens\":256,\"tasks\":["

static void students_come_nearer(void **state) {
    place *p = *state;
    must_run(p, NEW("one", "32") STEPS TEXT("causal") "}]}", "alone");
    must_run(p,
             NEW("one", "32") STEPS TEXT(
                 "causal") ",\"teacher\":\"@/teacher\",\"teacher_share\":1,\"temperature\":1}]}",
             "pupil");
    double alone = distance(p, "teacher", "alone", false),
           pupil = distance(p, "teacher", "pupil", false);
    print_message("KL to the teacher: %.4f by labels, %.4f by its logits\n", alone, pupil);
    assert_true(pupil < 0.75 * alone);
    must_run(p,
             NEW("one", "32") STEPS TEXT("mixed") ",\"teacher\":\"@/mixed_teacher\","
                                                  "\"teacher_share\":0.8,\"hidden_share\":0.5,"
                                                  "\"hidden_loss\":\"cosine\"}]}",
             "mixed_pupil");
    must_run(p, NEW("one", "32") STEPS TEXT("mixed") "}]}", "mixed_alone");
    for (int both = 0; both < 2; both++) {
        alone = distance(p, "mixed_teacher", "mixed_alone", both);
        pupil = distance(p, "mixed_teacher", "mixed_pupil", both);
        print_message("%s: %.4f, %.4f\n", both ? "both ways" : "forwards", alone, pupil);
        assert_true(pupil < 0.9 * alone);
    }
}

static void same_run(const place *p, const char *a, const char *b) {
    static const char *const files[] = {"last/weights.safetensors", "last/optimiser.safetensors",
                                        "log.jsonl", "best/model.safetensors", "metrics.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char command[500];
        (void)snprintf(command, sizeof command, "cmp '%s/%s/%s' '%s/%s/%s'", p->folder, a, files[i],
                       p->folder, b, files[i]);
        assert_int_equal(system(command), 0);
    }
}

static void resumed_students_are_the_same(void **state) {
    static const char *const configs[] = {
        NEW("one", "32") ",\"steps\":12,\"batch_tokens\":128,\"accumulate\":2,\"tasks\":[" TEXT(
            "mixed") ",\"teacher\":\"@/teacher\",\"hidden_share\":0.5,\"hidden_block\":1}]}",
        NEW("other", "32") ",\"steps\":12,\"batch_tokens\":128,\"tasks\":[{\"name\":\"t\",\"kind\":"
                           "\"crf\",\"data\":\"@/tags.tsv\",\"teacher\":\"@/tagger\","
                           "\"hidden_share\":0.5}]}"};
    place *p = *state;
    for (size_t i = 0; i < 2; i++) {
        char whole[20], parts[20];
        watcher never = {0}, stops = {.stop_at = 7}, again = {0};
        (void)snprintf(whole, sizeof whole, "whole%zu", i);
        (void)snprintf(parts, sizeof parts, "parts%zu", i);
        assert_int_equal(run(p, configs[i], whole, false, 2, &never), HX_OK);
        assert_int_equal(run(p, configs[i], parts, false, 1, &stops), HX_ECANCELLED);
        assert_int_equal(run(p, configs[i], parts, true, 2, &again), HX_OK);
        same_run(p, whole, parts);
        if (i == 0) assert_non_null(strstr(never.notice, "reads texts forwards only"));
    }
}

/* ------------------------------------------------------------------ words and several labels */
#define LEARNS ",\"rate\":0.01,\"epochs\":40,\"batch_tokens\":256,\"tasks\":["

static double figure(const place *p, const char *run, const char *task, const char *name) {
    char path[200], key[64];
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    (void)snprintf(path, sizeof path, "%s/%s/metrics.json", p->folder, run);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    (void)hx_buf_append_byte(&b, '\0');
    const char *at = strstr(b.ptr, "\"test\"");
    (void)snprintf(key, sizeof key, "\"%s\":{", task);
    at = at ? strstr(at, key) : NULL;
    (void)snprintf(key, sizeof key, "\"%s\":", name);
    at = at ? strstr(at, key) : NULL;
    assert_non_null(at);
    double x = strtod(at + strlen(key), NULL);
    hx_buf_release(&b);
    return x;
}

/* The teacher cuts words otherwise; its logits alone teach. */
static void words_are_taught(void **state) {
    place *p = *state;
    must_run(p,
             NEW("one", "32") LEARNS "{\"name\":\"t\",\"kind\":\"tag\",\"data\":\"@/tags.tsv\"}]}",
             "tagger");
    must_run(p,
             NEW("other", "32") LEARNS
             "{\"name\":\"t\",\"kind\":\"tag\",\"data\":\"@/tags.tsv\",\"teacher\":\"@/tagger\","
             "\"teacher_share\":1}]}",
             "tag_pupil");
    double teacher = figure(p, "tagger", "t", "accuracy"),
           pupil = figure(p, "tag_pupil", "t", "accuracy");
    print_message("tags: %.3f, pupil %.3f\n", teacher, pupil);
    assert_true(teacher > 0.95 && pupil > 0.95);
}

static void several_labels_are_taught(void **state) {
    place *p = *state;
    must_run(p,
             NEW("one", "32") LEARNS
             "{\"name\":\"m\",\"kind\":\"labels\",\"data\":\"@/many.csv\",\"mean\":true}]}",
             "several");
    must_run(p,
             NEW("other", "32") LEARNS
             "{\"name\":\"m\",\"kind\":\"labels\",\"data\":\"@/many.csv\",\"mean\":true,"
             "\"teacher\":\"@/several\",\"teacher_share\":1,\"hidden_share\":0.2}]}",
             "several_pupil");
    double teacher = figure(p, "several", "m", "f1"), pupil = figure(p, "several_pupil", "m", "f1");
    print_message("f1 of several labels: %.3f, of its pupil %.3f\n", teacher, pupil);
    assert_true(pupil > 0.8 && pupil > teacher - 0.15);
}

/* ------------------------------------------------------------------ what can't be */
/* moods.csv, and from `first` down what a teacher says of its texts: the last one first. */
static void write_moods(const place *p, size_t first) {
    static const char *const words[2][2] = {{"good", "fine"}, {"bad", "poor"}};
    hx_buf data, said;
    hx_buf_init(&data, 1 << 20);
    hx_buf_init(&said, 1 << 20);
    (void)hx_buf_append_lit(&data, "id,text,label\n");
    for (size_t i = 0; i < 160; i++) {
        size_t k = 159 - i;
        (void)hx_buf_printf(&data, "%zu, a %s shop number %zu,%s\n", i, words[i % 2][i / 2 % 2], i,
                            i % 2 ? "no" : "yes");
        if (k > first) continue;
        (void)hx_buf_printf(&said,
                            "{\"id\":\"%zu\",\"text\":\"a %s shop number %zu \",\"label\":\"?\","
                            "\"scores\":{\"yes\":%s,\"no\":%s}}\n",
                            k, words[k % 2][k / 2 % 2], k, k % 2 ? "0.01" : "0.99",
                            k % 2 ? "0.99" : "0.01");
    }
    write_text(p, "moods.csv", &data);
    write_text(p, "moods.jsonl", &said);
}

static double accuracy_of(const place *p, const char *run_name) {
    char path[300];
    hx_buf b;
    json_t *j = NULL;
    hx_buf_init(&b, 1 << 20);
    (void)snprintf(path, sizeof path, "%s/%s/metrics.json", p->folder, run_name);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    assert_int_equal(hx_json_parse(hx_buf_str(&b), 1 << 20, path, &j, NULL), HX_OK);
    const json_t *tasks = json_object_get(json_object_get(j, "test"), "tasks");
    double x = json_number_value(json_object_get(json_object_get(tasks, "mood"), "accuracy"));
    json_decref(j);
    hx_buf_release(&b);
    return x;
}

/* Rows of the whole file, in another order, teach the texts that are theirs; a text without one is named. */
static void rows_are_found_by_their_text(void **state) {
    static const char *const configs[] = {
        NEW("one", "32") ",\"rate\":0.01,\"epochs\":10,\"batch_tokens\":128,\"tasks\":[{\"name\":"
                         "\"mood\",\"data\":\"@/moods.csv\",\"teacher\":\"@/moods.jsonl\","
                         "\"teacher_share\":1}]}",
        NEW("one", "32") ",\"rate\":0.01,\"epochs\":10,\"batch_tokens\":128,\"tasks\":[{\"name\":"
                         "\"mood\",\"text\":\"text\",\"data\":\"@/moods.csv\",\"teacher\":"
                         "\"@/moods.jsonl\",\"teacher_share\":1}]}"};
    place *p = *state;
    for (size_t i = 0; i < 2; i++) {
        const char *const names[] = {"mood0", "mood1"}, *const half[] = {"half0", "half1"};
        watcher w = {0};
        write_moods(p, 159);
        must_run(p, configs[i], names[i]);
        assert_true(accuracy_of(p, names[i]) > 0.9);
        write_moods(p, 80);
        assert_int_equal(run(p, configs[i], half[i], false, 1, &w), HX_EFORMAT);
        assert_non_null(strstr(p->err.message, "moods.jsonl has no row for the text of"));
        assert_non_null(strstr(p->err.message, "moods.csv:"));
        assert_non_null(strstr(p->err.message, "shop number"));
    }
}

static void teachers_that_can_not(void **state) {
    place *p = *state;
    static const struct {
        const char *config, *says;
    } cases[] = {
        {NEW("other", "32") STEPS TEXT("causal") ",\"teacher\":\"@/teacher\"}]}",
         "the same tokenizer"},
        {NEW("one", "32") STEPS TEXT("masked") ",\"teacher\":\"@/teacher\"}]}",
         "what a masked token was"},
        {NEW("one", "32") STEPS TEXT("replaced") ",\"teacher\":\"@/teacher\"}]}", "the task lm"},
        {NEW("one", "32") STEPS TEXT("causal") ",\"teacher\":\"@/said.jsonl\"}]}",
         "must be a model, not a file"},
        {NEW("one", "32") STEPS TEXT("causal") ",\"teacher\":\"@/nothing\"}]}", "nothing"},
        {NEW("one", "32") STEPS TEXT("causal") ",\"hidden_share\":1}]}", "\"hidden_share\""},
        {NEW("one", "32") STEPS TEXT(
             "causal") ",\"teacher\":\"@/teacher\",\"hidden_share\":1,\"hidden_block\":3}]}",
         "compared with block 3"},
        {NEW("one", "32") STEPS
         "{\"name\":\"t\",\"kind\":\"tag\",\"data\":\"@/tags.tsv\",\"teacher\":\"@/teacher\"}]}",
         "no head for words"},
        {NEW("one", "32") STEPS
         "{\"name\":\"l\",\"data\":\"@/many.csv\",\"teacher\":\"@/said.jsonl\","
         "\"hidden_share\":1}]}",
         "no hidden states"},
    };
    hx_buf said;
    hx_buf_init(&said, 1 << 10);
    (void)hx_buf_append_lit(&said, "{}\n");
    write_text(p, "said.jsonl", &said);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        watcher w = {0};
        hx_status st = run(p, cases[i].config, "refused", false, 1, &w);
        if (st == HX_OK || !strstr(p->err.message, cases[i].says))
            fail_msg("%s: %s", cases[i].config, st == HX_OK ? "taken" : p->err.message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(students_come_nearer),
        cmocka_unit_test(words_are_taught),
        cmocka_unit_test(several_labels_are_taught),
        cmocka_unit_test(rows_are_found_by_their_text),
        cmocka_unit_test(resumed_students_are_the_same),
        cmocka_unit_test(teachers_that_can_not),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
