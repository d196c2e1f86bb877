/* Rows of the usual exports as events: which kind, which amounts, which ids; and rows that can't be used. */
#include "../../store_test.h"

#include "base/civil.h"
#include "ingest/event_name.h"
#include "ingest/row_mapper.h"
#include "ingest/row_value.h"

typedef struct {
    hx_reader *reader;
    hx_row_mapper *mapper;
    hx_chunk *chunk;
    hx_arena *arena;
    hx_time_zone *zone;
    hx_rows rows;
} table;

static void open_table(folder *f, table *t, const char *name, const char *text) {
    hx_error err = {.code = HX_OK};
    hx_reader_options ro = {.format = HX_FORMAT_AUTO};
    const char *path = in_folder(f, name);
    write_file(path, text);
    t->arena = hx_arena_new(0);
    assert_int_equal(hx_time_zone_open(&t->zone, "Asia/Shanghai", &err), HX_OK);
    if (hx_reader_open(&t->reader, path, &ro, &err) != HX_OK) fail_msg("%s", err.message);
    hx_row_mapper_options mo = {t->zone, "CNY", HX_UI_EN};
    assert_int_equal(hx_row_mapper_new(&t->mapper, t->reader, &mo, &err), HX_OK);
    assert_int_equal(hx_reader_next(t->reader, &t->chunk, &err), HX_OK);
    assert_int_equal(hx_chunk_rows(t->reader, t->chunk, t->arena, &t->rows, &err), HX_OK);
}

static void close_table(table *t) {
    hx_chunk_free(t->chunk);
    hx_row_mapper_free(t->mapper);
    hx_reader_close(t->reader);
    hx_time_zone_close(t->zone);
    hx_arena_free(t->arena);
}

static hx_event event_of(table *t, size_t row) {
    hx_event e;
    hx_reject why;
    bool repaired;
    if (hx_row_event(t->mapper, &t->rows.rows[row], t->arena, &e, &repaired, &why) != HX_OK)
        fail_msg("row %d: %s", (int)row + 1, why.reason);
    return e;
}

static void expect_refused(table *t, size_t row, const char *part) {
    hx_event e;
    hx_reject why;
    bool repaired;
    assert_int_equal(hx_row_event(t->mapper, &t->rows.rows[row], t->arena, &e, &repaired, &why),
                     HX_EFORMAT);
    if (!strstr(why.reason, part)) fail_msg("'%s' does not say '%s'", why.reason, part);
}

static void expect_kind(folder *f, const char *header, const char *row, hx_file_kind kind) {
    table t = {.reader = NULL};
    char text[512];
    snprintf(text, sizeof text, "%s\n%s\n", header, row);
    open_table(f, &t, "kind.csv", text);
    if (hx_row_mapper_kind(t.mapper) != kind)
        fail_msg("'%s' is taken for %s", header, hx_file_kind_name(hx_row_mapper_kind(t.mapper)));
    close_table(&t);
}

static void kinds_follow_from_columns(void **state) {
    folder *f = *state;
    expect_kind(f, "invoice,customer_id,datetime,country,stock_code,quantity,unit_price",
                "1,2,2026-01-01,UK,s,1,2", HX_FILE_ORDERS);
    expect_kind(f, "label,category,text", "0,衣服,太垃圾了", HX_FILE_REVIEWS);
    expect_kind(f, "category,user,item,rating,time,verified,summary,text",
                "a,u,i,5,1472688000,1,ok,good", HX_FILE_REVIEWS);
    expect_kind(f, "订单编号,买家会员名,买家实际支付金额,订单创建时间", "1,u,12.5,2026-01-01",
                HX_FILE_ORDERS);
    expect_kind(f, "用户,时间,搜索词", "u,2026-01-01,手机", HX_FILE_SEARCHES);
    expect_kind(f, "用户,时间,咨询", "u,2026-01-01,有货吗", HX_FILE_QUESTIONS);
    expect_kind(f, "客户,姓名,性别,年龄,城市", "u,张三,男,30,上海", HX_FILE_CUSTOMERS);
    expect_kind(f, "user_id,time,page", "u,2026-01-01,/home", HX_FILE_VIEWS);
    expect_kind(f, "ticket_id,customer_id,created_at,message", "T1,u,2026-01-01,Where is it?",
                HX_FILE_TICKETS);
    expect_kind(f, "item_id,name,category,价格", "P1,耳机,数码,499",
                HX_FILE_UNKNOWN); /* a catalogue */
    expect_kind(f, "aaa,bbb", "1,2", HX_FILE_UNKNOWN);
}

static void order_lines(void **state) {
    table t = {.reader = NULL};
    open_table(*state, &t, "orders.csv",
               "订单号,客户,下单时间,商品,数量,单价,金额,备注\n"
               "A1,u1,2026年3月5日 14:20,s1,2,￥1.25万,,急\n"
               "A2,u1,2026-03-06,s1,-1,10,,\n"
               "A3,u1,2026-03-07,s1,1,10,8.5,\n"
               "A4,u1,2026-03-08,s1,x,10,,\n"
               "A5,u1,13月5日,s1,1,10,,\n"
               "A6,匿名,2026-03-08,s1,1,10,,\n");
    hx_event e = event_of(&t, 0);
    assert_int_equal(e.kind, HX_KIND_ORDER);
    assert_int_equal(e.amount, 25000 * (int64_t)HX_MONEY_ONE);
    assert_int_equal(e.time, hx_days_from_civil(2026, 3, 5) * HX_DAY_MS + (6 * 60 + 20) * 60000);
    assert_true(hx_str_equal(e.currency, HX_STR_LIT("CNY")));
    assert_int_equal(e.n_properties, 1);
    assert_true(hx_str_equal(e.properties[0].value, HX_STR_LIT("急")));
    e = event_of(&t, 1);
    assert_int_equal(e.kind, HX_KIND_REFUND);
    assert_int_equal(e.amount, -10 * HX_MONEY_ONE);
    e = event_of(&t, 2);
    assert_int_equal(e.amount, 85000);
    expect_refused(&t, 3, "'x'");
    expect_refused(&t, 4, "13月5日");
    assert_int_equal(event_of(&t, 5).n_ids, 0);
    close_table(&t);
}

static void discounts_are_money_or_shares(void **state) {
    table t = {.reader = NULL};
    open_table(*state, &t, "d.csv",
               "order_id,customer_id,quantity,unit_price,discount,amount\n"
               "A,u1,2,50,0.1,90\nB,u1,1,50,5,45\nC,u1,1,,20%,80\nD,u1,1,50,0,50\n");
    assert_int_equal(event_of(&t, 0).discount, 10 * HX_MONEY_ONE);
    assert_int_equal(event_of(&t, 1).discount, 5 * HX_MONEY_ONE);
    assert_int_equal(event_of(&t, 2).discount, 20 * HX_MONEY_ONE);
    assert_int_equal(event_of(&t, 3).discount, 0);
    close_table(&t);
}

static void hashes_ignore_column_order_and_language(void **state) {
    table a = {.reader = NULL}, b = {.reader = NULL};
    open_table(*state, &a, "a.csv", "customer_id,datetime,invoice,amount\nu1,2026-01-01,A,5\n");
    open_table(*state, &b, "b.csv", "订单号,金额,时间,客户\nA, 5 ,2026-01-01,u1\n");
    assert_int_equal(event_of(&a, 0).row_hash, event_of(&b, 0).row_hash);
    close_table(&a);
    close_table(&b);
}

static void traits_are_typed(void **state) {
    table t = {.reader = NULL};
    open_table(*state, &t, "c.csv",
               "客户,性别,年龄,生日,收入,爱好\nu1,女,３０,1996年2月1日,1.5万,登山\n,男,1,,,\n");
    hx_event e = event_of(&t, 0);
    assert_int_equal(e.kind, HX_KIND_TRAITS);
    assert_int_equal(e.type, HX_EVENT_IDENTIFY);
    assert_int_equal(e.n_properties, 5);
    assert_true(hx_str_equal(e.properties[0].value, HX_STR_LIT("female")));
    assert_true(hx_str_equal(e.properties[1].value, HX_STR_LIT("30")));
    assert_int_equal(e.properties[1].type, HX_VALUE_NUMBER);
    assert_true(hx_str_equal(e.properties[2].value, HX_STR_LIT("1996-02-01")));
    assert_true(hx_str_equal(e.properties[3].value, HX_STR_LIT("15000")));
    expect_refused(&t, 1, "names no customer");
    close_table(&t);
}

static void joining_is_a_trait(void **state) {
    table t = {.reader = NULL};
    open_table(*state, &t, "j.csv", "客户,城市,注册时间\nu1,上海,2025-12-18 07:28\n");
    hx_event e = event_of(&t, 0);
    assert_int_equal(e.time, HX_TIME_NONE);
    assert_int_equal(e.n_properties, 2);
    assert_true(hx_str_equal(e.properties[1].name, HX_STR_LIT("注册时间")));
    assert_true(hx_str_equal(e.properties[1].value, HX_STR_LIT("2025-12-18")));
    close_table(&t);
}

static void ratings(void **state) {
    static const struct {
        const char *text;
        int32_t value;
    } cases[] = {{"5", 5000},    {"4.5", 4500},   {"3星", 3000}, {"4/5", 4000},    {"好评", 5000},
                 {"差评", 1000}, {"五星", 5000},  {"５", 5000},  {"４．５", 4500}, {"３／５", 3000},
                 {"４星", 4000}, {"★★★★☆", 4000}, {"☆☆☆☆☆", 0},  {"80", 80000},    {"100", 100000}};
    int32_t v;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(hx_parse_rating(hx_str_of(cases[i].text), &v));
        assert_int_equal(v, cases[i].value);
    }
    assert_false(hx_parse_rating(HX_STR_LIT("good"), &v));
    assert_false(hx_parse_rating(HX_STR_LIT("5 apples"), &v));
    assert_false(hx_parse_rating(HX_STR_LIT("99999999999"), &v));
    assert_false(hx_parse_rating(HX_STR_LIT("101"), &v));
    assert_false(hx_parse_rating(HX_STR_LIT("-500"), &v));
    assert_false(hx_parse_rating(HX_STR_LIT("☆★"), &v));
    assert_false(hx_parse_rating(HX_STR_LIT("★★ok"), &v));
    assert_false(hx_parse_rating(HX_STR_LIT("★★★★★★★★★★★"), &v));
    assert_false(
        hx_parse_rating(HX_STR_LIT("１１１１１１１１１１１１１１１１１１１１１１１１"), &v));
}

static void a_bad_rating_costs_the_rating_only(void **state) {
    table t = {.reader = NULL};
    hx_reject why;
    bool repaired = false;
    open_table(*state, &t, "r.csv",
               "用户,评论,评分\nu1,很好,５\nu2,很差,很多\nu3,,很多\nu4,好,4\n");
    hx_event e;
    assert_int_equal(hx_row_event(t.mapper, &t.rows.rows[0], t.arena, &e, &repaired, &why), HX_OK);
    assert_int_equal(e.rating, 5000);
    assert_true(repaired);
    assert_int_equal(hx_row_event(t.mapper, &t.rows.rows[1], t.arena, &e, &repaired, &why), HX_OK);
    assert_int_equal(e.rating, HX_RATING_NONE);
    assert_true(hx_str_equal(e.text, HX_STR_LIT("很差")));
    assert_true(repaired);
    expect_refused(&t, 2, "'很多' is not a rating");
    assert_int_equal(hx_row_event(t.mapper, &t.rows.rows[3], t.arena, &e, &repaired, &why), HX_OK);
    assert_false(repaired);
    close_table(&t);
}

/* WeChat: two people of one nickname stay two. */
static void nicknames_do_not_join(void **state) {
    table t = {.reader = NULL};
    open_table(*state, &t, "wechat.csv",
               "openid,nickname,消息内容,消息时间\n"
               "oA1,小王,有货吗,2026-01-20 10:00\noB2,小王,谢谢,2026-01-21 10:00\n");
    assert_int_equal(hx_row_mapper_kind(t.mapper), HX_FILE_CHATS);
    for (size_t i = 0; i < 2; i++) {
        hx_event e = event_of(&t, i);
        assert_int_equal(e.n_ids, 1);
        assert_int_equal(e.ids[0].type, HX_ID_ACCOUNT);
        assert_true(hx_str_equal(e.ids[0].value, i ? HX_STR_LIT("oB2") : HX_STR_LIT("oA1")));
        assert_int_equal(e.time,
                         (hx_days_from_civil(2026, 1, 20) + (int64_t)i) * HX_DAY_MS + 2 * 3600000);
        assert_int_equal(e.n_properties, 1);
        assert_true(hx_str_equal(e.properties[0].name, HX_STR_LIT("name")));
        assert_true(hx_str_equal(e.properties[0].value, HX_STR_LIT("小王")));
    }
    close_table(&t);
}

static void rows_of_nobody_about_nothing(void **state) {
    table t = {.reader = NULL};
    open_table(
        *state, &t, "e.jsonl",
        "{\"event\":\"Coupon Applied\",\"userId\":\"u1\"}\n{\"event\":\"Coupon Applied\"}\n");
    assert_int_equal(event_of(&t, 0).n_ids, 1);
    expect_refused(&t, 1, "names no customer and says nothing");
    close_table(&t);
}

static void cancelled_orders_count_for_nothing(void **state) {
    table t = {.reader = NULL};
    open_table(*state, &t, "s.csv",
               "订单号,客户,金额,订单状态\nA,u1,5,交易成功\nB,u1,7,交易关闭\n");
    assert_int_equal(event_of(&t, 0).kind, HX_KIND_ORDER);
    assert_int_equal(event_of(&t, 1).kind, HX_KIND_OTHER);
    close_table(&t);
}

static void event_names(void **state) {
    hx_event e = {.type = HX_EVENT_TRACK};
    (void)state;
    hx_event_name_read(HX_STR_LIT("Order Completed"), &e);
    assert_int_equal(e.kind, HX_KIND_ORDER);
    hx_event_name_read(HX_STR_LIT("product_viewed"), &e);
    assert_int_equal(e.kind, HX_KIND_VIEW);
    hx_event_name_read(HX_STR_LIT("浏览"), &e);
    assert_int_equal(e.kind, HX_KIND_VIEW);
    hx_event_name_read(HX_STR_LIT("Coupon Applied"), &e);
    assert_int_equal(e.kind, HX_KIND_OTHER);
    assert_true(hx_str_equal(e.name, HX_STR_LIT("Coupon Applied")));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds_follow_from_columns),
                                       cmocka_unit_test(order_lines),
                                       cmocka_unit_test(discounts_are_money_or_shares),
                                       cmocka_unit_test(hashes_ignore_column_order_and_language),
                                       cmocka_unit_test(traits_are_typed),
                                       cmocka_unit_test(joining_is_a_trait),
                                       cmocka_unit_test(ratings),
                                       cmocka_unit_test(a_bad_rating_costs_the_rating_only),
                                       cmocka_unit_test(nicknames_do_not_join),
                                       cmocka_unit_test(rows_of_nobody_about_nothing),
                                       cmocka_unit_test(cancelled_orders_count_for_nothing),
                                       cmocka_unit_test(event_names)};
    return cmocka_run_group_tests_name("ingest/row_mapper", tests, folder_make, folder_remove);
}
