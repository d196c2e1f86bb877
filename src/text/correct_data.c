/* correct_data.c - opens correct.hxd and asks it; see correct_data.h for the format.
 *
 * Everything that is followed later (starts of lists and words) is checked when the file is opened, so that a lookup needs no check:
 * starts ascend and end where their text ends, tables are powers of two of buckets. Units out of range are the unknown one.
 *
 * The file is mapped; only the letters of each word are counted into memory of its own. */
#include "text/correct_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define WAYS 4u
#define UNIT_BITS 21
#define HAN_FIRST 0x4E00u
#define HAN_END 0x9FA6u /* behind the last one listed */
#define UNITS_ZH 0x10000u
#define WORDS_MAX (1u << 20)

static const double prob_scale = -1.0 / 12, back_scale = -1.0 / 24;

/* ------------------------------------------------------------------ opening */
static hx_status unsound(const char *path, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "%s holds no sound spelling data; install the program again",
                   path);
}

static hx_status section(const hx_correct_data *d, const char *lang, const char *name, size_t each,
                         hx_str *out, hx_error *err) {
    char full[HX_DATAFILE_NAME_MAX + 1];
    (void)snprintf(full, sizeof full, "%s.%s", lang, name);
    return hx__datafile_section(&d->file, full, each, out, err);
}

static bool take_table(hx_gram_table *t, hx_str check, hx_str prob, const hx_str *back) {
    size_t slots = check.len / sizeof *t->check, buckets = slots / WAYS;
    if (buckets < 2 || buckets * WAYS != slots || (buckets & (buckets - 1)) != 0) return false;
    if (prob.len != slots || (back && back->len != slots)) return false;
    t->check = (const uint16_t *)(const void *)check.ptr;
    t->prob = (const uint8_t *)prob.ptr;
    t->back = back ? (const uint8_t *)back->ptr : NULL;
    for (t->shift = 64; buckets > 1; buckets /= 2)
        t->shift--;
    return true;
}

static hx_status take_model(const hx_correct_data *d, const char *lang, uint32_t n_units,
                            hx_unit_model *m, const char *path, hx_error *err) {
    hx_str one, one_back, check, prob, back;
    HX_TRY(section(d, lang, "one", 1, &one, err));
    HX_TRY(section(d, lang, "one.back", 1, &one_back, err));
    if (one.len != n_units || one_back.len != n_units) return unsound(path, err);
    m->one = (const uint8_t *)one.ptr;
    m->one_back = (const uint8_t *)one_back.ptr;
    m->n_units = n_units;
    HX_TRY(section(d, lang, "two.check", 2, &check, err));
    HX_TRY(section(d, lang, "two.prob", 1, &prob, err));
    HX_TRY(section(d, lang, "two.back", 1, &back, err));
    if (!take_table(&m->two, check, prob, &back)) return unsound(path, err);
    HX_TRY(section(d, lang, "three.check", 2, &check, err));
    HX_TRY(section(d, lang, "three.prob", 1, &prob, err));
    return take_table(&m->three, check, prob, NULL) ? HX_OK : unsound(path, err);
}

static bool ascends(const uint32_t *starts, size_t n, size_t end) {
    for (size_t i = 0; i < n; i++)
        if (starts[i] > starts[i + 1]) return false;
    return starts[0] == 0 && starts[n] == end;
}

static hx_status take_likes(hx_correct_data *d, const char *path, hx_error *err) {
    hx_str start, code, kind;
    HX_TRY(section(d, "zh", "like.start", sizeof *d->like_start, &start, err));
    HX_TRY(section(d, "zh", "like.code", sizeof *d->like_code, &code, err));
    HX_TRY(section(d, "zh", "like.kind", 1, &kind, err));
    d->like_start = (const uint32_t *)(const void *)start.ptr;
    d->like_code = (const uint16_t *)(const void *)code.ptr;
    d->like_kind = (const uint8_t *)kind.ptr;
    if (start.len != (HAN_END - HAN_FIRST + 1) * sizeof *d->like_start ||
        code.len != kind.len * sizeof *d->like_code ||
        !ascends(d->like_start, HAN_END - HAN_FIRST, kind.len))
        return unsound(path, err);
    return HX_OK;
}

static hx_status take_words(hx_correct_data *d, const char *path, hx_error *err) {
    hx_str text, start, frequency, name;
    HX_TRY(section(d, "en", "text", 1, &text, err));
    HX_TRY(section(d, "en", "start", sizeof *d->start, &start, err));
    HX_TRY(section(d, "en", "frequency", 1, &frequency, err));
    HX_TRY(section(d, "en", "name", 1, &name, err));
    size_t n = frequency.len;
    d->text = text.ptr;
    d->start = (const uint32_t *)(const void *)start.ptr;
    d->frequency = (const uint8_t *)frequency.ptr;
    d->name = (const uint8_t *)name.ptr;
    if (n == 0 || n > WORDS_MAX || name.len != n || start.len != (n + 1) * sizeof *d->start ||
        !ascends(d->start, n, text.len))
        return unsound(path, err);
    d->n_words = (uint32_t)n;
    d->letters = calloc(n, sizeof *d->letters);
    if (!d->letters) return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", path);
    for (uint32_t i = 0; i < d->n_words; i++)
        d->letters[i] = hx__letters_of(hx__spelt_text(d, i));
    return HX_OK;
}

hx_status hx__correct_data_open(hx_correct_data *d, const char *share_dir, hx_error *err) {
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/models/huaxiang-correct/correct.hxd", share_dir);
    *d = (hx_correct_data){.n_words = 0};
    if (n < 0 || (size_t)n >= sizeof path)
        return hx_fail(err, HX_EINVAL, "the path of the data folder is too long");
    HX_TRY(hx__datafile_open(&d->file, path, "correct", err));
    hx_status st = take_likes(d, path, err);
    if (st == HX_OK) st = take_words(d, path, err);
    if (st == HX_OK) st = take_model(d, "zh", UNITS_ZH, &d->zh, path, err);
    if (st == HX_OK) st = take_model(d, "en", HX_SPELT_WORDS + d->n_words, &d->en, path, err);
    if (st != HX_OK) hx__correct_data_close(d);
    return st;
}

void hx__correct_data_close(hx_correct_data *d) {
    free(d->letters);
    hx__datafile_close(&d->file);
    *d = (hx_correct_data){.n_words = 0};
}

/* ------------------------------------------------------------------ n-grams */
static uint64_t mix_key(uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static bool find_gram(const hx_gram_table *t, uint64_t key, size_t *at) {
    uint64_t hash = mix_key(key);
    uint16_t check = (uint16_t)(1 + (hash & 0xFFFFFFFFu) % 65535);
    size_t first = (size_t)(hash >> t->shift) * WAYS;
    for (*at = first; *at < first + WAYS; ++*at)
        if (t->check[*at] == check) return true;
    return false;
}

static uint32_t known_unit(const hx_unit_model *m, uint32_t unit) {
    return unit < m->n_units ? unit : HX_SPELT_UNKNOWN;
}

double hx__unit_log_prob(const hx_unit_model *m, uint32_t a, uint32_t b, uint32_t c) {
    size_t at;
    double sum = 0;
    a = b == HX_SPELT_BOUND ? HX_SPELT_BOUND : known_unit(m, a);
    b = known_unit(m, b);
    c = known_unit(m, c);
    uint64_t two = (uint64_t)a << UNIT_BITS | b;
    if (find_gram(&m->three, two << UNIT_BITS | c, &at)) return m->three.prob[at] * prob_scale;
    if (find_gram(&m->two, two, &at)) sum += m->two.back[at] * back_scale;
    if (find_gram(&m->two, (uint64_t)b << UNIT_BITS | c, &at))
        return sum + m->two.prob[at] * prob_scale;
    return sum + m->one_back[b] * back_scale + m->one[c] * prob_scale;
}

uint32_t hx__unit_of_code(uint32_t code) {
    if (code >= 0xFF01 && code <= 0xFF5E) code -= 0xFEE0;
    if (code >= '0' && code <= '9') return '0';
    if ((code | 32) >= 'a' && (code | 32) <= 'z' && code < 128) return 'a';
    if (code == '\n' || code == 0x3002 || code == '!' || code == '?' || code == 0x2026)
        return HX_SPELT_BOUND;
    return code < UNITS_ZH ? code : HX_SPELT_UNKNOWN;
}

/* ------------------------------------------------------------------ words */
uint32_t hx__spelt_word(const hx_correct_data *d, hx_str word) {
    uint32_t low = 0, high = d->n_words;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        hx_str text = hx__spelt_text(d, mid);
        size_t n = text.len < word.len ? text.len : word.len;
        int c = memcmp(text.ptr, word.ptr, n);
        if (c == 0 && text.len == word.len) return mid;
        if (c < 0 || (c == 0 && text.len < word.len))
            low = mid + 1;
        else
            high = mid;
    }
    return d->n_words;
}

uint32_t hx__letters_of(hx_str word) {
    uint32_t bits = 0;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        if (c >= 'a' && c <= 'z') bits |= 1u << (c - 'a');
    }
    return bits;
}
