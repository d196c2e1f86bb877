/* schema_multiple.h - digits whose number is a multiple; for schema_number.c. */
#ifndef HX_LLAMA_SCHEMA_MULTIPLE_H
#define HX_LLAMA_SCHEMA_MULTIPLE_H

#include "llama/schema.h"

/* multipleOf = step / 10^decimals; step 0 = none. */
typedef struct {
    uint64_t step;
    int decimals;
} hx_multiple;

/* False where 15 digits do not hold it. `step` > 0. */
bool hx_multiple_read(double step, hx_multiple *out);
/* What k of k / 10^decimals is a multiple of; decimals <= m->decimals. */
uint64_t hx_multiple_modulus(const hx_multiple *m, int decimals);

/* Rules of one schema's multiples. */
typedef struct {
    hx_schema *s;
    uint32_t place;
    hx_buf line; /* states that are rules */
    hx_map seen;
    bool failed; /* no memory, or too many */
} hx_multiples;

/* Behind digits of `residue` one of `from` to `to` ('0' to '9'), then `left` more. */
typedef struct {
    uint64_t residue;
    int from, to, left;
    bool follows; /* another alternative stands before */
} hx_digit_range;

void hx_multiples_init(hx_multiples *m, hx_schema *s, uint32_t place);
void hx_multiples_release(hx_multiples *m);
/* Alternatives, each begun by `before`; their number. */
size_t hx_multiples_put(hx_multiples *m, hx_buf *out, const hx_digit_range *r, uint64_t modulus,
                        int decimals, const char *before);
/* All rules that hx_multiples_put() named. */
hx_status hx_multiples_rules(hx_multiples *m, hx_buf *more);

#endif
