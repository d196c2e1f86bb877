/* step_columns.c - the steps that choose: drop and keep (columns), where (rows).
 *
 * Nothing is learnt from the data, but names are checked when they are fitted: a typing error is found at once. A column to drop may be
 * missing from a later table (the label of what is to be predicted); one to keep may not. `reasons`, {"column":"why"}, is for readers of the file. */
#include "base/error.h"
#include "frame/step.h"

typedef struct {
    hx_names columns;
} choice;

static hx_status check_reasons(const json_t *reasons, hx_error *err) {
    const char *key;
    json_t *reason;
    if (reasons != NULL && !json_is_object(reasons))
        return hx_fail(err, HX_EINVAL, "'reasons' has to be an object of texts by column");
    json_object_foreach((json_t *)(uintptr_t)reasons, key, reason) {
        if (!json_is_string(reason))
            return hx_fail(err, HX_EINVAL, "'reasons' has to be an object of texts by column");
    }
    return HX_OK;
}

static hx_status parse_columns(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    choice *c = state;
    HX_TRY(hx_step_names(spec, "columns", arena, &c->columns, err));
    if (c->columns.n == 0)
        return hx_fail(err, HX_EINVAL, "'columns' has to name one column at least");
    return check_reasons(json_object_get(spec, "reasons"), err);
}

static hx_status check_columns(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                               hx_error *err) {
    const choice *c = state;
    size_t column = 0;
    (void)arena;
    (void)run;
    for (size_t i = 0; i < c->columns.n; i++)
        HX_TRY(hx_step_column(t, c->columns.names[i], &column, err));
    return HX_OK;
}

static void write_nothing(const void *state, hx_json_writer *w) {
    (void)state;
    hx_json_object(w);
    hx_json_end_object(w);
}

static hx_status read_nothing(void *state, const json_t *fitted, hx_arena *arena, hx_error *err) {
    (void)state;
    (void)fitted;
    (void)arena;
    (void)err;
    return HX_OK;
}

static bool is_named(const choice *c, hx_str name) {
    for (size_t i = 0; i < c->columns.n; i++)
        if (hx_str_equal(c->columns.names[i], name)) return true;
    return false;
}

/* Removes the columns that are named, or those that are not; returns how many. */
static size_t remove_columns(const choice *c, hx_table *t, bool named) {
    size_t removed = 0;
    for (size_t i = hx_table_columns(t); i-- > 0;) {
        if (is_named(c, hx_table_column_at(t, i)->name) != named) continue;
        hx_table_remove(t, i);
        removed++;
    }
    return removed;
}

static hx_status apply_drop(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    (void)err;
    const size_t n = remove_columns(state, t, true);
    hx_step_say(run, "columns dropped: %zu", "去掉 %zu 列", n);
    return HX_OK;
}

static hx_status apply_keep(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    const choice *c = state;
    size_t column = 0;
    for (size_t i = 0; i < c->columns.n; i++)
        HX_TRY(hx_step_column(t, c->columns.names[i], &column, err));
    const size_t n = remove_columns(c, t, false);
    hx_step_say(run, "columns kept: %zu, dropped: %zu", "保留 %zu 列，去掉 %zu 列",
                hx_table_columns(t), n);
    return HX_OK;
}

static const char *const column_keys[] = {"columns", "reasons", NULL};

const hx_step_kind hx_step_drop = {.name = "drop",
                                   .keys = column_keys,
                                   .size = sizeof(choice),
                                   .parse = parse_columns,
                                   .fit = check_columns,
                                   .apply = apply_drop,
                                   .write = write_nothing,
                                   .read = read_nothing};
const hx_step_kind hx_step_keep = {.name = "keep",
                                   .keys = column_keys,
                                   .size = sizeof(choice),
                                   .parse = parse_columns,
                                   .fit = check_columns,
                                   .apply = apply_keep,
                                   .write = write_nothing,
                                   .read = read_nothing};

/* ------------------------------------------------------------------ where */
typedef struct {
    const char *condition; /* in the arena */
} filter;

static hx_status parse_where(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    filter *f = state;
    hx_str s;
    HX_TRY(hx_step_text(spec, "condition", NULL, &s, err));
    if (s.len == 0) return hx_fail(err, HX_EINVAL, "'condition' is missing");
    f->condition = hx_arena_str(arena, s).ptr;
    return f->condition != NULL ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status apply_where(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    const filter *f = state;
    const size_t before = hx_table_rows(t);
    if (run->run.keep_rows) return HX_OK;
    HX_TRY(hx_table_where(t, f->condition, err));
    hx_step_say(run, "rows removed: %zu of %zu", "去掉 %zu 行（共 %zu 行）",
                before - hx_table_rows(t), before);
    return HX_OK;
}

static const char *const where_keys[] = {"condition", NULL};

const hx_step_kind hx_step_where = {.name = "where",
                                    .keys = where_keys,
                                    .size = sizeof(filter),
                                    .parse = parse_where,
                                    .apply = apply_where};
