/* A store as a table: a row each customer, what the profiles say, traits as columns of their kind, missing where nothing is known, as of a time. */
#include "../../store_test.h"

#include <math.h>

static const char orders[] = "order_id,customer_id,time,item,category,quantity,unit_price,amount\n"
                             "o1,u1,2026-01-05 10:00:00,tea,食品,1,12.5,12.5\n"
                             "o2,u1,2026-02-05 10:00:00,cup,器皿,2,10,20\n"
                             "o3,u2,2026-02-10 10:00:00,tea,食品,1,12.5,12.5\n";
static const char people[] = "customer_id,email,name,gender,age,birthday,vip,city,orders,nick\n"
                             "u1,a@b.cn,王芳,女,31,1990-05-17,true,上海,many,007\n"
                             "u2,,,男,,1985-01-02,false,,few,\n"
                             "u3,c@d.cn,李雷,,45,,,北京,none,x\n";

static hx_table *table_of(folder *f, int64_t as_of) {
    hx_store *s = open_store(in_folder(f, "shop.db"));
    hx_table *t = NULL;
    hx_error err = {.code = HX_OK};
    write_file(in_folder(f, "orders.csv"), orders);
    write_file(in_folder(f, "people.csv"), people);
    const char *map = "trait:vip=vip,trait:orders=orders,trait:nick=nick";
    hx_import_options o = {.n_threads = 1, .now = 1};
    hx_import_result unused;
    const char *path = in_folder(f, "orders.csv");
    assert_int_equal(hx_import_files(s, &path, 1, &o, &unused, &err), HX_OK);
    path = in_folder(f, "people.csv");
    o.reader.map = map;
    if (hx_import_files(s, &path, 1, &o, &unused, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_profiles_table(&t, s, as_of, &err) != HX_OK) fail_msg("%s", err.message);
    hx_store_close(s);
    return t;
}

static size_t column(const hx_table *t, const char *name) {
    const size_t at = hx_table_find(t, hx_str_of(name));
    if (at == HX_COLUMN_NONE) fail_msg("there is no column %s", name);
    return at;
}

static const char *cell(const hx_table *t, size_t row, const char *name, char room[128]) {
    char own[64];
    const hx_str s = hx_table_cell(t, row, column(t, name), own);
    snprintf(room, 128, "%.*s", (int)s.len, s.len > 0 ? s.ptr : "");
    return room;
}

static size_t row_of(const hx_table *t, const char *customer) {
    char room[128];
    for (size_t i = 0; i < hx_table_rows(t); i++)
        if (strcmp(cell(t, i, "customer", room), customer) == 0) return i;
    fail_msg("nobody is %s", customer);
    return 0;
}

static void is(const hx_table *t, const char *customer, const char *name, const char *wanted) {
    char room[128];
    if (strcmp(cell(t, row_of(t, customer), name, room), wanted) != 0)
        fail_msg("%s of %s is '%s', not '%s'", name, customer, room, wanted);
}

static void a_row_each(void **state) {
    hx_table *t = table_of(*state, HX_AS_OF_LATEST);
    assert_int_equal(hx_table_rows(t), 3);
    is(t, "u1", "orders", "2");
    is(t, "u1", "spent", "32.5");
    is(t, "u1", "name", "王芳");
    is(t, "u1", "email", "a@b.cn");
    is(t, "u1", "first_purchase", "2026-01-05T10:00:00Z");
    is(t, "u1", "recency_days", "5");
    is(t, "u1", "gap_days", "31");
    is(t, "u2", "orders", "1");
    is(t, "u2", "email", "");
    is(t, "u2", "gap_days", "");
    is(t, "u3", "orders", "0");
    is(t, "u3", "recency_days", "");
    is(t, "u3", "last_event", "");
    is(t, "u1", "texts", "0");
    is(t, "u1", "sentiment", "");
    is(t, "u1", "segment.sleeping", "false");
    assert_int_equal(hx_table_column_at(t, column(t, "segment.sleeping"))->kind, HX_KIND_BOOLEAN);
    assert_int_equal(hx_table_column_at(t, column(t, "first_event"))->kind, HX_KIND_TIME);
    hx_table_free(t);
}

static void traits_are_columns(void **state) {
    hx_table *t = table_of(*state, HX_AS_OF_LATEST);
    is(t, "u1", "city", "上海");
    is(t, "u2", "city", "");
    is(t, "u1", "age", "31");
    is(t, "u2", "age", "");
    is(t, "u1", "nick", "007");
    is(t, "u1", "trait.orders", "many"); /* the fixed column keeps its name */
    assert_int_equal(hx_table_column_at(t, column(t, "age"))->kind, HX_KIND_NUMBER);
    assert_int_equal(hx_table_column_at(t, column(t, "city"))->kind, HX_KIND_TEXT);
    assert_int_equal(hx_table_column_at(t, column(t, "trait.orders"))->kind, HX_KIND_TEXT);
    hx_table_free(t);
}

/* What came after is not known. */
static void as_of_a_time(void **state) {
    hx_table *t = table_of(*state, INT64_C(1769000000000)); /* 2026-01-21 */
    is(t, "u1", "orders", "1");
    is(t, "u1", "spent", "12.5");
    hx_table_free(t);
}

static void nobody(void **state) {
    hx_store *s = open_store(in_folder(*state, "empty.db"));
    hx_table *t = NULL;
    hx_error err = {.code = HX_OK};
    assert_int_equal(hx_profiles_table(&t, s, HX_AS_OF_LATEST, &err), HX_OK);
    assert_int_equal(hx_table_rows(t), 0);
    assert_true(column(t, "spent") < hx_table_columns(t));
    hx_table_free(t);
    hx_store_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_row_each, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(traits_are_columns, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(as_of_a_time, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(nobody, folder_make, folder_remove)};
    return cmocka_run_group_tests_name("pipeline/profiles_table", tests, NULL, NULL);
}
