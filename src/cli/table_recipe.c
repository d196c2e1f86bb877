/* table_recipe.c - fitting, applying and keeping steps on files; see table_recipe.h.
 *
 *     --recipe KEPT --apply--> table --fit, apply--> table --write--> rows
 *                                ^ steps, learnt from --fit-on or the table itself
 *
 * What --fit-on names goes through the kept recipe first too, so that the steps learn from what they will see. */
#include "cli/table_recipe.h"

#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/llama.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define RECIPE_BYTES_MAX ((size_t)512 << 20)

/* ------------------------------------------------------------------ members */
void hx_step_set_text(json_t *step, const char *key, const hx_cli *c, int option) {
    if (c->options.text[option] != NULL)
        json_object_set_new(step, key, json_string(c->options.text[option]));
}

void hx_step_set_number(json_t *step, const char *key, const hx_cli *c, int option) {
    if (c->options.text[option] != NULL)
        json_object_set_new(step, key, json_integer((json_int_t)c->options.number[option]));
}

void hx_step_set_real(json_t *step, const char *key, const hx_cli *c, int option) {
    if (c->options.text[option] != NULL)
        json_object_set_new(step, key, json_real(c->options.real[option]));
}

void hx_step_set_flag(json_t *step, const char *key, const hx_cli *c, int option) {
    if (c->options.text[option] != NULL) json_object_set_new(step, key, json_true());
}

/* ------------------------------------------------------------------ the run */
typedef struct {
    hx_cli *c;
    hx_error err;
    hx_recipe_run run;
    hx_recipe *kept; /* of --recipe; NULL */
    hx_recipe *steps; /* NULL */
    hx_table *train; /* of --fit-on; NULL */
    hx_table *table;
} job;

static bool failed(job *j, hx_status status) {
    if (status != HX_OK) hx_cli_error(j->c, &j->err);
    return status != HX_OK;
}

static bool read_kept(job *j) {
    size_t n_more;
    const hx_step_kind *const *more = hx_learn_steps(&n_more);
    const char *path = j->c->options.text[HX_OPT_RECIPE];
    hx_str text;
    if (path == NULL) return true;
    if (!hx_cli_read_file(j->c, path, RECIPE_BYTES_MAX, &text)) return false;
    size_t at = 0;
    while (at < text.len && strchr(" \t\r\n", text.ptr[at]) != NULL)
        at++;
    const bool fresh = at < text.len && text.ptr[at] == '['; /* steps that were not fitted */
    if (!fresh) return !failed(j, hx_recipe_read(&j->kept, text, more, n_more, &j->err));
    if (j->steps == NULL) return !failed(j, hx_recipe_open(&j->steps, text, more, n_more, &j->err));
    hx_cli_usage(j->c, "--recipe %s: was not fitted; it can't stand before other steps",
                 "--recipe %s：尚未拟合，不能放在其他步骤之前", path);
    return false;
}

static bool open_steps(job *j, const json_t *steps) {
    if (steps == NULL) return true;
    json_t *list = json_is_array(steps) ? json_deep_copy(steps) : json_array();
    if (!json_is_array(steps)) json_array_append(list, (json_t *)(uintptr_t)steps);
    size_t n_more;
    const hx_step_kind *const *more = hx_learn_steps(&n_more);
    char *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    if (text == NULL) {
        hx_cli_fail(j->c, "out of memory", "内存不足");
        return false;
    }
    const hx_status status = hx_recipe_open(&j->steps, hx_str_of(text), more, n_more, &j->err);
    free(text);
    return !failed(j, status);
}

static void say_notes(const job *j, const hx_recipe *r) {
    for (size_t i = 0; i < hx_recipe_steps(r); i++) {
        const char *note = hx_recipe_note(r, i, j->c->ui);
        if (note[0] != '\0') hx_cli_say(j->c, note);
    }
}

/* What the kept recipe learnt from, then what the steps did, as far as they are fitted. */
static bool kinds_of(job *j, hx_table_kinds_asked *out) {
    const hx_column_kind *lists[2] = {NULL, NULL};
    const size_t n_kept = j->kept != NULL ? hx_recipe_kinds(j->kept, &lists[0]) : 0;
    const size_t n_steps = j->steps != NULL ? hx_recipe_kinds(j->steps, &lists[1]) : 0;
    hx_column_kind *all = hx_arena_alloc(j->c->arena, (n_kept + n_steps + 1) * sizeof *all);
    if (all == NULL) return hx_cli_fail(j->c, "out of memory", "内存不足") == HX_EXIT_DONE;
    if (n_kept > 0) memcpy(all, lists[0], n_kept * sizeof *all);
    if (n_steps > 0) memcpy(all + n_kept, lists[1], n_steps * sizeof *all);
    *out = (hx_table_kinds_asked){all, n_kept + n_steps};
    return true;
}

/* The steps learn from --fit-on, so that the file can be read as what they learnt from. */
static bool fit_elsewhere(job *j) {
    const char *path = j->c->options.text[HX_OPT_FIT_ON];
    hx_table_kinds_asked kinds;
    if (path == NULL) return true;
    if (!kinds_of(j, &kinds) || !hx_table_io_read_as(j->c, path, kinds, &j->train)) return false;
    if (j->kept != NULL && failed(j, hx_recipe_apply(j->kept, j->train, &j->run, &j->err)))
        return false;
    return j->steps == NULL || !failed(j, hx_recipe_fit(j->steps, j->train, &j->run, &j->err));
}

static bool read_input(job *j) {
    hx_table_kinds_asked kinds;
    return kinds_of(j, &kinds) &&
           hx_table_io_read_as(j->c, hx_table_io_input(j->c), kinds, &j->table);
}

static bool run_steps(job *j) {
    if (j->kept != NULL) {
        const bool undo = hx_cli_has(&j->c->options, HX_OPT_UNDO);
        if (failed(j, undo ? hx_recipe_undo(j->kept, j->table, &j->run, &j->err)
                           : hx_recipe_apply(j->kept, j->table, &j->run, &j->err)))
            return false;
        say_notes(j, j->kept);
    }
    if (j->steps == NULL) return true;
    if (failed(j, j->train != NULL ? hx_recipe_apply(j->steps, j->table, &j->run, &j->err)
                                   : hx_recipe_fit(j->steps, j->table, &j->run, &j->err)))
        return false;
    say_notes(j, j->steps);
    return true;
}

static bool save(job *j) {
    const char *path = j->c->options.text[HX_OPT_SAVE];
    const hx_recipe *r = j->steps != NULL ? j->steps : j->kept;
    hx_str json;
    if (path == NULL || r == NULL) return true;
    if (j->steps != NULL && j->kept != NULL) {
        hx_cli_usage(j->c, "--save keeps the steps of one recipe; --recipe gave another",
                     "--save 只保存一份配方；--recipe 又给了一份");
        return false;
    }
    if (failed(j, hx_recipe_json(r, j->c->arena, &json, &j->err))) return false;
    return hx_table_io_write_text(j->c, json, path);
}

int hx_table_recipe_run(hx_cli *c, const json_t *steps) {
    job j = {.c = c, .err.ui = c->ui};
    j.run = (hx_recipe_run){.n_threads = hx_table_io_threads(c),
                            .seed = (uint64_t)c->options.number[HX_OPT_SEED],
                            .cancel = &c->cancel,
                            .embedder = hx_cli_embedder(c)};
    hx_cli_catch_interrupts(c);
    const bool ok = j.run.embedder != NULL && open_steps(&j, steps) && read_kept(&j) &&
                    fit_elsewhere(&j) && read_input(&j) && run_steps(&j) && save(&j) &&
                    hx_table_io_write(c, j.table);
    hx_table_free(j.table);
    hx_table_free(j.train);
    hx_recipe_free(j.kept);
    hx_recipe_free(j.steps);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* `table apply`: a kept recipe, or a list of steps in a file. */
int hx_cmd_table_apply(hx_cli *c) {
    if (!hx_cli_has(&c->options, HX_OPT_RECIPE))
        return hx_cli_usage(c, "table apply needs --recipe FILE", "table apply 需要 --recipe 文件");
    return hx_table_recipe_run(c, NULL);
}
