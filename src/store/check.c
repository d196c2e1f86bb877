/* check.c - does the store hold together: every block decodes, and profiles equal what their events fold into. */
#include <string.h>

#include "base/error.h"
#include "store/sqlite.h"

typedef struct {
    hx_store *store;
    uint64_t every; /* check one person in this many */
    uint64_t seen;
    hx_profile *again;
    hx_arena *arena;
    hx_buf stored, folded;
} check;

static hx_status decode_block(void *context, uint64_t person, const hx_event *events, size_t n,
                              hx_error *err) {
    (void)context, (void)person;
    for (size_t i = 1; i < n; i++)
        if (hx_event_compare(&events[i - 1], &events[i]) >= 0)
            return hx_fail(err, HX_EFORMAT,
                           "the store is damaged: events are out of order; restore a backup");
    return HX_OK;
}

static hx_status check_profile(void *context, const hx_profile *p, hx_error *err) {
    check *c = context;
    hx_event *events;
    size_t n;
    char id[HX_PROFILE_ID_MAX];
    if (c->seen++ % c->every != 0) return HX_OK;
    hx_arena_reset(c->arena);
    HX_TRY(hx_store_events(c->store, p->key, c->arena, &events, &n, err));
    hx_profile_reset(c->again);
    for (size_t i = 0; i < n; i++)
        hx_profile_fold(c->again, &events[i]);
    hx_buf_reset(&c->stored);
    hx_buf_reset(&c->folded);
    hx_profile_write(p, &c->stored);
    hx_profile_write(c->again, &c->folded);
    HX_TRY(hx_buf_status(&c->folded, "a profile", err));
    if (hx_str_equal(hx_buf_str(&c->stored), hx_buf_str(&c->folded))) return HX_OK;
    return hx_fail(
        err, HX_EFORMAT,
        "the store is damaged: profile %s does not follow from its events; restore a backup",
        hx_profile_id_text(p->key, id));
}

hx_status hx_store_check_people(hx_store *s, uint64_t sample, hx_error *err) {
    check c = {.store = s, .every = 1};
    HX_TRY(hx_store_refuse_half_undone(s, err));
    HX_TRY(hx_store_each_events(s, decode_block, &c, err));
    if (sample > 0) {
        hx_store_summary summary;
        HX_TRY(hx_store_summarize(s, &summary, err));
        c.every = summary.customers / sample + 1;
    }
    c.again = hx_profile_new();
    c.arena = hx_arena_new(0);
    hx_buf_init(&c.stored, 256u << 20);
    hx_buf_init(&c.folded, 256u << 20);
    hx_status status = c.again && c.arena ? hx_store_each_profile(s, check_profile, &c, err)
                                          : hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_release(&c.stored);
    hx_buf_release(&c.folded);
    hx_arena_free(c.arena);
    hx_profile_free(c.again);
    return status;
}
