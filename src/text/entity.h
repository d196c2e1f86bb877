/* entity.h - names, products, times and amounts in a text: what finds them, for entity.c alone.
 *
 * A find is a span of the text's bytes. A list is filled in the order of trust: what comes first stays where two overlap. */
#ifndef HX_TEXT_ENTITY_H
#define HX_TEXT_ENTITY_H

#include "base/buf.h"
#include "text/tagger.h"

typedef struct {
    hx_str text;
    hx_buf list; /* hx_entity */
    uint8_t *taken; /* (text.len): a find has this byte */
} hx_entity_finds;

/* Adds a find unless one before it has a byte of it. */
void hx__entity_add(hx_entity_finds *f, size_t start, size_t end, hx_entity_kind kind, double score,
                    bool by_rule);

/* entity_rules.c: times and amounts; names by their forms. */
void hx__entity_values(hx_entity_finds *f);
void hx__entity_forms(hx_entity_finds *f);

/* entity_names.c: names that everybody knows, and names by what stands around them. */
void hx__entity_companies(hx_entity_finds *f);
void hx__entity_known(hx_entity_finds *f);
hx_status hx__entity_persons(hx_entity_finds *f, hx_annotator *a, hx_error *err) HX_MUST_USE;

/* entity_llama.c: what the head `entities` marks; nothing without one. */
hx_status hx__entity_marks(hx_tagger *t, hx_entity_finds *f, hx_arena *scratch,
                           hx_error *err) HX_MUST_USE;

#endif
