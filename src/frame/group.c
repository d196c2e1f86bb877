/* group.c - SELECT keys, aggregates FROM file GROUP BY keys, on all processors.
 *
 *     reader --chunks, one lock--> workers: cells of the needed columns -> own hx_group_set
 *                                  sets merged two and two, in parallel -> hx_group_table
 *
 * A chunk of delimited text is taken apart by hx_csv_index_fill() and only the needed cells are made. Where that could differ from
 * what rows are elsewhere (a flaw in its bytes, an unclosed quote, a habit of a needed column, JSON Lines) the chunk goes through
 * hx_chunk_rows(), so both ways give the same.
 *
 * Errors are deterministic: chunks are handed out in file order and a worker finishes the one it has, so the smallest row that fails
 * is the same at any number of threads. A cell that is no number where one is summed fails the whole: no silent zero. */
#include "frame/group.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "frame/reader.h"

#define GROUP_THREADS_MAX 256
#define INDEX_BYTES_MAX (((size_t)HX_CSV_INDEX_MAX + HX_CSV_INDEX_SLACK) * sizeof(uint32_t))

typedef struct {
    hx_group_set set;
    hx_buf ends, rows; /* uint32_t, for hx_csv_index */
    hx_arena *arena; /* of a chunk */
    hx_str *cells; /* [HX_GROUP_BATCH][plan.n_columns] of the rows at hand; owned */
    int64_t ordinals[HX_GROUP_BATCH];
    size_t n_rows; /* of the batch */
    int64_t failed_row; /* INT64_MAX = none; 0 = not of a row */
    hx_status status;
    hx_error error;
} worker;

typedef struct {
    hx_reader *reader; /* under `lock`, but for what is fixed */
    const hx_group_plan *plan;
    worker *workers;
    size_t n_workers;
    bool habits; /* of a needed column */
    pthread_mutex_t lock;
    bool stopped;
    size_t stride; /* of the merge round: workers[2 i stride] takes workers[2 i stride + stride] */
} job;

/* ------------------------------------------------------------------ sentences */
static hx_status trouble_sentence(const job *j, const worker *w, hx_error *err) {
    const hx_group_set *s = &w->set;
    const long long row = w->failed_row;
    const hx_str value = hx_buf_str(&s->trouble_value);
    const hx_str column = j->plan->column_names[s->trouble_column];
    switch (s->trouble) {
    case HX_GROUP_NOT_A_NUMBER:
        return hx_fail_row(
            err, HX_EFORMAT, row,
            "%s: row %lld: column %.*s: '%.*s' is not a number of up to four decimal places",
            j->reader->name, row, HX_STR_ARG(column), HX_STR_ARG(value));
    case HX_GROUP_NOT_A_TIME:
        return hx_fail_row(err, HX_EFORMAT, row,
                           "%s: row %lld: column %.*s: '%.*s' is not a date or time",
                           j->reader->name, row, HX_STR_ARG(column), HX_STR_ARG(value));
    case HX_GROUP_SUM_TOO_LARGE:
        return hx_fail(err, HX_ELIMIT, "%s: a sum over column %.*s is larger than 128 bits hold",
                       j->reader->name, HX_STR_ARG(column));
    case HX_GROUP_TOO_MANY:
        return hx_fail(
            err, HX_ELIMIT,
            "%s: the groups need more than %zu MB of memory; group by a column with fewer values",
            j->reader->name, HX_GROUP_BYTES_MAX >> 20);
    default:
        return hx_fail(err, HX_ENOMEM, "out of memory");
    }
}

static bool fail_worker(worker *w, int64_t row, hx_status status) {
    w->failed_row = row;
    w->status = status;
    return false;
}

static bool fail_row(const job *j, worker *w, int64_t row) {
    w->failed_row = row;
    return fail_worker(w, row, trouble_sentence(j, w, &w->error));
}

/* ------------------------------------------------------------------ batches of rows */
static bool flush(const job *j, worker *w) {
    const size_t n = w->n_rows;
    w->n_rows = 0;
    const size_t good = hx_group_set_add(&w->set, w->cells, w->ordinals, n);
    return good == n || fail_row(j, w, w->ordinals[good]);
}

/* Where the cells of the next row go; take_row() then counts it. */
static hx_str *next_cells(const job *j, const worker *w) {
    return w->cells + w->n_rows * j->plan->n_columns;
}

static bool take_row(const job *j, worker *w, int64_t row) {
    w->ordinals[w->n_rows++] = row;
    return w->n_rows < HX_GROUP_BATCH || flush(j, w);
}

/* ------------------------------------------------------------------ a chunk, the general way */
static bool has_cells(const hx_row *row) {
    return row->bad == NULL || strcmp(row->bad, HX_BAD_ENCODING) == 0 ||
           strcmp(row->bad, HX_BAD_NUL) == 0 || strcmp(row->bad, HX_BAD_COLUMNS) == 0;
}

static bool add_row(const job *j, worker *w, const hx_row *row) {
    if (!has_cells(row))
        return flush(j, w) &&
               fail_worker(w, row->row,
                           hx_fail_row(&w->error, HX_EFORMAT, row->row, "%s: row %lld %s",
                                       j->reader->name, (long long)row->row,
                                       hx_row_bad_text(row, w->error.ui)));
    hx_str *cells = next_cells(j, w);
    for (size_t c = 0; c < j->plan->n_columns; c++)
        cells[c] = row->cells[j->plan->columns[c]];
    return take_row(j, w, row->row);
}

static bool add_rows(const job *j, worker *w, const hx_chunk *c) {
    hx_rows rows = {NULL, 0, 0};
    const hx_status status = hx_chunk_rows(j->reader, c, w->arena, &rows, &w->error);
    if (status != HX_OK) return fail_worker(w, (int64_t)c->start.row, status);
    for (size_t i = 0; i < rows.n_rows; i++)
        if (!add_row(j, w, &rows.rows[i])) return false;
    return flush(j, w);
}

/* ------------------------------------------------------------------ a chunk of delimited text, the fast way */
typedef struct {
    hx_csv_dialect d;
    const char *p;
    hx_csv_index x;
} split;

/* Whether the chunk has no peculiarity, and its cells. */
static bool split_chunk(const job *j, worker *w, const hx_chunk *c, split *s) {
    const hx_reader *r = j->reader;
    const size_t n = c->data.len, room = (n + HX_CSV_INDEX_SLACK) * sizeof(uint32_t);
    if (r->format == HX_FORMAT_JSONL || j->habits || c->oversize || n > HX_CELL_MAX) return false;
    const hx_flaws flaws = hx_chunk_flaws(c);
    if (flaws.encoding || flaws.nul) return false;
    if (!hx_buf_reserve(&w->ends, room) || !hx_buf_reserve(&w->rows, room)) return false;
    *s = (split){.d = r->dialect, .p = c->data.ptr};
    if (r->format == HX_FORMAT_TEXT) s->d.quote = '\0';
    s->x.ends = (uint32_t *)(void *)w->ends.ptr;
    s->x.rows = (uint32_t *)(void *)w->rows.ptr;
    (void)hx_csv_index_fill(s->d, s->p, n, true, &s->x);
    /* The reader ends a record with an unclosed quote at its first line: then it has more records. */
    return !s->x.open && s->x.n_rows == c->n_records;
}

static size_t cell_start(const split *s, size_t i) {
    return i == 0 ? 0 : (size_t)s->x.ends[i - 1] + 1;
}

static hx_csv_cell cell_of(const split *s, size_t i, size_t behind) {
    return hx_csv_cell_at(s->d, s->p, cell_start(s, i), s->x.ends[i], i + 1 == behind);
}

/* No cell of [first, behind) holds anything; each takes at most "" and a delimiter then, and there may be a CR. */
static bool is_blank(const hx_reader *r, const split *s, size_t first, size_t behind) {
    if (r->format != HX_FORMAT_XLSX) {
        const size_t start = cell_start(s, first), end = s->x.ends[behind - 1];
        return behind - first == 1 &&
               hx_record_is_blank(r, hx_record_text(s->p + start, end - start));
    }
    if (s->x.ends[behind - 1] - cell_start(s, first) > 3 * (behind - first)) return false;
    for (size_t i = first; i < behind; i++)
        if (cell_of(s, i, behind).raw.len > 0) return false;
    return true;
}

static bool find_cells(const job *j, const worker *w, const split *s, size_t first, size_t behind) {
    hx_str *cells = next_cells(j, w);
    for (size_t c = 0; c < j->plan->n_columns; c++) {
        const size_t i = first + j->plan->columns[c];
        cells[c] = (hx_str){NULL, 0};
        if (i >= behind) continue;
        const hx_csv_cell cell = cell_of(s, i, behind);
        cells[c] = cell.raw;
        if (!cell.escaped) continue;
        char *to = hx_arena_alloc(w->arena, cell.raw.len);
        if (to == NULL) return false;
        cells[c] = (hx_str){to, hx_csv_unescape(s->d, &cell, to)};
    }
    return true;
}

static bool add_split(const job *j, worker *w, const hx_chunk *c, const split *s) {
    int64_t row = (int64_t)c->start.row;
    size_t first = 0;
    for (size_t k = 0; k < s->x.n_rows; k++) {
        const size_t behind = s->x.rows[k];
        row++;
        if (!is_blank(j->reader, s, first, behind)) {
            if (!find_cells(j, w, s, first, behind))
                return fail_worker(w, row, hx_fail(&w->error, HX_ENOMEM, "out of memory"));
            if (!take_row(j, w, row)) return false;
        }
        first = behind;
    }
    return flush(j, w);
}

/* ------------------------------------------------------------------ workers */
static hx_chunk *next_chunk(job *j, worker *w) {
    hx_chunk *c = NULL;
    pthread_mutex_lock(&j->lock);
    if (!j->stopped) {
        const hx_status status = hx_reader_next(j->reader, &c, &w->error);
        if (status != HX_OK) (void)fail_worker(w, (int64_t)j->reader->position.row + 1, status);
        j->stopped = c == NULL;
    }
    pthread_mutex_unlock(&j->lock);
    return c;
}

static void stop(job *j) {
    pthread_mutex_lock(&j->lock);
    j->stopped = true;
    pthread_mutex_unlock(&j->lock);
}

static hx_status work(void *context, size_t i, size_t unused, hx_error *err) {
    job *j = context;
    worker *w = &j->workers[i];
    (void)unused;
    (void)err;
    for (hx_chunk *c = next_chunk(j, w); c != NULL; c = next_chunk(j, w)) {
        split s;
        hx_arena_reset(w->arena);
        const bool good = split_chunk(j, w, c, &s) ? add_split(j, w, c, &s) : add_rows(j, w, c);
        hx_chunk_free(c);
        if (!good) {
            stop(j);
            break;
        }
    }
    return HX_OK;
}

static hx_status merge_pair(void *context, size_t i, size_t unused, hx_error *err) {
    const job *j = context;
    worker *to = &j->workers[2 * i * j->stride], *from = to + j->stride;
    (void)unused;
    if (!hx_group_set_merge(&to->set, &from->set)) return trouble_sentence(j, to, err);
    hx_group_set_release(&from->set);
    return HX_OK;
}

static hx_status merge_all(job *j, hx_error *err) {
    for (j->stride = 1; j->stride < j->n_workers; j->stride *= 2) {
        const size_t n_pairs = (j->n_workers - j->stride + 2 * j->stride - 1) / (2 * j->stride);
        HX_TRY(hx_pool_run(j->n_workers, n_pairs, merge_pair, j, err));
    }
    return HX_OK;
}

static hx_status first_failure(const job *j, hx_error *err) {
    const worker *first = NULL;
    for (size_t i = 0; i < j->n_workers; i++) {
        const worker *w = &j->workers[i];
        if (w->status != HX_OK && (first == NULL || w->failed_row < first->failed_row)) first = w;
    }
    if (first == NULL) return HX_OK;
    if (err != NULL) *err = first->error;
    return first->status;
}

/* ------------------------------------------------------------------ the whole */
static bool worker_init(worker *w, const hx_group_plan *plan, hx_ui_lang ui) {
    w->error.ui = ui;
    hx_buf_init(&w->ends, INDEX_BYTES_MAX);
    hx_buf_init(&w->rows, INDEX_BYTES_MAX);
    w->arena = hx_arena_new((size_t)4 << 30);
    w->cells = calloc(HX_GROUP_BATCH * plan->n_columns + 1, sizeof *w->cells);
    return hx_group_set_init(&w->set, plan) && w->arena != NULL && w->cells != NULL;
}

static void worker_release(worker *w) {
    hx_group_set_release(&w->set);
    hx_buf_release(&w->ends);
    hx_buf_release(&w->rows);
    hx_arena_free(w->arena);
    free(w->cells);
}

static hx_status run_job(job *j, hx_group_table **out, hx_error *err) {
    HX_TRY(hx_pool_run(j->n_workers, j->n_workers, work, j, err));
    HX_TRY(first_failure(j, err));
    HX_TRY(merge_all(j, err));
    return hx_group_table_make(out, &j->workers[0].set, err);
}

static hx_status group_rows(hx_reader *r, const hx_group_plan *plan, size_t n_threads,
                            hx_group_table **out, hx_error *err) {
    if (n_threads == 0) n_threads = hx_processors();
    if (n_threads > GROUP_THREADS_MAX) n_threads = GROUP_THREADS_MAX;
    job j = {.reader = r, .plan = plan, .n_workers = n_threads};
    for (size_t c = 0; c < plan->n_columns; c++) {
        const hx_cell_habit habit = r->habits[plan->columns[c]];
        j.habits |= habit.formula || habit.padded;
    }
    j.workers = calloc(n_threads, sizeof *j.workers);
    if (j.workers == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    bool good = true;
    for (size_t i = 0; i < n_threads; i++)
        good &= worker_init(&j.workers[i], plan, err == NULL ? HX_UI_EN : err->ui);
    pthread_mutex_init(&j.lock, NULL);
    const hx_status status =
        good ? run_job(&j, out, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    pthread_mutex_destroy(&j.lock);
    for (size_t i = 0; i < n_threads; i++)
        worker_release(&j.workers[i]);
    free(j.workers);
    return status;
}

static hx_status group_planned(hx_reader *r, const hx_group_options *o, hx_arena *arena,
                               hx_group_table **out, hx_error *err) {
    const hx_column *columns = NULL;
    const size_t n_columns = hx_reader_columns(r, &columns);
    hx_group_plan *plan = hx_arena_alloc(arena, sizeof *plan);
    if (plan == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_group_plan_parse(plan, o->by, o->aggregates, columns, n_columns, arena, err));
    if (!hx_group_is_streamed(o->aggregates))
        return hx_fail(err, HX_EUNSUPPORTED,
                       "group: std, var, median, quantiles and mode need a table in memory");
    return group_rows(r, plan, o->n_threads, out, err);
}

hx_status hx_group_file(hx_group_table **out, const char *path, const hx_group_options *options,
                        hx_error *err) {
    hx_reader *r = NULL;
    HX_TRY(hx_reader_open(&r, path, &options->reader, err));
    r->keep_empty = true;
    hx_arena *arena = hx_arena_new(0);
    const hx_status status = arena == NULL ? hx_fail(err, HX_ENOMEM, "out of memory")
                                           : group_planned(r, options, arena, out, err);
    hx_arena_free(arena);
    hx_reader_close(r);
    return status;
}
