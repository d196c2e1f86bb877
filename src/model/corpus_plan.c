/* corpus_plan.c - documents to sequences, sequences to batches; see corpus.h.
 *
 * A document of n ids and its eos, with length - 1 places a sequence behind bos, is cut into ceil((n + 1) / (length - 1)) parts that differ
 * by one token at most: no short rest.
 *
 * An epoch's order is a shuffle by (seed, epoch); batches take sequences in that order while they fit. So an epoch's number of batches is
 * known once it is planned, and batch `number` is found by planning the epochs before it: a few milliseconds each. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "model/corpus_parts.h"

#define SHUFFLE_SALT 0x53485546464C4531u
#define EPOCHS_MAX ((size_t)1 << 20)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while texts are read");
}

size_t hx__corpus_sequence_length(const hx_corpus *c, const hx_corpus_sequence *s) {
    return s->n + (c->bos >= 0) + s->ends;
}

/* ------------------------------------------------------------------ sequences */
static bool is_of(const hx_corpus *c, size_t document, hx_part part) {
    bool held = (double)c->hashes[document] < c->held_out * 4294967296.0;
    return held == (part == HX_PART_VALIDATION);
}

/* Parts that a document of n ids is cut into. */
static uint64_t n_parts(const hx_corpus *c, uint32_t n) {
    uint64_t whole = (uint64_t)n + (c->eos >= 0), most = c->how.length - (c->bos >= 0);
    return n ? (whole + most - 1) / most : 0;
}

static void add_parts(const hx_corpus *c, hx_corpus_side *s, uint64_t at, uint32_t n) {
    uint64_t k = n_parts(c, n), whole = (uint64_t)n + (c->eos >= 0);
    for (uint64_t j = 0; j < k; j++) {
        uint64_t from = whole * j / k, to = whole * (j + 1) / k;
        bool ends = to > n;
        s->sequences[s->n++] =
            (hx_corpus_sequence){at + from, (uint32_t)(to - from - (ends ? 1 : 0)), ends};
    }
}

hx_status hx__corpus_side_init(hx_corpus *c, hx_part part, hx_error *err) {
    hx_corpus_side *s = &c->sides[part];
    uint64_t n = 0, at = 0;
    for (size_t i = 0; i < c->n_documents; i++)
        if (is_of(c, i, part)) n += n_parts(c, c->lengths[i]);
    if (n >= UINT32_MAX)
        return hx_fail(err, HX_ELIMIT, "%llu sequences of text are too many; the most is %u",
                       (unsigned long long)n, UINT32_MAX);
    *s = (hx_corpus_side){.planned = UINT64_MAX};
    s->sequences = calloc((size_t)n + 1, sizeof *s->sequences);
    s->order = calloc((size_t)n + 1, sizeof *s->order);
    s->starts = calloc((size_t)n + 1, sizeof *s->starts);
    s->firsts = calloc(16, sizeof *s->firsts);
    s->room = 16;
    if (!s->sequences || !s->order || !s->starts || !s->firsts) return no_memory(err);
    for (size_t i = 0; i < c->n_documents; at += c->lengths[i++]) {
        if (!is_of(c, i, part)) continue;
        s->n_documents++;
        add_parts(c, s, at, c->lengths[i]);
    }
    return HX_OK;
}

void hx__corpus_side_release(hx_corpus_side *s) {
    free(s->sequences);
    free(s->order);
    free(s->starts);
    free(s->firsts);
    *s = (hx_corpus_side){.planned = UINT64_MAX};
}

/* ------------------------------------------------------------------ epochs */
static void shuffle(const hx_corpus *c, hx_corpus_side *s, uint64_t epoch) {
    hx_rng r;
    hx_rng_seed(&r, hx_hash_mix(hx_hash_mix(c->how.seed, SHUFFLE_SALT), epoch));
    for (size_t i = s->n; i > 1; i--) {
        size_t j = (size_t)hx_rng_below(&r, i);
        uint32_t t = s->order[i - 1];
        s->order[i - 1] = s->order[j];
        s->order[j] = t;
    }
}

static void plan(const hx_corpus *c, hx_corpus_side *s, hx_part part, uint64_t epoch) {
    if (s->planned == epoch) return;
    for (size_t i = 0; i < s->n; i++)
        s->order[i] = (uint32_t)i;
    if (part == HX_PART_TRAIN) shuffle(c, s, epoch);
    size_t tokens = 0;
    s->n_batches = 0;
    for (size_t i = 0; i < s->n; i++) {
        size_t len = hx__corpus_sequence_length(c, &s->sequences[s->order[i]]);
        if (i == 0 || tokens + len > c->how.tokens) {
            s->starts[s->n_batches++] = (uint32_t)i;
            tokens = 0;
        }
        tokens += len;
    }
    s->starts[s->n_batches] = (uint32_t)s->n;
    s->planned = epoch;
}

/* Notes where the next epoch begins. */
static hx_status add_epoch(hx_corpus *c, hx_part part, hx_error *err) {
    hx_corpus_side *s = &c->sides[part];
    if (s->n_epochs >= EPOCHS_MAX)
        return hx_fail(err, HX_ELIMIT, "more than %zu epochs of text", EPOCHS_MAX);
    plan(c, s, part, s->n_epochs);
    if (s->n_epochs + 2 > s->room) {
        uint64_t *firsts = calloc(2 * s->room, sizeof *firsts);
        if (!firsts) return no_memory(err);
        memcpy(firsts, s->firsts, s->room * sizeof *firsts);
        free(s->firsts);
        s->firsts = firsts;
        s->room *= 2;
    }
    s->firsts[s->n_epochs + 1] = s->firsts[s->n_epochs] + s->n_batches;
    s->n_epochs++;
    return HX_OK;
}

static hx_status check_side(const hx_corpus *c, hx_part part, hx_error *err) {
    if (part != HX_PART_TRAIN && part != HX_PART_VALIDATION)
        return hx_fail(err, HX_EINVAL, "texts have parts for training and for validation alone");
    if (!c->is_set) return hx_fail(err, HX_EINVAL, "how batches are made is not set");
    if (part == HX_PART_TRAIN && c->sides[part].n == 0)
        return hx_fail(err, HX_EINVAL, "there is no text left to train on: all of it is held out");
    return HX_OK;
}

hx_status hx__corpus_seek(hx_corpus *c, hx_part part, uint64_t number, uint64_t *epoch, size_t *b,
                          hx_error *err) {
    hx_corpus_side *s = &c->sides[part];
    HX_TRY(check_side(c, part, err));
    if (part == HX_PART_VALIDATION) {
        plan(c, s, part, 0);
        *epoch = 0;
        *b = (size_t)number;
        if (number < s->n_batches) return HX_OK;
        return hx_fail(err, HX_EINVAL, "there are %zu batches of validation, not %llu",
                       s->n_batches, (unsigned long long)number + 1);
    }
    while (number >= s->firsts[s->n_epochs])
        HX_TRY(add_epoch(c, part, err));
    size_t e = s->n_epochs - 1;
    while (number < s->firsts[e])
        e--;
    plan(c, s, part, e);
    *epoch = e;
    *b = (size_t)(number - s->firsts[e]);
    return HX_OK;
}

hx_status hx_corpus_count_batches(hx_corpus *c, hx_part part, double epochs, uint64_t *n,
                                  hx_error *err) {
    hx_corpus_side *s = &c->sides[part == HX_PART_VALIDATION];
    HX_TRY(check_side(c, part, err));
    if (part == HX_PART_VALIDATION) {
        plan(c, s, part, 0);
        *n = s->n_batches;
        return HX_OK;
    }
    if (!(epochs >= 0 && epochs < (double)EPOCHS_MAX))
        return hx_fail(err, HX_EINVAL, "%g epochs of text make no sense", epochs);
    size_t whole = (size_t)epochs;
    while (s->n_epochs < whole + 1)
        HX_TRY(add_epoch(c, part, err));
    double rest = (epochs - (double)whole) * (double)(s->firsts[whole + 1] - s->firsts[whole]);
    *n = s->firsts[whole] + (uint64_t)rest;
    if ((double)(uint64_t)rest < rest) (*n)++;
    return HX_OK;
}
