/* clean.h - cleaning with an exact map back to the original bytes; see clean.c for the rules. */
#ifndef HX_TEXT_CLEAN_H
#define HX_TEXT_CLEAN_H

#include "huaxiang/text.h"

/* A cleaned text. text.ptr[i] comes from original bytes [starts[i], ends[i]); both ascend. The bytes of a character that was copied
 * map one to one; all bytes of a character that was changed map to the whole of what it came from. What was dropped (tags, URLs, ...)
 * lies between ends[i] and starts[i + 1]. Borrowed from the annotator until its next hx__clean(). */
typedef struct {
    hx_str text;
    const uint32_t *starts;
    const uint32_t *ends;
} hx_clean;

typedef struct {
    bool keep_traditional;
    bool keep_case;
    bool keep_urls; /* URLs and @mentions stay */
    bool keep_repeats; /* !!!! stays: when cutting into words each mark is one */
} hx_clean_rules;

/* Refuses more than HX_TEXT_MAX bytes. `text` must not lie in the annotator's own memory. */
hx_status hx__clean(hx_annotator *a, hx_str text, const hx_clean_rules *rules, hx_clean *out,
                    hx_error *err) HX_MUST_USE;

/* The original bytes of clean bytes [start, end), start < end <= text.len. */
hx_span hx__clean_span(const hx_clean *c, size_t start, size_t end);

#endif
