/* report_quality.c - what was read, repaired and rejected; where files contradict each other; texts given twice.
 *
 * Rejects are grouped by column and by their reason without its values: "'13月5日' is not a date" and "'x' is not a date" are one kind.
 * Near duplicates: fingerprints (SimHash) that differ in at most 3 of 64 bits agree in at least one of four 16-bit bands, so each
 * is compared with its neighbours in four orders, one a band. */
#include <stdlib.h>
#include <string.h>

#include "answer/report.h"
#include "base/error.h"
#include "insight/quantile.h"

#define NEAR_BITS 3
#define NEAR_UNIQUE_MAX 200000
#define NEAR_NEIGHBOURS 48 /* compared in a band: short texts share fingerprints by the thousand */
#define REASON_BYTES 300

/* ------------------------------------------------------------------ rejects */
/* The bytes of an opening quotation mark at s[at] and those that close it; 0 = none. */
static size_t quote_at(hx_str s, size_t at, const char **close) {
    static const char open_zh[] = "\xE2\x80\x9C", close_zh[] = "\xE2\x80\x9D";
    *close = s.ptr[at] == '\'' ? "'" : close_zh;
    if (s.ptr[at] == '\'') return 1;
    return s.len - at >= 3 && memcmp(s.ptr + at, open_zh, 3) == 0 ? 3 : 0;
}

static size_t find_from(hx_str s, size_t at, const char *what) {
    size_t len = strlen(what);
    for (; at + len <= s.len; at++)
        if (memcmp(s.ptr + at, what, len) == 0) return at;
    return s.len;
}

/* The reason with every quoted value as … and every number as #. */
static hx_str pattern_of(hx_str reason, char out[REASON_BYTES]) {
    size_t n = 0;
    reason = hx__report_shorten(reason, REASON_BYTES - 1);
    for (size_t i = 0; i < reason.len && n + 4 < REASON_BYTES;) {
        const char *close;
        bool digit = reason.ptr[i] >= '0' && reason.ptr[i] <= '9';
        size_t end = quote_at(reason, i, &close) ? find_from(reason, i + 1, close) : reason.len;
        if (end < reason.len) {
            memcpy(out + n, "\xE2\x80\xA6", 3);
            n += 3;
            i = end + strlen(close);
        } else if (digit) {
            if (n == 0 || out[n - 1] != '#') out[n++] = '#';
            i++;
        } else {
            out[n++] = reason.ptr[i++];
        }
    }
    return (hx_str){out, n};
}

static hx_status visit_reject(void *context, int64_t import, int64_t row, hx_str column,
                              hx_str reason, hx_error *err) {
    hx_report *r = context;
    hx_report_quality *q = &r->quality;
    char text[REASON_BYTES];
    hx_str pattern = pattern_of(reason, text);
    for (size_t i = 0; i < q->n_rejects; i++)
        if (hx_str_equal(q->rejects[i].pattern, pattern) &&
            hx_str_equal(q->rejects[i].column, column)) {
            q->rejects[i].count++;
            return HX_OK;
        }
    if (q->n_rejects == HX_REPORT_LIST) {
        q->more_rejects++;
        return HX_OK;
    }
    hx_report_reject *to = &q->rejects[q->n_rejects++];
    *to = (hx_report_reject){.import = import, .row = row, .count = 1};
    to->pattern = hx_arena_str(r->arena, pattern);
    to->column = hx_arena_str(r->arena, hx__report_shorten(column, HX_REPORT_NAME_BYTES));
    to->example = hx__report_mask(hx__report_shorten(reason, REASON_BYTES), r->arena);
    if (!to->pattern.ptr || !to->column.ptr || !to->example.ptr)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    return HX_OK;
}

static int compare_rejects(const void *a, const void *b) {
    const hx_report_reject *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return (x->import > y->import) - (x->import < y->import);
}

/* ------------------------------------------------------------------ contradictions */
static hx_status list_conflict(hx_report *r, uint64_t person, const hx_profile *p,
                               const hx_conflict *from, hx_report_conflict *to, hx_error *err) {
    char name[HX_REPORT_NAME_BYTES + 1];
    hx_str known = hx__report_shorten(from->name, HX_REPORT_NAME_BYTES);
    if (known.len) memcpy(name, known.ptr, known.len);
    name[known.len] = '\0';
    const hx_trait *trait = hx_profile_trait(p, name);
    hx_str kept = trait ? trait->value : (hx_str){"", 0};
    *to = (hx_report_conflict){.person = person, .other_event = from->event};
    to->kept_event = trait ? trait->event : 0;
    to->who = hx__report_shown_id(r, p);
    to->name = hx_arena_str(r->arena, known);
    to->kept = hx__report_mask(hx__report_shorten(kept, HX_REPORT_NAME_BYTES), r->arena);
    to->other = hx__report_mask(hx__report_shorten(from->value, HX_REPORT_NAME_BYTES), r->arena);
    if (!to->who.ptr || !to->name.ptr || !to->kept.ptr || !to->other.ptr)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    return HX_OK;
}

static hx_status visit_person(void *context, const hx_customer *c, const hx_profile *p,
                              hx_error *err) {
    hx_report *r = context;
    hx_report_quality *q = &r->quality;
    size_t numbers = 0;
    for (uint32_t i = 0; i < p->n_ids; i++)
        numbers += p->ids[i].type == HX_ID_CUSTOMER;
    q->joined += numbers > 1;
    q->conflicted += p->n_conflicts > 0;
    for (uint32_t i = 0; i < p->n_conflicts; i++)
        if (q->n_conflicts++ < HX_REPORT_CONFLICTS)
            HX_TRY(list_conflict(r, c->person, p, &p->conflicts[i],
                                 &q->conflicts[q->n_conflicts - 1], err));
    return HX_OK;
}

/* The import that said an event first; 0 where it is not among them. */
static int64_t import_of(const hx_event *events, size_t n, uint64_t event) {
    for (size_t i = 0; i < n; i++)
        if (event != 0 && hx_event_id(&events[i]) == event && events[i].n_imports > 0)
            return events[i].imports[0];
    return 0;
}

/* Which files contradict each other: the listed conflicts of one person stand together. */
static hx_status trace_conflicts(hx_report *r, hx_error *err) {
    hx_report_quality *q = &r->quality;
    hx_arena *arena = hx_arena_new(0);
    hx_event *events = NULL;
    size_t n = 0;
    hx_status status = HX_OK;
    if (!arena) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    for (size_t i = 0; i < q->n_conflicts && i < HX_REPORT_CONFLICTS && status == HX_OK; i++) {
        hx_report_conflict *c = &q->conflicts[i];
        if (i == 0 || c->person != c[-1].person) {
            hx_arena_reset(arena);
            status = hx__person_events(r->store, c->person, r->pop->as_of, arena, &events, &n, err);
        }
        if (status != HX_OK) break;
        c->kept_import = import_of(events, n, c->kept_event);
        c->other_import = import_of(events, n, c->other_event);
    }
    hx_arena_free(arena);
    return status;
}

/* ------------------------------------------------------------------ texts given twice */
/* Sorts, keeps one of each; returns how many were dropped. */
static uint64_t drop_equal(int64_t *v, size_t *n, int64_t *scratch) {
    size_t kept = 0;
    hx_quantile_sort(v, *n, scratch);
    for (size_t i = 0; i < *n; i++)
        if (kept == 0 || v[kept - 1] != v[i]) v[kept++] = v[i];
    uint64_t dropped = *n - kept;
    *n = kept;
    return dropped;
}

static uint64_t rotate(uint64_t v, unsigned by) {
    return by ? v << by | v >> (64 - by) : v;
}

static size_t place_of(const int64_t *sorted, size_t n, int64_t v) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < v)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Marks the second of each near pair whose band of 16 bits behind `by` is equal. `v` are the rotated values, sorted. */
static void mark_near(const int64_t *v, size_t n, unsigned by, const int64_t *unique,
                      uint8_t *near) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n && j <= i + NEAR_NEIGHBOURS; j++) {
            uint64_t a = (uint64_t)v[i], b = (uint64_t)v[j];
            if (a >> 48 != b >> 48) break;
            if (__builtin_popcountll(a ^ b) > NEAR_BITS) continue;
            uint64_t x = rotate(a, (64 - by) % 64), y = rotate(b, (64 - by) % 64);
            int64_t later = (int64_t)x > (int64_t)y ? (int64_t)x : (int64_t)y;
            near[place_of(unique, n, later)] = 1;
        }
}

static hx_status find_near(hx_report *r, hx_error *err) {
    size_t n = r->fingerprints.len / sizeof(int64_t);
    hx_report_quality *q = &r->quality;
    q->compared_texts = n;
    if (n < 2) return HX_OK;
    int64_t *values = hx_arena_alloc(r->arena, 3 * n * sizeof *values);
    uint8_t *near = hx_arena_alloc(r->arena, n);
    if (!values || !near) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    int64_t *unique = values, *rotated = values + n, *scratch = values + 2 * n;
    memcpy(unique, r->fingerprints.ptr, n * sizeof *unique);
    q->equal_texts = drop_equal(unique, &n, scratch);
    if (n > NEAR_UNIQUE_MAX) n = NEAR_UNIQUE_MAX;
    for (unsigned by = 0; by < 64; by += 16) {
        for (size_t i = 0; i < n; i++)
            rotated[i] = (int64_t)rotate((uint64_t)unique[i], by);
        hx_quantile_sort(rotated, n, scratch);
        mark_near(rotated, n, by, unique, near);
    }
    for (size_t i = 0; i < n; i++)
        q->near_texts += near[i];
    return HX_OK;
}

hx_status hx__report_quality_gather(hx_report *r, hx_error *err) {
    hx_report_quality *q = &r->quality;
    HX_TRY(hx_store_imports(r->store, r->arena, &q->imports, &q->n_imports, err));
    HX_TRY(hx_store_each_reject(r->store, visit_reject, r, err));
    if (q->n_rejects > 1) qsort(q->rejects, q->n_rejects, sizeof q->rejects[0], compare_rejects);
    HX_TRY(hx__population_each(r->pop, visit_person, r, err));
    HX_TRY(trace_conflicts(r, err));
    return find_near(r, err);
}
