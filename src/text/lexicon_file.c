/* lexicon_file.c - the reader of lexicon tables.
 *
 *     # comment
 *     word TAB 1.25 TAB -0.4
 *
 * A lexicon is ours, but a user may edit it: every record is checked, and an error names file and line. */
#include "text/lexicon_file.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"

enum { FILE_CAP = 16 << 20, HUNDREDTHS_MAX = 30000 };

hx_status hx__lexicon_file_open(hx_lexicon_file *f, const char *share_dir, const char *name,
                                hx_error *err) {
    *f = (hx_lexicon_file){.name = name};
    hx_buf_init(&f->bytes, FILE_CAP);
    hx_buf path;
    hx_buf_init(&path, 4096);
    if (share_dir) hx_buf_printf(&path, "%s/lexicons/", share_dir);
    hx_buf_append_str(&path, hx_str_of(name));
    hx_buf_append_byte(&path, 0);
    hx_status status = hx_buf_status(&path, "the lexicon's path", err);
    if (status == HX_OK) status = hx_file_read(path.ptr, &f->bytes, err);
    hx_buf_release(&path);
    if (status == HX_OK && !hx_utf8_is_valid(hx_buf_str(&f->bytes)))
        status = hx_fail(err, HX_EFORMAT, "lexicon %s is not UTF-8", name);
    return status;
}

void hx__lexicon_file_close(hx_lexicon_file *f) {
    hx_buf_release(&f->bytes);
}

static hx_str next_line(hx_lexicon_file *f) {
    const char *start = f->bytes.ptr + f->pos;
    size_t left = f->bytes.len - f->pos;
    const char *end = memchr(start, '\n', left);
    size_t len = end ? (size_t)(end - start) : left;
    f->pos += end ? len + 1 : len;
    f->line++;
    return (hx_str){start, len};
}

static void split(hx_lexicon_file *f, hx_str line) {
    size_t from = 0;
    f->n_fields = 0;
    for (size_t i = 0; i <= line.len; i++) {
        if (i < line.len && line.ptr[i] != '\t') continue;
        if (f->n_fields < HX_LEXICON_FIELDS_MAX)
            f->field[f->n_fields] = (hx_str){line.ptr + from, i - from};
        f->n_fields++;
        from = i + 1;
    }
}

hx_status hx__lexicon_file_next(hx_lexicon_file *f, int n_fields, bool *more, hx_error *err) {
    while (f->pos < f->bytes.len) {
        hx_str line = next_line(f);
        if (line.len == 0 || (line.ptr[0] == '#' && (line.len == 1 || line.ptr[1] == ' ')))
            continue;
        split(f, line);
        bool is_whole = f->n_fields == n_fields;
        for (int i = 0; i < n_fields && is_whole; i++)
            is_whole = f->field[i].len > 0;
        if (!is_whole)
            return hx_fail(err, HX_EFORMAT,
                           "lexicon %s, line %d: needs %d fields separated by tabs", f->name,
                           f->line, n_fields);
        *more = true;
        return HX_OK;
    }
    *more = false;
    return HX_OK;
}

hx_status hx__lexicon_file_hundredths(const hx_lexicon_file *f, int field, int *out,
                                      hx_error *err) {
    hx_str s = f->field[field];
    size_t i = s.ptr[0] == '-' ? 1 : 0;
    int value = 0, digits = 0, places = -1;
    for (; i < s.len && value <= HUNDREDTHS_MAX && places < 2; i++) {
        if (s.ptr[i] == '.' && places < 0 && digits > 0) {
            places = 0;
            continue;
        }
        if (s.ptr[i] < '0' || s.ptr[i] > '9') break;
        value = value * 10 + (s.ptr[i] - '0');
        digits++;
        if (places >= 0) places++;
    }
    for (int p = places < 0 ? 0 : places; p < 2; p++)
        value *= 10;
    if (i < s.len || digits == 0 || value > HUNDREDTHS_MAX)
        return hx_fail(err, HX_EFORMAT,
                       "lexicon %s, line %d: '%.*s' is not a number of at most two decimal places "
                       "from -300 to 300",
                       f->name, f->line, HX_STR_ARG(s));
    *out = s.ptr[0] == '-' ? -value : value;
    return HX_OK;
}

hx_status hx__lexicon_file_unknown(const hx_lexicon_file *f, int i, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "lexicon %s, line %d: '%.*s' is not known here", f->name,
                   f->line, HX_STR_ARG(f->field[i]));
}
