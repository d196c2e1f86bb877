/* json.c - JSON in, by jansson (the parser takes no file of ours and we write none of its).
 *
 * Before the parser sees a byte: the size is capped and the nesting is counted by a scan that knows strings, for
 * jansson recurses once a level. Duplicate keys are refused: two readers would disagree on what they mean. A byte
 * order mark, as Windows editors write it, is skipped.
 *
 * Of jansson's own message only the place is shown: its text repeats the input, which may be a customer's. */
#include "base/json.h"
#include "base/error.h"

#include <string.h>

#define JSON_BOM "\xEF\xBB\xBF"

/* The deepest nesting of brackets outside strings; stops at HX_JSON_DEPTH_MAX + 1. */
static int json_depth(hx_str text) {
    int depth = 0, deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len && deepest <= HX_JSON_DEPTH_MAX; i++) {
        char c = text.ptr[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
            continue;
        }
        if (c == '"')
            in_string = true;
        else if (c == '[' || c == '{')
            depth++;
        else if ((c == ']' || c == '}') && depth > 0)
            depth--;
        if (depth > deepest) deepest = depth;
    }
    return deepest;
}

static hx_status json_fail(const json_error_t *e, const char *what, hx_error *err) {
    int line = e->line, column = e->column;
    switch (json_error_code(e)) {
    case json_error_out_of_memory:
        return hx_fail(err, HX_ENOMEM, "%s: out of memory", what);
    case json_error_invalid_utf8:
        return hx_fail(err, HX_EFORMAT, "%s: not valid UTF-8 at line %d, column %d", what, line,
                       column);
    case json_error_duplicate_key:
        return hx_fail(err, HX_EFORMAT, "%s: the key that ends at line %d, column %d appears twice",
                       what, line, column);
    case json_error_numeric_overflow:
        return hx_fail(err, HX_EFORMAT, "%s: the number at line %d, column %d is out of range",
                       what, line, column);
    case json_error_premature_end_of_input:
        return hx_fail(err, HX_EFORMAT, "%s: the JSON breaks off at line %d, column %d", what, line,
                       column);
    case json_error_null_character:
        return hx_fail(err, HX_EFORMAT, "%s: \\u0000 at line %d, column %d is not allowed", what,
                       line, column);
    default:
        return hx_fail(err, HX_EFORMAT, "%s: not valid JSON at line %d, column %d", what, line,
                       column);
    }
}

hx_status hx_json_parse(hx_str text, size_t max_bytes, const char *what, json_t **out,
                        hx_error *err) {
    *out = NULL;
    if (text.len > max_bytes)
        return hx_fail(err, HX_ELIMIT, "%s: larger than the limit of %zu bytes", what, max_bytes);
    size_t skipped = 0;
    if (text.len >= 3 && memcmp(text.ptr, JSON_BOM, 3) == 0) skipped = 3;
    hx_str body = {text.ptr + skipped, text.len - skipped};
    if (body.len == 0) return hx_fail(err, HX_EFORMAT, "%s: empty where JSON is expected", what);
    if (json_depth(body) > HX_JSON_DEPTH_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: the JSON is nested deeper than %d levels", what,
                       HX_JSON_DEPTH_MAX);
    json_error_t e;
    *out = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (*out) return HX_OK;
    hx_status status = json_fail(&e, what, err);
    if (err && e.position >= 0) err->byte = (int64_t)skipped + e.position;
    return status;
}
