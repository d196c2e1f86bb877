/* fit.c - learns the sentiment weights of models/huaxiang-learn over the grams of src/text/grams.h; tools/train/learn/train runs it.
 *
 * usage: fit SHARE_DIR TRAIN.tsv DEV.tsv OUT.hxd [C] [KEEP] [BUCKET_BITS] [PRIOR]
 *
 * Rows: label (0, 1), zh or en, weight, set, text. One model a language, both at once, since their grams differ:
 *
 *     r(g)   = log((in positive + a) / all positive) - log((in negative + a) / all negative)       (NB, Wang and Manning 2012)
 *     x(g)   = r(g) / sqrt(T), T pieces
 *     w      = L2-regularised L2-loss SVM by dual coordinate descent (Hsieh and others 2008), seeded order
 *     weight = w(g) r(g), the KEEP that matter most (|weight| x root of their texts) to 8 bits, in buckets of four
 *
 * Grams of fewer than DF_MIN texts are not learned. Scale and bias of each language: logistic regression on its dev rows (Platt), with the
 * table as it is written. Prints the accuracy of each set's dev part before and after rounding. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "text/annotator.h"
#include "text/clean.h"
#include "text/grams.h"
#include "text/learned.h"

enum { DF_MIN = 2, COUNTER_BITS = 26, ROUNDS = 12, SETS_MAX = 64 };

typedef struct {
    uint64_t *grams; /* of all rows, distinct within a row */
    size_t n, room;
} gram_list;

typedef struct {
    size_t from, to; /* of the list */
    double scale; /* 1 / sqrt(T) */
    float weight;
    int8_t y; /* 1, -1 */
    uint8_t lang; /* 0 Chinese, 1 English */
    uint8_t set;
} row_of_text;

typedef struct {
    gram_list list;
    row_of_text *rows;
    size_t n, room;
} corpus;

typedef struct {
    char names[SETS_MAX][32];
    unsigned n;
} set_names;

static void *need(void *p) {
    if (p) return p;
    fputs("fit: out of memory\n", stderr);
    exit(1);
}

/* ------------------------------------------------------------------ reading */
static uint8_t set_of(set_names *s, const char *name) {
    for (unsigned i = 0; i < s->n; i++)
        if (strcmp(s->names[i], name) == 0) return (uint8_t)i;
    (void)snprintf(s->names[s->n], sizeof s->names[0], "%s", name);
    return (uint8_t)s->n++;
}

static void add_grams(corpus *c, const hx_gram_piece *pieces, size_t n, hx_arena *arena) {
    hx_gram grams[HX_GRAM_MAX];
    hx_gram_set seen;
    if (!hx__gram_set_new(&seen, n * HX_GRAM_MAX, arena)) (void)need(NULL);
    for (size_t i = 0; i < n; i++) {
        size_t k = hx__grams_at(pieces, n, i, grams);
        while (k-- > 0) {
            if (!hx__gram_set_add(&seen, grams[k].hash)) continue;
            if (c->list.n == c->list.room) {
                c->list.room = c->list.room ? c->list.room * 2 : 1u << 20;
                c->list.grams = need(realloc(c->list.grams, c->list.room * sizeof(uint64_t)));
            }
            c->list.grams[c->list.n++] = grams[k].hash;
        }
    }
}

static void add_row(corpus *c, hx_annotator *a, char *cells[5], set_names *sets) {
    static const hx_clean_rules rules = {0};
    hx_error err = {0};
    hx_clean clean;
    size_t n;
    hx_arena_reset(a->scratch);
    if (hx__clean(a, hx_str_of(cells[4]), &rules, &clean, &err) != HX_OK) return;
    hx_gram_piece *pieces = need(hx__gram_pieces(clean.text, a->scratch, &n));
    if (c->n == c->room) {
        c->room = c->room ? c->room * 2 : 1024;
        c->rows = need(realloc(c->rows, c->room * sizeof *c->rows));
    }
    row_of_text *r = &c->rows[c->n++];
    *r = (row_of_text){.from = c->list.n,
                       .scale = 1 / sqrt(n > 0 ? (double)n : 1),
                       .weight = strtof(cells[2], NULL),
                       .y = cells[0][0] == '1' ? 1 : -1,
                       .lang = strcmp(cells[1], "en") == 0,
                       .set = set_of(sets, cells[3])};
    add_grams(c, pieces, n, a->scratch);
    r->to = c->list.n;
}

static corpus read_rows(const char *path, hx_annotator *a, set_names *sets) {
    corpus c = {0};
    char *line = NULL;
    size_t room = 0;
    FILE *f = need(fopen(path, "rb"));
    for (ssize_t len = getline(&line, &room, f); len >= 0; len = getline(&line, &room, f)) {
        char *cells[5], *at = line;
        line[len > 0 && line[len - 1] == '\n' ? len - 1 : len] = '\0';
        for (int i = 0; i < 5; i++) {
            cells[i] = at;
            char *tab = at ? strchr(at, '\t') : NULL;
            if (tab && i < 4) *tab = '\0';
            at = tab ? tab + 1 : NULL;
        }
        if (cells[4]) add_row(&c, a, cells, sets);
    }
    free(line);
    (void)fclose(f);
    return c;
}

/* ------------------------------------------------------------------ grams that are learned */
typedef struct {
    uint64_t *hashes; /* (mask + 1): 0 = empty */
    uint32_t *ids;
    uint64_t mask;
    uint32_t n;
} gram_index;

static uint32_t id_of(const gram_index *x, uint64_t hash) {
    for (uint64_t at = hash & x->mask;; at = (at + 1) & x->mask) {
        if (x->hashes[at] == hash) return x->ids[at];
        if (x->hashes[at] == 0) return UINT32_MAX;
    }
}

static void put_id(gram_index *x, uint64_t hash) {
    uint64_t at = hash & x->mask;
    while (x->hashes[at] != 0 && x->hashes[at] != hash)
        at = (at + 1) & x->mask;
    if (x->hashes[at] == hash) return;
    x->hashes[at] = hash;
    x->ids[at] = x->n++;
}

static gram_index index_grams(const corpus *c) {
    gram_index x = {.mask = ((uint64_t)1 << 24) - 1};
    uint8_t *counts = need(calloc((size_t)1 << COUNTER_BITS, 1));
    x.hashes = need(calloc(x.mask + 1, sizeof *x.hashes));
    x.ids = need(calloc(x.mask + 1, sizeof *x.ids));
    for (size_t i = 0; i < c->list.n; i++) {
        uint8_t *count = &counts[c->list.grams[i] >> (64 - COUNTER_BITS)];
        *count = (uint8_t)(*count + (*count < 255));
    }
    for (size_t i = 0; i < c->list.n; i++)
        if (counts[c->list.grams[i] >> (64 - COUNTER_BITS)] >= DF_MIN && x.n < x.mask / 2)
            put_id(&x, c->list.grams[i]);
    free(counts);
    return x;
}

/* The rows' grams as ids, those that are not learned dropped. */
static uint32_t *ids_of(corpus *c, const gram_index *x) {
    uint32_t *ids = need(calloc(c->list.n + 1, sizeof *ids));
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        size_t from = n;
        for (size_t k = c->rows[i].from; k < c->rows[i].to; k++) {
            uint32_t id = id_of(x, c->list.grams[k]);
            if (id != UINT32_MAX) ids[n++] = id;
        }
        c->rows[i].from = from;
        c->rows[i].to = n;
    }
    return ids;
}

/* ------------------------------------------------------------------ learning */
typedef struct {
    double *ratio, *w; /* (n grams) */
    uint32_t *texts; /* that have the gram */
    double bias[2], base[2]; /* base: of a gram that every text of the language has */
    uint32_t n;
} fitted;

static void count_ratios(fitted *m, const corpus *c, const uint32_t *ids, double prior) {
    double *in[2] = {need(calloc(m->n, sizeof(double))), need(calloc(m->n, sizeof(double)))};
    double all[2][2] = {{0}};
    uint8_t *lang = need(calloc(m->n, 1));
    for (size_t i = 0; i < c->n; i++) {
        const row_of_text *r = &c->rows[i];
        int side = r->y > 0;
        all[r->lang][side] += (double)r->weight;
        for (size_t k = r->from; k < r->to; k++) {
            in[side][ids[k]] += (double)r->weight;
            lang[ids[k]] = r->lang;
            m->texts[ids[k]]++;
        }
    }
    for (uint32_t j = 0; j < m->n; j++) {
        const double *of = all[lang[j]];
        m->ratio[j] =
            log((in[1][j] + prior) / (of[1] + prior)) - log((in[0][j] + prior) / (of[0] + prior));
    }
    free(in[0]);
    free(in[1]);
    free(lang);
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static double margin(const fitted *m, const row_of_text *r, const uint32_t *ids) {
    double sum = 0;
    for (size_t k = r->from; k < r->to; k++)
        sum += m->w[ids[k]] * m->ratio[ids[k]];
    return (sum + m->base[r->lang]) * r->scale + m->bias[r->lang];
}

static void descend_on(fitted *m, const row_of_text *r, const uint32_t *ids, double cost,
                       double length, double *alpha) {
    double diagonal = 0.5 / (cost * (double)r->weight);
    double gradient = r->y * margin(m, r, ids) - 1 + diagonal * *alpha;
    double before = *alpha, after = fmax(before - gradient / (length + diagonal), 0);
    double step = (after - before) * r->y;
    if (step == 0) return;
    *alpha = after;
    for (size_t k = r->from; k < r->to; k++)
        m->w[ids[k]] += step * r->scale * m->ratio[ids[k]];
    m->base[r->lang] += step * r->scale;
    m->bias[r->lang] += step;
}

static void descend(fitted *m, const corpus *c, const uint32_t *ids, double cost) {
    double *alpha = need(calloc(c->n, sizeof *alpha)), *length = need(calloc(c->n, sizeof *length));
    size_t *order = need(calloc(c->n, sizeof *order));
    uint64_t state = 20261122;
    for (size_t i = 0; i < c->n; i++) {
        const row_of_text *r = &c->rows[i];
        order[i] = i;
        for (size_t k = r->from; k < r->to; k++)
            length[i] += m->ratio[ids[k]] * m->ratio[ids[k]];
        length[i] = (length[i] + 1) * r->scale * r->scale + 1;
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = c->n; i > 1; i--) {
            size_t k = next_random(&state) % i, swap = order[k];
            order[k] = order[i - 1];
            order[i - 1] = swap;
        }
        for (size_t i = 0; i < c->n; i++)
            descend_on(m, &c->rows[order[i]], ids, cost, length[order[i]], &alpha[order[i]]);
    }
    free(alpha);
    free(length);
    free(order);
}

/* ------------------------------------------------------------------ the table */
typedef struct {
    uint8_t *check;
    int8_t *weight;
    unsigned bits;
    double unit; /* of a weight */
} gram_table;

typedef struct {
    uint64_t hash;
    double weight, rank;
} candidate;

static int by_rank(const void *a, const void *b) {
    double x = ((const candidate *)a)->rank, y = ((const candidate *)b)->rank;
    return (x < y) - (x > y);
}

static candidate *rank_grams(const fitted *m, const gram_index *x) {
    candidate *list = need(calloc(m->n, sizeof *list));
    for (uint64_t at = 0; at <= x->mask; at++) {
        if (x->hashes[at] == 0) continue;
        uint32_t j = x->ids[at];
        double weight = m->w[j] * m->ratio[j];
        list[j] = (candidate){x->hashes[at], weight, fabs(weight) * sqrt((double)m->texts[j])};
    }
    qsort(list, m->n, sizeof *list, by_rank);
    return list;
}

static size_t fill_table(gram_table *t, const candidate *list, size_t n) {
    size_t dropped = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)(list[i].hash >> (64 - t->bits)) * HX_LEARNED_WAYS, k = 0;
        double w = fmin(fmax(round(list[i].weight / t->unit), -127), 127);
        uint8_t check = hx__learned_check(list[i].hash);
        if (w == 0) continue;
        while (k < HX_LEARNED_WAYS && t->check[at + k] != 0 && t->check[at + k] != check)
            k++;
        if (k == HX_LEARNED_WAYS || t->check[at + k] != 0) {
            dropped++;
            continue;
        }
        t->check[at + k] = check;
        t->weight[at + k] = (int8_t)w;
    }
    return dropped;
}

static int table_weight(const gram_table *t, uint64_t hash) {
    size_t at = (size_t)(hash >> (64 - t->bits)) * HX_LEARNED_WAYS;
    for (size_t k = 0; k < HX_LEARNED_WAYS; k++)
        if (t->check[at + k] == hx__learned_check(hash)) return t->weight[at + k];
    return 0;
}

/* ------------------------------------------------------------------ dev rows */
static void solve(double a[3][4]) {
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            double factor = a[k][i] / a[i][i];
            for (int c = i; c < 4 && k != i; c++)
                a[k][c] -= factor * a[i][c];
        }
}

/* Newton's method for logit = bias + base / sqrt(T) + scale x raw. */
static hx_learned_scale platt(const corpus *dev, const double *raw, uint8_t lang) {
    double w[3] = {0};
    for (int round = 0; round < 50; round++) {
        double a[3][4] = {{1e-6, 0, 0, 0}, {0, 1e-6, 0, 0}, {0, 0, 1e-6, 0}};
        for (size_t i = 0; i < dev->n; i++) {
            const double x[3] = {1, dev->rows[i].scale, raw[i]};
            if (dev->rows[i].lang != lang) continue;
            double v = (double)dev->rows[i].weight;
            double p = 1 / (1 + exp(-(w[0] + w[1] * x[1] + w[2] * x[2])));
            for (int k = 0; k < 3; k++) {
                a[k][3] += v * (p - (dev->rows[i].y > 0)) * x[k];
                for (int c = 0; c < 3; c++)
                    a[k][c] += v * p * (1 - p) * x[k] * x[c];
            }
        }
        solve(a);
        for (int k = 0; k < 3; k++)
            w[k] -= a[k][3] / a[k][k];
    }
    return (hx_learned_scale){w[0], w[1], w[2]};
}

static void say(const corpus *dev, const double *logit, const set_names *sets, const char *what) {
    for (unsigned s = 0; s < sets->n; s++) {
        size_t n = 0, right = 0;
        double loss = 0;
        for (size_t i = 0; i < dev->n; i++) {
            if (dev->rows[i].set != s) continue;
            n++;
            right += (logit[i] > 0) == (dev->rows[i].y > 0);
            loss += log1p(exp(-dev->rows[i].y * logit[i]));
        }
        if (n > 0)
            printf("%s %-18s n %5zu accuracy %.2f log loss %.4f\n", what, sets->names[s], n,
                   100.0 * (double)right / (double)n, loss / (double)n);
    }
}

static void read_table(const gram_table *t, const corpus *dev, double *raw) {
    for (size_t i = 0; i < dev->n; i++) {
        long sum = 0;
        for (size_t k = dev->rows[i].from; k < dev->rows[i].to; k++)
            sum += table_weight(t, dev->list.grams[k]);
        raw[i] = (double)sum * t->unit * dev->rows[i].scale;
    }
}

static void read_grams(const fitted *m, const gram_index *x, const corpus *dev, double *logit) {
    for (size_t i = 0; i < dev->n; i++) {
        double sum = 0;
        for (size_t k = dev->rows[i].from; k < dev->rows[i].to; k++) {
            uint32_t j = id_of(x, dev->list.grams[k]);
            if (j != UINT32_MAX) sum += m->w[j] * m->ratio[j];
        }
        logit[i] =
            (sum + m->base[dev->rows[i].lang]) * dev->rows[i].scale + m->bias[dev->rows[i].lang];
    }
}

/* ------------------------------------------------------------------ all of it */
static int write_file(const char *path, const gram_table *t, const hx_learned_scale scale[2]) {
    size_t n = ((size_t)1 << t->bits) * HX_LEARNED_WAYS;
    hx_error err = {0};
    const hx_datafile_part parts[] = {{"grams.check", {(const char *)t->check, n}},
                                      {"grams.weight", {(const char *)t->weight, n}},
                                      {"grams.scale", {(const char *)scale, 2 * sizeof *scale}}};
    if (hx__datafile_write(path, HX_LEARNED_KIND, parts, 3, &err) == HX_OK) return 0;
    fprintf(stderr, "fit: %s\n", err.message);
    return 1;
}

static double unit_of(const candidate *list, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most += list[i].weight * list[i].weight;
    return 6 * sqrt(most / (double)n) / 127;
}

static int fit(hx_annotator *a, char **argv, int argc) {
    double cost = argc > 5 ? strtod(argv[5], NULL) : 0.3,
           prior = argc > 8 ? strtod(argv[8], NULL) : 1;
    size_t keep = argc > 6 ? strtoul(argv[6], NULL, 10) : 450000;
    set_names sets = {.n = 0};
    corpus train = read_rows(argv[2], a, &sets), dev = read_rows(argv[3], a, &sets);
    gram_index x = index_grams(&train);
    printf("%zu rows, %zu of dev, %zu grams, %u of them learned\n", train.n, dev.n, train.list.n,
           x.n);
    uint32_t *ids = ids_of(&train, &x);
    fitted m = {.n = x.n};
    m.ratio = need(calloc(m.n, sizeof *m.ratio));
    m.w = need(calloc(m.n, sizeof *m.w));
    m.texts = need(calloc(m.n, sizeof *m.texts));
    count_ratios(&m, &train, ids, prior);
    descend(&m, &train, ids, cost);
    double *logit = need(calloc(dev.n, sizeof *logit));
    read_grams(&m, &x, &dev, logit);
    say(&dev, logit, &sets, "whole ");
    candidate *list = rank_grams(&m, &x);
    if (keep > m.n) keep = m.n;
    gram_table t = {.bits = argc > 7 ? (unsigned)strtoul(argv[7], NULL, 10) : 18};
    t.check = need(calloc((size_t)1 << t.bits, HX_LEARNED_WAYS));
    t.weight = need(calloc((size_t)1 << t.bits, HX_LEARNED_WAYS));
    t.unit = unit_of(list, keep);
    printf("%zu grams without room\n", fill_table(&t, list, keep));
    read_table(&t, &dev, logit);
    hx_learned_scale scale[2] = {platt(&dev, logit, 0), platt(&dev, logit, 1)};
    for (int lang = 0; lang < 2; lang++)
        printf("bias %g, base %g, scale %g\n", scale[lang].bias, scale[lang].base,
               scale[lang].scale);
    for (size_t i = 0; i < dev.n; i++) {
        const hx_learned_scale *of = &scale[dev.rows[i].lang];
        logit[i] = of->bias + of->base * dev.rows[i].scale + of->scale * logit[i];
    }
    say(&dev, logit, &sets, "stored");
    scale[0].scale *= t.unit;
    scale[1].scale *= t.unit;
    return write_file(argv[4], &t, scale);
}

int main(int argc, char **argv) {
    hx_error err = {0};
    hx_text_model *model = NULL;
    hx_annotator *a = NULL;
    if (argc < 5) {
        fputs("usage: fit SHARE_DIR TRAIN.tsv DEV.tsv OUT.hxd [C] [KEEP] [BUCKET_BITS] [PRIOR]\n",
              stderr);
        return 2;
    }
    int failed = hx_text_model_open(&model, argv[1], NULL, &err) != HX_OK ||
                 hx_annotator_new(&a, model, &err) != HX_OK;
    if (failed)
        fprintf(stderr, "fit: %s\n", err.message);
    else
        failed = fit(a, argv, argc);
    hx_annotator_free(a);
    hx_text_model_close(model);
    return failed;
}
