/* stopwords.c - the set of stop words.
 *
 * Almost every word of a text is asked for, and most are none: a filter over a few of the word's bytes and its length says no
 * before the real hash is computed. Words are compared in their cleaned form:
 * lower case, simplified. The set is filled once at open and only read afterwards. */
#include "text/stopwords.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "text/wordseg.h"
#include "text/wordseg_data.h"

static uint32_t filter_bit(hx_str word) {
    const unsigned char *p = (const unsigned char *)word.ptr;
    uint32_t mixed = p[word.len - 1] | (uint32_t)p[word.len / 2] << 8 |
                     (uint32_t)p[word.len > 1] << 16 | (uint32_t)word.len << 24;
    return mixed * 0x9E3779B1u >> (32 - HX_STOP_FILTER_BITS);
}

static hx_status add(hx_text_model *m, hx_str word, hx_error *err) {
    uint64_t *seen = hx_map_put(&m->stop_words, hx_hash(word));
    if (!seen) return hx_fail(err, HX_ENOMEM, "out of memory while reading stop words");
    *seen = 1;
    uint32_t bit = filter_bit(word);
    m->stop_filter[bit / 64] |= (uint64_t)1 << bit % 64;
    return HX_OK;
}

static hx_status add_lines(hx_text_model *m, hx_str text, hx_error *err) {
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        hx_str line = {text.ptr, end ? (size_t)(end - text.ptr) : text.len};
        size_t used = line.len + (end ? 1 : 0);
        while (line.len && strchr(" \t\r", line.ptr[line.len - 1]))
            line.len--;
        if (line.len && line.ptr[0] != '#') HX_TRY(add(m, line, err));
        text = (hx_str){text.ptr + used, text.len - used};
    }
    return HX_OK;
}

hx_status hx__stopwords_read(hx_text_model *m, const char *path, hx_error *err) {
    if (!path) return add_lines(m, m->wordseg->stop, err);
    hx_buf file;
    hx_buf_init(&file, HX_STOPWORDS_FILE_MAX);
    hx_status status = hx_file_read(path, &file, err);
    if (status == HX_OK && !hx_utf8_is_valid(hx_buf_str(&file)))
        status = hx_fail(err, HX_EFORMAT,
                         "%s is not UTF-8; stop words are one word a line in UTF-8", path);
    if (status == HX_OK) status = add_lines(m, hx_buf_str(&file), err);
    if (status == HX_OK) m->stop_hash = hx_hash(hx_buf_str(&file));
    hx_buf_release(&file);
    return status;
}

bool hx__stopwords_has(const hx_text_model *m, hx_str word) {
    if (word.len == 0) return false;
    uint32_t bit = filter_bit(word);
    return (m->stop_filter[bit / 64] >> bit % 64 & 1) != 0 &&
           hx_map_get(&m->stop_words, hx_hash(word)) != NULL;
}
