/* correct_model.c - what correction stands on, opened: data, weights, words that stay, a language model.
 *
 * The weights are those of the engine: models/huaxiang-correct/rules.tsv or llama.tsv under the data folder, each fitted on pairs that the n-grams
 * never saw (tools/train/correct/fit). The threshold is the one asked for, else that of the false alarms asked for, else the usual one; always a
 * multiple of 1/1,000,000. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "text/correct.h"

#define THRESHOLD_UNITS 1e6 /* so that a receipt can say thresholds exactly */

static hx_status data_path(char *out, size_t size, const char *share_dir, const char *name,
                           hx_error *err) {
    int n = snprintf(out, size, "%s/models/%s", share_dir, name);
    if (n < 0 || (size_t)n >= size)
        return hx_fail(err, HX_EINVAL, "the path of the data folder is too long");
    return HX_OK;
}

static hx_status open_llama(hx_correct_model *m, const char *share_dir,
                            const hx_correct_options *options, hx_error *err) {
    char path[4096];
    const hx_llama_options how = {.n_threads = options->n_threads};
    if (options->engine == HX_ENGINE_RULES) return HX_OK;
    HX_TRY(data_path(path, sizeof path, share_dir, "huaxiang-small/model.gguf", err));
    const char *file = options->model ? options->model : path;
    if (options->engine == HX_ENGINE_AUTO && !options->model && !hx_file_exists(path)) return HX_OK;
    HX_TRY(hx_llama_open(&m->llama, file, &how, err));
    if (!hx_llama_describe(m->llama)->has_output)
        return hx_fail(err, HX_EUNSUPPORTED, "%s corrects nothing: it has no output matrix", file);
    return HX_OK;
}

static hx_status open_weights(hx_correct_model *m, const char *share_dir,
                              const hx_correct_options *options, hx_error *err) {
    char path[4096];
    HX_TRY(data_path(path, sizeof path, share_dir,
                     m->llama ? "huaxiang-correct/llama.tsv" : "huaxiang-correct/rules.tsv", err));
    HX_TRY(hx__fix_weights_open(&m->weights, path, err));
    memcpy(m->threshold, m->weights.usual, sizeof m->threshold);
    if (options->false_alarms > 0)
        hx__fix_thresholds(&m->weights, options->false_alarms, m->threshold);
    for (int k = 0; k < 2; k++) {
        if (options->thresholds[k] > 0) m->threshold[k] = options->thresholds[k];
        if (options->threshold > 0) m->threshold[k] = options->threshold;
        m->threshold[k] = round(m->threshold[k] * THRESHOLD_UNITS) / THRESHOLD_UNITS;
    }
    return HX_OK;
}

static hx_status open_all(hx_correct_model *m, const char *share_dir,
                          const hx_correct_options *options, hx_error *err) {
    if (options->engine == HX_ENGINE_LEARN)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "the engine learn corrects nothing; say rules or llama");
    if (options->threshold < 0 || options->threshold > 1 || options->false_alarms < 0 ||
        options->false_alarms > 1)
        return hx_fail(err, HX_EINVAL,
                       "a threshold and a rate of false alarms lie between 0 and 1");
    HX_TRY(hx__correct_data_open(&m->data, share_dir, err));
    hx__spell_costs_init(&m->costs);
    HX_TRY(open_llama(m, share_dir, options, err));
    HX_TRY(open_weights(m, share_dir, options, err));
    if (options->user_words)
        HX_TRY(hx__correct_phrases(options->user_words, &m->phrases, &m->lengths, err));
    if (options->protect)
        HX_TRY(hx__correct_phrases(options->protect, &m->phrases, &m->lengths, err));
    return HX_OK;
}

hx_status hx_correct_model_open(hx_correct_model **out, const char *share_dir,
                                const hx_text_model *words, const hx_correct_options *options,
                                hx_error *err) {
    static const hx_correct_options none = {.engine = HX_ENGINE_AUTO};
    hx_correct_model *m = calloc(1, sizeof *m);
    if (!m) return hx_fail(err, HX_ENOMEM, "out of memory");
    m->words = words;
    hx_map_init(&m->phrases);
    hx_status st = open_all(m, share_dir, options ? options : &none, err);
    if (st != HX_OK) {
        hx_correct_model_close(m);
        return st;
    }
    *out = m;
    return HX_OK;
}

void hx_correct_model_close(hx_correct_model *m) {
    if (!m) return;
    hx_llama_close(m->llama);
    hx__correct_data_close(&m->data);
    hx_map_release(&m->phrases);
    free(m);
}

hx_engine hx_correct_model_engine(const hx_correct_model *m) {
    return m->llama ? HX_ENGINE_LLAMA : HX_ENGINE_RULES;
}

double hx_correct_model_threshold(const hx_correct_model *m, hx_lang lang) {
    return m->threshold[lang == HX_LANG_EN];
}

uint64_t hx_correct_model_hash(const hx_correct_model *m) {
    hx_str weights = {(const char *)m->weights.weight, sizeof m->weights.weight};
    uint64_t hash = hx_hash_mix(m->data.file.checksum, hx_hash(weights));
    hash = hx_hash_mix(hash, hx_hash((hx_str){(const char *)m->threshold, sizeof m->threshold}));
    uint64_t words = 0, key, value;
    for (size_t i = 0; hx_map_next(&m->phrases, &i, &key, &value);)
        words += key;
    return hx_hash_mix(hash, words);
}
