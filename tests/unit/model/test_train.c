/* test_train.c - whole trainings of tiny models: the same bytes after an interruption and with any number of threads, tasks that are learnt,
 * what is saved and opened again, and configurations that are refused. */
#include "unit/model/model_test.h"

#include <math.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "huaxiang/model.h"
#include "huaxiang/llama.h"
#include "llama/tokenizer_folder.h"
#include "llama/tokenizer_train.h"
#include "model/adapter.h"

typedef struct {
    char folder[64];
    hx_arena *arena;
    hx_error err;
} place;

static const char *const good[] = {"good", "fine", "great", "lovely"};
static const char *const bad[] = {"bad", "poor", "awful", "ugly"};
static const char *const plain[] = {"the", "shop", "is", "a", "thing", "of", "today", "and"};

static void put_path(const place *p, const char *name, char out[200]) {
    (void)snprintf(out, 200, "%s/%s", p->folder, name);
}

static void write_text(const place *p, const char *name, const hx_buf *b) {
    char path[200];
    put_path(p, name, path);
    assert_int_equal(hx_file_write(path, hx_buf_str(b), false, NULL), HX_OK);
}

static void put_words(hx_buf *b, hx_rng *r, const char *const *word, size_t n_words) {
    for (size_t i = 0; i < 5; i++)
        (void)hx_buf_printf(b, "%s ", plain[hx_rng_below(r, 8)]);
    if (word) (void)hx_buf_printf(b, "%s ", word[hx_rng_below(r, n_words)]);
    (void)hx_buf_append_lit(b, plain[hx_rng_below(r, 8)]);
}

/* labels.csv: the label follows from one word; numbers.csv: 10 or 30; many.csv: both, one or no label; tags.tsv: a tag follows from its word. */
static void write_data(const place *p) {
    hx_buf text, labels, numbers, many, tags;
    hx_rng r;
    hx_buf *all[] = {&text, &labels, &numbers, &many, &tags};
    static const char *const names[] = {"text.txt", "labels.csv", "numbers.csv", "many.csv",
                                        "tags.tsv"};
    static const char *const titles[] = {"", "text,label\n", "text,label\n", "text,label\n",
                                         "text\tlabel\n"};
    hx_rng_seed(&r, 7);
    for (size_t i = 0; i < 5; i++) {
        hx_buf_init(all[i], 1 << 20);
        (void)hx_buf_append_lit(all[i], titles[i]);
    }
    for (size_t i = 0; i < 160; i++) {
        bool is = i % 2 == 0;
        hx_buf line;
        hx_buf_init(&line, 1 << 12);
        put_words(&line, &r, is ? good : bad, 4);
        (void)hx_buf_printf(&text, "%.*s\n\n", (int)line.len, line.ptr);
        (void)hx_buf_printf(&labels, "%.*s %zu,%s\n", (int)line.len, line.ptr, i / 2,
                            is ? "positive" : "negative");
        (void)hx_buf_printf(&numbers, "%.*s %zu,%d\n", (int)line.len, line.ptr, i / 2,
                            is ? 10 : 30);
        (void)hx_buf_printf(&many, "%.*s %zu,%s\n", (int)line.len, line.ptr, i / 2,
                            i % 4 == 0   ? "a|b"
                            : i % 4 == 2 ? "a"
                                         : "b");
        (void)hx_buf_printf(&tags, "%s %s the shop %zu\t%s %s O B-thing O\n", good[i % 4],
                            bad[(i / 4) % 4], i, "B-good", "B-bad");
        hx_buf_release(&line);
    }
    for (size_t i = 0; i < 5; i++) {
        write_text(p, names[i], all[i]);
        hx_buf_release(all[i]);
    }
}

static void write_tokenizer(const place *p) {
    char path[200];
    hx_error err = {.ui = HX_UI_EN};
    hx_tokenizer_trainer *t = NULL;
    hx_buf b;
    const hx_tokenizer_train_options options = {.vocab = 512, .n_threads = 1};
    hx_buf_init(&b, 1 << 20);
    put_path(p, "text.txt", path);
    assert_int_equal(hx_file_read(path, &b, &err), HX_OK);
    assert_int_equal(hx_tokenizer_trainer_new(&t, &options, &err), HX_OK);
    assert_int_equal(hx_tokenizer_trainer_add(t, hx_buf_str(&b), &err), HX_OK);
    put_path(p, "tokenizer.model", path);
    assert_int_equal(hx_tokenizer_trainer_write(t, path, &err), HX_OK);
    hx_tokenizer_trainer_free(t);
    hx_buf_release(&b);
}

static int set_up(void **state) {
    static place p;
    p = (place){.folder = "/tmp/hx-train-XXXXXX"};
    assert_non_null(mkdtemp(p.folder));
    p.arena = hx_arena_new(0);
    write_data(&p);
    write_tokenizer(&p);
    *state = &p;
    return 0;
}

static int tear_down(void **state) {
    place *p = *state;
    hx_arena_free(p->arena);
    test_remove_tree(p->folder);
    return 0;
}

/* ------------------------------------------------------------------ runs */
#define SIZES                                                                                      \
    "\"tokenizer\":\"@/tokenizer.model\",\"sizes\":{\"hidden_size\":32,\"num_hidden_layers\":2,"   \
    "\"num_attention_heads\":2,\"intermediate_size\":48}"

typedef struct {
    volatile int cancel;
    uint64_t stop_at; /* 0 = never */
    uint64_t steps;
    size_t n_evaluated, n_notices, n_leaks; /* leaks: notices of them */
    char notice[HX_MESSAGE_MAX];
} watcher;

static void on_step(void *context, const hx_train_progress *p) {
    watcher *w = context;
    w->steps = p->step;
    if (w->stop_at && p->step == w->stop_at) hx_flag_raise(&w->cancel);
}

static void on_notice(void *context, const char *sentence) {
    watcher *w = context;
    w->n_notices++;
    w->n_leaks += strstr(sentence, "also stand in train") != NULL;
    (void)snprintf(w->notice, sizeof w->notice, "%s", sentence);
}

static void on_evaluation(void *context, hx_str json) {
    watcher *w = context;
    assert_true(json.len > 0 && json.ptr[0] == '{');
    w->n_evaluated++;
}

/* '@' stands for the folder. */
static hx_status run(place *p, const char *config, const char *name, bool resume, size_t threads,
                     watcher *w, hx_str *metrics) {
    hx_buf b;
    char path[200];
    const hx_train_calls calls = {.n_threads = threads,
                                  .progress = on_step,
                                  .notice = on_notice,
                                  .evaluated = on_evaluation,
                                  .context = w,
                                  .cancel = &w->cancel};
    hx_buf_init(&b, 1 << 16);
    for (const char *s = config; *s; s++)
        (void)(*s == '@' ? hx_buf_append_lit(&b, p->folder) : hx_buf_append_byte(&b, *s));
    put_path(p, name, path);
    p->err = (hx_error){.ui = HX_UI_EN};
    hx_status st = hx_train(hx_buf_str(&b), path, resume, &calls, p->arena, metrics, &p->err);
    hx_buf_release(&b);
    return st;
}

static void must_run(place *p, const char *config, const char *name, hx_str *metrics) {
    watcher w = {0};
    hx_status st = run(p, config, name, false, 2, &w, metrics);
    if (st != HX_OK) print_message("%s\n", p->err.message);
    assert_int_equal(st, HX_OK);
}

static double figure(hx_str metrics, const char *part, const char *task, const char *name) {
    hx_error err = {.ui = HX_UI_EN};
    json_t *j = NULL;
    assert_int_equal(hx_json_parse(metrics, 1 << 20, "metrics", &j, &err), HX_OK);
    const json_t *v = json_object_get(
        json_object_get(json_object_get(json_object_get(j, part), "tasks"), task), name);
    assert_true(json_is_number(v));
    double x = json_number_value(v);
    json_decref(j);
    return x;
}

static void same_file(const place *p, const char *a, const char *b, const char *name) {
    char path[200];
    hx_buf one, two;
    hx_buf_init(&one, 1 << 24);
    hx_buf_init(&two, 1 << 24);
    (void)snprintf(path, sizeof path, "%s/%s/%s", p->folder, a, name);
    assert_int_equal(hx_file_read(path, &one, NULL), HX_OK);
    (void)snprintf(path, sizeof path, "%s/%s/%s", p->folder, b, name);
    assert_int_equal(hx_file_read(path, &two, NULL), HX_OK);
    assert_true(one.len > 0);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.ptr, two.ptr, one.len);
    hx_buf_release(&one);
    hx_buf_release(&two);
}

static void same_run(const place *p, const char *a, const char *b) {
    static const char *const files[] = {"last/weights.safetensors", "last/optimiser.safetensors",
                                        "log.jsonl", "best/model.safetensors", "metrics.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        same_file(p, a, b, files[i]);
}

/* ------------------------------------------------------------------ the same bytes */
static void resumed_runs_are_the_same(void **state) {
    static const char *const configs[] = {
        "{" SIZES ",\"steps\":20,\"batch_tokens\":128,\"evaluate_every\":7,\"log_every\":3,"
        "\"dropout\":0.1,\"ema\":0.9,\"tasks\":[{\"name\":\"lm\",\"kind\":\"mixed\",\"length\":16,"
        "\"data\":\"@/text.txt\",\"validation_size\":0.1}]}",
        "{" SIZES ",\"steps\":20,\"accumulate\":3,\"batch_tokens\":96,\"optimizer\":\"muon\","
        "\"tasks\":[{\"name\":\"lm\",\"kind\":\"causal\",\"data\":\"@/text.txt\",\"length\":16,"
        "\"sampling\":2},{\"name\":\"mood\",\"data\":\"@/labels.csv\",\"augment\":"
        "\"swap,delete:0.2\"},{\"name\":\"pos\",\"kind\":\"crf\",\"data\":\"@/tags.tsv\"}]}"};
    place *p = *state;
    for (size_t i = 0; i < 2; i++) {
        char whole[20], parts[20];
        watcher never = {0}, stops = {.stop_at = 10}, again = {0};
        hx_str metrics;
        (void)snprintf(whole, sizeof whole, "whole%zu", i);
        (void)snprintf(parts, sizeof parts, "parts%zu", i);
        hx_status st = run(p, configs[i], whole, false, 2, &never, &metrics);
        if (st != HX_OK) print_message("%s\n", p->err.message);
        assert_int_equal(st, HX_OK);
        assert_int_equal(never.steps, 20);
        assert_int_equal(run(p, configs[i], parts, false, 1, &stops, &metrics), HX_ECANCELLED);
        assert_non_null(strstr(p->err.message, "after step 10; go on with --resume"));
        assert_int_equal(run(p, configs[i], parts, true, 3, &again, &metrics), HX_OK);
        assert_int_equal(again.steps, 20);
        same_run(p, whole, parts);
    }
}

/* Steps of the other task alone may follow; and a run that is done is looked at again. */
static void a_resumed_run_knows_its_epoch(void **state) {
    static const char config[] =
        "{" SIZES ",\"steps\":12,\"batch_tokens\":128,\"log_every\":1,\"tasks\":["
        "{\"name\":\"lm\",\"kind\":\"causal\",\"data\":\"@/text.txt\",\"length\":16},"
        "{\"name\":\"mood\",\"data\":\"@/labels.csv\",\"sampling\":4}]}";
    place *p = *state;
    watcher never = {0};
    hx_str metrics;
    assert_int_equal(run(p, config, "epochs", false, 2, &never, &metrics), HX_OK);
    for (uint64_t stop = 3; stop < 12; stop += 2) {
        char name[20];
        watcher stops = {.stop_at = stop}, again = {0}, once_more = {0};
        (void)snprintf(name, sizeof name, "epochs%d", (int)stop);
        assert_int_equal(run(p, config, name, false, 2, &stops, &metrics), HX_ECANCELLED);
        assert_int_equal(run(p, config, name, true, 1, &again, &metrics), HX_OK);
        same_run(p, "epochs", name);
        assert_int_equal(run(p, config, name, true, 2, &once_more, &metrics), HX_OK);
        same_run(p, "epochs", name);
    }
}

static void another_seed_gives_other_weights(void **state) {
    place *p = *state;
    char path[200];
    hx_str metrics;
    hx_buf b[2];
    static const char *const configs[] = {
        "{" SIZES ",\"steps\":2,\"seed\":5,\"tasks\":[{\"name\":\"l\",\"data\":\"@/labels.csv\"}]}",
        "{" SIZES
        ",\"steps\":2,\"seed\":6,\"tasks\":[{\"name\":\"l\",\"data\":\"@/labels.csv\"}]}"};
    static const char *const names[] = {"seed5", "seed6"};
    for (size_t i = 0; i < 2; i++) {
        must_run(p, configs[i], names[i], &metrics);
        hx_buf_init(&b[i], 1 << 24);
        (void)snprintf(path, sizeof path, "%s/%s/last/weights.safetensors", p->folder, names[i]);
        assert_int_equal(hx_file_read(path, &b[i], NULL), HX_OK);
    }
    assert_int_equal(b[0].len, b[1].len);
    assert_int_not_equal(memcmp(b[0].ptr, b[1].ptr, b[0].len), 0);
    hx_buf_release(&b[0]);
    hx_buf_release(&b[1]);
}

/* Two batches of a step are one of twice the size, to rounding. */
static void accumulated_batches_are_one(void **state) {
    place *p = *state;
    hx_str metrics;
    double loss[2];
    static const char *const configs[] = {
        "{" SIZES ",\"steps\":1,\"rate\":0.01,\"warmup\":0,\"schedule\":\"constant\",\"optimizer\":"
        "\"sgd\",\"batch\":32,\"tasks\":[{\"name\":\"l\",\"data\":\"@/labels.csv\","
        "\"test_size\":0.8}]}",
        "{" SIZES ",\"steps\":1,\"rate\":0.01,\"warmup\":0,\"schedule\":\"constant\",\"optimizer\":"
        "\"sgd\",\"batch\":16,\"accumulate\":2,\"tasks\":[{\"name\":\"l\",\"data\":"
        "\"@/labels.csv\",\"test_size\":0.8}]}"};
    must_run(p, configs[0], "whole_batch", &metrics);
    loss[0] = figure(metrics, "test", "l", "loss");
    must_run(p, configs[1], "half_batches", &metrics);
    loss[1] = figure(metrics, "test", "l", "loss");
    assert_true(fabs(loss[0] - loss[1]) < 1e-5);
}

/* ------------------------------------------------------------------ what is learnt */
#define LEARNS ",\"rate\":0.003,\"batch_tokens\":256"

static void labels_are_learnt_and_opened(void **state) {
    place *p = *state;
    hx_str metrics, path;
    char run_path[200];
    must_run(p,
             "{" SIZES LEARNS ",\"epochs\":12,\"tasks\":[{\"name\":\"mood\",\"data\":"
             "\"@/labels.csv\",\"validation_size\":0.2,\"balanced\":true,\"smoothing\":0.05}]}",
             "mood", &metrics);
    assert_true(figure(metrics, "test", "mood", "accuracy") > 0.95);
    assert_true(figure(metrics, "validation", "mood", "f1") > 0.95);
    hx_llama *m = NULL;
    hx_llama_context *c = NULL;
    const hx_llama_options options = {.precision = HX_PRECISION_EXACT, .n_threads = 1};
    const hx_context_options context = {.n_sequences = 1};
    const hx_str texts[] = {HX_STR_LIT("the shop is a thing great today 1"),
                            HX_STR_LIT("the shop is a thing awful today 1")};
    float rows[4];
    put_path(p, "mood", run_path);
    assert_int_equal(hx_model_resolve(run_path, NULL, p->arena, &path, &p->err), HX_OK);
    assert_int_equal(hx_llama_open(&m, path.ptr, &options, &p->err), HX_OK);
    assert_int_equal(hx_llama_describe(m)->n_labels, 2);
    assert_string_equal(hx_llama_label(m, 1), "positive");
    assert_int_equal(hx_llama_context_open(&c, m, &context, &p->err), HX_OK);
    assert_int_equal(hx_llama_classify(c, texts, 2, 0, rows, &p->err), HX_OK);
    assert_true(rows[1] > 0.7f && rows[2] > 0.7f);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* What metrics.json says, counted again from predictions.jsonl; "positive" is the second of the two labels. */
static void figures_are_of_the_second_label(void **state) {
    place *p = *state;
    hx_str metrics;
    hx_buf b;
    char path[200];
    double n[2][2] = {{0}};
    must_run(p,
             "{" SIZES ",\"steps\":6,\"batch_tokens\":64,\"tasks\":[{\"name\":\"l\",\"data\":"
             "\"@/labels.csv\",\"test_size\":0.4}]}",
             "figures", &metrics);
    put_path(p, "figures/predictions.jsonl", path);
    hx_buf_init(&b, 1 << 20);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    assert_true(hx_buf_append_byte(&b, '\0'));
    for (char *line = b.ptr, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        n[strstr(line, "\"label\":\"positive\"") != NULL]
         [strstr(line, "\"predicted\":\"positive\"") != NULL]++;
    }
    hx_buf_release(&b);
    assert_true(n[0][0] + n[0][1] + n[1][0] + n[1][1] == 64 && n[0][1] + n[1][0] > 0);
    double precision = n[1][1] / (n[1][1] + n[0][1]), recall = n[1][1] / (n[1][1] + n[1][0]),
           other = n[0][0] / (n[0][0] + n[0][1]);
    if (n[1][1] > 0)
        assert_true(fabs(figure(metrics, "test", "l", "precision") - precision) < 1e-9);
    assert_true(fabs(figure(metrics, "test", "l", "recall") - recall) < 1e-9);
    assert_true(fabs(figure(metrics, "test", "l", "macro_recall") - (recall + other) / 2) < 1e-9);
    assert_non_null(strstr(metrics.ptr, "\"positive\":\"positive\""));
}

static void adapters_alone_learn_too(void **state) {
    place *p = *state;
    hx_str metrics;
    must_run(
        p,
        "{\"model\":\"@/mood/best\",\"lora\":4,\"rate\":0.01,\"epochs\":6,\"batch_tokens\":256,"
        "\"tasks\":[{\"name\":\"kind\",\"data\":\"@/labels.csv\"}]}",
        "lora", &metrics);
    assert_true(figure(metrics, "test", "kind", "accuracy") > 0.95);
    hx_adapter *a = NULL;
    char path[200];
    put_path(p, "lora/adapter", path);
    assert_int_equal(hx_adapter_open(&a, path, &p->err), HX_OK);
    assert_int_equal(hx_adapter_count(a), 2 * 2 + 1); /* q and v of each block, and score */
    hx_adapter_close(a);
}

/* Layers of a model, by number. */
static void chosen_layers_learn(void **state) {
    place *p = *state;
    hx_str metrics;
    char path[200];
    hx_llama *m = NULL;
    const hx_llama_options options = {.n_threads = 1};
    must_run(p,
             "{\"model\":\"@/mood/best\",\"layers\":\"1-1\",\"rate\":0.003,\"epochs\":6,"
             "\"batch_tokens\":256,\"tasks\":[{\"name\":\"kind\",\"data\":\"@/labels.csv\"}]}",
             "upper", &metrics);
    assert_true(figure(metrics, "test", "kind", "accuracy") > 0.95);
    put_path(p, "upper/best", path);
    assert_int_equal(hx_llama_open(&m, path, &options, &p->err), HX_OK);
    assert_int_equal(hx_llama_describe(m)->n_layers, 1);
    hx_llama_close(m);
}

/* Two rows leave none for a test. */
static void too_few_texts_are_warned_of(void **state) {
    static const char *const configs[] = {
        "{" SIZES ",\"steps\":1,\"tasks\":[{\"name\":\"l\",\"data\":\"@/two.csv\"}]}",
        "{" SIZES ",\"steps\":1,\"tasks\":[{\"name\":\"l\",\"data\":\"@/two.csv\","
        "\"test_size\":0}]}"};
    place *p = *state;
    char path[200];
    put_path(p, "two.csv", path);
    assert_int_equal(
        hx_file_write(path, HX_STR_LIT("text,label\na shop,x\nof today,y\n"), false, NULL), HX_OK);
    for (size_t i = 0; i < 2; i++) {
        watcher w = {0};
        hx_str metrics;
        assert_int_equal(run(p, configs[i], i ? "two_all" : "two", false, 1, &w, &metrics), HX_OK);
        assert_int_equal(strstr(w.notice, "too few rows for a test") != NULL, i == 0);
    }
}

/* Without model and tokenizer: the vocabulary is that of the texts of train, and no other's. */
static void a_vocabulary_is_learnt(void **state) {
    place *p = *state;
    hx_str metrics;
    hx_tokenizer *k = NULL;
    char path[200];
    const char seen[] = "text,label\nthe shop is a thing great\xC3\x9F today,positive\n"
                        "the shop is a thing awful today,negative\n";
    put_path(p, "seen.csv", path);
    assert_int_equal(hx_file_write(path, hx_str_of(seen), false, &p->err), HX_OK);
    must_run(p,
             "{\"sizes\":{\"hidden_size\":32,\"num_hidden_layers\":1},\"epochs\":12,"
             "\"batch_tokens\":128,\"rate\":0.01,\"tasks\":[{\"name\":\"mood\",\"data\":"
             "\"@/labels.csv\",\"test\":\"@/seen.csv\"}]}",
             "alone", &metrics);
    assert_true(figure(metrics, "test", "mood", "accuracy") > 0.95);
    put_path(p, "alone/tokenizer", path);
    assert_int_equal(hx_tokenizer_open_folder(&k, path, &p->err), HX_OK);
    assert_true(hx_tokenizer_find(k, HX_STR_LIT("\xE2\x96\x81great")) >= 0);
    assert_true(hx_tokenizer_find(k, HX_STR_LIT("\xC3\x9F")) < 0);
    assert_true(hx_tokenizer_find(k, HX_STR_LIT("<mask>")) >= 0);
    hx_tokenizer_close(k);
}

static void changed_and_mixed_texts_teach_too(void **state) {
    place *p = *state;
    hx_str metrics;
    must_run(p,
             "{" SIZES LEARNS ",\"epochs\":20,\"tasks\":[{\"name\":\"mood\",\"data\":"
             "\"@/labels.csv\",\"augment\":\"swap,join:0.2\"}]}",
             "changed", &metrics);
    assert_true(figure(metrics, "test", "mood", "accuracy") > 0.9);
    must_run(p,
             "{" SIZES LEARNS ",\"epochs\":20,\"tasks\":[{\"name\":\"mood\",\"data\":"
             "\"@/labels.csv\",\"mixup\":0.2}]}",
             "mixed", &metrics);
    assert_true(figure(metrics, "test", "mood", "accuracy") > 0.9);
}

/* A teacher's probabilities alone teach a new model. */
static void a_teacher_teaches(void **state) {
    place *p = *state;
    hx_str metrics;
    must_run(p,
             "{" SIZES LEARNS ",\"epochs\":12,\"tasks\":[{\"name\":\"mood\",\"data\":"
             "\"@/labels.csv\",\"teacher\":\"@/mood\",\"teacher_share\":1}]}",
             "pupil", &metrics);
    assert_true(figure(metrics, "test", "mood", "accuracy") > 0.9);
    must_run(p,
             "{" SIZES LEARNS ",\"epochs\":12,\"tasks\":[{\"name\":\"mood\",\"data\":"
             "\"@/labels.csv\",\"teacher\":\"@/mood\",\"hidden_share\":0.5}]}",
             "pupil_of_states", &metrics);
    assert_true(figure(metrics, "test", "mood", "accuracy") > 0.9);
}

/* One record a text of training; the whole file's would teach each text another one's label. */
static void a_teachers_file_is_of_the_training_texts(void **state) {
    static const char config[] =
        "{" SIZES LEARNS ",\"epochs\":1,\"tasks\":[{\"name\":\"mood\",\"data\":"
        "\"@/labels.csv\",\"teacher\":\"@/said.jsonl\",\"teacher_share\":1}]}";
    static const size_t rows[] = {128, 160, 100};
    place *p = *state;
    for (size_t i = 0; i < 3; i++) {
        char name[20];
        watcher w = {0};
        hx_str metrics;
        hx_buf b;
        hx_buf_init(&b, 1 << 20);
        for (size_t k = 0; k < rows[i]; k++)
            (void)hx_buf_append_lit(&b, "{\"scores\":{\"negative\":0.2,\"positive\":0.8}}\n");
        write_text(p, "said.jsonl", &b);
        hx_buf_release(&b);
        (void)snprintf(name, sizeof name, "said%zu", i);
        hx_status st = run(p, config, name, false, 1, &w, &metrics);
        assert_int_equal(st == HX_OK, i == 0);
        if (i > 0) assert_non_null(strstr(p->err.message, "rows, training has 128 texts"));
    }
}

/* Each text twice: half of the pairs are in two parts of a fold. */
static void folds_have_no_leaks_where_they_are_dropped(void **state) {
    static const char *const configs[] = {
        "{" SIZES ",\"steps\":1,\"folds\":2,\"fold\":0,\"tasks\":[{\"name\":\"l\",\"data\":"
        "\"@/twice.csv\",\"test_size\":0.1}]}",
        "{" SIZES ",\"steps\":1,\"folds\":2,\"fold\":0,\"tasks\":[{\"name\":\"l\",\"data\":"
        "\"@/twice.csv\",\"test_size\":0.1,\"drop_leaks\":true}]}"};
    place *p = *state;
    hx_buf b;
    hx_buf_init(&b, 1 << 16);
    (void)hx_buf_append_lit(&b, "text,label\n");
    for (size_t i = 0; i < 80; i++)
        (void)hx_buf_printf(&b, "shop %zu,%s\n", i / 2, i / 2 % 2 ? "a" : "b");
    write_text(p, "twice.csv", &b);
    hx_buf_release(&b);
    for (size_t i = 0; i < 2; i++) {
        watcher w = {0};
        hx_str metrics;
        assert_int_equal(run(p, configs[i], i ? "kept_apart" : "leaking", false, 1, &w, &metrics),
                         HX_OK);
        assert_int_equal(w.n_leaks, i == 0);
    }
}

static void numbers_several_labels_and_tags(void **state) {
    place *p = *state;
    hx_str metrics;
    must_run(p,
             "{" SIZES LEARNS ",\"epochs\":15,\"tasks\":["
             "{\"name\":\"number\",\"kind\":\"number\",\"data\":\"@/numbers.csv\"},"
             "{\"name\":\"many\",\"kind\":\"labels\",\"data\":\"@/many.csv\"},"
             "{\"name\":\"tags\",\"kind\":\"crf\",\"data\":\"@/tags.tsv\"},"
             "{\"name\":\"soft\",\"kind\":\"tag\",\"data\":\"@/tags.tsv\",\"hidden\":16},"
             "{\"name\":\"words\",\"kind\":\"segment\",\"data\":\"@/tags.tsv\"}]}",
             "several", &metrics);
    assert_true(figure(metrics, "test", "words", "f1") > 0.9);
    assert_true(figure(metrics, "test", "number", "r2") > 0.8);
    assert_true(figure(metrics, "test", "number", "rmse") < 5);
    assert_true(figure(metrics, "test", "tags", "f1") > 0.95);
    assert_true(figure(metrics, "test", "soft", "accuracy") > 0.95);
    assert_true(figure(metrics, "test", "many", "f1") > 0.7);
}

static void text_is_foretold_better_and_better(void **state) {
    static const char *const kinds[] = {"causal", "masked", "replaced", "spelling"};
    place *p = *state;
    for (size_t i = 0; i < 4; i++) {
        char config[600], name[30];
        hx_str metrics;
        (void)snprintf(config, sizeof config,
                       "{" SIZES LEARNS ",\"epochs\":30,\"tasks\":[{\"name\":\"lm\",\"kind\":"
                       "\"%s\",\"data\":\"@/text.txt\",\"length\":32,\"validation_size\":0.1}]}",
                       kinds[i]);
        (void)snprintf(name, sizeof name, "lm_%s", kinds[i]);
        must_run(p, config, name, &metrics);
        double loss = figure(metrics, "validation", "lm", "loss");
        if (!(loss < (i == 2 ? 0.55 : 2.5))) print_message("%s: %f\n", kinds[i], loss);
        assert_true(loss < (i == 2 ? 0.55 : 2.5));
    }
}

/* Validation and test are the same file here: the best weights say the same of both, and all of the test is read. */
static void the_test_of_a_text_is_read_once(void **state) {
    place *p = *state;
    hx_str metrics;
    must_run(p,
             "{" SIZES LEARNS
             ",\"epochs\":2,\"tasks\":[{\"name\":\"lm\",\"kind\":\"causal\",\"data\":"
             "\"@/text.txt\",\"length\":32,\"validation\":\"@/text.txt\",\"test\":\"@/text.txt\","
             "\"max_evaluated\":1000}]}",
             "lm_test", &metrics);
    assert_true(figure(metrics, "test", "lm", "tokens") > 100);
    assert_true(figure(metrics, "test", "lm", "loss") ==
                figure(metrics, "validation", "lm", "loss"));
}

static void a_run_without_progress_ends_early(void **state) {
    place *p = *state;
    watcher w = {0};
    hx_str metrics;
    assert_int_equal(run(p,
                         "{" SIZES ",\"steps\":500,\"rate\":1e-9,\"evaluate_every\":2,"
                         "\"early_stopping\":3,\"tasks\":[{\"name\":\"l\",\"data\":"
                         "\"@/labels.csv\"}]}",
                         "early", false, 1, &w, &metrics),
                     HX_OK);
    assert_true(w.steps < 100 && w.n_evaluated >= 4);
}

/* ------------------------------------------------------------------ what is refused */
static const struct {
    const char *config, *says;
} wrong[] = {
    {"[]", "a training is a JSON object"},
    {"{\"steps\":1,\"tasks\":[]}", "1 to 32 \"tasks\""},
    {"{\"tasks\":[{\"name\":\"a\",\"data\":\"x\"}]}", "\"steps\", \"epochs\" or \"minutes\""},
    {"{\"steps\":1,\"stepz\":2}", "has no \"stepz\""},
    {"{\"steps\":1.5}", "\"steps\" must be a whole number"},
    {"{\"steps\":1e300}", "\"steps\" must be a whole number"},
    {"{\"steps\":1,\"rate\":\"high\"}", "\"rate\" must be a number from 0 to 10"},
    {"{\"steps\":1,\"schedule\":\"steep\"}", "one of constant,linear,cosine,wsd"},
    {"{\"steps\":1,\"freeze\":1}", "must be true or false"},
    {"{\"steps\":1,\"model\":7}", "\"model\" must be a text"},
    {"{\"steps\":1,\"sizes\":7,\"tasks\":[]}", "\"sizes\" must be an object"},
    {"{\"steps\":1,\"tasks\":[7]}", "must be an object"},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a b\",\"data\":\"x\"}]}", "letters, digits"},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\"}]}", "needs \"data\""},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":[]}]}", "needs 1 to 256 files"},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":[1]}]}", "must be paths"},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"x\",\"sampling\":0}]}",
     "\"sampling\" above 0"},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"x\"},{\"name\":\"a\",\"data\":\"y\"}"
     "]}",
     "two tasks have the name a"},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"@/none.csv\"}]}", "none.csv"},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"@/labels.csv\",\"kind\":\"causal\"}]}",
     "needs a \"tokenizer\""},
    {"{\"model\":\"@/mood/"
     "best\",\"layers\":\"0-9\",\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":"
     "\"@/labels.csv\"}]}",
     "layers"},
    {"{" SIZES ",\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"@/labels.csv\","
     "\"augment\":\"swap:2\"}]}",
     "between 0 and 1"},
    {"{" SIZES ",\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"@/labels.csv\",\"teacher\":"
     "\"@/text.jsonl\"}]}",
     "text.jsonl"},
    {"{\"steps\":1,\"init\":\"x\"}", "has no \"init\""},
    {"{\"steps\":1,\"tokenizer\":\"@/other.model\",\"tasks\":[{\"name\":\"a\",\"data\":"
     "\"@/labels.csv\"}]}",
     "other.model: the file of a tokenizer must be called"},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"kind\":\"number\",\"data\":\"x\",\"teacher\":"
     "\"y\"}]}",
     "of kind number, does not read \"teacher\""},
    {"{" SIZES ",\"steps\":1,\"tasks\":[{\"name\":\"a\",\"kind\":\"labels\",\"data\":"
     "\"@/many.csv\",\"teacher\":\"@/mood\"}]}",
     "must have learnt several too"},
    {"{" SIZES ",\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"@/labels.csv\","
     "\"augment\":\"swap,shape\"}]}",
     "'shape' changes texts by a list"},
    {"{\"steps\":1,\"epochs\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"x\"}]}",
     "\"steps\" does nothing beside \"epochs\""},
    {"{\"steps\":1,\"model\":\"x\",\"sizes\":{},\"layers\":\"0\",\"tasks\":[{\"name\":\"a\","
     "\"data\":\"x\"}]}",
     "\"sizes\" does nothing beside \"model\""},
    {"{\"steps\":1,\"lora\":4,\"tasks\":[{\"name\":\"a\",\"data\":\"x\"}]}",
     "\"lora\" does nothing without \"model\""},
    {"{\"steps\":1,\"freeze\":true,\"tasks\":[{\"name\":\"a\",\"data\":\"x\"}]}",
     "\"freeze\" does nothing without \"model\""},
    {"{\"steps\":1,\"lora_alpha\":4,\"tasks\":[{\"name\":\"a\",\"data\":\"x\"}]}",
     "\"lora_alpha\" does nothing without \"lora\""},
    {"{\"steps\":1,\"model\":\"x\",\"lora\":4,\"lora_targets\":\"q,w\",\"tasks\":[{\"name\":"
     "\"a\","
     "\"data\":\"x\"}]}",
     "some of q,k,v,o,gate,up,down, or all, not 'q,w'"},
    {"{\"steps\":1,\"decay\":0.1,\"tasks\":[{\"name\":\"a\",\"data\":\"x\"}]}",
     "\"decay\" does nothing unless \"schedule\" is wsd"},
    {"{\"steps\":1,\"optimizer\":\"sgd\",\"beta2\":0.9,\"tasks\":[{\"name\":\"a\",\"data\":"
     "\"x\"}]}",
     "\"beta2\" does nothing unless \"optimizer\" is adamw, muon"},
    {"{\"steps\":1,\"ema\":0.9,\"swa_from\":2,\"tasks\":[{\"name\":\"a\",\"data\":\"x\"}]}",
     "\"swa_from\" does nothing beside \"ema\""},
    {"{\"steps\":1,\"quantise_bits\":5,\"tasks\":[{\"name\":\"a\",\"data\":\"x\"}]}",
     "must be 4 or 8"},
    {"{\"steps\":1,\"rate\":0.1,\"floor\":0.2,\"tasks\":[{\"name\":\"a\",\"data\":\"x\"}]}",
     "the rate cannot fall to 0.2"},
    {"{\"steps\":1,\"batch\":4,\"tasks\":[{\"name\":\"a\",\"kind\":\"causal\",\"data\":\"x\"}]"
     "}",
     "no task of this training reads \"batch\""},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"x\",\"temperature\":2}]}",
     "\"temperature\" does nothing without \"teacher\""},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"x\",\"augment\":\"swap\",\"shapes\":"
     "\"y\"}]}",
     "\"shapes\" does nothing unless \"augment\" is shape"},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"kind\":\"labels\",\"data\":\"x\",\"augment\":"
     "\"join\"}]}",
     "two texts with the same one label"},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"x\",\"teacher\":\"y\",\"text2\":\"z\"}"
     "]}",
     "asked about one text, not a pair"},
    {"{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"data\":\"x\",\"teacher\":\"y.jsonl\","
     "\"hidden_share\":0.5}]}",
     "has no hidden states"},
    {"{\"tokenizer\":\"@/tokenizer.model\",\"sizes\":{\"vocab_size\":300},\"steps\":1,"
     "\"tasks\":[{\"name\":\"a\",\"data\":\"@/labels.csv\"}]}",
     "the model has 300 tokens"},
};

static void wrong_configurations(void **state) {
    place *p = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        watcher w = {0};
        hx_str metrics;
        hx_status st = run(p, wrong[i].config, "refused", false, 1, &w, &metrics);
        if (st == HX_OK || !strstr(p->err.message, wrong[i].says))
            print_message("%s: %s\n", wrong[i].config, st == HX_OK ? "taken" : p->err.message);
        assert_int_not_equal(st, HX_OK);
        assert_non_null(strstr(p->err.message, wrong[i].says));
    }
}

/* What no kind of the list reads is refused by name, what it reads is not; sentences of missing data come later. */
static void keys_without_effect_are_refused(void **state) {
    static const char *const kinds[] = {"causal", "masked",  "mixed",  "replaced", "spelling",
                                        "label",  "labels",  "number", "tag",      "crf",
                                        "parse",  "segment", "correct"};
    static const struct {
        const char *member, *read_by; /* kinds, with blanks around */
    } keys[] = {
        {"\"label\":\"x\"", " label labels number tag crf parse segment "},
        {"\"text2\":\"x\"", " label labels number correct "},
        {"\"test\":\"x\"",
         " causal masked mixed replaced spelling label labels number tag crf parse "
         "segment correct "},
        {"\"test_size\":0.5", " label labels number tag crf parse segment correct "},
        {"\"lower\":true", " label labels number tag crf parse segment correct "},
        {"\"drop_leaks\":true", " label labels number tag crf parse segment correct "},
        {"\"bidirectional\":true", " label labels number tag crf parse segment "},
        {"\"max_length\":64", " label labels number tag crf parse segment correct "},
        {"\"max_examples\":64", " label labels number tag crf parse segment correct "},
        {"\"batch\":64", " label labels number tag crf parse segment correct "},
        {"\"dropout\":0.5", " label labels number tag crf parse segment "},
        {"\"hidden\":8", " label labels number tag crf segment "},
        {"\"mean\":true", " label labels number "},
        {"\"augment\":\"swap\"", " label labels number "},
        {"\"mixup\":0.2", " label "},
        {"\"teacher\":\"x.jsonl\"", " causal masked mixed label labels tag crf "},
        {"\"balanced\":true", " label labels tag segment "},
        {"\"smoothing\":0.1", " causal masked mixed spelling label labels tag segment correct "},
        {"\"focal\":2", " label tag segment "},
        {"\"width\":8", " parse "},
        {"\"length\":64", " causal masked mixed replaced spelling "},
        {"\"mask_rate\":0.2", " masked mixed replaced spelling "},
        {"\"mixed\":0.2", " mixed "},
        {"\"shapes\":\"x\"", " spelling "}, /* of the others with \"augment\" */
        {"\"lower\":false,\"mean\":false,\"smoothing\":0,\"batch\":0",
         " causal masked mixed replaced spelling label labels number tag crf parse segment "
         "correct "}};
    place *p = *state;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            watcher w = {0};
            hx_str metrics;
            char config[300], name[20];
            (void)snprintf(name, sizeof name, " %s ", kinds[i]);
            (void)snprintf(config, sizeof config,
                           "{\"steps\":1,\"tasks\":[{\"name\":\"a\",\"kind\":\"%s\",\"data\":"
                           "\"@/none.csv\",%s}]}",
                           kinds[i], keys[k].member);
            assert_int_not_equal(run(p, config, "refused", false, 1, &w, &metrics), HX_OK);
            bool read = strstr(keys[k].read_by, name) != NULL,
                 said = strstr(p->err.message, "none.csv") != NULL;
            if (read != said) print_message("%s: %s\n", config, p->err.message);
            assert_int_equal(read, said);
        }
}

/* Only the second text says the label: changed texts of pairs still teach it. */
static void changed_pairs_teach_too(void **state) {
    place *p = *state;
    hx_str metrics;
    hx_buf b;
    hx_rng r;
    hx_rng_seed(&r, 5);
    hx_buf_init(&b, 1 << 18);
    (void)hx_buf_append_lit(&b, "text\tother\tlabel\n");
    for (size_t i = 0; i < 160; i++)
        (void)hx_buf_printf(&b, "%s %s\t%s %s\t%s\n", plain[hx_rng_below(&r, 8)],
                            plain[hx_rng_below(&r, 8)], i % 2 ? good[i % 4] : bad[i % 4],
                            plain[hx_rng_below(&r, 8)], i % 2 ? "yes" : "no");
    write_text(p, "pairs.tsv", &b);
    hx_buf_release(&b);
    must_run(
        p,
        "{" SIZES ",\"epochs\":15,\"rate\":0.005,\"batch_tokens\":128,\"tasks\":[{\"name\":"
        "\"l\",\"data\":\"@/pairs.tsv\",\"text\":\"text\",\"text2\":\"other\",\"label\":\"label\","
        "\"augment\":\"swap:0.2\"}]}",
        "pairs", &metrics);
    assert_true(figure(metrics, "test", "l", "accuracy") > 0.9);
}

/* Both bounds: the time ends it long before the steps, and the weights of the end are judged. */
static void minutes_bound_steps_too(void **state) {
    place *p = *state;
    watcher w = {0}, few = {0};
    hx_str metrics;
    assert_int_equal(run(p,
                         "{" SIZES ",\"steps\":100000000,\"minutes\":0.01,\"batch_tokens\":64,"
                         "\"tasks\":[{\"name\":\"l\",\"data\":\"@/labels.csv\"}]}",
                         "timed", false, 1, &w, &metrics),
                     HX_OK);
    assert_true(w.steps > 0 && w.steps < 100000000 && w.n_evaluated > 0);
    assert_int_equal(run(p,
                         "{" SIZES ",\"steps\":3,\"minutes\":60,\"batch_tokens\":64,"
                         "\"tasks\":[{\"name\":\"l\",\"data\":\"@/labels.csv\"}]}",
                         "untimed", false, 1, &few, &metrics),
                     HX_OK);
    assert_int_equal(few.steps, 3);
}

/* Adapters stand beside the matrices that are named, and only there. */
static void adapters_of_chosen_matrices(void **state) {
    place *p = *state;
    hx_str metrics;
    hx_buf b;
    char path[200];
    must_run(p, "{" SIZES ",\"steps\":1,\"tasks\":[{\"name\":\"l\",\"data\":\"@/labels.csv\"}]}",
             "beneath", &metrics);
    must_run(p,
             "{\"model\":\"@/beneath\",\"steps\":1,\"lora\":2,\"lora_targets\":\"k,o,gate\","
             "\"tasks\":[{\"name\":\"l\",\"data\":\"@/labels.csv\"}]}",
             "chosen_lora", &metrics);
    hx_buf_init(&b, 1 << 20);
    put_path(p, "chosen_lora/adapter/adapter_config.json", path);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    assert_true(hx_buf_append_byte(&b, '\0'));
    assert_non_null(strstr(b.ptr, "[\"k_proj\",\"o_proj\",\"gate_proj\"]"));
    hx_buf_release(&b);
}

/* Nine texts in ten are of one label: with weights the other one is found, of tags as of texts. */
static void rare_labels_count_more(void **state) {
    static const char *const kinds[] = {"label", "tag"};
    place *p = *state;
    hx_buf b;
    hx_buf_init(&b, 1 << 18);
    (void)hx_buf_append_lit(&b, "text\tlabel\n");
    for (size_t i = 0; i < 200; i++)
        (void)hx_buf_printf(&b, "%s\t%s\n", i % 20 == 0 ? "great" : plain[i % 8],
                            i % 20 == 0 ? "rare" : "usual");
    write_text(p, "rare.tsv", &b);
    hx_buf_release(&b);
    for (size_t i = 0; i < 2; i++) {
        double loss[2];
        for (int balanced = 0; balanced < 2; balanced++) {
            hx_str metrics;
            watcher w = {0};
            char config[400], name[20];
            (void)snprintf(name, sizeof name, "rare%zu%d", i, balanced);
            (void)snprintf(
                config, sizeof config,
                "{" SIZES
                ",\"steps\":25,\"rate\":0.003,\"tasks\":[{\"name\":\"l\",\"kind\":\"%s\",\"data\":"
                "\"@/rare.tsv\",\"balanced\":%s}]}",
                kinds[i], balanced ? "true" : "false");
            assert_int_equal(run(p, config, name, false, 1, &w, &metrics), HX_OK);
            assert_true(w.n_notices > 0); /* duplicates, and of texts the imbalance */
            loss[balanced] = figure(metrics, "test", "l", "loss");
        }
        if (!(loss[1] > 1.05 * loss[0])) print_message("%g %g\n", loss[0], loss[1]);
        assert_true(loss[1] > 1.05 * loss[0]);
    }
}

static void both_directions_are_warned_of(void **state) {
    place *p = *state;
    watcher w = {0};
    hx_str metrics;
    assert_int_equal(run(p,
                         "{" SIZES ",\"steps\":1,\"tasks\":[{\"name\":\"l\",\"data\":"
                         "\"@/labels.csv\",\"bidirectional\":true}]}",
                         "both_ways", false, 1, &w, &metrics),
                     HX_OK);
    assert_non_null(strstr(w.notice, "in both directions"));
}

static void changed_data_is_noticed(void **state) {
    place *p = *state;
    static const char config[] =
        "{" SIZES
        ",\"steps\":9,\"tasks\":[{\"name\":\"l\",\"data\":\"@/changing.csv\",\"test_size\":0.3}]}";
    watcher stops = {.stop_at = 3}, again = {0};
    hx_str metrics;
    hx_buf b;
    hx_buf_init(&b, 1 << 16);
    (void)hx_buf_append_lit(&b, "text,label\n");
    for (size_t i = 0; i < 30; i++)
        (void)hx_buf_printf(&b, "shop %zu,%s\n", i, i % 2 ? "a" : "b");
    (void)hx_buf_append_lit(&b, "shop 1,a\nshop 2,b\nshop 3,a\nshop 4,b\nshop 5,a\nshop 6,b\n");
    write_text(p, "changing.csv", &b);
    assert_int_equal(run(p, config, "changing", false, 1, &stops, &metrics), HX_ECANCELLED);
    assert_true(stops.n_notices > 0);
    (void)hx_buf_append_lit(&b, "one more,a\n");
    write_text(p, "changing.csv", &b);
    assert_int_equal(run(p, config, "changing", true, 1, &again, &metrics), HX_ECONFLICT);
    assert_non_null(strstr(p->err.message, "changing.csv is not what it was when"));
    hx_buf_release(&b);
}

/* One byte more, or another one, in each file that is not data. */
static void other_changed_files_are_noticed(void **state) {
    static const char config[] =
        "{\"model\":\"@/base/best\",\"tokenizer\":\"@/words/tokenizer.model\",\"steps\":9,"
        "\"tasks\":[{\"name\":\"l\",\"data\":\"@/labels.csv\",\"teacher\":\"@/base\",\"augment\":"
        "\"synonym:0.1\",\"synonyms\":\"@/synonyms.txt\"}]}";
    static const char *const files[] = {"base/best/model.safetensors", "base/best/config.json",
                                        "words/tokenizer.model", "synonyms.txt"};
    place *p = *state;
    watcher stops = {.stop_at = 3};
    hx_str metrics;
    hx_buf b, words;
    char path[200];
    hx_buf_init(&b, 1 << 24);
    hx_buf_init(&words, 1 << 10);
    (void)hx_buf_append_lit(&words, "shop\tstore\n");
    write_text(p, "synonyms.txt", &words);
    put_path(p, "words", path);
    assert_int_equal(mkdir(path, 0777), 0);
    put_path(p, "tokenizer.model", path);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    write_text(p, "words/tokenizer.model", &b);
    must_run(p, "{" SIZES ",\"steps\":1,\"tasks\":[{\"name\":\"l\",\"data\":\"@/labels.csv\"}]}",
             "base", &metrics);
    assert_int_equal(run(p, config, "based", false, 1, &stops, &metrics), HX_ECANCELLED);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        watcher again = {.stop_at = 3};
        hx_buf_reset(&b);
        put_path(p, files[i], path);
        assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
        b.ptr[b.len / 2] ^= 1;
        write_text(p, files[i], &b);
        assert_int_equal(run(p, config, "based", true, 1, &again, &metrics), HX_ECONFLICT);
        assert_non_null(strstr(p->err.message, files[i]));
        assert_non_null(strstr(p->err.message, "is not what it was when"));
        b.ptr[b.len / 2] ^= 1;
        write_text(p, files[i], &b);
    }
    watcher again = {0};
    assert_int_equal(run(p, config, "based", true, 1, &again, &metrics), HX_OK);
    assert_int_equal(again.steps, 9);
    hx_buf_release(&b);
    hx_buf_release(&words);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumed_runs_are_the_same),
        cmocka_unit_test(a_resumed_run_knows_its_epoch),
        cmocka_unit_test(another_seed_gives_other_weights),
        cmocka_unit_test(accumulated_batches_are_one),
        cmocka_unit_test(labels_are_learnt_and_opened),
        cmocka_unit_test(figures_are_of_the_second_label),
        cmocka_unit_test(adapters_alone_learn_too),
        cmocka_unit_test(chosen_layers_learn),
        cmocka_unit_test(too_few_texts_are_warned_of),
        cmocka_unit_test(a_vocabulary_is_learnt),
        cmocka_unit_test(changed_and_mixed_texts_teach_too),
        cmocka_unit_test(a_teacher_teaches),
        cmocka_unit_test(a_teachers_file_is_of_the_training_texts),
        cmocka_unit_test(folds_have_no_leaks_where_they_are_dropped),
        cmocka_unit_test(numbers_several_labels_and_tags),
        cmocka_unit_test(the_test_of_a_text_is_read_once),
        cmocka_unit_test(text_is_foretold_better_and_better),
        cmocka_unit_test(a_run_without_progress_ends_early),
        cmocka_unit_test(wrong_configurations),
        cmocka_unit_test(keys_without_effect_are_refused),
        cmocka_unit_test(changed_pairs_teach_too),
        cmocka_unit_test(minutes_bound_steps_too),
        cmocka_unit_test(adapters_of_chosen_matrices),
        cmocka_unit_test(rare_labels_count_more),
        cmocka_unit_test(both_directions_are_warned_of),
        cmocka_unit_test(changed_data_is_noticed),
        cmocka_unit_test(other_changed_files_are_noticed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
