/* test_preference.c - tastes that were planted are found for items nobody has had; nothing of a held item or of a later time is read; a sentence
 * for each mistake.
 *
 * The little world: items are tea or lamps by their text, each person likes one kind and not the other. */
#include "unit/insight/insight_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insight/preference.h"

enum { PEOPLE = 30, ITEMS = 20, EACH = 8, N = PEOPLE * EACH, DIM = 64 };

typedef struct {
    uint32_t people[N], items[N];
    double liked[N], times[N];
    float vectors[ITEMS * DIM];
    hx_preference_past past;
} world;

static void make_world(world *w) {
    static const char *const texts[2] = {"green tea 绿茶 leaves", "desk lamp 台灯 light"};
    hx_str said[ITEMS];
    for (size_t i = 0; i < ITEMS; i++)
        said[i] = hx_str_of(texts[i % 2]);
    assert_int_equal(hx_preference_grams(said, ITEMS, DIM, w->vectors, NULL), HX_OK);
    for (uint32_t o = 0; o < N; o++) {
        const uint32_t person = o % PEOPLE, round = o / PEOPLE;
        w->people[o] = person;
        w->items[o] = (round * 5 / 2 + person % 3) % ITEMS;
        w->times[o] = o;
        w->liked[o] = (w->items[o] % 2 == person % 2) != (o % 23 == 0);
    }
    w->past = (hx_preference_past){.n = N,
                                   .people = w->people,
                                   .items = w->items,
                                   .liked = w->liked,
                                   .times = w->times,
                                   .n_people = PEOPLE,
                                   .n_items = ITEMS,
                                   .dim = DIM,
                                   .vectors = w->vectors};
}

static double feature(const hx_table *t, const char *name, size_t row) {
    double v;
    hx_table_numbers(t, hx_table_find(t, hx_str_of(name)), row, 1, &v);
    return v;
}

static void like_texts_are_near(void **state) {
    (void)state;
    const hx_str texts[4] = {hx_str_of("Green TEA, fresh"), hx_str_of("fresh green tea"),
                             hx_str_of("新款台灯"), hx_str_of("")};
    float v[4 * DIM];
    double same = 0, other = 0, length = 0;
    assert_int_equal(hx_preference_grams(texts, 4, DIM, v, NULL), HX_OK);
    for (size_t k = 0; k < DIM; k++) {
        same += (double)v[k] * (double)v[DIM + k];
        other += (double)v[k] * (double)v[2 * DIM + k];
        length += (double)v[2 * DIM + k] * (double)v[2 * DIM + k];
        assert_true(v[3 * DIM + k] == 0);
    }
    assert_true(same > 0.99 && other < 0.5 && fabs(length - 1) < 1e-5);
}

static void a_taste_is_told_of_an_unseen_item(void **state) {
    (void)state;
    static world w;
    make_world(&w);
    const uint32_t people[2] = {0, 1}, items[2] = {ITEMS - 2, ITEMS - 2};
    const double times[2] = {1e9, 1e9};
    const hx_preference_pairs pairs = {2, people, items, times, NULL};
    hx_table *t = NULL;
    hx_churn *m = NULL;
    double p[2];
    assert_int_equal(hx_preference_features(&t, &w.past, &pairs, NULL), HX_OK);
    assert_true(feature(t, "taste", 0) > feature(t, "taste", 1));
    assert_int_equal(hx_preference_fit(&m, &w.past, 7, 1, NULL), HX_OK);
    assert_int_equal(hx_churn_apply(m, t, 1, p, NULL), HX_OK);
    assert_true(p[0] > 0.6 && p[1] < 0.4);
    hx_churn_free(m);
    hx_table_free(t);
}

/* Whatever is changed in opinions of the item itself, of held items and of later times, the features are the same. */
static void the_unseen_is_not_read(void **state) {
    (void)state;
    static world w;
    static bool held[ITEMS];
    make_world(&w);
    held[3] = true;
    for (uint32_t round = 0; round < 20; round++) {
        const uint32_t person = round % PEOPLE, item = round % ITEMS;
        const double time = 60 + 5 * round;
        const hx_preference_pairs pairs = {1, &person, &item, &time, held};
        hx_table *a = NULL, *b = NULL;
        make_world(&w);
        assert_int_equal(hx_preference_features(&a, &w.past, &pairs, NULL), HX_OK);
        for (size_t o = 0; o < N; o++)
            if (w.items[o] == item || held[w.items[o]] || w.times[o] >= time)
                w.liked[o] = 1 - w.liked[o];
        assert_int_equal(hx_preference_features(&b, &w.past, &pairs, NULL), HX_OK);
        for (size_t c = 0; c < hx_table_columns(a); c++) {
            double x, y;
            hx_table_numbers(a, c, 0, 1, &x);
            hx_table_numbers(b, c, 0, 1, &y);
            assert_true((isnan(x) && isnan(y)) || fabs(x - y) < 1e-12);
        }
        hx_table_free(a);
        hx_table_free(b);
    }
}

static void mistakes_have_a_sentence(void **state) {
    (void)state;
    static world w;
    hx_error err = {0};
    hx_churn *m = NULL;
    make_world(&w);
    w.past.n_people = 1;
    assert_int_equal(hx_preference_fit(&m, &w.past, 1, 1, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "at least two people"));
    make_world(&w);
    memset(w.vectors, 0, sizeof w.vectors);
    assert_int_equal(hx_preference_fit(&m, &w.past, 1, 1, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "no item has a text"));
    make_world(&w);
    w.items[4] = ITEMS;
    assert_int_equal(hx_preference_fit(&m, &w.past, 1, 1, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "opinion 5"));
    assert_null(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_texts_are_near), cmocka_unit_test(a_taste_is_told_of_an_unseen_item),
        cmocka_unit_test(the_unseen_is_not_read), cmocka_unit_test(mistakes_have_a_sentence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
