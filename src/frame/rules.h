/* rules.h - rules of a file, parsed: what check.c evaluates. */
#ifndef HX_FRAME_RULES_H
#define HX_FRAME_RULES_H

#include "frame/step.h"

typedef enum {
    HX_RULE_NOT_NULL = 0,
    HX_RULE_UNIQUE,
    HX_RULE_RANGE,
    HX_RULE_PATTERN,
    HX_RULE_IN_SET,
    HX_RULE_FOREIGN_KEY,
    HX_RULE_FRESHNESS,
    HX_RULE_ROW_COUNT,
    HX_RULE_DISTRIBUTION,
    HX_RULE_N
} hx_rule_kind;

typedef struct {
    hx_rule_kind kind;
    hx_severity severity;
    double at_most; /* share of rows that may break it */
    hx_names columns;
    const json_t *spec; /* borrowed from the root */
} hx_check_rule;

typedef struct {
    json_t *root; /* owned */
    hx_check_rule *rules; /* [n] in the arena */
    size_t n;
} hx_rules;

const char *hx_rule_name(hx_rule_kind kind);
/* hx_rules_release() where it was read. */
hx_status hx_rules_read(hx_str json, hx_arena *arena, hx_rules *out, hx_error *err) HX_MUST_USE;
void hx_rules_release(hx_rules *r);
/* Puts the rule (0-based) in front of the sentence. */
hx_status hx_rules_name_rule(const hx_rules *r, size_t i, hx_status status, hx_error *err);

#endif
