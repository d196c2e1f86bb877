/* tokenizer_gguf.c - a tokenizer from the tokenizer.ggml.* keys of a GGUF file, and those keys from a tokenizer.
 *
 *   model       gpt2 (byte-level BPE by merges), llama (SentencePiece BPE by scores), t5 (SentencePiece unigram)
 *   pre         which words byte pairs are merged in; qwen2 also means NFC, as its own tokenizer does
 *   tokens, token_type, scores, merges      one an id; every length, type and range is checked
 *   *_token_id, add_bos_token, add_eos_token, add_space_prefix, remove_extra_whitespaces, precompiled_charsmap
 *   tokenizer.chat_template
 *
 * The tokens of an open file are views of its mapping. A file of llama with merges, which only convert writes, is merged by them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "llama/tokenizer_folder.h"

#define KEY(name) "tokenizer.ggml." name

/* ------------------------------------------------------------------ arrays */
static hx_status find_array(const hx_tokenizer *t, const hx_tensor_file *f, const char *key,
                            const hx_gguf_value **out, hx_error *err) {
    const hx_gguf_value *v = hx_tensor_file_value(f, key);
    *out = v;
    if (v && !v->is_array) return hx_fail(err, HX_EFORMAT, "%s: '%s' is not a list", t->what, key);
    return HX_OK;
}

static hx_status read_tokens(hx_tokenizer *t, const hx_tensor_file *f, hx_error *err) {
    const hx_gguf_value *v;
    HX_TRY(find_array(t, f, KEY("tokens"), &v, err));
    if (!v || v->type != HX_GGUF_STRING || v->n == 0)
        return hx_fail(err, HX_EFORMAT, "%s: there is no list of tokens ('%s')", t->what,
                       KEY("tokens"));
    if (v->n > HX_VOCAB_MAX || v->raw.len > UINT32_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: %llu tokens; the most is %zu", t->what,
                       (unsigned long long)v->n, HX_VOCAB_MAX);
    t->vocab.n = (size_t)v->n;
    t->vocab.text = v->raw.ptr;
    t->vocab.spans = hx_table_alloc(t->arena, t->vocab.n * sizeof *t->vocab.spans);
    t->vocab.types = hx_arena_alloc(t->arena, t->vocab.n);
    if (!t->vocab.spans || !t->vocab.types)
        return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    size_t at = 0, id = 0;
    for (hx_str s; id < t->vocab.n && hx_gguf_next_str(v, &at, &s); id++)
        t->vocab.spans[id] = (hx_vocab_span){(uint32_t)(s.ptr - v->raw.ptr), (uint32_t)s.len};
    return HX_OK;
}

static hx_status read_types(hx_tokenizer *t, const hx_tensor_file *f, hx_error *err) {
    const hx_gguf_value *v;
    memset(t->vocab.types, HX_TOKEN_NORMAL, t->vocab.n);
    HX_TRY(find_array(t, f, KEY("token_type"), &v, err));
    if (!v) return HX_OK;
    if ((v->type != HX_GGUF_I32 && v->type != HX_GGUF_U32) || v->n != t->vocab.n)
        return hx_fail(err, HX_EFORMAT, "%s: '%s' must be %zu whole numbers of 32 bits", t->what,
                       KEY("token_type"), t->vocab.n);
    for (size_t id = 0; id < t->vocab.n; id++) {
        uint32_t type;
        memcpy(&type, v->raw.ptr + id * sizeof type, sizeof type);
        if (type < HX_TOKEN_NORMAL || type > HX_TOKEN_BYTE)
            return hx_fail(err, HX_EFORMAT, "%s: token %zu is of type %u; 1 to 6 are known",
                           t->what, id, type);
        t->vocab.types[id] = (uint8_t)type;
    }
    return HX_OK;
}

static hx_status read_scores(hx_tokenizer *t, const hx_tensor_file *f, hx_error *err) {
    const hx_gguf_value *v;
    HX_TRY(find_array(t, f, KEY("scores"), &v, err));
    if (!v || v->type != HX_GGUF_F32 || v->n != t->vocab.n)
        return hx_fail(err, HX_EFORMAT, "%s: '%s' must be %zu numbers of type f32", t->what,
                       KEY("scores"), t->vocab.n);
    t->scores = hx_arena_alloc(t->arena, t->vocab.n * sizeof *t->scores);
    if (!t->scores) return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    for (size_t id = 0; id < t->vocab.n; id++) {
        float score;
        memcpy(&score, v->raw.ptr + id * sizeof score, sizeof score);
        if (!isfinite(score))
            return hx_fail(err, HX_EFORMAT, "%s: the score of token %zu is not a number", t->what,
                           id);
        t->scores[id] = (double)score;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ merges */
#define MERGE_BATCH 32

static hx_status read_merges(hx_tokenizer *t, const hx_gguf_value *v, hx_error *err) {
    hx_str left[MERGE_BATCH], right[MERGE_BATCH], merge;
    hx_merge_reader r;
    size_t at = 0, n = 0;
    if (!v || v->type != HX_GGUF_STRING)
        return hx_fail(err, HX_EFORMAT, "%s: there is no list of merges ('%s')", t->what,
                       KEY("merges"));
    HX_TRY(hx__merges_begin(&r, t, v->n > SIZE_MAX ? SIZE_MAX : (size_t)v->n, err));
    r.end = v->raw.ptr + v->raw.len;
    while (hx_gguf_next_str(v, &at, &merge)) {
        hx__merge_split(merge, &left[n], &right[n]);
        if (++n < MERGE_BATCH) continue;
        HX_TRY(hx__merges_add(&r, left, right, n, err));
        n = 0;
    }
    return hx__merges_add(&r, left, right, n, err);
}

/* ------------------------------------------------------------------ scalars */
static hx_status read_id(const hx_tokenizer *t, const hx_tensor_file *f, const char *key,
                         int32_t *id, hx_error *err) {
    uint64_t v = 0;
    bool found = false;
    /* 2^32 - 1 is how writers say "none" */
    HX_TRY(hx_gguf_read_u64(f, key, UINT32_MAX, &v, &found, err));
    if (!found || v == UINT32_MAX) return HX_OK;
    if (v >= t->vocab.n)
        return hx_fail(err, HX_EFORMAT, "%s: '%s' is %llu, but there are %zu tokens", t->what, key,
                       (unsigned long long)v, t->vocab.n);
    *id = (int32_t)v;
    return HX_OK;
}

static hx_status read_flag(const hx_tensor_file *f, const char *key, bool *flag, hx_error *err) {
    bool found = false, v = false;
    HX_TRY(hx_gguf_read_bool(f, key, &v, &found, err));
    if (found) *flag = v;
    return HX_OK;
}

static hx_status read_specials(hx_tokenizer *t, const hx_tensor_file *f, hx_error *err) {
    bool found = false;
    HX_TRY(read_id(t, f, KEY("bos_token_id"), &t->bos, err));
    HX_TRY(read_id(t, f, KEY("eos_token_id"), &t->eos, err));
    HX_TRY(read_id(t, f, KEY("unknown_token_id"), &t->unk, err));
    HX_TRY(read_id(t, f, KEY("padding_token_id"), &t->pad, err));
    HX_TRY(read_flag(f, KEY("add_bos_token"), &t->add_bos, err));
    HX_TRY(read_flag(f, KEY("add_eos_token"), &t->add_eos, err));
    return hx_gguf_read_str(f, "tokenizer.chat_template", &t->chat_template, &found, err);
}

/* ------------------------------------------------------------------ kinds */
/* Names of pre-tokenizers, as llama.cpp writes them. The first of a kind is what we write. */
static const struct {
    const char *name;
    hx_pre_kind kind;
    bool nfc, ignore_merges, add_bos;
} pre_names[] = {
    {"gpt-2", HX_PRE_GPT2, false, false, false},
    {"llama-bpe", HX_PRE_LLAMA3, false, true, true},
    {"qwen2", HX_PRE_QWEN2, true, false, false},
    {"smollm", HX_PRE_SMOLLM, false, false, false},
    {"phi-2", HX_PRE_GPT2, false, false, false},
    {"roberta-bpe", HX_PRE_GPT2, false, false, false},
    {"mpt", HX_PRE_GPT2, false, false, false},
    {"olmo", HX_PRE_GPT2, false, false, false},
    {"llama3", HX_PRE_LLAMA3, false, true, true},
    {"llama-v3", HX_PRE_LLAMA3, false, true, true},
    {"deepseek-r1-qwen", HX_PRE_QWEN2, true, false, false},
    {"megrez", HX_PRE_QWEN2, true, false, false},
    {"starcoder", HX_PRE_SMOLLM, false, false, false},
    {"refact", HX_PRE_SMOLLM, false, false, false},
    {"command-r", HX_PRE_SMOLLM, false, false, false},
};

static hx_status open_bpe(hx_tokenizer *t, const hx_tensor_file *f, hx_error *err) {
    const hx_gguf_value *merges;
    bool found = false;
    t->pre_name = HX_STR_LIT("gpt-2");
    HX_TRY(hx_gguf_read_str(f, KEY("pre"), &t->pre_name, &found, err));
    for (size_t i = 0; i < sizeof pre_names / sizeof *pre_names; i++) {
        if (!hx_str_equal(t->pre_name, hx_str_of(pre_names[i].name))) continue;
        t->pre.kind = pre_names[i].kind;
        t->ignore_merges = pre_names[i].ignore_merges;
        t->add_bos = pre_names[i].add_bos;
        if (pre_names[i].nfc) t->norms[t->n_norms++].kind = HX_NORM_NFC;
    }
    if (t->pre.kind == HX_PRE_NONE)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "%s: its words are cut as '%.*s', which is not known here", t->what,
                       HX_STR_ARG(t->pre_name));
    HX_TRY(read_flag(f, KEY("add_space_prefix"), &t->pre.add_prefix_space, err));
    HX_TRY(find_array(t, f, KEY("merges"), &merges, err));
    HX_TRY(read_specials(t, f, err));
    return read_merges(t, merges, err);
}

static hx_status read_charsmap(hx_tokenizer *t, const hx_tensor_file *f, hx_error *err) {
    const hx_gguf_value *v;
    HX_TRY(find_array(t, f, KEY("precompiled_charsmap"), &v, err));
    if (!v) return HX_OK;
    if (v->type != HX_GGUF_U8 && v->type != HX_GGUF_I8)
        return hx_fail(err, HX_EFORMAT, "%s: '%s' must be bytes", t->what,
                       KEY("precompiled_charsmap"));
    return hx__charsmap_read(t, v->raw, err);
}

/* What a tokenizer.json was: merged by merges, added tokens cut out first. */
static hx_status use_merges(hx_tokenizer *t, const hx_tensor_file *f, const hx_gguf_value *merges,
                            hx_error *err) {
    const hx_str meta = HX_STR_LIT("\xE2\x96\x81"), none = {NULL, 0};
    hx_str pre = none;
    bool found = false;
    HX_TRY(hx_gguf_read_str(f, KEY("pre"), &pre, &found, err));
    t->sentencepiece = false;
    t->scores = NULL;
    t->n_norms = 0;
    t->prefix_first = hx_str_equal(pre, HX_STR_LIT("metaspace-first"));
    t->prefix_any = t->sp.add_dummy_prefix;
    if (t->prefix_first || hx_str_equal(pre, HX_STR_LIT("metaspace"))) {
        t->norms[t->n_norms++] = (hx_norm){HX_NORM_METASPACE, none, none};
    } else {
        if (t->prefix_any) t->norms[t->n_norms++] = (hx_norm){HX_NORM_PREPEND, meta, none};
        t->norms[t->n_norms++] = (hx_norm){HX_NORM_REPLACE, HX_STR_LIT(" "), meta};
    }
    return read_merges(t, merges, err);
}

static hx_status open_sentencepiece(hx_tokenizer *t, const hx_tensor_file *f, bool unigram,
                                    hx_error *err) {
    const hx_gguf_value *merges;
    t->kind = unigram ? HX_TOKENIZER_UNIGRAM : HX_TOKENIZER_BPE_SENTENCEPIECE;
    t->sentencepiece = t->single = t->fuse_unknown = true;
    t->byte_fallback = true;
    t->sp = (hx_sp_flags){true, unigram, true, false};
    t->add_bos = !unigram;
    t->add_eos = unigram;
    t->unk = 0;
    HX_TRY(read_specials(t, f, err));
    t->unknown = t->unk;
    HX_TRY(read_flag(f, KEY("add_space_prefix"), &t->sp.add_dummy_prefix, err));
    HX_TRY(read_flag(f, KEY("remove_extra_whitespaces"), &t->sp.remove_extra_whitespaces, err));
    HX_TRY(read_charsmap(t, f, err));
    t->norms[t->n_norms++].kind = HX_NORM_SENTENCEPIECE;
    t->decode = (hx_decode_flags){true, t->sp.add_dummy_prefix};
    HX_TRY(read_scores(t, f, err));
    HX_TRY(find_array(t, f, KEY("merges"), &merges, err));
    if (merges && !unigram) HX_TRY(use_merges(t, f, merges, err));
    return hx__tokenizer_complete(t, err);
}

/* The tokens' bytes are made meanwhile. */
static hx_status index_bpe(hx_tokenizer *t, const hx_tensor_file *f, hx_error *err) {
    hx_byte_work w;
    t->kind = HX_TOKENIZER_BPE_BYTES;
    HX_TRY(hx__vocab_bytes_begin(&w, t, err));
    hx_status status = hx_vocab_index(&t->vocab, t->what, t->arena, err);
    if (status == HX_OK) status = open_bpe(t, f, err);
    hx__vocab_bytes_end(&w);
    return status == HX_OK ? hx__tokenizer_finish(t, err) : status;
}

static hx_status open_model(hx_tokenizer *t, const hx_tensor_file *f, hx_error *err) {
    hx_str model = {NULL, 0};
    bool found = false;
    HX_TRY(hx_gguf_read_str(f, KEY("model"), &model, &found, err));
    HX_TRY(read_tokens(t, f, err));
    HX_TRY(read_types(t, f, err));
    if (hx_str_equal(model, HX_STR_LIT("gpt2"))) return index_bpe(t, f, err);
    HX_TRY(hx_vocab_index(&t->vocab, t->what, t->arena, err));
    if (hx_str_equal(model, HX_STR_LIT("llama"))) return open_sentencepiece(t, f, false, err);
    if (hx_str_equal(model, HX_STR_LIT("t5"))) return open_sentencepiece(t, f, true, err);
    return hx_fail(err, HX_EUNSUPPORTED, "%s: a tokenizer of kind '%.*s' is not known here",
                   t->what, HX_STR_ARG(model));
}

hx_status hx_tokenizer_open_gguf(hx_tokenizer **out, const hx_tensor_file *f, hx_error *err) {
    hx_tokenizer *t = hx__tokenizer_new(hx_tensor_file_path(f), err);
    if (!t) return HX_ENOMEM;
    hx_status status = open_model(t, f, err);
    if (status != HX_OK) {
        hx_tokenizer_close(t);
        return status;
    }
    *out = t;
    return HX_OK;
}
