/* corpus_parts.h - the inside of a corpus. Only for corpus*.c. */
#ifndef HX_MODEL_CORPUS_PARTS_H
#define HX_MODEL_CORPUS_PARTS_H

#include "base/file.h"
#include "model/corpus.h"

enum { HX_CORPUS_ORDINARY = 1, HX_CORPUS_OPENS_LETTER = 2, HX_CORPUS_ENDS_LETTER = 4 };

/* ids [at, at + n) behind bos, with eos behind them where `ends`. */
typedef struct {
    uint64_t at;
    uint32_t n;
    bool ends;
} hx_corpus_sequence;

/* Training or validation: its sequences, and the plan of one epoch. */
typedef struct {
    hx_corpus_sequence *sequences; /* (n) owned */
    size_t n, n_documents;
    uint32_t *order; /* (n) owned */
    uint32_t *starts; /* (n_batches + 1) into order; room for n + 1; owned */
    size_t n_batches;
    uint64_t planned; /* epoch of the plan; UINT64_MAX = none */
    uint64_t *firsts; /* (n_epochs + 1): number of the first batch of an epoch; owned */
    size_t n_epochs, room;
} hx_corpus_side;

struct hx_corpus {
    const hx_tokenizer *tokenizer; /* borrowed */
    size_t n_vocab;
    hx_corpus_counts counts;
    uint64_t hash;
    double held_out;
    size_t n_documents;
    const uint32_t *lengths; /* (n_documents) ids of each; in mapping or buffers */
    const uint32_t *hashes; /* (n_documents) of the texts */
    const char *ids; /* (n_tokens) of `width` bytes */
    unsigned width; /* 2 or 4 */
    hx_mapping mapping; /* of the cache file */
    hx_buf length_bytes, hash_bytes, id_bytes; /* without one */

    hx_corpus_batching how;
    bool is_set; /* `how` and what follows */
    uint32_t mask;
    int32_t bos, eos; /* -1 = none is put */
    uint8_t *kinds; /* (n_vocab) bits; owned */
    uint32_t *plain; /* (n_plain) ordinary ids that stand in the text; owned */
    double *shares; /* (n_plain) running sums of count^0.75; owned */
    size_t n_plain;
    hx_corpus_side sides[2]; /* TRAIN, VALIDATION */
};

static inline uint32_t hx__corpus_id(const hx_corpus *c, uint64_t i) {
    return c->width == 2 ? ((const uint16_t *)(const void *)c->ids)[i]
                         : ((const uint32_t *)(const void *)c->ids)[i];
}

/* corpus_ids.c: fills what stands above `how`. */
hx_status hx__corpus_tokenise(hx_corpus *c, const hx_corpus_options *options,
                              hx_error *err) HX_MUST_USE;
void hx__corpus_hash(hx_corpus *c); /* of what is there */

/* corpus_cache.c: *found = false where there is no file, or one of something else. */
hx_status hx__corpus_key(const hx_corpus *c, const hx_corpus_options *options, uint64_t *key,
                         hx_error *err) HX_MUST_USE;
hx_status hx__corpus_cache_open(hx_corpus *c, const char *path, uint64_t key, bool *found,
                                hx_error *err) HX_MUST_USE;
/* Writes what is in the buffers. */
hx_status hx__corpus_cache_write(const hx_corpus *c, const char *path, uint64_t key,
                                 hx_error *err) HX_MUST_USE;

/* corpus_plan.c: the sequences of a part; which of them are batch `number`. */
hx_status hx__corpus_side_init(hx_corpus *c, hx_part part, hx_error *err) HX_MUST_USE;
void hx__corpus_side_release(hx_corpus_side *s);
size_t hx__corpus_sequence_length(const hx_corpus *c, const hx_corpus_sequence *s);
/* Plans the epoch of batch `number`; *b = which batch of it. */
hx_status hx__corpus_seek(hx_corpus *c, hx_part part, uint64_t number, uint64_t *epoch, size_t *b,
                          hx_error *err) HX_MUST_USE;

/* corpus_mask.c: what a batch asks. ids and labels (T) of `out` are changed; labels all HX_NN_IGNORE before. */
hx_status hx__corpus_ask(const hx_corpus *c, hx_part part, uint64_t number, hx_arena *arena,
                         uint32_t *ids, bool *causal, hx_corpus_batch *out,
                         hx_error *err) HX_MUST_USE;

#endif
