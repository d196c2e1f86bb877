/* explain_draw.c - bars, beeswarm, waterfall, intervals, lines and a small tree as SVG; see explain_draw.h.
 *
 * Numbers may be absent or foreign, for the object may come from a file: what is no number is not drawn.
 *
 * Sizes are in units of the viewBox, text is of the page's font. Positions follow from the numbers alone: the same explanation is the same picture. */
#include "learn/explain_draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define WIDTH 720.0 /* of charts with a row a column */
#define LABEL 210.0 /* where their labels end */
#define RIGHT 640.0 /* where numbers begin */
#define LINE 26.0
#define LABEL_CELLS 28
#define SWARM_BINS 108
#define TREE_NODES 15
#define NODE_WIDTH 118.0
#define NODE_HEIGHT 52.0
#define TREE_STEP 96.0

const char hx_explain_style[] =
    "svg{width:100%;height:auto;display:block}svg text{font-size:12.5px;fill:var(--ink)}"
    "svg .soft{fill:var(--soft)}svg .up{fill:var(--up)}svg .down{fill:var(--down)}"
    "svg .axis{stroke:var(--line)}svg .line{stroke:var(--up);stroke-width:2.5;fill:none}"
    "svg .thin{stroke:var(--soft);stroke-width:1;fill:none;opacity:.28}"
    "svg .whisker{stroke:var(--ink);stroke-width:1.3}svg .box{fill:var(--card);stroke:var(--line)}"
    ":root{--up:#c2413f;--down:#2f6fb3}"
    "@media(prefers-color-scheme:dark){:root{--up:#ef7d78;--down:#6aa5e0}}"
    ".grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(330px,1fr));gap:14px}"
    ".grid h3{margin:6px 0;font-size:15px;font-weight:600}.legend{color:var(--soft);margin:4px 0}"
    ".big{font-size:30px;font-weight:600;margin:4px 0}.wide{overflow-x:auto}"
    ".wide svg{min-width:560px;max-width:900px;margin:6px 0}.tree "
    "svg{min-width:760px;max-width:none}";

/* ------------------------------------------------------------------ pieces */
double hx_drawn_number(const json_t *object, const char *key) {
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static const char *text_of(const json_t *object, const char *key) {
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

void hx_draw_value(hx_page *p, const json_t *v) {
    char text[64];
    if (json_is_string(v)) {
        hx_page_escaped(p, hx_str_of(json_string_value(v)));
        return;
    }
    if (json_is_number(v)) {
        const double x = json_number_value(v);
        (void)snprintf(text, sizeof text, fabs(x) >= 1e4 && fabs(x) < 1e15 ? "%.0f" : "%.4g",
                       x == 0 ? 0.0 : x);
        hx_page_put(p, text);
        return;
    }
    hx_page_put(p, json_is_true(v)    ? hx_page_tr(p, "true", "是")
                   : json_is_false(v) ? hx_page_tr(p, "false", "否")
                                      : hx_page_tr(p, "missing", "缺失"));
}

void hx_draw_clipped(hx_page *p, const char *text, size_t cells) {
    const hx_str s = hx_str_of(text);
    size_t pos = 0, fits = 0, width = 0;
    while (pos < s.len) {
        const int w = hx_utf8_width(hx_utf8_next(s, &pos));
        width += w > 0 ? (size_t)w : 0;
        if (width + 1 <= cells) fits = pos;
    }
    if (width <= cells) fits = s.len;
    hx_page_escaped(p, (hx_str){s.ptr, fits});
    if (fits < s.len) hx_page_put(p, "…");
}

static void put_text(hx_page *p, double x, double y, const char *anchor, const char *class) {
    (void)hx_buf_printf(&p->b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">", x, y,
                        anchor, class);
}

static void put_number(hx_page *p, double x, double y, const char *anchor, double v, bool sign) {
    put_text(p, x, y, anchor, "");
    (void)hx_buf_printf(&p->b, sign && v != 0 ? "%+.4g</text>" : "%.4g</text>", v == 0 ? 0.0 : v);
}

static void put_line(hx_page *p, double x1, double y1, double x2, double y2, const char *class) {
    (void)hx_buf_printf(&p->b,
                        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>", x1,
                        y1, x2, y2, class);
}

/* A bar from a to b, whichever is less. */
static void put_bar(hx_page *p, double a, double b, double y, double height, const char *class) {
    (void)hx_buf_printf(
        &p->b, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\" class=\"%s\"/>",
        fmin(a, b), y, fmax(fabs(b - a), 0.8), height, class);
}

static void put_label(hx_page *p, const char *name, double y) {
    put_text(p, LABEL - 8, y, "end", "");
    hx_page_put(p, "<title>");
    hx_page_escaped(p, hx_str_of(name));
    hx_page_put(p, "</title>");
    hx_draw_clipped(p, name, LABEL_CELLS);
    hx_page_put(p, "</text>");
}

static void begin(hx_page *p, double width, double height) {
    (void)hx_buf_printf(&p->b, "<div class=\"wide\"><svg viewBox=\"0 0 %.0f %.0f\" role=\"img\">",
                        width, height);
}

static void end(hx_page *p) {
    hx_page_put(p, "</svg></div>\n");
}

/* Numbers [low, high] on [from, to]. */
typedef struct {
    double low, high, from, to;
} scale;

static double at(const scale *s, double v) {
    return s->high > s->low ? s->from + (v - s->low) / (s->high - s->low) * (s->to - s->from)
                            : (s->from + s->to) / 2;
}

static void widen(scale *s, double v) {
    if (!isfinite(v)) return;
    s->low = fmin(s->low, v);
    s->high = fmax(s->high, v);
}

/* ------------------------------------------------------------------ a row a column */
static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static void put_step(hx_page *p, const scale *s, double from, double by, size_t i) {
    const double y = LINE * (double)i + 5;
    put_bar(p, at(s, from), at(s, from + by), y, 16, by >= 0 ? "up" : "down");
    put_line(p, at(s, from + by), y, at(s, from + by), y + LINE + 16, "axis");
    put_number(p, RIGHT, y + 12.5, "start", by, true);
}

static void put_step_label(hx_page *p, const json_t *one, size_t i) {
    const double y = LINE * (double)i + 17.5;
    put_text(p, LABEL - 8, y, "end", "");
    hx_page_put(p, "<title>");
    hx_page_escaped(p, hx_str_of(text_of(one, "column")));
    hx_page_put(p, "</title>");
    hx_draw_clipped(p, text_of(one, "column"), 18);
    hx_page_put(p, "<tspan class=\"soft\"> = ");
    const json_t *v = json_object_get(one, "value");
    if (json_is_string(v))
        hx_draw_clipped(p, json_string_value(v), 10);
    else
        hx_draw_value(p, v);
    hx_page_put(p, "</tspan></text>");
}

void hx_draw_waterfall(hx_page *p, const json_t *shap, size_t most) {
    const json_t *all = json_object_get(shap, "contributions");
    const size_t n = json_array_size(all), shown = least(n, most);
    const double base = hx_drawn_number(shap, "base"), sum = hx_drawn_number(shap, "sum");
    scale s = {base, base, LABEL, RIGHT - 14};
    double now = base;
    for (size_t i = 0; i < shown; i++)
        widen(&s, now += hx_drawn_number(json_array_get(all, i), "contribution"));
    widen(&s, sum);
    const size_t lines = shown + (n > shown);
    begin(p, WIDTH, LINE * (double)(lines + 2) + 8);
    put_text(p, LABEL - 8, 17.5, "end", "soft");
    hx_page_put(p, hx_page_tr(p, "base: mean of all</text>", "基准：总体平均</text>"));
    put_line(p, at(&s, base), 4, at(&s, base), LINE + 21, "axis");
    put_number(p, RIGHT, 17.5, "start", base, false);
    now = base;
    for (size_t i = 0; i < shown; i++) {
        const json_t *one = json_array_get(all, i);
        put_step_label(p, one, i + 1);
        put_step(p, &s, now, hx_drawn_number(one, "contribution"), i + 1);
        now += hx_drawn_number(one, "contribution");
    }
    if (n > shown) {
        put_text(p, LABEL - 8, LINE * (double)lines + 17.5, "end", "soft");
        (void)hx_buf_printf(&p->b, hx_page_tr(p, "%zu others</text>", "其余 %zu 列</text>"),
                            n - shown);
        put_step(p, &s, now, sum - now, lines);
    }
    const double y = LINE * (double)(lines + 1);
    put_text(p, LABEL - 8, y + 17.5, "end", "");
    hx_page_put(p, hx_page_tr(p, "this row</text>", "本行</text>"));
    put_line(p, at(&s, sum), y, at(&s, sum), y + 22, "whisker");
    put_number(p, RIGHT, y + 17.5, "start", sum, false);
    end(p);
}

void hx_draw_bars(hx_page *p, const json_t *list, const char *key, const char *spread,
                  size_t most) {
    const size_t n = least(json_array_size(list), most);
    scale s = {0, 0, LABEL, RIGHT - 14};
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(list, i);
        const double v = hx_drawn_number(one, key), off = spread ? hx_drawn_number(one, spread) : 0;
        widen(&s, v - off);
        widen(&s, v + off);
    }
    begin(p, WIDTH, LINE * (double)n + 6);
    put_line(p, at(&s, 0), 0, at(&s, 0), LINE * (double)n + 4, "axis");
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(list, i);
        const double v = hx_drawn_number(one, key), y = LINE * (double)i + 4;
        const double off = spread ? hx_drawn_number(one, spread) : NAN;
        put_label(p, text_of(one, "column"), y + 13);
        if (isfinite(v)) put_bar(p, at(&s, 0), at(&s, v), y, 17, v >= 0 ? "down" : "up");
        if (off > 0) put_line(p, at(&s, v - off), y + 8.5, at(&s, v + off), y + 8.5, "whisker");
        put_number(p, RIGHT, y + 13, "start", v, false);
    }
    end(p);
}

/* ------------------------------------------------------------------ beeswarm */
/* From the colour of low cells to that of high ones; grey where there is no order. */
static void put_dot(hx_page *p, double x, double y, double height) {
    static const double low[3] = {47, 111, 179}, high[3] = {214, 69, 65};
    if (isfinite(height)) {
        (void)hx_buf_printf(&p->b,
                            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.4\" fill=\"#%02x%02x%02x\"/>", x,
                            y, (unsigned)lround(low[0] + (high[0] - low[0]) * height),
                            (unsigned)lround(low[1] + (high[1] - low[1]) * height),
                            (unsigned)lround(low[2] + (high[2] - low[2]) * height));
        return;
    }
    (void)hx_buf_printf(&p->b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.4\" class=\"soft\"/>", x, y);
}

static void put_swarm_line(hx_page *p, const json_t *one, const scale *s, double middle) {
    unsigned filled[SWARM_BINS + 1] = {0};
    const json_t *points = json_object_get(one, "points"), *point;
    size_t i;
    json_array_foreach(points, i, point) {
        const json_t *height = json_array_get(point, 0);
        const double x = at(s, json_number_value(json_array_get(point, 1)));
        const double share = (x - s->from) / (s->to - s->from);
        const size_t bin = (size_t)lround(fmin(fmax(share, 0), 1) * SWARM_BINS);
        const unsigned k = filled[bin]++;
        const double off = fmin((double)((k + 1) / 2) * 2.2, 14) * (k % 2 ? 1 : -1);
        put_dot(p, x, middle + off, json_is_number(height) ? json_number_value(height) : NAN);
    }
}

void hx_draw_swarm(hx_page *p, const json_t *columns, size_t most) {
    size_t n = 0, i;
    scale s = {0, 0, LABEL + 6, WIDTH - 14};
    json_t *one, *point;
    while (n < json_array_size(columns) && n < most &&
           json_object_get(json_array_get(columns, n), "points"))
        n++;
    for (size_t k = 0; k < n; k++) {
        one = json_object_get(json_array_get(columns, k), "points");
        json_array_foreach(one, i, point) widen(&s, json_number_value(json_array_get(point, 1)));
    }
    begin(p, WIDTH, 36 * (double)n + 26);
    put_line(p, at(&s, 0), 0, at(&s, 0), 36 * (double)n + 6, "axis");
    for (size_t k = 0; k < n; k++) {
        const json_t *column = json_array_get(columns, k);
        put_label(p, text_of(column, "column"), 36 * (double)k + 22);
        put_swarm_line(p, column, &s, 36 * (double)k + 18);
    }
    put_number(p, s.from, 36 * (double)n + 21, "start", s.low, true);
    put_number(p, s.to, 36 * (double)n + 21, "end", s.high, true);
    end(p);
}

/* ------------------------------------------------------------------ intervals */
void hx_draw_intervals(hx_page *p, const json_t *coefficients, size_t most) {
    const size_t n = least(json_array_size(coefficients), most);
    scale s = {0, 0, LABEL, RIGHT - 14};
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(coefficients, i);
        if (strcmp(text_of(one, "feature"), "(intercept)") == 0) continue;
        widen(&s, hx_drawn_number(one, "coefficient"));
        widen(&s, hx_drawn_number(one, "low"));
        widen(&s, hx_drawn_number(one, "high"));
    }
    begin(p, WIDTH, LINE * (double)n + 6);
    put_line(p, at(&s, 0), 0, at(&s, 0), LINE * (double)n + 4, "axis");
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(coefficients, i);
        const double v = hx_drawn_number(one, "coefficient"), low = hx_drawn_number(one, "low"),
                     high = hx_drawn_number(one, "high"), y = LINE * (double)i + 12;
        put_label(p, text_of(one, "feature"), y + 4.5);
        put_number(p, RIGHT, y + 4.5, "start", v, false);
        if (strcmp(text_of(one, "feature"), "(intercept)") == 0) continue;
        if (isfinite(low) && isfinite(high))
            put_line(p, at(&s, low), y, at(&s, high), y, "whisker");
        (void)hx_buf_printf(&p->b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" class=\"%s\"/>",
                            at(&s, v), y, v >= 0 ? "up" : "down");
    }
    end(p);
}

/* ------------------------------------------------------------------ lines */
typedef struct {
    const json_t *values;
    size_t n;
    bool numbers;
    scale x, y;
} plot;

static double x_of(const plot *a, size_t k) {
    return at(&a->x, a->numbers ? json_number_value(json_array_get(a->values, k)) : (double)k);
}

static void put_path(hx_page *p, const plot *a, const json_t *line, const char *class) {
    (void)hx_buf_printf(&p->b, "<polyline class=\"%s\" points=\"", class);
    for (size_t k = 0; k < a->n; k++)
        (void)hx_buf_printf(&p->b, "%.1f,%.1f ", x_of(a, k),
                            at(&a->y, json_number_value(json_array_get(line, k))));
    hx_page_put(p, "\"/>");
}

static void put_dots(hx_page *p, const plot *a, const json_t *line, double r, const char *class,
                     const char *opacity) {
    for (size_t k = 0; k < a->n; k++)
        (void)hx_buf_printf(
            &p->b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\" opacity=\"%s\"/>",
            x_of(a, k), at(&a->y, json_number_value(json_array_get(line, k))), r, class, opacity);
}

static void put_axes(hx_page *p, const plot *a) {
    put_line(p, a->x.from, a->y.from, a->x.to, a->y.from, "axis");
    put_line(p, a->x.from, a->y.from, a->x.from, a->y.to, "axis");
    put_text(p, a->x.from - 5, a->y.from, "end", "");
    (void)hx_buf_printf(&p->b, "%.2g</text>", a->y.low);
    put_text(p, a->x.from - 5, a->y.to + 9, "end", "");
    (void)hx_buf_printf(&p->b, "%.3g</text>", a->y.high);
    const size_t step = a->numbers || a->n <= 1 ? a->n - 1 : 1;
    const size_t cells = a->numbers ? 20 : 46 / (a->n > 0 ? a->n : 1);
    for (size_t k = 0; k<a->n; k += step> 0 ? step : 1) {
        const json_t *v = json_array_get(a->values, k);
        put_text(p, x_of(a, k), a->y.from + 16, "middle", "soft");
        if (json_is_string(v))
            hx_draw_clipped(p, json_string_value(v), cells > 3 ? cells : 3);
        else
            hx_draw_value(p, v);
        hx_page_put(p, "</text>");
    }
}

static void widen_all(scale *s, const json_t *line) {
    for (size_t k = 0; k < json_array_size(line); k++)
        widen(s, json_number_value(json_array_get(line, k)));
}

void hx_draw_partial(hx_page *p, const json_t *one) {
    const json_t *means = json_object_get(one, "means"), *lines = json_object_get(one, "lines");
    plot a = {.values = json_object_get(one, "values"),
              .n = json_array_size(means),
              .numbers = strcmp(text_of(one, "kind"), "number") == 0,
              .y = {INFINITY, -INFINITY, 176, 10}};
    widen_all(&a.y, means);
    for (size_t i = 0; i < json_array_size(lines); i++)
        widen_all(&a.y, json_array_get(lines, i));
    a.x = (scale){0, (double)(a.n > 1 ? a.n - 1 : 1), 62, 330};
    if (a.numbers)
        a.x = (scale){json_number_value(json_array_get(a.values, 0)),
                      json_number_value(json_array_get(a.values, a.n - 1)), 62, 330};
    else
        a.x = (scale){-0.5, (double)a.n - 0.5, 62, 340};
    hx_page_put(p, "<div><h3>");
    hx_page_escaped(p, hx_str_of(text_of(one, "column")));
    hx_page_put(p, "</h3><svg viewBox=\"0 0 350 198\" role=\"img\">");
    put_axes(p, &a);
    for (size_t i = 0; i < json_array_size(lines); i++)
        if (a.numbers && a.n > 1)
            put_path(p, &a, json_array_get(lines, i), "thin");
        else
            put_dots(p, &a, json_array_get(lines, i), 2, "soft", ".3");
    if (a.numbers && a.n > 1)
        put_path(p, &a, means, "line");
    else
        put_dots(p, &a, means, 5, "up", "1");
    hx_page_put(p, "</svg></div>\n");
}

/* ------------------------------------------------------------------ the tree */
typedef struct {
    double x[TREE_NODES];
    size_t depth[TREE_NODES], n, n_leaves, deepest;
} layout;

/* Leaves side by side from left to right, each other node in the middle above its children. */
static bool lay_out(const json_t *nodes, layout *l) {
    size_t stack[TREE_NODES + 1], waits = 0;
    l->n = json_array_size(nodes);
    if (l->n == 0 || l->n > TREE_NODES) return false;
    stack[waits++] = 0;
    l->depth[0] = 0;
    while (waits > 0) {
        const size_t i = stack[--waits];
        const json_t *left = json_object_get(json_array_get(nodes, i), "left");
        if (l->depth[i] > l->deepest) l->deepest = l->depth[i];
        if (!left) {
            l->x[i] = ((double)l->n_leaves++ + 0.5) * (NODE_WIDTH + 10);
            continue;
        }
        const size_t a = (size_t)json_integer_value(left);
        if (a <= i || a + 1 >= l->n || waits + 2 > TREE_NODES) return false;
        l->depth[a] = l->depth[a + 1] = l->depth[i] + 1;
        stack[waits++] = a + 1;
        stack[waits++] = a;
    }
    for (size_t i = l->n; i-- > 0;) {
        const json_t *left = json_object_get(json_array_get(nodes, i), "left");
        if (!left) continue;
        const size_t a = (size_t)json_integer_value(left);
        l->x[i] = (l->x[a] + l->x[a + 1]) / 2;
    }
    return true;
}

static void put_question(hx_page *p, const json_t *node) {
    const json_t *is = json_object_get(node, "is"), *below = json_object_get(node, "below");
    hx_draw_clipped(p, text_of(node, "column"), is || below ? 11 : 12);
    if (is) {
        hx_page_put(p, " = ");
        hx_draw_clipped(p, json_string_value(is), 8);
    } else if (below) {
        hx_page_put(p, " &lt; ");
        if (json_is_string(below))
            hx_draw_clipped(p, json_string_value(below), 10);
        else
            hx_draw_value(p, below);
    } else {
        hx_page_put(p, hx_page_tr(p, " missing", " 缺失"));
    }
    hx_page_put(p, "?");
}

static void put_node(hx_page *p, const json_t *node, double x, double y) {
    (void)hx_buf_printf(&p->b,
                        "<rect class=\"box\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                        "rx=\"7\"/>",
                        x - NODE_WIDTH / 2, y, NODE_WIDTH, NODE_HEIGHT);
    put_text(p, x, y + 21, "middle", "");
    if (json_object_get(node, "left")) {
        put_question(p, node);
        hx_page_put(p, "</text>");
        put_text(p, x, y + 40, "middle", "soft");
        (void)hx_buf_printf(&p->b, "%.3g · %.0f %%</text>", hx_drawn_number(node, "value"),
                            100 * hx_drawn_number(node, "share"));
        return;
    }
    (void)hx_buf_printf(&p->b, "<tspan font-weight=\"600\">%.3g</tspan></text>",
                        hx_drawn_number(node, "value"));
    put_text(p, x, y + 40, "middle", "soft");
    (void)hx_buf_printf(&p->b, hx_page_tr(p, "%.0f %% of rows</text>", "占 %.0f %% 的行</text>"),
                        100 * hx_drawn_number(node, "share"));
}

/* `below` goes left where it holds; a feature of a text value or of missing ones is 1 where it does, and goes right. */
static void put_branches(hx_page *p, const json_t *nodes, const layout *l, size_t i) {
    const json_t *node = json_array_get(nodes, i), *left = json_object_get(node, "left");
    if (!left) return;
    const size_t a = (size_t)json_integer_value(left);
    const bool yes_left = json_object_get(node, "below") != NULL;
    const double y = (double)l->depth[i] * TREE_STEP + NODE_HEIGHT + 4;
    for (size_t k = 0; k < 2; k++) {
        put_line(p, l->x[i], y, l->x[a + k], y + TREE_STEP - NODE_HEIGHT, "axis");
        put_text(p, (l->x[i] + l->x[a + k]) / 2 + (k ? 6 : -6), y + 20, k ? "start" : "end",
                 "soft");
        hx_page_put(p, (k == 0) == yes_left ? hx_page_tr(p, "yes</text>", "是</text>")
                                            : hx_page_tr(p, "no</text>", "否</text>"));
    }
}

void hx_draw_tree(hx_page *p, const json_t *nodes) {
    layout l = {.n = 0};
    if (!lay_out(nodes, &l)) return;
    hx_page_put(p, "<div class=\"tree\">");
    begin(p, (double)l.n_leaves * (NODE_WIDTH + 10),
          (double)l.deepest * TREE_STEP + NODE_HEIGHT + 10);
    for (size_t i = 0; i < l.n; i++)
        put_branches(p, nodes, &l, i);
    for (size_t i = 0; i < l.n; i++)
        put_node(p, json_array_get(nodes, i), l.x[i], (double)l.depth[i] * TREE_STEP + 4);
    end(p);
    hx_page_put(p, "</div>");
}
