/* cmd_similar.c - similar: customers who are like a customer, or words whose vectors are near to a word's, or to a sum and difference of words.
 *
 *     similar C00325 --store shop.db                               who bought, looked and spoke like C00325, and in what
 *     similar --word 快递 --model vectors.bin                      快递 -> 物流, 速度, ...
 *     similar --word king --minus man --plus woman --model ...    king - man + woman -> queen
 *
 * Likeness of customers is told by hx_answer_similar(). The vectors are what learn words made, or any file of word2vec or GloVe. Likeness is the cosine of the vectors, 1 at most.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/look.h"

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

static size_t top_of(const hx_cli *c) {
    const hx_cli_values *v = &c->options;
    return hx_cli_has(v, HX_OPT_SIMILAR_TOP) ? (size_t)v->number[HX_OPT_SIMILAR_TOP] : TOP;
}

static bool answer(hx_cli *c, const word_list *plus, const word_list *minus) {
    const hx_cli_values *v = &c->options;
    const hx_word_question q = {plus->at, minus->at, plus->n, minus->n};
    const size_t top = top_of(c);
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

/* ------------------------------------------------------------------ customers */
static hx_status ask_customers(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                               hx_error *err) {
    return hx_answer_similar(s, hx_str_of(c->args[0]), top_of(c), o, c->arena, json, err);
}

static bool show_customers(hx_cli *c, hx_str json) {
    static const hx_record_column columns[] = {
        {"id", "id", "编号", HX_CELL_LEFT},
        {"name", "name", "客户", HX_CELL_LEFT},
        {"likeness", "likeness", "相似度", HX_CELL_RIGHT},
        {"orders", "orders", "订单", HX_CELL_RIGHT},
        {"spent", "spent", "消费", HX_CELL_RIGHT},
        {"shared", "interests of both", "共同兴趣", HX_CELL_LEFT}};
    json_t *list = hx_output_parse(c, json);
    if (!list) return false;
    const bool ok = hx_output_records(c, list, columns, sizeof columns / sizeof *columns);
    json_decref(list);
    return ok;
}

int hx_cmd_similar(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    word_list plus = {.n = 0}, minus = {.n = 0};
    if (c->n_args > 0 && hx_cli_has(v, HX_OPT_STORE))
        return hx_cli_look(c, ask_customers, show_customers);
    if (c->n_args > 0)
        return hx_cli_usage(c, "customers like %s are sought in a store: --store STORE",
                            "查找与 %s 相似的客户需要库：--store 库", c->args[0]);
    if (!hx_cli_has(v, HX_OPT_WORD) || !hx_cli_has(v, HX_OPT_MODEL))
        return hx_cli_usage(
            c,
            "similar needs CUSTOMER and --store STORE, or --word WORD and --model VECTORS, as "
            "learn words made them",
            "similar 需要客户和 --store 库，或 --word 词 和 --model 词向量文件（由 learn words "
            "生成）");
    if (!add_words(c, v->text[HX_OPT_WORD], &plus) || !add_words(c, v->text[HX_OPT_PLUS], &plus) ||
        !add_words(c, v->text[HX_OPT_MINUS], &minus))
        return HX_EXIT_USAGE;
    return answer(c, &plus, &minus) ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
