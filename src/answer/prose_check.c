/* prose_check.c - whether prose says only what the facts say: numbers and quotes one by one; see hx_prose_check().
 *
 * A number of the prose is digits with points and commas between them; it must be one of the facts' numbers, written the same but for commas.
 * Numbers in words can't be held against facts, so they are refused: three hundred, 三百. What stands between quotation marks must be the
 * whole of a quote, or a piece of it that is marked with an ellipsis. A fact's own words may stand anywhere: a product may be called “Seven”. */
#include <string.h>

#include "base/utf8.h"
#include "huaxiang/answer.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* The number that begins at `at`, without commas, to `out`; *end is behind it. */
static size_t number_at(hx_str s, size_t at, char out[HX_PROSE_BAD_MAX], size_t *end) {
    size_t n = 0, i = at;
    for (; i < s.len; i++) {
        const bool next = i + 1 < s.len && is_digit(s.ptr[i + 1]);
        if (!is_digit(s.ptr[i]) && !((s.ptr[i] == '.' || s.ptr[i] == ',') && next)) break;
        if (s.ptr[i] != ',' && n + 1 < HX_PROSE_BAD_MAX) out[n++] = s.ptr[i];
    }
    out[n] = '\0';
    *end = i;
    return n;
}

static bool has_number(const hx_str *facts, size_t n_facts, const char *number, size_t len) {
    char have[HX_PROSE_BAD_MAX];
    for (size_t f = 0; f < n_facts; f++)
        for (size_t i = 0; i < facts[f].len;) {
            if (!is_digit(facts[f].ptr[i])) {
                i++;
                continue;
            }
            if (number_at(facts[f], i, have, &i) == len && memcmp(have, number, len) == 0)
                return true;
        }
    return false;
}

static void keep(char bad[HX_PROSE_BAD_MAX], hx_str s) {
    size_t n = s.len < HX_PROSE_BAD_MAX - 1 ? s.len : HX_PROSE_BAD_MAX - 1;
    while (n > 0 && n < s.len && ((unsigned char)s.ptr[n] & 0xC0) == 0x80)
        n--;
    memcpy(bad, s.ptr, n);
    bad[n] = '\0';
}

/* ------------------------------------------------------------------ numbers in words */
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_number_word(hx_str w) {
    static const char *const words[] = {
        "two",     "three",     "four",     "five",     "six",      "seven",    "eight",
        "nine",    "ten",       "eleven",   "twelve",   "thirteen", "fourteen", "fifteen",
        "sixteen", "seventeen", "eighteen", "nineteen", "twenty",   "thirty",   "forty",
        "fifty",   "sixty",     "seventy",  "eighty",   "ninety",   "hundred",  "thousand",
        "million", "billion",   "dozen",    "half",     "third",    "quarter",  "twice"};
    char low[12];
    if (w.len >= sizeof low) return false;
    for (size_t i = 0; i < w.len; i++)
        low[i] = (char)(w.ptr[i] >= 'A' && w.ptr[i] <= 'Z' ? w.ptr[i] + 32 : w.ptr[i]);
    low[w.len] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(low, words[i]) == 0) return true;
    return false;
}

static bool is_numeral(uint32_t cp, bool *unit) {
    static const uint32_t units[] = {0x5341, 0x767E, 0x5343, 0x4E07, 0x4EBF}; /* 十百千万亿 */
    static const uint32_t digits[] = {0x4E00, 0x4E8C, 0x4E09, 0x56DB, 0x4E94, 0x516D,
                                      0x4E03, 0x516B, 0x4E5D, 0x4E24, 0x96F6};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (cp == units[i]) return *unit = true;
    for (size_t i = 0; i < sizeof digits / sizeof *digits; i++)
        if (cp == digits[i]) return true;
    return false;
}

/* A run of two or more Chinese numerals with a unit (三百, 二十五), or an English number word. */
static bool words_of_number(hx_str s, char bad[HX_PROSE_BAD_MAX]) {
    for (size_t i = 0; i < s.len;) {
        size_t end = i;
        if (is_letter(s.ptr[i])) {
            while (end < s.len && is_letter(s.ptr[end]))
                end++;
            if (is_number_word((hx_str){s.ptr + i, end - i})) {
                keep(bad, (hx_str){s.ptr + i, end - i});
                return true;
            }
            i = end;
            continue;
        }
        bool unit = false;
        size_t n = 0, next = i;
        while (next < s.len && is_numeral(hx_utf8_next(s, &next), &unit)) {
            end = next;
            n++;
        }
        if (n >= 2 && unit) {
            keep(bad, (hx_str){s.ptr + i, end - i});
            return true;
        }
        if (n > 0)
            i = end;
        else
            (void)hx_utf8_next(s, &i);
    }
    return false;
}

/* ------------------------------------------------------------------ quotes */
static bool holds(hx_str all, hx_str piece) {
    for (size_t i = 0; i + piece.len <= all.len; i++)
        if (memcmp(all.ptr + i, piece.ptr, piece.len) == 0) return true;
    return false;
}

static bool is_quote(const hx_str *quotes, size_t n, hx_str said) {
    static const char dots[] = "…";
    const size_t d = sizeof dots - 1;
    const bool cut = said.len > d && memcmp(said.ptr + said.len - d, dots, d) == 0;
    const hx_str piece = {said.ptr, cut ? said.len - d : said.len};
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(quotes[i], said) || (cut && piece.len > 0 && holds(quotes[i], piece)))
            return true;
    return false;
}

/* What stands between the marks that begin at `at`; *end behind the closing mark. */
static bool quoted_at(hx_str s, size_t at, hx_str *said, size_t *end) {
    static const char *const marks[][2] = {{"“", "”"}, {"「", "」"}, {"\"", "\""}};
    for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
        const size_t open = strlen(marks[m][0]), close = strlen(marks[m][1]);
        if (at + open > s.len || memcmp(s.ptr + at, marks[m][0], open) != 0) continue;
        for (size_t i = at + open; i + close <= s.len; i++) {
            if (memcmp(s.ptr + i, marks[m][1], close) != 0) continue;
            *said = (hx_str){s.ptr + at + open, i - at - open};
            *end = i + close;
            return true;
        }
    }
    return false;
}

/* The bytes of the longest fact with letters that stands at `at`; 0 = none. */
static size_t fact_at(hx_str s, size_t at, const hx_str *facts, size_t n) {
    size_t best = 0;
    for (size_t i = 0; i < n; i++) {
        bool letters = false;
        for (size_t k = 0; k < facts[i].len && !letters; k++)
            letters = is_letter(facts[i].ptr[k]) || (unsigned char)facts[i].ptr[k] >= 0x80;
        const bool here = letters && facts[i].len > best && at + facts[i].len <= s.len &&
                          memcmp(s.ptr + at, facts[i].ptr, facts[i].len) == 0;
        if (here) best = facts[i].len;
    }
    return best;
}

bool hx_prose_check(hx_str prose, const hx_str *facts, size_t n_facts, const hx_str *quotes,
                    size_t n_quotes, char bad[HX_PROSE_BAD_MAX]) {
    char number[HX_PROSE_BAD_MAX];
    size_t plain = 0; /* where the words outside quotes began */
    hx_str said;
    bad[0] = '\0';
    for (size_t i = 0, end; i < prose.len;) {
        const size_t named = fact_at(prose, i, facts, n_facts);
        if (named > 0) {
            if (words_of_number((hx_str){prose.ptr + plain, i - plain}, bad)) return false;
            i = plain = i + named;
        } else if (quoted_at(prose, i, &said, &end)) {
            if (words_of_number((hx_str){prose.ptr + plain, i - plain}, bad)) return false;
            if (!is_quote(quotes, n_quotes, said)) return keep(bad, said), false;
            i = plain = end;
        } else if (is_digit(prose.ptr[i])) {
            const size_t n = number_at(prose, i, number, &end);
            if (!has_number(facts, n_facts, number, n))
                return keep(bad, (hx_str){number, n}), false;
            i = end;
        } else {
            i++;
        }
    }
    return !words_of_number((hx_str){prose.ptr + plain, prose.len - plain}, bad);
}
