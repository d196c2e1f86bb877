/* row_mapper.h - a table's row becomes an event.
 *
 * What a file is follows from the roles of its columns (frame.h), in this order:
 *   event name column        each row says itself what it is (Segment names and Chinese ones)
 *   question, ticket, chat, search word columns   questions, tickets, chats, searches
 *   text, title or rating    reviews (orders with a text where an order id and money stand beside it)
 *   order id, money, or item with quantity        orders; negative quantity or amount: refunds
 *   page, address or item    views
 *   anything else with an id customers: every column is a trait
 *
 * The row's hash is a sum over its non-empty cells of hash(role or column name, trimmed value): the same row gives the same hash
 * in CSV and Excel, whatever the order of columns and whatever language the header is in. */
#ifndef HX_INGEST_ROW_MAPPER_H
#define HX_INGEST_ROW_MAPPER_H

#include "huaxiang/frame.h"
#include "profile/event.h"

typedef enum {
    HX_FILE_UNKNOWN = 0, /* no column was recognised */
    HX_FILE_EVENTS,
    HX_FILE_QUESTIONS,
    HX_FILE_TICKETS,
    HX_FILE_CHATS,
    HX_FILE_SEARCHES,
    HX_FILE_REVIEWS,
    HX_FILE_ORDERS,
    HX_FILE_VIEWS,
    HX_FILE_CUSTOMERS,
    HX_FILE_N
} hx_file_kind;
const char *hx_file_kind_name(hx_file_kind k); /* "events", "questions", ..., "customers" */

typedef struct {
    const hx_time_zone *zone; /* of bare times */
    const char *currency; /* of amounts that name none; NULL = "" */
    hx_ui_lang ui; /* of reject reasons */
} hx_row_mapper_options;

typedef struct hx_row_mapper hx_row_mapper; /* immutable; shared by threads */

/* Keeps `r` and the options' zone until free. */
hx_status hx_row_mapper_new(hx_row_mapper **out, const hx_reader *r,
                            const hx_row_mapper_options *options, hx_error *err) HX_MUST_USE;
void hx_row_mapper_free(hx_row_mapper *m);
hx_file_kind hx_row_mapper_kind(const hx_row_mapper *m);
/* "text=评论,customer=用户": what was recognised, for the list of imports. In `arena`. */
hx_str hx_row_mapper_summary(const hx_row_mapper *m, hx_arena *arena);

typedef struct {
    int64_t column; /* 0-based, -1 = the row */
    char reason[HX_MESSAGE_MAX];
} hx_reject;

/* The row as an event (without imports); everything borrows from the row and `arena`. HX_OK, HX_EFORMAT with `why` filled where the row can't
 * be used, or HX_ENOMEM. *repaired is set where a value was understood only after mending (￥, 万, full-width digits, a masked or empty id,
 * surplus cells). */
hx_status hx_row_event(const hx_row_mapper *m, const hx_row *row, hx_arena *arena, hx_event *out,
                       bool *repaired, hx_reject *why) HX_MUST_USE;

#endif
