/* word_file.c - vectors of words as files, in the two formats of word2vec, which gensim and others read and write:
 *
 *     N D \n                          numbers of words and of values
 *     word BLANK v1 BLANK ... vD \n   text: shortest decimals that read back as the same float
 *     word BLANK D floats \n          binary: little-endian IEEE 754; the line end may be missing
 *
 * GloVe's own text files have no first line; they are read too. A file is mapped, not trusted: counts are believed only as far as the file is long enough
 * for them, values must be finite. A repeated word counts once, the first time, and a word that is no UTF-8 is left out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/number.h"
#include "base/utf8.h"
#include "learn/word_vectors.h"

#define FILE_MAX_ ((size_t)32 << 30)
#define HEAD_MAX 64 /* bytes of the first line */

/* ------------------------------------------------------------------ writing */
typedef struct {
    const hx_word_vectors *v;
    hx_word_format format;
} writing;

static void put_text(const float *row, size_t d, hx_buf *b) {
    for (size_t k = 0; k < d; k++)
        hx_buf_printf(b, " %.9g", (double)row[k]);
}

static void put_binary(const float *row, size_t d, hx_buf *b) {
    hx_buf_append_byte(b, ' ');
    for (size_t k = 0; k < d; k++) {
        uint32_t bits;
        memcpy(&bits, &row[k], sizeof bits);
        for (unsigned shift = 0; shift < 32; shift += 8)
            hx_buf_append_byte(b, (char)(unsigned char)(bits >> shift));
    }
}

static hx_status fill(void *context, int fd, const char *path, hx_error *err) {
    const writing *w = context;
    const hx_word_vectors *v = w->v;
    hx_status status = HX_OK;
    hx_buf b;
    hx_buf_init(&b, FILE_MAX_);
    hx_buf_printf(&b, "%zu %zu\n", v->n, v->dimension);
    for (size_t i = 0; i < v->n && status == HX_OK; i++) {
        hx_buf_append_str(&b, v->words[i]);
        (w->format == HX_WORD_TEXT ? put_text : put_binary)(v->rows + i * v->dimension,
                                                            v->dimension, &b);
        hx_buf_append_byte(&b, '\n');
        if (b.len < (size_t)1 << 20 && i + 1 < v->n) continue;
        status = hx_buf_status(&b, path, err);
        if (status == HX_OK) status = hx_file_put(fd, path, hx_buf_str(&b), err);
        hx_buf_reset(&b);
    }
    hx_buf_release(&b);
    return status;
}

hx_status hx_word_vectors_save(const hx_word_vectors *v, const char *path, hx_word_format format,
                               hx_error *err) {
    writing w = {v, format};
    return hx_file_write_by(path, false, fill, &w, err);
}

/* ------------------------------------------------------------------ reading */
typedef struct {
    const char *path;
    const char *at, *end;
    size_t n, dimension; /* as the first line says */
    bool binary;
    hx_word_vectors *v;
} reading;

static hx_status foreign(const reading *r, hx_error *err) {
    return hx_fail(err, HX_EFORMAT,
                   "%s holds no vectors of words: a file of word2vec begins with two numbers, how "
                   "many words and how many values each",
                   r->path);
}

static const char *line_end(const char *at, const char *end) {
    const char *nl = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return nl != NULL ? nl : end;
}

static bool whole(const char **at, const char *end, size_t *out) {
    *out = 0;
    const char *from = *at;
    for (; *at < end && **at >= '0' && **at <= '9' && *at - from < 12; (*at)++)
        *out = *out * 10 + (size_t)(**at - '0');
    return *at > from;
}

/* "N D"; false where the first line is another. */
static bool read_head(reading *r) {
    const char *end = line_end(r->at, r->end), *at = r->at;
    if (end - at > HEAD_MAX || !whole(&at, end, &r->n) || at == end || *at++ != ' ' ||
        !whole(&at, end, &r->dimension))
        return false;
    while (at < end && (*at == ' ' || *at == '\r'))
        at++;
    if (at < end || end == r->end) return false;
    r->at = end + 1;
    return true;
}

/* One value of a line of text; false at its end or where it is none. */
static bool read_value(const char **at, const char *end, float *out) {
    while (*at < end && (**at == ' ' || **at == '\t'))
        (*at)++;
    const char *from = *at;
    while (*at < end && **at != ' ' && **at != '\t' && **at != '\r')
        (*at)++;
    const double v = *at > from ? hx_double_of((hx_str){from, (size_t)(*at - from)}) : NAN;
    *out = (float)v;
    return isfinite(v) && isfinite(*out);
}

/* How many values stand behind the word of the line that begins at `at`. SIZE_MAX: one of them is no number. */
static size_t values_of_line(const char *at, const char *end) {
    const char *blank = memchr(at, ' ', (size_t)(end - at));
    size_t n = 0;
    float v;
    if (blank == NULL) return 0;
    for (at = blank; at < end;) {
        while (at < end && (*at == ' ' || *at == '\r' || *at == '\t'))
            at++;
        if (at == end) break;
        if (!read_value(&at, end, &v)) return SIZE_MAX;
        n++;
    }
    return n;
}

/* GloVe's own format: as many values as the first line has, as many words as there are lines. */
static bool count_lines(reading *r) {
    const char *end = line_end(r->at, r->end);
    r->dimension = values_of_line(r->at, end);
    if (r->dimension < 2 || r->dimension == SIZE_MAX) return false;
    for (const char *at = r->at; at < r->end; at = line_end(at, r->end) + 1)
        r->n++;
    return true;
}

static hx_status check_sizes(reading *r, hx_error *err) {
    if (r->n == 0 || r->dimension == 0 || r->n > HX_WORDS_MAX ||
        r->dimension > HX_WORD_DIMENSION_MAX)
        return hx_fail(err, HX_ELIMIT,
                       "%s says that it has %zu words of %zu values; 1 to %zu of 1 to %d can be "
                       "read",
                       r->path, r->n, r->dimension, HX_WORDS_MAX, HX_WORD_DIMENSION_MAX);
    const size_t each = 2 + (r->binary ? 4 * r->dimension : 2 * r->dimension - 1);
    /* The last line end may be missing. */
    if ((size_t)(r->end - r->at) + 1 < r->n * each)
        return hx_fail(err, HX_EFORMAT,
                       "%s breaks off: it is too short for its %zu words of %zu values", r->path,
                       r->n, r->dimension);
    return HX_OK;
}

static hx_status read_word(reading *r, size_t row, hx_str *word, hx_error *err) {
    while (r->at < r->end && (*r->at == '\n' || *r->at == '\r'))
        r->at++;
    const size_t room = (size_t)(r->end - r->at) < HX_WORD_BYTES_MAX + 1 ? (size_t)(r->end - r->at)
                                                                         : HX_WORD_BYTES_MAX + 1;
    const char *blank = room > 0 ? memchr(r->at, ' ', room) : NULL;
    if (blank == NULL || blank == r->at || memchr(r->at, '\n', (size_t)(blank - r->at)) != NULL)
        return hx_fail_row(err, HX_EFORMAT, (int64_t)row + 1, "%s is damaged: row %zu has no word",
                           r->path, row + 1);
    *word = (hx_str){r->at, (size_t)(blank - r->at)};
    r->at = blank + 1;
    return HX_OK;
}

static hx_status read_binary_row(reading *r, size_t row, float *out, hx_error *err) {
    if ((size_t)(r->end - r->at) < 4 * r->dimension)
        return hx_fail_row(err, HX_EFORMAT, (int64_t)row + 1,
                           "%s is damaged: it ends within row %zu", r->path, row + 1);
    for (size_t k = 0; k < r->dimension; k++, r->at += 4) {
        uint32_t bits = 0;
        for (size_t b = 0; b < 4; b++)
            bits |= (uint32_t)(unsigned char)r->at[b] << (8 * b);
        memcpy(&out[k], &bits, sizeof bits);
        if (!isfinite(out[k]))
            return hx_fail_row(err, HX_EFORMAT, (int64_t)row + 1,
                               "%s is damaged: row %zu has a value that is no number", r->path,
                               row + 1);
    }
    return HX_OK;
}

static hx_status read_text_row(reading *r, size_t row, float *out, hx_error *err) {
    const char *end = line_end(r->at, r->end);
    for (size_t k = 0; k < r->dimension; k++)
        if (!read_value(&r->at, end, &out[k]))
            return hx_fail_row(
                err, HX_EFORMAT, (int64_t)row + 1,
                "%s is damaged: row %zu has too few values, or one that is no number", r->path,
                row + 1);
    while (r->at < end && (*r->at == ' ' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
    if (r->at < end)
        return hx_fail_row(err, HX_EFORMAT, (int64_t)row + 1,
                           "%s is damaged: row %zu has too many values", r->path, row + 1);
    return HX_OK;
}

static hx_status read_rows(reading *r, hx_error *err) {
    hx_word_vectors *v = r->v;
    for (size_t row = 0; row < r->n; row++) {
        hx_str word;
        bool fresh;
        float *to = v->rows + v->n * v->dimension;
        HX_TRY(read_word(r, row, &word, err));
        HX_TRY((r->binary ? read_binary_row : read_text_row)(r, row, to, err));
        if (!hx_utf8_is_valid(word)) continue;
        if (!hx_word_vectors_add(v, word, &fresh))
            return hx_fail(err, HX_ENOMEM, "not enough memory for the vectors of words");
    }
    if (v->n == 0) return foreign(r, err);
    return HX_OK;
}

static hx_status read_all(reading *r, hx_error *err) {
    const bool head = read_head(r);
    if (!head && !count_lines(r)) return foreign(r, err);
    const size_t values = head ? values_of_line(r->at, line_end(r->at, r->end)) : r->dimension;
    r->binary = values == 0 || values == SIZE_MAX;
    HX_TRY(check_sizes(r, err));
    HX_TRY(hx_word_vectors_new(&r->v, r->n, r->dimension, err));
    const hx_status status = read_rows(r, err);
    if (status != HX_OK) hx_word_vectors_free(r->v);
    return status;
}

hx_status hx_word_vectors_load(hx_word_vectors **out, const char *path, hx_error *err) {
    hx_mapping m;
    HX_TRY(hx_mapping_open(&m, path, err));
    reading r = {.path = path, .at = m.bytes.ptr, .end = m.bytes.ptr};
    r.end = m.bytes.len > 0 ? m.bytes.ptr + m.bytes.len : r.at;
    const hx_status status = m.bytes.len > 0 ? read_all(&r, err) : foreign(&r, err);
    hx_mapping_close(&m);
    if (status == HX_OK) *out = r.v;
    return status;
}
