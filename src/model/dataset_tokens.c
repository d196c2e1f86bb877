/* dataset_tokens.c - texts to token ids, by several threads; see dataset.h.
 *
 *     text        [bos] text [eos]                      as the tokenizer puts specials
 *     pair        [bos] text sep text2 [eos]            the longer one is cut until it fits
 *     tags        [bos] word word word [eos]            each word by itself, so that its first token is known
 *
 * How words become tokens: llama/word_tokens.h, pairs: llama/pair_tokens.h. Jobs of 64 examples; the lists are put together in file order. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "llama/pair_tokens.h"
#include "model/dataset_parts.h"

#define A_JOB 64

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
    hx_text_frame frame; /* specials around a text */
    hx_tokenizer_scratch **scratch; /* (n_workers), made on first need */
    piece *pieces; /* (n_jobs) */
} token_job;

static const int32_t *ids_of(const hx_buf *b) {
    return (const int32_t *)(const void *)b->ptr;
}

/* ------------------------------------------------------------------ specials */
static void put_ids(piece *p, const int32_t *ids, size_t n) {
    (void)hx_buf_append(&p->ids, ids, n * sizeof *ids);
}

static size_t room(const token_job *j) {
    size_t around = j->frame.n_before + j->frame.n_after;
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
    put_ids(p, j->frame.before, j->frame.n_before);
    put_ids(p, ids_of(one), n);
    put_ids(p, j->frame.after, j->frame.n_after);
    return HX_OK;
}

static hx_status add_pair(const token_job *j, hx_tokenizer_scratch *s, const hx_example *e,
                          piece *p, hx_error *err) {
    bool cut = false;
    HX_TRY(hx_pair_encode(j->tokenizer, s, &j->frame, e->text, e->text2, j->max_length, &p->ids,
                          &cut, err));
    p->n_long += cut;
    return HX_OK;
}

static hx_status add_words(const token_job *j, hx_tokenizer_scratch *s, const hx_example *e,
                           piece *p, hx_error *err) {
    bool cut = false;
    HX_TRY(hx_words_encode(j->tokenizer, s, &j->frame, e->text, j->max_length, &p->ids, &p->words,
                           &cut, err));
    p->n_long += cut;
    return HX_OK;
}

/* ------------------------------------------------------------------ jobs */
static hx_status add_example(const token_job *j, hx_tokenizer_scratch *s, const hx_example *e,
                             piece *p, hx_buf *one, hx_error *err) {
    size_t before = p->ids.len;
    if (j->d->target == HX_TARGET_TAGS)
        HX_TRY(add_words(j, s, e, p, err));
    else if (e->text2.len > 0)
        HX_TRY(add_pair(j, s, e, p, err));
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
    HX_TRY(hx_text_frame_of(j->tokenizer, j->scratch[0], &j->frame, err));
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

hx_status hx_dataset_text_tokens(const hx_tokenizer *tokenizer, hx_tokenizer_scratch *scratch,
                                 hx_str text, hx_str text2, size_t max_length, hx_buf *ids,
                                 hx_error *err) {
    token_job j = {.tokenizer = tokenizer, .max_length = max_length};
    const hx_example e = {.text = text, .text2 = text2};
    piece p = {0};
    hx_buf one;
    HX_TRY(hx_text_frame_of(j.tokenizer, scratch, &j.frame, err));
    hx_buf_init(&one, SIZE_MAX / 2);
    hx_buf_init(&p.ids, SIZE_MAX / 2);
    hx_status st = text2.len > 0 ? add_pair(&j, scratch, &e, &p, err)
                                 : add_text(&j, scratch, text, &p, &one, err);
    if (st == HX_OK && !hx_buf_append(ids, p.ids.ptr, p.ids.len))
        st = hx_buf_status(ids, "tokens", err);
    hx_buf_release(&p.ids);
    hx_buf_release(&one);
    return st;
}
