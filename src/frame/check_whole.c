/* check_whole.c - rules about a column or the table as a whole: freshness, number of rows, distribution.
 *
 *     newest time, rows, mean, std, quantiles, share of missing, PSI -> inside [low, high] or not -> what was found instead
 *
 * A rule of several figures is broken by the first that lies outside; `found` says which. Figures of an empty column lie outside every
 * range. Quantiles are interpolated between ranks as everywhere here (q (n - 1)). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/file.h"
#include "base/number.h"
#include "frame/check_rows.h"
#include "frame/drift.h"

#define PROFILE_BYTES_MAX ((size_t)256 << 20)
#define MS_OF_HOUR 3600000.0

/* ------------------------------------------------------------------ freshness */
static double newest_of(const hx_table *t, size_t column) {
    double newest = NAN, v = 0;
    for (size_t i = 0; i < hx_table_rows(t); i++) {
        hx_table_numbers(t, column, i, 1, &v);
        if (v == v && !(v <= newest)) newest = v;
    }
    return newest;
}

static hx_status check_freshness(hx_check_job *j) {
    double within = 0;
    char text[HX_ISO_MAX];
    const hx_table_column *about = hx_table_column_at(j->t, j->columns[0]);
    HX_TRY(hx_step_number(j->rule->spec, "within_hours", -1, &within, j->err));
    if (!(within >= 0)) return hx_fail(j->err, HX_EINVAL, "'within_hours' is missing");
    HX_TRY(hx_check_say(j, &j->out->expected, "within %.6g hours", "%.6g 小时以内", within));
    if (about->missing == hx_table_rows(j->t)) {
        j->out->broken = true;
        return hx_check_say(j, &j->out->found, "no time at all", "没有任何时间");
    }
    if (about->kind != HX_KIND_TIME)
        return hx_fail(j->err, HX_EINVAL, "the column '%.*s' does not hold times",
                       HX_STR_ARG(about->name));
    const double newest = newest_of(j->t, j->columns[0]);
    const double hours = ((double)j->options->as_of_ms - newest) / MS_OF_HOUR;
    j->out->broken = hours > within;
    return hx_check_say(j, &j->out->found, "the newest is %s, %.1f hours old",
                        "最新为 %s，已过 %.1f 小时", hx_iso_from_ms((int64_t)newest, text), hours);
}

/* ------------------------------------------------------------------ rows */
static hx_status check_row_count(hx_check_job *j) {
    int64_t low = 0, high = 0;
    const int64_t rows = (int64_t)hx_table_rows(j->t);
    HX_TRY(hx_step_count(j->rule->spec, "min", 0, 0, HX_TABLE_ROWS_MAX, &low, j->err));
    HX_TRY(hx_step_count(j->rule->spec, "max", HX_TABLE_ROWS_MAX, 0, HX_TABLE_ROWS_MAX, &high,
                         j->err));
    j->out->broken = rows < low || rows > high;
    HX_TRY(hx_check_say(j, &j->out->found, "%lld rows", "%lld 行", (long long)rows));
    if (high == HX_TABLE_ROWS_MAX)
        return hx_check_say(j, &j->out->expected, "at least %lld rows", "至少 %lld 行",
                            (long long)low);
    return hx_check_say(j, &j->out->expected, "%lld to %lld rows", "%lld 至 %lld 行",
                        (long long)low, (long long)high);
}

/* ------------------------------------------------------------------ distribution */
typedef struct {
    hx_check_job *j;
    double *values; /* [n] ascending */
    size_t n;
} sample;

static double mean_of(const sample *s) {
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += s->values[i] / (double)s->n;
    return s->n > 0 ? sum : NAN;
}

static double std_of(const sample *s) {
    const double mean = mean_of(s);
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += (s->values[i] - mean) * (s->values[i] - mean);
    return s->n > 1 ? sqrt(sum / (double)(s->n - 1)) : NAN;
}

static double quantile_of(const sample *s, double q) {
    if (s->n == 0) return NAN;
    const double rank = q * (double)(s->n - 1);
    const size_t below = (size_t)rank, above = below + 1 < s->n ? below + 1 : below;
    return s->values[below] + (s->values[above] - s->values[below]) * (rank - (double)below);
}

/* [low, high], null = open; tells what was found where `v` lies outside and nothing did before. */
static hx_status check_figure(hx_check_job *j, const json_t *range, const char *name, double v) {
    const json_t *low = json_array_get(range, 0), *high = json_array_get(range, 1);
    if (range == NULL) return HX_OK;
    if (json_array_size(range) != 2 || !(json_is_number(low) || json_is_null(low)) ||
        !(json_is_number(high) || json_is_null(high)))
        return hx_fail(j->err, HX_EINVAL, "'%s' has to be a range: [low, high]", name);
    const double a = json_is_number(low) ? json_number_value(low) : -INFINITY;
    const double b = json_is_number(high) ? json_number_value(high) : INFINITY;
    if (j->out->broken) return HX_OK;
    j->out->broken = !(v >= a && v <= b);
    HX_TRY(hx_check_say(j, &j->out->expected, "%s %.6g to %.6g", "%s 在 %.6g 至 %.6g 之间", name, a,
                        b));
    return hx_check_say(j, &j->out->found, "%s %.6g", "%s 为 %.6g", name, v);
}

static hx_status check_quantiles(sample *s) {
    hx_check_job *j = s->j;
    const json_t *all = json_object_get(j->rule->spec, "quantiles");
    const char *key;
    char name[64];
    json_t *range;
    if (all != NULL && !json_is_object(all))
        return hx_fail(j->err, HX_EINVAL, "'quantiles' has to be an object: {\"0.5\":[low, high]}");
    json_object_foreach((json_t *)(uintptr_t)all, key, range) {
        const double q = hx_double_of(hx_str_of(key));
        if (!(q >= 0 && q <= 1))
            return hx_fail(j->err, HX_EINVAL, "'%.*s' is no quantile: from 0 to 1",
                           HX_STR_ARG(hx_str_of(key)));
        (void)snprintf(name, sizeof name, "q%.*s", HX_STR_ARG(hx_str_of(key)));
        HX_TRY(check_figure(j, range, name, quantile_of(s, q)));
    }
    return HX_OK;
}

static hx_status read_profile(hx_check_job *j, hx_str file, hx_profile_table *out) {
    hx_buf path, bytes;
    json_t *root = NULL;
    hx_buf_init(&path, 4096);
    hx_buf_init(&bytes, PROFILE_BYTES_MAX);
    if (j->options->folder != NULL && file.len > 0 && file.ptr[0] != '/')
        (void)hx_buf_printf(&path, "%s/", j->options->folder);
    (void)hx_buf_append_str(&path, file);
    (void)hx_buf_append_byte(&path, '\0');
    hx_status status = hx_buf_status(&path, "path", j->err);
    if (status == HX_OK) status = hx_file_read(path.ptr, &bytes, j->err);
    if (status == HX_OK)
        status = hx_json_parse(hx_buf_str(&bytes), PROFILE_BYTES_MAX, path.ptr, &root, j->err);
    if (status == HX_OK)
        status = hx_profile_get(json_object_get(root, "profile"), j->arena, out, j->err);
    json_decref(root);
    hx_buf_release(&bytes);
    hx_buf_release(&path);
    return status;
}

static hx_status check_psi(hx_check_job *j) {
    double most = 0;
    hx_str file;
    hx_profile_table profile;
    hx_drift drift;
    hx_drift_bins bins;
    HX_TRY(hx_step_number(j->rule->spec, "psi", NAN, &most, j->err));
    HX_TRY(hx_step_text(j->rule->spec, "profile", NULL, &file, j->err));
    if (most != most && file.len == 0) return HX_OK;
    if (most != most || file.len == 0)
        return hx_fail(j->err, HX_EINVAL, "'psi' and 'profile' go together");
    HX_TRY(read_profile(j, file, &profile));
    const hx_str name = hx_table_column_at(j->t, j->columns[0])->name;
    const hx_profile_column *base = hx_profile_find(&profile, name);
    if (base == NULL)
        return hx_fail(j->err, HX_ENOTFOUND, "the profile has no column '%.*s'", HX_STR_ARG(name));
    HX_TRY(hx_drift_of(base, j->t, j->columns[0], j->arena, &drift, &bins, j->err));
    if (j->out->broken) return HX_OK;
    j->out->broken = !(drift.psi <= most);
    HX_TRY(hx_check_say(j, &j->out->expected, "PSI at most %.6g", "PSI 不超过 %.6g", most));
    return hx_check_say(j, &j->out->found, "PSI %.4g", "PSI 为 %.4g", drift.psi);
}

static hx_status check_distribution(hx_check_job *j) {
    const json_t *spec = j->rule->spec;
    const hx_table_column *about = hx_table_column_at(j->t, j->columns[0]);
    const size_t rows = hx_table_rows(j->t);
    sample s = {j, NULL, 0};
    HX_TRY(check_figure(j, json_object_get(spec, "missing"), "missing",
                        rows > 0 ? (double)about->missing / (double)rows : NAN));
    HX_TRY(check_psi(j));
    const bool figures = json_object_get(spec, "mean") != NULL ||
                         json_object_get(spec, "std") != NULL ||
                         json_object_get(spec, "quantiles") != NULL;
    if (!figures) return HX_OK;
    if (about->kind == HX_KIND_TEXT && about->missing < rows)
        return hx_fail(j->err, HX_EINVAL, "the column '%.*s' holds texts, not numbers or times",
                       HX_STR_ARG(about->name));
    s.values = about->kind == HX_KIND_TEXT ? calloc(1, sizeof *s.values)
                                           : hx_drift_sorted(j->t, j->columns[0], &s.n);
    if (s.values == NULL) return hx_fail(j->err, HX_ENOMEM, "out of memory");
    hx_status status = check_figure(j, json_object_get(spec, "mean"), "mean", mean_of(&s));
    if (status == HX_OK) status = check_figure(j, json_object_get(spec, "std"), "std", std_of(&s));
    if (status == HX_OK) status = check_quantiles(&s);
    free(s.values);
    return status;
}

hx_status hx_check_whole(hx_check_job *j) {
    if (j->rule->kind == HX_RULE_FRESHNESS) return check_freshness(j);
    if (j->rule->kind == HX_RULE_ROW_COUNT) return check_row_count(j);
    return check_distribution(j);
}
