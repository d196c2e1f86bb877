/* check_rows.c - rules that single rows keep or break.
 *
 *     rule -> verdict on each value of the dictionary (TEXT) or on each number -> rows that break it: count, first examples
 *
 * A text column is judged once a value, not once a row. Missing values keep every rule but not_null. Of rows with one key the first keeps
 * `unique`, the others break it. */
#include "frame/check_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/number.h"
#include "frame/check_key.h"
#include "frame/rules_pattern.h"

#define BLOCK 4096
#define PATH_BYTES 4096
#define SHOWN_VALUES 5

/* ------------------------------------------------------------------ rows that break it */
static hx_status keep_example(hx_check_job *j, size_t row) {
    hx_check_result *r = j->out;
    char room[HX_KEY_TEXT_MAX];
    hx_str value = {NULL, 0};
    if (r->n_examples == HX_CHECK_EXAMPLES) return HX_OK;
    if (j->rule->kind != HX_RULE_NOT_NULL) {
        value = hx_arena_str(j->arena, hx_table_cell(j->t, row, j->columns[0], room));
        if (value.ptr == NULL) return hx_fail(j->err, HX_ENOMEM, "out of memory");
    }
    r->examples[r->n_examples].row = row;
    r->examples[r->n_examples++].value = value;
    return HX_OK;
}

static hx_status break_row(hx_check_job *j, size_t row) {
    j->out->count++;
    return keep_example(j, row);
}

/* Whether a value breaks the rule, given as a number or a text. */
typedef bool breaks_number(const void *context, double v);
typedef bool breaks_text(const void *context, hx_str s);

static hx_status judge_texts(hx_check_job *j, breaks_text *breaks, const void *context) {
    const size_t column = j->columns[0], n_rows = hx_table_rows(j->t);
    const size_t n = hx_table_column_at(j->t, column)->n_values;
    bool *bad = hx_arena_alloc(j->arena, n + 1);
    uint32_t codes[BLOCK];
    if (bad == NULL) return hx_fail(j->err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        bad[i] = breaks(context, hx_table_value(j->t, column, (uint32_t)i));
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t k = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        hx_table_codes(j->t, column, at, k, codes);
        for (size_t i = 0; i < k; i++)
            if (codes[i] != HX_CODE_MISSING && bad[codes[i]]) HX_TRY(break_row(j, at + i));
    }
    return HX_OK;
}

static hx_status judge_numbers(hx_check_job *j, breaks_number *breaks, const void *context) {
    const size_t column = j->columns[0], n_rows = hx_table_rows(j->t);
    double values[BLOCK];
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t k = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        hx_table_numbers(j->t, column, at, k, values);
        for (size_t i = 0; i < k; i++)
            if (values[i] == values[i] && breaks(context, values[i])) HX_TRY(break_row(j, at + i));
    }
    return HX_OK;
}

/* The cells of any column as they are written. */
static hx_status judge_cells(hx_check_job *j, breaks_text *breaks, const void *context) {
    const size_t column = j->columns[0], n_rows = hx_table_rows(j->t);
    char room[HX_KEY_TEXT_MAX];
    if (hx_table_column_at(j->t, column)->kind == HX_KIND_TEXT)
        return judge_texts(j, breaks, context);
    for (size_t i = 0; i < n_rows; i++) {
        const hx_str cell = hx_table_cell(j->t, i, column, room);
        if (cell.len > 0 && breaks(context, cell)) HX_TRY(break_row(j, i));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ not null, unique */
static hx_status check_not_null(hx_check_job *j) {
    for (size_t row = 0; row < hx_table_rows(j->t); row++)
        for (size_t c = 0; c < j->n; c++)
            if (hx_table_is_missing(j->t, j->columns[c], row)) {
                HX_TRY(break_row(j, row));
                break;
            }
    return hx_check_say(j, &j->out->expected, "not missing", "非空");
}

static hx_status check_unique(hx_check_job *j) {
    size_t *first = NULL;
    HX_TRY(hx_key_first(j->t, j->columns, j->n, j->arena, &first, j->err));
    for (size_t row = 0; row < hx_table_rows(j->t); row++)
        if (first[row] < row) HX_TRY(break_row(j, row));
    return hx_check_say(j, &j->out->expected, "each once", "不重复");
}

/* ------------------------------------------------------------------ range */
typedef struct {
    double low, high;
} limits;

static bool is_outside(const void *context, double v) {
    const limits *l = context;
    return v < l->low || v > l->high;
}

/* A limit: a number, or the text of a time where the column holds times. */
static hx_status parse_limit(hx_check_job *j, const char *key, double otherwise, double *out) {
    const json_t *v = json_object_get(j->rule->spec, key);
    const hx_kind kind = hx_table_column_at(j->t, j->columns[0])->kind;
    int64_t ms = 0;
    if (kind != HX_KIND_TIME || v == NULL)
        return hx_step_number(j->rule->spec, key, otherwise, out, j->err);
    if (!json_is_string(v))
        return hx_fail(j->err, HX_EINVAL, "'%s' has to be a time, as \"2026-01-31\"", key);
    HX_TRY(hx_parse_time((hx_str){json_string_value(v), json_string_length(v)}, HX_DATE_ORDER_YMD,
                         false, NULL, &ms, j->err));
    *out = (double)ms;
    return HX_OK;
}

static hx_status limits_text(hx_check_job *j, limits l) {
    char texts[2][HX_ISO_MAX];
    const bool is_time = hx_table_column_at(j->t, j->columns[0])->kind == HX_KIND_TIME;
    for (int i = 0; i < 2; i++) {
        const double v = i == 0 ? l.low : l.high;
        if (is_time && isfinite(v))
            (void)hx_iso_from_ms((int64_t)v, texts[i]);
        else
            texts[i][hx_double_put(v, texts[i])] = '\0';
    }
    if (isinf(l.high))
        return hx_check_say(j, &j->out->expected, "at least %s", "至少 %s", texts[0]);
    if (isinf(l.low)) return hx_check_say(j, &j->out->expected, "at most %s", "至多 %s", texts[1]);
    return hx_check_say(j, &j->out->expected, "%s to %s", "%s 至 %s", texts[0], texts[1]);
}

static hx_status check_range(hx_check_job *j) {
    limits l = {-INFINITY, INFINITY};
    const hx_table_column *about = hx_table_column_at(j->t, j->columns[0]);
    if (about->kind == HX_KIND_TEXT && about->missing < hx_table_rows(j->t))
        return hx_fail(j->err, HX_EINVAL, "the column '%.*s' holds texts, not numbers or times",
                       HX_STR_ARG(about->name));
    HX_TRY(parse_limit(j, "min", -INFINITY, &l.low));
    HX_TRY(parse_limit(j, "max", INFINITY, &l.high));
    if (isinf(l.low) && isinf(l.high))
        return hx_fail(j->err, HX_EINVAL, "'min' or 'max' is missing");
    HX_TRY(limits_text(j, l));
    return about->kind == HX_KIND_TEXT ? HX_OK : judge_numbers(j, is_outside, &l);
}

/* ------------------------------------------------------------------ pattern */
static bool is_unlike(const void *context, hx_str s) {
    return !hx_pattern_found((hx_pattern *)(uintptr_t)context, s);
}

static hx_status check_pattern(hx_check_job *j) {
    hx_pattern *p = NULL;
    hx_str text;
    HX_TRY(hx_step_text(j->rule->spec, "pattern", NULL, &text, j->err));
    if (text.len == 0) return hx_fail(j->err, HX_EINVAL, "'pattern' is missing");
    HX_TRY(hx_pattern_compile(&p, text, j->arena, j->err));
    j->out->expected = hx_arena_str(j->arena, text);
    if (j->out->expected.ptr == NULL) return hx_fail(j->err, HX_ENOMEM, "out of memory");
    return judge_cells(j, is_unlike, p);
}

/* ------------------------------------------------------------------ sets */
static bool is_foreign_text(const void *context, hx_str s) {
    return hx_map_get(context, hx_hash(s)) == NULL;
}

static bool is_foreign_number(const void *context, double v) {
    char room[HX_DOUBLE_TEXT_MAX];
    return is_foreign_text(context, (hx_str){room, hx_double_put(v == 0 ? 0 : v, room)});
}

static bool is_foreign_truth(const void *context, double v) {
    return is_foreign_text(context, hx_str_of(v != 0 ? "true" : "false"));
}

static hx_status judge_by_set(hx_check_job *j, const hx_map *set) {
    const hx_kind kind = hx_table_column_at(j->t, j->columns[0])->kind;
    if (kind == HX_KIND_TEXT) return judge_texts(j, is_foreign_text, set);
    return judge_numbers(j, kind == HX_KIND_BOOLEAN ? is_foreign_truth : is_foreign_number, set);
}

static bool put_in_set(hx_map *set, hx_str value) {
    return hx_map_put(set, hx_hash(value)) != NULL;
}

/* A value of the list in the form of a key; of times, the text of one. */
static hx_status value_of(hx_check_job *j, const json_t *v, char room[HX_KEY_TEXT_MAX],
                          hx_str *out) {
    const hx_kind kind = hx_table_column_at(j->t, j->columns[0])->kind;
    int64_t ms = 0;
    *out = (hx_str){json_string_value(v), json_string_length(v)};
    if (json_is_string(v) && kind != HX_KIND_TIME) return HX_OK;
    if (json_is_boolean(v)) {
        *out = hx_str_of(json_is_true(v) ? "true" : "false");
        return HX_OK;
    }
    if (!json_is_number(v) && !json_is_string(v))
        return hx_fail(j->err, HX_EINVAL,
                       "'values' has to be a list of texts, numbers or true/false");
    if (json_is_string(v)) HX_TRY(hx_parse_time(*out, HX_DATE_ORDER_YMD, false, NULL, &ms, j->err));
    const double number = json_is_string(v) ? (double)ms : json_number_value(v);
    *out = (hx_str){room, hx_double_put(number == 0 ? 0 : number, room)};
    return HX_OK;
}

static hx_status fill_set(hx_check_job *j, const json_t *values, hx_map *set) {
    char shown[200], room[HX_KEY_TEXT_MAX];
    size_t len = 0;
    for (size_t i = 0; i < json_array_size(values); i++) {
        hx_str value;
        HX_TRY(value_of(j, json_array_get(values, i), room, &value));
        if (!put_in_set(set, value)) return hx_fail(j->err, HX_ENOMEM, "out of memory");
        if (i >= SHOWN_VALUES || value.len + 3 > sizeof shown - len - 8) continue;
        if (i > 0) len += (size_t)snprintf(shown + len, sizeof shown - len, ", ");
        memcpy(shown + len, value.ptr, value.len);
        len += value.len;
    }
    shown[len] = '\0';
    const bool more = json_array_size(values) > SHOWN_VALUES;
    return hx_check_say(j, &j->out->expected, "one of %zu: %s%s", "%zu 个值之一：%s%s",
                        json_array_size(values), shown, more ? ", …" : "");
}

static hx_status check_in_set(hx_check_job *j) {
    const json_t *values = json_object_get(j->rule->spec, "values");
    hx_map set;
    if (!json_is_array(values))
        return hx_fail(j->err, HX_EINVAL,
                       "'values' has to be a list of texts, numbers or true/false");
    hx_map_init(&set);
    hx_status status = fill_set(j, values, &set);
    if (status == HX_OK) status = judge_by_set(j, &set);
    hx_map_release(&set);
    return status;
}

/* ------------------------------------------------------------------ foreign key */
static hx_status read_other(hx_check_job *j, hx_str file, hx_str key, hx_table **other) {
    char path[PATH_BYTES], list[PATH_BYTES];
    const bool joined = j->options->folder != NULL && file.len > 0 && file.ptr[0] != '/';
    const int n =
        joined ? snprintf(path, sizeof path, "%s/%.*s", j->options->folder, (int)file.len, file.ptr)
               : snprintf(path, sizeof path, "%.*s", (int)file.len, file.ptr);
    const int k = snprintf(list, sizeof list, "\"%.*s\"", (int)key.len, key.ptr);
    if (n < 0 || (size_t)n >= sizeof path || k < 0 || (size_t)k >= sizeof list)
        return hx_fail(j->err, HX_EINVAL, "the name '%.*s' is too long", HX_STR_ARG(file));
    const hx_table_options options = {.columns = list, .n_threads = j->options->n_threads};
    return hx_table_read(other, path, &options, j->err);
}

static hx_status fill_from(hx_check_job *j, const hx_table *other, hx_map *set) {
    char room[HX_KEY_TEXT_MAX];
    const hx_table_column *about = hx_table_column_at(other, 0);
    const bool is_text = about->kind == HX_KIND_TEXT;
    const size_t n = is_text ? about->n_values : hx_table_rows(other);
    for (size_t i = 0; i < n; i++) {
        const hx_str value =
            is_text ? hx_table_value(other, 0, (uint32_t)i) : hx_key_cell(other, i, 0, room);
        if (value.len > 0 && !put_in_set(set, value))
            return hx_fail(j->err, HX_ENOMEM, "out of memory");
    }
    return HX_OK;
}

static hx_status check_foreign_key(hx_check_job *j) {
    hx_str file, key;
    hx_map set;
    hx_table *other = NULL;
    HX_TRY(hx_step_text(j->rule->spec, "file", NULL, &file, j->err));
    HX_TRY(hx_step_text(j->rule->spec, "key", NULL, &key, j->err));
    if (file.len == 0) return hx_fail(j->err, HX_EINVAL, "'file' is missing");
    if (key.len == 0) key = hx_table_column_at(j->t, j->columns[0])->name;
    HX_TRY(hx_check_say(j, &j->out->expected, "in %.*s of %.*s", "在 %.*s 列中（%.*s）",
                        (int)key.len, key.ptr, (int)file.len, file.ptr));
    HX_TRY(read_other(j, file, key, &other));
    hx_map_init(&set);
    hx_status status = fill_from(j, other, &set);
    if (status == HX_OK) status = judge_by_set(j, &set);
    hx_map_release(&set);
    hx_table_free(other);
    return status;
}

/* ------------------------------------------------------------------ any */
hx_status hx_check_rows(hx_check_job *j) {
    static hx_status (*const checks[])(hx_check_job *) = {
        [HX_RULE_NOT_NULL] = check_not_null, [HX_RULE_UNIQUE] = check_unique,
        [HX_RULE_RANGE] = check_range,       [HX_RULE_PATTERN] = check_pattern,
        [HX_RULE_IN_SET] = check_in_set,     [HX_RULE_FOREIGN_KEY] = check_foreign_key};
    const size_t rows = hx_table_rows(j->t);
    j->out->rows = rows;
    HX_TRY(checks[j->rule->kind](j));
    const double share = rows > 0 ? (double)j->out->count / (double)rows : 0;
    j->out->broken = j->out->count > 0 && share > j->rule->at_most;
    return HX_OK;
}
