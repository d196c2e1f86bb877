/* test_reader.c - rows of CSV, TSV and text: quoting, ragged rows, what is bad and why, over-long records, and that reading goes on
 * from the end of any chunk as if it had never stopped. */
#include "unit/frame/frame_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include "base/rng.h"

#define L(s) HX_STR_LIT(s)

static void test_plain(void **state) {
    (void)state;
    assert_rows("a.csv", L("id,text\n1,hello\n2,world\n"), NULL, "1|1|hello\n2|2|world\n");
    assert_rows("a.csv", L("id,text\r\n1,hello\r\n2,world"), NULL, "1|1|hello\n2|2|world\n");
    assert_rows("a.csv", L("id;text\n1;a,b\n2;c\n"), NULL, "1|1|a,b\n2|2|c\n");
    assert_rows("a.csv", L("id|text\n1|a\n2|c\n"), NULL, "1|1|a\n2|2|c\n");
    assert_rows("a.csv", L("id\ttext\n1\ta\n2\tc\n"), NULL, "1|1|a\n2|2|c\n");
    assert_rows("a.csv", L("comment\n这家餐厅很棒！\nGood, but late\n"), NULL,
                "1|这家餐厅很棒！\n2|Good, but late\n");
    assert_rows("a.csv", L("id,text\n1,a\n\n3,c\n,,\n\"\",\n6,f"), NULL, "1|1|a\n3|3|c\n6|6|f\n");
    assert_rows("a.csv", L("\n\nid,text\n1,a\n"), NULL, "1|1|a\n");
    assert_rows("a.csv", L("id,text\n"), NULL, "");
    hx_reader_options no_header = {.no_header = true};
    assert_rows("a.csv", L("1,a\n2,b\n"), &no_header, "1|1|a\n2|2|b\n");
    hx_reader_options semicolon = {.delimiter = ';'};
    assert_rows("a.csv", L("id,x;text\n1,2;a\n"), &semicolon, "1|1,2|a\n");
}

static void test_quotes(void **state) {
    (void)state;
    assert_rows("a.csv", L("id,text\n1,\"a \"\"b\"\", c\"\n2,\"x\ny\"\n3,\"\"\n"), NULL,
                "1|1|a \"b\", c\n2|2|x\ny\n3|3|\n");
    assert_rows("a.csv", L("\"i\"\"d\",text\n1,5\" pipe\n2,ab\"c\"\n"), NULL,
                "1|1|5\" pipe\n2|2|ab\"c\"\n");
    assert_rows("a.csv", L("id,text\n1,\"a\" \n2,b\n"), NULL, "1|1|a \n2|2|b\n");
    /* In TSV a quotation mark is an ordinary character, unless asked for. */
    assert_rows("a.tsv", L("id\ttext\n1\t\"a\n2\tb\"\n"), NULL, "1|1|\"a\n2|2|b\"\n");
    hx_reader_options quote = {.quote = '"'};
    assert_rows("a.tsv", L("id\ttext\n1\t\"a\n2\tb\"\n"), &quote, "1|1|a\n2\tb\n");
}

static void test_unclosed(void **state) {
    (void)state;
    /* To the end of the file: the row where it opened is bad, the others are there. */
    assert_rows("a.csv", L("id,text\n1,a\n2,\"b\n3,c\n4,d\n"), NULL,
                "1|1|a\n2!has a quotation mark that is never closed!2,\"b\n3|3|c\n4|4|d\n");
    assert_rows("a.csv", L("id,text\n1,\"a"), NULL,
                "1!has a quotation mark that is never closed!1,\"a\n");
    /* Closed by the opening quote of a later row. */
    assert_rows("a.csv", L("id,text\n1,\"a\n2,b\n3,\"c\"\n4,d\n"), NULL,
                "1!has a quotation mark that is never closed!1,\"a\n2|2|b\n3|3|c\n4|4|d\n");
    for (size_t chunk = 1; chunk < 40; chunk++) {
        hx_reader_options o = {.chunk_bytes = chunk};
        assert_rows(
            "a.csv", L("id,text\n1,\"a\n2,b\n3,\"c\"\n4,\"x\ny\"\n5,d\n6,\"e\n"), &o,
            "1!has a quotation mark that is never closed!1,\"a\n2|2|b\n3|3|c\n4|4|x\ny\n5|5|d\n"
            "6!has a quotation mark that is never closed!6,\"e\n");
    }
}

static void test_ragged(void **state) {
    (void)state;
    assert_rows("a.csv", L("id,text,rating\n1\n2,b\n3,c,5\n4,d,5,x,\"y \"\"z\"\"\"\n5,e,5,,\n"),
                NULL,
                "1|1|~|~\n2|2|b|~\n3|3|c|5\n"
                "4!has 5 cells where the header has 3!4,d,5,x,\"y \"\"z\"\"\"\n5|5|e|5\n");
    assert_rows("a.tsv", L("user\tamount\nu1\t1\t \t\nu2\t2\tx\n"), NULL,
                "1|u1|1\n2!has 3 cells where the header has 2!u2\t2\tx\n");
    hx_row row = {.bad = "has 3 cells where the header has 2",
                  .bad_zh = "有 3 个单元格，而表头有 2 个"};
    assert_string_equal(hx_row_bad_text(&row, HX_UI_EN), row.bad);
    assert_string_equal(hx_row_bad_text(&row, HX_UI_ZH), row.bad_zh);
}

static void assert_format(const char *name, hx_str bytes, const char *format) {
    test_file f = test_file_new(name, bytes);
    hx_reader *r = test_open(&f, NULL);
    assert_string_equal(hx_reader_format_name(r), format);
    hx_reader_close(r);
    test_file_remove(&f);
}

/* A name that promises the other of JSON Lines and a table is not believed. */
static void test_wrong_names(void **state) {
    (void)state;
    assert_format("a.csv", L("\n {\"user\":\"u\",\"text\":\"hi, you\"}\n"), "JSON Lines");
    assert_format("a.txt", L("{\"user\":\"u\",\"text\":\"hi\"}\n"), "JSON Lines");
    assert_format("a.csv", L("{user},text\nu,hi\n"), "CSV");
    assert_format("a.jsonl", L("user,text\nu,hi\n"), "CSV");
    assert_format("a.jsonl", L("user\ttext\nu\thi\n"), "TSV");
    assert_format("a.jsonl", L("user,text\n{\"user\":\"u\"}\n"), "JSON Lines");
}

static void test_binary(void **state) {
    (void)state;
    static const char zeros[2000] = {0};
    test_file f = test_file_new("a.csv", (hx_str){zeros, sizeof zeros});
    assert_open_fails(&f, NULL, HX_EFORMAT,
                      ": begins with NUL bytes; it is binary data, not a table");
    test_file_remove(&f);
    f = test_file_new("b.csv", L("user,comments,te\0xt\nu1,a,hi\n"));
    assert_open_fails(&f, NULL, HX_EFORMAT, ": its header holds a NUL byte; it is no table");
    test_file_remove(&f);
}

static void test_bad_bytes(void **state) {
    (void)state;
    assert_rows("a.csv", L("id,text\n1,a\n2,b\0c\n3,d\n"), NULL, "1|1|a\n2!holds a NUL byte!2,b");
    hx_reader_options utf8 = {.chunk_bytes = 0};
    assert_rows("a.csv", L("id,text\n1,很好\n2,b\xFF\xE5\n3,不错\n4,\xE5\xA5\xBD\n"), &utf8,
                "1|1|很好\n2!holds bytes that are not valid in the file's "
                "encoding!2,b\xEF\xBF\xBD\xEF\xBF\xBD\n"
                "3|3|不错\n4|4|好\n");
    hx_row row = {.bad = "holds a NUL byte"};
    assert_string_equal(hx_row_bad_text(&row, HX_UI_EN), "holds a NUL byte");
    assert_string_equal(hx_row_bad_text(&row, HX_UI_ZH), "含有 NUL 字节");
}

/* Wrong bytes far behind the head make their rows bad, and not the file. */
static void test_wrong_encoding_in_the_middle(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 16u << 20);
    (void)hx_buf_append_lit(&b, "id,text\n");
    for (int i = 1; i <= 100000; i++)
        (void)hx_buf_printf(&b, i == 70000 ? "%d,\xB2\xBB\xB4\xED\n" : "%d,质量不错\n", i);
    test_file f = test_file_new("a.csv", hx_buf_str(&b));
    hx_reader *r = test_open(&f, NULL);
    hx_arena *arena = hx_arena_new(0);
    size_t good = 0, bad = 0;
    for (hx_chunk *c = NULL;; hx_chunk_free(c)) {
        hx_rows rows = {NULL, 0, 0};
        assert_int_equal(hx_reader_next(r, &c, NULL), HX_OK);
        if (!c) break;
        assert_int_equal(hx_chunk_rows(r, c, arena, &rows, NULL), HX_OK);
        for (size_t i = 0; i < rows.n_rows; i++) {
            good += rows.rows[i].bad == NULL;
            if (!rows.rows[i].bad) continue;
            bad++;
            assert_int_equal(rows.rows[i].row, 70000);
        }
        hx_arena_reset(arena);
    }
    assert_int_equal(good, 99999);
    assert_int_equal(bad, 1);
    hx_arena_free(arena);
    hx_reader_close(r);
    test_file_remove(&f);
    hx_buf_release(&b);
}

static void test_text(void **state) {
    (void)state;
    assert_rows("a.txt", L("这家餐厅很棒！\r\n\n\"Good\", she said\nlast"), NULL,
                "1|这家餐厅很棒！\n3|\"Good\", she said\n4|last\n");
    test_file f = test_file_new("a.txt", L("one\n"));
    hx_reader *r = test_open(&f, NULL);
    assert_roles(r, "text=text");
    assert_string_equal(hx_reader_format_name(r), "text");
    assert_int_equal(hx_reader_delimiter(r), 0);
    hx_reader_close(r);
    test_file_remove(&f);
}

/* A file whose name says nothing shows by its content what it is. */
static void test_sniffed(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        hx_format format;
        char delimiter;
    } cases[] = {{"user,text\nu1,hello\n", HX_FORMAT_CSV, ','},
                 {"label\ttext\n1\tgood\n", HX_FORMAT_TSV, '\t'},
                 {"a;b;c\n1;2;3\n4;5;6\n7;8;9\n", HX_FORMAT_CSV, ';'},
                 {"comment\n这家餐厅很棒！\n", HX_FORMAT_CSV, '\0'},
                 {"Great food, slow service\nNice, really\nBad\n", HX_FORMAT_TEXT, '\0'},
                 {"这家餐厅很棒！\n", HX_FORMAT_TEXT, '\0'},
                 {"  {\"text\":\"hello\"}\n", HX_FORMAT_JSONL, '\0'}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_file f = test_file_new("data", hx_str_of(cases[i].bytes));
        hx_reader *r = test_open(&f, NULL);
        if (hx_reader_format(r) != cases[i].format)
            fail_msg("%s: %s", cases[i].bytes, hx_reader_format_name(r));
        assert_int_equal(hx_reader_delimiter(r), cases[i].delimiter);
        hx_reader_close(r);
        test_file_remove(&f);
    }
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *name;
        hx_str bytes;
        hx_status code;
        const char *tail;
    } cases[] = {
        {"reviews.csv", {"", 0}, HX_EFORMAT, ": is empty"},
        {"reviews.csv", {"\n\n\n", 3}, HX_EFORMAT, ": is empty"},
        {"reviews.csv", {"\xEF\xBB\xBF", 3}, HX_EFORMAT, ": is empty"},
        {"reviews.jsonl", {"\n \n", 3}, HX_EFORMAT, ": is empty"},
        {"reviews.jsonl",
         {"not json\n", 9},
         HX_EFORMAT,
         ": holds no JSON object in its first lines"},
        {"reviews.json",
         {"[{\"a\":1}]\n", 10},
         HX_EFORMAT,
         ": is a JSON array; JSON Lines has one object a line (jq -c '.[]' makes it so)"},
        {"reviews.xlsx",
         {"id,text\n", 8},
         HX_EFORMAT,
         ": is no Excel workbook, whatever its name says"},
        {"reviews.xlsx",
         {"PK\x03\x04 damaged", 12},
         HX_EFORMAT,
         ": the workbook is damaged or incomplete"},
        {"reviews.xls",
         {"\xD0\xCF\x11\xE0\xA1\xB1", 6},
         HX_EFORMAT,
         ": is an old Excel file (.xls); save it as .xlsx or CSV"},
        {"reviews.csv", {"%PDF-1.4", 8}, HX_EFORMAT, ": is a PDF document, not a table"},
        {"reviews.csv",
         {"\xFF\xFE\0\0a\0\0\0", 8},
         HX_EFORMAT,
         ": is UTF-32 text; save it as UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_file f = test_file_new(cases[i].name, cases[i].bytes);
        assert_open_fails(&f, NULL, cases[i].code, cases[i].tail);
        test_file_remove(&f);
    }
    hx_reader *r = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(hx_reader_open(&r, "/nowhere/reviews.csv", NULL, &err), HX_ENOTFOUND);
    assert_string_equal(err.message, "/nowhere/reviews.csv: there is no such file");
    assert_int_equal(hx_reader_open(&r, "/tmp", NULL, &err), HX_EIO);
    assert_string_equal(err.message, "/tmp: is a directory, not a file");
    err.ui = HX_UI_ZH;
    assert_int_equal(hx_reader_open(&r, "/tmp", NULL, &err), HX_EIO);
    assert_string_equal(err.message, "/tmp：是目录，不是文件");
    assert_null(r);
}

static void test_too_many_columns(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    for (int i = 0; i <= HX_COLUMNS_MAX; i++)
        (void)hx_buf_append_lit(&b, i ? ",c" : "c");
    (void)hx_buf_append_byte(&b, '\n');
    test_file f = test_file_new("a.csv", hx_buf_str(&b));
    assert_open_fails(&f, NULL, HX_ELIMIT, ": has more than 4096 columns");
    test_file_remove(&f);
    /* Fewer columns, but such a row. */
    hx_buf c;
    hx_buf_init(&c, 1 << 20);
    (void)hx_buf_append_lit(&c, "a,b\n1,2\n");
    (void)hx_buf_append_str(&c, hx_buf_str(&b));
    (void)hx_buf_append_lit(&c, "3,4\n");
    f = test_file_new("a.csv", hx_buf_str(&c));
    hx_reader *r = test_open(&f, NULL);
    hx_arena *arena = hx_arena_new(0);
    hx_chunk *k = NULL;
    hx_rows rows;
    assert_int_equal(hx_reader_next(r, &k, NULL), HX_OK);
    assert_int_equal(hx_chunk_rows(r, k, arena, &rows, NULL), HX_OK);
    assert_int_equal(rows.n_rows, 3);
    assert_string_equal(rows.rows[1].bad, "has more than 4096 cells");
    assert_null(rows.rows[2].bad);
    hx_chunk_free(k);
    hx_arena_free(arena);
    hx_reader_close(r);
    test_file_remove(&f);
    hx_buf_release(&b);
    hx_buf_release(&c);
}

/* A quote that is never closed costs its row and nothing else, however much follows; and chunks stay small. */
static void check_unclosed_big(size_t rows) {
    hx_buf b;
    hx_buf_init(&b, 256u << 20);
    (void)hx_buf_append_lit(&b, "id,text\n0,\"never closed\n");
    for (size_t i = 1; i < rows; i++)
        (void)hx_buf_append_lit(&b, "12345678,0123456789012345678901234567890123456789\n");
    test_file f = test_file_new("a.csv", hx_buf_str(&b));
    hx_buf_release(&b);
    hx_reader *r = test_open(&f, NULL);
    hx_arena *arena = hx_arena_new(0);
    size_t n = 0, bad = 0;
    for (hx_chunk *c = NULL;; hx_chunk_free(c)) {
        hx_rows parsed = {NULL, 0, 0};
        assert_int_equal(hx_reader_next(r, &c, NULL), HX_OK);
        if (!c) break;
        assert_in_range(hx_chunk_end(c).offset - hx_chunk_start(c).offset, 1, 5u << 20);
        assert_int_equal(hx_chunk_rows(r, c, arena, &parsed, NULL), HX_OK);
        for (size_t i = 0; i < parsed.n_rows; i++) {
            bad += parsed.rows[i].bad != NULL;
            if (parsed.rows[i].bad) assert_int_equal(parsed.rows[i].row, 1);
        }
        n += parsed.n_rows;
        hx_arena_reset(arena);
    }
    assert_int_equal(n, rows);
    assert_int_equal(bad, 1);
    hx_arena_free(arena);
    hx_reader_close(r);
    test_file_remove(&f);
}

static void test_unclosed_big(void **state) {
    (void)state;
    check_unclosed_big(100000); /* to the end of the file */
    check_unclosed_big(2200000); /* beyond what a record may have */
}

/* A record without end is given by its start; what follows it is read. */
static void test_endless_record(void **state) {
    (void)state;
    test_file f = test_file_new("a.csv", L("id,text\n1,first\n2,"));
    FILE *out = fopen(f.path, "ab");
    char *block = malloc(1 << 20);
    assert_non_null(out);
    assert_non_null(block);
    memset(block, 'x', 1 << 20);
    for (int i = 0; i < 100; i++)
        assert_int_equal(fwrite(block, 1, 1 << 20, out), 1 << 20);
    assert_true(fputs("\n3,last\n", out) >= 0);
    assert_int_equal(fclose(out), 0);
    free(block);
    hx_reader *r = test_open(&f, NULL);
    hx_buf got;
    hx_buf_init(&got, 1 << 20);
    assert_int_equal(test_read_all(r, &got, NULL), HX_OK);
    assert_in_range(got.len, 4096, 4300);
    assert_memory_equal(got.ptr, "1|1|first\n2!is longer than 96 MB!2,xxx", 38);
    assert_memory_equal(got.ptr + got.len - 10, "\n3|3|last\n", 10);
    hx_buf_release(&got);
    hx_reader_close(r);
    /* A cell over its own cap in a record that still fits. */
    out = fopen(f.path, "wb");
    assert_non_null(out);
    assert_true(fputs("id,text\n1,", out) >= 0);
    assert_int_equal(fseek(out, (64L << 20) + 20, SEEK_CUR), 0);
    assert_true(fputs("\n2,last\n", out) >= 0);
    assert_int_equal(fclose(out), 0);
    r = test_open(&f, NULL);
    hx_arena *arena = hx_arena_new(0);
    hx_chunk *c = NULL;
    hx_rows rows;
    assert_int_equal(hx_reader_next(r, &c, NULL), HX_OK);
    assert_int_equal(hx_chunk_rows(r, c, arena, &rows, NULL), HX_OK);
    assert_int_equal(rows.n_rows, 2);
    assert_string_equal(rows.rows[0].bad, "has a cell of more than 64 MB");
    assert_int_equal(rows.rows[0].bad_column, 1);
    assert_true(hx_str_equal(rows.rows[1].cells[1], L("last")));
    hx_chunk_free(c);
    hx_arena_free(arena);
    hx_reader_close(r);
    test_file_remove(&f);
}

/* ------------------------------------------------------------------ going on */

static const char *const pieces[] = {",",     "\n",           "\"",   "a",  "很好", "\r\n", "\"\"",
                                     "x,y\n", "1,\"q\nr\"\n", "\xFF", "{}", "\t",   "b\n",  "\n\n"};

static hx_str random_table(hx_rng *rng, hx_buf *b) {
    hx_buf_reset(b);
    (void)hx_buf_append_lit(b, "id,text\n1,start\n");
    size_t n = hx_rng_below(rng, 120);
    for (size_t i = 0; i < n; i++)
        (void)hx_buf_append_lit(b, pieces[hx_rng_below(rng, sizeof pieces / sizeof *pieces)]);
    return hx_buf_str(b);
}

static void write_gzip(const char *path, hx_str s) {
    gzFile out = gzopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(gzwrite(out, s.ptr, (unsigned)s.len), (int)s.len);
    assert_int_equal(gzclose(out), Z_OK);
}

static void write_zstd(const char *path, hx_str s) {
    size_t room = ZSTD_compressBound(s.len);
    char *packed = malloc(room);
    assert_non_null(packed);
    size_t n = ZSTD_compress(packed, room, s.ptr, s.len, 3);
    assert_false(ZSTD_isError(n));
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(packed, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
    free(packed);
}

typedef struct {
    hx_position end[512];
    size_t row_bytes[512]; /* of the rows' text, up to that end */
    size_t n;
} stops;

static void read_with_stops(hx_reader *r, hx_buf *all, stops *s) {
    hx_arena *arena = hx_arena_new(0);
    s->n = 0;
    for (hx_chunk *c = NULL;; hx_chunk_free(c)) {
        hx_rows rows = {NULL, 0, 0};
        assert_int_equal(hx_reader_next(r, &c, NULL), HX_OK);
        if (!c) break;
        assert_int_equal(hx_chunk_rows(r, c, arena, &rows, NULL), HX_OK);
        test_write_rows(&rows, all);
        assert_in_range(s->n, 0, 511);
        s->row_bytes[s->n] = all->len;
        s->end[s->n++] = hx_chunk_end(c);
        const hx_position start = hx_chunk_start(c);
        if (s->n > 1) assert_memory_equal(&start, &s->end[s->n - 2], sizeof start);
    }
    hx_arena_free(arena);
}

static void check_going_on(const char *path, const hx_reader_options *o, hx_rng *rng) {
    hx_buf all, rest;
    stops *s = malloc(sizeof *s);
    assert_non_null(s);
    hx_buf_init(&all, 1 << 20);
    hx_buf_init(&rest, 1 << 20);
    hx_reader *r = NULL;
    assert_int_equal(hx_reader_open(&r, path, o, NULL), HX_OK);
    read_with_stops(r, &all, s);
    hx_reader_close(r);
    if (s->n > 0) {
        size_t k = hx_rng_below(rng, s->n);
        stops *again = malloc(sizeof *again);
        assert_non_null(again);
        assert_int_equal(hx_reader_open(&r, path, o, NULL), HX_OK);
        assert_int_equal(hx_reader_seek(r, s->end[k], NULL), HX_OK);
        read_with_stops(r, &rest, again);
        hx_reader_close(r);
        assert_int_equal(rest.len, all.len - s->row_bytes[k]);
        if (rest.len) assert_memory_equal(rest.ptr, all.ptr + s->row_bytes[k], rest.len);
        assert_int_equal(again->n, s->n - k - 1);
        for (size_t i = 0; i < again->n; i++)
            assert_memory_equal(&again->end[i], &s->end[k + 1 + i], sizeof(hx_position));
        free(again);
    }
    hx_buf_release(&all);
    hx_buf_release(&rest);
    free(s);
}

static void test_going_on(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, 20261121);
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    static const char *const names[] = {"a.csv", "a.tsv", "a.txt"};
    for (int i = 0; i < 1500; i++) {
        hx_reader_options o = {.chunk_bytes = 1 + hx_rng_below(&rng, 60)};
        hx_str s = random_table(&rng, &b);
        test_file f = test_file_new(names[i % 3], s);
        if (i % 5 == 1) write_gzip(f.path, s);
        if (i % 5 == 2) write_zstd(f.path, s);
        check_going_on(f.path, &o, &rng);
        test_file_remove(&f);
    }
    hx_buf_release(&b);
}

/* The size of chunks changes nothing in the rows. */
static void test_any_chunk_size(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, 77);
    hx_buf b, whole, parts;
    hx_buf_init(&b, 1 << 20);
    hx_buf_init(&whole, 1 << 20);
    hx_buf_init(&parts, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        test_file f = test_file_new("a.csv", random_table(&rng, &b));
        hx_reader *r = test_open(&f, NULL);
        hx_buf_reset(&whole);
        hx_buf_reset(&parts);
        assert_int_equal(test_read_all(r, &whole, NULL), HX_OK);
        hx_reader_close(r);
        hx_reader_options o = {.chunk_bytes = 1 + hx_rng_below(&rng, 50)};
        r = test_open(&f, &o);
        assert_int_equal(test_read_all(r, &parts, NULL), HX_OK);
        hx_reader_close(r);
        if (whole.len != parts.len || memcmp(whole.ptr, parts.ptr, whole.len) != 0)
            fail_msg("chunks of %zu:\n%.*s", o.chunk_bytes, (int)b.len, b.ptr);
        test_file_remove(&f);
    }
    hx_buf_release(&b);
    hx_buf_release(&whole);
    hx_buf_release(&parts);
}

static void test_seek_refused(void **state) {
    (void)state;
    test_file f = test_file_new("a.csv", L("id,text\n1,a\n2,b\n"));
    hx_reader *r = test_open(&f, NULL);
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(hx_reader_seek(r, (hx_position){0, 0}, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "can only be continued from a place behind the header"));
    assert_int_equal(hx_reader_seek(r, (hx_position){5000, 9}, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "is shorter than when it was read before"));
    hx_reader_close(r);
    r = test_open(&f, NULL);
    hx_chunk *c = NULL;
    assert_int_equal(hx_reader_next(r, &c, NULL), HX_OK);
    hx_position end = hx_chunk_end(c);
    assert_int_equal(end.row, 2);
    assert_int_equal(end.offset, 16);
    hx_chunk_free(c);
    assert_int_equal(hx_reader_map(r, "text=id", &err), HX_EINVAL);
    assert_int_equal(hx_reader_seek(r, end, &err), HX_EINVAL);
    hx_reader_close(r);
    r = test_open(&f, NULL);
    assert_int_equal(hx_reader_seek(r, end, &err), HX_OK);
    assert_int_equal(hx_reader_next(r, &c, NULL), HX_OK);
    assert_null(c);
    hx_reader_close(r);
    test_file_remove(&f);
}

static void test_progress(void **state) {
    (void)state;
    test_file f = test_file_new("a.csv", L("id,text\n1,a\n2,b\n"));
    hx_reader *r = test_open(&f, NULL);
    uint64_t done = 0, total = 0;
    hx_buf got;
    hx_buf_init(&got, 1 << 20);
    assert_int_equal(test_read_all(r, &got, NULL), HX_OK);
    hx_reader_progress(r, &done, &total);
    assert_int_equal(done, 16);
    assert_int_equal(total, 16);
    hx_buf_release(&got);
    hx_reader_close(r);
    test_file_remove(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),          cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_unclosed),       cmocka_unit_test(test_ragged),
        cmocka_unit_test(test_wrong_names),    cmocka_unit_test(test_binary),
        cmocka_unit_test(test_bad_bytes),      cmocka_unit_test(test_wrong_encoding_in_the_middle),
        cmocka_unit_test(test_text),           cmocka_unit_test(test_sniffed),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_too_many_columns),
        cmocka_unit_test(test_endless_record), cmocka_unit_test(test_unclosed_big),
        cmocka_unit_test(test_going_on),       cmocka_unit_test(test_any_chunk_size),
        cmocka_unit_test(test_seek_refused),   cmocka_unit_test(test_progress)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
