/* step.h - one kind of step of a recipe: how it is parsed, fitted, applied, written and read.
 *
 *     JSON of the step -> parse -> fit(train) -> apply(any table)
 *                                    |  ^
 *                                  write, read: the member "fitted"
 *
 * Each kind is a const table in a file of its own, step_NAME.c; recipe.c keeps the list of those of src/frame, modules above hand theirs to
 * hx_recipe_open(). A state is used by one thread while it is fitted, by any number after. */
#ifndef HX_FRAME_STEP_H
#define HX_FRAME_STEP_H

#include "base/json.h"
#include "huaxiang/frame.h"

#define HX_STEP_NOTE_MAX 240

typedef struct {
    hx_recipe_run run;
    char note[2][HX_STEP_NOTE_MAX]; /* [ui]: what fit or apply did, "" = nothing worth a sentence */
} hx_step_run;

struct hx_step_kind {
    const char *name;
    const char *const
        *keys; /* those that `parse` reads, NULL at the end; others are refused by recipe.c */
    size_t size; /* of the state, zeroed before parse */
    hx_status (*parse)(void *state, const json_t *spec, hx_arena *arena, hx_error *err);
    /* NULL = there is nothing to learn. Does not change the table. */
    hx_status (*fit)(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                     hx_error *err);
    hx_status (*apply)(const void *state, hx_table *t, hx_step_run *run, hx_error *err);
    void (*write)(const void *state,
                  hx_json_writer *w); /* the value of "fitted"; NULL where fit is */
    hx_status (*read)(void *state, const json_t *fitted, hx_arena *arena, hx_error *err);
    void (*release)(void *state); /* NULL = all of it is in the arena */
};

#endif
