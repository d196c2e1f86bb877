/* test_report.c - the report's page: the numbers embedded in it against a shop written by hand, hostile texts, masking, shops with
 * hardly anything in them, the same bytes twice. */
#include <math.h>

#include "unit/answer/answer_test.h"

#include "answer/report.h"
#include "base/file.h"

static const char hand_orders[] =
    "order_id,customer_id,date,item,category,quantity,amount,currency\n"
    "o1,u1,2025-06-10 09:00:00,kettle,kitchen,1,100,CNY\n"
    "o2,u1,2026-01-05 09:00:00,kettle,kitchen,1,80,CNY\n"
    "o2,u1,2026-01-05 09:00:00,lamp,home,2,40.5,CNY\n"
    "o3,u2,2026-01-31 23:30:00,lamp,home,1,20,CNY\n"
    "o3,u2,2026-02-03 09:00:00,lamp,home,-1,-20,CNY\n"
    "o4,u3,2026-02-10 09:00:00,kettle,kitchen,1,7,USD\n"
    "o5,,2026-02-11 09:00:00,kettle,kitchen,1,10,CNY\n"
    "o6,u3,not a day,kettle,kitchen,1,10,CNY\n";
static const char hand_reviews[] =
    "用户,时间,商品,评论,评分\n"
    "u1,2026-01-06 "
    "10:00:00,kettle,\"质量很好，非常喜欢！<b>好</b></script><script>alert(1)</script>\",5\n"
    "u2,2026-02-03 10:00:00,lamp,\"物流很快，但是质量太差了，请打 138 1234 5678 或 "
    "me.too@example.com\",1\n"
    "u2,2026-02-12 10:00:00,lamp,\"客服态度恶劣，质量太差了，我要退款\xE2\x80\xA8\",1\n"
    "u3,,lamp,Great quality - I love it,4\n";

typedef struct {
    test_shop shop;
    char page[160];
    hx_buf html;
    json_t *data;
} report_test;

static void put_file(const report_test *t, const char *name, const char *text, char path[160]) {
    test_file_path(&t->shop, name, path);
    assert_int_equal(hx_file_write(path, hx_str_of(text), false, NULL), HX_OK);
}

static void open_shop(report_test *t) {
    test_shop *shop = &t->shop;
    memset(t, 0, sizeof *t);
    snprintf(shop->dir, sizeof shop->dir, "/tmp/hx-report-XXXXXX");
    assert_non_null(mkdtemp(shop->dir));
    test_file_path(shop, "shop.db", shop->path);
    test_file_path(shop, "report.html", t->page);
    shop->arena = hx_arena_new(0);
    hx_buf_init(&t->html, 64u << 20);
    hx_text_model_options rules = {.engine = HX_ENGINE_RULES};
    assert_int_equal(hx_text_model_open(&shop->model, HX_SHARE_DIR, &rules, NULL), HX_OK);
    assert_int_equal(hx_store_open(&shop->store, shop->path, HX_STORE_CREATE, NULL), HX_OK);
}

static void read_file(report_test *t, const char *name, const char *text) {
    char path[160];
    put_file(t, name, text, path);
    const char *paths[] = {path};
    test_import(&t->shop, paths, 1);
}

static void open_hand_shop(report_test *t) {
    open_shop(t);
    read_file(t, "orders.csv", hand_orders);
    read_file(t, "reviews.csv", hand_reviews);
}

/* The part of a page between two marks; aborts where there is none. */
static hx_str between(hx_str page, const char *from, const char *to) {
    const char *start = memmem(page.ptr, page.len, from, strlen(from));
    assert_non_null(start);
    start += strlen(from);
    const char *end = memmem(start, page.len - (size_t)(start - page.ptr), to, strlen(to));
    assert_non_null(end);
    return (hx_str){start, (size_t)(end - start)};
}

static void write_report(report_test *t, const hx_answer_options *o) {
    hx_error err = {0};
    hx_status status = hx_answer_report(t->shop.store, HX_SHARE_DIR, t->page, o, &err);
    if (status != HX_OK) fprintf(stderr, "%s\n", err.message);
    assert_int_equal(status, HX_OK);
    hx_buf_reset(&t->html);
    assert_int_equal(hx_file_read(t->page, &t->html, NULL), HX_OK);
    json_decref(t->data);
    t->data = test_json(between(hx_buf_str(&t->html),
                                "<script id=\"data\" type=\"application/json\">", "</script>"));
}

static void close_shop(report_test *t) {
    json_decref(t->data);
    hx_buf_release(&t->html);
    test_shop_close(&t->shop);
}

static const hx_answer_options latest = {.as_of = HX_AS_OF_LATEST, .timezone = "UTC"};

static json_t *member(json_t *j, const char *key) {
    json_t *value = json_object_get(j, key);
    if (!value) fprintf(stderr, "no member '%s'\n", key);
    assert_non_null(value);
    return value;
}

static double number(json_t *j, const char *key) {
    json_t *value = member(j, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static const char *text(json_t *j, const char *key) {
    const char *value = json_string_value(member(j, key));
    assert_non_null(value);
    return value;
}

/* The element of an array whose `key` is `value`. */
static json_t *row(json_t *array, const char *key, const char *value) {
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_t *r = json_array_get(array, i);
        if (strcmp(text(r, key), value) == 0) return r;
    }
    fail_msg("no row where %s is %s", key, value);
    return NULL;
}

static double cell(json_t *time, const char *column, const char *label) {
    json_t *labels = member(time, "labels"), *values = member(time, column);
    assert_int_equal(json_array_size(labels), json_array_size(values));
    for (size_t i = 0; i < json_array_size(labels); i++)
        if (strcmp(json_string_value(json_array_get(labels, i)), label) == 0)
            return json_number_value(json_array_get(values, i));
    fail_msg("no column %s", label);
    return 0;
}

/* ------------------------------------------------------------------ numbers */
static void the_numbers_are_those_of_the_files(void **state) {
    (void)state;
    report_test t;
    open_hand_shop(&t);
    write_report(&t, &latest);
    json_t *all = member(t.data, "all");
    assert_true(number(all, "customers") == 3);
    assert_true(number(all, "orders") == 5); /* o1 o2 o3 o4 and the guest's */
    assert_true(number(all, "revenue") == 230.5);
    assert_true(number(all, "texts") == 4);
    assert_true(number(all, "ratings") == 4);
    assert_true(number(all, "rating") == 11.0 / 4);
    assert_string_equal(text(t.data, "currency"), "CNY");
    assert_string_equal(text(t.data, "as_of"), "2026-02-12 10:00");
    json_t *money = member(t.data, "money");
    assert_int_equal(json_array_size(money), 2);
    assert_true(number(row(money, "currency", "USD"), "value") == 7);
    assert_true(number(t.data, "window") == 90);
    assert_true(number(member(t.data, "last"), "customers") == 2);
    assert_true(number(member(t.data, "last"), "revenue") == 130.5);
    assert_true(number(member(t.data, "before"), "orders") == 0);
    close_shop(&t);
}

static void months_are_those_of_the_zone(void **state) {
    (void)state;
    report_test t;
    open_hand_shop(&t);
    write_report(&t, &latest);
    json_t *time = member(t.data, "time");
    assert_string_equal(text(time, "step"), "month");
    assert_int_equal(json_array_size(member(time, "labels")), 9);
    assert_true(cell(time, "new", "2025-06") == 1);
    assert_true(cell(time, "new", "2026-01") == 1);
    assert_true(cell(time, "active", "2026-01") == 2);
    assert_true(cell(time, "active", "2025-12") == 0);
    assert_true(cell(time, "orders", "2026-01") == 2);
    assert_true(cell(time, "revenue", "2026-01") == 140.5);
    assert_true(cell(time, "revenue", "2026-02") == -10);
    hx_answer_options shanghai = latest;
    shanghai.timezone = "Asia/Shanghai"; /* 2026-01-31 23:30 UTC is February there */
    write_report(&t, &shanghai);
    time = member(t.data, "time");
    assert_true(cell(time, "orders", "2026-01") == 1);
    assert_true(cell(time, "revenue", "2026-01") == 120.5);
    assert_true(cell(time, "new", "2026-02") == 2);
    close_shop(&t);
}

static void cohorts_count_who_comes_back(void **state) {
    (void)state;
    report_test t;
    open_hand_shop(&t);
    write_report(&t, &latest);
    json_t *cohorts = member(t.data, "retention");
    assert_int_equal(json_array_size(cohorts), 3);
    json_t *first = row(cohorts, "label", "2025-06"), *next = row(cohorts, "label", "2026-01");
    assert_true(number(first, "size") == 1);
    assert_int_equal(json_array_size(member(first, "active")), 9);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(json_integer_value(json_array_get(member(first, "active"), i)), i == 0);
    assert_int_equal(json_integer_value(json_array_get(member(first, "active"), 7)), 1);
    assert_int_equal(json_array_size(member(next, "active")), 2);
    assert_int_equal(json_integer_value(json_array_get(member(next, "active"), 1)), 1);
    const char *said = text(member(member(t.data, "findings"), "retention"), "en");
    assert_non_null(strstr(said, "Of 2 new customers, 1 (50%) were active again in the month"));
    close_shop(&t);
}

/* Who buys under one id and under another is one buyer of both, and counts once. */
static void pairs_are_of_people_not_of_ids(void **state) {
    (void)state;
    report_test t;
    char rows[4096] = "order_id,customer_id,email,order_time,item_id,quantity,amount\n";
    open_shop(&t);
    for (int i = 0; i < 30; i++) {
        const size_t at = strlen(rows);
        if (i < 6) /* the customer number with the e-mail, then each alone */
            snprintf(rows + at, sizeof rows - at,
                     "a%d,u%d,u%d@example.com,2026-01-05,tent,1,9\nb%d,u%d,,2026-01-06,tent,1,9\n"
                     "c%d,,u%d@example.com,2026-01-07,lamp,1,9\n",
                     i, i, i, i, i, i, i);
        else
            snprintf(rows + at, sizeof rows - at, "d%d,u%d,,2026-01-08,rope,1,9\n", i, i);
    }
    read_file(&t, "pairs.csv", rows);
    write_report(&t, &latest);
    json_t *pairs = member(t.data, "together");
    assert_int_equal(json_array_size(pairs), 1);
    json_t *one = json_array_get(pairs, 0);
    assert_true(number(one, "bought_a") == 6 && number(one, "bought_b") == 6);
    assert_true(number(one, "shared") == 6 && fabs(number(one, "lift") - 5) < 1e-9);
    close_shop(&t);
}

static void the_latest_texts_are_the_end_of_all(void **state) {
    (void)state;
    test_shop shop;
    const hx_said_text *all, *last;
    size_t n, m;
    test_shop_open(&shop, TEST_DAYS);
    assert_int_equal(hx_answer_texts(shop.store, 0, &latest, shop.arena, &all, &n, NULL), HX_OK);
    assert_true(n > 40);
    for (size_t i = 1; i < n; i++)
        assert_true(all[i - 1].time <= all[i].time);
    for (size_t most = 1; most < n + 10; most += 7) {
        assert_int_equal(hx_answer_texts(shop.store, most, &latest, shop.arena, &last, &m, NULL),
                         HX_OK);
        assert_int_equal(m, most < n ? most : n);
        for (size_t i = 0; i < m; i++) {
            const hx_said_text *same = &all[n - m + i];
            assert_true(last[i].event == same->event && last[i].person == same->person);
            assert_true(hx_str_equal(last[i].text, same->text));
        }
    }
    test_shop_close(&shop);
}

static void satisfaction_and_overlaps_are_there(void **state) {
    (void)state;
    report_test t;
    open_hand_shop(&t);
    write_report(&t, &latest);
    json_t *months = member(member(t.data, "satisfaction"), "month");
    assert_true(number(member(member(months, "all"), "index"), "n") == 4);
    json_t *products = member(member(member(t.data, "satisfaction"), "product"), "groups");
    assert_int_equal(json_array_size(products), 2);
    assert_string_equal(text(json_array_get(products, 0), "name"), "lamp");
    assert_true(json_array_size(member(t.data, "overlap")) > 0);
    close_shop(&t);
}

static void voices_lead_to_quotes(void **state) {
    (void)state;
    report_test t;
    open_hand_shop(&t);
    write_report(&t, &latest);
    json_t *lamp = row(member(t.data, "items"), "name", "lamp");
    assert_true(number(lamp, "n") == 3);
    assert_true(json_integer_value(json_array_get(member(lamp, "moods"), 0)) == 2);
    assert_true(number(row(member(t.data, "categories"), "name", "kitchen"), "n") == 1);
    json_t *quotes = member(t.data, "quotes"),
           *quality = row(member(t.data, "aspects"), "id", "quality");
    assert_true(number(quality, "n") == 4);
    assert_int_equal(json_array_size(member(quality, "quotes")), 4);
    json_t *delivery = row(member(t.data, "aspects"), "id", "delivery");
    assert_true(json_integer_value(json_array_get(member(delivery, "moods"), 2)) == 1);
    for (size_t i = 0; i < json_array_size(member(t.data, "words")); i++) {
        json_t *word = json_array_get(member(t.data, "words"), i), *list = member(word, "quotes");
        assert_true(json_array_size(list) >= 1);
        for (size_t k = 0; k < json_array_size(list); k++)
            assert_non_null(
                json_array_get(quotes, (size_t)json_integer_value(json_array_get(list, k))));
    }
    close_shop(&t);
}

static void quality_says_what_was_read(void **state) {
    (void)state;
    report_test t;
    open_hand_shop(&t);
    write_report(&t, &latest);
    json_t *q = member(t.data, "quality"),
           *orders = row(member(q, "imports"), "file", "orders.csv");
    assert_true(number(orders, "rows") == 8 && number(orders, "accepted") == 7);
    assert_true(number(orders, "rejected") == 1);
    json_t *reject = json_array_get(member(q, "rejects"), 0);
    assert_string_equal(text(reject, "column"), "date");
    assert_true(number(reject, "row") == 8 && number(reject, "n") == 1);
    assert_true(number(q, "guests") == 1);
    assert_true(number(q, "undated") == 1);
    json_t *finding = member(member(t.data, "findings"), "quality");
    assert_non_null(strstr(text(finding, "en"), "2 files with 12 rows"));
    assert_non_null(strstr(text(finding, "zh"), "2 个文件共 12 行"));
    close_shop(&t);
}

static void the_past_knows_no_future(void **state) {
    (void)state;
    report_test t;
    open_hand_shop(&t);
    hx_answer_options past = latest;
    past.as_of = (hx_days_from_civil(2026, 1, 6) + 1) * HX_DAY_MS - 1;
    write_report(&t, &past);
    json_t *all = member(t.data, "all");
    assert_true(number(all, "orders") == 2);
    assert_true(number(all, "revenue") == 220.5);
    assert_true(number(all, "texts") == 2); /* the undated one always counts */
    assert_int_equal(json_array_size(member(member(t.data, "time"), "labels")), 8);
    close_shop(&t);
}

/* ------------------------------------------------------------------ texts */
static size_t occurrences(hx_str page, const char *what) {
    size_t n = 0;
    for (const char *p = page.ptr, *end = p + page.len;
         (p = memmem(p, (size_t)(end - p), what, strlen(what))) != NULL; p++)
        n++;
    return n;
}

static void hostile_texts_stay_texts(void **state) {
    (void)state;
    report_test t;
    char path[512];
    hx_buf page;
    open_hand_shop(&t);
    write_report(&t, &latest);
    hx_buf_init(&page, 16u << 20);
    snprintf(path, sizeof path, "%s/report/report.html", HX_SHARE_DIR);
    assert_int_equal(hx_file_read(path, &page, NULL), HX_OK);
    hx_str html = hx_buf_str(&t.html);
    assert_int_equal(occurrences(html, "</script"), occurrences(hx_buf_str(&page), "</script"));
    assert_int_equal(occurrences(html, "alert(1)"), 1);
    assert_int_equal(occurrences(html, "\\u003c/script\\u003e\\u003cscript\\u003ealert(1)"), 1);
    hx_str data = between(html, "type=\"application/json\">", "</script>");
    assert_int_equal(occurrences(data, "<") + occurrences(data, ">") + occurrences(data, "&"), 0);
    assert_int_equal(occurrences(data, "\xE2\x80\xA8"), 0);
    assert_int_equal(occurrences(html, "http-equiv=\"Content-Security-Policy\""), 1);
    assert_int_equal(occurrences(html, "'sha256-"), 3);
    assert_int_equal(occurrences(html, "<script src"), 0);
    hx_buf_release(&page);
    close_shop(&t);
}

static void personal_data_is_masked(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"打 13812345678 吧", "打 138******78 吧"},
        {"138 1234 5678", "138 **** **78"},
        {"138-1234-5678.", "138-****-**78."},
        {"１３８１２３４５６７８", "１３８＊＊＊＊＊＊７８"},
        {"110105194912310021", "110*************21"},
        {"write to me.too@example.com", "write to m*****@example.com"},
        {"@me and a @ b", "@me and a @ b"},
        {"2026-02-30 10:20", "2026-02-30 10:20"},
        {"用了 12345 天，5.5 折，123 456", "用了 12345 天，5.5 折，123 456"},
        {"", ""}};
    hx_arena *arena = hx_arena_new(0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hx_str masked = hx__report_mask(hx_str_of(cases[i][0]), arena);
        assert_string_equal(masked.ptr, cases[i][1]);
    }
    hx_arena_free(arena);
    report_test t;
    open_hand_shop(&t);
    write_report(&t, &latest);
    hx_str html = hx_buf_str(&t.html);
    assert_int_equal(occurrences(html, "138 1234 5678") + occurrences(html, "me.too@"), 0);
    assert_true(occurrences(html, "138 **** **78") >= 1);
    close_shop(&t);
}

static void people_are_shown_by_numbers(void **state) {
    (void)state;
    report_test t;
    open_shop(&t);
    read_file(&t, "orders.csv",
              "customer_id,date,item,amount\n"
              "20260001,2026-01-01,10001234567,10\n13812345678,2026-01-02,10001234567,20\n");
    read_file(&t, "mail.csv", "email,date,item,amount\nsome.body@example.com,2026-01-03,x,30\n");
    write_report(&t, &latest);
    json_t *best = member(t.data, "best");
    assert_int_equal(json_array_size(best), 3);
    assert_string_equal(text(json_array_get(best, 0), "main"), "s********@example.com");
    assert_string_equal(text(json_array_get(best, 1), "main"), "138******78");
    assert_string_equal(text(json_array_get(best, 2), "main"), "20260001");
    assert_int_equal(occurrences(hx_buf_str(&t.html), "some.body"), 0);
    assert_int_equal(occurrences(hx_buf_str(&t.html), "13812345678"), 0);
    close_shop(&t);
}

static void contradictions_name_their_files(void **state) {
    (void)state;
    char rows[4096];
    size_t n = (size_t)snprintf(rows, sizeof rows, "客户编号,姓名,城市\n");
    for (int i = 0; i < 60; i++)
        n += (size_t)snprintf(rows + n, sizeof rows - n, "C%05d,李%d,北京\n", i, i);
    report_test t;
    open_shop(&t);
    read_file(&t, "shop.csv", rows);
    for (char *p = rows; (p = strstr(p, "北京")) != NULL;)
        memcpy(p, "上海", strlen("上海"));
    read_file(&t, "members.csv", rows);
    write_report(&t, &latest);
    json_t *q = member(t.data, "quality"), *list = member(q, "conflicts");
    assert_true(number(q, "n_conflicts") == 60 && number(q, "conflicted") == 60);
    assert_int_equal(json_array_size(list), 50);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *c = json_array_get(list, i);
        assert_int_equal(strlen(text(c, "main")), 6);
        assert_int_equal(text(c, "main")[0], 'C');
        assert_string_equal(text(c, "trait"), "city");
        bool shop_kept = strcmp(text(c, "kept"), "北京") == 0;
        assert_string_equal(text(c, "kept_file"), shop_kept ? "shop.csv" : "members.csv");
        assert_string_equal(text(c, "other"), shop_kept ? "上海" : "北京");
        assert_string_equal(text(c, "other_file"), shop_kept ? "members.csv" : "shop.csv");
    }
    close_shop(&t);
}

/* A phone and a mail address beside the customer number are no second number. */
static void joined_customers_have_two_numbers(void **state) {
    (void)state;
    report_test t;
    open_shop(&t);
    read_file(&t, "customers.csv",
              "客户编号,姓名,手机号,邮箱\nA1,李一,13800138001,a1@example.com\n"
              "A2,王二,13800138002,a2@example.com\nA3,李一,13800138001,a3@example.com\n");
    write_report(&t, &latest);
    assert_true(number(member(t.data, "all"), "customers") == 2);
    assert_true(number(member(t.data, "quality"), "joined") == 1);
    close_shop(&t);
}

/* Nineteen texts are no headline, twenty are; an aspect goes before a product. */
static void few_texts_make_no_headline(void **state) {
    (void)state;
    char rows[8192];
    report_test t;
    for (int texts = 19; texts <= 20; texts++) {
        size_t n = (size_t)snprintf(rows, sizeof rows, "用户,商品,评论\n");
        for (int i = 0; i < texts; i++)
            n += (size_t)snprintf(rows + n, sizeof rows - n, "u%d,lamp,快递太慢，第%d回了\n", i, i);
        open_shop(&t);
        read_file(&t, "reviews.csv", rows);
        write_report(&t, &latest);
        json_t *findings = member(t.data, "findings");
        const char *voice = text(member(findings, "voice"), "zh"),
                   *words = text(member(findings, "words"), "zh");
        bool enough = texts >= 20;
        assert_int_equal(strstr(voice, "批评最多的方面是“物流”") != NULL, enough);
        assert_null(strstr(voice, "lamp"));
        assert_int_equal(strstr(words, "还没有出现在 20 条以上") != NULL, !enough);
        close_shop(&t);
    }
}

static void guest_orders_are_told_apart(void **state) {
    (void)state;
    report_test t;
    open_shop(&t);
    read_file(&t, "orders.csv",
              "order_id,customer_id,date,item,amount\n"
              "g1,,2026-01-01,a,1\ng1,,2026-01-01,b,2\ng1,,2026-01-01,c,3\ng2,,2026-01-02,a,4\n"
              "n1,u1,2026-01-02,a,4\nn1,u1,2026-01-02,b,4\n");
    write_report(&t, &latest);
    assert_true(number(member(t.data, "all"), "orders") == 3);
    assert_true(number(member(t.data, "all"), "revenue") == 18);
    close_shop(&t);
}

static void cuts_keep_characters_whole(void **state) {
    (void)state;
    char long_text[3000];
    size_t n = 0;
    while (n + 6 < sizeof long_text) {
        memcpy(long_text + n, n % 120 == 90 ? "。" : "好", 3);
        n += 3;
    }
    hx_str text_ = {long_text, n};
    for (uint32_t at = 0; at < n; at += 7) {
        hx_span cut = hx__report_cut(text_, at);
        assert_true(cut.start % 3 == 0 && cut.end % 3 == 0);
        assert_true(cut.start <= at && at < cut.end + 3 &&
                    cut.end - cut.start <= HX_REPORT_QUOTE_BYTES);
    }
    hx_span whole = hx__report_cut(HX_STR_LIT("short"), 2);
    assert_true(whole.start == 0 && whole.end == 5);
}

/* ------------------------------------------------------------------ hardly anything */
static void no_number_is_missing(json_t *j) {
    const char *key;
    json_t *value;
    size_t i;
    assert_false(json_is_real(j) && json_real_value(j) != json_real_value(j));
    json_object_foreach(j, key, value) no_number_is_missing(value);
    json_array_foreach(j, i, value) no_number_is_missing(value);
}

static void an_empty_store_has_a_page(void **state) {
    (void)state;
    report_test t;
    open_shop(&t);
    write_report(&t, &latest);
    assert_true(number(member(t.data, "all"), "customers") == 0);
    assert_int_equal(json_array_size(member(member(t.data, "time"), "labels")), 0);
    assert_string_equal(text(t.data, "as_of"), "");
    json_t *findings = member(t.data, "findings"), *f;
    const char *key;
    json_object_foreach(findings, key, f) {
        assert_true(strlen(text(f, "zh")) > 0 && strlen(text(f, "en")) > 0);
        assert_null(strstr(text(f, "en"), "nan"));
    }
    no_number_is_missing(t.data);
    close_shop(&t);
}

static void texts_alone_have_a_page(void **state) {
    (void)state;
    report_test t;
    open_shop(&t);
    read_file(&t, "comments.csv", "comment\n质量很好，非常喜欢\n太差了，要退款\n");
    write_report(&t, &latest);
    assert_true(number(member(t.data, "all"), "texts") == 2);
    assert_true(number(member(t.data, "all"), "customers") == 0);
    assert_true(json_array_size(member(t.data, "quotes")) == 2);
    assert_true(json_is_null(member(json_array_get(member(t.data, "quotes"), 0), "who")));
    assert_true(number(member(t.data, "rfm"), "n") == 0);
    close_shop(&t);
}

static void wrong_years_do_not_flatten_the_charts(void **state) {
    (void)state;
    char rows[8192];
    size_t n = (size_t)snprintf(rows, sizeof rows, "customer_id,date,amount\n");
    for (int i = 0; i < 120; i++)
        n += (size_t)snprintf(rows + n, sizeof rows - n, "u%d,2026-%02d-10,5\n", i, 1 + i % 9);
    snprintf(rows + n, sizeof rows - n, "x1,1970-01-01,5\nx2,2099-12-31,5\n");
    report_test t;
    open_shop(&t);
    read_file(&t, "orders.csv", rows);
    write_report(&t, &latest);
    json_t *time = member(t.data, "time");
    assert_string_equal(text(time, "step"), "month");
    assert_true(cell(time, "new", "2026-03") == 14);
    assert_true(number(member(t.data, "quality"), "outside") == 2);
    close_shop(&t);
}

/* ------------------------------------------------------------------ files */
static void the_same_store_gives_the_same_bytes(void **state) {
    (void)state;
    report_test t;
    open_hand_shop(&t);
    write_report(&t, &latest);
    hx_str first = hx_arena_str(t.shop.arena, hx_buf_str(&t.html));
    write_report(&t, &latest);
    assert_true(hx_str_equal(first, hx_buf_str(&t.html)));
    close_shop(&t);
}

static void what_is_missing_is_said(void **state) {
    (void)state;
    report_test t;
    char folder[200], path[300];
    hx_error err = {0};
    open_shop(&t);
    assert_int_equal(hx_answer_report(t.shop.store, t.shop.dir, t.page, &latest, &err),
                     HX_ENOTFOUND);
    assert_non_null(strstr(err.message, "report/report.html"));
    snprintf(folder, sizeof folder, "%s/no/such/folder.html", t.shop.dir);
    assert_int_not_equal(hx_answer_report(t.shop.store, HX_SHARE_DIR, folder, &latest, &err),
                         HX_OK);
    assert_non_null(strstr(err.message, "folder.html"));
    snprintf(folder, sizeof folder, "/tmp/hx-report-share-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/report", folder);
    hx_buf make;
    hx_buf_init(&make, 1000);
    hx_buf_printf(&make, "mkdir %s && echo nothing > %s/report.html", path, path);
    assert_int_equal(system(make.ptr), 0);
    assert_int_equal(hx_answer_report(t.shop.store, folder, t.page, &latest, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "is not the report's page"));
    hx_buf_reset(&make);
    hx_buf_printf(&make, "rm -r %s", folder);
    assert_int_equal(system(make.ptr), 0);
    hx_buf_release(&make);
    close_shop(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_numbers_are_those_of_the_files),
                                       cmocka_unit_test(months_are_those_of_the_zone),
                                       cmocka_unit_test(cohorts_count_who_comes_back),
                                       cmocka_unit_test(pairs_are_of_people_not_of_ids),
                                       cmocka_unit_test(the_latest_texts_are_the_end_of_all),
                                       cmocka_unit_test(satisfaction_and_overlaps_are_there),
                                       cmocka_unit_test(voices_lead_to_quotes),
                                       cmocka_unit_test(quality_says_what_was_read),
                                       cmocka_unit_test(the_past_knows_no_future),
                                       cmocka_unit_test(hostile_texts_stay_texts),
                                       cmocka_unit_test(personal_data_is_masked),
                                       cmocka_unit_test(people_are_shown_by_numbers),
                                       cmocka_unit_test(contradictions_name_their_files),
                                       cmocka_unit_test(joined_customers_have_two_numbers),
                                       cmocka_unit_test(few_texts_make_no_headline),
                                       cmocka_unit_test(guest_orders_are_told_apart),
                                       cmocka_unit_test(cuts_keep_characters_whole),
                                       cmocka_unit_test(an_empty_store_has_a_page),
                                       cmocka_unit_test(texts_alone_have_a_page),
                                       cmocka_unit_test(wrong_years_do_not_flatten_the_charts),
                                       cmocka_unit_test(the_same_store_gives_the_same_bytes),
                                       cmocka_unit_test(what_is_missing_is_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
