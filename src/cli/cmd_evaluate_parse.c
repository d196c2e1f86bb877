/* cmd_evaluate_parse.c - evaluate parse: words, parts of speech and trees of raw text against a treebank in CoNLL-U.
 *
 * Figures are those of the CoNLL 2018 shared task: F1 of sentences and words, and of UPOS, heads (UAS) and heads with relations (LAS) over all words.
 * Without a model there are words alone, by the rules. */
#include <math.h>

#include "cli/evaluate.h"
#include "cli/output.h"

static bool put_figures(hx_cli *c, const char *engine, bool trees, const hx_tree_figures *f) {
    static const hx_record_column columns[] = {
        {"engine", "engine", "引擎", HX_CELL_LEFT},
        {"sentences", "sentences", "句数", HX_CELL_RIGHT},
        {"words", "words", "词数", HX_CELL_RIGHT},
        {"sentences_f1", "sentences F1", "分句 F1", HX_CELL_PERCENT},
        {"words_f1", "words F1", "分词 F1", HX_CELL_PERCENT},
        {"upos", "UPOS", "UPOS", HX_CELL_PERCENT},
        {"uas", "UAS", "UAS", HX_CELL_PERCENT},
        {"las", "LAS", "LAS", HX_CELL_PERCENT},
        {"sentences_per_second", "sentences/s", "句/秒", HX_CELL_RIGHT}};
    json_t *records = json_array();
    json_t *one = json_pack("{s:s,s:s,s:I,s:I,s:f,s:f}", "task", "parse", "engine", engine,
                            "sentences", (json_int_t)f->sentences, "words", (json_int_t)f->words,
                            "sentences_f1", f->sentences_f1, "words_f1", f->words_f1);
    if (trees) {
        (void)json_object_set_new(one, "upos", json_real(f->upos_f1));
        (void)json_object_set_new(one, "uas", json_real(f->uas_f1));
        (void)json_object_set_new(one, "las", json_real(f->las_f1));
    }
    double seconds = f->seconds > 0 ? f->seconds : 1;
    (void)json_object_set_new(one, "sentences_per_second",
                              json_real(floor((double)f->sentences / seconds)));
    (void)json_array_append_new(records, one);
    bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

int hx_cmd_evaluate_parse(hx_cli *c) {
    const char *data = c->options.text[HX_OPT_FORETOLD], *engine = c->options.text[HX_OPT_ENGINE];
    hx_error err = {.ui = c->ui};
    hx_tree_figures f;
    hx_words_standard standard = hx_cli_has(&c->options, HX_OPT_STANDARD)
                                     ? (hx_words_standard)c->options.number[HX_OPT_STANDARD]
                                     : HX_WORDS_UD;
    int asked = engine ? hx_cli_choice("rules,llama", engine) : -1;
    if (!data) return hx_cli_usage(c, "evaluate needs --data FILE", "evaluate 需要 --data 文件");
    if (engine && asked < 0)
        return hx_cli_usage(c, "evaluate parse asks the engines rules or llama",
                            "evaluate parse 的引擎为 rules 或 llama");
    hx_text_model *m = hx_cli_text_model_of(c, asked < 0   ? HX_ENGINE_AUTO
                                               : asked > 0 ? HX_ENGINE_LLAMA
                                                           : HX_ENGINE_RULES);
    if (!m) return HX_EXIT_FAILED;
    bool trees = hx_text_model_engine(m) == HX_ENGINE_LLAMA;
    bool done = hx_trees_evaluate(m, data, standard, &f, &err) == HX_OK;
    if (!done && err.code == HX_EFORMAT)
        (void)hx_cli_fail(c, "%s: %s", "%s：%s", data, err.message);
    else if (!done)
        (void)hx_cli_error(c, &err);
    if (done && !trees && !engine)
        hx_cli_note(c,
                    "words alone, by the rules: parts of speech and trees need a model; "
                    "'huaxiang models list' shows which there are",
                    "仅按规则分词：词性和依存树需要模型；“huaxiang models list”列出可用模型");
    done = done && put_figures(c, hx_engine_name(hx_text_model_engine(m)), trees, &f);
    hx_text_model_close(m);
    return done ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
