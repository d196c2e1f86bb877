/* huaxiang/privacy.h - personal data in text: finding and masking it. */
#ifndef HUAXIANG_PRIVACY_H
#define HUAXIANG_PRIVACY_H

#include "huaxiang/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    HX_PII_PHONE =
        0, /* mainland mobile 1[3-9]dddddddddd, with +86, blanks, dashes, full-width digits; 400/landline with area code */
    HX_PII_ID_CARD, /* GB 11643-1999: 18 characters with ISO 7064 MOD 11-2 check digit, date and region; 15-digit old form */
    HX_PII_BANK_CARD, /* 13-19 digits, Luhn (ISO/IEC 7812-1), known first digits */
    HX_PII_EMAIL,
    HX_PII_N
} hx_pii_type;
HX_API const char *hx_pii_name(hx_pii_type t); /* "phone", "id_card", "bank_card", "email" */

typedef struct {
    hx_pii_type type;
    uint32_t start, end; /* bytes in the text as given */
} hx_pii;

/* All finds, in order, not overlapping. `*out` lives in `arena`. Any bytes are legal. Linear time. */
HX_API hx_status hx_pii_find(hx_str text, hx_arena *arena, const hx_pii **out, size_t *n,
                             hx_error *err) HX_MUST_USE;
/* The text with each find masked: phone 138****1234, ID card 110105********002X, bank card ************1234, e-mail a***@host. */
HX_API hx_status hx_pii_redact(hx_str text, hx_arena *arena, hx_str *out, const hx_pii **finds,
                               size_t *n, hx_error *err) HX_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
