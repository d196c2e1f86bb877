/* fit_phrase.c - learns the keyword ranker of models/huaxiang-learn; tools/train/learn/train runs it.
 *
 * usage: fit_phrase SHARE_DIR TRAIN.tsv DEV.tsv MODEL.hxd [EPOCHS] [RATE] [L2] [BITS]
 *
 * Rows: set, keyphrases joined by ';', text. MODEL.hxd is there already; the ranker is put into it. Every candidate of a text
 * (src/text/keyphrase.c) is a row: 1 where it has the stems of a keyphrase. A logistic regression over hashed features
 * (keyphrase_learned.c) by AdaGrad in a seeded order of texts, the weights averaged over all steps of the last half of the rounds, then rounded to 8
 * bits. Prints, of each set's dev part, F1 at 5 and at 10 of YAKE, of the ranker and of the ranker as it is stored: over all texts together, all
 * keyphrases counted, also those that are not in the text. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "sections.h"
#include "text/annotator.h"
#include "text/keyphrase.h"

enum { GOLD_MAX = 256, SETS_MAX = 16, TOP_MAX = 10, TEXTS_MIN = 2 };

typedef struct {
    uint32_t *features; /* indexes of weights */
    uint8_t n, is_gold;
} candidate;

typedef struct {
    candidate *list;
    size_t n;
} document;

typedef struct {
    document *list;
    size_t n, room;
    uint64_t *gold; /* of the row in hand */
    size_t n_gold;
} corpus;

typedef struct {
    float *w, *squares;
    double *sum; /* of the weights over the steps that count */
    double bias, scale;
    unsigned bits;
    int8_t *stored;
} ranker;

typedef struct {
    size_t right[2], said[2], gold; /* at 5, at 10 */
} tally;

static void *need(void *p) {
    if (p) return p;
    fputs("fit_phrase: out of memory\n", stderr);
    exit(1);
}

/* ------------------------------------------------------------------ reading */
static bool read_text(hx_annotator *a, hx_str text, hx_analysis *analysis, hx_keyphrases *p) {
    hx_error err = {0};
    hx_arena_reset(a->scratch);
    return hx__text_analyse(a, text, analysis, &err) == HX_OK &&
           hx__keyphrases_find(a, text, analysis, p, &err) == HX_OK &&
           hx__keyphrases_yake(p, a->scratch);
}

/* The keys of the phrases that authors chose, distinct. */
static size_t read_gold(hx_annotator *a, char *cell, uint64_t gold[GOLD_MAX]) {
    size_t n = 0;
    for (char *at = cell; at && n < GOLD_MAX;) {
        char *end = strchr(at, ';');
        hx_analysis analysis;
        hx_keyphrases p;
        if (end) *end = '\0';
        if (read_text(a, hx_str_of(at), &analysis, &p) && p.n_units > 0) {
            uint64_t key = 0x9E3779B97F4A7C15u;
            for (size_t i = 0; i < p.n_units; i++)
                key = hx_hash_mix(key, p.units[i].stem);
            bool is_new = true;
            for (size_t i = 0; i < n; i++)
                is_new = is_new && gold[i] != key;
            if (is_new) gold[n++] = key;
        }
        at = end ? end + 1 : NULL;
    }
    return n;
}

static bool has(const uint64_t *gold, size_t n, uint64_t key) {
    for (size_t i = 0; i < n; i++)
        if (gold[i] == key) return true;
    return false;
}

static void keep(corpus *c, const hx_keyphrases *p, const uint64_t *gold, size_t n_gold,
                 unsigned bits) {
    uint64_t features[HX_KEYPHRASE_FEATURES];
    if (c->n == c->room) {
        c->room = c->room ? c->room * 2 : 1024;
        c->list = need(realloc(c->list, c->room * sizeof *c->list));
    }
    document *d = &c->list[c->n++];
    *d = (document){need(calloc(p->n + 1, sizeof *d->list)), p->n};
    for (size_t i = 0; i < p->n; i++) {
        candidate *k = &d->list[i];
        k->n = (uint8_t)hx__keyphrase_features(p, &p->list[i], features);
        k->is_gold = has(gold, n_gold, p->list[i].key);
        k->features = need(calloc(k->n, sizeof *k->features));
        for (size_t f = 0; f < k->n; f++)
            k->features[f] = (uint32_t)(features[f] >> (64 - bits));
    }
}

/* Splits a row in place. */
static bool cells_of(char *line, char *cells[3]) {
    cells[0] = line;
    cells[1] = strchr(line, '\t');
    cells[2] = cells[1] ? strchr(cells[1] + 1, '\t') : NULL;
    if (!cells[2]) return false;
    *cells[1]++ = '\0';
    *cells[2]++ = '\0';
    cells[2][strcspn(cells[2], "\r\n")] = '\0';
    return true;
}

/* Leaves out features that fewer than TEXTS_MIN texts have: they would be learned by heart. */
static void drop_rare(corpus *c, unsigned bits) {
    uint32_t *last = need(calloc((size_t)1 << bits, sizeof *last));
    uint8_t *texts = need(calloc((size_t)1 << bits, 1));
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < c->list[i].n; k++)
            for (size_t f = 0; f < c->list[i].list[k].n; f++) {
                uint32_t j = c->list[i].list[k].features[f];
                if (last[j] == i + 1) continue;
                last[j] = (uint32_t)i + 1;
                texts[j] = (uint8_t)(texts[j] + (texts[j] < 255));
            }
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < c->list[i].n; k++) {
            candidate *of = &c->list[i].list[k];
            uint8_t n = 0;
            for (size_t f = 0; f < of->n; f++)
                if (texts[of->features[f]] >= TEXTS_MIN) of->features[n++] = of->features[f];
            of->n = n;
        }
    free(last);
    free(texts);
}

static corpus read_train(const char *path, hx_annotator *a, unsigned bits) {
    corpus c = {0};
    char *line = NULL, *cells[3];
    size_t room = 0;
    uint64_t gold[GOLD_MAX];
    FILE *f = need(fopen(path, "rb"));
    while (getline(&line, &room, f) >= 0) {
        hx_analysis analysis;
        hx_keyphrases p;
        if (!cells_of(line, cells)) continue;
        size_t n = read_gold(a, cells[1], gold);
        if (read_text(a, hx_str_of(cells[2]), &analysis, &p)) keep(&c, &p, gold, n, bits);
    }
    free(line);
    (void)fclose(f);
    drop_rare(&c, bits);
    return c;
}

/* ------------------------------------------------------------------ learning */
static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static double logit_of(const ranker *m, const candidate *k) {
    double sum = m->bias;
    for (size_t f = 0; f < k->n; f++)
        sum += (double)m->w[k->features[f]];
    return sum;
}

static void step_on(ranker *m, const candidate *k, double rate, double l2) {
    double d = 1 / (1 + exp(-logit_of(m, k))) - k->is_gold;
    m->bias -= 0.002 * d;
    for (size_t f = 0; f < k->n; f++) {
        uint32_t j = k->features[f];
        double g = d + l2 * (double)m->w[j];
        m->squares[j] += (float)(g * g);
        m->w[j] -= (float)(rate * g / sqrt(1 + (double)m->squares[j]));
    }
}

static void learn(ranker *m, const corpus *c, int epochs, double rate, double l2) {
    size_t *order = need(calloc(c->n, sizeof *order)), n = (size_t)1 << m->bits, kept = 0;
    uint64_t state = 20261122;
    double bias = 0;
    for (size_t i = 0; i < c->n; i++)
        order[i] = i;
    for (int round = 0; round < epochs; round++) {
        for (size_t i = c->n; i > 0; i--) {
            size_t at = next_random(&state) % i, chosen = order[at];
            order[at] = order[i - 1];
            order[i - 1] = chosen;
            for (size_t k = 0; k < c->list[chosen].n; k++)
                step_on(m, &c->list[chosen].list[k], rate, l2);
        }
        if (round * 2 + 1 < epochs) continue;
        kept++;
        bias += m->bias;
        for (size_t j = 0; j < n; j++)
            m->sum[j] += (double)m->w[j];
    }
    m->bias = bias / (double)kept;
    for (size_t j = 0; j < n; j++)
        m->w[j] = (float)(m->sum[j] / (double)kept);
    free(order);
}

static void store(ranker *m) {
    double squares = 0;
    size_t n = (size_t)1 << m->bits, used = 0;
    for (size_t j = 0; j < n; j++) {
        squares += (double)m->w[j] * (double)m->w[j];
        used += m->w[j] > 0 || m->w[j] < 0;
    }
    m->scale = 8 * sqrt(squares / (double)used) / 127;
    for (size_t j = 0; j < n; j++)
        m->stored[j] = (int8_t)fmax(fmin(round((double)m->w[j] / m->scale), 127), -127);
    printf("%zu of %zu weights used\n", used, n);
}

/* ------------------------------------------------------------------ dev */
static double f1_of(const tally *t, int at) {
    return 200.0 * (double)t->right[at] / (double)(t->said[at] + t->gold);
}

static void count_best(hx_annotator *a, const hx_analysis *analysis, hx_keyphrases *p,
                       const uint64_t *gold, size_t n_gold, tally *t) {
    const hx_keyword *unused;
    hx_error err = {0};
    size_t n = 0;
    if (hx__keyphrases_best(analysis, p, TOP_MAX, a->scratch, &unused, &n, &err) != HX_OK) return;
    for (size_t i = 0; i < n; i++)
        for (int at = i < 5 ? 0 : 1; at < 2; at++) {
            t->said[at]++;
            t->right[at] += has(gold, n_gold, p->list[i].key); /* the list begins with the chosen */
        }
    t->gold += n_gold;
}

static void score_by(const ranker *m, hx_keyphrases *p) {
    uint64_t features[HX_KEYPHRASE_FEATURES];
    for (size_t i = 0; i < p->n; i++) {
        double sum = m->bias;
        size_t n = hx__keyphrase_features(p, &p->list[i], features);
        for (size_t f = 0; f < n; f++)
            sum += (double)m->w[features[f] >> (64 - m->bits)];
        p->list[i].score = 1 / (1 + exp(-sum));
    }
}

static void say_dev(const char *path, hx_annotator *a, const ranker *m) {
    char names[SETS_MAX][32] = {{0}}, *line = NULL, *cells[3];
    tally figures[SETS_MAX][3] = {{{{0}, {0}, 0}}};
    uint64_t gold[GOLD_MAX];
    size_t room = 0, n_sets = 0;
    const hx_learned_phrases stored = {m->stored, 64 - m->bits, m->bias, m->scale};
    FILE *f = need(fopen(path, "rb"));
    while (getline(&line, &room, f) >= 0) {
        hx_analysis analysis;
        hx_keyphrases p;
        size_t set = 0;
        if (!cells_of(line, cells)) continue;
        while (set < n_sets && strcmp(names[set], cells[0]) != 0)
            set++;
        if (set == n_sets) (void)snprintf(names[n_sets++], sizeof names[0], "%s", cells[0]);
        size_t n = read_gold(a, cells[1], gold);
        for (int by = 0; by < 3; by++) {
            if (!read_text(a, hx_str_of(cells[2]), &analysis, &p)) continue;
            if (by == 1) score_by(m, &p);
            if (by == 2) hx__keyphrases_learned(&stored, &p);
            count_best(a, &analysis, &p, gold, n, &figures[set][by]);
        }
    }
    for (size_t s = 0; s < n_sets; s++)
        for (int by = 0; by < 3; by++)
            printf("%-12s %-7s F1@5 %.2f F1@10 %.2f\n", names[s],
                   by == 0   ? "yake"
                   : by == 1 ? "whole"
                             : "stored",
                   f1_of(&figures[s][by], 0), f1_of(&figures[s][by], 1));
    free(line);
    (void)fclose(f);
}

/* ------------------------------------------------------------------ all of it */
static double number(char **argv, int argc, int at, double usual) {
    return argc > at ? strtod(argv[at], NULL) : usual;
}

static int fit(hx_annotator *a, char **argv, int argc) {
    ranker m = {.bits = (unsigned)number(argv, argc, 8, 19), .bias = -2};
    size_t n = (size_t)1 << m.bits, rows = 0, gold = 0;
    corpus train = read_train(argv[2], a, m.bits);
    m.w = need(calloc(n, sizeof *m.w));
    m.squares = need(calloc(n, sizeof *m.squares));
    m.sum = need(calloc(n, sizeof *m.sum));
    m.stored = need(calloc(n, 1));
    for (size_t i = 0; i < train.n; i++)
        for (size_t k = 0; k < train.list[i].n; k++) {
            rows++;
            gold += train.list[i].list[k].is_gold;
        }
    printf("%zu texts, %zu candidates, %zu of them chosen\n", train.n, rows, gold);
    learn(&m, &train, (int)number(argv, argc, 5, 4), number(argv, argc, 6, 0.05),
          number(argv, argc, 7, 1e-4));
    store(&m);
    say_dev(argv[3], a, &m);
    const double scale[2] = {m.bias, m.scale};
    const hx_datafile_part parts[] = {{"phrase.words", {(const char *)m.stored, n}},
                                      {"phrase.scale", {(const char *)scale, sizeof scale}}};
    return put_sections(argv[4], parts, 2);
}

int main(int argc, char **argv) {
    hx_error err = {0};
    hx_text_model *model = NULL;
    hx_annotator *a = NULL;
    if (argc < 5) {
        fputs(
            "usage: fit_phrase SHARE_DIR TRAIN.tsv DEV.tsv MODEL.hxd [EPOCHS] [RATE] [L2] [BITS]\n",
            stderr);
        return 2;
    }
    int failed = hx_text_model_open(&model, argv[1], NULL, &err) != HX_OK ||
                 hx_annotator_new(&a, model, &err) != HX_OK;
    if (failed)
        fprintf(stderr, "fit_phrase: %s\n", err.message);
    else
        failed = fit(a, argv, argc);
    hx_annotator_free(a);
    hx_text_model_close(model);
    return failed;
}
