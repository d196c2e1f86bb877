/* cmd_train_classify.c - train classify: labels of texts, several labels a text, or a number; compare: several learners of them; tune: settings.
 *
 *     options -> configuration (train_config.c) -> what suits a new model, a part for validation -> hx_train_go()
 *
 * Without --model a small new model is trained, without --tokenizer on a vocabulary of its own: few texts are then learnt best by one layer
 * of width 256, the mean of all tokens, dropout, decay and small batches. */

#include <string.h>

#include "cli/commands.h"
#include "cli/train.h"
#include "huaxiang/llama.h"

#define SMALL_BATCH 128 /* tokens; where texts are counted, the usual bound of tokens holds */

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

void hx_train_put_small(const hx_cli *c, json_t *config, json_t *task) {
    if (json_object_get(config, "model") || json_object_get(config, "tokenizer")) return;
    json_t *sizes = json_object_get(config, "sizes");
    if (!sizes) {
        sizes = json_object();
        (void)json_object_set_new(config, "sizes", sizes);
    }
    hx_train_usual(sizes, "num_hidden_layers", json_integer(1));
    hx_train_usual(sizes, "hidden_size", json_integer(256));
    hx_train_usual(config, "dropout", json_real(0.3));
    hx_train_usual(config, "weight_decay", json_real(0.3));
    if (!json_object_get(config, "batch"))
        hx_train_usual(config, "batch_tokens", json_integer(SMALL_BATCH));
    if (strcmp(c->action, "tag") != 0 && !hx_cli_has(&c->options, HX_OPT_POOLING))
        hx_train_usual(task, "mean", json_true());
}

static bool names(const char *learners, const char *name) {
    size_t n = strlen(name);
    for (const char *at = learners; at && (at = strstr(at, name)); at++)
        if ((at == learners || at[-1] == ',') && (at[n] == ',' || at[n] == '\0')) return true;
    return false;
}

/* What a model is trained for: "llama", and "bert" where there is one to start from. */
static bool names_model(const hx_cli *c, const char *learners) {
    bool given =
        hx_cli_has(&c->options, HX_OPT_INIT) ||
        (c->options.text[HX_OPT_MODEL] && strcmp(c->options.text[HX_OPT_MODEL], "rules") != 0);
    return names(learners, "llama") || (given && names(learners, "bert"));
}

/* Learners of their own: what the model of `llama` is trained with does nothing for them; neural ones read a few of its options. */
static bool is_neural(const char *learners) {
    static const char *const known[] = {"mlp", "cnn",  "cnn-gru",     "rnn",
                                        "gru", "lstm", "transformer", "bert"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (names(learners, known[i])) return true;
    return false;
}

static bool is_alone(const hx_cli *c) {
    const char *learners = c->options.text[HX_OPT_LEARNER];
    if (strcmp(c->action, "tune") == 0) return false;
    return learners ? !names_model(c, learners) : strcmp(c->action, "compare") == 0;
}

static int check_learners(hx_cli *c) {
    static const hx_cli_option_id common[] = {
        HX_OPT_LANG,        HX_OPT_QUIET,      HX_OPT_SEED,       HX_OPT_FORMAT,
        HX_OPT_TARGET,      HX_OPT_THREADS,    HX_OPT_TRAIN_DATA, HX_OPT_TEXT,
        HX_OPT_LABEL,       HX_OPT_TEST_SIZE,  HX_OPT_SPLIT,      HX_OPT_TEST_FILE,
        HX_OPT_LOWER,       HX_OPT_DROP_LEAKS, HX_OPT_LEARNER,    HX_OPT_VALIDATION_FILE,
        HX_OPT_TARGET_KIND, HX_OPT_RESUME,     HX_OPT_CONFIG,     HX_OPT_FOLDS};
    static const hx_cli_option_id neural[] = {HX_OPT_EPOCHS, HX_OPT_RATE, HX_OPT_BATCH,
                                              HX_OPT_WIDTH, HX_OPT_MAX_LENGTH};
    const char *given = c->options.text[HX_OPT_LEARNER],
               *learners = given ? given : HX_TRAIN_LEARNERS;
    for (int id = 0; id < HX_OPT_N; id++) {
        bool read = !hx_cli_has(&c->options, (hx_cli_option_id)id);
        for (size_t i = 0; i < sizeof common / sizeof *common; i++)
            read = read || (int)common[i] == id;
        for (size_t i = 0; is_neural(learners) && i < sizeof neural / sizeof *neural; i++)
            read = read || (int)neural[i] == id;
        if (!read)
            return hx_cli_usage(c, "--%s does nothing for the learners %s",
                                "--%s 对学习器 %s 不起作用", hx_cli_options[id].name, learners);
    }
    return HX_EXIT_DONE;
}

/* A model that has learnt labels goes on reading texts as it did, unless something else is said: the mean or the last token, both directions. */
static void put_reading(const json_t *config, json_t *task) {
    const char *path = json_string_value(json_object_get(config, "model")),
               *name = json_string_value(json_object_get(task, "name"));
    hx_llama *m = NULL;
    hx_error quiet = {0};
    const hx_llama_options options = {.tokenizer_only = true};
    if (!path || hx_llama_open(&m, path, &options, &quiet) != HX_OK) return;
    size_t i = name ? hx_llama_find_head(m, name) : 0;
    if (hx_llama_describe(m)->n_tasks == 1) i = 0;
    const hx_llama_head_info *h = hx_llama_head_of(m, i);
    if (h && !h->of_words && h->mean) hx_train_usual(task, "mean", json_true());
    if (h && !h->of_words && h->bidirectional) hx_train_usual(task, "bidirectional", json_true());
    hx_llama_close(m);
}

json_t *hx_train_labels_of(hx_cli *c, int *status) {
    if (is_alone(c)) {
        *status = check_learners(c);
        if (*status != HX_EXIT_DONE) return NULL;
    }
    if (c->options.number[HX_OPT_TARGET_KIND] > 2) {
        *status = hx_cli_usage(c, "train %s: --target must be label, labels or number",
                               "train %s：--target 须为 label、labels 或 number", c->action);
        return NULL;
    }
    json_t *config = hx_train_config_of(c, "label", status);
    if (!config) return NULL;
    json_t *task = hx_train_task_of(config);
    *status = hx_train_put_parts(c, task);
    if (*status == HX_EXIT_DONE && !json_object_get(task, "data"))
        *status =
            hx_cli_usage(c, "train %s needs --data FILE", "train %s 需要 --data 文件", c->action);
    if (*status != HX_EXIT_DONE) {
        json_decref(config);
        return NULL;
    }
    if (is_alone(c)) hx_train_usual(config, "epochs", json_real(10));
    put_usual(c, config, task);
    if (!is_alone(c)) put_reading(config, task);
    if (!is_alone(c)) hx_train_put_small(c, config, task);
    return config;
}

/* Neural learners beside a model have epochs of their own, unless --epochs says how many all have. */
static void put_epochs(const hx_cli *c, json_t *config) {
    const char *learners = c->options.text[HX_OPT_LEARNER];
    if (learners && !is_alone(c) && is_neural(learners) && hx_cli_has(&c->options, HX_OPT_EPOCHS))
        (void)json_object_set_new(config, "learner_epochs",
                                  json_real(c->options.real[HX_OPT_EPOCHS]));
}

/* Without --split a part for validation is needed, by which the best is chosen. */
static void put_validation(const hx_cli *c, json_t *task) {
    if (hx_cli_has(&c->options, HX_OPT_SPLIT) || hx_cli_has(&c->options, HX_OPT_VALIDATION_FILE))
        return;
    hx_train_usual(task, "validation_size", json_real(0.15));
    hx_train_usual(task, "test_size", json_real(0.15));
}

int hx_cmd_train_classify(hx_cli *c) {
    int status;
    if (hx_cli_names_learn(c->options.text[HX_OPT_MODEL])) return hx_cmd_train_adapt(c);
    const char *learner = c->options.text[HX_OPT_LEARNER];
    json_t *config = hx_train_labels_of(c, &status);
    if (!config) return status;
    bool alone = learner && strchr(learner, ',') == NULL && names_model(c, learner),
         classic = learner && !alone, folds = hx_cli_has(&c->options, HX_OPT_FOLDS);
    if (alone && strcmp(learner, "bert") == 0)
        (void)json_object_set_new(hx_train_task_of(config), "bidirectional", json_true());
    if (classic && folds) (void)json_object_set_new(config, "learner", json_string(learner));
    if (classic && !folds) {
        put_validation(c, hx_train_task_of(config));
        put_epochs(c, config);
    }
    return hx_train_go(c, config,
                       folds     ? HX_TRAIN_FOLDS
                       : classic ? HX_TRAIN_COMPARE
                                 : HX_TRAIN_ONE);
}

int hx_cmd_train_compare(hx_cli *c) {
    int status;
    const char *given = c->options.text[HX_OPT_LEARNER];
    bool folds = hx_cli_has(&c->options, HX_OPT_FOLDS);
    json_t *config = hx_train_labels_of(c, &status);
    if (!config) return status;
    if (folds)
        (void)json_object_set_new(config, "learner",
                                  json_string(given ? given : HX_TRAIN_LEARNERS));
    else
        put_validation(c, hx_train_task_of(config));
    put_epochs(c, config);
    return hx_train_go(c, config, folds ? HX_TRAIN_FOLDS : HX_TRAIN_COMPARE);
}

/* A list of values to try, unless an option says which it is. */
static void put_values(const hx_cli *c, json_t *space, hx_cli_option_id id, const char *key,
                       json_t *values) {
    if (hx_cli_has(&c->options, id))
        json_decref(values);
    else
        (void)json_object_set_new(space, key, values);
}

/* What is tried where the configuration has no "tune" of its own: of a new model its depth and width too, of a given one the rank of adapters. */
static json_t *usual_space(const hx_cli *c, const json_t *config) {
    bool given = json_object_get(config, "model") != NULL;
    double rate = given ? 1e-4 : 1e-3;
    json_t *space = json_object();
    const char *kind =
        json_string_value(json_object_get(hx_train_task_of((json_t *)(uintptr_t)config), "kind"));
    if (hx_cli_has(&c->options, HX_OPT_LORA)) rate = 1e-3;
    put_values(c, space, HX_OPT_RATE, "rate",
               json_pack("[f,f,f,f]", rate * 0.3, rate, rate * 3, rate * 10));
    put_values(c, space, HX_OPT_WEIGHT_DECAY, "weight_decay", json_pack("[f,f,f]", 0.01, 0.1, 0.3));
    put_values(c, space, HX_OPT_DROPOUT, "dropout", json_pack("[f,f,f]", 0.0, 0.1, 0.3));
    if (kind && strcmp(kind, "number") != 0)
        put_values(c, space, HX_OPT_SMOOTHING, "smoothing", json_pack("[f,f]", 0.0, 0.1));
    if (!given) {
        put_values(c, space, HX_OPT_LAYERS, "layers", json_pack("[i,i,i]", 1, 2, 4));
        put_values(c, space, HX_OPT_WIDTH, "width", json_pack("[i,i]", 128, 256));
    } else if (hx_cli_has(&c->options, HX_OPT_LORA)) {
        (void)json_object_set_new(space, "lora", json_pack("[i,i,i]", 4, 8, 16));
    }
    return space;
}

int hx_cmd_train_tune(hx_cli *c) {
    int status;
    json_t *config = hx_train_labels_of(c, &status);
    if (!config) return status;
    put_validation(c, hx_train_task_of(config));
    hx_train_usual(config, "seed", json_integer(1));
    if (!json_object_get(config, "tune"))
        (void)json_object_set_new(config, "tune", usual_space(c, config));
    if (hx_cli_has(&c->options, HX_OPT_SEARCH))
        (void)json_object_set_new(
            config, "search", json_string(c->options.number[HX_OPT_SEARCH] ? "random" : "halving"));
    return hx_train_go(c, config, HX_TRAIN_TUNE);
}
