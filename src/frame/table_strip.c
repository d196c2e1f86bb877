/* table_strip.c - the cells of one column of one chunk: text to 64-bit cells of one kind.
 *
 * Numbers: all cells of a strip have one scale; where a cell has more digits behind the point than those before it, these are multiplied
 * up, and where 2^53 doesn't hold that, or a number is no short decimal, the strip becomes doubles for good.
 *
 * Invariants: a missing cell is HX_CELL_NONE (NaN where real); once a misfit, nothing more is read and the cells are not used. */
#include "frame/table_strip.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/civil.h"
#include "frame/time_parse.h"

/* ------------------------------------------------------------------ words */
static hx_str trimmed(hx_str s) {
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s.ptr++, s.len--;
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Whether the caller named it as missing, though it may be a number: 999. */
static bool is_named(const hx_missing_words *m, hx_str s) {
    s = trimmed(s);
    for (size_t i = 0; i < m->n_words; i++)
        if (hx_str_equal(s, m->words[i])) return true;
    return false;
}

bool hx_text_is_missing(const hx_missing_words *m, hx_str s) {
    static const char *const words[] = {
        "NA",   "N/A", "n/a",  "#N/A", "<NA>",     "NULL",    "null",     "NaN",    "nan",
        "None", "#NA", "-NaN", "-nan", "#N/A N/A", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN"};
    s = trimmed(s);
    if (s.len == 0) return true;
    for (size_t i = 0; s.len <= sizeof "-1.#QNAN" && i < sizeof words / sizeof *words; i++)
        if (s.len == strlen(words[i]) && memcmp(s.ptr, words[i], s.len) == 0) return true;
    return is_named(m, s);
}

static int boolean_of(hx_str s) {
    if (s.len == 4 && strncasecmp(s.ptr, "true", 4) == 0) return 1;
    if (s.len == 5 && strncasecmp(s.ptr, "false", 5) == 0) return 0;
    return -1;
}

static bool time_of(const hx_strip_plan *p, hx_str s, int64_t *ms) {
    return hx_time_try(s, p->order, p->excel, p->zone, ms) == HX_TIME_OK;
}

/* ------------------------------------------------------------------ kinds */
hx_kind hx_kind_first(const hx_strip_plan *p) {
    return p->timed ? HX_KIND_TIME : HX_KIND_BOOLEAN;
}

hx_kind hx_kind_next(const hx_strip_plan *p, hx_kind kind) {
    if (kind == HX_KIND_TIME && p->timed) return HX_KIND_BOOLEAN;
    if (kind == HX_KIND_BOOLEAN) return HX_KIND_NUMBER;
    return kind == HX_KIND_NUMBER && !p->timed ? HX_KIND_TIME : HX_KIND_TEXT;
}

static bool is_of_kind(const hx_strip_plan *p, hx_kind kind, hx_str s) {
    int64_t ms = 0;
    switch (kind) {
    case HX_KIND_BOOLEAN:
        return boolean_of(s) >= 0;
    case HX_KIND_NUMBER:
        return hx_number_of_text(s).is_number;
    case HX_KIND_TIME:
        return time_of(p, s, &ms);
    default:
        return true;
    }
}

hx_kind hx_kind_of_text(const hx_strip_plan *p, hx_kind kind, hx_str s) {
    s = trimmed(s);
    while (!is_of_kind(p, kind, s))
        kind = hx_kind_next(p, kind);
    return kind;
}

/* ------------------------------------------------------------------ strips */
void hx_strip_start(hx_strip *s, const hx_strip_plan *p) {
    if (s->cells.cap == 0) hx_buf_init(&s->cells, HX_TABLE_BYTES_MAX);
    hx_buf_reset(&s->cells);
    *s = (hx_strip){.cells = s->cells, .has_kind = p->decided, .kind = p->kind, .unit = 1};
}

static int64_t *cells_of(const hx_strip *s) {
    return (int64_t *)(void *)s->cells.ptr;
}

static int64_t image_of(double v) {
    int64_t image = 0;
    memcpy(&image, &v, sizeof image);
    return image;
}

static void become_real(hx_strip *s, size_t n) {
    int64_t *cells = cells_of(s);
    const double power = (double)hx_power_of_ten(s->scale);
    for (size_t i = 0; i < n; i++)
        cells[i] = image_of(cells[i] == HX_CELL_NONE ? NAN : (double)cells[i] / power);
    s->real = true;
    s->scale = 0;
}

/* Makes the first n cells have `scale`; false where 2^53 would not hold one. */
static bool rescale(hx_strip *s, size_t n, int scale) {
    int64_t *cells = cells_of(s);
    const int64_t power = hx_power_of_ten(scale - s->scale), most = HX_MANTISSA_MAX / power;
    for (size_t i = 0; i < n; i++)
        if (cells[i] != HX_CELL_NONE && (cells[i] > most || cells[i] < -most)) return false;
    for (size_t i = 0; i < n; i++)
        if (cells[i] != HX_CELL_NONE) cells[i] *= power;
    s->scale = scale;
    return true;
}

/* The number as cell i, all before it having been made alike. */
static int64_t number_cell(hx_strip *s, size_t i, const hx_text_number *x) {
    if (!s->real) {
        if (x->exact && x->scale > s->scale && !rescale(s, i, x->scale)) become_real(s, i);
        if (!x->exact && !s->real) become_real(s, i);
    }
    if (!s->real) {
        const int64_t power = hx_power_of_ten(s->scale - x->scale);
        const int64_t most = HX_MANTISSA_MAX / power;
        if (x->mantissa <= most && x->mantissa >= -most) return x->mantissa * power;
        become_real(s, i);
    }
    return image_of(x->exact ? (double)x->mantissa / (double)hx_power_of_ten(x->scale) : x->value);
}

/* At a whole character. */
static void keep_odd(hx_strip *s, hx_str text) {
    size_t n = text.len < HX_ODD_SHOWN ? text.len : HX_ODD_SHOWN;
    while (n > 0 && n < text.len && ((unsigned char)text.ptr[n] & 0xc0) == 0x80)
        n--;
    memcpy(s->first_odd, text.ptr, n);
    memcpy(s->first_odd + n, n < text.len ? "..." : "", n < text.len ? 4 : 1);
}

/* A cell that is no value of the kind: missing, or odd where the kind was asked for, or the strip is a misfit. */
static int64_t other_cell(hx_strip *s, const hx_strip_plan *p, hx_str text) {
    const bool missing = hx_text_is_missing(p->missing, text);
    s->missing += missing || p->asked;
    if (!missing && p->asked && s->odd++ == 0) keep_odd(s, trimmed(text));
    if (!missing && !p->asked) s->misfit = true;
    return s->real ? image_of(NAN) : HX_CELL_NONE;
}

static void read_numbers(hx_strip *s, const hx_strip_plan *p, const hx_str *cells, size_t n) {
    int64_t *to = cells_of(s);
    for (size_t i = 0; i < n && !s->misfit; i++) {
        hx_text_number x = hx_number_of_text(cells[i]);
        if (!x.is_number && cells[i].len > 0) x = hx_number_of_text(trimmed(cells[i]));
        if (!x.is_number || is_named(p->missing, cells[i]))
            to[s->n + i] = other_cell(s, p, cells[i]);
        else if (x.exact && !s->real && x.scale == s->scale)
            to[s->n + i] = x.mantissa;
        else
            to[s->n + i] = number_cell(s, s->n + i, &x);
    }
}

static void read_times(hx_strip *s, const hx_strip_plan *p, const hx_str *cells, size_t n) {
    int64_t *to = cells_of(s) + s->n, ms = 0;
    for (size_t i = 0; i < n && !s->misfit; i++)
        to[i] = cells[i].len > 0 && !is_named(p->missing, cells[i]) &&
                        time_of(p, trimmed(cells[i]), &ms)
                    ? ms
                    : other_cell(s, p, cells[i]);
}

static void read_booleans(hx_strip *s, const hx_strip_plan *p, const hx_str *cells, size_t n) {
    int64_t *to = cells_of(s) + s->n;
    for (size_t i = 0; i < n && !s->misfit; i++) {
        const int word = is_named(p->missing, cells[i]) ? -1 : boolean_of(trimmed(cells[i]));
        to[i] = word >= 0 ? word : other_cell(s, p, cells[i]);
    }
}

static void read_texts(hx_strip *s, const hx_strip_plan *p, const hx_str *cells, size_t n,
                       hx_growing *g, uint64_t ordinal) {
    int64_t *to = cells_of(s) + s->n;
    if (!hx_growing_codes(g, cells, n, p->missing, ordinal, to)) {
        s->no_memory = true;
        return;
    }
    for (size_t i = 0; i < n; i++)
        s->missing += to[i] == HX_CELL_NONE;
}

static void read_cells(hx_strip *s, const hx_strip_plan *p, const hx_str *cells, size_t n,
                       hx_growing *g, uint64_t ordinal) {
    switch (s->kind) {
    case HX_KIND_NUMBER:
        read_numbers(s, p, cells, n);
        break;
    case HX_KIND_TIME:
        read_times(s, p, cells, n);
        break;
    case HX_KIND_BOOLEAN:
        read_booleans(s, p, cells, n);
        break;
    default:
        read_texts(s, p, cells, n, g, ordinal);
    }
}

void hx_strip_read(hx_strip *s, const hx_strip_plan *p, const hx_str *cells, size_t n,
                   hx_growing *g, uint64_t ordinal) {
    if (s->misfit || s->no_memory) return;
    if (!hx_buf_reserve(&s->cells, n * sizeof(int64_t))) {
        s->no_memory = true;
        return;
    }
    size_t i = 0;
    for (; !s->has_kind && i < n; i++) {
        if (hx_text_is_missing(p->missing, cells[i])) {
            cells_of(s)[s->n++] = HX_CELL_NONE;
            s->missing++;
            continue;
        }
        s->kind = hx_kind_of_text(p, p->kind, cells[i]);
        s->has_kind = true;
        break;
    }
    if (s->has_kind) {
        read_cells(s, p, cells + i, n - i, g, ordinal + i);
        s->n += n - i;
    }
    s->cells.len = s->n * sizeof(int64_t);
}

static void find_range(hx_strip *s) {
    const int64_t *cells = cells_of(s);
    int64_t low = 0, high = 0;
    for (size_t i = 0; i < s->n; i++) {
        const int64_t v = cells[i] == HX_CELL_NONE ? 0 : cells[i];
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    s->low = low;
    s->high = high;
}

static void find_unit(hx_strip *s) {
    int64_t *cells = cells_of(s), unit = HX_DAY_MS;
    for (size_t i = 0; i < s->n && unit > 1; i++)
        if (cells[i] != HX_CELL_NONE && cells[i] % unit != 0)
            unit = unit == HX_DAY_MS && cells[i] % 1000 == 0 ? 1000 : 1;
    for (size_t i = 0; i < s->n && unit > 1; i++)
        if (cells[i] != HX_CELL_NONE) cells[i] /= unit;
    s->unit = unit;
}

void hx_strip_finish(hx_strip *s) {
    if (s->misfit || s->no_memory || s->real) return;
    if (s->kind == HX_KIND_TIME && s->has_kind) find_unit(s);
    find_range(s);
}
