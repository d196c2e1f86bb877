/* sentencepiece.c - a tokenizer from a tokenizer.model: SentencePiece's protocol buffer, read by hand.
 *
 *   ModelProto      1 piece*  2 trainer_spec  3 normalizer_spec
 *   SentencePiece   1 text  2 score (float)  3 type (as hx_token_type)
 *   TrainerSpec     3 model_type (1 unigram, 2 BPE)  24 whitespace as suffix  35 byte fallback  45-48 names of unk, bos, eos, pad
 *   NormalizerSpec  2 precompiled_charsmap  3 add_dummy_prefix  4 remove_extra_whitespaces  5 escape_whitespaces
 *
 * A field is a varint (number << 3 | wire type), then a varint (0), 8 bytes (1), length and bytes (2) or 4 bytes (5). Unknown fields are
 * skipped, the last of a repeated scalar counts, a field of the wrong wire type is an error. The file's bytes stay in the arena; pieces are
 * views of them. */
#include <math.h>
#include <string.h>

#include "base/codec.h"
#include "base/error.h"
#include "llama/tokenizer_folder.h"

typedef struct {
    unsigned number, wire;
    uint64_t value; /* wire types 0, 1, 5 */
    hx_str bytes; /* wire type 2 */
} field;

/* False at the end or at the first bad byte (c->failed). */
static bool next_field(hx_cursor *c, field *f) {
    if (c->failed || c->at >= c->end) return false;
    uint64_t tag = hx_get_u64(c);
    *f = (field){(unsigned)(tag >> 3), (unsigned)(tag & 7), 0, {NULL, 0}};
    uint32_t word = 0;
    if (f->wire == 0) {
        f->value = hx_get_u64(c);
    } else if (f->wire == 1) {
        f->value = hx_get_fixed64(c);
    } else if (f->wire == 2) {
        f->bytes = hx_get_str(c);
    } else if (f->wire == 5 && c->end - c->at >= 4) {
        memcpy(&word, c->at, 4);
        c->at += 4;
        f->value = word;
    } else {
        c->failed = true;
    }
    if (f->number == 0 || tag >> 3 > UINT32_MAX >> 3) c->failed = true;
    return !c->failed;
}

typedef struct {
    hx_tokenizer *t;
    size_t n; /* pieces so far */
    uint64_t model_type;
    hx_str names[4]; /* unk, bos, eos, pad */
    bool suffix;
    hx_str charsmap;
} model;

static hx_status damaged(const hx_tokenizer *t, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "%s: not a SentencePiece model, or a damaged one", t->what);
}

static hx_status expect(const hx_tokenizer *t, const field *f, unsigned wire, hx_error *err) {
    return f->wire == wire ? HX_OK : damaged(t, err);
}

/* ------------------------------------------------------------------ pieces */
static hx_status read_piece(model *m, hx_str bytes, hx_error *err) {
    hx_tokenizer *t = m->t;
    hx_cursor c = hx_cursor_of(bytes);
    hx_str text = {NULL, 0};
    float score = 0;
    uint64_t type = HX_TOKEN_NORMAL;
    for (field f; next_field(&c, &f);) {
        if (f.number == 1) {
            HX_TRY(expect(t, &f, 2, err));
            text = f.bytes;
        } else if (f.number == 2) {
            HX_TRY(expect(t, &f, 5, err));
            uint32_t bits = (uint32_t)f.value;
            memcpy(&score, &bits, sizeof score);
        } else if (f.number == 3) {
            HX_TRY(expect(t, &f, 0, err));
            type = f.value;
        }
    }
    if (c.failed) return damaged(t, err);
    if (type < HX_TOKEN_NORMAL || type > HX_TOKEN_BYTE)
        return hx_fail(err, HX_EFORMAT, "%s: token %zu is of type %u; 1 to 6 are known", t->what,
                       m->n, (unsigned)type);
    if (!isfinite(score))
        return hx_fail(err, HX_EFORMAT, "%s: the score of token %zu is not a number", t->what,
                       m->n);
    uint32_t at = text.len ? (uint32_t)(text.ptr - t->vocab.text) : 0;
    t->vocab.spans[m->n] = (hx_vocab_span){at, (uint32_t)text.len};
    t->vocab.types[m->n] = (uint8_t)type;
    t->scores[m->n++] = (double)score;
    return HX_OK;
}

static hx_status count_pieces(hx_tokenizer *t, hx_str file, hx_error *err) {
    hx_cursor c = hx_cursor_of(file);
    size_t n = 0;
    for (field f; next_field(&c, &f);)
        n += f.number == 1 && f.wire == 2;
    if (c.failed || n == 0) return damaged(t, err);
    if (n > HX_VOCAB_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: %llu tokens; the most is %zu", t->what,
                       (unsigned long long)n, HX_VOCAB_MAX);
    t->vocab.n = n;
    t->vocab.text = file.ptr;
    t->vocab.spans = hx_arena_alloc(t->arena, n * sizeof *t->vocab.spans);
    t->vocab.types = hx_arena_alloc(t->arena, n);
    t->scores = hx_arena_alloc(t->arena, n * sizeof *t->scores);
    if (t->vocab.spans && t->vocab.types && t->scores) return HX_OK;
    return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
}

/* ------------------------------------------------------------------ specs */
static hx_status read_trainer(model *m, hx_str bytes, hx_error *err) {
    hx_cursor c = hx_cursor_of(bytes);
    for (field f; next_field(&c, &f);) {
        bool is_name = f.number >= 45 && f.number <= 48;
        if (f.number != 3 && f.number != 24 && f.number != 35 && !is_name) continue;
        HX_TRY(expect(m->t, &f, is_name ? 2 : 0, err));
        if (f.number == 3) m->model_type = f.value;
        if (f.number == 24) m->suffix = f.value != 0;
        if (f.number == 35) m->t->byte_fallback = f.value != 0;
        if (is_name) m->names[f.number - 45] = f.bytes;
    }
    return c.failed ? damaged(m->t, err) : HX_OK;
}

static hx_status read_normaliser(model *m, hx_str bytes, hx_error *err) {
    hx_cursor c = hx_cursor_of(bytes);
    hx_sp_flags *sp = &m->t->sp;
    for (field f; next_field(&c, &f);) {
        if (f.number < 2 || f.number > 5) continue;
        HX_TRY(expect(m->t, &f, f.number == 2 ? 2 : 0, err));
        if (f.number == 2) m->charsmap = f.bytes;
        if (f.number == 3) sp->add_dummy_prefix = f.value != 0;
        if (f.number == 4) sp->remove_extra_whitespaces = f.value != 0;
        if (f.number == 5) sp->escape_whitespaces = f.value != 0;
    }
    return c.failed ? damaged(m->t, err) : HX_OK;
}

static hx_status read_model(model *m, hx_str file, hx_error *err) {
    hx_cursor c = hx_cursor_of(file);
    for (field f; next_field(&c, &f);) {
        if (f.number < 1 || f.number > 3) continue;
        HX_TRY(expect(m->t, &f, 2, err));
        if (f.number == 1) HX_TRY(read_piece(m, f.bytes, err));
        if (f.number == 2) HX_TRY(read_trainer(m, f.bytes, err));
        if (f.number == 3) HX_TRY(read_normaliser(m, f.bytes, err));
    }
    return c.failed ? damaged(m->t, err) : HX_OK;
}

/* ------------------------------------------------------------------ the whole */
static int32_t find_special(const hx_tokenizer *t, hx_str name) {
    int32_t id = hx_vocab_find(&t->vocab, name);
    return hx_tokenizer_is_special(t, id) ? id : -1;
}

static hx_status finish(model *m, hx_error *err) {
    hx_tokenizer *t = m->t;
    HX_TRY(hx_vocab_index(&t->vocab, t->what, t->arena, err));
    for (size_t id = 0; id < t->vocab.n; id++)
        if (t->vocab.types[id] == HX_TOKEN_UNKNOWN) t->unk = (int32_t)id;
    if (t->unk < 0) return hx_fail(err, HX_EFORMAT, "%s: there is no unknown token", t->what);
    t->unknown = t->unk;
    t->bos = find_special(t, m->names[1]);
    t->eos = find_special(t, m->names[2]);
    t->pad = find_special(t, m->names[3]);
    t->sp.whitespace_as_suffix = m->suffix;
    HX_TRY(hx__charsmap_read(t, m->charsmap, err));
    t->norms[t->n_norms++].kind = HX_NORM_SENTENCEPIECE;
    t->decode = (hx_decode_flags){true, t->sp.add_dummy_prefix && !m->suffix};
    t->add_bos = true;
    return HX_OK;
}

hx_status hx__sentencepiece_read(hx_tokenizer *t, hx_str file, hx_error *err) {
    model m = {
        t,     0,
        1,     {HX_STR_LIT("<unk>"), HX_STR_LIT("<s>"), HX_STR_LIT("</s>"), HX_STR_LIT("<pad>")},
        false, {NULL, 0}};
    if (file.len > UINT32_MAX) return damaged(t, err);
    t->sp = (hx_sp_flags){true, true, true, false};
    t->sentencepiece = t->single = t->fuse_unknown = true;
    HX_TRY(count_pieces(t, file, err));
    HX_TRY(read_model(&m, file, err));
    if (m.model_type != 1 && m.model_type != 2)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "%s: a SentencePiece model of words or characters is not known here",
                       t->what);
    t->kind = m.model_type == 1 ? HX_TOKENIZER_UNIGRAM : HX_TOKENIZER_BPE_SENTENCEPIECE;
    return finish(&m, err);
}
