/* cmd_teach.c - teach: corrections of single texts, their list, and taking one back; the journal is the library's (hx_memory_...).
 *
 * add says what the engine answered before and what it answers now. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"

static hx_sentiment_label sentiment_of(const char *name) {
    for (int k = HX_SENTIMENT_NEGATIVE; k < HX_SENTIMENT_N; k++)
        if (strcmp(name, hx_sentiment_name((hx_sentiment_label)k)) == 0)
            return (hx_sentiment_label)k;
    return HX_SENTIMENT_NONE;
}

static bool put_records(hx_cli *c, json_t *records) {
    static const hx_record_column columns[] = {{"id", "no.", "编号", HX_CELL_RIGHT},
                                               {"text", "text", "文本", HX_CELL_LEFT},
                                               {"before", "before", "原判断", HX_CELL_CODE},
                                               {"label", "label", "标签", HX_CELL_CODE},
                                               {"engine", "engine", "引擎", HX_CELL_LEFT},
                                               {"at", "given", "时间", HX_CELL_TIME},
                                               {"undone", "taken back", "已撤回", HX_CELL_LEFT}};
    bool done = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return done;
}

/* What the model answers as it stands; NONE after a sentence. */
static hx_sentiment_label answer_to(hx_cli *c, hx_str text, hx_engine *engine) {
    hx_error err = {.ui = c->ui};
    hx_annotator *a = NULL;
    hx_sentiment s = {.label = HX_SENTIMENT_NONE};
    hx_text_model *m = hx_cli_text_model(c);
    if (!m) return HX_SENTIMENT_NONE;
    *engine = hx_text_model_engine(m);
    hx_status st = hx_annotator_new(&a, m, &err);
    if (st == HX_OK) st = hx_text_sentiment(a, text, c->arena, &s, &err);
    if (st != HX_OK) hx_cli_error(c, &err);
    hx_annotator_free(a);
    hx_text_model_close(m);
    return st == HX_OK ? s.label : HX_SENTIMENT_NONE;
}

static int add(hx_cli *c, const char *path) {
    hx_error err = {.ui = c->ui};
    hx_engine engine;
    int64_t id;
    hx_str text = hx_str_of(c->args[0]);
    hx_sentiment_label label = sentiment_of(c->args[1]);
    if (label == HX_SENTIMENT_NONE)
        return hx_cli_usage(c, "%s is no label: positive, negative, neutral or mixed",
                            "%s 不是标签：应为 positive、negative、neutral 或 mixed", c->args[1]);
    const char *given = c->options.text[HX_OPT_MEMORY];
    if (given && access(given, F_OK) != 0) c->options.text[HX_OPT_MEMORY] = NULL;
    if (!hx_cli_engine(c)) return HX_EXIT_FAILED;
    hx_sentiment_label before = answer_to(c, text, &engine);
    c->options.text[HX_OPT_MEMORY] = given;
    if (before == HX_SENTIMENT_NONE) return HX_EXIT_FAILED;
    if (hx_memory_teach(path, text, label, engine, hx_cli_now(), &id, &err) != HX_OK)
        return hx_cli_error(c, &err);
    json_t *records = json_array();
    (void)json_array_append_new(
        records, json_pack("{s:I,s:s%,s:s,s:s,s:s}", "id", (json_int_t)id, "text", text.ptr,
                           text.len, "before", hx_sentiment_name(before), "label",
                           hx_sentiment_name(label), "engine", hx_engine_name(engine)));
    bool done = put_records(c, records);
    hx_cli_note(c, "kept in %s; 'huaxiang teach undo %lld' takes it back",
                "已记入 %s；“huaxiang teach undo %lld”可撤回", path, (long long)id);
    return done ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int list(hx_cli *c, const char *path) {
    hx_error err = {.ui = c->ui};
    const hx_taught *all;
    size_t n;
    if (hx_memory_read(path, c->arena, &all, &n, &err) != HX_OK) return hx_cli_error(c, &err);
    json_t *records = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(
            records,
            json_pack("{s:I,s:s%,s:s,s:s%,s:s%,s:b}", "id", (json_int_t)all[i].id, "text",
                      all[i].text.ptr, all[i].text.len, "label", hx_sentiment_name(all[i].label),
                      "engine", all[i].engine.ptr ? all[i].engine.ptr : "", all[i].engine.len, "at",
                      all[i].at.ptr ? all[i].at.ptr : "", all[i].at.len, "undone", all[i].undone));
    return put_records(c, records) ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int take_back(hx_cli *c, const char *path) {
    hx_error err = {.ui = c->ui};
    double id;
    if (!hx_cli_parse_real(c->args[0], &id) || id < 1 || id > 1e9)
        return hx_cli_usage(c, "%s is no number of a correction; 'teach list' shows them",
                            "%s 不是更正的编号；“teach list”列出全部", c->args[0]);
    if (hx_memory_undo(path, (int64_t)id, hx_cli_now(), &err) != HX_OK)
        return hx_cli_error(c, &err);
    hx_cli_note(c, "correction %s is taken back", "更正 %s 已撤回", c->args[0]);
    return HX_EXIT_DONE;
}

int hx_cmd_teach(hx_cli *c) {
    static const struct {
        const char *name;
        int args;
        int (*run)(hx_cli *c, const char *path);
    } actions[] = {{"add", 2, add}, {"list", 0, list}, {"undo", 1, take_back}};
    const char *path = hx_cli_memory(c);
    if (!path)
        return hx_cli_usage(c, "teach needs --memory FILE or --store STORE",
                            "teach 需要 --memory 文件 或 --store 库");
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].name, c->action) != 0) continue;
        if (c->n_args != actions[i].args)
            return hx_cli_usage(c, "teach add TEXT LABEL, teach list, teach undo N",
                                "teach add 文本 标签、teach list、teach undo 编号");
        return actions[i].run(c, path);
    }
    return HX_EXIT_USAGE;
}
