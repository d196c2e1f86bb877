/* train_config.c - reads the JSON of a training by two tables; see train_config.h.
 *
 *     {"model":"smollm2-135m.gguf","epochs":3,"batch_tokens":2048,"rate":2e-4,
 *      "tasks":[{"name":"label","kind":"label","data":["comments.csv"],"text":"text","label":"label"}]}
 *
 * What is not said has the value of the column `usual`. What is said and read by no task is refused, and so is what does nothing beside, or
 * without, something else (train_rules.c): an option without effect is a mistake. */
#include "model/train_config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

typedef enum { KEY_TEXT = 0, KEY_REAL, KEY_WHOLE, KEY_FLAG, KEY_CHOICE, KEY_OTHER } key_kind;

typedef struct {
    const char *name;
    key_kind kind;
    size_t offset;
    double min, max, usual;
    const char *choices;
    unsigned reads; /* kinds of tasks, as bits */
} key;

#define AT(type, member) offsetof(type, member)
#define TEXT(T, m, reads)                                                                          \
    { #m, KEY_TEXT, AT(T, m), 0, 0, 0, NULL, reads }
#define REAL(T, m, min, max, usual, reads)                                                         \
    { #m, KEY_REAL, AT(T, m), min, max, usual, NULL, reads }
#define WHOLE(T, m, min, max, usual, reads)                                                        \
    { #m, KEY_WHOLE, AT(T, m), min, max, usual, NULL, reads }
#define FLAG(T, m, usual, reads)                                                                   \
    { #m, KEY_FLAG, AT(T, m), 0, 1, usual, NULL, reads }
#define CHOICE(T, m, usual, choices, reads)                                                        \
    { #m, KEY_CHOICE, AT(T, m), 0, 0, usual, choices, reads }
#define OTHER(name, reads)                                                                         \
    { name, KEY_OTHER, 0, 0, 0, 0, NULL, reads }

/* Kinds of tasks, as bits: the last column of task_keys says which of them read a key. */
#define KIND(kind) (1u << HX_TASK_##kind)
#define SEQUENCES (KIND(CAUSAL) | KIND(MASKED) | KIND(MIXED) | KIND(SPELLING))
#define PLAIN (SEQUENCES | KIND(REPLACED))
#define NAMED (KIND(LABEL) | KIND(LABELS))
#define TEXTS (NAMED | KIND(NUMBER))
#define TOKENS (KIND(TAG) | KIND(SEGMENT))
#define WORDS (TOKENS | KIND(CRF) | KIND(PARSE))
#define LABELLED (TEXTS | WORDS)
#define EXAMPLES (LABELLED | KIND(CORRECT))
#define TAUGHT                                                                                     \
    (KIND(CAUSAL) | KIND(MASKED) | KIND(MIXED) | NAMED | KIND(TAG) | KIND(CRF)) /* by a teacher */
#define ALL (PLAIN | EXAMPLES)

static const char task_kinds[] =
    "causal,masked,mixed,replaced,spelling,label,labels,number,tag,crf,parse,segment,correct";

static const key task_keys[] = {
    TEXT(hx_task_config, name, ALL),
    CHOICE(hx_task_config, kind, HX_TASK_LABEL, task_kinds, ALL),
    OTHER("data", ALL),
    TEXT(hx_task_config, text, ALL),
    TEXT(hx_task_config, label, LABELLED),
    TEXT(hx_task_config, text2, TEXTS | KIND(CORRECT)),
    TEXT(hx_task_config, validation, ALL),
    TEXT(hx_task_config, test, ALL),
    REAL(hx_task_config, validation_size, 0, 0.95, 0, ALL),
    REAL(hx_task_config, test_size, 0, 0.95, 0.2, EXAMPLES),
    REAL(hx_task_config, sampling, 0, 1e9, 1, ALL),
    REAL(hx_task_config, weight, 0, 1e6, 1, ALL),
    REAL(hx_task_config, mixed, 0, 1, 0.5, KIND(MIXED)),
    REAL(hx_task_config, mask_rate, 0.01, 0.9, 0.15, PLAIN & ~KIND(CAUSAL)),
    WHOLE(hx_task_config, length, 8, 65536, 256, PLAIN),
    WHOLE(hx_task_config, max_length, 2, 65536, 512, EXAMPLES),
    WHOLE(hx_task_config, max_examples, 0, 1e12, 0, EXAMPLES),
    WHOLE(hx_task_config, max_evaluated, 0, 1e12, 0, ALL),
    WHOLE(hx_task_config, batch_tokens, 0, 1e7, 0, ALL),
    WHOLE(hx_task_config, batch, 0, 1e6, 0, EXAMPLES),
    FLAG(hx_task_config, mean, 0, TEXTS),
    FLAG(hx_task_config, bidirectional, 0, LABELLED),
    FLAG(hx_task_config, lower, 0, EXAMPLES),
    FLAG(hx_task_config, drop_leaks, 0, EXAMPLES),
    FLAG(hx_task_config, balanced, 0, NAMED | TOKENS),
    WHOLE(hx_task_config, hidden, 0, 65536, 0, LABELLED & ~KIND(PARSE)),
    WHOLE(hx_task_config, tap, 0, 1024, 0, ALL),
    WHOLE(hx_task_config, width, 0, 4096, 0, KIND(PARSE)),
    REAL(hx_task_config, smoothing, 0, 0.99, 0, SEQUENCES | NAMED | TOKENS | KIND(CORRECT)),
    REAL(hx_task_config, focal, 0, 10, 0, KIND(LABEL) | TOKENS),
    REAL(hx_task_config, dropout, 0, 0.95, 0, LABELLED),
    TEXT(hx_task_config, augment, TEXTS),
    REAL(hx_task_config, mixup, 0, 1, 0, KIND(LABEL)),
    TEXT(hx_task_config, synonyms, TEXTS),
    TEXT(hx_task_config, homophones, TEXTS | KIND(SPELLING)),
    TEXT(hx_task_config, shapes, TEXTS | KIND(SPELLING)),
    TEXT(hx_task_config, teacher, TAUGHT),
    REAL(hx_task_config, teacher_share, 0, 1, 0.5, TAUGHT),
    REAL(hx_task_config, hidden_share, 0, 1, 0, TAUGHT),
    REAL(hx_task_config, temperature, 0, 100, 0, TAUGHT & ~KIND(LABELS)),
    WHOLE(hx_task_config, hidden_block, 0, 1024, 0, TAUGHT),
    CHOICE(hx_task_config, hidden_loss, 0, "squares,cosine", TAUGHT),
};

static const key train_keys[] = {
    TEXT(hx_train_config, model, ALL),
    TEXT(hx_train_config, tokenizer, ALL),
    OTHER("sizes", ALL),
    OTHER("tasks", ALL),
    OTHER("command", ALL),
    TEXT(hx_train_config, layers, ALL),
    WHOLE(hx_train_config, keep_layers, 0, 1024, 0, ALL),
    WHOLE(hx_train_config, steps, 0, 1e12, 0, ALL),
    REAL(hx_train_config, epochs, 0, 1e6, 0, ALL),
    REAL(hx_train_config, minutes, 0, 1e6, 0, ALL),
    WHOLE(hx_train_config, batch_tokens, 8, 1e7, 2048, ALL),
    WHOLE(hx_train_config, batch, 0, 1e6, 0, EXAMPLES),
    WHOLE(hx_train_config, accumulate, 1, 65536, 1, ALL),
    REAL(hx_train_config, rate, 0, 10, 0, ALL),
    REAL(hx_train_config, floor, 0, 10, 0, ALL),
    CHOICE(hx_train_config, schedule, 2, "constant,linear,cosine,wsd", ALL),
    REAL(hx_train_config, warmup, 0, 1e12, 0.05, ALL),
    REAL(hx_train_config, decay, 0, 1, 0.2, ALL),
    CHOICE(hx_train_config, optimizer, 0, "adamw,sgd,muon,adafactor", ALL),
    REAL(hx_train_config, weight_decay, 0, 10, 0.01, ALL),
    REAL(hx_train_config, clip, 0, 1e9, 1, ALL),
    REAL(hx_train_config, layer_rate, 0, 1, 0, ALL),
    REAL(hx_train_config, ema, 0, 0.999999, 0, ALL),
    REAL(hx_train_config, beta2, 0, 0.999999, 0, ALL),
    WHOLE(hx_train_config, swa_from, 0, 1e12, 0, ALL),
    WHOLE(hx_train_config, swa_every, 0, 1e12, 1, ALL),
    WHOLE(hx_train_config, evaluate_every, 0, 1e12, 0, ALL),
    WHOLE(hx_train_config, log_every, 1, 1e12, 10, ALL),
    REAL(hx_train_config, checkpoint_minutes, 0, 1e6, 5, ALL),
    WHOLE(hx_train_config, checkpoint_every, 0, 1e12, 0, ALL),
    WHOLE(hx_train_config, early_stopping, 0, 1e6, 0, ALL),
    WHOLE(hx_train_config, seed, 0, 9007199254740992.0, 1, ALL),
    WHOLE(hx_train_config, folds, 0, 100, 0, LABELLED),
    WHOLE(hx_train_config, fold, 0, 99, 0, LABELLED),
    WHOLE(hx_train_config, lora, 0, 4096, 0, ALL),
    TEXT(hx_train_config, lora_targets, ALL),
    REAL(hx_train_config, lora_alpha, 0, 1e6, 0, ALL),
    REAL(hx_train_config, lora_dropout, 0, 0.95, 0, ALL),
    REAL(hx_train_config, dropout, 0, 0.95, 0, ALL),
    FLAG(hx_train_config, freeze, 0, ALL),
    FLAG(hx_train_config, freeze_embedding, 0, ALL),
    FLAG(hx_train_config, recompute, 0, ALL),
    CHOICE(hx_train_config, arithmetic, 0, "f32,bf16", ALL),
    WHOLE(hx_train_config, freeze_layers, 0, 1024, 0, ALL),
    WHOLE(hx_train_config, quantise_bits, 0, 8, 0, ALL),
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ------------------------------------------------------------------ one value */
static int choice_of(const char *choices, const char *word) {
    size_t n = strlen(word);
    for (int i = 0;; i++) {
        size_t len = strcspn(choices, ",");
        if (len == n && memcmp(choices, word, n) == 0) return i;
        if (choices[len] == '\0') return -1;
        choices += len + 1;
    }
}

static hx_status wrong_value(const key *k, hx_error *err) {
    switch (k->kind) {
    case KEY_TEXT:
        return hx_fail(err, HX_EINVAL, "the training's \"%s\" must be a text", k->name);
    case KEY_FLAG:
        return hx_fail(err, HX_EINVAL, "the training's \"%s\" must be true or false", k->name);
    case KEY_CHOICE:
        return hx_fail(err, HX_EINVAL, "the training's \"%s\" must be one of %s", k->name,
                       k->choices);
    case KEY_WHOLE:
        return hx_fail(err, HX_EINVAL, "the training's \"%s\" must be a whole number from %g to %g",
                       k->name, k->min, k->max);
    default:
        return hx_fail(err, HX_EINVAL, "the training's \"%s\" must be a number from %g to %g",
                       k->name, k->min, k->max);
    }
}

static bool in_range(const key *k, const json_t *v) {
    double x = json_number_value(v);
    return json_is_number(v) && x >= k->min && x <= k->max;
}

static bool store(const key *k, const json_t *v, void *out) {
    char *at = (char *)out + k->offset;
    const char *text = json_string_value(v);
    double real = json_number_value(v);
    int64_t whole = k->kind == KEY_CHOICE ? (text ? choice_of(k->choices, text) : -1)
                    : in_range(k, v)      ? (int64_t)real
                                          : 0;
    bool flag = json_is_true(v);
    switch (k->kind) {
    case KEY_TEXT:
        memcpy(at, &text, sizeof text);
        return text && *text;
    case KEY_FLAG:
        memcpy(at, &flag, sizeof flag);
        return json_is_boolean(v);
    case KEY_CHOICE:
        memcpy(at, &whole, sizeof whole);
        return text && whole >= 0;
    case KEY_WHOLE:
        memcpy(at, &whole, sizeof whole);
        return in_range(k, v) && floor(real) == real;
    default:
        memcpy(at, &real, sizeof real);
        return in_range(k, v);
    }
}

static void store_usual(const key *k, void *out) {
    char *at = (char *)out + k->offset;
    int64_t whole = (int64_t)k->usual;
    bool flag = k->usual > 0;
    if (k->kind == KEY_REAL) memcpy(at, &k->usual, sizeof k->usual);
    if (k->kind == KEY_WHOLE || k->kind == KEY_CHOICE) memcpy(at, &whole, sizeof whole);
    if (k->kind == KEY_FLAG) memcpy(at, &flag, sizeof flag);
}

static const key *find_key(const key *keys, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i].name, name) == 0) return &keys[i];
    return NULL;
}

static hx_status read_object(const key *keys, size_t n, json_t *j, void *out, hx_error *err) {
    const char *name;
    json_t *v;
    for (size_t i = 0; i < n; i++)
        store_usual(&keys[i], out);
    json_object_foreach(j, name, v) {
        const key *k = find_key(keys, n, name);
        if (!k) return hx_fail(err, HX_EINVAL, "a training has no \"%s\"", name);
        if (k->kind != KEY_OTHER && !store(k, v, out)) return wrong_value(k, err);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ tasks */
static hx_status read_files(hx_task_config *t, const json_t *v, hx_arena *arena, hx_error *err) {
    size_t n = json_is_array(v) ? json_array_size(v) : 1;
    if (n == 0 || n > HX_TASK_FILES_MAX)
        return hx_fail(err, HX_EINVAL, "the task %s needs 1 to %d files as its \"data\"", t->name,
                       HX_TASK_FILES_MAX);
    t->data = hx_arena_alloc(arena, n * sizeof *t->data);
    if (!t->data) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        t->data[i] = json_string_value(json_is_array(v) ? json_array_get(v, i) : v);
        if (!t->data[i] || !*t->data[i])
            return hx_fail(err, HX_EINVAL, "the \"data\" of the task %s must be paths of files",
                           t->name);
    }
    t->n_data = n;
    return HX_OK;
}

static bool is_name(const char *s) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return s && *s && strlen(s) <= 48 && strspn(s, allowed) == strlen(s);
}

bool hx_task_is_text(const hx_task_config *t) {
    return t->kind <= HX_TASK_SPELLING;
}

bool hx_task_is_tags(const hx_task_config *t) {
    return t->kind >= HX_TASK_TAG && t->kind <= HX_TASK_SEGMENT;
}

bool hx_task_has_head(const hx_task_config *t) {
    return t->kind >= HX_TASK_LABEL ? t->kind != HX_TASK_CORRECT : t->kind == HX_TASK_REPLACED;
}

const char *hx_task_kind_name(int64_t kind, char out[HX_TASK_KIND_NAME]) {
    const char *at = task_kinds;
    for (int64_t i = 0; i < kind; i++)
        at += strcspn(at, ",") + 1;
    (void)snprintf(out, HX_TASK_KIND_NAME, "%.*s", (int)strcspn(at, ","), at);
    return out;
}

bool hx_train_is_said(const json_t *object, const char *name) {
    const json_t *v = json_object_get(object, name);
    bool zero = json_is_number(v) && !(json_number_value(v) < 0) && !(json_number_value(v) > 0);
    return v && !json_is_false(v) && !json_is_null(v) && !zero;
}

static hx_status check_reads(const hx_task_config *t, const json_t *j, hx_error *err) {
    char kind[HX_TASK_KIND_NAME];
    for (size_t i = 0; i < COUNT(task_keys); i++) {
        const key *k = &task_keys[i];
        if ((k->reads >> t->kind & 1u) || !hx_train_is_said(j, k->name)) continue;
        return hx_fail(err, HX_EINVAL, "the task %s, of kind %s, does not read \"%s\"", t->name,
                       hx_task_kind_name(t->kind, kind), k->name);
    }
    return HX_OK;
}

/* Keys of the training that only some kinds read. */
static hx_status check_training_reads(const hx_train_config *c, const json_t *j, hx_error *err) {
    unsigned kinds = 0;
    for (size_t i = 0; i < c->n_tasks; i++)
        kinds |= 1u << c->tasks[i].kind;
    for (size_t i = 0; i < COUNT(train_keys); i++)
        if (!(train_keys[i].reads & kinds) && hx_train_is_said(j, train_keys[i].name))
            return hx_fail(err, HX_EINVAL, "no task of this training reads \"%s\"",
                           train_keys[i].name);
    return HX_OK;
}

static hx_status read_task(hx_train_config *c, size_t i, json_t *j, hx_arena *arena,
                           hx_error *err) {
    hx_task_config *t = &c->tasks[i];
    if (!json_is_object(j))
        return hx_fail(err, HX_EINVAL, "each of the training's \"tasks\" must be an object");
    HX_TRY(read_object(task_keys, COUNT(task_keys), j, t, err));
    if (!is_name(t->name))
        return hx_fail(err, HX_EINVAL,
                       "a task needs a \"name\" of letters, digits, _ and -, at most 48 of them");
    for (size_t k = 0; k < i; k++)
        if (strcmp(c->tasks[k].name, t->name) == 0)
            return hx_fail(err, HX_EINVAL, "two tasks have the name %s", t->name);
    if (t->batch_tokens == 0) t->batch_tokens = c->batch_tokens;
    if (t->batch == 0) t->batch = c->batch;
    HX_TRY(check_reads(t, j, err));
    HX_TRY(hx_train_rules_of_task(t, j, err));
    const json_t *data = json_object_get(j, "data");
    if (!data) return hx_fail(err, HX_EINVAL, "the task %s needs \"data\"", t->name);
    return read_files(t, data, arena, err);
}

static hx_status read_tasks(hx_train_config *c, const json_t *tasks, hx_arena *arena,
                            hx_error *err) {
    double sampling = 0;
    c->n_tasks = json_array_size(tasks);
    if (!json_is_array(tasks) || c->n_tasks == 0 || c->n_tasks > HX_TASKS_MAX)
        return hx_fail(err, HX_EINVAL, "a training needs 1 to %d \"tasks\"", HX_TASKS_MAX);
    c->tasks = hx_arena_alloc(arena, c->n_tasks * sizeof *c->tasks);
    if (!c->tasks) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < c->n_tasks; i++) {
        HX_TRY(read_task(c, i, json_array_get(tasks, i), arena, err));
        sampling += c->tasks[i].sampling;
    }
    return sampling > 0 ? HX_OK : hx_fail(err, HX_EINVAL, "no task has a \"sampling\" above 0");
}

hx_status hx_train_config_read(hx_train_config *c, json_t *j, hx_arena *arena, hx_error *err) {
    memset(c, 0, sizeof *c);
    if (!json_is_object(j)) return hx_fail(err, HX_EINVAL, "a training is a JSON object");
    HX_TRY(read_object(train_keys, COUNT(train_keys), j, c, err));
    c->sizes = json_object_get(j, "sizes");
    if (c->sizes && !json_is_object(c->sizes))
        return hx_fail(err, HX_EINVAL, "the training's \"sizes\" must be an object");
    if (c->steps == 0 && !(c->epochs > 0) && !(c->minutes > 0))
        return hx_fail(err, HX_EINVAL, "a training needs \"steps\", \"epochs\" or \"minutes\"");
    HX_TRY(read_tasks(c, json_object_get(j, "tasks"), arena, err));
    HX_TRY(check_training_reads(c, j, err));
    return hx_train_rules(c, j, err);
}
