/* test_tokens_hostile.c - damaged and absurd tokenizer files: each gives its sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "llama/tokenizer_folder.h"

static hx_error no_error(void) {
    return (hx_error){HX_UI_EN, HX_OK, 0, 0, ""};
}

/* ------------------------------------------------------------------ GGUF */
typedef void put_keys(hx_gguf_writer *w, int which);

/* Opens what `put` writes; the sentence has to hold `sentence` (NULL = it opens). */
static void check_gguf(put_keys *put, int which, hx_status code, const char *sentence) {
    char path[] = "/tmp/hx_hostile_XXXXXX";
    hx_error err = no_error();
    hx_gguf_writer *w = NULL;
    hx_tensor_file *f = NULL;
    hx_tokenizer *t = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(hx_gguf_writer_new(&w, &err), HX_OK);
    hx_gguf_put_str(w, "general.architecture", HX_STR_LIT("llama"));
    put(w, which);
    if (hx_gguf_write(w, path, &err) != HX_OK) fail_msg("%s", err.message);
    hx_gguf_writer_free(w);
    if (hx_tensor_file_open(&f, path, &err) != HX_OK) fail_msg("%s", err.message);
    hx_status status = hx_tokenizer_open_gguf(&t, f, &err);
    if (status != code) fail_msg("case %d: %d, '%s'", which, (int)status, err.message);
    if (sentence && !strstr(err.message, sentence)) fail_msg("case %d: '%s'", which, err.message);
    hx_tokenizer_close(t);
    hx_tensor_file_close(f);
    unlink(path);
}

#define KEY(name) "tokenizer.ggml." name

static void put_ids_of(hx_gguf_writer *w, const char *key, size_t n, int32_t value) {
    int32_t ids[300];
    for (size_t i = 0; i < n; i++)
        ids[i] = value;
    hx_gguf_put_i32s(w, key, ids, n);
}

/* The 256 bytes, then `extra`. */
static void put_byte_tokens(hx_gguf_writer *w, const hx_str *extra, size_t n_extra) {
    char text[256][4];
    hx_str tokens[260];
    for (int b = 0; b < 256; b++) {
        uint32_t cp = hx__byte_spelling((uint8_t)b);
        size_t len = cp < 0x80 ? 1 : 2;
        text[b][0] = (char)(cp < 0x80 ? cp : 0xC0 | cp >> 6);
        text[b][1] = (char)(0x80 | (cp & 0x3F));
        tokens[b] = (hx_str){text[b], len};
    }
    for (size_t i = 0; i < n_extra; i++)
        tokens[256 + i] = extra[i];
    hx_gguf_put_strs(w, KEY("tokens"), tokens, 256 + n_extra);
}

enum {
    GOOD,
    NO_TOKENS,
    TOKENS_OF_NUMBERS,
    DUPLICATE,
    EMPTY,
    TOO_LONG,
    TYPES_SHORT,
    TYPES_OF_FLOATS,
    TYPE_RANGE,
    TYPE_NEGATIVE,
    NO_MERGES,
    MERGES_OF_NUMBERS,
    MERGE_UNKNOWN,
    MERGE_RESULT,
    MERGE_SPACE,
    MERGE_EMPTY,
    BOS_RANGE,
    BOS_NEGATIVE,
    BOS_TEXT,
    ADD_BOS_NUMBER,
    PRE_UNKNOWN,
    MODEL_UNKNOWN,
    BYTE_TOKEN,
    MERGE_TWICE
};

static void put_merges_of(hx_gguf_writer *w, int which) {
    hx_str merges[] = {HX_STR_LIT("a b"), HX_STR_LIT("ab c")};
    if (which == NO_MERGES) return;
    if (which == MERGES_OF_NUMBERS) {
        put_ids_of(w, KEY("merges"), 2, 1);
        return;
    }
    if (which == MERGE_UNKNOWN) merges[1] = HX_STR_LIT("zz c");
    if (which == MERGE_RESULT) merges[1] = HX_STR_LIT("x y");
    if (which == MERGE_SPACE) merges[1] = HX_STR_LIT("abc");
    if (which == MERGE_EMPTY) merges[1] = HX_STR_LIT("");
    if (which == MERGE_TWICE) merges[1] = merges[0];
    hx_gguf_put_strs(w, KEY("merges"), merges, 2);
}

static void put_tokens_of(hx_gguf_writer *w, int which) {
    static char long_token[HX_TOKEN_LEN_MAX + 1];
    hx_str extra[] = {HX_STR_LIT("ab"), HX_STR_LIT("abc"), HX_STR_LIT("<s>")};
    memset(long_token, 'x', sizeof long_token);
    if (which == NO_TOKENS) return;
    if (which == TOKENS_OF_NUMBERS) {
        put_ids_of(w, KEY("tokens"), 3, 1);
        return;
    }
    if (which == DUPLICATE) extra[2] = HX_STR_LIT("ab");
    if (which == EMPTY) extra[2] = HX_STR_LIT("");
    if (which == TOO_LONG) extra[2] = (hx_str){long_token, sizeof long_token};
    if (which == BYTE_TOKEN) extra[2] = HX_STR_LIT("<0x-1>");
    put_byte_tokens(w, extra, 3);
}

static void put_types_of(hx_gguf_writer *w, int which) {
    int32_t types[259];
    float floats[259] = {0};
    for (size_t i = 0; i < 259; i++)
        types[i] = HX_TOKEN_NORMAL;
    types[258] = which == BYTE_TOKEN ? HX_TOKEN_BYTE : HX_TOKEN_CONTROL;
    if (which == TYPE_RANGE) types[5] = 7;
    if (which == TYPE_NEGATIVE) types[5] = -1;
    if (which == TYPES_OF_FLOATS)
        hx_gguf_put_f32s(w, KEY("token_type"), floats, 259);
    else
        hx_gguf_put_i32s(w, KEY("token_type"), types, which == TYPES_SHORT ? 258 : 259);
}

static void put_bpe(hx_gguf_writer *w, int which) {
    hx_gguf_put_str(w, KEY("model"),
                    which == MODEL_UNKNOWN ? HX_STR_LIT("rwkv") : HX_STR_LIT("gpt2"));
    hx_gguf_put_str(w, KEY("pre"),
                    which == PRE_UNKNOWN ? HX_STR_LIT("viking") : HX_STR_LIT("gpt-2"));
    put_tokens_of(w, which);
    if (which != NO_TOKENS && which != TOKENS_OF_NUMBERS) put_types_of(w, which);
    put_merges_of(w, which);
    if (which == BOS_RANGE) hx_gguf_put_u32(w, KEY("bos_token_id"), 259);
    if (which == BOS_TEXT) hx_gguf_put_str(w, KEY("bos_token_id"), HX_STR_LIT("1"));
    if (which == BOS_NEGATIVE) {
        int32_t minus = -1;
        hx_gguf_value v = {HX_STR_LIT(KEY("bos_token_id")),
                           HX_GGUF_I32,
                           false,
                           1,
                           {(const char *)&minus, sizeof minus}};
        hx_gguf_put_value(w, &v);
    }
    if (which == ADD_BOS_NUMBER) hx_gguf_put_u32(w, KEY("add_bos_token"), 1);
}

static void test_gguf(void **state) {
    (void)state;
    check_gguf(put_bpe, GOOD, HX_OK, NULL);
    check_gguf(put_bpe, NO_TOKENS, HX_EFORMAT, "there is no list of tokens");
    check_gguf(put_bpe, TOKENS_OF_NUMBERS, HX_EFORMAT, "there is no list of tokens");
    check_gguf(put_bpe, DUPLICATE, HX_EFORMAT, "tokens 256 and 258 are both spelt 'ab'");
    check_gguf(put_bpe, EMPTY, HX_EFORMAT, "token 258 is empty");
    check_gguf(put_bpe, TOO_LONG, HX_ELIMIT, "token 258 is 4097 bytes long");
    check_gguf(put_bpe, TYPES_SHORT, HX_EFORMAT, "must be 259 whole numbers");
    check_gguf(put_bpe, TYPES_OF_FLOATS, HX_EFORMAT, "must be 259 whole numbers");
    check_gguf(put_bpe, TYPE_RANGE, HX_EFORMAT, "token 5 is of type 7");
    check_gguf(put_bpe, TYPE_NEGATIVE, HX_EFORMAT, "token 5 is of type 4294967295");
    check_gguf(put_bpe, NO_MERGES, HX_EFORMAT, "there is no list of merges");
    check_gguf(put_bpe, MERGES_OF_NUMBERS, HX_EFORMAT, "there is no list of merges");
    check_gguf(put_bpe, MERGE_UNKNOWN, HX_EFORMAT, "merge 1, 'zz c', names an unknown token");
    check_gguf(put_bpe, MERGE_RESULT, HX_EFORMAT, "merge 1, 'x y', names an unknown token");
    check_gguf(put_bpe, MERGE_SPACE, HX_EFORMAT, "merge 1, 'abc', is not two tokens");
    check_gguf(put_bpe, MERGE_EMPTY, HX_EFORMAT, "merge 1, '', is not two tokens");
    check_gguf(put_bpe, BOS_RANGE, HX_EFORMAT, "is 259, but there are 259 tokens");
    check_gguf(put_bpe, BOS_NEGATIVE, HX_EFORMAT, "is negative");
    check_gguf(put_bpe, BOS_TEXT, HX_EFORMAT, "whole number");
    check_gguf(put_bpe, ADD_BOS_NUMBER, HX_EFORMAT, "add_bos_token");
    check_gguf(put_bpe, PRE_UNKNOWN, HX_EUNSUPPORTED, "'viking', which is not known here");
    check_gguf(put_bpe, MODEL_UNKNOWN, HX_EUNSUPPORTED, "'rwkv' is not known here");
    check_gguf(put_bpe, BYTE_TOKEN, HX_EFORMAT, "byte token 258 is '<0x-1>'");
    check_gguf(put_bpe, MERGE_TWICE, HX_OK, NULL);
}

enum {
    SP_GOOD,
    SP_NO_SCORES,
    SP_SCORES_SHORT,
    SP_SCORES_OF_INTS,
    SP_NAN,
    SP_MAP_SHORT,
    SP_MAP_TEXT
};

static void put_sp(hx_gguf_writer *w, int which) {
    const hx_str tokens[] = {HX_STR_LIT("<unk>"), HX_STR_LIT("a"), HX_STR_LIT("b"),
                             HX_STR_LIT("ab")};
    const int32_t types[] = {HX_TOKEN_UNKNOWN, HX_TOKEN_NORMAL, HX_TOKEN_NORMAL, HX_TOKEN_NORMAL};
    float scores[] = {0, -1, -2, which == SP_NAN ? (float)strtod("nan", NULL) : -3};
    const char map[] = {8, 0, 0, 0, 0, 0, 0, 0};
    hx_gguf_put_str(w, KEY("model"), HX_STR_LIT("t5"));
    hx_gguf_put_strs(w, KEY("tokens"), tokens, 4);
    hx_gguf_put_i32s(w, KEY("token_type"), types, 4);
    if (which == SP_SCORES_OF_INTS) hx_gguf_put_i32s(w, KEY("scores"), types, 4);
    if (which != SP_NO_SCORES && which != SP_SCORES_OF_INTS)
        hx_gguf_put_f32s(w, KEY("scores"), scores, which == SP_SCORES_SHORT ? 3 : 4);
    hx_gguf_value v = {
        HX_STR_LIT(KEY("precompiled_charsmap")), HX_GGUF_U8, true, sizeof map, {map, sizeof map}};
    if (which == SP_MAP_SHORT) hx_gguf_put_value(w, &v);
    if (which == SP_MAP_TEXT) hx_gguf_put_str(w, KEY("precompiled_charsmap"), HX_STR_LIT("map"));
}

static void test_gguf_scores(void **state) {
    (void)state;
    check_gguf(put_sp, SP_GOOD, HX_OK, NULL);
    check_gguf(put_sp, SP_NO_SCORES, HX_EFORMAT, "must be 4 numbers of type f32");
    check_gguf(put_sp, SP_SCORES_SHORT, HX_EFORMAT, "must be 4 numbers of type f32");
    check_gguf(put_sp, SP_SCORES_OF_INTS, HX_EFORMAT, "must be 4 numbers of type f32");
    check_gguf(put_sp, SP_NAN, HX_EFORMAT, "the score of token 3 is not a number");
    check_gguf(put_sp, SP_MAP_SHORT, HX_EFORMAT, "character map is damaged");
    check_gguf(put_sp, SP_MAP_TEXT, HX_EFORMAT, "is not a list");
}

/* ------------------------------------------------------------------ byte tokens */
static void test_byte_token_hex(void **state) {
    (void)state;
    const char *digits = "0123456789ABCDEF";
    size_t good = 0;
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            char text[] = {'<', '0', 'x', (char)a, (char)b, '>'};
            const char *high = a ? strchr(digits, a) : NULL, *low = b ? strchr(digits, b) : NULL;
            int expected = high && low ? (int)((high - digits) * 16 + (low - digits)) : -1;
            assert_int_equal(hx__byte_token((hx_str){text, 6}), expected);
            good += expected >= 0;
        }
    assert_int_equal(good, 256);
    static const char *const bad[] = {"<0x1>", "<0x123>", "<0X12>", "<0x12",
                                      "0x12>", "<0x+1>",  "< 0x12>"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(hx__byte_token(hx_str_of(bad[i])), -1);
}

static void test_byte_spelling(void **state) {
    (void)state;
    for (int b = 0; b < 256; b++)
        assert_int_equal(hx__spelt_byte(hx__byte_spelling((uint8_t)b)), b);
    assert_int_equal(hx__byte_spelling(' '), 0x120);
    assert_int_equal(hx__byte_spelling('\n'), 0x10A);
    assert_int_equal(hx__spelt_byte(0x144), -1);
    assert_int_equal(hx__spelt_byte(' '), -1);
}

/* ------------------------------------------------------------------ tokenizer.json */
static void check_json(const char *json, hx_status code, const char *sentence) {
    hx_error err = no_error();
    hx_tokenizer *t = hx__tokenizer_new("tokenizer.json", &err);
    assert_non_null(t);
    hx_status status = hx__tokenizer_json_read(t, hx_str_of(json), &err);
    if (status == HX_OK) status = hx__tokenizer_complete(t, &err);
    if (status != code) fail_msg("%s\n%d, '%s'", json, (int)status, err.message);
    if (sentence && !strstr(err.message, sentence)) fail_msg("%s\n'%s'", json, err.message);
    hx_tokenizer_close(t);
}

#define BPE(more) "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2}" more "}"
#define MERGES ",\"merges\":[\"a b\"]"

static void test_json(void **state) {
    (void)state;
    check_json(BPE(MERGES "}"), HX_OK, NULL);
    check_json(BPE(",\"merges\":[[\"a\",\"b\"]]}"), HX_OK, NULL);
    check_json("{}", HX_EFORMAT, "there is no 'model'");
    check_json("[", HX_EFORMAT, "JSON breaks off");
    check_json("{\"model\":{\"type\":\"WordPiece\"}}", HX_EUNSUPPORTED, "'WordPiece' is not known");
    check_json("{\"model\":{\"type\":\"BPE\",\"vocab\":[]}}", HX_EFORMAT, "must be an object");
    check_json("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1}}}", HX_EFORMAT,
               "the id of token 'a'");
    check_json("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":1e9}}}", HX_EFORMAT,
               "the id of token 'a'");
    check_json("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":9007199254740993}}}", HX_EFORMAT,
               "the id of token 'a'");
    check_json("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":\"1\"}}}", HX_EFORMAT,
               "the id of token");
    check_json("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":0}}}", HX_EFORMAT,
               "same id 0");
    check_json("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"\":0}}}", HX_EFORMAT, "token 0 is empty");
    check_json(BPE("}"), HX_EFORMAT, "merges must be a list");
    check_json(BPE(",\"merges\":[\"a c\"]}"), HX_EFORMAT, "merge 0, 'a c', names an unknown");
    check_json(BPE(",\"merges\":[7]}"), HX_EFORMAT, "merge 0, '', is not two tokens");
    check_json(BPE(",\"merges\":[[\"a\"]]}"), HX_EFORMAT, "merge 0, 'a', is not two tokens");
    check_json(BPE(MERGES ",\"dropout\":0.1}"), HX_EUNSUPPORTED, "model.dropout is set");
    check_json(BPE(MERGES ",\"unk_token\":\"x\"}"), HX_EFORMAT, "'x' is not in the vocabulary");
    check_json(BPE(MERGES "},\"normalizer\":{\"type\":\"Nmt\"}"), HX_EUNSUPPORTED, "'Nmt'");
    check_json(BPE(MERGES "},\"pre_tokenizer\":{\"type\":\"Whitespace\"}"), HX_EUNSUPPORTED,
               "pre_tokenizer 'Whitespace'");
    check_json(BPE(MERGES "},\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x\"}}"),
               HX_EUNSUPPORTED, "pre_tokenizer 'Split'");
    check_json(BPE(MERGES "},\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[]}"),
               HX_EUNSUPPORTED, "post_processor 'TemplateProcessing'");
    check_json(BPE(MERGES "},\"added_tokens\":[{\"id\":3,\"content\":\"\"}]"), HX_EFORMAT,
               "added token is empty");
    check_json(BPE(MERGES "},\"added_tokens\":[{\"id\":-3,\"content\":\"x\"}]"), HX_EFORMAT,
               "the id of token 'x'");
    check_json(BPE(MERGES "},\"added_tokens\":[{\"id\":3,\"content\":\"x\",\"single_word\":true}]"),
               HX_EUNSUPPORTED, "whole word");
    check_json("{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",\"x\"]]}}", HX_EFORMAT,
               "piece 0 is not a text with a score");
    check_json("{\"model\":{\"type\":\"Unigram\",\"unk_id\":5,\"vocab\":[[\"a\",-1]]}}", HX_EFORMAT,
               "unk_id is 5");
    check_json("{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"a\",-1.5]]},"
               "\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAA\"}}",
               HX_EFORMAT, "character map is damaged");
}

static void test_json_nesting(void **state) {
    (void)state;
    enum { DEPTH = 100000 };
    char *text = calloc(2 * DEPTH + 16, 1);
    assert_non_null(text);
    memset(text, '[', DEPTH);
    check_json(text, HX_ELIMIT, "nested deeper");
    free(text);
}

/* ------------------------------------------------------------------ tokenizer.model */
static hx_status open_pieces(hx_str file, hx_error *err) {
    hx_tokenizer *t = hx__tokenizer_new("tokenizer.model", err);
    assert_non_null(t);
    hx_status status = hx__sentencepiece_read(t, file, err);
    if (status == HX_OK) status = hx__tokenizer_complete(t, err);
    hx_tokenizer_close(t);
    return status;
}

/* Cut anywhere it opens or says why; cut inside a field it does not open. */
static void test_pieces_cut(void **state) {
    (void)state;
    hx_buf file;
    hx_error err = no_error();
    hx_buf_init(&file, 1 << 20);
    const char *path = HX_SOURCE_DIR "/tests/golden/llama/tokens/sp_bpe_extra/tokenizer.model";
    assert_int_equal(hx_file_read(path, &file, &err), HX_OK);
    size_t refused = 0;
    for (size_t n = 0; n <= file.len; n++) {
        /* exactly n bytes of memory, so that a sanitizer sees a byte too many */
        char *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, file.ptr, n);
        err = no_error();
        if (open_pieces((hx_str){copy, n}, &err) != HX_OK) {
            assert_true(err.message[0] != '\0');
            refused++;
        }
        free(copy);
    }
    assert_int_equal(open_pieces(hx_buf_str(&file), &err), HX_OK);
    assert_true(refused > file.len / 2);
    hx_buf_release(&file);
}

static void check_pieces(const void *bytes, size_t n, hx_status code, const char *sentence) {
    hx_error err = no_error();
    hx_status status = open_pieces((hx_str){bytes, n}, &err);
    if (status != code || !strstr(err.message, sentence))
        fail_msg("%d '%s'", (int)status, err.message);
}

static void test_pieces(void **state) {
    (void)state;
    check_pieces("", 0, HX_EFORMAT, "not a SentencePiece model");
    check_pieces("\x0A\x03\x0A\x01\x61", 5, HX_EFORMAT, "there is no unknown token");
    check_pieces("\x0A\x05\x0A\x01\x61\x18\x07", 7, HX_EFORMAT, "of type 7");
    check_pieces("\x0A\x08\x0A\x01\x61\x15\x00\x00\xC0\x7F", 10, HX_EFORMAT, "is not a number");
    check_pieces("\x0A\x02\x18\x02", 4, HX_EFORMAT, "token 0 is empty");
    check_pieces("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 10, HX_EFORMAT, "not a SentencePiece");
    check_pieces("\x08\x01", 2, HX_EFORMAT, "not a SentencePiece model");
    check_pieces("\x0A\x05\x0A\x01\x61\x18\x02\x12\x02\x18\x03", 11, HX_EUNSUPPORTED,
                 "of words or characters");
}

/* ------------------------------------------------------------------ configurations */
static void check_config(const char *json, hx_status code, const char *sentence) {
    hx_error err = no_error();
    json_t *config = NULL;
    hx_tokenizer *t = hx__tokenizer_new("tokenizer.json", &err);
    assert_int_equal(hx__tokenizer_json_read(t, hx_str_of(BPE(MERGES "}")), &err), HX_OK);
    assert_int_equal(hx_json_parse(hx_str_of(json), 1 << 20, "config", &config, &err), HX_OK);
    hx_status status = hx__tokenizer_config_read(t, config, &err);
    if (status != code || !strstr(err.message, sentence)) fail_msg("%s: '%s'", json, err.message);
    json_decref(config);
    hx_tokenizer_close(t);
}

static void test_config(void **state) {
    (void)state;
    check_config("{\"bos_token\":\"ab\",\"eos_token\":{\"content\":\"a\"},\"pad_token\":null}",
                 HX_OK, "");
    check_config("{\"bos_token\":\"<s>\"}", HX_EFORMAT, "bos_token is '<s>'");
    check_config("{\"eos_token_id\":3}", HX_EFORMAT, "eos_token_id is 3, but there are 3 tokens");
    check_config("{\"eos_token_id\":[0,-1]}", HX_EFORMAT, "eos_token_id is -1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gguf),           cmocka_unit_test(test_gguf_scores),
        cmocka_unit_test(test_byte_token_hex), cmocka_unit_test(test_byte_spelling),
        cmocka_unit_test(test_json),           cmocka_unit_test(test_json_nesting),
        cmocka_unit_test(test_pieces_cut),     cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
