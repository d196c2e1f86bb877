/* table_recipe.h - the run that all table commands of steps share: fit, apply, keep, write.
 *
 * A command of a step builds the JSON of its step from its options and calls hx_table_recipe_run(). Its row in commands_table.c takes
 * TABLE_IN, RECORDS, HX_OPT_HEAD and TABLE_STEPS beside its own options. */
#ifndef HX_CLI_TABLE_RECIPE_H
#define HX_CLI_TABLE_RECIPE_H

#include <jansson.h>

#include "cli/cli.h"

/* Reads the file; applies the kept recipe of --recipe; fits `steps` (an array of steps, or one; borrowed; NULL = none) on the file, or on the
 * file of --fit-on, and applies them; says what each step did (--quiet: not); writes the rows; keeps the fitted recipe with --save. The
 * exit status. */
int hx_table_recipe_run(hx_cli *c, const json_t *steps);

/* Members of a step from options that were given; nothing where the option was not. */
void hx_step_set_text(json_t *step, const char *key, const hx_cli *c, int option);
void hx_step_set_number(json_t *step, const char *key, const hx_cli *c, int option);
void hx_step_set_real(json_t *step, const char *key, const hx_cli *c, int option);
void hx_step_set_flag(json_t *step, const char *key, const hx_cli *c, int option);

#endif
