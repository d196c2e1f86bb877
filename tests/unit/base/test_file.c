/* test_file.c - reading, mapping and atomic writing; what is no file is refused by name. */
#include "unit/base/base_test.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

typedef struct {
    char directory[32];
    char path[64], tmp[64];
} place;

static place place_new(void) {
    place p;
    test_directory(p.directory);
    snprintf(p.path, sizeof p.path, "%s/data.txt", p.directory);
    snprintf(p.tmp, sizeof p.tmp, "%s/data.txt.tmp", p.directory);
    return p;
}

static void place_remove(const place *p) {
    unlink(p->path);
    unlink(p->tmp);
    assert_int_equal(rmdir(p->directory), 0);
}

static void assert_contents(const char *path, hx_str want) {
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    assert_int_equal(hx_file_read(path, &b, NULL), HX_OK);
    assert_true(hx_str_equal(hx_buf_str(&b), want));
    hx_buf_release(&b);
    hx_mapping m;
    assert_int_equal(hx_mapping_open(&m, path, NULL), HX_OK);
    assert_true(hx_str_equal(m.bytes, want));
    hx_mapping_close(&m);
    assert_null(m.bytes.ptr);
    hx_mapping_close(&m);
}

static void writes_and_reads_back(void **state) {
    (void)state;
    place p = place_new();
    assert_false(hx_file_exists(p.path));
    static char large[300000];
    memset(large, 'x', sizeof large);
    const hx_str contents[] = {
        HX_STR_LIT("one\0two\n"), {large, sizeof large}, {NULL, 0}, HX_STR_LIT("z")};
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        assert_int_equal(hx_file_write(p.path, contents[i], false, NULL), HX_OK);
        assert_contents(p.path, contents[i]);
        assert_false(hx_file_exists(p.tmp));
    }
    assert_true(hx_file_exists(p.path));
    place_remove(&p);
}

static mode_t mode_of(const char *path) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void makes_private_files_private(void **state) {
    (void)state;
    place p = place_new();
    mode_t mask = umask(022);
    assert_int_equal(hx_file_write(p.path, HX_STR_LIT("a"), false, NULL), HX_OK);
    assert_int_equal(mode_of(p.path), 0644);
    /* a leftover that anyone may read must not lend its mode */
    int fd = open(p.tmp, O_CREAT | O_WRONLY, 0644);
    assert_int_equal(write(fd, "leftover that is longer", 23), 23);
    close(fd);
    assert_int_equal(hx_file_write(p.path, HX_STR_LIT("secret"), true, NULL), HX_OK);
    assert_int_equal(mode_of(p.path), 0600);
    assert_contents(p.path, HX_STR_LIT("secret"));
    umask(mask);
    place_remove(&p);
}

static void assert_refused(const char *path, hx_status status, const char *sentence) {
    char want[200];
    snprintf(want, sizeof want, sentence, path);
    hx_error err = {0};
    hx_buf b;
    hx_buf_init(&b, 1000);
    assert_int_equal(hx_file_read(path, &b, &err), status);
    assert_string_equal(err.message, want);
    assert_int_equal(b.len, 0);
    hx_buf_release(&b);
    err.message[0] = '\0';
    hx_mapping m;
    assert_int_equal(hx_mapping_open(&m, path, &err), status);
    assert_string_equal(err.message, want);
    assert_null(m.bytes.ptr);
}

static void refuses_what_is_no_file(void **state) {
    (void)state;
    place p = place_new();
    assert_refused(p.path, HX_ENOTFOUND, "%s: no such file");
    assert_refused(p.directory, HX_EINVAL, "%s is a directory, not a file");
    assert_refused("/dev/null", HX_EINVAL, "%s is not a regular file");
    assert_int_equal(mkfifo(p.path, 0600), 0);
    assert_refused(p.path, HX_EINVAL,
                   "%s is not a regular file"); /* and does not wait for a writer */
    hx_error err = {0};
    assert_int_equal(hx_file_write(p.path, HX_STR_LIT("x"), false, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "is not a regular file"));
    assert_int_equal(hx_file_write(p.directory, HX_STR_LIT("x"), false, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "is a directory, not a file"));
    char inside[100];
    snprintf(inside, sizeof inside, "%s/none/file", p.directory);
    assert_int_equal(hx_file_write(inside, HX_STR_LIT("x"), false, &err), HX_ENOTFOUND);
    assert_non_null(strstr(err.message, "no such file or directory"));
    place_remove(&p);
}

static void reads_up_to_the_cap(void **state) {
    (void)state;
    place p = place_new();
    assert_int_equal(hx_file_write(p.path, HX_STR_LIT("0123456789"), false, NULL), HX_OK);
    for (size_t cap = 8; cap <= 12; cap++) {
        hx_buf b;
        hx_buf_init(&b, cap);
        hx_error err = {0};
        assert_int_equal(hx_file_read(p.path, &b, &err), cap < 10 ? HX_ELIMIT : HX_OK);
        if (cap < 10) assert_non_null(strstr(err.message, "larger than the limit of"));
        hx_buf_release(&b);
    }
    place_remove(&p);
    /* a file that says it has no bytes and has some */
    hx_buf b;
    hx_buf_init(&b, 100);
    assert_int_equal(hx_file_read("/proc/self/maps", &b, NULL), HX_ELIMIT);
    hx_buf_release(&b);
}

static void has_one_writer_at_a_time(void **state) {
    (void)state;
    place p = place_new();
    assert_int_equal(hx_file_write(p.path, HX_STR_LIT("old"), false, NULL), HX_OK);
    int other = open(p.tmp, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(flock(other, LOCK_EX), 0);
    hx_error err = {0};
    assert_int_equal(hx_file_write(p.path, HX_STR_LIT("new"), false, &err), HX_EBUSY);
    assert_non_null(strstr(err.message, "is being written by another process"));
    assert_contents(p.path, HX_STR_LIT("old"));
    close(other);
    assert_int_equal(hx_file_write(p.path, HX_STR_LIT("new"), false, &err), HX_OK);
    assert_contents(p.path, HX_STR_LIT("new"));
    place_remove(&p);
}

/* Two pieces, the second only where the context says so. */
static hx_status fill_pieces(void *context, int fd, const char *path, hx_error *err) {
    HX_TRY(hx_file_put(fd, path, HX_STR_LIT("first "), err));
    if (!*(const bool *)context) return hx_fail(err, HX_ECANCELLED, "out of memory");
    return hx_file_put(fd, path, HX_STR_LIT("second"), err);
}

static void writes_piece_by_piece(void **state) {
    (void)state;
    place p = place_new();
    bool goes_on = true;
    assert_int_equal(hx_file_write_by(p.path, false, fill_pieces, &goes_on, NULL), HX_OK);
    assert_contents(p.path, HX_STR_LIT("first second"));
    assert_int_equal(hx_file_write(p.path, HX_STR_LIT("old"), false, NULL), HX_OK);
    goes_on = false;
    hx_error err = {0};
    assert_int_equal(hx_file_write_by(p.path, false, fill_pieces, &goes_on, &err), HX_ECANCELLED);
    assert_string_equal(err.message, "out of memory");
    assert_contents(p.path, HX_STR_LIT("old"));
    assert_false(hx_file_exists(p.tmp));
    assert_int_equal(hx_file_put(-1, "f", HX_STR_LIT("x"), &err), HX_EIO);
    assert_string_equal(err.message, "f: input or output failed (Bad file descriptor)");
    place_remove(&p);
}

static void does_not_follow_a_planted_link(void **state) {
    (void)state;
    place p = place_new();
    char victim[64];
    snprintf(victim, sizeof victim, "%s/victim", p.directory);
    assert_int_equal(hx_file_write(victim, HX_STR_LIT("precious"), false, NULL), HX_OK);
    assert_int_equal(symlink(victim, p.tmp), 0);
    assert_int_equal(hx_file_write(p.path, HX_STR_LIT("new"), false, NULL), HX_EINVAL);
    assert_contents(victim, HX_STR_LIT("precious"));
    unlink(victim);
    place_remove(&p);
}

static void names_system_failures(void **state) {
    (void)state;
    static const struct {
        int error;
        hx_status status;
        const char *sentence;
    } cases[] = {
        {ENOENT, HX_ENOTFOUND, "f: no such file or directory"},
        {ENOTDIR, HX_ENOTFOUND, "f: a part of this path is not a directory"},
        {EACCES, HX_EDENIED, "f: permission denied"},
        {EROFS, HX_EDENIED, "f: the file system is read-only"},
        {EISDIR, HX_EINVAL, "f is a directory, not a file"},
        {ENOSPC, HX_EIO, "f: the disk is full"},
        {ENOMEM, HX_ENOMEM, "f: out of memory"},
        {ELOOP, HX_EINVAL, "f: the path is too long or its links go in circles"},
        {EIO, HX_EIO, "f: input or output failed (Input/output error)"},
        {99999, HX_EIO, "f: input or output failed (unknown error)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hx_error err = {0};
        assert_int_equal(hx_fail_errno(&err, "f", cases[i].error), cases[i].status);
        assert_string_equal(err.message, cases[i].sentence);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_back),
        cmocka_unit_test(makes_private_files_private),
        cmocka_unit_test(refuses_what_is_no_file),
        cmocka_unit_test(reads_up_to_the_cap),
        cmocka_unit_test(has_one_writer_at_a_time),
        cmocka_unit_test(writes_piece_by_piece),
        cmocka_unit_test(does_not_follow_a_planted_link),
        cmocka_unit_test(names_system_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
