/* tag.c - tags of a text's words, by the model's head for tokens.
 *
 *     text -> token ids, their spans -> one run for many texts -> a row of logits a token -> words -> tags
 *
 * A word is letters, marks and digits between white space, punctuation and Han characters: "unbelievable" is one, whatever tokens it is cut into; of Han
 * characters each token is one. It takes label and score of its first token, the only one that is usually trained.
 *
 * Labels B-X, I-X, E-X, S-X (L-, U- mean E-, S-) make spans: B and S begin one, I and E go on with one of the same X or begin one where
 * there is none, E and S end it. What has no such prefix, O among it, ends a span and is no tag of its own. */
#include <math.h>
#include <string.h>
#include <utf8proc.h>

#include "base/error.h"
#include "base/utf8.h"
#include "llama/context.h"
#include "llama/model.h"
#include "llama/pretokenize.h"
#include "llama/tokenizer_parts.h"
#include "tensor/vector.h"

enum { GROUP_PIECES = 256, GROUP_BYTES = 1 << 20 };

typedef struct {
    hx_llama_context *c;
    const hx_str *texts; /* of the group */
    size_t first; /* which text that is */
    hx_tag_options options;
    bool makes_spans; /* labels have prefixes */
    hx_arena *arena; /* of the tags */
    hx_arena *scratch; /* of a group */
    hx_tokens tokens[GROUP_PIECES];
    hx_llama_piece pieces[GROUP_PIECES];
    size_t piece_of[GROUP_PIECES]; /* SIZE_MAX = no tokens */
    hx_error *err;
} tagger;

/* ------------------------------------------------------------------ labels */
/* 'B', 'I', 'E', 'S' of a label with a prefix, else 0. */
static char prefix_of(const char *label) {
    if (!label || !label[0] || label[1] != '-' || !label[2]) return 0;
    switch (label[0]) {
    case 'B':
    case 'I':
    case 'E':
    case 'S':
        return label[0];
    case 'L':
        return 'E';
    case 'U':
        return 'S';
    default:
        return 0;
    }
}

static bool labels_make_spans(const hx_llama *m) {
    for (size_t i = 0; i < m->config.n_labels; i++) {
        char prefix = prefix_of(hx_llama_label(m, i));
        if (prefix == 'B' || prefix == 'I') return true;
    }
    return false;
}

const char *hx_llama_tag_name(const hx_llama *m, uint32_t label) {
    const char *name = hx_llama_label(m, label);
    return name && prefix_of(name) && labels_make_spans(m) ? name + 2 : name;
}

/* ------------------------------------------------------------------ words */
static bool is_word_char(const hx_pretokens *pre, uint32_t cp) {
    if (cp == HX_UTF8_BAD || hx_utf8_is_han(cp)) return false;
    utf8proc_category_t kind = utf8proc_category((utf8proc_int32_t)cp);
    bool is_mark = kind >= UTF8PROC_CATEGORY_MN && kind <= UTF8PROC_CATEGORY_ME;
    return is_mark || (hx_char_class(pre, cp) & (HX_CLASS_L | HX_CLASS_N)) != 0;
}

/* A token goes on with the word before it: no bytes lie between, and letters or digits stand on both sides, or one character. */
static bool goes_on(const tagger *g, hx_str text, hx_token_span before, hx_token_span here) {
    if (here.start < before.end) return true;
    if (here.start > before.end) return false;
    const hx_pretokens *pre = &g->c->model->tokenizer->pre;
    size_t at = before.end - 1, next = here.start;
    while (at > before.start && ((unsigned char)text.ptr[at] & 0xC0) == 0x80)
        at--;
    return is_word_char(pre, hx_utf8_next(text, &at)) &&
           is_word_char(pre, hx_utf8_next(text, &next));
}

static hx_tag tag_of_row(const tagger *g, const float *row, hx_token_span span) {
    size_t n = g->c->model->config.n_labels;
    hx_tag tag = {span, 0, 0};
    for (size_t i = 1; i < n; i++)
        if (row[i] > row[tag.label]) tag.label = (uint32_t)i;
    tag.score = expf(row[tag.label] - hx_vector_log_sum_exp(g->c->model->kernels, row, n));
    return tag;
}

/* A tag for each word, or each token that has text. */
static size_t tag_words(const tagger *g, hx_str text, const hx_token_span *spans, const float *rows,
                        size_t n, hx_tag *out) {
    size_t made = 0, n_labels = g->c->model->config.n_labels;
    for (size_t i = 0; i < n; i++) {
        if (spans[i].start == spans[i].end) continue;
        bool joins =
            made > 0 && !g->options.tokens && goes_on(g, text, out[made - 1].span, spans[i]);
        if (!joins)
            out[made++] = tag_of_row(g, rows + i * n_labels, spans[i]);
        else if (spans[i].end > out[made - 1].span.end)
            out[made - 1].span.end = spans[i].end;
    }
    return made;
}

/* ------------------------------------------------------------------ spans */
/* Joins the words' tags in place; *n becomes how many spans there are. */
static void join_spans(const hx_llama *m, hx_tag *tags, size_t *n) {
    size_t made = 0, words = 0;
    bool open = false;
    for (size_t i = 0; i < *n; i++) {
        const char *name = hx_llama_label(m, tags[i].label);
        char prefix = prefix_of(name);
        bool same =
            open && prefix && strcmp(hx_llama_label(m, tags[made - 1].label) + 2, name + 2) == 0;
        if (same && (prefix == 'I' || prefix == 'E')) {
            hx_tag *last = &tags[made - 1];
            last->span.end = tags[i].span.end;
            words++;
            last->score += (tags[i].score - last->score) / (float)words;
        } else if (prefix) {
            tags[made++] = tags[i];
            words = 1;
        }
        open = prefix == 'B' || prefix == 'I';
    }
    *n = made;
}

/* ------------------------------------------------------------------ runs */
static hx_status take_tags(tagger *g, size_t i, hx_tags *out) {
    const hx_tokens *t = &g->tokens[i];
    size_t n_labels = g->c->model->config.n_labels;
    hx_token_span *spans;
    *out = (hx_tags){NULL, 0};
    if (g->piece_of[i] == SIZE_MAX) return HX_OK;
    const float *rows = hx_llama_head(g->c, g->piece_of[i], NULL);
    if (!hx_are_finite(rows, t->n * n_labels)) return hx_fail_finite(g->first + i, g->err);
    HX_TRY(
        hx_llama_token_spans(g->c->model, g->texts[i], t->ids, t->n, g->scratch, &spans, g->err));
    out->tags = hx_arena_alloc(g->arena, (t->n + 1) * sizeof *out->tags);
    if (!out->tags) return hx_fail(g->err, HX_ENOMEM, "out of memory for %zu tokens", t->n);
    out->n = tag_words(g, g->texts[i], spans, rows, t->n, out->tags);
    if (g->makes_spans && !g->options.tokens) join_spans(g->c->model, out->tags, &out->n);
    return HX_OK;
}

static hx_status run_group(tagger *g, size_t n, hx_tags *out) {
    const hx_llama *m = g->c->model;
    size_t n_pieces = 0, most = m->config.n_positions, asked = g->options.max_length;
    const hx_token_options options = {.special = true,
                                      .max_length = asked && asked < most ? asked : most};
    hx_arena_reset(g->scratch);
    for (size_t i = 0; i < n; i++) {
        HX_TRY(
            hx_llama_tokenize(m, g->texts[i], &options, g->scratch, &g->tokens[i], NULL, g->err));
        g->piece_of[i] = g->tokens[i].n ? n_pieces : SIZE_MAX;
        if (g->tokens[i].n)
            g->pieces[n_pieces++] = (hx_llama_piece){
                .ids = g->tokens[i].ids, .n = g->tokens[i].n, .sequence = -1, .want = HX_WANT_HEAD};
    }
    HX_TRY(hx_llama_run(g->c, g->pieces, n_pieces, g->err));
    for (size_t i = 0; i < n; i++)
        HX_TRY(take_tags(g, i, &out[i]));
    return HX_OK;
}

static hx_status check(const hx_llama *m, hx_error *err) {
    if (!m->head || !m->config.head_is_token)
        return hx_fail(err, HX_EUNSUPPORTED, "the model has no head that labels tokens");
    if (m->tokenizer) return HX_OK;
    return hx_fail(err, HX_EUNSUPPORTED, "the model has no tokenizer and reads no texts");
}

hx_status hx_llama_tag(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                       const hx_tag_options *options, hx_arena *arena, hx_tags *out,
                       hx_error *err) {
    HX_TRY(check(c->model, err));
    hx_arena *scratch = hx_arena_new(0);
    tagger *g = scratch ? hx_arena_alloc(arena, sizeof *g) : NULL;
    if (!g) {
        hx_arena_free(scratch);
        return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    }
    *g = (tagger){.c = c,
                  .options = options ? *options : (hx_tag_options){0},
                  .makes_spans = labels_make_spans(c->model),
                  .arena = arena,
                  .scratch = scratch,
                  .err = err};
    hx_status status = HX_OK;
    for (size_t i = 0, n; i < n_texts && status == HX_OK; i += n) {
        size_t bytes = 0;
        for (n = 0; i + n < n_texts && n < GROUP_PIECES &&
                    (n == 0 || bytes + texts[i + n].len <= GROUP_BYTES);
             n++)
            bytes += texts[i + n].len;
        g->texts = texts + i;
        g->first = i;
        status = run_group(g, n, out + i);
    }
    hx_arena_free(scratch);
    return status;
}
