/* train_rules.c - which keys of a training go together; see train_config.h.
 *
 *     BESIDE   the key does nothing where the other is said: "freeze" beside "lora", whose adapters alone are trained
 *     WITHOUT  the key does nothing unless the other is said: "lora_alpha" without "lora"
 *
 * What depends on values, not on keys, has a function of its own below the tables. */
#include <string.h>

#include "base/error.h"
#include "llama/trunk.h"
#include "model/augment.h"
#include "model/train_config.h"
#include "nn/optim.h"

typedef enum { BESIDE = 0, WITHOUT } relation;

typedef struct {
    const char *key;
    relation is;
    const char *other;
} rule;

static const rule train_rules[] = {
    {"sizes", BESIDE, "model"},
    {"layers", WITHOUT, "model"},
    {"keep_layers", WITHOUT, "model"},
    {"steps", BESIDE, "epochs"},
    {"swa_every", WITHOUT, "swa_from"},
    {"swa_from", BESIDE, "ema"},
    {"fold", WITHOUT, "folds"},
    {"lora", WITHOUT, "model"},
    {"lora_targets", WITHOUT, "lora"},
    {"lora_alpha", WITHOUT, "lora"},
    {"lora_dropout", WITHOUT, "lora"},
    {"freeze", WITHOUT, "model"},
    {"freeze", BESIDE, "lora"},
    {"freeze_embedding", WITHOUT, "model"},
    {"freeze_embedding", BESIDE, "lora"},
    {"freeze_embedding", BESIDE, "freeze"},
    {"freeze_embedding", BESIDE, "freeze_layers"},
    {"freeze_layers", WITHOUT, "model"},
    {"freeze_layers", BESIDE, "freeze"},
    {"layer_rate", BESIDE, "freeze"},
};

static const rule task_rules[] = {
    {"validation_size", BESIDE, "validation"}, {"test_size", BESIDE, "test"},
    {"teacher_share", WITHOUT, "teacher"},     {"hidden_share", WITHOUT, "teacher"},
    {"temperature", WITHOUT, "teacher"},       {"mixup", BESIDE, "teacher"},
    {"hidden_block", WITHOUT, "hidden_share"}, {"hidden_loss", WITHOUT, "hidden_share"},
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static hx_status check(const rule *rules, size_t n, const json_t *j, hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        const rule *r = &rules[i];
        bool other = hx_train_is_said(j, r->other);
        if (!hx_train_is_said(j, r->key) || other != (r->is == BESIDE)) continue;
        return r->is == BESIDE ? hx_fail(err, HX_EINVAL,
                                         "\"%s\" does nothing beside \"%s\": leave one of them out",
                                         r->key, r->other)
                               : hx_fail(err, HX_EINVAL, "\"%s\" does nothing without \"%s\"",
                                         r->key, r->other);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ a training */
static hx_status read_targets(hx_train_config *c, hx_error *err) {
    static const char *const names[] = {"q", "k", "v", "o", "gate", "up", "down"};
    const char *at = c->lora_targets;
    while (at && *at) {
        size_t n = strcspn(at, ","), i = 0;
        while (i < COUNT(names) && !(strlen(names[i]) == n && memcmp(names[i], at, n) == 0))
            i++;
        bool all = n == 3 && memcmp(at, "all", 3) == 0;
        if (i == COUNT(names) && !all)
            return hx_fail(
                err, HX_EINVAL,
                "\"lora_targets\" must be some of q,k,v,o,gate,up,down, or all, not '%s'",
                c->lora_targets);
        c->lora_bits |= all ? (unsigned)HX_LORA_ALL : 1u << i;
        at += n + (at[n] == ',');
    }
    return HX_OK;
}

static hx_status only_for(const char *key, const char *other, const char *values, hx_error *err) {
    return hx_fail(err, HX_EINVAL, "\"%s\" does nothing unless \"%s\" is %s", key, other, values);
}

hx_status hx_train_rules(hx_train_config *c, const json_t *j, hx_error *err) {
    HX_TRY(check(train_rules, COUNT(train_rules), j, err));
    if (hx_train_is_said(j, "decay") && c->schedule != HX_NN_WSD)
        return only_for("decay", "schedule", "wsd", err);
    if (hx_train_is_said(j, "floor") && c->schedule == HX_NN_CONSTANT)
        return only_for("floor", "schedule", "linear, cosine, wsd", err);
    if (hx_train_is_said(j, "beta2") && c->optimizer != HX_OPTIM_ADAMW &&
        c->optimizer != HX_OPTIM_MUON)
        return only_for("beta2", "optimizer", "adamw, muon", err);
    if (c->quantise_bits != 0 && c->quantise_bits != 4 && c->quantise_bits != 8)
        return hx_fail(err, HX_EINVAL, "\"quantise_bits\" must be 4 or 8");
    if (c->rate > 0 && c->floor > c->rate)
        return hx_fail(err, HX_EINVAL, "the rate cannot fall to %g, it begins at %g", c->floor,
                       c->rate);
    return read_targets(c, err);
}

/* ------------------------------------------------------------------ a task */
static bool is_lines(const char *path) {
    size_t n = strlen(path);
    return n > 6 && strcmp(path + n - 6, ".jsonl") == 0;
}

static hx_status check_teacher(const hx_task_config *t, hx_error *err) {
    if (!t->teacher) return HX_OK;
    if (t->hidden_share > 0 && is_lines(t->teacher))
        return hx_fail(err, HX_EINVAL,
                       "a file of probabilities has no hidden states: leave \"hidden_share\" out");
    if (t->text2 && !is_lines(t->teacher))
        return hx_fail(err, HX_EINVAL,
                       "a model is asked about one text, not a pair: the teacher of the task %s "
                       "must be a file of probabilities, .jsonl",
                       t->name);
    return HX_OK;
}

/* Lists are read by the changes that draw from them. */
static hx_status check_lists(const hx_task_config *t, unsigned kinds, hx_error *err) {
    const struct {
        const char *path, *key, *name;
        unsigned kind;
    } lists[] = {{t->synonyms, "synonyms", "synonym", HX_AUGMENT_SYNONYM},
                 {t->homophones, "homophones", "homophone", HX_AUGMENT_HOMOPHONE},
                 {t->shapes, "shapes", "shape", HX_AUGMENT_SHAPE}};
    for (size_t i = 0; i < COUNT(lists); i++)
        if (lists[i].path && !(kinds & lists[i].kind))
            return only_for(lists[i].key, "augment", lists[i].name, err);
    return HX_OK;
}

static hx_status check_augment(const hx_task_config *t, hx_error *err) {
    unsigned kinds = 0;
    if (t->kind == HX_TASK_SPELLING) return HX_OK;
    if (t->augment)
        HX_TRY(hx_augment_parse((hx_str){t->augment, strcspn(t->augment, ":")}, &kinds, err));
    HX_TRY(check_lists(t, kinds, err));
    bool alone = t->augment && strncmp(t->augment, "all", 3) != 0;
    if (alone && (kinds & HX_AUGMENT_JOIN) && (t->kind != HX_TASK_LABEL || t->text2))
        return hx_fail(err, HX_EINVAL,
                       "'join' is of two texts with the same one label, which the task %s does not "
                       "have",
                       t->name);
    return HX_OK;
}

hx_status hx_train_rules_of_task(const hx_task_config *t, const json_t *j, hx_error *err) {
    HX_TRY(check(task_rules, COUNT(task_rules), j, err));
    HX_TRY(check_teacher(t, err));
    return check_augment(t, err);
}
