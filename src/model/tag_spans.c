/* tag_spans.c - spans out of tags; see tag_spans.h.
 *
 *     B-X I-X E-X   B_X ...   B M E S      a letter of BIMESLU, then - or _ and the kind, or nothing
 *
 * B, S and U begin a span; so does any other where none of its kind is open; E, L, S and U end it; O is outside. */
#include "model/tag_spans.h"

#include <string.h>

/* "B-PER" -> 'B', "PER"; "S" -> 'S', "". 0 where it is no such tag. */
static char split_tag(const char *tag, const char **kind) {
    bool letter = tag[0] != '\0' && strchr("BIMESLUO", tag[0]) != NULL;
    bool ends = letter && (tag[1] == '\0' || tag[1] == '-' || tag[1] == '_');
    *kind = ends && tag[1] ? tag + 2 : "";
    return ends ? tag[0] : '\0';
}

bool hx_tags_are_spans(const char *const *labels, size_t n) {
    const char *kind;
    bool begins = false;
    for (size_t i = 0; i < n; i++) {
        char c = split_tag(labels[i], &kind);
        if (c == '\0') return false;
        begins = begins || c == 'B';
    }
    return begins;
}

void hx_spans_close(hx_span_list *s, uint32_t end) {
    if (s->open) s->out[s->n++].end = end;
    s->open = false;
}

/* The first label of the same kind stands for it. */
static uint32_t kind_of(const hx_span_list *s, const char *kind) {
    const char *other;
    for (uint32_t i = 0; i < s->n_labels; i++)
        if (split_tag(s->labels[i], &other) != 'O' && strcmp(other, kind) == 0) return i;
    return 0;
}

void hx_spans_put(hx_span_list *s, uint32_t text, const uint32_t *tags, size_t n) {
    const char *kind, *last = "";
    for (uint32_t i = 0; i < n; i++) {
        char c = tags[i] < s->n_labels ? split_tag(s->labels[tags[i]], &kind) : 'O';
        if (c == 'O' || c == '\0') {
            hx_spans_close(s, i);
            continue;
        }
        bool begins = c == 'B' || c == 'S' || c == 'U' || !s->open || strcmp(kind, last) != 0;
        if (begins) {
            hx_spans_close(s, i);
            s->out[s->n] = (hx_labelled_span){.text = text, .start = i, .label = kind_of(s, kind)};
            s->open = true;
        }
        last = kind;
        if (c == 'E' || c == 'S' || c == 'L' || c == 'U') hx_spans_close(s, i + 1);
    }
    hx_spans_close(s, (uint32_t)n);
}
