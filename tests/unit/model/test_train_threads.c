/* test_train_threads.c - whole trainings with several threads and batches made ahead: of labels, of plain text, of several tasks together, with
 * a temperature and an evaluation in between. ThreadSanitizer runs this; here the bytes must be those of one thread. */
#include "unit/model/model_test.h"

#include "base/buf.h"
#include "base/file.h"
#include "huaxiang/model.h"

#define SIZES                                                                                      \
    "\"sizes\":{\"hidden_size\":16,\"num_hidden_layers\":1,\"num_attention_heads\":2,"             \
    "\"intermediate_size\":32}"
#define STEPS "\"steps\":6,\"evaluate_every\":3,\"batch_tokens\":96,\"checkpoint_every\":2"
#define PATH 256

typedef struct {
    char folder[64];
    hx_arena *arena;
} place;

/* Labels follow from a word, but for every ninth; the same texts without labels are the plain ones. */
static void write_data(const place *p) {
    static const char *const words[] = {"good", "fine", "bad", "poor"};
    hx_buf labels, plain;
    char path[PATH];
    hx_buf_init(&labels, 1 << 20);
    hx_buf_init(&plain, 1 << 20);
    (void)hx_buf_append_lit(&labels, "text,label\n");
    for (size_t i = 0; i < 120; i++) {
        bool is = (i % 4 < 2) != (i % 9 == 0);
        (void)hx_buf_printf(&labels, "the shop %zu is %s today,%s\n", i, words[i % 4],
                            is ? "yes" : "no");
        (void)hx_buf_printf(&plain, "the shop %zu is %s today\n\n", i, words[i % 4]);
    }
    (void)snprintf(path, sizeof path, "%s/labels.csv", p->folder);
    assert_int_equal(hx_file_write(path, hx_buf_str(&labels), false, NULL), HX_OK);
    (void)snprintf(path, sizeof path, "%s/plain.txt", p->folder);
    assert_int_equal(hx_file_write(path, hx_buf_str(&plain), false, NULL), HX_OK);
    hx_buf_release(&labels);
    hx_buf_release(&plain);
}

/* '@' stands for the folder. */
static void train(place *p, const char *config, const char *name, size_t threads) {
    hx_buf b;
    char path[PATH];
    hx_str metrics;
    hx_error err = {.ui = HX_UI_EN};
    const hx_train_calls calls = {.n_threads = threads};
    hx_buf_init(&b, 1 << 16);
    for (const char *s = config; *s; s++)
        (void)(*s == '@' ? hx_buf_append_lit(&b, p->folder) : hx_buf_append_byte(&b, *s));
    (void)snprintf(path, sizeof path, "%s/%s%zu", p->folder, name, threads);
    hx_status st = hx_train(hx_buf_str(&b), path, false, &calls, p->arena, &metrics, &err);
    if (st != HX_OK) print_message("%s\n", err.message);
    assert_int_equal(st, HX_OK);
    hx_buf_release(&b);
}

static void assert_same(const place *p, const char *name, const char *file) {
    hx_buf b[2];
    for (size_t i = 0; i < 2; i++) {
        char path[PATH];
        hx_buf_init(&b[i], 1 << 24);
        (void)snprintf(path, sizeof path, "%s/%s%d/%s", p->folder, name, i ? 3 : 1, file);
        assert_int_equal(hx_file_read(path, &b[i], NULL), HX_OK);
    }
    assert_true(b[0].len > 0);
    assert_int_equal(b[0].len, b[1].len);
    assert_memory_equal(b[0].ptr, b[1].ptr, b[0].len);
    hx_buf_release(&b[0]);
    hx_buf_release(&b[1]);
}

static void three_threads_train_as_one(place *p, const char *config, const char *name) {
    train(p, config, name, 1);
    train(p, config, name, 3);
    assert_same(p, name, "log.jsonl");
    assert_same(p, name, "last/weights.safetensors");
    assert_same(p, name, "best/config.json");
    assert_same(p, name, "metrics.json");
}

static void labels(void **state) {
    three_threads_train_as_one(
        *state,
        "{" SIZES "," STEPS
        ",\"tasks\":[{\"name\":\"mood\",\"data\":\"@/labels.csv\",\"mean\":true,"
        "\"validation_size\":0.3,\"augment\":\"swap,delete:0.2\"}]}",
        "labels");
}

static void plain_text(void **state) {
    three_threads_train_as_one(
        *state,
        "{" SIZES ",\"tokenizer\":\"@/labels1/tokenizer\"," STEPS
        ",\"tasks\":[{\"name\":\"lm\",\"kind\":"
        "\"mixed\",\"data\":\"@/plain.txt\",\"length\":16,\"validation_size\":0.2}]}",
        "plain");
}

static void several_tasks(void **state) {
    three_threads_train_as_one(
        *state,
        "{\"model\":\"@/plain1\"," STEPS ",\"accumulate\":2,\"tasks\":[{\"name\":\"lm\",\"kind\":"
        "\"causal\",\"data\":\"@/plain.txt\",\"length\":16},{\"name\":\"mood\",\"data\":"
        "\"@/labels.csv\",\"validation_size\":0.2}]}",
        "several");
}

static int set_up(void **state) {
    static place p;
    p = (place){.folder = "/tmp/hx-threads-XXXXXX"};
    assert_non_null(mkdtemp(p.folder));
    p.arena = hx_arena_new(0);
    write_data(&p);
    *state = &p;
    return 0;
}

static int tear_down(void **state) {
    place *p = *state;
    hx_arena_free(p->arena);
    test_remove_tree(p->folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(labels), cmocka_unit_test(plain_text),
                                       cmocka_unit_test(several_tasks)};
    return cmocka_run_group_tests_name("model/train_threads", tests, set_up, tear_down);
}
