/* correct_spell.c - which words of the list an unknown English word may stand for: a channel of slips.
 *
 *     cost(wrong, right) = the cheapest way of slips from right to wrong:
 *         a letter for another   0.7 vowels, 0.8 letters of one sound, 0.9 keys side by side, else 1.3
 *         a letter more or less  0.5 beside its like, 0.8 a vowel or h, else 1.0
 *         two letters swapped    0.7
 *         a spelling for another of the same sound (ph f, ough uff, ...)   as `sounds` has it
 *     and 0.6 more for a slip in the first letter.
 *
 * The costs are set by hand after what is known of English misspellings (Mitton 1996: few err in the first letter, most by one letter; Brill
 * and Moore 2000: spellings by sound), not learnt from any test. All words are looked at: those whose length or set of letters is too far
 * away cost one comparison each, so no index is needed. */
#include "text/correct_spell.h"

#include <string.h>

#define COST_MAX 3.6
#define FAR 99.0f
#define FIRST 0.6f /* more for a slip in the first letter */
#define LETTER_COST_MIN 0.25 /* of a letter that one word has and the other not */

typedef struct {
    const char *right, *wrong;
    float cost;
    uint8_t n_right, n_wrong;
} sound;

/* Sorted by the last letter of `right`. */
#define S(right, wrong, cost)                                                                      \
    { right, wrong, cost, sizeof(right) - 1, sizeof(wrong) - 1 }
static const sound sounds[] = {
    S("ea", "ee", 0.7f),     S("ia", "ai", 0.5f),       S("ie", "ei", 0.5f),
    S("ce", "se", 0.6f),     S("ge", "dge", 0.7f),      S("ance", "ence", 0.4f),
    S("ence", "ance", 0.4f), S("able", "ible", 0.4f),   S("ible", "able", 0.4f),
    S("se", "ze", 0.5f),     S("re", "er", 0.5f),       S("ture", "cher", 0.9f),
    S("que", "k", 0.9f),     S("ough", "uff", 1.0f),    S("ph", "f", 0.6f),
    S("ch", "k", 0.7f),      S("tch", "ch", 0.6f),      S("gh", "g", 0.7f),
    S("rh", "r", 0.6f),      S("wh", "w", 0.6f),        S("igh", "i", 0.9f),
    S("ough", "o", 1.1f),    S("augh", "af", 1.0f),     S("ci", "sh", 0.9f),
    S("ti", "sh", 0.9f),     S("ei", "ie", 0.5f),       S("ai", "ay", 0.7f),
    S("ck", "k", 0.5f),      S("al", "le", 0.6f),       S("el", "le", 0.6f),
    S("le", "el", 0.6f),     S("kn", "n", 0.7f),        S("gn", "n", 0.8f),
    S("mn", "m", 0.6f),      S("tion", "sion", 0.5f),   S("sion", "tion", 0.5f),
    S("tion", "shun", 0.8f), S("eo", "o", 0.7f),        S("or", "er", 0.5f),
    S("er", "or", 0.5f),     S("ar", "er", 0.5f),       S("wr", "r", 0.7f),
    S("our", "or", 0.5f),    S("ous", "us", 0.7f),      S("ious", "eous", 0.5f),
    S("eous", "ious", 0.5f), S("cious", "tious", 0.4f), S("x", "ks", 0.7f),
    S("x", "cs", 0.7f),      S("ant", "ent", 0.4f),     S("ent", "ant", 0.4f),
    S("bt", "t", 0.6f),      S("au", "or", 0.9f),       S("ou", "u", 0.7f),
    S("qu", "kw", 0.9f),     S("ary", "ery", 0.4f),     S("ery", "ary", 0.4f),
    S("ory", "ery", 0.5f),   S("ey", "y", 0.6f),        S("ally", "aly", 0.4f),
    S("ely", "ley", 0.5f),   S("eau", "u", 0.8f),       S("oa", "o", 0.7f),
    S("ps", "s", 0.7f),      S("sc", "s", 0.6f),        S("cc", "k", 0.7f),
    S("xc", "x", 0.5f),      S("full", "ful", 0.4f),    S("ful", "full", 0.3f)};

static const char *const keys_beside[26] = {
    "qwsz",  "vghn", "xdfv", "sefcx", "wrsd", "drgvc", "fthbv", "gyjnb", "uokj",
    "hukmn", "jilm", "kop",  "njk",   "bhjm", "iplk",  "ol",    "wa",    "etfd",
    "awdxz", "ryfg", "yijh", "cfgb",  "qesa", "zsdc",  "tuhg",  "asx"};

static bool among(char c, const char *list) {
    for (; *list; list++)
        if (*list == c) return true;
    return false;
}

static bool one_sound(char a, char b) {
    static const char *const groups[] = {"csz", "ckq", "gj", "fv", "mn",
                                         "dt",  "bp",  "iy", "uw", "sx"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (among(a, groups[i]) && among(b, groups[i])) return true;
    return false;
}

static float other_cost(char right, char wrong) {
    if (among(right, "aeiouy") && among(wrong, "aeiouy")) return 0.7f;
    if (one_sound(right, wrong)) return 0.8f;
    if (right >= 'a' && right <= 'z' && among(wrong, keys_beside[right - 'a'])) return 0.9f;
    return 1.3f;
}

/* A letter that one side has and the other not; `text` holds it at `at`. */
static float extra_cost(const char *text, size_t n, size_t at) {
    char c = text[at];
    if ((at > 0 && text[at - 1] == c) || (at + 1 < n && text[at + 1] == c)) return 0.5f;
    if (c == '\'') return 0.3f;
    return among(c, "aeiouh") ? 0.8f : 1.0f;
}

void hx__spell_costs_init(hx_spell_costs *t) {
    memset(t, 0, sizeof *t);
    for (int a = 0; a < 26; a++)
        for (int b = 0; b < 26; b++)
            t->other[a][b] = a == b ? 0 : other_cost((char)('a' + a), (char)('a' + b));
    for (int a = 0; a < 26; a++) {
        t->first_sound[a] = (uint8_t)t->n_order;
        for (size_t i = 0; i < sizeof sounds / sizeof *sounds; i++)
            if (sounds[i].right[sounds[i].n_right - 1] == 'a' + a)
                t->order[t->n_order++] = (uint8_t)i;
    }
    t->first_sound[26] = (uint8_t)t->n_order;
}

static inline float letter_cost(const hx_spell_costs *t, char right, char wrong) {
    if (right == wrong) return 0;
    bool letters = right >= 'a' && right <= 'z' && wrong >= 'a' && wrong <= 'z';
    return letters ? t->other[right - 'a'][wrong - 'a'] : 1.3f;
}

typedef struct {
    float at[HX_SPELL_MAX + 1]
            [HX_SPELL_MAX + 1]; /* of the first i of right, the first j of wrong */
} cost_table;

static float sound_cost(const hx_spell_costs *t, const cost_table *c, hx_str right, size_t i,
                        hx_str wrong, size_t j) {
    float best = FAR;
    char last = right.ptr[i - 1];
    if (last < 'a' || last > 'z') return best;
    for (size_t k = t->first_sound[last - 'a']; k < t->first_sound[last - 'a' + 1]; k++) {
        const sound *s = &sounds[t->order[k]];
        size_t m = s->n_right, n = s->n_wrong;
        if (m > i || n > j || s->wrong[n - 1] != wrong.ptr[j - 1]) continue;
        if (memcmp(right.ptr + i - m, s->right, m) != 0 ||
            memcmp(wrong.ptr + j - n, s->wrong, n) != 0)
            continue;
        float cost = c->at[i - m][j - n] + s->cost;
        if (cost < best) best = cost;
    }
    return best;
}

/* What lies on both sides of one cell. */
static inline float cell_cost(const hx_spell_costs *t, const cost_table *c, hx_str right, size_t i,
                              const hx_spell_query *q, size_t j, float less) {
    hx_str wrong = q->text;
    float best = c->at[i - 1][j - 1];
    if (right.ptr[i - 1] != wrong.ptr[j - 1])
        best += letter_cost(t, right.ptr[i - 1], wrong.ptr[j - 1]) + (i == 1 && j == 1 ? FIRST : 0);
    float gone = c->at[i - 1][j] + less, more = c->at[i][j - 1] + q->more[j - 1];
    if (gone < best) best = gone;
    if (more < best) best = more;
    if (i > 1 && j > 1 && right.ptr[i - 1] == wrong.ptr[j - 2] &&
        right.ptr[i - 2] == wrong.ptr[j - 1] && right.ptr[i - 1] != right.ptr[i - 2]) {
        float swap = c->at[i - 2][j - 2] + 0.7f + (i == 2 ? 0.4f : 0);
        if (swap < best) best = swap;
    }
    float by_sound = sound_cost(t, c, right, i, wrong, j);
    return by_sound < best ? by_sound : best;
}

void hx__spell_query_init(hx_spell_query *q, hx_str wrong) {
    *q = (hx_spell_query){.text = wrong};
    if (q->text.len > HX_SPELL_MAX) q->text.len = HX_SPELL_MAX;
    for (size_t j = 0; j < q->text.len; j++)
        q->more[j] = extra_cost(wrong.ptr, q->text.len, j) + (j == 0 ? FIRST : 0);
}

double hx__spell_cost(const hx_spell_costs *t, hx_str right, const hx_spell_query *q, double most) {
    cost_table c;
    size_t n = q->text.len;
    float limit = (float)most, rows[4] = {0, 0, 0, 0}; /* the least of the last four */
    if (right.len > HX_SPELL_MAX) return (double)FAR;
    c.at[0][0] = 0;
    for (size_t j = 1; j <= n; j++)
        c.at[0][j] = c.at[0][j - 1] + q->more[j - 1];
    for (size_t i = 1; i <= right.len; i++) {
        float less = extra_cost(right.ptr, right.len, i - 1) + (i == 1 ? FIRST : 0);
        float row = c.at[i][0] = c.at[i - 1][0] + less;
        for (size_t j = 1; j <= n; j++) {
            c.at[i][j] = cell_cost(t, &c, right, i, q, j, less);
            if (c.at[i][j] < row) row = c.at[i][j];
        }
        /* Slips reach back five letters at most: "cious". */
        rows[i % 4] = row;
        if (i >= 4 && rows[0] > limit && rows[1] > limit && rows[2] > limit && rows[3] > limit)
            return (double)FAR;
    }
    return (double)c.at[right.len][n];
}

/* ------------------------------------------------------------------ the words */
static unsigned bits_of(uint32_t x) {
    return (unsigned)__builtin_popcount(x);
}

static void keep_spelt(hx_spelt *list, size_t *n, size_t most, hx_spelt one) {
    size_t at = *n;
    while (at > 0 && list[at - 1].rank < one.rank)
        at--;
    if (at == most) return;
    if (*n < most) ++*n;
    memmove(list + at + 1, list + at, (*n - at - 1) * sizeof *list);
    list[at] = one;
}

size_t hx__spell_candidates(const hx_correct_data *d, const hx_spell_costs *t, hx_str wrong,
                            hx_spelt *out, size_t most) {
    size_t n = 0, far = wrong.len >= 8 ? 3 : 2;
    uint32_t letters = hx__letters_of(wrong);
    double most_cost = wrong.len <= 3 ? 1.4 : wrong.len <= 5 ? 2.4 : COST_MAX;
    hx_spell_query q;
    if (wrong.len > HX_SPELL_MAX - 4) return 0;
    hx__spell_query_init(&q, wrong);
    for (uint32_t w = 0; w < d->n_words; w++) {
        size_t len = d->start[w + 1] - d->start[w];
        if (len + far < wrong.len || len > wrong.len + far) continue;
        unsigned other = bits_of(d->letters[w] ^ letters);
        if (other > 4) continue;
        /* What would not be kept need not be known exactly. */
        double likely = HX_SPELL_RANK * hx__spelt_frequency(d, w), limit = most_cost;
        if (n == most && likely - out[n - 1].rank < limit) limit = likely - out[n - 1].rank;
        if (LETTER_COST_MIN * other > limit) continue;
        double cost = hx__spell_cost(t, hx__spelt_text(d, w), &q, limit);
        if (cost > limit || cost <= 0) continue;
        keep_spelt(out, &n, most, (hx_spelt){w, cost, likely - cost});
    }
    return n;
}
