/* upos.c - what is true of a word among its neighbours; see upos.h.
 *
 *     w[i-2]  w[i-1]  [w[i]]  w[i+1]  w[i+2]      lower case, digits as 0, wide forms as narrow ones
 *
 * Beginnings and ends are of one to four characters. A word behind the edge is one of no characters. */
#include "text/upos.h"

#include "base/hash.h"
#include "base/utf8.h"

enum { CHARS = 24, AFFIX = 4, SHAPE = 6 };

typedef struct {
    uint32_t c[CHARS];
    size_t n;
    uint64_t whole, as_given, shape;
    bool upper;
} view;

typedef struct {
    uint64_t *out;
    size_t n;
} features;

/* ------------------------------------------------------------------ words */
static uint32_t folded(uint32_t cp) {
    if (cp >= 0xFF01 && cp <= 0xFF5E) cp -= 0xFEE0;
    if (cp >= '0' && cp <= '9') return '0';
    return cp >= 'A' && cp <= 'Z' ? cp | 32 : cp;
}

static uint64_t shape_of(uint32_t cp) {
    if (cp >= '0' && cp <= '9') return 1;
    if (cp >= 'A' && cp <= 'Z') return 2;
    if (cp >= 'a' && cp <= 'z') return 3;
    if (hx_utf8_is_han(cp)) return 4;
    return cp < 0x80 ? 8 + cp : 5;
}

static view view_of(const hx_str *words, size_t n, size_t i) {
    view v = {.whole = i < n ? 3 : 5};
    if (i >= n) return v; /* also where i wrapped round */
    v.as_given = hx_hash(words[i]);
    for (size_t at = 0, k = 0; at < words[i].len; k++) {
        uint32_t cp = hx_utf8_next(words[i], &at);
        v.upper |= cp >= 'A' && cp <= 'Z';
        if (k < SHAPE) v.shape = v.shape << 8 | shape_of(cp);
        v.whole = hx_hash_mix(v.whole, folded(cp));
        if (v.n < CHARS) v.c[v.n++] = folded(cp);
    }
    return v;
}

static uint64_t affix(const view *v, size_t len, bool end) {
    uint64_t h = len;
    size_t n = len < v->n ? len : v->n;
    for (size_t k = 0; k < n; k++)
        h = hx_hash_mix(h, v->c[end ? v->n - n + k : k]);
    return h;
}

/* ------------------------------------------------------------------ features */
static void add(features *f, uint64_t kind, uint64_t a, uint64_t b) {
    if (f->n < HX_UPOS_FEATURES) f->out[f->n++] = hx_hash_mix(hx_hash_mix(kind, a), b);
}

static void add_own(features *f, const view *w, bool first, bool chinese) {
    add(f, 1, 0, 0);
    add(f, 2, w->whole, 0);
    add(f, 3, w->as_given, 0);
    add(f, 4, w->shape, 0);
    add(f, 5, first, w->upper);
    add(f, 6, w->n < 8 ? w->n : 8, 0);
    for (size_t len = 1; len <= AFFIX; len++) {
        add(f, 10 + len, affix(w, len, false), 0);
        add(f, 20 + len, affix(w, len, true), 0);
    }
    for (size_t k = 0; chinese && k < w->n && k < 8; k++)
        add(f, 7, w->c[k], 0);
}

static void add_around(features *f, const view *w, const view near[4]) {
    const view *a = &near[1], *b = &near[2];
    for (size_t k = 0; k < 4; k++)
        add(f, 30 + k, near[k].whole, 0);
    add(f, 34, a->whole, w->whole);
    add(f, 35, w->whole, b->whole);
    add(f, 36, a->whole, b->whole);
    add(f, 37, affix(a, 3, true), 0);
    add(f, 38, affix(b, 3, true), 0);
    add(f, 39, affix(a, 2, true), affix(w, 2, true));
    add(f, 40, affix(w, 2, true), affix(b, 2, true));
    add(f, 41, a->shape, w->shape);
    add(f, 42, w->shape, b->shape);
    add(f, 43, affix(a, 2, true), affix(b, 2, true));
    add(f, 44, near[0].whole, a->whole);
    add(f, 45, b->whole, near[3].whole);
}

size_t hx__upos_features(const hx_str *words, size_t n, size_t i, bool chinese,
                         uint64_t out[HX_UPOS_FEATURES]) {
    features f = {.out = out};
    const view w = view_of(words, n, i),
               near[4] = {view_of(words, n, i - 2), view_of(words, n, i - 1),
                          view_of(words, n, i + 1), view_of(words, n, i + 2)};
    add_own(&f, &w, i == 0, chinese);
    add_around(&f, &w, near);
    return f.n;
}
