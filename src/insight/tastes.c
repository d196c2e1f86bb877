/* tastes.c - opinions and purchases gathered for preferences, one by one or from the rows of a table; see tastes.h.
 *
 * Names are found by their hash of 64 bits: two that share one are the same to it,
 * which among the 200,000 rows at most is met once in a billion gatherings.
 * What a table calls its columns is said by hx_taste_columns. */
#include "insight/tastes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "insight/preference.h"

#define ROWS_MAX ((size_t)200000)
#define BYTES_MAX ((size_t)4 << 30)
#define CELL_ROOM 64
#define LIKED_SHARE 0.8 /* of a scale: 4 of 5 */
#define SECONDS_LEAST 1e8 /* since 1970: the year 1973 ... */
#define SECONDS_MOST 1e11 /* ... which as milliseconds is that year, too */

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for preferences");
}

hx_status hx_tastes_new(hx_tastes **out, hx_error *err) {
    hx_tastes *t = calloc(1, sizeof *t);
    if (!t) return no_memory(err);
    t->arena = hx_arena_new(BYTES_MAX);
    hx_map_init(&t->people_by);
    hx_map_init(&t->items_by);
    hx_map_init(&t->categories_by);
    hx_buf_init(&t->people, BYTES_MAX);
    hx_buf_init(&t->items, BYTES_MAX);
    hx_buf_init(&t->categories, BYTES_MAX);
    hx_buf_init(&t->rows, BYTES_MAX);
    if (!t->arena) {
        hx_tastes_free(t);
        return no_memory(err);
    }
    *out = t;
    return HX_OK;
}

void hx_tastes_free(hx_tastes *t) {
    if (!t) return;
    hx_map_release(&t->people_by);
    hx_map_release(&t->items_by);
    hx_map_release(&t->categories_by);
    hx_buf_release(&t->people);
    hx_buf_release(&t->items);
    hx_buf_release(&t->categories);
    hx_buf_release(&t->rows);
    hx_arena_free(t->arena);
    free(t);
}

const hx_taste_row *hx_tastes_rows(const hx_tastes *t, size_t *n) {
    *n = t->rows.len / sizeof(hx_taste_row);
    return (const hx_taste_row *)(const void *)t->rows.ptr;
}

const hx_taste_item *hx_tastes_items(const hx_tastes *t, size_t *n) {
    *n = t->items.len / sizeof(hx_taste_item);
    return (const hx_taste_item *)(const void *)t->items.ptr;
}

const hx_str *hx_tastes_people(const hx_tastes *t, size_t *n) {
    *n = t->people.len / sizeof(hx_str);
    return (const hx_str *)(const void *)t->people.ptr;
}

uint32_t hx_tastes_category(const hx_tastes *t, hx_str name) {
    const uint64_t *at = name.len > 0 ? hx_map_get(&t->categories_by, hx_hash(name)) : NULL;
    return at ? (uint32_t)(*at - 1) : HX_PREFERENCE_NO_CATEGORY;
}

/* ------------------------------------------------------------------ one by one */
/* The number of a name, made where it is new; false without memory. */
static bool number_of(hx_tastes *t, hx_map *by, hx_buf *names, hx_str name, uint32_t *out) {
    uint64_t *at = hx_map_put(by, hx_hash(name));
    if (!at) return false;
    if (*at == 0) {
        const hx_str kept = hx_arena_str(t->arena, name);
        if (!kept.ptr || !hx_buf_append(names, &kept, sizeof kept)) return false;
        *at = names->len / sizeof kept;
    }
    *out = (uint32_t)(*at - 1);
    return true;
}

static bool item_number(hx_tastes *t, hx_str name, uint32_t *out) {
    uint64_t *at = hx_map_put(&t->items_by, hx_hash(name));
    if (!at) return false;
    if (*at == 0) {
        const hx_taste_item item = {.name = hx_arena_str(t->arena, name),
                                    .category = HX_PREFERENCE_NO_CATEGORY,
                                    .price = NAN,
                                    .priced_at = -INFINITY};
        if (!item.name.ptr || !hx_buf_append(&t->items, &item, sizeof item)) return false;
        *at = t->items.len / sizeof item;
    }
    *out = (uint32_t)(*at - 1);
    return true;
}

static bool learn_item(hx_tastes *t, uint32_t number, const hx_taste *taste) {
    hx_taste_item *item = (hx_taste_item *)(void *)t->items.ptr + number;
    if (taste->text.len > item->text.len) {
        item->text = hx_arena_str(t->arena, taste->text);
        if (!item->text.ptr) return false;
    }
    if (taste->price > 0 && taste->time >= item->priced_at) {
        item->price = taste->price;
        item->priced_at = taste->time;
    }
    return taste->category.len == 0 || item->category != HX_PREFERENCE_NO_CATEGORY ||
           number_of(t, &t->categories_by, &t->categories, taste->category, &item->category);
}

hx_status hx_tastes_add(hx_tastes *t, const hx_taste *taste, hx_error *err) {
    hx_taste_row row = {.time = taste->time, .liked = taste->liked};
    if (taste->customer.len == 0 || taste->item.len == 0 || !isfinite(taste->time)) return HX_OK;
    if (t->rows.len / sizeof row >= ROWS_MAX)
        return hx_fail(err, HX_ELIMIT,
                       "preferences are learnt from at most %zu opinions and orders", ROWS_MAX);
    row.comment = hx_arena_str(t->arena, taste->comment);
    row.event = hx_arena_str(t->arena, taste->event);
    if (!row.comment.ptr || !row.event.ptr ||
        !number_of(t, &t->people_by, &t->people, taste->customer, &row.person) ||
        !item_number(t, taste->item, &row.item) || !learn_item(t, row.item, taste) ||
        !hx_buf_append(&t->rows, &row, sizeof row))
        return no_memory(err);
    return HX_OK;
}

double hx_tastes_liked(double rating, double greatest) {
    const double scale = greatest > 10 ? 100 : greatest > 5 ? 10 : 5;
    if (isnan(rating)) return NAN;
    return rating >= LIKED_SHARE * scale ? 1 : 0;
}

/* ------------------------------------------------------------------ rows of a table */
enum { USER = 0, ITEM, TIME, RATING, COMMENT, TEXT, CATEGORY, PRICE, COLUMNS };

static hx_status find_columns(const hx_table *t, const hx_taste_columns *c, size_t at[COLUMNS],
                              hx_error *err) {
    const char *const names[COLUMNS] = {c->user,    c->item, c->time,     c->rating,
                                        c->comment, c->text, c->category, c->price};
    for (size_t k = 0; k < COLUMNS; k++) {
        at[k] = names[k] ? hx_table_find(t, hx_str_of(names[k])) : HX_COLUMN_NONE;
        if (!names[k]) continue;
        if (at[k] == HX_COLUMN_NONE)
            return hx_fail(err, HX_ENOTFOUND, "there is no column '%s' to tell preferences by",
                           names[k]);
        if ((k == TIME || k == RATING || k == PRICE) &&
            hx_table_column_at(t, at[k])->kind == HX_KIND_TEXT)
            return hx_fail(err, HX_EINVAL,
                           "column '%s' has texts, where numbers or times are needed", names[k]);
    }
    return HX_OK;
}

static double number_at(const hx_table *t, size_t column, size_t row) {
    double v = NAN;
    if (column != HX_COLUMN_NONE) hx_table_numbers(t, column, row, 1, &v);
    return v;
}

static hx_str text_at(const hx_table *t, size_t column, size_t row, char *room) {
    if (column == HX_COLUMN_NONE || hx_table_is_missing(t, column, row)) return (hx_str){NULL, 0};
    return hx_table_cell(t, row, column, room);
}

typedef struct {
    double rating, time; /* the greatest of each */
} greatest;

/* Milliseconds: numbers that can only be seconds since 1970 are taken as such; without a column the rows' order counts. */
static double time_at(const hx_table *t, size_t column, size_t row, double most) {
    if (column == HX_COLUMN_NONE) return (double)row;
    const bool seconds = hx_table_column_at(t, column)->kind == HX_KIND_NUMBER &&
                         most > SECONDS_LEAST && most < SECONDS_MOST;
    return number_at(t, column, row) * (seconds ? 1000 : 1);
}

static hx_status add_row(hx_tastes *t, const hx_table *rows, const size_t at[COLUMNS], size_t row,
                         const greatest *most, hx_error *err) {
    char room[COLUMNS][CELL_ROOM], event[CELL_ROOM];
    (void)snprintf(event, sizeof event, "row %zu", row + 1);
    const hx_taste taste = {.customer = text_at(rows, at[USER], row, room[USER]),
                            .item = text_at(rows, at[ITEM], row, room[ITEM]),
                            .text = text_at(rows, at[TEXT], row, room[TEXT]),
                            .category = text_at(rows, at[CATEGORY], row, room[CATEGORY]),
                            .comment = text_at(rows, at[COMMENT], row, room[COMMENT]),
                            .event = hx_str_of(event),
                            .time = time_at(rows, at[TIME], row, most->time),
                            .liked =
                                hx_tastes_liked(number_at(rows, at[RATING], row), most->rating),
                            .price = number_at(rows, at[PRICE], row)};
    return hx_tastes_add(t, &taste, err);
}

/* The first comment of each item that has no text, with its category, becomes that text. */
static hx_status describe_items(hx_tastes *t, hx_error *err) {
    const size_t n = t->rows.len / sizeof(hx_taste_row),
                 items = t->items.len / sizeof(hx_taste_item);
    hx_taste_row *rows = (hx_taste_row *)(void *)t->rows.ptr;
    hx_taste_item *item = (hx_taste_item *)(void *)t->items.ptr;
    const hx_str *categories = (const hx_str *)(const void *)t->categories.ptr;
    size_t *first = calloc(items + 1, sizeof *first);
    if (!first) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        size_t *at = &first[rows[i].item];
        if (rows[i].comment.len > 0 && (*at == 0 || rows[i].time < rows[*at - 1].time)) *at = i + 1;
    }
    hx_status st = HX_OK;
    for (size_t k = 0; st == HX_OK && k < items; k++) {
        hx_buf text;
        if (first[k] == 0 || item[k].text.len > 0) continue;
        hx_taste_row *row = &rows[first[k] - 1];
        hx_buf_init(&text, BYTES_MAX);
        if (item[k].category != HX_PREFERENCE_NO_CATEGORY)
            (void)hx_buf_append_str(&text, categories[item[k].category]);
        (void)hx_buf_append_lit(&text, " ");
        (void)hx_buf_append_str(&text, row->comment);
        item[k].text = hx_arena_str(t->arena, hx_buf_str(&text));
        if (text.failed || !item[k].text.ptr) st = no_memory(err);
        hx_buf_release(&text);
        row->comment.len = 0;
        row->liked = NAN;
    }
    free(first);
    return st;
}

hx_status hx_tastes_read(hx_tastes *t, const hx_table *rows, const hx_taste_columns *columns,
                         hx_error *err) {
    size_t at[COLUMNS];
    greatest most = {0, 0};
    HX_TRY(find_columns(rows, columns, at, err));
    t->untimed = at[TIME] == HX_COLUMN_NONE;
    for (size_t i = 0; i < hx_table_rows(rows); i++) {
        most.rating = fmax(most.rating, number_at(rows, at[RATING], i));
        most.time = fmax(most.time, number_at(rows, at[TIME], i));
    }
    for (size_t i = 0; i < hx_table_rows(rows); i++)
        HX_TRY(add_row(t, rows, at, i, &most, err));
    return at[TEXT] == HX_COLUMN_NONE && at[COMMENT] != HX_COLUMN_NONE ? describe_items(t, err)
                                                                       : HX_OK;
}

/* ------------------------------------------------------------------ asked */
static hx_status put_names(const hx_tastes *t, hx_table *out, bool items, hx_error *err) {
    size_t n, n_rows;
    const hx_taste_row *rows = hx_tastes_rows(t, &n_rows);
    const hx_taste_item *item = hx_tastes_items(t, &n);
    const hx_str *people = items ? NULL : hx_tastes_people(t, &n);
    hx_str *names = calloc(n + 1, sizeof *names);
    uint32_t *codes = calloc(n_rows + 1, sizeof *codes);
    for (size_t i = 0; names && i < n; i++)
        names[i] = people ? people[i] : item[i].name;
    for (size_t i = 0; codes && i < n_rows; i++)
        codes[i] = items ? rows[i].item : rows[i].person;
    const hx_status st =
        names && codes
            ? hx_table_put_texts(out, hx_str_of(items ? "item" : "user"), codes, names, n, err)
            : no_memory(err);
    free(names);
    free(codes);
    return st;
}

static hx_status put_values(const hx_tastes *t, hx_table *out, hx_error *err) {
    size_t n;
    const hx_taste_row *rows = hx_tastes_rows(t, &n);
    double *v = calloc(2 * n + 1, sizeof *v);
    if (!v) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        v[i] = rows[i].time;
        v[n + i] = isnan(rows[i].liked) ? 4 : rows[i].liked > 0 ? 5 : 1;
    }
    hx_status st = hx_table_put_numbers(out, hx_str_of("time"), HX_KIND_NUMBER, v, -1, err);
    if (st == HX_OK)
        st = hx_table_put_numbers(out, hx_str_of("rating"), HX_KIND_NUMBER, v + n, -1, err);
    free(v);
    return st;
}

hx_status hx_tastes_table(hx_table **out, const hx_tastes *t, hx_error *err) {
    hx_table *table = NULL;
    HX_TRY(hx_table_new(&table, t->rows.len / sizeof(hx_taste_row), err));
    hx_status st = put_names(t, table, false, err);
    if (st == HX_OK) st = put_names(t, table, true, err);
    if (st == HX_OK) st = put_values(t, table, err);
    if (st == HX_OK)
        *out = table;
    else
        hx_table_free(table);
    return st;
}

bool hx_tastes_find(const hx_tastes *t, hx_str customer, hx_str item, hx_taste *out) {
    const uint64_t *person = hx_map_get(&t->people_by, hx_hash(customer)),
                   *number = hx_map_get(&t->items_by, hx_hash(item));
    size_t n, best = SIZE_MAX;
    const hx_taste_row *rows = hx_tastes_rows(t, &n);
    for (size_t i = 0; person && number && i < n; i++)
        if (rows[i].person + 1 == *person && rows[i].item + 1 == *number &&
            (best == SIZE_MAX || !isnan(rows[i].liked) || isnan(rows[best].liked)))
            best = i;
    if (best == SIZE_MAX) return false;
    *out = (hx_taste){.customer = customer,
                      .item = item,
                      .comment = rows[best].comment,
                      .event = rows[best].event,
                      .time = rows[best].time,
                      .liked = rows[best].liked,
                      .price = NAN};
    return true;
}

hx_str hx_tastes_name(const hx_tastes *t, hx_str item) {
    size_t n;
    const uint64_t *number = hx_map_get(&t->items_by, hx_hash(item));
    const hx_taste_item *items = hx_tastes_items(t, &n);
    return number && items[*number - 1].text.len > 0 ? items[*number - 1].text : item;
}

double hx_tastes_latest(const hx_tastes *t) {
    size_t n;
    const hx_taste_row *rows = hx_tastes_rows(t, &n);
    double latest = 0;
    for (size_t i = 0; i < n; i++)
        latest = fmax(latest, rows[i].time);
    return latest;
}
