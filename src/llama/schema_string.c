/* schema_string.c - strings: lengths, formats, patterns.
 *
 * Lengths count code points, as JSON Schema does: each `char` of the grammar is one, escaped or not. Formats are narrow forms of RFC 3339,
 * RFC 4122, RFC 2673 and of common mail addresses: whatever matches is valid; years have four digits from 1000 on, leap days are left out. */
#include "llama/schema.h"

#include <string.h>

#include "base/error.h"

#define YEAR_MONTH_DAY                                                                             \
    "[1-9] [0-9]{3} \"-\" ((\"01\" | \"03\" | \"05\" | \"07\" | \"08\" | \"10\" | \"12\") \"-\" "  \
    "(\"0\" [1-9] | [12] [0-9] | \"3\" [01])"                                                      \
    " | (\"04\" | \"06\" | \"09\" | \"11\") \"-\" (\"0\" [1-9] | [12] [0-9] | \"30\")"             \
    " | \"02-\" (\"0\" [1-9] | \"1\" [0-9] | \"2\" [0-8]))"
#define HOUR_MINUTE "([01] [0-9] | \"2\" [0-3]) \":\" [0-5] [0-9]"
#define TIME_OF_DAY                                                                                \
    HOUR_MINUTE " \":\" [0-5] [0-9] (\".\" [0-9]{1,6})? (\"Z\" | [+-] " HOUR_MINUTE ")"
#define BYTE "(\"25\" [0-5] | \"2\" [0-4] [0-9] | \"1\" [0-9] [0-9] | [1-9] [0-9] | [0-9])"

typedef struct {
    const char *name, *gbnf;
} format;

static const format formats[] = {
    {"date", YEAR_MONTH_DAY},
    {"date-time", YEAR_MONTH_DAY " \"T\" " TIME_OF_DAY},
    {"time", TIME_OF_DAY},
    {"uuid", "[0-9a-f]{8} (\"-\" [0-9a-f]{4}){3} \"-\" [0-9a-f]{12}"},
    {"ipv4", BYTE " (\".\" " BYTE "){3}"},
    {"email", "[A-Za-z0-9]{1,30} ([._+-] [A-Za-z0-9]{1,16}){0,2} \"@\" ([A-Za-z0-9]{1,30} "
              "\".\"){1,3} [A-Za-z]{2,10}"},
};

static hx_status put_format(hx_schema *s, uint32_t place, json_t *node) {
    const char *name = json_string_value(json_object_get(node, "format"));
    for (size_t i = 0; name && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0) {
            hx_buf_append_lit(&s->out, formats[i].gbnf);
            return HX_OK;
        }
    return hx_fail(s->err, HX_EFORMAT,
                   "schema: %s is not supported; date, date-time, time, uuid, ipv4 and email are",
                   hx_schema_pointer(s, place, "format"));
}

static hx_status put_length(hx_schema *s, uint32_t place, json_t *node) {
    uint32_t least, most;
    HX_TRY(hx_schema_count(s, place, node, "minLength", 0, &least));
    HX_TRY(hx_schema_count(s, place, node, "maxLength", HX_GRAMMAR_UNLIMITED, &most));
    if (least > most)
        return hx_fail(s->err, HX_EFORMAT, "schema: %s is above maxLength",
                       hx_schema_pointer(s, place, "minLength"));
    if (most == HX_GRAMMAR_UNLIMITED)
        hx_buf_printf(&s->out, "char{%u,}", least);
    else
        hx_buf_printf(&s->out, "char{%u,%u}", least, most);
    return HX_OK;
}

hx_status hx_schema_string(hx_schema *s, uint32_t place, json_t *node) {
    json_t *pattern = json_object_get(node, "pattern");
    bool has_length = json_object_get(node, "minLength") || json_object_get(node, "maxLength");
    bool has_format = json_object_get(node, "format") != NULL;
    s->pattern_at = "pattern";
    if (pattern && !json_is_string(pattern))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be a string",
                       hx_schema_pointer(s, place, "pattern"));
    if ((pattern != NULL) + has_length + has_format > 1)
        return hx_fail(s->err, HX_EFORMAT,
                       "schema: %s beside another limit of the same string is not supported",
                       hx_schema_pointer(s, place, pattern ? "pattern" : "format"));
    hx_buf_append_lit(&s->out, "\"\\\"\" ");
    if (pattern)
        HX_TRY(hx_schema_pattern(s, place,
                                 (hx_str){json_string_value(pattern), json_string_length(pattern)},
                                 "char", &s->out));
    else if (has_format)
        HX_TRY(put_format(s, place, node));
    else
        HX_TRY(put_length(s, place, node));
    hx_buf_append_lit(&s->out, " \"\\\"\"");
    return HX_OK;
}
