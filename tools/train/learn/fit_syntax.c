/* fit_syntax.c - learns parts of speech, arcs and relations of one language: a part of models/huaxiang-learn/syntax.hxd; tools/train/learn/train runs it.
 *
 * usage: fit_syntax LANG TRAIN.conllu DEV.conllu SYNTAX.hxd [BITS_UPOS BITS_ARCS BITS_RELATIONS]
 *
 * LANG: zh or en; what SYNTAX.hxd has of the other language stays. Three linear models over the features of src/text/upos.c, arcs.c and
 * relations.c, by AdaGrad in a seeded order of sentences at a falling rate:
 *
 *     upos        each word's part of speech, multinomial
 *     arcs        each word's head, softmax over all words and the root
 *     relations   each word's relation in the right tree, multinomial
 *
 * Arcs and relations see parts of speech as they will at work: those of a model that has not read the sentence (FOLDS parts of train). Prints how
 * many words of dev, cut as they should be, are right: UPOS, UAS, LAS, as learnt and as stored in 2^BITS slots. */
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "feature_index.h"
#include "llama/tree.h"
#include "syntax_parts.h"
#include "text/arcs.h"
#include "text/conllu.h"
#include "text/relations.h"
#include "text/upos.h"

enum {
    FOLDS = 4,
    SENTENCE_MAX = 120, /* words; longer ones are left out of training */
    UPOS_ROUNDS = 4,
    ARC_ROUNDS = 8,
    RELATION_ROUNDS = 5
};

typedef struct {
    hx_str *forms; /* (n), as all below */
    const char **upos, **said; /* as the treebank has them, as a tagger says them */
    uint32_t *heads;
    uint8_t *upos_id, *relation; /* HX_SYNTAX_LABELS_MAX = not in train */
    size_t n;
} sentence;

typedef struct {
    sentence *list;
    size_t n;
} treebank;

typedef struct {
    char *names[HX_SYNTAX_LABELS_MAX];
    size_t n;
} label_list;

typedef struct {
    bool chinese;
    treebank train, dev;
    label_list upos, relations;
    feature_index tags, arcs, rels;
    uint64_t random;
} trainer;

/* ------------------------------------------------------------------ reading */
static uint8_t label_of(label_list *l, hx_str name, bool may_add) {
    for (size_t i = 0; i < l->n; i++)
        if (hx_str_equal(hx_str_of(l->names[i]), name)) return (uint8_t)i;
    if (!may_add || l->n == HX_SYNTAX_LABELS_MAX) return HX_SYNTAX_LABELS_MAX;
    l->names[l->n] = need(strndup(name.ptr, name.len));
    return (uint8_t)l->n++;
}

static sentence sentence_of(trainer *t, const hx_conllu_sentence *from, bool training) {
    sentence s = {.forms = need(calloc(from->n_words + 1, sizeof *s.forms)),
                  .upos = need(calloc(from->n_words + 1, sizeof *s.upos)),
                  .said = need(calloc(from->n_words + 1, sizeof *s.said)),
                  .heads = need(calloc(from->n_words + 1, sizeof *s.heads)),
                  .upos_id = need(calloc(from->n_words + 1, 1)),
                  .relation = need(calloc(from->n_words + 1, 1))};
    for (size_t r = 0; r < from->n_rows; r++) {
        const hx_conllu_row *row = &from->rows[r];
        if (row->kind != HX_CONLLU_WORD) continue;
        s.forms[s.n] = row->columns[HX_CONLLU_FORM];
        s.heads[s.n] = row->head == HX_CONLLU_NO_HEAD ? 0 : row->head;
        s.upos_id[s.n] = label_of(&t->upos, row->columns[HX_CONLLU_UPOS], training);
        s.relation[s.n] = label_of(&t->relations, row->columns[HX_CONLLU_DEPREL], training);
        s.upos[s.n] = s.upos_id[s.n] < t->upos.n ? t->upos.names[s.upos_id[s.n]] : NULL;
        s.n++;
    }
    return s;
}

static treebank read_treebank(trainer *t, const char *path, bool training) {
    hx_buf bytes;
    hx_error err = {0};
    hx_conllu_sentence *read;
    size_t n;
    hx_arena *arena = need(hx_arena_new(0)); /* forms stay in it to the end */
    hx_buf_init(&bytes, (size_t)1 << 30);
    if (hx_file_read(path, &bytes, &err) != HX_OK ||
        hx_conllu_read(hx_arena_str(arena, hx_buf_str(&bytes)), arena, &read, &n, &err) != HX_OK) {
        fprintf(stderr, "fit_syntax: %s\n", err.message);
        exit(1);
    }
    hx_buf_release(&bytes);
    treebank b = {need(calloc(n + 1, sizeof *b.list)), 0};
    for (size_t i = 0; i < n; i++)
        if (read[i].n_words > 0 && (!training || read[i].n_words <= SENTENCE_MAX))
            b.list[b.n++] = sentence_of(t, &read[i], training);
    return b;
}

/* ------------------------------------------------------------------ order */
static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A sentence of train for each call; a round uses each once. */
typedef struct {
    size_t *order, left;
} shuffle;

static size_t shuffle_next(shuffle *s, uint64_t *random) {
    size_t at = next_random(random) % s->left--, chosen = s->order[at];
    s->order[at] = s->order[s->left];
    return chosen;
}

static void shuffle_begin(shuffle *s, size_t n) {
    if (!s->order) s->order = need(calloc(n + 1, sizeof *s->order));
    for (size_t i = 0; i < n; i++)
        s->order[i] = i;
    s->left = n;
}

static void learn_labels(feature_index *x, const uint32_t *ids, size_t n, uint8_t gold,
                         double rate) {
    double p[HX_SYNTAX_LABELS_MAX];
    if (gold >= x->wide) return;
    for (size_t k = 0; k < x->wide; k++)
        p[k] = sum_of(x, ids, n, k);
    to_probabilities(p, x->wide);
    p[gold] -= 1;
    for (size_t k = 0; k < x->wide; k++)
        if (fabs(p[k]) >= 1e-4) move(x, ids, n, k, p[k], rate);
}

static size_t best_label(const double *z, size_t n) {
    size_t best = 0;
    for (size_t k = 1; k < n; k++)
        if (z[k] > z[best]) best = k;
    return best;
}

/* ------------------------------------------------------------------ parts of speech */
static size_t tag_ids(const trainer *t, const feature_index *x, const sentence *s, size_t i,
                      uint32_t *ids) {
    uint64_t hashes[HX_UPOS_FEATURES];
    return ids_of(x, hashes, hx__upos_features(s->forms, s->n, i, t->chinese, hashes), ids);
}

/* Of all sentences but those of `fold`; FOLDS = of all. */
static void learn_tags(trainer *t, size_t fold, feature_index *x) {
    uint64_t hashes[HX_UPOS_FEATURES];
    uint32_t ids[HX_UPOS_FEATURES];
    shuffle order = {0};
    index_open(x, 23, t->upos.n);
    for (size_t i = 0; i < t->train.n; i++)
        for (size_t k = 0; k < t->train.list[i].n && i % FOLDS != fold; k++) {
            const sentence *s = &t->train.list[i];
            index_count(x, hashes, hx__upos_features(s->forms, s->n, k, t->chinese, hashes));
        }
    index_number(x, 2);
    for (int round = 0; round < UPOS_ROUNDS; round++)
        for (shuffle_begin(&order, t->train.n); order.left > 0;) {
            size_t i = shuffle_next(&order, &t->random);
            const sentence *s = &t->train.list[i];
            for (size_t k = 0; k < s->n && i % FOLDS != fold; k++)
                learn_labels(x, ids, tag_ids(t, x, s, k, ids), s->upos_id[k],
                             0.1 * (UPOS_ROUNDS - round) / UPOS_ROUNDS);
        }
    free(order.order);
}

static void say_tags(const trainer *t, const feature_index *x, const sentence *s) {
    uint32_t ids[HX_UPOS_FEATURES];
    double z[HX_SYNTAX_LABELS_MAX];
    for (size_t k = 0; k < s->n; k++) {
        size_t n = tag_ids(t, x, s, k, ids);
        for (size_t j = 0; j < x->wide; j++)
            z[j] = sum_of(x, ids, n, j);
        s->said[k] = t->upos.names[best_label(z, x->wide)];
    }
}

static void say_right_tags(const treebank *b, const char *name) {
    size_t right = 0, all = 0;
    for (size_t i = 0; i < b->n; i++)
        for (size_t k = 0; k < b->list[i].n; k++, all++)
            right += b->list[i].said[k] == b->list[i].upos[k];
    printf("UPOS of %s: %.2f of %zu\n", name, 100 * (double)right / (double)all, all);
    (void)fflush(stdout);
}

static void tag_all(trainer *t) {
    for (size_t fold = 0; fold < FOLDS; fold++) {
        feature_index x;
        learn_tags(t, fold, &x);
        for (size_t i = fold; i < t->train.n; i += FOLDS)
            say_tags(t, &x, &t->train.list[i]);
        index_close(&x);
    }
    say_right_tags(&t->train, "train, by folds");
    learn_tags(t, FOLDS, &t->tags);
    for (size_t i = 0; i < t->dev.n; i++)
        say_tags(t, &t->tags, &t->dev.list[i]);
    say_right_tags(&t->dev, "dev");
}

/* ------------------------------------------------------------------ arcs */
static void look(const sentence *s, hx_syntax_word *words, hx_arc_sentence *arcs) {
    hx__syntax_words(s->forms, s->said, s->n, words);
    if (arcs) hx__arc_sentence(arcs, words, s->n);
}

static void count_arcs(trainer *t) {
    hx_syntax_word words[SENTENCE_MAX];
    hx_arc_sentence arcs;
    uint64_t hashes[HX_ARC_FEATURES];
    index_open(&t->arcs, 25, 1);
    for (size_t i = 0; i < t->train.n; i++) {
        const sentence *s = &t->train.list[i];
        look(s, words, &arcs);
        for (size_t k = 1; k <= s->n; k++)
            index_count(&t->arcs, hashes, hx__arc_features(&arcs, s->heads[k - 1], k, hashes));
    }
    index_number(&t->arcs, 2);
}

/* The ids of a sentence's arcs, written once (some gigabytes in all): for each word, for each head but itself: how many, and which. */
static uint32_t *write_arcs(const trainer *t, const sentence *s) {
    hx_syntax_word words[SENTENCE_MAX];
    hx_arc_sentence arcs;
    uint64_t hashes[HX_ARC_FEATURES];
    uint32_t *room = need(calloc(s->n * s->n * (HX_ARC_FEATURES + 1), sizeof *room)), *at = room;
    look(s, words, &arcs);
    for (size_t k = 1; k <= s->n; k++)
        for (size_t h = 0; h <= s->n; h++) {
            if (h == k) continue;
            size_t n = hx__arc_features(&arcs, h, k, hashes);
            *at = (uint32_t)ids_of(&t->arcs, hashes, n, at + 1);
            at += *at + 1;
        }
    return need(realloc(room, (size_t)(at - room) * sizeof *room));
}

/* Returns what is behind the arcs of word k. */
static const uint32_t *learn_head(trainer *t, const sentence *s, size_t k, const uint32_t *at,
                                  double rate) {
    const uint32_t *ids[SENTENCE_MAX + 1];
    double p[SENTENCE_MAX + 1];
    for (size_t h = 0; h <= s->n; h++) {
        p[h] = -1e9;
        if (h == k) continue;
        ids[h] = at;
        p[h] = sum_of(&t->arcs, at + 1, *at, 0);
        at += *at + 1;
    }
    to_probabilities(p, s->n + 1);
    p[s->heads[k - 1]] -= 1;
    for (size_t h = 0; h <= s->n; h++)
        if (h != k && fabs(p[h]) >= 1e-3) move(&t->arcs, ids[h] + 1, *ids[h], 0, p[h], rate);
    return at;
}

static void learn_arcs(trainer *t) {
    uint32_t **arcs = need(calloc(t->train.n + 1, sizeof *arcs));
    shuffle order = {0};
    for (size_t i = 0; i < t->train.n; i++)
        arcs[i] = write_arcs(t, &t->train.list[i]);
    for (int round = 0; round < ARC_ROUNDS; round++)
        for (shuffle_begin(&order, t->train.n); order.left > 0;) {
            size_t i = shuffle_next(&order, &t->random);
            const uint32_t *at = arcs[i];
            for (size_t k = 1; k <= t->train.list[i].n; k++)
                at = learn_head(t, &t->train.list[i], k, at,
                                0.02 * (ARC_ROUNDS - round) / ARC_ROUNDS);
        }
    for (size_t i = 0; i < t->train.n; i++)
        free(arcs[i]);
    free(arcs);
    free(order.order);
}

/* ------------------------------------------------------------------ relations */
static size_t relation_ids(const feature_index *x, const hx_syntax_word *words,
                           const uint32_t *heads, size_t n, size_t k, uint32_t *ids) {
    uint64_t hashes[HX_RELATION_FEATURES];
    return ids_of(x, hashes, hx__relation_features(words, heads, n, k, hashes), ids);
}

static void learn_relations(trainer *t) {
    hx_syntax_word words[SENTENCE_MAX];
    uint64_t hashes[HX_RELATION_FEATURES];
    uint32_t ids[HX_RELATION_FEATURES];
    shuffle order = {0};
    index_open(&t->rels, 23, t->relations.n);
    for (size_t i = 0; i < t->train.n; i++) {
        const sentence *s = &t->train.list[i];
        look(s, words, NULL);
        for (size_t k = 0; k < s->n; k++)
            index_count(&t->rels, hashes, hx__relation_features(words, s->heads, s->n, k, hashes));
    }
    index_number(&t->rels, 3);
    for (int round = 0; round < RELATION_ROUNDS; round++)
        for (shuffle_begin(&order, t->train.n); order.left > 0;) {
            const sentence *s = &t->train.list[shuffle_next(&order, &t->random)];
            look(s, words, NULL);
            for (size_t k = 0; k < s->n; k++)
                learn_labels(&t->rels, ids, relation_ids(&t->rels, words, s->heads, s->n, k, ids),
                             s->relation[k], 0.1 * (RELATION_ROUNDS - round) / RELATION_ROUNDS);
        }
    free(order.order);
}

/* ------------------------------------------------------------------ dev */
typedef struct {
    const hx_syntax_part *arcs, *rels; /* NULL: as learnt */
} stored_parts;

static void say_heads(const trainer *t, const stored_parts *stored, const hx_arc_sentence *arcs,
                      float *scores, uint32_t *heads) {
    uint64_t hashes[HX_ARC_FEATURES];
    uint32_t ids[HX_ARC_FEATURES];
    hx_error err = {0};
    size_t m = arcs->n + 1;
    memset(scores, 0, m * m * sizeof *scores);
    for (size_t k = 1; k < m; k++) {
        double z[HX_ARC_WORDS_MAX + 1] = {0};
        for (size_t h = 0; h < m; h++) {
            if (h == k) {
                z[h] = -1e9;
                continue;
            }
            size_t n = hx__arc_features(arcs, h, k, hashes);
            if (stored->arcs)
                hx__syntax_logits(stored->arcs, hashes, n, &z[h]);
            else
                z[h] = sum_of(&t->arcs, ids, ids_of(&t->arcs, hashes, n, ids), 0);
        }
        to_probabilities(z, m);
        for (size_t h = 0; h < m; h++)
            scores[k * m + h] = (float)log(fmax(z[h], 1e-12));
    }
    if (hx_tree_best(scores, arcs->n, heads, &err) != HX_OK) exit(1);
}

static size_t say_relation(const trainer *t, const stored_parts *stored,
                           const hx_syntax_word *words, const uint32_t *heads, size_t n, size_t k) {
    uint64_t hashes[HX_RELATION_FEATURES];
    uint32_t ids[HX_RELATION_FEATURES];
    double z[HX_SYNTAX_LABELS_MAX] = {0};
    if (stored->rels) {
        size_t some = hx__relation_features(words, heads, n, k, hashes);
        hx__syntax_logits(stored->rels, hashes, some, z);
    } else {
        size_t some = relation_ids(&t->rels, words, heads, n, k, ids);
        for (size_t j = 0; j < t->rels.wide; j++)
            z[j] = sum_of(&t->rels, ids, some, j);
    }
    return best_label(z, t->rels.wide);
}

static void measure(const trainer *t, const stored_parts *stored, const char *name) {
    static float scores[(HX_ARC_WORDS_MAX + 1) * (HX_ARC_WORDS_MAX + 1)];
    hx_syntax_word words[HX_ARC_WORDS_MAX];
    uint32_t heads[HX_ARC_WORDS_MAX];
    hx_arc_sentence arcs;
    size_t uas = 0, las = 0, all = 0;
    for (size_t i = 0; i < t->dev.n; i++) {
        const sentence *s = &t->dev.list[i];
        if (s->n > HX_ARC_WORDS_MAX) continue;
        look(s, words, &arcs);
        say_heads(t, stored, &arcs, scores, heads);
        for (size_t k = 0; k < s->n; k++, all++) {
            if (heads[k] != s->heads[k]) continue;
            uas++;
            las += say_relation(t, stored, words, heads, s->n, k) == s->relation[k];
        }
    }
    printf("%s: UAS %.2f, LAS %.2f of %zu words of dev\n", name, 100 * (double)uas / (double)all,
           100 * (double)las / (double)all, all);
    (void)fflush(stdout);
}

/* ------------------------------------------------------------------ the file */
static hx_str names_of(const label_list *l) {
    static hx_buf lists[2];
    static size_t used;
    hx_buf *b = &lists[used++];
    hx_buf_init(b, 1 << 16);
    for (size_t i = 0; i < l->n; i++)
        if (!hx_buf_append(b, l->names[i], strlen(l->names[i])) || !hx_buf_append_byte(b, '\n'))
            exit(1);
    return hx_buf_str(b);
}

/* Parts (upos, arcs, relations) of one language. */
static int write_parts(const char *path, const char *lang, const hx_syntax_part *made) {
    static const char *const parts[] = {"upos", "arcs", "rels"};
    int failed = 0;
    for (size_t k = 0; k < 3; k++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%s.%s", parts[k], lang);
        failed |= put_syntax_part(path, name, &made[k]);
    }
    return failed;
}

static unsigned bits_of(int argc, char **argv, int at, unsigned usual) {
    return argc > at ? (unsigned)strtoul(argv[at], NULL, 10) : usual;
}

int main(int argc, char **argv) {
    static trainer t;
    if (argc < 5 || (strcmp(argv[1], "zh") != 0 && strcmp(argv[1], "en") != 0)) {
        fputs("usage: fit_syntax zh|en TRAIN.conllu DEV.conllu SYNTAX.hxd [BITS_UPOS BITS_ARCS "
              "BITS_RELATIONS]\n",
              stderr);
        return 2;
    }
    t.random = 20261123;
    t.chinese = strcmp(argv[1], "zh") == 0;
    t.train = read_treebank(&t, argv[2], true);
    t.dev = read_treebank(&t, argv[3], false);
    tag_all(&t);
    count_arcs(&t);
    learn_arcs(&t);
    learn_relations(&t);
    measure(&t, &(stored_parts){NULL, NULL}, "as learnt");
    hx_syntax_part made[] = {index_store(&t.tags, bits_of(argc, argv, 5, 17), "upos"),
                             index_store(&t.arcs, bits_of(argc, argv, 6, 21), "arcs"),
                             index_store(&t.rels, bits_of(argc, argv, 7, 16), "relations")};
    made[HX_SYNTAX_UPOS].names = names_of(&t.upos);
    made[HX_SYNTAX_RELATIONS].names = names_of(&t.relations);
    measure(&t, &(stored_parts){&made[HX_SYNTAX_ARCS], &made[HX_SYNTAX_RELATIONS]}, "as stored");
    return write_parts(argv[4], argv[1], made);
}
