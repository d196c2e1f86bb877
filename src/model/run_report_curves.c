/* run_report_curves.c - the curves of a run's page, drawn as SVG.
 *
 *     log line -> flat names and numbers -> series by name -> one picture a group (loss, figures, rate, norm, perplexity)
 *     {"step":9,"loss":..,"part":"validation","tasks":{"mood":{"loss":..,"accuracy":..}}} -> "validation loss", "validation accuracy";
 *     of several tasks "validation mood accuracy". The loss beside "part" is a mean of the steps', which have records of their own.
 *
 * A series of more than POINTS_MAX points is drawn as the means of POINTS_MAX equal stretches of its points. A value that is no number breaks the
 * line. Axes have 3 to 7 marks at 1, 2 or 5 times a power of ten. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "model/run_report_parts.h"

#define SERIES_MAX 48
#define NAME_MAX_ 96
#define POINTS_MAX 300
#define LINE_MAX_ ((size_t)1 << 20)
#define SERIES_BYTES ((size_t)64 << 20)
#define COLOURS 8

enum { WIDE = 640, HIGH = 250, LEFT = 66, RIGHT = 14, TOP = 12, BOTTOM = 30 };

typedef struct {
    double x, y;
} point;

typedef enum {
    GROUP_LOSS = 0,
    GROUP_FIGURES,
    GROUP_PERPLEXITY,
    GROUP_RATE,
    GROUP_NORM,
    GROUPS
} group;

typedef struct {
    char name[NAME_MAX_];
    group in;
    hx_buf points;
} series;

typedef struct {
    series list[SERIES_MAX];
    size_t n, nans;
    bool failed;
} series_set;

/* ------------------------------------------------------------------ reading */
static bool ends_with(const char *name, const char *end) {
    size_t a = strlen(name), b = strlen(end);
    return a >= b && strcmp(name + a - b, end) == 0;
}

static group group_of(const char *name) {
    static const char *const figures[] = {"accuracy", "precision", "recall", "f1",
                                          "auc",      "uas",       "las",    "r2"};
    /* the log loss is the loss again, and of averages one is enough to look at */
    static const char *const left_out[] = {"log_loss", "macro_precision", "macro_recall",
                                           "weighted_f1"};
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (ends_with(name, left_out[i])) return GROUPS;
    if (ends_with(name, "loss")) return GROUP_LOSS;
    if (ends_with(name, "perplexity")) return GROUP_PERPLEXITY;
    if (ends_with(name, "norm")) return GROUP_NORM;
    if (strcmp(name, "rate") == 0 || strcmp(name, "lr") == 0 || ends_with(name, "learning_rate"))
        return GROUP_RATE;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (ends_with(name, figures[i])) return GROUP_FIGURES;
    return GROUPS;
}

static series *series_named(series_set *s, const char *name, group in) {
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->list[i].name, name) == 0) return &s->list[i];
    if (s->n == SERIES_MAX) return NULL;
    series *made = &s->list[s->n++];
    memcpy(made->name, name, strlen(name) + 1);
    made->in = in;
    hx_buf_init(&made->points, SERIES_BYTES);
    return made;
}

static void take_value(series_set *s, const char *name, const json_t *value, double x) {
    group in = group_of(name);
    if (in == GROUPS || !(json_is_number(value) || json_is_null(value))) return;
    point p = {x, json_is_null(value) ? NAN : json_number_value(value)};
    if (isnan(p.y) && in == GROUP_LOSS) s->nans++;
    series *to = series_named(s, name, in);
    if (to && !hx_buf_append(&to->points, &p, sizeof p)) s->failed = true;
}

/* An evaluation, as the trainer writes it. */
static void take_tasks(series_set *s, const char *part, json_t *tasks, double x) {
    const char *task, *key;
    json_t *figures, *value;
    char name[NAME_MAX_];
    bool only = json_object_size(tasks) == 1;
    json_object_foreach(tasks, task, figures) {
        json_object_foreach(figures, key, value) {
            int n = snprintf(name, sizeof name, "%s%s%s %s", part, only ? "" : " ",
                             only ? "" : task, key);
            if (n > 0 && (size_t)n < sizeof name) take_value(s, name, value, x);
        }
    }
}

/* Beside tasks one level of nesting is enough: {"step":..,"validation":{"loss":..}}. */
static void take_record(series_set *s, json_t *record, size_t line) {
    const json_t *step = json_object_get(record, "step");
    double x = json_is_number(step) ? json_number_value(step) : (double)line;
    const char *key, *inner, *part = json_string_value(json_object_get(record, "part"));
    json_t *value, *member, *tasks = json_object_get(record, "tasks");
    char name[NAME_MAX_];
    if (part && json_is_object(tasks)) {
        take_tasks(s, part, tasks, x);
        return;
    }
    json_object_foreach(record, key, value) {
        if (strlen(key) < sizeof name) take_value(s, key, value, x);
        if (!json_is_object(value)) continue;
        json_object_foreach(value, inner, member) {
            int n = snprintf(name, sizeof name, "%s.%s", key, inner);
            if (n > 0 && (size_t)n < sizeof name) take_value(s, name, member, x);
        }
    }
}

static size_t read_log(series_set *s, hx_str log) {
    size_t bad = 0, line = 0;
    for (size_t at = 0; at < log.len; line++) {
        const char *end = memchr(log.ptr + at, '\n', log.len - at);
        size_t len = end ? (size_t)(end - log.ptr) - at : log.len - at;
        json_t *record = NULL;
        if (len > 0 &&
            (hx_json_parse((hx_str){log.ptr + at, len}, LINE_MAX_, "log", &record, NULL) != HX_OK ||
             !json_is_object(record)))
            bad++;
        else if (len > 0)
            take_record(s, record, line + 1);
        json_decref(record);
        at += len + 1;
    }
    return bad;
}

/* ------------------------------------------------------------------ drawing */
typedef struct {
    double x0, x1, y0, y1; /* shown ranges */
} view;

static double at_x(const view *v, double x) {
    return LEFT + (x - v->x0) / (v->x1 - v->x0) * (WIDE - LEFT - RIGHT);
}
static double at_y(const view *v, double y) {
    return HIGH - BOTTOM - (y - v->y0) / (v->y1 - v->y0) * (HIGH - TOP - BOTTOM);
}

static double nice_step(double range) {
    double power = pow(10, floor(log10(range / 5))), part = range / 5 / power;
    return power * (part > 5 ? 10 : part > 2 ? 5 : part > 1 ? 2 : 1);
}

static size_t count_of(const series *s) {
    return s->points.len / sizeof(point);
}

static point point_at(const series *s, size_t i) {
    point p;
    memcpy(&p, s->points.ptr + i * sizeof p, sizeof p);
    return p;
}

/* The i-th drawn point: a mean where there are too many. */
static point drawn_at(const series *s, size_t i, size_t n_drawn) {
    size_t n = count_of(s), from = i * n / n_drawn, to = (i + 1) * n / n_drawn;
    point sum = {0, 0};
    for (size_t j = from; j < to; j++) {
        point p = point_at(s, j);
        sum.x += p.x;
        sum.y += p.y;
    }
    return (point){sum.x / (double)(to - from), sum.y / (double)(to - from)};
}

static size_t n_drawn_of(const series *s) {
    size_t n = count_of(s);
    return n < POINTS_MAX ? n : POINTS_MAX;
}

static bool view_of(const series_set *s, group in, view *v) {
    *v = (view){DBL_MAX, -DBL_MAX, DBL_MAX, -DBL_MAX};
    for (size_t i = 0; i < s->n; i++) {
        size_t n = s->list[i].in == in ? n_drawn_of(&s->list[i]) : 0;
        for (size_t j = 0; j < n; j++) {
            point p = drawn_at(&s->list[i], j, n);
            if (!isfinite(p.y) || fabs(p.y) > 1e300) continue;
            v->x0 = fmin(v->x0, p.x);
            v->x1 = fmax(v->x1, p.x);
            v->y0 = fmin(v->y0, p.y);
            v->y1 = fmax(v->y1, p.y);
        }
    }
    if (v->x0 > v->x1) return false;
    if (v->x1 - v->x0 < 1e-9) v->x1 = v->x0 + 1;
    if (v->y1 - v->y0 <= 1e-12 * fabs(v->y1)) {
        double room = v->y1 != 0 ? fabs(v->y1) * 0.1 : 1;
        v->y0 -= room;
        v->y1 += room;
    }
    double step = nice_step(v->y1 - v->y0);
    v->y0 = floor(v->y0 / step) * step;
    v->y1 = ceil(v->y1 / step) * step;
    return true;
}

static void draw_axes(hx_buf *b, const view *v) {
    double step = nice_step(v->y1 - v->y0);
    int n = (int)((v->y1 - v->y0) / step + 0.5);
    for (int i = 0; i <= n; i++) {
        double y = v->y0 + i * step;
        hx_buf_printf(b,
                      "<line class=grid x1=%d x2=%d y1=%.1f y2=%.1f /><text x=%d y=%.1f "
                      "text-anchor=end>%.4g</text>",
                      LEFT, WIDE - RIGHT, at_y(v, y), at_y(v, y), LEFT - 6, at_y(v, y) + 5,
                      fabs(y) < step * 1e-9 ? 0 : y);
    }
    step = nice_step(v->x1 - v->x0);
    for (double x = ceil(v->x0 / step) * step; x <= v->x1 + step * 1e-9; x += step)
        hx_buf_printf(b, "<text x=%.1f y=%d text-anchor=middle>%.6g</text>", at_x(v, x), HIGH - 10,
                      x);
}

static void draw_series(hx_buf *b, const series *s, const view *v, size_t colour) {
    size_t n = n_drawn_of(s);
    bool pen = false;
    hx_buf_printf(b, "<path class=\"line c%zu\" d=\"", colour);
    for (size_t i = 0; i < n; i++) {
        point p = drawn_at(s, i, n);
        bool shown = isfinite(p.y) && fabs(p.y) <= 1e300;
        if (shown) hx_buf_printf(b, "%c%.1f %.1f", pen ? 'L' : 'M', at_x(v, p.x), at_y(v, p.y));
        pen = shown;
    }
    hx_buf_append_lit(b, "\"/>");
    for (size_t i = 0; n <= 40 && i < n; i++) {
        point p = drawn_at(s, i, n);
        if (!isfinite(p.y) || fabs(p.y) > 1e300) continue;
        hx_buf_printf(b, "<circle class=\"dot c%zu\" cx=%.1f cy=%.1f r=3><title>", colour,
                      at_x(v, p.x), at_y(v, p.y));
        hx__report_text(b, hx_str_of(s->name));
        hx_buf_printf(b, " %.6g: %.5g</title></circle>", p.x, p.y);
    }
}

static void draw_names(hx_buf *b, const series_set *s, group in) {
    size_t colour = 0;
    hx_buf_append_lit(b, "<p class=names>");
    for (size_t i = 0; i < s->n; i++) {
        if (s->list[i].in != in) continue;
        size_t n = count_of(&s->list[i]);
        hx_buf_printf(b, "<span class=name><i class=\"key c%zu\"></i>", colour++ % COLOURS);
        hx__report_text(b, hx_str_of(s->list[i].name));
        hx_buf_append_lit(b, " <b>");
        hx__report_number(b, point_at(&s->list[i], n - 1).y);
        hx_buf_append_lit(b, "</b></span> ");
    }
    hx_buf_append_lit(b, "</p>");
}

static void draw_group(hx_buf *b, const series_set *s, group in, const char *en, const char *zh) {
    view v;
    size_t colour = 0;
    if (!view_of(s, in, &v)) return;
    hx_buf_append_lit(b, "<figure><figcaption>");
    hx__report_both(b, en, zh);
    hx_buf_printf(b, "</figcaption><svg viewBox=\"0 0 %d %d\" role=img>", WIDE, HIGH);
    draw_axes(b, &v);
    for (size_t i = 0; i < s->n; i++)
        if (s->list[i].in == in) draw_series(b, &s->list[i], &v, colour++ % COLOURS);
    hx_buf_append_lit(b, "</svg>");
    draw_names(b, s, in);
    hx_buf_append_lit(b, "</figure>");
}

bool hx__report_curves(hx_buf *b, hx_str log, size_t *bad, size_t *nans) {
    static const char *const titles[GROUPS][2] = {{"Loss by step", "损失（按步）"},
                                                  {"Figures by step", "指标（按步）"},
                                                  {"Perplexity by step", "困惑度（按步）"},
                                                  {"Learning rate", "学习率"},
                                                  {"Gradient norm", "梯度范数"}};
    series_set s = {.n = 0};
    *bad = read_log(&s, log);
    *nans = s.nans;
    if (s.n > 0) {
        hx__report_section(b, "curves", "Course of training", "训练过程");
        hx_buf_append_lit(b, "<div class=figures>");
        for (int g = 0; g < GROUPS; g++)
            draw_group(b, &s, (group)g, titles[g][0], titles[g][1]);
        hx_buf_append_lit(b, "</div></section>");
    }
    for (size_t i = 0; i < s.n; i++)
        hx_buf_release(&s.list[i].points);
    return !s.failed;
}
