/* identity_decide.c - persons joined, parted and given back by decision, and rules changed, each worked out before it is done.
 *
 *     begin -> write the decision -> persons as they would be -> difference to those that are -> commit, or roll back
 *
 * The difference is told by ids: which of them come to another person. What a decision needs to be undone is its row alone. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "pipeline/identity.h"
#include "pipeline/identity_rules.h"
#include "pipeline/run.h"

typedef struct deciding deciding;
struct deciding {
    hx_store *store;
    const hx_identity_options *options;
    hx_arena *arena;
    hx_identity_change *out;
    /* What is to be written: by `write`, in the transaction. */
    hx_status (*write)(deciding *d, hx_error *err);
    uint64_t a, b; /* keys to join */
    hx_buf pairs; /* two uint64_t each: to part */
    int64_t decision;
    hx_str json;
    const hx_identity_match *found;
    hx_identity_counts counts;
};

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory");
}

/* ------------------------------------------------------------------ the difference */
typedef struct {
    uint64_t key, from, to;
} move;

static int compare_moves(const void *p, const void *q) {
    const move *x = p, *y = q;
    if (x->to != y->to) return x->to < y->to ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

static bool add_moves(const hx_map *keys, const hx_map *before, const hx_map *after, bool all,
                      hx_buf *moves) {
    size_t i = 0;
    uint64_t key, value;
    while (hx_map_next(keys, &i, &key, &value)) {
        if (!all && hx_map_get(before, key)) continue;
        move m = {key, hx_identity_person(before, key), hx_identity_person(after, key)};
        if (m.from != m.to && !hx_buf_append(moves, &m, sizeof m)) return false;
    }
    return true;
}

static hx_str profile_id(hx_arena *arena, uint64_t key) {
    char text[HX_PROFILE_ID_MAX];
    return hx_arena_str(arena, hx_str_of(hx_profile_id_text(key, text)));
}

/* "TYPE:VALUE" of a key, or its profile id where nobody knows the id any more. */
static hx_status id_text(hx_store *s, hx_arena *arena, uint64_t key, hx_str *out, hx_error *err) {
    hx_id id;
    bool found;
    HX_TRY(hx_store_id(s, key, arena, &id, &found, err));
    if (!found) {
        *out = profile_id(arena, key);
        return out->ptr ? HX_OK : no_memory(err);
    }
    hx_buf b;
    hx_buf_init(&b, 4096);
    hx_buf_printf(&b, "%s:%.*s", hx_id_type_name(id.type), (int)id.value.len, id.value.ptr);
    *out = b.failed ? (hx_str){NULL, 0} : hx_arena_str(arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return out->ptr ? HX_OK : no_memory(err);
}

static hx_status list_moves(deciding *d, const move *moves, size_t n, hx_error *err) {
    hx_identity_change *out = d->out;
    out->n_moved = n;
    out->n_moves = n < HX_IDENTITY_MOVES_MAX ? n : HX_IDENTITY_MOVES_MAX;
    out->moves = hx_arena_alloc(d->arena, (out->n_moves + 1) * sizeof *out->moves);
    if (!out->moves) return no_memory(err);
    for (size_t i = 0; i < out->n_moves; i++) {
        hx_identity_move *m = &out->moves[i];
        HX_TRY(id_text(d->store, d->arena, moves[i].key, &m->id, err));
        m->from = profile_id(d->arena, moves[i].from);
        m->to = profile_id(d->arena, moves[i].to);
        if (!m->from.ptr || !m->to.ptr) return no_memory(err);
    }
    return HX_OK;
}

/* A person's key is one of its ids: who is not his own key's person any more is gone, who was not before is new. */
static hx_status count_persons(deciding *d, const hx_map *before, const hx_map *after,
                               const move *moves, size_t n, hx_error *err) {
    hx_map lost, gained;
    bool ok = true;
    hx_map_init(&lost);
    hx_map_init(&gained);
    for (size_t i = 0; i < n && ok; i++) {
        uint64_t from = moves[i].from, to = moves[i].to;
        if (hx_identity_person(after, from) != from) ok = hx_map_put(&lost, from) != NULL;
        if (hx_identity_person(before, to) != to) ok = ok && hx_map_put(&gained, to) != NULL;
    }
    d->out->persons_lost = lost.n;
    d->out->persons_gained = gained.n;
    hx_map_release(&lost);
    hx_map_release(&gained);
    return ok ? HX_OK : no_memory(err);
}

static hx_status tell_difference(deciding *d, const hx_map *before, hx_error *err) {
    hx_map after;
    hx_buf moves;
    hx_map_init(&after);
    hx_buf_init(&moves, SIZE_MAX / 2);
    hx_status status = hx_identity_load(d->store, &after, err);
    if (status == HX_OK && (!add_moves(before, before, &after, true, &moves) ||
                            !add_moves(&after, before, &after, false, &moves)))
        status = no_memory(err);
    move *list = (move *)(void *)moves.ptr;
    size_t n = moves.len / sizeof *list;
    if (n > 1) qsort(list, n, sizeof *list, compare_moves);
    if (status == HX_OK) status = count_persons(d, before, &after, list, n, err);
    if (status == HX_OK) status = list_moves(d, list, n, err);
    hx_buf_release(&moves);
    hx_map_release(&after);
    return status;
}

/* ------------------------------------------------------------------ deciding */
static hx_status work_out(deciding *d, hx_error *err) {
    hx_map before;
    hx_map_init(&before);
    hx_status status = hx_identity_load(d->store, &before, err);
    if (status == HX_OK) status = d->write(d, err);
    if (status == HX_OK) status = hx_identity_update_within(d->store, &d->counts, err);
    if (status == HX_OK) status = tell_difference(d, &before, err);
    hx_map_release(&before);
    d->out->shared = d->counts.shared;
    d->out->limited = d->counts.limited;
    return status;
}

/* A join that the decisions or the rules do not let through would be in the journal and do nothing. */
static hx_status check_join(deciding *d, hx_error *err) {
    uint64_t x, y;
    if (d->a == d->b) return HX_OK;
    HX_TRY(hx_store_person(d->store, d->a, &x, err));
    HX_TRY(hx_store_person(d->store, d->b, &y, err));
    if (x == y) return HX_OK;
    return hx_fail(err, HX_ECONFLICT,
                   "an earlier decision parts them; 'huaxiang identity journal' has its number, "
                   "'huaxiang identity undo' takes it back");
}

static hx_status decide_locked(deciding *d, hx_error *err) {
    HX_TRY(hx_store_begin(d->store, err));
    hx_status status = work_out(d, err);
    if (status == HX_OK) status = check_join(d, err);
    if (status != HX_OK || !d->options->apply) {
        hx_store_rollback(d->store);
        if (!d->options->apply) d->out->decision = 0;
        return status;
    }
    HX_TRY(hx_store_commit(d->store, err));
    return hx_run_fold_dirty(d->store, err);
}

static hx_status decide(deciding *d, hx_error *err) {
    HX_TRY(hx_store_lock(d->store, err));
    hx_status status = decide_locked(d, err);
    hx_store_unlock(d->store);
    return status;
}

static hx_status add_decision(deciding *d, hx_decision_kind kind, double weight, hx_error *err) {
    const hx_decision row = {.kind = kind,
                             .at = d->options->now,
                             .source = d->found ? HX_STR_LIT("match") : HX_STR_LIT("by hand"),
                             .reason = d->options->reason.ptr ? d->options->reason : HX_STR_LIT(""),
                             .weight = weight};
    return hx_store_add_decision(d->store, &row, &d->out->decision, err);
}

/* ------------------------------------------------------------------ join */
static hx_status write_join(deciding *d, hx_error *err) {
    HX_TRY(add_decision(d, HX_DECISION_JOIN, 1, err));
    return hx_store_add_decided(d->store, d->out->decision, d->a, d->b, err);
}

hx_status hx_identity_join(hx_store *store, hx_str a, hx_str b, const hx_identity_options *o,
                           hx_arena *arena, hx_identity_change *out, hx_error *err) {
    deciding d = {.store = store, .options = o, .arena = arena, .out = out, .write = write_join};
    *out = (hx_identity_change){0};
    HX_TRY(hx_store_find(store, a, &d.a, err));
    HX_TRY(hx_store_find(store, b, &d.b, err));
    if (d.a == d.b)
        return hx_fail(err, HX_ECONFLICT, "%.*s and %.*s are one customer already", (int)a.len,
                       a.ptr, (int)b.len, b.ptr);
    return decide(&d, err);
}

static hx_status write_found(deciding *d, hx_error *err) {
    for (size_t i = 0; i < d->found->n_pairs; i++) {
        const hx_identity_pair *p = &d->found->pairs[i];
        uint64_t a, b;
        if (!hx_profile_id_parse(p->a, &a) || !hx_profile_id_parse(p->b, &b))
            return hx_fail(err, HX_EINVAL, "pair %zu has no customer's number", i + 1);
        HX_TRY(add_decision(d, HX_DECISION_JOIN, p->probability, err));
        HX_TRY(hx_store_add_decided(d->store, d->out->decision, a, b, err));
    }
    return HX_OK;
}

hx_status hx_identity_join_found(hx_store *store, const hx_identity_match *found,
                                 const hx_identity_options *o, hx_arena *arena,
                                 hx_identity_change *out, hx_error *err) {
    deciding d = {.store = store,
                  .options = o,
                  .arena = arena,
                  .out = out,
                  .write = write_found,
                  .found = found};
    *out = (hx_identity_change){0};
    return decide(&d, err);
}

/* ------------------------------------------------------------------ part */
typedef struct {
    deciding *d;
    const uint64_t *members;
    const bool *goes; /* of each member */
    size_t n;
} parting;

static int place_of(const parting *p, uint64_t key) {
    for (size_t i = 0; i < p->n; i++)
        if (p->members[i] == key) return p->goes[i] ? 1 : 0;
    return -1;
}

static hx_status note_parted(void *context, uint64_t a, uint64_t b, hx_error *err) {
    parting *p = context;
    int x = place_of(p, a), y = place_of(p, b);
    const uint64_t pair[2] = {a, b};
    if (x < 0 || y < 0 || x == y) return HX_OK;
    return hx_buf_append(&p->d->pairs, pair, sizeof pair) ? HX_OK : no_memory(err);
}

static hx_status find_pairs(parting *p, hx_error *err) {
    for (size_t i = 0; i < p->n; i++)
        if (p->goes[i]) HX_TRY(hx_store_edges_of(p->d->store, p->members[i], note_parted, p, err));
    HX_TRY(hx_store_each_join(p->d->store, note_parted, p, err));
    return hx_buf_status(&p->d->pairs, "ids to part", err);
}

static bool names(hx_id id, hx_str said) {
    const char *type = hx_id_type_name(id.type);
    size_t n = strlen(type);
    if (said.len > n && said.ptr[n] == ':' && memcmp(said.ptr, type, n) == 0)
        said = (hx_str){said.ptr + n + 1, said.len - n - 1};
    return hx_str_equal(id.value, said);
}

static hx_status mark_leaving(parting *p, bool *goes, hx_str who, const hx_str *ids, size_t n_ids,
                              hx_error *err) {
    size_t leaving = 0;
    for (size_t k = 0; k < n_ids; k++) {
        bool known = false;
        for (size_t i = 0; i < p->n; i++) {
            hx_id id, said;
            bool found;
            HX_TRY(hx_store_id(p->d->store, p->members[i], p->d->arena, &id, &found, err));
            bool same = found && (names(id, ids[k]) ||
                                  (hx_id_normalize(id.type, ids[k], p->d->arena, &said) &&
                                   hx_str_equal(said.value, id.value)));
            leaving += same && !goes[i];
            goes[i] = goes[i] || same;
            known = known || same;
        }
        if (!known)
            return hx_fail(err, HX_ENOTFOUND, "%.*s is no id of %.*s", (int)ids[k].len, ids[k].ptr,
                           (int)who.len, who.ptr);
    }
    if (leaving == p->n)
        return hx_fail(err, HX_EINVAL, "these are all ids of %.*s: name those that leave",
                       (int)who.len, who.ptr);
    return HX_OK;
}

static hx_status write_part(deciding *d, hx_error *err) {
    const uint64_t *pair = (const uint64_t *)(const void *)d->pairs.ptr;
    HX_TRY(add_decision(d, HX_DECISION_PART, 1, err));
    for (size_t i = 0; i < d->pairs.len / sizeof *pair; i += 2)
        HX_TRY(hx_store_add_decided(d->store, d->out->decision, pair[i], pair[i + 1], err));
    return HX_OK;
}

static hx_status part_ids(deciding *d, hx_str who, uint64_t person, const hx_str *ids, size_t n_ids,
                          hx_error *err) {
    uint64_t *members;
    size_t n;
    HX_TRY(hx_store_members(d->store, person, d->arena, &members, &n, err));
    bool *goes = hx_arena_alloc(d->arena, n * sizeof *goes);
    if (!goes) return no_memory(err);
    memset(goes, 0, n * sizeof *goes);
    parting p = {d, members, goes, n};
    HX_TRY(mark_leaving(&p, goes, who, ids, n_ids, err));
    HX_TRY(find_pairs(&p, err));
    d->write = write_part;
    return decide(d, err);
}

/* ------------------------------------------------------------------ undo */
static hx_status write_undo(deciding *d, hx_error *err) {
    hx_decision row;
    bool found;
    HX_TRY(hx_store_decision(d->store, d->decision, d->arena, &row, &found, err));
    if (!found)
        return hx_fail(err, HX_ENOTFOUND,
                       "no decision %" PRId64 " in this store; see 'huaxiang identity journal'",
                       d->decision);
    d->out->decision = d->decision;
    return hx_store_undo_decision(d->store, d->decision, !row.undone, err);
}

hx_status hx_identity_undo(hx_store *store, int64_t decision, const hx_identity_options *o,
                           hx_arena *arena, hx_identity_change *out, hx_error *err) {
    deciding d = {.store = store,
                  .options = o,
                  .arena = arena,
                  .out = out,
                  .write = write_undo,
                  .decision = decision};
    *out = (hx_identity_change){0};
    return decide(&d, err);
}

/* The last active decision that joins two ids of a person. */
typedef struct {
    hx_arena *arena;
    int64_t *ids;
    size_t n, cap;
} joins;

static hx_status note_join(void *context, const hx_decision *d, hx_error *err) {
    joins *j = context;
    if (d->kind != HX_DECISION_JOIN || d->undone) return HX_OK;
    if (j->n == j->cap) {
        int64_t *bigger = hx_arena_alloc(j->arena, (j->cap * 2 + 16) * sizeof *bigger);
        if (!bigger) return no_memory(err);
        if (j->n > 0) memcpy(bigger, j->ids, j->n * sizeof *bigger);
        j->ids = bigger;
        j->cap = j->cap * 2 + 16;
    }
    j->ids[j->n++] = d->id;
    return HX_OK;
}

typedef struct {
    uint64_t first; /* key of the first pair */
    bool any;
} first_pair;

static hx_status note_first(void *context, uint64_t a, uint64_t b, hx_error *err) {
    first_pair *p = context;
    (void)b;
    (void)err;
    if (!p->any) p->first = a;
    p->any = true;
    return HX_OK;
}

static hx_status last_join(deciding *d, hx_str who, uint64_t person, int64_t *decision,
                           hx_error *err) {
    joins j = {.arena = d->arena};
    HX_TRY(hx_store_each_decision(d->store, note_join, &j, err));
    while (j.n-- > 0) {
        first_pair p = {0, false};
        uint64_t of;
        HX_TRY(hx_store_each_decided(d->store, j.ids[j.n], note_first, &p, err));
        HX_TRY(hx_store_person(d->store, p.first, &of, err));
        if (!p.any || of != person) continue;
        *decision = j.ids[j.n];
        return HX_OK;
    }
    return hx_fail(err, HX_ENOTFOUND,
                   "no decision joined %.*s, files did: name the ids that leave, e.g. 'huaxiang "
                   "unmerge %.*s phone:13912345678'",
                   (int)who.len, who.ptr, (int)who.len, who.ptr);
}

hx_status hx_identity_part(hx_store *store, hx_str who, const hx_str *ids, size_t n_ids,
                           const hx_identity_options *o, hx_arena *arena, hx_identity_change *out,
                           hx_error *err) {
    deciding d = {.store = store, .options = o, .arena = arena, .out = out, .write = write_undo};
    uint64_t person;
    *out = (hx_identity_change){0};
    HX_TRY(hx_store_find(store, who, &person, err));
    if (n_ids == 0) {
        HX_TRY(last_join(&d, who, person, &d.decision, err));
        return decide(&d, err);
    }
    hx_buf_init(&d.pairs, SIZE_MAX / 2);
    hx_status status = part_ids(&d, who, person, ids, n_ids, err);
    hx_buf_release(&d.pairs);
    return status;
}

/* ------------------------------------------------------------------ rules */
static hx_status write_rules(deciding *d, hx_error *err) {
    return hx_identity_rules_save(d->store, d->json, err);
}

hx_status hx_identity_set_rules(hx_store *store, hx_str json, const hx_identity_options *o,
                                hx_arena *arena, hx_identity_change *out, hx_error *err) {
    deciding d = {.store = store,
                  .options = o,
                  .arena = arena,
                  .out = out,
                  .write = write_rules,
                  .json = json};
    hx_identity_rules rules;
    *out = (hx_identity_change){0};
    hx_map_init(&rules.blocked);
    hx_status status = hx_identity_rules_parse(json, &rules, err);
    hx_map_release(&rules.blocked);
    return status == HX_OK ? decide(&d, err) : status;
}

hx_status hx_identity_rules_text(hx_store *store, hx_arena *arena, hx_str *json, hx_error *err) {
    return hx_store_get_meta(store, "identity_rules", arena, json, err);
}

/* ------------------------------------------------------------------ the journal */
typedef struct {
    hx_arena *arena;
    hx_identity_decision *list;
    size_t n, cap;
} journal;

static hx_status note_decision(void *context, const hx_decision *d, hx_error *err) {
    journal *j = context;
    if (j->n == j->cap) {
        size_t cap = j->cap * 2 + 16;
        hx_identity_decision *bigger = hx_arena_alloc(j->arena, cap * sizeof *bigger);
        if (!bigger) return no_memory(err);
        if (j->n > 0) memcpy(bigger, j->list, j->n * sizeof *bigger);
        j->list = bigger;
        j->cap = cap;
    }
    char at[HX_ISO_MAX];
    hx_identity_decision *e = &j->list[j->n++];
    *e = (hx_identity_decision){.id = d->id,
                                .at = hx_arena_str(j->arena, hx_str_of(hx_iso_from_ms(d->at, at))),
                                .parts = d->kind == HX_DECISION_PART,
                                .undone = d->undone,
                                .source = hx_arena_str(j->arena, d->source),
                                .reason = hx_arena_str(j->arena, d->reason),
                                .weight = d->weight};
    return e->at.ptr && e->source.ptr && e->reason.ptr ? HX_OK : no_memory(err);
}

typedef struct {
    uint64_t a, b;
    size_t n;
} pairs_seen;

static hx_status see_pair(void *context, uint64_t a, uint64_t b, hx_error *err) {
    pairs_seen *p = context;
    (void)err;
    if (p->n++ == 0) {
        p->a = a;
        p->b = b;
    }
    return HX_OK;
}

hx_status hx_identity_journal(hx_store *store, hx_arena *arena, hx_identity_decision **out,
                              size_t *n, hx_error *err) {
    journal j = {.arena = arena};
    HX_TRY(hx_store_each_decision(store, note_decision, &j, err));
    for (size_t i = 0; i < j.n; i++) {
        pairs_seen p = {0, 0, 0};
        HX_TRY(hx_store_each_decided(store, j.list[i].id, see_pair, &p, err));
        j.list[i].n_pairs = p.n;
        if (p.n == 0) continue; /* erased */
        HX_TRY(id_text(store, arena, p.a, &j.list[i].a, err));
        HX_TRY(id_text(store, arena, p.b, &j.list[i].b, err));
    }
    *out = j.list;
    *n = j.n;
    return HX_OK;
}
