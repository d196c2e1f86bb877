/* topic_space.c - texts as vectors of what they are about.
 *
 *     term    a word that may be a keyword (keyword.c), or two of them next to each other; English words by their stems
 *     kept    terms of at least max(2, texts / 5000) texts and at most 60 % of them
 *     value   log(texts / texts with the term), the row of length 1; a term counts once a text
 *
 * Texts are read one after the other by an annotator of their own; what the same text gives does not depend on the others but for the counts. */
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "text/annotator.h"
#include "text/keyword.h"
#include "text/stem.h"
#include "text/topics.h"

#define BYTES_MAX ((size_t)4 << 30)

enum { WORDS_MAX = 4096, STEM_MAX = 48, COMMON = 60 };

typedef struct {
    hx_map index; /* key -> term + 1 */
    hx_buf terms, ids; /* hx_topic_term[], uint32_t[] */
    size_t *from;
    hx_arena *arena;
} builder;

static hx_status no_memory(size_t n, hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while looking for topics in %zu texts", n);
}

static uint64_t key_of(hx_str word, bool latin) {
    char copy[STEM_MAX + 1];
    uint64_t key;
    if (!latin || word.len > STEM_MAX) {
        key = hx_hash(word);
    } else {
        memcpy(copy, word.ptr, word.len);
        key = hx_hash((hx_str){copy, hx__stem(copy, word.len)});
    }
    return key ? key : 1;
}

/* Counts a term of the text in hand, whose ids begin at `from`; false when out of memory. */
static bool add_term(builder *b, size_t from, uint64_t key, hx_str text, bool pair, bool han) {
    uint64_t *place = hx_map_put(&b->index, key);
    if (!place) return false;
    if (*place == 0) {
        hx_topic_term term = {
            .text = hx_arena_str(b->arena, text), .key = key, .pair = pair, .han = han};
        *place = b->terms.len / sizeof term + 1;
        if (!term.text.ptr || !hx_buf_append(&b->terms, &term, sizeof term)) return false;
    }
    uint32_t id = (uint32_t)(*place - 1);
    hx_topic_term *term = (hx_topic_term *)(void *)b->terms.ptr + id;
    const uint32_t *ids = (const uint32_t *)(const void *)b->ids.ptr;
    for (size_t i = from; i < b->ids.len / sizeof id; i++)
        if (ids[i] == id) return true;
    term->texts++;
    return hx_buf_append(&b->ids, &id, sizeof id);
}

static bool add_text(builder *b, hx_annotator *a, const hx_analysis *text) {
    size_t from = b->ids.len / sizeof(uint32_t), words = 0;
    uint64_t last = 0;
    const hx_cut *before = NULL;
    for (size_t i = 0; i < text->n_words && words < WORDS_MAX; i++) {
        const hx_cut *w = &text->words[i];
        hx_str word = hx__cut_text(&text->clean, w);
        if (!hx__keyword_may_be(a->model, w, word)) {
            before = NULL;
            continue;
        }
        bool latin = w->kind == HX_CUT_LATIN;
        uint64_t key = key_of(word, latin);
        words++;
        if (!add_term(b, from, key, word, false, !latin)) return false;
        if (before && w->start - before->end <= 1) {
            hx_str pair = {text->clean.text.ptr + before->start, w->end - before->start};
            uint64_t both = hx_hash_mix(last, key);
            if (!add_term(b, from, both ? both : 1, pair, true, !latin)) return false;
        }
        before = w;
        last = key;
    }
    return true;
}

static hx_status read_texts(builder *b, hx_annotator *a, const hx_topics_options *o,
                            hx_error *err) {
    for (size_t i = 0; i < o->n; i++) {
        hx_analysis analysis;
        if (o->cancel && *o->cancel) return hx_fail(err, HX_ECANCELLED, "stopped on request");
        b->from[i] = b->ids.len / sizeof(uint32_t);
        hx_arena_reset(a->scratch);
        hx_status st = hx__text_analyse(a, o->texts[i], &analysis, err);
        if (st == HX_ELIMIT) continue; /* too long to be one text: without a topic */
        if (st != HX_OK) return st;
        if (!add_text(b, a, &analysis)) return no_memory(o->n, err);
    }
    b->from[o->n] = b->ids.len / sizeof(uint32_t);
    return HX_OK;
}

/* Drops terms that are too rare or too common; new ids keep the order. */
static bool keep_terms(builder *b, size_t n, hx_topic_space *s) {
    size_t all = b->terms.len / sizeof(hx_topic_term), least = 2 + n / 5000;
    hx_topic_term *terms = (hx_topic_term *)(void *)b->terms.ptr;
    uint32_t *renamed = hx_arena_alloc(b->arena, (all + 1) * sizeof *renamed);
    s->terms = hx_arena_alloc(b->arena, (all + 1) * sizeof *s->terms);
    if (!renamed || !s->terms) return false;
    for (size_t i = 0; i < all; i++) {
        bool kept =
            terms[i].texts >= least && (uint64_t)terms[i].texts * 100 <= (uint64_t)n * COMMON;
        renamed[i] = HX_TOPIC_NONE;
        if (!kept) continue;
        renamed[i] = (uint32_t)s->n_terms;
        s->terms[s->n_terms] = terms[i];
        s->terms[s->n_terms++].idf = (float)log((double)n / terms[i].texts);
    }
    const uint32_t *ids = (const uint32_t *)(const void *)b->ids.ptr;
    size_t total = b->ids.len / sizeof *ids, at = 0;
    s->ids = hx_arena_alloc(b->arena, (total + 1) * sizeof *s->ids);
    s->values = hx_arena_alloc(b->arena, (total + 1) * sizeof *s->values);
    if (!s->ids || !s->values) return false;
    for (size_t i = 0; i < n; i++) {
        size_t first = at;
        double length = 0;
        for (size_t k = b->from[i]; k < b->from[i + 1]; k++)
            if (renamed[ids[k]] != HX_TOPIC_NONE) {
                s->ids[at] = renamed[ids[k]];
                s->values[at] = s->terms[s->ids[at]].idf;
                length += (double)s->values[at] * (double)s->values[at];
                at++;
            }
        for (size_t k = first; k < at; k++)
            s->values[k] = (float)((double)s->values[k] / sqrt(length > 0 ? length : 1));
        b->from[i] = first;
    }
    b->from[n] = at;
    s->from = b->from;
    s->n_texts = n;
    return true;
}

hx_status hx__topic_space(const hx_text_model *m, const hx_topics_options *o, hx_arena *arena,
                          hx_topic_space *out, hx_error *err) {
    builder b = {.arena = arena};
    hx_topic_space s = {.n_terms = 0};
    hx_annotator *a = NULL;
    hx_map_init(&b.index);
    hx_buf_init(&b.terms, BYTES_MAX);
    hx_buf_init(&b.ids, BYTES_MAX);
    b.from = hx_arena_alloc(arena, (o->n + 1) * sizeof *b.from);
    hx_status st = b.from ? hx_annotator_new(&a, m, err) : no_memory(o->n, err);
    if (st == HX_OK) st = read_texts(&b, a, o, err);
    if (st == HX_OK && !keep_terms(&b, o->n, &s)) st = no_memory(o->n, err);
    hx_annotator_free(a);
    hx_map_release(&b.index);
    hx_buf_release(&b.terms);
    hx_buf_release(&b.ids);
    if (st == HX_OK) *out = s;
    return st;
}
