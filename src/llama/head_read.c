/* head_read.c - what heads for texts say: one label, several, a number; with tags, trees and embeddings of the same pass.
 *
 *     heads of one direction, tap and length -> one pass over the texts (texts.c) -> pooled rows -> logits -> probabilities or numbers
 *
 * The head "score" gets its logits with the pass (results.c), the others by heads.c, with the training's own layers. Texts near a border between
 * labels (border.h) are read again exactly; behind a hidden layer, where the noise has no formula, near are those whose log-odds are small. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "llama/border.h"
#include "llama/heads.h"
#include "llama/tagging.h"
#include "llama/texts.h"
#include "nn/parts.h"
#include "tensor/memory.h"
#include "tensor/vector.h"

typedef struct {
    const hx_model_head *head;
    float *out; /* (n_texts, n_labels), the caller's */
    float *
        weights; /* (n_labels, n_embd), where logits are a product of them; borrowed or `decoded` */
    float *decoded; /* owned */
    bool hurried; /* as it stands in hx_llama_wanted */
} member;

/* A head for words of a pass. */
typedef struct {
    hx_tagging *tagging; /* owned; NULL = read by itself */
    bool done; /* or read by itself */
    bool here; /* of the pass in hand */
} word_member;

/* One pass. */
typedef struct {
    const hx_llama *m;
    const hx_config_task *form; /* how its texts are read: that of any of its heads */
    hx_nn nn;
    member *members; /* (n), borrowed */
    size_t n;
    const hx_llama_wanted *wanted; /* NULL = heads for texts alone */
    word_member *words; /* (wanted->n_tags), borrowed */
    bool embeds;
    const hx_text_job *job;
    const hx_str *texts;
    uint64_t *
        near; /* owned; (n texts): the members, a bit each, for which a text is read again; the last bit is of all from the 64th on */
    size_t
        seen; /* texts below were taken: what comes again is read exactly, for heads for texts alone */
    hx_status status; /* of heads for words */
    unsigned want;
    float *row, *input, *room, *logits; /* (n_embd) twice, what the heads need, (most labels) */
    char *memory; /* owned: of these and the scratch */
    size_t bytes;
} pass;

/* ------------------------------------------------------------------ one text */
/* The row a head reads, in p->input, of a piece's hidden rows. */
static void pool(const pass *p, const hx_model_head *h, const float *rows, size_t n) {
    const hx_nn_loops *loops = hx_nn_loops_of(p->m->kernels);
    size_t d = p->m->config.n_embd, first = h->task->mean ? 0 : n - 1;
    float r, share = 1 / (float)(n - first);
    memset(p->input, 0, d * sizeof *p->input);
    if (!h->norm && n - first > 1) { /* as a run makes the mean */
        for (size_t i = first; i < n; i++)
            hx_vector_add(p->m->kernels, rows + i * d, d, p->input);
        hx_vector_scale(p->m->kernels, share, d, p->input);
        return;
    }
    for (size_t i = first; i < n; i++) {
        hx_head_norm(p->m, h, &p->nn, rows + i * d, 1, &r, p->row);
        loops->add_scaled(p->row, d, share, p->input);
    }
}

/* The head's logits of a piece, and what they were made of. */
static const float *logits_of(const pass *p, const hx_model_head *h, const hx_llama_context *c,
                              size_t piece, const float **input) {
    size_t n;
    if (h->task->is_score) {
        *input = hx_results_head_input(c, piece);
        return hx_llama_head(c, piece, NULL);
    }
    const float *rows = hx_llama_hidden(c, piece, &n);
    pool(p, h, rows, n);
    hx_head_logits(p->m, h, &p->nn, p->input, 1, p->room, p->logits);
    *input = p->input;
    return p->logits;
}

/* `out` holds the logits on the way. */
static void say(const hx_llama *m, const hx_config_task *t, const float *logits, float *out) {
    size_t n = t->n_labels;
    float cooled = t->temperature > 0 ? (float)(1 / t->temperature) : 1;
    for (size_t i = 0; i < n; i++)
        out[i] = logits[i] * cooled;
    float whole = t->kind == HX_LLAMA_LABEL ? hx_vector_log_sum_exp(m->kernels, out, n) : 0;
    for (size_t i = 0; i < n; i++)
        out[i] = t->kind == HX_LLAMA_LABEL ? expf(out[i] - whole)
                 : t->kind == HX_LLAMA_LABELS
                     ? 1 / (1 + expf(-out[i]))
                     : (float)((double)logits[i] * t->deviation + t->average);
}

/* Of a text without tokens: every label as likely, the usual number. */
static void say_nothing(const hx_config_task *t, float *out) {
    for (size_t i = 0; i < t->n_labels; i++)
        out[i] = t->kind == HX_LLAMA_LABEL    ? expf(-logf((float)t->n_labels))
                 : t->kind == HX_LLAMA_LABELS ? 0.5f
                                              : (float)t->average;
}

/* The mean of the last states, as hx_llama_embed() has it. */
static bool embed(const pass *p, const hx_llama_context *c, size_t piece, size_t text) {
    const hx_config_task form = {.mean = true};
    const hx_model_head mean = {.task = &form};
    size_t d = p->m->config.n_embd, n;
    float *out = p->wanted->embedding + text * d;
    if (piece == SIZE_MAX) {
        memset(out, 0, d * sizeof *out);
        return true;
    }
    const float *rows = hx_llama_hidden(c, piece, &n);
    pool(p, &mean, rows, n);
    memcpy(out, p->input, d * sizeof *out);
    float square = hx_vector_dot(p->m->kernels, out, out, d);
    if (p->wanted->normalize && square > 0.0f)
        hx_vector_scale(p->m->kernels, 1.0f / sqrtf(square), d, out);
    return hx_are_finite(p->input, d);
}

/* Everything but heads for texts, once a text. */
static bool take_more(pass *p, const hx_llama_context *c, size_t piece, size_t text) {
    const hx_llama_wanted *w = p->wanted;
    hx_tagged t = {.text = p->texts[text], .index = text, .piece = piece};
    if (!w || text < p->seen) return true;
    p->seen = text + 1;
    if (piece != SIZE_MAX) {
        t.ids = p->job->pieces[piece].ids;
        t.n = p->job->pieces[piece].n;
    }
    for (size_t k = 0; k < w->n_tags && p->status == HX_OK; k++)
        if (p->words[k].here)
            p->status = hx_tagging_take(p->words[k].tagging, &t,
                                        w->tags && w->tags[k] ? w->tags[k] + text : NULL,
                                        w->tags && w->tags[k] ? NULL : w->trees[k] + text);
    return p->status == HX_OK && (!p->embeds || embed(p, c, piece, text));
}

static uint64_t bit_of(size_t place) {
    return (uint64_t)1 << (place < 63 ? place : 63);
}

static bool take_text(const hx_llama_context *c, size_t piece, void *to, size_t text) {
    pass *p = to;
    const float *input;
    if (!take_more(p, c, piece, text)) return false;
    bool finite = true;
    for (size_t k = 0; k < p->n; k++) {
        const hx_config_task *t = p->members[k].head->task;
        float *out = p->members[k].out + text * t->n_labels;
        if (p->near[text] && !(p->near[text] & bit_of(k))) continue;
        if (piece == SIZE_MAX) {
            say_nothing(t, out);
            continue;
        }
        const float *logits = logits_of(p, p->members[k].head, c, piece, &input);
        finite = finite && hx_are_finite(logits, t->n_labels);
        say(p->m, t, logits, out);
    }
    return finite;
}

/* ------------------------------------------------------------------ borders */
static bool is_near_odds(const hx_config_task *t, const float *logits) {
    double best = -INFINITY, second = -INFINITY;
    for (size_t i = 0; i < t->n_labels; i++) {
        double z = (double)logits[i];
        if (t->kind == HX_LLAMA_LABELS && !(fabs(z) >= HX_BORDER_LOG_ODDS)) return true;
        second = z > best ? best : z > second ? z : second;
        best = z > best ? z : best;
    }
    return t->kind == HX_LLAMA_LABEL && !(best - second >= HX_BORDER_LOG_ODDS);
}

/* Near for any head: what the others said stays, so that it is what each would have said by itself. */
static bool is_near(const hx_llama_context *c, size_t piece, void *to, size_t text) {
    const pass *p = to;
    const float *input;
    for (size_t k = 0; k < p->n; k++) {
        const member *b = &p->members[k];
        if (b->hurried) continue;
        const hx_config_task *t = b->head->task;
        const float *logits = logits_of(p, b->head, c, piece, &input);
        size_t d = p->m->config.n_embd;
        bool near =
            !b->weights ? is_near_odds(t, logits)
            : t->kind == HX_LLAMA_LABEL
                ? hx_border_is_near_head(p->m->kernels, b->weights, t->n_labels, d, input, logits)
                : hx_border_is_near_zero(p->m->kernels, b->weights, t->n_labels, d, input, logits);
        if (near) p->near[text] |= bit_of(k);
    }
    return p->near[text] != 0;
}

/* ------------------------------------------------------------------ a pass */
static hx_status decode_score(const hx_llama *m, member *b, hx_error *err) {
    const hx_tensor_entry *t = m->head_matrix;
    size_t n = m->config.n_labels, d = m->config.n_embd, bytes = (size_t)(t->bytes / n);
    b->weights = b->decoded = calloc(n * d, sizeof *b->decoded);
    if (!b->decoded) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    for (size_t i = 0; i < n; i++)
        hx_dtype_decode(t->type, (const uint8_t *)t->data + i * bytes, d, b->decoded + i * d);
    return HX_OK;
}

static hx_status take_weights(const hx_llama *m, member *b, hx_error *err) {
    const hx_model_head *h = b->head;
    if (m->options.precision == HX_PRECISION_EXACT) return HX_OK;
    if (h->task->is_score) return decode_score(m, b, err);
    if (!h->dense) b->weights = (float *)(uintptr_t)h->weight;
    return HX_OK;
}

static size_t carve(size_t *bytes, size_t n) {
    size_t at = *bytes;
    *bytes += (n + 63) / 64 * 64;
    return at;
}

static hx_status make_room(pass *p, hx_team *team, size_t n_texts, hx_error *err) {
    size_t d = p->m->config.n_embd * sizeof(float), floats = 0, scratch = 0, labels = 0;
    for (size_t k = 0; k < p->n; k++) {
        const hx_model_head *h = p->members[k].head;
        size_t a = hx_head_floats(h, 1), b = hx_head_scratch(p->m, h, 1, hx_team_size(team));
        floats = a > floats ? a : floats;
        scratch = b > scratch ? b : scratch;
        labels = h->task->n_labels > labels ? h->task->n_labels : labels;
    }
    size_t row = carve(&p->bytes, d), input = carve(&p->bytes, d),
           room = carve(&p->bytes, floats * sizeof(float)),
           logits = carve(&p->bytes, labels * sizeof(float)), at = carve(&p->bytes, scratch + 64);
    p->memory = hx_memory_new(p->bytes);
    p->near = calloc(n_texts + 1, sizeof *p->near);
    if (!p->memory || !p->near) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    p->row = (float *)(void *)(p->memory + row);
    p->input = (float *)(void *)(p->memory + input);
    p->room = (float *)(void *)(p->memory + room);
    p->logits = (float *)(void *)(p->memory + logits);
    p->nn = (hx_nn){.kernels = p->m->kernels, .team = team, .scratch = p->memory + at};
    return HX_OK;
}

/* Hidden rows that all members can do with; a tap norms each row before it pools. */
static unsigned rows_wanted(const pass *p) {
    bool last = false, mean = p->embeds, all = false, score = false;
    for (size_t k = 0; p->wanted && k < p->wanted->n_tags; k++)
        all = all || p->words[k].here;
    for (size_t k = 0; k < p->n; k++) {
        const hx_config_task *t = p->members[k].head->task;
        score = score || t->is_score;
        if (t->is_score) continue;
        last = last || !t->mean;
        mean = mean || t->mean;
        all = all || (t->mean && t->tap > 0);
    }
    unsigned want = all || (last && mean) ? HX_WANT_HIDDEN_ALL
                    : last                ? HX_WANT_HIDDEN_LAST
                    : mean                ? HX_WANT_HIDDEN_MEAN
                                          : 0;
    return want | (score ? HX_WANT_HEAD : 0);
}

static size_t length_of(const hx_config_task *t, size_t max_length) {
    return max_length ? max_length : t->max_length;
}

/* What is read. */
typedef struct {
    const hx_str *texts, *seconds; /* (n); seconds NULL = no pairs */
    size_t n, max_length;
    const hx_llama_wanted *wanted; /* NULL = heads for texts alone */
} reading;

static hx_status run_pass(pass *p, hx_llama_context *c, const reading *r, hx_error *err) {
    const hx_config_task *t = p->form;
    hx_text_job *j = NULL;
    for (size_t k = 0; k < p->n; k++)
        HX_TRY(take_weights(p->m, &p->members[k], err));
    HX_TRY(make_room(p, c->team, r->n, err));
    HX_TRY(hx_texts_open(&j, c, err));
    j->tokens = hx_texts_options(p->m, length_of(t, r->max_length));
    j->seconds = t->pairs ? r->seconds : NULL;
    j->want = rows_wanted(p);
    j->bidirectional = t->bidirectional;
    j->lower = t->lower;
    j->tap = t->tap;
    j->take = take_text;
    j->is_near = is_near;
    j->to = p;
    p->job = j;
    p->texts = r->texts;
    for (size_t k = 0; k < p->n; k++)
        if (p->members[k].head->task->kind == HX_LLAMA_NUMBER) j->precision = HX_PRECISION_EXACT;
    hx_error said = {.ui = err ? err->ui : HX_UI_EN};
    hx_status st = hx_texts_run(j, r->texts, r->n, p->wanted ? &said : err);
    if (p->wanted && st != HX_OK && p->status == HX_OK && err) *err = said;
    hx_texts_close(j);
    return p->status != HX_OK ? p->status : st;
}

static bool go_together(const hx_config_task *a, const hx_config_task *b, size_t max_length) {
    return a->bidirectional == b->bidirectional && a->tap == b->tap && a->lower == b->lower &&
           a->pairs == b->pairs && length_of(a, max_length) == length_of(b, max_length);
}

/* Members of `all` from `first` on that go with it, moved together. */
static size_t gather_pass(member *all, size_t first, size_t n, size_t max_length) {
    size_t end = first + 1;
    for (size_t i = end; i < n; i++) {
        if (!go_together(all[first].head->task, all[i].head->task, max_length)) continue;
        member moved = all[i];
        all[i] = all[end];
        all[end++] = moved;
    }
    return end - first;
}

/* Heads for words that can be read in this pass. Numbers are read exactly, and so would be what goes with them. */
static void gather_words(pass *p, size_t max_length) {
    bool exact = false;
    for (size_t k = 0; k < p->n; k++)
        exact = exact || p->members[k].head->task->kind == HX_LLAMA_NUMBER;
    for (size_t k = 0; k < p->wanted->n_tags; k++) {
        word_member *w = &p->words[k];
        w->here =
            !exact && !w->done && go_together(p->form, hx_tagging_task(w->tagging), max_length);
        w->done = w->done || w->here;
    }
    p->embeds = p->embeds && !exact && p->form->bidirectional && !p->form->tap && !p->form->lower &&
                !p->form->pairs;
}

static hx_status run_one(pass *p, hx_llama_context *c, const reading *r, bool *embed_left,
                         hx_error *err) {
    p->m = c->model;
    p->wanted = r->wanted;
    p->embeds = *embed_left;
    if (p->wanted) gather_words(p, r->max_length);
    hx_status st = run_pass(p, c, r, err);
    if (p->memory) hx_memory_free(p->memory, p->bytes);
    free(p->near);
    *embed_left = *embed_left && !p->embeds;
    return st;
}

static hx_status run_all(hx_llama_context *c, member *all, size_t n, word_member *words,
                         const reading *r, hx_error *err) {
    hx_status st = HX_OK;
    bool embed_left = r->wanted && r->wanted->embedding;
    size_t n_words = r->wanted ? r->wanted->n_tags : 0;
    for (size_t i = 0, some; i < n && st == HX_OK; i += some) {
        some = gather_pass(all, i, n, r->max_length);
        pass p = {.form = all[i].head->task, .members = all + i, .n = some, .words = words};
        st = run_one(&p, c, r, &embed_left, err);
    }
    for (size_t k = 0; k < n_words && st == HX_OK; k++) {
        if (words[k].done) continue;
        pass p = {.form = hx_tagging_task(words[k].tagging), .words = words};
        st = run_one(&p, c, r, &embed_left, err);
    }
    for (size_t i = 0; i < n; i++)
        free(all[i].decoded);
    if (st != HX_OK || !embed_left) return st;
    const hx_embed_options options = {.pooling = HX_POOL_MEAN,
                                      .normalize = r->wanted->normalize,
                                      .bidirectional = true,
                                      .max_length = r->max_length};
    return hx_llama_embed(c, r->texts, r->n, &options, r->wanted->embedding, err);
}

/* ------------------------------------------------------------------ calls */
static hx_status check_head(const hx_llama *m, size_t head, const reading *r, hx_error *err) {
    const hx_llama_head_info *h = hx_llama_head_of(m, head);
    if (!h) return hx_fail(err, HX_EUNSUPPORTED, "the model has no classification head");
    if (h->of_words)
        return hx_fail(err, HX_EUNSUPPORTED, "the model's head labels tokens, not texts");
    if (h->pairs && !r->seconds)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "the model's head %s reads pairs of texts; say the second one's column by "
                       "--text2",
                       h->name);
    return HX_OK;
}

static hx_status read_heads(hx_llama_context *c, const size_t *heads, size_t n_heads,
                            const reading *r, float *const *out, word_member *words,
                            hx_error *err) {
    const hx_llama *m = c->model;
    for (size_t k = 0; k < n_heads; k++)
        HX_TRY(check_head(m, heads[k], r, err));
    HX_TRY(hx_texts_check(c, err));
    member *all = calloc(n_heads + 1, sizeof *all);
    if (!all) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    for (size_t k = 0; k < n_heads; k++)
        all[k] = (member){.head = &m->heads[heads[k]],
                          .out = out[k],
                          .hurried = r->wanted && r->wanted->hurried && r->wanted->hurried[k]};
    hx_status st = run_all(c, all, n_heads, words, r, err);
    free(all);
    return st;
}

hx_status hx_llama_read(hx_llama_context *c, const size_t *heads, size_t n_heads,
                        const hx_str *texts, size_t n_texts, size_t max_length, float *const *out,
                        hx_error *err) {
    const reading r = {.texts = texts, .n = n_texts, .max_length = max_length};
    return read_heads(c, heads, n_heads, &r, out, NULL, err);
}

/* Words between white space are encoded one by one: another pass. */
static hx_status read_alone(hx_llama_context *c, const reading *r, size_t k,
                            const hx_tag_options *o, hx_arena *arena, hx_error *err) {
    const hx_llama_wanted *w = r->wanted;
    return w->tags && w->tags[k] ? hx_llama_tag(c, r->texts, r->n, o, arena, w->tags[k], err)
                                 : hx_llama_parse(c, r->texts, r->n, o, arena, w->trees[k], err);
}

static hx_status open_words(hx_llama_context *c, const reading *r, word_member *words,
                            hx_arena *arena, hx_error *err) {
    const hx_llama_wanted *w = r->wanted;
    for (size_t k = 0; k < w->n_tags; k++) {
        hx_tag_options o = w->tag_options[k];
        if (!o.max_length) o.max_length = w->max_length;
        words[k].done = o.words;
        HX_TRY(o.words ? read_alone(c, r, k, &o, arena, err)
                       : hx_tagging_open(&words[k].tagging, c, &o, !(w->tags && w->tags[k]), arena,
                                         err));
    }
    return HX_OK;
}

hx_status hx_llama_read_all(hx_llama_context *c, const hx_llama_wanted *w, const hx_str *texts,
                            size_t n_texts, hx_arena *arena, hx_error *err) {
    const reading r = {.texts = texts, .n = n_texts, .max_length = w->max_length, .wanted = w};
    HX_TRY(hx_texts_check(c, err));
    word_member *words = calloc(w->n_tags + 1, sizeof *words);
    if (!words) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    hx_status st = open_words(c, &r, words, arena, err);
    if (st == HX_OK) st = read_heads(c, w->heads, w->n_heads, &r, w->out, words, err);
    for (size_t k = 0; k < w->n_tags; k++)
        hx_tagging_close(words[k].tagging);
    free(words);
    return st;
}

hx_status hx_llama_read_pairs(hx_llama_context *c, const size_t *heads, size_t n_heads,
                              const hx_str *texts, const hx_str *seconds, size_t n_texts,
                              size_t max_length, float *const *out, hx_error *err) {
    const reading r = {.texts = texts, .seconds = seconds, .n = n_texts, .max_length = max_length};
    return read_heads(c, heads, n_heads, &r, out, NULL, err);
}

hx_status hx_llama_classify(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                            size_t max_length, float *out, hx_error *err) {
    const hx_llama *m = c->model;
    const reading r = {.texts = texts, .n = n_texts, .max_length = max_length};
    HX_TRY(check_head(m, m->main_head, &r, err));
    if (m->heads[m->main_head].info.kind != HX_LLAMA_LABEL)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "the model's head %s gives several labels or a number, not one label a text",
                       m->heads[m->main_head].info.name);
    return read_heads(c, &m->main_head, 1, &r, &out, NULL, err);
}
