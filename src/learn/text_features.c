/* text_features.c - n-grams of characters and words; see text_features.h.
 *
 *     text -> lower case, blanks folded -> keys of all n-grams -> sorted -> (key, count) -> columns by the vocabulary -> values
 *
 * fit: the distinct keys of every text, thrown into PARTS parts by their top bits, each part sorted by radix: runs of a key are the number of texts it
 * stands in. The vocabulary is the sorted keys themselves; a key is found through its top bits and a short walk, as hashes lie evenly.
 *
 * Two n-grams with the same 63 bits would be one feature: with a million of them the chance of a single pair is 1 in 10^7. */
#include "learn/text_features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/utf8.h"

#define GRAM_MAX 8
#define PARTS 64 /* by the top 6 bits */
#define ROWS_A_JOB 128
#define ROOM_MAX ((size_t)1 << 30)
#define WORDS_BIT ((uint64_t)1 << 63)

/* ------------------------------------------------------------------ reading a text */
void hx_feature_room_init(hx_feature_room *r) {
    hx_buf *all[] = {&r->text, &r->starts, &r->keys, &r->spare, &r->columns, &r->values};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        hx_buf_init(all[i], ROOM_MAX);
}

void hx_feature_room_release(hx_feature_room *r) {
    hx_buf *all[] = {&r->text, &r->starts, &r->keys, &r->spare, &r->columns, &r->values};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        hx_buf_release(all[i]);
}

/* As Python's str.isspace(). */
static bool is_blank(uint32_t c) {
    return (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool is_word(uint32_t c) {
    if (c < 128) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_';
    utf8proc_category_t is = utf8proc_category((utf8proc_int32_t)c);
    return (is >= UTF8PROC_CATEGORY_LU && is <= UTF8PROC_CATEGORY_LO) ||
           (is >= UTF8PROC_CATEGORY_ND && is <= UTF8PROC_CATEGORY_NO);
}

static uint32_t lower(uint32_t c) {
    if (c < 128) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return c == HX_UTF8_BAD ? 0xFFFD : (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}

/* One character behind the text; its top bit of the start says that it belongs to a word. */
#define IN_WORD 0x80000000u
static void put_character(hx_feature_room *r, uint32_t c) {
    char bytes[4];
    uint32_t at = (uint32_t)r->text.len | (is_word(c) ? IN_WORD : 0);
    hx_buf_append(&r->starts, &at, sizeof at);
    hx_buf_append(&r->text, bytes, hx_utf8_put(c, bytes));
}

/* Characters in lower case, with the start of each and of the end; two or more blanks become one space. */
static size_t read_characters(hx_feature_room *r, hx_str text) {
    uint32_t held = 0; /* a blank that may be the first of several */
    hx_buf_reset(&r->text);
    hx_buf_reset(&r->starts);
    if (text.len > HX_FEATURE_TEXT_MAX) text.len = HX_FEATURE_TEXT_MAX;
    for (size_t at = 0; at < text.len;) {
        uint32_t c = lower(hx_utf8_next(text, &at));
        if (is_blank(c)) {
            held = held ? ' ' : c;
            continue;
        }
        if (held) put_character(r, held);
        held = 0;
        put_character(r, c);
    }
    if (held) put_character(r, held);
    uint32_t end = (uint32_t)r->text.len;
    hx_buf_append(&r->starts, &end, sizeof end);
    return r->starts.len / sizeof end - 1;
}

static uint64_t character_key(hx_str gram) {
    return hx_hash(gram) & ~WORDS_BIT;
}

static void put_key(hx_feature_room *r, uint64_t key) {
    hx_buf_append(&r->keys, &key, sizeof key);
}

static uint32_t start_at(const hx_feature_room *r, size_t i) {
    return ((const uint32_t *)(const void *)r->starts.ptr)[i] & ~IN_WORD;
}
static bool word_at(const hx_feature_room *r, size_t i) {
    return ((const uint32_t *)(const void *)r->starts.ptr)[i] & IN_WORD;
}

static void put_characters(hx_feature_room *r, size_t n, uint32_t longest) {
    if (!hx_buf_reserve(&r->keys, (n * longest + 1) * sizeof(uint64_t))) return;
    uint64_t *out = (uint64_t *)(void *)r->keys.ptr;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j <= n && j <= i + longest; j++) {
            uint32_t from = start_at(r, i);
            *out++ = character_key((hx_str){r->text.ptr + from, start_at(r, j) - from});
        }
    r->keys.len = (size_t)((char *)out - r->keys.ptr);
}

/* The last words' hashes are kept; the key of an n-gram folds them from the left. */
static void put_words(hx_feature_room *r, size_t n, uint32_t longest) {
    uint64_t last[GRAM_MAX];
    size_t seen = 0;
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        if (!word_at(r, i)) continue;
        while (end < n && word_at(r, end))
            end++;
        uint32_t from = start_at(r, i);
        last[seen++ % GRAM_MAX] = hx_hash((hx_str){r->text.ptr + from, start_at(r, end) - from});
        for (size_t k = 1; k <= longest && k <= seen; k++) {
            uint64_t key = last[(seen - k) % GRAM_MAX];
            for (size_t j = k - 1; j > 0; j--)
                key = hx_hash_mix(key, last[(seen - j) % GRAM_MAX]);
            put_key(r, key | WORDS_BIT);
        }
    }
}

/* ------------------------------------------------------------------ sorting keys */
static void count_bytes(const uint64_t *keys, size_t n, unsigned shift, uint32_t *at) {
    uint32_t counts[256] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++)
        counts[keys[i] >> shift & 255]++;
    for (int b = 0; b < 256; b++) {
        at[b] = sum;
        sum += counts[b];
    }
}

/* By bytes from `shift` up; the result is in `keys`. n < 2^32. */
static void radix_sort(uint64_t *keys, uint64_t *spare, size_t n, unsigned shift) {
    uint64_t *from = keys, *to = spare;
    for (; shift < 64; shift += 8) {
        uint32_t at[256];
        count_bytes(from, n, shift, at);
        for (size_t i = 0; i < n; i++)
            to[at[from[i] >> shift & 255]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != keys) memcpy(keys, from, n * sizeof *keys);
}

static void insertion_sort(uint64_t *keys, size_t n) {
    for (size_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* Short lists need only the top bytes: the few that are equal there are put right in place. */
static void sort_keys(uint64_t *keys, uint64_t *spare, size_t n) {
    if (n > 40) radix_sort(keys, spare, n, n > 4096 ? 0 : n > 1024 ? 32 : 48);
    if (n <= 4096) insertion_sort(keys, n);
}

/* All keys of a text, sorted; SIZE_MAX: out of memory. */
static size_t read_keys(const hx_feature_schema *schema, hx_feature_room *r, hx_str text) {
    hx_buf_reset(&r->keys);
    size_t n = read_characters(r, text);
    if (r->text.failed || r->starts.failed) return SIZE_MAX;
    put_characters(r, n, schema->char_max);
    put_words(r, n, schema->word_max);
    hx_buf_reset(&r->spare);
    if (r->keys.failed || !hx_buf_reserve(&r->spare, r->keys.len + 1)) return SIZE_MAX;
    n = r->keys.len / sizeof(uint64_t);
    if (n > 0) sort_keys((uint64_t *)(void *)r->keys.ptr, (uint64_t *)(void *)r->spare.ptr, n);
    return n;
}

/* ------------------------------------------------------------------ learning the vocabulary */
typedef struct {
    const hx_feature_schema *schema;
    const hx_str *texts;
    size_t n, n_workers;
    const volatile int *cancel;
    hx_feature_room *rooms; /* (n_workers) */
    hx_buf *parts; /* (n_workers, PARTS): keys, once a text */
    hx_buf keys[PARTS],
        counts[PARTS]; /* of each part: distinct keys (u64), texts with them (u32) */
} fitting;

static hx_status fit_rows(void *context, size_t job, size_t worker, hx_error *err) {
    fitting *f = context;
    hx_feature_room *room = &f->rooms[worker];
    size_t end = (job + 1) * ROWS_A_JOB < f->n ? (job + 1) * ROWS_A_JOB : f->n;
    if (hx_flag_is_raised(f->cancel)) return hx_fail(err, HX_ECANCELLED, "stopped on request");
    for (size_t i = job * ROWS_A_JOB; i < end; i++) {
        size_t n = read_keys(f->schema, room, f->texts[i]);
        const uint64_t *keys = (const uint64_t *)(const void *)room->keys.ptr;
        if (n == SIZE_MAX) return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
        for (size_t j = 0; j < n; j++)
            if (j == 0 || keys[j] != keys[j - 1])
                hx_buf_append(&f->parts[worker * PARTS + (keys[j] >> 58)], &keys[j], sizeof *keys);
    }
    return HX_OK;
}

static hx_status keep_frequent(fitting *f, size_t part, const uint64_t *keys, size_t n,
                               hx_error *err) {
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && keys[end] == keys[i];)
            end++;
        uint32_t count = (uint32_t)(end - i);
        if (count < f->schema->min_count) continue;
        hx_buf_append(&f->keys[part], &keys[i], sizeof *keys);
        hx_buf_append(&f->counts[part], &count, sizeof count);
    }
    if (f->keys[part].failed || f->counts[part].failed)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    return HX_OK;
}

static hx_status fit_part(void *context, size_t part, size_t worker, hx_error *err) {
    fitting *f = context;
    hx_buf all, spare;
    (void)worker;
    hx_buf_init(&all, SIZE_MAX / 2);
    hx_buf_init(&spare, SIZE_MAX / 2);
    for (size_t w = 0; w < f->n_workers; w++) {
        hx_buf *from = &f->parts[w * PARTS + part];
        if (from->failed) all.failed = true;
        hx_buf_append_str(&all, hx_buf_str(from));
        hx_buf_release(from);
    }
    size_t n = all.len / sizeof(uint64_t);
    bool room = !all.failed && n < UINT32_MAX && hx_buf_reserve(&spare, all.len + 1);
    hx_status st = room ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    if (room && n > 0) {
        radix_sort((uint64_t *)(void *)all.ptr, (uint64_t *)(void *)spare.ptr, n, 0);
        st = keep_frequent(f, part, (const uint64_t *)(const void *)all.ptr, n, err);
    }
    hx_buf_release(&all);
    hx_buf_release(&spare);
    return st;
}

/* The place of the top bits of each key. */
static hx_status index_keys(hx_features *f, hx_error *err) {
    f->bits = 4;
    while (f->bits < 24 && ((size_t)1 << f->bits) < f->n)
        f->bits++;
    f->first = calloc(((size_t)1 << f->bits) + 1, sizeof *f->first);
    if (!f->first) return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    for (size_t i = 0; i < f->n; i++)
        f->first[(f->keys[i] >> (64 - f->bits)) + 1]++;
    for (size_t b = 0; b < (size_t)1 << f->bits; b++)
        f->first[b + 1] += f->first[b];
    return HX_OK;
}

static hx_status gather(hx_features *out, const fitting *f, hx_error *err) {
    size_t at = 0;
    for (size_t p = 0; p < PARTS; p++)
        out->n += f->counts[p].len / sizeof(uint32_t);
    if (out->n > HX_FEATURES_MAX)
        return hx_fail(err, HX_ELIMIT, "the texts have more than %zu features", HX_FEATURES_MAX);
    out->keys = calloc(out->n + 1, sizeof *out->keys);
    out->idf = calloc(out->n + 1, sizeof *out->idf);
    if (!out->keys || !out->idf)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    for (size_t p = 0; p < PARTS; p++) {
        size_t n = f->counts[p].len / sizeof(uint32_t);
        const uint32_t *counts = (const uint32_t *)(const void *)f->counts[p].ptr;
        if (n > 0) memcpy(out->keys + at, f->keys[p].ptr, n * sizeof *out->keys);
        for (size_t i = 0; i < n; i++)
            out->idf[at + i] = log((1 + (double)f->n) / (1 + (double)counts[i])) + 1;
        at += n;
    }
    return index_keys(out, err);
}

static bool fitting_init(fitting *f) {
    f->rooms = calloc(f->n_workers, sizeof *f->rooms);
    f->parts = calloc(f->n_workers * PARTS, sizeof *f->parts);
    for (size_t p = 0; p < PARTS; p++) {
        hx_buf_init(&f->keys[p], SIZE_MAX / 2);
        hx_buf_init(&f->counts[p], SIZE_MAX / 2);
    }
    if (!f->rooms || !f->parts) return false;
    for (size_t w = 0; w < f->n_workers; w++)
        hx_feature_room_init(&f->rooms[w]);
    for (size_t i = 0; i < f->n_workers * PARTS; i++)
        hx_buf_init(&f->parts[i], SIZE_MAX / 2);
    return true;
}

static void fitting_release(fitting *f) {
    for (size_t w = 0; f->rooms && w < f->n_workers; w++)
        hx_feature_room_release(&f->rooms[w]);
    for (size_t i = 0; f->parts && i < f->n_workers * PARTS; i++)
        hx_buf_release(&f->parts[i]);
    for (size_t p = 0; p < PARTS; p++) {
        hx_buf_release(&f->keys[p]);
        hx_buf_release(&f->counts[p]);
    }
    free(f->rooms);
    free(f->parts);
}

hx_status hx_features_fit(hx_features *f, const hx_str *texts, size_t n,
                          const hx_feature_schema *schema, size_t n_threads,
                          const volatile int *cancel, hx_error *err) {
    size_t workers = n_threads ? n_threads : hx_processors();
    fitting s = {.schema = schema, .texts = texts, .n = n, .n_workers = workers, .cancel = cancel};
    *f = (hx_features){.schema = *schema};
    hx_status st =
        fitting_init(&s) ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    if (st == HX_OK)
        st = hx_pool_run(workers, (n + ROWS_A_JOB - 1) / ROWS_A_JOB, fit_rows, &s, err);
    if (st == HX_OK) st = hx_pool_run(workers, PARTS, fit_part, &s, err);
    if (st == HX_OK) st = gather(f, &s, err);
    fitting_release(&s);
    if (st != HX_OK) hx_features_release(f);
    return st;
}

void hx_features_release(hx_features *f) {
    free(f->keys);
    free(f->idf);
    free(f->first);
    *f = (hx_features){.schema = f->schema};
}

/* ------------------------------------------------------------------ rows */
static size_t find_key(const hx_features *f, uint64_t key) {
    size_t bucket = (size_t)(key >> (64 - f->bits));
    for (size_t i = f->first[bucket]; i < f->first[bucket + 1]; i++)
        if (f->keys[i] >= key) return f->keys[i] == key ? i : SIZE_MAX;
    return SIZE_MAX;
}

#define AHEAD                                                                                      \
    12 /* keys looked up before their turn: tables of millions of features are in no near cache */

static void fetch_key(const hx_features *f, const uint64_t *keys, size_t i, size_t n) {
    if (i + 2 * AHEAD < n) __builtin_prefetch(&f->first[keys[i + 2 * AHEAD] >> (64 - f->bits)]);
    if (i + AHEAD >= n) return;
    size_t at = f->first[keys[i + AHEAD] >> (64 - f->bits)];
    __builtin_prefetch(&f->keys[at]);
    __builtin_prefetch(&f->idf[at]);
}

/* Makes the part [from, to) of the row as long as 1. */
static void to_unit(double *values, size_t from, size_t to) {
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += values[i] * values[i];
    for (size_t i = from; i < to && sum > 0; i++)
        values[i] /= sqrt(sum);
}

/* There is room for it. */
static void put_entry(const hx_features *f, hx_feature_room *r, hx_feature_values values,
                      uint64_t key, size_t count) {
    size_t found = find_key(f, key);
    if (found == SIZE_MAX) return;
    size_t at = r->columns.len / sizeof(uint32_t);
    double value = (double)count;
    if (values == HX_VALUES_TFIDF) value = (count > 1 ? 1 + log(value) : 1) * f->idf[found];
    ((uint32_t *)(void *)r->columns.ptr)[at] = (uint32_t)found;
    ((double *)(void *)r->values.ptr)[at] = value;
    r->columns.len += sizeof(uint32_t);
    r->values.len += sizeof value;
}

bool hx_features_row(const hx_features *f, hx_feature_room *r, hx_str text,
                     hx_feature_values values, size_t *n) {
    size_t n_keys = read_keys(&f->schema, r, text), characters = 0;
    if (n_keys == SIZE_MAX) return false;
    hx_buf_reset(&r->columns);
    hx_buf_reset(&r->values);
    if (!hx_buf_reserve(&r->columns, n_keys * sizeof(uint32_t) + 1) ||
        !hx_buf_reserve(&r->values, n_keys * sizeof(double) + 1))
        return false;
    const uint64_t *keys = (const uint64_t *)(const void *)r->keys.ptr;
    for (size_t i = 0, end; i < n_keys; i = end) {
        fetch_key(f, keys, i, n_keys);
        for (end = i + 1; end < n_keys && keys[end] == keys[i];)
            end++;
        put_entry(f, r, values, keys[i], end - i);
        if (!(keys[i] & WORDS_BIT)) characters = r->columns.len / sizeof(uint32_t);
    }
    *n = r->columns.len / sizeof(uint32_t);
    if (values == HX_VALUES_TFIDF && *n > 0) {
        double *v = (double *)(void *)r->values.ptr;
        to_unit(v, 0, characters);
        to_unit(v, characters, *n);
    }
    return true;
}

typedef struct {
    const hx_features *f;
    const hx_str *texts;
    size_t n;
    hx_feature_values values;
    hx_feature_room *rooms;
    hx_buf *columns, *numbers; /* (jobs) */
    size_t *lengths; /* (n): entries of each row */
} reading;

static hx_status read_rows(void *context, size_t job, size_t worker, hx_error *err) {
    reading *r = context;
    hx_feature_room *room = &r->rooms[worker];
    size_t end = (job + 1) * ROWS_A_JOB < r->n ? (job + 1) * ROWS_A_JOB : r->n;
    for (size_t i = job * ROWS_A_JOB; i < end; i++) {
        if (!hx_features_row(r->f, room, r->texts[i], r->values, &r->lengths[i]))
            return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
        const double *values = (const double *)(const void *)room->values.ptr;
        hx_buf_append_str(&r->columns[job], hx_buf_str(&room->columns));
        if (!hx_buf_reserve(&r->numbers[job], r->lengths[i] * sizeof(float) + 1)) break;
        float *numbers = (float *)(void *)(r->numbers[job].ptr + r->numbers[job].len);
        for (size_t j = 0; j < r->lengths[i]; j++)
            numbers[j] = (float)values[j];
        r->numbers[job].len += r->lengths[i] * sizeof *numbers;
    }
    if (r->columns[job].failed || r->numbers[job].failed)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    return HX_OK;
}

static hx_status join_rows(reading *r, size_t jobs, hx_csr *out, hx_error *err) {
    size_t all = 0, at = 0;
    for (size_t i = 0; i < r->n; i++)
        all += r->lengths[i];
    out->starts = calloc(r->n + 1, sizeof *out->starts);
    out->columns = calloc(all + 1, sizeof *out->columns);
    out->values = calloc(all + 1, sizeof *out->values);
    if (!out->starts || !out->columns || !out->values)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    for (size_t i = 0; i < r->n; i++)
        out->starts[i + 1] = out->starts[i] + r->lengths[i];
    for (size_t j = 0; j < jobs; j++) {
        size_t n = r->columns[j].len / sizeof *out->columns;
        if (n > 0) {
            memcpy(out->columns + at, r->columns[j].ptr, n * sizeof *out->columns);
            memcpy(out->values + at, r->numbers[j].ptr, n * sizeof *out->values);
        }
        at += n;
        hx_buf_release(&r->columns[j]);
        hx_buf_release(&r->numbers[j]);
    }
    return HX_OK;
}

static bool reading_init(reading *r, size_t workers, size_t jobs) {
    r->rooms = calloc(workers, sizeof *r->rooms);
    r->columns = calloc(jobs + 1, sizeof *r->columns);
    r->numbers = calloc(jobs + 1, sizeof *r->numbers);
    r->lengths = calloc(r->n + 1, sizeof *r->lengths);
    if (!r->rooms || !r->columns || !r->numbers || !r->lengths) return false;
    for (size_t w = 0; w < workers; w++)
        hx_feature_room_init(&r->rooms[w]);
    for (size_t j = 0; j < jobs; j++) {
        hx_buf_init(&r->columns[j], SIZE_MAX / 2);
        hx_buf_init(&r->numbers[j], SIZE_MAX / 2);
    }
    return true;
}

static void reading_release(reading *r, size_t workers, size_t jobs) {
    for (size_t w = 0; r->rooms && w < workers; w++)
        hx_feature_room_release(&r->rooms[w]);
    for (size_t j = 0; r->columns && r->numbers && j < jobs; j++) {
        hx_buf_release(&r->columns[j]);
        hx_buf_release(&r->numbers[j]);
    }
    free(r->rooms);
    free(r->columns);
    free(r->numbers);
    free(r->lengths);
}

hx_status hx_features_rows(const hx_features *f, const hx_str *texts, size_t n,
                           hx_feature_values values, size_t n_threads, hx_csr *out, hx_error *err) {
    size_t workers = n_threads ? n_threads : hx_processors();
    size_t jobs = (n + ROWS_A_JOB - 1) / ROWS_A_JOB;
    reading r = {.f = f, .texts = texts, .n = n, .values = values};
    *out = (hx_csr){.n_rows = n, .n_columns = f->n};
    hx_status st = reading_init(&r, workers, jobs)
                       ? HX_OK
                       : hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    if (st == HX_OK) st = hx_pool_run(workers, jobs, read_rows, &r, err);
    if (st == HX_OK) st = join_rows(&r, jobs, out, err);
    reading_release(&r, workers, jobs);
    if (st != HX_OK) hx_csr_release(out);
    return st;
}

void hx_csr_release(hx_csr *x) {
    free(x->starts);
    free(x->columns);
    free(x->values);
    *x = (hx_csr){.n_rows = 0};
}

/* ------------------------------------------------------------------ fewer features, by name */
typedef struct {
    double idf;
    uint32_t at;
} ranked;

static int by_idf(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->idf != y->idf) return x->idf < y->idf ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int by_place(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

hx_status hx_features_keep_most(hx_features *f, size_t most, hx_error *err) {
    if (f->n <= most) return HX_OK;
    ranked *all = calloc(f->n, sizeof *all);
    if (!all) return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    for (size_t i = 0; i < f->n; i++)
        all[i] = (ranked){f->idf[i], (uint32_t)i};
    qsort(all, f->n, sizeof *all, by_idf);
    qsort(all, most, sizeof *all, by_place);
    for (size_t i = 0; i < most; i++) {
        f->keys[i] = f->keys[all[i].at];
        f->idf[i] = f->idf[all[i].at];
    }
    free(all);
    f->n = most;
    free(f->first);
    f->first = NULL;
    return index_keys(f, err);
}

static bool name_feature(const hx_features *f, uint64_t key, hx_str gram, hx_arena *arena,
                         hx_str *names) {
    const size_t at = find_key(f, key);
    if (at == SIZE_MAX || names[at].ptr) return true;
    names[at] = hx_arena_str(arena, gram);
    return names[at].ptr != NULL;
}

static bool name_characters(const hx_features *f, const hx_feature_room *r, size_t n,
                            hx_arena *arena, hx_str *names) {
    bool ok = true;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j <= n && j <= i + f->schema.char_max; j++) {
            const uint32_t from = start_at(r, i);
            const hx_str gram = {r->text.ptr + from, start_at(r, j) - from};
            ok = name_feature(f, character_key(gram), gram, arena, names) && ok;
        }
    return ok;
}

/* The words of a gram are put together in `spare`. */
static bool name_words(const hx_features *f, hx_feature_room *r, size_t n, hx_arena *arena,
                       hx_str *names) {
    hx_str last[GRAM_MAX];
    size_t seen = 0;
    bool ok = true;
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        if (!word_at(r, i)) continue;
        while (end < n && word_at(r, end))
            end++;
        last[seen++ % GRAM_MAX] =
            (hx_str){r->text.ptr + start_at(r, i), start_at(r, end) - start_at(r, i)};
        for (size_t k = 1; k <= f->schema.word_max && k <= seen; k++) {
            uint64_t key = hx_hash(last[(seen - k) % GRAM_MAX]);
            hx_buf_reset(&r->spare);
            hx_buf_append_str(&r->spare, last[(seen - k) % GRAM_MAX]);
            for (size_t j = k - 1; j > 0; j--) {
                key = hx_hash_mix(key, hx_hash(last[(seen - j) % GRAM_MAX]));
                hx_buf_append_byte(&r->spare, ' ');
                hx_buf_append_str(&r->spare, last[(seen - j) % GRAM_MAX]);
            }
            ok = name_feature(f, key | WORDS_BIT, hx_buf_str(&r->spare), arena, names) && ok;
        }
    }
    return ok && !r->spare.failed;
}

hx_status hx_features_names(const hx_features *f, const hx_str *texts, size_t n, hx_arena *arena,
                            hx_str **names, hx_error *err) {
    hx_feature_room r;
    bool ok = true;
    *names = hx_arena_alloc(arena, (f->n + 1) * sizeof **names);
    if (!*names) return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    hx_feature_room_init(&r);
    for (size_t i = 0; i < n && ok; i++) {
        const size_t characters = read_characters(&r, texts[i]);
        ok = !r.text.failed && !r.starts.failed &&
             name_characters(f, &r, characters, arena, *names) &&
             name_words(f, &r, characters, arena, *names);
    }
    hx_feature_room_release(&r);
    return ok ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for the features");
}

static uint64_t words_key(hx_str gram) {
    uint64_t key = 0;
    for (size_t at = 0, n = 0; at <= gram.len; n++) {
        const char *blank = at < gram.len ? memchr(gram.ptr + at, ' ', gram.len - at) : NULL;
        size_t end = blank ? (size_t)(blank - gram.ptr) : gram.len;
        uint64_t word = hx_hash((hx_str){gram.ptr + at, end - at});
        key = n == 0 ? word : hx_hash_mix(key, word);
        at = end + 1;
    }
    return key | WORDS_BIT;
}

size_t hx_features_column(const hx_features *f, bool words, hx_str gram) {
    return find_key(f, words ? words_key(gram) : character_key(gram));
}

size_t hx_features_characters(const hx_features *f) {
    size_t n = 0;
    while (n < f->n && !(f->keys[n] & WORDS_BIT))
        n++;
    return n;
}

hx_status hx_features_of_terms(hx_features *f, const hx_feature_schema *schema, const hx_str *terms,
                               size_t n_characters, size_t n, const double *idf, hx_error *err) {
    bool sound = n <= HX_FEATURES_MAX && n_characters <= n;
    *f = (hx_features){.schema = *schema, .n = n};
    f->keys = sound ? calloc(n + 1, sizeof *f->keys) : NULL;
    f->idf = sound ? calloc(n + 1, sizeof *f->idf) : NULL;
    hx_status st = HX_OK;
    if (sound && (!f->keys || !f->idf))
        st = hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    for (size_t i = 0; st == HX_OK && sound && i < n; i++) {
        f->keys[i] = i < n_characters ? character_key(terms[i]) : words_key(terms[i]);
        f->idf[i] = idf[i];
        sound = isfinite(idf[i]) && (i == 0 || f->keys[i] > f->keys[i - 1]);
    }
    if (st == HX_OK)
        st = sound ? index_keys(f, err)
                   : hx_fail(err, HX_EFORMAT, "the learner's features are damaged");
    if (st != HX_OK) hx_features_release(f);
    return st;
}

bool hx_features_hashed(const hx_feature_schema *schema, hx_feature_room *r, hx_str text,
                        size_t width, double *out) {
    const size_t n = read_keys(schema, r, text);
    double sum = 0;
    if (n == SIZE_MAX) return false;
    memset(out, 0, width * sizeof *out);
    const uint64_t *keys = (const uint64_t *)(const void *)r->keys.ptr;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && keys[end] == keys[i];)
            end++;
        const uint64_t mixed = hx_hash_mix(keys[i], width);
        const double tf = 1 + log((double)(end - i));
        out[(mixed >> 1) % width] += mixed & 1 ? tf : -tf;
    }
    for (size_t k = 0; k < width; k++)
        sum += out[k] * out[k];
    for (size_t k = 0; k < width && sum > 0; k++)
        out[k] /= sqrt(sum);
    return true;
}

/* ------------------------------------------------------------------ bytes */
void hx_features_write(const hx_features *f, hx_buf *out) {
    hx_put_u64(out, f->schema.char_max);
    hx_put_u64(out, f->schema.word_max);
    hx_put_u64(out, f->schema.min_count);
    hx_put_u64(out, f->n);
    for (size_t i = 0; i < f->n; i++) {
        uint64_t bits;
        memcpy(&bits, &f->idf[i], sizeof bits);
        hx_put_fixed64(out, f->keys[i]);
        hx_put_fixed64(out, bits);
    }
}

hx_status hx_features_read(hx_features *f, hx_cursor *in, hx_error *err) {
    uint64_t characters = hx_get_u64(in), words = hx_get_u64(in), least = hx_get_u64(in);
    *f = (hx_features){.schema = {(uint32_t)characters, (uint32_t)words, (uint32_t)least}};
    f->n = hx_get_count(in, 16);
    bool sound = !in->failed && characters <= GRAM_MAX && words <= GRAM_MAX &&
                 least <= UINT32_MAX && f->n <= HX_FEATURES_MAX;
    f->keys = sound ? calloc(f->n + 1, sizeof *f->keys) : NULL;
    f->idf = sound ? calloc(f->n + 1, sizeof *f->idf) : NULL;
    if (sound && (!f->keys || !f->idf)) {
        hx_features_release(f);
        return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    }
    for (size_t i = 0; sound && i < f->n; i++) {
        f->keys[i] = hx_get_fixed64(in);
        uint64_t bits = hx_get_fixed64(in);
        memcpy(&f->idf[i], &bits, sizeof bits);
        sound = isfinite(f->idf[i]) && (i == 0 || f->keys[i] > f->keys[i - 1]);
    }
    hx_status st = sound && !in->failed
                       ? index_keys(f, err)
                       : hx_fail(err, HX_EFORMAT, "the learner's features are damaged");
    if (st != HX_OK) hx_features_release(f);
    return st;
}
