/* augment.c - texts with noise in them; see augment.h.
 *
 *     text -> units: a Han character, a word of other letters and digits, or what lies between
 *     each character or word, with probability `rate`: one of the kinds that can change it, chosen evenly
 *
 *     synonym     the longest listed word of up to 8 characters that begins here (Han), or the whole word; another word of its line
 *     swap        with the next unit of its sort: two Han characters that touch, two words with one blank between
 *     delete      with the blank behind a word; at least one unit stays
 *     insert      a unit of the same sort of this text, drawn evenly, behind it
 *     homophone   another character of its line; shape likewise
 *     keyboard    in a word of ASCII letters: a letter gives way to one beside it on a QWERTY keyboard, is doubled, or left out
 *
 * All drawing is from xoshiro256** seeded by (seed, number), in the order of the text. Each list is a map from the hash of a word to its
 * line; a word that stands on several lines has the first. */
#include "model/augment.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/rng.h"
#include "base/utf8.h"

#define N_KINDS 8
#define SYNONYM_MAX 8 /* Han characters */
#define INSERTED UINT32_MAX

static const char *const kind_names[N_KINDS] = {"synonym",   "swap",  "delete",   "insert",
                                                "homophone", "shape", "keyboard", "join"};

struct hx_augmenter {
    hx_buf lines; /* hx_str: what the words of a line may become */
    hx_map synonyms, homophones, shapes; /* hash -> index of the line + 1 */
};

/* ------------------------------------------------------------------ lists */
static bool next_line(hx_str *list, hx_str *line) {
    if (list->len == 0) return false;
    const char *end = memchr(list->ptr, '\n', list->len);
    size_t n = end ? (size_t)(end - list->ptr) : list->len;
    *line = (hx_str){list->ptr, n};
    *list = (hx_str){list->ptr + n + (end ? 1 : 0), list->len - n - (end ? 1 : 0)};
    if (line->len > 0 && line->ptr[line->len - 1] == '\r') line->len--;
    return true;
}

static bool next_field(hx_str *line, hx_str *field) {
    if (!line->ptr) return false;
    const char *tab = memchr(line->ptr, '\t', line->len);
    size_t n = tab ? (size_t)(tab - line->ptr) : line->len;
    *field = (hx_str){line->ptr, n};
    *line = tab ? (hx_str){tab + 1, line->len - n - 1} : (hx_str){NULL, 0};
    return true;
}

static hx_status add_word(hx_augmenter *a, hx_map *map, hx_str word, hx_error *err) {
    uint64_t *place = hx_map_put(map, hx_hash(word));
    if (!place) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (*place == 0) *place = a->lines.len / sizeof(hx_str);
    return HX_OK;
}

static hx_status add_line(hx_augmenter *a, hx_str line, hx_error *err) {
    if (hx_buf_append(&a->lines, &line, sizeof line)) return HX_OK;
    return hx_buf_status(&a->lines, "a list of words", err);
}

static hx_status check_list(hx_str list, const char *what, hx_error *err) {
    if (hx_utf8_is_valid(list)) return HX_OK;
    return hx_fail(err, HX_EFORMAT, "the list of %s is not UTF-8 at byte %zu", what,
                   hx_utf8_valid_prefix(list));
}

static hx_status add_synonyms(hx_augmenter *a, hx_str list, hx_error *err) {
    hx_str line, word;
    HX_TRY(check_list(list, "synonyms", err));
    while (next_line(&list, &line)) {
        if (!memchr(line.ptr, '\t', line.len)) continue;
        HX_TRY(add_line(a, line, err));
        for (hx_str left = line; next_field(&left, &word);)
            if (word.len > 0) HX_TRY(add_word(a, &a->synonyms, word, err));
    }
    return HX_OK;
}

static hx_status add_characters(hx_augmenter *a, hx_map *map, hx_str list, const char *what,
                                hx_error *err) {
    hx_str line, head;
    HX_TRY(check_list(list, what, err));
    for (long row = 1; next_line(&list, &line); row++) {
        if (line.len == 0 || *line.ptr == '#') continue;
        hx_str rest = line;
        bool there = next_field(&rest, &head) && rest.ptr && rest.len > 0;
        if (!there || hx_utf8_count(head) != 1)
            return hx_fail(
                err, HX_EFORMAT,
                "line %ld of the list of %s is not one character, a tab and those like it", row,
                what);
        HX_TRY(add_line(a, rest, err));
        HX_TRY(add_word(a, map, head, err));
    }
    return HX_OK;
}

hx_status hx_augmenter_new(hx_augmenter **out, const hx_augment_lists *lists, hx_error *err) {
    static const hx_augment_lists none = {0};
    const hx_augment_lists *l = lists ? lists : &none;
    hx_augmenter *a = calloc(1, sizeof *a);
    if (!a) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_init(&a->lines, SIZE_MAX / 2);
    hx_map_init(&a->synonyms);
    hx_map_init(&a->homophones);
    hx_map_init(&a->shapes);
    hx_status st = add_synonyms(a, l->synonyms, err);
    if (st == HX_OK) st = add_characters(a, &a->homophones, l->homophones, "homophones", err);
    if (st == HX_OK) st = add_characters(a, &a->shapes, l->shapes, "shapes", err);
    if (st == HX_OK)
        *out = a;
    else
        hx_augmenter_free(a);
    return st;
}

void hx_augmenter_free(hx_augmenter *a) {
    if (!a) return;
    hx_map_release(&a->shapes);
    hx_map_release(&a->homophones);
    hx_map_release(&a->synonyms);
    hx_buf_release(&a->lines);
    free(a);
}

static hx_str find_line(const hx_augmenter *a, const hx_map *map, hx_str word) {
    const uint64_t *place = hx_map_get(map, hx_hash(word));
    if (!place) return (hx_str){NULL, 0};
    return ((const hx_str *)(const void *)a->lines.ptr)[*place - 1];
}

hx_status hx_augment_parse(hx_str names, unsigned *kinds, hx_error *err) {
    unsigned bits = 0;
    for (bool more = true; more;) {
        const char *comma = memchr(names.ptr ? names.ptr : "", ',', names.len);
        hx_str one = {names.ptr, comma ? (size_t)(comma - names.ptr) : names.len};
        unsigned bit = 0;
        for (unsigned k = 0; k < N_KINDS; k++)
            if (hx_str_equal(one, hx_str_of(kind_names[k]))) bit = 1u << k;
        if (hx_str_equal(one, HX_STR_LIT("all"))) bit = (1u << N_KINDS) - 1;
        if (bit == 0)
            return hx_fail(err, HX_EINVAL,
                           "'%.*s' is no way of augmenting; synonym, swap, delete, insert, "
                           "homophone, shape, keyboard, join and all are",
                           HX_STR_ARG(one));
        bits |= bit;
        more = comma != NULL;
        if (more) names = (hx_str){comma + 1, names.len - one.len - 1};
    }
    *kinds = bits;
    return HX_OK;
}

/* ------------------------------------------------------------------ units */
typedef enum { UNIT_BETWEEN = 0, UNIT_HAN, UNIT_WORD } unit_sort;
typedef struct {
    uint32_t at, len; /* bytes */
    unit_sort sort;
} unit;

typedef struct {
    const hx_augmenter *a;
    hx_str text;
    unsigned kinds;
    hx_rng rng;
    const unit *units;
    size_t n_units;
    size_t left; /* characters and words that are still in the text */
    hx_buf *out, *origin;
} work;

static unit_sort sort_of(uint32_t cp) {
    if (cp == HX_UTF8_BAD) return UNIT_BETWEEN;
    if (hx_utf8_is_han(cp)) return UNIT_HAN;
    if (cp < 0x80)
        return (cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z') ||
                       cp == '\''
                   ? UNIT_WORD
                   : UNIT_BETWEEN;
    bool letter = (cp >= 0xC0 && cp < 0x2000 && cp != 0xD7 && cp != 0xF7) ||
                  (cp >= 0xAC00 && cp <= 0xD7A3) || (cp >= 0x3041 && cp <= 0x30FF);
    return letter ? UNIT_WORD : UNIT_BETWEEN;
}

/* Units to `units`; false when out of memory. */
static bool find_units(hx_str text, hx_buf *units) {
    for (size_t at = 0; at < text.len;) {
        size_t from = at;
        unit_sort sort = sort_of(hx_utf8_next(text, &at));
        size_t n = units->len / sizeof(unit);
        unit *last = n ? (unit *)(void *)units->ptr + (n - 1) : NULL;
        if (last && sort == UNIT_WORD && last->sort == UNIT_WORD) {
            last->len += (uint32_t)(at - from);
            continue;
        }
        const unit u = {(uint32_t)from, (uint32_t)(at - from), sort};
        if (!hx_buf_append(units, &u, sizeof u)) return false;
    }
    return true;
}

static hx_str text_of(const work *w, size_t i) {
    return (hx_str){w->text.ptr + w->units[i].at, w->units[i].len};
}

/* ------------------------------------------------------------------ writing */
/* Characters of s; `origin` = byte offset in the text of the first, the others follow it; INSERTED = of none. */
static void put(work *w, hx_str s, uint32_t origin) {
    (void)hx_buf_append_str(w->out, s);
    if (!w->origin) return;
    for (size_t at = 0; at < s.len;) {
        uint32_t from = origin == INSERTED ? INSERTED : origin + (uint32_t)at;
        (void)hx_buf_append(w->origin, &from, sizeof from);
        (void)hx_utf8_next(s, &at);
    }
}

static void put_unit(work *w, size_t i) {
    put(w, text_of(w, i), w->units[i].at);
}

/* `s` for the bytes [at, at + len) of the text: its k-th character stands for the k-th there. */
static void put_instead(work *w, hx_str s, uint32_t at, uint32_t len) {
    hx_str old = {w->text.ptr + at, len};
    (void)hx_buf_append_str(w->out, s);
    for (size_t i = 0, k = 0; w->origin && i < s.len; (void)hx_utf8_next(s, &i)) {
        uint32_t from = k < old.len ? at + (uint32_t)k : INSERTED;
        (void)hx_buf_append(w->origin, &from, sizeof from);
        if (k < old.len) (void)hx_utf8_next(old, &k);
    }
}

/* ------------------------------------------------------------------ kinds: each returns how many units it used up, 0 = it can't */
static size_t drawn(work *w, size_t n) {
    return (size_t)hx_rng_below(&w->rng, n);
}

static bool put_other_word(work *w, hx_str line, hx_str word, uint32_t at) {
    size_t n = 0, k;
    hx_str one;
    for (hx_str left = line; next_field(&left, &one);)
        n += one.len > 0 && !hx_str_equal(one, word);
    if (n == 0) return false;
    k = drawn(w, n);
    for (hx_str left = line; next_field(&left, &one);) {
        if (one.len == 0 || hx_str_equal(one, word)) continue;
        if (k-- == 0) put_instead(w, one, at, (uint32_t)word.len);
    }
    return true;
}

static size_t synonym(work *w, size_t i) {
    size_t most = 1;
    uint32_t at = w->units[i].at;
    if (w->units[i].sort == UNIT_HAN)
        while (most < SYNONYM_MAX && i + most < w->n_units && w->units[i + most].sort == UNIT_HAN)
            most++;
    for (size_t n = most; n > 0; n--) {
        const unit *last = &w->units[i + n - 1];
        hx_str word = {w->text.ptr + at, last->at + last->len - at};
        hx_str line = find_line(w->a, &w->a->synonyms, word);
        if (line.ptr && put_other_word(w, line, word, at)) return n;
    }
    return 0;
}

static size_t swap(work *w, size_t i) {
    bool han = w->units[i].sort == UNIT_HAN;
    size_t k = han ? i + 1 : i + 2;
    bool apart = han || (i + 1 < w->n_units && hx_str_equal(text_of(w, i + 1), HX_STR_LIT(" ")));
    if (!apart || k >= w->n_units || w->units[k].sort != w->units[i].sort ||
        hx_str_equal(text_of(w, i), text_of(w, k)))
        return 0;
    put_unit(w, k);
    if (!han) put_unit(w, i + 1);
    put_unit(w, i);
    return k - i + 1;
}

static size_t drop(work *w, size_t i) {
    if (w->left < 2) return 0;
    w->left--;
    bool blank = w->units[i].sort == UNIT_WORD && i + 1 < w->n_units &&
                 hx_str_equal(text_of(w, i + 1), HX_STR_LIT(" "));
    return blank ? 2 : 1;
}

static size_t insert(work *w, size_t i) {
    size_t n = 0;
    for (size_t k = 0; k < w->n_units; k++)
        n += w->units[k].sort == w->units[i].sort;
    size_t chosen = drawn(w, n);
    put_unit(w, i);
    if (w->units[i].sort == UNIT_WORD) put(w, HX_STR_LIT(" "), INSERTED);
    for (size_t k = 0; k < w->n_units; k++)
        if (w->units[k].sort == w->units[i].sort && chosen-- == 0) put(w, text_of(w, k), INSERTED);
    return 1;
}

static size_t like(work *w, const hx_map *map, size_t i) {
    hx_str line =
        w->units[i].sort == UNIT_HAN ? find_line(w->a, map, text_of(w, i)) : (hx_str){NULL, 0};
    size_t n = line.ptr ? hx_utf8_count(line) : 0, at = 0;
    if (n == 0) return 0;
    for (size_t k = drawn(w, n); k > 0; k--)
        (void)hx_utf8_next(line, &at);
    size_t end = at;
    (void)hx_utf8_next(line, &end);
    put_instead(w, (hx_str){line.ptr + at, end - at}, w->units[i].at, w->units[i].len);
    return 1;
}

/* Neighbours on a QWERTY keyboard, a to z. */
static const char *const beside[26] = {
    "qwsz",   "vghn",  "xdfv", "serfcx", "wsdr", "drtgvc", "ftyhbv", "gyujnb", "ujko",
    "huikmn", "jiolm", "kop",  "njk",    "bhjm", "iklp",   "ol",     "wa",     "edft",
    "awedxz", "rfgy",  "yhji", "cfgb",   "qase", "zsdc",   "tghu",   "asx"};

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t keyboard(work *w, size_t i) {
    hx_str word = text_of(w, i);
    if (w->units[i].sort != UNIT_WORD || word.len < 3) return 0;
    for (size_t k = 0; k < word.len; k++)
        if (!is_letter(word.ptr[k])) return 0;
    size_t k = drawn(w, word.len), way = drawn(w, 3);
    uint32_t at = w->units[i].at;
    char c = word.ptr[k], lower = (char)(c | 0x20);
    const char *near = beside[lower - 'a'];
    char other = near[drawn(w, strlen(near))];
    if (c != lower) other = (char)(other & ~0x20);
    put(w, (hx_str){word.ptr, k}, at);
    if (way == 0) put(w, (hx_str){&other, 1}, at + (uint32_t)k);
    if (way == 1) put(w, (hx_str){&c, 1}, at + (uint32_t)k);
    if (way == 1) put(w, (hx_str){&c, 1}, INSERTED);
    put(w, (hx_str){word.ptr + k + 1, word.len - k - 1}, at + (uint32_t)k + 1);
    return 1;
}

static size_t change(work *w, size_t i, unsigned kind) {
    switch (kind) {
    case HX_AUGMENT_SYNONYM:
        return synonym(w, i);
    case HX_AUGMENT_SWAP:
        return swap(w, i);
    case HX_AUGMENT_DELETE:
        return drop(w, i);
    case HX_AUGMENT_INSERT:
        return insert(w, i);
    case HX_AUGMENT_HOMOPHONE:
        return like(w, &w->a->homophones, i);
    case HX_AUGMENT_SHAPE:
        return like(w, &w->a->shapes, i);
    case HX_AUGMENT_KEYBOARD:
        return keyboard(w, i);
    default:
        return 0;
    }
}

/* Tries the asked-for kinds in an order that begins with a drawn one. */
static size_t change_somehow(work *w, size_t i) {
    unsigned listed[N_KINDS], n = 0;
    for (unsigned k = 0; k < N_KINDS - 1; k++)
        if (w->kinds >> k & 1u) listed[n++] = 1u << k;
    if (n == 0) return 0;
    unsigned first = (unsigned)drawn(w, n);
    for (unsigned k = 0; k < n; k++) {
        size_t used = change(w, i, listed[(first + k) % n]);
        if (used > 0) return used;
    }
    return 0;
}

static void walk(work *w, double rate) {
    for (size_t i = 0; i < w->n_units; i++)
        w->left += w->units[i].sort != UNIT_BETWEEN;
    for (size_t i = 0; i < w->n_units;) {
        bool chosen = w->units[i].sort != UNIT_BETWEEN && hx_rng_uniform(&w->rng) < rate;
        size_t used = chosen ? change_somehow(w, i) : 0;
        if (used == 0) put_unit(w, i);
        i += used ? used : 1;
    }
}

hx_status hx_augment_text(const hx_augmenter *a, hx_str text, unsigned kinds, double rate,
                          uint64_t seed, uint64_t number, hx_buf *out, hx_buf *origin,
                          hx_error *err) {
    work w = {.a = a, .text = text, .kinds = kinds, .out = out, .origin = origin};
    hx_buf units;
    if (!(rate >= 0 && rate <= 1))
        return hx_fail(err, HX_EINVAL, "a rate of %g is not between 0 and 1", rate);
    if (text.len >= UINT32_MAX)
        return hx_fail(err, HX_ELIMIT, "a text of %zu bytes is too long to augment", text.len);
    hx_buf_init(&units, SIZE_MAX / 2);
    hx_status st = HX_OK;
    if (find_units(text, &units)) {
        hx_rng_seed(&w.rng, hx_hash_mix(seed, number));
        w.units = (const unit *)(const void *)units.ptr;
        w.n_units = units.len / sizeof(unit);
        walk(&w, rate);
        st = hx_buf_status(out, "augmented text", err);
        if (st == HX_OK && origin) st = hx_buf_status(origin, "augmented text", err);
    } else {
        st = hx_buf_status(&units, "augmented text", err);
    }
    hx_buf_release(&units);
    return st;
}
