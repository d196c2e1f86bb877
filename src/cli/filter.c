/* filter.c - runs a filter over a reader's chunks on several threads, output in the order of the file; see filter.h.
 *
 *     slots[i % n]:  EMPTY -> READY (a chunk, by the caller) -> TAKEN -> DONE (a batch, by a worker) -> EMPTY (written)
 *
 * One mutex guards the slots' states and the two numbers; chunk and batch of a slot belong to whoever its state says. With a limit only
 * one chunk is under way, so that the rest of the limit is known when it is handed out.
 *
 * Ctrl-C: workers stop between two rows (or groups that a model reads at once) and hand over what they have; the first batch that is
 * not whole is the last one written, so that the output is the beginning of what it would have been. */
#include "cli/filter.h"

#include "cli/filter_correct.h"
#include "cli/filter_llama.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_A_THREAD 2

typedef enum { SLOT_EMPTY = 0, SLOT_READY, SLOT_TAKEN, SLOT_DONE } slot_state;

typedef struct {
    slot_state state;
    hx_chunk *chunk; /* owned while READY or TAKEN */
    size_t limit; /* rows wanted of it, 0 = all */
    hx_filter_batch batch;
    hx_status status;
    hx_error err;
} filter_slot;

typedef struct {
    const hx_filter_plan *plan;
    const volatile int *cancel;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    filter_slot *slots; /* owned */
    size_t n_slots;
    size_t next; /* chunk that the next free worker takes */
    bool closed; /* no more chunks come */
} filter_pool;

/* ------------------------------------------------------------------ worker */
static void reject(const hx_filter_plan *p, filter_slot *s, const hx_row *row, const char *why) {
    hx_filter_batch *b = &s->batch;
    b->rejected++;
    hx_outbuf_printf(&b->rejects, "%lld,", (long long)row->row);
    hx_outbuf_csv(&b->rejects, hx_str_of(why));
    hx_outbuf_byte(&b->rejects, ',');
    hx_outbuf_csv(&b->rejects, row->raw);
    hx_outbuf_byte(&b->rejects, '\n');
    if (b->n_notes++ < HX_FILTER_NOTES) {
        hx_outbuf_printf(&b->notes, "%s:%lld: %s", p->path, (long long)row->row, why);
        hx_outbuf_byte(&b->notes, '\0');
    }
}

static hx_status read_row(const hx_filter_plan *p, hx_filter_worker *w, const hx_row *row,
                          filter_slot *s) {
    if (row->bad) {
        reject(p, s, row, hx_row_bad_text(row, p->ui));
        return HX_OK;
    }
    hx_error err = {.ui = p->ui};
    hx_arena_reset(w->arena);
    hx_status st = hx_filter_row(p, w, row, &s->batch.out, &err);
    if (st == HX_ELIMIT || st == HX_EFORMAT) {
        reject(p, s, row, err.message);
        return HX_OK;
    }
    if (st != HX_OK) s->err = err;
    s->batch.rows += st == HX_OK;
    return st;
}

/* Rows that are read together: all, or as many as may still be wanted. */
static size_t group_end(const hx_rows *rows, size_t from, size_t wanted) {
    size_t end = from, good = 0;
    while (end < rows->n_rows && (wanted == 0 || good < wanted))
        good += !rows->rows[end++].bad;
    return end;
}

/* What a command asks of texts; 0 = nothing that a language model says. */
static unsigned asks_of(const hx_filter_plan *p) {
    switch (p->kind) {
    case HX_FILTER_SENTIMENT:
        return p->target.len > 0 ? 0 : HX_ASKS_SENTIMENT;
    case HX_FILTER_INTENT:
        return HX_ASKS_INTENT;
    case HX_FILTER_ASPECTS:
        return HX_ASKS_ASPECTS;
    case HX_FILTER_EMOTIONS:
        return HX_ASKS_EMOTION;
    case HX_FILTER_KEYWORDS:
        return p->method == HX_KEYWORDS_LLAMA ? HX_ASKS_KEYWORDS : 0;
    case HX_FILTER_ANNOTATE:
        return HX_ASKS_ALL;
    default:
        return 0;
    }
}

/* Words and trees of the rows that follow, in one pass. A text that is none for a tagger leaves all of them to be read alone, so that its row is named. */
static hx_status tag_ahead(const hx_filter_plan *p, hx_filter_worker *w, const hx_str *texts,
                           size_t n, hx_error *err) {
    hx_error unsaid = {0};
    hx_arena_reset(w->ahead.arena);
    w->n_said = w->said_at = 0;
    hx_tagged_text *said = hx_arena_alloc(w->ahead.arena, (n + 1) * sizeof *said);
    hx_str *said_of = hx_arena_alloc(w->ahead.arena, (n + 1) * sizeof *said_of);
    if (!said || !said_of) return err->code = HX_ENOMEM;
    memcpy(said_of, texts, n * sizeof *said_of);
    hx_status st = p->kind == HX_FILTER_WORDS
                       ? hx_tagger_cut(w->tagger, texts, n, w->ahead.arena, said, &unsaid)
                       : hx_tagger_read(w->tagger, texts, n, w->ahead.arena, said, &unsaid);
    w->said = said;
    w->said_of = said_of;
    w->n_said = st == HX_OK ? n : 0;
    return HX_OK;
}

/* The texts of rows that follow are read in one pass, where a language model is the engine; no answer changes by it. */
static hx_status read_ahead(const hx_filter_plan *p, hx_filter_worker *w, const hx_row *rows,
                            size_t n, hx_error *err) {
    hx_str texts[HX_TEXT_AHEAD];
    size_t some = 0;
    unsigned asks = asks_of(p);
    bool tags = p->tags && p->kind != HX_FILTER_ENTITIES;
    if (!p->model || hx_text_model_engine(p->model) != HX_ENGINE_LLAMA) return HX_OK;
    if (asks == 0 && !tags) return HX_OK;
    for (size_t i = 0; i < n && some < HX_TEXT_AHEAD; i++)
        if (!rows[i].bad) texts[some++] = rows[i].cells[p->text_column];
    return tags ? tag_ahead(p, w, texts, some, err)
                : hx_text_ahead(w->annotator, texts, some, asks, err);
}

static hx_status read_rows(const filter_pool *pool, hx_filter_worker *w, const hx_rows *rows,
                           filter_slot *s) {
    const hx_filter_plan *p = pool->plan;
    hx_status st = HX_OK;
    size_t i = 0;
    while (i < rows->n_rows && st == HX_OK && (s->limit == 0 || s->batch.rows < s->limit)) {
        size_t first = i, end = group_end(rows, i, s->limit ? s->limit - s->batch.rows : 0);
        if (hx_flag_is_raised(pool->cancel)) st = HX_ECANCELLED;
        if (st == HX_OK && p->llama)
            st = hx_filter_llama_read(p, &rows->rows[i], end - i, &w->ahead, &s->err);
        if (st == HX_OK && p->corrects)
            st = hx_filter_correct_read(p, &rows->rows[i], end - i, w, &s->err);
        for (; i < end && st == HX_OK; i++) {
            w->row = i - first;
            if (w->row % HX_TEXT_AHEAD == 0)
                st = read_ahead(p, w, &rows->rows[i], end - i, &s->err);
            if (st != HX_OK) break;
            st =
                hx_flag_is_raised(pool->cancel) ? HX_ECANCELLED : read_row(p, w, &rows->rows[i], s);
        }
    }
    s->batch.stopped = st == HX_ECANCELLED;
    s->batch.cut = w->cut;
    return s->batch.stopped ? HX_OK : st;
}

static hx_status fill_batch(const filter_pool *pool, hx_filter_worker *w, hx_arena *rows_arena,
                            filter_slot *s) {
    const hx_filter_plan *p = pool->plan;
    hx_rows rows = {NULL, 0, 0};
    w->cut = 0;
    s->batch.out.len = s->batch.rejects.len = s->batch.notes.len = 0;
    s->batch.rows = s->batch.rejected = s->batch.n_notes = 0;
    hx_arena_reset(rows_arena);
    s->err.ui = p->ui;
    hx_status st = hx_chunk_rows(p->reader, s->chunk, rows_arena, &rows, &s->err);
    return st == HX_OK ? read_rows(pool, w, &rows, s) : st;
}

static filter_slot *take_slot(filter_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    filter_slot *s = NULL;
    for (;;) {
        s = &pool->slots[pool->next % pool->n_slots];
        if (s->state == SLOT_READY) break;
        if (pool->closed) {
            s = NULL;
            break;
        }
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    if (s) {
        s->state = SLOT_TAKEN;
        pool->next++;
    }
    pthread_mutex_unlock(&pool->lock);
    return s;
}

static void set_state(filter_pool *pool, filter_slot *s, slot_state state) {
    pthread_mutex_lock(&pool->lock);
    s->state = state;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

static void *work(void *context) {
    filter_pool *pool = context;
    hx_filter_worker w = {.arena = hx_arena_new(0), .ahead = {.arena = hx_arena_new(0)}};
    hx_arena *rows_arena = hx_arena_new((size_t)4 << 30);
    hx_error err = {.ui = pool->plan->ui, .code = HX_ENOMEM};
    bool ready = w.arena && w.ahead.arena && rows_arena;
    if (ready && pool->plan->model)
        ready = hx_annotator_new(&w.annotator, pool->plan->model, &err) == HX_OK;
    if (ready && pool->plan->model)
        hx_annotator_feel(w.annotator, pool->plan->kind == HX_FILTER_ANNOTATE);
    if (ready && pool->plan->model && pool->plan->kind == HX_FILTER_INTENT)
        ready = hx_annotator_new(&w.clauses, pool->plan->model, &err) == HX_OK;
    if (ready && pool->plan->corrects)
        ready = hx_corrector_new(&w.corrector, pool->plan->corrects, &err) == HX_OK;
    if (ready && pool->plan->tags)
        ready = hx_tagger_open(&w.tagger, pool->plan->model, pool->plan->standard, &err) == HX_OK;
    if (w.tagger) hx_tagger_trees(w.tagger, pool->plan->kind == HX_FILTER_PARSE);
    for (filter_slot *s = take_slot(pool); s; s = take_slot(pool)) {
        s->err = err;
        s->status = ready ? fill_batch(pool, &w, rows_arena, s) : err.code;
        hx_chunk_free(s->chunk);
        s->chunk = NULL;
        set_state(pool, s, SLOT_DONE);
    }
    hx_annotator_free(w.annotator);
    hx_annotator_free(w.clauses);
    hx_corrector_free(w.corrector);
    hx_tagger_close(w.tagger);
    hx_arena_free(w.arena);
    hx_arena_free(w.ahead.arena);
    hx_arena_free(rows_arena);
    return NULL;
}

/* ------------------------------------------------------------------ caller */
typedef struct {
    filter_pool *pool;
    hx_reader *reader;
    size_t limit, sent, written;
    uint64_t rows; /* handed to the sink */
    bool ended; /* of the file */
    hx_status broken; /* why it ended early */
    hx_error err;
} filter_feed;

static bool may_send(const filter_feed *f) {
    size_t ahead = f->limit ? 1 : f->pool->n_slots;
    return !f->ended && f->sent - f->written < ahead && (f->limit == 0 || f->rows < f->limit);
}

/* A break in the file ends it; what came before is still good. */
static void send_chunk(filter_feed *f) {
    hx_chunk *chunk = NULL;
    f->broken = hx_reader_next(f->reader, &chunk, &f->err);
    if (f->broken != HX_OK || !chunk) {
        f->ended = true;
        return;
    }
    filter_slot *s = &f->pool->slots[f->sent % f->pool->n_slots];
    s->chunk = chunk;
    s->limit = f->limit ? f->limit - (size_t)f->rows : 0;
    set_state(f->pool, s, SLOT_READY);
    f->sent++;
}

static filter_slot *wait_done(filter_feed *f) {
    filter_slot *s = &f->pool->slots[f->written % f->pool->n_slots];
    pthread_mutex_lock(&f->pool->lock);
    while (s->state != SLOT_DONE)
        pthread_cond_wait(&f->pool->changed, &f->pool->lock);
    pthread_mutex_unlock(&f->pool->lock);
    return s;
}

static hx_status feed(filter_feed *f, hx_filter_sink *sink, void *context, hx_error *err) {
    for (;;) {
        while (!hx_flag_is_raised(f->pool->cancel) && may_send(f))
            send_chunk(f);
        if (f->written == f->sent) break;
        filter_slot *s = wait_done(f);
        if (s->status != HX_OK) {
            *err = s->err;
            return s->status;
        }
        f->rows += s->batch.rows;
        if (!sink(context, &s->batch)) return HX_OK;
        if (s->batch.stopped) return HX_ECANCELLED;
        set_state(f->pool, s, SLOT_EMPTY);
        f->written++;
    }
    if (f->broken != HX_OK) *err = f->err;
    bool wanted = !f->ended && (f->limit == 0 || f->rows < f->limit);
    bool stopped = f->broken == HX_OK && wanted && hx_flag_is_raised(f->pool->cancel);
    return stopped ? HX_ECANCELLED : f->broken;
}

static void close_pool(filter_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    pool->closed = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

static void release_pool(filter_pool *pool, pthread_t *threads, size_t n) {
    close_pool(pool);
    for (size_t i = 0; i < n; i++)
        (void)pthread_join(threads[i], NULL);
    for (size_t i = 0; i < pool->n_slots; i++) {
        hx_chunk_free(pool->slots[i].chunk);
        hx_outbuf_release(&pool->slots[i].batch.out);
        hx_outbuf_release(&pool->slots[i].batch.rejects);
        hx_outbuf_release(&pool->slots[i].batch.notes);
    }
    free(pool->slots);
    free(threads);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->changed);
}

hx_status hx_filter_run(const hx_filter_plan *p, hx_reader *r, size_t n_threads, size_t limit,
                        const volatile int *cancel, hx_filter_sink *sink, void *context,
                        hx_error *err) {
    filter_pool pool = {.plan = p, .cancel = cancel, .n_slots = n_threads * SLOTS_A_THREAD};
    pthread_t *threads = calloc(n_threads, sizeof *threads);
    size_t started = 0;
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.changed, NULL);
    pool.slots = calloc(pool.n_slots, sizeof *pool.slots);
    if (!pool.slots) pool.n_slots = 0;
    while (threads && pool.slots && started < n_threads &&
           pthread_create(&threads[started], NULL, work, &pool) == 0)
        started++;
    hx_status st = HX_ENOMEM;
    err->code = HX_ENOMEM;
    if (started > 0) {
        filter_feed f = {.pool = &pool, .reader = r, .limit = limit, .err = {.ui = p->ui}};
        st = feed(&f, sink, context, err);
    }
    release_pool(&pool, threads, started);
    return st;
}
