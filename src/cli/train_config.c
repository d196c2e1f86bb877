/* train_config.c - the options of `train` as the JSON that hx_train() takes.
 *
 *     --config FILE     that JSON itself, or config.json of a model: the sizes of a new one
 *     --layers 6 ...    sizes, in the words of transformers
 *     --rate 1e-3 ...   members of the training, or of its one task
 *
 * An option overrules the file. --split 70,15,15 gives the shares of training, validation and test; --test-size 0.2 is 80,0,20: then the
 * test's texts also choose the best epoch, as most tutorials do it, and the figures flatter a little. */
#include <stdio.h>
#include <string.h>

#include "cli/llama.h"
#include "cli/train.h"

#define CONFIG_MAX ((size_t)1 << 20)

typedef enum { OF_TRAINING = 0, OF_TASK, OF_SIZES } owner;

typedef struct {
    hx_cli_option_id id;
    owner of;
    const char *key;
} mapping;

static const mapping mappings[] = {
    {HX_OPT_TOKENIZER, OF_TRAINING, "tokenizer"},
    {HX_OPT_BATCH_TOKENS, OF_TRAINING, "batch_tokens"},
    {HX_OPT_BATCH, OF_TRAINING, "batch"},
    {HX_OPT_RATE, OF_TRAINING, "rate"},
    {HX_OPT_SCHEDULE, OF_TRAINING, "schedule"},
    {HX_OPT_STEPS, OF_TRAINING, "steps"},
    {HX_OPT_EPOCHS, OF_TRAINING, "epochs"},
    {HX_OPT_MINUTES, OF_TRAINING, "minutes"},
    {HX_OPT_WARMUP, OF_TRAINING, "warmup"},
    {HX_OPT_ACCUMULATE, OF_TRAINING, "accumulate"},
    {HX_OPT_CHECKPOINT_MINUTES, OF_TRAINING, "checkpoint_minutes"},
    {HX_OPT_EVALUATE_EVERY, OF_TRAINING, "evaluate_every"},
    {HX_OPT_OPTIMIZER, OF_TRAINING, "optimizer"},
    {HX_OPT_WEIGHT_DECAY, OF_TRAINING, "weight_decay"},
    {HX_OPT_LORA, OF_TRAINING, "lora"},
    {HX_OPT_LORA_ALPHA, OF_TRAINING, "lora_alpha"},
    {HX_OPT_FREEZE, OF_TRAINING, "freeze"},
    {HX_OPT_LAYER_RATE, OF_TRAINING, "layer_rate"},
    {HX_OPT_EARLY_STOPPING, OF_TRAINING, "early_stopping"},
    {HX_OPT_EMA, OF_TRAINING, "ema"},
    {HX_OPT_DROPOUT, OF_TRAINING, "dropout"},
    {HX_OPT_RECOMPUTE, OF_TRAINING, "recompute"},
    {HX_OPT_ARITHMETIC, OF_TRAINING, "arithmetic"},
    {HX_OPT_LORA_TARGETS, OF_TRAINING, "lora_targets"},
    {HX_OPT_LORA_DROPOUT, OF_TRAINING, "lora_dropout"},
    {HX_OPT_FREEZE_LAYERS, OF_TRAINING, "freeze_layers"},
    {HX_OPT_BETA2, OF_TRAINING, "beta2"},
    {HX_OPT_CLIP, OF_TRAINING, "clip"},
    {HX_OPT_SWA_FROM, OF_TRAINING, "swa_from"},
    {HX_OPT_QUANTISE_BITS, OF_TRAINING, "quantise_bits"},
    {HX_OPT_SEED, OF_TRAINING, "seed"},
    {HX_OPT_TEXT, OF_TASK, "text"},
    {HX_OPT_TEXT2, OF_TASK, "text2"},
    {HX_OPT_LABEL, OF_TASK, "label"},
    {HX_OPT_LENGTH, OF_TASK, "length"},
    {HX_OPT_MAX_LENGTH, OF_TASK, "max_length"},
    {HX_OPT_VALIDATION_FILE, OF_TASK, "validation"},
    {HX_OPT_TEST_FILE, OF_TASK, "test"},
    {HX_OPT_TEST_SIZE, OF_TASK, "test_size"},
    {HX_OPT_AUGMENT, OF_TASK, "augment"},
    {HX_OPT_SYNONYMS, OF_TASK, "synonyms"},
    {HX_OPT_HOMOPHONES, OF_TASK, "homophones"},
    {HX_OPT_SHAPES, OF_TASK, "shapes"},
    {HX_OPT_MIXUP, OF_TASK, "mixup"},
    {HX_OPT_SMOOTHING, OF_TASK, "smoothing"},
    {HX_OPT_FOCAL, OF_TASK, "focal"},
    {HX_OPT_TEACHER_SHARE, OF_TASK, "teacher_share"},
    {HX_OPT_HIDDEN_SHARE, OF_TASK, "hidden_share"},
    {HX_OPT_TEMPERATURE, OF_TASK, "temperature"},
    {HX_OPT_DROP_LEAKS, OF_TASK, "drop_leaks"},
    {HX_OPT_LOWER, OF_TASK, "lower"},
    {HX_OPT_BIDIRECTIONAL, OF_TASK, "bidirectional"},
    {HX_OPT_WIDTH, OF_SIZES, "hidden_size"},
    {HX_OPT_HEADS, OF_SIZES, "num_attention_heads"},
    {HX_OPT_KV_HEADS, OF_SIZES, "num_key_value_heads"},
    {HX_OPT_FF, OF_SIZES, "intermediate_size"},
    {HX_OPT_VOCAB, OF_SIZES, "vocab_size"},
};

void hx_train_usual(json_t *object, const char *key, json_t *value) {
    if (json_object_get(object, key))
        json_decref(value);
    else
        (void)json_object_set_new(object, key, value);
}

json_t *hx_train_task_of(json_t *config) {
    return json_array_get(json_object_get(config, "tasks"), 0);
}

int hx_train_put_parts(hx_cli *c, json_t *task) {
    double parts[3] = {0}, sum = 0;
    const char *at = c->options.text[HX_OPT_SPLIT];
    bool given = hx_cli_has(&c->options, HX_OPT_TEST_FILE) ||
                 hx_cli_has(&c->options, HX_OPT_VALIDATION_FILE);
    if (given) hx_train_usual(task, "test_size", json_real(0));
    if (!at) return HX_EXIT_DONE;
    for (int i = 0; i < 3 && at; i++) {
        char one[32];
        size_t n = strcspn(at, ",");
        (void)snprintf(one, sizeof one, "%.*s", (int)(n < sizeof one ? n : 0), at);
        bool fine = hx_cli_parse_real(one, &parts[i]) && (at[n] == ',') == (i < 2);
        at = fine ? at + n + (i < 2) : NULL;
        sum += parts[i];
    }
    if (!at || !(parts[0] > 0) || !(sum > 0))
        return hx_cli_usage(c, "--split must be three shares: 70,15,15",
                            "--split 须为三个比例：70,15,15");
    (void)json_object_set_new(task, "validation_size", json_real(parts[1] / sum));
    (void)json_object_set_new(task, "test_size", json_real(parts[2] / sum));
    return HX_EXIT_DONE;
}

static json_t *value_of(const hx_cli_values *v, hx_cli_option_id id) {
    switch (hx_cli_options[id].kind) {
    case HX_OPT_FLAG:
        return json_true();
    case HX_OPT_NUMBER:
        return json_integer((json_int_t)v->number[id]);
    case HX_OPT_REAL:
        if (id == HX_OPT_WARMUP && v->real[id] >= 1)
            return json_integer((json_int_t)v->real[id]); /* steps; below 1 a share */
        return json_real(v->real[id]);
    default:
        return json_string(v->text[id]);
    }
}

/* --data and the arguments. */
static json_t *files_of(const hx_cli *c) {
    json_t *files = json_array();
    for (size_t i = 0; i < c->options.n_list; i++)
        (void)json_array_append_new(files, json_string(c->options.list[i]));
    for (int i = 0; i < c->n_args; i++)
        (void)json_array_append_new(files, json_string(c->args[i]));
    return files;
}

static json_t *sizes_of(json_t *config) {
    json_t *sizes = json_object_get(config, "sizes");
    if (!sizes) {
        sizes = json_object();
        (void)json_object_set_new(config, "sizes", sizes);
    }
    return sizes;
}

/* --layers: how many, or of a model a list of them. */
static int put_layers(hx_cli *c, json_t *config) {
    const char *text = c->options.text[HX_OPT_LAYERS];
    double n = 0;
    bool old = json_object_get(config, "model") != NULL;
    if (!text) return HX_EXIT_DONE;
    if (old && strpbrk(text, "-,")) {
        (void)json_object_set_new(config, "layers", json_string(text));
        return HX_EXIT_DONE;
    }
    if (!hx_cli_parse_real(text, &n) || !(n >= 1 && n <= 1024) || n != (double)(json_int_t)n)
        return hx_cli_usage(
            c, "--layers must be a whole number from 1 to 1024, or with --model a list: 0-5,7",
            "--layers 须为 1 到 1024 的整数，有 --model 时也可为列表：0-5,7");
    (void)json_object_set_new(old ? config : sizes_of(config),
                              old ? "keep_layers" : "num_hidden_layers",
                              json_integer((json_int_t)n));
    return HX_EXIT_DONE;
}

/* A model has its sizes. */
static int put_sizes(hx_cli *c, json_t *config) {
    for (size_t i = 0; i < sizeof mappings / sizeof *mappings; i++) {
        if (mappings[i].of != OF_SIZES || !hx_cli_has(&c->options, mappings[i].id)) continue;
        if (json_object_get(config, "model"))
            return hx_cli_usage(c, "--%s is for a new model; --model has its own",
                                "--%s 只用于新模型；--model 已有自己的大小",
                                hx_cli_options[mappings[i].id].name);
        (void)json_object_set_new(sizes_of(config), mappings[i].key,
                                  value_of(&c->options, mappings[i].id));
    }
    return HX_EXIT_DONE;
}

static void put_options(const hx_cli *c, json_t *config, json_t *task) {
    for (size_t i = 0; i < sizeof mappings / sizeof *mappings; i++) {
        const mapping *m = &mappings[i];
        if (m->of == OF_SIZES || !hx_cli_has(&c->options, m->id)) continue;
        (void)json_object_set_new(m->of == OF_TASK ? task : config, m->key,
                                  value_of(&c->options, m->id));
    }
    json_t *files = files_of(c);
    if (json_array_size(files) > 0)
        (void)json_object_set_new(task, "data", files);
    else
        json_decref(files);
}

/* --config: what a model's folder calls config.json holds its sizes. */
static json_t *read_config(hx_cli *c, int *status) {
    hx_str text;
    json_error_t problem;
    const char *path = c->options.text[HX_OPT_CONFIG];
    *status = HX_EXIT_FAILED;
    if (!path) return json_object();
    if (!hx_cli_read_file(c, path, CONFIG_MAX, &text)) return NULL;
    json_t *j = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &problem);
    if (!json_is_object(j)) {
        json_decref(j);
        (void)hx_cli_fail(c, "%s is no JSON object (line %d)", "%s 不是 JSON 对象（第 %d 行）",
                          path, problem.line);
        return NULL;
    }
    if (!json_object_get(j, "model_type") && !json_object_get(j, "hidden_size")) return j;
    json_t *config = json_object();
    (void)json_object_set_new(config, "sizes", j);
    return config;
}

static bool put_model(hx_cli *c, json_t *config) {
    const char *name = c->options.text[HX_OPT_INIT];
    if (!name && c->options.text[HX_OPT_MODEL] &&
        strcmp(c->options.text[HX_OPT_MODEL], "rules") != 0)
        name = c->options.text[HX_OPT_MODEL];
    if (!name) return true;
    const char *path = hx_cli_model_path(c, name);
    if (path) (void)json_object_set_new(config, "model", json_string(path));
    return path != NULL;
}

/* A model by any name that commands take; a file of probabilities as it is. */
static bool put_teacher(hx_cli *c, json_t *task) {
    const char *name = c->options.text[HX_OPT_TEACHER];
    size_t n = name ? strlen(name) : 0;
    bool is_file = n > 6 && strcmp(name + n - 6, ".jsonl") == 0;
    if (!name) return true;
    if (!is_file) name = hx_cli_model_path(c, name);
    if (name) (void)json_object_set_new(task, "teacher", json_string(name));
    return name != NULL;
}

json_t *hx_train_config_of(hx_cli *c, const char *task, int *status) {
    json_t *config = read_config(c, status);
    if (!config) return NULL;
    if (!put_model(c, config)) {
        json_decref(config);
        return NULL;
    }
    if (!json_object_get(config, "tasks"))
        (void)json_object_set_new(config, "tasks", json_pack("[{s:s}]", "name", task));
    json_t *first = hx_train_task_of(config);
    if (json_is_object(first)) put_options(c, config, first);
    if (json_is_object(first) && !put_teacher(c, first)) {
        json_decref(config);
        *status = HX_EXIT_FAILED;
        return NULL;
    }
    *status = put_sizes(c, config);
    if (*status == HX_EXIT_DONE) *status = put_layers(c, config);
    if (*status == HX_EXIT_DONE) return config;
    json_decref(config);
    return NULL;
}
