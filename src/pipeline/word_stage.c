/* word_stage.c - texts into a corpus of words: split by several threads, counted by one in the order of the texts.
 *
 *     texts -> [ words of a run of texts -> arena of the run ] x threads -> corpus
 *
 * So the corpus is the same with any number of threads. A word is what src/text takes for one, in its cleaned form; it counts where there is a letter, a
 * digit or a symbol such as an emoji in it: punctuation does not.
 */
#include <stdlib.h>
#include <utf8proc.h>

#include "base/error.h"
#include "base/pool.h"
#include "base/utf8.h"
#include "huaxiang/pipeline.h"

#define TEXTS_A_RUN 64
#define RUNS_AT_ONCE 256
#define RUN_BYTES_MAX ((size_t)4 << 30)

typedef struct {
    hx_arena *arena; /* owned; of what follows */
    hx_str *words[TEXTS_A_RUN];
    size_t n_words[TEXTS_A_RUN];
} text_run;

typedef struct {
    const hx_text_model *model;
    const hx_str *texts;
    size_t n, first; /* the runs begin with this text */
    bool no_stop;
    size_t n_workers;
    hx_annotator **annotators; /* (n_workers); owned */
    text_run *runs; /* (RUNS_AT_ONCE); owned */
} splitting;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the words of the texts");
}

static bool says_something(hx_str word) {
    for (size_t at = 0; at < word.len;) {
        const uint32_t cp = hx_utf8_next(word, &at);
        if (cp == HX_UTF8_BAD) continue;
        const utf8proc_category_t is = utf8proc_category((utf8proc_int32_t)cp);
        if (is >= UTF8PROC_CATEGORY_LU && is <= UTF8PROC_CATEGORY_NO) return true;
        if (is == UTF8PROC_CATEGORY_SO) return true;
    }
    return false;
}

static hx_status split_text(const splitting *s, hx_annotator *a, hx_str text, text_run *r,
                            size_t place, hx_error *err) {
    const hx_word *words;
    size_t n, kept = 0;
    HX_TRY(hx_text_words(a, text, r->arena, &words, &n, err));
    hx_str *list = hx_arena_alloc(r->arena, (n + 1) * sizeof *list);
    if (list == NULL) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        if (!(s->no_stop && words[i].stop) && says_something(words[i].text))
            list[kept++] = words[i].text;
    r->words[place] = list;
    r->n_words[place] = kept;
    return HX_OK;
}

static hx_status split_run(void *context, size_t run, size_t worker, hx_error *err) {
    splitting *s = context;
    text_run *r = &s->runs[run];
    const size_t first = s->first + run * TEXTS_A_RUN;
    if (s->annotators[worker] == NULL)
        HX_TRY(hx_annotator_new(&s->annotators[worker], s->model, err));
    if (r->arena == NULL) r->arena = hx_arena_new(RUN_BYTES_MAX);
    if (r->arena == NULL) return no_memory(err);
    hx_arena_reset(r->arena);
    for (size_t i = 0; i < TEXTS_A_RUN && first + i < s->n; i++)
        HX_TRY(split_text(s, s->annotators[worker], s->texts[first + i], r, i, err));
    return HX_OK;
}

static hx_status add_runs(const splitting *s, size_t n_runs, hx_word_corpus *c, hx_error *err) {
    for (size_t k = 0; k < n_runs; k++)
        for (size_t i = 0; i < TEXTS_A_RUN && s->first + k * TEXTS_A_RUN + i < s->n; i++)
            HX_TRY(hx_word_corpus_add(c, s->runs[k].words[i], s->runs[k].n_words[i], err));
    return HX_OK;
}

static hx_status split_all(splitting *s, hx_word_corpus *c, hx_error *err) {
    if (s->annotators == NULL || s->runs == NULL) return no_memory(err);
    for (s->first = 0; s->first < s->n; s->first += RUNS_AT_ONCE * TEXTS_A_RUN) {
        const size_t left = (s->n - s->first + TEXTS_A_RUN - 1) / TEXTS_A_RUN;
        const size_t n_runs = left < RUNS_AT_ONCE ? left : RUNS_AT_ONCE;
        HX_TRY(hx_pool_run(s->n_workers, n_runs, split_run, s, err));
        HX_TRY(add_runs(s, n_runs, c, err));
    }
    return HX_OK;
}

hx_status hx_word_corpus_add_texts(hx_word_corpus *c, const hx_text_model *m, const hx_str *texts,
                                   size_t n, bool no_stop, size_t n_threads, hx_error *err) {
    splitting s = {.model = m, .texts = texts, .n = n, .no_stop = no_stop};
    s.n_workers = n_threads > 0 ? n_threads : hx_processors();
    s.annotators = calloc(s.n_workers, sizeof(hx_annotator *));
    s.runs = calloc(RUNS_AT_ONCE, sizeof *s.runs);
    const hx_status status = split_all(&s, c, err);
    for (size_t w = 0; s.annotators != NULL && w < s.n_workers; w++)
        hx_annotator_free(s.annotators[w]);
    for (size_t k = 0; s.runs != NULL && k < RUNS_AT_ONCE; k++)
        hx_arena_free(s.runs[k].arena);
    free(s.annotators);
    free(s.runs);
    return status;
}
