/* table_plan.c - which columns are read, and as what first: from the options and the rows of the head.
 *
 * The guess only saves time: a column read as the wrong kind is read again. The guess is the first kind of its order that all values of
 * the sample are of, so the kinds skipped can't be those of the whole column either. */
#include <string.h>

#include "base/error.h"
#include "frame/table_read.h"

static size_t count_items(const char *list) {
    hx_str rest = hx_str_of(list), item;
    size_t n = 0;
    while (hx_list_next(&rest, &item))
        n++;
    return n;
}

static hx_status plan_missing(hx_read_job *j, hx_error *err) {
    const size_t n = count_items(j->options->missing);
    hx_str *words = hx_arena_alloc(j->arena, (n + 1) * sizeof *words);
    if (words == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_str rest = hx_str_of(j->options->missing);
    for (size_t i = 0; i < n; i++)
        (void)hx_list_next(&rest, &words[i]);
    j->missing = (hx_missing_words){words, n};
    return HX_OK;
}

static hx_status no_column(const hx_read_job *j, hx_str name, hx_error *err) {
    hx_str *names = hx_arena_alloc(j->arena, (j->n_columns + 1) * sizeof *names);
    if (names == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t c = 0; c < j->n_columns; c++)
        names[c] = j->reader->columns[c].name;
    const hx_str near = hx_nearest_name(name, names, j->n_columns);
    if (near.len > 0)
        return hx_fail(err, HX_ENOTFOUND, "%s: there is no column '%.*s'; did you mean '%.*s'?",
                       j->reader->name, HX_STR_ARG(name), HX_STR_ARG(near));
    return hx_fail(err, HX_ENOTFOUND, "%s: there is no column '%.*s'", j->reader->name,
                   HX_STR_ARG(name));
}

static size_t find(const hx_read_job *j, hx_str name) {
    size_t c = 0;
    while (c < j->n_columns && !hx_str_equal(j->reader->columns[c].name, name))
        c++;
    return c;
}

static hx_status plan_selection(hx_read_job *j, hx_error *err) {
    const bool all = count_items(j->options->columns) == 0;
    for (size_t c = 0; c < j->n_columns; c++)
        j->selected[c] = all;
    hx_str rest = hx_str_of(j->options->columns), item;
    while (!all && hx_list_next(&rest, &item)) {
        const size_t c = find(j, item);
        if (c == j->n_columns) return no_column(j, item, err);
        j->selected[c] = true;
    }
    return HX_OK;
}

static hx_status plan_texts(hx_read_job *j, hx_error *err) {
    hx_str rest = hx_str_of(j->options->texts), item;
    while (hx_list_next(&rest, &item)) {
        const size_t c = find(j, item);
        if (c == j->n_columns) return no_column(j, item, err);
        j->plans[c].decided = true;
        j->plans[c].kind = HX_KIND_TEXT;
    }
    return HX_OK;
}

/* What is asked for as text stays so. */
static void plan_asked(hx_read_job *j) {
    for (size_t i = 0; i < j->options->n_kinds; i++) {
        const hx_column_kind *k = &j->options->kinds[i];
        const size_t c = find(j, k->name);
        if (c == j->n_columns || j->plans[c].decided) continue;
        j->plans[c].decided = true;
        j->plans[c].asked = k->kind != HX_KIND_TEXT;
        j->plans[c].kind = k->kind;
    }
}

static bool is_timed(const hx_column *c) {
    return c->type == HX_TYPE_TIME &&
           (c->role == HX_ROLE_TIME || c->role == HX_ROLE_DATE || c->role == HX_ROLE_BIRTHDAY);
}

static void guess(hx_strip_plan *p, hx_str value) {
    if (hx_text_is_missing(p->missing, value)) return;
    p->kind = hx_kind_of_text(p, p->kind, value);
    p->decided = true;
}

static hx_status plan_kinds(hx_read_job *j, hx_error *err) {
    hx_chunk *sample = NULL;
    hx_rows rows = {NULL, 0, 0};
    HX_TRY(hx_reader_sample(j->reader, HX_SAMPLE_ROWS, &sample, err));
    if (sample == NULL) return HX_OK;
    const hx_status status = hx_chunk_rows(j->reader, sample, j->arena, &rows, err);
    for (size_t i = 0; status == HX_OK && i < rows.n_rows; i++)
        for (size_t c = 0; rows.rows[i].bad == NULL && c < j->n_columns; c++)
            if (j->plans[c].wanted && !j->plans[c].asked && j->plans[c].kind != HX_KIND_TEXT)
                guess(&j->plans[c], rows.rows[i].cells[c]);
    hx_chunk_free(sample);
    return status;
}

hx_status hx_read_plan(hx_read_job *j, hx_error *err) {
    HX_TRY(plan_missing(j, err));
    HX_TRY(plan_selection(j, err));
    for (size_t c = 0; c < j->n_columns; c++) {
        const hx_column *column = &j->reader->columns[c];
        hx_strip_plan *p = &j->plans[c];
        p->wanted = j->selected[c];
        p->timed = is_timed(column);
        p->order = column->date_order;
        p->excel = column->excel_serial;
        p->zone = j->options->zone;
        p->missing = &j->missing;
        p->kind = hx_kind_first(p);
    }
    HX_TRY(plan_texts(j, err));
    plan_asked(j);
    return plan_kinds(j, err);
}
