/* schema_merge.c - schemas that must hold together, and schemas that cannot.
 *
 * A merge is exact or refused: bounds take the narrower one, types what they share, `required` and `properties` the union. A property in two
 * parts, additionalProperties where another part has properties of its own, items where another part has a prefix of its own, and two
 * different values of any other keyword are refused. `nullable` becomes a type of its part before types are shared; without `type` it says
 * nothing, as OpenAPI has it.
 *
 * Disjoint is what can be proved at once: types, listed values, or a property that both require with listed values that differ. Anything
 * else counts as overlapping, so that oneOf is refused rather than read as anyOf.
 *
 * What is copied and compared is counted: a document of 1 MB can ask for any number of joins and comparisons. */
#include "llama/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { PARTS_MAX = 256 };

static hx_status fail_memory(hx_schema *s) {
    return hx_fail(s->err, HX_ENOMEM, "not enough memory for the schema");
}

static bool same_value(const json_t *a, const json_t *b) {
    /* Readers may have doubles alone. */
    if (json_is_number(a) && json_is_number(b)) return json_number_value(a) == json_number_value(b);
    return json_equal(a, b) != 0;
}

unsigned hx_schema_type_of(const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return HX_JSON_TYPE_OBJECT;
    case JSON_ARRAY:
        return HX_JSON_TYPE_ARRAY;
    case JSON_STRING:
        return HX_JSON_TYPE_STRING;
    case JSON_INTEGER:
        return HX_JSON_TYPE_INTEGER | HX_JSON_TYPE_NUMBER;
    case JSON_REAL: {
        double x = json_real_value(value);
        bool is_whole = x >= -9e15 && x <= 9e15 && x == (double)(int64_t)x;
        return is_whole ? HX_JSON_TYPE_INTEGER | HX_JSON_TYPE_NUMBER : HX_JSON_TYPE_NUMBER;
    }
    case JSON_TRUE:
    case JSON_FALSE:
        return HX_JSON_TYPE_BOOLEAN;
    default:
        return HX_JSON_TYPE_NULL;
    }
}

/* The integer a whole real is, or NULL. */
static json_t *whole_of(const json_t *value) {
    double x = json_real_value(value);
    bool is_whole = json_is_real(value) && x > -9.2e18 && x < 9.2e18 && x == (double)(int64_t)x;
    return is_whole ? json_integer((json_int_t)x) : NULL;
}

static bool is_holder(const json_t *value) {
    return json_is_array(value) || json_is_object(value);
}

/* Replaces members of `node`; containers among them are put in line. */
static bool make_members_whole(json_t *node, hx_buf *line) {
    for (size_t i = 0; i < json_array_size(node); i++) {
        json_t *value = json_array_get(node, i);
        if (is_holder(value) && !hx_buf_append(line, &value, sizeof value)) return false;
        json_t *whole = whole_of(value);
        if (whole && json_array_set_new(node, i, whole) != 0) return false;
    }
    for (void *i = json_object_iter(node); i; i = json_object_iter_next(node, i)) {
        json_t *value = json_object_iter_value(i);
        if (is_holder(value) && !hx_buf_append(line, &value, sizeof value)) return false;
        json_t *whole = whole_of(value);
        if (whole && json_object_iter_set_new(node, i, whole) != 0) return false;
    }
    return true;
}

bool hx_schema_make_whole(json_t **document) {
    hx_buf line;
    bool fine = true;
    hx_buf_init(&line, 64 << 20);
    if (is_holder(*document)) fine = hx_buf_append(&line, document, sizeof *document);
    for (size_t i = 0; fine && i < line.len / sizeof(json_t *); i++)
        fine = make_members_whole(((json_t **)(void *)line.ptr)[i], &line);
    hx_buf_release(&line);
    return fine;
}

/* ------------------------------------------------------------------ merging */
/* Adds the strings of `list` to `all` where they are not there. */
static int unite(json_t *all, json_t *list) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        bool found = false;
        for (size_t k = 0; k < json_array_size(all) && !found; k++)
            found = json_equal(json_array_get(all, k), json_array_get(list, i)) != 0;
        if (!found && json_array_append(all, json_array_get(list, i)) != 0) return -1;
    }
    return 0;
}

static bool has_type(json_t *types, const char *name) {
    if (json_is_string(types)) return strcmp(json_string_value(types), name) == 0;
    for (size_t i = 0; i < json_array_size(types); i++)
        if (json_is_string(json_array_get(types, i)) &&
            strcmp(json_string_value(json_array_get(types, i)), name) == 0)
            return true;
    return false;
}

/* Names that both have; an integer is a number. */
static json_t *shared_types(json_t *a, json_t *b) {
    static const char *const names[] = {"null",   "boolean", "integer", "number",
                                        "string", "array",   "object"};
    json_t *both = json_array();
    for (size_t i = 0; both && i < sizeof names / sizeof *names; i++) {
        bool is_integer = strcmp(names[i], "integer") == 0;
        bool in_a = has_type(a, names[i]) || (is_integer && has_type(a, "number"));
        bool in_b = has_type(b, names[i]) || (is_integer && has_type(b, "number"));
        if (in_a && in_b) json_array_append_new(both, json_string(names[i]));
    }
    return both;
}

/* What comparing with `value` takes: its size as text, a sixteenth. */
static hx_status spend_compare(hx_schema *s, uint32_t place, const json_t *value) {
    return hx_schema_spend(
        s, place, 1 + (is_holder(value) ? json_dumpb(value, NULL, 0, JSON_COMPACT) / 16 : 0));
}

static hx_status merge_properties(hx_schema *s, uint32_t place, json_t *into, json_t *from) {
    for (void *i = json_object_iter(from); i; i = json_object_iter_next(from, i)) {
        json_t *old = json_object_get(into, json_object_iter_key(i)),
               *value = json_object_iter_value(i);
        HX_TRY(hx_schema_spend(s, place, HX_SCHEMA_COPY_STEPS));
        if (old) HX_TRY(spend_compare(s, place, old));
        if (old && !json_equal(old, value))
            return hx_fail(s->err, HX_EFORMAT,
                           "schema: two parts of %s describe the same property; describe it once",
                           hx_schema_pointer(s, place, NULL));
        if (!old && json_object_set(into, json_object_iter_key(i), value) != 0)
            return fail_memory(s);
    }
    return HX_OK;
}

/* Keeps the narrower bound. */
static int narrow(json_t *into, const char *key, json_t *old, json_t *value) {
    bool keeps_greater = strncmp(key, "min", 3) == 0 || strcmp(key, "exclusiveMinimum") == 0;
    bool is_greater = json_number_value(value) > json_number_value(old);
    return keeps_greater == is_greater ? json_object_set(into, key, value) : 0;
}

static bool is_bound(const char *key) {
    static const char *const bounds[] = {
        "minimum",   "maximum",  "exclusiveMinimum", "exclusiveMaximum", "minLength",
        "maxLength", "minItems", "maxItems",         "minProperties",    "maxProperties"};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (strcmp(bounds[i], key) == 0) return true;
    return false;
}

/* `old` is what `into` has under the key; it may be changed in place, being a copy. */
static hx_status merge_key(hx_schema *s, uint32_t place, json_t *into, const char *key, json_t *old,
                           json_t *value) {
    int failed = 0;
    HX_TRY(spend_compare(s, place, old));
    if (json_equal(old, value)) return HX_OK;
    if (strcmp(key, "properties") == 0 && json_is_object(old) && json_is_object(value))
        return merge_properties(s, place, old, value);
    if (strcmp(key, "required") == 0 && json_is_array(old) && json_is_array(value)) {
        size_t n = json_array_size(value);
        HX_TRY(hx_schema_spend(s, place, n * (n + json_array_size(old))));
        failed = unite(old, value);
    } else if (strcmp(key, "type") == 0)
        failed = json_object_set_new(into, key, shared_types(old, value));
    else if (is_bound(key) && json_is_number(old) && json_is_number(value))
        failed = narrow(into, key, old, value);
    else
        return hx_fail(s->err, HX_EFORMAT, "schema: two parts say different things about %s",
                       hx_schema_pointer(s, place, key));
    return failed == 0 ? HX_OK : fail_memory(s);
}

/* All names of `some` are among those of `all`. */
static bool is_among(json_t *some, json_t *all) {
    for (void *i = json_object_iter(some); i; i = json_object_iter_next(some, i))
        if (!json_object_get(all, json_object_iter_key(i))) return false;
    return true;
}

/* What `a` says of all others would fall on names, or places, that `b` alone lists: there, joined, it would no longer hold. */
static hx_status check_others(hx_schema *s, uint32_t place, json_t *a, json_t *b) {
    json_t *more = json_object_get(a, "additionalProperties"), *items = json_object_get(a, "items");
    json_t *prefix = json_object_get(b, "prefixItems"),
           *properties = json_object_get(b, "properties");
    HX_TRY(hx_schema_spend(s, place, 1 + json_object_size(properties)));
    if (more && !json_is_true(more) && !is_among(properties, json_object_get(a, "properties")))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s would concern properties of another part",
                       hx_schema_pointer(s, place, "additionalProperties"));
    json_t *patterns = json_object_get(b, "patternProperties");
    if (more && !json_is_true(more) && json_object_size(patterns) > 0) {
        HX_TRY(spend_compare(s, place, patterns));
        if (!json_equal(json_object_get(a, "patternProperties"), patterns))
            return hx_fail(s->err, HX_EFORMAT,
                           "schema: %s would concern properties of another part",
                           hx_schema_pointer(s, place, "additionalProperties"));
    }
    if (!items || json_is_true(items) || json_array_size(prefix) == 0) return HX_OK;
    HX_TRY(spend_compare(s, place, prefix));
    return json_equal(json_object_get(a, "prefixItems"), prefix)
               ? HX_OK
               : hx_fail(s->err, HX_EFORMAT, "schema: %s would concern items of another part",
                         hx_schema_pointer(s, place, "items"));
}

/* A new list of the part's types, "null" among them where it is nullable; NULL where `type` alone says it. */
static hx_status fold_nullable(hx_schema *s, uint32_t place, json_t *part, json_t **types) {
    json_t *nullable = json_object_get(part, "nullable"), *type = json_object_get(part, "type");
    *types = NULL;
    if (nullable && !json_is_boolean(nullable))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be true or false",
                       hx_schema_pointer(s, place, "nullable"));
    if (!type || !json_is_true(nullable) || has_type(type, "null")) return HX_OK;
    *types = json_is_array(type) ? json_copy(type) : json_pack("[O]", type);
    if (*types && json_array_append_new(*types, json_string("null")) == 0) return HX_OK;
    json_decref(*types);
    return fail_memory(s);
}

static hx_status merge_member(hx_schema *s, uint32_t place, json_t *into, const char *key,
                              json_t *value) {
    json_t *old = json_object_get(into, key);
    if (old) return merge_key(s, place, into, key, old, value);
    /* Lists that may grow are copied; schemas inside stay the document's, so that their rules are shared. */
    bool grows = strcmp(key, "properties") == 0 || strcmp(key, "required") == 0;
    size_t n = grows ? json_object_size(value) + json_array_size(value) : 0;
    HX_TRY(hx_schema_spend(s, place, HX_SCHEMA_COPY_STEPS * (n + 1)));
    json_t *kept = grows ? json_copy(value) : json_incref(value);
    return kept && json_object_set_new(into, key, kept) == 0 ? HX_OK : fail_memory(s);
}

static hx_status merge_part(hx_schema *s, uint32_t place, json_t *into, json_t *part) {
    json_t *types;
    HX_TRY(check_others(s, place, into, part));
    HX_TRY(check_others(s, place, part, into));
    HX_TRY(fold_nullable(s, place, part, &types));
    hx_status status = HX_OK;
    for (void *i = json_object_iter(part); i && status == HX_OK;
         i = json_object_iter_next(part, i)) {
        const char *key = json_object_iter_key(i);
        bool is_type = types && strcmp(key, "type") == 0;
        if (hx_schema_is_note(key) || strcmp(key, "nullable") == 0) continue;
        status = merge_member(s, place, into, key, is_type ? types : json_object_iter_value(i));
    }
    json_decref(types);
    return status;
}

hx_status hx_schema_merge(hx_schema *s, uint32_t place, json_t *const *parts, size_t n,
                          json_t **out) {
    json_t *into = json_object();
    if (!into || !hx_buf_append(&s->owned, &into, sizeof into)) {
        json_decref(into);
        return s->owned.no_memory || !into
                   ? fail_memory(s)
                   : hx_fail(s->err, HX_ELIMIT, "schema: more than %d schemas",
                             HX_SCHEMA_RULES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        json_t *part = parts[i];
        HX_TRY(hx_schema_resolve(s, place, &part));
        if (json_is_true(part)) continue;
        if (!json_is_object(part))
            return hx_fail(s->err, HX_EFORMAT,
                           "schema: %s joins something that is no schema, or false",
                           hx_schema_pointer(s, place, NULL));
        HX_TRY(merge_part(s, place, into, part));
    }
    *out = into;
    return HX_OK;
}

hx_status hx_schema_all_of(hx_schema *s, uint32_t place, json_t *node, json_t **out) {
    json_t *parts[PARTS_MAX];
    size_t n = 0, done = 0;
    parts[n++] = node;
    /* Parts may have an allOf of their own: they are put in line. */
    for (; done < n; done++) {
        HX_TRY(hx_schema_resolve(s, place, &parts[done]));
        json_t *list = json_object_get(parts[done], "allOf");
        if (!list) continue;
        if (json_array_size(list) == 0)
            return hx_fail(s->err, HX_EFORMAT, "schema: %s must be a list of schemas",
                           hx_schema_pointer(s, place, "allOf"));
        if (json_array_size(list) > PARTS_MAX - n)
            return hx_fail(s->err, HX_EFORMAT, "schema: %s joins too many schemas",
                           hx_schema_pointer(s, place, "allOf"));
        json_t *rest;
        HX_TRY(hx_schema_copy(s, place, parts[done], &rest));
        json_object_del(rest, "allOf");
        parts[done] = rest;
        for (size_t i = 0; i < json_array_size(list); i++)
            parts[n++] = json_array_get(list, i);
    }
    return hx_schema_merge(s, place, parts, n, out);
}

/* ------------------------------------------------------------------ disjoint schemas */
/* Its values where they are listed: a list to free, or NULL. */
static json_t *listed_values(json_t *node) {
    json_t *one = json_object_get(node, "const"), *list = json_object_get(node, "enum");
    if (one) return json_pack("[O]", one);
    return json_is_array(list) ? json_incref(list) : NULL;
}

static hx_status lists_disjoint(hx_schema *s, uint32_t place, json_t *x, json_t *y, bool *out) {
    *out = x && y;
    for (size_t i = 0; *out && i < json_array_size(x); i++) {
        json_t *value = json_array_get(x, i);
        HX_TRY(hx_schema_spend(s, place, json_array_size(y)));
        for (size_t k = 0; *out && k < json_array_size(y); k++) {
            json_t *other = json_array_get(y, k);
            if (is_holder(value) && is_holder(other)) HX_TRY(spend_compare(s, place, value));
            *out = !same_value(value, other);
        }
    }
    return HX_OK;
}

static hx_status values_disjoint(hx_schema *s, uint32_t place, json_t *a, json_t *b, bool *out) {
    json_t *x = listed_values(a), *y = listed_values(b);
    hx_status status = lists_disjoint(s, place, x, y, out);
    json_decref(x);
    json_decref(y);
    return status;
}

static hx_status types_of_values(hx_schema *s, uint32_t place, json_t *node, unsigned *types) {
    HX_TRY(hx_schema_types(s, place, node, types));
    json_t *list = listed_values(node);
    if (!list) return HX_OK;
    unsigned some = 0;
    hx_status status = hx_schema_spend(s, place, json_array_size(list) / 4);
    for (size_t i = 0; i < json_array_size(list); i++)
        some |= hx_schema_type_of(json_array_get(list, i));
    *types &= some;
    json_decref(list);
    return status;
}

static bool requires(json_t *node, const char *name) {
    json_t *list = json_object_get(node, "required");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one && strcmp(one, name) == 0) return true;
    }
    return false;
}

/* A property that both must have tells them apart by its values. */
static hx_status told_apart(hx_schema *s, uint32_t place, json_t *a, json_t *b, bool *out) {
    json_t *properties = json_object_get(a, "properties"),
           *others = json_object_get(b, "properties");
    size_t n_required = json_array_size(json_object_get(a, "required")) +
                        json_array_size(json_object_get(b, "required"));
    *out = false;
    for (void *i = json_object_iter(properties); i && !*out;
         i = json_object_iter_next(properties, i)) {
        const char *name = json_object_iter_key(i);
        json_t *other = json_object_get(others, name);
        HX_TRY(hx_schema_spend(s, place, 1 + (other ? n_required : 0)));
        if (other && requires(a, name) && requires(b, name))
            HX_TRY(values_disjoint(s, place, json_object_iter_value(i), other, out));
    }
    return HX_OK;
}

hx_status hx_schema_disjoint(hx_schema *s, uint32_t place, json_t *a, json_t *b, bool *out) {
    unsigned x, y;
    HX_TRY(hx_schema_resolve(s, place, &a));
    HX_TRY(hx_schema_resolve(s, place, &b));
    *out = json_is_false(a) || json_is_false(b);
    if (!json_is_object(a) || !json_is_object(b)) return HX_OK;
    HX_TRY(types_of_values(s, place, a, &x));
    HX_TRY(types_of_values(s, place, b, &y));
    if ((x | y) & HX_JSON_TYPE_NUMBER) {
        x |= x & HX_JSON_TYPE_NUMBER ? HX_JSON_TYPE_INTEGER : 0u;
        y |= y & HX_JSON_TYPE_NUMBER ? HX_JSON_TYPE_INTEGER : 0u;
    }
    *out = (x & y) == 0;
    if (!*out) HX_TRY(values_disjoint(s, place, a, b, out));
    bool are_objects = x == HX_JSON_TYPE_OBJECT && y == HX_JSON_TYPE_OBJECT;
    return *out || !are_objects ? HX_OK : told_apart(s, place, a, b, out);
}
