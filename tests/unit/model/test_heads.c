/* test_heads.c - heads of a run: what commands read is what the training evaluated, from the folder, from GGUF and back; several in one pass; and
 * descriptions of heads that make no sense. */
#include "unit/model/model_test.h"

#include <math.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "huaxiang/model.h"
#include "llama/config.h"

typedef struct {
    char folder[64];
    hx_arena *arena;
} place;

/* All kinds: several labels in both directions, a number, a label behind a tap and a layer, tags with transitions, tags behind a layer, trees,
 * where words begin. `lower` and max_length must reach the commands. */
static const char tasks[] =
    "{\"sizes\":{\"hidden_size\":32,\"num_hidden_layers\":2,\"num_attention_heads\":2,"
    "\"intermediate_size\":64},\"epochs\":3,\"rate\":0.004,\"batch_tokens\":256,\"seed\":3,"
    "\"tasks\":["
    "{\"name\":\"topics\",\"kind\":\"labels\",\"data\":\"@/many.csv\",\"test\":\"@/many.csv\","
    "\"text\":\"text\",\"label\":\"topics\",\"mean\":true,\"bidirectional\":true,\"lower\":true},"
    "{\"name\":\"stars\",\"kind\":\"number\",\"data\":\"@/many.csv\",\"test\":\"@/many.csv\","
    "\"text\":\"text\",\"label\":\"stars\",\"max_length\":9},"
    "{\"name\":\"mood\",\"kind\":\"label\",\"data\":\"@/many.csv\",\"test\":\"@/many.csv\","
    "\"text\":\"text\",\"label\":\"mood\",\"mean\":true,\"hidden\":16,\"tap\":1},"
    "{\"name\":\"ner\",\"kind\":\"crf\",\"data\":\"@/words.csv\",\"test\":\"@/words.csv\","
    "\"text\":\"words\",\"label\":\"tags\",\"bidirectional\":true},"
    "{\"name\":\"pos\",\"kind\":\"tag\",\"data\":\"@/t.conllu\",\"test\":\"@/t.conllu\","
    "\"hidden\":16,\"tap\":2},"
    "{\"name\":\"tree\",\"kind\":\"parse\",\"data\":\"@/t.conllu\",\"test\":\"@/t.conllu\","
    "\"width\":16,\"bidirectional\":true},"
    "{\"name\":\"seg\",\"kind\":\"segment\",\"data\":\"@/words.csv\",\"test\":\"@/words.csv\","
    "\"text\":\"words\",\"label\":\"tags\"}]}";

static void put_path(const place *p, const char *name, char out[200]) {
    (void)snprintf(out, 200, "%s/%s", p->folder, name);
}

static void write_text(const place *p, const char *name, hx_buf *b) {
    char path[200];
    put_path(p, name, path);
    assert_int_equal(hx_file_write(path, hx_buf_str(b), false, NULL), HX_OK);
    hx_buf_release(b);
}

static const char *pick(hx_rng *r, const char *const *words, size_t n) {
    return words[hx_rng_below(r, n)];
}

static void write_texts(const place *p, hx_rng *r) {
    static const char *const food[] = {"Rice", "soup", "Tea"}, *const ship[] = {"van", "BOX"};
    static const char *const good[] = {"good", "Lovely", "fresh"}, *const bad[] = {"late", "cold",
                                                                                   "broken"};
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    (void)hx_buf_append_lit(&b, "text,topics,stars,mood\n");
    for (size_t i = 0; i < 160; i++) {
        size_t n = hx_rng_below(r, 5);
        bool is_food = i % 3 != 0, is_ship = i % 3 != 1;
        (void)hx_buf_printf(&b, "%s %s", is_food ? pick(r, food, 3) : "it",
                            is_ship ? pick(r, ship, 2) : "is");
        for (size_t k = 0; k < 4; k++)
            (void)hx_buf_printf(&b, " %s", k < n ? pick(r, good, 3) : pick(r, bad, 3));
        (void)hx_buf_printf(&b, ",%s%s%s,%zu,%s\n", is_food ? "food" : "",
                            is_food && is_ship ? "|" : "", is_ship ? "ship" : "", n + 1,
                            n > 2   ? "good"
                            : n < 2 ? "bad"
                                    : "mixed");
    }
    write_text(p, "many.csv", &b);
}

static void write_words(const place *p, hx_rng *r) {
    static const char *const names[] = {"Anna", "Bob"}, *const verbs[] = {"sees", "hears"},
                             *const nouns[] = {"dogs", "cats"};
    hx_buf words, trees;
    hx_buf_init(&words, 1 << 20);
    hx_buf_init(&trees, 1 << 20);
    (void)hx_buf_append_lit(&words, "words,tags\n");
    for (size_t i = 0; i < 120; i++) {
        const char *name = pick(r, names, 2), *verb = pick(r, verbs, 2), *noun = pick(r, nouns, 2);
        bool where = i % 2 == 0;
        (void)hx_buf_printf(&words, "%s %s %s%s,B-PER O O%s\n", name, verb, noun,
                            where ? " in New York" : "", where ? " O B-LOC I-LOC" : "");
        (void)hx_buf_printf(&trees,
                            "1\t%s\t_\tPROPN\t_\t_\t2\tnsubj\t_\t_\n"
                            "2\t%s\t_\tVERB\t_\t_\t0\troot\t_\t_\n"
                            "3\t%s\t_\tNOUN\t_\t_\t2\tobj\t_\t_\n\n",
                            name, verb, noun);
    }
    write_text(p, "words.csv", &words);
    write_text(p, "t.conllu", &trees);
}

/* '@' is the folder. */
static void must_train(const place *p) {
    hx_error err = {.ui = HX_UI_EN};
    hx_train_calls calls = {.n_threads = 2};
    hx_buf config;
    char run[200];
    hx_str metrics;
    put_path(p, "run", run);
    hx_buf_init(&config, 1 << 16);
    for (const char *c = tasks; *c; c++)
        (void)(*c == '@' ? hx_buf_append_str(&config, hx_str_of(p->folder))
                         : hx_buf_append_byte(&config, *c));
    hx_status st = hx_train(hx_buf_str(&config), run, false, &calls, p->arena, &metrics, &err);
    if (st != HX_OK) fail_msg("%s", err.message);
    hx_buf_release(&config);
}

static int set_up(void **state) {
    static place p;
    hx_rng r;
    p = (place){.folder = "/tmp/hx-heads-XXXXXX"};
    assert_non_null(mkdtemp(p.folder));
    p.arena = hx_arena_new(0);
    hx_rng_seed(&r, 11);
    write_texts(&p, &r);
    write_words(&p, &r);
    must_train(&p);
    *state = &p;
    return 0;
}

static int tear_down(void **state) {
    place *p = *state;
    hx_arena_free(p->arena);
    test_remove_tree(p->folder);
    return 0;
}

/* ------------------------------------------------------------------ the training's figures */
static json_t *read_json(const place *p, const char *name) {
    hx_buf b;
    char path[200];
    json_t *j = NULL;
    put_path(p, name, path);
    hx_buf_init(&b, 1 << 20);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    assert_int_equal(hx_json_parse(hx_buf_str(&b), 1 << 20, path, &j, NULL), HX_OK);
    hx_buf_release(&b);
    return j;
}

typedef struct {
    hx_llama *m;
    hx_llama_context *c;
} opened;

static opened must_open(const char *path, hx_precision precision) {
    const hx_llama_options options = {.precision = precision, .n_threads = 2};
    hx_error err = {.ui = HX_UI_EN};
    opened o = {NULL, NULL};
    if (hx_llama_open(&o.m, path, &options, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(hx_llama_context_open(&o.c, o.m, NULL, &err), HX_OK);
    return o;
}

static void close_all(opened *o) {
    hx_llama_context_close(o->c);
    hx_llama_close(o->m);
}

static const struct {
    const char *head, *data, *text, *label;
    const char *figures[4][2]; /* of the training, of the evaluation */
} heads[] = {
    {"topics",
     "many.csv",
     "text",
     "topics",
     {{"f1", "micro_f1"},
      {"macro_f1", "macro_f1"},
      {"accuracy", "subset_accuracy"},
      {"hamming", "hamming_loss"}}},
    {"stars", "many.csv", "text", "stars", {{"rmse", "rmse"}, {"mae", "mae"}, {"r2", "r2"}}},
    {"mood",
     "many.csv",
     "text",
     "mood",
     {{"accuracy", "accuracy"}, {"macro_f1", "macro_f1"}, {"log_loss", "log_loss"}}},
    {"ner",
     "words.csv",
     "words",
     "tags",
     {{"accuracy", "accuracy"}, {"precision", "precision"}, {"recall", "recall"}, {"f1", "f1"}}},
    {"pos", "t.conllu", NULL, NULL, {{"accuracy", "accuracy"}, {"n", "n"}}},
    {"tree", "t.conllu", NULL, NULL, {{"uas", "uas"}, {"las", "las"}, {"n", "n"}}},
    {"seg",
     "words.csv",
     "words",
     "tags",
     {{"accuracy", "accuracy"}, {"precision", "precision"}, {"recall", "recall"}, {"f1", "f1"}}}};
enum { N_HEADS = sizeof heads / sizeof *heads };

static json_t *must_evaluate(const place *p, const opened *o, size_t i) {
    const hx_head_evaluation options = {.text = heads[i].text, .label = heads[i].label};
    hx_error err = {.ui = HX_UI_EN};
    hx_str text;
    json_t *j = NULL;
    char data[200];
    put_path(p, heads[i].data, data);
    size_t head = hx_llama_find_head(o->m, heads[i].head);
    if (hx_model_evaluate_head(o->c, head, data, &options, p->arena, &text, &err) != HX_OK)
        fail_msg("%s", err.message);
    assert_int_equal(hx_json_parse(text, 1 << 20, "figures", &j, NULL), HX_OK);
    return j;
}

static void what_was_evaluated_is_read(void **state) {
    const place *p = *state;
    char best[200];
    put_path(p, "run/best", best);
    opened o = must_open(best, HX_PRECISION_EXACT);
    json_t *metrics = read_json(p, "run/metrics.json");
    const json_t *test = json_object_get(json_object_get(metrics, "test"), "tasks");
    assert_int_equal(hx_llama_describe(o.m)->n_tasks, N_HEADS);
    for (size_t i = 0; i < N_HEADS; i++) {
        json_t *found = must_evaluate(p, &o, i);
        const json_t *trained = json_object_get(test, heads[i].head);
        for (size_t k = 0; k < 4 && heads[i].figures[k][0]; k++) {
            const json_t *a = json_object_get(trained, heads[i].figures[k][0]),
                         *b = json_object_get(found, heads[i].figures[k][1]);
            double x = json_number_value(a), y = json_number_value(b);
            if (!json_is_number(a) || !json_is_number(b) || fabs(x - y) > 1e-4)
                fail_msg("%s, %s: %g in training, %g read", heads[i].head, heads[i].figures[k][0],
                         x, y);
        }
        json_decref(found);
    }
    json_decref(metrics);
    close_all(&o);
}

/* ------------------------------------------------------------------ one pass, several heads */
static const hx_str texts[] = {{"Rice van good fresh cold late good", 34},
                               {"", 0},
                               {"it BOX lovely lovely good good and nothing else at all", 54}};
enum { N_TEXTS = 3, MOST = 4 };

static void read_by(const opened *o, const char *const *names, size_t n,
                    float out[][N_TEXTS * MOST]) {
    size_t which[4];
    float *to[4];
    hx_error err = {.ui = HX_UI_EN};
    for (size_t k = 0; k < n; k++) {
        which[k] = hx_llama_find_head(o->m, names[k]);
        to[k] = out[k];
    }
    if (hx_llama_read(o->c, which, n, texts, N_TEXTS, 0, to, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static void heads_together_say_what_each_says_alone(void **state) {
    const place *p = *state;
    static const char *const names[] = {"stars", "topics", "mood"};
    float all[3][N_TEXTS * MOST] = {{0}}, alone[1][N_TEXTS * MOST];
    char best[200];
    put_path(p, "run/best", best);
    for (int precision = 0; precision < 2; precision++) {
        opened o = must_open(best, precision ? HX_PRECISION_EXACT : HX_PRECISION_FAST);
        read_by(&o, names, 3, all);
        for (size_t k = 0; k < 3; k++) {
            memset(alone, 0, sizeof alone);
            read_by(&o, names + k, 1, alone);
            assert_memory_equal(alone[0], all[k], sizeof alone[0]);
        }
        assert_true(all[0][0] > 0 && all[0][0] < 6);
        for (size_t i = 0; i < N_TEXTS; i++)
            assert_true(fabsf(all[2][3 * i] + all[2][3 * i + 1] + all[2][3 * i + 2] - 1) < 1e-5f);
        close_all(&o);
    }
}

/* ------------------------------------------------------------------ other formats */
/* hx_llama_read_all() beside the calls that it stands for, bit by bit. */
static void one_pass_gives_the_bits_of_many(void **state) {
    const place *p = *state;
    enum { WIDTH = 32 };
    static const hx_tag_options options[] = {{.head = "ner"},
                                             {.head = "seg", .apart = true},
                                             {.head = "tree"},
                                             {.head = "ner", .words = true}};
    char best[200];
    put_path(p, "run/best", best);
    opened o = must_open(best, HX_PRECISION_FAST);
    size_t which[2] = {hx_llama_find_head(o.m, "topics"), hx_llama_find_head(o.m, "mood")};
    float all[2][N_TEXTS * MOST] = {{0}}, alone[2][N_TEXTS * MOST] = {{0}};
    float *to[2] = {all[0], all[1]}, *other[2] = {alone[0], alone[1]};
    float means[N_TEXTS * WIDTH], mean[N_TEXTS * WIDTH];
    hx_tags tags[4][N_TEXTS], tag[N_TEXTS];
    hx_tree trees[N_TEXTS], tree[N_TEXTS];
    hx_tags *const into[4] = {tags[0], tags[1], NULL, tags[3]};
    hx_tree *const grown[4] = {NULL, NULL, trees, NULL};
    hx_error err = {.ui = HX_UI_EN};
    const hx_llama_wanted wanted = {.heads = which,
                                    .out = to,
                                    .n_heads = 2,
                                    .tag_options = options,
                                    .tags = into,
                                    .trees = grown,
                                    .n_tags = 4,
                                    .embedding = means,
                                    .normalize = true};
    if (hx_llama_read_all(o.c, &wanted, texts, N_TEXTS, p->arena, &err) != HX_OK)
        fail_msg("%s", err.message);
    assert_int_equal(hx_llama_read(o.c, which, 2, texts, N_TEXTS, 0, other, &err), HX_OK);
    assert_memory_equal(all, alone, sizeof all);
    const hx_embed_options embed = {
        .pooling = HX_POOL_MEAN, .normalize = true, .bidirectional = true};
    assert_int_equal(hx_llama_embed(o.c, texts, N_TEXTS, &embed, mean, &err), HX_OK);
    assert_memory_equal(means, mean, sizeof mean);
    for (size_t k = 0; k < 4; k++) {
        if (k == 2) continue;
        assert_int_equal(hx_llama_tag(o.c, texts, N_TEXTS, &options[k], p->arena, tag, &err),
                         HX_OK);
        for (size_t i = 0; i < N_TEXTS; i++) {
            assert_int_equal(tags[k][i].n, tag[i].n);
            if (tag[i].n)
                assert_memory_equal(tags[k][i].tags, tag[i].tags, tag[i].n * sizeof(hx_tag));
        }
    }
    assert_int_equal(hx_llama_parse(o.c, texts, N_TEXTS, &options[2], p->arena, tree, &err), HX_OK);
    bool relations = false; /* without a column named: relations, not parts of speech */
    const size_t head = hx_llama_find_head(o.m, "tree");
    for (size_t i = 0; hx_llama_head_label(o.m, head, i); i++)
        relations = relations || !strcmp(hx_llama_head_label(o.m, head, i), "nsubj");
    assert_true(relations);
    for (size_t i = 0; i < N_TEXTS; i++) {
        assert_int_equal(trees[i].n, tree[i].n);
        if (tree[i].n) assert_memory_equal(trees[i].arcs, tree[i].arcs, tree[i].n * sizeof(hx_arc));
    }
    close_all(&o);
}

static void same_answers(const place *p, const char *path, const opened *first) {
    static const char *const names[] = {"stars", "topics", "mood"};
    float a[3][N_TEXTS * MOST] = {{0}}, b[3][N_TEXTS * MOST] = {{0}};
    opened other = must_open(path, HX_PRECISION_EXACT);
    read_by(first, names, 3, a);
    read_by(&other, names, 3, b);
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < N_TEXTS * MOST; i++)
            assert_true(fabsf(a[k][i] - b[k][i]) < 1e-4f);
    for (size_t i = 3; i < N_HEADS; i++) {
        json_t *x = must_evaluate(p, first, i), *y = must_evaluate(p, &other, i);
        assert_true(json_equal(x, y));
        json_decref(x);
        json_decref(y);
    }
    close_all(&other);
}

static void heads_go_through_gguf_and_back(void **state) {
    const place *p = *state;
    char best[200], gguf[200], folder[200], types[200];
    hx_error err = {.ui = HX_UI_EN};
    put_path(p, "run/best", best);
    put_path(p, "run.gguf", gguf);
    put_path(p, "back", folder);
    put_path(p, "q8.gguf", types);
    if (hx_model_convert(best, HX_MODEL_GGUF, gguf, NULL, &err) != HX_OK)
        fail_msg("%s", err.message);
    if (hx_model_convert(gguf, HX_MODEL_HF, folder, NULL, &err) != HX_OK)
        fail_msg("%s", err.message);
    if (hx_model_quantize(gguf, "q8_0", types, NULL, &err) != HX_OK) fail_msg("%s", err.message);
    opened o = must_open(best, HX_PRECISION_EXACT), q = must_open(types, HX_PRECISION_FAST);
    same_answers(p, gguf, &o);
    same_answers(p, folder, &o);
    assert_int_equal(hx_llama_describe(q.m)->n_tasks, N_HEADS);
    close_all(&q);
    close_all(&o);
}

/* No tensor stands there that llama.cpp does not look for. */
static void gguf_files_have_no_strange_tensors(void **state) {
    const place *p = *state;
    char best[200], gguf[200];
    hx_str text;
    json_t *j = NULL, *t;
    size_t i;
    put_path(p, "run/best", best);
    put_path(p, "plain.gguf", gguf);
    assert_int_equal(hx_model_convert(best, HX_MODEL_GGUF, gguf, NULL, NULL), HX_OK);
    assert_int_equal(hx_model_inspect(gguf, p->arena, &text, NULL), HX_OK);
    assert_int_equal(hx_json_parse(text, 1 << 24, "inspect", &j, NULL), HX_OK);
    json_array_foreach(json_object_get(j, "tensors"), i, t) {
        const char *name = json_string_value(json_object_get(t, "name"));
        assert_true(strncmp(name, "blk.", 4) == 0 || strncmp(name, "token_embd.", 11) == 0 ||
                    strncmp(name, "output_norm.", 12) == 0 || strncmp(name, "output.", 7) == 0);
    }
    assert_int_equal(json_array_size(json_object_get(json_object_get(j, "config"), "tasks")),
                     N_HEADS);
    json_decref(j);
}

/* A head that reads the stream behind a block goes with it. */
static void a_tap_needs_its_layer(void **state) {
    const place *p = *state;
    char best[200], one[200], two[200];
    hx_error err = {.ui = HX_UI_EN};
    const hx_reshape_options first = {.layers = "0"}, second = {.layers = "0-1"};
    put_path(p, "run/best", best);
    put_path(p, "one", one);
    put_path(p, "two", two);
    assert_int_equal(hx_model_reshape(best, HX_MODEL_HF, one, &first, NULL, &err), HX_EINVAL);
    assert_string_equal(err.message, "the head pos reads layer 1, which must stay");
    if (hx_model_reshape(best, HX_MODEL_HF, two, &second, NULL, &err) != HX_OK)
        fail_msg("%s", err.message);
    opened o = must_open(best, HX_PRECISION_EXACT);
    same_answers(p, two, &o);
    close_all(&o);
}

/* ------------------------------------------------------------------ words */
static void trees_have_one_root_and_spans_lie_in_the_text(void **state) {
    const place *p = *state;
    char best[200];
    hx_tree tree[2];
    hx_error err = {.ui = HX_UI_EN};
    const hx_str sentences[] = {HX_STR_LIT("Anna sees big dogs, and Bob hears cats."),
                                HX_STR_LIT("")};
    put_path(p, "run/best", best);
    opened o = must_open(best, HX_PRECISION_FAST);
    for (int words = 0; words < 2; words++) {
        const hx_tag_options options = {.words = words != 0};
        assert_int_equal(hx_llama_parse(o.c, sentences, 2, &options, p->arena, tree, &err), HX_OK);
        assert_int_equal(tree[0].n, words ? 8 : 10);
        assert_int_equal(tree[1].n, 0);
        size_t roots = 0, end = 0;
        for (size_t i = 0; i < tree[0].n; i++) {
            const hx_arc *a = &tree[0].arcs[i];
            roots += a->head == 0;
            assert_true(a->head <= tree[0].n && a->head != i + 1);
            assert_true(a->span.start >= end && a->span.end > a->span.start);
            end = a->span.end;
        }
        assert_int_equal(roots, 1);
    }
    const hx_tag_options wrong = {.head = "tree"};
    hx_tags tags[2];
    assert_int_equal(hx_llama_tag(o.c, sentences, 2, &wrong, p->arena, tags, &err),
                     HX_EUNSUPPORTED);
    close_all(&o);
}

/* A word alone: over all paths that are one label, the best one's share. */
static void path_scores_are_probabilities(void **state) {
    const place *p = *state;
    char best[200];
    hx_tags tags[2];
    const hx_str sentences[] = {HX_STR_LIT("Anna sees dogs in New York"), HX_STR_LIT("Anna")};
    const hx_tag_options options = {.head = "ner", .words = true, .apart = true};
    put_path(p, "run/best", best);
    opened o = must_open(best, HX_PRECISION_EXACT);
    assert_int_equal(hx_llama_tag(o.c, sentences, 2, &options, p->arena, tags, NULL), HX_OK);
    assert_int_equal(tags[0].n, 6);
    assert_int_equal(tags[1].n, 1);
    assert_int_equal(tags[0].tags[5].span.start, 22);
    for (size_t i = 0; i < 6; i++)
        assert_true(tags[0].tags[i].score > 0 && tags[0].tags[i].score <= 1);
    size_t head = hx_llama_find_head(o.m, "ner"), n = hx_llama_head_of(o.m, head)->n_labels;
    assert_int_equal(n, 4);
    assert_true(tags[1].tags[0].score >= 0.25f);
    close_all(&o);
}

/* ------------------------------------------------------------------ descriptions that make no sense */
/* ------------------------------------------------------------------ pairs, temperature */
static const char pairs[] =
    "{\"sizes\":{\"hidden_size\":16,\"num_hidden_layers\":1,\"num_attention_heads\":2,"
    "\"intermediate_size\":32},\"steps\":25,\"rate\":0.01,\"batch_tokens\":256,\"seed\":3,"
    "\"tasks\":[{\"name\":\"same\",\"data\":\"@/pairs.csv\",\"text\":\"one\",\"text2\":\"two\","
    "\"label\":\"label\",\"max_length\":9,\"validation_size\":0.3,\"test\":\"@/pairs.csv\","
    "\"mean\":true},{\"name\":\"many\",\"kind\":\"labels\",\"data\":\"@/pairs.csv\",\"text\":"
    "\"two\",\"label\":\"topics\",\"validation_size\":0.3,\"test\":\"@/pairs.csv\"}]}";

static void write_pairs(const place *p) {
    static const char *const words[] = {"red", "blue", "green"};
    hx_rng r;
    hx_buf b;
    hx_rng_seed(&r, 17);
    hx_buf_init(&b, 1 << 20);
    (void)hx_buf_append_lit(&b, "one,two,label,topics\n");
    for (size_t i = 0; i < 150; i++) {
        size_t one = hx_rng_below(&r, 3), two = hx_rng_below(&r, 3);
        bool same = (two == 0) != (i % 6 == 0); /* some labels are wrong: certainty does not pay */
        (void)hx_buf_printf(&b, "a %s car %zu of mine,", words[one], i);
        if (i % 10 > 0) (void)hx_buf_printf(&b, "the %s hat of a long day", words[two]);
        (void)hx_buf_printf(&b, ",%s,%s\n", same ? "yes" : "no", i % 5 == 0 ? "" : words[two]);
    }
    write_text(p, "pairs.csv", &b);
}

static double figure_of(const place *p, const char *task, const char *name) {
    char path[200];
    hx_buf b;
    json_t *j = NULL;
    put_path(p, "paired/metrics.json", path);
    hx_buf_init(&b, 1 << 20);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    assert_int_equal(hx_json_parse(hx_buf_str(&b), 1 << 20, "metrics", &j, NULL), HX_OK);
    hx_buf_release(&b);
    const json_t *v = json_object_get(
        json_object_get(json_object_get(json_object_get(j, "test"), "tasks"), task), name);
    if (!json_is_number(v)) fail_msg("%s %s", task, name);
    double x = json_number_value(v);
    json_decref(j);
    return x;
}

static double evaluated(const place *p, hx_llama_context *c, size_t head, bool paired,
                        const char *name) {
    char path[200];
    hx_error err = {.ui = HX_UI_EN};
    hx_str json;
    json_t *j = NULL;
    put_path(p, "pairs.csv", path);
    const hx_head_evaluation o = {.text = paired ? "one" : "two",
                                  .label = paired ? "label" : "topics",
                                  .text2 = paired ? "two" : NULL};
    if (hx_model_evaluate_head(c, head, path, &o, p->arena, &json, &err) != HX_OK)
        fail_msg("%s", err.message);
    assert_int_equal(hx_json_parse(json, 1 << 20, "figures", &j, NULL), HX_OK);
    double x = json_number_value(json_object_get(j, name));
    json_decref(j);
    return x;
}

/* What training counted of pairs with its temperature is what evaluation counts; without a second text pairs are refused. */
static void check_paired(const place *p, hx_llama_context *c) {
    const hx_llama *m = hx_llama_model_of(c);
    size_t same = hx_llama_find_head(m, "same"), many = hx_llama_find_head(m, "many");
    const hx_llama_head_info *h = hx_llama_head_of(m, same);
    static const char *const figures[] = {"accuracy", "log_loss", "ece", "ece_before",
                                          "temperature"};
    hx_str text = HX_STR_LIT("a car"), second = HX_STR_LIT("the red hat");
    float said[2], *out = said;
    hx_error err = {.ui = HX_UI_EN};
    assert_true(h->pairs && h->temperature > 0.05 && h->temperature < 20);
    assert_false(hx_llama_head_of(m, many)->pairs);
    assert_true(hx_llama_head_of(m, many)->temperature > 0.05);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        assert_true(fabs(evaluated(p, c, same, true, figures[i]) -
                         figure_of(p, "same", figures[i])) < 1e-4);
    assert_true(fabs(evaluated(p, c, many, false, "micro_f1") - figure_of(p, "many", "f1")) < 1e-6);
    assert_int_equal(hx_llama_read(c, &same, 1, &text, 1, 0, &out, &err), HX_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "reads pairs of texts"));
    assert_int_equal(hx_llama_read_pairs(c, &same, 1, &text, &second, 1, 0, &out, &err), HX_OK);
    assert_true(fabs((double)said[0] + (double)said[1] - 1) < 1e-5);
}

static void pairs_and_temperatures_are_read_as_they_were_learnt(void **state) {
    place *p = *state;
    char run[200], gguf[200];
    hx_error err = {.ui = HX_UI_EN};
    hx_str metrics, model;
    hx_buf b;
    const hx_train_calls calls = {.n_threads = 2};
    write_pairs(p);
    hx_buf_init(&b, 1 << 16);
    for (const char *s = pairs; *s; s++)
        (void)(*s == '@' ? hx_buf_append_lit(&b, p->folder) : hx_buf_append_byte(&b, *s));
    put_path(p, "paired", run);
    if (hx_train(hx_buf_str(&b), run, false, &calls, p->arena, &metrics, &err) != HX_OK)
        fail_msg("%s", err.message);
    hx_buf_release(&b);
    assert_int_equal(hx_model_resolve(run, NULL, p->arena, &model, &err), HX_OK);
    put_path(p, "paired.gguf", gguf);
    const hx_convert_options convert = {.n_threads = 1};
    assert_int_equal(hx_model_convert(model.ptr, HX_MODEL_GGUF, gguf, &convert, &err), HX_OK);
    const char *const paths[] = {model.ptr, gguf};
    for (size_t i = 0; i < 2; i++) {
        hx_llama *m = NULL;
        hx_llama_context *c = NULL;
        const hx_llama_options exact = {.precision = HX_PRECISION_EXACT, .n_threads = 1};
        const hx_context_options context = {.n_sequences = 1};
        if (hx_llama_open(&m, paths[i], &exact, &err) != HX_OK) fail_msg("%s", err.message);
        assert_int_equal(hx_llama_context_open(&c, m, &context, &err), HX_OK);
        check_paired(p, c);
        hx_llama_context_close(c);
        hx_llama_close(m);
    }
}

static void strange_heads_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *heads, *sentence;
    } bad[] = {{"{}", "c: huaxiang.heads is no list of at most 64 heads"},
               {"[{\"name\":\"a b\",\"kind\":\"label\",\"labels\":[\"x\"]}]",
                "c: \"name\" of head 1 in huaxiang.heads makes no sense"},
               {"[{\"name\":\"a\",\"kind\":\"laber\",\"labels\":[\"x\"]}]",
                "c: \"kind\" of head 1 in huaxiang.heads makes no sense"},
               {"[{\"name\":\"a\",\"kind\":\"label\",\"labels\":[]}]",
                "c: \"labels\" of head 1 in huaxiang.heads makes no sense"},
               {"[{\"name\":\"a\",\"kind\":\"label\",\"labels\":[1]}]",
                "c: \"labels\" of head 1 in huaxiang.heads makes no sense"},
               {"[{\"name\":\"a\",\"kind\":\"label\",\"labels\":[\"x\"],\"tap\":9}]",
                "c: \"tap\" of head 1 in huaxiang.heads makes no sense"},
               {"[{\"name\":\"a\",\"kind\":\"number\",\"deviation\":\"x\"}]",
                "c: \"deviation\" of head 1 in huaxiang.heads makes no sense"},
               {"[{\"name\":\"a\",\"kind\":\"tag\",\"labels\":[\"x\"]},"
                "{\"name\":\"a\",\"kind\":\"tag\",\"labels\":[\"x\"]}]",
                "c: \"name\" of head 2 in huaxiang.heads makes no sense"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[600];
        hx_config c;
        hx_error err = {.ui = HX_UI_EN};
        (void)snprintf(text, sizeof text,
                       "{\"model_type\":\"llama\",\"num_hidden_layers\":2,\"hidden_size\":8,"
                       "\"num_attention_heads\":2,\"intermediate_size\":8,\"vocab_size\":9,"
                       "\"huaxiang.heads\":%s}",
                       bad[i].heads);
        assert_int_equal(hx_config_read_json(&c, hx_str_of(text), "c", &err), HX_EFORMAT);
        assert_string_equal(err.message, bad[i].sentence);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_evaluated_is_read),
        cmocka_unit_test(heads_together_say_what_each_says_alone),
        cmocka_unit_test(one_pass_gives_the_bits_of_many),
        cmocka_unit_test(heads_go_through_gguf_and_back),
        cmocka_unit_test(gguf_files_have_no_strange_tensors),
        cmocka_unit_test(a_tap_needs_its_layer),
        cmocka_unit_test(trees_have_one_root_and_spans_lie_in_the_text),
        cmocka_unit_test(path_scores_are_probabilities),
        cmocka_unit_test(pairs_and_temperatures_are_read_as_they_were_learnt),
        cmocka_unit_test(strange_heads_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
