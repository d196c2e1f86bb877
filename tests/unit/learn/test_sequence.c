/* Networks as models of tables: what they can tell apart, words and items, features beside the text, numbers, threads, files, ensembles, hard rows,
 * refusals. */
#include <unistd.h>

#include "base/rng.h"
#include "golden.h"
#include "learn/learner.h"

enum { N = 240 };
static const char *const networks[] = {"textcnn", "rnn", "gru", "lstm", "cnn-gru", "transformer"};

/* ------------------------------------------------------------------ tables */
static void put_texts(hx_table *t, const char *name, const char *const *of, size_t n) {
    hx_error err = {0};
    hx_str *values = calloc(n + 1, sizeof *values);
    uint32_t *codes = calloc(n + 1, sizeof *codes);
    size_t known = 0;
    assert_true(values && codes);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        codes[i] = HX_CODE_MISSING;
        if (!of[i]) continue;
        while (k < known && !hx_str_equal(values[k], hx_str_of(of[i])))
            k++;
        values[k] = hx_str_of(of[i]);
        known += k == known;
        codes[i] = (uint32_t)k;
    }
    if (hx_table_put_texts(t, hx_str_of(name), codes, values, known, &err) != HX_OK)
        fail_msg("%s", err.message);
    free(values);
    free(codes);
}

static void put_numbers(hx_table *t, const char *name, const double *x) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static hx_table *table_of(size_t n) {
    hx_table *t = NULL;
    hx_error err = {0};
    if (hx_table_new(&t, n, &err) != HX_OK) fail_msg("%s", err.message);
    return t;
}

/* review: of words, one of which tells the class; path: the cart before the list or behind it; price: says `dear` alone. */
static hx_table *reviews(hx_arena *arena, uint64_t seed) {
    static const char *const plain[] = {"the", "box", "came", "on", "monday", "快递", "两天"};
    const char *review[N], *path[N], *label[N], *order[N], *dear[N];
    double price[N], stars[N];
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    for (size_t i = 0; i < N; i++) {
        size_t good = (size_t)hx_rng_below(&rng, 2), late = (size_t)hx_rng_below(&rng, 2);
        char *text = hx_arena_alloc(arena, 256), *way = hx_arena_alloc(arena, 256);
        size_t at = (size_t)hx_rng_below(&rng, 5), len = 0;
        for (size_t k = 0; k < 5; k++)
            len += (size_t)snprintf(text + len, 256 - len, "%s ",
                                    k == at ? (good ? "Lovely" : "BROKEN")
                                            : plain[hx_rng_below(&rng, 7)]);
        snprintf(way, 256, "home > %s > item %u > %s", late ? "list" : "cart",
                 (unsigned)hx_rng_below(&rng, 4), late ? "cart" : "list");
        price[i] = 10 + 90 * hx_rng_uniform(&rng);
        stars[i] = good ? 4.5 : 1.5;
        review[i] = text;
        path[i] = way;
        label[i] = good ? "good" : "bad";
        order[i] = late ? "late" : "early";
        dear[i] = price[i] > 55 ? "yes" : "no";
    }
    hx_table *t = table_of(N);
    put_texts(t, "review", review, N);
    put_texts(t, "path", path, N);
    put_texts(t, "label", label, N);
    put_texts(t, "order", order, N);
    put_texts(t, "dear", dear, N);
    put_numbers(t, "price", price);
    put_numbers(t, "stars", stars);
    return t;
}

static hx_learn_options quick(const char *model, const char *target) {
    return (hx_learn_options){
        .model = model,
        .target = target,
        .seed = 3,
        .n_threads = 1,
        .params =
            HX_STR_LIT("{\"width\":16,\"epochs\":12,\"rate\":0.01,\"batch\":16,\"patience\":12}")};
}

static hx_learner *fitted(const hx_table *t, const hx_learn_options *o) {
    hx_learner *l = NULL;
    hx_error err = {0};
    if (hx_learner_fit(&l, t, NULL, o, &err) != HX_OK) fail_msg("%s: %s", o->model, err.message);
    return l;
}

static double right(const hx_learner *l, const hx_table *t, const char *target, hx_arena *arena) {
    hx_predictions p;
    hx_error err = {0};
    size_t column = hx_table_find(t, hx_str_of(target)), hits = 0;
    uint32_t codes[N];
    if (hx_learner_predict(l, t, 1, arena, &p, &err) != HX_OK) fail_msg("%s", err.message);
    hx_table_codes(t, column, 0, N, codes);
    for (size_t i = 0; i < p.n; i++) {
        double sum = 0;
        for (size_t k = 0; k < p.n_classes; k++)
            sum += p.probabilities[i * p.n_classes + k];
        golden_near(sum, 1, 1e-9, "sum of probabilities");
        hits += hx_str_equal(hx_table_value(t, column, codes[i]),
                             hx_str_of(p.classes[(size_t)p.values[i]]));
    }
    return (double)hits / (double)p.n;
}

/* ------------------------------------------------------------------ what is learnt */
static void all_networks_read_words(void **st) {
    hx_arena *arena = *st;
    hx_table *train = reviews(arena, 1), *test = reviews(arena, 2);
    for (size_t i = 0; i < 6; i++) {
        hx_learn_options o = quick(networks[i], "label");
        o.text = "review";
        o.use = "review";
        hx_learner *l = fitted(train, &o);
        double share = right(l, test, "label", arena);
        if (share < 0.95) fail_msg("%s: %g of the rows", networks[i], share);
        hx_learner_free(l);
    }
    hx_table_free(train);
    hx_table_free(test);
}

/* Every path holds the same items: only their order tells. */
static void order_of_items(void **st) {
    static const char *const models[] = {"gru", "lstm", "cnn-gru", "transformer"};
    hx_arena *arena = *st;
    hx_table *train = reviews(arena, 1), *test = reviews(arena, 2);
    for (size_t i = 0; i < 4; i++) {
        hx_learn_options o = quick(models[i], "order");
        o.use = "path"; /* the only text: found without being named */
        o.items = ">";
        hx_learner *l = fitted(train, &o);
        double share = right(l, test, "order", arena);
        if (share < 0.95) fail_msg("%s: %g of the rows", models[i], share);
        assert_non_null(
            strstr(hx_learner_summary(l).ptr, "\"known\":7,")); /* home, list, cart, item 0-3 */
        hx_learner_free(l);
    }
    hx_table_free(train);
    hx_table_free(test);
}

static void columns_beside_the_text(void **st) {
    hx_arena *arena = *st;
    hx_table *train = reviews(arena, 1), *test = reviews(arena, 2);
    hx_learn_options o = quick("textcnn", "dear");
    o.text = "review";
    o.use = "price";
    o.params = HX_STR_LIT("{\"width\":16,\"epochs\":60,\"rate\":0.02,\"patience\":60}");
    hx_learner *l = fitted(train, &o);
    assert_true(right(l, test, "dear", arena) > 0.93);
    hx_learner_free(l);
    hx_table_free(train);
    hx_table_free(test);
}

static void numbers(void **st) {
    hx_arena *arena = *st;
    hx_table *train = reviews(arena, 1), *test = reviews(arena, 2);
    hx_learn_options o = quick("gru", "stars");
    hx_predictions p;
    hx_error err = {0};
    double truth[N], off = 0;
    o.text = "review";
    o.use = "review";
    o.task = HX_TASK_REGRESSION;
    hx_learner *l = fitted(train, &o);
    assert_int_equal(hx_learner_predict(l, test, 1, arena, &p, &err), HX_OK);
    assert_null(p.probabilities);
    hx_table_numbers(test, hx_table_find(test, HX_STR_LIT("stars")), 0, N, truth);
    for (size_t i = 0; i < N; i++)
        off += (p.values[i] - truth[i]) * (p.values[i] - truth[i]) / N;
    assert_true(off < 0.1 * 1.5 * 1.5); /* a tenth of the variance */
    hx_learner_free(l);
    hx_table_free(train);
    hx_table_free(test);
}

/* ------------------------------------------------------------------ threads and files */
static void read_back(const hx_learner *l, const hx_table *t, hx_buf *bytes, hx_arena *arena) {
    char path[] = "/tmp/hx-sequence-XXXXXX";
    hx_learner *again = NULL;
    hx_predictions a, b;
    hx_error err = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(hx_learner_save(l, path, &err), HX_OK);
    assert_int_equal(hx_file_read(path, bytes, &err), HX_OK);
    if (hx_learner_load(&again, path, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(hx_learner_predict(l, t, 1, arena, &a, &err), HX_OK);
    assert_int_equal(hx_learner_predict(again, t, 3, arena, &b, &err), HX_OK);
    assert_memory_equal(a.probabilities, b.probabilities, a.n * a.n_classes * sizeof(double));
    hx_learner_free(again);
    unlink(path);
}

static void same_bytes(void **st) {
    hx_arena *arena = *st;
    hx_table *t = reviews(arena, 1);
    for (size_t i = 0; i < 6; i++) {
        hx_buf one, three;
        hx_learn_options o = quick(networks[i], "label");
        hx_buf_init(&one, 64u << 20);
        hx_buf_init(&three, 64u << 20);
        o.text = "review";
        o.drop = "path,order";
        o.params = HX_STR_LIT("{\"width\":16,\"epochs\":2}");
        hx_learner *a = fitted(t, &o);
        o.n_threads = 3;
        hx_learner *b = fitted(t, &o);
        read_back(a, t, &one, arena);
        read_back(b, t, &three, arena);
        assert_true(one.len == three.len && memcmp(one.ptr, three.ptr, one.len) == 0);
        hx_learner_free(a);
        hx_learner_free(b);
        hx_buf_release(&one);
        hx_buf_release(&three);
    }
    hx_table_free(t);
}

/* Each change of a state makes it none that is read. */
static void damaged_states(void **st) {
    static const char *const bad[] = {
        "{}",
        "{\"network\":\"svm\",\"width\":8,\"length\":2,\"known\":1,\"mean\":0,\"deviation\":1,"
        "\"weights\":\"\"}",
        "{\"network\":\"gru\",\"width\":8,\"length\":9,\"known\":1,\"mean\":0,\"deviation\":1,"
        "\"weights\":\"AAAA\"}",
        "{\"network\":\"gru\",\"width\":8,\"length\":2,\"known\":30000,\"mean\":0,\"deviation\":1,"
        "\"weights\":\"AAAA\"}",
        "{\"network\":\"gru\",\"width\":7,\"length\":2,\"known\":0,\"mean\":0,\"deviation\":1,"
        "\"weights\":\"AAAA\"}",
        "{\"network\":\"gru\",\"width\":8,\"length\":2,\"known\":0,\"mean\":0,\"deviation\":1,"
        "\"weights\":\"!AAA\"}",
        "{\"network\":\"gru\",\"width\":8,\"length\":2,\"known\":0,\"mean\":0,\"deviation\":0,"
        "\"weights\":\"AAAA\"}",
    };
    const hx_estimator *e = hx_estimator_of("gru");
    (void)st;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        void *state = NULL;
        hx_error err = {0};
        json_t *json = json_loads(bad[i], 0, NULL);
        assert_non_null(json);
        assert_int_not_equal(e->read(&state, json, 4, 2, &err), HX_OK);
        assert_null(state);
        assert_true(err.message[0] != 0);
        json_decref(json);
    }
}

/* ------------------------------------------------------------------ several together */
static void ensembles(void **st) {
    static const char *const ways[] = {"voting", "blending", "stacking"};
    hx_arena *arena = *st;
    hx_table *train = reviews(arena, 1), *test = reviews(arena, 2);
    for (size_t i = 0; i < 3; i++) {
        hx_buf bytes;
        hx_learn_options o = quick(ways[i], "label");
        hx_buf_init(&bytes, 64u << 20);
        o.params =
            HX_STR_LIT("{\"textcnn\":true,\"logistic\":true,\"forest\":false,\"ridge\":false,"
                       "\"boosting\":false,\"folds\":2}");
        o.text = "review";
        o.use = "review,price";
        hx_learner *l = fitted(train, &o);
        assert_true(right(l, test, "label", arena) > 0.9);
        read_back(l, test, &bytes, arena);
        hx_buf_release(&bytes);
        hx_learner_free(l);
    }
    hx_table_free(train);
    hx_table_free(test);
}

static void same_folds(void **st) {
    hx_arena *arena = *st;
    hx_table *t = reviews(arena, 1);
    hx_cross_options o = {.models = "tree,textcnn", .n_folds = 3, .learn = quick(NULL, "label")};
    hx_str json;
    hx_error err = {0};
    json_t *read = NULL;
    o.learn.text = "review";
    o.learn.use = "review,price";
    o.learn.params = (hx_str){0};
    o.params = HX_STR_LIT("{\"textcnn\":{\"width\":16,\"rate\":0.01}}");
    if (hx_cross_validate(t, &o, arena, &json, NULL, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(hx_json_parse(json, 1u << 20, "cross", &read, &err), HX_OK);
    assert_string_equal(json_string_value(json_object_get(read, "best")), "textcnn");
    const json_t *net = json_array_get(json_object_get(read, "models"), 1);
    const json_t *auc = json_object_get(net, "auc");
    assert_true(json_number_value(json_object_get(auc, "mean")) > 0.97);
    json_decref(read);
    hx_table_free(t);
}

/* ------------------------------------------------------------------ hard rows */
static void hard_rows(void **st) {
    static const char *const texts[] = {"", "  ", NULL, "好", "!!!", "a a a", "b", "zzz"};
    static const char *const label[] = {"x", "y", "x", "y", "x", "y", "x", "y"};
    static const char *const lost[] = {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL};
    hx_arena *arena = *st;
    hx_table *t = table_of(8), *none = table_of(0), *one = table_of(1), *empty = table_of(8);
    hx_predictions p;
    hx_error err = {0};
    put_texts(t, "text", texts, 8);
    put_texts(t, "label", label, 8);
    put_texts(none, "text", texts, 0);
    put_texts(one, "text", texts, 1);
    put_texts(empty, "text", lost, 8);
    for (size_t i = 0; i < 6; i++) {
        hx_learn_options o = quick(networks[i], "label");
        o.text = "text";
        hx_learner *l = fitted(t, &o);
        assert_int_equal(hx_learner_predict(l, t, 2, arena, &p, &err), HX_OK);
        /* nothing, blanks and a missing text are the same */
        assert_memory_equal(p.probabilities, p.probabilities + 2, 2 * sizeof(double));
        assert_memory_equal(p.probabilities, p.probabilities + 4, 2 * sizeof(double));
        assert_int_equal(hx_learner_predict(l, none, 2, arena, &p, &err), HX_OK);
        assert_int_equal(p.n, 0);
        assert_int_equal(hx_learner_predict(l, one, 2, arena, &p, &err), HX_OK);
        assert_true(p.n == 1 && p.probabilities[0] > 0);
        assert_int_equal(hx_learner_predict(l, empty, 2, arena, &p, &err), HX_OK);
        assert_true(p.probabilities[0] == p.probabilities[14]);
        hx_learner_free(l);
    }
    hx_table_free(t);
    hx_table_free(none);
    hx_table_free(one);
    hx_table_free(empty);
}

static void refused(const hx_table *t, const hx_learn_options *o, const char *sentence) {
    hx_learner *l = NULL;
    hx_error err = {0};
    assert_int_not_equal(hx_learner_fit(&l, t, NULL, o, &err), HX_OK);
    assert_null(l);
    assert_string_equal(err.message, sentence);
}

static void refusals(void **st) {
    hx_arena *arena = *st;
    hx_table *t = reviews(arena, 1);
    hx_learn_options o = quick("gru", "label");
    o.use = "price";
    refused(t, &o,
            "gru reads a text, and no column holds texts: name one by --text (of numbers by "
            "--as-text, too), or leave this model out");
    o.use = "review,path";
    refused(t, &o, "gru reads one text, and 2 columns hold texts; name it by --text");
    o.text = "nothing";
    refused(t, &o, "there is no column 'nothing'");
    o.text = "price";
    refused(t, &o, "the column 'price' holds values of kind number, not texts; --as-text");
    o = quick("tree", "label");
    o.params = (hx_str){0};
    o.text = "review";
    o.use = "review";
    refused(
        t, &o,
        "no column is left beside the text 'review', which this model can't read; take textcnn, "
        "gru or transformer");
    o = quick("voting", "label");
    o.use = "price";
    o.params = HX_STR_LIT("{\"gru\":true}");
    refused(t, &o, "gru reads a text; name its column by --text");
    o.text = "review";
    o.use = "review";
    refused(t, &o, "forest can't be a member: there is no column beside the text");
    hx_table_free(t);
}

static int setup(void **st) {
    *st = hx_arena_new(0);
    return *st ? 0 : -1;
}

static int teardown(void **st) {
    hx_arena_free(*st);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_networks_read_words),
        cmocka_unit_test(order_of_items),
        cmocka_unit_test(columns_beside_the_text),
        cmocka_unit_test(numbers),
        cmocka_unit_test(same_bytes),
        cmocka_unit_test(damaged_states),
        cmocka_unit_test(ensembles),
        cmocka_unit_test(same_folds),
        cmocka_unit_test(hard_rows),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
