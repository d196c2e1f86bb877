/* stem.c - Porter's stemmer (Porter, An algorithm for suffix stripping, 1980), as keyphrase extraction compares words.
 *
 *     [C](VC)^m[V]     m, the measure of a stem: how often a consonant follows a vowel
 *
 * Each step looks for the longest suffix of its list; where the measure of what stands before it is great enough, the suffix is replaced, and the
 * step ends either way. */
#include "text/stem.h"

#include <string.h>

typedef struct {
    char *b;
    size_t n;
} stem;

typedef struct {
    const char *from, *to;
} suffix_rule;

static bool is_consonant(const stem *s, size_t i) {
    switch (s->b[i]) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
        return false;
    case 'y': {
        bool consonant =
            true; /* a y after a consonant is a vowel; of a run of them every other one */
        for (size_t k = 0; k <= i; k++)
            consonant = s->b[k] == 'y' ? k == 0 || !consonant : strchr("aeiou", s->b[k]) == NULL;
        return consonant;
    }
    default:
        return true;
    }
}

/* The measure of the first n letters. */
static size_t measure(const stem *s, size_t n) {
    size_t m = 0;
    for (size_t i = 1; i < n; i++)
        m += is_consonant(s, i) && !is_consonant(s, i - 1);
    return m;
}

static bool has_vowel(const stem *s, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!is_consonant(s, i)) return true;
    return false;
}

static bool ends(const stem *s, const char *suffix) {
    size_t n = strlen(suffix);
    return s->n > n && memcmp(s->b + s->n - n, suffix, n) == 0;
}

static void replace(stem *s, size_t cut, const char *with) {
    size_t n = strlen(with);
    memcpy(s->b + s->n - cut, with, n);
    s->n = s->n - cut + n;
}

static bool ends_double(const stem *s) {
    return s->n > 1 && s->b[s->n - 1] == s->b[s->n - 2] && is_consonant(s, s->n - 1);
}

/* consonant, vowel, consonant other than w, x, y at the end of the first n */
static bool ends_cvc(const stem *s, size_t n) {
    return n > 2 && is_consonant(s, n - 1) && !is_consonant(s, n - 2) && is_consonant(s, n - 3) &&
           !strchr("wxy", s->b[n - 1]);
}

static void plurals(stem *s) {
    if (ends(s, "sses") || ends(s, "ies"))
        s->n -= 2;
    else if (ends(s, "s") && !ends(s, "ss"))
        s->n--;
}

static void past_and_progressive(stem *s) {
    size_t cut = ends(s, "ed") ? 2 : ends(s, "ing") ? 3 : 0;
    if (ends(s, "eed")) {
        if (measure(s, s->n - 3) > 0) s->n--;
        return;
    }
    if (cut == 0 || !has_vowel(s, s->n - cut)) return;
    s->n -= cut;
    if (ends(s, "at") || ends(s, "bl") || ends(s, "iz"))
        s->b[s->n++] = 'e';
    else if (ends_double(s) && !strchr("lsz", s->b[s->n - 1]))
        s->n--;
    else if (measure(s, s->n) == 1 && ends_cvc(s, s->n))
        s->b[s->n++] = 'e';
}

/* The first rule whose suffix fits, where the measure before it is above `least`. */
static void apply(stem *s, const suffix_rule *rules, size_t n, size_t least) {
    for (size_t i = 0; i < n; i++) {
        if (!ends(s, rules[i].from)) continue;
        size_t cut = strlen(rules[i].from);
        bool ion = strcmp(rules[i].from, "ion") == 0;
        if (ion && !strchr("st", s->b[s->n - 4])) return;
        if (measure(s, s->n - cut) > least) replace(s, cut, rules[i].to);
        return;
    }
}

static void last_letters(stem *s) {
    if (s->b[s->n - 1] == 'e') {
        size_t m = measure(s, s->n - 1);
        if (m > 1 || (m == 1 && !ends_cvc(s, s->n - 1))) s->n--;
    }
    if (s->n > 1 && s->b[s->n - 1] == 'l' && ends_double(s) && measure(s, s->n) > 1) s->n--;
}

size_t hx__stem(char *word, size_t n) {
    static const suffix_rule second[] = {
        {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"},   {"anci", "ance"},
        {"izer", "ize"},    {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"},
        {"eli", "e"},       {"ousli", "ous"},   {"ization", "ize"}, {"ation", "ate"},
        {"ator", "ate"},    {"alism", "al"},    {"iveness", "ive"}, {"fulness", "ful"},
        {"ousness", "ous"}, {"aliti", "al"},    {"iviti", "ive"},   {"biliti", "ble"}};
    static const suffix_rule third[] = {{"icate", "ic"}, {"ative", ""},  {"alize", "al"},
                                        {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""},
                                        {"ness", ""}};
    static const suffix_rule fourth[] = {{"al", ""},    {"ance", ""}, {"ence", ""}, {"er", ""},
                                         {"ic", ""},    {"able", ""}, {"ible", ""}, {"ant", ""},
                                         {"ement", ""}, {"ment", ""}, {"ent", ""},  {"ion", ""},
                                         {"ou", ""},    {"ism", ""},  {"ate", ""},  {"iti", ""},
                                         {"ous", ""},   {"ive", ""},  {"ize", ""}};
    stem s = {word, n};
    for (size_t i = 0; i < n; i++)
        if (word[i] < 'a' || word[i] > 'z') return n;
    if (n < 3) return n;
    plurals(&s);
    past_and_progressive(&s);
    if (s.b[s.n - 1] == 'y' && has_vowel(&s, s.n - 1)) s.b[s.n - 1] = 'i';
    apply(&s, second, sizeof second / sizeof *second, 0);
    apply(&s, third, sizeof third / sizeof *third, 0);
    apply(&s, fourth, sizeof fourth / sizeof *fourth, 1);
    last_letters(&s);
    return s.n;
}
