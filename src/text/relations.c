/* relations.c - what is true of a word in a tree; see relations.h.
 *
 * Children of a word are looked for in all its sentence, each time: sentences are short, and trees come once a sentence. At most
 * CHILDREN of them say something, from the left. */
#include "text/relations.h"

enum { ROOT_TAG = HX_UPOS_N + 1, EDGE_TAG, CHILDREN = 8 };

typedef struct {
    uint64_t *out;
    size_t n;
} features;

static const hx_syntax_word root = {.form = 11, .begin = 12, .end = 13, .tag = ROOT_TAG},
                            edge = {.form = 21, .begin = 22, .end = 23, .tag = EDGE_TAG};

static void add(features *f, uint64_t kind, uint64_t a, uint64_t b) {
    if (f->n < HX_RELATION_FEATURES) f->out[f->n++] = hx__syntax_mix(hx__syntax_mix(kind, a), b);
}

static uint64_t way_of(size_t head, size_t word) {
    const size_t d = head < word ? word - head : head - word;
    if (head == 0) return 99;
    return (d < 4 ? d : d < 8 ? 4 : 5) << 1 | (head < word);
}

static void add_pair(features *f, const hx_syntax_word *h, const hx_syntax_word *m, uint64_t way) {
    const uint64_t tags = (uint64_t)h->tag * 32 + m->tag;
    add(f, 1, 0, 0);
    add(f, 2, m->form, m->tag);
    add(f, 3, m->form, tags << 1 | (way & 1));
    add(f, 4, m->tag, way);
    add(f, 5, h->form, m->tag << 1 | (way & 1));
    add(f, 6, h->form, tags);
    add(f, 7, tags, way);
    add(f, 8, h->form, m->form);
    add(f, 9, m->end, tags << 1 | (way & 1));
    add(f, 10, h->end, tags << 1 | (way & 1));
    add(f, 11, hx__syntax_mix(h->end, m->end), tags);
    add(f, 12, m->begin, tags);
    add(f, 13, m->end, m->begin);
    add(f, 14, tags, way & 1);
}

static const hx_syntax_word *near(const hx_syntax_word *words, size_t n, size_t i) {
    return i < n ? &words[i] : &edge;
}

static void add_around(features *f, const hx_syntax_word *words, size_t n, size_t i,
                       const hx_syntax_word *h) {
    const hx_syntax_word *m = &words[i], *l = near(words, n, i - 1), *r = near(words, n, i + 1);
    const uint64_t tags = (uint64_t)h->tag * 32 + m->tag;
    add(f, 20, l->tag, tags);
    add(f, 21, r->tag, tags);
    add(f, 22, l->form, tags);
    add(f, 23, r->form, tags);
    add(f, 24, (uint64_t)l->tag << 8 | r->tag, m->tag);
    add(f, 25, l->form, m->form);
    add(f, 26, m->form, r->form);
    add(f, 27, (uint64_t)l->tag << 8 | r->tag, tags);
}

static void add_children(features *f, const hx_syntax_word *words, const uint32_t *heads, size_t n,
                         size_t i, const hx_syntax_word *h) {
    const hx_syntax_word *m = &words[i];
    const uint64_t tags = (uint64_t)h->tag * 32 + m->tag;
    size_t some = 0;
    for (size_t c = 0; c < n && some < CHILDREN; c++) {
        if (heads[c] != i + 1) continue;
        if (some++ == 0) add(f, 30, words[c].form, tags << 1 | (c < i));
        add(f, 31, words[c].tag, tags << 1 | (c < i));
        add(f, 32, words[c].form, (uint64_t)m->tag << 1 | (c < i));
        add(f, 33, words[c].form, hx__syntax_mix(h->form, m->tag));
    }
    add(f, 34, some < 3 ? some : 3, tags);
}

static void add_siblings(features *f, const hx_syntax_word *words, const uint32_t *heads, size_t n,
                         size_t i, const hx_syntax_word *h) {
    const hx_syntax_word *m = &words[i];
    const uint64_t tags = (uint64_t)h->tag * 32 + m->tag;
    size_t some = 0, nouns = 0;
    for (size_t c = 0; c < n && some < CHILDREN; c++) {
        if (heads[c] != heads[i] || c == i) continue;
        some++;
        add(f, 40, words[c].tag, tags << 1 | (c < i));
        add(f, 41, words[c].form, tags << 1 | (c < i));
        add(f, 42, hx__syntax_mix(words[c].form, c < i), hx__syntax_mix(m->form, h->tag));
        if (c < i && c + 1 > heads[i] &&
            (words[c].tag == 7 || words[c].tag == 10 || words[c].tag == 11))
            nouns++;
    }
    add(f, 43, nouns, tags << 1 | (i + 1 > heads[i]));
    add(f, 44, some < 3 ? some : 3, tags);
}

size_t hx__relation_features(const hx_syntax_word *words, const uint32_t *heads, size_t n, size_t i,
                             uint64_t out[HX_RELATION_FEATURES]) {
    features f = {.out = out};
    const uint32_t head = heads[i];
    const hx_syntax_word *h = head ? &words[head - 1] : &root;
    const uint32_t above = head ? heads[head - 1] : 0;
    const hx_syntax_word *g = above ? &words[above - 1] : &root;
    add_pair(&f, h, &words[i], way_of(head, i + 1));
    add_around(&f, words, n, i, h);
    add(&f, 28, g->tag, (uint64_t)h->tag * 32 + words[i].tag);
    add(&f, 29, g->form, (uint64_t)h->tag * 32 + words[i].tag);
    add_children(&f, words, heads, n, i, h);
    add_siblings(&f, words, heads, n, i, h);
    return f.n;
}
