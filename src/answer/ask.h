/* ask.h - a question in words as a query over a store's events: what is measured, of which events, when, and by what.
 *
 * hx__ask_parse() reads a question in Chinese or English by tables of words (ask_words.c): longest word first, every byte used once. What a
 * store calls its own (products, categories, channels, customers) is a catalogue that the caller gathers before. Words that nothing
 * knows are handed back: an answer that left them out would answer another question. */
#ifndef HX_ANSWER_ASK_H
#define HX_ANSWER_ASK_H

#include "base/buf.h"
#include "base/civil.h"
#include "huaxiang/answer.h"

#define HX_ASK_LIMIT_MAX 100
#define HX_ASK_LEFT_MAX 8 /* words nothing knows */

typedef enum {
    HX_ASK_VALUE = 0,
    HX_ASK_SHARE,
    HX_ASK_TREND,
    HX_ASK_TOP,
    HX_ASK_COMPARE,
    HX_ASK_WHY,
    HX_ASK_QUOTE
} hx_ask_op;

typedef enum {
    HX_ASK_COUNT = 0,
    HX_ASK_CUSTOMERS,
    HX_ASK_REVENUE,
    HX_ASK_UNITS,
    HX_ASK_RATING,
    HX_ASK_ORDER_VALUE,
    HX_ASK_MEASURES
} hx_ask_measure;

typedef enum {
    HX_ASK_ANY = 0,
    HX_ASK_TEXTS,
    HX_ASK_REVIEWS,
    HX_ASK_TICKETS,
    HX_ASK_ORDERS,
    HX_ASK_REFUNDS,
    HX_ASK_VIEWS,
    HX_ASK_SEARCHES,
    HX_ASK_CLASSES
} hx_ask_class;

typedef enum {
    HX_ASK_BY_NOTHING = 0,
    HX_ASK_BY_MONTH,
    HX_ASK_BY_PRODUCT,
    HX_ASK_BY_CATEGORY,
    HX_ASK_BY_CHANNEL,
    HX_ASK_BY_ASPECT,
    HX_ASK_BY_INTENT,
    HX_ASK_BY_SENTIMENT,
    HX_ASK_BY_SEGMENT,
    HX_ASK_BY_CUSTOMER,
    HX_ASK_DIMS
} hx_ask_dim;

/* What a word of a question says. */
typedef enum {
    HX_ASK_W_STOP = 0,
    HX_ASK_W_OP,
    HX_ASK_W_MEASURE,
    HX_ASK_W_CLASS,
    HX_ASK_W_SENTIMENT,
    HX_ASK_W_REVIEW_OF, /* 差评: reviews of a sentiment */
    HX_ASK_W_INTENT,
    HX_ASK_W_ASPECT,
    HX_ASK_W_DIM,
    HX_ASK_W_SEGMENT,
    HX_ASK_W_WHICH, /* asks for one of several: which, 哪 */
    HX_ASK_W_WHO,
    HX_ASK_W_MOST,
    HX_ASK_W_LEAST,
    HX_ASK_W_WORST,
    HX_ASK_W_BEST,
    HX_ASK_W_MANY, /* how many */
    HX_ASK_W_BUY,
    HX_ASK_W_MORE, /* more, rise */
    HX_ASK_W_LESS,
    HX_ASK_W_MEAN,
    HX_ASK_W_UNSUPPORTED, /* what no event says: weather, profit */
    HX_ASK_WORDS
} hx_ask_word;

typedef struct {
    const char *words; /* parted by '|'; English in lower case */
    hx_ask_word what;
    int value; /* of the kind's enum */
    const char *id; /* of an aspect */
} hx_ask_row;
extern const hx_ask_row hx__ask_rows[];
extern const size_t hx__ask_rows_n;

/* What a store calls its own. */
typedef enum { HX_ASK_ITEM = 0, HX_ASK_CATEGORY, HX_ASK_CHANNEL, HX_ASK_PERSON } hx_ask_entity_kind;
typedef struct {
    hx_ask_entity_kind kind;
    hx_str name; /* as stored; borrowed */
    uint64_t id; /* hash of the item, category or channel; the person */
} hx_ask_entity;

typedef struct {
    const hx_ask_entity *at;
    size_t n;
    int64_t now; /* local ms of the store's current time; HX_TIME_NONE: nothing is dated */
} hx_ask_catalogue;

typedef struct {
    int64_t from, to; /* local ms, [from, to) */
    char name[48]; /* "2026-08", "2026-08-01 to 2026-08-07" */
} hx_ask_range;

#define HX_ASK_ITEMS_MAX 64
#define HX_ASK_NAMESAKES_MAX 5
typedef struct {
    hx_ask_op op;
    hx_ask_measure measure;
    hx_ask_class of;
    hx_sentiment_label sentiment; /* NONE: any */
    int intent, segment; /* -1: any */
    const char *aspect; /* id; NULL: any */
    uint64_t items[HX_ASK_ITEMS_MAX]; /* any of them */
    size_t n_items;
    uint64_t category, channel, person; /* 0: any */
    char item_name[96], category_name[64], channel_name[64], person_name[64];
    hx_ask_range range[2]; /* [0] is asked for, [1] is compared with */
    int n_ranges;
    hx_ask_dim dim;
    bool least, falls, rises,
        distinct; /* the smallest first; why less, why more; how many of dim there are */
    size_t limit;
    hx_str left[HX_ASK_LEFT_MAX]; /* words nothing knows, of the text of the question */
    size_t n_left;
    uint64_t people[HX_ASK_NAMESAKES_MAX]; /* whom every name and id of the question may mean */
    hx_str namesakes[HX_ASK_NAMESAKES_MAX]; /* an id of each, as stored */
    size_t n_namesakes;
    bool several_people; /* nobody is meant by all of them */
    hx_str term; /* texts that have this word; of the question */
    size_t known; /* words that said something */
    bool zh; /* the language of the question */
    bool unsupported;
} hx_ask_query;

/* HX_EINVAL: empty, not Chinese or English; HX_ELIMIT: too long. `lower` is the question in lower case, in the arena; pieces of q borrow
 * from it. */
hx_status hx__ask_parse(hx_str question, const hx_ask_catalogue *c, hx_arena *arena,
                        hx_ask_query *q, hx_error *err) HX_MUST_USE;
/* ask_time.c: marks the bytes of times as used, and fills q->range. */
void hx__ask_times(hx_str lower, bool *used, int64_t now, hx_ask_query *q);
/* The range of the same kind and length before. */
hx_ask_range hx__ask_before(const hx_ask_range *r);
/* ask_say.c: the query in words, and names of its parts. */
void hx__ask_say_query(const hx_ask_query *q, hx_ui_lang ui, hx_buf *out);
/* Of an aspect that questions know; else empty. */
hx_str hx__ask_aspect_name(hx_str id, hx_ui_lang ui);
/* "; negative; complaint": labels and segment asked for. */
void hx__ask_say_filters(const hx_ask_query *q, hx_ui_lang ui, hx_buf *out);
const char *hx__ask_measure_name(const hx_ask_query *q, hx_ui_lang ui);
const char *hx__ask_dim_name(hx_ask_dim d, hx_ui_lang ui);

#endif
