/* embed.c - thousands of texts to one vector each: embeddings, and class probabilities by the model's head.
 *
 *     texts -> groups of at most GROUP_TEXTS -> token ids, made by the team -> one run of whole pieces -> a row a text
 *
 * A group bounds the memory for ids and hidden rows; within it the run cuts chunks of batch_tokens. Rows go where their text stands, so
 * neither grouping nor chunks show.
 *
 * Texts whose class the fast arithmetic cannot be sure of (border.h) are run again behind their group, exactly. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "llama/border.h"
#include "llama/context.h"
#include "tensor/vector.h"

#define GROUP_TEXTS 512
#define GROUP_BYTES ((size_t)4 << 20)

/* One thread of the team. */
typedef struct {
    hx_tokenizer_scratch *scratch;
    hx_buf ids; /* int32, of all its texts */
    hx_status status; /* of the first text that failed */
    size_t failed; /* which one that is */
    hx_error err;
} tokenising;

typedef struct {
    size_t worker, first, n; /* ids [first, first + n) of the worker's */
} text_ids;

typedef struct {
    hx_llama_context *c;
    const hx_str *texts; /* of the group */
    hx_token_options tokens;
    unsigned want;
    bool bidirectional;
    tokenising *workers; /* (team size) */
    text_ids ids[GROUP_TEXTS];
    hx_llama_piece pieces[GROUP_TEXTS];
    size_t piece_of[GROUP_TEXTS]; /* SIZE_MAX = no tokens, no piece */
    float
        *head; /* (n_labels, n_embd): look for texts near a border between classes; NULL = do not */
    size_t near[GROUP_TEXTS]; /* texts of the group that are */
} job;

/* ------------------------------------------------------------------ tokens */
static void tokenise(void *context, size_t i, size_t worker) {
    job *j = context;
    tokenising *w = &j->workers[worker];
    if (w->status != HX_OK && w->failed < i) return;
    size_t before = w->ids.len;
    hx_error err = {.ui = w->err.ui};
    hx_status status = hx_tokenizer_encode(j->c->model->tokenizer, w->scratch, j->texts[i],
                                           &j->tokens, &w->ids, &err);
    if (status != HX_OK) {
        w->status = status;
        w->failed = i;
        w->err = err;
        return;
    }
    j->ids[i] =
        (text_ids){worker, before / sizeof(int32_t), (w->ids.len - before) / sizeof(int32_t)};
}

/* The failure of the first text, whichever thread met it. */
static hx_status first_failure(const job *j, size_t n_workers, hx_error *err) {
    const tokenising *first = NULL;
    for (size_t i = 0; i < n_workers; i++)
        if (j->workers[i].status != HX_OK && (!first || j->workers[i].failed < first->failed))
            first = &j->workers[i];
    if (!first) return HX_OK;
    if (err) *err = first->err;
    return first->status;
}

static hx_status begin_workers(job *j, hx_error *err) {
    for (size_t i = 0; i < hx_team_size(j->c->team); i++) {
        tokenising *w = &j->workers[i];
        hx_buf_init(&w->ids, SIZE_MAX / 2);
        w->err.ui = err ? err->ui : HX_UI_EN;
        w->scratch = hx_tokenizer_scratch_new(j->c->model->tokenizer);
        if (!w->scratch) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    }
    return HX_OK;
}

static hx_status job_new(job **out, hx_llama_context *c, hx_error *err) {
    job *j = calloc(1, sizeof *j);
    if (j) j->workers = calloc(hx_team_size(c->team), sizeof *j->workers);
    if (!j || !j->workers) {
        free(j);
        return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    }
    j->c = c;
    *out = j;
    return HX_OK;
}

static void job_free(job *j) {
    for (size_t i = 0; i < hx_team_size(j->c->team); i++) {
        hx_tokenizer_scratch_free(j->workers[i].scratch);
        hx_buf_release(&j->workers[i].ids);
    }
    free(j->workers);
    free(j->head);
    free(j);
}

/* ------------------------------------------------------------------ groups */
static size_t group_size(const hx_str *texts, size_t n) {
    size_t bytes = 0, i = 0;
    while (i < n && i < GROUP_TEXTS && (i == 0 || bytes + texts[i].len <= GROUP_BYTES))
        bytes += texts[i++].len;
    return i;
}

static hx_status run_group(job *j, size_t n, hx_error *err) {
    size_t n_workers = hx_team_size(j->c->team), n_pieces = 0;
    for (size_t i = 0; i < n_workers; i++)
        hx_buf_reset(&j->workers[i].ids);
    hx_team_run(j->c->team, n, tokenise, j);
    HX_TRY(first_failure(j, n_workers, err));
    for (size_t i = 0; i < n; i++) {
        const text_ids *t = &j->ids[i];
        j->piece_of[i] = t->n ? n_pieces : SIZE_MAX;
        if (t->n)
            j->pieces[n_pieces++] = (hx_llama_piece){
                .ids = (const int32_t *)(const void *)j->workers[t->worker].ids.ptr + t->first,
                .n = t->n,
                .sequence = -1,
                .want = j->want,
                .bidirectional = j->bidirectional};
    }
    return hx_llama_run(j->c, j->pieces, n_pieces, err);
}

/* Runs all texts; `take` gets each text's piece of the last run, SIZE_MAX for a text without tokens. */
/* False where the numbers are not all finite. */
typedef bool take_fn(const hx_llama_context *c, size_t piece, void *to, size_t text);

static bool is_near(const job *j, size_t piece) {
    const hx_llama *m = j->c->model;
    return hx_border_is_near_head(m->kernels, j->head, m->config.n_labels, m->config.n_embd,
                                  hx_results_head_input(j->c, piece),
                                  hx_llama_head(j->c, piece, NULL));
}

/* The group's texts near a border once more, exactly; `first` is the group's first text. */
static hx_status run_near(job *j, size_t n, size_t first, take_fn *take, void *to, hx_error *err) {
    size_t n_near = 0;
    for (size_t i = 0; i < n; i++)
        if (j->piece_of[i] != SIZE_MAX && is_near(j, j->piece_of[i])) {
            j->pieces[n_near] = j->pieces[j->piece_of[i]];
            j->near[n_near++] = i;
        }
    if (n_near == 0) return HX_OK;
    HX_TRY(hx_llama_run_as(j->c, j->pieces, n_near, HX_PRECISION_EXACT, err));
    for (size_t i = 0; i < n_near; i++)
        if (!take(j->c, i, to, first + j->near[i])) return hx_fail_finite(first + j->near[i], err);
    return HX_OK;
}

static hx_status run_texts(job *j, const hx_str *texts, size_t n_texts, take_fn *take, void *to,
                           hx_error *err) {
    HX_TRY(begin_workers(j, err));
    for (size_t i = 0, n; i < n_texts; i += n) {
        n = group_size(texts + i, n_texts - i);
        j->texts = texts + i;
        HX_TRY(run_group(j, n, err));
        for (size_t k = 0; k < n; k++)
            if (!take(j->c, j->piece_of[k], to, i + k)) return hx_fail_finite(i + k, err);
        if (j->head) HX_TRY(run_near(j, n, i, take, to, err));
    }
    return HX_OK;
}

static hx_status check_texts(const hx_llama_context *c, hx_error *err) {
    if (c->model->tokenizer) return HX_OK;
    return hx_fail(err, HX_EUNSUPPORTED, "the model has no tokenizer and reads no texts");
}

static hx_token_options token_options(const hx_llama *m, size_t max_length) {
    size_t most = m->config.n_positions;
    return (hx_token_options){.special = true,
                              .max_length = max_length && max_length < most ? max_length : most};
}

/* ------------------------------------------------------------------ embeddings */
typedef struct {
    float *out; /* (n_texts, n_embd) */
    bool normalize;
} embedding;

static bool take_embedding(const hx_llama_context *c, size_t piece, void *to, size_t text) {
    const embedding *e = to;
    size_t n = c->model->config.n_embd;
    float *out = e->out + text * n;
    const float *row = hx_llama_hidden(c, piece, NULL);
    if (!row) {
        memset(out, 0, n * sizeof *out);
        return true;
    }
    memcpy(out, row, n * sizeof *out);
    float square = hx_vector_dot(c->model->kernels, out, out, n);
    if (e->normalize && square > 0.0f)
        hx_vector_scale(c->model->kernels, 1.0f / sqrtf(square), n, out);
    return hx_are_finite(row, n);
}

hx_status hx_llama_embed(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                         const hx_embed_options *options, float *out, hx_error *err) {
    hx_embed_options o = options ? *options : (hx_embed_options){0};
    if (o.pooling != HX_POOL_LAST && o.pooling != HX_POOL_MEAN)
        return hx_fail(err, HX_EINVAL, "%d is no pooling", (int)o.pooling);
    HX_TRY(check_texts(c, err));
    job *j = NULL;
    HX_TRY(job_new(&j, c, err));
    j->tokens = token_options(c->model, o.max_length);
    j->want = o.pooling == HX_POOL_MEAN ? HX_WANT_HIDDEN_MEAN : HX_WANT_HIDDEN_LAST;
    j->bidirectional = o.bidirectional;
    embedding to = {out, o.normalize};
    hx_status status = run_texts(j, texts, n_texts, take_embedding, &to, err);
    job_free(j);
    return status;
}

/* ------------------------------------------------------------------ classes */
/* softmax of the head's row; a text without tokens says nothing, so every class is as likely. */
static bool take_classes(const hx_llama_context *c, size_t piece, void *to, size_t text) {
    size_t n = c->model->config.n_labels;
    float *out = (float *)to + text * n;
    const float *row = hx_llama_head(c, piece, NULL);
    float whole = row ? hx_vector_log_sum_exp(c->model->kernels, row, n) : logf((float)n);
    for (size_t i = 0; i < n; i++)
        out[i] = expf((row ? row[i] : 0.0f) - whole);
    return !row || hx_are_finite(row, n);
}

/* The head's rows as numbers: what tells how far apart two classes are. */
static hx_status read_head(job *j, hx_error *err) {
    const hx_llama *m = j->c->model;
    const hx_tensor_entry *t = m->head_matrix;
    if (m->options.precision == HX_PRECISION_EXACT) return HX_OK;
    size_t n = m->config.n_labels, n_embd = m->config.n_embd, bytes = (size_t)(t->bytes / n);
    j->head = calloc(n * n_embd, sizeof *j->head);
    if (!j->head) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    for (size_t i = 0; i < n; i++)
        hx_dtype_decode(t->type, (const uint8_t *)t->data + i * bytes, n_embd,
                        j->head + i * n_embd);
    return HX_OK;
}

hx_status hx_llama_classify(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                            size_t max_length, float *out, hx_error *err) {
    if (!c->model->head)
        return hx_fail(err, HX_EUNSUPPORTED, "the model has no classification head");
    if (c->model->config.head_is_token)
        return hx_fail(err, HX_EUNSUPPORTED, "the model's head labels tokens, not texts");
    if (c->model->config.head_is_odd)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "the model's head gives several labels or a number, not one label a text; "
                       "such heads can't be read yet");
    HX_TRY(check_texts(c, err));
    job *j = NULL;
    HX_TRY(job_new(&j, c, err));
    j->tokens = token_options(c->model, max_length);
    j->want = HX_WANT_HEAD;
    hx_status status = read_head(j, err);
    if (status == HX_OK) status = run_texts(j, texts, n_texts, take_classes, out, err);
    job_free(j);
    return status;
}
