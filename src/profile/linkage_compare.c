/* linkage_compare.c - at which level two records agree, field by field; see linkage.h.
 *
 *     level: 0 differs, 1 somewhat alike, 2 nearly the same, 3 the same, HX_LINK_MISSING where one record lacks the field
 *
 * Texts are compared by characters, without blanks and marks, ASCII letters in lower case. A name counts as one of Han characters when both are;
 * its surname is its first character, or the first two of the compound surnames that are common (欧阳, 司马, 上官, 诸葛, ...). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "profile/linkage.h"

enum { POINTS_MAX = 64, ADDRESS_MAX = 128, WORDS_MAX = 6 };

typedef struct {
    uint32_t p[ADDRESS_MAX];
    size_t n;
} points;

static bool counts(uint32_t cp) {
    return cp > 0x7F ? !(cp >= 0x3000 && cp <= 0x303F) && !(cp >= 0xFF00 && cp <= 0xFF0F)
                     : (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z');
}

static uint32_t folded(uint32_t cp) {
    if (cp >= 0xFF01 && cp <= 0xFF5E) cp -= 0xFEE0;
    return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
}

static points plain(hx_str s, size_t most) {
    points out = {.n = 0};
    for (size_t at = 0; at < s.len && out.n < most;) {
        const uint32_t cp = folded(hx_utf8_next(s, &at));
        if (counts(cp)) out.p[out.n++] = cp;
    }
    return out;
}

static bool same(const points *a, const points *b) {
    return a->n == b->n && memcmp(a->p, b->p, a->n * sizeof *a->p) == 0;
}

/* ------------------------------------------------------------------ Jaro-Winkler */
static size_t common(const points *a, const points *b, bool *of_a, bool *of_b) {
    const size_t longest = a->n > b->n ? a->n : b->n, half = longest / 2,
                 reach = half > 0 ? half - 1 : 0;
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        const size_t from = i > reach ? i - reach : 0;
        for (size_t k = from; k < b->n && k <= i + reach; k++) {
            if (of_b[k] || a->p[i] != b->p[k]) continue;
            of_a[i] = of_b[k] = true;
            n++;
            break;
        }
    }
    return n;
}

static double jaro(const points *a, const points *b) {
    bool of_a[ADDRESS_MAX] = {false}, of_b[ADDRESS_MAX] = {false};
    const double n = (double)common(a, b, of_a, of_b);
    size_t moved = 0;
    if (n == 0) return 0;
    for (size_t i = 0, k = 0; i < a->n; i++) {
        if (!of_a[i]) continue;
        while (!of_b[k])
            k++;
        moved += a->p[i] != b->p[k++];
    }
    return (n / (double)a->n + n / (double)b->n + (n - (double)(moved / 2)) / n) / 3;
}

static double jaro_winkler(const points *a, const points *b) {
    const double j = a->n && b->n ? jaro(a, b) : 0;
    size_t prefix = 0;
    while (prefix < 4 && prefix < a->n && prefix < b->n && a->p[prefix] == b->p[prefix])
        prefix++;
    return j + (double)prefix * 0.1 * (1 - j);
}

double hx_link_jaro_winkler(hx_str a, hx_str b) {
    const points x = plain(a, POINTS_MAX), y = plain(b, POINTS_MAX);
    if (x.n == 0 && y.n == 0) return 1;
    return jaro_winkler(&x, &y);
}

/* ------------------------------------------------------------------ names */
static bool is_han(const points *a) {
    for (size_t i = 0; i < a->n; i++)
        if (!hx_utf8_is_han(a->p[i])) return false;
    return a->n > 0;
}

static size_t surname(const points *a) {
    static const uint32_t compound[][2] = {{0x6B27, 0x9633}, {0x53F8, 0x9A6C}, {0x4E0A, 0x5B98},
                                           {0x8BF8, 0x845B}, {0x53F8, 0x5F92}, {0x4E1C, 0x65B9},
                                           {0x7687, 0x752B}, {0x5C09, 0x8FDF}, {0x516C, 0x5B59},
                                           {0x6155, 0x5BB9}, {0x590F, 0x4FAF}, {0x957F, 0x5B59}};
    for (size_t i = 0; i < sizeof compound / sizeof *compound; i++)
        if (a->n > 2 && a->p[0] == compound[i][0] && a->p[1] == compound[i][1]) return 2;
    return 1;
}

static uint8_t compare_han(const points *a, const points *b) {
    const size_t n = surname(a);
    size_t other = 0;
    if (same(a, b)) return 3;
    if (a->n <= n || b->n <= n || surname(b) != n || memcmp(a->p, b->p, n * sizeof *a->p) != 0)
        return 0;
    if (a->n != b->n) return 1;
    for (size_t i = n; i < a->n; i++)
        other += a->p[i] != b->p[i];
    return other == 1 && a->n > 2 ? 2 : 1;
}

static int compare_words(const void *p, const void *q) {
    const hx_str *x = p, *y = q;
    const size_t n = x->len < y->len ? x->len : y->len;
    const int c = n ? memcmp(x->ptr, y->ptr, n) : 0;
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

/* The words of a name in order of the alphabet, without marks, as one text. */
static points sorted_words(hx_str s) {
    hx_str words[WORDS_MAX];
    points out = {.n = 0};
    size_t n = 0;
    for (size_t at = 0; at < s.len && n < WORDS_MAX;) {
        while (at < s.len && strchr(" ,.\t", s.ptr[at]))
            at++;
        const size_t from = at;
        while (at < s.len && !strchr(" ,.\t", s.ptr[at]))
            at++;
        if (at > from) words[n++] = (hx_str){s.ptr + from, at - from};
    }
    qsort(words, n, sizeof *words, compare_words);
    for (size_t i = 0; i < n; i++) {
        const points word = plain(words[i], POINTS_MAX - out.n);
        memcpy(out.p + out.n, word.p, word.n * sizeof *word.p);
        out.n += word.n;
    }
    return out;
}

static uint8_t compare_names(hx_str a, hx_str b) {
    const points x = plain(a, POINTS_MAX), y = plain(b, POINTS_MAX);
    if (x.n == 0 || y.n == 0) return HX_LINK_MISSING;
    if (is_han(&x) || is_han(&y)) return is_han(&x) && is_han(&y) ? compare_han(&x, &y) : 0;
    const points p = sorted_words(a), q = sorted_words(b);
    if (same(&x, &y) || same(&p, &q)) return 3;
    const double alike = fmax(jaro_winkler(&x, &y), jaro_winkler(&p, &q));
    return alike >= 0.92 ? 2 : alike >= 0.8 ? 1 : 0;
}

/* ------------------------------------------------------------------ ids */
/* Differences place by place; `hidden` ones, where either has a *, are none. */
static size_t places_other(hx_str a, hx_str b, size_t *hidden, size_t *first, size_t *last) {
    size_t n = 0;
    *hidden = *first = *last = 0;
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] == '*' || b.ptr[i] == '*') {
            ++*hidden;
        } else if (a.ptr[i] != b.ptr[i]) {
            if (n++ == 0) *first = i;
            *last = i;
        }
    }
    return n;
}

static uint8_t compare_phone(hx_str a, hx_str b) {
    if (hx_str_equal(a, b)) return 3;
    if (a.len == b.len && a.len >= 7) {
        size_t hidden, first, last;
        const size_t n = places_other(a, b, &hidden, &first, &last);
        const bool swapped = n == 2 && last == first + 1 && a.ptr[first] == b.ptr[last] &&
                             a.ptr[last] == b.ptr[first];
        if (n == 0 && hidden <= a.len / 2) return 2;
        if (hidden == 0 && (n == 1 || swapped)) return 2;
    }
    const bool tail =
        a.len >= 7 && b.len >= 7 && memcmp(a.ptr + a.len - 4, b.ptr + b.len - 4, 4) == 0;
    return tail ? 1 : 0;
}

static hx_str before_at(hx_str s) {
    const char *at = s.len ? memchr(s.ptr, '@', s.len) : NULL;
    return (hx_str){s.ptr, at ? (size_t)(at - s.ptr) : s.len};
}

static uint8_t compare_email(hx_str a, hx_str b) {
    if (hx_str_equal(a, b)) return 3;
    const hx_str x = before_at(a), y = before_at(b);
    if (x.len >= 4 && hx_str_equal(x, y)) return 2;
    return x.len >= 5 && y.len >= 5 && hx_link_jaro_winkler(x, y) >= 0.92 ? 1 : 0;
}

static uint8_t compare_device(hx_str a, hx_str b) {
    return hx_str_equal(a, b) ? 3 : 0;
}

/* The best of all pairs. */
static uint8_t best_of(const hx_str *a, size_t n, const hx_str *b, size_t m,
                       uint8_t (*compare)(hx_str, hx_str)) {
    uint8_t best = 0;
    if (n == 0 || m == 0) return HX_LINK_MISSING;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m; k++) {
            const uint8_t level = compare(a[i], b[k]);
            best = level > best ? level : best;
        }
    return best;
}

/* ------------------------------------------------------------------ addresses, birthdays */
static int compare_grams(const void *p, const void *q) {
    const uint64_t x = *(const uint64_t *)p, y = *(const uint64_t *)q;
    return (x > y) - (x < y);
}

static size_t grams_of(const points *a, uint64_t *grams) {
    for (size_t i = 0; i + 1 < a->n; i++)
        grams[i] = (uint64_t)a->p[i] << 32 | a->p[i + 1];
    const size_t n = a->n > 0 ? a->n - 1 : 0;
    qsort(grams, n, sizeof *grams, compare_grams);
    return n;
}

static uint8_t compare_addresses(hx_str a, hx_str b) {
    const points x = plain(a, ADDRESS_MAX), y = plain(b, ADDRESS_MAX);
    uint64_t p[ADDRESS_MAX], q[ADDRESS_MAX];
    if (x.n == 0 || y.n == 0) return HX_LINK_MISSING;
    if (same(&x, &y)) return 3;
    const size_t n = grams_of(&x, p), m = grams_of(&y, q);
    size_t shared = 0;
    for (size_t i = 0, k = 0; i < n && k < m;) {
        shared += p[i] == q[k];
        const bool step_i = p[i] <= q[k], step_k = q[k] <= p[i];
        i += step_i;
        k += step_k;
    }
    const double dice = n + m ? 2.0 * (double)shared / (double)(n + m) : 0;
    return dice >= 0.8 ? 3 : dice >= 0.5 ? 2 : dice >= 0.25 ? 1 : 0;
}

static uint8_t compare_birthdays(hx_str a, hx_str b) {
    if (a.len < 10 || b.len < 10) return HX_LINK_MISSING;
    const bool year = memcmp(a.ptr, b.ptr, 4) == 0, month = memcmp(a.ptr + 5, b.ptr + 5, 2) == 0,
               day = memcmp(a.ptr + 8, b.ptr + 8, 2) == 0;
    if (year && month && day) return 3;
    const bool swapped =
        year && memcmp(a.ptr + 5, b.ptr + 8, 2) == 0 && memcmp(a.ptr + 8, b.ptr + 5, 2) == 0;
    if (swapped || year + month + day == 2) return 2;
    return year ? 1 : 0;
}

hx_link_pattern hx_link_compare(const hx_link_record *a, const hx_link_record *b) {
    hx_link_pattern p;
    p.level[HX_LINK_NAME] = compare_names(a->name, b->name);
    p.level[HX_LINK_PHONE] = best_of(a->phones, a->n_phones, b->phones, b->n_phones, compare_phone);
    p.level[HX_LINK_EMAIL] = best_of(a->emails, a->n_emails, b->emails, b->n_emails, compare_email);
    p.level[HX_LINK_ADDRESS] = compare_addresses(a->address, b->address);
    p.level[HX_LINK_BIRTHDAY] = compare_birthdays(a->birthday, b->birthday);
    p.level[HX_LINK_DEVICE] =
        best_of(a->devices, a->n_devices, b->devices, b->n_devices, compare_device);
    return p;
}
