/* dataset_tokens.c - texts to token ids, by several threads; see dataset.h.
 *
 *     text        [bos] text [eos]                      as the tokenizer puts specials
 *     pair        [bos] text sep text2 [eos]            the longer one is cut until it fits
 *     tags        [bos] word word word [eos]            each word by itself, so that its first token is known
 *
 * Words of scripts with blanks are written with one in front where the word before also is of such a script; the lone space marker
 * that SentencePiece puts before a Han character is left out. Jobs of 64 examples; the lists are put together in file order. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "base/utf8.h"
#include "model/dataset_parts.h"

#define A_JOB 64
#define SPECIALS_MAX 8

typedef struct {
    hx_buf ids; /* int32_t */
    hx_buf lengths; /* uint32_t, one an example */
    hx_buf words; /* uint32_t, TAGS */
    size_t n_long;
} piece;

typedef struct {
    const hx_dataset *d;
    const hx_tokenizer *tokenizer;
    hx_part part;
    size_t max_length;
    int32_t separator;
    int32_t before[SPECIALS_MAX], after[SPECIALS_MAX]; /* specials around a text */
    size_t n_before, n_after;
    hx_tokenizer_scratch **scratch; /* (n_workers), made on first need */
    piece *pieces; /* (n_jobs) */
} token_job;

static const int32_t *ids_of(const hx_buf *b) {
    return (const int32_t *)(const void *)b->ptr;
}

/* ------------------------------------------------------------------ specials */
/* What stands around a text: "a" with specials, against "a" without. */
static hx_status find_specials(token_job *j, hx_tokenizer_scratch *s, hx_error *err) {
    const hx_token_options with = {.special = true}, without = {0};
    hx_buf a, b;
    hx_buf_init(&a, 1u << 16);
    hx_buf_init(&b, 1u << 16);
    hx_status st = hx_tokenizer_encode(j->tokenizer, s, HX_STR_LIT("a"), &with, &a, err);
    if (st == HX_OK) st = hx_tokenizer_encode(j->tokenizer, s, HX_STR_LIT("a"), &without, &b, err);
    size_t n = a.len / sizeof(int32_t), m = b.len / sizeof(int32_t), at = 0;
    while (st == HX_OK && m > 0 && at + m < n && memcmp(ids_of(&a) + at, b.ptr, b.len) != 0)
        at++;
    if (st == HX_OK && m > 0 && n >= m && at <= SPECIALS_MAX && n - m - at <= SPECIALS_MAX) {
        j->n_before = at;
        j->n_after = n - m - at;
        memcpy(j->before, ids_of(&a), at * sizeof(int32_t));
        memcpy(j->after, ids_of(&a) + at + m, j->n_after * sizeof(int32_t));
    }
    hx_buf_release(&a);
    hx_buf_release(&b);
    return st;
}

static int32_t find_separator(const hx_tokenizer *t) {
    int32_t id = hx_tokenizer_find(t, HX_STR_LIT("<sep>"));
    if (id < 0) id = hx_tokenizer_find(t, HX_STR_LIT("[SEP]"));
    return id < 0 ? hx_tokenizer_eos(t) : id;
}

static void put_ids(piece *p, const int32_t *ids, size_t n) {
    (void)hx_buf_append(&p->ids, ids, n * sizeof *ids);
}

static size_t room(const token_job *j) {
    size_t around = j->n_before + j->n_after;
    if (j->max_length == 0) return SIZE_MAX;
    return j->max_length > around ? j->max_length - around : 0;
}

/* ------------------------------------------------------------------ one example */
static hx_status add_text(const token_job *j, hx_tokenizer_scratch *s, hx_str text, piece *p,
                          hx_buf *one, hx_error *err) {
    const hx_token_options plain = {0};
    hx_buf_reset(one);
    HX_TRY(hx_tokenizer_encode(j->tokenizer, s, text, &plain, one, err));
    size_t n = one->len / sizeof(int32_t);
    if (n > room(j)) {
        n = room(j);
        p->n_long++;
    }
    put_ids(p, j->before, j->n_before);
    put_ids(p, ids_of(one), n);
    put_ids(p, j->after, j->n_after);
    return HX_OK;
}

static hx_status add_pair(const token_job *j, hx_tokenizer_scratch *s, const hx_example *e,
                          piece *p, hx_buf *one, hx_error *err) {
    const hx_token_options plain = {0};
    size_t free_room = room(j), n_sep = j->separator >= 0 ? 1 : 0;
    hx_buf_reset(one);
    HX_TRY(hx_tokenizer_encode(j->tokenizer, s, e->text, &plain, one, err));
    size_t n = one->len / sizeof(int32_t), first = n;
    HX_TRY(hx_tokenizer_encode(j->tokenizer, s, e->text2, &plain, one, err));
    size_t m = one->len / sizeof(int32_t) - first;
    free_room = free_room > n_sep ? free_room - n_sep : 0;
    if (n + m > free_room) {
        size_t half = free_room / 2;
        p->n_long++;
        if (m <= half)
            n = free_room - m;
        else if (n <= free_room - half)
            m = free_room - n;
        else {
            m = half;
            n = free_room - half;
        }
    }
    put_ids(p, j->before, j->n_before);
    put_ids(p, ids_of(one), n);
    put_ids(p, &j->separator, n_sep);
    put_ids(p, ids_of(one) + first, m);
    put_ids(p, j->after, j->n_after);
    return HX_OK;
}

static uint32_t first_character(hx_str s) {
    size_t at = 0;
    return s.len ? hx_utf8_next(s, &at) : 0;
}

static uint32_t last_character(hx_str s) {
    size_t at = s.len;
    while (at > 0 && ((unsigned char)s.ptr[at - 1] & 0xC0) == 0x80)
        at--;
    at -= at > 0 ? 1 : 0;
    return s.len ? hx_utf8_next(s, &at) : 0;
}

/* Scripts that are written without blanks: Han, kana, CJK punctuation, full-width forms. */
static bool has_no_blanks(uint32_t cp) {
    return hx_utf8_is_han(cp) || (cp >= 0x3000 && cp <= 0x30FF) || (cp >= 0xFF00 && cp <= 0xFFEF);
}

/* The ids of a word, in `one`; `before` = the word in front of it, empty at the start. */
static hx_status encode_word(const token_job *j, hx_tokenizer_scratch *s, hx_str before,
                             hx_str word, hx_buf *text, hx_buf *one, size_t *skip, hx_error *err) {
    const hx_token_options plain = {0};
    bool apart = before.len > 0 && !has_no_blanks(last_character(before)) &&
                 !has_no_blanks(first_character(word));
    bool bytes = hx_tokenizer_kind_of(j->tokenizer) == HX_TOKENIZER_BPE_BYTES;
    hx_buf_reset(text);
    hx_buf_reset(one);
    if (apart && bytes) (void)hx_buf_append_byte(text, ' ');
    (void)hx_buf_append_str(text, word);
    HX_TRY(hx_buf_status(text, "a word", err));
    HX_TRY(hx_tokenizer_encode(j->tokenizer, s, hx_buf_str(text), &plain, one, err));
    *skip = 0;
    if (bytes || one->len <= sizeof(int32_t) || !has_no_blanks(first_character(word))) return HX_OK;
    hx_str spelling = hx_tokenizer_spelling(j->tokenizer, ids_of(one)[0]);
    if (hx_str_equal(spelling, HX_STR_LIT("\xE2\x96\x81"))) *skip = 1;
    return HX_OK;
}

static hx_status add_words(const token_job *j, hx_tokenizer_scratch *s, const hx_example *e,
                           piece *p, hx_buf *one, hx_error *err) {
    hx_buf text;
    hx_str before = {NULL, 0}, word;
    size_t used = 0, skip = 0;
    bool full = false;
    hx_status st = HX_OK;
    hx_buf_init(&text, SIZE_MAX / 2);
    put_ids(p, j->before, j->n_before);
    for (size_t at = 0; st == HX_OK && hx__next_word(e->text, &at, &word); before = word) {
        uint32_t place = HX_NO_TOKEN;
        st = full ? HX_OK : encode_word(j, s, before, word, &text, one, &skip, err);
        size_t n = st == HX_OK && !full ? one->len / sizeof(int32_t) - skip : 0;
        if (n > room(j) - used) {
            full = true;
            p->n_long++;
        }
        if (!full && n > 0) {
            place = (uint32_t)(j->n_before + used);
            put_ids(p, ids_of(one) + skip, n);
            used += n;
        }
        (void)hx_buf_append(&p->words, &place, sizeof place);
    }
    put_ids(p, j->after, j->n_after);
    hx_buf_release(&text);
    return st;
}

/* ------------------------------------------------------------------ jobs */
static hx_status add_example(const token_job *j, hx_tokenizer_scratch *s, const hx_example *e,
                             piece *p, hx_buf *one, hx_error *err) {
    size_t before = p->ids.len;
    if (j->d->target == HX_TARGET_TAGS)
        HX_TRY(add_words(j, s, e, p, one, err));
    else if (e->text2.len > 0)
        HX_TRY(add_pair(j, s, e, p, one, err));
    else
        HX_TRY(add_text(j, s, e->text, p, one, err));
    uint32_t length = (uint32_t)((p->ids.len - before) / sizeof(int32_t));
    (void)hx_buf_append(&p->lengths, &length, sizeof length);
    return HX_OK;
}

static hx_status encode_some(void *context, size_t job, size_t worker, hx_error *err) {
    token_job *j = context;
    piece *p = &j->pieces[job];
    size_t n = hx_dataset_count(j->d, j->part), end = (job + 1) * A_JOB < n ? (job + 1) * A_JOB : n;
    hx_buf one;
    if (!j->scratch[worker]) j->scratch[worker] = hx_tokenizer_scratch_new(j->tokenizer);
    if (!j->scratch[worker]) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_init(&one, SIZE_MAX / 2);
    hx_status st = HX_OK;
    for (size_t i = job * A_JOB; i < end && st == HX_OK; i++)
        st = add_example(j, j->scratch[worker], hx_dataset_at(j->d, j->part, i), p, &one, err);
    hx_buf_release(&one);
    HX_TRY(st);
    HX_TRY(hx_buf_status(&p->ids, "tokens", err));
    HX_TRY(hx_buf_status(&p->words, "words", err));
    return hx_buf_status(&p->lengths, "tokens", err);
}

/* ------------------------------------------------------------------ lists */
static hx_status make_lists(const token_job *j, size_t n, size_t n_jobs, hx_arena *arena,
                            hx_token_lists *out, hx_error *err) {
    size_t ids = 0, words = 0, at = 0;
    for (size_t k = 0; k < n_jobs; k++) {
        ids += j->pieces[k].ids.len / sizeof(int32_t);
        words += j->pieces[k].words.len;
    }
    if (ids > UINT32_MAX) return hx_fail(err, HX_ELIMIT, "more than four thousand million tokens");
    hx_token_lists l = {.n = n,
                        .ids = hx_arena_alloc(arena, (ids + 1) * sizeof *l.ids),
                        .starts = hx_arena_alloc(arena, (n + 1) * sizeof *l.starts)};
    bool tags = j->d->target == HX_TARGET_TAGS;
    if (tags) l.words = hx_arena_alloc(arena, words + sizeof *l.words);
    if (tags) l.word_starts = hx_arena_alloc(arena, (n + 1) * sizeof *l.word_starts);
    if (!l.ids || !l.starts || (tags && (!l.words || !l.word_starts)))
        return hx_fail(err, HX_ENOMEM, "out of memory for %zu tokens", ids);
    for (size_t k = 0, w = 0, i = 0; k < n_jobs; k++) {
        const piece *p = &j->pieces[k];
        const uint32_t *lengths = (const uint32_t *)(const void *)p->lengths.ptr;
        if (p->ids.len) memcpy(l.ids + l.starts[i], p->ids.ptr, p->ids.len);
        if (p->words.len) memcpy((char *)l.words + w, p->words.ptr, p->words.len);
        w += p->words.len;
        for (size_t m = 0; m < p->lengths.len / sizeof *lengths; m++, i++)
            l.starts[i + 1] = l.starts[i] + lengths[m];
    }
    for (size_t i = 0; tags && i < n; i++, at = l.word_starts[i])
        l.word_starts[i + 1] = (uint32_t)at + hx_dataset_at(j->d, j->part, i)->n_labels;
    *out = l;
    return HX_OK;
}

static hx_status run_jobs(token_job *j, size_t n, size_t n_threads, hx_arena *arena,
                          hx_token_lists *out, hx_error *err) {
    size_t n_jobs = (n + A_JOB - 1) / A_JOB;
    j->scratch[0] = hx_tokenizer_scratch_new(j->tokenizer);
    if (!j->scratch[0]) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(find_specials(j, j->scratch[0], err));
    HX_TRY(hx_pool_run(n_threads, n_jobs, encode_some, j, err));
    return make_lists(j, n, n_jobs, arena, out, err);
}

hx_status hx_dataset_tokens(hx_dataset *d, const hx_tokenizer *tokenizer, hx_part part,
                            size_t max_length, size_t n_threads, hx_arena *arena,
                            hx_token_lists *out, hx_error *err) {
    size_t n = hx_dataset_count(d, part), n_jobs = (n + A_JOB - 1) / A_JOB;
    size_t threads = n_threads ? n_threads : hx_processors();
    token_job j = {.d = d,
                   .tokenizer = tokenizer,
                   .part = part,
                   .max_length = max_length,
                   .separator = find_separator(tokenizer),
                   .scratch = calloc(threads, sizeof *j.scratch),
                   .pieces = calloc(n_jobs + 1, sizeof *j.pieces)};
    for (size_t k = 0; j.pieces && k < n_jobs; k++) {
        hx_buf_init(&j.pieces[k].ids, SIZE_MAX / 2);
        hx_buf_init(&j.pieces[k].lengths, SIZE_MAX / 2);
        hx_buf_init(&j.pieces[k].words, SIZE_MAX / 2);
    }
    hx_status st = j.scratch && j.pieces ? run_jobs(&j, n, threads, arena, out, err)
                                         : hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t k = 0; j.pieces && k < n_jobs; k++) {
        if (st == HX_OK) d->check.n_long += j.pieces[k].n_long;
        hx_buf_release(&j.pieces[k].ids);
        hx_buf_release(&j.pieces[k].lengths);
        hx_buf_release(&j.pieces[k].words);
    }
    for (size_t k = 0; j.scratch && k < threads; k++)
        hx_tokenizer_scratch_free(j.scratch[k]);
    free(j.scratch);
    free(j.pieces);
    return st;
}
