/* unigram.c - the likeliest way to cut a text into pieces (Kudo 2018, Viterbi).
 *
 * Pieces lie in a trie, kept as (node, byte) -> node in one hash table. For each place of the text the best way to it is kept; a way goes on over
 * every piece that begins there and, where no piece is the one character there, over that character as unknown (10 below the worst score).
 * A user-defined symbol scores its length times the best score, less 0.1, so that it is always taken.
 *
 * Places that every way passes (no piece reaches over them) are where the pieces before are written and memory starts anew, with the score
 * carried on: the sums are the same as without. With `single` they are rounded to float after each step, as SentencePiece's are. */
#include <string.h>

#include "base/error.h"
#include "llama/tokenizer_parts.h"

#define UNKNOWN_PENALTY 10.0
#define NO_START UINT32_MAX

typedef struct {
    double score;
    uint32_t start, next; /* from `base`; `next` on the best way, while writing */
    int32_t id; /* of the piece from start to here; -1 = unknown */
} place;

static bool is_piece(const hx_tokenizer *t, size_t id) {
    uint8_t type = t->vocab.types[id];
    return type == HX_TOKEN_NORMAL || type == HX_TOKEN_USER;
}

static void add_piece(hx_tokenizer *t, size_t id, uint32_t *n_nodes) {
    hx_str s = hx_vocab_spelling(&t->vocab, id);
    uint32_t node = 0;
    uint64_t *v = NULL;
    for (size_t i = 0; i < s.len; i++) {
        v = hx_pairs_put(&t->trie, node, (unsigned char)s.ptr[i]);
        if (*v == HX_PAIR_NONE) *v = ++*n_nodes;
        node = (uint32_t)*v;
    }
    if (v) *v |= (uint64_t)(id + 1) << 32;
}

/* The trie again, with as many slots as it has nodes: what is looked up at every byte should stay in a near cache. */
static hx_status shrink_trie(hx_tokenizer *t, hx_error *err) {
    hx_pairs wide = t->trie;
    if (!hx_pairs_init(&t->trie, wide.n, t->arena))
        return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    for (size_t i = 0; i <= wide.mask; i++) {
        uint64_t key = wide.slots[i].key;
        if (key != HX_PAIR_NONE)
            *hx_pairs_put(&t->trie, (uint32_t)(key >> 32), (uint32_t)key) = wide.slots[i].value;
    }
    return HX_OK;
}

/* What the first byte, and the first two, of a place lead to: most ways end within them. */
static hx_status index_begins(hx_tokenizer *t, hx_error *err) {
    t->begins = hx_arena_alloc(t->arena, (256 + 65536) * sizeof *t->begins);
    if (!t->begins) return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    memset(t->begins, 0xFF, (256 + 65536) * sizeof *t->begins);
    for (uint32_t a = 0; a < 256; a++) {
        uint64_t v = t->begins[a] = hx_pairs_get(&t->trie, 0, a);
        for (uint32_t b = 0; v != HX_PAIR_NONE && b < 256; b++)
            t->begins[256 + a * 256 + b] = hx_pairs_get(&t->trie, (uint32_t)v, b);
    }
    return HX_OK;
}

hx_status hx__unigram_index(hx_tokenizer *t, hx_error *err) {
    size_t bytes = 0;
    double low = 0, high = 0;
    bool any = false;
    for (size_t id = 0; id < t->vocab.n; id++) {
        if (is_piece(t, id)) bytes += t->vocab.spans[id].len;
        if (t->sentencepiece && t->vocab.types[id] != HX_TOKEN_NORMAL) continue;
        low = !any || t->scores[id] < low ? t->scores[id] : low;
        high = !any || t->scores[id] > high ? t->scores[id] : high;
        any = true;
    }
    if (bytes > (size_t)64 << 20)
        return hx_fail(err, HX_ELIMIT, "%s: its pieces are %zu bytes long; the most is %zu",
                       t->what, bytes, (size_t)64 << 20);
    if (!hx_pairs_init(&t->trie, bytes, t->arena))
        return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    uint32_t n_nodes = 0;
    for (size_t id = 0; id < t->vocab.n; id++)
        if (is_piece(t, id)) add_piece(t, id, &n_nodes);
    t->unknown_score = t->single ? (double)(float)(low - UNKNOWN_PENALTY) : low - UNKNOWN_PENALTY;
    t->user_score = high;
    HX_TRY(shrink_trie(t, err));
    return index_begins(t, err);
}

typedef struct {
    const hx_tokenizer *t;
    hx_str text;
    hx_buf *places; /* of `place`, from base on */
    size_t base, reach; /* absolute; places up to `reach` are in use */
} lattice;

static place *place_at(const lattice *l, size_t at) {
    return (place *)(void *)l->places->ptr + (at - l->base);
}

static bool reach_to(lattice *l, size_t at) {
    if (at <= l->reach) return true;
    size_t have = l->reach - l->base + 1, want = at - l->base + 1;
    l->places->len = have * sizeof(place);
    if (!hx_buf_reserve(l->places, (want - have) * sizeof(place))) return false;
    l->reach = at;
    for (size_t i = have; i < want; i++)
        ((place *)(void *)l->places->ptr)[i] = (place){0, NO_START, 0, -1};
    return true;
}

static bool step_to(lattice *l, size_t from, size_t to, int32_t id, double score) {
    if (!reach_to(l, to)) return false;
    place *p = place_at(l, to);
    double sum = place_at(l, from)->score + score;
    if (l->t->single) sum = (double)(float)sum;
    if (p->start != NO_START && !(sum > p->score)) return true;
    p->score = sum;
    p->start = (uint32_t)(from - l->base);
    p->id = id;
    return true;
}

static double score_of(const hx_tokenizer *t, int32_t id, size_t len) {
    if (t->sentencepiece && t->vocab.types[id] == HX_TOKEN_USER)
        return (t->single ? (double)((float)len * (float)t->user_score)
                          : (double)len * t->user_score) -
               0.1;
    return t->scores[id];
}

/* The way on from a node over the byte at i; the first two from `at` by table. */
static uint64_t way_on(const lattice *l, size_t at, size_t i, uint32_t node) {
    const uint64_t *begins = l->t->begins;
    const unsigned char *p = (const unsigned char *)l->text.ptr;
    if (i == at) return begins[p[i]];
    if (i == at + 1) return begins[256 + p[at] * 256 + p[i]];
    return hx_pairs_get(&l->t->trie, node, p[i]);
}

static bool step_from(lattice *l, size_t at) {
    const hx_tokenizer *t = l->t;
    unsigned len;
    uint32_t node = 0;
    bool has_single = false;
    (void)hx_char_at(l->text.ptr + at, &len);
    for (size_t i = at; i < l->text.len; i++) {
        uint64_t v = way_on(l, at, i, node);
        if (v == HX_PAIR_NONE) break;
        node = (uint32_t)v;
        if (!(v >> 32)) continue;
        int32_t id = (int32_t)(v >> 32) - 1;
        if (!step_to(l, at, i + 1, id, score_of(t, id, i + 1 - at))) return false;
        if (i + 1 - at == len) has_single = true;
    }
    return has_single || step_to(l, at, at + len, -1, t->unknown_score);
}

/* Writes the best way from base to `at`, which becomes the base. */
static bool flush(lattice *l, size_t at, hx_id_out *out) {
    place *p = (place *)(void *)l->places->ptr;
    for (uint32_t i = (uint32_t)(at - l->base); i > 0; i = p[i].start)
        p[p[i].start].next = i;
    for (uint32_t i = 0; i < at - l->base; i = p[i].next) {
        uint32_t end = p[i].next;
        hx_str piece = {l->text.ptr + l->base + i, end - i};
        bool ok = p[end].id < 0 ? hx__put_unknown(l->t, piece, out)
                                : hx_buf_append(out->ids, &p[end].id, sizeof(int32_t));
        if (!ok) return false;
    }
    p[0] = (place){p[at - l->base].score, NO_START, 0, -1};
    l->base = at;
    return true;
}

bool hx__unigram_word(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str word, hx_id_out *out) {
    lattice l = {t, word, &s->symbols, 0, 0};
    hx_buf_reset(l.places);
    if (!hx_buf_reserve(l.places, sizeof(place))) return false;
    *place_at(&l, 0) = (place){0, NO_START, 0, -1};
    for (size_t at = 0; at < word.len;) {
        unsigned len;
        if (at == l.reach && at > l.base && !flush(&l, at, out)) return false;
        (void)hx_char_at(word.ptr + at, &len);
        if (!step_from(&l, at)) return false;
        at += len;
    }
    return flush(&l, word.len, out);
}
