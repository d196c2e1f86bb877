/* table_read.h - the inside of reading a table; shared by table_read.c (who does what when), table_chunk.c (a chunk to strips),
 * table_plan.c (what columns are read as) and table_merge.c (dictionaries of workers to one). */
#ifndef HX_FRAME_TABLE_READ_H
#define HX_FRAME_TABLE_READ_H

#include <pthread.h>

#include "frame/reader.h"
#include "frame/table_strip.h"

#define HX_READ_BATCH 512 /* rows whose cells of one column are taken together */

typedef struct hx_read_part {
    struct hx_read_part *next;
    uint64_t sequence; /* of its chunk */
    size_t worker;
    size_t n_rows;
    size_t n_bad;
    hx_strip *strips; /* [n_columns] */
    char first_bad[HX_MESSAGE_MAX];
} hx_read_part;

/* Rows [first, first + n) were read by one worker. */
typedef struct {
    size_t first, n;
    size_t worker;
} hx_row_range;

typedef struct {
    hx_buf ends, rows; /* uint32_t, for hx_csv_index */
    hx_buf firsts; /* hx_row_cells of the rows that are good */
    hx_arena *arena; /* of a chunk */
    hx_growing *growing; /* [n_columns]; owned */
    hx_str cells[HX_READ_BATCH];
} hx_read_worker;

typedef struct {
    const hx_table_options *options;
    hx_arena *arena; /* of the plan */
    size_t n_columns, n_workers, max_bytes;
    hx_strip_plan *plans; /* [n_columns] */
    bool *selected; /* [n_columns] */
    hx_missing_words missing;
    hx_read_worker *workers;
    bool keep_chunks;
    size_t pass;
    hx_chunk **kept; /* of passes behind the first; in kept_chunks */
    size_t n_kept, next_kept;
    hx_buf kept_chunks; /* hx_chunk *; owned */
    /* ---- under `reading` */
    pthread_mutex_t reading;
    hx_reader *reader; /* but for what is fixed */
    uint64_t n_chunks;
    bool ended;
    /* ---- under `lock` */
    pthread_mutex_t lock;
    pthread_cond_t freed; /* a part was given back, or all stop */
    bool stopped;
    bool joining; /* a worker is */
    uint64_t n_joined;
    hx_read_part *waiting, *spare;
    size_t n_parts;
    hx_status status;
    uint64_t failed_at;
    hx_error error;
    /* ---- of the worker that joins */
    hx_table *table;
    hx_joined *joined; /* [n_columns] */
    hx_buf ranges; /* hx_row_range */
    size_t n_rows;
    size_t dictionary_bytes;
} hx_read_job;

/* ---- table_chunk.c */
bool hx_read_worker_init(hx_read_worker *w, const hx_read_job *j);
void hx_read_worker_release(hx_read_worker *w, size_t n_columns);
hx_status hx_read_strips(const hx_read_job *j, hx_read_worker *w, const hx_chunk *c,
                         hx_read_part *p, hx_error *err) HX_MUST_USE;

/* ---- table_plan.c */
hx_status hx_read_plan(hx_read_job *j, hx_error *err) HX_MUST_USE;

/* ---- table_merge.c */
hx_status hx_merge_texts(hx_read_job *j, size_t column, hx_error *err) HX_MUST_USE;
hx_status hx_make_empty_text(hx_joined *x, hx_error *err) HX_MUST_USE;

#endif
