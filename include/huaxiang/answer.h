/* huaxiang/answer.h - questions over a store: who is this customer, why does the program say so, what does the shop look like.
 *
 * Everything here reads; nothing is changed. JSON results live in the arena and are one value each, UTF-8, keys as in
 * docs/interface. Times are UTC; NAME_local beside NAME is the same moment in the answer's time zone. `as_of` (ms since 1970 UTC) = only events up to then are seen; HX_AS_OF_LATEST = the time of the store's latest event. */
#ifndef HUAXIANG_ANSWER_H
#define HUAXIANG_ANSWER_H

#include "huaxiang/base.h"
#include "huaxiang/insight.h"
#include "huaxiang/store.h"
#include "huaxiang/text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HX_AS_OF_LATEST INT64_MIN
#define HX_LABEL_SCORE_BOUND 0.02 /* of a label's probability, between kernels */

typedef struct {
    int64_t as_of;
    hx_ui_lang ui; /* language of names, reasons and sentences */
    const char *timezone; /* of day and month borders and by_hour; NULL = the store's */
    double half_life; /* show: days in which an event loses half of its weight; 0 = 365 */
    bool drifts; /* show: compare with the time `since` (ms), which must lie before as_of */
    int64_t since;
    bool household; /* show: conclude on home and role, too, which is private */
    const hx_labeller
        *labeller; /* verify: reads texts of claims on its labels again; NULL = as stored */
} hx_answer_options;

/* One customer's profile: id, ids, as_of, traits, activity, voice, interests, scores, segments (the profile of the interface), dynamic (interests that
 * fade, mood, aspects, stage of life, habits, price, each with interval and events: docs/dynamic.md) and, with o->drifts, drift. */
HX_API hx_status hx_answer_show(hx_store *s, hx_str who, const hx_answer_options *o,
                                hx_arena *arena, hx_str *json, hx_error *err) HX_MUST_USE;

/* That person's events as a JSON array, oldest first, the last `limit` (0 = all), each with its spans: sentiment evidence, keywords. */
HX_API hx_status hx_answer_timeline(hx_store *s, hx_str who, size_t limit,
                                    const hx_answer_options *o, hx_arena *arena, hx_str *json,
                                    hx_error *err) HX_MUST_USE;

/* All segments: [{"id":"high_value","name":"高价值客户","rule":"...","size":n,"share":x,"as_of":"..."}]. */
HX_API hx_status hx_answer_segments(hx_store *s, const hx_answer_options *o, hx_arena *arena,
                                    hx_str *json, hx_error *err) HX_MUST_USE;
/* Members of one (id or name, one that hx_segment_define() made included, or a rule on a model's labels: label.SET=LABEL, label.SET(LABEL)>=N, label.SET(LABEL)>=N%), best first: {"id","name","rule","size","members":[{"id","ids",...}]}, at most `limit` (0 = all). */
HX_API hx_status hx_answer_segment(hx_store *s, hx_str segment, size_t limit,
                                   const hx_answer_options *o, hx_arena *arena, hx_str *json,
                                   hx_error *err) HX_MUST_USE;

/* The rule language of hx_segment_define() (docs/segments.md), tried and not kept: as hx_answer_segment(). HX_EINVAL: err->byte is the place in `rule`. */
HX_API hx_status hx_answer_segment_test(hx_store *s, hx_str rule, size_t limit,
                                        const hx_answer_options *o, hx_arena *arena, hx_str *json,
                                        hx_error *err) HX_MUST_USE;
/* How segments lie over each other: [{"a","b","size_a","size_b","shared","jaccard","lift","as_of"}], of all pairs or of those with `segment`
 * (empty = all). lift = share of a's members in b / share of all customers in b; null where one is empty. */
HX_API hx_status hx_answer_segment_overlap(hx_store *s, hx_str segment, const hx_answer_options *o,
                                           hx_arena *arena, hx_str *json,
                                           hx_error *err) HX_MUST_USE;
/* What sets members apart: {"id","size","share","as_of","lift":[{"measure","of":"mean"|"share","members","all","lift"}]}. */
HX_API hx_status hx_answer_segment_lift(hx_store *s, hx_str segment, const hx_answer_options *o,
                                        hx_arena *arena, hx_str *json, hx_error *err) HX_MUST_USE;
/* Of one that hx_segment_define() made: {"id","rule","as_of","months":[{"month":"2026-01","came","went","size"}]}, months in UTC, size at their end. */
HX_API hx_status hx_answer_segment_history(hx_store *s, hx_str segment, const hx_answer_options *o,
                                           hx_arena *arena, hx_str *json,
                                           hx_error *err) HX_MUST_USE;

/* The `limit` customers (0 = all) most like one, the most alike first: [{"id","name","ids","likeness" [0, 1],"shared" (interests of both),"parts":[{"part",
 * "likeness","weight"}],"orders","spent","as_of"}]. Gower's coefficient of interests and of ranks of orders, spending, days since the last purchase, days
 * between purchases, price share, texts, sentiment; parts' weighted mean is the likeness. Nothing that a person is takes part. */
HX_API hx_status hx_answer_similar(hx_store *s, hx_str who, size_t limit,
                                   const hx_answer_options *o, hx_arena *arena, hx_str *json,
                                   hx_error *err) HX_MUST_USE;

/* A profile in three to six sentences of o->ui's language: {"id","name","as_of","lang","prose","facts":[{"fact","value"}],"quotes":[{"event","text"}]}. A template
 * fills them from the store; what isn't known is left out. The prose has passed hx_prose_check() against these facts and quotes, else
 * HX_ECONFLICT. */
HX_API hx_status hx_answer_prose(hx_store *s, hx_str who, const hx_answer_options *o,
                                 hx_arena *arena, hx_str *json, hx_error *err) HX_MUST_USE;
#define HX_PROSE_BAD_MAX 96
/* Whether every number and every quote of the prose, whoever wrote it, stands in the facts and quotes: numbers as they are written there (commas aside),
 * quotes whole, or a piece that ends in an ellipsis. Numbers in words (three hundred, 三百) are refused. bad: what is wrong, "" if nothing. */
HX_API bool hx_prose_check(hx_str prose, const hx_str *facts, size_t n_facts, const hx_str *quotes,
                           size_t n_quotes, char bad[HX_PROSE_BAD_MAX]);

/* What customers said: the texts of reviews, tickets and other events of a store up to its current time, without noise (adverts, default praise) and
 * searches; in order of time and event, so that the same store gives the same list. */
typedef struct {
    hx_str text; /* verbatim */
    int64_t time; /* ms since 1970 UTC; INT64_MIN where it isn't dated */
    uint64_t event;
    uint64_t person; /* 0: a guest */
    int sentiment; /* hx_sentiment_label of its annotation */
} hx_said_text;
#define HX_SAID_TEXTS_MAX 5000000u /* HX_ELIMIT where all of more are asked for */
#define HX_ID_NAME_MAX 20 /* bytes of hx_event_name() and hx_person_name(), with their ends */
/* All in `arena`. most: the latest so many alone, of a store however large; 0 = all. */
HX_API hx_status hx_answer_texts(hx_store *s, size_t most, const hx_answer_options *o,
                                 hx_arena *arena, const hx_said_text **out, size_t *n,
                                 hx_error *err) HX_MUST_USE;
/* How an event and a person are called in receipts and answers: 16 hexadecimal digits, c_ and 13 characters. */
HX_API const char *hx_event_name(uint64_t event, char out[HX_ID_NAME_MAX]);
HX_API const char *hx_person_name(uint64_t person, char out[HX_ID_NAME_MAX]);

/* A question in Chinese or English, answered from the store alone (docs/ask.md): {"question","lang","status":"answered"|"not in the data","as_of",
 * "timezone","understood","unit","value","before","change","of","base","rows":[..],"parts":[{"by","rows"}],"quotes":[{"event","customer","time_local",
 * "text"}],"evidence":{"events","hash","first":[EVENT..]},"unknown","instead","answer"}, members as the question asks for them. Parts of a
 * change sum to it. `follow_language`: the answer is in the question's language, else in o->ui. HX_EINVAL: an empty question or one in
 * another language; HX_ELIMIT: more than 2000 bytes. */
HX_API hx_status hx_answer_ask(hx_store *s, hx_str question, bool follow_language,
                               const hx_answer_options *o, hx_arena *arena, hx_str *json,
                               hx_error *err) HX_MUST_USE;

/* The receipt of a claim: label:EVENT/sentiment, label:EVENT/intent, label:EVENT/label.SET (what a trained model said), trait:NAME, trait:label.SET, score:rfm (score:recency ...), segment:NAME (in or out).
 * It lists the events and spans it came from, model hashes, parameters, contributions that sum exactly to the score. */
HX_API hx_status hx_answer_why(hx_store *s, const hx_text_model *m, hx_str who, hx_str claim,
                               const hx_answer_options *o, hx_arena *arena, hx_str *json,
                               hx_error *err) HX_MUST_USE;
/* Replays a receipt. *json = {"verified":true|false,"compared":"bytes","changed":[...sentences]}; of claims on a model's labels also
 * "labels":"read again"|"as stored": with o->labeller, and to the same bytes where the kernels are those of the receipt, else within
 * HX_LABEL_SCORE_BOUND. HX_EFORMAT where it is no receipt. After erasure: a
 * sentence 'evidence erased on DATE'. */
HX_API hx_status hx_answer_verify(hx_store *s, const hx_text_model *m, hx_str receipt,
                                  const hx_answer_options *o, hx_arena *arena, bool *verified,
                                  hx_str *json, hx_error *err) HX_MUST_USE;

/* Satisfaction and loyalty from ratings, texts, complaints, columns nps and csat, and purchases (docs/dynamic.md): {"by","as_of","return_days","level",
 * "all":{customers,index,rating,csat,nps,texts,positive,negative,complaints,loyalty},"groups_in_all","groups":[{"group","name","score",..}]}; at most
 * `limit` groups (0 = all), least satisfied first, months in their order. Figures are {"value","low","high","n"} or null. */
typedef enum {
    HX_SATISFACTION_ALL = 0, /* no groups */
    HX_SATISFACTION_CUSTOMER,
    HX_SATISFACTION_PRODUCT,
    HX_SATISFACTION_MONTH
} hx_satisfaction_by;
HX_API hx_status hx_answer_satisfaction(hx_store *s, hx_satisfaction_by by, size_t limit,
                                        const hx_answer_options *o, hx_arena *arena, hx_str *json,
                                        hx_error *err) HX_MUST_USE;

/* Everybody's purchases up to as_of, for the models of buying again: order lines with a time in the store's main currency, days of the answer's time
 * zone, customers by their first id. Customers are watched until as_of. *left_out = lines without a time or in another currency. */
HX_API hx_status hx_answer_transactions(hx_store *s, const hx_answer_options *o,
                                        hx_transactions *out, uint64_t *left_out,
                                        hx_error *err) HX_MUST_USE;
/* One customer's: {"customer","as_of","until","currency","days":[{"day","date","amount","events":[..]}]}; day and until count from 1970. */
HX_API hx_status hx_answer_purchases(hx_store *s, hx_str who, const hx_answer_options *o,
                                     hx_arena *arena, hx_str *json, hx_error *err) HX_MUST_USE;

/* What customers do next (docs/dynamic.md): {"as_of","visits":{browse,compare,buy,support},"next_page":{..},"next_purchase":{..} (how well each is
 * foretold on what was held out, beside a first-order Markov chain; null where nothing was),"customers":[{"customer","next_page":[{"name","p"}],
 * "next_purchase":[..]}]}; at most `limit` customers (0 = all), in the order of the store. */
HX_API hx_status hx_answer_next(hx_store *s, size_t limit, const hx_answer_options *o,
                                hx_arena *arena, hx_str *json, hx_error *err) HX_MUST_USE;

/* The summary after a run: customers, events, orders, spent by currency, texts by sentiment, segments, RFM groups, best and unhappiest customers. */
HX_API hx_status hx_answer_summary(hx_store *s, const hx_answer_options *o, hx_arena *arena,
                                   hx_str *json, hx_error *err) HX_MUST_USE;

/* Where sources disagree and time does not say which is newer: [{"id","name","customer","trait","value","from":[FILE...],"other",
 * "other_from":[FILE...]}], the value that holds first. */
HX_API hx_status hx_answer_conflicts(hx_store *s, hx_arena *arena, hx_str *json,
                                     hx_error *err) HX_MUST_USE;

/* The words people see for a code of an answer (a trait, a label, a segment, a unit, a state; "fact:CODE" for facts of receipts), or NULL
 * where the code has none and is shown as it is. */
HX_API const char *hx_answer_label(const char *code, hx_ui_lang ui);

typedef enum { HX_EXPORT_PROFILES = 0, HX_EXPORT_SEGMENTS } hx_export_what;
typedef enum {
    HX_EXPORT_CSV = 0,
    HX_EXPORT_XLSX
} hx_export_format; /* CSV with BOM and CRLF: opens well in Chinese Excel; cells that a spreadsheet would run are disarmed */
HX_API hx_status hx_answer_export(hx_store *s, hx_export_what what, hx_export_format format,
                                  const char *path, const hx_answer_options *o, uint64_t *rows,
                                  hx_error *err) HX_MUST_USE;

/* One self-contained HTML file with both languages, light and dark, made for print too. `share_dir` holds the bundled chart library. */
HX_API hx_status hx_answer_report(hx_store *s, const char *share_dir, const char *path,
                                  const hx_answer_options *o, hx_error *err) HX_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
