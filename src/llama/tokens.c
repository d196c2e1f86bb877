/* tokens.c - tokens of an open model: the public functions. Results live in the caller's arena; scratch is kept by the tokenizer between
 * calls, one a thread that calls at the same time. */
#include <string.h>

#include "base/error.h"
#include "llama/model.h"
#include "llama/tokenizer_parts.h"

static hx_status need_tokenizer(const hx_llama *m, hx_error *err) {
    if (m->tokenizer) return HX_OK;
    return hx_fail(err, HX_EUNSUPPORTED, "the model has no tokenizer");
}

/* The ids of `b`, in the arena. */
static hx_status keep_ids(const hx_buf *b, hx_arena *arena, hx_tokens *out, hx_error *err) {
    int32_t *ids = hx_arena_alloc(arena, b->len ? b->len : 1);
    if (!ids) return hx_fail(err, HX_ENOMEM, "out of memory for %zu tokens", b->len / sizeof *ids);
    if (b->len) memcpy(ids, b->ptr, b->len);
    *out = (hx_tokens){ids, b->len / sizeof *ids};
    return HX_OK;
}

static hx_status keep_mask(size_t n, size_t real, size_t left, hx_arena *arena, uint8_t **mask,
                           hx_error *err) {
    uint8_t *m = hx_arena_alloc(arena, n ? n : 1);
    if (!m) return hx_fail(err, HX_ENOMEM, "out of memory for %zu tokens", n);
    memset(m + left, 1, real);
    *mask = m;
    return HX_OK;
}

hx_status hx_llama_tokenize(const hx_llama *m, hx_str text, const hx_token_options *options,
                            hx_arena *arena, hx_tokens *out, uint8_t **mask, hx_error *err) {
    HX_TRY(need_tokenizer(m, err));
    hx_tokenizer_scratch *s = hx__scratch_take(m->tokenizer);
    if (!s) return hx_fail(err, HX_ENOMEM, "out of memory for %zu tokens", text.len);
    hx_buf ids;
    size_t real = 0, left = 0;
    hx_tokens tokens = {NULL, 0};
    hx_buf_init(&ids, SIZE_MAX / 2);
    hx_status status =
        hx__tokenizer_encode(m->tokenizer, s, text, options, &ids, &real, &left, err);
    if (status == HX_OK) status = keep_ids(&ids, arena, &tokens, err);
    if (status == HX_OK && mask) status = keep_mask(tokens.n, real, left, arena, mask, err);
    if (status == HX_OK) *out = tokens;
    hx_buf_release(&ids);
    hx__scratch_give(m->tokenizer, s);
    return status;
}

hx_status hx_llama_detokenize(const hx_llama *m, const int32_t *ids, size_t n, bool special,
                              hx_arena *arena, hx_str *out, hx_error *err) {
    HX_TRY(need_tokenizer(m, err));
    hx_buf text;
    hx_buf_init(&text, SIZE_MAX / 2);
    hx_status status = hx_tokenizer_decode(m->tokenizer, ids, n, special, &text, err);
    if (status == HX_OK) {
        hx_str kept = hx_arena_str(arena, hx_buf_str(&text));
        if (kept.ptr)
            *out = kept;
        else
            status = hx_fail(err, HX_ENOMEM, "out of memory for %zu tokens", n);
    }
    hx_buf_release(&text);
    return status;
}

hx_str hx_llama_token(const hx_llama *m, int32_t id) {
    return m->tokenizer ? hx_tokenizer_spelling(m->tokenizer, id) : (hx_str){NULL, 0};
}

hx_status hx_llama_chat(const hx_llama *m, const hx_chat_message *messages, size_t n, bool reply,
                        hx_arena *arena, hx_tokens *out, hx_error *err) {
    HX_TRY(need_tokenizer(m, err));
    hx_tokenizer_scratch *s = hx__scratch_take(m->tokenizer);
    if (!s) return hx_fail(err, HX_ENOMEM, "out of memory for %zu tokens", n);
    hx_buf ids;
    hx_buf_init(&ids, SIZE_MAX / 2);
    hx_status status = hx__chat_encode(m->tokenizer, s, messages, n, reply, &ids, err);
    if (status == HX_OK) status = keep_ids(&ids, arena, out, err);
    hx_buf_release(&ids);
    hx__scratch_give(m->tokenizer, s);
    return status;
}
