/* schema_object.c - objects and arrays.
 *
 * Properties stand in the listed order; of the optional ones any may be left out. Two chains of rules know whether a comma is due, so the
 * grammar grows with the number of properties, not with that of their choices:
 *
 *     s7-f<i>  property i and those behind it, none being written yet
 *     s7-g<i>  the same behind another one
 *
 *     f<i> ::= member g<i+1> | f<i+1>          g<i> ::= "," ws member g<i+1> | g<i+1>        (the second part: optional ones)
 *
 * Keys of additional properties are plain strings that are none of the listed names: s7-k<j> reads on from one of the names' beginnings. */
#include "llama/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

enum { NAMES_MAX = 1000, TUPLE_MAX = 100 };

typedef struct {
    hx_schema *s;
    uint32_t place;
    json_t *properties; /* NULL = none */
    json_t *required; /* NULL = none */
    size_t n_required; /* different names */
    json_t *more; /* schema of additional properties; NULL = none may stand */
    hx_schema_keys *keys; /* patternProperties; NULL = none */
    hx_buf *rules; /* rules behind the object's own */
    size_t n; /* chain rules so far */
} object;

static bool is_required(json_t *list, const char *name) {
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), name) == 0) return true;
    return false;
}

/* `"name": sp value` */
static hx_status put_member(object *o, const char *name, json_t *schema, hx_buf *out) {
    uint32_t rule;
    json_t *text = json_string(name);
    char *quoted = text ? json_dumps(text, JSON_ENCODE_ANY) : NULL;
    json_decref(text);
    if (!quoted) return hx_fail(o->s->err, HX_ENOMEM, "not enough memory for the schema");
    hx_schema_quote(out, hx_str_of(quoted));
    free(quoted);
    HX_TRY(hx_schema_rule(o->s, schema, o->place, "properties", name, &rule));
    hx_buf_printf(out, " \":\" sp s%u", rule);
    return HX_OK;
}

static hx_status put_property(object *o, const char *name, json_t *schema) {
    HX_TRY(hx_schema_spend(o->s, o->place, json_array_size(o->required)));
    if (o->keys) HX_TRY(hx_schema_keys_join(o->keys, name, schema, &schema));
    bool must = is_required(o->required, name);
    if (json_is_false(schema)) {
        if (must)
            return hx_fail(o->s->err, HX_EFORMAT, "schema: %s asks for a property that is false",
                           hx_schema_pointer(o->s, o->place, "required"));
        return HX_OK;
    }
    hx_buf member;
    hx_buf_init(&member, 1 << 16);
    hx_status status = put_member(o, name, schema, &member);
    if (status == HX_OK) status = hx_buf_status(&member, "a property's name", o->s->err);
    if (status == HX_OK) {
        unsigned rule = o->place;
        size_t i = o->n++;
        int n = (int)member.len;
        hx_buf_printf(o->rules, "s%u-f%zu ::= %.*s s%u-g%zu", rule, i, n, member.ptr, rule, i + 1);
        if (!must) hx_buf_printf(o->rules, " | s%u-f%zu", rule, i + 1);
        hx_buf_printf(o->rules, "\ns%u-g%zu ::= \",\" ws %.*s s%u-g%zu", rule, i, n, member.ptr,
                      rule, i + 1);
        if (!must) hx_buf_printf(o->rules, " | s%u-g%zu", rule, i + 1);
        hx_buf_append_lit(o->rules, "\n");
    }
    hx_buf_release(&member);
    return status;
}

/* ------------------------------------------------------------------ other keys */
static bool is_plain(hx_str name) {
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == '"' || name.ptr[i] == '\\')
            return false;
    return true;
}

static bool begins(hx_str name, hx_str start) {
    return name.len >= start.len && memcmp(name.ptr, start.ptr, start.len) == 0;
}

/* A beginning of names, and the rule that reads on from it. */
typedef struct {
    hx_str start;
    bool is_name;
} beginning;

static void put_code(hx_buf *out, uint32_t cp) {
    hx_buf_printf(out, "\\U%08X", (unsigned)cp);
}

/* The rule of beginning `j`: one of the characters names go on with, or another one and anything; or the end, where it is no name. */
static hx_status put_beginning(object *o, const hx_str *names, size_t n, hx_buf *line, size_t j) {
    beginning b = ((const beginning *)(const void *)line->ptr)[j];
    hx_buf others;
    hx_buf_init(&others, 1 << 20);
    hx_buf_printf(o->rules, "s%u-k%zu ::= ", (unsigned)o->place, j);
    uint32_t last = HX_UTF8_BAD;
    for (size_t i = 0; i < n; i++) {
        if (!begins(names[i], b.start) || names[i].len == b.start.len) continue;
        size_t end = b.start.len;
        uint32_t cp = hx_utf8_next(names[i], &end);
        if (cp == last) continue; /* names are sorted: equal ones follow each other */
        last = cp;
        beginning next = {{names[i].ptr, end}, false};
        for (size_t k = i; k < n && !next.is_name; k++)
            next.is_name = hx_str_equal(names[k], next.start);
        put_code(&others, cp);
        hx_buf_append_lit(o->rules, "[");
        put_code(o->rules, cp);
        hx_buf_printf(o->rules, "] s%u-k%zu | ", (unsigned)o->place, line->len / sizeof next);
        if (!hx_buf_append(line, &next, sizeof next)) break;
    }
    hx_buf_printf(o->rules, "[^\"\\\\\\x00-\\x1F%.*s] plain* \"\\\"\"", (int)others.len,
                  others.ptr ? others.ptr : "");
    if (!b.is_name) hx_buf_append_lit(o->rules, " | \"\\\"\"");
    hx_buf_append_lit(o->rules, "\n");
    hx_status status = hx_buf_status(&others, "the schema's property names", o->s->err);
    hx_buf_release(&others);
    HX_TRY(status);
    return hx_buf_status(line, "the schema's property names", o->s->err);
}

static int compare_names(const void *a, const void *b) {
    return hx_str_compare(*(const hx_str *)a, *(const hx_str *)b);
}

/* Rules s-k0 ...: what follows the opening quote of an additional key. */
static hx_status put_other_keys(object *o) {
    hx_str names[NAMES_MAX];
    size_t n = 0;
    if (json_object_size(o->properties) > NAMES_MAX)
        return hx_fail(o->s->err, HX_EFORMAT, "schema: %s stands beside more than 1000 properties",
                       hx_schema_pointer(o->s, o->place, "additionalProperties"));
    for (void *i = json_object_iter(o->properties); i;
         i = json_object_iter_next(o->properties, i)) {
        hx_str name = hx_str_of(json_object_iter_key(i));
        if (is_plain(name)) names[n++] = name;
    }
    qsort(names, n, sizeof *names, compare_names);
    hx_buf line;
    hx_buf_init(&line, 1 << 20);
    beginning empty = {{"", 0}, n > 0 && names[0].len == 0};
    hx_buf_append(&line, &empty, sizeof empty);
    hx_status status = HX_OK;
    for (size_t j = 0; j < line.len / sizeof(beginning) && status == HX_OK; j++)
        status = put_beginning(o, names, n, &line, j);
    hx_buf_release(&line);
    return status;
}

static void put_loops(object *o) {
    unsigned rule = o->place;
    hx_buf_printf(o->rules, "s%u-f%zu ::= (s%u-m (\",\" ws s%u-m)* ws)?\n", rule, o->n, rule, rule);
    hx_buf_printf(o->rules, "s%u-g%zu ::= (\",\" ws s%u-m)* ws\n", rule, o->n, rule);
}

/* The chains' ends: additional properties, those of patterns, or nothing. */
static hx_status put_ends(object *o) {
    unsigned rule = o->place;
    if (o->keys) {
        size_t n;
        hx_buf_printf(o->rules, "s%u-m ::= ", rule);
        HX_TRY(hx_schema_keys_put(o->keys, o->rules, &n));
        hx_buf_append_lit(o->rules, n ? "\n" : "\"\"\n");
        if (n) put_loops(o);
        if (n) return HX_OK;
    }
    if (!o->more) {
        hx_buf_printf(o->rules, "s%u-f%zu ::= \"\"\ns%u-g%zu ::= ws\n", rule, o->n, rule, o->n);
        return HX_OK;
    }
    uint32_t value;
    HX_TRY(hx_schema_rule(o->s, o->more, o->place, "additionalProperties", NULL, &value));
    hx_buf_printf(o->rules, "s%u-m ::= \"\\\"\" s%u-k0 \":\" sp s%u\n", rule, rule,
                  (unsigned)value);
    put_loops(o);
    return put_other_keys(o);
}

/* ------------------------------------------------------------------ objects */
static hx_status check_required(object *o) {
    if (o->required && !json_is_array(o->required))
        return hx_fail(o->s->err, HX_EFORMAT, "schema: %s must be a list of names",
                       hx_schema_pointer(o->s, o->place, "required"));
    for (size_t i = 0; i < json_array_size(o->required); i++)
        if (!json_is_string(json_array_get(o->required, i)))
            return hx_fail(o->s->err, HX_EFORMAT, "schema: %s must be a list of names",
                           hx_schema_pointer(o->s, o->place, "required"));
    return HX_OK;
}

static hx_status check_sizes(object *o, json_t *node) {
    uint32_t least, most;
    HX_TRY(hx_schema_count(o->s, o->place, node, "minProperties", 0, &least));
    HX_TRY(hx_schema_count(o->s, o->place, node, "maxProperties", HX_GRAMMAR_UNLIMITED, &most));
    if (least > o->n_required)
        return hx_fail(o->s->err, HX_EFORMAT,
                       "schema: %s above the number of required properties is not supported",
                       hx_schema_pointer(o->s, o->place, "minProperties"));
    bool is_kept = most == HX_GRAMMAR_UNLIMITED || (!o->more && !o->keys && most >= o->n);
    return is_kept ? HX_OK
                   : hx_fail(o->s->err, HX_EFORMAT,
                             "schema: %s below the number of properties is not supported",
                             hx_schema_pointer(o->s, o->place, "maxProperties"));
}

/* Required names that are not listed: any value, where additional properties may stand. */
static hx_status put_unlisted(object *o, json_t *more) {
    for (size_t i = 0; i < json_array_size(o->required); i++) {
        const char *name = json_string_value(json_array_get(o->required, i));
        bool again = false;
        HX_TRY(hx_schema_spend(o->s, o->place, i));
        for (size_t k = 0; k < i && !again; k++)
            again = strcmp(json_string_value(json_array_get(o->required, k)), name) == 0;
        o->n_required += !again;
        if (again || json_object_get(o->properties, name)) continue;
        json_t *of_pattern = NULL;
        if (o->keys) HX_TRY(hx_schema_keys_join(o->keys, name, NULL, &of_pattern));
        if (of_pattern) {
            HX_TRY(put_property(o, name, of_pattern));
            continue;
        }
        if (json_is_false(more))
            return hx_fail(o->s->err, HX_EFORMAT,
                           "schema: %s asks for a property that is neither listed nor allowed",
                           hx_schema_pointer(o->s, o->place, "required"));
        HX_TRY(put_property(o, name, more ? more : json_true()));
    }
    return HX_OK;
}

static hx_status put_object(object *o, json_t *node, json_t *others) {
    for (void *i = json_object_iter(o->properties); i; i = json_object_iter_next(o->properties, i))
        HX_TRY(put_property(o, json_object_iter_key(i), json_object_iter_value(i)));
    HX_TRY(put_unlisted(o, others));
    HX_TRY(check_sizes(o, node));
    HX_TRY(put_ends(o));
    hx_buf_printf(&o->s->out, "\"{\" ws s%u-f0 \"}\"", (unsigned)o->place);
    return HX_OK;
}

hx_status hx_schema_object(hx_schema *s, uint32_t place, json_t *node, hx_buf *more) {
    object o = {.s = s,
                .place = place,
                .properties = json_object_get(node, "properties"),
                .required = json_object_get(node, "required"),
                .rules = more};
    json_t *others = json_object_get(node, "additionalProperties");
    if (o.properties && !json_is_object(o.properties))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be an object of schemas",
                       hx_schema_pointer(s, place, "properties"));
    HX_TRY(check_required(&o));
    HX_TRY(hx_schema_keys_new(&o.keys, s, place, node));
    bool is_free = !others && !o.properties && !o.keys && json_array_size(o.required) == 0;
    if (is_free || json_is_true(others)) others = json_true();
    o.more = json_is_false(others) || o.keys ? NULL : others;
    hx_status status = put_object(&o, node, others);
    hx_schema_keys_free(o.keys);
    return status;
}

/* ------------------------------------------------------------------ arrays */
/* `item ("," ws item){least - 1, most - 1}` of a list without a prefix. */
static void put_list(hx_buf *out, uint32_t rule, uint32_t least, uint32_t most) {
    if (most == 0) return;
    hx_buf_printf(out, "(s%u (\",\" ws s%u)", (unsigned)rule, (unsigned)rule);
    uint32_t fewer = least > 0 ? least - 1 : 0;
    if (most == HX_GRAMMAR_UNLIMITED)
        hx_buf_printf(out, "{%u,}", (unsigned)fewer);
    else
        hx_buf_printf(out, "{%u,%u}", (unsigned)fewer, (unsigned)most - 1);
    hx_buf_printf(out, " ws)%s", least == 0 ? "?" : "");
}

typedef struct {
    json_t *prefix, *items; /* items NULL = none behind the prefix */
    uint32_t least, most;
} tuple;

/* Items behind the prefix, all of which was written. */
static hx_status put_rest(hx_schema *s, uint32_t place, const tuple *t, size_t n) {
    uint32_t rule, written = (uint32_t)n;
    if (!t->items || t->most <= written) return HX_OK;
    HX_TRY(hx_schema_rule(s, t->items, place, "items", NULL, &rule));
    hx_buf_printf(&s->out, " (\",\" ws s%u)", (unsigned)rule);
    uint32_t least = t->least > written ? t->least - written : 0;
    if (t->most == HX_GRAMMAR_UNLIMITED)
        hx_buf_printf(&s->out, "{%u,}", (unsigned)least);
    else
        hx_buf_printf(&s->out, "{%u,%u}", (unsigned)least, (unsigned)(t->most - written));
    return HX_OK;
}

/* One item of the prefix after another, each optional one in brackets that hold all behind it. */
static hx_status put_tuple(hx_schema *s, uint32_t place, const tuple *t) {
    size_t n = json_array_size(t->prefix), open = 0;
    if (n > TUPLE_MAX)
        return hx_fail(s->err, HX_EFORMAT, "schema: %s has more than 100 items",
                       hx_schema_pointer(s, place, "prefixItems"));
    if (n > t->most) n = t->most;
    if (t->least > json_array_size(t->prefix) && !t->items)
        return hx_fail(s->err, HX_EFORMAT, "schema: %s asks for more items than may stand",
                       hx_schema_pointer(s, place, "minItems"));
    if (n == 0) return HX_OK;
    hx_buf_append_lit(&s->out, "(");
    for (size_t i = 0; i < n; i++) {
        uint32_t rule;
        HX_TRY(hx_schema_rule(s, json_array_get(t->prefix, i), place, "prefixItems", NULL, &rule));
        if (i > 0 && i >= t->least) {
            hx_buf_append_lit(&s->out, " (");
            open++;
        }
        hx_buf_printf(&s->out, i > 0 ? " \",\" ws s%u" : "s%u", (unsigned)rule);
    }
    HX_TRY(put_rest(s, place, t, n));
    for (; open > 0; open--)
        hx_buf_append_lit(&s->out, ")?");
    hx_buf_printf(&s->out, " ws)%s", t->least == 0 ? "?" : "");
    return HX_OK;
}

/* Whether items must differ and could be the same. */
static hx_status read_unique(hx_schema *s, uint32_t place, json_t *node, const tuple *t,
                             bool *out) {
    json_t *unique = json_object_get(node, "uniqueItems");
    if (unique && !json_is_boolean(unique))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be true or false",
                       hx_schema_pointer(s, place, "uniqueItems"));
    uint32_t most = t->items ? t->most : (uint32_t)json_array_size(t->prefix);
    *out = json_is_true(unique) && most > 1 && t->most > 1;
    if (*out && t->prefix)
        return hx_fail(s->err, HX_EFORMAT, "schema: %s beside prefixItems is not supported",
                       hx_schema_pointer(s, place, "uniqueItems"));
    return HX_OK;
}

hx_status hx_schema_array(hx_schema *s, uint32_t place, json_t *node, hx_buf *more) {
    tuple t = {.prefix = json_object_get(node, "prefixItems"),
               .items = json_object_get(node, "items")};
    bool is_unique = false;
    HX_TRY(hx_schema_count(s, place, node, "minItems", 0, &t.least));
    HX_TRY(hx_schema_count(s, place, node, "maxItems", HX_GRAMMAR_UNLIMITED, &t.most));
    if (t.least > t.most)
        return hx_fail(s->err, HX_EFORMAT, "schema: %s is above maxItems",
                       hx_schema_pointer(s, place, "minItems"));
    if (json_is_array(t.items))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s is a list; write prefixItems",
                       hx_schema_pointer(s, place, "items"));
    if (t.prefix && !json_is_array(t.prefix))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be a list of schemas",
                       hx_schema_pointer(s, place, "prefixItems"));
    if (json_array_size(t.prefix) == 0) t.prefix = NULL;
    if (!t.items && (!t.prefix || t.least > json_array_size(t.prefix))) t.items = json_true();
    hx_buf_append_lit(&s->out, "\"[\" ws ");
    if (json_is_false(t.items)) t.items = NULL;
    HX_TRY(read_unique(s, place, node, &t, &is_unique));
    if (is_unique) {
        HX_TRY(hx_schema_unique(s, place, t.items, t.least, t.most, more));
    } else if (t.prefix) {
        HX_TRY(put_tuple(s, place, &t));
    } else if (t.items) {
        uint32_t rule;
        HX_TRY(hx_schema_rule(s, t.items, place, "items", NULL, &rule));
        put_list(&s->out, rule, t.least, t.most);
    } else if (t.least > 0) {
        return hx_fail(s->err, HX_EFORMAT, "schema: %s asks for more items than may stand",
                       hx_schema_pointer(s, place, "minItems"));
    }
    hx_buf_append_lit(&s->out, " \"]\"");
    return HX_OK;
}
