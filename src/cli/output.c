/* output.c - data on its way out; see output.h.
 *
 * The stream has a large buffer and every failed write is found in the end by ferror() or fclose(): a full disk is one sentence and
 * exit status 1, never a short file that looks whole.
 *
 * A file that is read, or the store, is never taken as the output: it would be gone before it is read. */
#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/grid.h"

#define STREAM_BUFFER (1u << 20)
#define TABLE_CELL_MAX 60
#define COLUMNS_MAX 24 /* of a table of records */
#define JSON_TEXT_MAX ((size_t)1 << 31)

static bool is_same(const struct stat *a, const char *path) {
    struct stat b;
    return path && stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

/* One of the files this command reads, or the store. */
static bool is_input(const hx_cli *c, const struct stat *st) {
    bool found = is_same(st, c->options.text[HX_OPT_STORE]);
    for (int i = 0; i < c->n_args && !found; i++)
        found = is_same(st, c->args[i]);
    return found;
}

/* Said before the work, not behind it: the file itself is written under another name in its folder. */
static bool folder_takes(const hx_cli *c, const char *path) {
    const char *slash = strrchr(path, '/');
    const hx_str folder = {slash > path ? path : "/", slash > path ? (size_t)(slash - path) : 1};
    if (slash == NULL) return true;
    const hx_str name = hx_arena_str(c->arena, folder);
    if (name.ptr == NULL || access(name.ptr, W_OK | X_OK) == 0) return true;
    hx_cli_fail(c, "%s: can't be written: %s", "%s：无法写入：%s", path, strerror(errno));
    return false;
}

bool hx_output_may_replace(const hx_cli *c, const char *path) {
    struct stat st;
    if (stat(path, &st) != 0) return folder_takes(c, path);
    if (!S_ISREG(st.st_mode))
        hx_cli_fail(c, "%s: is not a regular file, so it can't be replaced",
                    "%s：不是普通文件，不能替换", path);
    else if (is_input(c, &st))
        hx_cli_fail(c, "%s: is read by this command; write to another file",
                    "%s：本命令正在读取它；请写到别的文件", path);
    else
        return true;
    return false;
}

/* Opened without truncation first: an output that is one of the inputs must not lose them. */
static int open_file(hx_cli *c, const char *path) {
    FILE *f = fopen(path, "ab");
    if (!f)
        return hx_cli_fail(c, "%s: can't be written: %s", "%s：无法写入：%s", path,
                           strerror(errno));
    struct stat st;
    if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && is_input(c, &st)) {
        (void)fclose(f);
        return hx_cli_fail(c, "%s: is read by this command; write to another file",
                           "%s：本命令正在读取它；请写到别的文件", path);
    }
    c->out = freopen(path, "wb", f);
    if (!c->out)
        return hx_cli_fail(c, "%s: can't be written: %s", "%s：无法写入：%s", path,
                           strerror(errno));
    c->out_name = path;
    return HX_EXIT_DONE;
}

int hx_output_open(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    c->out = stdout;
    c->out_name = hx_cli_tr(c, "standard output", "标准输出");
    bool terminal = !hx_cli_has(v, HX_OPT_OUT) && isatty(STDOUT_FILENO);
    c->shape = terminal ? HX_SHAPE_TABLE : HX_SHAPE_JSON;
    if (hx_cli_has(v, HX_OPT_FORMAT)) c->shape = (hx_cli_shape)v->number[HX_OPT_FORMAT];
    if (hx_cli_has(v, HX_OPT_FORMAT_TREES)) {
        int64_t shape = v->number[HX_OPT_FORMAT_TREES];
        c->shape = shape > HX_SHAPE_CSV ? HX_SHAPE_CONLLU : (hx_cli_shape)shape;
    }
    c->color = c->color && terminal;
    int status = HX_EXIT_DONE;
    if (hx_cli_has(v, HX_OPT_OUT) && strcmp(v->text[HX_OPT_OUT], "-") != 0)
        status = open_file(c, v->text[HX_OPT_OUT]);
    if (status == HX_EXIT_DONE) (void)setvbuf(c->out, NULL, _IOFBF, STREAM_BUFFER);
    return status;
}

int hx_output_close(hx_cli *c, int exit_status) {
    if (!c->out) return exit_status;
    struct stat st;
    bool file = c->out != stdout;
    bool bad = fflush(c->out) != 0 || ferror(c->out) != 0;
    int reason = errno;
    if (c->out != stdout && fclose(c->out) != 0 && !bad) {
        bad = true;
        reason = errno;
    }
    c->out = NULL;
    if (file && exit_status != HX_EXIT_DONE && stat(c->out_name, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size == 0)
        (void)unlink(c->out_name);
    if (!bad) return exit_status;
    return hx_cli_fail(c, "%s: can't be written: %s", "%s：无法写入：%s", c->out_name,
                       strerror(reason));
}

bool hx_output_write(hx_cli *c, hx_outbuf *b) {
    bool ok = !b->failed && (b->len == 0 || fwrite(b->ptr, 1, b->len, c->out) == b->len);
    if (b->failed) hx_cli_fail(c, "not enough memory for the output", "内存不足，无法输出");
    b->len = 0;
    return ok;
}

/* ------------------------------------------------------------------ JSON values */
json_t *hx_output_parse(const hx_cli *c, hx_str json) {
    json_error_t e;
    json_t *root =
        json.len < JSON_TEXT_MAX
            ? json_loadb(json.ptr, json.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e)
            : NULL;
    if (!root)
        hx_cli_fail(c, "the answer can't be shown as a table; use --format json",
                    "结果无法显示为表格；请用 --format json");
    return root;
}

const json_t *hx_json_at(const json_t *object, const char *path) {
    while (object && *path) {
        char key[128];
        size_t n = strcspn(path, ".");
        if (n >= sizeof key) return NULL;
        memcpy(key, path, n);
        key[n] = '\0';
        object = json_object_get(object, key);
        path += n + (path[n] == '.');
    }
    return object;
}

/* With `places` after the point at most. */
static void put_rounded(hx_outbuf *b, double v, int places) {
    char text[64];
    int n = snprintf(text, sizeof text, "%.*f", places, v);
    if (n < 0 || (size_t)n >= sizeof text) {
        hx_outbuf_printf(b, "%.10g", v);
        return;
    }
    while (text[n - 1] == '0')
        n--;
    if (text[n - 1] == '.') n--;
    hx_outbuf_bytes(b, text, (size_t)n);
}

static void put_scalar(hx_outbuf *b, const json_t *v, bool for_eyes) {
    if (json_is_string(v))
        hx_outbuf_bytes(b, json_string_value(v), json_string_length(v));
    else if (json_is_integer(v))
        hx_outbuf_printf(b, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v) && for_eyes)
        put_rounded(b, json_real_value(v), 4);
    else if (json_is_real(v))
        hx_outbuf_printf(b, "%.15g", json_real_value(v));
    else if (json_is_boolean(v))
        hx_outbuf_text(b, json_is_true(v) ? "true" : "false");
}

static bool is_amount(const json_t *v) {
    return json_is_object(v) && json_object_get(v, "value") && json_object_get(v, "currency");
}

static void put_amount(hx_outbuf *b, const json_t *v, bool for_eyes) {
    const json_t *value = json_object_get(v, "value");
    if (for_eyes && json_is_number(value))
        hx_outbuf_printf(b, "%.2f", json_number_value(value));
    else
        put_scalar(b, value, for_eyes);
    if (!json_is_string(json_object_get(v, "currency"))) return;
    hx_outbuf_byte(b, ' ');
    put_scalar(b, json_object_get(v, "currency"), for_eyes);
}

static void put_list(hx_outbuf *b, const json_t *list, bool for_eyes) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i > 0) hx_outbuf_byte(b, ' ');
        put_scalar(b, json_array_get(list, i), for_eyes);
    }
}

static void put_members(hx_outbuf *b, const json_t *v, bool for_eyes) {
    const char *key;
    const json_t *member;
    size_t start = b->len;
    json_object_foreach((json_t *)v, key, member) {
        if (b->len > start) hx_outbuf_text(b, for_eyes ? "  " : " ");
        if (!json_is_array(member)) hx_outbuf_printf(b, for_eyes ? "%s " : "%s:", key);
        if (json_is_array(member))
            put_list(b, member, for_eyes);
        else
            put_scalar(b, member, for_eyes);
    }
}

void hx_output_cell(hx_outbuf *b, const json_t *v, bool for_eyes) {
    if (is_amount(v))
        put_amount(b, v, for_eyes);
    else if (json_is_array(v))
        put_list(b, v, for_eyes);
    else if (json_is_object(v))
        put_members(b, v, for_eyes);
    else
        put_scalar(b, v, for_eyes);
}

/* ------------------------------------------------------------------ words for codes */
static const char *word_of(const hx_cli *c, const char *code) {
    const char *word = hx_answer_label(code, c->ui);
    return word ? word : code;
}

static json_t *word_or_same(const hx_cli *c, const json_t *v) {
    if (json_is_string(v)) return json_string(word_of(c, json_string_value(v)));
    if (json_is_boolean(v)) return json_string(word_of(c, json_is_true(v) ? "true" : "false"));
    return json_incref((json_t *)v);
}

json_t *hx_output_words(const hx_cli *c, const json_t *v) {
    const char *key;
    json_t *member;
    json_t *out;
    if (json_is_array(v)) {
        out = json_array();
        for (size_t i = 0; i < json_array_size(v); i++)
            (void)json_array_append_new(out, word_or_same(c, json_array_get(v, i)));
        return out;
    }
    if (!json_is_object(v)) return word_or_same(c, v);
    out = json_object();
    json_object_foreach((json_t *)v, key, member)(void)
        json_object_set_new(out, word_of(c, key), word_or_same(c, member));
    return out;
}

/* Names may hold blanks: a list has commas between. */
static void put_words(const hx_cli *c, hx_outbuf *b, const json_t *value) {
    json_t *words = hx_output_words(c, value);
    if (json_is_array(words))
        for (size_t i = 0; i < json_array_size(words); i++) {
            if (i > 0) hx_outbuf_text(b, hx_cli_tr(c, ", ", "、"));
            put_scalar(b, json_array_get(words, i), true);
        }
    else
        hx_output_cell(b, words, true);
    json_decref(words);
}

/* ------------------------------------------------------------------ records */
static void put_shown(const hx_cli *c, hx_outbuf *b, const json_t *value, hx_cell_kind kind) {
    const char *time = kind == HX_CELL_TIME ? json_string_value(value) : NULL;
    if (kind == HX_CELL_PERCENT && json_is_number(value))
        hx_outbuf_printf(b, "%.1f%%", 100 * json_number_value(value));
    else if (kind == HX_CELL_CODE && value)
        put_words(c, b, value);
    else if (time && strlen(time) >= 16)
        hx_outbuf_printf(b, "%.10s %.5s", time, time + 11);
    else
        hx_output_cell(b, value, true);
}

static bool has_values(const json_t *records, const hx_record_column *column) {
    if (!column->en) return false;
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *v = hx_json_at(json_array_get(records, i), column->path);
        if (v && !json_is_null(v)) return true;
    }
    return json_array_size(records) == 0;
}

static void fill_grid(hx_cli *c, const json_t *records, const hx_record_column *const *columns,
                      size_t n, size_t width, hx_grid *g) {
    hx_outbuf cell = {0};
    for (size_t k = 0; k < n; k++) {
        bool left = columns[k]->kind == HX_CELL_LEFT || columns[k]->kind == HX_CELL_TIME ||
                    columns[k]->kind == HX_CELL_CODE;
        g->align[k] = left ? HX_GRID_LEFT : HX_GRID_RIGHT;
        hx_grid_text(g, hx_cli_tr(c, columns[k]->en, columns[k]->zh));
    }
    for (size_t i = 0; i < json_array_size(records); i++)
        for (size_t k = 0; k < n; k++) {
            cell.len = 0;
            put_shown(c, &cell, hx_json_at(json_array_get(records, i), columns[k]->path),
                      columns[k]->kind);
            g->cell_max = k + 1 < n ? width : 0;
            hx_grid_cell(g, hx_outbuf_str(&cell));
        }
    hx_outbuf_release(&cell);
}

bool hx_output_table(hx_cli *c, const json_t *records, const hx_record_column *columns, size_t n,
                     size_t width, hx_outbuf *out) {
    hx_grid g;
    const hx_record_column *shown[COLUMNS_MAX];
    size_t n_shown = 0;
    for (size_t k = 0; k < n && n_shown < COLUMNS_MAX; k++)
        if (has_values(records, &columns[k])) shown[n_shown++] = &columns[k];
    if (n_shown == 0) return true;
    if (!hx_grid_init(&g, n_shown)) return false;
    g.color = c->color;
    fill_grid(c, records, shown, n_shown, width, &g);
    hx_grid_print(&g, out);
    hx_grid_release(&g);
    return !out->failed;
}

void hx_output_json(hx_outbuf *out, const json_t *record) {
    char *text = json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (!text) {
        out->failed = true;
        return;
    }
    hx_outbuf_text(out, text);
    hx_outbuf_byte(out, '\n');
    free(text);
}

static void put_csv_record(hx_outbuf *out, hx_outbuf *cell, const json_t *record,
                           const hx_record_column *columns, size_t n) {
    for (size_t k = 0; k < n; k++) {
        cell->len = 0;
        hx_output_cell(cell, hx_json_at(record, columns[k].path), false);
        if (k > 0) hx_outbuf_byte(out, ',');
        hx_outbuf_csv(out, hx_outbuf_str(cell));
    }
    hx_outbuf_byte(out, '\n');
}

static void put_csv_header(hx_outbuf *out, const hx_record_column *columns, size_t n) {
    for (size_t k = 0; k < n; k++)
        hx_outbuf_printf(out, "%s%s", k ? "," : "", columns[k].path);
    hx_outbuf_byte(out, '\n');
}

bool hx_output_records(hx_cli *c, const json_t *records, const hx_record_column *columns,
                       size_t n) {
    hx_outbuf out = {0}, cell = {0};
    if (c->shape == HX_SHAPE_TABLE) {
        if (!hx_output_table(c, records, columns, n, TABLE_CELL_MAX, &out)) out.failed = true;
    } else if (c->shape == HX_SHAPE_CSV) {
        put_csv_header(&out, columns, n);
    }
    for (size_t i = 0; i < json_array_size(records) && c->shape != HX_SHAPE_TABLE; i++) {
        if (c->shape == HX_SHAPE_CSV)
            put_csv_record(&out, &cell, json_array_get(records, i), columns, n);
        else
            hx_output_json(&out, json_array_get(records, i));
    }
    bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    hx_outbuf_release(&cell);
    return ok;
}

/* ------------------------------------------------------------------ pairs */
#define PAIRS_DEPTH 8

typedef struct {
    const json_t *object;
    void *at;
    size_t path_len;
} pairs_level;

static void put_pair(hx_outbuf *out, hx_outbuf *cell, hx_str path, const json_t *value) {
    cell->len = 0;
    hx_output_cell(cell, value, false);
    hx_outbuf_csv(out, path);
    hx_outbuf_byte(out, ',');
    hx_outbuf_csv(out, hx_outbuf_str(cell));
    hx_outbuf_byte(out, '\n');
}

/* Lists of objects are tables of their own and have no place in pairs. */
static bool is_table(const json_t *v) {
    return json_is_array(v) && json_array_size(v) > 0 && json_is_object(json_array_get(v, 0));
}

bool hx_output_pairs(hx_cli *c, const json_t *object) {
    hx_outbuf out = {0}, cell = {0}, path = {0};
    pairs_level stack[PAIRS_DEPTH] = {{object, json_object_iter((json_t *)object), 0}};
    size_t depth = 1;
    hx_outbuf_text(&out, "name,value\n");
    while (depth > 0) {
        pairs_level *top = &stack[depth - 1];
        if (!top->at) {
            depth--;
            continue;
        }
        path.len = top->path_len;
        if (path.len > 0) hx_outbuf_byte(&path, '.');
        hx_outbuf_text(&path, json_object_iter_key(top->at));
        const json_t *value = json_object_iter_value(top->at);
        top->at = json_object_iter_next((json_t *)top->object, top->at);
        if (json_is_object(value) && !is_amount(value) && depth < PAIRS_DEPTH)
            stack[depth++] = (pairs_level){value, json_object_iter((json_t *)value), path.len};
        else if (!is_table(value))
            put_pair(&out, &cell, hx_outbuf_str(&path), value);
    }
    bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    hx_outbuf_release(&cell);
    hx_outbuf_release(&path);
    return ok;
}

void hx_output_averages(const hx_cli *c, const json_t *figures) {
    const char *positive = json_string_value(json_object_get(figures, "positive"));
    if (!json_object_get(figures, "macro_f1") || !json_object_get(figures, "precision")) return;
    if (positive)
        hx_cli_note(c,
                    "precision, recall and F1 are those of the label %s; macro F1 is the mean of "
                    "both labels'",
                    "精确率、召回率和 F1 是标签“%s”的；宏平均 F1 是两个标签的平均", positive);
    else
        hx_cli_note(c, "precision, recall and F1 are means over all labels (macro)",
                    "精确率、召回率和 F1 是各标签的平均（宏平均）");
}
