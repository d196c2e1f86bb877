/* correct_en.c - what might be wrong in English, by a list of words, what slips cost, n-grams of words, and words taken for one another.
 *
 * An unknown word (and a rare one that does not fit) may stand for each of the words that are near it; or be two words without a blank. A known one
 * may stand for one it is often taken for (their, there; its, it's; a, an), where the n-grams say so. A small word may stand there twice.
 * A passage with Han characters is left to correct_zh.c; words that begin with a capital behind the first word are taken for names unless
 * the list has them in small letters. The form of the first letter is kept.
 *
 * Features beside the common ones: spelt: A a word of the list, B a capital, C length / 10, D `to` is mostly a name, E how much better than the next
 * one, F one letter's slip; other: A a and an by the sound that follows, B an apostrophe alone; split: A length / 10; twice: A a word that may
 * stand twice (had had), B a name or the like between. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "text/correct.h"

#define WORD_MAX 30 /* letters */
#define SOME 6
#define RARE (-14.2) /* ln frequency: rarer words of the list may be slips */
#define RARE_GAIN 2.0
#define OTHER_GAIN 0.0

typedef struct {
    uint32_t start, end;
    uint32_t unit;
    bool word, kept, capital, first; /* first: of the passage */
    char low[WORD_MAX + 2]; /* a word in lower case */
} en_unit;

typedef struct {
    const hx_fix_finder *finder;
    hx_passage *p;
    en_unit *units; /* (n) */
    uint32_t *ids; /* two bounds, n, two bounds */
    size_t n;
} en_passage;

/* Words taken for one another; a word may stand in several groups. */
static const char *const groups[] = {"their there they're",
                                     "your you're",
                                     "its it's",
                                     "to too two",
                                     "then than",
                                     "affect effect",
                                     "lose loose",
                                     "were where we're",
                                     "quite quiet",
                                     "whose who's",
                                     "of off",
                                     "weather whether",
                                     "advice advise",
                                     "accept except",
                                     "principal principle",
                                     "passed past",
                                     "brake break",
                                     "buy by bye",
                                     "here hear",
                                     "know no",
                                     "knew new",
                                     "right write",
                                     "week weak",
                                     "piece peace",
                                     "plain plane",
                                     "wait weight",
                                     "waist waste",
                                     "whole hole",
                                     "would wood",
                                     "our are",
                                     "this these",
                                     "that than",
                                     "has have had",
                                     "was were",
                                     "is are",
                                     "do does",
                                     "went gone",
                                     "much many",
                                     "lay lie",
                                     "rise raise",
                                     "desert dessert",
                                     "dairy diary",
                                     "angel angle",
                                     "breath breathe",
                                     "cloth clothe clothes",
                                     "costumer customer",
                                     "form from",
                                     "trail trial",
                                     "though thought through",
                                     "threw through",
                                     "bought brought",
                                     "sell sale",
                                     "price prize",
                                     "sight site",
                                     "stationary stationery",
                                     "personal personnel",
                                     "moral morale",
                                     "later latter",
                                     "hope hop",
                                     "fell feel",
                                     "fill feel",
                                     "leave live",
                                     "want won't",
                                     "been being",
                                     "a an",
                                     "dont don't",
                                     "cant can't",
                                     "didnt didn't",
                                     "doesnt doesn't",
                                     "isnt isn't",
                                     "wasnt wasn't",
                                     "couldnt couldn't",
                                     "wouldnt wouldn't",
                                     "shouldnt shouldn't",
                                     "havent haven't",
                                     "hasnt hasn't",
                                     "hadnt hadn't",
                                     "arent aren't",
                                     "werent weren't",
                                     "wont won't",
                                     "im i'm",
                                     "ive i've",
                                     "thats that's",
                                     "youre you're",
                                     "theyre they're",
                                     "whats what's",
                                     "lets let's",
                                     "hes he's",
                                     "shes she's",
                                     "theres there's",
                                     "he the",
                                     "think thing",
                                     "thing things",
                                     "an and",
                                     "on of",
                                     "or of",
                                     "chose choose",
                                     "woman women",
                                     "man men",
                                     "life live",
                                     "success succeed",
                                     "other others",
                                     "sit set",
                                     "one won",
                                     "less fewer",
                                     "good well",
                                     "rice price",
                                     "fore for",
                                     "bout about"};

static bool among(hx_str word, const char *list) {
    for (size_t n; *list; list += n + (list[n] == ' ')) {
        n = strcspn(list, " ");
        if (n == word.len && memcmp(list, word.ptr, n) == 0) return true;
    }
    return false;
}

/* ------------------------------------------------------------------ units */
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_apostrophe(hx_str s, size_t at, size_t *n) {
    *n = 1;
    if (s.ptr[at] == '\'') return true;
    *n = 3;
    return at + 3 <= s.len && memcmp(s.ptr + at, "’", 3) == 0;
}

/* A word from `at` on: letters, and apostrophes between letters. */
static size_t word_end(hx_str s, size_t at) {
    size_t n;
    for (;;) {
        while (at < s.len && is_letter(s.ptr[at]))
            at++;
        if (at >= s.len || !is_apostrophe(s, at, &n) || at + n >= s.len ||
            !is_letter(s.ptr[at + n]))
            return at;
        at += n;
    }
}

static void read_word(const en_passage *e, en_unit *u) {
    const char *at = e->p->text.ptr + u->start, *end = e->p->text.ptr + u->end;
    size_t n = 0;
    u->word = true;
    u->capital = *at <= 'Z';
    u->kept = e->p->kept[u->start];
    while (at < end && n < WORD_MAX) {
        u->low[n++] =
            (unsigned char)*at >= 0x80 ? '\'' : (char)(*at <= 'Z' && *at >= 'A' ? *at + 32 : *at);
        at += (unsigned char)*at >= 0x80 ? 3 : 1;
    }
    if (at < end) n = 0;
    u->low[n] = '\0';
    uint32_t word = hx__spelt_word(e->finder->data, (hx_str){u->low, n});
    u->unit = word < e->finder->data->n_words ? HX_SPELT_WORDS + word : HX_SPELT_UNKNOWN;
    if (n == 0) u->kept = true;
}

static size_t read_other(const en_passage *e, en_unit *u) {
    hx_str s = e->p->text;
    char c = s.ptr[u->start];
    size_t at = u->start + 1;
    u->kept = true;
    u->unit = HX_SPELT_BOUND;
    if (c >= '0' && c <= '9') {
        while (at < s.len && strchr("0123456789.,:%", s.ptr[at]))
            at++;
        u->unit = HX_SPELT_NUMBER;
    } else if (strchr(",;:()\"-", c)) {
        u->unit = HX_SPELT_MARK;
    }
    return at;
}

static hx_status read_units(const hx_fix_finder *f, hx_passage *p, en_passage *e, hx_error *err) {
    hx_str s = p->text;
    bool first = true;
    *e = (en_passage){.finder = f, .p = p};
    e->units = hx_arena_alloc(f->arena, (s.len + 1) * sizeof *e->units);
    e->ids = hx_arena_alloc(f->arena, (s.len + 5) * sizeof *e->ids);
    if (!e->units || !e->ids) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t at = 0; at < s.len;) {
        en_unit *u = &e->units[e->n];
        if ((unsigned char)s.ptr[at] <= 0x20 || (unsigned char)s.ptr[at] >= 0x80 ||
            s.ptr[at] == '\'') {
            at++;
            continue;
        }
        u->start = (uint32_t)at;
        u->end = (uint32_t)(is_letter(s.ptr[at]) ? word_end(s, at) : 0);
        if (u->end > 0) {
            read_word(e, u);
            u->first = first;
            first = false;
        } else {
            u->end = (uint32_t)read_other(e, u);
        }
        e->ids[2 + e->n++] = u->unit;
        at = u->end;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ n-grams */
static double gain(const en_passage *e, size_t from, size_t to, const uint32_t *others, size_t n) {
    const hx_unit_model *m = &e->finder->data->en;
    size_t behind = e->n + 1 - to < 2 ? e->n + 1 - to : 2, len = 0;
    uint32_t window[8];
    double sum = 0;
    window[len++] = e->ids[from];
    window[len++] = e->ids[from + 1];
    for (size_t k = 0; k < n; k++)
        window[len++] = others[k];
    for (size_t k = 0; k < behind; k++)
        window[len++] = e->ids[2 + to + k];
    for (size_t k = 2; k < len; k++)
        sum += hx__unit_log_prob(m, window[k - 2], window[k - 1], window[k]);
    for (size_t k = from; k < to + behind; k++)
        sum -= hx__unit_log_prob(m, e->ids[k], e->ids[k + 1], e->ids[k + 2]);
    return sum;
}

static double doubt(const en_passage *e, size_t at) {
    const hx_unit_model *m = &e->finder->data->en;
    double least = 0;
    for (size_t k = at; k < at + 2 && k <= e->n; k++) {
        double p = hx__unit_log_prob(m, e->ids[k], e->ids[k + 1], e->ids[k + 2]);
        if (p < least) least = p;
    }
    return least;
}

/* ------------------------------------------------------------------ candidates */
/* `to` with the capital that the word has. */
static hx_fix *add_word(const en_passage *e, hx_fix_kind kind, const en_unit *u, hx_str to) {
    char text[2 * WORD_MAX + 4];
    if (to.len > 2 * WORD_MAX) return NULL;
    memcpy(text, to.ptr, to.len);
    bool self = to.len >= 1 && text[0] == 'i' && (to.len == 1 || text[1] == '\'');
    if ((u->capital || self) && to.len > 0 && text[0] >= 'a' && text[0] <= 'z')
        text[0] = (char)(text[0] - 32);
    hx_fix *x = hx__fix_add(e->p, e->finder->arena, kind, u->start, u->end, (hx_str){text, to.len});
    if (x) x->site = u->start;
    return x;
}

static void add_spelt(const en_passage *e, size_t i, const hx_spelt *found, size_t n) {
    const hx_correct_data *d = e->finder->data;
    const en_unit *u = &e->units[i];
    uint32_t own = u->unit - HX_SPELT_WORDS;
    bool known = u->unit != HX_SPELT_UNKNOWN;
    double surprise = doubt(e, i);
    for (size_t k = 0; k < n; k++) {
        uint32_t unit = HX_SPELT_WORDS + found[k].word;
        double more = gain(e, i, i + 1, &unit, 1);
        if (known && more < RARE_GAIN) continue;
        hx_fix *x = add_word(e, HX_FIX_EN_SPELT, u, hx__spelt_text(d, found[k].word));
        if (!x) return;
        x->f[HX_FIX_UNITS] = (float)more;
        x->f[HX_FIX_CHANNEL] = (float)found[k].cost;
        x->f[HX_FIX_FREQUENCY] = (float)(hx__spelt_frequency(d, found[k].word) -
                                         (known ? hx__spelt_frequency(d, own) : -20));
        x->f[HX_FIX_SURPRISE] = (float)surprise;
        x->f[HX_FIX_A] = known;
        x->f[HX_FIX_B] = u->capital;
        x->f[HX_FIX_C] = (float)strlen(u->low) / 10.0f;
        x->f[HX_FIX_D] = d->name[found[k].word];
        x->f[HX_FIX_E] = k == 0 ? (float)(n > 1 ? found[0].rank - found[1].rank : 1.0) : 0;
        x->f[HX_FIX_F] = found[k].cost <= 1.0;
    }
}

static void find_split(const en_passage *e, size_t i) {
    const hx_correct_data *d = e->finder->data;
    const en_unit *u = &e->units[i];
    size_t n = strlen(u->low), best_at = 0;
    double best = -1e9;
    uint32_t units[2] = {0, 0};
    for (size_t k = 1; k < n; k++) {
        uint32_t left = hx__spelt_word(d, (hx_str){u->low, k}),
                 right = hx__spelt_word(d, (hx_str){u->low + k, n - k});
        if (left == d->n_words || right == d->n_words) continue;
        uint32_t two[2] = {HX_SPELT_WORDS + left, HX_SPELT_WORDS + right};
        double more = gain(e, i, i + 1, two, 2);
        if (more <= best) continue;
        best = more;
        best_at = k;
        memcpy(units, two, sizeof two);
    }
    if (best_at == 0) return;
    char text[WORD_MAX + 2];
    memcpy(text, u->low, best_at);
    text[best_at] = ' ';
    memcpy(text + best_at + 1, u->low + best_at, n - best_at);
    hx_fix *x = add_word(e, HX_FIX_EN_SPLIT, u, (hx_str){text, n + 1});
    if (!x) return;
    double a = hx__spelt_frequency(d, units[0] - HX_SPELT_WORDS),
           b = hx__spelt_frequency(d, units[1] - HX_SPELT_WORDS);
    x->f[HX_FIX_UNITS] = (float)best;
    x->f[HX_FIX_FREQUENCY] = (float)(a < b ? a : b) + 20.0f;
    x->f[HX_FIX_A] = (float)n / 10.0f;
    x->f[HX_FIX_B] = u->capital;
}

static void find_spelt(const en_passage *e, size_t i) {
    const hx_correct_data *d = e->finder->data;
    const en_unit *u = &e->units[i];
    hx_spelt found[SOME];
    hx_str low = hx_str_of(u->low);
    bool known = u->unit != HX_SPELT_UNKNOWN;
    if (low.len < 3 || (u->capital && (!u->first || known))) return;
    if (known && (hx__spelt_frequency(d, u->unit - HX_SPELT_WORDS) > RARE || low.len < 4)) return;
    if (low.len > 2 && memcmp(low.ptr + low.len - 2, "'s", 2) == 0) return;
    size_t n = hx__spell_candidates(d, e->finder->costs, low, found, SOME);
    add_spelt(e, i, found, n);
    if (!known) find_split(e, i);
}

/* 1: `an` (or `a`) fits what follows and the other one doesn't; -1: the other way round; 0: not known, or no article. */
static int article_fits(const en_passage *e, size_t i, hx_str to) {
    bool an = hx_str_equal(to, HX_STR_LIT("an"));
    if ((!an && !hx_str_equal(to, HX_STR_LIT("a"))) || i + 1 >= e->n || !e->units[i + 1].word)
        return 0;
    hx_str next = hx_str_of(e->units[i + 1].low);
    if (next.len < 2 || e->p->text.ptr[e->units[i].end] != ' ') return 0;
    bool vowel = memchr("aeiou", next.ptr[0], 5) != NULL;
    static const char *const mute[] = {"hour", "honest", "honor", "honour", "heir"},
                             *const spoken[] = {"uni", "use",  "usu", "eu",
                                                "one", "once", "ut",  "ur"};
    for (size_t k = 0; k < sizeof mute / sizeof *mute; k++)
        if (strncmp(next.ptr, mute[k], strlen(mute[k])) == 0) vowel = true;
    for (size_t k = 0; k < sizeof spoken / sizeof *spoken; k++)
        if (strncmp(next.ptr, spoken[k], strlen(spoken[k])) == 0) return 0;
    return vowel == an ? 1 : -1;
}

static void add_other(const en_passage *e, size_t i, hx_str to) {
    const hx_correct_data *d = e->finder->data;
    const en_unit *u = &e->units[i];
    uint32_t word = hx__spelt_word(d, to), unit = HX_SPELT_WORDS + word;
    bool known = u->unit != HX_SPELT_UNKNOWN;
    hx_str low = hx_str_of(u->low);
    int article = article_fits(e, i, to);
    if (word == d->n_words) return;
    double more = gain(e, i, i + 1, &unit, 1);
    if (more < OTHER_GAIN && article <= 0) return;
    hx_fix *x = add_word(e, HX_FIX_EN_OTHER, u, to);
    if (!x) return;
    x->f[HX_FIX_UNITS] = (float)more;
    x->f[HX_FIX_FREQUENCY] =
        (float)(hx__spelt_frequency(d, word) -
                (known ? hx__spelt_frequency(d, u->unit - HX_SPELT_WORDS) : -20));
    x->f[HX_FIX_SURPRISE] = (float)doubt(e, i);
    x->f[HX_FIX_A] = (float)article;
    x->f[HX_FIX_B] =
        to.len == low.len + 1 && memchr(to.ptr, '\'', to.len) && !memchr(low.ptr, '\'', low.len);
    x->f[HX_FIX_C] = !known;
}

static void find_others(const en_passage *e, size_t i) {
    hx_str low = hx_str_of(e->units[i].low);
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        if (!among(low, groups[g])) continue;
        const char *list = groups[g];
        for (size_t n; *list; list += n + (list[n] == ' ')) {
            n = strcspn(list, " ");
            if (!hx_str_equal(low, (hx_str){list, n})) add_other(e, i, (hx_str){list, n});
        }
    }
}

static void find_twice(const en_passage *e, size_t i) {
    const en_unit *u = &e->units[i];
    if (i == 0 || !e->units[i - 1].word || strcmp(u->low, e->units[i - 1].low) != 0) return;
    if (u->start != e->units[i - 1].end + 1 || e->p->text.ptr[u->start - 1] != ' ') return;
    hx_fix *x = hx__fix_add(e->p, e->finder->arena, HX_FIX_EN_TWICE, u->start - 1, u->end,
                            (hx_str){NULL, 0});
    if (!x) return;
    x->site = u->start;
    x->f[HX_FIX_UNITS] = (float)gain(e, i, i + 1, NULL, 0);
    x->f[HX_FIX_A] =
        among(hx_str_of(u->low), "had that very so no bye really many much long far more ha haha "
                                 "yes ok blah well now never again too big old love");
    x->f[HX_FIX_B] = u->capital;
    x->f[HX_FIX_C] =
        among(hx_str_of(u->low), "the a an to of in on at for is are was and it i we they my with");
}

static bool has_han(hx_str s) {
    for (size_t at = 0; at < s.len;)
        if (hx_utf8_is_han(hx_utf8_next(s, &at))) return true;
    return false;
}

hx_status hx__fixes_en(const hx_fix_finder *f, hx_passage *p, hx_error *err) {
    en_passage e;
    if (has_han(p->text)) return HX_OK;
    HX_TRY(read_units(f, p, &e, err));
    for (size_t i = 0; i < e.n; i++) {
        if (!e.units[i].word || e.units[i].kept) continue;
        find_spelt(&e, i);
        find_others(&e, i);
        find_twice(&e, i);
    }
    return HX_OK;
}
