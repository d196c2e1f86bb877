/* phrase.c - the Aho-Corasick automaton over bytes.
 *
 * While phrases are added they form a trie whose nodes hold {first child, next sibling}; building turns it into a dense
 * table, breadth first, so that a walk is one load a byte:
 *
 *     next[state][class_of[byte]]      the longest suffix read that begins some phrase
 *     ends[state]                      the longest phrase that ends here; hx_phrase.next_same_end has the shorter ones
 *
 * At the root a bitmap of the code points that begin phrases says how far nothing can; most Chinese characters are passed so.
 *
 * Bytes of no phrase share class 0, which always leads back to the root. Invariant: a state's failure state was filled
 * before it (it is less deep), so each row begins as a copy of its failure row. */
#include "text/phrase.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* A trie node; node 0 is the root. Siblings are chained. */
typedef struct {
    uint32_t child, sibling; /* 0 = none */
    uint32_t phrase; /* index + 1 */
    uint8_t byte;
} node;

/* Bits of `starts`: code points, a hash of pairs, and code points before something else or alone. */
enum { STARTS_BYTES = 3 << 13, PAIRS_AT = 1 << 16, ALONE_AT = 2 << 16 };

static void set_bit(uint8_t *bits, uint32_t at) {
    bits[at >> 3] |= (uint8_t)(1u << (at & 7));
}

static bool has_bit(const uint8_t *bits, uint32_t at) {
    return bits[at >> 3] >> (at & 7) & 1;
}

static uint32_t pair_bit(uint32_t first, uint32_t second) {
    return PAIRS_AT + (((first * 40503u) ^ second) & 0xFFFF);
}

/* A whole code point of three bytes, U+0800 to U+FFFF, begins at `at`. */
static bool is_three(hx_str s, size_t at) {
    const unsigned char *c = (const unsigned char *)s.ptr + at;
    return s.len >= at + 3 && (c[0] & 0xF0) == 0xE0 && (c[1] & 0xC0) == 0x80 &&
           (c[2] & 0xC0) == 0x80;
}

static uint32_t three_at(hx_str s, size_t at) {
    const unsigned char *c = (const unsigned char *)s.ptr + at;
    return (c[0] & 0x0Fu) << 12 | (c[1] & 0x3Fu) << 6 | (c[2] & 0x3Fu);
}

void hx__phrases_init(hx_phrases *p) {
    *p = (hx_phrases){.n_classes = 1};
    hx_buf_init(&p->phrases, (size_t)HX_PHRASE_STATES_MAX * sizeof(hx_phrase));
    hx_buf_init(&p->nodes, (size_t)HX_PHRASE_STATES_MAX * sizeof(node));
}

void hx__phrases_release(hx_phrases *p) {
    hx_buf_release(&p->phrases);
    hx_buf_release(&p->nodes);
    free(p->next);
    free(p->ends);
    free(p->starts);
    p->starts = NULL;
    p->next = NULL;
    p->ends = NULL;
}

static node *node_at(const hx_phrases *p, uint32_t i) {
    return (node *)(void *)p->nodes.ptr + i;
}

static hx_phrase *phrase_at(const hx_phrases *p, uint32_t i) {
    return (hx_phrase *)(void *)p->phrases.ptr + i;
}

static uint32_t node_new(hx_phrases *p, uint8_t byte) {
    node fresh = {.byte = byte};
    hx_buf_append(&p->nodes, &fresh, sizeof fresh);
    return p->n_states++;
}

/* The child of `at` by `byte`, made where absent. */
static uint32_t child_of(hx_phrases *p, uint32_t at, uint8_t byte) {
    for (uint32_t c = node_at(p, at)->child; c != 0; c = node_at(p, c)->sibling)
        if (node_at(p, c)->byte == byte) return c;
    uint32_t c = node_new(p, byte);
    if (p->nodes.failed) return 0;
    node_at(p, c)->sibling = node_at(p, at)->child;
    node_at(p, at)->child = c;
    return c;
}

hx_status hx__phrases_add(hx_phrases *p, hx_str phrase, uint32_t value, hx_error *err) {
    uint32_t kept;
    return hx__phrases_add_once(p, phrase, value, &kept, err);
}

hx_status hx__phrases_add_once(hx_phrases *p, hx_str phrase, uint32_t value, uint32_t *kept,
                               hx_error *err) {
    if (phrase.len == 0 || phrase.len > HX_PHRASE_BYTES_MAX)
        return hx_fail(err, HX_ELIMIT, "lexicon: phrase '%.*s' has %zu bytes; 1 to %u are allowed",
                       HX_STR_ARG(phrase), phrase.len, HX_PHRASE_BYTES_MAX);
    if (p->n_states == 0) node_new(p, 0);
    uint32_t at = 0;
    for (size_t i = 0; i < phrase.len && !p->nodes.failed; i++) {
        uint8_t byte = (uint8_t)phrase.ptr[i];
        if (p->class_of[byte] == 0) p->class_of[byte] = (uint8_t)p->n_classes++;
        at = child_of(p, at, byte);
    }
    HX_TRY(hx_buf_status(&p->nodes, "the lexicon's phrases", err));
    if (!p->starts) p->starts = calloc(STARTS_BYTES, 1);
    if (!p->starts)
        return hx_fail(err, HX_ENOMEM, "out of memory while building the lexicon's phrases");
    uint8_t lead = (uint8_t)phrase.ptr[0];
    if ((lead & 0xC0) == 0x80 || ((lead & 0xF0) == 0xE0 && !is_three(phrase, 0))) p->odd = true;
    if (is_three(phrase, 0)) {
        uint32_t first = three_at(phrase, 0);
        set_bit(p->starts, first);
        set_bit(p->starts,
                is_three(phrase, 3) ? pair_bit(first, three_at(phrase, 3)) : ALONE_AT + first);
    }
    uint32_t known = node_at(p, at)->phrase;
    *kept = known ? phrase_at(p, known - 1)->value : value;
    if (known) return HX_OK;
    hx_phrase entry = {(uint32_t)phrase.len, 0, value};
    hx_buf_append(&p->phrases, &entry, sizeof entry);
    HX_TRY(hx_buf_status(&p->phrases, "the lexicon's phrases", err));
    node_at(p, at)->phrase = (uint32_t)(p->phrases.len / sizeof(hx_phrase));
    return HX_OK;
}

/* Fills the row of `state`, whose failure state is `fail`, and queues its children with their failure states. */
static void fill_row(hx_phrases *p, uint32_t state, uint32_t fail, uint32_t *queue, uint32_t *fails,
                     uint32_t *tail) {
    uint16_t *row = p->next + (size_t)state * p->n_classes;
    const uint16_t *fail_row = p->next + (size_t)fail * p->n_classes;
    uint32_t own = node_at(p, state)->phrase;
    if (state != 0) {
        memcpy(row, fail_row, p->n_classes * sizeof *row);
        if (own) phrase_at(p, own - 1)->next_same_end = p->ends[fail];
        p->ends[state] = own ? own : p->ends[fail];
    }
    for (uint32_t c = node_at(p, state)->child; c != 0; c = node_at(p, c)->sibling) {
        uint8_t class = p->class_of[node_at(p, c)->byte];
        fails[c] = state == 0 ? 0 : fail_row[class];
        row[class] = (uint16_t)c;
        queue[(*tail)++] = c;
    }
}

hx_status hx__phrases_build(hx_phrases *p, hx_error *err) {
    if (p->n_states == 0) node_new(p, 0);
    HX_TRY(hx_buf_status(&p->nodes, "the lexicon's phrases", err));
    p->next = calloc((size_t)p->n_states * p->n_classes, sizeof *p->next);
    p->ends = calloc(p->n_states, sizeof *p->ends);
    uint32_t *queue = calloc((size_t)p->n_states * 2, sizeof *queue);
    bool ok = p->next && p->ends && queue;
    if (ok) {
        uint32_t *fails = queue + p->n_states;
        uint32_t tail = 1;
        for (uint32_t head = 0; head < tail; head++)
            fill_row(p, queue[head], fails[queue[head]], queue, fails, &tail);
        hx_buf_release(&p->nodes);
    }
    free(queue);
    return ok ? HX_OK
              : hx_fail(err, HX_ENOMEM, "out of memory while building the lexicon's phrases");
}

hx_phrase_walk hx__phrase_walk_of(const hx_phrases *p, hx_str text) {
    return (hx_phrase_walk){.phrases = p, .text = text};
}

static bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_at_edges(hx_str text, size_t start, size_t end) {
    if (start > 0 && is_word_byte(text.ptr[start]) && is_word_byte(text.ptr[start - 1]))
        return false;
    return end >= text.len || !is_word_byte(text.ptr[end - 1]) || !is_word_byte(text.ptr[end]);
}

/* Whether a phrase may begin with the code point of three bytes at `at`. */
static bool may_begin(const hx_phrases *p, hx_str text, size_t at) {
    uint32_t first = three_at(text, at);
    if (!has_bit(p->starts, first)) return false;
    if (has_bit(p->starts, ALONE_AT + first) || !is_three(text, at + 3)) return true;
    return has_bit(p->starts, pair_bit(first, three_at(text, at + 3)));
}

/* At the root: over what begins no phrase, a code point a step, without reading the table; inside a Latin word none begins. */
static void skip(hx_phrase_walk *w) {
    const hx_phrases *p = w->phrases;
    while (w->pos < w->text.len) {
        if (p->starts && !p->odd && is_three(w->text, w->pos)) {
            if (may_begin(p, w->text, w->pos)) return;
            w->pos += 3;
        } else if (w->pos > 0 && is_word_byte(w->text.ptr[w->pos]) &&
                   is_word_byte(w->text.ptr[w->pos - 1])) {
            w->pos++;
        } else {
            if (p->next[p->class_of[(uint8_t)w->text.ptr[w->pos]]] != 0) return;
            w->pos++;
        }
    }
}

bool hx__phrase_walk_next(hx_phrase_walk *w, hx_phrase_hit *hit) {
    const hx_phrases *p = w->phrases;
    for (;;) {
        while (w->pending != 0) {
            const hx_phrase *found = phrase_at(p, w->pending - 1);
            w->pending = found->next_same_end;
            if (!is_at_edges(w->text, w->pos - found->len, w->pos)) continue;
            *hit = (hx_phrase_hit){w->pos - found->len, w->pos, found->value};
            return true;
        }
        if (w->state == 0) skip(w);
        if (w->pos >= w->text.len) return false;
        uint8_t class = p->class_of[(uint8_t)w->text.ptr[w->pos++]];
        w->state = p->next[(size_t)w->state * p->n_classes + class];
        w->pending = p->ends[w->state];
    }
}
