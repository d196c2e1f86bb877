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
    bool fitting; /* apply: the table is the one that the step was just fitted on */
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
    /* The way back; NULL = there is none. */
    hx_status (*undo)(const void *state, hx_table *t, hx_step_run *run, hx_error *err);
    void (*write)(const void *state,
                  hx_json_writer *w); /* the value of "fitted"; NULL where fit is */
    hx_status (*read)(void *state, const json_t *fitted, hx_arena *arena, hx_error *err);
    void (*release)(void *state); /* NULL = all of it is in the arena */
};

/* ------------------------------------------------------------------ step_spec.c: what all steps read and say */
typedef struct {
    hx_str *names;
    size_t n;
} hx_names;

/* Members of a step by their keys; an absent one gives `otherwise`, one of another type is refused by name. Texts borrow from `spec`, which
 * lives as long as the recipe. */
hx_status hx_step_text(const json_t *spec, const char *key, const char *otherwise, hx_str *out,
                       hx_error *err) HX_MUST_USE;
hx_status hx_step_number(const json_t *spec, const char *key, double otherwise, double *out,
                         hx_error *err) HX_MUST_USE;
/* A whole number of [low, high]. */
hx_status hx_step_count(const json_t *spec, const char *key, int64_t otherwise, int64_t low,
                        int64_t high, int64_t *out, hx_error *err) HX_MUST_USE;
hx_status hx_step_flag(const json_t *spec, const char *key, bool otherwise, bool *out,
                       hx_error *err) HX_MUST_USE;
/* The index of a text among `choices` (NULL at the end); others are refused with the list of them. */
hx_status hx_step_choice(const json_t *spec, const char *key, const char *const *choices,
                         int otherwise, int *out, hx_error *err) HX_MUST_USE;
/* An array of texts or one text "a,b"; absent: none. */
hx_status hx_step_names(const json_t *spec, const char *key, hx_arena *arena, hx_names *out,
                        hx_error *err) HX_MUST_USE;

/* The column of that name: HX_ENOTFOUND names the nearest there is. */
hx_status hx_step_column(const hx_table *t, hx_str name, size_t *column, hx_error *err) HX_MUST_USE;
/* The same, of that kind. */
hx_status hx_step_column_of(const hx_table *t, hx_str name, hx_kind kind, size_t *column,
                            hx_error *err) HX_MUST_USE;
/* The columns of those names; none given: all columns of the kinds in `kinds` (1 << HX_KIND_NUMBER | ...). */
hx_status hx_step_columns(const hx_table *t, hx_names names, unsigned kinds, hx_arena *arena,
                          size_t **columns, size_t *n, hx_error *err) HX_MUST_USE;

/* The note of the step in both languages; the formats take the same arguments in the same order. */
void hx_step_say(hx_step_run *run, const char *en, const char *zh, ...) HX_PRINTF(2, 4);

#endif
