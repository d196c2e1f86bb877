/* annotator.c - one thread's scratch memory, and the analysis that every engine starts from. */
#include "text/annotator.h"

#include <stdlib.h>

#include "base/error.h"
#include "text/clean_buf.h"
#include "text/corrected.h"
#include "text/small_read.h"
#include "text/wordseg.h"
#include "text/wordseg_scratch.h"

#define FOUND_CAP ((size_t)1 << 30) /* bytes */
#define SCRATCH_CAP ((size_t)1 << 30) /* bytes */

hx_status hx_annotator_new(hx_annotator **out, const hx_text_model *m, hx_error *err) {
    hx_annotator *a = calloc(1, sizeof *a);
    if (!a) return hx_fail(err, HX_ENOMEM, "out of memory while making an annotator");
    a->model = m;
    hx_buf_init(&a->found, FOUND_CAP);
    for (int i = 0; i < 3; i++)
        hx__clean_buf_init(&a->clean[i]);
    a->wordseg = hx__wordseg_scratch_new();
    a->scratch = hx_arena_new(SCRATCH_CAP);
    if (!a->wordseg || !a->scratch) {
        hx_annotator_free(a);
        return hx_fail(err, HX_ENOMEM, "out of memory while making an annotator");
    }
    a->correct = m->correct;
    hx_status status = m->small ? hx__small_reader_new(&a->small, m->small, err) : HX_OK;
    if (status == HX_OK && m->corrects)
        status = hx__correcting_new(&a->correcting, m->corrects, err);
    if (status != HX_OK) {
        hx_annotator_free(a);
        return status;
    }
    *out = a;
    return HX_OK;
}

void hx_annotator_free(hx_annotator *a) {
    if (!a) return;
    for (int i = 0; i < 3; i++)
        hx__clean_buf_release(&a->clean[i]);
    hx__small_reader_free(a->small);
    hx__correcting_free(a->correcting);
    hx__wordseg_scratch_free(a->wordseg);
    hx_arena_free(a->scratch);
    hx_buf_release(&a->found);
    free(a);
}

void hx_annotator_correct(hx_annotator *a, hx_correct_mode mode) {
    a->correct = a->correcting ? mode : HX_CORRECT_OFF;
}

void hx_annotator_feel(hx_annotator *a, bool feels) {
    a->feels = feels;
}

hx_status hx__text_analyse(hx_annotator *a, hx_str text, hx_analysis *out, hx_error *err) {
    static const hx_clean_rules rules = {0};
    hx_analysis analysis = {0};
    a->has_found = false;
    HX_TRY(hx__clean(a, text, &rules, &analysis.clean, err));
    HX_TRY(hx__wordseg_cut(a, &analysis.clean, &analysis.words, &analysis.n_words, err));
    analysis.lang = hx_text_lang(analysis.clean.text);
    *out = analysis;
    return HX_OK;
}

hx_status hx__found_of(hx_annotator *a, const hx_analysis *text, hx_phrase_kind kind,
                       hx_found_walk *out, hx_error *err) {
    const hx_lexicon *l = a->model->lexicon;
    if (!a->has_found) {
        hx_phrase_walk walk = hx__phrase_walk_of(&l->phrases, text->clean.text);
        hx_phrase_hit hit;
        hx_buf_reset(&a->found);
        while (hx__phrase_walk_next(&walk, &hit)) {
            hx_found found = {(uint32_t)hit.start, (uint32_t)hit.end, hit.value};
            hx_buf_append(&a->found, &found, sizeof found);
        }
        HX_TRY(hx_buf_status(&a->found, "the phrases of a text", err));
        a->has_found = true;
    }
    *out = (hx_found_walk){.list = (const hx_found *)(const void *)a->found.ptr,
                           .n = a->found.len / sizeof(hx_found),
                           .uses = (const hx_phrase_use *)(const void *)l->uses.ptr,
                           .kind = kind};
    return HX_OK;
}

bool hx__found_next(hx_found_walk *w, hx_phrase_hit *hit) {
    while (w->at < w->n) {
        const hx_found *f = &w->list[w->at++];
        uint32_t value = w->uses[f->use].value[w->kind];
        if (value == 0) continue;
        *hit = (hx_phrase_hit){f->start, f->end, value - 1};
        return true;
    }
    return false;
}
