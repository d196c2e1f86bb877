/* arcs.c - what is true of an arc; see arcs.h.
 *
 *     h-1 [head] h+1 ... between ... m-1 [word] m+1     or the other way round
 *
 * Most templates stand there twice: by themselves, and with side and distance. Words beyond the edges and the root are words of their own. */
#include "text/arcs.h"

enum { ROOT_TAG = HX_UPOS_N + 1, EDGE_TAG };

typedef struct {
    uint64_t *out;
    size_t n;
    uint64_t way; /* side and distance */
} features;

static const hx_syntax_word root = {.form = 11, .begin = 12, .end = 13, .tag = ROOT_TAG},
                            edge = {.form = 21, .begin = 22, .end = 23, .tag = EDGE_TAG};

void hx__arc_sentence(hx_arc_sentence *s, const hx_syntax_word *words, size_t n) {
    *s = (hx_arc_sentence){.words = words, .n = n};
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t <= HX_UPOS_N; t++)
            s->before[i + 1][t] = (uint16_t)(s->before[i][t] + (words[i].tag == t));
        s->commas[i + 1] = (uint16_t)(s->commas[i] + words[i].comma);
    }
}

static const hx_syntax_word *at(const hx_arc_sentence *s, size_t i) {
    if (i == 0) return &root;
    return i <= s->n ? &s->words[i - 1] : &edge; /* also where i wrapped round */
}

static const hx_syntax_word *next_to(const hx_arc_sentence *s, size_t i, bool right) {
    if (i == 0) return &edge;
    if (right) return i < s->n ? &s->words[i] : &edge;
    return i > 1 ? &s->words[i - 2] : &edge;
}

static uint64_t mix3(uint64_t a, uint64_t b, uint64_t c) {
    return hx__syntax_mix(hx__syntax_mix(a, b), c);
}

static void add(features *f, uint64_t kind, uint64_t h) {
    f->out[f->n++] = hx__syntax_mix(kind, h);
}

/* With and without the way. */
static void add_two(features *f, uint64_t kind, uint64_t h) {
    uint64_t key = hx__syntax_mix(kind, h);
    f->out[f->n++] = key;
    f->out[f->n++] = hx__syntax_mix(key, f->way);
}

/* ------------------------------------------------------------------ templates */
static uint64_t distance_class(size_t d) {
    static const uint8_t limits[] = {1, 2, 3, 4, 6, 10, 15};
    uint64_t k = 0;
    while (k < sizeof limits && d > limits[k])
        k++;
    return k;
}

static void add_pair(features *f, const hx_syntax_word *h, const hx_syntax_word *m) {
    const uint64_t tags = 1 + (uint64_t)h->tag * 32 + m->tag, hm = hx__syntax_mix(h->form, m->form);
    add_two(f, 1, mix3(h->form, h->tag, 0));
    add_two(f, 2, h->tag);
    add_two(f, 3, mix3(m->form, m->tag, 0));
    add_two(f, 4, m->tag);
    add_two(f, 5, tags);
    add_two(f, 6, mix3(hm, tags, 0));
    add_two(f, 7, mix3(m->form, tags, 0));
    add_two(f, 8, mix3(h->form, tags, 0));
    add_two(f, 9, hm);
    add_two(f, 10, mix3(h->form, m->tag, 0));
    add_two(f, 11, mix3(m->form, h->tag, 0));
    add_two(f, 12, mix3(h->end, m->end, tags));
    add_two(f, 13, mix3(m->end, tags, 0));
    add_two(f, 14, mix3(h->end, tags, 0));
    add_two(f, 15, mix3(h->form, m->end, m->tag));
    add_two(f, 16, mix3(h->end, h->tag, m->form));
    add_two(f, 17, mix3(h->begin, m->begin, tags));
    add(f, 18, mix3(m->end, m->begin, f->way));
}

static void add_around(features *f, const hx_arc_sentence *s, size_t head, size_t word) {
    const hx_syntax_word *h = at(s, head), *m = at(s, word);
    const uint64_t hl = next_to(s, head, false)->tag, hr = next_to(s, head, true)->tag,
                   ml = next_to(s, word, false)->tag, mr = next_to(s, word, true)->tag,
                   tags = 1 + (uint64_t)h->tag * 32 + m->tag;
    add_two(f, 20, tags << 20 | hr << 5 | ml);
    add_two(f, 21, tags << 20 | hl << 5 | ml);
    add_two(f, 22, tags << 20 | hr << 5 | mr);
    add_two(f, 23, tags << 20 | hl << 5 | mr);
    add_two(f, 24, tags << 20 | ml);
    add_two(f, 25, tags << 20 | mr);
    add_two(f, 26, tags << 20 | hl);
    add_two(f, 27, tags << 20 | hr);
    add_two(f, 28, tags << 20 | ml << 5 | mr);
    add_two(f, 29, tags << 20 | hl << 5 | hr);
    add_two(f, 30, mix3(tags, hl << 15 | hr << 10 | ml << 5 | mr, 0));
    add(f, 31, mix3(next_to(s, word, false)->form, tags, f->way));
    add(f, 32, mix3(next_to(s, word, true)->form, tags, f->way));
    add(f, 33, mix3(next_to(s, head, false)->form, tags, f->way));
    add(f, 34, mix3(next_to(s, head, true)->form, tags, f->way));
    add(f, 35, mix3(m->form, next_to(s, word, false)->form, h->tag));
    add(f, 36, mix3(m->form, next_to(s, word, true)->form, h->tag));
    add(f, 37, mix3(h->form, next_to(s, head, true)->form, m->tag));
    add(f, 38, mix3(h->form, next_to(s, head, false)->form, m->tag));
}

static uint64_t few(size_t n) {
    return n < 3 ? n : 3;
}

static void add_between(features *f, const hx_arc_sentence *s, size_t head, size_t word) {
    const hx_syntax_word *h = at(s, head), *m = at(s, word);
    const size_t low = head < word ? head : word, high = head < word ? word : head;
    const uint64_t tags = 1 + (uint64_t)h->tag * 32 + m->tag;
    size_t count[HX_UPOS_N + 1];
    for (size_t t = 0; t <= HX_UPOS_N; t++) {
        count[t] = (size_t)(s->before[high - 1][t] - s->before[low][t]);
        if (count[t] > 0) add(f, 40, mix3(tags, t, head < word));
    }
    const size_t commas = (size_t)(s->commas[high - 1] - s->commas[low]);
    const uint64_t verbs = few(count[15] + count[3]), marks = few(count[12]);
    add(f, 41, mix3(tags, verbs << 8 | marks << 4 | few(commas), f->way & 1));
    add(f, 42, mix3(tags, few(h->tag <= HX_UPOS_N ? count[h->tag] : 0), f->way & 1));
    add(f, 43, mix3(tags, few(m->tag <= HX_UPOS_N ? count[m->tag] : 0), f->way & 1));
    add(f, 44, mix3(tags, few(count[4]) << 4 | few(commas), f->way & 1));
    add(f, 45, mix3(tags, few(count[7] + count[11] + count[10]) << 4 | verbs, f->way & 1));
    add(f, 46, mix3(tags, high - low < 12 ? high - low : 12, f->way & 1));
    add(f, 47,
        mix3(m->form, few(h->tag <= HX_UPOS_N ? count[h->tag] : 0), h->tag << 1 | (f->way & 1)));
    add(f, 48, mix3(h->form, verbs << 4 | marks, m->tag << 1 | (f->way & 1)));
    add(f, 49, mix3(tags, (uint64_t)(word == 1) << 1 | (word == s->n), s->words[s->n - 1].form));
}

size_t hx__arc_features(const hx_arc_sentence *s, size_t head, size_t word,
                        uint64_t out[HX_ARC_FEATURES]) {
    const size_t distance = head < word ? word - head : head - word;
    features f = {.out = out,
                  .way = head == 0 ? 99 : distance_class(distance) << 1 | (head < word)};
    add_pair(&f, at(s, head), at(s, word));
    add_around(&f, s, head, word);
    if (head == 0) return f.n;
    add_between(&f, s, head, word);
    return f.n;
}
