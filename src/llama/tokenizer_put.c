/* tokenizer_put.c - a tokenizer as the tokenizer.ggml.* keys of a GGUF file.
 *
 * Byte-level BPE is written as llama.cpp has it. SentencePiece BPE of a tokenizer.json has merges and no scores: each token's score is minus the
 * rank of its first merge, which is what llama.cpp merges by; the merges are written too, and ours reads them, so that ids stay the same whatever
 * the merges are. How such a text gets its first space goes into `pre`, which llama.cpp does not read for this kind. */
#include <stdlib.h>
#include <string.h>

#include "llama/tokenizer_parts.h"

#define KEY(name) "tokenizer.ggml." name

typedef struct {
    uint64_t value; /* rank << 32 | result */
    uint64_t key;
} ranked_pair;

static int by_rank(const void *x, const void *y) {
    uint64_t a = ((const ranked_pair *)x)->value, b = ((const ranked_pair *)y)->value;
    return a < b ? -1 : a > b;
}

/* All merges in order; NULL when out of memory. The caller frees it. */
static ranked_pair *sorted_pairs(const hx_tokenizer *t) {
    ranked_pair *out = calloc(t->pairs.n + 1, sizeof *out);
    size_t n = 0;
    for (size_t i = 0; out && t->pairs.slots && i <= t->pairs.mask; i++)
        if (t->pairs.slots[i].key != HX_PAIR_NONE)
            out[n++] = (ranked_pair){t->pairs.slots[i].value, t->pairs.slots[i].key};
    if (out) qsort(out, n, sizeof *out, by_rank);
    return out;
}

static void put_merges(const hx_tokenizer *t, const ranked_pair *pairs, hx_gguf_writer *w) {
    size_t total = 0, n = t->pairs.n;
    for (size_t i = 0; i < n; i++)
        total += t->vocab.spans[(uint32_t)pairs[i].value].len + 1;
    char *text = calloc(total + 1, 1), *at = text;
    hx_str *merges = calloc(n + 1, sizeof *merges);
    for (size_t i = 0; text && merges && i < n; i++) {
        hx_str a = hx_vocab_spelling(&t->vocab, (size_t)(pairs[i].key >> 32));
        hx_str b = hx_vocab_spelling(&t->vocab, (uint32_t)pairs[i].key);
        memcpy(at, a.ptr, a.len);
        at[a.len] = ' ';
        memcpy(at + a.len + 1, b.ptr, b.len);
        merges[i] = (hx_str){at, a.len + 1 + b.len};
        at += merges[i].len;
    }
    /* without memory the writer gets nothing here, and fails on its own next put or at its end */
    hx_gguf_put_strs(w, KEY("merges"), merges, text && merges ? n : 0);
    free(text);
    free(merges);
}

static void put_scores(const hx_tokenizer *t, const ranked_pair *pairs, hx_gguf_writer *w) {
    float *scores = calloc(t->vocab.n + 1, sizeof *scores);
    if (!scores) return;
    for (size_t id = 0; id < t->vocab.n && t->scores; id++)
        scores[id] = (float)t->scores[id];
    for (size_t i = t->scores ? 0 : t->pairs.n; i > 0; i--)
        scores[(uint32_t)pairs[i - 1].value] = -(float)(pairs[i - 1].value >> 32);
    hx_gguf_put_f32s(w, KEY("scores"), scores, t->vocab.n);
    free(scores);
}

static void put_tokens(const hx_tokenizer *t, hx_gguf_writer *w) {
    hx_str *tokens = calloc(t->vocab.n + 1, sizeof *tokens);
    int32_t *types = calloc(t->vocab.n + 1, sizeof *types);
    for (size_t id = 0; tokens && types && id < t->vocab.n; id++) {
        tokens[id] = hx_vocab_spelling(&t->vocab, id);
        types[id] = t->vocab.types[id];
    }
    if (tokens && types) {
        hx_gguf_put_strs(w, KEY("tokens"), tokens, t->vocab.n);
        hx_gguf_put_i32s(w, KEY("token_type"), types, t->vocab.n);
    }
    free(tokens);
    free(types);
}

static void put_id(hx_gguf_writer *w, const char *key, int32_t id) {
    if (id >= 0) hx_gguf_put_u32(w, key, (uint32_t)id);
}

static bool has_norm(const hx_tokenizer *t, hx_norm_kind kind) {
    for (size_t i = 0; i < t->n_norms; i++)
        if (t->norms[i].kind == kind) return true;
    return false;
}

static void put_sentencepiece(const hx_tokenizer *t, const ranked_pair *pairs, hx_gguf_writer *w) {
    bool words = has_norm(t, HX_NORM_WORDS), metaspace = has_norm(t, HX_NORM_METASPACE);
    bool prefix = t->sentencepiece ? t->sp.add_dummy_prefix
                                   : words || t->prefix_any || has_norm(t, HX_NORM_PREPEND);
    hx_gguf_put_bool(w, KEY("add_space_prefix"), prefix);
    hx_gguf_put_bool(w, KEY("remove_extra_whitespaces"),
                     t->sentencepiece ? t->sp.remove_extra_whitespaces : words);
    put_scores(t, pairs, w);
    if (t->kind == HX_TOKENIZER_BPE_SENTENCEPIECE && !t->scores) {
        const char *pre = !metaspace        ? "default"
                          : t->prefix_first ? "metaspace-first"
                                            : "metaspace";
        hx_gguf_put_str(w, KEY("pre"), hx_str_of(pre));
        put_merges(t, pairs, w);
    }
    if (t->charsmap.n_units) {
        /* as it is in the file: size, units, texts lie together */
        hx_str raw = {(const char *)t->charsmap.units - 4,
                      4 + 4 * t->charsmap.n_units + t->charsmap.texts.len};
        hx_gguf_value v = {HX_STR_LIT(KEY("precompiled_charsmap")), HX_GGUF_U8, true, raw.len, raw};
        hx_gguf_put_value(w, &v);
    }
}

static const char *const models[] = {"gpt2", "llama", "t5"}; /* by hx_tokenizer_kind */

void hx_tokenizer_put_gguf(const hx_tokenizer *t, hx_gguf_writer *w) {
    ranked_pair *pairs = sorted_pairs(t);
    hx_gguf_put_str(w, KEY("model"), hx_str_of(models[t->kind]));
    put_tokens(t, w);
    if (pairs && t->kind == HX_TOKENIZER_BPE_BYTES) {
        hx_gguf_put_str(w, KEY("pre"), t->pre_name);
        hx_gguf_put_bool(w, KEY("add_space_prefix"), t->pre.add_prefix_space);
        put_merges(t, pairs, w);
    } else if (pairs) {
        put_sentencepiece(t, pairs, w);
    }
    free(pairs);
    /* GGUF says what stands around a text only by these two */
    put_id(w, KEY("bos_token_id"), t->n_before ? t->before[0] : t->bos);
    put_id(w, KEY("eos_token_id"), t->n_after ? t->after[0] : t->eos);
    put_id(w, KEY("unknown_token_id"), t->unk);
    put_id(w, KEY("padding_token_id"), t->pad);
    hx_gguf_put_bool(w, KEY("add_bos_token"), t->n_before > 0);
    hx_gguf_put_bool(w, KEY("add_eos_token"), t->n_after > 0);
    if (t->chat_template.len) hx_gguf_put_str(w, "tokenizer.chat_template", t->chat_template);
}
