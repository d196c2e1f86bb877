/* test_set_grams.c - what grams say beside a head: features, labels in any order, probabilities of sum 1 that follow the grams where the head knows
 * nothing, sets that nothing is known of, and damaged files. */
#include "text_test.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "text/set_grams.h"

#define SETS HX_SHARE_DIR "/models/huaxiang-learn/sets.hxd"

static const char *const snips[] = {"AddToPlaylist",       "BookRestaurant", "GetWeather",
                                    "PlayMusic",           "RateBook",       "SearchCreativeWork",
                                    "SearchScreeningEvent"};
enum { N = sizeof snips / sizeof *snips };

static bool has(const uint64_t *list, size_t n, uint64_t hash) {
    for (size_t i = 0; i < n; i++)
        if (list[i] == hash) return true;
    return false;
}

static void test_features(void **state) {
    hx_arena *arena = hx_arena_new(0);
    size_t n, k, none;
    (void)state;
    uint64_t *a = hx__set_features(hx_str_of("Play MUSIC play music"), arena, &n);
    uint64_t *b = hx__set_features(hx_str_of("play music PLAY Music"), arena, &k);
    assert_non_null(a);
    assert_int_equal(n, k);
    for (size_t i = 0; i < n; i++) {
        assert_true(has(b, k, a[i]));
        assert_false(has(a, i, a[i])); /* distinct */
    }
    uint64_t *c = hx__set_features(hx_str_of("playing"), arena, &k);
    size_t shared = 0; /* ^pl pla lay, ^pla play, ^play */
    for (size_t i = 0; i < k; i++)
        shared += has(a, n, c[i]);
    assert_int_equal(shared, 6);
    assert_non_null(hx__set_features(hx_str_of(""), arena, &none));
    assert_int_equal(none, 0);
    hx_arena_free(arena);
}

static hx_set_grams *open_by(const char *const *labels, size_t n, const char *task) {
    hx_set_grams *g = NULL;
    hx_error err = {0};
    assert_int_equal(hx_set_grams_open(&g, HX_SHARE_DIR, task, labels, n, &err), HX_OK);
    return g;
}

static void expect_sum(const float *p, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(p[i] >= 0 && p[i] <= 1);
        sum += (double)p[i];
    }
    assert_true(fabs(sum - 1) < 1e-5);
}

static void test_both(void **state) {
    static const char *const turned[] = {
        "SearchScreeningEvent", "SearchCreativeWork", "RateBook",     "PlayMusic",
        "GetWeather",           "BookRestaurant",     "AddToPlaylist"};
    const hx_str texts[] = {hx_str_of("will it rain in boston tomorrow"),
                            hx_str_of("book a table for two at an italian restaurant"),
                            hx_str_of("")};
    hx_set_grams *g = open_by(snips, N, "snips"), *back = open_by(turned, N, "snips");
    hx_error err = {0};
    float p[3 * N], q[3 * N], sure[N] = {0.94f, 0.01f, 0.01f, 0.01f, 0.01f, 0.01f, 0.01f};
    (void)state;
    assert_non_null(g);
    assert_non_null(back);
    for (size_t i = 0; i < 3 * N; i++)
        p[i] = q[i] = 1.0f / N;
    assert_int_equal(hx_set_grams_join(g, texts, 3, p, &err), HX_OK);
    assert_int_equal(hx_set_grams_join(back, texts, 3, q, &err), HX_OK);
    assert_true(p[2] > 0.5f); /* GetWeather */
    assert_true(p[N + 1] > 0.5f); /* BookRestaurant */
    for (size_t i = 0; i < 3; i++) {
        expect_sum(p + i * N, N);
        for (size_t k = 0; k < N; k++)
            assert_true(fabsf(p[i * N + k] - q[i * N + N - 1 - k]) < 1e-6f);
    }
    const float alone = p[2];
    assert_int_equal(hx_set_grams_join(g, texts, 1, sure, &err), HX_OK);
    assert_true(sure[2] < alone); /* the head's word counts, too */
    hx_set_grams_close(g);
    hx_set_grams_close(back);
}

static void test_unknown_sets(void **state) {
    static const char *const others[] = {"yes", "no"};
    (void)state;
    assert_null(open_by(others, 2, "mood"));
    assert_null(open_by(others, 2, "snips"));
    assert_null(open_by(snips, N - 1, "snips"));
    assert_null(open_by(snips, 0, "snips"));
}

/* ------------------------------------------------------------------ damaged files */
static void expect_refused(const char *name, hx_str bytes) {
    static const char *const kept[] = {"snips.c", "snips.i", "snips.w", "snips.s", "snips.l"};
    hx_datafile_part parts[5];
    hx_datafile file = {0};
    hx_set_grams *g = NULL;
    hx_error err = {0};
    (void)mkdir("set_grams", 0700);
    (void)mkdir("set_grams/models", 0700);
    (void)mkdir("set_grams/models/huaxiang-learn", 0700);
    (void)unlink("set_grams/models/huaxiang-small");
    assert_int_equal(
        symlink(HX_SHARE_DIR "/models/huaxiang-small", "set_grams/models/huaxiang-small"), 0);
    assert_int_equal(hx__datafile_open(&file, SETS, HX_SET_GRAMS_KIND, &err), HX_OK);
    for (size_t i = 0; i < 5; i++) {
        parts[i].name = kept[i];
        assert_int_equal(hx__datafile_section(&file, kept[i], 1, &parts[i].bytes, &err), HX_OK);
        if (strcmp(kept[i], name) == 0) parts[i].bytes = bytes;
    }
    assert_int_equal(hx__datafile_write("set_grams/models/huaxiang-learn/sets.hxd",
                                        HX_SET_GRAMS_KIND, parts, 5, &err),
                     HX_OK);
    hx__datafile_close(&file);
    hx_status st = hx_set_grams_open(&g, "set_grams", "snips", snips, N, &err);
    assert_int_equal(st, bytes.ptr ? HX_EFORMAT : HX_OK);
    assert_true((g == NULL) == (bytes.ptr != NULL));
    hx_set_grams_close(g);
}

static void test_damaged_files(void **state) {
    static const char zeros[64] = {0};
    static float bad[2 * N] = {0};
    (void)state;
    bad[3] = NAN;
    expect_refused("snips.c", (hx_str){zeros, 12});
    expect_refused("snips.i", (hx_str){zeros, 4});
    expect_refused("snips.w", (hx_str){zeros, N});
    expect_refused("snips.s", (hx_str){zeros, 8});
    expect_refused("snips.s", (hx_str){(const char *)bad, sizeof bad});
    expect_refused("", (hx_str){NULL, 0});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_features), cmocka_unit_test(test_both),
                                       cmocka_unit_test(test_unknown_sets),
                                       cmocka_unit_test(test_damaged_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
