/* cluster.h - what is inside fitted clusters, and what measures them. For src/learn/cluster*.c. */
#ifndef HX_LEARN_CLUSTER_H
#define HX_LEARN_CLUSTER_H

#include "learn/dbscan.h"
#include "learn/estimator.h"
#include "learn/hdbscan.h"
#include "learn/hierarchy.h"
#include "learn/mixture.h"

typedef enum {
    HX_CLUSTER_KMEANS = 0,
    HX_CLUSTER_MINI_BATCH,
    HX_CLUSTER_MIXTURE,
    HX_CLUSTER_HIERARCHICAL,
    HX_CLUSTER_DBSCAN,
    HX_CLUSTER_HDBSCAN,
    HX_CLUSTER_METHODS
} hx_cluster_method;

enum { HX_CLUSTER_BY_AUTO = 0, HX_CLUSTER_BY_SILHOUETTE, HX_CLUSTER_BY_GAP, HX_CLUSTER_BY_BIC };
enum hx_cluster_param {
    HX_CLUSTER_K_MAX = 0,
    HX_CLUSTER_CHOOSE,
    HX_CLUSTER_RESTARTS,
    HX_CLUSTER_BATCH,
    HX_CLUSTER_COVARIANCE,
    HX_CLUSTER_LINKAGE,
    HX_CLUSTER_RADIUS,
    HX_CLUSTER_MIN_ROWS,
    HX_CLUSTER_STABILITY,
    HX_CLUSTER_SMALLEST,
    HX_CLUSTER_PARAMS
};
extern const hx_model_kind hx_cluster_kind; /* its parameters */

/* What says which cluster a row is in. */
typedef struct {
    hx_cluster_method method;
    size_t k, d;
    double *centres; /* (k, d); NULL of DBSCAN and HDBSCAN */
    hx_mixture mixture; /* MIXTURE */
    double radius; /* DBSCAN */
    double *cores; /* (n_cores, d); of HDBSCAN all rows */
    uint32_t *core_labels; /* (n_cores); of HDBSCAN HX_NOISE too */
    size_t n_cores, least; /* least: min_rows of HDBSCAN */
    double *core_distances, *births; /* (n_cores), (k); HDBSCAN */
    double inertia, bic; /* NAN where it is none */
} hx_cluster_rule;

typedef struct {
    const double *params; /* (HX_CLUSTER_PARAMS) */
    uint64_t seed;
    size_t n_threads;
    const volatile int *cancel;
} hx_cluster_run;

/* Fits a rule to x (n, d); labels (n), HX_NOISE of rows in no cluster. k is not used by DBSCAN and HDBSCAN. All in the arena. */
hx_status hx_cluster_fit_rule(const double *x, size_t n, size_t d, hx_cluster_method method,
                              size_t k, const hx_cluster_run *run, hx_arena *arena,
                              hx_cluster_rule *out, uint32_t *labels, hx_error *err) HX_MUST_USE;
/* labels (n) of any rows. */
hx_status hx_cluster_label(const hx_cluster_rule *r, const double *x, size_t n, uint32_t *labels,
                           hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ measures (cluster_measure.c) */
/* Mean over rows of (b - a) / max(a, b): a the mean distance to the own cluster's other rows, b the least mean distance to another cluster's; 0 of a
 * cluster of one. Noise does not count. Above `most` rows, of as many drawn by the seed. NAN: fewer than two clusters. */
hx_status hx_silhouette(const double *x, size_t n, size_t d, const uint32_t *labels, size_t k,
                        size_t most, uint64_t seed, double *out, hx_error *err) HX_MUST_USE;
/* How alike two partitions are: 1 = the same, 0 = as by chance (Hubert, Arabie 1985). Labels below ka, kb; rows with HX_NOISE in either are left out. */
hx_status hx_adjusted_rand(const uint32_t *a, size_t ka, const uint32_t *b, size_t kb, size_t n,
                           double *out, hx_error *err) HX_MUST_USE;
/* Different rows among x (n, d), counted up to most + 1; rows are the same where their values are equal. */
hx_status hx_different_rows(const double *x, size_t n, size_t d, size_t most, size_t *out,
                            hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ the number of clusters (cluster_choose.c) */
/* k_max, the rows and the different rows bound it: rows that are all the same are one cluster. */
typedef struct {
    int by; /* HX_CLUSTER_BY_... */
    size_t n; /* numbers tried */
    size_t *k; /* (n) */
    double *values, *errors; /* (n); errors of gap, else NAN */
} hx_cluster_choice;
hx_status hx_cluster_choose(const double *x, size_t n, size_t d, hx_cluster_method method,
                            const hx_cluster_run *run, hx_arena *arena, hx_cluster_choice *out,
                            size_t *k, hx_error *err) HX_MUST_USE;
/* Mean adjusted Rand index between the clusters and those of bootstrap samples; NAN where it can't be said. */
hx_status hx_cluster_stability(const double *x, size_t n, size_t d, const hx_cluster_rule *rule,
                               const uint32_t *labels, const hx_cluster_run *run, double *out,
                               hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ words (cluster_words.c) */
typedef struct {
    const double *x; /* (n, d) in their own units */
    size_t n, d, k;
    const char *const *names; /* (d) */
    const uint32_t *labels; /* (n) */
    const size_t *place; /* (k): number of a cluster in what is shown, from 0 */
} hx_cluster_rows;
/* An array of one object a cluster in the order of their places: cluster, rows, share, name_en, name_zh, why_en, why_zh, centre. */
hx_status hx_cluster_describe(const hx_cluster_rows *r, hx_json_writer *w,
                              hx_error *err) HX_MUST_USE;

struct hx_clusters {
    hx_arena *arena; /* owned, with all but the design */
    hx_design *design; /* owned */
    hx_cluster_rule rule;
    double *params; /* (HX_CLUSTER_PARAMS) */
    double *factors; /* (d): scaled features are multiplied by it */
    size_t *place; /* (k) */
    hx_str summary; /* JSON */
};
/* Whether a method finds the number of clusters by itself. */
static inline bool hx_cluster_is_dense(hx_cluster_method m) {
    return m == HX_CLUSTER_DBSCAN || m == HX_CLUSTER_HDBSCAN;
}
const char *hx_cluster_method_name(hx_cluster_method m);
hx_cluster_method
hx_cluster_method_of(const char *name); /* HX_CLUSTER_METHODS where there is none */

#endif
