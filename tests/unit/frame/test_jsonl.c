/* test_jsonl.c - JSON Lines: flattening, late keys, values as text, lines that are no objects, Segment events, going on. */
#include "unit/frame/frame_test.h"

#include "base/rng.h"

#define L(s) HX_STR_LIT(s)

static void test_flat(void **state) {
    (void)state;
    assert_rows(
        "a.jsonl",
        L("{\"user\":\"u1\",\"text\":\"很好\",\"rating\":5}\n{\"rating\":4.5,\"user\":\"u2\"}\r\n\n"
          "{\"user\":null,\"text\":\"\",\"rating\":true}"),
        NULL, "1|u1|很好|5\n2|u2|~|4.5\n4|~||true\n");
}

static void test_nested(void **state) {
    (void)state;
    assert_rows(
        "a.ndjson",
        L("{\"a\":{\"b\":{\"c\":1},\"d\":[1,{\"x\":\"y\"}]},\"e\":{}}\n{\"a\":\"plain\"}\n"), NULL,
        "1|1|[1,{\"x\":\"y\"}]|~\n2|~|~|plain\n");
}

static void test_numbers(void **state) {
    (void)state;
    assert_rows("a.jsonl",
                L("{\"x\":19.9}\n{\"x\":0.1}\n{\"x\":-3}\n{\"x\":9007199254740993}\n{\"x\":1e3}\n{"
                  "\"x\":1234567.25}\n"),
                NULL, "1|19.9\n2|0.1\n3|-3\n4|9007199254740993\n5|1000.0\n6|1234567.25\n");
}

static void test_late_keys(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 16u << 20);
    for (int i = 0; i < 3000; i++)
        (void)hx_buf_append_lit(&b, "{\"x\":1}\n");
    (void)hx_buf_append_lit(&b, "{\"x\":2,\"late\":{\"y\":[3]},\"q\\\"\":\"v\"}\n");
    test_file f = test_file_new("a.jsonl", hx_buf_str(&b));
    hx_reader *r = test_open(&f, NULL);
    hx_buf got;
    hx_buf_init(&got, 16u << 20);
    assert_int_equal(test_read_all(r, &got, NULL), HX_OK);
    static const char tail[] = "\n3001|2+{\"late.y\":[3],\"q\\\"\":\"v\"}\n";
    assert_memory_equal(got.ptr + got.len - (sizeof tail - 1), tail, sizeof tail - 1);
    hx_reader_close(r);
    test_file_remove(&f);
    hx_buf_release(&got);
    hx_buf_release(&b);
}

static void test_bad_lines(void **state) {
    (void)state;
    assert_rows(
        "a.jsonl",
        L("{\"x\":1}\nnonsense\n[1]\n{\"x\":1,\"x\":2}\n{\"x\":\n{\"x\":2}\n{\"x\":\"a\xFF\"}\n"),
        NULL,
        "1|1\n2!is not a JSON object (not valid JSON at line 1, column 8)!nonsense\n"
        "3!is not a JSON object![1]\n"
        "4!is not a JSON object (the key that ends at line 1, column 10 appears "
        "twice)!{\"x\":1,\"x\":2}\n"
        "5!is not a JSON object (the JSON breaks off at line 1, column 5)!{\"x\":\n6|2\n"
        "7!holds bytes that are not valid in the file's encoding!{\"x\":\"a\xEF\xBF\xBD\"}\n");
    hx_buf deep;
    hx_buf_init(&deep, 1 << 20);
    (void)hx_buf_append_lit(&deep, "{\"x\":1}\n");
    for (int i = 0; i < 5000; i++)
        (void)hx_buf_append_lit(&deep, "{\"x\":");
    test_file f = test_file_new("a.jsonl", hx_buf_str(&deep));
    hx_reader *r = test_open(&f, NULL);
    hx_buf got;
    hx_buf_init(&got, 1 << 20);
    assert_int_equal(test_read_all(r, &got, NULL), HX_OK);
    static const char want[] =
        "1|1\n2!is not a JSON object (the JSON is nested deeper than 64 levels)!{\"x\":";
    assert_memory_equal(got.ptr, want, sizeof want - 1);
    hx_buf_release(&got);
    hx_buf_release(&deep);
    hx_reader_close(r);
    test_file_remove(&f);
}

static void test_numbers_out_of_range(void **state) {
    (void)state;
    assert_rows("a.jsonl", L("{\"x\":1}\n{\"x\":1e400}\n"), NULL,
                "1|1\n2!is not a JSON object (the number at line 1, column 10 is out of "
                "range)!{\"x\":1e400}\n");
}

/* An object where the customer should stand makes a bad row, not a guest; elsewhere it is flattened. */
static void test_nested_ids(void **state) {
    (void)state;
    assert_rows(
        "a.jsonl",
        L("{\"user\":\"u1\",\"text\":\"hi\",\"tags\":[1]}\n"
          "{\"user\":{\"a\":1},\"text\":\"ho\"}\n{\"user\":\"u2\",\"text\":[\"x\"]}\n"),
        NULL,
        "1|u1|hi|[1]|~\n"
        "2!holds a list or an object where one value is expected!{\"user\":{\"a\":1},"
        "\"text\":\"ho\"}\n"
        "3!holds a list or an object where one value is expected!{\"user\":\"u2\",\"text\":["
        "\"x\"]}\n");
    test_file f =
        test_file_new("b.jsonl", L("{\"user\":{\"id\":\"u1\",\"name\":\"王\"},\"text\":\"hi\"}\n"));
    hx_reader *r = test_open(&f, NULL);
    assert_roles(r, "user.id=customer,user.name=name,text=text");
    hx_reader_close(r);
    test_file_remove(&f);
}

static void test_segment(void **state) {
    (void)state;
    test_file f =
        test_file_new("events.jsonl", L("{\"type\":\"track\",\"userId\":\"u1\",\"anonymousId\":"
                                        "\"a1\",\"event\":\"Order Completed\",\"messageId\":\"m1\","
                                        "\"timestamp\":\"2026-03-05T14:20:11Z\",\"properties\":{"
                                        "\"order_id\":\"o1\",\"total\":27.5,\"currency\":\"USD\"},"
                                        "\"context\":{\"page\":{\"url\":\"https://"
                                        "x\"}},\"traits\":{\"email\":\"a@b.c\",\"age\":30}}\n"));
    hx_reader *r = test_open(&f, NULL);
    assert_string_equal(hx_reader_format_name(r), "JSON Lines");
    assert_roles(r, "type=other,userId=customer,anonymousId=anonymous,event=event,messageId="
                    "message_id,timestamp=time,"
                    "properties.order_id=order,properties.total=amount,properties.currency="
                    "currency,context.page.url=url,"
                    "traits.email=email,traits.age=age");
    hx_reader_close(r);
    test_file_remove(&f);
}

static void test_going_on(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, 11);
    for (int i = 0; i < 100; i++) {
        hx_buf b, all, rest;
        hx_buf_init(&b, 1 << 20);
        hx_buf_init(&all, 1 << 20);
        hx_buf_init(&rest, 1 << 20);
        (void)hx_buf_append_lit(&b, "{\"x\":0}\n");
        for (size_t n = hx_rng_below(&rng, 20); n > 0; n--)
            (void)hx_buf_printf(&b, n % 4 ? "{\"x\":%zu,\"y\":\"好\"}\n" : "\nbad%zu\n", n);
        test_file f = test_file_new("a.jsonl", hx_buf_str(&b));
        hx_reader_options o = {.chunk_bytes = 1 + hx_rng_below(&rng, 30)};
        hx_reader *r = test_open(&f, &o);
        hx_chunk *c = NULL;
        assert_int_equal(hx_reader_next(r, &c, NULL), HX_OK);
        hx_position end = hx_chunk_end(c);
        hx_arena *arena = hx_arena_new(0);
        hx_rows rows;
        assert_int_equal(hx_chunk_rows(r, c, arena, &rows, NULL), HX_OK);
        test_write_rows(&rows, &all);
        hx_chunk_free(c);
        hx_arena_free(arena);
        size_t first = all.len;
        assert_int_equal(test_read_all(r, &all, NULL), HX_OK);
        hx_reader_close(r);
        r = test_open(&f, &o);
        assert_int_equal(hx_reader_seek(r, end, NULL), HX_OK);
        assert_int_equal(test_read_all(r, &rest, NULL), HX_OK);
        assert_int_equal(rest.len, all.len - first);
        if (rest.len) assert_memory_equal(rest.ptr, all.ptr + first, rest.len);
        hx_reader_close(r);
        test_file_remove(&f);
        hx_buf_release(&b);
        hx_buf_release(&all);
        hx_buf_release(&rest);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_flat),
                                       cmocka_unit_test(test_nested),
                                       cmocka_unit_test(test_numbers),
                                       cmocka_unit_test(test_late_keys),
                                       cmocka_unit_test(test_bad_lines),
                                       cmocka_unit_test(test_segment),
                                       cmocka_unit_test(test_numbers_out_of_range),
                                       cmocka_unit_test(test_nested_ids),
                                       cmocka_unit_test(test_going_on)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
