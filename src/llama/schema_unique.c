/* schema_unique.c - arrays whose items must differ, where items come from a list of n values.
 *
 *   n <= ANY_ORDER_MAX   a rule for each set that was written:        s7-u<set> ::= ws | "," ws value s7-u<set + value> | ...
 *   more                 values in the order of the list, any of them left out; a rule for each value and count so far:
 *                        s7-w<i>-<count> ::= "," ws value s7-w<i+1>-<count+1> | s7-w<i+1>-<count>
 *
 * Counts stop where they no longer matter. */
#include "llama/schema.h"

#include <string.h>

#include "base/error.h"

enum { ANY_ORDER_MAX = 8, VALUES_MAX = 1000, RULES_MAX = 1 << 15 };

typedef struct {
    hx_schema *s;
    unsigned place;
    json_t *values; /* owned by s */
    uint32_t n, least, most;
    hx_buf *more;
} unique;

static hx_status fail_endless(hx_schema *s, uint32_t place) {
    return hx_fail(s->err, HX_EFORMAT,
                   "schema: %s can be held only for items from a list (enum, const, boolean, null)",
                   hx_schema_pointer(s, place, "uniqueItems"));
}

/* ------------------------------------------------------------------ values */
static bool is_in(json_t *values, json_t *value) {
    for (size_t i = 0; i < json_array_size(values); i++) {
        json_t *other = json_array_get(values, i);
        bool same = json_is_number(other) && json_is_number(value)
                        ? json_number_value(other) == json_number_value(value)
                        : json_equal(other, value) != 0;
        if (same) return true;
    }
    return false;
}

/* All keywords but notes are `type` and, where not NULL, `name`. */
static bool has_only(json_t *node, const char *name) {
    for (void *i = json_object_iter(node); i; i = json_object_iter_next(node, i)) {
        const char *key = json_object_iter_key(i);
        bool known = strcmp(key, "type") == 0 || (name && strcmp(key, name) == 0);
        if (!known && !hx_schema_is_note(key)) return false;
    }
    return true;
}

static hx_status add_values(unique *u, json_t *list, unsigned types) {
    size_t n = json_array_size(list);
    if (n > VALUES_MAX) return fail_endless(u->s, u->place);
    HX_TRY(hx_schema_spend(u->s, u->place, n * n + 1));
    for (size_t i = 0; i < n; i++) {
        json_t *value = json_array_get(list, i);
        if ((hx_schema_type_of(value) & types) == 0 || is_in(u->values, value)) continue;
        if (json_array_append(u->values, value) != 0)
            return hx_fail(u->s->err, HX_ENOMEM, "not enough memory for the schema");
    }
    u->n = (uint32_t)json_array_size(u->values);
    return HX_OK;
}

static hx_status list_values(unique *u, json_t *items) {
    unsigned types;
    HX_TRY(hx_schema_resolve(u->s, u->place, &items));
    json_t *list = json_object_get(items, "enum"), *one = json_object_get(items, "const");
    if (!json_is_object(items) || !has_only(items, list ? "enum" : one ? "const" : NULL))
        return fail_endless(u->s, u->place);
    HX_TRY(hx_schema_types(u->s, u->place, items, &types));
    bool is_small = (types & ~(unsigned)(HX_JSON_TYPE_BOOLEAN | HX_JSON_TYPE_NULL)) == 0;
    if (!json_is_array(list) && !one && !is_small) return fail_endless(u->s, u->place);
    u->values = json_array();
    if (!u->values || !hx_buf_append(&u->s->owned, &u->values, sizeof u->values)) {
        json_decref(u->values);
        return hx_fail(u->s->err, HX_ENOMEM, "not enough memory for the schema");
    }
    json_t *all = list  ? json_incref(list)
                  : one ? json_pack("[O]", one)
                        : json_pack("[b,b,n]", 1, 0);
    hx_status status = all ? add_values(u, all, types)
                           : hx_fail(u->s->err, HX_ENOMEM, "not enough memory for the schema");
    json_decref(all);
    return status;
}

/* A rule for each value's text. */
static hx_status put_values(unique *u) {
    for (uint32_t i = 0; i < u->n; i++) {
        size_t start = u->s->out.len;
        hx_buf_printf(u->more, "s%u-v%u ::= ", u->place, (unsigned)i);
        HX_TRY(hx_schema_value(u->s, json_array_get(u->values, i)));
        if (u->s->out.failed) return HX_OK; /* said by the caller */
        hx_buf_append(u->more, u->s->out.ptr + start, u->s->out.len - start);
        hx_buf_append_lit(u->more, "\n");
        u->s->out.len = start;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ rules */
static void put_sets(unique *u) {
    for (uint32_t set = 0; set < 1u << u->n; set++) {
        uint32_t count = (uint32_t)__builtin_popcount(set), alternatives = 0;
        if (count > u->most) continue;
        hx_buf_printf(u->more, "s%u-u%u ::= ", u->place, (unsigned)set);
        if (count >= u->least) {
            hx_buf_append_lit(u->more, set ? "ws" : "\"\"");
            alternatives++;
        }
        for (uint32_t i = 0; i < u->n && count < u->most; i++)
            if (!(set >> i & 1))
                hx_buf_printf(u->more, "%s%ss%u-v%u s%u-u%u", alternatives++ > 0 ? " | " : "",
                              set ? "\",\" ws " : "", u->place, (unsigned)i, u->place,
                              (unsigned)(set | 1u << i));
        hx_buf_append_lit(u->more, "\n");
    }
}

/* The rule of value i with `count` written; `last` is where counting ends. */
static void put_step(unique *u, uint32_t i, uint32_t count, uint32_t last) {
    bool is_full = count == u->most, can_skip = count + (u->n - i - 1) >= u->least;
    hx_buf_printf(u->more, "s%u-w%u-%u ::= ", u->place, (unsigned)i, (unsigned)count);
    if (!is_full)
        hx_buf_printf(u->more, "%ss%u-v%u s%u-w%u-%u", count ? "\",\" ws " : "", u->place,
                      (unsigned)i, u->place, (unsigned)i + 1,
                      (unsigned)(count < last ? count + 1 : last));
    if (is_full)
        hx_buf_append_lit(u->more, "ws");
    else if (can_skip)
        hx_buf_printf(u->more, " | s%u-w%u-%u", u->place, (unsigned)i + 1, (unsigned)count);
    hx_buf_append_lit(u->more, "\n");
}

static hx_status put_chain(unique *u) {
    uint32_t last = u->most < u->n ? u->most : u->least;
    if (last == 0) last = 1;
    if ((uint64_t)u->n * (last + 1) > RULES_MAX)
        return hx_fail(u->s->err, HX_EFORMAT, "schema: the choices of %s take too many rules",
                       hx_schema_pointer(u->s, u->place, "uniqueItems"));
    for (uint32_t i = 0; i < u->n; i++)
        for (uint32_t count = 0; count <= last && count <= i; count++)
            if (count + (u->n - i) >= u->least) put_step(u, i, count, last);
    for (uint32_t count = u->least; count <= last; count++)
        hx_buf_printf(u->more, "s%u-w%u-%u ::= %s\n", u->place, (unsigned)u->n, (unsigned)count,
                      count ? "ws" : "\"\"");
    return HX_OK;
}

hx_status hx_schema_unique(hx_schema *s, uint32_t place, json_t *items, uint32_t least,
                           uint32_t most, hx_buf *more) {
    unique u = {.s = s, .place = place, .least = least, .most = most, .more = more};
    HX_TRY(list_values(&u, items));
    if (u.n < least)
        return hx_fail(s->err, HX_EFORMAT, "schema: %s asks for more items than may stand",
                       hx_schema_pointer(s, place, "minItems"));
    if (u.n == 0) return HX_OK;
    HX_TRY(put_values(&u));
    bool any_order = u.n <= ANY_ORDER_MAX;
    hx_buf_printf(&s->out, any_order ? "s%u-u0" : "s%u-w0-0", (unsigned)place);
    if (!any_order) return put_chain(&u);
    put_sets(&u);
    return HX_OK;
}
