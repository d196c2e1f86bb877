/* texts.c - what customers said, as a list: the texts of a store's events for whoever looks at all of them together (topics).
 *
 * Events are visited in the order of their people, the list is in the order of time, so that it does not depend on how ids were joined.
 * Noise and searches are no opinions and are left out, as everywhere else. */
#include <stdlib.h>
#include <string.h>

#include "answer/population.h"
#include "answer/value.h"
#include "base/error.h"
#include "store/store.h"

typedef struct {
    const hx_population *pop;
    hx_arena *arena;
    int64_t since;
    hx_buf list; /* hx_said_text */
} gathering;

static bool is_wanted(const gathering *g, const hx_event *e) {
    const bool late =
        g->pop->as_of != HX_TIME_NONE && e->time != HX_TIME_NONE && e->time > g->pop->as_of;
    if (late || e->text.len == 0 || e->kind == HX_KIND_SEARCH || !e->annotation) return false;
    if (g->since != INT64_MIN && (e->time == HX_TIME_NONE || e->time < g->since)) return false;
    return e->annotation->noise == HX_NOISE_NONE;
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
        if (g->list.len / sizeof one >= HX_SAID_TEXTS_MAX)
            return hx_fail(err, HX_ELIMIT, "the store has more than %u texts", HX_SAID_TEXTS_MAX);
        if (!one.text.ptr || !hx_buf_append(&g->list, &one, sizeof one))
            return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    }
    return HX_OK;
}

static int by_time(const void *x, const void *y) {
    const hx_said_text *a = x, *b = y;
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    return (a->event > b->event) - (a->event < b->event);
}

static hx_status gather(hx_store *s, gathering *g, const hx_said_text **out, size_t *n,
                        hx_error *err) {
    HX_TRY(hx_store_each_events(s, visit, g, err));
    *n = g->list.len / sizeof **out;
    hx_said_text *list = hx_arena_alloc(g->arena, g->list.len + 1);
    if (!list) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    if (*n > 0) memcpy(list, g->list.ptr, g->list.len);
    if (*n > 1) qsort(list, *n, sizeof *list, by_time);
    *out = list;
    return HX_OK;
}

hx_status hx_answer_texts(hx_store *s, int64_t since, const hx_answer_options *o, hx_arena *arena,
                          const hx_said_text **out, size_t *n, hx_error *err) {
    hx_population *pop = NULL;
    *n = 0;
    HX_TRY(hx__population_open(&pop, s, hx__answer_as_of(o), err));
    gathering g = {.pop = pop, .arena = arena, .since = since};
    hx_buf_init(&g.list, (HX_SAID_TEXTS_MAX + 1) * sizeof(hx_said_text));
    const hx_status status = gather(s, &g, out, n, err);
    hx_buf_release(&g.list);
    hx__population_close(pop);
    return status;
}

const char *hx_event_name(uint64_t event, char out[HX_ID_NAME_MAX]) {
    return hx_event_id_text(event, out);
}

const char *hx_person_name(uint64_t person, char out[HX_ID_NAME_MAX]) {
    return hx_profile_id_text(person, out);
}
