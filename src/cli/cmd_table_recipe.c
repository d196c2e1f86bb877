/* cmd_table_recipe.c - table impute, interpolate, scale, encode, outliers, convert: one step from options, run as a recipe.
 *
 * Each option becomes the member of the step that has its meaning; --set KEY=VALUE gives any other (docs/tables.md lists them). What is no
 * setting of a step is refused by the recipe, in its words. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/table_recipe.h"

#define WHOLE_MAX 1e15

typedef struct {
    int option;
    const char *key;
} member;

static const member members[] = {
    {HX_OPT_COLUMNS, "columns"},
    {HX_OPT_STEP_BY, "by"},
    {HX_OPT_ORDER_BY, "order_by"},
    {HX_OPT_IMPUTE_METHOD, "method"},
    {HX_OPT_INTERPOLATE_METHOD, "method"},
    {HX_OPT_SCALE_METHOD, "method"},
    {HX_OPT_ENCODE_METHOD, "method"},
    {HX_OPT_OUTLIERS_METHOD, "method"},
    {HX_OPT_VALUE, "value"},
    {HX_OPT_LIMIT, "limit"},
    {HX_OPT_MASK, "mask"},
    {HX_OPT_EXTRAPOLATE, "extrapolate"},
    {HX_OPT_ACTION, "action"},
    {HX_OPT_FACTOR, "factor"},
    {HX_OPT_FROM, "from"},
    {HX_OPT_UNIT, "to"},
    {HX_OPT_LEARN_TARGET, "target"},
};

static json_t *value_of(const char *s) {
    double real = 0;
    if (strcmp(s, "true") == 0) return json_true();
    if (strcmp(s, "false") == 0) return json_false();
    if (!hx_cli_parse_real(s, &real)) return json_string(s);
    return fabs(real) < WHOLE_MAX && floor(real) == real ? json_integer((json_int_t)real)
                                                         : json_real(real);
}

static bool set_others(hx_cli *c, json_t *step) {
    for (size_t i = 0; i < c->options.n_list; i++) {
        const char *item = c->options.list[i], *equals = strchr(item, '=');
        if (equals == NULL || equals == item) {
            hx_cli_usage(c, "--set %s: has to be KEY=VALUE", "--set %s：必须是 键=值", item);
            return false;
        }
        if (json_object_setn_new(step, item, (size_t)(equals - item), value_of(equals + 1)) != 0) {
            hx_cli_usage(c, "--set %s: is not UTF-8", "--set %s：不是 UTF-8", item);
            return false;
        }
    }
    return true;
}

/* --columns and --by hold lists, other options what their kind says. */
static void set_member(const hx_cli *c, json_t *step, const member *m) {
    if (m->option == HX_OPT_LIMIT)
        hx_step_set_number(step, m->key, c, m->option);
    else if (m->option == HX_OPT_FACTOR)
        hx_step_set_real(step, m->key, c, m->option);
    else if (m->option == HX_OPT_MASK || m->option == HX_OPT_EXTRAPOLATE)
        hx_step_set_flag(step, m->key, c, m->option);
    else
        hx_step_set_text(step, m->key, c, m->option);
}

/* --method isolation is a step of its own, whose bound is a score. */
static void set_isolation(json_t *step) {
    json_t *factor = json_object_get(step, "factor");
    json_object_set_new(step, "step", json_string("isolation"));
    json_object_del(step, "method");
    if (factor == NULL) return;
    json_object_set(step, "threshold", factor);
    json_object_del(step, "factor");
}

static int run_step(hx_cli *c, const char *name) {
    const char *method = c->options.text[HX_OPT_OUTLIERS_METHOD];
    json_t *step = json_object();
    json_object_set_new(step, "step", json_string(name));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        set_member(c, step, &members[i]);
    if (method != NULL && strcmp(method, "isolation") == 0) set_isolation(step);
    const int status = set_others(c, step) ? hx_table_recipe_run(c, step) : HX_EXIT_USAGE;
    json_decref(step);
    return status;
}

int hx_cmd_table_impute(hx_cli *c) {
    return run_step(c, "impute");
}

int hx_cmd_table_interpolate(hx_cli *c) {
    return run_step(c, "interpolate");
}

int hx_cmd_table_scale(hx_cli *c) {
    return run_step(c, "scale");
}

int hx_cmd_table_encode(hx_cli *c) {
    return run_step(c, "encode");
}

int hx_cmd_table_outliers(hx_cli *c) {
    return run_step(c, "outliers");
}

int hx_cmd_table_convert(hx_cli *c) {
    return run_step(c, "convert");
}
