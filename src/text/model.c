/* model.c - opening and closing the text model: the two data files, the class of each code point, stop words, user words, lexicons.
 *
 * Invariant: a model that hx_text_model_open() returned is complete and is never written again, so any number of threads may read it; its
 * hash names all data that can change a result.
 *
 * Order matters in one place: user words are cleaned and scored by the model itself, so they come when everything else stands. */
#include "text/model.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "text/adapted.h"
#include "text/annotator.h"
#include "text/beside.h"
#include "text/charclass.h"
#include "text/corrected.h"
#include "text/emotion.h"
#include "text/learned.h"
#include "text/small.h"
#include "text/memory.h"
#include "text/stopwords.h"
#include "text/wordseg_data.h"

static hx_status add_user_words(hx_text_model *m, const hx_text_model_options *o, hx_error *err) {
    hx_annotator *a;
    if (!o || (!o->user_words && !o->memory)) return HX_OK;
    HX_TRY(hx_annotator_new(&a, m, err));
    hx_status status = hx__wordseg_add_user(m->wordseg, a, o->user_words, o->memory, err);
    hx_annotator_free(a);
    return status;
}

/* AUTO takes the language model where it is, else the rules. */
static hx_status open_small(hx_text_model *m, const char *share_dir,
                            const hx_text_model_options *options, hx_error *err) {
    hx_engine engine = options ? options->engine : HX_ENGINE_AUTO;
    const char *path = options ? options->model : NULL;
    bool wanted = engine == HX_ENGINE_LLAMA ||
                  (engine == HX_ENGINE_AUTO && (path || hx__small_is_there(share_dir)));
    if (!wanted) return HX_OK;
    HX_TRY(hx__small_open(&m->small, share_dir, options, err));
    return path ? HX_OK : hx__beside_open(&m->beside, share_dir, err);
}

/* Last of all: its words are the model's. */
static hx_status open_corrects(hx_text_model *m, const char *share_dir,
                               const hx_text_model_options *options, hx_error *err) {
    const hx_correct_options rules = {.engine = HX_ENGINE_RULES};
    if (options->correct == HX_CORRECT_OFF) return HX_OK;
    HX_TRY(hx_correct_model_open(&m->corrects, share_dir, m,
                                 options->correction ? options->correction : &rules, err));
    m->correct = options->correct;
    return HX_OK;
}

static hx_status open_parts(hx_text_model *m, const char *share_dir,
                            const hx_text_model_options *options, hx_error *err) {
    HX_TRY(hx__t2s_open(&m->t2s, share_dir, err));
    HX_TRY(hx__wordseg_open(&m->wordseg, share_dir, err));
    m->charclass = hx__charclass_new(m->t2s);
    if (!m->charclass) return hx_fail(err, HX_ENOMEM, "out of memory while opening a dictionary");
    HX_TRY(hx__stopwords_read(m, options ? options->stop_words : NULL, err));
    HX_TRY(hx__lexicon_open(&m->lexicon, share_dir, options ? options->aspects : NULL, err));
    HX_TRY(hx__emotions_open(&m->emotions, share_dir, err));
    if (options && options->engine == HX_ENGINE_LEARN)
        HX_TRY(hx__learned_open(&m->learned, share_dir, err));
    HX_TRY(open_small(m, share_dir, options, err));
    if (options && options->adapt) HX_TRY(hx__adapted_open(&m->adapted, m, options->adapt, err));
    HX_TRY(add_user_words(m, options, err));
    if (options && options->memory) HX_TRY(hx__memory_open(&m->memory, m, options->memory, err));
    return options ? open_corrects(m, share_dir, options, err) : HX_OK;
}

hx_status hx_text_model_open(hx_text_model **out, const char *share_dir,
                             const hx_text_model_options *options, hx_error *err) {
    hx_text_model *m = calloc(1, sizeof *m);
    if (!m) return hx_fail(err, HX_ENOMEM, "out of memory while opening a dictionary");
    hx_map_init(&m->stop_words);
    hx_status status = open_parts(m, share_dir, options, err);
    if (status != HX_OK) {
        hx_text_model_close(m);
        return status;
    }
    m->hash = hx_hash_mix(m->wordseg->file.checksum, m->t2s->file.checksum);
    m->hash = hx_hash_mix(m->hash, hx__lexicon_hash(m->lexicon));
    m->hash = hx_hash_mix(m->hash, hx_hash_mix(m->wordseg->user_hash, m->stop_hash));
    m->hash = hx_hash_mix(m->hash, m->emotions->hash);
    if (m->learned) m->hash = hx_hash_mix(m->hash, m->learned->file.checksum);
    if (m->small) m->hash = hx_hash_mix(m->hash, m->small->hash);
    if (m->beside) m->hash = hx_hash_mix(m->hash, m->beside->hash);
    if (m->adapted) m->hash = hx_hash_mix(m->hash, m->adapted->hash);
    if (m->memory && m->memory->n > 0) m->hash = hx_hash_mix(m->hash, m->memory->hash);
    *out = m;
    return HX_OK;
}

void hx_text_model_close(hx_text_model *m) {
    if (!m) return;
    hx_correct_model_close(m->corrects);
    hx__small_close(m->small);
    hx__beside_close(m->beside);
    hx__memory_close(m->memory);
    hx__emotions_close(m->emotions);
    hx__adapted_free(m->adapted);
    hx__learned_close(m->learned);
    hx__lexicon_close(m->lexicon);
    hx_map_release(&m->stop_words);
    hx__wordseg_close(m->wordseg);
    hx__charclass_free(m->charclass);
    hx__t2s_close(m->t2s);
    free(m);
}

hx_engine hx_text_model_engine(const hx_text_model *m) {
    return m->small ? HX_ENGINE_LLAMA : m->learned ? HX_ENGINE_LEARN : HX_ENGINE_RULES;
}

uint64_t hx_text_model_hash(const hx_text_model *m) {
    return m->hash;
}

hx_corrected hx_text_model_correction(const hx_text_model *m) {
    return hx__correction_of(m, m->correct);
}
