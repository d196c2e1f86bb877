/* step_encode.c - the step "encode": categories as numbers.
 *
 *     onehot      a 0/1 column NAME_value for each value; "drop_first"; values rarer than `least` rows, or beyond the `most` commonest, share NAME_other
 *     ordinal     the place in `order`, else in the order of the texts, from 0
 *     frequency   the share of rows that have the value
 *     target      (sum of the target + smoothing * mean) / (rows + smoothing) over the rows that have the value (Micci-Barreca 2001)
 *     hash        `width` columns NAME_0...: +1 or -1 in one of them, by the hash of the value (Weinberger 2009); nothing is learnt
 *
 * Columns of texts and true/false, others where they are named. A missing value is a value of its own to target and frequency, all zeros in
 * onehot and hash, missing in ordinal. A value that was not there when the step was fitted is the mean to target, 0 to frequency, NAME_other or all
 * zeros in onehot, missing in ordinal.
 *
 * The rows that target was fitted on get the means of the rows outside their own fold, so that no row sees its own target; folds are drawn from
 * the seed and the row's number. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "frame/step_fit.h"

#define COLUMNS_MAX 4096
#define FOLDS_MAX 100
#define NAME_BYTES 1024

typedef enum { ONEHOT = 0, ORDINAL, FREQUENCY, TARGET, HASH } method;

typedef struct {
    hx_groups groups;
    double *
        value; /* [groups.n]: ordinal, frequency or target; onehot: its column, NaN = none, -1 = other */
} code;

typedef struct {
    hx_names names, order;
    int method;
    hx_str target, positive;
    bool drop_first, keep;
    int64_t least, most, width, folds;
    double smoothing;
    /* learnt */
    hx_names columns;
    code *codes; /* [columns.n] */
    double prior;
} encoding;

static const char *const methods[] = {"onehot", "ordinal", "frequency", "target", "hash", NULL};

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    encoding *s = state;
    HX_TRY(hx_step_names(spec, "columns", arena, &s->names, err));
    HX_TRY(hx_step_names(spec, "order", arena, &s->order, err));
    HX_TRY(hx_step_choice(spec, "method", methods, ONEHOT, &s->method, err));
    HX_TRY(hx_step_text(spec, "target", NULL, &s->target, err));
    HX_TRY(hx_step_text(spec, "positive", NULL, &s->positive, err));
    HX_TRY(hx_step_flag(spec, "drop_first", false, &s->drop_first, err));
    HX_TRY(hx_step_flag(spec, "keep", false, &s->keep, err));
    HX_TRY(hx_step_count(spec, "least", 1, 1, INT32_MAX, &s->least, err));
    HX_TRY(hx_step_count(spec, "most", COLUMNS_MAX, 1, COLUMNS_MAX, &s->most, err));
    HX_TRY(hx_step_count(spec, "width", 16, 2, COLUMNS_MAX, &s->width, err));
    HX_TRY(hx_step_count(spec, "folds", 5, 2, FOLDS_MAX, &s->folds, err));
    HX_TRY(hx_step_number(spec, "smoothing", 10, &s->smoothing, err));
    if (!(s->smoothing >= 0)) return hx_fail(err, HX_EINVAL, "'smoothing' has to be 0 or more");
    if (s->method == TARGET && s->target.len == 0)
        return hx_fail(err, HX_EINVAL, "the method 'target' needs a 'target' column");
    return HX_OK;
}

/* ------------------------------------------------------------------ the target */
/* Its values (rows), NaN where it is missing; texts: 1 for `positive`. */
static hx_status target_of(const encoding *s, const hx_table *t, hx_arena *room, double **out,
                           hx_error *err) {
    size_t column = 0;
    uint32_t *codes = NULL;
    HX_TRY(hx_step_column(t, s->target, &column, err));
    const hx_table_column *about = hx_table_column_at(t, column);
    if (about->kind != HX_KIND_TEXT) return hx_step_values(t, column, room, out, err);
    uint32_t positive = 0;
    if (s->positive.len > 0)
        positive = hx_step_code_of(t, column, s->positive);
    else if (about->n_values == 2)
        positive = hx_str_compare(hx_table_value(t, column, 0), hx_table_value(t, column, 1)) < 0;
    else
        return hx_fail(err, HX_EINVAL,
                       "the target '%.*s' has %zu values: name the one that counts as 'positive'",
                       HX_STR_ARG(s->target), about->n_values);
    HX_TRY(hx_step_codes(t, column, room, &codes, err));
    HX_TRY(hx_step_array(room, hx_table_rows(t), sizeof **out, out, err));
    for (size_t i = 0; i < hx_table_rows(t); i++)
        (*out)[i] = codes[i] == HX_CODE_MISSING ? (double)NAN : codes[i] == positive ? 1 : 0;
    return HX_OK;
}

/* Sums and counts of the target in each fold of the rows. */
typedef struct {
    size_t folds; /* of the step, and one that stays empty */
    double *sum, *count; /* (groups + 1, folds), the last group = all */
} tally;

static size_t fold_of(const encoding *s, uint64_t seed, size_t row) {
    return (size_t)(hx_hash_mix(seed, row) % (uint64_t)s->folds);
}

static hx_status tally_up(const encoding *s, const double *y, const uint32_t *of_row, size_t n,
                          size_t groups, uint64_t seed, hx_arena *room, tally *out, hx_error *err) {
    out->folds = (size_t)s->folds + 1;
    HX_TRY(hx_step_array(room, (groups + 1) * out->folds, sizeof(double), &out->sum, err));
    HX_TRY(hx_step_array(room, (groups + 1) * out->folds, sizeof(double), &out->count, err));
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(y[i])) continue;
        const size_t fold = fold_of(s, seed, i);
        const size_t at[] = {of_row[i] * out->folds + fold, groups * out->folds + fold};
        for (size_t k = 0; k < 2; k++) {
            out->sum[at[k]] += y[i];
            out->count[at[k]]++;
        }
    }
    return HX_OK;
}

/* The sum and count of a group without the rows of a fold (the empty one: of every row), added up anew: a row's own value leaves no
 * trace in them, not even one of rounding. */
static void sum_without(const tally *a, size_t group, size_t fold, double *sum, double *count) {
    const size_t all = a->folds - 1;
    *sum = *count = 0;
    for (size_t f = 0; f < all; f++) {
        if (f == fold) continue;
        *sum += a->sum[group * a->folds + f];
        *count += a->count[group * a->folds + f];
    }
}

static double smoothed(const encoding *s, const tally *a, size_t groups, size_t group,
                       size_t fold) {
    double sum = 0, count = 0, whole = 0, rows = 0;
    sum_without(a, group, fold, &sum, &count);
    sum_without(a, groups, fold, &whole, &rows);
    const double prior = whole / rows, mean = (sum + s->smoothing * prior) / (count + s->smoothing);
    if (mean == mean) return mean;
    if (prior == prior) return prior;
    sum_without(a, groups, a->folds - 1, &whole, &rows);
    return whole / rows;
}

static hx_status fit_target(encoding *s, const hx_table *t, code *c, const uint32_t *of_row,
                            hx_arena *room, hx_error *err) {
    double *y = NULL;
    tally a;
    HX_TRY(target_of(s, t, room, &y, err));
    HX_TRY(tally_up(s, y, of_row, hx_table_rows(t), c->groups.n, 0, room, &a, err));
    for (size_t g = 0; g < c->groups.n; g++)
        c->value[g] = smoothed(s, &a, c->groups.n, g, a.folds - 1);
    s->prior = smoothed(s, &a, c->groups.n, c->groups.n, a.folds - 1);
    return HX_OK;
}

/* ------------------------------------------------------------------ learning */
typedef struct {
    hx_str key;
    size_t count, group;
} level;

static int by_text(const void *a, const void *b) {
    const level *x = a, *y = b;
    return hx_str_compare(x->key, y->key);
}

static int by_count(const void *a, const void *b) {
    const level *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return hx_str_compare(x->key, y->key);
}

static double place_in(const hx_names *order, hx_str key) {
    for (size_t i = 0; i < order->n; i++)
        if (hx_str_equal(order->names[i], key)) return (double)i;
    return NAN;
}

static void fit_ordinal(const encoding *s, code *c, level *levels) {
    double at = 0;
    qsort(levels, c->groups.n, sizeof *levels, by_text);
    for (size_t i = 0; i < c->groups.n; i++) {
        const bool missing = levels[i].key.len == 0;
        c->value[levels[i].group] = missing ? (double)NAN : at;
        if (s->order.n > 0) c->value[levels[i].group] = place_in(&s->order, levels[i].key);
        at += !missing;
    }
}

/* The columns of values: in the order of their texts; rare ones share another, which is their last. */
static hx_status fit_onehot(const encoding *s, hx_str name, code *c, level *levels, hx_error *err) {
    const size_t n = c->groups.n;
    size_t rank = 0, columns = 0, wanted = 0;
    qsort(levels, n, sizeof *levels, by_count);
    for (size_t i = 0; i < n; i++) {
        const bool missing = levels[i].key.len == 0;
        const bool rare = levels[i].count < (size_t)s->least || rank >= (size_t)s->most;
        c->value[levels[i].group] = missing ? (double)NAN : rare ? -1 : 0;
        rank += !missing;
        wanted += !missing && levels[i].count >= (size_t)s->least;
    }
    qsort(levels, n, sizeof *levels, by_text);
    bool first = s->drop_first;
    for (size_t i = 0; i < n; i++) {
        double *value = &c->value[levels[i].group];
        if (*value != 0) continue;
        *value = first ? (double)NAN : (double)columns++;
        first = false;
    }
    if (columns >= COLUMNS_MAX)
        return hx_fail(err, HX_ELIMIT,
                       "'%.*s' has %zu values, and a column each is possible for %d at most: keep "
                       "the commonest by --set most=50, or use --method hash or target",
                       HX_STR_ARG(name), wanted, COLUMNS_MAX - 1);
    return HX_OK;
}

static hx_status fit_column(encoding *s, const hx_table *t, size_t i, hx_arena *arena,
                            hx_arena *room, hx_error *err) {
    code *c = &s->codes[i];
    const hx_names by = {&s->columns.names[i], 1};
    const size_t n = hx_table_rows(t);
    uint32_t *of_row = NULL;
    level *levels = NULL;
    HX_TRY(hx_groups_find(t, by, arena, room, &c->groups, &of_row, err));
    HX_TRY(hx_step_array(arena, c->groups.n, sizeof *c->value, &c->value, err));
    HX_TRY(hx_step_array(room, c->groups.n, sizeof *levels, &levels, err));
    for (size_t g = 0; g < c->groups.n; g++)
        levels[g] = (level){c->groups.keys[g], 0, g};
    for (size_t row = 0; row < n; row++)
        levels[of_row[row]].count++;
    if (s->method == ONEHOT) return fit_onehot(s, s->columns.names[i], c, levels, err);
    if (s->method == TARGET) return fit_target(s, t, c, of_row, room, err);
    if (s->method == ORDINAL) fit_ordinal(s, c, levels);
    for (size_t g = 0; g < c->groups.n && s->method == FREQUENCY; g++)
        c->value[g] = (double)levels[g].count / (double)n;
    return HX_OK;
}

static hx_status fit(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                     hx_error *err) {
    encoding *s = state;
    const unsigned kinds = 1u << HX_KIND_TEXT | 1u << HX_KIND_BOOLEAN;
    size_t *columns = NULL, n = 0, kept = 0;
    (void)run;
    HX_TRY(hx_step_columns_of(t, s->names, s->names.n > 0 ? HX_KINDS_ALL : kinds, arena, &columns,
                              &n, err));
    for (size_t i = 0; i < n; i++)
        if (s->names.n > 0 || !hx_str_equal(hx_table_column_at(t, columns[i])->name, s->target))
            columns[kept++] = columns[i];
    HX_TRY(hx_step_names_of(t, columns, kept, arena, &s->columns, err));
    HX_TRY(hx_step_array(arena, kept, sizeof *s->codes, &s->codes, err));
    s->prior = NAN;
    hx_arena *room = hx_step_room();
    hx_status status = HX_OK;
    for (size_t i = 0; i < kept && status == HX_OK && s->method != HASH; i++) {
        status = fit_column(s, t, i, arena, room, err);
        if (room != NULL) hx_arena_reset(room);
    }
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ applying */
typedef struct {
    const encoding *s;
    hx_table *t;
    hx_arena *room;
    uint32_t *of_row;
    double *v; /* [rows] */
    size_t n, made;
} work;

static hx_status put(work *k, hx_str base, const char *tail, size_t tail_len, int decimals,
                     hx_error *err) {
    char name[NAME_BYTES];
    const int len = snprintf(name, sizeof name, "%.*s_%.*s", (int)(base.len < 500 ? base.len : 500),
                             base.ptr, (int)(tail_len < 500 ? tail_len : 500), tail);
    k->made++;
    return hx_step_add_numbers(k->t, (hx_str){name, (size_t)len}, HX_KIND_NUMBER, k->v, decimals,
                               err);
}

static hx_status put_onehot(work *k, size_t i, hx_error *err) {
    const code *c = &k->s->codes[i];
    const hx_str base = k->s->columns.names[i];
    const size_t column = hx_table_find(k->t, base);
    const hx_str **of_column = NULL;
    size_t columns = 0;
    bool other = false, taken = false;
    HX_TRY(hx_step_array(k->room, c->groups.n, sizeof *of_column, &of_column, err));
    for (size_t g = 0; g < c->groups.n; g++) {
        other = other || c->value[g] < 0;
        if (!(c->value[g] >= 0)) continue;
        of_column[(size_t)c->value[g]] = &c->groups.keys[g];
        taken = taken || hx_str_equal(c->groups.keys[g], HX_STR_LIT("other"));
        columns++;
    }
    for (size_t at = 0; at < columns + other; at++) {
        const double wanted = at < columns ? (double)at : -1;
        if (at < columns && of_column[at] == NULL) return hx_step_damaged("as", err);
        for (size_t row = 0; row < k->n; row++) {
            const uint32_t g = k->of_row[row];
            k->v[row] = g != HX_GROUP_NONE
                            ? c->value[g] == wanted
                            : at == columns && !hx_table_is_missing(k->t, column, row);
        }
        const hx_str rest = taken ? HX_STR_LIT("(other)") : HX_STR_LIT("other");
        const hx_str tail = at < columns ? *of_column[at] : rest;
        HX_TRY(put(k, base, tail.ptr, tail.len, 0, err));
    }
    return HX_OK;
}

static hx_status put_hash(work *k, size_t i, size_t column, hx_error *err) {
    char cell[64], tail[24];
    const size_t width = (size_t)k->s->width;
    uint64_t *hashes = NULL;
    HX_TRY(hx_step_array(k->room, k->n, sizeof *hashes, &hashes, err));
    for (size_t row = 0; row < k->n; row++)
        hashes[row] = hx_hash(hx_table_cell(k->t, row, column, cell));
    for (size_t at = 0; at < width; at++) {
        for (size_t row = 0; row < k->n; row++) {
            const bool there = hashes[row] % width == at && !hx_table_is_missing(k->t, column, row);
            k->v[row] = !there ? 0 : hashes[row] >> 63 != 0 ? -1 : 1;
        }
        const int len = snprintf(tail, sizeof tail, "%zu", at);
        HX_TRY(put(k, k->s->columns.names[i], tail, (size_t)len, 0, err));
    }
    return HX_OK;
}

/* The values of the rows that the step was fitted on: of the other folds. */
static hx_status out_of_fold(work *k, size_t i, uint64_t seed, hx_error *err) {
    const size_t groups = k->s->codes[i].groups.n;
    double *y = NULL;
    tally a;
    HX_TRY(target_of(k->s, k->t, k->room, &y, err));
    HX_TRY(tally_up(k->s, y, k->of_row, k->n, groups, seed, k->room, &a, err));
    for (size_t row = 0; row < k->n; row++)
        k->v[row] = smoothed(k->s, &a, groups, k->of_row[row], fold_of(k->s, seed, row));
    return HX_OK;
}

static hx_status encode_column(work *k, size_t i, const hx_step_run *run, hx_error *err) {
    const encoding *s = k->s;
    const hx_names by = {&s->columns.names[i], 1};
    size_t column = 0;
    HX_TRY(hx_step_column(k->t, by.names[0], &column, err));
    HX_TRY(hx_step_array(k->room, k->n, sizeof *k->v, &k->v, err));
    if (s->method == HASH) return put_hash(k, i, column, err);
    hx_groups known = s->codes[i].groups;
    known.by = by;
    HX_TRY(hx_groups_match(k->t, &known, k->room, &k->of_row, err));
    if (s->method == ONEHOT) return put_onehot(k, i, err);
    if (s->method == TARGET && run->fitting) {
        HX_TRY(out_of_fold(k, i, run->run.seed, err));
    } else {
        const double unseen = s->method == TARGET      ? s->prior
                              : s->method == FREQUENCY ? 0
                                                       : (double)NAN;
        for (size_t row = 0; row < k->n; row++)
            k->v[row] =
                k->of_row[row] == HX_GROUP_NONE ? unseen : s->codes[i].value[k->of_row[row]];
    }
    k->made++;
    if (s->keep) {
        k->made--;
        return put(k, by.names[0], methods[s->method], strlen(methods[s->method]), -1, err);
    }
    return hx_table_put_numbers(k->t, by.names[0], HX_KIND_NUMBER, k->v, -1, err);
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    const encoding *s = state;
    work k = {.s = s, .t = t, .room = hx_step_room(), .n = hx_table_rows(t)};
    hx_status status = HX_OK;
    for (size_t i = 0; i < s->columns.n && status == HX_OK; i++) {
        status = encode_column(&k, i, run, err);
        if (k.room != NULL) hx_arena_reset(k.room);
        if (status == HX_OK && (s->method == ONEHOT || s->method == HASH) && !s->keep)
            hx_table_remove(t, hx_table_find(t, s->columns.names[i]));
    }
    hx_arena_free(k.room);
    hx_step_say(run, "columns encoded: %zu, as columns of numbers: %zu",
                "编码 %zu 列，得到数值列 %zu 个", s->columns.n, k.made);
    return status;
}

/* ------------------------------------------------------------------ JSON */
static void write(const void *state, hx_json_writer *w) {
    const encoding *s = state;
    hx_json_object(w);
    hx_step_write_names(w, "columns", s->columns.names, s->columns.n);
    hx_step_write_reals(w, "prior", &s->prior, 1);
    hx_json_key(w, "codes");
    hx_json_array(w);
    for (size_t i = 0; i < s->columns.n && s->method != HASH; i++) {
        hx_json_object(w);
        hx_step_write_names(w, "values", s->codes[i].groups.keys, s->codes[i].groups.n);
        hx_step_write_reals(w, "as", s->codes[i].value, s->codes[i].groups.n);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status read_code(const encoding *s, const json_t *o, code *c, hx_arena *arena,
                           hx_error *err) {
    hx_names keys = {NULL, 0};
    HX_TRY(hx_step_names(o, "values", arena, &keys, err));
    HX_TRY(hx_step_read_n(o, "as", keys.n, arena, &c->value, err));
    c->groups = (hx_groups){.n = keys.n, .keys = keys.names};
    for (size_t g = 0; g < keys.n && s->method == ONEHOT; g++) {
        const double at = c->value[g];
        if (at == at && at != -1 && !(at >= 0 && at < (double)keys.n && at == floor(at)))
            return hx_step_damaged("as", err);
    }
    return HX_OK;
}

static hx_status read(void *state, const json_t *fitted, hx_arena *arena, hx_error *err) {
    encoding *s = state;
    const json_t *codes = json_object_get(fitted, "codes");
    double *prior = NULL;
    HX_TRY(hx_step_names(fitted, "columns", arena, &s->columns, err));
    HX_TRY(hx_step_read_n(fitted, "prior", 1, arena, &prior, err));
    s->prior = prior[0];
    if (s->method == HASH) return HX_OK;
    if (json_array_size(codes) != s->columns.n) return hx_step_damaged("codes", err);
    HX_TRY(hx_step_array(arena, s->columns.n, sizeof *s->codes, &s->codes, err));
    for (size_t i = 0; i < s->columns.n; i++)
        HX_TRY(read_code(s, json_array_get(codes, i), &s->codes[i], arena, err));
    return HX_OK;
}

static const char *const keys[] = {"columns",    "method",    "order", "target", "positive",
                                   "drop_first", "keep",      "least", "most",   "width",
                                   "folds",      "smoothing", NULL};

const hx_step_kind hx_step_encode = {.name = "encode",
                                     .keys = keys,
                                     .size = sizeof(encoding),
                                     .parse = parse,
                                     .fit = fit,
                                     .apply = apply,
                                     .write = write,
                                     .read = read};
