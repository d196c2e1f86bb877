/* why.c - the receipt of a claim about a customer. */
#include "answer/claim.h"
#include "base/error.h"

hx_status hx_answer_why(hx_store *s, const hx_text_model *m, hx_str who, hx_str claim,
                        const hx_answer_options *o, hx_arena *arena, hx_str *json, hx_error *err) {
    (void)m; /* what was read is in the store; verify reads it again */
    uint64_t person;
    hx_claim_options options = {.ui = hx__answer_ui(o)};
    HX_TRY(hx_store_find(s, who, &person, err));
    HX_TRY(hx__as_of(s, hx__answer_as_of(o), &options.as_of, err));
    return hx__claim_receipt(s, person, claim, &options, arena, json, err);
}
