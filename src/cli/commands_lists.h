/* commands_lists.h - lists of option ids that several commands take, for the tables of commands alone.
 *
 * A list stands in a row of the table as LIST(FILTER, HX_OPT_TOP): the ids in the order in which help shows them. */
#ifndef HX_CLI_COMMANDS_LISTS_H
#define HX_CLI_COMMANDS_LISTS_H

#include "cli/commands.h"

#define LIST(...)                                                                                  \
    (const unsigned short[]) {                                                                     \
        __VA_ARGS__, HX_OPT_N                                                                      \
    }
#define READING HX_OPT_FORMAT_IN, HX_OPT_DELIMITER, HX_OPT_QUOTE, HX_OPT_NO_HEADER, HX_OPT_SHEET
#define TASTES                                                                                     \
    HX_OPT_PREFER_COMMENT, HX_OPT_PREFER_ABOUT, HX_OPT_PREFER_CATEGORIES, HX_OPT_PREFER_PRICES
#define RECORDS HX_OPT_FORMAT, HX_OPT_OUT
#define VIEW HX_OPT_STORE, HX_OPT_AS_OF, HX_OPT_TIMEZONE, RECORDS
#define TEXTS READING, RECORDS, HX_OPT_HEAD, HX_OPT_THREADS, HX_OPT_TEXT, HX_OPT_MAP, HX_OPT_REJECTS
#define TRAINING                                                                                   \
    HX_OPT_TOKENIZER, HX_OPT_CONFIG, HX_OPT_LAYERS, HX_OPT_WIDTH, HX_OPT_HEADS, HX_OPT_KV_HEADS,   \
        HX_OPT_FF, HX_OPT_VOCAB, HX_OPT_OBJECTIVE, HX_OPT_BATCH_TOKENS, HX_OPT_BATCH,              \
        HX_OPT_LENGTH, HX_OPT_RATE, HX_OPT_SCHEDULE, HX_OPT_STEPS, HX_OPT_EPOCHS, HX_OPT_MINUTES,  \
        HX_OPT_WARMUP, HX_OPT_ACCUMULATE, HX_OPT_CHECKPOINT_MINUTES, HX_OPT_EVALUATE_EVERY,        \
        HX_OPT_INIT, HX_OPT_OPTIMIZER, HX_OPT_WEIGHT_DECAY, HX_OPT_TARGET_KIND, HX_OPT_TEST_SIZE,  \
        HX_OPT_SPLIT, HX_OPT_VALIDATION_FILE, HX_OPT_TEST_FILE, HX_OPT_LORA, HX_OPT_LORA_ALPHA,    \
        HX_OPT_FREEZE, HX_OPT_LAYER_RATE, HX_OPT_EARLY_STOPPING, HX_OPT_AUGMENT,                   \
        HX_OPT_CLASS_WEIGHTS, HX_OPT_SMOOTHING, HX_OPT_FOCAL, HX_OPT_EMA, HX_OPT_DROPOUT,          \
        HX_OPT_TEACHER, HX_OPT_TEACHER_SHARE, HX_OPT_HIDDEN_SHARE, HX_OPT_TEMPERATURE,             \
        HX_OPT_FOLDS, HX_OPT_LEARNER, HX_OPT_TRIALS, HX_OPT_SEARCH, HX_OPT_DROP_LEAKS,             \
        HX_OPT_RECOMPUTE, HX_OPT_ARITHMETIC, HX_OPT_LOWER, HX_OPT_SYNONYMS, HX_OPT_HOMOPHONES,     \
        HX_OPT_SHAPES, HX_OPT_MIXUP, HX_OPT_LORA_TARGETS, HX_OPT_LORA_DROPOUT,                     \
        HX_OPT_FREEZE_LAYERS, HX_OPT_BETA2, HX_OPT_CLIP, HX_OPT_SWA_FROM, HX_OPT_QUANTISE_BITS
#define FILTER TEXTS, HX_OPT_ENGINE, HX_OPT_USER_WORDS

#endif
