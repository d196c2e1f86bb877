/* value.h - the small values that every answer is made of, as JSON: times, money, ids, RFM, segments.
 *
 * Times are ISO 8601 in UTC or null; NAME_local beside NAME is the same moment in the answer's time zone, for eyes. Money is an exact decimal number of at most 4 places, always beside its currency (null =
 * not said). Names and sentences are in the asked language; keys never are. */
#ifndef HX_ANSWER_VALUE_H
#define HX_ANSWER_VALUE_H

#include "answer/population.h"
#include "base/json.h"

#define HX_ANSWER_BYTES_MAX (512u << 20)

void hx__value_time(hx_json_writer *w, const char *key, int64_t ms);
/* "2026-01-05 10:00:00" as clocks of `zone` show it, or null. */
void hx__value_local(hx_json_writer *w, const char *key, int64_t ms, const hx_zone *zone);
void hx__value_int(hx_json_writer *w, const char *key, int64_t v);
void hx__value_count(hx_json_writer *w, const char *key, uint64_t v); /* saturated */
void hx__value_cstr(hx_json_writer *w, const char *key, const char *v); /* NULL = null */
void hx__value_str(hx_json_writer *w, const char *key, hx_str v);
void hx__value_double(hx_json_writer *w, const char *key, double v);
void hx__value_money(hx_json_writer *w, const char *key, hx_money m); /* the bare number */
void hx__value_hash(hx_json_writer *w, const char *key, uint64_t hash); /* 16 hexadecimal digits */
/* {"value":1.5,"currency":"CNY"} */
void hx__value_amount(hx_json_writer *w, const char *key, hx_money m, hx_str currency);
/* {"customer":["u1"],"email":[..]} */
void hx__value_ids(hx_json_writer *w, const hx_profile *p);
/* {"r","f","m","name","group"} or null */
void hx__value_rfm(hx_json_writer *w, const char *key, const hx_customer *c, hx_ui_lang ui);
void hx__value_segments(hx_json_writer *w, const char *key,
                        const hx_customer *c); /* ["high_value"] */
/* counts[i] under name(i), those above 0 */
typedef const char *hx_value_name(size_t i);
void hx__value_counts(hx_json_writer *w, const char *key, const uint64_t *counts, size_t n,
                      hx_value_name *name);
hx_value_name hx__intent_name, hx__lang_name, hx__sentiment_name, hx__kind_name;

/* Labels of trained models (model_labels.c). Those of one customer by set, then most texts first; returns how many. */
size_t hx__label_order(const hx_profile *p, const hx_label_count *order[HX_LABELS_MAX]);
void hx__label_counts(hx_json_writer *w, const hx_profile *p, hx_str set); /* members */
void hx__label_traits(hx_json_writer *w, const hx_profile *p); /* members "label.SET":{..} */
/* Members "value" and "type" of a trait: the last label, or the mean of numbers. */
void hx__label_value(hx_json_writer *w, const hx_label_count *last);
/* Member "model_label", or "model_labels" where there are several. */
void hx__label_of_text(hx_json_writer *w, const hx_event *e);
void hx__label_sums_put(hx_json_writer *w,
                        const hx_label_sums *sums); /* {SET:{LABEL:{"texts","customers"}}} */

/* A customer in a list: id, name, ids, rfm, recency_days, orders, spent, texts, sentiment, segments. */
void hx__value_customer(hx_json_writer *w, const hx_population *pop, const hx_customer *c,
                        const hx_profile *p, hx_ui_lang ui);
/* An array of them; loads each profile. */
hx_status hx__value_customers(hx_json_writer *w, const hx_population *pop, const uint32_t *indexes,
                              size_t n, hx_ui_lang ui, hx_error *err) HX_MUST_USE;

/* Moves the finished text into the arena and releases `b` (always). */
hx_status hx__value_finish(hx_buf *b, hx_status so_far, hx_arena *arena, hx_str *json,
                           hx_error *err) HX_MUST_USE;
hx_ui_lang hx__answer_ui(const hx_answer_options *o);
int64_t hx__answer_as_of(const hx_answer_options *o); /* NULL = latest */

#endif
