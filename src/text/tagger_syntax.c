/* tagger_syntax.c - sums of a head's log-probabilities and of what is learnt of the words around; see tagger_syntax.h.
 *
 * Arcs: the logits of one word's heads become log-probabilities, as the model's are, before they are added: both sides then say of each head how
 * likely it is among all of them. */
#include "text/tagger_syntax.h"

#include <math.h>

#include "base/error.h"
#include "text/arcs.h"
#include "text/relations.h"
#include "text/upos.h"

hx_syntax_joiner hx__syntax_joiner(const hx_beside *b, hx_syntax_kind kind, const hx_llama *llama,
                                   size_t head, bool chinese) {
    const hx_beside_mix *mix = hx__beside_mix(b, (hx_beside_task)(HX_BESIDE_SYNTAX + (int)kind),
                                              chinese ? HX_LANG_ZH : HX_LANG_EN);
    hx_syntax_joiner j = {.chinese = chinese, .n = 1};
    if (kind != HX_SYNTAX_ARCS) j.n = hx_llama_head_of(llama, head)->n_labels;
    if (!mix || !b->syntax || j.n > HX_SYNTAX_LABELS_MAX) return j;
    const hx_syntax_part *part = &b->syntax->part[kind][!chinese];
    if (!part->table.check) return j;
    for (uint32_t k = 0; kind != HX_SYNTAX_ARCS && k < j.n; k++)
        j.place[k] = hx__syntax_label(part, hx_llama_head_label(llama, head, k));
    j.part = part;
    j.mix = *mix;
    return j;
}

/* What the features say of each label of the head. */
static void say_labels(const hx_syntax_joiner *j, const uint64_t *features, size_t n, double *out) {
    double said[HX_SYNTAX_LABELS_MAX], least = 0;
    hx__syntax_logits(j->part, features, n, said);
    for (size_t k = 0; k < j->part->n; k++)
        least = fmin(least, said[k]);
    for (size_t k = 0; k < j->n; k++)
        out[k] = j->place[k] < j->part->n ? said[j->place[k]] : least;
}

uint32_t hx__join_upos(const hx_syntax_joiner *j, const hx_str *words, size_t n, size_t i,
                       const float *logs) {
    uint64_t features[HX_UPOS_FEATURES];
    double said[HX_SYNTAX_LABELS_MAX], best = -INFINITY;
    uint32_t label = 0;
    say_labels(j, features, hx__upos_features(words, n, i, j->chinese, features), said);
    for (uint32_t k = 0; k < j->n; k++) {
        double z = j->mix.llama * (double)logs[k] + j->mix.learn * said[k];
        if (z > best) label = k;
        best = fmax(best, z);
    }
    return label;
}

/* ------------------------------------------------------------------ trees */
static bool is_read(const hx_tree_joiner *j, const hx_syntax_joiner *part, size_t text, size_t n) {
    return part->part && n == j->n_words[text] && n <= HX_ARC_WORDS_MAX;
}

static void join_heads(const hx_syntax_joiner *j, const hx_arc_sentence *s, size_t word,
                       float *row) {
    uint64_t features[HX_ARC_FEATURES];
    double z[HX_ARC_WORDS_MAX + 1], most = -INFINITY, sum = 0;
    for (size_t h = 0; h <= s->n; h++) {
        z[h] = -INFINITY;
        if (h == word) continue;
        hx__syntax_logits(j->part, features, hx__arc_features(s, h, word, features), &z[h]);
        most = fmax(most, z[h]);
    }
    for (size_t h = 0; h <= s->n; h++)
        sum += h == word ? 0 : exp(z[h] - most);
    for (size_t h = 0; h <= s->n; h++)
        if (h != word)
            row[h] =
                (float)(j->mix.llama * (double)row[h] + j->mix.learn * (z[h] - most - log(sum)));
}

/* words: HX_ARC_WORDS_MAX of them at most */
static hx_status look(const hx_tree_joiner *j, size_t text, size_t n, hx_syntax_word *words,
                      hx_error *err) {
    const char *const *upos = j->upos(j->self, text);
    if (!upos) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    hx__syntax_words(j->words[text], upos, n, words);
    return HX_OK;
}

static hx_status join_arcs(void *self, size_t text, size_t n, float *scores, hx_error *err) {
    const hx_tree_joiner *j = self;
    hx_syntax_word words[HX_ARC_WORDS_MAX];
    hx_arc_sentence s;
    if (!is_read(j, &j->arcs, text, n)) return HX_OK;
    HX_TRY(look(j, text, n, words, err));
    hx__arc_sentence(&s, words, n);
    for (size_t i = 1; i <= n; i++)
        join_heads(&j->arcs, &s, i, scores + i * (n + 1));
    return HX_OK;
}

static hx_status join_relations(void *self, size_t text, const uint32_t *heads, size_t n,
                                float *logs, hx_error *err) {
    const hx_tree_joiner *j = self;
    const hx_syntax_joiner *r = &j->relations;
    hx_syntax_word words[HX_ARC_WORDS_MAX];
    uint64_t features[HX_RELATION_FEATURES];
    double said[HX_SYNTAX_LABELS_MAX];
    if (!is_read(j, r, text, n)) return HX_OK;
    HX_TRY(look(j, text, n, words, err));
    for (size_t i = 0; i < n; i++) {
        float *row = logs + i * r->n;
        say_labels(r, features, hx__relation_features(words, heads, n, i, features), said);
        for (size_t k = 0; k < r->n; k++)
            row[k] = (float)(r->mix.llama * (double)row[k] + r->mix.learn * said[k]);
    }
    return HX_OK;
}

hx_tree_beside hx__join_trees(hx_tree_joiner *j) {
    return (hx_tree_beside){j, join_arcs, join_relations};
}
