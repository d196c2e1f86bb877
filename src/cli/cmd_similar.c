/* cmd_similar.c - similar: words whose vectors are near to a word's, or to a sum and difference of words.
 *
 *     similar --word 快递 --model vectors.bin                      快递 -> 物流, 速度, ...
 *     similar --word king --minus man --plus woman --model ...    king - man + woman -> queen
 *
 * The vectors are what learn words made, or any file of word2vec or GloVe. Likeness is the cosine of the vectors, 1 at most.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"

#define WORDS_MAX 64 /* of a question */
#define TOP 10

typedef struct {
    hx_str at[WORDS_MAX];
    size_t n;
} word_list;

/* "a,b"; empty pieces are nothing. False after a sentence. */
static bool add_words(hx_cli *c, const char *text, word_list *out) {
    for (size_t n; text != NULL && *text != '\0'; text += n + (text[n] == ',')) {
        n = strcspn(text, ",");
        if (n > 0 && out->n == WORDS_MAX) {
            hx_cli_usage(c, "a question has at most %d words", "一次最多问 %d 个词", WORDS_MAX);
            return false;
        }
        if (n > 0) out->at[out->n++] = (hx_str){text, n};
    }
    return true;
}

static bool show(hx_cli *c, const hx_near_word *words, size_t n) {
    static const hx_record_column columns[] = {
        {"word", "word", "词", HX_CELL_LEFT},
        {"similarity", "similarity", "相似度", HX_CELL_RIGHT}};
    json_t *records = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *r = json_object();
        json_object_set_new(r, "word", json_stringn(words[i].word.ptr, words[i].word.len));
        json_object_set_new(r, "similarity", json_real(words[i].similarity));
        json_array_append_new(records, r);
    }
    const bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

static bool answer(hx_cli *c, const word_list *plus, const word_list *minus) {
    const hx_cli_values *v = &c->options;
    const hx_word_question q = {plus->at, minus->at, plus->n, minus->n};
    const size_t top =
        hx_cli_has(v, HX_OPT_SIMILAR_TOP) ? (size_t)v->number[HX_OPT_SIMILAR_TOP] : TOP;
    hx_error err = {.ui = c->ui};
    hx_word_vectors *vectors = NULL;
    hx_near_word *words = NULL;
    size_t n = 0;
    hx_status status = hx_word_vectors_load(&vectors, v->text[HX_OPT_MODEL], &err);
    if (status == HX_OK)
        status = hx_word_vectors_similar(vectors, &q, top, c->arena, &words, &n, &err);
    const bool ok = status == HX_OK && show(c, words, n);
    if (status != HX_OK) hx_cli_error(c, &err);
    hx_word_vectors_free(vectors);
    return ok;
}

int hx_cmd_similar(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    word_list plus = {.n = 0}, minus = {.n = 0};
    if (!hx_cli_has(v, HX_OPT_WORD) || !hx_cli_has(v, HX_OPT_MODEL))
        return hx_cli_usage(
            c, "similar needs --word WORD and --model VECTORS, as learn words made them",
            "similar 需要 --word 词 和 --model 词向量文件（由 learn words 生成）");
    if (!add_words(c, v->text[HX_OPT_WORD], &plus) || !add_words(c, v->text[HX_OPT_PLUS], &plus) ||
        !add_words(c, v->text[HX_OPT_MINUS], &minus))
        return HX_EXIT_USAGE;
    return answer(c, &plus, &minus) ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
