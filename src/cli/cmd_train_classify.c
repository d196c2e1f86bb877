/* cmd_train_classify.c - train classify: labels of texts, several labels a text, or a number.
 *
 *     --split 70,15,15 gives the shares of training, validation and test; --test-size 0.2 is 80,0,20: then the test's texts also choose
 *     the best epoch, as most tutorials do it, and the figures flatter a little. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/train.h"

static int put_split(hx_cli *c, json_t *task) {
    double parts[3] = {0}, sum = 0;
    const char *at = c->options.text[HX_OPT_SPLIT];
    if (!at) return HX_EXIT_DONE;
    for (int i = 0; i < 3 && at; i++) {
        char *end = NULL;
        parts[i] = strtod(at, &end);
        bool fine = end != at && parts[i] >= 0 && *end == (i < 2 ? ',' : '\0');
        at = fine ? end + 1 : NULL;
        sum += parts[i];
    }
    if (!at || !(parts[0] > 0) || !(sum > 0))
        return hx_cli_usage(c, "--split must be three shares: 70,15,15",
                            "--split 须为三个比例：70,15,15");
    (void)json_object_set_new(task, "validation_size", json_real(parts[1] / sum));
    (void)json_object_set_new(task, "test_size", json_real(parts[2] / sum));
    return HX_EXIT_DONE;
}

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
    if (hx_cli_has(v, HX_OPT_TEST_FILE) || hx_cli_has(v, HX_OPT_VALIDATION_FILE))
        hx_train_usual(task, "test_size", json_real(0));
    if (!bounded) hx_train_usual(config, "epochs", json_real(3));
    hx_train_usual(config, "schedule", json_string("linear"));
}

int hx_cmd_train_classify(hx_cli *c) {
    int status;
    json_t *config = hx_train_config_of(c, "label", &status);
    if (!config) return status;
    json_t *task = hx_train_task_of(config);
    status = put_split(c, task);
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
