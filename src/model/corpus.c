/* corpus.c - a corpus opened, how its batches are made, and one batch; see corpus.h.
 *
 *     corpus_read.c   documents of files            corpus_ids.c    token ids          corpus_cache.c  their file
 *     corpus_plan.c   sequences, epochs, batches    corpus_mask.c   what is asked
 *
 * Once opened, ids do not change; what hx_corpus_batch_by() made is replaced by the next call of it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "model/corpus_parts.h"

#define LENGTH_USUAL 128u
#define LENGTH_MIN 8u
#define LENGTH_MAX ((size_t)1 << 20)
#define TOKENS_USUAL 4096u
#define TOKENS_MAX ((size_t)1 << 28)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while texts are read");
}

/* ------------------------------------------------------------------ life cycle */
static hx_status read_or_make(hx_corpus *c, const hx_corpus_options *o, hx_error *err) {
    uint64_t key = 0;
    bool found = false;
    if (!o->cache) return hx__corpus_tokenise(c, o, err);
    HX_TRY(hx__corpus_key(c, o, &key, err));
    HX_TRY(hx__corpus_cache_open(c, o->cache, key, &found, err));
    if (found) return HX_OK;
    HX_TRY(hx__corpus_tokenise(c, o, err));
    HX_TRY(hx__corpus_cache_write(c, o->cache, key, err));
    HX_TRY(hx__corpus_cache_open(c, o->cache, key, &found, err));
    if (!found) return hx_fail(err, HX_EIO, "%s: what was written can't be read again", o->cache);
    c->counts.cached = false;
    hx_buf_release(&c->length_bytes);
    hx_buf_release(&c->hash_bytes);
    hx_buf_release(&c->id_bytes);
    return HX_OK;
}

static hx_status open_corpus(hx_corpus *c, const hx_corpus_options *o, hx_error *err) {
    if (!(o->held_out >= 0 && o->held_out <= 1))
        return hx_fail(err, HX_EINVAL, "the share of texts held out is 0 to 1, not %g",
                       o->held_out);
    c->n_vocab = hx_tokenizer_n_vocab(c->tokenizer);
    c->width = c->n_vocab <= 65536 ? 2 : 4;
    c->held_out = o->held_out;
    hx_buf_init(&c->length_bytes, SIZE_MAX / 2);
    hx_buf_init(&c->hash_bytes, SIZE_MAX / 2);
    hx_buf_init(&c->id_bytes, SIZE_MAX / 2);
    HX_TRY(read_or_make(c, o, err));
    if (c->counts.n_tokens == 0)
        return hx_fail(err, HX_EINVAL, "there is no text in the files to learn from");
    return HX_OK;
}

hx_status hx_corpus_open(hx_corpus **out, const hx_tokenizer *tokenizer,
                         const hx_corpus_options *options, hx_error *err) {
    hx_corpus *c = calloc(1, sizeof *c);
    if (!c) return no_memory(err);
    c->tokenizer = tokenizer;
    hx_status status = open_corpus(c, options, err);
    if (status == HX_OK)
        *out = c;
    else
        hx_corpus_close(c);
    return status;
}

static void forget_batching(hx_corpus *c) {
    free(c->kinds);
    free(c->plain);
    free(c->shares);
    c->kinds = NULL;
    c->plain = NULL;
    c->shares = NULL;
    c->n_plain = 0;
    c->is_set = false;
    hx__corpus_side_release(&c->sides[HX_PART_TRAIN]);
    hx__corpus_side_release(&c->sides[HX_PART_VALIDATION]);
}

void hx_corpus_close(hx_corpus *c) {
    if (!c) return;
    forget_batching(c);
    hx_mapping_close(&c->mapping);
    hx_buf_release(&c->length_bytes);
    hx_buf_release(&c->hash_bytes);
    hx_buf_release(&c->id_bytes);
    free(c);
}

const hx_corpus_counts *hx_corpus_counted(const hx_corpus *c) {
    return &c->counts;
}

uint64_t hx_corpus_hash(const hx_corpus *c) {
    return c->hash;
}

size_t hx_corpus_documents(const hx_corpus *c, hx_part part) {
    size_t n = 0;
    for (size_t i = 0; i < c->n_documents; i++)
        n += ((double)c->hashes[i] < c->held_out * 4294967296.0) == (part == HX_PART_VALIDATION);
    return part == HX_PART_TEST ? 0 : n;
}

/* ------------------------------------------------------------------ tokens */
/* Letters of scripts that are written with blanks, and digits. */
static bool is_letter(uint32_t cp) {
    if (cp < 0x80) return (cp | 0x20) - 'a' < 26 || cp - '0' < 10 || cp == '\'';
    return cp != HX_UTF8_BAD && cp >= 0xC0 && cp < 0x2000;
}

static uint8_t kind_of(const hx_corpus *c, int32_t id) {
    hx_str bytes = hx_tokenizer_bytes(c->tokenizer, id);
    if (hx_tokenizer_is_special(c->tokenizer, id) || id == (int32_t)c->mask || bytes.len == 0)
        return 0;
    unsigned kind = HX_CORPUS_ORDINARY;
    size_t at = 0, last = bytes.len - 1;
    if (is_letter(hx_utf8_next(bytes, &at))) kind |= HX_CORPUS_OPENS_LETTER;
    while (last > 0 && ((unsigned char)bytes.ptr[last] & 0xC0) == 0x80)
        last--;
    if (is_letter(hx_utf8_next(bytes, &last))) kind |= HX_CORPUS_ENDS_LETTER;
    return (uint8_t)kind;
}

static hx_status find_mask(hx_corpus *c, hx_error *err) {
    static const char *const names[] = {"<mask>", "[MASK]", "<|mask|>", "<unk>"};
    int32_t id = -1;
    for (size_t i = 0; i < sizeof names / sizeof *names && id < 0; i++)
        id = hx_tokenizer_find(c->tokenizer, hx_str_of(names[i]));
    if (id < 0) id = hx_tokenizer_eos(c->tokenizer);
    if (id < 0) id = hx_tokenizer_bos(c->tokenizer);
    if (id < 0 && c->how.objective != HX_CORPUS_CAUSAL && c->how.objective != HX_CORPUS_DENOISED)
        return hx_fail(err, HX_EINVAL,
                       "the tokenizer has no token to mask with; train one with <mask> among its "
                       "symbols");
    c->mask = id < 0 ? 0 : (uint32_t)id;
    return HX_OK;
}

/* Ordinary tokens that stand in the text, with running sums of count^0.75 (square roots: the same on every machine). */
static hx_status count_tokens(hx_corpus *c, hx_error *err) {
    uint64_t *counts = calloc(c->n_vocab + 1, sizeof *counts);
    c->kinds = calloc(c->n_vocab + 1, 1);
    c->plain = calloc(c->n_vocab + 1, sizeof *c->plain);
    c->shares = calloc(c->n_vocab + 1, sizeof *c->shares);
    double sum = 0;
    if (!counts || !c->kinds || !c->plain || !c->shares) {
        free(counts);
        return no_memory(err);
    }
    for (uint64_t i = 0; i < c->counts.n_tokens; i++)
        counts[hx__corpus_id(c, i)]++;
    for (size_t id = 0; id < c->n_vocab; id++) {
        c->kinds[id] = kind_of(c, (int32_t)id);
        if (counts[id] == 0 || !(c->kinds[id] & HX_CORPUS_ORDINARY)) continue;
        double root = sqrt((double)counts[id]);
        sum += root * sqrt(root);
        c->plain[c->n_plain] = (uint32_t)id;
        c->shares[c->n_plain++] = sum;
    }
    free(counts);
    return HX_OK;
}

/* ------------------------------------------------------------------ batching */
static hx_status check_batching(hx_corpus_batching *b, hx_error *err) {
    if (b->length == 0) b->length = LENGTH_USUAL;
    if (b->length < LENGTH_MIN || b->length > LENGTH_MAX)
        return hx_fail(err, HX_EINVAL, "a sequence has %u to %zu tokens, not %zu", LENGTH_MIN,
                       LENGTH_MAX, b->length);
    if (b->tokens == 0) b->tokens = b->length > TOKENS_USUAL ? b->length : TOKENS_USUAL;
    if (b->tokens < b->length || b->tokens > TOKENS_MAX)
        return hx_fail(err, HX_EINVAL, "a batch has %zu to %zu tokens, not %zu", b->length,
                       TOKENS_MAX, b->tokens);
    if (b->mixed == 0) b->mixed = 0.5;
    if (b->rate == 0) b->rate = 0.15;
    if (b->keep == 0 && b->random == 0) b->keep = b->random = 0.1;
    if (b->rest == 0) b->rest = 1;
    bool fine = b->mixed > 0 && b->mixed <= 1 && b->rate > 0 && b->rate <= 1 && b->rest > 0 &&
                b->rest <= 1 && b->keep >= 0 && b->random >= 0 && b->keep + b->random <= 1;
    if (fine) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "shares of masked tokens and sequences are above 0 and at most 1");
}

static hx_status set_batching(hx_corpus *c, hx_error *err) {
    HX_TRY(check_batching(&c->how, err));
    HX_TRY(find_mask(c, err));
    c->bos = hx_tokenizer_bos(c->tokenizer);
    c->eos = hx_tokenizer_eos(c->tokenizer);
    if (c->bos < 0) c->bos = c->eos;
    HX_TRY(count_tokens(c, err));
    HX_TRY(hx__corpus_side_init(c, HX_PART_TRAIN, err));
    return hx__corpus_side_init(c, HX_PART_VALIDATION, err);
}

hx_status hx_corpus_batch_by(hx_corpus *c, const hx_corpus_batching *batching, hx_error *err) {
    forget_batching(c);
    c->how = *batching;
    hx_status status = set_batching(c, err);
    if (status != HX_OK) forget_batching(c);
    c->is_set = status == HX_OK;
    return status;
}

uint32_t hx_corpus_mask_id(const hx_corpus *c) {
    return c->mask;
}

/* ------------------------------------------------------------------ a batch */
static void put_sequence(const hx_corpus *c, const hx_corpus_sequence *s, uint32_t *ids) {
    if (c->bos >= 0) *ids++ = (uint32_t)c->bos;
    for (uint32_t i = 0; i < s->n; i++)
        *ids++ = hx__corpus_id(c, s->at + i);
    if (s->ends) *ids = (uint32_t)c->eos;
}

/* The sequences of batch b of the planned epoch, nothing asked yet. */
static hx_status lay_batch(const hx_corpus *c, const hx_corpus_side *s, size_t b, hx_arena *arena,
                           uint32_t **ids, bool **causal, hx_corpus_batch *out, hx_error *err) {
    size_t from = s->starts[b], n = s->starts[b + 1] - from, total = 0;
    uint32_t *starts = hx_arena_alloc(arena, (n + 1) * sizeof *starts);
    *causal = hx_arena_alloc(arena, n * sizeof **causal);
    for (size_t i = 0; i < n && starts; i++) {
        starts[i] = (uint32_t)total;
        total += hx__corpus_sequence_length(c, &s->sequences[s->order[from + i]]);
    }
    *ids = hx_arena_alloc(arena, total * sizeof **ids);
    out->labels = hx_arena_alloc(arena, total * sizeof *out->labels);
    if (!starts || !*causal || !*ids || !out->labels)
        return hx_fail(err, HX_ENOMEM, "out of memory while a batch is made");
    starts[n] = (uint32_t)total;
    for (size_t i = 0; i < n; i++)
        put_sequence(c, &s->sequences[s->order[from + i]], *ids + starts[i]);
    for (size_t t = 0; t < total; t++)
        out->labels[t] = HX_NN_IGNORE;
    out->batch.ids = *ids;
    out->batch.n_tokens = total;
    out->batch.starts = starts;
    out->batch.n_sequences = n;
    out->batch.causal = *causal;
    out->targets.labels = out->labels;
    return HX_OK;
}

hx_status hx_corpus_make_batch(hx_corpus *c, hx_part part, uint64_t number, hx_arena *arena,
                               hx_corpus_batch *out, hx_error *err) {
    uint64_t epoch = 0;
    size_t b = 0;
    uint32_t *ids = NULL;
    bool *causal = NULL;
    HX_TRY(hx__corpus_seek(c, part, number, &epoch, &b, err));
    const hx_corpus_side *s = &c->sides[part];
    *out = (hx_corpus_batch){.epoch = epoch};
    out->share = (double)epoch + (double)(b + 1) / (double)s->n_batches;
    HX_TRY(lay_batch(c, s, b, arena, &ids, &causal, out, err));
    return hx__corpus_ask(c, part, number, arena, ids, causal, out, err);
}
