/* correct_zh.c - what might be wrong in Chinese, by n-grams of characters and lists of characters taken for one another.
 *
 * A character is looked at where one of the three trigrams that hold it is unlikely; the characters of its list that make the passage
 * likelier are candidates, the best SOME of them. Characters written twice and neighbours that changed places need no list. A passage
 * with characters that no list knows (traditional ones, rare ones) is looked at all the same: those characters themselves stay.
 *
 * Features beside the common ones: A to D the four kinds of likeness, E ln(1 + how often it was seen), F and G: whether it stands in a word of the
 * dictionary, before and after; of what is written twice: A whether the two are a word (谢谢), B whether it is two characters. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "text/correct.h"
#include "text/wordseg.h"

#define SOME 5
#define DOUBTFUL (-3.0) /* ln p of a trigram: likelier ones are not looked at */
#define GAIN_MIN 0.7 /* of a candidate, in ln p */
#define GAIN_SWAP 3.0
#define LIKE_FIRST 0x4E00u
#define LIKE_END 0x9FA6u
#define WORD_CHARS 4

typedef struct {
    const hx_fix_finder *finder;
    hx_passage *p;
    uint32_t *units; /* two bounds, n units, two bounds */
    uint32_t *codes, *starts; /* (n), (n + 1) */
    uint8_t *han; /* (n) a Han character that may change */
    size_t n;
} zh_passage;

static hx_status read_units(const hx_fix_finder *f, hx_passage *p, zh_passage *z, hx_error *err) {
    size_t most = hx_utf8_count(p->text), at = 0;
    *z = (zh_passage){.finder = f, .p = p};
    z->units = hx_arena_alloc(f->arena, (most + 5) * sizeof *z->units);
    z->codes = hx_arena_alloc(f->arena, (most + 1) * sizeof *z->codes);
    z->starts = hx_arena_alloc(f->arena, (most + 1) * sizeof *z->starts);
    z->han = hx_arena_alloc(f->arena, most + 1);
    if (!z->units || !z->codes || !z->starts || !z->han)
        return hx_fail(err, HX_ENOMEM, "out of memory");
    while (at < p->text.len && z->n < most) {
        uint32_t start = (uint32_t)at, cp = hx_utf8_next(p->text, &at);
        if (cp == ' ' || cp == '\t' || cp == '\r') continue;
        z->codes[z->n] = cp;
        z->starts[z->n] = start;
        z->units[2 + z->n] = hx__unit_of_code(cp);
        z->han[z->n++] = hx_utf8_is_han(cp) && !p->kept[start];
    }
    z->starts[z->n] = (uint32_t)p->text.len;
    return HX_OK;
}

/* The byte behind unit i: blanks behind it belong to nobody. */
static uint32_t unit_end(const zh_passage *z, size_t i) {
    char bytes[4];
    return z->starts[i] + (uint32_t)hx_utf8_put(z->codes[i], bytes);
}

static double log_prob_at(const zh_passage *z, size_t i) {
    const uint32_t *u = z->units + i;
    return hx__unit_log_prob(&z->finder->data->zh, u[0], u[1], u[2]);
}

/* Gain in ln p where units [from, to) become `n` others. */
static double gain(const zh_passage *z, size_t from, size_t to, const uint32_t *others, size_t n) {
    uint32_t window[16];
    const hx_unit_model *m = &z->finder->data->zh;
    size_t behind = z->n + 1 - to < 2 ? z->n + 1 - to : 2, len = 0;
    double sum = 0;
    window[len++] = z->units[from];
    window[len++] = z->units[from + 1];
    for (size_t k = 0; k < n; k++)
        window[len++] = others[k];
    for (size_t k = 0; k < behind; k++)
        window[len++] = z->units[2 + to + k];
    for (size_t k = 2; k < len; k++)
        sum += hx__unit_log_prob(m, window[k - 2], window[k - 1], window[k]);
    for (size_t k = from; k < to + behind; k++)
        sum -= log_prob_at(z, k);
    return sum;
}

static double doubt(const zh_passage *z, size_t from, size_t to) {
    double least = 0;
    for (size_t k = from; k < to + 2 && k <= z->n; k++) {
        double p = log_prob_at(z, k);
        if (p < least) least = p;
    }
    return least;
}

/* ------------------------------------------------------------------ words */
/* Whether a word of the dictionary, two to four characters, holds characters [at, at + n) of `codes`. */
static bool in_word(const zh_passage *z, const uint32_t *codes, size_t n_codes, size_t at,
                    size_t n) {
    char text[4 * WORD_CHARS];
    if (!z->finder->words) return false;
    for (size_t len = WORD_CHARS; len >= 2 && len >= n; len--)
        for (size_t from = at + n < len ? 0 : at + n - len; from <= at && from + len <= n_codes;
             from++) {
            size_t bytes = 0;
            for (size_t k = from; k < from + len; k++)
                bytes += hx_utf8_put(codes[k], text + bytes);
            if (hx__words_has(z->finder->words, (hx_str){text, bytes})) return true;
        }
    return false;
}

/* The same where `others` stand in the place of characters [at, at + n). */
static bool in_word_with(const zh_passage *z, size_t at, size_t n, const uint32_t *others) {
    uint32_t near[3 * WORD_CHARS];
    size_t from = at > WORD_CHARS ? at - WORD_CHARS : 0, len = 0;
    for (size_t k = from; k < z->n && k < at + n + WORD_CHARS && len < 3 * WORD_CHARS; k++)
        near[len++] = k >= at && k < at + n ? others[k - at] : z->codes[k];
    return in_word(z, near, len, at - from, n);
}

/* ------------------------------------------------------------------ candidates */
static hx_fix *add_units(const zh_passage *z, hx_fix_kind kind, size_t from, size_t to,
                         const uint32_t *codes, size_t n) {
    char text[16];
    size_t bytes = 0;
    for (size_t k = 0; k < n; k++)
        bytes += hx_utf8_put(codes[k], text + bytes);
    hx_fix *x = hx__fix_add(z->p, z->finder->arena, kind, z->starts[from], unit_end(z, to - 1),
                            (hx_str){text, bytes});
    if (x) x->site = z->starts[from];
    return x;
}

typedef struct {
    uint32_t code;
    unsigned kind;
    double gain;
} like;

static size_t find_likes(const zh_passage *z, size_t i, like out[SOME]) {
    const hx_correct_data *d = z->finder->data;
    uint32_t c = z->codes[i] - LIKE_FIRST;
    double least = z->finder->model ? -1 : GAIN_MIN;
    size_t n = 0;
    for (uint32_t k = d->like_start[c]; k < d->like_start[c + 1]; k++) {
        uint32_t unit = d->like_code[k];
        like one = {unit, d->like_kind[k], gain(z, i, i + 1, &unit, 1)};
        if (one.gain < least) continue;
        size_t at = n;
        while (at > 0 && out[at - 1].gain < one.gain)
            at--;
        if (at == SOME) continue;
        if (n < SOME) n++;
        memmove(out + at + 1, out + at, (n - at - 1) * sizeof *out);
        out[at] = one;
    }
    return n;
}

/* Another way of writing the same word, not an error: 妳 牠 祂 of Taiwan and Hong Kong, 甚么. */
static bool is_variant(const zh_passage *z, size_t i) {
    uint32_t c = z->codes[i], next = i + 1 < z->n ? z->codes[i + 1] : 0;
    if (c == 0x59B3 || c == 0x7260 || c == 0x7942) return true;
    return c == 0x751A && (next == 0x4E48 || next == 0x9EBD || next == 0x9EBC);
}

/* 〇 一 to 九, 十: 二〇〇九 has nothing twice. */
static bool is_digit(uint32_t c) {
    static const uint32_t digits[] = {0x3007, 0x96F6, 0x4E00, 0x4E8C, 0x4E09, 0x56DB,
                                      0x4E94, 0x516D, 0x4E03, 0x516B, 0x4E5D, 0x5341};
    for (size_t k = 0; k < sizeof digits / sizeof *digits; k++)
        if (c == digits[k]) return true;
    return false;
}

static void find_others(const zh_passage *z, size_t i) {
    like found[SOME] = {{0, 0, 0}};
    double surprise = doubt(z, i, i + 1);
    if (z->codes[i] < LIKE_FIRST || z->codes[i] >= LIKE_END || surprise > DOUBTFUL) return;
    if (is_variant(z, i)) return;
    size_t n = find_likes(z, i, found);
    if (n == 0) return;
    bool was = in_word_with(z, i, 1, z->codes + i);
    const hx_unit_model *m = &z->finder->data->zh;
    for (size_t k = 0; k < n; k++) {
        hx_fix *x = add_units(z, HX_FIX_ZH_OTHER, i, i + 1, &found[k].code, 1);
        if (!x) return;
        unsigned kind = found[k].kind;
        x->f[HX_FIX_UNITS] = (float)found[k].gain;
        x->f[HX_FIX_FREQUENCY] = (float)(m->one[z->codes[i]] - m->one[found[k].code]) / 12.0f;
        x->f[HX_FIX_SURPRISE] = (float)surprise;
        x->f[HX_FIX_A] = (kind & HX_LIKE_TONE) != 0;
        x->f[HX_FIX_B] = (kind & HX_LIKE_SOUND) != 0;
        x->f[HX_FIX_C] = (kind & HX_LIKE_NEAR) != 0;
        x->f[HX_FIX_D] = (kind & HX_LIKE_SHAPE) != 0;
        x->f[HX_FIX_E] = (float)log1p(HX_LIKE_SEEN(kind));
        x->f[HX_FIX_F] = was;
        x->f[HX_FIX_G] = in_word_with(z, i, 1, &found[k].code);
    }
}

/* `n` characters from i on stand there twice. */
static void find_twice(const zh_passage *z, size_t i, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (i + n + k >= z->n || !z->han[i + k] || !z->han[i + n + k] ||
            z->codes[i + k] != z->codes[i + n + k])
            return;
    if (n == 2 && z->codes[i] == z->codes[i + 1]) return;
    if (n == 1 && is_digit(z->codes[i])) return;
    hx_fix *x = add_units(z, HX_FIX_ZH_GONE, i + n, i + 2 * n, NULL, 0);
    if (!x) return;
    x->f[HX_FIX_UNITS] = (float)gain(z, i + n, i + 2 * n, NULL, 0);
    x->f[HX_FIX_SURPRISE] = (float)doubt(z, i + n, i + 2 * n);
    x->f[HX_FIX_A] = in_word(z, z->codes, z->n, i, 2 * n);
    x->f[HX_FIX_B] = n == 2;
}

static void find_swapped(const zh_passage *z, size_t i) {
    if (i + 1 >= z->n || !z->han[i + 1] || z->codes[i] == z->codes[i + 1]) return;
    uint32_t units[2] = {z->units[i + 3], z->units[i + 2]},
             codes[2] = {z->codes[i + 1], z->codes[i]};
    double more = gain(z, i, i + 2, units, 2);
    if (more < GAIN_SWAP) return;
    hx_fix *x = add_units(z, HX_FIX_ZH_SWAPPED, i, i + 2, codes, 2);
    if (!x) return;
    x->f[HX_FIX_UNITS] = (float)more;
    x->f[HX_FIX_SURPRISE] = (float)doubt(z, i, i + 2);
    x->f[HX_FIX_F] = in_word(z, z->codes, z->n, i, 2);
    x->f[HX_FIX_G] = in_word_with(z, i, 2, codes);
}

hx_status hx__fixes_zh(const hx_fix_finder *f, hx_passage *p, hx_error *err) {
    zh_passage z;
    HX_TRY(read_units(f, p, &z, err));
    for (size_t i = 0; i < z.n; i++) {
        if (!z.han[i]) continue;
        find_others(&z, i);
        find_twice(&z, i, 1);
        find_twice(&z, i, 2);
        find_swapped(&z, i);
    }
    return HX_OK;
}
