/* train.h - what the kinds of training share on the command line; see cmd_train.c. */
#ifndef HX_CLI_TRAIN_H
#define HX_CLI_TRAIN_H

#include "cli/cli.h"

/* Each returns the exit status. A row in cmd_train.c and an action in commands.c make one known. */
int hx_cmd_train_pretrain(hx_cli *c);
int hx_cmd_train_classify(hx_cli *c);

#endif
