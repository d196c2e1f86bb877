/* test_datafile.c - the container of compiled data: what is written is read, every damage is refused, and the trie in it finds its keys. */
#include "text_test.h"

#include "base/file.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "text/datafile.h"
#include "text/trie.h"

static void write_sample(char path[64]) {
    char directory[32];
    test_directory(directory);
    snprintf(path, 64, "%s/sample.hxd", directory);
    const hx_datafile_part parts[] = {
        {"first", HX_STR_LIT("12345678")}, {"empty", {"", 0}}, {"last", HX_STR_LIT("xyz")}};
    assert_int_equal(hx__datafile_write(path, "sample", parts, 3, NULL), HX_OK);
}

static void remove_sample(const char *path) {
    char directory[64];
    unlink(path);
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path), path);
    rmdir(directory);
}

static void reads_what_it_wrote(void **state) {
    (void)state;
    char path[64];
    hx_datafile d;
    hx_error err = {0};
    hx_str section;
    write_sample(path);
    assert_int_equal(hx__datafile_open(&d, path, "sample", &err), HX_OK);
    assert_int_equal(hx__datafile_section(&d, "first", 8, &section, &err), HX_OK);
    assert_true(hx_str_equal(section, HX_STR_LIT("12345678")));
    assert_int_equal((uintptr_t)section.ptr % 64, 0);
    assert_int_equal(hx__datafile_section(&d, "empty", 4, &section, &err), HX_OK);
    assert_int_equal(section.len, 0);
    assert_int_equal(hx__datafile_section(&d, "last", 2, &section, &err), HX_EFORMAT);
    assert_string_equal(err.message,
                        "a data file's section 'last' has a wrong size; build the data again");
    assert_int_equal(hx__datafile_section(&d, "none", 1, &section, &err), HX_EFORMAT);
    assert_string_equal(err.message, "a data file has no section 'none'; build the data again");
    hx__datafile_close(&d);
    hx__datafile_close(&d);
    assert_int_equal(hx__datafile_open(&d, path, "other", &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "is a data file of another kind, not 'other'"));
    remove_sample(path);
}

static void every_changed_byte_and_every_cut_is_refused(void **state) {
    (void)state;
    char path[64];
    hx_buf good;
    hx_datafile d;
    hx_buf_init(&good, 1 << 16);
    write_sample(path);
    assert_int_equal(hx_file_read(path, &good, NULL), HX_OK);
    for (size_t i = 0; i < good.len; i++) {
        hx_error err = {0};
        good.ptr[i] ^= 0x20;
        assert_int_equal(hx_file_write(path, hx_buf_str(&good), false, NULL), HX_OK);
        hx_status status = hx__datafile_open(&d, path, "sample", &err);
        assert_true(status == HX_EFORMAT || status == HX_EUNSUPPORTED);
        assert_true(err.message[0] != '\0');
        good.ptr[i] ^= 0x20;
    }
    for (size_t n = 0; n < good.len; n += 7) {
        hx_error err = {0};
        assert_int_equal(hx_file_write(path, (hx_str){good.ptr, n}, false, NULL), HX_OK);
        assert_int_equal(hx__datafile_open(&d, path, "sample", &err), HX_EFORMAT);
    }
    hx_buf_release(&good);
    remove_sample(path);
}

static void a_missing_model_is_one_sentence(void **state) {
    (void)state;
    hx_text_model *m = NULL;
    hx_error err = {0};
    assert_int_not_equal(hx_text_model_open(&m, "/nonexistent", NULL, &err), HX_OK);
    assert_non_null(strstr(err.message, "/nonexistent/t2s.hxd"));
    assert_null(m);
}

/* ------------------------------------------------------------------ the trie */
#define KEYS 3000

static void the_trie_finds_its_keys_and_no_others(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_trie_entry *entries = calloc(KEYS, sizeof *entries);
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (size_t i = 0; i < KEYS; i++) {
        char key[64];
        size_t n = 0;
        for (uint64_t left = 1 + hx_rng_below(&r, 6); left > 0; left--) {
            uint32_t cp = hx_rng_below(&r, 10) ? 0x4E00 + (uint32_t)hx_rng_below(&r, 40)
                                               : 0x1F600 + (uint32_t)hx_rng_below(&r, 9);
            n += hx_utf8_put(cp, key + n);
        }
        entries[i] = (hx_trie_entry){
            .key = hx_arena_str(arena, (hx_str){key, n}), .value = i + 1, .weight = i};
    }
    hx_trie_parts parts;
    hx_trie t;
    assert_int_equal(hx__trie_build(&parts, entries, KEYS, NULL), HX_OK);
    assert_int_equal(hx__trie_view(&t, hx_buf_str(&parts.codes), hx_buf_str(&parts.rare),
                                   hx_buf_str(&parts.nodes), NULL),
                     HX_OK);
    for (size_t i = 0; i < KEYS; i++) {
        uint64_t best = 0;
        for (size_t j = 0; j < KEYS; j++)
            if (hx_str_equal(entries[i].key, entries[j].key) && entries[j].value > best)
                best = entries[j].value;
        assert_int_equal(hx__trie_get(&t, entries[i].key), best);
        char longer[80];
        memcpy(longer, entries[i].key.ptr, entries[i].key.len);
        longer[entries[i].key.len] = 'q';
        assert_int_equal(hx__trie_get(&t, (hx_str){longer, entries[i].key.len + 1}), 0);
    }
    assert_int_equal(hx__trie_get(&t, HX_STR_LIT("")), 0);
    assert_int_equal(hx__trie_get(&t, HX_STR_LIT("\xFF")), 0);
    hx__trie_parts_release(&parts);
    free(entries);
    hx_arena_free(arena);
}

static void the_trie_refuses_bad_keys(void **state) {
    (void)state;
    hx_error err = {0};
    hx_trie_parts parts;
    hx_trie_entry bad = {.key = HX_STR_LIT("a\xFF"), .value = 1};
    assert_int_equal(hx__trie_build(&parts, &bad, 1, &err), HX_EINVAL);
    bad.key = HX_STR_LIT("");
    assert_int_equal(hx__trie_build(&parts, &bad, 1, &err), HX_EINVAL);
    assert_string_equal(err.message, "a dictionary has an empty word");
    hx_trie t;
    assert_int_equal(hx__trie_view(&t, HX_STR_LIT("x"), HX_STR_LIT(""), HX_STR_LIT(""), &err),
                     HX_EFORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(every_changed_byte_and_every_cut_is_refused),
        cmocka_unit_test(a_missing_model_is_one_sentence),
        cmocka_unit_test(the_trie_finds_its_keys_and_no_others),
        cmocka_unit_test(the_trie_refuses_bad_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
