/* pair_tokens.c - two texts as one sequence of tokens; see pair_tokens.h.
 *
 * Of a pair that is too long each text keeps half of the room, or what the other one leaves: so a short question is never cut for a
 * long answer's sake. */
#include "llama/pair_tokens.h"

#include "base/error.h"

int32_t hx_pair_separator(const hx_tokenizer *t) {
    int32_t id = hx_tokenizer_find(t, HX_STR_LIT("<sep>"));
    if (id < 0) id = hx_tokenizer_find(t, HX_STR_LIT("[SEP]"));
    return id < 0 ? hx_tokenizer_eos(t) : id;
}

static size_t room_of(const hx_text_frame *f, size_t n_separators, size_t max_length) {
    size_t around = f->n_before + f->n_after + n_separators;
    if (max_length == 0) return SIZE_MAX;
    return max_length > around ? max_length - around : 0;
}

/* n and m tokens become at most `room` together. */
static void share_room(size_t room, size_t *n, size_t *m) {
    size_t half = room / 2;
    if (*m <= half) {
        *n = room - *m;
    } else if (*n <= room - half) {
        *m = room - *n;
    } else {
        *m = half;
        *n = room - half;
    }
}

static void put_ids(hx_buf *to, const int32_t *ids, size_t n) {
    (void)hx_buf_append(to, ids, n * sizeof *ids);
}

static hx_status encode_both(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text,
                             hx_str text2, hx_buf *both, size_t *n, size_t *m, hx_error *err) {
    const hx_token_options plain = {0};
    HX_TRY(hx_tokenizer_encode(t, s, text, &plain, both, err));
    *n = both->len / sizeof(int32_t);
    HX_TRY(hx_tokenizer_encode(t, s, text2, &plain, both, err));
    *m = both->len / sizeof(int32_t) - *n;
    return HX_OK;
}

hx_status hx_pair_encode(const hx_tokenizer *t, hx_tokenizer_scratch *s, const hx_text_frame *frame,
                         hx_str text, hx_str text2, size_t max_length, hx_buf *ids, bool *cut,
                         hx_error *err) {
    int32_t separator = hx_pair_separator(t);
    size_t n_separators = separator >= 0 ? 1 : 0, n = 0, m = 0;
    size_t room = room_of(frame, n_separators, max_length);
    hx_buf both;
    hx_buf_init(&both, SIZE_MAX / 2);
    hx_status st = encode_both(t, s, text, text2, &both, &n, &m, err);
    const int32_t *first = (const int32_t *)(const void *)both.ptr, *second = first + n;
    if (st == HX_OK && n + m > room) {
        share_room(room, &n, &m);
        *cut = true;
    }
    if (st == HX_OK) {
        put_ids(ids, frame->before, frame->n_before);
        put_ids(ids, first, n);
        put_ids(ids, &separator, n_separators);
        put_ids(ids, second, m);
        put_ids(ids, frame->after, frame->n_after);
        st = hx_buf_status(ids, "tokens", err);
    }
    hx_buf_release(&both);
    return st;
}
