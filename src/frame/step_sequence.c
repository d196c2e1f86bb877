/* step_sequence.c - the step "sequence": which runs of pages somebody has gone through, as counts up to each row.
 *
 *     fit:   the "most" commonest runs of "n" pages one after the other (of equals the first by their bytes)
 *     apply: a column PREFIXa > b a run: how often it happened to the same "by" up to this row, which is its last page at the earliest
 *
 * With n = 2 these are counts of transitions, with n = 1 of pages. A run does not reach over a gap longer than "gap" (where it is given), nor over a row
 * without a page. Counts are of the past and the row itself alone, so that they do not know the future. Rows without time or key have none. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/utf8.h"
#include "frame/features.h"

#define RUN_MAX 8
#define COLUMNS_MOST 1000
#define RUNS_MAX ((size_t)1 << 24) /* different ones that are counted */
#define RUN_BYTES_MAX ((size_t)64 << 10)
#define BETWEEN '\x1F'
#define NO_RUN UINT32_MAX

typedef struct {
    hx_names by;
    hx_str time, page, prefix;
    double gap; /* ms; infinite = none */
    int64_t n, most;
    hx_names runs; /* fitted: pages joined by BETWEEN */
} settings;

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    settings *s = state;
    hx_str gap;
    HX_TRY(hx_step_names(spec, "by", arena, &s->by, err));
    HX_TRY(hx_step_text(spec, "time", NULL, &s->time, err));
    HX_TRY(hx_step_text(spec, "page", NULL, &s->page, err));
    HX_TRY(hx_step_text(spec, "gap", NULL, &gap, err));
    HX_TRY(hx_step_text(spec, "prefix", NULL, &s->prefix, err));
    HX_TRY(hx_step_count(spec, "n", 2, 1, RUN_MAX, &s->n, err));
    HX_TRY(hx_step_count(spec, "most", 20, 1, COLUMNS_MOST, &s->most, err));
    s->gap = INFINITY;
    if (s->time.len == 0) return hx_fail(err, HX_EINVAL, "'time' is missing");
    if (s->page.len == 0) return hx_fail(err, HX_EINVAL, "'page' is missing");
    if (s->by.n == 0) return hx_fail(err, HX_EINVAL, "'by' is missing");
    return gap.len > 0 ? hx_feature_duration(gap, "gap", &s->gap, err) : HX_OK;
}

/* ------------------------------------------------------------------ runs of a table */
typedef struct {
    const settings *s;
    const hx_table *t;
    hx_timelines lines;
    hx_arena *room;
    size_t page; /* column */
    size_t placed;
    hx_map map; /* hash of a run (with a probe) -> 1 + its number */
    hx_str *runs; /* [n_runs] */
    size_t *counts; /* [n_runs] */
    size_t n_runs, cap;
    bool learns; /* unknown runs are added */
} walk;

static hx_status begin(walk *w, hx_error *err) {
    HX_TRY(hx_timelines_find(w->t, w->s->by, w->s->time, w->room, &w->lines, err));
    HX_TRY(hx_step_column(w->t, w->s->page, &w->page, err));
    w->placed = w->lines.start[w->lines.groups.n];
    return HX_OK;
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status widen(walk *w, hx_error *err) {
    hx_str *runs = NULL;
    size_t *counts = NULL;
    if (w->n_runs < w->cap) return HX_OK;
    if (w->cap >= RUNS_MAX)
        return hx_fail(err, HX_ELIMIT, "column '%.*s' has more than %zu different runs",
                       HX_STR_ARG(w->s->page), RUNS_MAX);
    w->cap = w->cap > 0 ? 2 * w->cap : 256;
    HX_TRY(hx_step_array(w->room, w->cap, sizeof *runs, &runs, err));
    HX_TRY(hx_step_array(w->room, w->cap, sizeof *counts, &counts, err));
    if (w->n_runs > 0) {
        memcpy(runs, w->runs, w->n_runs * sizeof *runs);
        memcpy(counts, w->counts, w->n_runs * sizeof *counts);
    }
    w->runs = runs;
    w->counts = counts;
    return HX_OK;
}

/* The number of a run; NO_RUN where it is not known and nothing is learnt. */
static hx_status number_of(walk *w, hx_str run, uint32_t *out, hx_error *err) {
    *out = NO_RUN;
    for (uint64_t probe = 0;; probe++) {
        const uint64_t key = hx_hash_seed(run, probe);
        uint64_t *place = w->learns ? hx_map_put(&w->map, key) : hx_map_get(&w->map, key);
        if (place == NULL) return w->learns ? no_memory(err) : HX_OK;
        if (*place > 0 && !hx_str_equal(w->runs[*place - 1], run)) continue;
        if (*place == 0) {
            HX_TRY(widen(w, err));
            w->runs[w->n_runs] = hx_arena_str(w->room, run);
            if (w->runs[w->n_runs].ptr == NULL) return no_memory(err);
            *place = ++w->n_runs;
        }
        *out = (uint32_t)(*place - 1);
        return HX_OK;
    }
}

/* The pages of places [first, end), joined. */
static void join(const walk *w, size_t first, size_t end, hx_buf *out) {
    char cell[64];
    hx_buf_reset(out);
    for (size_t at = first; at < end; at++) {
        if (at > first) hx_buf_append_byte(out, BETWEEN);
        hx_buf_append_str(out, hx_table_cell(w->t, w->lines.rows[at], w->page, cell));
    }
}

static bool goes_on(const walk *w, size_t at, size_t first) {
    const double *times = w->lines.times;
    return at > first && times[w->lines.rows[at]] - times[w->lines.rows[at - 1]] <= w->s->gap;
}

/* ends (placed): the run that ends at each place, or NO_RUN; counted on the way. */
static hx_status follow(walk *w, uint32_t *ends, hx_buf *text, hx_error *err) {
    const size_t n = (size_t)w->s->n;
    for (size_t g = 0; g < w->lines.groups.n; g++) {
        size_t together = 0; /* pages that stand together up to here */
        for (size_t at = w->lines.start[g]; at < w->lines.start[g + 1]; at++) {
            ends[at] = NO_RUN;
            if (!goes_on(w, at, w->lines.start[g])) together = 0;
            together = hx_table_is_missing(w->t, w->page, w->lines.rows[at]) ? 0 : together + 1;
            if (together < n) continue;
            join(w, at + 1 - n, at + 1, text);
            HX_TRY(hx_buf_status(text, "the pages of a run", err));
            HX_TRY(number_of(w, hx_buf_str(text), &ends[at], err));
            if (w->learns) w->counts[ends[at]]++;
        }
    }
    return HX_OK;
}

static hx_status walk_all(walk *w, uint32_t **ends, hx_error *err) {
    hx_buf text;
    HX_TRY(hx_step_array(w->room, w->placed, sizeof **ends, ends, err));
    hx_buf_init(&text, RUN_BYTES_MAX);
    const hx_status status = follow(w, *ends, &text, err);
    hx_buf_release(&text);
    return status;
}

/* ------------------------------------------------------------------ fit */
typedef struct {
    hx_str run;
    size_t count;
} counted;

static int by_count(const void *a, const void *b) {
    const counted *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return hx_str_compare(x->run, y->run);
}

static hx_status keep_most(const walk *w, settings *s, hx_arena *arena, hx_error *err) {
    counted *all = NULL;
    HX_TRY(hx_step_array(w->room, w->n_runs + 1, sizeof *all, &all, err));
    for (size_t i = 0; i < w->n_runs; i++)
        all[i] = (counted){w->runs[i], w->counts[i]};
    if (w->n_runs > 1) qsort(all, w->n_runs, sizeof *all, by_count);
    s->runs.n = w->n_runs < (size_t)s->most ? w->n_runs : (size_t)s->most;
    HX_TRY(hx_step_array(arena, s->runs.n + 1, sizeof *s->runs.names, &s->runs.names, err));
    for (size_t i = 0; i < s->runs.n; i++) {
        s->runs.names[i] = hx_arena_str(arena, all[i].run);
        if (s->runs.names[i].ptr == NULL) return no_memory(err);
    }
    return HX_OK;
}

static hx_status fit_in(settings *s, walk *w, hx_arena *arena, hx_step_run *run, hx_error *err) {
    uint32_t *ends = NULL;
    HX_TRY(begin(w, err));
    HX_TRY(walk_all(w, &ends, err));
    HX_TRY(keep_most(w, s, arena, err));
    hx_step_say(run, "runs of %lld pages: %zu different, %zu kept",
                "连续 %lld 页的序列：%zu 种，保留 %zu 种", (long long)s->n, w->n_runs, s->runs.n);
    return HX_OK;
}

static hx_status fit(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                     hx_error *err) {
    walk w = {.s = state, .t = t, .room = hx_step_room(), .learns = true};
    hx_map_init(&w.map);
    const hx_status status = w.room != NULL ? fit_in(state, &w, arena, run, err) : no_memory(err);
    hx_map_release(&w.map);
    hx_arena_free(w.room);
    return status;
}

/* ------------------------------------------------------------------ apply */
static hx_status know_runs(walk *w, hx_error *err) {
    uint32_t number;
    w->learns = true;
    for (size_t i = 0; i < w->s->runs.n; i++)
        HX_TRY(number_of(w, w->s->runs.names[i], &number, err));
    w->learns = false;
    return HX_OK;
}

/* PREFIXa > b */
static void name_of(const settings *s, hx_str run, char name[HX_FEATURE_NAME_MAX]) {
    size_t n = 0;
    const size_t room = HX_FEATURE_NAME_MAX - 4;
    for (size_t i = 0; i < s->prefix.len && n < room; i++)
        name[n++] = s->prefix.ptr[i];
    for (size_t i = 0; i < run.len && n < room; i++) {
        if (run.ptr[i] != BETWEEN) {
            name[n++] = run.ptr[i];
            continue;
        }
        memcpy(name + n, " > ", 3);
        n += 3;
    }
    while (n > 0 && hx_utf8_valid_prefix((hx_str){name, n}) < n)
        n--;
    name[n] = '\0';
}

static hx_status put_run(const walk *w, hx_table *t, uint32_t number, const uint32_t *ends,
                         double *out, hx_error *err) {
    char name[HX_FEATURE_NAME_MAX];
    for (size_t g = 0; g < w->lines.groups.n; g++) {
        size_t count = 0;
        for (size_t at = w->lines.start[g]; at < w->lines.start[g + 1]; at++) {
            count += ends[at] == number;
            out[w->lines.rows[at]] = (double)count;
        }
    }
    name_of(w->s, w->s->runs.names[number], name);
    return hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, out, 0, err);
}

static hx_status apply_in(walk *w, hx_table *t, hx_error *err) {
    uint32_t *ends = NULL;
    double *out = NULL;
    HX_TRY(begin(w, err));
    HX_TRY(know_runs(w, err));
    HX_TRY(walk_all(w, &ends, err));
    HX_TRY(hx_feature_column(hx_table_rows(t), w->room, &out, err));
    for (uint32_t i = 0; i < w->s->runs.n; i++)
        HX_TRY(put_run(w, t, i, ends, out, err));
    return HX_OK;
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    walk w = {.s = state, .t = t, .room = hx_step_room()};
    (void)run;
    hx_map_init(&w.map);
    const hx_status status = w.room != NULL ? apply_in(&w, t, err) : no_memory(err);
    hx_map_release(&w.map);
    hx_arena_free(w.room);
    return status;
}

/* ------------------------------------------------------------------ file */
static void write(const void *state, hx_json_writer *w) {
    const settings *s = state;
    hx_json_object(w);
    hx_step_write_names(w, "runs", s->runs.names, s->runs.n);
    hx_json_end_object(w);
}

static hx_status read(void *state, const json_t *fitted, hx_arena *arena, hx_error *err) {
    settings *s = state;
    HX_TRY(hx_step_names(fitted, "runs", arena, &s->runs, err));
    return s->runs.n <= (size_t)s->most ? HX_OK : hx_step_damaged("runs", err);
}

static const char *const keys[] = {"by", "time", "page", "gap", "prefix", "n", "most", NULL};

const hx_step_kind hx_step_sequence = {.name = "sequence",
                                       .keys = keys,
                                       .size = sizeof(settings),
                                       .parse = parse,
                                       .fit = fit,
                                       .apply = apply,
                                       .write = write,
                                       .read = read};
