/* rank_groups.c - how well each group's rows are ordered: the articles of a search, the offers to a customer; "ranking" in an evaluation.
 *
 *     DCG@k    = sum over ranks i <= k of gain_i / log2(i + 1)       NDCG = DCG / DCG of the best order
 *     AP       = sum over ranks of [relevant] precision at the rank / relevant rows          MAP = mean over groups
 *     recall   = relevant rows among the first k / relevant rows     precision = ... / k (of a smaller group: its rows)
 *
 * Gains are the numbers of the target, or 1 for the second of two classes; a row is relevant where its gain is above 0. Rows of equal scores share their
 * ranks: NDCG, recall and precision are means over their orders (as scikit-learn's ndcg_score has it), for AP they are taken together (as its
 * average_precision_score). Groups without a relevant row count for none of these. Intervals: groups are drawn with replacement, 1,000 times. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/assess.h"
#include "learn/fields.h"

#define ROUNDS 1000
#define LEVEL 0.95
enum { NDCG, MAP, RECALL, PRECISION, RANKINGS };

typedef struct {
    uint32_t group;
    double score, gain;
    size_t row;
} ranked_row;

typedef struct {
    double at[RANKINGS];
} group_figures;

static int by_group(const void *a, const void *b) {
    const ranked_row *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int by_gain(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* ------------------------------------------------------------------ one group */
static double discount(size_t rank) {
    return 1 / log2((double)rank + 1);
}

static double best_dcg(const ranked_row *rows, size_t n, size_t k, double *room) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        room[i] = rows[i].gain;
    qsort(room, n, sizeof *room, by_gain);
    for (size_t i = 0; i < n && i < k; i++)
        sum += room[i] * discount(i + 1);
    return sum;
}

/* What a run of equal scores at ranks from + 1 to `to` adds. */
static void add_run(const ranked_row *rows, size_t from, size_t to, size_t k, double *relevant,
                    group_figures *f) {
    double gains = 0, hits = 0, discounts = 0;
    for (size_t i = from; i < to; i++) {
        gains += rows[i].gain;
        hits += rows[i].gain > 0;
        if (i < k) discounts += discount(i + 1);
    }
    double length = (double)(to - from), within = from < k ? (double)((to < k ? to : k) - from) : 0;
    *relevant += hits;
    f->at[NDCG] += gains / length * discounts;
    f->at[MAP] += hits * *relevant / (double)to;
    f->at[RECALL] += hits * within / length;
}

static bool measure(const ranked_row *rows, size_t n, size_t k, double *room, group_figures *f) {
    double relevant = 0, best = best_dcg(rows, n, k, room);
    memset(f, 0, sizeof *f);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && rows[to].score == rows[from].score;)
            to++;
        add_run(rows, from, to, k, &relevant, f);
    }
    if (relevant == 0) return false;
    f->at[NDCG] /= best;
    f->at[MAP] /= relevant;
    f->at[PRECISION] = f->at[RECALL] / (double)(n < k ? n : k);
    f->at[RECALL] /= relevant;
    return true;
}

/* ------------------------------------------------------------------ all groups */
static hx_status ranked_rows(const hx_scored *s, const uint32_t *groups, ranked_row *rows,
                             hx_error *err) {
    bool classes = s->task == HX_TASK_CLASSES;
    if (classes && hx_scored_known(s) != 2)
        return hx_fail(err, HX_EINVAL,
                       "a ranking needs a target of numbers or of two classes, not of %zu",
                       hx_scored_known(s));
    for (size_t i = 0; i < s->n; i++) {
        const double score = classes ? s->probabilities[i * s->n_classes + 1] : s->values[i];
        const bool relevant = !classes || s->truth[i] == 1;
        rows[i] = (ranked_row){groups[i], score, relevant ? s->truth[i] : 0, i};
        if (rows[i].gain < 0)
            return hx_fail(err, HX_EINVAL, "row %zu: the gain of a ranking is below 0", i + 1);
    }
    qsort(rows, s->n, sizeof *rows, by_group);
    return HX_OK;
}

static void mean_of(const group_figures *found, const size_t *chosen, size_t n,
                    double mean[RANKINGS]) {
    for (int f = 0; f < RANKINGS; f++)
        mean[f] = n ? 0 : NAN;
    for (size_t i = 0; i < n; i++)
        for (int f = 0; f < RANKINGS; f++)
            mean[f] += found[chosen ? chosen[i] : i].at[f] / (double)n;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* room (RANKINGS, ROUNDS), chosen (n). */
static void draw_means(const group_figures *found, size_t n, uint64_t seed, size_t *chosen,
                       double *room) {
    double mean[RANKINGS];
    for (size_t r = 0; r < ROUNDS; r++) {
        hx_rng rng;
        hx_rng_seed(&rng, hx_hash_mix(seed, r));
        for (size_t i = 0; i < n; i++)
            chosen[i] = (size_t)hx_rng_below(&rng, n);
        mean_of(found, chosen, n, mean);
        for (int f = 0; f < RANKINGS; f++)
            room[f * ROUNDS + (int)r] = mean[f];
    }
}

static void put_intervals(double *room, bool known, hx_json_writer *w, const char *const *names) {
    hx_json_key(w, "intervals");
    hx_json_object(w);
    for (int f = 0; f < RANKINGS; f++) {
        double *of = room + f * ROUNDS;
        qsort(of, known ? ROUNDS : 0, sizeof *of, compare_doubles);
        double at = (1 - LEVEL) / 2 * (ROUNDS - 1);
        size_t low = (size_t)at, high = ROUNDS - 1 - low;
        const double ends[] = {known ? of[low] + (at - (double)low) * (of[low + 1] - of[low]) : NAN,
                               known ? of[high] + (at - (double)low) * (of[high - 1] - of[high])
                                     : NAN};
        hx_put_numbers(w, names[f], ends, 2);
    }
    hx_json_end_object(w);
}

static void put_ranking(const group_figures *found, size_t n, size_t without, const hx_ranking *r,
                        double *room, hx_json_writer *w) {
    static const char *const names[RANKINGS] = {"ndcg", "map", "recall", "precision"};
    double mean[RANKINGS];
    mean_of(found, NULL, n, mean);
    hx_json_key(w, "ranking");
    hx_json_object(w);
    hx_json_key(w, "by");
    hx_json_cstr(w, r->by);
    hx_json_key(w, "at");
    hx_json_int(w, (int64_t)r->at);
    hx_json_key(w, "groups");
    hx_json_int(w, (int64_t)n);
    hx_json_key(w, "groups_without");
    hx_json_int(w, (int64_t)without);
    for (int f = 0; f < RANKINGS; f++) {
        hx_json_key(w, names[f]);
        hx_json_double(w, mean[f]);
    }
    put_intervals(room, n > 0, w, names);
    hx_json_end_object(w);
}

hx_status hx_ranking_write(const hx_scored *s, const hx_ranking *r, uint64_t seed, hx_arena *arena,
                           hx_json_writer *w, hx_error *err) {
    ranked_row *rows = hx_arena_alloc(arena, (s->n + 1) * sizeof *rows);
    group_figures *found = hx_arena_alloc(arena, (s->n + 1) * sizeof *found);
    double *room = hx_arena_alloc(arena, (s->n + RANKINGS * ROUNDS) * sizeof *room);
    size_t *chosen = hx_arena_alloc(arena, (s->n + 1) * sizeof *chosen), n = 0, without = 0;
    if (!rows || !found || !room || !chosen)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the figures");
    HX_TRY(ranked_rows(s, r->groups, rows, err));
    for (size_t from = 0, to; from < s->n; from = to) {
        for (to = from + 1; to < s->n && rows[to].group == rows[from].group;)
            to++;
        if (measure(rows + from, to - from, r->at, room, &found[n]))
            n++;
        else
            without++;
    }
    if (n > 0) draw_means(found, n, seed, chosen, room);
    put_ranking(found, n, without, r, room, w);
    return HX_OK;
}
