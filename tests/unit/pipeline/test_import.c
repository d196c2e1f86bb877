/* Files into profiles: order and batching do not matter, repeats and overlaps count right, imports can be undone, people joined, split and
 * erased, and bad files get their sentence. */
#include "../../store_test.h"

#include "base/rng.h"

static const char header[] =
    "customer_id,datetime,invoice,stock_code,category,quantity,unit_price,phone\n";

static void random_row(hx_rng *r, char *out, size_t size) {
    int who = (int)hx_rng_below(r, 40);
    char phone[24] = "";
    if (hx_rng_below(r, 6) == 0) snprintf(phone, sizeof phone, "1380000%04d", who / 3);
    snprintf(out, size, "u%d,2026-%02d-%02d %02d:00,I%d,s%d,cat%d,%d,%d.25,%s\n", who,
             1 + (int)hx_rng_below(r, 9), 1 + (int)hx_rng_below(r, 28), (int)hx_rng_below(r, 24),
             (int)hx_rng_below(r, 300), (int)hx_rng_below(r, 50), (int)hx_rng_below(r, 6),
             (int)hx_rng_below(r, 5) - 1, (int)hx_rng_below(r, 90), phone);
}

/* Rows [from, to) of the random table, every line anew from the seed. */
static void write_rows(const char *path, size_t from, size_t to) {
    hx_rng r;
    char row[200];
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs(header, out);
    hx_rng_seed(&r, 77);
    for (size_t i = 0; i < to; i++) {
        random_row(&r, row, sizeof row);
        if (i >= from) fputs(row, out);
    }
    fclose(out);
}

static uint64_t digest_of_batches(folder *f, const char *name, size_t rows, size_t batches,
                                  bool backwards) {
    hx_store *s = open_store(in_folder(f, name));
    const char *part = in_folder(f, "part.csv");
    for (size_t k = 0; k < batches; k++) {
        size_t b = backwards ? batches - 1 - k : k;
        write_rows(part, rows * b / batches, rows * (b + 1) / batches);
        must_import(s, part);
    }
    must_hold_together(s);
    uint64_t n, d = digest_of(s, &n);
    assert_true(n > 5);
    hx_store_close(s);
    return d;
}

static void batches_and_order_do_not_matter(void **state) {
    folder *f = *state;
    uint64_t whole = digest_of_batches(f, "whole.db", 3000, 1, false);
    assert_int_equal(digest_of_batches(f, "two.db", 3000, 2, true), whole);
    assert_int_equal(digest_of_batches(f, "many.db", 3000, 60, false), whole);
    assert_int_equal(digest_of_batches(f, "back.db", 3000, 60, true), whole);
}

static hx_import_result import_text(folder *f, hx_store *s, const char *name, const char *text) {
    hx_import_result r;
    hx_error err = {.code = HX_OK};
    const char *path = in_folder(f, name);
    write_file(path, text);
    if (import_one(s, path, &r, &err) != HX_OK) fail_msg("%s", err.message);
    return r;
}

static hx_profile *profile_of(hx_store *s, const char *who) {
    hx_profile *p = hx_profile_new();
    hx_error err = {.code = HX_OK};
    uint64_t person;
    if (hx_store_find(s, hx_str_of(who), &person, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_store_profile(s, person, p, &err) != HX_OK) fail_msg("%s", err.message);
    return p;
}

static void repeated_lines_count_and_overlaps_do_not(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "repeat.db"));
    import_text(f, s, "r1.csv",
                "customer_id,datetime,invoice,amount\nu1,2026-01-01,A,5\nu1,2026-01-01,A,5\nu1,"
                "2026-01-02,B,7\n");
    hx_profile *p = profile_of(s, "u1");
    assert_int_equal(p->n_lines, 3);
    assert_int_equal(p->n_orders, 2);
    hx_profile_free(p);
    /* the second export overlaps: one of the two A lines, B again in other column order, and a new one */
    hx_import_result r = import_text(
        f, s, "r2.csv",
        "invoice,amount,客户,datetime\nA,5,u1,2026-01-01\nB,7,u1,2026-01-02\nC,1,u1,2026-01-03\n");
    assert_int_equal(r.duplicates, 2);
    p = profile_of(s, "u1");
    assert_int_equal(p->n_lines, 4);
    assert_int_equal(hx_profile_spent(p, NULL), 18 * 10000);
    hx_profile_free(p);
    hx_store_close(s);
}

static void own_message_ids_are_never_counted_twice(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "own.db"));
    import_text(f, s, "m.csv",
                "message_id,customer_id,datetime,invoice,amount\nm1,u1,2026-01-01,A,5\nm1,u1,2026-"
                "01-01,A,5\nm2,u1,2026-01-01,A,5\n");
    hx_profile *p = profile_of(s, "u1");
    assert_int_equal(p->n_lines, 2);
    hx_profile_free(p);
    hx_store_close(s);
}

static void undo_is_as_if_never_read(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "undo.db"));
    hx_error err = {.code = HX_OK};
    const char *part = in_folder(f, "undo.csv");
    uint64_t before[5];
    before[0] = digest_of(s, NULL);
    for (size_t i = 0; i < 4; i++) {
        write_rows(part, i * 300, i * 300 + 450); /* they overlap by 150 */
        must_import(s, part);
        before[i + 1] = digest_of(s, NULL);
    }
    for (size_t i = 4; i > 0; i--) {
        assert_int_equal(hx_import_undo(s, (int64_t)i, &err), HX_OK);
        must_hold_together(s);
        assert_int_equal(digest_of(s, NULL), before[i - 1]);
    }
    assert_int_equal(hx_import_undo(s, 1, &err), HX_ECONFLICT);
    assert_int_equal(hx_import_undo(s, 99, &err), HX_ENOTFOUND);
    assert_non_null(strstr(err.message, "imports list"));
    hx_store_close(s);
}

/* Taking the first of two imports back leaves what the second alone would have given. */
static void undo_in_the_middle(void **state) {
    folder *f = *state;
    hx_store *both = open_store(in_folder(f, "both.db")),
             *second = open_store(in_folder(f, "second.db"));
    const char *a = in_folder(f, "ua.csv"), *b = in_folder(f, "ub.csv");
    hx_error err = {.code = HX_OK};
    write_rows(a, 0, 700);
    write_rows(b, 400, 1200);
    must_import(both, a);
    must_import(both, b);
    must_import(second, b);
    assert_int_equal(hx_import_undo(both, 1, &err), HX_OK);
    assert_int_equal(digest_of(both, NULL), digest_of(second, NULL));
    hx_store_close(both);
    hx_store_close(second);
}

static void ids_join_and_part_again(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "join.db"));
    hx_error err = {.code = HX_OK};
    uint64_t n;
    import_text(f, s, "j1.csv",
                "customer_id,datetime,invoice,amount\nu2,2026-01-01,A,5\nu1,2026-01-02,B,7\n");
    uint64_t apart = digest_of(s, &n);
    assert_int_equal(n, 2);
    import_text(f, s, "j2.csv", "客户,姓名,手机\nu1,张三,13800138000\nu2,张三,13800138000\n");
    digest_of(s, &n);
    assert_int_equal(n, 1);
    hx_profile *p = profile_of(s, "13800138000");
    assert_int_equal(p->n_orders, 2);
    assert_int_equal(p->n_ids, 3);
    assert_true(hx_str_equal(p->ids[0].value, HX_STR_LIT("u1")));
    hx_profile_free(p);
    must_hold_together(s);
    assert_int_equal(hx_import_undo(s, 2, &err), HX_OK);
    assert_int_equal(digest_of(s, &n), apart);
    assert_int_equal(n, 2);
    hx_store_close(s);
}

static void guests_are_kept_and_have_no_profile(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "guest.db"));
    hx_store_summary summary;
    hx_import_result r =
        import_text(f, s, "g.csv", "评论,用户\n这家餐厅很棒！,\n很差,匿名用户\n好,u1\n");
    assert_int_equal(r.accepted, 3);
    assert_int_equal(r.guests, 2);
    assert_int_equal(hx_store_summarize(s, &summary, NULL), HX_OK);
    assert_int_equal(summary.customers, 1);
    assert_int_equal(summary.events, 3);
    assert_int_equal(summary.guest_events, 2);
    hx_store_close(s);
}

static bool file_holds(const char *path, const char *bytes) {
    FILE *in = fopen(path, "rb");
    if (!in) return false;
    static char buffer[1 << 22];
    size_t n = fread(buffer, 1, sizeof buffer, in);
    fclose(in);
    return memmem(buffer, n, bytes, strlen(bytes)) != NULL;
}

static void erasure_leaves_nothing_behind(void **state) {
    folder *f = *state;
    const char *path = in_folder(f, "erase.db");
    hx_store *s = open_store(path);
    hx_error err = {.code = HX_OK};
    uint64_t n = 0, person = 0;
    int64_t at;
    import_text(f, s, "e.csv",
                "客户,手机,城市\nCANARYBIRD,13911112222,上海\nu2,13911113333,北京\n");
    assert_true(file_holds(path, "CANARYBIRD"));
    assert_int_equal(hx_store_find(s, HX_STR_LIT("CANARYBIRD"), &person, &err), HX_OK);
    assert_int_equal(hx_erase_customer(s, HX_STR_LIT("13911112222"), 1234, &n, &err), HX_OK);
    assert_int_equal(n, 1);
    assert_int_equal(hx_store_find(s, HX_STR_LIT("CANARYBIRD"), &n, &err), HX_ENOTFOUND);
    assert_int_equal(hx_store_erased_at(s, person, &at, &err), HX_OK);
    assert_int_equal(at, 1234);
    must_hold_together(s);
    hx_store_close(s);
    assert_false(file_holds(path, "CANARYBIRD"));
    assert_false(file_holds(path, "13911112222"));
    assert_true(file_holds(path, "u2"));
    char wal[160];
    snprintf(wal, sizeof wal, "%s-wal", path);
    assert_false(file_holds(wal, "CANARYBIRD"));
}

static void rejected_rows_are_kept_with_their_reason(void **state) {
    folder *f = *state;
    const char *path = in_folder(f, "rej.db");
    hx_store *s = open_store(path);
    hx_import_result r = import_text(
        f, s, "rej.csv",
        "用户,时间,评论\nu1,2026-01-01,好\nu2,13月5日,\"坏, \"\"引\"\"号\"\nu3,2026-01-03,\n");
    assert_int_equal(r.rows, 3);
    assert_int_equal(r.accepted, 1);
    assert_int_equal(r.rejected, 2);
    const char *rejects = in_folder(f, "rej.db.rejects.csv");
    assert_true(file_holds(rejects, "rej.csv,2,时间,"));
    assert_true(file_holds(rejects, "13月5日"));
    assert_true(file_holds(rejects, "rej.csv,3,评论,has no text"));
    hx_store_close(s);
}

static void other_files_are_not_taken_for_rejects(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "care.db"));
    const char *path = in_folder(f, "care.csv"), *precious = in_folder(f, "precious.csv");
    hx_import_options o = {.n_threads = 1, .rejects = precious};
    hx_import_result r;
    hx_error err = {.code = HX_OK};
    write_file(path, "用户,评论\nu,好\n");
    write_file(precious, "my orders of ten years\n");
    assert_int_equal(hx_import_files(s, &path, 1, &o, &r, &err), HX_EINVAL);
    assert_true(file_holds(precious, "my orders"));
    o.rejects = "/dev/null";
    assert_int_equal(hx_import_files(s, &path, 1, &o, &r, &err), HX_EINVAL);
    assert_int_equal(access("/dev/null", F_OK), 0);
    hx_store_close(s);
}

static volatile int stop;

static void stop_when_rows_came(void *context, const hx_progress *p) {
    (void)context;
    if (p->rows > 0 && strcmp(p->stage, "read") == 0) hx_flag_raise(&stop);
}

static hx_status import_some(hx_store *s, const char *path, bool resume, bool breaks,
                             hx_error *err) {
    hx_import_options o = {
        .n_threads = 1, .resume = resume, .cancel = &stop, .reader = {.chunk_bytes = 2048}};
    hx_import_result r;
    stop = 0;
    if (breaks) o.progress = stop_when_rows_came;
    return hx_import_files(s, &path, 1, &o, &r, err);
}

/* What was read of a file that broke off waits until the rest is read: folding it earlier would count its equal rows anew. */
static void half_read_imports_wait(void **state) {
    folder *f = *state;
    const char *base = in_folder(f, "base.csv"), *twice = in_folder(f, "twice.csv");
    hx_store *s = open_store(in_folder(f, "wait.db")),
             *plain = open_store(in_folder(f, "plain.db"));
    hx_error err = {.code = HX_OK};
    FILE *out = fopen(twice, "wb");
    fputs("customer_id,datetime,invoice,amount\n", out);
    for (int i = 0; i < 3000; i++)
        fputs("u1,2026-01-01,A,5\n", out);
    fclose(out);
    write_file(base, "customer_id,datetime,invoice,amount\nu2,2026-01-01,B,5\n");
    must_import(plain, twice);
    must_import(s, base);
    assert_int_equal(import_some(s, twice, false, true, &err), HX_ECANCELLED);
    assert_int_equal(import_some(s, base, false, false, &err), HX_ECONFLICT);
    assert_int_equal(import_some(s, base, true, false, &err), HX_ECONFLICT);
    assert_non_null(strstr(err.message, "name it again"));
    assert_int_equal(hx_import_undo(s, 1, &err), HX_OK);
    assert_int_equal(import_some(s, twice, true, false, &err), HX_OK);
    assert_int_equal(digest_of(s, NULL), digest_of(plain, NULL));
    hx_profile *p = profile_of(s, "u1");
    assert_int_equal(p->n_lines, 3000);
    hx_profile_free(p);
    hx_store_close(s);
    hx_store_close(plain);
}

static void import_in_zone(hx_store *s, const char *path, const char *zone) {
    hx_import_options o = {.n_threads = 1, .timezone = zone};
    hx_import_result r;
    hx_error err = {.code = HX_OK};
    if (hx_import_files(s, &path, 1, &o, &r, &err) != HX_OK) fail_msg("%s", err.message);
}

static void the_store_keeps_its_zone(void **state) {
    folder *f = *state;
    const char *a = in_folder(f, "za.csv"), *b = in_folder(f, "zb.csv");
    hx_store *s = open_store(in_folder(f, "zone.db"));
    write_file(a, "customer_id,datetime,invoice,amount\nu1,2026-01-01 08:00,A,5\n");
    write_file(b, "customer_id,datetime,invoice,amount\nu1,2026-01-02 08:00,B,5\n");
    import_in_zone(s, a, "Asia/Shanghai");
    import_in_zone(s, b, NULL);
    hx_profile *p = profile_of(s, "u1");
    assert_int_equal(p->by_hour[0], 2);
    hx_profile_free(p);
    hx_store_close(s);
}

/* The same rows read with other settings are duplicates and change nothing, so that taking them back changes nothing either. */
static void duplicates_change_nothing(void **state) {
    folder *f = *state;
    const char *a = in_folder(f, "same.csv");
    hx_store *s = open_store(in_folder(f, "same.db"));
    hx_error err = {.code = HX_OK};
    write_file(a, "customer_id,datetime,invoice,amount\nu1,2026-01-01 08:00,A,5\n");
    import_in_zone(s, a, "UTC");
    uint64_t before = digest_of(s, NULL);
    import_in_zone(s, a, "Asia/Shanghai");
    assert_int_equal(digest_of(s, NULL), before);
    assert_int_equal(hx_import_undo(s, 2, &err), HX_OK);
    assert_int_equal(digest_of(s, NULL), before);
    hx_store_close(s);
}

static void rejected_rows_of_all_runs_stay(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "stay.db"));
    const char *rejects = in_folder(f, "stay.db.rejects.csv");
    hx_error err = {.code = HX_OK};
    uint64_t n;
    import_text(f, s, "s1.csv", "用户,时间,评论\nu1,2026-01-01,好\nzhangsan77,13月5日,坏\n");
    import_text(f, s, "s2.csv",
                "用户,时间,评论\nu1,2026-01-02,好\nu2,14月5日,坏\nzhangsan77,2026-01-03,好\n");
    assert_true(file_holds(rejects, "13月5日"));
    assert_true(file_holds(rejects, "14月5日"));
    assert_int_equal(hx_erase_customer(s, HX_STR_LIT("zhangsan77"), 1, &n, &err), HX_OK);
    assert_false(file_holds(rejects, "zhangsan77"));
    assert_true(file_holds(rejects, "14月5日"));
    hx_store_close(s);
}

static void undo_forgets_ids(void **state) {
    folder *f = *state;
    const char *path = in_folder(f, "forget.db");
    hx_store *s = open_store(path);
    hx_error err = {.code = HX_OK};
    uint64_t person;
    import_text(f, s, "f1.csv", "客户,城市\nu1,上海\n");
    import_text(f, s, "f2.csv", "客户,手机,邮箱\nCANARYBIRD,13911112222,canary@example.com\n");
    assert_int_equal(hx_import_undo(s, 2, &err), HX_OK);
    assert_int_equal(hx_store_find(s, HX_STR_LIT("CANARYBIRD"), &person, &err), HX_ENOTFOUND);
    assert_non_null(strstr(err.message, "CANARYBIRD"));
    hx_store_close(s);
    assert_false(file_holds(path, "CANARYBIRD"));
    assert_false(file_holds(path, "canary@example.com"));
}

static void a_phone_of_many_joins_nobody(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "crowd.db"));
    uint64_t n;
    hx_import_result r =
        import_text(f, s, "shop.csv",
                    "客户,手机\nu1,4001234567\nu2,4001234567\nu3,4001234567\nu4,4001234567\n"
                    "u5,4001234567\nu6,4001234567\nu7,13800138000\nu8,13800138000\n");
    assert_int_equal(r.shared_ids, 1);
    digest_of(s, &n);
    assert_int_equal(n, 7); /* u1 to u6, and u7 with u8 */
    must_hold_together(s);
    hx_store_close(s);
}

static void a_join_redirects_the_old_profile_id(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "redirect.db"));
    hx_error err = {.code = HX_OK};
    char id[HX_PROFILE_ID_MAX];
    uint64_t before, after, joined;
    import_text(f, s, "r1.csv", "客户,城市\nu2,上海\nu1,北京\n");
    assert_int_equal(hx_store_find(s, HX_STR_LIT("u2"), &before, &err), HX_OK);
    import_text(f, s, "r2.csv", "客户,手机\nu1,13800138000\nu2,13800138000\n");
    assert_int_equal(hx_store_find(s, HX_STR_LIT("u1"), &joined, &err), HX_OK);
    assert_int_equal(hx_store_find(s, hx_str_of(hx_profile_id_text(before, id)), &after, &err),
                     HX_OK);
    assert_int_equal(after, joined);
    hx_store_close(s);
}

static void gifts_make_no_order(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "gift.db"));
    import_text(f, s, "gift.csv",
                "customer_id,datetime,invoice,quantity,unit_price\nu1,2026-01-01,A,1,0\nu1,2026-01-"
                "02,B,1,5\n");
    hx_profile *p = profile_of(s, "u1");
    assert_int_equal(p->n_lines, 2);
    assert_int_equal(p->n_orders, 1);
    assert_int_equal(p->purchase_days, 1);
    hx_profile_free(p);
    hx_store_close(s);
}

static void expect_failure(folder *f, const char *name, const char *text, hx_status status,
                           const char *part) {
    hx_store *s = open_store(in_folder(f, "bad.db"));
    const char *path = in_folder(f, name);
    hx_error err = {.code = HX_OK};
    if (text) write_file(path, text);
    assert_int_equal(import_one(s, path, NULL, &err), status);
    if (!strstr(err.message, part)) fail_msg("'%s' does not say '%s'", err.message, part);
    must_hold_together(s);
    hx_store_close(s);
}

static void bad_files_get_a_sentence(void **state) {
    folder *f = *state;
    expect_failure(f, "missing.csv", NULL, HX_ENOTFOUND, "no such file");
    expect_failure(f, "empty.csv", "", HX_EFORMAT, "empty");
    expect_failure(f, "header.csv", "用户,评论\n", HX_EFORMAT, "no rows");
    expect_failure(f, "columns.csv", "aaa,bbb\n1,2\n", HX_EFORMAT, "no column was recognised");
    expect_failure(f, "years.csv", "用户,时间,评论\nu,0001-01-01,a\nu,9999-12-31,b\n", HX_EFORMAT,
                   "none of its 2 rows");
    expect_failure(f, "good.csv", "用户,评论\nu,好\n", HX_OK, "");
}

static void json_lines_are_segment_events(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "seg.db"));
    import_text(
        f, s, "seg.jsonl",
        "{\"type\":\"identify\",\"userId\":\"u7\",\"messageId\":\"a\",\"timestamp\":\"2026-01-"
        "01T00:00:00Z\",\"traits\":{\"city\":\"上海\",\"email\":\"x@example.com\"}}\n"
        "{\"type\":\"track\",\"userId\":\"u7\",\"messageId\":\"b\",\"timestamp\":\"2026-01-02T00:"
        "00:00Z\",\"event\":\"Order "
        "Completed\",\"properties\":{\"order_id\":\"o1\",\"total\":12.5,\"currency\":\"CNY\"}}\n"
        "{\"type\":\"page\",\"anonymousId\":\"w1\",\"messageId\":\"c\",\"timestamp\":\"2026-01-"
        "03T00:00:00Z\",\"name\":\"Home\"}\n"
        "{\"type\":\"alias\",\"previousId\":\"w1\",\"userId\":\"u7\",\"messageId\":\"d\","
        "\"timestamp\":\"2026-01-04T00:00:00Z\"}\n");
    hx_profile *p = profile_of(s, "x@example.com");
    assert_int_equal(p->n_orders, 1);
    assert_int_equal(hx_profile_spent(p, NULL), 125000);
    assert_true(hx_str_equal(hx_profile_trait(p, "city")->value, HX_STR_LIT("上海")));
    assert_int_equal(p->kinds[HX_KIND_VIEW], 1); /* the anonymous visit has become his */
    hx_profile_free(p);
    hx_store_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(batches_and_order_do_not_matter),
                                       cmocka_unit_test(repeated_lines_count_and_overlaps_do_not),
                                       cmocka_unit_test(own_message_ids_are_never_counted_twice),
                                       cmocka_unit_test(undo_is_as_if_never_read),
                                       cmocka_unit_test(undo_in_the_middle),
                                       cmocka_unit_test(ids_join_and_part_again),
                                       cmocka_unit_test(guests_are_kept_and_have_no_profile),
                                       cmocka_unit_test(erasure_leaves_nothing_behind),
                                       cmocka_unit_test(rejected_rows_are_kept_with_their_reason),
                                       cmocka_unit_test(other_files_are_not_taken_for_rejects),
                                       cmocka_unit_test(half_read_imports_wait),
                                       cmocka_unit_test(the_store_keeps_its_zone),
                                       cmocka_unit_test(duplicates_change_nothing),
                                       cmocka_unit_test(rejected_rows_of_all_runs_stay),
                                       cmocka_unit_test(undo_forgets_ids),
                                       cmocka_unit_test(a_phone_of_many_joins_nobody),
                                       cmocka_unit_test(a_join_redirects_the_old_profile_id),
                                       cmocka_unit_test(gifts_make_no_order),
                                       cmocka_unit_test(bad_files_get_a_sentence),
                                       cmocka_unit_test(json_lines_are_segment_events)};
    return cmocka_run_group_tests_name("pipeline/import", tests, folder_make, folder_remove);
}
