/* step_session.c - the step "session": the rows of a visitor cut into visits wherever nothing happens for longer than a gap.
 *
 *     session             1, 2, ...: visits in the order in which they begin            known at the row's time
 *     session_index       1, 2, ...: place of the row within the visit             known at the row's time
 *     session_seconds     since the visit began                                    known at the row's time
 *     previous_page       the page before it in the visit ("page" given)           known at the row's time
 *     session_length      rows of the visit          | of the whole visit, which is the future for all but its last row;
 *     session_duration    seconds from first to last | with "so_far": true of the rows up to this one
 *     session_path        pages joined by "separator"| (at most "most" of them, the last)
 *
 * A row belongs to the visit before it where it comes at most "gap" after it (default 30m). Rows without time or visitor have none. Nothing is learnt. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "frame/features.h"

#define PATH_BYTES_MAX ((size_t)4 << 30)

typedef struct {
    hx_names by;
    hx_str time, page, separator, prefix;
    double gap; /* ms */
    int64_t most;
    bool so_far;
} settings;

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    settings *s = state;
    hx_str gap;
    HX_TRY(hx_step_names(spec, "by", arena, &s->by, err));
    HX_TRY(hx_step_text(spec, "time", NULL, &s->time, err));
    HX_TRY(hx_step_text(spec, "page", NULL, &s->page, err));
    HX_TRY(hx_step_text(spec, "gap", "30m", &gap, err));
    HX_TRY(hx_step_text(spec, "separator", " > ", &s->separator, err));
    HX_TRY(hx_step_text(spec, "prefix", NULL, &s->prefix, err));
    HX_TRY(hx_step_count(spec, "most", 100, 1, 10000, &s->most, err));
    HX_TRY(hx_step_flag(spec, "so_far", false, &s->so_far, err));
    if (s->time.len == 0) return hx_fail(err, HX_EINVAL, "'time' is missing");
    if (s->by.n == 0) return hx_fail(err, HX_EINVAL, "'by' is missing");
    return hx_feature_duration(gap, "gap", &s->gap, err);
}

/* ------------------------------------------------------------------ visits */
typedef struct {
    double begin;
    size_t row, place; /* its first */
} visit;

typedef struct {
    const settings *s;
    hx_table *t;
    hx_timelines lines;
    hx_arena *room;
    size_t n; /* rows of the table */
    size_t placed; /* places in lines.rows */
    size_t *first, *end; /* [placed] the visit of a place is the places [first, end) */
    visit *visits; /* [n_visits], as they begin */
    size_t n_visits;
    size_t *number; /* [placed] of the visit, from 1 */
} job;

static double time_at(const job *j, size_t place) {
    return j->lines.times[j->lines.rows[place]];
}

static void cut(job *j) {
    for (size_t g = 0; g < j->lines.groups.n; g++) {
        const size_t end = j->lines.start[g + 1];
        for (size_t at = j->lines.start[g], next; at < end; at = next) {
            for (next = at + 1; next < end && time_at(j, next) - time_at(j, next - 1) <= j->s->gap;
                 next++)
                continue;
            j->visits[j->n_visits] = (visit){time_at(j, at), j->lines.rows[at], at};
            for (size_t i = at; i < next; i++) {
                j->first[i] = at;
                j->end[i] = next;
            }
            j->n_visits++;
        }
    }
}

static int by_begin(const void *a, const void *b) {
    const visit *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void number_visits(job *j) {
    if (j->n_visits > 1) qsort(j->visits, j->n_visits, sizeof *j->visits, by_begin);
    for (size_t k = 0; k < j->n_visits; k++)
        for (size_t at = j->visits[k].place; at < j->end[j->visits[k].place]; at++)
            j->number[at] = k + 1;
}

/* Where the visit ends as far as this row is to know. */
static size_t end_of(const job *j, size_t at) {
    return j->s->so_far ? at + 1 : j->end[at];
}

static void name_of(const job *j, const char *what, char name[HX_FEATURE_NAME_MAX]) {
    (void)snprintf(name, HX_FEATURE_NAME_MAX, "%.*s%s", HX_STR_ARG(j->s->prefix), what);
}

typedef double measure(const job *j, size_t at);

static double number_of(const job *j, size_t at) {
    return (double)j->number[at];
}
static double index_of(const job *j, size_t at) {
    return (double)(at - j->first[at] + 1);
}
static double seconds_of(const job *j, size_t at) {
    return (time_at(j, at) - time_at(j, j->first[at])) / 1000;
}
static double length_of(const job *j, size_t at) {
    return (double)(end_of(j, at) - j->first[at]);
}
static double duration_of(const job *j, size_t at) {
    return (time_at(j, end_of(j, at) - 1) - time_at(j, j->first[at])) / 1000;
}

static hx_status put_measures(const job *j, hx_error *err) {
    static const struct {
        const char *name;
        measure *of;
    } all[] = {{"session", number_of},
               {"session_index", index_of},
               {"session_seconds", seconds_of},
               {"session_length", length_of},
               {"session_duration", duration_of}};
    char name[HX_FEATURE_NAME_MAX];
    double *out = NULL;
    HX_TRY(hx_feature_column(j->n, j->room, &out, err));
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        for (size_t at = 0; at < j->placed; at++)
            out[j->lines.rows[at]] = all[k].of(j, at);
        name_of(j, all[k].name, name);
        HX_TRY(hx_table_put_numbers(j->t, hx_str_of(name), HX_KIND_NUMBER, out, -1, err));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ pages */
/* Texts that a column is made of, each once, in order of the table's rows. */
typedef struct {
    hx_arena *room;
    hx_map map; /* hash -> 1 + code */
    hx_str *values; /* [rows] */
    size_t n;
} texts;

static bool code_of(texts *k, hx_str text, uint32_t *code) {
    for (uint64_t probe = 0;; probe++) {
        uint64_t *place = hx_map_put(&k->map, hx_hash_seed(text, probe));
        if (place == NULL) return false;
        if (*place != 0 && !hx_str_equal(k->values[*place - 1], text)) continue;
        if (*place == 0) {
            k->values[k->n] = hx_arena_str(k->room, text);
            if (k->values[k->n].ptr == NULL) return false;
            *place = ++k->n;
        }
        *code = (uint32_t)(*place - 1);
        return true;
    }
}

static hx_status put_codes(const job *j, const char *what, const uint32_t *codes,
                           const hx_str *values, size_t n_values, hx_error *err) {
    char name[HX_FEATURE_NAME_MAX];
    name_of(j, what, name);
    return hx_table_put_texts(j->t, hx_str_of(name), codes, values, n_values, err);
}

/* The page of a place as it is written; empty where it is missing. `cell` has room for numbers. */
static hx_str page_at(const job *j, size_t column, size_t place, char *cell) {
    return hx_table_cell(j->t, j->lines.rows[place], column, cell);
}

static void join_pages(const job *j, size_t column, size_t first, size_t end, hx_buf *out) {
    char cell[64];
    bool any = false;
    hx_buf_reset(out);
    if (end - first > (size_t)j->s->most) first = end - (size_t)j->s->most;
    for (size_t i = first; i < end; i++) {
        const hx_str page = page_at(j, column, i, cell);
        if (page.len == 0) continue;
        if (any) (void)hx_buf_append_str(out, j->s->separator);
        any = true;
        (void)hx_buf_append_str(out, page);
    }
}

static bool code_places(const job *j, size_t column, bool path, texts *known, hx_buf *text,
                        uint32_t *codes) {
    char cell[64];
    for (size_t at = 0; at < j->placed; at++) {
        uint32_t *code = &codes[j->lines.rows[at]];
        const bool first = at == j->first[at];
        if (path && !j->s->so_far && !first) {
            *code = codes[j->lines.rows[at - 1]]; /* the same text all through the visit */
            continue;
        }
        if (path) join_pages(j, column, j->first[at], end_of(j, at), text);
        const hx_str s = path    ? hx_buf_str(text)
                         : first ? HX_STR_LIT("")
                                 : page_at(j, column, at - 1, cell);
        if (text->failed || (s.len > 0 && !code_of(known, s, code))) return false;
    }
    return true;
}

static hx_status put_pages(const job *j, bool path, hx_error *err) {
    size_t column = 0;
    uint32_t *codes = NULL;
    texts known = {.room = j->room};
    hx_buf text;
    HX_TRY(hx_step_column(j->t, j->s->page, &column, err));
    HX_TRY(hx_step_array(j->room, j->n, sizeof *codes, &codes, err));
    HX_TRY(hx_step_array(j->room, j->n, sizeof *known.values, &known.values, err));
    for (size_t i = 0; i < j->n; i++)
        codes[i] = HX_CODE_MISSING;
    hx_buf_init(&text, PATH_BYTES_MAX);
    hx_map_init(&known.map);
    const hx_status status = code_places(j, column, path, &known, &text, codes)
                                 ? put_codes(j, path ? "session_path" : "previous_page", codes,
                                             known.values, known.n, err)
                                 : hx_fail(err, HX_ENOMEM, "out of memory");
    hx_map_release(&known.map);
    hx_buf_release(&text);
    return status;
}

static hx_status apply_in(const settings *s, hx_table *t, hx_arena *room, hx_step_run *run,
                          hx_error *err) {
    job j = {.s = s, .t = t, .room = room, .n = hx_table_rows(t)};
    HX_TRY(hx_timelines_find(t, s->by, s->time, room, &j.lines, err));
    j.placed = j.lines.start[j.lines.groups.n];
    HX_TRY(hx_step_array(room, j.n, sizeof *j.first, &j.first, err));
    HX_TRY(hx_step_array(room, j.n, sizeof *j.end, &j.end, err));
    HX_TRY(hx_step_array(room, j.n, sizeof *j.visits, &j.visits, err));
    HX_TRY(hx_step_array(room, j.n, sizeof *j.number, &j.number, err));
    cut(&j);
    number_visits(&j);
    HX_TRY(put_measures(&j, err));
    if (s->page.len > 0) {
        HX_TRY(put_pages(&j, false, err));
        HX_TRY(put_pages(&j, true, err));
    }
    hx_step_say(run, "sessions: %zu; rows without time or key: %zu",
                "会话 %zu 个；缺少时间或键的行 %zu 行", j.n_visits, j.n - j.placed);
    return HX_OK;
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    hx_arena *room = hx_step_room();
    const hx_status status = apply_in(state, t, room, run, err);
    hx_arena_free(room);
    return status;
}

static const char *const keys[] = {"by",     "time", "page",   "gap", "separator",
                                   "prefix", "most", "so_far", NULL};

const hx_step_kind hx_step_session = {
    .name = "session", .keys = keys, .size = sizeof(settings), .parse = parse, .apply = apply};
