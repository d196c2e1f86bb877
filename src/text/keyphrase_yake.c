/* keyphrase_yake.c - YAKE (Campos and others 2020): keyphrases by statistics of the text alone, without a list of other texts.
 *
 *     case(t)       max(upper, capitals) / (1 + log count)
 *     position(t)   log log (3 + mean sentence of t)             the paper: the median
 *     spread(t)     sentences with t / all
 *     relation(t)   1 + (distinct / all left + distinct / all right neighbours) x count / most
 *     S(t)          relation x position / (case + frequency / relation + spread / relation),  frequency = count / (mean + deviation)
 *     S(phrase)     product of S(t) / (count x (1 + sum of S(t)))
 *
 * Low is important; the score is 1 / (1 + S). A phrase of numbers alone at either end has twice the S. */
#include <math.h>
#include <stdlib.h>

#include "text/keyphrase.h"

static void frequencies(const hx_keyphrases *p, double *mean, double *deviation) {
    double sum = 0, squares = 0, n = 0;
    for (size_t i = 0; i < p->n_units; i++) {
        if (p->units[i].kind != HX_UNIT_CONTENT) continue;
        double count = p->terms[p->units[i].term]
                           .count; /* each term as often as it stands: divided out again */
        sum += 1;
        squares += count;
        n += 1 / count;
    }
    *mean = n > 0 ? sum / n : 1;
    *deviation = n > 0 ? sqrt(fmax(squares / n - *mean * *mean, 0)) : 0;
}

static double ratio(uint32_t part, uint32_t all) {
    return all > 0 ? (double)part / all : 0;
}

static void weigh_terms(hx_keyphrases *p) {
    double mean, deviation;
    frequencies(p, &mean, &deviation);
    for (size_t i = 0; i < p->n_terms; i++) {
        hx_term *t = &p->terms[i];
        double count = t->count;
        double letters = (t->upper > t->capitals ? t->upper : t->capitals) / (1 + log(count));
        double position = log(log(3 + t->sentence_sum / count));
        double relation = 1 + (ratio(t->left, t->n_left) + ratio(t->right, t->n_right)) * count /
                                  (p->most > 0 ? p->most : 1);
        double spread = (double)t->sentences / p->n_sentences;
        t->weight = relation * position /
                    (letters + count / (mean + deviation) / relation + spread / relation);
    }
}

typedef struct {
    double score;
    uint32_t at;
} ranked;

static int by_score(const void *x, const void *y) {
    const ranked *a = x, *b = y;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

bool hx__keyphrases_yake(hx_keyphrases *p, hx_arena *scratch) {
    ranked *order = hx_arena_alloc(scratch, (p->n + 1) * sizeof *order);
    if (!order) return false;
    weigh_terms(p);
    for (size_t i = 0; i < p->n; i++) {
        hx_keyphrase *k = &p->list[i];
        double product = 1, sum = 0;
        for (uint32_t w = 0; w < k->n; w++) {
            double s = p->terms[p->units[k->first + w].term].weight;
            product *= s;
            sum += s;
        }
        double s = product / (k->count * (1 + sum));
        const hx_unit *first = &p->units[k->first], *last = first + k->n - 1;
        if (first->kind == HX_UNIT_NUMBER || last->kind == HX_UNIT_NUMBER) s *= 2;
        k->score = 1 / (1 + s);
        order[i] = (ranked){k->score, (uint32_t)i};
    }
    qsort(order, p->n, sizeof *order, by_score);
    for (size_t i = 0; i < p->n; i++)
        p->list[order[i].at].rank = (uint32_t)i;
    return true;
}
