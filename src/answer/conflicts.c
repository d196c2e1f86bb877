/* conflicts.c - where sources disagree about a person, and which file said what.
 *
 *   [{"id","name","customer","trait","value","from":[FILE...],"other","other_from":[FILE...]}]
 *
 * A profile notes the statement that lost against the trait's value, with the event that made it. The events carry the numbers of their
 * imports, and these the names of the files; imports that were undone or erased are no longer there and are left out. Profiles come in
 * the order of their keys; persons are noted first and looked up afterwards, so that no walk of the store stands inside another. */
#include <string.h>

#include "answer/value.h"
#include "base/error.h"

#define PERSONS_BYTES_MAX (256u << 20)

typedef struct {
    const hx_import_info *imports;
    size_t n_imports;
    const hx_event *events; /* of the person */
    size_t n_events;
} conflict_sources;

static hx_status note_person(void *context, const hx_profile *p, hx_error *err) {
    hx_buf *persons = context;
    (void)err;
    if (p->n_conflicts > 0) hx_buf_append(persons, &p->key, sizeof p->key);
    return HX_OK;
}

static void put_files(hx_json_writer *w, const char *key, const conflict_sources *from,
                      uint64_t event) {
    const hx_event *e = NULL;
    for (size_t i = 0; i < from->n_events && !e; i++)
        if (hx_event_id(&from->events[i]) == event) e = &from->events[i];
    hx_json_key(w, key);
    hx_json_array(w);
    for (uint32_t i = 0; e && i < e->n_imports; i++)
        for (size_t k = 0; k < from->n_imports; k++)
            if (from->imports[k].id == e->imports[i] && !from->imports[k].undone)
                hx_json_str(w, from->imports[k].path);
    hx_json_end_array(w);
}

static void put_conflict(hx_json_writer *w, const hx_profile *p, const hx_conflict *c,
                         const conflict_sources *from) {
    char id[HX_PROFILE_ID_MAX], scratch[HX_PROFILE_ID_MAX];
    const hx_trait *kept = NULL;
    for (uint32_t i = 0; i < p->n_traits && !kept; i++)
        if (hx_str_equal(p->traits[i].name, c->name)) kept = &p->traits[i];
    hx_json_object(w);
    hx__value_cstr(w, "id", hx_profile_id_text(p->key, id));
    hx__value_str(w, "name", hx__person_name(p, scratch));
    hx__value_str(w, "customer", p->n_ids > 0 ? p->ids[0].value : hx_str_of(id));
    hx__value_str(w, "trait", c->name);
    hx__value_str(w, "value", kept ? kept->value : HX_STR_LIT(""));
    put_files(w, "from", from, kept ? kept->event : 0);
    hx__value_str(w, "other", c->value);
    put_files(w, "other_from", from, c->event);
    hx_json_end_object(w);
}

static hx_status put_person(hx_json_writer *w, hx_store *s, uint64_t person, conflict_sources *from,
                            hx_profile *p, hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    hx_event *events = NULL;
    size_t n = 0;
    hx_status status = arena ? hx_store_profile(s, person, p, err)
                             : hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    if (status == HX_OK) status = hx_store_events(s, person, arena, &events, &n, err);
    from->events = events;
    from->n_events = n;
    for (uint32_t i = 0; status == HX_OK && i < p->n_conflicts; i++)
        put_conflict(w, p, &p->conflicts[i], from);
    hx_arena_free(arena);
    return status;
}

static hx_status write_conflicts(hx_store *s, hx_buf *persons, hx_arena *scratch, hx_buf *out,
                                 hx_error *err) {
    conflict_sources from = {NULL, 0, NULL, 0};
    hx_import_info *imports = NULL;
    HX_TRY(hx_store_imports(s, scratch, &imports, &from.n_imports, err));
    from.imports = imports;
    HX_TRY(hx_store_each_profile(s, note_person, persons, err));
    HX_TRY(hx_buf_status(persons, "answer", err));
    hx_profile *p = hx_profile_new();
    if (!p) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_json_writer w;
    hx_status status = HX_OK;
    hx_json_begin(&w, out);
    hx_json_array(&w);
    for (size_t at = 0; status == HX_OK && at < persons->len; at += sizeof(uint64_t)) {
        uint64_t person;
        memcpy(&person, persons->ptr + at, sizeof person);
        status = put_person(&w, s, person, &from, p, err);
    }
    hx_json_end_array(&w);
    hx_profile_free(p);
    return status;
}

hx_status hx_answer_conflicts(hx_store *s, hx_arena *arena, hx_str *json, hx_error *err) {
    hx_arena *scratch = hx_arena_new(0);
    if (!scratch) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_buf out, persons;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_buf_init(&persons, PERSONS_BYTES_MAX);
    hx_status status = write_conflicts(s, &persons, scratch, &out, err);
    hx_buf_release(&persons);
    hx_arena_free(scratch);
    return hx__value_finish(&out, status, arena, json, err);
}
