/* cmd_table_embed.c - table embed: a column of texts as numbers of a language model, a column each: TEXT~1, TEXT~2, ...
 *
 *     distinct texts -> batches -> hx_llama_embed() -> n_embd columns beside the others        a row without text has no numbers
 *
 * With these columns any model of `learn fit` is a head on the language model, which itself stays as it is. Each distinct text is read once; a text's
 * numbers do not depend on the others'. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/llama.h"
#include "cli/progress.h"
#include "cli/table_io.h"

#define TEXTS_TOGETHER 64
#define NAME_BYTES 512
#define BLOCK 4096

typedef struct {
    hx_cli *c;
    hx_error err;
    hx_table *t;
    size_t column;
    hx_cli_llama llama;
    float *vectors; /* (values, n_embd) */
} job;

static bool failed(job *j, hx_status status) {
    if (status != HX_OK) hx_cli_error(j->c, &j->err);
    return status != HX_OK;
}

static bool no_memory(job *j) {
    return hx_cli_fail(j->c, "out of memory", "内存不足") == HX_EXIT_DONE;
}

/* A column without any value has no kind: no row has numbers then. */
static bool is_text(const job *j, size_t column) {
    return hx_table_column_at(j->t, column)->kind == HX_KIND_TEXT;
}

/* The column of --text, else the only one of texts. */
static bool find_column(job *j) {
    const char *name = j->c->options.text[HX_OPT_TEXT];
    size_t found = 0;
    if (name != NULL) {
        j->column = hx_table_find(j->t, hx_str_of(name));
        if (j->column == HX_COLUMN_NONE) {
            hx_cli_fail(j->c, "there is no column '%s'", "没有列“%s”", name);
            return false;
        }
        if (is_text(j, j->column) ||
            hx_table_column_at(j->t, j->column)->missing == hx_table_rows(j->t))
            return true;
        hx_cli_fail(j->c, "the column '%s' holds no texts", "列“%s”不是文本", name);
        return false;
    }
    for (size_t i = 0; i < hx_table_columns(j->t); i++) {
        if (!is_text(j, i)) continue;
        j->column = i;
        found++;
    }
    if (found == 1) return true;
    hx_cli_usage(j->c, "say which column holds the texts: --text COLUMN",
                 "请用 --text 列 指出文本所在的列");
    return false;
}

/* ------------------------------------------------------------------ vectors of the distinct texts */
static bool embed_values(job *j) {
    const hx_cli_values *v = &j->c->options;
    const hx_embed_options o = {.pooling = (hx_pooling)v->number[HX_OPT_POOLING],
                                .normalize = hx_cli_has(v, HX_OPT_NORMALIZE),
                                .bidirectional = hx_cli_has(v, HX_OPT_BIDIRECTIONAL),
                                .max_length = (size_t)v->number[HX_OPT_MAX_LENGTH]};
    const size_t n = is_text(j, j->column) ? hx_table_column_at(j->t, j->column)->n_values : 0;
    const size_t d = j->llama.info->n_embd;
    hx_progress_clock clock;
    j->vectors = calloc(n * d + 1, sizeof *j->vectors);
    if (j->vectors == NULL) return no_memory(j);
    hx_progress_begin(&clock, j->c, "embed");
    hx_status status = HX_OK;
    for (size_t at = 0; at < n && status == HX_OK; at += TEXTS_TOGETHER) {
        hx_str texts[TEXTS_TOGETHER];
        const size_t m = n - at < TEXTS_TOGETHER ? n - at : TEXTS_TOGETHER;
        for (size_t i = 0; i < m; i++)
            texts[i] = hx_table_value(j->t, j->column, (uint32_t)(at + i));
        status = hx_llama_embed(j->llama.context, texts, m, &o, j->vectors + at * d, &j->err);
        hx_progress_tick(&clock, at + m, n);
    }
    hx_progress_clear(j->c);
    return !failed(j, status);
}

/* ------------------------------------------------------------------ columns */
static void spread(const job *j, size_t k, size_t d, double *out) {
    const size_t rows = hx_table_rows(j->t);
    uint32_t codes[BLOCK];
    for (size_t at = 0; at < rows; at += BLOCK) {
        const size_t m = rows - at < BLOCK ? rows - at : BLOCK;
        const bool text = is_text(j, j->column);
        if (text) hx_table_codes(j->t, j->column, at, m, codes);
        for (size_t i = 0; i < m; i++)
            out[at + i] = !text || codes[i] == HX_CODE_MISSING
                              ? (double)NAN
                              : (double)j->vectors[codes[i] * d + k];
    }
}

static bool put_columns(job *j) {
    const size_t d = j->llama.info->n_embd;
    const hx_str text = hx_table_column_at(j->t, j->column)->name;
    double *x = calloc(hx_table_rows(j->t) + 1, sizeof *x);
    char name[NAME_BYTES];
    bool ok = x != NULL || no_memory(j);
    for (size_t k = 0; k < d && ok; k++) {
        (void)snprintf(name, sizeof name, "%.*s~%zu", (int)text.len, text.ptr, k + 1);
        spread(j, k, d, x);
        ok =
            !failed(j, hx_table_put_numbers(j->t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &j->err));
    }
    free(x);
    return ok;
}

int hx_cmd_table_embed(hx_cli *c) {
    job j = {.c = c, .err.ui = c->ui};
    const hx_context_options context = {.n_sequences = 1};
    hx_cli_catch_interrupts(c);
    const bool ok = hx_table_io_read(c, hx_table_io_input(c), NULL, &j.t) && find_column(&j) &&
                    hx_cli_llama_open(c, &j.llama, &context) && embed_values(&j) &&
                    put_columns(&j) && hx_table_io_write(c, j.t);
    free(j.vectors);
    hx_cli_llama_close(&j.llama);
    hx_table_free(j.t);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
