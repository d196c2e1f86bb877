/* test_train_correct.c - pairs of texts, as written and as they should stand: how their tokens lie beside each other, what is learnt of them, and
 * what is refused. */
#include "unit/model/model_test.h"

#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "huaxiang/model.h"
#include "llama/tokenizer_train.h"
#include "model/train_correct.h"

enum { GONE = 90, MISSING = 91 };
static const hx_pair_marks marks = {GONE, MISSING};

/* ------------------------------------------------------------------ alignment */
static const struct {
    const char *wrong, *right, *labels; /* a letter a token; '-' = gone, '+' = missing */
} aligned[] = {
    {"abcde", "abcde", "abcde"}, /* nothing to do */
    {"abxde", "abcde", "abcde"}, /* another one */
    {"abdce", "abcde", "abcde"}, /* two swapped: two others */
    {"abccde", "abcde", "abc-de"}, /* twice */
    {"abde", "abcde", "ab+e"}, /* missing in front of a right one */
    {"abe", "abcde", "ab+"}, /* two missing: one mark */
    {"axde", "abcde", "acde"}, /* another one; what is missing beside it has no place */
    {"abcd", "abcde", "abcd"}, /* behind the last one: no place to say it */
    {"e", "abcde", "+"},           {"abcde", "ae", "a---e"}, {"xyz", "abc", "abc"},
};

static uint32_t token_of(char c) {
    return c == '-' ? GONE : c == '+' ? MISSING : (uint32_t)(c - 'a');
}

static void tokens_lie_beside_each_other(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof aligned / sizeof *aligned; k++) {
        uint32_t wrong[16], right[16], labels[16];
        size_t n = strlen(aligned[k].wrong), m = strlen(aligned[k].right);
        for (size_t i = 0; i < n; i++)
            wrong[i] = token_of(aligned[k].wrong[i]);
        for (size_t i = 0; i < m; i++)
            right[i] = token_of(aligned[k].right[i]);
        assert_true(hx_train_align(wrong, n, right, m, &marks, labels));
        for (size_t i = 0; i < n; i++) {
            uint32_t wanted = token_of(aligned[k].labels[i]);
            if (labels[i] != wanted) print_message("%s: token %zu\n", aligned[k].wrong, i);
            assert_int_equal(labels[i], wanted);
        }
    }
}

/* Whatever the lists: changing what is not marked, and leaving out what is to go, leaves a part of the right one in its order. */
static void labels_follow_the_right_text(void **state) {
    hx_rng r;
    (void)state;
    hx_rng_seed(&r, 5);
    for (size_t k = 0; k < 2000; k++) {
        uint32_t wrong[20], right[20], labels[20];
        size_t n = 1 + hx_rng_below(&r, 20), m = 1 + hx_rng_below(&r, 20), at = 0;
        for (size_t i = 0; i < 20; i++) {
            wrong[i] = (uint32_t)hx_rng_below(&r, 4);
            right[i] = (uint32_t)hx_rng_below(&r, 4);
        }
        assert_true(hx_train_align(wrong, n, right, m, &marks, labels));
        for (size_t i = 0; i < n; i++) {
            uint32_t stands = labels[i] == MISSING ? wrong[i] : labels[i];
            if (stands == GONE) continue;
            while (at < m && right[at] != stands)
                at++;
            assert_true(at < m);
            at++;
        }
    }
}

static void what_is_too_far_apart_is_left_out(void **state) {
    uint32_t wrong[HX_ALIGN_MAX + 3], right[HX_ALIGN_MAX + 3], labels[HX_ALIGN_MAX + 3];
    size_t n = HX_ALIGN_MAX + 3;
    (void)state;
    for (size_t i = 0; i < n; i++) {
        wrong[i] = i == 0 || i + 1 == n ? 7 : 1;
        right[i] = i == 0 || i + 1 == n ? 7 : 2;
    }
    assert_false(hx_train_align(wrong, n, right, n, &marks, labels));
    right[1] = 1;
    assert_true(hx_train_align(wrong, n, right, n, &marks, labels));
    assert_int_equal(labels[1], 1);
    assert_int_equal(labels[2], 2);
}

/* ------------------------------------------------------------------ trainings */
typedef struct {
    char folder[64];
    hx_arena *arena;
    hx_error err;
    char notice[HX_MESSAGE_MAX];
} place;

static void write_text(const place *p, const char *name, hx_buf *b) {
    char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
    assert_int_equal(hx_file_write(path, hx_buf_str(b), false, NULL), HX_OK);
    hx_buf_release(b);
}

/* pairs.tsv: "teh" should be "the", "shop shop" "shop"; other words stand as they should. */
static void write_data(const place *p) {
    static const char *const words[] = {"good", "bad", "today", "thing", "of", "and", "is", "a"};
    hx_buf pairs, text;
    hx_rng r;
    hx_rng_seed(&r, 3);
    hx_buf_init(&pairs, 1 << 20);
    hx_buf_init(&text, 1 << 20);
    (void)hx_buf_append_lit(&pairs, "wrong\tright\n");
    for (size_t i = 0; i < 300; i++) {
        const char *a = words[hx_rng_below(&r, 8)], *b = words[hx_rng_below(&r, 8)];
        (void)hx_buf_printf(&pairs, "%s %s shop%s %s\t%s the shop %s\n", a,
                            i % 3 == 0 ? "teh" : "the", i % 5 == 0 ? " shop" : "", b, a, b);
        (void)hx_buf_printf(&text, "%s the teh shop %s %zu\n\n", a, b, i);
    }
    write_text(p, "pairs.tsv", &pairs);
    write_text(p, "text.txt", &text);
}

static void write_tokenizer(const place *p, const char *name) {
    char path[200];
    hx_error err = {.ui = HX_UI_EN};
    hx_tokenizer_trainer *t = NULL;
    hx_buf b;
    const hx_str both[] = {HX_STR_LIT("<mask>"), HX_STR_LIT("<sep>")};
    const hx_tokenizer_train_options options = {
        .vocab = 512, .n_threads = 1, .symbols = both, .n_symbols = 2};
    hx_buf_init(&b, 1 << 20);
    (void)snprintf(path, sizeof path, "%s/text.txt", p->folder);
    assert_int_equal(hx_file_read(path, &b, &err), HX_OK);
    assert_int_equal(hx_tokenizer_trainer_new(&t, &options, &err), HX_OK);
    assert_int_equal(hx_tokenizer_trainer_add(t, hx_buf_str(&b), &err), HX_OK);
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
    assert_int_equal(hx_tokenizer_trainer_write(t, path, &err), HX_OK);
    hx_tokenizer_trainer_free(t);
    hx_buf_release(&b);
}

static int set_up(void **state) {
    static place p;
    p = (place){.folder = "/tmp/hx-correct-XXXXXX"};
    assert_non_null(mkdtemp(p.folder));
    p.arena = hx_arena_new(0);
    write_data(&p);
    write_tokenizer(&p, "tokenizer.model");
    *state = &p;
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
    if (strstr(sentence, "pairs of the task"))
        (void)snprintf(p->notice, sizeof p->notice, "%s", sentence);
}

#define TRAINING                                                                                   \
    "{\"tokenizer\":\"@/tokenizer.model\",\"sizes\":{\"hidden_size\":32,\"num_hidden_layers\":2,"  \
    "\"num_attention_heads\":2,\"intermediate_size\":48},\"rate\":0.01,\"batch_tokens\":256,"

static hx_status run(place *p, const char *config, const char *name, hx_str *metrics) {
    hx_buf b;
    char path[200];
    const hx_train_calls calls = {.n_threads = 2, .notice = on_notice, .context = p};
    hx_buf_init(&b, 1 << 16);
    for (const char *s = config; *s; s++)
        (void)(*s == '@' ? hx_buf_append_lit(&b, p->folder) : hx_buf_append_byte(&b, *s));
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
    p->err = (hx_error){.ui = HX_UI_EN};
    p->notice[0] = '\0';
    hx_status st = hx_train(hx_buf_str(&b), path, false, &calls, p->arena, metrics, &p->err);
    hx_buf_release(&b);
    return st;
}

static double figure(hx_str metrics, const char *name) {
    hx_error err = {.ui = HX_UI_EN};
    json_t *j = NULL;
    assert_int_equal(hx_json_parse(metrics, 1 << 20, "metrics", &j, &err), HX_OK);
    const json_t *tasks = json_object_get(json_object_get(j, "test"), "tasks"),
                 *v = json_object_get(json_object_get(tasks, "pairs"), name);
    assert_true(json_is_number(v));
    double x = json_number_value(v);
    json_decref(j);
    return x;
}

static void pairs_are_put_right(void **state) {
    place *p = *state;
    hx_str metrics;
    hx_status st =
        run(p,
            TRAINING "\"epochs\":60,\"tasks\":[{\"name\":\"pairs\",\"kind\":\"correct\","
                     "\"data\":\"@/pairs.tsv\",\"text\":\"wrong\",\"text2\":\"right\"}]}",
            "right", &metrics);
    if (st != HX_OK) print_message("%s\n", p->err.message);
    assert_int_equal(st, HX_OK);
    assert_true(figure(metrics, "n") == 60);
    assert_true(figure(metrics, "f1") > 0.9);
    assert_true(figure(metrics, "precision") > 0.9);
    assert_true(figure(metrics, "recall") > 0.9);
    assert_true(figure(metrics, "false_alarms") < 0.1);
}

static void long_pairs_are_left_out(void **state) {
    place *p = *state;
    hx_str metrics;
    assert_int_equal(run(p,
                         TRAINING
                         "\"steps\":1,\"tasks\":[{\"name\":\"pairs\",\"kind\":\"correct\",\"data\":"
                         "\"@/pairs.tsv\",\"text\":\"wrong\",\"text2\":\"right\",\"max_length\":"
                         "5}]}",
                         "long", &metrics),
                     HX_OK);
    assert_non_null(strstr(p->notice, "pairs of the task pairs are too long"));
}

static void pairs_need_two_columns(void **state) {
    place *p = *state;
    hx_str metrics;
    assert_int_not_equal(run(p,
                             TRAINING "\"steps\":1,\"tasks\":[{\"name\":\"pairs\",\"kind\":"
                                      "\"correct\",\"data\":\"@/pairs.tsv\",\"text\":\"wrong\"}]}",
                             "one", &metrics),
                         HX_OK);
    assert_non_null(strstr(p->err.message, "needs \"text2\""));
    assert_int_not_equal(run(p,
                             TRAINING
                             "\"steps\":1,\"tasks\":[{\"name\":\"pairs\",\"kind\":\"correct\","
                             "\"data\":\"@/pairs.tsv\",\"text\":\"wrong\",\"text2\":\"none\"}]}",
                             "none", &metrics),
                         HX_OK);
    assert_non_null(strstr(p->err.message, "none"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_lie_beside_each_other),
        cmocka_unit_test(labels_follow_the_right_text),
        cmocka_unit_test(what_is_too_far_apart_is_left_out),
        cmocka_unit_test(pairs_are_put_right),
        cmocka_unit_test(long_pairs_are_left_out),
        cmocka_unit_test(pairs_need_two_columns),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
