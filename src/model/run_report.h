/* run_report.h - a run as one HTML page: curves, figures, the examples it gets wrong. For src/model.
 *
 * The page needs nothing but itself: no script, no font, no request; pictures are SVG drawn here. It holds Chinese and English, switched by two
 * buttons of plain CSS, and follows the reader's light or dark setting. */
#ifndef HX_MODEL_RUN_REPORT_H
#define HX_MODEL_RUN_REPORT_H

#include "base/buf.h"
#include "model/dataset.h"

/* An example that is answered wrongly. */
typedef struct {
    hx_str text; /* shown up to 400 bytes */
    const char *label, *predicted; /* names */
    double score; /* the probability of what was predicted */
    int64_t row; /* 1-based data row of its file; 0 = not known */
} hx_report_wrong;

/* A text of validation or test that also stands in train. */
typedef struct {
    hx_str text;
    int64_t train_row, other_row;
} hx_report_leak;

typedef enum {
    HX_WRONG_SURE = 0, /* scores are probabilities of what was predicted */
    HX_WRONG_SHARE, /* shares of words that are wrong */
    HX_WRONG_DISTANCE /* how far off */
} hx_wrong_score;

/* What is missing (NULL, empty) has no section. All borrowed. */
typedef struct hx_run_report {
    const char *title; /* what was trained, e.g. the run folder's name */
    hx_ui_lang ui; /* the language that is shown first */
    hx_str config; /* config.json: its scalar members are listed */
    /* log.jsonl. Numbers named loss, *_loss, *.loss; accuracy, precision, recall, f1, auc and the like; rate or lr; norm; perplexity become curves
     * over `step`; a nested object's members are named OBJECT.MEMBER ("validation.loss"). A line that can't be read is counted and said. */
    hx_str log;
    hx_str timing; /* timing.jsonl: "warning" of its records is shown, the first few */
    hx_str evaluation; /* hx_evaluate()'s record (huaxiang/learn.h) */
    const char *part; /* what it was evaluated on: "test", "validation" */
    const hx_dataset_check *check;
    size_t n_train, n_validation, n_test; /* examples */
    const hx_report_leak *leaks; /* shown: the first few */
    size_t n_leaks;
    const hx_report_wrong *wrong; /* highest score first */
    size_t n_wrong;
    hx_wrong_score score; /* what the scores of `wrong` are */
    bool of_words; /* the evaluation counts words */
    hx_str figures; /* more figures, an object: f1, rmse, mae, r2, uas, las, hamming */
    const char *task; /* its name, where there are several */
    const struct hx_run_report
        *next; /* the next task's: of it what stands above from `evaluation` on */
} hx_run_report;

/* Appends the page. HX_EFORMAT: config or evaluation is no JSON object. */
hx_status hx_run_report_make(const hx_run_report *r, hx_buf *out, hx_error *err) HX_MUST_USE;
/* Writes it to a file: path.tmp, fsync, rename. */
hx_status hx_run_report_write(const hx_run_report *r, const char *path, hx_error *err) HX_MUST_USE;

/* Of n examples those answered wrongly with the highest probability, at most `most`, ties in the order of the rows; rows (most) gets their indexes. */
size_t hx_report_worst(const uint32_t *labels, const uint32_t *predictions,
                       const float *probabilities, size_t n, size_t n_labels, size_t most,
                       uint32_t *rows);

#endif
