/* attention.c - tiles of keys, blocks of rows, and who sees what.
 *
 * Tiles begin at multiples of 64 of the key's position among all spans; a row goes through its tiles in ascending order, whatever
 * else is in the call. A tile is brought to F32 once for all rows of up to 64 queries: keys transposed, values as they are (or
 * read in place where they are F32 already).
 *
 * A row that sees nothing of a tile may share a block with one that does: then its weights are exactly 0 and its old sums are
 * multiplied by exactly 1.
 *
 * scratch: k_t (head_dim, 64) | v (64, width) | zero row, spare rows (16, head_dim) | per row: width sums | state */
#include "tensor/attention.h"

#include "tensor/attention_kernels.h"

#include <math.h>
#include <string.h>

enum { TILE = HX_ATTENTION_TILE, GROUP = HX_ATTENTION_GROUP, ROWS = HX_ATTENTION_ROWS };

typedef struct {
    const hx_attention_kernels *kernels;
    const hx_attention_call *call;
    size_t width, total; /* head_dim rounded up to 16; positions of all spans */
    size_t first_query, n_queries; /* of the call, now */
    float *k_t, *v_copy, *zero, *spare, *acc;
    hx_attention_state *state;
    size_t tile; /* first position */
    size_t tile_n; /* positions of the tile that anybody sees */
    const float *v;
    size_t ldv;
} task;

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
    size_t floats = (size_t)TILE * (head_dim + width) + (1 + GROUP) * width + rows * width;
    return floats * sizeof(float) + rows * sizeof(hx_attention_state) + 64;
}

static void lay_out(task *t, void *scratch) {
    size_t head_dim = t->call->head_dim, rows = HX_ATTENTION_QUERIES * t->call->n_heads;
    uintptr_t at = ((uintptr_t)scratch + 63) & ~(uintptr_t)63;
    t->width = width_of(head_dim);
    t->k_t = (float *)at;
    t->v_copy = t->k_t + TILE * head_dim;
    t->acc = t->v_copy + TILE * t->width;
    t->zero = t->acc + rows * t->width;
    t->spare = t->zero + t->width;
    t->state = (hx_attention_state *)(void *)(t->spare + GROUP * t->width);
}

/* How many keys query i of the call sees. */
static size_t keys_seen(const task *t, size_t i) {
    size_t n = t->call->first + i + 1;
    return !t->call->causal || n > t->total ? t->total : n;
}

/* How many positions of the tile it sees. */
static size_t tile_seen(const task *t, size_t i) {
    size_t n = keys_seen(t, i);
    if (n <= t->tile) return 0;
    return n - t->tile < TILE ? n - t->tile : TILE;
}

static void find_places(const task *t, places *p) {
    const hx_attention_span *span = t->call->spans;
    size_t skip = t->tile;
    while (skip >= span->n)
        skip -= span++->n;
    p->only = span->n - skip >= t->tile_n ? span : NULL;
    for (size_t i = 0; i < t->tile_n; ++i, ++skip) {
        while (skip >= span->n)
            skip -= span++->n;
        p->k[i] = (const uint8_t *)span->k + skip * span->stride;
        p->v[i] = (const uint8_t *)span->v + skip * span->stride;
        p->type[i] = span->type;
    }
    for (size_t i = t->tile_n; i < TILE; ++i) {
        p->k[i] = t->zero;
        p->type[i] = p->type[i - 1];
    }
}

/* Keys of one group whose positions may be of different types. */
static void load_mixed_keys(const task *t, const places *p, size_t group) {
    const void *rows[GROUP];
    size_t head_dim = t->call->head_dim;
    for (size_t i = 0; i < GROUP; ++i) {
        float *row = t->spare + i * t->width;
        t->kernels->values(p->type[group + i], p->k[group + i], head_dim, row);
        rows[i] = row;
    }
    t->kernels->keys(HX_DTYPE_F32, rows, head_dim, t->k_t + group);
}

static void load_keys(const task *t, const places *p) {
    for (size_t group = 0; group < t->tile_n; group += GROUP) {
        bool same = true;
        for (size_t i = 1; i < GROUP; ++i)
            same = same && p->type[group + i] == p->type[group];
        if (same)
            t->kernels->keys(p->type[group], p->k + group, t->call->head_dim, t->k_t + group);
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
    for (size_t i = 0; i < t->tile_n; ++i)
        t->kernels->values(p->type[i], p->v[i], head_dim, t->v_copy + i * t->width);
    t->v = t->v_copy;
    t->ldv = t->width;
}

static const float *query_of(const task *t, size_t row) {
    const hx_attention_call *c = t->call;
    size_t query = t->first_query + row / c->n_heads;
    return c->q + query * c->ldq + row % c->n_heads * c->head_dim;
}

/* Rows [row, row + n) against the tile. */
static void run_block(const task *t, size_t row, size_t n) {
    _Alignas(64) float s[ROWS * TILE];
    const float *q[ROWS];
    float alpha[ROWS];
    size_t n_heads = t->call->n_heads;
    size_t seen = tile_seen(t, t->first_query + (row + n - 1) / n_heads);
    size_t groups = (seen + GROUP - 1) / GROUP;
    for (size_t r = 0; r < n; ++r)
        q[r] = query_of(t, row + r);
    t->kernels->scores(q, n, t->k_t, t->call->head_dim, groups, s);
    for (size_t r = 0; r < n; ++r) {
        size_t visible = tile_seen(t, t->first_query + (row + r) / n_heads);
        alpha[r] =
            t->kernels->softmax(s + r * TILE, groups, visible, t->call->scale, &t->state[row + r]);
    }
    t->kernels->weigh(s, n, seen, t->v, t->ldv, t->width, alpha, t->acc + row * t->width);
}

static void run_tile(task *t) {
    places p;
    find_places(t, &p);
    load_keys(t, &p);
    load_values(t, &p);
    size_t n_rows = t->n_queries * t->call->n_heads, row = 0;
    size_t first = t->call->first + t->first_query; /* position of the first of these queries */
    if (t->call->causal && t->tile > first) row = (t->tile - first) * t->call->n_heads;
    for (; row < n_rows; row += ROWS)
        run_block(t, row, n_rows - row < ROWS ? n_rows - row : ROWS);
}

static void write_out(const task *t) {
    const hx_attention_call *c = t->call;
    for (size_t row = 0; row < t->n_queries * c->n_heads; ++row) {
        float *out =
            c->out + (t->first_query + row / c->n_heads) * c->ldo + row % c->n_heads * c->head_dim;
        const float *acc = t->acc + row * t->width;
        float inverse = 1.0f / t->state[row].sum;
        for (size_t d = 0; d < c->head_dim; ++d)
            out[d] = acc[d] * inverse;
    }
}

static void run_queries(task *t) {
    size_t n_rows = t->n_queries * t->call->n_heads;
    size_t end = keys_seen(t, t->first_query + t->n_queries - 1);
    memset(t->acc, 0, n_rows * t->width * sizeof *t->acc);
    for (size_t row = 0; row < n_rows; ++row)
        t->state[row] = (hx_attention_state){.max = -INFINITY};
    for (t->tile = 0; t->tile < end; t->tile += TILE) {
        t->tile_n = end - t->tile < TILE ? end - t->tile : TILE;
        run_tile(t);
    }
    write_out(t);
}

void hx_attention_run(const hx_kernels *kernels, const hx_attention_call *call, void *scratch) {
    task t = {.kernels = kernels->attention, .call = call};
    lay_out(&t, scratch);
    for (size_t i = 0; i < call->n_spans; ++i)
        t.total += call->spans[i].n;
    memset(t.zero, 0, t.width * sizeof *t.zero);
    if (t.width != call->head_dim) memset(t.v_copy, 0, TILE * t.width * sizeof *t.v_copy);
    for (size_t i = 0; i < call->n_queries; i += HX_ATTENTION_QUERIES) {
        t.first_query = i;
        t.n_queries =
            call->n_queries - i < HX_ATTENTION_QUERIES ? call->n_queries - i : HX_ATTENTION_QUERIES;
        run_queries(&t);
    }
}
