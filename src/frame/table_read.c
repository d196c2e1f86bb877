/* table_read.c - a file becomes a table, on all processors.
 *
 *     reader --chunks, one lock--> workers: strips of each column --in file order, one at a time--> columns (table_join.c)
 *
 * What a column holds is guessed from the head of the file and decided by all values: where one does not fit, the column is read once
 * more as the next kind of its order (table_strip.h), the others are not. What can't be opened twice (a pipe) keeps its chunks for that.
 *
 * Invariants: chunks are numbered in file order; strips join their columns in that order whatever worker made them; a part (the strips of
 * one chunk) is taken before its chunk, so that the chunk all wait for is always with a worker that has all it needs. TEXT cells hold
 * codes of the worker's own dictionary until the end, when the dictionaries are merged in order of first appearance. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "frame/table_read.h"

#define READ_THREADS_MAX 64

/* ------------------------------------------------------------------ parts: the strips of one chunk */
static void part_free(hx_read_part *p, size_t n_columns) {
    if (p == NULL) return;
    for (size_t c = 0; p->strips != NULL && c < n_columns; c++)
        hx_buf_release(&p->strips[c].cells);
    free(p->strips);
    free(p);
}

static hx_read_part *part_new(size_t n_columns) {
    hx_read_part *p = calloc(1, sizeof *p);
    if (p == NULL) return NULL;
    p->strips = calloc(n_columns + 1, sizeof *p->strips);
    if (p->strips != NULL) return p;
    free(p);
    return NULL;
}

/* ------------------------------------------------------------------ failures */
static void note_failure(hx_read_job *j, uint64_t sequence, hx_status status, const hx_error *err) {
    pthread_mutex_lock(&j->lock);
    if (j->status == HX_OK || sequence < j->failed_at) {
        j->status = status;
        j->failed_at = sequence;
        j->error = *err;
    }
    j->stopped = true;
    pthread_cond_broadcast(&j->freed);
    pthread_mutex_unlock(&j->lock);
}

/* ------------------------------------------------------------------ chunks, in file order */
static hx_status read_chunk(hx_read_job *j, hx_chunk **out, hx_error *err) {
    *out = NULL;
    if (j->keep_chunks && j->pass > 0) {
        if (j->next_kept < j->n_kept) *out = j->kept[j->next_kept++];
        return HX_OK;
    }
    HX_TRY(hx_reader_next(j->reader, out, err));
    if (*out == NULL || !j->keep_chunks) return HX_OK;
    if (!hx_buf_append(&j->kept_chunks, out, sizeof *out)) {
        hx_chunk_free(*out);
        *out = NULL;
        return hx_buf_status(&j->kept_chunks, j->reader->name, err);
    }
    return HX_OK;
}

/* Gives the next chunk and its number; NULL at the end or when another worker failed. */
static hx_chunk *next_chunk(hx_read_job *j, uint64_t *sequence, hx_error *err) {
    hx_chunk *c = NULL;
    hx_status status = HX_OK;
    pthread_mutex_lock(&j->reading);
    *sequence = j->n_chunks;
    if (!j->ended) {
        if (hx_flag_is_raised(j->options->cancel))
            status = hx_fail(err, HX_ECANCELLED, "stopped on request");
        else
            status = read_chunk(j, &c, err);
        j->ended = c == NULL;
        j->n_chunks += c != NULL;
        if (c != NULL && j->options->progress != NULL) {
            uint64_t done = 0, total = 0;
            hx_reader_progress(j->reader, &done, &total);
            j->options->progress(j->options->context, done, total);
        }
    }
    pthread_mutex_unlock(&j->reading);
    if (status != HX_OK) note_failure(j, *sequence, status, err);
    return c;
}

/* ------------------------------------------------------------------ joining, one worker at a time */
static hx_status join_part(hx_read_job *j, hx_read_part *p, hx_error *err) {
    hx_table *t = j->table;
    size_t bytes = j->dictionary_bytes;
    for (size_t c = 0; c < j->n_columns; c++) {
        if (!j->plans[c].wanted) continue;
        if (p->strips[c].no_memory || !hx_joined_append(&j->joined[c], &j->plans[c], &p->strips[c]))
            return hx_buf_status(&j->joined[c].c.cells, j->reader->name, err) != HX_OK
                       ? err->code
                       : hx_fail(err, HX_ENOMEM, "out of memory");
    }
    for (size_t c = 0; c < j->n_columns; c++)
        bytes += j->joined[c].c.cells.len;
    if (bytes > j->max_bytes || j->n_rows + p->n_rows > HX_TABLE_ROWS_MAX)
        return hx_fail(
            err, HX_ELIMIT,
            "%s: the table needs more than %zu MB of memory or %u rows; read fewer columns",
            j->reader->name, j->max_bytes >> 20, HX_TABLE_ROWS_MAX);
    const hx_row_range range = {j->n_rows, p->n_rows, p->worker};
    if (!hx_buf_append(&j->ranges, &range, sizeof range))
        return hx_fail(err, HX_ENOMEM, "out of memory");
    j->n_rows += p->n_rows;
    if (t->bad_rows == 0 && p->n_bad > 0) memcpy(t->first_bad, p->first_bad, sizeof t->first_bad);
    t->bad_rows += p->n_bad;
    return HX_OK;
}

/* Takes the part that is next out of the list of those waiting. */
static hx_read_part *take_next(hx_read_job *j) {
    for (hx_read_part **at = &j->waiting; *at != NULL; at = &(*at)->next) {
        hx_read_part *p = *at;
        if (p->sequence != j->n_joined) continue;
        *at = p->next;
        return p;
    }
    return NULL;
}

static void give_part(hx_read_job *j, hx_read_part *p) {
    pthread_mutex_lock(&j->lock);
    p->next = j->spare;
    j->spare = p;
    pthread_cond_signal(&j->freed);
    pthread_mutex_unlock(&j->lock);
}

/* Puts a finished part to those waiting and, unless another worker is at it, joins all whose turn has come. */
static void hand_over(hx_read_job *j, hx_read_part *mine, hx_error *err) {
    pthread_mutex_lock(&j->lock);
    mine->next = j->waiting;
    j->waiting = mine;
    hx_read_part *p = j->joining ? NULL : take_next(j);
    j->joining |= p != NULL;
    pthread_mutex_unlock(&j->lock);
    while (p != NULL) {
        const hx_status status = join_part(j, p, err);
        if (status != HX_OK) note_failure(j, p->sequence, status, err);
        give_part(j, p);
        pthread_mutex_lock(&j->lock);
        j->n_joined++;
        p = status == HX_OK ? take_next(j) : NULL;
        if (p == NULL) j->joining = false;
        pthread_mutex_unlock(&j->lock);
    }
}

static hx_read_part *take_part(hx_read_job *j, hx_error *err) {
    pthread_mutex_lock(&j->lock);
    while (j->spare == NULL && !j->stopped && j->n_parts >= 2 * j->n_workers + 1)
        pthread_cond_wait(&j->freed, &j->lock);
    hx_read_part *p = j->spare;
    const bool stopped = j->stopped;
    if (p != NULL)
        j->spare = p->next;
    else if (!stopped)
        j->n_parts++;
    pthread_mutex_unlock(&j->lock);
    if (p != NULL || stopped) return p;
    p = part_new(j->n_columns);
    if (p == NULL) note_failure(j, 0, hx_fail(err, HX_ENOMEM, "out of memory"), err);
    return p;
}

/* ------------------------------------------------------------------ workers */
static bool is_stopped(hx_read_job *j) {
    pthread_mutex_lock(&j->lock);
    const bool stopped = j->stopped;
    pthread_mutex_unlock(&j->lock);
    return stopped;
}

static hx_status work(void *context, size_t i, size_t unused, hx_error *err) {
    hx_read_job *j = context;
    hx_read_worker *w = &j->workers[i];
    (void)unused;
    while (!is_stopped(j)) {
        hx_read_part *p = take_part(j, err);
        if (p == NULL) break;
        hx_chunk *c = next_chunk(j, &p->sequence, err);
        if (c == NULL) {
            give_part(j, p);
            break;
        }
        p->worker = i;
        const hx_status status = hx_read_strips(j, w, c, p, err);
        if (!j->keep_chunks) hx_chunk_free(c);
        if (status != HX_OK) {
            note_failure(j, p->sequence, status, err);
            give_part(j, p);
            break;
        }
        hand_over(j, p, err);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ passes */
static void reset_pass(hx_read_job *j) {
    for (size_t i = 0; i < j->n_workers; i++)
        for (size_t c = 0; c < j->n_columns; c++) {
            if (!j->plans[c].wanted) continue;
            hx_growing_release(&j->workers[i].growing[c]);
            hx_growing_init(&j->workers[i].growing[c], j->max_bytes);
        }
    for (size_t c = 0; c < j->n_columns; c++)
        if (j->plans[c].wanted) {
            hx_buf_release(&j->joined[c].c.cells);
            hx_joined_init(&j->joined[c], j->max_bytes);
        }
    hx_buf_reset(&j->ranges);
    j->n_rows = 0;
    j->n_chunks = j->n_joined = 0;
    j->ended = j->stopped = false;
    j->next_kept = 0;
    j->table->bad_rows = 0;
}

/* Each worker's cells of a TEXT column mean its own dictionary: both are put into the table at once. */
static hx_status finish_texts(void *context, size_t i, size_t unused, hx_error *err) {
    hx_read_job *j = context;
    (void)unused;
    hx_joined *x = &j->joined[i];
    if (!j->plans[i].wanted || x->misfit) return HX_OK;
    if (x->has_kind && x->c.about.kind == HX_KIND_TEXT) HX_TRY(hx_merge_texts(j, i, err));
    hx_joined_finish(x);
    if (!x->has_kind && j->plans[i].decided && j->plans[i].kind == HX_KIND_TEXT)
        return hx_make_empty_text(x, err);
    return HX_OK;
}

static hx_status run_pass(hx_read_job *j, hx_error *err) {
    const size_t n_before = j->n_rows;
    const bool first = j->pass == 0;
    reset_pass(j);
    HX_TRY(hx_pool_run(j->n_workers, j->n_workers, work, j, err));
    if (j->status != HX_OK) {
        *err = j->error;
        return j->status;
    }
    if (!first && j->n_rows != n_before)
        return hx_fail(err, HX_EFORMAT, "%s: was changed while it was read", j->reader->name);
    return hx_pool_run(j->n_workers, j->n_columns, finish_texts, j, err);
}

/* A column that was asked for as a kind that most of its values are not of: it is read as what it is. */
static bool give_up_kind(hx_strip_plan *p, const hx_joined *x) {
    const size_t values = x->n - x->c.about.missing;
    if (!p->wanted || !p->asked || x->odd <= values) return false;
    p->asked = p->decided = false;
    p->kind = hx_kind_first(p);
    return true;
}

static size_t plan_misfits(hx_read_job *j) {
    size_t n = 0;
    for (size_t c = 0; c < j->n_columns; c++) {
        hx_strip_plan *p = &j->plans[c];
        if (give_up_kind(p, &j->joined[c])) {
            n++;
            continue;
        }
        p->wanted = p->wanted && j->joined[c].misfit;
        if (!p->wanted) continue;
        p->decided = true;
        p->kind = j->joined[c].misfit_kind;
        n++;
    }
    return n;
}

static hx_status reopen(hx_read_job *j, const char *path, hx_error *err) {
    if (j->keep_chunks) {
        j->kept = (hx_chunk **)(void *)j->kept_chunks.ptr;
        j->n_kept = j->kept_chunks.len / sizeof *j->kept;
        return HX_OK;
    }
    const size_t n_columns = j->reader->n_columns;
    hx_reader_close(j->reader);
    j->reader = NULL;
    HX_TRY(hx_reader_open(&j->reader, path, &j->options->reader, err));
    j->reader->keep_empty = true;
    if (j->reader->n_columns != n_columns)
        return hx_fail(err, HX_EFORMAT, "%s: was changed while it was read", path);
    return HX_OK;
}

static hx_status read_all(hx_read_job *j, const char *path, hx_error *err) {
    for (;; j->pass++) {
        HX_TRY(run_pass(j, err));
        if (plan_misfits(j) == 0) return HX_OK;
        HX_TRY(reopen(j, path, err));
    }
}

/* ------------------------------------------------------------------ the table */
static void name_odd(hx_odd_column *o, hx_str column, const hx_strip_plan *p, const hx_joined *x) {
    const size_t n = column.len < sizeof o->column ? column.len : sizeof o->column;
    memcpy(o->column, column.ptr, n);
    memcpy(o->first, x->first_odd, sizeof o->first);
    o->about = (hx_odd_cells){{o->column, n}, p->kind, x->odd, hx_str_of(o->first)};
}

static hx_status take_odd(hx_read_job *j, hx_error *err) {
    hx_table *t = j->table;
    size_t n = 0;
    for (size_t c = 0; c < j->n_columns; c++)
        n += j->plans[c].asked && j->joined[c].odd > 0;
    if (n == 0) return HX_OK;
    t->odd = calloc(n, sizeof *t->odd);
    if (t->odd == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t c = 0; c < j->n_columns; c++)
        if (j->plans[c].asked && j->joined[c].odd > 0)
            name_odd(&t->odd[t->n_odd++], j->reader->columns[c].name, &j->plans[c], &j->joined[c]);
    return HX_OK;
}

static hx_status take_columns(hx_read_job *j, hx_error *err) {
    for (size_t c = 0; c < j->n_columns; c++) {
        if (!j->selected[c]) continue;
        hx_table_cells *to = NULL;
        HX_TRY(hx_table_place(j->table, j->reader->columns[c].name, &to, err));
        const hx_str name = to->about.name;
        hx_joined *x = &j->joined[c];
        *to = x->c;
        to->about.name = name;
        x->c.cells = (hx_buf){0};
        x->c.dictionary = NULL;
    }
    j->table->n_rows = j->n_rows;
    return HX_OK;
}

static hx_status job_init(hx_read_job *j, const char *path, hx_error *err) {
    j->n_columns = j->reader->n_columns;
    j->max_bytes = j->options->max_bytes > 0 ? j->options->max_bytes : HX_TABLE_BYTES_MAX;
    j->n_workers = j->options->n_threads > 0 ? j->options->n_threads : hx_processors();
    if (j->n_workers > READ_THREADS_MAX) j->n_workers = READ_THREADS_MAX;
    j->keep_chunks = strcmp(path, "-") == 0 || !hx_source_is_regular(j->reader->source);
    hx_buf_init(&j->kept_chunks, j->max_bytes);
    hx_buf_init(&j->ranges, j->max_bytes);
    const size_t n = j->n_columns + 1;
    j->plans = calloc(n, sizeof *j->plans);
    j->selected = calloc(n, sizeof *j->selected);
    j->joined = calloc(n, sizeof *j->joined);
    j->workers = calloc(j->n_workers, sizeof *j->workers);
    if (j->plans == NULL || j->selected == NULL || j->joined == NULL || j->workers == NULL)
        return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < j->n_workers; i++)
        if (!hx_read_worker_init(&j->workers[i], j))
            return hx_fail(err, HX_ENOMEM, "out of memory");
    return HX_OK;
}

static void free_parts(hx_read_part *p, size_t n_columns) {
    while (p != NULL) {
        hx_read_part *next = p->next;
        part_free(p, n_columns);
        p = next;
    }
}

static void job_release(hx_read_job *j) {
    for (size_t i = 0; j->workers != NULL && i < j->n_workers; i++)
        hx_read_worker_release(&j->workers[i], j->n_columns);
    for (size_t c = 0; j->joined != NULL && c < j->n_columns; c++) {
        hx_buf_release(&j->joined[c].c.cells);
        hx_dictionary_drop(j->joined[c].c.dictionary);
    }
    free_parts(j->spare, j->n_columns);
    free_parts(j->waiting, j->n_columns);
    hx_chunk **kept = (hx_chunk **)(void *)j->kept_chunks.ptr;
    for (size_t i = 0; i < j->kept_chunks.len / sizeof *kept; i++)
        hx_chunk_free(kept[i]);
    hx_buf_release(&j->kept_chunks);
    hx_buf_release(&j->ranges);
    free(j->plans);
    free(j->selected);
    free(j->joined);
    free(j->workers);
    hx_arena_free(j->arena);
    hx_reader_close(j->reader);
}

static hx_status read_table(hx_read_job *j, const char *path, hx_error *err) {
    HX_TRY(hx_reader_open(&j->reader, path, &j->options->reader, err));
    j->reader->keep_empty = true;
    HX_TRY(job_init(j, path, err));
    HX_TRY(hx_read_plan(j, err));
    HX_TRY(hx_table_new(&j->table, 0, err));
    HX_TRY(read_all(j, path, err));
    HX_TRY(take_odd(j, err));
    return take_columns(j, err);
}

hx_status hx_table_read(hx_table **out, const char *path, const hx_table_options *options,
                        hx_error *err) {
    const hx_table_options none = {0};
    hx_error local = {.ui = err != NULL ? err->ui : HX_UI_EN};
    hx_read_job j = {.options = options != NULL ? options : &none, .arena = hx_arena_new(0)};
    pthread_mutex_init(&j.lock, NULL);
    pthread_mutex_init(&j.reading, NULL);
    pthread_cond_init(&j.freed, NULL);
    const hx_status status = j.arena == NULL ? hx_fail(&local, HX_ENOMEM, "out of memory")
                                             : read_table(&j, path, &local);
    job_release(&j);
    pthread_cond_destroy(&j.freed);
    pthread_mutex_destroy(&j.reading);
    pthread_mutex_destroy(&j.lock);
    if (status == HX_OK) {
        *out = j.table;
        return HX_OK;
    }
    hx_table_free(j.table);
    if (err != NULL) *err = local;
    return status;
}
