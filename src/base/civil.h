/* civil.h - calendar arithmetic on milliseconds since 1970-01-01T00:00:00Z (proleptic Gregorian, no leap
 * seconds), without the C library's global state. Algorithms: H. Hinnant, "chrono-compatible low-level
 * date algorithms". Years 0001-9999. */
#ifndef HX_BASE_CIVIL_H
#define HX_BASE_CIVIL_H

#include "huaxiang/base.h"

#define HX_DAY_MS 86400000LL
#define HX_TIME_NONE INT64_MIN

typedef struct {
    int year, month, day; /* month 1-12, day 1-31 */
    int hour, minute, second, ms;
} hx_civil;

int64_t hx_days_from_civil(int year, int month, int day); /* days since 1970-01-01 */
bool hx_civil_is_valid(const hx_civil *c);
int64_t hx_civil_to_ms(const hx_civil *c); /* of a valid civil time, as UTC */
hx_civil hx_civil_from_ms(int64_t ms);
int hx_weekday(int64_t ms); /* 0 = Monday ... 6 = Sunday, of the UTC day */
int64_t hx_floor_div(int64_t a, int64_t b); /* b > 0 */

/* "2026-11-22T01:50:11Z" (".123" before Z where ms != 0). Returns out. */
#define HX_ISO_MAX 32
char *hx_iso_from_ms(int64_t ms, char out[HX_ISO_MAX]);

/* A time zone: "UTC", "Z", "+08:00", "-0530", or an IANA name ("Asia/Shanghai") read from the system's tz database.
 * Immutable after init; hx_zone_release() frees it. */
typedef struct {
    int64_t *at; /* transition instants in seconds, ascending; NULL = fixed offset */
    int32_t *offset; /* seconds east of UTC from at[i] on */
    size_t n;
    int32_t fixed; /* offset before at[0], or the fixed one */
    char name[64];
} hx_zone;

hx_status hx_zone_init(hx_zone *z, const char *name, hx_error *err) HX_MUST_USE;
void hx_zone_release(hx_zone *z);
/* The first of two in a fold; shifted on in a gap. */
int64_t hx_zone_to_utc_ms(const hx_zone *z, int64_t local_ms);
int64_t hx_zone_to_local_ms(const hx_zone *z, int64_t utc_ms);

#endif
