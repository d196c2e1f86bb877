/* check.c - a table against a file of rules: each rule's verdict, in the order of the file.
 *
 *     rules.c: form -> columns found -> check_rows.c (single rows) or check_whole.c (figures of a column or the table) -> results
 *
 * A rule that can't be checked (no such column, a file that is not there, a pattern that makes no sense) ends the check with a sentence:
 * silence would look like a rule that is kept. */
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "frame/check_key.h"
#include "frame/check_rows.h"

#define TEXT_MAX 512

hx_status hx_check_say(hx_check_job *j, hx_str *out, const char *en, const char *zh, ...) {
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, zh);
    const int n = vsnprintf(text, sizeof text, j->options->ui == HX_UI_ZH ? zh : en, arguments);
    va_end(arguments);
    hx_str s = {text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1};
    s.len = (size_t)hx_str_shown(s);
    *out = hx_arena_str(j->arena, s);
    return out->ptr != NULL ? HX_OK : hx_fail(j->err, HX_ENOMEM, "out of memory");
}

static hx_status check_rule(hx_check_job *j) {
    const hx_check_rule *rule = j->rule;
    size_t *columns = NULL;
    *j->out = (hx_check_result){.rule = hx_rule_name(rule->kind), .severity = rule->severity};
    if (rule->columns.n > 0) {
        HX_TRY(hx_step_columns(j->t, rule->columns, 0, j->arena, &columns, &j->n, j->err));
        j->columns = columns;
        j->out->columns = hx_key_names(j->t, columns, j->n, j->arena);
        if (j->out->columns.ptr == NULL) return hx_fail(j->err, HX_ENOMEM, "out of memory");
    }
    if (j->n > 1 && rule->kind != HX_RULE_NOT_NULL && rule->kind != HX_RULE_UNIQUE)
        return hx_fail(j->err, HX_EINVAL, "this rule is about one column");
    return rule->kind < HX_RULE_FRESHNESS ? hx_check_rows(j) : hx_check_whole(j);
}

hx_status hx_table_check(const hx_table *t, hx_str rules, const hx_check_options *options,
                         hx_arena *arena, hx_check_result **out, size_t *n, hx_error *err) {
    hx_rules r;
    HX_TRY(hx_rules_read(rules, arena, &r, err));
    hx_status status = HX_OK;
    *n = r.n;
    *out = hx_arena_alloc(arena, (r.n + 1) * sizeof **out);
    if (*out == NULL) status = hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < r.n && status == HX_OK; i++) {
        hx_check_job j = {t, options, arena, &r.rules[i], NULL, 0, &(*out)[i], err};
        status = hx_rules_name_rule(&r, i, check_rule(&j), err);
    }
    hx_rules_release(&r);
    return status;
}
