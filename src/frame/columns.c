/* columns.c - the header, and what each column means.
 *
 * Roles, in this order: --map; the text column (of those with a name for texts the one with the longest sampled texts); all other names,
 * best name first (column_names.c), exact names before those that agree only without what is in brackets, and these before the last
 * part of a JSON path; at last the names that mean one thing in one file and another in the next (id, name, title, description). No role is given
 * twice but OTHER. */
#include "frame/reader.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "frame/column_names.h"
#include "frame/time_parse.h"

#define LEADING_MAX 10 /* title lines above the header of a workbook */
#define NAME_MAX_BYTES 256
#define ROLE_NAME_MAX 64

static const char *const role_names[HX_ROLE_N] = {[HX_ROLE_OTHER] = "other",
                                                  [HX_ROLE_CUSTOMER] = "customer",
                                                  [HX_ROLE_EMAIL] = "email",
                                                  [HX_ROLE_PHONE] = "phone",
                                                  [HX_ROLE_DEVICE] = "device",
                                                  [HX_ROLE_ANONYMOUS] = "anonymous",
                                                  [HX_ROLE_ACCOUNT] = "account",
                                                  [HX_ROLE_TEXT] = "text",
                                                  [HX_ROLE_TITLE] = "title",
                                                  [HX_ROLE_QUERY] = "query",
                                                  [HX_ROLE_QUESTION] = "question",
                                                  [HX_ROLE_CHAT] = "chat",
                                                  [HX_ROLE_TICKET] = "ticket",
                                                  [HX_ROLE_REPLY] = "reply",
                                                  [HX_ROLE_RATING] = "rating",
                                                  [HX_ROLE_LABEL] = "label",
                                                  [HX_ROLE_TIME] = "time",
                                                  [HX_ROLE_DATE] = "date",
                                                  [HX_ROLE_EVENT] = "event",
                                                  [HX_ROLE_PAGE] = "page",
                                                  [HX_ROLE_URL] = "url",
                                                  [HX_ROLE_CHANNEL] = "channel",
                                                  [HX_ROLE_STATUS] = "status",
                                                  [HX_ROLE_ORDER] = "order",
                                                  [HX_ROLE_ITEM] = "item",
                                                  [HX_ROLE_ITEM_NAME] = "item_name",
                                                  [HX_ROLE_CATEGORY] = "category",
                                                  [HX_ROLE_QUANTITY] = "quantity",
                                                  [HX_ROLE_UNIT_PRICE] = "unit_price",
                                                  [HX_ROLE_AMOUNT] = "amount",
                                                  [HX_ROLE_DISCOUNT] = "discount",
                                                  [HX_ROLE_REFUND] = "refund",
                                                  [HX_ROLE_CURRENCY] = "currency",
                                                  [HX_ROLE_NAME] = "name",
                                                  [HX_ROLE_GENDER] = "gender",
                                                  [HX_ROLE_AGE] = "age",
                                                  [HX_ROLE_BIRTHDAY] = "birthday",
                                                  [HX_ROLE_CITY] = "city",
                                                  [HX_ROLE_COUNTRY] = "country",
                                                  [HX_ROLE_OCCUPATION] = "occupation",
                                                  [HX_ROLE_LEVEL] = "level",
                                                  [HX_ROLE_INCOME] = "income",
                                                  [HX_ROLE_ADDRESS] = "address",
                                                  [HX_ROLE_MESSAGE_ID] = "message_id"};

const char *hx_role_name(hx_role role) {
    return role >= 0 && role < HX_ROLE_N ? role_names[role] : "other";
}

hx_role hx_role_of_name(hx_str name) {
    for (int i = 0; i < HX_ROLE_N; i++)
        if (hx_str_equal(name, hx_str_of(role_names[i]))) return (hx_role)i;
    return HX_ROLE_N;
}

const char *hx_type_name(hx_type type) {
    static const char *const names[] = {"empty", "integer", "number", "amount",
                                        "time",  "boolean", "code",   "text"};
    return type >= 0 && type <= HX_TYPE_TEXT ? names[type] : "text";
}

/* ------------------------------------------------------------------ names */

static hx_str trim(hx_str s) {
    while (s.len > 0 && (unsigned char)s.ptr[0] <= ' ')
        s.ptr++, s.len--;
    while (s.len > 0 && (unsigned char)s.ptr[s.len - 1] <= ' ')
        s.len--;
    return s;
}

/* `name` trimmed and short enough, or column_K; told apart from the k names before it. */
static hx_status make_name(hx_reader *r, hx_str name, size_t k, bool again, hx_str *out,
                           hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, 4 * NAME_MAX_BYTES);
    name = trim(name);
    if (name.len > NAME_MAX_BYTES)
        name.len = hx_utf8_valid_prefix((hx_str){name.ptr, NAME_MAX_BYTES});
    (void)hx_buf_append_str(&b, name);
    if (name.len == 0) (void)hx_buf_printf(&b, "column_%zu", k + 1);
    if (again) (void)hx_buf_printf(&b, "_%zu", k + 1);
    hx_status st = hx_buf_status(&b, "column name", err);
    if (st == HX_OK) *out = hx_arena_str(r->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    if (st == HX_OK && !out->ptr) st = hx_fail(err, HX_ENOMEM, "out of memory");
    return st;
}

static hx_status name_columns(hx_reader *r, const hx_str *names, size_t n, hx_error *err) {
    hx_map seen;
    hx_map_init(&seen);
    hx_status st = HX_OK;
    for (size_t k = 0; k < n && st == HX_OK; k++) {
        hx_str *name = &r->columns[k].name;
        st = make_name(r, names ? names[k] : (hx_str){NULL, 0}, k, false, name, err);
        if (st == HX_OK && hx_map_get(&seen, hx_hash(*name)))
            st = make_name(r, *name, k, true, name, err);
        if (st == HX_OK && !hx_map_put(&seen, hx_hash(*name)))
            st = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    hx_map_release(&seen);
    return st;
}

static hx_status join_header(hx_reader *r, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, (size_t)HX_COLUMNS_MAX * 4 * NAME_MAX_BYTES);
    for (size_t k = 0; k < r->n_columns; k++) {
        if (k > 0) (void)hx_buf_append_byte(&b, 0x1F);
        (void)hx_buf_append_str(&b, r->columns[k].name);
    }
    hx_status st = hx_buf_status(&b, "header", err);
    if (st == HX_OK) r->header = hx_arena_str(r->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st;
}

hx_status hx_columns_set(hx_reader *r, const hx_str *names, size_t n, hx_error *err) {
    if (n > HX_COLUMNS_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: has more than %d columns", r->name, HX_COLUMNS_MAX);
    r->n_columns = n;
    r->columns = hx_arena_alloc(r->arena, n * sizeof *r->columns + 1);
    r->habits = hx_arena_alloc(r->arena, n * sizeof *r->habits + 1);
    if (!r->columns || !r->habits) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(name_columns(r, names, n, err));
    size_t most = n ? HX_CHUNK_CELLS / n : HX_CHUNK_CELLS;
    r->max_records = most > 64 ? most : 64;
    return join_header(r, err);
}

/* ------------------------------------------------------------------ the header's record */

typedef struct {
    size_t used; /* bytes with the line end */
    size_t filled; /* cells that hold something */
    size_t n_cells;
} record_shape;

static record_shape shape_at(const hx_reader *r, size_t at, hx_csv_cell *cells) {
    record_shape sh = {0, 0, 0};
    bool unclosed = false, final = r->ended && !r->broken;
    if (at >= r->window.len) return sh;
    const char *p = r->window.ptr + at;
    sh.used = hx_cut_record(r->dialect, p, r->window.len - at, final, cells, HX_COLUMNS_MAX,
                            &sh.n_cells, &unclosed);
    if (sh.used > 0 && !final && p[sh.used - 1] != '\n') sh.used = 0;
    if (unclosed || sh.n_cells > HX_COLUMNS_MAX) sh.filled = sh.n_cells;
    if (sh.filled > 0) return sh;
    for (size_t i = 0; i < sh.n_cells; i++)
        sh.filled += trim(cells[i].raw).len > 0;
    return sh;
}

/* Moves to the first record that is no title: a title has one filled cell, and a wider record comes soon. */
static void skip_leading(hx_reader *r, hx_csv_cell *cells) {
    size_t at = r->at, first = SIZE_MAX;
    size_t tries = r->format == HX_FORMAT_XLSX ? LEADING_MAX : 1;
    while (tries > 0) {
        record_shape sh = shape_at(r, at, cells);
        if (sh.used == 0) break;
        if (sh.filled > 0) {
            if (first == SIZE_MAX || sh.filled > 1) first = at;
            if (sh.filled > 1) break;
            tries--;
        }
        at += sh.used;
    }
    if (first == SIZE_MAX) first = at;
    r->position.offset += first - r->at;
    r->at = first;
}

static hx_status cell_names(const hx_reader *r, const hx_csv_cell *cells, size_t n, hx_arena *arena,
                            hx_str **out, hx_error *err) {
    hx_str *names = hx_arena_alloc(arena, n * sizeof *names + 1);
    if (!names) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        hx_row row = {.raw = cells[i].raw};
        if (cells[i].escaped) {
            char *to = hx_arena_alloc(arena, row.raw.len + 1);
            if (!to) return hx_fail(err, HX_ENOMEM, "out of memory");
            row.raw = (hx_str){to, hx_csv_unescape(r->dialect, &cells[i], to)};
        }
        if (row.raw.len > 0) HX_TRY(hx_row_check((hx_flaws){true, false}, arena, &row, err));
        names[i] = row.raw;
    }
    *out = names;
    return HX_OK;
}

static hx_status read_header(hx_reader *r, hx_arena *arena, hx_error *err) {
    hx_csv_cell *cells = hx_arena_alloc(arena, HX_COLUMNS_MAX * sizeof *cells);
    if (!cells) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (!r->options.no_header) skip_leading(r, cells);
    record_shape sh = shape_at(r, r->at, cells);
    if (sh.used == 0 && r->window.len > r->at)
        return hx_fail(err, HX_EFORMAT, "%s: its first line is longer than 1 MB: no header",
                       r->name);
    if (sh.used == 0) return hx_fail(err, HX_EFORMAT, "%s: is empty", r->name);
    if (sh.n_cells > HX_COLUMNS_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: has more than %d columns", r->name, HX_COLUMNS_MAX);
    if (r->options.no_header) return hx_columns_set(r, NULL, sh.n_cells, err);
    hx_str *names = NULL;
    HX_TRY(cell_names(r, cells, sh.n_cells, arena, &names, err));
    if (memchr(r->window.ptr + r->at, '\0', sh.used))
        return hx_fail(err, HX_EFORMAT, "%s: its header holds a NUL byte; it is no table", r->name);
    HX_TRY(hx_columns_set(r, names, sh.n_cells, err));
    r->at += sh.used;
    r->position.offset += sh.used;
    return HX_OK;
}

/* ------------------------------------------------------------------ roles */

typedef struct {
    char whole[HX_COLUMN_NAME_MAX], plain[HX_COLUMN_NAME_MAX], last[HX_COLUMN_NAME_MAX];
    size_t n_whole, n_plain, n_last;
} forms;

static forms forms_of(hx_str name) {
    forms f = {.n_whole = 0};
    f.n_whole = hx_column_name_normal(name, true, f.whole);
    f.n_plain = hx_column_name_normal(name, false, f.plain);
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '.') {
            f.n_last = hx_column_name_normal((hx_str){name.ptr + i, name.len - i}, false, f.last);
            break;
        }
    /* user.name is what the user is called; only username in one word is a login. */
    if (f.n_last > 0 && f.n_last < f.n_whole && f.n_whole == 8 &&
        memcmp(f.whole, "username", 8) == 0)
        f.n_whole = f.n_plain = 0;
    return f;
}

static bool is_form(const forms *f, int level, const char *alias) {
    const char *p = level == 0 ? f->whole : level == 1 ? f->plain : f->last;
    size_t n = level == 0 ? f->n_whole : level == 1 ? f->n_plain : f->n_last;
    return n > 0 && strlen(alias) == n && memcmp(alias, p, n) == 0;
}

typedef struct {
    hx_reader *r;
    const forms *f; /* [n_columns] */
    size_t taken[HX_ROLE_N]; /* column + 1 */
} assignment;

static void give(assignment *a, size_t column, hx_role role) {
    a->r->columns[column].role = role;
    a->taken[role] = column + 1;
}

static size_t text_bytes(const hx_rows *sample, size_t column) {
    size_t sum = 0;
    for (size_t i = 0; i < sample->n_rows; i++)
        sum += sample->rows[i].cells[column].len;
    return sum;
}

/* The longest of the columns named as texts are. */
static void give_text(assignment *a, const hx_rows *sample) {
    size_t n = 0, best = SIZE_MAX, best_bytes = 0;
    const hx_column_alias *alias = hx_column_aliases(&n);
    for (int level = 0; level < 3; level++)
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; alias[i].role == HX_ROLE_TEXT && k < a->r->n_columns; k++) {
                if (!is_form(&a->f[k], level, alias[i].name)) continue;
                size_t bytes = text_bytes(sample, k);
                if (best != SIZE_MAX && bytes <= best_bytes) continue;
                best = k;
                best_bytes = bytes;
            }
    if (best != SIZE_MAX) give(a, best, HX_ROLE_TEXT);
}

static void give_by_name(assignment *a, int level) {
    size_t n = 0;
    const hx_column_alias *alias = hx_column_aliases(&n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < a->r->n_columns && !a->taken[alias[i].role]; k++)
            if (a->r->columns[k].role == HX_ROLE_OTHER && is_form(&a->f[k], level, alias[i].name))
                give(a, k, alias[i].role);
}

static size_t column_named(const assignment *a, const char *form) {
    for (size_t k = 0; k < a->r->n_columns; k++)
        if (is_form(&a->f[k], 0, form)) return k;
    return SIZE_MAX;
}

static void move(assignment *a, size_t column, hx_role role) {
    hx_role before = a->r->columns[column].role;
    if (before != HX_ROLE_OTHER) a->taken[before] = 0;
    give(a, column, role);
}

static void give_if_free(assignment *a, const char *form, hx_role role) {
    size_t k = column_named(a, form);
    if (k != SIZE_MAX && !a->taken[role]) move(a, k, role);
}

/* Nicknames are not unique: one tells a customer from another only where the file has nothing better. */
static void give_nickname(assignment *a) {
    static const char *const names[] = {"买家昵称", "用户昵称",     "客户昵称",   "会员昵称",
                                        "微信昵称", "昵称",         "nickname",   "客户名称",
                                        "买家名称", "reviewername", "displayname"};
    static const hx_role ids[] = {HX_ROLE_CUSTOMER, HX_ROLE_EMAIL,  HX_ROLE_PHONE,
                                  HX_ROLE_ACCOUNT,  HX_ROLE_DEVICE, HX_ROLE_ANONYMOUS};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (a->taken[ids[i]]) return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int level = 0; level < 3; level++)
            for (size_t k = 0; k < a->r->n_columns && !a->taken[HX_ROLE_CUSTOMER]; k++)
                if (is_form(&a->f[k], level, names[i])) move(a, k, HX_ROLE_CUSTOMER);
}

/* ------------------------------------------------------------------ times with a name of their own */

static bool ends_in(const forms *f, const char *tail) {
    size_t n = strlen(tail);
    return f->n_plain > n && memcmp(f->plain + f->n_plain - n, tail, n) == 0;
}

static bool is_time_name(const forms *f, hx_str name) {
    static const char *const tails[] = {"时间", "日期", "time", "date", "timestamp"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
        if (ends_in(f, tails[i])) return true;
    return name.len > 3 && (memcmp(name.ptr + name.len - 3, "_at", 3) == 0 ||
                            memcmp(name.ptr + name.len - 2, "At", 2) == 0);
}

static bool holds_times(const hx_rows *sample, size_t column) {
    size_t filled = 0, times = 0;
    for (size_t i = 0; i < sample->n_rows; i++) {
        hx_str s = sample->rows[i].cells[column];
        int64_t ms = 0;
        if (sample->rows[i].bad || s.len == 0) continue;
        filled++;
        times += s.len <= 64 && hx_time_try(s, HX_DATE_ORDER_AUTO, false, NULL, &ms) == HX_TIME_OK;
    }
    return filled > 0 && times * 10 >= filled * 9;
}

/* Where no known name says when: the first column called a time or a date that holds times. */
static void give_time(assignment *a, const hx_rows *sample) {
    for (size_t k = 0; k < a->r->n_columns && !a->taken[HX_ROLE_TIME]; k++)
        if (a->r->columns[k].role == HX_ROLE_OTHER &&
            is_time_name(&a->f[k], a->r->columns[k].name) && holds_times(sample, k))
            give(a, k, HX_ROLE_TIME);
}

/* Names whose meaning hangs on what else the file has. */
static void give_by_context(assignment *a) {
    give_nickname(a);
    if (!a->taken[HX_ROLE_CUSTOMER] && a->taken[HX_ROLE_ACCOUNT] != column_named(a, "unionid") + 1)
        give_if_free(a, "unionid", HX_ROLE_CUSTOMER);
    bool item = a->taken[HX_ROLE_ITEM] != 0, text = a->taken[HX_ROLE_TEXT] != 0;
    if (item) give_if_free(a, "description", HX_ROLE_ITEM_NAME);
    if (!item && !text) give_if_free(a, "description", HX_ROLE_TEXT);
    if (item && !text) give_if_free(a, "title", HX_ROLE_ITEM_NAME);
    if (item && !a->taken[HX_ROLE_CUSTOMER]) give_if_free(a, "name", HX_ROLE_ITEM_NAME);
    bool said = a->taken[HX_ROLE_TEXT] || a->taken[HX_ROLE_QUERY] || a->taken[HX_ROLE_CHAT] ||
                a->taken[HX_ROLE_QUESTION] || a->taken[HX_ROLE_TICKET];
    if (a->taken[HX_ROLE_CUSTOMER] || a->taken[HX_ROLE_EMAIL] || said)
        give_if_free(a, "id", HX_ROLE_MESSAGE_ID);
    else if (!item)
        give_if_free(a, "id", HX_ROLE_CUSTOMER);
}

/* A date column only matters beside a column of times of day. */
static void settle_date(assignment *a, const hx_rows *sample) {
    if (!a->taken[HX_ROLE_DATE]) return;
    size_t filled = 0, clocks = 0;
    for (size_t i = 0; a->taken[HX_ROLE_TIME] && i < sample->n_rows; i++) {
        hx_str s = sample->rows[i].cells[a->taken[HX_ROLE_TIME] - 1];
        filled += s.len > 0;
        clocks += s.len > 0 && hx_time_is_clock(s);
    }
    if (filled > 0 && clocks * 2 > filled) return;
    a->r->columns[a->taken[HX_ROLE_DATE] - 1].role = HX_ROLE_OTHER;
    a->taken[HX_ROLE_DATE] = 0;
}

static hx_status assign_roles(hx_reader *r, const hx_rows *sample, hx_arena *arena, hx_error *err) {
    forms *f = hx_arena_alloc(arena, r->n_columns * sizeof *f + 1);
    if (!f) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t k = 0; k < r->n_columns; k++)
        f[k] = forms_of(r->columns[k].name);
    assignment a = {r, f, {0}};
    /* Shopify's order export calls the order's number Name. */
    if (column_named(&a, "lineitemname") != SIZE_MAX) give_if_free(&a, "name", HX_ROLE_ORDER);
    give_text(&a, sample);
    for (int level = 0; level < 3; level++)
        give_by_name(&a, level);
    give_by_context(&a);
    give_time(&a, sample);
    settle_date(&a, sample);
    return HX_OK;
}

/* ------------------------------------------------------------------ habits of cells */

static bool is_formula(hx_str s) {
    return s.len >= 3 && s.ptr[0] == '=' && s.ptr[1] == '"' && s.ptr[s.len - 1] == '"';
}

static bool is_padded(hx_str s) {
    return s.len > 0 && (strchr(" \t", s.ptr[0]) || strchr(" \t", s.ptr[s.len - 1]));
}

static bool find_habits(hx_reader *r, const hx_rows *sample) {
    for (size_t k = 0; k < r->n_columns; k++) {
        size_t filled = 0, formulas = 0, padded = 0;
        for (size_t i = 0; i < sample->n_rows; i++) {
            hx_str s = sample->rows[i].cells[k];
            filled += s.len > 0;
            padded += is_padded(s);
            formulas += is_formula(s) || is_formula(trim(s));
        }
        /* Taobao puts a tab behind long numbers; texts may begin with blanks as they like. */
        r->habits[k] = (hx_cell_habit){formulas * 2 > filled, padded * 2 > filled};
        r->any_habit |= r->habits[k].formula || r->habits[k].padded;
    }
    return r->any_habit;
}

static hx_status study(hx_reader *r, hx_chunk *c, hx_arena *arena, hx_error *err) {
    hx_rows sample = {NULL, 0, r->n_columns};
    if (c) HX_TRY(hx_chunk_rows(r, c, arena, &sample, err));
    if (r->format != HX_FORMAT_JSONL && find_habits(r, &sample))
        HX_TRY(hx_chunk_rows(r, c, arena, &sample, err));
    if (r->format == HX_FORMAT_TEXT)
        r->columns[0].role = HX_ROLE_TEXT;
    else
        HX_TRY(assign_roles(r, &sample, arena, err));
    hx_infer_columns(r, &sample);
    return HX_OK;
}

hx_status hx_columns_read(hx_reader *r, hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_str text = HX_STR_LIT("text");
    hx_status st = hx_reader_fill(r, HX_HEAD_BYTES, err);
    if (st == HX_OK && r->broken && r->window.len == r->at) {
        if (err) *err = r->failure;
        st = r->failure.code;
    }
    if (st == HX_OK) {
        if (r->format == HX_FORMAT_TEXT)
            st = hx_columns_set(r, &text, 1, err);
        else if (r->format == HX_FORMAT_JSONL)
            st = hx_jsonl_columns(r, err);
        else
            st = read_header(r, arena, err);
    }
    hx_chunk *c = NULL;
    if (st == HX_OK) st = hx_reader_sample(r, HX_SAMPLE_ROWS, &c, err);
    if (st == HX_OK) st = study(r, c, arena, err);
    hx_chunk_free(c);
    hx_arena_free(arena);
    return st;
}

/* ------------------------------------------------------------------ --map */

/* Takes `name` or `"na,me"` up to `end` off *s. */
static bool take_name(hx_str *s, char end, hx_str *out) {
    *s = trim(*s);
    bool quoted = s->len > 0 && s->ptr[0] == '"';
    const char *from = s->ptr + quoted;
    const char *stop = memchr(from, quoted ? '"' : end, s->len - quoted);
    if (quoted && !stop) return false;
    size_t n = stop ? (size_t)(stop - from) : s->len;
    *out = quoted ? (hx_str){from, n} : trim((hx_str){from, n});
    size_t used = n + 2 * quoted;
    *s = trim((hx_str){s->ptr + used, s->len - used});
    if (s->len > 0 && s->ptr[0] != end) return false;
    if (s->len > 0)
        s->ptr++, s->len--;
    else if (end == '=')
        return false;
    return out->len > 0;
}

static size_t find_column(const hx_reader *r, hx_str name) {
    for (size_t k = 0; k < r->n_columns; k++)
        if (hx_str_equal(r->columns[k].name, name)) return k;
    char want[HX_COLUMN_NAME_MAX], have[HX_COLUMN_NAME_MAX];
    size_t n = hx_column_name_normal(name, true, want);
    for (size_t k = 0; n > 0 && k < r->n_columns; k++)
        if (hx_column_name_normal(r->columns[k].name, true, have) == n &&
            memcmp(want, have, n) == 0)
            return k;
    return SIZE_MAX;
}

static hx_status fail_no_column(const hx_reader *r, hx_str name, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, 300);
    for (size_t k = 0; k < r->n_columns && b.len + r->columns[k].name.len + 2 < 200; k++)
        (void)hx_buf_printf(&b, "%s%.*s", k ? ", " : "", HX_STR_ARG(r->columns[k].name));
    hx_status st = hx_fail(err, HX_ENOTFOUND, "%s: has no column '%.*s' (it has %.*s)", r->name,
                           HX_STR_ARG(name), HX_STR_ARG(hx_buf_str(&b)));
    hx_buf_release(&b);
    return st;
}

/* Levenshtein's distance, of names of up to ROLE_NAME_MAX bytes. */
static size_t edits(hx_str a, hx_str b) {
    size_t row[ROLE_NAME_MAX + 1];
    for (size_t k = 0; k <= b.len; k++)
        row[k] = k;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b.len; k++) {
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[k - 1]);
            diagonal = row[k];
            if (row[k] + 1 < best) best = row[k] + 1;
            if (row[k - 1] + 1 < best) best = row[k - 1] + 1;
            row[k] = best;
        }
    }
    return row[b.len];
}

/* The role that was meant, or NULL where none is near. */
static const char *nearest_role(hx_str name) {
    size_t least = name.len / 3 + 2;
    const char *nearest = NULL;
    for (int i = 0; i < HX_ROLE_N && name.len <= ROLE_NAME_MAX; i++) {
        size_t n = edits(name, hx_str_of(role_names[i]));
        if (n >= least) continue;
        least = n;
        nearest = role_names[i];
    }
    return nearest;
}

static hx_status fail_no_role(hx_str name, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, 1024);
    for (int i = 0; i < HX_ROLE_N; i++)
        (void)hx_buf_printf(&b, "%s%s", i ? ", " : "", role_names[i]);
    (void)hx_buf_append_byte(&b, '\0');
    const char *meant = nearest_role(name), *roles = b.ptr ? b.ptr : "";
    hx_status st =
        meant ? hx_fail(err, HX_EINVAL,
                        "--map: there is no role '%.*s'; did you mean '%s'? A trait of your own is "
                        "trait:NAME=COLUMN; the roles: %s",
                        HX_STR_ARG(name), meant, roles)
              : hx_fail(err, HX_EINVAL,
                        "--map: there is no role '%.*s'. A trait of your own is trait:NAME=COLUMN; "
                        "the roles: %s",
                        HX_STR_ARG(name), roles);
    hx_buf_release(&b);
    return st;
}

/* One role=column of --map. */
typedef struct {
    hx_role role;
    hx_str trait; /* of trait:NAME, else empty */
    size_t column;
} mapping;

typedef struct {
    mapping *item; /* [HX_COLUMNS_MAX] */
    size_t n;
} mappings;

static hx_status check_mapping(const hx_reader *r, const mappings *all, const mapping *m,
                               hx_error *err) {
    for (size_t i = 0; i < all->n; i++) {
        const mapping *other = &all->item[i];
        if (m->role != HX_ROLE_OTHER && other->role == m->role)
            return hx_fail(err, HX_EINVAL, "--map: the role '%s' is given twice",
                           role_names[m->role]);
        if (other->column == m->column)
            return hx_fail(err, HX_EINVAL, "--map: the column '%.*s' is given two roles",
                           HX_STR_ARG(r->columns[m->column].name));
    }
    if (all->n == HX_COLUMNS_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: has more than %d columns", r->name, HX_COLUMNS_MAX);
    return HX_OK;
}

static hx_status read_mapping(const hx_reader *r, hx_str left, hx_str right, mappings *all,
                              hx_error *err) {
    static const hx_str prefix = {"trait:", 6};
    mapping m = {hx_role_of_name(left), {NULL, 0}, find_column(r, right)};
    if (left.len > prefix.len && memcmp(left.ptr, prefix.ptr, prefix.len) == 0) {
        m.trait = trim((hx_str){left.ptr + prefix.len, left.len - prefix.len});
        m.role = HX_ROLE_OTHER;
    }
    if (m.role == HX_ROLE_N) return fail_no_role(left, err);
    if (m.column == SIZE_MAX) return fail_no_column(r, right, err);
    HX_TRY(check_mapping(r, all, &m, err));
    all->item[all->n++] = m;
    return HX_OK;
}

static hx_status apply_mapping(hx_reader *r, const mapping *m, hx_error *err) {
    for (size_t i = 0; m->role != HX_ROLE_OTHER && i < r->n_columns; i++)
        if (r->columns[i].role == m->role) r->columns[i].role = HX_ROLE_OTHER;
    r->columns[m->column].role = m->role;
    if (m->trait.len == 0) return HX_OK;
    r->columns[m->column].name = hx_arena_str(r->arena, m->trait);
    return r->columns[m->column].name.ptr ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

/* All of --map is read before any column changes. */
static hx_status map_columns(hx_reader *r, const char *map, hx_arena *arena, hx_error *err) {
    mappings all = {hx_arena_alloc(arena, HX_COLUMNS_MAX * sizeof *all.item), 0};
    if (!all.item) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (hx_str s = trim(hx_str_of(map)); s.len > 0;) {
        hx_str left = {NULL, 0}, right = {NULL, 0};
        if (!take_name(&s, '=', &left) || !take_name(&s, ',', &right))
            return hx_fail(err, HX_EINVAL, "--map '%s' is not of the form role=column,role=column",
                           map);
        HX_TRY(read_mapping(r, left, right, &all, err));
    }
    for (size_t i = 0; i < all.n; i++)
        HX_TRY(apply_mapping(r, &all.item[i], err));
    return HX_OK;
}

hx_status hx_columns_map(hx_reader *r, const char *map, hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    hx_chunk *c = NULL;
    hx_rows sample = {NULL, 0, r->n_columns};
    hx_status st =
        arena ? map_columns(r, map, arena, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = hx_reader_sample(r, HX_SAMPLE_ROWS, &c, err);
    if (st == HX_OK && c) st = hx_chunk_rows(r, c, arena, &sample, err);
    if (st == HX_OK) hx_infer_columns(r, &sample);
    hx_chunk_free(c);
    hx_arena_free(arena);
    return st;
}
