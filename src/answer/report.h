/* report.h - what the report shows, gathered in bounded memory before a byte of it is written.
 *
 *   population (one walk over profiles) -> walk 1 over events: time, products, words
 *                                       -> walk 2, where there are texts: quotes, aspects, near duplicates
 *                                       -> quality, people -> findings -> JSON -> the page
 *
 * Guests count in what was sold and said, not in customers. Texts that are noise and search queries count in no mood. All
 * tables have caps; what does not fit is counted and the page says so. Texts are masked before they are kept. */
#ifndef HX_ANSWER_REPORT_H
#define HX_ANSWER_REPORT_H

#include "answer/value.h"
#include "base/map.h"

#define HX_REPORT_BUCKETS_MAX 60 /* columns of a chart over time; customers keep a bit for each */
#define HX_REPORT_CURRENCIES_MAX 16
#define HX_REPORT_ITEMS_MAX 100000
#define HX_REPORT_WORDS_MAX 200000
#define HX_REPORT_GUEST_ORDERS_MAX 4000000 /* further ones are not counted */
#define HX_REPORT_TOP_WORDS 80
#define HX_REPORT_TOP_ITEMS 12
#define HX_REPORT_CATEGORIES_MAX 1000
#define HX_REPORT_ASPECTS 11
#define HX_REPORT_PEOPLE 10
#define HX_REPORT_NAME_BYTES 160
#define HX_REPORT_LIST 12 /* rejects */
#define HX_REPORT_CONFLICTS 50

/* ------------------------------------------------------------------ quotes (report_quote.c) */
#define HX_REPORT_QUOTE_BYTES 420
#define HX_REPORT_SLOTS 9 /* negative 4, neutral 1, positive 4: newest of each */

typedef struct {
    uint64_t event, person, similarity; /* person 0 = guest */
    int64_t time;
    hx_str text; /* masked and cut */
    hx_str item;
    hx_sentiment_label label;
    int32_t rating;
    int32_t number; /* in the page, -1 = not shown yet */
} hx_report_quote;

typedef struct {
    uint32_t quote[HX_REPORT_SLOTS]; /* index + 1 into quotes; 0 = free */
} hx_report_list;

/* ------------------------------------------------------------------ tables */
typedef struct {
    hx_str name; /* as shown; the id where no name is known */
    hx_str category;
    bool named;
    uint64_t texts, sentiments[HX_SENTIMENT_N], n_ratings, lines;
    int64_t rating_sum; /* 1/1,000 */
    hx_money amount; /* main currency */
    hx_report_list list;
} hx_report_item;

typedef struct {
    hx_str text;
    uint64_t count, sentiments[HX_SENTIMENT_N];
    hx_report_list list;
} hx_report_word;

typedef struct {
    uint64_t count, sentiments[HX_SENTIMENT_N];
    hx_report_list list;
} hx_report_voice; /* an intent or an aspect */

typedef enum { HX_STEP_DAY = 0, HX_STEP_MONTH, HX_STEP_QUARTER, HX_STEP_YEAR } hx_report_step;

typedef struct {
    hx_report_step step;
    int64_t first; /* ordinal of bucket 0: days, months, quarters or years in local time */
    size_t n; /* 0 = nothing has a time */
} hx_report_axis;

typedef struct {
    uint64_t new_customers, active, orders, sentiments[HX_SENTIMENT_N];
    hx_money revenue; /* main currency, net */
} hx_report_bucket;

/* The last `window` days, the same before, and all. */
typedef struct {
    uint64_t customers, active, orders, texts, sentiments[HX_SENTIMENT_N], n_ratings;
    int64_t rating_sum;
    hx_money revenue;
} hx_report_period;
enum { HX_PERIOD_LAST = 0, HX_PERIOD_BEFORE, HX_PERIOD_ALL, HX_PERIOD_N };

typedef struct {
    char currency[HX_CURRENCY_TEXT_MAX];
    hx_money amount;
} hx_report_money;

typedef struct {
    hx_engine engine;
    uint64_t model, texts;
} hx_report_engine;
#define HX_REPORT_ENGINES_MAX 8

typedef struct {
    int64_t first; /* ms; HX_TIME_NONE */
    uint64_t active; /* a bit a bucket */
    uint8_t periods; /* a bit a period: active in it */
} hx_report_customer;

/* ------------------------------------------------------------------ quality */
typedef struct {
    hx_str pattern, column, example; /* the reason without its values, a real one */
    int64_t import, row;
    uint64_t count;
} hx_report_reject;

typedef struct {
    uint64_t person;
    hx_str who; /* the customer's own number, masked where it is personal */
    hx_str name, kept, other;
    uint64_t kept_event, other_event;
    int64_t kept_import, other_import; /* 0 = not known */
} hx_report_conflict;

typedef struct {
    hx_import_info *imports;
    size_t n_imports;
    hx_report_reject rejects[HX_REPORT_LIST];
    size_t n_rejects;
    uint64_t more_rejects; /* of reasons that are not listed */
    hx_report_conflict conflicts[HX_REPORT_CONFLICTS];
    uint64_t n_conflicts,
        conflicted; /* statements, customers; the first HX_REPORT_CONFLICTS are listed */
    uint64_t joined; /* customers of two customer numbers or more */
    uint64_t undated, guest_events, outside; /* outside = dated, but not in the charts' time */
    uint64_t noise[HX_NOISE_N];
    uint64_t unread; /* texts without annotation */
    uint64_t corrected[HX_CORRECT_N], edits[HX_CORRECT_N]; /* texts with edits, edits; by mode */
    uint64_t equal_texts, near_texts; /* beyond the first of each group; texts looked at */
    uint64_t compared_texts;
} hx_report_quality;

/* ------------------------------------------------------------------ aspects (report_aspect.c) */
#define HX_REPORT_ASPECT_WORDS 200
typedef struct {
    const char *word; /* not terminated */
    uint8_t len, aspect;
} hx_report_aspect_word;

/* The words of all aspects, grouped by first byte: those of byte b are words[start[b]] .. words[start[b + 1] - 1]. */
typedef struct {
    hx_report_aspect_word words[HX_REPORT_ASPECT_WORDS];
    uint16_t start[257];
} hx_report_lexicon;

typedef struct {
    bool found;
    uint32_t at; /* bytes into the text */
    hx_sentiment_label label; /* by the evidence in the clauses that name the aspect */
} hx_report_mention;
void hx__report_lexicon_init(hx_report_lexicon *l);
void hx__report_aspects_find(const hx_report_lexicon *l, const hx_event *e,
                             hx_report_mention out[HX_REPORT_ASPECTS]);
const char *hx__report_aspect_id(size_t i);
const char *hx__report_aspect_name(size_t i, hx_ui_lang ui);

/* ------------------------------------------------------------------ all of it */
typedef struct hx_report {
    hx_store *store; /* borrowed */
    hx_population *pop; /* owned */
    hx_zone zone; /* owned */
    hx_arena *arena; /* owned: all strings and lists */
    hx_ui_lang ui;
    const char *share_dir; /* borrowed */
    hx_store_summary store_summary;

    hx_report_axis axis;
    hx_report_bucket buckets[HX_REPORT_BUCKETS_MAX];
    int64_t window; /* days of a period; 0 = too little time for one */
    hx_report_period periods[HX_PERIOD_N];
    hx_report_money money[HX_REPORT_CURRENCIES_MAX]; /* net, guests too; main first */
    size_t n_money;
    hx_report_customer *customers; /* as pop->customers; arena */
    hx_map order_ids; /* of the block at hand */
    hx_map guest_orders; /* of all guests */

    hx_map item_index, word_index; /* hash -> index + 1 */
    hx_buf items; /* hx_report_item */
    hx_buf words; /* hx_report_word */
    hx_report_item categories[HX_REPORT_TOP_ITEMS];
    size_t n_categories;
    uint32_t top_items[HX_REPORT_TOP_ITEMS], top_words[HX_REPORT_TOP_WORDS];
    size_t n_top_items, n_top_words;
    hx_report_voice intents[HX_INTENT_N];
    hx_report_voice aspects[HX_REPORT_ASPECTS];
    hx_report_lexicon lexicon;
    hx_buf quotes; /* hx_report_quote */
    int32_t n_numbered; /* quotes that the page shows */
    hx_map quote_index; /* event and place -> index + 1 */
    hx_buf fingerprints; /* uint64_t a text */
    hx_report_engine engines[HX_REPORT_ENGINES_MAX];
    size_t n_engines;
    hx_report_quality quality;
} hx_report;

static inline hx_report_item *hx__report_items(const hx_report *r) {
    return (hx_report_item *)(void *)r->items.ptr;
}
static inline hx_report_word *hx__report_words(const hx_report *r) {
    return (hx_report_word *)(void *)r->words.ptr;
}
static inline hx_report_quote *hx__report_quotes(const hx_report *r) {
    return (hx_report_quote *)(void *)r->quotes.ptr;
}

/* Everything into `r` (all zero before). Release it also after a failure. */
hx_status hx__report_gather(hx_report *r, hx_store *s, const hx_answer_options *o,
                            hx_error *err) HX_MUST_USE;
void hx__report_release(hx_report *r);

/* ------------------------------------------------------------------ report_time.c */
/* Chooses the columns of the charts and the window from the population. */
void hx__report_axis_choose(hx_report *r);
/* The bucket of a time, or -1 where it is in none. */
int hx__report_bucket_of(const hx_report *r, int64_t ms);
#define HX_REPORT_LABEL_MAX 48
char *hx__report_bucket_label(const hx_report *r, size_t i, char out[HX_REPORT_LABEL_MAX]);
/* "2026-11-20 14:05" in the report's zone; "" for HX_TIME_NONE. */
char *hx__report_local_text(const hx_report *r, int64_t ms, char out[HX_REPORT_LABEL_MAX]);

/* ------------------------------------------------------------------ report_walk.c, report_voice.c */
hx_status hx__report_walk(hx_report *r, hx_error *err) HX_MUST_USE;
/* A text that counts in the voice: read, no noise, no search query. */
bool hx__report_speaks(const hx_event *e);
bool hx__report_is_seen(const hx_report *r, const hx_event *e); /* not after as_of */
/* The item of an event, made where absent; NULL where it names none or the table is full. */
hx_report_item *hx__report_item_of(hx_report *r, const hx_event *e, bool make);
void hx__report_count_words(hx_report *r, const hx_event *e);
/* Between the walks: the top items, categories and words. */
void hx__report_choose_top(hx_report *r);
hx_status hx__report_walk_quotes(hx_report *r, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ report_quote.c */
/* `text` without personal data: runs of 7 digits or more and mail addresses lose their middle. */
hx_str hx__report_mask(hx_str text, hx_arena *arena);
/* text[cut], masked as part of the whole. */
hx_str hx__report_mask_cut(hx_str text, hx_span cut, hx_arena *arena);
/* At most `most` bytes of `s`, cut at a code point. */
hx_str hx__report_shorten(hx_str s, size_t most);
/* The bytes of `text` to quote: all of a short one, else what stands about byte `at`, at most HX_REPORT_QUOTE_BYTES, cut at code points. */
hx_span hx__report_cut(hx_str text, uint32_t at);
/* Offers an event to a list: it keeps the newest of each mood, no near duplicates. */
void hx__report_offer(hx_report *r, hx_report_list *list, uint64_t person, const hx_event *e,
                      uint32_t at, hx_sentiment_label label);
/* The number in the page of a quote (index into r->quotes), given at first use; and of an event's text, -1 when out of memory. */
int32_t hx__report_number_quote(hx_report *r, uint32_t quote);
int32_t hx__report_quote_number(hx_report *r, uint64_t person, const hx_event *e);
/* The quotes of a list, newest first, into out; returns how many. */
size_t hx__report_list_sorted(const hx_report *r, const hx_report_list *list,
                              uint32_t out[HX_REPORT_SLOTS]);

/* ------------------------------------------------------------------ report_quality.c */
hx_status hx__report_quality_gather(hx_report *r, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ report_people.c, report_finding.c, report_json.c */
/* The id a person is shown by: the first customer number, else the main id; mail and phone masked. In r->arena. */
hx_str hx__report_shown_id(const hx_report *r, const hx_profile *p);
/* Members "best" and "unhappiest"; "segments" with their first members. */
hx_status hx__report_put_people(hx_report *r, hx_json_writer *w, hx_error *err) HX_MUST_USE;
hx_status hx__report_put_segments(hx_report *r, hx_json_writer *w, hx_error *err) HX_MUST_USE;
/* Sections that walk everybody's events again are left out beyond; member "large" says so, and the page. */
#define HX_REPORT_LARGE 300000 /* customers */
/* report_more.c: members "retention", "satisfaction", "overlap". */
hx_status hx__report_put_more(const hx_report *r, hx_json_writer *w, hx_error *err) HX_MUST_USE;
typedef struct {
    uint64_t customers, came_back; /* first seen before the last column; active in the next one */
} hx_report_return;
hx_report_return hx__report_returned(const hx_report *r);
/* report_value.c: member "value", null where the purchases do not tell. */
hx_status hx__report_put_value(hx_report *r, hx_json_writer *w, hx_error *err) HX_MUST_USE;
/* report_topics.c: member "topics", null where there is nothing to say. */
hx_status hx__report_put_topics(hx_report *r, const char *share_dir, hx_json_writer *w,
                                hx_error *err) HX_MUST_USE;
/* report_together.c: member "together". */
hx_status hx__report_put_together(hx_report *r, hx_json_writer *w, hx_error *err) HX_MUST_USE;
/* {"overview":{"zh":..,"en":..},..}: one sentence a section. */
void hx__report_put_findings(const hx_report *r, hx_json_writer *w);
hx_status hx__report_put(hx_report *r, hx_json_writer *w, hx_error *err) HX_MUST_USE;

#endif
