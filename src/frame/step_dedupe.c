/* step_dedupe.c - the step that leaves one row of each thing.
 *
 *     {"step":"dedupe","keys":["phone"],"keep":"latest:updated"}          equal keys
 *     {"step":"dedupe","keys":["name","address"],"near":0.9}              alike ones
 *
 * Nothing is learnt: duplicates are found in the table it is applied to. Where rows have to stay (a prediction a row) it does nothing. */
#include <stdlib.h>

#include "base/error.h"
#include "frame/step.h"

#define ARENA_BYTES_MAX ((size_t)16 << 30)

typedef struct {
    const char *keys, *keep; /* in the arena; NULL */
    double near;
} dedupe;

static hx_status keep_list(const json_t *spec, hx_arena *arena, const char **out, hx_error *err) {
    hx_names names;
    hx_buf b;
    HX_TRY(hx_step_names(spec, "keys", arena, &names, err));
    *out = NULL;
    if (names.n == 0) return HX_OK;
    hx_buf_init(&b, (size_t)1 << 20);
    for (size_t i = 0; i < names.n; i++) {
        (void)hx_buf_append_lit(&b, i > 0 ? ",\"" : "\"");
        (void)hx_buf_append_str(&b, names.names[i]);
        (void)hx_buf_append_byte(&b, '"');
    }
    hx_status status = hx_buf_status(&b, "keys", err);
    if (status == HX_OK) *out = hx_arena_str(arena, hx_buf_str(&b)).ptr;
    if (status == HX_OK && *out == NULL) status = hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_release(&b);
    return status;
}

static hx_status parse_dedupe(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    dedupe *d = state;
    hx_str keep;
    HX_TRY(keep_list(spec, arena, &d->keys, err));
    HX_TRY(hx_step_number(spec, "near", 0, &d->near, err));
    HX_TRY(hx_step_text(spec, "keep", "first", &keep, err));
    d->keep = hx_arena_str(arena, keep).ptr;
    return d->keep != NULL ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status keep_survivors(const dedupe *d, hx_table *t, hx_arena *arena, hx_step_run *run,
                                hx_error *err) {
    const hx_duplicate_options options = {d->keys, d->near, d->keep};
    const size_t rows = hx_table_rows(t);
    hx_duplicates found;
    HX_TRY(hx_table_duplicates(t, &options, arena, &found, err));
    size_t *list = hx_arena_alloc(arena, (rows + 1) * sizeof *list), n = 0;
    if (list == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < rows; i++)
        if (found.survivor[i] == i) list[n++] = i;
    HX_TRY(hx_table_keep(t, list, n, err));
    hx_step_say(run, "duplicate rows removed: %zu of %zu, in %zu groups",
                "去掉重复行 %zu 行（共 %zu 行，%zu 组）", found.n_surplus, rows, found.n_groups);
    return HX_OK;
}

static hx_status apply_dedupe(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    if (run->run.keep_rows) return HX_OK;
    hx_arena *arena = hx_arena_new(ARENA_BYTES_MAX);
    if (arena == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    const hx_status status = keep_survivors(state, t, arena, run, err);
    hx_arena_free(arena);
    return status;
}

static const char *const dedupe_keys[] = {"keys", "near", "keep", NULL};

const hx_step_kind hx_step_dedupe = {.name = "dedupe",
                                     .keys = dedupe_keys,
                                     .size = sizeof(dedupe),
                                     .parse = parse_dedupe,
                                     .apply = apply_dedupe};
