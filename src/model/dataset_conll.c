/* dataset_conll.c - sentences of one word a line, a blank line between them.
 *
 *     CoNLL-U (universaldependencies.org/format.html): ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC between tabs; "# text = ..." is
 *     the sentence as it was; ids such as 3-4 and 5.1 (contractions, empty words) are no words here
 *     .conll, .bio, .iob: WORD ... TAG between tabs or blanks
 *
 * The reader of frame gives lines and counts blank ones, so that a gap in their numbers ends a sentence. A blank inside a word becomes U+00A0. */
#include <string.h>

#include "base/error.h"
#include "model/dataset_parts.h"

#define FIELDS 10
#define WORDS_MAX 65536u

enum {
    FIELD_ID = 0,
    FIELD_FORM,
    FIELD_LEMMA,
    FIELD_UPOS,
    FIELD_XPOS,
    FIELD_FEATS,
    FIELD_HEAD,
    FIELD_DEPREL
};

typedef struct {
    hx_dataset *d;
    hx_buf words, tags; /* joined by blanks */
    hx_buf heads; /* uint32_t */
    hx_buf said; /* of "# text =" */
    size_t tag; /* field */
    size_t n_words;
    bool bad;
    bool is_u; /* heads are known */
    int64_t first, last; /* rows of the sentence; last = of the line before */
    hx__dataset_row row;
} sentence;

bool hx__is_conll(const char *path) {
    static const char *const endings[] = {".conllu", ".conll", ".bio", ".iob"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const char *at = strstr(path, endings[i]);
        const char *rest = at ? at + strlen(endings[i]) : "";
        if (at && (*rest == '\0' || strcmp(rest, ".gz") == 0 || strcmp(rest, ".zst") == 0))
            return true;
    }
    return false;
}

static hx_status choose_field(const char *label, size_t *out, hx_error *err) {
    static const struct {
        const char *name;
        size_t field;
    } known[] = {{"upos", FIELD_UPOS},
                 {"xpos", FIELD_XPOS},
                 {"feats", FIELD_FEATS},
                 {"deprel", FIELD_DEPREL}};
    *out = FIELD_UPOS;
    if (!label) return HX_OK;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, label) == 0) {
            *out = known[i].field;
            return HX_OK;
        }
    return hx_fail(err, HX_EINVAL,
                   "'%s' is no column of tags in CoNLL-U; upos, xpos, feats and deprel are", label);
}

/* ------------------------------------------------------------------ a line */
static size_t split_tabs(hx_str line, hx_str fields[FIELDS]) {
    size_t n = 0;
    while (n < FIELDS) {
        const char *tab = memchr(line.ptr, '\t', line.len);
        size_t len = tab ? (size_t)(tab - line.ptr) : line.len;
        fields[n++] = (hx_str){line.ptr, len};
        if (!tab) break;
        line = (hx_str){tab + 1, line.len - len - 1};
    }
    return n;
}

static bool read_id(hx_str s, uint32_t *out) {
    uint32_t v = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || v > WORDS_MAX) return false;
        v = v * 10 + (uint32_t)(s.ptr[i] - '0');
    }
    *out = v;
    return s.len > 0;
}

static void append_word(hx_buf *out, hx_str s) {
    if (out->len > 0) (void)hx_buf_append_byte(out, ' ');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == ' ')
            (void)hx_buf_append_lit(out, "\xC2\xA0");
        else
            (void)hx_buf_append_byte(out, s.ptr[i]);
    }
}

static void add_word(sentence *s, hx_str form, hx_str tag, uint32_t head) {
    form = hx__text_strip(form);
    tag = hx__text_strip(tag);
    if (form.len == 0 || tag.len == 0 || s->n_words >= WORDS_MAX) {
        s->bad = true;
        return;
    }
    append_word(&s->words, form);
    append_word(&s->tags, tag);
    (void)hx_buf_append(&s->heads, &head, sizeof head);
    s->n_words++;
}

static void add_universal(sentence *s, const hx_str fields[FIELDS]) {
    uint32_t id = 0, head = HX_NO_HEAD;
    hx_str number = fields[FIELD_ID];
    if (memchr(number.ptr, '-', number.len) || memchr(number.ptr, '.', number.len)) return;
    s->is_u = true;
    if (!read_id(number, &id) || id != s->n_words + 1) {
        s->bad = true;
        return;
    }
    if (!hx_str_equal(fields[FIELD_HEAD], HX_STR_LIT("_")) && !read_id(fields[FIELD_HEAD], &head))
        s->bad = true;
    add_word(s, fields[FIELD_FORM], fields[s->tag], head);
}

static void add_plain(sentence *s, hx_str line) {
    hx_str first = {NULL, 0}, last = {NULL, 0}, one;
    for (size_t at = 0; hx__next_word(line, &at, &one); last = one)
        if (!first.ptr) first = one;
    if (first.ptr == last.ptr) last.len = 0; /* a word alone: no tag */
    add_word(s, first, last, HX_NO_HEAD);
}

static void add_line(sentence *s, hx_str line) {
    static const hx_str text = {"# text = ", 9};
    hx_str fields[FIELDS];
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') line.len--;
    if (s->n_words == 0 && line.len > 0 && *line.ptr == '#' &&
        (line.len == 1 || line.ptr[1] == ' ')) {
        if (line.len > text.len && memcmp(line.ptr, text.ptr, text.len) == 0)
            (void)hx_buf_append(&s->said, line.ptr + text.len, line.len - text.len);
        return;
    }
    if (split_tabs(line, fields) == FIELDS)
        add_universal(s, fields);
    else
        add_plain(s, line);
}

/* ------------------------------------------------------------------ a sentence */
static void restart(sentence *s) {
    hx_buf_reset(&s->words);
    hx_buf_reset(&s->tags);
    hx_buf_reset(&s->heads);
    hx_buf_reset(&s->said);
    s->n_words = 0;
    s->bad = false;
    s->first = 0;
}

/* Heads lie beside the labels of the same words; 0 stands for words of other files. */
static hx_status keep_heads(sentence *s, hx_error *err) {
    hx_dataset *d = s->d;
    size_t before = d->many.len - s->n_words * sizeof(uint32_t);
    while (d->heads.len < before) {
        static const uint32_t none = HX_NO_HEAD;
        if (!hx_buf_append(&d->heads, &none, sizeof none)) break;
    }
    (void)hx_buf_append_str(&d->heads, hx_buf_str(&s->heads));
    d->has_heads = true;
    return hx_buf_status(&d->heads, "heads", err);
}

static bool heads_fit(const sentence *s) {
    const uint32_t *heads = (const uint32_t *)(const void *)s->heads.ptr;
    for (size_t i = 0; i < s->n_words; i++)
        if (heads[i] != HX_NO_HEAD && (heads[i] > s->n_words || heads[i] == i + 1)) return false;
    return true;
}

static hx_status finish(sentence *s, hx_error *err) {
    hx_dataset *d = s->d;
    hx_status st = HX_OK;
    if (s->n_words == 0 && !s->bad) {
        restart(s);
        return HX_OK;
    }
    HX_TRY(hx_buf_status(&s->words, "a sentence", err));
    HX_TRY(hx_buf_status(&s->tags, "a sentence", err));
    if (s->bad || !heads_fit(s)) {
        d->check.n_rows++;
        hx__dataset_bad(d, s->first);
    } else {
        size_t before = hx__dataset_n(d);
        s->row.row = s->first;
        s->row.raw = hx_buf_str(&s->words);
        s->row.label = hx_buf_str(&s->tags);
        st = hx__dataset_add(d, &s->row, err);
        if (st == HX_OK && hx__dataset_n(d) > before && s->said.len > 0) {
            hx_str said = hx_arena_str(d->arena, hx_buf_str(&s->said));
            if (said.ptr) hx__examples(d)[before].raw = said;
        }
        if (st == HX_OK && s->is_u && hx__dataset_n(d) > before) st = keep_heads(s, err);
    }
    restart(s);
    return st;
}

static hx_status add_rows(sentence *s, const hx_rows *rows, hx_error *err) {
    for (size_t i = 0; i < rows->n_rows; i++) {
        const hx_row *r = &rows->rows[i];
        if (r->row != s->last + 1) HX_TRY(finish(s, err));
        s->last = r->row;
        if (s->first == 0) s->first = r->row;
        if (r->bad)
            s->bad = true;
        else
            add_line(s, r->raw);
    }
    return HX_OK;
}

static hx_status add_chunks(sentence *s, hx_reader *reader, hx_arena *arena,
                            const volatile int *cancel, hx_error *err) {
    for (;;) {
        hx_chunk *chunk = NULL;
        hx_rows rows;
        HX_TRY(hx_reader_next(reader, &chunk, err));
        if (!chunk) return finish(s, err);
        hx_arena_reset(arena);
        hx_status st = hx_chunk_rows(reader, chunk, arena, &rows, err);
        if (st == HX_OK) st = add_rows(s, &rows, err);
        hx_chunk_free(chunk);
        HX_TRY(st);
        if (hx_flag_is_raised(cancel)) return hx_fail(err, HX_ECANCELLED, "stopped on request");
    }
}

hx_status hx__dataset_read_conll(hx_dataset *d, hx_reader *reader, uint32_t source, hx_part part,
                                 const hx_dataset_options *o, hx_error *err) {
    sentence s = {.d = d, .row = {.source = source, .part = part, .lower = o->lower}};
    HX_TRY(choose_field(o->label, &s.tag, err));
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_init(&s.words, HX_ROW_MAX);
    hx_buf_init(&s.tags, HX_ROW_MAX);
    hx_buf_init(&s.heads, HX_ROW_MAX);
    hx_buf_init(&s.said, HX_ROW_MAX);
    hx_status st = add_chunks(&s, reader, arena, o->cancel, err);
    hx_buf_release(&s.words);
    hx_buf_release(&s.tags);
    hx_buf_release(&s.heads);
    hx_buf_release(&s.said);
    hx_arena_free(arena);
    return st;
}
