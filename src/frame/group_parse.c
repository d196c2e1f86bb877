/* group_parse.c - "customer,city" and "sum(quantity*unit_price),count,max(date)" made a plan.
 *
 *     by         = column { "," column }
 *     aggregates = aggregate { "," aggregate }
 *     aggregate  = "count" | function "(" column [ "*" column ] ")"        the product in sum and mean only
 *     column     = bytes without , ( ) * "   |   '"' bytes, "" for one quote '"'
 *
 * Blanks around names are ignored. Functions in any case; q25, q97.5 are quantiles, nunique is another word for distinct. */
#include "frame/group.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/number.h"

typedef struct {
    hx_group_plan *plan;
    const hx_column *columns;
    size_t n_columns;
    hx_arena *arena;
    hx_error *err;
    const char *at; /* what is left to read */
} parser;

static const char *const function_names[HX_AGGREGATE_N] = {
    "count", "distinct", "sum", "mean",   "min", "max", "first",
    "last",  "std",      "var", "median", "q",   "mode"};

static void skip_blanks(parser *p) {
    while (*p->at == ' ' || *p->at == '\t')
        p->at++;
}

static hx_status read_quoted(parser *p, hx_str *out) {
    const char *start = p->at;
    char *to = hx_arena_alloc(p->arena, strlen(start));
    if (to == NULL) return hx_fail(p->err, HX_ENOMEM, "out of memory");
    out->ptr = to;
    for (p->at++; *p->at != '\0'; p->at++) {
        if (*p->at == '"' && p->at[1] != '"') {
            p->at++;
            out->len = (size_t)(to - out->ptr);
            return HX_OK;
        }
        if (*p->at == '"') p->at++;
        *to++ = *p->at;
    }
    return hx_fail(p->err, HX_EINVAL, "the quote before '%s' is never closed", start + 1);
}

/* A column name, up to one of the bytes , ( ) * or the end. */
static hx_status read_name(parser *p, hx_str *out) {
    skip_blanks(p);
    if (*p->at == '"') {
        HX_TRY(read_quoted(p, out));
        skip_blanks(p);
        return HX_OK;
    }
    const size_t len = strcspn(p->at, ",()*\"");
    *out = (hx_str){p->at, len};
    p->at += len;
    while (out->len > 0 && (out->ptr[out->len - 1] == ' ' || out->ptr[out->len - 1] == '\t'))
        out->len--;
    return HX_OK;
}

static hx_status fail_column(const parser *p, hx_str name) {
    hx_buf list;
    hx_buf_init(&list, 4096);
    for (size_t i = 0; i < p->n_columns && list.len < 240; i++) {
        if (i > 0) hx_buf_append_lit(&list, ", ");
        hx_buf_append_str(&list, p->columns[i].name);
    }
    const hx_status status =
        hx_fail(p->err, HX_ENOTFOUND, "there is no column '%.*s'; the columns are: %.*s",
                HX_STR_ARG(name), HX_STR_ARG(hx_buf_str(&list)));
    hx_buf_release(&list);
    return status;
}

/* The place in plan.columns of the file's column `name`, added where it is new (`shared`: else always). */
static hx_status find_column(parser *p, hx_str name, bool shared, size_t *out) {
    hx_group_plan *plan = p->plan;
    size_t c = 0;
    while (c < p->n_columns && !hx_str_equal(p->columns[c].name, name))
        c++;
    if (c == p->n_columns) return fail_column(p, name);
    for (size_t k = 0; shared && k < plan->n_columns; k++)
        if (plan->columns[k] == c) {
            *out = k;
            return HX_OK;
        }
    const size_t k = plan->n_columns++;
    plan->columns[k] = c;
    plan->column_names[k] = hx_arena_str(p->arena, name);
    plan->date_order[k] = p->columns[c].date_order;
    plan->excel_serial[k] = p->columns[c].excel_serial;
    *out = k;
    return HX_OK;
}

static hx_status parse_by(parser *p) {
    for (;; p->at++) {
        hx_str name;
        size_t k;
        HX_TRY(read_name(p, &name));
        if (name.len == 0)
            return hx_fail(p->err, HX_EINVAL,
                           "group: a column to group by is missing; write for example "
                           "--by customer,city");
        if (p->plan->n_by == HX_GROUP_BY_MAX)
            return hx_fail(p->err, HX_ELIMIT, "group: at most %d columns to group by",
                           HX_GROUP_BY_MAX);
        HX_TRY(find_column(p, name, false, &k));
        p->plan->n_by++;
        if (*p->at == '\0') return HX_OK;
        if (*p->at != ',')
            return hx_fail(p->err, HX_EINVAL,
                           "group: expected a comma between the columns, not '%s'", p->at);
    }
}

/* q25, q97.5: a share above 0 and below 1. */
static bool is_quantile(hx_str name, double *p) {
    if (name.len < 2 || (name.ptr[0] | 32) != 'q') return false;
    *p = hx_double_of((hx_str){name.ptr + 1, name.len - 1}) / 100;
    return *p > 0 && *p < 1;
}

static bool is_function(hx_str name, const char *function) {
    return name.len == strlen(function) && strncasecmp(name.ptr, function, name.len) == 0;
}

static hx_status parse_function(parser *p, hx_str name, hx_aggregate *a) {
    a->kind = HX_AGGREGATE_QUANTILE;
    if (is_quantile(name, &a->p)) return HX_OK;
    a->kind = HX_AGGREGATE_DISTINCT;
    if (is_function(name, "nunique")) return HX_OK;
    for (size_t k = 0; k < HX_AGGREGATE_N; k++)
        if (k != HX_AGGREGATE_QUANTILE && is_function(name, function_names[k])) {
            a->kind = (hx_aggregate_kind)k;
            return HX_OK;
        }
    return hx_fail(p->err, HX_EINVAL,
                   "group: there is no aggregate '%.*s'; there are count, distinct (nunique), sum, "
                   "mean, std, var, min, max, median, q25 (any quantile), mode, first, last",
                   HX_STR_ARG(name));
}

/* How min and max compare the values of a column. */
static hx_type order_of(hx_type type) {
    switch (type) {
    case HX_TYPE_INTEGER:
    case HX_TYPE_NUMBER:
    case HX_TYPE_AMOUNT:
        return HX_TYPE_NUMBER;
    case HX_TYPE_TIME:
        return HX_TYPE_TIME;
    default:
        return HX_TYPE_TEXT;
    }
}

/* What stands in the parentheses. */
static hx_status parse_columns(parser *p, hx_aggregate *a) {
    hx_str name;
    HX_TRY(read_name(p, &name));
    HX_TRY(find_column(p, name, true, &a->value));
    a->order = order_of(p->columns[p->plan->columns[a->value]].type);
    if (*p->at == '*') {
        if (a->kind != HX_AGGREGATE_SUM && a->kind != HX_AGGREGATE_MEAN)
            return hx_fail(p->err, HX_EINVAL,
                           "group: a product of two columns can stand in sum and mean only");
        p->at++;
        HX_TRY(read_name(p, &name));
        HX_TRY(find_column(p, name, true, &a->factor));
    }
    if (*p->at != ')') return hx_fail(p->err, HX_EINVAL, "group: expected ) before '%s'", p->at);
    p->at++;
    skip_blanks(p);
    return HX_OK;
}

static hx_status parse_aggregate(parser *p) {
    if (p->plan->n_aggregates == HX_GROUP_AGGREGATES_MAX)
        return hx_fail(p->err, HX_ELIMIT, "group: at most %d aggregates", HX_GROUP_AGGREGATES_MAX);
    hx_aggregate *a = &p->plan->aggregates[p->plan->n_aggregates++];
    *a = (hx_aggregate){.value = HX_GROUP_NO_COLUMN, .factor = HX_GROUP_NO_COLUMN};
    skip_blanks(p);
    const char *start = p->at;
    hx_str name;
    HX_TRY(read_name(p, &name));
    HX_TRY(parse_function(p, name, a));
    if (*p->at == '(') {
        p->at++;
        HX_TRY(parse_columns(p, a));
    } else if (a->kind != HX_AGGREGATE_COUNT) {
        return hx_fail(p->err, HX_EINVAL, "group: '%.*s' needs a column, as in %.*s(amount)",
                       HX_STR_ARG(name), HX_STR_ARG(name));
    }
    size_t len = (size_t)(p->at - start);
    while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t'))
        len--;
    a->name = hx_arena_str(p->arena, (hx_str){start, len});
    return HX_OK;
}

static hx_status parse_aggregates(parser *p) {
    for (;; p->at++) {
        HX_TRY(parse_aggregate(p));
        if (*p->at == '\0') return HX_OK;
        if (*p->at != ',')
            return hx_fail(p->err, HX_EINVAL,
                           "group: expected a comma between the aggregates, not '%s'", p->at);
    }
}

hx_status hx_group_plan_parse(hx_group_plan *plan, const char *by, const char *aggregates,
                              const hx_column *columns, size_t n_columns, hx_arena *arena,
                              hx_error *err) {
    memset(plan, 0, sizeof *plan);
    parser p = {plan, columns, n_columns, arena, err, by == NULL ? "" : by};
    HX_TRY(parse_by(&p));
    p.at = aggregates == NULL || *aggregates == '\0' ? "count" : aggregates;
    return parse_aggregates(&p);
}

/* Function names stand at the start of the text and behind commas outside of quotes and parentheses. */
bool hx_group_is_streamed(const char *aggregates) {
    bool quoted = false, start = true;
    size_t depth = 0;
    for (const char *at = aggregates; at != NULL && *at != '\0'; at++) {
        if (start && *at != ' ' && *at != '\t') {
            double share = 0;
            const size_t len = strcspn(at, "(, \t");
            start = false;
            if (is_quantile((hx_str){at, len}, &share)) return false;
            for (size_t k = HX_AGGREGATE_STREAMED; k < HX_AGGREGATE_N; k++)
                if (is_function((hx_str){at, len}, function_names[k])) return false;
        }
        quoted ^= *at == '"';
        if (quoted) continue;
        depth += *at == '(';
        depth -= *at == ')' && depth > 0;
        if (*at == ',' && depth == 0) start = true;
    }
    return true;
}
