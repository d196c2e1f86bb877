/* test_source_stream.c - bytes through gzip and zstd: members and frames in a row, archives that break off, bombs, pipes. */
#include "unit/frame/frame_test.h"

#include <zlib.h>
#include <zstd.h>

#include "frame/source_stream.h"

static hx_str table_of(hx_buf *b, int from, int to) {
    hx_buf_reset(b);
    if (from == 0) (void)hx_buf_append_lit(b, "id,text\n");
    for (int i = from; i < to; i++)
        (void)hx_buf_printf(b, "%d,text number %d\n", i, i * 7919);
    return hx_buf_str(b);
}

static void append(hx_buf *out, hx_str s, bool gzip) {
    size_t room = s.len + s.len / 2 + 1024, n = 0;
    char *packed = malloc(room);
    assert_non_null(packed);
    if (gzip) {
        z_stream z = {0};
        assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        z.next_in = (Bytef *)(uintptr_t)s.ptr;
        z.avail_in = (unsigned)s.len;
        z.next_out = (Bytef *)packed;
        z.avail_out = (unsigned)room;
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        n = z.total_out;
        assert_int_equal(deflateEnd(&z), Z_OK);
    } else {
        ZSTD_CCtx *z = ZSTD_createCCtx();
        assert_non_null(z);
        assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)));
        n = ZSTD_compress2(z, packed, room, s.ptr, s.len);
        assert_false(ZSTD_isError(n));
        (void)ZSTD_freeCCtx(z);
    }
    assert_true(hx_buf_append(out, packed, n));
    free(packed);
}

static void read_whole(const char *path, hx_buf *out, hx_status want, const char *sentence) {
    hx_source *s = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_status st = hx_source_open(&s, path, &err);
    size_t n = 1;
    while (st == HX_OK && n > 0) {
        assert_true(hx_buf_reserve(out, 70000));
        st = hx_source_read(s, out->ptr + out->len, 70000, &n, &err);
        if (st == HX_OK) out->len += n;
    }
    assert_int_equal(st, want);
    if (sentence) assert_non_null(strstr(err.message, sentence));
    hx_source_close(s);
}

static void test_members_in_a_row(void **state) {
    (void)state;
    hx_buf plain, packed, all, got;
    hx_buf_init(&plain, 64u << 20);
    hx_buf_init(&packed, 64u << 20);
    hx_buf_init(&all, 64u << 20);
    hx_buf_init(&got, 64u << 20);
    for (int gzip = 0; gzip < 2; gzip++) {
        hx_buf_reset(&packed);
        hx_buf_reset(&all);
        hx_buf_reset(&got);
        for (int i = 0; i < 3; i++) {
            hx_str s = table_of(&plain, i * 30000, (i + 1) * 30000);
            append(&packed, s, gzip);
            (void)hx_buf_append_str(&all, s);
        }
        if (gzip) (void)hx_buf_append(&packed, "\0\0\0\0", 4); /* padding of tapes */
        test_file f = test_file_new(gzip ? "a.csv.gz" : "a.csv.zst", hx_buf_str(&packed));
        read_whole(f.path, &got, HX_OK, NULL);
        assert_int_equal(got.len, all.len);
        assert_memory_equal(got.ptr, all.ptr, all.len);
        hx_reader *r = test_open(&f, NULL);
        assert_string_equal(hx_reader_compression(r), gzip ? "gzip" : "zstd");
        assert_int_equal(hx_reader_format(r), HX_FORMAT_CSV);
        hx_reader_close(r);
        test_file_remove(&f);
    }
    hx_buf_release(&plain);
    hx_buf_release(&packed);
    hx_buf_release(&all);
    hx_buf_release(&got);
}

/* What stands before the break is given; then comes the failure, and comes again. */
static void test_broken_off(void **state) {
    (void)state;
    hx_buf plain, packed, got;
    hx_buf_init(&plain, 64u << 20);
    hx_buf_init(&packed, 64u << 20);
    hx_buf_init(&got, 64u << 20);
    for (int gzip = 0; gzip < 2; gzip++)
        for (int big = 0; big < 2; big++) {
            hx_buf_reset(&packed);
            hx_buf_reset(&got);
            append(&packed, table_of(&plain, 0, big ? 200000 : 300), gzip);
            test_file f =
                test_file_new("a.csv.x", (hx_str){packed.ptr, packed.len - packed.len / 4});
            /* zstd gives whole blocks only: of a small frame nothing is left. */
            if (!big && !gzip) {
                assert_open_fails(&f, NULL, HX_EIO,
                                  ": the zstd data break off; the file is incomplete");
                test_file_remove(&f);
                continue;
            }
            hx_reader *r = test_open(&f, NULL);
            hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
            assert_int_equal(test_read_all(r, &got, &err), HX_EIO);
            assert_non_null(
                strstr(err.message, gzip ? "the gzip data break off; the file is incomplete"
                                         : "the zstd data break off; the file is incomplete"));
            assert_in_range(got.len, big ? 1000000 : 1000, 8000000);
            assert_memory_equal(got.ptr, "1|0|text number 0\n2|1|text number 7919\n", 39);
            hx_chunk *c = NULL;
            assert_int_equal(hx_reader_next(r, &c, &err), HX_EIO);
            assert_null(c);
            hx_reader_close(r);
            test_file_remove(&f);
        }
    hx_buf_release(&plain);
    hx_buf_release(&packed);
    hx_buf_release(&got);
}

static void test_damaged(void **state) {
    (void)state;
    hx_buf plain, packed, got;
    hx_buf_init(&plain, 64u << 20);
    hx_buf_init(&packed, 64u << 20);
    hx_buf_init(&got, 64u << 20);
    for (int gzip = 0; gzip < 2; gzip++) {
        hx_buf_reset(&packed);
        append(&packed, table_of(&plain, 0, 100000), gzip);
        for (size_t i = packed.len / 2; i < packed.len / 2 + 40; i++)
            packed.ptr[i] = (char)0xFF;
        test_file f = test_file_new("a.csv.x", hx_buf_str(&packed));
        hx_reader *r = test_open(&f, NULL);
        hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
        assert_int_equal(test_read_all(r, &got, &err), HX_EIO);
        assert_non_null(strstr(err.message, gzip ? "the gzip data are damaged at byte"
                                                 : "the zstd data are damaged at byte"));
        hx_reader_close(r);
        test_file_remove(&f);
    }
    hx_buf_release(&plain);
    hx_buf_release(&packed);
    hx_buf_release(&got);
}

static void test_bomb(void **state) {
    (void)state;
    hx_buf packed, got;
    hx_buf_init(&packed, 64u << 20);
    hx_buf_init(&got, 1u << 30);
    char *zeros = calloc(1, 100u << 20);
    assert_non_null(zeros);
    append(&packed, (hx_str){zeros, 100u << 20}, false);
    free(zeros);
    assert_in_range(packed.len, 1, 64 << 10);
    test_file f = test_file_new("a.csv.zst", hx_buf_str(&packed));
    read_whole(f.path, &got, HX_ELIMIT,
               ": unpacks to more than 1000 times its size; unpack it yourself if you trust it");
    assert_in_range(got.len, 60u << 20, 70u << 20);
    test_file_remove(&f);
    hx_buf_release(&packed);
    hx_buf_release(&got);
}

static void test_peek_and_skip(void **state) {
    (void)state;
    hx_buf plain, packed;
    hx_buf_init(&plain, 64u << 20);
    hx_buf_init(&packed, 64u << 20);
    hx_str s = table_of(&plain, 0, 100000);
    append(&packed, s, true);
    for (int gzip = 0; gzip < 2; gzip++) {
        test_file f = test_file_new("a", gzip ? hx_buf_str(&packed) : s);
        hx_source *x = NULL;
        hx_str head = {NULL, 0};
        char byte = 0;
        size_t n = 0;
        hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
        assert_int_equal(hx_source_open(&x, f.path, &err), HX_OK);
        assert_int_equal(hx_source_is_file(x), !gzip);
        assert_int_equal(hx_source_peek(x, 300000, &head, &err), HX_OK);
        assert_int_equal(head.len, 300000);
        assert_memory_equal(head.ptr, s.ptr, head.len);
        assert_int_equal(hx_source_skip_to(x, 1234567, &err), HX_OK);
        assert_int_equal(hx_source_read(x, &byte, 1, &n, &err), HX_OK);
        assert_int_equal(n, 1);
        assert_int_equal(byte, s.ptr[1234567]);
        assert_int_equal(hx_source_skip_to(x, 5, &err), HX_EINVAL);
        assert_int_equal(hx_source_skip_to(x, s.len + 1, &err), HX_EFORMAT);
        hx_source_close(x);
        test_file_remove(&f);
    }
    hx_buf_release(&plain);
    hx_buf_release(&packed);
}

/* A pipe that gives its bytes a few at a time, as standard input. */
static void test_standard_input(void **state) {
    (void)state;
    int ends[2], kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    pid_t child = fork();
    if (child == 0) {
        static const char text[] = "user,comment\nu1,很好\nu2,不好\n";
        for (size_t i = 0; i < sizeof text - 1; i++) {
            if (write(ends[1], text + i, 1) != 1) _exit(1);
            usleep(200);
        }
        _exit(0);
    }
    close(ends[1]);
    hx_reader *r = NULL;
    hx_buf got;
    hx_buf_init(&got, 1 << 20);
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(hx_reader_open(&r, "-", NULL, &err), HX_OK);
    assert_roles(r, "user=customer,comment=text");
    assert_int_equal(test_read_all(r, &got, &err), HX_OK);
    assert_memory_equal(got.ptr, "1|u1|很好\n2|u2|不好\n", got.len);
    assert_int_equal(got.len, 24);
    hx_reader_close(r);
    hx_buf_release(&got);
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    close(kept);
    close(ends[0]);
}

static void an_archive_in_an_archive(void **state) {
    (void)state;
    for (int inner = 0; inner < 2; inner++) {
        hx_buf first, second;
        hx_buf_init(&first, 1 << 20);
        hx_buf_init(&second, 1 << 20);
        append(&first, HX_STR_LIT("user,text\nu1,hi\n"), inner);
        append(&second, hx_buf_str(&first), !inner);
        test_file f = test_file_new(inner ? "a.csv.zst" : "a.csv.gz", hx_buf_str(&second));
        assert_open_fails(&f, NULL, HX_EFORMAT,
                          inner ? ": is a gzip archive inside another archive, not a table"
                                : ": is a zstd archive inside another archive, not a table");
        test_file_remove(&f);
        hx_buf_release(&first);
        hx_buf_release(&second);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_archive_in_an_archive),
                                       cmocka_unit_test(test_members_in_a_row),
                                       cmocka_unit_test(test_broken_off),
                                       cmocka_unit_test(test_damaged),
                                       cmocka_unit_test(test_bomb),
                                       cmocka_unit_test(test_peek_and_skip),
                                       cmocka_unit_test(test_standard_input)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
