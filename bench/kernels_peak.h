/* kernels_peak.h - what the processor can do at most, measured with loops that do nothing else. */
#ifndef HX_BENCH_KERNELS_PEAK_H
#define HX_BENCH_KERNELS_PEAK_H

#include <time.h>

#include "tensor/team.h"

typedef enum { PEAK_F32 = 0, PEAK_INT8, PEAK_MEMORY } peak_kind;

/* 10^9 operations (a multiply-add is two) or bytes a second of the whole team by the clock; 0 where this processor has no such instruction. */
double peak_rate(peak_kind kind, hx_team *team, clockid_t clock);

#endif
