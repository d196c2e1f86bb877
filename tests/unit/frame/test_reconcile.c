/* test_reconcile.c - sources against each other: what is absent, what differs and within which tolerance, repeats, and the rules of survival. */
#include "frame_test.h"

static hx_table *read_text(const char *text) {
    const hx_table_options options = {.n_threads = 1};
    test_file f = test_file_new("a.csv", hx_str_of(text));
    hx_table *t = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_table_read(&t, f.path, &options, &err) != HX_OK) fail_msg("%s", err.message);
    test_file_remove(&f);
    return t;
}

static const char *const texts[3] = {"id,amount,city,updated\n1,10.00,上海,2026-01-01\n2,20,北京,"
                                     "2026-01-05\n3,30,Paris,2026-01-01\n,9,x,2026-01-01\n",
                                     "id,city,amount,updated\nA2,南京,20.005,2026-01-09\n1,上海,10,"
                                     "2026-01-01\n2,南京,20.005,2026-01-02\n2,again,1,2026-01-02\n",
                                     "id,city,tier\n1,上海,gold\n2,南京,\n3,,gold\n"};
static const char *const names[3] = {"crm", "shop", "app"};

typedef struct {
    hx_table *t[3];
    hx_arena *arena;
    hx_reconciliation r;
} outcome;

static outcome reconcile(size_t n, const char *compare, const char *tolerance,
                         const char *survive) {
    outcome o = {.arena = hx_arena_new(0)};
    const hx_table *tables[3];
    const hx_reconcile_options options = {.key = "id",
                                          .compare = compare,
                                          .tolerance = tolerance,
                                          .survive = survive,
                                          .names = names};
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    for (size_t i = 0; i < n; i++)
        tables[i] = o.t[i] = read_text(texts[i]);
    if (hx_tables_reconcile(tables, n, &options, o.arena, &o.r, &err) != HX_OK)
        fail_msg("%s", err.message);
    return o;
}

static void done(outcome *o) {
    for (size_t i = 0; i < 3; i++)
        hx_table_free(o->t[i]);
    hx_table_free(o->r.merged);
    hx_arena_free(o->arena);
}

static const hx_source_conflict *find(const outcome *o, const char *key,
                                      hx_source_conflict_kind kind, const char *column) {
    for (size_t i = 0; i < o->r.n_conflicts; i++) {
        const hx_source_conflict *c = &o->r.conflicts[i];
        if (hx_str_equal(c->key, hx_str_of(key)) && c->kind == kind &&
            hx_str_equal(c->column, hx_str_of(column)))
            return c;
    }
    return NULL;
}

static const char *merged_cell(const outcome *o, size_t row, const char *column, char room[64]) {
    const hx_str s =
        hx_table_cell(o->r.merged, row, hx_table_find(o->r.merged, hx_str_of(column)), room);
    if (s.ptr != room && s.len > 0) memcpy(room, s.ptr, s.len);
    room[s.len] = '\0';
    return room;
}

static void test_two_sources(void **state) {
    (void)state;
    outcome o = reconcile(2, NULL, "amount=0.01", NULL);
    assert_int_equal(o.r.keys, 4); /* 1, 2, 3, A2 */
    assert_int_equal(o.r.agreed, 1); /* 1: 10.00 and 10 are one number */
    assert_true(o.r.absent[0] == 1 && o.r.absent[1] == 1 && o.r.repeated[1] == 1 &&
                o.r.keyless[0] == 1);
    const hx_source_conflict *c = find(&o, "2", HX_CONFLICT_DIFFERS, "city");
    assert_non_null(c);
    assert_true(hx_str_equal(c->values[0], HX_STR_LIT("北京")) &&
                hx_str_equal(c->values[1], HX_STR_LIT("南京")));
    assert_int_equal(c->kept, 0);
    assert_null(find(&o, "2", HX_CONFLICT_DIFFERS, "amount")); /* within the tolerance */
    assert_non_null(find(&o, "2", HX_CONFLICT_DIFFERS, "updated"));
    assert_int_equal(find(&o, "2", HX_CONFLICT_REPEATED, "")->rows, 2);
    assert_int_equal(find(&o, "3", HX_CONFLICT_ABSENT, "")->sources, 1);
    assert_int_equal(find(&o, "A2", HX_CONFLICT_ABSENT, "")->sources, 2);
    done(&o);
    o = reconcile(2, "amount", NULL, NULL);
    assert_non_null(find(&o, "2", HX_CONFLICT_DIFFERS, "amount"));
    assert_null(find(&o, "2", HX_CONFLICT_DIFFERS, "city"));
    done(&o);
}

static void test_survival(void **state) {
    (void)state;
    const struct {
        const char *rule, *city;
    } cases[] = {{NULL, "北京"},
                 {"first", "北京"},
                 {"most-frequent", "南京"},
                 {"newest:updated", "北京"},
                 {"source:shop", "南京"},
                 {"source:app", "南京"}};
    char room[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        outcome o = reconcile(3, NULL, NULL, cases[i].rule);
        assert_int_equal(hx_table_rows(o.r.merged), 4);
        assert_int_equal(hx_table_columns(o.r.merged), 5);
        if (strcmp(merged_cell(&o, 1, "city", room), cases[i].city) != 0)
            fail_msg("%s: %s", cases[i].rule ? cases[i].rule : "", room);
        assert_string_equal(merged_cell(&o, 2, "city", room),
                            "Paris"); /* app has none: the first that has one */
        assert_string_equal(merged_cell(&o, 0, "tier", room), "gold");
        assert_string_equal(merged_cell(&o, 3, "tier", room), "");
        assert_string_equal(merged_cell(&o, 3, "id", room), "A2");
        done(&o);
    }
}

/* Cells as they stand in their source: 10 stays 10 beside a source with three places. */
static void test_written(void **state) {
    static const char *const files[2] = {"id,v,d\n1,10,2026/1/3\n2,3.125,\n",
                                         "id,v\n1,10.0\n3,1e3\n"};
    static const hx_table_options as_text = {.n_threads = 1, .texts = "id,v,d"};
    static const hx_table_options second = {.n_threads = 1, .texts = "id,v"};
    static const char *const merged[3][3] = {
        {"1", "10", "2026/1/3"}, {"2", "3.125", ""}, {"3", "1e3", ""}};
    const hx_table *tables[2], *written[2];
    hx_table *owned[4] = {NULL};
    hx_arena *arena = hx_arena_new(0);
    hx_reconciliation r;
    char room[64];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        test_file f = test_file_new("a.csv", hx_str_of(files[i]));
        tables[i] = owned[i] = read_text(files[i]);
        assert_int_equal(hx_table_read(&owned[2 + i], f.path, i ? &second : &as_text, NULL), HX_OK);
        written[i] = owned[2 + i];
        test_file_remove(&f);
    }
    const hx_reconcile_options o = {.key = "id", .names = names, .written = written};
    assert_int_equal(hx_tables_reconcile(tables, 2, &o, arena, &r, NULL), HX_OK);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++)
            assert_true(hx_str_equal(hx_table_cell(r.merged, i, k, room), hx_str_of(merged[i][k])));
    for (size_t i = 0; i < 4; i++)
        hx_table_free(owned[i]);
    hx_table_free(r.merged);
    hx_arena_free(arena);
}

static void test_refused(void **state) {
    (void)state;
    const hx_reconcile_options wrong[] = {{"none", NULL, NULL, NULL, names, NULL},
                                          {"id", "none", NULL, NULL, names, NULL},
                                          {"id", NULL, "amount", NULL, names, NULL},
                                          {"id", NULL, "amount=-1", NULL, names, NULL},
                                          {"id", NULL, NULL, "newest:none", names, NULL},
                                          {"id", NULL, NULL, "source:none", names, NULL},
                                          {"", NULL, NULL, NULL, names, NULL},
                                          {"amount", NULL, "none=1", NULL, names, NULL}};
    hx_table *a = read_text(texts[0]), *b = read_text(texts[1]);
    const hx_table *tables[2] = {a, b};
    hx_arena *arena = hx_arena_new(0);
    hx_reconciliation r;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_not_equal(hx_tables_reconcile(tables, 2, &wrong[i], arena, &r, NULL), HX_OK);
        assert_null(r.merged);
    }
    assert_int_equal(hx_tables_reconcile(tables, 1, &wrong[0], arena, &r, NULL), HX_EINVAL);
    hx_table_free(a);
    hx_table_free(b);
    hx_arena_free(arena);
}

static void test_empty(void **state) {
    (void)state;
    hx_table *a = read_text("id,v\n"), *b = read_text("id,v\n1,2\n");
    const hx_table *tables[2] = {a, b};
    const hx_reconcile_options options = {.key = "id", .names = names};
    hx_arena *arena = hx_arena_new(0);
    hx_reconciliation r;
    assert_int_equal(hx_tables_reconcile(tables, 2, &options, arena, &r, NULL), HX_OK);
    assert_true(r.keys == 1 && r.absent[0] == 1 && r.n_conflicts == 1 &&
                hx_table_rows(r.merged) == 1);
    hx_table_free(r.merged);
    hx_table_free(a);
    hx_table_free(b);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_sources), cmocka_unit_test(test_survival),
        cmocka_unit_test(test_written),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
