/* window.c - cuts at the end of sentences, and joins; see window.h.
 *
 * A cut is good behind a mark that ends a sentence or a line (3), behind one that ends a clause (2), behind white space (1); any token's end is one
 * too (0). A window ends at the last cut of the best kind in its last half, and the next one begins at the first cut of the best kind between
 * `overlap` and half as many tokens before that; both always move on, so there are at most 2 n / length + 1 windows whatever the text is.
 *
 * A span of tags that crosses the border between two windows is looked at from both sides: the border goes left or right to the nearest end of a tag of
 * the left window at which no tag of the right one is open. Where there is none in what both read, the left window's tag stays whole, and tags of the
 * right one that begin inside of it are left out. */
#include "text/window.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

/* ------------------------------------------------------------------ where to cut */
static int kind_behind(hx_str text, size_t at) {
    static const char *const ends[] = {"。", "！", "？", "…", "｡"};
    static const char *const pauses[] = {"，", "；", "：", "、"};
    char last = text.ptr[at - 1];
    bool blank = at < text.len && strchr(" \t\r\n", text.ptr[at]) && text.ptr[at];
    if (last == '\n' || last == '!' || last == '?') return 3;
    if (last == '.') return blank || at == text.len ? 3 : 0;
    if (last == ',' || last == ';') return 2;
    for (size_t i = 0; at >= 3 && i < sizeof ends / sizeof *ends; i++)
        if (memcmp(text.ptr + at - 3, ends[i], 3) == 0) return 3;
    for (size_t i = 0; at >= 3 && i < sizeof pauses / sizeof *pauses; i++)
        if (memcmp(text.ptr + at - 3, pauses[i], 3) == 0) return 2;
    return blank ? 1 : 0;
}

typedef struct {
    hx_str text;
    const hx_token_span *tokens;
    size_t n;
} token_view;

/* Whether a window may begin with token i, and how good that is: not in the middle of what several tokens come from. */
static int kind_before(const token_view *v, size_t i) {
    if (i == 0 || i >= v->n) return 4;
    if (v->tokens[i].end == v->tokens[i].start || v->tokens[i].start < v->tokens[i - 1].end)
        return -1;
    size_t at = v->tokens[i - 1].end;
    int best = at > 0 ? kind_behind(v->text, at) : 0;
    for (; at < v->tokens[i].start && best < 3; at++)
        if (v->text.ptr[at] == '\n') best = 3;
    return best;
}

/* The best token of [from, to) to begin with, of equals the first or (`last`) the last; `to` - 1 or `from` where none will do. */
static size_t best_of(const token_view *v, size_t from, size_t to, bool last) {
    size_t best = last ? to - 1 : from;
    int kind = -1;
    for (size_t i = from; i < to; i++) {
        int k = kind_before(v, i);
        if (k > kind || (last && k == kind)) {
            best = i;
            kind = k;
        }
    }
    return best;
}

/* Every token begins where it stands, those without a place where the last one ended. */
static uint32_t byte_of(const token_view *v, size_t i) {
    if (i == 0) return 0;
    if (i >= v->n) return (uint32_t)v->text.len;
    while (i > 0 && v->tokens[i].start == v->tokens[i].end)
        i--;
    return v->tokens[i].start;
}

/* Halfway between where the next window begins and this one ends. */
static void share(hx_window *w, size_t n, const token_view *v, const uint32_t *firsts,
                  const uint32_t *ends) {
    for (size_t i = 0; i < n; i++) {
        w[i].from = i == 0 ? 0 : w[i - 1].to;
        w[i].to = i + 1 == n ? w[i].end : byte_of(v, firsts[i + 1] + (ends[i] - firsts[i + 1]) / 2);
        if (w[i].to < w[i].from) w[i].to = w[i].from;
    }
}

hx_status hx__windows_cut(hx_str text, const hx_token_span *tokens, size_t n, size_t length,
                          size_t overlap, hx_arena *arena, hx_window **out, size_t *n_out,
                          hx_error *err) {
    const token_view v = {text, tokens, n};
    if (length < 4) length = 4;
    if (overlap > (length - 1) / 2) overlap = (length - 1) / 2;
    const size_t room = n / (length / 2) + 2;
    hx_window *w = hx_arena_alloc(arena, room * sizeof *w);
    uint32_t *firsts = hx_arena_alloc(arena, 2 * room * sizeof *firsts);
    if (!w || !firsts)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       text.len);
    uint32_t *ends = firsts + room;
    size_t count = 0, first = 0;
    for (bool more = true; more; count++) {
        size_t end = n - first <= length
                         ? n
                         : best_of(&v, first + length / 2 + overlap, first + length + 1, true);
        firsts[count] = (uint32_t)first;
        ends[count] = (uint32_t)end;
        w[count] = (hx_window){.start = byte_of(&v, first),
                               .end = end == n ? (uint32_t)text.len : byte_of(&v, end),
                               .tokens = (uint32_t)(end - first)};
        more = end < n;
        first = overlap > 0 ? best_of(&v, end - overlap, end - overlap / 2, false) : end;
    }
    share(w, count, &v, firsts, ends);
    *out = w;
    *n_out = count;
    return HX_OK;
}

hx_status hx__windows(const hx_llama *m, hx_str text, size_t max_length, hx_arena *arena,
                      hx_window **out, size_t *n, hx_error *err) {
    static const hx_token_options plain = {0}, framed = {.special = true};
    hx_tokens frame, all;
    hx_token_span *spans;
    HX_TRY(hx_llama_tokenize(m, HX_STR_LIT(""), &framed, arena, &frame, NULL, err));
    HX_TRY(hx_llama_tokenize(m, text, &plain, arena, &all, NULL, err));
    size_t spare = frame.n + HX_WINDOW_SPARE;
    size_t length = max_length > 2 * spare ? max_length - spare : max_length;
    if (all.n + frame.n <= max_length) length = all.n;
    HX_TRY(hx_llama_token_spans(m, text, all.ids, all.n, arena, &spans, err));
    return hx__windows_cut(text, spans, all.n, length, length / 8, arena, out, n, err);
}

/* ------------------------------------------------------------------ probabilities */
#define LEAST 1e-7 /* of a probability whose logarithm is taken */

static double share_of(const hx_window *w, size_t n, size_t i) {
    double all = (double)w[n - 1].to - w[0].from;
    return all > 0 ? (w[i].to - w[i].from) / all : 1.0 / (double)n;
}

static double join_one(const hx_window *w, size_t n, hx_llama_head_kind kind, const float *each,
                       size_t width) {
    double sum = 0, most = 0;
    for (size_t i = 0; i < n; i++) {
        double p = (double)each[i * width];
        most = fmax(most, p);
        sum += share_of(w, n, i) * (kind == HX_LLAMA_LABEL ? log(fmax(p, LEAST)) : p);
    }
    return kind == HX_LLAMA_LABELS ? most : kind == HX_LLAMA_LABEL ? exp(sum) : sum;
}

void hx__windows_join(const hx_window *windows, size_t n, hx_llama_head_kind kind,
                      const float *each, size_t width, float *out) {
    double all = 0;
    if (n == 1) {
        memmove(out, each, width * sizeof *out);
        return;
    }
    for (size_t k = 0; k < width; k++) {
        double p = join_one(windows, n, kind, each + k, width);
        all += p;
        out[k] = (float)p;
    }
    for (size_t k = 0; k < width && kind == HX_LLAMA_LABEL && all > 0; k++)
        out[k] = (float)((double)out[k] / all);
}

/* ------------------------------------------------------------------ tags */
/* Whether a tag of the window is open at `at`, a byte of the text; *i moves up to the first tag that ends behind it. */
static bool is_open(const hx_window *w, const hx_tags *tags, size_t *i, uint32_t at) {
    while (*i > 0 && w->start + tags->tags[*i - 1].span.end > at)
        --*i;
    while (*i < tags->n && w->start + tags->tags[*i].span.end <= at)
        ++*i;
    return *i < tags->n && w->start + tags->tags[*i].span.start < at;
}

/* The ends of the left window's tags in what both read, and the border itself. */
static uint32_t border_of(const hx_window *left, const hx_tags *l, const hx_window *right,
                          const hx_tags *r) {
    uint32_t best = left->to;
    size_t i = 0, j = 0;
    if (!is_open(left, l, &i, left->to) && !is_open(right, r, &j, left->to)) return best;
    uint32_t distance = UINT32_MAX;
    for (size_t k = 0; k < l->n; k++) {
        uint32_t at = left->start + l->tags[k].span.end;
        if (at <= right->start || at >= left->end) continue;
        uint32_t away = at > left->to ? at - left->to : left->to - at;
        if (away >= distance || is_open(left, l, &i, at) || is_open(right, r, &j, at)) continue;
        best = at;
        distance = away;
    }
    return best;
}

hx_status hx__windows_join_tags(const hx_window *windows, size_t n, const hx_tags *parts,
                                hx_arena *arena, hx_tags *out, hx_error *err) {
    size_t all = 0, count = 0;
    for (size_t i = 0; i < n; i++)
        all += parts[i].n;
    hx_tag *list = hx_arena_alloc(arena, (all + 1) * sizeof *list);
    if (!list)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       (size_t)windows[n - 1].end);
    uint32_t from = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t to = i + 1 < n ? border_of(&windows[i], &parts[i], &windows[i + 1], &parts[i + 1])
                                : UINT32_MAX;
        for (size_t k = 0; k < parts[i].n; k++) {
            hx_tag t = parts[i].tags[k];
            t.span.start += windows[i].start;
            t.span.end += windows[i].start;
            if (t.span.start < from || t.span.start >= to) continue;
            list[count++] = t;
        }
        if (count > 0 && list[count - 1].span.end > from) from = list[count - 1].span.end;
        if (to != UINT32_MAX && to > from) from = to;
    }
    *out = (hx_tags){list, count, NULL};
    return HX_OK;
}
