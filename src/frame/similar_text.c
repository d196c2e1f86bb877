/* similar_text.c - likeness of short texts; see similar_text.h.
 *
 *     text -> code points: half-width, small, no blanks or signs -> Jaro-Winkler, edit distance -> their mean
 *
 * Jaro: matches within half the longer length, transpositions counted in pairs (Jaro 1989); Winkler's prefix bonus without a threshold, as
 * jellyfish and rapidfuzz have it. The edit distance is the restricted one of Damerau and Levenshtein. Digits tell things of one name apart,
 * so texts whose digits differ are never alike. Work is bounded by HX_SIMILAR_MAX squared. */
#include "frame/similar_text.h"

#include <string.h>

#include "base/utf8.h"

static bool is_sign(uint32_t c) {
    if (c < 0x80)
        return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
    return (c >= 0x80 && c < 0xC0) || (c >= 0x2000 && c <= 0x206F) ||
           (c >= 0x3000 && c <= 0x3003) || (c >= 0x3008 && c <= 0x3020) || c == 0x30FB;
}

/* Full-width ASCII and the ideographic blank to half-width, capitals of Latin, Greek and Cyrillic to small. */
static uint32_t fold(uint32_t c) {
    if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
    if (c == 0x3000) c = ' ';
    if (c >= 'A' && c <= 'Z') return c + 32;
    if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9)) return c + 32;
    if (c >= 0x410 && c <= 0x42F) return c + 32;
    return c;
}

static size_t points_of(hx_str s, bool signs, uint32_t room[HX_SIMILAR_MAX]) {
    size_t n = 0;
    for (size_t at = 0; at < s.len && n < HX_SIMILAR_MAX;) {
        const uint32_t c = fold(hx_utf8_next(s, &at));
        if (signs || !is_sign(c)) room[n++] = c;
    }
    return n;
}

size_t hx_plain_points(hx_str s, uint32_t room[HX_SIMILAR_MAX]) {
    const size_t n = points_of(s, false, room);
    return n > 0 ? n : points_of(s, true, room);
}

/* ------------------------------------------------------------------ Jaro-Winkler */
static size_t match(const uint32_t *a, size_t n, const uint32_t *b, size_t m, bool *in_a,
                    bool *in_b) {
    const size_t longer = n > m ? n : m, reach = longer / 2 > 0 ? longer / 2 - 1 : 0;
    size_t matches = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t first = i > reach ? i - reach : 0;
        const size_t end = i + reach + 1 < m ? i + reach + 1 : m;
        for (size_t k = first; k < end; k++) {
            if (in_b[k] || a[i] != b[k]) continue;
            in_a[i] = in_b[k] = true;
            matches++;
            break;
        }
    }
    return matches;
}

static double jaro(const uint32_t *a, size_t n, const uint32_t *b, size_t m) {
    bool in_a[HX_SIMILAR_MAX] = {false}, in_b[HX_SIMILAR_MAX] = {false};
    const size_t matches = match(a, n, b, m, in_a, in_b);
    size_t moved = 0, k = 0;
    if (matches == 0) return 0;
    for (size_t i = 0; i < n; i++) {
        if (!in_a[i]) continue;
        while (!in_b[k])
            k++;
        moved += a[i] != b[k++];
    }
    const double x = (double)matches;
    return (x / (double)n + x / (double)m + (x - (double)(moved / 2)) / x) / 3;
}

double hx_jaro_winkler(const uint32_t *a, size_t n, const uint32_t *b, size_t m) {
    if (n == 0 && m == 0) return 1;
    if (n > HX_SIMILAR_MAX) n = HX_SIMILAR_MAX;
    if (m > HX_SIMILAR_MAX) m = HX_SIMILAR_MAX;
    const double score = jaro(a, n, b, m);
    size_t prefix = 0;
    while (prefix < 4 && prefix < n && prefix < m && a[prefix] == b[prefix])
        prefix++;
    return score + 0.1 * (double)prefix * (1 - score);
}

/* ------------------------------------------------------------------ edit distance */
static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t hx_edit_distance(const uint32_t *a, size_t n, const uint32_t *b, size_t m) {
    size_t rows[3][HX_SIMILAR_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    if (n > HX_SIMILAR_MAX) n = HX_SIMILAR_MAX;
    if (m > HX_SIMILAR_MAX) m = HX_SIMILAR_MAX;
    for (size_t k = 0; k <= m; k++)
        last[k] = before[k] = k;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t k = 1; k <= m; k++) {
            now[k] = least(least(last[k], now[k - 1]) + 1, last[k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                now[k] = least(now[k], before[k - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

static bool same_digits(const uint32_t *a, size_t n, const uint32_t *b, size_t m) {
    size_t i = 0, k = 0;
    for (;;) {
        while (i < n && !(a[i] >= '0' && a[i] <= '9'))
            i++;
        while (k < m && !(b[k] >= '0' && b[k] <= '9'))
            k++;
        if (i >= n || k >= m) return i >= n && k >= m;
        if (a[i++] != b[k++]) return false;
    }
}

double hx_text_similarity(const uint32_t *a, size_t n, const uint32_t *b, size_t m) {
    const size_t longer = n > m ? n : m;
    if (longer == 0) return 1;
    if (!same_digits(a, n, b, m)) return 0;
    const double edit = 1 - (double)hx_edit_distance(a, n, b, m) / (double)longer;
    return (hx_jaro_winkler(a, n, b, m) + edit) / 2;
}
