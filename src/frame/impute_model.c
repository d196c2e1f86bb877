/* impute_model.c - filling from other columns: nearest rows and chained regressions, over the columns of numbers that the step names.
 *
 * With groups the nearest rows are sought in the row's own; for a column that fewer than `neighbours` of its rows have they are sought in all.
 * One column alone, which no other tells, takes its mean.
 *
 * Rows are learnt from as they are: scale columns before, or the one with the largest numbers decides what is near. Above `donors` rows the
 * nearest are sought among that many, spread evenly over the table. A column without any value when the step is fitted takes no part and
 * stays as it is. Infinities count as missing.
 *
 * Rows are filled by several threads, each row for itself: the result is the same for any number of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "frame/impute.h"

#define ROWS_A_JOB 512
#define BLOCK 1024

/* ------------------------------------------------------------------ matrices */
/* Row i of n that are spread evenly over all. */
static size_t spread(size_t i, size_t n, size_t all) {
    return (size_t)((double)i * (double)all / (double)n);
}

/* The columns of n rows as (n, d): of `rows` among those spread evenly over the table, or, where it is NULL, of all of those. */
static hx_status matrix_of(const hx_table *t, const size_t *columns, size_t d, const size_t *rows,
                           size_t n, hx_arena *room, double **out, hx_error *err) {
    const size_t all = hx_table_rows(t);
    hx_arena *scratch = hx_step_room();
    double *x = NULL, *v = NULL;
    hx_status status = hx_step_array(room, n * d, sizeof *x, &x, err);
    if (status == HX_OK) status = hx_step_array(scratch, all, sizeof *v, &v, err);
    for (size_t j = 0; j < d && status == HX_OK; j++) {
        hx_table_numbers(t, columns[j], 0, all, v);
        for (size_t i = 0; i < n; i++) {
            const double value = v[spread(rows != NULL ? rows[i] : i, n, all)];
            x[i * d + j] = isfinite(value) ? value : (double)NAN;
        }
    }
    *out = x;
    hx_arena_free(scratch);
    return status;
}

static bool has_value(const hx_table *t, size_t column) {
    double v[BLOCK];
    for (size_t at = 0; at < hx_table_rows(t); at += BLOCK) {
        const size_t n = hx_table_rows(t) - at < BLOCK ? hx_table_rows(t) - at : BLOCK;
        hx_table_numbers(t, column, at, n, v);
        for (size_t i = 0; i < n; i++)
            if (isfinite(v[i])) return true;
    }
    return false;
}

static hx_status means_of(const double *x, size_t n, size_t d, hx_arena *arena, const double **out,
                          hx_error *err) {
    double *means = NULL;
    HX_TRY(hx_step_array(arena, d, sizeof *means, &means, err));
    for (size_t j = 0; j < d; j++) {
        double sum = 0;
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            if (x[i * d + j] != x[i * d + j]) continue;
            sum += x[i * d + j];
            count++;
        }
        means[j] = hx_mean_of_sum(sum, x + j, d, n, count);
    }
    *out = means;
    return HX_OK;
}

/* ------------------------------------------------------------------ learning */
/* The n rows that are learnt from in order of their groups: rows (n) among them, near_start (groups + 1). */
static hx_status sort_donors(hx_impute *s, const hx_table *t, size_t n, hx_arena *arena,
                             hx_arena *room, size_t **rows, hx_error *err) {
    uint32_t *of_row = NULL, *of_donor = NULL;
    size_t *start = NULL;
    HX_TRY(hx_groups_find(t, s->by, arena, room, &s->groups, &of_row, err));
    HX_TRY(hx_step_array(room, n, sizeof *of_donor, &of_donor, err));
    for (size_t i = 0; i < n; i++)
        of_donor[i] = of_row[spread(i, n, hx_table_rows(t))];
    HX_TRY(hx_groups_sort(of_donor, n, s->groups.n, room, rows, &start, err));
    HX_TRY(hx_step_array(arena, s->groups.n + 1, sizeof *s->near_start, &s->near_start, err));
    for (size_t g = 0; g <= s->groups.n; g++)
        s->near_start[g] = (double)start[g];
    return HX_OK;
}

static hx_status fit_near(hx_impute *s, const hx_table *t, const size_t *columns, hx_arena *arena,
                          hx_error *err) {
    const size_t all = hx_table_rows(t), most = (size_t)s->donors, n = all < most ? all : most;
    double *x = NULL;
    size_t *rows = NULL;
    hx_arena *room = hx_step_room();
    hx_status status = s->by.n > 0 ? sort_donors(s, t, n, arena, room, &rows, err) : HX_OK;
    if (status == HX_OK) status = matrix_of(t, columns, s->columns.n, rows, n, arena, &x, err);
    hx_arena_free(room);
    if (status != HX_OK) return status;
    s->near = (hx_neighbours){.n = n,
                              .d = s->columns.n,
                              .x = x,
                              .k = (size_t)s->neighbours,
                              .by_distance = s->weights != 0};
    return means_of(x, n, s->near.d, arena, &s->near.means, err);
}

static hx_status fit_chain(hx_impute *s, const hx_table *t, const size_t *columns, hx_arena *arena,
                           hx_step_run *run, hx_error *err) {
    const size_t n = hx_table_rows(t), d = s->columns.n;
    double *x = NULL;
    if (s->names.n == 1)
        return hx_fail(err, HX_EINVAL, "the method 'iterative' needs two columns of numbers");
    if (d > HX_CHAINED_COLUMNS_MAX)
        return hx_fail(err, HX_ELIMIT, "the method 'iterative' takes at most %d columns",
                       HX_CHAINED_COLUMNS_MAX);
    hx_arena *room = hx_step_room();
    hx_status status = matrix_of(t, columns, d, NULL, n, room, &x, err);
    if (status == HX_OK)
        status = hx_chained_fit(&s->chain, x, n, d, d < 2 ? 0 : (size_t)s->rounds, s->tolerance,
                                run->run.cancel, arena, err);
    hx_arena_free(room);
    return status;
}

hx_status hx_impute_fit_model(hx_impute *s, const hx_table *t, const size_t *columns,
                              hx_arena *arena, hx_step_run *run, hx_error *err) {
    size_t *used = NULL, n = 0;
    HX_TRY(hx_step_array(arena, s->columns.n, sizeof *used, &used, err));
    for (size_t i = 0; i < s->columns.n; i++) {
        if (!has_value(t, columns[i])) continue;
        s->fills[n] = s->fills[i];
        s->columns.names[n] = s->columns.names[i];
        used[n++] = columns[i];
    }
    s->columns.n = n;
    if (s->method == HX_IMPUTE_KNN) return fit_near(s, t, used, arena, err);
    return fit_chain(s, t, used, arena, run, err);
}

/* ------------------------------------------------------------------ filling */
typedef struct {
    const hx_impute *s;
    double *x; /* (n, d) */
    size_t n, d;
    const uint32_t *of_row; /* (n) groups; NULL = none */
    size_t *wide; /* (jobs) values that are filled from all rows, as the group has too few */
    const volatile int *cancel;
} filling;

/* What the nearest rows tell of row i: those of its group, then, where these are too few, all. room: 3 near.n + d. */
static size_t fill_near(const filling *f, size_t i, double *room) {
    const hx_impute *s = f->s;
    double *row = f->x + i * f->d, *out = room + 3 * s->near.n;
    size_t left = 0;
    memcpy(out, row, f->d * sizeof *out);
    if (f->of_row != NULL && f->of_row[i] != HX_GROUP_NONE) {
        const size_t first = (size_t)s->near_start[f->of_row[i]];
        hx_neighbours own = s->near;
        own.x += first * f->d;
        own.n = (size_t)s->near_start[f->of_row[i] + 1] - first;
        left = hx_neighbours_fill(&own, row, out, own.k, room);
    } else if (f->of_row != NULL) {
        for (size_t j = 0; j < f->d; j++)
            left += row[j] != row[j];
    }
    (void)hx_neighbours_fill(&s->near, row, out, 0, room);
    memcpy(row, out, f->d * sizeof *out);
    return left;
}

static hx_status fill_rows(void *context, size_t job, size_t worker, hx_error *err) {
    const filling *f = context;
    const size_t first = job * ROWS_A_JOB,
                 last = first + ROWS_A_JOB < f->n ? first + ROWS_A_JOB : f->n;
    const bool near = f->s->method == HX_IMPUTE_KNN;
    hx_arena *room = hx_step_room();
    double *scratch = NULL;
    (void)worker;
    hx_status status =
        hx_step_array(room, f->d + (near ? 3 * f->s->near.n : 0), sizeof *scratch, &scratch, err);
    for (size_t i = first; i < last && status == HX_OK; i++) {
        double *row = f->x + i * f->d;
        bool missing = false;
        for (size_t j = 0; j < f->d; j++)
            missing = missing || row[j] != row[j];
        if (!missing) continue;
        if (near)
            f->wide[job] += fill_near(f, i, scratch);
        else
            hx_chained_fill(&f->s->chain, row, scratch);
        if (hx_flag_is_raised(f->cancel))
            status = hx_fail(err, HX_ECANCELLED, "stopped on request");
    }
    hx_arena_free(room);
    return status;
}

static hx_status put_back(const filling *f, hx_table *t, size_t column, size_t j, double *v,
                          size_t *filled, hx_error *err) {
    const hx_table_column *about = hx_table_column_at(t, column);
    int decimals = about->decimals;
    hx_table_numbers(t, column, 0, f->n, v);
    for (size_t i = 0; i < f->n; i++) {
        const double with = f->x[i * f->d + j];
        if (v[i] == v[i] || with != with) continue;
        decimals = hx_step_decimals(decimals, with);
        v[i] = with;
        ++*filled;
    }
    return hx_table_put_numbers(t, about->name, HX_KIND_NUMBER, v, decimals, err);
}

static hx_status fill_model(filling *f, hx_table *t, const size_t *columns, hx_step_run *run,
                            hx_arena *room, hx_error *err) {
    const size_t jobs = (f->n + ROWS_A_JOB - 1) / ROWS_A_JOB;
    uint32_t *of_row = NULL;
    HX_TRY(matrix_of(t, columns, f->d, NULL, f->n, room, &f->x, err));
    HX_TRY(hx_step_array(room, jobs, sizeof *f->wide, &f->wide, err));
    if (f->s->by.n > 0) HX_TRY(hx_groups_match(t, &f->s->groups, room, &of_row, err));
    f->of_row = of_row;
    return hx_pool_run(run->run.n_threads, jobs, fill_rows, f, err);
}

hx_status hx_impute_apply_model(const hx_impute *s, hx_table *t, const size_t *columns,
                                size_t *filled, size_t *wide, hx_step_run *run, hx_error *err) {
    filling f = {.s = s, .n = hx_table_rows(t), .d = s->columns.n, .cancel = run->run.cancel};
    hx_arena *room = hx_step_room();
    double *v = NULL;
    hx_status status = fill_model(&f, t, columns, run, room, err);
    if (status == HX_OK) status = hx_step_array(room, f.n, sizeof *v, &v, err);
    for (size_t j = 0; j < f.d && status == HX_OK; j++)
        if (hx_table_column_at(t, columns[j])->missing > 0)
            status = put_back(&f, t, columns[j], j, v, filled, err);
    for (size_t i = 0; status == HX_OK && i < (f.n + ROWS_A_JOB - 1) / ROWS_A_JOB; i++)
        *wide += f.wide[i];
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ JSON */
void hx_impute_write_model(const hx_impute *s, hx_json_writer *w) {
    const size_t d = s->columns.n;
    if (s->method == HX_IMPUTE_KNN) {
        if (s->by.n > 0) hx_step_write_reals(w, "starts", s->near_start, s->groups.n + 1);
        hx_step_write_reals(w, "means", s->near.means, d);
        hx_step_write_reals(w, "rows", s->near.x, s->near.n * d);
        return;
    }
    hx_step_write_reals(w, "means", s->chain.means, d);
    hx_step_write_reals(w, "order", s->chain.order, d);
    hx_step_write_reals(w, "models", s->chain.models, s->chain.rounds * d * (d + 1));
}

/* Ascending whole numbers from 0 to at most n. */
static hx_status read_starts(hx_impute *s, const json_t *fitted, size_t n, hx_arena *arena,
                             hx_error *err) {
    double before = 0;
    HX_TRY(hx_step_read_n(fitted, "starts", s->groups.n + 1, arena, &s->near_start, err));
    for (size_t g = 0; g <= s->groups.n; g++) {
        const double at = s->near_start[g];
        if (!(at >= before && at <= (double)n) || floor(at) != at)
            return hx_step_damaged("starts", err);
        before = at;
    }
    return HX_OK;
}

static hx_status read_near(hx_impute *s, const json_t *fitted, hx_arena *arena, hx_error *err) {
    const size_t d = s->columns.n;
    double *means = NULL, *x = NULL;
    size_t n = 0;
    HX_TRY(hx_step_read_n(fitted, "means", d, arena, &means, err));
    HX_TRY(hx_step_read_reals(fitted, "rows", arena, &x, &n, err));
    if (d == 0 ? n != 0 : n % d != 0) return hx_step_damaged("rows", err);
    if (s->by.n > 0) HX_TRY(read_starts(s, fitted, d > 0 ? n / d : 0, arena, err));
    s->near = (hx_neighbours){.n = d > 0 ? n / d : 0,
                              .d = d,
                              .x = x,
                              .means = means,
                              .k = (size_t)s->neighbours,
                              .by_distance = s->weights != 0};
    return HX_OK;
}

static hx_status read_chain(hx_impute *s, const json_t *fitted, hx_arena *arena, hx_error *err) {
    const size_t d = s->columns.n;
    size_t n = 0;
    HX_TRY(hx_step_read_n(fitted, "means", d, arena, &s->chain.means, err));
    HX_TRY(hx_step_read_n(fitted, "order", d, arena, &s->chain.order, err));
    HX_TRY(hx_step_read_reals(fitted, "models", arena, &s->chain.models, &n, err));
    if (d < 2 ? n != 0 : n % (d * (d + 1)) != 0) return hx_step_damaged("models", err);
    for (size_t i = 0; i < d; i++)
        if (!(s->chain.order[i] >= 0 && s->chain.order[i] < (double)d))
            return hx_step_damaged("order", err);
    s->chain.d = d;
    s->chain.rounds = d < 2 ? 0 : n / (d * (d + 1));
    return HX_OK;
}

hx_status hx_impute_read_model(hx_impute *s, const json_t *fitted, hx_arena *arena, hx_error *err) {
    if (s->method == HX_IMPUTE_KNN) return read_near(s, fitted, arena, err);
    return read_chain(s, fitted, arena, err);
}
