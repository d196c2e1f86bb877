/* options.h - the one table of options, and what was given on the command line.
 *
 * An option means the same in every command that takes it; a command says which by a list of ids. */
#ifndef HX_CLI_OPTIONS_H
#define HX_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    HX_OPT_HELP = 0,
    HX_OPT_VERSION,
    HX_OPT_LANG,
    HX_OPT_QUIET,
    HX_OPT_SEED,
    HX_OPT_MODEL,
    HX_OPT_FORMAT,
    HX_OPT_EXPORT_FORMAT,
    HX_OPT_OUT,
    HX_OPT_HEAD,
    HX_OPT_STORE,
    HX_OPT_REPORT,
    HX_OPT_AS_OF,
    HX_OPT_TIMEZONE,
    HX_OPT_CURRENCY,
    HX_OPT_TEXT,
    HX_OPT_TEXT2,
    HX_OPT_MAP,
    HX_OPT_MAP_FILE,
    HX_OPT_FORMAT_IN,
    HX_OPT_DELIMITER,
    HX_OPT_QUOTE,
    HX_OPT_NO_HEADER,
    HX_OPT_SHEET,
    HX_OPT_DATE_ORDER,
    HX_OPT_REJECTS,
    HX_OPT_DRY_RUN,
    HX_OPT_RESUME,
    HX_OPT_NO_TEXT,
    HX_OPT_THREADS,
    HX_OPT_ENGINE,
    HX_OPT_LABELS,
    HX_OPT_ABSTAIN,
    HX_OPT_USER_WORDS,
    HX_OPT_ASPECTS,
    HX_OPT_ABOUT,
    HX_OPT_ADAPT,
    HX_OPT_LABEL_TASK,
    HX_OPT_SURE,
    HX_OPT_MEMORY,
    HX_OPT_STOP_FILE,
    HX_OPT_NO_STOP,
    HX_OPT_TOP,
    HX_OPT_METHOD,
    HX_OPT_KEEP_TRADITIONAL,
    HX_OPT_KEEP_CASE,
    HX_OPT_KEEP_URLS,
    HX_OPT_BY,
    HX_OPT_AGG,
    HX_OPT_FORCE,
    HX_OPT_YES,
    HX_OPT_PRECISION,
    HX_OPT_SPECIAL,
    HX_OPT_MAX_LENGTH,
    HX_OPT_PAD,
    HX_OPT_PIECES,
    HX_OPT_TASK,
    HX_OPT_THRESHOLD,
    HX_OPT_WORDS,
    HX_OPT_POOLING,
    HX_OPT_NORMALIZE,
    HX_OPT_BIDIRECTIONAL,
    HX_OPT_INSTRUCTION,
    HX_OPT_DATA,
    HX_OPT_GRAMMAR,
    HX_OPT_JSON_SCHEMA,
    HX_OPT_MAX_TOKENS,
    HX_OPT_TEMPERATURE,
    HX_OPT_TOP_K,
    HX_OPT_TOP_P,
    HX_OPT_MIN_P,
    HX_OPT_REPETITION_PENALTY,
    HX_OPT_STOP,
    HX_OPT_SYSTEM,
    HX_OPT_RAW,
    HX_OPT_LOG_PROBS,
    HX_OPT_CONTEXT,
    HX_OPT_PART,
    HX_OPT_FORETOLD,
    HX_OPT_AGAINST,
    HX_OPT_CALIBRATE,
    HX_OPT_TARGET,
    HX_OPT_TO,
    HX_OPT_TYPE,
    HX_OPT_ADAPTER,
    HX_OPT_KEEP_LAYERS,
    HX_OPT_VOCAB_FROM,
    HX_OPT_LABELLED,
    HX_OPT_TRY,
    HX_OPT_WEIGHTS,
    HX_OPT_TRAIN_DATA,
    HX_OPT_TOKENIZER,
    HX_OPT_CONFIG,
    HX_OPT_LAYERS,
    HX_OPT_WIDTH,
    HX_OPT_HEADS,
    HX_OPT_KV_HEADS,
    HX_OPT_FF,
    HX_OPT_VOCAB,
    HX_OPT_OBJECTIVE,
    HX_OPT_BATCH_TOKENS,
    HX_OPT_BATCH,
    HX_OPT_LENGTH,
    HX_OPT_RATE,
    HX_OPT_SCHEDULE,
    HX_OPT_STEPS,
    HX_OPT_EPOCHS,
    HX_OPT_MINUTES,
    HX_OPT_WARMUP,
    HX_OPT_ACCUMULATE,
    HX_OPT_CHECKPOINT_MINUTES,
    HX_OPT_EVALUATE_EVERY,
    HX_OPT_INIT,
    HX_OPT_OPTIMIZER,
    HX_OPT_WEIGHT_DECAY,
    HX_OPT_LABEL,
    HX_OPT_TARGET_KIND,
    HX_OPT_TEST_SIZE,
    HX_OPT_SPLIT,
    HX_OPT_VALIDATION_FILE,
    HX_OPT_TEST_FILE,
    HX_OPT_LORA,
    HX_OPT_LORA_ALPHA,
    HX_OPT_FREEZE,
    HX_OPT_LAYER_RATE,
    HX_OPT_EARLY_STOPPING,
    HX_OPT_AUGMENT,
    HX_OPT_CLASS_WEIGHTS,
    HX_OPT_SMOOTHING,
    HX_OPT_FOCAL,
    HX_OPT_EMA,
    HX_OPT_DROPOUT,
    HX_OPT_TEACHER,
    HX_OPT_TEACHER_SHARE,
    HX_OPT_HIDDEN_SHARE,
    HX_OPT_FOLDS,
    HX_OPT_LEARNER,
    HX_OPT_TRIALS,
    HX_OPT_SEARCH,
    HX_OPT_DROP_LEAKS,
    HX_OPT_RECOMPUTE,
    HX_OPT_ARITHMETIC,
    HX_OPT_LOWER,
    HX_OPT_SYNONYMS,
    HX_OPT_HOMOPHONES,
    HX_OPT_SHAPES,
    HX_OPT_MIXUP,
    HX_OPT_LORA_TARGETS,
    HX_OPT_LORA_DROPOUT,
    HX_OPT_FREEZE_LAYERS,
    HX_OPT_BETA2,
    HX_OPT_CLIP,
    HX_OPT_SWA_FROM,
    HX_OPT_QUANTISE_BITS,
    HX_OPT_COVERAGE,
    HX_OPT_HAN_ALONE,
    HX_OPT_DIGITS,
    HX_OPT_SYMBOLS,
    HX_OPT_COLUMNS,
    HX_OPT_WHERE,
    HX_OPT_MISSING,
    HX_OPT_AS_TEXT,
    HX_OPT_HTML,
    HX_OPT_PREFIX,
    HX_OPT_STRATIFY,
    HX_OPT_GROUP,
    HX_OPT_TIME,
    HX_OPT_FIT_ON,
    HX_OPT_SAVE,
    HX_OPT_RECIPE,
    HX_OPT_UNDO,
    HX_OPT_STEP_SET,
    HX_OPT_STEP_BY,
    HX_OPT_ORDER_BY,
    HX_OPT_IMPUTE_METHOD,
    HX_OPT_INTERPOLATE_METHOD,
    HX_OPT_SCALE_METHOD,
    HX_OPT_ENCODE_METHOD,
    HX_OPT_OUTLIERS_METHOD,
    HX_OPT_VALUE,
    HX_OPT_LIMIT,
    HX_OPT_MASK,
    HX_OPT_EXTRAPOLATE,
    HX_OPT_ACTION,
    HX_OPT_FACTOR,
    HX_OPT_FROM,
    HX_OPT_UNIT,
    HX_OPT_LEARN_TARGET,
    HX_OPT_LEARN_TASK,
    HX_OPT_LEARN_TEXT,
    HX_OPT_LEARN_TRUNK,
    HX_OPT_ITEMS,
    HX_OPT_USE,
    HX_OPT_DROP,
    HX_OPT_WEIGHT,
    HX_OPT_EVENT,
    HX_OPT_PARAM,
    HX_OPT_PARAMS,
    HX_OPT_SOLVER,
    HX_OPT_LEARNING_RATE,
    HX_OPT_COST,
    HX_OPT_ALL,
    HX_OPT_REPEATS,
    HX_OPT_OUTER,
    HX_OPT_WAYS,
    HX_OPT_SINGLE,
    HX_OPT_CALIBRATION,
    HX_OPT_CONFORMAL,
    HX_OPT_CERTAINTY,
    HX_OPT_SETS,
    HX_OPT_CURVE,
    HX_OPT_RANK_BY,
    HX_OPT_RANK_AT,
    HX_OPT_TUNE_SEARCH,
    HX_OPT_DURATION,
    HX_OPT_ENDED,
    HX_OPT_CURVE_GROUP,
    HX_OPT_RISK_USE,
    HX_OPT_TIES,
    HX_OPT_EXPORT_AS,
    HX_OPT_EXPORT_TABLE,
    HX_OPT_EXPORT_NAME,
    HX_OPT_CLUSTER_METHOD,
    HX_OPT_CLUSTERS,
    HX_OPT_SAVE_CLUSTERS,
    HX_OPT_RULES,
    HX_OPT_PROPOSE,
    HX_OPT_KEYS,
    HX_OPT_NEAR,
    HX_OPT_KEEP,
    HX_OPT_MAPPING,
    HX_OPT_KEY,
    HX_OPT_COMPARE,
    HX_OPT_TOLERANCE,
    HX_OPT_SURVIVE,
    HX_OPT_MERGED,
    HX_OPT_PROFILE_STORE,
    HX_OPT_NAME,
    HX_OPT_BASELINE,
    HX_OPT_ALPHA,
    HX_OPT_FEATURE_TIME,
    HX_OPT_PARTS,
    HX_OPT_WINDOW,
    HX_OPT_GAP,
    HX_OPT_PAGE,
    HX_OPT_INTERACT,
    HX_OPT_JOIN,
    HX_OPT_JOIN_KEY,
    HX_OPT_JOIN_AS_OF,
    HX_OPT_JOIN_TIME,
    HX_OPT_JOIN_TOLERANCE,
    HX_OPT_LEAK_CHECK,
    HX_OPT_WORD_METHOD,
    HX_OPT_DIMENSION,
    HX_OPT_WORD_WINDOW,
    HX_OPT_NEGATIVE,
    HX_OPT_MIN_COUNT,
    HX_OPT_SAMPLE,
    HX_OPT_WORD,
    HX_OPT_PLUS,
    HX_OPT_MINUS,
    HX_OPT_SIMILAR_TOP,
    HX_OPT_SEQUENCE,
    HX_OPT_TFIDF,
    HX_OPT_HASHED,
    HX_OPT_VECTORS,
    HX_OPT_CHARACTERS,
    HX_OPT_WORD_GRAMS,
    HX_OPT_SELECT_METHODS,
    HX_OPT_SELECT_BY,
    HX_OPT_SELECT_TOP,
    HX_OPT_WIDE,
    HX_OPT_SELECT_LIMIT,
    HX_OPT_MUST_KEEP,
    HX_OPT_MUST_NOT,
    HX_OPT_EXPLAIN_METHOD,
    HX_OPT_EXPLAIN_TOP,
    HX_OPT_ROW,
    HX_OPT_CLASS,
    HX_OPT_WANT,
    HX_OPT_FIXED,
    HX_OPT_BACKGROUND,
    HX_OPT_N
} hx_cli_option_id;

typedef struct {
    bool has[HX_OPT_N];
} hx_cli_option_set;

hx_cli_option_set hx_cli_option_globals(void); /* those that every command takes */

typedef enum {
    HX_OPT_FLAG = 0,
    HX_OPT_STRING,
    HX_OPT_NUMBER,
    HX_OPT_REAL, /* a decimal number */
    HX_OPT_CHOICE,
    HX_OPT_CHAR,
    HX_OPT_FILE,
    HX_OPT_LIST /* a text that may be given more than once; one option of a command at most */
} hx_cli_option_kind;
typedef enum {
    HX_GROUP_JOB = 0,
    HX_GROUP_READING,
    HX_GROUP_TEXT,
    HX_GROUP_MODEL,
    HX_GROUP_TRAINING,
    HX_GROUP_OUTPUT,
    HX_GROUP_GENERAL,
    HX_GROUP_N
} hx_cli_option_group;

typedef struct {
    const char *name; /* without dashes */
    char letter; /* 0 = none */
    hx_cli_option_kind kind;
    hx_cli_option_group group;
    const char *value; /* how help calls the value; of a choice: the choices, comma-separated */
    int64_t min, max; /* of a number, decimal or whole */
    const char *en, *zh;
} hx_cli_option;

extern const hx_cli_option hx_cli_options[HX_OPT_N];

#define HX_OPT_LIST_MAX 16

typedef struct {
    const char *text[HX_OPT_N]; /* NULL = not given; of a flag: "" */
    int64_t number[HX_OPT_N]; /* of whole numbers; of a choice: its index; of a character: it */
    double real[HX_OPT_N]; /* of decimal numbers */
    const char *list[HX_OPT_LIST_MAX]; /* the values of the list, in order; borrowed from argv */
    size_t n_list;
} hx_cli_values;

static inline bool hx_cli_has(const hx_cli_values *v, hx_cli_option_id id) {
    return v->text[id] != NULL;
}

typedef enum {
    HX_ARGS_OK = 0,
    HX_ARGS_UNKNOWN,
    HX_ARGS_NO_VALUE,
    HX_ARGS_SURPLUS_VALUE,
    HX_ARGS_NOT_NUMBER,
    HX_ARGS_NOT_REAL,
    HX_ARGS_OUT_OF_RANGE,
    HX_ARGS_NOT_CHOICE,
    HX_ARGS_NOT_CHAR,
    HX_ARGS_TOO_MANY
} hx_cli_args_fault;

typedef struct {
    hx_cli_args_fault fault;
    const char *word; /* the argument at fault */
    const hx_cli_option *option; /* NULL = unknown */
    const char *value;
} hx_cli_args_problem;

/* Sorts argv[0..n) into options out of `allowed` and the rest, which is moved to the front of argv, in order; *n_rest of them.
 * With `stop_at_word` it ends at the first word that is no option, *n_rest = how many are left then. */
bool hx_cli_args_parse(char **argv, int n, const hx_cli_option_set *allowed, bool stop_at_word,
                       hx_cli_values *values, int *n_rest, hx_cli_args_problem *problem);
/* "0.001", "1e-3"; false where it is no decimal number. */
bool hx_cli_parse_real(const char *s, double *out);
/* The index of `word` in comma-separated `choices`, or -1. */
int hx_cli_choice(const char *choices, const char *word);
/* The names of all options in the set, comma-separated, for suggestions. */
void hx_cli_option_names(const hx_cli_option_set *allowed, char *out, size_t size);

#endif
