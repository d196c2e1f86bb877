/* test_opinions.c - labels from several sources: the better source weighs more, silence says nothing, labels keep their places. */
#include "unit/base/base_test.h"

#include <math.h>
#include <string.h>

#include "huaxiang/learn.h"

enum { TEXTS = 200 };

static uint32_t next(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Three sources right with 95, 90 and 60 of 100; truth alternates. */
static void make_votes(float said[TEXTS][3][2], unsigned truth[TEXTS]) {
    static const unsigned right[3] = {95, 90, 60};
    uint32_t state = 7;
    memset(said, 0, TEXTS * sizeof said[0]);
    for (size_t i = 0; i < TEXTS; i++) {
        truth[i] = i % 2;
        for (size_t s = 0; s < 3; s++)
            said[i][s][next(&state) % 100 < right[s] ? truth[i] : 1 - truth[i]] = 1;
    }
}

static void test_sources_are_weighed(void **state) {
    static float said[TEXTS][3][2];
    unsigned truth[TEXTS];
    double p[TEXTS * 2], right[3];
    size_t good = 0, first = 0;
    hx_error err = {0};
    (void)state;
    make_votes(said, truth);
    const hx_opinions o = {TEXTS, 3, 2, &said[0][0][0]};
    assert_int_equal(hx_opinions_combine(&o, p, right, &err), HX_OK);
    for (size_t i = 0; i < TEXTS; i++) {
        assert_true(fabs(p[2 * i] + p[2 * i + 1] - 1) < 1e-9);
        good += (p[2 * i + 1] > 0.5) == truth[i];
        first += (said[i][0][1] > 0) == truth[i];
    }
    assert_true(good >= TEXTS * 90 / 100 && good + TEXTS / 20 > first);
    assert_true(right[0] > right[2] + 0.2 && right[1] > right[2] + 0.2);
}

static void test_two_against_a_bad_one(void **state) {
    static float said[TEXTS][3][2];
    unsigned truth[TEXTS];
    double p[TEXTS * 2], right[3];
    hx_error err = {0};
    (void)state;
    make_votes(said, truth);
    said[0][0][0] = said[0][1][0] = said[0][2][1] = 1; /* all but the worst say 0 */
    said[0][0][1] = said[0][1][1] = said[0][2][0] = 0;
    memset(said[1], 0, sizeof said[1]); /* nobody says anything */
    memset(said[2], 0, sizeof said[2]);
    said[2][2][1] = 1; /* the worst one alone */
    const hx_opinions o = {TEXTS, 3, 2, &said[0][0][0]};
    assert_int_equal(hx_opinions_combine(&o, p, right, &err), HX_OK);
    assert_true(p[0] > 0.9);
    assert_true(fabs(p[2] - 0.5) < 0.1);
    assert_true(p[5] > 0.5 && p[5] < 0.85);
}

static void test_few_texts(void **state) {
    static const float said[2][2][2] = {{{1, 0}, {0.8f, 0.2f}}, {{0, 1}, {1, 0}}};
    double p[4], right[2];
    hx_error err = {0};
    const hx_opinions o = {2, 2, 2, &said[0][0][0]}, none = {2, 2, 1, &said[0][0][0]};
    (void)state;
    assert_int_equal(hx_opinions_combine(&o, p, right, &err), HX_OK);
    assert_true(p[0] > 0.8);
    assert_true(p[2] > 0.2 && p[2] < 0.8);
    assert_int_equal(hx_opinions_combine(&none, p, right, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "2 to 256 labels"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sources_are_weighed),
                                       cmocka_unit_test(test_two_against_a_bad_one),
                                       cmocka_unit_test(test_few_texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
