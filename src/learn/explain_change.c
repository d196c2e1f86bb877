/* explain_change.c - what would have to change in a row for another answer: counterfactuals of few columns, with values that other rows have.
 *
 * The goal is a gap that must become negative: another class is ahead, or the answer is beyond a limit. Columns that may change are tried one by one with
 * values seen in the table (a row's own stay possible), then the best unfinished states get one more column: a beam of BEAM states, DEPTH_MAX columns.
 * What reaches the goal is made smaller: changes that are not needed are taken back, numbers go as near to the row's own as seen values allow.
 *
 *     cost = sum over changed columns of 0.5 + |difference| / (90th - 10th percentile); texts: 0.5 + 1;
 *            what was missing: 0.5 + 1 + |value - median| / (90th - 10th percentile)
 *
 * Nothing is said about cause: the model's answer changes, not the world. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "learn/explain.h"

#define DEPTH_MAX 4
#define BEAM ((size_t)12)
#define VALUES_MAX ((size_t)24) /* tried of a column */
#define NEAR_MAX ((size_t)200) /* tried on the way back */
#define COLUMNS_LATER ((size_t)40) /* tried as a second, third, ... change */
#define FOUND_MAX ((size_t)400)
#define SHOWN_MAX ((size_t)3)
#define COST_A_COLUMN 0.5

typedef struct {
    size_t n, columns[DEPTH_MAX];
    double cells[DEPTH_MAX], gap, cost;
} state;

typedef struct {
    double *values, scale, middle; /* (n) to try; the median */
    size_t n;
    bool fixed;
    double best; /* least gap by this column alone */
} choice;

typedef struct {
    const hx_explaining *e;
    const double *row; /* (n_columns) its cells */
    enum { CLASS, ABOVE, BELOW } goal;
    size_t wanted; /* CLASS */
    double limit;
    choice *choices; /* (n_columns) */
    double *cells, *x, *said, *gaps; /* room for NEAR_MAX rows */
    state beam[BEAM], next[BEAM];
    size_t n_beam, n_next;
    state *found; /* (FOUND_MAX) */
    size_t n_found;
} search;

/* ------------------------------------------------------------------ the goal */
static bool limit_of(hx_str want, const char *lead, double *out) {
    const size_t n = strlen(lead);
    if (want.len <= n || memcmp(want.ptr, lead, n) != 0) return false;
    *out = hx_double_of((hx_str){want.ptr + n, want.len - n});
    return isfinite(*out);
}

static hx_status wanted_of(search *s, const char *want, hx_error *err) {
    const hx_explaining *e = s->e;
    for (size_t k = 0; k < e->l->n_classes && e->classes; k++)
        if (strcmp(want, e->l->classes[k]) == 0) {
            s->goal = CLASS;
            s->wanted = k;
            return HX_OK;
        }
    s->goal = limit_of(hx_str_of(want), "above ", &s->limit) ? ABOVE : BELOW;
    if (s->goal == ABOVE || limit_of(hx_str_of(want), "below ", &s->limit)) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "what is wanted is a class the model knows, 'above NUMBER' or 'below NUMBER', "
                   "not '%s'",
                   want);
}

/* Of classes without a wish: the one that comes second. */
static hx_status goal_of(search *s, hx_error *err) {
    const hx_explaining *e = s->e;
    const size_t n = e->l->n_classes;
    if (e->o->want) return wanted_of(s, e->o->want, err);
    if (!e->classes)
        return hx_fail(err, HX_EINVAL,
                       "say what is wanted by --want 'above NUMBER' or 'below NUMBER'");
    HX_TRY(e->l->estimator->predict(e->l->state, e->x + e->row * e->d, 1, 1, s->said, err));
    size_t first = 0, second = SIZE_MAX;
    for (size_t k = 1; k < n; k++)
        if (s->said[k] > s->said[first]) first = k;
    for (size_t k = 0; k < n; k++)
        if (k != first && (second == SIZE_MAX || s->said[k] > s->said[second])) second = k;
    s->goal = CLASS;
    s->wanted = second;
    return HX_OK;
}

static double gap_of(const search *s, const double *said) {
    const hx_explaining *e = s->e;
    const double answer = said[e->classes ? e->class : 0];
    double most = -INFINITY;
    if (s->goal != CLASS) return s->goal == ABOVE ? s->limit - answer : answer - s->limit;
    for (size_t k = 0; k < e->l->n_classes; k++)
        if (k != s->wanted) most = fmax(most, said[k]);
    return most - said[s->wanted];
}

/* Gaps of the first n rows of s->cells. */
static hx_status ask(search *s, size_t n, hx_error *err) {
    const hx_explaining *e = s->e;
    if (hx_flag_is_raised(e->o->cancel))
        return hx_fail(err, HX_ECANCELLED, "the explanation was stopped");
    hx_explain_features(e, s->cells, n, s->x);
    HX_TRY(e->l->estimator->predict(e->l->state, s->x, n, e->n_threads, s->said, err));
    for (size_t i = 0; i < n; i++)
        s->gaps[i] = gap_of(s, s->said + i * (e->classes ? e->l->n_classes : 1));
    return HX_OK;
}

/* Row i of s->cells: the row with a state's changes. */
static double *put_state(search *s, size_t i, const state *of) {
    double *cells = s->cells + i * s->e->n_columns;
    memcpy(cells, s->row, s->e->n_columns * sizeof *cells);
    for (size_t k = 0; k < of->n; k++)
        cells[of->columns[k]] = of->cells[k];
    return cells;
}

/* ------------------------------------------------------------------ what may change */
static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Cells of a column in ascending order, repeats kept; *n of them. */
static double *sorted_cells(const hx_explaining *e, size_t column, size_t *n) {
    double *v = hx_arena_alloc(e->arena, (e->n + 1) * sizeof *v);
    *n = 0;
    for (size_t i = 0; i < e->n && v; i++)
        if (isfinite(e->cells[i * e->n_columns + column]))
            v[(*n)++] = e->cells[i * e->n_columns + column];
    if (v) qsort(v, *n, sizeof *v, by_value);
    return v;
}

static hx_status choices_of(search *s, size_t column, hx_error *err) {
    const hx_explaining *e = s->e;
    const hx_design_column *c = &e->design->columns[column];
    choice *to = &s->choices[column];
    size_t n;
    const double *v = sorted_cells(e, column, &n);
    to->fixed = c->tokens > 0;
    to->values = hx_arena_alloc(e->arena, (VALUES_MAX + 1) * sizeof *to->values);
    if (!v || !to->values) return hx_explain_no_memory(err);
    to->best = INFINITY;
    to->scale = n > 0 ? v[(n - 1) * 9 / 10] - v[(n - 1) / 10] : 0;
    to->middle = n > 0 ? v[n / 2] : 0;
    if (!(to->scale > 0)) to->scale = n > 0 && v[n - 1] > v[0] ? v[n - 1] - v[0] : 1;
    if (c->tokens) return HX_OK; /* its cells are rows: nothing to choose among */
    if (c->kind == HX_KIND_TEXT) {
        HX_TRY(hx_explain_grid(e, column, VALUES_MAX, &to->values, &to->n, err));
        while (to->n > 0 && to->values[to->n - 1] >= (double)c->n_levels)
            to->n--; /* "other" is no value one can take */
        return HX_OK;
    }
    for (size_t k = 0; k < VALUES_MAX && n > 0; k++) {
        const double value = v[k * (n - 1) / (VALUES_MAX - 1)];
        if (to->n == 0 || value != to->values[to->n - 1]) to->values[to->n++] = value;
    }
    return HX_OK;
}

static hx_status fix_columns(search *s, hx_error *err) {
    const char *at = s->e->o->fixed;
    while (at && *at) {
        const size_t len = strcspn(at, ",");
        size_t c = 0;
        while (c < s->e->n_columns &&
               !hx_str_equal((hx_str){at, len}, hx_str_of(s->e->design->columns[c].name)))
            c++;
        if (c == s->e->n_columns)
            return hx_fail(err, HX_ENOTFOUND, "the model reads no column '%.*s'",
                           HX_STR_ARG(((hx_str){at, len})));
        s->choices[c].fixed = true;
        at += len + (at[len] == ',');
    }
    return HX_OK;
}

static double cost_of(const search *s, const state *of) {
    double sum = 0;
    for (size_t k = 0; k < of->n; k++) {
        const size_t c = of->columns[k];
        const double was = s->row[c];
        if (s->e->design->columns[c].kind == HX_KIND_TEXT)
            sum += COST_A_COLUMN + 1;
        else if (isfinite(was))
            sum += COST_A_COLUMN + fabs(of->cells[k] - was) / s->choices[c].scale;
        else
            sum +=
                COST_A_COLUMN + 1 + fabs(of->cells[k] - s->choices[c].middle) / s->choices[c].scale;
    }
    return sum;
}

/* ------------------------------------------------------------------ the search */
/* Least gap first, and of equal ones least cost. */
static bool better(const state *a, const state *b) {
    return a->gap < b->gap || (!(b->gap < a->gap) && a->cost < b->cost);
}

static void keep_for_later(search *s, const state *one) {
    size_t at = s->n_next;
    if (at == BEAM && !better(one, &s->next[BEAM - 1])) return;
    if (at == BEAM) at--;
    for (; at > 0 && better(one, &s->next[at - 1]); at--)
        s->next[at] = s->next[at - 1];
    s->next[at] = *one;
    if (s->n_next < BEAM) s->n_next++;
}

static bool changes(const state *of, size_t column) {
    for (size_t k = 0; k < of->n; k++)
        if (of->columns[k] == column) return true;
    return false;
}

static hx_status try_column(search *s, const state *from, size_t column, hx_error *err) {
    choice *c = &s->choices[column];
    state best = {.gap = INFINITY}, cheapest = {.cost = INFINITY};
    for (size_t k = 0; k < c->n; k++)
        put_state(s, k, from)[column] = c->values[k];
    HX_TRY(ask(s, c->n, err));
    for (size_t k = 0; k < c->n; k++) {
        state one = *from;
        if (c->values[k] == s->row[column]) continue;
        one.columns[one.n] = column;
        one.cells[one.n++] = c->values[k];
        one.gap = s->gaps[k];
        one.cost = cost_of(s, &one);
        if (one.gap < c->best) c->best = one.gap;
        if (one.gap < 0 && one.cost < cheapest.cost) cheapest = one;
        if (better(&one, &best)) best = one;
    }
    if (isfinite(cheapest.cost) && s->n_found < FOUND_MAX) s->found[s->n_found++] = cheapest;
    if (best.gap >= 0 && isfinite(best.gap)) keep_for_later(s, &best);
    return HX_OK;
}

/* Columns that go on: those whose own best gap is least. */
static void drop_columns(search *s) {
    const size_t n = s->e->n_columns;
    for (size_t c = 0; c < n && n > COLUMNS_LATER; c++) {
        size_t ahead = 0;
        for (size_t k = 0; k < n; k++)
            ahead += s->choices[k].best < s->choices[c].best ||
                     (s->choices[k].best == s->choices[c].best && k < c);
        if (ahead >= COLUMNS_LATER) s->choices[c].fixed = true;
    }
}

static hx_status look(search *s, hx_error *err) {
    s->beam[0] = (state){0};
    s->n_beam = 1;
    for (size_t depth = 1; depth <= DEPTH_MAX && s->n_beam > 0; depth++) {
        s->n_next = 0;
        for (size_t b = 0; b < s->n_beam; b++)
            for (size_t c = 0; c < s->e->n_columns; c++)
                if (!s->choices[c].fixed && !changes(&s->beam[b], c))
                    HX_TRY(try_column(s, &s->beam[b], c, err));
        if (s->n_found >= SHOWN_MAX) break;
        if (depth == 1) drop_columns(s);
        memcpy(s->beam, s->next, sizeof s->beam);
        s->n_beam = s->n_next;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ smaller changes */
/* Takes back what is not needed. */
static hx_status take_back(search *s, state *of, hx_error *err) {
    for (size_t k = of->n; k-- > 0 && of->n > 1;) {
        state less = *of;
        less.n--;
        for (size_t i = k; i < less.n; i++) {
            less.columns[i] = less.columns[i + 1];
            less.cells[i] = less.cells[i + 1];
        }
        put_state(s, 0, &less);
        HX_TRY(ask(s, 1, err));
        if (s->gaps[0] < 0) *of = less;
    }
    return HX_OK;
}

/* The nearest seen value between the row's own and the one that was found. */
static hx_status go_near(search *s, state *of, size_t k, hx_error *err) {
    const size_t column = of->columns[k];
    const double was = s->row[column], now = of->cells[k];
    double *v;
    size_t n, kept = 0;
    if (s->e->design->columns[column].kind == HX_KIND_TEXT || !isfinite(was)) return HX_OK;
    HX_TRY(hx_explain_distinct(s->e, column, &v, &n, err));
    for (size_t i = 0; i < n; i++)
        if (v[i] != was && (v[i] > was) == (now > was) && fabs(v[i] - was) < fabs(now - was))
            v[kept++] = v[i];
    const size_t tried = kept < NEAR_MAX ? kept : NEAR_MAX;
    for (size_t i = 0; i < tried; i++)
        put_state(s, i, of)[column] = v[i * kept / tried];
    if (tried == 0) return HX_OK;
    HX_TRY(ask(s, tried, err));
    for (size_t i = 0; i < tried; i++) {
        const double value = v[i * kept / tried];
        if (s->gaps[i] < 0 && fabs(value - was) < fabs(of->cells[k] - was)) of->cells[k] = value;
    }
    return HX_OK;
}

static hx_status make_smaller(search *s, state *of, hx_error *err) {
    HX_TRY(take_back(s, of, err));
    for (size_t k = 0; k < of->n; k++)
        HX_TRY(go_near(s, of, k, err));
    of->cost = cost_of(s, of);
    return HX_OK;
}

static int by_cost(const void *a, const void *b) {
    const state *x = a, *y = b;
    if (x->cost != y->cost) return x->cost < y->cost ? -1 : 1;
    return (x->columns[0] > y->columns[0]) - (x->columns[0] < y->columns[0]);
}

/* Whether all columns of `few` change in `many` too. */
static bool within(const state *few, const state *many) {
    for (size_t k = 0; k < few->n; k++)
        if (!changes(many, few->columns[k])) return false;
    return true;
}

/* The cheapest, none of which changes all columns of another. */
static hx_status choose_shown(search *s, state *shown, size_t *n, hx_error *err) {
    for (size_t i = 0; i < s->n_found; i++)
        HX_TRY(make_smaller(s, &s->found[i], err));
    qsort(s->found, s->n_found, sizeof *s->found, by_cost);
    *n = 0;
    for (size_t i = 0; i < s->n_found && *n < SHOWN_MAX; i++) {
        bool known = false;
        for (size_t k = 0; k < *n; k++)
            known = known || within(&shown[k], &s->found[i]) || within(&s->found[i], &shown[k]);
        if (!known) shown[(*n)++] = s->found[i];
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ writing */
static hx_status put_shown(search *s, const state *of, hx_json_writer *w, hx_error *err) {
    const hx_explaining *e = s->e;
    put_state(s, 0, of);
    HX_TRY(ask(s, 1, err));
    hx_json_object(w);
    hx_explain_put_number(w, "answer",
                          s->said[s->goal == CLASS ? s->wanted
                                  : e->classes     ? e->class
                                                   : 0]);
    hx_explain_put_number(w, "cost", of->cost);
    hx_json_key(w, "changes");
    hx_json_array(w);
    for (size_t k = 0; k < of->n; k++) {
        const size_t c = of->columns[k];
        hx_json_object(w);
        hx_json_key(w, "column");
        hx_json_cstr(w, e->design->columns[c].name);
        hx_json_key(w, "from");
        hx_explain_put_table_cell(e, c, e->row, w);
        hx_json_key(w, "to");
        hx_explain_put_cell(e, c, of->cells[k], w);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
    return HX_OK;
}

static hx_status put_answer(search *s, hx_json_writer *w, hx_error *err) {
    state shown[SHOWN_MAX], none = {0};
    size_t n = 0;
    put_state(s, 0, &none);
    HX_TRY(ask(s, 1, err));
    const bool there = s->gaps[0] < 0;
    hx_json_key(w, "counterfactual");
    hx_json_object(w);
    hx_json_key(w, "wanted");
    if (s->goal == CLASS) {
        hx_json_cstr(w, s->e->l->classes[s->wanted]);
    } else {
        hx_json_object(w);
        hx_explain_put_number(w, s->goal == ABOVE ? "above" : "below", s->limit);
        hx_json_end_object(w);
    }
    hx_explain_put_number(w, "answer",
                          s->said[s->goal == CLASS ? s->wanted
                                  : s->e->classes  ? s->e->class
                                                   : 0]);
    hx_json_key(w, "already");
    hx_json_bool(w, there);
    hx_status st = there ? HX_OK : look(s, err);
    if (st == HX_OK) st = choose_shown(s, shown, &n, err);
    hx_json_key(w, "found");
    hx_json_array(w);
    for (size_t i = 0; i < n && st == HX_OK; i++)
        st = put_shown(s, &shown[i], w, err);
    hx_json_end_array(w);
    hx_json_end_object(w);
    return st;
}

hx_status hx_explain_change(const hx_explaining *e, hx_json_writer *w, hx_error *err) {
    const size_t width = e->classes ? e->l->n_classes : 1;
    search *s = hx_arena_alloc(e->arena, sizeof *s);
    if (!s) return hx_explain_no_memory(err);
    *s = (search){.e = e,
                  .row = e->cells + e->row * e->n_columns,
                  .choices = hx_arena_alloc(e->arena, (e->n_columns + 1) * sizeof *s->choices),
                  .cells = hx_arena_alloc(e->arena, NEAR_MAX * e->n_columns * sizeof *s->cells),
                  .x = hx_arena_alloc(e->arena, NEAR_MAX * e->d * sizeof *s->x),
                  .said = hx_arena_alloc(e->arena, NEAR_MAX * width * sizeof *s->said),
                  .gaps = hx_arena_alloc(e->arena, NEAR_MAX * sizeof *s->gaps),
                  .found = hx_arena_alloc(e->arena, FOUND_MAX * sizeof *s->found)};
    if (!s->choices || !s->cells || !s->x || !s->said || !s->gaps || !s->found)
        return hx_explain_no_memory(err);
    HX_TRY(goal_of(s, err));
    for (size_t c = 0; c < e->n_columns; c++)
        HX_TRY(choices_of(s, c, err));
    HX_TRY(fix_columns(s, err));
    return put_answer(s, w, err);
}
