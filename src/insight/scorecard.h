/* scorecard.h - inside of a scorecard: its columns and bins, and what the files that fit, keep, apply and export it share.
 *
 * All of a card lives in its arena. Of a column with n bins, bins[0..n) are the ordinary ones in order, bins[n] holds missing values and bins[n + 1],
 * of texts alone, values that the fit never saw. A number is in bin k where bins[k - 1].below <= x < bins[k].below; the last one has no border
 * (below = infinity). Invariants of every card, also of one that was read: borders ascend and are finite but the last, a text is in one bin at most,
 * |points| <= HX_CARD_POINTS_MAX, counts are finite and >= 0: sums of points can't overflow. */
#ifndef HX_INSIGHT_SCORECARD_H
#define HX_INSIGHT_SCORECARD_H

#include "base/json.h"
#include "huaxiang/insight.h"

#define HX_CARD_BINS_MAX 200
#define HX_CARD_VALUES_MAX 10000 /* texts of one column */
#define HX_CARD_POINTS_MAX 1000000000
#define HX_CARD_BYTES_MAX ((size_t)32 << 20)

typedef struct {
    double below;
    hx_str *values; /* (n_values) of texts */
    size_t n_values;
    hx_bin_counts count;
    double woe;
    int64_t points;
} hx_card_bin;

typedef struct {
    hx_str name;
    bool text;
    bool used;
    hx_trend trend;
    double iv, coefficient, error, p;
    size_t n_bins;
    hx_card_bin *bins; /* n_bins + 1, of texts + 2 */
} hx_card_variable;

struct hx_scorecard {
    hx_arena *arena;
    hx_str target, bad;
    double base, odds, pdo;
    int places;
    double intercept;
    hx_bin_counts all;
    double rejects; /* rows without an outcome that were inferred */
    size_t n_variables;
    hx_card_variable *variables;
    uint64_t hash; /* of what is kept */
};

/* ---- scorecard_file.c */
hx_status hx_scorecard_new(hx_scorecard **out, hx_error *err) HX_MUST_USE;
size_t hx_card_all_bins(const hx_card_variable *v);

/* ---- scorecard_apply.c */
/* codes (rows of t): the bin of each row. */
hx_status hx_card_codes(const hx_card_variable *v, const hx_table *t, size_t column,
                        uint16_t *codes, hx_error *err) HX_MUST_USE;
/* "25 - 40", "car, tv", "missing". */
void hx_card_bin_name(const hx_card_variable *v, size_t bin, hx_ui_lang ui, hx_buf *out);
void hx_card_put_units(int64_t units, int places, hx_buf *out); /* 61.5 */

/* ---- binning_columns.c */
/* Bins of a column of t by the weights good, bad (rows): v->name, text, trend, bins and n_bins are set (in `arena`), counts are not. */
hx_status hx_card_find_bins(hx_card_variable *v, const hx_table *t, size_t column,
                            const double *good, const double *bad, const hx_bin_options *options,
                            hx_arena *arena, hx_error *err) HX_MUST_USE;
/* The bins that JSON says: [25, 40] or [["a", "b"], ["c"]]. */
hx_status hx_card_set_bins(hx_card_variable *v, const json_t *list, hx_arena *arena,
                           hx_error *err) HX_MUST_USE;

/* ---- scorecard_target.c */
/* 1 where a row is good, and bad; both 0 where it has no outcome. `bad_value` is found where *bad_value is empty. */
hx_status hx_card_outcomes(const hx_table *t, hx_str target, hx_str *bad_value, hx_arena *arena,
                           double *good, double *bad, hx_error *err) HX_MUST_USE;

/* ---- scorecard_model.c */
/* Log-odds of good by weights of evidence: intercept and coefficients of columns that stay; those of the wrong sign or too unsure are dropped one by
 * one, the worst first. codes[j] (rows) belongs to card->variables[j]. */
hx_status hx_card_regress(hx_scorecard *card, uint16_t *const *codes, const double *good,
                          const double *bad, size_t rows, double max_p, const volatile int *cancel,
                          hx_error *err) HX_MUST_USE;
void hx_card_set_points(hx_scorecard *card);

/* ---- reject.c */
/* Gives rows without an outcome their parts of good and bad by the card of the others. *n = how many. */
hx_status hx_reject_infer(const hx_scorecard *card, const int64_t *scores, size_t rows,
                          hx_reject_method method, double factor, uint64_t seed, double *good,
                          double *bad, double *n, hx_error *err) HX_MUST_USE;

/* ---- scorecard_measure.c, fairness.c */
void hx_fairness_write(hx_json_writer *w, const hx_table *t, size_t column, const int64_t *scores,
                       const double *good, const double *bad, int64_t cut_off, hx_arena *arena);

#endif
