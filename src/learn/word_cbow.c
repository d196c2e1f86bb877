/* word_cbow.c - CBOW: the mean of a window's words foretells its middle; see word_negative.h.
 *
 *     batch of centres: windows and wrong words drawn -> h, g, e of every centre, from weights that stand still    (1: many threads)
 *                       outputs[word] += g h, inputs[word] += e, a row by one thread, in the order of the centres  (2: many threads)
 *
 * Every word of the window gets the whole e, as in the authors' program. A batch is so small that no row is expected to change more than ROW_CHANGES
 * times in it: the steps it does not see are few, however few words there are. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "learn/word_negative.h"

#define CENTRES_MAX 512 /* of a batch */
#define CENTRES_A_PIECE 8
#define ROW_CHANGES 16.0

typedef struct {
    hx_negative *n;
    size_t centres, window, n_outs; /* 2 * window words, 1 + negative rows at most */
    size_t n_owners; /* a power of two: who changes row r is r mod n_owners */
    void *floats, *ids; /* owned: what follows */
    float *h, *e; /* (centres, stride) */
    float *g; /* (centres, n_outs) */
    uint32_t *inputs; /* (centres, window) */
    uint32_t *outputs; /* (centres, n_outs) */
    uint32_t *n_inputs, *n_outputs; /* (centres); no inputs = no sample */
    double losses[CENTRES_MAX]; /* of pieces */
    size_t first, size;
    float rate;
} cbow;

/* How often the row that changes most does so for one centre: as a wrong word and as a centre, or as a word of windows. */
static double most_changes(const hx_negative *n) {
    const hx_word_task *t = n->t;
    double kept = 0, top = 0, powers = 0, top_power = 0;
    for (size_t i = 0; i < t->n_words; i++) {
        const double count = (double)t->counts[i] * fmin(1, (double)n->stays[i]);
        const double power = pow((double)t->counts[i], 0.75);
        kept += count;
        powers += power;
        top = fmax(top, count);
        top_power = fmax(top_power, power);
    }
    const double outputs = (double)t->options.negative * top_power / powers + top / kept;
    return fmax(outputs, (double)(t->options.window + 1) * top / kept);
}

static hx_status open(void *self, hx_negative *n, hx_error *err) {
    cbow *b = self;
    b->n = n;
    b->window = 2 * n->t->options.window;
    b->n_outs = 1 + n->t->options.negative;
    b->centres = (size_t)fmax(1, fmin(CENTRES_MAX, ROW_CHANGES / most_changes(n)));
    for (b->n_owners = 1; b->n_owners < hx_team_size(n->team);)
        b->n_owners *= 2;
    const size_t c = b->centres, vectors = c * n->stride;
    b->floats = calloc(2 * vectors + c * b->n_outs + 2 * HX_WORD_LANES, sizeof(float));
    b->ids = calloc(c * (2 + b->window + b->n_outs), sizeof(uint32_t));
    if (b->floats == NULL || b->ids == NULL)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the vectors of words");
    b->h = (float *)(((uintptr_t)b->floats + 63) & ~(uintptr_t)63);
    b->e = b->h + vectors;
    b->g = b->e + vectors;
    b->n_inputs = b->ids;
    b->n_outputs = b->n_inputs + c;
    b->inputs = b->n_outputs + c;
    b->outputs = b->inputs + c * b->window;
    return HX_OK;
}

static void release(void *self) {
    cbow *b = self;
    free(b->floats);
    free(b->ids);
}

/* ------------------------------------------------------------------ 1: samples */
static void draw(const cbow *b, size_t c) {
    const hx_negative *n = b->n;
    const size_t at = b->first + c;
    uint32_t *inputs = b->inputs + c * b->window;
    size_t from, to;
    hx_rng rng;
    b->n_inputs[c] = 0;
    if (n->stream[at] == HX_WORD_END) return;
    hx_rng_seed(&rng, hx_hash_mix(hx_hash_mix(n->t->options.seed, n->epoch), at));
    hx_negative_window(n, at, &rng, &from, &to);
    for (size_t i = from; i < to; i++)
        if (i != at) inputs[b->n_inputs[c]++] = n->stream[i];
    if (b->n_inputs[c] == 0) return;
    b->n_outputs[c] = hx_negative_draw(n, n->stream[at], &rng, b->outputs + c * b->n_outs);
}

static double compute(const cbow *b, size_t c) {
    const hx_negative *n = b->n;
    const float *rows[2 * HX_WORD_WINDOW_MAX + 1 + HX_WORD_NEGATIVE_MAX];
    float shares[2 * HX_WORD_WINDOW_MAX], *h = b->h + c * n->stride;
    const hx_word_step step = {n->kernels, b->n_outputs[c], n->stride, b->rate};
    for (size_t k = 0; k < b->n_inputs[c]; k++) {
        rows[k] = n->inputs + b->inputs[c * b->window + k] * n->stride;
        shares[k] = 1 / (float)b->n_inputs[c];
    }
    n->kernels->mix(h, rows, shares, b->n_inputs[c], n->stride);
    for (size_t k = 0; k < step.n; k++)
        rows[k] = n->outputs + b->outputs[c * b->n_outs + k] * n->stride;
    return hx_word_sample(&step, h, rows, b->g + c * b->n_outs, b->e + c * n->stride);
}

static void learn_piece(void *context, size_t piece, size_t worker) {
    cbow *b = context;
    const size_t first = piece * CENTRES_A_PIECE, all = first + CENTRES_A_PIECE;
    const size_t end = all < b->size ? all : b->size;
    double loss = 0;
    (void)worker;
    for (size_t c = first; c < end; c++) {
        draw(b, c);
        if (b->n_inputs[c] > 0) loss += compute(b, c);
    }
    b->losses[piece] = loss;
}

/* ------------------------------------------------------------------ 2: weights */
static void change_rows(void *context, size_t owner, size_t worker) {
    const cbow *b = context;
    const hx_negative *n = b->n;
    const size_t stride = n->stride, mask = b->n_owners - 1;
    (void)worker;
    for (size_t c = 0; c < b->size; c++) {
        const uint32_t *outputs = b->outputs + c * b->n_outs, *inputs = b->inputs + c * b->window;
        if (b->n_inputs[c] == 0) continue;
        for (size_t k = 0; k < b->n_outputs[c]; k++)
            if ((outputs[k] & mask) == owner)
                n->kernels->add(n->outputs + outputs[k] * stride, b->h + c * stride,
                                b->g[c * b->n_outs + k], stride);
        for (size_t k = 0; k < b->n_inputs[c]; k++)
            if ((inputs[k] & mask) == owner)
                n->kernels->add(n->inputs + inputs[k] * stride, b->e + c * stride, 1, stride);
    }
}

static void learn(void *self, hx_negative *n, size_t first, float rate, size_t *used) {
    cbow *b = self;
    *used = n->n_stream - first < b->centres ? n->n_stream - first : b->centres;
    const size_t pieces = (*used + CENTRES_A_PIECE - 1) / CENTRES_A_PIECE;
    b->first = first;
    b->size = *used;
    b->rate = rate;
    hx_team_run(n->team, pieces, learn_piece, b);
    hx_team_run(n->team, b->n_owners, change_rows, b);
    for (size_t p = 0; p < pieces; p++)
        n->loss += b->losses[p];
    for (size_t c = 0; c < b->size; c++)
        n->samples += b->n_inputs[c] > 0;
}

const hx_negative_trainer hx_negative_cbow = {sizeof(cbow), open, release, learn};
