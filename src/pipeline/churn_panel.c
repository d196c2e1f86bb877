/* churn_panel.c - customers of a store at several cut-offs, with features and outcome: rows to learn churn from.
 *
 *     profiles -> who there is -> events of each, once -> a person at each cut-off (insight/churn_features.c)
 *     each cut-off: typical gap and MBG/NBD of all -> features that need the others, outcome -> one table, the latest cut-off first
 *
 * Outcomes need the horizon, which needs the population, so events are read twice: memory goes with customers x cut-offs, not with events. Rows are
 * in the order of cut-offs, then of keys: equal stores give equal tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/error.h"
#include "huaxiang/pipeline.h"
#include "insight/churn_features.h"
#include "store/store.h"

#define CUTS_USUAL 9
#define STEPS_OF_REACH 3 /* cut-offs in the time that a definition looks ahead */
#define ARENA_MAX ((size_t)16 << 30)
#define TELL_EVERY 256
#define LATEST INT64_MIN /* HX_AS_OF_LATEST */

typedef struct {
    uint64_t key;
    hx_str name; /* in the arena */
} panel_customer;

typedef struct {
    hx_churn_person person;
    uint32_t customer;
    double churned;
} panel_row;

typedef struct {
    hx_store *store;
    const hx_churn_panel_options *o;
    hx_churn_panel_about *about;
    int64_t as_of, first;
    hx_arena *names, *scratch;
    hx_buf customers; /* panel_customer */
    hx_buf rows[HX_CHURN_CUTS_MAX + 1]; /* panel_row */
    size_t next[HX_CHURN_CUTS_MAX + 1]; /* row of the second walk */
} panel;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a model of churn");
}

static panel_row *rows_of(const panel *p, size_t cut) {
    return (panel_row *)(void *)p->rows[cut].ptr;
}

/* ------------------------------------------------------------------ customers and cut-offs */
static hx_status note_customer(void *context, const hx_profile *profile, hx_error *err) {
    panel *p = context;
    char room[HX_PROFILE_ID_MAX];
    const hx_str id = profile->n_ids > 0 ? profile->ids[0].value
                                         : hx_str_of(hx_profile_id_text(profile->key, room));
    const panel_customer c = {profile->key, hx_arena_str(p->names, id)};
    if (hx_id_key_is_guest(profile->key)) return HX_OK;
    if (profile->first_purchase != HX_TIME_NONE && profile->first_purchase < p->first)
        p->first = profile->first_purchase;
    return c.name.ptr && hx_buf_append(&p->customers, &c, sizeof c) ? HX_OK : no_memory(err);
}

static hx_status choose_cuts(panel *p, hx_error *err) {
    char from[HX_ISO_MAX], to[HX_ISO_MAX];
    const double reach = hx_churn_reach(&p->o->definition), step = reach / STEPS_OF_REACH;
    const size_t most = p->o->cuts ? p->o->cuts : CUTS_USUAL;
    size_t n = 0;
    if (p->as_of == HX_TIME_NONE || p->first == INT64_MAX || p->first > p->as_of)
        return hx_fail(err, HX_EINVAL,
                       "nobody has bought anything by then: churn is told by orders with a time");
    p->about->cuts[n++] = p->as_of;
    if (p->o->only_cut) p->about->cuts[n++] = *p->o->only_cut;
    for (size_t k = 0; !p->o->only_cut && k < most && k < HX_CHURN_CUTS_MAX; k++) {
        const int64_t cut = p->as_of - llround((reach + step * (double)k) * HX_DAY_MS);
        if (cut < p->first + llround(step * HX_DAY_MS)) break;
        p->about->cuts[n++] = cut;
    }
    p->about->n_cuts = n;
    for (size_t k = 0; k < n; k++)
        (void)hx_iso_from_ms(p->about->cuts[k], p->about->times[k]);
    if (n > 1) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "the orders span %.0f days, from %.10s to %.10s: a definition that looks %.0f "
                   "days ahead needs %.0f at least",
                   floor((double)(p->as_of - p->first) / HX_DAY_MS) + 1,
                   hx_iso_from_ms(p->first, from), hx_iso_from_ms(p->as_of, to), reach,
                   ceil(reach + step));
}

/* ------------------------------------------------------------------ two walks over events */
typedef hx_status panel_fn(panel *p, uint32_t customer, const hx_event *events, size_t n,
                           hx_error *err);

static hx_status walk(panel *p, bool second, panel_fn *fn, hx_error *err) {
    const panel_customer *c = (const panel_customer *)(const void *)p->customers.ptr;
    const size_t all = p->customers.len / sizeof *c;
    for (size_t i = 0; i < all; i++) {
        hx_event *events;
        size_t n;
        if (hx_flag_is_raised(p->o->cancel))
            return hx_fail(err, HX_ECANCELLED, "the fit was stopped");
        hx_arena_reset(p->scratch);
        HX_TRY(hx_store_events(p->store, c[i].key, p->scratch, &events, &n, err));
        HX_TRY(fn(p, (uint32_t)i, events, n, err));
        if (p->o->progress && i % TELL_EVERY == 0)
            p->o->progress(p->o->context, i + (second ? all : 0), 2 * all);
    }
    return HX_OK;
}

static hx_status add_rows(panel *p, uint32_t customer, const hx_event *events, size_t n,
                          hx_error *err) {
    for (size_t k = 0; k < p->about->n_cuts; k++) {
        panel_row r = {.customer = customer, .churned = NAN};
        if (!hx_churn_person_at(events, n, &p->o->definition, p->about->cuts[k], &r.person))
            continue;
        if (!hx_buf_append(&p->rows[k], &r, sizeof r)) return no_memory(err);
        p->about->rows[k]++;
    }
    return HX_OK;
}

static hx_status add_outcomes(panel *p, uint32_t customer, const hx_event *events, size_t n,
                              hx_error *err) {
    (void)err;
    for (size_t k = 1; k < p->about->n_cuts; k++) {
        panel_row *rows = rows_of(p, k);
        if (p->next[k] == p->about->rows[k] || rows[p->next[k]].customer != customer) continue;
        panel_row *r = &rows[p->next[k]++];
        r->churned = hx_churn_outcome_of(events, n, &p->o->definition, &r->person, p->as_of);
    }
    return HX_OK;
}

static hx_status finish_cut(panel *p, size_t cut, hx_error *err) {
    const size_t n = p->about->rows[cut];
    panel_row *rows = rows_of(p, cut);
    hx_churn_population pop;
    hx_churn_person *people = calloc(n + 1, sizeof *people);
    if (!people) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        people[i] = rows[i].person;
    const hx_status st = hx_churn_population_of(people, n, &pop, err);
    free(people);
    for (size_t i = 0; st == HX_OK && i < n; i++)
        hx_churn_person_finish(&rows[i].person, &p->o->definition, &pop);
    return st;
}

/* ------------------------------------------------------------------ the table */
typedef double panel_value(const panel_row *r, size_t feature);

static double cut_of(const panel_row *r, size_t feature) {
    (void)feature;
    return (double)r->person.cut;
}
static double gone_of(const panel_row *r, size_t feature) {
    (void)feature;
    return hx_churn_is_gone(&r->person);
}
static double churned_of(const panel_row *r, size_t feature) {
    (void)feature;
    return r->churned;
}
static double feature_of(const panel_row *r, size_t feature) {
    const double v = r->person.v[feature];
    return isfinite(v) ? v : NAN;
}

static hx_status put_column(const panel *p, hx_table *t, const char *name, hx_kind kind,
                            panel_value *value, size_t feature, double *room, hx_error *err) {
    size_t at = 0;
    for (size_t k = 0; k < p->about->n_cuts; k++)
        for (size_t i = 0; i < p->about->rows[k]; i++)
            room[at++] = value(&rows_of(p, k)[i], feature);
    return hx_table_put_numbers(t, hx_str_of(name), kind, room, -1, err);
}

static hx_status put_names(const panel *p, hx_table *t, hx_error *err) {
    const panel_customer *c = (const panel_customer *)(const void *)p->customers.ptr;
    const size_t n = p->customers.len / sizeof *c, rows = hx_table_rows(t);
    hx_str *names = calloc(n + 1, sizeof *names);
    uint32_t *codes = calloc(rows + 1, sizeof *codes);
    size_t at = 0;
    for (size_t i = 0; names && i < n; i++)
        names[i] = c[i].name;
    for (size_t k = 0; codes && k < p->about->n_cuts; k++)
        for (size_t i = 0; i < p->about->rows[k]; i++)
            codes[at++] = rows_of(p, k)[i].customer;
    const hx_status st = names && codes
                             ? hx_table_put_texts(t, HX_STR_LIT("customer"), codes, names, n, err)
                             : no_memory(err);
    free(names);
    free(codes);
    return st;
}

static hx_status put_columns(const panel *p, hx_table *t, double *room, hx_error *err) {
    HX_TRY(put_names(p, t, err));
    HX_TRY(put_column(p, t, "cut_off", HX_KIND_TIME, cut_of, 0, room, err));
    HX_TRY(put_column(p, t, "gone", HX_KIND_BOOLEAN, gone_of, 0, room, err));
    for (size_t f = 0; f < HX_CHURN_FEATURES; f++)
        if (f != HX_CHURN_CONTRACT_DAYS || p->o->definition.rule == HX_CHURN_CONTRACT)
            HX_TRY(put_column(p, t, hx_churn_feature_name((hx_churn_feature)f), HX_KIND_NUMBER,
                              feature_of, f, room, err));
    return put_column(p, t, "churned", HX_KIND_BOOLEAN, churned_of, 0, room, err);
}

static hx_status make_table(const panel *p, hx_table **out, hx_error *err) {
    size_t rows = 0;
    hx_table *t = NULL;
    for (size_t k = 0; k < p->about->n_cuts; k++)
        rows += p->about->rows[k];
    double *room = calloc(rows + 1, sizeof *room);
    hx_status st = room ? hx_table_new(&t, rows, err) : no_memory(err);
    if (st == HX_OK) st = put_columns(p, t, room, err);
    free(room);
    if (st == HX_OK)
        *out = t;
    else
        hx_table_free(t);
    return st;
}

static hx_status fill(panel *p, hx_table **out, hx_error *err) {
    HX_TRY(hx_store_each_profile(p->store, note_customer, p, err));
    HX_TRY(choose_cuts(p, err));
    HX_TRY(walk(p, false, add_rows, err));
    p->about->customers = p->customers.len / sizeof(panel_customer);
    if (p->about->rows[p->o->only_cut ? 1 : 0] == 0)
        return hx_fail(err, HX_EINVAL,
                       "no customer can be scored at that time: nobody's contract ends soon "
                       "enough, or nobody bought");
    for (size_t k = 0; k < p->about->n_cuts; k++)
        HX_TRY(finish_cut(p, k, err));
    HX_TRY(walk(p, true, add_outcomes, err));
    return make_table(p, out, err);
}

hx_status hx_churn_panel(hx_table **out, hx_store *store, const hx_churn_panel_options *options,
                         hx_churn_panel_about *about, hx_error *err) {
    panel *p = calloc(1, sizeof *p);
    if (!p) return no_memory(err);
    *about = (hx_churn_panel_about){.n_cuts = 0};
    p->store = store;
    p->o = options;
    p->about = about;
    p->as_of = options->as_of;
    p->first = INT64_MAX;
    p->names = hx_arena_new(ARENA_MAX);
    p->scratch = hx_arena_new(ARENA_MAX);
    hx_buf_init(&p->customers, ARENA_MAX);
    for (size_t k = 0; k <= HX_CHURN_CUTS_MAX; k++)
        hx_buf_init(&p->rows[k], ARENA_MAX);
    hx_status st = p->names && p->scratch ? HX_OK : no_memory(err);
    if (st == HX_OK && p->as_of == LATEST) st = hx_store_latest(store, &p->as_of, err);
    if (st == HX_OK) st = fill(p, out, err);
    for (size_t k = 0; k <= HX_CHURN_CUTS_MAX; k++)
        hx_buf_release(&p->rows[k]);
    hx_buf_release(&p->customers);
    hx_arena_free(p->names);
    hx_arena_free(p->scratch);
    free(p);
    return st;
}
