/* report_chart.c - axes, lines, dots and bars as SVG; see report_chart.h.
 *
 * A chart is 420 by 300 units with the axes inside; ticks stand at multiples of 1, 2 or 5 times a power of ten. Coordinates have one digit behind the
 * point, so that a page is the same bytes on every machine. Colours are variables of the page's style, for light and dark. */
#include "learn/report_chart.h"

#include <math.h>

#define WIDTH 420.0
#define HEIGHT 300.0
#define LEFT 50.0
#define RIGHT 10.0
#define TOP 10.0
#define BOTTOM 42.0
#define TICKS 5
#define TICKS_MAX 24
#define NAME_BYTES_MAX 24

static double place_x(const hx_chart *c, double x) {
    return LEFT + (x - c->x0) / (c->x1 - c->x0) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const hx_chart *c, double y) {
    return HEIGHT - BOTTOM - (y - c->y0) / (c->y1 - c->y0) * (HEIGHT - TOP - BOTTOM);
}

static double step_of(double width) {
    double power = pow(10, floor(log10(width / TICKS))), share = width / TICKS / power;
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

static void widen(double *low, double *high) {
    if (!isfinite(*low) || !isfinite(*high)) *low = 0, *high = 1;
    if (*high - *low > 1e-9 * fmax(fabs(*low), fabs(*high))) return;
    double off = fmax(fabs(*low) * 0.1, 0.5);
    *low -= off;
    *high += off;
}

static void put_x_ticks(hx_chart *c, const hx_chart_options *o) {
    double step = step_of(c->x1 - c->x0), at = ceil(c->x0 / step - 1e-9) * step;
    for (int i = 0; i < TICKS_MAX && at <= c->x1 + step * 1e-9 && !o->names; i++, at += step)
        (void)hx_buf_printf(&c->p->b,
                            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.6g</text>",
                            place_x(c, at), HEIGHT - BOTTOM + 14, fabs(at) < step / 2 ? 0 : at);
    for (size_t i = 0; i < o->n_names && o->names; i++) {
        (void)hx_buf_printf(&c->p->b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
                            place_x(c, (double)i), HEIGHT - BOTTOM + 14);
        const hx_str name = hx_str_of(o->names[i]);
        hx_page_escaped(c->p,
                        (hx_str){name.ptr, name.len < NAME_BYTES_MAX ? name.len : NAME_BYTES_MAX});
        hx_page_put(c->p, "</text>");
    }
}

static void put_y_ticks(hx_chart *c) {
    double step = step_of(c->y1 - c->y0), at = ceil(c->y0 / step - 1e-9) * step;
    for (int i = 0; i < TICKS_MAX && at <= c->y1 + step * 1e-9; i++, at += step)
        (void)hx_buf_printf(&c->p->b,
                            "<path class=\"g\" d=\"M%.1f %.1fH%.1f\"/><text x=\"%.1f\" y=\"%.1f\" "
                            "text-anchor=\"end\">%.6g</text>",
                            LEFT, place_y(c, at), WIDTH - RIGHT, LEFT - 5, place_y(c, at) + 3.5,
                            fabs(at) < step / 2 ? 0 : at);
}

static void put_label(hx_chart *c, const char *place, const char *text) {
    (void)hx_buf_printf(&c->p->b, "<text text-anchor=\"middle\" %s>", place);
    hx_page_escaped(c->p, hx_str_of(text));
    hx_page_put(c->p, "</text>");
}

void hx_chart_begin(hx_chart *c, hx_page *p, const hx_chart_options *o) {
    *c = (hx_chart){p, o->x0, o->x1, o->y0, o->y1, false};
    if (o->names) c->x0 = -0.5, c->x1 = (double)o->n_names - 0.5;
    widen(&c->x0, &c->x1);
    widen(&c->y0, &c->y1);
    hx_page_put(p, "<figure><figcaption>");
    hx_page_escaped(p, hx_str_of(o->title));
    (void)hx_buf_printf(&p->b,
                        "</figcaption><svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"",
                        WIDTH, HEIGHT);
    hx_page_escaped(p, hx_str_of(o->title));
    hx_page_put(p, "\">");
    put_y_ticks(c);
    put_x_ticks(c, o);
    (void)hx_buf_printf(&p->b, "<path class=\"x\" d=\"M%.1f %.1fV%.1fH%.1f\"/>", LEFT, TOP,
                        HEIGHT - BOTTOM, WIDTH - RIGHT);
    put_label(c, "x=\"235\" y=\"294\"", o->x);
    put_label(c, "x=\"-134\" y=\"12\" transform=\"rotate(-90)\"", o->y);
}

void hx_chart_path(hx_chart *c, size_t colour, hx_chart_stroke stroke) {
    static const char *const classes[] = {"", " d", " b"};
    (void)hx_buf_printf(&c->p->b, "<path class=\"l c%zu%s\" d=\"", colour % HX_CHART_COLOURS,
                        classes[stroke]);
    c->open = false;
}

void hx_chart_to(hx_chart *c, double x, double y) {
    if (!isfinite(x) || !isfinite(y)) return;
    (void)hx_buf_printf(&c->p->b, "%c%.1f %.1f", c->open ? 'L' : 'M', place_x(c, x), place_y(c, y));
    c->open = true;
}

void hx_chart_path_end(hx_chart *c) {
    hx_page_put(c->p, "\"/>");
}

void hx_chart_dot(hx_chart *c, size_t colour, double x, double y, double radius) {
    if (!isfinite(x) || !isfinite(y)) return;
    (void)hx_buf_printf(&c->p->b,
                        "<circle class=\"f%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>%.4g, "
                        "%.4g</title></circle>",
                        colour % HX_CHART_COLOURS, place_x(c, x), place_y(c, y), radius, x, y);
}

void hx_chart_range(hx_chart *c, size_t colour, double x, double low, double high) {
    if (!isfinite(x) || !isfinite(low) || !isfinite(high)) return;
    (void)hx_buf_printf(&c->p->b, "<path class=\"l c%zu\" d=\"M%.1f %.1fV%.1f\"/>",
                        colour % HX_CHART_COLOURS, place_x(c, x), place_y(c, low),
                        place_y(c, high));
}

void hx_chart_bar(hx_chart *c, size_t colour, double x, double width, double y) {
    if (!isfinite(y)) return;
    double from = place_y(c, fmax(c->y0, fmin(0, c->y1))), to = place_y(c, y);
    (void)hx_buf_printf(&c->p->b,
                        "<rect class=\"f%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                        "height=\"%.1f\"><title>%.4g</title></rect>",
                        colour % HX_CHART_COLOURS, place_x(c, x - width / 2), fmin(from, to),
                        place_x(c, width) - place_x(c, 0), fabs(from - to), y);
}

void hx_chart_end(hx_chart *c, const char *const *names, size_t n) {
    hx_page_put(c->p, "</svg>");
    if (n == 0) return;
    hx_page_put(c->p, "<p class=\"keys\">");
    for (size_t i = 0; i < n; i++) {
        (void)hx_buf_printf(&c->p->b, "<span class=\"key k%zu\"></span>", i % HX_CHART_COLOURS);
        hx_page_escaped(c->p, hx_str_of(names[i]));
    }
    hx_page_put(c->p, "</p>");
}

void hx_chart_note(hx_chart *c, const char *note) {
    hx_page_put(c->p, "<p class=\"note\">");
    hx_page_put(c->p, note);
    hx_page_put(c->p, "</p></figure>\n");
}
