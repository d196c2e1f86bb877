/* fit_sets.c - learns what grams say of the labels of sets, beside the heads of huaxiang-small (src/text/set_grams.h); tools/train/small/beside joins them,
 * tools/train/learn/train runs this.
 *
 * usage: fit_sets OUT.hxd BYTES COST NAME TRAIN.tsv DEV.tsv [NAME TRAIN.tsv DEV.tsv ...]
 *
 * A set's weights have at most BYTES. Rows: text, tab, label; the first row names the columns. Features that two texts have (one, where
 * texts are few), the surest of them by the squares of their weights in a first
 * fit, at most as many as there are slots; then a fit over these alone. One L2-loss SVM a label, each against all others, by dual coordinate descent
 * (Hsieh and others, ICML 2008) in a seeded order; weights go to 8 bits a label. Prints how many of dev are right, as learnt and as stored. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "text/set_grams.h"

enum { ROUNDS = 20, LABELS_MAX = 256, FEW = 3000, SETS_MAX = 8, INDEX_BITS = 22 };

typedef struct {
    size_t from, to; /* of the ids */
    uint32_t label;
    float norm; /* 1 / norm of the features that count */
} row;

typedef struct {
    uint64_t *hashes; /* of the features, one a row behind the other */
    uint32_t *ids; /* UINT32_MAX: does not count */
    size_t n_hashes, room_hashes;
    row *rows;
    size_t n, room;
} corpus;

typedef struct {
    const char *name;
    char *labels[LABELS_MAX];
    size_t n_labels;
    corpus train, dev;
    uint64_t *keys; /* (n_features): hashes by id */
    float *idf; /* (n_features) */
    size_t n_features;
    float *w; /* (n_labels, n_features), then (n_labels) biases */
    double cost;
    /* stored */
    uint8_t *check, *coded;
    int8_t *weight;
    float *scales;
    size_t n_slots;
} set;

static void *need(void *p) {
    if (p) return p;
    fputs("fit_sets: out of memory\n", stderr);
    exit(1);
}

/* ------------------------------------------------------------------ reading */
static uint32_t label_of(set *s, const char *name, bool is_new) {
    for (uint32_t i = 0; i < s->n_labels; i++)
        if (strcmp(s->labels[i], name) == 0) return i;
    if (!is_new || s->n_labels == LABELS_MAX) return UINT32_MAX;
    s->labels[s->n_labels] = need(strdup(name));
    return (uint32_t)s->n_labels++;
}

static void add_row(corpus *c, uint32_t label, hx_str text, hx_arena *arena) {
    size_t n;
    hx_arena_reset(arena);
    uint64_t *hashes = need(hx__set_features(text, arena, &n));
    if (c->n == c->room) {
        c->room = c->room ? c->room * 2 : 4096;
        c->rows = need(realloc(c->rows, c->room * sizeof *c->rows));
    }
    while (c->n_hashes + n > c->room_hashes) {
        c->room_hashes = c->room_hashes ? c->room_hashes * 2 : (size_t)1 << 20;
        c->hashes = need(realloc(c->hashes, c->room_hashes * sizeof *c->hashes));
    }
    memcpy(c->hashes + c->n_hashes, hashes, n * sizeof *hashes);
    c->rows[c->n++] = (row){c->n_hashes, c->n_hashes + n, label, 0};
    c->n_hashes += n;
}

static void read_rows(set *s, const char *path, corpus *c, bool training) {
    char *line = NULL;
    size_t room = 0;
    hx_arena *arena = need(hx_arena_new(0));
    FILE *f = need(fopen(path, "rb"));
    bool named = getline(&line, &room, f) >= 0;
    while (named && getline(&line, &room, f) >= 0) {
        char *tab = strchr(line, '\t');
        if (!tab) continue;
        tab[strcspn(tab, "\r\n")] = '\0';
        add_row(c, label_of(s, tab + 1, training), (hx_str){line, (size_t)(tab - line)}, arena);
    }
    c->ids = need(calloc(c->n_hashes + 1, sizeof *c->ids));
    free(line);
    (void)fclose(f);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ features */
typedef struct {
    uint64_t *keys; /* 0 = free */
    uint32_t *count, *id;
} gram_index;

static size_t place_of(const gram_index *x, uint64_t key) {
    size_t at = key >> (64 - INDEX_BITS);
    while (x->keys[at] != 0 && x->keys[at] != key)
        at = (at + 1) & (((size_t)1 << INDEX_BITS) - 1);
    return at;
}

static void give_ids(const gram_index *x, uint32_t df_min, corpus *c) {
    for (size_t i = 0; i < c->n_hashes; i++) {
        size_t at = place_of(x, c->hashes[i]);
        c->ids[i] = x->keys[at] && x->count[at] >= df_min ? x->id[at] : UINT32_MAX;
    }
}

static void number_features(set *s) {
    const uint32_t df_min = s->train.n < FEW ? 1 : 2;
    const size_t room = (size_t)1 << INDEX_BITS;
    gram_index x = {need(calloc(room, sizeof *x.keys)), need(calloc(room, sizeof *x.count)),
                    need(calloc(room, sizeof *x.id))};
    for (size_t i = 0; i < s->train.n_hashes; i++) {
        size_t at = place_of(&x, s->train.hashes[i]);
        x.keys[at] = s->train.hashes[i];
        x.count[at]++;
    }
    s->keys = need(calloc(room, sizeof *s->keys));
    s->idf = need(calloc(room, sizeof *s->idf));
    for (size_t at = 0; at < room; at++) {
        if (x.count[at] < df_min) continue;
        double idf = 1 + log((1 + (double)s->train.n) / (1 + (double)x.count[at]));
        s->keys[s->n_features] = x.keys[at];
        s->idf[s->n_features] = (float)(round(fmin(idf, 15.9) * HX_SET_GRAMS_IDF) / HX_SET_GRAMS_IDF);
        x.id[at] = (uint32_t)s->n_features++;
    }
    give_ids(&x, df_min, &s->train);
    give_ids(&x, df_min, &s->dev);
    free(x.keys);
    free(x.count);
    free(x.id);
}

static void measure_norms(const set *s, corpus *c) {
    for (size_t i = 0; i < c->n; i++) {
        double squares = 0;
        for (size_t k = c->rows[i].from; k < c->rows[i].to; k++)
            if (c->ids[k] != UINT32_MAX)
                squares += (double)s->idf[c->ids[k]] * (double)s->idf[c->ids[k]];
        c->rows[i].norm = squares > 0 ? (float)(1 / sqrt(squares)) : 0;
    }
}

/* ------------------------------------------------------------------ learning */
static double margin(const set *s, const float *w, double bias, const corpus *c, const row *r) {
    double sum = 0;
    for (size_t k = r->from; k < r->to; k++)
        if (c->ids[k] != UINT32_MAX)
            sum += (double)s->idf[c->ids[k]] * (double)w[c->ids[k]];
    return bias + sum * (double)r->norm;
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void descend(set *s, uint32_t label, size_t *order, double *alpha) {
    float *w = s->w + (size_t)label * s->n_features, *bias = s->w + s->n_labels * s->n_features + label;
    const double d = 0.5 / s->cost;
    uint64_t state = 20261123 + label;
    double b = 0;
    for (size_t i = 0; i < s->train.n; i++) {
        order[i] = i;
        alpha[i] = 0;
    }
    memset(w, 0, s->n_features * sizeof *w);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = s->train.n; i > 0; i--) {
            size_t at = next_random(&state) % i, chosen = order[at];
            order[at] = order[i - 1];
            order[i - 1] = chosen;
            const row *r = &s->train.rows[chosen];
            double y = r->label == label ? 1 : -1, own = r->norm > 0 ? 2 : 1;
            double g = y * margin(s, w, b, &s->train, r) - 1 + d * alpha[chosen];
            double next = fmax(alpha[chosen] - g / (own + d), 0), step = y * (next - alpha[chosen]);
            if (step >= 0 && step <= 0) continue;
            alpha[chosen] = next;
            b += step;
            for (size_t k = r->from; k < r->to; k++)
                if (s->train.ids[k] != UINT32_MAX)
                    w[s->train.ids[k]] +=
                        (float)(step * (double)s->idf[s->train.ids[k]] * (double)r->norm);
        }
    *bias = (float)b;
}

static void learn(set *s) {
    size_t *order = need(calloc(s->train.n, sizeof *order));
    double *alpha = need(calloc(s->train.n, sizeof *alpha));
    free(s->w);
    s->w = need(calloc(s->n_labels * (s->n_features + 1), sizeof *s->w));
    measure_norms(s, &s->train);
    measure_norms(s, &s->dev);
    for (uint32_t k = 0; k < s->n_labels; k++)
        descend(s, k, order, alpha);
    free(order);
    free(alpha);
}

/* ------------------------------------------------------------------ choosing */
typedef struct {
    uint32_t id;
    double weight;
} ranked;

static int heavier(const void *a, const void *b) {
    double x = ((const ranked *)a)->weight, y = ((const ranked *)b)->weight;
    return (x < y) - (x > y);
}

static void drop_id(corpus *c, const uint32_t *new_ids) {
    for (size_t i = 0; i < c->n_hashes; i++)
        if (c->ids[i] != UINT32_MAX) c->ids[i] = new_ids[c->ids[i]];
}

/* Keeps the features that find a slot, the surest first; each slot's key is in the table then. */
static void choose(set *s, size_t bytes) {
    hx_learned_table table;
    ranked *list = need(calloc(s->n_features, sizeof *list));
    uint32_t *new_ids = need(calloc(s->n_features, sizeof *new_ids));
    size_t kept = 0;
    for (s->n_slots = 8; s->n_slots < 2 * s->n_features && 2 * s->n_slots * s->n_labels <= bytes;)
        s->n_slots *= 2;
    s->check = need(calloc(s->n_slots, 1));
    if (!hx__learned_table_of(&table, (hx_str){(const char *)s->check, s->n_slots})) exit(2);
    for (uint32_t i = 0; i < s->n_features; i++) {
        list[i].id = i;
        for (size_t k = 0; k < s->n_labels; k++) {
            double w = (double)s->w[k * s->n_features + i] * (double)s->idf[i];
            list[i].weight += w * w;
        }
        new_ids[i] = UINT32_MAX;
    }
    qsort(list, s->n_features, sizeof *list, heavier);
    for (size_t i = 0; i < s->n_features; i++) {
        uint64_t key = s->keys[list[i].id];
        size_t at = (size_t)(key >> table.shift) * HX_LEARNED_WAYS, k = 0;
        while (k < HX_LEARNED_WAYS && s->check[at + k] && s->check[at + k] != hx__learned_check(key))
            k++;
        if (k == HX_LEARNED_WAYS || s->check[at + k]) continue;
        s->check[at + k] = hx__learned_check(key);
        new_ids[list[i].id] = (uint32_t)kept++;
    }
    uint64_t *keys = need(calloc(kept + 1, sizeof *keys));
    float *idf = need(calloc(kept + 1, sizeof *idf));
    for (size_t i = 0; i < s->n_features; i++)
        if (new_ids[i] != UINT32_MAX) {
            keys[new_ids[i]] = s->keys[i];
            idf[new_ids[i]] = s->idf[i];
        }
    drop_id(&s->train, new_ids);
    drop_id(&s->dev, new_ids);
    free(s->keys);
    free(s->idf);
    s->keys = keys;
    s->idf = idf;
    s->n_features = kept;
    free(list);
    free(new_ids);
}

/* ------------------------------------------------------------------ storing */
static void store(set *s) {
    hx_learned_table table;
    if (!hx__learned_table_of(&table, (hx_str){(const char *)s->check, s->n_slots})) exit(2);
    s->coded = need(calloc(s->n_slots, 1));
    s->weight = need(calloc(s->n_slots * s->n_labels, 1));
    s->scales = need(calloc(2 * s->n_labels, sizeof *s->scales));
    for (size_t k = 0; k < s->n_labels; k++) {
        const float *w = s->w + k * s->n_features;
        float most = 1e-6f;
        for (size_t i = 0; i < s->n_features; i++)
            most = fmaxf(most, fabsf(w[i]));
        s->scales[k] = s->w[s->n_labels * s->n_features + k];
        s->scales[s->n_labels + k] = most / 127;
        for (size_t i = 0; i < s->n_features; i++) {
            size_t slot = hx__learned_slot(&table, s->keys[i]);
            s->coded[slot] = (uint8_t)lroundf(s->idf[i] * (float)HX_SET_GRAMS_IDF);
            s->weight[slot * s->n_labels + k] = (int8_t)lroundf(w[i] * 127 / most);
        }
    }
}

static double right_of(const set *s) {
    size_t right = 0;
    for (size_t i = 0; i < s->dev.n; i++) {
        const row *r = &s->dev.rows[i];
        double best = -INFINITY;
        uint32_t said = 0;
        for (uint32_t k = 0; k < s->n_labels; k++) {
            double z = margin(s, s->w + (size_t)k * s->n_features,
                              (double)s->w[s->n_labels * s->n_features + k], &s->dev, r);
            if (z > best) said = k;
            best = fmax(best, z);
        }
        right += said == r->label;
    }
    return 100 * (double)right / (double)s->dev.n;
}

static void fit(set *s, size_t bytes, char **files) {
    read_rows(s, files[0], &s->train, true);
    read_rows(s, files[1], &s->dev, false);
    number_features(s);
    size_t all = s->n_features;
    learn(s);
    double whole = right_of(s);
    choose(s, bytes);
    learn(s);
    printf("%s: %zu labels, %zu texts; dev %.2f by %zu features, %.2f by the %zu that are kept\n",
           s->name, s->n_labels, s->train.n, whole, all, right_of(s), s->n_features);
    (void)fflush(stdout);
    store(s);
}

static size_t put_parts(const set *s, hx_datafile_part *parts) {
    hx_buf labels;
    hx_buf_init(&labels, 1 << 20);
    for (size_t i = 0; i < s->n_labels; i++)
        if (!hx_buf_append(&labels, s->labels[i], strlen(s->labels[i])) ||
            !hx_buf_append_byte(&labels, '\n'))
            exit(1);
    const hx_str bytes[] = {{(const char *)s->check, s->n_slots},
                            {(const char *)s->coded, s->n_slots},
                            {(const char *)s->weight, s->n_slots * s->n_labels},
                            {(const char *)s->scales, 2 * s->n_labels * sizeof(float)},
                            hx_buf_str(&labels)};
    for (size_t i = 0; i < 5; i++) {
        char *name = need(calloc(16, 1));
        (void)snprintf(name, 16, "%.12s.%c", s->name, "ciwsl"[i]);
        parts[i] = (hx_datafile_part){name, bytes[i]};
    }
    return 5;
}

int main(int argc, char **argv) {
    static set sets[SETS_MAX];
    hx_datafile_part parts[5 * SETS_MAX];
    size_t n = 0;
    hx_error err = {0};
    if (argc < 7 || (argc - 4) % 3 != 0 || (argc - 4) / 3 > SETS_MAX) {
        fputs("usage: fit_sets OUT.hxd BYTES COST NAME TRAIN.tsv DEV.tsv [NAME ...]\n", stderr);
        return 2;
    }
    for (int i = 4; i < argc; i += 3) {
        set *s = &sets[(i - 4) / 3];
        s->name = argv[i];
        s->cost = strtod(argv[3], NULL);
        fit(s, strtoul(argv[2], NULL, 10), argv + i + 1);
        n += put_parts(s, parts + n);
    }
    if (hx__datafile_write(argv[1], HX_SET_GRAMS_KIND, parts, n, &err) == HX_OK) return 0;
    fprintf(stderr, "fit_sets: %s\n", err.message);
    return 1;
}
