/* explain_draw.h - the pictures of explain_html.c: each draws one part of an explanation as SVG. For src/learn/explain_*.c only. */
#ifndef HX_LEARN_EXPLAIN_DRAW_H
#define HX_LEARN_EXPLAIN_DRAW_H

#include "base/json.h"
#include "frame/check_page.h"
#include "huaxiang/learn.h"

/* What all charts of the page are drawn with. */
extern const char hx_explain_style[];

double hx_drawn_number(const json_t *object, const char *key); /* NAN where it is none */
/* A value for eyes: four digits, text, "missing" (of null). Escaped. */
void hx_draw_value(hx_page *p, const json_t *v);
/* At most `cells` columns wide, an ellipsis where it is cut. Escaped. */
void hx_draw_clipped(hx_page *p, const char *text, size_t cells);

/* From the base to the sum, a bar a column; columns behind the first `most` together in one. */
void hx_draw_waterfall(hx_page *p, const json_t *shap, size_t most);
/* A bar a member of `list`: `key` from 0, and a whisker of `spread` (NULL = none) to both sides. */
void hx_draw_bars(hx_page *p, const json_t *list, const char *key, const char *spread, size_t most);
/* A dot a row: where it stands is its contribution, its colour how great the cell is. */
void hx_draw_swarm(hx_page *p, const json_t *columns, size_t most);
/* Coefficients as dots with their intervals. */
void hx_draw_intervals(hx_page *p, const json_t *coefficients, size_t most);
/* The mean line over the lines of rows; of texts dots. */
void hx_draw_partial(hx_page *p, const json_t *one);
void hx_draw_tree(hx_page *p, const json_t *nodes);

#endif
