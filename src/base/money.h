/* money.h - exact decimal amounts: int64 in 1/10,000 units (HX_MONEY_ONE = 1.0000). */
#ifndef HX_BASE_MONEY_H
#define HX_BASE_MONEY_H

#include "huaxiang/base.h"

#define HX_MONEY_ONE 10000
#define HX_MONEY_TEXT_MAX 32

typedef int64_t hx_money;

bool hx_money_add(hx_money a, hx_money b, hx_money *out); /* false on overflow */
/* price (1/10,000) x quantity (1/10,000), rounded half away from zero; false on overflow. */
bool hx_money_times(hx_money price, int64_t quantity_e4, hx_money *out);
/* "1893.5": shortest exact decimal. */
char *hx_money_text(hx_money m, char out[HX_MONEY_TEXT_MAX]);
double hx_money_double(hx_money m);

#endif
