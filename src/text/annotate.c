/* annotate.c - all there is to say about a text, from one cleaning and one word cut, and one pass of the language model where that is the engine.
 *
 * Whatever the engine doesn't say the rules do. With a language model all heads read the text first (hx__small_of() for all that is asked), and what
 * they said is taken from there task by task.
 * With correction (corrected.h) a text is corrected first; where that is applied the corrected text is what all of this reads, and its spans are put
 * back into the text as given.
 * The result lives in the caller's arena; nothing of it points into the annotator. */
#include "base/error.h"
#include "base/hash.h"
#include "text/annotator.h"
#include "text/aspect.h"
#include "text/beside.h"
#include "text/corrected.h"
#include "text/emotion.h"
#include "text/intent.h"
#include "text/keyword.h"
#include "text/learned.h"
#include "text/noise.h"
#include "text/sentiment.h"
#include "text/small_read.h"

enum { KEYWORDS_TOP = 10 };

const char *hx_lang_name(hx_lang l) {
    static const char *const names[HX_LANG_N] = {"unknown", "zh", "en", "mixed", "other"};
    return (unsigned)l < HX_LANG_N ? names[l] : "unknown";
}

/* What the language model's heads are asked of that: key phrases are the ranker's where it stands beside the model. */
static unsigned asks_heads(const hx_annotator *a, unsigned asks) {
    const hx_beside *b = a->model->beside;
    return b && b->learned->phrases.weight ? asks & ~(unsigned)HX_ASKS_KEYWORDS : asks;
}

hx_status hx__small_sentiment(hx_annotator *a, hx_str given, const hx_analysis *text,
                              const hx_mentions *mentions, hx_arena *arena, hx_sentiment *out,
                              hx_error *err) {
    const hx_small_said *said;
    hx_sentiment rules;
    HX_TRY(hx__small_of(a->small, given, HX_ASKS_SENTIMENT, &said, err));
    HX_TRY(hx__sentiment_score(a, text, mentions, arena, &rules, err));
    *out = rules;
    if (said->mood && text->n_words > 0) {
        hx__small_mood(a->model->small, said, out);
        HX_TRY(hx__beside_mood(a, text, &rules, arena, out, err));
        hx__small_mood_label(text, &rules, hx__sentiment_is_middling(mentions), out);
    }
    return hx__sentiment_move(a, &text->clean, arena, out, err);
}

/* By the model's engine. */
static hx_status mood_of(hx_annotator *a, hx_str given, const hx_analysis *text,
                         const hx_mentions *mentions, hx_arena *arena, hx_sentiment *out,
                         hx_error *err) {
    const hx_text_model *m = a->model;
    if (a->small) return hx__small_sentiment(a, given, text, mentions, arena, out, err);
    HX_TRY(m->learned ? hx__learned_sentiment(a, &text->clean, text->lang, arena, out, err)
                      : hx__sentiment_score(a, text, mentions, arena, out, err));
    return hx__sentiment_move(a, &text->clean, arena, out, err);
}

static hx_status wish_of(hx_annotator *a, hx_str given, const hx_analysis *text,
                         const hx_sentiment *mood, hx_arena *arena, hx_intent *out, hx_error *err) {
    const hx_learned *l = a->model->learned;
    if (hx__small_has(a->model->small, HX_SMALL_INTENT) && text->n_words > 0) {
        const hx_small_said *said;
        HX_TRY(hx__small_of(a->small, given, HX_ASKS_INTENT, &said, err));
        hx__small_wish(a->model->small, said, out);
        return HX_OK;
    }
    return l && l->intents.table.check ? hx__learned_intent(a, &text->clean, mood, arena, out, err)
                                       : hx__intent_score(a, text, mood, arena, out, err);
}

/* Whether intents are taken from the language model alone, without the mood. */
static bool wishes_by_small(const hx_annotator *a) {
    return hx__small_has(a->model->small, HX_SMALL_INTENT);
}

hx_status hx_text_intent(hx_annotator *a, hx_str text, hx_arena *arena, hx_intent *out,
                         hx_error *err) {
    hx_analysis analysis;
    hx_mentions mentions;
    hx_sentiment mood = {.label = HX_SENTIMENT_NONE};
    hx_arena_reset(a->scratch);
    HX_TRY(hx__text_analyse(a, text, &analysis, err));
    if (!wishes_by_small(a) || analysis.n_words == 0) {
        HX_TRY(hx__mentions_find(a, &analysis, &mentions, err));
        HX_TRY(mood_of(a, text, &analysis, &mentions, a->scratch, &mood, err));
    }
    return wish_of(a, text, &analysis, &mood, arena, out, err);
}

static hx_status aspects_of(hx_annotator *a, hx_str given, const hx_analysis *text,
                            const hx_mentions *mentions, hx_arena *arena, const hx_aspect **out,
                            size_t *n, hx_error *err) {
    HX_TRY(hx__aspects_find(a, text, mentions, arena, out, n, err));
    return a->small ? hx__small_aspects(a, given, text, mentions, arena, out, n, err) : HX_OK;
}

hx_status hx_text_aspects(hx_annotator *a, hx_str text, hx_arena *arena, const hx_aspect **out,
                          size_t *n, hx_error *err) {
    hx_analysis analysis;
    hx_mentions mentions;
    hx_arena_reset(a->scratch);
    HX_TRY(hx__text_analyse(a, text, &analysis, err));
    HX_TRY(hx__mentions_find(a, &analysis, &mentions, err));
    return aspects_of(a, text, &analysis, &mentions, arena, out, n, err);
}

/* The mood that emotions by rules start from is the rules'. */
static hx_status emotion_by_rules(hx_annotator *a, const hx_analysis *text,
                                  const hx_mentions *mentions, hx_arena *arena, hx_emotion *out,
                                  hx_error *err) {
    hx_sentiment mood;
    HX_TRY(hx__sentiment_score(a, text, mentions, a->scratch, &mood, err));
    return hx__emotion_find(a, text, mentions, &mood, arena, out, err);
}

static hx_status emotion_by_small(hx_annotator *a, hx_str given, const hx_analysis *text,
                                  hx_arena *arena, hx_emotion *out, hx_error *err) {
    const hx_small_said *said;
    HX_TRY(hx__small_of(a->small, given, HX_ASKS_EMOTION, &said, err));
    hx__small_feeling(a->model->small, said, out);
    return hx__beside_feeling(a, text, arena, out, err);
}

/* The engine learn knows the emotions of Chinese texts alone. */
static bool learned_feels(const hx_annotator *a, const hx_analysis *text) {
    return a->model->learned && a->model->learned->emotions.table.check &&
           text->lang != HX_LANG_EN && text->lang != HX_LANG_OTHER;
}

/* What the rules find speaks for the model's label too, where it is theirs. */
static hx_status feeling_of(hx_annotator *a, hx_str given, const hx_analysis *text,
                            const hx_mentions *mentions, hx_arena *arena, hx_emotion *out,
                            hx_error *err) {
    hx_emotion rules;
    if (learned_feels(a, text))
        return hx__learned_emotion(a, &text->clean, text->lang, arena, out, err);
    HX_TRY(emotion_by_rules(a, text, mentions, arena, &rules, err));
    *out = rules;
    if (!hx__small_feels(a->model->small, text)) return HX_OK;
    HX_TRY(emotion_by_small(a, given, text, arena, out, err));
    if (out->n_evidence > 0 || out->label != rules.label) return HX_OK;
    out->evidence = rules.evidence;
    out->n_evidence = rules.n_evidence;
    return HX_OK;
}

hx_status hx_text_emotion(hx_annotator *a, hx_str text, hx_arena *arena, hx_emotion *out,
                          hx_error *err) {
    hx_analysis analysis;
    hx_mentions mentions;
    hx_arena_reset(a->scratch);
    HX_TRY(hx__text_analyse(a, text, &analysis, err));
    HX_TRY(hx__mentions_find(a, &analysis, &mentions, err));
    return feeling_of(a, text, &analysis, &mentions, arena, out, err);
}

/* What only a language model says besides, and which it is. */
static hx_status add_small(hx_annotator *a, hx_str given, const hx_analysis *text,
                           const hx_mentions *mentions, hx_arena *arena, hx_annotation *r,
                           hx_error *err) {
    const hx_small *s = a->model->small;
    r->weights = hx_str_of(s->sha256);
    if (r->weights.len > 0) r->kernels = hx_str_of(hx_llama_describe(s->llama)->kernels);
    HX_TRY(hx__small_feels(s, text) ? emotion_by_small(a, given, text, arena, &r->emotion, err)
                                    : emotion_by_rules(a, text, mentions, arena, &r->emotion, err));
    return hx__small_keywords_find(a, given, text, KEYWORDS_TOP, arena, &r->keywords,
                                   &r->n_keywords, err);
}

/* Of the text as it is given to it. */
static hx_status annotate_as_read(hx_annotator *a, hx_str text, hx_arena *arena, hx_annotation *out,
                                  hx_error *err) {
    hx_analysis analysis;
    hx_mentions mentions;
    const hx_small_said *said;
    hx_annotation r = {.engine = hx_text_model_engine(a->model),
                       .model = hx_text_model_hash(a->model)};
    hx_arena_reset(a->scratch);
    HX_TRY(hx__text_analyse(a, text, &analysis, err));
    r.lang = analysis.lang;
    r.similarity = hx__simhash(analysis.clean.text);
    HX_TRY(hx__noise_find(a, text, &analysis, &r.noise, err));
    HX_TRY(hx__mentions_find(a, &analysis, &mentions, err));
    if (a->small && analysis.n_words > 0)
        HX_TRY(hx__small_of(a->small, text, asks_heads(a, HX_ASKS_ALL), &said, err));
    HX_TRY(mood_of(a, text, &analysis, &mentions, arena, &r.sentiment, err));
    HX_TRY(aspects_of(a, text, &analysis, &mentions, arena, &r.aspects, &r.n_aspects, err));
    HX_TRY(wish_of(a, text, &analysis, &r.sentiment, arena, &r.intent, err));
    HX_TRY(a->small ? add_small(a, text, &analysis, &mentions, arena, &r, err)
                    : hx__keywords_find(a, &analysis, HX_KEYWORDS_TFIDF, KEYWORDS_TOP, arena,
                                        &r.keywords, &r.n_keywords, err));
    if (a->feels && !a->small)
        HX_TRY(feeling_of(a, text, &analysis, &mentions, arena, &r.emotion, err));
    *out = r;
    return HX_OK;
}

hx_status hx_text_annotate(hx_annotator *a, hx_str text, hx_arena *arena, hx_annotation *out,
                           hx_error *err) {
    const hx_correction *c = NULL;
    bool applied = a->correct == HX_CORRECT_APPLY;
    if (a->correct == HX_CORRECT_OFF || text.len > HX_TEXT_MAX)
        return annotate_as_read(a, text, arena, out, err);
    HX_TRY(hx__correcting_of(a->correcting, text, &c, err));
    HX_TRY(annotate_as_read(a, applied ? c->text : text, arena, out, err));
    out->corrected = hx__correction_of(a->model, a->correct);
    HX_TRY(hx__correction_keep(c, arena, &out->corrected, err));
    if (!applied) return HX_OK;
    out->model = hx_hash_mix(out->model, out->corrected.hash);
    return hx__original_annotation(c, text, arena, out, err);
}

/* Corrected ones, where that is what will be read; in the annotator's scratch. */
static hx_status read_corrected(hx_annotator *a, const hx_str **texts, size_t n, hx_error *err) {
    if (a->correct == HX_CORRECT_OFF) return HX_OK;
    HX_TRY(hx__correcting_read(a->correcting, *texts, n, err));
    if (a->correct != HX_CORRECT_APPLY || !a->small) return HX_OK;
    hx_arena_reset(a->scratch);
    hx_str *list = hx_arena_alloc(a->scratch, (n + 1) * sizeof *list);
    if (!list) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const hx_correction *c = hx__correcting_kept(a->correcting, (*texts)[i]);
        list[i] = c ? c->text : (*texts)[i];
    }
    *texts = list;
    return HX_OK;
}

/* Intents of a model that has no head for them are the rules', which begin with the mood. */
hx_status hx_text_ahead(hx_annotator *a, const hx_str *texts, size_t n, unsigned asks,
                        hx_error *err) {
    if (asks == HX_ASKS_ALL) HX_TRY(read_corrected(a, &texts, n, err));
    if (!a->small) return HX_OK;
    if ((asks & HX_ASKS_INTENT) && !wishes_by_small(a)) asks |= HX_ASKS_SENTIMENT;
    asks = asks_heads(a, asks);
    return asks ? hx__small_read(a->small, texts, n, asks, err) : HX_OK;
}

hx_status hx_text_annotate_many(hx_annotator *a, const hx_str *texts, size_t n, hx_arena *arena,
                                hx_annotation *out, hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (i % HX_TEXT_AHEAD == 0) {
            size_t some = n - i < HX_TEXT_AHEAD ? n - i : HX_TEXT_AHEAD;
            HX_TRY(hx_text_ahead(a, texts + i, some, HX_ASKS_ALL, err));
        }
        HX_TRY(hx_text_annotate(a, texts[i], arena, &out[i], err));
    }
    return HX_OK;
}
