/* unigram.c - the likeliest way to cut a text into pieces (Kudo 2018, Viterbi).
 *
 * Pieces lie in a trie, kept as (node, byte) -> node in one hash table. For each place of the text the best way to it is kept; a way goes on over
 * every piece that begins there and, where no piece is the one character there, over that character as unknown (10 below the worst score).
 * A user-defined symbol scores its length times the best score, less 0.1, so that it is always taken.
 *
 * Places that every way passes (no piece reaches over them) are where the pieces before are written and memory starts anew, with the score
 * carried on: the sums are the same as without. With `single` they are rounded to float after each step, as SentencePiece's are.
 *
 * Where no piece has U+2581 behind another character, each U+2581 behind one is such a place, and what lies between two of them is a word. The
 * best way through a word is the same in every text but for rounding, which depends on the sum before. A word is therefore kept with a lower
 * bound of how far its best way is above all others, and its ids are taken from the cache only where that is more than rounding can make up:
 * a word of n bytes has at most n steps, each sum of a way is at most |sum before| + n * step_most in size, so two ways' sums move by less than
 * 2 n u (|sum before| + n step_most) against each other, u half a unit in the last place of 1. The sum goes on step by step, as if it had been
 * searched for. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "llama/tokenizer_cache.h"

#define META "\xE2\x96\x81"
#define META_LEN 3u
#define UNKNOWN_PENALTY 10.0
#define NO_START UINT32_MAX
#define CACHED_IDS (HX_WORD_IDS - 1) /* the last is the bound, a float */
#define STEP_MAX 1e30 /* with larger steps a sum may overflow: no word is kept */
/* 4 u: twice what is needed */
#define ROUND_SINGLE 0x1p-22
#define ROUND_DOUBLE 0x1p-51

typedef struct {
    double score;
    double lead; /* over the second-best way to here */
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

static double step_of(const hx_tokenizer *t, size_t id, double user_score) {
    double len = (double)t->vocab.spans[id].len;
    if (!t->sentencepiece || t->vocab.types[id] != HX_TOKEN_USER) return t->scores[id];
    return (t->single ? (double)((float)len * (float)user_score) : len * user_score) - 0.1;
}

static hx_status index_steps(hx_tokenizer *t, double low, double high, hx_error *err) {
    double worst = low - UNKNOWN_PENALTY;
    t->unknown_score = t->single ? (double)(float)worst : worst;
    t->step_most = fabs(t->unknown_score);
    t->steps = hx_arena_alloc(t->arena, t->vocab.n * sizeof *t->steps);
    if (!t->steps) return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    for (size_t id = 0; id < t->vocab.n; id++) {
        t->steps[id] = step_of(t, id, high);
        if (is_piece(t, id)) t->step_most = fmax(t->step_most, fabs(t->steps[id]));
    }
    if (t->step_most > STEP_MAX) t->step_most = (double)INFINITY;
    return HX_OK;
}

static bool has_inner_meta(hx_str s) {
    for (size_t i = 1; i + META_LEN <= s.len; i++) {
        bool runs_on = i >= META_LEN && memcmp(s.ptr + i - META_LEN, META, META_LEN) == 0;
        if (!runs_on && memcmp(s.ptr + i, META, META_LEN) == 0) return true;
    }
    return false;
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
    t->cuts_at_meta = true;
    for (size_t id = 0; id < t->vocab.n; id++) {
        if (!is_piece(t, id)) continue;
        add_piece(t, id, &n_nodes);
        if (has_inner_meta(hx_vocab_spelling(&t->vocab, id))) t->cuts_at_meta = false;
    }
    HX_TRY(index_steps(t, low, high, err));
    HX_TRY(shrink_trie(t, err));
    return index_begins(t, err);
}

/* ------------------------------------------------------------------ the search */
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
        ((place *)(void *)l->places->ptr)[i] = (place){0, 0, NO_START, 0, -1};
    return true;
}

static inline double add_step(const hx_tokenizer *t, double sum, double step) {
    sum += step;
    return t->single ? (double)(float)sum : sum;
}

/* fmin() is a call. */
static inline double least(double a, double b) {
    return a < b ? a : b;
}

static bool step_to(lattice *l, size_t from, size_t to, int32_t id, double score) {
    if (!reach_to(l, to)) return false;
    place *p = place_at(l, to);
    const place *before = place_at(l, from);
    double sum = add_step(l->t, before->score, score), lead = before->lead;
    if (p->start != NO_START && !(sum > p->score)) {
        p->lead = least(p->lead, p->score - sum);
        return true;
    }
    if (p->start != NO_START) lead = least(lead, sum - p->score);
    p->score = sum;
    p->lead = lead;
    p->start = (uint32_t)(from - l->base);
    p->id = id;
    return true;
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
        if (!step_to(l, at, i + 1, id, t->steps[id])) return false;
        if (i + 1 - at == len) has_single = true;
    }
    return has_single || step_to(l, at, at + len, -1, t->unknown_score);
}

/* Ids that are being written, and the sum so far; `lead` and `known` of the word being searched. */
typedef struct {
    const hx_tokenizer *t;
    hx_tokenizer_scratch *s;
    hx_id_out *out;
    double sum, lead;
    bool known; /* it has no unknown character */
} unigram_run;

/* Writes the best way from base to `at`, which becomes the base. */
static bool flush(lattice *l, size_t at, unigram_run *r) {
    place *p = (place *)(void *)l->places->ptr;
    const place last = p[at - l->base];
    for (uint32_t i = (uint32_t)(at - l->base); i > 0; i = p[i].start)
        p[p[i].start].next = i;
    for (uint32_t i = 0; i < at - l->base; i = p[i].next) {
        uint32_t end = p[i].next;
        hx_str piece = {l->text.ptr + l->base + i, end - i};
        if (p[end].id < 0) r->known = false;
        bool ok = p[end].id < 0 ? hx__put_unknown(l->t, piece, r->out)
                                : hx_buf_append(r->out->ids, &p[end].id, sizeof(int32_t));
        if (!ok) return false;
    }
    p[0] = (place){last.score, last.lead, NO_START, 0, -1};
    r->sum = last.score;
    r->lead = last.lead;
    l->base = at;
    return true;
}

static bool search(unigram_run *r, hx_str word) {
    lattice l = {r->t, word, &r->s->symbols, 0, 0};
    r->known = true;
    hx_buf_reset(l.places);
    if (!hx_buf_reserve(l.places, sizeof(place))) return false;
    *place_at(&l, 0) = (place){r->sum, (double)INFINITY, NO_START, 0, -1};
    for (size_t at = 0; at < word.len;) {
        unsigned len;
        if (at == l.reach && at > l.base && !flush(&l, at, r)) return false;
        (void)hx_char_at(word.ptr + at, &len);
        if (!step_from(&l, at)) return false;
        at += len;
    }
    return flush(&l, word.len, r);
}

/* ------------------------------------------------------------------ words */
/* By how much the sums of two ways through a word may come closer by rounding. */
static double rounding(const unigram_run *r, size_t len) {
    double n = (double)len;
    return (r->t->single ? ROUND_SINGLE : ROUND_DOUBLE) * n * (fabs(r->sum) + n * r->t->step_most);
}

static bool put_known(unigram_run *r, const hx_token_word *w) {
    size_t n = hx_word_count(w);
    for (size_t i = 0; i < n; i++)
        r->sum = add_step(r->t, r->sum, r->t->steps[w->ids[i]]);
    return hx_word_put(w, 0, r->out->ids);
}

static float lead_of(const hx_token_word *w) {
    float lead;
    memcpy(&lead, &w->ids[CACHED_IDS], sizeof lead);
    return lead;
}

static bool learn_word(unigram_run *r, hx_str word, const uint64_t key[4], hx_token_word *bucket) {
    size_t before = r->out->ids->len / sizeof(int32_t);
    double most = rounding(r, word.len);
    if (!search(r, word)) return false;
    size_t n = r->out->ids->len / sizeof(int32_t) - before;
    float lead = (float)((r->lead - most) * (1 - 0x1p-20)); /* no rounding upwards */
    if (!r->known || n > CACHED_IDS || !(lead > 0)) return true;
    hx_token_word w = hx_word_of(key, hx_ids_of(r->out->ids) + before, n);
    memcpy(&w.ids[CACHED_IDS], &lead, sizeof lead);
    hx_word_keep(bucket, &w);
    return true;
}

static bool put_word(unigram_run *r, hx_str word) {
    uint64_t key[4];
    if (word.len > HX_WORD_BYTES) return search(r, word);
    hx_word_key(word, key);
    hx_token_word *bucket = hx_word_bucket(r->s, key);
    for (int i = 0; i < 2; i++) {
        if (!hx_word_is(&bucket[i], key)) continue;
        if ((double)lead_of(&bucket[i]) > rounding(r, word.len)) return put_known(r, &bucket[i]);
        return search(r, word);
    }
    return learn_word(r, word, key, bucket);
}

static bool is_meta(hx_str s, size_t at) {
    const unsigned char *p = (const unsigned char *)s.ptr + at;
    return p[0] == 0xE2 && s.len - at >= META_LEN && p[1] == 0x96 && p[2] == 0x81;
}

/* The end of the word at `at`: the next U+2581 behind another character. */
static size_t word_end(const hx_tokenizer *t, hx_str text, size_t at) {
    if (!t->cuts_at_meta) return text.len;
    while (at < text.len && is_meta(text, at))
        at += META_LEN;
    while (at < text.len && !is_meta(text, at))
        at++;
    return at;
}

bool hx__unigram_word(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text, hx_id_out *out) {
    unigram_run r = {t, s, out, 0, 0, true};
    for (size_t at = 0; at < text.len;) {
        size_t end = word_end(t, text, at);
        if (!put_word(&r, (hx_str){text.ptr + at, end - at})) return false;
        at = end;
    }
    return true;
}
