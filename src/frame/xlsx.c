/* xlsx.c - the package of a workbook (ECMA-376): which sheet to read, shared strings, number formats.
 *
 *     xl/workbook.xml             sheets with their relation ids; the epoch
 *     xl/_rels/workbook.xml.rels  relation id -> part
 *     xl/sharedStrings.xml        texts, referred to by number
 *     xl/styles.xml               cell style -> number format -> number, date, time
 *
 * A hostile file can't do harm: parts are streamed, what they may unpack to is capped, document types (and so entities) are refused,
 * nothing is fetched. */
#include "frame/xlsx_book.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define TEXTS_MAX (512u << 20) /* bytes of shared strings */
#define TEXT_COUNT_MAX (32u << 20)
#define STYLES_MAX (1u << 16)
#define FORMATS_MAX 4096
#define SHEETS_MAX 1024
#define BOMB_FREE (64u << 20) /* a part may always unpack to this, */
#define BOMB_RATIO 200u /* and beyond to so many times its packed size */

static hx_status fail_damaged(const hx_xlsx *x, const char *part, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "%s: the workbook is damaged (%s)", x->name, part);
}

/* ------------------------------------------------------------------ parts */

static int read_part(void *context, char *to, int room) {
    hx_xlsx_part *p = context;
    zip_int64_t got = zip_fread(p->file, to, (zip_uint64_t)room);
    if (got < 0) return -1;
    if ((uint64_t)got > p->left) {
        p->too_large = true;
        return -1;
    }
    p->left -= (uint64_t)got;
    return (int)got;
}

static void ignore_xml_error(void *context, xmlErrorPtr error) {
    (void)context;
    (void)error;
}

hx_status hx_xlsx_part_open(hx_xlsx *x, const char *part, hx_xlsx_part *p, hx_error *err) {
    zip_stat_t st;
    memset(p, 0, sizeof *p);
    zip_stat_init(&st);
    if (zip_stat(x->zip, part, ZIP_FL_NOCASE, &st) != 0) return HX_ENOTFOUND;
    if (!(st.valid & ZIP_STAT_SIZE) || !(st.valid & ZIP_STAT_COMP_SIZE))
        return fail_damaged(x, part, err);
    p->part = part;
    p->left = BOMB_FREE + BOMB_RATIO * (st.comp_size < UINT64_MAX / 1024 ? st.comp_size : 0);
    if (st.size > p->left)
        return hx_fail(err, HX_ELIMIT, "%s: unpacks to far more than a workbook should (%s)",
                       x->name, part);
    p->file = zip_fopen_index(x->zip, st.index, 0);
    if (!p->file && zip_error_code_zip(zip_get_error(x->zip)) == ZIP_ER_NOPASSWD)
        return hx_fail(err, HX_EFORMAT, "%s: is protected by a password", x->name);
    if (!p->file) return fail_damaged(x, part, err);
    p->xml = xmlReaderForIO(read_part, NULL, p, NULL, NULL,
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!p->xml) {
        hx_xlsx_part_close(p);
        return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    xmlTextReaderSetStructuredErrorHandler(p->xml, ignore_xml_error, NULL);
    return HX_OK;
}

void hx_xlsx_part_close(hx_xlsx_part *p) {
    if (p->xml) xmlFreeTextReader(p->xml);
    if (p->file) (void)zip_fclose(p->file);
    p->xml = NULL;
    p->file = NULL;
}

hx_status hx_xlsx_part_next(hx_xlsx *x, hx_xlsx_part *p, bool *more, hx_error *err) {
    int got = xmlTextReaderRead(p->xml);
    if (p->too_large)
        return hx_fail(err, HX_ELIMIT, "%s: unpacks to far more than a workbook should (%s)",
                       x->name, p->part);
    if (got < 0) return fail_damaged(x, p->part, err);
    if (got == 1 && xmlTextReaderNodeType(p->xml) == XML_READER_TYPE_DOCUMENT_TYPE)
        return fail_damaged(x, p->part, err);
    *more = got == 1;
    return HX_OK;
}

bool hx_xlsx_is(const hx_xlsx_part *p, const char *element) {
    const xmlChar *name = xmlTextReaderConstLocalName(p->xml);
    return name && strcmp((const char *)name, element) == 0;
}

bool hx_xlsx_starts(const hx_xlsx_part *p, const char *element) {
    return xmlTextReaderNodeType(p->xml) == XML_READER_TYPE_ELEMENT && hx_xlsx_is(p, element);
}

bool hx_xlsx_ends(const hx_xlsx_part *p, const char *element) {
    int type = xmlTextReaderNodeType(p->xml);
    bool end = type == XML_READER_TYPE_END_ELEMENT ||
               (type == XML_READER_TYPE_ELEMENT && xmlTextReaderIsEmptyElement(p->xml) == 1);
    return end && hx_xlsx_is(p, element);
}

char *hx_xlsx_attribute(const hx_xlsx_part *p, const char *name) {
    return (char *)xmlTextReaderGetAttribute(p->xml, (const xmlChar *)name);
}

static long attribute_number(const hx_xlsx_part *p, const char *name) {
    char *text = hx_xlsx_attribute(p, name);
    long n = 0;
    for (const char *c = text; c && *c >= '0' && *c <= '9' && n < 100000000; c++)
        n = n * 10 + (*c - '0');
    xmlFree(text);
    return n;
}

/* Calls `node` for each node of a part; a part that is not there has none. */
typedef hx_status node_fn(hx_xlsx *x, hx_xlsx_part *p, void *context, hx_error *err);
static hx_status for_nodes(hx_xlsx *x, const char *part, node_fn *node, void *context,
                           hx_error *err) {
    hx_xlsx_part p;
    hx_status st = hx_xlsx_part_open(x, part, &p, err);
    if (st == HX_ENOTFOUND) return HX_OK;
    bool more = true;
    while (st == HX_OK) {
        st = hx_xlsx_part_next(x, &p, &more, err);
        if (st != HX_OK || !more) break;
        st = node(x, &p, context, err);
    }
    hx_xlsx_part_close(&p);
    return st;
}

/* ------------------------------------------------------------------ shared strings */

typedef struct {
    bool in_text, in_phonetic;
} strings_state;

static hx_status strings_node(hx_xlsx *x, hx_xlsx_part *p, void *context, hx_error *err) {
    strings_state *s = context;
    int type = xmlTextReaderNodeType(p->xml);
    if (hx_xlsx_starts(p, "t")) s->in_text = true;
    if (hx_xlsx_ends(p, "t")) s->in_text = false;
    if (hx_xlsx_starts(p, "rPh")) s->in_phonetic = true;
    if (hx_xlsx_ends(p, "rPh")) s->in_phonetic = false;
    bool text = type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE ||
                type == XML_READER_TYPE_WHITESPACE || type == XML_READER_TYPE_CDATA;
    if (text && s->in_text && !s->in_phonetic)
        (void)hx_buf_append_lit(&x->texts, (const char *)xmlTextReaderConstValue(p->xml));
    if (hx_xlsx_ends(p, "si")) {
        uint64_t end = x->texts.len;
        (void)hx_buf_append(&x->text_ends, &end, sizeof end);
        HX_TRY(hx_buf_status(&x->texts, x->name, err));
        return hx_buf_status(&x->text_ends, x->name, err);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ number formats */

/* Built-in formats 14-22 and 45-47, and those of Chinese and Japanese Excel (27-36, 50-58). */
static hx_xlsx_kind builtin_kind(long id) {
    if (id == 22) return HX_XLSX_DATETIME;
    if ((id >= 18 && id <= 21) || (id >= 45 && id <= 47) || (id >= 32 && id <= 35) || id == 55 ||
        id == 56)
        return HX_XLSX_CLOCK;
    if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 58))
        return HX_XLSX_DATE;
    return HX_XLSX_NUMBER;
}

/* Letters of dates outside "..." [..] and behind no backslash. A m alone is a month, beside h or s a minute. */
static hx_xlsx_kind format_kind(const char *f) {
    bool date = false, clock = false, month = false;
    for (; *f && *f != ';'; f++) {
        if (*f == '\\' || *f == '_' || *f == '*') {
            if (f[1]) f++;
        } else if (*f == '"' || *f == '[') {
            char end = *f == '"' ? '"' : ']';
            /* [h]:mm counts hours */
            if (*f == '[' && (f[1] == 'h' || f[1] == 'm' || f[1] == 's')) clock = true;
            while (f[1] && f[1] != end)
                f++;
            if (f[1]) f++;
        } else {
            char c = (char)(*f | 0x20);
            date |= c == 'y' || c == 'd';
            clock |= c == 'h' || c == 's';
            month |= c == 'm';
            if (strncmp(f, "General", 7) == 0 || strncmp(f, "GENERAL", 7) == 0)
                return HX_XLSX_NUMBER;
        }
    }
    date |= month && !clock;
    return date && clock ? HX_XLSX_DATETIME
           : date        ? HX_XLSX_DATE
           : clock       ? HX_XLSX_CLOCK
                         : HX_XLSX_NUMBER;
}

typedef struct {
    struct {
        long id;
        hx_xlsx_kind kind;
    } custom[FORMATS_MAX];
    size_t n;
    bool in_xfs;
} styles_state;

static hx_xlsx_kind kind_of(const styles_state *s, long id) {
    for (size_t i = 0; i < s->n; i++)
        if (s->custom[i].id == id) return s->custom[i].kind;
    return builtin_kind(id);
}

static hx_status styles_node(hx_xlsx *x, hx_xlsx_part *p, void *context, hx_error *err) {
    styles_state *s = context;
    if (hx_xlsx_starts(p, "numFmt") && s->n < FORMATS_MAX) {
        char *code = hx_xlsx_attribute(p, "formatCode");
        s->custom[s->n].id = attribute_number(p, "numFmtId");
        s->custom[s->n++].kind = code ? format_kind(code) : HX_XLSX_NUMBER;
        xmlFree(code);
    }
    if (hx_xlsx_starts(p, "cellXfs")) s->in_xfs = true;
    if (hx_xlsx_ends(p, "cellXfs")) s->in_xfs = false;
    if (s->in_xfs && hx_xlsx_starts(p, "xf")) {
        (void)hx_buf_append_byte(&x->kinds, (char)kind_of(s, attribute_number(p, "numFmtId")));
        return hx_buf_status(&x->kinds, x->name, err);
    }
    return HX_OK;
}

static hx_status read_styles(hx_xlsx *x, hx_error *err) {
    styles_state *s = calloc(1, sizeof *s);
    if (!s) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = for_nodes(x, "xl/styles.xml", styles_node, s, err);
    free(s);
    return st;
}

/* ------------------------------------------------------------------ sheets */

typedef struct {
    char *relation; /* xmlFree */
    const char *part; /* in the workbook's arena, or NULL */
    bool hidden;
} sheet;

typedef struct {
    sheet sheets[SHEETS_MAX];
    size_t n;
    bool is_workbook;
} book;

static hx_status workbook_node(hx_xlsx *x, hx_xlsx_part *p, void *context, hx_error *err) {
    book *b = context;
    (void)err;
    if (hx_xlsx_starts(p, "workbook")) b->is_workbook = true;
    if (hx_xlsx_starts(p, "workbookPr")) {
        char *v = hx_xlsx_attribute(p, "date1904");
        x->epoch_1904 = v && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
        xmlFree(v);
    }
    if (!hx_xlsx_starts(p, "sheet") || b->n == SHEETS_MAX) return HX_OK;
    char *state = hx_xlsx_attribute(p, "state");
    b->sheets[b->n].hidden = state && strcmp(state, "visible") != 0;
    b->sheets[b->n++].relation = (char *)xmlTextReaderGetAttributeNs(
        p->xml, (const xmlChar *)"id",
        (const xmlChar *)"http://schemas.openxmlformats.org/officeDocument/2006/relationships");
    xmlFree(state);
    return HX_OK;
}

/* "worksheets/sheet1.xml" stands in xl/, "/xl/worksheets/sheet1.xml" in the root. */
static const char *part_of_target(hx_xlsx *x, const char *target) {
    hx_buf b;
    hx_buf_init(&b, 4096);
    if (target[0] != '/') (void)hx_buf_append_lit(&b, "xl/");
    (void)hx_buf_append_lit(&b, target[0] == '/' ? target + 1 : target);
    const char *part = b.failed ? NULL : hx_arena_str(x->arena, hx_buf_str(&b)).ptr;
    hx_buf_release(&b);
    return part;
}

static hx_status relations_node(hx_xlsx *x, hx_xlsx_part *p, void *context, hx_error *err) {
    book *b = context;
    (void)err;
    if (!hx_xlsx_starts(p, "Relationship")) return HX_OK;
    char *id = hx_xlsx_attribute(p, "Id"), *target = hx_xlsx_attribute(p, "Target");
    for (size_t i = 0; id && target && i < b->n; i++)
        if (b->sheets[i].relation && !b->sheets[i].part && strcmp(b->sheets[i].relation, id) == 0)
            b->sheets[i].part = part_of_target(x, target);
    xmlFree(id);
    xmlFree(target);
    return HX_OK;
}

static hx_status open_sheet(hx_xlsx *x, const sheet *s, hx_error *err) {
    hx_xlsx_part_close(&x->rows);
    x->sheet = s->part;
    x->last_row = 0;
    x->ended = false;
    hx_buf_reset(&x->out);
    hx_status st = x->sheet ? hx_xlsx_part_open(x, x->sheet, &x->rows, err) : HX_ENOTFOUND;
    return st == HX_ENOTFOUND ? fail_damaged(x, "sheet", err) : st;
}

/* Only blank rows so far? */
static bool is_blank(const hx_buf *out) {
    return out->len == 0 || (out->len < 2 * 1048576 && out->ptr[out->len - 1] == '\n' &&
                             (out->len == 1 || out->ptr[out->len - 2] == '\n'));
}

static hx_status choose_sheet(hx_xlsx *x, const book *b, int64_t wanted, hx_error *err) {
    if (wanted < 0 || wanted > (int64_t)b->n)
        return hx_fail(err, HX_ENOTFOUND, "%s: has no sheet %lld; it has %zu", x->name,
                       (long long)wanted, b->n);
    for (size_t i = 0; i < b->n; i++) {
        if (wanted > 0 ? (int64_t)i + 1 != wanted : b->sheets[i].hidden) continue;
        HX_TRY(open_sheet(x, &b->sheets[i], err));
        while (!x->ended && is_blank(&x->out))
            HX_TRY(hx_xlsx_sheet_row(x, err));
        if (!is_blank(&x->out)) return HX_OK;
    }
    return hx_fail(err, HX_EFORMAT, "%s: is empty", x->name);
}

static hx_status open_tables(hx_xlsx *x, int64_t wanted, hx_error *err) {
    strings_state strings = {false, false};
    book *b = calloc(1, sizeof *b);
    if (!b) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = for_nodes(x, "xl/workbook.xml", workbook_node, b, err);
    if (st == HX_OK && !b->is_workbook)
        st = hx_fail(err, HX_EFORMAT, "%s: is a zip archive, but no Excel workbook", x->name);
    if (st == HX_OK) st = for_nodes(x, "xl/_rels/workbook.xml.rels", relations_node, b, err);
    if (st == HX_OK) st = for_nodes(x, "xl/sharedStrings.xml", strings_node, &strings, err);
    if (st == HX_OK) st = read_styles(x, err);
    if (st == HX_OK) st = choose_sheet(x, b, wanted, err);
    for (size_t i = 0; i < b->n; i++) {
        xmlFree(b->sheets[i].relation);
    }
    free(b);
    return st;
}

/* ------------------------------------------------------------------ open, read, close */

static hx_status open_zip(hx_xlsx *x, const char *path, hx_str bytes, hx_error *err) {
    int code = 0;
    zip_error_t why;
    zip_error_init(&why);
    if (path) {
        x->zip = zip_open(path, ZIP_RDONLY, &code);
    } else {
        zip_source_t *source = zip_source_buffer_create(bytes.ptr, bytes.len, 0, &why);
        x->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
        if (source && !x->zip) zip_source_free(source);
    }
    zip_error_fini(&why);
    if (!x->zip)
        return hx_fail(err, HX_EFORMAT, "%s: the workbook is damaged or incomplete", x->name);
    return HX_OK;
}

hx_status hx_xlsx_open(hx_xlsx **out, const char *path, hx_str bytes, const char *name,
                       int64_t wanted, hx_error *err) {
    hx_xlsx *x = calloc(1, sizeof *x);
    if (!x) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_init(&x->texts, TEXTS_MAX);
    hx_buf_init(&x->text_ends, TEXT_COUNT_MAX * sizeof(uint64_t));
    hx_buf_init(&x->kinds, STYLES_MAX);
    hx_buf_init(&x->out, TEXTS_MAX);
    x->name = name;
    x->arena = hx_arena_new(0);
    hx_status st = x->arena ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = open_zip(x, path, bytes, err);
    if (st == HX_OK) st = open_tables(x, wanted, err);
    if (st == HX_OK)
        *out = x;
    else
        hx_xlsx_close(x);
    return st;
}

void hx_xlsx_close(hx_xlsx *x) {
    if (!x) return;
    hx_xlsx_part_close(&x->rows);
    if (x->zip) zip_discard(x->zip);
    hx_buf_release(&x->texts);
    hx_buf_release(&x->text_ends);
    hx_buf_release(&x->kinds);
    hx_buf_release(&x->out);
    hx_arena_free(x->arena);
    free(x);
}

hx_status hx_xlsx_read(hx_xlsx *x, char *to, size_t room, size_t *n, hx_error *err) {
    *n = 0;
    while (x->out_at == x->out.len && !x->ended) {
        hx_buf_reset(&x->out);
        x->out_at = 0;
        HX_TRY(hx_xlsx_sheet_row(x, err));
    }
    size_t have = x->out.len - x->out_at;
    *n = have < room ? have : room;
    if (*n > 0) memcpy(to, x->out.ptr + x->out_at, *n);
    x->out_at += *n;
    return HX_OK;
}
