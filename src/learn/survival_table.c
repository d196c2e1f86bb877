/* survival_table.c - survival of the rows of a table as one JSON object; see hx_survival() in huaxiang/learn.h.
 *
 *     time, event, group columns -> Kaplan-Meier of each group, log-rank between them        columns of --use -> Cox regression
 *
 * A row needs its time (a number from 0 on) and its event (true, false, 1, 0); rows without a group are a group "". Groups stand in order of their
 * numbers or texts. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/fields.h"
#include "learn/estimator.h"
#include "learn/special.h"
#include "learn/survival.h"

#define LEVEL 0.95
#define GROUPS_MAX 50
#define ARENA_MAX ((size_t)64 << 30)
#define JSON_MAX ((size_t)1 << 30)
#define NAME_BYTES 40

typedef struct {
    const hx_table *t;
    const hx_survival_options *o;
    hx_arena *arena;
    hx_lives lives;
    uint32_t *groups; /* (n) below n_groups */
    const char **names; /* (n_groups) */
    size_t n_groups;
} survival;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for survival");
}

/* ------------------------------------------------------------------ columns */
static hx_status column_of(const survival *s, const char *name, bool number, size_t *column,
                           hx_error *err) {
    *column = hx_table_find(s->t, hx_str_of(name));
    if (*column == HX_COLUMN_NONE)
        return hx_fail(err, HX_ENOTFOUND, "there is no column '%s'", name);
    if (number && hx_table_column_at(s->t, *column)->kind == HX_KIND_TEXT)
        return hx_fail(err, HX_EINVAL, "the column '%s' holds texts, not numbers", name);
    return HX_OK;
}

static hx_status read_lives(survival *s, hx_error *err) {
    const size_t n = hx_table_rows(s->t);
    size_t time, event;
    HX_TRY(column_of(s, s->o->time, true, &time, err));
    HX_TRY(column_of(s, s->o->event, true, &event, err));
    double *times = hx_arena_alloc(s->arena, (n + 1) * sizeof *times);
    double *ends = hx_arena_alloc(s->arena, (n + 1) * sizeof *ends);
    unsigned char *events = hx_arena_alloc(s->arena, n + 1);
    if (!times || !ends || !events) return no_memory(err);
    hx_table_numbers(s->t, time, 0, n, times);
    hx_table_numbers(s->t, event, 0, n, ends);
    for (size_t i = 0; i < n; i++) {
        if (!(times[i] >= 0) || isinf(times[i]))
            return hx_fail(err, HX_EINVAL, "row %zu: '%s' is no time from 0 on", i + 1, s->o->time);
        if (ends[i] != 0 && ends[i] != 1)
            return hx_fail(err, HX_EINVAL, "row %zu: '%s' is neither 0 nor 1", i + 1, s->o->event);
        events[i] = ends[i] == 1;
    }
    s->lives = (hx_lives){n, times, events};
    return HX_OK;
}

static hx_status too_many(const survival *s, hx_error *err) {
    return hx_fail(err, HX_ELIMIT, "the column '%s' has more than %d values, too many curves",
                   s->o->group, GROUPS_MAX);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Codes into the sorted names of the values that occur. */
static hx_status text_groups(survival *s, size_t column, hx_error *err) {
    const size_t n = s->lives.n, n_values = hx_table_column_at(s->t, column)->n_values;
    uint32_t *place = hx_arena_alloc(s->arena, (n_values + 2) * sizeof *place);
    const char **of = hx_arena_alloc(s->arena, (n_values + 2) * sizeof *of);
    if (!place || !of) return no_memory(err);
    memset(of, 0, (n_values + 1) * sizeof *of);
    hx_table_codes(s->t, column, 0, n, s->groups);
    for (size_t i = 0; i < n; i++) {
        if (s->groups[i] == HX_CODE_MISSING) s->groups[i] = (uint32_t)n_values;
        if (of[s->groups[i]]) continue;
        if (s->n_groups == GROUPS_MAX) return too_many(s, err);
        const hx_str name =
            s->groups[i] < n_values ? hx_table_value(s->t, column, s->groups[i]) : HX_STR_LIT("");
        of[s->groups[i]] = s->names[s->n_groups++] = hx_arena_str(s->arena, name).ptr;
        if (!of[s->groups[i]]) return no_memory(err);
    }
    qsort(s->names, s->n_groups, sizeof *s->names, by_name);
    for (size_t k = 0; k <= n_values; k++)
        for (uint32_t g = 0; of[k] && g < s->n_groups; g++)
            if (s->names[g] == of[k]) place[k] = g;
    for (size_t i = 0; i < n; i++)
        s->groups[i] = place[s->groups[i]];
    return HX_OK;
}

/* The place of x among `values` in ascending order, where it is put if it is new; NaN stands last. */
static size_t place_of(double x, double *values, size_t *n) {
    size_t at = 0;
    const double key = isnan(x) ? INFINITY : x;
    while (at < *n && values[at] < key)
        at++;
    if (at < *n && values[at] == key) return at;
    memmove(values + at + 1, values + at, (*n - at) * sizeof *values);
    values[at] = key;
    ++*n;
    return at;
}

static hx_status number_groups(survival *s, size_t column, hx_error *err) {
    const size_t n = s->lives.n;
    double values[GROUPS_MAX + 1], *x = hx_arena_alloc(s->arena, (n + 1) * sizeof *x);
    if (!x) return no_memory(err);
    hx_table_numbers(s->t, column, 0, n, x);
    for (size_t i = 0; i < n; i++) {
        (void)place_of(x[i], values, &s->n_groups);
        if (s->n_groups > GROUPS_MAX) return too_many(s, err);
    }
    for (size_t i = 0; i < n; i++)
        s->groups[i] = (uint32_t)place_of(x[i], values, &s->n_groups);
    for (size_t g = 0; g < s->n_groups; g++) {
        char name[NAME_BYTES] = "";
        if (isfinite(values[g])) (void)snprintf(name, sizeof name, "%.10g", values[g]);
        s->names[g] = hx_arena_str(s->arena, hx_str_of(name)).ptr;
        if (!s->names[g]) return no_memory(err);
    }
    return HX_OK;
}

static hx_status read_groups(survival *s, hx_error *err) {
    size_t column;
    s->groups = hx_arena_alloc(s->arena, (s->lives.n + 1) * sizeof *s->groups);
    s->names = hx_arena_alloc(s->arena, (GROUPS_MAX + 1) * sizeof *s->names);
    if (!s->groups || !s->names) return no_memory(err);
    memset(s->groups, 0, (s->lives.n + 1) * sizeof *s->groups);
    s->names[0] = "";
    if (!s->o->group) {
        s->n_groups = 1;
        return HX_OK;
    }
    HX_TRY(column_of(s, s->o->group, false, &column, err));
    return hx_table_column_at(s->t, column)->kind == HX_KIND_TEXT ? text_groups(s, column, err)
                                                                  : number_groups(s, column, err);
}

/* ------------------------------------------------------------------ curves */
static void put_number(hx_json_writer *w, const char *key, double value) {
    hx_json_key(w, key);
    hx_json_double(w, value);
}

static void put_count(hx_json_writer *w, const char *key, size_t value) {
    hx_json_key(w, key);
    hx_json_int(w, (int64_t)value);
}

static void put_point(const hx_survival_point *p, hx_json_writer *w) {
    hx_json_object(w);
    put_number(w, "time", p->time);
    put_count(w, "at_risk", p->at_risk);
    put_count(w, "events", p->events);
    put_count(w, "censored", p->censored);
    put_number(w, "survival", p->survival);
    put_number(w, "low", p->low);
    put_number(w, "high", p->high);
    put_number(w, "hazard", p->hazard);
    hx_json_end_object(w);
}

static hx_status put_group(const survival *s, uint32_t group, hx_json_writer *w, hx_error *err) {
    const size_t n = s->lives.n;
    double *times = hx_arena_alloc(s->arena, (n + 1) * sizeof *times);
    unsigned char *events = hx_arena_alloc(s->arena, n + 1);
    size_t *order = hx_arena_alloc(s->arena, (n + 1) * sizeof *order), kept = 0, ended = 0;
    hx_survival_point *points = hx_arena_alloc(s->arena, (n + 1) * sizeof *points);
    if (!times || !events || !order || !points) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        if (s->groups[i] != group) continue;
        times[kept] = s->lives.times[i];
        events[kept++] = s->lives.events[i];
        ended += s->lives.events[i];
    }
    const hx_lives of = {kept, times, events};
    const size_t m = hx_kaplan_meier(&of, LEVEL, order, points);
    hx_json_object(w);
    hx_json_key(w, "group");
    hx_json_cstr(w, s->names[group]);
    put_count(w, "n", kept);
    put_count(w, "events", ended);
    put_number(w, "median", hx_survival_quantile(points, m, 0.5, 0));
    put_number(w, "median_low", hx_survival_quantile(points, m, 0.5, -1));
    put_number(w, "median_high", hx_survival_quantile(points, m, 0.5, 1));
    hx_json_key(w, "curve");
    hx_json_array(w);
    for (size_t i = 0; i < m; i++)
        put_point(&points[i], w);
    hx_json_end_array(w);
    hx_json_end_object(w);
    return HX_OK;
}

static hx_status put_log_rank(const survival *s, hx_json_writer *w, hx_error *err) {
    hx_log_rank r;
    if (!s->o->group) return HX_OK;
    HX_TRY(hx_log_rank_of(&s->lives, s->groups, s->n_groups, &r, err));
    hx_json_key(w, "log_rank");
    hx_json_object(w);
    put_number(w, "statistic", r.statistic);
    put_count(w, "freedom", r.freedom);
    put_number(w, "p", r.p);
    hx_json_end_object(w);
    return HX_OK;
}

/* ------------------------------------------------------------------ Cox */
static void put_feature(const char *name, double b, double error, hx_json_writer *w) {
    const double z = b / error, reach = hx_normal_quantile((1 + LEVEL) / 2) * error;
    hx_json_object(w);
    hx_json_key(w, "feature");
    hx_json_cstr(w, name);
    put_number(w, "coefficient", b);
    put_number(w, "error", error);
    put_number(w, "low", b - reach);
    put_number(w, "high", b + reach);
    put_number(w, "hazard_ratio", exp(b));
    put_number(w, "z", z);
    put_number(w, "p", 2 * hx_normal_cdf(-fabs(z)));
    hx_json_end_object(w);
}

static void put_cox(const hx_problem *p, const hx_cox *c, bool breslow, hx_json_writer *w) {
    const double ratio = 2 * (c->log_likelihood - c->null_log_likelihood);
    hx_json_key(w, "cox");
    hx_json_object(w);
    hx_json_key(w, "ties");
    hx_json_cstr(w, breslow ? "breslow" : "efron");
    hx_json_key(w, "features");
    hx_json_array(w);
    for (size_t j = 0; j < p->d; j++)
        put_feature(p->names[j], c->coefficients[j], c->errors[j], w);
    hx_json_end_array(w);
    put_number(w, "log_likelihood", c->log_likelihood);
    put_number(w, "null_log_likelihood", c->null_log_likelihood);
    put_number(w, "likelihood_ratio", ratio);
    put_count(w, "freedom", p->d);
    put_number(w, "p", hx_chi2_tail(fmax(ratio, 0), (double)p->d));
    put_number(w, "aic", 2 * (double)p->d - 2 * c->log_likelihood);
    put_number(w, "concordance", c->concordance);
    put_count(w, "rounds", c->rounds);
    hx_json_key(w, "converged");
    hx_json_bool(w, c->converged);
    hx_json_end_object(w);
}

static hx_status regress(const survival *s, hx_json_writer *w, hx_error *err) {
    const hx_design_options o = {.target = s->o->time,
                                 .event = s->o->event,
                                 .use = s->o->use,
                                 .task = HX_TASK_SURVIVAL,
                                 .wants = HX_WANTS_FILLED | HX_WANTS_CONTRASTS};
    hx_design *d = NULL;
    hx_problem p;
    hx_cox c;
    HX_TRY(hx_design_fit(&d, s->t, &o, err));
    hx_status st = hx_design_problem(d, s->t, false, s->arena, &p, err);
    if (st == HX_OK) st = hx_cox_fit(&s->lives, p.x, p.d, s->o->breslow, s->arena, &c, err);
    if (st == HX_OK) put_cox(&p, &c, s->o->breslow, w);
    hx_design_free(d);
    return st;
}

/* ------------------------------------------------------------------ the whole */
static hx_status put_all(const survival *s, hx_json_writer *w, hx_error *err) {
    size_t ended = 0;
    for (size_t i = 0; i < s->lives.n; i++)
        ended += s->lives.events[i];
    hx_json_object(w);
    hx_json_key(w, "time");
    hx_json_cstr(w, s->o->time);
    hx_json_key(w, "event");
    hx_json_cstr(w, s->o->event);
    put_count(w, "n", s->lives.n);
    put_count(w, "events", ended);
    if (s->o->group) {
        hx_json_key(w, "group");
        hx_json_cstr(w, s->o->group);
    }
    put_number(w, "level", LEVEL);
    hx_json_key(w, "groups");
    hx_json_array(w);
    for (uint32_t g = 0; g < s->n_groups; g++)
        HX_TRY(put_group(s, g, w, err));
    hx_json_end_array(w);
    HX_TRY(put_log_rank(s, w, err));
    if (s->o->use) HX_TRY(regress(s, w, err));
    hx_json_end_object(w);
    return HX_OK;
}

static hx_status write_json(const survival *s, hx_arena *arena, hx_str *json, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&w, &b);
    hx_status st = put_all(s, &w, err);
    if (st == HX_OK) st = hx_buf_status(&b, "figures", err);
    if (st == HX_OK) *json = hx_arena_str(arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st != HX_OK || json->ptr ? st : no_memory(err);
}

hx_status hx_survival(const hx_table *t, const hx_survival_options *o, hx_arena *arena,
                      hx_str *json, hx_error *err) {
    survival s = {.t = t, .o = o, .arena = hx_arena_new(ARENA_MAX)};
    *json = (hx_str){0};
    if (!s.arena) return no_memory(err);
    hx_status st =
        o->time && o->event
            ? read_lives(&s, err)
            : hx_fail(err, HX_EINVAL, "survival needs the columns of --time and of --event");
    if (st == HX_OK) st = read_groups(&s, err);
    if (st == HX_OK) st = write_json(&s, arena, json, err);
    hx_arena_free(s.arena);
    return st;
}
