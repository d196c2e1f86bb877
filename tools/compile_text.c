/* compile_text.c - turns third-party word lists into the program's memory-mapped data files (src/text/datafile.h), at build time.
 *
 *     compile_text words DICT IDF START TRANS EMIT STOP_ZH STOP_EN OUT
 *     compile_text t2s PHRASES CHARACTERS OUT
 *
 * words: jieba's dict.txt ("word frequency tag"), idf.txt ("word idf") and the three tables of its hidden Markov model, which are Python
 * dictionaries of numbers; and our stop words, one a line. t2s: OpenCC's dictionaries as text, "key TAB value value ...", the first
 * value counts. Same input, same bytes out.
 *
 * Sections of words.hxd: codes, rare, nodes (trie.h; a value is the bits of ln(frequency) - ln(total)), start (4), trans (4, 4) and
 * emit (HX_EMIT_ROWS, 4) as doubles over the states B M E S, meta (hx_words_meta), idf (hx_idf_slot, open addressing), stop.
 * Sections of t2s.hxd: codes, rare, nodes (a value is 1 + an index into `values`, with HX_T2S_GUARD for phrases that only keep
 * cleaning idempotent), values (hx_t2s_value), text, triggers (u32 code points; a text without any of them does not change). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/utf8.h"
#include "text/datafile.h"
#include "text/t2s.h"
#include "text/trie.h"
#include "text/wordseg_data.h"

#define FILE_CAP ((size_t)64 << 20)

/* ------------------------------------------------------------------ lines */
/* The next line without its end, false at the end of the text. */
static bool next_line(hx_str *text, hx_str *line) {
    if (text->len == 0) return false;
    const char *end = memchr(text->ptr, '\n', text->len);
    size_t n = end ? (size_t)(end - text->ptr) : text->len;
    *line = (hx_str){text->ptr, n > 0 && text->ptr[n - 1] == '\r' ? n - 1 : n};
    size_t used = end ? n + 1 : n;
    text->ptr += used;
    text->len -= used;
    return true;
}

/* Cuts `line` at the first `separator`; the rest stays in *line (empty where there is none). */
static hx_str cut_field(hx_str *line, char separator) {
    const char *end = memchr(line->ptr, separator, line->len);
    hx_str field = {line->ptr, end ? (size_t)(end - line->ptr) : line->len};
    size_t used = end ? field.len + 1 : field.len;
    *line = (hx_str){line->ptr + used, line->len - used};
    return field;
}

static bool read_number(hx_str field, double *out) {
    char copy[64];
    if (field.len == 0 || field.len >= sizeof copy) return false;
    memcpy(copy, field.ptr, field.len);
    copy[field.len] = '\0';
    char *end;
    *out = strtod(copy, &end);
    return *end == '\0' && isfinite(*out);
}

static hx_status read_file(hx_buf *b, const char *path, hx_error *err) {
    hx_buf_init(b, FILE_CAP);
    return hx_file_read(path, b, err);
}

/* ------------------------------------------------------------------ the dictionary */
typedef struct {
    hx_buf keys; /* lower-cased words, one behind the other */
    hx_buf entries; /* of hx_trie_entry; .key.ptr is set at the end, when `keys` moves no more */
    hx_map frequency; /* of each word, the greatest of its spellings */
    uint64_t total;
} dictionary;

static hx_str lower_copy(hx_buf *keys, hx_str word) {
    size_t at = keys->len;
    hx_buf_append_str(keys, word);
    for (size_t i = at; i < keys->len; i++)
        if (keys->ptr[i] >= 'A' && keys->ptr[i] <= 'Z') keys->ptr[i] = (char)(keys->ptr[i] + 32);
    return (hx_str){keys->failed ? "" : keys->ptr + at, keys->failed ? 0 : word.len};
}

static hx_status add_word(dictionary *d, hx_str word, uint64_t frequency, hx_error *err) {
    hx_str lower = lower_copy(&d->keys, word);
    uint64_t *best = hx_map_put(&d->frequency, hx_hash(lower));
    if (!best) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (frequency > *best) *best = frequency;
    hx_trie_entry e = {.key = lower, .weight = frequency};
    hx_buf_append(&d->entries, &e, sizeof e);
    d->total += frequency;
    return HX_OK;
}

static hx_status read_dictionary(dictionary *d, const char *path, hx_error *err) {
    hx_buf file;
    HX_TRY(read_file(&file, path, err));
    hx_str text = hx_buf_str(&file), line;
    hx_status status = HX_OK;
    for (int64_t row = 1; status == HX_OK && next_line(&text, &line); row++) {
        hx_str word = cut_field(&line, ' ');
        double frequency = 0;
        if (word.len == 0 || !read_number(cut_field(&line, ' '), &frequency) || frequency < 0)
            status = hx_fail_row(err, HX_EFORMAT, row, "%s:%lld is not 'word frequency tag'", path,
                                 (long long)row);
        else if (frequency >= 1)
            status = add_word(d, word, (uint64_t)frequency, err);
    }
    hx_buf_release(&file);
    return status;
}

static void fix_entries(dictionary *d) {
    hx_trie_entry *entries = (hx_trie_entry *)(void *)d->entries.ptr;
    const char *key = d->keys.ptr;
    double log_total = log((double)d->total);
    for (size_t i = 0; i < d->entries.len / sizeof *entries; i++) {
        entries[i].key.ptr = key;
        key += entries[i].key.len;
        double weight =
            log((double)*hx_map_get(&d->frequency, hx_hash(entries[i].key))) - log_total;
        memcpy(&entries[i].value, &weight, sizeof weight);
    }
}

/* ------------------------------------------------------------------ the hidden Markov model */
/* Called for each number of a Python dictionary with its keys; the outer one is 0 where there is but one level. */
typedef bool take_number(void *out, uint32_t outer, uint32_t inner, double value);

static uint32_t python_key(hx_str quoted) {
    size_t at = 0;
    if (quoted.len == 6 && quoted.ptr[0] == '\\' && quoted.ptr[1] == 'u') {
        uint32_t cp = 0;
        for (size_t i = 2; i < 6; i++) {
            char c = quoted.ptr[i];
            cp = cp * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
        }
        return cp;
    }
    return quoted.len ? hx_utf8_next(quoted, &at) : 0;
}

static bool parse_python(hx_str text, take_number *take, void *out) {
    uint32_t outer = 0, key = 0;
    const char *p = memchr(text.ptr, '{', text.len), *end = text.ptr + text.len;
    if (!p) return false;
    for (p++; p < end;) {
        if (*p == '\'') {
            const char *close = memchr(p + 1, '\'', (size_t)(end - p - 1));
            if (!close) return false;
            key = python_key((hx_str){p + 1, (size_t)(close - p - 1)});
            p = close + 1;
        } else if (*p == '{') {
            outer = key;
            p++;
        } else if (*p == '-' || (*p >= '0' && *p <= '9')) {
            size_t n = 0;
            double value;
            while (p + n < end && !strchr(",} \n\r", p[n]))
                n++;
            if (!read_number((hx_str){p, n}, &value) || !take(out, outer, key, value)) return false;
            p += n;
        } else {
            p++;
        }
    }
    return true;
}

static int state_index(uint32_t letter) {
    switch (letter) {
    case 'B':
        return HX_HMM_B;
    case 'M':
        return HX_HMM_M;
    case 'E':
        return HX_HMM_E;
    case 'S':
        return HX_HMM_S;
    default:
        return -1;
    }
}

static bool take_start(void *out, uint32_t outer, uint32_t inner, double value) {
    int s = state_index(inner);
    if (outer != 0 || s < 0) return false;
    ((double *)out)[s] = value;
    return true;
}

static bool take_trans(void *out, uint32_t outer, uint32_t inner, double value) {
    int from = state_index(outer), to = state_index(inner);
    if (from < 0 || to < 0) return false;
    ((double *)out)[from * 4 + to] = value;
    return true;
}

static bool take_emit(void *out, uint32_t outer, uint32_t inner, double value) {
    int s = state_index(outer);
    if (s < 0) return false;
    if (inner >= HX_EMIT_FIRST && inner < HX_EMIT_FIRST + HX_EMIT_ROWS)
        ((double *)out)[(size_t)(inner - HX_EMIT_FIRST) * 4 + (size_t)s] = value;
    return true;
}

static hx_status read_table(hx_buf *out, size_t n, const char *path, take_number *take,
                            hx_error *err) {
    hx_buf file;
    HX_TRY(read_file(&file, path, err));
    const double none = HX_HMM_NEVER;
    for (size_t i = 0; i < n; i++)
        hx_buf_append(out, &none, sizeof none);
    hx_status status = hx_buf_status(out, path, err);
    if (status == HX_OK && !parse_python(hx_buf_str(&file), take, out->ptr))
        status = hx_fail(err, HX_EFORMAT, "%s is not a table of probabilities", path);
    hx_buf_release(&file);
    return status;
}

/* ------------------------------------------------------------------ idf */
static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static bool put_idf(hx_idf_slot *slots, hx_str word, float idf) {
    uint64_t hash = hx_hash(word);
    uint32_t tag = (uint32_t)(hash >> 32);
    for (size_t i = hash & (HX_IDF_SLOTS - 1);; i = (i + 1) & (HX_IDF_SLOTS - 1)) {
        if (slots[i].idf == 0) {
            slots[i] = (hx_idf_slot){tag, idf};
            return true;
        }
        if (slots[i].tag == tag) return false;
    }
}

static hx_status read_idf(hx_buf *slots, hx_words_meta *meta, const char *path, hx_error *err) {
    hx_buf file, values;
    HX_TRY(read_file(&file, path, err));
    hx_buf_init(&values, FILE_CAP);
    hx_status status = HX_OK;
    if (!hx_buf_reserve(slots, HX_IDF_SLOTS * sizeof(hx_idf_slot)))
        status = hx_fail(err, HX_ENOMEM, "out of memory");
    if (status == HX_OK) {
        slots->len = HX_IDF_SLOTS * sizeof(hx_idf_slot);
        memset(slots->ptr, 0, slots->len);
    }
    hx_str text = hx_buf_str(&file), line;
    for (int64_t row = 1; status == HX_OK && next_line(&text, &line); row++) {
        hx_str word = cut_field(&line, ' ');
        double idf;
        if (!read_number(cut_field(&line, ' '), &idf) || idf <= 0)
            continue; /* jieba's file has words of blanks */
        float value = (float)idf;
        hx_buf_append(&values, &value, sizeof value);
        if (values.len / sizeof value > HX_IDF_SLOTS / 4 * 3)
            status = hx_fail(err, HX_ELIMIT, "%s has too many words", path);
        else
            put_idf((hx_idf_slot *)(void *)slots->ptr, word, value);
    }
    if (status == HX_OK && values.len) {
        qsort(values.ptr, values.len / sizeof(float), sizeof(float), by_value);
        meta->median_idf = (double)((float *)(void *)values.ptr)[values.len / sizeof(float) / 2];
    }
    hx_buf_release(&file);
    hx_buf_release(&values);
    return status;
}

/* ------------------------------------------------------------------ words.hxd */
static hx_status read_stop_words(hx_buf *out, const char *path, hx_error *err) {
    hx_buf file;
    HX_TRY(read_file(&file, path, err));
    hx_str text = hx_buf_str(&file), line;
    while (next_line(&text, &line)) {
        if (line.len == 0 || line.ptr[0] == '#') continue;
        hx_buf_append_str(out, line);
        hx_buf_append_byte(out, '\n');
    }
    hx_buf_release(&file);
    return hx_buf_status(out, path, err);
}

typedef struct {
    dictionary dictionary;
    hx_trie_parts trie;
    hx_buf start, trans, emit, idf, stop;
    hx_words_meta meta;
} words_data;

static hx_status write_words(words_data *w, const char *path, hx_error *err) {
    w->meta.log_total = log((double)w->dictionary.total);
    w->meta.n_words = w->dictionary.entries.len / sizeof(hx_trie_entry);
    hx_datafile_part parts[] = {{"codes", hx_buf_str(&w->trie.codes)},
                                {"rare", hx_buf_str(&w->trie.rare)},
                                {"nodes", hx_buf_str(&w->trie.nodes)},
                                {"start", hx_buf_str(&w->start)},
                                {"trans", hx_buf_str(&w->trans)},
                                {"emit", hx_buf_str(&w->emit)},
                                {"idf", hx_buf_str(&w->idf)},
                                {"stop", hx_buf_str(&w->stop)},
                                {"meta", {(const char *)&w->meta, sizeof w->meta}}};
    return hx__datafile_write(path, "words", parts, sizeof parts / sizeof *parts, err);
}

static hx_status compile_words(char **paths, hx_error *err) {
    words_data w = {0};
    hx_buf *all[] = {
        &w.dictionary.keys, &w.dictionary.entries, &w.start, &w.trans, &w.emit, &w.idf, &w.stop};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        hx_buf_init(all[i], FILE_CAP);
    hx_map_init(&w.dictionary.frequency);
    HX_TRY(read_dictionary(&w.dictionary, paths[0], err));
    HX_TRY(hx_buf_status(&w.dictionary.keys, paths[0], err));
    HX_TRY(hx_buf_status(&w.dictionary.entries, paths[0], err));
    fix_entries(&w.dictionary);
    HX_TRY(hx__trie_build(&w.trie, (hx_trie_entry *)(void *)w.dictionary.entries.ptr,
                          w.dictionary.entries.len / sizeof(hx_trie_entry), err));
    HX_TRY(read_idf(&w.idf, &w.meta, paths[1], err));
    HX_TRY(read_table(&w.start, 4, paths[2], take_start, err));
    HX_TRY(read_table(&w.trans, 16, paths[3], take_trans, err));
    HX_TRY(read_table(&w.emit, (size_t)HX_EMIT_ROWS * 4, paths[4], take_emit, err));
    HX_TRY(read_stop_words(&w.stop, paths[5], err));
    HX_TRY(read_stop_words(&w.stop, paths[6], err));
    HX_TRY(write_words(&w, paths[7], err));
    hx_map_release(&w.dictionary.frequency);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        hx_buf_release(all[i]);
    hx__trie_parts_release(&w.trie);
    return HX_OK;
}

/* ------------------------------------------------------------------ t2s.hxd */
typedef struct {
    hx_buf files[2]; /* phrases, characters: keys and values point into them */
    hx_buf entries, values, text, triggers;
    hx_map keys; /* hash of a key -> 1 + index of its value */
    hx_map trigger_set;
} t2s_data;

static void add_trigger(t2s_data *t, uint32_t cp) {
    uint64_t *seen = hx_map_put(&t->trigger_set, cp);
    if (!seen || *seen) return;
    *seen = 1;
    hx_buf_append(&t->triggers, &cp, sizeof cp);
}

static void add_triggers(t2s_data *t, hx_str key, hx_str value) {
    size_t i = 0, j = 0;
    while (i < key.len && j < value.len) {
        uint32_t from = hx_utf8_next(key, &i), to = hx_utf8_next(value, &j);
        if (from != to) add_trigger(t, from);
    }
}

static void add_mapping(t2s_data *t, hx_str key, hx_str value, uint64_t flag) {
    uint64_t *known = hx_map_put(&t->keys, hx_hash(key));
    if (!known || *known) return;
    hx_t2s_value v = {(uint32_t)t->text.len, (uint32_t)value.len};
    hx_buf_append_str(&t->text, value);
    hx_buf_append(&t->values, &v, sizeof v);
    *known = t->values.len / sizeof v;
    hx_trie_entry e = {.key = key, .value = *known | flag};
    hx_buf_append(&t->entries, &e, sizeof e);
    add_triggers(t, key, value);
}

static hx_status read_mappings(t2s_data *t, hx_buf *file, const char *path, hx_error *err) {
    HX_TRY(read_file(file, path, err));
    hx_str text = hx_buf_str(file), line;
    for (int64_t row = 1; next_line(&text, &line); row++) {
        if (line.len == 0) continue;
        hx_str key = cut_field(&line, '\t'), value = cut_field(&line, ' ');
        if (key.len == 0 || value.len == 0 || hx_utf8_count(key) != hx_utf8_count(value) ||
            !hx_utf8_is_valid(key) || !hx_utf8_is_valid(value))
            return hx_fail_row(err, HX_EFORMAT, row,
                               "%s:%lld is not 'key TAB value' of equal lengths", path,
                               (long long)row);
        add_mapping(t, key, value, 0);
    }
    return HX_OK;
}

/* OpenCC turns 乾清宮 into 乾清宫 but 乾清宫 into 干清宫. Guards keep each phrase's result as it is, so that cleaning twice is cleaning once. */
static void add_guards(t2s_data *t, size_t n_phrases) {
    for (size_t i = 0; i < n_phrases; i++) {
        hx_trie_entry e = ((hx_trie_entry *)(void *)t->entries.ptr)[i];
        hx_t2s_value v = ((hx_t2s_value *)(void *)t->values.ptr)[e.value - 1];
        hx_str value = {t->text.ptr + v.offset, v.len};
        bool changes = false;
        for (size_t at = 0; at < value.len;)
            if (hx_map_get(&t->trigger_set, hx_utf8_next(value, &at))) changes = true;
        if (!changes || hx_str_equal(value, e.key)) continue;
        /* The text may move while it grows, the line it came from does not. */
        hx_str stable = {memmem(t->files[0].ptr, t->files[0].len, value.ptr, value.len), value.len};
        if (stable.ptr) add_mapping(t, stable, stable, HX_T2S_GUARD);
    }
}

static hx_status compile_t2s(char **paths, hx_error *err) {
    t2s_data t = {0};
    hx_trie_parts trie = {0};
    hx_buf *all[] = {&t.entries, &t.values, &t.text, &t.triggers};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        hx_buf_init(all[i], FILE_CAP);
    hx_map_init(&t.keys);
    hx_map_init(&t.trigger_set);
    HX_TRY(read_mappings(&t, &t.files[0], paths[0], err));
    size_t n_phrases = t.entries.len / sizeof(hx_trie_entry);
    HX_TRY(read_mappings(&t, &t.files[1], paths[1], err));
    add_guards(&t, n_phrases);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        HX_TRY(hx_buf_status(all[i], paths[0], err));
    HX_TRY(hx__trie_build(&trie, (hx_trie_entry *)(void *)t.entries.ptr,
                          t.entries.len / sizeof(hx_trie_entry), err));
    hx_datafile_part parts[] = {
        {"codes", hx_buf_str(&trie.codes)}, {"rare", hx_buf_str(&trie.rare)},
        {"nodes", hx_buf_str(&trie.nodes)}, {"values", hx_buf_str(&t.values)},
        {"text", hx_buf_str(&t.text)},      {"triggers", hx_buf_str(&t.triggers)}};
    HX_TRY(hx__datafile_write(paths[2], "t2s", parts, sizeof parts / sizeof *parts, err));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        hx_buf_release(all[i]);
    for (size_t i = 0; i < 2; i++)
        hx_buf_release(&t.files[i]);
    hx_map_release(&t.keys);
    hx_map_release(&t.trigger_set);
    hx__trie_parts_release(&trie);
    return HX_OK;
}

int main(int argc, char **argv) {
    hx_error err = {0};
    hx_status status = HX_EINVAL;
    if (argc == 10 && strcmp(argv[1], "words") == 0)
        status = compile_words(argv + 2, &err);
    else if (argc == 5 && strcmp(argv[1], "t2s") == 0)
        status = compile_t2s(argv + 2, &err);
    else
        (void)hx_fail(&err, HX_EINVAL,
                      "usage: compile_text words DICT IDF START TRANS EMIT STOP_ZH STOP_EN OUT | "
                      "t2s PHRASES CHARACTERS OUT");
    if (status != HX_OK) fprintf(stderr, "compile_text: %s\n", err.message);
    return status == HX_OK ? 0 : 1;
}
