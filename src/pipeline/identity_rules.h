/* identity_rules.h - which ids may join persons, kept in the store as JSON.
 *
 *     {"priority":["customer","email","phone"], "limits":{"email":3}, "shared":5, "blocked":["email:test@test.com","13800000000"]}
 *
 * priority   types in the order in which their edges join where limits leave some out; types not named come after, in canonical order
 * limits     ids of a type in one person, 1 to 10,000; none where not said
 * shared     an id beside more than so many others joins nobody, 1 to 10,000; 5, as Segment's default is
 * blocked    values that join nobody, "TYPE:VALUE", or VALUE for every type; at most 100,000 */
#ifndef HX_PIPELINE_IDENTITY_RULES_H
#define HX_PIPELINE_IDENTITY_RULES_H

#include "base/map.h"
#include "store/store.h"

#define HX_SHARED_MAX 5
#define HX_IDENTITY_RULES_BYTES ((size_t)8 << 20)

typedef struct {
    uint32_t rank[HX_ID_N]; /* of a type: the lowest joins first */
    uint32_t most[HX_ID_N]; /* ids of a type in one person, 0 = any */
    uint32_t shared;
    bool has_limits;
    hx_map blocked; /* keys; the caller releases it */
} hx_identity_rules;

/* `r->blocked` must be an empty map. HX_EFORMAT with a sentence for what is no rule. */
hx_status hx_identity_rules_parse(hx_str json, hx_identity_rules *r, hx_error *err) HX_MUST_USE;
/* The store's, or the defaults. */
hx_status hx_identity_rules_load(hx_store *s, hx_identity_rules *r, hx_error *err) HX_MUST_USE;
hx_status hx_identity_rules_save(hx_store *s, hx_str json, hx_error *err) HX_MUST_USE;

#endif
