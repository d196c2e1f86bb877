/* churn_define.c - when somebody has left, as people write it: "days:90", "rhythm:3", "rhythm:3:180", "contract:valid_until:30".
 *
 *     days:D            no purchase within D days
 *     rhythm:K[:D]      no purchase within K gaps of the customer's own, at most D days (180)
 *     contract:T[:G]    the date in trait T passes without a renewal or a purchase by G days (30) behind it; ends within 90 days are looked at */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "huaxiang/insight.h"

#define DAYS_USUAL 90
#define RHYTHM_DAYS 180
#define GRACE_USUAL 30
#define DAYS_MAX 3650

static hx_str next_part(hx_str *rest) {
    const char *colon = rest->len ? memchr(rest->ptr, ':', rest->len) : NULL;
    const size_t n = colon ? (size_t)(colon - rest->ptr) : rest->len;
    const hx_str part = {rest->ptr, n};
    *rest = (hx_str){rest->ptr + n + (colon != NULL), rest->len - n - (colon != NULL)};
    return part;
}

/* A number in [low, high]; `usual` where the part is empty. */
static bool number_of(hx_str part, double low, double high, double usual, double *out) {
    *out = part.len > 0 ? hx_double_of(part) : usual;
    return isfinite(*out) && *out >= low && *out <= high;
}

static bool trait_of(hx_str name, hx_churn_definition *d) {
    if (name.len == 0 || name.len >= sizeof d->trait) return false;
    memcpy(d->trait, name.ptr, name.len);
    d->trait[name.len] = '\0';
    return true;
}

static bool parse(hx_str text, hx_churn_definition *d) {
    const hx_str rule = next_part(&text), first = next_part(&text), second = next_part(&text);
    d->days = DAYS_USUAL;
    if (text.len > 0) return false;
    if (hx_str_equal(rule, HX_STR_LIT("days"))) {
        d->rule = HX_CHURN_DAYS;
        return second.len == 0 && number_of(first, 1, DAYS_MAX, DAYS_USUAL, &d->days);
    }
    if (hx_str_equal(rule, HX_STR_LIT("rhythm"))) {
        d->rule = HX_CHURN_RHYTHM;
        return number_of(first, 0.5, 100, 3, &d->factor) &&
               number_of(second, 7, DAYS_MAX, RHYTHM_DAYS, &d->days);
    }
    d->rule = HX_CHURN_CONTRACT;
    return hx_str_equal(rule, HX_STR_LIT("contract")) && trait_of(first, d) &&
           number_of(second, 0, DAYS_MAX, GRACE_USUAL, &d->grace);
}

hx_status hx_churn_define(const char *text, hx_churn_definition *out, hx_error *err) {
    hx_churn_definition d = {.rule = HX_CHURN_DAYS};
    if (!parse(hx_str_of(text), &d))
        return hx_fail(err, HX_EINVAL,
                       "'%s' is no definition of churn; there are days:90, rhythm:3 and "
                       "contract:TRAIT (each with more numbers behind colons)",
                       text ? text : "");
    *out = d;
    return HX_OK;
}
