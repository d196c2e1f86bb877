/* describe.c - what each column holds, as pandas' describe(include="all") says it.
 *
 *     cells -> counts of whole numbers (small range) or sorted keys -> runs of equal values, ascending -> all figures
 *
 * Columns of whole numbers over a power of ten with a range of at most COUNTED_RANGE are counted, the others sorted by radix: 32-bit keys
 * where the range allows, else 64. A double's key is its bits, turned so that they ascend as its value does. Figures: count, mean = sum / n,
 * std = sqrt(sum (x - mean)^2 / (n - 1)), quantile q between the values of ranks floor and ceil of (n - 1) q, and the adjusted
 * Fisher-Pearson skew n sqrt(n - 1) / (n - 2) * m3 / m2^1.5 with sums m2, m3. Sums are compensated (Neumaier). A column is the work of one
 * thread, so the figures are the same at any number of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "frame/table.h"

#define BLOCK 4096
#define COUNTED_RANGE ((int64_t)1 << 20)
#define RADIX_BITS 11
#define RADIX (1u << RADIX_BITS)
#define BINS_MAX 20

/* The values that are there, in ascending order. */
typedef struct {
    const hx_table_cells *c;
    size_t n;
    int64_t low; /* cell of key 0; not of real columns */
    uint32_t *counts; /* [n_counts], of keys, or NULL */
    size_t n_counts;
    uint32_t *short_keys; /* [n] ascending, or NULL */
    uint64_t *keys; /* [n] ascending, or NULL */
    void *owned[2]; /* blocks of the arrays above */
} ordered;

typedef struct {
    size_t at; /* next key, or next count */
} position;

/* ------------------------------------------------------------------ keys and values */
static uint64_t key_of_real(double v) {
    uint64_t bits = 0;
    v = v == 0 ? 0 : v; /* no minus zero */
    memcpy(&bits, &v, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double real_of_key(uint64_t key) {
    const uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
    double v = 0;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static double value_of(const ordered *o, uint64_t key) {
    return o->c->real ? real_of_key(key) : hx_cell_value(o->c, o->low + (int64_t)key);
}

/* The next run of equal values; false at the end. */
static bool next_run(const ordered *o, position *p, double *value, size_t *count) {
    if (o->counts != NULL) {
        while (p->at < o->n_counts && o->counts[p->at] == 0)
            p->at++;
        if (p->at >= o->n_counts) return false;
        *count = o->counts[p->at];
        *value = value_of(o, p->at++);
        return true;
    }
    if (p->at >= o->n) return false;
    const size_t first = p->at++;
    if (o->short_keys != NULL) {
        while (p->at < o->n && o->short_keys[p->at] == o->short_keys[first])
            p->at++;
        *value = value_of(o, o->short_keys[first]);
    } else {
        while (p->at < o->n && o->keys[p->at] == o->keys[first])
            p->at++;
        *value = value_of(o, o->keys[first]);
    }
    *count = p->at - first;
    return true;
}

/* ------------------------------------------------------------------ sorting */
/* LSD radix sort of a[n], with room b[n], by `bits` low bits; returns the one that is sorted. Digits that all keys share are skipped. */
#define RADIX_SORT(name, type)                                                                     \
    static type *name(type *a, type *b, size_t n, unsigned bits) {                                 \
        for (unsigned shift = 0; shift < bits; shift += RADIX_BITS) {                              \
            size_t starts[RADIX] = {0}, sum = 0;                                                   \
            for (size_t i = 0; i < n; i++)                                                         \
                starts[a[i] >> shift & (RADIX - 1)]++;                                             \
            if (n > 0 && starts[a[0] >> shift & (RADIX - 1)] == n) continue;                       \
            for (size_t d = 0; d < RADIX; d++) {                                                   \
                const size_t count = starts[d];                                                    \
                starts[d] = sum;                                                                   \
                sum += count;                                                                      \
            }                                                                                      \
            for (size_t i = 0; i < n; i++)                                                         \
                b[starts[a[i] >> shift & (RADIX - 1)]++] = a[i];                                   \
            type *other = a;                                                                       \
            a = b;                                                                                 \
            b = other;                                                                             \
        }                                                                                          \
        return a;                                                                                  \
    }
RADIX_SORT(sort_short, uint32_t)
RADIX_SORT(sort_long, uint64_t)

static unsigned bits_of(uint64_t range) {
    return range == 0 ? 1 : 64 - (unsigned)__builtin_clzll(range);
}

/* ------------------------------------------------------------------ ordering a column */
static void find_range(const hx_table_cells *c, size_t n_rows, int64_t *low, int64_t *high) {
    int64_t cells[BLOCK];
    *low = INT64_MAX;
    *high = INT64_MIN;
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t n = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        hx_cells_wide(c, at, n, cells);
        for (size_t i = 0; i < n; i++) {
            const bool there = cells[i] != HX_CELL_NONE;
            if (there && cells[i] < *low) *low = cells[i];
            if (there && cells[i] > *high) *high = cells[i];
        }
    }
}

static bool count_cells(ordered *o, size_t n_rows, int64_t high) {
    int64_t cells[BLOCK];
    o->n_counts = (size_t)(high - o->low) + 1;
    o->owned[0] = o->counts = calloc(o->n_counts, sizeof *o->counts);
    if (o->counts == NULL) return false;
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t n = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        hx_cells_wide(o->c, at, n, cells);
        for (size_t i = 0; i < n; i++)
            if (cells[i] != HX_CELL_NONE) o->counts[cells[i] - o->low]++;
    }
    return true;
}

static bool sort_cells(ordered *o, size_t n_rows, int64_t high) {
    int64_t cells[BLOCK];
    const uint64_t range = (uint64_t)high - (uint64_t)o->low;
    const bool is_short = range <= UINT32_MAX;
    const size_t size = is_short ? sizeof(uint32_t) : sizeof(uint64_t);
    o->owned[0] = calloc(o->n + 1, size);
    o->owned[1] = calloc(o->n + 1, size);
    if (o->owned[0] == NULL || o->owned[1] == NULL) return false;
    uint32_t *narrow = o->owned[0];
    uint64_t *wide = o->owned[0];
    size_t k = 0;
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t n = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        hx_cells_wide(o->c, at, n, cells);
        for (size_t i = 0; i < n; i++) {
            if (cells[i] == HX_CELL_NONE) continue;
            if (is_short)
                narrow[k++] = (uint32_t)(cells[i] - o->low);
            else
                wide[k++] = (uint64_t)cells[i] - (uint64_t)o->low;
        }
    }
    if (is_short)
        o->short_keys = sort_short(narrow, o->owned[1], o->n, bits_of(range));
    else
        o->keys = sort_long(wide, o->owned[1], o->n, bits_of(range));
    return true;
}

static bool sort_reals(ordered *o, size_t n_rows) {
    o->owned[0] = calloc(o->n + 1, sizeof(uint64_t));
    o->owned[1] = calloc(o->n + 1, sizeof(uint64_t));
    if (o->owned[0] == NULL || o->owned[1] == NULL) return false;
    uint64_t *keys = o->owned[0];
    size_t k = 0;
    for (size_t i = 0; i < n_rows; i++) {
        const double v = hx_cell_real(o->c, i);
        if (v == v) keys[k++] = key_of_real(v);
    }
    o->keys = sort_long(keys, o->owned[1], o->n, 64);
    return true;
}

static bool order_column(ordered *o, const hx_table_cells *c, size_t n_rows) {
    int64_t high = 0;
    *o = (ordered){.c = c, .n = n_rows - c->about.missing};
    if (o->n == 0) return true;
    if (c->real) return sort_reals(o, n_rows);
    find_range(c, n_rows, &o->low, &high);
    if (high - o->low < COUNTED_RANGE && (size_t)(high - o->low) < 16 * o->n)
        return count_cells(o, n_rows, high);
    return sort_cells(o, n_rows, high);
}

static void ordered_release(ordered *o) {
    free(o->owned[0]);
    free(o->owned[1]);
}

/* ------------------------------------------------------------------ figures */
typedef struct {
    double sum, lost;
} total;

static void add(total *t, double x) {
    const double sum = t->sum + x;
    if (isfinite(sum)) t->lost += fabs(t->sum) >= fabs(x) ? (t->sum - sum) + x : (x - sum) + t->sum;
    t->sum = sum;
}

static double total_of(const total *t) {
    return t->sum + t->lost;
}

static double value_at(const ordered *o, size_t rank) {
    if (o->short_keys != NULL) return value_of(o, o->short_keys[rank]);
    if (o->keys != NULL) return value_of(o, o->keys[rank]);
    size_t key = 0, below = 0;
    while (below + o->counts[key] <= rank)
        below += o->counts[key++];
    return value_of(o, key);
}

static double quantile(const ordered *o, double q) {
    if (o->n == 0) return NAN;
    const double rank = q * (double)(o->n - 1);
    const size_t below = (size_t)rank, above = below + 1 < o->n ? below + 1 : below;
    const double a = value_at(o, below), b = value_at(o, above), t = rank - (double)below;
    if (isfinite(a) && isfinite(b) && (a == b || t == 0)) return a; /* else NaN, as NumPy has it */
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/* Counts, sum and the finite range. */
static void first_pass(const ordered *o, hx_description *d, double finite[2]) {
    position p = {0};
    double v = 0;
    size_t n = 0;
    total sum = {0, 0};
    finite[0] = INFINITY;
    finite[1] = -INFINITY;
    while (next_run(o, &p, &v, &n)) {
        d->unique++;
        add(&sum, v * (double)n);
        if (v == 0) d->zeros = (double)n;
        if (v < 0) d->negatives += (double)n;
        if (!isfinite(v)) {
            d->infinite += n;
            continue;
        }
        if (v < finite[0]) finite[0] = v;
        finite[1] = v;
    }
    d->sum = total_of(&sum);
}

static void count_bins(const hx_table_cells *c, hx_description *d, const double finite[2], double v,
                       size_t n) {
    const double span = finite[1] / 2 - finite[0] / 2; /* halves: the whole may not be finite */
    size_t bin = 0;
    if (!isfinite(v)) return;
    if (d->n_bins == 0) {
        const double values = c->about.integer ? 2 * span + 1 : BINS_MAX;
        d->n_bins = span <= 0 ? 1 : values < BINS_MAX ? (size_t)values : BINS_MAX;
    }
    if (span > 0) bin = (size_t)((v / 2 - finite[0] / 2) / span * (double)d->n_bins);
    d->bins[bin < d->n_bins ? bin : d->n_bins - 1] += n;
}

/* Central moments and the histogram. */
static void second_pass(const ordered *o, hx_description *d, const double finite[2]) {
    position p = {0};
    double v = 0;
    size_t n = 0;
    total m1 = {0, 0}, m2 = {0, 0}, m3 = {0, 0};
    while (next_run(o, &p, &v, &n)) {
        const double x = v - d->mean;
        add(&m1, x * (double)n);
        add(&m2, x * x * (double)n);
        add(&m3, x * x * x * (double)n);
        count_bins(o->c, d, finite, v, n);
    }
    /* The mean is rounded: what it lacks is taken out of the moments. */
    const double count = (double)d->count, lack = count > 0 ? total_of(&m1) / count : 0;
    const double square = total_of(&m2) - count * lack * lack;
    const double cube = total_of(&m3) - 3 * lack * total_of(&m2) + 2 * count * lack * lack * lack;
    if (d->count > 1) d->std = sqrt(square / (count - 1));
    if (d->count > 2)
        d->skew = square == 0
                      ? 0
                      : count * sqrt(count - 1) / (count - 2) * cube / (square * sqrt(square));
}

static bool describe_numbers(const hx_table_cells *c, size_t n_rows, hx_description *d) {
    ordered o;
    double finite[2];
    if (order_column(&o, c, n_rows)) {
        d->zeros = d->negatives = 0;
        first_pass(&o, d, finite);
        if (d->count > 0) d->mean = d->sum / (double)d->count;
        second_pass(&o, d, finite);
        if (o.n > 0) d->min = value_at(&o, 0);
        d->q25 = quantile(&o, 0.25);
        d->q50 = quantile(&o, 0.5);
        d->q75 = quantile(&o, 0.75);
        if (o.n > 0) d->max = value_at(&o, o.n - 1);
        ordered_release(&o);
        return true;
    }
    ordered_release(&o);
    return false;
}

/* A spread of times is no time, their sum and skew are nothing. */
static bool describe_times(const hx_table_cells *c, size_t n_rows, hx_description *d) {
    const bool good = describe_numbers(c, n_rows, d);
    d->std = d->sum = d->skew = d->zeros = d->negatives = NAN;
    return good;
}

/* ------------------------------------------------------------------ texts */
/* Of the codes with `freq` rows, the first to appear. */
static int64_t first_of(const hx_table_cells *c, size_t n_rows, const size_t *counts, size_t freq) {
    int64_t cells[BLOCK];
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t n = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        hx_cells_wide(c, at, n, cells);
        for (size_t i = 0; i < n; i++)
            if (cells[i] != HX_CELL_NONE && counts[cells[i]] == freq) return cells[i];
    }
    return 0;
}

static void keep_largest(hx_description *d, size_t count) {
    size_t i = d->n_bins;
    if (i == BINS_MAX) {
        if (count <= d->bins[BINS_MAX - 1]) return;
        i--;
    } else {
        d->n_bins++;
    }
    for (; i > 0 && d->bins[i - 1] < count; i--)
        d->bins[i] = d->bins[i - 1];
    d->bins[i] = count;
}

static bool describe_texts(const hx_table_cells *c, size_t n_rows, hx_description *d) {
    const bool is_text = c->about.kind == HX_KIND_TEXT;
    const size_t n_values = is_text ? c->about.n_values : 2;
    size_t *counts = calloc(n_values + 1, sizeof *counts);
    int64_t cells[BLOCK];
    if (counts == NULL) return false;
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t n = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        hx_cells_wide(c, at, n, cells);
        for (size_t i = 0; i < n; i++)
            if (cells[i] != HX_CELL_NONE) counts[cells[i]]++;
    }
    for (size_t k = 0; k < n_values; k++) {
        if (counts[k] == 0) continue;
        d->unique++;
        if (counts[k] > d->freq) d->freq = counts[k];
        keep_largest(d, counts[k]);
    }
    if (d->freq > 0) {
        const int64_t top = first_of(c, n_rows, counts, d->freq);
        d->top = is_text ? hx_dictionary_value(c->dictionary, (size_t)top)
                         : hx_str_of(top ? "true" : "false");
    }
    free(counts);
    return true;
}

/* ------------------------------------------------------------------ all columns */
typedef struct {
    const hx_table *t;
    hx_description *out;
} job;

static hx_status describe_column(void *context, size_t i, size_t worker, hx_error *err) {
    const job *j = context;
    const hx_table_cells *c = j->t->columns[i];
    const size_t n_rows = j->t->n_rows;
    hx_description *d = &j->out[i];
    (void)worker;
    *d = (hx_description){.count = n_rows - c->about.missing, .missing = c->about.missing};
    d->mean = d->std = d->min = d->q25 = d->q50 = d->q75 = d->max = d->sum = NAN;
    d->skew = d->zeros = d->negatives = NAN;
    const bool good = c->about.kind == HX_KIND_NUMBER ? describe_numbers(c, n_rows, d)
                      : c->about.kind == HX_KIND_TIME ? describe_times(c, n_rows, d)
                                                      : describe_texts(c, n_rows, d);
    return good ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

hx_status hx_table_describe(const hx_table *t, size_t n_threads, hx_arena *arena,
                            hx_description **out, hx_error *err) {
    job j = {t, hx_arena_alloc(arena, (t->n_columns + 1) * sizeof *j.out)};
    if (j.out == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_pool_run(n_threads, t->n_columns, describe_column, &j, err));
    for (size_t c = 0; c < t->n_columns; c++) {
        hx_description *d = &j.out[c];
        if (d->freq == 0) continue;
        d->top = hx_arena_str(arena, d->top);
        if (d->top.ptr == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    *out = j.out;
    return HX_OK;
}
