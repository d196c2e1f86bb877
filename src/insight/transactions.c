/* transactions.c - rows of files to customers with their days of purchase.
 *
 * Every row that counts becomes 16 bytes: who (a number given in the order of first rows), the day, the amount in 1/10,000. They are sorted by
 * (who, day) once, when customers are asked for, and rows of one day are summed. Amounts are integers until then, so the order of rows
 * changes nothing. A customer's age runs from the first purchase to the end of the calibration. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "huaxiang/insight.h"

#define TRANSACTIONS_BYTES ((size_t)16 << 30)
#define TRANSACTIONS_DAY 86400000

typedef struct {
    int64_t amount;
    uint32_t who;
    int32_t day;
} transaction;

struct hx_transactions {
    hx_buf list; /* transaction[] */
    hx_buf names; /* bytes of all names */
    hx_buf ends; /* uint64_t[]: end of each name */
    hx_map index; /* hash of a name, or of the hash before where two names share one -> 1 + who */
    hx_transactions_about about;
    bool sorted;
};

hx_status hx_transactions_new(hx_transactions **out, hx_error *err) {
    hx_transactions *t = calloc(1, sizeof *t);
    *out = t;
    if (!t) return hx_fail(err, HX_ENOMEM, "not enough memory for transactions");
    hx_buf_init(&t->list, TRANSACTIONS_BYTES);
    hx_buf_init(&t->names, TRANSACTIONS_BYTES);
    hx_buf_init(&t->ends, TRANSACTIONS_BYTES);
    hx_map_init(&t->index);
    t->about.first = INT32_MAX;
    t->about.last = INT32_MIN;
    return HX_OK;
}

void hx_transactions_free(hx_transactions *t) {
    if (!t) return;
    hx_buf_release(&t->list);
    hx_buf_release(&t->names);
    hx_buf_release(&t->ends);
    hx_map_release(&t->index);
    free(t);
}

hx_transactions_about hx_transactions_describe(const hx_transactions *t) {
    return t->about;
}

static hx_str name_of(const hx_transactions *t, size_t who) {
    const uint64_t *ends = (const uint64_t *)(const void *)t->ends.ptr;
    uint64_t from = who ? ends[who - 1] : 0;
    return (hx_str){t->names.ptr + from, (size_t)(ends[who] - from)};
}

static hx_status who_is(hx_transactions *t, hx_str name, uint32_t *who, hx_error *err) {
    for (uint64_t key = hx_hash(name);; key = hx_hash_mix(key, 1)) {
        uint64_t *at = hx_map_put(&t->index, key);
        if (!at) break;
        if (*at && !hx_str_equal(name_of(t, *at - 1), name)) continue;
        size_t n = t->ends.len / sizeof(uint64_t);
        if (*at) {
            *who = (uint32_t)(*at - 1);
            return HX_OK;
        }
        if (n >= UINT32_MAX - 1) return hx_fail(err, HX_ELIMIT, "too many customers: %zu", n);
        bool fine = hx_buf_append_str(&t->names, name);
        uint64_t end = t->names.len;
        if (!fine || !hx_buf_append(&t->ends, &end, sizeof end)) break;
        *at = n + 1;
        *who = (uint32_t)n;
        return HX_OK;
    }
    return hx_fail(err, HX_ENOMEM, "not enough memory for transactions");
}

/* ------------------------------------------------------------------ reading */
typedef struct {
    hx_transactions *t;
    const hx_column *columns;
    size_t customer, time, amount, price, quantity, none; /* none = there is no such column */
} transaction_columns;

static size_t find_role(const transaction_columns *c, hx_role role) {
    for (size_t i = 0; i < c->none; i++)
        if (c->columns[i].role == role) return i;
    return c->none;
}

static hx_status find_columns(transaction_columns *c, hx_reader *r, hx_error *err) {
    c->none = hx_reader_columns(r, &c->columns);
    c->customer = find_role(c, HX_ROLE_CUSTOMER);
    c->time = find_role(c, HX_ROLE_TIME);
    if (c->time == c->none) c->time = find_role(c, HX_ROLE_DATE);
    c->amount = find_role(c, HX_ROLE_AMOUNT);
    c->price = find_role(c, HX_ROLE_UNIT_PRICE);
    c->quantity = find_role(c, HX_ROLE_QUANTITY);
    if (c->customer == c->none)
        return hx_fail(err, HX_EINVAL,
                       "no column is known to hold the customer; name it with --map "
                       "customer=COLUMN");
    if (c->time == c->none)
        return hx_fail(err, HX_EINVAL,
                       "no column is known to hold the time of a purchase; name it with --map "
                       "time=COLUMN");
    c->t->about.has_amounts = c->t->about.has_amounts || c->amount < c->none || c->price < c->none;
    return HX_OK;
}

static bool read_amount(const transaction_columns *c, const hx_str *cells, int64_t *amount) {
    int64_t price, quantity = 10000;
    *amount = 0;
    if (c->amount < c->none)
        return hx_parse_amount(cells[c->amount], false, amount, NULL, NULL) == HX_OK;
    if (c->price == c->none) return true;
    if (hx_parse_amount(cells[c->price], false, &price, NULL, NULL) != HX_OK) return false;
    if (c->quantity < c->none &&
        hx_parse_amount(cells[c->quantity], false, &quantity, NULL, NULL) != HX_OK)
        return false;
    double product = (double)price * (double)quantity / 10000;
    if (!(fabs(product) < 9e18)) return false;
    *amount = llround(product);
    return true;
}

static hx_status put(hx_transactions *t, hx_str customer, int32_t day, int64_t amount,
                     hx_error *err) {
    transaction x = {amount, 0, day};
    if (amount < 0) {
        t->about.returns++;
        return HX_OK;
    }
    HX_TRY(who_is(t, customer, &x.who, err));
    hx_transactions_watch(t, day);
    if (day < t->about.first) t->about.first = day;
    t->sorted = false;
    if (hx_buf_append(&t->list, &x, sizeof x)) return HX_OK;
    return hx_fail(err, HX_ENOMEM, "not enough memory for transactions");
}

hx_status hx_transactions_add(hx_transactions *t, hx_str customer, int32_t day, int64_t amount,
                              hx_error *err) {
    t->about.rows++;
    t->about.has_amounts = true;
    return put(t, customer, day, amount, err);
}

void hx_transactions_watch(hx_transactions *t, int32_t day) {
    if (day > t->about.last) t->about.last = day;
}

static hx_status add_row(const transaction_columns *c, const hx_row *row, hx_error *err) {
    hx_transactions *t = c->t;
    int64_t ms, amount;
    t->about.rows++;
    bool fine = !row->bad && row->cells[c->customer].len > 0 &&
                hx_parse_time(row->cells[c->time], c->columns[c->time].date_order,
                              c->columns[c->time].excel_serial, NULL, &ms, NULL) == HX_OK &&
                read_amount(c, row->cells, &amount);
    if (!fine) {
        t->about.left_out++;
        return HX_OK;
    }
    int64_t day =
        ms >= 0 ? ms / TRANSACTIONS_DAY : -((TRANSACTIONS_DAY - 1 - ms) / TRANSACTIONS_DAY);
    return put(t, row->cells[c->customer], (int32_t)day, amount, err);
}

static hx_status add_chunk(const transaction_columns *c, const hx_reader *r, const hx_chunk *chunk,
                           hx_arena *arena, hx_error *err) {
    hx_rows rows;
    hx_arena_reset(arena);
    HX_TRY(hx_chunk_rows(r, chunk, arena, &rows, err));
    for (size_t i = 0; i < rows.n_rows; i++)
        HX_TRY(add_row(c, &rows.rows[i], err));
    return HX_OK;
}

hx_status hx_transactions_read(hx_transactions *t, hx_reader *r, const volatile int *cancel,
                               hx_error *err) {
    transaction_columns c = {.t = t};
    hx_chunk *chunk = NULL;
    HX_TRY(find_columns(&c, r, err));
    hx_arena *arena = hx_arena_new(0);
    hx_status st = arena ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for transactions");
    t->sorted = false;
    while (st == HX_OK) {
        st = hx_reader_next(r, &chunk, err);
        if (st != HX_OK || !chunk) break;
        st = add_chunk(&c, r, chunk, arena, err);
        hx_chunk_free(chunk);
        if (st == HX_OK && cancel && hx_flag_is_raised(cancel))
            st = hx_fail(err, HX_ECANCELLED, "the reading of transactions was stopped");
    }
    hx_arena_free(arena);
    return st;
}

/* ------------------------------------------------------------------ customers */
static int by_who_and_day(const void *l, const void *r) {
    const transaction *a = l, *b = r;
    if (a->who != b->who) return a->who < b->who ? -1 : 1;
    return (a->day > b->day) - (a->day < b->day);
}

static int by_name(const void *l, const void *r) {
    const hx_buyer *a = l, *b = r;
    size_t n = a->customer.len < b->customer.len ? a->customer.len : b->customer.len;
    int order = memcmp(a->customer.ptr, b->customer.ptr, n);
    return order ? order
                 : (a->customer.len > b->customer.len) - (a->customer.len < b->customer.len);
}

/* One customer's rows (n > 0). False where nothing was bought by then. */
static bool buyer_of(const transaction *list, size_t n, const hx_transactions_cut *cut,
                     hx_buyer *out) {
    double sum = 0;
    int32_t first = list[0].day, last = first;
    if (first > cut->calibrate_to) return false;
    *out = (hx_buyer){.purchases = {.weight = 1}};
    for (size_t i = 1; i < n; i++) {
        if (list[i].day == first) continue;
        bool again = list[i].day != list[i - 1].day;
        if (list[i].day <= cut->calibrate_to) {
            out->purchases.x += again;
            sum += (double)list[i].amount / 10000;
            last = list[i].day;
        } else if (list[i].day <= cut->hold_to) {
            out->held += again;
        }
    }
    out->purchases.last = (last - first) / cut->unit;
    out->purchases.age = (cut->calibrate_to - first) / cut->unit;
    out->mean = out->purchases.x ? sum / out->purchases.x : 0;
    return true;
}

hx_status hx_transactions_buyers(hx_transactions *t, const hx_transactions_cut *cut,
                                 hx_arena *arena, hx_buyer **out, size_t *n, hx_error *err) {
    transaction *list = (transaction *)(void *)t->list.ptr;
    size_t rows = t->list.len / sizeof *list, customers = t->ends.len / sizeof(uint64_t);
    hx_transactions_cut at = *cut;
    if (!rows) return hx_fail(err, HX_EINVAL, "no purchase could be read");
    if (at.calibrate_to > t->about.last) at.calibrate_to = t->about.last;
    if (at.hold_to > t->about.last) at.hold_to = t->about.last;
    if (!(at.unit > 0)) at.unit = 7;
    *n = 0;
    *out = hx_arena_alloc(arena, customers * sizeof **out);
    if (!*out) return hx_fail(err, HX_ENOMEM, "not enough memory for transactions");
    if (!t->sorted) qsort(list, rows, sizeof *list, by_who_and_day);
    t->sorted = true;
    for (size_t from = 0, to; from < rows; from = to) {
        for (to = from + 1; to < rows && list[to].who == list[from].who; to++) {
        }
        hx_buyer *b = &(*out)[*n];
        if (!buyer_of(list + from, to - from, &at, b)) continue;
        b->customer = name_of(t, list[from].who);
        ++*n;
    }
    if (!*n) return hx_fail(err, HX_EINVAL, "nobody bought before the end of the calibration");
    qsort(*out, *n, sizeof **out, by_name);
    return HX_OK;
}
