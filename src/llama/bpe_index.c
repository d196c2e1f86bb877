/* bpe_index.c - what merging needs, made when a tokenizer is opened.
 *
 *   merges   "A B" of the file -> (id of A, id of B) -> rank, id of AB. Merge k is nearly always the one that made the token after that of
 *            merge k - 1, so its result is compared with that token first; A and B are looked up in batches, slots fetched ahead.
 *            A merge that names an unknown token is an error, as in `tokenizers`; of two equal merges the later counts, as there.
 *   scores   SentencePiece has no merges: any two pieces whose bytes together are a piece merge, the higher score first. All splits of
 *            all pieces are looked up once; equal scores are one rank. Single characters that only occur inside pieces get ids behind
 *            the vocabulary: they are never written.
 *   crossed  which characters are neighbours in some token (bpe.c, 1.)
 *
 * Ranks are 32 bits, below UINT32_MAX. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "llama/tokenizer_parts.h"

#define BATCH 32

/* ------------------------------------------------------------------ merges */
hx_status hx__merges_begin(hx_merge_reader *r, hx_tokenizer *t, size_t n, hx_error *err) {
    *r = (hx_merge_reader){t, -1, 0, NULL};
    if (n > 4 * HX_VOCAB_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: %zu merges; the most is %zu", t->what, n,
                       4 * HX_VOCAB_MAX);
    if (!hx_pairs_init(&t->pairs, n, t->arena))
        return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    return HX_OK;
}

void hx__merge_split(hx_str merge, hx_str *left, hx_str *right) {
    *left = merge;
    *right = (hx_str){NULL, 0};
    const char *space = merge.len > 1 ? memchr(merge.ptr + 1, ' ', merge.len - 1) : NULL;
    if (!space) return;
    left->len = (size_t)(space - merge.ptr);
    *right = (hx_str){space + 1, merge.len - left->len - 1};
}

/* Whether `part` stands at `at` of the token `whole`; memory up to `end` may be read behind `part`. */
static bool has_part(const hx_vocab *v, hx_str whole, size_t at, hx_str part, const char *end) {
    const char *p = whole.ptr + at;
    if (part.len > 8) return hx_same_bytes(p, part.ptr, part.len);
    return hx_load_within(p, part.len, v->end) == hx_load_within(part.ptr, part.len, end);
}

static int32_t find_both(const hx_merge_reader *r, hx_str left, hx_str right) {
    char both[2 * HX_TOKEN_LEN_MAX];
    const hx_vocab *v = &r->t->vocab;
    const char *end = r->end ? r->end : right.ptr + right.len;
    int32_t guess = r->last + 1;
    if ((size_t)guess < v->n) {
        hx_str whole = hx_vocab_spelling(v, (size_t)guess);
        if (whole.len == left.len + right.len &&
            has_part(v, whole, 0, left, r->end ? end : left.ptr + left.len) &&
            has_part(v, whole, left.len, right, end))
            return guess;
    }
    memcpy(both, left.ptr, left.len);
    memcpy(both + left.len, right.ptr, right.len);
    return hx_vocab_find(v, (hx_str){both, left.len + right.len});
}

typedef struct {
    hx_vocab_hash hash[2];
    int32_t a, b, both;
} found_merge;

/* Finds the three tokens of a merge, and fetches the place it will have. */
static hx_status find_merge(hx_merge_reader *r, hx_str left, hx_str right, uint32_t rank,
                            found_merge *m, hx_error *err) {
    const hx_tokenizer *t = r->t;
    m->a = hx_vocab_find_hashed(&t->vocab, left, m->hash[0]);
    m->b = hx_vocab_find_hashed(&t->vocab, right, m->hash[1]);
    m->both = m->a < 0 || m->b < 0 ? -1 : find_both(r, left, right);
    if (m->both < 0)
        return hx_fail(err, HX_EFORMAT, "%s: merge %u, '%.*s %.*s', names an unknown token",
                       t->what, rank, HX_STR_ARG(left), HX_STR_ARG(right));
    r->last = m->both;
    uint64_t key = hx_pair_key((uint32_t)m->a, (uint32_t)m->b);
    __builtin_prefetch(&t->pairs.slots[hx_pair_home(&t->pairs, key)], 1);
    return HX_OK;
}

static hx_status check_merge(const hx_merge_reader *r, hx_str left, hx_str right, uint32_t rank,
                             hx_error *err) {
    if (left.len && right.len && left.len <= HX_TOKEN_LEN_MAX && right.len <= HX_TOKEN_LEN_MAX)
        return HX_OK;
    return hx_fail(err, HX_EFORMAT, "%s: merge %u, '%.*s', is not two tokens with a space between",
                   r->t->what, rank, HX_STR_ARG(left));
}

/* At most BATCH merges: hashes first, then the tokens, then the pairs, so that each waits for memory once a batch. */
static hx_status add_batch(hx_merge_reader *r, const hx_str *left, const hx_str *right, size_t n,
                           hx_error *err) {
    found_merge m[BATCH];
    for (size_t i = 0; i < n; i++) {
        HX_TRY(check_merge(r, left[i], right[i], r->rank + (uint32_t)i, err));
        const char *ends[] = {left[i].ptr + left[i].len, right[i].ptr + right[i].len};
        if (r->end) ends[0] = ends[1] = r->end;
        m[i].hash[0] = hx_vocab_hash_of(&r->t->vocab, left[i], ends[0]);
        m[i].hash[1] = hx_vocab_hash_of(&r->t->vocab, right[i], ends[1]);
    }
    for (size_t i = 0; i < n; i++)
        HX_TRY(find_merge(r, left[i], right[i], r->rank + (uint32_t)i, &m[i], err));
    for (size_t i = 0; i < n; i++)
        *hx_pairs_put(&r->t->pairs, (uint32_t)m[i].a, (uint32_t)m[i].b) =
            (uint64_t)r->rank++ << 32 | (uint32_t)m[i].both;
    return HX_OK;
}

hx_status hx__merges_add(hx_merge_reader *r, const hx_str *left, const hx_str *right, size_t n,
                         hx_error *err) {
    for (size_t from = 0; from < n; from += BATCH) {
        size_t count = n - from < BATCH ? n - from : BATCH;
        HX_TRY(add_batch(r, left + from, right + from, count, err));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ neighbours */
static void set_crossed(hx_tokenizer *t, uint32_t left, uint32_t right) {
    uint32_t bit = hx_cross_bit(left, right);
    t->crossed[bit >> 6] |= (uint64_t)1 << (bit & 63);
}

/* The character at `at` of a token's bytes: HX_CROSS_ANY where only a part of one stands there. */
static uint32_t token_char(hx_str bytes, size_t at, size_t *end) {
    size_t pos = at;
    uint32_t cp = hx_utf8_next(bytes, &pos);
    if (cp == HX_UTF8_BAD) {
        cp = HX_CROSS_ANY;
        while (pos < bytes.len && ((unsigned char)bytes.ptr[pos] & 0xC0) == 0x80)
            pos++;
    }
    *end = pos;
    return cp;
}

static bool is_ascii(hx_str s) {
    uint64_t all = 0;
    for (size_t i = 0; i < s.len; i += 8)
        all |= hx_load_bytes(s.ptr + i, s.len - i < 8 ? s.len - i : 8);
    return (all & 0x8080808080808080u) == 0;
}

static void cross_bytes(hx_tokenizer *t, hx_str bytes) {
    if (bytes.len < 2 || is_ascii(bytes)) return;
    size_t at = 0;
    uint32_t left = token_char(bytes, 0, &at);
    while (at < bytes.len) {
        unsigned char lead = (unsigned char)bytes.ptr[at];
        uint32_t right = token_char(bytes, at, &at);
        if (left == HX_CROSS_ANY && right == HX_CROSS_ANY)
            t->crossed_lead[lead] = true;
        else if ((left | right) >= 0x80)
            set_crossed(t, left, right);
        left = right;
    }
}

/* ------------------------------------------------------------------ characters */
static bool is_matched(const hx_tokenizer *t, size_t id) {
    return t->vocab.types[id] == HX_TOKEN_NORMAL;
}

static bool is_one_char(hx_str s) {
    size_t pos = 0;
    return s.len > 0 && hx_utf8_next(s, &pos) != HX_UTF8_BAD && pos == s.len;
}

/* Characters that are tokens, then those that are only in tokens. */
static hx_status index_chars(hx_tokenizer *t, hx_error *err) {
    size_t n = 0;
    for (size_t id = 0; id < t->vocab.n; id++)
        if (is_matched(t, id)) n += t->vocab.spans[id].len;
    if (!hx_pairs_init(&t->chars, n < 0x110000 ? n : 0x110000, t->arena))
        return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    for (size_t id = 0; id < t->vocab.n; id++) {
        hx_str s = hx_vocab_spelling(&t->vocab, id);
        unsigned len;
        if (is_matched(t, id) && is_one_char(s))
            *hx_pairs_put(&t->chars, hx_char_at(s.ptr, &len), 0) = id;
    }
    uint64_t next = t->vocab.n;
    for (size_t id = 0; id < t->vocab.n; id++) {
        hx_str s = hx_vocab_spelling(&t->vocab, id);
        if (!is_matched(t, id) || !hx_utf8_is_valid(s)) continue;
        for (size_t at = 0; at < s.len;) {
            uint64_t *v = hx_pairs_put(&t->chars, hx_utf8_next(s, &at), 0);
            if (*v == HX_PAIR_NONE) *v = next++;
        }
    }
    return HX_OK;
}

void hx__cross_token(hx_tokenizer *t, size_t id) {
    const hx_vocab_span *s = &t->vocab.byte_spans[id];
    cross_bytes(t, t->kind == HX_TOKENIZER_BPE_BYTES ? (hx_str){t->vocab.bytes + s->at, s->len}
                                                     : hx_vocab_spelling(&t->vocab, id));
}

hx_status hx__bpe_index(hx_tokenizer *t, hx_error *err) {
    return t->kind == HX_TOKENIZER_BPE_BYTES ? HX_OK : index_chars(t, err);
}

/* ------------------------------------------------------------------ pairs of scores */
static int by_score(const void *x, const void *y) {
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? 1 : a > b ? -1 : 0;
}

/* Ranks: how many different scores are higher. */
static uint32_t rank_of_score(const double *sorted, size_t n, double score) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (sorted[mid] > score)
            low = mid + 1;
        else
            high = mid;
    }
    return (uint32_t)low;
}

/* The id of a part of a piece: a token, or a character. -1 = neither. */
static int32_t part_id(const hx_tokenizer *t, hx_str s) {
    unsigned len;
    if (is_one_char(s)) return (int32_t)hx_pairs_get(&t->chars, hx_char_at(s.ptr, &len), 0);
    int32_t id = hx_vocab_find(&t->vocab, s);
    return id >= 0 && is_matched(t, (size_t)id) ? id : -1;
}

/* Visits all splits of token `id`; with `put` keeps them. Returns their number. */
static size_t split_token(hx_tokenizer *t, size_t id, uint32_t rank, bool put) {
    hx_str s = hx_vocab_spelling(&t->vocab, id);
    size_t n = 0;
    for (size_t at = 1; at < s.len; at++) {
        if (((unsigned char)s.ptr[at] & 0xC0) == 0x80) continue;
        int32_t a = part_id(t, (hx_str){s.ptr, at});
        int32_t b = a < 0 ? -1 : part_id(t, (hx_str){s.ptr + at, s.len - at});
        if (b < 0) continue;
        n++;
        if (put) *hx_pairs_put(&t->pairs, (uint32_t)a, (uint32_t)b) = (uint64_t)rank << 32 | id;
    }
    return n;
}

hx_status hx__bpe_pairs_of_scores(hx_tokenizer *t, hx_error *err) {
    double *sorted = hx_arena_alloc(t->arena, t->vocab.n * sizeof *sorted);
    if (!sorted) return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    memcpy(sorted, t->scores, t->vocab.n * sizeof *sorted);
    qsort(sorted, t->vocab.n, sizeof *sorted, by_score);
    size_t n = 0;
    for (size_t id = 0; id < t->vocab.n; id++)
        if (is_matched(t, id) && hx_utf8_is_valid(hx_vocab_spelling(&t->vocab, id)))
            n += split_token(t, id, 0, false);
    if (n > 16 * HX_VOCAB_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: its pieces can be merged in too many ways", t->what);
    if (!hx_pairs_init(&t->pairs, n, t->arena))
        return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    for (size_t id = 0; id < t->vocab.n; id++)
        if (is_matched(t, id) && hx_utf8_is_valid(hx_vocab_spelling(&t->vocab, id)))
            (void)split_token(t, id, rank_of_score(sorted, t->vocab.n, t->scores[id]), true);
    return HX_OK;
}
