/* entity.c - names, products, times and amounts of a text; see huaxiang/text.h.
 *
 *     times, amounts by rules -> names by their forms and by lists -> the others by the model's head, or Chinese persons by their words -> in the order
 *     of the text
 *
 * What was found first keeps its bytes, so that no two overlap: times and amounts have a grammar, which the rules know whole. Forms go before the
 * model, since they are seldom wrong. */
#include "text/entity.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/small.h"

#define ENTITY_CAP ((size_t)1 << 30) /* bytes */

const char *hx_entity_name(hx_entity_kind k) {
    static const char *const names[HX_ENTITY_N] = {"person",  "place", "organisation",
                                                   "product", "time",  "money"};
    return (unsigned)k < HX_ENTITY_N ? names[k] : "";
}

void hx__entity_add(hx_entity_finds *f, size_t start, size_t end, hx_entity_kind kind, double score,
                    bool by_rule) {
    if (start >= end || end > f->text.len || memchr(f->taken + start, 1, end - start)) return;
    const hx_entity e = {{(uint32_t)start, (uint32_t)end}, kind, score, by_rule};
    memset(f->taken + start, 1, end - start);
    (void)hx_buf_append(&f->list, &e, sizeof e);
}

static int by_start(const void *a, const void *b) {
    const hx_entity *x = a, *y = b;
    return (x->span.start > y->span.start) - (x->span.start < y->span.start);
}

static hx_status find_all(hx_tagger *t, hx_entity_finds *f, hx_arena *scratch, hx_error *err) {
    hx_llama_context *context;
    f->taken = hx_arena_alloc(scratch, f->text.len + 1);
    if (!f->taken) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    memset(f->taken, 0, f->text.len + 1);
    hx__entity_values(f);
    hx__entity_forms(f);
    hx__entity_known(f);
    if (hx__small_has(hx__tagger_small(t, &context), HX_SMALL_ENTITIES))
        return hx__entity_marks(t, f, scratch, err);
    return hx__entity_persons(f, hx__tagger_annotator(t), err);
}

hx_status hx_tagger_entities(hx_tagger *t, hx_str text, hx_arena *arena, hx_entity **out, size_t *n,
                             hx_error *err) {
    hx_entity_finds f = {.text = text};
    *out = NULL;
    *n = 0;
    if (text.len > HX_TEXT_MAX)
        return hx_fail(err, HX_ELIMIT, "a text has %zu bytes; at most %u can be cut into words",
                       text.len, HX_TEXT_MAX);
    hx_buf_init(&f.list, ENTITY_CAP);
    hx_arena *scratch = hx_arena_new(ENTITY_CAP);
    hx_status st = scratch ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    if (st == HX_OK) st = find_all(t, &f, scratch, err);
    if (st == HX_OK) st = hx_buf_status(&f.list, "the names of a text", err);
    if (st == HX_OK) {
        *out = hx_arena_alloc(arena, f.list.len + 1);
        if (!*out) st = hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    }
    if (st == HX_OK && f.list.len > 0) {
        memcpy(*out, f.list.ptr, f.list.len);
        *n = f.list.len / sizeof **out;
        qsort(*out, *n, sizeof **out, by_start);
    }
    hx_arena_free(scratch);
    hx_buf_release(&f.list);
    return st;
}
