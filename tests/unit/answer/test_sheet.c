/* test_sheet.c - tables for spreadsheets: formulas disarmed, quoting, Excel escapes and further sheets, exports of a shop. */
#include "unit/answer/answer_test.h"

#include <zip.h>

#include "answer/sheet.h"
#include "base/file.h"

static char folder[32];
static hx_zone utc;

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/hx-sheet-XXXXXX");
    assert_int_equal(hx_zone_init(&utc, "UTC", NULL), HX_OK);
    return mkdtemp(folder) ? 0 : 1;
}

static int drop_folder(void **state) {
    (void)state;
    hx_zone_release(&utc);
    return rmdir(folder); /* fails where a temporary file was left */
}

static void in_folder(const char *name, char out[96]) {
    snprintf(out, 96, "%s/%s", folder, name);
}

static hx_str read_all(const char *path, hx_buf *b) {
    hx_buf_init(b, 64u << 20);
    assert_int_equal(hx_file_read(path, b, NULL), HX_OK);
    return hx_buf_str(b);
}

/* ------------------------------------------------------------------ CSV */
static void check_csv_cell(const char *text, size_t len, const char *expected) {
    char path[96], line[256];
    hx_sheet *s = NULL;
    hx_buf b;
    const hx_str header[] = {HX_STR_LIT("h")};
    in_folder("cell.csv", path);
    assert_int_equal(hx__sheet_open(&s, HX_EXPORT_CSV, path, header, 1, &utc, 0, NULL), HX_OK);
    hx__sheet_text(s, (hx_str){text, len});
    assert_int_equal(hx__sheet_end_row(s, NULL), HX_OK);
    assert_int_equal(hx__sheet_close(s, NULL), HX_OK);
    snprintf(line, sizeof line, "\xEF\xBB\xBFh\r\n%s\r\n", expected);
    assert_true(hx_str_equal(read_all(path, &b), hx_str_of(line)));
    hx_buf_release(&b);
    unlink(path);
}

static void csv_cells_can_not_run(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"=1+1", "'=1+1"},
        {"+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"},
        {"-2+3", "'-2+3"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\t=1", "\"'\t=1\""},
        {"\r=1", "\"'\r=1\""},
        {"＝1+1", "'＝1+1"},
        {"＠x", "'＠x"},
        {"-5", "-5"},
        {"+8613800138000", "+8613800138000"},
        {"-5.25", "-5.25"},
        {"-", "'-"},
        {"-5.", "'-5."},
        {"a=b", "a=b"},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {" x", "\" x\""},
        {"=\"a\",1", "\"'=\"\"a\"\",1\""},
        {"你好", "你好"},
        {"00123", "\"=\"\"00123\"\"\""},
        {"1234567890123456", "\"=\"\"1234567890123456\"\"\""},
        {"123456789012345", "123456789012345"},
        {"0", "0"},
        {"0.5", "0.5"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_csv_cell(cases[i][0], strlen(cases[i][0]), cases[i][1]);
    check_csv_cell("a\0b", 3, "ab");
}

static void plain_numbers(void **state) {
    (void)state;
    const char *const good[] = {"0", "-1", "+1", "12.50", "007"};
    const char *const bad[] = {"",   "-",     "1.",  ".5",  "1e5", "0x1",
                               "1 ", "1,000", "--1", "NaN", "=1"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(hx__sheet_is_number(hx_str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(hx__sheet_is_number(hx_str_of(bad[i])));
}

static void an_unwritable_place_is_said(void **state) {
    (void)state;
    hx_sheet *s = NULL;
    hx_error err = {.ui = HX_UI_EN};
    const hx_str header[] = {HX_STR_LIT("h")};
    assert_int_equal(hx__sheet_open(&s, HX_EXPORT_CSV, "/nowhere/x.csv", header, 1, &utc, 0, &err),
                     HX_EIO);
    assert_string_equal(
        err.message,
        "/nowhere/x.csv: can't be written; does its folder exist and may you write there?");
    assert_null(s);
    if (access("/dev/full", W_OK) != 0) return;
    char path[96], temporary[104];
    in_folder("full.csv", path);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    assert_int_equal(symlink("/dev/full", temporary), 0);
    assert_int_equal(hx__sheet_open(&s, HX_EXPORT_CSV, path, header, 1, &utc, 0, &err),
                     HX_EIO); /* links are not followed */
    unlink(temporary);
}

static void an_abandoned_table_leaves_nothing(void **state) {
    (void)state;
    char path[96];
    const hx_str header[] = {HX_STR_LIT("h")};
    for (int format = HX_EXPORT_CSV; format <= HX_EXPORT_XLSX; format++) {
        hx_sheet *s = NULL;
        in_folder("gone.csv", path);
        assert_int_equal(
            hx__sheet_open(&s, (hx_export_format)format, path, header, 1, &utc, 0, NULL), HX_OK);
        hx__sheet_abandon(s);
        assert_false(hx_file_exists(path));
    }
    hx__sheet_abandon(NULL);
}

/* ------------------------------------------------------------------ Excel */
static void read_part(const char *path, const char *name, char *out, size_t size) {
    int code;
    zip_t *zip = zip_open(path, ZIP_RDONLY, &code);
    assert_non_null(zip);
    zip_file_t *f = zip_fopen(zip, name, 0);
    out[0] = '\0';
    if (f) {
        zip_int64_t n = zip_fread(f, out, size - 1);
        assert_true(n >= 0);
        out[n] = '\0';
        zip_fclose(f);
    }
    zip_discard(zip);
}

static void excel_cells(void **state) {
    (void)state;
    char path[96];
    static char xml[65536];
    hx_sheet *s = NULL;
    const hx_str header[] = {HX_STR_LIT("a&b"), HX_STR_LIT("n"), HX_STR_LIT("t")};
    in_folder("cells.xlsx", path);
    assert_int_equal(hx__sheet_open(&s, HX_EXPORT_XLSX, path, header, 3, &utc, 0, NULL), HX_OK);
    hx__sheet_text(s, HX_STR_LIT("<x>\x01 _x0041_ =1+1 \xFF"));
    hx__sheet_money(s, -123400);
    hx__sheet_time(s, 1700000000000); /* 2023-11-14 22:13:20 */
    assert_int_equal(hx__sheet_end_row(s, NULL), HX_OK);
    hx__sheet_empty(s);
    hx__sheet_number(s, HX_STR_LIT("12 apples"));
    hx__sheet_time(s, HX_TIME_NONE);
    assert_int_equal(hx__sheet_end_row(s, NULL), HX_OK);
    hx__sheet_text(s, (hx_str){NULL, 0});
    hx__sheet_int(s, 7);
    hx__sheet_time(s, -3000000000000); /* 1874: before Excel's calendar */
    assert_int_equal(hx__sheet_end_row(s, NULL), HX_OK);
    assert_int_equal(hx__sheet_close(s, NULL), HX_OK);
    read_part(path, "xl/worksheets/sheet1.xml", xml, sizeof xml);
    assert_non_null(
        strstr(xml, "<c r=\"A1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">a&amp;b</t>"));
    assert_non_null(strstr(xml, ">&lt;x&gt;_x0001_ _x005F_x0041_ =1+1 \xEF\xBF\xBD</t>"));
    assert_non_null(strstr(xml, "<c r=\"B2\"><v>-12.34</v></c>"));
    assert_non_null(strstr(xml, "<c r=\"C2\" s=\"1\"><v>45244.9259259259</v></c>"));
    assert_non_null(strstr(xml, "<row r=\"3\"><c r=\"B3\" t=\"inlineStr\"><is><t "
                                "xml:space=\"preserve\">12 apples</t></is></c></row>"));
    assert_non_null(
        strstr(xml, "<row r=\"4\"><c r=\"B4\"><v>7</v></c><c r=\"C4\" t=\"inlineStr\">"));
    read_part(path, "xl/styles.xml", xml, sizeof xml);
    assert_non_null(strstr(xml, "yyyy\\-mm\\-dd"));
    unlink(path);
}

static void long_tables_go_on_in_further_sheets(void **state) {
    (void)state;
    char path[96], name[64], cell[64];
    static char xml[65536];
    hx_sheet *s = NULL;
    const hx_str header[] = {HX_STR_LIT("number")};
    in_folder("long.xlsx", path);
    assert_int_equal(hx__sheet_open(&s, HX_EXPORT_XLSX, path, header, 1, &utc, 4, NULL), HX_OK);
    for (int i = 0; i < 7; i++) {
        hx__sheet_int(s, i);
        assert_int_equal(hx__sheet_end_row(s, NULL), HX_OK);
    }
    assert_int_equal(hx__sheet_close(s, NULL), HX_OK);
    for (int i = 0; i < 7; i++) { /* 3 rows a sheet beside the header */
        snprintf(name, sizeof name, "xl/worksheets/sheet%d.xml", i / 3 + 1);
        snprintf(cell, sizeof cell, "<c r=\"A%d\"><v>%d</v></c>", i % 3 + 2, i);
        read_part(path, name, xml, sizeof xml);
        assert_non_null(strstr(xml, cell));
        assert_non_null(strstr(xml, "number"));
    }
    read_part(path, "xl/worksheets/sheet4.xml", xml, sizeof xml);
    assert_string_equal(xml, "");
    read_part(path, "xl/workbook.xml", xml, sizeof xml);
    assert_non_null(strstr(xml, "name=\"Sheet3\""));
    unlink(path);
}

static void long_texts_are_cut_at_excels_limit(void **state) {
    (void)state;
    char path[96];
    static char xml[300000];
    static char text[4 * HX_SHEET_CELL_MAX];
    hx_sheet *s = NULL;
    const hx_str header[] = {HX_STR_LIT("h")};
    for (size_t i = 0; i < sizeof text; i += 4)
        memcpy(text + i, "\xF0\x9F\x98\x80", 4); /* each is two UTF-16 units */
    in_folder("cut.xlsx", path);
    assert_int_equal(hx__sheet_open(&s, HX_EXPORT_XLSX, path, header, 1, &utc, 0, NULL), HX_OK);
    hx__sheet_text(s, (hx_str){text, sizeof text});
    assert_int_equal(hx__sheet_end_row(s, NULL), HX_OK);
    assert_int_equal(hx__sheet_close(s, NULL), HX_OK);
    read_part(path, "xl/worksheets/sheet1.xml", xml, sizeof xml);
    size_t n = 0;
    for (const char *at = xml; (at = strstr(at, "\xF0\x9F\x98\x80")) != NULL; at += 4)
        n++;
    assert_int_equal(n, HX_SHEET_CELL_MAX / 2);
    unlink(path);
}

/* ------------------------------------------------------------------ exports */
static void exports_hold_everybody(void **state) {
    (void)state;
    test_shop shop;
    char path[96];
    hx_buf b;
    uint64_t rows = 0;
    test_shop_open(&shop, TEST_DAYS);
    hx_population *pop = NULL;
    assert_int_equal(hx__population_open(&pop, shop.store, HX_AS_OF_LATEST, NULL), HX_OK);
    in_folder("profiles.csv", path);
    assert_int_equal(
        hx_answer_export(shop.store, HX_EXPORT_PROFILES, HX_EXPORT_CSV, path, NULL, &rows, NULL),
        HX_OK);
    assert_int_equal(rows, pop->n);
    hx_str text = read_all(path, &b);
    hx_buf_append_byte(&b, '\0');
    assert_memory_equal(text.ptr, "\xEF\xBB\xBFprofile,name,customer,", 25);
    assert_non_null(strstr(b.ptr, ",age,city"));
    assert_non_null(strstr(b.ptr, ",'=1+1,"));
    assert_non_null(strstr(b.ptr, ",'@SUM(A1),"));
    assert_null(strstr(b.ptr, ",=1+1"));
    hx_buf_release(&b);
    unlink(path);
    uint64_t members = 0;
    for (int id = 0; id < HX_SEGMENT_N; id++)
        members += pop->segment_sizes[id];
    hx_answer_options zh = {.as_of = HX_AS_OF_LATEST, .ui = HX_UI_ZH, .timezone = "Asia/Shanghai"};
    in_folder("segments.xlsx", path);
    assert_int_equal(
        hx_answer_export(shop.store, HX_EXPORT_SEGMENTS, HX_EXPORT_XLSX, path, &zh, &rows, NULL),
        HX_OK);
    assert_int_equal(rows, members);
    static char xml[400000];
    read_part(path, "xl/worksheets/sheet1.xml", xml, sizeof xml);
    assert_non_null(strstr(xml, "分群名称"));
    unlink(path);
    hx__population_close(pop);
    test_shop_close(&shop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_cells_can_not_run),
        cmocka_unit_test(plain_numbers),
        cmocka_unit_test(an_unwritable_place_is_said),
        cmocka_unit_test(an_abandoned_table_leaves_nothing),
        cmocka_unit_test(excel_cells),
        cmocka_unit_test(long_tables_go_on_in_further_sheets),
        cmocka_unit_test(long_texts_are_cut_at_excels_limit),
        cmocka_unit_test(exports_hold_everybody),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
