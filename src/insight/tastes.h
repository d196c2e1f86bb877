/* tastes.h - inside of hx_tastes: opinions and purchases by people and items, gathered from rows or events.
 *
 * People and items are numbered in the order in which they first came, so equal sources give equal numbers. An item has the longest
 * text that was seen of it, its first category and its latest price. */
#ifndef HX_INSIGHT_TASTES_H
#define HX_INSIGHT_TASTES_H

#include "base/buf.h"
#include "base/map.h"
#include "huaxiang/insight.h"

typedef struct {
    hx_str name, text; /* in the arena */
    uint32_t category; /* HX_PREFERENCE_NO_CATEGORY */
    double price, priced_at;
} hx_taste_item;

typedef struct {
    uint32_t person, item;
    double time, liked;
    hx_str comment, event; /* in the arena */
} hx_taste_row;

struct hx_tastes {
    hx_arena *arena;
    hx_map people_by, items_by, categories_by; /* hash of the name -> number + 1 */
    hx_buf people, items, categories, rows; /* hx_str, hx_taste_item, hx_str, hx_taste_row */
    bool untimed; /* rows in their order: what lies between them is no time */
};

const hx_taste_row *hx_tastes_rows(const hx_tastes *t, size_t *n);
const hx_taste_item *hx_tastes_items(const hx_tastes *t, size_t *n);
const hx_str *hx_tastes_people(const hx_tastes *t, size_t *n);
/* The number of a category; HX_PREFERENCE_NO_CATEGORY where nobody had one of it. */
uint32_t hx_tastes_category(const hx_tastes *t, hx_str name);

#endif
