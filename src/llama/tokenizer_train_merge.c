/* tokenizer_train_merge.c - byte-pair learning (arXiv 1508.07909): the most frequent pair of neighbours becomes a piece, again and again.
 *
 * All different words lie in one array of symbols, most frequent words first, 0 between two words. A symbol that spans n > 1 characters
 * stands at its first place, and again, with the bit LAST, at its last one; INNER lies between. So both neighbours are found without
 * links, and a place is never moved:
 *
 *     t h e            merge t,h          th TH' e          merge th,e         the - THE'       (' = LAST, - = INNER)
 *
 * A candidate is a string that two neighbours spell, whichever they are: the encoder, too, merges by the spelling. It knows its count and
 * where it stood; places are looked at again when it is merged, since others may have been merged there in between. Where a candidate
 * that is a piece already comes to stand again, it is merged at once, as the encoder would do, whose merges go by rank.
 *
 * The queue is a heap with stale entries: one whose count is out of date is pushed again with the right one. Among equal counts the
 * shorter and then the bytewise smaller string wins, as in SentencePiece; the result does not depend on the order of the words.
 *
 * A candidate that stands only once is never merged. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "llama/tokenizer_train_queue.h"

#define LAST 0x80000000u
#define INNER 0x7FFFFFFFu
#define PLACES_MAX 0x7FFFFFF0u
#define COUNT_MIN 2u
#define PROGRESS_EACH 256u

typedef enum { NO_BLANK = 0, BLANK_FIRST, BLANKS_ALONE } blanks;

typedef struct {
    uint64_t hash; /* of its string: sum of mix(character) * BASE^(n - 1 - i) */
    uint32_t at, len; /* in learner.text */
    uint8_t n; /* characters */
    uint8_t blanks;
} symbol;

typedef struct {
    uint32_t symbol, at;
} place;

typedef struct { /* words that stand equally often */
    uint64_t n;
    uint32_t from; /* place of the first */
} run;

typedef struct {
    const hx_train_merge_limits *limits;
    uint32_t *symbols_at; /* (n_places) */
    size_t n_places;
    run *runs; /* (n_runs) */
    size_t n_runs, runs_room;
    symbol *symbols; /* [0] = between words; then characters, then merges */
    size_t n_symbols, n_kept;
    hx_buf text; /* of the symbols */
    uint64_t power[HX_TOKENIZER_TRAIN_PIECE_MAX + 1];
    hx_train_queue queue;
    place *pending;
    size_t n_pending, pending_room;
    uint32_t *scratch; /* places of the candidate that is merged */
    size_t scratch_room;
    bool failed; /* out of memory */
} learner;

/* ------------------------------------------------------------------ symbols */
static uint64_t mix(uint64_t x) {
    x = (x + 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u;
    x ^= x >> 29;
    return x * 0x94D049BB133111EBu;
}

static uint64_t joined_hash(const learner *l, const symbol *a, const symbol *b) {
    return a->hash * l->power[b->n] + b->hash;
}

static bool add_character(learner *l, uint32_t cp) {
    char utf8[4];
    size_t len = hx_utf8_put(cp, utf8);
    l->symbols[l->n_symbols++] =
        (symbol){mix(cp), (uint32_t)l->text.len, (uint32_t)len, 1, cp == ' ' ? BLANKS_ALONE : 0};
    return hx_buf_append(&l->text, utf8, len);
}

/* May `a` and `b` be one piece? */
static bool can_join(const learner *l, const symbol *a, const symbol *b) {
    if ((size_t)a->n + b->n > l->limits->max_piece) return false;
    if (b->blanks == NO_BLANK) return a->blanks != BLANKS_ALONE || a->n == 1;
    return b->blanks == BLANKS_ALONE && a->blanks == BLANKS_ALONE;
}

static bool add_merge(learner *l, uint32_t left, uint32_t right) {
    symbol a = l->symbols[left], b = l->symbols[right];
    symbol s = {joined_hash(l, &a, &b), (uint32_t)l->text.len, a.len + b.len, (uint8_t)(a.n + b.n),
                a.blanks};
    if (a.blanks == BLANKS_ALONE && b.blanks == NO_BLANK) s.blanks = BLANK_FIRST;
    l->symbols[l->n_symbols++] = s;
    if (!hx_buf_reserve(&l->text, s.len)) return false;
    return hx_buf_append(&l->text, l->text.ptr + a.at, a.len) &&
           hx_buf_append(&l->text, l->text.ptr + b.at, b.len);
}

/* The string of a pair. */
static size_t spell(const learner *l, uint32_t left, uint32_t right, char *out) {
    const symbol *a = &l->symbols[left], *b = &l->symbols[right];
    memcpy(out, l->text.ptr + a->at, a->len);
    memcpy(out + a->len, l->text.ptr + b->at, b->len);
    return a->len + b->len;
}

static int compare_spelling(const void *context, hx_train_pair a, hx_train_pair b) {
    const learner *l = context;
    char left[4 * HX_TOKENIZER_TRAIN_PIECE_MAX], right[4 * HX_TOKENIZER_TRAIN_PIECE_MAX];
    size_t n = spell(l, a.left, a.right, left), m = spell(l, b.left, b.right, right);
    return hx_str_compare((hx_str){left, n}, (hx_str){right, m});
}

/* ------------------------------------------------------------------ words into places */
typedef struct {
    uint64_t n;
    uint32_t word;
} ranked;

static int by_count(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    return (x->n < y->n) - (x->n > y->n);
}

/* Symbols of a word, cut at characters without one; a part needs two characters to count. */
static void lay_word(learner *l, const uint32_t *symbol_of, hx_str word) {
    size_t from = l->n_places;
    for (size_t at = 0; at <= word.len;) {
        bool ends = at == word.len;
        uint32_t cp = ends ? 0 : hx_utf8_next(word, &at);
        uint32_t s = ends || cp == HX_UTF8_BAD ? 0 : symbol_of[cp];
        if (s) {
            l->symbols_at[l->n_places++] = s;
        } else {
            if (l->n_places - from < 2) l->n_places = from;
            if (l->n_places > from) l->symbols_at[l->n_places++] = 0;
            from = l->n_places;
        }
        if (ends) break;
    }
}

static bool begin_run(learner *l, uint64_t n) {
    if (l->n_runs && l->runs[l->n_runs - 1].n == n) return true;
    void *runs = l->runs;
    bool fine = hx__train_grow(&runs, &l->runs_room, l->n_runs + 1, sizeof *l->runs);
    l->runs = runs;
    if (!fine) return false;
    l->runs[l->n_runs++] = (run){n, (uint32_t)l->n_places};
    return true;
}

static bool lay_words(learner *l, const hx_train_counts *c, const uint32_t *symbol_of,
                      const ranked *order) {
    l->symbols_at[l->n_places++] = 0;
    for (size_t i = 0; i < c->n_words; i++) {
        const hx_train_word *w = &c->words[order[i].word];
        if (!begin_run(l, w->n)) return false;
        lay_word(l, symbol_of, (hx_str){c->text.ptr + w->at, w->len});
    }
    return true;
}

static ranked *rank_words(const hx_train_counts *c) {
    ranked *order = calloc(c->n_words + 1, sizeof *order);
    if (!order) return NULL;
    for (size_t i = 0; i < c->n_words; i++)
        order[i] = (ranked){c->words[i].n, (uint32_t)i};
    qsort(order, c->n_words, sizeof *order, by_count);
    return order;
}

static hx_status lay_all(learner *l, const hx_train_counts *c, const uint32_t *kept, size_t n_kept,
                         hx_error *err) {
    /* A place a character, one behind each part; a byte of text is at least that. */
    uint64_t places = (uint64_t)c->text.len + c->n_words + 2;
    if (places > PLACES_MAX)
        return hx_fail(err, HX_ELIMIT,
                       "the texts have too many different words to learn pieces from; give fewer "
                       "texts");
    uint32_t *symbol_of = calloc(HX_TRAIN_CODE_POINTS, sizeof *symbol_of);
    ranked *order = rank_words(c);
    l->symbols_at = calloc(places, sizeof *l->symbols_at);
    bool fine = symbol_of && order && l->symbols_at;
    for (size_t i = 0; fine && i < n_kept; i++) {
        symbol_of[kept[i]] = (uint32_t)l->n_symbols;
        fine = add_character(l, kept[i]);
    }
    fine = fine && lay_words(l, c, symbol_of, order);
    free(symbol_of);
    free(order);
    return fine ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory while a tokenizer is trained");
}

static uint64_t count_at(const learner *l, uint32_t at) {
    size_t low = 0, high = l->n_runs;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (l->runs[middle].from <= at)
            low = middle;
        else
            high = middle;
    }
    return l->runs[low].n;
}

/* ------------------------------------------------------------------ pairs */
static void wait_to_merge(learner *l, uint32_t s, uint32_t at) {
    void *pending = l->pending;
    bool fine = hx__train_grow(&pending, &l->pending_room, l->n_pending + 1, sizeof *l->pending);
    l->pending = pending;
    if (!fine) {
        l->failed = true;
        return;
    }
    l->pending[l->n_pending++] = (place){s, at};
}

/* left stands at `at`, right behind it, in words that count n. */
static void add_pair(learner *l, uint32_t left, uint32_t right, uint32_t at, uint64_t n) {
    const symbol *a = &l->symbols[left], *b = &l->symbols[right];
    if (!can_join(l, a, b)) return;
    hx_train_candidate *c = hx__train_queue_at(
        &l->queue, joined_hash(l, a, b), (hx_train_pair){left, right}, (uint8_t)(a->n + b->n));
    if (!c) {
        l->failed = true;
    } else if (c->symbol) {
        wait_to_merge(l, c->symbol, at);
    } else if (!hx__train_queue_add(&l->queue, c, at, n)) {
        l->failed = true;
    }
}

static void drop_pair(learner *l, uint32_t left, uint32_t right, uint64_t n) {
    const symbol *a = &l->symbols[left], *b = &l->symbols[right];
    if (!can_join(l, a, b)) return;
    hx_train_candidate *c = hx__train_queue_at(
        &l->queue, joined_hash(l, a, b), (hx_train_pair){left, right}, (uint8_t)(a->n + b->n));
    if (c && !c->symbol) c->n -= n < c->n ? n : c->n;
}

static void add_all_pairs(learner *l) {
    for (size_t i = 0; i + 1 < l->n_places && !l->failed; i++) {
        uint32_t left = l->symbols_at[i], right = l->symbols_at[i + 1];
        if (left && right) add_pair(l, left, right, (uint32_t)i, count_at(l, (uint32_t)i));
    }
}

static void write_symbol(learner *l, uint32_t at, uint8_t n_left, uint32_t s) {
    uint32_t *p = l->symbols_at + at;
    uint8_t n = l->symbols[s].n;
    if (n_left > 1) p[n_left - 1] = INNER;
    p[n_left] = INNER;
    p[0] = s;
    p[n - 1] = s | LAST;
}

/* Merges the two symbols at `at` into s, if they still spell it. */
static void merge_at(learner *l, uint32_t s, uint32_t at) {
    const uint32_t *p = l->symbols_at + at;
    uint32_t left = p[0];
    if (left >= INNER) return;
    uint8_t n = l->symbols[s].n, n_left = l->symbols[left].n;
    if (n_left >= n) return;
    uint32_t right = p[n_left];
    if (right == 0 || n_left + l->symbols[right].n != n) return;
    uint64_t count = count_at(l, at);
    uint32_t before = p[-1] & ~LAST, after = p[n];
    if (before) drop_pair(l, before, left, count);
    if (after) drop_pair(l, right, after, count);
    write_symbol(l, at, n_left, s);
    if (before) add_pair(l, before, s, at - l->symbols[before].n, count);
    if (after) add_pair(l, s, after, at, count);
}

/* ------------------------------------------------------------------ steps */
static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool is_sooner(place a, place b) {
    return a.symbol != b.symbol ? a.symbol < b.symbol : a.at < b.at;
}

/* Pieces that came to stand by a merge, best rank first, until there are none. */
static void merge_pending(learner *l) {
    while (l->n_pending && !l->failed) {
        size_t best = 0;
        for (size_t i = 1; i < l->n_pending; i++)
            if (is_sooner(l->pending[i], l->pending[best])) best = i;
        place next = l->pending[best];
        l->pending[best] = l->pending[--l->n_pending];
        merge_at(l, next.symbol, next.at);
    }
}

static bool places_of(learner *l, const hx_train_candidate *c, size_t *n) {
    void *scratch = l->scratch;
    bool fine = hx__train_grow(&scratch, &l->scratch_room, c->n_places, sizeof *l->scratch);
    l->scratch = scratch;
    if (!fine) return false;
    *n = hx__train_queue_places(&l->queue, c, l->scratch);
    /* Left to right within a word, as the encoder goes: "aaa" is "aa" and "a". */
    bool sorted = true;
    for (size_t i = 1; i < *n && sorted; i++)
        sorted = l->scratch[i - 1] < l->scratch[i];
    if (!sorted) qsort(l->scratch, *n, sizeof *l->scratch, by_number);
    return true;
}

static bool merge_best(learner *l, uint32_t best) {
    hx_train_candidate *c = &l->queue.candidates[best];
    size_t n = 0;
    uint32_t s = (uint32_t)l->n_symbols;
    if (!add_merge(l, c->pair.left, c->pair.right) || !places_of(l, c, &n)) return false;
    c->symbol = s;
    for (size_t i = 0; i < n && !l->failed; i++) {
        merge_at(l, s, l->scratch[i]);
        merge_pending(l);
    }
    return !l->failed && hx__train_queue_settle(&l->queue, l, compare_spelling);
}

static hx_status learn(learner *l, hx_error *err) {
    const hx_tokenizer_train_options *o = l->limits->options;
    size_t wanted = l->limits->n_merges, done = 0;
    uint32_t best = 0;
    add_all_pairs(l);
    bool fine = !l->failed && hx__train_queue_settle(&l->queue, l, compare_spelling);
    for (; fine && done < wanted; done++) {
        if (done % PROGRESS_EACH == 0) {
            if (hx_flag_is_raised(o->cancel))
                return hx_fail(err, HX_ECANCELLED, "the training of the tokenizer was stopped");
            if (o->progress) o->progress(o->context, done, wanted);
        }
        if (!hx__train_queue_best(&l->queue, COUNT_MIN, l, compare_spelling, &best)) break;
        fine = merge_best(l, best);
    }
    if (!fine) return hx_fail(err, HX_ENOMEM, "out of memory while a tokenizer is trained");
    if (o->progress) o->progress(o->context, wanted, wanted);
    return HX_OK;
}

/* ------------------------------------------------------------------ the whole */
static void learner_release(learner *l) {
    free(l->symbols_at);
    free(l->runs);
    free(l->symbols);
    free(l->pending);
    free(l->scratch);
    hx_buf_release(&l->text);
    hx__train_queue_release(&l->queue);
}

static hx_status take_pieces(const learner *l, hx_train_pieces *out, hx_error *err) {
    size_t first = 1 + l->n_kept, n = l->n_symbols - first;
    hx_buf_init(&out->text, SIZE_MAX / 2);
    out->starts = calloc(n + 1, sizeof *out->starts);
    out->n = n;
    for (size_t i = 0; out->starts && i < n; i++) {
        const symbol *s = &l->symbols[first + i];
        out->starts[i] = (uint32_t)out->text.len;
        hx_buf_append(&out->text, l->text.ptr + s->at, s->len);
    }
    if (out->starts && !out->text.failed) {
        out->starts[n] = (uint32_t)out->text.len;
        return HX_OK;
    }
    hx__train_pieces_release(out);
    return hx_fail(err, HX_ENOMEM, "out of memory while a tokenizer is trained");
}

void hx__train_pieces_release(hx_train_pieces *p) {
    hx_buf_release(&p->text);
    free(p->starts);
    *p = (hx_train_pieces){0};
}

hx_status hx__train_merge(const hx_train_counts *counts, const uint32_t *kept, size_t n_kept,
                          const hx_train_merge_limits *limits, hx_train_pieces *out,
                          hx_error *err) {
    learner l = {.limits = limits, .n_symbols = 1, .n_kept = n_kept};
    hx_buf_init(&l.text, (size_t)256 << 20);
    hx__train_queue_init(&l.queue);
    l.power[0] = 1;
    for (size_t i = 1; i <= HX_TOKENIZER_TRAIN_PIECE_MAX; i++)
        l.power[i] = l.power[i - 1] * 0x5851F42D4C957F2Du;
    l.symbols = calloc(1 + n_kept + limits->n_merges, sizeof *l.symbols);
    hx_status status = l.symbols
                           ? lay_all(&l, counts, kept, n_kept, err)
                           : hx_fail(err, HX_ENOMEM, "out of memory while a tokenizer is trained");
    if (status == HX_OK) status = learn(&l, err);
    if (status == HX_OK) status = take_pieces(&l, out, err);
    learner_release(&l);
    return status;
}
