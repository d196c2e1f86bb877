/* report.h - parts of the page of hx_learn_report(): each reads the JSON that the library gave and writes a section. For src/learn/report*.c. */
#ifndef HX_LEARN_REPORT_H
#define HX_LEARN_REPORT_H

#include "learn/report_chart.h"

/* A number of a member, NAN where there is none. */
double hx_report_at(const json_t *object, const char *key);
const char *hx_report_text(const json_t *object, const char *key); /* "" where there is none */
/* A cell with four digits, or "-". */
void hx_report_cell(hx_page *p, double value);
/* The same of a chance: "< 0.0001" where it is. */
void hx_report_chance(hx_page *p, double value);
void hx_report_heading(hx_page *p, const char *en, const char *zh);
/* What a figure is called, by its key; the key where it is not known. */
const char *hx_report_figure(const hx_page *p, const char *key);

/* Figures with intervals and what they mean, confusion, curves, reliability, lift, thresholds, ranking. */
void hx_report_evaluation(hx_page *p, const json_t *e);
/* ROC curves of several models on one chart; of two classes. */
void hx_report_compare_curves(hx_page *p, const json_t *models);
/* Model, parameters, calibration, what counts, how the loss went down. */
void hx_report_fit(hx_page *p, const json_t *s);
/* Models on the same folds, tests of their differences, learning curves. */
void hx_report_cross(hx_page *p, const json_t *e);
void hx_report_tuning(hx_page *p, const json_t *e);
/* Curves, the test between groups, risks. */
void hx_report_survival(hx_page *p, const json_t *e);

#endif
