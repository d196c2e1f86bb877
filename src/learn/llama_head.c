/* llama_head.c - the model "llama": a head on the vectors that a language model gives a text.
 *
 *     text -> recipe step "embed" (the language model, as it is) -> columns TEXT~1, TEXT~2, ... -> head -> classes or numbers
 *
 * The head is linear (logistic regression of classes, ridge regression of numbers), a linear support vector machine, or a perceptron with a
 * hidden layer; it reads the table's other columns too. The weights of the language model are not trained here (`huaxiang train classify`
 * trains them with a head) and are not in the model's file: the step names the language model and knows it again. learner.c refuses a fit
 * whose recipe has no such step. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/families.h"
#include "learn/model_state.h"

enum { HEAD, PARAMS };
enum { LINEAR = 0, SVM, MLP };
static const char *const heads[] = {"linear", "svm", "mlp", NULL};

static const hx_model_param params[PARAMS] = {
    {.name = "head",
     .kind = HX_PARAM_CHOICE,
     .choices = heads,
     .help = {"what learns from the vectors", "在向量之上学习的模型"}},
};

typedef struct {
    const hx_estimator *head;
    void *state; /* owned, the head's */
} state;

static void release(void *state_) {
    state *s = state_;
    if (s->state) s->head->release(s->state);
    free(s);
}

static const hx_estimator *head_of(size_t which, bool classes) {
    if (which == SVM) return &hx_estimator_svm;
    if (which == MLP) return &hx_estimator_mlp;
    return classes ? &hx_estimator_logistic : &hx_estimator_ridge;
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    state *s = calloc(1, sizeof *s);
    if (!s) return hx_state_no_memory(err);
    s->head = head_of((size_t)o->params[HEAD], train->task == HX_TASK_CLASSES);
    double *values = calloc(s->head->kind.n_params + 1, sizeof *values);
    hx_fit_options own = *o;
    own.params = values;
    for (size_t i = 0; values && i < s->head->kind.n_params; i++)
        values[i] = s->head->kind.params[i].fallback;
    hx_status st =
        values ? s->head->fit(&s->state, train, validation, &own, err) : hx_state_no_memory(err);
    free(values);
    return hx_state_give(out, s, release, st, err);
}

static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    return s->head->predict(s->state, x, n, n_threads, out, err);
}

/* ------------------------------------------------------------------ words and files */
static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_key(w, "head");
    hx_json_cstr(w, s->head->kind.name);
}

static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_object(w);
    hx_json_key(w, "head");
    hx_json_cstr(w, s->head->kind.name);
    hx_json_key(w, "state");
    s->head->write(s->state, w);
    hx_json_end_object(w);
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    const char *name = json_string_value(json_object_get(json, "head"));
    state *s = calloc(1, sizeof *s);
    if (!s) return hx_state_no_memory(err);
    for (size_t k = 0; name && k <= MLP; k++)
        if (strcmp(head_of(k, n_classes > 0)->kind.name, name) == 0)
            s->head = head_of(k, n_classes > 0);
    hx_status st = s->head
                       ? s->head->read(&s->state, json_object_get(json, "state"), d, n_classes, err)
                       : hx_state_damaged(err);
    return hx_state_give(out, s, release, st, err);
}

const hx_estimator hx_estimator_llama = {
    .kind = {.name = "llama",
             .tasks = 1u << HX_TASK_REGRESSION | 1u << HX_TASK_CLASSES,
             .params = params,
             .n_params = PARAMS,
             .help = {"a head on what a language model makes of a text (--text C --trunk MODEL)",
                      "在语言模型的文本向量之上学习的头（--text 列 --trunk 模型）"}},
    .wants = HX_WANTS_FILLED | HX_WANTS_SCALED | HX_WANTS_EMBEDDING,
    .fit = fit,
    .predict = predict,
    .summary = summary,
    .write = write,
    .read = read,
    .release = release,
};
