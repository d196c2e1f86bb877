/* design.c - fits a design to the training rows: which columns are features, which values they have; see problem.h.
 *
 * Values of a text column get a feature where they occur in two rows at least; of more than HX_LEVELS_MAX - 1 the commonest stay, the first in
 * bytewise order among equals. A feature's name is the column's, "COLUMN=VALUE", "COLUMN=other" or "COLUMN is missing".
 *
 * With o->leave_ids a text is left out of which values in five rows or more (a twentieth of the rows where that is less, but two) have less than a tenth of
 * the rows, unless --use names it:
 * what its values would tell is chance. Not of fewer than IDS_FROM rows, nor where nothing else is there.
 *
 * All that is learnt here (means, values, classes, scales) comes from the rows it is given: the training's. */
#include "learn/design.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"

#define ARENA_MAX ((size_t)64 << 30)
#define BLOCK ((size_t)4096)
#define IDS_FROM 20 /* rows from which on ids are looked for */
#define FEW_VALUES 10 /* of a number: classes unless told otherwise */
#define MANY_TEXTS 100 /* different texts of a target that are classes without being asked for */
#define FEW_ROWS 5 /* of each of them */

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
}

static const char *copy(hx_design *d, hx_str s) {
    return hx_arena_str(d->arena, s).ptr;
}

/* ------------------------------------------------------------------ which columns */
static hx_status find(const hx_table *t, const char *name, size_t *column, hx_error *err) {
    *column = HX_COLUMN_NONE;
    if (!name || !name[0]) return HX_OK;
    *column = hx_table_find(t, hx_str_of(name));
    if (*column != HX_COLUMN_NONE) return HX_OK;
    return hx_fail(err, HX_ENOTFOUND, "there is no column '%s'", name);
}

static bool is_in(size_t column, const size_t *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (list[i] == column) return true;
    return false;
}

typedef struct {
    size_t target, event, weight;
} special_columns;

static hx_status choose_columns(hx_design *d, const hx_table *t, const hx_design_options *o,
                                const special_columns *s, size_t **chosen, size_t *n_chosen,
                                hx_error *err) {
    size_t *use = NULL, *drop = NULL, n_use = 0, n_drop = 0, n = 0;
    HX_TRY(hx_table_find_list(t, o->use, d->arena, &use, &n_use, err));
    if (o->drop && o->drop[0])
        HX_TRY(hx_table_find_list(t, o->drop, d->arena, &drop, &n_drop, err));
    for (size_t i = 0; i < n_use; i++) {
        size_t c = use[i];
        if (c == s->target || c == s->event || c == s->weight || is_in(c, drop, n_drop)) continue;
        use[n++] = c;
    }
    if (n == 0)
        return hx_fail(err, HX_EINVAL, "no column is left to learn from; say which ones by --use");
    *chosen = use;
    *n_chosen = n;
    return HX_OK;
}

/* ------------------------------------------------------------------ texts */
typedef struct {
    hx_str value;
    size_t count;
} counted;

static int by_count(const void *a, const void *b) {
    const counted *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return hx_str_compare(x->value, y->value);
}

static int by_value(const void *a, const void *b) {
    return hx_str_compare(((const counted *)a)->value, ((const counted *)b)->value);
}

static hx_status count_values(const hx_table *t, size_t column, counted **out, size_t *n,
                              hx_error *err) {
    size_t rows = hx_table_rows(t);
    uint32_t codes[BLOCK];
    *n = hx_table_column_at(t, column)->n_values;
    counted *c = calloc(*n + 1, sizeof *c);
    if (!c) return no_memory(err);
    for (uint32_t k = 0; k < *n; k++)
        c[k].value = hx_table_value(t, column, k);
    for (size_t i = 0; i < rows; i += BLOCK) {
        size_t m = rows - i < BLOCK ? rows - i : BLOCK;
        hx_table_codes(t, column, i, m, codes);
        for (size_t k = 0; k < m; k++)
            if (codes[k] != HX_CODE_MISSING) c[codes[k]].count++;
    }
    *out = c;
    return HX_OK;
}

static hx_status keep_levels(hx_design *d, hx_design_column *c, counted *values, size_t n,
                             size_t enough, hx_error *err) {
    size_t kept = 0;
    qsort(values, n, sizeof *values, by_count);
    while (kept < n && kept < HX_LEVELS_MAX - 1 && values[kept].count >= enough)
        kept++;
    c->others = kept < n && values[kept].count > 0;
    qsort(values, kept, sizeof *values, by_value);
    c->levels = hx_arena_alloc(d->arena, (kept + 1) * sizeof *c->levels);
    if (!c->levels) return no_memory(err);
    for (size_t k = 0; k < kept; k++)
        if (!(c->levels[k] = copy(d, values[k].value))) return no_memory(err);
    c->n_levels = kept;
    return HX_OK;
}

static hx_status fit_text(hx_design *d, hx_design_column *c, const hx_table *t, size_t column,
                          hx_error *err) {
    counted *values = NULL;
    size_t n = 0;
    HX_TRY(count_values(t, column, &values, &n, err));
    hx_status st = keep_levels(d, c, values, n, 2, err);
    free(values);
    return st;
}

/* ------------------------------------------------------------------ numbers */
static void fit_number(hx_design_column *c, const hx_table *t, size_t column) {
    size_t rows = hx_table_rows(t), n = 0;
    double x[BLOCK], sum = 0;
    for (size_t i = 0; i < rows; i += BLOCK) {
        size_t m = rows - i < BLOCK ? rows - i : BLOCK;
        hx_table_numbers(t, column, i, m, x);
        for (size_t k = 0; k < m; k++)
            if (isfinite(x[k])) sum += x[k], n++;
    }
    c->mean = n ? sum / (double)n : 0;
    if (c->kind == HX_KIND_TIME) c->mean /= HX_DESIGN_DAY_MS;
}

/* ------------------------------------------------------------------ what tells rows apart and nothing else */
static hx_status tells_rows_alone(const hx_table *t, size_t column, bool *id, hx_error *err) {
    const size_t rows = hx_table_rows(t), least = rows / 20 > 5 ? 5 : rows / 20 > 2 ? rows / 20 : 2;
    counted *values = NULL;
    size_t n = 0, different = 0, all = 0, repeated = 0;
    *id = false;
    if (hx_table_column_at(t, column)->kind != HX_KIND_TEXT) return HX_OK;
    HX_TRY(count_values(t, column, &values, &n, err));
    for (size_t k = 0; k < n; k++) {
        different += values[k].count > 0;
        all += values[k].count;
        if (values[k].count >= least) repeated += values[k].count;
    }
    free(values);
    *id = different > 2 && repeated * 10 < all;
    return HX_OK;
}

/* Of the first n chosen columns; those behind stay. */
static hx_status leave_ids(hx_design *d, const hx_table *t, size_t *chosen, size_t *n_chosen,
                           size_t n, hx_error *err) {
    size_t kept = 0, all = *n_chosen;
    d->left_out = hx_arena_alloc(d->arena, (n + 1) * sizeof *d->left_out);
    size_t *keep = hx_arena_alloc(d->arena, (all + 1) * sizeof *keep);
    if (!d->left_out || !keep) return no_memory(err);
    for (size_t i = 0; i < all; i++) {
        bool id = false;
        if (i < n) HX_TRY(tells_rows_alone(t, chosen[i], &id, err));
        if (!id) {
            keep[kept++] = chosen[i];
            continue;
        }
        const char *name = copy(d, hx_table_column_at(t, chosen[i])->name);
        if (!name) return no_memory(err);
        d->left_out[d->n_left_out++] = name;
    }
    if (kept == 0) {
        d->n_left_out = 0;
        return HX_OK;
    }
    memcpy(chosen, keep, kept * sizeof *chosen);
    *n_chosen = kept;
    return HX_OK;
}

static hx_status fit_columns(hx_design *d, const hx_table *t, const size_t *chosen, size_t n,
                             const hx_design_options *o, bool text, hx_error *err) {
    d->columns = hx_arena_alloc(d->arena, n * sizeof *d->columns);
    d->column_names = hx_arena_alloc(d->arena, n * sizeof *d->column_names);
    if (!d->columns || !d->column_names) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const hx_table_column *from = hx_table_column_at(t, chosen[i]);
        hx_design_column *c = &d->columns[i];
        c->kind = from->kind;
        c->had_missing = from->missing > 0;
        if (!(c->name = copy(d, from->name))) return no_memory(err);
        d->column_names[i] = c->name;
        if (text && i + 1 == n)
            HX_TRY(hx_design_fit_tokens(d, c, t, chosen[i], o, err));
        else if (c->kind == HX_KIND_TEXT)
            HX_TRY(fit_text(d, c, t, chosen[i], err));
        else
            fit_number(c, t, chosen[i]);
    }
    d->n_columns = n;
    return HX_OK;
}

/* ------------------------------------------------------------------ the target */
static int by_number(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distinct values of a column of numbers in ascending order, at most `most`; returns how many there are, or most + 1. */
static size_t distinct_numbers(const hx_table *t, size_t column, double *values, size_t most) {
    size_t rows = hx_table_rows(t), n = 0;
    double x[BLOCK];
    for (size_t i = 0; i < rows; i += BLOCK) {
        size_t m = rows - i < BLOCK ? rows - i : BLOCK;
        hx_table_numbers(t, column, i, m, x);
        for (size_t k = 0; k < m; k++) {
            if (isnan(x[k]) ||
                (n > 0 && bsearch(&x[k], values, n, sizeof *values, by_number) != NULL))
                continue;
            if (n == most) return most + 1;
            values[n++] = x[k];
            qsort(values, n, sizeof *values, by_number);
        }
    }
    return n;
}

static hx_learn_task task_of(const hx_table *t, size_t target) {
    double few[FEW_VALUES];
    const hx_table_column *c = hx_table_column_at(t, target);
    if (c->kind == HX_KIND_TEXT || c->kind == HX_KIND_BOOLEAN) return HX_TASK_CLASSES;
    if (c->kind == HX_KIND_TIME || !c->integer) return HX_TASK_REGRESSION;
    return distinct_numbers(t, target, few, FEW_VALUES) <= FEW_VALUES ? HX_TASK_CLASSES
                                                                      : HX_TASK_REGRESSION;
}

static hx_status text_classes(hx_design *d, const hx_table *t, size_t target, hx_error *err) {
    counted *values = NULL;
    size_t n = 0, kept = 0;
    HX_TRY(count_values(t, target, &values, &n, err));
    for (size_t k = 0; k < n; k++)
        if (values[k].count > 0) values[kept++] = values[k];
    qsort(values, kept, sizeof *values, by_value);
    bool fits = kept <= HX_CLASSES_MAX;
    if (fits) d->classes = hx_arena_alloc(d->arena, (kept + 1) * sizeof *d->classes);
    bool ok = fits && d->classes;
    for (size_t k = 0; k < kept && ok; k++)
        ok = (d->classes[k] = copy(d, values[k].value)) != NULL;
    free(values);
    d->n_classes = kept;
    if (!fits)
        return hx_fail(err, HX_ELIMIT, "the target '%s' has %zu classes, more than %d", d->target,
                       kept, HX_CLASSES_MAX);
    return ok ? HX_OK : no_memory(err);
}

/* The text of a number as the classes have it: as short as it can be. */
static const char *number_name(hx_design *d, hx_kind kind, double x) {
    char room[40];
    if (kind == HX_KIND_BOOLEAN) return copy(d, hx_str_of(x != 0 ? "true" : "false"));
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, sizeof room);
    hx_json_begin(&w, &b);
    hx_json_double(&w, x);
    hx_str s = hx_buf_str(&b);
    if (s.len > 2 && memcmp(s.ptr + s.len - 2, ".0", 2) == 0) s.len -= 2;
    const char *name = copy(d, s);
    hx_buf_release(&b);
    return name;
}

static hx_status number_classes(hx_design *d, const hx_table *t, size_t target, hx_error *err) {
    double *values = hx_arena_alloc(d->arena, HX_CLASSES_MAX * sizeof *values);
    if (!values) return no_memory(err);
    size_t n = distinct_numbers(t, target, values, HX_CLASSES_MAX);
    d->class_values = values;
    bool ok = n <= HX_CLASSES_MAX &&
              (d->classes = hx_arena_alloc(d->arena, (n + 1) * sizeof *d->classes)) != NULL;
    for (size_t k = 0; k < n && ok; k++)
        ok = (d->classes[k] = number_name(d, d->target_kind, values[k])) != NULL;
    d->n_classes = n;
    if (n > HX_CLASSES_MAX)
        return hx_fail(err, HX_ELIMIT, "the target '%s' has more than %d classes", d->target,
                       HX_CLASSES_MAX);
    return ok ? HX_OK : no_memory(err);
}

/* Texts that nobody asked to be told apart: numbers with a few texts among them, or hardly any two rows alike. */
static hx_status many_texts(const hx_design *d, const hx_table *t, size_t target, hx_error *err) {
    const size_t n = hx_table_column_at(t, target)->n_values, rows = hx_table_rows(t);
    size_t numbers = 0;
    hx_str other = {0};
    if (n <= MANY_TEXTS) return HX_OK;
    for (uint32_t k = 0; k < n; k++) {
        const hx_str value = hx_table_value(t, target, k);
        if (!isnan(hx_double_of(value)))
            numbers++;
        else if (!other.ptr)
            other = value;
    }
    if (numbers > n / 2)
        return hx_fail(err, HX_EINVAL,
                       "the target '%s' holds numbers, but also texts such as '%.*s'; make numbers "
                       "of them (huaxiang table convert FILE --columns %s --from 1 --to 1 --out "
                       "NEW.csv), name texts that mean no value in --missing, or say --task "
                       "classes if each value is a class",
                       d->target, HX_STR_ARG(other), d->target);
    if (rows / n >= FEW_ROWS) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "the target '%s' has %zu different texts in %zu rows, too few of each to tell "
                   "them apart; take another column, leave rare ones out by --where, or say "
                   "--task classes if each is a class",
                   d->target, n, rows);
}

static hx_status fit_classes(hx_design *d, const hx_table *t, size_t target, hx_error *err) {
    HX_TRY(d->target_kind == HX_KIND_TEXT ? text_classes(d, t, target, err)
                                          : number_classes(d, t, target, err));
    if (d->n_classes >= 2) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "the target '%s' has only one class, '%s': nothing can be told apart", d->target,
                   d->n_classes ? d->classes[0] : "");
}

static hx_status fit_target(hx_design *d, const hx_table *t, const hx_design_options *o,
                            const special_columns *s, hx_error *err) {
    d->task = o->task;
    if (s->target == HX_COLUMN_NONE) {
        if (d->task == HX_TASK_AUTO) d->task = HX_TASK_OUTLIERS;
        if (d->task == HX_TASK_OUTLIERS) return HX_OK;
        return hx_fail(err, HX_EINVAL, "say which column is to be learnt by --target");
    }
    d->target_kind = hx_table_column_at(t, s->target)->kind;
    const bool asked = d->task != HX_TASK_AUTO;
    if (!asked) d->task = task_of(t, s->target);
    if (!asked && d->target_kind == HX_KIND_TEXT) HX_TRY(many_texts(d, t, s->target, err));
    if (d->task == HX_TASK_CLASSES) return fit_classes(d, t, s->target, err);
    if (d->target_kind == HX_KIND_TEXT)
        return hx_fail(err, HX_EINVAL, "the target '%s' holds texts, not numbers", d->target);
    return HX_OK;
}

/* ------------------------------------------------------------------ scaling */
/* Tokens are ids. Beside n-grams, of which a row has length 1, values of texts stay zeros and ones: scaled, one of a thousand rows would outweigh all its
 * n-grams thirtyfold, and every row would hold all values. */
static bool stays(const hx_design *d, size_t feature) {
    const hx_design_column *c = &d->columns[d->feature_columns[feature]];
    const bool reads = d->n_columns > 0 && d->columns[d->n_columns - 1].tokens;
    return c->tokens || (reads && c->kind == HX_KIND_TEXT && d->deviations[feature] > 0);
}

static hx_status fit_scale(hx_design *d, const hx_table *t, hx_error *err) {
    double *means = hx_arena_alloc(d->arena, (d->d + 1) * sizeof *means);
    double *deviations = hx_arena_alloc(d->arena, (d->d + 1) * sizeof *deviations);
    hx_arena *scratch = hx_arena_new(ARENA_MAX);
    hx_problem p;
    hx_status st = means && deviations && scratch ? HX_OK : no_memory(err);
    if (st == HX_OK) st = hx_design_problem(d, t, false, scratch, &p, err);
    d->means = means;
    d->deviations = deviations;
    for (size_t j = 0; j < d->d && st == HX_OK; j++) {
        double sum = 0, squares = 0;
        size_t n = 0;
        for (size_t i = 0; i < p.n; i++)
            if (isfinite(p.x[i * p.d + j])) sum += p.x[i * p.d + j], n++;
        means[j] = n ? sum / (double)n : 0;
        for (size_t i = 0; i < p.n; i++)
            if (isfinite(p.x[i * p.d + j]))
                squares += (p.x[i * p.d + j] - means[j]) * (p.x[i * p.d + j] - means[j]);
        deviations[j] = n ? sqrt(squares / (double)n) : 0;
        if (stays(d, j)) means[j] = 0, deviations[j] = 1;
    }
    hx_arena_free(scratch);
    return st;
}

/* ------------------------------------------------------------------ all of it */
static hx_status fit(hx_design *d, const hx_table *t, const hx_design_options *o, hx_error *err) {
    special_columns s;
    size_t *chosen = NULL, n = 0;
    bool text = false;
    HX_TRY(find(t, o->target, &s.target, err));
    HX_TRY(find(t, o->event, &s.event, err));
    HX_TRY(find(t, o->weight, &s.weight, err));
    if (hx_table_rows(t) == 0)
        return hx_fail(err, HX_EINVAL, "the table has no rows to learn from");
    d->target = copy(d, hx_str_of(o->target));
    d->event = copy(d, hx_str_of(o->event));
    d->weight = copy(d, hx_str_of(o->weight));
    if (!d->target || !d->event || !d->weight) return no_memory(err);
    HX_TRY(fit_target(d, t, o, &s, err));
    HX_TRY(choose_columns(d, t, o, &s, &chosen, &n, err));
    HX_TRY(hx_design_choose_text(d, t, o, &chosen, &n, &text, err));
    if (o->leave_ids && !(o->use && o->use[0]) && hx_table_rows(t) >= IDS_FROM)
        HX_TRY(leave_ids(d, t, chosen, &n, n - text, err));
    HX_TRY(fit_columns(d, t, chosen, n, o, text, err));
    HX_TRY(hx_design_name_features(d, err));
    return d->wants & HX_WANTS_SCALED ? fit_scale(d, t, err) : HX_OK;
}

hx_status hx_design_fit(hx_design **out, const hx_table *t, const hx_design_options *o,
                        hx_error *err) {
    hx_design *d = calloc(1, sizeof *d);
    if (!d || !(d->arena = hx_arena_new(ARENA_MAX))) {
        free(d);
        return no_memory(err);
    }
    d->wants = o->wants;
    hx_status st = fit(d, t, o, err);
    if (st != HX_OK) {
        hx_design_free(d);
        return st;
    }
    *out = d;
    return HX_OK;
}

void hx_design_free(hx_design *d) {
    if (!d) return;
    hx_arena_free(d->arena);
    free(d);
}

hx_learn_task hx_design_task(const hx_design *d) {
    return d->task;
}

hx_status hx_design_kinds(const hx_design *d, hx_arena *arena, hx_column_kind **out, size_t *n,
                          hx_error *err) {
    hx_column_kind *list = hx_arena_alloc(arena, (d->n_columns + 1) * sizeof *list);
    if (!list) return no_memory(err);
    for (size_t i = 0; i < d->n_columns; i++)
        list[i] = (hx_column_kind){hx_str_of(d->columns[i].name), d->columns[i].kind};
    *n = d->n_columns;
    if (d->task == HX_TASK_CLASSES && d->target[0])
        list[(*n)++] = (hx_column_kind){hx_str_of(d->target), d->target_kind};
    *out = list;
    return HX_OK;
}

const char *const *hx_design_left_out(const hx_design *d, size_t *n) {
    *n = d->n_left_out;
    return d->left_out;
}

const char *const *hx_design_columns(const hx_design *d, size_t *n) {
    *n = d->n_columns;
    return d->column_names;
}

void hx_design_names(const hx_design *d, const char *const **names, size_t *n_features,
                     const char *const **classes, size_t *n_classes) {
    *names = d->names;
    *n_features = d->d;
    *classes = d->classes;
    *n_classes = d->n_classes;
}
