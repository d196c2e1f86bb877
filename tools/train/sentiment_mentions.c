/* sentiment_mentions.c - what the rules engine sees of a text, for tools/train/make_sentiment_lexicon.py.
 *
 * usage: sentiment_mentions SHARE_DIR zh|en <texts >mentions     one text a line
 *
 * One line of output a text: the number of words, then for each mention TAB word US negated US factor US clause US follows
 * (US = 0x1f; factor = degree x clause). So the trainer learns over exactly the words, scopes and factors of run time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "text/annotator.h"
#include "text/mention.h"

static int print_text(hx_annotator *a, hx_str text, hx_lang lang, hx_error *err) {
    hx_analysis analysis;
    hx_mention *m;
    size_t n, n_words;
    hx_arena_reset(a->scratch);
    if (hx__text_analyse(a, text, &analysis, err) != HX_OK) return 1;
    analysis.lang = lang;
    if (hx__mentions_find(a, &analysis, &m, &n, &n_words, err) != HX_OK) return 1;
    printf("%zu", n_words);
    for (size_t i = 0; i < n; i++)
        printf("\t%.*s\x1f%d\x1f%g\x1f%g\x1f%d", (int)(m[i].end - m[i].start),
               analysis.clean.text.ptr + m[i].start, m[i].negated, m[i].degree * m[i].clause,
               m[i].clause, m[i].follows);
    putchar('\n');
    return 0;
}

static int print_all(hx_annotator *a, hx_lang lang, hx_error *err) {
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    int failed = 0;
    while (!failed && (len = getline(&line, &room, stdin)) >= 0)
        failed = print_text(a, (hx_str){line, (size_t)len}, lang, err);
    free(line);
    return failed;
}

int main(int argc, char **argv) {
    hx_error err = {0};
    hx_text_model *model;
    hx_annotator *a;
    if (argc != 3) {
        fputs("usage: sentiment_mentions SHARE_DIR zh|en <texts\n", stderr);
        return 2;
    }
    int failed = hx_text_model_open(&model, argv[1], NULL, &err) != HX_OK;
    if (!failed) {
        failed = hx_annotator_new(&a, model, &err) != HX_OK;
        if (!failed) {
            failed = print_all(a, strcmp(argv[2], "en") == 0 ? HX_LANG_EN : HX_LANG_ZH, &err);
            hx_annotator_free(a);
        }
        hx_text_model_close(model);
    }
    if (failed) fprintf(stderr, "sentiment_mentions: %s\n", err.message);
    return failed;
}
