/* cmd_evaluate_keywords.c - evaluate keywords: how many of the keywords that people chose each engine finds.
 *
 *     right@k    keywords among the first k of a text that are chosen ones; the same where their stems are (Porter), or their characters (Chinese)
 *     P = right / said, R = right / chosen, F1 = 2 right / (said + chosen), all texts counted together
 *
 * A file has a column of texts and one of keywords, with ';' or '|' between them (--label; else one named keyphrases, keywords). What people chose
 * counts whether or not it stands in the text. One record a method: those of the rules, and the engines learn and llama. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/output.h"

enum { CHOSEN_MAX = 512, TOP_MOST = 10 };

typedef struct {
    size_t right, said;
} keyword_tally;

typedef struct {
    hx_cli *c;
    hx_rated_rows rows;
    hx_annotator *annotator;
    hx_arena *arena; /* reset for each text */
    keyword_tally at[2]; /* 5, 10 */
    size_t chosen;
} keyword_run;

static const size_t tops[2] = {5, TOP_MOST};

static int no_memory(hx_cli *c) {
    return hx_cli_fail(c, "not enough memory for the figures", "内存不足，无法计算指标");
}

/* The clean, stemmed form; empty where it has none. */
static hx_status form_of(keyword_run *r, hx_str keyword, hx_str *out, hx_error *err) {
    static const hx_clean_options options = {.keep_traditional = false};
    hx_clean_text clean;
    hx_status st = hx_text_clean(r->annotator, keyword, &options, r->arena, &clean, err);
    return st == HX_OK ? hx_keyword_stems(clean.text, r->arena, out, err) : st;
}

static bool is_among(const hx_str *list, size_t n, hx_str s) {
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(list[i], s)) return true;
    return false;
}

static size_t piece_end(hx_str cell, size_t from, size_t *next) {
    static const char *const marks[] = {";", "|", "；", "、"};
    for (size_t i = from; i < cell.len; i++)
        for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
            size_t n = strlen(marks[m]);
            if (cell.len - i < n || memcmp(cell.ptr + i, marks[m], n) != 0) continue;
            *next = i + n;
            return i;
        }
    *next = cell.len;
    return cell.len;
}

static hx_status read_chosen(keyword_run *r, hx_str cell, hx_str *list, size_t *n, hx_error *err) {
    *n = 0;
    for (size_t at = 0, next; at < cell.len && *n < CHOSEN_MAX; at = next) {
        hx_str form;
        size_t end = piece_end(cell, at, &next);
        hx_status st = form_of(r, (hx_str){cell.ptr + at, end - at}, &form, err);
        if (st != HX_OK) return st;
        if (form.len > 0 && !is_among(list, *n, form)) list[(*n)++] = form;
    }
    return HX_OK;
}

static hx_status count_text(keyword_run *r, size_t row, hx_keyword_method method, hx_error *err) {
    hx_str chosen[CHOSEN_MAX], said[TOP_MOST];
    const hx_keyword *words;
    size_t n_chosen, n, n_said = 0;
    hx_arena_reset(r->arena);
    hx_status st = read_chosen(r, hx_str_of(r->rows.given[row]), chosen, &n_chosen, err);
    if (st == HX_OK)
        st = hx_text_keywords(r->annotator, r->rows.texts[row], method, TOP_MOST, r->arena, &words,
                              &n, err);
    for (size_t i = 0; st == HX_OK && i < n; i++) {
        hx_str form;
        st = hx_keyword_stems(words[i].text, r->arena, &form, err);
        if (st != HX_OK || is_among(said, n_said, form)) continue;
        said[n_said++] = form;
        for (size_t k = 0; k < 2; k++) {
            if (i >= tops[k]) continue;
            r->at[k].said++;
            r->at[k].right += is_among(chosen, n_chosen, form);
        }
    }
    r->chosen += n_chosen;
    return st;
}

static json_t *record_of(const keyword_run *r, hx_engine engine, const char *method) {
    json_t *o =
        json_pack("{s:s,s:s,s:s,s:I,s:I}", "task", "keywords", "engine", hx_engine_name(engine),
                  "method", method, "n", (json_int_t)r->rows.n, "chosen", (json_int_t)r->chosen);
    static const char *const names[2][3] = {{"p@5", "r@5", "f1@5"}, {"p@10", "r@10", "f1@10"}};
    for (size_t k = 0; k < 2; k++) {
        const double right = (double)r->at[k].right, said = (double)r->at[k].said,
                     chosen = (double)r->chosen;
        const double values[3] = {said > 0 ? right / said : 0, chosen > 0 ? right / chosen : 0,
                                  said + chosen > 0 ? 2 * right / (said + chosen) : 0};
        for (size_t i = 0; i < 3; i++)
            json_object_set_new(o, names[k][i], json_real(values[i]));
    }
    return o;
}

static hx_status read_ahead(keyword_run *r, size_t from, hx_error *err) {
    size_t left = r->rows.n - from;
    return hx_text_ahead(r->annotator, r->rows.texts + from,
                         left < HX_TEXT_AHEAD ? left : HX_TEXT_AHEAD, HX_ASKS_KEYWORDS, err);
}

static bool run_method(keyword_run *r, hx_engine engine, hx_keyword_method method, const char *name,
                       json_t *records) {
    hx_error err = {.ui = r->c->ui};
    memset(r->at, 0, sizeof r->at);
    r->chosen = 0;
    for (size_t i = 0; i < r->rows.n; i++) {
        if (hx_flag_is_raised(&r->c->cancel)) return false;
        hx_status st =
            method == HX_KEYWORDS_LLAMA && i % HX_TEXT_AHEAD == 0 ? read_ahead(r, i, &err) : HX_OK;
        if (st == HX_OK) st = count_text(r, i, method, &err);
        if (st != HX_OK) return hx_cli_error(r->c, &err), false;
    }
    (void)json_array_append_new(records, record_of(r, engine, name));
    return true;
}

static bool run_engine(keyword_run *r, hx_engine engine, json_t *records) {
    static const char *const rules[] = {"tfidf", "textrank", "yake"};
    hx_error err = {.ui = r->c->ui};
    hx_text_model *model = hx_cli_text_model_of(r->c, engine);
    bool done = model != NULL;
    if (done && hx_annotator_new(&r->annotator, model, &err) != HX_OK) {
        (void)hx_cli_error(r->c, &err);
        done = false;
    }
    for (int m = 0; done && engine == HX_ENGINE_RULES && m < 3; m++)
        done = run_method(r, engine, (hx_keyword_method)m, rules[m], records);
    if (done && engine == HX_ENGINE_LEARN)
        done = run_method(r, engine, HX_KEYWORDS_LEARN, "learn", records);
    if (done && engine == HX_ENGINE_LLAMA)
        done = run_method(r, engine, HX_KEYWORDS_LLAMA, "llama", records) &&
               run_method(r, engine, HX_KEYWORDS_EMBEDDING, "embedding", records) &&
               run_method(r, engine, HX_KEYWORDS_ATTENTION, "attention", records);
    hx_annotator_free(r->annotator);
    hx_text_model_close(model);
    r->annotator = NULL;
    return done;
}

static bool put(hx_cli *c, json_t *records) {
    static const hx_record_column columns[] = {
        {"engine", "engine", "引擎", HX_CELL_LEFT},  {"method", "method", "算法", HX_CELL_LEFT},
        {"n", "texts", "文本数", HX_CELL_RIGHT},     {"p@5", "P@5", "P@5", HX_CELL_PERCENT},
        {"r@5", "R@5", "R@5", HX_CELL_PERCENT},      {"f1@5", "F1@5", "F1@5", HX_CELL_PERCENT},
        {"p@10", "P@10", "P@10", HX_CELL_PERCENT},   {"r@10", "R@10", "R@10", HX_CELL_PERCENT},
        {"f1@10", "F1@10", "F1@10", HX_CELL_PERCENT}};
    return hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
}

int hx_cmd_evaluate_keywords(hx_cli *c) {
    const char *data = c->options.text[HX_OPT_FORETOLD], *engine = c->options.text[HX_OPT_ENGINE];
    const bool all = !engine || strcmp(engine, "all") == 0;
    const bool rules = all || strcmp(engine, hx_engine_name(HX_ENGINE_RULES)) == 0;
    const bool learn = all || strcmp(engine, hx_engine_name(HX_ENGINE_LEARN)) == 0;
    const bool llama = all || strcmp(engine, hx_engine_name(HX_ENGINE_LLAMA)) == 0;
    const bool small = llama && hx_cli_small_is_there(c);
    keyword_run r = {.c = c, .arena = hx_arena_new(0)};
    if (!data) return hx_cli_usage(c, "evaluate needs --data FILE", "evaluate 需要 --data 文件");
    if (!rules && !learn && !small)
        return llama ? hx_cli_usage(c,
                                    "evaluate keywords asks engine llama of huaxiang-small alone, "
                                    "which is not installed",
                                    "evaluate keywords 的引擎 llama 只用 "
                                    "huaxiang-small，它没有安装")
                     : hx_cli_usage(c,
                                    "evaluate keywords asks the engines rules, learn, llama or all",
                                    "evaluate keywords 的引擎为 rules、learn、llama 或 all");
    if (!r.arena) return no_memory(c);
    json_t *records = json_array();
    bool done = hx_rated_read(c, data, HX_RATE_KEYWORDS, &r.rows) &&
                (!rules || run_engine(&r, HX_ENGINE_RULES, records)) &&
                (!learn || run_engine(&r, HX_ENGINE_LEARN, records)) &&
                (!small || run_engine(&r, HX_ENGINE_LLAMA, records)) && put(c, records);
    if (done && all && !small) hx_cli_say_no_small(c);
    json_decref(records);
    hx_arena_free(r.arena);
    return done ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
