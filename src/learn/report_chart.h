/* report_chart.h - charts of a page as SVG: axes with round ticks, lines, dots, bars. For src/learn/report*.c. */
#ifndef HX_LEARN_REPORT_CHART_H
#define HX_LEARN_REPORT_CHART_H

#include "base/json.h"
#include "frame/check_page.h"

#define HX_CHART_COLOURS 6

typedef struct {
    hx_page *p; /* borrowed */
    double x0, x1, y0, y1; /* what the axes show */
    bool open; /* a path has its first point */
} hx_chart;

typedef struct {
    const char *title, *x, *y; /* in the page's language, plain text */
    double x0, x1, y0, y1; /* a range without width is made wider */
    const char *const
        *names; /* (n_names): of places 0 to n_names - 1 on the x axis instead of numbers; NULL */
    size_t n_names;
} hx_chart_options;

/* A card with a heading and the axes; hx_chart_note() closes it. NaN and infinite points are left out. */
void hx_chart_begin(hx_chart *c, hx_page *p, const hx_chart_options *o);
/* A path: points one after another between begin and end; colour 0 to HX_CHART_COLOURS - 1. */
typedef enum {
    HX_STROKE_SOLID = 0,
    HX_STROKE_COMPARE, /* dashed and grey: what chance would give */
    HX_STROKE_BOUND /* thin and dotted in its colour: an end of an interval */
} hx_chart_stroke;
void hx_chart_path(hx_chart *c, size_t colour, hx_chart_stroke stroke);
void hx_chart_to(hx_chart *c, double x, double y);
void hx_chart_path_end(hx_chart *c);
void hx_chart_dot(hx_chart *c, size_t colour, double x, double y, double radius);
/* From (x, low) to (x, high). */
void hx_chart_range(hx_chart *c, size_t colour, double x, double low, double high);
void hx_chart_bar(hx_chart *c, size_t colour, double x, double width, double y);
/* Ends the drawing; names (n) of the colours stand below it where there are any. */
void hx_chart_end(hx_chart *c, const char *const *names, size_t n);
/* How to read it; closes the card. */
void hx_chart_note(hx_chart *c, const char *note);

#endif
