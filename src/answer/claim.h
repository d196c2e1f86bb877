/* claim.h - a claim about a customer, computed from the events with a receipt of how.
 *
 *   claim_open: text -> kind and subject    load: events up to as_of (texts read again where asked)
 *   fold event by event, watching what each one changes -> contributions and inputs -> receipt
 *
 * Contributions are differences that single events make to the folded profile, so they sum to the claimed value by
 * construction, saturation and replacement of rare interests included. */
#ifndef HX_ANSWER_CLAIM_H
#define HX_ANSWER_CLAIM_H

#include "answer/value.h"
#include "insight/label_rule.h"
#include "insight/receipt.h"

typedef enum {
    HX_CLAIM_LABEL = 0,
    HX_CLAIM_TRAIT,
    HX_CLAIM_SCORE,
    HX_CLAIM_SEGMENT,
    HX_CLAIM_INTEREST,
    HX_CLAIM_N
} hx_claim_kind;

typedef struct {
    hx_claim_kind kind;
    hx_str subject; /* behind the colon */
    hx_str text; /* the canonical claim */
    uint64_t event; /* of a label */
    bool intent; /* of a label: intent rather than sentiment */
    hx_str set; /* of a claim on a model's labels; {NULL, 0} = on something else */
    hx_str aspect; /* of a claim on an aspect, its id or name; {NULL, 0} = on something else */
    hx_segment_id segment; /* HX_SEGMENT_N = `rule`, or one that somebody defined */
    bool defined; /* the segment is one that somebody defined; `subject` is its name */
    hx_label_rule rule;
    size_t score; /* index of the score, see claim_score.c */
} hx_claim;

/* HX_EINVAL with a sentence that shows how claims are written. The canonical text lives in `arena`. */
hx_status hx__claim_parse(hx_str text, hx_arena *arena, hx_claim *out, hx_error *err) HX_MUST_USE;

/* One person's evidence, and the receipt that grows from it. */
typedef struct {
    hx_claim claim;
    uint64_t person;
    hx_store *store; /* borrowed */
    int64_t as_of;
    hx_ui_lang ui;
    hx_event *events; /* up to as_of */
    size_t n;
    uint8_t *used; /* per event: an input of the receipt */
    hx_profile *p; /* folded from the events */
    hx_population *pop; /* NULL where the claim stands alone */
    hx_customer c; /* measured and scored from `p`, where there is a population */
    hx_arena *arena; /* of everything */
    hx_contribution *contributions;
    size_t n_contributions, contributions_cap;
    bool whole_text; /* inputs quote their text in full */
    bool intents; /* inputs quote the evidence of intents, not of sentiment */
    hx_receipt receipt;
} hx_claim_case;

typedef struct {
    int64_t as_of; /* resolved */
    hx_ui_lang ui;
    hx_annotator *replay; /* texts are read again with it; NULL = as stored */
    const hx_labeller *labeller; /* likewise, for claims on a model's labels */
} hx_claim_options;

/* The receipt of a claim about `person` in `arena`. HX_ENOTFOUND where the evidence is not there. */
hx_status hx__claim_receipt(hx_store *s, uint64_t person, hx_str claim, const hx_claim_options *o,
                            hx_arena *arena, hx_str *json, hx_error *err) HX_MUST_USE;

/* ---------------------------------------------------------------- for the kinds of claim (claim_*.c) */
hx_status hx__claim_add(hx_claim_case *k, hx_contribution c, hx_error *err) HX_MUST_USE;
void hx__claim_use(hx_claim_case *k, const hx_event *e);
/* A sentence in the arena; {NULL, 0} when out of memory. */
hx_str hx__claim_text(hx_claim_case *k, const char *format, ...) HX_PRINTF(2, 3);
hx_status hx__claim_label(hx_claim_case *k, hx_error *err) HX_MUST_USE;
hx_status hx__claim_trait(hx_claim_case *k, hx_error *err) HX_MUST_USE;
hx_status hx__claim_score(hx_claim_case *k, hx_error *err) HX_MUST_USE;
hx_status hx__claim_segment(hx_claim_case *k, hx_error *err) HX_MUST_USE;
hx_status hx__claim_rule(hx_claim_case *k, hx_error *err) HX_MUST_USE;
hx_status hx__claim_interest(hx_claim_case *k, hx_error *err) HX_MUST_USE;
/* Of an aspect: texts that speak of it, as they count for the profile; the trait aspect.NAME. */
hx_status hx__claim_aspect_texts(hx_claim_case *k, hx_error *err) HX_MUST_USE;
hx_status hx__claim_aspect(hx_claim_case *k, hx_error *err) HX_MUST_USE;
/* Of a trained model's labels (claim_model.c). */
hx_status hx__claim_model_label(hx_claim_case *k, const hx_event *e, hx_error *err) HX_MUST_USE;
hx_status hx__claim_model_trait(hx_claim_case *k, hx_error *err) HX_MUST_USE;
hx_status hx__claim_label_rule(hx_claim_case *k, hx_error *err) HX_MUST_USE;
/* Replaces the labels of k's set by what the labeller says now; one that says the same within HX_LABEL_SCORE_BOUND by other kernels stays. */
hx_status hx__claim_label_again(hx_claim_case *k, const hx_labeller *l, hx_error *err) HX_MUST_USE;
bool hx__claim_find_score(hx_str name, size_t *score);
/* The score needs everybody's thresholds or currency. */
bool hx__claim_score_is_relative(size_t score);
/* Folds event by event; an event that changes `touch` is used; where `value` is given, its change is a contribution. */
typedef int64_t hx_claim_probe(const hx_claim_case *k);
hx_status hx__claim_watch(hx_claim_case *k, hx_claim_probe *touch, hx_claim_probe *value,
                          const char *part, hx_error *err) HX_MUST_USE;

#endif
