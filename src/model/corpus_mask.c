/* corpus_mask.c - what a batch asks: the next token, masked ones, replaced ones, the right one behind noise. See corpus.h.
 *
 * Each sequence of a batch draws from its own generator, seeded by (seed, part, number of the batch, number of the sequence). The token at
 * t is asked at t - 1, as the causal head asks it, so that one output matrix serves both ways of reading; the first token is never asked.
 *
 * Masked tokens (arXiv 1810.04805): a unit - a token, or all tokens of a word of letters - is chosen with probability `rate`; at least one a
 * sequence. Of the chosen tokens some stay and some become any other token, the rest becomes the mask. */
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "model/corpus_parts.h"

#define MASK_SALT 0x4D41534B4D41534Bu

typedef struct {
    const hx_corpus *c;
    uint32_t *ids, *labels; /* of one sequence */
    size_t n;
    uint8_t *chosen; /* (n) 1 = masked or replaced */
    hx_rng rng;
} asked;

static bool is_ordinary(const asked *a, size_t t) {
    return (a->c->kinds[a->ids[t]] & HX_CORPUS_ORDINARY) != 0;
}

/* Does the token at t go on with the word of the one before? */
static bool goes_on(const asked *a, size_t t) {
    const uint8_t *kinds = a->c->kinds;
    return a->c->how.whole_words && t > 1 && is_ordinary(a, t - 1) &&
           (kinds[a->ids[t - 1]] & HX_CORPUS_ENDS_LETTER) != 0 &&
           (kinds[a->ids[t]] & HX_CORPUS_OPENS_LETTER) != 0;
}

/* Chooses units; with forced < SIZE_MAX that one alone. How many units there are. */
static size_t choose_units(asked *a, size_t forced, size_t *n_chosen) {
    size_t units = 0;
    bool takes = false;
    for (size_t t = 1; t < a->n; t++) {
        a->chosen[t] = 0;
        if (!is_ordinary(a, t)) continue;
        if (!goes_on(a, t) || units == 0) {
            takes = forced == SIZE_MAX ? hx_rng_uniform(&a->rng) < a->c->how.rate : units == forced;
            units++;
        }
        a->chosen[t] = takes;
        *n_chosen += takes;
    }
    return units;
}

static void choose(asked *a, bool at_least_one) {
    size_t n_chosen = 0, none = 0;
    a->chosen[0] = 0;
    size_t units = choose_units(a, SIZE_MAX, &n_chosen);
    if (n_chosen == 0 && units && at_least_one)
        (void)choose_units(a, (size_t)hx_rng_below(&a->rng, units), &none);
}

/* ------------------------------------------------------------------ draws */
static uint32_t draw_any(asked *a) {
    const hx_corpus *c = a->c;
    return c->n_plain ? c->plain[hx_rng_below(&a->rng, c->n_plain)] : c->mask;
}

/* By count^0.75. */
static uint32_t draw_common(asked *a) {
    const hx_corpus *c = a->c;
    if (c->n_plain == 0) return c->mask;
    double x = hx_rng_uniform(&a->rng) * c->shares[c->n_plain - 1];
    size_t low = 0, high = c->n_plain - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->shares[middle] > x)
            high = middle;
        else
            low = middle + 1;
    }
    return c->plain[low];
}

static uint32_t draw_confused(asked *a, uint32_t id) {
    const hx_confusions *f = a->c->how.confusions;
    if (!f) return draw_common(a);
    uint32_t n = f->starts[id + 1] - f->starts[id];
    if (n == 0) return id;
    uint32_t to = f->to[f->starts[id] + hx_rng_below(&a->rng, n)];
    return to < a->c->n_vocab ? to : id;
}

/* ------------------------------------------------------------------ objectives */
static void ask_next(asked *a) {
    for (size_t t = 1; t < a->n; t++)
        a->labels[t - 1] = a->ids[t];
}

static void ask_masked(asked *a) {
    const hx_corpus_batching *how = &a->c->how;
    choose(a, true);
    for (size_t t = 1; t < a->n; t++) {
        if (!a->chosen[t]) continue;
        double u = hx_rng_uniform(&a->rng);
        a->labels[t - 1] = a->ids[t];
        if (u < how->keep) continue;
        a->ids[t] = u < how->keep + how->random ? draw_any(a) : a->c->mask;
    }
}

static void ask_denoised(asked *a) {
    choose(a, false);
    for (size_t t = 1; t < a->n; t++) {
        uint32_t was = a->ids[t];
        if (!is_ordinary(a, t)) {
            a->chosen[t] = 0;
            continue;
        }
        if (a->chosen[t]) a->ids[t] = draw_confused(a, was);
        bool counts = a->ids[t] != was || hx_rng_uniform(&a->rng) < a->c->how.rest;
        if (counts) a->labels[t - 1] = was;
    }
}

/* Labels of the unchosen; the chosen ones are marked for replace(). */
static void ask_replaced(asked *a) {
    choose(a, true);
    for (size_t t = 0; t < a->n; t++)
        if (is_ordinary(a, t)) a->labels[t] = 0;
    if (a->c->how.generate) return;
    for (size_t t = 1; t < a->n; t++) {
        if (!a->chosen[t]) continue;
        uint32_t was = a->ids[t];
        a->ids[t] = draw_common(a);
        a->labels[t] = a->ids[t] != was;
    }
}

/* Asks the generator for the chosen tokens of the whole batch. */
static hx_status generate(const hx_corpus *c, const uint8_t *chosen, uint64_t seed, hx_arena *arena,
                          uint32_t *ids, uint32_t *labels, const hx_trunk_batch *batch,
                          hx_error *err) {
    size_t n = 0, total = batch->n_tokens;
    uint32_t *masked = hx_arena_alloc(arena, total * sizeof *masked);
    uint32_t *at = hx_arena_alloc(arena, total * sizeof *at);
    uint32_t *made = hx_arena_alloc(arena, total * sizeof *made);
    if (!masked || !at || !made)
        return hx_fail(err, HX_ENOMEM, "out of memory while a batch is made");
    memcpy(masked, ids, total * sizeof *masked);
    for (size_t t = 0; t < total; t++) {
        if (!chosen[t]) continue;
        masked[t] = c->mask;
        at[n++] = (uint32_t)t;
    }
    hx_trunk_batch asked_batch = *batch;
    asked_batch.ids = masked;
    HX_TRY(c->how.generate(c->how.context, &asked_batch, at, n, seed, made, err));
    for (size_t i = 0; i < n; i++) {
        if (made[i] >= c->n_vocab)
            return hx_fail(err, HX_EINVAL, "the generator drew token %u of %zu", made[i],
                           c->n_vocab);
        labels[at[i]] = made[i] != ids[at[i]];
        ids[at[i]] = made[i];
    }
    return HX_OK;
}

static void ask_one(asked *a, bool *causal) {
    hx_corpus_objective what = a->c->how.objective;
    if (what == HX_CORPUS_MIXED)
        what = hx_rng_uniform(&a->rng) < a->c->how.mixed ? HX_CORPUS_MASKED : HX_CORPUS_CAUSAL;
    *causal = what == HX_CORPUS_CAUSAL;
    if (what == HX_CORPUS_CAUSAL) ask_next(a);
    if (what == HX_CORPUS_MASKED) ask_masked(a);
    if (what == HX_CORPUS_REPLACED) ask_replaced(a);
    if (what == HX_CORPUS_DENOISED) ask_denoised(a);
}

hx_status hx__corpus_ask(const hx_corpus *c, hx_part part, uint64_t number, hx_arena *arena,
                         uint32_t *ids, bool *causal, hx_corpus_batch *out, hx_error *err) {
    const hx_trunk_batch *b = &out->batch;
    uint64_t seed = hx_hash_mix(hx_hash_mix(c->how.seed, MASK_SALT + (uint64_t)part), number);
    uint8_t *chosen = hx_arena_alloc(arena, b->n_tokens + 1);
    if (!chosen) return hx_fail(err, HX_ENOMEM, "out of memory while a batch is made");
    for (size_t i = 0; i < b->n_sequences; i++) {
        size_t from = b->starts[i];
        asked a = {.c = c,
                   .ids = ids + from,
                   .labels = out->labels + from,
                   .n = b->starts[i + 1] - from,
                   .chosen = chosen + from};
        hx_rng_seed(&a.rng, hx_hash_mix(seed, i));
        ask_one(&a, &causal[i]);
    }
    if (c->how.objective == HX_CORPUS_REPLACED && c->how.generate)
        HX_TRY(generate(c, chosen, seed, arena, ids, out->labels, b, err));
    for (size_t t = 0; t < b->n_tokens; t++)
        out->n_counted += out->labels[t] != HX_NN_IGNORE;
    return HX_OK;
}
