/* Opening, migrating, copying, damaging and sharing a store. */
#include "../../store_test.h"
#include "store/migrations.h"

#include <sqlite3.h>
#include <sys/wait.h>

static const char orders[] = "customer_id,datetime,invoice,stock_code,quantity,unit_price\n"
                             "u1,2026-01-02 10:00,A1,s1,2,3.5\nu2,2026-01-03 11:00,A2,s2,1,10\n";

static void expect_open(const char *path, hx_store_mode mode, hx_status status, const char *part) {
    hx_store *s = NULL;
    hx_error err = {.code = HX_OK};
    assert_int_equal(hx_store_open(&s, path, mode, &err), status);
    if (status == HX_OK) {
        hx_store_close(s);
        return;
    }
    if (!strstr(err.message, part)) fail_msg("'%s' does not say '%s'", err.message, part);
    assert_null(s);
}

static void made_private_and_found_again(void **state) {
    folder *f = *state;
    const char *path = in_folder(f, "a.db");
    struct stat st;
    expect_open(path, HX_STORE_READ, HX_ENOTFOUND, "no such store");
    assert_int_not_equal(stat(path, &st), 0);
    expect_open(path, HX_STORE_CREATE, HX_OK, "");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    expect_open(path, HX_STORE_READ, HX_OK, "");
    expect_open(f->folder, HX_STORE_CREATE, HX_EINVAL, "is a folder");
    expect_open(in_folder(f, "no/such/a.db"), HX_STORE_CREATE, HX_EIO, "can't be opened");
}

static void foreign_and_damaged_files_are_refused(void **state) {
    folder *f = *state;
    const char *path = in_folder(f, "b.db");
    write_file(path, "this is no database at all, but it is longer than a header of one hundred "
                     "bytes, which is where it matters");
    expect_open(path, HX_STORE_CREATE, HX_EFORMAT, "is not a store or is damaged");
    const char *foreign = in_folder(f, "c.db");
    sqlite3 *db;
    sqlite3_open(foreign, &db);
    sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL, NULL);
    sqlite3_close(db);
    expect_open(foreign, HX_STORE_CREATE, HX_EFORMAT, "of another program");
    const char *newer = in_folder(f, "d.db");
    expect_open(newer, HX_STORE_CREATE, HX_OK, "");
    sqlite3_open(newer, &db);
    sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL);
    sqlite3_close(db);
    expect_open(newer, HX_STORE_READ, HX_EUNSUPPORTED, "newer version");
}

static char *read_text(const char *path) {
    FILE *in = fopen(path, "rb");
    char *text = calloc(1, 65536);
    assert_non_null(in);
    assert_true(fread(text, 1, 65535, in) > 0);
    fclose(in);
    return text;
}

/* A store as version 1 wrote it (its .sql and its data) opens, keeps its data, and a copy of the old file stands beside it. */
static void version_1_is_migrated_after_a_backup(void **state) {
    folder *f = *state;
    const char *path = in_folder(f, "old.db");
    char *sql = read_text(HX_SOURCE_DIR "/src/store/migrations/001_initial.sql");
    sqlite3 *db;
    sqlite3_open(path, &db);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(
            db,
            "PRAGMA user_version = 1; PRAGMA application_id = 0x48584941;"
            "INSERT INTO id VALUES (5, 0, 'u1'); INSERT INTO meta VALUES ('timezone', 'UTC');",
            NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    free(sql);
    hx_store *s = open_store(path);
    hx_store_summary summary;
    hx_error err = {.code = HX_OK};
    assert_int_equal(hx_store_summarize(s, &summary, &err), HX_OK);
    assert_int_equal(summary.version, hx__migrations_n);
    assert_int_equal(summary.ids, 1);
    const char *file = in_folder(f, "orders.csv");
    write_file(file, orders);
    must_import(s, file);
    must_hold_together(s);
    hx_store_close(s);
    assert_int_equal(access(in_folder(f, "old.db.backup-v1"), F_OK), 0);
    sqlite3_stmt *st;
    sqlite3_open(in_folder(f, "old.db.backup-v1"), &db);
    sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(st, 0), 1);
    sqlite3_finalize(st);
    sqlite3_close(db);
}

static void backup_and_restore(void **state) {
    folder *f = *state;
    hx_error err = {.code = HX_OK};
    const char *path = in_folder(f, "e.db"), *copy = in_folder(f, "e.copy");
    const char *file = in_folder(f, "orders.csv");
    write_file(file, orders);
    hx_store *s = open_store(path);
    must_import(s, file);
    uint64_t before = digest_of(s, NULL);
    assert_int_equal(hx_store_backup(s, copy, &err), HX_OK);
    assert_int_equal(hx_store_backup(s, copy, &err), HX_ECONFLICT);
    assert_non_null(strstr(err.message, "is there already"));
    assert_int_equal(hx_store_backup(s, path, &err), HX_ECONFLICT);
    assert_int_equal(hx_store_backup(s, in_folder(f, "no/such/copy"), &err), HX_ENOTFOUND);
    write_file(file, "customer_id,datetime,invoice,amount\nu9,2026-02-02,B1,5\n");
    must_import(s, file);
    assert_int_not_equal(digest_of(s, NULL), before);
    hx_store_close(s);
    assert_int_equal(hx_store_restore(copy, path, false, &err), HX_ECONFLICT);
    assert_int_equal(hx_store_restore(copy, path, true, &err), HX_OK);
    s = open_store(path);
    assert_int_equal(digest_of(s, NULL), before);
    must_hold_together(s);
    hx_store_close(s);
    write_file(copy, "broken");
    assert_int_equal(hx_store_restore(copy, path, true, &err), HX_EFORMAT);
    s = open_store(path);
    assert_int_equal(digest_of(s, NULL), before);
    hx_store_close(s);
}

static void a_damaged_store_is_not_backed_up(void **state) {
    folder *f = *state;
    const char *path = in_folder(f, "noise.db"), *copy = in_folder(f, "noise.copy"),
               *file = in_folder(f, "noise.csv");
    hx_error err = {.code = HX_OK};
    FILE *out = fopen(file, "wb");
    fputs("customer_id,datetime,invoice,amount\n", out);
    for (int i = 0; i < 4000; i++)
        fprintf(out, "u%d,2026-01-01,I%d,%d\n", i, i, i);
    fclose(out);
    hx_store *s = open_store(path);
    must_import(s, file);
    hx_store_close(s);
    out = fopen(path, "r+b");
    fseek(out, 200000, SEEK_SET);
    for (int k = 0; k < 40000; k++)
        fputc(k * 31 ^ 0x5A, out);
    fclose(out);
    s = open_store(path);
    assert_int_equal(hx_store_backup(s, copy, &err), HX_EFORMAT);
    assert_int_not_equal(access(copy, F_OK), 0);
    hx_store_close(s);
}

/* Flipping bytes all over the file: either it still reads the same or there is a sentence, never a crash. */
static void damaged_pages_get_a_sentence(void **state) {
    folder *f = *state;
    const char *path = in_folder(f, "f.db"), *copy = in_folder(f, "g.db");
    char command[300];
    hx_error err = {.code = HX_OK};
    const char *file = in_folder(f, "orders.csv");
    write_file(file, orders);
    hx_store *s = open_store(path);
    must_import(s, file);
    hx_store_close(s);
    size_t refused = 0;
    for (int i = 0; i < 60; i++) {
        snprintf(command, sizeof command, "cp '%s' '%s'", path, copy);
        assert_int_equal(system(command), 0);
        FILE *out = fopen(copy, "r+b");
        fseek(out, 0, SEEK_END);
        long size = ftell(out);
        fseek(out, (long)((uint64_t)i * 2654435761u % (uint64_t)size), SEEK_SET);
        for (int k = 0; k < 64; k++)
            fputc(0xA5 ^ k, out);
        fclose(out);
        err.code = HX_OK;
        hx_status status = hx_store_open(&s, copy, HX_STORE_READ, &err);
        if (status == HX_OK) {
            status = hx_store_check(s, 0, &err);
            hx_store_close(s);
        }
        if (status != HX_OK) assert_true(strlen(err.message) > 10);
        refused += status != HX_OK;
    }
    assert_true(refused > 0);
}

static void find_by_any_id(void **state) {
    folder *f = *state;
    hx_error err = {.code = HX_OK};
    uint64_t a, b;
    const char *file = in_folder(f, "people.csv");
    hx_store *s = open_store(in_folder(f, "h.db"));
    write_file(file, "客户,姓名,手机,邮箱\nu1,张三,138 0013 "
                     "8000,Zhang@Example.com\n13800138001,李四,,li@example.com\n"
                     "u3,王五,13800138001,\n");
    must_import(s, file);
    assert_int_equal(hx_store_find(s, HX_STR_LIT("u1"), &a, &err), HX_OK);
    assert_int_equal(hx_store_find(s, HX_STR_LIT("+86 13800138000"), &b, &err), HX_OK);
    assert_int_equal(a, b);
    assert_int_equal(hx_store_find(s, HX_STR_LIT("zhang@EXAMPLE.com"), &b, &err), HX_OK);
    assert_int_equal(a, b);
    char id[HX_PROFILE_ID_MAX];
    assert_int_equal(hx_store_find(s, hx_str_of(hx_profile_id_text(a, id)), &b, &err), HX_OK);
    assert_int_equal(a, b);
    assert_int_equal(hx_store_find(s, HX_STR_LIT("13800138001"), &b, &err), HX_ECONFLICT);
    assert_non_null(strstr(err.message, "several customers"));
    assert_int_equal(hx_store_find(s, HX_STR_LIT("phone:13800138001"), &a, &err), HX_OK);
    assert_int_equal(hx_store_find(s, HX_STR_LIT("u3"), &b, &err), HX_OK);
    assert_int_equal(a, b);
    assert_int_equal(hx_store_find(s, HX_STR_LIT("nobody"), &b, &err), HX_ENOTFOUND);
    hx_store_close(s);
}

/* Who may only read the file, in a folder he may not write, can still look into it. */
static void readers_need_no_right_to_write(void **state) {
    folder *f = *state;
    const char *path = in_folder(f, "ro.db"), *file = in_folder(f, "orders.csv");
    write_file(file, orders);
    hx_store *s = open_store(path);
    must_import(s, file);
    hx_store_close(s);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(f->folder, 0555), 0);
    pid_t child = fork();
    if (child == 0) {
        uint64_t person = 0, n = 0;
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(2);
        bool ok = hx_store_open(&s, path, HX_STORE_READ, NULL) == HX_OK &&
                  hx_store_find(s, HX_STR_LIT("u1"), &person, NULL) == HX_OK &&
                  hx_store_count_profiles(s, &n, NULL) == HX_OK && n == 2;
        hx_store_close(s);
        _exit(ok ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(f->folder, 0700), 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Two processes import into one store at once: the second waits, nothing is lost. */
static void two_writers_lose_nothing(void **state) {
    folder *f = *state;
    const char *path = in_folder(f, "i.db"), *files[2];
    hx_store_close(open_store(path));
    pid_t children[2];
    for (int c = 0; c < 2; c++) {
        files[c] = in_folder(f, c ? "part1.csv" : "part0.csv");
        FILE *out = fopen(files[c], "wb");
        fprintf(out, "customer_id,datetime,invoice,amount\n");
        for (int i = 0; i < 3000; i++)
            fprintf(out, "u%d,2026-01-%02d,I%d-%d,%d\n", i % 200, 1 + i % 28, c, i, i);
        fclose(out);
    }
    for (int c = 0; c < 2; c++) {
        children[c] = fork();
        if (children[c] == 0) {
            hx_store *s = NULL;
            bool ok = hx_store_open(&s, path, HX_STORE_WRITE, NULL) == HX_OK &&
                      import_one(s, files[c], NULL, NULL) == HX_OK;
            hx_store_close(s);
            _exit(ok ? 0 : 1);
        }
    }
    for (int c = 0; c < 2; c++) {
        int status = 1;
        assert_int_equal(waitpid(children[c], &status, 0), children[c]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    hx_store *s = open_store(path);
    hx_store_summary summary;
    assert_int_equal(hx_store_summarize(s, &summary, NULL), HX_OK);
    assert_int_equal(summary.events, 6000);
    assert_int_equal(summary.customers, 200);
    must_hold_together(s);
    hx_store_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(made_private_and_found_again),
                                       cmocka_unit_test(foreign_and_damaged_files_are_refused),
                                       cmocka_unit_test(version_1_is_migrated_after_a_backup),
                                       cmocka_unit_test(backup_and_restore),
                                       cmocka_unit_test(a_damaged_store_is_not_backed_up),
                                       cmocka_unit_test(damaged_pages_get_a_sentence),
                                       cmocka_unit_test(find_by_any_id),
                                       cmocka_unit_test(readers_need_no_right_to_write),
                                       cmocka_unit_test(two_writers_lose_nothing)};
    return cmocka_run_group_tests_name("store", tests, folder_make, folder_remove);
}
