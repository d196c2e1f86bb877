/* json.h - the one place that includes jansson: parsing with caps checked before the parser sees the bytes, and a
 * streaming writer straight into a buffer. */
#ifndef HX_BASE_JSON_H
#define HX_BASE_JSON_H

#include <jansson.h>

#include "base/buf.h"

#define HX_JSON_DEPTH_MAX 64

/* Parses one JSON value. `what` names the input in the error. Refuses more than `max_bytes`, deeper than
 * HX_JSON_DEPTH_MAX, duplicate keys, invalid UTF-8. The caller json_decref()s *out. */
hx_status hx_json_parse(hx_str text, size_t max_bytes, const char *what, json_t **out,
                        hx_error *err) HX_MUST_USE;

/* Streaming writer: hx_json_key() before each member's value; commas are put by the writer. */
typedef struct {
    hx_buf *out; /* borrowed */
    unsigned char has_item[HX_JSON_DEPTH_MAX];
    int depth;
    bool after_key;
} hx_json_writer;

void hx_json_begin(hx_json_writer *w, hx_buf *out);
void hx_json_object(hx_json_writer *w);
void hx_json_end_object(hx_json_writer *w);
void hx_json_array(hx_json_writer *w);
void hx_json_end_array(hx_json_writer *w);
void hx_json_key(hx_json_writer *w, const char *key);
void hx_json_key_str(hx_json_writer *w, hx_str key);
void hx_json_str(hx_json_writer *w, hx_str s); /* invalid UTF-8 becomes U+FFFD */
void hx_json_cstr(hx_json_writer *w, const char *s);
void hx_json_int(hx_json_writer *w, int64_t v);
/* The shortest that reads back equal; NaN and infinities are null. */
void hx_json_double(hx_json_writer *w, double v);
void hx_json_bool(hx_json_writer *w, bool v);
void hx_json_null(hx_json_writer *w);
void hx_json_raw(hx_json_writer *w, hx_str json); /* already JSON */

#endif
