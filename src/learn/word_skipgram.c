/* word_skipgram.c - skip-gram: every word of a window, as input, foretells its middle, as output; see word_negative.h.
 *
 *     episode: a stretch of the stream -> pairs (input, output) -> PARTS x PARTS blocks, (input mod PARTS, output mod PARTS)
 *     round r: blocks (a, a + r mod PARTS), a = 0 ... PARTS - 1, at the same time: they share no row, as wrong words are of the output's part
 *
 * Each block goes through its pairs in the order of the text, every step seeing the one before it: plain gradient descent, in an order of the pairs that no thread
 * decides. The idea is that of R. Gemulla, E. Nijkamp, P. Haas, Y. Sismanis, "Large-scale matrix factorization with distributed stochastic
 * gradient descent", 2011. */
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "learn/word_negative.h"

#define PIECES 64 /* of an episode, each drawn by one thread */
#define PAIRS_MAX ((size_t)1 << 21) /* of an episode */
#define PARTS_MAX 16
#define BLOCKS_MAX (PARTS_MAX * PARTS_MAX)

typedef struct {
    uint32_t input, output;
} pair;

typedef struct {
    hx_negative *n;
    size_t parts;
    size_t a_piece; /* centres of a piece */
    size_t room; /* pairs of a piece at most */
    pair *drawn; /* (PIECES, room); owned, as `sorted` */
    pair *sorted; /* by block, within it by piece */
    size_t counts[PIECES][BLOCKS_MAX];
    size_t starts[BLOCKS_MAX + 1];
    double losses[BLOCKS_MAX];
    size_t first, end; /* of the episode */
    size_t round;
    float rate;
} skipgram;

static hx_status open(void *self, hx_negative *n, hx_error *err) {
    skipgram *s = self;
    const size_t window = n->t->options.window;
    s->n = n;
    s->parts = n->n_parts;
    s->a_piece = PAIRS_MAX / PIECES / (2 * window);
    s->room = s->a_piece * 2 * window;
    s->drawn = calloc(PIECES * s->room, sizeof *s->drawn);
    s->sorted = calloc(PIECES * s->room, sizeof *s->sorted);
    if (s->drawn == NULL || s->sorted == NULL)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the vectors of words");
    return HX_OK;
}

static void release(void *self) {
    skipgram *s = self;
    free(s->drawn);
    free(s->sorted);
}

static size_t block_of(const skipgram *s, pair p) {
    return p.input % s->parts * s->parts + p.output % s->parts;
}

/* ------------------------------------------------------------------ pairs */
static void draw_piece(void *context, size_t piece, size_t worker) {
    skipgram *s = context;
    const hx_negative *n = s->n;
    const size_t first = s->first + piece * s->a_piece;
    pair *out = s->drawn + piece * s->room;
    size_t drawn = 0;
    (void)worker;
    for (size_t b = 0; b < s->parts * s->parts; b++)
        s->counts[piece][b] = 0;
    for (size_t at = first; at < first + s->a_piece && at < s->end; at++) {
        hx_rng rng;
        size_t from, to;
        if (n->stream[at] == HX_WORD_END) continue;
        hx_rng_seed(&rng, hx_hash_mix(hx_hash_mix(n->t->options.seed, n->epoch), at));
        hx_negative_window(n, at, &rng, &from, &to);
        for (size_t i = from; i < to; i++) {
            if (i == at) continue;
            out[drawn] = (pair){n->stream[i], n->stream[at]};
            s->counts[piece][block_of(s, out[drawn++])]++;
        }
    }
}

/* Counts become places: those of a block one piece after the other. */
static void place_blocks(skipgram *s) {
    size_t at = 0;
    for (size_t b = 0; b < s->parts * s->parts; b++) {
        s->starts[b] = at;
        for (size_t p = 0; p < PIECES; p++) {
            const size_t count = s->counts[p][b];
            s->counts[p][b] = at;
            at += count;
        }
    }
    s->starts[s->parts * s->parts] = at;
}

static void sort_piece(void *context, size_t piece, size_t worker) {
    skipgram *s = context;
    const pair *drawn = s->drawn + piece * s->room;
    size_t places[BLOCKS_MAX], n = 0;
    (void)worker;
    for (size_t b = 0; b < s->parts * s->parts; b++) {
        const size_t next = piece + 1 < PIECES ? s->counts[piece + 1][b] : s->starts[b + 1];
        places[b] = s->counts[piece][b];
        n += next - places[b];
    }
    for (size_t i = 0; i < n; i++)
        s->sorted[places[block_of(s, drawn[i])]++] = drawn[i];
}

/* ------------------------------------------------------------------ learning */
static double learn_pair(const skipgram *s, pair p, const uint32_t *ids, uint32_t n_ids) {
    const hx_negative *n = s->n;
    const size_t stride = n->stride;
    const float *rows[1 + HX_WORD_NEGATIVE_MAX];
    float g[1 + HX_WORD_NEGATIVE_MAX];
    _Alignas(64) float e[HX_WORD_DIMENSION_MAX + HX_WORD_LANES];
    float *h = n->inputs + p.input * stride;
    const hx_word_step step = {n->kernels, n_ids, stride, s->rate};
    rows[0] = n->outputs + p.output * stride;
    for (size_t k = 1; k < n_ids; k++)
        rows[k] = n->outputs + ids[k] * stride;
    const double loss = hx_word_sample(&step, h, rows, g, e);
    for (size_t k = 0; k < n_ids; k++)
        n->kernels->add(n->outputs + ids[k] * stride, h, g[k], stride);
    n->kernels->add(h, e, 1, stride);
    return loss;
}

/* Rows are asked for one pair ahead of their turn. */
static void fetch(const hx_negative *n, pair p, const uint32_t *ids, uint32_t n_ids) {
    const size_t lines = n->stride / HX_WORD_LANES;
    for (size_t j = 0; j < lines; j++)
        __builtin_prefetch(n->inputs + p.input * n->stride + j * HX_WORD_LANES);
    for (size_t k = 0; k < n_ids; k++)
        for (size_t j = 0; j < lines; j++)
            __builtin_prefetch(n->outputs + ids[k] * n->stride + j * HX_WORD_LANES);
}

static void learn_block(void *context, size_t part, size_t worker) {
    skipgram *s = context;
    const hx_negative *n = s->n;
    const size_t b = part * s->parts + (part + s->round) % s->parts;
    const size_t end = s->starts[b + 1];
    uint32_t ids[2][1 + HX_WORD_NEGATIVE_MAX], n_ids[2] = {0};
    double loss = 0;
    hx_rng rng;
    (void)worker;
    hx_rng_seed(&rng, hx_hash_mix(hx_hash_mix(n->t->options.seed ^ (b + 1), n->epoch), s->first));
    for (size_t i = s->starts[b]; i < end; i++) {
        const size_t now = i & 1, next = now ^ 1;
        if (i == s->starts[b])
            n_ids[now] = hx_negative_draw(n, s->sorted[i].output, &rng, ids[now]);
        if (i + 1 < end) {
            n_ids[next] = hx_negative_draw(n, s->sorted[i + 1].output, &rng, ids[next]);
            fetch(n, s->sorted[i + 1], ids[next], n_ids[next]);
        }
        loss += learn_pair(s, s->sorted[i], ids[now], n_ids[now]);
    }
    s->losses[b] = loss;
}

static void learn(void *self, hx_negative *n, size_t first, float rate, size_t *used) {
    skipgram *s = self;
    *used = n->n_stream - first < PIECES * s->a_piece ? n->n_stream - first : PIECES * s->a_piece;
    s->first = first;
    s->end = first + *used;
    s->rate = rate;
    hx_team_run(n->team, PIECES, draw_piece, s);
    place_blocks(s);
    hx_team_run(n->team, PIECES, sort_piece, s);
    for (s->round = 0; s->round < s->parts; s->round++)
        hx_team_run(n->team, s->parts, learn_block, s);
    for (size_t b = 0; b < s->parts * s->parts; b++)
        n->loss += s->losses[b];
    n->samples += s->starts[s->parts * s->parts];
}

const hx_negative_trainer hx_negative_skipgram = {sizeof(skipgram), open, release, learn};
