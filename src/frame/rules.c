/* rules.c - rules files: read and checked for form.
 *
 *     {"format":"huaxiang/rules/1","rules":[{"rule":"range","column":"age","min":0,"max":120,"severity":"warn"}, ...]}
 *
 * Every rule names its kind; a key that its kind does not know is refused by name, so that a typing error does not make a rule that checks
 * nothing. Whether the columns are there is known when a table is checked. */
#include "frame/rules.h"

#include <string.h>

#include "base/error.h"

#define FORMAT "huaxiang/rules/1"
#define JSON_BYTES_MAX ((size_t)16 << 20)
#define RULES_MAX 10000

static const struct {
    const char *name;
    bool of_columns; /* one at least */
    const char *keys[8];
} kinds[HX_RULE_N] = {
    [HX_RULE_NOT_NULL] = {"not_null", true, {NULL}},
    [HX_RULE_UNIQUE] = {"unique", true, {NULL}},
    [HX_RULE_RANGE] = {"range", true, {"min", "max", NULL}},
    [HX_RULE_PATTERN] = {"pattern", true, {"pattern", NULL}},
    [HX_RULE_IN_SET] = {"in_set", true, {"values", NULL}},
    [HX_RULE_FOREIGN_KEY] = {"foreign_key", true, {"file", "key", NULL}},
    [HX_RULE_FRESHNESS] = {"freshness", true, {"within_hours", NULL}},
    [HX_RULE_ROW_COUNT] = {"row_count", false, {"min", "max", NULL}},
    [HX_RULE_DISTRIBUTION] = {"distribution",
                              true,
                              {"mean", "std", "quantiles", "missing", "psi", "profile", NULL}},
};

const char *hx_rule_name(hx_rule_kind kind) {
    return kinds[kind].name;
}

const char *hx_severity_name(hx_severity severity) {
    static const char *const names[] = {"info", "warn", "error"};
    return names[severity];
}

hx_status hx_rules_name_rule(const hx_rules *r, size_t i, hx_status status, hx_error *err) {
    if (status == HX_OK || err == NULL) return status;
    const hx_error inner = *err;
    (void)hx_fail(err, status, "rule %zu (%s): %s", i + 1, kinds[r->rules[i].kind].name,
                  inner.message);
    err->row = inner.row;
    return status;
}

static bool is_known(const char *key, const char *const *known) {
    for (; *known != NULL; known++)
        if (strcmp(key, *known) == 0) return true;
    return false;
}

static hx_status check_keys(const json_t *spec, hx_rule_kind kind, hx_error *err) {
    static const char *const common[] = {"rule", "severity", "column", "columns", "at_most", NULL};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)spec, key, value) {
        if (!is_known(key, common) && !is_known(key, kinds[kind].keys))
            return hx_fail(err, HX_EINVAL, "there is no key '%.*s'", HX_STR_ARG(hx_str_of(key)));
    }
    return HX_OK;
}

static hx_status parse_columns(const json_t *spec, hx_arena *arena, hx_check_rule *rule,
                               hx_error *err) {
    hx_str one;
    HX_TRY(hx_step_text(spec, "column", NULL, &one, err));
    HX_TRY(hx_step_names(spec, "columns", arena, &rule->columns, err));
    if (one.len > 0 && rule->columns.n > 0)
        return hx_fail(err, HX_EINVAL, "'column' and 'columns' can't stand together");
    if (one.len > 0) {
        rule->columns.names = hx_arena_alloc(arena, sizeof one);
        if (rule->columns.names == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
        rule->columns.names[rule->columns.n++] = one;
    }
    if (kinds[rule->kind].of_columns && rule->columns.n == 0)
        return hx_fail(err, HX_EINVAL, "'columns' has to name one column at least");
    return HX_OK;
}

static hx_status parse_rule(const json_t *spec, hx_arena *arena, hx_check_rule *rule,
                            hx_error *err) {
    static const char *const severities[] = {"info", "warn", "error", NULL};
    const char *names[HX_RULE_N + 1] = {NULL};
    int kind = -1, severity = 0;
    for (size_t i = 0; i < HX_RULE_N; i++)
        names[i] = kinds[i].name;
    if (!json_is_object(spec))
        return hx_fail(err, HX_EINVAL, "a rule has to be an object with the key 'rule'");
    HX_TRY(hx_step_choice(spec, "rule", names, -1, &kind, err));
    if (kind < 0) return hx_fail(err, HX_EINVAL, "a rule has to be an object with the key 'rule'");
    rule->kind = (hx_rule_kind)kind;
    rule->spec = spec;
    HX_TRY(check_keys(spec, rule->kind, err));
    HX_TRY(hx_step_choice(spec, "severity", severities, HX_SEVERITY_ERROR, &severity, err));
    rule->severity = (hx_severity)severity;
    HX_TRY(hx_step_number(spec, "at_most", 0, &rule->at_most, err));
    if (!(rule->at_most >= 0 && rule->at_most <= 1))
        return hx_fail(err, HX_EINVAL, "'at_most' is a share: from 0 to 1");
    return parse_columns(spec, arena, rule, err);
}

static hx_status parse_rules(hx_rules *r, hx_arena *arena, hx_error *err) {
    const char *format = json_string_value(json_object_get(r->root, "format"));
    const json_t *list = json_object_get(r->root, "rules");
    if (format == NULL || strcmp(format, FORMAT) != 0)
        return hx_fail(err, HX_EFORMAT,
                       "this is not a file of rules: there is no \"format\": \"%s\"", FORMAT);
    if (!json_is_array(list) || json_array_size(list) > RULES_MAX)
        return hx_fail(err, HX_EFORMAT, "'rules' has to be a list of at most %d rules", RULES_MAX);
    const size_t n = json_array_size(list);
    r->rules = hx_arena_alloc(arena, (n + 1) * sizeof *r->rules);
    if (r->rules == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (; r->n < n; r->n++)
        HX_TRY(hx_rules_name_rule(
            r, r->n, parse_rule(json_array_get(list, r->n), arena, &r->rules[r->n], err), err));
    return HX_OK;
}

hx_status hx_rules_read(hx_str json, hx_arena *arena, hx_rules *out, hx_error *err) {
    *out = (hx_rules){NULL, NULL, 0};
    HX_TRY(hx_json_parse(json, JSON_BYTES_MAX, "rules", &out->root, err));
    const hx_status status = parse_rules(out, arena, err);
    if (status != HX_OK) hx_rules_release(out);
    return status;
}

void hx_rules_release(hx_rules *r) {
    json_decref(r->root);
    r->root = NULL;
}
