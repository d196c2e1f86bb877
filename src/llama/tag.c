/* tag.c - tags of a text's words, and their tree, by heads for words.
 *
 *     text -> token ids -> words, and the place of each one's first token -> one run for many texts -> rows of those tokens -> tags, arcs
 *
 * A word is letters, marks and digits between white space, punctuation and Han characters: "unbelievable" is one, whatever tokens it is cut into; of Han
 * characters each token is one. With options.words it is what stands between white space, encoded by itself, as training does. It takes label
 * and score of its first token, the only one that is usually trained.
 *
 * Labels B-X, I-X, E-X, S-X (L-, U- mean E-, S-) make spans: B and S begin one, I and E go on with one of the same X or begin one where
 * there is none, E and S end it. What has no such prefix, O among it, ends a span and is no tag of its own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/error.h"
#include "base/utf8.h"
#include "llama/heads.h"
#include "llama/pretokenize.h"
#include "llama/tagging.h"
#include "llama/texts.h"
#include "llama/tokenizer_parts.h"
#include "llama/word_tokens.h"
#include "nn/crf.h"
#include "tensor/memory.h"
#include "tensor/vector.h"

enum { GROUP_PIECES = 256, GROUP_BYTES = 1 << 16 };

/* Of one text; n words. */
typedef struct {
    hx_tokens tokens; /* ids may be borrowed from a piece */
    hx_token_span *spans; /* (n) */
    uint32_t *places; /* (n): each one's first token */
    size_t n;
    size_t piece; /* SIZE_MAX = no tokens */
} text_words;

typedef struct hx_tagging {
    hx_llama_context *c;
    const hx_model_head *head;
    size_t index; /* of the head */
    const hx_str *texts; /* of the group */
    size_t first; /* which text that is */
    hx_tag_options options;
    bool makes_spans; /* labels have prefixes */
    bool each_token; /* every token with text is a word */
    hx_arena *arena; /* of the results */
    hx_arena *scratch; /* of a group */
    hx_tokenizer_scratch *encoder; /* owned */
    hx_text_frame frame;
    text_words words[GROUP_PIECES];
    hx_llama_piece pieces[GROUP_PIECES];
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

static bool labels_make_spans(const hx_llama *m, size_t head) {
    const hx_llama_head_info *h = hx_llama_head_of(m, head);
    for (size_t i = 0; h && h->kind <= HX_LLAMA_CRF && i < h->n_labels; i++) {
        char prefix = prefix_of(hx_llama_head_label(m, head, i));
        if (prefix == 'B' || prefix == 'I') return true;
    }
    return false;
}

const char *hx_llama_head_tag_name(const hx_llama *m, size_t head, uint32_t label) {
    const hx_llama_head_info *h = hx_llama_head_of(m, head);
    const char *name = hx_llama_head_label(m, head, label);
    if (name && h->kind == HX_LLAMA_SEGMENT) return "word";
    return name && prefix_of(name) && labels_make_spans(m, head) ? name + 2 : name;
}

const char *hx_llama_tag_name(const hx_llama *m, uint32_t label) {
    for (size_t i = 0; i < m->info.n_tasks; i++)
        if (m->heads[i].info.of_words) return hx_llama_head_tag_name(m, i, label);
    return NULL;
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

static hx_status no_memory(const tagger *g, size_t n) {
    return hx_fail(g->err, HX_ENOMEM, "out of memory for %zu tokens", n);
}

static hx_status room_for_words(const tagger *g, text_words *w, size_t n) {
    w->spans = hx_arena_alloc(g->scratch, (n + 1) * sizeof *w->spans);
    w->places = hx_arena_alloc(g->scratch, (n + 1) * sizeof *w->places);
    return w->spans && w->places ? HX_OK : no_memory(g, n);
}

static size_t max_length(const tagger *g) {
    size_t most = g->c->model->config.n_positions, asked = g->options.max_length;
    if (!asked) asked = g->head->task->max_length;
    return asked && asked < most ? asked : most;
}

/* Words as they follow from the tokens of the whole text, w->tokens. */
static hx_status join_words(const tagger *g, hx_str text, text_words *w) {
    const hx_llama *m = g->c->model;
    hx_token_span *spans;
    const hx_tokens *t = &w->tokens;
    HX_TRY(hx_llama_token_spans(m, text, t->ids, t->n, g->scratch, &spans, g->err));
    HX_TRY(room_for_words(g, w, t->n));
    for (size_t i = 0; i < t->n; i++) {
        if (spans[i].start == spans[i].end) continue;
        bool joins = w->n > 0 && !g->each_token && goes_on(g, text, w->spans[w->n - 1], spans[i]);
        if (!joins) {
            w->spans[w->n] = spans[i];
            w->places[w->n++] = (uint32_t)i;
        } else if (spans[i].end > w->spans[w->n - 1].end) {
            w->spans[w->n - 1].end = spans[i].end;
        }
    }
    return HX_OK;
}

static hx_status find_words(const tagger *g, hx_str text, text_words *w) {
    const hx_token_options options = {.special = true, .max_length = max_length(g)};
    HX_TRY(hx_llama_tokenize(g->c->model, text, &options, g->scratch, &w->tokens, NULL, g->err));
    return join_words(g, text, w);
}

/* The token behind those of word i. */
static uint32_t end_of_word(const tagger *g, const uint32_t *places, size_t i, size_t n,
                            size_t n_ids) {
    for (size_t k = i + 1; k < n; k++)
        if (places[k] != HX_WORD_NO_TOKEN) return places[k];
    return (uint32_t)(n_ids - g->frame.n_after);
}

static hx_status keep_words(const tagger *g, hx_str text, const hx_buf *ids, const hx_buf *places,
                            text_words *w) {
    const uint32_t *from = (const uint32_t *)(const void *)places->ptr;
    size_t n = places->len / sizeof *from, at = 0, n_ids = ids->len / sizeof(int32_t);
    hx_str kept = hx_arena_str(g->scratch, hx_buf_str(ids)), word;
    HX_TRY(room_for_words(g, w, n > n_ids ? n : n_ids));
    if (!kept.ptr) return no_memory(g, n);
    w->tokens = (hx_tokens){(int32_t *)(uintptr_t)kept.ptr, n_ids};
    for (size_t i = 0; i < n && hx_word_next(text, &at, &word); i++) {
        uint32_t start = (uint32_t)(word.ptr - text.ptr), end = from[i] + 1;
        if (from[i] == HX_WORD_NO_TOKEN) continue;
        if (g->each_token) end = end_of_word(g, from, i, n, n_ids);
        for (uint32_t token = from[i]; token < end; token++) {
            w->spans[w->n] = (hx_token_span){start, start + (uint32_t)word.len};
            w->places[w->n++] = token;
        }
    }
    return HX_OK;
}

/* Words as they stand between white space, each encoded by itself. */
static hx_status split_words(const tagger *g, hx_str text, text_words *w) {
    hx_buf ids, places;
    bool cut;
    hx_buf_init(&ids, SIZE_MAX / 2);
    hx_buf_init(&places, SIZE_MAX / 2);
    hx_status st = hx_words_encode(g->c->model->tokenizer, g->encoder, &g->frame, text,
                                   max_length(g), &ids, &places, &cut, g->err);
    if (st == HX_OK) st = hx_buf_status(&ids, "tokens", g->err);
    if (st == HX_OK) st = hx_buf_status(&places, "words", g->err);
    if (st == HX_OK) st = keep_words(g, text, &ids, &places, w);
    hx_buf_release(&ids);
    hx_buf_release(&places);
    return st;
}

/* The text as the head reads it. */
static hx_status lower_text_of(const tagger *g, hx_str *text) {
    hx_buf small;
    if (!g->head->task->lower) return HX_OK;
    hx_buf_init(&small, SIZE_MAX / 2);
    hx_text_lower(*text, &small);
    hx_status st = hx_buf_status(&small, "a text", g->err);
    *text = hx_arena_str(g->scratch, hx_buf_str(&small));
    hx_buf_release(&small);
    HX_TRY(st);
    return text->ptr ? HX_OK : no_memory(g, 0);
}

static hx_status read_words(const tagger *g, hx_str text, text_words *w) {
    *w = (text_words){.n = 0};
    HX_TRY(lower_text_of(g, &text));
    return g->options.words ? split_words(g, text, w) : find_words(g, text, w);
}

/* ------------------------------------------------------------------ logits of words */
static bool reads_rows(const tagger *g) {
    return !g->head->task->is_score;
}

/* Products of the head for `rows` rows: nn with scratch of its own, which is the caller's to free. */
static hx_status open_nn(const tagger *g, size_t bytes, hx_nn *nn) {
    *nn = (hx_nn){
        .kernels = g->c->model->kernels, .team = g->c->team, .scratch = hx_memory_new(bytes + 64)};
    return nn->scratch ? HX_OK : no_memory(g, bytes);
}

static hx_status make_logits(const tagger *g, const text_words *w, float *out) {
    const hx_llama *m = g->c->model;
    const float *hidden = hx_llama_hidden(g->c, w->piece, NULL);
    size_t d = m->config.n_embd,
           bytes = hx_head_scratch(m, g->head, w->n, hx_team_size(g->c->team));
    float *x = hx_arena_alloc(g->scratch, w->n * d * sizeof *x), r;
    float *room = hx_arena_alloc(g->scratch, hx_head_floats(g->head, w->n) * sizeof *room);
    hx_nn nn;
    if (!x || !room) return no_memory(g, w->n);
    HX_TRY(open_nn(g, bytes, &nn));
    for (size_t i = 0; i < w->n; i++)
        hx_head_norm(m, g->head, &nn, hidden + w->places[i] * d, 1, &r, x + i * d);
    hx_head_logits(m, g->head, &nn, x, w->n, room, out);
    hx_memory_free(nn.scratch, bytes + 64);
    return HX_OK;
}

/* (n, n_labels), of each word's first token. */
static hx_status logits_of(const tagger *g, size_t text, const text_words *w, float **out) {
    size_t n = g->head->task->n_labels;
    float *rows = *out = hx_arena_alloc(g->scratch, (w->n * n + 1) * sizeof *rows);
    if (!rows) return no_memory(g, w->n);
    if (reads_rows(g)) {
        HX_TRY(make_logits(g, w, rows));
    } else {
        const float *from = hx_llama_head(g->c, w->piece, NULL);
        for (size_t i = 0; i < w->n; i++)
            memcpy(rows + i * n, from + w->places[i] * n, n * sizeof *rows);
    }
    return hx_are_finite(rows, w->n * n) ? HX_OK : hx_fail_finite(g->first + text, g->err);
}

static hx_tag tag_of_row(const tagger *g, const float *row, hx_token_span span) {
    size_t n = g->head->task->n_labels;
    hx_tag tag = {span, 0, 0};
    for (size_t i = 1; i < n; i++)
        if (row[i] > row[tag.label]) tag.label = (uint32_t)i;
    tag.score = expf(row[tag.label] - hx_vector_log_sum_exp(g->c->model->kernels, row, n));
    return tag;
}

/* ------------------------------------------------------------------ the best path */
/* a (n) = exp(x - its greatest) times (e from the row before, or NULL = start); made to sum to 1. */
static void step(const float *x, const double *before, const double *e, bool back, size_t n,
                 double *a) {
    double sum = 0, high = (double)x[0];
    for (size_t j = 1; j < n; j++)
        high = (double)x[j] > high ? (double)x[j] : high;
    for (size_t j = 0; j < n; j++) {
        double from = 0;
        for (size_t i = 0; i < n; i++)
            from += before[i] * (back ? e[j * n + i] : e[i * n + j]);
        a[j] = from * exp((double)x[j] - high);
        sum += a[j];
    }
    for (size_t j = 0; j < n && sum > 0; j++)
        a[j] /= sum;
}

static void begin(const float *x, const float *edge, size_t n, double *a) {
    double high = -INFINITY, sum = 0;
    for (size_t j = 0; j < n; j++)
        high = (double)(x[j] + edge[j]) > high ? (double)(x[j] + edge[j]) : high;
    for (size_t j = 0; j < n; j++)
        sum += a[j] = exp((double)(x[j] + edge[j]) - high);
    for (size_t j = 0; j < n; j++)
        a[j] /= sum;
}

/* Probability of each word's tag over all paths: the words before and behind, each with the word's own scores, which are taken out once. */
static hx_status measure_path(const tagger *g, const float *x, size_t words, hx_tag *tags) {
    const hx_model_head *h = g->head;
    size_t n = h->n_out;
    double *ahead = hx_arena_alloc(g->scratch, 2 * words * n * sizeof *ahead),
           *e = hx_arena_alloc(g->scratch, n * n * sizeof *e);
    if (!ahead || !e) return no_memory(g, words);
    double *behind = ahead + words * n;
    for (size_t i = 0; i < n * n; i++)
        e[i] = exp((double)h->between[i]);
    begin(x, h->start, n, ahead);
    begin(x + (words - 1) * n, h->stop, n, behind + (words - 1) * n);
    for (size_t t = 1; t < words; t++)
        step(x + t * n, ahead + (t - 1) * n, e, false, n, ahead + t * n);
    for (size_t t = words - 1; t-- > 0;)
        step(x + t * n, behind + (t + 1) * n, e, true, n, behind + t * n);
    for (size_t t = 0; t < words; t++) {
        double sum = 0, own = 0;
        for (size_t j = 0; j < n; j++) {
            double p = ahead[t * n + j] * behind[t * n + j] *
                       exp((double)x[t * n + tags[t].label] - (double)x[t * n + j]);
            sum += p;
            if (j == tags[t].label) own = p;
        }
        tags[t].score = sum > 0 ? (float)(own / sum) : 0;
    }
    return HX_OK;
}

static hx_status tag_path(const tagger *g, const text_words *w, const float *rows, hx_tag *tags) {
    const hx_model_head *h = g->head;
    size_t bytes = hx_nn_crf_scratch(w->n, h->n_out);
    const uint32_t starts[2] = {0, (uint32_t)w->n};
    uint32_t *best = hx_arena_alloc(g->scratch, (w->n + 1) * sizeof *best);
    hx_nn nn;
    if (!best) return no_memory(g, w->n);
    HX_TRY(open_nn(g, bytes, &nn));
    const hx_nn_crf crf = {.x = rows,
                           .between = h->between,
                           .start = h->start,
                           .stop = h->stop,
                           .l = h->n_out,
                           .starts = starts,
                           .n_sequences = 1};
    hx_nn_crf_best(&nn, &crf, best, NULL);
    hx_memory_free(nn.scratch, bytes + 64);
    for (size_t i = 0; i < w->n; i++)
        tags[i] = (hx_tag){w->spans[i], best[i], 0};
    return measure_path(g, rows, w->n, tags);
}

/* Words that begin where a token says so; the first token begins one. */
static size_t join_tokens(hx_tag *tags, size_t n) {
    size_t made = 0;
    for (size_t i = 0; i < n; i++) {
        if (made > 0 && tags[i].label != 0)
            tags[made - 1].span.end = tags[i].span.end;
        else
            tags[made++] = tags[i];
    }
    for (size_t i = 0; i < made; i++)
        tags[i].label = 0;
    return made;
}

/* ------------------------------------------------------------------ spans */
/* Joins the words' tags in place; *n becomes how many spans there are. */
static void join_spans(const tagger *g, hx_tag *tags, size_t *n) {
    const hx_llama *m = g->c->model;
    size_t made = 0, words = 0;
    bool open = false;
    for (size_t i = 0; i < *n; i++) {
        const char *name = hx_llama_head_label(m, g->index, tags[i].label);
        char prefix = prefix_of(name);
        bool same =
            open && prefix &&
            strcmp(hx_llama_head_label(m, g->index, tags[made - 1].label) + 2, name + 2) == 0;
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

/* ------------------------------------------------------------------ results */
static hx_status keep_logs(const tagger *g, const float *rows, size_t n, const float **out) {
    size_t wide = g->head->task->n_labels;
    float *logs = hx_arena_alloc(g->arena, (n * wide + 1) * sizeof *logs);
    if (!logs) return no_memory(g, n);
    for (size_t i = 0; i < n; i++) {
        const float *row = rows + i * wide,
                    sum = hx_vector_log_sum_exp(g->c->model->kernels, row, wide);
        for (size_t k = 0; k < wide; k++)
            logs[i * wide + k] = row[k] - sum;
    }
    *out = logs;
    return HX_OK;
}

static hx_status take_tags(const tagger *g, size_t i, hx_tags *out) {
    const text_words *w = &g->words[i];
    hx_llama_head_kind kind = g->head->task->kind;
    float *rows;
    *out = (hx_tags){NULL, 0, NULL};
    if (w->piece == SIZE_MAX || w->n == 0) return HX_OK;
    HX_TRY(logits_of(g, i, w, &rows));
    out->tags = hx_arena_alloc(g->arena, (w->n + 1) * sizeof *out->tags);
    if (!out->tags) return no_memory(g, w->n);
    out->n = w->n;
    if (kind == HX_LLAMA_CRF) HX_TRY(tag_path(g, w, rows, out->tags));
    for (size_t k = 0; kind != HX_LLAMA_CRF && k < w->n; k++)
        out->tags[k] = tag_of_row(g, rows + k * g->head->task->n_labels, w->spans[k]);
    if (g->options.logs && g->options.apart && kind == HX_LLAMA_TAG)
        HX_TRY(keep_logs(g, rows, w->n, &out->logs));
    if (g->options.tokens || g->options.apart) return HX_OK;
    if (kind == HX_LLAMA_SEGMENT) out->n = join_tokens(out->tags, out->n);
    if (g->makes_spans) join_spans(g, out->tags, &out->n);
    return HX_OK;
}

static hx_status take_tree(const tagger *g, size_t i, hx_tree *out) {
    const text_words *w = &g->words[i];
    const hx_llama *m = g->c->model;
    size_t rows, n = w->n;
    *out = (hx_tree){NULL, 0};
    if (w->piece == SIZE_MAX || n == 0) return HX_OK;
    const float *hidden = hx_llama_hidden(g->c, w->piece, &rows);
    uint32_t *heads = hx_arena_alloc(g->scratch, 2 * n * sizeof *heads);
    float *scores = hx_arena_alloc(g->scratch, n * sizeof *scores);
    out->arcs = hx_arena_alloc(g->arena, n * sizeof *out->arcs);
    if (!heads || !scores || !out->arcs) return no_memory(g, n);
    if (!hx_are_finite(hidden, rows * m->config.n_embd))
        return hx_fail_finite(g->first + i, g->err);
    const hx_head_words words = {.hidden = hidden,
                                 .n_tokens = rows,
                                 .places = w->places,
                                 .n = n,
                                 .beside = g->options.beside,
                                 .text = g->first + i};
    HX_TRY(hx_head_tree(m, g->head, g->c->team, &words, heads, heads + n, scores, g->err));
    for (size_t k = 0; k < n; k++)
        out->arcs[k] = (hx_arc){w->spans[k], heads[k], heads[n + k], scores[k]};
    out->n = n;
    return HX_OK;
}

/* ------------------------------------------------------------------ runs */
static hx_status run_group(tagger *g, size_t n) {
    const hx_config_task *t = g->head->task;
    size_t n_pieces = 0;
    hx_arena_reset(g->scratch);
    for (size_t i = 0; i < n; i++) {
        text_words *w = &g->words[i];
        HX_TRY(read_words(g, g->texts[i], w));
        w->piece = w->tokens.n ? n_pieces : SIZE_MAX;
        if (w->tokens.n)
            g->pieces[n_pieces++] =
                (hx_llama_piece){.ids = w->tokens.ids,
                                 .n = w->tokens.n,
                                 .sequence = -1,
                                 .want = reads_rows(g) ? HX_WANT_HIDDEN_ALL : HX_WANT_HEAD,
                                 .bidirectional = t->bidirectional};
    }
    return hx_llama_run_tapped(g->c, g->pieces, n_pieces, g->c->model->options.precision, t->tap,
                               g->err);
}

/* What a group says; h has the head of the trees, of the words that g read. */
static hx_status take_group(const tagger *g, tagger *h, size_t n, hx_tags *tags, hx_tree *trees) {
    if (h != g) {
        h->texts = g->texts;
        h->first = g->first;
        memcpy(h->words, g->words, n * sizeof *h->words);
    }
    for (size_t k = 0; k < n; k++) {
        if (tags) HX_TRY(take_tags(g, k, tags + k));
        if (trees) HX_TRY(take_tree(h, k, trees + k));
    }
    return HX_OK;
}

static hx_status run_all(tagger *g, tagger *h, const hx_str *texts, size_t n_texts, hx_tags *tags,
                         hx_tree *trees) {
    for (size_t i = 0, n; i < n_texts; i += n) {
        size_t bytes = 0;
        for (n = 0; i + n < n_texts && n < GROUP_PIECES &&
                    (n == 0 || bytes + texts[i + n].len <= GROUP_BYTES);
             n++)
            bytes += texts[i + n].len;
        g->texts = texts + i;
        g->first = i;
        HX_TRY(run_group(g, n));
        HX_TRY(take_group(g, h, n, tags ? tags + i : NULL, trees ? trees + i : NULL));
    }
    return HX_OK;
}

/* The head by its name, or the first that fits. */
static hx_status choose_head(tagger *g, bool tree) {
    const hx_llama *m = g->c->model;
    const char *name = g->options.head;
    size_t i = 0, n = m->info.n_tasks;
    if (name) i = hx_llama_find_head(m, name);
    while (!name && i < n &&
           !(m->heads[i].info.of_words && (m->heads[i].info.kind == HX_LLAMA_TREE) == tree))
        i++;
    bool fits =
        i < n && m->heads[i].info.of_words && (m->heads[i].info.kind == HX_LLAMA_TREE) == tree;
    if (!fits && tree)
        return hx_fail(g->err, HX_EUNSUPPORTED, "the model has no head that makes trees");
    if (!fits) return hx_fail(g->err, HX_EUNSUPPORTED, "the model has no head that labels tokens");
    g->index = i;
    g->head = &m->heads[i];
    g->makes_spans = labels_make_spans(m, i);
    g->each_token = g->options.tokens || g->head->task->kind == HX_LLAMA_SEGMENT;
    if (g->options.tokens) g->options.words = false;
    return HX_OK;
}

/* ------------------------------------------------------------------ pieces that somebody else runs */
hx_status hx_tagging_open(hx_tagging **out, hx_llama_context *c, const hx_tag_options *options,
                          bool tree, hx_arena *arena, hx_error *err) {
    hx_tagging *g = calloc(1, sizeof *g);
    if (!g) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    *g = (hx_tagging){.c = c, .options = *options, .arena = arena, .err = err};
    hx_status st = choose_head(g, tree);
    if (st == HX_OK && !(g->scratch = hx_arena_new(0)))
        st = hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    if (st != HX_OK) {
        hx_tagging_close(g);
        return st;
    }
    *out = g;
    return HX_OK;
}

void hx_tagging_close(hx_tagging *g) {
    if (!g) return;
    hx_arena_free(g->scratch);
    free(g);
}

const hx_config_task *hx_tagging_task(const hx_tagging *g) {
    return g->head->task;
}

hx_status hx_tagging_take(hx_tagging *g, const hx_tagged *t, hx_tags *tags, hx_tree *tree) {
    text_words *w = &g->words[0];
    hx_str text = t->text;
    *w = (text_words){.tokens = {(int32_t *)(uintptr_t)t->ids, t->n}, .piece = t->piece};
    g->first = t->index;
    hx_arena_reset(g->scratch);
    HX_TRY(lower_text_of(g, &text));
    if (t->n > 0) HX_TRY(join_words(g, text, w));
    return tags ? take_tags(g, 0, tags) : take_tree(g, 0, tree);
}

/* ------------------------------------------------------------------ calls */
static hx_status open_call(tagger **out, hx_llama_context *c, const hx_tag_options *options,
                           bool tree, hx_arena *arena, hx_error *err) {
    tagger *g = *out = hx_arena_alloc(arena, sizeof *g);
    if (!g) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    *g = (tagger){
        .c = c, .options = options ? *options : (hx_tag_options){0}, .arena = arena, .err = err};
    return choose_head(g, tree);
}

/* g reads; tags are its own, trees those of h, which may be g. */
static hx_status run(tagger *g, tagger *h, const hx_str *texts, size_t n_texts, hx_tags *tags,
                     hx_tree *trees) {
    HX_TRY(hx_texts_check(g->c, g->err));
    g->scratch = h->scratch = hx_arena_new(0);
    g->encoder = hx_tokenizer_scratch_new(g->c->model->tokenizer);
    hx_status st = g->scratch && g->encoder
                       ? hx_text_frame_of(g->c->model->tokenizer, g->encoder, &g->frame, g->err)
                       : hx_fail(g->err, HX_ENOMEM, "out of memory while reading texts");
    if (st == HX_OK) st = run_all(g, h, texts, n_texts, tags, trees);
    hx_tokenizer_scratch_free(g->encoder);
    hx_arena_free(g->scratch);
    return st;
}

hx_status hx_llama_tag(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                       const hx_tag_options *options, hx_arena *arena, hx_tags *out,
                       hx_error *err) {
    tagger *g;
    HX_TRY(open_call(&g, c, options, false, arena, err));
    return run(g, g, texts, n_texts, out, NULL);
}

hx_status hx_llama_parse(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                         const hx_tag_options *options, hx_arena *arena, hx_tree *out,
                         hx_error *err) {
    tagger *g;
    HX_TRY(open_call(&g, c, options, true, arena, err));
    return run(g, g, texts, n_texts, NULL, out);
}

static bool read_alike(const tagger *g, const tagger *h) {
    const hx_config_task *a = g->head->task, *b = h->head->task;
    return g->options.words == h->options.words && g->each_token == h->each_token &&
           reads_rows(g) == reads_rows(h) && a->bidirectional == b->bidirectional &&
           a->tap == b->tap && a->lower == b->lower && max_length(g) == max_length(h);
}

hx_status hx_llama_tag_parse(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                             const hx_tag_options *tag, const hx_tag_options *parse,
                             hx_arena *arena, hx_tags *tags, hx_tree *trees, hx_error *err) {
    tagger *g, *h;
    HX_TRY(open_call(&g, c, tag, false, arena, err));
    HX_TRY(open_call(&h, c, parse, true, arena, err));
    if (read_alike(g, h)) return run(g, h, texts, n_texts, tags, trees);
    HX_TRY(run(g, g, texts, n_texts, tags, NULL));
    return run(h, h, texts, n_texts, NULL, trees);
}
