/* label_rule.h - segments of customers by the labels that a trained model gave their texts, and by aspects.
 *
 *   label.SET = LABEL            the customer's last text with a label of SET has this one
 *   label.SET(LABEL) >= N        at least N texts have it
 *   label.SET(LABEL) >= N%       at least N percent of the texts that have a label of SET
 *   label.SET >= X               the mean of the numbers that SET gave the texts; also <=, >, <
 *
 *   aspect.NAME < X              the mean sentiment, -1 to 1, of the texts that speak of it (its id or name); also >=, <=, >
 *
 * Blanks around the parts do not count. A rule is one fact about one customer: it needs no population. */
#ifndef HX_INSIGHT_LABEL_RULE_H
#define HX_INSIGHT_LABEL_RULE_H

#include "insight/segment.h"

typedef enum {
    HX_LABEL_LAST = 0,
    HX_LABEL_COUNT,
    HX_LABEL_SHARE,
    HX_LABEL_MEAN,
    HX_LABEL_ASPECT /* `set` is the aspect */
} hx_label_measure;

typedef struct {
    hx_str set, label; /* borrowed from the text; MEAN and ASPECT have no label */
    hx_label_measure measure;
    const char *relation; /* of MEAN and ASPECT: ">=", "<=", ">" or "<" */
    int64_t
        threshold; /* LAST: 1; COUNT: texts, >= 1; SHARE: 1/1,000, 10 to 1,000; MEAN, ASPECT: 1/1,000,000 */
} hx_label_rule;

#define HX_LABEL_RULE_MAX 512 /* bytes of a rule as text */

/* False where `text` is no such rule. */
bool hx_label_rule_parse(hx_str text, hx_label_rule *out);
/* The rule in its one canonical form, without blanks. False where it is too long. */
bool hx_label_rule_text(const hx_label_rule *r, char out[HX_LABEL_RULE_MAX]);
/* What holds of a customer; the fact borrows `name`, the rule's text. */
hx_fact hx_label_rule_fact(const hx_label_rule *r, const hx_profile *p, const char *name);
/* One sentence into `out`. */
void hx_label_rule_sentence(const hx_label_rule *r, hx_ui_lang ui, char *out, size_t size);

#endif
