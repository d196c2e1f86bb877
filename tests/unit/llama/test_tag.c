/* test_tag.c - where tokens came from, by the tokenizers of tests/golden/llama/tokens; tags of words and spans, by a head for tokens.
 *
 * The head is that of gguf_classes, read as one for tokens: what a tag says is checked against the rows of a run. */
#include "base/rng.h"
#include "base/utf8.h"
#include "llama/context.h"
#include "llama/model.h"
#include "llama/tokenizer.h"
#include "unit/llama/golden_test.h"

static const char *const tokenizers[] = {
    "gpt2",   "gpt2_prefix", "llama2",       "llama2_metaspace", "llama3", "qwen2",
    "smollm", "sp_bpe",      "sp_bpe_extra", "sp_unigram",       "unigram"};

static hx_tokenizer *tokenizer_of(const char *name) {
    char path[512];
    hx_tokenizer *t = NULL;
    snprintf(path, sizeof path, "%s/tests/golden/llama/tokens/%s", HX_SOURCE_DIR, name);
    assert_int_equal(hx_tokenizer_open_folder(&t, path, NULL), HX_OK);
    return t;
}

/* ------------------------------------------------------------------ spans */
static size_t spans_of(hx_tokenizer *t, hx_str text, hx_arena *arena, hx_tokens *tokens,
                       hx_token_span **spans) {
    const hx_llama m = {.tokenizer = t};
    const hx_token_options options = {.special = true};
    assert_int_equal(hx_llama_tokenize(&m, text, &options, arena, tokens, NULL, NULL), HX_OK);
    assert_int_equal(hx_llama_token_spans(&m, text, tokens->ids, tokens->n, arena, spans, NULL),
                     HX_OK);
    return tokens->n;
}

static bool is_boundary(hx_str text, size_t at) {
    return at == text.len || ((unsigned char)text.ptr[at] & 0xC0) != 0x80;
}

/* Spans lie in the text, in order, and hold whole characters. */
static void check_order(hx_str text, const hx_token_span *spans, size_t n, bool is_utf8) {
    uint32_t start = 0, end = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(spans[i].start <= spans[i].end && spans[i].end <= text.len);
        if (spans[i].start == spans[i].end) continue;
        assert_true(spans[i].start >= start && spans[i].end >= end);
        start = spans[i].start;
        end = spans[i].end;
        if (is_utf8) assert_true(is_boundary(text, start) && is_boundary(text, end));
    }
}

/* Without blanks at its ends, a token's text is its span. */
static void texts_of_tokens_are_their_spans(void **state) {
    (void)state;
    const hx_str text = HX_STR_LIT("  The delivery  was late, and\tnobody answered my mail.\n 4 5");
    for (size_t k = 0; k < sizeof tokenizers / sizeof *tokenizers; k++) {
        hx_arena *arena = hx_arena_new(0);
        hx_tokenizer *t = tokenizer_of(tokenizers[k]);
        hx_tokens tokens;
        hx_token_span *spans;
        size_t n = spans_of(t, text, arena, &tokens, &spans), covered = 0;
        check_order(text, spans, n, true);
        for (size_t i = 0; i < n; i++) {
            hx_str s = hx_tokenizer_bytes(t, tokens.ids[i]);
            while (s.len > 0 && strchr(" \t\n", s.ptr[0]))
                s = (hx_str){s.ptr + 1, s.len - 1};
            while (s.len > 0 && strchr(" \t\n", s.ptr[s.len - 1]))
                s.len--;
            hx_str of_text = {text.ptr + spans[i].start, spans[i].end - spans[i].start};
            if (s.len > 0) assert_true(hx_str_equal(s, of_text));
            covered += of_text.len;
        }
        size_t letters = 0;
        for (size_t i = 0; i < text.len; i++)
            letters += !strchr(" \t\n", text.ptr[i]);
        assert_true(covered <= text.len && covered + 12 > letters);
        hx_tokenizer_close(t);
        hx_arena_free(arena);
    }
}

typedef struct {
    const char *tokenizer, *text;
    const char *spans; /* of tokens with text, separated by | */
} span_case;

static const span_case span_cases[] = {
    {"qwen2", "e\xCC\x81t", "e\xCC\x81|t"}, /* NFC: one token */
    {"smollm", "\xF0\xA0\x80\x80",
     "\xF0\xA0\x80\x80|\xF0\xA0\x80\x80|\xF0\xA0\x80\x80|\xF0\xA0\x80\x80"},
    {"sp_unigram", "\xEF\xBC\xA1  b", "\xEF\xBC\xA1|\xEF\xBC\xA1|\xEF\xBC\xA1|b"},
};

/* Each letter of the text is in some span, whatever the normaliser made of it. */
static void changed_texts_are_covered(void **state) {
    (void)state;
    static const char *const texts[] = {
        "e\xCC\x81t\xC3\xA9  \xEF\xBC\xA1\xEF\xBC\xA2 fi\xEF\xAC\x81x \xE5\xA5\xBD",
        "\xE3\x80\x80good\xE3\x80\x80"
        "day",
        "a\xFF\xFEz good \xE5\xA5",
        "\xE2\x84\xA2 x\xC2\xBD",
        "\xE1\x84\x80\xE1\x85\xA1 b",
        " ",
        ""};
    for (size_t k = 0; k < sizeof tokenizers / sizeof *tokenizers; k++)
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            hx_arena *arena = hx_arena_new(0);
            hx_tokenizer *t = tokenizer_of(tokenizers[k]);
            hx_str text = hx_str_of(texts[i]);
            hx_tokens tokens;
            hx_token_span *spans;
            size_t n = spans_of(t, text, arena, &tokens, &spans);
            check_order(text, spans, n, hx_utf8_is_valid(text));
            for (size_t at = 0; at < text.len; at++) {
                bool found = strchr("abdgotxyz", text.ptr[at]) == NULL;
                for (size_t s = 0; s < n && !found; s++)
                    found = spans[s].start <= at && at < spans[s].end;
                if (!found) fail_msg("%s: byte %zu of '%s'", tokenizers[k], at, texts[i]);
            }
            hx_tokenizer_close(t);
            hx_arena_free(arena);
        }
}

static void chosen_spans(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof span_cases / sizeof *span_cases; k++) {
        hx_arena *arena = hx_arena_new(0);
        hx_tokenizer *t = tokenizer_of(span_cases[k].tokenizer);
        hx_str text = hx_str_of(span_cases[k].text);
        hx_tokens tokens;
        hx_token_span *spans;
        char got[256] = "";
        size_t n = spans_of(t, text, arena, &tokens, &spans), at = 0;
        check_order(text, spans, n, true);
        for (size_t i = 0; i < n; i++)
            if (spans[i].start < spans[i].end)
                at += (size_t)snprintf(got + at, sizeof got - at, "%s%.*s", at ? "|" : "",
                                       (int)(spans[i].end - spans[i].start),
                                       text.ptr + spans[i].start);
        assert_string_equal(got, span_cases[k].spans);
        hx_tokenizer_close(t);
        hx_arena_free(arena);
    }
}

static void random_bytes_stay_in_order(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, 5);
    for (size_t k = 0; k < sizeof tokenizers / sizeof *tokenizers; k++) {
        hx_tokenizer *t = tokenizer_of(tokenizers[k]);
        for (int round = 0; round < 60; round++) {
            hx_arena *arena = hx_arena_new(0);
            char bytes[90];
            size_t len = hx_rng_below(&r, sizeof bytes);
            for (size_t i = 0; i < len; i++)
                bytes[i] =
                    round % 2 ? (char)hx_rng_below(&r, 256) : "ab Z\xC3\xA9.1"[hx_rng_below(&r, 8)];
            hx_tokens tokens;
            hx_token_span *spans;
            size_t n = spans_of(t, (hx_str){bytes, len}, arena, &tokens, &spans);
            check_order((hx_str){bytes, len}, spans, n, false);
            hx_arena_free(arena);
        }
        hx_tokenizer_close(t);
    }
}

/* ------------------------------------------------------------------ tags */
static void name_label(hx_llama *m, size_t i, const char *name) {
    char **labels = m->config.tasks[0].labels;
    free(labels[i]);
    labels[i] = strdup(name);
    assert_non_null(labels[i]);
}

static hx_llama *tagging_model(const char *first, const char *second) {
    hx_llama *m = golden_open("gguf_classes", HX_PRECISION_EXACT, 2);
    m->config.head_is_token = true;
    m->config.tasks[0].kind = m->heads[0].info.kind = HX_LLAMA_TAG;
    m->heads[0].info.of_words = true;
    name_label(m, 0, first);
    name_label(m, 1, second);
    return m;
}

static const hx_str tagged[] = {
    {"good bad it is good?", 20}, {"", 0}, {"\xE5\xA5\xBD the unbelievable  ", 22}, {" ", 1}};
enum { N_TAGGED = 4 };

/* What the rows of a run say of each token that has text. */
static void tags_of_tokens_are_those_of_the_head(void **state) {
    (void)state;
    hx_llama *m = tagging_model("O", "B-X");
    hx_llama_context *c = golden_context(m, NULL);
    hx_arena *arena = hx_arena_new(0);
    hx_tags tags[N_TAGGED];
    const hx_tag_options options = {.tokens = true};
    assert_int_equal(hx_llama_tag(c, tagged, N_TAGGED, &options, arena, tags, NULL), HX_OK);
    for (size_t i = 0; i < N_TAGGED; i++) {
        hx_tokens tokens;
        hx_token_span *spans;
        const hx_token_options special = {.special = true};
        assert_int_equal(hx_llama_tokenize(m, tagged[i], &special, arena, &tokens, NULL, NULL),
                         HX_OK);
        assert_int_equal(
            hx_llama_token_spans(m, tagged[i], tokens.ids, tokens.n, arena, &spans, NULL), HX_OK);
        const hx_llama_piece piece = {
            .ids = tokens.ids, .n = tokens.n, .sequence = -1, .want = HX_WANT_HEAD};
        if (tokens.n > 0) golden_run(c, &piece, 1);
        const float *rows = tokens.n > 0 ? hx_llama_head(c, 0, NULL) : NULL;
        size_t at = 0;
        for (size_t k = 0; k < tokens.n; k++) {
            if (spans[k].start == spans[k].end) continue;
            const hx_tag *tag = &tags[i].tags[at++];
            double gap = (double)rows[2 * k + 1] - (double)rows[2 * k];
            assert_int_equal(tag->label, gap > 0);
            assert_true(fabs((double)tag->score - 1 / (1 + exp(-fabs(gap)))) < 1e-5);
            assert_memory_equal(&tag->span, &spans[k], sizeof tag->span);
        }
        assert_int_equal(at, tags[i].n);
    }
    assert_int_equal(tags[1].n + tags[3].n, 0);
    hx_arena_free(arena);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

static void words_take_the_label_of_their_first_token(void **state) {
    (void)state;
    hx_llama *m = tagging_model("NOUN", "X");
    hx_llama_context *c = golden_context(m, NULL);
    hx_arena *arena = hx_arena_new(0);
    hx_tags words[N_TAGGED], tokens[N_TAGGED];
    const hx_tag_options each = {.tokens = true};
    assert_int_equal(hx_llama_tag(c, tagged, N_TAGGED, NULL, arena, words, NULL), HX_OK);
    assert_int_equal(hx_llama_tag(c, tagged, N_TAGGED, &each, arena, tokens, NULL), HX_OK);
    static const char *const texts[] = {"good", "bad", "it", "is", "good", "?"};
    assert_int_equal(words[0].n, 6);
    for (size_t i = 0; i < 6; i++) {
        const hx_tag *w = &words[0].tags[i];
        assert_int_equal(w->span.end - w->span.start, strlen(texts[i]));
        assert_memory_equal(tagged[0].ptr + w->span.start, texts[i], strlen(texts[i]));
        size_t k = 0;
        while (tokens[0].tags[k].span.start != w->span.start)
            k++;
        assert_int_equal(tokens[0].tags[k].label, w->label);
        assert_true(tokens[0].tags[k].score == w->score);
    }
    assert_int_equal(words[2].n, 3); /* the Han character, two words */
    assert_string_equal(hx_llama_tag_name(m, 0), "NOUN");
    hx_arena_free(arena);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* With only B-X and I-X words join to spans: a span is words one after the other, its score their mean. */
static void labels_with_prefixes_make_spans(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"O", "B-X"}, {"O", "I-X"}, {"B-X", "I-X"}, {"S-Y", "I-X"}, {"B-Y", "E-Y"}};
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
        hx_llama *m = tagging_model("U", "V");
        hx_llama_context *c = golden_context(m, NULL);
        hx_arena *arena = hx_arena_new(0);
        hx_tags words, spans;
        assert_int_equal(hx_llama_tag(c, tagged, 1, NULL, arena, &words, NULL), HX_OK);
        name_label(m, 0, pairs[p][0]);
        name_label(m, 1, pairs[p][1]);
        assert_int_equal(hx_llama_tag(c, tagged, 1, NULL, arena, &spans, NULL), HX_OK);
        size_t at = 0;
        for (size_t i = 0; i < words.n;) {
            const char *name = pairs[p][words.tags[i].label];
            if (name[0] == 'O') {
                i++;
                continue;
            }
            size_t from = i++;
            double sum = (double)words.tags[from].score;
            bool open = name[0] == 'B' || name[0] == 'I';
            while (open && i < words.n) {
                const char *next = pairs[p][words.tags[i].label];
                if ((next[0] != 'I' && next[0] != 'E') || strcmp(next + 2, name + 2) != 0) break;
                open = next[0] == 'I';
                sum += (double)words.tags[i++].score;
            }
            assert_true(at < spans.n);
            const hx_tag *s = &spans.tags[at++];
            assert_int_equal(s->span.start, words.tags[from].span.start);
            assert_int_equal(s->span.end, words.tags[i - 1].span.end);
            assert_string_equal(hx_llama_tag_name(m, s->label), name + 2);
            assert_true(fabs((double)s->score - sum / (double)(i - from)) < 1e-5);
        }
        assert_int_equal(at, spans.n);
        hx_arena_free(arena);
        hx_llama_context_close(c);
        hx_llama_close(m);
    }
}

static void models_without_such_a_head_are_refused(void **state) {
    (void)state;
    hx_llama *m = golden_open("gguf_classes", HX_PRECISION_FAST, 1);
    hx_llama_context *c = golden_context(m, NULL);
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_tags tags[N_TAGGED];
    assert_int_equal(hx_llama_tag(c, tagged, N_TAGGED, NULL, arena, tags, &err), HX_EUNSUPPORTED);
    assert_string_equal(err.message, "the model has no head that labels tokens");
    hx_arena_free(arena);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_tokens_are_their_spans),
        cmocka_unit_test(changed_texts_are_covered),
        cmocka_unit_test(chosen_spans),
        cmocka_unit_test(random_bytes_stay_in_order),
        cmocka_unit_test(tags_of_tokens_are_those_of_the_head),
        cmocka_unit_test(words_take_the_label_of_their_first_token),
        cmocka_unit_test(labels_with_prefixes_make_spans),
        cmocka_unit_test(models_without_such_a_head_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
