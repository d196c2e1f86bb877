/* test_population.c - one walk over everybody: an earlier as_of gives what the store was then, sums agree with the members, the
 * ranking with a full sort. */
#include "unit/answer/answer_test.h"

static hx_population *open_at(test_shop *shop, int64_t as_of) {
    hx_population *pop = NULL;
    assert_int_equal(hx__population_open(&pop, shop->store, as_of, NULL), HX_OK);
    return pop;
}

/* The whole history seen at day d = a store that ends at day d. */
static void the_past_is_what_it_was(void **state) {
    (void)state;
    test_shop whole;
    test_shop_open(&whole, TEST_DAYS);
    const int days[] = {40, 150, 260};
    for (size_t i = 0; i < 3; i++) {
        test_shop then;
        test_shop_open(&then, days[i]);
        int64_t as_of = (int64_t)(TEST_DAY0 + days[i] + 1) * HX_DAY_MS - 1;
        hx_population *a = open_at(&whole, as_of), *b = open_at(&then, as_of);
        assert_false(a->latest);
        assert_true(b->latest);
        assert_true(a->n > 20 && a->n == b->n);
        assert_memory_equal(a->customers, b->customers, a->n * sizeof *a->customers);
        assert_true(a->hash == b->hash);
        assert_memory_equal(a->segment_sizes, b->segment_sizes, sizeof a->segment_sizes);
        assert_memory_equal(&a->thresholds, &b->thresholds, sizeof a->thresholds);
        assert_int_equal(a->events, b->events);
        assert_int_equal(a->spent[0].amount, b->spent[0].amount);
        hx__population_close(a);
        hx__population_close(b);
        test_shop_close(&then);
    }
    test_shop_close(&whole);
}

static hx_status check_member(void *context, const hx_customer *c, const hx_profile *p,
                              hx_error *err) {
    size_t *n = context;
    (void)err;
    assert_true(c->person == p->key);
    assert_int_equal(c->orders, p->n_orders);
    (*n)++;
    return HX_OK;
}

static void totals_are_the_sum_of_members(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    const int64_t times[] = {HX_AS_OF_LATEST, (int64_t)(TEST_DAY0 + 100) * HX_DAY_MS};
    for (size_t t = 0; t < 2; t++) {
        hx_population *pop = open_at(&shop, times[t]);
        hx_money spent = 0;
        uint64_t orders = 0, scored = 0, sizes[HX_SEGMENT_N] = {0};
        for (size_t i = 0; i < pop->n; i++) {
            const hx_customer *c = &pop->customers[i];
            assert_ptr_equal(hx__population_find(pop, c->person), c);
            if (i > 0) assert_true((int64_t)c[-1].person < (int64_t)c->person);
            spent += c->monetary;
            orders += c->orders;
            scored += c->r > 0;
            for (int id = 0; id < HX_SEGMENT_N; id++)
                sizes[id] += c->segments >> id & 1;
        }
        assert_string_equal(pop->currency, "CNY");
        assert_int_equal(pop->n_spent, 2);
        assert_int_equal(pop->spent[0].amount, spent);
        assert_int_equal(pop->orders, orders);
        assert_int_equal(pop->thresholds.rfm.n, scored);
        assert_memory_equal(pop->segment_sizes, sizes, sizeof sizes);
        assert_null(hx__population_find(pop, 12345));
        size_t seen = 0;
        assert_int_equal(hx__population_each(pop, check_member, &seen, NULL), HX_OK);
        assert_int_equal(seen, pop->n);
        hx__population_close(pop);
    }
    test_shop_close(&shop);
}

static int by_money(const void *context, const hx_customer *a, const hx_customer *b) {
    (void)context;
    return (a->monetary < b->monetary) - (a->monetary > b->monetary);
}

static void the_ranking_is_a_sort(void **state) {
    (void)state;
    enum { N = 500 };
    static hx_customer list[N];
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (size_t i = 0; i < N; i++)
        list[i] = (hx_customer){.person = i * 7919 % N, .monetary = (int64_t)hx_rng_below(&r, 60)};
    hx_population pop = {.customers = list, .n = N};
    hx_arena *arena = hx_arena_new(0);
    const size_t limits[] = {1, 7, 499, 500, 0, 900};
    uint32_t *all = NULL;
    size_t n_all = 0;
    assert_int_equal(hx__population_top(&pop, NULL, by_money, NULL, 0, arena, &all, &n_all, NULL),
                     HX_OK);
    assert_int_equal(n_all, N);
    for (size_t i = 1; i < N; i++) {
        const hx_customer *a = &list[all[i - 1]], *b = &list[all[i]];
        assert_true(a->monetary > b->monetary ||
                    (a->monetary == b->monetary && a->person < b->person));
    }
    for (size_t k = 0; k < 6; k++) {
        uint32_t *some = NULL;
        size_t n = 0;
        assert_int_equal(
            hx__population_top(&pop, NULL, by_money, NULL, limits[k], arena, &some, &n, NULL),
            HX_OK);
        assert_int_equal(n, limits[k] == 0 || limits[k] > N ? N : limits[k]);
        assert_memory_equal(some, all, n * sizeof *some);
    }
    hx_arena_free(arena);
}

static void an_empty_store_is_an_empty_population(void **state) {
    (void)state;
    char dir[] = "/tmp/hx-answer-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/empty.db", dir);
    test_shop shop = {.arena = hx_arena_new(0)};
    assert_int_equal(hx_store_open(&shop.store, path, HX_STORE_CREATE, NULL), HX_OK);
    hx_population *pop = open_at(&shop, HX_AS_OF_LATEST);
    assert_int_equal(pop->n, 0);
    assert_true(pop->as_of == HX_TIME_NONE);
    hx__population_close(pop);
    hx_str json;
    assert_int_equal(hx_answer_summary(shop.store, NULL, shop.arena, &json, NULL), HX_OK);
    json_t *summary = test_json(json);
    assert_int_equal(json_integer_value(json_object_get(summary, "customers")), 0);
    assert_true(json_is_null(json_object_get(summary, "as_of")));
    json_decref(summary);
    hx_store_close(shop.store);
    hx_arena_free(shop.arena);
    unlink(path);
    rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_past_is_what_it_was),
        cmocka_unit_test(totals_are_the_sum_of_members),
        cmocka_unit_test(the_ranking_is_a_sort),
        cmocka_unit_test(an_empty_store_is_an_empty_population),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
