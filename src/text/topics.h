/* topics.h - between the steps of topics: texts as vectors of terms, groups of texts, what is said of each.
 *
 *     topic_space.c    texts -> terms (words, pairs of words) -> unit vectors of tf-idf
 *     topic_cluster.c  spherical k-means, and how many groups there are
 *     topic_trend.c    periods, trends, terms that are new
 *     topics.c         names, quotes, and all of it together
 *
 * Everything lies in the caller's arena. Same texts, same options: same bytes. */
#ifndef HX_TEXT_TOPICS_H
#define HX_TEXT_TOPICS_H

#include "huaxiang/text.h"

#define HX_TOPIC_NONE UINT32_MAX

typedef struct {
    hx_str text; /* as it first stood in a clean text; a pair with a blank between Latin words */
    uint64_t key;
    uint32_t texts; /* that have it */
    bool pair, han;
    float idf;
} hx_topic_term;

/* Sparse rows of unit length; a text without a term that was kept has an empty row. */
typedef struct {
    hx_topic_term *terms;
    size_t n_terms;
    size_t n_texts;
    size_t *from; /* (n_texts + 1) */
    uint32_t *ids;
    float *values;
} hx_topic_space;

hx_status hx__topic_space(const hx_text_model *m, const hx_topics_options *o, hx_arena *arena,
                          hx_topic_space *out, hx_error *err) HX_MUST_USE;

/* topic_of (n_texts), HX_TOPIC_NONE where the row is empty; likeness (n_texts): cosine to the centre. k = 0: as many as fit; the largest first. */
hx_status hx__topic_cluster(const hx_topic_space *s, const hx_topics_options *o, hx_arena *arena,
                            size_t *k, uint32_t **topic_of, float **likeness,
                            hx_error *err) HX_MUST_USE;

/* Words that set topic c apart, the best first, at most `most` and none a piece of another; in the arena. counts (n_terms, k). */
size_t hx__topic_words(const hx_topic_space *s, const uint32_t *counts, size_t k, size_t c,
                       uint32_t *out, size_t most, hx_arena *scratch);

/* topic_trend.c: periods of the texts' times; nothing where no text has one. */
hx_status hx__topic_trends(const hx_topics_options *o, const uint32_t *topic_of, hx_arena *arena,
                           hx_topic *topics, hx_topics *out, hx_error *err) HX_MUST_USE;
hx_status hx__topic_alarm(const hx_topic_space *s, const hx_topics_options *o, hx_arena *arena,
                          hx_topics *out, hx_error *err) HX_MUST_USE;

#endif
