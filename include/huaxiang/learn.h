/* huaxiang/learn.h - classic learners of text and of tables, and how good predictions are.
 *
 *     texts, labels -> hx_text_learner_fit -> learner -> hx_text_learner_predict -> probabilities -> hx_evaluate -> one JSON record
 *                                               |  ^
 *                              hx_text_learner_save, _load: one file
 *
 * A learner is immutable once it is fitted or loaded, and shared by threads. The same texts, options and seed give the same bytes with any number
 * of threads. */
#ifndef HUAXIANG_LEARN_H
#define HUAXIANG_LEARN_H

#include "huaxiang/base.h"
#include "huaxiang/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ learners of text */
typedef enum {
    HX_TEXT_LEARNER_SVM = 0, /* TF-IDF, linear SVM (squared hinge) */
    HX_TEXT_LEARNER_LOGISTIC, /* TF-IDF, logistic regression */
    HX_TEXT_LEARNER_NB, /* counts, multinomial naive Bayes */
    HX_TEXT_LEARNER_NBSVM, /* log-count ratios of naive Bayes as weights of the features, linear SVM (Wang, Manning 2012) */
    HX_TEXT_LEARNER_MLP, /* mean of embeddings, a hidden layer */
    HX_TEXT_LEARNER_CNN, /* TextCNN: widths 2-4, greatest over time */
    HX_TEXT_LEARNER_RNN,
    HX_TEXT_LEARNER_GRU, /* both directions */
    HX_TEXT_LEARNER_LSTM,
    HX_TEXT_LEARNER_TRANSFORMER, /* a small encoder, from scratch */
    HX_TEXT_LEARNER_CNN_GRU, /* a convolution of width 3, then both directions */
    HX_TEXT_LEARNER_N
} hx_text_learner_kind;

/* "svm", "logistic", ... and back; HX_TEXT_LEARNER_N where there is none. "bert" is another name of transformer. */
HX_API const char *hx_text_learner_name(hx_text_learner_kind kind);
HX_API hx_text_learner_kind hx_text_learner_of_name(const char *name);

/* Labelled texts, borrowed. labels (n), each below n_labels; validation rows have the labels of training. */
typedef struct {
    const hx_str *texts;
    const uint32_t *labels;
    size_t n;
    const char *const *names; /* (n_labels): what the labels are called */
    size_t n_labels;
} hx_text_rows;

/* What a learner says while it learns; once an epoch (neural), or once a candidate (linear). */
typedef struct {
    size_t epoch, n_epochs; /* from 1 */
    double loss; /* mean over training rows */
    double validation_loss, validation_accuracy,
        validation_macro_f1; /* NAN without validation rows */
    double seconds_left; /* NAN where it is not known */
} hx_learn_progress;

/* All zero = defaults. */
typedef struct {
    hx_text_learner_kind kind;
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor */
    size_t n_epochs; /* neural: 0 = 10; the best on validation rows is kept */
    double rate; /* neural: 0 = 0.001 */
    size_t batch; /* neural: texts a step, 0 = 32 */
    size_t patience; /* neural: epochs without gain on validation rows before it ends, 0 = all */
    size_t width; /* neural: 0 = 128 */
    size_t max_length; /* neural: characters (Han) and words of a text, 0 = 256 */
    double
        cost; /* linear: C of liblinear; 0 = the best of 0.1 to 8 on validation rows, 1 without them */
    size_t min_count; /* features seen in fewer texts are dropped, 0 = 2 */
    void (*progress)(void *context, const hx_learn_progress *p); /* NULL = none */
    void *context;
    const volatile int *cancel;
} hx_text_learner_options;

typedef struct hx_text_learner hx_text_learner;

/* Learns from `train`; `validation` (NULL = none) chooses C or the epoch, and calibrates the probabilities. HX_EINVAL: fewer than two labels with
 * rows, a label out of range. HX_ECANCELLED: nothing is made. */
HX_API hx_status hx_text_learner_fit(hx_text_learner **out, const hx_text_rows *train,
                                     const hx_text_rows *validation,
                                     const hx_text_learner_options *options,
                                     hx_error *err) HX_MUST_USE;
HX_API void hx_text_learner_free(hx_text_learner *l); /* NULL is fine */
/* probabilities (n, n_labels), the caller's; n_threads 0 = one a processor. A text without known features gets the prior of the labels. */
HX_API hx_status hx_text_learner_predict(const hx_text_learner *l, const hx_str *texts, size_t n,
                                         size_t n_threads, float *probabilities,
                                         hx_error *err) HX_MUST_USE;
/* One file: feature schema, training summary, weights, hash over all of it. HX_EFORMAT where a file is damaged or something else. */
HX_API hx_status hx_text_learner_save(const hx_text_learner *l, const char *path,
                                      hx_error *err) HX_MUST_USE;
HX_API hx_status hx_text_learner_load(hx_text_learner **out, const char *path,
                                      hx_error *err) HX_MUST_USE;
/* Whether a file begins as a learner's does. */
HX_API bool hx_text_learner_is_file(const char *path);

HX_API hx_text_learner_kind hx_text_learner_kind_of(const hx_text_learner *l);
HX_API size_t hx_text_learner_labels(const hx_text_learner *l);
HX_API const char *hx_text_learner_label(const hx_text_learner *l, size_t i); /* NULL beyond */
/* How it was trained, as a JSON object: learner, rows, features, options, chosen cost or epoch, figures on validation. Lives as long as l. */
HX_API hx_str hx_text_learner_summary(const hx_text_learner *l);

/* ------------------------------------------------------------------ how good predictions are */
typedef struct {
    const uint32_t *labels, *predictions; /* (n), each below n_labels */
    const float *probabilities; /* (n, n_labels), rows summing to 1; NULL = only labels are known */
    const uint32_t *against; /* (n): what another model says of the same rows; NULL = none */
    size_t n, n_labels;
    const char *const *names; /* (n_labels) */
    size_t rounds; /* of the bootstrap, 0 = 1000 */
    uint64_t seed;
    double
        temperature; /* that the probabilities' logits were divided by: ece_before says what that did; 0 = none */
} hx_evaluation;

/* One JSON object: n, accuracy, precision, recall, f1 (of the second label where there are two, else weighted by support), macro_f1, micro_f1,
 * balanced_accuracy, kappa, mcc; with probabilities auc, pr_auc, log_loss, brier, ece (10 bins of equal mass), ece_limit (95th percentile
 * of the ECE where labels are drawn from the probabilities themselves: above it they are not calibrated), ece_within (whether it is not above) and calibration, with a temperature also temperature and ece_before (the ECE without it); intervals (95 %) of accuracy and macro_f1; labels, one object a label with its figures and interval of recall; confusion (rows =
 * labels); against: accuracy of the other model, only_first, only_second, p (McNemar, exact). What is not defined is null. */
HX_API hx_status hx_evaluate(const hx_evaluation *e, hx_arena *arena, hx_str *json,
                             hx_error *err) HX_MUST_USE;
/* The temperature that makes softmax(log p / temperature) fit the labels best, in [0.05, 20]; and applying one, in place. NAN: no rows. */
HX_API double hx_temperature_of(const uint32_t *labels, const float *probabilities, size_t n,
                                size_t n_labels, hx_arena *arena);
HX_API void hx_temperature_apply(double temperature, float *probabilities, size_t n,
                                 size_t n_labels);

/* ------------------------------------------------------------------ learners of tables */
typedef enum {
    HX_TASK_AUTO =
        0, /* CLASSES for text, boolean or a number with few whole values (10), else REGRESSION */
    HX_TASK_REGRESSION,
    HX_TASK_CLASSES, /* two or more; classes are in order of their text, numbers of their value */
    HX_TASK_SURVIVAL, /* target = time, `event` = whether it ended then */
    HX_TASK_OUTLIERS /* no target */
} hx_learn_task;

/* One line of `learn fit --help`: a model and its parameters. */
typedef enum {
    HX_PARAM_NUMBER = 0,
    HX_PARAM_COUNT,
    HX_PARAM_SWITCH,
    HX_PARAM_CHOICE
} hx_model_param_kind;
typedef struct {
    const char *name;
    hx_model_param_kind kind;
    double fallback; /* where it is not given; of CHOICE the index */
    double low, high; /* what is accepted, both included */
    double tune_low, tune_high; /* where `tune` looks; equal = it leaves it alone */
    bool tune_log; /* ... on a logarithmic scale */
    const char *const *choices; /* CHOICE: names, NULL at the end */
    const char *help[2]; /* [hx_ui_lang] */
} hx_model_param;
typedef struct {
    const char *name; /* "ridge", "forest", ... */
    unsigned tasks; /* 1 << hx_learn_task of each it can do */
    const hx_model_param *params;
    size_t n_params;
    const char *help[2];
} hx_model_kind;
/* Models there are, in the order of the help. */
HX_API size_t hx_model_kinds(void);
HX_API const hx_model_kind *hx_model_kind_at(size_t i); /* NULL beyond */
/* NULL where there is none of that name. */
HX_API const hx_model_kind *hx_model_kind_of(const char *name);

/* Maps that make probabilities mean what they say; fitted on rows out of fold, kept in the model, applied to all it predicts. */
typedef enum {
    HX_CALIBRATE_NONE = 0,
    HX_CALIBRATE_PLATT, /* logistic in the log-odds */
    HX_CALIBRATE_ISOTONIC, /* any ascending function; from about a thousand rows */
    HX_CALIBRATE_TEMPERATURE /* one number for all classes */
} hx_calibrate;

typedef struct {
    const char *model; /* NULL = "boosting" */
    const char *target; /* column; NULL for OUTLIERS */
    const char *event; /* SURVIVAL */
    hx_learn_task task;
    const char *use,
        *drop; /* columns that are features, "a,b"; NULL: all but the target, none left out */
    const char *weight; /* column of row weights; NULL */
    const char *
        text; /* the column of texts or sequences that networks read; models that can't leave it out; NULL: the only one of texts */
    const char
        *items; /* it holds items between these marks, "a>b>c"; NULL = words and characters */
    hx_str
        params; /* JSON object of the model's parameters; empty = defaults. An unknown name or a value out of range is refused */
    hx_str recipe; /* JSON of steps (huaxiang/frame.h), fitted on the training rows; empty = none */
    hx_calibrate calibrate; /* CLASSES */
    double
        conformal; /* this share of the rows, in (0, 0.9], is not learnt from but kept for hx_learner_cover(); 0 = none */
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor */
    void (*progress)(void *context, const hx_learn_progress *p); /* NULL = none */
    void *context;
    const volatile int *cancel;
    const hx_text_embedder *
        embedder; /* what the recipe's step "embed" reads texts by, as long as the learner lives; NULL = none */
} hx_learn_options;

/* A fitted model with all it needs to read a table: recipe, features, estimator. Immutable, shared by threads. */
typedef struct hx_learner hx_learner;
/* Neither table is changed. `validation` (NULL = none) stops early those that can. HX_EINVAL: no such model or it can't do the task, one class only,
 * no feature left; HX_ENOTFOUND: no such column. */
HX_API hx_status hx_learner_fit(hx_learner **out, const hx_table *train, const hx_table *validation,
                                const hx_learn_options *options, hx_error *err) HX_MUST_USE;
HX_API void hx_learner_free(hx_learner *l); /* NULL is fine */
/* Gives a learner that was just loaded what its recipe's step "embed" reads texts by; borrowed as long as it lives. */
HX_API void hx_learner_lend(hx_learner *l, const hx_text_embedder *embedder);

/* A row each: `values` (n) is the number, the index of the class, the risk or the score of an outlier; probabilities (n, n_classes) of CLASSES, else
 * NULL. In the arena. */
typedef struct {
    size_t n, n_classes;
    const char *const *classes; /* (n_classes), the learner's */
    double *values, *probabilities;
} hx_predictions;
HX_API hx_status hx_learner_predict(const hx_learner *l, const hx_table *t, size_t n_threads,
                                    hx_arena *arena, hx_predictions *out,
                                    hx_error *err) HX_MUST_USE;
/* Intervals or sets that hold the truth of at least a share `coverage` of rows like those learnt from (split conformal prediction). HX_EINVAL: the learner was
 * fitted without options.conformal, or kept too few rows for it. In the arena. */
typedef enum {
    HX_CONFORMAL_LAC = 0, /* smallest sets on the mean */
    HX_CONFORMAL_APS /* sets that grow with how unsure the model is of a row */
} hx_conformal_method;
typedef struct {
    double *low, *high; /* REGRESSION: (n) */
    unsigned char
        *members; /* CLASSES: (n, n_classes), 1 = in the set; the likeliest class always is */
} hx_coverage;
HX_API hx_status hx_learner_cover(const hx_learner *l, const hx_predictions *p, double coverage,
                                  hx_conformal_method method, hx_arena *arena, hx_coverage *out,
                                  hx_error *err) HX_MUST_USE;
HX_API hx_learn_task hx_learner_task(const hx_learner *l);
HX_API const char *hx_learner_target(const hx_learner *l); /* "" of OUTLIERS */
/* The kinds that the columns it reads had in training, for hx_table_options.kinds: a file to be predicted is read as what was learnt from. In the arena,
 * names borrow from the learner. */
HX_API hx_status hx_learner_kinds(const hx_learner *l, hx_arena *arena, hx_column_kind **out,
                                  size_t *n, hx_error *err) HX_MUST_USE;
/* How it was trained, as a JSON object: model, parameters, rows, features, classes, loss a round, coefficients or importances, seconds. */
HX_API hx_str hx_learner_summary(const hx_learner *l);

/* One JSON file, "huaxiang/model/1": recipe, features, parameters, summary, hash. HX_EFORMAT where a file is damaged or something else. */
HX_API hx_status hx_learner_save(const hx_learner *l, const char *path, hx_error *err) HX_MUST_USE;
HX_API hx_status hx_learner_load(hx_learner **out, const char *path, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ models of tables: elsewhere */
typedef enum {
    HX_EXPORT_SQL = 0, /* one SELECT for SQLite 3.35 and PostgreSQL 12, or later */
    HX_EXPORT_C, /* one C17 file that needs the C library alone */
    HX_EXPORT_XGBOOST /* JSON that XGBoost 1.6 or later loads; of boosting alone */
} hx_export_kind;
typedef struct {
    hx_export_kind kind;
    const char *table; /* SQL: where the rows are, "schema.table"; NULL = "data" */
    const char *name; /* C: what its names begin with; NULL = "model" */
} hx_export_options;
/* linear, ridge, lasso, elastic, logistic, tree, forest and boosting, with the steps scale, impute and encode of their recipe. Scores are those of
 * hx_learner_predict(), to the last bit in C, to 1e-12 in SQL, to 32-bit floats in XGBoost. HX_EUNSUPPORTED names what can't be said: another kind
 * of model, step or method; HX_ELIMIT: too many columns or classes for a database. `text` in the arena. */
HX_API hx_status hx_learner_export(const hx_learner *l, const hx_export_options *options,
                                   hx_arena *arena, hx_str *text, hx_error *err) HX_MUST_USE;
/* A model that XGBoost saved as JSON (gbtree; reg:squarederror, binary:logistic, multi:softprob). Its features are columns of numbers by their names
 * (f0, f1, ... where it has none), its classes "0", "1", ... HX_EFORMAT: damaged or something else; HX_EUNSUPPORTED: another booster or objective. */
HX_API hx_status hx_learner_import(hx_learner **out, const char *path, const char *target,
                                   hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ models of tables: how good, chosen, combined */
/* All zero = defaults. */
typedef struct {
    double cost_false_positive,
        cost_false_negative; /* two classes: the cheapest threshold is looked for where one is above 0 */
    size_t rounds; /* of the bootstrap, 0 = 1000; fewer where rows x classes x rounds pass 2e8 */
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor */
    bool curves; /* for a page: curves (roc, pr) of each class and thresholds, of numbers points */
    const char *
        rank_by; /* column of groups whose rows are ranked: `ranking` (ndcg, map, recall, precision); NULL = not */
    size_t rank_at; /* of how many rows a group; 0 = 10 */
} hx_assess_options;
/* How good a learner is on rows whose target is known, as one JSON object: n; of classes accuracy, balanced_accuracy, precision, recall, f1,
 * macro_f1, auc, pr_auc, log_loss, brier, ks, gini, ece, classes (with `said`: what its rows were called), calibration, deciles (lift and gain),
 * threshold, unknown_classes (class, n, first_row) where rows are of classes the learner does not know: wrong, and classes of their own; of numbers r2, rmse, mae, median_error, mape, sum_loss, mean_loss (of squares),
 * nearest_accuracy (of at most 20 different values: the nearest is the right one); intervals (95 %). What is not defined is null. */
HX_API hx_status hx_learner_assess(const hx_learner *l, const hx_table *t,
                                   const hx_assess_options *options, hx_arena *arena, hx_str *json,
                                   hx_error *err) HX_MUST_USE;

/* Cross-validation of models on the same folds. All zero = defaults; `learn` says target, columns, recipe, seed (its model is not used). The
 * target is the table's, as it is before the recipe. */
typedef struct {
    const char *models; /* "ridge,forest"; NULL = "boosting" */
    hx_str params; /* of one model its parameters; of several {"ridge":{...},...} */
    size_t n_folds, n_repeats; /* 0 = 5 and 1; classes are spread evenly */
    const char *group; /* rows of a value stay in one fold; NULL */
    const char *time; /* a fold is predicted from those before it; NULL */
    bool
        curve; /* each model on growing shares of the training rows: `curve` (share, rows, train and test: each figure) */
    bool
        curves; /* for a page: `out_of_fold`, an evaluation of the first repeat with its curves; costs as in hx_assess_options */
    double cost_false_positive, cost_false_negative;
    hx_learn_options learn;
} hx_cross_options;
/* One JSON object: task, n, folds, repeats, figure (what models are compared by: auc, r2), models (each figure: mean, sd, folds), best, tests (pairs:
 * corrected resampled t-test of Nadeau and Bengio 2003; of classes McNemar's too). out_of_fold (NULL = not wanted): a copy of the table with `fold`,
 * and `prediction MODEL` and `probability MODEL` of the first repeat; the caller's. The same bytes for any number of threads. */
HX_API hx_status hx_cross_validate(const hx_table *t, const hx_cross_options *options,
                                   hx_arena *arena, hx_str *json, hx_table **out_of_fold,
                                   hx_error *err) HX_MUST_USE;

/* A search over the parameters of models; the first setting of each model is its defaults. */
typedef enum {
    HX_SEARCH_HALVING =
        0, /* by chance and near the best; of every 9 settings a third goes on to the next folds, then a third of those */
    HX_SEARCH_RANDOM, /* by chance, each on all folds; as the next two */
    HX_SEARCH_GRID, /* all combinations of 5 to 2 levels of each parameter, as many as fit into n_trials (0 = 256 a model) */
    HX_SEARCH_TPE /* where the density of good settings is high beside that of the others */
} hx_tune_search;
typedef struct {
    hx_tune_search search;
    hx_cross_options cross; /* params is not used; n_repeats = 1 */
    size_t n_trials; /* settings drawn at most; 0 = 27, no limit with `seconds` */
    double seconds; /* no new round of settings starts after these; 0 = no limit */
    size_t n_outer; /* nested: the whole search is judged on so many folds; 0 = not */
    bool single; /* the best setting alone is kept, not several together */
} hx_tune_options;
/* `best` is fitted on all rows: the settings that are best together (greedy selection with replacement, Caruana 2004), or the best alone. cross.models
 * NULL: boosting, logistic (classes) or elastic (numbers), and forest up to 5,000 rows. JSON: figure, folds, tried (model, params, mean, sd, folds of each), best,
 * ensemble (mean, sd, folds, members: model, params, weight; where several are together), nested (mean, sd, folds; n_outer). */
HX_API hx_status hx_learner_tune(hx_learner **best, const hx_table *t,
                                 const hx_tune_options *options, hx_arena *arena, hx_str *json,
                                 hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ survival */
typedef struct {
    const char *time,
        *event; /* columns: how long a row was seen, and whether it ended then (true, 1) */
    const char *group; /* a curve for each value, and whether they differ; NULL */
    const char *use; /* columns whose influence on the risk is estimated, "a,b"; NULL = none */
    bool breslow; /* ties as Breslow has them, else as Efron */
} hx_survival_options;
/* One JSON object: n, events, groups (group, n, events, median with interval, curve: time, at_risk, events, censored, survival, low, high, hazard), log_rank
 * (statistic, freedom, p), cox (features: coefficient, error, interval, hazard_ratio, z, p; log_likelihood, likelihood_ratio, aic, concordance, converged). */
HX_API hx_status hx_survival(const hx_table *t, const hx_survival_options *o, hx_arena *arena,
                             hx_str *json, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ a page */
/* Any of the parts may be empty; each is the JSON of its function, evaluations with `curves`. */
typedef struct {
    hx_ui_lang ui;
    hx_str title, note;
    hx_str fit; /* hx_learner_summary() */
    hx_str evaluation; /* hx_learner_assess() */
    hx_str cross; /* hx_cross_validate() */
    hx_str tuning; /* hx_learner_tune() */
    hx_str survival; /* hx_survival() */
} hx_learn_page;
/* One self-contained HTML page: figures with intervals, charts that say how they are read, tests. In the arena. */
HX_API hx_status hx_learn_report(const hx_learn_page *page, hx_arena *arena, hx_str *html,
                                 hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ why a model says what it says */
/* All zero = defaults. Columns are those the model reads: after its recipe. */
typedef struct {
    const char *
        methods; /* "coefficients,shap,kernel,permutation,partial,counterfactual,surrogate"; NULL: those that fit */
    const char *
        class_name; /* whose probability is explained; NULL: of two the second, of a row its own, else the last */
    size_t row; /* from 1: this row alone; 0 = all rows together */
    size_t top; /* columns that are shown in full, those that count most first; 0 = 10, partial 6 */
    const char *
        want; /* counterfactual: a class, "above 0.8", "below 20"; NULL = the class that comes second */
    const char *fixed; /* counterfactual: columns that may not change, "age,city"; NULL */
    const hx_table *background; /* kernel: rows to compare with; NULL = of the table itself */
    size_t n_background; /* kernel: that many of them, 0 = 100 */
    size_t max_rows; /* rows looked at, drawn by the seed; 0 = 10,000, kernel 50, partial 1,000 */
    size_t repeats; /* permutation: 0 = 5 */
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor */
    const volatile int *cancel;
} hx_explain_options;
/* One JSON object: model, target, task, class, rows, mean (answer), row, answer; coefficients (feature, column, coefficient, low, high, p); shap (by: trees,
 * weights or kernel; unit: probability, value, log-odds or score; base; columns with mean_abs, mean, share, points; of a row sum and contributions, which
 * add up to it with base); permutation (figure, score, columns: mean, sd); partial (values, means, lines); counterfactual (wanted, already, found: changes,
 * answer, cost); surrogate (r2, agreement, nodes). The same bytes for any number of threads. HX_EINVAL: no such row, class or method, no row at all. */
HX_API hx_status hx_learner_explain(const hx_learner *l, const hx_table *t,
                                    const hx_explain_options *options, hx_arena *arena,
                                    hx_str *json, hx_error *err) HX_MUST_USE;
/* Such an object as one self-contained HTML page: bars, beeswarm, waterfall, lines, the tree as a picture. `title` is escaped. */
HX_API hx_status hx_explain_html(hx_str json, hx_str title, hx_ui_lang ui, hx_arena *arena,
                                 hx_str *html, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ clusters of rows */
/* All zero = defaults. */
typedef struct {
    const char
        *method; /* "kmeans" (NULL), "mini-batch", "mixture", "hierarchical", "dbscan", "hdbscan" */
    size_t
        k; /* clusters; 0 = chosen by what the rows say (dbscan and hdbscan always find their own number) */
    const char *use, *drop; /* columns "a,b"; NULL: all, none left out */
    hx_str
        params; /* JSON object: k_max, choose, restarts, batch, covariance, linkage, radius, min_rows, min_cluster, stability; empty = defaults */
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor */
    const volatile int *cancel;
} hx_cluster_options;

/* Clusters that were found, and the rule that tells which one any row is in. Immutable, shared by threads. */
typedef struct hx_clusters hx_clusters;
#define HX_CLUSTER_NONE UINT32_MAX
/* The parameters of `params`. */
HX_API const hx_model_kind *hx_cluster_params(void);
/* Features are scaled to mean 0 and deviation 1, a text column gives one a value; of a feature with two values these differ by 1; missing and infinite
 * values are means, with a feature that says so. The table is not changed. HX_EINVAL: no such method, more clusters than rows. */
HX_API hx_status hx_clusters_fit(hx_clusters **out, const hx_table *t,
                                 const hx_cluster_options *options, hx_error *err) HX_MUST_USE;
HX_API void hx_clusters_free(hx_clusters *c); /* NULL is fine */
HX_API size_t hx_clusters_count(const hx_clusters *c);
/* labels (rows) in the arena: below the count, the largest cluster of training first; HX_CLUSTER_NONE = noise. */
HX_API hx_status hx_clusters_assign(const hx_clusters *c, const hx_table *t, hx_arena *arena,
                                    uint32_t **labels, hx_error *err) HX_MUST_USE;
/* JSON object: method, k, rows, noise, features, params, silhouette, stability (mean adjusted Rand index of bootstrap samples), inertia, bic, choice (by, tried),
 * clusters (cluster from 1, rows, share, name_en, name_zh, why_en, why_zh, centre: means in the columns' own units). What is not defined is null. */
HX_API hx_str hx_clusters_summary(const hx_clusters *c);
/* As hx_learner_kinds(). */
HX_API hx_status hx_clusters_kinds(const hx_clusters *c, hx_arena *arena, hx_column_kind **out,
                                   size_t *n, hx_error *err) HX_MUST_USE;
/* One JSON file, "huaxiang/clusters/1": features, rule, summary, hash. HX_EFORMAT where a file is damaged or something else. */
HX_API hx_status hx_clusters_save(const hx_clusters *c, const char *path,
                                  hx_error *err) HX_MUST_USE;
HX_API hx_status hx_clusters_load(hx_clusters **out, const char *path, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ selection of columns */
/* How a column is ranked. A text of more than two values has no order: methods that need one do not apply (NAN). Of classes with more than two
 * values that are no numbers nor do the correlations. The last two do not look at the target: they are shown, but not in the mean rank. */
typedef enum {
    HX_SELECT_PEARSON = 0,
    HX_SELECT_SPEARMAN,
    HX_SELECT_KENDALL, /* tau-b */
    HX_SELECT_MUTUAL, /* mutual information in nats: of values, or by 3 nearest neighbours */
    HX_SELECT_GAIN, /* information gain in bits: of values or tenths of the rows, as all to CHI2 */
    HX_SELECT_GAIN_RATIO, /* ... over the entropy of the column */
    HX_SELECT_INFORMATION_VALUE, /* two classes */
    HX_SELECT_CHI2, /* ranked by p */
    HX_SELECT_ANOVA, /* F, ranked by p */
    HX_SELECT_L1, /* penalty at which it enters the L1 path, over the largest */
    HX_SELECT_ELIMINATION, /* 1 = the last one left by recursive elimination (ridge) */
    HX_SELECT_FOREST, /* share of the importance, as the next */
    HX_SELECT_BOOSTING,
    HX_SELECT_PERMUTATION, /* loss of AUC or R2 on rows that were not learnt from */
    HX_SELECT_BORUTA, /* share of rounds in which it beats every shuffled column */
    HX_SELECT_VARIANCE, /* of the values scaled to [0, 1] */
    HX_SELECT_VIF, /* of a text to the power 1 / (values - 1); less is better; infinite = the others tell it exactly */
    HX_SELECT_METHODS
} hx_select_method;
HX_API const char *hx_select_method_name(hx_select_method m); /* "pearson", "gain-ratio", ... */
HX_API const char *hx_select_method_title(hx_select_method m, hx_ui_lang ui);
/* HX_SELECT_METHODS where there is none of that name. */
HX_API hx_select_method hx_select_method_of(hx_str name);

/* All zero = defaults. */
typedef struct {
    const char *target; /* needed */
    hx_learn_task task; /* AUTO, REGRESSION or CLASSES */
    const char *use, *drop; /* columns to look at, "a,b"; NULL: all but the target, none left out */
    const char *methods; /* "pearson,vif"; NULL = all but boruta; "all" */
    const char *by; /* the method that decides; NULL = the mean rank */
    size_t top; /* columns to choose, 0 = no limit */
    const char *
        limit; /* a number: chosen are columns whose value in `by` is at least it (rank, elimination, vif: at most); NULL */
    const char *must_keep, *must_not; /* "a,b"; NULL */
    hx_str rules; /* JSON: {"must_keep":[{"column","reason"}],"must_not":[...]}; empty = none */
    const hx_table *test; /* rows on which all and the chosen columns are judged; NULL */
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor */
    void (*progress)(void *context, const hx_learn_progress *p); /* methods as epochs; NULL */
    void *context;
    const volatile int *cancel;
} hx_select_options;

typedef struct {
    const char *name;
    hx_kind kind;
    bool kept;
    bool ruled_out; /* must not be used: nothing was computed of it */
    const char *reason[2]; /* [ui] why it is kept or not */
    const char *const *looks_protected; /* [ui] "gender", ...; NULL = its name does not */
    double value[HX_SELECT_METHODS]; /* NAN = does not apply or was not asked for */
    double p[HX_SELECT_METHODS]; /* of chi2 and anova; else NAN */
    double rank
        [HX_SELECT_METHODS]; /* 1 = the best, ties share the mean; stretched to all columns where the method applies to some; NAN */
    double mean_rank; /* NAN where no method applies */
} hx_selected_column;

typedef struct {
    const char *target;
    hx_learn_task task;
    size_t rows, n_classes;
    hx_selected_column *columns; /* [n] by mean rank, the ruled out ones last */
    size_t n, n_kept;
    bool has[HX_SELECT_METHODS]; /* a column has a value */
    const char *figure; /* "auc" or "r2": of a forest on the rows of `test`, else NULL */
    double all, chosen;
    const char *notes[8][2]; /* [n_notes][ui] what could not be computed and why */
    size_t n_notes;
} hx_selection;

/* Ranks the columns of the training rows and chooses among them; all in the arena. The same for any number of threads. HX_EINVAL: no target, one class only,
 * fewer than two rows, a rule that contradicts another; HX_ENOTFOUND: no such column. */
HX_API hx_status hx_table_select(const hx_table *train, const hx_select_options *options,
                                 hx_arena *arena, hx_selection *out, hx_error *err) HX_MUST_USE;
/* A list of steps for hx_recipe_open(): drops what was not chosen, with the reasons. */
HX_API hx_status hx_selection_recipe(const hx_selection *s, hx_ui_lang ui, hx_arena *arena,
                                     hx_str *json, hx_error *err) HX_MUST_USE;
/* One self-contained page with all rankings side by side; `title` is escaped. */
HX_API hx_status hx_selection_html(const hx_selection *s, hx_str title, hx_ui_lang ui,
                                   hx_arena *arena, hx_str *html, hx_error *err) HX_MUST_USE;
/* A rules file to be read and edited: must_not for columns whose names look like protected attributes (gender, age, 民族, ...). */
HX_API hx_status hx_select_rules_propose(const hx_table *t, hx_ui_lang ui, hx_arena *arena,
                                         hx_str *json, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ steps */
/* The kinds of steps that learn adds to recipes, for hx_recipe_open() and hx_recipe_read(): "text", "isolation" (docs/tables.md). *n of them, static. */
HX_API const hx_step_kind *const *hx_learn_steps(size_t *n);

/* ------------------------------------------------------------------ vectors of words */
typedef enum {
    HX_WORDS_SKIPGRAM = 0, /* word2vec: each word of a window foretells its middle */
    HX_WORDS_CBOW, /* word2vec: the mean of a window does */
    HX_WORDS_GLOVE, /* how often words stand together, as a product of two vectors */
    HX_WORDS_N
} hx_word_method;
/* "skipgram", "cbow", "glove" and back; HX_WORDS_N where there is none. */
HX_API const char *hx_word_method_name(hx_word_method method);
HX_API hx_word_method hx_word_method_of_name(const char *name);

/* Texts as lists of words, kept as numbers. Used by one thread. */
typedef struct hx_word_corpus hx_word_corpus;
HX_API hx_status hx_word_corpus_new(hx_word_corpus **out, hx_error *err) HX_MUST_USE;
HX_API void hx_word_corpus_free(hx_word_corpus *c); /* NULL is fine */
/* One text; windows do not reach over its ends. Empty words, those with white space or of more than 1000 bytes are left out. */
HX_API hx_status hx_word_corpus_add(hx_word_corpus *c, const hx_str *words, size_t n,
                                    hx_error *err) HX_MUST_USE;
HX_API size_t hx_word_corpus_words(const hx_word_corpus *c); /* running words so far */
HX_API size_t hx_word_corpus_vocabulary(const hx_word_corpus *c); /* different ones */

typedef struct {
    size_t epoch, n_epochs; /* from 1 */
    double share; /* of this epoch, 0 to 1 */
    double loss; /* mean over the epoch; NAN before its end */
} hx_word_progress;

/* All zero = defaults. */
typedef struct {
    hx_word_method method;
    size_t dimension; /* 0 = 100; at most 4096 */
    size_t window; /* words on each side, 0 = 5; at most 100 */
    size_t negative; /* wrong words a sample, 0 = 5; at most 100; not GloVe */
    size_t min_count; /* words that occur less often are left out, 0 = 5 */
    size_t n_epochs; /* 0 = 5, of GloVe 25 */
    double
        sample; /* share of the text from which on a word is thinned out, 0 = 0.001, below 0 = none is; not GloVe */
    double rate; /* 0 = 0.025 (falls to 0.0001), of GloVe 0.05 */
    double x_max; /* GloVe: co-occurrences from which on all weigh alike, 0 = 100 */
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor */
    void (*progress)(void *context, const hx_word_progress *p); /* NULL = none */
    void *context;
    const volatile int *cancel;
} hx_word_options;

/* A vector a word, the commonest word first. Immutable, shared by threads. */
typedef struct hx_word_vectors hx_word_vectors;
/* The same bytes for any number of threads. HX_EINVAL: fewer than two words that are common enough, an option out of range. */
HX_API hx_status hx_word_vectors_fit(hx_word_vectors **out, const hx_word_corpus *c,
                                     const hx_word_options *options, hx_error *err) HX_MUST_USE;
HX_API void hx_word_vectors_free(hx_word_vectors *v); /* NULL is fine */
HX_API size_t hx_word_vectors_count(const hx_word_vectors *v);
HX_API size_t hx_word_vectors_dimension(const hx_word_vectors *v);
HX_API hx_str hx_word_vectors_word(const hx_word_vectors *v, size_t i); /* empty beyond */
HX_API const float *hx_word_vectors_row(const hx_word_vectors *v,
                                        size_t i); /* (dimension); NULL beyond */
/* SIZE_MAX where it is not known. */
HX_API size_t hx_word_vectors_find(const hx_word_vectors *v, hx_str word);
/* How they were learnt, as a JSON object: method, options, running_words, known, epochs (epoch, loss, samples). Empty of vectors from a file. */
HX_API hx_str hx_word_vectors_summary(const hx_word_vectors *v);

typedef struct {
    const hx_str *plus, *minus; /* "king" + "woman" - "man" */
    size_t n_plus, n_minus;
} hx_word_question;
typedef struct {
    hx_str word; /* the vectors' */
    size_t index;
    double similarity; /* cosine */
} hx_near_word;
/* The `top` words nearest to the mean of the question's (each at length 1), without these; *n of them in the arena. HX_ENOTFOUND names an unknown word. */
HX_API hx_status hx_word_vectors_similar(const hx_word_vectors *v, const hx_word_question *q,
                                         size_t top, hx_arena *arena, hx_near_word **out, size_t *n,
                                         hx_error *err) HX_MUST_USE;
/* mean (dimension) of the vectors of those words that are known; returns how many are; all 0 where none is. */
HX_API size_t hx_word_vectors_mean(const hx_word_vectors *v, const hx_str *words, size_t n,
                                   double *mean);

/* The formats of word2vec. Reading finds out which it is, and reads GloVe's own (without a first line) too; repeated words and such that are no UTF-8 are
 * left out. HX_EFORMAT where a file is damaged or something else. */
typedef enum { HX_WORD_BINARY = 0, HX_WORD_TEXT } hx_word_format;
HX_API hx_status hx_word_vectors_save(const hx_word_vectors *v, const char *path,
                                      hx_word_format format, hx_error *err) HX_MUST_USE;
HX_API hx_status hx_word_vectors_load(hx_word_vectors **out, const char *path,
                                      hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ labels from several sources */
#define HX_OPINION_LABELS_MAX 256

typedef struct {
    size_t n, n_sources, n_labels; /* labels: 2 to HX_OPINION_LABELS_MAX */
    const float *
        said; /* (n, n_sources, n_labels): shares of a vote, each [0, 1]; all zero = the source says nothing of the text */
} hx_opinions;

/* The probability of each label of each text, p (n, n_labels), from what sources say that are right now and then: how far each is to be trusted
 * comes from how well they agree. right (n_sources): the share of each source's votes that stand. */
HX_API hx_status hx_opinions_combine(const hx_opinions *o, double *p, double *right,
                                     hx_error *err) HX_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
