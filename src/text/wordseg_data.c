/* wordseg_data.c - opening words.hxd, looking up idf, and reading the user's words.
 *
 * A user word without a weight gets one that makes it win over its own parts by a factor of about 1000, but never so great that it cuts
 * longer dictionary words in two for nothing: ln p = clamp(best path over its own characters + 6.9, -9, -1). A weight in the file is a
 * frequency on the scale of jieba's dictionary (ten is rare, 100,000 is 的-like). */
#include "text/wordseg_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "text/annotator.h"
#include "text/taught_words.h"
#include "text/wordseg.h"
#include "text/wordseg_scratch.h"

#define USER_BONUS 6.9
#define USER_WEIGHT_LOW (-9.0)
#define USER_WEIGHT_HIGH (-1.0)
#define TAUGHT_RUNS_MAX 1000000u /* of one word, in a memory */

static hx_status map_trie(hx_wordseg *w, hx_error *err) {
    hx_str codes, rare, nodes;
    HX_TRY(hx__datafile_section(&w->file, "codes", 1, &codes, err));
    HX_TRY(hx__datafile_section(&w->file, "rare", 1, &rare, err));
    HX_TRY(hx__datafile_section(&w->file, "nodes", 1, &nodes, err));
    return hx__trie_view(&w->trie, codes, rare, nodes, err);
}

static hx_status map_array(const hx_wordseg *w, const char *name, size_t bytes, const void **out,
                           hx_error *err) {
    hx_str section;
    HX_TRY(hx__datafile_section(&w->file, name, 1, &section, err));
    if (section.len != bytes)
        return hx_fail(err, HX_EFORMAT,
                       "a data file's section '%s' has a wrong size; build the data again", name);
    *out = section.ptr;
    return HX_OK;
}

static hx_status map_sections(hx_wordseg *w, hx_error *err) {
    const void *start = NULL, *trans = NULL, *emit = NULL, *idf = NULL, *meta = NULL;
    HX_TRY(map_trie(w, err));
    HX_TRY(map_array(w, "start", 4 * sizeof(double), &start, err));
    HX_TRY(map_array(w, "trans", 16 * sizeof(double), &trans, err));
    HX_TRY(map_array(w, "emit", (size_t)HX_EMIT_ROWS * 4 * sizeof(double), &emit, err));
    HX_TRY(map_array(w, "idf", HX_IDF_SLOTS * sizeof(hx_idf_slot), &idf, err));
    HX_TRY(map_array(w, "meta", sizeof(hx_words_meta), &meta, err));
    HX_TRY(hx__datafile_section(&w->file, "stop", 1, &w->stop, err));
    w->start = start;
    w->trans = trans;
    w->emit = emit;
    w->idf = idf;
    memcpy(&w->meta, meta, sizeof w->meta);
    return HX_OK;
}

hx_status hx__wordseg_open(hx_wordseg **out, const char *share_dir, hx_error *err) {
    hx_buf path;
    hx_buf_init(&path, 4096);
    hx_buf_printf(&path, "%s/words.hxd%c", share_dir, 0);
    hx_wordseg *w = calloc(1, sizeof *w);
    hx_status status = w ? hx_buf_status(&path, "a path", err)
                         : hx_fail(err, HX_ENOMEM, "out of memory while opening a dictionary");
    if (status == HX_OK) status = hx__datafile_open(&w->file, path.ptr, "words", err);
    if (status == HX_OK) status = map_sections(w, err);
    hx_buf_release(&path);
    if (status != HX_OK)
        hx__wordseg_close(w);
    else
        *out = w;
    return status;
}

void hx__wordseg_close(hx_wordseg *w) {
    if (!w) return;
    hx__datafile_close(&w->file);
    hx__taught_words_close(w->taught);
    if (w->has_user) hx__trie_parts_release(&w->user_parts);
    free(w);
}

double hx__words_idf(const hx_text_model *m, hx_str word) {
    const hx_wordseg *w = m->wordseg;
    uint64_t hash = hx_hash(word);
    uint32_t tag = (uint32_t)(hash >> 32);
    for (size_t n = 0, i = hash & (HX_IDF_SLOTS - 1); n < HX_IDF_SLOTS;
         n++, i = (i + 1) & (HX_IDF_SLOTS - 1)) {
        if (w->idf[i].idf == 0) break;
        if (w->idf[i].tag == tag) return (double)w->idf[i].idf;
    }
    return w->meta.median_idf;
}

bool hx__words_has(const hx_text_model *m, hx_str word) {
    const hx_trie *t = &m->wordseg->trie;
    uint32_t node = 0;
    for (size_t at = 0; at < word.len;) {
        node = hx__trie_step(t, node, hx__trie_code(t, hx_utf8_next(word, &at)));
        if (node == 0) return false;
    }
    return word.len > 0 && t->nodes[node].value != 0;
}

/* ------------------------------------------------------------------ user words */
typedef struct {
    hx_wordseg *w;
    hx_annotator *a; /* of a model without user words: cleans and scores */
    const char *path;
    hx_arena *arena; /* keys live here */
    hx_buf entries; /* of hx_trie_entry */
} user_reader;

/* A decimal number of at most 15 digits above 0. */
static bool parse_weight(hx_str field, double *out) {
    double value = 0, unit = 1;
    bool point = false, digits = false;
    if (field.len > 16) return false;
    for (size_t i = 0; i < field.len; i++) {
        char c = field.ptr[i];
        if (c == '.' && !point) {
            point = true;
        } else if (c >= '0' && c <= '9') {
            value = value * 10 + (c - '0');
            if (point) unit *= 10;
            digits = true;
        } else {
            return false;
        }
    }
    *out = value / unit;
    return digits && value > 0;
}

static hx_status user_weight(user_reader *r, hx_str word, hx_str field, int64_t row, double *out,
                             hx_error *err) {
    double frequency;
    if (field.len == 0) {
        double w = hx__wordseg_score(r->a, word) + USER_BONUS;
        *out = w < USER_WEIGHT_LOW ? USER_WEIGHT_LOW : w > USER_WEIGHT_HIGH ? USER_WEIGHT_HIGH : w;
        return HX_OK;
    }
    if (!parse_weight(field, &frequency))
        return hx_fail_row(err, HX_EFORMAT, row,
                           "%s:%lld: '%.*s' is not a weight (a number above 0)", r->path,
                           (long long)row, HX_STR_ARG(field));
    double w = log(frequency) - r->w->meta.log_total;
    *out = w < -1e-9 ? w : -1e-9;
    return HX_OK;
}

static hx_status add_user_line(user_reader *r, hx_str line, int64_t row, hx_error *err) {
    static const hx_clean_rules rules = {.keep_urls = true, .keep_repeats = true};
    const char *tab = memchr(line.ptr, '\t', line.len);
    hx_str raw = {line.ptr, tab ? (size_t)(tab - line.ptr) : line.len}, field = {0};
    if (tab) field = (hx_str){tab + 1, line.len - raw.len - 1};
    if (!hx_utf8_is_valid(line))
        return hx_fail_row(err, HX_EFORMAT, row, "%s:%lld is not UTF-8", r->path, (long long)row);
    hx_clean clean;
    HX_TRY(hx__clean(r->a, raw, &rules, &clean, err));
    if (clean.text.len == 0) return HX_OK;
    if (hx_utf8_count(clean.text) > HX_TRIE_KEY_MAX)
        return hx_fail_row(err, HX_ELIMIT, row, "%s:%lld: a word has at most %u characters",
                           r->path, (long long)row, HX_TRIE_KEY_MAX);
    hx_trie_entry e = {.key = hx_arena_str(r->arena, clean.text)};
    double weight = 0;
    if (!e.key.ptr) return hx_fail(err, HX_ENOMEM, "out of memory while reading %s", r->path);
    HX_TRY(user_weight(r, e.key, field, row, &weight, err));
    memcpy(&e.value, &weight, sizeof weight);
    hx_buf_append(&r->entries, &e, sizeof e);
    if (r->entries.len / sizeof e > HX_USER_WORDS_MAX)
        return hx_fail(err, HX_ELIMIT, "%s has more than %u words", r->path, HX_USER_WORDS_MAX);
    return HX_OK;
}

static hx_status add_user_lines(user_reader *r, hx_str text, hx_error *err) {
    if (text.len >= 3 && memcmp(text.ptr, "\xEF\xBB\xBF", 3) == 0)
        text = (hx_str){text.ptr + 3, text.len - 3};
    for (int64_t row = 1; text.len > 0; row++) {
        const char *end = memchr(text.ptr, '\n', text.len);
        hx_str line = {text.ptr, end ? (size_t)(end - text.ptr) : text.len};
        size_t used = line.len + (end ? 1 : 0);
        if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
        HX_TRY(add_user_line(r, line, row, err));
        text = (hx_str){text.ptr + used, text.len - used};
    }
    return hx_buf_status(&r->entries, r->path, err);
}

static hx_status build_user_trie(user_reader *r, hx_error *err) {
    hx_wordseg *w = r->w;
    size_t n = r->entries.len / sizeof(hx_trie_entry);
    if (n == 0) return HX_OK;
    HX_TRY(hx__trie_build(&w->user_parts, (hx_trie_entry *)(void *)r->entries.ptr, n, err));
    hx_status status =
        hx__trie_view(&w->user, hx_buf_str(&w->user_parts.codes), hx_buf_str(&w->user_parts.rare),
                      hx_buf_str(&w->user_parts.nodes), err);
    if (status == HX_OK)
        w->has_user = true;
    else
        hx__trie_parts_release(&w->user_parts);
    return status;
}

static hx_status add_user_file(user_reader *r, hx_error *err) {
    hx_buf file;
    hx_buf_init(&file, HX_USER_FILE_MAX);
    hx_status status = hx_file_read(r->path, &file, err);
    if (status == HX_OK) status = add_user_lines(r, hx_buf_str(&file), err);
    if (status == HX_OK) r->w->user_hash = hx_hash(hx_buf_str(&file));
    hx_buf_release(&file);
    return status;
}

/* What was taught as one word is a user's word. */
static hx_status add_taught(user_reader *r, const hx_taught_words *t, hx_error *err) {
    hx_str *words;
    size_t n;
    HX_TRY(hx__taught_words_single(t, r->arena, &words, &n, err));
    for (size_t i = 0; i < n; i++) {
        hx_trie_entry e = {.key = words[i]};
        double weight = 0;
        HX_TRY(user_weight(r, words[i], (hx_str){0}, 0, &weight, err));
        memcpy(&e.value, &weight, sizeof weight);
        hx_buf_append(&r->entries, &e, sizeof e);
    }
    r->w->user_hash = hx_hash_mix(r->w->user_hash, t->hash);
    return hx_buf_status(&r->entries, r->path, err);
}

hx_status hx__wordseg_add_user(hx_wordseg *w, hx_annotator *a, const char *path, const char *memory,
                               hx_error *err) {
    hx_taught_words *taught = NULL;
    user_reader r = {.w = w, .a = a, .path = path ? path : memory, .arena = hx_arena_new(0)};
    hx_buf_init(&r.entries, (size_t)(HX_USER_WORDS_MAX + TAUGHT_RUNS_MAX) * sizeof(hx_trie_entry));
    hx_status status =
        r.arena ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory while reading %s", r.path);
    if (status == HX_OK && path) status = add_user_file(&r, err);
    if (status == HX_OK && memory) status = hx__taught_words_open(&taught, a, memory, err);
    if (status == HX_OK && taught) status = add_taught(&r, taught, err);
    if (status == HX_OK) status = build_user_trie(&r, err);
    w->taught = taught;
    hx_buf_release(&r.entries);
    hx_arena_free(r.arena);
    return status;
}
