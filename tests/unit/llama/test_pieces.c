/* test_pieces.c - what the fast ways of tokenizers must not change: the search for pieces against its definition, also where words come from the
 * cache and where scores are a rounding apart; SentencePiece's normaliser with and without its way for plain characters; vocabularies by hash;
 * the bytes of byte-level tokens. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "llama/tokenizer_parts.h"

#define META "\xE2\x96\x81"

static hx_error error;

static hx_tokenizer *open_kind(const char *kind) {
    char path[512];
    hx_tokenizer *t = NULL;
    snprintf(path, sizeof path, HX_SOURCE_DIR "/tests/golden/llama/tokens/%s", kind);
    if (hx_tokenizer_open_folder(&t, path, &error) != HX_OK) fail_msg("%s", error.message);
    return t;
}

/* ------------------------------------------------------------------ the search */
typedef struct {
    double score;
    size_t start;
    int32_t id;
    bool reached;
} slow_place;

static void slow_step(const hx_tokenizer *t, slow_place *p, size_t from, size_t to, int32_t id) {
    double sum = p[from].score + (id < 0 ? t->unknown_score : t->steps[id]);
    if (t->single) sum = (double)(float)sum;
    if (p[to].reached && !(sum > p[to].score)) return;
    p[to] = (slow_place){sum, from, id, true};
}

static int32_t piece_at(const hx_tokenizer *t, hx_str s) {
    int32_t id = hx_vocab_find(&t->vocab, s);
    bool is =
        id >= 0 && (t->vocab.types[id] == HX_TOKEN_NORMAL || t->vocab.types[id] == HX_TOKEN_USER);
    return is ? id : -1;
}

/* The whole text, every piece at every place. The ids in `out`. */
static void search_slowly(const hx_tokenizer *t, hx_str text, hx_buf *out) {
    slow_place *p = calloc(text.len + 1, sizeof *p);
    size_t *ends = calloc(text.len + 1, sizeof *ends), n = 0;
    assert_non_null(p);
    assert_non_null(ends);
    p[0].reached = true;
    for (size_t at = 0; at < text.len;) {
        unsigned len;
        (void)hx_char_at(text.ptr + at, &len);
        for (size_t to = at + 1; to <= text.len && to <= at + 48; to++) {
            int32_t id = piece_at(t, (hx_str){text.ptr + at, to - at});
            if (id >= 0 || to == at + len) slow_step(t, p, at, to, id);
        }
        at += len;
    }
    for (size_t at = text.len; at > 0; at = p[at].start)
        ends[n++] = at;
    hx_id_out ids = {out, 0};
    while (n > 0) {
        const slow_place *last = &p[ends[--n]];
        if (last->id >= 0)
            assert_true(hx_buf_append(out, &last->id, sizeof last->id));
        else
            assert_true(
                hx__put_unknown(t, (hx_str){text.ptr + last->start, ends[n] - last->start}, &ids));
    }
    free(ends);
    free(p);
}

static void check_search(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text) {
    hx_buf fast, slow;
    hx_buf_init(&fast, SIZE_MAX / 2);
    hx_buf_init(&slow, SIZE_MAX / 2);
    hx_id_out out = {&fast, 0};
    assert_true(hx__unigram_word(t, s, text, &out));
    search_slowly(t, text, &slow);
    if (!hx_str_equal(hx_buf_str(&fast), hx_buf_str(&slow)))
        fail_msg("other ids than by the definition: %.*s", HX_STR_ARG(text));
    hx_buf_release(&fast);
    hx_buf_release(&slow);
}

static size_t random_text(hx_rng *rng, char *out, size_t cap) {
    static const char *const parts[] = {META,
                                        META "the",
                                        META "a",
                                        "s",
                                        "er",
                                        "ing",
                                        "e",
                                        "t",
                                        "的",
                                        "很好",
                                        "服务",
                                        META META,
                                        "\xF0\x9F\x98\x80",
                                        "an",
                                        "on",
                                        "q",
                                        META,
                                        META "customers",
                                        META "very",
                                        "xyz"};
    size_t n = hx_rng_below(rng, 300), len = 0, kinds = 2 + hx_rng_below(rng, 19);
    for (size_t i = 0; i < n; i++) {
        const char *part = parts[hx_rng_below(rng, kinds)];
        if (len + strlen(part) > cap) break;
        memcpy(out + len, part, strlen(part));
        len += strlen(part);
    }
    return len;
}

/* Scores on a grid, so that many ways are equal, or a little off it, so that rounding decides between them. */
static void score_anew(hx_tokenizer *t, hx_rng *rng, double off) {
    t->step_most = fabs(t->unknown_score);
    for (size_t id = 0; id < t->vocab.n; id++) {
        double grid = -1.0 - (double)hx_rng_below(rng, 12);
        t->steps[id] = (double)(float)(grid + off * (double)hx_rng_below(rng, 5));
        t->step_most = fmax(t->step_most, fabs(t->steps[id]));
    }
}

static void check_searches(const char *kind) {
    static char text[4096];
    static const double offs[] = {-1, 0, 1e-6, 1e-5, 1e-4, 1e-3};
    hx_rng rng;
    hx_rng_seed(&rng, 7);
    hx_tokenizer *t = open_kind(kind);
    for (size_t k = 0; k < sizeof offs / sizeof *offs; k++) {
        hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
        assert_non_null(s);
        if (offs[k] >= 0) score_anew(t, &rng, offs[k]);
        for (int i = 0; i < 120; i++)
            check_search(t, s, (hx_str){text, random_text(&rng, text, sizeof text)});
        hx_tokenizer_scratch_free(s);
    }
    hx_tokenizer_close(t);
}

static void test_search_single(void **state) {
    (void)state;
    check_searches("sp_unigram");
}

static void test_search_double(void **state) {
    (void)state;
    check_searches("unigram");
}

/* With a piece that goes on behind U+2581 no word may be cut there. */
static void test_no_cut(void **state) {
    (void)state;
    static char text[4096];
    hx_rng rng;
    hx_rng_seed(&rng, 9);
    hx_tokenizer *t = open_kind("sp_unigram");
    hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
    assert_non_null(s);
    assert_true(t->cuts_at_meta);
    t->cuts_at_meta = false;
    for (int i = 0; i < 100; i++)
        check_search(t, s, (hx_str){text, random_text(&rng, text, sizeof text)});
    hx_tokenizer_scratch_free(s);
    hx_tokenizer_close(t);
}

/* ------------------------------------------------------------------ plain characters */
static void normal_of(const hx_tokenizer *t, hx_str text, hx_buf *out) {
    hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
    hx_str normal = {NULL, 0};
    assert_non_null(s);
    s->normal_left = hx__normal_most(text.len);
    if (hx__normalise(t, s, text, HX_PLACE_FIRST, &normal, &error) != HX_OK)
        fail_msg("%s", error.message);
    assert_true(hx_buf_append_str(out, normal));
    hx_tokenizer_scratch_free(s);
}

static size_t random_characters(hx_rng *rng, char *out, size_t n) {
    static const uint32_t some[] = {0x300,  0x301, 0x308,  0x327,  0xFF21,
                                    0x3000, 0xA0,  0x2581, 0xAC00, 0x4E2D};
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t kind = hx_rng_below(rng, 8);
        uint32_t cp = kind == 0   ? some[hx_rng_below(rng, sizeof some / sizeof *some)]
                      : kind == 1 ? ' '
                                  : (uint32_t)hx_rng_below(rng, 128);
        len += hx_utf8_put(cp, out + len);
    }
    return len;
}

static void check_plain(const char *kind) {
    char text[512];
    hx_rng rng;
    hx_rng_seed(&rng, 5);
    hx_tokenizer *t = open_kind(kind), *slow = open_kind(kind);
    memset(slow->plain, 0, sizeof slow->plain);
    assert_true(t->plain['e']);
    for (int i = 0; i < 1500; i++) {
        hx_str in = {text, random_characters(&rng, text, 1 + hx_rng_below(&rng, 60))};
        hx_buf a, b;
        hx_buf_init(&a, SIZE_MAX / 2);
        hx_buf_init(&b, SIZE_MAX / 2);
        normal_of(t, in, &a);
        normal_of(slow, in, &b);
        assert_true(hx_str_equal(hx_buf_str(&a), hx_buf_str(&b)));
        hx_buf_release(&a);
        hx_buf_release(&b);
    }
    hx_tokenizer_close(slow);
    hx_tokenizer_close(t);
}

static void test_plain(void **state) {
    (void)state;
    check_plain("sp_unigram");
    check_plain("sp_bpe");
    check_plain("sp_bpe_extra");
}

/* ------------------------------------------------------------------ damaged maps */
#define UNITS 512u

/* A map of one entry: 'a' becomes what stands at `value` of `texts`. Returns its length. */
static size_t map_of(uint32_t value, hx_str texts, char *out) {
    uint32_t units[UNITS] = {0}, size = sizeof units;
    units[0] = 256u << 10;
    units[256 ^ 'a'] = 'a' | 0x100u | 1u << 10;
    units[256 ^ 'a' ^ 1] = 0x80000000u | value;
    memcpy(out, &size, sizeof size);
    memcpy(out + sizeof size, units, sizeof units);
    memcpy(out + sizeof size + sizeof units, texts.ptr, texts.len);
    return sizeof size + sizeof units + texts.len;
}

/* A map that puts parts of characters into a text would let the search run over the text's end. */
static void test_map_of_parts(void **state) {
    (void)state;
    static char map[sizeof(uint32_t) * (UNITS + 1) + 16];
    const hx_str part = {"\xF0\0", 2}, whole = {"\xC3\xA9\0", 3};
    hx_tokenizer *t = open_kind("sp_unigram");
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(hx__charsmap_read(t, (hx_str){map, map_of(0, part, map)}, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "the compiled character map is damaged"));
    for (uint32_t value = 0; value < 2; value++) {
        hx_buf normal;
        hx_buf_init(&normal, SIZE_MAX / 2);
        assert_int_equal(hx__charsmap_read(t, (hx_str){map, map_of(value, whole, map)}, &err),
                         HX_OK);
        hx__plain_index(t);
        normal_of(t, HX_STR_LIT("a"), &normal);
        assert_true(hx_str_equal(hx_buf_str(&normal),
                                 value == 0 ? HX_STR_LIT(META "\xC3\xA9") : HX_STR_LIT(META "a")));
        hx_buf_release(&normal);
    }
    hx_tokenizer_close(t);
}

/* ------------------------------------------------------------------ spellings */
#define WORDS 4000u

/* Lengths 1 to 40, many with equal begins, ends or both. */
static hx_str spelling_of(uint32_t i, char *room) {
    size_t len = 5 + i % 36, at = i / 36 % 3 == 0 ? 0 : i / 36 % 3 == 1 ? len - 5 : (len - 5) / 2;
    memset(room, 'a', len);
    for (int k = 0; k < 5; k++, i /= 10)
        room[at + (size_t)k] = (char)('0' + i % 10);
    return (hx_str){room, len};
}

static void test_vocabulary(void **state) {
    (void)state;
    static char text[WORDS * 48];
    static hx_vocab_span spans[WORDS];
    char room[64];
    hx_vocab v = {.n = WORDS, .text = text, .spans = spans};
    size_t at = 0;
    for (uint32_t i = 0; i < WORDS; i++) {
        hx_str s = spelling_of(i, text + at);
        spans[i] = (hx_vocab_span){(uint32_t)at, (uint32_t)s.len};
        at += s.len;
    }
    hx_arena *arena = hx_arena_new(1u << 24);
    assert_non_null(arena);
    assert_int_equal(hx_vocab_index(&v, "test", arena, &error), HX_OK);
    for (uint32_t i = 0; i < WORDS; i++) {
        hx_str s = spelling_of(i, room);
        assert_int_equal(hx_vocab_find(&v, s), i);
        assert_int_equal(hx_vocab_find_hashed(&v, s, hx_vocab_hash_of(&v, s, room + sizeof room)),
                         i);
        s.len--;
        assert_true(s.len == 4 || hx_vocab_find(&v, s) != (int32_t)i);
        assert_int_equal(hx_vocab_find(&v, spelling_of(i + WORDS, room)), -1);
    }
    assert_int_equal(hx_vocab_find(&v, HX_STR_LIT("")), -1);
    spans[17] = spans[1234];
    assert_int_equal(hx_vocab_index(&v, "test", arena, &error), HX_EFORMAT);
    assert_string_equal(error.message, "test: tokens 17 and 1234 are both spelt 'aaaaaaaaaa43210'");
    hx_arena_free(arena);
}

static void test_bytes_of_spellings(void **state) {
    (void)state;
    hx_tokenizer *t = open_kind("qwen2");
    size_t checked = 0;
    for (size_t id = 0; id < hx_tokenizer_n_vocab(t); id++) {
        hx_str s = hx_tokenizer_spelling(t, (int32_t)id), got = hx_tokenizer_bytes(t, (int32_t)id);
        if (t->vocab.types[id] != HX_TOKEN_NORMAL) continue;
        size_t n = 0;
        for (size_t at = 0; at < s.len; n++) {
            int byte = hx__spelt_byte(hx_utf8_next(s, &at));
            assert_true(byte >= 0 && n < got.len);
            assert_int_equal(byte, (unsigned char)got.ptr[n]);
        }
        assert_int_equal(n, got.len);
        checked++;
    }
    assert_true(checked > 300);
    hx_tokenizer_close(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search_single),
        cmocka_unit_test(test_search_double),
        cmocka_unit_test(test_no_cut),
        cmocka_unit_test(test_map_of_parts),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_vocabulary),
        cmocka_unit_test(test_bytes_of_spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
