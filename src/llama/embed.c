/* embed.c - thousands of texts to one vector each.
 *
 *     texts -> runs of whole pieces (texts.c) -> the last token's row, or the mean of all -> length 1
 *
 * A text without tokens is zeros. What a vector is depends on its text alone. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "llama/texts.h"
#include "tensor/vector.h"

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
    HX_TRY(hx_texts_check(c, err));
    hx_text_job *j = NULL;
    HX_TRY(hx_texts_open(&j, c, err));
    j->tokens = hx_texts_options(c->model, o.max_length);
    j->want = o.pooling == HX_POOL_MEAN ? HX_WANT_HIDDEN_MEAN : HX_WANT_HIDDEN_LAST;
    j->bidirectional = o.bidirectional;
    embedding to = {out, o.normalize};
    j->take = take_embedding;
    j->to = &to;
    hx_status status = hx_texts_run(j, texts, n_texts, err);
    hx_texts_close(j);
    return status;
}
