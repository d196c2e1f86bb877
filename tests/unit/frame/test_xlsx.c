/* test_xlsx.c - workbooks made here with libzip: strings of all kinds, dates of both epochs, sheets, title rows, hostile ones. */
#include "unit/frame/frame_test.h"

#include <fcntl.h>
#include <zip.h>

#define L(s) HX_STR_LIT(s)
#define MAIN "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""

typedef struct {
    const char *workbook_attributes; /* of workbookPr */
    const char *sheets; /* <sheet .../> elements; NULL = one, visible */
    const char *strings, *styles; /* children of sst and styleSheet, or NULL */
    const char *sheet1, *sheet2; /* children of sheetData; sheet2 may be NULL */
    const char *prolog; /* before the root of sheet 1 */
} book;

static void add_part(zip_t *z, const char *name, const char *format, const char *a, const char *b) {
    hx_buf text;
    hx_buf_init(&text, 512u << 20);
    /* cmocka's tests have no taste for format warnings: the two places are put by hand. */
    for (const char *c = format; *c; c++) {
        if (*c == '@')
            (void)hx_buf_append_lit(&text, a);
        else if (*c == '#')
            (void)hx_buf_append_lit(&text, b);
        else
            (void)hx_buf_append_byte(&text, *c);
    }
    assert_false(text.failed);
    char *copy = malloc(text.len + 1);
    assert_non_null(copy);
    memcpy(copy, text.ptr, text.len);
    zip_source_t *source = zip_source_buffer(z, copy, text.len, 1);
    assert_non_null(source);
    assert_true(zip_file_add(z, name, source, 0) >= 0);
    hx_buf_release(&text);
}

static void write_book(const char *path, const book *b) {
    int code = 0;
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(z);
    add_part(z, "xl/workbook.xml",
             "<workbook " MAIN " xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/"
             "relationships\"><workbookPr @/>"
             "<sheets>#</sheets></workbook>",
             b->workbook_attributes ? b->workbook_attributes : "",
             b->sheets ? b->sheets : "<sheet name=\"One\" sheetId=\"1\" r:id=\"rId1\"/>");
    add_part(
        z, "xl/_rels/workbook.xml.rels",
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
        "<Relationship Id=\"rId1\" Type=\"t\" Target=\"worksheets/sheet1.xml\"/>"
        "<Relationship Id=\"rId2\" Type=\"t\" "
        "Target=\"/xl/worksheets/sheet2.xml\"/></Relationships>",
        "", "");
    if (b->strings) add_part(z, "xl/sharedStrings.xml", "<sst " MAIN ">@</sst>", b->strings, "");
    if (b->styles)
        add_part(z, "xl/styles.xml", "<styleSheet " MAIN ">@</styleSheet>", b->styles, "");
    add_part(z, "xl/worksheets/sheet1.xml",
             "#<worksheet " MAIN "><sheetData>@</sheetData></worksheet>", b->sheet1,
             b->prolog ? b->prolog : "");
    if (b->sheet2)
        add_part(z, "xl/worksheets/sheet2.xml",
                 "<worksheet " MAIN "><sheetData>@</sheetData></worksheet>", b->sheet2, "");
    assert_int_equal(zip_close(z), 0);
}

static test_file book_file(const book *b) {
    test_file f = test_file_new("a.xlsx", L(""));
    write_book(f.path, b);
    return f;
}

static void check_book(const book *b, const hx_reader_options *o, const char *roles,
                       const char *want) {
    test_file f = book_file(b);
    hx_reader *r = test_open(&f, o);
    hx_buf got;
    hx_buf_init(&got, 64u << 20);
    if (roles) assert_roles(r, roles);
    assert_int_equal(test_read_all(r, &got, NULL), HX_OK);
    (void)hx_buf_append_byte(&got, '\0');
    assert_string_equal(got.ptr, want);
    hx_buf_release(&got);
    hx_reader_close(r);
    test_file_remove(&f);
}

#define HEADER                                                                                     \
    "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>用户</t></is></c><c r=\"B1\" "              \
    "t=\"inlineStr\"><is><t>评论</t></is></c></row>"

static void test_strings(void **state) {
    (void)state;
    book b = {
        .strings = "<si><t>用户</t></si><si><t>评论</t></si>"
                   "<si><r><t>很</t></r><r><rPr><b/></rPr><t xml:space=\"preserve\">好 "
                   "</t></r><rPh sb=\"0\" eb=\"1\"><t>hen</t></rPh></si>"
                   "<si><t>a \"b\", c\nd &lt;&amp;&#x4E2D;</t></si><si/>",
        .sheet1 =
            "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>"
            "<row r=\"2\"><c r=\"A2\" "
            "t=\"inlineStr\"><is><r><t>u</t></r><r><t>1</t></r></is></c><c r=\"B2\" "
            "t=\"s\"><v>2</v></c></row>"
            "<row r=\"3\"><c r=\"B3\" t=\"s\"><v>3</v></c></row>"
            "<row r=\"5\"><c r=\"A5\" t=\"str\"><f>A1&amp;A2</f><v>formula</v></c><c r=\"B5\" "
            "t=\"s\"><v>4</v></c></row>"
            "<row><c><v>7</v></c><c t=\"e\"><v>#N/A</v></c></row>"};
    check_book(&b, NULL, "用户=customer,评论=text",
               "1|u1|很好 \n2||a \"b\", c\nd <&中\n4|formula|\n5|7|#N/A\n");
}

static void test_numbers(void **state) {
    (void)state;
    book b = {.sheet1 = HEADER
              "<row><c><v>0.30000000000000004</v></c><c><v>1E3</v></c></row>"
              "<row><c><v>123456789012345</v></c><c><v>-0</v></c></row>"
              "<row><c t=\"b\"><v>1</v></c><c t=\"b\"><v>0</v></c></row>"
              "<row><c t=\"n\"><v>19.9</v></c><c t=\"d\"><v>2026-03-05T10:00:00</v></c></row>"};
    check_book(&b, NULL, NULL,
               "1|0.3|1000\n2|123456789012345|0\n3|true|false\n4|19.9|2026-03-05T10:00:00\n");
}

#define STYLES                                                                                     \
    "<numFmts count=\"4\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd hh:mm\"/><numFmt "  \
    "numFmtId=\"165\" formatCode=\"0.00&quot;d&quot;\"/>"                                          \
    "<numFmt numFmtId=\"166\" "                                                                    \
    "formatCode=\"[$-804]yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@\"/><numFmt "        \
    "numFmtId=\"167\" formatCode=\"[h]:mm:ss\"/></numFmts>"                                        \
    "<cellXfs count=\"8\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/><xf "      \
    "numFmtId=\"164\"/><xf numFmtId=\"165\"/>"                                                     \
    "<xf numFmtId=\"166\"/><xf numFmtId=\"20\"/><xf numFmtId=\"167\"/></cellXfs>"

static void test_dates(void **state) {
    (void)state;
    static const char sheet[] =
        HEADER "<row><c s=\"0\"><v>46086</v></c><c s=\"1\"><v>46086</v></c></row>"
               "<row><c s=\"2\"><v>46086.597222222</v></c><c s=\"3\"><v>46086.25</v></c></row>"
               "<row><c s=\"4\"><v>46086</v></c><c s=\"5\"><v>46086</v></c></row>"
               "<row><c s=\"6\"><v>0.5</v></c><c s=\"7\"><v>0.25</v></c></row>"
               "<row><c s=\"1\"><v>-5</v></c><c s=\"1\"><v>99999999</v></c></row>";
    book b = {.styles = STYLES, .sheet1 = sheet};
    check_book(&b, NULL, NULL,
               "1|46086|2026-03-05\n2|2026-03-05 14:20:00|2026-03-05 "
               "06:00:00\n3|46086|2026-03-05\n4|12:00:00|06:00:00\n"
               "5|-5|99999999\n");
    b.workbook_attributes = "date1904=\"1\"";
    check_book(&b, NULL, NULL,
               "1|46086|2030-03-06\n2|2030-03-06 14:20:00|2030-03-06 06:00:00\n3|46086|2030-03-06\n"
               "4|12:00:00|06:00:00\n5|-5|99999999\n");
}

static void test_sheets(void **state) {
    (void)state;
    book b = {.sheets = "<sheet name=\"One\" sheetId=\"1\" r:id=\"rId1\"/><sheet name=\"Two\" "
                        "sheetId=\"2\" r:id=\"rId2\"/>",
              .sheet1 = "",
              .sheet2 = HEADER "<row><c t=\"str\"><v>u2</v></c><c t=\"str\"><v>two</v></c></row>"};
    check_book(&b, NULL, NULL, "1|u2|two\n");
    b.sheet1 = HEADER "<row><c t=\"str\"><v>u1</v></c><c t=\"str\"><v>one</v></c></row>";
    check_book(&b, NULL, NULL, "1|u1|one\n");
    hx_reader_options second = {.sheet = 2}, third = {.sheet = 3};
    check_book(&b, &second, NULL, "1|u2|two\n");
    test_file f = book_file(&b);
    assert_open_fails(&f, &third, HX_ENOTFOUND, ": has no sheet 3; it has 2");
    test_file_remove(&f);
    b.sheets = "<sheet name=\"One\" sheetId=\"1\" state=\"hidden\" r:id=\"rId1\"/><sheet "
               "name=\"Two\" sheetId=\"2\" r:id=\"rId2\"/>";
    check_book(&b, NULL, NULL, "1|u2|two\n");
    b = (book){.sheet1 = "<row r=\"1\"/><row r=\"2\"><c r=\"A2\" s=\"1\"/></row>"};
    f = book_file(&b);
    assert_open_fails(&f, NULL, HX_EFORMAT, ": is empty");
    test_file_remove(&f);
}

/* A merged title above the header is no header. */
static void test_title(void **state) {
    (void)state;
    book b = {.sheet1 = "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>2026年评论汇总</v></c></row>"
                        "<row r=\"3\"><c r=\"A3\" t=\"str\"><v>用户</v></c><c r=\"B3\" "
                        "t=\"str\"><v>评论</v></c></row>"
                        "<row r=\"4\"><c r=\"A4\" t=\"str\"><v>u1</v></c><c r=\"B4\" "
                        "t=\"str\"><v>很好</v></c></row>"};
    check_book(&b, NULL, "用户=customer,评论=text", "1|u1|很好\n");
    b.sheet1 = "<row><c t=\"str\"><v>评论</v></c></row><row><c t=\"str\"><v>很好</v></c></row>";
    check_book(&b, NULL, "评论=text", "1|很好\n");
}

static void test_hostile(void **state) {
    (void)state;
    /* entities: billion laughs and files of others */
    book b = {.prolog = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
                        "\"&a;&a;&a;&a;\"><!ENTITY c SYSTEM \"file:///etc/passwd\">]>",
              .sheet1 = HEADER "<row><c t=\"str\"><v>&b;</v></c><c t=\"str\"><v>&c;</v></c></row>"};
    test_file f = book_file(&b);
    assert_open_fails(&f, NULL, HX_EFORMAT, ": the workbook is damaged (xl/worksheets/sheet1.xml)");
    test_file_remove(&f);
    static const char *const sheets[] = {
        "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>999</v></c></row>", /* no such string */
        "<row r=\"9999999\"><c><v>1</v></c></row>", /* no such row */
        "<row r=\"1\"><c r=\"ZZZZZZ1\"><v>1</v></c></row>", /* no such column */
        "<row r=\"1\"><c r=\"A1\"><v>1</v>", /* not well-formed */
    };
    for (size_t i = 0; i < 4; i++) {
        b = (book){.sheet1 = sheets[i]};
        f = book_file(&b);
        assert_open_fails(&f, NULL, HX_EFORMAT,
                          ": the workbook is damaged (xl/worksheets/sheet1.xml)");
        test_file_remove(&f);
    }
    b = (book){.sheet1 = HEADER, .sheets = "<sheet name=\"One\" sheetId=\"1\" r:id=\"rId9\"/>"};
    f = book_file(&b);
    assert_open_fails(&f, NULL, HX_EFORMAT, ": the workbook is damaged (sheet)");
    test_file_remove(&f);
}

static void test_no_workbook(void **state) {
    (void)state;
    test_file f = test_file_new("a.xlsx", L(""));
    int code = 0;
    zip_t *z = zip_open(f.path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(z);
    add_part(z, "readme.txt", "hello", "", "");
    assert_int_equal(zip_close(z), 0);
    assert_open_fails(&f, NULL, HX_EFORMAT, ": is a zip archive, but no Excel workbook");
    test_file_remove(&f);
}

/* A sheet of 130 MB in 130 KB is refused. */
static void test_bomb(void **state) {
    (void)state;
    hx_buf rows;
    hx_buf_init(&rows, 512u << 20);
    while (rows.len < (130u << 20))
        (void)hx_buf_append_lit(&rows,
                                "                                                                ");
    (void)hx_buf_append_byte(&rows, '\0');
    book b = {.sheet1 = rows.ptr};
    test_file f = book_file(&b);
    assert_open_fails(&f, NULL, HX_ELIMIT,
                      ": unpacks to far more than a workbook should (xl/worksheets/sheet1.xml)");
    test_file_remove(&f);
    hx_buf_release(&rows);
}

/* From a pipe, in chunks of any size, and going on. */
static void test_going_on(void **state) {
    (void)state;
    hx_buf rows;
    hx_buf_init(&rows, 1u << 20);
    (void)hx_buf_append_lit(&rows, HEADER);
    for (int i = 0; i < 50; i++)
        (void)hx_buf_printf(
            &rows,
            "<row r=\"%d\"><c t=\"str\"><v>u%d</v></c><c t=\"str\"><v>line\n%d</v></c></row>",
            2 * i + 2, i, i);
    (void)hx_buf_append_byte(&rows, '\0');
    book b = {.sheet1 = rows.ptr};
    test_file f = book_file(&b);
    hx_buf all, rest;
    hx_buf_init(&all, 1 << 20);
    hx_buf_init(&rest, 1 << 20);
    hx_reader *r = test_open(&f, NULL);
    assert_int_equal(test_read_all(r, &all, NULL), HX_OK);
    hx_reader_close(r);
    for (size_t chunk = 1; chunk < 200; chunk += 13) {
        hx_reader_options o = {.chunk_bytes = chunk};
        hx_buf_reset(&rest);
        r = test_open(&f, &o);
        hx_chunk *c = NULL;
        hx_position end = {0, 0};
        for (int i = 0; i < 3; i++) {
            assert_int_equal(hx_reader_next(r, &c, NULL), HX_OK);
            end = hx_chunk_end(c);
            hx_chunk_free(c);
        }
        hx_reader_close(r);
        r = test_open(&f, &o);
        assert_int_equal(hx_reader_seek(r, end, NULL), HX_OK);
        assert_int_equal(test_read_all(r, &rest, NULL), HX_OK);
        assert_in_range(rest.len, 1, all.len - 10);
        assert_memory_equal(rest.ptr, all.ptr + all.len - rest.len, rest.len);
        hx_reader_close(r);
    }
    int kept = dup(STDIN_FILENO), in = open(f.path, O_RDONLY);
    assert_int_equal(dup2(in, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(hx_reader_open(&r, "-", NULL, NULL), HX_OK);
    hx_buf_reset(&rest);
    assert_int_equal(test_read_all(r, &rest, NULL), HX_OK);
    assert_int_equal(rest.len, all.len);
    assert_memory_equal(rest.ptr, all.ptr, all.len);
    hx_reader_close(r);
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    close(kept);
    close(in);
    test_file_remove(&f);
    hx_buf_release(&rows);
    hx_buf_release(&all);
    hx_buf_release(&rest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),     cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_dates),       cmocka_unit_test(test_sheets),
        cmocka_unit_test(test_title),       cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_no_workbook), cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_going_on)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
