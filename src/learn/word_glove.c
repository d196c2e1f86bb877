/* word_glove.c - GloVe (J. Pennington, R. Socher, C. Manning, "GloVe: global vectors for word representation", 2014), the same bytes with any
 * number of threads.
 *
 * X(i, j) = sum over every j within `window` words of an i of 1 / their distance, on both sides. The cost is
 *
 *     J = sum f(X) (w_i.c_j + b_i + b'_j - log X)^2 / 2,   f(X) = min(1, X / x_max)^0.75
 *
 * by AdaGrad (as in the authors' program: sums of squares begin at 1, a gradient is rate f diff row; so no step is longer than 1). The vector of a word is w + c.
 *
 * Words are dealt out to PARTS parts, i mod PARTS, and the entries to PARTS x PARTS blocks. In one round of an epoch the blocks (a, a + r mod PARTS),
 * which share neither a row of w nor one of c, are done at the same time, each in its own order, drawn once: r = 0 ... PARTS - 1. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/rng.h"
#include "learn/word_vectors.h"

#define PARTS 8
#define BLOCKS ((size_t)PARTS * PARTS)
#define ENTRIES_MAX ((size_t)1 << 28) /* of all blocks; one may have double its share */
#define WEIGHT_POWER 0.75

typedef struct {
    uint32_t i, j;
    float x, f; /* log X and its weight */
} entry;

typedef struct {
    const hx_word_task *t;
    size_t width; /* of a row: dimension, bias */
    float *block; /* owned: (4, n_words, width) */
    float *w, *c, *w_squares, *c_squares;
    size_t *starts; /* (n_words + 1) of places */
    uint32_t *places; /* (n_counted): where each word stands */
    hx_buf entries[BLOCKS];
    double losses[BLOCKS];
    size_t round;
} training;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the vectors of words");
}

/* ------------------------------------------------------------------ who stands beside whom */
static void find_places(training *t) {
    const hx_word_task *task = t->t;
    for (size_t i = 0; i < task->n_tokens; i++)
        if (task->tokens[i] != HX_WORD_END) t->starts[task->tokens[i] + 1]++;
    for (size_t i = 0; i < task->n_words; i++)
        t->starts[i + 1] += t->starts[i];
    for (size_t i = 0; i < task->n_tokens; i++)
        if (task->tokens[i] != HX_WORD_END) t->places[t->starts[task->tokens[i]]++] = (uint32_t)i;
    for (size_t i = task->n_words; i > 0; i--)
        t->starts[i] = t->starts[i - 1];
    t->starts[0] = 0;
}

typedef struct {
    double *sums; /* (n_words), all 0 between two words */
    uint32_t *met; /* (n_words) those that are not 0 */
    size_t n_met;
} neighbours;

static void meet(neighbours *n, uint32_t word, size_t distance) {
    if (n->sums[word] == 0) n->met[n->n_met++] = word;
    n->sums[word] += 1 / (double)distance;
}

static void look_around(const training *t, size_t at, neighbours *n) {
    const uint32_t *tokens = t->t->tokens;
    const size_t window = t->t->options.window;
    for (size_t d = 1; d <= window && d <= at && tokens[at - d] != HX_WORD_END; d++)
        meet(n, tokens[at - d], d);
    for (size_t d = 1; d <= window && at + d < t->t->n_tokens && tokens[at + d] != HX_WORD_END; d++)
        meet(n, tokens[at + d], d);
}

static bool keep_neighbours(training *t, uint32_t word, neighbours *n) {
    const double x_max = t->t->options.x_max;
    bool ok = true;
    for (size_t k = 0; k < n->n_met; k++) {
        const uint32_t j = n->met[k];
        const double x = n->sums[j];
        const entry e = {word, j, (float)log(x),
                         x < x_max ? (float)pow(x / x_max, WEIGHT_POWER) : 1};
        ok = hx_buf_append(&t->entries[word % PARTS * PARTS + j % PARTS], &e, sizeof e) && ok;
        n->sums[j] = 0;
    }
    n->n_met = 0;
    return ok;
}

/* All words of a part. */
static hx_status count_part(void *context, size_t part, size_t worker, hx_error *err) {
    training *t = context;
    const size_t n_words = t->t->n_words;
    neighbours n = {calloc(n_words, sizeof(double)), calloc(n_words, sizeof(uint32_t)), 0};
    bool ok = n.sums != NULL && n.met != NULL;
    (void)worker;
    for (size_t i = part; i < n_words && ok; i += PARTS) {
        for (size_t p = t->starts[i]; p < t->starts[i + 1]; p++)
            look_around(t, t->places[p], &n);
        ok = keep_neighbours(t, (uint32_t)i, &n);
        if (hx_flag_is_raised(t->t->options.cancel)) break;
    }
    free(n.sums);
    free(n.met);
    for (size_t b = 0; b < PARTS && ok; b++)
        ok = !t->entries[part * PARTS + b].failed;
    return ok ? HX_OK
              : hx_fail(err, HX_ELIMIT,
                        "the pairs of words that stand together do not fit; a smaller --window or "
                        "a greater --min-count has fewer");
}

static hx_status shuffle_block(void *context, size_t b, size_t worker, hx_error *err) {
    training *t = context;
    entry *all = (entry *)(void *)t->entries[b].ptr;
    hx_rng rng;
    (void)worker;
    (void)err;
    hx_rng_seed(&rng, hx_hash_mix(t->t->options.seed, b));
    for (size_t i = t->entries[b].len / sizeof *all; i > 1; i--) {
        const size_t k = (size_t)hx_rng_below(&rng, i);
        const entry e = all[i - 1];
        all[i - 1] = all[k];
        all[k] = e;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ learning */
double hx_glove_sample(const hx_glove_step *s, float *restrict w, float *restrict w_squares,
                       float *restrict c, float *restrict c_squares) {
    const size_t d = s->dimension;
    float parts[8] = {0}, diff = w[d] + c[d] - s->x;
    size_t k = 0;
    for (; k + 8 <= d; k += 8)
        for (size_t l = 0; l < 8; l++)
            parts[l] += w[k + l] * c[k + l];
    for (; k < d; k++)
        parts[0] += w[k] * c[k];
    diff += ((parts[0] + parts[4]) + (parts[2] + parts[6])) +
            ((parts[1] + parts[5]) + (parts[3] + parts[7]));
    const float pull = s->f * diff * s->rate;
    for (k = 0; k < d; k++) {
        const float of_w = pull * c[k], of_c = pull * w[k];
        w[k] -= of_w / sqrtf(w_squares[k]);
        c[k] -= of_c / sqrtf(c_squares[k]);
        w_squares[k] += of_w * of_w;
        c_squares[k] += of_c * of_c;
    }
    w[d] -= pull / sqrtf(w_squares[d]);
    c[d] -= pull / sqrtf(c_squares[d]);
    w_squares[d] += pull * pull;
    c_squares[d] += pull * pull;
    return 0.5 * (double)s->f * (double)diff * (double)diff;
}

static hx_status learn_block(void *context, size_t part, size_t worker, hx_error *err) {
    training *t = context;
    const size_t b = part * PARTS + (part + t->round) % PARTS, width = t->width;
    const entry *all = (const entry *)(const void *)t->entries[b].ptr;
    const size_t n = t->entries[b].len / sizeof *all;
    hx_glove_step step = {.rate = (float)t->t->options.rate, .dimension = width - 1};
    double loss = 0;
    (void)worker;
    for (size_t k = 0; k < n; k++) {
        const size_t i = all[k].i * width, j = all[k].j * width;
        if (k % 4096 == 0 && hx_flag_is_raised(t->t->options.cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        step.x = all[k].x;
        step.f = all[k].f;
        loss += hx_glove_sample(&step, t->w + i, t->w_squares + i, t->c + j, t->c_squares + j);
    }
    t->losses[b] = loss;
    return HX_OK;
}

static hx_status run_epoch(training *t, size_t epoch, hx_error *err) {
    const hx_word_task *task = t->t;
    double loss = 0;
    size_t n = 0;
    for (t->round = 0; t->round < PARTS; t->round++) {
        HX_TRY(hx_pool_run(task->options.n_threads, PARTS, learn_block, t, err));
        const double share = (double)(t->round + 1) / PARTS;
        if (share < 1) HX_TRY(hx_word_tell(task, epoch, share, NAN, err));
    }
    for (size_t b = 0; b < BLOCKS; b++) {
        loss += t->losses[b];
        n += t->entries[b].len / sizeof(entry);
    }
    task->samples[epoch] = n;
    task->losses[epoch] = n > 0 ? loss / (double)n : NAN;
    return hx_word_tell(task, epoch, 1, task->losses[epoch], err);
}

static hx_status take_room(training *t, hx_error *err) {
    const size_t n = t->t->n_words, rows = n * t->width;
    const double d = (double)t->t->options.dimension;
    t->block = calloc(4 * rows, sizeof *t->block);
    t->starts = calloc(n + 2, sizeof *t->starts);
    t->places = calloc((size_t)t->t->n_counted + 1, sizeof *t->places);
    if (t->block == NULL || t->starts == NULL || t->places == NULL) return no_memory(err);
    t->w = t->block;
    t->c = t->w + rows;
    t->w_squares = t->c + rows;
    t->c_squares = t->w_squares + rows;
    for (size_t i = 0; i < 2 * rows; i++)
        t->w_squares[i] = 1;
    for (size_t i = 0; i < 2 * n; i++) {
        hx_rng rng;
        hx_rng_seed(&rng, hx_hash_mix(t->t->options.seed, i));
        for (size_t k = 0; k < t->width; k++)
            t->w[i * t->width + k] = (float)((hx_rng_uniform(&rng) - 0.5) / d);
    }
    return HX_OK;
}

static hx_status train(training *t, hx_error *err) {
    const hx_word_options *o = &t->t->options;
    HX_TRY(take_room(t, err));
    find_places(t);
    HX_TRY(hx_pool_run(o->n_threads, PARTS, count_part, t, err));
    HX_TRY(hx_pool_run(o->n_threads, BLOCKS, shuffle_block, t, err));
    for (size_t epoch = 0; epoch < o->n_epochs; epoch++)
        HX_TRY(run_epoch(t, epoch, err));
    return HX_OK;
}

hx_status hx_word_train_glove(const hx_word_task *task, float *rows, hx_error *err) {
    training t = {.t = task, .width = task->options.dimension + 1};
    for (size_t b = 0; b < BLOCKS; b++)
        hx_buf_init(&t.entries[b], 2 * ENTRIES_MAX / BLOCKS * sizeof(entry));
    const hx_status status = train(&t, err);
    for (size_t i = 0; i < task->n_words && status == HX_OK; i++)
        for (size_t k = 0; k + 1 < t.width; k++)
            rows[i * task->stride + k] = t.w[i * t.width + k] + t.c[i * t.width + k];
    for (size_t b = 0; b < BLOCKS; b++)
        hx_buf_release(&t.entries[b]);
    free(t.block);
    free(t.starts);
    free(t.places);
    return status;
}
