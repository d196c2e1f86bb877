/* read_stage.c - stage 1: a file becomes pending events.
 *
 * The reader thread cuts chunks of whole records; workers parse them, make events, annotate texts and encode; the caller's thread takes the
 * chunks in file order, gathers their events by part (the top byte of the id's key) and commits a checkpoint when enough has gathered: pending
 * events, ids, edges, rejects and the place in the file in one transaction. Rejected rows reach the disk before that transaction, and are cut
 * back to its count when a killed run goes on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "ingest/row_mapper.h"
#include "pipeline/crew.h"
#include "pipeline/rejects.h"
#include "pipeline/run.h"
#include "text/corrected.h"

#define CHECKPOINT_BYTES (24u << 20) /* of encoded events */
#define CHECKPOINT_SECONDS 2.0
#define CHUNK_EVENT_BYTES_MAX (512u << 20)
#define REJECTS_KEPT 1000 /* rows of an import that the store remembers */
#define LABEL_TEXTS 256 /* given to a labeller at once: between two calls a run can be stopped */

/* Where one encoded event stands in its chunk's buffer. */
typedef struct {
    uint64_t key;
    uint32_t start, len;
} encoded;

typedef struct {
    hx_id a, b;
} id_pair;

typedef struct {
    int64_t row;
    hx_str column;
    hx_str reason;
} rejected_row;

typedef struct {
    hx_crew_job base; /* first: the crew casts */
    hx_chunk *chunk; /* owned while the job is under way */
    hx_arena *arena; /* of the rows and all that borrows from them */
    hx_buf events; /* encoded */
    encoded *places; /* in arena */
    size_t n_places;
    hx_map pairs_seen;
    id_pair *pairs; /* in arena, room for every id of every row */
    size_t n_pairs, pairs_cap;
    rejected_row *rejected; /* in arena */
    size_t n_rejected;
    hx_buf reject_rows; /* formatted */
    hx_event *
        made; /* in arena: of a chunk that is labelled, or read ahead, before it is encoded; NULL = row by row */
    size_t n_made;
    bool ahead; /* texts are annotated when all of the chunk are known */
    uint64_t rows, repaired, texts, guests, labelled, corrected, edits;
    hx_position end;
} read_job;

typedef struct {
    hx_run *run;
    const char *path;
    hx_reader *reader;
    hx_row_mapper *mapper;
    hx_annotator **annotators; /* one a worker; NULL without a text model */
    hx_rejects rejects;
    hx_import_row import;
    uint32_t number; /* of the import, as events carry it */
    hx_buf
        parts[HX_PARTS]; /* events gathered since the last checkpoint: fixed64 key + event each */
    hx_buf reject_rows;
    size_t gathered; /* bytes in parts */
    double last_checkpoint;
    bool in_transaction;
    bool file_broke; /* set by the maker's thread, read after it has ended */
} read_stage;

/* ------------------------------------------------------------------ jobs */
static void free_job(void *context, hx_crew_job *base) {
    read_job *j = (read_job *)base;
    (void)context;
    hx_chunk_free(j->chunk);
    hx_arena_free(j->arena);
    hx_buf_release(&j->events);
    hx_buf_release(&j->reject_rows);
    hx_map_release(&j->pairs_seen);
    free(j);
}

static hx_crew_job *new_job(void *context) {
    (void)context;
    read_job *j = calloc(1, sizeof *j);
    if (!j) return NULL;
    hx_buf_init(&j->events, CHUNK_EVENT_BYTES_MAX);
    hx_buf_init(&j->reject_rows, CHUNK_EVENT_BYTES_MAX);
    hx_map_init(&j->pairs_seen);
    j->arena = hx_arena_new(0);
    if (j->arena) return &j->base;
    free_job(context, &j->base);
    return NULL;
}

static hx_status make_job(void *context, hx_crew_job *base, bool *more, hx_error *err) {
    read_stage *s = context;
    read_job *j = (read_job *)base;
    hx_chunk_free(j->chunk);
    j->chunk = NULL;
    if (hx_run_is_cancelled(s->run)) {
        *more = false;
        return HX_OK;
    }
    hx_status status = hx_reader_next(s->reader, &j->chunk, err);
    s->file_broke = status != HX_OK;
    *more = j->chunk != NULL;
    return status;
}

/* ------------------------------------------------------------------ work: rows -> encoded events */
static void note_pairs(read_job *j, const hx_event *e) {
    for (uint32_t i = 1; i < e->n_ids; i++) {
        uint64_t *seen =
            hx_map_put(&j->pairs_seen, hx_hash_mix(hx_id_key(e->ids[0]), hx_id_key(e->ids[i])));
        if (!seen || *seen || j->n_pairs == j->pairs_cap) continue;
        *seen = 1;
        j->pairs[j->n_pairs++] = (id_pair){e->ids[0], e->ids[i]};
    }
}

static hx_status annotate(read_stage *s, size_t worker, read_job *j, hx_event *e, hx_error *err) {
    if (e->text.len == 0) return HX_OK;
    j->texts++;
    if (!s->annotators) return HX_OK;
    hx_annotation *a = hx_arena_alloc(j->arena, sizeof *a);
    if (!a) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_text_annotate(s->annotators[worker], e->text, j->arena, a, err));
    hx_event_temper(e->kind, a);
    e->annotation = a;
    j->corrected += a->corrected.n_edits > 0;
    j->edits += a->corrected.n_edits;
    return HX_OK;
}

/* The same of all events that are made, whose texts the language model reads, or correction looks at, many at a time. */
static hx_status annotate_ahead(read_stage *s, size_t worker, read_job *j, hx_error *err) {
    hx_str texts[HX_TEXT_AHEAD];
    for (size_t from = 0, to = 0; from < j->n_made; from = to) {
        size_t n = 0;
        for (; to < j->n_made && n < HX_TEXT_AHEAD; to++)
            if (j->made[to].text.len > 0) texts[n++] = j->made[to].text;
        if (hx_run_is_cancelled(s->run)) return hx_run_cancelled(err);
        HX_TRY(hx_text_ahead(s->annotators[worker], texts, n, HX_ASKS_ALL, err));
        for (size_t i = from; i < to; i++)
            HX_TRY(annotate(s, worker, j, &j->made[i], err));
    }
    return HX_OK;
}

/* One call for many texts. What it says of a text depends on the text alone, so it does not matter which ones share a call. */
static hx_status label_some(const hx_labeller *l, hx_event **events, const hx_str *texts, size_t n,
                            hx_arena *arena, hx_error *err) {
    uint32_t labels[LABEL_TEXTS];
    size_t width = hx_labeller_width(l);
    double *scores = hx_arena_alloc(arena, n * width * sizeof *scores);
    hx_model_label *said = hx_arena_alloc(arena, n * width * sizeof *said);
    bool one = l->kind == HX_LABELLER_ONE;
    if (!said || !scores) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(l->read(l->context, texts, n, one ? labels : NULL, scores, err));
    for (size_t i = 0; i < n; i++) {
        if (one && labels[i] >= l->n_labels)
            return hx_fail(err, HX_EINVAL, "the model of %s gave a label that it does not have",
                           l->set);
        hx_labeller_put(l, labels, scores, i, said + i * width);
        events[i]->model_labels = said + i * width;
        events[i]->n_model_labels = (uint32_t)width;
    }
    return HX_OK;
}

/* The text that a labeller reads: as it was corrected, where corrections are applied. */
static hx_str text_read(const hx_event *e, hx_arena *arena) {
    return e->annotation ? hx__corrected_text(&e->annotation->corrected, e->text, arena) : e->text;
}

static hx_status label_texts(const read_stage *s, read_job *j, hx_error *err) {
    const hx_labeller *l = s->run->options->labeller;
    hx_event *events[LABEL_TEXTS];
    hx_str texts[LABEL_TEXTS];
    for (size_t i = 0, n = 0; i < j->n_made; i++) {
        if (j->made[i].text.len > 0) {
            events[n] = &j->made[i];
            texts[n] = text_read(&j->made[i], j->arena);
            if (!texts[n++].ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
        }
        if (n == 0 || (n < LABEL_TEXTS && i + 1 < j->n_made)) continue;
        if (hx_run_is_cancelled(s->run)) return hx_run_cancelled(err);
        HX_TRY(label_some(l, events, texts, n, j->arena, err));
        j->labelled += n;
        n = 0;
    }
    return HX_OK;
}

static hx_status add_event(read_stage *s, read_job *j, hx_event *e, hx_error *err) {
    e->imports = &s->number;
    e->n_imports = 1;
    size_t start = j->events.len;
    hx_event_write(e, &j->events);
    HX_TRY(hx_buf_status(&j->events, s->path, err));
    j->places[j->n_places++] =
        (encoded){hx_event_key(e), (uint32_t)start, (uint32_t)(j->events.len - start)};
    j->guests += e->n_ids == 0;
    if (e->n_ids > 1) note_pairs(j, e);
    return HX_OK;
}

static hx_str column_name(const read_stage *s, int64_t column) {
    const hx_column *columns;
    size_t n = hx_reader_columns(s->reader, &columns);
    return column >= 0 && (size_t)column < n ? columns[column].name : (hx_str){"", 0};
}

static hx_status add_rejected(read_stage *s, read_job *j, const hx_row *row, const hx_reject *why,
                              hx_error *err) {
    hx_str column = column_name(s, why->column),
           reason = hx_arena_str(j->arena, hx_str_of(why->reason));
    if (!reason.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    j->rejected[j->n_rejected++] = (rejected_row){row->row, column, reason};
    hx_rejects_format(&j->reject_rows, s->path, row->row, column, why->reason, row->raw);
    return HX_OK;
}

static hx_status work_rows(read_stage *s, size_t worker, read_job *j, const hx_rows *rows,
                           hx_error *err) {
    hx_event own;
    for (size_t i = 0; i < rows->n_rows; i++) {
        hx_event *e = j->made ? &j->made[j->n_made] : &own;
        hx_reject why;
        bool repaired = false;
        hx_status status = hx_row_event(s->mapper, &rows->rows[i], j->arena, e, &repaired, &why);
        if (status == HX_ENOMEM) return hx_fail(err, HX_ENOMEM, "out of memory");
        j->repaired += status == HX_OK && repaired;
        if (status != HX_OK) HX_TRY(add_rejected(s, j, &rows->rows[i], &why, err));
        if (status != HX_OK) continue;
        if (!j->ahead) HX_TRY(annotate(s, worker, j, e, err));
        if (j->made)
            j->n_made++;
        else
            HX_TRY(add_event(s, j, e, err));
    }
    if (j->ahead) HX_TRY(annotate_ahead(s, worker, j, err));
    if (s->run->options->labeller) HX_TRY(label_texts(s, j, err));
    for (size_t i = 0; i < j->n_made; i++)
        HX_TRY(add_event(s, j, &j->made[i], err));
    return HX_OK;
}

static hx_status work_job(void *context, size_t worker, hx_crew_job *base, hx_error *err) {
    read_stage *s = context;
    read_job *j = (read_job *)base;
    hx_rows rows;
    hx_arena_reset(j->arena);
    hx_buf_reset(&j->events);
    hx_buf_reset(&j->reject_rows);
    hx_map_reset(&j->pairs_seen);
    j->n_places = j->n_pairs = j->n_rejected = j->n_made = 0;
    j->rows = j->repaired = j->texts = j->guests = j->labelled = j->corrected = j->edits = 0;
    HX_TRY(hx_chunk_rows(s->reader, j->chunk, j->arena, &rows, err));
    j->rows = rows.n_rows;
    j->end = hx_chunk_end(j->chunk);
    j->pairs_cap = rows.n_rows * (HX_ID_N - 1);
    j->places = hx_arena_alloc(j->arena, rows.n_rows * sizeof *j->places);
    j->pairs = hx_arena_alloc(j->arena, j->pairs_cap * sizeof *j->pairs);
    j->rejected = hx_arena_alloc(j->arena, rows.n_rows * sizeof *j->rejected);
    const hx_text_model *m = s->annotators ? s->run->options->text_model : NULL;
    j->ahead = m && (hx_text_model_engine(m) == HX_ENGINE_LLAMA ||
                     hx_text_model_correction(m).mode != HX_CORRECT_OFF);
    bool held = j->ahead || s->run->options->labeller != NULL;
    j->made = held ? hx_arena_alloc(j->arena, rows.n_rows * sizeof *j->made) : NULL;
    if (!j->places || !j->pairs || !j->rejected || (held && !j->made))
        return hx_fail(err, HX_ENOMEM, "out of memory");
    return work_rows(s, worker, j, &rows, err);
}

/* ------------------------------------------------------------------ take: gather and commit */
static hx_status gather(read_stage *s, const read_job *j, hx_error *err) {
    for (size_t i = 0; i < j->n_places; i++) {
        hx_buf *part = &s->parts[j->places[i].key >> 56];
        hx_put_fixed64(part, j->places[i].key);
        hx_buf_append(part, j->events.ptr + j->places[i].start, j->places[i].len);
        if (part->failed) return hx_buf_status(part, s->path, err);
    }
    s->gathered += j->events.len + 8 * j->n_places;
    return HX_OK;
}

/* Ids and edges go into the open transaction at once; the checkpoint commits them with the events. */
static hx_status save_pairs(read_stage *s, const read_job *j, hx_error *err) {
    for (size_t i = 0; i < j->n_pairs; i++) {
        HX_TRY(hx_store_add_id(s->run->store, j->pairs[i].a, err));
        HX_TRY(hx_store_add_id(s->run->store, j->pairs[i].b, err));
        HX_TRY(hx_store_add_edge(s->run->store, hx_id_key(j->pairs[i].a), hx_id_key(j->pairs[i].b),
                                 s->import.id, err));
    }
    return HX_OK;
}

static void notice_rejected(read_stage *s, const rejected_row *r) {
    char sentence[HX_MESSAGE_MAX + 512];
    bool zh = s->run->ui == HX_UI_ZH;
    if (s->run->n_reject_notices++ >= 3) return;
    snprintf(sentence, sizeof sentence,
             zh ? "%s:%" PRId64 "：%s%.*s%s%s；该行已写入 %s"
                : "%s:%" PRId64 ": %s%.*s%s%s; row kept in %s",
             s->path, r->row, r->column.len ? (zh ? "列 " : "column ") : "", HX_STR_ARG(r->column),
             r->column.len ? (zh ? "：" : ": ") : "", r->reason.ptr, s->rejects.path);
    hx_run_notice(s->run, sentence);
}

static hx_status save_rejected(read_stage *s, const read_job *j, hx_error *err) {
    for (size_t i = 0; i < j->n_rejected; i++) {
        const rejected_row *r = &j->rejected[i];
        if (s->import.rejected + i < REJECTS_KEPT)
            HX_TRY(hx_store_add_reject(s->run->store, s->import.id, r->row, r->column, r->reason,
                                       err));
        notice_rejected(s, r);
    }
    hx_buf_append_str(&s->reject_rows, hx_buf_str(&j->reject_rows));
    return hx_buf_status(&s->reject_rows, s->path, err);
}

static hx_status checkpoint(read_stage *s, hx_error *err) {
    HX_TRY(hx_rejects_write(&s->rejects, hx_buf_str(&s->reject_rows), err));
    hx_buf_reset(&s->reject_rows);
    s->import.rejects_bytes = s->rejects.bytes;
    for (unsigned p = 0; p < HX_PARTS; p++) {
        if (s->parts[p].len == 0) continue;
        HX_TRY(hx_store_add_pending(s->run->store, p, s->import.id, hx_buf_str(&s->parts[p]), err));
        hx_buf_reset(&s->parts[p]);
    }
    HX_TRY(hx_store_save_import(s->run->store, &s->import, err));
    HX_TRY(hx_store_commit(s->run->store, err));
    s->in_transaction = false;
    s->gathered = 0;
    s->last_checkpoint = hx_run_seconds();
    return HX_OK;
}

static void tell_progress(read_stage *s, bool now) {
    hx_progress p = {.stage = "read",
                     .path = s->path,
                     .rows = s->run->result->rows,
                     .rejected = s->run->result->rejected};
    hx_reader_progress(s->reader, &p.done, &p.total);
    hx_run_progress(s->run, &p, now);
}

static void count_job(read_stage *s, const read_job *j) {
    hx_import_result *r = s->run->result;
    s->import.rows += j->rows;
    s->import.accepted += j->n_places;
    s->import.rejected += j->n_rejected;
    s->import.repaired += j->repaired;
    s->import.texts += j->texts;
    s->import.guests += j->guests;
    s->import.next_offset = j->end.offset;
    s->import.next_row = j->end.row;
    r->rows += j->rows;
    r->accepted += j->n_places;
    r->rejected += j->n_rejected;
    r->texts += j->texts;
    r->guests += j->guests;
    r->labelled += j->labelled;
    r->corrected += j->corrected;
    r->edits += j->edits;
}

static hx_status take_job(void *context, hx_crew_job *base, hx_error *err) {
    read_stage *s = context;
    const read_job *j = (const read_job *)base;
    if (!s->in_transaction) HX_TRY(hx_store_begin(s->run->store, err));
    s->in_transaction = true;
    HX_TRY(gather(s, j, err));
    HX_TRY(save_pairs(s, j, err));
    HX_TRY(save_rejected(s, j, err));
    count_job(s, j);
    tell_progress(s, false);
    bool due = s->gathered >= CHECKPOINT_BYTES ||
               hx_run_seconds() - s->last_checkpoint >= CHECKPOINT_SECONDS;
    return due ? checkpoint(s, err) : HX_OK;
}

/* ------------------------------------------------------------------ a file */
static hx_status open_annotators(read_stage *s, hx_error *err) {
    if (!s->run->options->text_model) return HX_OK;
    s->annotators = calloc(s->run->n_threads, sizeof *s->annotators);
    if (!s->annotators) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < s->run->n_threads; i++)
        HX_TRY(hx_annotator_new(&s->annotators[i], s->run->options->text_model, err));
    return HX_OK;
}

static void close_stage(read_stage *s) {
    for (size_t i = 0; s->annotators && i < s->run->n_threads; i++)
        hx_annotator_free(s->annotators[i]);
    free(s->annotators);
    hx_row_mapper_free(s->mapper);
    hx_reader_close(s->reader);
    hx_rejects_close(&s->rejects);
    for (unsigned p = 0; p < HX_PARTS; p++)
        hx_buf_release(&s->parts[p]);
    hx_buf_release(&s->reject_rows);
    if (s->in_transaction) hx_store_rollback(s->run->store);
}

/* A mapping that was given, and by which the file makes sense, is remembered for files with the same header. */
static hx_status remember_mapping(read_stage *s, hx_error *err) {
    uint64_t header = hx_hash(hx_reader_header(s->reader));
    const char *given = s->run->options->reader.map;
    if (!given) return HX_OK;
    return hx_store_put_mapping(s->run->store, header, hx_str_of(given), err);
}

/* One that is remembered is used where none is given. */
static hx_status recall_mapping(read_stage *s, hx_arena *arena, hx_error *err) {
    uint64_t header = hx_hash(hx_reader_header(s->reader));
    const char *given = s->run->options->reader.map;
    hx_str kept;
    char sentence[HX_MESSAGE_MAX];
    if (given) return HX_OK;
    HX_TRY(hx_store_mapping(s->run->store, header, arena, &kept, err));
    if (!kept.ptr) return HX_OK;
    HX_TRY(hx_reader_map(s->reader, kept.ptr, err));
    bool zh = s->run->ui == HX_UI_ZH;
    snprintf(sentence, sizeof sentence,
             zh ? "%s：使用记住的列映射 %s" : "%s: uses the remembered mapping %s", s->path,
             kept.ptr);
    hx_run_notice(s->run, sentence);
    return HX_OK;
}

static hx_status add_import(read_stage *s, hx_arena *arena, uint64_t fingerprint, hx_error *err) {
    const hx_run *run = s->run;
    hx_import_new fresh = {.run = run->number,
                           .path = s->path,
                           .kind = hx_file_kind_name(hx_row_mapper_kind(s->mapper)),
                           .format = hx_reader_format_name(s->reader),
                           .encoding = hx_reader_encoding_name(s->reader),
                           .mapping = hx_row_mapper_summary(s->mapper, arena),
                           .fingerprint = fingerprint,
                           .started = run->options->now};
    s->import = (hx_import_row){.state = HX_IMPORT_READING,
                                .fingerprint = fingerprint,
                                .rejects_bytes = run->rejects_bytes};
    HX_TRY(hx_store_begin(run->store, err));
    s->in_transaction = true;
    HX_TRY(hx_store_add_import(run->store, &fresh, &s->import.id, err));
    HX_TRY(hx_store_save_import(run->store, &s->import, err));
    HX_TRY(hx_store_commit(run->store, err));
    s->in_transaction = false;
    return HX_OK;
}

static void count_earlier(read_stage *s) {
    hx_import_result *r = s->run->result;
    r->resumed = true;
    r->rows += s->import.rows;
    r->accepted += s->import.accepted;
    r->rejected += s->import.rejected;
    r->texts += s->import.texts;
    r->guests += s->import.guests;
}

/* Either a new import, or the one that broke off: then its reader is moved to where the last checkpoint stood. */
static hx_status settle_import(read_stage *s, hx_arena *arena, bool *done, hx_error *err) {
    uint64_t size = 0, now = 0;
    bool found;
    hx_reader_progress(s->reader, &now, &size);
    uint64_t fingerprint = hx_hash_mix(hx_hash(hx_reader_header(s->reader)), size) >> 1;
    HX_TRY(hx_store_import_of_run(s->run->store, s->run->number, s->path, &s->import, &found, err));
    if (!found) return add_import(s, arena, fingerprint, err);
    count_earlier(s);
    *done = s->import.state != HX_IMPORT_READING;
    if (s->import.fingerprint != fingerprint)
        return hx_fail(err, HX_ECONFLICT,
                       "%s: has changed since the import broke off; take that import back with "
                       "'huaxiang imports undo %d'",
                       s->path, (int)s->import.id);
    if (*done || s->import.next_offset == 0) return HX_OK;
    return hx_reader_seek(s->reader, (hx_position){s->import.next_offset, s->import.next_row}, err);
}

static hx_status open_stage(read_stage *s, hx_arena *arena, bool *done, hx_error *err) {
    hx_run *run = s->run;
    hx_row_mapper_options mapping = {run->zone, run->options->currency, run->ui};
    hx_buf_init(&s->reject_rows, CHUNK_EVENT_BYTES_MAX);
    for (unsigned p = 0; p < HX_PARTS; p++)
        hx_buf_init(&s->parts[p], CHUNK_EVENT_BYTES_MAX);
    HX_TRY(hx_reader_open(&s->reader, s->path, &run->options->reader, err));
    HX_TRY(recall_mapping(s, arena, err));
    HX_TRY(hx_row_mapper_new(&s->mapper, s->reader, &mapping, err));
    if (hx_row_mapper_kind(s->mapper) == HX_FILE_UNKNOWN &&
        hx_row_mapper_summary(s->mapper, arena).len > 0)
        return hx_fail(err, HX_EFORMAT,
                       "%s: names no customer, order, time or text, so its rows are no events; say "
                       "which column is which with --map, or look with --dry-run",
                       s->path);
    if (hx_row_mapper_kind(s->mapper) == HX_FILE_UNKNOWN)
        return hx_fail(err, HX_EFORMAT,
                       "%s: no column was recognised; say which is which with --map "
                       "text=COLUMN,customer=COLUMN, or look with --dry-run",
                       s->path);
    HX_TRY(remember_mapping(s, err));
    HX_TRY(settle_import(s, arena, done, err));
    s->number = (uint32_t)s->import.id;
    if (*done) return HX_OK;
    HX_TRY(hx_rejects_open(&s->rejects, run->rejects, run->rejects_bytes, err));
    return open_annotators(s, err);
}

static hx_status finish_file(read_stage *s, hx_error *err) {
    if (!s->in_transaction) HX_TRY(hx_store_begin(s->run->store, err));
    s->in_transaction = true;
    if (!hx_run_is_cancelled(s->run)) s->import.state = HX_IMPORT_READ;
    HX_TRY(checkpoint(s, err));
    s->run->rejects_bytes = s->rejects.bytes;
    tell_progress(s, true);
    return HX_OK;
}

static hx_status run_stage(read_stage *s, hx_error *err) {
    hx_crew_plan plan = {.context = s,
                         .n_workers = s->run->n_threads,
                         .n_jobs = 3 * s->run->n_threads + 2,
                         .new_job = new_job,
                         .free_job = free_job,
                         .make = make_job,
                         .work = work_job,
                         .take = take_job,
                         .ui = s->run->ui};
    s->last_checkpoint = hx_run_seconds();
    hx_error broken = {.ui = plan.ui};
    hx_status status = hx_crew_run(&plan, &broken);
    if (status != HX_OK && status != HX_ECANCELLED && !s->file_broke) {
        if (err) *err = broken;
        return status;
    }
    HX_TRY(finish_file(s, err));
    if (status != HX_OK) {
        if (err) *err = broken;
        return status;
    }
    if (hx_run_is_cancelled(s->run)) return hx_run_cancelled(err);
    if (s->import.accepted > 0) return HX_OK;
    return s->import.rows == 0
               ? hx_fail(err, HX_EFORMAT, "%s: has a header but no rows", s->path)
               : hx_fail(err, HX_EFORMAT,
                         "%s: none of its %" PRIu64 " rows could be used; the reasons stand in %s",
                         s->path, s->import.rows, s->rejects.path);
}

hx_status hx_run_read_file(hx_run *run, const char *path, hx_error *err) {
    read_stage *s = calloc(1, sizeof *s);
    hx_arena *arena = hx_arena_new(16u << 20);
    bool done = false;
    hx_status status = HX_ENOMEM;
    if (s && arena) {
        s->run = run;
        s->path = path;
        s->rejects.fd = -1;
        status = open_stage(s, arena, &done, err);
        if (status == HX_OK && !done) status = run_stage(s, err);
        close_stage(s);
    } else {
        status = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    hx_arena_free(arena);
    free(s);
    return status;
}
