/* test_dataset_split.c - parts, folds, samples, checks and plans of batches.
 *
 * Properties: parts are disjoint and whole, shares hold within every label, the same seed gives the same parts and batches, another one
 * gives others; a plan holds every example once and no batch over its bound. */
#include "unit/model/dataset_test.h"

#include <math.h>

static void shares_hold_within_labels(void **state) {
    (void)state;
    static const struct {
        size_t n, labels;
        double test, validation;
        size_t n_test, n_validation;
    } cases[] = {{100, 2, .2, 0, 20, 0},   {100, 4, .15, .15, 15, 15}, {97, 3, .2, .1, 19, 10},
                 {1000, 7, .2, 0, 200, 0}, {5, 1, .2, .2, 1, 1},       {7, 7, .3, 0, 0, 0}};
    char folder[32];
    path_buf path;
    test_directory(folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_numbered(folder, cases[i].n, cases[i].labels, path);
        const hx_dataset_options o = {.target = HX_TARGET_LABEL,
                                      .test_size = cases[i].test,
                                      .validation_size = cases[i].validation,
                                      .seed = TEST_SEED};
        hx_dataset *d = must_read(path, &o);
        size_t n_test = hx_dataset_count(d, HX_PART_TEST);
        assert_int_equal(n_test, cases[i].n_test);
        assert_int_equal(hx_dataset_count(d, HX_PART_VALIDATION), cases[i].n_validation);
        assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN),
                         cases[i].n - cases[i].n_test - cases[i].n_validation);
        size_t counts[8] = {0};
        for (size_t k = 0; k < n_test; k++)
            counts[hx_dataset_at(d, HX_PART_TEST, k)->label]++;
        for (size_t c = 0; c < cases[i].labels && n_test >= cases[i].labels; c++)
            assert_true(fabs((double)counts[c] - (double)n_test / (double)cases[i].labels) <= 1.01);
        hx_dataset_free(d);
    }
    test_remove_tree(folder);
}

/* A bit for each row of the test part. */
static uint64_t rows_of(const hx_dataset *d, hx_part part) {
    uint64_t rows = 0;
    for (size_t i = 0; i < hx_dataset_count(d, part); i++)
        rows |= (uint64_t)1 << (hx_dataset_at(d, part, i)->row - 1);
    return rows;
}

static void seeds_decide(void **state) {
    (void)state;
    char folder[32];
    path_buf path;
    test_directory(folder);
    make_numbered(folder, 60, 3, path);
    hx_dataset_options o = {.target = HX_TARGET_LABEL, .test_size = .3, .seed = 1};
    hx_dataset *a = must_read(path, &o), *b = must_read(path, &o);
    o.seed = 2;
    hx_dataset *c = must_read(path, &o);
    assert_true(rows_of(a, HX_PART_TEST) == rows_of(b, HX_PART_TEST));
    assert_true(rows_of(a, HX_PART_TEST) != rows_of(c, HX_PART_TEST));
    assert_true((rows_of(a, HX_PART_TEST) & rows_of(a, HX_PART_TRAIN)) == 0);
    assert_true((rows_of(a, HX_PART_TEST) | rows_of(a, HX_PART_TRAIN)) == ((uint64_t)1 << 60) - 1);
    for (size_t i = 1; i < hx_dataset_count(a, HX_PART_TRAIN); i++)
        assert_true(hx_dataset_at(a, HX_PART_TRAIN, i - 1)->row <
                    hx_dataset_at(a, HX_PART_TRAIN, i)->row);
    hx_dataset_free(a);
    hx_dataset_free(b);
    hx_dataset_free(c);
    test_remove_tree(folder);
}

static void folds_cover_all_once(void **state) {
    (void)state;
    char folder[32];
    path_buf path;
    hx_error err = {0};
    test_directory(folder);
    make_numbered(folder, 50, 3, path);
    const hx_dataset_options o = {.target = HX_TARGET_LABEL, .test_size = .2, .seed = 9};
    hx_dataset *d = must_read(path, &o);
    uint64_t test = rows_of(d, HX_PART_TEST), seen = 0;
    for (size_t f = 0; f < 4; f++) {
        assert_int_equal(hx_dataset_fold(d, 4, f, 5, &err), HX_OK);
        uint64_t fold = rows_of(d, HX_PART_VALIDATION);
        assert_int_equal(hx_dataset_count(d, HX_PART_VALIDATION), 10);
        assert_true((seen & fold) == 0);
        assert_true(rows_of(d, HX_PART_TEST) == test);
        seen |= fold;
    }
    assert_true((seen | test) == ((uint64_t)1 << 50) - 1);
    assert_int_equal(hx_dataset_fold(d, 4, 4, 5, &err), HX_EINVAL);
    assert_int_equal(hx_dataset_fold(d, 1, 0, 5, &err), HX_EINVAL);
    assert_int_equal(hx_dataset_fold(d, 41, 0, 5, &err), HX_EINVAL);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static void samples_keep_every_label(void **state) {
    (void)state;
    char folder[32];
    path_buf path;
    test_directory(folder);
    make_numbered(folder, 60, 3, path);
    const hx_dataset_options o = {.target = HX_TARGET_LABEL, .max_examples = 10, .seed = 3};
    hx_dataset *d = must_read(path, &o);
    size_t counts[3] = {0};
    assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN), 10);
    for (size_t i = 0; i < 10; i++)
        counts[hx_dataset_at(d, HX_PART_TRAIN, i)->label]++;
    for (size_t c = 0; c < 3; c++)
        assert_true(counts[c] == 3 || counts[c] == 4);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static const char train_csv[] =
    "text,label\nGood Shop,p\nｇｏｏｄ　shop,p\ngood  shop,n\nbad,n\nfine,p\n";
static const char test_csv[] = "text,label\nGOOD SHOP,p\nother,n\nBAD,n\n";

static void leaks_are_found_and_named(void **state) {
    (void)state;
    char folder[32];
    path_buf train, test;
    hx_error err = {0};
    const hx_example *a, *b;
    test_directory(folder);
    make_file(folder, "train.csv", train_csv, sizeof train_csv - 1, train);
    make_file(folder, "test.csv", test_csv, sizeof test_csv - 1, test);
    const hx_dataset_options o = {.target = HX_TARGET_LABEL, .test_path = test, .test_size = .5};
    hx_dataset *d = must_read(train, &o);
    const hx_dataset_check *c = hx_dataset_checked(d);
    assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN), 5);
    assert_int_equal(hx_dataset_count(d, HX_PART_TEST), 3);
    assert_int_equal(c->n_duplicates, 2);
    assert_int_equal(c->n_conflicts, 1);
    assert_int_equal(c->n_leaks, 2);
    assert_true(fabs(c->imbalance - 1.5) < 1e-12);
    assert_true(hx_dataset_leak(d, 1, &a, &b));
    assert_int_equal(a->row, 4);
    assert_int_equal(b->row, 3);
    assert_string_equal(hx_dataset_source(d, b->source), test);
    assert_false(hx_dataset_leak(d, 2, &a, &b));
    hx_arena *arena = hx_arena_new(0);
    hx_str said = hx_dataset_leak_text(d, 1, HX_UI_EN, arena);
    assert_non_null(strstr(said.ptr, "test.csv:3 (test) is also "));
    assert_non_null(strstr(said.ptr, "train.csv:4 (train): BAD"));
    assert_null(hx_dataset_leak_text(d, 2, HX_UI_ZH, arena).ptr);
    hx_arena_free(arena);
    assert_int_equal(hx_dataset_drop_leaks(d, &err), HX_OK);
    assert_int_equal(c->n_leaks, 0);
    assert_int_equal(c->n_dropped, 4);
    assert_int_equal(hx_dataset_count(d, HX_PART_TRAIN), 1);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

/* ------------------------------------------------------------------ batches */
static void check_plan(const hx_batch_plan *p, const uint32_t *lengths, size_t n, size_t tokens,
                       size_t examples) {
    uint8_t *seen = calloc(n, 1);
    assert_non_null(seen);
    assert_int_equal(p->starts[0], 0);
    assert_int_equal(p->starts[p->n_batches], n);
    for (size_t b = 0; b < p->n_batches; b++) {
        size_t sum = 0, count = p->starts[b + 1] - p->starts[b];
        assert_true(count > 0);
        for (uint32_t i = p->starts[b]; i < p->starts[b + 1]; i++) {
            sum += lengths[p->order[i]];
            assert_int_equal(seen[p->order[i]]++, 0);
        }
        if (tokens) assert_true(sum <= tokens || count == 1);
        if (examples) assert_true(count <= examples);
    }
    free(seen);
}

static void plans_hold_all_once(void **state) {
    (void)state;
    enum { N = 1000 };
    static const struct {
        size_t tokens, examples;
    } bounds[] = {{512, 0}, {0, 16}, {512, 16}, {1, 0}, {0, 1}, {0, 0}, {1 << 20, 0}};
    uint32_t lengths[N];
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    for (uint32_t i = 0; i < N; i++)
        lengths[i] = 1 + i * 7919u % 61u;
    for (size_t k = 0; k < sizeof bounds / sizeof *bounds; k++) {
        hx_batch_plan a, b, c;
        assert_int_equal(hx_batch_plan_make(lengths, N, bounds[k].tokens, bounds[k].examples, 7, 0,
                                            arena, &a, &err),
                         HX_OK);
        assert_int_equal(hx_batch_plan_make(lengths, N, bounds[k].tokens, bounds[k].examples, 7, 0,
                                            arena, &b, &err),
                         HX_OK);
        assert_int_equal(hx_batch_plan_make(lengths, N, bounds[k].tokens, bounds[k].examples, 7, 1,
                                            arena, &c, &err),
                         HX_OK);
        check_plan(&a, lengths, N, bounds[k].tokens, bounds[k].examples);
        check_plan(&c, lengths, N, bounds[k].tokens, bounds[k].examples);
        assert_int_equal(a.n_batches, b.n_batches);
        assert_memory_equal(a.order, b.order, N * sizeof *a.order);
        if (bounds[k].tokens != 0 || bounds[k].examples != 0)
            assert_memory_not_equal(a.order, c.order, N * sizeof *a.order);
    }
    hx_batch_plan none;
    assert_int_equal(hx_batch_plan_make(lengths, 0, 64, 0, 7, 0, arena, &none, &err), HX_OK);
    assert_int_equal(none.n_batches, 0);
    hx_arena_free(arena);
}

/* Padding to the longest of a batch is what sorting in windows saves: random lengths in 1..61, batches of 16. */
static void plans_put_like_lengths_together(void **state) {
    (void)state;
    enum { N = 4096 };
    uint32_t lengths[N];
    hx_error err = {0};
    hx_batch_plan p;
    hx_arena *arena = hx_arena_new(0);
    size_t real = 0, padded = 0;
    for (uint32_t i = 0; i < N; i++)
        lengths[i] = 1 + i * 7919u % 61u;
    assert_int_equal(hx_batch_plan_make(lengths, N, 0, 16, 1, 0, arena, &p, &err), HX_OK);
    for (size_t b = 0; b < p.n_batches; b++) {
        uint32_t longest = 0;
        for (uint32_t i = p.starts[b]; i < p.starts[b + 1]; i++) {
            real += lengths[p.order[i]];
            if (lengths[p.order[i]] > longest) longest = lengths[p.order[i]];
        }
        padded += (size_t)longest * (p.starts[b + 1] - p.starts[b]);
    }
    assert_true(padded < real + real / 20);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_hold_within_labels),
        cmocka_unit_test(seeds_decide),
        cmocka_unit_test(folds_cover_all_once),
        cmocka_unit_test(samples_keep_every_label),
        cmocka_unit_test(leaks_are_found_and_named),
        cmocka_unit_test(plans_hold_all_once),
        cmocka_unit_test(plans_put_like_lengths_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
