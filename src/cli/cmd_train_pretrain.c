/* cmd_train_pretrain.c - train pretrain: a language model from plain text.
 *
 *     --objective causal | masked | mixed[:SHARE] | replaced | spelling
 *
 * The second number of mixed is the share of sequences that are masked and read in both directions. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/train.h"

static int put_objective(hx_cli *c, json_t *task) {
    static const char known[] = "causal,masked,mixed,replaced,spelling";
    const char *given = c->options.text[HX_OPT_OBJECTIVE],
               *colon = given ? strchr(given, ':') : NULL;
    char name[32] = "causal";
    double share = 0;
    size_t n = given ? (colon ? (size_t)(colon - given) : strlen(given)) : 0;
    if (!given) {
        hx_train_usual(task, "kind", json_string(name));
        return HX_EXIT_DONE;
    }
    if (n < sizeof name) (void)snprintf(name, sizeof name, "%.*s", (int)n, given);
    bool bad =
        colon && (strcmp(name, "mixed") != 0 || !hx_cli_parse_real(colon + 1, &share) || share > 1);
    if (n >= sizeof name || hx_cli_choice(known, name) < 0 || bad)
        return hx_cli_usage(c, "--objective must be one of %s, mixed with a share: mixed:0.5",
                            "--objective 须为 %s 之一，mixed 可带比例：mixed:0.5", known);
    (void)json_object_set_new(task, "kind", json_string(name));
    if (colon) (void)json_object_set_new(task, "mixed", json_real(share));
    return HX_EXIT_DONE;
}

int hx_cmd_train_pretrain(hx_cli *c) {
    int status;
    json_t *config = hx_train_config_of(c, "lm", &status);
    if (!config) return status;
    json_t *task = hx_train_task_of(config);
    status = put_objective(c, task);
    if (status == HX_EXIT_DONE && !json_object_get(task, "data"))
        status =
            hx_cli_usage(c, "train pretrain needs --data FILE", "train pretrain 需要 --data 文件");
    if (status != HX_EXIT_DONE) {
        json_decref(config);
        return status;
    }
    bool bounded = json_object_get(config, "steps") || json_object_get(config, "epochs") ||
                   json_object_get(config, "minutes");
    if (!bounded) hx_train_usual(config, "epochs", json_real(1));
    hx_train_usual(config, "schedule", json_string("wsd"));
    hx_train_usual(config, "batch_tokens", json_integer(4096));
    const char *optimizer = json_string_value(json_object_get(config, "optimizer"));
    if (!optimizer || strcmp(optimizer, "adamw") == 0 || strcmp(optimizer, "muon") == 0)
        hx_train_usual(config, "beta2", json_real(0.95));
    hx_train_usual(config, "weight_decay", json_real(0.1));
    return hx_train_go(c, config, HX_TRAIN_ONE);
}
