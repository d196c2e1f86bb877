/* merge.h - all events of one id: those of the store and those just read become one ordered block and, if nobody is joined with him, one
 * profile.
 *
 * Equal rows of one import are numbered 0, 1, ... (their ordinal); rows with equal (hash, ordinal) are one event, whatever imports hold them;
 * the event that was there first stays as it is. */
#ifndef HX_PIPELINE_MERGE_H
#define HX_PIPELINE_MERGE_H

#include "profile/profile.h"

/* Sorts and joins `heads` (n of them, ordinals unset where `fresh` says so) in place; returns how many remain. `duplicates` counts, by import,
 * the rows that were there already. Joined import lists live in `arena`. SIZE_MAX = out of memory. */
typedef struct {
    hx_event_head head;
    uint32_t import; /* of a fresh event */
    bool fresh; /* just read: its ordinal is not set yet */
} hx_merge_item;
size_t hx_merge_events(hx_merge_item *items, size_t n, hx_arena *arena, hx_map *duplicates);

/* Folds ordered events. `scratch` is reset as needed. false: damaged event or out of memory. */
bool hx_fold_heads(const hx_event_head *heads, size_t n, hx_arena *scratch, hx_profile *out);

#endif
