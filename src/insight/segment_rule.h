/* segment_rule.h - the rule language of segments: a text becomes conditions and the steps that join them.
 *
 *   rule      := both {"or" both}              both := one {"and" one}        one := {"not"} ( "(" rule ")" | condition )
 *   condition := "count" "(" events ")" [window] RELATION NUMBER
 *              | "sum" "(" events ")" [window] RELATION NUMBER
 *              | events [window]                                            at least one
 *              | events "then" events "within" SPAN [window]
 *              | ("trait" | "score") "." NAME RELATION VALUE
 *              | "segment" "." NAME
 *   events    := KIND ["[" FIELD RELATION VALUE {"," FIELD RELATION VALUE} "]"]
 *   window    := "in" SPAN                      SPAN := NUMBER ("days" | "hours" | "weeks")
 *
 * All words have Chinese forms; docs/segments.md lists them. A window of span W at time t is (t - W, t]. Events without a time
 * count where there is no window. Steps are in postfix order, so that no depth of brackets is a depth of calls. */
#ifndef HX_INSIGHT_SEGMENT_RULE_H
#define HX_INSIGHT_SEGMENT_RULE_H

#include "huaxiang/insight.h"
#include "profile/event.h"

#define HX_SEGMENT_RULE_BYTES_MAX 4096
#define HX_SEGMENT_CONDITIONS_MAX 64
#define HX_SEGMENT_FILTERS_MAX 8
#define HX_SEGMENT_DEPTH_MAX 48 /* brackets and nots that are open at once */

typedef enum {
    HX_COND_COUNT = 0,
    HX_COND_SUM,
    HX_COND_SEQUENCE,
    HX_COND_TRAIT,
    HX_COND_SEGMENT
} hx_cond_kind;

typedef enum {
    HX_REL_AT_LEAST = 0,
    HX_REL_ABOVE,
    HX_REL_AT_MOST,
    HX_REL_BELOW,
    HX_REL_EQUAL,
    HX_REL_UNEQUAL
} hx_relation;
const char *hx_relation_sign(hx_relation r); /* ">=" */
bool hx_relation_holds(hx_relation r, int64_t value, int64_t wanted);

typedef enum {
    HX_FIELD_ITEM = 0,
    HX_FIELD_CATEGORY,
    HX_FIELD_CHANNEL,
    HX_FIELD_PAGE,
    HX_FIELD_AMOUNT,
    HX_FIELD_RATING,
    HX_FIELD_SENTIMENT,
    HX_FIELD_INTENT,
    HX_FIELD_ASPECT, /* `name` = its id or name; value = a sentiment */
    HX_FIELD_LABEL, /* `name` = the set: topics and all else that a trained model says */
    HX_FIELD_WORDS /* the text holds these bytes */
} hx_segment_field;

typedef struct {
    hx_segment_field field;
    hx_relation relation; /* EQUAL or UNEQUAL for words */
    hx_str name, value;
    int64_t number; /* 1/10,000, of AMOUNT and RATING */
} hx_segment_filter;

#define HX_EVENTS_ANY (-1) /* of every kind */
#define HX_EVENTS_TEXT (-2) /* with a text */
typedef struct {
    int kind; /* hx_event_kind or one of the above; HX_KIND_OTHER: by `name` */
    hx_str name;
    hx_segment_filter filters[HX_SEGMENT_FILTERS_MAX];
    size_t n;
} hx_segment_events;

typedef struct {
    hx_cond_kind kind;
    hx_segment_events a, b; /* b: of a sequence */
    int64_t window, within; /* ms; window 0 = ever */
    hx_relation relation;
    bool is_number; /* of a trait */
    int64_t number; /* 1/10,000 */
    hx_str name, value; /* of a trait ("score.clv" of a score), of a segment */
    hx_str text; /* the condition as it is written */
} hx_condition;

typedef enum { HX_STEP_CONDITION = 0, HX_STEP_AND, HX_STEP_OR, HX_STEP_NOT } hx_segment_step_kind;
typedef struct {
    uint8_t kind; /* hx_segment_step_kind */
    uint8_t condition;
} hx_segment_step;

typedef struct {
    hx_str text; /* as it was given */
    hx_condition *conditions;
    size_t n_conditions;
    hx_segment_step *steps;
    size_t n_steps;
} hx_segment_program;

/* All memory is `arena`'s, the text copied. HX_EINVAL: the sentence has the column, err->byte the place in `text`. */
hx_status hx_segment_rule_parse(hx_str text, hx_arena *arena, hx_segment_program *out,
                                hx_error *err) HX_MUST_USE;
/* Whether a rule says anything: conditions on the same events and window, or on the same trait, are weighed against each other
 * (segment_sense.c); what different ones mean to each other is not known. */
typedef enum { HX_RULE_OPEN = 0, HX_RULE_NEVER, HX_RULE_ALWAYS } hx_rule_sense;
hx_rule_sense hx_segment_rule_sense(const hx_segment_program *r);
/* Whether the steps hold where condition i is bit i of `held`. */
bool hx_segment_rule_holds(const hx_segment_program *r, uint64_t held);
/* The fewest conditions that have to change for the rule to turn, as bits; 0 = no change of conditions turns it. Changes of more than three are not sought. */
uint64_t hx_segment_rule_nearest(const hx_segment_program *r, uint64_t held);

/* Whether an event is one of those. */
bool hx_segment_events_match(const hx_segment_events *s, const hx_event *e);
/* A trait condition: whether the event says the trait, and whether what it says holds. */
bool hx_segment_trait_said(const hx_condition *c, const hx_event *e, bool *holds);
/* A decimal number in 1/10,000; false: none, or too large. */
bool hx_segment_number(hx_str s, int64_t *out);

#endif
