/* identity.h - who belongs together: the connected components of the edges between ids.
 *
 * A component's person is its first id in canonical order, so the outcome depends on the set of edges alone, not on their order. */
#ifndef HX_PIPELINE_IDENTITY_H
#define HX_PIPELINE_IDENTITY_H

#include "base/map.h"
#include "store/store.h"

#define HX_SHARED_MAX                                                                              \
    5 /* ids beside which one id may stand and still join them; Segment's default limit */

/* Brings the person table in line with the edges in one transaction; every person who won or lost an id is marked dirty.
 * *n_shared = ids that stand beside too many others and join nobody. */
hx_status hx_identity_update(hx_store *s, uint64_t *n_shared, hx_error *err) HX_MUST_USE;
/* key -> person for every id that is joined; other ids are their own persons. The caller releases it. */
hx_status hx_identity_load(hx_store *s, hx_map *persons, hx_error *err) HX_MUST_USE;
uint64_t hx_identity_person(const hx_map *persons, uint64_t key);

#endif
