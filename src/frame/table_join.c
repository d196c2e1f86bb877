/* table_join.c - a column that grows by strips, in the order of the file.
 *
 * The column has one scale, unit and width for all of its cells: a strip that needs more of either makes the cells before it wider, which
 * happens a few times at most (18 scales, 3 units, 4 widths). Doubles once are doubles for good.
 * Invariants: low <= 0 <= high bound all cells in units of the scale; c.cells.len = n * width; a misfit column has no cells. */
#include <math.h>
#include <string.h>

#include "frame/table_strip.h"

#define BLOCK 4096

void hx_joined_init(hx_joined *j, size_t max_bytes) {
    *j = (hx_joined){.c.unit = 1, .c.width = 1};
    hx_buf_init(&j->c.cells, max_bytes);
}

/* ------------------------------------------------------------------ cells that are there */
static bool make_real(hx_joined *j) {
    hx_buf fresh;
    hx_buf_init(&fresh, j->c.cells.cap);
    if (!hx_buf_reserve(&fresh, j->n * sizeof(double) + 1)) return false;
    int64_t cells[BLOCK];
    for (size_t at = 0; at < j->n; at += BLOCK) {
        const size_t n = j->n - at < BLOCK ? j->n - at : BLOCK;
        hx_cells_wide(&j->c, at, n, cells);
        for (size_t i = 0; i < n; i++) {
            const double v = hx_cell_value(&j->c, cells[i]);
            (void)hx_buf_append(&fresh, &v, sizeof v);
        }
    }
    hx_buf_release(&j->c.cells);
    j->c.cells = fresh;
    j->c.real = true;
    j->c.width = sizeof(double);
    j->c.scale = 0;
    return true;
}

/* Multiplies all cells. */
static bool multiply(hx_joined *j, int64_t by) {
    hx_buf fresh;
    hx_buf_init(&fresh, j->c.cells.cap);
    const unsigned char width = hx_cell_width(j->low * by, j->high * by);
    if (!hx_buf_reserve(&fresh, j->n * width + 1)) return false;
    int64_t cells[BLOCK];
    for (size_t at = 0; at < j->n; at += BLOCK) {
        const size_t n = j->n - at < BLOCK ? j->n - at : BLOCK;
        hx_cells_wide(&j->c, at, n, cells);
        for (size_t i = 0; i < n; i++)
            if (cells[i] != HX_CELL_NONE) cells[i] *= by;
        if (!hx_cells_append(&fresh, width, cells, n)) return false;
    }
    hx_buf_release(&j->c.cells);
    j->c.cells = fresh;
    j->c.width = width;
    j->low *= by;
    j->high *= by;
    return true;
}

/* ------------------------------------------------------------------ a strip made like them */
static bool in_range(int64_t low, int64_t high, int64_t by) {
    const int64_t most = HX_MANTISSA_MAX / by;
    return low >= -most && high <= most;
}

static void multiply_strip(hx_strip *s, int64_t by) {
    int64_t *cells = (int64_t *)(void *)s->cells.ptr;
    for (size_t i = 0; i < s->n; i++)
        if (cells[i] != HX_CELL_NONE) cells[i] *= by;
    s->low *= by;
    s->high *= by;
}

static void make_strip_real(hx_strip *s) {
    int64_t *cells = (int64_t *)(void *)s->cells.ptr;
    const double power = (double)hx_power_of_ten(s->scale);
    for (size_t i = 0; i < s->n; i++) {
        const double v = cells[i] == HX_CELL_NONE ? NAN : (double)cells[i] / power;
        memcpy(&cells[i], &v, sizeof v);
    }
    s->real = true;
}

static bool unify_scale(hx_joined *j, hx_strip *s) {
    if (s->scale > j->c.scale) {
        const int64_t by = hx_power_of_ten(s->scale - j->c.scale);
        if (!in_range(j->low, j->high, by)) return make_real(j);
        j->c.scale = s->scale;
        return multiply(j, by);
    }
    if (s->scale < j->c.scale) {
        const int64_t by = hx_power_of_ten(j->c.scale - s->scale);
        if (!in_range(s->low, s->high, by)) return make_real(j);
        multiply_strip(s, by);
        s->scale = j->c.scale;
    }
    return true;
}

static bool unify_unit(hx_joined *j, hx_strip *s) {
    if (j->low == 0 && j->high == 0 && j->n == j->c.about.missing) j->c.unit = s->unit;
    if (s->unit < j->c.unit) {
        const int64_t by = j->c.unit / s->unit;
        j->c.unit = s->unit;
        return multiply(j, by);
    }
    if (s->unit > j->c.unit) multiply_strip(s, s->unit / j->c.unit);
    return true;
}

static bool unify(hx_joined *j, hx_strip *s) {
    if (j->c.about.kind == HX_KIND_TIME) return unify_unit(j, s);
    if (j->c.about.kind != HX_KIND_NUMBER) return true;
    if (!j->c.real && !s->real && !unify_scale(j, s)) return false;
    if (s->real && !j->c.real) return make_real(j);
    return true;
}

static bool append_cells(hx_joined *j, hx_strip *s) {
    if (j->c.real) {
        if (!s->real) make_strip_real(s);
        return hx_buf_append(&j->c.cells, s->cells.ptr, s->n * sizeof(double));
    }
    if (s->low < j->low) j->low = s->low;
    if (s->high > j->high) j->high = s->high;
    const unsigned char width = hx_cell_width(j->low, j->high);
    if (width > j->c.width && !hx_cells_widen(&j->c, j->n, width)) return false;
    return hx_cells_append(&j->c.cells, j->c.width, (const int64_t *)(const void *)s->cells.ptr,
                           s->n);
}

static void note_misfit(hx_joined *j, hx_kind next) {
    j->misfit = true;
    j->misfit_kind = next;
    hx_buf_release(&j->c.cells);
}

/* The first kind that values of both may be of: 20260305 is a number and a time. */
static hx_kind kind_of_both(const hx_strip_plan *p, hx_kind a, hx_kind b) {
    if (a + b == HX_KIND_NUMBER + HX_KIND_TIME) return p->timed ? HX_KIND_NUMBER : HX_KIND_TIME;
    return HX_KIND_TEXT;
}

bool hx_joined_append(hx_joined *j, const hx_strip_plan *p, hx_strip *s) {
    if (j->misfit) return true;
    if (s->misfit) {
        note_misfit(j, hx_kind_next(p, s->kind));
        return true;
    }
    const bool has_kind = s->has_kind && s->missing < s->n;
    if (has_kind && j->has_kind && j->c.about.kind != s->kind) {
        note_misfit(j, kind_of_both(p, j->c.about.kind, s->kind));
        return true;
    }
    if (has_kind && !j->has_kind) {
        j->has_kind = true;
        j->c.about.kind = s->kind;
    }
    if (!has_kind) { /* all missing: whatever the kind */
        s->low = s->high = 0;
        s->scale = j->c.scale;
        s->unit = j->c.unit;
    }
    if (has_kind && !unify(j, s)) return false;
    if (!append_cells(j, s)) return false;
    if (s->odd > 0 && j->odd == 0) memcpy(j->first_odd, s->first_odd, sizeof j->first_odd);
    j->odd += s->odd;
    j->n += s->n;
    j->c.about.missing += s->missing;
    return true;
}

/* ------------------------------------------------------------------ the end */
static bool all_whole(const hx_joined *j) {
    if (j->c.real) {
        for (size_t i = 0; i < j->n; i++) {
            const double v = hx_cell_real(&j->c, i);
            if (v == v && !(fabs(v) < (double)HX_MANTISSA_MAX && floor(v) == v)) return false;
        }
        return true;
    }
    if (j->c.scale == 0) return true;
    int64_t cells[BLOCK];
    const int64_t power = hx_power_of_ten(j->c.scale);
    for (size_t at = 0; at < j->n; at += BLOCK) {
        const size_t n = j->n - at < BLOCK ? j->n - at : BLOCK;
        hx_cells_wide(&j->c, at, n, cells);
        for (size_t i = 0; i < n; i++)
            if (cells[i] != HX_CELL_NONE && cells[i] % power != 0) return false;
    }
    return true;
}

void hx_joined_finish(hx_joined *j) {
    hx_table_column *about = &j->c.about;
    if (!j->has_kind) about->kind = HX_KIND_NUMBER;
    about->decimals = about->kind == HX_KIND_NUMBER && !j->c.real ? j->c.scale : -1;
    about->integer = about->kind == HX_KIND_NUMBER && all_whole(j);
}
