/* cmd_table_reconcile.c - table reconcile: files that should say the same, matched by key; what is missing where, what differs.
 *
 *     each file twice, as values and as texts -> hx_tables_reconcile -> a row a conflict, --merged table
 *
 * A row a conflict; --merged keeps the table in which each conflict is settled by --survive. Sources are named as their files without folder
 * and ending. Files are read twice, as values and as texts, so that cells come out as they stand in their source. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define NAME_BYTES 128

typedef struct {
    hx_cli *c;
    hx_table *tables[HX_SOURCES_MAX];
    hx_table *written[HX_SOURCES_MAX]; /* the same, all columns as texts; NULL of standard input */
    char names[HX_SOURCES_MAX][NAME_BYTES];
    const char *pointers[HX_SOURCES_MAX];
    size_t n;
} sources;

static void name_source(sources *s, size_t i, const char *path) {
    const char *slash = strrchr(path, '/');
    (void)snprintf(s->names[i], NAME_BYTES, "%s", slash != NULL ? slash + 1 : path);
    char *dot = strchr(s->names[i], '.');
    if (dot != NULL && dot != s->names[i]) *dot = '\0';
    for (size_t k = 0; k < i; k++)
        if (strcmp(s->names[k], s->names[i]) == 0)
            (void)snprintf(s->names[i], NAME_BYTES, "%zu", i + 1); /* two of one name */
    s->pointers[i] = s->names[i];
}

/* ------------------------------------------------------------------ cells as they stand in the file */
static bool quote_names(const hx_table *t, hx_outbuf *out) {
    for (size_t k = 0; k < hx_table_columns(t); k++) {
        const hx_str name = hx_table_column_at(t, k)->name;
        hx_outbuf_text(out, k > 0 ? ",\"" : "\"");
        for (size_t i = 0; i < name.len; i++) {
            if (name.ptr[i] == '"') hx_outbuf_byte(out, '"');
            hx_outbuf_byte(out, name.ptr[i]);
        }
        hx_outbuf_byte(out, '"');
    }
    hx_outbuf_byte(out, '\0');
    return !out->failed;
}

/* The rows of the file that --where leaves, which looks at values, not at texts: rows carry their numbers through it. */
static hx_status keep_where(hx_cli *c, hx_table *typed, hx_table *texts, hx_error *err) {
    static const hx_str mark = {"\x1Frow", 4};
    const size_t n = hx_table_rows(typed);
    double *numbers = hx_arena_alloc(c->arena, (n + 1) * sizeof *numbers);
    size_t *rows = hx_arena_alloc(c->arena, (n + 1) * sizeof *rows);
    if (numbers == NULL || rows == NULL) return HX_ENOMEM;
    for (size_t i = 0; i < n; i++)
        numbers[i] = (double)i;
    hx_status status = hx_table_put_numbers(typed, mark, HX_KIND_NUMBER, numbers, 0, err);
    if (status == HX_OK) status = hx_table_where(typed, c->options.text[HX_OPT_WHERE], err);
    if (status != HX_OK) return status;
    const size_t kept = hx_table_rows(typed), column = hx_table_find(typed, mark);
    hx_table_numbers(typed, column, 0, kept, numbers);
    for (size_t i = 0; i < kept; i++)
        rows[i] = (size_t)numbers[i];
    hx_table_remove(typed, column);
    return hx_table_keep(texts, rows, kept, err);
}

static bool read_texts(sources *s, const char *path) {
    hx_cli *c = s->c;
    hx_error err = {.ui = c->ui};
    hx_outbuf names = {0};
    hx_table_options o = {.missing = c->options.text[HX_OPT_MISSING],
                          .n_threads = hx_table_io_threads(c),
                          .cancel = &c->cancel};
    hx_status status = HX_ENOMEM;
    if (hx_cli_reader_options(c, &o.reader) && quote_names(s->tables[s->n], &names)) {
        o.texts = names.ptr;
        status = hx_table_read(&s->written[s->n], path, &o, &err);
    }
    if (status == HX_OK && c->options.text[HX_OPT_WHERE] != NULL)
        status = keep_where(c, s->tables[s->n], s->written[s->n], &err);
    hx_outbuf_release(&names);
    if (status != HX_OK) hx_cli_error(c, &err);
    return status == HX_OK;
}

/* The table with its kinds and, of a file, its texts; --where once, behind both. */
static bool read_source(sources *s, const char *path) {
    hx_cli *c = s->c;
    const char *where = c->options.text[HX_OPT_WHERE];
    const bool twice = strcmp(path, "-") != 0;
    if (twice) c->options.text[HX_OPT_WHERE] = NULL;
    bool ok = hx_table_io_read(c, path, NULL, &s->tables[s->n]);
    c->options.text[HX_OPT_WHERE] = where;
    if (ok && twice) ok = read_texts(s, path);
    s->n += ok || s->tables[s->n] != NULL;
    return ok;
}

/* JSON has numbers of its own: there values are not texts. */
static bool are_written(const sources *s) {
    const char *merged = s->c->options.text[HX_OPT_MERGED];
    const char *end = merged != NULL ? strrchr(merged, '.') : NULL;
    for (size_t i = 0; i < s->n; i++)
        if (s->written[i] == NULL) return false;
    return end == NULL || (strcmp(end, ".jsonl") != 0 && strcmp(end, ".json") != 0);
}

/* ------------------------------------------------------------------ records */
static const char *kind_word(const hx_cli *c, hx_source_conflict_kind kind) {
    static const char *const zh[] = {"缺行", "不一致", "重复"};
    return c->shape == HX_SHAPE_TABLE ? hx_cli_tr(c, hx_source_conflict_name(kind), zh[kind])
                                      : hx_source_conflict_name(kind);
}

/* Words of the language in tables only; files have one form. */
static const char *word(const hx_cli *c, const char *en, const char *zh) {
    return c->shape == HX_SHAPE_TABLE ? hx_cli_tr(c, en, zh) : en;
}

static json_t *record_of(const sources *s, const hx_source_conflict *k) {
    json_t *o = json_object();
    char rows[64];
    json_object_set_new(o, "key", json_stringn(k->key.ptr, k->key.len));
    json_object_set_new(o, "conflict", json_string(kind_word(s->c, k->kind)));
    if (k->column.len > 0)
        json_object_set_new(o, "column", json_stringn(k->column.ptr, k->column.len));
    for (size_t i = 0; i < s->n; i++) {
        const bool in = (k->sources >> i & 1) != 0;
        json_t *value = json_null();
        if (k->kind == HX_CONFLICT_DIFFERS && k->values[i].ptr != NULL) {
            value = json_stringn(k->values[i].ptr, k->values[i].len);
        } else if (k->kind == HX_CONFLICT_ABSENT) {
            value = json_string(in ? word(s->c, "there", "有") : word(s->c, "absent", "无"));
        } else if (k->kind == HX_CONFLICT_REPEATED && in) {
            (void)snprintf(rows, sizeof rows, "%zu %s", k->rows, word(s->c, "rows", "行"));
            value = json_string(rows);
        }
        json_object_set_new(o, s->names[i], value);
    }
    if (k->kind == HX_CONFLICT_DIFFERS && k->kept < s->n)
        json_object_set_new(o, "kept", json_string(s->names[k->kept]));
    return o;
}

static bool write_conflicts(const sources *s, const hx_reconciliation *r) {
    hx_record_column columns[HX_SOURCES_MAX + 4] = {
        {"key", "key", "键", HX_CELL_LEFT},
        {"conflict", "conflict", "冲突", HX_CELL_LEFT},
        {"column", "column", "列", HX_CELL_LEFT},
    };
    size_t n = 3;
    for (size_t i = 0; i < s->n; i++)
        columns[n++] = (hx_record_column){s->names[i], s->names[i], s->names[i], HX_CELL_LEFT};
    columns[n++] = (hx_record_column){"kept", "kept", "保留", HX_CELL_LEFT};
    json_t *records = json_array();
    for (size_t i = 0; i < r->n_conflicts; i++)
        json_array_append_new(records, record_of(s, &r->conflicts[i]));
    const bool ok = hx_output_records(s->c, records, columns, n);
    json_decref(records);
    return ok;
}

static void say_summary(const sources *s, const hx_reconciliation *r) {
    hx_cli_note(s->c, "keys: %zu, in agreement: %zu, conflicts: %zu",
                "键 %zu 个，一致 %zu 个，冲突 %zu 处", r->keys, r->agreed, r->n_conflicts);
    for (size_t i = 0; i < s->n; i++) {
        hx_cli_note(s->c, "%s: rows: %zu, keys that are absent: %zu, repeated: %zu",
                    "%s：%zu 行，缺少的键 %zu 个，重复的键 %zu 个", s->names[i],
                    hx_table_rows(s->tables[i]), r->absent[i], r->repeated[i]);
        if (r->keyless[i] > 0)
            hx_cli_note(s->c, "%s: rows without a key, left out: %zu", "%s：没有键的行已略过：%zu",
                        s->names[i], r->keyless[i]);
    }
}

static int reconcile(sources *s) {
    hx_cli *c = s->c;
    const hx_cli_values *v = &c->options;
    const hx_table *written[HX_SOURCES_MAX];
    const hx_reconcile_options o = {.written = are_written(s) ? written : NULL,
                                    .key = v->text[HX_OPT_KEY],
                                    .compare = v->text[HX_OPT_COMPARE],
                                    .tolerance = v->text[HX_OPT_TOLERANCE],
                                    .survive = v->text[HX_OPT_SURVIVE],
                                    .names = s->pointers};
    hx_reconciliation r;
    hx_error err = {.ui = c->ui};
    const hx_table *tables[HX_SOURCES_MAX];
    for (size_t i = 0; i < s->n; i++)
        tables[i] = s->tables[i];
    for (size_t i = 0; i < s->n; i++)
        written[i] = s->written[i];
    if (hx_tables_reconcile(tables, s->n, &o, c->arena, &r, &err) != HX_OK)
        return hx_cli_error(c, &err);
    const char *merged = v->text[HX_OPT_MERGED];
    say_summary(s, &r);
    const bool ok =
        write_conflicts(s, &r) && (merged == NULL || hx_table_io_write_file(c, r.merged, merged));
    hx_table_free(r.merged);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

int hx_cmd_table_reconcile(hx_cli *c) {
    sources s = {.c = c};
    if (!hx_cli_has(&c->options, HX_OPT_KEY))
        return hx_cli_usage(c, "table reconcile needs --key COLUMN",
                            "table reconcile 需要 --key 列名");
    hx_cli_catch_interrupts(c);
    int status = HX_EXIT_DONE;
    for (int i = 0; i < c->n_args && status == HX_EXIT_DONE; i++) {
        name_source(&s, s.n, c->args[i]);
        if (!read_source(&s, c->args[i])) status = HX_EXIT_FAILED;
    }
    if (status == HX_EXIT_DONE) status = reconcile(&s);
    for (size_t i = 0; i < s.n; i++)
        hx_table_free(s.tables[i]);
    for (size_t i = 0; i < s.n; i++)
        hx_table_free(s.written[i]);
    return status;
}
