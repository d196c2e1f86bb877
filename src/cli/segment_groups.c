/* segment_groups.c - segments of labels, of values of a trait, of clusters; see segment_groups.h.
 *
 * Clusters go into the store as an import of their own, STORE.TRAIT.csv, of ids, the time of the store's latest event and the number of the
 * cluster: imports list shows it, imports undo takes it back, and why names its events. The file itself is not kept.
 *
 * Values are looked up among the store's customers (hx_profiles_table). Names of segments have _ for what a name can't hold. */
#include "cli/segment_groups.h"

#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/outbuf.h"
#include "cli/table_io.h"

#define CELL_ROOM 64
#define NAME_BYTES 64

static const char *const id_columns[] = {"customer",  "customer_id", "user",    "user_id",
                                         "email",     "phone",       "account", "device",
                                         "anonymous", "客户",        "用户",    "会员"};

/* ------------------------------------------------------------------ clusters into the store */
static bool is_id_column(hx_str name) {
    for (size_t i = 0; i < sizeof id_columns / sizeof *id_columns; i++)
        if (hx_str_equal(name, hx_str_of(id_columns[i]))) return true;
    return false;
}

/* Ids, the time, the trait. */
static hx_status narrow(hx_table *t, size_t cluster, const char *trait, int64_t now, size_t *n_ids,
                        hx_error *err) {
    *n_ids = 0;
    for (size_t i = hx_table_columns(t); i > 0; i--) {
        const bool id = is_id_column(hx_table_column_at(t, i - 1)->name);
        *n_ids += id;
        if (id || i - 1 == cluster) continue;
        hx_table_remove(t, i - 1);
        cluster -= cluster > i - 1;
    }
    hx_status status = hx_table_rename(t, cluster, hx_str_of(trait), err);
    if (status != HX_OK || now == INT64_MIN) return status;
    const size_t n = hx_table_rows(t);
    double *times = calloc(n + 1, sizeof *times);
    if (!times) return HX_ENOMEM;
    for (size_t i = 0; i < n; i++)
        times[i] = (double)now;
    status = hx_table_put_numbers(t, hx_str_of("updated_at"), HX_KIND_TIME, times, -1, err);
    free(times);
    return status;
}

/* What an earlier call of the same name said. */
static hx_status take_back(hx_cli *c, hx_store *s, const char *path, hx_error *err) {
    hx_import_info *imports;
    size_t n;
    hx_status status = hx_store_imports(s, c->arena, &imports, &n, err);
    for (size_t i = 0; i < n && status == HX_OK; i++)
        if (!imports[i].undone && hx_str_equal(imports[i].path, hx_str_of(path)))
            status = hx_import_undo(s, imports[i].id, err);
    return status;
}

static int import_trait(hx_cli *c, hx_store *s, const char *path) {
    hx_error err = {.ui = c->ui};
    const hx_import_options o = {.cancel = &c->cancel, .now = hx_cli_now()};
    hx_import_result result;
    hx_status status = take_back(c, s, path, &err);
    if (status == HX_OK) status = hx_import_files(s, &path, 1, &o, &result, &err);
    return status == HX_OK ? HX_EXIT_DONE : hx_cli_error(c, &err);
}

static int read_clusters(hx_cli *c, hx_store *s, hx_table *t, const char *from, const char *trait) {
    hx_error err = {.ui = c->ui};
    hx_store_summary about;
    size_t n_ids;
    const size_t cluster = hx_table_find(t, hx_str_of("cluster"));
    if (cluster == HX_COLUMN_NONE)
        return hx_cli_fail(c,
                           "%s: has no column cluster; 'huaxiang learn cluster --out' writes one",
                           "%s：没有 cluster 列；可由“huaxiang learn cluster --out”写出", from);
    hx_outbuf path = {0};
    hx_outbuf_printf(&path, "%s.%s.csv", hx_store_path(s), trait);
    const hx_str name = hx_arena_str(c->arena, hx_outbuf_str(&path));
    hx_outbuf_release(&path);
    if (!name.ptr) return hx_cli_fail(c, "not enough memory", "内存不足");
    hx_status status = hx_store_summarize(s, &about, &err);
    if (status == HX_OK) status = narrow(t, cluster, trait, about.last, &n_ids, &err);
    if (status != HX_OK) return hx_cli_error(c, &err);
    if (n_ids == 0)
        return hx_cli_fail(c, "%s: has no column of customers: customer, email, phone, ...",
                           "%s：没有客户列：customer、email、phone 等", from);
    if (!hx_table_io_write_file(c, t, name.ptr)) return HX_EXIT_FAILED;
    const int done = import_trait(c, s, name.ptr);
    (void)remove(name.ptr);
    return done;
}

int hx_segment_groups_read(hx_cli *c, hx_store *s, const char *path, const char *trait) {
    hx_table *t = NULL;
    if (!hx_table_io_read(c, path, NULL, &t)) return HX_EXIT_FAILED;
    const int status = read_clusters(c, s, t, path, trait);
    hx_table_free(t);
    return status;
}

/* ------------------------------------------------------------------ values */
static bool is_plain(hx_str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] <= ' ' || strchr("\"()[],.<>=!&|", s.ptr[i])) return false;
    return s.len > 0;
}

static size_t find_column(const hx_table *t, const char *label, const char **trait,
                          hx_arena *arena) {
    static const char *const before[] = {"label.", "", "trait."};
    for (size_t i = 0; i < 3; i++) {
        const size_t room = strlen(label) + 16;
        char *name = hx_arena_alloc(arena, room);
        if (!name) return HX_COLUMN_NONE;
        (void)snprintf(name, room, "%s%s", before[i], label);
        const size_t at = hx_table_find(t, hx_str_of(name));
        *trait = i == 0 ? name : label;
        if (at != HX_COLUMN_NONE) return at;
    }
    return HX_COLUMN_NONE;
}

/* The different cells; false where there are too many. */
static bool find_values(const hx_table *t, size_t column, hx_arena *arena,
                        hx_str values[HX_SEGMENT_GROUPS_MAX], size_t *n) {
    char room[CELL_ROOM];
    *n = 0;
    for (size_t row = 0; row < hx_table_rows(t); row++) {
        const hx_str cell = hx_table_cell(t, row, column, room);
        size_t i = 0;
        while (i < *n && !hx_str_equal(values[i], cell))
            i++;
        if (i < *n || cell.len == 0 || memchr(cell.ptr, '"', cell.len)) continue;
        if (*n == HX_SEGMENT_GROUPS_MAX) return false;
        values[(*n)++] = hx_arena_str(arena, cell);
    }
    return true;
}

static int compare_values(const void *a, const void *b) {
    const hx_str *x = a, *y = b;
    if (x->len != y->len) return x->len < y->len ? -1 : 1; /* 2 before 10 */
    return hx_str_compare(*x, *y);
}

static hx_str name_of(const char *prefix, hx_str value, hx_arena *arena) {
    hx_outbuf b = {0};
    hx_outbuf_text(&b, prefix);
    hx_outbuf_byte(&b, '.');
    hx_outbuf_bytes(&b, value.ptr, value.len);
    for (size_t i = 0; i < b.len; i++)
        if ((unsigned char)b.ptr[i] <= ' ' || strchr("\"()[],<>=!&|", b.ptr[i])) b.ptr[i] = '_';
    hx_str all = hx_outbuf_str(&b);
    if (all.len > NAME_BYTES) {
        all.len = NAME_BYTES;
        while (all.len > 0 && ((unsigned char)all.ptr[all.len] & 0xC0) == 0x80)
            all.len--;
    }
    const hx_str name = hx_arena_str(arena, all);
    hx_outbuf_release(&b);
    return name;
}

static hx_str rule_of(const hx_table_column *column, const char *trait, hx_str value,
                      hx_arena *arena) {
    hx_outbuf b = {0};
    const bool number = column->kind == HX_KIND_NUMBER;
    const char *name = strncmp(trait, "label.", 6) == 0 ? trait + 6 : trait;
    const bool plain = is_plain(hx_str_of(name));
    hx_outbuf_printf(&b, plain ? "trait.%s = " : "trait.\"%s\" = ", trait);
    hx_outbuf_text(&b, number ? "" : "\"");
    hx_outbuf_bytes(&b, value.ptr, value.len);
    hx_outbuf_text(&b, number ? "" : "\"");
    const hx_str rule = hx_arena_str(arena, hx_outbuf_str(&b));
    hx_outbuf_release(&b);
    return rule;
}

static size_t find_groups(hx_cli *c, const hx_table *t, const char *prefix, const char *label,
                          hx_segment_rule_text *out) {
    hx_str values[HX_SEGMENT_GROUPS_MAX];
    size_t n = 0;
    const char *trait = label;
    const size_t column = find_column(t, label, &trait, c->arena);
    if (column == HX_COLUMN_NONE)
        return hx_cli_fail(c, "no customer has a label or trait '%s'", "没有客户有标签或特征“%s”",
                           label),
               0;
    if (!find_values(t, column, c->arena, values, &n))
        return hx_cli_fail(c, "'%s' has more than %d values: write rules on ranges of it",
                           "“%s”的取值超过 %d 个：请按范围写规则", label, HX_SEGMENT_GROUPS_MAX),
               0;
    if (n > 1) qsort(values, n, sizeof *values, compare_values);
    for (size_t i = 0; i < n; i++) {
        out[i].name = name_of(prefix, values[i], c->arena);
        out[i].rule = rule_of(hx_table_column_at(t, column), trait, values[i], c->arena);
        if (!out[i].name.ptr || !out[i].rule.ptr)
            return hx_cli_fail(c, "not enough memory", "内存不足"), 0;
    }
    if (n == 0) hx_cli_fail(c, "'%s' has no value", "“%s”没有取值", label);
    return n;
}

size_t hx_segment_groups_find(hx_cli *c, hx_store *s, const char *prefix, const char *label,
                              hx_segment_rule_text out[HX_SEGMENT_GROUPS_MAX]) {
    hx_table *t = NULL;
    hx_error err = {.ui = c->ui};
    if (hx_profiles_table(&t, s, HX_AS_OF_LATEST, &err) != HX_OK) return hx_cli_error(c, &err), 0;
    const size_t n = find_groups(c, t, prefix, label, out);
    hx_table_free(t);
    return n;
}
