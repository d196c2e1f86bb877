/* wordseg.c - words of a cleaned text: the most probable path through the graph of all dictionary words (as jieba, "cut" with HMM).
 *
 *     text -> atoms (a Han character; a Latin word, number, e-mail, emoji; a mark; a blank)
 *          -> chunks of atoms that words may join (Han and Latin; with user words also blanks and marks)
 *          -> best[i] = max over words i..j of ln p(word) + best[j], from the right
 *          -> runs of single Han characters that remain go through the hidden Markov model (hmm.c)
 *
 * Invariants: words begin and end at atoms, so no word, also none of the user's, cuts a Latin word; cuts ascend and cover every byte that is
 * not blank; p of an unknown atom is 1 / total. On equal probability the longer word wins, and sums are taken in jieba's order, so on
 * Chinese text the results are jieba's to the bit. */
#include "text/wordseg.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "text/annotator.h"
#include "text/atom.h"
#include "text/taught_words.h"
#include "text/wordseg_data.h"
#include "text/wordseg_scratch.h"

#define CHUNK_INSIDE 0xFFu /* not the first code point of its atom */
#define CHUNK_BLANK 0xFEu
#define ATOM_MAX 1024u /* bytes; a longer atom is a word without further ado */
#define CARRY_MAX                                                                                  \
    HX_TRIE_KEY_MAX /* code points of a full chunk that are looked at again with the next */
#define CUTS_CAP ((size_t)1 << 30) /* bytes */
#define JIEBA_HAN_FIRST 0x4E00u
#define JIEBA_HAN_LAST 0x9FD5u

/* One text being cut. */
typedef struct {
    const hx_wordseg *w;
    const hx_text_model *model;
    hx_wordseg_scratch *s;
    const hx_clean *c; /* NULL while scoring */
    hx_str text;
    size_t reach; /* end of the furthest user word that begins in this chunk */
} cutter;

hx_wordseg_scratch *hx__wordseg_scratch_new(void) {
    hx_wordseg_scratch *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    hx_buf_init(&s->cuts, CUTS_CAP);
    hx_buf_init(&s->taught, CUTS_CAP);
    return s;
}

void hx__wordseg_scratch_free(hx_wordseg_scratch *s) {
    if (!s) return;
    hx_buf_release(&s->cuts);
    hx_buf_release(&s->taught);
    free(s);
}

/* ------------------------------------------------------------------ chunks */
/* A Han character of three bytes that begins at p, or 0. */
static inline uint32_t common_han(const unsigned char *p, size_t left) {
    if (left < 3 || p[0] < 0xE4 || p[0] > 0xE9) return 0;
    uint32_t cp =
        (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (uint32_t)(p[2] & 0x3F);
    return cp >= JIEBA_HAN_FIRST ? cp : 0;
}

/* Also fetches the node of this code point behind the one before: the path will ask for it, and it is seldom in the cache. */
static inline void push(cutter *k, uint32_t cp, size_t at, uint8_t kind) {
    const hx_trie *t = &k->w->trie;
    hx_wordseg_scratch *s = k->s;
    uint32_t code = hx__trie_code(t, cp);
    if (s->n > 0) hx__trie_prefetch(t, s->first[s->n - 1], code);
    s->cps[s->n] = cp;
    s->codes[s->n] = code;
    s->first[s->n] = hx__trie_step(t, 0, code);
    s->at[s->n] = (uint32_t)at;
    s->kind[s->n++] = kind;
}

static void push_atom(cutter *k, size_t at, size_t end, uint8_t kind) {
    for (uint8_t first = kind; at < end; first = CHUNK_INSIDE) {
        size_t from = at;
        uint32_t cp = hx_utf8_next(k->text, &at);
        push(k, cp, from, first);
    }
}

/* How far the longest user word at `at` goes. */
static size_t user_reach(const cutter *k, size_t at) {
    const hx_trie *t = &k->w->user;
    uint32_t node = 0;
    size_t longest = at;
    while (at < k->text.len) {
        node = hx__trie_step(t, node, hx__trie_code(t, hx_utf8_next(k->text, &at)));
        if (node == 0) break;
        if (t->nodes[node].value) longest = at;
    }
    return longest;
}

/* Whether byte i is an ASCII character of the original that jieba takes into a run of words. */
static bool is_run_byte(const cutter *k, size_t i) {
    char c = k->text.ptr[i];
    bool in_run = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  (c > ' ' && strchr("+#&._%-", c));
    return in_run && (!k->c || k->c->ends[i] == k->c->starts[i] + 1);
}

/* "..." and "--" are one mark; "……", which became six full stops, is two. */
static size_t mark_run(const cutter *k, size_t at, size_t end) {
    if (end != at + 1 || !is_run_byte(k, at)) return end;
    while (end < k->text.len && strchr("+#&._%-", k->text.ptr[end]) && is_run_byte(k, end))
        end++;
    return end;
}

/* The atom at `at` that is no common Han character. */
static size_t next_atom(const cutter *k, size_t at, uint8_t *kind) {
    bool flag = false;
    size_t next = at;
    if (k->text.ptr[at] == ' ') {
        *kind = CHUNK_BLANK;
        return at + 1;
    }
    if (hx_utf8_is_han(hx_utf8_next(k->text, &next))) {
        *kind = HX_CUT_HAN;
        return next;
    }
    size_t end = hx__atom_keycap(k->text, at);
    if (end > at) {
        *kind = HX_CUT_EMOJI;
        return end;
    }
    end = hx__atom_latin(k->text, at, &flag);
    if (end > at) {
        *kind = flag ? HX_CUT_NUMBER : HX_CUT_LATIN;
        return end;
    }
    end = hx__atom_symbol(k->text, at, &flag);
    *kind = flag ? HX_CUT_EMOJI : HX_CUT_MARK;
    return mark_run(k, at, end);
}

/* Fills the chunk from byte `at`. Returns where it stopped; *alone: an atom that belongs to no chunk begins there and ends at *end. */
static size_t fill(cutter *k, size_t at, bool *alone, uint8_t *kind, size_t *end) {
    hx_wordseg_scratch *s = k->s;
    s->n = 0;
    k->reach = at;
    *alone = false;
    while (at < k->text.len && s->n < HX_CHUNK_MAX) {
        uint32_t cp = common_han((const unsigned char *)k->text.ptr + at, k->text.len - at);
        *kind = HX_CUT_HAN;
        *end = cp ? at + 3 : next_atom(k, at, kind);
        if (k->w->has_user) {
            size_t reach = user_reach(k, at);
            if (reach > k->reach) k->reach = reach;
        }
        bool joins = *kind <= HX_CUT_NUMBER || at < k->reach;
        if (!joins || *end - at > ATOM_MAX) {
            *alone = true;
            break;
        }
        if (*end - at > HX_CHUNK_MAX - s->n) break;
        if (cp)
            push(k, cp, at, HX_CUT_HAN);
        else
            push_atom(k, at, *end, *kind);
        at = *end;
    }
    s->at[s->n] = (uint32_t)at;
    s->kind[s->n] = HX_CUT_MARK;
    return at;
}

/* ------------------------------------------------------------------ the best path */
static void relax(hx_wordseg_scratch *s, size_t from, size_t to, double weight, bool user) {
    double p = weight + s->best[to];
    if (p < s->best[from]) return;
    s->best[from] = p;
    s->next[from] = (uint32_t)to;
    s->user[from] = user;
}

static void relax_dictionary(const cutter *k, size_t i, size_t atom_end) {
    const hx_trie *t = &k->w->trie;
    hx_wordseg_scratch *s = k->s;
    uint32_t node = s->first[i];
    double unknown = -k->w->meta.log_total;
    bool known = node && atom_end == i + 1 && t->nodes[node].value;
    s->best[i] = (known ? hx__trie_weight(t, node) : unknown) + s->best[atom_end];
    s->next[i] = (uint32_t)atom_end;
    s->user[i] = false;
    for (size_t j = i + 1; node && j < s->n; j++) {
        node = hx__trie_step(t, node, s->codes[j]);
        if (node && t->nodes[node].value && s->kind[j + 1] != CHUNK_INSIDE)
            relax(s, i, j + 1, hx__trie_weight(t, node), false);
    }
}

static void relax_user(const cutter *k, size_t i) {
    const hx_trie *t = &k->w->user;
    hx_wordseg_scratch *s = k->s;
    uint32_t node = 0;
    for (size_t j = i; j < s->n; j++) {
        node = hx__trie_step(t, node, hx__trie_code(t, s->cps[j]));
        if (node == 0) return;
        if (t->nodes[node].value && s->kind[j + 1] != CHUNK_INSIDE)
            relax(s, i, j + 1, hx__trie_weight(t, node), true);
    }
}

static void find_path(const cutter *k) {
    hx_wordseg_scratch *s = k->s;
    size_t atom_end = s->n;
    s->best[s->n] = 0;
    for (size_t i = s->n; i-- > 0;) {
        if (s->kind[i] == CHUNK_INSIDE) continue;
        relax_dictionary(k, i, atom_end);
        if (k->w->has_user) relax_user(k, i);
        atom_end = i;
    }
}

/* ------------------------------------------------------------------ cuts */
static void emit(cutter *k, size_t start, size_t end, uint8_t kind) {
    hx_buf *b = &k->s->cuts;
    hx_cut *last = b->len ? (hx_cut *)(void *)(b->ptr + b->len) - 1 : NULL;
    if (last && k->c->starts[start] < k->c->ends[last->end - 1]) {
        last->end = (uint32_t)end;
        return;
    }
    hx_cut w = {.start = (uint32_t)start, .end = (uint32_t)end, .kind = kind};
    hx_buf_append(b, &w, sizeof w);
}

static void emit_hmm(cutter *k, size_t from, size_t to) {
    hx_wordseg_scratch *s = k->s;
    hx__hmm_viterbi(k->w, s->cps + from, to - from, s->back, s->states);
    size_t begin = from;
    for (size_t i = from; i < to; i++) {
        uint8_t state = s->states[i - from];
        if (state != HX_HMM_E && state != HX_HMM_S) continue;
        emit(k, s->at[begin], s->at[i + 1], HX_CUT_HAN);
        begin = i + 1;
    }
    if (begin < to) emit(k, s->at[begin], s->at[to], HX_CUT_HAN);
}

static bool is_word(const cutter *k, size_t from, size_t to) {
    uint32_t node = 0;
    for (size_t i = from; i < to; i++) {
        node = hx__trie_step(&k->w->trie, node, k->s->codes[i]);
        if (node == 0) return false;
    }
    return k->w->trie.nodes[node].value != 0;
}

/* A run [from, to) of single characters that the path left over. A run that is itself a word stays in characters, as in jieba, where
 * however neighbours in ASCII belong to the run and make it none. */
static void emit_run(cutter *k, size_t from, size_t to) {
    if (from == to) return;
    hx_wordseg_scratch *s = k->s;
    bool alone = (s->at[from] == 0 || !is_run_byte(k, s->at[from] - 1)) &&
                 (s->at[to] == k->text.len || !is_run_byte(k, s->at[to]));
    bool singles = to - from == 1 || (alone && is_word(k, from, to));
    while (from < to) {
        size_t end = from;
        while (end < to && s->cps[end] - JIEBA_HAN_FIRST <= JIEBA_HAN_LAST - JIEBA_HAN_FIRST)
            end++;
        if (singles || end <= from + 1) {
            emit(k, s->at[from], s->at[from + 1], HX_CUT_HAN);
            from++;
        } else {
            emit_hmm(k, from, end);
            from = end;
        }
    }
}

/* The kind of the path's word [i, j): a dictionary word of several atoms (T恤) counts as Han. */
static uint8_t kind_of(const hx_wordseg_scratch *s, size_t i, size_t j) {
    if (s->user[i]) return HX_CUT_USER;
    for (size_t x = i + 1; x < j; x++)
        if (s->kind[x] != CHUNK_INSIDE) return HX_CUT_HAN;
    return s->kind[i];
}

/* Emits the path up to code point `stop` or the first word end behind it; returns the byte it came to. */
static size_t emit_path(cutter *k, size_t stop) {
    hx_wordseg_scratch *s = k->s;
    size_t run = 0, i = 0;
    while (i < stop) {
        size_t j = s->next[i];
        if (j != i + 1 || s->kind[i] != HX_CUT_HAN || s->user[i]) {
            emit_run(k, run, i);
            uint8_t kind = kind_of(s, i, j);
            if (kind != CHUNK_BLANK) emit(k, s->at[i], s->at[j], kind);
            run = j;
        }
        i = j;
    }
    emit_run(k, run, i);
    return s->at[i];
}

static void cut_text(cutter *k) {
    for (size_t at = 0; at < k->text.len;) {
        bool alone;
        uint8_t kind;
        size_t end;
        size_t stopped = fill(k, at, &alone, &kind, &end);
        find_path(k);
        bool full = !alone && stopped < k->text.len;
        at = emit_path(k, full && k->s->n > 2 * CARRY_MAX ? k->s->n - CARRY_MAX : k->s->n);
        if (!alone) continue;
        if (kind != CHUNK_BLANK) emit(k, at, end, kind);
        at = end;
    }
}

/* ------------------------------------------------------------------ what was taught */
/* Cuts from `base` on as taught; those of the path keep their kind where they are the same. */
static void put_taught(cutter *k, const hx_taught_cut *taught, size_t base, const hx_cut *cuts,
                       size_t n) {
    for (size_t i = 0, at = 0; i < taught->n; i++) {
        hx_cut w = {.start = (uint32_t)(base + taught->words[i].start),
                    .end = (uint32_t)(base + taught->words[i].end),
                    .kind = HX_CUT_USER,
                    .taught = true};
        while (at < n && cuts[at].start < w.start)
            at++;
        if (at < n && cuts[at].start == w.start && cuts[at].end == w.end) w.kind = cuts[at].kind;
        hx_buf_append(&k->s->taught, &w, sizeof w);
    }
}

/* The longest run that was taught from cut `i` on, and ends where a cut ends, the last of *n. */
static const hx_taught_cut *taught_run(const cutter *k, const hx_cut *cuts, size_t n_cuts, size_t i,
                                       size_t *n) {
    const hx_trie *t = &k->w->taught->trie;
    const hx_taught_cut *found = NULL;
    uint32_t node = 0;
    for (size_t at = cuts[i].start, last = i; last < n_cuts && at < k->text.len;) {
        node = hx__trie_step(t, node, hx__trie_code(t, hx_utf8_next(k->text, &at)));
        if (node == 0) break;
        while (last < n_cuts && cuts[last].end < at)
            last++;
        if (last == n_cuts || cuts[last].end != at || !t->nodes[node].value) continue;
        found = (const hx_taught_cut *)(uintptr_t)t->nodes[node].value;
        *n = last - i + 1;
    }
    return found;
}

static void use_taught(cutter *k) {
    const hx_cut *cuts = (const hx_cut *)(const void *)k->s->cuts.ptr;
    const size_t n = k->s->cuts.len / sizeof *cuts;
    const hx_taught_cut *whole = hx__taught_text(k->w->taught, k->text);
    size_t some = 1;
    if (!whole && !k->w->taught->has_trie) return;
    hx_buf_reset(&k->s->taught);
    if (whole) put_taught(k, whole, 0, cuts, n);
    for (size_t i = 0; !whole && i < n; i += some) {
        const hx_taught_cut *run = taught_run(k, cuts, n, i, &some);
        if (run) {
            put_taught(k, run, cuts[i].start, cuts + i, some);
            continue;
        }
        hx_buf_append(&k->s->taught, &cuts[i], sizeof *cuts);
        some = 1;
    }
    const hx_buf was = k->s->cuts;
    k->s->cuts = k->s->taught;
    k->s->taught = was;
}

static void mark_stop_words(cutter *k) {
    hx_cut *cuts = (hx_cut *)(void *)k->s->cuts.ptr;
    for (size_t i = 0; i < k->s->cuts.len / sizeof *cuts; i++)
        cuts[i].stop = cuts[i].kind != HX_CUT_MARK &&
                       hx__stopwords_has(k->model, hx__cut_text(k->c, &cuts[i]));
}

hx_status hx__wordseg_cut(hx_annotator *a, const hx_clean *c, const hx_cut **out, size_t *n,
                          hx_error *err) {
    cutter k = {
        .w = a->model->wordseg, .model = a->model, .s = a->wordseg, .c = c, .text = c->text};
    hx_buf_reset(&k.s->cuts);
    if (c->text.len) cut_text(&k);
    HX_TRY(hx_buf_status(&k.s->cuts, "the words of a text", err));
    if (k.w->taught && c->text.len) use_taught(&k);
    HX_TRY(hx_buf_status(&k.s->cuts, "the words of a text", err));
    mark_stop_words(&k);
    *out = (const hx_cut *)(const void *)k.s->cuts.ptr;
    *n = k.s->cuts.len / sizeof(hx_cut);
    return HX_OK;
}

double hx__wordseg_score(hx_annotator *a, hx_str clean) {
    cutter k = {.w = a->model->wordseg, .model = a->model, .s = a->wordseg, .text = clean};
    double score = 0;
    for (size_t at = 0; at < clean.len;) {
        bool alone;
        uint8_t kind;
        size_t end;
        at = fill(&k, at, &alone, &kind, &end);
        find_path(&k);
        score += k.s->best[0];
        if (!alone) continue;
        score -= k.w->meta.log_total;
        at = end;
    }
    return score;
}
