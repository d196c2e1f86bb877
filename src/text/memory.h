/* memory.h - single corrections of the sentiment: what a person said of a text, taken at its word for equal and nearly equal texts, and as a small
 * adaptation (adapted.h) for texts like it. The same journal has corrections of words (taught_words.h).
 *
 * The journal is JSON Lines, written behind its end alone:
 *
 *     {"id":1,"text":"物流绝了","label":"negative","engine":"learn","at":"2026-11-22T21:40:05Z"}
 *     {"undo":1,"at":"2026-11-22T21:52:40Z"}
 *     {"id":2,"text":"我爱云南白药牙膏","words":["我","爱","云南白药牙膏"],"learned":[["云南白药牙膏"]],"engine":"rules","at":"..."}
 *
 * What holds is what the lines say from top to bottom, so taking a correction back gives exactly the answers that were before it. */
#ifndef HX_TEXT_MEMORY_H
#define HX_TEXT_MEMORY_H

#include "text/adapted.h"

#define HX_MEMORY_BYTES_MAX ((size_t)64 << 20)
#define HX_MEMORY_ENTRIES_MAX 20000u

typedef struct {
    uint64_t key; /* of its words, without marks */
    uint64_t similarity; /* SimHash */
    hx_sentiment_label label; /* as taught */
    hx_sentiment_label said; /* by the engine */
} hx_remembered;

/* Immutable once made. */
typedef struct hx_memory {
    hx_remembered *list; /* owned; (n), latest last */
    size_t n;
    hx_map keys; /* key -> index + 1 of the latest */
    hx_adapted *moved; /* owned; NULL where nothing was taught to be positive or negative */
    uint64_t hash;
} hx_memory;

/* Reads a journal for a model that is complete but for it; a file that is not there is an empty one. */
hx_status hx__memory_open(hx_memory **out, const hx_text_model *m, const char *path,
                          hx_error *err) HX_MUST_USE;
void hx__memory_close(hx_memory *m); /* NULL is fine */

/* Writes a correction behind the journal's end; its number goes into *t. */
hx_status hx__memory_append(const char *path, hx_taught *t, int64_t now, hx_error *err) HX_MUST_USE;

/* Moves what the engine said of a cleaned text. */
hx_status hx__memory_apply(hx_annotator *a, const hx_memory *m, const hx_clean *clean,
                           hx_arena *arena, hx_sentiment *s, hx_error *err) HX_MUST_USE;

#endif
