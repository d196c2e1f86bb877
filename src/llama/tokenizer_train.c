/* tokenizer_train.c - texts in, tokenizer.model out; see tokenizer_train.h.
 *
 * Texts are gathered until there are BATCH_BYTES of them, then counted: a slice is a text, or the part of a long one up to a line break,
 * and slices are dealt to threads that each have counts of their own. A text of more than a batch is counted where it lies. In the end
 * all counts are joined, so neither the order of the texts nor the threads show in them. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/pool.h"
#include "base/utf8.h"
#include "llama/tokenizer_train_parts.h"

#define BATCH_BYTES ((size_t)8 << 20)
#define SLICE_BYTES ((size_t)64 << 10)
#define SLICES_A_JOB 64u
#define THREADS_MAX 64u
#define COVERAGE 0.9995
#define PIECE_MAX 16u
#define BYTES_MAX ((uint64_t)1 << 30)
#define SYMBOL_BYTES_MAX 64u
#define N_RESERVED 259u

typedef struct {
    size_t at, len; /* in the batch */
    bool opens; /* a text begins here */
} slice;

struct hx_tokenizer_trainer {
    hx_tokenizer_train_options options; /* with defaults filled in; symbols point into arena */
    hx_arena *arena;
    hx_train_cutter cutter;
    hx_train_counts *counts; /* (n_threads) */
    size_t n_threads;
    hx_buf batch;
    slice *slices;
    size_t n_slices, room;
    hx_tokenizer_train_counts result;
    bool written;
};

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while a tokenizer is trained");
}

/* ------------------------------------------------------------------ options */
static hx_status check_symbol(hx_str s, hx_error *err) {
    if (s.len == 0 || s.len > SYMBOL_BYTES_MAX || !hx_utf8_is_valid(s))
        return hx_fail(err, HX_EINVAL, "a symbol has 1 to %u bytes of UTF-8: '%.*s'",
                       SYMBOL_BYTES_MAX, HX_STR_ARG(s));
    for (size_t i = 0; i < s.len; i++)
        if ((uint8_t)s.ptr[i] <= ' ' || s.ptr[i] == 0x7F)
            return hx_fail(err, HX_EINVAL, "a symbol has no blank or control character: '%.*s'",
                           HX_STR_ARG(s));
    bool is_byte = s.len == 6 && memcmp(s.ptr, "<0x", 3) == 0 && s.ptr[5] == '>';
    if (is_byte || hx_str_equal(s, HX_STR_LIT("<unk>")) || hx_str_equal(s, HX_STR_LIT("<s>")) ||
        hx_str_equal(s, HX_STR_LIT("</s>")))
        return hx_fail(err, HX_EINVAL, "the symbol '%.*s' is there anyway; choose another name",
                       HX_STR_ARG(s));
    return HX_OK;
}

static hx_status copy_symbols(hx_tokenizer_trainer *t, hx_error *err) {
    hx_tokenizer_train_options *o = &t->options;
    hx_str *copy = hx_arena_alloc(t->arena, (o->n_symbols + 1) * sizeof *copy);
    if (!copy) return no_memory(err);
    for (size_t i = 0; i < o->n_symbols; i++) {
        HX_TRY(check_symbol(o->symbols[i], err));
        for (size_t j = 0; j < i; j++)
            if (hx_str_equal(copy[j], o->symbols[i]))
                return hx_fail(err, HX_EINVAL, "the symbol '%.*s' is given twice",
                               HX_STR_ARG(copy[j]));
        copy[i] = hx_arena_str(t->arena, o->symbols[i]);
        if (!copy[i].ptr) return no_memory(err);
    }
    o->symbols = copy;
    return HX_OK;
}

static hx_status check_options(hx_tokenizer_train_options *o, hx_error *err) {
    if (o->vocab < HX_TOKENIZER_TRAIN_VOCAB_MIN || o->vocab > HX_TOKENIZER_TRAIN_VOCAB_MAX)
        return hx_fail(err, HX_EINVAL, "a vocabulary has %u to %u pieces, not %zu",
                       HX_TOKENIZER_TRAIN_VOCAB_MIN, HX_TOKENIZER_TRAIN_VOCAB_MAX, o->vocab);
    if (o->coverage == 0) o->coverage = COVERAGE;
    if (!(o->coverage >= 0.5 && o->coverage <= 1))
        return hx_fail(err, HX_EINVAL, "the share of characters with a piece is 0.5 to 1, not %g",
                       o->coverage);
    if (o->max_piece == 0) o->max_piece = PIECE_MAX;
    if (o->max_piece > HX_TOKENIZER_TRAIN_PIECE_MAX)
        return hx_fail(err, HX_EINVAL, "a piece has at most %u characters, not %zu",
                       HX_TOKENIZER_TRAIN_PIECE_MAX, o->max_piece);
    if (o->n_symbols > HX_TOKENIZER_TRAIN_SYMBOLS_MAX)
        return hx_fail(err, HX_ELIMIT, "there are at most %u symbols, not %zu",
                       HX_TOKENIZER_TRAIN_SYMBOLS_MAX, o->n_symbols);
    if (o->max_bytes == 0) o->max_bytes = BYTES_MAX;
    if (o->n_threads == 0) o->n_threads = hx_processors();
    if (o->n_threads > THREADS_MAX) o->n_threads = THREADS_MAX;
    return HX_OK;
}

/* ------------------------------------------------------------------ life cycle */
static hx_status init(hx_tokenizer_trainer *t, hx_error *err) {
    t->arena = hx_arena_new(0);
    hx_buf_init(&t->batch, 2 * BATCH_BYTES);
    if (!t->arena) return no_memory(err);
    HX_TRY(check_options(&t->options, err));
    HX_TRY(copy_symbols(t, err));
    HX_TRY(hx__train_cutter_init(&t->cutter, &t->options, err));
    t->counts = calloc(t->options.n_threads, sizeof *t->counts);
    if (!t->counts) return no_memory(err);
    for (; t->n_threads < t->options.n_threads; t->n_threads++)
        HX_TRY(hx__train_counts_init(&t->counts[t->n_threads], err));
    return HX_OK;
}

hx_status hx_tokenizer_trainer_new(hx_tokenizer_trainer **out,
                                   const hx_tokenizer_train_options *options, hx_error *err) {
    hx_tokenizer_trainer *t = calloc(1, sizeof *t);
    if (!t) return no_memory(err);
    t->options = *options;
    hx_status status = init(t, err);
    if (status == HX_OK)
        *out = t;
    else
        hx_tokenizer_trainer_free(t);
    return status;
}

void hx_tokenizer_trainer_free(hx_tokenizer_trainer *t) {
    if (!t) return;
    for (size_t i = 0; i < t->n_threads; i++)
        hx__train_counts_release(&t->counts[i]);
    free(t->counts);
    free(t->slices);
    hx__train_cutter_release(&t->cutter);
    hx_buf_release(&t->batch);
    hx_arena_free(t->arena);
    free(t);
}

const hx_tokenizer_train_counts *hx_tokenizer_trainer_counts(const hx_tokenizer_trainer *t) {
    return &t->result;
}

/* ------------------------------------------------------------------ counting */
typedef struct {
    hx_tokenizer_trainer *t;
    const char *text; /* what the slices lie in */
} counting;

static hx_status count_slices(void *context, size_t job, size_t worker, hx_error *err) {
    const counting *c = context;
    hx_tokenizer_trainer *t = c->t;
    size_t end = (job + 1) * SLICES_A_JOB;
    if (hx_flag_is_raised(t->options.cancel))
        return hx_fail(err, HX_ECANCELLED, "the training of the tokenizer was stopped");
    for (size_t i = job * SLICES_A_JOB; i < end && i < t->n_slices; i++) {
        const slice *s = &t->slices[i];
        HX_TRY(hx__train_count(&t->cutter, &t->counts[worker], (hx_str){c->text + s->at, s->len},
                               s->opens, err));
    }
    return HX_OK;
}

static hx_status count_all(hx_tokenizer_trainer *t, const char *text, hx_error *err) {
    counting c = {t, text};
    size_t n_jobs = (t->n_slices + SLICES_A_JOB - 1) / SLICES_A_JOB;
    hx_status status = hx_pool_run(t->n_threads, n_jobs, count_slices, &c, err);
    t->n_slices = 0;
    hx_buf_reset(&t->batch);
    return status;
}

/* Cuts a text that lies at `at` into slices that end at line breaks. */
static hx_status add_slices(hx_tokenizer_trainer *t, size_t at, hx_str text, hx_error *err) {
    for (size_t from = 0; from < text.len;) {
        size_t end = text.len;
        if (end - from > SLICE_BYTES) {
            const char *line =
                memchr(text.ptr + from + SLICE_BYTES, '\n', text.len - from - SLICE_BYTES);
            if (line) end = (size_t)(line - text.ptr) + 1;
        }
        void *slices = t->slices;
        bool fine = hx__train_grow(&slices, &t->room, t->n_slices + 1, sizeof *t->slices);
        t->slices = slices;
        if (!fine) return no_memory(err);
        t->slices[t->n_slices++] = (slice){at + from, end - from, from == 0};
        from = end;
    }
    return HX_OK;
}

hx_status hx_tokenizer_trainer_add(hx_tokenizer_trainer *t, hx_str text, hx_error *err) {
    if (t->written)
        return hx_fail(err, HX_EINVAL, "this tokenizer is trained; no more texts can be added");
    if (text.len > t->options.max_bytes - t->result.n_bytes)
        return hx_fail(err, HX_ELIMIT,
                       "more than %llu bytes of text to train a tokenizer; give fewer or shorter "
                       "texts",
                       (unsigned long long)t->options.max_bytes);
    t->result.n_texts++;
    t->result.n_bytes += text.len;
    if (t->batch.len + text.len > BATCH_BYTES) HX_TRY(count_all(t, t->batch.ptr, err));
    if (text.len > BATCH_BYTES) {
        HX_TRY(add_slices(t, 0, text, err));
        return count_all(t, text.ptr, err);
    }
    size_t at = t->batch.len;
    if (!hx_buf_append_str(&t->batch, text)) return no_memory(err);
    return add_slices(t, at, text, err);
}

/* ------------------------------------------------------------------ characters */
typedef struct {
    uint64_t n;
    uint32_t cp;
} character;

static int by_count(const void *a, const void *b) {
    const character *x = a, *y = b;
    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    return (x->cp > y->cp) - (x->cp < y->cp);
}

/* The characters that get a piece: the most frequent until `coverage` of all is reached. kept is for the caller to free(). */
static hx_status choose_characters(hx_tokenizer_trainer *t, uint32_t **kept, hx_error *err) {
    const uint64_t *counts = t->counts[0].characters;
    size_t n = 0;
    uint64_t total = 0, covered = 0;
    character *all = calloc(HX_TRAIN_CODE_POINTS, sizeof *all);
    *kept = calloc(HX_TRAIN_CODE_POINTS, sizeof **kept);
    if (!all || !*kept) {
        free(all);
        return no_memory(err);
    }
    for (uint32_t cp = 0; cp < HX_TRAIN_CODE_POINTS; cp++) {
        if (counts[cp]) all[n++] = (character){counts[cp], cp};
        total += counts[cp];
    }
    qsort(all, n, sizeof *all, by_count);
    size_t m = 0;
    for (; m < n && (double)covered < t->options.coverage * (double)total; m++) {
        (*kept)[m] = all[m].cp;
        covered += all[m].n;
    }
    free(all);
    t->result.n_characters = total;
    t->result.n_kept = m;
    return HX_OK;
}

static hx_status check_room(const hx_tokenizer_trainer *t, size_t *n_merges, hx_error *err) {
    const hx_tokenizer_train_options *o = &t->options;
    size_t others = N_RESERVED + o->n_symbols + t->result.n_kept;
    if (t->result.n_characters == t->counts[0].characters[' '])
        return hx_fail(err, HX_EINVAL, "there is no text to train a tokenizer from");
    if (others > o->vocab)
        return hx_fail(err, HX_EINVAL,
                       "a vocabulary of %zu pieces is too small: %zu characters need a piece each, "
                       "bytes and symbols %zu; take at least %zu pieces or cover fewer characters "
                       "than %g of the text",
                       o->vocab, t->result.n_kept, N_RESERVED + o->n_symbols, others, o->coverage);
    *n_merges = o->vocab - others;
    return HX_OK;
}

/* ------------------------------------------------------------------ the whole */
static hx_status learn_and_write(hx_tokenizer_trainer *t, const uint32_t *kept, const char *path,
                                 hx_error *err) {
    hx_train_merge_limits limits = {t->options.max_piece, 0, &t->options};
    hx_train_pieces merges = {0};
    size_t n_kept = t->result.n_kept;
    HX_TRY(check_room(t, &limits.n_merges, err));
    HX_TRY(hx__train_merge(&t->counts[0], kept, n_kept, &limits, &merges, err));
    t->result.n_merges = merges.n;
    t->result.n_pieces = N_RESERVED + t->options.n_symbols + merges.n + n_kept;
    hx_status status = hx__train_write(path, &t->options, &merges, kept, n_kept, err);
    hx__train_pieces_release(&merges);
    return status;
}

hx_status hx_tokenizer_trainer_write(hx_tokenizer_trainer *t, const char *path, hx_error *err) {
    uint32_t *kept = NULL;
    if (t->written) return hx_fail(err, HX_EINVAL, "this tokenizer is trained already");
    HX_TRY(hx_file_replaceable(path, err));
    t->written = true;
    HX_TRY(count_all(t, t->batch.ptr, err));
    for (; t->n_threads > 1; t->n_threads--) {
        hx_train_counts *last = &t->counts[t->n_threads - 1];
        HX_TRY(hx__train_counts_join(&t->counts[0], last, err));
        hx__train_counts_release(last);
    }
    t->result.n_words = t->counts[0].n_words;
    hx_status status = choose_characters(t, &kept, err);
    if (status == HX_OK) status = learn_and_write(t, kept, path, err);
    free(kept);
    return status;
}
