/* sections.h - puts sections into a model of the engine `learn`, in place of those of the same name; the others stay as they are.
 *
 * Each trainer (fit.c, fit_intent.c, fit_phrase.c) makes its own sections, so the model is made in steps and a step can be repeated alone. */
#ifndef HX_TRAIN_LEARN_SECTIONS_H
#define HX_TRAIN_LEARN_SECTIONS_H

#include <stdio.h>
#include <string.h>

#include "text/learned.h"

static inline int put_sections(const char *path, const hx_datafile_part *made, size_t n) {
    static const char *const names[] = {"grams.check",    "grams.weight",  "grams.scale",
                                        "intent.check",   "intent.weight", "intent.scale",
                                        "phrase.scale",   "phrase.words",  "emotion.check",
                                        "emotion.weight", "emotion.scale", "words.ud.c",
                                        "words.ud.w",     "words.ud.k",    "words.ud.s",
                                        "words.pku.c",    "words.pku.w",   "words.pku.k",
                                        "words.pku.s",    "words.sxu.c",   "words.sxu.w",
                                        "words.sxu.k",    "words.sxu.s"};
    hx_datafile_part parts[32];
    size_t count = 0;
    hx_datafile file = {0};
    hx_error err = {0}, unsaid = {0};
    if (hx__datafile_open(&file, path, HX_LEARNED_KIND, &err) != HX_OK) {
        fprintf(stderr, "fit: %s\n", err.message);
        return 1;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        hx_str bytes = {NULL, 0};
        bool has = hx__datafile_section(&file, names[i], 1, &bytes, &unsaid) == HX_OK;
        for (size_t k = 0; k < n; k++)
            if (strcmp(made[k].name, names[i]) == 0) {
                bytes = made[k].bytes;
                has = true;
            }
        if (has) parts[count++] = (hx_datafile_part){names[i], bytes};
    }
    const bool done = hx__datafile_write(path, HX_LEARNED_KIND, parts, count, &err) == HX_OK;
    if (!done) fprintf(stderr, "fit: %s\n", err.message);
    hx__datafile_close(&file);
    return !done;
}

#endif
