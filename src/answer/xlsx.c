/* xlsx.c - the pieces of an Excel workbook; see xlsx.h.
 *
 *   [Content_Types].xml   _rels/.rels   xl/workbook.xml   xl/_rels/workbook.xml.rels   xl/styles.xml
 *   xl/worksheets/sheet1.xml ...
 *
 * Style 0 is plain, style 1 a date and time. Entries have a fixed time, so equal tables give equal bytes. */
#include "answer/xlsx.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>

#include "base/error.h"
#include "base/utf8.h"

#define WORKBOOK_BYTES_MAX (16u << 20)
#define ZIP_TIME 315532800 /* 1980-01-01, the first day a zip file knows */
#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN_NS "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define OFFICE_NS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE_NS "http://schemas.openxmlformats.org/package/2006/"
#define SHEET_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."

/* ------------------------------------------------------------------ rows */
void hx__xlsx_begin_sheet(hx_buf *out) {
    hx_buf_append_lit(
        out, XML_HEAD
        "<worksheet xmlns=\"" MAIN_NS "\"><sheetViews><sheetView workbookViewId=\"0\">"
        "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>"
        "</sheetView></sheetViews><sheetData>");
}

void hx__xlsx_end_sheet(hx_buf *out) {
    hx_buf_append_lit(out, "</sheetData></worksheet>");
}

void hx__xlsx_begin_row(hx_buf *out, uint64_t row) {
    hx_buf_printf(out, "<row r=\"%" PRIu64 "\">", row);
}

void hx__xlsx_end_row(hx_buf *out) {
    hx_buf_append_lit(out, "</row>");
}

/* "AB12" */
static void put_reference(hx_buf *out, size_t column, uint64_t row) {
    char letters[16];
    size_t at = sizeof letters;
    for (size_t c = column + 1; c > 0; c = (c - 1) / 26)
        letters[--at] = (char)('A' + (c - 1) % 26);
    hx_buf_append(out, letters + at, sizeof letters - at);
    hx_buf_printf(out, "%" PRIu64, row);
}

/* "_x" and four hexadecimal digits and "_" at s[i] would be read as an escape. */
static bool is_escape_like(hx_str s, size_t i) {
    if (s.len - i < 7 || s.ptr[i] != '_' || s.ptr[i + 1] != 'x' || s.ptr[i + 6] != '_')
        return false;
    for (size_t k = i + 2; k < i + 6; k++)
        if (!memchr("0123456789abcdefABCDEF", s.ptr[k], 22)) return false;
    return true;
}

static void put_character(hx_buf *out, hx_str s, size_t at, size_t next, uint32_t cp) {
    if (cp == '&')
        hx_buf_append_lit(out, "&amp;");
    else if (cp == '<')
        hx_buf_append_lit(out, "&lt;");
    else if (cp == '>')
        hx_buf_append_lit(out, "&gt;");
    else if (cp == HX_UTF8_BAD || cp == 0xFFFE || cp == 0xFFFF)
        hx_buf_append_lit(out, "\xEF\xBF\xBD");
    else if (cp < 0x20 && cp != '\t' && cp != '\n')
        hx_buf_printf(out, "_x%04X_", (unsigned)cp);
    else if (cp == '_' && is_escape_like(s, at))
        hx_buf_append_lit(out, "_x005F_");
    else
        hx_buf_append(out, s.ptr + at, next - at);
}

void hx__xlsx_text(hx_buf *out, size_t column, uint64_t row, hx_str text, size_t max) {
    if (text.len == 0) return;
    hx_buf_append_lit(out, "<c r=\"");
    put_reference(out, column, row);
    hx_buf_append_lit(out, "\" t=\"inlineStr\"><is><t xml:space=\"preserve\">");
    size_t units = 0;
    for (size_t at = 0; at < text.len;) {
        size_t next = at;
        uint32_t cp = hx_utf8_next(text, &next);
        units += cp > 0xFFFF && cp != HX_UTF8_BAD ? 2 : 1;
        if (units > max) break;
        put_character(out, text, at, next, cp);
        at = next;
    }
    hx_buf_append_lit(out, "</t></is></c>");
}

void hx__xlsx_number(hx_buf *out, size_t column, uint64_t row, hx_str decimal, bool is_date) {
    if (decimal.len > 0 && decimal.ptr[0] == '+')
        decimal = (hx_str){decimal.ptr + 1, decimal.len - 1};
    hx_buf_append_lit(out, "<c r=\"");
    put_reference(out, column, row);
    hx_buf_append_lit(out, is_date ? "\" s=\"1\"><v>" : "\"><v>");
    hx_buf_append_str(out, decimal);
    hx_buf_append_lit(out, "</v></c>");
}

/* ------------------------------------------------------------------ the fixed parts */
static void put_types(hx_buf *out, unsigned sheets) {
    hx_buf_append_lit(
        out, XML_HEAD
        "<Types xmlns=\"" PACKAGE_NS "content-types\">"
        "<Default Extension=\"rels\" "
        "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
        "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
        "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" SHEET_TYPE "sheet.main+xml\"/>"
        "<Override PartName=\"/xl/styles.xml\" ContentType=\"" SHEET_TYPE "styles+xml\"/>");
    for (unsigned i = 1; i <= sheets; i++)
        hx_buf_printf(out,
                      "<Override PartName=\"/xl/worksheets/sheet%u.xml\" ContentType=\"" SHEET_TYPE
                      "worksheet+xml\"/>",
                      i);
    hx_buf_append_lit(out, "</Types>");
}

static void put_root(hx_buf *out, unsigned sheets) {
    (void)sheets;
    hx_buf_append_lit(out,
                      XML_HEAD "<Relationships xmlns=\"" PACKAGE_NS
                               "relationships\"><Relationship Id=\"rId1\" Type=\"" OFFICE_NS
                               "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
}

static void put_workbook(hx_buf *out, unsigned sheets) {
    hx_buf_append_lit(out, XML_HEAD "<workbook xmlns=\"" MAIN_NS "\" xmlns:r=\"" OFFICE_NS
                                    "\"><sheets>");
    for (unsigned i = 1; i <= sheets; i++)
        hx_buf_printf(out, "<sheet name=\"Sheet%u\" sheetId=\"%u\" r:id=\"rId%u\"/>", i, i, i);
    hx_buf_append_lit(out, "</sheets></workbook>");
}

static void put_relations(hx_buf *out, unsigned sheets) {
    hx_buf_append_lit(out, XML_HEAD "<Relationships xmlns=\"" PACKAGE_NS "relationships\">");
    for (unsigned i = 1; i <= sheets; i++)
        hx_buf_printf(out,
                      "<Relationship Id=\"rId%u\" Type=\"" OFFICE_NS
                      "/worksheet\" Target=\"worksheets/sheet%u.xml\"/>",
                      i, i);
    hx_buf_printf(out,
                  "<Relationship Id=\"rId%u\" Type=\"" OFFICE_NS
                  "/styles\" Target=\"styles.xml\"/></Relationships>",
                  sheets + 1);
}

static void put_styles(hx_buf *out, unsigned sheets) {
    (void)sheets;
    hx_buf_append_lit(
        out, XML_HEAD
        "<styleSheet xmlns=\"" MAIN_NS "\"><numFmts count=\"1\"><numFmt numFmtId=\"164\" "
        "formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/></numFmts><fonts count=\"1\"><font/></fonts>"
        "<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill "
        "patternType=\"gray125\"/></fill></fills><borders count=\"1\"><border/></borders>"
        "<cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"2\"><xf xfId=\"0\"/>"
        "<xf numFmtId=\"164\" xfId=\"0\" applyNumberFormat=\"1\"/></cellXfs><cellStyles "
        "count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" "
        "builtinId=\"0\"/></cellStyles></styleSheet>");
}

static const struct {
    const char *name;
    void (*put)(hx_buf *out, unsigned sheets);
} xlsx_parts[] = {
    {"[Content_Types].xml", put_types}, {"_rels/.rels", put_root},
    {"xl/workbook.xml", put_workbook},  {"xl/_rels/workbook.xml.rels", put_relations},
    {"xl/styles.xml", put_styles},
};
#define N_PARTS (sizeof xlsx_parts / sizeof *xlsx_parts)

/* ------------------------------------------------------------------ packing */
/* `source` is the archive's on success. */
static bool add_entry(zip_t *zip, const char *name, zip_source_t *source) {
    if (!source) return false;
    zip_int64_t i = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (i < 0) {
        zip_source_free(source);
        return false;
    }
    return zip_file_set_mtime(zip, (zip_uint64_t)i, ZIP_TIME, 0) == 0 &&
           zip_set_file_compression(zip, (zip_uint64_t)i, ZIP_CM_DEFLATE, 3) == 0;
}

static bool add_all(zip_t *zip, const char *path, unsigned sheets, hx_buf parts[N_PARTS]) {
    for (size_t i = 0; i < N_PARTS; i++) {
        hx_buf *b = &parts[i];
        xlsx_parts[i].put(b, sheets);
        if (b->failed ||
            !add_entry(zip, xlsx_parts[i].name, zip_source_buffer(zip, b->ptr, b->len, 0)))
            return false;
    }
    hx_buf file;
    hx_buf_init(&file, strlen(path) + 64);
    bool good = true;
    for (unsigned i = 1; i <= sheets && good; i++) {
        char name[64];
        hx_buf_reset(&file);
        snprintf(name, sizeof name, "xl/worksheets/sheet%u.xml", i);
        hx_buf_printf(&file, "%s.sheet%u.tmp", path, i);
        hx_buf_append_byte(&file, '\0');
        good = !file.failed && add_entry(zip, name, zip_source_file(zip, file.ptr, 0, -1));
    }
    hx_buf_release(&file);
    return good;
}

static bool pack(const char *to, const char *path, unsigned sheets, hx_buf parts[N_PARTS]) {
    int code;
    zip_t *zip = zip_open(to, ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (!zip) return false;
    if (add_all(zip, path, sheets, parts) && zip_close(zip) == 0) return true;
    zip_discard(zip);
    return false;
}

hx_status hx__xlsx_pack(const char *path, unsigned sheets, hx_error *err) {
    hx_buf parts[N_PARTS];
    hx_buf to;
    for (size_t i = 0; i < N_PARTS; i++)
        hx_buf_init(&parts[i], WORKBOOK_BYTES_MAX);
    hx_buf_init(&to, strlen(path) + 64);
    hx_buf_printf(&to, "%s.tmp", path);
    hx_buf_append_byte(&to, '\0');
    bool good = !to.failed && pack(to.ptr, path, sheets, parts);
    for (size_t i = 0; i < N_PARTS; i++)
        hx_buf_release(&parts[i]);
    hx_buf_release(&to);
    if (good) return HX_OK;
    return hx_fail(err, HX_EIO, "%s: the Excel file can't be packed; is there room on the disk?",
                   path);
}
