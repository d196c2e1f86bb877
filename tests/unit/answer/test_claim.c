/* test_claim.c - why and verify: every receipt of a small shop replays; what changes the evidence is said. */
#include "unit/answer/answer_test.h"

#include "insight/receipt.h"

static const hx_answer_options latest = {.as_of = HX_AS_OF_LATEST};

static hx_str why(test_shop *shop, const char *who, const char *claim) {
    hx_str json = {NULL, 0};
    hx_error err = {.ui = HX_UI_EN};
    hx_status status = hx_answer_why(shop->store, shop->model, hx_str_of(who), hx_str_of(claim),
                                     &latest, shop->arena, &json, &err);
    if (status != HX_OK) fprintf(stderr, "%s %s: %s\n", who, claim, err.message);
    assert_int_equal(status, HX_OK);
    return json;
}

/* The verdict; `sentence` (may be NULL) must be among what is said to have changed. */
static bool verify_with(test_shop *shop, const hx_text_model *m, hx_str receipt, hx_ui_lang ui,
                        const char *sentence) {
    hx_answer_options o = {.as_of = HX_AS_OF_LATEST, .ui = ui};
    bool verified = false;
    hx_str json;
    hx_error err = {.ui = ui};
    hx_status status =
        hx_answer_verify(shop->store, m, receipt, &o, shop->arena, &verified, &json, &err);
    if (status != HX_OK) fprintf(stderr, "%s\n", err.message);
    assert_int_equal(status, HX_OK);
    json_t *result = test_json(json);
    assert_int_equal(json_boolean_value(json_object_get(result, "verified")), verified);
    const json_t *changed = json_object_get(result, "changed");
    assert_int_equal(json_array_size(changed) == 0, verified);
    bool found = sentence == NULL;
    for (size_t i = 0; i < json_array_size(changed); i++)
        found = found || strstr(json_string_value(json_array_get(changed, i)), sentence) != NULL;
    if (!found) fprintf(stderr, "%.*s\n", (int)json.len, json.ptr);
    assert_true(found);
    json_decref(result);
    return verified;
}

static bool verify(test_shop *shop, hx_str receipt, const char *sentence) {
    return verify_with(shop, shop->model, receipt, HX_UI_EN, sentence);
}

/* ------------------------------------------------------------------ every claim */
static size_t check_claim(test_shop *shop, const char *who, const char *claim) {
    hx_str receipt = why(shop, who, claim);
    json_t *r = test_json(receipt);
    assert_true(hx_receipt_is_intact(r));
    json_decref(r);
    assert_true(verify(shop, receipt, NULL));
    assert_true(verify_with(shop, NULL, receipt, HX_UI_ZH, NULL));
    return 1;
}

static size_t check_labels(test_shop *shop, const char *who) {
    hx_str json;
    size_t n = 0;
    assert_int_equal(
        hx_answer_timeline(shop->store, hx_str_of(who), 0, &latest, shop->arena, &json, NULL),
        HX_OK);
    json_t *events = test_json(json);
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *e = json_array_get(events, i);
        char claim[64];
        if (!json_object_get(e, "text")) continue;
        snprintf(claim, sizeof claim, "label:%s/sentiment",
                 json_string_value(json_object_get(e, "event")));
        n += check_claim(shop, who, claim);
        snprintf(claim, sizeof claim, "label:%s/intent",
                 json_string_value(json_object_get(e, "event")));
        n += check_claim(shop, who, claim);
    }
    json_decref(events);
    return n;
}

static size_t check_person(test_shop *shop, const char *who, size_t *aspects) {
    static const char *const claims[] = {
        "score:rfm",       "score:recency",           "score:frequency", "score:monetary",
        "score:sentiment", "segment:high_value",      "segment:new",     "segment:沉睡客户",
        "segment:at risk", "segment:price_sensitive", "segment:unhappy"};
    size_t n = check_labels(shop, who);
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        n += check_claim(shop, who, claims[i]);
    hx_str json;
    assert_int_equal(hx_answer_show(shop->store, hx_str_of(who), &latest, shop->arena, &json, NULL),
                     HX_OK);
    json_t *profile = test_json(json);
    char claim[512];
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(profile, "traits"), key, value) {
        snprintf(claim, sizeof claim, "trait:%s", key);
        n += check_claim(shop, who, claim);
    }
    size_t i;
    json_array_foreach(json_object_get(profile, "interests"), i, value) {
        n += check_claim(shop, who, json_string_value(json_object_get(value, "claim")));
    }
    json_array_foreach(json_object_get(json_object_get(profile, "voice"), "aspects"), i, value) {
        const char *id = json_string_value(json_object_get(value, "id"));
        snprintf(claim, sizeof claim, "trait:aspect.%s", id);
        n += check_claim(shop, who, claim);
        snprintf(claim, sizeof claim, "segment:aspect.%s<0", id);
        n += check_claim(shop, who, claim);
        *aspects += 1;
    }
    json_decref(profile);
    return n;
}

static void every_receipt_replays(void **state) {
    (void)state;
    test_shop shop;
    size_t n = 0, aspects = 0;
    test_shop_open(&shop, TEST_DAYS);
    for (int c = 0; c < TEST_CUSTOMERS; c += 4) {
        char who[16];
        snprintf(who, sizeof who, "u%d", c);
        n += check_person(&shop, who, &aspects);
        hx_arena_reset(shop.arena);
    }
    assert_true(n > 200);
    assert_true(aspects > 0);
    test_shop_close(&shop);
}

/* The segments that show lists are those whose receipt says member, for everybody. */
static void receipts_agree_with_the_profile(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    hx_population *pop = NULL;
    assert_int_equal(hx__population_open(&pop, shop.store, HX_AS_OF_LATEST, NULL), HX_OK);
    size_t members = 0;
    for (size_t i = 0; i < pop->n; i++) {
        char id[HX_PROFILE_ID_MAX], claim[64];
        hx_profile_id_text(pop->customers[i].person, id);
        for (int s = 0; s < HX_SEGMENT_N; s++) {
            snprintf(claim, sizeof claim, "segment:%s", hx_segment_key((hx_segment_id)s));
            json_t *r = test_json(why(&shop, id, claim));
            const json_t *value = json_object_get(r, "value");
            bool in = pop->customers[i].segments >> s & 1;
            assert_int_equal(json_boolean_value(json_object_get(value, "member")), in);
            assert_int_equal(json_integer_value(json_object_get(r, "total")) ==
                                 json_integer_value(json_object_get(value, "conditions")),
                             in);
            assert_true(json_array_size(json_object_get(r, "counterfactual")) > 0);
            members += in;
            json_decref(r);
        }
        hx_arena_reset(shop.arena);
    }
    assert_true(members > 10);
    hx__population_close(pop);
    test_shop_close(&shop);
}

/* ------------------------------------------------------------------ what breaks a receipt */
static hx_str replaced(test_shop *shop, hx_str json, const char *from, const char *to) {
    hx_buf b;
    const char *at = strstr(json.ptr, from);
    assert_non_null(at);
    hx_buf_init(&b, 1u << 24);
    hx_buf_append(&b, json.ptr, (size_t)(at - json.ptr));
    hx_buf_append_lit(&b, to);
    hx_buf_append_lit(&b, at + strlen(from));
    hx_str out = hx_arena_str(shop->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return out;
}

static void tampered_receipts_are_found_out(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    hx_str r = why(&shop, "u4", "score:rfm");
    assert_true(verify(&shop, r, NULL));
    assert_false(
        verify(&shop, replaced(&shop, r, "\"unit\":\"points\"", "\"unit\":\"stars\""), "altered"));
    assert_false(
        verify(&shop, replaced(&shop, r, "\"claim\":\"score:rfm\"", "\"claim\":\"score:recency\""),
               "altered"));
    assert_false(verify(&shop,
                        replaced(&shop, r, "\"claim\":\"score:rfm\"", "\"claim\":\"score:luck\""),
                        "is not a claim"));
    assert_false(verify(&shop, replaced(&shop, r, "\"kernels\":\"rules\"", "\"kernels\":\"magic\""),
                        "altered"));
    assert_false(verify_with(&shop, NULL,
                             replaced(&shop, r, "\"passed\":", "\"passed\":false,\"was\":"),
                             HX_UI_ZH, "被改动过"));
    hx_error err = {.ui = HX_UI_EN};
    bool verified;
    hx_str out;
    hx_str broken = replaced(&shop, r, "\"customer\":\"c_", "\"customer\":\"x_");
    assert_int_equal(
        hx_answer_verify(shop.store, NULL, broken, NULL, shop.arena, &verified, &out, &err),
        HX_EFORMAT);
    assert_string_equal(err.message, "receipt: its customer or as_of is not what 'why' writes");
    assert_int_equal(hx_answer_verify(shop.store, NULL, HX_STR_LIT("{}"), NULL, shop.arena,
                                      &verified, &out, &err),
                     HX_EFORMAT);
    test_shop_close(&shop);
}

static int64_t import_line(test_shop *shop, const char *name, const char *header,
                           const char *line) {
    char path[160];
    test_file_path(shop, name, path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%s\n%s\n", header, line);
    fclose(f);
    const char *paths[] = {path};
    test_import(shop, paths, 1);
    hx_import_info *list = NULL;
    size_t n = 0;
    assert_int_equal(hx_store_imports(shop->store, shop->arena, &list, &n, NULL), HX_OK);
    return list[n - 1].id;
}

static const char order_header[] = "order_id,customer_id,date,item,amount,currency";

static void later_events_change_nothing(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    static const char *const claims[] = {"score:rfm", "score:monetary", "segment:sleeping",
                                         "segment:at_risk"};
    hx_str receipts[4];
    for (size_t i = 0; i < 4; i++)
        receipts[i] = why(&shop, "u8", claims[i]);
    import_line(&shop, "later.csv", order_header, "z1,u8,2026-05-01 09:00:00,item1,99,CNY");
    for (size_t i = 0; i < 4; i++)
        assert_true(verify(&shop, receipts[i], NULL));
    test_shop_close(&shop);
}

static void earlier_events_of_others_change_the_population(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    hx_str relative = why(&shop, "u8", "score:rfm"), alone = why(&shop, "u8", "score:frequency");
    int64_t id =
        import_line(&shop, "other.csv", order_header, "z2,u1000,2024-02-01 09:00:00,item1,99,CNY");
    assert_false(verify(&shop, relative, "the population as of 2024-"));
    assert_true(verify(&shop, alone, NULL));
    assert_int_equal(hx_import_undo(shop.store, id, NULL), HX_OK);
    assert_true(verify(&shop, relative, NULL));
    test_shop_close(&shop);
}

static void undone_events_are_named(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    int64_t id =
        import_line(&shop, "extra.csv", order_header, "z3,u8,2024-02-01 09:00:00,item1,99,CNY");
    hx_str receipt = why(&shop, "u8", "score:monetary");
    assert_int_equal(hx_import_undo(shop.store, id, NULL), HX_OK);
    assert_false(verify(&shop, receipt, " is gone"));
    assert_false(verify_with(&shop, NULL, receipt, HX_UI_ZH, "已不在数据中"));
    test_shop_close(&shop);
}

static void a_gone_text_is_said(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    int64_t id =
        import_line(&shop, "say.csv", "用户,时间,评论", "u8,2024-03-03 12:00,这个商品很差！");
    hx_str json;
    assert_int_equal(
        hx_answer_timeline(shop.store, HX_STR_LIT("u8"), 0, &latest, shop.arena, &json, NULL),
        HX_OK);
    json_t *events = test_json(json);
    char claim[64] = "";
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *e = json_array_get(events, i);
        const char *text = json_string_value(json_object_get(e, "text"));
        if (text && strcmp(text, "这个商品很差！") == 0)
            snprintf(claim, sizeof claim, "label:%s/sentiment",
                     json_string_value(json_object_get(e, "event")));
    }
    json_decref(events);
    hx_str receipt = why(&shop, "u8", claim);
    assert_non_null(strstr(receipt.ptr, "这个商品很差！"));
    assert_int_equal(hx_import_undo(shop.store, id, NULL), HX_OK);
    assert_false(verify(&shop, receipt, "is gone: this customer has no such event"));
    test_shop_close(&shop);
}

static void another_model_is_said(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    char path[160];
    test_file_path(&shop, "words.txt", path);
    FILE *f = fopen(path, "w");
    fputs("画像系统\t20\n", f);
    fclose(f);
    hx_text_model *other = NULL;
    hx_text_model_options options = {.engine = HX_ENGINE_RULES, .user_words = path};
    assert_int_equal(hx_text_model_open(&other, HX_SHARE_DIR, &options, NULL), HX_OK);
    size_t with_texts = 0;
    for (int c = 0; c < TEST_CUSTOMERS && with_texts < 3; c++) {
        char who[16];
        snprintf(who, sizeof who, "u%d", c);
        uint64_t person;
        if (hx_store_find(shop.store, hx_str_of(who), &person, NULL) != HX_OK) continue;
        hx_str receipt = why(&shop, who, "score:sentiment");
        if (strstr(receipt.ptr, "\"model\":null")) continue;
        assert_false(verify_with(&shop, other, receipt, HX_UI_EN, "the text model differs"));
        assert_true(verify(&shop, receipt, NULL));
        with_texts++;
    }
    assert_int_equal(with_texts, 3);
    hx_text_model_close(other);
    test_shop_close(&shop);
}

static void erasure_is_said_with_its_date(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    hx_str receipt = why(&shop, "u8", "score:monetary");
    uint64_t n = 0;
    int64_t now = (int64_t)(TEST_DAY0 + 400) * HX_DAY_MS;
    assert_int_equal(hx_erase_customer(shop.store, HX_STR_LIT("u8"), now, &n, NULL), HX_OK);
    assert_true(n > 0);
    assert_false(verify(&shop, receipt, "evidence erased on 2025-02-04"));
    assert_false(verify_with(&shop, shop.model, receipt, HX_UI_ZH, "依据已于 2025-02-04 删除"));
    test_shop_close(&shop);
}

static void bad_claims_get_a_sentence(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    const struct {
        const char *who, *claim;
        hx_status status;
        const char *sentence;
    } cases[] = {
        {"u8", "", HX_EINVAL, "is not a claim; write label:EVENT/sentiment"},
        {"u8", "score:", HX_EINVAL, "'score:' is not a claim"},
        {"u8", "score:karma", HX_EINVAL, "'score:karma' is not a claim"},
        {"u8", "segment:rich", HX_ENOTFOUND, "there is no segment 'rich'"},
        {"u8", "label:xyz/sentiment", HX_EINVAL, "is not a claim"},
        {"u8", "label:0123456789abcdef/mood", HX_EINVAL, "is not a claim"},
        {"u8", "label:0123456789abcdef/intent", HX_ENOTFOUND, "event 0123456789abcdef is gone"},
        {"u8", "trait:鞋码", HX_ENOTFOUND, "the customer has no trait '鞋码'"},
        {"u8", "trait:aspect.飞机", HX_ENOTFOUND, "the customer has no trait 'aspect.飞机'"},
        {"u8", "segment:aspect.物流=0", HX_EINVAL, "segment:aspect.NAME<0"},
        {"u8", "interest:飞机", HX_ENOTFOUND, "the customer has no interest '飞机'"},
        {"nobody", "score:rfm", HX_ENOTFOUND, "nobody"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_error err = {.ui = HX_UI_EN};
        hx_str json;
        assert_int_equal(hx_answer_why(shop.store, NULL, hx_str_of(cases[i].who),
                                       hx_str_of(cases[i].claim), NULL, shop.arena, &json, &err),
                         cases[i].status);
        if (!strstr(err.message, cases[i].sentence)) fprintf(stderr, "%s\n", err.message);
        assert_non_null(strstr(err.message, cases[i].sentence));
    }
    hx_answer_options early = {.as_of = 0};
    hx_error err = {.ui = HX_UI_EN};
    hx_str json;
    hx_status status =
        hx_answer_show(shop.store, HX_STR_LIT("u8"), &early, shop.arena, &json, &err);
    if (status != HX_OK)
        assert_non_null(strstr(err.message, "nothing was known of this person by 1970-01-01"));
    test_shop_close(&shop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_receipt_replays),
        cmocka_unit_test(receipts_agree_with_the_profile),
        cmocka_unit_test(tampered_receipts_are_found_out),
        cmocka_unit_test(later_events_change_nothing),
        cmocka_unit_test(earlier_events_of_others_change_the_population),
        cmocka_unit_test(undone_events_are_named),
        cmocka_unit_test(a_gone_text_is_said),
        cmocka_unit_test(another_model_is_said),
        cmocka_unit_test(erasure_is_said_with_its_date),
        cmocka_unit_test(bad_claims_get_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
