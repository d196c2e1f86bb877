/* event_codec.c - the store format of events.
 *
 *   event  = head body
 *   head   = fixed64 row_hash, varint (ordinal << 1 | own_id), zigzag time, imports, varint length of body
 *   imports= varint count, first number, differences
 *   body   = byte (kind << 4 | type), varint field mask, ids, then the fields of the mask in bit order. Events without a model's label
 *            have the bytes they had before there were such labels
 *   block  = byte version (1), varint frames, then per frame: varint events, varint raw length, varint
 *            stored length, bytes (zstd, or raw where stored length == raw length)
 *
 * Strings are varint length + bytes; money and quantity zigzag; doubles their 64 bits. Reading checks every length and count
 * against what is left, so a damaged block gives an error, never an over-read. */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/hash.h"
#include "profile/event.h"

enum {
    F_NAME = 1 << 0,
    F_ORDER = 1 << 1,
    F_ITEM = 1 << 2,
    F_ITEM_NAME = 1 << 3,
    F_CATEGORY = 1 << 4,
    F_CURRENCY = 1 << 5,
    F_CHANNEL = 1 << 6,
    F_PAGE = 1 << 7,
    F_TITLE = 1 << 8,
    F_TEXT = 1 << 9,
    F_LABEL = 1 << 10,
    F_QUANTITY = 1 << 11,
    F_AMOUNT = 1 << 12,
    F_DISCOUNT = 1 << 13,
    F_RATING = 1 << 14,
    F_PROPERTIES = 1 << 15,
    F_ANNOTATION = 1 << 16,
    F_MODEL_LABEL = 1 << 17,
    F_MODEL_LABELS = 1 << 18, /* several, or a number */
    F_ASPECTS = 1 << 19, /* of the annotation */
    F_WEIGHTS = 1 << 20, /* the language model of the annotation */
    F_CORRECTED = 1 << 21 /* mode, edits and corrector of the annotation */
};

#define TIME_MIN (-62135596800000) /* year 1 */
#define TIME_MAX 253402300799999 /* year 9999 */
#define BLOCK_VERSION 1
#define FRAME_RAW_MAX (1u << 20)
#define EVENT_BYTES_MAX (128u << 20)

/* ------------------------------------------------------------------ imports */
void hx_imports_write(const uint32_t *imports, size_t n, hx_buf *out) {
    uint32_t last = 0;
    hx_put_u64(out, n);
    for (size_t i = 0; i < n; i++) {
        hx_put_u64(out, imports[i] - last);
        last = imports[i];
    }
}

size_t hx_imports_read(hx_str list, uint32_t *out, size_t max) {
    hx_cursor c = hx_cursor_of(list);
    size_t n = hx_get_count(&c, 1);
    uint64_t last = 0;
    if (n > max) n = max;
    for (size_t i = 0; i < n; i++) {
        last += hx_get_u64(&c);
        out[i] = (uint32_t)last;
    }
    return c.failed ? 0 : n;
}

static hx_str skip_imports(hx_cursor *c) {
    const uint8_t *start = c->at;
    size_t n = hx_get_count(c, 1);
    for (size_t i = 0; i < n && !c->failed; i++)
        hx_get_u64(c);
    return (hx_str){(const char *)start, (size_t)(c->at - start)};
}

/* ------------------------------------------------------------------ annotation */
static uint64_t bits_of(double d) {
    uint64_t u;
    memcpy(&u, &d, sizeof u);
    return u;
}

static double double_of(uint64_t u) {
    double d;
    memcpy(&d, &u, sizeof d);
    return d;
}

static void put_evidence(const hx_evidence *e, size_t n, hx_buf *out) {
    hx_put_u64(out, n);
    for (size_t i = 0; i < n; i++) {
        hx_put_u64(out, e[i].span.start);
        hx_put_u64(out, e[i].span.end);
        hx_put_fixed64(out, bits_of(e[i].weight));
    }
}

static const hx_evidence *get_evidence(hx_cursor *c, hx_arena *arena, size_t *n) {
    *n = hx_get_count(c, 10);
    hx_evidence *e = hx_arena_alloc(arena, *n * sizeof *e);
    if (!e) c->failed = true;
    for (size_t i = 0; i < *n && !c->failed; i++) {
        e[i].span.start = (uint32_t)hx_get_u64(c);
        e[i].span.end = (uint32_t)hx_get_u64(c);
        e[i].weight = double_of(hx_get_fixed64(c));
    }
    if (c->failed) *n = 0;
    return e;
}

static void put_annotation(const hx_annotation *a, hx_buf *out) {
    hx_put_u64(out, (uint64_t)a->engine);
    hx_put_u64(out, (uint64_t)a->lang);
    hx_put_u64(out, (uint64_t)a->noise);
    hx_put_fixed64(out, a->similarity);
    hx_put_fixed64(out, a->model);
    hx_put_u64(out, (uint64_t)a->sentiment.label);
    hx_put_fixed64(out, bits_of(a->sentiment.score));
    hx_put_fixed64(out, bits_of(a->sentiment.logit));
    hx_put_fixed64(out, bits_of(a->sentiment.bias));
    put_evidence(a->sentiment.evidence, a->sentiment.n_evidence, out);
    hx_put_u64(out, (uint64_t)a->intent.label);
    hx_put_fixed64(out, bits_of(a->intent.score));
    put_evidence(a->intent.evidence, a->intent.n_evidence, out);
    hx_put_u64(out, a->n_keywords);
    for (size_t i = 0; i < a->n_keywords; i++) {
        hx_put_u64(out, a->keywords[i].span.start);
        hx_put_u64(out, a->keywords[i].span.end);
        hx_put_str(out, a->keywords[i].text);
        hx_put_fixed64(out, bits_of(a->keywords[i].score));
    }
}

static void get_keywords(hx_cursor *c, hx_arena *arena, hx_annotation *a) {
    size_t n = hx_get_count(c, 11);
    hx_keyword *k = hx_arena_alloc(arena, n * sizeof *k);
    if (!k) c->failed = true;
    for (size_t i = 0; i < n && !c->failed; i++) {
        k[i].span.start = (uint32_t)hx_get_u64(c);
        k[i].span.end = (uint32_t)hx_get_u64(c);
        k[i].text = hx_get_str(c);
        k[i].score = double_of(hx_get_fixed64(c));
    }
    a->keywords = k;
    a->n_keywords = c->failed ? 0 : n;
}

static double get_probability(hx_cursor *c) {
    double d = double_of(hx_get_fixed64(c));
    if (!(d >= 0.0 && d <= 1.0)) c->failed = true;
    return c->failed ? 0.0 : d;
}

static uint64_t get_below(hx_cursor *c, uint64_t n) {
    uint64_t v = hx_get_u64(c);
    if (v >= n) c->failed = true;
    return c->failed ? 0 : v;
}

static const hx_annotation *get_annotation(hx_cursor *c, hx_arena *arena) {
    hx_annotation *a = hx_arena_alloc(arena, sizeof *a);
    if (!a) {
        c->failed = true;
        return NULL;
    }
    *a = (hx_annotation){.engine = (hx_engine)get_below(c, HX_ENGINE_LLAMA + 1)};
    a->lang = (hx_lang)get_below(c, HX_LANG_N);
    a->noise = (hx_noise)get_below(c, HX_NOISE_N);
    a->similarity = hx_get_fixed64(c);
    a->model = hx_get_fixed64(c);
    a->sentiment.label = (hx_sentiment_label)get_below(c, HX_SENTIMENT_N);
    a->sentiment.score = get_probability(c);
    a->sentiment.logit = double_of(hx_get_fixed64(c));
    a->sentiment.bias = double_of(hx_get_fixed64(c));
    a->sentiment.evidence = get_evidence(c, arena, &a->sentiment.n_evidence);
    a->intent.label = (hx_intent_label)get_below(c, HX_INTENT_N);
    a->intent.score = get_probability(c);
    a->intent.evidence = get_evidence(c, arena, &a->intent.n_evidence);
    get_keywords(c, arena, a);
    return a;
}

static void put_aspects(const hx_annotation *a, hx_buf *out) {
    hx_put_u64(out, a->n_aspects);
    for (size_t i = 0; i < a->n_aspects; i++) {
        const hx_aspect *s = &a->aspects[i];
        hx_put_str(out, s->id);
        hx_put_str(out, s->name);
        hx_put_u64(out, s->span.start);
        hx_put_u64(out, s->span.end);
        hx_put_u64(out, s->opinion.start);
        hx_put_u64(out, s->opinion.end);
        hx_put_u64(out, (uint64_t)s->label);
        hx_put_fixed64(out, bits_of(s->score));
        hx_put_fixed64(out, bits_of(s->logit));
        put_evidence(s->evidence, s->n_evidence, out);
    }
}

/* A copy of the annotation with the model that made it. */
static const hx_annotation *get_weights(hx_cursor *c, hx_arena *arena, const hx_annotation *of) {
    hx_annotation *a = hx_arena_alloc(arena, sizeof *a);
    if (!a || !of) c->failed = true;
    if (c->failed) return of;
    *a = *of;
    a->weights = hx_get_str(c);
    a->kernels = hx_get_str(c);
    return a;
}

/* A copy of the annotation with its aspects. */
static const hx_annotation *get_aspects(hx_cursor *c, hx_arena *arena, const hx_annotation *of) {
    size_t n = hx_get_count(c, 24);
    hx_aspect *list = hx_arena_alloc(arena, (n + 1) * sizeof *list);
    hx_annotation *a = hx_arena_alloc(arena, sizeof *a);
    if (!list || !a || !of) c->failed = true;
    for (size_t i = 0; i < n && !c->failed; i++) {
        hx_aspect *s = &list[i];
        s->id = hx_get_str(c);
        s->name = hx_get_str(c);
        s->span.start = (uint32_t)hx_get_u64(c);
        s->span.end = (uint32_t)hx_get_u64(c);
        s->opinion.start = (uint32_t)hx_get_u64(c);
        s->opinion.end = (uint32_t)hx_get_u64(c);
        s->label = (hx_sentiment_label)get_below(c, HX_SENTIMENT_N);
        s->score = get_probability(c);
        s->logit = double_of(hx_get_fixed64(c));
        s->evidence = get_evidence(c, arena, &s->n_evidence);
    }
    if (c->failed) return NULL;
    *a = *of;
    a->aspects = list;
    a->n_aspects = n;
    return a;
}

/* ------------------------------------------------------------------ correction */
static void put_corrected(const hx_corrected *c, hx_buf *out) {
    hx_put_u64(out, (uint64_t)c->mode);
    hx_put_u64(out, (uint64_t)c->engine);
    hx_put_fixed64(out, bits_of(c->threshold[0]));
    hx_put_fixed64(out, bits_of(c->threshold[1]));
    hx_put_fixed64(out, c->hash);
    hx_put_u64(out, c->n_edits);
    for (size_t i = 0; i < c->n_edits; i++) {
        hx_put_u64(out, c->edits[i].span.start);
        hx_put_u64(out, c->edits[i].span.end);
        hx_put_str(out, c->edits[i].to);
        hx_put_fixed64(out, bits_of(c->edits[i].score));
    }
}

/* In order, apart, within the text: whoever shows an edit need not look again. */
static void get_edits(hx_cursor *c, hx_arena *arena, hx_str text, hx_corrected *out) {
    size_t n = hx_get_count(c, 11);
    uint64_t least = 0;
    hx_edit *edits = hx_arena_alloc(arena, (n + 1) * sizeof *edits);
    if (!edits) c->failed = true;
    for (size_t i = 0; i < n && !c->failed; i++) {
        uint64_t start = hx_get_u64(c), end = hx_get_u64(c);
        if (start < least || end < start || end > text.len) c->failed = true;
        if (c->failed) break;
        edits[i] = (hx_edit){.span = {(uint32_t)start, (uint32_t)end},
                             .from = {text.ptr + start, (size_t)(end - start)}};
        edits[i].to = hx_get_str(c);
        edits[i].score = get_probability(c);
        least = end;
    }
    out->edits = edits;
    out->n_edits = c->failed ? 0 : n;
}

/* A copy of the annotation with what correction did to its text. */
static const hx_annotation *get_corrected(hx_cursor *c, hx_arena *arena, hx_str text,
                                          const hx_annotation *of) {
    hx_annotation *a = hx_arena_alloc(arena, sizeof *a);
    if (!a || !of) c->failed = true;
    if (c->failed) return of;
    *a = *of;
    a->corrected.mode = (hx_correct_mode)get_below(c, HX_CORRECT_N);
    a->corrected.engine = (hx_engine)get_below(c, HX_ENGINE_LLAMA + 1);
    a->corrected.threshold[0] = get_probability(c);
    a->corrected.threshold[1] = get_probability(c);
    a->corrected.hash = hx_get_fixed64(c);
    get_edits(c, arena, text, &a->corrected);
    return a;
}

static void put_model_label(const hx_model_label *l, hx_buf *out) {
    hx_put_str(out, l->set);
    hx_put_str(out, l->label);
    hx_put_fixed64(out, bits_of(l->score));
    hx_put_u64(out, (uint64_t)l->engine);
    hx_put_str(out, l->kernels);
    hx_put_str(out, l->model);
}

static const hx_model_label *get_model_label(hx_cursor *c, hx_arena *arena) {
    hx_model_label *l = hx_arena_alloc(arena, sizeof *l);
    if (!l) {
        c->failed = true;
        return NULL;
    }
    l->set = hx_get_str(c);
    l->label = hx_get_str(c);
    l->score = get_probability(c);
    l->engine = (hx_engine)get_below(c, HX_ENGINE_LLAMA + 1);
    l->kernels = hx_get_str(c);
    l->model = hx_get_str(c);
    return l;
}

/* Set, label and score of each, then engine, kernels and model, which are the same of all. */
static void put_model_labels(const hx_event *e, hx_buf *out) {
    const hx_model_label *l = e->model_labels;
    hx_put_u64(out, e->n_model_labels);
    for (uint32_t i = 0; i < e->n_model_labels; i++) {
        hx_put_str(out, l[i].set);
        hx_put_str(out, l[i].label);
        hx_put_fixed64(out, bits_of(l[i].score));
    }
    hx_put_u64(out, (uint64_t)l->engine);
    hx_put_str(out, l->kernels);
    hx_put_str(out, l->model);
}

static double get_number(hx_cursor *c) {
    double v = double_of(hx_get_fixed64(c));
    if (!(v >= -HX_LABEL_NUMBER_MAX && v <= HX_LABEL_NUMBER_MAX)) c->failed = true;
    return v;
}

static void get_model_labels(hx_cursor *c, hx_arena *arena, hx_event *e) {
    size_t n = hx_get_count(c, 10);
    if (n == 0 || n > HX_LABELS_MAX) c->failed = true;
    hx_model_label *l = c->failed ? NULL : hx_arena_alloc(arena, n * sizeof *l), common = {0};
    if (!l) c->failed = true;
    for (size_t i = 0; i < n && !c->failed; i++) {
        l[i].set = hx_get_str(c);
        l[i].label = hx_get_str(c);
        l[i].score = l[i].label.len > 0 ? get_probability(c) : get_number(c);
    }
    common.engine = (hx_engine)get_below(c, HX_ENGINE_LLAMA + 1);
    common.kernels = hx_get_str(c);
    common.model = hx_get_str(c);
    for (size_t i = 0; i < n && !c->failed; i++) {
        l[i].engine = common.engine;
        l[i].kernels = common.kernels;
        l[i].model = common.model;
    }
    e->model_labels = c->failed ? NULL : l;
    e->n_model_labels = c->failed ? 0 : (uint32_t)n;
}

/* ------------------------------------------------------------------ body */
static const struct {
    uint32_t flag;
    size_t offset;
} string_fields[] = {
    {F_NAME, offsetof(hx_event, name)},         {F_ORDER, offsetof(hx_event, order)},
    {F_ITEM, offsetof(hx_event, item)},         {F_ITEM_NAME, offsetof(hx_event, item_name)},
    {F_CATEGORY, offsetof(hx_event, category)}, {F_CURRENCY, offsetof(hx_event, currency)},
    {F_CHANNEL, offsetof(hx_event, channel)},   {F_PAGE, offsetof(hx_event, page)},
    {F_TITLE, offsetof(hx_event, title)},       {F_TEXT, offsetof(hx_event, text)},
    {F_LABEL, offsetof(hx_event, label)}};
#define N_STRING_FIELDS (sizeof string_fields / sizeof *string_fields)

static const hx_str *string_field(const hx_event *e, size_t i) {
    return (const hx_str *)(const void *)((const char *)e + string_fields[i].offset);
}

static uint32_t mask_of(const hx_event *e) {
    uint32_t mask = 0;
    for (size_t i = 0; i < N_STRING_FIELDS; i++)
        if (string_field(e, i)->len > 0) mask |= string_fields[i].flag;
    if (e->quantity != 0) mask |= F_QUANTITY;
    if (e->has_amount) mask |= F_AMOUNT;
    if (e->discount != 0) mask |= F_DISCOUNT;
    if (e->rating != HX_RATING_NONE) mask |= F_RATING;
    if (e->n_properties > 0) mask |= F_PROPERTIES;
    if (e->annotation) mask |= F_ANNOTATION;
    if (e->annotation && e->annotation->n_aspects > 0) mask |= F_ASPECTS;
    if (e->annotation && e->annotation->weights.len > 0) mask |= F_WEIGHTS;
    if (e->annotation && e->annotation->corrected.mode != HX_CORRECT_OFF) mask |= F_CORRECTED;
    bool one = e->n_model_labels == 1 && e->model_labels->label.len > 0;
    if (e->n_model_labels > 0) mask |= one ? F_MODEL_LABEL : F_MODEL_LABELS;
    return mask;
}

static void put_properties(const hx_event *e, hx_buf *out) {
    hx_put_u64(out, e->n_properties);
    for (uint32_t i = 0; i < e->n_properties; i++) {
        hx_put_str(out, e->properties[i].name);
        hx_put_str(out, e->properties[i].value);
        hx_put_u64(out, (uint64_t)e->properties[i].type);
    }
}

static void body_write(const hx_event *e, hx_buf *out) {
    uint32_t mask = mask_of(e);
    hx_buf_append_byte(out, (char)((unsigned)e->kind << 4 | (unsigned)e->type));
    hx_put_u64(out, mask);
    hx_put_u64(out, e->n_ids);
    for (uint32_t i = 0; i < e->n_ids; i++) {
        hx_put_u64(out, (uint64_t)e->ids[i].type);
        hx_put_str(out, e->ids[i].value);
    }
    for (size_t i = 0; i < N_STRING_FIELDS; i++)
        if (mask & string_fields[i].flag) hx_put_str(out, *string_field(e, i));
    if (mask & F_QUANTITY) hx_put_i64(out, e->quantity);
    if (mask & F_AMOUNT) hx_put_i64(out, e->amount);
    if (mask & F_DISCOUNT) hx_put_i64(out, e->discount);
    if (mask & F_RATING) hx_put_i64(out, e->rating);
    if (mask & F_PROPERTIES) put_properties(e, out);
    if (mask & F_ANNOTATION) put_annotation(e->annotation, out);
    if (mask & F_MODEL_LABEL) put_model_label(e->model_labels, out);
    if (mask & F_MODEL_LABELS) put_model_labels(e, out);
    if (mask & F_ASPECTS) put_aspects(e->annotation, out);
    if (mask & F_WEIGHTS) hx_put_str(out, e->annotation->weights);
    if (mask & F_WEIGHTS) hx_put_str(out, e->annotation->kernels);
    if (mask & F_CORRECTED) put_corrected(&e->annotation->corrected, out);
}

static void get_ids(hx_cursor *c, hx_arena *arena, hx_event *e) {
    size_t n = hx_get_count(c, 2);
    if (n > HX_EVENT_IDS_MAX) c->failed = true;
    hx_id *ids = c->failed ? NULL : hx_arena_alloc(arena, n * sizeof *ids);
    if (!ids) c->failed = true;
    for (size_t i = 0; i < n && !c->failed; i++) {
        ids[i].type = (hx_id_type)get_below(c, HX_ID_GUEST);
        ids[i].value = hx_get_str(c);
    }
    e->ids = ids;
    e->n_ids = c->failed ? 0 : (uint32_t)n;
}

static void get_properties(hx_cursor *c, hx_arena *arena, hx_event *e) {
    size_t n = hx_get_count(c, 3);
    hx_property *p = hx_arena_alloc(arena, n * sizeof *p);
    if (!p) c->failed = true;
    for (size_t i = 0; i < n && !c->failed; i++) {
        p[i].name = hx_get_str(c);
        p[i].value = hx_get_str(c);
        p[i].type = (hx_value_type)get_below(c, HX_VALUE_BOOLEAN + 1);
    }
    e->properties = p;
    e->n_properties = c->failed ? 0 : (uint32_t)n;
}

static void get_fields(hx_cursor *c, uint32_t mask, hx_arena *arena, hx_event *e) {
    for (size_t i = 0; i < N_STRING_FIELDS; i++)
        if (mask & string_fields[i].flag)
            *(hx_str *)(void *)((char *)e + string_fields[i].offset) = hx_get_str(c);
    if (mask & F_QUANTITY) e->quantity = hx_get_i64(c);
    if (mask & F_AMOUNT) e->amount = hx_get_i64(c);
    e->has_amount = mask & F_AMOUNT;
    if (mask & F_DISCOUNT) e->discount = hx_get_i64(c);
    if (mask & F_RATING) e->rating = (int32_t)hx_get_i64(c);
    if (mask & F_PROPERTIES) get_properties(c, arena, e);
    if (mask & F_ANNOTATION) e->annotation = get_annotation(c, arena);
    if (mask & F_MODEL_LABEL) {
        e->model_labels = get_model_label(c, arena);
        e->n_model_labels = e->model_labels != NULL;
    }
    if (mask & F_MODEL_LABELS) get_model_labels(c, arena, e);
    if (mask & F_ASPECTS) e->annotation = get_aspects(c, arena, e->annotation);
    if (mask & F_WEIGHTS) e->annotation = get_weights(c, arena, e->annotation);
    if (mask & F_CORRECTED) e->annotation = get_corrected(c, arena, e->text, e->annotation);
}

static bool body_read(hx_str body, hx_arena *arena, hx_event *e) {
    hx_cursor c = hx_cursor_of(body);
    if (body.len < 2) return false;
    uint8_t first = *c.at++;
    if ((first >> 4) >= HX_KIND_N || (first & 15) > HX_EVENT_ALIAS) return false;
    e->kind = (hx_event_kind)(first >> 4);
    e->type = (hx_event_type)(first & 15);
    e->rating = HX_RATING_NONE;
    uint32_t mask = (uint32_t)hx_get_u64(&c);
    get_ids(&c, arena, e);
    if (!c.failed) get_fields(&c, mask, arena, e);
    return !c.failed && c.at == c.end;
}

/* ------------------------------------------------------------------ head */
static void head_put(uint64_t row_hash, uint32_t ordinal, bool own_id, int64_t time, hx_buf *out) {
    hx_put_fixed64(out, row_hash);
    hx_put_u64(out, (uint64_t)ordinal << 1 | own_id);
    hx_put_i64(out, time);
}

void hx_event_head_write(const hx_event_head *h, hx_buf *out) {
    head_put(h->row_hash, h->ordinal, h->own_id, h->time, out);
    hx_buf_append_str(out, h->imports);
    hx_put_str(out, h->body);
}

bool hx_event_head_read(hx_cursor *c, hx_event_head *out) {
    out->row_hash = hx_get_fixed64(c);
    uint64_t ordinal = hx_get_u64(c);
    out->ordinal = (uint32_t)(ordinal >> 1);
    out->own_id = ordinal & 1;
    out->time = hx_get_i64(c);
    if (out->time != HX_TIME_NONE && (out->time < TIME_MIN || out->time > TIME_MAX))
        c->failed = true;
    out->imports = skip_imports(c);
    out->body = hx_get_str(c);
    out->id = hx_hash_mix(out->row_hash, out->ordinal);
    return !c->failed;
}

void hx_event_write(const hx_event *e, hx_buf *out) {
    hx_buf body;
    hx_buf_init(&body, EVENT_BYTES_MAX);
    body_write(e, &body);
    head_put(e->row_hash, e->ordinal, e->own_id, e->time, out);
    hx_imports_write(e->imports, e->n_imports, out);
    hx_put_str(out, hx_buf_str(&body));
    if (body.failed) out->failed = true;
    hx_buf_release(&body);
}

bool hx_event_body_read(const hx_event_head *h, hx_arena *arena, hx_event *out) {
    *out = (hx_event){
        .row_hash = h->row_hash, .ordinal = h->ordinal, .own_id = h->own_id, .time = h->time};
    hx_cursor c = hx_cursor_of(h->imports);
    size_t n = hx_get_count(&c, 1);
    if (n > HX_EVENT_IMPORTS_MAX) return false;
    uint32_t *imports = hx_arena_alloc(arena, n * sizeof *imports);
    if (!imports) return false;
    out->n_imports = (uint32_t)hx_imports_read(h->imports, imports, n);
    out->imports = imports;
    return out->n_imports == n && body_read(h->body, arena, out);
}

bool hx_event_read(hx_cursor *c, hx_arena *arena, hx_event *out) {
    hx_event_head h;
    return hx_event_head_read(c, &h) && hx_event_body_read(&h, arena, out);
}

/* ------------------------------------------------------------------ blocks */
struct hx_event_codec {
    ZSTD_CCtx *compress;
    ZSTD_DCtx *decompress;
    hx_buf raw;
    hx_buf packed;
};

hx_event_codec *hx_event_codec_new(void) {
    hx_event_codec *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->compress = ZSTD_createCCtx();
    c->decompress = ZSTD_createDCtx();
    hx_buf_init(&c->raw, FRAME_RAW_MAX + EVENT_BYTES_MAX + 4096);
    hx_buf_init(&c->packed, ZSTD_COMPRESSBOUND(FRAME_RAW_MAX + EVENT_BYTES_MAX) + 4096);
    if (c->compress && c->decompress) return c;
    hx_event_codec_free(c);
    return NULL;
}

void hx_event_codec_free(hx_event_codec *c) {
    if (!c) return;
    ZSTD_freeCCtx(c->compress);
    ZSTD_freeDCtx(c->decompress);
    hx_buf_release(&c->raw);
    hx_buf_release(&c->packed);
    free(c);
}

/* Appends the raw frame gathered so far; compressing less than 64 bytes gains nothing. */
static void put_frame(hx_event_codec *c, size_t n_events, hx_buf *out) {
    hx_put_u64(out, n_events);
    hx_put_u64(out, c->raw.len);
    size_t bound = ZSTD_compressBound(c->raw.len), stored = c->raw.len;
    hx_buf_reset(&c->packed);
    if (c->raw.len >= 64 && hx_buf_reserve(&c->packed, bound)) {
        size_t n = ZSTD_compressCCtx(c->compress, c->packed.ptr, bound, c->raw.ptr, c->raw.len, 1);
        if (!ZSTD_isError(n) && n < c->raw.len) stored = n;
    }
    hx_put_u64(out, stored);
    hx_buf_append(out, stored < c->raw.len ? c->packed.ptr : c->raw.ptr, stored);
    if (c->raw.failed) out->failed = true;
    hx_buf_reset(&c->raw);
}

/* Where a frame that starts at `from` ends. Needs the lengths alone, so that the frames can be counted before they are made. */
static size_t frame_end(const hx_event_head *heads, size_t from, size_t n) {
    size_t bytes = 0, i = from;
    while (i < n && (i == from || bytes + heads[i].body.len + 40 <= FRAME_RAW_MAX)) {
        bytes += heads[i].body.len + heads[i].imports.len + 40;
        i++;
    }
    return i;
}

hx_status hx_event_block_write(hx_event_codec *c, const hx_event_head *heads, size_t n, hx_buf *out,
                               hx_error *err) {
    size_t frames = 0;
    for (size_t i = 0; i < n; i = frame_end(heads, i, n))
        frames++;
    hx_buf_append_byte(out, BLOCK_VERSION);
    hx_put_u64(out, frames);
    for (size_t i = 0; i < n;) {
        size_t end = frame_end(heads, i, n), count = end - i;
        hx_buf_reset(&c->raw);
        for (; i < end; i++)
            hx_event_head_write(&heads[i], &c->raw);
        put_frame(c, count, out);
    }
    return hx_buf_status(out, "a customer's events", err);
}

static hx_status damaged(hx_error *err) {
    return hx_fail(err, HX_EFORMAT,
                   "the store is damaged: a block of events can't be decoded; run 'huaxiang doctor "
                   "--store' and restore a backup");
}

/* One frame's raw bytes into the arena. */
static hx_status frame_raw(hx_event_codec *c, hx_cursor *in, hx_arena *arena, size_t *n_events,
                           hx_str *raw, hx_error *err) {
    *n_events = (size_t)hx_get_u64(in);
    size_t raw_len = (size_t)hx_get_u64(in);
    hx_str stored = hx_get_str(in);
    if (in->failed || stored.len > raw_len || raw_len > FRAME_RAW_MAX + EVENT_BYTES_MAX)
        return damaged(err);
    if (*n_events > raw_len / 12 + 1) return damaged(err);
    if (stored.len == raw_len) {
        *raw = hx_arena_str(arena, stored);
        return raw->ptr ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
    }
    char *bytes = hx_arena_alloc(arena, raw_len);
    if (!bytes) return hx_fail(err, HX_ENOMEM, "out of memory");
    size_t n = ZSTD_decompressDCtx(c->decompress, bytes, raw_len, stored.ptr, stored.len);
    if (ZSTD_isError(n) || n != raw_len) return damaged(err);
    *raw = (hx_str){bytes, raw_len};
    return HX_OK;
}

/* A list of heads that grows by doubling inside the arena. */
typedef struct {
    hx_event_head *at;
    size_t n, cap;
} head_list;

static bool head_list_room(head_list *l, size_t more, hx_arena *arena) {
    if (l->n + more <= l->cap) return true;
    size_t cap = l->cap * 2 > l->n + more ? l->cap * 2 : l->n + more;
    hx_event_head *bigger = hx_arena_alloc(arena, cap * sizeof *bigger);
    if (!bigger) return false;
    if (l->n > 0) memcpy(bigger, l->at, l->n * sizeof *bigger);
    l->at = bigger;
    l->cap = cap;
    return true;
}

hx_status hx_event_block_heads(hx_event_codec *c, hx_str block, hx_arena *arena,
                               hx_event_head **out, size_t *n, hx_error *err) {
    hx_cursor in = hx_cursor_of(block);
    head_list list = {NULL, 0, 0};
    if (block.len < 2 || *in.at++ != BLOCK_VERSION) return damaged(err);
    size_t frames = hx_get_count(&in, 3);
    for (size_t f = 0; f < frames; f++) {
        size_t count;
        hx_str raw;
        HX_TRY(frame_raw(c, &in, arena, &count, &raw, err));
        if (!head_list_room(&list, count, arena)) return hx_fail(err, HX_ENOMEM, "out of memory");
        hx_cursor events = hx_cursor_of(raw);
        for (size_t i = 0; i < count; i++)
            if (!hx_event_head_read(&events, &list.at[list.n++])) return damaged(err);
        if (events.at != events.end) return damaged(err);
    }
    if (in.failed || in.at != in.end) return damaged(err);
    *out = list.at;
    *n = list.n;
    return HX_OK;
}

hx_status hx_event_block_read(hx_event_codec *c, hx_str block, hx_arena *arena, hx_event **out,
                              size_t *n, hx_error *err) {
    hx_event_head *heads;
    HX_TRY(hx_event_block_heads(c, block, arena, &heads, n, err));
    hx_event *events = hx_arena_alloc(arena, *n * sizeof *events);
    if (!events) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < *n; i++)
        if (!hx_event_body_read(&heads[i], arena, &events[i])) return damaged(err);
    *out = events;
    return HX_OK;
}

/* ------------------------------------------------------------------ loose bytes */
#define PACK_LEVEL (-3) /* of zstd: three times faster than level 1 for a quarter more bytes */

hx_str hx_event_pack(hx_event_codec *c, hx_str bytes) {
    size_t bound = ZSTD_compressBound(bytes.len);
    hx_buf_reset(&c->packed);
    if (!hx_buf_reserve(&c->packed, bound)) return (hx_str){NULL, 0};
    size_t n =
        ZSTD_compressCCtx(c->compress, c->packed.ptr, bound, bytes.ptr, bytes.len, PACK_LEVEL);
    return ZSTD_isError(n) ? (hx_str){NULL, 0} : (hx_str){c->packed.ptr, n};
}

hx_str hx_event_unpack(hx_event_codec *c, hx_str packed) {
    unsigned long long n = ZSTD_getFrameContentSize(packed.ptr, packed.len);
    hx_buf_reset(&c->raw);
    if (n == ZSTD_CONTENTSIZE_UNKNOWN || n == ZSTD_CONTENTSIZE_ERROR || n > c->raw.cap)
        return (hx_str){NULL, 0};
    if (!hx_buf_reserve(&c->raw, (size_t)n + 1)) return (hx_str){NULL, 0};
    size_t got = ZSTD_decompressDCtx(c->decompress, c->raw.ptr, (size_t)n, packed.ptr, packed.len);
    return ZSTD_isError(got) || got != n ? (hx_str){NULL, 0} : (hx_str){c->raw.ptr, (size_t)n};
}
