/* tokenizer_json.c - a tokenizer from a tokenizer.json of `tokenizers`: its vocabulary, merges and added tokens.
 *
 *   model.type BPE      vocab {"spelling": id}, merges ["a b" | ["a", "b"]], unk_token, fuse_unk, byte_fallback, ignore_merges
 *   model.type Unigram  vocab [["piece", score]], unk_id, byte_fallback
 *   added_tokens        [{"id", "content", "special", "lstrip", "rstrip", ...}], inside the vocabulary or behind it
 *
 * Ids without a token get the name [PADid] and are never written. What changes ids and is not known here (dropout, prefixes and suffixes of
 * subwords, single words) is an error, never ignored. Added tokens are looked for in the text as it is, not in the normalised one; special
 * tokens of a unigram vocabulary are no pieces, so user text never becomes them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "llama/tokenizer_folder.h"

typedef struct {
    hx_tokenizer *t;
    hx_str *spellings; /* (cap) of the JSON; a NULL ptr = none */
    uint8_t *types, *added;
    size_t n, cap;
    hx_error *err;
} vocab_reader;

static hx_status no_memory(const vocab_reader *r) {
    return hx_fail(r->err, HX_ENOMEM, "%s: out of memory", r->t->what);
}

/* ------------------------------------------------------------------ ids */
static hx_status read_id(const vocab_reader *r, const json_t *j, hx_str name, size_t *id) {
    json_int_t v = json_is_integer(j) ? json_integer_value(j) : -1;
    if (v < 0 || (uint64_t)v >= r->cap)
        return hx_fail(r->err, HX_EFORMAT, "%s: the id of token '%.*s' is none from 0 to %zu",
                       r->t->what, HX_STR_ARG(name), r->cap - 1);
    *id = (size_t)v;
    return HX_OK;
}

static hx_status put_token(vocab_reader *r, size_t id, hx_str name) {
    if (r->spellings[id].ptr && !hx_str_equal(r->spellings[id], name))
        return hx_fail(r->err, HX_EFORMAT, "%s: tokens '%.*s' and '%.*s' have the same id %zu",
                       r->t->what, HX_STR_ARG(r->spellings[id]), HX_STR_ARG(name), id);
    if (!r->spellings[id].ptr) {
        r->spellings[id] = name;
        r->types[id] = HX_TOKEN_NORMAL;
    }
    if (id >= r->n) r->n = id + 1;
    return HX_OK;
}

static hx_status reader_init(vocab_reader *r, size_t most) {
    r->cap = most < HX_VOCAB_MAX ? most : HX_VOCAB_MAX;
    r->spellings = hx_arena_alloc(r->t->arena, r->cap * sizeof *r->spellings + 1);
    r->types = hx_arena_alloc(r->t->arena, r->cap + 1);
    r->added = hx_arena_alloc(r->t->arena, r->cap + 1);
    return r->spellings && r->types && r->added ? HX_OK : no_memory(r);
}

/* ------------------------------------------------------------------ vocabularies */
static hx_status read_bpe_vocab(vocab_reader *r, json_t *vocab) {
    const char *key;
    json_t *value;
    if (!json_is_object(vocab) || json_object_size(vocab) == 0)
        return hx_fail(r->err, HX_EFORMAT, "%s: model.vocab must be an object of ids", r->t->what);
    json_object_foreach(vocab, key, value) {
        size_t id = 0;
        HX_TRY(read_id(r, value, hx_str_of(key), &id));
        HX_TRY(put_token(r, id, hx_str_of(key)));
    }
    return HX_OK;
}

static hx_status read_unigram_vocab(vocab_reader *r, const json_t *vocab) {
    size_t n = json_array_size(vocab);
    if (n == 0 || n > r->cap)
        return hx_fail(r->err, HX_EFORMAT, "%s: model.vocab must be a list of pieces and scores",
                       r->t->what);
    r->t->scores = hx_arena_alloc(r->t->arena, r->cap * sizeof *r->t->scores);
    if (!r->t->scores) return no_memory(r);
    for (size_t id = 0; id < n; id++) {
        const json_t *pair = json_array_get(vocab, id), *score = json_array_get(pair, 1);
        hx_str piece = hx_json_text(json_array_get(pair, 0));
        if (json_array_size(pair) != 2 || !piece.ptr || !json_is_number(score) ||
            !isfinite(json_number_value(score)))
            return hx_fail(r->err, HX_EFORMAT, "%s: piece %zu is not a text with a score",
                           r->t->what, id);
        r->t->scores[id] = json_number_value(score);
        HX_TRY(put_token(r, id, piece));
    }
    return HX_OK;
}

static hx_status read_added(vocab_reader *r, const json_t *token) {
    hx_str name = hx_json_text(json_object_get(token, "content"));
    size_t id = 0;
    if (!name.len) return hx_fail(r->err, HX_EFORMAT, "%s: an added token is empty", r->t->what);
    HX_TRY(read_id(r, json_object_get(token, "id"), name, &id));
    if (json_is_true(json_object_get(token, "single_word")))
        return hx_fail(r->err, HX_EUNSUPPORTED,
                       "%s: added token '%.*s' is to be a whole word, which is not known here",
                       r->t->what, HX_STR_ARG(name));
    HX_TRY(put_token(r, id, name));
    bool special = json_is_true(json_object_get(token, "special"));
    r->types[id] = special ? HX_TOKEN_CONTROL : HX_TOKEN_USER;
    if (json_is_true(json_object_get(token, "lstrip"))) r->added[id] |= HX_ADDED_LSTRIP;
    if (json_is_true(json_object_get(token, "rstrip"))) r->added[id] |= HX_ADDED_RSTRIP;
    return HX_OK;
}

/* ------------------------------------------------------------------ into the tokenizer */
static size_t pad_name(size_t id, char out[32]) {
    int n = snprintf(out, 32, "[PAD%zu]", id);
    return n > 0 ? (size_t)n : 0;
}

static hx_status keep_vocab(vocab_reader *r) {
    hx_tokenizer *t = r->t;
    char name[32];
    uint64_t total = 0;
    for (size_t id = 0; id < r->n; id++)
        total += r->spellings[id].ptr ? r->spellings[id].len : pad_name(id, name);
    char *text = total < UINT32_MAX ? hx_arena_alloc(t->arena, (size_t)total + 1) : NULL;
    t->vocab.spans = hx_arena_alloc(t->arena, (r->n + 1) * sizeof *t->vocab.spans);
    if (!text || !t->vocab.spans) return no_memory(r);
    uint32_t at = 0;
    for (size_t id = 0; id < r->n; id++) {
        hx_str s = r->spellings[id];
        if (!s.ptr) {
            s = (hx_str){name, pad_name(id, name)};
            r->types[id] = HX_TOKEN_UNUSED;
        }
        memcpy(text + at, s.ptr, s.len);
        t->vocab.spans[id] = (hx_vocab_span){at, (uint32_t)s.len};
        at += (uint32_t)s.len;
    }
    t->vocab.text = text;
    t->vocab.types = r->types;
    t->added = r->added;
    t->vocab.n = r->n;
    return hx_vocab_index(&t->vocab, t->what, t->arena, r->err);
}

static void mark_byte_tokens(hx_tokenizer *t) {
    for (size_t id = 0; id < t->vocab.n; id++)
        if (t->vocab.types[id] == HX_TOKEN_NORMAL &&
            hx__byte_token(hx_vocab_spelling(&t->vocab, id)) >= 0)
            t->vocab.types[id] = HX_TOKEN_BYTE;
}

/* ------------------------------------------------------------------ merges */
#define MERGE_BATCH 32

static hx_status read_merges(hx_tokenizer *t, const json_t *merges, hx_error *err) {
    hx_str left[MERGE_BATCH], right[MERGE_BATCH];
    hx_merge_reader r;
    size_t n = 0;
    if (!json_is_array(merges))
        return hx_fail(err, HX_EFORMAT, "%s: model.merges must be a list", t->what);
    HX_TRY(hx__merges_begin(&r, t, json_array_size(merges), err));
    for (size_t i = 0; i < json_array_size(merges); i++) {
        const json_t *m = json_array_get(merges, i);
        if (json_is_array(m)) {
            left[n] = hx_json_text(json_array_get(m, 0));
            right[n] = hx_json_text(json_array_get(m, 1));
        } else {
            hx__merge_split(hx_json_text(m), &left[n], &right[n]);
        }
        if (++n < MERGE_BATCH) continue;
        HX_TRY(hx__merges_add(&r, left, right, n, err));
        n = 0;
    }
    return hx__merges_add(&r, left, right, n, err);
}

/* ------------------------------------------------------------------ the model */
static bool is_absent(const json_t *j) {
    return !j || json_is_null(j) || (json_is_string(j) && json_string_length(j) == 0) ||
           (json_is_number(j) && !(json_number_value(j) > 0));
}

static const char *const unknown_options[] = {"dropout", "continuing_subword_prefix",
                                              "end_of_word_suffix"};

static hx_status check_options(const hx_tokenizer *t, const json_t *model, hx_error *err) {
    for (size_t i = 0; i < sizeof unknown_options / sizeof *unknown_options; i++)
        if (!is_absent(json_object_get(model, unknown_options[i])))
            return hx_fail(err, HX_EUNSUPPORTED, "%s: model.%s is set, which is not known here",
                           t->what, unknown_options[i]);
    return HX_OK;
}

static hx_status read_unknown(hx_tokenizer *t, const json_t *model, hx_error *err) {
    const json_t *name = json_object_get(model, "unk_token"), *id;
    id = json_object_get(model, "unk_id");
    if (json_is_string(name)) {
        t->unknown = hx_vocab_find(&t->vocab, hx_json_text(name));
        if (t->unknown < 0)
            return hx_fail(err, HX_EFORMAT, "%s: the unknown token '%.*s' is not in the vocabulary",
                           t->what, HX_STR_ARG(hx_json_text(name)));
    }
    if (json_is_integer(id)) {
        json_int_t v = json_integer_value(id);
        if (v < 0 || (uint64_t)v >= t->vocab.n)
            return hx_fail(err, HX_EFORMAT, "%s: model.unk_id is %lld, but there are %zu tokens",
                           t->what, (long long)v, t->vocab.n);
        t->unknown = (int32_t)v;
    }
    if (t->unknown >= 0 && t->vocab.types[t->unknown] != HX_TOKEN_USER)
        t->vocab.types[t->unknown] = HX_TOKEN_UNKNOWN;
    t->unk = t->unknown;
    return HX_OK;
}

static hx_status read_vocab(hx_tokenizer *t, const json_t *root, const json_t *model, bool unigram,
                            hx_error *err) {
    vocab_reader r = {t, NULL, NULL, NULL, 0, 0, err};
    json_t *vocab = json_object_get(model, "vocab");
    const json_t *added = json_object_get(root, "added_tokens");
    /* ids leave at most as many holes as there are tokens, and some */
    size_t n = unigram ? json_array_size(vocab) : json_object_size(vocab);
    HX_TRY(reader_init(&r, 2 * (n + json_array_size(added)) + 1024));
    HX_TRY(unigram ? read_unigram_vocab(&r, vocab) : read_bpe_vocab(&r, vocab));
    for (size_t i = 0; i < json_array_size(added); i++)
        HX_TRY(read_added(&r, json_array_get(added, i)));
    return keep_vocab(&r);
}

static hx_status read_model(hx_tokenizer *t, const json_t *root, hx_error *err) {
    const json_t *model = json_object_get(root, "model");
    const json_t *type = json_object_get(model, "type"), *merges = json_object_get(model, "merges");
    bool unigram = hx_json_is(type, "Unigram");
    if (!unigram && !hx_json_is(type, "BPE") && !(!type && merges))
        return hx_fail(err, HX_EUNSUPPORTED, "%s: a tokenizer of kind '%.*s' is not known here",
                       t->what, HX_STR_ARG(hx_json_text(type)));
    HX_TRY(check_options(t, model, err));
    HX_TRY(read_vocab(t, root, model, unigram, err));
    HX_TRY(read_unknown(t, model, err));
    t->byte_fallback = json_is_true(json_object_get(model, "byte_fallback"));
    t->ignore_merges = json_is_true(json_object_get(model, "ignore_merges"));
    t->fuse_unknown = unigram || json_is_true(json_object_get(model, "fuse_unk"));
    t->kind = unigram ? HX_TOKENIZER_UNIGRAM : HX_TOKENIZER_BPE_SENTENCEPIECE;
    HX_TRY(hx__json_steps_read(t, root, err));
    if (t->kind != HX_TOKENIZER_BPE_BYTES && t->byte_fallback) mark_byte_tokens(t);
    return unigram ? HX_OK : read_merges(t, merges, err);
}

hx_status hx__tokenizer_json_read(hx_tokenizer *t, hx_str file, hx_error *err) {
    json_t *root = NULL;
    HX_TRY(hx_json_parse(file, HX_TOKENIZER_FILE_MAX, t->what, &root, err));
    hx_status status = json_is_object(json_object_get(root, "model"))
                           ? read_model(t, root, err)
                           : hx_fail(err, HX_EFORMAT, "%s: there is no 'model'", t->what);
    json_decref(root);
    return status;
}
