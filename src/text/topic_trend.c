/* topic_trend.c - topics over time, and what is new.
 *
 *     period    days, weeks from Monday, or months of UTC; auto: days up to 45 of them, weeks up to 60, else months
 *     slope     of a topic's share of a period's texts, a period; least squares weighted by the texts of each
 *     p         Cochran-Armitage test for a trend in proportions, two-sided
 *
 * New is a term of which more texts of the last period speak than the periods before let expect. Of x texts with it, if the time did not matter, each
 * would lie in the last period with chance q (the share of all texts that do); its p is that of so many or more there (binomial). Alarm:
 * p x terms looked at < ALPHA (Bonferroni, so at most one collection in twenty without anything new has one), at least LEAST texts, and TIMES times the
 * rate before. Terms that stand in the same texts are one new topic. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "text/topics.h"

#define DAY_MS INT64_C(86400000)
#define PERIODS_MAX 1200

enum { DAYS_MOST = 45, WEEKS_MOST = 60, LEAST = 5, TIMES = 4, NEW_MAX = 10, NEW_WORDS = 5 };

static const double alpha = 0.05;

static hx_status no_memory(size_t n, hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while looking for topics in %zu texts", n);
}

static int64_t period_of(int64_t ms, hx_topic_period period) {
    int64_t day = hx_floor_div(ms, DAY_MS);
    if (period == HX_TOPIC_PERIOD_DAY) return day;
    if (period == HX_TOPIC_PERIOD_WEEK)
        return hx_floor_div(day + 3, 7); /* 1970-01-01 was a Thursday */
    hx_civil c = hx_civil_from_ms(ms);
    return (int64_t)c.year * 12 + c.month - 1;
}

static int64_t start_of(int64_t period, hx_topic_period kind) {
    if (kind == HX_TOPIC_PERIOD_DAY) return period * DAY_MS;
    if (kind == HX_TOPIC_PERIOD_WEEK) return (period * 7 - 3) * DAY_MS;
    int64_t year = hx_floor_div(period, 12);
    return hx_days_from_civil((int)year, (int)(period - year * 12) + 1, 1) * DAY_MS;
}

static bool has_time(const hx_topics_options *o, size_t i) {
    return o->times && o->times[i] != HX_TOPIC_NO_TIME;
}

/* Chooses the period, sets starts. False where there is nothing to see over time. */
static bool set_periods(const hx_topics_options *o, hx_arena *arena, hx_topics *out,
                        int64_t *first) {
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (size_t i = 0; i < o->n; i++) {
        if (!has_time(o, i)) continue;
        if (o->times[i] < least) least = o->times[i];
        if (o->times[i] > most) most = o->times[i];
    }
    if (least > most) return false;
    int64_t days = (most - least) / DAY_MS + 1;
    out->period = o->period != HX_TOPIC_PERIOD_AUTO ? o->period
                  : days <= DAYS_MOST               ? HX_TOPIC_PERIOD_DAY
                  : days <= WEEKS_MOST * 7          ? HX_TOPIC_PERIOD_WEEK
                                                    : HX_TOPIC_PERIOD_MONTH;
    *first = period_of(least, out->period);
    int64_t n = period_of(most, out->period) - *first + 1;
    if (n > PERIODS_MAX) return false;
    int64_t *starts = hx_arena_alloc(arena, ((size_t)n + 1) * sizeof *starts);
    const char **names = hx_arena_alloc(arena, ((size_t)n + 1) * sizeof *names);
    if (!starts || !names) return false;
    for (int64_t p = 0; p < n; p++) {
        char *name = hx_arena_alloc(arena, HX_ISO_MAX);
        if (!name) return false;
        starts[p] = start_of(*first + p, out->period);
        (void)hx_iso_from_ms(starts[p], name);
        name[strcspn(name, "T")] = '\0';
        names[p] = name;
    }
    out->period_names = names;
    out->period_starts = starts;
    out->n_periods = (size_t)n;
    return true;
}

static void set_trend(hx_topic *t, const uint32_t *totals, size_t n) {
    double all = 0, mine = 0, mean = 0, squares = 0, product = 0;
    for (size_t p = 0; p < n; p++) {
        all += totals[p];
        mine += t->counts[p];
        mean += totals[p] * (double)p;
    }
    mean /= all > 0 ? all : 1;
    for (size_t p = 0; p < n; p++) {
        squares += totals[p] * ((double)p - mean) * ((double)p - mean);
        product += t->counts[p] * ((double)p - mean);
    }
    double share = all > 0 ? mine / all : 0, variance = share * (1 - share) * squares;
    t->slope = squares > 0 ? product / squares : 0;
    t->p = variance > 0 ? erfc(fabs(product) / sqrt(2 * variance)) : 1;
}

hx_status hx__topic_trends(const hx_topics_options *o, const uint32_t *topic_of, hx_arena *arena,
                           hx_topic *topics, hx_topics *out, hx_error *err) {
    int64_t first = 0;
    if (!set_periods(o, arena, out, &first)) return HX_OK;
    uint32_t *totals = hx_arena_alloc(arena, (out->n_periods + 1) * sizeof *totals);
    uint32_t *counts = hx_arena_alloc(arena, (out->n_periods * out->n + 1) * sizeof *counts);
    if (!totals || !counts) return no_memory(o->n, err);
    for (size_t i = 0; i < o->n; i++) {
        if (!has_time(o, i) || topic_of[i] == HX_TOPIC_NONE) continue;
        size_t p = (size_t)(period_of(o->times[i], out->period) - first);
        totals[p]++;
        counts[topic_of[i] * out->n_periods + p]++;
    }
    out->totals = totals;
    for (size_t c = 0; c < out->n; c++) {
        topics[c].counts = counts + c * out->n_periods;
        set_trend(&topics[c], totals, out->n_periods);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ new terms */
/* P(X >= at) of a binomial. */
static double tail_of(uint32_t at, uint32_t n, double q) {
    double sum = 0;
    for (uint32_t x = at; x <= n; x++) {
        double term = exp(lgamma(n + 1.0) - lgamma(x + 1.0) - lgamma(n - x + 1.0) + x * log(q) +
                          (n - x) * log1p(-q));
        sum += term;
        if (x > n * q && term < sum * 1e-12) break;
    }
    return fmin(sum, 1);
}

typedef struct {
    uint32_t term, now, before;
    double p;
} new_term;

static int by_p(const void *a, const void *b) {
    const new_term *x = a, *y = b;
    if (x->p < y->p || y->p < x->p) return x->p < y->p ? -1 : 1;
    return (x->term > y->term) - (x->term < y->term);
}

typedef struct {
    const hx_topic_space *s;
    const hx_topics_options *o;
    int64_t last_start;
    uint32_t n_now, n_before;
} window;

static bool is_now(const window *w, size_t i) {
    return has_time(w->o, i) && w->o->times[i] >= w->last_start;
}

static size_t find_terms(const window *w, new_term *list) {
    const hx_topic_space *s = w->s;
    double q = (double)w->n_now / (w->n_now + w->n_before);
    size_t looked_at = 0, n = 0;
    for (size_t i = 0; i < s->n_texts; i++)
        for (size_t e = s->from[i]; e < s->from[i + 1] && has_time(w->o, i); e++)
            *(is_now(w, i) ? &list[s->ids[e]].now : &list[s->ids[e]].before) += 1;
    for (uint32_t t = 0; t < s->n_terms; t++)
        looked_at += list[t].now + list[t].before >= LEAST;
    for (uint32_t t = 0; t < s->n_terms; t++) {
        new_term k = list[t];
        double rate_before = (double)k.before / w->n_before, rate = (double)k.now / w->n_now;
        k.term = t;
        if (k.now < LEAST || rate < TIMES * rate_before) continue;
        k.p = tail_of(k.now, k.now + k.before, q) * (double)looked_at;
        if (k.p < alpha) list[n++] = k;
    }
    qsort(list, n, sizeof *list, by_p);
    return n;
}

static bool row_has(const hx_topic_space *s, size_t row, uint32_t term) {
    for (size_t e = s->from[row]; e < s->from[row + 1]; e++)
        if (s->ids[e] == term) return true;
    return false;
}

/* Whether half of the rarer term's texts of the last period have the other one. */
static bool stand_together(const window *w, const new_term *a, const new_term *b) {
    uint32_t both = 0, least = a->now < b->now ? a->now : b->now;
    for (size_t i = 0; i < w->s->n_texts; i++)
        both += is_now(w, i) && row_has(w->s, i, a->term) && row_has(w->s, i, b->term);
    return both * 2 >= least;
}

static hx_status say_new(const window *w, const new_term *terms, const uint32_t *of, size_t n,
                         uint32_t which, hx_arena *arena, hx_new_topic *out, hx_error *err) {
    hx_str *words = hx_arena_alloc(arena, NEW_WORDS * sizeof *words);
    hx_topic_quote *quotes = hx_arena_alloc(arena, sizeof *quotes);
    const new_term *first = NULL;
    if (!words || !quotes) return no_memory(w->s->n_texts, err);
    *out = (hx_new_topic){.words = words, .quotes = quotes};
    for (size_t i = 0; i < n; i++) {
        if (of[i] != which) continue;
        if (!first) first = &terms[i];
        bool inside = false;
        hx_str text = w->s->terms[terms[i].term].text;
        for (size_t k = 0; k < out->n_words; k++)
            inside = inside || memmem(words[k].ptr, words[k].len, text.ptr, text.len) != NULL;
        if (!inside && out->n_words < NEW_WORDS) words[out->n_words++] = text;
    }
    out->now = first->now;
    out->before = first->before;
    out->p = first->p;
    for (size_t i = 0; i < w->s->n_texts && out->n_quotes == 0; i++)
        if (is_now(w, i) && row_has(w->s, i, first->term))
            quotes[out->n_quotes++] = (hx_topic_quote){i, {0, (uint32_t)w->o->texts[i].len}};
    return HX_OK;
}

hx_status hx__topic_alarm(const hx_topic_space *s, const hx_topics_options *o, hx_arena *arena,
                          hx_topics *out, hx_error *err) {
    window w = {.s = s, .o = o};
    if (out->n_periods < 2) return HX_OK;
    w.last_start = out->period_starts[out->n_periods - 1];
    for (size_t i = 0; i < o->n; i++)
        if (has_time(o, i)) *(is_now(&w, i) ? &w.n_now : &w.n_before) += 1;
    new_term *terms = hx_arena_alloc(arena, (s->n_terms + 1) * sizeof *terms);
    if (!terms) return no_memory(o->n, err);
    size_t n = w.n_now > 0 && w.n_before > 0 ? find_terms(&w, terms) : 0;
    uint32_t *of = hx_arena_alloc(arena, (n + 1) * sizeof *of), found = 0;
    hx_new_topic *fresh = hx_arena_alloc(arena, NEW_MAX * sizeof *fresh);
    if (!of || !fresh) return no_memory(o->n, err);
    if (n > 200) n = 200;
    for (size_t i = 0; i < n; i++) {
        of[i] = HX_TOPIC_NONE;
        for (size_t k = 0; k < i && of[i] == HX_TOPIC_NONE; k++)
            if (stand_together(&w, &terms[i], &terms[k])) of[i] = of[k];
        if (of[i] == HX_TOPIC_NONE && found < NEW_MAX) of[i] = found++;
    }
    for (uint32_t k = 0; k < found; k++)
        HX_TRY(say_new(&w, terms, of, n, k, arena, &fresh[k], err));
    out->fresh = fresh;
    out->n_fresh = found;
    return HX_OK;
}
