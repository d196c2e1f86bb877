/* segment_times.c - one customer's events played through the engine of segments; see segment_times.h.
 *
 * The engine knows one customer at a time. Between two events it is brought from one end of a window to the next, so each change has its exact
 * time; behind the last event the ends that are left follow. Several events of one moment may turn a membership to and fro: what is left of
 * the turns of one moment is one or none. */
#include "insight/segment_times.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/error.h"

#define TURNS_BYTES_MAX ((size_t)1 << 30)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the segments");
}

static void note_turn(void *context, size_t definition, uint32_t place, int64_t time, bool in) {
    hx_segment_times *t = context;
    const hx_segment_turn turn = {.time = time, .definition = (uint16_t)definition, .in = in};
    (void)place;
    if (!hx_buf_append(&t->turns, &turn, sizeof turn)) t->failed = true;
}

hx_status hx_segment_times_init(hx_segment_times *t, hx_segment_live *live, hx_error *err) {
    (void)err;
    *t = (hx_segment_times){.live = live};
    hx_buf_init(&t->turns, TURNS_BYTES_MAX);
    hx_segment_live_watch(live, note_turn, t);
    return HX_OK;
}

void hx_segment_times_release(hx_segment_times *t) {
    if (t->live) hx_segment_live_watch(t->live, NULL, NULL);
    hx_buf_release(&t->turns);
    *t = (hx_segment_times){0};
}

static hx_status advance_to(hx_segment_live *l, int64_t time, hx_error *err) {
    for (int64_t next; (next = hx_segment_live_next(l)) != INT64_MAX && next <= time;)
        HX_TRY(hx_segment_live_advance(l, next, err));
    return HX_OK;
}

static int compare_turns(const void *a, const void *b) {
    const hx_segment_turn *x = a, *y = b;
    if (x->definition != y->definition) return x->definition < y->definition ? -1 : 1;
    return (x->time > y->time) - (x->time < y->time);
}

/* Turns alternate, so that of the turns of one moment an even number is none, and an odd one is like its first. */
static size_t settle_moments(hx_segment_turn *turns, size_t n) {
    size_t kept = 0;
    bool in = false;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && compare_turns(&turns[end], &turns[i]) == 0; end++)
            continue;
        if (i == 0 || turns[i].definition != turns[i - 1].definition) in = false;
        if ((end - i) % 2 == 0) continue;
        in = !in;
        turns[kept] = turns[i];
        turns[kept++].in = in;
    }
    return kept;
}

hx_status hx_segment_times_find(hx_segment_times *t, uint64_t person, const hx_event *events,
                                size_t n, hx_error *err) {
    hx_segment_live_forget(t->live);
    hx_buf_reset(&t->turns);
    for (size_t i = 0; i < n; i++) {
        if (events[i].time != HX_TIME_NONE) HX_TRY(advance_to(t->live, events[i].time, err));
        HX_TRY(hx_segment_live_add(t->live, person, &events[i], err));
    }
    HX_TRY(advance_to(t->live, INT64_MAX - 1, err));
    if (t->failed) return no_memory(err);
    t->at = (hx_segment_turn *)(void *)t->turns.ptr;
    t->n = t->turns.len / sizeof *t->at;
    if (t->n > 1) qsort(t->at, t->n, sizeof *t->at, compare_turns);
    t->n = settle_moments(t->at, t->n);
    return HX_OK;
}

/* ------------------------------------------------------------------ written */
void hx_segment_times_write(const hx_segment_turn *turns, size_t n, hx_buf *out) {
    const bool none = n > 0 && turns[0].time == HX_TIME_NONE;
    int64_t before = 0;
    hx_put_u64(out, (uint64_t)n * 2 + none);
    for (size_t i = none; i < n; i++) {
        hx_put_i64(out, turns[i].time - before);
        before = turns[i].time;
    }
}

hx_segment_times_walk hx_segment_times_begin(hx_str written) {
    hx_segment_times_walk w = {.c = hx_cursor_of(written)};
    const uint64_t head = hx_get_u64(&w.c);
    w.none = head & 1;
    w.left = w.c.failed ? 0 : head / 2;
    return w;
}

bool hx_segment_times_next(hx_segment_times_walk *w) {
    if (w->left == 0) return false;
    w->left--;
    w->in = !w->in;
    if (w->none) {
        w->none = false;
        w->time = HX_TIME_NONE;
        return true;
    }
    const int64_t before = w->time == HX_TIME_NONE ? 0 : w->time;
    if (__builtin_add_overflow(before, hx_get_i64(&w->c), &w->time)) w->c.failed = true;
    return !w->c.failed;
}

bool hx_segment_times_in(hx_str written, int64_t time, int64_t *since, int64_t *until) {
    hx_segment_times_walk w = hx_segment_times_begin(written);
    int64_t from = INT64_MIN, to = INT64_MAX;
    bool in = false;
    while (hx_segment_times_next(&w)) {
        if (w.time > time) {
            to = w.time;
            break;
        }
        from = w.time;
        in = w.in;
    }
    if (since) *since = from;
    if (until) *until = to;
    return in && !w.c.failed;
}
