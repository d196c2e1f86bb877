/* receipt.h - why something is claimed of a customer, as JSON that can be replayed.
 *
 *   {"receipt":1,"claim":..,"customer":"c_..","as_of":..,"lang":..,"text":sentence,"value":..,
 *    "unit":..,"contributions":[{"part","event","span","quote","value","points"}],"total":sum of points,
 *    "facts":[{"fact","value","relation","threshold","unit","source","passed"}],"counterfactual":[{"fact","relation","threshold","unit","text"}],
 *    "inputs":[{"event","kind","time","imports","quotes":[{"start","end","text"}]}],"engine":..,"kernels":..,"model":..,"weights":.. (of llama),
 *    "population":{..} or null,"hash":16 hexadecimal digits}
 *
 * All numbers are integers in the unit that is said, or decimal texts: no rounding on the way. `total` is the sum of the points,
 * exactly. More than HX_RECEIPT_LIST_MAX contributions or inputs are summed up in a last entry {"part":"others","events":n,"points":s}.
 * The hash is XXH3 of the canonical form (compact JSON, keys sorted) without "hash": it tells a damaged receipt from one whose
 * evidence changed. It is no signature. */
#ifndef HX_INSIGHT_RECEIPT_H
#define HX_INSIGHT_RECEIPT_H

#include "base/json.h"
#include "insight/segment.h"

#define HX_RECEIPT_VERSION 1
#define HX_RECEIPT_LIST_MAX 5000
#define HX_RECEIPT_BYTES_MAX (64u << 20)
#define HX_RECEIPT_QUOTE_MAX 4096 /* bytes of one quote; longer texts are cut at a code point */

typedef struct {
    const char *part; /* "evidence", "bias", "order", "r", a fact's name, ... */
    const hx_event *event; /* NULL = none */
    bool has_span;
    hx_span span; /* in the event's text */
    hx_str value; /* what the event said, of a trait; {NULL, 0} = left out */
    int64_t points;
} hx_contribution;

typedef struct {
    const hx_event *event;
    bool whole_text; /* quote all of it */
    const hx_evidence *evidence; /* else quote these spans */
    size_t n_evidence;
} hx_receipt_input;

/* The population a claim was made against. */
typedef struct {
    const hx_segment_population *thresholds;
    uint64_t customers;
    uint64_t hash;
    hx_str currency;
} hx_receipt_population;

typedef struct {
    hx_str claim;
    uint64_t person;
    int64_t as_of; /* HX_TIME_NONE = no event has a time */
    hx_ui_lang ui; /* language of `text` and the counterfactuals */
    hx_str text; /* the claim as a sentence */
    hx_str value; /* JSON */
    const char *unit; /* of the points */
    const hx_contribution *contributions;
    size_t n_contributions;
    const hx_fact *facts;
    size_t n_facts;
    bool is_rule; /* all facts must hold (a segment): counterfactuals are given */
    uint64_t
        turn; /* of a segment that somebody defined: facts that together would turn the membership, as bits */
    bool member; /* likewise */
    const hx_receipt_input *inputs;
    size_t n_inputs;
    hx_engine engine; /* of the annotations; HX_ENGINE_AUTO = none was used */
    uint64_t model; /* hash of the text model; 0 = none was used */
    hx_str kernels,
        weights; /* of the engine llama: those that ran, SHA-256 of the model; else empty */
    hx_corrected corrected; /* how the texts were corrected before they were read; OFF = not */
    const hx_model_label *
        said; /* of a claim on a trained model's labels: engine, kernels, model; NULL = the two above */
    const hx_receipt_population *population; /* NULL = the claim stands alone */
} hx_receipt;

/* The receipt's JSON in `arena`. HX_ELIMIT where it or a sum grows too large. */
hx_status hx_receipt_write(const hx_receipt *r, hx_arena *arena, hx_str *json,
                           hx_error *err) HX_MUST_USE;

/* Parses and checks the shape: an object of this version with the members every receipt has. The caller json_decref()s *out. */
hx_status hx_receipt_parse(hx_str json, json_t **out, hx_error *err) HX_MUST_USE;
/* Whether the hash inside is that of the content, and whether the points sum to the total. */
bool hx_receipt_is_intact(const json_t *receipt);
/* Same content: equal canonical forms. */
bool hx_receipt_equal(const json_t *a, const json_t *b);

#endif
