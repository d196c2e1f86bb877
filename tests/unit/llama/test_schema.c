/* test_schema.c - JSON Schemas as grammars: random texts satisfy them by a checker of its own, chosen texts match or not, and what is not
 * understood is refused with its place.
 *
 *     test_schema texts SEED N < SCHEMAS      for tests/golden/llama/check_schema.py: a line with N random texts for each line with a schema
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "llama/grammar.h"

#define SEED 11u

enum { TEXTS = 120, LONG = 500, TEXT_MAX = 60000 };

static hx_grammar *grammar_of(const char *schema) {
    hx_grammar *g = NULL;
    hx_error err = {0};
    if (hx_grammar_of_schema(&g, hx_str_of(schema), &err) != HX_OK)
        fail_msg("%s: %s", schema, err.message);
    return g;
}

/* ------------------------------------------------------------------ a checker */
static json_t *document; /* of the schema, for $ref: the test is one thread */

static bool satisfies(json_t *schema, json_t *value);

static bool is_of(const char *type, json_t *v) {
    if (strcmp(type, "integer") == 0)
        return json_is_integer(v) ||
               (json_is_real(v) && json_real_value(v) == (double)(int64_t)json_real_value(v));
    return (strcmp(type, "null") == 0 && json_is_null(v)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(v)) ||
           (strcmp(type, "number") == 0 && json_is_number(v)) ||
           (strcmp(type, "string") == 0 && json_is_string(v)) ||
           (strcmp(type, "array") == 0 && json_is_array(v)) ||
           (strcmp(type, "object") == 0 && json_is_object(v));
}

static bool has_type(json_t *type, json_t *v) {
    if (json_is_string(type)) return is_of(json_string_value(type), v);
    for (size_t i = 0; i < json_array_size(type); i++)
        if (is_of(json_string_value(json_array_get(type, i)), v)) return true;
    return type == NULL;
}

static bool satisfies_object(json_t *schema, json_t *v) {
    json_t *properties = json_object_get(schema, "properties"),
           *required = json_object_get(schema, "required");
    json_t *more = json_object_get(schema, "additionalProperties");
    for (size_t i = 0; i < json_array_size(required); i++)
        if (!json_object_get(v, json_string_value(json_array_get(required, i)))) return false;
    for (void *i = json_object_iter(v); i; i = json_object_iter_next(v, i)) {
        json_t *known = json_object_get(properties, json_object_iter_key(i));
        if (known && !satisfies(known, json_object_iter_value(i))) return false;
        if (!known && more && !satisfies(more, json_object_iter_value(i))) return false;
    }
    return true;
}

static bool satisfies_array(json_t *schema, json_t *v) {
    json_t *prefix = json_object_get(schema, "prefixItems"),
           *items = json_object_get(schema, "items");
    json_t *least = json_object_get(schema, "minItems"),
           *most = json_object_get(schema, "maxItems");
    if (least && json_array_size(v) < (size_t)json_integer_value(least)) return false;
    if (most && json_array_size(v) > (size_t)json_integer_value(most)) return false;
    for (size_t i = 0; i < json_array_size(v); i++) {
        json_t *rule = i < json_array_size(prefix) ? json_array_get(prefix, i) : items;
        if (rule && !satisfies(rule, json_array_get(v, i))) return false;
    }
    return true;
}

static bool satisfies_string(json_t *schema, json_t *v) {
    hx_str text = {json_string_value(v), json_string_length(v)};
    json_t *least = json_object_get(schema, "minLength"),
           *most = json_object_get(schema, "maxLength");
    json_t *pattern = json_object_get(schema, "pattern");
    if (least && hx_utf8_count(text) < (size_t)json_integer_value(least)) return false;
    if (most && hx_utf8_count(text) > (size_t)json_integer_value(most)) return false;
    if (!pattern) return true;
    regex_t r;
    assert_int_equal(regcomp(&r, json_string_value(pattern), REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&r, text.ptr, 0, NULL, 0) == 0;
    regfree(&r);
    return found;
}

static bool satisfies_number(json_t *schema, json_t *v) {
    double x = json_number_value(v);
    json_t *a = json_object_get(schema, "minimum"), *b = json_object_get(schema, "maximum");
    json_t *c = json_object_get(schema, "exclusiveMinimum"),
           *d = json_object_get(schema, "exclusiveMaximum");
    return (!a || x >= json_number_value(a)) && (!b || x <= json_number_value(b)) &&
           (!c || x > json_number_value(c)) && (!d || x < json_number_value(d));
}

static json_t *follow(json_t *schema) {
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    if (!ref) return schema;
    if (strcmp(ref, "#") == 0) return document;
    assert_int_equal(strncmp(ref, "#/$defs/", 8), 0);
    return json_object_get(json_object_get(document, "$defs"), ref + 8);
}

static size_t count_satisfied(json_t *list, json_t *v) {
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        n += satisfies(json_array_get(list, i), v);
    return n;
}

static bool satisfies(json_t *schema, json_t *v) {
    if (json_is_boolean(schema)) return json_is_true(schema);
    schema = follow(schema);
    if (json_is_null(v) && json_is_true(json_object_get(schema, "nullable"))) return true;
    if (!has_type(json_object_get(schema, "type"), v)) return false;
    json_t *one = json_object_get(schema, "const"), *list = json_object_get(schema, "enum");
    if (one && !json_equal(one, v)) return false;
    bool found = list == NULL;
    for (size_t i = 0; i < json_array_size(list); i++)
        found = found || json_equal(json_array_get(list, i), v);
    if (!found) return false;
    json_t *any = json_object_get(schema, "anyOf"), *only = json_object_get(schema, "oneOf"),
           *all = json_object_get(schema, "allOf");
    if (any && count_satisfied(any, v) == 0) return false;
    if (only && count_satisfied(only, v) != 1) return false;
    if (all && count_satisfied(all, v) != json_array_size(all)) return false;
    if (json_is_object(v)) return satisfies_object(schema, v);
    if (json_is_array(v)) return satisfies_array(schema, v);
    if (json_is_string(v)) return satisfies_string(schema, v);
    return json_is_number(v) ? satisfies_number(schema, v) : true;
}

/* ------------------------------------------------------------------ random texts */
/* A byte that may follow: any at first, closing ones once the text is long. */
static int random_byte(hx_matcher *m, uint32_t node, hx_rng *r, size_t length) {
    static const char closing[] = "\"]},:0123456789nulltruefalse";
    if (length > LONG || hx_rng_below(r, 6) == 0)
        for (size_t i = 0; closing[i]; i++)
            if (hx_matcher_step(m, node, (uint8_t)closing[i]) != 0) return (uint8_t)closing[i];
    int chosen = -1;
    uint64_t n = 0;
    for (int b = 0; b < 256; b++)
        if (hx_matcher_step(m, node, (uint8_t)b) != 0 && hx_rng_below(r, ++n) == 0) chosen = b;
    return chosen;
}

static bool random_text(const hx_grammar *g, hx_rng *r, hx_buf *text) {
    hx_matcher *m = hx_matcher_new(g);
    uint32_t node = hx_matcher_start(m);
    hx_buf_reset(text);
    while (text->len < TEXT_MAX) {
        if (hx_matcher_must_end(m, node)) break;
        if (hx_matcher_may_end(m, node) && hx_rng_below(r, 3) == 0) break;
        int byte = random_byte(m, node, r, text->len);
        if (byte < 0) break;
        hx_buf_append_byte(text, (char)byte);
        node = hx_matcher_trim(m, hx_matcher_step(m, node, (uint8_t)byte));
    }
    bool whole = hx_matcher_may_end(m, node);
    assert_int_equal(hx_matcher_status(m, NULL), HX_OK);
    hx_matcher_free(m);
    return whole;
}

static const char *const schemas[] = {
    "true",
    "{}",
    "{\"type\":\"object\"}",
    "{\"type\":\"string\"}",
    "{\"type\":\"string\",\"minLength\":2,\"maxLength\":5}",
    "{\"type\":\"string\",\"pattern\":\"^[a-z]{2,4}-[0-9]+$\"}",
    "{\"type\":\"string\",\"pattern\":\"[a-m]|^(n|op)+$|[.]$\"}",
    "{\"type\":\"string\",\"pattern\":\"^[^a-z]*x?[\\\"]$\"}",
    "{\"pattern\":\"^\\\\\\\\$\"}",
    "{\"type\":\"integer\"}",
    "{\"type\":\"integer\",\"minimum\":3,\"maximum\":3}",
    "{\"type\":\"integer\",\"minimum\":-17,\"maximum\":1234}",
    "{\"type\":\"integer\",\"exclusiveMinimum\":-1,\"exclusiveMaximum\":101}",
    "{\"type\":\"integer\",\"minimum\":98}",
    "{\"type\":\"integer\",\"maximum\":-98}",
    "{\"type\":\"integer\",\"minimum\":0.5,\"maximum\":2.5}",
    "{\"type\":\"number\"}",
    "{\"type\":\"number\",\"minimum\":0,\"maximum\":1}",
    "{\"type\":\"number\",\"exclusiveMinimum\":0,\"exclusiveMaximum\":0.01}",
    "{\"type\":\"number\",\"minimum\":-2.75,\"maximum\":-0.1}",
    "{\"type\":\"number\",\"minimum\":-0.3,\"maximum\":1000000.7}",
    "{\"type\":[\"integer\",\"null\",\"boolean\"]}",
    "{\"type\":\"integer\",\"nullable\":true}",
    "{\"enum\":[\"a\",1,2.5,null,{\"x\":[1,\"\\\"\"]},\"\\u597d\\n\"]}",
    "{\"type\":\"string\",\"enum\":[\"a\",1,\"b\"]}",
    "{\"const\":{\"k\":[true]}}",
    "{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9},\"minItems\":"
    "2,\"maxItems\":4}",
    "{\"type\":\"array\",\"maxItems\":0}",
    "{\"type\":\"array\",\"items\":false}",
    "{\"type\":\"array\",\"minItems\":1}",
    "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"null\"},{\"type\":\"boolean\"},{\"const\":7}]"
    "}",
    "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"null\"},{\"type\":\"boolean\"}],\"minItems\":"
    "1,\"items\":{\"const\":1},\"maxItems\":4}",
    "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"null\"},{\"type\":\"boolean\"}],\"minItems\":"
    "3}",
    "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"null\"},{\"type\":\"boolean\"}],\"maxItems\":"
    "1}",
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"const\":1},\"c\":{"
    "\"type\":\"boolean\"}}}",
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"const\":1},\"c\":{"
    "\"type\":\"boolean\"}},\"required\":[\"b\"]}",
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"}},\"required\":[\"a\",\"z\"],"
    "\"additionalProperties\":{\"const\":5}}",
    "{\"properties\":{\"ab\":{\"const\":1},\"abc\":{\"const\":2},\"\":{\"const\":3},\"\\u597d\":{"
    "\"const\":4},\"a\\\"\":{\"const\":5}},"
    "\"additionalProperties\":{\"const\":6}}",
    "{\"additionalProperties\":{\"type\":\"integer\"}}",
    "{\"properties\":{\"a\":true,\"b\":false},\"additionalProperties\":false}",
    "{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\",\"maxLength\":2}]}",
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"const\":1}},\"anyOf\":"
    "[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}",
    "{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"string\"},{\"enum\":[null,true]}]}",
    "{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"k\":{\"const\":\"x\"}},\"required\":[\"k\"]"
    "},"
    "{\"type\":\"object\",\"properties\":{\"k\":{\"const\":\"y\"},\"v\":true},\"required\":[\"k\"]}"
    "]}",
    "{\"allOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":["
    "\"a\"]},{\"$ref\":\"#/$defs/b\"}],"
    "\"$defs\":{\"b\":{\"allOf\":[{\"properties\":{\"b\":{\"type\":\"null\"}},\"required\":[\"b\"]}"
    "]}}}",
    "{\"allOf\":[{\"type\":[\"integer\",\"string\"],\"minimum\":3},{\"type\":\"number\","
    "\"minimum\":5,\"maximum\":8}]}",
    "{\"$ref\":\"#/$defs/"
    "tree\",\"$defs\":{\"tree\":{\"type\":\"object\",\"properties\":{\"v\":{\"type\":\"integer\"},"
    "\"c\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/"
    "tree\"},\"maxItems\":2}},\"required\":[\"v\"],\"additionalProperties\":false}}}",
    "{\"type\":\"object\",\"properties\":{\"next\":{\"anyOf\":[{\"$ref\":\"#\"},{\"type\":\"null\"}"
    "]}},\"required\":[\"next\"]}",
    "{\"title\":\"profile\",\"type\":\"object\",\"properties\":{\"sentiment\":{\"enum\":["
    "\"positive\",\"negative\",\"mixed\"]},"
    "\"score\":{\"type\":\"number\",\"minimum\":-1,\"maximum\":1},\"topics\":{\"type\":\"array\","
    "\"items\":{\"type\":\"string\",\"maxLength\":20},"
    "\"maxItems\":5},\"age\":{\"type\":[\"integer\",\"null\"]}},\"required\":[\"sentiment\","
    "\"score\",\"topics\"],\"additionalProperties\":false}",
};

static void random_texts_satisfy(void **state) {
    (void)state;
    hx_rng r;
    hx_buf text;
    hx_rng_seed(&r, SEED);
    hx_buf_init(&text, TEXT_MAX + 1);
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        hx_grammar *g = grammar_of(schemas[i]);
        int whole = 0;
        document = json_loads(schemas[i], JSON_DECODE_ANY, NULL);
        assert_non_null(document);
        for (int k = 0; k < TEXTS; k++) {
            if (!random_text(g, &r, &text)) continue;
            json_t *value = NULL;
            hx_error err = {0};
            /* A key may come twice, which JSON Schema does not judge and this reader refuses. */
            hx_status status = hx_json_parse(hx_buf_str(&text), TEXT_MAX, "text", &value, &err);
            if (status != HX_OK && strstr(err.message, "appears twice")) continue;
            if (status != HX_OK)
                fail_msg("%s: %s: %.*s", schemas[i], err.message, (int)text.len, text.ptr);
            if (!satisfies(document, value))
                fail_msg("%s is broken by %.*s", schemas[i], (int)text.len, text.ptr);
            json_decref(value);
            whole++;
        }
        if (whole < TEXTS / 2) fail_msg("%s: only %d whole texts", schemas[i], whole);
        json_decref(document);
        hx_grammar_free(g);
    }
    hx_buf_release(&text);
}

/* ------------------------------------------------------------------ chosen texts */
typedef struct {
    const char *schema, *text;
    bool is_text;
} match_case;

static const match_case cases[] = {
    {"true", "{\"a\": [1, 2.5e3, \"x\\u00e9\", {}], \"b\": null\n}", true},
    {"true", "\"\\ud83d\"", false},
    {"true", "\"\\u0000\"", false},
    {"true", "[1,]", false},
    {"true", "01", false},
    {"true", "1.", false},
    {"true", "\"\t\"", false},
    {"true", " 1", false},
    {"true", "{\"a\":\n                              1}", false},
    {"{\"type\":\"string\",\"maxLength\":1}", "\"\\u597d\"", true},
    {"{\"type\":\"string\",\"maxLength\":1}", "\"\xE5\xA5\xBD\"", true},
    {"{\"type\":\"string\",\"maxLength\":1}", "\"ab\"", false},
    {"{\"type\":\"string\",\"minLength\":1}", "\"\"", false},
    {"{\"type\":\"string\",\"format\":\"date\"}", "\"2024-02-28\"", true},
    {"{\"type\":\"string\",\"format\":\"date\"}", "\"2024-02-30\"", false},
    {"{\"type\":\"string\",\"format\":\"date\"}", "\"2024-04-31\"", false},
    {"{\"type\":\"string\",\"format\":\"date-time\"}", "\"2024-12-31T23:59:59.5+08:00\"", true},
    {"{\"type\":\"string\",\"format\":\"date-time\"}", "\"2024-12-31T24:00:00Z\"", false},
    {"{\"type\":\"string\",\"format\":\"time\"}", "\"08:30:00Z\"", true},
    {"{\"type\":\"string\",\"format\":\"uuid\"}", "\"123e4567-e89b-12d3-a456-426614174000\"", true},
    {"{\"type\":\"string\",\"format\":\"uuid\"}", "\"123e4567-e89b-12d3-a456-42661417400\"", false},
    {"{\"type\":\"string\",\"format\":\"ipv4\"}", "\"192.168.0.255\"", true},
    {"{\"type\":\"string\",\"format\":\"ipv4\"}", "\"192.168.0.256\"", false},
    {"{\"type\":\"string\",\"format\":\"email\"}", "\"li.lei@example.com.cn\"", true},
    {"{\"type\":\"string\",\"format\":\"email\"}", "\"li@lei@example.com\"", false},
    {"{\"type\":\"integer\",\"minimum\":-12,\"maximum\":105}", "-12", true},
    {"{\"type\":\"integer\",\"minimum\":-12,\"maximum\":105}", "-13", false},
    {"{\"type\":\"integer\",\"minimum\":-12,\"maximum\":105}", "105", true},
    {"{\"type\":\"integer\",\"minimum\":-12,\"maximum\":105}", "106", false},
    {"{\"type\":\"integer\",\"minimum\":-12,\"maximum\":105}", "0", true},
    {"{\"type\":\"integer\",\"minimum\":-12,\"maximum\":105}", "00", false},
    {"{\"type\":\"number\",\"minimum\":0,\"maximum\":5}", "4.5", true},
    {"{\"type\":\"number\",\"minimum\":0,\"maximum\":5}", "5.0", true},
    {"{\"type\":\"number\",\"minimum\":0,\"maximum\":5}", "5.1", false},
    {"{\"type\":\"number\",\"minimum\":0,\"maximum\":5}", "0.0001", true},
    {"{\"type\":\"number\",\"exclusiveMinimum\":0,\"maximum\":5}", "0.0", false},
    {"{\"type\":\"number\",\"minimum\":0.1,\"maximum\":0.3}", "0.3", true},
    {"{\"type\":\"number\",\"minimum\":0.1,\"maximum\":0.3}", "0.31", false},
    {"{\"pattern\":\"^\\\\d{3}-\\\\w+$\"}", "\"123-a_b\"", true},
    {"{\"pattern\":\"^\\\\d{3}-\\\\w+$\"}", "\"12-a_b\"", false},
    {"{\"pattern\":\"b\"}", "\"abc\"", true},
    {"{\"pattern\":\"b\"}", "\"ac\"", false},
    {"{\"pattern\":\"^(?:a|b)*?c$\"}", "\"ababc\"", true},
    {"{\"pattern\":\"^a/b\\\"$\"}", "\"a/b\\\"\"", true},
    {"{\"pattern\":\"^.$\"}", "\"\xE5\xA5\xBD\"", true},
    {"{\"pattern\":\"^\\\\u597d[\\\\u4e00-\\\\u9fa5]$\"}", "\"\xE5\xA5\xBD\xE7\x9C\x8B\"", true},
    {"{\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2},\"c\":{\"const\":3}},\"required\":["
     "\"b\"]}",
     "{\"b\":2}", true},
    {"{\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2},\"c\":{\"const\":3}},\"required\":["
     "\"b\"]}",
     "{\"a\":1,\"b\":2,\"c\":3}", true},
    {"{\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2},\"c\":{\"const\":3}},\"required\":["
     "\"b\"]}",
     "{\"a\":1}", false},
    {"{\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2},\"c\":{\"const\":3}},\"required\":["
     "\"b\"]}",
     "{\"b\":2,\"a\":1}", false},
    {"{\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2},\"c\":{\"const\":3}},\"required\":["
     "\"b\"]}",
     "{\"b\":2,\"d\":3}", false},
    {"{\"properties\":{\"ab\":{\"const\":1}},\"additionalProperties\":{\"const\":2}}", "{\"ab\":2}",
     false},
    {"{\"properties\":{\"ab\":{\"const\":1}},\"additionalProperties\":{\"const\":2}}",
     "{\"a\":2, \"abc\":2}", true},
    {"{\"properties\":{\"ab\":{\"const\":1}},\"additionalProperties\":{\"const\":2}}",
     "{\"\\u0061b\":2}", false},
    {"{\"allOf\":[{\"type\":\"string\",\"nullable\":true},{\"type\":\"string\"}]}", "null", false},
    {"{\"allOf\":[{\"type\":\"string\",\"nullable\":true},{\"type\":[\"string\",\"null\"]}]}",
     "null", true},
    {"{\"type\":\"string\",\"nullable\":true,\"anyOf\":[{\"type\":\"string\"}]}", "null", false},
    {"{\"nullable\":true,\"allOf\":[{\"type\":\"string\"}]}", "null", false},
    {"{\"nullable\":true,\"allOf\":[{\"type\":\"string\"}]}", "\"a\"", true},
    {"{\"type\":\"array\",\"allOf\":[{\"prefixItems\":[{\"const\":1}],\"items\":{\"const\":2}},{"
     "\"maxItems\":2}]}",
     "[1,2]", true},
    {"{\"type\":\"array\",\"allOf\":[{\"prefixItems\":[{\"const\":1}],\"items\":{\"const\":2}},{"
     "\"maxItems\":2}]}",
     "[2]", false},
    {"{\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2}},\"additionalProperties\":false,"
     "\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}",
     "{\"b\":2}", true},
    {"{\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2}},\"additionalProperties\":false,"
     "\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}",
     "{}", false},
    {"{\"prefixItems\":[],\"items\":{\"const\":1},\"minItems\":2}", "[]", false},
    {"{\"prefixItems\":[],\"items\":{\"const\":1},\"minItems\":2}", "[1,1]", true},
    {"{\"pattern\":\"^[^\\\\s]$\"}", "\"\xE3\x80\x80\"", false},
    {"{\"pattern\":\"^[^\\\\s]$\"}", "\"\xC2\xA0\"", false},
    {"{\"pattern\":\"^[^\\\\sa-f]$\"}", "\"g\"", true},
    {"{\"pattern\":\"^[^\\\\sa-f]$\"}", "\"c\"", false},
    {"{\"pattern\":\"^[^\\\\d]$\"}", "\"\xE5\xA5\xBD\"", true},
    {"{\"pattern\":\"^[^\\\\d\\\\w]$\"}", "\"\xE5\xA5\xBD\"", false},
    {"{\"pattern\":\"^[^\\\\w]$\"}", "\"\\\"\"", true},
    {"{\"type\":\"integer\",\"multipleOf\":7}", "999999999999994", true},
    {"{\"type\":\"integer\",\"multipleOf\":7}", "999999999999995", false},
    {"{\"type\":\"integer\",\"multipleOf\":7}", "-0", false},
    {"{\"type\":\"number\",\"multipleOf\":0.05}", "12345678901.15", true},
    {"{\"type\":\"number\",\"multipleOf\":0.05}", "0.0", true},
    {"{\"type\":\"number\",\"multipleOf\":0.05}", "0.16", false},
    {"{\"type\":\"number\",\"multipleOf\":0.05}", "1e2", false},
    {"{\"items\":{\"enum\":[\"a\",\"b\",3]},\"uniqueItems\":true}", "[3, \"a\"]", true},
    {"{\"items\":{\"enum\":[\"a\",\"b\",3]},\"uniqueItems\":true}", "[3,\"a\",3]", false},
    {"{\"items\":{\"enum\":[\"a\",\"b\",3]},\"uniqueItems\":true}", "[]", true},
    {"{\"items\":{\"enum\":[1,2,3]},\"uniqueItems\":true,\"minItems\":2,\"maxItems\":2}", "[3,1]",
     true},
    {"{\"items\":{\"enum\":[1,2,3]},\"uniqueItems\":true,\"minItems\":2,\"maxItems\":2}", "[3]",
     false},
    {"{\"items\":{\"enum\":[1,2,3]},\"uniqueItems\":true,\"minItems\":2,\"maxItems\":2}", "[3,1,2]",
     false},
    {"{\"items\":{\"type\":\"boolean\"},\"uniqueItems\":true}", "[true,false]", true},
    {"{\"items\":{\"type\":\"boolean\"},\"uniqueItems\":true}", "[true,true]", false},
    {"{\"items\":{\"type\":\"string\"},\"uniqueItems\":true,\"maxItems\":1}", "[\"a\"]", true},
    {"{\"items\":{\"type\":\"string\"},\"uniqueItems\":false}", "[\"a\",\"a\"]", true},
    {"{\"items\":{\"enum\":[1,2,3,4,5,6,7,8,9,10]},\"uniqueItems\":true}", "[1,5,10]", true},
    {"{\"items\":{\"enum\":[1,2,3,4,5,6,7,8,9,10]},\"uniqueItems\":true}", "[5,1]", false},
    {"{\"items\":{\"enum\":[1,2,3,4,5,6,7,8,9,10]},\"uniqueItems\":true,\"minItems\":9}",
     "[1,2,4,5,6,7,8,9,10]", true},
    {"{\"items\":{\"enum\":[1,2,3,4,5,6,7,8,9,10]},\"uniqueItems\":true,\"minItems\":9}",
     "[1,2,4,5,6,7,8,10]", false},
    {"{\"items\":{\"enum\":[1,2,3,4,5,6,7,8,9,10]},\"uniqueItems\":true,\"maxItems\":2}", "[7,9]",
     true},
    {"{\"items\":{\"enum\":[1,2,3,4,5,6,7,8,9,10]},\"uniqueItems\":true,\"maxItems\":2}",
     "[7,9,10]", false},
    {"{\"patternProperties\":{\"^a\":{\"const\":1}}}", "{\"a\":1,\"ab\": 1}", true},
    {"{\"patternProperties\":{\"^a\":{\"const\":1}}}", "{\"a\":2}", false},
    {"{\"patternProperties\":{\"^a\":{\"const\":1}}}", "{\"b\":1}", false},
    {"{\"patternProperties\":{\"^a\":{\"const\":1}}}", "{}", true},
    {"{\"patternProperties\":{\"^a\":false}}", "{}", true},
    {"{\"patternProperties\":{}}", "{\"b\":1}", true},
    {"{\"patternProperties\":{\"^a\":{\"const\":1},\"^b\":{\"const\":2}}}", "{\"ba\":2,\"ab\":1}",
     true},
    {"{\"patternProperties\":{\"^a\":{\"const\":1},\"^b\":{\"const\":2}}}", "{\"ba\":1}", false},
    {"{\"properties\":{\"ax\":true,\"c\":{\"const\":3}},\"required\":[\"ab\",\"c\"],"
     "\"patternProperties\":{\"^a\":{\"const\":1}}}",
     "{\"ax\":1,\"c\":3,\"ab\":1}", true},
    {"{\"properties\":{\"ax\":true,\"c\":{\"const\":3}},\"required\":[\"ab\",\"c\"],"
     "\"patternProperties\":{\"^a\":{\"const\":1}}}",
     "{\"ax\":2,\"c\":3,\"ab\":1}", false},
    {"{\"properties\":{\"ax\":true,\"c\":{\"const\":3}},\"required\":[\"ab\",\"c\"],"
     "\"patternProperties\":{\"^a\":{\"const\":1}}}",
     "{\"c\":3}", false},
    {"{\"type\":\"integer\",\"format\":\"int32\"}", "2147483647", true},
    {"{\"type\":\"integer\",\"format\":\"int32\"}", "2147483648", false},
    {"{\"type\":\"integer\",\"format\":\"int32\"}", "-2147483649", false},
    {"{\"$ref\":\"#/$defs/a%20b~1\",\"$defs\":{\"a b/\":{\"const\":1},\"a%20b/\":{\"const\":2}}}",
     "1", true},
    {"{\"$ref\":\"#/$defs/a%20b~1\",\"$defs\":{\"a b/\":{\"const\":1},\"a%20b/\":{\"const\":2}}}",
     "2", false},
};

static void texts_match_or_not(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_grammar *g = grammar_of(cases[i].schema);
        hx_matcher *m = hx_matcher_new(g);
        uint32_t node = hx_matcher_read(m, hx_matcher_start(m), hx_str_of(cases[i].text));
        if (hx_matcher_may_end(m, node) != cases[i].is_text)
            fail_msg("%s with %s", cases[i].schema, cases[i].text);
        hx_matcher_free(m);
        hx_grammar_free(g);
    }
}

/* ------------------------------------------------------------------ multiples, by all numbers */
typedef struct {
    const char *type, *limits;
    int64_t step, low, high; /* in ten-thousandths */
} multiple_case;

static const multiple_case multiple_cases[] = {
    {"integer", "\"multipleOf\":7", 70000, -4000000, 4000000},
    {"integer", "\"multipleOf\":1000", 10000000, -40000000, 40000000},
    {"integer", "\"multipleOf\":2.5", 25000, -4000000, 4000000},
    {"integer", "\"multipleOf\":0.5", 5000, -4000000, 4000000},
    {"integer", "\"multipleOf\":12,\"minimum\":-37,\"maximum\":1201", 120000, -370000, 12010000},
    {"number", "\"multipleOf\":0.25,\"minimum\":-1.3,\"maximum\":12", 2500, -13000, 120000},
    {"number", "\"multipleOf\":0.01", 100, -400000, 400000},
    {"number", "\"multipleOf\":0.07,\"exclusiveMinimum\":0", 700, 1, 400000},
    {"number", "\"multipleOf\":3", 30000, -4000000, 4000000},
};

static size_t decimals_of(int64_t step) {
    size_t n = 4;
    while (n > 0 && step % 10 == 0) {
        step /= 10;
        n--;
    }
    return n;
}

/* Of all numbers between low and high, with up to 4 decimals, those that are multiples are texts, and no other. */
static void multiples_are_exact(void **state) {
    (void)state;
    static const int64_t scales[] = {10000, 1000, 100, 10, 1};
    for (size_t i = 0; i < sizeof multiple_cases / sizeof *multiple_cases; i++) {
        const multiple_case *c = &multiple_cases[i];
        char schema[200], text[40];
        snprintf(schema, sizeof schema, "{\"type\":\"%s\",%s}", c->type, c->limits);
        size_t most = strcmp(c->type, "integer") == 0 ? 0 : decimals_of(c->step), n = 0;
        hx_grammar *g = grammar_of(schema);
        hx_matcher *m = hx_matcher_new(g);
        for (size_t d = 0; d <= 4; d++)
            for (int64_t k = -4000; k <= 4000; k++) {
                int64_t value = k * scales[d], whole = (k < 0 ? -k : k) * scales[d];
                size_t at = (size_t)snprintf(text, sizeof text, "%s%lld", k < 0 ? "-" : "",
                                             (long long)(whole / 10000));
                if (d > 0) {
                    char digits[8];
                    snprintf(digits, sizeof digits, "%04lld", (long long)(whole % 10000));
                    snprintf(text + at, sizeof text - at, ".%.*s", (int)d, digits);
                }
                bool expected =
                    d <= most && value % c->step == 0 && value >= c->low && value <= c->high;
                uint32_t node = hx_matcher_read(m, hx_matcher_start(m), hx_str_of(text));
                if (hx_matcher_may_end(m, node) != expected && value >= c->low && value <= c->high)
                    fail_msg("%s with %s", schema, text);
                n += expected;
            }
        assert_true(n > 0);
        hx_matcher_free(m);
        hx_grammar_free(g);
    }
}

/* ------------------------------------------------------------------ refusals */
typedef struct {
    const char *schema, *message;
} refusal;

static const refusal refusals[] = {
    {"{\"not\":{}}", "schema: #/not is not supported"},
    {"{\"type\":\"object\",\"properties\":{\"a\":{\"items\":{\"contains\":1}}}}",
     "schema: #/properties/a/items/contains is not supported"},
    {"{\"patternProperties\":[]}", "schema: #/patternProperties must be an object of schemas"},
    {"{\"patternProperties\":{\"(\":true}}",
     "schema: #/patternProperties is no valid regular expression"},
    {"{\"patternProperties\":{\"(?=a)\":true}}", "schema: #/patternProperties uses what is not "
                                                 "supported here (look-around, references, anchors "
                                                 "inside, \\p, \\b)"},
    {"{\"patternProperties\":{\"^a\":{\"const\":1},\"b$\":{\"const\":2}}}",
     "schema: two patterns of #/patternProperties may match the same key; say them with one schema "
     "or "
     "so that none does"},
    {"{\"patternProperties\":{\"^\\\\d$\":{\"const\":1},\"^b$\":{\"const\":2}}}",
     "schema: two patterns of #/patternProperties may match the same key; say them with one schema "
     "or "
     "so that none does"},
    {"{\"properties\":{\"ax\":{\"const\":1}},\"patternProperties\":{\"^a\":{\"const\":2}}}",
     "schema: the property 'ax' is matched by a pattern of #/patternProperties, which says "
     "something "
     "else of it"},
    {"{\"properties\":{\"\\u597d\":{\"const\":1}},\"patternProperties\":{\"^a\":{\"const\":2}}}",
     "schema: #/patternProperties stands beside the name '\xE5\xA5\xBD', which is not plain ASCII"},
    {"{\"required\":[\"b\"],\"additionalProperties\":false,\"patternProperties\":{\"^a\":true}}",
     "schema: #/required asks for a property that is neither listed nor allowed"},
    {"{\"patternProperties\":{\"^a\":true},\"minProperties\":1}",
     "schema: #/minProperties above the number of required properties is not supported"},
    {"{\"allOf\":[{\"patternProperties\":{\"^a\":true}},{\"additionalProperties\":false}]}",
     "schema: #/additionalProperties would concern properties of another part"},
    {"{\"if\":true}", "schema: #/if is not supported"},
    {"{\"uniqueItems\":true}",
     "schema: #/uniqueItems can be held only for items from a list (enum, "
     "const, boolean, null)"},
    {"{\"items\":{\"type\":\"string\"},\"uniqueItems\":true}",
     "schema: #/uniqueItems can be held only for items from a list (enum, const, boolean, null)"},
    {"{\"items\":{\"enum\":[1,2],\"minimum\":2},\"uniqueItems\":true}",
     "schema: #/uniqueItems can be held only for items from a list (enum, const, boolean, null)"},
    {"{\"prefixItems\":[true,true],\"uniqueItems\":true}",
     "schema: #/uniqueItems beside prefixItems is not supported"},
    {"{\"items\":{\"enum\":[1,1.0,2]},\"uniqueItems\":true,\"minItems\":3}",
     "schema: #/minItems asks for more items than may stand"},
    {"{\"uniqueItems\":1}", "schema: #/uniqueItems must be true or false"},
    {"{\"items\":{\"$id\":\"x\"}}", "schema: #/items/$id is not supported"},
    {"{\"type\":\"text\"}", "schema: #/type must be a type's name or a list of them"},
    {"{\"type\":7}", "schema: #/type must be a type's name or a list of them"},
    {"7", "schema: # must be an object, true or false"},
    {"false", "schema: # is false: no value can be given"},
    {"{\"$ref\":\"other.json\"}",
     "schema: #/$ref leads nowhere; only #/... within the document is possible"},
    {"{\"$ref\":\"#/$defs/x\"}",
     "schema: #/$ref leads nowhere; only #/... within the document is possible"},
    {"{\"$ref\":\"#\"}", "schema: #/$ref leads back to itself"},
    {"{\"$ref\":\"#/$defs/a\",\"type\":\"null\",\"$defs\":{\"a\":true}}",
     "schema: #/type cannot stand beside $ref, enum or const"},
    {"{\"anyOf\":[{\"$ref\":\"#\"}]}", "schema: a $ref leads back to itself without end"},
    {"{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}",
     "schema: a $ref leads back to itself without end"},
    {"{\"enum\":[]}", "schema: #/enum must be a list with at least one value"},
    {"{\"enum\":[1],\"minimum\":3}", "schema: #/minimum cannot stand beside $ref, enum or const"},
    {"{\"type\":\"null\",\"enum\":[1]}", "schema: no value of #/enum has the type"},
    {"{\"anyOf\":{}}", "schema: #/anyOf must be a list of 1 to 1024 schemas"},
    {"{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]}",
     "schema: two schemas of #/oneOf may hold at once; say anyOf where that is meant"},
    {"{\"oneOf\":[{\"const\":1},{\"enum\":[1.0]}]}",
     "schema: two schemas of #/oneOf may hold at once; say anyOf where that is meant"},
    {"{\"allOf\":[{\"pattern\":\"a\"},{\"pattern\":\"b\"}]}",
     "schema: two parts say different things about #/pattern"},
    {"{\"allOf\":[{\"properties\":{\"a\":{\"type\":\"null\"}}},{\"properties\":{\"a\":{\"type\":"
     "\"string\"}}}]}",
     "schema: two parts of # describe the same property; describe it once"},
    {"{\"allOf\":[{\"properties\":{\"a\":true},\"additionalProperties\":false},{\"properties\":{"
     "\"b\":true}}]}",
     "schema: #/additionalProperties would concern properties of another part"},
    {"{\"minLength\":3,\"maxLength\":2}", "schema: #/minLength is above maxLength"},
    {"{\"minItems\":3,\"maxItems\":2}", "schema: #/minItems is above maxItems"},
    {"{\"format\":\"uri\"}",
     "schema: #/format is not supported; date, date-time, time, uuid, ipv4 and email are"},
    {"{\"pattern\":\"a\",\"minLength\":2}",
     "schema: #/pattern beside another limit of the same string is not supported"},
    {"{\"pattern\":\"(\"}", "schema: #/pattern is no valid regular expression"},
    {"{\"pattern\":\"*a\"}", "schema: #/pattern is no valid regular expression"},
    {"{\"pattern\":\"[a\"}", "schema: #/pattern is no valid regular expression"},
    {"{\"pattern\":\"a{3,2}\"}", "schema: #/pattern is no valid regular expression"},
    {"{\"pattern\":\"(?=a)\"}", "schema: #/pattern uses what is not supported here (look-around, "
                                "references, anchors inside, \\p, \\b)"},
    {"{\"pattern\":\"\\\\bx\"}", "schema: #/pattern uses what is not supported here (look-around, "
                                 "references, anchors inside, \\p, \\b)"},
    {"{\"pattern\":\"(a)\\\\1\"}", "schema: #/pattern uses what is not supported here "
                                   "(look-around, references, anchors inside, \\p, \\b)"},
    {"{\"pattern\":\"a^\"}", "schema: #/pattern uses what is not supported here (look-around, "
                             "references, anchors inside, \\p, \\b)"},
    {"{\"multipleOf\":0,\"type\":\"integer\"}", "schema: #/multipleOf must be a number above 0"},
    {"{\"multipleOf\":\"2\",\"type\":\"integer\"}",
     "schema: #/multipleOf must be a number above 0"},
    {"{\"multipleOf\":1e-20}",
     "schema: #/multipleOf has more than 15 digits, which is not supported"},
    {"{\"multipleOf\":999983,\"type\":\"integer\"}",
     "schema: the multiples of #/multipleOf take too many rules"},
    {"{\"multipleOf\":7,\"minimum\":1,\"maximum\":6,\"type\":\"integer\"}",
     "schema: no number with up to 4 decimals lies between the bounds of #"},
    {"{\"type\":\"integer\",\"minimum\":2,\"maximum\":1}",
     "schema: no number with up to 4 decimals lies between the bounds of #"},
    {"{\"required\":[\"a\"],\"additionalProperties\":false}",
     "schema: #/required asks for a property that is neither listed nor allowed"},
    {"{\"required\":[\"a\"],\"properties\":{\"a\":false}}",
     "schema: #/required asks for a property that is false"},
    {"{\"required\":\"a\"}", "schema: #/required must be a list of names"},
    {"{\"minProperties\":1}",
     "schema: #/minProperties above the number of required properties is not supported"},
    {"{\"maxProperties\":1}",
     "schema: #/maxProperties below the number of properties is not supported"},
    {"{\"items\":[true]}", "schema: #/items is a list; write prefixItems"},
    {"{\"items\":false,\"minItems\":1}", "schema: #/minItems asks for more items than may stand"},
    {"{\"prefixItems\":[true],\"items\":false,\"minItems\":2}",
     "schema: #/minItems asks for more items than may stand"},
    {"{\"allOf\":[{\"type\":\"array\",\"items\":{\"type\":\"string\"}},{\"prefixItems\":[{\"type\":"
     "\"number\"}]}]}",
     "schema: #/items would concern items of another part"},
    {"{\"allOf\":[{\"prefixItems\":[{\"type\":\"number\"}]},{\"type\":\"array\",\"items\":{"
     "\"type\":\"string\"}}]}",
     "schema: #/items would concern items of another part"},
    {"{\"items\":{\"type\":\"string\"},\"anyOf\":[{\"prefixItems\":[{\"type\":\"number\"}]}]}",
     "schema: #/items would concern items of another part"},
    {"{\"items\":{\"const\":1},\"allOf\":[{\"items\":{\"const\":1},\"prefixItems\":[{\"type\":"
     "\"number\"}]}]}",
     "schema: #/items would concern items of another part"},
    {"{\"allOf\":[{\"additionalProperties\":{\"type\":\"null\"}},{\"properties\":{\"a\":{\"type\":"
     "\"string\"}}}]}",
     "schema: #/additionalProperties would concern properties of another part"},
    {"{\"properties\":{\"a\":true},\"anyOf\":[{\"additionalProperties\":false}]}",
     "schema: #/additionalProperties would concern properties of another part"},
    {"{\"nullable\":1,\"allOf\":[{\"type\":\"string\"}]}",
     "schema: #/nullable must be true or false"},
    {"{\"properties\":{\"a\":true},\"anyOf\":[{\"$ref\":\"#\"}]}",
     "schema: #/anyOf leads back to itself"},
    {"{\"oneOf\":[{\"const\":[1]},{\"const\":[1.0]}]}",
     "schema: two schemas of #/oneOf may hold at once; say anyOf where that is meant"},
    {"{\"oneOf\":[{\"const\":{\"a\":[1e3]}},{\"enum\":[0,{\"a\":[1000]}]}]}",
     "schema: two schemas of #/oneOf may hold at once; say anyOf where that is meant"},
    {"{\"required\":[\"a\",\"a\"],\"minProperties\":2}",
     "schema: #/minProperties above the number of required properties is not supported"},
    {"{\"anyOf\":[{\"$ref\":\"#/anyOf/01\"},{\"type\":\"null\"}]}",
     "schema: #/anyOf/0/$ref leads nowhere; only #/... within the document is possible"},
    {"{\"$ref\":\"#/$defs/a~2b\",\"$defs\":{\"a~2b\":true}}",
     "schema: #/$ref leads nowhere; only #/... within the document is possible"},
    {"{\"$ref\":\"#/$defs/a%zz\",\"$defs\":{\"a%zz\":true}}",
     "schema: #/$ref leads nowhere; only #/... within the document is possible"},
    {"{\"$ref\":\"#/$defs/a/$defs/b\",\"$defs\":{\"a\":{\"$id\":\"x\",\"$defs\":{\"b\":true}}}}",
     "schema: #/$ref leads nowhere; only #/... within the document is possible"},
    {"{\"prefixItems\":[],\"items\":false,\"minItems\":1}",
     "schema: #/minItems asks for more items than may stand"},
    {"{\"a", "schema: the JSON breaks off at line 1, column 3"},
    {"{\"type\":\"null\",\"type\":\"string\"}",
     "schema: the key that ends at line 1, column 21 appears twice"},
};

static void schema_fail_closed(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        hx_grammar *g = NULL;
        hx_error err = {0};
        hx_status status = hx_grammar_of_schema(&g, hx_str_of(refusals[i].schema), &err);
        if (status != HX_EFORMAT || g) fail_msg("%s was taken", refusals[i].schema);
        assert_string_equal(err.message, refusals[i].message);
    }
}

/* Numeric keywords take what they can mean, and nothing else. */
static void json_numbers(void **state) {
    (void)state;
    static const char *const counts[] = {"minLength", "maxLength",     "minItems",
                                         "maxItems",  "minProperties", "maxProperties"};
    static const char *const bad[] = {
        "-1", "1.5", "1e308", "\"1\"", "9007199254740993", "null", "[]", "9223372036854775807"};
    static const char *const bounds[] = {"minimum", "maximum", "exclusiveMinimum",
                                         "exclusiveMaximum"};
    static const char *const bad_bounds[] = {"1e308", "-1e308", "\"1\"", "9007199254740993",
                                             "null",  "true"};
    hx_buf b;
    hx_buf_init(&b, 256);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 8; k++) {
            hx_grammar *g = NULL;
            hx_error err = {0};
            hx_buf_reset(&b);
            hx_buf_printf(&b, "{\"%s\":%s}", counts[i], bad[k]);
            assert_int_equal(hx_grammar_of_schema(&g, hx_buf_str(&b), &err), HX_EFORMAT);
            assert_non_null(strstr(err.message, "must be a whole number from 0 to 65536"));
        }
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 6; k++) {
            hx_grammar *g = NULL;
            hx_error err = {0};
            hx_buf_reset(&b);
            hx_buf_printf(&b, "{\"%s\":%s}", bounds[i], bad_bounds[k]);
            assert_int_equal(hx_grammar_of_schema(&g, hx_buf_str(&b), &err), HX_EFORMAT);
            assert_non_null(strstr(err.message, bounds[i]));
        }
    hx_buf_release(&b);
}

static void json_depth(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 1 << 24);
    for (int i = 0; i < 90000; i++)
        hx_buf_append_lit(&b, "{\"items\":");
    hx_grammar *g = NULL;
    hx_error err = {0};
    assert_int_equal(hx_grammar_of_schema(&g, hx_buf_str(&b), &err), HX_ELIMIT);
    assert_string_equal(err.message, "schema: the JSON is nested deeper than 64 levels");
    hx_buf_reset(&b);
    for (int i = 0; i < 1000000; i++)
        hx_buf_append_byte(&b, '[');
    assert_int_equal(hx_grammar_of_schema(&g, hx_buf_str(&b), &err), HX_ELIMIT);
    assert_string_equal(err.message, "schema: the JSON is nested deeper than 64 levels");
    hx_buf_release(&b);
}

/* What small documents can ask for in joins and comparisons ends with one sentence. */
static void assert_too_many_steps(const hx_buf *schema) {
    hx_grammar *g = NULL;
    hx_error err = {0};
    assert_false(schema->failed);
    assert_int_equal(hx_grammar_of_schema(&g, hx_buf_str(schema), &err), HX_ELIMIT);
    assert_null(g);
    assert_non_null(strstr(err.message, "takes too many steps to join or compare"));
}

static void put_names(hx_buf *b, int n, const char *each) {
    for (int i = 0; i < n; i++) {
        hx_buf_append_lit(b, i > 0 ? "," : "");
        hx_buf_printf(b, each, i);
    }
}

static void joins_and_comparisons_are_bounded(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    hx_buf_append_lit(&b, "{\"properties\":{");
    put_names(&b, 20000, "\"p%d\":true");
    hx_buf_append_lit(&b, "},\"anyOf\":[{\"$ref\":\"#/$defs/a\"}],"
                          "\"$defs\":{\"a\":{\"anyOf\":[{\"$ref\":\"#\"}]}}}");
    assert_too_many_steps(&b);
    hx_buf_reset(&b);
    hx_buf_append_lit(&b, "{\"oneOf\":[");
    for (int i = 0; i < 1000; i++) {
        hx_buf_append_lit(&b, i > 0 ? ",{\"enum\":[" : "{\"enum\":[");
        for (int k = 0; k < 60; k++)
            hx_buf_printf(&b, k > 0 ? ",\"%d_%d\"" : "\"%d_%d\"", i, k);
        hx_buf_append_lit(&b, "]}");
    }
    hx_buf_append_lit(&b, "]}");
    assert_too_many_steps(&b);
    hx_buf_reset(&b);
    hx_buf_append_lit(&b, "{\"required\":[");
    put_names(&b, 20000, "\"p%d\"");
    hx_buf_append_lit(&b, "]}");
    assert_too_many_steps(&b);
    hx_buf_reset(&b);
    hx_buf_append_lit(&b, "{\"oneOf\":[");
    put_names(&b, 1000, "{\"const\":\"v%d\"}");
    hx_buf_append_lit(&b, "]}");
    hx_grammar *g = NULL;
    assert_int_equal(hx_grammar_of_schema(&g, hx_buf_str(&b), NULL), HX_OK);
    hx_grammar_free(g);
    hx_buf_release(&b);
}

/* A step of a $ref longer than any that is looked up names nothing, also not what its beginning names. */
static void long_ref_steps_lead_nowhere(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 1 << 16);
    for (int n = 255; n <= 256; n++) {
        hx_grammar *g = NULL;
        hx_error err = {0};
        hx_buf_reset(&b);
        hx_buf_append_lit(&b, "{\"$defs\":{\"");
        for (int i = 0; i < 255; i++)
            hx_buf_append_byte(&b, 'a');
        hx_buf_append_lit(&b, "\":true},\"$ref\":\"#/$defs/");
        for (int i = 0; i < n; i++)
            hx_buf_append_byte(&b, 'a');
        hx_buf_append_lit(&b, "\"}");
        assert_int_equal(hx_grammar_of_schema(&g, hx_buf_str(&b), &err),
                         n == 255 ? HX_OK : HX_EFORMAT);
        if (n > 255) assert_non_null(strstr(err.message, "leads nowhere"));
        hx_grammar_free(g);
    }
    hx_buf_release(&b);
}

/* Texts of any depth stay readable: no deeper than readers of JSON go. */
static void texts_nest_no_deeper_than_readers(void **state) {
    (void)state;
    hx_grammar *g = grammar_of("true");
    for (int kind = 0; kind < 2; kind++) {
        hx_matcher *m = hx_matcher_new(g);
        uint32_t node = hx_matcher_start(m);
        int depth = 0;
        for (; depth < 1000; depth++) {
            uint32_t next = hx_matcher_read(m, node, hx_str_of(kind == 0 ? "[" : "{\"a\":"));
            if (next == 0) break;
            node = next;
        }
        assert_in_range(depth, 32, HX_JSON_DEPTH_MAX);
        node = hx_matcher_read(m, node, HX_STR_LIT("1"));
        for (int i = 0; i < depth; i++)
            node = hx_matcher_step(m, node, kind == 0 ? ']' : '}');
        assert_true(hx_matcher_must_end(m, node));
        hx_matcher_free(m);
    }
    hx_grammar_free(g);
}

/* One line of JSON: the error, or the whole ones of `n` random texts. */
static void print_texts(hx_str schema, hx_rng *r, int n) {
    hx_grammar *g = NULL;
    hx_error err = {0};
    hx_buf line, text;
    hx_json_writer w;
    hx_buf_init(&line, 64 << 20);
    hx_buf_init(&text, TEXT_MAX + 1);
    hx_json_begin(&w, &line);
    hx_json_object(&w);
    if (hx_grammar_of_schema(&g, schema, &err) != HX_OK) {
        hx_json_key(&w, "error");
        hx_json_cstr(&w, err.message);
        n = 0;
    }
    hx_json_key(&w, "texts");
    hx_json_array(&w);
    for (int i = 0; i < n; i++)
        if (random_text(g, r, &text)) hx_json_str(&w, hx_buf_str(&text));
    hx_json_end_array(&w);
    hx_json_end_object(&w);
    printf("%.*s\n", (int)line.len, line.ptr);
    hx_buf_release(&line);
    hx_buf_release(&text);
    hx_grammar_free(g);
}

static int print_all_texts(uint64_t seed, int n) {
    static char line[1 << 16];
    hx_rng r;
    hx_rng_seed(&r, seed);
    while (fgets(line, sizeof line, stdin))
        print_texts((hx_str){line, strcspn(line, "\n")}, &r, n);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "texts") == 0)
        return print_all_texts(strtoull(argv[2], NULL, 10), (int)strtol(argv[3], NULL, 10));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_texts_satisfy),
        cmocka_unit_test(texts_match_or_not),
        cmocka_unit_test(multiples_are_exact),
        cmocka_unit_test(schema_fail_closed),
        cmocka_unit_test(json_numbers),
        cmocka_unit_test(joins_and_comparisons_are_bounded),
        cmocka_unit_test(long_ref_steps_lead_nowhere),
        cmocka_unit_test(json_depth),
        cmocka_unit_test(texts_nest_no_deeper_than_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
