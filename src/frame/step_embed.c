/* step_embed.c - the step "embed": a column of texts as vectors of a language model, a column each: TEXT~1, TEXT~2, ...
 *
 *     {"step":"embed","column":"comment","model":"smollm2-135m","pooling":"mean"}
 *
 * This module knows no language models: the caller's run brings what reads texts (hx_text_embedder of huaxiang/frame.h). Nothing is learnt from the
 * rows; what is kept is the vector of a fixed text, so that another model under the same name is refused (a cosine below COSINE_LEAST)
 * where rounding on another machine is not. Each value of the column's dictionary is read once. A row without text has no numbers. The column itself
 * stays, but with "remove". */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "frame/step_fit.h"

#define WIDTH_MAX 65536
#define LENGTH_MAX (1 << 20)
#define COSINE_LEAST 0.98
#define NUMBER_BYTES 24

typedef struct {
    hx_str column, prefix;
    hx_text_embedding how;
    bool remove;
    size_t width;
    double *probe; /* (width) the vector of PROBE */
} embedding;

static const char *const poolings[] = {"last", "mean", NULL};
static const hx_str probe_text = {"huaxiang 12345", 14};

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    embedding *s = state;
    int pooling = 0;
    int64_t length = 0;
    (void)arena;
    HX_TRY(hx_step_text(spec, "column", NULL, &s->column, err));
    HX_TRY(hx_step_text(spec, "prefix", NULL, &s->prefix, err));
    HX_TRY(hx_step_text(spec, "model", NULL, &s->how.model, err));
    HX_TRY(hx_step_choice(spec, "pooling", poolings, 1, &pooling, err));
    HX_TRY(hx_step_count(spec, "max_length", 0, 0, LENGTH_MAX, &length, err));
    HX_TRY(hx_step_flag(spec, "normalize", false, &s->how.normalize, err));
    HX_TRY(hx_step_flag(spec, "bidirectional", false, &s->how.bidirectional, err));
    HX_TRY(hx_step_flag(spec, "remove", false, &s->remove, err));
    s->how.mean = pooling == 1;
    s->how.max_length = (size_t)length;
    if (s->column.len == 0) return hx_fail(err, HX_EINVAL, "'column' is missing");
    return s->how.model.len > 0 ? HX_OK : hx_fail(err, HX_EINVAL, "'model' is missing");
}

/* ------------------------------------------------------------------ the caller's language model */
static hx_status read_texts(const embedding *s, const hx_step_run *run, const hx_str *texts,
                            size_t n, hx_arena *room, float **out, size_t *width, hx_error *err) {
    const hx_text_embedder *e = run->run.embedder;
    *out = NULL;
    if (e == NULL)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "the step 'embed' reads texts by the language model %.*s, which this call "
                       "does not have",
                       HX_STR_ARG(s->how.model));
    HX_TRY(e->embed(e->context, &s->how, texts, n, room, out, width, err));
    if (*width > 0 && *width <= WIDTH_MAX && *out != NULL) return HX_OK;
    return hx_fail(err, HX_ELIMIT, "vectors of %zu values are too wide for columns; at most %d",
                   *width, WIDTH_MAX);
}

static hx_status fit(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                     hx_error *err) {
    embedding *s = state;
    size_t column, width = 0;
    float *v;
    HX_TRY(hx_step_column(t, s->column, &column, err));
    HX_TRY(read_texts(s, run, &probe_text, 1, arena, &v, &width, err));
    HX_TRY(hx_step_array(arena, width + 1, sizeof *s->probe, &s->probe, err));
    for (size_t j = 0; j < width; j++)
        s->probe[j] = (double)v[j];
    s->width = width;
    hx_step_say(run, "%zu columns from '%.*s' by %.*s", "%zu 列，来自“%.*s”，模型 %.*s", width,
                HX_STR_ARG(s->column), HX_STR_ARG(s->how.model));
    return HX_OK;
}

static hx_status same_model(const embedding *s, const float *v, size_t width, hx_error *err) {
    double product = 0, own = 0, its = 0;
    for (size_t j = 0; j < width && width == s->width; j++) {
        product += (double)v[j] * s->probe[j];
        own += s->probe[j] * s->probe[j];
        its += (double)v[j] * (double)v[j];
    }
    if (width == s->width && product >= COSINE_LEAST * sqrt(own * its)) return HX_OK;
    return hx_fail(err, HX_EFORMAT,
                   "%.*s is another language model than the one this was fitted with",
                   HX_STR_ARG(s->how.model));
}

/* ------------------------------------------------------------------ apply */
static hx_status put_vectors(const embedding *s, hx_table *t, const uint32_t *codes,
                             const float *vectors, hx_arena *room, hx_error *err) {
    const size_t n = hx_table_rows(t);
    double *x = NULL;
    hx_buf name;
    hx_status st = HX_OK;
    HX_TRY(hx_step_array(room, n + 1, sizeof *x, &x, err));
    hx_buf_init(&name, 1u << 16);
    for (size_t k = 0; k < s->width && st == HX_OK; k++) {
        for (size_t i = 0; i < n; i++)
            x[i] = codes == NULL || codes[i] == HX_CODE_MISSING
                       ? (double)NAN
                       : (double)vectors[codes[i] * s->width + k];
        hx_buf_reset(&name);
        hx_buf_append_str(&name, s->prefix.len > 0 ? s->prefix : s->column);
        hx_buf_printf(&name, "~%zu", k + 1);
        st = hx_buf_status(&name, "the name of a feature", err);
        if (st == HX_OK) st = hx_step_add_numbers(t, hx_buf_str(&name), HX_KIND_NUMBER, x, -1, err);
    }
    hx_buf_release(&name);
    return st;
}

/* The fixed text goes first, the dictionary behind it. */
static hx_status apply_in(const embedding *s, hx_table *t, size_t column, hx_arena *room,
                          const hx_step_run *run, hx_error *err) {
    const bool texts = hx_table_column_at(t, column)->kind == HX_KIND_TEXT;
    const size_t n = texts ? hx_table_column_at(t, column)->n_values : 0;
    hx_str *values = NULL;
    uint32_t *codes = NULL;
    float *v;
    size_t width = 0;
    if (!texts && hx_table_column_at(t, column)->missing < hx_table_rows(t))
        return hx_fail(err, HX_EINVAL, "the column '%.*s' holds no texts", HX_STR_ARG(s->column));
    HX_TRY(hx_step_array(room, n + 1, sizeof *values, &values, err));
    values[0] = probe_text;
    for (size_t k = 0; k < n; k++)
        values[k + 1] = hx_table_value(t, column, (uint32_t)k);
    if (texts) HX_TRY(hx_step_codes(t, column, room, &codes, err));
    HX_TRY(read_texts(s, run, values, n + 1, room, &v, &width, err));
    HX_TRY(same_model(s, v, width, err));
    return put_vectors(s, t, codes, v + width, room, err);
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    const embedding *s = state;
    size_t column = 0;
    hx_arena *room = hx_step_room();
    hx_status st = room != NULL ? hx_step_column(t, s->column, &column, err)
                                : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = apply_in(s, t, column, room, run, err);
    if (st == HX_OK && s->remove) hx_table_remove(t, column);
    hx_arena_free(room);
    return st;
}

/* ------------------------------------------------------------------ file */
static void write(const void *state, hx_json_writer *w) {
    const embedding *s = state;
    hx_json_object(w);
    hx_step_write_reals(w, "probe", s->probe, s->width);
    hx_json_end_object(w);
}

static hx_status read(void *state, const json_t *fitted, hx_arena *arena, hx_error *err) {
    embedding *s = state;
    HX_TRY(hx_step_read_reals(fitted, "probe", arena, &s->probe, &s->width, err));
    return s->width > 0 && s->width <= WIDTH_MAX ? HX_OK : hx_step_damaged("probe", err);
}

static const char *const keys[] = {"column",    "prefix",        "model",  "pooling", "max_length",
                                   "normalize", "bidirectional", "remove", NULL};

const hx_step_kind hx_step_embed = {.name = "embed",
                                    .keys = keys,
                                    .size = sizeof(embedding),
                                    .parse = parse,
                                    .fit = fit,
                                    .apply = apply,
                                    .write = write,
                                    .read = read};
