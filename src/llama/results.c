/* results.c - the rows a run was asked for.
 *
 *     piece wants        rows kept                         read by
 *     LOGITS_LAST, ALL   1 or n of n_vocab                 hx_llama_logits
 *     HIDDEN_LAST, ALL   1 or n of n_embd                  hx_llama_hidden
 *     HIDDEN_MEAN        1: the sum, in the order of tokens, divided at the end
 *     HEAD               1, or n of a token classifier: hidden rows are kept, the head runs over all of them at the end
 *
 * Rows of one kind lie behind each other in the order of pieces. Logits are made chunk by chunk, in the chunk's arithmetic form: hidden rows
 * of a whole run are small, logits are not. The head is tiny and always EXACT. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "llama/context.h"
#include "tensor/vector.h"

static hx_piece_rows *rows_of(const hx_llama_context *c, size_t piece) {
    return (hx_piece_rows *)(void *)c->piece_rows.data + piece;
}

static hx_status reserve_kind(const hx_llama_context *c, hx_llama_rows *r, size_t rows,
                              size_t width, hx_error *err) {
    if (width && rows > c->result_bytes / sizeof(float) / width)
        return hx_fail(err, HX_ELIMIT,
                       "%zu rows of %zu numbers are more than a run keeps; run fewer tokens", rows,
                       width);
    return hx_rows_reserve(r, rows * width * sizeof(float), err);
}

static hx_piece_rows plan(hx_llama_context *c, const hx_llama_piece *p) {
    const hx_config *config = &c->model->config;
    hx_piece_rows r = {.logits = c->n_logits, .hidden = c->n_hidden, .head = c->n_head};
    if (p->want & HX_WANT_LOGITS) r.n_logits = p->want & HX_WANT_LOGITS_ALL ? p->n : 1;
    if (p->want & HX_WANT_HIDDEN) r.n_hidden = p->want & HX_WANT_HIDDEN_ALL ? p->n : 1;
    if (p->want & HX_WANT_HEAD) r.n_head = config->head_is_token ? p->n : 1;
    c->n_logits += r.n_logits;
    c->n_hidden += r.n_hidden;
    c->n_head += r.n_head;
    return r;
}

hx_status hx_results_begin(hx_llama_context *c, const hx_llama_piece *pieces, size_t n,
                           hx_error *err) {
    const hx_config *config = &c->model->config;
    c->n_pieces = c->n_logits = c->n_hidden = c->n_head = 0;
    HX_TRY(hx_rows_reserve(&c->piece_rows, n * sizeof(hx_piece_rows), err));
    for (size_t i = 0; i < n; i++)
        *rows_of(c, i) = plan(c, &pieces[i]);
    HX_TRY(reserve_kind(c, &c->logits, c->n_logits, config->n_vocab, err));
    HX_TRY(reserve_kind(c, &c->hidden, c->n_hidden, config->n_embd, err));
    HX_TRY(reserve_kind(c, &c->head_in, c->n_head, config->n_embd, err));
    HX_TRY(reserve_kind(c, &c->head_out, c->n_head, config->n_labels, err));
    if (c->n_hidden) memset(c->hidden.data, 0, c->n_hidden * config->n_embd * sizeof(float));
    if (c->n_head) memset(c->head_in.data, 0, c->n_head * config->n_embd * sizeof(float));
    c->n_pieces = n;
    return HX_OK;
}

/* ------------------------------------------------------------------ hidden states and inputs of the head */
typedef enum { TAKE_NOTHING, TAKE_LAST, TAKE_ALL, TAKE_SUM } taking;

static taking take_hidden(unsigned want) {
    if (want & HX_WANT_HIDDEN_ALL) return TAKE_ALL;
    if (want & HX_WANT_HIDDEN_MEAN) return TAKE_SUM;
    return want & HX_WANT_HIDDEN_LAST ? TAKE_LAST : TAKE_NOTHING;
}

static taking take_head(const hx_config *config, unsigned want) {
    if (!(want & HX_WANT_HEAD)) return TAKE_NOTHING;
    return config->head_is_token ? TAKE_ALL : config->head_is_mean ? TAKE_SUM : TAKE_LAST;
}

/* Rows of the stretch's wanted tokens into the piece's rows, which begin at row `first` of `kept`. */
static void take_rows(const hx_llama_context *c, const hx_stretch *s, taking how,
                      const hx_llama_rows *kept, size_t first) {
    size_t n_embd = c->model->config.n_embd;
    if (how == TAKE_NOTHING) return;
    float *out = kept->data + first * n_embd;
    for (size_t i = 0; i < s->wanted; i++) {
        const float *row = c->x.data + (s->wanted_row + i) * n_embd;
        size_t token = s->token + s->wanted_first + i;
        if (how == TAKE_SUM)
            hx_vector_add(c->model->kernels, row, n_embd, out);
        else if (how == TAKE_ALL)
            memcpy(out + token * n_embd, row, n_embd * sizeof *row);
        else if (token + 1 == s->piece->n)
            memcpy(out, row, n_embd * sizeof *row);
    }
}

/* ------------------------------------------------------------------ logits */
/* Gathers the rows whose logits are wanted; *first is the first row of logits they give. */
static size_t gather_logits(hx_llama_context *c, size_t *first) {
    size_t n = 0, n_embd = c->model->config.n_embd;
    for (size_t i = 0; i < c->chunk.n_stretches; i++) {
        const hx_stretch *s = &c->chunk.stretches[i];
        unsigned want = s->piece->want & HX_WANT_LOGITS;
        if (!want || !s->wanted || (want & HX_WANT_LOGITS_LAST && !s->ends)) continue;
        bool all = want & HX_WANT_LOGITS_ALL;
        size_t from = all ? 0 : s->wanted - 1;
        if (n == 0) *first = rows_of(c, s->index)->logits + (all ? s->token : 0);
        for (size_t j = from; j < s->wanted; j++, n++)
            memcpy(c->att.data + n * n_embd, c->x.data + (s->wanted_row + j) * n_embd,
                   n_embd * sizeof(float));
    }
    return n;
}

static void make_logits(hx_llama_context *c) {
    size_t first = 0, n = gather_logits(c, &first), n_vocab = c->model->config.n_vocab;
    if (n == 0) return;
    hx_linear_call call = {.x = c->att.data,
                           .m = n,
                           .ldx = c->model->config.n_embd,
                           .y = c->logits.data + first * n_vocab,
                           .ldy = n_vocab};
    hx_linear_run(c->model->output, c->chunk.form, &call, c->linear.data, c->team);
}

void hx_results_take(hx_llama_context *c) {
    const hx_config *config = &c->model->config;
    for (size_t i = 0; i < c->chunk.n_stretches; i++) {
        const hx_stretch *s = &c->chunk.stretches[i];
        const hx_piece_rows *r = rows_of(c, s->index);
        take_rows(c, s, take_hidden(s->piece->want), &c->hidden, r->hidden);
        take_rows(c, s, take_head(config, s->piece->want), &c->head_in, r->head);
    }
    if (c->n_logits) make_logits(c);
}

/* ------------------------------------------------------------------ the end of a run */
static void run_head(hx_llama_context *c) {
    const hx_config *config = &c->model->config;
    for (size_t i = 0; i < c->n_head; i += c->room_rows) {
        hx_linear_call call = {.x = c->head_in.data + i * config->n_embd,
                               .m = c->n_head - i < c->room_rows ? c->n_head - i : c->room_rows,
                               .ldx = config->n_embd,
                               .y = c->head_out.data + i * config->n_labels,
                               .ldy = config->n_labels};
        hx_linear_run(c->model->head, HX_FORM_EXACT, &call, c->linear.data, c->team);
    }
}

void hx_results_finish(hx_llama_context *c, const hx_llama_piece *pieces, size_t n) {
    const hx_config *config = &c->model->config;
    for (size_t i = 0; i < n; i++) {
        const hx_piece_rows *r = rows_of(c, i);
        float part = 1.0f / (float)pieces[i].n;
        if (take_hidden(pieces[i].want) == TAKE_SUM)
            hx_vector_scale(c->model->kernels, part, config->n_embd,
                            c->hidden.data + r->hidden * config->n_embd);
        if (take_head(config, pieces[i].want) == TAKE_SUM)
            hx_vector_scale(c->model->kernels, part, config->n_embd,
                            c->head_in.data + r->head * config->n_embd);
    }
    run_head(c);
}

/* ------------------------------------------------------------------ reading */
static const float *give(const hx_llama_rows *r, size_t first, size_t n, size_t width,
                         size_t *rows) {
    if (rows) *rows = n;
    return n ? r->data + first * width : NULL;
}

const float *hx_llama_logits(const hx_llama_context *c, size_t piece, size_t *rows) {
    hx_piece_rows r = piece < c->n_pieces ? *rows_of(c, piece) : (hx_piece_rows){0};
    return give(&c->logits, r.logits, r.n_logits, c->model->config.n_vocab, rows);
}

const float *hx_llama_hidden(const hx_llama_context *c, size_t piece, size_t *rows) {
    hx_piece_rows r = piece < c->n_pieces ? *rows_of(c, piece) : (hx_piece_rows){0};
    return give(&c->hidden, r.hidden, r.n_hidden, c->model->config.n_embd, rows);
}

const float *hx_llama_head(const hx_llama_context *c, size_t piece, size_t *rows) {
    hx_piece_rows r = piece < c->n_pieces ? *rows_of(c, piece) : (hx_piece_rows){0};
    return give(&c->head_out, r.head, r.n_head, c->model->config.n_labels, rows);
}

const float *hx_results_head_input(const hx_llama_context *c, size_t piece) {
    hx_piece_rows r = piece < c->n_pieces ? *rows_of(c, piece) : (hx_piece_rows){0};
    return give(&c->head_in, r.head, r.n_head, c->model->config.n_embd, NULL);
}

/* ------------------------------------------------------------------ numbers that are none */
bool hx_are_finite(const float *row, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(row[i])) return false;
    return true;
}

hx_status hx_fail_finite(size_t text, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "the model gives no finite numbers for text %zu", text + 1);
}
