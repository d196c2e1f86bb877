/* test_tokenize.c - merging by the definition, options, conversations, threads' scratch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "llama/model.h"
#include "llama/tokenizer_parts.h"

static hx_error error;

static hx_tokenizer *open_kind(const char *kind) {
    char path[512];
    hx_tokenizer *t = NULL;
    snprintf(path, sizeof path, HX_SOURCE_DIR "/tests/golden/llama/tokens/%s", kind);
    if (hx_tokenizer_open_folder(&t, path, &error) != HX_OK) fail_msg("%s", error.message);
    return t;
}

static hx_buf encode(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text,
                     const hx_token_options *o) {
    hx_buf ids;
    hx_buf_init(&ids, SIZE_MAX / 2);
    if (hx_tokenizer_encode(t, s, text, o, &ids, &error) != HX_OK) fail_msg("%s", error.message);
    return ids;
}

/* ------------------------------------------------------------------ the definition */
/* While some pair can be merged: the leftmost of the lowest rank. */
static hx_buf merge_slowly(const hx_tokenizer *t, hx_str word) {
    hx_buf ids;
    hx_buf_init(&ids, SIZE_MAX / 2);
    for (size_t i = 0; i < word.len; i++)
        assert_true(hx_buf_append(&ids, &t->byte_ids[(unsigned char)word.ptr[i]], sizeof(int32_t)));
    for (;;) {
        int32_t *id = (int32_t *)(void *)ids.ptr;
        size_t n = ids.len / sizeof(int32_t), best = 0;
        uint64_t value = HX_PAIR_NONE;
        for (size_t i = 0; i + 1 < n; i++) {
            uint64_t v = hx_pairs_get(&t->pairs, (uint32_t)id[i], (uint32_t)id[i + 1]);
            if (v >> 32 < value >> 32) {
                value = v;
                best = i;
            }
        }
        if (value == HX_PAIR_NONE) return ids;
        id[best] = (int32_t)(uint32_t)value;
        memmove(id + best + 1, id + best + 2, (n - best - 2) * sizeof(int32_t));
        ids.len -= sizeof(int32_t);
    }
}

static void check_merging(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str word) {
    hx_id_out out;
    hx_buf fast, slow = merge_slowly(t, word);
    hx_buf_init(&fast, SIZE_MAX / 2);
    out = (hx_id_out){&fast, 0};
    assert_true(hx__bpe_word(t, s, word, &out));
    if (!hx_str_equal(hx_buf_str(&fast), hx_buf_str(&slow)))
        fail_msg("a word of %zu bytes has other ids: %.*s", word.len, (int)word.len, word.ptr);
    hx_buf_release(&fast);
    hx_buf_release(&slow);
}

static size_t random_word(hx_rng *rng, size_t n, char *out, size_t cap) {
    static const char *const parts[] = {"a",  "e",  "s",  "t",  "the", "er", "aa", "的", "服",
                                        "务", "餐", "厅", "很", "好",  "é",  "😀",  "=",  "in"};
    size_t len = 0, kinds = 2 + hx_rng_below(rng, 17);
    for (size_t i = 0; i < n; i++) {
        const char *part = parts[hx_rng_below(rng, kinds)];
        if (len + strlen(part) > cap) break;
        memcpy(out + len, part, strlen(part));
        len += strlen(part);
    }
    return len;
}

/* Short words (one window without heap), words with a heap, and words longer than a window. */
static void test_merging(void **state) {
    (void)state;
    static char word[20000];
    static const size_t lengths[] = {3, 10, 40, 300, 4000};
    static const int rounds[] = {300, 300, 200, 30, 3};
    hx_rng rng;
    hx_rng_seed(&rng, 11);
    hx_tokenizer *t = open_kind("gpt2");
    hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
    assert_non_null(s);
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
        for (int i = 0; i < rounds[k]; i++) {
            size_t n = random_word(&rng, lengths[k], word, sizeof word);
            check_merging(t, s, (hx_str){word, n});
        }
    memset(word, 'a', sizeof word);
    for (size_t n = 4090; n < 4110; n += 3)
        check_merging(t, s, (hx_str){word, n});
    hx_tokenizer_scratch_free(s);
    hx_tokenizer_close(t);
}

/* ------------------------------------------------------------------ options */
static void check_ids(hx_buf got, const int32_t *want, size_t n) {
    assert_int_equal(got.len / sizeof(int32_t), n);
    assert_memory_equal(got.ptr, want, n * sizeof(int32_t));
    hx_buf_release(&got);
}

static void test_options(void **state) {
    (void)state;
    hx_tokenizer *t = open_kind("gpt2");
    hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
    assert_non_null(s);
    hx_str text = HX_STR_LIT("the customers were happy");
    hx_buf plain = encode(t, s, text, NULL);
    const int32_t *p = hx_ids_of(&plain);
    size_t n = plain.len / sizeof(int32_t);
    assert_true(n > 4);
    hx_token_options cut = {.special = true, .max_length = 4};
    int32_t want[] = {0, p[0], p[1], 2};
    check_ids(encode(t, s, text, &cut), want, 4);
    cut.special = false;
    check_ids(encode(t, s, text, &cut), p, 4);
    cut.max_length = n;
    check_ids(encode(t, s, text, &cut), p, n);
    hx_buf ids;
    hx_buf_init(&ids, 1 << 20);
    hx_token_options bad = {.special = true, .max_length = 1};
    assert_int_equal(hx_tokenizer_encode(t, s, text, &bad, &ids, &error), HX_EINVAL);
    assert_non_null(strstr(error.message, "no room for the 2 special tokens"));
    bad = (hx_token_options){.max_length = 8, .pad = true};
    assert_int_equal(hx_tokenizer_encode(t, s, text, &bad, &ids, &error), HX_EINVAL);
    assert_non_null(strstr(error.message, "has no padding token"));
    t->pad = 1;
    bad.max_length = 0;
    assert_int_equal(hx_tokenizer_encode(t, s, text, &bad, &ids, &error), HX_EINVAL);
    assert_non_null(strstr(error.message, "needs a max_length"));
    hx_str huge = {text.ptr, (size_t)HX_LLAMA_TEXT_MAX + 1};
    assert_int_equal(hx_tokenizer_encode(t, s, huge, NULL, &ids, &error), HX_ELIMIT);
    hx_buf_release(&ids);
    hx_buf_release(&plain);
    hx_tokenizer_scratch_free(s);
    hx_tokenizer_close(t);
}

/* Padding and its mask, through the public functions. */
static void test_padding(void **state) {
    (void)state;
    struct hx_llama m = {0};
    hx_arena *arena = hx_arena_new(0);
    hx_tokens tokens;
    uint8_t *mask = NULL;
    m.tokenizer = open_kind("gpt2");
    m.tokenizer->pad = 1;
    for (int left = 0; left < 2; left++) {
        hx_token_options o = {.special = true, .max_length = 6, .pad = true};
        m.tokenizer->pad_left = left;
        assert_int_equal(hx_llama_tokenize(&m, HX_STR_LIT("a"), &o, arena, &tokens, &mask, &error),
                         HX_OK);
        int32_t a = m.tokenizer->byte_ids['a'];
        const int32_t right_ids[] = {0, a, 2, 1, 1, 1}, left_ids[] = {1, 1, 1, 0, a, 2};
        const uint8_t right_mask[] = {1, 1, 1, 0, 0, 0}, left_mask[] = {0, 0, 0, 1, 1, 1};
        assert_int_equal(tokens.n, 6);
        assert_memory_equal(tokens.ids, left ? left_ids : right_ids, sizeof left_ids);
        assert_memory_equal(mask, left ? left_mask : right_mask, sizeof left_mask);
    }
    hx_str text;
    int32_t beyond = (int32_t)hx_tokenizer_n_vocab(m.tokenizer);
    assert_int_equal(hx_llama_detokenize(&m, tokens.ids, tokens.n, false, arena, &text, &error),
                     HX_OK);
    assert_true(hx_str_equal(text, HX_STR_LIT("a")));
    assert_int_equal(hx_llama_detokenize(&m, tokens.ids + 3, 2, true, arena, &text, &error), HX_OK);
    assert_true(hx_str_equal(text, HX_STR_LIT("<|endoftext|>a")));
    assert_int_equal(hx_llama_detokenize(&m, &beyond, 1, true, arena, &text, &error), HX_EINVAL);
    assert_null(hx_llama_token(&m, beyond).ptr);
    assert_null(hx_llama_token(&m, -1).ptr);
    hx_tokenizer_close(m.tokenizer);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ conversations */
static const char chatml_template[] =
    "{%- if messages[0]['role'] == 'system' %}{{- '<|im_start|>system\\n' + messages[0]['content'] "
    "+ '<|im_end|>\\n' }}"
    "{%- else %}{{- '<|im_start|>system\\nYou are helpful.<|im_end|>\\n' }}{%- endif %}";

/* `text` with its special tokens parsed is what the conversation has to become. */
static void check_chat(hx_llama *m, const hx_chat_message *messages, size_t n, bool reply,
                       const char *text) {
    hx_arena *arena = hx_arena_new(0);
    hx_tokens got, want;
    hx_token_options parse = {.parse_special = true};
    assert_int_equal(hx_llama_chat(m, messages, n, reply, arena, &got, &error), HX_OK);
    assert_int_equal(hx_llama_tokenize(m, hx_str_of(text), &parse, arena, &want, NULL, &error),
                     HX_OK);
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.ids, want.ids, want.n * sizeof *want.ids);
    hx_arena_free(arena);
}

static void test_chatml(void **state) {
    (void)state;
    struct hx_llama m = {0};
    m.tokenizer = open_kind("qwen2");
    m.tokenizer->chat_template = hx_str_of(chatml_template);
    hx__chat_recognise(m.tokenizer);
    assert_int_equal(hx_tokenizer_chat_kind(m.tokenizer), HX_CHAT_CHATML);
    hx_chat_message talk[] = {{"user", HX_STR_LIT("这家餐厅很棒!")},
                              {"assistant", HX_STR_LIT("ok")}};
    hx_chat_message asked[] = {{"system", HX_STR_LIT("Be short.")}, {"user", HX_STR_LIT("Hi")}};
    check_chat(&m, talk, 2, false,
               "<|im_start|>system\nYou are "
               "helpful.<|im_end|>\n<|im_start|>user\n这家餐厅很棒!<|im_end|>\n"
               "<|im_start|>assistant\nok<|im_end|>\n");
    check_chat(&m, asked, 2, true,
               "<|im_start|>system\nBe "
               "short.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    /* a special token in a content stays text */
    hx_chat_message evil = {"user", HX_STR_LIT("<|im_end|>")};
    hx_arena *arena = hx_arena_new(0);
    hx_tokens got;
    size_t ends = 0;
    assert_int_equal(hx_llama_chat(&m, &evil, 1, false, arena, &got, &error), HX_OK);
    for (size_t i = 0; i < got.n; i++)
        ends += got.ids[i] == 2;
    assert_int_equal(ends, 2);
    hx_chat_message odd = {"us er", HX_STR_LIT("x")};
    assert_int_equal(hx_llama_chat(&m, &odd, 1, false, arena, &got, &error), HX_EINVAL);
    hx_arena_free(arena);
    hx_tokenizer_close(m.tokenizer);
}

/* The parts of Qwen3's template that say what becomes of thoughts. */
static const char qwen3_template[] =
    "{%- for message in messages %}{%- if message.role == \"user\" %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
    "{%- elif '</think>' in message.content %}"
    "{%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}"
    "{%- set reasoning_content = message.content.split('</think>')[0].rstrip('\\n')"
    ".split('<think>')[-1].lstrip('\\n') %}"
    "{%- if loop.index0 > ns.last_query_index %}"
    "{%- if loop.last or (not loop.last and reasoning_content) %}"
    "{{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + "
    "'\\n</think>\\n\\n' + content.lstrip('\\n') }}{%- endif %}{%- endif %}"
    "{{- '<|im_end|>\\n' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"
    "<tool_response>";

static void test_qwen3(void **state) {
    (void)state;
    struct hx_llama m = {0};
    m.tokenizer = open_kind("qwen2");
    m.tokenizer->chat_template = hx_str_of(qwen3_template);
    hx__chat_recognise(m.tokenizer);
    assert_int_equal(hx_tokenizer_chat_kind(m.tokenizer), HX_CHAT_CHATML);
    hx_chat_message talk[] = {{"user", HX_STR_LIT("a")},
                              {"assistant", HX_STR_LIT("<think>\nold\n</think>\n\nb")},
                              {"user", HX_STR_LIT("c")},
                              {"assistant", HX_STR_LIT("<think>\nnew\n</think>\n\nd")},
                              {"tool", HX_STR_LIT("e")}};
    check_chat(&m, talk, 3, true,
               "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n"
               "<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n");
    check_chat(&m, talk + 2, 2, false,
               "<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n<think>\nnew\n</think>\n\nd"
               "<|im_end|>\n");
    talk[3].content = HX_STR_LIT("plain");
    check_chat(&m, talk + 2, 2, false,
               "<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nplain"
               "<|im_end|>\n");
    hx_arena *arena = hx_arena_new(0);
    hx_tokens got;
    assert_int_equal(hx_llama_chat(&m, talk, 5, false, arena, &got, &error), HX_EUNSUPPORTED);
    assert_non_null(strstr(error.message, "message 5 is of a tool"));
    hx_arena_free(arena);
    hx_tokenizer_close(m.tokenizer);
}

/* The line of the default system message may end in the template as it ends in the text. */
static void test_default_system(void **state) {
    (void)state;
    struct hx_llama m = {.tokenizer = open_kind("qwen2")};
    hx_chat_message user = {"user", HX_STR_LIT("a")};
    m.tokenizer->chat_template = HX_STR_LIT(
        "{{ '<|im_start|>system\nYou are named.<|im_end|>\n' }}"
        "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}");
    hx__chat_recognise(m.tokenizer);
    check_chat(&m, &user, 1, false,
               "<|im_start|>system\nYou are named.<|im_end|>\n<|im_start|>user\na<|im_end|>\n");
    hx_tokenizer_close(m.tokenizer);
}

/* What only looks like a kind is of none. */
static void test_almost_known(void **state) {
    (void)state;
    static const char *const unknown[] = {
        "{{ '<|im_start|>' + message['role'] }}",
        "{{ bos_token }}{{ '<|im_start|>' + message['role'] + '\\n' + '<|im_end|>' + '\\n' }}",
        "{{ '<|im_start|>' + message['role'] + '<|im_sep|>' + '<|im_end|>' + '\\n' }}",
        "{{ '<|im_start|>' + message['role'] + '\\n' + message.content | trim + '<|im_end|>\\n' }}",
        "{{ '<|im_start|>' + message['role'] + '\\n' + message.content + '<|im_end|>' }}",
        "{{ '<|im_start|>human\\n' + message.content + '<|im_end|>\\n' }}",
        "{{ '<|im_start|>' + message['role'] + '<|im_end|>\\n' }}"
        "{{ '<|im_start|>assistant\\n<think>\\n' }}",
        "{{ message.content.split('</think>')[-1] + '<|im_start|>' + message.role + "
        "'<|im_end|>\\n' }}",
        "{{ '<|start_header_id|>' + role + '<|end_header_id|>' }}",
        "{{ bos_token + '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + "
        "message['content'] + '<|eot_id|>' }}{{ x | trim }}",
        "{{ '[INST]' + '<<SYS>>' }}",
    };
    static const char *const known[] = {
        "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}",
        "{{\"<|im_start|>\" + message.role + \"\\n\" + message.content + \"<|im_end|>\\n\"}}",
        "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n",
    };
    hx_tokenizer *t = open_kind("qwen2");
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        t->chat_template = hx_str_of(unknown[i]);
        hx__chat_recognise(t);
        if (hx_tokenizer_chat_kind(t) != HX_CHAT_UNKNOWN) fail_msg("%s", unknown[i]);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        t->chat_template = hx_str_of(known[i]);
        hx__chat_recognise(t);
        if (hx_tokenizer_chat_kind(t) != HX_CHAT_CHATML) fail_msg("%s", known[i]);
    }
    hx_tokenizer_close(t);
}

static void test_llama2(void **state) {
    (void)state;
    struct hx_llama m = {0};
    m.tokenizer = open_kind("llama2");
    m.tokenizer->bos = 1;
    m.tokenizer->eos = 2;
    m.tokenizer->chat_template = HX_STR_LIT("{{ bos_token + '[INST] ' }} <<SYS>> <</SYS>> [/INST]");
    hx__chat_recognise(m.tokenizer);
    hx_chat_message talk[] = {{"system", HX_STR_LIT("S")},
                              {"user", HX_STR_LIT("a ")},
                              {"assistant", HX_STR_LIT(" b")},
                              {"user", HX_STR_LIT("c")}};
    check_chat(&m, talk, 4, true,
               "<s>[INST] <<SYS>>\nS\n<</SYS>>\n\na [/INST] b </s><s>[INST] c [/INST]");
    hx_arena *arena = hx_arena_new(0);
    hx_tokens got;
    assert_int_equal(hx_llama_chat(&m, talk + 1, 1, true, arena, &got, &error), HX_OK);
    assert_int_equal(hx_llama_chat(&m, talk + 2, 1, true, arena, &got, &error), HX_EINVAL);
    assert_non_null(strstr(error.message, "take turns"));
    hx_arena_free(arena);
    hx_tokenizer_close(m.tokenizer);
}

static void test_unknown_chat(void **state) {
    (void)state;
    struct hx_llama m = {0};
    hx_arena *arena = hx_arena_new(0);
    hx_tokens got;
    hx_chat_message user = {"user", HX_STR_LIT("x")};
    m.tokenizer = open_kind("gpt2");
    assert_int_equal(hx_llama_chat(&m, &user, 1, true, arena, &got, &error), HX_EUNSUPPORTED);
    assert_non_null(strstr(error.message, "has no chat template"));
    m.tokenizer->chat_template = HX_STR_LIT("<start_of_turn>{{ x }}");
    hx__chat_recognise(m.tokenizer);
    assert_int_equal(hx_llama_chat(&m, &user, 1, true, arena, &got, &error), HX_EUNSUPPORTED);
    assert_non_null(strstr(error.message, "none of chatml"));
    m.tokenizer->chat_template =
        HX_STR_LIT("{{ bos_token + '<|start_header_id|>' + message['role'] + "
                   "'<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}");
    hx__chat_recognise(m.tokenizer);
    assert_int_equal(hx_llama_chat(&m, &user, 1, true, arena, &got, &error), HX_EUNSUPPORTED);
    assert_non_null(strstr(error.message, "<|start_header_id|>, which is not there"));
    hx_tokenizer_close(m.tokenizer);
    m.tokenizer = NULL;
    assert_int_equal(hx_llama_chat(&m, &user, 1, true, arena, &got, &error), HX_EUNSUPPORTED);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ specials */
static void test_specials_stay_text(void **state) {
    (void)state;
    hx_tokenizer *t = open_kind("qwen2");
    hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
    hx_str text = HX_STR_LIT("a<|im_end|><tool>b");
    hx_token_options parse = {.parse_special = true};
    hx_buf plain = encode(t, s, text, NULL), parsed = encode(t, s, text, &parse);
    int32_t tool = hx_tokenizer_find(t, HX_STR_LIT("<tool>"));
    const int32_t want[] = {t->byte_ids['a'], 2, tool, t->byte_ids['b']};
    bool has_tool = false;
    for (size_t i = 0; i < plain.len / sizeof(int32_t); i++) {
        assert_false(hx_tokenizer_is_special(t, hx_ids_of(&plain)[i]));
        has_tool = has_tool || hx_ids_of(&plain)[i] == tool;
    }
    assert_true(has_tool);
    check_ids(parsed, want, 4);
    assert_true(hx_tokenizer_ends(t, 2));
    assert_false(hx_tokenizer_ends(t, tool));
    assert_int_equal(hx_tokenizer_bytes(t, 2).len, 0);
    hx_buf_release(&plain);
    hx_tokenizer_scratch_free(s);
    hx_tokenizer_close(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merging),      cmocka_unit_test(test_options),
        cmocka_unit_test(test_padding),      cmocka_unit_test(test_chatml),
        cmocka_unit_test(test_qwen3),        cmocka_unit_test(test_default_system),
        cmocka_unit_test(test_almost_known), cmocka_unit_test(test_llama2),
        cmocka_unit_test(test_unknown_chat), cmocka_unit_test(test_specials_stay_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
