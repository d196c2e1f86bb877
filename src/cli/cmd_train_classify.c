/* cmd_train_classify.c - train classify: labels of texts, several labels a text, or a number.
 *
 * Without --model a small new model is trained, which needs a tokenizer. */

#include "cli/commands.h"
#include "cli/train.h"

static void put_usual(const hx_cli *c, json_t *config, json_t *task) {
    static const char *const kinds[] = {"label", "labels", "number"};
    const hx_cli_values *v = &c->options;
    bool bounded = json_object_get(config, "steps") || json_object_get(config, "minutes");
    if (hx_cli_has(v, HX_OPT_TARGET_KIND))
        (void)json_object_set_new(task, "kind", json_string(kinds[v->number[HX_OPT_TARGET_KIND]]));
    if (hx_cli_has(v, HX_OPT_POOLING))
        (void)json_object_set_new(task, "mean", json_boolean(v->number[HX_OPT_POOLING] == 1));
    if (hx_cli_has(v, HX_OPT_CLASS_WEIGHTS))
        (void)json_object_set_new(task, "balanced",
                                  json_boolean(v->number[HX_OPT_CLASS_WEIGHTS] == 1));
    hx_train_usual(task, "kind", json_string("label"));
    if (!bounded) hx_train_usual(config, "epochs", json_real(3));
    hx_train_usual(config, "schedule", json_string("linear"));
}

int hx_cmd_train_classify(hx_cli *c) {
    int status;
    if (c->options.number[HX_OPT_TARGET_KIND] > 2)
        return hx_cli_usage(c, "train classify: --target must be label, labels or number",
                            "train classify：--target 须为 label、labels 或 number");
    json_t *config = hx_train_config_of(c, "label", &status);
    if (!config) return status;
    json_t *task = hx_train_task_of(config);
    status = hx_train_put_parts(c, task);
    if (status == HX_EXIT_DONE && !json_object_get(task, "data"))
        status =
            hx_cli_usage(c, "train classify needs --data FILE", "train classify 需要 --data 文件");
    if (status != HX_EXIT_DONE) {
        json_decref(config);
        return status;
    }
    put_usual(c, config, task);
    return hx_train_go(c, config);
}
