/* zone.c - time zones: fixed offsets, and IANA zones out of the system's compiled files.
 *
 * A zone is a list of instants from which on an offset holds. TZif (RFC 8536, version 2 or later):
 *
 *     header v1 | data with 32-bit times (skipped) | header v2 | data with 64-bit times | \n POSIX rule \n
 *     data: times[timecnt] types[timecnt] {i32 offset, u8 dst, u8 name}[typecnt] names leaps flags flags
 *
 * The rule behind the last transition ("EST5EDT,M3.2.0,M11.1.0") is unrolled into transitions up to the year
 * RULE_YEAR_LAST at load time, so lookups know only the list; after that year the last offset stays.
 *
 * Local to UTC: with segments k = [at[k-1], at[k]) of offset o[k], the answer is the first segment whose local end
 * lies behind the local time. In a fold that is the first of the two instants; in a gap the local time lies before
 * the segment's local start, and the offset before the gap shifts it on. */
#include "base/civil.h"
#include "base/error.h"
#include "base/file.h"
#include "base/zone_rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ZONE_DIRECTORY "/usr/share/zoneinfo/"
#define ZONE_FILE_MAX (1u << 20)
#define ZONE_TIMES_MAX 10000u
#define RULE_YEAR_FIRST 1970
#define RULE_YEAR_LAST 2200
/* Offsets lie within 26 hours of each other (RFC 8536: -25:59:59 to 25:59:59, in use: -12 to +14). */
#define ZONE_SPREAD_S (52 * 3600)

static hx_status zone_unknown(hx_error *err, const char *name) {
    return hx_fail(err, HX_EINVAL,
                   "time zone '%s' is not known; write an IANA name such as Asia/Shanghai, an "
                   "offset such as +08:00, or UTC",
                   name);
}

static bool two_digits(const char *s, int *v) {
    if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9') return false;
    *v = (s[0] - '0') * 10 + (s[1] - '0');
    return true;
}

/* "+08:00", "-0530", "+08" */
static bool parse_offset(const char *s, int32_t *seconds) {
    size_t len = strlen(s);
    int hours, minutes = 0;
    if ((s[0] != '+' && s[0] != '-') || len < 3 || !two_digits(s + 1, &hours)) return false;
    if (len == 5 && !two_digits(s + 3, &minutes)) return false;
    if (len == 6 && (s[3] != ':' || !two_digits(s + 4, &minutes))) return false;
    if ((len != 3 && len != 5 && len != 6) || hours > 15 || minutes > 59) return false;
    *seconds = (s[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

/* Only what tz names consist of: no dot, so no way out of the directory. */
static bool zone_name_is_safe(const char *s) {
    char before = '/';
    for (; *s; before = *s++) {
        bool word = (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') ||
                    (*s >= '0' && *s <= '9') || *s == '_' || *s == '-' || *s == '+';
        if (!word && (*s != '/' || before == '/')) return false;
    }
    return before != '/';
}

typedef struct {
    const unsigned char *at, *end; /* the data block, then the footer */
    uint32_t utcs, stds, leaps, times, types, chars;
} tzif_block;

static uint64_t big_endian(const unsigned char *p, int n) {
    uint64_t v = 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static size_t tzif_size(const tzif_block *b, size_t time_size) {
    return b->times * (time_size + 1) + b->types * (size_t)6 + b->chars +
           b->leaps * (time_size + 4) + b->stds + b->utcs;
}

/* Reads the header at `at`; afterwards block->at is its data, known to be there. */
static bool tzif_header(const unsigned char *at, const unsigned char *end, size_t time_size,
                        tzif_block *block) {
    if (end - at < 44 || memcmp(at, "TZif", 4) != 0 || at[4] < '2') return false;
    uint32_t counts[6];
    for (int i = 0; i < 6; i++) {
        counts[i] = (uint32_t)big_endian(at + 20 + 4 * i, 4);
        if (counts[i] > ZONE_TIMES_MAX) return false;
    }
    *block = (tzif_block){at + 44,   end,       counts[0], counts[1],
                          counts[2], counts[3], counts[4], counts[5]};
    return tzif_size(block, time_size) <= (size_t)(end - block->at);
}

static int32_t tzif_offset(const tzif_block *b, unsigned type) {
    const unsigned char *types = b->at + b->times * (size_t)9;
    return (int32_t)(uint32_t)big_endian(types + 6 * (size_t)type, 4);
}

static bool zone_fill(hx_zone *z, const tzif_block *b) {
    const unsigned char *kinds = b->at + b->times * (size_t)8;
    z->fixed = tzif_offset(b, 0);
    for (uint32_t i = 0; i < b->times; i++) {
        if (kinds[i] >= b->types) return false;
        z->at[i] = (int64_t)big_endian(b->at + 8 * (size_t)i, 8);
        z->offset[i] = tzif_offset(b, kinds[i]);
        if (i && z->at[i] <= z->at[i - 1]) return false;
    }
    z->n = b->times;
    for (uint32_t t = 0; t < b->types; t++) {
        int32_t offset = tzif_offset(b, t);
        if (offset < -93600 || offset > 93600) return false;
    }
    return true;
}

/* Appends the footer's transitions behind the last one of the file. Room for two a year is there. */
static void zone_unroll(hx_zone *z, const hx_zone_rule *rule) {
    int64_t last = z->n ? z->at[z->n - 1] : INT64_MIN;
    for (int year = RULE_YEAR_FIRST; year <= RULE_YEAR_LAST; year++) {
        hx_zone_change changes[2];
        hx_zone_rule_year(rule, year, changes);
        for (int i = 0; i < 2; i++) {
            if (changes[i].at <= last) continue;
            z->at[z->n] = last = changes[i].at;
            z->offset[z->n++] = changes[i].offset;
        }
    }
}

static bool zone_decode(hx_zone *z, hx_str bytes, bool *no_memory) {
    const unsigned char *at = (const unsigned char *)bytes.ptr, *end = at + bytes.len;
    tzif_block b;
    if (!tzif_header(at, end, 4, &b)) return false;
    if (!tzif_header(b.at + tzif_size(&b, 4), end, 8, &b)) return false;
    /* Zones with leap seconds ("right/...") count other seconds than we do. */
    if (b.types == 0 || b.leaps != 0) return false;
    size_t room = b.times + 2u * (RULE_YEAR_LAST - RULE_YEAR_FIRST + 1);
    z->at = calloc(room, sizeof *z->at);
    z->offset = calloc(room, sizeof *z->offset);
    *no_memory = !z->at || !z->offset;
    if (*no_memory || !zone_fill(z, &b)) return false;
    const char *footer = (const char *)b.at + tzif_size(&b, 8);
    hx_str text = {footer, (size_t)((const char *)end - footer)};
    hx_zone_rule rule;
    if (hx_zone_rule_parse(text, &rule)) zone_unroll(z, &rule);
    return true;
}

static hx_status zone_load(hx_zone *z, const char *name, hx_error *err) {
    char path[sizeof ZONE_DIRECTORY + sizeof z->name] = ZONE_DIRECTORY;
    memcpy(path + sizeof ZONE_DIRECTORY - 1, name, strlen(name) + 1);
    hx_buf file;
    hx_buf_init(&file, ZONE_FILE_MAX);
    hx_error why = {0};
    hx_status status = hx_file_read(path, &file, &why);
    bool no_memory = status == HX_ENOMEM;
    bool ok = status == HX_OK && zone_decode(z, hx_buf_str(&file), &no_memory);
    hx_buf_release(&file);
    if (ok) return HX_OK;
    hx_zone_release(z);
    if (no_memory) return hx_fail(err, HX_ENOMEM, "time zone '%s': out of memory", name);
    return zone_unknown(err, name);
}

hx_status hx_zone_init(hx_zone *z, const char *name, hx_error *err) {
    *z = (hx_zone){0};
    size_t len = strlen(name);
    if (len == 0 || len >= sizeof z->name) return zone_unknown(err, name);
    if (strcmp(name, "UTC") != 0 && strcmp(name, "Z") != 0 && !parse_offset(name, &z->fixed)) {
        if (!zone_name_is_safe(name)) return zone_unknown(err, name);
        HX_TRY(zone_load(z, name, err));
    }
    memcpy(z->name, name, len + 1);
    return HX_OK;
}

void hx_zone_release(hx_zone *z) {
    free(z->at);
    free(z->offset);
    *z = (hx_zone){0};
}

/* The number of transitions at or before t: the index of t's segment. */
static size_t zone_segment(const hx_zone *z, int64_t t) {
    size_t low = 0, high = z->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (z->at[middle] <= t)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t segment_offset(const hx_zone *z, size_t k) {
    return k ? z->offset[k - 1] : z->fixed;
}

int64_t hx_zone_to_utc_ms(const hx_zone *z, int64_t local_ms) {
    int64_t local = hx_floor_div(local_ms, 1000);
    size_t k = zone_segment(z, local - ZONE_SPREAD_S);
    while (k < z->n && local >= z->at[k] + segment_offset(z, k))
        k++;
    int32_t offset = segment_offset(z, k);
    if (k && local - offset < z->at[k - 1]) offset = segment_offset(z, k - 1);
    return local_ms - offset * (int64_t)1000;
}

int64_t hx_zone_to_local_ms(const hx_zone *z, int64_t utc_ms) {
    size_t k = zone_segment(z, hx_floor_div(utc_ms, 1000));
    return utc_ms + segment_offset(z, k) * (int64_t)1000;
}
