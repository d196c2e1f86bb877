/* group.h - the parts of `table group`: plan, values, tables of groups, result.
 *
 *     blocks of the file -> workers, each with a hx_group_set -> merged, two and two -> sorted hx_group_table
 *
 * Whatever the number of threads, the same bytes come out: sums are exact, minima and maxima are total orders, first and last go by
 * the row's ordinal, and rows are sorted. */
#ifndef HX_FRAME_GROUP_H
#define HX_FRAME_GROUP_H

#include "huaxiang/frame.h"
#include "base/buf.h"

#define HX_GROUP_BY_MAX 16
#define HX_GROUP_AGGREGATES_MAX 64
#define HX_GROUP_COLUMNS_MAX (HX_GROUP_BY_MAX + 2 * HX_GROUP_AGGREGATES_MAX)
#define HX_GROUP_BYTES_MAX ((size_t)4 << 30) /* of keys, values and states in one set */
#define HX_GROUP_NUMBER_MAX ((int64_t)999999999999999999) /* |number| in 1/10,000 units */

__extension__ typedef __int128 hx_int128;

/* ------------------------------------------------------------------ plan */
typedef enum {
    HX_AGGREGATE_COUNT = 0,
    HX_AGGREGATE_DISTINCT,
    HX_AGGREGATE_SUM,
    HX_AGGREGATE_MEAN,
    HX_AGGREGATE_MIN,
    HX_AGGREGATE_MAX,
    HX_AGGREGATE_FIRST,
    HX_AGGREGATE_LAST,
    HX_AGGREGATE_STREAMED, /* those above; those below need all values of a group: tables in memory */
    HX_AGGREGATE_STD = HX_AGGREGATE_STREAMED,
    HX_AGGREGATE_VAR,
    HX_AGGREGATE_MEDIAN,
    HX_AGGREGATE_QUANTILE, /* written q25, q97.5 */
    HX_AGGREGATE_MODE,
    HX_AGGREGATE_N
} hx_aggregate_kind;

#define HX_GROUP_NO_COLUMN SIZE_MAX

typedef struct {
    hx_aggregate_kind kind;
    hx_str name; /* as written: "sum(quantity*unit_price)" */
    size_t value; /* index in plan.columns; HX_GROUP_NO_COLUMN for count of rows */
    size_t factor; /* of a product of two columns, else HX_GROUP_NO_COLUMN */
    hx_type order; /* min and max: HX_TYPE_NUMBER, HX_TYPE_TIME or HX_TYPE_TEXT */
    double p; /* of QUANTILE, in (0, 1) */
} hx_aggregate;

typedef struct {
    size_t columns
        [HX_GROUP_COLUMNS_MAX]; /* the file's columns that are looked at; the keys come first */
    hx_date_order date_order[HX_GROUP_COLUMNS_MAX];
    bool excel_serial[HX_GROUP_COLUMNS_MAX];
    hx_str column_names[HX_GROUP_COLUMNS_MAX];
    size_t n_columns;
    size_t n_by;
    hx_aggregate aggregates[HX_GROUP_AGGREGATES_MAX];
    size_t n_aggregates;
} hx_group_plan;

/* Names are looked up in `columns`; all text of the plan is copied to `arena`. */
hx_status hx_group_plan_parse(hx_group_plan *plan, const char *by, const char *aggregates,
                              const hx_column *columns, size_t n_columns, hx_arena *arena,
                              hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ values */
/* A decimal of up to 4 places in 1/10,000 units. False where it is none or too large. Plain numbers are read here, other writings
 * of amounts (￥1,299, 1.2万) by hx_parse_amount(). */
bool hx_group_number(hx_str s, int64_t *e4);
/* Order of two non-empty times: by instant, then by text; bare ones are UTC. */
int hx_group_time_compare(hx_str a, hx_str b, hx_date_order order, bool excel);
bool hx_group_time_is_valid(hx_str s, hx_date_order order, bool excel);

#define HX_GROUP_TEXT_MAX 64
/* sum / 10^places as the shortest exact decimal. Returns the length. */
size_t hx_group_sum_text(hx_int128 sum, unsigned places, char out[HX_GROUP_TEXT_MAX]);
/* sum / 10^places / count, rounded half away from zero to 6 places, or to 6 digits where it is below 0.1; at most 12 places. */
size_t hx_group_mean_text(hx_int128 sum, unsigned places, uint64_t count,
                          char out[HX_GROUP_TEXT_MAX]);

/* ------------------------------------------------------------------ names: bytes -> 0, 1, 2, ... */
#define HX_GROUP_NONE UINT32_MAX
#define HX_GROUP_BATCH 64 /* rows that are looked up together, so that their cache misses overlap */

typedef struct {
    const char *ptr; /* in `bytes` of the dictionary */
    uint32_t len;
    uint32_t hash;
} hx_group_name;

typedef struct {
    hx_buf slots; /* slot, see group_names.c */
    size_t n_slots; /* power of two or 0; at most 3/4 are used */
    hx_buf names; /* hx_group_name, by id */
    uint32_t n;
    hx_arena *bytes; /* owned */
    char *room; /* what is free of its last block */
    size_t room_len;
    size_t held; /* bytes of everything, for the cap */
} hx_group_names;

bool hx_group_names_init(hx_group_names *d); /* false = out of memory; release anyway */
void hx_group_names_release(hx_group_names *d);
/* ids[i] = the id of keys[i], the next number where it is new; n <= HX_GROUP_BATCH. False when out of memory or over 2^32 - 2
 * names. */
bool hx_group_names_put(hx_group_names *d, const hx_str *keys, size_t n, uint32_t *ids);
static inline hx_str hx_group_names_at(const hx_group_names *d, uint32_t id) {
    const hx_group_name *n = (const hx_group_name *)(const void *)d->names.ptr + id;
    return (hx_str){n->ptr, n->len};
}

/* ------------------------------------------------------------------ a set of groups, one a thread */
typedef struct {
    union {
        hx_int128 sum; /* sum, mean: 10^-4 units, of a product 10^-8 */
        struct {
            char *text; /* min, max, first, last; in the set's arena */
            uint32_t len, cap;
        } best;
    };
    uint64_t count; /* rows or non-empty values; distinct values */
    int64_t rank; /* of best: the number, or the row's ordinal */
} hx_group_state;

/* Why a row was refused; made a sentence when its number is known. */
typedef enum {
    HX_GROUP_FINE = 0,
    HX_GROUP_NOT_A_NUMBER,
    HX_GROUP_NOT_A_TIME,
    HX_GROUP_SUM_TOO_LARGE,
    HX_GROUP_TOO_MANY,
    HX_GROUP_NO_MEMORY
} hx_group_trouble;

typedef struct {
    const hx_group_plan *plan; /* borrowed */
    hx_group_names keys;
    hx_buf states; /* hx_group_state, n_aggregates a group */
    hx_group_names
        pairs[HX_GROUP_AGGREGATES_MAX]; /* of distinct: group number (4 bytes) and value */
    hx_arena *texts;
    hx_buf composed; /* keys of a batch made of several parts */
    hx_group_trouble trouble;
    size_t trouble_column; /* index in plan.columns */
    hx_buf trouble_value;
} hx_group_set;

bool hx_group_set_init(hx_group_set *s,
                       const hx_group_plan *plan); /* false = out of memory; release anyway */
void hx_group_set_release(hx_group_set *s);
/* Rows; cells[r * plan.n_columns + k] is the value of plan.columns[k], ordinals[r] the row's number, ascending over all rows of a set;
 * n <= HX_GROUP_BATCH. Returns n, or the index of the first row that is refused: see s->trouble; the set is then good for nothing. */
size_t hx_group_set_add(hx_group_set *s, const hx_str *cells, const int64_t *ordinals, size_t n);
/* Takes over what `from` has; `from` stays as it is. */
bool hx_group_set_merge(hx_group_set *s, const hx_group_set *from);
/* Column `k` of the key of group `g`. */
hx_str hx_group_set_key(const hx_group_set *s, uint32_t g, size_t k);

/* ------------------------------------------------------------------ table_group_values.c: what needs all values of a group */
typedef struct {
    const hx_table *t;
    size_t column; /* of the table */
    const uint32_t *ids; /* [rows]: the group of a row */
    size_t n_groups;
    const hx_aggregate *a; /* STD and what follows it */
    double *numbers; /* [n_groups] out, NaN = none; not of MODE */
    int64_t *rows; /* [n_groups] out: a row that has the value, -1 = none; of MODE */
} hx_group_values;

/* Sample deviations (of two values at least), quantiles as numpy and pandas interpolate them, the commonest value (the least among equals). False =
 * out of memory. */
bool hx_group_values_run(const hx_group_values *v);

/* ------------------------------------------------------------------ result */
/* Sorts and renders; the table owns all its text (takes the set's key bytes over: the set may be released after). */
hx_status hx_group_table_make(hx_group_table **out, hx_group_set *s, hx_error *err) HX_MUST_USE;

#endif
