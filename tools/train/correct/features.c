/* features.c - the features of all fixes that correction finds in texts as written, and which of them are right: what tools/train/correct/fit learns from.
 *
 *     correct_features SHARE rules|MODEL.gguf PAIRS.tsv [FIRST STEP]
 *
 * PAIRS.tsv: as written, TAB, as it should stand; every STEP-th line from FIRST on. Out, a line a fix:
 *
 *     row TAB passage TAB site TAB kind TAB right (0 or 1) TAB length of the fix TAB 16 features TAB what it does
 *
 * and "row TAB clean" or "row TAB faulty" in front of each row's. A fix is right where it lies on a shortest way from one text to the other:
 * the distance of the text with it is that of the text without it less its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/correct.h"

#define CHARS_MAX 700

typedef struct {
    uint32_t code[CHARS_MAX];
    size_t n;
} codes;

static bool read_codes(hx_str s, codes *out) {
    out->n = 0;
    for (size_t at = 0; at < s.len;) {
        if (out->n == CHARS_MAX) return false;
        out->code[out->n++] = hx_utf8_next(s, &at);
    }
    return true;
}

static size_t distance(const codes *a, const codes *b) {
    static uint16_t rows[2][CHARS_MAX + 1];
    size_t head = 0, tail = 0;
    while (head < a->n && head < b->n && a->code[head] == b->code[head])
        head++;
    while (tail < a->n - head && tail < b->n - head && a->code[a->n - 1 - tail] == b->code[b->n - 1 - tail])
        tail++;
    size_t n = a->n - head - tail, m = b->n - head - tail;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (uint16_t)j;
    for (size_t i = 1; i <= n; i++) {
        const uint16_t *before = rows[(i - 1) & 1];
        uint16_t *row = rows[i & 1];
        row[0] = (uint16_t)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned c = before[j - 1] + (unsigned)(a->code[head + i - 1] != b->code[head + j - 1]);
            if (before[j] + 1u < c) c = before[j] + 1u;
            if (row[j - 1] + 1u < c) c = row[j - 1] + 1u;
            row[j] = (uint16_t)c;
        }
    }
    return rows[n & 1][m];
}

static bool is_right(hx_str wrong, const codes *right, size_t before, size_t at, const hx_fix *x) {
    static codes with, from, to;
    char text[4 * CHARS_MAX];
    size_t start = at + x->start, end = at + x->end, len = start + x->to.len + wrong.len - end;
    if (len > sizeof text) return false;
    memcpy(text, wrong.ptr, start);
    memcpy(text + start, x->to.ptr, x->to.len);
    memcpy(text + start + x->to.len, wrong.ptr + end, wrong.len - end);
    if (!read_codes((hx_str){text, len}, &with) || !read_codes((hx_str){wrong.ptr + start, end - start}, &from) ||
        !read_codes(x->to, &to))
        return false;
    size_t own = distance(&from, &to);
    return own > 0 && distance(&with, right) + own == before;
}

static void print_fixes(size_t row, size_t number, const hx_passage *p, hx_str wrong, const codes *right, size_t before) {
    for (size_t i = 0; i < p->n_fixes; i++) {
        const hx_fix *x = &p->fixes[i];
        printf("%zu\t%zu\t%u\t%s\t%d\t%zu", row, number, x->site, hx__fix_names[x->kind],
               is_right(wrong, right, before, p->at, x), x->to.len);
        for (size_t f = 0; f < HX_FIX_FEATURES; f++)
            printf("\t%.4g", (double)x->f[f]);
        printf("\t%.*s>%.*s\n", (int)(x->end - x->start), p->text.ptr + x->start, (int)x->to.len, x->to.ptr);
    }
}

typedef struct {
    size_t row;
    char *wrong;
    codes right;
    size_t before, first, n; /* passages */
} pair;

static int run(hx_corrector *c, FILE *in, size_t first, size_t step) {
    enum { GROUP = 32, PASSAGES = 4096 };
    static pair pairs[GROUP];
    static hx_passage passages[PASSAGES];
    static char line[1 << 16];
    hx_arena *arena = hx_arena_new((size_t)1 << 30);
    hx_map none;
    const uint64_t no_lengths = 0;
    size_t n = 0, n_passages = 0, row = 0;
    bool more = arena != NULL;
    hx_map_init(&none);
    while (more) {
        more = fgets(line, sizeof line, in) != NULL;
        char *tab = more ? strchr(line, '\t') : NULL;
        bool wanted = tab && row >= first && (row - first) % step == 0;
        row += more;
        static codes wrong;
        if (wanted) {
            pair *q = &pairs[n];
            *tab++ = '\0';
            tab[strcspn(tab, "\r\n")] = '\0';
            hx_str kept_text = hx_arena_str(arena, hx_str_of(line));
            if (read_codes(kept_text, &wrong) && read_codes(hx_str_of(tab), &q->right)) {
                uint8_t *kept = hx_arena_alloc(arena, kept_text.len + 1);
                hx__correct_keep(kept_text, &none, &no_lengths, kept);
                *q = (pair){.row = row, .wrong = (char *)kept_text.ptr, .right = q->right, .before = distance(&wrong, &q->right), .first = n_passages};
                for (size_t at = 0, end; at < kept_text.len && n_passages < PASSAGES; at = end) {
                    end = hx__passage_end(kept_text, kept, at);
                    passages[n_passages++] = (hx_passage){.text = {kept_text.ptr + at, end - at}, .kept = kept + at, .at = at};
                }
                q->n = n_passages - q->first;
                n++;
            }
        }
        if (n < GROUP && (more || n == 0)) continue;
        hx_error err = {.code = HX_OK};
        if (hx__corrector_fixes(c, passages, n_passages, arena, &err) != HX_OK) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        for (size_t i = 0; i < n; i++) {
            const pair *q = &pairs[i];
            printf("%zu\t%s\n", q->row, q->before ? "faulty" : "clean");
            for (size_t k = 0; k < q->n; k++)
                print_fixes(q->row, k, &passages[q->first + k], hx_str_of(q->wrong), &q->right, q->before);
        }
        n = n_passages = 0;
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
    return 0;
}

int main(int argc, char **argv) {
    hx_error err = {.code = HX_OK};
    hx_text_model *words = NULL;
    hx_correct_model *m = NULL;
    hx_corrector *c = NULL;
    if (argc < 4) return 2;
    bool rules = strcmp(argv[2], "rules") == 0;
    const hx_correct_options options = {.engine = rules ? HX_ENGINE_RULES : HX_ENGINE_LLAMA, .model = rules ? NULL : argv[2]};
    FILE *in = fopen(argv[3], "rb");
    if (!in || hx_text_model_open(&words, argv[1], NULL, &err) != HX_OK ||
        hx_correct_model_open(&m, argv[1], words, &options, &err) != HX_OK || hx_corrector_new(&c, m, &err) != HX_OK) {
        fprintf(stderr, "%s\n", in ? err.message : "no such file");
        return 1;
    }
    int status = run(c, in, argc > 4 ? strtoul(argv[4], NULL, 10) : 0, argc > 5 ? strtoul(argv[5], NULL, 10) : 1);
    fclose(in);
    hx_corrector_free(c);
    hx_correct_model_close(m);
    hx_text_model_close(words);
    return status;
}
