/* attention.c - tiles of keys, blocks of rows, and who sees what.
 *
 * Tiles begin at multiples of 64 of the key's position among all spans; a row goes through its tiles in ascending order, whatever
 * else is in the call. A tile is brought to F32 once for all rows of up to 64 queries: keys transposed, values as they are (or
 * read in place where they are F32 already).
 *
 * A row that sees nothing of a tile may share a block with one that does: then its weights are exactly 0 and its old sums are
 * multiplied by exactly 1.
 *
 * scratch: k_t (head_dim, 64) | v (64, width) | width sums a row | zero row | 16 spare rows | rows */
#include "tensor/attention.h"

#include "tensor/attention_kernels.h"
#include "tensor/vector_kernels.h"

#include <math.h>
#include <string.h>

enum { TILE = HX_ATTENTION_TILE, GROUP = HX_ATTENTION_GROUP, ROWS = HX_ATTENTION_ROWS };

/* One query of one head. */
typedef struct {
    const float *q;
    float *out;
    size_t seen; /* keys, from the first on */
    float max, sum; /* see hx_attention_state */
} attention_row;

typedef struct {
    const hx_kernels *kernels;
    const hx_attention_call *call;
    size_t width, total; /* head_dim rounded up to 16; positions of all spans */
    float *k_t, *v_copy, *acc, *zero, *spare;
    attention_row *rows;
    size_t n_rows; /* now: of at most HX_ATTENTION_QUERIES queries */
    size_t tile, tile_n; /* first position; positions that anybody sees */
    const float *v;
    size_t ldv;
} task;

/* Where the keys and values of a tile are. */
typedef struct {
    const void *k[TILE], *v[TILE];
    hx_dtype type[TILE];
    const hx_attention_span *only; /* the span all positions are of, or NULL */
} places;

static size_t width_of(size_t head_dim) {
    return (head_dim + 15) / 16 * 16;
}

size_t hx_attention_scratch(size_t head_dim, size_t n_heads) {
    size_t width = width_of(head_dim), rows = HX_ATTENTION_QUERIES * n_heads;
    size_t floats = (size_t)TILE * (head_dim + width) + rows * width + (1 + GROUP) * width;
    return floats * sizeof(float) + rows * sizeof(attention_row) + 64;
}

static void lay_out(task *t, void *scratch) {
    size_t head_dim = t->call->head_dim;
    uintptr_t at = ((uintptr_t)scratch + 63) & ~(uintptr_t)63;
    t->width = width_of(head_dim);
    t->k_t = (float *)at;
    t->v_copy = t->k_t + TILE * head_dim;
    t->acc = t->v_copy + TILE * t->width;
    t->zero = t->acc + HX_ATTENTION_QUERIES * t->call->n_heads * t->width;
    t->spare = t->zero + t->width;
    t->rows = (attention_row *)(void *)(t->spare + GROUP * t->width);
    memset(t->zero, 0, t->width * sizeof *t->zero);
    if (t->width != head_dim) memset(t->v_copy, 0, TILE * t->width * sizeof *t->v_copy);
}

/* ---------------------------------------------------------------- tiles */

/* A cache is seldom in the processor's own: all of the tile is asked for before the first row is waited for. */
static void fetch(const task *t, const places *p) {
    if (p->type[0] == HX_DTYPE_F32) return;
    for (size_t byte = 0; byte < 2 * t->call->head_dim; byte += 64) /* F16; Q8_0 is shorter */
        for (size_t i = 0; i < t->tile_n; ++i) {
            __builtin_prefetch((const uint8_t *)p->k[i] + byte);
            __builtin_prefetch((const uint8_t *)p->v[i] + byte);
        }
}

static void find_places(const task *t, places *p) {
    const hx_attention_span *span = t->call->spans;
    size_t skip = t->tile, i = 0;
    while (skip >= span->n)
        skip -= span++->n;
    p->only = span->n - skip >= t->tile_n ? span : NULL;
    for (; i < t->tile_n; ++i, ++skip) {
        while (skip >= span->n)
            skip -= span++->n;
        p->k[i] = (const uint8_t *)span->k + skip * span->stride;
        p->v[i] = (const uint8_t *)span->v + skip * span->stride;
        p->type[i] = span->type;
    }
    for (; i % GROUP; ++i) {
        p->k[i] = t->zero;
        p->type[i] = p->type[i - 1];
    }
}

/* Keys of one group whose positions are of different types. */
static void load_mixed_keys(const task *t, const places *p, size_t group) {
    const void *rows[GROUP];
    size_t head_dim = t->call->head_dim;
    for (size_t i = 0; i < GROUP; ++i) {
        float *row = t->spare + i * t->width;
        t->kernels->attention->values(p->type[group + i], p->k + group + i, 1, head_dim, row,
                                      t->width);
        rows[i] = row;
    }
    t->kernels->attention->keys(HX_DTYPE_F32, rows, head_dim, t->k_t + group);
}

static void load_keys(const task *t, const places *p) {
    for (size_t group = 0; group < t->tile_n; group += GROUP) {
        bool same = true;
        for (size_t i = 1; i < GROUP && !p->only; ++i)
            same = same && p->type[group + i] == p->type[group];
        if (same)
            t->kernels->attention->keys(p->type[group], p->k + group, t->call->head_dim,
                                        t->k_t + group);
        else
            load_mixed_keys(t, p, group);
    }
}

static void load_values(task *t, const places *p) {
    size_t head_dim = t->call->head_dim;
    if (p->only && p->only->type == HX_DTYPE_F32 && head_dim == t->width &&
        p->only->stride % sizeof(float) == 0) {
        t->v = p->v[0];
        t->ldv = p->only->stride / sizeof(float);
        return;
    }
    size_t step = p->only ? t->tile_n : 1;
    for (size_t i = 0; i < t->tile_n; i += step)
        t->kernels->attention->values(p->type[i], p->v + i, step, head_dim,
                                      t->v_copy + i * t->width, t->width);
    t->v = t->v_copy;
    t->ldv = t->width;
}

/* How many positions of the tile a row sees. */
static size_t tile_seen(const task *t, const attention_row *row) {
    if (row->seen <= t->tile) return 0;
    return row->seen - t->tile < TILE ? row->seen - t->tile : TILE;
}

/* Rows [first, first + n) against the tile. */
static void run_block(const task *t, size_t first, size_t n) {
    _Alignas(64) float s[ROWS * TILE];
    const float *q[ROWS];
    hx_attention_state state;
    const hx_attention_kernels *kernels = t->kernels->attention;
    attention_row *row = t->rows + first;
    size_t seen = tile_seen(t, &row[n - 1]), groups = (seen + GROUP - 1) / GROUP;
    for (size_t r = 0; r < n; ++r) {
        q[r] = row[r].q;
        state.max[r] = row[r].max;
        state.sum[r] = row[r].sum;
        state.visible[r] = tile_seen(t, &row[r]);
    }
    kernels->scores(q, n, t->k_t, t->call->head_dim, groups, s);
    kernels->softmax(s, n, groups, t->call->scale, &state);
    for (size_t r = 0; r < n; ++r) {
        row[r].max = state.max[r];
        row[r].sum = state.sum[r];
    }
    kernels->weigh(s, n, seen, t->v, t->ldv, t->width, t->tile ? state.alpha : NULL,
                   t->acc + first * t->width);
}

static void run_tile(task *t) {
    places p;
    size_t row = 0;
    find_places(t, &p);
    fetch(t, &p);
    load_keys(t, &p);
    load_values(t, &p);
    while (t->rows[row].seen <= t->tile)
        ++row;
    for (; row < t->n_rows; row += ROWS)
        run_block(t, row, t->n_rows - row < ROWS ? t->n_rows - row : ROWS);
}

/* ---------------------------------------------------------------- rows */

static void begin_rows(task *t, size_t query, size_t n) {
    const hx_attention_call *c = t->call;
    attention_row *row = t->rows;
    for (size_t i = query; i < query + n; ++i) {
        size_t seen = c->first + i + 1;
        if (!c->causal || seen > t->total) seen = t->total;
        for (size_t h = 0; h < c->n_heads; ++h)
            *row++ = (attention_row){.q = c->q + i * c->ldq + h * c->head_dim,
                                     .out = c->out + i * c->ldo + h * c->head_dim,
                                     .seen = seen,
                                     .max = -INFINITY};
    }
    t->n_rows = n * c->n_heads;
}

static void run_rows(task *t) {
    size_t head_dim = t->call->head_dim, end = t->rows[t->n_rows - 1].seen;
    for (t->tile = 0; t->tile < end; t->tile += TILE) {
        t->tile_n = end - t->tile < TILE ? end - t->tile : TILE;
        run_tile(t);
    }
    for (size_t i = 0; i < t->n_rows; ++i)
        t->kernels->vector->scale_by(t->acc + i * t->width, head_dim, 1.0f / t->rows[i].sum, NULL,
                                     t->rows[i].out);
}

void hx_attention_run(const hx_kernels *kernels, const hx_attention_call *call, void *scratch) {
    task t = {.kernels = kernels, .call = call};
    lay_out(&t, scratch);
    for (size_t i = 0; i < call->n_spans; ++i)
        t.total += call->spans[i].n;
    for (size_t i = 0; i < call->n_queries; i += HX_ATTENTION_QUERIES) {
        size_t left = call->n_queries - i;
        begin_rows(&t, i, left < HX_ATTENTION_QUERIES ? left : HX_ATTENTION_QUERIES);
        run_rows(&t);
    }
}
