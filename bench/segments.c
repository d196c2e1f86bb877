/* segments.c - 200 segments over generated customers: time an event, full recomputation, memory.
 *
 *     bench_segments [CUSTOMERS 1000000] [EVENTS A CUSTOMER 20] [EVENTS TIMED 200000]
 *
 * One line: seconds of loading and of recomputing all, microseconds an event (mean; expiring windows included), bytes held, and whether what
 * came event by event equals what all at once gives (checked by the bytes of all memberships). Generated data; one thread, whose processor time is told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/hash.h"
#include "base/rng.h"
#include "insight/segment_live.h"

#define SEGMENTS 200
#define YEAR (365 * HX_DAY_MS)
#define ITEMS 40

typedef struct {
    char names[SEGMENTS][16], rules[SEGMENTS][256];
    hx_segment_definition definitions[SEGMENTS];
    char items[ITEMS][8];
} shop;

static double cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void write_rule(shop *s, int i) {
    static const char *const kinds[] = {"order", "view", "review", "refund"};
    const char *kind = kinds[i % 4];
    const int days = 7 * (1 + i % 13), n = 1 + i % 5;
    char *r = s->rules[i];
    const size_t size = sizeof *s->rules;
    switch (i % 6) {
    case 0:
        (void)snprintf(r, size, "count(%s) in %d days >= %d", kind, days, n);
        break;
    case 1:
        (void)snprintf(r, size, "sum(order) in %d days > %d and not refund in %d days", days,
                       40 * n, days);
        break;
    case 2:
        (void)snprintf(r, size, "view then order within %d days in %d days", n, days);
        break;
    case 3:
        (void)snprintf(r, size, "order[item = i%d] in %d days or count(view) >= %d", i % ITEMS,
                       days, 4 * n);
        break;
    case 4:
        (void)snprintf(r, size, "segment.s%d and not segment.s%d", i - 1, i - 3);
        break;
    default:
        (void)snprintf(r, size, "review[rating <= %d] in %d days and order", n, days);
    }
}

static void make_shop(shop *s) {
    for (int i = 0; i < ITEMS; i++)
        (void)snprintf(s->items[i], sizeof *s->items, "i%d", i);
    for (int i = 0; i < SEGMENTS; i++) {
        (void)snprintf(s->names[i], sizeof *s->names, "s%d", i);
        write_rule(s, i);
        s->definitions[i] = (hx_segment_definition){hx_str_of(s->names[i]), hx_str_of(s->rules[i])};
    }
}

static hx_event make_event(const shop *s, hx_rng *r, int64_t time) {
    static const hx_event_kind kinds[] = {HX_KIND_VIEW, HX_KIND_VIEW, HX_KIND_ORDER, HX_KIND_REVIEW,
                                          HX_KIND_REFUND};
    hx_event e = {.kind = kinds[hx_rng_below(r, 5)],
                  .time = time,
                  .row_hash = hx_rng_next(r),
                  .own_id = true,
                  .rating = HX_RATING_NONE};
    e.item = hx_str_of(s->items[hx_rng_below(r, ITEMS)]);
    e.has_amount = e.kind == HX_KIND_ORDER;
    if (e.has_amount) e.amount = (int64_t)hx_rng_below(r, 100) * HX_MONEY_ONE;
    if (e.kind == HX_KIND_REVIEW) e.rating = (int32_t)hx_rng_below(r, 6) * 1000;
    return e;
}

static bool same(hx_segment_live *l, hx_error *err) {
    hx_buf a, b;
    hx_buf_init(&a, SIZE_MAX / 2);
    hx_buf_init(&b, SIZE_MAX / 2);
    hx_segment_live_write(l, &a);
    bool ok = hx_segment_live_recompute(l, err) == HX_OK;
    hx_segment_live_write(l, &b);
    ok = ok && a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
    hx_buf_release(&a);
    hx_buf_release(&b);
    return ok;
}

static hx_status run(const shop *s, uint64_t people, uint64_t each, uint64_t timed, hx_error *err) {
    hx_segment_live *l = NULL;
    hx_rng r;
    hx_status status = hx_segment_live_new(&l, s->definitions, SEGMENTS, err);
    if (status != HX_OK) return status;
    hx_rng_seed(&r, 7);
    const uint64_t n = people * each;
    double t[5] = {cpu_s()};
    for (uint64_t i = 0; i < n && status == HX_OK; i++) {
        const hx_event e = make_event(s, &r, (int64_t)((double)YEAR / (double)n * (double)i));
        status = hx_segment_live_load(l, hx_rng_below(&r, people), &e, err);
    }
    t[1] = cpu_s();
    if (status == HX_OK) status = hx_segment_live_recompute(l, err);
    t[2] = cpu_s();
    for (uint64_t i = 0; i < timed && status == HX_OK; i++) {
        const hx_event e =
            make_event(s, &r, YEAR + (int64_t)((double)YEAR / (double)n * (double)i));
        status = hx_segment_live_add(l, hx_rng_below(&r, people), &e, err);
    }
    t[3] = cpu_s();
    if (status == HX_OK)
        printf("customers %u, events %" PRIu64 ", load %.2f s, recompute %.2f s, event %.2f us, "
               "memory %.0f MB, equal %s\n",
               hx_segment_live_people(l), n, t[1] - t[0], t[2] - t[1],
               (t[3] - t[2]) / (double)timed * 1e6, (double)hx_segment_live_bytes(l) / 1e6,
               same(l, err) ? "yes" : "NO");
    hx_segment_live_free(l);
    return status;
}

int main(int argc, char **argv) {
    shop *s = calloc(1, sizeof *s);
    hx_error err = {0};
    if (!s) return 1;
    make_shop(s);
    const hx_status status = run(s, argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000,
                                 argc > 2 ? strtoull(argv[2], NULL, 10) : 20,
                                 argc > 3 ? strtoull(argv[3], NULL, 10) : 200000, &err);
    if (status != HX_OK) fprintf(stderr, "%s\n", err.message);
    free(s);
    return status != HX_OK;
}
