/* bpe.c - merging pairs in the order of their ranks, exactly, and fast.
 *
 * What comes out is defined so: while some neighbours are a pair that can be merged, the pair of the lowest rank (of equal ones the leftmost)
 * is. Three facts make it fast without changing it:
 *
 *  1. No piece ever lies across a place that no token's bytes lie across. A word may be cut there and its segments merged alone. Which two
 *     characters stand next to each other in some token is kept as bits by hash (a wrong 1 only means a longer segment). Chinese text, where a
 *     word of the pre-tokenizer is a whole clause, falls into segments of one to four characters, which
 *  2. a cache of words knows: one line of the processor's cache holds up to 30 bytes and their 8 ids; two places a word, the older gives way.
 *  3. If T is what a text becomes, any run of neighbours in T is what that run's text becomes; and tokens are what their text becomes if every
 *     two neighbours are (merges inside a span happen in the same order whatever stands around it, as long as none crosses its border). So a
 *     very long segment is done in windows that overlap, joined at a token both windows have; where they have none in common, all is
 *     done again with longer windows, in the end with one. Time stays n log(window), memory that of a window.
 *
 * Short windows look for the best pair by reading all ranks; long ones keep pairs in a heap, stale entries are dropped when they come up. */
#include <string.h>

#include "base/utf8.h"
#include "llama/tokenizer_cache.h"

#define NO_RANK UINT32_MAX
#define SMALL 48u /* symbols merged without a heap */
#define WINDOW ((size_t)4096) /* bytes; a power of two */
#define OVERLAP ((size_t)512)

/* ------------------------------------------------------------------ merging one window */
static inline uint32_t rank_of(const hx_tokenizer *t, int32_t a, int32_t b, int32_t *both) {
    uint64_t v = hx_pairs_get(&t->pairs, (uint32_t)a, (uint32_t)b);
    *both = (int32_t)(uint32_t)v;
    return (uint32_t)(v >> 32);
}

/* Returns the number of symbols left. */
static size_t merge_small(const hx_tokenizer *t, hx_symbol *sym, size_t n) {
    uint32_t rank[SMALL];
    int32_t both[SMALL];
    for (size_t i = 0; i + 1 < n; i++)
        rank[i] = rank_of(t, sym[i].id, sym[i + 1].id, &both[i]);
    while (n > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < n; i++)
            if (rank[i] < rank[best]) best = i;
        if (rank[best] == NO_RANK) break;
        sym[best].id = both[best];
        n--;
        memmove(sym + best + 1, sym + best + 2, (n - best - 1) * sizeof *sym);
        memmove(rank + best, rank + best + 1, (n - best) * sizeof *rank);
        memmove(both + best, both + best + 1, (n - best) * sizeof *both);
        if (best > 0) rank[best - 1] = rank_of(t, sym[best - 1].id, sym[best].id, &both[best - 1]);
        if (best + 1 < n) rank[best] = rank_of(t, sym[best].id, sym[best + 1].id, &both[best]);
    }
    return n;
}

/* A heap of (rank, position), the least on top. */
static void heap_push(uint64_t *heap, size_t *n, uint64_t v) {
    size_t i = (*n)++;
    while (i > 0 && heap[(i - 1) / 2] > v) {
        heap[i] = heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap[i] = v;
}

static uint64_t heap_pop(uint64_t *heap, size_t *n) {
    uint64_t top = heap[0], v = heap[--*n];
    size_t i = 0;
    for (;;) {
        size_t k = 2 * i + 1;
        if (k >= *n) break;
        if (k + 1 < *n && heap[k + 1] < heap[k]) k++;
        if (heap[k] >= v) break;
        heap[i] = heap[k];
        i = k;
    }
    heap[i] = v;
    return top;
}

typedef struct {
    int32_t both;
    uint32_t rank; /* of this symbol and the next; NO_RANK also for symbols that are gone */
    uint32_t next, prev; /* positions; n at the end, prev of the first: n */
} merge_link;

typedef struct {
    const hx_tokenizer *t;
    hx_symbol *sym;
    merge_link *links;
    uint64_t *heap;
    size_t n, n_heap;
} merge_state;

static void push_pair(merge_state *m, uint32_t i) {
    merge_link *l = &m->links[i];
    l->rank = NO_RANK;
    if (l->next >= m->n) return;
    l->rank = rank_of(m->t, m->sym[i].id, m->sym[l->next].id, &l->both);
    if (l->rank != NO_RANK) heap_push(m->heap, &m->n_heap, (uint64_t)l->rank << 32 | i);
}

static void merge_at(merge_state *m, uint32_t i) {
    merge_link *l = &m->links[i];
    uint32_t gone = l->next;
    m->sym[i].id = l->both;
    m->links[gone].rank = NO_RANK;
    l->next = m->links[gone].next;
    if (l->next < m->n) m->links[l->next].prev = i;
    push_pair(m, i);
    if (l->prev < m->n) push_pair(m, l->prev);
}

/* Each merge pushes at most two pairs: the heap holds at most 3 n. *count symbols, fewer in the end. */
static bool merge_large(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_symbol *sym,
                        size_t *count) {
    size_t n = *count, heap_bytes = 3 * n * sizeof(uint64_t);
    hx_buf_reset(&s->heap);
    if (!hx_buf_reserve(&s->heap, heap_bytes + n * sizeof(merge_link))) return false;
    merge_state m = {t, sym, NULL, (uint64_t *)(void *)s->heap.ptr, n, 0};
    m.links = (merge_link *)(void *)(s->heap.ptr + heap_bytes);
    for (uint32_t i = 0; i < n; i++)
        m.links[i] = (merge_link){0, NO_RANK, i + 1, i > 0 ? i - 1 : (uint32_t)n};
    for (uint32_t i = 0; i + 1 < n; i++)
        push_pair(&m, i);
    while (m.n_heap > 0) {
        uint64_t top = heap_pop(m.heap, &m.n_heap);
        uint32_t i = (uint32_t)top;
        if (m.links[i].rank == (uint32_t)(top >> 32)) merge_at(&m, i);
    }
    size_t left = 0;
    for (uint32_t i = 0; i < n; i = m.links[i].next)
        sym[left++] = sym[i];
    *count = left;
    return true;
}

/* The first symbols of a text: its bytes, or its characters. */
static size_t first_symbols(const hx_tokenizer *t, hx_str text, hx_symbol *sym) {
    size_t n = 0;
    if (t->kind == HX_TOKENIZER_BPE_BYTES) {
        for (size_t i = 0; i < text.len; i++) {
            sym[n] = (hx_symbol){t->byte_ids[(unsigned char)text.ptr[i]], (uint32_t)i};
            n += sym[n].id >= 0 || t->unknown >= 0;
        }
        return n;
    }
    for (size_t i = 0; i < text.len; n++) {
        unsigned len;
        uint64_t v = hx_pairs_get(&t->chars, hx_char_at(text.ptr + i, &len), 0);
        sym[n] = (hx_symbol){v == HX_PAIR_NONE ? -1 : (int32_t)v, (uint32_t)i};
        i += len;
    }
    return n;
}

/* All of `text`, merged, into b: *n symbols and a last one that holds the end. False when out of memory. */
static bool merge_text(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text, hx_buf *b,
                       size_t *n) {
    hx_buf_reset(b);
    if (!hx_buf_reserve(b, (text.len + 1) * sizeof(hx_symbol))) return false;
    hx_symbol *sym = (hx_symbol *)(void *)b->ptr;
    *n = first_symbols(t, text, sym);
    if (*n <= SMALL)
        *n = merge_small(t, sym, *n);
    else if (!merge_large(t, s, sym, n))
        return false;
    sym[*n] = (hx_symbol){-1, (uint32_t)text.len};
    return true;
}

/* ------------------------------------------------------------------ ids */
static bool put_ids(hx_id_out *out, const int32_t *ids, size_t n) {
    return hx_buf_append(out->ids, ids, n * sizeof *ids);
}

static bool last_is_unknown(const hx_tokenizer *t, const hx_id_out *out) {
    size_t n = out->ids->len / sizeof(int32_t);
    return n > out->word && hx_ids_of(out->ids)[n - 1] == t->unknown;
}

bool hx__put_unknown(const hx_tokenizer *t, hx_str text, hx_id_out *out) {
    if (t->byte_fallback && t->has_bytes) {
        for (size_t i = 0; i < text.len; i++)
            if (!put_ids(out, &t->byte_ids[(unsigned char)text.ptr[i]], 1)) return false;
        return true;
    }
    if (t->unknown < 0 || (t->fuse_unknown && last_is_unknown(t, out))) return true;
    return put_ids(out, &t->unknown, 1);
}

static bool put_symbols(const hx_tokenizer *t, hx_str text, const hx_symbol *sym, size_t n,
                        hx_id_out *out) {
    for (size_t i = 0; i < n; i++) {
        hx_str piece = {text.ptr + sym[i].at, sym[i + 1].at - sym[i].at};
        bool known = sym[i].id >= 0 && (size_t)sym[i].id < t->vocab.n;
        if (!(known ? put_ids(out, &sym[i].id, 1) : hx__put_unknown(t, piece, out))) return false;
    }
    return true;
}

/* ------------------------------------------------------------------ long segments, in windows */
typedef struct {
    hx_str text; /* of the segment */
    size_t at; /* where the window begins */
    hx_symbol *sym; /* of the window */
    size_t n;
} merge_window;

static size_t window_end(hx_str text, size_t at, size_t size) {
    if (text.len - at <= size) return text.len;
    size_t end = at + size;
    while (end > at && ((unsigned char)text.ptr[end] & 0xC0) == 0x80)
        end--;
    return end;
}

/* The first symbol of `later` that `w` has too; *from = its place in `later`. w->n = none. */
static size_t common_symbol(const merge_window *w, const merge_window *later, size_t *from) {
    size_t i = 0, k = 0;
    while (i < w->n && k < later->n) {
        size_t a = w->at + w->sym[i].at, b = later->at + later->sym[k].at;
        if (a < b) {
            i++;
        } else if (b < a) {
            k++;
        } else if (w->sym[i].id == later->sym[k].id &&
                   w->at + w->sym[i + 1].at == later->at + later->sym[k + 1].at) {
            *from = k;
            return i;
        } else {
            i++;
            k++;
        }
    }
    return w->n;
}

static bool put_window(const hx_tokenizer *t, const merge_window *w, size_t from, size_t to,
                       hx_id_out *out) {
    return put_symbols(t, (hx_str){w->text.ptr + w->at, w->text.len - w->at}, w->sym + from,
                       to - from, out);
}

/* Where the next window begins: a symbol about OVERLAP bytes before the end. The window's own begin = there is none. */
static size_t next_window(const merge_window *w, size_t first) {
    size_t i = w->n;
    while (i > first + 1 && w->sym[w->n].at - w->sym[i].at < OVERLAP)
        i--;
    return i < w->n ? w->at + w->sym[i].at : w->at;
}

static bool merge_window_at(const hx_tokenizer *t, hx_tokenizer_scratch *s, merge_window *w,
                            size_t at, size_t size, hx_buf *b) {
    size_t end = window_end(w->text, at, size);
    w->at = at;
    bool ok = merge_text(t, s, (hx_str){w->text.ptr + at, end - at}, b, &w->n);
    w->sym = (hx_symbol *)(void *)b->ptr;
    return ok;
}

/* HX_ENOTFOUND where two windows have no token in common: what was written does not count. */
static hx_status merge_windows(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text,
                               size_t size, hx_id_out *out) {
    merge_window now = {text, 0, NULL, 0}, later = {text, 0, NULL, 0};
    size_t first = 0; /* symbols of `now` before it are written, or not what comes out */
    int in_use = 0;
    if (!merge_window_at(t, s, &now, 0, size, &s->window[in_use])) return HX_ENOMEM;
    while (now.at + now.sym[now.n].at < text.len) {
        size_t from = 0, at = next_window(&now, first);
        if (at <= now.at) return HX_ENOTFOUND;
        if (!merge_window_at(t, s, &later, at, size, &s->window[!in_use])) return HX_ENOMEM;
        size_t common = common_symbol(&now, &later, &from);
        if (common == now.n || common < first) return HX_ENOTFOUND;
        if (!put_window(t, &now, first, common, out)) return HX_ENOMEM;
        now = later;
        first = from;
        in_use = !in_use;
    }
    return put_window(t, &now, first, now.n, out) ? HX_OK : HX_ENOMEM;
}

static bool merge_long(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text,
                       hx_id_out *out) {
    size_t before = out->ids->len;
    hx_status status = HX_ENOTFOUND;
    for (size_t size = WINDOW; status == HX_ENOTFOUND; size *= 8) {
        out->ids->len = before;
        status = merge_windows(t, s, text, size, out);
    }
    return status == HX_OK;
}

/* ------------------------------------------------------------------ the cache of words */
static bool put_word(const hx_tokenizer *t, const hx_token_word *w, hx_id_out *out) {
    bool skip = t->fuse_unknown && hx_word_count(w) > 0 && w->ids[0] == t->unknown &&
                last_is_unknown(t, out);
    return hx_word_put(w, skip, out->ids);
}

/* ------------------------------------------------------------------ segments */
/* Byte-level spelling of a word, looked up. */
static int32_t whole_word(const hx_tokenizer *t, hx_str word) {
    char spelt[2 * HX_TOKEN_LEN_MAX];
    size_t n = 0;
    if (word.len > HX_TOKEN_LEN_MAX) return -1;
    if (t->kind != HX_TOKENIZER_BPE_BYTES) return hx_vocab_find(&t->vocab, word);
    for (size_t i = 0; i < word.len; i++)
        n += hx_utf8_put(hx__byte_spelling((uint8_t)word.ptr[i]), spelt + n);
    return n > HX_TOKEN_LEN_MAX ? -1 : hx_vocab_find(&t->vocab, (hx_str){spelt, n});
}

static bool encode_segment(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str seg, bool whole,
                           hx_id_out *out) {
    if (t->ignore_merges && whole) {
        int32_t id = whole_word(t, seg);
        if (id >= 0) return put_ids(out, &id, 1);
    }
    if (seg.len > WINDOW) return merge_long(t, s, seg, out);
    size_t n;
    if (!merge_text(t, s, seg, &s->symbols, &n)) return false;
    return put_symbols(t, seg, (const hx_symbol *)(void *)s->symbols.ptr, n, out);
}

static bool learn_word(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str seg, bool whole,
                       const uint64_t key[4], hx_token_word *bucket, hx_id_out *out) {
    /* its ids alone, whatever stands before it */
    hx_id_out alone = {out->ids, out->ids->len / sizeof(int32_t)};
    size_t before = out->ids->len;
    if (!encode_segment(t, s, seg, whole, &alone)) return false;
    size_t n = (out->ids->len - before) / sizeof(int32_t);
    if (n <= HX_WORD_IDS) {
        const int32_t *ids = n ? hx_ids_of(out->ids) + before / sizeof(int32_t) : NULL;
        hx_token_word w = hx_word_of(key, ids, n);
        out->ids->len = before;
        hx_word_keep(bucket, &w);
        return put_word(t, &w, out);
    }
    if (t->fuse_unknown && hx_ids_of(out->ids)[before / sizeof(int32_t)] == t->unknown) {
        out->ids->len = before;
        return encode_segment(t, s, seg, whole, out);
    }
    return true;
}

static bool put_segment(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str seg, bool whole,
                        hx_id_out *out) {
    if (seg.len > HX_WORD_BYTES) return encode_segment(t, s, seg, whole, out);
    uint64_t key[4];
    hx_word_key(seg, key);
    hx_token_word *bucket = hx_word_bucket(s, key);
    if (hx_word_is(&bucket[0], key)) return put_word(t, &bucket[0], out);
    if (hx_word_is(&bucket[1], key)) return put_word(t, &bucket[1], out);
    return learn_word(t, s, seg, whole, key, bucket, out);
}

static inline bool crossed_bit(const hx_tokenizer *t, uint32_t left, uint32_t right) {
    uint32_t bit = hx_cross_bit(left, right);
    return t->crossed[bit >> 6] >> (bit & 63) & 1;
}

/* Whether some token may lie across the place between two characters. */
static inline bool is_crossed(const hx_tokenizer *t, uint32_t left, uint32_t right, char lead) {
    return crossed_bit(t, left, right) || crossed_bit(t, left, HX_CROSS_ANY) ||
           crossed_bit(t, HX_CROSS_ANY, right) || t->crossed_lead[(unsigned char)lead];
}

/* The end of the segment that starts at `at`: places between two ASCII characters are not looked at. */
static size_t segment_end(const hx_tokenizer *t, hx_str word, size_t at) {
    unsigned len;
    uint32_t left = hx_char_at(word.ptr + at, &len);
    at += len;
    while (at < word.len) {
        uint32_t right = hx_char_at(word.ptr + at, &len);
        if ((left | right) >= 0x80 && !is_crossed(t, left, right, word.ptr[at])) return at;
        left = right;
        at += len;
    }
    return at;
}

/* Whether all bytes have tokens. Those left out make neighbours of what stands around them: then a word is not cut. */
static bool is_complete(const hx_tokenizer *t, hx_str word) {
    if (t->has_bytes || t->kind != HX_TOKENIZER_BPE_BYTES) return true;
    for (size_t i = 0; i < word.len; i++)
        if (t->byte_ids[(unsigned char)word.ptr[i]] < 0) return false;
    return true;
}

bool hx__bpe_word(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str word, hx_id_out *out) {
    size_t at = 0;
    if (!is_complete(t, word)) return put_segment(t, s, word, true, out);
    while (at < word.len) {
        size_t end = segment_end(t, word, at);
        if (!put_segment(t, s, (hx_str){word.ptr + at, end - at}, at == 0 && end == word.len, out))
            return false;
        at = end;
    }
    return true;
}
