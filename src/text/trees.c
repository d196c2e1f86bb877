/* trees.c - figures of words and trees by a treebank; see huaxiang/text.h.
 *
 * Documents and paragraphs of the treebank are parted by empty lines in the raw text, as in its own text files; nothing else of it is known to
 * the model. */
#include "huaxiang/text.h"

#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "text/tagger.h"

#define TREEBANK_MAX ((size_t)1 << 30) /* bytes */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static hx_status read_text(const hx_text_model *m, hx_str text, hx_words_standard standard,
                           hx_arena *arena, hx_conllu_sentence **said, size_t *n, double *seconds,
                           hx_error *err) {
    hx_tagger *t;
    hx_tagged_text out;
    HX_TRY(hx_tagger_open(&t, m, standard, err));
    double began = now();
    hx_status st = hx_tagger_read(t, &text, 1, arena, &out, err);
    *seconds = now() - began;
    hx_tagger_close(t);
    return st == HX_OK ? hx__tagged_conllu(text, &out, arena, said, n, err) : st;
}

static hx_status measure_bank(const hx_text_model *m, const char *path, hx_str bank,
                              hx_words_standard standard, hx_arena *arena, hx_tree_figures *out,
                              hx_error *err) {
    hx_conllu_sentence *gold, *said;
    hx_conllu_scores s;
    hx_str text;
    size_t n, n_said;
    HX_TRY(hx_conllu_read(bank, arena, &gold, &n, err));
    if (n == 0) return hx_fail(err, HX_EINVAL, "%s has no sentence in CoNLL-U", path);
    HX_TRY(hx_conllu_text(gold, n, arena, &text, err));
    HX_TRY(read_text(m, text, standard, arena, &said, &n_said, &out->seconds, err));
    HX_TRY(hx_conllu_score(gold, n, said, n_said, &s, err));
    out->sentences = n;
    out->words = s.words.gold;
    out->sentences_f1 = hx_conllu_f1(s.sentences);
    out->words_f1 = hx_conllu_f1(s.words);
    out->upos_f1 = hx_conllu_f1(s.upos);
    out->uas_f1 = hx_conllu_f1(s.uas);
    out->las_f1 = hx_conllu_f1(s.las);
    return HX_OK;
}

hx_status hx_trees_evaluate(const hx_text_model *m, const char *path, hx_words_standard standard,
                            hx_tree_figures *out, hx_error *err) {
    hx_buf bytes;
    *out = (hx_tree_figures){.sentences = 0};
    hx_buf_init(&bytes, TREEBANK_MAX);
    hx_arena *arena = hx_arena_new(0);
    hx_status st = arena ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    if (st == HX_OK) st = hx_file_read(path, &bytes, err);
    if (st == HX_OK) st = measure_bank(m, path, hx_buf_str(&bytes), standard, arena, out, err);
    hx_arena_free(arena);
    hx_buf_release(&bytes);
    return st;
}
