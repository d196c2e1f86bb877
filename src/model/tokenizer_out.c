/* tokenizer_out.c - the tokenizer of a GGUF file as the files of a Hugging Face folder.
 *
 *     tokenizer.ggml.model gpt2    ->  tokenizer.json: byte-level BPE with the pre-tokenizer that `pre` names
 *     tokenizer.ggml.model llama   ->  tokenizer.model: SentencePiece's protobuf, pieces with scores and types, which GGUF numbers alike
 *     either                       ->  tokenizer_config.json: special tokens and the chat template
 *
 * tokenizer.json is the format of Hugging Face `tokenizers`, patterns are those of the models' own files. sentencepiece_model.proto of
 * google/sentencepiece: ModelProto {1: pieces {1: piece, 2: score, 3: type}, 2: trainer {3: kind, 4: size, 35: byte fallback, 40-43: unk,
 * bos, eos, pad}, 3: normaliser {1: name, 3: dummy prefix, 4: remove blanks, 5: escape blanks}}. */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "model/hf_out.h"
#include "model/model_file.h"

#define FILE_MAX_BYTES ((size_t)1 << 30)

enum { KIND_CONTROL = 3, KIND_USER = 4, KIND_UNUSED = 5 };

typedef struct {
    const hx_tensor_file *f;
    const hx_gguf_value *tokens, *scores, *kinds, *merges;
    hx_str model, pre, chat_template;
    int32_t bos, eos, pad, unk;
    bool add_bos, add_eos, add_space;
} parts;

/* ------------------------------------------------------------------ reading the keys */
static const hx_gguf_value *list_of(const hx_tensor_file *f, const char *key, hx_gguf_type type) {
    const hx_gguf_value *v = hx_tensor_file_value(f, key);
    return v && v->is_array && v->type == type ? v : NULL;
}

static hx_status read_id(const parts *p, const char *key, int32_t *out, hx_error *err) {
    uint64_t v = 0;
    bool found = false;
    HX_TRY(hx_gguf_read_u64(p->f, key, UINT32_MAX, &v, &found, err));
    *out = found && v < p->tokens->n ? (int32_t)v : -1;
    return HX_OK;
}

static hx_status read_flag(const parts *p, const char *key, bool usual, bool *out, hx_error *err) {
    bool found = false;
    HX_TRY(hx_gguf_read_bool(p->f, key, out, &found, err));
    if (!found) *out = usual;
    return HX_OK;
}

static hx_status read_parts(parts *p, hx_error *err) {
    bool found = false;
    p->tokens = list_of(p->f, "tokenizer.ggml.tokens", HX_GGUF_STRING);
    p->scores = list_of(p->f, "tokenizer.ggml.scores", HX_GGUF_F32);
    p->kinds = list_of(p->f, "tokenizer.ggml.token_type", HX_GGUF_I32);
    p->merges = list_of(p->f, "tokenizer.ggml.merges", HX_GGUF_STRING);
    if (!p->tokens || (p->kinds && p->kinds->n != p->tokens->n) ||
        (p->scores && p->scores->n != p->tokens->n))
        return hx_fail(err, HX_EFORMAT, "the lists of tokens, scores and types are not alike");
    HX_TRY(hx_gguf_read_str(p->f, "tokenizer.ggml.pre", &p->pre, &found, err));
    HX_TRY(hx_gguf_read_str(p->f, "tokenizer.chat_template", &p->chat_template, &found, err));
    HX_TRY(read_id(p, "tokenizer.ggml.bos_token_id", &p->bos, err));
    HX_TRY(read_id(p, "tokenizer.ggml.eos_token_id", &p->eos, err));
    HX_TRY(read_id(p, "tokenizer.ggml.padding_token_id", &p->pad, err));
    HX_TRY(read_id(p, "tokenizer.ggml.unknown_token_id", &p->unk, err));
    bool sentencepiece = hx_str_equal(p->model, HX_STR_LIT("llama"));
    HX_TRY(read_flag(p, "tokenizer.ggml.add_bos_token", sentencepiece, &p->add_bos, err));
    HX_TRY(read_flag(p, "tokenizer.ggml.add_eos_token", false, &p->add_eos, err));
    return read_flag(p, "tokenizer.ggml.add_space_prefix", true, &p->add_space, err);
}

static int32_t kind_of(const parts *p, size_t i) {
    int32_t kind = 1;
    if (p->kinds) memcpy(&kind, p->kinds->raw.ptr + i * sizeof kind, sizeof kind);
    return kind;
}

static hx_str spelling_of(const parts *p, int32_t id) {
    size_t at = 0;
    hx_str s = {NULL, 0};
    for (int32_t i = 0; i <= id; i++)
        if (!hx_gguf_next_str(p->tokens, &at, &s)) return (hx_str){NULL, 0};
    return s;
}

/* ------------------------------------------------------------------ tokenizer.json */
static void put_flag(hx_json_writer *w, const char *key, bool v) {
    hx_json_key(w, key);
    hx_json_bool(w, v);
}

static void put_text(hx_json_writer *w, const char *key, const char *v) {
    hx_json_key(w, key);
    hx_json_cstr(w, v);
}

static void put_added(hx_json_writer *w, const parts *p) {
    size_t at = 0;
    hx_str s;
    hx_json_key(w, "added_tokens");
    hx_json_array(w);
    for (size_t i = 0; hx_gguf_next_str(p->tokens, &at, &s); i++) {
        int32_t kind = kind_of(p, i);
        if (kind != KIND_CONTROL && kind != KIND_USER) continue;
        hx_json_object(w);
        hx_json_key(w, "id");
        hx_json_int(w, (int64_t)i);
        hx_json_key(w, "content");
        hx_json_str(w, s);
        put_flag(w, "single_word", false);
        put_flag(w, "lstrip", false);
        put_flag(w, "rstrip", false);
        put_flag(w, "normalized", false);
        put_flag(w, "special", kind == KIND_CONTROL);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

#define WORDS(digits)                                                                              \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" digits                           \
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

static const struct {
    const char *pre, *pattern; /* NULL = that of gpt2, which ByteLevel has itself */
    bool single_digits, composed; /* the text is brought to NFC first */
} pre_tokenizers[] = {
    {"qwen2", WORDS("\\p{N}"), false, true},
    {"llama-bpe", WORDS("\\p{N}{1,3}"), false, false},
    {"llama3", WORDS("\\p{N}{1,3}"), false, false},
    {"smollm", NULL, true, false},
    {"gpt-2", NULL, false, false},
    {"gpt2", NULL, false, false},
    {"default", NULL, false, false},
    {"", NULL, false, false},
};

static void put_byte_level(hx_json_writer *w, bool use_pattern) {
    hx_json_object(w);
    put_text(w, "type", "ByteLevel");
    put_flag(w, "add_prefix_space", false);
    put_flag(w, "trim_offsets", true);
    put_flag(w, "use_regex", use_pattern);
    hx_json_end_object(w);
}

static void put_pre(hx_json_writer *w, const char *pattern, bool single_digits) {
    hx_json_key(w, "pre_tokenizer");
    if (!pattern && !single_digits) {
        put_byte_level(w, true);
        return;
    }
    hx_json_object(w);
    put_text(w, "type", "Sequence");
    hx_json_key(w, "pretokenizers");
    hx_json_array(w);
    hx_json_object(w);
    put_text(w, "type", pattern ? "Split" : "Digits");
    if (pattern) {
        hx_json_key(w, "pattern");
        hx_json_object(w);
        put_text(w, "Regex", pattern);
        hx_json_end_object(w);
        put_text(w, "behavior", "Isolated");
        put_flag(w, "invert", false);
    } else {
        put_flag(w, "individual_digits", true);
    }
    hx_json_end_object(w);
    put_byte_level(w, pattern == NULL);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static void put_template_item(hx_json_writer *w, const char *kind, hx_str id, int64_t type) {
    hx_json_object(w);
    hx_json_key(w, kind);
    hx_json_object(w);
    hx_json_key(w, "id");
    hx_json_str(w, id);
    hx_json_key(w, "type_id");
    hx_json_int(w, type);
    hx_json_end_object(w);
    hx_json_end_object(w);
}

static void put_template(hx_json_writer *w, const char *key, const parts *p, hx_str bos, hx_str eos,
                         int64_t n) {
    static const char *const names[] = {"A", "B"};
    hx_json_key(w, key);
    hx_json_array(w);
    for (int64_t i = 0; i < n; i++) {
        if (p->add_bos && bos.ptr) put_template_item(w, "SpecialToken", bos, i);
        put_template_item(w, "Sequence", hx_str_of(names[i]), i);
        if (p->add_eos && eos.ptr) put_template_item(w, "SpecialToken", eos, i);
    }
    hx_json_end_array(w);
}

static void put_special(hx_json_writer *w, hx_str spelling, int32_t id) {
    if (!spelling.ptr) return;
    hx_json_key_str(w, spelling);
    hx_json_object(w);
    hx_json_key(w, "id");
    hx_json_str(w, spelling);
    hx_json_key(w, "ids");
    hx_json_array(w);
    hx_json_int(w, id);
    hx_json_end_array(w);
    hx_json_key(w, "tokens");
    hx_json_array(w);
    hx_json_str(w, spelling);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static void put_processor(hx_json_writer *w, const parts *p) {
    hx_str bos = p->add_bos ? spelling_of(p, p->bos) : (hx_str){NULL, 0};
    hx_str eos = p->add_eos ? spelling_of(p, p->eos) : (hx_str){NULL, 0};
    hx_json_key(w, "post_processor");
    if (!bos.ptr && !eos.ptr) {
        put_byte_level(w, false);
        return;
    }
    hx_json_object(w);
    put_text(w, "type", "TemplateProcessing");
    put_template(w, "single", p, bos, eos, 1);
    put_template(w, "pair", p, bos, eos, 2);
    hx_json_key(w, "special_tokens");
    hx_json_object(w);
    put_special(w, bos, p->bos);
    if (!hx_str_equal(bos, eos)) put_special(w, eos, p->eos);
    hx_json_end_object(w);
    hx_json_end_object(w);
}

static void put_bpe(hx_json_writer *w, const parts *p) {
    size_t at = 0;
    hx_str s;
    hx_json_key(w, "model");
    hx_json_object(w);
    put_text(w, "type", "BPE");
    put_flag(w, "fuse_unk", false);
    put_flag(w, "byte_fallback", false);
    put_flag(w, "ignore_merges",
             hx_str_equal(p->pre, HX_STR_LIT("llama-bpe")) ||
                 hx_str_equal(p->pre, HX_STR_LIT("llama3")));
    hx_json_key(w, "vocab");
    hx_json_object(w);
    for (size_t i = 0; hx_gguf_next_str(p->tokens, &at, &s); i++) {
        if (kind_of(p, i) == KIND_UNUSED) continue;
        hx_json_key_str(w, s);
        hx_json_int(w, (int64_t)i);
    }
    hx_json_end_object(w);
    hx_json_key(w, "merges");
    hx_json_array(w);
    for (at = 0; p->merges && hx_gguf_next_str(p->merges, &at, &s);)
        hx_json_str(w, s);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status make_json(const parts *p, hx_buf *out, hx_error *err) {
    size_t k = 0, n = sizeof pre_tokenizers / sizeof *pre_tokenizers;
    while (k < n && !hx_str_equal(p->pre, hx_str_of(pre_tokenizers[k].pre)))
        k++;
    if (k == n)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "the pre-tokenizer '%.*s' has no form in tokenizer.json",
                       HX_STR_ARG(p->pre));
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    put_text(&w, "version", "1.0");
    hx_json_key(&w, "truncation");
    hx_json_null(&w);
    hx_json_key(&w, "padding");
    hx_json_null(&w);
    put_added(&w, p);
    hx_json_key(&w, "normalizer");
    hx_json_raw(&w, hx_str_of(pre_tokenizers[k].composed ? "{\"type\":\"NFC\"}" : "null"));
    put_pre(&w, pre_tokenizers[k].pattern, pre_tokenizers[k].single_digits);
    put_processor(&w, p);
    hx_json_key(&w, "decoder");
    put_byte_level(&w, true);
    put_bpe(&w, p);
    hx_json_end_object(&w);
    return HX_OK;
}

/* ------------------------------------------------------------------ tokenizer.model */
static void put_field(hx_buf *b, uint32_t field, uint64_t v) {
    hx_put_u64(b, (uint64_t)field << 3);
    hx_put_u64(b, v);
}

static void put_bytes(hx_buf *b, uint32_t field, hx_str s) {
    hx_put_u64(b, (uint64_t)field << 3 | 2);
    hx_put_str(b, s);
}

static void put_piece(hx_buf *out, hx_buf *piece, const parts *p, size_t i, hx_str spelling) {
    hx_buf_reset(piece);
    put_bytes(piece, 1, spelling);
    hx_put_u64(piece, 2 << 3 | 5);
    if (p->scores)
        (void)hx_buf_append(piece, p->scores->raw.ptr + i * sizeof(float), sizeof(float));
    else
        (void)hx_buf_append(piece, "\0\0\0", 4);
    put_field(piece, 3, (uint64_t)kind_of(p, i));
    put_bytes(out, 1, hx_buf_str(piece));
}

static void make_sentencepiece(const parts *p, hx_buf *out, hx_buf *part) {
    size_t at = 0;
    hx_str s;
    for (size_t i = 0; hx_gguf_next_str(p->tokens, &at, &s); i++)
        put_piece(out, part, p, i, s);
    hx_buf_reset(part);
    put_field(part, 3, 2); /* BPE */
    put_field(part, 4, p->tokens->n);
    put_field(part, 35, 1);
    put_field(part, 40, (uint64_t)(int64_t)(p->unk < 0 ? 0 : p->unk));
    put_field(part, 41, (uint64_t)(int64_t)p->bos);
    put_field(part, 42, (uint64_t)(int64_t)p->eos);
    put_field(part, 43, (uint64_t)(int64_t)p->pad);
    put_bytes(out, 2, hx_buf_str(part));
    hx_buf_reset(part);
    put_bytes(part, 1, HX_STR_LIT("identity"));
    put_field(part, 3, p->add_space);
    put_field(part, 4, 0);
    put_field(part, 5, 1);
    put_bytes(out, 3, hx_buf_str(part));
}

/* ------------------------------------------------------------------ tokenizer_config.json */
static void put_token(hx_json_writer *w, const char *key, const parts *p, int32_t id) {
    hx_str s = id >= 0 ? spelling_of(p, id) : (hx_str){NULL, 0};
    if (!s.ptr) return;
    hx_json_key(w, key);
    hx_json_str(w, s);
}

static void make_config(const parts *p, bool sentencepiece, hx_buf *out) {
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    put_text(&w, "tokenizer_class", sentencepiece ? "LlamaTokenizer" : "PreTrainedTokenizerFast");
    put_flag(&w, "add_bos_token", p->add_bos);
    put_flag(&w, "add_eos_token", p->add_eos);
    put_token(&w, "bos_token", p, p->bos);
    put_token(&w, "eos_token", p, p->eos);
    put_token(&w, "pad_token", p, p->pad);
    put_token(&w, "unk_token", p, p->unk);
    if (p->chat_template.ptr) {
        hx_json_key(&w, "chat_template");
        hx_json_str(&w, p->chat_template);
    }
    hx_json_end_object(&w);
}

/* ------------------------------------------------------------------ all of it */
static hx_status write_file(const char *folder, const char *name, const hx_buf *b, hx_error *err) {
    HX_TRY(hx_buf_status(b, name, err));
    char *path = hx_model_join(folder, name);
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = hx_file_write(path, hx_buf_str(b), false, err);
    free(path);
    return st;
}

static hx_status write_all(const parts *p, const char *folder, hx_buf *out, hx_buf *part,
                           hx_error *err) {
    bool sentencepiece = hx_str_equal(p->model, HX_STR_LIT("llama"));
    if (sentencepiece)
        make_sentencepiece(p, out, part);
    else
        HX_TRY(make_json(p, out, err));
    HX_TRY(write_file(folder, sentencepiece ? "tokenizer.model" : "tokenizer.json", out, err));
    hx_buf_reset(out);
    make_config(p, sentencepiece, out);
    return write_file(folder, "tokenizer_config.json", out, err);
}

hx_status hx_tokenizer_out(const hx_tensor_file *f, const char *folder, hx_error *err) {
    parts p = {.f = f};
    bool found = false;
    hx_buf out, part;
    HX_TRY(hx_gguf_read_str(f, "tokenizer.ggml.model", &p.model, &found, err));
    if (!found) return HX_OK;
    if (!hx_str_equal(p.model, HX_STR_LIT("gpt2")) && !hx_str_equal(p.model, HX_STR_LIT("llama")))
        return hx_fail(err, HX_EUNSUPPORTED, "tokenizers of the kind '%.*s' can't be converted",
                       HX_STR_ARG(p.model));
    HX_TRY(read_parts(&p, err));
    hx_buf_init(&out, FILE_MAX_BYTES);
    hx_buf_init(&part, FILE_MAX_BYTES);
    hx_status st = write_all(&p, folder, &out, &part, err);
    hx_buf_release(&out);
    hx_buf_release(&part);
    return st;
}
