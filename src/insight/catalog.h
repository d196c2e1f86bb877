/* catalog.h - what a store's own events teach of its goods: to which category an item belongs, and what a category costs.
 *
 * Many files name the item alone (reviews, pages seen); others name item and category (orders). An item's category is the one that
 * most of its first HX_CATALOG_VOTES events name, in the order in which they are seen; ties go to the name that is bytewise first.
 * The price level of a category is the mean of the logarithm of its list prices a piece.
 *
 * Whoever fills it leaves out events behind the time that is asked about; then nothing that happened later can show. */
#ifndef HX_INSIGHT_CATALOG_H
#define HX_INSIGHT_CATALOG_H

#include "profile/event.h"

#define HX_CATALOG_VOTES 25 /* an item that has them is settled */
#define HX_CATALOG_RIVALS 4 /* categories that are counted for one item */
#define HX_CATALOG_CATEGORIES_MAX 65536
#define HX_CATALOG_ITEMS_MAX 10000000

typedef struct hx_catalog hx_catalog;

hx_catalog *hx_catalog_new(void); /* NULL when out of memory */
void hx_catalog_free(hx_catalog *c); /* NULL is fine */

/* Only items that were wanted are learnt: those of events that name no category themselves. */
void hx_catalog_want(hx_catalog *c, const hx_event *e);
/* Learns from one event; strings are copied. */
void hx_catalog_see(hx_catalog *c, const hx_event *e);
bool hx_catalog_settled(const hx_catalog *c); /* every wanted item has its votes */
bool hx_catalog_failed(const hx_catalog *c); /* out of memory: it is not usable */

/* What an event says itself, else what is learnt of its item; empty = not known. Borrowed from the event or the catalog. */
hx_str hx_catalog_category(const hx_catalog *c, const hx_event *e);
/* Mean of log(list price a piece) over *n order lines of a category; false where none was seen. */
bool hx_catalog_price(const hx_catalog *c, hx_str category, double *mean, uint64_t *n);
/* List price of one piece of an order line: (amount + discount) / quantity, in units of money; 0 = not said. */
double hx_catalog_list_price(const hx_event *e);

#endif
