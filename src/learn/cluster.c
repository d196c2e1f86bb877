/* cluster.c - clusters of a table's rows: see huaxiang/learn.h.
 *
 *     table -> design (scaled) -> k chosen or given -> rule and labels -> silhouette, stability, words -> summary
 *
 * What is shown is in the columns' own units: means come from a second design of the same columns that does not scale. Clusters are numbered by size,
 * the largest first; `place` leads from the rule's labels to these. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "learn/cluster.h"
#include "learn/fields.h"

#define ARENA_MAX ((size_t)64 << 30)
#define SUMMARY_MAX ((size_t)256 << 20)
#define SILHOUETTE_ROWS ((size_t)5000)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the clusters");
}

const hx_model_kind *hx_cluster_params(void) {
    return &hx_cluster_kind;
}

void hx_clusters_free(hx_clusters *c) {
    if (!c) return;
    hx_design_free(c->design);
    hx_arena_free(c->arena);
    free(c);
}

typedef struct {
    hx_clusters *c;
    const hx_table *t;
    const hx_cluster_options *o;
    hx_arena *arena; /* scratch */
    hx_problem p; /* scaled */
    hx_cluster_run run;
    hx_cluster_method method;
    hx_cluster_choice choice;
    size_t k, noise;
    size_t
        different; /* rows, where they are fewer than clusters were asked for or might be; else 0 */
    uint32_t *labels; /* (n) of the rule */
    double silhouette, stability;
} fitting;

/* ------------------------------------------------------------------ rows and rule */
static hx_status rows_of(const fitting *f, unsigned wants, hx_design **design, hx_problem *p,
                         hx_error *err) {
    const hx_design_options d = {
        .use = f->o->use, .drop = f->o->drop, .task = HX_TASK_OUTLIERS, .wants = wants};
    HX_TRY(hx_design_fit(design, f->t, &d, err));
    return hx_design_problem(*design, f->t, false, f->arena, p, err);
}

/* 1 of a feature of many values; of one with two, what makes them differ by 1: a rare value would else be farther away than anything else. */
static double factor_of(const hx_problem *p, size_t j) {
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        low = fmin(low, p->x[i * p->d + j]);
        high = fmax(high, p->x[i * p->d + j]);
    }
    for (size_t i = 0; i < p->n; i++) {
        double v = p->x[i * p->d + j];
        if (v != low && v != high) return 1;
    }
    return high > low ? 1 / (high - low) : 1;
}

static void stretch(const hx_clusters *c, hx_problem *p) {
    for (size_t i = 0; i < p->n * p->d; i++)
        p->x[i] *= c->factors[i % p->d];
}

static hx_status stretch_features(fitting *f, hx_error *err) {
    f->c->factors = hx_arena_alloc(f->c->arena, (f->p.d + 1) * sizeof *f->c->factors);
    if (!f->c->factors) return no_memory(err);
    for (size_t j = 0; j < f->p.d; j++)
        f->c->factors[j] = factor_of(&f->p, j);
    stretch(f->c, &f->p);
    return HX_OK;
}

/* Different rows bound the clusters: as many as were asked for, or k_max. */
static hx_status bound(fitting *f, hx_error *err) {
    size_t most = f->k ? f->k : (size_t)f->run.params[HX_CLUSTER_K_MAX], different;
    if (most > f->p.n) return HX_OK; /* refused, or chosen among the rows there are */
    HX_TRY(hx_different_rows(f->p.x, f->p.n, f->p.d, most, &different, err));
    if (different >= most && different > 1) return HX_OK;
    f->different = different;
    if (f->k > different) f->k = different;
    return HX_OK;
}

static hx_status find_rule(fitting *f, hx_error *err) {
    const hx_problem *p = &f->p;
    f->k = f->o->k;
    HX_TRY(bound(f, err));
    f->labels = hx_arena_alloc(f->arena, (p->n + 1) * sizeof *f->labels);
    if (!f->labels) return no_memory(err);
    if (f->k == 0 && !hx_cluster_is_dense(f->method))
        HX_TRY(hx_cluster_choose(p->x, p->n, p->d, f->method, &f->run, f->arena, &f->choice, &f->k,
                                 err));
    HX_TRY(hx_cluster_fit_rule(p->x, p->n, p->d, f->method, f->k, &f->run, f->c->arena, &f->c->rule,
                               f->labels, err));
    f->k = f->c->rule.k;
    if (f->different != f->k) f->different = 0; /* not what bounds them */
    HX_TRY(hx_silhouette(p->x, p->n, p->d, f->labels, f->k, SILHOUETTE_ROWS, f->run.seed,
                         &f->silhouette, err));
    return hx_cluster_stability(p->x, p->n, p->d, &f->c->rule, f->labels, &f->run, &f->stability,
                                err);
}

/* place[label]: 0 for the largest; equals by their label. */
static hx_status order(fitting *f, hx_error *err) {
    size_t *sizes = hx_arena_alloc(f->arena, (f->k + 1) * sizeof *sizes);
    f->c->place = hx_arena_alloc(f->c->arena, (f->k + 1) * sizeof *f->c->place);
    if (!sizes || !f->c->place) return no_memory(err);
    for (size_t i = 0; i < f->p.n; i++) {
        if (f->labels[i] == HX_NOISE)
            f->noise++;
        else
            sizes[f->labels[i]]++;
    }
    for (size_t a = 0; a < f->k; a++)
        for (size_t b = 0; b < f->k; b++)
            f->c->place[a] += sizes[b] > sizes[a] || (sizes[b] == sizes[a] && b < a);
    return HX_OK;
}

/* ------------------------------------------------------------------ summary */
/* Why there are no more clusters, where the rows are the reason. */
static void put_bound(const fitting *f, hx_json_writer *w) {
    hx_buf b;
    if (f->different == 0) return;
    hx_buf_init(&b, 1024);
    hx_json_key(w, "different_rows");
    hx_json_int(w, (int64_t)f->different);
    for (int zh = 0; zh < 2; zh++) {
        hx_buf_reset(&b);
        if (f->different == 1)
            hx_buf_printf(&b, "%s",
                          zh ? "所有行在所看的列上都相同，因此只有一个簇"
                             : "all rows are the same in the columns that are looked at: they are "
                               "one cluster");
        else
            hx_buf_printf(&b,
                          zh ? "只有 %zu 种不同的行，因此簇数不会更多"
                             : "only %zu rows are different: there are no more clusters than that",
                          f->different);
        hx_json_key(w, zh ? "bound_zh" : "bound_en");
        hx_json_str(w, hx_buf_str(&b));
    }
    hx_buf_release(&b);
}

static void put_choice(const hx_cluster_choice *c, hx_json_writer *w) {
    static const char *const names[] = {"auto", "silhouette", "gap", "bic"};
    hx_json_key(w, "choice");
    if (c->n == 0) {
        hx_json_null(w);
        return;
    }
    hx_json_object(w);
    hx_json_key(w, "by");
    hx_json_cstr(w, names[c->by]);
    hx_json_key(w, "tried");
    hx_json_array(w);
    for (size_t i = 0; i < c->n; i++) {
        hx_json_object(w);
        hx_json_key(w, "k");
        hx_json_int(w, (int64_t)c->k[i]);
        hx_json_key(w, "value");
        hx_json_double(w, c->values[i]);
        hx_json_key(w, "error");
        hx_json_double(w, c->errors[i]);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static void put_number(hx_json_writer *w, const char *key, double x) {
    hx_json_key(w, key);
    hx_json_double(w, x);
}

static void put_count(hx_json_writer *w, const char *key, size_t n) {
    hx_json_key(w, key);
    hx_json_int(w, (int64_t)n);
}

static hx_status put_summary(const fitting *f, const hx_problem *raw, hx_json_writer *w,
                             hx_error *err) {
    const hx_cluster_rows rows = {.x = raw->x,
                                  .n = raw->n,
                                  .d = raw->d,
                                  .k = f->k,
                                  .names = raw->names,
                                  .labels = f->labels,
                                  .place = f->c->place};
    hx_json_object(w);
    hx_json_key(w, "method");
    hx_json_cstr(w, hx_cluster_method_name(f->method));
    put_count(w, "k", f->k);
    put_count(w, "rows", f->p.n);
    put_count(w, "noise", f->noise);
    put_count(w, "features", f->p.d);
    hx_json_key(w, "params");
    hx_params_write(&hx_cluster_kind, f->c->params, w);
    put_number(w, "silhouette", f->silhouette);
    put_number(w, "stability", f->stability);
    put_number(w, "inertia", f->c->rule.inertia);
    put_number(w, "bic", f->c->rule.bic);
    put_choice(&f->choice, w);
    put_bound(f, w);
    hx_json_key(w, "clusters");
    HX_TRY(hx_cluster_describe(&rows, w, err));
    hx_json_end_object(w);
    return HX_OK;
}

static hx_status summarise(fitting *f, hx_error *err) {
    hx_design *plain = NULL;
    hx_problem raw;
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, SUMMARY_MAX);
    hx_json_begin(&w, &b);
    hx_status st = rows_of(f, HX_WANTS_FILLED, &plain, &raw, err);
    if (st == HX_OK) st = put_summary(f, &raw, &w, err);
    if (st == HX_OK) st = hx_buf_status(&b, "summary", err);
    if (st == HX_OK) f->c->summary = hx_arena_str(f->c->arena, hx_buf_str(&b));
    if (st == HX_OK && !f->c->summary.ptr) st = no_memory(err);
    hx_buf_release(&b);
    hx_design_free(plain);
    return st;
}

/* ------------------------------------------------------------------ fitting */
static hx_status method_of(fitting *f, hx_error *err) {
    const char *name = f->o->method ? f->o->method : "kmeans";
    f->method = hx_cluster_method_of(name);
    if (f->method == HX_CLUSTER_METHODS)
        return hx_fail(err, HX_EINVAL,
                       "there is no method '%s'; there are kmeans, mini-batch, mixture, "
                       "hierarchical, dbscan, hdbscan",
                       name);
    f->c->params = hx_arena_alloc(f->c->arena, HX_CLUSTER_PARAMS * sizeof *f->c->params);
    if (!f->c->params) return no_memory(err);
    HX_TRY(hx_params_of(&hx_cluster_kind, f->o->params, f->c->params, err));
    f->run = (hx_cluster_run){.params = f->c->params,
                              .seed = f->o->seed,
                              .n_threads = f->o->n_threads ? f->o->n_threads : hx_processors(),
                              .cancel = f->o->cancel};
    return HX_OK;
}

static hx_status fit(fitting *f, hx_error *err) {
    HX_TRY(method_of(f, err));
    HX_TRY(rows_of(f, HX_WANTS_FILLED | HX_WANTS_SCALED, &f->c->design, &f->p, err));
    HX_TRY(stretch_features(f, err));
    HX_TRY(find_rule(f, err));
    HX_TRY(order(f, err));
    return summarise(f, err);
}

static hx_clusters *new_clusters(void) {
    hx_clusters *c = calloc(1, sizeof *c);
    if (c && !(c->arena = hx_arena_new(ARENA_MAX))) {
        free(c);
        return NULL;
    }
    return c;
}

hx_status hx_clusters_fit(hx_clusters **out, const hx_table *t, const hx_cluster_options *options,
                          hx_error *err) {
    fitting f = {.c = new_clusters(), .t = t, .o = options, .arena = hx_arena_new(ARENA_MAX)};
    hx_status st = f.c && f.arena ? fit(&f, err) : no_memory(err);
    hx_arena_free(f.arena);
    if (st != HX_OK) {
        hx_clusters_free(f.c);
        return st;
    }
    *out = f.c;
    return HX_OK;
}

/* ------------------------------------------------------------------ using */
size_t hx_clusters_count(const hx_clusters *c) {
    return c->rule.k;
}

hx_status hx_clusters_kinds(const hx_clusters *c, hx_arena *arena, hx_column_kind **out, size_t *n,
                            hx_error *err) {
    return hx_design_kinds(c->design, arena, out, n, err);
}

hx_str hx_clusters_summary(const hx_clusters *c) {
    return c->summary;
}

hx_status hx_clusters_assign(const hx_clusters *c, const hx_table *t, hx_arena *arena,
                             uint32_t **labels, hx_error *err) {
    hx_problem p = {0};
    hx_arena *scratch = hx_arena_new(ARENA_MAX);
    hx_status st =
        scratch ? hx_design_problem(c->design, t, false, scratch, &p, err) : no_memory(err);
    if (st == HX_OK) {
        stretch(c, &p);
        *labels = hx_arena_alloc(arena, (p.n + 1) * sizeof **labels);
        st = *labels ? hx_cluster_label(&c->rule, p.x, p.n, *labels, err) : no_memory(err);
    }
    for (size_t i = 0; i < p.n && st == HX_OK; i++)
        if ((*labels)[i] != HX_NOISE) (*labels)[i] = (uint32_t)c->place[(*labels)[i]];
    hx_arena_free(scratch);
    return st;
}
