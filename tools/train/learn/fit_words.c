/* fit_words.c - learns where Chinese words begin, for one standard of models/huaxiang-learn; tools/train/learn/train runs it.
 *
 * usage: fit_words SHARE_DIR NAME TRAIN.tsv DEV.tsv MODEL.hxd [EPOCHS] [RATE] [BITS]
 *
 * NAME: ud, pku or sxu. Rows: words with one blank between them, a tab, anything; the first row names the columns. MODEL.hxd is there already; the sections
 * of NAME are put into it. Every place between two characters is a row: 1 where a word begins. A logistic regression over the features of
 * src/text/boundary.c that occur at least SEEN times, by AdaGrad in a seeded order of lines, the rate falling from round to round; then rounded to 8 bits in
 * 2^BITS slots, the greatest weights first. A word is known where it was cut twice, beside the place in hand: else what is learnt by heart would count
 * as known. Prints the F1 of dev, as learnt and as stored. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sections.h"
#include "text/annotator.h"
#include "text/boundary.h"
#include "text/model.h"

enum { SEEN = 3, CUT_TWICE = 2, KEYS_BITS = 25, WORDS_BITS = 20 };

typedef struct {
    hx_boundary_char *chars;
    uint8_t *begins; /* (n) */
    size_t n;
} line;

typedef struct {
    line *list;
    size_t n, room;
} lines;

/* Counts by 64-bit key, open addressing. */
typedef struct {
    uint64_t *keys; /* 0 = free */
    uint32_t *counts;
    uint64_t mask;
    size_t n;
} counter;

typedef struct {
    const char *name;
    const hx_text_model *text;
    hx_arena *arena;
    lines train, dev;
    counter words, features;
    float *w, *squares; /* by slot of `features` */
    unsigned bits;
    double bias, scale;
    uint8_t *check;
    int8_t *weight;
    uint32_t *known;
    size_t n_known;
} trainer;

static void *need(void *p) {
    if (p) return p;
    fputs("fit_words: out of memory\n", stderr);
    exit(1);
}

/* ------------------------------------------------------------------ counting */
static void counter_open(counter *c, unsigned bits) {
    c->mask = ((uint64_t)1 << bits) - 1;
    c->keys = need(calloc(c->mask + 1, sizeof *c->keys));
    c->counts = need(calloc(c->mask + 1, sizeof *c->counts));
}

static size_t slot_of(const counter *c, uint64_t key) {
    size_t at = key & c->mask;
    while (c->keys[at] != 0 && c->keys[at] != key)
        at = (at + 1) & c->mask;
    return at;
}

static void count(counter *c, uint64_t key) {
    size_t at = slot_of(c, key);
    if (c->keys[at] == 0 && ++c->n > c->mask / 8 * 7) {
        fputs("fit_words: too many different features\n", stderr);
        exit(1);
    }
    c->keys[at] = key;
    c->counts[at]++;
}

/* ------------------------------------------------------------------ reading */
static void take_line(trainer *t, lines *to, char *row) {
    size_t n = 0;
    char *text = need(hx_arena_alloc(t->arena, strlen(row) + 1));
    uint8_t *starts = need(hx_arena_alloc(t->arena, strlen(row) + 1));
    bool begins = true;
    for (char *p = row; *p && *p != '\t' && *p != '\n'; p++) {
        if (*p != ' ') {
            starts[n] = begins;
            text[n++] = *p;
        }
        begins = *p == ' ';
    }
    if (to->n == to->room) {
        to->room = to->room ? to->room * 2 : 4096;
        to->list = need(realloc(to->list, to->room * sizeof *to->list));
    }
    line *l = &to->list[to->n++];
    l->chars = need(
        hx__boundary_chars(NULL, t->text->wordseg, (hx_str){text, n}, t->arena, &l->n));
    l->begins = need(hx_arena_alloc(t->arena, l->n + 1));
    for (size_t i = 0; i < l->n; i++)
        l->begins[i] = starts[l->chars[i].start];
}

static void read_lines(trainer *t, const char *path, lines *to) {
    char *row = NULL;
    size_t room = 0;
    FILE *f = need(fopen(path, "rb"));
    bool named = getline(&row, &room, f) >= 0;
    while (named && getline(&row, &room, f) >= 0)
        take_line(t, to, row);
    free(row);
    (void)fclose(f);
}

static size_t word_len(const line *l, size_t at) {
    size_t end = at + 1;
    while (end < l->n && !l->begins[end])
        end++;
    return end - at;
}

static void count_words(trainer *t) {
    counter_open(&t->words, WORDS_BITS);
    for (size_t i = 0; i < t->train.n; i++) {
        const line *l = &t->train.list[i];
        for (size_t at = 0, len; at < l->n; at += len) {
            len = word_len(l, at);
            if (len <= HX_BOUNDARY_WORD) count(&t->words, hx__boundary_word(l->chars + at, len));
        }
    }
}

/* Which words are known where; of training, one that stands here as a word has one count less. */
static void mark_known(const trainer *t, line *l, bool training) {
    for (size_t i = 0; i < l->n; i++)
        for (size_t len = 1; len <= HX_BOUNDARY_WORD && i + len <= l->n; len++) {
            uint32_t n = t->words.counts[slot_of(&t->words, hx__boundary_word(l->chars + i, len))];
            bool here = training && l->begins[i] && word_len(l, i) == len;
            if (n >= CUT_TWICE + (uint32_t)here) l->chars[i].known |= (uint8_t)(1u << (len - 1));
        }
}

/* ------------------------------------------------------------------ learning */
static void count_features(trainer *t) {
    uint64_t hashes[HX_BOUNDARY_FEATURES];
    counter_open(&t->features, KEYS_BITS);
    for (size_t i = 0; i < t->train.n; i++)
        for (size_t k = 1; k < t->train.list[i].n; k++) {
            size_t n =
                hx__boundary_features(t->train.list[i].chars, t->train.list[i].n, k, hashes);
            for (size_t f = 0; f < n; f++)
                count(&t->features, hashes[f]);
        }
}

static size_t features_at(const trainer *t, const line *l, size_t at,
                          size_t slots[HX_BOUNDARY_FEATURES]) {
    uint64_t hashes[HX_BOUNDARY_FEATURES];
    size_t some = hx__boundary_features(l->chars, l->n, at, hashes), n = 0;
    for (size_t f = 0; f < some; f++) {
        size_t slot = slot_of(&t->features, hashes[f]);
        if (t->features.counts[slot] >= SEEN) slots[n++] = slot;
    }
    return n;
}

static double logit_of(const trainer *t, const size_t *slots, size_t n) {
    double sum = 0;
    for (size_t f = 0; f < n; f++)
        sum += (double)t->w[slots[f]];
    return sum;
}

static void learn_line(trainer *t, const line *l, double rate) {
    size_t slots[HX_BOUNDARY_FEATURES];
    for (size_t k = 1; k < l->n; k++) {
        size_t n = features_at(t, l, k, slots);
        double g = 1 / (1 + exp(-logit_of(t, slots, n))) - l->begins[k];
        for (size_t f = 0; f < n; f++) {
            t->squares[slots[f]] += (float)(g * g);
            t->w[slots[f]] -= (float)(rate * g / sqrt(1e-6 + (double)t->squares[slots[f]]));
        }
    }
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void learn(trainer *t, int rounds, double rate) {
    size_t *order = need(calloc(t->train.n + 1, sizeof *order));
    uint64_t state = 20261123;
    for (size_t i = 0; i < t->train.n; i++)
        order[i] = i;
    for (int round = 0; round < rounds; round++)
        for (size_t i = t->train.n; i > 0; i--) {
            size_t at = next_random(&state) % i, chosen = order[at];
            order[at] = order[i - 1];
            order[i - 1] = chosen;
            learn_line(t, &t->train.list[chosen], rate * (rounds - round) / rounds);
        }
    free(order);
}

/* ------------------------------------------------------------------ storing */
typedef struct {
    uint64_t hash;
    float w;
} weighed;

static int heavier(const void *a, const void *b) {
    float x = fabsf(((const weighed *)a)->w), y = fabsf(((const weighed *)b)->w);
    return (x < y) - (x > y);
}

/* What finds no place, or one whose check says the same, is left out. */
static void put_weight(trainer *t, hx_learned_table *table, const weighed *f, size_t *left_out) {
    size_t at = (size_t)(f->hash >> table->shift) * HX_LEARNED_WAYS, k = 0;
    uint8_t check = hx__learned_check(f->hash);
    while (k < HX_LEARNED_WAYS && t->check[at + k] != 0 && t->check[at + k] != check)
        k++;
    if (k == HX_LEARNED_WAYS || t->check[at + k] != 0) {
        ++*left_out;
        return;
    }
    t->check[at + k] = check;
    t->weight[at + k] = (int8_t)fmax(fmin(round((double)f->w / t->scale), 127), -127);
}

static void store(trainer *t) {
    const size_t slots = (size_t)1 << t->bits;
    weighed *list = need(calloc(t->features.n + 1, sizeof *list));
    size_t n = 0, left_out = 0;
    double squares = 0;
    hx_learned_table table;
    for (size_t i = 0; i <= t->features.mask; i++) {
        if (t->features.counts[i] < SEEN) continue;
        list[n++] = (weighed){t->features.keys[i], t->w[i]};
        squares += (double)t->w[i] * (double)t->w[i];
    }
    qsort(list, n, sizeof *list, heavier);
    t->scale = 8 * sqrt(squares / (double)n) / 127;
    t->check = need(calloc(slots, 1));
    t->weight = need(calloc(slots, 1));
    if (!hx__learned_table_of(&table, (hx_str){(const char *)t->check, slots})) exit(2);
    size_t kept = 0;
    while (kept < n && (double)fabsf(list[kept].w) >= 0.5 * t->scale)
        put_weight(t, &table, &list[kept++], &left_out);
    printf("%s: %zu features, %zu seen %d times, %zu not rounded to 0, %zu without a slot\n",
           t->name, t->features.n, n, SEEN, kept, left_out);
    free(list);
}

static void store_words(trainer *t) {
    size_t n = 0;
    for (size_t i = 0; i <= t->words.mask; i++)
        n += t->words.counts[i] >= CUT_TWICE;
    for (t->n_known = 2; t->n_known < 2 * n; t->n_known *= 2) {}
    t->known = need(calloc(t->n_known, sizeof *t->known));
    for (size_t i = 0; i <= t->words.mask; i++) {
        if (t->words.counts[i] < CUT_TWICE) continue;
        size_t at = (uint32_t)t->words.keys[i] & (t->n_known - 1);
        while (t->known[at] != 0)
            at = (at + 1) & (t->n_known - 1);
        t->known[at] = (uint32_t)(t->words.keys[i] >> 32) | 1;
    }
    printf("%zu words are known\n", n);
}

/* ------------------------------------------------------------------ dev */
static void tally(const line *l, const float *logits, size_t counts[3]) {
    bool same = true; /* a word of both began at the same place */
    for (size_t i = 1; i <= l->n; i++) {
        bool gold = i == l->n || l->begins[i], said = i == l->n || logits[i] > 0;
        counts[1] += said;
        counts[2] += gold;
        counts[0] += gold && said && same;
        if (gold || said) same = gold && said;
    }
}

static void say_dev(trainer *t, const hx_learned_boundary *stored) {
    size_t counts[3] = {0}, slots[HX_BOUNDARY_FEATURES];
    for (size_t i = 0; i < t->dev.n; i++) {
        line *l = &t->dev.list[i];
        float *logits = need(calloc(l->n + 1, sizeof *logits));
        if (stored) hx__boundary_logits(stored, l->chars, l->n, logits);
        for (size_t k = 1; !stored && k < l->n; k++)
            logits[k] = (float)logit_of(t, slots, features_at(t, l, k, slots));
        tally(l, logits, counts);
        free(logits);
    }
    printf("%s %s: F1 %.2f, precision %.2f, recall %.2f\n", t->name, stored ? "stored" : "whole",
           200 * (double)counts[0] / (double)(counts[1] + counts[2]),
           100 * (double)counts[0] / (double)counts[1],
           100 * (double)counts[0] / (double)counts[2]);
}

/* ------------------------------------------------------------------ all of it */
static double number(char **argv, int argc, int at, double usual) {
    return argc > at ? strtod(argv[at], NULL) : usual;
}

static int put(const trainer *t, const char *path) {
    const size_t slots = (size_t)1 << t->bits;
    const double scale[2] = {t->bias, t->scale};
    char names[4][16];
    for (size_t i = 0; i < 4; i++)
        (void)snprintf(names[i], sizeof names[i], "words.%s.%c", t->name, "cwks"[i]);
    const hx_datafile_part parts[] = {
        {names[0], {(const char *)t->check, slots}},
        {names[1], {(const char *)t->weight, slots}},
        {names[2], {(const char *)t->known, t->n_known * sizeof *t->known}},
        {names[3], {(const char *)scale, sizeof scale}}};
    return put_sections(path, parts, 4);
}

static int fit(trainer *t, char **argv, int argc) {
    t->name = argv[2];
    t->bits = (unsigned)number(argv, argc, 8, 20);
    read_lines(t, argv[3], &t->train);
    read_lines(t, argv[4], &t->dev);
    count_words(t);
    for (size_t i = 0; i < t->train.n; i++)
        mark_known(t, &t->train.list[i], true);
    for (size_t i = 0; i < t->dev.n; i++)
        mark_known(t, &t->dev.list[i], false);
    count_features(t);
    t->w = need(calloc(t->features.mask + 1, sizeof *t->w));
    t->squares = need(calloc(t->features.mask + 1, sizeof *t->squares));
    learn(t, (int)number(argv, argc, 6, 2), number(argv, argc, 7, 0.2));
    say_dev(t, NULL);
    store(t);
    store_words(t);
    hx_learned_boundary stored = {.weight = t->weight,
                                  .known = t->known,
                                  .known_mask = (uint32_t)(t->n_known - 1),
                                  .bias = t->bias,
                                  .scale = t->scale};
    if (!hx__learned_table_of(&stored.table,
                              (hx_str){(const char *)t->check, (size_t)1 << t->bits}))
        return 1;
    say_dev(t, &stored);
    return put(t, argv[5]);
}

int main(int argc, char **argv) {
    hx_error err = {0};
    hx_text_model *model = NULL;
    trainer t = {.bias = 0};
    if (argc < 6) {
        fputs("usage: fit_words SHARE_DIR ud|pku|sxu TRAIN.tsv DEV.tsv MODEL.hxd [EPOCHS] [RATE] "
              "[BITS]\n",
              stderr);
        return 2;
    }
    int failed = hx_text_model_open(&model, argv[1], NULL, &err) != HX_OK;
    t.text = model;
    t.arena = hx_arena_new((size_t)8 << 30);
    if (failed || !t.arena)
        fprintf(stderr, "fit_words: %s\n", failed ? err.message : "out of memory");
    else
        failed = fit(&t, argv, argc);
    hx_arena_free(t.arena);
    hx_text_model_close(model);
    return failed;
}
