/* test_tokenizer_train.c - vocabularies that are learnt: the same ids as sentencepiece gives with them (tests/golden/llama/make_trained.py), the
 * same merges as a plain trainer that cuts every word anew after each merge, the same file whatever the order and the threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "llama/tokenizer.h"
#include "llama/tokenizer_train.h"

#define TRAINED HX_SOURCE_DIR "/tests/golden/llama/trained"

static const hx_str symbols[] = {{"<mask>", 6}, {"<sep>", 5}};

typedef struct {
    char folder[64], path[96];
} place;

static void place_init(place *p) {
    snprintf(p->folder, sizeof p->folder, "/tmp/hx-train-tokenizer-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->path, sizeof p->path, "%s/tokenizer.model", p->folder);
}

static void place_release(place *p) {
    unlink(p->path);
    assert_int_equal(rmdir(p->folder), 0);
}

static void read_file(const char *path, hx_buf *out) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_buf_init(out, (size_t)64 << 20);
    assert_int_equal(hx_file_read(path, out, &err), HX_OK);
}

static void train(const hx_tokenizer_train_options *o, const hx_str *texts, size_t n,
                  const char *path, hx_tokenizer_train_counts *counts) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tokenizer_trainer *t = NULL;
    assert_int_equal(hx_tokenizer_trainer_new(&t, o, &err), HX_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(hx_tokenizer_trainer_add(t, texts[i], &err), HX_OK);
    if (hx_tokenizer_trainer_write(t, path, &err) != HX_OK) fail_msg("%s", err.message);
    if (counts) *counts = *hx_tokenizer_trainer_counts(t);
    hx_tokenizer_trainer_free(t);
}

/* The lines of a text; returns their number. */
static size_t lines_of(hx_str text, hx_str *lines, size_t room) {
    size_t n = 0;
    for (size_t at = 0; at < text.len && n < room;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.ptr) - at : text.len - at;
        if (len) lines[n++] = (hx_str){text.ptr + at, len};
        at += len + 1;
    }
    return n;
}

static hx_tokenizer *open_trained(const place *p) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tokenizer *t = NULL;
    if (hx_tokenizer_open_folder(&t, p->folder, &err) != HX_OK) fail_msg("%s", err.message);
    return t;
}

/* ------------------------------------------------------------------ against sentencepiece */
static unsigned hex_value(char c) {
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t unhex(const char *hex, char *out) {
    size_t n = 0;
    for (; hex[2 * n] != '\t'; n++)
        out[n] = (char)(16 * hex_value(hex[2 * n]) + hex_value(hex[2 * n + 1]));
    return n;
}

static void check_case(const hx_tokenizer *t, hx_tokenizer_scratch *s, char *line) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    const hx_token_options plain = {0};
    char text[1024];
    hx_buf ids, back;
    size_t len = unhex(line, text), i = 0;
    hx_buf_init(&ids, SIZE_MAX / 2);
    hx_buf_init(&back, SIZE_MAX / 2);
    assert_int_equal(hx_tokenizer_encode(t, s, (hx_str){text, len}, &plain, &ids, &err), HX_OK);
    const int32_t *ours = (const int32_t *)(const void *)ids.ptr;
    size_t n = ids.len / sizeof *ours;
    for (char *at = strchr(line, '\t') + 1, *end = at;; at = end, i++) {
        long id = strtol(at, &end, 10);
        if (end == at) break;
        if (i >= n || ours[i] != id) fail_msg("id %zu of %.60s", i, line);
    }
    assert_int_equal(i, n);
    assert_int_equal(hx_tokenizer_decode(t, ours, n, false, &back, &err), HX_OK);
    if (hx_utf8_is_valid((hx_str){text, len}) && !memmem(text, len, "\xE2\x96\x81", 3))
        assert_true(hx_str_equal(hx_buf_str(&back), (hx_str){text, len}));
    hx_buf_release(&ids);
    hx_buf_release(&back);
}

static hx_tokenizer *open_vocabulary(const place *p, const char *line, const hx_str *texts,
                                     size_t n_texts) {
    char *at = NULL;
    size_t vocab = (size_t)strtoul(line + strlen("vocab "), &at, 10);
    bool han = strtoul(at, &at, 10) == 1, digits = strtoul(at, &at, 10) == 1;
    const hx_tokenizer_train_options o = {.vocab = vocab,
                                          .coverage = 0.98,
                                          .han_alone = han,
                                          .split_digits = digits,
                                          .symbols = symbols,
                                          .n_symbols = 2};
    train(&o, texts, n_texts, p->path, NULL);
    return open_trained(p);
}

static void test_sentencepiece(void **state) {
    (void)state;
    place p;
    hx_buf text, cases;
    hx_str texts[64];
    hx_tokenizer *t = NULL;
    hx_tokenizer_scratch *s = NULL;
    size_t n_cases = 0;
    place_init(&p);
    read_file(TRAINED "/text.txt", &text);
    read_file(TRAINED "/cases.txt", &cases);
    assert_true(hx_buf_append_byte(&cases, '\0'));
    size_t n = lines_of(hx_buf_str(&text), texts, 64);
    for (char *line = cases.ptr, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next) *next++ = '\0';
        if (strncmp(line, "vocab ", 6) == 0) {
            hx_tokenizer_scratch_free(s);
            hx_tokenizer_close(t);
            t = open_vocabulary(&p, line, texts, n);
            s = hx_tokenizer_scratch_new(t);
            continue;
        }
        assert_non_null(s);
        check_case(t, s, line);
        n_cases++;
    }
    assert_true(n_cases > 200);
    hx_tokenizer_scratch_free(s);
    hx_tokenizer_close(t);
    hx_buf_release(&text);
    hx_buf_release(&cases);
    place_release(&p);
}

/* ------------------------------------------------------------------ against a plain trainer */
#define PLAIN_PIECES 400
#define PLAIN_WORDS 300

typedef struct {
    char text[PLAIN_PIECES][20];
    size_t n;
} plain_pieces;

typedef struct {
    char part[16][20];
    size_t n;
} cut_word;

static size_t rank_of(const plain_pieces *p, const char *a, const char *b) {
    char joined[40];
    snprintf(joined, sizeof joined, "%s%s", a, b);
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->text[i], joined) == 0) return i;
    return SIZE_MAX;
}

/* As the encoder cuts: the pair of the best rank, leftmost first, until there is none. */
static void cut(const plain_pieces *p, const char *word, cut_word *out) {
    out->n = strlen(word);
    for (size_t i = 0; i < out->n; i++)
        snprintf(out->part[i], sizeof out->part[i], "%c", word[i]);
    for (;;) {
        size_t best = SIZE_MAX, at = 0;
        for (size_t i = 0; i + 1 < out->n; i++) {
            size_t rank = rank_of(p, out->part[i], out->part[i + 1]);
            if (rank < best) {
                best = rank;
                at = i;
            }
        }
        if (best == SIZE_MAX) return;
        snprintf(out->part[at], sizeof out->part[at], "%s", p->text[best]);
        for (size_t i = at + 1; i + 1 < out->n; i++)
            memcpy(out->part[i], out->part[i + 1], sizeof out->part[i]);
        out->n--;
    }
}

typedef struct {
    char text[24];
    size_t n;
} counted;

static int better_first(const void *a, const void *b) {
    const counted *x = a, *y = b;
    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    size_t n = strlen(x->text), m = strlen(y->text);
    return n != m ? (n < m ? -1 : 1) : strcmp(x->text, y->text);
}

/* Adds the best pair of all words to p; false where none stands twice. */
static bool learn_plain(plain_pieces *p, char words[][17], size_t n_words) {
    static counted pairs[PLAIN_WORDS * 16];
    size_t n = 0;
    for (size_t w = 0; w < n_words; w++) {
        cut_word c;
        cut(p, words[w], &c);
        for (size_t i = 0; i + 1 < c.n; i++) {
            char joined[40];
            snprintf(joined, sizeof joined, "%s%s", c.part[i], c.part[i + 1]);
            if (strlen(joined) > 8 || (joined[0] != ' ' && strchr(joined, ' '))) continue;
            size_t k = 0;
            while (k < n && strcmp(pairs[k].text, joined) != 0)
                k++;
            if (k == n) {
                snprintf(pairs[n].text, sizeof pairs[n].text, "%.20s", joined);
                pairs[n++].n = 0;
            }
            pairs[k].n++;
        }
    }
    qsort(pairs, n, sizeof *pairs, better_first);
    if (n == 0 || pairs[0].n < 2) return false;
    snprintf(p->text[p->n++], sizeof p->text[0], "%.19s", pairs[0].text);
    return true;
}

static size_t random_words(hx_rng *r, char words[][17]) {
    size_t n = 40 + (size_t)hx_rng_below(r, PLAIN_WORDS - 40);
    unsigned letters = 2 + (unsigned)hx_rng_below(r, 4);
    for (size_t w = 0; w < n; w++) {
        size_t len = 1 + (size_t)hx_rng_below(r, 14);
        words[w][0] = ' ';
        for (size_t i = 1; i <= len; i++)
            words[w][i] = (char)('a' + hx_rng_below(r, letters));
        words[w][len + 1] = '\0';
    }
    return n;
}

static void test_plain_trainer(void **state) {
    (void)state;
    place p;
    place_init(&p);
    for (uint64_t seed = 1; seed <= 12; seed++) {
        static char words[PLAIN_WORDS][17];
        hx_str texts[PLAIN_WORDS];
        plain_pieces plain = {.n = 0};
        hx_rng r;
        hx_rng_seed(&r, seed);
        size_t n = random_words(&r, words);
        for (size_t i = 0; i < n; i++)
            texts[i] = hx_str_of(words[i] + 1);
        const hx_tokenizer_train_options o = {.vocab = 512, .coverage = 1, .max_piece = 8};
        hx_tokenizer_train_counts counts;
        train(&o, texts, n, p.path, &counts);
        hx_tokenizer *t = open_trained(&p);
        for (size_t i = 0; i < counts.n_merges && i < 60; i++) {
            char piece[32] = "";
            hx_str bytes = hx_tokenizer_bytes(t, (int32_t)(259 + i));
            assert_true(bytes.len < sizeof piece);
            memcpy(piece, bytes.ptr, bytes.len);
            assert_true(learn_plain(&plain, words, n));
            if (strcmp(piece, plain.text[i]) != 0)
                fail_msg("seed %d, merge %zu: '%s', not '%s'", (int)seed, i, piece, plain.text[i]);
        }
        hx_tokenizer_close(t);
    }
    place_release(&p);
}

/* ------------------------------------------------------------------ the file */
static void test_same_file(void **state) {
    (void)state;
    place p;
    hx_buf text, first, again;
    hx_str lines[64], turned[64];
    place_init(&p);
    read_file(TRAINED "/text.txt", &text);
    size_t n = lines_of(hx_buf_str(&text), lines, 64);
    for (size_t i = 0; i < n; i++)
        turned[i] = lines[n - 1 - i];
    for (size_t threads = 1; threads <= 3; threads++) {
        hx_tokenizer_train_options o = {.vocab = 620, .coverage = 0.98, .n_threads = threads};
        train(&o, lines, n, p.path, NULL);
        read_file(p.path, &first);
        o.n_threads = 4 - threads;
        train(&o, turned, n, p.path, NULL);
        read_file(p.path, &again);
        assert_true(hx_str_equal(hx_buf_str(&first), hx_buf_str(&again)));
        hx_buf_release(&first);
        hx_buf_release(&again);
    }
    hx_buf_release(&text);
    place_release(&p);
}

/* One text of more than a batch, counted where it lies and cut at line breaks, has the counts of the same text in memory of its own. */
static void test_large_text(void **state) {
    (void)state;
    place p;
    hx_buf line, large, first, again;
    place_init(&p);
    read_file(TRAINED "/text.txt", &line);
    hx_buf_init(&large, (size_t)64 << 20);
    while (large.len < (size_t)9 << 20)
        assert_true(hx_buf_append_str(&large, hx_buf_str(&line)));
    hx_str whole = hx_buf_str(&large), piece = hx_buf_str(&line);
    hx_tokenizer_train_options o = {.vocab = 620, .coverage = 0.98, .n_threads = 2};
    hx_tokenizer_train_counts a, b;
    train(&o, &whole, 1, p.path, &a);
    read_file(p.path, &first);
    o.n_threads = 1;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tokenizer_trainer *t = NULL;
    assert_int_equal(hx_tokenizer_trainer_new(&t, &o, &err), HX_OK);
    for (size_t at = 0; at < whole.len; at += piece.len)
        assert_int_equal(hx_tokenizer_trainer_add(t, piece, &err), HX_OK);
    assert_int_equal(hx_tokenizer_trainer_write(t, p.path, &err), HX_OK);
    b = *hx_tokenizer_trainer_counts(t);
    hx_tokenizer_trainer_free(t);
    read_file(p.path, &again);
    assert_int_equal(a.n_bytes, b.n_bytes);
    assert_int_equal(a.n_texts, 1);
    /* Each text but the first has a blank of its own before it. */
    assert_int_equal(b.n_characters - a.n_characters, whole.len / piece.len - 1);
    hx_buf_release(&line);
    hx_buf_release(&large);
    hx_buf_release(&first);
    hx_buf_release(&again);
    place_release(&p);
}

static size_t han_in(hx_str s, size_t *characters) {
    size_t n = 0;
    *characters = 0;
    for (size_t at = 0; at < s.len; ++*characters)
        n += hx_utf8_is_han(hx_utf8_next(s, &at));
    return n;
}

static void test_pieces(void **state) {
    (void)state;
    place p;
    hx_buf text;
    place_init(&p);
    read_file(TRAINED "/text.txt", &text);
    hx_str whole = hx_buf_str(&text);
    const hx_tokenizer_train_options o = {.vocab = 600,
                                          .coverage = 0.98,
                                          .han_alone = true,
                                          .split_digits = true,
                                          .symbols = symbols,
                                          .n_symbols = 2};
    hx_tokenizer_train_counts counts;
    train(&o, &whole, 1, p.path, &counts);
    hx_tokenizer *t = open_trained(&p);
    assert_int_equal(hx_tokenizer_n_vocab(t), counts.n_pieces);
    assert_int_equal(counts.n_pieces, 261 + counts.n_merges + counts.n_kept);
    assert_int_equal(hx_tokenizer_bos(t), 1);
    assert_int_equal(hx_tokenizer_eos(t), 2);
    assert_int_equal(hx_tokenizer_find(t, HX_STR_LIT("<0x00>")), 3);
    assert_int_equal(hx_tokenizer_find(t, HX_STR_LIT("<0xFF>")), 258);
    assert_int_equal(hx_tokenizer_find(t, HX_STR_LIT("<mask>")), 259);
    assert_int_equal(hx_tokenizer_find(t, HX_STR_LIT("<sep>")), 260);
    size_t n_han = 0, n_long = 0;
    for (size_t id = 261; id < counts.n_pieces; id++) {
        size_t n, han = han_in(hx_tokenizer_bytes(t, (int32_t)id), &n);
        assert_true(han == 0 || n == 1);
        bool digit = false;
        hx_str bytes = hx_tokenizer_bytes(t, (int32_t)id);
        for (size_t i = 0; i < bytes.len; i++)
            digit |= bytes.ptr[i] >= '0' && bytes.ptr[i] <= '9';
        assert_true(!digit || n == 1);
        n_han += han;
        n_long += n > 1;
    }
    assert_true(n_han > 20);
    assert_int_equal(n_long, counts.n_merges);
    hx_tokenizer_close(t);
    hx_buf_release(&text);
    place_release(&p);
}

/* ------------------------------------------------------------------ refusals */
static void refuse(hx_tokenizer_train_options o, hx_status status, const char *words) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tokenizer_trainer *t = NULL;
    assert_int_equal(hx_tokenizer_trainer_new(&t, &o, &err), status);
    assert_null(t);
    if (!strstr(err.message, words)) fail_msg("'%s' does not say '%s'", err.message, words);
}

static void test_bad_options(void **state) {
    (void)state;
    const hx_str blank = HX_STR_LIT("a b"), empty = {"", 0}, known = HX_STR_LIT("<s>"),
                 byte = HX_STR_LIT("<0x41>");
    const hx_str twice[] = {HX_STR_LIT("<x>"), HX_STR_LIT("<x>")};
    refuse((hx_tokenizer_train_options){.vocab = 511}, HX_EINVAL, "512 to 262144 pieces");
    refuse((hx_tokenizer_train_options){.vocab = 262145}, HX_EINVAL, "not 262145");
    refuse((hx_tokenizer_train_options){.vocab = 600, .coverage = 1.5}, HX_EINVAL, "0.5 to 1");
    refuse((hx_tokenizer_train_options){.vocab = 600, .max_piece = 65}, HX_EINVAL, "at most 64");
    refuse((hx_tokenizer_train_options){.vocab = 600, .symbols = &blank, .n_symbols = 1}, HX_EINVAL,
           "no blank");
    refuse((hx_tokenizer_train_options){.vocab = 600, .symbols = &empty, .n_symbols = 1}, HX_EINVAL,
           "1 to 64 bytes");
    refuse((hx_tokenizer_train_options){.vocab = 600, .symbols = &known, .n_symbols = 1}, HX_EINVAL,
           "is there anyway");
    refuse((hx_tokenizer_train_options){.vocab = 600, .symbols = &byte, .n_symbols = 1}, HX_EINVAL,
           "is there anyway");
    refuse((hx_tokenizer_train_options){.vocab = 600, .symbols = twice, .n_symbols = 2}, HX_EINVAL,
           "given twice");
}

static void refuse_text(hx_tokenizer_train_options o, hx_str text, hx_status status,
                        const char *words) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tokenizer_trainer *t = NULL;
    place p;
    place_init(&p);
    assert_int_equal(hx_tokenizer_trainer_new(&t, &o, &err), HX_OK);
    hx_status got = hx_tokenizer_trainer_add(t, text, &err);
    if (got == HX_OK) got = hx_tokenizer_trainer_write(t, p.path, &err);
    assert_int_equal(got, status);
    if (!strstr(err.message, words)) fail_msg("'%s' does not say '%s'", err.message, words);
    assert_false(hx_file_exists(p.path));
    hx_tokenizer_trainer_free(t);
    place_release(&p);
}

static void test_bad_texts(void **state) {
    (void)state;
    char many[3 * 400];
    volatile int cancel = 0;
    size_t len = 0;
    for (uint32_t cp = 0x4E00; cp < 0x4E00 + 400; cp++)
        len += hx_utf8_put(cp, many + len);
    refuse_text((hx_tokenizer_train_options){.vocab = 512}, (hx_str){"", 0}, HX_EINVAL, "no text");
    refuse_text((hx_tokenizer_train_options){.vocab = 512}, HX_STR_LIT("\xFF\xFE\x80\n\x01"),
                HX_EINVAL, "no text");
    refuse_text((hx_tokenizer_train_options){.vocab = 512, .coverage = 1}, (hx_str){many, len},
                HX_EINVAL, "at least 660 pieces");
    refuse_text((hx_tokenizer_train_options){.vocab = 512, .max_bytes = 10},
                HX_STR_LIT("eleven byte"), HX_ELIMIT, "more than 10 bytes");
    hx_flag_raise(&cancel);
    refuse_text((hx_tokenizer_train_options){.vocab = 512, .cancel = &cancel},
                HX_STR_LIT("some text"), HX_ECANCELLED, "stopped");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentencepiece), cmocka_unit_test(test_plain_trainer),
        cmocka_unit_test(test_same_file),     cmocka_unit_test(test_large_text),
        cmocka_unit_test(test_pieces),        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_bad_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
