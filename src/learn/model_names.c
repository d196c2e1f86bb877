/* model_names.c - what people call models, beside the names in the list of kinds; see estimator.h.
 *
 * Capital letters, blanks and '_' make no difference: "Random_Forest" is "random-forest". Where nothing fits, the nearest name is found by how many letters
 * would have to be put in, taken out or changed (Levenshtein 1966). */
#include <string.h>

#include "learn/estimator.h"

#define NAME_MAX_BYTES 40

static const struct {
    const char *name, *is; /* in ascending order of families */
} others[] = {
    {"ols", "linear"},
    {"linear-regression", "linear"},
    {"linreg", "linear"},
    {"ridge-regression", "ridge"},
    {"l2", "ridge"},
    {"l1", "lasso"},
    {"elastic-net", "elastic"},
    {"elasticnet", "elastic"},
    {"enet", "elastic"},
    {"lr", "logistic"},
    {"logit", "logistic"},
    {"logreg", "logistic"},
    {"logistic-regression", "logistic"},
    {"softmax", "logistic"},
    {"decision-tree", "tree"},
    {"dt", "tree"},
    {"cart", "tree"},
    {"rf", "forest"},
    {"random-forest", "forest"},
    {"randomforest", "forest"},
    {"xgboost", "boosting"},
    {"xgb", "boosting"},
    {"gbdt", "boosting"},
    {"gbm", "boosting"},
    {"gbrt", "boosting"},
    {"gradient-boosting", "boosting"},
    {"svc", "svm"},
    {"linear-svm", "svm"},
    {"linear-svc", "svm"},
    {"linearsvc", "svm"},
    {"rbf", "kernel-svm"},
    {"rbf-svm", "kernel-svm"},
    {"svr", "kernel-svm"},
    {"ksvm", "kernel-svm"},
    {"nb", "bayes"},
    {"naive-bayes", "bayes"},
    {"naivebayes", "bayes"},
    {"gaussian-nb", "bayes"},
    {"knn", "neighbours"},
    {"k-nn", "neighbours"},
    {"neighbors", "neighbours"},
    {"nearest-neighbours", "neighbours"},
    {"nearest-neighbors", "neighbours"},
    {"nn", "mlp"},
    {"neural-network", "mlp"},
    {"ann", "mlp"},
    {"dnn", "mlp"},
    {"cnn", "textcnn"},
    {"text-cnn", "textcnn"},
    {"bilstm", "lstm"},
    {"bigru", "gru"},
    {"bert", "transformer"},
    {"iforest", "isolation"},
    {"isolation-forest", "isolation"},
    {"vote", "voting"},
    {"stack", "stacking"},
    {"blend", "blending"},
    {"bag", "bagging"},
    {"coxph", "cox"},
};
#define OTHERS (sizeof others / sizeof *others)

/* Small letters, '-' between words; false where it is too long to be a name. */
static bool plain_name(const char *name, char out[NAME_MAX_BYTES]) {
    size_t n = strlen(name);
    if (n == 0 || n >= NAME_MAX_BYTES) return false;
    for (size_t i = 0; i <= n; i++)
        out[i] = name[i] >= 'A' && name[i] <= 'Z'   ? (char)(name[i] - 'A' + 'a')
                 : name[i] == '_' || name[i] == ' ' ? '-'
                                                    : name[i];
    return true;
}

const char *hx_model_other_name(const char *name) {
    char plain[NAME_MAX_BYTES];
    size_t n = 0;
    const hx_estimator *const *all = hx_estimators(&n);
    if (!plain_name(name, plain)) return NULL;
    for (size_t i = 0; i < OTHERS; i++)
        if (strcmp(others[i].name, plain) == 0) return others[i].is;
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i]->kind.name, plain) == 0) return all[i]->kind.name;
    return NULL;
}

/* Both shorter than NAME_MAX_BYTES. */
static size_t distance(const char *a, const char *b) {
    size_t row[NAME_MAX_BYTES + 1], n = strlen(b);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t before = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            const size_t here = row[j + 1], changed = before + (a[i] != b[j]);
            const size_t moved = 1 + (row[j] < here ? row[j] : here);
            row[j + 1] = changed < moved ? changed : moved;
            before = here;
        }
    }
    return row[n];
}

const char *hx_model_near_name(const char *name) {
    char plain[NAME_MAX_BYTES];
    size_t n = 0, least;
    const char *near = NULL;
    const hx_estimator *const *all = hx_estimators(&n);
    if (!plain_name(name, plain)) return NULL;
    least = strlen(plain) / 3 + 1;
    for (size_t i = 0; i < n + OTHERS; i++) {
        const char *one = i < n ? all[i]->kind.name : others[i - n].name;
        const size_t far = distance(plain, one);
        if (far >= least || far >= strlen(one)) continue;
        least = far;
        near = i < n ? one : others[i - n].is;
    }
    return near;
}
