/* schema.h - the parts of the translation of a JSON Schema to a grammar. */
#ifndef HX_LLAMA_SCHEMA_H
#define HX_LLAMA_SCHEMA_H

#include "base/json.h"
#include "base/map.h"
#include "llama/grammar.h"

enum {
    HX_SCHEMA_RULES_MAX = 1 << 16,
    HX_SCHEMA_ITEMS_MAX = 1 << 16,
    HX_SCHEMA_TEXT_MAX = HX_GRAMMAR_BYTES_MAX,
    HX_SCHEMA_STEPS_MAX =
        1 << 22, /* of joining and comparing, in a whole document: well below a second */
    HX_SCHEMA_COPY_STEPS = 8 /* for a member copied: some 60 MB in all */
};

/* A schema that becomes rule s<number>, and how it was reached. */
typedef struct {
    json_t *node; /* borrowed from the document or from `owned` */
    uint32_t parent; /* place, HX_GRAMMAR_NONE = the document */
    char step[48]; /* of the JSON pointer, with its "/"; cut off where longer */
} hx_schema_place;

typedef struct {
    json_t *document;
    hx_buf out; /* GBNF */
    hx_buf places; /* hx_schema_place; rule i is place i */
    hx_map rule_of; /* node -> rule + 1 */
    hx_buf owned; /* json_t * made by merging */
    hx_buf pointer; /* of the last error */
    size_t steps; /* taken, of HX_SCHEMA_STEPS_MAX */
    const char *pattern_at; /* the keyword whose regular expression is read */
    bool
        pattern_is_narrow; /* the last one read gives less than it matches, or control characters */
    hx_error *err;
} hx_schema;

enum {
    HX_JSON_TYPE_NULL = 1,
    HX_JSON_TYPE_BOOLEAN = 2,
    HX_JSON_TYPE_INTEGER = 4,
    HX_JSON_TYPE_NUMBER = 8, /* includes integers */
    HX_JSON_TYPE_STRING = 16,
    HX_JSON_TYPE_ARRAY = 32,
    HX_JSON_TYPE_OBJECT = 64,
    HX_JSON_TYPE_ANY = 127
};

/* The JSON pointer of `place` with `keyword` (NULL = none) behind it, for an error; valid until the next call. */
const char *hx_schema_pointer(hx_schema *s, uint32_t place, const char *keyword);
/* The rule of a schema; a new one is put in line. */
hx_status hx_schema_rule(hx_schema *s, json_t *node, uint32_t parent, const char *keyword,
                         const char *key, uint32_t *out);
/* Follows $ref to a schema without one. *node changes. */
hx_status hx_schema_resolve(hx_schema *s, uint32_t place, json_t **node);
/* Takes steps; HX_ELIMIT where more than HX_SCHEMA_STEPS_MAX were taken. */
hx_status hx_schema_spend(hx_schema *s, uint32_t place, size_t steps);
/* json_copy, spent for; owned by s. */
hx_status hx_schema_copy(hx_schema *s, uint32_t place, json_t *node, json_t **out);
bool hx_schema_is_note(const char *keyword); /* says nothing about values */
hx_status hx_schema_types(hx_schema *s, uint32_t place, json_t *node,
                          unsigned *types); /* HX_JSON_TYPE_ANY where not said */
/* A number of things: an integer in [0, HX_SCHEMA_ITEMS_MAX]; `missing` where the keyword is not there. */
hx_status hx_schema_count(hx_schema *s, uint32_t place, json_t *node, const char *keyword,
                          uint32_t missing, uint32_t *out);
/* A GBNF literal of these bytes (valid UTF-8). */
void hx_schema_quote(hx_buf *out, hx_str bytes);
/* A GBNF literal of a JSON value's text. */
hx_status hx_schema_value(hx_schema *s, json_t *value);

/* Whole reals below 2^63 become integers, as JSON Schema has it: 1.0 and 1 are one value, in lists and objects too. False = no memory. */
bool hx_schema_make_whole(json_t **document);

/* schema_merge.c: what holds where all of the schemas hold, as a new schema owned by s. */
hx_status hx_schema_merge(hx_schema *s, uint32_t place, json_t *const *parts, size_t n,
                          json_t **out);
/* node without `keyword`, and all members of its list, merged. */
hx_status hx_schema_all_of(hx_schema *s, uint32_t place, json_t *node, json_t **out);
/* Whether no value can satisfy both; false = cannot be told. */
hx_status hx_schema_disjoint(hx_schema *s, uint32_t place, json_t *a, json_t *b, bool *out);
unsigned hx_schema_type_of(const json_t *value); /* INTEGER | NUMBER for whole numbers */

/* schema_object.c, schema_number.c, schema_string.c: the right side of rule `place`. Extra rules go to `more`. */
hx_status hx_schema_object(hx_schema *s, uint32_t place, json_t *node, hx_buf *more);
hx_status hx_schema_array(hx_schema *s, uint32_t place, json_t *node, hx_buf *more);
/* schema_unique.c: arrays with uniqueItems, between `least` and `most` items of the schema `items`. */
hx_status hx_schema_unique(hx_schema *s, uint32_t place, json_t *items, uint32_t least,
                           uint32_t most, hx_buf *more);
hx_status hx_schema_number(hx_schema *s, uint32_t place, json_t *node, bool is_integer,
                           hx_buf *more);
hx_status hx_schema_string(hx_schema *s, uint32_t place, json_t *node);
/* schema_pattern.c: what stands between the quotes, at the end of `out`; `any` is the rule of one character where the pattern says nothing. */
hx_status hx_schema_pattern(hx_schema *s, uint32_t place, hx_str pattern, const char *any,
                            hx_buf *out);

/* schema_keys.c: patternProperties. */
typedef struct hx_schema_keys hx_schema_keys;

/* NULL in *out where the object has none. */
hx_status hx_schema_keys_new(hx_schema_keys **out, hx_schema *s, uint32_t place, json_t *node);
void hx_schema_keys_free(hx_schema_keys *k); /* NULL is fine */
/* What holds for the property `name` that `schema` (NULL = nothing) is said of; NULL in *out where nothing is. */
hx_status hx_schema_keys_join(hx_schema_keys *k, const char *name, json_t *schema, json_t **out);
/* Alternatives `"\"" key "\"" ":" sp value`, one a pattern whose keys may stand; *n = how many. */
hx_status hx_schema_keys_put(hx_schema_keys *k, hx_buf *out, size_t *n);

#endif
