/* sentiment.c - the engine `rules`: a sum anybody can redo by hand.
 *
 *     logit = bias + sum over evidence e of weight(e)
 *     word:   weight = v x degree x clause x damp,   v = w                      where it is not negated
 *                                                    v = -negation x w + w_neg  where it is
 *     pair:   weight = w_pair x clause x damp        two mentions in a row (这么 + 差)
 *     damp    = sqrt(length / words) for texts of more words than `length`, else 1
 *     p(positive) = 1 / (1 + exp(-logit))
 *
 * w, w_neg, w_pair come from lexicons/sentiment.*.tsv and pairs.*.tsv (learned by regularised logistic regression whose prior
 * are hand-written polarities: tools/train/make_sentiment_lexicon.py), the other numbers from parameters.tsv.
 *
 * Each weight and the bias are rounded to 1/4096 before they are added. Sums of at most 2^24 such numbers below 2^16 are
 * exact in a double, so the evidence adds up to logit - bias exactly, in any order.
 *
 * The label is the sign of the logit; neutral without evidence or within a band around 0, which is wider where only words speak
 * that no hand has judged, where polar words pull both ways, or a middling one (so-so) stands: sentiment.h. Mixed where words of
 * a hand-written polarity speak up on both sides and neither wins by much. The score is p of the label, and 1 - |2p - 1| for
 * neutral and mixed. */
#include "text/sentiment.h"

#include <math.h>

#include "base/error.h"
#include "text/adapted.h"
#include "text/annotator.h"
#include "text/learned.h"
#include "text/memory.h"
#include "text/small_read.h"
#include "text/mention.h"

static const double unit = 4096;

const char *hx_engine_name(hx_engine e) {
    static const char *const names[] = {"auto", "rules", "learn", "llama"};
    return (unsigned)e < sizeof names / sizeof *names ? names[e] : "unknown";
}

const char *hx_sentiment_name(hx_sentiment_label l) {
    static const char *const names[HX_SENTIMENT_N] = {"none", "negative", "neutral", "positive",
                                                      "mixed"};
    return (unsigned)l < HX_SENTIMENT_N ? names[l] : "unknown";
}

static double rounded(double x) {
    return nearbyint(x * unit) / unit;
}

/* What a pair of mentions in a row adds, before damping. */
static double pair_weight(const hx_lexicon *l, const hx_mention *first, const hx_mention *second) {
    if (!second->follows || !first->lexeme || !second->lexeme) return 0;
    const hx_lexeme *pair = hx__lexicon_get(l, hx__lexeme_pair_key(first->key, second->key));
    return pair ? pair->weight / 100.0 * second->clause : 0;
}

/* Adds one piece of evidence where it weighs anything. */
static void add_evidence(hx_sentiment *s, hx_evidence *list, const hx_clean *clean, double weight,
                         uint32_t start, uint32_t end) {
    double w = rounded(weight);
    if (w == 0) return;
    list[s->n_evidence++] = (hx_evidence){hx__clean_span(clean, start, end), w};
    s->logit += w;
}

/* What the words of a hand-written polarity add to either side, and whether a middling one is there. */
typedef struct {
    double plus, minus;
    double good, bad; /* the same by clauses, each for one side by its sum */
    double clause; /* sum of the clause that is being read */
    bool middling;
    bool turned; /* an adversative stands in the text: it says which side counts */
    double damp;
} balance;

static void end_clause(balance *b) {
    if (b->clause > 0) b->good += b->clause;
    if (b->clause < 0) b->bad -= b->clause;
    b->clause = 0;
}

static void weigh(balance *b, const hx_mention *m, double weight) {
    unsigned roles = m->lexeme ? m->lexeme->roles : 0;
    b->turned = b->turned || m->clause != 1 || (roles & HX_ROLE_TURN) != 0;
    if (!m->follows || (roles & HX_ROLE_TURN)) end_clause(b);
    if (roles & HX_ROLE_MIDDLING) b->middling = true;
    if (!(roles & HX_ROLE_POLAR)) return;
    b->clause += weight;
    if (weight > 0) b->plus += weight;
    if (weight < 0) b->minus -= weight;
}

/* How far from 0 the logit must be for a label. */
static double band_of(const balance *b) {
    double band = HX_SENTIMENT_NEUTRAL_LOGIT;
    if (b->plus + b->minus == 0) return HX_SENTIMENT_NEUTRAL_UNSEEDED;
    if (b->middling) band = fmax(band, HX_SENTIMENT_NEUTRAL_MIDDLING * b->damp);
    if (fmin(b->plus, b->minus) > 0) band = fmax(band, HX_SENTIMENT_NEUTRAL_MIXED * b->damp);
    return band;
}

bool hx__sentiment_is_middling(const hx_mentions *mentions) {
    bool found = false;
    for (size_t i = 0; i < mentions->n; i++) {
        const hx_mention *m = &mentions->list[i];
        unsigned roles = m->lexeme ? m->lexeme->roles : 0;
        if (roles & HX_ROLE_POLAR) return false;
        if ((roles & HX_ROLE_MIDDLING) && !m->negated) found = true;
    }
    return found;
}

/* Clauses on both sides speak up, and neither of them wins by much. */
static bool is_mixed(const hx_sentiment *s, const balance *b) {
    double less = fmin(b->good, b->bad), more = fmax(b->good, b->bad);
    if (b->turned) return false;
    return less >= HX_SENTIMENT_MIXED_LOGIT * b->damp && less >= HX_SENTIMENT_MIXED_SHARE * more &&
           fabs(s->logit) <= HX_SENTIMENT_MIXED_MOST;
}

static void set_label(hx_sentiment *s, const balance *b) {
    double p = 1 / (1 + exp(-fabs(s->logit)));
    if (is_mixed(s, b)) {
        s->label = HX_SENTIMENT_MIXED;
        s->score = 2 - 2 * p;
    } else if (s->n_evidence == 0 || fabs(s->logit) < band_of(b)) {
        s->label = HX_SENTIMENT_NEUTRAL;
        s->score = 2 - 2 * p;
    } else {
        s->label = s->logit > 0 ? HX_SENTIMENT_POSITIVE : HX_SENTIMENT_NEGATIVE;
        s->score = p;
    }
}

hx_status hx__sentiment_part(hx_annotator *a, const hx_analysis *text, const hx_mentions *mentions,
                             const int8_t *signs, hx_arena *arena, hx_sentiment *out,
                             hx_error *err) {
    const hx_lexicon *l = a->model->lexicon;
    const hx_sentiment_parameters *p = hx__lexicon_parameters(l, text->lang);
    const hx_mention *m = mentions->list;
    size_t n = mentions->n;
    hx_evidence *list = hx_arena_alloc(arena, (2 * n + 1) * sizeof *list);
    if (!list)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for sentiment in a text of %zu words",
                       text->n_words);
    double damp = mentions->damp;
    hx_sentiment s = {.bias = rounded(p->bias), .evidence = list};
    s.logit = s.bias;
    balance b = {.damp = damp};
    for (size_t i = 0; i < n; i++) {
        double factor = signs ? damp * signs[i] : damp;
        if (i > 0 && (!signs || signs[i - 1] == signs[i]))
            add_evidence(&s, list, &text->clean, factor * pair_weight(l, &m[i - 1], &m[i]),
                         m[i - 1].start, m[i].end);
        double weight = factor * hx__mention_weight(&m[i], p);
        add_evidence(&s, list, &text->clean, weight, m[i].from, m[i].end);
        weigh(&b, &m[i], weight);
    }
    end_clause(&b);
    set_label(&s, &b);
    *out = s;
    return HX_OK;
}

hx_status hx__sentiment_score(hx_annotator *a, const hx_analysis *text, const hx_mentions *mentions,
                              hx_arena *arena, hx_sentiment *out, hx_error *err) {
    return hx__sentiment_part(a, text, mentions, NULL, arena, out, err);
}

hx_status hx__sentiment_move(hx_annotator *a, const hx_clean *clean, hx_arena *arena,
                             hx_sentiment *s, hx_error *err) {
    const hx_text_model *m = a->model;
    if (m->adapted) HX_TRY(hx__adapted_apply(a, m->adapted, clean, arena, s, err));
    return m->memory ? hx__memory_apply(a, m->memory, clean, arena, s, err) : HX_OK;
}

/* What the engine says, before any adaptation. */
static hx_status engine_sentiment(hx_annotator *a, hx_str text, hx_arena *arena, hx_sentiment *out,
                                  hx_error *err) {
    hx_analysis analysis;
    hx_mentions mentions;
    if (a->model->learned) return hx__learned_text(a, text, arena, out, err);
    HX_TRY(hx__text_analyse(a, text, &analysis, err));
    HX_TRY(hx__mentions_find(a, &analysis, &mentions, err));
    if (a->small) return hx__small_sentiment(a, text, &analysis, &mentions, arena, out, err);
    return hx__sentiment_score(a, &analysis, &mentions, arena, out, err);
}

hx_status hx_text_sentiment(hx_annotator *a, hx_str text, hx_arena *arena, hx_sentiment *out,
                            hx_error *err) {
    static const hx_clean_rules rules = {0};
    hx_clean clean;
    hx_arena_reset(a->scratch);
    HX_TRY(engine_sentiment(a, text, arena, out, err));
    if (a->small || (!a->model->adapted && !a->model->memory)) return HX_OK;
    HX_TRY(hx__clean(a, text, &rules, &clean, err));
    return hx__sentiment_move(a, &clean, arena, out, err);
}
