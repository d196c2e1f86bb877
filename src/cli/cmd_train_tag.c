/* cmd_train_tag.c - train tag: tags of words, or trees of sentences; train multitask: all tasks of a configuration.
 *
 * What `tag` and transformers read is a softmax over a word's first token, which is therefore the usual; transitions (crf) and trees stay with
 * the training. */
#include "cli/commands.h"
#include "cli/train.h"

static bool is_bounded(const json_t *config) {
    return json_object_get(config, "steps") || json_object_get(config, "minutes") ||
           json_object_get(config, "epochs");
}

int hx_cmd_train_tag(hx_cli *c) {
    static const char *const kinds[] = {NULL, NULL, NULL, "tag", "crf", "parse", "segment"};
    int status;
    const char *kind = "tag";
    if (hx_cli_has(&c->options, HX_OPT_TARGET_KIND))
        kind = kinds[c->options.number[HX_OPT_TARGET_KIND]];
    if (!kind)
        return hx_cli_usage(c, "train tag: --target must be tag, crf, parse or segment",
                            "train tag：--target 须为 tag、crf、parse 或 segment");
    json_t *config = hx_train_config_of(c, "tag", &status);
    if (!config) return status;
    json_t *task = hx_train_task_of(config);
    status = hx_train_put_parts(c, task);
    if (status == HX_EXIT_DONE && !json_object_get(task, "data"))
        status = hx_cli_usage(c, "train tag needs --data FILE", "train tag 需要 --data 文件");
    if (status != HX_EXIT_DONE) {
        json_decref(config);
        return status;
    }
    if (hx_cli_has(&c->options, HX_OPT_CLASS_WEIGHTS))
        (void)json_object_set_new(task, "balanced",
                                  json_boolean(c->options.number[HX_OPT_CLASS_WEIGHTS] == 1));
    hx_train_usual(task, "kind", json_string(kind));
    if (!is_bounded(config)) hx_train_usual(config, "epochs", json_real(3));
    hx_train_usual(config, "schedule", json_string("linear"));
    hx_train_put_small(c, config, task);
    return hx_train_go(c, config, HX_TRAIN_ONE);
}

/* The argument is the configuration; options overrule what is not the tasks' own. */
int hx_cmd_train_multitask(hx_cli *c) {
    int status;
    if (c->n_args != 1 || hx_cli_has(&c->options, HX_OPT_CONFIG) || c->options.n_list > 0)
        return hx_cli_usage(c, "train multitask takes one CONFIG.json, which names all data",
                            "train multitask 只接受一个 CONFIG.json，数据都写在其中");
    c->options.text[HX_OPT_CONFIG] = c->args[0];
    c->n_args = 0;
    json_t *config = hx_train_config_of(c, "task", &status);
    if (!config) return status;
    if (!is_bounded(config)) hx_train_usual(config, "epochs", json_real(3));
    return hx_train_go(c, config, HX_TRAIN_ONE);
}
