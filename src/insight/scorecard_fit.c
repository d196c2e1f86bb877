/* scorecard_fit.c - from a table to a scorecard: outcomes, bins, regression, points; and once more with the rejected where that is asked for.
 *
 *     outcomes -> bins (a column a job, on all threads) -> counts, woe, iv -> regression on woe -> points
 *
 * Rejected applicants are rows without an outcome. With a method of reject inference the card of the accepted scores them first; then they
 * count as good and bad in parts, and all is fitted again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "insight/scorecard.h"

typedef struct {
    const hx_table *t;
    const hx_scorecard_options *o;
    hx_scorecard *card;
    const json_t *bins; /* by hand; NULL */
    hx_arena **arenas; /* one a column: jobs run side by side */
    size_t *columns; /* of the table, (n_variables) */
    uint16_t **codes;
    double *good, *bad;
    size_t rows;
} fitting;

static const hx_card_variable *old_bins(const fitting *f, hx_str name) {
    const hx_scorecard *old = f->o->bins_of;
    for (size_t i = 0; old && i < old->n_variables; i++)
        if (hx_str_equal(old->variables[i].name, name)) return &old->variables[i];
    return NULL;
}

static hx_status copy_bins(const hx_card_variable *old, hx_card_variable *v, hx_arena *arena,
                           hx_error *err) {
    const size_t n = hx_card_all_bins(old);
    v->text = old->text;
    v->trend = old->trend;
    v->n_bins = old->n_bins;
    v->bins = hx_arena_alloc(arena, (n + 1) * sizeof *v->bins);
    if (!v->bins) return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
    for (size_t k = 0; k < n; k++) {
        const hx_card_bin *from = &old->bins[k];
        hx_card_bin *to = &v->bins[k];
        *to = (hx_card_bin){.below = from->below, .n_values = from->n_values};
        to->values = hx_arena_alloc(arena, (from->n_values + 1) * sizeof *to->values);
        for (size_t i = 0; i < from->n_values && to->values; i++)
            to->values[i] = hx_arena_str(arena, from->values[i]);
        if (!to->values) return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
    }
    return HX_OK;
}

static void count_bins(const fitting *f, hx_card_variable *v, const uint16_t *codes) {
    const size_t n = hx_card_all_bins(v);
    for (size_t k = 0; k < n; k++)
        v->bins[k].count = (hx_bin_counts){0, 0};
    for (size_t i = 0; i < f->rows; i++) {
        v->bins[codes[i]].count.good += f->good[i];
        v->bins[codes[i]].count.bad += f->bad[i];
    }
    v->iv = 0;
    for (size_t k = 0; k < n; k++) {
        v->bins[k].woe = hx_bin_woe(v->bins[k].count, f->card->all);
        v->iv += hx_bin_iv(v->bins[k].count, f->card->all);
    }
}

static hx_status one_column(void *context, size_t i, size_t worker, hx_error *err) {
    fitting *f = context;
    hx_card_variable *v = &f->card->variables[i];
    const hx_card_variable *old = old_bins(f, v->name);
    const json_t *given = f->bins ? json_object_get(f->bins, v->name.ptr) : NULL;
    hx_bin_options o = f->o->bin;
    (void)worker;
    if (hx_flag_is_raised(f->o->cancel))
        return hx_fail(err, HX_ECANCELLED, "the fit of the scorecard was stopped");
    if (given)
        HX_TRY(hx_card_set_bins(v, given, f->arenas[i], err));
    else if (old)
        HX_TRY(copy_bins(old, v, f->arenas[i], err));
    else
        HX_TRY(hx_card_find_bins(v, f->t, f->columns[i], f->good, f->bad, &o, f->arenas[i], err));
    v->used = false;
    if (v->n_bins == 0) return HX_OK;
    HX_TRY(hx_card_codes(v, f->t, f->columns[i], f->codes[i], err));
    count_bins(f, v, f->codes[i]);
    const double min_iv = f->o->min_iv < 0 ? 0.02 : f->o->min_iv;
    v->used = old && !given ? old->used : v->iv > 0 && v->iv >= min_iv;
    return HX_OK;
}

/* Columns of which there are no bins leave the card. */
static void drop_empty(fitting *f) {
    size_t n = 0;
    for (size_t i = 0; i < f->card->n_variables; i++) {
        uint16_t *codes = f->codes[i];
        if (f->card->variables[i].n_bins == 0) continue;
        f->card->variables[n] = f->card->variables[i];
        f->codes[i] = f->codes[n];
        f->codes[n] = codes;
        f->columns[n++] = f->columns[i];
    }
    f->card->n_variables = n;
}

static hx_status fit_card(fitting *f, hx_error *err) {
    const double max_p = f->o->max_p_value > 0 ? f->o->max_p_value : 0.05;
    hx_bin_counts all = {0, 0};
    for (size_t i = 0; i < f->rows; i++) {
        all.good += f->good[i];
        all.bad += f->bad[i];
    }
    f->card->all = all;
    if (!(all.good > 0 && all.bad > 0))
        return hx_fail(err, HX_EINVAL, "a scorecard needs good rows and bad ones");
    HX_TRY(hx_pool_run(f->o->n_threads, f->card->n_variables, one_column, f, err));
    drop_empty(f);
    HX_TRY(hx_card_regress(f->card, f->codes, f->good, f->bad, f->rows, max_p, f->o->cancel, err));
    hx_card_set_points(f->card);
    return HX_OK;
}

/* --- which columns ------------------------------------------------------- */
static bool is_among(const size_t *list, size_t n, size_t column) {
    for (size_t i = 0; i < n; i++)
        if (list[i] == column) return true;
    return false;
}

static hx_status choose_columns(fitting *f, hx_error *err) {
    hx_arena *a = f->card->arena;
    size_t *use = NULL, *drop = NULL, n_use = 0, n_drop = 0;
    if (f->o->use) HX_TRY(hx_table_find_list(f->t, f->o->use, a, &use, &n_use, err));
    if (f->o->drop) HX_TRY(hx_table_find_list(f->t, f->o->drop, a, &drop, &n_drop, err));
    const size_t all = hx_table_columns(f->t);
    f->columns = hx_arena_alloc(a, (all + 1) * sizeof *f->columns);
    f->card->variables = hx_arena_alloc(a, (all + 1) * sizeof *f->card->variables);
    if (!f->columns || !f->card->variables)
        return hx_fail(err, HX_ENOMEM, "not enough memory for a scorecard");
    for (size_t i = 0; i < all; i++) {
        const hx_str name = hx_table_column_at(f->t, i)->name;
        if (hx_str_equal(name, f->card->target) || is_among(drop, n_drop, i)) continue;
        if (f->o->use ? !is_among(use, n_use, i) : f->o->bins_of && !old_bins(f, name)) continue;
        f->columns[f->card->n_variables] = i;
        f->card->variables[f->card->n_variables++].name = hx_arena_str(a, name);
    }
    return f->card->n_variables
               ? HX_OK
               : hx_fail(err, HX_EINVAL, "there is no column beside the target for a scorecard");
}

static hx_status reserve(fitting *f, hx_error *err) {
    const size_t n = f->card->n_variables;
    f->codes = hx_arena_alloc(f->card->arena, (n + 1) * sizeof *f->codes);
    f->arenas = hx_arena_alloc(f->card->arena, (n + 1) * sizeof *f->arenas);
    if (!f->codes || !f->arenas)
        return hx_fail(err, HX_ENOMEM, "not enough memory for a scorecard");
    for (size_t i = 0; i < n; i++) {
        f->codes[i] = calloc(f->rows + 1, sizeof **f->codes);
        f->arenas[i] = hx_arena_new(0);
        if (!f->codes[i] || !f->arenas[i])
            return hx_fail(err, HX_ENOMEM, "not enough memory for a scorecard");
    }
    return HX_OK;
}

/* --- the rejected -------------------------------------------------------- */
static hx_status with_rejects(fitting *f, hx_error *err) {
    const hx_scorecard_options *o = f->o;
    int64_t *scores = calloc(f->rows + 1, sizeof *scores);
    hx_status status = scores ? hx_scorecard_apply(f->card, f->t, scores, err)
                              : hx_fail(err, HX_ENOMEM, "not enough memory for scores");
    if (status == HX_OK)
        status = hx_reject_infer(f->card, scores, f->rows, o->reject,
                                 o->reject_factor > 0 ? o->reject_factor : 2, o->seed, f->good,
                                 f->bad, &f->card->rejects, err);
    free(scores);
    return status == HX_OK && f->card->rejects > 0 ? fit_card(f, err) : status;
}

/* The card as it will be read again: in an arena of its own, checked, with its hash. */
static hx_status settle(fitting *f, hx_scorecard **out, hx_error *err) {
    hx_str json = {0};
    HX_TRY(hx_scorecard_json(f->card, f->card->arena, &json, err));
    return hx_scorecard_read(out, json, err);
}

static hx_status take_scale(hx_scorecard *card, const hx_scorecard_options *o, hx_error *err) {
    const hx_scorecard *old = o->bins_of;
    card->base = o->base > 0 ? o->base : old ? old->base : 600;
    card->odds = o->odds > 0 ? o->odds : old ? old->odds : 20;
    card->pdo = o->pdo > 0 ? o->pdo : old ? old->pdo : 20;
    card->places = old ? old->places : o->places;
    if (card->base > 1e6 || card->odds > 1e6 || card->odds < 1e-6 || card->pdo > 1e5 ||
        card->pdo < 1e-3 || card->places < 0 || card->places > 4)
        return hx_fail(err, HX_EINVAL,
                       "the scale of points makes no sense: base %g, odds %g, pdo %g", card->base,
                       card->odds, card->pdo);
    return HX_OK;
}

static hx_status fit_all(fitting *f, hx_error *err) {
    HX_TRY(take_scale(f->card, f->o, err));
    f->card->target = hx_arena_str(f->card->arena, hx_str_of(f->o->target));
    f->card->bad = hx_str_of(f->o->bad);
    if (f->card->bad.len == 0 && f->o->bins_of) f->card->bad = f->o->bins_of->bad;
    f->card->bad = hx_arena_str(f->card->arena, f->card->bad);
    HX_TRY(hx_card_outcomes(f->t, f->card->target, &f->card->bad, f->card->arena, f->good, f->bad,
                            err));
    HX_TRY(choose_columns(f, err));
    HX_TRY(reserve(f, err));
    HX_TRY(fit_card(f, err));
    return f->o->reject != HX_REJECT_NONE ? with_rejects(f, err) : HX_OK;
}

static hx_status check_names(const fitting *f, hx_error *err) {
    const char *name;
    json_t *value;
    if (f->bins && !json_is_object(f->bins))
        return hx_fail(err, HX_EINVAL,
                       "bins by hand are a JSON object of columns: {\"age\": [25, 40]}");
    json_object_foreach((json_t *)(uintptr_t)f->bins, name, value) {
        if (hx_table_find(f->t, hx_str_of(name)) == HX_COLUMN_NONE)
            return hx_fail(err, HX_ENOTFOUND, "bins by hand: there is no column '%.*s'",
                           HX_STR_ARG(hx_str_of(name)));
    }
    return HX_OK;
}

hx_status hx_scorecard_fit(hx_scorecard **out, const hx_table *t,
                           const hx_scorecard_options *options, hx_error *err) {
    fitting f = {.t = t, .o = options, .rows = hx_table_rows(t)};
    json_t *bins = NULL;
    *out = NULL;
    if (options->bins.len > 0)
        HX_TRY(hx_json_parse(options->bins, HX_CARD_BYTES_MAX, "the bins", &bins, err));
    f.bins = bins;
    f.good = calloc(2 * f.rows + 2, sizeof *f.good);
    f.bad = f.good ? f.good + f.rows + 1 : NULL;
    hx_status status = f.good ? check_names(&f, err)
                              : hx_fail(err, HX_ENOMEM, "not enough memory for a scorecard");
    if (status == HX_OK) status = hx_scorecard_new(&f.card, err);
    if (status == HX_OK) status = fit_all(&f, err);
    if (status == HX_OK) status = settle(&f, out, err);
    const size_t n = f.codes && f.arenas ? hx_table_columns(t) : 0;
    for (size_t i = 0; i < n && f.arenas[i]; i++) {
        free(f.codes[i]);
        hx_arena_free(f.arenas[i]);
    }
    free(f.good);
    json_decref(bins);
    hx_scorecard_free(f.card);
    return status;
}
