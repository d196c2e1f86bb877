/* segment_live.c - memberships kept up event by event; see segment_live.h.
 *
 * Equal conditions of all rules are one atom. An event is kept as 24 bytes: its time, its amount and its class, which is the set of atoms it
 * counts for; events that count for none are not kept. An event changes only the atoms of its class, and a changed atom only the
 * segments that hold it, and those that name these, in the order of references.
 *
 * A window expires when the event on which an atom's truth rests leaves it. That time is known when the atom is found out, so each
 * person has one next time, in a heap; entries that are no longer a person's next time are passed over. Truths that time can't
 * change (a count that is too small) have none. */
#include "insight/segment_live.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"

#define NEVER INT64_MAX
#define ATOMS_MAX 16384
#define PEOPLE_MAX 100000000u
#define ROLE_A 1
#define ROLE_B 2

typedef struct {
    int64_t time, amount;
    uint32_t class, tie; /* tie: upper half of the message id */
} kept_event;

typedef struct {
    kept_event *at; /* owned, by time, then tie */
    uint32_t n, room;
} history;

typedef struct {
    uint16_t atom;
    uint8_t role;
} class_entry;

typedef struct {
    class_entry *entries; /* in the arena */
    uint64_t *a, *b; /* [atom words] */
    size_t n;
} event_class;

typedef struct {
    int64_t time;
    uint32_t place;
} due;

typedef struct {
    hx_segment_program rule;
    uint16_t atoms[HX_SEGMENT_CONDITIONS_MAX]; /* of its conditions, but for references */
    uint16_t refers[HX_SEGMENT_CONDITIONS_MAX]; /* rank + 1; 0 = none */
    uint16_t definition;
    hx_segment_set members;
} live_segment;

struct hx_segment_live {
    hx_arena *arena;
    live_segment *segments; /* by rank: behind those it names */
    uint16_t *rank; /* of a definition */
    size_t n_segments, segment_words;
    const hx_condition **atoms;
    size_t n_atoms, atom_words;
    uint64_t *users; /* [atom][segment words] */
    uint64_t *namers; /* [segment][segment words]: who names it */
    uint64_t *of_nothing; /* [atom words]: true of who did nothing */
    uint64_t *timed; /* [atom words]: have a window */
    uint64_t *patient; /* ... and only an event can make them true */
    uint64_t *dirty; /* [segment words], scratch */
    event_class *classes; /* owned; 0 = of no atom */
    size_t n_classes, classes_room;
    hx_map class_of, place_of;
    class_entry *scratch; /* [atoms] */
    /* people */
    uint64_t *people, *held, *in; /* [place], [place][atom words], [place][segment words] */
    history *histories;
    int64_t *next;
    uint32_t n_people, people_room;
    due *heap;
    size_t n_heap, heap_room;
    int64_t now;
    hx_segment_watch *watch;
    void *watcher;
};

static bool bit(const uint64_t *words, size_t i) {
    return words[i >> 6] >> (i & 63) & 1;
}

static void set_bit(uint64_t *words, size_t i, bool on) {
    const uint64_t mask = UINT64_C(1) << (i & 63);
    words[i >> 6] = on ? words[i >> 6] | mask : words[i >> 6] & ~mask;
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the segments");
}

/* ------------------------------------------------------------------ one atom */
static int64_t add_up(int64_t total, int64_t amount) {
    int64_t sum;
    if (!__builtin_add_overflow(total, amount, &sum)) return sum;
    return amount > 0 ? INT64_MAX : INT64_MIN;
}

/* The first event in the window. */
static uint32_t window_start(const history *h, int64_t window, int64_t now) {
    uint32_t i = h->n;
    if (window == 0) return 0;
    while (i > 0 && h->at[i - 1].time != HX_TIME_NONE && h->at[i - 1].time > now - window)
        i--;
    return i;
}

static int64_t measure_of(const hx_condition *c, const kept_event *e) {
    return c->kind == HX_COND_COUNT ? HX_MONEY_ONE : e->amount;
}

static int64_t total_of(const hx_segment_live *l, size_t atom, const history *h, uint32_t from) {
    int64_t total = 0;
    for (uint32_t i = from; i < h->n; i++)
        if (bit(l->classes[h->at[i].class].a, atom))
            total = add_up(total, measure_of(l->atoms[atom], &h->at[i]));
    return total;
}

/* Whether `need` > 0 events are in the window; the oldest of them is the one whose leaving ends that. */
static bool reaches(const hx_segment_live *l, size_t atom, const history *h, int64_t need,
                    int64_t *until) {
    const int64_t window = l->atoms[atom]->window;
    for (uint32_t i = h->n; i > 0; i--) {
        const kept_event *e = &h->at[i - 1];
        if (window > 0 && (e->time == HX_TIME_NONE || e->time <= l->now - window)) return false;
        if (!bit(l->classes[e->class].a, atom) || --need > 0) continue;
        if (window > 0) *until = e->time + window;
        return true;
    }
    return false;
}

/* Relations that are a number of events being reached, or not; false: it is none. */
static bool count_by_reach(const hx_segment_live *l, size_t atom, const history *h, int64_t *until,
                           bool *holds) {
    const hx_condition *c = l->atoms[atom];
    if (c->kind != HX_COND_COUNT || c->number < HX_MONEY_ONE || c->relation > HX_REL_BELOW)
        return false;
    const int64_t whole = c->number / HX_MONEY_ONE, rest = c->number % HX_MONEY_ONE != 0;
    const bool beyond = c->relation == HX_REL_ABOVE || c->relation == HX_REL_AT_MOST;
    const bool met = reaches(l, atom, h, beyond || rest ? whole + 1 : whole, until);
    *holds = met == (c->relation <= HX_REL_ABOVE);
    return true;
}

static bool count_holds(const hx_segment_live *l, size_t atom, const history *h, int64_t *until) {
    const hx_condition *c = l->atoms[atom];
    bool reached;
    if (count_by_reach(l, atom, h, until, &reached)) return reached;
    const uint32_t from = window_start(h, c->window, l->now);
    int64_t total = total_of(l, atom, h, from);
    const bool holds = hx_relation_holds(c->relation, total, c->number);
    if (c->window == 0 || (!holds && bit(l->patient, atom))) return holds;
    for (uint32_t i = from; i < h->n; i++) {
        if (!bit(l->classes[h->at[i].class].a, atom)) continue;
        /* sums are saturated, so nothing can be taken off them */
        total = c->kind == HX_COND_COUNT ? total - HX_MONEY_ONE : total_of(l, atom, h, i + 1);
        if (hx_relation_holds(c->relation, total, c->number) == holds) continue;
        *until = h->at[i].time + c->window;
        break;
    }
    return holds;
}

static bool sequence_holds(const hx_segment_live *l, size_t atom, const history *h,
                           int64_t *until) {
    const hx_condition *c = l->atoms[atom];
    const uint32_t from = window_start(h, c->window, l->now);
    int64_t last_b = HX_TIME_NONE;
    for (uint32_t i = h->n; i > from; i--) {
        const kept_event *e = &h->at[i - 1];
        const event_class *k = &l->classes[e->class];
        if (e->time == HX_TIME_NONE) break;
        if (bit(k->a, atom) && last_b != HX_TIME_NONE && last_b - e->time <= c->within) {
            if (c->window > 0) *until = e->time + c->window;
            return true;
        }
        if (bit(k->b, atom)) last_b = e->time;
    }
    return false;
}

/* *until = when time alone changes it. */
static bool atom_holds(const hx_segment_live *l, size_t atom, const history *h, int64_t *until) {
    *until = NEVER;
    if (l->atoms[atom]->kind == HX_COND_SEQUENCE) return sequence_holds(l, atom, h, until);
    if (l->atoms[atom]->kind != HX_COND_TRAIT) return count_holds(l, atom, h, until);
    for (uint32_t i = h->n; i > 0; i--)
        if (bit(l->classes[h->at[i - 1].class].a, atom))
            return bit(l->classes[h->at[i - 1].class].b, atom);
    return false;
}

/* ------------------------------------------------------------------ the heap of times */
static bool push_due(hx_segment_live *l, int64_t time, uint32_t place) {
    if (time >= l->next[place]) return true;
    if (l->n_heap == l->heap_room) {
        const size_t room = l->heap_room ? 2 * l->heap_room : 1024;
        due *more = calloc(room, sizeof *more);
        if (!more) return false;
        if (l->n_heap > 0) memcpy(more, l->heap, l->n_heap * sizeof *more);
        free(l->heap);
        l->heap = more;
        l->heap_room = room;
    }
    size_t i = l->n_heap++;
    for (; i > 0 && l->heap[(i - 1) / 2].time > time; i = (i - 1) / 2)
        l->heap[i] = l->heap[(i - 1) / 2];
    l->heap[i] = (due){time, place};
    l->next[place] = time;
    return true;
}

static due pop_due(hx_segment_live *l) {
    const due first = l->heap[0], last = l->heap[--l->n_heap];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= l->n_heap) break;
        if (child + 1 < l->n_heap && l->heap[child + 1].time < l->heap[child].time) child++;
        if (l->heap[child].time >= last.time) break;
        l->heap[i] = l->heap[child];
        i = child;
    }
    l->heap[i] = last;
    return first;
}

/* ------------------------------------------------------------------ segments of a person */
static uint64_t *held_by(const hx_segment_live *l, uint32_t place) {
    return l->held + (size_t)place * l->atom_words;
}

static uint64_t *in_of(const hx_segment_live *l, uint32_t place) {
    return l->in + (size_t)place * l->segment_words;
}

static uint64_t conditions_held(const hx_segment_live *l, const live_segment *s, uint32_t place) {
    const uint64_t *held = held_by(l, place), *in = in_of(l, place);
    uint64_t bits = 0;
    for (size_t i = 0; i < s->rule.n_conditions; i++)
        bits |= (uint64_t)(s->refers[i] ? bit(in, s->refers[i] - 1u) : bit(held, s->atoms[i])) << i;
    return bits;
}

/* Finds out the segments that are dirty and leaves none so. */
static bool settle_segments(hx_segment_live *l, uint32_t place) {
    uint64_t *in = in_of(l, place);
    for (size_t w = 0; w < l->segment_words; w++)
        while (l->dirty[w]) {
            const size_t k = w * 64 + (size_t)__builtin_ctzll(l->dirty[w]);
            live_segment *s = &l->segments[k];
            l->dirty[w] &= l->dirty[w] - 1;
            const bool is = hx_segment_rule_holds(&s->rule, conditions_held(l, s, place));
            if (is == bit(in, k)) continue;
            set_bit(in, k, is);
            if (!hx_segment_set_put(&s->members, place, is)) return false;
            if (l->watch) l->watch(l->watcher, s->definition, place, l->now, is);
            for (size_t i = w; i < l->segment_words; i++)
                l->dirty[i] |= l->namers[k * l->segment_words + i];
        }
    return true;
}

static bool settle_atom(hx_segment_live *l, size_t atom, uint32_t place) {
    int64_t until;
    const bool holds = atom_holds(l, atom, &l->histories[place], &until);
    if (holds != bit(held_by(l, place), atom)) {
        set_bit(held_by(l, place), atom, holds);
        for (size_t i = 0; i < l->segment_words; i++)
            l->dirty[i] |= l->users[atom * l->segment_words + i];
    }
    return push_due(l, until, place);
}

static bool settle_timed(hx_segment_live *l, uint32_t place) {
    for (size_t w = 0; w < l->atom_words; w++) {
        uint64_t ask = l->timed[w] & (held_by(l, place)[w] | ~l->patient[w]);
        for (; ask; ask &= ask - 1)
            if (!settle_atom(l, w * 64 + (size_t)__builtin_ctzll(ask), place)) return false;
    }
    return settle_segments(l, place);
}

hx_status hx_segment_live_advance(hx_segment_live *l, int64_t now, hx_error *err) {
    if (now <= l->now) return HX_OK;
    l->now = now;
    while (l->n_heap > 0 && l->heap[0].time <= now) {
        const due d = pop_due(l);
        if (l->next[d.place] != d.time) continue;
        l->next[d.place] = NEVER;
        if (!settle_timed(l, d.place)) return no_memory(err);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ people and events */
static bool grow(void **at, size_t used, size_t room, size_t each) {
    void *more = calloc(room ? room : 1, each ? each : 1);
    if (!more) return false;
    if (used * each > 0) memcpy(more, *at, used * each);
    free(*at);
    *at = more;
    return true;
}

static bool more_people(hx_segment_live *l) {
    const uint32_t n = l->n_people, room = l->people_room ? 2 * l->people_room : 1024;
    if (n < l->people_room) return true;
    void *people = l->people, *held = l->held, *in = l->in, *histories = l->histories,
         *next = l->next;
    const bool ok = grow(&people, n, room, sizeof *l->people) &&
                    grow(&held, n, room, l->atom_words * sizeof *l->held) &&
                    grow(&in, n, room, l->segment_words * sizeof *l->in) &&
                    grow(&histories, n, room, sizeof *l->histories) &&
                    grow(&next, n, room, sizeof *l->next);
    l->people = people;
    l->held = held;
    l->in = in;
    l->histories = histories;
    l->next = next;
    if (ok) l->people_room = room;
    return ok;
}

static hx_status place_for(hx_segment_live *l, uint64_t person, uint32_t *place, bool *fresh,
                           hx_error *err) {
    const uint64_t *known = hx_map_get(&l->place_of, person);
    *fresh = known == NULL;
    if (known) return *place = (uint32_t)*known, HX_OK;
    if (l->n_people == PEOPLE_MAX)
        return hx_fail(err, HX_ELIMIT, "segments hold at most %u customers", PEOPLE_MAX);
    uint64_t *slot = more_people(l) ? hx_map_put(&l->place_of, person) : NULL;
    if (!slot) return no_memory(err);
    *place = l->n_people++;
    *slot = *place;
    l->people[*place] = person;
    l->next[*place] = NEVER;
    if (l->atom_words) memcpy(held_by(l, *place), l->of_nothing, l->atom_words * sizeof(uint64_t));
    return HX_OK;
}

static bool insert_event(history *h, kept_event e) {
    if (h->n == h->room) {
        const uint32_t room = h->room ? h->room + h->room / 2 + 1 : 4;
        void *at = h->at;
        if (!grow(&at, h->n, room, sizeof *h->at)) return false;
        h->at = at;
        h->room = room;
    }
    uint32_t i = h->n++;
    for (; i > 0; i--) {
        const kept_event *before = &h->at[i - 1];
        if (before->time < e.time || (before->time == e.time && before->tie <= e.tie)) break;
        h->at[i] = *before;
    }
    h->at[i] = e;
    return true;
}

static uint8_t role_of(const hx_condition *c, const hx_event *e) {
    bool holds = false;
    if (c->kind == HX_COND_TRAIT)
        return hx_segment_trait_said(c, e, &holds) ? (holds ? ROLE_A | ROLE_B : ROLE_A) : 0;
    unsigned role = hx_segment_events_match(&c->a, e) ? ROLE_A : 0;
    if (c->kind == HX_COND_SEQUENCE && hx_segment_events_match(&c->b, e)) role |= ROLE_B;
    return (uint8_t)role;
}

static bool add_class(hx_segment_live *l, size_t n) {
    if (l->n_classes == l->classes_room) {
        const size_t room = 2 * l->classes_room + 16;
        void *at = l->classes;
        if (!grow(&at, l->n_classes, room, sizeof *l->classes)) return false;
        l->classes = at;
        l->classes_room = room;
    }
    event_class c = {.entries = hx_arena_alloc(l->arena, (n + 1) * sizeof *c.entries),
                     .a = hx_arena_alloc(l->arena, (l->atom_words + 1) * sizeof *c.a),
                     .b = hx_arena_alloc(l->arena, (l->atom_words + 1) * sizeof *c.b),
                     .n = n};
    if (!c.entries || !c.a || !c.b) return false;
    memset(c.a, 0, (l->atom_words + 1) * sizeof *c.a);
    memset(c.b, 0, (l->atom_words + 1) * sizeof *c.b);
    memcpy(c.entries, l->scratch, n * sizeof *c.entries);
    for (size_t i = 0; i < n; i++) {
        if (c.entries[i].role & ROLE_A) set_bit(c.a, c.entries[i].atom, true);
        if (c.entries[i].role & ROLE_B) set_bit(c.b, c.entries[i].atom, true);
    }
    l->classes[l->n_classes++] = c;
    return true;
}

static bool class_for(hx_segment_live *l, const hx_event *e, uint32_t *class) {
    size_t n = 0;
    for (size_t i = 0; i < l->n_atoms; i++) {
        const uint8_t role = role_of(l->atoms[i], e);
        if (role) {
            memset(&l->scratch[n], 0, sizeof *l->scratch);
            l->scratch[n].atom = (uint16_t)i;
            l->scratch[n++].role = role;
        }
    }
    const uint64_t key = hx_hash((hx_str){(const char *)l->scratch, n * sizeof *l->scratch});
    uint64_t *slot = hx_map_get(&l->class_of, key);
    if (slot) return *class = (uint32_t)*slot, true;
    slot = hx_map_put(&l->class_of, key);
    if (!slot || !add_class(l, n)) return false;
    *slot = l->n_classes - 1;
    *class = (uint32_t)*slot;
    return true;
}

static hx_status keep(hx_segment_live *l, uint64_t person, const hx_event *e, uint32_t *place,
                      uint32_t *class, bool *fresh, hx_error *err) {
    HX_TRY(place_for(l, person, place, fresh, err));
    if (!class_for(l, e, class)) return no_memory(err);
    const kept_event kept = {.time = e->time,
                             .amount = e->has_amount ? e->amount : 0,
                             .class = *class,
                             .tie = (uint32_t)(hx_event_id(e) >> 32)};
    if (l->classes[*class].n > 0 && !insert_event(&l->histories[*place], kept))
        return no_memory(err);
    return HX_OK;
}

hx_status hx_segment_live_load(hx_segment_live *l, uint64_t person, const hx_event *e,
                               hx_error *err) {
    uint32_t place, class;
    bool fresh;
    HX_TRY(keep(l, person, e, &place, &class, &fresh, err));
    if (e->time > l->now) l->now = e->time;
    return HX_OK;
}

hx_status hx_segment_live_add(hx_segment_live *l, uint64_t person, const hx_event *e,
                              hx_error *err) {
    uint32_t place, class;
    bool fresh;
    HX_TRY(hx_segment_live_advance(l, e->time, err));
    HX_TRY(keep(l, person, e, &place, &class, &fresh, err));
    const event_class *k = &l->classes[class];
    for (size_t i = 0; fresh && i < l->n_segments; i++)
        set_bit(l->dirty, i, true);
    for (size_t i = 0; i < k->n; i++)
        if (!settle_atom(l, k->entries[i].atom, place)) return no_memory(err);
    return settle_segments(l, place) ? HX_OK : no_memory(err);
}

static bool recompute_person(hx_segment_live *l, uint32_t place, uint64_t *touched) {
    const history *h = &l->histories[place];
    uint64_t *held = held_by(l, place);
    int64_t until, first = NEVER;
    memset(touched, 0, l->atom_words * sizeof *touched);
    for (uint32_t i = 0; i < h->n; i++)
        for (size_t w = 0; w < l->atom_words; w++)
            touched[w] |= l->classes[h->at[i].class].a[w] | l->classes[h->at[i].class].b[w];
    for (size_t w = 0; w < l->atom_words; w++) {
        held[w] = l->of_nothing[w];
        for (uint64_t rest = touched[w]; rest; rest &= rest - 1) {
            const size_t atom = w * 64 + (size_t)__builtin_ctzll(rest);
            set_bit(held, atom, atom_holds(l, atom, h, &until));
            if (until < first) first = until;
        }
    }
    for (size_t i = 0; i < l->n_segments; i++)
        set_bit(l->dirty, i, true);
    return push_due(l, first, place) && settle_segments(l, place);
}

hx_status hx_segment_live_recompute(hx_segment_live *l, hx_error *err) {
    uint64_t *touched = calloc(l->atom_words + 1, sizeof *touched);
    bool ok = touched != NULL;
    l->n_heap = 0;
    for (size_t i = 0; i < l->n_segments; i++)
        hx_segment_set_release(&l->segments[i].members);
    for (uint32_t p = 0; p < l->n_people && ok; p++) {
        l->next[p] = NEVER;
        memset(in_of(l, p), 0, l->segment_words * sizeof *l->in);
        ok = recompute_person(l, p, touched);
    }
    free(touched);
    return ok ? HX_OK : no_memory(err);
}

/* ------------------------------------------------------------------ building */
static bool is_patient(const hx_condition *c) {
    if (c->kind == HX_COND_SEQUENCE) return true;
    return c->kind == HX_COND_COUNT &&
           (c->relation == HX_REL_AT_LEAST || c->relation == HX_REL_ABOVE);
}

/* The atom of a condition, made where there is none of that text. */
static bool atom_for(hx_segment_live *l, hx_map *known, const hx_condition *c, uint16_t *atom) {
    uint64_t *slot = hx_map_get(known, hx_hash(c->text));
    if (slot) return *atom = (uint16_t)*slot, true;
    slot = l->n_atoms < ATOMS_MAX ? hx_map_put(known, hx_hash(c->text)) : NULL;
    if (!slot) return false;
    *slot = l->n_atoms;
    *atom = (uint16_t)l->n_atoms;
    l->atoms[l->n_atoms++] = c;
    return true;
}

static bool number_atoms(hx_segment_live *l) {
    hx_map known;
    bool ok = true;
    hx_map_init(&known);
    for (size_t k = 0; k < l->n_segments && ok; k++)
        for (size_t i = 0; i < l->segments[k].rule.n_conditions && ok; i++)
            if (!l->segments[k].refers[i])
                ok = atom_for(l, &known, &l->segments[k].rule.conditions[i],
                              &l->segments[k].atoms[i]);
    hx_map_release(&known);
    return ok;
}

static uint64_t *words_of(hx_segment_live *l, size_t rows, size_t words) {
    uint64_t *at = hx_arena_alloc(l->arena, (rows * words + 1) * sizeof *at);
    if (at) memset(at, 0, (rows * words + 1) * sizeof *at);
    return at;
}

static bool index_atoms(hx_segment_live *l) {
    static const history nothing = {0};
    l->atom_words = (l->n_atoms + 63) / 64;
    l->users = words_of(l, l->n_atoms, l->segment_words);
    l->namers = words_of(l, l->n_segments, l->segment_words);
    l->of_nothing = words_of(l, 1, l->atom_words);
    l->timed = words_of(l, 1, l->atom_words);
    l->patient = words_of(l, 1, l->atom_words);
    l->dirty = words_of(l, 1, l->segment_words);
    l->scratch = hx_arena_alloc(l->arena, (l->n_atoms + 1) * sizeof *l->scratch);
    if (!l->users || !l->namers || !l->of_nothing || !l->timed || !l->patient || !l->dirty ||
        !l->scratch)
        return false;
    for (size_t i = 0; i < l->n_atoms; i++) {
        int64_t until;
        set_bit(l->timed, i, l->atoms[i]->window > 0);
        set_bit(l->patient, i, is_patient(l->atoms[i]));
        set_bit(l->of_nothing, i, atom_holds(l, i, &nothing, &until));
    }
    for (size_t k = 0; k < l->n_segments; k++) {
        const live_segment *s = &l->segments[k];
        for (size_t i = 0; i < s->rule.n_conditions; i++)
            if (s->refers[i])
                set_bit(l->namers + (s->refers[i] - 1u) * l->segment_words, k, true);
            else
                set_bit(l->users + s->atoms[i] * l->segment_words, k, true);
    }
    return true;
}

static hx_status order_segments(hx_segment_live *l, const hx_segment_definition *d,
                                const hx_segment_program *rules, hx_error *err) {
    const size_t n = l->n_segments;
    uint16_t *order = hx_arena_alloc(l->arena, (n + 1) * sizeof *order);
    uint16_t(*refers)[HX_SEGMENT_CONDITIONS_MAX] =
        hx_arena_alloc(l->arena, (n + 1) * sizeof *refers);
    if (!order || !refers) return no_memory(err);
    HX_TRY(hx_segment_order(d, rules, n, order, refers, err));
    for (size_t k = 0; k < n; k++) {
        l->rank[order[k]] = (uint16_t)k;
        l->segments[k].rule = rules[order[k]];
        l->segments[k].definition = order[k];
    }
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < l->segments[k].rule.n_conditions; i++) {
            const uint16_t to = refers[order[k]][i];
            l->segments[k].refers[i] = to == UINT16_MAX ? 0 : (uint16_t)(l->rank[to] + 1);
        }
    return HX_OK;
}

static hx_status build(hx_segment_live *l, const hx_segment_definition *d, size_t n,
                       hx_error *err) {
    if (n > HX_SEGMENTS_MAX)
        return hx_fail(err, HX_ELIMIT, "there are at most %d segments", HX_SEGMENTS_MAX);
    l->arena = hx_arena_new(0);
    hx_segment_program *rules = l->arena ? hx_arena_alloc(l->arena, (n + 1) * sizeof *rules) : NULL;
    l->segments = calloc(n + 1, sizeof *l->segments);
    l->rank = calloc(n + 1, sizeof *l->rank);
    l->atoms = calloc(ATOMS_MAX, sizeof *l->atoms);
    if (!rules || !l->segments || !l->rank || !l->atoms) return no_memory(err);
    l->n_segments = n;
    l->segment_words = (n + 63) / 64;
    for (size_t i = 0; i < n; i++)
        HX_TRY(hx_segment_rule_parse(d[i].rule, l->arena, &rules[i], err));
    HX_TRY(order_segments(l, d, rules, err));
    return number_atoms(l) && index_atoms(l) ? HX_OK : no_memory(err);
}

hx_status hx_segment_live_new(hx_segment_live **out, const hx_segment_definition *definitions,
                              size_t n, hx_error *err) {
    hx_segment_live *l = calloc(1, sizeof *l);
    *out = NULL;
    if (!l) return no_memory(err);
    l->now = HX_TIME_NONE;
    hx_map_init(&l->class_of);
    hx_map_init(&l->place_of);
    const hx_status status = build(l, definitions, n, err);
    if (status == HX_OK)
        *out = l;
    else
        hx_segment_live_free(l);
    return status;
}

void hx_segment_live_free(hx_segment_live *l) {
    if (!l) return;
    for (size_t i = 0; i < l->n_segments; i++)
        hx_segment_set_release(&l->segments[i].members);
    for (uint32_t p = 0; p < l->n_people; p++)
        free(l->histories[p].at);
    void *owned[] = {l->segments, l->rank, (void *)l->atoms, l->classes, l->people,
                     l->held,     l->in,   l->histories,     l->next,    l->heap};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    hx_map_release(&l->class_of);
    hx_map_release(&l->place_of);
    hx_arena_free(l->arena);
    free(l);
}

/* ------------------------------------------------------------------ looking */
void hx_segment_live_watch(hx_segment_live *l, hx_segment_watch *fn, void *context) {
    l->watch = fn;
    l->watcher = context;
}

int64_t hx_segment_live_next(hx_segment_live *l) {
    while (l->n_heap > 0 && l->next[l->heap[0].place] != l->heap[0].time)
        (void)pop_due(l);
    return l->n_heap > 0 ? l->heap[0].time : NEVER;
}

void hx_segment_live_forget(hx_segment_live *l) {
    for (uint32_t p = 0; p < l->n_people; p++) {
        free(l->histories[p].at);
        l->histories[p] = (history){0};
    }
    if (l->n_people > 0 && l->segment_words)
        memset(l->in, 0, (size_t)l->n_people * l->segment_words * sizeof *l->in);
    for (size_t i = 0; i < l->n_segments; i++)
        hx_segment_set_release(&l->segments[i].members);
    hx_map_reset(&l->place_of);
    l->n_people = 0;
    l->n_heap = 0;
    l->now = HX_TIME_NONE;
}

int64_t hx_segment_live_current(const hx_segment_live *l) {
    return l->now;
}

const hx_segment_set *hx_segment_live_members(const hx_segment_live *l, size_t definition) {
    return &l->segments[l->rank[definition]].members;
}

uint32_t hx_segment_live_people(const hx_segment_live *l) {
    return l->n_people;
}

uint64_t hx_segment_live_person(const hx_segment_live *l, uint32_t place) {
    return l->people[place];
}

bool hx_segment_live_place(const hx_segment_live *l, uint64_t person, uint32_t *place) {
    const uint64_t *known = hx_map_get(&l->place_of, person);
    if (known) *place = (uint32_t)*known;
    return known != NULL;
}

const hx_segment_program *hx_segment_live_rule(const hx_segment_live *l, size_t definition) {
    return &l->segments[l->rank[definition]].rule;
}

uint64_t hx_segment_live_held(const hx_segment_live *l, size_t definition, uint32_t place) {
    return conditions_held(l, &l->segments[l->rank[definition]], place);
}

int64_t hx_segment_live_value(const hx_segment_live *l, size_t definition, size_t condition,
                              uint32_t place) {
    const live_segment *s = &l->segments[l->rank[definition]];
    const hx_condition *c = &s->rule.conditions[condition];
    const history *h = &l->histories[place];
    if (c->kind != HX_COND_COUNT && c->kind != HX_COND_SUM) return 0;
    return total_of(l, s->atoms[condition], h, window_start(h, c->window, l->now));
}

void hx_segment_live_write(const hx_segment_live *l, hx_buf *out) {
    hx_put_i64(out, l->now);
    hx_put_u64(out, l->n_people);
    for (uint32_t p = 0; p < l->n_people; p++)
        hx_put_fixed64(out, l->people[p]);
    hx_put_u64(out, l->n_segments);
    for (size_t i = 0; i < l->n_segments; i++)
        hx_segment_set_write(&l->segments[l->rank[i]].members, out);
}

size_t hx_segment_live_bytes(const hx_segment_live *l) {
    size_t bytes = l->heap_room * sizeof *l->heap + l->place_of.slots * 17;
    bytes += l->people_room * (sizeof *l->people + sizeof *l->histories + sizeof *l->next +
                               (l->atom_words + l->segment_words) * sizeof *l->held);
    for (uint32_t p = 0; p < l->n_people; p++)
        bytes += l->histories[p].room * sizeof(kept_event);
    for (size_t i = 0; i < l->n_segments; i++)
        bytes += hx_segment_set_bytes(&l->segments[i].members);
    return bytes;
}
