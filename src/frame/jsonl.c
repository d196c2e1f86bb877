/* jsonl.c - JSON Lines: one object a line.
 *
 * Nested objects are flattened with dots (properties.price), arrays are kept as JSON text, null is a missing cell. The columns are the
 * keys of the lines of the head, in order of appearance; keys that come later go into the row's `extra`, as an object. Flattening walks
 * with a stack of its own, no deeper than the parser lets objects nest. */
#include "frame/reader.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"

#define PATH_MAX_BYTES 4096

/* Called for each leaf with its dotted path. */
typedef hx_status leaf_fn(void *context, hx_str path, json_t *value, hx_error *err);

typedef struct {
    json_t *object;
    void *at;
    size_t path_len; /* of the object's own path */
} level;

static hx_status flatten(json_t *root, leaf_fn *leaf, void *context, hx_error *err) {
    level stack[HX_JSON_DEPTH_MAX + 1];
    size_t depth = 1;
    hx_buf path;
    hx_buf_init(&path, HX_ROW_MAX);
    stack[0] = (level){root, json_object_iter(root), 0};
    hx_status st = HX_OK;
    while (st == HX_OK && depth > 0) {
        level *top = &stack[depth - 1];
        if (!top->at) {
            depth--;
            continue;
        }
        path.len = top->path_len;
        if (path.len > 0) (void)hx_buf_append_byte(&path, '.');
        (void)hx_buf_append_lit(&path, json_object_iter_key(top->at));
        st = hx_buf_status(&path, "JSON keys", err);
        json_t *value = json_object_iter_value(top->at);
        top->at = json_object_iter_next(top->object, top->at);
        if (st != HX_OK) break;
        if (json_is_object(value) && depth <= HX_JSON_DEPTH_MAX)
            stack[depth++] = (level){value, json_object_iter(value), path.len};
        else
            st = leaf(context, hx_buf_str(&path), value, err);
    }
    hx_buf_release(&path);
    return st;
}

/* ------------------------------------------------------------------ columns */

typedef struct {
    hx_reader *r;
    hx_arena *arena;
    hx_str *names; /* [HX_COLUMNS_MAX] in arena */
    size_t n;
} collector;

static hx_status collect(void *context, hx_str path, json_t *value, hx_error *err) {
    collector *c = context;
    (void)value;
    uint64_t key = hx_hash(path);
    if (path.len == 0 || path.len > 256 || c->n == HX_COLUMNS_MAX ||
        hx_map_get(&c->r->by_name, key))
        return HX_OK;
    uint64_t *place = hx_map_put(&c->r->by_name, key);
    hx_str name = hx_arena_str(c->arena, path);
    if (!place || !name.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    c->names[c->n++] = name;
    *place = c->n;
    return HX_OK;
}

static hx_status collect_lines(collector *c, hx_str s, hx_error *err) {
    size_t seen = 0;
    for (size_t at = 0; at < s.len && seen < HX_SAMPLE_ROWS; seen++) {
        const char *end = memchr(s.ptr + at, '\n', s.len - at);
        size_t n = end ? (size_t)(end - (s.ptr + at)) + 1 : s.len - at;
        if (!end && !c->r->ended) break;
        hx_str line = hx_record_text(s.ptr + at, n);
        json_t *root = NULL;
        at += n;
        if (hx_json_parse(line, HX_ROW_MAX, "line", &root, NULL) != HX_OK) continue;
        hx_status st = json_is_object(root) ? flatten(root, collect, c, err) : HX_OK;
        json_decref(root);
        HX_TRY(st);
    }
    return HX_OK;
}

hx_status hx_jsonl_columns(hx_reader *r, hx_error *err) {
    hx_str s = {r->window.ptr ? r->window.ptr + r->at : "", r->window.len - r->at};
    size_t i = 0;
    while (i < s.len && strchr(" \t\r\n", s.ptr[i]))
        i++;
    if (i == s.len) return hx_fail(err, HX_EFORMAT, "%s: is empty", r->name);
    if (s.ptr[i] == '[')
        return hx_fail(
            err, HX_EFORMAT,
            "%s: is a JSON array; JSON Lines has one object a line (jq -c '.[]' makes it so)",
            r->name);
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    collector c = {r, arena, hx_arena_alloc(arena, HX_COLUMNS_MAX * sizeof(hx_str)), 0};
    hx_status st = c.names ? collect_lines(&c, s, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK && c.n == 0)
        st = hx_fail(err, HX_EFORMAT, "%s: holds no JSON object in its first lines", r->name);
    if (st == HX_OK) st = hx_columns_set(r, c.names, c.n, err);
    hx_arena_free(arena);
    return st;
}

/* ------------------------------------------------------------------ rows */

typedef struct {
    const hx_reader *r;
    hx_arena *arena;
    hx_str *cells;
    hx_buf extra; /* the object of unknown keys, begun by the first */
    hx_json_writer writer;
} filler;

static hx_status text_of(const filler *f, json_t *value, hx_str *out, hx_error *err) {
    switch (json_typeof(value)) {
    case JSON_NULL:
        *out = (hx_str){NULL, 0};
        return HX_OK;
    case JSON_TRUE:
        *out = HX_STR_LIT("true");
        return HX_OK;
    case JSON_FALSE:
        *out = HX_STR_LIT("false");
        return HX_OK;
    case JSON_STRING:
        *out =
            hx_arena_str(f->arena, (hx_str){json_string_value(value), json_string_length(value)});
        break;
    default: {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
        *out = text ? hx_arena_str(f->arena, hx_str_of(text)) : (hx_str){NULL, 0};
        free(text);
    }
    }
    return out->ptr ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status fill(void *context, hx_str path, json_t *value, hx_error *err) {
    filler *f = context;
    const uint64_t *place = hx_map_get(&f->r->by_name, hx_hash(path));
    if (place) return text_of(f, value, &f->cells[*place - 1], err);
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (!text) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (f->extra.len == 0) {
        hx_json_begin(&f->writer, &f->extra);
        hx_json_object(&f->writer);
    }
    hx_json_key_str(&f->writer, path);
    hx_json_raw(&f->writer, hx_str_of(text));
    free(text);
    return HX_OK;
}

/* The parser's own words where it has a reason that the row can be mended by. */
static hx_status refuse_line(const filler *f, hx_row *row, hx_error *err) {
    char text[2][HX_MESSAGE_MAX];
    hx_error why[2] = {{.ui = HX_UI_EN}, {.ui = HX_UI_ZH}};
    for (int i = 0; i < 2; i++) {
        json_t *root = NULL;
        if (hx_json_parse(row->raw, HX_ROW_MAX, "JSON", &root, &why[i]) == HX_OK) {
            json_decref(root);
            row->bad = HX_BAD_JSON;
            return HX_OK;
        }
        const char *reason = strstr(why[i].message, i ? "：" : ": ");
        (void)snprintf(text[i], sizeof text[i],
                       i ? "不是 JSON 对象（%.400s）" : "is not a JSON object (%.400s)",
                       reason ? reason + (i ? 3 : 2) : why[i].message);
    }
    return hx_row_refuse(row, f->arena, text[0], text[1], err);
}

static bool takes_one_value(hx_role role) {
    return role >= HX_ROLE_CUSTOMER && role <= HX_ROLE_TIME && role != HX_ROLE_REPLY &&
           role != HX_ROLE_LABEL;
}

/* Who it is and what was said are one value each: a list or an object in their place is not left out in silence. */
static void refuse_nested(const filler *f, json_t *root, hx_row *row) {
    for (size_t k = 0; k < f->r->n_columns && !row->bad; k++) {
        const hx_column *c = &f->r->columns[k];
        if (!takes_one_value(c->role)) continue;
        json_t *value = json_object_getn(root, c->name.ptr, c->name.len);
        if (!json_is_array(value) && !json_is_object(value)) continue;
        row->bad = HX_BAD_NESTED;
        row->bad_column = (int64_t)k;
    }
}

static hx_status fill_row(filler *f, hx_row *row, hx_error *err) {
    json_t *root = NULL;
    if (hx_json_parse(row->raw, HX_ROW_MAX, "line", &root, NULL) != HX_OK ||
        !json_is_object(root)) {
        json_decref(root);
        return refuse_line(f, row, err);
    }
    refuse_nested(f, root, row);
    f->cells = (hx_str *)row->cells;
    hx_buf_reset(&f->extra);
    hx_status st = flatten(root, fill, f, err);
    if (st == HX_OK && f->extra.len > 0) {
        hx_json_end_object(&f->writer);
        st = hx_buf_status(&f->extra, f->r->name, err);
        if (st == HX_OK) row->extra = hx_arena_str(f->arena, hx_buf_str(&f->extra));
    }
    json_decref(root);
    return st;
}

static bool is_blank(hx_str s) {
    for (size_t i = 0; i < s.len; i++)
        if (!strchr(" \t\r", s.ptr[i])) return false;
    return true;
}

static hx_status fill_rows(filler *f, const hx_chunk *c, hx_rows *out, hx_error *err) {
    hx_str s = hx_buf_str(&c->data);
    hx_flaws flaws = hx_chunk_flaws(c);
    int64_t number = (int64_t)c->start.row;
    for (size_t at = 0; at < s.len && out->n_rows < c->n_records;) {
        const char *end = memchr(s.ptr + at, '\n', s.len - at);
        size_t n = end ? (size_t)(end - (s.ptr + at)) + 1 : s.len - at;
        hx_row *row = &out->rows[out->n_rows];
        row->raw = hx_record_text(s.ptr + at, n);
        row->row = ++number;
        row->bad_column = -1;
        at += n;
        if (is_blank(row->raw)) continue;
        out->n_rows++;
        HX_TRY(hx_row_check(flaws, f->arena, row, err));
        if (!row->bad) HX_TRY(fill_row(f, row, err));
    }
    return HX_OK;
}

hx_status hx_jsonl_rows(const hx_reader *r, const hx_chunk *c, hx_arena *arena, hx_rows *out,
                        hx_error *err) {
    if (c->oversize) return hx_row_oversize(r, c, arena, out, err);
    HX_TRY(hx_rows_init(r, c, arena, out, err));
    filler f = {.r = r, .arena = arena};
    hx_buf_init(&f.extra, HX_ROW_MAX);
    hx_status st = fill_rows(&f, c, out, err);
    hx_buf_release(&f.extra);
    return st;
}
