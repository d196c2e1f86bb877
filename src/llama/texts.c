/* texts.c - thousands of texts, a piece each, in runs; see texts.h.
 *
 *     texts -> groups of at most GROUP_TEXTS -> token ids, made by the team -> one run of whole pieces -> a row a text
 *
 * A group bounds the memory for ids and hidden rows; within it the run cuts chunks of batch_tokens. Rows go where their text stands, so
 * neither grouping nor chunks show.
 *
 * Texts that the fast arithmetic cannot be sure of (border.h) are run again behind their group, exactly. */
#include "llama/texts.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/error.h"
#include "base/utf8.h"
#include "llama/pair_tokens.h"

#define GROUP_TEXTS HX_TEXTS_GROUP
#define GROUP_BYTES ((size_t)4 << 20)
#define GROUP_BYTES_ALL ((size_t)64 << 10) /* where every token's row is kept */

/* One thread of the team. */
struct hx_text_worker {
    hx_tokenizer_scratch *scratch;
    hx_buf ids; /* int32, of all its texts */
    hx_buf text, other; /* in lower case */
    hx_status status; /* of the first text that failed */
    size_t failed; /* which one that is */
    hx_error err;
};
typedef struct hx_text_worker tokenising;
typedef hx_text_job job;

/* ------------------------------------------------------------------ tokens */
static hx_status lower_text(hx_buf *room, hx_str *text, hx_error *err) {
    hx_buf_reset(room);
    hx_text_lower(*text, room);
    *text = hx_buf_str(room);
    return hx_buf_status(room, "a text", err);
}

static hx_status encode(const job *j, tokenising *w, size_t i, hx_error *err) {
    const hx_tokenizer *t = j->c->model->tokenizer;
    hx_str text = j->texts[i], other = j->others ? j->others[i] : (hx_str){NULL, 0};
    bool cut;
    if (j->lower) HX_TRY(lower_text(&w->text, &text, err));
    if (j->lower && other.len > 0) HX_TRY(lower_text(&w->other, &other, err));
    return other.len > 0 ? hx_pair_encode(t, w->scratch, &j->frame, text, other,
                                          j->tokens.max_length, &w->ids, &cut, err)
                         : hx_tokenizer_encode(t, w->scratch, text, &j->tokens, &w->ids, err);
}

static void tokenise(void *context, size_t i, size_t worker) {
    job *j = context;
    tokenising *w = &j->workers[worker];
    if (w->status != HX_OK && w->failed < i) return;
    size_t before = w->ids.len;
    hx_error err = {.ui = w->err.ui};
    hx_status status = encode(j, w, i, &err);
    if (status != HX_OK) {
        w->status = status;
        w->failed = i;
        w->err = err;
        return;
    }
    j->ids[i] =
        (hx_text_ids){worker, before / sizeof(int32_t), (w->ids.len - before) / sizeof(int32_t)};
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
        hx_buf_init(&w->text, SIZE_MAX / 2);
        hx_buf_init(&w->other, SIZE_MAX / 2);
        w->err.ui = err ? err->ui : HX_UI_EN;
        w->scratch = hx_tokenizer_scratch_new(j->c->model->tokenizer);
        if (!w->scratch) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    }
    return HX_OK;
}

hx_status hx_texts_open(hx_text_job **out, hx_llama_context *c, hx_error *err) {
    job *j = calloc(1, sizeof *j);
    if (j) j->workers = calloc(hx_team_size(c->team), sizeof *j->workers);
    if (!j || !j->workers) {
        free(j);
        return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    }
    j->c = c;
    j->precision = c->model->options.precision;
    *out = j;
    return HX_OK;
}

void hx_texts_close(hx_text_job *j) {
    for (size_t i = 0; i < hx_team_size(j->c->team); i++) {
        hx_tokenizer_scratch_free(j->workers[i].scratch);
        hx_buf_release(&j->workers[i].ids);
        hx_buf_release(&j->workers[i].text);
        hx_buf_release(&j->workers[i].other);
    }
    free(j->workers);
    free(j);
}

/* ------------------------------------------------------------------ groups */
static size_t group_size(const job *j, const hx_str *texts, const hx_str *others, size_t n) {
    size_t bytes = 0, i = 0, most = j->want & HX_WANT_HIDDEN_ALL ? GROUP_BYTES_ALL : GROUP_BYTES;
    for (; i < n && i < GROUP_TEXTS; i++) {
        size_t len = texts[i].len + (others ? others[i].len : 0);
        if (i > 0 && bytes + len > most) break;
        bytes += len;
    }
    return i;
}

static hx_status run_group(job *j, size_t n, hx_error *err) {
    size_t n_workers = hx_team_size(j->c->team), n_pieces = 0;
    for (size_t i = 0; i < n_workers; i++)
        hx_buf_reset(&j->workers[i].ids);
    hx_team_run(j->c->team, n, tokenise, j);
    HX_TRY(first_failure(j, n_workers, err));
    for (size_t i = 0; i < n; i++) {
        const hx_text_ids *t = &j->ids[i];
        j->piece_of[i] = t->n ? n_pieces : SIZE_MAX;
        if (t->n)
            j->pieces[n_pieces++] = (hx_llama_piece){
                .ids = (const int32_t *)(const void *)j->workers[t->worker].ids.ptr + t->first,
                .n = t->n,
                .sequence = -1,
                .want = j->want,
                .bidirectional = j->bidirectional};
    }
    return hx_llama_run_tapped(j->c, j->pieces, n_pieces, j->precision, j->tap, err);
}

/* The group's texts near a border once more, exactly; `first` is the group's first text. */
static hx_status run_near(job *j, size_t n, size_t first, hx_error *err) {
    size_t n_near = 0;
    for (size_t i = 0; i < n; i++)
        if (j->piece_of[i] != SIZE_MAX && j->is_near(j->c, j->piece_of[i], j->to, first + i)) {
            j->pieces[n_near] = j->pieces[j->piece_of[i]];
            j->near[n_near++] = i;
        }
    if (n_near == 0) return HX_OK;
    HX_TRY(hx_llama_run_tapped(j->c, j->pieces, n_near, HX_PRECISION_EXACT, j->tap, err));
    for (size_t i = 0; i < n_near; i++)
        if (!j->take(j->c, i, j->to, first + j->near[i]))
            return hx_fail_finite(first + j->near[i], err);
    return HX_OK;
}

hx_status hx_texts_run(hx_text_job *j, const hx_str *texts, size_t n_texts, hx_error *err) {
    bool rereads = j->is_near && j->precision != HX_PRECISION_EXACT;
    HX_TRY(begin_workers(j, err));
    if (j->seconds)
        HX_TRY(hx_text_frame_of(j->c->model->tokenizer, j->workers[0].scratch, &j->frame, err));
    for (size_t i = 0, n; i < n_texts; i += n) {
        j->texts = texts + i;
        j->others = j->seconds ? j->seconds + i : NULL;
        n = group_size(j, j->texts, j->others, n_texts - i);
        HX_TRY(run_group(j, n, err));
        for (size_t k = 0; k < n; k++)
            if (!j->take(j->c, j->piece_of[k], j->to, i + k)) return hx_fail_finite(i + k, err);
        if (rereads) HX_TRY(run_near(j, n, i, err));
    }
    return HX_OK;
}

hx_status hx_texts_check(const hx_llama_context *c, hx_error *err) {
    if (c->model->tokenizer) return HX_OK;
    return hx_fail(err, HX_EUNSUPPORTED, "the model has no tokenizer and reads no texts");
}

hx_token_options hx_texts_options(const hx_llama *m, size_t max_length) {
    size_t most = m->config.n_positions;
    return (hx_token_options){.special = true,
                              .max_length = max_length && max_length < most ? max_length : most};
}

/* ------------------------------------------------------------------ lower case */
void hx_text_lower(hx_str text, hx_buf *out) {
    for (size_t at = 0; at < text.len;) {
        size_t from = at;
        uint32_t cp = hx_utf8_next(text, &at);
        unsigned char small[4];
        size_t n = 0;
        if (cp != HX_UTF8_BAD)
            n = (size_t)utf8proc_encode_char(utf8proc_tolower((utf8proc_int32_t)cp), small);
        bool fits = n == at - from;
        (void)hx_buf_append(out, fits ? (const char *)small : text.ptr + from, at - from);
    }
}
