/* tag_spans.h - tags of words as spans: B-X I-X, or B M E S as in word segmentation. For src/model. */
#ifndef HX_MODEL_TAG_SPANS_H
#define HX_MODEL_TAG_SPANS_H

#include "learn/metrics.h"

typedef struct {
    const char *const *labels; /* (n_labels) */
    size_t n_labels;
    hx_labelled_span *out; /* room for a span a word */
    size_t n;
    bool open;
} hx_span_list;

/* Every label is O or has such a letter in front, and one of them begins a span. */
bool hx_tags_are_spans(const char *const *labels, size_t n);
/* Appends the spans of a text's n tags, read as conlleval does: I behind nothing of its kind begins one. A tag that is no label is O. A span's label
 * is the first one of its kind. */
void hx_spans_put(hx_span_list *s, uint32_t text, const uint32_t *tags, size_t n);
void hx_spans_close(hx_span_list *s, uint32_t end); /* the open one, if there is one */

#endif
