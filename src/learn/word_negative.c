/* word_negative.c - skip-gram and CBOW with negative sampling (T. Mikolov, I. Sutskever, K. Chen, G. Corrado, J. Dean, "Distributed
 * representations of words and phrases and their compositionality", 2013): what they share; see word_negative.h.
 *
 *     stream of an epoch: the words that are kept, HX_WORD_END between texts
 *     a sample:           hidden vector h against the output rows o of the centre (label 1) and of wrong words (label 0), each drawn with chance ~ count^0.75
 *                         g = rate (label - sigmoid(h.o)), e = sum g o; then o += g h, and e is added to what h is made of
 *
 * Chance comes from (seed, epoch, place), never from a thread, and who learns at the same time as who is fixed by the trainers: the same bytes with any
 * number of threads. A word with share f of the text stays with probability sqrt(s/f) + s/f. The rate falls in a line to 0.0001. */
#include "learn/word_negative.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

#define RATE_END 0.0001 /* at the end of the last epoch */
#define TOLD_EVERY 0.01 /* of an epoch */
#define PRODUCT_LEAST 1e-200
#define CHANCE_LEAST 1e-38
#define PARTS_FROM 1024 /* words */

/* ------------------------------------------------------------------ one sample */
double hx_word_sample(const hx_word_step *s, const float *h, const float *const *rows, float *g,
                      float *e) {
    double product = 1, loss = 0;
    s->kernels->dots(h, rows, s->n, s->stride, g);
    for (size_t k = 0; k < s->n; k++) {
        const bool agrees = (g[k] >= 0) == (k == 0); /* with its label */
        const float small = expf(-fabsf(g[k])), large = 1 / (1 + small);
        const float right = agrees ? large : small * large;
        const float wrong = agrees ? small * large : large;
        g[k] = (k == 0 ? wrong : -wrong) * s->rate;
        product *= (double)right + CHANCE_LEAST;
        if (product > PRODUCT_LEAST) continue;
        loss -= log(product);
        product = 1;
    }
    s->kernels->mix(e, rows, g, s->n, s->stride);
    return loss - log(product);
}

size_t hx_negative_parts(const hx_word_task *t) {
    return t->n_words < PARTS_FROM ? 1 : t->n_words < 32 * PARTS_FROM ? 8 : 16;
}

/* A. J. Walker's table of the part: two numbers say which word it is. */
static uint32_t draw_wrong(const hx_negative *n, size_t part, size_t size, hx_rng *rng) {
    const uint64_t chance = hx_rng_next(rng);
    const size_t k = (size_t)(((chance >> 32) * size) >> 32), i = part + k * n->n_parts;
    const float u = (float)((uint32_t)chance >> 8) * 0x1p-24F;
    return u < n->own[i] ? (uint32_t)i : n->other[i];
}

static size_t part_size(const hx_negative *n, size_t part) {
    return (n->t->n_words - part + n->n_parts - 1) / n->n_parts;
}

uint32_t hx_negative_draw(const hx_negative *n, uint32_t centre, hx_rng *rng, uint32_t *ids) {
    const size_t part = centre % n->n_parts, size = part_size(n, part);
    uint32_t drawn = 1;
    ids[0] = centre;
    for (size_t k = 0; k < n->t->options.negative; k++) {
        const uint32_t wrong = draw_wrong(n, part, size, rng);
        if (wrong != centre) ids[drawn++] = wrong;
    }
    return drawn;
}

void hx_negative_window(const hx_negative *n, size_t at, hx_rng *rng, size_t *from, size_t *to) {
    const size_t reach = 1 + (size_t)hx_rng_below(rng, n->t->options.window);
    for (*from = at; *from > 0 && at - *from < reach && n->stream[*from - 1] != HX_WORD_END;)
        (*from)--;
    for (*to = at + 1; *to < n->n_stream && *to - at <= reach && n->stream[*to] != HX_WORD_END;)
        (*to)++;
}

/* ------------------------------------------------------------------ epochs */
static void thin_out(hx_negative *n) {
    const hx_word_task *t = n->t;
    hx_rng rng;
    hx_rng_seed(&rng, hx_hash_mix(hx_hash_mix(t->options.seed, n->epoch), UINT64_MAX));
    n->n_stream = 0;
    for (size_t i = 0; i < t->n_tokens; i++) {
        const uint32_t id = t->tokens[i];
        if (id == HX_WORD_END || n->stays[id] >= 1 || hx_rng_uniform(&rng) < (double)n->stays[id])
            n->stream[n->n_stream++] = id;
    }
}

static hx_status run_epoch(hx_negative *n, const hx_negative_trainer *trainer, void *self,
                           hx_error *err) {
    const hx_word_task *t = n->t;
    const hx_word_options *o = &t->options;
    double told = -1;
    thin_out(n);
    n->loss = 0;
    n->samples = 0;
    for (size_t first = 0, used = 0; first < n->n_stream; first += used) {
        const double share = (double)first / (double)n->n_stream;
        const double done = ((double)n->epoch + share) / (double)o->n_epochs;
        if (share >= told + TOLD_EVERY || told < 0) {
            told = share;
            HX_TRY(hx_word_tell(t, n->epoch, share, NAN, err));
        }
        trainer->learn(self, n, first, (float)fmax(RATE_END, o->rate - (o->rate - RATE_END) * done),
                       &used);
    }
    t->samples[n->epoch] = n->samples;
    t->losses[n->epoch] = n->samples > 0 ? n->loss / (double)n->samples : NAN;
    return hx_word_tell(t, n->epoch, 1, t->losses[n->epoch], err);
}

/* ------------------------------------------------------------------ before it begins */
static void set_stays(hx_negative *n) {
    const hx_word_task *t = n->t;
    const double least = t->options.sample * (double)t->n_counted;
    for (size_t i = 0; i < t->n_words; i++) {
        const double count = (double)t->counts[i];
        n->stays[i] = t->options.sample > 0 ? (float)(sqrt(least / count) + least / count) : 1;
    }
}

/* Places of a part that have too much give to those that have too little. */
static void set_wrong(hx_negative *n, size_t part, double *shares, uint32_t *poor, uint32_t *rich) {
    const size_t size = part_size(n, part), step = n->n_parts;
    size_t n_poor = 0, n_rich = 0;
    double sum = 0;
    for (size_t i = part; i < n->t->n_words; i += step)
        sum += shares[i] = pow((double)n->t->counts[i], 0.75);
    for (size_t i = part; i < n->t->n_words; i += step) {
        shares[i] *= (double)size / sum;
        n->own[i] = 1;
        n->other[i] = (uint32_t)i;
        if (shares[i] < 1)
            poor[n_poor++] = (uint32_t)i;
        else
            rich[n_rich++] = (uint32_t)i;
    }
    while (n_poor > 0 && n_rich > 0) {
        const uint32_t to = poor[--n_poor], from = rich[n_rich - 1];
        n->own[to] = (float)shares[to];
        n->other[to] = from;
        shares[from] -= 1 - shares[to];
        if (shares[from] >= 1) continue;
        n_rich--;
        poor[n_poor++] = from;
    }
}

static void set_inputs(hx_negative *n) {
    const size_t d = n->t->options.dimension;
    for (size_t i = 0; i < n->t->n_words; i++) {
        hx_rng rng;
        hx_rng_seed(&rng, hx_hash_mix(n->t->options.seed, i));
        for (size_t j = 0; j < d; j++)
            n->inputs[i * n->stride + j] = (float)((hx_rng_uniform(&rng) - 0.5) / (double)d);
    }
}

static bool set_tables(hx_negative *n) {
    const size_t words = n->t->n_words;
    double *shares = calloc(words, sizeof *shares);
    uint32_t *lists = calloc(2 * words, sizeof *lists);
    const bool ok = shares != NULL && lists != NULL;
    for (size_t part = 0; part < n->n_parts && ok; part++)
        set_wrong(n, part, shares, lists, lists + words);
    free(shares);
    free(lists);
    if (ok) set_stays(n);
    if (ok) set_inputs(n);
    return ok;
}

static hx_status run_epochs(hx_negative *n, const hx_negative_trainer *trainer, hx_error *err) {
    void *self = calloc(1, trainer->size);
    hx_status status = self != NULL
                           ? trainer->open(self, n, err)
                           : hx_fail(err, HX_ENOMEM, "not enough memory for the vectors of words");
    for (; n->epoch < n->t->options.n_epochs && status == HX_OK; n->epoch++)
        status = run_epoch(n, trainer, self, err);
    if (self != NULL) trainer->release(self);
    free(self);
    return status;
}

hx_status hx_word_train_negative(const hx_word_task *t, float *rows, hx_error *err) {
    const bool cbow = t->options.method == HX_WORDS_CBOW;
    const size_t words = t->n_words;
    hx_negative n = {.t = t, .kernels = hx_word_kernels_choose(), .inputs = rows};
    n.stride = t->stride;
    n.n_parts = cbow ? 1 : hx_negative_parts(t);
    float *floats = calloc(words * (n.stride + 2) + 2 * HX_WORD_LANES, sizeof *floats);
    uint32_t *ids = calloc(words + t->n_tokens, sizeof *ids);
    n.outputs = (float *)(((uintptr_t)floats + 63) & ~(uintptr_t)63);
    n.stays = n.outputs + words * n.stride;
    n.own = n.stays + words;
    n.other = ids;
    n.stream = ids + words;
    hx_status status = hx_team_new(&n.team, t->options.n_threads, err);
    if (status == HX_OK && (floats == NULL || ids == NULL || !set_tables(&n)))
        status = hx_fail(err, HX_ENOMEM, "not enough memory for the vectors of words");
    if (status == HX_OK)
        status = run_epochs(&n, cbow ? &hx_negative_cbow : &hx_negative_skipgram, err);
    hx_team_free(n.team);
    free(floats);
    free(ids);
    return status;
}
