/* test_transactions.c - files of transactions to customers: days, amounts, the cut between calibration and hold-out, what is left out. */
#include "unit/insight/insight_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "huaxiang/insight.h"

static hx_status read_text(hx_transactions *t, const char *csv, hx_error *err) {
    char path[] = "/tmp/hx_transactions_XXXXXX.csv";
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, csv, strlen(csv)), (ssize_t)strlen(csv));
    assert_int_equal(close(fd), 0);
    hx_reader *r = NULL;
    hx_reader_options o = {0};
    assert_int_equal(hx_reader_open(&r, path, &o, err), HX_OK);
    hx_status st = hx_transactions_read(t, r, NULL, err);
    hx_reader_close(r);
    assert_int_equal(unlink(path), 0);
    return st;
}

static hx_transactions *transactions_of(const char *csv) {
    hx_transactions *t;
    hx_error err;
    assert_int_equal(hx_transactions_new(&t, &err), HX_OK);
    assert_int_equal(read_text(t, csv, &err), HX_OK);
    return t;
}

static const char shop[] = "customer_id,date,amount\n"
                           "b,2025-01-01 09:00,10\n"
                           "a,2025-01-08,20\n"
                           "b,2025-01-15 10:00,30\n"
                           "b,2025-01-15 23:59,5.5\n"
                           "a,2025-01-08 12:00,1\n"
                           "b,2025-02-12,40\n"
                           "a,2025-02-13,50\n"
                           "c,2025-02-14,60\n"
                           "a,2025-01-20,-20\n"
                           "a,never,20\n"
                           ",2025-01-20,20\n"
                           "b,2025-02-26,7\n";

static void days_are_purchases_and_the_cut_divides_them(void **state) {
    (void)state;
    hx_transactions *t = transactions_of(shop);
    hx_transactions_about about = hx_transactions_describe(t);
    assert_int_equal(about.rows, 12);
    assert_int_equal(about.left_out, 2);
    assert_int_equal(about.returns, 1);
    assert_true(about.has_amounts);
    assert_int_equal(about.last - about.first, 56);
    hx_arena *arena = hx_arena_new(0);
    hx_buyer *list;
    size_t n;
    hx_transactions_cut cut = {about.first + 41, INT32_MAX, 7};
    assert_int_equal(hx_transactions_buyers(t, &cut, arena, &list, &n, NULL), HX_OK);
    assert_int_equal(n, 2); /* c came later */
    assert_true(hx_str_equal(list[0].customer, hx_str_of("a")));
    assert_int_equal(list[0].purchases.x, 0);
    assert_true(list[0].purchases.age == 34.0 / 7 && list[0].mean == 0 && list[0].held == 1);
    assert_true(hx_str_equal(list[1].customer, hx_str_of("b")));
    assert_int_equal(list[1].purchases.x, 1); /* both of the 15th */
    assert_true(list[1].purchases.last == 2 && list[1].purchases.age == 41.0 / 7);
    assert_true(list[1].mean == 35.5 && list[1].held == 2);
    cut = (hx_transactions_cut){INT32_MAX, INT32_MAX, 1};
    assert_int_equal(hx_transactions_buyers(t, &cut, arena, &list, &n, NULL), HX_OK);
    assert_int_equal(n, 3);
    assert_int_equal(list[1].purchases.x, 3);
    assert_true(list[1].purchases.last == 56 && list[1].held == 0);
    assert_true(fabs(list[1].mean - 82.5 / 3) < 1e-12);
    hx_arena_free(arena);
    hx_transactions_free(t);
}

static void the_order_of_rows_and_files_changes_nothing(void **state) {
    (void)state;
    hx_transactions *one =
        transactions_of("customer,date,unit_price,quantity\n"
                        "x,2025-01-01,2.5,4\nx,2025-03-01,1,3\ny,2025-02-01,9,1\n");
    hx_transactions *two = transactions_of("customer,date,unit_price,quantity\ny,2025-02-01,9,1\n");
    hx_error err;
    assert_int_equal(read_text(two,
                               "quantity,date,customer,unit_price\n"
                               "3,2025-03-01,x,1\n4,2025-01-01,x,2.5\n",
                               &err),
                     HX_OK);
    hx_arena *arena = hx_arena_new(0);
    hx_buyer *a, *b;
    size_t n, m;
    hx_transactions_cut cut = {INT32_MAX, INT32_MAX, 0};
    assert_int_equal(hx_transactions_buyers(one, &cut, arena, &a, &n, NULL), HX_OK);
    assert_int_equal(hx_transactions_buyers(two, &cut, arena, &b, &m, NULL), HX_OK);
    assert_int_equal(n, 2);
    assert_int_equal(m, 2);
    for (size_t i = 0; i < n; i++) {
        assert_true(hx_str_equal(a[i].customer, b[i].customer));
        assert_memory_equal(&a[i].purchases, &b[i].purchases, sizeof a[i].purchases);
        assert_true(a[i].mean == b[i].mean);
    }
    assert_true(a[0].mean == 3);
    hx_arena_free(arena);
    hx_transactions_free(one);
    hx_transactions_free(two);
}

static void what_came_is_held_against_what_was_foretold(void **state) {
    (void)state;
    hx_purchase_fit f = {.model = HX_BG_NBD, .parameter = {0.8, 6, 0.7, 3}};
    hx_buyer list[] = {{.purchases = {0, 0, 30, 1}, .held = 0},
                       {.purchases = {4, 28, 30, 1}, .held = 3},
                       {.purchases = {1, 3, 30, 1}, .held = 0},
                       {.purchases = {2, 20, 25, 1}, .held = 1}};
    hx_hold_out h;
    double off = 0, total = 0;
    for (size_t i = 0; i < 4; i++) {
        double e = hx_purchase_expected(&f, &list[i].purchases, 20);
        total += e;
        off += fabs(e - list[i].held) / 4;
    }
    assert_int_equal(hx_purchase_hold_out(&f, list, 4, 20, &h, NULL), HX_OK);
    assert_true(h.met == 4 && fabs(h.expected - total) < 1e-12 && fabs(h.mae - off) < 1e-12);
    assert_true(h.rmse >= h.mae && h.correlation > 0.9 && h.correlation <= 1);
    /* Ranks of what came: 1.5 4 1.5 3; the expected order is 2 4 1 3. */
    assert_true(fabs(h.rank_correlation - 4.5 / sqrt(4.5 * 5)) < 1e-12);
    hx_error err;
    assert_int_equal(hx_purchase_hold_out(&f, list, 4, 0, &h, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "no time behind the calibration"));
}

static void missing_columns_and_empty_files_get_a_sentence(void **state) {
    (void)state;
    hx_transactions *t;
    hx_error err;
    assert_int_equal(hx_transactions_new(&t, &err), HX_OK);
    assert_int_equal(read_text(t, "date,amount\n2025-01-01,3\n", &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "--map customer=COLUMN"));
    assert_int_equal(read_text(t, "customer,amount\nx,3\n", &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "--map time=COLUMN"));
    assert_int_equal(read_text(t, "customer,date\nx,soon\n", &err), HX_OK);
    hx_arena *arena = hx_arena_new(0);
    hx_buyer *list;
    size_t n;
    hx_transactions_cut cut = {INT32_MAX, INT32_MAX, 0};
    assert_int_equal(hx_transactions_buyers(t, &cut, arena, &list, &n, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "no purchase could be read"));
    assert_int_equal(read_text(t, "customer,date\nx,2025-05-05\n", &err), HX_OK);
    cut.calibrate_to = 0;
    assert_int_equal(hx_transactions_buyers(t, &cut, arena, &list, &n, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "nobody bought before"));
    assert_false(hx_transactions_describe(t).has_amounts);
    hx_arena_free(arena);
    hx_transactions_free(t);
    hx_transactions_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_purchases_and_the_cut_divides_them),
        cmocka_unit_test(the_order_of_rows_and_files_changes_nothing),
        cmocka_unit_test(what_came_is_held_against_what_was_foretold),
        cmocka_unit_test(missing_columns_and_empty_files_get_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
