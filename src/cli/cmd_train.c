/* cmd_train.c - train: finds the work that was asked for.
 *
 * Each kind of training has its file (cmd_train_*.c) and a row here and among the actions of the command table. All of them leave a run
 * folder, or for `tokenizer` a file. An option that the kind does not read is refused, by the table below. */
#include <string.h>

#include "cli/commands.h"
#include "cli/train.h"

typedef enum { /* bits: kinds that read an option */
               TOKENIZER = 1,
               PRETRAIN = 2,
               CLASSIFY = 4,
               TAG = 8,
               MULTITASK = 16,
               COMPARE = 32,
               TUNE = 64,
               TEXTS = CLASSIFY | COMPARE | TUNE,
               LABELLED = TEXTS | TAG,
               LEARNT = LABELLED | PRETRAIN, /* with one task */
               RUNS = LEARNT | MULTITASK
} kind_bits;

typedef struct {
    const char *name;
    kind_bits bit;
    int (*run)(hx_cli *c);
} training;

/* What is not here is read by every kind that leaves a run, and not by `tokenizer`. */
static const struct {
    hx_cli_option_id id;
    unsigned read_by;
} readers[] = {
    {HX_OPT_HELP, RUNS | TOKENIZER},
    {HX_OPT_VERSION, RUNS | TOKENIZER},
    {HX_OPT_LANG, RUNS | TOKENIZER},
    {HX_OPT_QUIET, RUNS | TOKENIZER},
    {HX_OPT_TARGET, RUNS | TOKENIZER},
    {HX_OPT_THREADS, RUNS | TOKENIZER},
    {HX_OPT_VOCAB, RUNS | TOKENIZER},
    {HX_OPT_FORCE, TOKENIZER},
    {HX_OPT_COVERAGE, TOKENIZER},
    {HX_OPT_HAN_ALONE, TOKENIZER},
    {HX_OPT_DIGITS, TOKENIZER},
    {HX_OPT_SYMBOLS, TOKENIZER},
    {HX_OPT_TRAIN_DATA, LEARNT | TOKENIZER},
    {HX_OPT_TEXT, LEARNT | TOKENIZER},
    {HX_OPT_OBJECTIVE, PRETRAIN},
    {HX_OPT_LENGTH, PRETRAIN},
    {HX_OPT_TEXT2, CLASSIFY},
    {HX_OPT_LABEL, LABELLED},
    {HX_OPT_TARGET_KIND, LABELLED},
    {HX_OPT_TEST_SIZE, LABELLED},
    {HX_OPT_SPLIT, LABELLED},
    {HX_OPT_TEST_FILE, LEARNT},
    {HX_OPT_VALIDATION_FILE, LEARNT},
    {HX_OPT_MAX_LENGTH, LABELLED},
    {HX_OPT_LOWER, LABELLED},
    {HX_OPT_DROP_LEAKS, LABELLED},
    {HX_OPT_BIDIRECTIONAL, LABELLED},
    {HX_OPT_CLASS_WEIGHTS, LABELLED},
    {HX_OPT_FOCAL, LABELLED},
    {HX_OPT_SMOOTHING, LEARNT},
    {HX_OPT_TEACHER, LEARNT},
    {HX_OPT_TEACHER_SHARE, LEARNT},
    {HX_OPT_HIDDEN_SHARE, LEARNT},
    {HX_OPT_TEMPERATURE, LEARNT},
    {HX_OPT_HOMOPHONES, TEXTS | PRETRAIN},
    {HX_OPT_SHAPES, TEXTS | PRETRAIN},
    {HX_OPT_SYNONYMS, TEXTS},
    {HX_OPT_AUGMENT, TEXTS},
    {HX_OPT_MIXUP, TEXTS},
    {HX_OPT_POOLING, TEXTS},
    {HX_OPT_FOLDS, CLASSIFY | COMPARE},
    {HX_OPT_LEARNER, CLASSIFY | COMPARE},
    {HX_OPT_TRIALS, TUNE},
    {HX_OPT_SEARCH, TUNE},
};

static unsigned read_by(int id) {
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if ((int)readers[i].id == id) return readers[i].read_by;
    return RUNS;
}

static int check_options(hx_cli *c, const training *t) {
    for (int id = 0; id < HX_OPT_N; id++)
        if (hx_cli_has(&c->options, (hx_cli_option_id)id) && !(read_by(id) & t->bit))
            return hx_cli_usage(c, "train %s has no --%s", "train %s 没有 --%s", t->name,
                                hx_cli_options[id].name);
    if (hx_cli_has(&c->options, HX_OPT_MODEL) && hx_cli_has(&c->options, HX_OPT_INIT))
        return hx_cli_usage(c, "--model and --init both say what to start from: leave one out",
                            "--model 和 --init 都指定起始模型：请去掉其中一个");
    return HX_EXIT_DONE;
}

int hx_cmd_train(hx_cli *c) {
    static const training kinds[] = {
        {"pretrain", PRETRAIN, hx_cmd_train_pretrain},
        {"classify", CLASSIFY, hx_cmd_train_classify},
        {"tag", TAG, hx_cmd_train_tag},
        {"multitask", MULTITASK, hx_cmd_train_multitask},
        {"compare", COMPARE, hx_cmd_train_compare},
        {"tune", TUNE, hx_cmd_train_tune},
        {"tokenizer", TOKENIZER, hx_cmd_train_tokenizer},
    };
    hx_cli_catch_interrupts(c);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, c->action) != 0) continue;
        int status = check_options(c, &kinds[i]);
        return status == HX_EXIT_DONE ? kinds[i].run(c) : status;
    }
    return HX_EXIT_USAGE;
}
