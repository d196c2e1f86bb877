/* correction.c - how the texts of a store are corrected before they are read: remembered, and compared by each later import.
 *
 * The store keeps one line, meta "correct": mode, engine and both thresholds in 1/1,000,000, as "apply rules 930000 824900". A store whose
 * texts were never corrected has none, so it is the same as before there was correction. An import without texts changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "pipeline/run.h"

#define META "correct"
#define LINE_MAX 96
#define UNITS 1e6

static hx_str next_word(hx_str *line) {
    size_t n = 0;
    while (n < line->len && line->ptr[n] != ' ')
        n++;
    hx_str word = {line->ptr, n};
    n += n < line->len;
    *line = (hx_str){line->ptr + n, line->len - n};
    return word;
}

static bool parse_line(hx_str line, hx_corrected *out) {
    if (!hx_correct_mode_parse(next_word(&line), &out->mode)) return false;
    hx_str engine = next_word(&line);
    for (int e = HX_ENGINE_RULES; e <= HX_ENGINE_LLAMA; e++)
        if (hx_str_equal(engine, hx_str_of(hx_engine_name((hx_engine)e))))
            out->engine = (hx_engine)e;
    for (int k = 0; k < 2; k++) {
        out->threshold[k] = hx_double_of(next_word(&line)) / UNITS;
        if (!(out->threshold[k] >= 0 && out->threshold[k] <= 1)) return false;
    }
    return true;
}

static void write_line(const hx_corrected *c, char out[LINE_MAX]) {
    snprintf(out, LINE_MAX, "%s %s %.0f %.0f", hx_correct_mode_name(c->mode),
             hx_engine_name(c->engine), c->threshold[0] * UNITS, c->threshold[1] * UNITS);
}

static hx_status read_line(hx_store *store, hx_corrected *out, bool *kept, hx_error *err) {
    hx_str line = {NULL, 0};
    *out = (hx_corrected){.mode = HX_CORRECT_OFF};
    hx_arena *arena = hx_arena_new(1u << 16);
    hx_status status = arena ? hx_store_get_meta(store, META, arena, &line, err)
                             : hx_fail(err, HX_ENOMEM, "out of memory");
    *kept = status == HX_OK && line.ptr && line.len > 0;
    if (*kept && !parse_line(line, out)) {
        *out = (hx_corrected){.mode = HX_CORRECT_OFF};
        *kept = false;
    }
    hx_arena_free(arena);
    return status;
}

hx_status hx_import_correction(hx_store *store, hx_corrected *out, hx_error *err) {
    bool kept;
    return read_line(store, out, &kept, err);
}

static void notice_other(const hx_run *run, const hx_corrected *was, const hx_corrected *is) {
    char sentence[HX_MESSAGE_MAX];
    bool thresholds = was->mode == is->mode;
    const char *path = hx_store_path(run->store);
    if (thresholds)
        snprintf(sentence, sizeof sentence,
                 run->ui == HX_UI_ZH
                     ? "%s：此前的文本以另外的引擎或阈值纠错，这些文本从概率 %.4g（英文 %.4g）起"
                     : "%s: its texts so far were corrected by another engine or from other "
                       "probabilities on; these are from %.4g (English %.4g) on",
                 path, is->threshold[0], is->threshold[1]);
    else
        snprintf(sentence, sizeof sentence,
                 run->ui == HX_UI_ZH
                     ? "%s：此前的文本按 --correct %s 读取，这些按 --correct %s；两种文本不宜相比"
                     : "%s: its texts so far were read with --correct %s, these with --correct %s; "
                       "the two are not comparable",
                 path, hx_correct_mode_name(was->mode), hx_correct_mode_name(is->mode));
    hx_run_notice(run, sentence);
}

static bool same(const hx_corrected *a, const hx_corrected *b) {
    char x[LINE_MAX], y[LINE_MAX];
    write_line(a, x);
    write_line(b, y);
    return a->mode == b->mode && (a->mode == HX_CORRECT_OFF || strcmp(x, y) == 0);
}

hx_status hx_run_settle_correction(hx_run *run, hx_error *err) {
    hx_corrected was, is;
    char line[LINE_MAX];
    bool kept;
    uint64_t events = 0;
    if (!run->options->text_model) return HX_OK;
    is = hx_text_model_correction(run->options->text_model);
    HX_TRY(read_line(run->store, &was, &kept, err));
    if (same(&was, &is)) return HX_OK;
    HX_TRY(hx_store_count_profiles(run->store, &events, err));
    if (kept || events > 0) notice_other(run, &was, &is);
    write_line(&is, line);
    return hx_store_set_meta(run->store, META, hx_str_of(line), err);
}
