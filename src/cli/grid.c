/* grid.c - lays out a table by display width, so that Chinese and Latin columns line up; see grid.h.
 *
 * Left-aligned cells are padded behind, right-aligned ones before; nothing is padded behind the last cell. Cells hold no byte below
 * 0x20 (hx_outbuf_visible), so that 0x1F can end each. */
#include "cli/grid.h"

#include <stdlib.h>
#include <string.h>

#define CELL_END '\x1F'

bool hx_grid_init(hx_grid *g, size_t n_columns) {
    *g = (hx_grid){.n_columns = n_columns, .gap = 2};
    g->align = calloc(n_columns, sizeof *g->align);
    g->width = calloc(n_columns, sizeof *g->width);
    if (g->align && g->width) return true;
    hx_grid_release(g);
    return false;
}

void hx_grid_release(hx_grid *g) {
    free(g->align);
    free(g->width);
    hx_outbuf_release(&g->cells);
    *g = (hx_grid){0};
}

void hx_grid_encode(hx_outbuf *b, hx_str s, size_t cell_max) {
    hx_outbuf_visible(b, s, cell_max);
    hx_outbuf_byte(b, CELL_END);
}

void hx_grid_cell(hx_grid *g, hx_str s) {
    hx_grid_encode(&g->cells, s, g->cell_max);
    g->n_cells++;
}

void hx_grid_text(hx_grid *g, const char *s) {
    hx_grid_cell(g, hx_str_of(s));
}

void hx_grid_uint(hx_grid *g, uint64_t v) {
    hx_outbuf_uint(&g->cells, v);
    hx_outbuf_byte(&g->cells, CELL_END);
    g->n_cells++;
}

void hx_grid_append(hx_grid *g, hx_str cells, size_t n) {
    hx_outbuf_bytes(&g->cells, cells.ptr, cells.len);
    g->n_cells += n;
}

static hx_str next_cell(const char **at, const char *end) {
    size_t left = (size_t)(end - *at);
    const char *stop = left > 0 ? memchr(*at, CELL_END, left) : NULL;
    hx_str s = {*at, stop ? (size_t)(stop - *at) : left};
    *at = stop ? stop + 1 : end;
    return s;
}

static const char *color_of(const hx_grid *g, size_t column, hx_str s) {
    if (!g->color || g->align[column] != HX_GRID_MOOD) return NULL;
    if (hx_str_equal(s, HX_STR_LIT("positive"))) return "\x1b[32m";
    if (hx_str_equal(s, HX_STR_LIT("negative"))) return "\x1b[31m";
    return NULL;
}

static void put_cell(const hx_grid *g, size_t column, hx_str s, hx_outbuf *out) {
    size_t width = hx_visible_width(s),
           pad = width < g->width[column] ? g->width[column] - width : 0;
    const char *color = color_of(g, column, s);
    if (g->align[column] != HX_GRID_LEFT) hx_outbuf_fill(out, ' ', pad);
    if (color) hx_outbuf_text(out, color);
    hx_outbuf_bytes(out, s.ptr, s.len);
    if (color) hx_outbuf_text(out, "\x1b[0m");
    if (column + 1 == g->n_columns) {
        hx_outbuf_byte(out, '\n');
        return;
    }
    if (g->align[column] == HX_GRID_LEFT) hx_outbuf_fill(out, ' ', pad);
    hx_outbuf_fill(out, ' ', column == 0 && g->first_gap ? g->first_gap : g->gap);
}

/* Blanks behind the last word of each line, where the last cells are empty, go. */
static void trim_line(hx_outbuf *out, size_t from) {
    if (out->len == from || out->failed) return;
    size_t end = out->len - 1;
    while (end > from && out->ptr[end - 1] == ' ')
        end--;
    out->ptr[end] = '\n';
    out->len = end + 1;
}

void hx_grid_print(hx_grid *g, hx_outbuf *out) {
    if (g->cells.failed) out->failed = true;
    const char *at = g->cells.ptr, *end = at ? at + g->cells.len : at;
    for (size_t i = 0; i < g->n_cells; i++) {
        size_t w = hx_visible_width(next_cell(&at, end));
        if (w > g->width[i % g->n_columns]) g->width[i % g->n_columns] = w;
    }
    at = g->cells.ptr;
    size_t line = out->len;
    for (size_t i = 0; i < g->n_cells; i++) {
        put_cell(g, i % g->n_columns, next_cell(&at, end), out);
        if ((i + 1) % g->n_columns == 0) {
            trim_line(out, line);
            line = out->len;
        }
    }
    g->cells.len = 0;
    g->n_cells = 0;
}
