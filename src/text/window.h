/* window.h - a text longer than a language model reads, in overlapping windows, and what they say made one.
 *
 *     text      |----------|======|-----------|======|---------|
 *     window 0  |.................|
 *     window 1             |.........................|              begin and end behind a sentence where there is one,
 *     decides   |000000000000000|1111111111111111111111|2222222|    else a clause, a blank, any token
 *
 * The parts that windows decide make up the text: a byte belongs to the window in which it is farthest from an edge. */
#ifndef HX_TEXT_WINDOW_H
#define HX_TEXT_WINDOW_H

#include "huaxiang/llama.h"

typedef struct {
    uint32_t start, end; /* bytes of the text that the window reads */
    uint32_t from, to; /* bytes that it decides; start <= from <= to <= end */
    uint32_t tokens; /* it reads, as the whole text is cut into tokens */
} hx_window;

#define HX_WINDOW_SPARE 4 /* tokens left free: a part of a text may be cut otherwise than in it */

/* Windows of at most `length` tokens, of which neighbours share about `overlap` (< length / 2): tokens (n) are those of the text, in order, specials
 * left out or empty. At least one window, also of an empty text. *out is arena memory. Linear in text and tokens. */
hx_status hx__windows_cut(hx_str text, const hx_token_span *tokens, size_t n, size_t length,
                          size_t overlap, hx_arena *arena, hx_window **out, size_t *n_out,
                          hx_error *err) HX_MUST_USE;
/* The same by a model's tokenizer: max_length tokens with its specials, an eighth of them shared. */
hx_status hx__windows(const hx_llama *m, hx_str text, size_t max_length, hx_arena *arena,
                      hx_window **out, size_t *n, hx_error *err) HX_MUST_USE;

static inline hx_str hx__window_text(hx_str text, const hx_window *w) {
    return (hx_str){text.ptr + w->start, w->end - w->start};
}

/* What a head for texts says of the whole: each (n, width), out (width), which may be each's first row. LABEL: exp of the mean of log p, weighted by
 * the bytes that a window decides, made to sum to 1; LABELS: the most of any window, since what holds of a part was said; NUMBER: the weighted mean. */
void hx__windows_join(const hx_window *windows, size_t n, hx_llama_head_kind kind,
                      const float *each, size_t width, float *out);

/* The tags of the whole: parts (n) are those of each window's text, spans in bytes of it, ascending. Where two windows meet, the border moves to the
 * nearest byte that no tag of either crosses, so that none is lost, cut or said twice. Spans of *out are bytes of the text; arena memory. */
hx_status hx__windows_join_tags(const hx_window *windows, size_t n, const hx_tags *parts,
                                hx_arena *arena, hx_tags *out, hx_error *err) HX_MUST_USE;

#endif
