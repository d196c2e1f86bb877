/* hmm.c - the hidden Markov model that finds words the dictionary does not know (jieba's finalseg; states B M E S).
 *
 *     V[t][y] = max over x in prev(y) of V[t-1][x] + trans[x][y] + emit[y][o_t]      V[0][y] = start[y] + emit[y][o_0]
 *
 * A state follows only two others: B and S follow E or S, M and E follow B or M. On equal values the alphabetically later state wins, and
 * sums are taken from left to right, so that the results are jieba's to the bit, also for characters without emissions. */
#include "text/wordseg_data.h"

/* The two states before each state, the one that wins ties first. */
static const uint8_t before[4][2] = {
    [HX_HMM_B] = {HX_HMM_S, HX_HMM_E},
    [HX_HMM_M] = {HX_HMM_M, HX_HMM_B},
    [HX_HMM_E] = {HX_HMM_M, HX_HMM_B},
    [HX_HMM_S] = {HX_HMM_S, HX_HMM_E},
};

static const double never[4] = {HX_HMM_NEVER, HX_HMM_NEVER, HX_HMM_NEVER, HX_HMM_NEVER};

static const double *emissions(const hx_wordseg *w, uint32_t cp) {
    uint32_t row = cp - HX_EMIT_FIRST;
    return row < HX_EMIT_ROWS ? w->emit + (size_t)row * 4 : never;
}

void hx__hmm_viterbi(const hx_wordseg *w, const uint32_t *cps, size_t n, uint8_t *back,
                     uint8_t *states) {
    double v[4], next[4];
    const double *emit = emissions(w, cps[0]);
    for (int y = 0; y < 4; y++)
        v[y] = w->start[y] + emit[y];
    for (size_t t = 1; t < n; t++) {
        emit = emissions(w, cps[t]);
        for (int y = 0; y < 4; y++) {
            int x0 = before[y][0], x1 = before[y][1];
            double p0 = v[x0] + w->trans[x0 * 4 + y] + emit[y],
                   p1 = v[x1] + w->trans[x1 * 4 + y] + emit[y];
            next[y] = p0 >= p1 ? p0 : p1;
            back[t * 4 + (size_t)y] = (uint8_t)(p0 >= p1 ? x0 : x1);
        }
        for (int y = 0; y < 4; y++)
            v[y] = next[y];
    }
    uint8_t state = v[HX_HMM_S] >= v[HX_HMM_E] ? HX_HMM_S : HX_HMM_E;
    for (size_t t = n; t-- > 0; state = back[t * 4 + state]) {
        states[t] = state;
        if (t == 0) break;
    }
}
