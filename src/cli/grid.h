/* grid.h - a table for eyes: columns aligned by display width, no boxes. */
#ifndef HX_CLI_GRID_H
#define HX_CLI_GRID_H

#include "cli/outbuf.h"

typedef enum {
    HX_GRID_LEFT = 0,
    HX_GRID_RIGHT,
    HX_GRID_MOOD, /* right; positive and negative coloured */
} hx_grid_align;

typedef struct {
    size_t n_columns, gap, first_gap; /* blanks between columns; behind the first (0 = gap) */
    size_t cell_max; /* widest cell, 0 = no limit */
    bool color;
    hx_grid_align *align; /* owned, by column */
    hx_outbuf cells; /* visible text, 0x1F behind each cell, row by row, the titles first */
    size_t n_cells;
    size_t *width; /* owned; grows with each print */
} hx_grid;

/* False when out of memory. */
bool hx_grid_init(hx_grid *g, size_t n_columns);
void hx_grid_release(hx_grid *g);
void hx_grid_cell(hx_grid *g, hx_str s);
void hx_grid_text(hx_grid *g, const char *s);
void hx_grid_uint(hx_grid *g, uint64_t v);
/* One cell in the form of `cells`, for those who prepare cells elsewhere. */
void hx_grid_encode(hx_outbuf *b, hx_str s, size_t cell_max);
/* `n` cells prepared that way. */
void hx_grid_append(hx_grid *g, hx_str cells, size_t n);
/* All rows that stand in it; the next call goes on below, with columns at least as wide. */
void hx_grid_print(hx_grid *g, hx_outbuf *out);

#endif
