/* label.c - labels by what the model would answer: no training.
 *
 *     slot 0   [instruction ............]                       run once, shared
 *     slot i                             [text i][ask]          a fork of it; the ask opens the assistant's turn
 *     score(label) = sum over its tokens t of log p(t | instruction, text, ask, tokens before t) - prior(label)
 *
 * The prior is the mean of the scores after texts without content (arXiv 2102.09690), so that a label is not chosen for being common.
 *
 * Labels of one token need only their own logits behind the ask, which are products of the last hidden state with their rows of the output
 * matrix; what all tokens weigh cancels in the softmax. One run a group of texts, as many as the context has slots for. Further tokens of
 * longer labels are run behind it, all texts of the group at once, and cut off again. Where one label's tokens begin another's, every label
 * is followed by the token that ends an answer, so that the short one is not counted twice.
 *
 * The instruction and the prior are always made exactly, once. Texts are read as the model was opened; in the fast arithmetic those whose two
 * best labels are close (border.h) are read once more, exactly, behind all others.
 *
 * The instruction's tokens are those that all conversations share: two with different texts are compared. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "llama/border.h"
#include "llama/context.h"
#include "tensor/vector.h"

#define RESULT_BYTES                                                                               \
    ((size_t)512 << 20) /* of logits that a run keeps; a text's bits do not depend on it */

enum { LABELS_MAX = 256, LABEL_TOKENS_MAX = 64, INSTRUCTION_BYTES_MAX = 1 << 20 };

struct hx_label_prompt {
    hx_arena *arena; /* owns all of this */
    const hx_llama *model;
    hx_tokens prefix, ask;
    hx_tokens *labels; /* (n_labels) */
    size_t n_labels, longest; /* tokens of the longest label */
    double *prior; /* (n_labels) */
    float *
        rows; /* (n_labels, n_embd) of the output matrix, where each label is one token; NULL = labels need all logits */
    uint64_t stamp; /* of slot 0 while it holds the instruction (context.h) */
    bool is_plain; /* no chat template: text and answer stand behind words */
};

/* ------------------------------------------------------------------ the prompt's parts */
static hx_status fail_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the labels");
}

static hx_status tokenize(const hx_llama *m, hx_str text, bool special, hx_arena *arena,
                          hx_tokens *out, hx_error *err) {
    hx_token_options options = {.special = special};
    return hx_llama_tokenize(m, text, &options, arena, out, NULL, err);
}

static hx_tokens part_of(hx_tokens t, size_t first, size_t n) {
    return (hx_tokens){t.ids + first, n};
}

/* What conversations about two texts share is the instruction before and the ask behind. */
static hx_status split_chat(hx_label_prompt *p, const hx_label_options *o, hx_error *err) {
    hx_tokens a, b;
    hx_chat_message messages[2] = {{"system", hx_str_of(o->instruction)},
                                   {"user", HX_STR_LIT("a")}};
    HX_TRY(hx_llama_chat(p->model, messages, 2, true, p->arena, &a, err));
    messages[1].content = HX_STR_LIT("7");
    HX_TRY(hx_llama_chat(p->model, messages, 2, true, p->arena, &b, err));
    size_t least = a.n < b.n ? a.n : b.n, before = 0, behind = 0;
    while (before < least && a.ids[before] == b.ids[before])
        before++;
    while (behind < least - before && a.ids[a.n - 1 - behind] == b.ids[b.n - 1 - behind])
        behind++;
    p->prefix = part_of(a, 0, before);
    p->ask = part_of(a, a.n - behind, behind);
    return HX_OK;
}

/* Models without a chat template: plain text. */
static hx_status split_plain(hx_label_prompt *p, const hx_label_options *o, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, INSTRUCTION_BYTES_MAX + 16);
    hx_buf_printf(&b, "%s\n\n", o->instruction);
    hx_status status = hx_buf_status(&b, "the instruction", err);
    if (status == HX_OK)
        status = tokenize(p->model, hx_buf_str(&b), true, p->arena, &p->prefix, err);
    hx_buf_release(&b);
    HX_TRY(status);
    p->is_plain = true;
    return tokenize(p->model, HX_STR_LIT("\nAnswer:"), false, p->arena, &p->ask, err);
}

static hx_status split_prompt(hx_label_prompt *p, const hx_label_options *o, hx_error *err) {
    hx_chat_kind kind = hx_tokenizer_chat_kind(p->model->tokenizer);
    bool is_chat = kind != HX_CHAT_NONE && kind != HX_CHAT_UNKNOWN;
    HX_TRY(is_chat ? split_chat(p, o, err) : split_plain(p, o, err));
    if (p->prefix.n == 0 || p->ask.n == 0)
        return hx_fail(
            err, HX_EUNSUPPORTED,
            "this model's chat template leaves no place for an instruction and an answer");
    return HX_OK;
}

/* ------------------------------------------------------------------ the labels */
static bool begins_with(hx_tokens t, hx_tokens start) {
    return t.n >= start.n && memcmp(t.ids, start.ids, start.n * sizeof *t.ids) == 0;
}

/* One label's tokens begin another's (or are the same). */
static bool any_begins_another(const hx_label_prompt *p) {
    for (size_t i = 0; i < p->n_labels; i++)
        for (size_t k = 0; k < p->n_labels; k++)
            if (i != k && begins_with(p->labels[k], p->labels[i])) return true;
    return false;
}

static hx_status append_ends(hx_label_prompt *p, hx_error *err) {
    int32_t end = hx_tokenizer_eos(p->model->tokenizer);
    if (end < 0)
        return hx_fail(
            err, HX_EINVAL,
            "a label begins like another one, and the model has no token that ends an answer");
    for (size_t i = 0; i < p->n_labels; i++) {
        hx_tokens t = p->labels[i];
        int32_t *ids = hx_arena_alloc(p->arena, (t.n + 1) * sizeof *ids);
        if (!ids) return fail_memory(err);
        memcpy(ids, t.ids, t.n * sizeof *ids);
        ids[t.n] = end;
        p->labels[i] = (hx_tokens){ids, t.n + 1};
    }
    return HX_OK;
}

static hx_status read_label(hx_label_prompt *p, size_t i, const char *label, hx_error *err) {
    hx_str text = hx_str_of(label);
    /* Behind a word, byte-level vocabularies spell the next word with its blank; the others add it themselves. */
    if (p->is_plain && hx_tokenizer_kind_of(p->model->tokenizer) == HX_TOKENIZER_BPE_BYTES) {
        char *spaced = hx_arena_alloc(p->arena, text.len + 1);
        if (!spaced) return fail_memory(err);
        spaced[0] = ' ';
        memcpy(spaced + 1, text.ptr, text.len);
        text = (hx_str){spaced, text.len + 1};
    }
    HX_TRY(tokenize(p->model, text, false, p->arena, &p->labels[i], err));
    if (p->labels[i].n == 0 || p->labels[i].n > LABEL_TOKENS_MAX)
        return hx_fail(err, HX_EINVAL, "label %zu must have 1 to %d tokens", i + 1,
                       LABEL_TOKENS_MAX);
    return HX_OK;
}

/* A tokenizer may know more tokens than the model has rows. */
static hx_status check_tokens(const hx_label_prompt *p, hx_error *err) {
    size_t n_vocab = p->model->info.n_vocab;
    for (size_t k = 0; k < p->n_labels; k++)
        for (size_t t = 0; t < p->labels[k].n; t++)
            if (p->labels[k].ids[t] < 0 || (size_t)p->labels[k].ids[t] >= n_vocab)
                return hx_fail(err, HX_EFORMAT,
                               "label %zu needs token %d; the model knows 0 to %zu", k + 1,
                               (int)p->labels[k].ids[t], n_vocab - 1);
    return HX_OK;
}

static hx_status read_labels(hx_label_prompt *p, const hx_label_options *o, hx_error *err) {
    if (o->n_labels < 2 || o->n_labels > LABELS_MAX)
        return hx_fail(err, HX_EINVAL, "give 2 to %d labels to choose from", LABELS_MAX);
    p->n_labels = o->n_labels;
    p->labels = hx_arena_alloc(p->arena, p->n_labels * sizeof *p->labels);
    p->prior = hx_arena_alloc(p->arena, p->n_labels * sizeof *p->prior);
    if (!p->labels || !p->prior) return fail_memory(err);
    for (size_t i = 0; i < p->n_labels; i++)
        HX_TRY(read_label(p, i, o->labels[i], err));
    for (size_t i = 0; i < p->n_labels; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(o->labels[i], o->labels[k]) == 0)
                return hx_fail(err, HX_EINVAL, "labels %zu and %zu are the same", k + 1, i + 1);
    if (any_begins_another(p)) HX_TRY(append_ends(p, err));
    HX_TRY(check_tokens(p, err));
    for (size_t i = 0; i < p->n_labels; i++)
        if (p->labels[i].n > p->longest) p->longest = p->labels[i].n;
    return HX_OK;
}

/* The output matrix's rows of labels of one token each. */
static hx_status read_rows(hx_label_prompt *p, hx_error *err) {
    const hx_llama *m = p->model;
    const hx_tensor_entry *matrix = m->output_matrix;
    size_t n = m->info.n_embd;
    uint64_t bytes;
    if (p->longest > 1 || !matrix || !hx_dtype_size(matrix->type, n, &bytes)) return HX_OK;
    p->rows = hx_arena_alloc(p->arena, p->n_labels * n * sizeof *p->rows);
    if (!p->rows) return fail_memory(err);
    for (size_t k = 0; k < p->n_labels; k++)
        hx_dtype_decode(matrix->type,
                        (const char *)matrix->data + (size_t)p->labels[k].ids[0] * bytes, n,
                        p->rows + k * n);
    return HX_OK;
}

/* ------------------------------------------------------------------ groups of texts */
typedef struct {
    hx_llama_context *c;
    const hx_label_prompt *p;
    hx_arena *arena; /* of one group */
    hx_llama_piece *pieces; /* (n_slots) */
    size_t n_slots, room; /* texts of a group; tokens of a text */
    double *scores; /* (n_slots, n_labels) of the group */
    hx_str *group; /* (n_slots): texts picked for one */
    hx_precision precision;
    hx_error *err;
} labelling;

/* White space around a text would join the template's own. */
static hx_str trim(hx_str s) {
    static const char blanks[] = " \t\r\n";
    while (s.len > 0 && memchr(blanks, s.ptr[0], 4)) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && memchr(blanks, s.ptr[s.len - 1], 4))
        s.len--;
    return s;
}

static hx_status set_piece(labelling *l, size_t i, hx_str text) {
    const hx_label_prompt *p = l->p;
    hx_tokens t;
    HX_TRY(tokenize(p->model, trim(text), false, l->arena, &t, l->err));
    if (t.n > l->room) t.n = l->room;
    int32_t *ids = hx_arena_alloc(l->arena, (t.n + p->ask.n) * sizeof *ids);
    if (!ids) return fail_memory(l->err);
    memcpy(ids, t.ids, t.n * sizeof *ids);
    memcpy(ids + t.n, p->ask.ids, p->ask.n * sizeof *ids);
    l->pieces[i] = (hx_llama_piece){.ids = ids,
                                    .n = t.n + p->ask.n,
                                    .sequence = (int32_t)i + 1,
                                    .want = p->rows ? HX_WANT_HIDDEN_LAST : HX_WANT_LOGITS_LAST};
    return hx_llama_sequence_fork(l->c, (int32_t)i + 1, 0, l->err);
}

/* How many texts go into one run that keeps `rows` rows of logits of each. */
static size_t texts_a_run(const labelling *l, size_t rows) {
    size_t most = l->c->result_bytes < RESULT_BYTES ? l->c->result_bytes : RESULT_BYTES;
    size_t n = most / sizeof(float) / l->p->model->info.n_vocab / rows;
    return n ? n : 1;
}

static double log_prob(const labelling *l, const float *logits, int32_t token) {
    const hx_llama *m = l->p->model;
    return (double)logits[token] -
           (double)hx_vector_log_sum_exp(m->kernels, logits, m->info.n_vocab);
}

/* Adds the log-likelihood of label `k`'s further tokens, for the group's texts [first, end). */
static hx_status add_further_tokens(labelling *l, size_t k, size_t first, size_t end) {
    hx_tokens label = l->p->labels[k];
    for (size_t i = first; i < end; i++)
        l->pieces[i] = (hx_llama_piece){.ids = label.ids,
                                        .n = label.n - 1,
                                        .sequence = (int32_t)i + 1,
                                        .want = HX_WANT_LOGITS_ALL};
    HX_TRY(hx_llama_run_as(l->c, l->pieces + first, end - first, l->precision, l->err));
    for (size_t i = first; i < end; i++) {
        const float *logits = hx_llama_logits(l->c, i - first, NULL);
        for (size_t t = 1; t < label.n; t++)
            l->scores[i * l->p->n_labels + k] +=
                log_prob(l, logits + (t - 1) * l->p->model->info.n_vocab, label.ids[t]);
        size_t length = hx_llama_sequence_length(l->c, (int32_t)i + 1);
        HX_TRY(hx_llama_sequence_cut(l->c, (int32_t)i + 1, length - (label.n - 1), l->err));
    }
    return HX_OK;
}

/* Log-probabilities of the labels' first tokens; of labels of one token only up to what they share. */
static void score_first_tokens(labelling *l, size_t i, size_t piece) {
    const hx_label_prompt *p = l->p;
    const hx_llama *m = p->model;
    double *scores = l->scores + i * p->n_labels;
    if (p->rows) {
        const float *hidden = hx_llama_hidden(l->c, piece, NULL);
        for (size_t k = 0; k < p->n_labels; k++)
            scores[k] = (double)hx_vector_dot(m->kernels, hidden, p->rows + k * m->info.n_embd,
                                              m->info.n_embd) +
                        (m->output_bias ? (double)m->output_bias[p->labels[k].ids[0]] : 0.0);
        return;
    }
    const float *logits = hx_llama_logits(l->c, piece, NULL);
    double all = (double)hx_vector_log_sum_exp(m->kernels, logits, m->info.n_vocab);
    for (size_t k = 0; k < p->n_labels; k++)
        scores[k] = (double)logits[p->labels[k].ids[0]] - all;
}

static hx_status score_group(labelling *l, const hx_str *texts, size_t n) {
    size_t n_labels = l->p->n_labels;
    hx_arena_reset(l->arena);
    for (size_t i = 0; i < n; i++)
        HX_TRY(set_piece(l, i, texts[i]));
    size_t step = l->p->rows ? n : texts_a_run(l, 1);
    for (size_t i = 0; i < n; i += step) {
        size_t end = n - i < step ? n : i + step;
        HX_TRY(hx_llama_run_as(l->c, l->pieces + i, end - i, l->precision, l->err));
        for (size_t j = i; j < end; j++)
            score_first_tokens(l, j, j - i);
    }
    for (size_t k = 0; k < n_labels; k++) {
        if (l->p->labels[k].n == 1) continue;
        step = texts_a_run(l, l->p->labels[k].n - 1);
        for (size_t i = 0; i < n; i += step)
            HX_TRY(add_further_tokens(l, k, i, n - i < step ? n : i + step));
    }
    return HX_OK;
}

static bool are_finite(const labelling *l, size_t i) {
    for (size_t k = 0; k < l->p->n_labels; k++)
        if (!isfinite(l->scores[i * l->p->n_labels + k])) return false;
    return true;
}

/* Slots give up their share of the instruction, so that slot 0 may change again. */
static void release_slots(labelling *l) {
    for (size_t i = 0; i < l->n_slots; i++) {
        hx_status status = hx_llama_sequence_cut(l->c, (int32_t)i + 1, 0, NULL);
        (void)status; /* an empty or shared slot has nothing to give up */
    }
}

static hx_status labelling_open(labelling *l, hx_llama_context *c, const hx_label_prompt *p,
                                hx_error *err) {
    size_t used = p->prefix.n + p->ask.n + p->longest;
    *l = (labelling){.c = c,
                     .p = p,
                     .n_slots = c->options.n_sequences - 1,
                     .precision = c->model->options.precision,
                     .err = err};
    if (used >= c->options.n_positions)
        return hx_fail(err, HX_ELIMIT,
                       "the instruction leaves no room for a text: %zu of %zu tokens", used,
                       c->options.n_positions);
    l->room = c->options.n_positions - used;
    l->arena = hx_arena_new(0);
    l->pieces = calloc(l->n_slots, sizeof *l->pieces);
    l->scores = calloc(l->n_slots * p->n_labels, sizeof *l->scores);
    l->group = calloc(l->n_slots, sizeof *l->group);
    if (l->arena && l->pieces && l->scores && l->group) return HX_OK;
    return fail_memory(err);
}

static void labelling_close(labelling *l) {
    hx_arena_free(l->arena);
    free(l->pieces);
    free(l->scores);
    free(l->group);
}

/* ------------------------------------------------------------------ public */
static hx_status measure_prior(hx_label_prompt *p, hx_llama_context *c, hx_error *err) {
    static const char *const empty[] = {"", "N/A", "..."};
    enum { N_EMPTY = sizeof empty / sizeof *empty };
    labelling l;
    hx_status status = labelling_open(&l, c, p, err);
    l.precision = HX_PRECISION_EXACT;
    for (size_t i = 0; i < N_EMPTY && status == HX_OK; i++) {
        hx_str text = hx_str_of(empty[i]);
        status = score_group(&l, &text, 1);
        if (status == HX_OK && !are_finite(&l, 0))
            status = hx_fail(err, HX_EFORMAT, "the model gives no finite numbers for the labels");
        for (size_t k = 0; k < p->n_labels && status == HX_OK; k++)
            p->prior[k] += l.scores[k] / N_EMPTY;
    }
    if (l.pieces) release_slots(&l);
    labelling_close(&l);
    return status;
}

static hx_status prepare(hx_label_prompt *p, hx_llama_context *c, const hx_label_options *o,
                         hx_error *err) {
    if (!p->model->tokenizer || !p->model->output)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "labels need a model with a tokenizer and an output matrix");
    if (c->options.n_sequences < 2)
        return hx_fail(err, HX_EINVAL, "labels need a context of 2 sequences or more");
    if (!o->instruction || strlen(o->instruction) > INSTRUCTION_BYTES_MAX)
        return hx_fail(err, HX_EINVAL, "the instruction must have at most %d bytes",
                       INSTRUCTION_BYTES_MAX);
    HX_TRY(split_prompt(p, o, err));
    HX_TRY(read_labels(p, o, err));
    HX_TRY(read_rows(p, err));
    for (size_t i = 1; i < c->options.n_sequences; i++)
        HX_TRY(hx_llama_sequence_cut(c, (int32_t)i, 0, err));
    HX_TRY(hx_llama_sequence_cut(c, 0, 0, err));
    hx_llama_piece piece = {.ids = p->prefix.ids, .n = p->prefix.n, .sequence = 0};
    HX_TRY(hx_llama_run_as(c, &piece, 1, HX_PRECISION_EXACT, err));
    p->stamp = hx_sequence_stamp(c, 0);
    return o->no_calibration ? HX_OK : measure_prior(p, c, err);
}

hx_status hx_label_prompt_new(hx_label_prompt **out, hx_llama_context *c,
                              const hx_label_options *options, hx_error *err) {
    *out = NULL;
    hx_arena *arena = hx_arena_new(0);
    hx_label_prompt *p = arena ? hx_arena_alloc(arena, sizeof *p) : NULL;
    if (!p) {
        hx_arena_free(arena);
        return fail_memory(err);
    }
    *p = (hx_label_prompt){.arena = arena, .model = c->model};
    hx_status status = prepare(p, c, options, err);
    if (status != HX_OK) {
        hx_label_prompt_free(p);
        return status;
    }
    *out = p;
    return HX_OK;
}

void hx_label_prompt_free(hx_label_prompt *p) {
    if (p) hx_arena_free(p->arena);
}

static void softmax(const hx_label_prompt *p, const double *scores, float *out) {
    double most = -INFINITY, sum = 0;
    for (size_t k = 0; k < p->n_labels; k++)
        if (scores[k] - p->prior[k] > most) most = scores[k] - p->prior[k];
    for (size_t k = 0; k < p->n_labels; k++)
        sum += exp(scores[k] - p->prior[k] - most);
    for (size_t k = 0; k < p->n_labels; k++)
        out[k] = (float)(exp(scores[k] - p->prior[k] - most) / sum);
}

typedef struct {
    const hx_str *texts;
    float *out;
    size_t *near; /* (n_texts): found to be near a border */
    size_t n_near;
} label_job;

static hx_status take_labels(labelling *l, label_job *j, size_t i, size_t text) {
    const hx_label_prompt *p = l->p;
    const double *scores = l->scores + i * p->n_labels;
    if (!are_finite(l, i)) return hx_fail_finite(text, l->err);
    softmax(p, scores, j->out + text * p->n_labels);
    if (l->precision == HX_PRECISION_FAST && hx_border_is_near(scores, p->prior, p->n_labels))
        j->near[j->n_near++] = text;
    return HX_OK;
}

static hx_status label_all(labelling *l, label_job *j, size_t n_texts) {
    for (size_t i = 0; i < n_texts; i += l->n_slots) {
        size_t n = n_texts - i < l->n_slots ? n_texts - i : l->n_slots;
        HX_TRY(score_group(l, j->texts + i, n));
        for (size_t k = 0; k < n; k++)
            HX_TRY(take_labels(l, j, k, i + k));
    }
    return HX_OK;
}

static hx_status label_near(labelling *l, label_job *j) {
    l->precision = HX_PRECISION_EXACT;
    for (size_t i = 0; i < j->n_near; i += l->n_slots) {
        size_t n = j->n_near - i < l->n_slots ? j->n_near - i : l->n_slots;
        for (size_t k = 0; k < n; k++)
            l->group[k] = j->texts[j->near[i + k]];
        HX_TRY(score_group(l, l->group, n));
        for (size_t k = 0; k < n; k++)
            HX_TRY(take_labels(l, j, k, j->near[i + k]));
    }
    return HX_OK;
}

hx_status hx_llama_label_texts(hx_llama_context *c, const hx_label_prompt *p, const hx_str *texts,
                               size_t n_texts, float *out, hx_error *err) {
    if (p->model != c->model || hx_sequence_stamp(c, 0) != p->stamp)
        return hx_fail(err, HX_ECONFLICT, "slot 0 no longer holds the instruction of these labels");
    labelling l;
    label_job j = {.texts = texts, .out = out, .near = calloc(n_texts + 1, sizeof *j.near)};
    hx_status status = labelling_open(&l, c, p, err);
    if (status == HX_OK && !j.near) status = fail_memory(err);
    if (status == HX_OK) status = label_all(&l, &j, n_texts);
    if (status == HX_OK) status = label_near(&l, &j);
    if (l.pieces) release_slots(&l);
    labelling_close(&l);
    free(j.near);
    return status;
}
