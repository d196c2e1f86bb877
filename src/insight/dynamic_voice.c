/* dynamic_voice.c - how a customer feels, where that goes, and what he praises and blames; see dynamic.h.
 *
 * Mood now is a mean that fades; the slope is a plain least-squares line over all texts with a time, with Student's interval
 * (Draper and Smith, Applied Regression Analysis, ch. 1): a turn is only said where the interval leaves 0 out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "insight/dynamic_part.h"
#include "learn/special.h"

#define SLOPE_DAYS 30.0
#define ASPECTS_MAX 64

/* --- mood ---------------------------------------------------------------- */
typedef struct {
    double n, x, y, xx, xy, yy; /* mean of x and y, sums of products around them (Welford 1962) */
} line;

static void line_add(line *l, double x, double y) {
    l->n++;
    const double dx = x - l->x, dy = y - l->y;
    l->x += dx / l->n;
    l->y += dy / l->n;
    l->xx += dx * (x - l->x);
    l->xy += dx * (y - l->y);
    l->yy += dy * (y - l->y);
}

static hx_interval slope_of(const line *l) {
    if (l->n < 3 || !(l->xx > 0)) return (hx_interval){NAN, NAN, NAN};
    const double slope = l->xy / l->xx, rest = fmax(0, l->yy - slope * l->xy);
    const double error = sqrt(rest / (l->n - 2) / l->xx);
    const double half = hx_student_quantile((1 + HX_DYNAMIC_LEVEL) / 2, l->n - 2) * error;
    return (hx_interval){slope * SLOPE_DAYS, (slope - half) * SLOPE_DAYS,
                         (slope + half) * SLOPE_DAYS};
}

static hx_turn turn_of(hx_interval slope) {
    if (isnan(slope.value)) return HX_TURN_UNKNOWN;
    return slope.low > 0 ? HX_TURN_UP : slope.high < 0 ? HX_TURN_DOWN : HX_TURN_STEADY;
}

static double within_one(double v) {
    return v < -1 ? -1 : v > 1 ? 1 : v;
}

void hx__dynamic_mood(const hx_history *h, hx_mood *out) {
    hx_faded now = {0};
    line l = {0};
    double worst = INFINITY, best = -INFINITY;
    *out = (hx_mood){.n = 0};
    for (size_t i = 0; i < h->n; i++) {
        const hx_event *e = &h->events[i];
        if (!hx__history_speaks(e) || e->annotation->sentiment.label == HX_SENTIMENT_NONE) continue;
        const double y = hx__history_mood(&e->annotation->sentiment);
        hx__faded_add(&now, hx__history_fade(h, e->time), y);
        if (e->time != HX_TIME_NONE)
            line_add(&l, (double)(e->time - h->first) / (double)HX_DAY_MS, y);
        if (y <= worst) out->worst = hx_event_id(e);
        if (y >= best) out->best = hx_event_id(e);
        worst = fmin(worst, y);
        best = fmax(best, y);
        out->n++;
    }
    out->now = hx__faded_interval(&now);
    out->now.low = within_one(out->now.low);
    out->now.high = within_one(out->now.high);
    out->slope = slope_of(&l);
    out->turn = turn_of(out->slope);
}

/* --- aspects ------------------------------------------------------------- */
typedef struct {
    hx_dynamic_aspect a;
    hx_faded mean, opinion; /* signed score; 1 for praise, 0 for blame */
} aspect_sum;

static aspect_sum *sum_of(aspect_sum *sums, size_t *n, const hx_aspect *a) {
    for (size_t i = 0; i < *n; i++)
        if (hx_str_equal(sums[i].a.id, a->id)) return &sums[i];
    if (*n == ASPECTS_MAX) return NULL;
    sums[*n] = (aspect_sum){.a = {.id = a->id, .name = a->name}};
    return &sums[(*n)++];
}

static void push_first(hx_dynamic_aspect *a, uint64_t event) {
    const uint32_t kept =
        a->n_events < HX_DYNAMIC_EVIDENCE_MAX ? a->n_events : HX_DYNAMIC_EVIDENCE_MAX - 1;
    memmove(&a->events[1], &a->events[0], kept * sizeof *a->events);
    a->events[0] = event;
    a->n_events = kept + 1;
}

static void add_aspect(const hx_history *h, aspect_sum *s, const hx_event *e, const hx_aspect *a) {
    const double w = hx__history_fade(h, e->time);
    const bool praise = a->label == HX_SENTIMENT_POSITIVE,
               blame = a->label == HX_SENTIMENT_NEGATIVE;
    s->a.n++;
    s->a.praised += praise;
    s->a.blamed += blame;
    hx__faded_add(&s->mean, w, praise ? a->score : blame ? -a->score : 0);
    if (praise || blame) hx__faded_add(&s->opinion, w, praise ? 1 : 0);
    push_first(&s->a, hx_event_id(e));
}

static hx_dynamic_aspect finished(const aspect_sum *s) {
    hx_dynamic_aspect a = s->a;
    a.mean = s->mean.mean;
    a.praise = hx_wilson(s->opinion.mean, hx__history_effective(s->opinion.sum, s->opinion.squares),
                         HX_DYNAMIC_LEVEL);
    if (a.praised + a.blamed == 0) a.praise = (hx_interval){NAN, NAN, NAN};
    a.verdict = a.praise.value > 0.5 ? 1 : a.praise.value < 0.5 ? -1 : 0;
    a.sure = a.praise.low > 0.5 || a.praise.high < 0.5;
    return a;
}

static int most_texts_first(const void *l, const void *r) {
    const hx_dynamic_aspect *a = l, *b = r;
    if (a->n != b->n) return a->n > b->n ? -1 : 1;
    return hx_str_compare(a->id, b->id);
}

bool hx__dynamic_aspects(const hx_history *h, hx_dynamic *out) {
    aspect_sum *sums = hx_arena_alloc(h->arena, ASPECTS_MAX * sizeof *sums);
    size_t n = 0;
    if (!sums) return false;
    for (size_t i = 0; i < h->n; i++) {
        const hx_event *e = &h->events[i];
        for (size_t k = 0; hx__history_speaks(e) && k < e->annotation->n_aspects; k++) {
            aspect_sum *s = sum_of(sums, &n, &e->annotation->aspects[k]);
            if (s) add_aspect(h, s, e, &e->annotation->aspects[k]);
        }
    }
    out->aspects = n > 0 ? hx_arena_alloc(h->arena, n * sizeof *out->aspects) : NULL;
    if (n > 0 && !out->aspects) return false;
    for (size_t i = 0; i < n; i++)
        out->aspects[i] = finished(&sums[i]);
    if (n > 1) qsort(out->aspects, n, sizeof *out->aspects, most_texts_first);
    out->n_aspects = n;
    return true;
}
