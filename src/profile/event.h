/* event.h - the one thing that enters: who, when, what, and what was said.
 *
 * Types are those of the Segment specification; `kind` is our reading of it. An event's message id is a hash of its source row
 * (`row_hash`) and `ordinal` = how many equal rows precede it in its file: real repeated lines count, overlapping exports do not
 * count twice. An event remembers every import that holds it, so that one import can be undone.
 *
 * Events are ordered by (time, message id); events without a time come first. */
#ifndef HX_PROFILE_EVENT_H
#define HX_PROFILE_EVENT_H

#include "base/buf.h"
#include "base/codec.h"
#include "base/money.h"
#include "huaxiang/text.h"
#include "profile/id.h"

typedef enum {
    HX_EVENT_TRACK = 0,
    HX_EVENT_IDENTIFY,
    HX_EVENT_PAGE,
    HX_EVENT_SCREEN,
    HX_EVENT_GROUP,
    HX_EVENT_ALIAS
} hx_event_type;

typedef enum {
    HX_KIND_OTHER = 0, /* track with its own name */
    HX_KIND_TRAITS, /* identify: what is known of a person */
    HX_KIND_ORDER, /* "Order Completed": one line of an order; quantity > 0 */
    HX_KIND_REFUND, /* "Order Refunded": a line taken back; amount <= 0 */
    HX_KIND_REVIEW, /* "Product Reviewed" */
    HX_KIND_VIEW, /* "Page Viewed", "Product Viewed" */
    HX_KIND_SEARCH, /* "Products Searched"; the text is the query */
    HX_KIND_QUESTION, /* "Question Asked" */
    HX_KIND_CHAT, /* "Message Sent" */
    HX_KIND_TICKET, /* "Ticket Created" */
    HX_KIND_N
} hx_event_kind;
const char *hx_event_kind_name(hx_event_kind k); /* the Segment-style name, "" for HX_KIND_OTHER */

typedef enum { HX_VALUE_TEXT = 0, HX_VALUE_NUMBER, HX_VALUE_DATE, HX_VALUE_BOOLEAN } hx_value_type;

/* A column that is no field of the event, or a trait of a person. */
typedef struct {
    hx_str name;
    hx_str value; /* canonical text: numbers as decimal, dates as YYYY-MM-DD */
    hx_value_type type;
} hx_property;

#define HX_EVENT_IDS_MAX 8
#define HX_EVENT_PROPERTIES_MAX 512
#define HX_EVENT_IMPORTS_MAX 4096
#define HX_RATING_NONE INT32_MIN

typedef struct {
    hx_event_type type;
    hx_event_kind kind;
    hx_str name; /* of HX_KIND_OTHER */
    uint64_t row_hash;
    uint32_t ordinal;
    bool own_id; /* row_hash is a hash of the source's own message id: ordinal is always 0 */
    int64_t time; /* ms since 1970 UTC, HX_TIME_NONE if none is known */
    const hx_id *ids; /* canonical order; n_ids = 0 for a guest */
    uint32_t n_ids; /* at most HX_EVENT_IDS_MAX */
    const uint32_t *imports; /* ascending import numbers that hold this event */
    uint32_t n_imports;

    hx_str order, item, item_name, category, currency, channel, page, title, text, label;
    int64_t quantity; /* 1/10,000; 0 = not said */
    hx_money amount; /* of the line, in 1/10,000; negative for refunds */
    hx_money discount; /* money taken off, >= 0 */
    bool has_amount;
    int32_t rating; /* 1/1,000 of the source's scale, HX_RATING_NONE */
    const hx_property *properties;
    uint32_t n_properties;

    const hx_annotation *annotation; /* of `text` (offsets into it); NULL = not annotated */
    const hx_model_label *model_labels; /* of `text`, by one trained model; NULL = none */
    uint32_t n_model_labels; /* each of another set */
} hx_event;

/* The one of a set; NULL = none. */
const hx_model_label *hx_event_model_label(const hx_event *e, hx_str set);
/* Entries that a labeller makes of a text, and those of text i of what its read() said: out (that many). */
size_t hx_labeller_width(const hx_labeller *l);
void hx_labeller_put(const hx_labeller *l, const uint32_t *labels, const double *scores, size_t i,
                     hx_model_label *out);
/* x 1,000,000, rounded. */
int64_t hx_label_micro(double score);

/* Takes back what a text of that kind can't say: a search query tells what is looked for, not how somebody feels or what he wants of
 * the shop. Whoever annotates an event's text calls this. */
void hx_event_temper(hx_event_kind kind, hx_annotation *a);
uint64_t hx_event_id(const hx_event *e); /* message id: mix of row_hash and ordinal */
int hx_event_compare(const hx_event *a, const hx_event *b); /* time, then message id */
/* The key of the first identifier, or of a guest bucket: where the event is kept. */
uint64_t hx_event_key(const hx_event *e);

#define HX_EVENT_ID_TEXT 17 /* 16 hexadecimal digits + NUL */
char *hx_event_id_text(uint64_t id, char out[HX_EVENT_ID_TEXT]);
bool hx_event_id_parse(hx_str s, uint64_t *id);

/* Store format of one event (version 1): a head that merging needs, and a body; event_codec.c has the layout. */
void hx_event_write(const hx_event *e, hx_buf *out);
/* Decodes one; strings borrow from the cursor's bytes, arrays live in `arena`. false = damaged or out of memory. */
bool hx_event_read(hx_cursor *c, hx_arena *arena, hx_event *out);

/* An event whose body is not decoded: all that sorting, deduplicating and moving it needs. Borrows. */
typedef struct {
    int64_t time;
    uint64_t id; /* message id */
    uint64_t row_hash;
    uint32_t ordinal;
    bool own_id;
    hx_str imports; /* encoded list, as hx_imports_read() takes it */
    hx_str body;
} hx_event_head;

bool hx_event_head_read(hx_cursor *c, hx_event_head *out);
void hx_event_head_write(const hx_event_head *h, hx_buf *out);
bool hx_event_body_read(const hx_event_head *h, hx_arena *arena, hx_event *out);

/* Lists of import numbers: ascending, delta varints behind a count. */
size_t hx_imports_read(hx_str list, uint32_t *out, size_t max);
void hx_imports_write(const uint32_t *imports, size_t n, hx_buf *out);

/* Many events of one id as compressed frames (zstd) of at most 1 MiB, in event order. */
typedef struct hx_event_codec hx_event_codec; /* one thread's compressor and decompressor */
hx_event_codec *hx_event_codec_new(void); /* NULL when out of memory */
void hx_event_codec_free(hx_event_codec *c);
hx_status hx_event_block_write(hx_event_codec *c, const hx_event_head *heads, size_t n, hx_buf *out,
                               hx_error *err) HX_MUST_USE;
/* The heads of a block, in order; all memory is `arena`'s. */
hx_status hx_event_block_heads(hx_event_codec *c, hx_str block, hx_arena *arena,
                               hx_event_head **out, size_t *n, hx_error *err) HX_MUST_USE;
/* The same, decoded. */
hx_status hx_event_block_read(hx_event_codec *c, hx_str block, hx_arena *arena, hx_event **out,
                              size_t *n, hx_error *err) HX_MUST_USE;

/* Any bytes, compressed quickly; the result is the codec's until its next use. ptr = NULL: out of memory, or damaged. */
hx_str hx_event_pack(hx_event_codec *c, hx_str bytes);
hx_str hx_event_unpack(hx_event_codec *c, hx_str packed);

#endif
