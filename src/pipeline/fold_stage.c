/* fold_stage.c - stage 2: pending events become blocks and profiles.
 *
 * First the persons are brought in line with the edges. Then part by part (the top byte of the ids' keys): a worker reads the part's pending
 * events and the blocks of the ids they touch, merges, folds and compresses; the caller's thread writes the outcome and drops the pending
 * events in one transaction. Workers read through connections of their own; parts share no key, and other writers are kept out by the store's
 * lock, so what a worker has read is still true when it is written. Ids that are joined with others only mark their person dirty; dirty
 * persons are folded at the end from all their blocks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "pipeline/crew.h"
#include "pipeline/identity.h"
#include "pipeline/merge.h"
#include "pipeline/run.h"

#define PART_BYTES_MAX (8ull << 30)
#define DIRTY_BATCH 256

/* One finished row for the store: a block, and a profile or a person to fold later. */
typedef struct {
    uint64_t key;
    size_t n_events;
    int64_t last_event;
    size_t block_at, block_len; /* in the job's `out` */
    size_t profile_at, profile_len; /* likewise; len 0: a guest, or joined with others */
    int64_t last;
    hx_id id; /* the key's own id, valid where not a guest */
    bool is_new;
} outcome;

typedef struct {
    hx_crew_job base;
    unsigned part;
    uint64_t persons[DIRTY_BATCH]; /* of a job of dirty persons */
    size_t n_persons;
    hx_arena *arena; /* pending events, blocks, outcomes */
    hx_buf out; /* encoded blocks and profiles */
    outcome *outcomes; /* in arena */
    size_t n_outcomes;
    hx_map duplicates; /* import -> rows that were there already */
} fold_job;

/* What a worker owns. */
typedef struct {
    hx_store *store;
    hx_event_codec *codec;
    hx_profile *profile;
    hx_arena *scratch;
} fold_worker;

typedef struct {
    hx_run *run;
    fold_worker *workers; /* [n_threads] */
    hx_map persons;
    unsigned parts[HX_PARTS];
    size_t n_parts, next_part, done_parts;
    bool dirty_round; /* the second round: dirty persons */
    uint64_t *dirty; /* all dirty persons, ascending */
    size_t n_dirty, next_dirty;
} fold_stage;

/* ------------------------------------------------------------------ jobs, workers */
static void free_job(void *context, hx_crew_job *base) {
    fold_job *j = (fold_job *)base;
    (void)context;
    hx_arena_free(j->arena);
    hx_buf_release(&j->out);
    hx_map_release(&j->duplicates);
    free(j);
}

static hx_crew_job *new_job(void *context) {
    (void)context;
    fold_job *j = calloc(1, sizeof *j);
    if (!j) return NULL;
    hx_buf_init(&j->out, PART_BYTES_MAX);
    hx_map_init(&j->duplicates);
    j->arena = hx_arena_new(PART_BYTES_MAX);
    if (j->arena) return &j->base;
    free_job(context, &j->base);
    return NULL;
}

static void close_workers(fold_stage *s) {
    for (size_t i = 0; s->workers && i < s->run->n_threads; i++) {
        hx_store_close(s->workers[i].store);
        hx_event_codec_free(s->workers[i].codec);
        hx_profile_free(s->workers[i].profile);
        hx_arena_free(s->workers[i].scratch);
    }
    free(s->workers);
}

static hx_status open_workers(fold_stage *s, hx_error *err) {
    s->workers = calloc(s->run->n_threads, sizeof *s->workers);
    if (!s->workers) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < s->run->n_threads; i++) {
        fold_worker *w = &s->workers[i];
        HX_TRY(hx_store_open(&w->store, hx_store_path(s->run->store), HX_STORE_READ, err));
        w->codec = hx_event_codec_new();
        w->profile = hx_profile_new();
        w->scratch = hx_arena_new(0);
        if (!w->codec || !w->profile || !w->scratch)
            return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    return HX_OK;
}

static hx_status make_part(void *context, hx_crew_job *base, bool *more, hx_error *err) {
    fold_stage *s = context;
    (void)err;
    *more = s->next_part < s->n_parts && !hx_run_is_cancelled(s->run);
    if (*more) ((fold_job *)base)->part = s->parts[s->next_part++];
    return HX_OK;
}

/* ------------------------------------------------------------------ a part */
typedef struct {
    uint64_t key;
    hx_merge_item item;
} keyed_item;

/* Grows by doubling inside the job's arena. */
typedef struct {
    fold_job *job;
    keyed_item *at;
    size_t n, cap;
} item_list;

static bool list_room(item_list *l) {
    if (l->n < l->cap) return true;
    size_t cap = l->cap ? l->cap * 2 : 4096;
    keyed_item *bigger = hx_arena_alloc(l->job->arena, cap * sizeof *bigger);
    if (!bigger) return false;
    if (l->n > 0) memcpy(bigger, l->at, l->n * sizeof *bigger);
    l->at = bigger;
    l->cap = cap;
    return true;
}

static hx_status collect_pending(void *context, int64_t import, hx_str data, hx_error *err) {
    item_list *l = context;
    hx_str copy = hx_arena_str(l->job->arena, data);
    if (!copy.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_cursor c = hx_cursor_of(copy);
    while (c.at < c.end && !c.failed) {
        if (!list_room(l)) return hx_fail(err, HX_ENOMEM, "out of memory");
        keyed_item *k = &l->at[l->n++];
        k->key = hx_get_fixed64(&c);
        k->item.import = (uint32_t)import;
        k->item.fresh = true;
        hx_event_head_read(&c, &k->item.head);
    }
    return c.failed
               ? hx_fail(err, HX_EFORMAT,
                         "the store is damaged: a pending event can't be decoded; restore a backup")
               : HX_OK;
}

static int compare_keys(const void *a, const void *b) {
    int64_t x = (int64_t)((const keyed_item *)a)->key, y = (int64_t)((const keyed_item *)b)->key;
    return x < y ? -1 : x > y;
}

/* The fresh events of one key with those the store has of it. */
static hx_status items_of_key(fold_worker *w, fold_job *j, const keyed_item *fresh, size_t n,
                              hx_merge_item **items, size_t *n_items, bool *is_new, hx_error *err) {
    hx_str block;
    hx_event_head *heads = NULL;
    size_t n_old = 0;
    HX_TRY(hx_store_block(w->store, fresh[0].key, j->arena, &block, err));
    if (block.ptr) HX_TRY(hx_event_block_heads(w->codec, block, j->arena, &heads, &n_old, err));
    *is_new = !block.ptr;
    *items = hx_arena_alloc(j->arena, (n + n_old) * sizeof **items);
    if (!*items) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        (*items)[i] = fresh[i].item;
    for (size_t i = 0; i < n_old; i++)
        (*items)[n + i] = (hx_merge_item){.head = heads[i]};
    *n_items = n + n_old;
    return HX_OK;
}

/* A row of the id table needs the id itself: the first of the first event's ids. */
static hx_status own_id(const hx_event_head *h, hx_arena *arena, hx_id *out, hx_error *err) {
    hx_event e;
    if (!hx_event_body_read(h, arena, &e) || e.n_ids == 0)
        return hx_fail(err, HX_EFORMAT,
                       "the store is damaged: an event can't be decoded; restore a backup");
    *out = e.ids[0];
    return HX_OK;
}

static hx_status encode_profile(fold_job *j, const hx_profile *p, outcome *o, hx_error *err) {
    size_t start = j->out.len;
    hx_profile_write(p, &j->out);
    HX_TRY(hx_buf_status(&j->out, "a profile", err));
    o->profile_at = start;
    o->profile_len = j->out.len - start;
    o->last = p->last;
    return HX_OK;
}

static hx_status settle_key(fold_stage *s, fold_worker *w, fold_job *j, uint64_t key,
                            const hx_event_head *heads, size_t n, hx_error *err) {
    outcome *o = &j->outcomes[j->n_outcomes - 1];
    size_t start = j->out.len;
    HX_TRY(hx_event_block_write(w->codec, heads, n, &j->out, err));
    o->block_at = start;
    o->block_len = j->out.len - start;
    o->key = key;
    o->n_events = n;
    o->last_event = heads[n - 1].time;
    if (hx_id_key_is_guest(key)) return HX_OK;
    HX_TRY(own_id(&heads[0], j->arena, &o->id, err));
    if (hx_map_get(&s->persons, key)) return HX_OK;
    if (!hx_fold_heads(heads, n, w->scratch, w->profile))
        return hx_fail(err, HX_ENOMEM, "out of memory");
    return encode_profile(j, w->profile, o, err);
}

static hx_status fold_key(fold_stage *s, fold_worker *w, fold_job *j, const keyed_item *fresh,
                          size_t n, hx_error *err) {
    hx_merge_item *items = NULL;
    size_t n_items = 0;
    outcome *o = &j->outcomes[j->n_outcomes++];
    *o = (outcome){.key = fresh[0].key};
    HX_TRY(items_of_key(w, j, fresh, n, &items, &n_items, &o->is_new, err));
    size_t kept = hx_merge_events(items, n_items, j->arena, &j->duplicates);
    hx_event_head *heads = kept == SIZE_MAX ? NULL : hx_arena_alloc(j->arena, kept * sizeof *heads);
    if (!heads) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < kept; i++)
        heads[i] = items[i].head;
    return settle_key(s, w, j, fresh[0].key, heads, kept, err);
}

/* Bytes of a finished job's buffer. */
static hx_str bytes_of(const fold_job *j, size_t at, size_t len) {
    return (hx_str){j->out.ptr + at, len};
}

static void reset_job(fold_job *j) {
    hx_arena_reset(j->arena);
    hx_buf_reset(&j->out);
    j->n_outcomes = 0;
    hx_map_reset(&j->duplicates);
}

static hx_status read_part(fold_stage *s, fold_worker *w, fold_job *j, hx_error *err) {
    item_list l = {.job = j};
    reset_job(j);
    HX_TRY(hx_store_each_pending(w->store, j->part, false, collect_pending, &l, err));
    if (l.n > 1) qsort(l.at, l.n, sizeof *l.at, compare_keys);
    size_t keys = 0;
    for (size_t i = 0; i < l.n; i++)
        keys += i == 0 || l.at[i].key != l.at[i - 1].key;
    j->outcomes = hx_arena_alloc(j->arena, keys * sizeof *j->outcomes);
    if (!j->outcomes) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0, end; i < l.n; i = end) {
        for (end = i + 1; end < l.n && l.at[end].key == l.at[i].key; end++)
            continue;
        HX_TRY(fold_key(s, w, j, &l.at[i], end - i, err));
    }
    return HX_OK;
}

/* A worker's reads are one transaction of its own connection. */
static hx_status end_reading(hx_store *s, hx_status status, hx_error *err) {
    if (status == HX_OK) return hx_store_commit(s, err);
    hx_store_rollback(s);
    return status;
}

static hx_status work_part(void *context, size_t worker, hx_crew_job *base, hx_error *err) {
    fold_stage *s = context;
    fold_worker *w = &s->workers[worker];
    HX_TRY(hx_store_begin_read(w->store, err));
    return end_reading(w->store, read_part(s, w, (fold_job *)base, err), err);
}

static hx_status save_outcome(fold_stage *s, const fold_job *j, const outcome *o, hx_error *err) {
    hx_store *store = s->run->store;
    HX_TRY(hx_store_put_block(store, o->key, o->n_events, o->last_event,
                              bytes_of(j, o->block_at, o->block_len), err));
    if (hx_id_key_is_guest(o->key)) return HX_OK;
    if (o->is_new) HX_TRY(hx_store_add_id(store, o->id, err));
    uint64_t *person = hx_map_get(&s->persons, o->key);
    if (person) return hx_store_add_dirty(store, *person, err);
    return hx_store_put_profile_bytes(store, o->key, o->last,
                                      bytes_of(j, o->profile_at, o->profile_len), err);
}

static void tell_progress(fold_stage *s, bool now) {
    hx_progress p = {.stage = "fold",
                     .rows = s->run->result->rows,
                     .rejected = s->run->result->rejected,
                     .done = s->dirty_round ? s->n_parts + s->next_dirty : s->done_parts,
                     .total = s->n_parts + s->n_dirty};
    hx_run_progress(s->run, &p, now);
}

static hx_status save_job(fold_stage *s, const fold_job *j, hx_error *err) {
    for (size_t i = 0; i < j->n_outcomes; i++)
        HX_TRY(save_outcome(s, j, &j->outcomes[i], err));
    size_t i = 0;
    uint64_t import, count;
    while (hx_map_next(&j->duplicates, &i, &import, &count)) {
        s->run->result->duplicates += count;
        HX_TRY(hx_store_add_duplicates(s->run->store, (int64_t)import, count, err));
    }
    return hx_store_drop_pending(s->run->store, j->part, false, err);
}

static hx_status commit_or_roll_back(hx_store *store, hx_status status, hx_error *err) {
    if (status == HX_OK) return hx_store_commit(store, err);
    hx_store_rollback(store);
    return status;
}

static hx_status take_part(void *context, hx_crew_job *base, hx_error *err) {
    fold_stage *s = context;
    fold_job *j = (fold_job *)base;
    HX_TRY(hx_store_begin(s->run->store, err));
    HX_TRY(commit_or_roll_back(s->run->store, save_job(s, j, err), err));
    s->done_parts++;
    tell_progress(s, false);
    return HX_OK;
}

/* ------------------------------------------------------------------ dirty persons */
static hx_status make_dirty(void *context, hx_crew_job *base, bool *more, hx_error *err) {
    fold_stage *s = context;
    fold_job *j = (fold_job *)base;
    (void)err;
    j->n_persons = 0;
    *more = s->next_dirty < s->n_dirty && !hx_run_is_cancelled(s->run);
    while (*more && j->n_persons < DIRTY_BATCH && s->next_dirty < s->n_dirty)
        j->persons[j->n_persons++] = s->dirty[s->next_dirty++];
    return HX_OK;
}

/* A key that has become part of another person, or that has no events left, has no profile. */
static hx_status fold_person(fold_worker *w, fold_job *j, outcome *o, hx_error *err) {
    uint64_t person;
    hx_event *events;
    size_t n = 0;
    HX_TRY(hx_store_person(w->store, o->key, &person, err));
    hx_arena_reset(w->scratch);
    if (person == o->key) HX_TRY(hx_store_events(w->store, person, w->scratch, &events, &n, err));
    if (n == 0) return HX_OK;
    hx_profile_reset(w->profile);
    for (size_t i = 0; i < n; i++)
        hx_profile_fold(w->profile, &events[i]);
    return encode_profile(j, w->profile, o, err);
}

static hx_status work_dirty(void *context, size_t worker, hx_crew_job *base, hx_error *err) {
    fold_stage *s = context;
    fold_job *j = (fold_job *)base;
    reset_job(j);
    j->outcomes = hx_arena_alloc(j->arena, DIRTY_BATCH * sizeof *j->outcomes);
    if (!j->outcomes) return hx_fail(err, HX_ENOMEM, "out of memory");
    fold_worker *w = &s->workers[worker];
    hx_status status = HX_OK;
    HX_TRY(hx_store_begin_read(w->store, err));
    for (size_t i = 0; i < j->n_persons && status == HX_OK; i++) {
        outcome *o = &j->outcomes[j->n_outcomes++];
        *o = (outcome){.key = j->persons[i]};
        status = fold_person(w, j, o, err);
    }
    return end_reading(w->store, status, err);
}

static hx_status save_dirty(fold_stage *s, const fold_job *j, hx_error *err) {
    for (size_t i = 0; i < j->n_outcomes; i++) {
        const outcome *o = &j->outcomes[i];
        HX_TRY(hx_store_drop_dirty(s->run->store, o->key, err));
        HX_TRY(o->profile_len > 0
                   ? hx_store_put_profile_bytes(s->run->store, o->key, o->last,
                                                bytes_of(j, o->profile_at, o->profile_len), err)
                   : hx_store_drop_profile(s->run->store, o->key, err));
    }
    return HX_OK;
}

static hx_status take_dirty(void *context, hx_crew_job *base, hx_error *err) {
    fold_stage *s = context;
    HX_TRY(hx_store_begin(s->run->store, err));
    HX_TRY(commit_or_roll_back(s->run->store, save_dirty(s, (fold_job *)base, err), err));
    tell_progress(s, false);
    return HX_OK;
}

static hx_status load_dirty(fold_stage *s, hx_error *err) {
    size_t cap = 1024;
    for (;;) {
        free(s->dirty);
        s->dirty = calloc(cap, sizeof *s->dirty);
        if (!s->dirty) return hx_fail(err, HX_ENOMEM, "out of memory");
        HX_TRY(hx_store_next_dirty(s->run->store, s->dirty, cap, &s->n_dirty, err));
        if (s->n_dirty < cap) return HX_OK;
        cap *= 8;
    }
}

/* ------------------------------------------------------------------ the stage */
static hx_crew_plan plan_of(fold_stage *s) {
    return (hx_crew_plan){.context = s,
                          .n_workers = s->run->n_threads,
                          .n_jobs = s->run->n_threads + 2,
                          .new_job = new_job,
                          .free_job = free_job,
                          .make = make_part,
                          .work = work_part,
                          .take = take_part,
                          .ui = s->run->ui};
}

static hx_status run_parts(fold_stage *s, hx_error *err) {
    hx_crew_plan plan = plan_of(s);
    HX_TRY(hx_store_pending_parts(s->run->store, s->parts, &s->n_parts, err));
    HX_TRY(hx_crew_run(&plan, err));
    return hx_run_is_cancelled(s->run) ? hx_run_cancelled(err) : HX_OK;
}

static hx_status run_dirty(fold_stage *s, hx_error *err) {
    hx_crew_plan plan = plan_of(s);
    plan.make = make_dirty;
    plan.work = work_dirty;
    plan.take = take_dirty;
    s->dirty_round = true;
    HX_TRY(load_dirty(s, err));
    HX_TRY(hx_crew_run(&plan, err));
    return hx_run_is_cancelled(s->run) ? hx_run_cancelled(err) : HX_OK;
}

static void notice_shared(const hx_run *run, const hx_identity_counts *counts) {
    char sentence[256];
    snprintf(sentence, sizeof sentence,
             run->ui == HX_UI_ZH
                 ? "有 %" PRIu64 " 个电话、邮箱等标识属于超过 %" PRIu32 " 位客户，不用于合并客户"
                 : "%" PRIu64 " phones, e-mails or the like stand beside more than %" PRIu32
                   " customers and join nobody",
             counts->shared, counts->shared_most);
    hx_run_notice(run, sentence);
}

hx_status hx_run_fold(hx_run *run, hx_error *err) {
    fold_stage *s = calloc(1, sizeof *s);
    if (!s) return hx_fail(err, HX_ENOMEM, "out of memory");
    s->run = run;
    hx_map_init(&s->persons);
    hx_identity_counts counts = {0};
    hx_status status = hx_identity_update(run->store, &counts, err);
    run->result->shared_ids = counts.shared;
    if (counts.shared > 0) notice_shared(run, &counts);
    if (status == HX_OK) status = hx_identity_load(run->store, &s->persons, err);
    if (status == HX_OK) status = open_workers(s, err);
    if (status == HX_OK) status = run_parts(s, err);
    if (status == HX_OK) status = run_dirty(s, err);
    if (status == HX_OK) tell_progress(s, true);
    close_workers(s);
    hx_map_release(&s->persons);
    free(s->dirty);
    free(s);
    return status;
}

hx_status hx_run_fold_dirty(hx_store *s, hx_error *err) {
    hx_import_options options = {0};
    hx_import_result result = {0};
    hx_run run = {.store = s, .options = &options, .result = &result, .n_threads = hx_processors()};
    if (err) run.ui = err->ui;
    HX_TRY(hx_run_fold(&run, err));
    HX_TRY(hx_run_keep_segments(s, err));
    return hx_store_flush(s, err);
}
