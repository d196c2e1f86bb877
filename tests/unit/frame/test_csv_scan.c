/* test_csv_scan.c - the CSV scanner against a byte-at-a-time reference that is written from the grammar alone: every instruction
 * set, every way in (whole chunk, piecewise, record by record), random bytes chosen to be nasty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "frame/csv_scan.h"

#define TEXT_MAX 4096

/* What the grammar says: values of cells one behind the other, and the shape. */
typedef struct {
    char bytes[TEXT_MAX];
    size_t n_bytes;
    size_t cell_end[TEXT_MAX + 2]; /* in bytes */
    size_t n_cells;
    size_t row_cells[TEXT_MAX + 2]; /* cells up to and with the record */
    size_t row_end[TEXT_MAX + 2]; /* offset in the input behind the record */
    size_t n_rows;
    bool open, ended; /* the last record had a line end */
    bool odd; /* bytes behind a closing quote, or a quote inside a plain cell */
} table;

typedef enum { CELL_START, PLAIN, QUOTED, QUOTE_SEEN, BEHIND } state;

static void put_cell(table *t) {
    t->cell_end[t->n_cells++] = t->n_bytes;
}

static void put_row(table *t, size_t end) {
    const size_t start = t->n_cells ? t->cell_end[t->n_cells - 1] : 0;
    if (t->n_bytes > start && t->bytes[t->n_bytes - 1] == '\r') t->n_bytes--;
    put_cell(t);
    t->row_cells[t->n_rows] = t->n_cells;
    t->row_end[t->n_rows++] = end;
}

static void keep(table *t, char c) {
    t->bytes[t->n_bytes++] = c;
}

/* A CR before the line end belongs to the line end only if it is outside quotes; put_row() strips the one that was kept. The one
 * that closes a quoted cell's value ("a\r"\n) must stay, so it is protected by the state. */
static void reference(hx_csv_dialect d, const char *p, size_t n, table *t) {
    t->n_bytes = t->n_cells = t->n_rows = 0;
    t->open = t->ended = t->odd = false;
    state at = CELL_START;
    size_t row_start = 0;
    for (size_t i = 0; i < n; i++) {
        const char c = p[i];
        if (at == QUOTED) {
            if (c == d.quote)
                at = QUOTE_SEEN;
            else
                keep(t, c);
            continue;
        }
        if (at == QUOTE_SEEN) {
            if (c == d.quote) {
                keep(t, c);
                at = QUOTED;
                continue;
            }
            if (c == '\n') { /* no CR to strip: the value ends with the quote */
                put_cell(t);
                t->row_cells[t->n_rows] = t->n_cells;
                t->row_end[t->n_rows++] = i + 1;
                at = CELL_START;
                row_start = i + 1;
                continue;
            }
            at = BEHIND;
            if (c != d.delimiter && !(c == '\r' && i + 1 < n && p[i + 1] == '\n')) t->odd = true;
        }
        if (c == d.quote && d.quote != '\0' && at != CELL_START) t->odd = true;
        if (c == '\n') {
            put_row(t, i + 1);
            at = CELL_START;
            row_start = i + 1;
        } else if (c == d.delimiter) {
            put_cell(t);
            at = CELL_START;
        } else if (at == CELL_START && d.quote != '\0' && c == d.quote) {
            at = QUOTED;
        } else {
            keep(t, c);
            if (at == CELL_START) at = PLAIN;
        }
    }
    t->open = at == QUOTED;
    t->ended = row_start == n;
    if (row_start < n) {
        if (at == QUOTE_SEEN) {
            put_cell(t);
            t->row_cells[t->n_rows] = t->n_cells;
            t->row_end[t->n_rows++] = n;
        } else {
            put_row(t, n);
        }
    }
}

static void assert_cell(const table *want, size_t i, hx_csv_dialect d, const hx_csv_cell *c) {
    char value[TEXT_MAX];
    size_t len = c->raw.len;
    if (c->escaped)
        len = hx_csv_unescape(d, c, value);
    else if (len > 0)
        memcpy(value, c->raw.ptr, len);
    const size_t start = i ? want->cell_end[i - 1] : 0;
    assert_int_equal(len, want->cell_end[i] - start);
    assert_memory_equal(value, want->bytes + start, len);
}

static uint32_t ends_room[TEXT_MAX + HX_CSV_INDEX_SLACK], rows_room[TEXT_MAX + HX_CSV_INDEX_SLACK];

/* The whole chunk by one instruction set. */
static void check_index(hx_csv_simd simd, hx_csv_dialect d, const char *p, size_t n, bool last,
                        const table *want) {
    hx_csv_index x = {.ends = ends_room, .rows = rows_room};
    const size_t n_rows = last || want->ended ? want->n_rows : want->n_rows - 1;
    const size_t used = hx_csv_index_fill_simd(simd, d, p, n, last, &x);
    assert_int_equal(used, n_rows ? want->row_end[n_rows - 1] : 0);
    assert_int_equal(x.n_rows, n_rows);
    assert_int_equal(x.open, want->open);
    size_t i = 0, at = 0;
    for (size_t k = 0; k < n_rows; k++) {
        assert_int_equal(x.rows[k], want->row_cells[k]);
        for (; i < x.rows[k]; i++) {
            const hx_csv_cell c = hx_csv_cell_at(d, p, at, x.ends[i], i + 1 == x.rows[k]);
            assert_cell(want, i, d, &c);
            at = x.ends[i] + 1;
        }
    }
}

/* Record by record. */
static void check_records(hx_csv_dialect d, const char *p, size_t n, const table *want) {
    static hx_csv_cell cells[TEXT_MAX + 2];
    size_t at = 0, first = 0;
    bool open = false;
    for (size_t k = 0; k < want->n_rows; k++) {
        size_t n_cells = 0;
        at += hx_csv_record(d, p + at, n - at, cells, TEXT_MAX + 2, &n_cells, &open);
        assert_int_equal(at, want->row_end[k]);
        assert_int_equal(first + n_cells, want->row_cells[k]);
        for (size_t i = 0; i < n_cells; i++)
            assert_cell(want, first + i, d, &cells[i]);
        first += n_cells;
    }
    assert_int_equal(at, n);
    if (n > 0) assert_int_equal(open, want->open);
}

static void check(hx_csv_dialect d, const char *p, size_t n) {
    static table want;
    reference(d, p, n, &want);
    for (hx_csv_simd simd = HX_CSV_SIMD_AUTO; simd < HX_CSV_SIMD_N; simd++) {
        if (!hx_csv_simd_is_there(simd)) continue;
        check_index(simd, d, p, n, true, &want);
        check_index(simd, d, p, n, false, &want);
    }
    check_records(d, p, n, &want);
    const size_t whole = want.ended ? want.n_rows : want.n_rows - 1;
    const hx_csv_extent e = hx_csv_whole_records(d, p, n);
    assert_int_equal(e.plain, !want.odd);
    assert_int_equal(e.records, want.odd ? 0 : whole);
    assert_int_equal(e.bytes, want.odd || whole == 0 ? 0 : want.row_end[whole - 1]);
}

/* ------------------------------------------------------------------ cases */
static void test_known(void **unused) {
    (void)unused;
    static const char *const texts[] = {
        "",
        "\n",
        "\r\n",
        "\r",
        "a",
        "a\n",
        "a\r\n",
        "a,b\nc,d",
        "a,b\r\nc,d\r\n",
        ",",
        ",,\n,",
        "\n\na\n\n",
        "\"a\"",
        "\"a\"\n",
        "\"a,b\"\n",
        "\"a\nb\",c\n",
        "\"a\"\"b\",c\n",
        "\"\"\n",
        "\"\"\"\"\n",
        "\"\"\"\"\"\"\n",
        "\"a",
        "\"a\n",
        "\"a\"\"",
        "\"a\"b,c\n",
        "\"a\"b\"c,d\"\ne\n",
        "5\" pipe,6\" pipe\n",
        "a\"b,\"c\nd\",e\n",
        "a \"b\",c\n",
        " \"a\",b\n",
        "\"a\r\"\r\n",
        "\"a\"\r\nb\n",
        "a\rb\n",
        "a\r\r\n",
        "\"a\" ,\"b\"\n",
        "\"a\"\"\"b,c\n",
    };
    const hx_csv_dialect dialects[] = {{',', '"'}, {',', '\0'}, {'\t', '\''}};
    for (size_t k = 0; k < sizeof dialects / sizeof dialects[0]; k++)
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
            check(dialects[k], texts[i], strlen(texts[i]));
}

static void test_values(void **unused) {
    (void)unused;
    const hx_csv_dialect d = {',', '"'};
    const char *p = "plain,\"quo\"\"ted\",\"trail\"ing \"x\",\"\"\r\nnext\n";
    hx_csv_cell cells[8];
    size_t n_cells = 0;
    bool open = true;
    assert_int_equal(hx_csv_record(d, p, strlen(p), cells, 8, &n_cells, &open), strlen(p) - 5);
    assert_int_equal(n_cells, 4);
    assert_false(open);
    char out[64];
    assert_false(cells[0].quoted || cells[0].escaped);
    assert_true(cells[1].quoted && cells[1].escaped);
    assert_int_equal(hx_csv_unescape(d, &cells[1], out), 7);
    assert_memory_equal(out, "quo\"ted", 7);
    assert_int_equal(hx_csv_unescape(d, &cells[2], out), 12);
    assert_memory_equal(out, "trailing \"x\"", 12);
    assert_true(cells[3].quoted && !cells[3].escaped && cells[3].raw.len == 0);
}

static void test_more_cells_than_room(void **unused) {
    (void)unused;
    const hx_csv_dialect d = {',', '"'};
    hx_csv_cell cells[2];
    size_t n_cells = 0;
    bool open = false;
    assert_int_equal(hx_csv_record(d, "a,b,c,d\n", 8, cells, 2, &n_cells, &open), 8);
    assert_int_equal(n_cells, 4);
    assert_memory_equal(cells[1].raw.ptr, "b", 1);
}

/* Quotes that open, close or double at every offset around the ends of blocks and batches. */
static void test_block_boundaries(void **unused) {
    (void)unused;
    const hx_csv_dialect d = {',', '"'};
    static const char *const middles[] = {"\"a,\nb\"", "\"\"\"\"", "x,\"\"\"y\"\"\",z",
                                          "\"p\"q\"r", "\r\n\"",   "a\"\"b"};
    char text[1024];
    for (size_t m = 0; m < sizeof middles / sizeof middles[0]; m++)
        for (size_t pad = 40; pad < 140; pad++) {
            memset(text, 'x', pad);
            text[pad - 1] = ',';
            const size_t len = strlen(middles[m]);
            memcpy(text + pad, middles[m], len);
            memcpy(text + pad + len, ",tail\nlast,\"row\"\n", 17);
            check(d, text, pad + len + 17);
        }
}

/* Random texts of few different bytes, with mostly regular or mostly wild quoting, short and long. */
static void test_random(void **unused) {
    (void)unused;
    const hx_csv_dialect dialects[] = {{',', '"'}, {';', '"'}, {'\t', '\0'}, {'|', '\''}};
    static char text[TEXT_MAX];
    hx_rng rng;
    hx_rng_seed(&rng, 20261122);
    for (int round = 0; round < 6000; round++) {
        const hx_csv_dialect d = dialects[hx_rng_below(&rng, 4)];
        const char alphabet[] = {d.delimiter, '\n', '\r',       d.quote, 'a',
                                 'b',         ' ',  (char)0xE4, '\0',    'c'};
        const uint64_t letters = 1 + hx_rng_below(&rng, 40);
        const size_t n = hx_rng_below(&rng, round % 20 == 0 ? TEXT_MAX : 300);
        for (size_t i = 0; i < n; i++) {
            const uint64_t k = hx_rng_below(&rng, 4 + letters);
            text[i] = k < sizeof alphabet ? alphabet[k] : 'z';
        }
        check(d, text, n);
    }
}

/* Regular CSV as programs write it: what goes in comes out, also through pieces that end anywhere. */
static void test_round_trip_pieces(void **unused) {
    (void)unused;
    const hx_csv_dialect d = {',', '"'};
    static char text[TEXT_MAX];
    static table want;
    hx_rng rng;
    hx_rng_seed(&rng, 7);
    for (int round = 0; round < 300; round++) {
        size_t n = 0;
        while (n < 1200) {
            const bool quoted = hx_rng_below(&rng, 3) == 0;
            if (quoted) text[n++] = '"';
            for (uint64_t k = hx_rng_below(&rng, 90); k > 0; k--) {
                text[n++] = quoted ? ",\n\rxyz"[hx_rng_below(&rng, 6)] : 'v';
                if (quoted && hx_rng_below(&rng, 5) == 0) text[n++] = '"', text[n++] = '"';
            }
            if (quoted) text[n++] = '"';
            if (hx_rng_below(&rng, 4) == 0)
                text[n++] = '\r', text[n++] = '\n';
            else
                text[n++] = ',';
        }
        reference(d, text, n, &want);
        size_t at = 0, row = 0, piece = 1 + hx_rng_below(&rng, 700);
        while (at < n) {
            const size_t len = n - at < piece ? n - at : piece;
            hx_csv_index x = {.ends = ends_room, .rows = rows_room};
            const size_t used = hx_csv_index_fill(d, text + at, len, at + len == n, &x);
            for (size_t k = 0; k < x.n_rows; k++, row++)
                assert_int_equal(at + x.ends[x.rows[k] - 1] + 1 -
                                     (row + 1 == want.n_rows && !want.ended),
                                 want.row_end[row]);
            if (used == 0) piece *= 2;
            at += used;
        }
        assert_int_equal(row, want.n_rows);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_more_cells_than_room),
        cmocka_unit_test(test_block_boundaries),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_round_trip_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
