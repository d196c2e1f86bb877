/* conllu.c - CoNLL-U in and out, strictly (universaldependencies.org/format.html).
 *
 *     file      sentences, an empty line behind each (the last may lack it)
 *     sentence  lines "# ..." then rows of ten columns between tabs: ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC
 *     ID        1, 2, ... a word; 1-2 before word 1: a word as written; 1.1 behind word 1: an empty node
 *
 * One pass without copies: columns point into the text. What is wrong is refused with its line; what was read is a tree or has no heads, so
 * whoever walks up from a word comes to the root. */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "text/conllu.h"

typedef struct {
    hx_arena *arena;
    hx_error *err;
    hx_str text;
    size_t at, line; /* of the next line, from 1 */
    hx_buf rows; /* hx_conllu_row of the sentence */
    hx_buf sentences; /* hx_conllu_sentence */
    size_t first; /* line of the sentence */
    uint32_t n_words, n_heads, n_empty; /* n_empty: behind the last word */
    uint32_t range_end; /* last word of the range before */
    size_t root; /* line of the root's row, 0 = none */
} conllu_reader;

/* ------------------------------------------------------------------ one row */
/* Decimal digits at s[*at] of a number below 100,000, without zeros in front. */
static bool take_number(hx_str s, size_t *at, uint32_t *out) {
    size_t from = *at;
    uint32_t x = 0;
    for (; *at < s.len && *at - from < 5 && s.ptr[*at] >= '0' && s.ptr[*at] <= '9'; ++*at)
        x = 10 * x + (uint32_t)(s.ptr[*at] - '0');
    *out = x;
    return *at > from && (s.ptr[from] != '0' || *at == from + 1);
}

static bool take_id(hx_conllu_row *row) {
    hx_str s = row->columns[HX_CONLLU_ID];
    size_t at = 0;
    row->kind = HX_CONLLU_WORD;
    if (!take_number(s, &at, &row->id)) return false;
    row->last = row->id;
    if (at == s.len) return row->id > 0;
    row->kind = s.ptr[at] == '-' ? HX_CONLLU_RANGE : HX_CONLLU_EMPTY;
    if (s.ptr[at] != '-' && s.ptr[at] != '.') return false;
    at++;
    return take_number(s, &at, &row->last) && at == s.len && row->last > 0;
}

static bool take_columns(hx_str line, hx_conllu_row *row) {
    size_t n = 0, from = 0;
    for (size_t i = 0; i <= line.len; i++) {
        if (i < line.len && line.ptr[i] != '\t') continue;
        if (n == HX_CONLLU_COLUMNS || i == from) return false;
        row->columns[n++] = (hx_str){line.ptr + from, i - from};
        from = i + 1;
    }
    return n == HX_CONLLU_COLUMNS;
}

static bool is_none(hx_str s) {
    return s.len == 1 && s.ptr[0] == '_';
}

static hx_status take_head(conllu_reader *r, hx_conllu_row *row) {
    hx_str s = row->columns[HX_CONLLU_HEAD];
    size_t at = 0;
    row->head = HX_CONLLU_NO_HEAD;
    if (is_none(s)) return HX_OK;
    if (!take_number(s, &at, &row->head) || at != s.len)
        return hx_fail(r->err, HX_EFORMAT, "line %zu: the head is no number", r->line);
    if (row->head == row->id)
        return hx_fail(r->err, HX_EFORMAT, "line %zu: a word hangs on itself", r->line);
    if (row->head == 0 && r->root)
        return hx_fail(r->err, HX_EFORMAT, "line %zu: the sentence has two roots", r->line);
    if (row->head == 0) r->root = r->line;
    r->n_heads++;
    return HX_OK;
}

/* The row's number goes on from those before. */
static bool is_next(conllu_reader *r, const hx_conllu_row *row) {
    switch (row->kind) {
    case HX_CONLLU_WORD:
        r->n_empty = 0;
        return row->id == ++r->n_words;
    case HX_CONLLU_RANGE: {
        bool fits = row->id == r->n_words + 1 && row->last > row->id && row->id > r->range_end;
        r->range_end = row->last;
        return fits;
    }
    default:
        return row->id == r->n_words && row->last == ++r->n_empty;
    }
}

static hx_status read_row(conllu_reader *r, hx_str line) {
    hx_conllu_row row = {.kind = HX_CONLLU_COMMENT};
    if (!hx_utf8_is_valid(line))
        return hx_fail(r->err, HX_EFORMAT, "line %zu: invalid UTF-8", r->line);
    if (r->rows.len == 0) r->first = r->line;
    if (line.ptr[0] == '#') {
        row.columns[0] = line;
        if (r->n_words > 0 || r->range_end > 0)
            return hx_fail(r->err, HX_EFORMAT, "line %zu: a comment stands between words", r->line);
    } else {
        if (!take_columns(line, &row))
            return hx_fail(r->err, HX_EFORMAT,
                           "line %zu: a row has ten columns between tabs, none of them empty",
                           r->line);
        if (!take_id(&row) || !is_next(r, &row))
            return hx_fail(r->err, HX_EFORMAT,
                           "line %zu: the number of a word does not follow the one before",
                           r->line);
        if (r->n_words > HX_CONLLU_WORDS_MAX)
            return hx_fail(r->err, HX_ELIMIT, "line %zu: a sentence has at most %d words", r->line,
                           HX_CONLLU_WORDS_MAX);
        if (row.kind == HX_CONLLU_WORD) HX_TRY(take_head(r, &row));
    }
    (void)hx_buf_append(&r->rows, &row, sizeof row);
    return HX_OK;
}

/* ------------------------------------------------------------------ one sentence */
/* Every word comes to the root: mark[i] is the word whose walk came by. */
static hx_status check_tree(const conllu_reader *r, const hx_conllu_sentence *s) {
    uint32_t *heads = hx_arena_alloc(r->arena, 2 * (s->n_words + 1) * sizeof *heads);
    if (!heads) return hx_fail(r->err, HX_ENOMEM, "out of memory for %zu words", s->n_words);
    uint32_t *mark = heads + s->n_words + 1;
    memset(mark, 0, (s->n_words + 1) * sizeof *mark);
    for (size_t i = 0; i < s->n_rows; i++)
        if (s->rows[i].kind == HX_CONLLU_WORD) heads[s->rows[i].id] = s->rows[i].head;
    for (uint32_t i = 1; i <= s->n_words; i++) {
        uint32_t at = i;
        if (heads[i] > s->n_words)
            return hx_fail(r->err, HX_EFORMAT,
                           "line %zu: word %u hangs on a word that is not there", s->line, i);
        while (at != 0 && mark[at] == 0) {
            mark[at] = i;
            at = heads[at] > s->n_words ? 0 : heads[at];
        }
        if (at != 0 && mark[at] == i)
            return hx_fail(r->err, HX_EFORMAT, "line %zu: word %u does not come to the root",
                           s->line, i);
    }
    return HX_OK;
}

static hx_status end_sentence(conllu_reader *r) {
    hx_conllu_sentence s = {
        .n_rows = r->rows.len / sizeof(hx_conllu_row), .n_words = r->n_words, .line = r->first};
    if (s.n_rows == 0) return HX_OK;
    HX_TRY(hx_buf_status(&r->rows, "a sentence", r->err));
    if (r->n_words == 0)
        return hx_fail(r->err, HX_EFORMAT, "line %zu: the sentence has no words", r->line);
    if (r->range_end > r->n_words)
        return hx_fail(r->err, HX_EFORMAT, "line %zu: the sentence ends within a multiword word",
                       r->line);
    if (r->n_heads != 0 && r->n_heads != r->n_words)
        return hx_fail(r->err, HX_EFORMAT, "line %zu: some words have a head and some have none",
                       r->line);
    s.rows = hx_arena_alloc(r->arena, r->rows.len);
    if (!s.rows) return hx_fail(r->err, HX_ENOMEM, "out of memory for %zu words", s.n_words);
    memcpy(s.rows, r->rows.ptr, r->rows.len);
    if (r->n_heads > 0) HX_TRY(check_tree(r, &s));
    (void)hx_buf_append(&r->sentences, &s, sizeof s);
    hx_buf_reset(&r->rows);
    r->n_words = r->n_heads = r->n_empty = r->range_end = 0;
    r->root = 0;
    return HX_OK;
}

static hx_status read_lines(conllu_reader *r) {
    while (r->at < r->text.len) {
        const char *from = r->text.ptr + r->at;
        const char *end = memchr(from, '\n', r->text.len - r->at);
        size_t len = end ? (size_t)(end - from) : r->text.len - r->at;
        r->at += len + 1;
        r->line++;
        if (len > 0 && from[len - 1] == '\r') len--;
        HX_TRY(len == 0 ? end_sentence(r) : read_row(r, (hx_str){from, len}));
    }
    return end_sentence(r);
}

hx_status hx_conllu_read(hx_str text, hx_arena *arena, hx_conllu_sentence **out, size_t *n,
                         hx_error *err) {
    conllu_reader r = {.arena = arena, .err = err, .text = text};
    hx_buf_init(&r.rows, SIZE_MAX / 2);
    hx_buf_init(&r.sentences, SIZE_MAX / 2);
    hx_status st = read_lines(&r);
    if (st == HX_OK) st = hx_buf_status(&r.sentences, "sentences", err);
    *n = r.sentences.len / sizeof **out;
    *out = hx_arena_alloc(arena, r.sentences.len + 1);
    if (st == HX_OK && !*out) st = hx_fail(err, HX_ENOMEM, "out of memory for %zu sentences", *n);
    if (st == HX_OK && *n > 0) memcpy(*out, r.sentences.ptr, r.sentences.len);
    hx_buf_release(&r.rows);
    hx_buf_release(&r.sentences);
    return st;
}

/* ------------------------------------------------------------------ writing */
static hx_status keep(hx_buf *b, hx_arena *arena, hx_str *out, hx_error *err) {
    hx_status st = hx_buf_status(b, "sentences", err);
    *out = hx_arena_str(arena, hx_buf_str(b));
    hx_buf_release(b);
    if (st == HX_OK && !out->ptr) st = hx_fail(err, HX_ENOMEM, "out of memory for a text");
    return st;
}

static void put_row(hx_buf *b, const hx_conllu_row *row) {
    size_t n = row->kind == HX_CONLLU_COMMENT ? 1 : HX_CONLLU_COLUMNS;
    for (size_t i = 0; i < n; i++) {
        if (i > 0) (void)hx_buf_append_byte(b, '\t');
        bool number = i == HX_CONLLU_HEAD && row->kind == HX_CONLLU_WORD;
        if (number && row->head != HX_CONLLU_NO_HEAD)
            (void)hx_buf_printf(b, "%u", row->head);
        else if (number)
            (void)hx_buf_append_byte(b, '_');
        else
            (void)hx_buf_append_str(b, row->columns[i]);
    }
    (void)hx_buf_append_byte(b, '\n');
}

hx_status hx_conllu_write(const hx_conllu_sentence *sentences, size_t n, hx_arena *arena,
                          hx_str *out, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, SIZE_MAX / 2);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sentences[i].n_rows; k++)
            put_row(&b, &sentences[i].rows[k]);
        (void)hx_buf_append_byte(&b, '\n');
    }
    return keep(&b, arena, out, err);
}

/* `item` between '|' of a column. */
static bool has_item(hx_str s, const char *item) {
    size_t n = strlen(item);
    for (size_t i = 0; i + n <= s.len; i++)
        if (memcmp(s.ptr + i, item, n) == 0 && (i == 0 || s.ptr[i - 1] == '|') &&
            (i + n == s.len || s.ptr[i + n] == '|'))
            return true;
    return false;
}

static bool begins_paragraph(hx_str comment) {
    size_t at = 1;
    while (at < comment.len && comment.ptr[at] == ' ')
        at++;
    return comment.len - at >= 6 && (memcmp(comment.ptr + at, "newdoc", 6) == 0 ||
                                     memcmp(comment.ptr + at, "newpar", 6) == 0);
}

static void put_text(hx_buf *b, const hx_conllu_sentence *s) {
    uint32_t covered = 0;
    bool breaks = false;
    for (size_t i = 0; i < s->n_rows; i++) {
        const hx_conllu_row *row = &s->rows[i];
        if (row->kind == HX_CONLLU_COMMENT) {
            if (begins_paragraph(row->columns[0])) breaks = true;
            continue;
        }
        if (breaks && b->len > 0) (void)hx_buf_append_lit(b, "\n\n");
        breaks = false;
        if (row->kind == HX_CONLLU_EMPTY || (row->kind == HX_CONLLU_WORD && row->id <= covered))
            continue;
        if (row->kind == HX_CONLLU_RANGE) covered = row->last;
        (void)hx_buf_append_str(b, row->columns[HX_CONLLU_FORM]);
        if (!has_item(row->columns[HX_CONLLU_MISC], "SpaceAfter=No"))
            (void)hx_buf_append_byte(b, ' ');
    }
}

hx_status hx_conllu_text(const hx_conllu_sentence *sentences, size_t n, hx_arena *arena,
                         hx_str *out, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, SIZE_MAX / 2);
    for (size_t i = 0; i < n; i++)
        put_text(&b, &sentences[i]);
    return keep(&b, arena, out, err);
}
