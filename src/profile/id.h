/* id.h - a customer's identifiers: normal form, canonical order, keys, and who belongs together.
 *
 * An identifier is (type, value), the value in normal form: trimmed, NFKC where ASCII look-alikes allow it, e-mail in lower case,
 * phone as digits without +86. Canonical order: by type (customer < email < phone < account < device < anonymous), then
 * bytewise by value. The key of an identifier is a 64-bit hash of both; the first identifier of a person in canonical order
 * names the person: profile id = "c_" + its key in base 32. Two persons with one key cannot be told apart: at 10 million
 * customers the chance is 3e-6. */
#ifndef HX_PROFILE_ID_H
#define HX_PROFILE_ID_H

#include "huaxiang/base.h"

typedef enum {
    HX_ID_CUSTOMER = 0,
    HX_ID_EMAIL,
    HX_ID_PHONE,
    HX_ID_ACCOUNT,
    HX_ID_DEVICE,
    HX_ID_ANONYMOUS,
    HX_ID_GUEST, /* a bucket of rows nobody is known for; never a person */
    HX_ID_N
} hx_id_type;

typedef struct {
    hx_id_type type;
    hx_str value; /* normal form */
} hx_id;

#define HX_PROFILE_ID_MAX 20 /* "c_" + 13 characters + NUL */
#define HX_ID_VALUE_MAX 256
#define HX_GUEST_BUCKETS 256

const char *hx_id_type_name(hx_id_type t); /* "customer", "email", ... */
/* Normalises into `arena`. false: the value identifies nobody (empty, null, n/a, anonymous, 匿名, 000000, masked with *, too long). */
bool hx_id_normalize(hx_id_type type, hx_str value, hx_arena *arena, hx_id *out);
uint64_t hx_id_key(hx_id id);
int hx_id_compare(hx_id a, hx_id b); /* canonical order */
/* The bucket that keeps rows without any identifier: one of HX_GUEST_BUCKETS, by the row's hash. */
uint64_t hx_id_guest_key(uint64_t row_hash);
bool hx_id_key_is_guest(uint64_t key);
/* "c_0123456789abc" of a person's key, and back (false if it is none). */
char *hx_profile_id_text(uint64_t key, char out[HX_PROFILE_ID_MAX]);
bool hx_profile_id_parse(hx_str s, uint64_t *key);

#endif
