/* schema_keys.c - patternProperties: keys that a regular expression matches.
 *
 * A key that is written must have one meaning: a pattern's keys must be no listed name with another schema, and the keys of two patterns with
 * different schemas must differ. Both are asked of the patterns' own automata: a name is read through one, and of two all pairs of states
 * that some key leads to are visited. Keys are plain (nothing escaped but quotes and backslashes), so that equal keys are equal texts.
 *
 * What cannot be told is refused: names that are not plain ASCII, and, beside another pattern, those that dialects read differently (\d, \w,
 * \s) or that match control characters. */
#include "llama/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { PATTERNS_MAX = 16, PAIRS_MAX = 4096, PATTERN_BYTES_MAX = 1 << 20 };

typedef struct {
    const char *text;
    json_t *schema;
    hx_buf gbnf; /* the key, without quotes */
    hx_grammar *grammar;
    hx_matcher *matcher;
    bool is_narrow;
} key_pattern;

struct hx_schema_keys {
    hx_schema *s;
    uint32_t place;
    size_t n;
    key_pattern patterns[PATTERNS_MAX];
};

static const char *pointer(const hx_schema_keys *k) {
    return hx_schema_pointer(k->s, k->place, "patternProperties");
}

void hx_schema_keys_free(hx_schema_keys *k) {
    if (!k) return;
    for (size_t i = 0; i < k->n; i++) {
        hx_matcher_free(k->patterns[i].matcher);
        hx_grammar_free(k->patterns[i].grammar);
        hx_buf_release(&k->patterns[i].gbnf);
    }
    free(k);
}

/* ------------------------------------------------------------------ patterns */
static hx_status make_automaton(hx_schema_keys *k, key_pattern *p) {
    hx_buf text;
    hx_buf_init(&text, PATTERN_BYTES_MAX);
    hx_buf_append_lit(&text, "plain ::= [^\"\\\\\\x00-\\x1F]\nroot ::= ");
    hx_buf_append_str(&text, hx_buf_str(&p->gbnf));
    hx_buf_append_lit(&text, "\n");
    hx_status status = hx_buf_status(&text, "the schema's patterns", k->s->err);
    if (status == HX_OK) status = hx_grammar_new(&p->grammar, hx_buf_str(&text), k->s->err);
    hx_buf_release(&text);
    HX_TRY(status);
    p->matcher = hx_matcher_new(p->grammar);
    return p->matcher ? HX_OK : hx_fail(k->s->err, HX_ENOMEM, "not enough memory for the schema");
}

static hx_status add_pattern(hx_schema_keys *k, const char *text, json_t *schema) {
    if (k->n == PATTERNS_MAX)
        return hx_fail(k->s->err, HX_EFORMAT, "schema: %s has more than %d patterns", pointer(k),
                       PATTERNS_MAX);
    key_pattern *p = &k->patterns[k->n++];
    p->text = text;
    p->schema = schema;
    hx_buf_init(&p->gbnf, PATTERN_BYTES_MAX);
    k->s->pattern_at = "patternProperties";
    HX_TRY(hx_schema_pattern(k->s, k->place, hx_str_of(text), "plain", &p->gbnf));
    p->is_narrow = k->s->pattern_is_narrow;
    return make_automaton(k, p);
}

/* ------------------------------------------------------------------ two patterns */
typedef struct {
    uint32_t a, b;
} node_pair;

/* Whether some key is of both; true, too, where that takes too long to tell. */
static hx_status share_a_key(hx_schema_keys *k, key_pattern *x, key_pattern *y, bool *out) {
    hx_buf line;
    hx_map seen;
    hx_buf_init(&line, PAIRS_MAX * sizeof(node_pair));
    hx_map_init(&seen);
    node_pair start = {hx_matcher_start(x->matcher), hx_matcher_start(y->matcher)};
    bool fine = hx_buf_append(&line, &start, sizeof start);
    *out = false;
    for (size_t i = 0; fine && !*out && i < line.len / sizeof start; i++) {
        node_pair here = ((const node_pair *)(const void *)line.ptr)[i];
        *out = hx_matcher_may_end(x->matcher, here.a) && hx_matcher_may_end(y->matcher, here.b);
        for (unsigned byte = 0x20; fine && byte < 256; byte++) {
            node_pair next = {hx_matcher_step(x->matcher, here.a, (uint8_t)byte),
                              hx_matcher_step(y->matcher, here.b, (uint8_t)byte)};
            if (next.a == 0 || next.b == 0) continue;
            uint64_t *slot = hx_map_put(&seen, (uint64_t)next.a << 32 | next.b);
            fine = slot && (*slot || hx_buf_append(&line, &next, sizeof next));
            if (slot) *slot = 1;
        }
    }
    *out = *out || !fine;
    size_t n = line.len / sizeof start;
    hx_buf_release(&line);
    hx_map_release(&seen);
    HX_TRY(hx_matcher_status(x->matcher, k->s->err));
    HX_TRY(hx_matcher_status(y->matcher, k->s->err));
    return hx_schema_spend(k->s, k->place, 256 * (n + 1));
}

static hx_status check_pair(hx_schema_keys *k, key_pattern *x, key_pattern *y) {
    bool shared = x->is_narrow || y->is_narrow;
    if (json_equal(x->schema, y->schema)) return HX_OK;
    if (!shared) HX_TRY(share_a_key(k, x, y, &shared));
    return shared ? hx_fail(k->s->err, HX_EFORMAT,
                            "schema: two patterns of %s may match the same key; say them with one "
                            "schema or so that none does",
                            pointer(k))
                  : HX_OK;
}

static hx_status add_patterns(hx_schema_keys *k, json_t *patterns) {
    for (void *i = json_object_iter(patterns); i; i = json_object_iter_next(patterns, i))
        HX_TRY(add_pattern(k, json_object_iter_key(i), json_object_iter_value(i)));
    for (size_t i = 0; i < k->n; i++)
        for (size_t j = 0; j < i; j++)
            HX_TRY(check_pair(k, &k->patterns[j], &k->patterns[i]));
    return HX_OK;
}

hx_status hx_schema_keys_new(hx_schema_keys **out, hx_schema *s, uint32_t place, json_t *node) {
    json_t *patterns = json_object_get(node, "patternProperties");
    *out = NULL;
    if (patterns && !json_is_object(patterns))
        return hx_fail(s->err, HX_EFORMAT, "schema: %s must be an object of schemas",
                       hx_schema_pointer(s, place, "patternProperties"));
    if (json_object_size(patterns) == 0) return HX_OK;
    hx_schema_keys *k = calloc(1, sizeof *k);
    if (!k) return hx_fail(s->err, HX_ENOMEM, "not enough memory for the schema");
    k->s = s;
    k->place = place;
    hx_status status = add_patterns(k, patterns);
    if (status == HX_OK)
        *out = k;
    else
        hx_schema_keys_free(k);
    return status;
}

/* ------------------------------------------------------------------ names */
static bool is_plain_ascii(const char *name) {
    for (; *name; name++)
        if (*name < 0x20 || *name > 0x7E || *name == '"' || *name == '\\') return false;
    return true;
}

hx_status hx_schema_keys_join(hx_schema_keys *k, const char *name, json_t *schema, json_t **out) {
    *out = schema;
    if (!is_plain_ascii(name))
        return hx_fail(k->s->err, HX_EFORMAT,
                       "schema: %s stands beside the name '%s', which is not plain ASCII",
                       pointer(k), name);
    HX_TRY(hx_schema_spend(k->s, k->place, k->n * (strlen(name) + 1)));
    for (size_t i = 0; i < k->n; i++) {
        key_pattern *p = &k->patterns[i];
        uint32_t node = hx_matcher_read(p->matcher, hx_matcher_start(p->matcher), hx_str_of(name));
        bool matches = hx_matcher_may_end(p->matcher, node);
        HX_TRY(hx_matcher_status(p->matcher, k->s->err));
        if (!matches) continue;
        if (schema && !json_is_true(schema) && !json_equal(schema, p->schema))
            return hx_fail(k->s->err, HX_EFORMAT,
                           "schema: the property '%s' is matched by a pattern of %s, which says "
                           "something else of it",
                           name, pointer(k));
        *out = p->schema;
    }
    return HX_OK;
}

hx_status hx_schema_keys_put(hx_schema_keys *k, hx_buf *out, size_t *n) {
    *n = 0;
    for (size_t i = 0; i < k->n; i++) {
        const key_pattern *p = &k->patterns[i];
        uint32_t rule;
        if (json_is_false(p->schema)) continue;
        HX_TRY(hx_schema_rule(k->s, p->schema, k->place, "patternProperties", p->text, &rule));
        hx_buf_printf(out, "%s\"\\\"\" ", (*n)++ > 0 ? " | " : "");
        hx_buf_append_str(out, hx_buf_str(&p->gbnf));
        hx_buf_printf(out, " \"\\\"\" \":\" sp s%u", (unsigned)rule);
    }
    return HX_OK;
}
