/* tokenizer.c - the life of a tokenizer, and the way from a text to ids.
 *
 *   1. Bytes that are no UTF-8 become U+FFFD: each maximal bad part one, as Unicode advises and Python's errors="replace" does; the
 *      normaliser of SentencePiece makes each byte one. Ids of any bytes are therefore those the peers give.
 *   2. Added tokens are cut out, the leftmost, of these the longest: user-defined ones always, special ones only with parse_special.
 *   3. What lies between is normalised, cut into words, and each word becomes ids.
 *   4. With max_length the ids of the text are cut so that the special tokens around it stay.
 *
 * Nothing here changes the tokenizer but the slots of spare scratch, which are taken and given back atomically. */
#include "llama/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "llama/tokenizer_parts.h"

#define ARENA_CAP ((size_t)2 << 30)

/* ------------------------------------------------------------------ life */
hx_tokenizer *hx__tokenizer_new(const char *what, hx_error *err) {
    hx_arena *arena = hx_arena_new(ARENA_CAP);
    hx_tokenizer *t = arena ? hx_arena_alloc(arena, sizeof *t) : NULL;
    hx_str name = t ? hx_arena_str(arena, hx_str_of(what)) : (hx_str){NULL, 0};
    if (!name.ptr || !hx_pretokens_init(&t->pre, arena)) {
        hx_arena_free(arena);
        (void)hx_fail(err, HX_ENOMEM, "%s: out of memory", what);
        return NULL;
    }
    t->arena = arena;
    t->what = name.ptr;
    t->bos = t->eos = t->unk = t->pad = t->unknown = -1;
    for (int b = 0; b < 256; b++)
        t->byte_ids[b] = -1;
    for (int i = 0; i < HX_SPARES; i++)
        atomic_init(&t->spares[i], NULL);
    return t;
}

void hx_tokenizer_close(hx_tokenizer *t) {
    if (!t) return;
    for (int i = 0; i < HX_SPARES; i++)
        hx_tokenizer_scratch_free(atomic_load(&t->spares[i]));
    hx_arena_free(t->arena);
}

/* What they hold follows from the text, which is at most HX_LLAMA_TEXT_MAX, and from what it may become, hx__normal_most(). */
#define N_BUFS 8
static hx_buf *scratch_buf(hx_tokenizer_scratch *s, size_t i) {
    hx_buf *const bufs[N_BUFS] = {&s->text,    &s->normal[0], &s->normal[1], &s->points,
                                  &s->symbols, &s->heap,      &s->window[0], &s->window[1]};
    return bufs[i];
}

static void release_bufs(hx_tokenizer_scratch *s) {
    for (size_t i = 0; i < N_BUFS; i++)
        hx_buf_release(scratch_buf(s, i));
}

hx_tokenizer_scratch *hx_tokenizer_scratch_new(const hx_tokenizer *t) {
    (void)t;
    hx_tokenizer_scratch *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->words_memory = calloc(HX_WORD_SLOTS * sizeof(hx_token_word) + 63, 1);
    if (!s->words_memory) {
        free(s);
        return NULL;
    }
    s->words = (hx_token_word *)(((uintptr_t)s->words_memory + 63) & ~(uintptr_t)63);
    for (size_t i = 0; i < N_BUFS; i++)
        hx_buf_init(scratch_buf(s, i), SIZE_MAX / 2);
    return s;
}

void hx_tokenizer_scratch_free(hx_tokenizer_scratch *s) {
    if (!s) return;
    release_bufs(s);
    free(s->words_memory);
    free(s);
}

hx_tokenizer_scratch *hx__scratch_take(hx_tokenizer *t) {
    for (int i = 0; i < HX_SPARES; i++) {
        hx_tokenizer_scratch *s = atomic_exchange(&t->spares[i], NULL);
        if (s) return s;
    }
    return hx_tokenizer_scratch_new(t);
}

void hx__scratch_give(hx_tokenizer *t, hx_tokenizer_scratch *s) {
    size_t held = 0;
    for (size_t i = 0; s && i < N_BUFS; i++)
        held += scratch_buf(s, i)->alloc;
    if (held > HX_SCRATCH_KEPT) release_bufs(s);
    for (int i = 0; i < HX_SPARES && s; i++)
        s = atomic_exchange(&t->spares[i], s);
    hx_tokenizer_scratch_free(s);
}

/* ------------------------------------------------------------------ bad bytes */
/* Bytes of the maximal bad part at p: as many as a character could begin with (Unicode 15, table 3-7). */
static size_t bad_part(const unsigned char *p, size_t left) {
    unsigned char low = 0x80, high = 0xBF;
    size_t want;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        want = 2;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF)
        want = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        want = 4;
    else
        return 1;
    if (p[0] == 0xE0) low = 0xA0;
    if (p[0] == 0xED) high = 0x9F;
    if (p[0] == 0xF0) low = 0x90;
    if (p[0] == 0xF4) high = 0x8F;
    size_t n = 1;
    while (n < want && n < left && p[n] >= low && p[n] <= high) {
        low = 0x80;
        high = 0xBF;
        n++;
    }
    return n;
}

static bool replace_bad(hx_tokenizer_scratch *s, hx_str *text) {
    size_t valid = hx_utf8_valid_prefix(*text);
    if (valid == text->len) return true;
    hx_buf_reset(&s->text);
    hx_str rest = *text;
    while (valid < rest.len) {
        const unsigned char *bad = (const unsigned char *)rest.ptr + valid;
        size_t skip = valid + bad_part(bad, rest.len - valid);
        if (!hx_buf_append(&s->text, rest.ptr, valid) ||
            !hx_buf_append(&s->text, "\xEF\xBF\xBD", 3))
            return false;
        rest = (hx_str){rest.ptr + skip, rest.len - skip};
        valid = hx_utf8_valid_prefix(rest);
    }
    if (!hx_buf_append_str(&s->text, rest)) return false;
    *text = hx_buf_str(&s->text);
    return true;
}

/* ------------------------------------------------------------------ encoding */
typedef struct {
    const hx_tokenizer *t;
    hx_tokenizer_scratch *s;
    hx_buf *ids;
    size_t limit; /* bytes of ids that are wanted */
    hx_error *err;
} encoder;

static hx_status no_memory(const encoder *e) {
    return hx_fail(e->err, HX_ENOMEM, "%s: out of memory", e->t->what);
}

static hx_status put_id(const encoder *e, int32_t id) {
    return hx_buf_append(e->ids, &id, sizeof id) ? HX_OK : no_memory(e);
}

int32_t hx__added_at(const hx_tokenizer *t, hx_str rest, uint8_t wanted) {
    for (size_t i = 0; i < t->n_added_lens; i++) {
        if (t->added_lens[i] > rest.len) continue;
        int32_t id = hx_vocab_find(&t->vocab, (hx_str){rest.ptr, t->added_lens[i]});
        if (id < 0 || !(t->added[id] & HX_ADDED)) continue;
        if (!(t->added[id] & HX_ADDED_SPECIAL) || (wanted & HX_ADDED_SPECIAL)) return id;
    }
    return -1;
}

/* Where the next added token at or behind `at` begins; text.len = nowhere. */
static size_t find_added(const hx_tokenizer *t, hx_str text, size_t at, uint8_t wanted,
                         int32_t *id) {
    *id = -1;
    bool special = wanted & HX_ADDED_SPECIAL;
    for (; at < text.len; at++) {
        unsigned char c = (unsigned char)text.ptr[at];
        if (!t->first_user[c] && !(special && t->first_special[c])) continue;
        *id = hx__added_at(t, (hx_str){text.ptr + at, text.len - at}, wanted);
        if (*id >= 0) return at;
    }
    return text.len;
}

static bool put_word_ids(const encoder *e, hx_str word, hx_id_out *out) {
    if (word.len == 0) return true;
    return e->t->kind == HX_TOKENIZER_UNIGRAM ? hx__unigram_word(e->t, e->s, word, out)
                                              : hx__bpe_word(e->t, e->s, word, out);
}

static hx_status encode_words(const encoder *e, hx_str text) {
    hx_id_out out = {e->ids, 0};
    for (size_t at = 0; at < text.len && e->ids->len <= e->limit;) {
        size_t end = hx_pretoken_end(&e->t->pre, text, at);
        out.word = e->ids->len / sizeof(int32_t);
        if (!put_word_ids(e, (hx_str){text.ptr + at, end - at}, &out)) return no_memory(e);
        at = end;
    }
    return HX_OK;
}

/* SentencePiece: a normalised text, in which user-defined symbols stand for themselves. */
static hx_status encode_symbols(const encoder *e, hx_str text) {
    hx_id_out out = {e->ids, e->ids->len / sizeof(int32_t)};
    for (size_t at = 0; at < text.len && e->ids->len <= e->limit;) {
        int32_t id = -1;
        size_t next = find_added(e->t, text, at, HX_ADDED, &id);
        if (!put_word_ids(e, (hx_str){text.ptr + at, next - at}, &out)) return no_memory(e);
        if (id >= 0) HX_TRY(put_id(e, id));
        at = next + (id >= 0 ? e->t->vocab.spans[id].len : 0);
    }
    return HX_OK;
}

static hx_status encode_part(const encoder *e, hx_str piece, hx_text_place place) {
    hx_str text = piece;
    if (piece.len == 0) return HX_OK;
    HX_TRY(hx__normalise(e->t, e->s, piece, place, &text, e->err));
    if (e->t->sentencepiece && e->t->kind != HX_TOKENIZER_UNIGRAM) return encode_symbols(e, text);
    return encode_words(e, text);
}

/* Characters of white space at the end (`back`) or the begin of a text, in bytes. */
static size_t white_space(const hx_tokenizer *t, hx_str text, bool back) {
    size_t n = 0;
    while (n < text.len) {
        size_t at = back ? text.len - n - 1 : n;
        unsigned len;
        while (back && at > 0 && ((unsigned char)text.ptr[at] & 0xC0) == 0x80)
            at--;
        uint32_t cp = hx_char_at(text.ptr + at, &len);
        if (!(hx_char_class(&t->pre, cp) & HX_CLASS_S)) break;
        n += len;
    }
    return n;
}

static hx_status encode_text(const encoder *e, hx_str text, const hx_token_options *o) {
    const hx_tokenizer *t = e->t;
    uint8_t wanted = HX_ADDED | (o->parse_special ? HX_ADDED_SPECIAL : 0);
    hx_text_place begin = o->inside ? HX_PLACE_INSIDE : HX_PLACE_FIRST;
    bool cut = !t->sentencepiece || o->parse_special;
    size_t at = 0;
    do {
        int32_t id = -1;
        size_t next = cut ? find_added(t, text, at, wanted, &id) : text.len;
        hx_str part = {text.ptr + at, next - at};
        if (id >= 0 && (t->added[id] & HX_ADDED_LSTRIP)) part.len -= white_space(t, part, true);
        HX_TRY(encode_part(e, part, at == 0 ? begin : HX_PLACE_LATER));
        at = next;
        if (id < 0) continue;
        HX_TRY(put_id(e, id));
        at += t->vocab.spans[id].len;
        if (t->added[id] & HX_ADDED_RSTRIP)
            at += white_space(t, (hx_str){text.ptr + at, text.len - at}, false);
    } while (at < text.len && e->ids->len <= e->limit);
    return HX_OK;
}

static hx_status put_all(const encoder *e, const int32_t *ids, size_t n) {
    for (size_t i = 0; i < n; i++)
        HX_TRY(put_id(e, ids[i]));
    return HX_OK;
}

static hx_status check_options(const hx_tokenizer *t, const hx_token_options *o, size_t around,
                               hx_error *err) {
    if (o->pad && o->max_length == 0)
        return hx_fail(err, HX_EINVAL, "padding needs a max_length to pad to");
    if (o->pad && t->pad < 0)
        return hx_fail(err, HX_EINVAL, "%s: the tokenizer has no padding token", t->what);
    if (o->max_length && o->max_length < around)
        return hx_fail(err, HX_EINVAL, "max_length %zu has no room for the %zu special tokens",
                       o->max_length, around);
    if (o->max_length > HX_LLAMA_TEXT_MAX)
        return hx_fail(err, HX_ELIMIT, "max_length %zu is larger than the limit of %u tokens",
                       o->max_length, HX_LLAMA_TEXT_MAX);
    return HX_OK;
}

/* Padding of `n` ids behind `start`, or in front. */
static hx_status pad_ids(const encoder *e, size_t start, size_t n) {
    size_t had = e->ids->len - start, bytes = n * sizeof(int32_t);
    if (!hx_buf_reserve(e->ids, bytes)) return no_memory(e);
    char *at = e->ids->ptr + start;
    if (e->t->pad_left)
        memmove(at + bytes, at, had);
    else
        at += had;
    for (size_t i = 0; i < n; i++)
        memcpy(at + i * sizeof(int32_t), &e->t->pad, sizeof(int32_t));
    e->ids->len += bytes;
    return HX_OK;
}

hx_status hx__tokenizer_encode(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text,
                               const hx_token_options *options, hx_buf *ids, size_t *real,
                               size_t *left, hx_error *err) {
    const hx_token_options none = {0}, *o = options ? options : &none;
    size_t n_before = o->special ? t->n_before : 0, n_after = o->special ? t->n_after : 0;
    size_t start = ids->len, body = start + n_before * sizeof(int32_t);
    if (text.len > HX_LLAMA_TEXT_MAX)
        return hx_fail(err, HX_ELIMIT, "the text is %zu bytes long; the most is %u", text.len,
                       HX_LLAMA_TEXT_MAX);
    HX_TRY(check_options(t, o, n_before + n_after, err));
    encoder e = {t, s, ids, SIZE_MAX, err};
    s->normal_left = hx__normal_most(text.len);
    if (o->max_length) e.limit = body + (o->max_length - n_before - n_after) * sizeof(int32_t);
    HX_TRY(put_all(&e, t->before, n_before));
    if (!t->sentencepiece && !replace_bad(s, &text)) return no_memory(&e);
    if (text.len) HX_TRY(encode_text(&e, text, o));
    if (ids->len > e.limit) ids->len = e.limit;
    HX_TRY(put_all(&e, t->after, n_after));
    *real = (ids->len - start) / sizeof(int32_t);
    size_t n_pad = o->pad ? o->max_length - *real : 0;
    *left = t->pad_left ? n_pad : 0;
    return n_pad ? pad_ids(&e, start, n_pad) : HX_OK;
}

hx_status hx_tokenizer_encode(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text,
                              const hx_token_options *options, hx_buf *ids, hx_error *err) {
    size_t real, left;
    return hx__tokenizer_encode(t, s, text, options, ids, &real, &left, err);
}

/* ------------------------------------------------------------------ decoding */
static bool put_token(const hx_tokenizer *t, int32_t id, bool special, bool first, hx_buf *out) {
    size_t i = (size_t)id;
    bool is_special = hx_tokenizer_is_special(t, id);
    if (is_special) return !special || hx_buf_append_str(out, hx_vocab_spelling(&t->vocab, i));
    hx_str s = hx_tokenizer_bytes(t, id);
    if (first && t->decode.strip_first && s.len > 0 && s.ptr[0] == ' ')
        s = (hx_str){s.ptr + 1, s.len - 1};
    return hx_buf_append_str(out, s);
}

hx_status hx_tokenizer_decode(const hx_tokenizer *t, const int32_t *ids, size_t n, bool special,
                              hx_buf *out, hx_error *err) {
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        if (ids[i] < 0 || (size_t)ids[i] >= t->vocab.n)
            return hx_fail(err, HX_EINVAL, "token %d (number %zu) is not in the vocabulary of %zu",
                           ids[i], i, t->vocab.n);
        if (!put_token(t, ids[i], special, first, out))
            return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
        if (!hx_tokenizer_is_special(t, ids[i])) first = false;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ questions */
hx_tokenizer_kind hx_tokenizer_kind_of(const hx_tokenizer *t) {
    return t->kind;
}

hx_chat_kind hx_tokenizer_chat_kind(const hx_tokenizer *t) {
    return t->chat;
}

size_t hx_tokenizer_n_vocab(const hx_tokenizer *t) {
    return t->vocab.n;
}

size_t hx_tokenizer_n_plain(const hx_tokenizer *t) {
    size_t n = t->vocab.n;
    while (n > 0 && t->vocab.types[n - 1] != HX_TOKEN_NORMAL &&
           t->vocab.types[n - 1] != HX_TOKEN_BYTE)
        n--;
    return n;
}

int32_t hx_tokenizer_bos(const hx_tokenizer *t) {
    return t->bos;
}

int32_t hx_tokenizer_eos(const hx_tokenizer *t) {
    return t->eos;
}

int32_t hx_tokenizer_pad(const hx_tokenizer *t) {
    return t->pad;
}

bool hx_tokenizer_ends(const hx_tokenizer *t, int32_t id) {
    for (size_t i = 0; i < t->n_ends; i++)
        if (t->ends[i] == id) return true;
    return false;
}

bool hx_tokenizer_is_special(const hx_tokenizer *t, int32_t id) {
    if (id < 0 || (size_t)id >= t->vocab.n) return false;
    uint8_t type = t->vocab.types[id];
    return type == HX_TOKEN_CONTROL || type == HX_TOKEN_UNKNOWN;
}

hx_str hx_tokenizer_spelling(const hx_tokenizer *t, int32_t id) {
    if (id < 0 || (size_t)id >= t->vocab.n) return (hx_str){NULL, 0};
    return hx_vocab_spelling(&t->vocab, (size_t)id);
}

hx_str hx_tokenizer_bytes(const hx_tokenizer *t, int32_t id) {
    if (id < 0 || (size_t)id >= t->vocab.n || hx_tokenizer_is_special(t, id))
        return (hx_str){NULL, 0};
    return (hx_str){t->vocab.bytes + t->vocab.byte_spans[id].at, t->vocab.byte_spans[id].len};
}

int32_t hx_tokenizer_find(const hx_tokenizer *t, hx_str spelling) {
    return hx_vocab_find(&t->vocab, spelling);
}
