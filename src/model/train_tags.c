/* train_tags.c - tasks on words: a tag a word (softmax or CRF), the tree of a sentence, or where words begin.
 *
 *     words and tags -> ids of each word -> the first token of a word stands for it -> head on tokens
 *
 * Where the tags are of spans (B-X I-X, or B M E S as in word segmentation) the figure is the F1 of whole spans, otherwise the accuracy.
 * Segmentation: of the same data, whether a token begins a word (B) or goes on with it (I); the figure is the F1 of whole words.
 * Trees: UAS and LAS; the figure is LAS. Words that max_length cuts off count as wrong in the spans and not at all elsewhere. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "learn/metrics.h"
#include "model/teacher.h"
#include "model/tag_spans.h"
#include "model/train_label.h"

#define JSON_MAX ((size_t)1 << 16)

enum { WORD_BEGINS = 0, WORD_GOES_ON = 1 };

typedef struct {
    label_task base; /* data, tokens, lengths, cursor */
    bool spans; /* the tags are of spans */
    hx_teacher *teacher; /* owned; NULL = none */
} tags_task;

/* ------------------------------------------------------------------ words as spans */
/* Words by the tokens that begin them; `labels` says which tokens count. */
static void put_words(hx_span_list *s, uint32_t text, const uint32_t *tags, const uint32_t *labels,
                      size_t n) {
    for (uint32_t i = 0; i < n; i++) {
        bool counts = labels[i] != HX_NN_IGNORE;
        if (counts && s->open && tags[i] != WORD_BEGINS) continue;
        hx_spans_close(s, i);
        if (!counts) continue;
        s->out[s->n] = (hx_labelled_span){.text = text, .start = i};
        s->open = true;
    }
    hx_spans_close(s, (uint32_t)n);
}

/* ------------------------------------------------------------------ make */
static hx_status add_head(hx_task *t, hx_error *err) {
    const hx_task_config *c = t->config;
    hx_trainer *r = t->trainer;
    const tags_task *own = t->own;
    hx_head_options head = {.kind = c->kind == HX_TASK_TAG || c->kind == HX_TASK_SEGMENT
                                        ? HX_HEAD_TOKEN
                                    : c->kind == HX_TASK_CRF ? HX_HEAD_CRF
                                                             : HX_HEAD_BIAFFINE,
                            .name = hx_train_score_task(r) == t ? "" : c->name,
                            .n_labels = t->n_labels,
                            .width = (size_t)c->width,
                            .smoothing = (float)c->smoothing,
                            .gamma = (float)c->focal,
                            .hidden = (size_t)c->hidden,
                            .dropout = (float)c->dropout,
                            .tap = (size_t)c->tap};
    hx_teacher_put_options(c, hx_teacher_width(own->teacher), &head);
    return hx_train_head_new(&t->head, r->trunk, &head, (uint64_t)r->config->seed, err);
}

/* Of segmentation, tokens that begin a word and tokens that go on are counted, not tags. */
static hx_status weigh(hx_task *t, hx_error *err) {
    label_task *own = t->own;
    const hx_token_lists *lists = &own->tokens[HX_PART_TRAIN];
    if (t->config->kind != HX_TASK_SEGMENT) return hx_train_weigh_labels(t, err);
    if (!t->config->balanced) return HX_OK;
    float *w = hx_arena_alloc(t->trainer->arena, 2 * sizeof *w);
    if (!w) return hx_fail(err, HX_ENOMEM, "out of memory");
    double all = lists->starts[lists->n], words = lists->word_starts[lists->n];
    w[WORD_BEGINS] = words > 0 ? (float)(all / (2 * words)) : 0;
    w[WORD_GOES_ON] = all > words ? (float)(all / (2 * (all - words))) : 0;
    own->class_weights = w;
    return HX_OK;
}

static hx_status make_tags(hx_task *t, hx_error *err) {
    static const char *const words[] = {"B", "I"};
    hx_trainer *r = t->trainer;
    tags_task *own = t->own = hx_arena_alloc(r->arena, sizeof *own);
    if (!own) return hx_fail(err, HX_ENOMEM, "out of memory");
    label_task *b = &own->base;
    HX_TRY(hx_train_read_data(t, &b->data, err));
    HX_TRY(hx_train_read_labels(t, b->data, err));
    if (t->config->kind == HX_TASK_SEGMENT) {
        t->labels = (const char **)(uintptr_t)words;
        t->n_labels = 2;
    }
    for (int part = 0; part < HX_DATASET_PARTS; part++)
        HX_TRY(
            hx_train_tokenise(t, b->data, (hx_part)part, &b->tokens[part], &b->lengths[part], err));
    hx_train_warn_of_data(t, b->data);
    HX_TRY(weigh(t, err));
    own->spans = t->config->kind == HX_TASK_SEGMENT ||
                 (t->config->kind != HX_TASK_PARSE && hx_tags_are_spans(t->labels, t->n_labels));
    HX_TRY(hx_batch_cursor_init(&b->cursor, b->lengths[HX_PART_TRAIN], b->tokens[HX_PART_TRAIN].n,
                                (size_t)t->config->batch_tokens, (size_t)t->config->batch,
                                (uint64_t)r->config->seed, err));
    HX_TRY(hx_teacher_open(&own->teacher, t, b->data, err));
    return add_head(t, err);
}

static void free_tags(hx_task *t) {
    tags_task *own = t->own;
    hx_teacher_free(own->teacher);
    hx_batch_cursor_release(&own->base.cursor);
    hx_dataset_free(own->base.data);
}

/* ------------------------------------------------------------------ targets */
/* Tokens from the first word's on go on with a word, unless they are special. */
static void go_on(const hx_task *t, const hx_task_batch *b, size_t i, size_t first,
                  uint32_t *labels) {
    for (size_t at = b->batch.starts[i] + first; at < b->batch.starts[i + 1]; at++)
        if (!hx_tokenizer_is_special(t->trainer->tokenizer, (int32_t)b->batch.ids[at]))
            labels[at] = WORD_GOES_ON;
}

static hx_status put_token_labels(const hx_task *t, hx_part part, const uint32_t *order, size_t n,
                                  hx_arena *arena, hx_task_batch *out, hx_error *err) {
    const label_task *own = t->own;
    const hx_token_lists *lists = &own->tokens[part];
    size_t total = out->batch.n_tokens;
    uint32_t *labels = hx_arena_alloc(arena, (total + 1) * sizeof *labels);
    if (!labels) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < total; i++)
        labels[i] = HX_NN_IGNORE;
    for (size_t i = 0; i < n; i++) {
        const hx_example *e = hx_dataset_at(own->data, part, order[i]);
        const uint32_t *tags = hx_dataset_many(own->data, e),
                       *words = lists->words + lists->word_starts[order[i]];
        bool segments = t->config->kind == HX_TASK_SEGMENT;
        if (segments && e->n_labels > 0 && words[0] != HX_NO_TOKEN)
            go_on(t, out, i, words[0], labels);
        for (size_t k = 0; k < e->n_labels; k++)
            if (words[k] != HX_NO_TOKEN)
                labels[out->batch.starts[i] + words[k]] = segments ? WORD_BEGINS : tags[k];
    }
    out->targets = (hx_targets){.labels = labels, .class_weights = own->class_weights};
    return HX_OK;
}

typedef struct {
    uint32_t *words, *word_starts, *heads, *relations;
    size_t n;
} tree_arrays;

static hx_status alloc_trees(const hx_task *t, hx_part part, const uint32_t *order, size_t n,
                             hx_arena *arena, tree_arrays *a, hx_error *err) {
    const label_task *own = t->own;
    size_t words = 0;
    for (size_t i = 0; i < n; i++)
        words += hx_dataset_at(own->data, part, order[i])->n_labels;
    a->words = hx_arena_alloc(arena, (words + 1) * sizeof *a->words);
    a->heads = hx_arena_alloc(arena, (words + 1) * sizeof *a->heads);
    a->relations = hx_arena_alloc(arena, (words + 1) * sizeof *a->relations);
    a->word_starts = hx_arena_alloc(arena, (n + 1) * sizeof *a->word_starts);
    return a->words && a->heads && a->relations && a->word_starts
               ? HX_OK
               : hx_fail(err, HX_ENOMEM, "out of memory");
}

/* Words up to the first that was cut off; heads behind it are not said. */
static void put_tree(const hx_task *t, hx_part part, uint32_t example, uint32_t first,
                     tree_arrays *a) {
    const label_task *own = t->own;
    const hx_token_lists *lists = &own->tokens[part];
    const hx_example *e = hx_dataset_at(own->data, part, example);
    const uint32_t *tags = hx_dataset_many(own->data, e), *heads = hx_dataset_heads(own->data, e),
                   *words = lists->words + lists->word_starts[example];
    uint32_t kept = 0;
    while (kept < e->n_labels && words[kept] != HX_NO_TOKEN)
        kept++;
    for (uint32_t k = 0; k < kept; k++) {
        bool known = heads && heads[k] != HX_NO_HEAD && heads[k] <= kept;
        a->words[a->n] = first + words[k];
        a->heads[a->n] = known ? heads[k] : HX_NN_IGNORE;
        a->relations[a->n] = known ? tags[k] : HX_NN_IGNORE;
        a->n++;
    }
}

static hx_status put_trees(const hx_task *t, hx_part part, const uint32_t *order, size_t n,
                           hx_arena *arena, hx_task_batch *out, size_t *n_words, hx_error *err) {
    tree_arrays a = {0};
    HX_TRY(alloc_trees(t, part, order, n, arena, &a, err));
    for (size_t i = 0; i < n; i++) {
        put_tree(t, part, order[i], out->batch.starts[i], &a);
        a.word_starts[i + 1] = (uint32_t)a.n;
    }
    out->targets = (hx_targets){
        .labels = a.relations, .words = a.words, .word_starts = a.word_starts, .heads = a.heads};
    if (n_words) *n_words = a.n;
    return HX_OK;
}

static hx_status make_batch(const hx_task *t, hx_part part, const uint32_t *order, size_t n,
                            hx_arena *arena, hx_task_batch *out, size_t *n_words, hx_error *err) {
    const label_task *own = t->own;
    HX_TRY(hx_train_pack(t, &own->tokens[part], order, n, arena, out, err));
    if (t->config->kind == HX_TASK_PARSE)
        return put_trees(t, part, order, n, arena, out, n_words, err);
    return put_token_labels(t, part, order, n, arena, out, err);
}

static hx_status fill_tags(hx_task *t, uint64_t number, hx_arena *arena, hx_task_batch *out,
                           hx_error *err) {
    tags_task *own = t->own;
    label_task *b = &own->base;
    const uint32_t *order;
    size_t n;
    HX_TRY(hx_batch_cursor_at(&b->cursor, number, &order, &n, &t->epoch, err));
    HX_TRY(make_batch(t, HX_PART_TRAIN, order, n, arena, out, NULL, err));
    if (!own->teacher) return HX_OK;
    return hx_teacher_ask_words(own->teacher, order, n, &b->tokens[HX_PART_TRAIN], arena, out, err);
}

static hx_status count_tags(hx_task *t, double epochs, uint64_t *batches, hx_error *err) {
    label_task *own = t->own;
    return hx_batch_cursor_count(&own->cursor, epochs, batches, err);
}

/* ------------------------------------------------------------------ evaluation */
typedef struct {
    double loss, count;
    uint64_t n_words, n_right, n_arcs; /* right: tag, or head and relation */
    hx_span_list gold, found;
    uint32_t *said; /* tags of all words, one text behind the other; NULL = not wanted */
    size_t n_said;
} tally;

static void count_tags_of(const hx_task *t, hx_part part, uint32_t example, const uint32_t *tags,
                          hx_arena *arena, tally *y) {
    const tags_task *own = t->own;
    const hx_token_lists *lists = &own->base.tokens[part];
    const hx_example *e = hx_dataset_at(own->base.data, part, example);
    const uint32_t *gold = hx_dataset_many(own->base.data, e),
                   *words = lists->words + lists->word_starts[example];
    uint32_t *found = hx_arena_alloc(arena, (e->n_labels + 1u) * sizeof *found);
    if (!found) return;
    for (uint32_t k = 0; k < e->n_labels; k++) {
        bool kept = words[k] != HX_NO_TOKEN;
        found[k] = kept ? tags[words[k]] : HX_NN_IGNORE;
        y->n_words += kept;
        y->n_right += kept && found[k] == gold[k];
    }
    if (y->said) memcpy(y->said + y->n_said, found, e->n_labels * sizeof *found);
    y->n_said += e->n_labels;
    if (!own->spans) return;
    hx_spans_put(&y->gold, example, gold, e->n_labels);
    hx_spans_put(&y->found, example, found, e->n_labels);
}

static void count_words_of(uint32_t example, const uint32_t *labels, const uint32_t *tags, size_t n,
                           tally *y) {
    for (size_t i = 0; i < n; i++) {
        y->n_words += labels[i] != HX_NN_IGNORE;
        y->n_right += labels[i] != HX_NN_IGNORE && labels[i] == tags[i];
    }
    put_words(&y->gold, example, labels, labels, n);
    put_words(&y->found, example, tags, labels, n);
}

static hx_status look_tags(hx_task *t, hx_part part, const uint32_t *order, size_t n,
                           hx_task_batch *b, const float *hidden, hx_arena *arena, tally *y,
                           hx_error *err) {
    hx_trainer *r = t->trainer;
    uint32_t *tags = hx_arena_alloc(arena, (b->batch.n_tokens + 1) * sizeof *tags);
    if (!tags) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_train_head_tags(t->head, &r->nn, &b->batch, hidden, b->targets.labels, tags, err));
    for (size_t i = 0; i < n; i++) {
        size_t from = b->batch.starts[i], len = b->batch.starts[i + 1] - from;
        if (t->config->kind == HX_TASK_SEGMENT)
            count_words_of(order[i], b->targets.labels + from, tags + from, len, y);
        else
            count_tags_of(t, part, order[i], tags + from, arena, y);
    }
    return HX_OK;
}

static hx_status look_trees(hx_task *t, size_t n_words, hx_task_batch *b, const float *hidden,
                            hx_arena *arena, tally *y, hx_error *err) {
    hx_trainer *r = t->trainer;
    uint32_t *heads = hx_arena_alloc(arena, (n_words + 1) * sizeof *heads),
             *labels = hx_arena_alloc(arena, (n_words + 1) * sizeof *labels);
    if (!heads || !labels) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(
        hx_train_head_trees(t->head, &r->nn, &b->batch, hidden, &b->targets, heads, labels, err));
    for (size_t i = 0; i < n_words; i++) {
        if (b->targets.heads[i] == HX_NN_IGNORE) continue;
        bool arc = heads[i] == b->targets.heads[i];
        y->n_words++;
        y->n_arcs += arc;
        y->n_right += arc && labels[i] == b->targets.labels[i];
    }
    return HX_OK;
}

static hx_status look_batch(hx_task *t, hx_part part, const uint32_t *order, size_t n,
                            hx_arena *arena, tally *y, hx_error *err) {
    hx_trainer *r = t->trainer;
    hx_task_batch b = {0};
    hx_objective_result result = {0};
    const float *hidden;
    size_t n_words = 0;
    HX_TRY(make_batch(t, part, order, n, arena, &b, &n_words, err));
    HX_TRY(hx_train_forward(r, t, &b, &hidden, err));
    HX_TRY(hx_train_head_loss(t->head, &r->nn, &b.batch, hidden, &b.targets, 0, NULL, NULL, &result,
                              err));
    y->loss += result.loss;
    y->count += result.count;
    if (t->config->kind == HX_TASK_PARSE) return look_trees(t, n_words, &b, hidden, arena, y, err);
    return look_tags(t, part, order, n, &b, hidden, arena, y, err);
}

static hx_status alloc_spans(const hx_task *t, hx_part part, size_t n, hx_arena *arena, tally *y,
                             hx_error *err) {
    const tags_task *own = t->own;
    size_t words = 0;
    for (size_t i = 0; i < n; i++)
        words += hx_dataset_at(own->base.data, part, i)->n_labels + own->base.lengths[part][i];
    y->gold = (hx_span_list){.labels = t->labels,
                             .n_labels = t->n_labels,
                             .out = hx_arena_alloc(arena, (words + 1) * sizeof *y->gold.out)};
    y->found = y->gold;
    y->found.out = hx_arena_alloc(arena, (words + 1) * sizeof *y->found.out);
    return y->gold.out && y->found.out ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static void put(hx_json_writer *w, const char *key, double v) {
    hx_json_key(w, key);
    hx_json_double(w, v);
}

static hx_status put_figures(const hx_task *t, const tally *y, hx_arena *arena,
                             hx_task_figures *out, hx_buf *b, hx_error *err) {
    const tags_task *own = t->own;
    hx_json_writer w;
    double n = y->n_words > 0 ? (double)y->n_words : NAN;
    hx_json_begin(&w, b);
    hx_json_object(&w);
    put(&w, "loss", out->loss);
    hx_json_key(&w, "n");
    hx_json_int(&w, (int64_t)y->n_words);
    out->figure = (double)y->n_right / n;
    if (t->config->kind == HX_TASK_PARSE) {
        put(&w, "uas", (double)y->n_arcs / n);
        put(&w, "las", out->figure);
    } else {
        put(&w, "accuracy", out->figure);
    }
    if (own->spans) {
        hx_span_metrics m;
        HX_TRY(hx_spans_of(y->gold.out, y->gold.n, y->found.out, y->found.n, arena, &m, err));
        put(&w, "precision", m.precision);
        put(&w, "recall", m.recall);
        put(&w, "f1", m.f1);
        if (!isnan(m.f1)) out->figure = m.f1;
    }
    hx_json_end_object(&w);
    return hx_buf_status(b, "an evaluation", err);
}

static hx_status look_all(hx_task *t, hx_part part, size_t n, hx_arena *arena, tally *y,
                          hx_error *err) {
    const label_task *own = t->own;
    size_t most = (size_t)t->config->batch_tokens, tokens = 0, from = 0;
    uint32_t *order = hx_arena_alloc(arena, (n + 1) * sizeof *order);
    if (!order) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        uint32_t len = own->lengths[part][i];
        order[i] = (uint32_t)i;
        if (i > from && tokens + len > most) {
            HX_TRY(look_batch(t, part, order + from, i - from, arena, y, err));
            from = i;
            tokens = 0;
        }
        tokens += len;
    }
    return look_batch(t, part, order + from, n - from, arena, y, err);
}

static hx_status evaluate_tags(hx_task *t, bool test, hx_arena *arena, hx_task_figures *out,
                               hx_error *err) {
    const tags_task *own = t->own;
    hx_part part = hx_train_part(own->base.data, test);
    size_t n = hx_dataset_count(own->base.data, part), most = (size_t)t->config->max_evaluated;
    tally y = {0};
    hx_buf b;
    if (!test && most > 0 && n > most) n = most;
    if (n == 0) return HX_OK;
    HX_TRY(alloc_spans(t, part, n, arena, &y, err));
    HX_TRY(look_all(t, part, n, arena, &y, err));
    out->loss = y.count > 0 ? y.loss / y.count : NAN;
    out->n = n;
    hx_buf_init(&b, JSON_MAX);
    hx_status st = put_figures(t, &y, arena, out, &b, err);
    if (st == HX_OK) {
        out->json = hx_arena_str(arena, hx_buf_str(&b));
        if (!out->json.ptr) st = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    hx_buf_release(&b);
    return st;
}

hx_status hx_train_tags_said(hx_task *t, hx_part part, size_t n, hx_arena *arena, uint32_t **said,
                             hx_error *err) {
    const label_task *own = t->own;
    size_t words = 0;
    tally y = {0};
    for (size_t i = 0; i < n; i++)
        words += hx_dataset_at(own->data, part, i)->n_labels;
    *said = y.said = hx_arena_alloc(arena, (words + 1) * sizeof *y.said);
    if (!y.said) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(alloc_spans(t, part, n, arena, &y, err));
    return look_all(t, part, n, arena, &y, err);
}

const hx_task_type hx_task_type_tags = {
    .make = make_tags,
    .fill = fill_tags,
    .count = count_tags,
    .evaluate = evaluate_tags,
    .free_own = free_tags,
};
