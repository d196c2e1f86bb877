/* conllu_raw.c - the raw sentences of a file in CoNLL-U, read anew; and its words as lines. See hx_tagger_conllu_file and hx_conllu_lines in
 * huaxiang/text.h.
 *
 *     block of lines -> what "# text = " says, else its forms by SpaceAfter -> words, parts of speech, trees -> sentences with the block's comments
 *
 * A block may have comments alone: a file of "# text" lines is enough. Where the tagger finds several sentences in a text, each has its own "# text",
 * and the sent_id of those behind the first has -2, -3, ... at its end. */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "text/tagger.h"

enum { BLOCKS_A_PASS = 64 };

#define RAW_FILE_MAX ((size_t)1 << 30) /* bytes */

typedef struct {
    hx_str lines; /* of the block */
    hx_str text;
    size_t first; /* the line it begins in, from 1 */
} raw_block;

static hx_status raw_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
}

/* ------------------------------------------------------------------ blocks */
/* The next line at *at, without its end. */
static hx_str take_line(hx_str s, size_t *at) {
    const char *from = s.ptr + *at, *end = memchr(from, '\n', s.len - *at);
    size_t n = end ? (size_t)(end - from) : s.len - *at;
    *at += n + 1;
    return (hx_str){from, n > 0 && from[n - 1] == '\r' ? n - 1 : n};
}

/* What stands behind "# NAME = "; {NULL, 0} = another line. */
static hx_str value_of(hx_str line, const char *name) {
    size_t n = strlen(name), at = 1;
    if (line.len == 0 || line.ptr[0] != '#') return (hx_str){NULL, 0};
    while (at < line.len && line.ptr[at] == ' ')
        at++;
    if (line.len - at < n || memcmp(line.ptr + at, name, n) != 0) return (hx_str){NULL, 0};
    for (at += n; at < line.len && line.ptr[at] == ' ';)
        at++;
    if (at >= line.len || line.ptr[at] != '=') return (hx_str){NULL, 0};
    for (at++; at < line.len && line.ptr[at] == ' ';)
        at++;
    return (hx_str){line.ptr + at, line.len - at};
}

/* Its text, or that of its forms. */
static hx_status find_text(raw_block *b, hx_arena *arena, hx_error *err) {
    hx_conllu_sentence *sentences;
    size_t n;
    for (size_t at = 0; at < b->lines.len;) {
        b->text = value_of(take_line(b->lines, &at), "text");
        if (b->text.ptr) return HX_OK;
    }
    hx_status st = hx_conllu_read(b->lines, arena, &sentences, &n, err);
    if (st == HX_OK) st = hx_conllu_text(sentences, n, arena, &b->text, err);
    if (st == HX_EFORMAT)
        return hx_fail(err, HX_EFORMAT,
                       "line %zu: the sentence has no '# text = ' and no words in CoNLL-U",
                       b->first);
    return st;
}

static hx_status next_block(hx_str bank, size_t *at, size_t *line, hx_arena *arena, raw_block *out,
                            hx_error *err) {
    size_t from = *at, to = *at;
    *out = (raw_block){.first = *line + 1};
    while (*at < bank.len) {
        hx_str one = take_line(bank, at);
        ++*line;
        if (one.len == 0 && to > from) break;
        if (one.len == 0) {
            from = to = *at;
            out->first = *line + 1;
            continue;
        }
        to = *at < bank.len ? *at : bank.len;
    }
    out->lines = (hx_str){bank.ptr + from, to - from};
    return to > from ? find_text(out, arena, err) : HX_OK;
}

/* ------------------------------------------------------------------ what is written */
static hx_status put_comment(hx_conllu_sentence *s, hx_str line, hx_arena *arena, hx_error *err) {
    hx_conllu_row *row = &s->rows[s->n_rows++];
    *row = (hx_conllu_row){.kind = HX_CONLLU_COMMENT};
    row->columns[0] = hx_arena_str(arena, line);
    return row->columns[0].ptr ? HX_OK : raw_memory(err);
}

static hx_status put_number(hx_conllu_sentence *s, hx_str id, size_t which, hx_arena *arena,
                            hx_error *err) {
    hx_buf line;
    hx_buf_init(&line, RAW_FILE_MAX);
    hx_buf_printf(&line, "# sent_id = %.*s-%zu", HX_STR_ARG(id), which + 1);
    hx_status st = hx_buf_status(&line, "a sentence", err);
    if (st == HX_OK) st = put_comment(s, hx_buf_str(&line), arena, err);
    hx_buf_release(&line);
    return st;
}

static hx_status put_own_text(hx_conllu_sentence *s, const raw_block *b,
                              const hx_tagged_sentence *said, hx_arena *arena, hx_error *err) {
    hx_buf line;
    uint32_t from = said->words[0].span.start, to = said->words[said->n - 1].span.end;
    hx_buf_init(&line, RAW_FILE_MAX);
    hx_buf_append_lit(&line, "# text = ");
    hx_buf_append_str(&line, (hx_str){b->text.ptr + from, to - from});
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] == '\n' || line.ptr[i] == '\r') line.ptr[i] = ' ';
    hx_status st = hx_buf_status(&line, "a sentence", err);
    if (st == HX_OK) st = put_comment(s, hx_buf_str(&line), arena, err);
    hx_buf_release(&line);
    return st;
}

/* The block's comments in front of sentence `which` of those that were found in it. */
static hx_status add_comments(const raw_block *b, const hx_tagged_sentence *said, size_t which,
                              hx_arena *arena, hx_conllu_sentence *s, hx_error *err) {
    const hx_conllu_row *words = s->rows;
    size_t n_words = s->n_rows, lines = 2;
    for (size_t i = 0; i < b->lines.len; i++)
        lines += b->lines.ptr[i] == '\n';
    s->rows = hx_arena_alloc(arena, (lines + n_words) * sizeof *s->rows);
    s->n_rows = 0;
    if (!s->rows) return raw_memory(err);
    for (size_t at = 0; at < b->lines.len;) {
        hx_str line = take_line(b->lines, &at), id = value_of(line, "sent_id");
        if (line.len == 0 || line.ptr[0] != '#' || value_of(line, "text").ptr) continue;
        if (which == 0)
            HX_TRY(put_comment(s, line, arena, err));
        else if (id.ptr)
            HX_TRY(put_number(s, id, which, arena, err));
    }
    HX_TRY(put_own_text(s, b, said, arena, err));
    memcpy(s->rows + s->n_rows, words, n_words * sizeof *words);
    s->n_rows += n_words;
    return HX_OK;
}

static hx_status put_block(const raw_block *b, const hx_tagged_text *said, hx_arena *arena,
                           hx_buf *out, hx_error *err) {
    hx_conllu_sentence *sentences;
    size_t n, which = 0;
    hx_str written;
    HX_TRY(hx__tagged_conllu(b->text, said, arena, &sentences, &n, err));
    for (size_t i = 0; i < said->n; i++) {
        if (said->sentences[i].n == 0) continue;
        HX_TRY(add_comments(b, &said->sentences[i], which, arena, &sentences[which], err));
        which++;
    }
    HX_TRY(hx_conllu_write(sentences, n, arena, &written, err));
    hx_buf_append_str(out, written);
    return HX_OK;
}

static hx_status read_group(hx_tagger *t, const raw_block *blocks, size_t n, bool trees,
                            hx_arena *arena, hx_buf *out, hx_error *err) {
    hx_str texts[BLOCKS_A_PASS];
    hx_tagged_text said[BLOCKS_A_PASS];
    for (size_t i = 0; i < n; i++)
        texts[i] = blocks[i].text;
    hx_tagger_trees(t, trees);
    hx_status st = hx_tagger_read(t, texts, n, arena, said, err);
    hx_tagger_trees(t, true);
    for (size_t i = 0; i < n && st == HX_OK; i++)
        st = put_block(&blocks[i], &said[i], arena, out, err);
    return st;
}

hx_status hx__conllu_raw(hx_tagger *t, const char *path, hx_str bank, const hx_conllu_options *o,
                         hx_buf *out, size_t *n, hx_error *err) {
    raw_block blocks[BLOCKS_A_PASS];
    size_t at = 0, line = 0, some = 0;
    hx_arena *scratch = hx_arena_new(RAW_FILE_MAX);
    hx_status st = scratch ? HX_OK : raw_memory(err);
    for (*n = 0; st == HX_OK && at < bank.len && (o->limit == 0 || *n < o->limit);) {
        st = next_block(bank, &at, &line, scratch, &blocks[some], err);
        if (st == HX_OK && blocks[some].lines.len > 0) {
            some++;
            ++*n;
        }
        bool last = at >= bank.len || (o->limit > 0 && *n >= o->limit);
        if (st != HX_OK || (some < BLOCKS_A_PASS && !last)) continue;
        if (o->cancel && hx_flag_is_raised(o->cancel))
            st = hx_fail(err, HX_ECANCELLED, "stopped on request");
        if (st == HX_OK) st = read_group(t, blocks, some, o->trees, scratch, out, err);
        hx_arena_reset(scratch);
        some = 0;
    }
    hx_arena_free(scratch);
    if (st == HX_OK && *n == 0)
        return hx_fail(err, HX_EINVAL, "%s has no sentence in CoNLL-U", path);
    return st;
}

/* ------------------------------------------------------------------ words as lines */
static hx_status put_words(const hx_conllu_sentence *s, hx_arena *arena, hx_str *out,
                           hx_error *err) {
    uint32_t covered = 0;
    hx_buf line;
    hx_buf_init(&line, RAW_FILE_MAX);
    for (size_t i = 0; i < s->n_rows; i++) {
        const hx_conllu_row *row = &s->rows[i];
        bool written =
            row->kind == HX_CONLLU_RANGE || (row->kind == HX_CONLLU_WORD && row->id > covered);
        if (!written) continue;
        if (row->kind == HX_CONLLU_RANGE) covered = row->last;
        if (line.len > 0) (void)hx_buf_append_byte(&line, ' ');
        hx_str form = row->columns[HX_CONLLU_FORM];
        for (size_t k = 0; k < form.len; k++)
            if (form.ptr[k] != ' ') (void)hx_buf_append_byte(&line, form.ptr[k]);
    }
    hx_status st = hx_buf_status(&line, "a sentence", err);
    *out = hx_arena_str(arena, hx_buf_str(&line));
    hx_buf_release(&line);
    return st == HX_OK && !out->ptr ? raw_memory(err) : st;
}

hx_status hx_conllu_lines(const char *path, hx_arena *arena, hx_str **out, size_t *n,
                          hx_error *err) {
    hx_conllu_sentence *sentences = NULL;
    hx_buf bytes;
    hx_buf_init(&bytes, RAW_FILE_MAX);
    *n = 0;
    hx_status st = hx_file_read_input(path, &bytes, err);
    if (st == HX_OK) st = hx_conllu_read(hx_buf_str(&bytes), arena, &sentences, n, err);
    *out = hx_arena_alloc(arena, (*n + 1) * sizeof **out);
    if (st == HX_OK && !*out) st = raw_memory(err);
    for (size_t i = 0; i < *n && st == HX_OK; i++)
        st = put_words(&sentences[i], arena, &(*out)[i], err);
    hx_buf_release(&bytes);
    return st;
}
