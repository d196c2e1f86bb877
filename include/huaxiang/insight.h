/* huaxiang/insight.h - what customers are worth: when they buy again, for how much, how long a contract lives.
 *
 * Models of purchases (hx_purchase_fit_model): a customer buys at a rate of his own, gamma-distributed over customers, until he stops without
 * telling. Of each only three numbers count: repeat purchases x, the time of the last one and the age, both since the first purchase.
 *
 *     BG/NBD      stops behind each repeat purchase with a chance of his own, beta(a, b)        r alpha a b
 *                 Fader, Hardie, Lee 2005, Counting Your Customers the Easy Way
 *     MBG/NBD     the same, also behind the first purchase                                      r alpha a b
 *                 Batislam, Denizel, Filiztekin 2007
 *     Pareto/NBD  stops at any time, at a rate of his own, gamma(s, beta)                       r alpha s beta
 *                 Schmittlein, Morrison, Colombo 1987
 *
 * Times have one unit throughout (days or weeks), which alpha and beta have, too. */
#ifndef HUAXIANG_INSIGHT_H
#define HUAXIANG_INSIGHT_H

#include "huaxiang/base.h"

#include "huaxiang/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ purchases */
typedef enum { HX_BG_NBD = 0, HX_MBG_NBD, HX_PARETO_NBD, HX_PURCHASE_MODELS } hx_purchase_model;
HX_API const char *hx_purchase_model_id(hx_purchase_model m); /* "bg-nbd" */
HX_API const char *hx_purchase_model_name(hx_purchase_model m); /* "BG/NBD" */
HX_API const char *hx_purchase_parameter(hx_purchase_model m, size_t i); /* "r", "alpha", ... */

#define HX_PURCHASES_MAX 1000000u /* repeat purchases of one customer */

typedef struct {
    uint32_t x; /* repeat purchases: those behind the first */
    double last; /* time of the last one, 0 where x is 0 */
    double age; /* time that was watched, >= last */
    double weight; /* how many customers are alike, > 0 */
} hx_purchases;

/* Joins rows that are alike, in place, in ascending order of (x, last, age); *n falls. Fits and sums take as long as there are rows. */
HX_API void hx_purchases_join(hx_purchases *rows, size_t *n);

typedef struct {
    size_t
        starts; /* at least 1 (0 = 8): the first from what the rows tell, the others random around it */
    uint64_t seed;
    size_t n_threads; /* 0 = 1; any number gives the same bytes */
    const volatile int *cancel; /* NULL = never; HX_ECANCELLED */
} hx_purchase_options;

typedef struct {
    hx_purchase_model model;
    double parameter[4]; /* all > 0 */
    double error
        [4]; /* standard errors by the observed information; NaN where it is not positive definite */
    double
        log_likelihood; /* sum over customers, without terms that hang on no parameter as lifetimes */
    double customers; /* the weights' sum */
    size_t n_starts, n_reached; /* starts that came within 1e-6 of the best */
    bool
        alike; /* a shape ran off (above 10,000): customers hardly differ in it, and its parameters say their ratio only */
} hx_purchase_fit;

/* Maximum likelihood. HX_EINVAL where a row is out of range or all customers have x = 0 (nothing can be told then). */
HX_API hx_status hx_purchase_fit_model(hx_purchase_model model, const hx_purchases *rows, size_t n,
                                       const hx_purchase_options *options, hx_purchase_fit *out,
                                       hx_error *err) HX_MUST_USE;
/* The log-likelihood of one row (of one customer); `gradient` (4) by the parameters, NULL = not wanted. */
HX_API double hx_purchase_log_likelihood(const hx_purchase_fit *f, const hx_purchases *row,
                                         double *gradient);
/* The probability that the customer still buys at all. */
HX_API double hx_purchase_alive(const hx_purchase_fit *f, const hx_purchases *row);
/* Purchases expected in the time (age, age + t], and those of a new customer in (0, t] behind the first. */
HX_API double hx_purchase_expected(const hx_purchase_fit *f, const hx_purchases *row, double t);
HX_API double hx_purchase_expected_new(const hx_purchase_fit *f, double t);
/* The probability that a new customer has exactly x repeat purchases in (0, t]. */
HX_API double hx_purchase_count(const hx_purchase_fit *f, uint32_t x, double t);

#define HX_PURCHASE_CLASSES 11 /* 0, 1, ..., 9, 10 and more repeat purchases */
typedef struct {
    double observed[HX_PURCHASE_CLASSES], expected[HX_PURCHASE_CLASSES]; /* customers */
    double chi2; /* over classes joined from above until each expects 5 at least */
    size_t freedom; /* classes - 1 - parameters; 0 = too few classes, p is NaN */
    double p;
} hx_purchase_test;
/* How well the counts of repeat purchases are met (Pearson's chi-square). */
HX_API void hx_purchase_test_fit(const hx_purchase_fit *f, const hx_purchases *rows, size_t n,
                                 hx_purchase_test *out);

/* ------------------------------------------------------------------ what they spend */
/* Gamma-gamma (Fader, Hardie 2013, The Gamma-Gamma Model of Monetary Value): a purchase's amount varies around a mean of the customer's own, which
 * hangs on nothing else (correlation tells how true that is). Only customers with x > 0 and a mean above 0 count. */
typedef struct {
    uint32_t x; /* repeat purchases that `mean` is of */
    double mean; /* amount of one */
    double weight;
} hx_spend;

typedef struct {
    double p, q, v;
    double error[3];
    double log_likelihood;
    double customers;
    double correlation; /* of x and mean, Pearson */
} hx_spend_fit;
HX_API hx_status hx_spend_fit_model(const hx_spend *rows, size_t n,
                                    const hx_purchase_options *options, hx_spend_fit *out,
                                    hx_error *err) HX_MUST_USE;
/* The amount of one purchase to expect of a customer; x = 0: of one who is new. NaN where q <= 1 (the mean does not exist). */
HX_API double hx_spend_expected(const hx_spend_fit *f, uint32_t x, double mean);

/* ------------------------------------------------------------------ contracts */
/* Beta-geometric (Fader, Hardie 2007, How to Project Customer Retention): at each renewal a customer leaves with a chance of his own, beta(a, b). */
typedef struct {
    uint32_t periods; /* renewals that were reached, >= 1 */
    bool left; /* left at the last of them; else still there */
    double weight;
} hx_contract;

typedef struct {
    double a, b;
    double error[2];
    double log_likelihood;
    double customers;
} hx_contract_fit;
HX_API hx_status hx_contract_fit_model(const hx_contract *rows, size_t n,
                                       const hx_purchase_options *options, hx_contract_fit *out,
                                       hx_error *err) HX_MUST_USE;
HX_API double hx_contract_survival(const hx_contract_fit *f, uint32_t periods); /* share left */
HX_API double hx_contract_retention(const hx_contract_fit *f,
                                    uint32_t period); /* of those at `period` - 1 */
/* Renewals still to come, the next included, of one who has renewed `periods` times, discounted by `rate` a period (>= 0). */
HX_API double hx_contract_residual(const hx_contract_fit *f, uint32_t periods, double rate);

/* ------------------------------------------------------------------ transactions */
/* Who bought on which days for how much, from files with columns of the roles customer, time or date, and amount (or unit_price, with quantity where
 * there is one); what a customer bought on one day is one purchase. A row without a customer or a time, or whose amount can't be read, is
 * left out and counted; without a column of amounts all purchases count 0. Returns (amounts below 0) are left out, too, and counted. */
typedef struct hx_transactions hx_transactions;
HX_API hx_status hx_transactions_new(hx_transactions **out, hx_error *err) HX_MUST_USE;
HX_API void hx_transactions_free(hx_transactions *t); /* NULL is fine */
/* HX_EINVAL where a column is missing. cancel NULL = never. The day is that of the time as written; of one with a zone, that of UTC. */
HX_API hx_status hx_transactions_read(hx_transactions *t, hx_reader *r, const volatile int *cancel,
                                      hx_error *err) HX_MUST_USE;

/* The same from elsewhere: a purchase on a day (since 1970) for `amount` / 10,000; below 0 it is a return. */
HX_API hx_status hx_transactions_add(hx_transactions *t, hx_str customer, int32_t day,
                                     int64_t amount, hx_error *err) HX_MUST_USE;
/* Customers were watched until that day at least, whether or not anybody bought. */
HX_API void hx_transactions_watch(hx_transactions *t, int32_t day);

typedef struct {
    uint64_t rows, left_out, returns;
    bool has_amounts;
    int32_t first, last; /* days since 1970; last: until which customers were watched */
} hx_transactions_about;
HX_API hx_transactions_about hx_transactions_describe(const hx_transactions *t);

typedef struct {
    hx_str customer; /* borrowed from the transactions */
    hx_purchases purchases; /* up to the end of the calibration */
    double mean; /* amount of the repeat purchases up to then, 0 where there are none */
    double held; /* repeat purchases behind it, up to the end of the hold-out */
} hx_buyer;

typedef struct {
    int32_t calibrate_to; /* day, included; INT32_MAX = the last day there is */
    int32_t hold_to; /* day, included; INT32_MAX = the last day there is */
    double unit; /* days of the unit of time, 0 = 7 */
} hx_transactions_cut;
/* Customers who bought by the end of the calibration, by their names' bytes. *out lives in `arena`. */
HX_API hx_status hx_transactions_buyers(hx_transactions *t, const hx_transactions_cut *cut,
                                        hx_arena *arena, hx_buyer **out, size_t *n,
                                        hx_error *err) HX_MUST_USE;

/* How well the purchases behind the calibration were foretold. */
typedef struct {
    double horizon; /* in the unit */
    double met, expected; /* purchases in all */
    double mae, rmse;
    double correlation, rank_correlation; /* Pearson, Spearman; NaN where one side does not vary */
} hx_hold_out;
HX_API hx_status hx_purchase_hold_out(const hx_purchase_fit *f, const hx_buyer *buyers, size_t n,
                                      double horizon, hx_hold_out *out, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ lifetime value */
typedef struct {
    double horizon; /* in the unit of the fit */
    double step; /* length of a period of discounting in that unit; 0 = horizon */
    double
        rate; /* of discount a period, >= 0: what is bought in period i counts 1 / (1 + rate)^i */
    double level; /* of the interval, (0, 1); 0 = 0.8 */
    size_t draws; /* of the interval, 0 = 400 */
    uint64_t seed; /* with the row it decides the draws */
} hx_value_options;

typedef struct {
    double purchases; /* expected in the horizon */
    double value; /* discounted amount expected */
    double low,
        high; /* what the customer will spend lies between them with the level's probability: chance of buying and spending, not of the fit */
} hx_value;
/* `mean` is of the x repeat purchases (any where x = 0). */
HX_API hx_status hx_value_expect(const hx_purchase_fit *f, const hx_spend_fit *s,
                                 const hx_purchases *row, double mean, const hx_value_options *o,
                                 hx_value *out, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ segments */
/* The part of a segment's rule around the byte of a mistake, cut to a line, and a caret under it in a second line. UTF-8; wide characters have wide
 * blanks below. */
#define HX_SEGMENT_CARET_MAX 320
HX_API size_t hx_segment_caret(hx_str rule, size_t byte, char out[HX_SEGMENT_CARET_MAX]);

/* ------------------------------------------------------------------ credit */
/* Scorecards: columns are cut into bins, a bin has a weight of evidence ln((its goods / goods) / (its bads / bads)), a logistic regression weighs the
 * columns, and points are its terms on a scale where `base` points mean `odds` goods to a bad and `pdo` more points double that. Points are whole
 * numbers of 10^-places, so that a score is their sum exactly, here and in exported SQL and C. docs/credit.md teaches them. */
typedef enum {
    HX_TREND_AUTO = 0, /* ascending or descending; peak or valley where they tell much more */
    HX_TREND_ASCENDING, /* of the share of bads, from low values to high ones */
    HX_TREND_DESCENDING,
    HX_TREND_PEAK,
    HX_TREND_VALLEY,
    HX_TREND_NONE, /* any */
    HX_TRENDS
} hx_trend;
HX_API const char *hx_trend_id(hx_trend t); /* "ascending" */

typedef struct {
    double good, bad; /* rows, or their weights */
} hx_bin_counts;

#define HX_PREBINS_MAX 64
typedef struct {
    hx_trend trend;
    size_t max_bins; /* 0 = 8; at most 20 */
    double min_share; /* of all rows in a bin; 0 = 0.05 */
    double min_bad; /* bads (and goods) in a bin; 0 = 1 */
    double max_p; /* of the z test that two neighbours' shares of bads are equal; 0 = 1, any */
} hx_bin_options;

/* Joins neighbouring prebins (n <= HX_PREBINS_MAX) into the bins of the greatest information value that keep all limits: exact, by dynamic programming.
 * `all` = of the whole column, what is missing included. Bin k ends before prebin ends[k]; one bin of all where the limits leave none. */
HX_API hx_status hx_bins_join(const hx_bin_counts *prebins, size_t n, hx_bin_counts all,
                              const hx_bin_options *options, size_t ends[HX_PREBINS_MAX],
                              size_t *n_bins, hx_trend *found, hx_error *err) HX_MUST_USE;
/* Weight of evidence; half a row is added to both counts where one is 0, and 0 where both are. */
HX_API double hx_bin_woe(hx_bin_counts bin, hx_bin_counts all);
HX_API double hx_bin_iv(hx_bin_counts bin, hx_bin_counts all);

typedef enum {
    HX_REJECT_NONE = 0, /* rows without an outcome are left out */
    HX_REJECT_SIMPLE, /* they count as bad below a cut-off of the accepted's card, good above */
    HX_REJECT_PARCELLING, /* by bands of score, bad at random at the band's share times the factor */
    HX_REJECT_FUZZY, /* each counts as good and bad, in parts */
    HX_REJECT_METHODS
} hx_reject_method;

typedef struct hx_scorecard hx_scorecard;
typedef struct {
    const char *target; /* the column that says good or bad */
    const char *
        bad; /* its value that is bad; NULL = the greater of two numbers, true, the rarer of two texts */
    const char *use, *drop; /* "a,b": these columns alone, not these; NULL */
    hx_bin_options bin;
    hx_str
        bins; /* bins made by hand, JSON: {"age":[25,40],"purpose":[["car","tv"],["shop"]]}; empty = none */
    const hx_scorecard *
        bins_of; /* columns that `bins` does not name keep this card's bins, scale and choice; NULL */
    double base, odds, pdo; /* 0 = 600, 20, 20 */
    int places; /* of points, 0-4 */
    double min_iv; /* of a column that is used; < 0 = 0.02 */
    double max_p_value; /* of its coefficient; 0 = 0.05; 1 = any */
    hx_reject_method reject;
    double reject_factor; /* rejected are this often as bad as accepted of that score; 0 = 2 */
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor; any number gives the same bytes */
    const volatile int *cancel;
} hx_scorecard_options;

HX_API hx_status hx_scorecard_fit(hx_scorecard **out, const hx_table *t,
                                  const hx_scorecard_options *options, hx_error *err) HX_MUST_USE;
/* Of a text that hx_scorecard_json() made; hostile bytes are refused with a sentence. */
HX_API hx_status hx_scorecard_read(hx_scorecard **out, hx_str json, hx_error *err) HX_MUST_USE;
HX_API void hx_scorecard_free(hx_scorecard *card); /* NULL is fine */
HX_API hx_status hx_scorecard_json(const hx_scorecard *card, hx_arena *arena, hx_str *json,
                                   hx_error *err) HX_MUST_USE;
/* The kinds its columns are to be read as, for hx_table_options.kinds; names borrow from the card. */
HX_API hx_status hx_scorecard_kinds(const hx_scorecard *card, hx_arena *arena, hx_column_kind **out,
                                    size_t *n, hx_error *err) HX_MUST_USE;
HX_API int hx_scorecard_places(const hx_scorecard *card);
/* The whole number of 10^-places nearest to a score. */
HX_API int64_t hx_scorecard_units(const hx_scorecard *card, double score);
HX_API hx_str hx_scorecard_target(const hx_scorecard *card);

/* scores (rows of t) in units of 10^-places. HX_ENOTFOUND where a column that it needs is not there. */
HX_API hx_status hx_scorecard_apply(const hx_scorecard *card, const hx_table *t, int64_t *scores,
                                    hx_error *err) HX_MUST_USE;
HX_API double hx_scorecard_bad(const hx_scorecard *card,
                               int64_t score); /* the chance of a bad that a score says */

#define HX_REASONS_MAX 4
typedef struct {
    int64_t cut_off; /* units; below it is a refusal */
    bool
        against_mean; /* reasons are points below the mean of the rows of the fit; else below the best */
    size_t reasons; /* at most; 0 = HX_REASONS_MAX */
} hx_receipt_of_score;
/* One row as JSON: score, chance of a bad, contributions (column, value, bin, points) that sum to the score exactly, at most four reasons in
 * both languages, and what would make it pass: each single column that does, else the fewest columns together. */
HX_API hx_status hx_scorecard_explain(const hx_scorecard *card, const hx_table *t, size_t row,
                                      const hx_receipt_of_score *options, hx_arena *arena,
                                      hx_str *json, hx_error *err) HX_MUST_USE;

typedef struct {
    double gain, loss; /* of a good and of a bad that is accepted; 0 = 1 and 5 */
    const char *cut_off; /* a score, decimal; NULL = that of the greatest profit */
    const char *by; /* a column: stability of the scores by its values (times: by month); NULL */
    const char *group; /* a column: fairness between its values; NULL */
} hx_scorecard_check;
/* How well it tells goods from bads in rows with an outcome, as JSON: auc, gini, ks, lift by tenths, cut-offs with bad rates and profit, psi, fairness. */
HX_API hx_status hx_scorecard_measure(const hx_scorecard *card, const hx_table *t,
                                      const hx_scorecard_check *options, hx_arena *arena,
                                      hx_str *json, hx_error *err) HX_MUST_USE;
/* sum over bands of (actual - expected) ln(actual / expected) of shares; an empty band counts half a row. */
HX_API double hx_stability(const double *expected, const double *actual, size_t n);

/* Points as one SELECT of `table` (HX_EXPORT_SQL) or a function `name`_score in C; NULL = data, scorecard. Their sums are hx_scorecard_apply()'s. */
HX_API hx_status hx_scorecard_sql(const hx_scorecard *card, const char *table, hx_arena *arena,
                                  hx_str *text, hx_error *err) HX_MUST_USE;
HX_API hx_status hx_scorecard_c(const hx_scorecard *card, const char *name, hx_arena *arena,
                                hx_str *text, hx_error *err) HX_MUST_USE;
/* A page of its bins. `measured` = what hx_scorecard_measure() gave, empty = none. */
HX_API hx_status hx_scorecard_html(const hx_scorecard *card, hx_str title, hx_str measured,
                                   hx_ui_lang ui, hx_arena *arena, hx_str *html,
                                   hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ churn */
/* Who will leave, how sure, why: boosted trees and a logistic regression, weighed by what they say of rows they did not see. A score is the sum of the
 * columns' contributions in log-odds, exactly, in millionths; docs/churn.md teaches it. */
typedef struct hx_churn hx_churn;
typedef struct {
    const char *target; /* the column that says who left */
    const char *churned; /* its value of those who left; NULL = as `bad` of a scorecard */
    const char *customer; /* a column of ids, which is no feature; NULL */
    bool repeats; /* a customer has several rows: they stay in one fold */
    const char *use, *drop; /* "a,b": these columns alone, not these; NULL */
    hx_str about; /* JSON that is kept with the model; empty = none */
    bool isotonic; /* an ascending map over the probabilities: from some thousand rows */
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor; any number gives the same bytes */
    void (*progress)(void *context, uint64_t done,
                     uint64_t total); /* one call at a time, on any thread; NULL */
    void *context;
    const volatile int *cancel;
    double *
        told; /* (rows with an outcome) the chance told by members that did not see the row; NULL */
} hx_churn_options;
/* HX_EINVAL: fewer than 10 rows who left or 10 who stayed; rows without an outcome are not used. */
HX_API hx_status hx_churn_fit(hx_churn **out, const hx_table *t, const hx_churn_options *options,
                              hx_error *err) HX_MUST_USE;
HX_API void hx_churn_free(hx_churn *m); /* NULL is fine */
HX_API hx_str hx_churn_target(const hx_churn *m);
HX_API hx_str hx_churn_customer(const hx_churn *m); /* empty = none */
HX_API hx_str hx_churn_about(const hx_churn *m);
HX_API hx_status hx_churn_kinds(const hx_churn *m, hx_arena *arena, hx_column_kind **out, size_t *n,
                                hx_error *err) HX_MUST_USE; /* as hx_scorecard_kinds() */
/* The model as text, and of one; hostile bytes are refused with a sentence. */
HX_API hx_status hx_churn_text(const hx_churn *m, hx_arena *arena, hx_str *text,
                               hx_error *err) HX_MUST_USE;
HX_API hx_status hx_churn_read(hx_churn **out, hx_str text, hx_error *err) HX_MUST_USE;
/* probabilities (rows of t) of leaving. */
HX_API hx_status hx_churn_apply(const hx_churn *m, const hx_table *t, size_t n_threads,
                                double *probabilities, hx_error *err) HX_MUST_USE;
/* receipts (n): JSON of each of the rows (n; NULL = all of t): customer, row (from 1), probability, score, base, reasons (what raises it) and holds (what lowers it), at most `reasons` of
 * each (0 = 4) in both languages, contributions of all columns; base and contributions sum to the score exactly; the model's hash. */
HX_API hx_status hx_churn_explain(const hx_churn *m, const hx_table *t, const size_t *rows,
                                  size_t n, size_t reasons, size_t n_threads, hx_arena *arena,
                                  hx_str *receipts, hx_error *err) HX_MUST_USE;
/* Whether a receipt comes out again of this model and these rows; *why = the member that does not. HX_ENOTFOUND: no such customer among them. */
HX_API hx_status hx_churn_verify(const hx_churn *m, const hx_table *t, hx_str receipt,
                                 hx_arena *arena, bool *same, hx_str *why,
                                 hx_error *err) HX_MUST_USE;

#define HX_RISK_BANDS 10
typedef struct {
    size_t rows;
    double left, expected; /* customers who left, and the sum of their probabilities */
    double lift; /* share who left over the share of all */
} hx_risk_band;
typedef struct {
    size_t rows;
    double left, expected; /* customers */
    double auc, low, high; /* 95 %, Hanley and McNeil 1982 */
    double brier, brier_even; /* of the probabilities, and of the same share for everybody */
    double log_loss;
    double calibration; /* mean distance of expected and met shares over bands, by rows */
    hx_risk_band bands[HX_RISK_BANDS]; /* the riskiest tenth first */
    size_t n_bands; /* 0 of fewer than HX_RISK_BANDS rows */
} hx_risk_quality;
/* p, left (n). HX_EINVAL: nobody left or nobody stayed, a probability that is none. */
HX_API hx_status hx_risk_measure(const double *p, const bool *left, size_t n, hx_risk_quality *out,
                                 hx_error *err) HX_MUST_USE;
/* The same of a model on rows with an outcome. */
HX_API hx_status hx_churn_judge(const hx_churn *m, const hx_table *t, size_t n_threads,
                                hx_risk_quality *out, hx_error *err) HX_MUST_USE;
/* Of the rows it learnt from, each told by members that did not see it: auc, brier, log_loss alone are set, and rows, left. */
HX_API hx_risk_quality hx_churn_out_of_fold(const hx_churn *m);

/* left (rows of t): 1 who left by the column `target`, 0 who stayed, NaN without an outcome. `churned` as in hx_churn_options. */
HX_API hx_status hx_churn_outcomes(const hx_table *t, const char *target, const char *churned,
                                   double *left, hx_error *err) HX_MUST_USE;

/* When somebody has left, seen from a cut-off on. */
typedef enum {
    HX_CHURN_DAYS = 0, /* no purchase within `days` */
    HX_CHURN_RHYTHM, /* no purchase within `factor` gaps of the customer's own, at most `days` */
    HX_CHURN_CONTRACT /* a contract ends within `days` and is not renewed, nothing bought, by `grace` days behind its end */
} hx_churn_rule;
#define HX_CHURN_TRAIT_MAX 200
typedef struct {
    hx_churn_rule rule;
    double days, factor, grace;
    char trait[HX_CHURN_TRAIT_MAX]; /* of CONTRACT: holds the date of its end */
} hx_churn_definition;
/* "days:90", "rhythm:3", "rhythm:3:180", "contract:TRAIT", "contract:TRAIT:30". HX_EINVAL. */
HX_API hx_status hx_churn_define(const char *text, hx_churn_definition *out,
                                 hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ preference for a new item */
/* Who would like an item that nobody has had yet: from its text, what people said of others and what they bought. docs/prefer.md teaches it. */
typedef struct hx_tastes hx_tastes;
typedef struct {
    hx_str customer, item; /* ids; rows without one are passed over */
    hx_str text, category; /* of the item: name or description; the longest text counts */
    hx_str comment; /* what the customer said of it; empty = nothing */
    hx_str event; /* where that stands: an event's id, a row's number */
    double time; /* ms, finite */
    double liked; /* 1 or 0; NaN = had it and said nothing */
    double price; /* of the item, > 0; NaN = unknown */
} hx_taste;
HX_API hx_status hx_tastes_new(hx_tastes **out, hx_error *err) HX_MUST_USE;
HX_API void hx_tastes_free(hx_tastes *t); /* NULL is fine */
/* Copies. HX_ELIMIT: more than 200,000. */
HX_API hx_status hx_tastes_add(hx_tastes *t, const hx_taste *taste, hx_error *err) HX_MUST_USE;
/* Whether a rating means that it was liked: at least 4/5 of the scale, which is 5, 10 or 100 by the greatest rating. NaN for NaN. */
HX_API double hx_tastes_liked(double rating, double greatest);
typedef struct {
    const char *user, *item; /* names of columns */
    const char *time, *rating, *comment, *text, *category, *price; /* NULL = none */
} hx_taste_columns;
/* The rows of a table; those without a rating were had and nothing was said. Without times rows count in their order. Without a column of texts an item's
 * category and first comment stand for its text, and that comment is no opinion any more. HX_ENOTFOUND: no such column. */
HX_API hx_status hx_tastes_read(hx_tastes *t, const hx_table *rows, const hx_taste_columns *columns,
                                hx_error *err) HX_MUST_USE;

/* Rows of who had what: user, item, time and rating (5 liked, 4 had, 1 not liked), in the order in which they came; the caller's. */
HX_API hx_status hx_tastes_table(hx_table **out, const hx_tastes *t, hx_error *err) HX_MUST_USE;
/* The person's latest of an item, an opinion before a mere order; texts live as long as t. False where there is none. */
HX_API bool hx_tastes_find(const hx_tastes *t, hx_str customer, hx_str item, hx_taste *out);
HX_API hx_str hx_tastes_name(const hx_tastes *t, hx_str item); /* its text, else the id */
HX_API double hx_tastes_latest(const hx_tastes *t); /* time; 0 where nothing was added */

typedef struct {
    hx_str text, category; /* category empty = unknown */
    double price; /* NaN = unknown */
    double as_of; /* of a receipt: the time of the latest taste; not read */
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor; any number gives the same bytes */
} hx_new_item;
typedef struct hx_preferring hx_preferring;
/* Learns from all opinions and tells everybody's chance; tastes are borrowed. HX_EINVAL: an item without a text, nobody said what he liked, one
 * customer alone, fewer than 10 liked or not liked. */
HX_API hx_status hx_prefer(hx_preferring **out, const hx_tastes *tastes, const hx_new_item *item,
                           hx_error *err) HX_MUST_USE;
HX_API void hx_preferring_free(hx_preferring *p); /* NULL is fine */
typedef struct {
    size_t people, items, opinions, liked, orders; /* orders: had without an opinion */
    double auc, log_loss, brier; /* of opinions told by folds that did not see their item */
    double alike; /* of the new item to the closest one, 0 to 1; 0: they have no word in common */
} hx_prefer_about;
HX_API hx_prefer_about hx_prefer_learnt(const hx_preferring *p);
HX_API double hx_prefer_chance(const hx_preferring *p, size_t person);
HX_API size_t hx_prefer_find(const hx_preferring *p, hx_str customer); /* SIZE_MAX = nobody */
/* order (people): the likeliest first. */
HX_API void hx_prefer_order(const hx_preferring *p, size_t *order);
/* JSON of a person: item, chance with a 90 % interval and the opinions it was met in, score = base + sum of terms exactly (millionths of log-odds), each
 * term in both languages, the person's own words with their events, what one opinion more or other would change; the model's hash. */
HX_API hx_status hx_prefer_receipt(hx_preferring *p, size_t person, hx_arena *arena,
                                   hx_str *receipt, hx_error *err) HX_MUST_USE;
/* How well opinions on the items that came latest are told: the latest 30 % of items by their first opinion (test), the 20 % before them (dev), nothing of
 * either learnt from, nor anything later. The model's columns are chosen on dev. HX_EINVAL: too few items. */
typedef struct {
    size_t learnt, judged, held_items;
    hx_risk_quality model, content,
        hybrid; /* left = liked; content: by texts alone; hybrid: factors of people and words (Kula 2015, LightFM) */
} hx_prefer_quality;
typedef struct {
    const char *columns; /* what the model reads, chosen on dev */
    hx_prefer_quality dev, test;
} hx_prefer_judgement;
HX_API hx_status hx_prefer_judge(const hx_tastes *tastes, uint64_t seed, size_t n_threads,
                                 hx_prefer_judgement *out, hx_error *err) HX_MUST_USE;
/* The item that a receipt is about; text in the arena. HX_EFORMAT: it is none. */
HX_API hx_status hx_prefer_item_of(hx_str receipt, hx_arena *arena, hx_new_item *item,
                                   hx_str *customer, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ contact lists and campaigns */
typedef struct {
    hx_str customer; /* borrowed; what a hold-out is drawn by */
    double risk; /* chance of leaving, [0, 1] */
    double value; /* of a customer who stays */
} hx_contact;

typedef struct {
    double cost; /* of one contact, >= 0 */
    double success; /* chance that it keeps one who would leave, [0, 1] */
    double budget; /* of all contacts; INFINITY = no limit */
    double hold_out; /* share of those worth a contact who get none, [0, 1) */
    uint64_t seed; /* of the hold-out */
} hx_contact_offer;

typedef enum {
    HX_CONTACT_LEFT = 0, /* not worth its cost, or behind the end of the budget */
    HX_CONTACT_CHOSEN,
    HX_CONTACT_HELD /* worth a contact, but kept without one to measure the others by */
} hx_contact_what;

typedef struct {
    size_t at; /* row */
    hx_contact_what what;
    double profit; /* expected of a contact: risk success value - cost */
} hx_contact_choice;

typedef struct {
    size_t chosen, held;
    double cost, profit; /* of the chosen */
} hx_contact_sum;

/* Whether a customer is held out: by the hash of the id alone. */
HX_API bool hx_contact_is_held(hx_str customer, double share, uint64_t seed);
/* *out (n) in the arena, the greatest profit first. HX_EINVAL: no customer, a number out of its range. */
HX_API hx_status hx_contact_choose(const hx_contact *rows, size_t n, const hx_contact_offer *offer,
                                   hx_arena *arena, hx_contact_choice **out, hx_contact_sum *sum,
                                   hx_error *err) HX_MUST_USE;

typedef struct {
    uint64_t contacted, contacted_stayed, held, held_stayed;
} hx_campaign_counts;
typedef struct {
    double contacted, held; /* shares that stayed */
    double effect, low, high; /* their difference and its interval (Newcombe 1998) */
    double kept; /* customers who stayed because of it: effect x contacted */
} hx_campaign_effect;
/* level of the interval, (0, 1); 0 = 0.95. HX_EINVAL: nobody contacted or held, more stayed than were. */
HX_API hx_status hx_campaign_measure(const hx_campaign_counts *c, double level,
                                     hx_campaign_effect *out, hx_error *err) HX_MUST_USE;

typedef struct {
    double score; /* of uplift: greater = to be treated first */
    bool treated, outcome;
} hx_uplift_row;
typedef struct {
    double value; /* 0 = no better than at random, 1 = the best order; NaN where there is no best */
    double low, high; /* 95 %, bootstrap; NaN where no round has a value */
} hx_uplift_area;
typedef struct {
    hx_uplift_area qini, auuc;
} hx_uplift_quality;
/* rounds of the bootstrap, 0 = 1000. HX_EINVAL: all or none treated, a score that is not finite. */
HX_API hx_status hx_uplift_measure(const hx_uplift_row *rows, size_t n, size_t rounds,
                                   uint64_t seed, hx_arena *arena, hx_uplift_quality *out,
                                   hx_error *err) HX_MUST_USE;

/* What a treatment changes, customer by customer, learnt from rows that were treated or not by chance. */
typedef enum {
    HX_UPLIFT_TWO_MODEL = 0, /* a model of each side, their difference */
    HX_UPLIFT_TRANSFORMED, /* one model of the transformed outcome: Jaskowski, Jaroszewicz 2012 */
    HX_UPLIFT_TREE, /* many uplift trees: Rzepakowski, Jaroszewicz 2012 */
    HX_UPLIFT_METHODS /* as an option: the best of them by Qini, out of fold */
} hx_uplift_method;
HX_API const char *hx_uplift_method_id(hx_uplift_method m); /* "two-model" */

typedef struct {
    const char *treatment,
        *treated; /* column, and its value of treated rows (NULL: the greater of two numbers, true, yes; other texts need one) */
    const char *outcome, *happened; /* column, and its value where it came; likewise */
    const char *customer; /* a column of ids, which is no feature; NULL */
    const char *use, *drop; /* "a,b": these columns alone, not these; NULL */
    hx_uplift_method method;
    size_t rounds; /* of the bootstrap, 0 = 1000 */
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor; any number gives the same bytes */
    const volatile int *cancel;
} hx_uplift_options;

#define HX_UPLIFT_BANDS 5
typedef struct {
    size_t rows;
    double expected, met; /* mean uplift as said; difference of the shares with the outcome */
} hx_uplift_band;
typedef struct {
    size_t rows;
    hx_campaign_counts counts; /* contacted = treated, stayed = with the outcome */
    hx_campaign_effect effect; /* of all */
    hx_uplift_quality quality[HX_UPLIFT_METHODS]; /* out of fold */
    hx_uplift_method best; /* which gave the scores */
    hx_uplift_band bands[HX_UPLIFT_BANDS]; /* of its scores out of fold, the greatest first */
} hx_uplift_report;
/* Judges all methods on 5 folds. scores (rows of `fresh`, or of t out of fold where that is NULL; NaN of rows of t without side or outcome), NULL = not
 * wanted. HX_EINVAL: fewer than 50 rows of a side, or than 5 with the outcome or without it there. */
HX_API hx_status hx_uplift_learn(const hx_table *t, const hx_table *fresh,
                                 const hx_uplift_options *options, double *scores,
                                 hx_uplift_report *out, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ recommendation
 * Who took up what, a row each: a purchase, a visit, a rating. Items are scored for a person by the items of that person's past:
 *
 *     popular   the number of people who have the item
 *     items     cosine of the columns of two items, shrunk: x_i.x_j / (|x_i| |x_j| + penalty)
 *     ease      ridge regression of each item on the others (Steck 2019, Embarrassingly Shallow Autoencoders, WWW)
 *     als       factors of people and items by alternating least squares (Hu, Koren, Volinsky 2008, Implicit Feedback, ICDM)
 *     blend     ease and als, each over the deviation of its scores for the person, in shares
 *
 * A score by the past is the sum of one term for each item of it, which is its contribution. */
typedef enum {
    HX_RECOMMEND_POPULAR = 0,
    HX_RECOMMEND_ITEMS,
    HX_RECOMMEND_EASE,
    HX_RECOMMEND_ALS,
    HX_RECOMMEND_BLEND,
    HX_RECOMMEND_METHODS
} hx_recommend_method;
HX_API const char *hx_recommend_method_id(hx_recommend_method m); /* "popular" */

/* Names of columns; time and rating may be NULL. Ratings are numbers; times are numbers or times of the frame. */
typedef struct {
    const char *user, *item, *time, *rating;
} hx_recommend_columns;

typedef struct hx_taken hx_taken; /* people, items and who took up what */
/* Rows of `t` to learn from, and of `test` (NULL = none) to be found. A person's second row of an item replaces the first; rows without a person or an item
 * are left out. HX_ENOTFOUND names a column that isn't there; HX_EINVAL: nobody took up anything, a rating that is no number; HX_ELIMIT: more
 * than 20,000 items or 50 million rows. The tables may go afterwards. */
HX_API hx_status hx_taken_read(hx_taken **out, const hx_table *t, const hx_table *test,
                               const hx_recommend_columns *columns, hx_error *err) HX_MUST_USE;
HX_API void hx_taken_free(hx_taken *x); /* NULL is fine */
HX_API size_t hx_taken_people(const hx_taken *x);
HX_API size_t hx_taken_items(const hx_taken *x);
HX_API hx_str hx_taken_person(const hx_taken *x, size_t u); /* lives as long as x */
HX_API hx_str hx_taken_item(const hx_taken *x, size_t i);
HX_API size_t hx_taken_find(const hx_taken *x, hx_str person); /* SIZE_MAX = nobody */

/* A choice of method. What a method does not read may be 0. */
typedef struct {
    hx_recommend_method method;
    bool rated; /* a row weighs its rating over the greatest one; false, or without ratings: 1 */
    double penalty; /* of items, ease and blend: > 0; */
    double
        power; /* of ease and blend, [0, 1]: an item's penalty grows with (its weight / the mean)^power */
    size_t factors; /* of als and blend: 1 to 256 */
    double als_penalty, confidence; /* > 0: what is taken up counts 1 + confidence x weight times */
    double share; /* of als in blend: [0, 1] */
} hx_recommend_setting;
/* What serves well where nothing was chosen: a blend. */
HX_API hx_recommend_setting hx_recommend_usual(bool rated);
typedef struct hx_recommender hx_recommender;
/* Learns from the rows to learn from; borrows x. */
HX_API hx_status hx_recommender_fit(hx_recommender **out, const hx_taken *x,
                                    const hx_recommend_setting *setting, hx_error *err) HX_MUST_USE;
HX_API void hx_recommender_free(hx_recommender *r); /* NULL is fine */
typedef struct {
    size_t item;
    double score;
    size_t because; /* the item of the past that adds most; SIZE_MAX = none */
    double part; /* what it adds, of score */
} hx_recommendation;
/* The best items that person u (SIZE_MAX: a newcomer) has not, at most `room`, greatest first, equal ones by name; how many. */
HX_API hx_status hx_recommend(const hx_recommender *r, size_t u, hx_recommendation *out,
                              size_t room, size_t *n, hx_error *err) HX_MUST_USE;
/* The term that each item of u's past adds to the score of `item`: at most `room` of them, in the order of the past, whose sum, added one by one, is that
 * score. *n: how many; 0 of popular and of newcomers. */
HX_API hx_status hx_recommend_parts(const hx_recommender *r, size_t u, size_t item,
                                    hx_recommendation *out, size_t room, size_t *n,
                                    hx_error *err) HX_MUST_USE;

/* Means over people with something to be found, of the ten best: NDCG (binary), recall, reciprocal rank; and the share of items that stand in any ten. */
typedef struct {
    double ndcg, recall, mrr, coverage;
    size_t people;
} hx_recommend_figures;
typedef struct {
    hx_recommend_setting setting; /* the best of its method on the dev part */
    double dev; /* NDCG there; with ratings the mean of it and of that of liked rows */
    hx_recommend_figures all,
        liked; /* liked: rated at or above the mean rating; no people without ratings */
} hx_recommend_result;
/* What is kept back: `held` rows of each person who has more than twice as many, the latest where there are times, else by chance. Those of dev choose each
 * method's penalty; then it learns from all but the test part, which is read once. Without a test table the test part is kept back likewise,
 * before dev. `done` (0 to 1) may be NULL. */
typedef struct {
    size_t held; /* 1 to 1000 */
    uint64_t seed;
    const volatile int *cancel; /* NULL = none */
    void (*done)(void *context, double share);
    void *context;
} hx_recommend_options;
HX_API hx_status hx_recommend_evaluate(const hx_taken *x, const hx_recommend_options *options,
                                       hx_recommend_result out[HX_RECOMMEND_METHODS],
                                       hx_error *err) HX_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
