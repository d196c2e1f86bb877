/* csv_scan.c - CSV structure by bit masks (after Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019).
 *
 * Stage 1, one variant an instruction set: for each 64-byte block three words, one bit a byte: where quotes, delimiters and line
 * feeds stand. Stage 2, portable: a prefix xor over the quote bits says which bytes are inside quotes (a doubled quote closes
 * and reopens at once, which changes nothing); delimiters and line feeds outside are the ends of cells.
 *
 *     "a,""b""",c\n      quotes     1001100111000
 *                        inside     1110111000000   (prefix xor; an opening quote counts as inside, a closing one not)
 *                        ends       0000000001..    -> offset 10, 12
 *
 * The prefix xor is right as long as each quote that opens stands at a cell's start or right behind a quote that closed. The first
 * one that does not (5" pipe, "a"b"c) makes the record irregular: it is walked byte by byte by record_ends(), and the blocks start
 * again behind it.
 *
 * Invariants: `at` is always a record's start when a run of blocks begins; ends and rows are ascending; what belongs to a record
 * that was not finished is taken back (n_cells = cells of finished records). */
#include "frame/csv_scan.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BLOCK 64
#define BATCH 64 /* blocks of one call of stage 1: 1.5 KiB of masks */

typedef struct {
    uint64_t quotes;
    uint64_t delimiters;
    uint64_t feeds;
} masks;

typedef void masks_fn(hx_csv_dialect d, const char *p, size_t n_blocks, masks *out);

/* ------------------------------------------------------------------ stage 1 */
static void masks_none(hx_csv_dialect d, const char *p, size_t n_blocks, masks *out) {
    for (size_t b = 0; b < n_blocks; b++, p += BLOCK) {
        masks m = {0, 0, 0};
        for (unsigned i = 0; i < BLOCK; i++) {
            m.quotes |= (uint64_t)(p[i] == d.quote) << i;
            m.delimiters |= (uint64_t)(p[i] == d.delimiter) << i;
            m.feeds |= (uint64_t)(p[i] == '\n') << i;
        }
        out[b] = m;
    }
}

#if defined(__x86_64__)
static uint64_t equal_sse2(const __m128i v[4], __m128i c) {
    uint64_t bits = 0;
    for (unsigned i = 0; i < 4; i++)
        bits |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], c)) << (16 * i);
    return bits;
}

static void masks_sse2(hx_csv_dialect d, const char *p, size_t n_blocks, masks *out) {
    const __m128i quote = _mm_set1_epi8(d.quote), delimiter = _mm_set1_epi8(d.delimiter);
    const __m128i feed = _mm_set1_epi8('\n');
    for (size_t b = 0; b < n_blocks; b++, p += BLOCK) {
        __m128i v[4];
        for (unsigned i = 0; i < 4; i++)
            v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        out[b].quotes = equal_sse2(v, quote);
        out[b].delimiters = equal_sse2(v, delimiter);
        out[b].feeds = equal_sse2(v, feed);
    }
}

__attribute__((target("avx2"))) static uint64_t equal_avx2(__m256i lo, __m256i hi, __m256i c) {
    const uint32_t l = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(lo, c));
    const uint32_t h = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(hi, c));
    return (uint64_t)h << 32 | l;
}

__attribute__((target("avx2"))) static void masks_avx2(hx_csv_dialect d, const char *p,
                                                       size_t n_blocks, masks *out) {
    const __m256i quote = _mm256_set1_epi8(d.quote), delimiter = _mm256_set1_epi8(d.delimiter);
    const __m256i feed = _mm256_set1_epi8('\n');
    for (size_t b = 0; b < n_blocks; b++, p += BLOCK) {
        const __m256i lo = _mm256_loadu_si256((const __m256i *)(const void *)p);
        const __m256i hi = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
        out[b].quotes = equal_avx2(lo, hi, quote);
        out[b].delimiters = equal_avx2(lo, hi, delimiter);
        out[b].feeds = equal_avx2(lo, hi, feed);
    }
}

__attribute__((target("avx512f,avx512bw"))) static void
masks_avx512(hx_csv_dialect d, const char *p, size_t n_blocks, masks *out) {
    const __m512i quote = _mm512_set1_epi8(d.quote), delimiter = _mm512_set1_epi8(d.delimiter);
    const __m512i feed = _mm512_set1_epi8('\n');
    for (size_t b = 0; b < n_blocks; b++, p += BLOCK) {
        const __m512i v = _mm512_loadu_si512((const void *)p);
        out[b].quotes = _mm512_cmpeq_epi8_mask(v, quote);
        out[b].delimiters = _mm512_cmpeq_epi8_mask(v, delimiter);
        out[b].feeds = _mm512_cmpeq_epi8_mask(v, feed);
    }
}
#endif

bool hx_csv_simd_is_there(hx_csv_simd simd) {
    switch (simd) {
    case HX_CSV_SIMD_AUTO:
    case HX_CSV_SIMD_NONE:
        return true;
#if defined(__x86_64__)
    case HX_CSV_SIMD_SSE2:
        return true;
    case HX_CSV_SIMD_AVX2:
        return __builtin_cpu_supports("avx2") != 0;
    case HX_CSV_SIMD_AVX512:
        return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
#endif
    default:
        return false;
    }
}

static masks_fn *masks_of(hx_csv_simd simd) {
    if (simd == HX_CSV_SIMD_AUTO)
        for (simd = HX_CSV_SIMD_AVX512; !hx_csv_simd_is_there(simd);)
            simd--;
    switch (simd) {
#if defined(__x86_64__)
    case HX_CSV_SIMD_SSE2:
        return masks_sse2;
    case HX_CSV_SIMD_AVX2:
        return masks_avx2;
    case HX_CSV_SIMD_AVX512:
        return masks_avx512;
#endif
    default:
        return masks_none;
    }
}

/* ------------------------------------------------------------------ a record byte by byte */
/* Where the quoted part that opens at p[at] closes: the offset behind the closing quote, or n + 1 where it never does. */
static size_t closing_quote(char quote, const char *p, size_t at, size_t n) {
    for (size_t i = at + 1; i < n;) {
        const char *q = memchr(p + i, quote, n - i);
        if (q == NULL) break;
        i = (size_t)(q - p) + 1;
        if (i == n || p[i] != quote) return i;
        i++;
    }
    return n + 1;
}

/* The offset of the delimiter, LF or end of the data behind the cell at p[at]; *open where the data end inside quotes. */
static size_t cell_end(hx_csv_dialect d, const char *p, size_t at, size_t n, bool *open) {
    if (d.quote != '\0' && at < n && p[at] == d.quote) {
        at = closing_quote(d.quote, p, at, n);
        *open = at > n;
        if (*open) return n;
    }
    while (at < n && p[at] != d.delimiter && p[at] != '\n')
        at++;
    return at;
}

/* ------------------------------------------------------------------ stage 2 */
/* What a run over blocks carries on. */
typedef struct {
    hx_csv_dialect d;
    const char *p;
    size_t n;
    masks_fn *find;
    hx_csv_index *out; /* NULL = only the records' ends are wanted */
    size_t at; /* behind the last finished record */
    size_t n_cells; /* with those of the record under way */
    size_t n_whole; /* cells of finished records */
    uint64_t inside; /* all ones: the last byte was inside quotes */
    uint64_t before; /* 1: the last byte was a separator or a quote, so a quote may open here */
    uint64_t closed; /* 1: the last byte was a quote that closed */
    size_t n_records; /* counted where there is no `out` */
    bool has_tail; /* bytes other than a line end's CR follow a closing quote */
} scan;

static uint64_t prefix_xor(uint64_t x) {
    for (unsigned s = 1; s < 64; s *= 2)
        x ^= x << s;
    return x;
}

static unsigned lowest(uint64_t x) {
    return (unsigned)__builtin_ctzll(x);
}

static void put_ends(scan *s, size_t base, uint64_t ends, uint64_t feeds) {
    hx_csv_index *x = s->out;
    uint32_t *to = x->ends + s->n_cells, *row = x->rows + x->n_rows;
    for (; ends != 0; ends &= ends - 1) {
        *to++ = (uint32_t)(base + lowest(ends));
        *row = (uint32_t)(to - x->ends);
        row += (feeds & ends & (0 - ends)) != 0;
    }
    s->n_cells = (size_t)(to - x->ends);
    x->n_rows = (size_t)(row - x->rows);
    if (feeds != 0) s->n_whole = x->rows[x->n_rows - 1];
}

/* Looks at the bytes that follow a closing quote and are neither separator nor quote. */
static void note_tails(scan *s, size_t base, uint64_t bits) {
    for (; bits != 0; bits &= bits - 1) {
        const size_t i = base + lowest(bits);
        if (i >= s->n) return;
        if (s->p[i] != '\r' || i + 1 >= s->n || s->p[i + 1] != '\n') s->has_tail = true;
    }
}

/* One block at p[base]; false where the record is irregular (nothing of the block is then taken). */
static bool take_block(scan *s, size_t base, masks m) {
    uint64_t ends = m.delimiters | m.feeds;
    if ((m.quotes | s->inside | s->closed) != 0) {
        const uint64_t in = prefix_xor(m.quotes) ^ s->inside;
        ends &= ~in;
        m.feeds &= ~in;
        const uint64_t may_open = (ends | m.quotes) << 1 | s->before;
        if ((m.quotes & in & ~may_open) != 0) return false;
        s->inside = 0 - (in >> 63);
        const uint64_t behind = (m.quotes & ~in) << 1 | s->closed;
        s->closed = (m.quotes & ~in) >> 63;
        if (s->out == NULL) note_tails(s, base, behind & ~(ends | m.quotes));
    }
    s->before = (ends | m.quotes) >> 63;
    if (s->out != NULL)
        put_ends(s, base, ends, m.feeds);
    else
        s->n_records += (size_t)__builtin_popcountll(m.feeds);
    if (m.feeds != 0) s->at = base + 64 - (size_t)__builtin_clzll(m.feeds);
    return true;
}

static masks first_bits(masks m, size_t n) {
    const uint64_t keep = n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
    return (masks){m.quotes & keep, m.delimiters & keep, m.feeds & keep};
}

/* The masks of the `n_blocks` at p[base]; the last may be partial. */
static void find_masks(const scan *s, size_t base, size_t n_blocks, masks *m) {
    const size_t left = s->n - base, whole = left / BLOCK < n_blocks ? left / BLOCK : n_blocks;
    s->find(s->d, s->p + base, whole, m);
    if (whole < n_blocks) {
        char tail[BLOCK] = {0};
        memcpy(tail, s->p + base + whole * BLOCK, left % BLOCK);
        s->find(s->d, tail, 1, m + whole);
        m[whole] = first_bits(m[whole], left % BLOCK);
    }
    if (s->d.quote == '\0')
        for (size_t b = 0; b < n_blocks; b++)
            m[b].quotes = 0;
}

/* Runs over blocks from the record at s->at to the end (true) or to an irregular record (false). The first batches are small: files
 * with many irregular records would else pay for a batch each. */
static bool run_blocks(scan *s) {
    masks m[BATCH];
    s->inside = s->closed = 0;
    s->before = 1;
    size_t batch = 2;
    for (size_t base = s->at; base < s->n;) {
        const size_t left = (s->n - base + BLOCK - 1) / BLOCK;
        const size_t n_blocks = left < batch ? left : batch;
        find_masks(s, base, n_blocks, m);
        for (size_t b = 0; b < n_blocks; b++, base += BLOCK)
            if (!take_block(s, base, m[b])) return false;
        batch = batch * 4 < BATCH ? batch * 4 : BATCH;
    }
    return true;
}

/* Walks the record at s->at. False where it has no line end; it is then taken only if `last`. */
static bool walk_record(scan *s, bool last) {
    size_t n_cells = s->n_whole, at = s->at;
    bool open = false;
    for (;; at++) {
        at = cell_end(s->d, s->p, at, s->n, &open);
        s->out->ends[n_cells++] = (uint32_t)at;
        if (at >= s->n || s->p[at] == '\n') break;
    }
    const bool ended = at < s->n;
    s->out->open = open;
    if (!ended && !last) return false;
    s->at = ended ? at + 1 : at;
    s->n_whole = s->n_cells = n_cells;
    s->out->rows[s->out->n_rows++] = (uint32_t)n_cells;
    return ended;
}

static void run(scan *s, bool last) {
    while (s->at < s->n) {
        const bool regular = run_blocks(s);
        s->n_cells = s->n_whole;
        if (regular && (s->at == s->n || !last)) {
            s->out->open = s->at < s->n && s->inside != 0;
            break;
        }
        if (!walk_record(s, last)) break;
    }
}

size_t hx_csv_index_fill_simd(hx_csv_simd simd, hx_csv_dialect d, const char *p, size_t n,
                              bool last, hx_csv_index *x) {
    x->n_rows = 0;
    x->open = false;
    scan s = {.d = d, .p = p, .n = n, .find = masks_of(simd), .out = x};
    run(&s, last);
    return s.at;
}

size_t hx_csv_index_fill(hx_csv_dialect d, const char *p, size_t n, bool last, hx_csv_index *x) {
    return hx_csv_index_fill_simd(HX_CSV_SIMD_AUTO, d, p, n, last, x);
}

hx_csv_extent hx_csv_whole_records(hx_csv_dialect d, const char *p, size_t n) {
    scan s = {.d = d, .p = p, .n = n, .find = masks_of(HX_CSV_SIMD_AUTO)};
    if (!run_blocks(&s) || s.has_tail) return (hx_csv_extent){0, 0, false};
    return (hx_csv_extent){s.at, s.n_records, true};
}

/* ------------------------------------------------------------------ cells */
hx_csv_cell hx_csv_cell_quoted(hx_csv_dialect d, const char *p, size_t start, size_t end) {
    const size_t behind = closing_quote(d.quote, p, start, end);
    const char *body = p + start + 1;
    hx_csv_cell c = {.raw = {body, end - start - 1}, .quoted = true};
    if (behind == end) c.raw.len--;
    c.escaped = behind < end || memchr(body, d.quote, c.raw.len) != NULL;
    return c;
}

size_t hx_csv_record(hx_csv_dialect d, const char *p, size_t n, hx_csv_cell *cells, size_t max,
                     size_t *n_cells, bool *open) {
    *n_cells = 0;
    *open = false;
    for (size_t start = 0;;) {
        const size_t end = cell_end(d, p, start, n, open);
        const bool last = end == n || p[end] == '\n';
        if (*n_cells < max) cells[*n_cells] = hx_csv_cell_at(d, p, start, end, last);
        (*n_cells)++;
        if (last) return end == n ? n : end + 1;
        start = end + 1;
    }
}

size_t hx_csv_unescape(hx_csv_dialect d, const hx_csv_cell *cell, char *out) {
    const char *p = cell->raw.ptr;
    const size_t n = cell->raw.len;
    size_t len = 0, i = 0;
    for (; i < n; i++) {
        if (p[i] == d.quote && (i + 1 == n || p[i + 1] != d.quote)) break; /* the closing one */
        if (p[i] == d.quote) i++;
        out[len++] = p[i];
    }
    if (i < n) {
        memcpy(out + len, p + i + 1, n - i - 1);
        len += n - i - 1;
    }
    return len;
}
