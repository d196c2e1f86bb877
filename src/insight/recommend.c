/* recommend.c - items for people by what they took up before: popular, cosine of items, EASE; and how well each finds what is held out.
 *
 *     rows -> people and items by name -> those of a part, by person (hx_interactions) -> weights (n_items, n_items) -> scores
 *
 * All sums go in the order of people and of items, each its own, so bytes don't depend on the machine. Every weight is 1: what people take up foretells
 * what they take up next; ratings say which finds were liked. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "huaxiang/insight.h"
#include "insight/ease.h"

#define MOST_ROWS ((size_t)50000000)
#define CELL_ROOM 64
#define TOP 10

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
    double mean; /* of ratings; NaN = none */
    bool timed, tested;
};

struct hx_recommender {
    const hx_taken *taken; /* borrowed */
    hx_recommend_setting setting;
    hx_interactions x; /* its arrays are owned: */
    size_t *start;
    uint32_t *item;
    double *weight;
    double *b; /* (n_items, n_items); of popular (n_items) */
};

const char *hx_recommend_method_id(hx_recommend_method m) {
    static const char *const ids[HX_RECOMMEND_METHODS] = {"popular", "items", "ease"};
    return ids[m];
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
    for (size_t k = 0; k < x->n; k++)
        if (x->rows[k].part == PART_TRAIN && isfinite(x->rows[k].rating))
            sum += x->rows[k].rating, n++;
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
        r->weight[n++] = 1;
    }
    while (u < x->n_people)
        r->start[++u] = n;
    r->x = (hx_interactions){x->n_people, x->n_items, r->start, r->item, r->weight};
    return HX_OK;
}

static void count_people(hx_recommender *r) {
    for (size_t k = 0; k < r->start[r->x.n_people]; k++)
        r->b[r->item[k]] += r->weight[k];
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

static hx_status fit_rows(hx_recommender **out, const hx_taken *x, const taken_row *rows, part most,
                          const hx_recommend_setting *s, hx_error *err) {
    *out = NULL;
    if (s->method != HX_RECOMMEND_POPULAR && !(s->penalty > 0 && isfinite(s->penalty)))
        return hx_fail(err, HX_EINVAL, "the penalty of recommendations is above 0; here it is %g",
                       s->penalty);
    hx_recommender *r = calloc(1, sizeof *r);
    if (!r) return no_memory(err);
    r->taken = x;
    r->setting = *s;
    r->b = calloc(s->method == HX_RECOMMEND_POPULAR ? x->n_items : x->n_items * x->n_items,
                  sizeof *r->b);
    hx_status st = r->b ? take_rows(r, rows, most, err) : no_memory(err);
    if (st == HX_OK && s->method == HX_RECOMMEND_POPULAR) count_people(r);
    if (st == HX_OK && s->method == HX_RECOMMEND_ITEMS) fit_cosine(r, s->penalty);
    if (st == HX_OK && s->method == HX_RECOMMEND_EASE)
        st = hx_ease_fit(&r->x, s->penalty, r->b, err);
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
    if (by_past(r, u))
        hx_ease_score(&r->x, r->b, u, score);
    else
        popular_score(r, score);
    for (size_t k = u == SIZE_MAX ? 0 : r->start[u]; u != SIZE_MAX && k < r->start[u + 1]; k++)
        score[r->item[k]] = NAN;
    for (size_t i = 0; i < r->x.n_items; i++)
        if (!isnan(score[i]))
            n = insert(out, n, room, (hx_recommendation){i, score[i], SIZE_MAX, 0});
    return n;
}

static void find_reason(const hx_recommender *r, size_t u, hx_recommendation *o) {
    for (size_t k = r->start[u]; k < r->start[u + 1]; k++) {
        const double term = r->weight[k] * r->b[r->item[k] * r->x.n_items + o->item];
        if (term > o->part) {
            o->part = term;
            o->because = r->item[k];
        }
    }
}

hx_status hx_recommend(const hx_recommender *r, size_t u, hx_recommendation *out, size_t room,
                       size_t *n, hx_error *err) {
    double *score = calloc(r->x.n_items, sizeof *score);
    *n = 0;
    if (!score) return no_memory(err);
    *n = best_items(r, u, score, out, room);
    free(score);
    for (size_t k = 0; by_past(r, u) && k < *n; k++)
        find_reason(r, u, &out[k]);
    return HX_OK;
}

size_t hx_recommend_parts(const hx_recommender *r, size_t u, size_t item, hx_recommendation *out,
                          size_t room) {
    size_t n = 0;
    if (!by_past(r, u)) return 0;
    for (size_t k = r->start[u]; n < room && k < r->start[u + 1]; k++, n++) {
        const double term = r->weight[k] * r->b[r->item[k] * r->x.n_items + item];
        out[n] = (hx_recommendation){item, term, r->item[k], term};
    }
    return n;
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

static void judge_person(const hx_recommender *r, const judged *j, size_t from, size_t end,
                         hx_recommend_figures *f) {
    hx_recommendation top[TOP];
    size_t sought = 0;
    for (size_t k = from; k < end; k++)
        if (counts(j, &j->rows[k])) j->wanted[j->rows[k].i] = true, sought++;
    if (sought > 0)
        judge_top(j, top, best_items(r, j->rows[from].u, j->score, top, TOP), sought, f);
    for (size_t k = from; k < end; k++)
        j->wanted[j->rows[k].i] = false;
}

static void judge_people(const hx_recommender *r, const judged *j, hx_recommend_figures *f) {
    size_t shown = 0;
    *f = (hx_recommend_figures){0};
    memset(j->shown, 0, j->x->n_items * sizeof *j->shown);
    for (size_t k = 0, end; k < j->x->n; k = end) {
        for (end = k; end < j->x->n && j->rows[end].u == j->rows[k].u;)
            end++;
        judge_person(r, j, k, end, f);
    }
    for (size_t i = 0; i < j->x->n_items; i++)
        shown += j->shown[i];
    f->coverage = (double)shown / (double)j->x->n_items;
    if (f->people == 0) return;
    f->ndcg /= (double)f->people;
    f->recall /= (double)f->people;
    f->mrr /= (double)f->people;
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
    if (st == HX_OK) judge_people(r, &j, all);
    j.liked = x->mean;
    if (st == HX_OK && liked) *liked = (hx_recommend_figures){0};
    if (st == HX_OK && liked && isfinite(x->mean)) judge_people(r, &j, liked);
    hx_recommender_free(r);
    free(j.score);
    free(j.wanted);
    free(j.shown);
    return st;
}

static const hx_recommend_setting tried[] = {
    {HX_RECOMMEND_POPULAR, 1}, {HX_RECOMMEND_ITEMS, 1},   {HX_RECOMMEND_ITEMS, 10},
    {HX_RECOMMEND_ITEMS, 50},  {HX_RECOMMEND_ITEMS, 200}, {HX_RECOMMEND_EASE, 50},
    {HX_RECOMMEND_EASE, 150},  {HX_RECOMMEND_EASE, 300},  {HX_RECOMMEND_EASE, 600},
    {HX_RECOMMEND_EASE, 1200}, {HX_RECOMMEND_EASE, 2400}};
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
        hx_recommend_figures f;
        HX_TRY(may_go_on(o, k, err));
        HX_TRY(judge(x, rows, PART_TRAIN, &tried[k], &f, NULL, err));
        if (f.people == 0)
            return hx_fail(err, HX_EINVAL,
                           "nobody has more than %zu items, so none can be held out to be found",
                           2 * o->held);
        if (f.ndcg <= best->dev) continue;
        best->dev = f.ndcg;
        best->setting = tried[k];
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
