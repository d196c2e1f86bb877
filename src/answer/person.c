/* person.c - one person at one time; see person.h.
 *
 * The stored profile is the fold of all events. Where the last of them is not later than as_of it is the answer; else the events
 * up to as_of are folded again, which gives the bytes that were stored at that time (the fold is pure). Identity is
 * today's: events of ids that were joined later belong to the person at every as_of. */
#include "answer/person.h"

#include <string.h>

#include "base/error.h"

hx_status hx__as_of(hx_store *s, int64_t as_of, int64_t *out, hx_error *err) {
    if (as_of == HX_AS_OF_LATEST) return hx_store_latest(s, out, err);
    *out = as_of;
    return HX_OK;
}

hx_status hx__answer_zone(hx_store *s, const hx_answer_options *o, hx_zone *out, hx_error *err) {
    if (o && o->timezone && o->timezone[0]) return hx_zone_init(out, o->timezone, err);
    hx_arena *arena = hx_arena_new(1u << 20);
    if (!arena) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_str name = {NULL, 0};
    hx_status status = hx_store_get_meta(s, "timezone", arena, &name, err);
    if (status == HX_OK) status = hx_zone_init(out, name.len > 0 ? name.ptr : "UTC", err);
    hx_arena_free(arena);
    return status;
}

static size_t count_until(const hx_event *events, size_t n, int64_t as_of) {
    while (n > 0 && as_of != HX_TIME_NONE && events[n - 1].time > as_of)
        n--;
    return n;
}

hx_status hx__person_events(hx_store *s, uint64_t person, int64_t as_of, hx_arena *arena,
                            hx_event **out, size_t *n, hx_error *err) {
    HX_TRY(hx_store_events(s, person, arena, out, n, err));
    *n = count_until(*out, *n, as_of);
    return HX_OK;
}

hx_status hx__person_fold(const hx_event *events, size_t n, uint64_t person, hx_profile *out,
                          hx_error *err) {
    hx_profile_reset(out);
    for (size_t i = 0; i < n; i++)
        hx_profile_fold(out, &events[i]);
    out->key = person;
    if (out->failed) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    return HX_OK;
}

static hx_status refold(hx_store *s, uint64_t person, int64_t as_of, hx_profile *out,
                        hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_event *events = NULL;
    size_t n = 0;
    hx_status status = hx__person_events(s, person, as_of, arena, &events, &n, err);
    if (status == HX_OK) status = hx__person_fold(events, n, person, out, err);
    hx_arena_free(arena);
    return status;
}

hx_status hx__person_profile(hx_store *s, uint64_t person, int64_t as_of, hx_profile *out,
                             hx_error *err) {
    HX_TRY(hx_store_profile(s, person, out, err));
    if (as_of == HX_TIME_NONE || out->last == HX_TIME_NONE || out->last <= as_of) return HX_OK;
    HX_TRY(refold(s, person, as_of, out, err));
    if (out->n_events > 0) return HX_OK;
    char id[HX_PROFILE_ID_MAX], time[HX_ISO_MAX];
    return hx_fail(err, HX_ENOTFOUND, "customer %s: nothing was known of this person by %s",
                   hx_profile_id_text(person, id), hx_iso_from_ms(as_of, time));
}

hx_str hx__person_name(const hx_profile *p, char scratch[HX_PROFILE_ID_MAX]) {
    const hx_trait *name = hx_profile_trait(p, "name");
    if (name && name->value.len > 0) return name->value;
    if (p->n_ids > 0) return p->ids[0].value;
    return hx_str_of(hx_profile_id_text(p->key, scratch));
}
