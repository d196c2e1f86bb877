/* Splits: every row once, sizes, strata, groups, time, determinism, refusals. */
#include "golden.h"
#include "learn/split.h"

#define N 103

static void each_row_once_and_even(void **st) {
    (void)st;
    uint32_t folds[N], again[N], strata[N];
    hx_error err = {0};
    for (size_t i = 0; i < N; i++)
        strata[i] = i % 10 == 0; /* 11 of 103 */
    hx_fold_options o = {.strata = strata, .seed = 3};
    assert_int_equal(hx_split_folds(N, 5, &o, folds, &err), HX_OK);
    assert_int_equal(hx_split_folds(N, 5, &o, again, &err), HX_OK);
    assert_memory_equal(folds, again, sizeof folds);
    size_t rows[5] = {0}, rare[5] = {0};
    for (size_t i = 0; i < N; i++) {
        assert_true(folds[i] < 5);
        rows[folds[i]]++;
        rare[folds[i]] += strata[i];
    }
    for (size_t k = 0; k < 5; k++) {
        assert_in_range(rows[k], 20, 21);
        assert_in_range(rare[k], 2, 3);
    }
    o.seed = 4;
    assert_int_equal(hx_split_folds(N, 5, &o, again, &err), HX_OK);
    assert_memory_not_equal(folds, again, sizeof folds);
}

static void groups_stay_together(void **st) {
    (void)st;
    uint32_t folds[N], groups[N], fold_of[20];
    size_t rows[4] = {0};
    hx_error err = {0};
    for (size_t i = 0; i < N; i++)
        groups[i] = (uint32_t)(i * i % 20);
    hx_fold_options o = {.groups = groups};
    assert_int_equal(hx_split_folds(N, 4, &o, folds, &err), HX_OK);
    memset(fold_of, 255, sizeof fold_of);
    for (size_t i = 0; i < N; i++) {
        if (fold_of[groups[i]] == UINT32_MAX) fold_of[groups[i]] = folds[i];
        assert_int_equal(fold_of[groups[i]], folds[i]);
        rows[folds[i]]++;
    }
    for (size_t k = 0; k < 4; k++)
        assert_true(rows[k] > 0);
    for (size_t i = 0; i < N; i++)
        groups[i] = i < 60;
    assert_int_equal(hx_split_folds(N, 4, &o, folds, &err), HX_EINVAL);
    assert_string_equal(err.message, "2 groups can't be split into 4 parts");
}

static void time_goes_forward(void **st) {
    (void)st;
    uint32_t folds[N];
    double times[N];
    size_t train[N], test[N], n_train, n_test;
    hx_error err = {0};
    for (size_t i = 0; i < N; i++)
        times[i] = (double)(i * 37 % N);
    hx_fold_options o = {.times = times};
    assert_int_equal(hx_split_folds(N, 6, &o, folds, &err), HX_OK);
    for (uint32_t fold = 0; fold < 6; fold++) {
        double last = -1, first = N;
        hx_split_rows(folds, N, fold, true, train, &n_train, test, &n_test);
        assert_in_range(n_test, 17, 18);
        assert_int_equal(n_train == 0, fold == 0);
        for (size_t i = 0; i < n_train; i++)
            last = fmax(last, times[train[i]]);
        for (size_t i = 0; i < n_test; i++)
            first = fmin(first, times[test[i]]);
        assert_true(last < first);
    }
    times[7] = NAN;
    assert_int_equal(hx_split_folds(N, 6, &o, folds, &err), HX_EINVAL);
    assert_string_equal(err.message, "row 8 has no time to be ordered by");
}

static void shares(void **st) {
    (void)st;
    uint32_t parts[1000], strata[1000];
    size_t n[3] = {0}, ones[3] = {0};
    const double wanted[] = {0.7, 0.15, 0.15}, wrong[] = {0.7, 0.2};
    hx_error err = {0};
    for (size_t i = 0; i < 1000; i++)
        strata[i] = i % 4 == 0;
    hx_fold_options o = {.strata = strata, .seed = 9};
    assert_int_equal(hx_split_shares(1000, wanted, 3, &o, parts, &err), HX_OK);
    for (size_t i = 0; i < 1000; i++) {
        n[parts[i]]++;
        ones[parts[i]] += strata[i];
    }
    assert_in_range(n[0], 699, 701);
    assert_in_range(n[1], 149, 151);
    assert_in_range(ones[0], 174, 176);
    assert_in_range(ones[2], 37, 38);
    assert_int_equal(hx_split_shares(1000, wrong, 2, &o, parts, &err), HX_EINVAL);
    assert_string_equal(err.message, "the shares of a split sum to 1, not 0.9");
}

static void refusals(void **st) {
    (void)st;
    uint32_t folds[3], keys[3] = {0};
    double times[3] = {0};
    hx_error err = {0};
    hx_fold_options o = {.strata = keys, .times = times};
    assert_int_equal(hx_split_folds(3, 4, &(hx_fold_options){0}, folds, &err), HX_EINVAL);
    assert_string_equal(err.message, "3 rows can't be split into 4 folds");
    assert_int_equal(hx_split_folds(3, 1, &(hx_fold_options){0}, folds, &err), HX_EINVAL);
    assert_string_equal(err.message, "cross-validation needs two folds or more, not 1");
    assert_int_equal(hx_split_folds(3, 2, &o, folds, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "rows are split by strata, by groups or by time: one of the three");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_once_and_even),
        cmocka_unit_test(groups_stay_together),
        cmocka_unit_test(time_goes_forward),
        cmocka_unit_test(shares),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
