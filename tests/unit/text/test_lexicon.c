/* test_lexicon.c - phrases found as by a naive search, and lexicon files: what is read, and the sentence for each fault. */
#include "unit/text/text_test.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "text/lexicon.h"
#include "text/lexicon_file.h"

static bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static size_t count_naively(hx_str text, hx_str phrase) {
    size_t n = 0;
    for (size_t i = 0; i + phrase.len <= text.len; i++) {
        if (memcmp(text.ptr + i, phrase.ptr, phrase.len) != 0) continue;
        size_t end = i + phrase.len;
        bool joined_before = i > 0 && is_word_byte(phrase.ptr[0]) && is_word_byte(text.ptr[i - 1]);
        bool joined_behind = end < text.len && is_word_byte(phrase.ptr[phrase.len - 1]) &&
                             is_word_byte(text.ptr[end]);
        n += !joined_before && !joined_behind;
    }
    return n;
}

static void finds_what_a_naive_search_finds(void **state) {
    (void)state;
    static const char alphabet[] = "ab-\xE4\xB8";
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int round = 0; round < 300; round++) {
        char phrase[12][8], text[200];
        size_t len[12];
        hx_phrases p;
        hx__phrases_init(&p);
        for (uint32_t i = 0; i < 12; i++) {
            len[i] = 1 + hx_rng_below(&r, 5);
            for (size_t k = 0; k < len[i]; k++)
                phrase[i][k] = alphabet[hx_rng_below(&r, sizeof alphabet - 1)];
            assert_int_equal(hx__phrases_add(&p, (hx_str){phrase[i], len[i]}, i, NULL), HX_OK);
        }
        assert_int_equal(hx__phrases_build(&p, NULL), HX_OK);
        for (size_t k = 0; k < sizeof text; k++)
            text[k] = alphabet[hx_rng_below(&r, sizeof alphabet - 1)];
        hx_str all = {text, sizeof text};
        size_t met[12] = {0}, last_end = 0;
        hx_phrase_hit hit;
        hx_phrase_walk walk = hx__phrase_walk_of(&p, all);
        while (hx__phrase_walk_next(&walk, &hit)) {
            assert_true(hit.end >= last_end && hit.end - hit.start == len[hit.value]);
            assert_memory_equal(text + hit.start, phrase[hit.value], len[hit.value]);
            last_end = hit.end;
            met[hit.value]++;
        }
        for (uint32_t i = 0; i < 12; i++) {
            bool first = true; /* of equal phrases the first has the value */
            for (uint32_t k = 0; k < i; k++)
                first = first && !(len[k] == len[i] && memcmp(phrase[k], phrase[i], len[i]) == 0);
            assert_int_equal(met[i], first ? count_naively(all, (hx_str){phrase[i], len[i]}) : 0);
        }
        hx__phrases_release(&p);
    }
}

static void refuses_empty_and_endless_phrases(void **state) {
    (void)state;
    hx_phrases p;
    hx_error err = {0};
    char endless[HX_PHRASE_BYTES_MAX + 1];
    memset(endless, 'a', sizeof endless);
    hx__phrases_init(&p);
    assert_int_equal(hx__phrases_add(&p, (hx_str){"", 0}, 0, &err), HX_ELIMIT);
    assert_string_equal(err.message, "lexicon: phrase '' has 0 bytes; 1 to 200 are allowed");
    assert_int_equal(hx__phrases_add(&p, (hx_str){endless, sizeof endless}, 0, &err), HX_ELIMIT);
    assert_int_equal(hx__phrases_build(&p, &err), HX_OK); /* without a phrase: finds nothing */
    hx_phrase_walk walk = hx__phrase_walk_of(&p, HX_STR_LIT("abc"));
    hx_phrase_hit hit;
    assert_false(hx__phrase_walk_next(&walk, &hit));
    hx__phrases_release(&p);
}

static void a_phrase_given_twice_says_what_it_has(void **state) {
    (void)state;
    hx_phrases p;
    uint32_t kept = 9;
    hx__phrases_init(&p);
    assert_int_equal(hx__phrases_add_once(&p, HX_STR_LIT("ab"), 5, &kept, NULL), HX_OK);
    assert_int_equal(kept, 5);
    assert_int_equal(hx__phrases_add_once(&p, HX_STR_LIT("abc"), 6, &kept, NULL), HX_OK);
    assert_int_equal(kept, 6);
    assert_int_equal(hx__phrases_add_once(&p, HX_STR_LIT("ab"), 7, &kept, NULL), HX_OK);
    assert_int_equal(kept, 5);
    hx__phrases_release(&p);
}

/* Writes `content` as the table x.tsv of a fresh share directory. */
static void write_table(char dir[32], const char *content) {
    char path[128];
    test_directory(dir);
    snprintf(path, sizeof path, "%s/lexicons", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/lexicons/x.tsv", dir);
    assert_int_equal(hx_file_write(path, hx_str_of(content), false, NULL), HX_OK);
}

static void remove_table(const char *dir) {
    char path[128];
    snprintf(path, sizeof path, "%s/lexicons/x.tsv", dir);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/lexicons", dir);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

/* The error of reading all records of `content` as word TAB number, or "". */
static void read_pairs(const char *content, hx_error *err, int *sum) {
    char dir[32];
    hx_lexicon_file f;
    bool more = true;
    int value;
    write_table(dir, content);
    *sum = 0;
    hx_status status = hx__lexicon_file_open(&f, dir, "x.tsv", err);
    while (status == HX_OK && more) {
        status = hx__lexicon_file_next(&f, 2, &more, err);
        if (status != HX_OK || !more) break;
        status = hx__lexicon_file_hundredths(&f, 1, &value, err);
        if (status == HX_OK) *sum += value;
    }
    hx__lexicon_file_close(&f);
    remove_table(dir);
}

static void reads_records_and_numbers(void **state) {
    (void)state;
    hx_error err = {0};
    int sum;
    read_pairs("# a comment\n\n好\t1.25\n差\t-2\n#\t0.5\n无\t0.07", &err, &sum);
    assert_string_equal(err.message, "");
    assert_int_equal(sum, 125 - 200 + 50 + 7);
}

static void each_fault_has_its_sentence(void **state) {
    (void)state;
    static const struct {
        const char *content, *message;
    } faults[] = {
        {"a\t1\nb\n", "lexicon x.tsv, line 2: needs 2 fields separated by tabs"},
        {"a\t1\t2\n", "lexicon x.tsv, line 1: needs 2 fields separated by tabs"},
        {"\t1\n", "lexicon x.tsv, line 1: needs 2 fields separated by tabs"},
        {"a\tone\n", "lexicon x.tsv, line 1: 'one' is not a number of at most two decimal places "
                     "from -300 to 300"},
        {"a\t1.234\n", "lexicon x.tsv, line 1: '1.234' is not a number of at most two decimal "
                       "places from -300 to 300"},
        {"a\t999999999999\n", "lexicon x.tsv, line 1: '999999999999' is not a number of at most "
                              "two decimal places from -300 to 300"},
        {"a\t-\n", "lexicon x.tsv, line 1: '-' is not a number of at most two decimal places from "
                   "-300 to 300"},
        {"a\t\xFF\n", "lexicon x.tsv is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        hx_error err = {0};
        int sum;
        read_pairs(faults[i].content, &err, &sum);
        assert_string_equal(err.message, faults[i].message);
        assert_int_equal(err.code, HX_EFORMAT);
    }
}

static void missing_lexicons_are_said(void **state) {
    (void)state;
    hx_lexicon *l;
    hx_error err = {0};
    assert_int_equal(hx__lexicon_open(&l, "/nonexistent", NULL, &err), HX_ENOTFOUND);
    assert_non_null(strstr(err.message, "/nonexistent/lexicons/parameters.tsv"));
}

static void the_shipped_lexicon_is_whole(void **state) {
    (void)state;
    hx_lexicon *l, *again;
    assert_int_equal(hx__lexicon_open(&l, HX_SHARE_DIR, NULL, NULL), HX_OK);
    assert_int_equal(hx__lexicon_open(&again, HX_SHARE_DIR, NULL, NULL), HX_OK);
    assert_true(hx__lexicon_hash(l) == hx__lexicon_hash(again) && hx__lexicon_hash(l) != 0);
    assert_in_range(l->n_words, 30000, 200000);
    assert_true(l->zh.scope > 0 && l->en.scope > 0 && l->zh.length > 0 && l->en.length > 0);
    const hx_lexeme *good = hx__lexicon_get(l, hx__lexeme_key(HX_LEXEME_EN, HX_STR_LIT("good")));
    const hx_lexeme *bad = hx__lexicon_get(l, hx__lexeme_key(HX_LEXEME_ZH, HX_STR_LIT("垃圾")));
    const hx_lexeme *no = hx__lexicon_get(l, hx__lexeme_key(HX_LEXEME_ZH, HX_STR_LIT("不")));
    assert_true(good && good->weight > 0);
    assert_true(bad && bad->weight < 0);
    assert_true(no && (no->roles & HX_ROLE_NEGATOR));
    assert_null(hx__lexicon_get(l, hx__lexeme_key(HX_LEXEME_EN, HX_STR_LIT("垃圾"))));
    assert_true(hx__lexicon_idf_en(l, HX_STR_LIT("the")) <
                hx__lexicon_idf_en(l, HX_STR_LIT("neckline")));
    assert_true(hx__lexicon_idf_en(l, HX_STR_LIT("qwxyzzy")) >=
                hx__lexicon_idf_en(l, HX_STR_LIT("neckline")));
    hx__lexicon_close(l);
    hx__lexicon_close(again);
    hx__lexicon_close(NULL);
}

/* "and" of one kind once met "ane" of the next: no two short words share a key across kinds. */
static void kinds_keep_short_words_apart(void **state) {
    (void)state;
    for (char a = 'a'; a <= 'z'; a++)
        for (char b = 'a'; b <= 'z'; b++) {
            char first[3] = {'a', 'n', a}, second[3] = {'a', 'n', b};
            uint64_t en = hx__lexeme_key(HX_LEXEME_EN, (hx_str){first, 3});
            assert_true(en != hx__lexeme_key(HX_LEXEME_IDF_EN, (hx_str){second, 3}));
            assert_true(en != hx__lexeme_key(HX_LEXEME_ZH, (hx_str){second, 3}));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_a_naive_search_finds),
        cmocka_unit_test(refuses_empty_and_endless_phrases),
        cmocka_unit_test(a_phrase_given_twice_says_what_it_has),
        cmocka_unit_test(reads_records_and_numbers),
        cmocka_unit_test(each_fault_has_its_sentence),
        cmocka_unit_test(missing_lexicons_are_said),
        cmocka_unit_test(the_shipped_lexicon_is_whole),
        cmocka_unit_test(kinds_keep_short_words_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
