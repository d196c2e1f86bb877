/* identity.h - who belongs together: the connected components of the edges between ids, as the rules and what was decided leave them.
 *
 * A component's person is its first id in canonical order, so the outcome depends on the set of edges alone, not on their order. */
#ifndef HX_PIPELINE_IDENTITY_H
#define HX_PIPELINE_IDENTITY_H

#include "base/map.h"
#include "store/store.h"

typedef struct {
    uint32_t shared_most; /* beside how many others an id may stand */
    uint64_t shared; /* ids that stand beside too many others and join nobody */
    uint64_t limited; /* edges left out because a person would have had too many ids of a type */
} hx_identity_counts;

/* Brings the person table in line with the edges in one transaction; every person who won or lost an id is marked dirty.
 * Does nothing where nothing has changed. */
hx_status hx_identity_update(hx_store *s, hx_identity_counts *counts, hx_error *err) HX_MUST_USE;
/* The same within the caller's transaction, always. */
hx_status hx_identity_update_within(hx_store *s, hx_identity_counts *counts,
                                    hx_error *err) HX_MUST_USE;
/* key -> person for every id that is joined; other ids are their own persons. The caller releases it. */
hx_status hx_identity_load(hx_store *s, hx_map *persons, hx_error *err) HX_MUST_USE;
uint64_t hx_identity_person(const hx_map *persons, uint64_t key);

#endif
