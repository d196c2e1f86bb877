/* next.c - what customers do next: visits and their kind, the next page, the next purchase; see huaxiang/answer.h.
 *
 * A visit is a customer's views, searches, orders and messages with no pause of HX_VISIT_GAP_MS; its symbols are pages (with the category of an
 * item page), kinds of events, and the end. Models of order 1 to 4 learn on the earlier visits; the order is chosen on the last fifth of
 * those, and the latest fifth of all visits is held out and judged once. For purchases the symbols are categories in the order in which a
 * customer bought them, and what he turned to of late is blended in by a share chosen the same way. Both are held against a plain
 * first-order Markov chain. Then all is learnt, and each customer's next is told. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answer/dynamic.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "insight/paths.h"

#define HX_VISIT_GAP_MS 1800000
#define ORDERS 4
#define BLENDS 5
#define SHOWN 3
#define FADE_DAYS 90.0
#define COMPARED 3 /* items of one category that make a visit a comparison */
#define EVENTS_BYTES ((size_t)8 << 30)
#define NAME_MAX 200

typedef enum { VISIT_BROWSE = 0, VISIT_COMPARE, VISIT_BUY, VISIT_SUPPORT, VISITS } visit_kind;

/* One symbol of a sequence. */
typedef struct {
    int64_t time;
    uint32_t symbol, person;
    float weight; /* purchases: 0 = bought; else an interest of that weight */
    bool starts; /* the first of a visit, or of a customer */
} step;

typedef struct {
    hx_buf steps; /* step */
    hx_map at; /* hash of a name -> index + 1 */
    hx_buf names; /* hx_str */
    uint32_t n; /* symbols */
} sequence;

typedef struct {
    uint64_t n, hits, top, base_hits, base_top, gained,
        lost; /* gained: right where the chain is wrong */
    double loss, base_loss; /* sums of -ln p */
    unsigned order;
    double blend;
} judged;

typedef struct {
    const hx_population *pop;
    hx_shop shop;
    sequence pages, goods;
    uint64_t kinds[VISITS];
    uint32_t end;
    hx_arena *names, *scratch;
    hx_buf people; /* hx_str: first id of each */
} walk;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
}

static step *steps_of(const sequence *q, size_t *n) {
    *n = q->steps.len / sizeof(step);
    return (step *)(void *)q->steps.ptr;
}

static hx_str name_at(const sequence *q, uint32_t symbol) {
    return ((const hx_str *)(const void *)q->names.ptr)[symbol];
}

/* --- symbols ------------------------------------------------------------- */
/* The last symbol is for all names that find no room. */
static bool symbol_of(walk *w, sequence *q, hx_str name, uint32_t *out) {
    uint64_t *at = hx_map_put(&q->at, hx_hash(name));
    if (!at) return false;
    if (*at == 0 && q->n == HX_PATHS_SYMBOLS_MAX) *at = HX_PATHS_SYMBOLS_MAX;
    if (*at == 0) {
        const hx_str copy = hx_arena_str(w->names, name);
        if (!copy.ptr || !hx_buf_append(&q->names, &copy, sizeof copy)) return false;
        *at = ++q->n;
    }
    *out = (uint32_t)(*at - 1);
    return true;
}

static bool add_step(sequence *q, step s) {
    return hx_buf_append(&q->steps, &s, sizeof s);
}

static hx_str page_name(const walk *w, const hx_event *e, char room[NAME_MAX]) {
    const hx_str category = hx_catalog_category(w->shop.catalog, e);
    const hx_str page = e->page.len > 0 ? e->page : hx_str_of(hx_event_kind_name(e->kind));
    size_t n = page.len < NAME_MAX / 2 ? page.len : NAME_MAX / 2;
    if (e->kind != HX_KIND_VIEW) return hx_str_of(hx_event_kind_name(e->kind));
    if (e->item.len == 0 || category.len == 0 || category.len >= NAME_MAX / 2 - 2) return page;
    memcpy(room, page.ptr, n);
    room[n++] = ' ';
    memcpy(room + n, category.ptr, category.len);
    return (hx_str){room, n + category.len};
}

static bool is_of_visit(const hx_event *e) {
    return e->time != HX_TIME_NONE &&
           (e->kind == HX_KIND_VIEW || e->kind == HX_KIND_SEARCH || e->kind == HX_KIND_ORDER ||
            e->kind == HX_KIND_QUESTION || e->kind == HX_KIND_CHAT || e->kind == HX_KIND_TICKET);
}

/* --- visits -------------------------------------------------------------- */
static bool says(hx_str page, const char *word) {
    const size_t n = strlen(word);
    for (size_t i = 0; i + n <= page.len; i++)
        if (memcmp(page.ptr + i, word, n) == 0) return true;
    return false;
}

static bool seeks_help(const hx_event *e) {
    if (e->kind == HX_KIND_QUESTION || e->kind == HX_KIND_CHAT || e->kind == HX_KIND_TICKET)
        return true;
    return says(e->page, "help") || says(e->page, "return") || says(e->page, "support") ||
           says(e->page, "退") || says(e->page, "客服");
}

static bool buys(const hx_event *e) {
    return e->kind == HX_KIND_ORDER || says(e->page, "checkout") || says(e->page, "payment") ||
           says(e->page, "结算") || says(e->page, "支付");
}

/* Different items of the category of event i, up to it. */
static size_t alike(const walk *w, const hx_event *events, size_t i) {
    const hx_str category = hx_catalog_category(w->shop.catalog, &events[i]);
    size_t n = 0;
    for (size_t k = 0; k <= i && category.len > 0; k++) {
        bool seen = events[k].item.len == 0 ||
                    !hx_str_equal(hx_catalog_category(w->shop.catalog, &events[k]), category);
        for (size_t j = 0; j < k && !seen; j++)
            seen = hx_str_equal(events[j].item, events[k].item);
        n += !seen;
    }
    return n;
}

static visit_kind kind_of(const walk *w, const hx_event *events, size_t n) {
    bool bought = false, compared = false;
    for (size_t i = 0; i < n; i++)
        if (seeks_help(&events[i])) return VISIT_SUPPORT;
    for (size_t i = 0; i < n; i++)
        bought = bought || buys(&events[i]);
    for (size_t i = 0; i < n && i < 100 && !bought; i++)
        compared = compared || alike(w, events, i) >= COMPARED;
    return bought ? VISIT_BUY : compared ? VISIT_COMPARE : VISIT_BROWSE;
}

/* Lines of one order are one symbol. */
static bool repeats(const hx_event *a, const hx_event *b) {
    return a->kind == HX_KIND_ORDER && b->kind == HX_KIND_ORDER && a->time == b->time;
}

static bool add_visit(walk *w, const hx_event *events, size_t n, uint32_t person) {
    char room[NAME_MAX];
    uint32_t symbol;
    w->kinds[kind_of(w, events, n)]++;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && repeats(&events[i - 1], &events[i])) continue;
        if (!symbol_of(w, &w->pages, page_name(w, &events[i], room), &symbol)) return false;
        if (!add_step(&w->pages, (step){events[i].time, symbol, person, 0, i == 0})) return false;
    }
    return add_step(&w->pages, (step){events[n - 1].time, w->end, person, 0, false});
}

static bool add_visits(walk *w, hx_event *events, size_t n, uint32_t person) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (is_of_visit(&events[i])) events[kept++] = events[i];
    for (size_t from = 0, to; from < kept; from = to) {
        for (to = from + 1; to < kept && events[to].time - events[to - 1].time <= HX_VISIT_GAP_MS;
             to++) {
        }
        if (!add_visit(w, events + from, to - from, person)) return false;
    }
    return true;
}

/* --- purchases ----------------------------------------------------------- */
static bool add_goods(walk *w, const hx_event *events, size_t n, uint32_t person) {
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        const hx_event *e = &events[i];
        const bool bought =
            e->kind == HX_KIND_ORDER && (e->has_amount ? e->amount > 0 : e->quantity >= 0);
        const bool seen = e->kind == HX_KIND_VIEW || e->kind == HX_KIND_REVIEW;
        const hx_str category = hx_catalog_category(w->shop.catalog, e);
        uint32_t symbol;
        if (e->time == HX_TIME_NONE || category.len == 0 || (!bought && !seen)) continue;
        if (!symbol_of(w, &w->goods, category, &symbol)) return false;
        if (!add_step(&w->goods, (step){e->time, symbol, person,
                                        bought                      ? 0
                                        : e->kind == HX_KIND_REVIEW ? 2
                                                                    : 1,
                                        first}))
            return false;
        first = false;
    }
    return true;
}

static hx_str first_id(const hx_event *events, size_t n) {
    const hx_id *least = NULL;
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < events[i].n_ids; k++)
            if (!least || hx_id_compare(events[i].ids[k], *least) < 0) least = &events[i].ids[k];
    return least ? least->value : (hx_str){NULL, 0};
}

static hx_status read_people(walk *w, hx_error *err) {
    for (size_t i = 0; i < w->pop->n; i++) {
        hx_event *events = NULL;
        size_t n = 0;
        hx_arena_reset(w->scratch);
        HX_TRY(hx__person_events(w->pop->store, w->pop->customers[i].person, w->pop->as_of,
                                 w->scratch, &events, &n, err));
        const hx_str who = hx_arena_str(w->names, first_id(events, n));
        if (!hx_buf_append(&w->people, &who, sizeof who)) return no_memory(err);
        if (!add_goods(w, events, n, (uint32_t)i) || !add_visits(w, events, n, (uint32_t)i))
            return no_memory(err);
    }
    return HX_OK;
}

/* --- learning and judging ------------------------------------------------ */
typedef struct {
    const sequence *q;
    const step *steps;
    size_t n;
    uint32_t *symbols; /* of the history at hand */
    double *p, *base, *liking; /* (q->n) */
} bench;

static int earlier(const void *l, const void *r) {
    const int64_t a = *(const int64_t *)l, b = *(const int64_t *)r;
    return (a > b) - (a < b);
}

/* The time behind which a fifth of what came up to `until` lies. */
static int64_t fifth(const bench *b, int64_t until) {
    int64_t *times = calloc(b->n + 1, sizeof *times), cut = INT64_MIN;
    size_t n = 0;
    for (size_t i = 0; times && i < b->n; i++)
        if (b->steps[i].time <= until) times[n++] = b->steps[i].time;
    if (n > 0) {
        qsort(times, n, sizeof *times, earlier);
        cut = times[n - 1 - n / 5];
    }
    free(times);
    return cut;
}

/* The stretch of one history (a visit, or a customer's purchases) from i on. */
static size_t stretch(const bench *b, size_t i) {
    size_t end = i + 1;
    while (end < b->n && !b->steps[end].starts)
        end++;
    return end;
}

static bool learn(const bench *b, hx_paths *m, int64_t until) {
    for (size_t i = 0, end; i < b->n; i = end) {
        size_t n = 0;
        end = stretch(b, i);
        for (size_t k = i; k < end && b->steps[k].time <= until; k++)
            if (!(b->steps[k].weight > 0)) b->symbols[n++] = b->steps[k].symbol;
        if (!hx_paths_learn(m, b->symbols, 0, n)) return false;
    }
    return true;
}

/* What the customer turned to, faded: added to by each step; mixed in with a share. */
static void like(const bench *b, const step *s, int64_t *at) {
    const double fade =
        *at == INT64_MIN ? 0 : exp2(-(double)(s->time - *at) / (FADE_DAYS * (double)HX_DAY_MS));
    for (uint32_t k = 0; k < b->q->n; k++)
        b->liking[k] *= fade;
    b->liking[s->symbol] += s->weight > 0 ? (double)s->weight : 4;
    *at = s->time;
}

static void blend(const bench *b, double share) {
    double sum = 0;
    for (uint32_t k = 0; k < b->q->n; k++)
        sum += b->liking[k];
    for (uint32_t k = 0; k < b->q->n && sum > 0; k++)
        b->p[k] = (1 - share) * b->p[k] + share * (b->liking[k] / sum);
}

static size_t rank_of(const double *p, uint32_t n, uint32_t symbol) {
    size_t rank = 0;
    for (uint32_t k = 0; k < n; k++)
        rank += p[k] > p[symbol] || (!(p[k] < p[symbol]) && k < symbol);
    return rank;
}

static void count(const bench *b, uint32_t symbol, judged *j) {
    const size_t r = rank_of(b->p, b->q->n, symbol), base = rank_of(b->base, b->q->n, symbol);
    j->n++;
    j->hits += r == 0;
    j->top += r < SHOWN;
    j->base_hits += base == 0;
    j->base_top += base < SHOWN;
    j->gained += r < SHOWN && base >= SHOWN;
    j->lost += r >= SHOWN && base < SHOWN;
    j->loss -= log(b->p[symbol]);
    j->base_loss -= log(b->base[symbol]);
}

/* Judges what lies in (from, until]. */
static void judge(const bench *b, const hx_paths *m, const hx_paths *chain, int64_t from,
                  int64_t until, judged *j) {
    for (size_t i = 0, end; i < b->n; i = end) {
        int64_t at = INT64_MIN;
        size_t n = 0;
        end = stretch(b, i);
        memset(b->liking, 0, b->q->n * sizeof *b->liking);
        for (size_t k = i; k < end && b->steps[k].time <= until; k++) {
            const step *s = &b->steps[k];
            const bool told =
                !(s->weight > 0) && s->time > from && (b->steps[i].time > from || j->blend >= 0);
            if (told) {
                hx_paths_predict(m, b->symbols, n, b->p);
                hx_paths_predict(chain, b->symbols, n, b->base);
                if (j->blend > 0) blend(b, j->blend);
                count(b, s->symbol, j);
            }
            if (!(s->weight > 0)) b->symbols[n++] = s->symbol;
            if (j->blend >= 0) like(b, s, &at);
        }
    }
}

static hx_paths *learnt(const bench *b, unsigned order, int64_t until) {
    hx_paths *m = hx_paths_new(order, b->q->n);
    if (m && learn(b, m, until)) return m;
    hx_paths_free(m);
    return NULL;
}

/* Order (and blend, where there is one) of the least loss on the last fifth of what came up to `until`. */
static bool choose(const bench *b, int64_t until, judged *best) {
    const int64_t cut = fifth(b, until);
    const bool blends = best->blend >= 0;
    double least = INFINITY;
    hx_paths *chain = learnt(b, 1, cut);
    for (unsigned order = 1; chain && order <= ORDERS; order++) {
        hx_paths *m = learnt(b, order, cut);
        if (!m) break;
        for (int k = 0; k < (blends ? BLENDS : 1); k++) {
            judged j = {.order = order, .blend = blends ? 0.2 * k : -1};
            judge(b, m, chain, cut, until, &j);
            if (!(j.loss < least) || j.n == 0) continue;
            least = j.loss;
            best->order = order;
            best->blend = j.blend;
        }
        hx_paths_free(m);
    }
    const bool ok = chain != NULL;
    hx_paths_free(chain);
    return ok;
}

/* --- the answer ---------------------------------------------------------- */
static double rounded(double v) {
    return round(v * 1e4) / 1e4;
}

static void put_judged(hx_json_writer *w, const char *key, const judged *j) {
    const double n = (double)j->n, gain = ((double)j->gained - (double)j->lost) / n;
    const double half = 1.6448536269514722 *
                        sqrt(fmax(0, ((double)j->gained + (double)j->lost) / n - gain * gain) / n);
    hx_json_key(w, key);
    if (j->n == 0) {
        hx_json_null(w);
        return;
    }
    hx_json_object(w);
    hx__value_count(w, "n", j->n);
    hx__value_int(w, "order", j->order);
    if (j->blend >= 0) hx__value_double(w, "interests", rounded(j->blend));
    hx__value_double(w, "first", rounded((double)j->hits / n));
    hx__value_double(w, "top_3", rounded((double)j->top / n));
    hx__value_double(w, "perplexity", rounded(exp(j->loss / n)));
    hx__value_double(w, "markov_first", rounded((double)j->base_hits / n));
    hx__value_double(w, "markov_top_3", rounded((double)j->base_top / n));
    hx__value_double(w, "markov_perplexity", rounded(exp(j->base_loss / n)));
    hx__value_double(w, "gain_top_3", rounded(gain));
    hx__value_double(w, "gain_low", rounded(gain - half));
    hx__value_double(w, "gain_high", rounded(gain + half));
    hx_json_end_object(w);
}

static void put_best(hx_json_writer *w, const char *key, const bench *b) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t rank = 0; rank < SHOWN && rank < b->q->n; rank++)
        for (uint32_t k = 0; k < b->q->n; k++) {
            if (rank_of(b->p, b->q->n, k) != rank) continue;
            hx_json_object(w);
            hx__value_str(w, "name", name_at(b->q, k));
            hx__value_double(w, "p", rounded(b->p[k]));
            hx_json_end_object(w);
        }
    hx_json_end_array(w);
}

/* The last visit of a customer without its end, or all that he bought; false where there is none. */
static bool last_of(const bench *b, size_t *at, uint32_t person, bool visits, size_t *n) {
    int64_t time = INT64_MIN;
    bool any = false;
    *n = 0;
    memset(b->liking, 0, b->q->n * sizeof *b->liking);
    for (; *at < b->n && b->steps[*at].person == person; ++*at) {
        const step *s = &b->steps[*at];
        any = true;
        if (visits && s->starts) *n = 0;
        if (!visits) like(b, s, &time);
        if (!(s->weight > 0)) b->symbols[(*n)++] = s->symbol;
    }
    if (visits && *n > 0) --*n;
    return any;
}

static void put_people(hx_json_writer *w, const walk *k, const bench *pages, const hx_paths *page,
                       const bench *goods, const hx_paths *good, double share, size_t limit) {
    size_t at = 0, bought = 0, n, shown = 0;
    const hx_str *names = (const hx_str *)(const void *)k->people.ptr;
    for (uint32_t i = 0; i < k->pop->n && (limit == 0 || shown < limit); i++) {
        const bool visits = last_of(pages, &at, i, true, &n);
        if (visits) hx_paths_predict(page, pages->symbols, n, pages->p);
        const bool buyer = last_of(goods, &bought, i, false, &n);
        if (!visits && !buyer) continue;
        shown++;
        hx_json_object(w);
        hx__value_str(w, "customer", names[i]);
        if (visits) put_best(w, "next_page", pages);
        if (buyer) {
            hx_paths_predict(good, goods->symbols, n, goods->p);
            if (share > 0) blend(goods, share);
            put_best(w, "next_purchase", goods);
        }
        hx_json_end_object(w);
    }
}

static bool open_bench(bench *b, const sequence *q) {
    *b = (bench){.q = q};
    b->steps = steps_of(q, &b->n);
    b->symbols = calloc(b->n + 1, sizeof *b->symbols);
    b->p = calloc(3 * (size_t)q->n + 1, sizeof *b->p);
    b->base = b->p ? b->p + q->n : NULL;
    b->liking = b->p ? b->p + 2 * (size_t)q->n : NULL;
    return b->symbols && b->p;
}

static void close_bench(bench *b) {
    free(b->symbols);
    free(b->p);
}

/* Chooses, judges once, then learns from all: *m is the caller's. */
static bool study(bench *b, judged *j, hx_paths **m) {
    const int64_t cut = fifth(b, INT64_MAX);
    if (!choose(b, cut, j)) return false;
    hx_paths *held = learnt(b, j->order, cut), *chain = learnt(b, 1, cut);
    if (held && chain) judge(b, held, chain, cut, INT64_MAX, j);
    const bool ok = held && chain;
    hx_paths_free(held);
    hx_paths_free(chain);
    *m = ok ? learnt(b, j->order, INT64_MAX) : NULL;
    return *m != NULL;
}

static void put_kinds(hx_json_writer *w, const walk *k) {
    static const char *const names[] = {"browse", "compare", "buy", "support"};
    hx_json_key(w, "visits");
    hx_json_object(w);
    for (size_t i = 0; i < VISITS; i++)
        hx__value_count(w, names[i], k->kinds[i]);
    hx_json_end_object(w);
}

static hx_status put_answer(walk *w, size_t limit, hx_buf *out, hx_error *err) {
    bench pages, goods;
    judged page = {.order = 1, .blend = -1}, good = {.order = 1, .blend = 0};
    hx_paths *m = NULL, *g = NULL;
    hx_json_writer j;
    bool ok = open_bench(&pages, &w->pages);
    ok = open_bench(&goods, &w->goods) && ok;
    ok = ok && study(&pages, &page, &m) && study(&goods, &good, &g);
    hx_json_begin(&j, out);
    hx_json_object(&j);
    hx__value_time(&j, "as_of", w->pop->as_of);
    put_kinds(&j, w);
    put_judged(&j, "next_page", &page);
    put_judged(&j, "next_purchase", &good);
    hx_json_key(&j, "customers");
    hx_json_array(&j);
    if (ok) put_people(&j, w, &pages, m, &goods, g, good.blend, limit);
    hx_json_end_array(&j);
    hx_json_end_object(&j);
    hx_paths_free(m);
    hx_paths_free(g);
    close_bench(&pages);
    close_bench(&goods);
    return ok ? HX_OK : no_memory(err);
}

static void init_sequence(sequence *q) {
    hx_buf_init(&q->steps, EVENTS_BYTES);
    hx_buf_init(&q->names, HX_PATHS_SYMBOLS_MAX * sizeof(hx_str));
    hx_map_init(&q->at);
}

static void release_sequence(sequence *q) {
    hx_buf_release(&q->steps);
    hx_buf_release(&q->names);
    hx_map_release(&q->at);
}

static hx_status run(walk *w, size_t limit, hx_buf *out, hx_error *err) {
    w->names = hx_arena_new(0);
    w->scratch = hx_arena_new(0);
    if (!w->names || !w->scratch || !symbol_of(w, &w->pages, HX_STR_LIT("end"), &w->end))
        return no_memory(err);
    HX_TRY(hx__shop_learn(&w->shop, w->pop, NULL, 0, err));
    HX_TRY(read_people(w, err));
    return put_answer(w, limit, out, err);
}

hx_status hx_answer_next(hx_store *s, size_t limit, const hx_answer_options *o, hx_arena *arena,
                         hx_str *json, hx_error *err) {
    walk w = {.pop = NULL};
    hx_population *pop = NULL;
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_buf_init(&w.people, EVENTS_BYTES);
    init_sequence(&w.pages);
    init_sequence(&w.goods);
    hx_status status = hx__population_open(&pop, s, hx__answer_as_of(o), err);
    w.pop = pop;
    if (status == HX_OK) status = run(&w, limit, &out, err);
    release_sequence(&w.pages);
    release_sequence(&w.goods);
    hx_buf_release(&w.people);
    hx__shop_release(&w.shop);
    hx_arena_free(w.names);
    hx_arena_free(w.scratch);
    hx__population_close(pop);
    return hx__value_finish(&out, status, arena, json, err);
}
