/* boundary.c - the features of a place between two characters, and the logits that are learnt over them; see boundary.h.
 *
 *     place i      ... c[i-3] c[i-2] c[i-1] | c[i] c[i+1] c[i+2] ...
 *
 * Words that are known are looked up once a character; a place then only asks the bits of the five characters before it. A feature is a hash of its
 * kind and its values; one that training never saw has no weight. */
#include "text/boundary.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"

enum { KIND_DIGIT = 1, KIND_LETTER, KIND_NUMERAL, KIND_DATE, KIND_HAN, KIND_MARK, KIND_EDGE };
enum { REACH = 3 }; /* characters on each side */
#define LOGIT_MAX 30.0
#define SCALE_MAX 1e3

/* ------------------------------------------------------------------ characters */
static uint32_t folded(uint32_t cp) {
    if (cp >= 0xFF01 && cp <= 0xFF5E) cp -= 0xFEE0;
    if (cp >= '0' && cp <= '9') return '0';
    return (cp | 32) >= 'a' && (cp | 32) <= 'z' ? 'a' : cp;
}

static uint8_t kind_of(uint32_t cp) {
    static const uint16_t numerals[] = {0x3007, 0x4E00, 0x4E03, 0x4E07, 0x4E09, 0x4E24,
                                        0x4E5D, 0x4E8C, 0x4E94, 0x4EBF, 0x516B, 0x516D,
                                        0x5341, 0x5343, 0x56DB, 0x767E, 0x96F6};
    if (cp == '0') return KIND_DIGIT;
    if (cp == 'a') return KIND_LETTER;
    if (cp == 0x5E74 || cp == 0x6708 || cp == 0x65E5) return KIND_DATE;
    for (size_t i = 0; i < sizeof numerals / sizeof *numerals; i++)
        if (numerals[i] == cp) return KIND_NUMERAL;
    return hx_utf8_is_han(cp) ? KIND_HAN : KIND_MARK;
}

uint64_t hx__boundary_word(const hx_boundary_char *chars, size_t n) {
    uint64_t h = n;
    for (size_t i = 0; i < n; i++)
        h = hx_hash_mix(h, chars[i].cp);
    return h;
}

static bool is_known(const hx_learned_boundary *m, uint64_t word) {
    const uint32_t tag = (uint32_t)(word >> 32) | 1;
    for (uint32_t at = (uint32_t)word & m->known_mask; m->known[at] != 0;
         at = (at + 1) & m->known_mask)
        if (m->known[at] == tag) return true;
    return false;
}

static void find_known(const hx_learned_boundary *m, hx_boundary_char *chars, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t len = 1; len <= HX_BOUNDARY_WORD && i + len <= n; len++)
            if (is_known(m, hx__boundary_word(chars + i, len)))
                chars[i].known |= (uint8_t)(1u << (len - 1));
}

/* How frequent a word of the dictionary is, 1 to 4; its weight is ln(frequency / total). */
static unsigned frequency_class(const hx_wordseg *w, uint32_t node) {
    static const double borders[] = {4, 30, 300};
    double frequency = exp(hx__trie_weight(&w->trie, node) + w->meta.log_total);
    unsigned class = 1;
    for (size_t i = 0; i < sizeof borders / sizeof *borders; i++)
        class += frequency > borders[i] - 0.5;
    return class;
}

static void find_listed(const hx_wordseg *w, const uint32_t *cps, hx_boundary_char *chars,
                        size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t node = 0;
        for (size_t len = 1; len <= HX_BOUNDARY_WORD && i + len <= n; len++) {
            node = hx__trie_step(&w->trie, node, hx__trie_code(&w->trie, cps[i + len - 1]));
            if (node == 0) break;
            if (len == 1 || w->trie.nodes[node].value == 0) continue;
            chars[i].listed |= (uint16_t)(frequency_class(w, node) << (3 * (len - 2)));
        }
    }
}

hx_boundary_char *hx__boundary_chars(const hx_learned_boundary *m, const hx_wordseg *w, hx_str text,
                                     hx_arena *arena, size_t *n) {
    hx_boundary_char *chars = hx_arena_alloc(arena, (text.len + 1) * sizeof *chars);
    uint32_t *cps = hx_arena_alloc(arena, (text.len + 1) * sizeof *cps);
    *n = 0;
    if (!chars || !cps) return NULL;
    for (size_t at = 0; at < text.len; ++*n) {
        hx_boundary_char *c = &chars[*n];
        *c = (hx_boundary_char){.start = (uint32_t)at};
        cps[*n] = hx_utf8_next(text, &at);
        c->cp = folded(cps[*n]);
        c->kind = kind_of(c->cp);
    }
    if (m) find_known(m, chars, *n);
    find_listed(w, cps, chars, *n);
    return chars;
}

/* ------------------------------------------------------------------ features */
typedef struct {
    uint64_t *out;
    size_t n;
} features;

static void add(features *f, uint64_t kind, uint64_t a, uint64_t b) {
    f->out[f->n++] = hx_hash_mix(kind << 56 | a, b);
}

/* Runs of one to four characters: code points have at most 21 bits. */
static void add_runs(features *f, const uint32_t x[2 * REACH], const uint8_t k[2 * REACH]) {
    uint64_t kinds = 0;
    for (unsigned i = 0; i < 6; i++)
        add(f, 1 + i, x[i], 0);
    for (unsigned i = 0; i < 5; i++)
        add(f, 11 + i, x[i], x[i + 1]);
    for (unsigned i = 0; i < 4; i++)
        add(f, 21 + i, (uint64_t)x[i] << 24 | x[i + 1], x[i + 2]);
    add(f, 31, (uint64_t)x[1] << 24 | x[2], (uint64_t)x[3] << 24 | x[4]);
    add(f, 32, x[1], x[3]);
    add(f, 33, x[2], x[4]);
    for (unsigned i = 0; i < 6; i++)
        kinds = kinds * 8 + k[i];
    add(f, 34, kinds, 0);
    add(f, 35, kinds >> 3 & 0xFFF, 0);
    add(f, 36, kinds >> 6 & 0x3F, 0);
    add(f, 37, (uint64_t)(x[2] == x[3]) * 4 + (uint64_t)(x[1] == x[3]) * 2 + (x[2] == x[4]), 0);
    add(f, 38, 0, 0);
}

static unsigned class_of(const hx_boundary_char *c, size_t len) {
    return len < 2 ? 0 : (unsigned)c->listed >> (3 * (len - 2)) & 7u;
}

/* How words of one list lie: the longest that ends and that begins at the place, and those that go over it. */
static void add_words(features *f, const hx_boundary_char *chars, size_t n, size_t i, bool listed) {
    const uint64_t kind = listed ? 50 : 40;
    uint64_t ends = 0, begins = 0, over = 0;
    for (size_t len = listed ? 2 : 1; len <= HX_BOUNDARY_WORD; len++) {
        if (i >= len &&
            (listed ? class_of(&chars[i - len], len) : chars[i - len].known >> (len - 1) & 1u))
            ends = len;
        if (i + len <= n && (listed ? class_of(&chars[i], len) : chars[i].known >> (len - 1) & 1u))
            begins = len;
        for (size_t back = 1; back < len; back++) {
            if (back > i || i - back + len > n) continue;
            const hx_boundary_char *c = &chars[i - back];
            unsigned class = listed ? class_of(c, len) : c->known >> (len - 1) & 1u;
            if (class == 0) continue;
            over = len * 8 + back;
            if (f->n < HX_BOUNDARY_FEATURES - 6) add(f, kind, over, class);
        }
    }
    add(f, kind + 1, ends, 0);
    add(f, kind + 2, begins, 0);
    add(f, kind + 3, ends, begins);
    add(f, kind + 4, over, 0);
    add(f, kind + 5, over, ends * 8 + begins);
}

size_t hx__boundary_features(const hx_boundary_char *chars, size_t n, size_t i,
                             uint64_t out[HX_BOUNDARY_FEATURES]) {
    features f = {.out = out};
    uint32_t x[2 * REACH];
    uint8_t k[2 * REACH];
    for (size_t j = 0; j < 2 * REACH; j++) {
        bool inside = i + j >= REACH && i + j - REACH < n;
        x[j] = inside ? chars[i + j - REACH].cp : 1 + (i + j >= REACH);
        k[j] = inside ? chars[i + j - REACH].kind : KIND_EDGE;
    }
    add_runs(&f, x, k);
    add_words(&f, chars, n, i, false);
    add_words(&f, chars, n, i, true);
    return f.n;
}

void hx__boundary_logits(const hx_learned_boundary *m, const hx_boundary_char *chars, size_t n,
                         float *logits) {
    uint64_t hashes[HX_BOUNDARY_FEATURES];
    if (n > 0) logits[0] = (float)LOGIT_MAX;
    for (size_t i = 1; i < n; i++) {
        size_t some = hx__boundary_features(chars, n, i, hashes);
        int32_t sum = 0;
        for (size_t k = 0; k < some; k++) {
            size_t slot = hx__learned_slot(&m->table, hashes[k]);
            if (slot != SIZE_MAX) sum += m->weight[slot];
        }
        logits[i] = (float)fmax(fmin(m->bias + m->scale * sum, LOGIT_MAX), -LOGIT_MAX);
    }
}

/* ------------------------------------------------------------------ the file */
static bool take_scale(hx_learned_boundary *b, hx_str scale) {
    if (scale.len != 2 * sizeof(double)) return false;
    memcpy(&b->bias, scale.ptr, sizeof b->bias);
    memcpy(&b->scale, scale.ptr + sizeof b->bias, sizeof b->scale);
    return fabs(b->bias) < SCALE_MAX && fabs(b->scale) < SCALE_MAX;
}

/* A list that is full would be looked through for ever. */
static bool take_known(hx_learned_boundary *b, hx_str known) {
    size_t n = known.len / sizeof(uint32_t), used = 0;
    if (n < 2 || n > UINT32_MAX || (n & (n - 1)) != 0) return false;
    b->known = (const uint32_t *)(const void *)known.ptr;
    b->known_mask = (uint32_t)(n - 1);
    for (size_t i = 0; i < n; i++)
        used += b->known[i] != 0;
    return used < n;
}

static hx_status take_standard(hx_learned *l, size_t which, const char *path, hx_error *err) {
    static const char *const names[HX_BOUNDARY_N][4] = {
        {"words.ud.c", "words.ud.w", "words.ud.k", "words.ud.s"},
        {"words.pku.c", "words.pku.w", "words.pku.k", "words.pku.s"},
        {"words.sxu.c", "words.sxu.w", "words.sxu.k", "words.sxu.s"}};
    hx_learned_boundary *b = &l->boundary[which], made = {.bias = 0};
    hx_str parts[4];
    hx_error unsaid = {0};
    if (hx__datafile_section(&l->file, names[which][0], 1, &parts[0], &unsaid) != HX_OK)
        return HX_OK;
    for (size_t i = 1; i < 4; i++)
        HX_TRY(hx__datafile_section(&l->file, names[which][i], 1, &parts[i], err));
    if (!hx__learned_table_of(&made.table, parts[0]) || parts[0].len != parts[1].len ||
        !take_known(&made, parts[2]) || !take_scale(&made, parts[3]))
        return hx__learned_damaged(path, err);
    made.weight = (const int8_t *)parts[1].ptr;
    *b = made;
    return HX_OK;
}

hx_status hx__learned_take_boundaries(hx_learned *l, const char *path, hx_error *err) {
    for (size_t i = 0; i < HX_BOUNDARY_N; i++)
        HX_TRY(take_standard(l, i, path, err));
    return HX_OK;
}
