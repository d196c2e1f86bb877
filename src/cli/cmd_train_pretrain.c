/* cmd_train_pretrain.c - train pretrain: a language model from plain text. */
#include "cli/commands.h"
#include "cli/train.h"

int hx_cmd_train_pretrain(hx_cli *c) {
    return hx_cli_usage(c, "train pretrain needs --data FILE", "train pretrain 需要 --data 文件");
}
