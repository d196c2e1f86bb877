/* answer_test.h - a small shop for the tests of answer: files by a seeded generator, read into a store by the real pipeline.
 *
 * 60 customers with orders in two currencies, refunds, discounts and gaps, reviews in Chinese and English (some without a date), a
 * customers file with awkward names, guests. `until` limits the dated rows, so that a store can be made as it was at a time. */
#ifndef HX_TESTS_ANSWER_TEST_H
#define HX_TESTS_ANSWER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dirent.h>

#include <cmocka.h>

#include "answer/population.h"
#include "base/json.h"
#include "base/rng.h"
#include "huaxiang/pipeline.h"

#define TEST_SEED 20240229u
#define TEST_DAY0 19723 /* 2024-01-01 */
#define TEST_DAYS 300
#define TEST_CUSTOMERS 60

typedef struct {
    char dir[32];
    char path[160];
    hx_store *store;
    hx_text_model *model;
    hx_arena *arena;
} test_shop;

static const char *const test_texts[] = {
    "质量很好，非常喜欢，下次还来！",
    "太差了，客服态度恶劣，我要退款",
    "物流太慢，等了两个星期",
    "Great product, I love it",
    "Terrible quality, it broke after one day. I want a refund",
    "一般般",
    "能便宜点吗？多少钱？",
    "好评！五星推荐给朋友"};

static inline void test_file_path(const test_shop *shop, const char *name, char out[160]) {
    snprintf(out, 160, "%s/%s", shop->dir, name);
}

static inline void test_day(int day, char out[24]) {
    hx_civil c = hx_civil_from_ms((int64_t)(TEST_DAY0 + day) * HX_DAY_MS);
    snprintf(out, 24, "%04d-%02d-%02d", c.year, c.month, c.day);
}

/* The generator draws the same numbers whatever `until` is; rows after it are not written. */
static inline void test_write_orders(const char *path, int until) {
    FILE *f = fopen(path, "w");
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    assert_non_null(f);
    fputs("order_id,customer_id,date,item,category,quantity,amount,discount,currency\n", f);
    for (int c = 0; c < TEST_CUSTOMERS; c++) {
        int orders = (int)hx_rng_below(&r, 9), day = (int)hx_rng_below(&r, 200);
        bool bargain = hx_rng_below(&r, 4) == 0;
        for (int o = 0; o < orders; o++) {
            char date[24];
            int amount = 5 + (int)hx_rng_below(&r, 400), step = 1 + (int)hx_rng_below(&r, 40);
            bool refund = hx_rng_below(&r, 12) == 0, euro = hx_rng_below(&r, 9) == 0;
            test_day(day, date);
            if (day <= until)
                fprintf(f, "o%d_%d,u%d,%s 10:30:00,item%d,%s,%d,%s%d.5,%d,%s\n", c, o, c, date,
                        amount % 7, amount % 2 ? "户外" : "图书", refund ? -1 : 1,
                        refund ? "-" : "", amount, bargain ? 3 : 0, euro ? "EUR" : "CNY");
            day += step;
            if (day >= TEST_DAYS) break;
        }
    }
    fclose(f);
}

static inline void test_write_reviews(const char *path, int until) {
    FILE *f = fopen(path, "w");
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED + 1);
    assert_non_null(f);
    fputs("用户,时间,评论\n", f);
    for (int i = 0; i < 150; i++) {
        char date[24];
        int c = (int)hx_rng_below(&r, TEST_CUSTOMERS + 5), day = (int)hx_rng_below(&r, TEST_DAYS);
        const char *text = test_texts[hx_rng_below(&r, sizeof test_texts / sizeof *test_texts)];
        bool undated = hx_rng_below(&r, 15) == 0;
        test_day(day, date);
        if (undated)
            fprintf(f, "u%d,,%s 第%d条\n", c, text, i);
        else if (day <= until)
            fprintf(f, "u%d,%s 22:15,%s 第%d条\n", c, date, text, i);
    }
    fclose(f);
}

static inline void test_write_customers(const char *path) {
    static const char *const names[] = {"=1+1",    "-5",     "@SUM(A1)",
                                        "\"a,b\"", "王小明", "+8613800138000"};
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("customer_id,姓名,城市,年龄\n", f);
    for (int c = 0; c < TEST_CUSTOMERS; c += 3)
        fprintf(f, "u%d,%s,%s,%d\n", c, names[c / 3 % 6], c % 2 ? "上海" : "北京", 20 + c % 50);
    fclose(f);
}

static inline void test_import(test_shop *shop, const char *const *paths, size_t n) {
    hx_import_options options = {.text_model = shop->model, .currency = "CNY"};
    hx_import_result result;
    hx_error err = {.ui = HX_UI_EN};
    hx_status status = hx_import_files(shop->store, paths, n, &options, &result, &err);
    if (status != HX_OK) fprintf(stderr, "%s\n", err.message);
    assert_int_equal(status, HX_OK);
}

/* A store of all files up to day `until`. */
static inline void test_shop_open(test_shop *shop, int until) {
    char orders[160], reviews[160], customers[160];
    snprintf(shop->dir, sizeof shop->dir, "/tmp/hx-answer-XXXXXX");
    assert_non_null(mkdtemp(shop->dir));
    test_file_path(shop, "shop.db", shop->path);
    test_file_path(shop, "orders.csv", orders);
    test_file_path(shop, "reviews.csv", reviews);
    test_file_path(shop, "customers.csv", customers);
    test_write_orders(orders, until);
    test_write_reviews(reviews, until);
    test_write_customers(customers);
    shop->arena = hx_arena_new(0);
    assert_int_equal(hx_text_model_open(&shop->model, HX_SHARE_DIR, NULL, NULL), HX_OK);
    assert_int_equal(hx_store_open(&shop->store, shop->path, HX_STORE_CREATE, NULL), HX_OK);
    const char *paths[] = {orders, reviews, customers};
    test_import(shop, paths, 3);
}

static inline void test_shop_close(test_shop *shop) {
    char path[512];
    hx_store_close(shop->store);
    hx_text_model_close(shop->model);
    hx_arena_free(shop->arena);
    DIR *dir = opendir(shop->dir);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", shop->dir, e->d_name);
        if (e->d_name[0] != '.') unlink(path);
    }
    closedir(dir);
    assert_int_equal(rmdir(shop->dir), 0);
}

static inline json_t *test_json(hx_str text) {
    json_t *j = NULL;
    assert_int_equal(hx_json_parse(text, 64u << 20, "answer", &j, NULL), HX_OK);
    return j;
}

#endif
