/* fuzz_conllu.c - CoNLL-U of any bytes: refused, or read, written and read again as the same; measured against itself all of it is right. The same bytes
 * as English text: words lie in the text, in order, and do not overlap. */
#include "fuzz.h"

#include <stdlib.h>

#include "text/conllu.h"

static void check_sentences(hx_str text, hx_arena *arena) {
    hx_conllu_sentence *s = NULL, *again = NULL;
    hx_conllu_scores scores;
    hx_str once, twice;
    size_t n = 0, n_again = 0;
    if (hx_conllu_read(text, arena, &s, &n, NULL) != HX_OK ||
        hx_conllu_write(s, n, arena, &once, NULL) != HX_OK)
        return;
    if (hx_conllu_read(once, arena, &again, &n_again, NULL) != HX_OK || n_again != n) abort();
    if (hx_conllu_write(again, n, arena, &twice, NULL) != HX_OK || !hx_str_equal(once, twice))
        abort();
    if (hx_conllu_score(s, n, again, n, &scores, NULL) == HX_OK &&
        (scores.words.right != scores.words.gold || scores.upos.right != scores.words.gold))
        abort();
}

static void check_words(hx_str text, hx_arena *arena) {
    hx_english_word *w = NULL;
    size_t n = 0, at = 0;
    if (hx_english_words(text, arena, &w, &n, NULL) != HX_OK) return;
    for (size_t i = 0; i < n; i++) {
        if (w[i].span.start < at || w[i].span.end <= w[i].span.start || w[i].span.end > text.len)
            abort();
        at = w[i].span.end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hx_arena *arena = hx_arena_new(256u << 20);
    const hx_str text = {(const char *)data, size};
    check_sentences(text, arena);
    check_words(text, arena);
    hx_arena_free(arena);
    return 0;
}
