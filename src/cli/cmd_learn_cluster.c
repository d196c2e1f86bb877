/* cmd_learn_cluster.c - learn cluster: rows put into clusters, what sets each apart, and the same clusters for other rows.
 *
 *     file -> table -> hx_clusters_fit -> sizes, names, centres on standard output; rows with `cluster` in --out; the clusters in --save
 *     file, --model CLUSTERS.json -> rows with `cluster`
 *
 * `cluster` counts from 1, the largest first; noise of dbscan is 0. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/learn.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define K_MAX 1000000.0
#define NUMBER_BYTES 40
#define COLUMN_BYTES 32
#define CENTRES_SHOWN 12
#define FEATURES_SHOWN 30

/* ------------------------------------------------------------------ for eyes */
static bool put_text(hx_cli *c, const char *text) {
    hx_outbuf line = {0};
    hx_outbuf_visible(&line, hx_str_of(text), 0);
    hx_outbuf_byte(&line, '\n');
    const bool ok = hx_output_write(c, &line);
    hx_outbuf_release(&line);
    return ok;
}

static bool put_gap(hx_cli *c) {
    hx_outbuf gap = {0};
    hx_outbuf_byte(&gap, '\n');
    const bool ok = hx_output_write(c, &gap);
    hx_outbuf_release(&gap);
    return ok;
}

static void add_figure(const hx_cli *c, const json_t *s, const char *key, const char *en,
                       const char *zh, char *line, size_t size) {
    const json_t *v = json_object_get(s, key);
    const size_t used = strlen(line);
    if (json_is_number(v) && used < size)
        (void)snprintf(line + used, size - used, "  %s %.4g", hx_cli_tr(c, en, zh),
                       json_number_value(v));
}

static bool put_head(hx_cli *c, const json_t *s) {
    char line[512];
    const char *by = json_string_value(hx_json_at(s, "choice.by"));
    const long long k = (long long)json_integer_value(json_object_get(s, "k"));
    (void)snprintf(
        line, sizeof line,
        k == 1
            ? hx_cli_tr(c, "%s: %lld cluster of %lld rows%s%s", "%s：%lld 个簇，共 %lld 行%s%s")
            : hx_cli_tr(c, "%s: %lld clusters of %lld rows%s%s", "%s：%lld 个簇，共 %lld 行%s%s"),
        json_string_value(json_object_get(s, "method")), k,
        (long long)json_integer_value(json_object_get(s, "rows")),
        by != NULL ? hx_cli_tr(c, ", chosen by ", "，簇数依据 ") : "", by != NULL ? by : "");
    add_figure(c, s, "silhouette", "silhouette", "轮廓系数", line, sizeof line);
    add_figure(c, s, "stability", "stability", "稳定性", line, sizeof line);
    if (json_integer_value(json_object_get(s, "noise")) > 0)
        add_figure(c, s, "noise", "noise", "噪声行", line, sizeof line);
    const char *bound =
        json_string_value(json_object_get(s, c->ui == HX_UI_ZH ? "bound_zh" : "bound_en"));
    return put_text(c, line) && (bound == NULL || put_text(c, bound)) && put_gap(c);
}

static bool put_sizes(hx_cli *c, const json_t *s) {
    static const hx_record_column columns[] = {{"cluster", "cluster", "簇", HX_CELL_RIGHT},
                                               {"rows", "rows", "行数", HX_CELL_RIGHT},
                                               {"share", "share", "占比", HX_CELL_PERCENT},
                                               {"name", "name", "名称", HX_CELL_LEFT}};
    const bool zh = c->ui == HX_UI_ZH;
    json_t *records = json_array(), *one;
    size_t i;
    json_array_foreach(json_object_get(s, "clusters"), i, one) {
        json_t *r = json_object();
        json_object_set(r, "cluster", json_object_get(one, "cluster"));
        json_object_set(r, "rows", json_object_get(one, "rows"));
        json_object_set(r, "share", json_object_get(one, "share"));
        json_object_set(r, "name", json_object_get(one, zh ? "name_zh" : "name_en"));
        json_array_append_new(records, r);
    }
    const bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

static bool put_reasons(hx_cli *c, const json_t *s) {
    const bool zh = c->ui == HX_UI_ZH;
    json_t *one, *why;
    size_t i, k;
    bool ok = put_gap(c);
    json_array_foreach(json_object_get(s, "clusters"), i, one)
        json_array_foreach(json_object_get(one, zh ? "why_zh" : "why_en"), k, why) {
        char line[1024];
        (void)snprintf(line, sizeof line, "%lld  %s",
                       (long long)json_integer_value(json_object_get(one, "cluster")),
                       json_string_value(why));
        ok = ok && put_text(c, line);
    }
    return ok;
}

/* A row a feature, a column a cluster. */
static bool put_centres(hx_cli *c, const json_t *s) {
    const json_t *clusters = json_object_get(s, "clusters");
    const size_t n = json_array_size(clusters), shown = n < CENTRES_SHOWN ? n : CENTRES_SHOWN;
    hx_record_column columns[CENTRES_SHOWN + 1] = {{"feature", "mean", "均值", HX_CELL_LEFT}};
    char names[CENTRES_SHOWN][COLUMN_BYTES];
    json_t *records = json_array(), *value;
    const char *feature;
    for (size_t k = 0; k < shown; k++) {
        (void)snprintf(names[k], sizeof names[k], "%zu", k + 1);
        columns[k + 1] = (hx_record_column){names[k], names[k], names[k], HX_CELL_RIGHT};
    }
    json_object_foreach(json_object_get(json_array_get(clusters, 0), "centre"), feature, value) {
        if (json_array_size(records) == FEATURES_SHOWN) break;
        json_t *r = json_pack("{s:s}", "feature", feature);
        for (size_t k = 0; k < shown; k++) {
            char text[NUMBER_BYTES];
            const json_t *centre = json_object_get(json_array_get(clusters, k), "centre");
            (void)snprintf(text, sizeof text, "%.4g",
                           json_number_value(json_object_get(centre, feature)));
            json_object_set_new(r, names[k], json_string(text));
        }
        json_array_append_new(records, r);
    }
    const bool ok = json_array_size(records) == 0 ||
                    (put_gap(c) && hx_output_records(c, records, columns, shown + 1));
    json_decref(records);
    return ok;
}

static bool show(hx_cli *c, hx_str summary) {
    json_t *s = hx_output_parse(c, summary);
    bool ok = s != NULL;
    if (ok && c->shape == HX_SHAPE_JSON) {
        hx_outbuf out = {0};
        hx_output_json(&out, s);
        ok = hx_output_write(c, &out);
        hx_outbuf_release(&out);
    } else if (ok && c->shape == HX_SHAPE_CSV) {
        ok = put_sizes(c, s);
    } else if (ok) {
        ok = put_head(c, s) && put_sizes(c, s) && put_reasons(c, s) && put_centres(c, s);
    }
    json_decref(s);
    return ok;
}

/* ------------------------------------------------------------------ rows */
static bool add_column(hx_cli *c, const hx_clusters *clusters, hx_table *t) {
    hx_error err = {.ui = c->ui};
    uint32_t *labels;
    const size_t n = hx_table_rows(t);
    double *x = hx_arena_alloc(c->arena, (n + 1) * sizeof *x);
    if (x == NULL) return hx_cli_fail(c, "out of memory", "内存不足") == HX_EXIT_DONE;
    if (hx_clusters_assign(clusters, t, c->arena, &labels, &err) != HX_OK)
        return hx_cli_error(c, &err) == HX_EXIT_DONE;
    for (size_t i = 0; i < n; i++)
        x[i] = labels[i] == HX_CLUSTER_NONE ? 0 : (double)labels[i] + 1;
    return hx_table_put_numbers(t, HX_STR_LIT("cluster"), HX_KIND_NUMBER, x, -1, &err) == HX_OK ||
           hx_cli_error(c, &err) == HX_EXIT_DONE;
}

static bool k_of(hx_cli *c, size_t *k) {
    const char *text = c->options.text[HX_OPT_CLUSTERS];
    double v = 0;
    *k = 0;
    if (text == NULL || strcmp(text, "auto") == 0) return true;
    if (hx_cli_parse_real(text, &v) && v >= 1 && v <= K_MAX && v == floor(v)) {
        *k = (size_t)v;
        return true;
    }
    hx_cli_usage(c, "--k is auto or a whole number from 1, not '%s'",
                 "--k 为 auto 或从 1 起的整数，而不是“%s”", text);
    return false;
}

static bool fit(hx_cli *c, const hx_table *t, hx_clusters **out) {
    const hx_cli_values *v = &c->options;
    hx_error err = {.ui = c->ui};
    hx_cluster_options o = {.method = v->text[HX_OPT_CLUSTER_METHOD],
                            .use = v->text[HX_OPT_USE],
                            .drop = v->text[HX_OPT_DROP],
                            .seed = (uint64_t)v->number[HX_OPT_SEED],
                            .n_threads = hx_table_io_threads(c),
                            .cancel = &c->cancel};
    if (!k_of(c, &o.k) || !hx_learn_params_of(c, false, &o.params)) return false;
    return hx_clusters_fit(out, t, &o, &err) == HX_OK || hx_cli_error(c, &err) == HX_EXIT_DONE;
}

static bool save(hx_cli *c, const hx_clusters *clusters) {
    hx_error err = {.ui = c->ui};
    const char *path = c->options.text[HX_OPT_SAVE_CLUSTERS];
    if (path == NULL) return true;
    if (!hx_output_may_replace(c, path)) return false;
    return hx_clusters_save(clusters, path, &err) == HX_OK || hx_cli_error(c, &err) == HX_EXIT_DONE;
}

static bool find(hx_cli *c, hx_table *t) {
    hx_clusters *clusters = NULL;
    const char *rows = c->options.text[HX_OPT_TARGET];
    bool ok = fit(c, t, &clusters) && save(c, clusters);
    if (ok && rows != NULL) ok = add_column(c, clusters, t) && hx_table_io_write_file(c, t, rows);
    ok = ok && show(c, hx_clusters_summary(clusters));
    hx_clusters_free(clusters);
    return ok;
}

static bool read_for(hx_cli *c, const hx_clusters *clusters, hx_table **t) {
    hx_column_kind *kinds = NULL;
    size_t n = 0;
    hx_error err = {.ui = c->ui};
    if (hx_clusters_kinds(clusters, c->arena, &kinds, &n, &err) != HX_OK)
        return hx_cli_error(c, &err) == HX_EXIT_DONE;
    hx_cli_catch_interrupts(c);
    return hx_table_io_read_as(c, hx_table_io_input(c), (hx_table_kinds_asked){kinds, n}, t);
}

static bool apply(hx_cli *c) {
    hx_clusters *clusters = NULL;
    hx_table *t = NULL;
    hx_error err = {.ui = c->ui};
    const char *rows = c->options.text[HX_OPT_TARGET];
    if (hx_clusters_load(&clusters, c->options.text[HX_OPT_MODEL], &err) != HX_OK)
        return hx_cli_error(c, &err) == HX_EXIT_DONE;
    const bool ok = read_for(c, clusters, &t) && add_column(c, clusters, t) &&
                    (rows != NULL ? hx_table_io_write_file(c, t, rows) : hx_table_io_write(c, t));
    hx_table_free(t);
    hx_clusters_free(clusters);
    return ok;
}

int hx_cmd_learn_cluster(hx_cli *c) {
    hx_table *t = NULL;
    const bool ok =
        c->options.text[HX_OPT_MODEL] != NULL ? apply(c) : hx_learn_read(c, &t) && find(c, t);
    hx_table_free(t);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
