/* dataset_read.c - rows of a file to labelled examples; see dataset.h.
 *
 *     CSV, TSV, JSONL, xlsx, text, .gz -> hx_reader -> row -> strip -> label -> example
 *
 * Columns are found by their exact name, else by the normal form of frame (case, width, blanks), else by role: the text column, and the label
 * column where a target is asked for. A row that can't be used is counted, with the reason's kind; nothing is guessed for it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "frame/column_names.h"
#include "model/dataset_parts.h"

#define NONE SIZE_MAX
#define NAMES_SHOWN 160 /* bytes */

/* ------------------------------------------------------------------ columns */
static size_t column_named(const hx_column *columns, size_t n, hx_str name) {
    char wanted[HX_COLUMN_NAME_MAX], have[HX_COLUMN_NAME_MAX];
    for (size_t k = 0; k < n; k++)
        if (hx_str_equal(columns[k].name, name)) return k;
    size_t len = hx_column_name_normal(name, true, wanted);
    for (size_t k = 0; len > 0 && k < n; k++)
        if (hx_column_name_normal(columns[k].name, true, have) == len &&
            memcmp(wanted, have, len) == 0)
            return k;
    return NONE;
}

static size_t column_of_role(const hx_column *columns, size_t n, hx_role role) {
    for (size_t k = 0; k < n; k++)
        if (columns[k].role == role) return k;
    return NONE;
}

static void list_names(const hx_column *columns, size_t n, char out[NAMES_SHOWN]) {
    size_t at = 0;
    out[0] = '\0';
    for (size_t k = 0; k < n; k++) {
        hx_str name = columns[k].name;
        if (at + name.len + 6 > NAMES_SHOWN) {
            memcpy(out + at, ", ...", 6);
            return;
        }
        if (k > 0) memcpy(out + at, ", ", 2);
        at += k > 0 ? 2 : 0;
        memcpy(out + at, name.ptr, name.len);
        at += name.len;
        out[at] = '\0';
    }
}

/* `option` is how the user names it: text, label, text2. */
static hx_status find_column(const hx_reader *r, const char *path, const char *name,
                             const char *option, hx_role role, size_t *out, hx_error *err) {
    const hx_column *columns;
    char names[NAMES_SHOWN];
    size_t n = hx_reader_columns(r, &columns);
    *out = name ? column_named(columns, n, hx_str_of(name)) : column_of_role(columns, n, role);
    if (*out != NONE) return HX_OK;
    list_names(columns, n, names);
    if (name)
        return hx_fail(err, HX_ENOTFOUND, "%s: there is no column '%s'; it has: %s", path, name,
                       names);
    return hx_fail(err, HX_ENOTFOUND,
                   "%s: no column is known as the %s; say which with --%s COLUMN; it has: %s", path,
                   option, option, names);
}

/* ------------------------------------------------------------------ labels */
static hx_status too_many(const hx__dataset_row *r, hx_error *err) {
    return hx_fail_row(err, HX_ELIMIT, r->row,
                       "row %lld: more than %u different labels; is this the column of labels?",
                       (long long)r->row, HX_DATASET_LABELS_MAX);
}

hx_status hx__dataset_label_id(hx_dataset *d, hx_str label, const hx__dataset_row *r, uint32_t *id,
                               hx_error *err) {
    uint64_t hash = hx_hash(label), *found = hx_map_get(&d->label_ids, hash);
    if (found) {
        *id = (uint32_t)(*found - 1);
        return HX_OK;
    }
    if (d->labels_given)
        return hx_fail_row(
            err, HX_EFORMAT, r->row, "%s:%lld: the label '%.*s' is none of those given",
            d->paths[r->source] ? d->paths[r->source] : "", (long long)r->row, HX_STR_ARG(label));
    size_t n = d->labels.len / sizeof(char *);
    if (n >= HX_DATASET_LABELS_MAX) return too_many(r, err);
    hx_str kept = hx_arena_str(d->arena, label);
    uint64_t *place = kept.ptr ? hx_map_put(&d->label_ids, hash) : NULL;
    if (!place || !hx_buf_append(&d->labels, &kept.ptr, sizeof kept.ptr))
        return hx_fail(err, HX_ENOMEM, "out of memory");
    *place = n + 1;
    *id = (uint32_t)n;
    return HX_OK;
}

static int compare_ids(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Labels between '|', each once; the example gets their place in d->many. */
static hx_status add_labels(hx_dataset *d, const hx__dataset_row *r, hx_example *e, hx_error *err) {
    hx_str left = r->label;
    size_t first = d->many.len / sizeof(uint32_t), n = 0;
    while (left.len > 0) {
        const char *bar = memchr(left.ptr, '|', left.len);
        hx_str one = {left.ptr, bar ? (size_t)(bar - left.ptr) : left.len};
        left = bar ? (hx_str){bar + 1, left.len - one.len - 1} : (hx_str){NULL, 0};
        one = hx__text_strip(one);
        uint32_t id = 0;
        if (one.len == 0) continue;
        HX_TRY(hx__dataset_label_id(d, one, r, &id, err));
        bool there = false;
        for (size_t i = first; i < first + n && !there; i++)
            there = hx__many(d)[i] == id;
        if (there) continue;
        if (!hx_buf_append(&d->many, &id, sizeof id)) return hx_buf_status(&d->many, "labels", err);
        n++;
    }
    if (n > 1) qsort(hx__many(d) + first, n, sizeof(uint32_t), compare_ids);
    e->label = (uint32_t)first;
    e->n_labels = (uint32_t)n;
    return HX_OK;
}

static bool read_number(hx_str s, double *out) {
    json_t *j = NULL;
    if (s.len > 0 && *s.ptr == '+') s = (hx_str){s.ptr + 1, s.len - 1};
    if (hx_json_parse(s, 64, "number", &j, NULL) != HX_OK) return false;
    bool ok = json_is_number(j);
    *out = ok ? json_number_value(j) : 0;
    json_decref(j);
    return ok && isfinite(*out);
}

static size_t count_words(hx_str s) {
    size_t at = 0, n = 0;
    hx_str word;
    while (hx__next_word(s, &at, &word))
        n++;
    return n;
}

static hx_status add_tags(hx_dataset *d, const hx__dataset_row *r, hx_example *e, hx_error *err) {
    size_t at = 0;
    hx_str tag;
    e->label = (uint32_t)(d->many.len / sizeof(uint32_t));
    e->n_labels = 0;
    while (hx__next_word(r->label, &at, &tag)) {
        uint32_t id = 0;
        HX_TRY(hx__dataset_label_id(d, tag, r, &id, err));
        if (!hx_buf_append(&d->many, &id, sizeof id)) return hx_buf_status(&d->many, "tags", err);
        e->n_labels++;
    }
    return HX_OK;
}

void hx__dataset_bad(hx_dataset *d, int64_t row) {
    d->check.n_bad++;
    if (d->check.first_bad == 0) d->check.first_bad = row;
}

/* ------------------------------------------------------------------ an example */
static hx_status keep_text(hx_dataset *d, hx_str s, bool lower, hx_str *out, hx_error *err) {
    if (!lower) {
        *out = hx_arena_str(d->arena, s);
        return out->ptr ? HX_OK : hx_fail(err, HX_ELIMIT, "the texts need more than 16 GiB");
    }
    hx_buf b;
    hx_buf_init(&b, SIZE_MAX / 2);
    hx__text_lower(s, &b);
    hx_status st = hx_buf_status(&b, "a text", err);
    if (st == HX_OK) st = keep_text(d, hx_buf_str(&b), false, out, err);
    hx_buf_release(&b);
    return st;
}

/* The words of a text with tags, one blank between them. */
static hx_status keep_words(hx_dataset *d, hx_str s, bool lower, hx_str *out, hx_error *err) {
    hx_buf b;
    hx_str word;
    hx_buf_init(&b, SIZE_MAX / 2);
    for (size_t at = 0; hx__next_word(s, &at, &word);) {
        if (b.len > 0) (void)hx_buf_append_byte(&b, ' ');
        (void)hx_buf_append_str(&b, word);
    }
    hx_status st = hx_buf_status(&b, "a text", err);
    if (st == HX_OK) st = keep_text(d, hx_buf_str(&b), lower, out, err);
    hx_buf_release(&b);
    return st;
}

static hx_status keep_texts(hx_dataset *d, const hx__dataset_row *r, hx_str text, hx_example *e,
                            hx_error *err) {
    e->raw = hx_arena_str(d->arena, r->raw);
    if (!e->raw.ptr) return hx_fail(err, HX_ELIMIT, "the texts need more than 16 GiB");
    hx_str second = hx__text_strip(r->text2);
    if (second.len > 0) HX_TRY(keep_text(d, second, r->lower, &e->text2, err));
    if (d->target == HX_TARGET_TAGS) return keep_words(d, text, r->lower, &e->text, err);
    if (r->lower) return keep_text(d, text, true, &e->text, err);
    e->text = (hx_str){e->raw.ptr + (text.ptr - r->raw.ptr), text.len};
    return HX_OK;
}

/* False where the row is left out, and counted. */
static bool is_usable(hx_dataset *d, const hx__dataset_row *r, hx_str text, hx_str label,
                      double *number) {
    bool needs = d->target != HX_TARGET_NONE && d->target != HX_TARGET_LABELS;
    if (text.len == 0) {
        d->check.n_empty++;
        return false;
    }
    if (needs && label.len == 0) {
        d->check.n_unlabelled++;
        return false;
    }
    bool good = true;
    if (d->target == HX_TARGET_NUMBER) good = read_number(label, number);
    if (d->target == HX_TARGET_TAGS) good = count_words(text) == count_words(label);
    if (!good) hx__dataset_bad(d, r->row);
    return good;
}

hx_status hx__dataset_add(hx_dataset *d, const hx__dataset_row *row, hx_error *err) {
    hx__dataset_row r = *row;
    hx_str text = hx__text_strip(r.raw);
    r.label = hx__text_strip(r.label);
    hx_example e = {.row = r.row, .source = r.source, .part = r.part};
    d->check.n_rows++;
    if (!is_usable(d, &r, text, r.label, &e.number)) return HX_OK;
    if (hx__dataset_n(d) >= UINT32_MAX / 2 || d->many.len / sizeof(uint32_t) >= UINT32_MAX / 2)
        return hx_fail(err, HX_ELIMIT, "more than two thousand million examples");
    HX_TRY(keep_texts(d, &r, text, &e, err));
    if (d->target == HX_TARGET_LABEL) HX_TRY(hx__dataset_label_id(d, r.label, &r, &e.label, err));
    if (d->target == HX_TARGET_LABELS) HX_TRY(add_labels(d, &r, &e, err));
    if (d->target == HX_TARGET_TAGS) HX_TRY(add_tags(d, &r, &e, err));
    return hx_buf_append(&d->examples, &e, sizeof e) ? HX_OK
                                                     : hx_buf_status(&d->examples, "examples", err);
}

/* ------------------------------------------------------------------ a file */
typedef struct {
    hx_dataset *d;
    hx_reader *reader;
    size_t text, text2, label; /* columns; NONE = none */
    hx__dataset_row row; /* source, part, lower */
    const volatile int *cancel;
} file_job;

static hx_status find_columns(file_job *j, const hx_dataset_options *o, hx_error *err) {
    const char *path = j->d->paths[j->row.source];
    j->text2 = j->label = NONE;
    HX_TRY(find_column(j->reader, path, o->text, "text", HX_ROLE_TEXT, &j->text, err));
    if (o->text2)
        HX_TRY(find_column(j->reader, path, o->text2, "text2", HX_ROLE_OTHER, &j->text2, err));
    if (o->target == HX_TARGET_NONE) return HX_OK;
    return find_column(j->reader, path, o->label, "label", HX_ROLE_LABEL, &j->label, err);
}

static hx_status add_rows(file_job *j, const hx_rows *rows, hx_error *err) {
    for (size_t i = 0; i < rows->n_rows; i++) {
        const hx_row *r = &rows->rows[i];
        if (r->bad) {
            j->d->check.n_rows++;
            hx__dataset_bad(j->d, r->row);
            continue;
        }
        j->row.raw = r->cells[j->text];
        j->row.text2 = j->text2 == NONE ? (hx_str){NULL, 0} : r->cells[j->text2];
        j->row.label = j->label == NONE ? (hx_str){NULL, 0} : r->cells[j->label];
        j->row.row = r->row;
        HX_TRY(hx__dataset_add(j->d, &j->row, err));
    }
    return HX_OK;
}

static hx_status add_chunks(file_job *j, hx_arena *arena, hx_error *err) {
    for (;;) {
        hx_chunk *chunk = NULL;
        hx_rows rows;
        HX_TRY(hx_reader_next(j->reader, &chunk, err));
        if (!chunk) return HX_OK;
        hx_arena_reset(arena);
        hx_status st = hx_chunk_rows(j->reader, chunk, arena, &rows, err);
        if (st == HX_OK) st = add_rows(j, &rows, err);
        hx_chunk_free(chunk);
        HX_TRY(st);
        if (hx_flag_is_raised(j->cancel)) return hx_fail(err, HX_ECANCELLED, "stopped on request");
    }
}

static hx_status read_table(file_job *j, const hx_dataset_options *o, hx_error *err) {
    HX_TRY(find_columns(j, o, err));
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = add_chunks(j, arena, err);
    hx_arena_free(arena);
    return st;
}

hx_status hx__dataset_read_file(hx_dataset *d, uint32_t source, hx_part part,
                                const hx_dataset_options *o, hx_error *err) {
    const char *path = d->paths[source];
    bool conll = o->target == HX_TARGET_TAGS && hx__is_conll(path);
    hx_reader_options options = o->reader;
    if (conll) options = (hx_reader_options){.format = HX_FORMAT_TEXT};
    file_job j = {
        .d = d, .row = {.source = source, .part = part, .lower = o->lower}, .cancel = o->cancel};
    HX_TRY(hx_reader_open(&j.reader, path, &options, err));
    hx_status st =
        conll ? hx__dataset_read_conll(d, j.reader, source, part, o, err) : read_table(&j, o, err);
    hx_reader_close(j.reader);
    return st;
}
