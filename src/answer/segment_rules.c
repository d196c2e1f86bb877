/* segment_rules.c - the segments that somebody defined in a store; see segment_rules.h.
 *
 * Keeping them up goes through the persons that were touched, in batches of one transaction each: all events of a person, in order, through
 * the engine, and what it says replaces what was kept of him. So it makes no difference whether events come one by one, in files or in
 * another order, and an import that is taken back leaves the very bytes that were there before it. */
#include "answer/segment_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/map.h"

#define BATCH 512
#define TIMES_BYTES_MAX ((size_t)1 << 28)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the segments");
}

/* ------------------------------------------------------------------ definitions */
static hx_status put_in(hx__segments *g, const hx_segment_definition *more, hx_error *err) {
    size_t at = g->n;
    if (!hx__segments_index(g, more->name, &at)) {
        hx_store_segment *longer = hx_arena_alloc(g->arena, (g->n + 1) * sizeof *longer);
        if (!longer) return no_memory(err);
        if (g->n > 0) memcpy(longer, g->list, g->n * sizeof *longer);
        longer[at] = (hx_store_segment){.id = -1};
        g->list = longer;
        g->n++;
    }
    g->list[at].name = more->name;
    g->list[at].rule = more->rule;
    return HX_OK;
}

static hx_status compile(hx__segments *g, hx_error *err) {
    hx_segment_definition *d = hx_arena_alloc(g->arena, (g->n + 1) * sizeof *d);
    if (!d) return no_memory(err);
    for (size_t i = 0; i < g->n; i++)
        d[i] = (hx_segment_definition){g->list[i].name, g->list[i].rule};
    HX_TRY(hx_segment_live_new(&g->live, d, g->n, err));
    return hx_segment_times_init(&g->times, g->live, err);
}

hx_status hx__segments_load(hx__segments *g, hx_store *s, const hx_segment_definition *more,
                            hx_error *err) {
    *g = (hx__segments){.arena = hx_arena_new(0)};
    if (!g->arena) return no_memory(err);
    HX_TRY(hx_store_segments(s, g->arena, &g->list, &g->n, err));
    if (more) HX_TRY(put_in(g, more, err));
    return compile(g, err);
}

void hx__segments_release(hx__segments *g) {
    hx_segment_times_release(&g->times);
    hx_segment_live_free(g->live);
    hx_arena_free(g->arena);
    *g = (hx__segments){0};
}

bool hx__segments_index(const hx__segments *g, hx_str name, size_t *index) {
    for (size_t i = 0; i < g->n; i++)
        if (hx_str_equal(g->list[i].name, name)) return *index = i, true;
    return false;
}

int64_t hx__segments_index_of(const hx__segments *g, int64_t id) {
    for (size_t i = 0; i < g->n; i++)
        if (g->list[i].id == id) return (int64_t)i;
    return -1;
}

/* ------------------------------------------------------------------ one person found out */
typedef struct {
    hx__segments *g;
    hx_store *s;
    hx_arena *events;
    hx_buf written;
    hx__segments_fn *fn;
    void *context;
} finder;

static hx_status open_finder(finder *f, hx__segments *g, hx_store *s, hx__segments_fn *fn,
                             void *context, hx_error *err) {
    *f = (finder){.g = g, .s = s, .events = hx_arena_new(0), .fn = fn, .context = context};
    hx_buf_init(&f->written, TIMES_BYTES_MAX);
    return f->events ? HX_OK : no_memory(err);
}

static void close_finder(finder *f) {
    hx_arena_free(f->events);
    hx_buf_release(&f->written);
}

static hx_status find_person(finder *f, uint64_t person, hx_error *err) {
    hx_event *events = NULL;
    size_t n = 0;
    hx_arena_reset(f->events);
    HX_TRY(hx_store_events(f->s, person, f->events, &events, &n, err));
    HX_TRY(hx_segment_times_find(&f->g->times, person, events, n, err));
    const hx_segment_turn *turns = f->g->times.at;
    for (size_t i = 0, end; i < f->g->times.n; i = end) {
        for (end = i + 1; end < f->g->times.n && turns[end].definition == turns[i].definition;
             end++)
            continue;
        hx_buf_reset(&f->written);
        hx_segment_times_write(&turns[i], end - i, &f->written);
        HX_TRY(hx_buf_status(&f->written, "times of a segment", err));
        HX_TRY(f->fn(f->context, person, turns[i].definition, hx_buf_str(&f->written), err));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ keeping up */
static hx_status save_times(void *context, uint64_t person, size_t index, hx_str written,
                            hx_error *err) {
    const finder *f = context;
    return hx_store_put_segment_times(f->s, person, f->g->list[index].id, written, err);
}

static hx_status save_batch(finder *f, const uint64_t *persons, size_t n, hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        HX_TRY(hx_store_drop_person_times(f->s, persons[i], err));
        if (f->g->n > 0) HX_TRY(find_person(f, persons[i], err));
        HX_TRY(hx_store_drop_touched(f->s, persons[i], err));
    }
    return HX_OK;
}

static hx_status keep_batch(finder *f, size_t *n, hx_error *err) {
    uint64_t persons[BATCH];
    HX_TRY(hx_store_begin(f->s, err));
    hx_status status = hx_store_next_touched(f->s, persons, BATCH, n, err);
    if (status == HX_OK) status = save_batch(f, persons, *n, err);
    if (status == HX_OK) return hx_store_commit(f->s, err);
    hx_store_rollback(f->s);
    return status;
}

static hx_status keep_all(hx__segments *g, hx_store *s, hx__segments_progress *tell, void *context,
                          uint64_t total, hx_error *err) {
    finder f;
    uint64_t done = 0;
    size_t n = 1;
    hx_status status = open_finder(&f, g, s, save_times, &f, err);
    while (status == HX_OK && n > 0) {
        status = keep_batch(&f, &n, err);
        done += n;
        if (status == HX_OK && n > 0 && tell && !tell(context, done, total))
            status = hx_fail(err, HX_ECANCELLED,
                             "stopped; the segments are brought up with the next change");
    }
    close_finder(&f);
    return status;
}

hx_status hx__segments_keep(hx_store *s, hx__segments_progress *tell, void *context,
                            hx_error *err) {
    uint64_t total = 0;
    hx__segments g;
    HX_TRY(hx_store_count_touched(s, &total, err));
    if (total == 0) return HX_OK;
    hx_status status = hx__segments_load(&g, s, NULL, err);
    if (status == HX_OK) status = keep_all(&g, s, tell, context, total, err);
    hx__segments_release(&g);
    return status;
}

/* ------------------------------------------------------------------ reading */
typedef struct {
    hx__segments *g;
    hx_map touched;
    hx__segments_fn *fn;
    void *context;
} reader;

static hx_status pass_on(void *context, uint64_t person, int64_t segment, hx_str data,
                         hx_error *err) {
    reader *r = context;
    const int64_t index = hx__segments_index_of(r->g, segment);
    if (index < 0 || hx_map_get(&r->touched, person)) return HX_OK;
    return r->fn(r->context, person, (size_t)index, data, err);
}

/* Persons that nobody brought up yet, in memory: *persons is in the heap. */
static hx_status load_touched(reader *r, hx_store *s, uint64_t **persons, size_t *n,
                              hx_error *err) {
    uint64_t count = 0;
    HX_TRY(hx_store_count_touched(s, &count, err));
    *persons = calloc((size_t)count + 1, sizeof **persons);
    if (!*persons) return no_memory(err);
    HX_TRY(hx_store_next_touched(s, *persons, (size_t)count, n, err));
    for (size_t i = 0; i < *n; i++)
        if (!hx_map_put(&r->touched, (*persons)[i])) return no_memory(err);
    return HX_OK;
}

static hx_status find_touched(hx__segments *g, hx_store *s, hx__segments_fn *fn, void *context,
                              const uint64_t *persons, size_t n, hx_error *err) {
    finder f;
    hx_status status = open_finder(&f, g, s, fn, context, err);
    for (size_t i = 0; i < n && status == HX_OK; i++)
        status = find_person(&f, persons[i], err);
    close_finder(&f);
    return status;
}

hx_status hx__segments_each(hx__segments *g, hx_store *s, hx__segments_fn *fn, void *context,
                            hx_error *err) {
    reader r = {.g = g, .fn = fn, .context = context};
    uint64_t *persons = NULL;
    size_t n = 0;
    if (g->n == 0) return HX_OK;
    hx_map_init(&r.touched);
    hx_status status = load_touched(&r, s, &persons, &n, err);
    if (status == HX_OK) status = hx_store_each_times(s, pass_on, &r, err);
    if (status == HX_OK) status = find_touched(g, s, fn, context, persons, n, err);
    hx_map_release(&r.touched);
    free(persons);
    return status;
}

hx_status hx__segments_of(hx__segments *g, hx_store *s, uint64_t person, hx__segments_fn *fn,
                          void *context, hx_error *err) {
    reader r = {.g = g, .fn = fn, .context = context};
    uint64_t *persons = NULL;
    size_t n = 0;
    if (g->n == 0) return HX_OK;
    hx_map_init(&r.touched);
    hx_status status = load_touched(&r, s, &persons, &n, err);
    if (status == HX_OK)
        status = hx_map_get(&r.touched, person)
                     ? find_touched(g, s, fn, context, &person, 1, err)
                     : hx_store_each_person_times(s, person, pass_on, &r, err);
    hx_map_release(&r.touched);
    free(persons);
    return status;
}

/* ------------------------------------------------------------------ sets of members */
typedef struct {
    const hx_population *pop;
    hx_segment_set *sets;
} set_job;

static hx_status put_member(void *context, uint64_t person, size_t index, hx_str written,
                            hx_error *err) {
    set_job *j = context;
    if (!hx_segment_times_in(written, j->pop->as_of, NULL, NULL)) return HX_OK;
    const hx_customer *c = hx__population_find(j->pop, person);
    if (!c) return HX_OK;
    const uint32_t place = (uint32_t)(c - j->pop->customers);
    return hx_segment_set_put(&j->sets[index], place, true) ? HX_OK : no_memory(err);
}

hx_status hx__segments_sets(hx__segments *g, const hx_population *pop, hx_segment_set **sets,
                            hx_error *err) {
    set_job j = {.pop = pop, .sets = calloc(g->n + 1, sizeof *j.sets)};
    *sets = j.sets;
    if (!j.sets) return no_memory(err);
    return hx__segments_each(g, pop->store, put_member, &j, err);
}

void hx__segments_sets_free(hx_segment_set *sets, size_t n) {
    for (size_t i = 0; sets && i < n; i++)
        hx_segment_set_release(&sets[i]);
    free(sets);
}
