/* fuzz_xlsx.c - workbooks: as a zip, and (what a fuzzer gets further with) as the XML of a sheet, put into a zip here. The first byte
 * chooses. */
#include <stdlib.h>
#include <zip.h>

#include "fuzz_file.h"

static const char workbook[] =
    "<workbook "
    "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><workbookPr/>"
    "<sheets><sheet name=\"a\" r:id=\"r1\"/></sheets></workbook>";
static const char relations[] =
    "<Relationships><Relationship Id=\"r1\" Target=\"worksheets/sheet1.xml\"/></Relationships>";
static const char styles[] = "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf "
                             "numFmtId=\"22\"/></cellXfs></styleSheet>";
static const char strings[] =
    "<sst><si><t>text</t></si><si><r><t>a</t></r><r><t>b</t></r></si></sst>";

static void add(zip_t *z, const char *name, const void *data, size_t size) {
    zip_source_t *s = zip_source_buffer(z, data, size, 0);
    FUZZ_REQUIRE(s && zip_file_add(z, name, s, 0) >= 0);
}

/* A workbook with `data` as its sheet, as bytes in *out (to be freed with the source). */
static zip_source_t *make_book(const uint8_t *data, size_t size, const uint8_t **out, size_t *n) {
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &why);
    FUZZ_REQUIRE(target);
    zip_source_keep(target);
    zip_t *z = zip_open_from_source(target, ZIP_TRUNCATE, &why);
    FUZZ_REQUIRE(z);
    add(z, "xl/workbook.xml", workbook, sizeof workbook - 1);
    add(z, "xl/_rels/workbook.xml.rels", relations, sizeof relations - 1);
    add(z, "xl/styles.xml", styles, sizeof styles - 1);
    add(z, "xl/sharedStrings.xml", strings, sizeof strings - 1);
    add(z, "xl/worksheets/sheet1.xml", data, size);
    FUZZ_REQUIRE(zip_close(z) == 0);
    zip_stat_t st;
    FUZZ_REQUIRE(zip_source_stat(target, &st) == 0 && zip_source_open(target) == 0);
    uint8_t *bytes = malloc(st.size);
    FUZZ_REQUIRE(bytes && zip_source_read(target, bytes, st.size) == (zip_int64_t)st.size);
    (void)zip_source_close(target);
    *out = bytes;
    *n = st.size;
    return target;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    hx_reader_options o = {.format = HX_FORMAT_XLSX, .chunk_bytes = (size_t)1 << (data[0] >> 4)};
    if (data[0] & 1) {
        fuzz_file(data + 1, size - 1, &o);
        return 0;
    }
    const uint8_t *bytes = NULL;
    size_t n = 0;
    zip_source_t *book = make_book(data + 1, size - 1, &bytes, &n);
    fuzz_file(bytes, n, &o);
    zip_source_free(book);
    free((void *)(uintptr_t)bytes);
    return 0;
}
