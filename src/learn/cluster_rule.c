/* cluster_rule.c - one way to fit clusters and to say which one a row is in; see cluster.h.
 *
 * New rows: k-means and mini-batch by the nearest centre; mixtures by the greatest share; hierarchical clusters by the nearest mean of a cluster's rows;
 * DBSCAN by the nearest core within the radius, else noise; HDBSCAN by the nearest row (mutual reachability) that is nearer than its cluster's birth.
 *
 * What a row is measured by was learnt on the rows that were clustered: means, scales, commonest values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/cluster.h"
#include "learn/kmeans.h"

static const char *const methods[HX_CLUSTER_METHODS] = {"kmeans",       "mini-batch", "mixture",
                                                        "hierarchical", "dbscan",     "hdbscan"};
static const char *const choices[] = {"auto", "silhouette", "gap", "bic", NULL};
static const char *const covariances[] = {"full", "diag", "tied", "spherical", NULL};
static const char *const linkages[] = {"ward", "average", "complete", "single", NULL};

static const hx_model_param params[HX_CLUSTER_PARAMS] = {
    [HX_CLUSTER_K_MAX] = {.name = "k_max",
                          .kind = HX_PARAM_COUNT,
                          .fallback = 10,
                          .low = 2,
                          .high = 100,
                          .help = {"clusters at most where their number is chosen",
                                   "自动选择时的最大簇数"}},
    [HX_CLUSTER_CHOOSE] = {.name = "choose",
                           .kind = HX_PARAM_CHOICE,
                           .choices = choices,
                           .help = {"what the number is chosen by", "选择簇数的依据"}},
    [HX_CLUSTER_RESTARTS] = {.name = "restarts",
                             .kind = HX_PARAM_COUNT,
                             .fallback = 10,
                             .low = 1,
                             .high = 1000,
                             .help = {"of k-means; the best is kept", "k-means 重启次数，取最优"}},
    [HX_CLUSTER_BATCH] = {.name = "batch",
                          .kind = HX_PARAM_COUNT,
                          .fallback = 1024,
                          .low = 1,
                          .high = 1e7,
                          .help = {"rows a step of mini-batch", "小批量每步行数"}},
    [HX_CLUSTER_COVARIANCE] = {.name = "covariance",
                               .kind = HX_PARAM_CHOICE,
                               .choices = covariances,
                               .help = {"shapes of a mixture", "混合模型的协方差形式"}},
    [HX_CLUSTER_LINKAGE] = {.name = "linkage",
                            .kind = HX_PARAM_CHOICE,
                            .choices = linkages,
                            .help = {"distance of two clusters, hierarchical",
                                     "层次聚类的簇间距离"}},
    [HX_CLUSTER_RADIUS] = {.name = "radius",
                           .fallback = 0.5,
                           .low = 1e-300,
                           .high = 1e300,
                           .help = {"of dbscan, in deviations", "dbscan 半径（以标准差计）"}},
    [HX_CLUSTER_MIN_ROWS] =
        {.name = "min_rows",
         .kind = HX_PARAM_COUNT,
         .fallback = 5,
         .low = 1,
         .high = 1e9,
         .help = {"rows within the radius of a core; of hdbscan within its core distance",
                  "核心点半径内的最少行数；hdbscan 为核心距离内的行数"}},
    [HX_CLUSTER_STABILITY] = {.name = "stability",
                              .kind = HX_PARAM_COUNT,
                              .fallback = 20,
                              .high = 1000,
                              .help = {"bootstrap samples; 0 = none",
                                       "稳定性自助抽样次数；0 表示不算"}},
    [HX_CLUSTER_SMALLEST] = {.name = "min_cluster",
                             .kind = HX_PARAM_COUNT,
                             .fallback = 5,
                             .low = 2,
                             .high = 1e9,
                             .help = {"rows of a cluster at least, hdbscan",
                                      "hdbscan 一个簇的最少行数"}},
};
const hx_model_kind hx_cluster_kind = {
    .name = "cluster", .params = params, .n_params = HX_CLUSTER_PARAMS};

const char *hx_cluster_method_name(hx_cluster_method m) {
    return methods[m];
}

hx_cluster_method hx_cluster_method_of(const char *name) {
    size_t m = 0;
    while (m < HX_CLUSTER_METHODS && strcmp(methods[m], name) != 0)
        m++;
    return (hx_cluster_method)m;
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the clusters");
}

/* ------------------------------------------------------------------ fitting */
typedef struct {
    const double *x;
    size_t n, d;
    const hx_cluster_run *run;
    hx_arena *arena;
    uint32_t *labels;
} fitting;

static hx_status by_kmeans(const fitting *f, hx_cluster_rule *r, size_t batch, hx_error *err) {
    const hx_kmeans_options o = {.k = r->k,
                                 .restarts =
                                     batch ? 3 : (size_t)f->run->params[HX_CLUSTER_RESTARTS],
                                 .tolerance = -1,
                                 .batch = batch,
                                 .seed = f->run->seed,
                                 .n_threads = f->run->n_threads,
                                 .cancel = f->run->cancel};
    hx_kmeans_result k;
    HX_TRY(hx_kmeans(f->x, f->n, f->d, &o, f->arena, &k, err));
    memcpy(f->labels, k.labels, f->n * sizeof *f->labels);
    r->centres = k.centres;
    r->inertia = k.inertia;
    return HX_OK;
}

static hx_status by_mixture(const fitting *f, hx_cluster_rule *r, hx_error *err) {
    HX_TRY(by_kmeans(f, r, 0, err));
    const hx_mixture_options o = {.kind = (hx_covariance)f->run->params[HX_CLUSTER_COVARIANCE],
                                  .k = r->k,
                                  .start = f->labels,
                                  .cancel = f->run->cancel};
    HX_TRY(hx_mixture_fit(f->x, f->n, f->d, &o, f->arena, &r->mixture, err));
    r->centres = r->mixture.means;
    r->inertia = NAN;
    r->bic = hx_mixture_bic(&r->mixture, f->n);
    return hx_cluster_label(r, f->x, f->n, f->labels, err);
}

static hx_status centres_of(const fitting *f, hx_cluster_rule *r, hx_error *err) {
    double *counts = calloc(r->k + 1, sizeof *counts);
    r->centres = hx_arena_alloc(f->arena, (r->k * f->d + 1) * sizeof *r->centres);
    bool room = counts && r->centres;
    for (size_t i = 0; i < f->n && room; i++) {
        counts[f->labels[i]]++;
        for (size_t j = 0; j < f->d; j++)
            r->centres[f->labels[i] * f->d + j] += f->x[i * f->d + j];
    }
    for (size_t j = 0; j < r->k * f->d && room; j++)
        r->centres[j] /= counts[j / f->d];
    free(counts);
    return room ? HX_OK : no_memory(err);
}

static hx_status by_hierarchy(const fitting *f, hx_cluster_rule *r, hx_error *err) {
    hx_join *joins = calloc(f->n + 1, sizeof *joins);
    hx_linkage linkage = (hx_linkage)f->run->params[HX_CLUSTER_LINKAGE];
    hx_status st = joins ? hx_hierarchy(f->x, f->n, f->d, linkage, joins, f->run->cancel, err)
                         : no_memory(err);
    if (st == HX_OK) st = hx_hierarchy_cut(joins, f->n, r->k, f->labels, err);
    free(joins);
    return st == HX_OK ? centres_of(f, r, err) : st;
}

static hx_status keep_cores(const fitting *f, hx_cluster_rule *r, const bool *cores,
                            hx_error *err) {
    for (size_t i = 0; i < f->n; i++)
        r->n_cores += cores[i];
    r->cores = hx_arena_alloc(f->arena, (r->n_cores * f->d + 1) * sizeof *r->cores);
    r->core_labels = hx_arena_alloc(f->arena, (r->n_cores + 1) * sizeof *r->core_labels);
    if (!r->cores || !r->core_labels) return no_memory(err);
    for (size_t i = 0, at = 0; i < f->n; i++) {
        if (!cores[i]) continue;
        memcpy(r->cores + at * f->d, f->x + i * f->d, f->d * sizeof *r->cores);
        r->core_labels[at++] = f->labels[i];
    }
    return HX_OK;
}

static hx_status by_density(const fitting *f, hx_cluster_rule *r, hx_error *err) {
    bool *cores = calloc(f->n + 1, sizeof *cores);
    r->radius = f->run->params[HX_CLUSTER_RADIUS];
    hx_status st =
        cores ? hx_dbscan(f->x, f->n, f->d, r->radius, (size_t)f->run->params[HX_CLUSTER_MIN_ROWS],
                          f->labels, cores, &r->k, f->run->cancel, err)
              : no_memory(err);
    if (st == HX_OK) st = keep_cores(f, r, cores, err);
    free(cores);
    return st;
}

/* A cluster more than chosen rows is never there: births has room for all. */
static hx_status by_branches(const fitting *f, hx_cluster_rule *r, hx_error *err) {
    const hx_hdbscan_options o = {.least = (size_t)f->run->params[HX_CLUSTER_MIN_ROWS],
                                  .smallest = (size_t)f->run->params[HX_CLUSTER_SMALLEST],
                                  .n_threads = f->run->n_threads,
                                  .cancel = f->run->cancel};
    r->least = o.least;
    r->n_cores = f->n;
    r->cores = hx_arena_alloc(f->arena, (f->n * f->d + 1) * sizeof *r->cores);
    r->core_labels = hx_arena_alloc(f->arena, (f->n + 1) * sizeof *r->core_labels);
    r->core_distances = hx_arena_alloc(f->arena, (f->n + 1) * sizeof *r->core_distances);
    r->births = hx_arena_alloc(f->arena, (f->n + 1) * sizeof *r->births);
    if (!r->cores || !r->core_labels || !r->core_distances || !r->births) return no_memory(err);
    HX_TRY(hx_hdbscan(f->x, f->n, f->d, &o, f->labels, r->core_distances, r->births, &r->k, err));
    memcpy(r->cores, f->x, f->n * f->d * sizeof *r->cores);
    memcpy(r->core_labels, f->labels, f->n * sizeof *r->core_labels);
    return HX_OK;
}

hx_status hx_cluster_fit_rule(const double *x, size_t n, size_t d, hx_cluster_method method,
                              size_t k, const hx_cluster_run *run, hx_arena *arena,
                              hx_cluster_rule *out, uint32_t *labels, hx_error *err) {
    const fitting f = {x, n, d, run, arena, labels};
    *out = (hx_cluster_rule){.method = method, .k = k, .d = d, .inertia = NAN, .bic = NAN};
    switch (method) {
    case HX_CLUSTER_KMEANS:
        return by_kmeans(&f, out, 0, err);
    case HX_CLUSTER_MINI_BATCH:
        return by_kmeans(&f, out, (size_t)run->params[HX_CLUSTER_BATCH], err);
    case HX_CLUSTER_MIXTURE:
        return by_mixture(&f, out, err);
    case HX_CLUSTER_HIERARCHICAL:
        return by_hierarchy(&f, out, err);
    case HX_CLUSTER_DBSCAN:
        return by_density(&f, out, err);
    case HX_CLUSTER_HDBSCAN:
    case HX_CLUSTER_METHODS:
        break;
    }
    return by_branches(&f, out, err);
}

/* ------------------------------------------------------------------ labels of any rows */
static uint32_t nearest_core(const hx_cluster_rule *r, const double *x) {
    double least = r->radius * r->radius;
    uint32_t label = HX_NOISE;
    for (size_t i = 0; i < r->n_cores; i++) {
        double sum = 0;
        for (size_t j = 0; j < r->d && sum <= least; j++) {
            double difference = r->cores[i * r->d + j] - x[j];
            sum += difference * difference;
        }
        if (sum > least || (sum == least && label != HX_NOISE)) continue;
        least = sum;
        label = r->core_labels[i];
    }
    return label;
}

static hx_status greatest_share(const hx_cluster_rule *r, const double *x, size_t n,
                                uint32_t *labels, hx_error *err) {
    double *room = calloc(r->d + 2 * r->k + 1, sizeof *room), *shares = room + r->d + r->k;
    if (!room) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        hx_mixture_shares(&r->mixture, x + i * r->d, 1, room, shares, NULL);
        labels[i] = 0;
        for (uint32_t c = 1; c < r->k; c++)
            if (shares[c] > shares[labels[i]]) labels[i] = c;
    }
    free(room);
    return HX_OK;
}

static hx_status nearest_row(const hx_cluster_rule *r, const double *x, size_t n, uint32_t *labels,
                             hx_error *err) {
    const hx_hdbscan_rule rule = {
        r->cores, r->core_distances, r->births, r->core_labels, r->n_cores, r->d, r->least};
    size_t most = r->least < r->n_cores ? r->least : r->n_cores;
    double *room = calloc(most + 1, sizeof *room);
    if (!room) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        labels[i] = hx_hdbscan_label(&rule, x + i * r->d, room);
    free(room);
    return HX_OK;
}

hx_status hx_cluster_label(const hx_cluster_rule *r, const double *x, size_t n, uint32_t *labels,
                           hx_error *err) {
    if (r->method == HX_CLUSTER_MIXTURE) return greatest_share(r, x, n, labels, err);
    if (r->method == HX_CLUSTER_HDBSCAN) return nearest_row(r, x, n, labels, err);
    if (r->method == HX_CLUSTER_DBSCAN)
        for (size_t i = 0; i < n; i++)
            labels[i] = nearest_core(r, x + i * r->d);
    else
        hx_kmeans_nearest(x, n, r->d, r->centres, r->k, labels);
    return HX_OK;
}
