/* wide.h - linear models over the features of a problem and the n-grams of its text: sparse, so all n-grams can be in. For src/learn only.
 *
 *     svm        squared hinge, one class against the rest; probabilities Platt's, of margins that rows got from machines that did not see them
 *     logistic   one class against the rest; probabilities as they are, divided by their sum
 *     nbsvm      svm on n-grams times the log of the ratio of their shares in the class and in the others (Wang, Manning 2012)
 *     number     squared errors beyond epsilon
 *
 * all with |w|^2 / 2 + C sum of errors, the intercept among the weights (linear.h); a number by L-BFGS. */
#ifndef HX_LEARN_WIDE_H
#define HX_LEARN_WIDE_H

#include "learn/estimator.h"

typedef enum { HX_WIDE_SVM = 0, HX_WIDE_LOGISTIC, HX_WIDE_NBSVM, HX_WIDE_NUMBER } hx_wide_kind;
typedef struct {
    hx_wide_kind kind;
    double cost, epsilon;
    bool balanced;
    size_t grams; /* tokens of an n-gram at most */
    size_t least; /* rows that an n-gram needs */
} hx_wide_options;

typedef struct hx_wide hx_wide;
/* A problem with tokens. */
hx_status hx_wide_fit(hx_wide **out, const hx_problem *p, const hx_wide_options *w,
                      const hx_fit_options *o, hx_error *err) HX_MUST_USE;
void hx_wide_free(hx_wide *w); /* NULL is fine */
/* As hx_estimator's. A text's contribution stands at its first token. */
hx_status hx_wide_predict(const hx_wide *w, const double *x, size_t n, size_t n_threads,
                          double *out, hx_error *err) HX_MUST_USE;
hx_status hx_wide_contributions(const hx_wide *w, const double *x, size_t n, size_t class,
                                double *out, hx_error *err) HX_MUST_USE;
void hx_wide_summary(const hx_wide *w, hx_json_writer *out);
void hx_wide_write(const hx_wide *w, hx_json_writer *out);
hx_status hx_wide_read(hx_wide **out, const json_t *json, size_t d, size_t n_classes,
                       hx_error *err) HX_MUST_USE;

/* Parameters of models that read a text where --text names one. */
#define HX_PARAM_WIDE                                                                              \
    {.name = "length",                                                                             \
     .kind = HX_PARAM_COUNT,                                                                       \
     .fallback = 512,                                                                              \
     .low = 1,                                                                                     \
     .high = HX_TOKENS_LENGTH_MAX,                                                                 \
     .help = {"tokens of --text that are read", "--text 列读取的最多词元数"}},                     \
        {.name = "min_count",                                                                      \
         .kind = HX_PARAM_COUNT,                                                                   \
         .fallback = 2,                                                                            \
         .low = 1,                                                                                 \
         .high = 1e9,                                                                              \
         .help = {"rows that a token or n-gram of --text needs",                                   \
                  "--text 列的词元或 n 元组至少出现的行数"}},                                      \
    {                                                                                              \
        .name = "grams", .kind = HX_PARAM_COUNT, .fallback = 3, .low = 1, .high = 4, .help = {     \
            "tokens of an n-gram of --text at most",                                               \
            "--text 列 n 元组的最大长度"                                                   \
        }                                                                                          \
    }

#endif
