/* cmd_train_classify.c - train classify: labels of texts. */
#include "cli/commands.h"
#include "cli/train.h"

int hx_cmd_train_classify(hx_cli *c) {
    return hx_cli_usage(c, "train classify needs --data FILE", "train classify 需要 --data 文件");
}
