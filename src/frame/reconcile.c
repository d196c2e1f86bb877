/* reconcile.c - several sources against each other: keys matched, fields compared, conflicts listed.
 *
 *     tables -> fields of all, in order of appearance -> rows by key (check_key.c's hashes, verified) -> conflicts -> merged table
 *
 * Keys are compared as texts, so 7 in one file and "7" in another are one key. Of a key that a source repeats the first row counts and the
 * repeat is reported. Numbers agree within the tolerance of their column, all else agrees where it is written alike; a value beside a missing
 * one is a difference. */
#include "frame/reconcile.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/map.h"
#include "base/number.h"
#include "frame/check_key.h"
#include "frame/step.h"
#include "frame/table.h"

#define KEY_BYTES_MAX 4096
#define CONFLICTS_BYTES_MAX ((size_t)4 << 30)

const char *hx_source_conflict_name(hx_source_conflict_kind kind) {
    static const char *const names[] = {"absent", "differs", "repeated"};
    return names[kind];
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory");
}

/* ------------------------------------------------------------------ fields */
static hx_field *find_field(const hx_match *m, hx_str name) {
    for (size_t i = 0; i < m->n_fields; i++)
        if (hx_str_equal(m->fields[i].name, name)) return &m->fields[i];
    return NULL;
}

static hx_status find_fields(hx_match *m, hx_error *err) {
    size_t most = 0;
    for (size_t s = 0; s < m->n; s++)
        most += hx_table_columns(m->tables[s]);
    m->fields = hx_arena_alloc(m->arena, (most + 1) * sizeof *m->fields);
    if (m->fields == NULL) return no_memory(err);
    for (size_t s = 0; s < m->n; s++)
        for (size_t c = 0; c < hx_table_columns(m->tables[s]); c++) {
            const hx_str name = hx_table_column_at(m->tables[s], c)->name;
            hx_field *f = find_field(m, name);
            if (f == NULL) {
                f = &m->fields[m->n_fields++];
                f->name = name;
                for (size_t i = 0; i < HX_SOURCES_MAX; i++)
                    f->at[i] = HX_COLUMN_NONE;
            }
            f->at[s] = c;
        }
    return HX_OK;
}

static size_t sources_of(const hx_match *m, const hx_field *f) {
    size_t n = 0;
    for (size_t s = 0; s < m->n; s++)
        n += f->at[s] != HX_COLUMN_NONE;
    return n;
}

/* Columns of a list; each source in `all` has to have them, else one. */
static hx_status mark_fields(hx_match *m, const char *list, bool keys, hx_error *err) {
    hx_str rest = hx_str_of(list), name;
    while (hx_list_next(&rest, &name)) {
        hx_field *f = find_field(m, name);
        for (size_t s = 0; s < m->n; s++)
            if (f == NULL || (keys && f->at[s] == HX_COLUMN_NONE))
                return hx_fail(err, HX_ENOTFOUND, "%s: there is no column '%.*s'",
                               m->options->names[s], HX_STR_ARG(name));
        if (keys)
            f->is_key = true;
        else
            f->compared = true;
    }
    return HX_OK;
}

static hx_status parse_tolerance(hx_match *m, hx_error *err) {
    hx_str rest = hx_str_of(m->options->tolerance), item;
    while (hx_list_next(&rest, &item)) {
        const char *sign = item.len > 0 ? memchr(item.ptr, '=', item.len) : NULL;
        const size_t len = sign != NULL ? (size_t)(sign - item.ptr) : 0;
        const double v = sign != NULL ? hx_double_of((hx_str){sign + 1, item.len - len - 1}) : NAN;
        if (!(v >= 0))
            return hx_fail(err, HX_EINVAL, "a tolerance is COLUMN=NUMBER, not '%.*s'",
                           HX_STR_ARG(item));
        hx_field *f = find_field(m, (hx_str){item.ptr, len});
        if (f == NULL)
            return hx_fail(err, HX_ENOTFOUND, "there is no column '%.*s'", (int)len, item.ptr);
        f->tolerance = v;
    }
    return HX_OK;
}

static hx_status parse_survive(hx_match *m, hx_error *err) {
    static const char newest[] = "newest:", source[] = "source:";
    const char *text = m->options->survive;
    if (text == NULL || strcmp(text, "first") == 0) return HX_OK;
    m->survive = HX_SURVIVE_FREQUENT;
    if (strcmp(text, "most-frequent") == 0) return HX_OK;
    if (strncmp(text, newest, strlen(newest)) == 0) {
        const hx_str name = hx_str_of(text + strlen(newest));
        const hx_field *f = find_field(m, name);
        if (f == NULL)
            return hx_fail(err, HX_ENOTFOUND, "there is no column '%.*s'", HX_STR_ARG(name));
        m->survive = HX_SURVIVE_NEWEST;
        m->newest = (size_t)(f - m->fields);
        return HX_OK;
    }
    m->survive = HX_SURVIVE_SOURCE;
    for (size_t s = 0; strncmp(text, source, strlen(source)) == 0 && s < m->n; s++) {
        m->survivor = s;
        if (strcmp(text + strlen(source), m->options->names[s]) == 0) return HX_OK;
    }
    return hx_fail(err, HX_EINVAL,
                   "'%.*s' does not say which value stays; there are: first, most-frequent, "
                   "newest:COLUMN, source:NAME",
                   HX_STR_ARG(hx_str_of(text)));
}

static hx_status parse_options(hx_match *m, hx_error *err) {
    const char *compare = m->options->compare;
    HX_TRY(mark_fields(m, m->options->key, true, err));
    size_t keys = 0;
    for (size_t f = 0; f < m->n_fields; f++)
        keys += m->fields[f].is_key;
    if (keys == 0) return hx_fail(err, HX_EINVAL, "'key' has to name one column at least");
    if (compare != NULL && compare[0] != '\0') HX_TRY(mark_fields(m, compare, false, err));
    for (size_t f = 0; (compare == NULL || compare[0] == '\0') && f < m->n_fields; f++)
        m->fields[f].compared = !m->fields[f].is_key && sources_of(m, &m->fields[f]) > 1;
    HX_TRY(parse_tolerance(m, err));
    return parse_survive(m, err);
}

/* ------------------------------------------------------------------ keys */
static size_t key_columns(const hx_match *m, size_t source, size_t *columns) {
    size_t n = 0;
    for (size_t f = 0; f < m->n_fields; f++)
        if (m->fields[f].is_key) columns[n++] = m->fields[f].at[source];
    return n;
}

static size_t first_source(const hx_match *m, size_t key) {
    size_t s = 0;
    while (s + 1 < m->n && m->rows[key * m->n + s] == HX_COLUMN_NONE)
        s++;
    return s;
}

static bool same_key(const hx_match *m, size_t key, size_t source, size_t row) {
    char rooms[2][HX_KEY_TEXT_MAX];
    const size_t other = first_source(m, key);
    for (size_t f = 0; f < m->n_fields; f++)
        if (m->fields[f].is_key &&
            !hx_str_equal(hx_key_cell(m->tables[other], m->rows[key * m->n + other],
                                      m->fields[f].at[other], rooms[0]),
                          hx_key_cell(m->tables[source], row, m->fields[f].at[source], rooms[1])))
            return false;
    return true;
}

/* The key of a row, made where it is new; HX_COLUMN_NONE when out of memory. */
static size_t place_row(hx_match *m, hx_map *map, uint64_t hash, size_t source, size_t row) {
    for (;; hash++) {
        uint64_t *at = hx_map_put(map, hash);
        if (at == NULL) return HX_COLUMN_NONE;
        if (*at != 0 && !same_key(m, (size_t)*at - 1, source, row)) continue;
        if (*at == 0) {
            *at = ++m->n_keys;
            for (size_t s = 0; s < m->n; s++)
                m->rows[(m->n_keys - 1) * m->n + s] = HX_COLUMN_NONE;
        }
        return (size_t)*at - 1;
    }
}

/* counts (keys): rows of this source with that key. */
static hx_status match_source(hx_match *m, hx_map *map, size_t source, uint32_t *counts,
                              hx_reconciliation *out, hx_error *err) {
    size_t columns[HX_COLUMNS_MAX];
    uint64_t *hashes = NULL;
    const size_t n = key_columns(m, source, columns), rows = hx_table_rows(m->tables[source]);
    HX_TRY(hx_key_hashes(m->tables[source], columns, n, m->arena, &hashes, err));
    for (size_t row = 0; row < rows; row++) {
        if (hashes[row] == 0) {
            out->keyless[source]++;
            continue;
        }
        const size_t key = place_row(m, map, hashes[row], source, row);
        if (key == HX_COLUMN_NONE) return no_memory(err);
        if (counts[key * m->n + source]++ == 0) m->rows[key * m->n + source] = row;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ values */
bool hx_match_value(const hx_match *m, size_t key, size_t field, size_t source, double *number,
                    hx_str *text, char room[64]) {
    const size_t row = m->rows[key * m->n + source], column = m->fields[field].at[source];
    const hx_table *t = m->tables[source];
    *number = NAN;
    if (row == HX_COLUMN_NONE || column == HX_COLUMN_NONE || hx_table_is_missing(t, column, row))
        return false;
    if (hx_table_column_at(t, column)->kind != HX_KIND_TEXT)
        hx_table_numbers(t, column, row, 1, number);
    *text = hx_table_cell(t, row, column, room);
    return true;
}

bool hx_match_written(const hx_match *m, size_t key, size_t field, size_t source, hx_str *text,
                      char room[64]) {
    double number = 0;
    if (!hx_match_value(m, key, field, source, &number, text, room)) return false;
    if (m->options->written == NULL) return true;
    *text = hx_table_cell(m->options->written[source], m->rows[key * m->n + source],
                          m->fields[field].at[source], room);
    return true;
}

bool hx_match_agree(const hx_match *m, size_t key, size_t field, size_t a, size_t b) {
    double x = 0, y = 0;
    hx_str s = {NULL, 0}, r = {NULL, 0};
    char rooms[2][64];
    if (!hx_match_value(m, key, field, a, &x, &s, rooms[0]) ||
        !hx_match_value(m, key, field, b, &y, &r, rooms[1]))
        return false;
    if (x == x && y == y) return x == y || fabs(x - y) <= m->fields[field].tolerance * (1 + 1e-12);
    return hx_str_equal(s, r);
}

static bool has_value(const hx_match *m, size_t key, size_t field, size_t source) {
    double v = 0;
    hx_str s;
    char room[64];
    return hx_match_value(m, key, field, source, &v, &s, room);
}

static size_t most_frequent(const hx_match *m, size_t key, size_t field) {
    size_t best = HX_COLUMN_NONE, most = 0;
    for (size_t s = 0; s < m->n; s++) {
        size_t n = has_value(m, key, field, s);
        for (size_t o = 0; n > 0 && o < m->n; o++)
            n += o != s && hx_match_agree(m, key, field, s, o);
        if (n > most) best = s;
        if (n > most) most = n;
    }
    return best;
}

/* ISO times and numbers of texts order as they should where both are of one kind. */
static bool is_newer(const hx_match *m, size_t key, size_t a, size_t b) {
    double x = 0, y = 0;
    hx_str s = {NULL, 0}, r = {NULL, 0};
    char rooms[2][64];
    const bool in_a = hx_match_value(m, key, m->newest, a, &x, &s, rooms[0]);
    const bool in_b = hx_match_value(m, key, m->newest, b, &y, &r, rooms[1]);
    if (!in_a || !in_b) return in_a;
    return x == x && y == y ? x > y : hx_str_compare(s, r) > 0;
}

size_t hx_match_survivor(const hx_match *m, size_t key, size_t field) {
    size_t best = HX_COLUMN_NONE;
    if (m->survive == HX_SURVIVE_FREQUENT) return most_frequent(m, key, field);
    if (m->survive == HX_SURVIVE_SOURCE && has_value(m, key, field, m->survivor))
        return m->survivor;
    for (size_t s = 0; s < m->n; s++) {
        if (!has_value(m, key, field, s)) continue;
        if (best == HX_COLUMN_NONE ||
            (m->survive == HX_SURVIVE_NEWEST && is_newer(m, key, s, best)))
            best = s;
    }
    return best;
}

/* ------------------------------------------------------------------ conflicts */
typedef struct {
    const hx_match *m;
    hx_buf list; /* hx_source_conflict */
    hx_error *err;
} report;

static hx_status key_text(const hx_match *m, size_t key, hx_str *out, hx_error *err) {
    char text[KEY_BYTES_MAX], room[64];
    const size_t s = first_source(m, key);
    size_t len = 0;
    for (size_t f = 0; f < m->n_fields; f++) {
        if (!m->fields[f].is_key) continue;
        const hx_str cell =
            hx_table_cell(m->tables[s], m->rows[key * m->n + s], m->fields[f].at[s], room);
        if (cell.len + 1 > sizeof text - len) break;
        if (len > 0) text[len++] = ',';
        if (cell.len > 0) memcpy(text + len, cell.ptr, cell.len);
        len += cell.len;
    }
    *out = hx_arena_str(m->arena, (hx_str){text, len});
    return out->ptr != NULL ? HX_OK : no_memory(err);
}

static hx_status report_put(report *r, size_t key, hx_source_conflict c) {
    HX_TRY(key_text(r->m, key, &c.key, r->err));
    (void)hx_buf_append(&r->list, &c, sizeof c);
    return hx_buf_status(&r->list, "report", r->err);
}

static hx_status report_field(report *r, size_t key, size_t field, unsigned sources) {
    const hx_match *m = r->m;
    hx_source_conflict c = {
        .kind = HX_CONFLICT_DIFFERS, .column = m->fields[field].name, .sources = sources};
    char room[64];
    c.values = hx_arena_alloc(m->arena, m->n * sizeof *c.values);
    if (c.values == NULL) return no_memory(r->err);
    for (size_t s = 0; s < m->n; s++) {
        hx_str text;
        if (!hx_match_written(m, key, field, s, &text, room)) continue;
        c.values[s] = hx_arena_str(m->arena, text);
        if (c.values[s].ptr == NULL) return no_memory(r->err);
    }
    c.kept = hx_match_survivor(m, key, field);
    return report_put(r, key, c);
}

/* Whether the sources that have the row and the column agree on a field. */
static bool is_agreed(const hx_match *m, size_t key, size_t field) {
    size_t first = HX_COLUMN_NONE;
    bool missing = false, present = false;
    for (size_t s = 0; s < m->n; s++) {
        if (m->rows[key * m->n + s] == HX_COLUMN_NONE || m->fields[field].at[s] == HX_COLUMN_NONE)
            continue;
        if (!has_value(m, key, field, s)) {
            missing = true;
            continue;
        }
        present = true;
        if (first == HX_COLUMN_NONE)
            first = s;
        else if (!hx_match_agree(m, key, field, first, s))
            return false;
    }
    return !(missing && present);
}

static hx_status report_key(report *r, size_t key, const uint32_t *counts, hx_reconciliation *out) {
    const hx_match *m = r->m;
    const unsigned all = (1u << m->n) - 1;
    const size_t before = r->list.len;
    unsigned sources = 0;
    for (size_t s = 0; s < m->n; s++) {
        sources |= (unsigned)(m->rows[key * m->n + s] != HX_COLUMN_NONE) << s;
        out->absent[s] += m->rows[key * m->n + s] == HX_COLUMN_NONE;
    }
    if (sources != all)
        HX_TRY(report_put(r, key,
                          (hx_source_conflict){.kind = HX_CONFLICT_ABSENT, .sources = sources}));
    for (size_t f = 0; f < m->n_fields; f++)
        if (m->fields[f].compared && !is_agreed(m, key, f))
            HX_TRY(report_field(r, key, f, sources));
    out->agreed += r->list.len == before;
    for (size_t s = 0; s < m->n; s++) {
        const uint32_t rows = counts[key * m->n + s];
        if (rows < 2) continue;
        out->repeated[s]++;
        HX_TRY(report_put(
            r, key,
            (hx_source_conflict){.kind = HX_CONFLICT_REPEATED, .sources = 1u << s, .rows = rows}));
    }
    return HX_OK;
}

static hx_status report_keys(const hx_match *m, const uint32_t *counts, hx_reconciliation *out,
                             hx_error *err) {
    report r = {m, {0}, err};
    hx_status status = HX_OK;
    hx_buf_init(&r.list, CONFLICTS_BYTES_MAX);
    for (size_t key = 0; key < m->n_keys && status == HX_OK; key++)
        status = report_key(&r, key, counts, out);
    out->n_conflicts = r.list.len / sizeof *out->conflicts;
    out->conflicts = hx_arena_alloc(m->arena, r.list.len + sizeof *out->conflicts);
    if (out->conflicts != NULL && r.list.len > 0)
        memcpy(out->conflicts, r.list.ptr, r.list.len);
    else if (out->conflicts == NULL && status == HX_OK)
        status = no_memory(err);
    hx_buf_release(&r.list);
    return status;
}

/* Names of columns live as long as their tables; a report may outlive them. */
static hx_status own_names(hx_match *m, hx_error *err) {
    for (size_t f = 0; f < m->n_fields; f++) {
        m->fields[f].name = hx_arena_str(m->arena, m->fields[f].name);
        if (m->fields[f].name.ptr == NULL) return no_memory(err);
    }
    return HX_OK;
}

hx_status hx_tables_reconcile(const hx_table *const *tables, size_t n,
                              const hx_reconcile_options *options, hx_arena *arena,
                              hx_reconciliation *out, hx_error *err) {
    hx_match m = {.tables = tables, .n = n, .options = options, .arena = arena};
    size_t rows = 0;
    hx_map map;
    *out = (hx_reconciliation){0};
    if (n < 2 || n > HX_SOURCES_MAX)
        return hx_fail(err, HX_EINVAL, "two to %d sources can be compared", HX_SOURCES_MAX);
    for (size_t s = 0; options->written != NULL && s < n; s++)
        if (hx_table_rows(options->written[s]) != hx_table_rows(tables[s]) ||
            hx_table_columns(options->written[s]) != hx_table_columns(tables[s]))
            return hx_fail(err, HX_EINVAL, "%s: was changed while it was read", options->names[s]);
    HX_TRY(find_fields(&m, err));
    HX_TRY(own_names(&m, err));
    HX_TRY(parse_options(&m, err));
    for (size_t s = 0; s < n; s++)
        rows += hx_table_rows(tables[s]);
    m.rows = hx_arena_alloc(arena, (rows + 1) * n * sizeof *m.rows);
    uint32_t *counts = hx_arena_alloc(arena, (rows + 1) * n * sizeof *counts);
    if (m.rows == NULL || counts == NULL) return no_memory(err);
    hx_map_init(&map);
    hx_status status = HX_OK;
    for (size_t s = 0; s < n && status == HX_OK; s++)
        status = match_source(&m, &map, s, counts, out, err);
    hx_map_release(&map);
    out->keys = m.n_keys;
    if (status == HX_OK) status = report_keys(&m, counts, out, err);
    return status == HX_OK ? hx_match_merge(&m, &out->merged, err) : status;
}
