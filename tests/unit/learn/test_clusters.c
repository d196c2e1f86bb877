/* Clusters against scikit-learn and scipy (tests/golden/learn/make_clusters.py), instruction sets and threads, tables, files, bad input. */
#include <unistd.h>

#include "base/rng.h"
#include "golden.h"
#include "learn/cluster.h"
#include "learn/kmeans.h"
#include "learn/kmeans_rows.h"
#include "tensor/kernels.h"

#define N 203
#define D 3
#define K 4

static void near_all(golden *g, const char *name, const double *got, size_t n, double tolerance) {
    size_t wanted_n;
    const double *wanted = golden_array(g, name, &wanted_n);
    assert_int_equal(wanted_n, n);
    for (size_t i = 0; i < n; i++)
        golden_near(got[i], wanted[i], tolerance, name);
}

static void same_labels(golden *g, const char *name, const uint32_t *got) {
    size_t n;
    const double *wanted = golden_array(g, name, &n);
    assert_int_equal(n, N);
    for (size_t i = 0; i < n; i++)
        if (wanted[i] < 0)
            assert_int_equal(got[i], HX_NOISE);
        else
            assert_int_equal(got[i], (uint32_t)wanted[i]);
}

/* ------------------------------------------------------------------ k-means */
static void as_scikit_learn(golden *g, const char *name, double tolerance) {
    char key[64];
    size_t n;
    hx_error err = {0};
    hx_kmeans_result r;
    const double *x = golden_array(g, "x", &n);
    const hx_kmeans_options o = {.k = K,
                                 .start = golden_array(g, "start", &n),
                                 .rounds = 500,
                                 .tolerance = tolerance,
                                 .n_threads = 2};
    assert_int_equal(hx_kmeans(x, N, D, &o, g->arena, &r, &err), HX_OK);
    snprintf(key, sizeof key, "%s.labels", name);
    same_labels(g, key, r.labels);
    snprintf(key, sizeof key, "%s.centres", name);
    near_all(g, key, r.centres, K * D, 1e-9);
    snprintf(key, sizeof key, "%s.inertia", name);
    near_all(g, key, &r.inertia, 1, 1e-9);
    snprintf(key, sizeof key, "%s.rounds", name);
    assert_int_equal(r.rounds, (size_t)*golden_array(g, key, &n));
}

static void kmeans(void **st) {
    as_scikit_learn(*st, "kmeans", 0);
    as_scikit_learn(*st, "kmeans_early", 0.02);
}

static void restarts_find_the_best(void **st) {
    golden *g = *st;
    size_t n;
    hx_error err = {0};
    hx_kmeans_result one, three;
    const double *x = golden_array(g, "x", &n);
    hx_kmeans_options o = {.k = K, .tolerance = -1, .seed = 3, .n_threads = 1};
    assert_int_equal(hx_kmeans(x, N, D, &o, g->arena, &one, &err), HX_OK);
    assert_true(one.inertia <= *golden_array(g, "best.inertia", &n) * (1 + 1e-6));
    o.n_threads = 3;
    assert_int_equal(hx_kmeans(x, N, D, &o, g->arena, &three, &err), HX_OK);
    assert_memory_equal(one.centres, three.centres, K * D * sizeof(double));
    assert_memory_equal(one.labels, three.labels, N * sizeof(uint32_t));
}

static void mini_batches_come_near(void **st) {
    golden *g = *st;
    size_t n;
    hx_error err = {0};
    hx_kmeans_result r;
    const double *x = golden_array(g, "x", &n);
    const hx_kmeans_options o = {
        .k = K, .tolerance = -1, .batch = 50, .restarts = 3, .seed = 1, .n_threads = 1};
    assert_int_equal(hx_kmeans(x, N, D, &o, g->arena, &r, &err), HX_OK);
    assert_true(r.inertia <= *golden_array(g, "best.inertia", &n) * 1.1);
}

static void hard_rows(void **st) {
    golden *g = *st;
    double x[12] = {1, 1, 1, 1, 1, 1, 1, 1, 5, 5, 5, 5};
    hx_error err = {0};
    hx_kmeans_result r;
    hx_kmeans_options o = {.k = 3, .tolerance = -1, .n_threads = 1};
    assert_int_equal(hx_kmeans(x, 12, 1, &o, g->arena, &r, &err), HX_OK);
    assert_true(r.inertia < 1e-20);
    o.k = 12;
    assert_int_equal(hx_kmeans(x, 12, 1, &o, g->arena, &r, &err), HX_OK);
    assert_true(r.inertia < 1e-20);
    o.k = 13;
    assert_int_equal(hx_kmeans(x, 12, 1, &o, g->arena, &r, &err), HX_EINVAL);
    assert_string_equal(err.message, "12 rows can't be put into 13 clusters");
    o.k = 1;
    assert_int_equal(hx_kmeans(x, 1, 1, &o, g->arena, &r, &err), HX_OK);
    assert_true(r.centres[0] == 1 && r.labels[0] == 0);
}

/* Every instruction set has the bits of the base. */
static void all_sets_agree(void **st) {
    enum { GROUPS = 40, DIM = 5, CENTRES = 16, ROWS = GROUPS * HX_LANES };
    static double groups[GROUPS * DIM * HX_LANES], centres[CENTRES * DIM], norms[CENTRES];
    static double closest[2][ROWS], sums[2][CENTRES * HX_LANES];
    static uint32_t labels[2][ROWS];
    const hx_kmeans_rows *sets[2] = {&hx_kmeans_rows_base, hx_kmeans_rows_choose()};
    hx_rng rng;
    (void)st;
    hx_rng_seed(&rng, 5);
    for (size_t i = 0; i < GROUPS * DIM * HX_LANES; i++)
        groups[i] = hx_rng_uniform(&rng) - 0.5;
    for (size_t i = 0; i < CENTRES * DIM; i++)
        centres[i] = hx_rng_uniform(&rng) - 0.5;
    for (size_t c = 0; c < CENTRES; c++)
        norms[c] = c < 13 ? hx_rng_uniform(&rng) : INFINITY;
#if defined(__x86_64__)
    for (size_t s = 0; s < 3; s++) {
        if (s == 1 && hx_kernels_has(HX_KERNELS_AVX2)) sets[1] = &hx_kmeans_rows_avx2;
        if (s == 2 && hx_kernels_has(HX_KERNELS_AVX512)) sets[1] = &hx_kmeans_rows_avx512;
#else
    {
#endif
        for (size_t k = 0; k < 2; k++) {
            memset(sums[k], 0, sizeof sums[k]);
            for (size_t i = 0; i < ROWS; i++)
                closest[k][i] = INFINITY;
            sets[k]->assign(groups, GROUPS, DIM, centres, norms, CENTRES, labels[k]);
            sets[k]->come_closer(groups, GROUPS, DIM, centres, closest[k]);
            sets[k]->potential(groups, GROUPS, DIM, centres + DIM, 8, closest[k], sums[k]);
        }
        assert_memory_equal(labels[0], labels[1], sizeof *labels);
        assert_memory_equal(closest[0], closest[1], sizeof *closest);
        assert_memory_equal(sums[0], sums[1], sizeof *sums);
    }
    for (size_t i = 0; i < ROWS; i++)
        assert_true(labels[0][i] < 13);
}

/* ------------------------------------------------------------------ the others */
static void mixtures(void **st) {
    static const char *const kinds[] = {"full", "diag", "tied", "spherical"};
    golden *g = *st;
    size_t n;
    const double *x = golden_array(g, "x", &n);
    const uint32_t *start = golden_u32(g, "kmeans_early.labels", &n);
    double *shares = hx_arena_alloc(g->arena, N * K * sizeof *shares), room[D + K];
    for (size_t i = 0; i < 4; i++) {
        char key[64];
        hx_mixture m;
        hx_error err = {0};
        const hx_mixture_options o = {.kind = (hx_covariance)i, .k = K, .start = start};
        assert_int_equal(hx_mixture_fit(x, N, D, &o, g->arena, &m, &err), HX_OK);
        snprintf(key, sizeof key, "%s.weights", kinds[i]);
        near_all(g, key, m.weights, K, 1e-6);
        snprintf(key, sizeof key, "%s.means", kinds[i]);
        near_all(g, key, m.means, K * D, 1e-6);
        hx_mixture_shares(&m, x, N, room, shares, NULL);
        snprintf(key, sizeof key, "%s.shares", kinds[i]);
        near_all(g, key, shares, N * K, 1e-6);
        double bic = hx_mixture_bic(&m, N);
        snprintf(key, sizeof key, "%s.bic", kinds[i]);
        near_all(g, key, &bic, 1, 1e-6);
    }
}

static void hierarchies(void **st) {
    static const char *const names[] = {"ward", "average", "complete", "single"};
    golden *g = *st;
    size_t n;
    const double *x = golden_array(g, "x", &n);
    hx_join joins[N];
    uint32_t labels[N];
    for (size_t l = 0; l < 4; l++) {
        hx_error err = {0};
        const double *wanted = golden_array(g, names[l], &n);
        assert_int_equal(n, 4 * (N - 1));
        assert_int_equal(hx_hierarchy(x, N, D, (hx_linkage)l, joins, NULL, &err), HX_OK);
        for (size_t i = 0; i + 1 < N; i++) {
            golden_near(joins[i].distance, wanted[4 * i + 2], 1e-9, names[l]);
            assert_int_equal(joins[i].rows, (size_t)wanted[4 * i + 3]);
            assert_int_equal(joins[i].a, (size_t)wanted[4 * i]);
            assert_int_equal(joins[i].b, (size_t)wanted[4 * i + 1]);
        }
        assert_int_equal(hx_hierarchy_cut(joins, N, 7, labels, &err), HX_OK);
        uint32_t most = 0;
        for (size_t i = 0; i < N; i++) {
            assert_true(labels[i] <= most + (i > 0));
            if (labels[i] > most) most = labels[i];
        }
        assert_int_equal(most, 6);
        assert_int_equal(hx_hierarchy_cut(joins, N, N + 1, labels, &err), HX_EINVAL);
    }
}

static void density(golden *g, const char *name, double radius, size_t least) {
    char key[64];
    size_t n, k;
    uint32_t labels[N];
    bool cores[N];
    hx_error err = {0};
    const double *x = golden_array(g, "x", &n);
    assert_int_equal(hx_dbscan(x, N, D, radius, least, labels, cores, &k, NULL, &err), HX_OK);
    snprintf(key, sizeof key, "%s.labels", name);
    same_labels(g, key, labels);
    snprintf(key, sizeof key, "%s.cores", name);
    const double *wanted = golden_array(g, key, &n);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(cores[i], wanted[i] != 0);
}

static void densities(void **st) {
    density(*st, "dense", 0.9, 5);
    density(*st, "denser", 0.6, 4);
}

/* Labels of scikit-learn; any number of threads; and the rule gives every fitted row its own label. */
static void branches(golden *g, const char *rows, size_t d, const char *name, size_t smallest,
                     size_t least) {
    size_t n, n_wanted, k[2];
    hx_error err = {0};
    const double *x = golden_array(g, rows, &n), *wanted = golden_array(g, name, &n_wanted);
    n /= d;
    assert_int_equal(n, n_wanted);
    uint32_t *labels = calloc(2 * n, sizeof *labels);
    double *cores = calloc(n, sizeof *cores), *births = calloc(n, sizeof *births), room[64];
    assert_true(labels && cores && births);
    for (size_t i = 0; i < 2; i++) {
        const hx_hdbscan_options o = {.least = least, .smallest = smallest, .n_threads = 1 + 2 * i};
        assert_int_equal(hx_hdbscan(x, n, d, &o, labels + i * n, cores, births, &k[i], &err),
                         HX_OK);
    }
    assert_int_equal(k[0], k[1]);
    assert_memory_equal(labels, labels + n, n * sizeof *labels);
    const hx_hdbscan_rule rule = {x, cores, births, labels, n, d, least};
    for (size_t i = 0; i < n; i++) {
        uint32_t own = wanted[i] < 0 ? HX_NOISE : (uint32_t)wanted[i];
        if (labels[i] != own) fail_msg("%s, row %zu: %u, not %g", name, i, labels[i], wanted[i]);
        assert_int_equal(hx_hdbscan_label(&rule, x + i * d, room), own);
    }
    free(labels);
    free(cores);
    free(births);
}

static void densities_of_any_size(void **st) {
    branches(*st, "x", D, "hdbscan", 5, 5);
    branches(*st, "x", D, "hdbscan_ten", 10, 4);
    branches(*st, "blobs", 2, "blobs_five", 5, 5);
    branches(*st, "blobs", 2, "blobs_fifteen", 15, 3);
    branches(*st, "blobs", 2, "blobs_one", 8, 1);
}

static void new_rows_join_what_is_near(void **st) {
    const double x[] = {0, 0.1, 0.2, 0.3, 9, 9.1, 9.2, 9.3, 30};
    double cores[9], births[9], room[3];
    uint32_t labels[9];
    size_t k;
    hx_error err = {0};
    (void)st;
    hx_hdbscan_options o = {.least = 2, .smallest = 3, .n_threads = 1};
    assert_int_equal(hx_hdbscan(x, 9, 1, &o, labels, cores, births, &k, &err), HX_OK);
    assert_int_equal(k, 2);
    const hx_hdbscan_rule rule = {x, cores, births, labels, 9, 1, 2};
    const double rows[] = {0.15, 9.05, 1, 60, -1e300};
    const uint32_t wanted[] = {labels[0], labels[4], labels[0], HX_NOISE, HX_NOISE};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(hx_hdbscan_label(&rule, rows + i, room), wanted[i]);
    assert_int_not_equal(labels[0], labels[4]);
    assert_int_equal(labels[8], HX_NOISE);
    /* too few rows for any to be near enough: all noise */
    o.least = 10;
    assert_int_equal(hx_hdbscan(x, 9, 1, &o, labels, cores, births, &k, &err), HX_OK);
    assert_int_equal(k, 0);
    assert_int_equal(labels[3], HX_NOISE);
    o.least = 1;
    assert_int_equal(hx_hdbscan(x, 1, 1, &o, labels, cores, births, &k, &err), HX_OK);
    assert_true(k == 0 && labels[0] == HX_NOISE);
    assert_int_equal(hx_hdbscan(x, 0, 1, &o, labels, cores, births, &k, &err), HX_OK);
    assert_int_equal(k, 0);
    assert_int_equal(hx_hdbscan(x, HX_HDBSCAN_ROWS_MAX + 1, 0, &o, labels, cores, births, &k, &err),
                     HX_ELIMIT);
}

static void measures(void **st) {
    golden *g = *st;
    size_t n;
    double got;
    hx_error err = {0};
    const double *x = golden_array(g, "x", &n);
    const uint32_t *labels = golden_u32(g, "kmeans_early.labels", &n);
    const uint32_t *truth = golden_u32(g, "truth", &n);
    assert_int_equal(hx_silhouette(x, N, D, labels, K, N, 0, &got, &err), HX_OK);
    near_all(g, "silhouette", &got, 1, 1e-9);
    assert_int_equal(hx_silhouette(x, N, D, labels, K, 150, 0, &got, &err), HX_OK);
    golden_near(got, *golden_array(g, "silhouette", &n), 0.05, "silhouette of a sample");
    assert_int_equal(hx_adjusted_rand(truth, K, labels, K, N, &got, &err), HX_OK);
    near_all(g, "rand", &got, 1, 1e-12);
    assert_int_equal(hx_adjusted_rand(truth, K, truth, K, N, &got, &err), HX_OK);
    assert_true(got == 1);
}

/* ------------------------------------------------------------------ tables */
/* Three groups: by amount and by city. */
static hx_table *table(void) {
    const hx_str cities[] = {HX_STR_LIT("上海"), HX_STR_LIT("北京"), HX_STR_LIT("广州")};
    enum { ROWS = 90 };
    double amount[ROWS], age[ROWS];
    uint32_t city[ROWS];
    hx_table *t = NULL;
    hx_error err = {0};
    hx_rng rng;
    hx_rng_seed(&rng, 2);
    for (size_t i = 0; i < ROWS; i++) {
        size_t group = i < 45 ? 0 : i < 75 ? 1 : 2;
        amount[i] = 200.0 * (double)group + 10 * hx_rng_uniform(&rng);
        age[i] = 30 + 5 * hx_rng_uniform(&rng);
        city[i] = (uint32_t)group;
    }
    age[7] = NAN;
    age[8] = INFINITY; /* as missing */
    assert_int_equal(hx_table_new(&t, ROWS, &err), HX_OK);
    assert_int_equal(
        hx_table_put_numbers(t, HX_STR_LIT("amount"), HX_KIND_NUMBER, amount, -1, &err), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("age"), HX_KIND_NUMBER, age, -1, &err),
                     HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("city"), city, cities, 3, &err), HX_OK);
    return t;
}

static void check_groups(const uint32_t *labels) {
    for (size_t i = 0; i < 90; i++)
        assert_int_equal(labels[i], i < 45 ? 0 : i < 75 ? 1 : 2);
}

static void tables(void **st) {
    static const char *const methods[] = {"kmeans", "mini-batch", "mixture", "hierarchical",
                                          "hdbscan"};
    golden *g = *st;
    hx_table *t = table();
    for (size_t i = 0; i < 5; i++) {
        char path[] = "/tmp/hx-clusters-XXXXXX";
        hx_clusters *c = NULL, *again = NULL;
        hx_error err = {0};
        uint32_t *labels;
        const hx_cluster_options o = {.method = methods[i],
                                      .k = 3,
                                      .drop = "age",
                                      .seed = 1,
                                      .n_threads = 1,
                                      .params = HX_STR_LIT("{\"stability\":3,\"batch\":30,"
                                                           "\"min_cluster\":15,"
                                                           "\"covariance\":\"spherical\"}")};
        if (hx_clusters_fit(&c, t, &o, &err) != HX_OK) fail_msg("%s", err.message);
        assert_int_equal(hx_clusters_count(c), 3);
        assert_int_equal(hx_clusters_assign(c, t, g->arena, &labels, &err), HX_OK);
        check_groups(labels);
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(hx_clusters_save(c, path, &err), HX_OK);
        if (hx_clusters_load(&again, path, &err) != HX_OK) fail_msg("%s", err.message);
        assert_int_equal(hx_clusters_assign(again, t, g->arena, &labels, &err), HX_OK);
        check_groups(labels);
        hx_clusters_free(again);
        hx_clusters_free(c);
        unlink(path);
    }
    hx_table_free(t);
}

static void words(void **st) {
    golden *g = *st;
    hx_table *t = table();
    hx_clusters *c = NULL;
    hx_error err = {0};
    json_t *s = NULL;
    (void)g;
    const hx_cluster_options o = {
        .drop = "age", .seed = 1, .n_threads = 1, .params = HX_STR_LIT("{\"k_max\":5}")};
    if (hx_clusters_fit(&c, t, &o, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(hx_json_parse(hx_clusters_summary(c), 1u << 20, "summary", &s, &err), HX_OK);
    assert_int_equal(json_integer_value(json_object_get(s, "k")), 3);
    assert_string_equal(json_string_value(json_object_get(json_object_get(s, "choice"), "by")),
                        "silhouette");
    assert_true(json_number_value(json_object_get(s, "stability")) > 0.95);
    const json_t *last = json_array_get(json_object_get(s, "clusters"), 2);
    assert_int_equal(json_integer_value(json_object_get(last, "rows")), 15);
    assert_non_null(strstr(json_string_value(json_object_get(last, "name_en")), "high amount"));
    assert_non_null(strstr(json_string_value(json_object_get(last, "name_zh")), "city=广州"));
    assert_non_null(
        strstr(json_string_value(json_array_get(json_object_get(last, "why_en"), 0)),
               "city=广州 is 6.0 times as common as among all rows (100 % against 17 %)"));
    double centre = json_number_value(json_object_get(json_object_get(last, "centre"), "amount"));
    assert_true(centre > 400 && centre < 410);
    json_decref(s);
    hx_clusters_free(c);
    hx_table_free(t);
}

static void noise_stays_noise(void **st) {
    golden *g = *st;
    hx_table *t = table();
    hx_clusters *c = NULL;
    hx_error err = {0};
    uint32_t *labels;
    const hx_cluster_options o = {.method = "dbscan",
                                  .use = "amount",
                                  .params = HX_STR_LIT("{\"radius\":0.05,\"min_rows\":20}")};
    assert_int_equal(hx_clusters_fit(&c, t, &o, &err), HX_OK);
    assert_int_equal(hx_clusters_count(c), 2);
    assert_int_equal(hx_clusters_assign(c, t, g->arena, &labels, &err), HX_OK);
    for (size_t i = 0; i < 90; i++)
        assert_int_equal(labels[i], i < 45 ? 0 : i < 75 ? 1 : HX_CLUSTER_NONE);
    hx_clusters_free(c);
    hx_table_free(t);
}

/* ------------------------------------------------------------------ few different rows */
static hx_table *rows_of_values(size_t n, size_t different) {
    double a[64], b[64];
    hx_table *t = NULL;
    hx_error err = {0};
    for (size_t i = 0; i < n; i++) {
        a[i] = 10.0 * (double)(i % different);
        b[i] = 0.1;
    }
    assert_int_equal(hx_table_new(&t, n, &err), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("a"), HX_KIND_NUMBER, a, -1, &err), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("b"), HX_KIND_NUMBER, b, -1, &err), HX_OK);
    return t;
}

/* k clusters of all rows come out; the sentence that says why, "" = none. */
static void few(const char *method, size_t wanted, size_t different, size_t k,
                const char *sentence) {
    uint32_t *labels;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = rows_of_values(60, different);
    hx_clusters *c = NULL;
    hx_error err = {0};
    json_t *s = NULL, *one;
    size_t i, rows = 0;
    const hx_cluster_options o = {
        .method = method, .k = wanted, .params = HX_STR_LIT("{\"stability\":2}")};
    if (hx_clusters_fit(&c, t, &o, &err) != HX_OK) fail_msg("%s: %s", method, err.message);
    assert_int_equal(hx_clusters_count(c), k);
    assert_int_equal(hx_json_parse(hx_clusters_summary(c), 1u << 20, "summary", &s, &err), HX_OK);
    assert_int_equal(json_array_size(json_object_get(s, "clusters")), k);
    json_array_foreach(json_object_get(s, "clusters"), i, one) {
        assert_true(json_integer_value(json_object_get(one, "rows")) > 0);
        assert_null(strstr(json_string_value(json_object_get(one, "name_en")), " b"));
        rows += (size_t)json_integer_value(json_object_get(one, "rows"));
    }
    assert_int_equal(rows, 60);
    const char *why = json_string_value(json_object_get(s, "bound_en"));
    assert_string_equal(why ? why : "", sentence);
    assert_true(!why == !json_object_get(s, "bound_zh"));
    assert_int_equal(hx_clusters_assign(c, t, arena, &labels, &err), HX_OK);
    for (i = different; i < 60; i++)
        assert_int_equal(labels[i], labels[i - different]);
    json_decref(s);
    hx_clusters_free(c);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void rows_bound_clusters(void **st) {
    static const char same[] =
        "all rows are the same in the columns that are looked at: they are one cluster";
    static const char three[] = "only 3 rows are different: there are no more clusters than that";
    (void)st;
    for (int m = 0; m < HX_CLUSTER_METHODS; m++) {
        const char *name = hx_cluster_method_name((hx_cluster_method)m);
        few(name, 0, 1, 1, same);
        few(name, 0, 3, 3, three);
        if (hx_cluster_is_dense((hx_cluster_method)m)) continue;
        few(name, 7, 1, 1, same);
        few(name, 7, 3, 3, three);
        few(name, 2, 2, 2, "");
    }
}

static void different_rows(void **st) {
    const double x[] = {0, 1, -0.0, 1, 0, 2, 0, 1};
    size_t n;
    hx_error err = {0};
    (void)st;
    assert_int_equal(hx_different_rows(x, 4, 2, 10, &n, &err), HX_OK);
    assert_int_equal(n, 2);
    assert_int_equal(hx_different_rows(x, 8, 1, 1, &n, &err), HX_OK);
    assert_int_equal(n, 2); /* one more than `most`, then it stops */
    assert_int_equal(hx_different_rows(x, 0, 2, 10, &n, &err), HX_OK);
    assert_int_equal(n, 0);
}

static void refused(hx_table *t, const hx_cluster_options *o, const char *sentence) {
    hx_clusters *c = NULL;
    hx_error err = {0};
    assert_int_equal(hx_clusters_fit(&c, t, o, &err), HX_EINVAL);
    assert_null(c);
    assert_string_equal(err.message, sentence);
}

static void bad_input(void **st) {
    hx_table *t = table();
    (void)st;
    refused(t, &(hx_cluster_options){.k = 91}, "90 rows can't be put into 91 clusters");
    refused(t, &(hx_cluster_options){.method = "kmean"},
            "there is no method 'kmean'; there are kmeans, mini-batch, mixture, hierarchical, "
            "dbscan, hdbscan");
    refused(t, &(hx_cluster_options){.params = HX_STR_LIT("{\"linkage\":\"near\"}")},
            "cluster: 'linkage' is one of ward, average, complete, single");
    hx_table_free(t);
}

static void damaged_files(void **st) {
    char path[] = "/tmp/hx-clusters-XXXXXX", wanted[256];
    hx_table *t = table();
    hx_clusters *c = NULL, *again = NULL;
    hx_error err = {0};
    hx_buf b;
    (void)st;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(hx_clusters_fit(&c, t, &(hx_cluster_options){.k = 2}, &err), HX_OK);
    assert_int_equal(hx_clusters_save(c, path, &err), HX_OK);
    hx_buf_init(&b, 1u << 20);
    assert_int_equal(hx_file_read(path, &b, &err), HX_OK);
    b.ptr[b.len / 2] ^= 1;
    assert_int_equal(hx_file_write(path, hx_buf_str(&b), false, &err), HX_OK);
    assert_int_equal(hx_clusters_load(&again, path, &err), HX_EFORMAT);
    snprintf(wanted, sizeof wanted, "%s is damaged; train it again or copy it anew", path);
    assert_string_equal(err.message, wanted);
    assert_int_equal(hx_file_write(path, HX_STR_LIT("{}"), false, &err), HX_OK);
    assert_int_equal(hx_clusters_load(&again, path, &err), HX_EFORMAT);
    snprintf(wanted, sizeof wanted, "%s holds no clusters that huaxiang learn cluster made", path);
    assert_string_equal(err.message, wanted);
    hx_buf_release(&b);
    unlink(path);
    hx_clusters_free(c);
    hx_table_free(t);
}

static int setup(void **st) {
    static golden g;
    golden_open(&g, "clusters.txt");
    *st = &g;
    return 0;
}

static int teardown(void **st) {
    golden_close(*st);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kmeans),
        cmocka_unit_test(restarts_find_the_best),
        cmocka_unit_test(mini_batches_come_near),
        cmocka_unit_test(hard_rows),
        cmocka_unit_test(all_sets_agree),
        cmocka_unit_test(mixtures),
        cmocka_unit_test(hierarchies),
        cmocka_unit_test(densities),
        cmocka_unit_test(densities_of_any_size),
        cmocka_unit_test(new_rows_join_what_is_near),
        cmocka_unit_test(measures),
        cmocka_unit_test(tables),
        cmocka_unit_test(words),
        cmocka_unit_test(noise_stays_noise),
        cmocka_unit_test(rows_bound_clusters),
        cmocka_unit_test(different_rows),
        cmocka_unit_test(bad_input),
        cmocka_unit_test(damaged_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
