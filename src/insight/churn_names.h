/* churn_names.h - what people call the columns that are made of a store's events (churn_features.c), in both languages.
 *
 * Reasons are told with these names: a customer service reads "days since the last purchase", not silent_days. A column of somebody's own table
 * keeps its own name. */
#ifndef HX_INSIGHT_CHURN_NAMES_H
#define HX_INSIGHT_CHURN_NAMES_H

#include "huaxiang/base.h"

/* NULL where the column is none of those. */
const char *hx_churn_name(hx_str column, hx_ui_lang ui);

#endif
