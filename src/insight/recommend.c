/* recommend.c - items for people by what they took up before: popular, cosine of items, EASE, ALS, a blend; and how well each finds what is held out.
 *
 *     rows -> people and items by name -> those of a part, by person (hx_interactions) -> weights (n_items, n_items) -> scores
 *
 * All sums go in the order of people and of items, each its own, so bytes don't depend on the machine. A row weighs 1, or its rating over the greatest
 * one: what people take up foretells what they take up next, and what they liked foretells what they will like. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "huaxiang/insight.h"
#include "insight/als.h"
#include "insight/ease.h"

#define MOST_ROWS ((size_t)50000000)
#define CELL_ROOM 64
#define TOP 10
#define ALS_ROUNDS 12
#define LEAST_WEIGHT 0.01 /* of a rating of 0 or less */

typedef enum { PART_TRAIN = 0, PART_DEV, PART_TEST } part;

typedef struct {
    hx_str person, item; /* in the arena */
    uint32_t u, i;
    double time, rating; /* NaN = none */
    size_t row;
    part part;
} taken_row;

struct hx_taken {
    hx_arena *arena;
    taken_row *rows; /* owned; by person, then item */
    size_t n, n_people, n_items;
    hx_str *people, *items; /* in the arena, ascending */
    double mean, greatest; /* of ratings; NaN = none */
    bool timed, tested;
};

struct hx_recommender {
    const hx_taken *taken; /* borrowed */
    hx_recommend_setting setting;
    hx_interactions x; /* its arrays are owned: */
    size_t *start;
    uint32_t *item;
    double *weight;
    double *b; /* (n_items, n_items); of popular (n_items); NULL of als */
    hx_als als; /* of als and blend */
};

const char *hx_recommend_method_id(hx_recommend_method m) {
    static const char *const ids[HX_RECOMMEND_METHODS] = {"popular", "items", "ease", "als",
                                                          "blend"};
    return ids[m];
}

hx_recommend_setting hx_recommend_usual(bool rated) {
    return (hx_recommend_setting){.method = HX_RECOMMEND_BLEND,
                                  .rated = rated,
                                  .penalty = 200,
                                  .power = 0.5,
                                  .factors = 64,
                                  .als_penalty = 30,
                                  .confidence = 4,
                                  .share = 0.5};
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for recommendations");
}

/* ------------------------------------------------------------------ rows */
static hx_status find_column(const hx_table *t, const char *name, size_t *out, hx_error *err) {
    *out = name ? hx_table_find(t, hx_str_of(name)) : HX_COLUMN_NONE;
    if (name && *out == HX_COLUMN_NONE)
        return hx_fail(err, HX_ENOTFOUND, "there is no column '%s' to recommend by", name);
    return HX_OK;
}

static double number_at(const hx_table *t, size_t column, size_t row) {
    double v = NAN;
    if (column != HX_COLUMN_NONE) hx_table_numbers(t, column, row, 1, &v);
    return v;
}

static hx_status check_numbers(const hx_table *t, size_t column, const char *name, hx_error *err) {
    if (column == HX_COLUMN_NONE || hx_table_column_at(t, column)->kind != HX_KIND_TEXT)
        return HX_OK;
    return hx_fail(err, HX_EINVAL, "column '%s' has texts, where numbers or times are needed",
                   name);
}

static hx_status add_row(hx_taken *x, const hx_table *t, const size_t at[4], size_t row,
                         hx_error *err) {
    char room[CELL_ROOM];
    taken_row *r = &x->rows[x->n];
    if (hx_table_is_missing(t, at[0], row) || hx_table_is_missing(t, at[1], row)) return HX_OK;
    r->person = hx_arena_str(x->arena, hx_table_cell(t, row, at[0], room));
    r->item = hx_arena_str(x->arena, hx_table_cell(t, row, at[1], room));
    if (!r->person.ptr || !r->item.ptr) return no_memory(err);
    r->time = number_at(t, at[2], row);
    r->rating = number_at(t, at[3], row);
    r->row = x->n++;
    return HX_OK;
}

static hx_status add_table(hx_taken *x, const hx_table *t, const hx_recommend_columns *c, part p,
                           hx_error *err) {
    const char *const names[4] = {c->user, c->item, c->time, c->rating};
    size_t at[4];
    for (size_t k = 0; k < 4; k++)
        HX_TRY(find_column(t, names[k], &at[k], err));
    HX_TRY(check_numbers(t, at[2], names[2], err));
    HX_TRY(check_numbers(t, at[3], names[3], err));
    for (size_t row = 0; row < hx_table_rows(t); row++) {
        const size_t before = x->n;
        HX_TRY(add_row(x, t, at, row, err));
        if (x->n > before) x->rows[before].part = p;
    }
    return HX_OK;
}

static int by_person(const void *l, const void *r) {
    return hx_str_compare(((const taken_row *)l)->person, ((const taken_row *)r)->person);
}

static int by_item(const void *l, const void *r) {
    return hx_str_compare(((const taken_row *)l)->item, ((const taken_row *)r)->item);
}

static int by_numbers(const void *l, const void *r) {
    const taken_row *a = l, *b = r;
    if (a->u != b->u) return a->u < b->u ? -1 : 1;
    if (a->i != b->i) return a->i < b->i ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* Numbers of people or items in the order of their names. */
static hx_str *number_names(hx_taken *x, bool people, size_t *n) {
    hx_str *names = hx_arena_alloc(x->arena, (x->n + 1) * sizeof *names);
    qsort(x->rows, x->n, sizeof *x->rows, people ? by_person : by_item);
    *n = 0;
    for (size_t k = 0; names && k < x->n; k++) {
        taken_row *r = &x->rows[k];
        const hx_str name = people ? r->person : r->item;
        if (*n == 0 || !hx_str_equal(names[*n - 1], name)) names[(*n)++] = name;
        *(people ? &r->u : &r->i) = (uint32_t)(*n - 1);
    }
    return names;
}

static void keep_last(hx_taken *x) {
    size_t kept = 0;
    for (size_t k = 0; k < x->n; k++) {
        const taken_row *r = &x->rows[k];
        if (kept > 0 && x->rows[kept - 1].u == r->u && x->rows[kept - 1].i == r->i) kept--;
        x->rows[kept++] = *r;
    }
    x->n = kept;
}

static void find_mean(hx_taken *x) {
    double sum = 0;
    size_t n = 0;
    x->greatest = NAN;
    for (size_t k = 0; k < x->n; k++)
        if (x->rows[k].part == PART_TRAIN && isfinite(x->rows[k].rating)) {
            sum += x->rows[k].rating, n++;
            x->greatest = fmax(x->greatest, x->rows[k].rating);
        }
    x->mean = n > 0 ? sum / (double)n : NAN;
}

static hx_status number_rows(hx_taken *x, hx_error *err) {
    if (x->n == 0)
        return hx_fail(err, HX_EINVAL,
                       "nobody has taken up anything: no row has a person and an item");
    x->items = number_names(x, false, &x->n_items);
    x->people = number_names(x, true, &x->n_people);
    if (!x->items || !x->people) return no_memory(err);
    if (x->n_items > HX_EASE_MAX_ITEMS)
        return hx_fail(err, HX_ELIMIT, "%zu items are more than the %d that can be recommended",
                       x->n_items, HX_EASE_MAX_ITEMS);
    qsort(x->rows, x->n, sizeof *x->rows, by_numbers);
    keep_last(x);
    find_mean(x);
    return HX_OK;
}

hx_status hx_taken_read(hx_taken **out, const hx_table *t, const hx_table *test,
                        const hx_recommend_columns *columns, hx_error *err) {
    const size_t n = hx_table_rows(t) + (test ? hx_table_rows(test) : 0);
    *out = NULL;
    if (n > MOST_ROWS)
        return hx_fail(err, HX_ELIMIT, "%zu rows are more than the %zu that can be recommended by",
                       n, MOST_ROWS);
    hx_taken *x = calloc(1, sizeof *x);
    if (!x) return no_memory(err);
    x->arena = hx_arena_new((size_t)64 << 30);
    x->rows = calloc(n + 1, sizeof *x->rows);
    x->timed = columns->time != NULL;
    x->tested = test != NULL;
    hx_status st = x->arena && x->rows ? add_table(x, t, columns, PART_TRAIN, err) : no_memory(err);
    if (st == HX_OK && test) st = add_table(x, test, columns, PART_TEST, err);
    if (st == HX_OK) st = number_rows(x, err);
    if (st == HX_OK) *out = x;
    if (st != HX_OK) hx_taken_free(x);
    return st;
}

void hx_taken_free(hx_taken *x) {
    if (!x) return;
    hx_arena_free(x->arena);
    free(x->rows);
    free(x);
}

size_t hx_taken_people(const hx_taken *x) {
    return x->n_people;
}
size_t hx_taken_items(const hx_taken *x) {
    return x->n_items;
}
hx_str hx_taken_person(const hx_taken *x, size_t u) {
    return x->people[u];
}
hx_str hx_taken_item(const hx_taken *x, size_t i) {
    return x->items[i];
}

size_t hx_taken_find(const hx_taken *x, hx_str person) {
    size_t low = 0, high = x->n_people;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (hx_str_compare(x->people[mid], person) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < x->n_people && hx_str_equal(x->people[low], person) ? low : SIZE_MAX;
}

/* ------------------------------------------------------------------ weights */
static double weight_of(const hx_recommender *r, const taken_row *row) {
    const hx_taken *x = r->taken;
    if (!r->setting.rated || !(x->greatest > 0)) return 1;
    return fmax(isfinite(row->rating) ? row->rating : x->mean, LEAST_WEIGHT * x->greatest) /
           x->greatest;
}

static hx_status take_rows(hx_recommender *r, const taken_row *rows, part most, hx_error *err) {
    const hx_taken *x = r->taken;
    r->start = calloc(x->n_people + 1, sizeof *r->start);
    r->item = calloc(x->n + 1, sizeof *r->item);
    r->weight = calloc(x->n + 1, sizeof *r->weight);
    if (!r->start || !r->item || !r->weight) return no_memory(err);
    size_t n = 0, u = 0;
    for (size_t k = 0; k < x->n; k++) {
        if (rows[k].part > most) continue;
        while (u < rows[k].u)
            r->start[++u] = n;
        r->item[n] = rows[k].i;
        r->weight[n++] = weight_of(r, &rows[k]);
    }
    while (u < x->n_people)
        r->start[++u] = n;
    r->x = (hx_interactions){x->n_people, x->n_items, r->start, r->item, r->weight};
    return HX_OK;
}

static void count_people(hx_recommender *r) {
    for (size_t k = 0; k < r->start[r->x.n_people]; k++)
        r->b[r->item[k]] += 1;
}

/* Shared people of two items over the lengths of both, shrunk; 0 on the diagonal. */
static void fit_cosine(hx_recommender *r, double shrink) {
    const size_t n = r->x.n_items;
    for (size_t u = 0; u < r->x.n_people; u++)
        for (size_t k = r->start[u]; k < r->start[u + 1]; k++)
            for (size_t m = r->start[u]; m < r->start[u + 1]; m++)
                r->b[r->item[k] * n + r->item[m]] += r->weight[k] * r->weight[m];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (i != j) r->b[i * n + j] /= sqrt(r->b[i * n + i]) * sqrt(r->b[j * n + j]) + shrink;
    for (size_t i = 0; i < n; i++)
        r->b[i * n + i] = 0;
}

static bool reads_b(hx_recommend_method m) {
    return m == HX_RECOMMEND_ITEMS || m == HX_RECOMMEND_EASE || m == HX_RECOMMEND_BLEND;
}

static bool reads_als(hx_recommend_method m) {
    return m == HX_RECOMMEND_ALS || m == HX_RECOMMEND_BLEND;
}

static hx_status fit_method(hx_recommender *r, hx_error *err) {
    const hx_recommend_setting *s = &r->setting;
    const hx_als_setting als = {s->factors, ALS_ROUNDS, s->als_penalty, s->confidence};
    if (s->method == HX_RECOMMEND_POPULAR) count_people(r);
    if (s->method == HX_RECOMMEND_ITEMS) fit_cosine(r, s->penalty);
    if (s->method == HX_RECOMMEND_EASE || s->method == HX_RECOMMEND_BLEND)
        HX_TRY(hx_ease_fit(&r->x, s->penalty, s->power, r->b, err));
    return reads_als(s->method) ? hx_als_fit(&r->als, &r->x, &als, err) : HX_OK;
}

static hx_status fit_rows(hx_recommender **out, const hx_taken *x, const taken_row *rows, part most,
                          const hx_recommend_setting *s, hx_error *err) {
    *out = NULL;
    if (reads_b(s->method) && !(s->penalty > 0 && isfinite(s->penalty)))
        return hx_fail(err, HX_EINVAL, "the penalty of recommendations is above 0; here it is %g",
                       s->penalty);
    if (s->method == HX_RECOMMEND_BLEND && !(s->share >= 0 && s->share <= 1))
        return hx_fail(err, HX_EINVAL, "the share of a blend is from 0 to 1; here it is %g",
                       s->share);
    hx_recommender *r = calloc(1, sizeof *r);
    if (!r) return no_memory(err);
    r->taken = x;
    r->setting = *s;
    if (s->method != HX_RECOMMEND_ALS)
        r->b = calloc(reads_b(s->method) ? x->n_items * x->n_items : x->n_items, sizeof *r->b);
    hx_status st =
        r->b || s->method == HX_RECOMMEND_ALS ? take_rows(r, rows, most, err) : no_memory(err);
    if (st == HX_OK) st = fit_method(r, err);
    if (st == HX_OK) *out = r;
    if (st != HX_OK) hx_recommender_free(r);
    return st;
}

hx_status hx_recommender_fit(hx_recommender **out, const hx_taken *x,
                             const hx_recommend_setting *setting, hx_error *err) {
    return fit_rows(out, x, x->rows, PART_TRAIN, setting, err);
}

void hx_recommender_free(hx_recommender *r) {
    if (!r) return;
    free(r->start);
    free(r->item);
    free(r->weight);
    free(r->b);
    hx_als_release(&r->als);
    free(r);
}

/* ------------------------------------------------------------------ scores */
/* How many people have each item; of newcomers and of popular. */
static void popular_score(const hx_recommender *r, double *score) {
    memset(score, 0, r->x.n_items * sizeof *score);
    for (size_t k = 0; k < r->start[r->x.n_people]; k++)
        score[r->item[k]] += 1;
}

/* True: the past of u speaks; false: popular items. */
static bool by_past(const hx_recommender *r, size_t u) {
    return r->setting.method != HX_RECOMMEND_POPULAR && u != SIZE_MAX &&
           r->start[u] < r->start[u + 1];
}

/* What a person's past says by each side: its scale, 0 = that side says nothing. */
typedef struct {
    hx_als_person als; /* owned; of als and blend */
    double by_b, by_als;
} past_view;

static double deviation(const double *v, size_t n) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    for (size_t i = 0; i < n; i++)
        squares += (v[i] - sum / (double)n) * (v[i] - sum / (double)n);
    return squares > 0 ? sqrt(squares / (double)n) : 1;
}

static hx_status add_als(const hx_recommender *r, size_t u, double *score, past_view *v,
                         hx_error *err) {
    const size_t n = r->x.n_items;
    double *side = calloc(n, sizeof *side);
    if (!side) return no_memory(err);
    hx_status st = hx_als_fold(&r->als, &r->x, u, &v->als, err);
    if (st == HX_OK) hx_als_score(&r->als, &v->als, side);
    v->by_als = 1;
    if (st == HX_OK && r->setting.method == HX_RECOMMEND_BLEND) {
        v->by_b = (1 - r->setting.share) / deviation(score, n);
        v->by_als = r->setting.share / deviation(side, n);
    }
    for (size_t i = 0; st == HX_OK && i < n; i++)
        score[i] = v->by_b * score[i] + v->by_als * side[i];
    free(side);
    return st;
}

/* The view's person is released by the caller. */
static hx_status score_person(const hx_recommender *r, size_t u, double *score, past_view *v,
                              hx_error *err) {
    *v = (past_view){.by_b = 0};
    if (!by_past(r, u)) {
        popular_score(r, score);
        return HX_OK;
    }
    if (reads_b(r->setting.method)) {
        v->by_b = 1;
        hx_ease_score(&r->x, r->b, u, score);
    } else {
        memset(score, 0, r->x.n_items * sizeof *score);
    }
    return reads_als(r->setting.method) ? add_als(r, u, score, v, err) : HX_OK;
}

/* term (items of u's past): what each adds to the score of `item`; room: (factors), of als alone. */
static void find_terms(const hx_recommender *r, size_t u, size_t item, const past_view *v,
                       double *room, double *term) {
    const size_t first = r->start[u], n = r->start[u + 1] - first;
    if (reads_als(r->setting.method)) hx_als_terms(&r->als, &r->x, u, &v->als, item, room, term);
    for (size_t k = 0; k < n; k++) {
        const double als = reads_als(r->setting.method) ? v->by_als * term[k] : 0;
        term[k] = als;
        if (reads_b(r->setting.method))
            term[k] =
                v->by_b * (r->weight[first + k] * r->b[r->item[first + k] * r->x.n_items + item]) +
                als;
    }
}

static bool is_before(const hx_recommendation *a, const hx_recommendation *b) {
    return a->score != b->score ? a->score > b->score : a->item < b->item;
}

static size_t insert(hx_recommendation *out, size_t n, size_t room, hx_recommendation r) {
    if (n == room && (room == 0 || !is_before(&r, &out[n - 1]))) return n;
    size_t at = n < room ? n++ : n - 1;
    for (; at > 0 && is_before(&r, &out[at - 1]); at--)
        out[at] = out[at - 1];
    out[at] = r;
    return n;
}

static size_t best_items(const hx_recommender *r, size_t u, double *score, hx_recommendation *out,
                         size_t room) {
    size_t n = 0;
    for (size_t k = u == SIZE_MAX ? 0 : r->start[u]; u != SIZE_MAX && k < r->start[u + 1]; k++)
        score[r->item[k]] = NAN;
    for (size_t i = 0; i < r->x.n_items; i++)
        if (!isnan(score[i]))
            n = insert(out, n, room, (hx_recommendation){i, score[i], SIZE_MAX, 0});
    return n;
}

/* The score again, as the sum of its terms, and the item whose term is the greatest. */
static void find_reason(const hx_recommender *r, size_t u, const double *term,
                        hx_recommendation *o) {
    const size_t first = r->start[u], n = r->start[u + 1] - first;
    o->score = 0;
    for (size_t k = 0; k < n; k++) {
        o->score += term[k];
        if (term[k] > o->part) {
            o->part = term[k];
            o->because = r->item[first + k];
        }
    }
}

/* score (n_items), then room for terms: of all items and factors. */
static double *working_room(const hx_recommender *r) {
    return calloc(2 * r->x.n_items + HX_ALS_MAX_FACTORS, sizeof(double));
}

hx_status hx_recommend(const hx_recommender *r, size_t u, hx_recommendation *out, size_t room,
                       size_t *n, hx_error *err) {
    past_view v;
    double *score = working_room(r);
    *n = 0;
    if (!score) return no_memory(err);
    hx_status st = score_person(r, u, score, &v, err);
    if (st == HX_OK) *n = best_items(r, u, score, out, room);
    double *term = score + r->x.n_items, *factors = term + r->x.n_items;
    for (size_t k = 0; st == HX_OK && by_past(r, u) && k < *n; k++) {
        find_terms(r, u, out[k].item, &v, factors, term);
        find_reason(r, u, term, &out[k]);
    }
    hx_als_person_release(&v.als);
    free(score);
    return st;
}

hx_status hx_recommend_parts(const hx_recommender *r, size_t u, size_t item, hx_recommendation *out,
                             size_t room, size_t *n, hx_error *err) {
    past_view v;
    *n = 0;
    if (!by_past(r, u)) return HX_OK;
    double *score = working_room(r);
    if (!score) return no_memory(err);
    hx_status st = score_person(r, u, score, &v, err);
    double *term = score + r->x.n_items, *factors = term + r->x.n_items;
    if (st == HX_OK) find_terms(r, u, item, &v, factors, term);
    for (size_t k = r->start[u]; st == HX_OK && *n < room && k < r->start[u + 1]; k++) {
        const double adds = term[k - r->start[u]];
        out[(*n)++] = (hx_recommendation){item, adds, r->item[k], adds};
    }
    hx_als_person_release(&v.als);
    free(score);
    return st;
}

/* ------------------------------------------------------------------ what is held out */
/* Latest first, or by chance: the order in which a person's rows are kept back. */
static double held_key(const hx_taken *x, const taken_row *r, const hx_recommend_options *o) {
    if (x->timed && !x->tested) return isfinite(r->time) ? -r->time : INFINITY;
    return (double)(hx_hash_mix(hx_hash_seed(r->person, o->seed), hx_hash(r->item)) >> 11);
}

typedef struct {
    double key;
    size_t at;
} keyed;

static int by_key(const void *l, const void *r) {
    const keyed *a = l, *b = r;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* Moves o->held rows to learn from, of each person who has more than twice as many, to part p. */
static bool hold_back(const hx_taken *x, taken_row *rows, part p, const hx_recommend_options *o) {
    keyed *keys = calloc(x->n_items, sizeof *keys);
    for (size_t k = 0, end; keys && k < x->n; k = end) {
        size_t n = 0;
        for (end = k; end < x->n && rows[end].u == rows[k].u; end++)
            if (rows[end].part == PART_TRAIN) keys[n++] = (keyed){held_key(x, &rows[end], o), end};
        if (n <= 2 * o->held) continue;
        qsort(keys, n, sizeof *keys, by_key);
        for (size_t j = 0; j < o->held; j++)
            rows[keys[j].at].part = p;
    }
    free(keys);
    return keys != NULL;
}

/* ------------------------------------------------------------------ figures */
typedef struct {
    const hx_taken *x;
    const taken_row *rows;
    part sought;
    double liked; /* least rating that counts; -INFINITY = every row */
    double *score; /* (n_items) */
    bool *wanted, *shown; /* (n_items) */
} judged;

static bool counts(const judged *j, const taken_row *r) {
    return r->part == j->sought && (j->liked == -INFINITY || r->rating >= j->liked);
}

static void judge_top(const judged *j, const hx_recommendation *top, size_t n, size_t sought,
                      hx_recommend_figures *f) {
    double dcg = 0, ideal = 0, first = 0;
    size_t found = 0;
    for (size_t k = 0; k < n; k++) {
        j->shown[top[k].item] = true;
        if (!j->wanted[top[k].item]) continue;
        dcg += 1 / log2((double)k + 2);
        if (found++ == 0) first = 1 / ((double)k + 1);
    }
    for (size_t k = 0; k < sought && k < TOP; k++)
        ideal += 1 / log2((double)k + 2);
    f->ndcg += dcg / ideal;
    f->recall += (double)found / (double)sought;
    f->mrr += first;
    f->people++;
}

static hx_status judge_person(const hx_recommender *r, const judged *j, size_t from, size_t end,
                              hx_recommend_figures *f, hx_error *err) {
    hx_recommendation top[TOP];
    size_t sought = 0;
    hx_status st = HX_OK;
    for (size_t k = from; k < end; k++)
        if (counts(j, &j->rows[k])) j->wanted[j->rows[k].i] = true, sought++;
    if (sought > 0) {
        past_view v;
        const size_t u = j->rows[from].u;
        st = score_person(r, u, j->score, &v, err);
        if (st == HX_OK) judge_top(j, top, best_items(r, u, j->score, top, TOP), sought, f);
        hx_als_person_release(&v.als);
    }
    for (size_t k = from; k < end; k++)
        j->wanted[j->rows[k].i] = false;
    return st;
}

static hx_status judge_people(const hx_recommender *r, const judged *j, hx_recommend_figures *f,
                              hx_error *err) {
    size_t shown = 0;
    *f = (hx_recommend_figures){0};
    memset(j->shown, 0, j->x->n_items * sizeof *j->shown);
    for (size_t k = 0, end; k < j->x->n; k = end) {
        for (end = k; end < j->x->n && j->rows[end].u == j->rows[k].u;)
            end++;
        HX_TRY(judge_person(r, j, k, end, f, err));
    }
    for (size_t i = 0; i < j->x->n_items; i++)
        shown += j->shown[i];
    f->coverage = (double)shown / (double)j->x->n_items;
    if (f->people == 0) return HX_OK;
    f->ndcg /= (double)f->people;
    f->recall /= (double)f->people;
    f->mrr /= (double)f->people;
    return HX_OK;
}

/* Figures of a setting that learned from parts up to `learned` and seeks the next. */
static hx_status judge(const hx_taken *x, const taken_row *rows, part learned,
                       const hx_recommend_setting *s, hx_recommend_figures *all,
                       hx_recommend_figures *liked, hx_error *err) {
    hx_recommender *r = NULL;
    judged j = {.x = x, .rows = rows, .sought = learned + 1, .liked = -INFINITY};
    j.score = calloc(x->n_items, sizeof *j.score);
    j.wanted = calloc(x->n_items, sizeof *j.wanted);
    j.shown = calloc(x->n_items, sizeof *j.shown);
    hx_status st =
        j.score && j.wanted && j.shown ? fit_rows(&r, x, rows, learned, s, err) : no_memory(err);
    if (st == HX_OK) st = judge_people(r, &j, all, err);
    j.liked = x->mean;
    if (st == HX_OK && liked) *liked = (hx_recommend_figures){0};
    if (st == HX_OK && liked && isfinite(x->mean)) st = judge_people(r, &j, liked, err);
    hx_recommender_free(r);
    free(j.score);
    free(j.wanted);
    free(j.shown);
    return st;
}

#define EASE(p, w, way)                                                                            \
    { .method = HX_RECOMMEND_EASE, .penalty = p, .power = w, .rated = way }
#define ITEMS(p)                                                                                   \
    { .method = HX_RECOMMEND_ITEMS, .penalty = p }
#define ALS(way, f, p, c, s)                                                                       \
    { .method = way, .rated = true, .factors = f, .als_penalty = p, .confidence = c, .share = s }
/* A blend has the penalty of the best EASE before it. */
static const hx_recommend_setting tried[] = {{.method = HX_RECOMMEND_POPULAR},
                                             ITEMS(1),
                                             ITEMS(10),
                                             ITEMS(50),
                                             ITEMS(200),
                                             EASE(150, 0, false),
                                             EASE(300, 0, false),
                                             EASE(600, 0, false),
                                             EASE(200, 0.5, false),
                                             EASE(400, 0.5, false),
                                             EASE(100, 0.5, true),
                                             EASE(200, 0.5, true),
                                             EASE(400, 0.5, true),
                                             ALS(HX_RECOMMEND_ALS, 32, 60, 10, 0),
                                             ALS(HX_RECOMMEND_ALS, 32, 10, 4, 0),
                                             ALS(HX_RECOMMEND_ALS, 64, 30, 4, 0),
                                             ALS(HX_RECOMMEND_BLEND, 32, 30, 10, 0.5),
                                             ALS(HX_RECOMMEND_BLEND, 64, 30, 4, 0.3),
                                             ALS(HX_RECOMMEND_BLEND, 64, 30, 4, 0.5)};
#define TRIED (sizeof tried / sizeof *tried)

static hx_status may_go_on(const hx_recommend_options *o, size_t step, hx_error *err) {
    if (o->cancel && hx_flag_is_raised(o->cancel))
        return hx_fail(err, HX_ECANCELLED, "the evaluation of recommendations was stopped");
    if (o->done) o->done(o->context, (double)step / (double)(TRIED + HX_RECOMMEND_METHODS));
    return HX_OK;
}

static hx_status choose(const hx_taken *x, const taken_row *rows, const hx_recommend_options *o,
                        hx_recommend_result *out, hx_error *err) {
    for (size_t m = 0; m < HX_RECOMMEND_METHODS; m++)
        out[m] = (hx_recommend_result){.dev = -1};
    for (size_t k = 0; k < TRIED; k++) {
        hx_recommend_result *best = &out[tried[k].method];
        hx_recommend_setting s = tried[k];
        hx_recommend_figures f, liked;
        if (s.method == HX_RECOMMEND_EASE && s.rated && !isfinite(x->mean)) continue;
        if (s.method == HX_RECOMMEND_BLEND) {
            s.penalty = out[HX_RECOMMEND_EASE].setting.penalty;
            s.power = out[HX_RECOMMEND_EASE].setting.power;
        }
        HX_TRY(may_go_on(o, k, err));
        HX_TRY(judge(x, rows, PART_TRAIN, &s, &f, &liked, err));
        if (f.people == 0)
            return hx_fail(err, HX_EINVAL,
                           "nobody has more than %zu items, so none can be held out to be found",
                           2 * o->held);
        const double dev = liked.people > 0 ? (f.ndcg + liked.ndcg) / 2 : f.ndcg;
        if (dev <= best->dev) continue;
        best->dev = dev;
        best->setting = s;
    }
    return HX_OK;
}

static hx_status test(const hx_taken *x, const taken_row *rows, const hx_recommend_options *o,
                      hx_recommend_result *out, hx_error *err) {
    for (size_t m = 0; m < HX_RECOMMEND_METHODS; m++) {
        HX_TRY(may_go_on(o, TRIED + m, err));
        HX_TRY(judge(x, rows, PART_DEV, &out[m].setting, &out[m].all, &out[m].liked, err));
    }
    if (out[0].all.people == 0)
        return hx_fail(err, HX_EINVAL, "the test part has nothing that is to be found");
    return HX_OK;
}

hx_status hx_recommend_evaluate(const hx_taken *x, const hx_recommend_options *options,
                                hx_recommend_result out[HX_RECOMMEND_METHODS], hx_error *err) {
    if (options->held == 0 || options->held > 1000)
        return hx_fail(err, HX_EINVAL, "1 to 1000 rows of a person are held out; here it is %zu",
                       options->held);
    taken_row *rows = calloc(x->n + 1, sizeof *rows);
    if (!rows) return no_memory(err);
    memcpy(rows, x->rows, x->n * sizeof *rows);
    bool ok = x->tested || hold_back(x, rows, PART_TEST, options);
    ok = ok && hold_back(x, rows, PART_DEV, options);
    hx_status st = ok ? choose(x, rows, options, out, err) : no_memory(err);
    if (st == HX_OK) st = test(x, rows, options, out, err);
    free(rows);
    return st;
}
