/* lang.c - the language of a cleaned text, from the scripts of its letters and, for Latin script, from function words.
 *
 *     no letters                                        -> unknown
 *     kana, Hangul, Cyrillic, Arabic, ... above a share -> other
 *     Han against Latin words (a Chinese word has about 1.5 characters): 75 % of one -> zh or en, else mixed
 *     Latin alone: `other` if function words of other languages outnumber English ones, or a long text has none of English
 *
 * A short text in Latin letters counts as English: names of goods and "ok" are more common than foreign words. */
#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"
#include "huaxiang/text.h"

#define WORD_MAX 15u /* bytes of a function word */
#define LONG_TEXT                                                                                  \
    10u /* words from which on English without any English function word is not believed */

static const char english[][8] = {
    "a",    "about",   "all",  "also", "am",    "an",    "and",  "any",   "are",   "as",   "at",
    "be",   "because", "been", "but",  "buy",   "by",    "can",  "did",   "do",    "does", "don't",
    "for",  "from",    "get",  "good", "great", "had",   "has",  "have",  "he",    "her",  "his",
    "how",  "i",       "i'm",  "if",   "in",    "is",    "it",   "it's",  "its",   "just", "like",
    "love", "more",    "my",   "no",   "not",   "of",    "on",   "one",   "or",    "our",  "out",
    "she",  "so",      "than", "that", "the",   "their", "them", "there", "they",  "this", "to",
    "too",  "up",      "very", "was",  "we",    "were",  "what", "when",  "which", "who",  "will",
    "with", "would",   "you",  "your"};

static const char foreign[][8] = {
    "aber",       "auch",        "auf",  "avec",       "bien", "c'est",       "che",  "com",
    "como",       "con",         "cosa", "da",         "dans", "das",         "de",   "del",
    "della",      "dem",         "den",  "der",        "des",  "di",          "die",  "du",
    "e",          "ein",         "eine", "el",         "elle", "en",          "era",  "es",
    "est",        "est\xC3\xA1", "et",   "f\xC3\xBCr", "gut",  "het",         "ich",  "il",
    "ist",        "je",          "la",   "las",        "le",   "les",         "lo",   "los",
    "mais",       "mein",        "mit",  "muito",      "muy",  "nicht",       "niet", "non",
    "n\xC3\xA3o", "nous",        "o",    "os",         "para", "pas",         "per",  "pero",
    "por",        "pour",        "que",  "qui",        "se",   "sehr",        "sich", "sie",
    "sono",       "sont",        "sur",  "sus",        "te",   "tr\xC3\xA8s", "um",   "una",
    "und",        "une",         "uno",  "van",        "voor", "war",         "wir",  "y",
    "zu",         "\xC3\xA9"};

typedef struct {
    size_t han, kana, latin, foreign_script; /* letters */
    size_t words; /* of Latin letters */
    size_t english, foreign; /* function words among them */
    size_t accented; /* Latin letters outside ASCII */
} profile;

static bool in_list(const char (*list)[8], size_t n, const char *word, size_t len) {
    for (size_t i = 0; i < n; i++)
        if (strlen(list[i]) == len && memcmp(list[i], word, len) == 0) return true;
    return false;
}

static void end_word(profile *p, const char *word, size_t len) {
    if (len == 0) return;
    if (len > 1) p->words++; /* the T of T恤 says nothing */
    if (len >= 8) return;
    if (in_list(english, sizeof english / sizeof *english, word, len)) p->english++;
    if (in_list(foreign, sizeof foreign / sizeof *foreign, word, len)) p->foreign++;
}

static bool is_latin(uint32_t cp) {
    return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') ||
           (cp >= 0xC0 && cp <= 0x24F && cp != 0xD7 && cp != 0xF7) ||
           (cp >= 0x1E00 && cp <= 0x1EFF);
}

static bool is_letter(uint32_t cp) {
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

static void count_other(profile *p, uint32_t cp) {
    if (hx_utf8_is_han(cp))
        p->han++;
    else if ((cp >= 0x3041 && cp <= 0x30FF) || (cp >= 0x31F0 && cp <= 0x31FF))
        p->kana++;
    else if (cp >= 128 && is_letter(cp))
        p->foreign_script++;
}

static profile count(hx_str s) {
    profile p = {0};
    char word[WORD_MAX + 4];
    size_t len = 0;
    for (size_t at = 0; at < s.len;) {
        size_t start = at;
        uint32_t cp = hx_utf8_next(s, &at);
        bool latin = is_latin(cp);
        if (latin || (cp == '\'' && len > 0)) {
            p.latin += latin;
            p.accented += latin && cp >= 128;
            for (; start < at && len < WORD_MAX; start++)
                word[len++] = cp < 128 ? (char)(s.ptr[start] | 32) : s.ptr[start];
            continue;
        }
        end_word(&p, word, len);
        len = 0;
        count_other(&p, cp);
    }
    end_word(&p, word, len);
    return p;
}

static bool is_english(const profile *p) {
    if (p->foreign > p->english) return p->words < 3 && p->accented == 0;
    if (p->english == 0 && p->accented * 12 > p->latin && p->words > 2) return false;
    return p->english > 0 || p->words < LONG_TEXT;
}

hx_lang hx_text_lang(hx_str clean) {
    profile p = count(clean);
    size_t letters = p.han + p.kana + p.latin + p.foreign_script;
    if (letters == 0) return HX_LANG_UNKNOWN;
    size_t east = p.han + p.kana;
    if (p.foreign_script * 2 > letters || (p.kana > 1 && p.kana * 5 > east && east * 2 > p.words))
        return HX_LANG_OTHER;
    size_t chinese = p.han * 2,
           latin = p.words * 3; /* in thirds of a word: 1.5 characters make one */
    if (latin * 3 < chinese) return HX_LANG_ZH;
    if (chinese * 3 < latin)
        return p.foreign_script > p.latin || !is_english(&p) ? HX_LANG_OTHER : HX_LANG_EN;
    return HX_LANG_MIXED;
}
