/* annotator.c - one thread's scratch memory, and the analysis that every engine starts from. */
#include "text/annotator.h"

#include <stdlib.h>

#include "base/error.h"
#include "text/clean_buf.h"
#include "text/wordseg.h"
#include "text/wordseg_scratch.h"

#define SCRATCH_CAP ((size_t)1 << 30) /* bytes */

hx_status hx_annotator_new(hx_annotator **out, const hx_text_model *m, hx_error *err) {
    hx_annotator *a = calloc(1, sizeof *a);
    if (!a) return hx_fail(err, HX_ENOMEM, "out of memory while making an annotator");
    a->model = m;
    for (int i = 0; i < 3; i++)
        hx__clean_buf_init(&a->clean[i]);
    a->wordseg = hx__wordseg_scratch_new();
    a->scratch = hx_arena_new(SCRATCH_CAP);
    if (!a->wordseg || !a->scratch) {
        hx_annotator_free(a);
        return hx_fail(err, HX_ENOMEM, "out of memory while making an annotator");
    }
    *out = a;
    return HX_OK;
}

void hx_annotator_free(hx_annotator *a) {
    if (!a) return;
    for (int i = 0; i < 3; i++)
        hx__clean_buf_release(&a->clean[i]);
    hx__wordseg_scratch_free(a->wordseg);
    hx_arena_free(a->scratch);
    free(a);
}

hx_status hx__text_analyse(hx_annotator *a, hx_str text, hx_analysis *out, hx_error *err) {
    static const hx_clean_rules rules = {0};
    hx_analysis analysis = {0};
    HX_TRY(hx__clean(a, text, &rules, &analysis.clean, err));
    HX_TRY(hx__wordseg_cut(a, &analysis.clean, &analysis.words, &analysis.n_words, err));
    analysis.lang = hx_text_lang(analysis.clean.text);
    *out = analysis;
    return HX_OK;
}
