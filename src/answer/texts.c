/* texts.c - what customers said, as a list: the texts of a store's events for whoever looks at all of them together (topics).
 *
 * Events are visited in the order of their people, the list is in the order of time, so that it does not depend on how ids were joined.
 * Noise and searches are no opinions and are left out, as everywhere else. Where only the latest are wanted, twice as many are held at most:
 * then the older half goes with the arena it lies in. */
#include <stdlib.h>
#include <string.h>

#include "answer/population.h"
#include "answer/value.h"
#include "base/error.h"
#include "store/store.h"

typedef struct {
    const hx_population *pop;
    hx_arena *arena; /* of the texts; while the walk lasts one of its own */
    size_t most; /* 0 = all */
    hx_buf list; /* hx_said_text */
} gathering;

static bool is_wanted(const gathering *g, const hx_event *e) {
    const bool late =
        g->pop->as_of != HX_TIME_NONE && e->time != HX_TIME_NONE && e->time > g->pop->as_of;
    if (late || e->text.len == 0 || e->kind == HX_KIND_SEARCH || !e->annotation) return false;
    return e->annotation->noise == HX_NOISE_NONE;
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
}

static int by_time(const void *x, const void *y) {
    const hx_said_text *a = x, *b = y;
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    return (a->event > b->event) - (a->event < b->event);
}

static size_t count(const gathering *g) {
    return g->list.len / sizeof(hx_said_text);
}

/* Sorts, and leaves the latest `most`, with their texts in `to`. */
static bool settle(gathering *g, hx_arena *to, hx_said_text **out, size_t *n) {
    hx_said_text *list = (hx_said_text *)(void *)g->list.ptr;
    *n = count(g);
    if (*n > 1) qsort(list, *n, sizeof *list, by_time);
    if (g->most > 0 && *n > g->most) {
        list += *n - g->most;
        *n = g->most;
    }
    for (size_t i = 0; i < *n; i++) {
        list[i].text = hx_arena_str(to, list[i].text);
        if (!list[i].text.ptr) return false;
    }
    *out = list;
    return true;
}

static hx_status drop_older(gathering *g, hx_error *err) {
    hx_arena *fresh = hx_arena_new(0);
    hx_said_text *kept;
    size_t n;
    if (!fresh || !settle(g, fresh, &kept, &n)) {
        hx_arena_free(fresh);
        return no_memory(err);
    }
    memmove(g->list.ptr, kept, n * sizeof *kept);
    g->list.len = n * sizeof *kept;
    hx_arena_free(g->arena);
    g->arena = fresh;
    return HX_OK;
}

static hx_status visit(void *context, uint64_t person, const hx_event *events, size_t n,
                       hx_error *err) {
    gathering *g = context;
    for (size_t i = 0; i < n; i++) {
        const hx_event *e = &events[i];
        if (!is_wanted(g, e)) continue;
        const hx_said_text one = {.text = hx_arena_str(g->arena, e->text),
                                  .time = e->time == HX_TIME_NONE ? INT64_MIN : e->time,
                                  .event = hx_event_id(e),
                                  .person = person,
                                  .sentiment = (int)e->annotation->sentiment.label};
        if (g->most == 0 && count(g) >= HX_SAID_TEXTS_MAX)
            return hx_fail(err, HX_ELIMIT, "the store has more than %u texts", HX_SAID_TEXTS_MAX);
        if (!one.text.ptr || !hx_buf_append(&g->list, &one, sizeof one)) return no_memory(err);
        if (g->most > 0 && count(g) >= 2 * g->most) HX_TRY(drop_older(g, err));
    }
    return HX_OK;
}

static hx_status gather(hx_store *s, gathering *g, hx_arena *arena, const hx_said_text **out,
                        size_t *n, hx_error *err) {
    hx_said_text *found;
    HX_TRY(hx_store_each_events(s, visit, g, err));
    if (!settle(g, arena, &found, n)) return no_memory(err);
    hx_said_text *list = hx_arena_alloc(arena, (*n + 1) * sizeof *list);
    if (!list) return no_memory(err);
    if (*n > 0) memcpy(list, found, *n * sizeof *list);
    *out = list;
    return HX_OK;
}

hx_status hx_answer_texts(hx_store *s, size_t most, const hx_answer_options *o, hx_arena *arena,
                          const hx_said_text **out, size_t *n, hx_error *err) {
    hx_population *pop = NULL;
    *n = 0;
    HX_TRY(hx__population_open(&pop, s, hx__answer_as_of(o), err));
    gathering g = {.pop = pop, .arena = hx_arena_new(0), .most = most};
    hx_buf_init(&g.list, (HX_SAID_TEXTS_MAX + 1) * sizeof(hx_said_text));
    const hx_status status = g.arena ? gather(s, &g, arena, out, n, err) : no_memory(err);
    hx_buf_release(&g.list);
    hx_arena_free(g.arena);
    hx__population_close(pop);
    return status;
}

const char *hx_event_name(uint64_t event, char out[HX_ID_NAME_MAX]) {
    return hx_event_id_text(event, out);
}

const char *hx_person_name(uint64_t person, char out[HX_ID_NAME_MAX]) {
    return hx_profile_id_text(person, out);
}
