/* fit_intent.c - learns the intents, or the emotions, of models/huaxiang-learn over the grams of src/text/grams.h; tools/train/learn/train runs it.
 *
 * usage: fit_intent SHARE_DIR TRAIN.tsv DEV.tsv MODEL.hxd [C] [KEEP] [BUCKET_BITS] [emotion]
 *
 * Rows: labels joined by '|', set, text. MODEL.hxd has the sentiment already, whose logit is a feature; the intents are put into it. One
 * L2-regularised L2-loss SVM an intent, each against all else, by dual coordinate descent (Hsieh and others 2008) in a seeded order, over
 *
 *     each distinct gram   1 / sqrt(T)        T pieces
 *     base                 1 / sqrt(T)
 *     bias                 1
 *     up, down             MOOD x the mood's logit above, below 0
 *
 * Weights of the KEEP grams that matter most go to 8 bits; then a logistic regression on dev (Platt) an intent, with the table as it is written; the
 * threshold is the one of the best F1 of all labels on dev. Prints precision, recall and F1 of each intent on dev.
 *
 * With `emotion` last the labels are the six emotions of hx_emotion_name(), one a text: the surest is said, and accuracy and macro-F1 are printed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "sections.h"
#include "text/annotator.h"
#include "text/clean.h"
#include "text/grams.h"

#define MOOD 0.5
#define MOOD_MAX 4.0

enum { DF_MIN = 2, ROUNDS = 30, INDEX_BITS = 22 };

typedef struct {
    size_t from, to; /* of the grams */
    double scale, mood;
    uint32_t labels; /* bits of hx_intent_label */
} row_of_text;

/* What is learned: label k is bit k + 1 of a row's labels. */
typedef struct {
    size_t n;
    bool feelings;
} task;

typedef struct {
    task task;
    uint64_t *grams;
    uint32_t *ids;
    size_t n_grams, room_grams;
    row_of_text *rows;
    size_t n, room;
} corpus;

static void *need(void *p) {
    if (p) return p;
    fputs("fit_intent: out of memory\n", stderr);
    exit(1);
}

/* ------------------------------------------------------------------ reading */
static const char *label_name(task t, size_t k) {
    return t.feelings ? hx_emotion_name((hx_emotion_label)k)
                      : hx_intent_name((hx_intent_label)(k + 1));
}

static uint32_t labels_of(task t, const char *cell) {
    uint32_t bits = 0;
    for (const char *at = cell; *at != '\0'; at += strcspn(at, "|"), at += *at == '|') {
        size_t n = strcspn(at, "|");
        for (size_t k = 0; k < t.n; k++)
            if (strlen(label_name(t, k)) == n && memcmp(label_name(t, k), at, n) == 0)
                bits |= 2u << k;
    }
    return bits;
}

static void add_grams(corpus *c, const hx_gram_piece *pieces, size_t n, hx_arena *arena) {
    hx_gram grams[HX_GRAM_MAX];
    hx_gram_set seen;
    if (!hx__gram_set_new(&seen, n * HX_GRAM_MAX, arena)) (void)need(NULL);
    for (size_t i = 0; i < n; i++) {
        size_t k = hx__grams_at(pieces, n, i, grams);
        while (k-- > 0) {
            if (!hx__gram_set_add(&seen, grams[k].hash)) continue;
            if (c->n_grams == c->room_grams) {
                c->room_grams = c->room_grams ? c->room_grams * 2 : 1u << 20;
                c->grams = need(realloc(c->grams, c->room_grams * sizeof *c->grams));
            }
            c->grams[c->n_grams++] = grams[k].hash;
        }
    }
}

static void add_row(corpus *c, hx_annotator *a, const char *labels, const char *text) {
    static const hx_clean_rules rules = {0};
    hx_error err = {0};
    hx_clean clean;
    hx_sentiment mood;
    size_t n;
    hx_arena *arena = need(hx_arena_new(0));
    hx_arena_reset(a->scratch);
    if (hx__clean(a, hx_str_of(text), &rules, &clean, &err) == HX_OK &&
        hx__learned_sentiment(a, &clean, hx_text_lang(clean.text), arena, &mood, &err) == HX_OK) {
        const hx_gram_piece *pieces = need(hx__gram_pieces(clean.text, arena, &n));
        if (c->n == c->room) {
            c->room = c->room ? c->room * 2 : 1024;
            c->rows = need(realloc(c->rows, c->room * sizeof *c->rows));
        }
        c->rows[c->n] = (row_of_text){.from = c->n_grams,
                                      .scale = 1 / sqrt(n > 0 ? (double)n : 1),
                                      .mood = fmax(fmin(mood.logit, MOOD_MAX), -MOOD_MAX),
                                      .labels = labels_of(c->task, labels)};
        add_grams(c, pieces, n, arena);
        c->rows[c->n++].to = c->n_grams;
    }
    hx_arena_free(arena);
}

static corpus read_rows(const char *path, task t, hx_annotator *a) {
    corpus c = {.task = t};
    char *line = NULL;
    size_t room = 0;
    FILE *f = need(fopen(path, "rb"));
    for (ssize_t len = getline(&line, &room, f); len >= 0; len = getline(&line, &room, f)) {
        line[len > 0 && line[len - 1] == '\n' ? len - 1 : len] = '\0';
        char *set = strchr(line, '\t'), *text = set ? strchr(set + 1, '\t') : NULL;
        if (!text) continue;
        *set = *text = '\0';
        add_row(&c, a, line, text + 1);
    }
    free(line);
    (void)fclose(f);
    return c;
}

/* ------------------------------------------------------------------ grams that are learned */
typedef struct {
    uint64_t *hashes;
    uint32_t *ids, *counts;
    uint32_t n;
} gram_index;

static size_t place_of(const gram_index *x, uint64_t hash) {
    const size_t mask = ((size_t)1 << INDEX_BITS) - 1;
    size_t at = (size_t)hash & mask;
    while (x->hashes[at] != 0 && x->hashes[at] != hash)
        at = (at + 1) & mask;
    return at;
}

static gram_index index_grams(corpus *c) {
    const size_t slots = (size_t)1 << INDEX_BITS;
    gram_index x = {need(calloc(slots, sizeof(uint64_t))), need(calloc(slots, sizeof(uint32_t))),
                    need(calloc(slots, sizeof(uint32_t))), 0};
    size_t used = 0, kept = 0;
    for (size_t i = 0; i < c->n_grams && used < slots / 2; i++) {
        size_t at = place_of(&x, c->grams[i]);
        used += x.hashes[at] == 0;
        x.hashes[at] = c->grams[i];
        x.counts[at]++;
    }
    for (size_t at = 0; at < slots; at++)
        if (x.counts[at] >= DF_MIN) x.ids[at] = x.n++;
    c->ids = need(calloc(c->n_grams + 1, sizeof *c->ids));
    for (size_t i = 0; i < c->n; i++) {
        size_t from = kept;
        for (size_t k = c->rows[i].from; k < c->rows[i].to; k++) {
            size_t at = place_of(&x, c->grams[k]);
            if (x.counts[at] >= DF_MIN) c->ids[kept++] = x.ids[at];
        }
        c->rows[i].from = from;
        c->rows[i].to = kept;
    }
    return x;
}

/* ------------------------------------------------------------------ one intent */
typedef struct {
    double *w; /* (n grams) */
    hx_learned_wish wish; /* scale: 1 */
} fitted;

static double fixed_part(const hx_learned_wish *w, const row_of_text *r) {
    return w->bias + w->base * r->scale + (r->mood > 0 ? w->up : w->down) * r->mood;
}

static double margin(const fitted *m, const row_of_text *r, const uint32_t *ids) {
    double sum = 0;
    for (size_t k = r->from; k < r->to; k++)
        sum += m->w[ids[k]];
    return sum * r->scale + fixed_part(&m->wish, r);
}

static void descend_on(fitted *m, const row_of_text *r, const uint32_t *ids, double y, double cost,
                       double *alpha) {
    double diagonal = 0.5 / cost, mood = MOOD * r->mood;
    double length = (double)(r->to - r->from + 1) * r->scale * r->scale + 1 + mood * mood;
    double gradient = y * margin(m, r, ids) - 1 + diagonal * *alpha;
    double before = *alpha;
    *alpha = fmax(before - gradient / (length + diagonal), 0);
    double step = (*alpha - before) * y;
    if (step == 0) return;
    for (size_t k = r->from; k < r->to; k++)
        m->w[ids[k]] += step * r->scale;
    m->wish.base += step * r->scale;
    m->wish.bias += step;
    *(r->mood > 0 ? &m->wish.up : &m->wish.down) += step * mood * MOOD;
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static fitted descend(const corpus *c, uint32_t n_grams, int label, double cost) {
    fitted m = {need(calloc(n_grams + 1, sizeof *m.w)), {.scale = 1}};
    double *alpha = need(calloc(c->n, sizeof *alpha));
    size_t *order = need(calloc(c->n, sizeof *order));
    uint64_t state = 20261122;
    for (size_t i = 0; i < c->n; i++)
        order[i] = i;
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = c->n; i > 0; i--) {
            size_t k = next_random(&state) % i, chosen = order[k];
            const row_of_text *r = &c->rows[chosen];
            order[k] = order[i - 1];
            order[i - 1] = chosen;
            descend_on(&m, r, c->ids, r->labels >> label & 1 ? 1 : -1, cost, &alpha[chosen]);
        }
    free(alpha);
    free(order);
    return m;
}

/* ------------------------------------------------------------------ the table */
typedef struct {
    uint8_t *check;
    int8_t *weight;
    hx_learned_table table;
    size_t slots, n; /* n: labels */
} gram_table;

typedef struct {
    uint64_t hash;
    uint32_t id;
    double rank;
} candidate;

static int by_rank(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? 1 : -1;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static candidate *rank_grams(const gram_index *x, const fitted *m, size_t labels) {
    candidate *list = need(calloc(x->n + 1, sizeof *list));
    for (size_t at = 0; at < (size_t)1 << INDEX_BITS; at++) {
        if (x->counts[at] < DF_MIN) continue;
        double rank = 0;
        for (size_t k = 0; k < labels; k++)
            rank = fmax(rank, fabs(m[k].w[x->ids[at]]));
        list[x->ids[at]] =
            (candidate){x->hashes[at], x->ids[at], rank * sqrt((double)x->counts[at])};
    }
    qsort(list, x->n, sizeof *list, by_rank);
    return list;
}

static void set_units(const candidate *list, size_t n, fitted *m, size_t labels) {
    for (size_t k = 0; k < labels; k++) {
        double most = 1e-9;
        for (size_t i = 0; i < n; i++)
            most = fmax(most, fabs(m[k].w[list[i].id]));
        m[k].wish.scale = most / 127;
    }
}

static gram_table make_table(const candidate *list, size_t n, const fitted *m, size_t labels,
                             unsigned bits) {
    gram_table t = {.slots = ((size_t)1 << bits) * HX_LEARNED_WAYS, .n = labels};
    size_t dropped = 0;
    t.check = need(calloc(t.slots, 1));
    t.weight = need(calloc(t.slots, labels));
    (void)hx__learned_table_of(&t.table, (hx_str){(const char *)t.check, t.slots});
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)(list[i].hash >> t.table.shift) * HX_LEARNED_WAYS, w = 0;
        uint8_t check = hx__learned_check(list[i].hash);
        while (w < HX_LEARNED_WAYS && t.check[at + w] != 0 && t.check[at + w] != check)
            w++;
        if (w == HX_LEARNED_WAYS || t.check[at + w] != 0) {
            dropped++;
            continue;
        }
        t.check[at + w] = check;
        for (size_t k = 0; k < labels; k++)
            t.weight[(at + w) * labels + k] = (int8_t)round(m[k].w[list[i].id] / m[k].wish.scale);
    }
    printf("%zu grams kept, %zu without room\n", n, dropped);
    return t;
}

/* ------------------------------------------------------------------ dev rows */
/* (n, labels) margins by the table. */
static double *read_table(const gram_table *t, const corpus *dev, const fitted *m) {
    double *raw = need(calloc(dev->n * t->n, sizeof *raw));
    for (size_t i = 0; i < dev->n; i++) {
        const row_of_text *r = &dev->rows[i];
        double *to = raw + i * t->n;
        for (size_t g = r->from; g < r->to; g++) {
            size_t slot = hx__learned_slot(&t->table, dev->grams[g]);
            for (size_t k = 0; k < t->n && slot != SIZE_MAX; k++)
                to[k] += t->weight[slot * t->n + k];
        }
        for (size_t k = 0; k < t->n; k++)
            to[k] = to[k] * m[k].wish.scale * r->scale + fixed_part(&m[k].wish, r);
    }
    return raw;
}

/* p = 1 / (1 + exp(-(a raw + b))) of one intent, by Newton's method with a little weight on a = 2, b = 0. */
static void platt(const corpus *dev, const double *raw, size_t k, double *a, double *b) {
    *a = 2;
    *b = 0;
    for (int round = 0; round < 50; round++) {
        double ga = (*a - 2) * 0.01, gb = *b * 0.01, haa = 0.01, hab = 0, hbb = 0.01;
        for (size_t i = 0; i < dev->n; i++) {
            double x = raw[i * dev->task.n + k];
            double p = 1 / (1 + exp(-(*a * x + *b))), v = p * (1 - p);
            double d = p - (double)(dev->rows[i].labels >> (k + 1) & 1);
            ga += d * x;
            gb += d;
            haa += v * x * x;
            hab += v * x;
            hbb += v;
        }
        double det = haa * hbb - hab * hab;
        *a -= (hbb * ga - hab * gb) / det;
        *b -= (haa * gb - hab * ga) / det;
    }
}

typedef struct {
    size_t right, said, true_ones;
} tally;

static double f1_of(const tally *t) {
    return t->said + t->true_ones > 0 ? 2.0 * (double)t->right / (double)(t->said + t->true_ones)
                                      : 0;
}

static tally count_at(const corpus *dev, const double *p, double threshold, tally each[HX_INTENT_N],
                      double *surest) {
    tally all = {0};
    size_t right = 0;
    memset(each, 0, HX_INTENT_N * sizeof *each);
    for (size_t i = 0; i < dev->n; i++) {
        const double *of = p + i * HX_LEARNED_INTENTS;
        size_t best = 0;
        for (size_t k = 0; k < HX_LEARNED_INTENTS; k++) {
            bool said = of[k] >= threshold, is = dev->rows[i].labels >> (k + 1) & 1;
            each[k + 1].said += said;
            each[k + 1].true_ones += is;
            each[k + 1].right += said && is;
            if (said && (best == 0 || of[k] > of[best - 1])) best = k + 1;
        }
        right += best > 0 ? dev->rows[i].labels >> best & 1 : dev->rows[i].labels == 0;
    }
    for (size_t k = 1; k < HX_INTENT_N; k++) {
        all.right += each[k].right;
        all.said += each[k].said;
        all.true_ones += each[k].true_ones;
    }
    *surest = (double)right / (double)dev->n;
    return all;
}

static double choose_threshold(const corpus *dev, const double *p) {
    tally each[HX_INTENT_N];
    double best = 0.5, best_f1 = 0, surest;
    for (int step = 4; step <= 16; step++) {
        tally all = count_at(dev, p, step / 20.0, each, &surest);
        if (f1_of(&all) > best_f1) {
            best_f1 = f1_of(&all);
            best = step / 20.0;
        }
    }
    tally all = count_at(dev, p, best, each, &surest);
    for (int k = 1; k < HX_INTENT_N; k++)
        printf("%-10s said %4zu of %4zu, precision %.3f, F1 %.3f\n",
               hx_intent_name((hx_intent_label)k), each[k].said, each[k].true_ones,
               each[k].said ? (double)each[k].right / (double)each[k].said : 0, f1_of(&each[k]));
    printf("dev %zu rows, threshold %.2f: F1 of all labels %.4f, surest right %.4f\n", dev->n, best,
           f1_of(&all), surest);
    return best;
}

/* Of emotions: the surest of each text. */
static void say_surest(const corpus *dev, const double *p) {
    tally each[HX_EMOTION_N] = {{0}};
    size_t right = 0;
    double macro = 0;
    for (size_t i = 0; i < dev->n; i++) {
        const double *of = p + i * dev->task.n;
        size_t best = 0;
        for (size_t k = 0; k < dev->task.n; k++) {
            each[k].true_ones += dev->rows[i].labels >> (k + 1) & 1;
            if (of[k] > of[best]) best = k;
        }
        each[best].said++;
        each[best].right += dev->rows[i].labels >> (best + 1) & 1;
        right += dev->rows[i].labels >> (best + 1) & 1;
    }
    for (size_t k = 0; k < dev->task.n; k++) {
        macro += f1_of(&each[k]) / (double)dev->task.n;
        printf("%-10s said %4zu of %4zu, F1 %.3f\n", label_name(dev->task, k), each[k].said,
               each[k].true_ones, f1_of(&each[k]));
    }
    printf("dev %zu rows: accuracy %.4f, macro-F1 %.4f\n", dev->n, (double)right / (double)dev->n,
           macro);
}

/* ------------------------------------------------------------------ all of it */
static int fit(hx_annotator *a, char **argv, int argc) {
    double cost = argc > 5 ? strtod(argv[5], NULL) : 1;
    size_t keep = argc > 6 ? strtoul(argv[6], NULL, 10) : 90000;
    unsigned bits = argc > 7 ? (unsigned)strtoul(argv[7], NULL, 10) : 15;
    const bool feelings = argc > 8 && strcmp(argv[8], "emotion") == 0;
    const task t_of = {feelings ? (size_t)HX_EMOTION_N : HX_LEARNED_INTENTS, feelings};
    corpus train = read_rows(argv[2], t_of, a), dev = read_rows(argv[3], t_of, a);
    gram_index x = index_grams(&train);
    fitted m[HX_LEARNED_INTENTS];
    struct {
        double threshold;
        hx_learned_wish wish[HX_LEARNED_INTENTS];
    } scale = {0};
    printf("%zu rows, %zu of dev, %u grams learned\n", train.n, dev.n, x.n);
    for (size_t k = 0; k < t_of.n; k++)
        m[k] = descend(&train, x.n, (int)k + 1, cost);
    const candidate *list = rank_grams(&x, m, t_of.n);
    if (keep > x.n) keep = x.n;
    set_units(list, keep, m, t_of.n);
    gram_table t = make_table(list, keep, m, t_of.n, bits);
    double *p = read_table(&t, &dev, m);
    for (size_t k = 0; k < t_of.n; k++) {
        double by, plus;
        platt(&dev, p, k, &by, &plus);
        for (size_t i = k; i < dev.n * t_of.n; i += t_of.n)
            p[i] = 1 / (1 + exp(-(by * p[i] + plus)));
        const hx_learned_wish *w = &m[k].wish;
        scale.wish[k] = (hx_learned_wish){by * w->bias + plus, by * w->base, by * w->scale,
                                          by * w->up, by * w->down};
    }
    if (feelings)
        say_surest(&dev, p);
    else
        scale.threshold = choose_threshold(&dev, p);
    const hx_datafile_part parts[] = {
        {feelings ? "emotion.check" : "intent.check", {(const char *)t.check, t.slots}},
        {feelings ? "emotion.weight" : "intent.weight", {(const char *)t.weight, t.slots * t.n}},
        {feelings ? "emotion.scale" : "intent.scale",
         {(const char *)&scale, sizeof scale.threshold + t.n * sizeof *scale.wish}}};
    return put_sections(argv[4], parts, 3);
}

int main(int argc, char **argv) {
    hx_error err = {0};
    hx_text_model *model = NULL;
    hx_annotator *a = NULL;
    if (argc < 5) {
        fputs("usage: fit_intent SHARE_DIR TRAIN.tsv DEV.tsv MODEL.hxd [C] [KEEP] [BUCKET_BITS] "
              "[emotion]\n",
              stderr);
        return 2;
    }
    int failed = hx_text_model_open(&model, argv[1], NULL, &err) != HX_OK ||
                 hx__learned_open_file(&model->learned, argv[4], &err) != HX_OK ||
                 hx_annotator_new(&a, model, &err) != HX_OK;
    if (failed)
        fprintf(stderr, "fit_intent: %s\n", err.message);
    else
        failed = fit(a, argv, argc);
    hx_annotator_free(a);
    hx_text_model_close(model);
    return failed;
}
