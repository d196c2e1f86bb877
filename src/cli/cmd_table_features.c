/* cmd_table_features.c - table features: parts of times, windows, sessions, joins by time, interactions; and whether any of them knows the future.
 *
 *     --parts                 step time         --join, --key, --as-of      step join
 *     --window, --by          step window       --interact, --columns       step interact
 *     --gap or --page, --by   step session       --tfidf, --hash, --vectors, --text   step text
 *     --sequence, --page      step sequence
 *
 * The steps run in the order join, time, window, session or sequence, text, interact. --leak-check runs them on all rows and on the earlier ones and
 * lists the columns that differ; the exit status is 1 where there are any. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"
#include "cli/table_recipe.h"

static const char *text_of(const hx_cli *c, int option) {
    return c->options.text[option];
}

static json_t *add_step(json_t *steps, const char *name) {
    json_t *step = json_object();
    json_object_set_new(step, "step", json_string(name));
    json_array_append_new(steps, step);
    return step;
}

static void add_join(const hx_cli *c, json_t *steps) {
    if (text_of(c, HX_OPT_JOIN) == NULL) return;
    json_t *step = add_step(steps, "join");
    hx_step_set_text(step, "file", c, HX_OPT_JOIN);
    hx_step_set_text(step, "key", c, HX_OPT_JOIN_KEY);
    hx_step_set_text(step, "as_of", c, HX_OPT_JOIN_AS_OF);
    hx_step_set_text(step, "time", c, HX_OPT_JOIN_TIME);
    hx_step_set_text(step, "tolerance", c, HX_OPT_JOIN_TOLERANCE);
    hx_step_set_text(step, "timezone", c, HX_OPT_TIMEZONE);
}

static void add_time(const hx_cli *c, json_t *steps) {
    if (text_of(c, HX_OPT_PARTS) == NULL) return;
    json_t *step = add_step(steps, "time");
    hx_step_set_text(step, "column", c, HX_OPT_FEATURE_TIME);
    hx_step_set_text(step, "parts", c, HX_OPT_PARTS);
    hx_step_set_text(step, "timezone", c, HX_OPT_TIMEZONE);
}

static bool add_window(hx_cli *c, json_t *steps) {
    const char *at = text_of(c, HX_OPT_WINDOW);
    if (at == NULL) return true;
    json_t *step = add_step(steps, "window"), *days = json_array();
    json_object_set_new(step, "days", days);
    while (at != NULL) {
        char one[32];
        double v = 0;
        const size_t len = strcspn(at, ",");
        if (len < sizeof one) memcpy(one, at, len);
        one[len < sizeof one ? len : 0] = '\0';
        if (!hx_cli_parse_real(one, &v)) {
            hx_cli_usage(c, "--window %s: has to be days, for example 7,30,90",
                         "--window %s：必须是天数，例如 7,30,90", text_of(c, HX_OPT_WINDOW));
            return false;
        }
        json_array_append_new(days, json_real(v));
        at = at[len] == ',' ? at + len + 1 : NULL;
    }
    hx_step_set_text(step, "time", c, HX_OPT_FEATURE_TIME);
    hx_step_set_text(step, "by", c, HX_OPT_STEP_BY);
    if (text_of(c, HX_OPT_INTERACT) == NULL) hx_step_set_text(step, "columns", c, HX_OPT_COLUMNS);
    return true;
}

static void add_session(const hx_cli *c, json_t *steps) {
    const bool sequence = text_of(c, HX_OPT_SEQUENCE) != NULL;
    if (text_of(c, HX_OPT_GAP) == NULL && text_of(c, HX_OPT_PAGE) == NULL && !sequence) return;
    json_t *step = add_step(steps, sequence ? "sequence" : "session");
    hx_step_set_number(step, "n", c, HX_OPT_SEQUENCE);
    hx_step_set_text(step, "time", c, HX_OPT_FEATURE_TIME);
    hx_step_set_text(step, "by", c, HX_OPT_STEP_BY);
    hx_step_set_text(step, "gap", c, HX_OPT_GAP);
    hx_step_set_text(step, "page", c, HX_OPT_PAGE);
}

static void add_text(const hx_cli *c, json_t *steps, const char *method, int option,
                     const char *key) {
    if (text_of(c, option) == NULL) return;
    json_t *step = add_step(steps, "text");
    json_object_set_new(step, "method", json_string(method));
    hx_step_set_text(step, "column", c, HX_OPT_TEXT);
    if (option == HX_OPT_VECTORS)
        hx_step_set_text(step, key, c, option);
    else
        hx_step_set_number(step, key, c, option);
    hx_step_set_number(step, "characters", c, HX_OPT_CHARACTERS);
    hx_step_set_number(step, "words", c, HX_OPT_WORD_GRAMS);
}

static void add_texts(const hx_cli *c, json_t *steps) {
    add_text(c, steps, "tfidf", HX_OPT_TFIDF, "most");
    add_text(c, steps, "hash", HX_OPT_HASHED, "width");
    add_text(c, steps, "vectors", HX_OPT_VECTORS, "file");
}

static bool has_texts(const hx_cli *c) {
    return text_of(c, HX_OPT_TFIDF) != NULL || text_of(c, HX_OPT_HASHED) != NULL ||
           text_of(c, HX_OPT_VECTORS) != NULL;
}

static void add_interact(const hx_cli *c, json_t *steps) {
    if (text_of(c, HX_OPT_INTERACT) == NULL) return;
    json_t *step = add_step(steps, "interact");
    hx_step_set_text(step, "columns", c, HX_OPT_COLUMNS);
    hx_step_set_text(step, "kinds", c, HX_OPT_INTERACT);
}

/* ------------------------------------------------------------------ leaks */
static hx_status leak_table(const hx_leak *leaks, size_t n, hx_arena *arena, hx_table **out,
                            hx_error *err) {
    static const char *const names[] = {"changed", "compared", "first_row"};
    uint32_t *codes = hx_arena_alloc(arena, (n + 1) * sizeof *codes);
    hx_str *values = hx_arena_alloc(arena, (n + 1) * sizeof *values);
    double *v = hx_arena_alloc(arena, (n + 1) * sizeof *v);
    if (codes == NULL || values == NULL || v == NULL) return HX_ENOMEM;
    hx_status status = hx_table_new(out, n, err);
    for (uint32_t i = 0; i < n; i++) {
        codes[i] = i;
        values[i] = leaks[i].column;
    }
    if (status == HX_OK)
        status = hx_table_put_texts(*out, hx_str_of("column"), codes, values, n, err);
    for (size_t k = 0; k < 3 && status == HX_OK; k++) {
        for (size_t i = 0; i < n; i++)
            v[i] = (double)(k == 0   ? leaks[i].changed
                            : k == 1 ? leaks[i].compared
                                     : leaks[i].first_row + 1);
        status = hx_table_put_numbers(*out, hx_str_of(names[k]), HX_KIND_NUMBER, v, 0, err);
    }
    return status;
}

static const char *time_of_check(const hx_cli *c) {
    const char *time = text_of(c, HX_OPT_FEATURE_TIME);
    return time != NULL ? time : text_of(c, HX_OPT_JOIN_AS_OF);
}

static bool find_leaks(hx_cli *c, const char *steps, const hx_table *t, size_t *n, hx_table **out) {
    hx_error err = {.ui = c->ui};
    hx_leak *leaks = NULL;
    const hx_recipe_run run = {.n_threads = hx_table_io_threads(c), .cancel = &c->cancel};
    hx_status status = hx_recipe_leaks(hx_str_of(steps), t, hx_str_of(time_of_check(c)), &run,
                                       c->arena, &leaks, n, &err);
    if (status == HX_OK) status = leak_table(leaks, *n, c->arena, out, &err);
    if (status != HX_OK) hx_cli_error(c, &err);
    return status == HX_OK;
}

static int check_leaks(hx_cli *c, const json_t *steps) {
    hx_table *t = NULL, *out = NULL;
    size_t n = 0;
    char *text = json_dumps(steps, JSON_COMPACT);
    hx_cli_catch_interrupts(c);
    bool ok = text != NULL && hx_table_io_read(c, hx_table_io_input(c), NULL, &t) &&
              find_leaks(c, text, t, &n, &out);
    if (ok && n > 0) ok = hx_table_io_write(c, out);
    if (ok && n == 0)
        hx_cli_say(c, c->ui == HX_UI_ZH ? "没有特征随之后的行而变"
                                        : "no feature changes with later rows");
    hx_table_free(t);
    hx_table_free(out);
    free(text);
    return ok && n == 0 ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ the command */
static bool check_options(hx_cli *c, const json_t *steps) {
    if (json_array_size(steps) == 0) {
        hx_cli_usage(c,
                     "table features needs one of --parts, --window, --gap, --page, --join, "
                     "--interact, --tfidf, --hash, --vectors",
                     "table features 需要 "
                     "--parts、--window、--gap、--page、--join、--interact、--tfidf、--hash、"
                     "--vectors 之一");
        return false;
    }
    if (text_of(c, HX_OPT_FEATURE_TIME) == NULL &&
        (text_of(c, HX_OPT_PARTS) != NULL || text_of(c, HX_OPT_WINDOW) != NULL ||
         text_of(c, HX_OPT_GAP) != NULL || text_of(c, HX_OPT_PAGE) != NULL)) {
        hx_cli_usage(c, "--parts, --window, --gap and --page need --time COLUMN",
                     "--parts、--window、--gap、--page 需要 --time 列");
        return false;
    }
    if (hx_cli_has(&c->options, HX_OPT_LEAK_CHECK) && has_texts(c)) {
        hx_cli_usage(c,
                     "--leak-check is not for --tfidf, --hash and --vectors: they see a row's own "
                     "text alone",
                     "--leak-check 不用于 --tfidf、--hash、--vectors：它们只看该行自己的文本");
        return false;
    }
    if (hx_cli_has(&c->options, HX_OPT_LEAK_CHECK) && time_of_check(c) == NULL) {
        hx_cli_usage(c, "--leak-check needs --time COLUMN", "--leak-check 需要 --time 列");
        return false;
    }
    return true;
}

int hx_cmd_table_features(hx_cli *c) {
    json_t *steps = json_array();
    int status = HX_EXIT_USAGE;
    add_join(c, steps);
    add_time(c, steps);
    if (add_window(c, steps)) {
        add_session(c, steps);
        add_texts(c, steps);
        add_interact(c, steps);
        if (check_options(c, steps))
            status = hx_cli_has(&c->options, HX_OPT_LEAK_CHECK) ? check_leaks(c, steps)
                                                                : hx_table_recipe_run(c, steps);
    }
    json_decref(steps);
    return status;
}
