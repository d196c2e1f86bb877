/* fit_breaks.c - learns where English sentences begin: a part of models/huaxiang-learn/syntax.hxd; tools/train/learn/train runs it.
 *
 * usage: fit_breaks TRAIN.conllu DEV.conllu SYNTAX.hxd [BITS]
 *
 * Treebanks in the order of their documents, a `# newdoc` where a text begins: a first sentence says nothing. The raw text is cut as at work, and a
 * logistic regression over src/text/breaks.h is learnt by AdaGrad. The bias is chosen on dev by F1 of sentences' beginnings. Prints F1 of the rules,
 * as learnt, and as stored. */
#include <string.h>

#include "base/file.h"
#include "feature_index.h"
#include "syntax_parts.h"
#include "text/breaks.h"
#include "text/conllu.h"

enum { ROUNDS = 8 };

typedef struct {
    hx_str text;
    hx_english_word *words;
    bool *begins; /* (n), as the treebank has them */
    size_t n;
} document;

typedef struct {
    size_t right, said, wanted;
} hits;

static _Noreturn void give_up(const char *message) {
    fprintf(stderr, "fit_breaks: %s\n", message);
    exit(1);
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ------------------------------------------------------------------ reading */
/* Where sentences begin, in bytes that are no white space. */
static size_t *starts_of(const hx_conllu_sentence *list, size_t n) {
    size_t *starts = need(calloc(n + 1, sizeof *starts)), at = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t covered = 0;
        starts[i] = at;
        for (size_t r = 0; r < list[i].n_rows; r++) {
            const hx_conllu_row *row = &list[i].rows[r];
            const hx_str form = row->columns[HX_CONLLU_FORM];
            if (row->kind == HX_CONLLU_COMMENT || row->kind == HX_CONLLU_EMPTY ||
                (row->kind == HX_CONLLU_WORD && row->id <= covered))
                continue;
            if (row->kind == HX_CONLLU_RANGE) covered = row->last;
            for (size_t k = 0; k < form.len; k++)
                at += !is_blank(form.ptr[k]);
        }
    }
    return starts;
}

static void mark_begins(document *d, const size_t *starts, size_t n_starts) {
    size_t at = 0, byte = 0, next = 0;
    for (size_t i = 0; i < d->n; i++) {
        for (; byte < d->words[i].span.start; byte++)
            at += !is_blank(d->text.ptr[byte]);
        while (next < n_starts && starts[next] < at)
            next++;
        d->begins[i] = next < n_starts && starts[next] == at;
    }
}

static document read_document(const char *path) {
    hx_buf bytes;
    hx_error err = {0};
    hx_conllu_sentence *list;
    document d;
    size_t n;
    hx_arena *arena = need(hx_arena_new(0)); /* given back by the end of the program */
    hx_buf_init(&bytes, (size_t)1 << 30);
    if (hx_file_read(path, &bytes, &err) != HX_OK ||
        hx_conllu_read(hx_buf_str(&bytes), arena, &list, &n, &err) != HX_OK ||
        hx_conllu_text(list, n, arena, &d.text, &err) != HX_OK ||
        hx_english_words(d.text, arena, &d.words, &d.n, &err) != HX_OK)
        give_up(err.message);
    size_t *starts = starts_of(list, n);
    d.begins = need(calloc(d.n + 1, sizeof *d.begins));
    mark_begins(&d, starts, n);
    free(starts);
    hx_buf_release(&bytes);
    return d;
}

/* ------------------------------------------------------------------ learning */
static size_t ids_at(const feature_index *x, const document *d, size_t i, uint32_t *ids) {
    uint64_t hashes[HX_BREAK_FEATURES];
    return ids_of(x, hashes, hx__break_features(d->text, d->words, d->n, i, hashes), ids);
}

static void learn(feature_index *x, const document *d) {
    uint64_t hashes[HX_BREAK_FEATURES];
    uint32_t ids[HX_BREAK_FEATURES];
    index_open(x, 22, 1);
    for (size_t i = 1; i < d->n; i++)
        index_count(x, hashes, hx__break_features(d->text, d->words, d->n, i, hashes));
    index_number(x, 2);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 1; i < d->n; i++) {
            if (hx__break_is_sure(d->text, d->words, i) || d->words[i].joins) continue;
            size_t n = ids_at(x, d, i, ids);
            double slope = 1 / (1 + exp(-sum_of(x, ids, n, 0))) - d->begins[i];
            if (fabs(slope) > 1e-3) move(x, ids, n, 0, slope, 0.05 * (ROUNDS - round) / ROUNDS);
        }
}

/* ------------------------------------------------------------------ dev */
static double f1_of(hits h) {
    return 200 * (double)h.right / (double)(h.said + h.wanted);
}

/* z: NULL = the rules. */
static hits count_hits(const document *d, const double *z, double least) {
    hits h = {0, 0, 0};
    for (size_t i = 0; i < d->n; i++) {
        bool said = hx__break_is_sure(d->text, d->words, i) ||
                    (z ? !d->words[i].joins && z[i] > least : d->words[i].begins);
        h.said += said;
        h.wanted += d->begins[i];
        h.right += said && d->begins[i];
    }
    return h;
}

static double *logits_of(const feature_index *x, const hx_syntax_part *stored, const document *d) {
    uint64_t hashes[HX_BREAK_FEATURES];
    uint32_t ids[HX_BREAK_FEATURES];
    double *z = need(calloc(d->n + 1, sizeof *z));
    for (size_t i = 1; i < d->n; i++) {
        size_t n = hx__break_features(d->text, d->words, d->n, i, hashes);
        if (stored)
            hx__syntax_logits(stored, hashes, n, &z[i]);
        else
            z[i] = sum_of(x, ids, ids_of(x, hashes, n, ids), 0);
    }
    return z;
}

/* ------------------------------------------------------------------ all of it */
int main(int argc, char **argv) {
    feature_index x;
    if (argc < 4) {
        fputs("usage: fit_breaks TRAIN.conllu DEV.conllu SYNTAX.hxd [BITS]\n", stderr);
        return 2;
    }
    const document train = read_document(argv[1]), dev = read_document(argv[2]);
    learn(&x, &train);
    hx_syntax_part made =
        index_store(&x, argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 18, "breaks");
    const double *whole = logits_of(&x, NULL, &dev), *stored = logits_of(&x, &made, &dev);
    printf("dev, F1 of beginnings: rules %.2f, as learnt %.2f, as stored %.2f\n",
           f1_of(count_hits(&dev, NULL, 0)), f1_of(count_hits(&dev, whole, 0)),
           f1_of(count_hits(&dev, stored, 0)));
    for (int k = -6; k <= 6; k++)
        printf("  above %.1f: %.2f\n", k / 3.0, f1_of(count_hits(&dev, stored, k / 3.0)));
    return put_syntax_part(argv[3], "brks.en", &made);
}
