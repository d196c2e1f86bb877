/* cmd_train.c - train: finds the work that was asked for.
 *
 * Each kind of training has its file (cmd_train_*.c) and a row here and among the actions of the command table. All of them leave a run
 * folder, or for `tokenizer` a file. */
#include <string.h>

#include "cli/commands.h"
#include "cli/train.h"

typedef struct {
    const char *name;
    int (*run)(hx_cli *c);
} training;

int hx_cmd_train(hx_cli *c) {
    static const training kinds[] = {
        {"pretrain", hx_cmd_train_pretrain},
        {"classify", hx_cmd_train_classify},
        {"tag", hx_cmd_train_tag},
        {"multitask", hx_cmd_train_multitask},
        {"compare", hx_cmd_train_compare},
        {"tune", hx_cmd_train_tune},
        {"tokenizer", hx_cmd_train_tokenizer},
    };
    hx_cli_catch_interrupts(c);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, c->action) == 0) return kinds[i].run(c);
    return HX_EXIT_USAGE;
}
