/* schema.c - a JSON Schema (draft 2020-12, and what OpenAPI writes) as a grammar whose texts all satisfy it.
 *
 *   every subschema -> one rule s<i>; the line of places is worked off, so neither nesting nor $ref recurses
 *
 * What comes out is never wider than the schema: a keyword that is not understood, or cannot be kept exactly, is an error that names it and
 * its JSON pointer. It may be narrower, where a choice is needed to be finite or useful to read:
 *   - objects have the listed properties in the listed order, and others only where additionalProperties says so (true or a schema);
 *     keys of those are plain (nothing escaped) and none of the listed names
 *   - keywords of one type without `type` mean that type; tuples end with their prefix unless `items` says more
 *   - white space is one blank or one line break with up to 20 blanks, in places where people put it
 *   - with patternProperties other properties are those listed and those a pattern matches
 *   - integers have up to 15 digits; bounded numbers and multiples up to 4 decimals; no \u0000 in strings
 *   - items that must differ come from a list; of more than 8 values, in its order
 * Brackets open at most STACK_MAX frames deep, two a level: texts stay below the 64 levels that readers of JSON accept. */
#include "llama/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

enum { DOCUMENT_MAX = 1 << 20, STACK_MAX = 124, REFS_MAX = 64, POINTER_STEPS = 32 };

static const char prelude[] =
    "root ::= s0\n"
    "ws ::= (\" \" | \"\\n\" [ \\t]{0,20})?\n"
    "sp ::= \" \"?\n"
    "hex ::= [0-9a-fA-F]\n"
    "plain ::= [^\"\\\\\\x00-\\x1F]\n"
    "unit ::= \"000\" [1-9a-fA-F] | \"00\" [1-9a-fA-F] hex | \"0\" [1-9a-fA-F] hex{2} | "
    "[1-9a-cA-Ce-fE-F] hex{3} | [dD] [0-7] hex{2}\n"
    "char ::= plain | \"\\\\\" ([\"\\\\/bfnrt] | \"u\" unit)\n"
    "str ::= \"\\\"\" char* \"\\\"\"\n"
    "int ::= \"0\" | \"-\"? [1-9] [0-9]{0,14}\n"
    "num ::= \"-\"? (\"0\" | [1-9] [0-9]{0,14}) (\".\" [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?\n"
    "arr ::= \"[\" ws (any (\",\" ws any)* ws)? \"]\"\n"
    "obj ::= \"{\" ws (str \":\" sp any (\",\" ws str \":\" sp any)* ws)? \"}\"\n"
    "any ::= obj | arr | str | num | \"true\" | \"false\" | \"null\"\n";

/* Keywords and the types they speak of: 0 = a note, HX_JSON_TYPE_ANY = of any. */
typedef struct {
    const char *name;
    unsigned types;
} keyword;

static const keyword keywords[] = {
    {"title", 0},
    {"description", 0},
    {"default", 0},
    {"examples", 0},
    {"example", 0},
    {"$schema", 0},
    {"$comment", 0},
    {"deprecated", 0},
    {"readOnly", 0},
    {"writeOnly", 0},
    {"$defs", 0},
    {"definitions", 0},
    {"type", HX_JSON_TYPE_ANY},
    {"nullable", HX_JSON_TYPE_ANY},
    {"enum", HX_JSON_TYPE_ANY},
    {"const", HX_JSON_TYPE_ANY},
    {"anyOf", HX_JSON_TYPE_ANY},
    {"oneOf", HX_JSON_TYPE_ANY},
    {"allOf", HX_JSON_TYPE_ANY},
    {"$ref", HX_JSON_TYPE_ANY},
    {"properties", HX_JSON_TYPE_OBJECT},
    {"required", HX_JSON_TYPE_OBJECT},
    {"additionalProperties", HX_JSON_TYPE_OBJECT},
    {"minProperties", HX_JSON_TYPE_OBJECT},
    {"maxProperties", HX_JSON_TYPE_OBJECT},
    {"patternProperties", HX_JSON_TYPE_OBJECT},
    {"items", HX_JSON_TYPE_ARRAY},
    {"prefixItems", HX_JSON_TYPE_ARRAY},
    {"minItems", HX_JSON_TYPE_ARRAY},
    {"maxItems", HX_JSON_TYPE_ARRAY},
    {"uniqueItems", HX_JSON_TYPE_ARRAY},
    {"minLength", HX_JSON_TYPE_STRING},
    {"maxLength", HX_JSON_TYPE_STRING},
    {"pattern", HX_JSON_TYPE_STRING},
    {"format", HX_JSON_TYPE_STRING},
    {"minimum", HX_JSON_TYPE_NUMBER},
    {"maximum", HX_JSON_TYPE_NUMBER},
    {"exclusiveMinimum", HX_JSON_TYPE_NUMBER},
    {"exclusiveMaximum", HX_JSON_TYPE_NUMBER},
    {"multipleOf", HX_JSON_TYPE_NUMBER},
};

static const keyword *find_keyword(const char *name) {
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(keywords[i].name, name) == 0) return &keywords[i];
    return NULL;
}

bool hx_schema_is_note(const char *name) {
    const keyword *k = find_keyword(name);
    return k && k->types == 0;
}

/* ------------------------------------------------------------------ places */
static hx_schema_place *place_at(const hx_schema *s, uint32_t i) {
    return (hx_schema_place *)(void *)s->places.ptr + i;
}

const char *hx_schema_pointer(hx_schema *s, uint32_t place, const char *name) {
    const char *steps[POINTER_STEPS];
    size_t n = 0;
    for (uint32_t i = place; i != HX_GRAMMAR_NONE && n < POINTER_STEPS; i = place_at(s, i)->parent)
        steps[n++] = place_at(s, i)->step;
    hx_buf_reset(&s->pointer);
    hx_buf_append_lit(&s->pointer, "#");
    while (n > 0)
        hx_buf_append_lit(&s->pointer, steps[--n]);
    if (name) hx_buf_printf(&s->pointer, "/%s", name);
    hx_buf_append_byte(&s->pointer, '\0');
    return s->pointer.failed ? "#" : s->pointer.ptr;
}

static hx_status fail_memory(hx_schema *s) {
    return hx_fail(s->err, HX_ENOMEM, "not enough memory for the schema");
}

hx_status hx_schema_spend(hx_schema *s, uint32_t place, size_t steps) {
    s->steps = steps > HX_SCHEMA_STEPS_MAX ? HX_SCHEMA_STEPS_MAX + 1 : s->steps + steps;
    return s->steps <= HX_SCHEMA_STEPS_MAX
               ? HX_OK
               : hx_fail(s->err, HX_ELIMIT,
                         "schema: %s takes too many steps to join or compare; say it with fewer "
                         "parts or values",
                         hx_schema_pointer(s, place, NULL));
}

hx_status hx_schema_copy(hx_schema *s, uint32_t place, json_t *node, json_t **out) {
    HX_TRY(hx_schema_spend(s, place, HX_SCHEMA_COPY_STEPS * (json_object_size(node) + 1)));
    *out = json_copy(node);
    if (*out && hx_buf_append(&s->owned, out, sizeof *out)) return HX_OK;
    json_decref(*out);
    return fail_memory(s);
}

hx_status hx_schema_rule(hx_schema *s, json_t *node, uint32_t parent, const char *name,
                         const char *key, uint32_t *out) {
    uint64_t *slot = hx_map_put(&s->rule_of, (uint64_t)(uintptr_t)node);
    if (!slot) return fail_memory(s);
    /* true and false are shared by all places that say so: their error names the place. */
    if (*slot > 0 && !json_is_boolean(node)) {
        *out = (uint32_t)(*slot - 1);
        return HX_OK;
    }
    hx_schema_place p = {.node = node, .parent = parent};
    hx_buf step;
    hx_buf_init(&step, 4096);
    if (name) hx_buf_printf(&step, "/%s", name);
    if (key)
        hx_buf_printf(&step, "/%.*s", (int)hx_utf8_valid_prefix((hx_str){key, strnlen(key, 30)}),
                      key);
    if (step.len > 0 && step.len < sizeof p.step) memcpy(p.step, step.ptr, step.len);
    hx_buf_release(&step);
    *out = (uint32_t)(s->places.len / sizeof p);
    if (*out >= HX_SCHEMA_RULES_MAX)
        return hx_fail(s->err, HX_ELIMIT, "schema: more than %d schemas", HX_SCHEMA_RULES_MAX);
    if (!hx_buf_append(&s->places, &p, sizeof p)) return fail_memory(s);
    *slot = (uint64_t)*out + 1;
    return HX_OK;
}

/* ------------------------------------------------------------------ $ref */
static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The text of a step: %XX of the URI, then ~0 and ~1 of the pointer. False where it is none, or longer than `name`. */
static bool read_step(hx_str step, char name[256], size_t *n) {
    *n = 0;
    for (size_t i = 0; i < step.len; i++) {
        char c = step.ptr[i];
        if (*n == 255) return false;
        if (c == '%') {
            int high = i + 2 < step.len ? hex_value(step.ptr[i + 1]) : -1;
            int low = i + 2 < step.len ? hex_value(step.ptr[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0) return false;
            c = (char)(unsigned char)(high * 16 + low);
            i += 2;
        }
        name[(*n)++] = c;
    }
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        char c = name[i];
        if (c == '~') {
            if (++i == *n || (name[i] != '0' && name[i] != '1')) return false;
            c = name[i] == '0' ? '~' : '/';
        }
        name[kept++] = c;
    }
    *n = kept;
    name[kept] = '\0';
    return true;
}

/* One step of a JSON pointer (RFC 6901) into `node`; NULL = nothing there. */
static json_t *step_into(json_t *node, hx_str step) {
    char name[256];
    size_t n, index = 0;
    if (!read_step(step, name, &n)) return NULL;
    if (!json_is_array(node)) return json_object_get(node, name);
    for (size_t i = 0; i < n; i++) {
        if (name[i] < '0' || name[i] > '9' || index > HX_SCHEMA_ITEMS_MAX) return NULL;
        index = index * 10 + (size_t)(name[i] - '0');
    }
    bool is_index = n > 0 && (n == 1 || name[0] != '0');
    return is_index ? json_array_get(node, index) : NULL;
}

static json_t *find_ref(const hx_schema *s, const char *ref) {
    json_t *node = s->document;
    if (ref[0] != '#' || (ref[1] != '\0' && ref[1] != '/')) return NULL;
    for (const char *at = ref + 1; *at == '/' && node;) {
        size_t n = strcspn(at + 1, "/");
        node = step_into(node, (hx_str){at + 1, n});
        /* Within a schema with an $id, # means that schema. */
        if (node != s->document && json_is_string(json_object_get(node, "$id"))) return NULL;
        at += n + 1;
    }
    return node;
}

static hx_status check_only(hx_schema *s, uint32_t place, json_t *node, const char *allowed,
                            const char *also) {
    for (void *i = json_object_iter(node); i; i = json_object_iter_next(node, i)) {
        const char *key = json_object_iter_key(i);
        if (strcmp(key, allowed) == 0 || (also && strcmp(key, also) == 0) || hx_schema_is_note(key))
            continue;
        return hx_fail(s->err, HX_EFORMAT, "schema: %s cannot stand beside $ref, enum or const",
                       hx_schema_pointer(s, place, key));
    }
    return HX_OK;
}

hx_status hx_schema_resolve(hx_schema *s, uint32_t place, json_t **node) {
    for (int i = 0; i < REFS_MAX; i++) {
        json_t *ref = json_object_get(*node, "$ref");
        if (!ref) return HX_OK;
        HX_TRY(check_only(s, place, *node, "$ref", NULL));
        json_t *next = json_is_string(ref) ? find_ref(s, json_string_value(ref)) : NULL;
        if (!next)
            return hx_fail(s->err, HX_EFORMAT,
                           "schema: %s leads nowhere; only #/... within the document is possible",
                           hx_schema_pointer(s, place, "$ref"));
        *node = next;
    }
    return hx_fail(s->err, HX_EFORMAT, "schema: %s leads back to itself",
                   hx_schema_pointer(s, place, "$ref"));
}

/* ------------------------------------------------------------------ texts of values */
void hx_schema_quote(hx_buf *out, hx_str bytes) {
    hx_buf_append_byte(out, '"');
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        if (c == '"' || c == '\\')
            hx_buf_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            hx_buf_printf(out, "\\x%02X", c);
        else
            hx_buf_append_byte(out, (char)c);
    }
    hx_buf_append_byte(out, '"');
}

hx_status hx_schema_value(hx_schema *s, json_t *value) {
    if (json_is_real(value)) {
        hx_buf text;
        hx_json_writer w;
        hx_buf_init(&text, 64);
        hx_json_begin(&w, &text);
        hx_json_double(&w, json_real_value(value));
        hx_schema_quote(&s->out, hx_buf_str(&text));
        hx_buf_release(&text);
        return HX_OK;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!text) return fail_memory(s);
    hx_schema_quote(&s->out, hx_str_of(text));
    free(text);
    return HX_OK;
}

/* ------------------------------------------------------------------ types */
static unsigned type_named(const char *name) {
    static const char *const names[] = {"null",   "boolean", "integer", "number",
                                        "string", "array",   "object"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (name && strcmp(name, names[i]) == 0) return 1u << i;
    return 0;
}

hx_status hx_schema_types(hx_schema *s, uint32_t place, json_t *node, unsigned *types) {
    json_t *type = json_object_get(node, "type");
    *types = type ? 0 : HX_JSON_TYPE_ANY;
    if (json_is_string(type)) *types = type_named(json_string_value(type));
    for (size_t i = 0; i < json_array_size(type); i++) {
        unsigned one = type_named(json_string_value(json_array_get(type, i)));
        if (one == 0)
            return hx_fail(s->err, HX_EFORMAT, "schema: %s must be a type's name or a list of them",
                           hx_schema_pointer(s, place, "type"));
        *types |= one;
    }
    if (*types == 0)
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be a type's name or a list of them",
                       hx_schema_pointer(s, place, "type"));
    if (*types & HX_JSON_TYPE_NUMBER) *types |= HX_JSON_TYPE_INTEGER;
    json_t *nullable = json_object_get(node, "nullable");
    if (nullable && !json_is_boolean(nullable))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be true or false",
                       hx_schema_pointer(s, place, "nullable"));
    if (json_is_true(nullable)) *types |= HX_JSON_TYPE_NULL;
    return HX_OK;
}

hx_status hx_schema_count(hx_schema *s, uint32_t place, json_t *node, const char *name,
                          uint32_t missing, uint32_t *out) {
    json_t *value = json_object_get(node, name);
    *out = missing;
    if (!value) return HX_OK;
    json_int_t n = json_is_integer(value) ? json_integer_value(value) : -1;
    if (n < 0 || n > HX_SCHEMA_ITEMS_MAX)
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be a whole number from 0 to 65536",
                       hx_schema_pointer(s, place, name));
    *out = (uint32_t)n;
    return HX_OK;
}

/* What the schema's keywords speak of, where it has no `type`. */
static hx_status check_keywords(hx_schema *s, uint32_t place, json_t *node, unsigned *spoken) {
    *spoken = 0;
    for (void *i = json_object_iter(node); i; i = json_object_iter_next(node, i)) {
        const char *key = json_object_iter_key(i);
        const keyword *k = find_keyword(key);
        if (!k && place == 0 && strcmp(key, "$id") == 0) continue;
        if (!k)
            return hx_fail(s->err, HX_EFORMAT, "schema: %s is not supported",
                           hx_schema_pointer(s, place, key));
        if (k->types != HX_JSON_TYPE_ANY) *spoken |= k->types;
    }
    if (*spoken & HX_JSON_TYPE_NUMBER) *spoken |= HX_JSON_TYPE_INTEGER;
    return HX_OK;
}

/* ------------------------------------------------------------------ right sides */
static hx_status put_values(hx_schema *s, uint32_t place, json_t *node, const char *name) {
    json_t *list = json_object_get(node, name);
    bool is_list = strcmp(name, "enum") == 0;
    unsigned types;
    HX_TRY(check_only(s, place, node, name, "type"));
    HX_TRY(hx_schema_types(s, place, node, &types));
    size_t n = is_list ? json_array_size(list) : 1, kept = 0;
    if (n == 0)
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be a list with at least one value",
                       hx_schema_pointer(s, place, name));
    for (size_t i = 0; i < n; i++) {
        json_t *value = is_list ? json_array_get(list, i) : list;
        if ((hx_schema_type_of(value) & types) == 0) continue;
        hx_buf_append_lit(&s->out, kept++ > 0 ? " | " : "");
        HX_TRY(hx_schema_value(s, value));
    }
    return kept > 0 ? HX_OK
                    : hx_fail(s->err, HX_EFORMAT, "schema: no value of %s has the type",
                              hx_schema_pointer(s, place, name));
}

/* `branch` of a list together with what stands beside the list. */
static hx_status join_branch(hx_schema *s, uint32_t place, json_t *node, const char *name,
                             json_t *branch, json_t **out) {
    json_t *beside, *target = branch;
    *out = branch;
    HX_TRY(hx_schema_copy(s, place, node, &beside));
    json_object_del(beside, name);
    bool is_alone = true;
    for (void *i = json_object_iter(beside); i && is_alone; i = json_object_iter_next(beside, i))
        is_alone = hx_schema_is_note(json_object_iter_key(i)) ||
                   strcmp(json_object_iter_key(i), "$id") == 0;
    if (is_alone) return HX_OK;
    HX_TRY(hx_schema_resolve(s, place, &target));
    if (target == node)
        return hx_fail(s->err, HX_EFORMAT, "schema: %s leads back to itself",
                       hx_schema_pointer(s, place, name));
    json_t *parts[2] = {beside, branch};
    return hx_schema_merge(s, place, parts, 2, out);
}

static hx_status check_one_of(hx_schema *s, uint32_t place, json_t *list) {
    for (size_t i = 0; i < json_array_size(list); i++)
        for (size_t k = 0; k < i; k++) {
            bool is_disjoint;
            HX_TRY(hx_schema_disjoint(s, place, json_array_get(list, k), json_array_get(list, i),
                                      &is_disjoint));
            if (!is_disjoint)
                return hx_fail(
                    s->err, HX_EFORMAT,
                    "schema: two schemas of %s may hold at once; say anyOf where that is meant",
                    hx_schema_pointer(s, place, "oneOf"));
        }
    return HX_OK;
}

static hx_status put_branches(hx_schema *s, uint32_t place, json_t *node, const char *name) {
    json_t *list = json_object_get(node, name);
    size_t n = json_array_size(list), kept = 0;
    if (n == 0 || n > 1024)
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be a list of 1 to 1024 schemas",
                       hx_schema_pointer(s, place, name));
    if (strcmp(name, "oneOf") == 0) HX_TRY(check_one_of(s, place, list));
    for (size_t i = 0; i < n; i++) {
        json_t *branch = json_array_get(list, i);
        char key[24];
        uint32_t rule;
        if (json_is_false(branch)) continue;
        HX_TRY(join_branch(s, place, node, name, branch, &branch));
        hx_buf number;
        hx_buf_init(&number, sizeof key);
        hx_buf_printf(&number, "%zu", i);
        memset(key, 0, sizeof key);
        memcpy(key, number.ptr, number.len);
        hx_buf_release(&number);
        HX_TRY(hx_schema_rule(s, branch, place, name, key, &rule));
        hx_buf_printf(&s->out, "%ss%u", kept++ > 0 ? " | " : "", rule);
    }
    return kept > 0 ? HX_OK
                    : hx_fail(s->err, HX_EFORMAT, "schema: no schema of %s can hold",
                              hx_schema_pointer(s, place, name));
}

static hx_status put_type(hx_schema *s, uint32_t place, json_t *node, unsigned type, hx_buf *more) {
    switch (type) {
    case HX_JSON_TYPE_OBJECT:
        return hx_schema_object(s, place, node, more);
    case HX_JSON_TYPE_ARRAY:
        return hx_schema_array(s, place, node, more);
    case HX_JSON_TYPE_STRING:
        return hx_schema_string(s, place, node);
    case HX_JSON_TYPE_NUMBER:
        return hx_schema_number(s, place, node, false, more);
    case HX_JSON_TYPE_INTEGER:
        return hx_schema_number(s, place, node, true, more);
    case HX_JSON_TYPE_BOOLEAN:
        hx_buf_append_lit(&s->out, "\"true\" | \"false\"");
        return HX_OK;
    default:
        hx_buf_append_lit(&s->out, "\"null\"");
        return HX_OK;
    }
}

static hx_status put_types(hx_schema *s, uint32_t place, json_t *node, unsigned spoken,
                           hx_buf *more) {
    unsigned types;
    size_t kept = 0;
    HX_TRY(hx_schema_types(s, place, node, &types));
    if (!json_object_get(node, "type") && spoken != 0)
        types = spoken | (json_is_true(json_object_get(node, "nullable")) ? HX_JSON_TYPE_NULL : 0u);
    if (types == HX_JSON_TYPE_ANY) {
        hx_buf_append_lit(&s->out, "any");
        return HX_OK;
    }
    if (types & HX_JSON_TYPE_NUMBER) types &= ~(unsigned)HX_JSON_TYPE_INTEGER;
    for (unsigned type = 1; type <= HX_JSON_TYPE_OBJECT; type <<= 1) {
        if ((types & type) == 0) continue;
        hx_buf_append_lit(&s->out, kept++ > 0 ? " | " : "");
        HX_TRY(put_type(s, place, node, type, more));
    }
    return HX_OK;
}

static hx_status put_schema(hx_schema *s, uint32_t place, json_t *node, hx_buf *more) {
    unsigned spoken;
    if (json_is_true(node)) {
        hx_buf_append_lit(&s->out, "any");
        return HX_OK;
    }
    if (json_is_false(node))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s is false: no value can be given",
                       hx_schema_pointer(s, place, NULL));
    if (!json_is_object(node))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be an object, true or false",
                       hx_schema_pointer(s, place, NULL));
    HX_TRY(check_keywords(s, place, node, &spoken));
    if (json_object_get(node, "$ref")) {
        uint32_t rule;
        HX_TRY(hx_schema_resolve(s, place, &node));
        HX_TRY(hx_schema_rule(s, node, place, "$ref", NULL, &rule));
        hx_buf_printf(&s->out, "s%u", rule);
        return HX_OK;
    }
    if (json_object_get(node, "allOf")) {
        uint32_t rule;
        HX_TRY(hx_schema_all_of(s, place, node, &node));
        HX_TRY(hx_schema_rule(s, node, place, NULL, NULL, &rule));
        hx_buf_printf(&s->out, "s%u", rule);
        return HX_OK;
    }
    if (json_object_get(node, "anyOf")) return put_branches(s, place, node, "anyOf");
    if (json_object_get(node, "oneOf")) return put_branches(s, place, node, "oneOf");
    if (json_object_get(node, "enum")) return put_values(s, place, node, "enum");
    if (json_object_get(node, "const")) return put_values(s, place, node, "const");
    return put_types(s, place, node, spoken, more);
}

static hx_status put_rules(hx_schema *s, hx_buf *more) {
    uint32_t rule;
    hx_buf_append_lit(&s->out, prelude);
    HX_TRY(hx_schema_rule(s, s->document, HX_GRAMMAR_NONE, NULL, NULL, &rule));
    for (uint32_t i = 0; i < s->places.len / sizeof(hx_schema_place); i++) {
        hx_buf_reset(more);
        hx_buf_printf(&s->out, "s%u ::= ", i);
        HX_TRY(put_schema(s, i, place_at(s, i)->node, more));
        hx_buf_append_lit(&s->out, "\n");
        hx_buf_append_str(&s->out, hx_buf_str(more));
        if (s->out.failed || more->failed)
            return hx_fail(s->err, s->out.no_memory || more->no_memory ? HX_ENOMEM : HX_ELIMIT,
                           "schema: its grammar is larger than the limit of %d bytes",
                           HX_SCHEMA_TEXT_MAX);
    }
    return HX_OK;
}

static hx_status translate(hx_schema *s, hx_grammar **out) {
    hx_buf more;
    hx_buf_init(&more, HX_SCHEMA_TEXT_MAX);
    hx_status status = put_rules(s, &more);
    hx_buf_release(&more);
    HX_TRY(status);
    status = hx_grammar_new(out, hx_buf_str(&s->out), s->err);
    if (status == HX_EFORMAT)
        return hx_fail(s->err, HX_EFORMAT, "schema: a $ref leads back to itself without end");
    HX_TRY(status);
    (*out)->bracket_depth_max = STACK_MAX;
    return HX_OK;
}

hx_status hx_grammar_of_schema(hx_grammar **out, hx_str json_schema, hx_error *err) {
    *out = NULL;
    hx_schema s = {.err = err};
    HX_TRY(hx_json_parse(json_schema, DOCUMENT_MAX, "schema", &s.document, err));
    if (!hx_schema_make_whole(&s.document)) {
        json_decref(s.document);
        return hx_fail(err, HX_ENOMEM, "not enough memory for the schema");
    }
    hx_buf_init(&s.out, HX_SCHEMA_TEXT_MAX);
    hx_buf_init(&s.places, HX_SCHEMA_RULES_MAX * sizeof(hx_schema_place));
    hx_buf_init(&s.owned, 4 * HX_SCHEMA_RULES_MAX * sizeof(json_t *));
    hx_buf_init(&s.pointer, 4096);
    hx_map_init(&s.rule_of);
    hx_status status = translate(&s, out);
    for (size_t i = 0; i < s.owned.len / sizeof(json_t *); i++)
        json_decref(((json_t **)(void *)s.owned.ptr)[i]);
    json_decref(s.document);
    hx_buf_release(&s.out);
    hx_buf_release(&s.places);
    hx_buf_release(&s.owned);
    hx_buf_release(&s.pointer);
    hx_map_release(&s.rule_of);
    return status;
}
