/* cmd_learn_words.c - learn words: vectors of words out of texts (word2vec, GloVe), and the text column of files for it.
 *
 *     files -> chunks of rows -> words of their texts -> corpus -> hx_word_vectors_fit -> --out, summary on standard output
 *
 * The loss of every epoch is said on standard error. --out is text where its name ends in .txt or .vec, else binary; both are word2vec's formats. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/table_io.h"

#define CHUNK_BYTES ((size_t)4 << 20)
#define SHARES 1000 /* steps of an epoch on the bar */

typedef struct {
    hx_cli *c;
    hx_error err;
    hx_text_model *model;
    hx_word_corpus *corpus;
    hx_word_vectors *vectors;
    hx_arena *arena; /* of a chunk */
    hx_progress_clock clock;
    uint64_t bad; /* rows that could not be read */
} job;

static bool failed(job *j, hx_status status) {
    if (status != HX_OK) hx_cli_error(j->c, &j->err);
    return status != HX_OK;
}

/* ------------------------------------------------------------------ texts */
static bool add_rows(job *j, const hx_rows *rows, size_t column) {
    hx_str *texts = hx_arena_alloc(j->arena, (rows->n_rows + 1) * sizeof *texts);
    size_t n = 0;
    if (texts == NULL) return hx_cli_fail(j->c, "out of memory", "内存不足") == HX_EXIT_DONE;
    for (size_t i = 0; i < rows->n_rows; i++) {
        j->bad += rows->rows[i].bad != NULL;
        if (rows->rows[i].bad == NULL && rows->rows[i].cells[column].len > 0)
            texts[n++] = rows->rows[i].cells[column];
    }
    return !failed(j, hx_word_corpus_add_texts(j->corpus, j->model, texts, n,
                                               hx_cli_has(&j->c->options, HX_OPT_NO_STOP),
                                               hx_table_io_threads(j->c), &j->err));
}

static bool read_chunks(job *j, hx_reader *r, size_t column) {
    hx_chunk *chunk = NULL;
    uint64_t done, total;
    bool ok = true;
    while (ok && !failed(j, hx_reader_next(r, &chunk, &j->err)) && chunk != NULL) {
        hx_rows rows;
        hx_arena_reset(j->arena);
        ok = !failed(j, hx_chunk_rows(r, chunk, j->arena, &rows, &j->err)) &&
             add_rows(j, &rows, column);
        hx_chunk_free(chunk);
        hx_reader_progress(r, &done, &total);
        if (j->c->talks) hx_progress_tick(&j->clock, done, total);
        if (ok && hx_flag_is_raised(&j->c->cancel))
            ok = hx_cli_fail(j->c, "the learning was stopped", "学习已停止") == HX_EXIT_DONE;
    }
    return ok && j->err.code == HX_OK;
}

static bool read_file(job *j, const char *path) {
    hx_reader *r = NULL;
    const hx_column *columns;
    hx_reader_options options;
    size_t column = 0;
    if (!hx_cli_reader_options(j->c, &options)) return false;
    options.chunk_bytes = CHUNK_BYTES;
    hx_progress_begin(&j->clock, j->c, path);
    if (failed(j, hx_reader_open(&r, path, &options, &j->err))) return false;
    const size_t n = hx_reader_columns(r, &columns);
    const bool ok =
        hx_cli_text_column(j->c, path, columns, n, &column) && read_chunks(j, r, column);
    hx_reader_close(r);
    hx_progress_clear(j->c);
    return ok;
}

static bool read_files(job *j) {
    bool ok = j->c->n_args > 0 || read_file(j, "-");
    for (int i = 0; i < j->c->n_args && ok; i++)
        ok = read_file(j, j->c->args[i]);
    if (ok && j->bad > 0)
        hx_cli_note(j->c, "rows that can't be read and were left out: %llu",
                    "有 %llu 行无法读取，已略过", (unsigned long long)j->bad);
    return ok;
}

/* ------------------------------------------------------------------ learning */
static void tell(void *context, const hx_word_progress *p) {
    job *j = context;
    const double done = (double)(p->epoch - 1) + p->share;
    if (isfinite(p->loss)) {
        hx_progress_clear(j->c);
        hx_cli_note(j->c, "epoch %zu of %zu: loss %.4f", "第 %zu 轮，共 %zu 轮：损失 %.4f",
                    p->epoch, p->n_epochs, p->loss);
    }
    if (j->c->talks && done < (double)p->n_epochs)
        hx_progress_tick(&j->clock, (uint64_t)(done * SHARES), p->n_epochs * SHARES);
}

static hx_word_options options_of(job *j) {
    const hx_cli_values *v = &j->c->options;
    hx_word_options o = {.method = (hx_word_method)v->number[HX_OPT_WORD_METHOD],
                         .dimension = (size_t)v->number[HX_OPT_DIMENSION],
                         .window = (size_t)v->number[HX_OPT_WORD_WINDOW],
                         .negative = (size_t)v->number[HX_OPT_NEGATIVE],
                         .min_count = (size_t)v->number[HX_OPT_MIN_COUNT],
                         .n_epochs = (size_t)v->real[HX_OPT_EPOCHS],
                         .rate = v->real[HX_OPT_LEARNING_RATE],
                         .sample = v->real[HX_OPT_SAMPLE],
                         .seed = (uint64_t)v->number[HX_OPT_SEED],
                         .n_threads = hx_table_io_threads(j->c),
                         .progress = tell,
                         .context = j,
                         .cancel = &j->c->cancel};
    if (hx_cli_has(v, HX_OPT_SAMPLE) && o.sample == 0) o.sample = -1;
    return o;
}

static bool learn(job *j) {
    const hx_word_options o = options_of(j);
    hx_progress_begin(&j->clock, j->c, hx_word_method_name(o.method));
    const hx_status status = hx_word_vectors_fit(&j->vectors, j->corpus, &o, &j->err);
    hx_progress_clear(j->c);
    return !failed(j, status);
}

static bool ends_in(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool save(job *j, const char *path) {
    const bool text = ends_in(path, ".txt") || ends_in(path, ".vec");
    return !failed(
        j, hx_word_vectors_save(j->vectors, path, text ? HX_WORD_TEXT : HX_WORD_BINARY, &j->err));
}

static bool show(job *j) {
    static const hx_record_column columns[] = {{"method", "method", "方法", HX_CELL_LEFT},
                                               {"words", "words", "词数", HX_CELL_RIGHT},
                                               {"dimension", "values", "维数", HX_CELL_RIGHT},
                                               {"known", "running words", "总词次", HX_CELL_RIGHT},
                                               {"loss", "loss", "损失", HX_CELL_RIGHT}};
    json_t *s = hx_output_parse(j->c, hx_word_vectors_summary(j->vectors));
    if (s == NULL) return false;
    const json_t *epochs = json_object_get(s, "epochs");
    json_t *loss = json_object_get(json_array_get(epochs, json_array_size(epochs) - 1), "loss");
    json_object_set(s, "loss", loss);
    json_t *records = json_pack("[O]", s);
    const bool ok = hx_output_records(j->c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    json_decref(s);
    return ok;
}

static bool run(job *j, const char *out) {
    j->arena = hx_arena_new(0);
    j->model = hx_cli_text_model(j->c);
    if (j->model == NULL || j->arena == NULL) return false;
    return !failed(j, hx_word_corpus_new(&j->corpus, &j->err)) && read_files(j) && learn(j) &&
           save(j, out) && show(j);
}

int hx_cmd_learn_words(hx_cli *c) {
    job j = {.c = c, .err.ui = c->ui};
    const char *out = c->options.text[HX_OPT_TARGET];
    if (out == NULL)
        return hx_cli_usage(c, "learn words needs --out FILE: vectors.bin, or vectors.txt as text",
                            "learn words 需要 --out 文件：vectors.bin，或文本格式的 vectors.txt");
    if (!hx_output_may_replace(c, out)) return HX_EXIT_FAILED;
    hx_cli_catch_interrupts(c);
    const bool ok = run(&j, out);
    hx_word_vectors_free(j.vectors);
    hx_word_corpus_free(j.corpus);
    hx_text_model_close(j.model);
    hx_arena_free(j.arena);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
