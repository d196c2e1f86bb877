/* identity_match.c - customers of a store that may be one person.
 *
 *     profiles -> records -> pairs that share a key (blocking) -> patterns -> u of random pairs, m by EM, prior -> pairs above the threshold
 *
 * Keys: the name with the first character of the birthday's decade left out, i.e. the name; the last seven digits of a phone; an e-mail's part before @;
 * the birthday with the name's first character; the beginning of the address. A value that more than CROWD customers have makes no pairs
 * by itself: a common name is no evidence. m is found for each kind of key apart, without the fields that it is made of, and averaged by the matches
 * expected there; the prior is what makes the pairs' probabilities and it agree (a few rounds). Random pairs come from a fixed seed: the same
 * store gives the same answer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "huaxiang/pipeline.h"
#include "pipeline/identity.h"
#include "profile/linkage.h"

#define CROWD 50
#define RANDOM_PAIRS 200000
#define PAIRS_MAX 20000000
#define PRIOR_ROUNDS 20
#define THRESHOLD 0.95

_Static_assert(HX_IDENTITY_FIELDS == HX_LINK_FIELDS,
               "the public header says how many fields there are");

typedef enum { BY_NAME = 0, BY_PHONE, BY_EMAIL, BY_BIRTHDAY, BY_ADDRESS, KEYS } key_kind;
/* Fields that a kind of key is made of. */
static const unsigned fields_of[KEYS] = {
    1u << HX_LINK_NAME, 1u << HX_LINK_PHONE, 1u << HX_LINK_EMAIL,
    1u << HX_LINK_BIRTHDAY | 1u << HX_LINK_NAME, 1u << HX_LINK_ADDRESS};

typedef struct {
    uint64_t person;
    hx_link_record fields;
    hx_str shown;
    uint64_t name; /* hash of the name in plain form, 0 = none */
} record;

typedef struct {
    uint64_t key;
    uint32_t record;
} keyed;

typedef struct {
    uint32_t a, b; /* a < b */
    uint32_t kinds; /* bits: which keys they share */
} pair;

/* Different patterns and how often each occurs. */
typedef struct {
    hx_map place; /* code -> place + 1 */
    hx_buf patterns, counts;
} tally;

typedef struct {
    hx_arena *arena; /* the caller's: what is shown stays */
    hx_buf records; /* record */
    hx_buf keys[KEYS]; /* keyed */
    hx_buf pairs; /* pair */
    hx_map names; /* hash of a name -> persons that have it */
    hx_link_model model;
    const volatile int *cancel;
    hx_identity_match *out;
    uint64_t n_crowded;
} matching;

const char *hx_identity_field(size_t i) {
    return hx_link_field_name((hx_link_field)i);
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory");
}

static const record *records_of(const matching *m) {
    return (const record *)(const void *)m->records.ptr;
}

static size_t n_records(const matching *m) {
    return m->records.len / sizeof(record);
}

/* ------------------------------------------------------------------ records and keys */
static hx_str trait(const hx_profile *p, const char *name) {
    for (uint32_t i = 0; i < p->n_traits; i++)
        if (hx_str_equal(p->traits[i].name, hx_str_of(name))) return p->traits[i].value;
    return (hx_str){NULL, 0};
}

static void add_id(matching *m, record *r, hx_id id) {
    hx_str *list = id.type == HX_ID_PHONE    ? r->fields.phones
                   : id.type == HX_ID_EMAIL  ? r->fields.emails
                   : id.type == HX_ID_DEVICE ? r->fields.devices
                                             : NULL;
    size_t *n = id.type == HX_ID_PHONE   ? &r->fields.n_phones
                : id.type == HX_ID_EMAIL ? &r->fields.n_emails
                                         : &r->fields.n_devices;
    if (list && *n < HX_LINK_IDS_MAX) list[(*n)++] = hx_arena_str(m->arena, id.value);
}

/* Letters, digits and other characters without blanks, up to `most` of them, hashed; 0 = fewer than `least`. */
static uint64_t plain_hash(hx_str s, size_t least, size_t most) {
    uint64_t h = 1;
    size_t n = 0;
    for (size_t at = 0; at < s.len && n < most;) {
        uint32_t cp = hx_utf8_next(s, &at);
        if (cp >= 'A' && cp <= 'Z') cp += 32;
        if (cp <= ' ' || cp == ',' || cp == '.' || cp == '-' || cp == 0x3000) continue;
        h = hx_hash_mix(h, cp);
        n++;
    }
    return n < least ? 0 : h;
}

static hx_status add_key(matching *m, key_kind kind, uint64_t key, uint32_t at, hx_error *err) {
    const keyed k = {key, at};
    if (key == 0) return HX_OK;
    return hx_buf_append(&m->keys[kind], &k, sizeof k) ? HX_OK : no_memory(err);
}

static hx_str tail(hx_str s, size_t n) {
    return s.len > n ? (hx_str){s.ptr + s.len - n, n} : s;
}

static hx_status add_keys(matching *m, const record *r, uint32_t at, hx_error *err) {
    const hx_link_record *f = &r->fields;
    HX_TRY(add_key(m, BY_NAME, r->name, at, err));
    for (size_t i = 0; i < f->n_phones; i++)
        HX_TRY(add_key(m, BY_PHONE, plain_hash(tail(f->phones[i], 7), 7, 7), at, err));
    for (size_t i = 0; i < f->n_emails; i++) {
        const char *end = f->emails[i].len ? memchr(f->emails[i].ptr, '@', f->emails[i].len) : NULL;
        const hx_str local = {f->emails[i].ptr, end ? (size_t)(end - f->emails[i].ptr) : 0};
        HX_TRY(add_key(m, BY_EMAIL, plain_hash(local, 4, 64), at, err));
    }
    const uint64_t day = f->birthday.len >= 10 ? hx_hash(f->birthday) : 0,
                   first = plain_hash(f->name, 1, 1);
    if (day && first) HX_TRY(add_key(m, BY_BIRTHDAY, hx_hash_mix(day, first), at, err));
    return add_key(m, BY_ADDRESS, plain_hash(f->address, 8, 14), at, err);
}

static hx_status note_profile(void *context, const hx_profile *p, hx_error *err) {
    matching *m = context;
    record r = {.person = p->key};
    if (hx_flag_is_raised(m->cancel)) return hx_fail(err, HX_ECANCELLED, "stopped");
    r.fields.name = hx_arena_str(m->arena, trait(p, "name"));
    r.fields.birthday = hx_arena_str(m->arena, trait(p, "birthday"));
    r.fields.address = hx_arena_str(m->arena, trait(p, "address"));
    for (uint32_t i = 0; i < p->n_ids; i++)
        add_id(m, &r, p->ids[i]);
    r.shown = r.fields.name.len || p->n_ids == 0 ? r.fields.name
                                                 : hx_arena_str(m->arena, p->ids[0].value);
    r.name = plain_hash(r.fields.name, 2, 64);
    if (r.name) {
        uint64_t *n = hx_map_put(&m->names, r.name);
        if (!n) return no_memory(err);
        ++*n;
    }
    const size_t at = n_records(m);
    if (at >= UINT32_MAX) return hx_fail(err, HX_ELIMIT, "more than 4 billion customers");
    if (!hx_buf_append(&m->records, &r, sizeof r)) return no_memory(err);
    return add_keys(m, &r, (uint32_t)at, err);
}

/* ------------------------------------------------------------------ pairs */
static int compare_keyed(const void *p, const void *q) {
    const keyed *x = p, *y = q;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->record > y->record) - (x->record < y->record);
}

static int compare_pairs(const void *p, const void *q) {
    const pair *x = p, *y = q;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static hx_status pair_up(matching *m, key_kind kind, const keyed *k, size_t n, hx_error *err) {
    if (n > CROWD) {
        m->n_crowded++;
        return HX_OK;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            const pair p = {k[i].record, k[j].record, 1u << kind};
            if (p.a == p.b) continue;
            if (m->pairs.len / sizeof p >= PAIRS_MAX)
                return hx_fail(err, HX_ELIMIT, "more than %d pairs of customers share a value",
                               PAIRS_MAX);
            if (!hx_buf_append(&m->pairs, &p, sizeof p)) return no_memory(err);
        }
    return HX_OK;
}

static hx_status pairs_of_kind(matching *m, key_kind kind, hx_error *err) {
    keyed *k = (keyed *)(void *)m->keys[kind].ptr;
    const size_t n = m->keys[kind].len / sizeof *k;
    if (n > 1) qsort(k, n, sizeof *k, compare_keyed);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && k[to].key == k[from].key;)
            to++;
        HX_TRY(pair_up(m, kind, k + from, to - from, err));
    }
    return HX_OK;
}

static hx_status make_pairs(matching *m, hx_error *err) {
    for (int kind = 0; kind < KEYS; kind++)
        HX_TRY(pairs_of_kind(m, (key_kind)kind, err));
    pair *p = (pair *)(void *)m->pairs.ptr;
    const size_t n = m->pairs.len / sizeof *p;
    size_t kept = 0;
    if (n > 1) qsort(p, n, sizeof *p, compare_pairs);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && compare_pairs(&p[kept - 1], &p[i]) == 0)
            p[kept - 1].kinds |= p[i].kinds;
        else
            p[kept++] = p[i];
    }
    m->pairs.len = kept * sizeof *p;
    m->out->n_compared = kept;
    return HX_OK;
}

/* ------------------------------------------------------------------ patterns */
static void tally_init(tally *t) {
    hx_map_init(&t->place);
    hx_buf_init(&t->patterns, SIZE_MAX / 2);
    hx_buf_init(&t->counts, SIZE_MAX / 2);
}

static void tally_release(tally *t) {
    hx_map_release(&t->place);
    hx_buf_release(&t->patterns);
    hx_buf_release(&t->counts);
}

static bool tally_add(tally *t, hx_link_pattern p) {
    uint64_t code = 0;
    for (int f = 0; f < HX_LINK_FIELDS; f++)
        code = code * (HX_LINK_LEVELS + 1) + p.level[f];
    uint64_t *place = hx_map_put(&t->place, code);
    const uint64_t none = 0;
    if (!place) return false;
    if (*place == 0) {
        if (!hx_buf_append(&t->patterns, &p, sizeof p) ||
            !hx_buf_append(&t->counts, &none, sizeof none))
            return false;
        *place = t->counts.len / sizeof none;
    }
    ((uint64_t *)(void *)t->counts.ptr)[*place - 1]++;
    return true;
}

static hx_link_counts counts_of(const tally *t) {
    return (hx_link_counts){(const hx_link_pattern *)(const void *)t->patterns.ptr,
                            (const uint64_t *)(const void *)t->counts.ptr,
                            t->counts.len / sizeof(uint64_t)};
}

static hx_link_pattern pattern_of(const matching *m, const pair *p) {
    return hx_link_compare(&records_of(m)[p->a].fields, &records_of(m)[p->b].fields);
}

static hx_status fit_random(matching *m, hx_error *err) {
    tally t;
    hx_rng r;
    bool ok = true;
    const uint64_t n = n_records(m), all = n * (n - 1) / 2,
                   wanted = all < RANDOM_PAIRS ? all : RANDOM_PAIRS;
    tally_init(&t);
    hx_rng_seed(&r, 1969);
    for (uint64_t i = 0; i < wanted && ok && n > 1; i++) {
        const pair p = {(uint32_t)hx_rng_below(&r, n), (uint32_t)hx_rng_below(&r, n), 0};
        if (p.a != p.b) ok = tally_add(&t, pattern_of(m, &p));
    }
    const hx_link_counts counts = counts_of(&t);
    hx_link_fit_u(&m->model, &counts);
    tally_release(&t);
    return ok ? HX_OK : no_memory(err);
}

/* m of one kind of key, added to the sums by the matches expected there. */
static hx_status fit_kind(matching *m, key_kind kind, double sum[HX_LINK_FIELDS][HX_LINK_LEVELS],
                          double of[HX_LINK_FIELDS], hx_error *err) {
    const pair *p = (const pair *)(const void *)m->pairs.ptr;
    const size_t n = m->pairs.len / sizeof *p;
    double found[HX_LINK_FIELDS][HX_LINK_LEVELS];
    size_t n_of = 0;
    bool ok = true;
    tally t;
    tally_init(&t);
    for (size_t i = 0; i < n && ok; i++) {
        if (!(p[i].kinds >> kind & 1)) continue;
        ok = tally_add(&t, pattern_of(m, &p[i]));
        n_of++;
    }
    const hx_link_counts counts = counts_of(&t);
    const double share = n_of ? hx_link_fit_m(&m->model, fields_of[kind], &counts, found) : 0;
    for (int f = 0; f < HX_LINK_FIELDS && n_of; f++) {
        if (fields_of[kind] >> f & 1) continue;
        const double weight = share * (double)n_of;
        of[f] += weight;
        for (int k = 0; k < HX_LINK_LEVELS; k++)
            sum[f][k] += weight * found[f][k];
    }
    tally_release(&t);
    return ok ? HX_OK : no_memory(err);
}

static hx_status fit_same(matching *m, hx_error *err) {
    double sum[HX_LINK_FIELDS][HX_LINK_LEVELS] = {{0}}, of[HX_LINK_FIELDS] = {0};
    static const double usual[HX_LINK_LEVELS] = {0.03, 0.03, 0.09, 0.85};
    for (int kind = 0; kind < KEYS; kind++)
        HX_TRY(fit_kind(m, (key_kind)kind, sum, of, err));
    for (int f = 0; f < HX_LINK_FIELDS; f++)
        for (int k = 0; k < HX_LINK_LEVELS; k++)
            m->model.m[f][k] = of[f] > 0 ? sum[f][k] / of[f] : usual[k];
    return HX_OK;
}

/* ------------------------------------------------------------------ probabilities */
static void weigh(const matching *m, const pair *p, double weights[HX_LINK_FIELDS]) {
    const record *a = &records_of(m)[p->a];
    const uint64_t *n = a->name ? hx_map_get(&m->names, a->name) : NULL;
    const double share = n ? (double)*n / (double)n_records(m) : 0;
    hx_link_weights(&m->model, pattern_of(m, p), share, weights);
}

/* The prior that the pairs' probabilities add up to. */
static void find_prior(matching *m) {
    const pair *p = (const pair *)(const void *)m->pairs.ptr;
    const size_t n = m->pairs.len / sizeof *p;
    const double people = (double)n_records(m), all = fmax(1, people * (people - 1) / 2);
    double prior = fmin(0.5, fmax(1, people / 20) / all);
    for (int round = 0; round < PRIOR_ROUNDS; round++) {
        double expected = 0, weights[HX_LINK_FIELDS];
        for (size_t i = 0; i < n; i++) {
            weigh(m, &p[i], weights);
            expected += hx_link_probability(prior, weights);
        }
        prior = fmin(0.5, fmax(0.5, expected) / all);
    }
    m->model.prior = prior;
}

static int compare_found(const void *p, const void *q) {
    const hx_identity_pair *x = p, *y = q;
    if (x->probability != y->probability) return x->probability > y->probability ? -1 : 1;
    const int c = hx_str_compare(x->a, y->a);
    return c ? c : hx_str_compare(x->b, y->b);
}

static hx_str person_text(hx_arena *arena, uint64_t person) {
    char text[HX_PROFILE_ID_MAX];
    return hx_arena_str(arena, hx_str_of(hx_profile_id_text(person, text)));
}

static hx_status add_found(matching *m, hx_buf *found, const pair *p, const double *weights,
                           double probability, hx_error *err) {
    static const char *const levels[HX_LINK_LEVELS + 1] = {"differs", "alike", "near", "same", ""};
    const record *a = &records_of(m)[p->a], *b = &records_of(m)[p->b];
    const hx_link_pattern pattern = pattern_of(m, p);
    hx_identity_pair out = {.a = person_text(m->arena, a->person),
                            .b = person_text(m->arena, b->person),
                            .name_a = a->shown,
                            .name_b = b->shown,
                            .probability = probability};
    for (int f = 0; f < HX_LINK_FIELDS; f++) {
        out.weights[f] = weights[f];
        out.levels[f] = levels[pattern.level[f]];
    }
    bool ok = out.a.ptr && out.b.ptr && hx_buf_append(found, &out, sizeof out);
    return ok ? HX_OK : no_memory(err);
}

static hx_status keep_found(matching *m, const hx_buf *found, hx_error *err) {
    hx_identity_match *out = m->out;
    out->n_pairs = found->len / sizeof *out->pairs;
    out->pairs = hx_arena_alloc(m->arena, found->len + sizeof *out->pairs);
    if (!out->pairs) return no_memory(err);
    if (found->len > 0) memcpy(out->pairs, found->ptr, found->len);
    if (out->n_pairs > 1) qsort(out->pairs, out->n_pairs, sizeof *out->pairs, compare_found);
    out->prior = m->model.prior;
    out->prior_bits = log2(m->model.prior / (1 - m->model.prior));
    out->n_persons = n_records(m);
    out->n_crowded = m->n_crowded;
    return HX_OK;
}

static hx_status judge(matching *m, double threshold, hx_error *err) {
    const pair *p = (const pair *)(const void *)m->pairs.ptr;
    const size_t n = m->pairs.len / sizeof *p;
    hx_status status = HX_OK;
    hx_buf found;
    hx_buf_init(&found, SIZE_MAX / 2);
    for (size_t i = 0; i < n && status == HX_OK; i++) {
        double weights[HX_LINK_FIELDS];
        weigh(m, &p[i], weights);
        const double probability = hx_link_probability(m->model.prior, weights);
        if (probability >= threshold)
            status = add_found(m, &found, &p[i], weights, probability, err);
    }
    if (status == HX_OK) status = keep_found(m, &found, err);
    hx_buf_release(&found);
    return status;
}

static hx_status match(matching *m, hx_store *s, double threshold, hx_error *err) {
    HX_TRY(hx_store_each_profile(s, note_profile, m, err));
    HX_TRY(make_pairs(m, err));
    HX_TRY(fit_random(m, err));
    HX_TRY(fit_same(m, err));
    find_prior(m);
    return judge(m, threshold, err);
}

hx_status hx_identity_find(hx_store *store, double threshold, const volatile int *cancel,
                           hx_arena *arena, hx_identity_match *out, hx_error *err) {
    matching m = {.arena = arena, .cancel = cancel, .out = out};
    *out = (hx_identity_match){0};
    if (threshold == 0) threshold = THRESHOLD;
    if (!(threshold >= 0.5 && threshold <= 1))
        return hx_fail(err, HX_EINVAL, "a threshold for matches must be from 0.5 to 1, not %g",
                       threshold);
    hx_buf_init(&m.records, SIZE_MAX / 2);
    hx_buf_init(&m.pairs, SIZE_MAX / 2);
    for (int i = 0; i < KEYS; i++)
        hx_buf_init(&m.keys[i], SIZE_MAX / 2);
    hx_map_init(&m.names);
    hx_status status = match(&m, store, threshold, err);
    hx_buf_release(&m.records);
    hx_buf_release(&m.pairs);
    for (int i = 0; i < KEYS; i++)
        hx_buf_release(&m.keys[i]);
    hx_map_release(&m.names);
    return status;
}
