/* grammar_match.c - a pushdown matcher whose states are interned, so that it runs as a lazily built automaton over bytes.
 *
 *   frame   (element, count, parent): where a rule goes on once what stands above it has been matched; frame 0 is the end of the text.
 *           Frames are interned, so stacks share their lower parts and equal stacks are equal numbers.
 *   set     sorted stacks after all steps that need no character (closure); each has a CHAR or SET element on top, or is frame 0.
 *   node    (set, bytes of a character that has begun): with a row of 256 next nodes that fills as bytes are tried.
 *
 * Invariants
 *   1. A frame never points at END: what ends an alternative pushes nothing (so right recursion and * need no depth).
 *   2. A repetition's count is kept at most at its minimum where it has no maximum: `[a]*` has one state.
 *   3. A repetition is never gone through without a character. `base` is the deepest frame that was there when the last character was read;
 *      a frame above it is fresh, and an iteration that ends on a fresh repetition of a rule that can be empty is dropped. The grammar's check
 *      made such minimums 0, so nothing is lost.
 *   4. A node with bytes begun exists only where some character that begins so is accepted: no dead end inside a character.
 *
 * What a hostile grammar may cost is capped: items of a closure, stacks of a set, frames, nodes. A cap that is hit is an error for good. */
#include "llama/grammar.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"

enum {
    ITEMS_MAX = 1 << 15, /* of a closure */
    FRAMES_MAX = 1 << 21,
    MEMBERS_MAX = 1 << 22,
    NODES_MAX = 1 << 16,
    NODES_TRIM = 1 << 13 /* 8 MB of rows */
};

typedef struct {
    uint32_t element, count, parent, depth;
    uint32_t chain; /* next frame of the same hash */
} frame;

typedef struct {
    uint32_t first, n; /* into members */
    uint32_t chain;
} stack_set;

typedef struct {
    uint32_t set;
    uint32_t begun; /* bytes << 8 | how many, 0 = none */
    uint32_t chain;
} node_key;

typedef struct {
    uint32_t element, count, parent, base;
} item;

typedef struct {
    hx_buf frames, members, sets, nodes,
        rows; /* frame, uint32_t, stack_set, node_key, 256 uint32_t a node: HX_GRAMMAR_NONE = not tried */
    hx_map frame_of, set_of, node_of; /* hash -> number + 1 of the newest */
} store;

struct hx_matcher {
    const hx_grammar *g;
    store s;
    hx_buf items, tops; /* of the closure that is being made: item, uint32_t */
    uint32_t *seen; /* (seen_slots) item numbers + 1 of this closure where stamps agree */
    uint32_t *stamps;
    size_t seen_slots;
    uint32_t stamp;
    uint32_t start, round;
    bool no_memory, over_cap;
};

static frame *frame_at(const hx_matcher *m, uint32_t i) {
    return (frame *)(void *)m->s.frames.ptr + i;
}

static node_key *node_at(const hx_matcher *m, uint32_t i) {
    return (node_key *)(void *)m->s.nodes.ptr + i;
}

static uint32_t *row_at(const hx_matcher *m, uint32_t i) {
    return (uint32_t *)(void *)m->s.rows.ptr + (size_t)i * 256;
}

static void fail_buf(hx_matcher *m, const hx_buf *b) {
    if (b->no_memory)
        m->no_memory = true;
    else
        m->over_cap = true;
}

static bool has_failed(const hx_matcher *m) {
    return m->no_memory || m->over_cap;
}

static void store_init(store *s) {
    hx_buf_init(&s->frames, FRAMES_MAX * sizeof(frame));
    hx_buf_init(&s->members, MEMBERS_MAX * sizeof(uint32_t));
    hx_buf_init(&s->sets, NODES_MAX * sizeof(stack_set));
    hx_buf_init(&s->nodes, NODES_MAX * sizeof(node_key));
    hx_buf_init(&s->rows, (size_t)NODES_MAX * 256 * sizeof(uint32_t));
    hx_map_init(&s->frame_of);
    hx_map_init(&s->set_of);
    hx_map_init(&s->node_of);
}

static void store_release(store *s) {
    hx_buf_release(&s->frames);
    hx_buf_release(&s->members);
    hx_buf_release(&s->sets);
    hx_buf_release(&s->nodes);
    hx_buf_release(&s->rows);
    hx_map_release(&s->frame_of);
    hx_map_release(&s->set_of);
    hx_map_release(&s->node_of);
}

/* ------------------------------------------------------------------ interning */
/* The frame's number; 0 where none can be made (a failure), or HX_GRAMMAR_NONE where it would lie too deep. */
static uint32_t intern_frame(hx_matcher *m, uint32_t element, uint32_t count, uint32_t parent) {
    uint32_t key[3] = {element, count, parent};
    uint64_t *slot = hx_map_put(&m->s.frame_of, hx_hash((hx_str){(const char *)key, sizeof key}));
    if (!slot) {
        m->no_memory = true;
        return 0;
    }
    uint32_t chain = (uint32_t)*slot;
    for (uint32_t i = chain; i > 0; i = frame_at(m, i - 1)->chain) {
        const frame *f = frame_at(m, i - 1);
        if (f->element == element && f->count == count && f->parent == parent) return i - 1;
    }
    frame f = {element, count, parent, frame_at(m, parent)->depth + 1, chain};
    if (f.depth > m->g->depth_max) return HX_GRAMMAR_NONE;
    uint32_t index = (uint32_t)(m->s.frames.len / sizeof f);
    if (!hx_buf_append(&m->s.frames, &f, sizeof f)) {
        fail_buf(m, &m->s.frames);
        return 0;
    }
    *slot = (uint64_t)index + 1;
    return index;
}

static uint32_t intern_set(hx_matcher *m, const uint32_t *tops, size_t n) {
    uint64_t *slot =
        hx_map_put(&m->s.set_of, hx_hash((hx_str){(const char *)tops, n * sizeof *tops}));
    if (!slot) {
        m->no_memory = true;
        return 0;
    }
    const stack_set *sets = (const stack_set *)(const void *)m->s.sets.ptr;
    const uint32_t *members = (const uint32_t *)(const void *)m->s.members.ptr;
    uint32_t chain = (uint32_t)*slot;
    for (uint32_t i = chain; i > 0; i = sets[i - 1].chain)
        if (sets[i - 1].n == n && memcmp(members + sets[i - 1].first, tops, n * sizeof *tops) == 0)
            return i - 1;
    stack_set set = {(uint32_t)(m->s.members.len / sizeof *tops), (uint32_t)n, chain};
    uint32_t index = (uint32_t)(m->s.sets.len / sizeof set);
    if ((n > 0 && !hx_buf_append(&m->s.members, tops, n * sizeof *tops))) {
        fail_buf(m, &m->s.members);
        return 0;
    }
    if (!hx_buf_append(&m->s.sets, &set, sizeof set)) {
        fail_buf(m, &m->s.sets);
        return 0;
    }
    *slot = (uint64_t)index + 1;
    return index;
}

static uint32_t intern_node(hx_matcher *m, uint32_t set, uint32_t begun) {
    uint64_t *slot = hx_map_put(&m->s.node_of, (uint64_t)set << 32 | begun);
    if (!slot) {
        m->no_memory = true;
        return 0;
    }
    if (*slot > 0) return (uint32_t)(*slot - 1);
    node_key key = {set, begun, 0};
    uint32_t index = (uint32_t)(m->s.nodes.len / sizeof key);
    if (!hx_buf_append(&m->s.nodes, &key, sizeof key)) {
        fail_buf(m, &m->s.nodes);
        return 0;
    }
    if (!hx_buf_reserve(&m->s.rows, 256 * sizeof(uint32_t))) {
        m->s.nodes.len -= sizeof key;
        fail_buf(m, &m->s.rows);
        return 0;
    }
    memset(m->s.rows.ptr + m->s.rows.len, index == 0 ? 0 : 0xFF, 256 * sizeof(uint32_t));
    m->s.rows.len += 256 * sizeof(uint32_t);
    *slot = (uint64_t)index + 1;
    return index;
}

/* ------------------------------------------------------------------ closure */
static void begin_closure(hx_matcher *m) {
    m->items.len = 0;
    m->tops.len = 0;
    if (++m->stamp == 0) {
        memset(m->stamps, 0, m->seen_slots * sizeof *m->stamps);
        m->stamp = 1;
    }
}

static void add_item(hx_matcher *m, item it) {
    size_t n = m->items.len / sizeof it;
    if (n >= ITEMS_MAX) {
        m->over_cap = true;
        return;
    }
    size_t at = (size_t)hx_hash((hx_str){(const char *)&it, sizeof it});
    const item *items = (const item *)(const void *)m->items.ptr;
    for (;; at++) {
        at &= m->seen_slots - 1;
        if (m->stamps[at] != m->stamp) break;
        if (memcmp(&items[m->seen[at] - 1], &it, sizeof it) == 0) return;
    }
    if (!hx_buf_append(&m->items, &it, sizeof it)) {
        fail_buf(m, &m->items);
        return;
    }
    m->seen[at] = (uint32_t)n + 1;
    m->stamps[at] = m->stamp;
}

static bool is_end(const hx_matcher *m, uint32_t element) {
    return hx_grammar_element(m->g, element)->kind == HX_ELEMENT_END;
}

/* Where to return to behind `element` (invariant 1). */
static uint32_t frame_behind(hx_matcher *m, uint32_t element, uint32_t parent) {
    return is_end(m, element + 1) ? parent : intern_frame(m, element + 1, 0, parent);
}

static void enter_rule(hx_matcher *m, uint32_t rule, uint32_t back, uint32_t base) {
    if (back == HX_GRAMMAR_NONE) return;
    for (uint32_t a = hx_grammar_rule(m->g, rule)->first; a != HX_GRAMMAR_NONE;
         a = hx_grammar_alternative(m->g, a)->next)
        add_item(m, (item){hx_grammar_alternative(m->g, a)->first, 0, back, base});
}

static void add_top(hx_matcher *m, uint32_t top) {
    if (top == HX_GRAMMAR_NONE) return;
    if (!hx_buf_append(&m->tops, &top, sizeof top)) fail_buf(m, &m->tops);
}

static void pop(hx_matcher *m, item it) {
    if (it.parent == 0) {
        add_top(m, 0);
        return;
    }
    const frame *f = frame_at(m, it.parent);
    const hx_element *e = hx_grammar_element(m->g, f->element);
    bool is_fresh = f->depth > it.base;
    /* Count 0 is a repetition that has not begun. */
    if (is_fresh && f->count > 0 && e->kind == HX_ELEMENT_REPEAT &&
        hx_grammar_rule(m->g, e->arg)->nullable)
        return;
    add_item(m, (item){f->element, f->count, f->parent, is_fresh ? it.base : f->depth - 1});
}

static void repeat(hx_matcher *m, const hx_element *e, item it) {
    if (e->max == HX_GRAMMAR_UNLIMITED && it.count > e->min) it.count = e->min;
    if (it.count >= e->min) add_item(m, (item){it.element + 1, 0, it.parent, it.base});
    if (it.count >= e->max) return;
    uint32_t count = it.count + 1, back;
    if (e->max == HX_GRAMMAR_UNLIMITED && count > e->min) count = e->min;
    if (count == e->max)
        back = frame_behind(m, it.element, it.parent);
    else
        back = intern_frame(m, it.element, count, it.parent);
    enter_rule(m, e->arg, back, it.base);
}

/* Works off all items; the set of what they come to. */
static uint32_t close_items(hx_matcher *m) {
    for (size_t i = 0; i < m->items.len / sizeof(item) && !has_failed(m); i++) {
        item it = ((const item *)(const void *)m->items.ptr)[i];
        const hx_element *e = hx_grammar_element(m->g, it.element);
        switch ((hx_element_kind)e->kind) {
        case HX_ELEMENT_END:
            pop(m, it);
            break;
        case HX_ELEMENT_REF:
            enter_rule(m, e->arg, frame_behind(m, it.element, it.parent), it.base);
            break;
        case HX_ELEMENT_REPEAT:
            repeat(m, e, it);
            break;
        case HX_ELEMENT_CHAR:
            if ((e->arg == '[' || e->arg == '{') &&
                frame_at(m, it.parent)->depth >= m->g->bracket_depth_max)
                break;
            add_top(m, intern_frame(m, it.element, 0, it.parent));
            break;
        case HX_ELEMENT_SET:
            add_top(m, intern_frame(m, it.element, 0, it.parent));
            break;
        }
    }
    return has_failed(m) ? 0 : 1;
}

static int compare_tops(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t finish_closure(hx_matcher *m) {
    if (!close_items(m)) return 0;
    uint32_t *tops = (uint32_t *)(void *)m->tops.ptr;
    size_t n = m->tops.len / sizeof *tops, kept = 0;
    if (n == 0) return 0;
    qsort(tops, n, sizeof *tops, compare_tops);
    for (size_t i = 1; i < n; i++)
        if (tops[i] != tops[kept]) tops[++kept] = tops[i];
    return intern_set(m, tops, kept + 1);
}

/* ------------------------------------------------------------------ steps */
static const uint32_t *members_of(const hx_matcher *m, uint32_t set, size_t *n) {
    const stack_set *s = (const stack_set *)(const void *)m->s.sets.ptr + set;
    *n = s->n;
    return (const uint32_t *)(const void *)m->s.members.ptr + s->first;
}

static bool top_meets(const hx_matcher *m, uint32_t top, uint32_t lo, uint32_t hi) {
    return top != 0 &&
           hx_grammar_meets(m->g, hx_grammar_element(m->g, frame_at(m, top)->element), lo, hi);
}

static uint32_t read_character(hx_matcher *m, uint32_t set, uint32_t cp) {
    size_t n;
    const uint32_t *tops = members_of(m, set, &n);
    begin_closure(m);
    for (size_t i = 0; i < n; i++) {
        if (!top_meets(m, tops[i], cp, cp)) continue;
        const frame *f = frame_at(m, tops[i]);
        add_item(m, (item){f->element + 1, 0, f->parent, f->depth - 1});
    }
    uint32_t next = finish_closure(m);
    return next == 0 ? 0 : intern_node(m, next, 0);
}

static bool set_meets(const hx_matcher *m, uint32_t set, uint32_t lo, uint32_t hi) {
    size_t n;
    const uint32_t *tops = members_of(m, set, &n);
    for (size_t i = 0; i < n; i++)
        if (top_meets(m, tops[i], lo, hi)) return true;
    return false;
}

/* The characters that begin with `n` bytes (RFC 3629); the length of the whole character, 0 = none begins so. */
static int begun_range(const uint8_t *b, int n, uint32_t *lo, uint32_t *hi) {
    int length = b[0] < 0x80   ? 1
                 : b[0] < 0xC2 ? 0
                 : b[0] < 0xE0 ? 2
                 : b[0] < 0xF0 ? 3
                 : b[0] < 0xF5 ? 4
                               : 0;
    if (length == 0) return 0;
    uint32_t cp = length == 1 ? b[0] : b[0] & (0x7Fu >> length);
    for (int i = 1; i < n; i++) {
        if ((b[i] & 0xC0) != 0x80) return 0;
        cp = cp << 6 | (b[i] & 0x3Fu);
    }
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    int left = 6 * (length - n);
    *lo = cp << left;
    *hi = *lo | ((1u << left) - 1);
    if (*lo < least[length]) *lo = least[length];
    if (*hi > 0x10FFFF) *hi = 0x10FFFF;
    if (*lo >= 0xD800 && *lo <= 0xDFFF) *lo = 0xE000;
    if (*hi >= 0xD800 && *hi <= 0xDFFF) *hi = 0xD7FF;
    return *lo <= *hi ? length : 0;
}

static uint32_t try_byte(hx_matcher *m, uint32_t node, uint8_t byte) {
    node_key key = *node_at(m, node);
    int n = (int)(key.begun & 0xFF);
    uint8_t bytes[4] = {(uint8_t)(key.begun >> 8), (uint8_t)(key.begun >> 16),
                        (uint8_t)(key.begun >> 24), 0};
    bytes[n++] = byte;
    uint32_t lo, hi;
    int length = begun_range(bytes, n, &lo, &hi);
    if (length == 0) return 0;
    if (length == n) return read_character(m, key.set, lo);
    if (!set_meets(m, key.set, lo, hi)) return 0;
    uint32_t begun =
        (uint32_t)bytes[2] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[0] << 8 | (uint32_t)n;
    return intern_node(m, key.set, begun);
}

uint32_t hx_matcher_step(hx_matcher *m, uint32_t node, uint8_t byte) {
    uint32_t next = row_at(m, node)[byte];
    if (next != HX_GRAMMAR_NONE) return next;
    if (has_failed(m)) return 0;
    next = try_byte(m, node, byte);
    if (has_failed(m)) return 0;
    row_at(m, node)[byte] = next;
    return next;
}

uint32_t hx_matcher_read(hx_matcher *m, uint32_t node, hx_str bytes) {
    for (size_t i = 0; i < bytes.len && node != 0; i++)
        node = hx_matcher_step(m, node, (uint8_t)bytes.ptr[i]);
    return node;
}

/* ------------------------------------------------------------------ ends */
bool hx_matcher_may_end(const hx_matcher *m, uint32_t node) {
    const node_key *key = node_at(m, node);
    size_t n;
    const uint32_t *tops = members_of(m, key->set, &n);
    return node != 0 && key->begun == 0 && n > 0 && tops[0] == 0;
}

bool hx_matcher_must_end(const hx_matcher *m, uint32_t node) {
    size_t n;
    members_of(m, node_at(m, node)->set, &n);
    return n == 1 && hx_matcher_may_end(m, node);
}

hx_status hx_matcher_status(const hx_matcher *m, hx_error *err) {
    if (m->no_memory) return hx_fail(err, HX_ENOMEM, "not enough memory to follow the grammar");
    if (m->over_cap)
        return hx_fail(err, HX_ELIMIT,
                       "the grammar is too ambiguous: too many ways to read the text");
    return HX_OK;
}

/* ------------------------------------------------------------------ life */
/* Frame 0, the empty set 0 and the dead node 0. */
static bool plant(hx_matcher *m) {
    frame end = {0};
    if (!hx_buf_append(&m->s.frames, &end, sizeof end)) return false;
    intern_set(m, NULL, 0);
    intern_node(m, 0, 0);
    return !has_failed(m);
}

hx_matcher *hx_matcher_new(const hx_grammar *g) {
    hx_matcher *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->g = g;
    m->seen_slots = 2 * (size_t)ITEMS_MAX;
    m->seen = calloc(m->seen_slots, sizeof *m->seen);
    m->stamps = calloc(m->seen_slots, sizeof *m->stamps);
    store_init(&m->s);
    hx_buf_init(&m->items, ITEMS_MAX * sizeof(item));
    hx_buf_init(&m->tops, ITEMS_MAX * sizeof(uint32_t));
    if (!m->seen || !m->stamps || !plant(m)) {
        hx_matcher_free(m);
        return NULL;
    }
    begin_closure(m);
    enter_rule(m, g->root, 0, 0);
    uint32_t set = finish_closure(m);
    m->start = set == 0 ? 0 : intern_node(m, set, 0);
    return m;
}

void hx_matcher_free(hx_matcher *m) {
    if (!m) return;
    store_release(&m->s);
    hx_buf_release(&m->items);
    hx_buf_release(&m->tops);
    free(m->seen);
    free(m->stamps);
    free(m);
}

uint32_t hx_matcher_start(const hx_matcher *m) {
    return m->start;
}

uint32_t hx_matcher_round(const hx_matcher *m) {
    return m->round;
}

/* A stack of `old` in the new store, built from its bottom. */
static uint32_t copy_stack(hx_matcher *m, const store *old, uint32_t top, hx_buf *path) {
    const frame *frames = (const frame *)(const void *)old->frames.ptr;
    path->len = 0;
    for (uint32_t i = top; i != 0; i = frames[i].parent)
        if (!hx_buf_append(path, &i, sizeof i)) fail_buf(m, path);
    uint32_t copy = 0;
    for (size_t i = path->len / sizeof top; i-- > 0 && !has_failed(m);) {
        const frame *f = &frames[((const uint32_t *)(const void *)path->ptr)[i]];
        copy = intern_frame(m, f->element, f->count, copy);
    }
    return copy;
}

static uint32_t copy_node(hx_matcher *m, const store *old, uint32_t node) {
    const node_key *key = (const node_key *)(const void *)old->nodes.ptr + node;
    const stack_set *set = (const stack_set *)(const void *)old->sets.ptr + key->set;
    const uint32_t *tops = (const uint32_t *)(const void *)old->members.ptr + set->first;
    hx_buf path;
    hx_buf_init(&path, FRAMES_MAX * sizeof(uint32_t));
    m->tops.len = 0;
    for (uint32_t i = 0; i < set->n; i++)
        add_top(m, copy_stack(m, old, tops[i], &path));
    hx_buf_release(&path);
    if (m->tops.len > 0)
        qsort(m->tops.ptr, m->tops.len / sizeof(uint32_t), sizeof(uint32_t), compare_tops);
    if (has_failed(m)) return 0;
    return intern_node(
        m,
        intern_set(m, (const uint32_t *)(const void *)m->tops.ptr, m->tops.len / sizeof(uint32_t)),
        key->begun);
}

uint32_t hx_matcher_trim(hx_matcher *m, uint32_t node) {
    bool is_small = m->s.nodes.len / sizeof(node_key) < NODES_TRIM &&
                    m->s.frames.len / sizeof(frame) < FRAMES_MAX / 4 &&
                    m->s.members.len / sizeof(uint32_t) < MEMBERS_MAX / 4 &&
                    m->s.sets.len / sizeof(stack_set) < NODES_MAX / 2;
    if (is_small || node == 0 || has_failed(m)) return node;
    store old = m->s;
    store_init(&m->s);
    m->round++;
    if (plant(m)) node = copy_node(m, &old, node);
    /* Where the text began is no longer known here: a matcher is used for one text. */
    m->start = node;
    store_release(&old);
    return has_failed(m) ? 0 : node;
}
