/* identity_rules.c - which ids may join persons: JSON from outside to limits, ranks and blocked keys.
 *
 * The store keeps the text as it was given (meta "identity_rules"), so that it can be shown, changed and given again; it is parsed anew
 * where persons are worked out. A blocked value is brought to the normal form of its type, as ids are, and kept as their key; a value
 * without a type blocks it in every type in which it has a normal form. */
#include "pipeline/identity_rules.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define META "identity_rules"
#define LIMIT_MAX 10000
#define BLOCKED_MAX 100000

static int type_named(const char *name, size_t len) {
    for (int t = 0; t < HX_ID_GUEST; t++) {
        const char *known = hx_id_type_name((hx_id_type)t);
        if (strlen(known) == len && memcmp(known, name, len) == 0) return t;
    }
    return -1;
}

static hx_status bad_type(const char *name, hx_error *err) {
    return hx_fail(err, HX_EFORMAT,
                   "identity rules: '%.40s' is no type of id; there are customer, email, phone, "
                   "account, device, anonymous",
                   name);
}

static hx_status read_priority(const json_t *list, hx_identity_rules *r, hx_error *err) {
    bool named[HX_ID_N] = {false};
    uint32_t next = 0;
    size_t i;
    const json_t *item;
    if (!json_is_array(list))
        return hx_fail(err, HX_EFORMAT, "identity rules: priority must be a list of types");
    json_array_foreach(list, i, item) {
        const char *name = json_string_value(item) ? json_string_value(item) : "";
        int t = type_named(name, strlen(name));
        if (t < 0 || named[t]) return bad_type(name, err);
        named[t] = true;
        r->rank[t] = next++;
    }
    for (int t = 0; t < HX_ID_N; t++)
        if (!named[t]) r->rank[t] = next++;
    return HX_OK;
}

static hx_status read_count(const json_t *value, const char *name, uint32_t *out, hx_error *err) {
    json_int_t n = json_is_integer(value) ? json_integer_value(value) : 0;
    if (n < 1 || n > LIMIT_MAX)
        return hx_fail(err, HX_EFORMAT, "identity rules: %.40s must be a whole number from 1 to %d",
                       name, LIMIT_MAX);
    *out = (uint32_t)n;
    return HX_OK;
}

static hx_status read_limits(json_t *limits, hx_identity_rules *r, hx_error *err) {
    const char *name;
    json_t *value;
    if (!json_is_object(limits))
        return hx_fail(err, HX_EFORMAT, "identity rules: limits must be an object, {\"email\":3}");
    json_object_foreach(limits, name, value) {
        int t = type_named(name, strlen(name));
        if (t < 0) return bad_type(name, err);
        HX_TRY(read_count(value, name, &r->most[t], err));
        r->has_limits = true;
    }
    return HX_OK;
}

static hx_status block(hx_identity_rules *r, hx_id_type type, hx_str value, hx_arena *arena,
                       hx_error *err) {
    hx_id id;
    if (!hx_id_normalize(type, value, arena, &id)) return HX_OK;
    uint64_t *place = hx_map_put(&r->blocked, hx_id_key(id));
    if (!place) return hx_fail(err, HX_ENOMEM, "out of memory");
    *place = 1;
    return HX_OK;
}

static hx_status read_blocked_value(const char *s, hx_identity_rules *r, hx_arena *arena,
                                    hx_error *err) {
    const char *colon = strchr(s, ':');
    int t = colon ? type_named(s, (size_t)(colon - s)) : -1;
    hx_arena_reset(arena);
    if (t >= 0) return block(r, (hx_id_type)t, hx_str_of(colon + 1), arena, err);
    for (t = 0; t < HX_ID_GUEST; t++)
        HX_TRY(block(r, (hx_id_type)t, hx_str_of(s), arena, err));
    return HX_OK;
}

static hx_status read_blocked(const json_t *list, hx_identity_rules *r, hx_error *err) {
    size_t i;
    const json_t *item;
    if (!json_is_array(list) || json_array_size(list) > BLOCKED_MAX)
        return hx_fail(err, HX_EFORMAT,
                       "identity rules: blocked must be a list of at most %d values", BLOCKED_MAX);
    hx_arena *arena = hx_arena_new(0);
    hx_status status = arena ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
    json_array_foreach(list, i, item) {
        const char *s = json_string_value(item);
        if (status == HX_OK && !s)
            status =
                hx_fail(err, HX_EFORMAT, "identity rules: blocked value %zu is no text", i + 1);
        if (status == HX_OK) status = read_blocked_value(s, r, arena, err);
    }
    hx_arena_free(arena);
    return status;
}

static hx_status read_rule(const char *name, json_t *value, hx_identity_rules *r, hx_error *err) {
    if (strcmp(name, "priority") == 0) return read_priority(value, r, err);
    if (strcmp(name, "limits") == 0) return read_limits(value, r, err);
    if (strcmp(name, "shared") == 0) return read_count(value, name, &r->shared, err);
    if (strcmp(name, "blocked") == 0) return read_blocked(value, r, err);
    return hx_fail(
        err, HX_EFORMAT,
        "identity rules: '%.40s' is no rule; there are priority, limits, shared, blocked", name);
}

static void set_defaults(hx_identity_rules *r) {
    r->shared = HX_SHARED_MAX;
    r->has_limits = false;
    for (int t = 0; t < HX_ID_N; t++) {
        r->rank[t] = (uint32_t)t;
        r->most[t] = 0;
    }
}

hx_status hx_identity_rules_parse(hx_str text, hx_identity_rules *r, hx_error *err) {
    json_t *json;
    const char *name;
    json_t *value;
    set_defaults(r);
    HX_TRY(hx_json_parse(text, HX_IDENTITY_RULES_BYTES, "identity rules", &json, err));
    hx_status status = HX_OK;
    if (!json_is_object(json))
        status = hx_fail(err, HX_EFORMAT, "identity rules: must be a JSON object");
    json_object_foreach(json, name, value) {
        if (status == HX_OK) status = read_rule(name, value, r, err);
    }
    json_decref(json);
    return status;
}

hx_status hx_identity_rules_load(hx_store *s, hx_identity_rules *r, hx_error *err) {
    hx_str text = {NULL, 0};
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    set_defaults(r);
    hx_status status = hx_store_get_meta(s, META, arena, &text, err);
    if (status == HX_OK && text.len > 0) status = hx_identity_rules_parse(text, r, err);
    hx_arena_free(arena);
    return status;
}

hx_status hx_identity_rules_save(hx_store *s, hx_str json, hx_error *err) {
    HX_TRY(hx_store_set_meta(s, META, json, err));
    return hx_store_set_identity(s, false, err);
}
