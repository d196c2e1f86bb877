/* train_correct.c - tasks on pairs of texts: as written, as it should stand. What is said of each token as written is the token that should stand there.
 *
 *     pair -> ids of both -> alignment -> labels of the ids as written -> language model's head, read in both directions
 *
 * The label of the token at t is asked at t - 1, as for masked tokens (corpus_mask.c), so that the tied output matrix serves, and what was learnt
 * of masked tokens helps. Texts of other lengths: a token that should go has <sep> (else eos) as its label; one in front of which something is missing,
 * and that is itself right, has <mask> (else unk), so that a second pass over the text with a mask there says what. Pairs too long, or too far from
 * each other, are left out and counted.
 *
 * The figure is the F1 of sentences: right = changed and then as it should stand. */
#include "model/train_correct.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "model/train_label.h"
#include "nn/layers.h"

#define A_CHUNK 64 /* rows whose logits are made at a time */
#define BUF_MAX ((size_t)4 << 30)

typedef struct {
    label_task base; /* data, tokens as written, lengths, cursor */
    uint32_t *labels[HX_DATASET_PARTS]; /* beside the tokens' ids; in the training's arena */
    size_t n_left_out;
} correct_task;

/* ------------------------------------------------------------------ alignment */
/* What is left of both sides behind a common beginning and before a common end. */
typedef struct {
    const uint32_t *wrong, *right;
    size_t n, m;
    uint16_t costs[HX_ALIGN_MAX + 1][HX_ALIGN_MAX + 1]; /* of the first i and the first j */
} middle;

static uint16_t least(uint16_t a, uint16_t b, uint16_t c) {
    uint16_t d = a < b ? a : b;
    return d < c ? d : c;
}

static void fill_costs(middle *a) {
    for (size_t i = 0; i <= a->n; i++)
        for (size_t j = 0; j <= a->m; j++) {
            if (i == 0 || j == 0) {
                a->costs[i][j] = (uint16_t)(i + j);
                continue;
            }
            uint16_t other = a->wrong[i - 1] != a->right[j - 1];
            a->costs[i][j] =
                least((uint16_t)(a->costs[i - 1][j - 1] + other),
                      (uint16_t)(a->costs[i - 1][j] + 1), (uint16_t)(a->costs[i][j - 1] + 1));
        }
}

/* From the end; a token for another before one that goes, before one that is missing. */
static void put_labels(const middle *a, const hx_pair_marks *marks, uint32_t *labels,
                       bool has_next) {
    size_t i = a->n, j = a->m;
    while (i > 0 || j > 0) {
        uint16_t cost = a->costs[i][j];
        bool other = i > 0 && j > 0 && a->wrong[i - 1] != a->right[j - 1];
        if (i > 0 && j > 0 && cost == a->costs[i - 1][j - 1] + other) {
            labels[--i] = a->right[--j];
        } else if (i > 0 && cost == a->costs[i - 1][j] + 1) {
            labels[--i] = marks->gone;
        } else {
            j--;
            bool kept = i < a->n ? labels[i] == a->wrong[i] : has_next;
            if (kept) labels[i] = marks->missing;
        }
    }
}

bool hx_train_align(const uint32_t *wrong, size_t n, const uint32_t *right, size_t m,
                    const hx_pair_marks *marks, uint32_t *labels) {
    size_t head = 0, tail = 0;
    middle a;
    memcpy(labels, wrong, n * sizeof *labels);
    while (head < n && head < m && wrong[head] == right[head])
        head++;
    while (tail < n - head && tail < m - head && wrong[n - 1 - tail] == right[m - 1 - tail])
        tail++;
    a.wrong = wrong + head;
    a.right = right + head;
    a.n = n - head - tail;
    a.m = m - head - tail;
    if (a.n > HX_ALIGN_MAX || a.m > HX_ALIGN_MAX) return false;
    fill_costs(&a);
    put_labels(&a, marks, labels + head, tail > 0);
    return true;
}

/* ------------------------------------------------------------------ data */
static int32_t find_mark(const hx_tokenizer *k, const char *const *names, size_t n, int32_t usual) {
    for (size_t i = 0; i < n; i++) {
        int32_t id = hx_tokenizer_find(k, (hx_str){names[i], strlen(names[i])});
        if (id >= 0) return id;
    }
    return usual;
}

static hx_status find_marks(const hx_task *t, hx_pair_marks *out, hx_error *err) {
    static const char *const gone[] = {"<sep>", "[SEP]"}, *const missing[] = {"<mask>", "[MASK]",
                                                                              "<unk>", "[UNK]"};
    const hx_tokenizer *k = t->trainer->tokenizer;
    int32_t a = find_mark(k, gone, 2, hx_tokenizer_eos(k)), b = find_mark(k, missing, 4, -1);
    if (a < 0 || b < 0 || a == b)
        return hx_fail(err, HX_EINVAL,
                       "the task %s needs a tokenizer with <mask> (or <unk>) and <sep> (or an end "
                       "of text)",
                       t->config->name);
    *out = (hx_pair_marks){(uint32_t)a, (uint32_t)b};
    return HX_OK;
}

typedef struct {
    hx_tokenizer_scratch *scratch;
    hx_pair_marks marks;
    hx_buf wrong, right; /* int32_t, of one pair */
    hx_buf ids, labels; /* uint32_t, of all */
} pairs;

static hx_status add_pair(const hx_task *t, const hx_example *e, pairs *p, hx_error *err) {
    const hx_str none = {NULL, 0};
    const hx_tokenizer *k = t->trainer->tokenizer;
    correct_task *own = t->own;
    hx_buf_reset(&p->wrong);
    hx_buf_reset(&p->right);
    HX_TRY(hx_dataset_text_tokens(k, p->scratch, e->text, none, 0, &p->wrong, err));
    HX_TRY(hx_dataset_text_tokens(k, p->scratch, e->text2, none, 0, &p->right, err));
    size_t n = p->wrong.len / sizeof(uint32_t), m = p->right.len / sizeof(uint32_t);
    if (!hx_buf_reserve(&p->labels, (n + 1) * sizeof(uint32_t)))
        return hx_buf_status(&p->labels, "tokens", err);
    uint32_t *labels = (uint32_t *)(void *)(p->labels.ptr + p->labels.len);
    bool fits = n >= 2 && n <= (size_t)t->config->max_length && e->text2.len > 0 &&
                hx_train_align((const uint32_t *)(const void *)p->wrong.ptr, n,
                               (const uint32_t *)(const void *)p->right.ptr, m, &p->marks, labels);
    if (!fits) {
        own->n_left_out++;
        return HX_OK;
    }
    p->labels.len += n * sizeof *labels;
    (void)hx_buf_append(&p->ids, p->wrong.ptr, p->wrong.len);
    return hx_buf_status(&p->ids, "tokens", err);
}

static hx_status add_pairs(const hx_task *t, hx_part part, pairs *p, hx_token_lists *out,
                           hx_error *err) {
    const correct_task *own = t->own;
    size_t n = hx_dataset_count(own->base.data, part);
    hx_arena *arena = t->trainer->arena;
    out->starts = hx_arena_alloc(arena, (n + 1) * sizeof *out->starts);
    if (!out->starts) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        size_t before = p->ids.len;
        HX_TRY(add_pair(t, hx_dataset_at(own->base.data, part, i), p, err));
        if (p->ids.len > before) out->starts[++out->n] = (uint32_t)(p->ids.len / sizeof(uint32_t));
    }
    return HX_OK;
}

static hx_status keep_pairs(hx_task *t, hx_part part, const pairs *p, hx_error *err) {
    correct_task *own = t->own;
    hx_arena *arena = t->trainer->arena;
    hx_token_lists *lists = &own->base.tokens[part];
    lists->ids = hx_arena_alloc(arena, p->ids.len + sizeof *lists->ids);
    own->labels[part] = hx_arena_alloc(arena, p->ids.len + sizeof(uint32_t));
    own->base.lengths[part] = hx_arena_alloc(arena, (lists->n + 1) * sizeof(uint32_t));
    if (!lists->ids || !own->labels[part] || !own->base.lengths[part])
        return hx_fail(err, HX_ENOMEM, "out of memory");
    if (p->ids.len > 0) {
        memcpy(lists->ids, p->ids.ptr, p->ids.len);
        memcpy(own->labels[part], p->labels.ptr, p->ids.len);
    }
    for (size_t i = 0; i < lists->n; i++)
        own->base.lengths[part][i] = lists->starts[i + 1] - lists->starts[i];
    return HX_OK;
}

static hx_status encode_part(hx_task *t, hx_part part, const hx_pair_marks *marks, hx_error *err) {
    correct_task *own = t->own;
    pairs p = {.marks = *marks, .scratch = hx_tokenizer_scratch_new(t->trainer->tokenizer)};
    hx_buf_init(&p.wrong, BUF_MAX);
    hx_buf_init(&p.right, BUF_MAX);
    hx_buf_init(&p.ids, BUF_MAX);
    hx_buf_init(&p.labels, BUF_MAX);
    hx_status st = p.scratch ? add_pairs(t, part, &p, &own->base.tokens[part], err)
                             : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = keep_pairs(t, part, &p, err);
    hx_buf_release(&p.wrong);
    hx_buf_release(&p.right);
    hx_buf_release(&p.ids);
    hx_buf_release(&p.labels);
    hx_tokenizer_scratch_free(p.scratch);
    return st;
}

static void warn_of_left_out(const hx_task *t) {
    const correct_task *own = t->own;
    hx_error e = {.ui = t->trainer->ui};
    if (own->n_left_out == 0) return;
    (void)hx_fail(&e, HX_EINVAL, "%zu pairs of the task %s are too long or too different: left out",
                  own->n_left_out, t->config->name);
    hx_train_notice(t->trainer, &e);
}

static hx_status make_correct(hx_task *t, hx_error *err) {
    hx_trainer *r = t->trainer;
    const hx_task_config *c = t->config;
    correct_task *own = t->own = hx_arena_alloc(r->arena, sizeof *own);
    hx_pair_marks marks;
    if (!own) return hx_fail(err, HX_ENOMEM, "out of memory");
    label_task *b = &own->base;
    HX_TRY(hx_train_read_data(t, &b->data, err));
    if (!c->text2)
        return hx_fail(err, HX_EINVAL,
                       "the task %s needs \"text2\": the column of texts as they should stand",
                       c->name);
    HX_TRY(find_marks(t, &marks, err));
    for (int part = 0; part < HX_DATASET_PARTS; part++)
        HX_TRY(encode_part(t, (hx_part)part, &marks, err));
    warn_of_left_out(t);
    HX_TRY(hx_batch_cursor_init(&b->cursor, b->lengths[HX_PART_TRAIN], b->tokens[HX_PART_TRAIN].n,
                                (size_t)c->batch_tokens, (size_t)c->batch,
                                (uint64_t)r->config->seed, err));
    const hx_head_options head = {.kind = HX_HEAD_LM,
                                  .name = c->name,
                                  .smoothing = (float)c->smoothing,
                                  .tap = (size_t)c->tap};
    return hx_train_head_new(&t->head, r->trunk, &head, (uint64_t)r->config->seed, err);
}

static void free_correct(hx_task *t) {
    correct_task *own = t->own;
    hx_batch_cursor_release(&own->base.cursor);
    hx_dataset_free(own->base.data);
}

/* ------------------------------------------------------------------ batches */
static hx_status make_batch(const hx_task *t, hx_part part, const uint32_t *order, size_t n,
                            hx_arena *arena, hx_task_batch *out, hx_error *err) {
    const correct_task *own = t->own;
    const hx_token_lists *lists = &own->base.tokens[part];
    HX_TRY(hx_train_pack(t, lists, order, n, arena, out, err));
    uint32_t *labels = hx_arena_alloc(arena, (out->batch.n_tokens + 1) * sizeof *labels);
    if (!labels) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const uint32_t *from = own->labels[part] + lists->starts[order[i]];
        size_t at = out->batch.starts[i], len = out->batch.starts[i + 1] - at;
        for (size_t k = 1; k < len; k++)
            labels[at + k - 1] = from[k];
        labels[at + len - 1] = HX_NN_IGNORE;
    }
    out->targets = (hx_targets){.labels = labels};
    return HX_OK;
}

static hx_status fill_correct(hx_task *t, uint64_t number, hx_arena *arena, hx_task_batch *out,
                              hx_error *err) {
    correct_task *own = t->own;
    const uint32_t *order;
    size_t n;
    HX_TRY(hx_batch_cursor_at(&own->base.cursor, number, &order, &n, &t->epoch, err));
    return make_batch(t, HX_PART_TRAIN, order, n, arena, out, err);
}

static hx_status count_correct(hx_task *t, double epochs, uint64_t *batches, hx_error *err) {
    correct_task *own = t->own;
    return hx_batch_cursor_count(&own->base.cursor, epochs, batches, err);
}

/* ------------------------------------------------------------------ evaluation */
typedef struct {
    double loss, count;
    size_t n, n_faulty, n_changed, n_put_right; /* sentences */
    size_t n_clean, n_alarms; /* without a fault; of them changed */
} tally;

/* The likeliest token of each row, 64 rows at a time. */
static void say_tokens(const hx_task *t, const float *hidden, size_t n, float *logits,
                       uint32_t *said) {
    const hx_trainer *r = t->trainer;
    const hx_config *c = hx_trunk_config(r->trunk);
    const float *w;
    float *dw;
    hx_trunk_output(r->trunk, &w, &dw);
    for (size_t at = 0; at < n; at += A_CHUNK) {
        size_t rows = n - at < A_CHUNK ? n - at : A_CHUNK;
        hx_nn_linear(&r->nn, hidden + at * c->n_embd, rows, c->n_embd, c->n_vocab, w, NULL, logits);
        for (size_t i = 0; i < rows; i++) {
            const float *row = logits + i * c->n_vocab;
            uint32_t best = 0;
            for (uint32_t v = 1; v < c->n_vocab; v++)
                if (row[v] > row[best]) best = v;
            said[at + i] = best;
        }
    }
}

static void count_sentences(const hx_task_batch *b, const uint32_t *said, tally *y) {
    for (size_t i = 0; i < b->batch.n_sequences; i++) {
        bool faulty = false, changed = false, right = true;
        for (size_t at = b->batch.starts[i]; at + 1 < b->batch.starts[i + 1]; at++) {
            uint32_t was = b->batch.ids[at + 1], wanted = b->targets.labels[at];
            faulty = faulty || wanted != was;
            changed = changed || said[at] != was;
            right = right && said[at] == wanted;
        }
        y->n++;
        y->n_faulty += faulty;
        y->n_changed += changed;
        y->n_put_right += faulty && right;
        y->n_clean += !faulty;
        y->n_alarms += !faulty && changed;
    }
}

static hx_status look_batch(hx_task *t, hx_part part, const uint32_t *order, size_t n,
                            hx_arena *arena, tally *y, hx_error *err) {
    hx_trainer *r = t->trainer;
    hx_task_batch b = {0};
    hx_objective_result result = {0};
    const float *hidden;
    HX_TRY(make_batch(t, part, order, n, arena, &b, err));
    float *logits =
        hx_arena_alloc(arena, A_CHUNK * hx_trunk_config(r->trunk)->n_vocab * sizeof *logits);
    uint32_t *said = hx_arena_alloc(arena, (b.batch.n_tokens + 1) * sizeof *said);
    if (!logits || !said) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_train_forward(r, t, &b, &hidden, err));
    HX_TRY(hx_train_head_loss(t->head, &r->nn, &b.batch, hidden, &b.targets, 0, NULL, NULL, &result,
                              err));
    y->loss += result.loss;
    y->count += result.count;
    say_tokens(t, hidden, b.batch.n_tokens, logits, said);
    count_sentences(&b, said, y);
    return HX_OK;
}

static hx_status look_all(hx_task *t, hx_part part, size_t n, hx_arena *arena, tally *y,
                          hx_error *err) {
    const correct_task *own = t->own;
    size_t most = (size_t)t->config->batch_tokens, tokens = 0, from = 0;
    uint32_t *order = hx_arena_alloc(t->trainer->arena, (n + 1) * sizeof *order);
    if (!order) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        uint32_t len = own->base.lengths[part][i];
        order[i] = (uint32_t)i;
        if (i > from && tokens + len > most) {
            hx_arena_reset(arena);
            HX_TRY(look_batch(t, part, order + from, i - from, arena, y, err));
            from = i;
            tokens = 0;
        }
        tokens += len;
    }
    hx_arena_reset(arena);
    return look_batch(t, part, order + from, n - from, arena, y, err);
}

static double share(size_t n, size_t of) {
    return of > 0 ? (double)n / (double)of : NAN;
}

static hx_status put_figures(const tally *y, hx_arena *arena, hx_task_figures *out, hx_buf *b,
                             hx_error *err) {
    double precision = share(y->n_put_right, y->n_changed),
           recall = share(y->n_put_right, y->n_faulty),
           f1 = share(2 * y->n_put_right, y->n_changed + y->n_faulty);
    const struct {
        const char *key;
        double value;
    } all[] = {{"loss", out->loss},
               {"precision", precision},
               {"recall", recall},
               {"f1", f1},
               {"false_alarms", share(y->n_alarms, y->n_clean)}};
    hx_json_writer w;
    hx_json_begin(&w, b);
    hx_json_object(&w);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        hx_json_key(&w, all[i].key);
        hx_json_double(&w, all[i].value);
    }
    hx_json_key(&w, "n");
    hx_json_int(&w, (int64_t)y->n);
    hx_json_end_object(&w);
    out->figure = isnan(f1) ? -out->loss : f1;
    HX_TRY(hx_buf_status(b, "an evaluation", err));
    out->json = hx_arena_str(arena, hx_buf_str(b));
    return out->json.ptr ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status evaluate_correct(hx_task *t, bool test, hx_arena *arena, hx_task_figures *out,
                                  hx_error *err) {
    const correct_task *own = t->own;
    hx_part part = hx_train_part(own->base.data, test);
    size_t n = own->base.tokens[part].n, most = (size_t)t->config->max_evaluated;
    tally y = {0};
    hx_buf b;
    if (!test && most > 0 && n > most) n = most;
    if (n == 0) return HX_OK;
    HX_TRY(look_all(t, part, n, arena, &y, err));
    out->loss = y.count > 0 ? y.loss / y.count : NAN;
    out->n = n;
    hx_buf_init(&b, (size_t)1 << 16);
    hx_status st = put_figures(&y, arena, out, &b, err);
    hx_buf_release(&b);
    return st;
}

const hx_task_type hx_task_type_correct = {
    .make = make_correct,
    .fill = fill_correct,
    .count = count_correct,
    .evaluate = evaluate_correct,
    .free_own = free_correct,
};
