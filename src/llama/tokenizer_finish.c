/* tokenizer_finish.c - what all kinds of files have in common once their tokens are read: the bytes of the tokens, tokens that are looked for in
 * texts, what stands around a text, which tokens end one.
 *
 * Byte-level vocabularies (GPT-2) spell each byte as a printable character: 21-7E, A1-AC and AE-FF as themselves, the other 68 bytes as U+0100 to
 * U+0143 in ascending order. SentencePiece spells a space U+2581, and bytes that no piece has <0x00> to <0xFF>. */
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "llama/tokenizer_parts.h"

#define SPELT_END 0x144u
#define THREAD_TOKENS 20000 /* half a millisecond of work */

static bool is_itself(unsigned b) {
    return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
}

uint32_t hx__byte_spelling(uint8_t byte) {
    if (is_itself(byte)) return byte;
    if (byte <= 0x20) return 0x100u + byte;
    if (byte == 0xAD) return 0x143;
    return 0x100u + 33 + (byte - 0x7Fu); /* 7F to A0 */
}

int hx__spelt_byte(uint32_t cp) {
    if (cp < 0x100) return is_itself(cp) ? (int)cp : -1;
    if (cp <= 0x120) return (int)(cp - 0x100);
    if (cp <= 0x142) return (int)(cp - 0x121 + 0x7F);
    return cp == 0x143 ? 0xAD : -1;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

int hx__byte_token(hx_str s) {
    if (s.len != 6 || memcmp(s.ptr, "<0x", 3) != 0 || s.ptr[5] != '>') return -1;
    int high = hex_digit(s.ptr[3]), low = hex_digit(s.ptr[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* ------------------------------------------------------------------ bytes */
/* How many of the 8 bytes are 21-7E, which spell themselves, before the first that is not. */
static unsigned count_themselves(uint64_t v) {
    const uint64_t ones = 0x0101010101010101u, tops = 0x80 * ones;
    /* a borrow or carry leaves only bytes that are not, for the next: the first one found is right */
    uint64_t not_so = (v | (v + ones) | (((v | tops) - 0x21 * ones) ^ tops)) & tops;
    return not_so ? (unsigned)__builtin_ctzll(not_so) / 8 : 8;
}

#define SLACK 8 /* bytes behind the last token's that are written to */

/* One character at s[*i] that is not itself; -1 where it spells no byte. */
static int unspell_char(const int16_t *table, hx_str s, size_t *i) {
    unsigned c = (unsigned char)s.ptr[(*i)++];
    if (c >= 0x80) {
        if ((c & 0xFC) != 0xC4 && (c & 0xFE) != 0xC2) return -1;
        if (*i >= s.len || ((unsigned char)s.ptr[*i] & 0xC0) != 0x80) return -1;
        c = (c & 0x1F) << 6 | ((unsigned char)s.ptr[(*i)++] & 0x3Fu);
    }
    return c < SPELT_END ? table[c] : -1;
}

/* Returns the length, 0 where a character spells no byte. Writes up to SLACK bytes more. */
static size_t unspell(const int16_t *table, hx_str s, const char *end, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < s.len;) {
        size_t k = s.len - i < 8 ? s.len - i : 8;
        uint64_t v = hx_load_within(s.ptr + i, k, end);
        memcpy(out + n, &v, 8);
        unsigned same = count_themselves(v); /* of the zeros behind the end none */
        n += same;
        i += same;
        if (same == k) continue;
        do {
            int byte = unspell_char(table, s, &i);
            if (byte < 0) return 0;
            out[n++] = (char)byte;
        } while (i < s.len && (unsigned char)s.ptr[i] >= 0x80);
    }
    return n;
}

/* A piece's U+2581 as spaces. */
static size_t unspell_spaces(hx_str s, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (i + 3 <= s.len && memcmp(s.ptr + i, "\xE2\x96\x81", 3) == 0) {
            out[n++] = ' ';
            i += 2;
        } else {
            out[n++] = s.ptr[i];
        }
    }
    return n;
}

static size_t bytes_of(const hx_tokenizer *t, const int16_t *table, size_t id, char *out) {
    hx_str s = hx_vocab_spelling(&t->vocab, id);
    uint8_t type = t->vocab.types[id];
    size_t n = 0;
    if (type == HX_TOKEN_BYTE) {
        out[0] = (char)hx__byte_token(s);
        return 1;
    }
    if (t->kind == HX_TOKENIZER_BPE_BYTES && type != HX_TOKEN_USER && type != HX_TOKEN_CONTROL)
        n = unspell(table, s, t->vocab.end, out);
    else if (t->decode.metaspace && type != HX_TOKEN_USER)
        n = unspell_spaces(s, out);
    if (n > 0) return n;
    memcpy(out, s.ptr, s.len);
    return s.len;
}

static void *fill_bytes(void *context) {
    hx_tokenizer *t = context;
    hx_vocab *v = &t->vocab;
    int16_t table[SPELT_END];
    char *bytes = (char *)(uintptr_t)v->bytes;
    for (uint32_t c = 0; c < SPELT_END; c++)
        table[c] = (int16_t)hx__spelt_byte(c);
    uint32_t at = 0;
    for (size_t id = 0; id < v->n; id++) {
        uint32_t n = (uint32_t)bytes_of(t, table, id, bytes + at);
        v->byte_spans[id] = (hx_vocab_span){at, n};
        at += n;
        if (t->crossed) hx__cross_token(t, id);
    }
    return NULL;
}

hx_status hx__vocab_bytes_begin(hx_byte_work *w, hx_tokenizer *t, hx_error *err) {
    hx_vocab *v = &t->vocab;
    uint64_t total = v->n + SLACK; /* a byte token may be misspelt, which is found later */
    *w = (hx_byte_work){.t = t};
    hx_vocab_measure(v);
    for (size_t id = 0; id < v->n; id++)
        total += v->spans[id].len;
    v->bytes = total <= UINT32_MAX ? hx_table_alloc(t->arena, total) : NULL;
    v->byte_spans = hx_table_alloc(t->arena, v->n * sizeof *v->byte_spans);
    if (t->kind != HX_TOKENIZER_UNIGRAM)
        t->crossed = hx_arena_alloc(t->arena, ((size_t)1 << HX_CROSS_BITS) / 8);
    if (!v->bytes || !v->byte_spans || (t->kind != HX_TOKENIZER_UNIGRAM && !t->crossed))
        return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    w->runs = v->n >= THREAD_TOKENS && pthread_create(&w->thread, NULL, fill_bytes, t) == 0;
    if (!w->runs) (void)fill_bytes(t);
    return HX_OK;
}

void hx__vocab_bytes_end(hx_byte_work *w) {
    if (w->runs) (void)pthread_join(w->thread, NULL);
    w->runs = false;
}

/* ------------------------------------------------------------------ added tokens */
static void add_length(hx_tokenizer *t, uint16_t len) {
    size_t i = 0;
    while (i < t->n_added_lens && t->added_lens[i] > len)
        i++;
    if (i < t->n_added_lens && t->added_lens[i] == len) return;
    memmove(t->added_lens + i + 1, t->added_lens + i,
            (t->n_added_lens - i) * sizeof *t->added_lens);
    t->added_lens[i] = len;
    t->n_added_lens++;
}

static void add_token(hx_tokenizer *t, size_t id) {
    hx_str s = hx_vocab_spelling(&t->vocab, id);
    bool user = t->vocab.types[id] == HX_TOKEN_USER;
    if (!user && !hx_tokenizer_is_special(t, (int32_t)id)) return;
    if (s.len > HX_ADDED_LEN_MAX || !hx_utf8_is_valid(s)) return;
    t->added[id] |= (uint8_t)(HX_ADDED | (user ? 0 : HX_ADDED_SPECIAL));
    if (user)
        t->first_user[(unsigned char)s.ptr[0]] = true;
    else
        t->first_special[(unsigned char)s.ptr[0]] = true;
    add_length(t, (uint16_t)s.len);
}

/* ------------------------------------------------------------------ ends */
static void add_end(hx_tokenizer *t, int32_t id) {
    if (id >= 0 && !hx_tokenizer_ends(t, id) && t->n_ends < HX_ENDS_MAX) t->ends[t->n_ends++] = id;
}

/* Tokens that end a turn or a text in models whose files name only one of them. */
static const char *const end_names[] = {"<|im_end|>",      "<|endoftext|>",  "<|eot_id|>",
                                        "<|end_of_text|>", "<|eom_id|>",     "<|end|>",
                                        "<end_of_turn>",   "<|end_of_turn|>"};

static void add_ends(hx_tokenizer *t) {
    add_end(t, t->eos);
    for (size_t i = 0; i < sizeof end_names / sizeof *end_names; i++) {
        int32_t id = hx_vocab_find(&t->vocab, hx_str_of(end_names[i]));
        if (id >= 0 && hx_tokenizer_is_special(t, id)) add_end(t, id);
    }
}

static hx_status check_byte_tokens(hx_tokenizer *t, hx_error *err) {
    for (size_t id = 0; id < t->vocab.n; id++) {
        if (t->vocab.types[id] != HX_TOKEN_BYTE) continue;
        hx_str s = hx_vocab_spelling(&t->vocab, id);
        int byte = hx__byte_token(s);
        if (byte < 0)
            return hx_fail(err, HX_EFORMAT, "%s: byte token %zu is '%.*s', not <0x00> to <0xFF>",
                           t->what, id, HX_STR_ARG(s));
        t->byte_ids[byte] = (int32_t)id;
    }
    return HX_OK;
}

static void index_bytes(hx_tokenizer *t) {
    char spelt[4];
    t->has_bytes = true;
    for (int b = 0; b < 256; b++) {
        size_t n = hx_utf8_put(hx__byte_spelling((uint8_t)b), spelt);
        if (t->kind == HX_TOKENIZER_BPE_BYTES)
            t->byte_ids[b] = hx_vocab_find(&t->vocab, (hx_str){spelt, n});
        if (t->byte_ids[b] < 0) t->has_bytes = false;
    }
}

hx_status hx__tokenizer_finish(hx_tokenizer *t, hx_error *err) {
    HX_TRY(check_byte_tokens(t, err));
    if (!t->added) t->added = hx_arena_alloc(t->arena, t->vocab.n);
    if (!t->added) return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    for (size_t id = 0; id < t->vocab.n; id++)
        add_token(t, id);
    if (!t->vocab.bytes) {
        hx_byte_work w;
        HX_TRY(hx__vocab_bytes_begin(&w, t, err));
        hx__vocab_bytes_end(&w);
    }
    index_bytes(t);
    hx__plain_index(t);
    if (t->kind == HX_TOKENIZER_UNIGRAM)
        HX_TRY(hx__unigram_index(t, err));
    else
        HX_TRY(hx__bpe_index(t, err));
    if (t->add_bos && t->bos >= 0 && t->n_before == 0) t->before[t->n_before++] = t->bos;
    if (t->add_eos && t->eos >= 0 && t->n_after == 0) t->after[t->n_after++] = t->eos;
    add_ends(t);
    hx__chat_recognise(t);
    return HX_OK;
}
