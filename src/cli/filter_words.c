/* filter_words.c - words of a standard, parts of speech, trees, triples and names of a text, and how they are written; see filter_words.h.
 *
 *     words --standard: its words · tag: words with UPOS · parse: words with UPOS, head and relation, triples · entities: spans with a kind
 *
 * A tree to look at: a line a word, below the word it hangs on, in the order of the text. Words are numbered from 1 in each sentence, as CoNLL-U
 * has them; start and end are bytes of the text as given. */
#include "cli/filter_words.h"

#include <string.h>

/* ------------------------------------------------------------------ reading */
static bool is_stop(hx_filter_worker *w, hx_str word) {
    const hx_word *words;
    size_t n;
    hx_error err = {0};
    return hx_text_words(w->annotator, word, w->arena, &words, &n, &err) == HX_OK && n == 1 &&
           words[0].stop;
}

static hx_status flat_words(const hx_filter_plan *p, hx_filter_worker *w, hx_str text,
                            hx_filter_words *out, hx_error *err) {
    size_t n = 0;
    for (size_t i = 0; i < out->text.n; i++)
        n += out->text.sentences[i].n;
    out->words = hx_arena_alloc(w->arena, (n + 1) * sizeof *out->words);
    if (!out->words) return err->code = HX_ENOMEM;
    for (size_t i = 0; i < out->text.n; i++)
        for (size_t k = 0; k < out->text.sentences[i].n; k++) {
            hx_span span = out->text.sentences[i].words[k].span;
            hx_str word = {text.ptr + span.start, span.end - span.start};
            out->words[out->n_words++] = (hx_word){span, word, p->no_stop && is_stop(w, word)};
        }
    return HX_OK;
}

static hx_status all_triples(hx_filter_worker *w, hx_filter_words *out, hx_error *err) {
    hx_triple *some;
    size_t most = 1, n;
    for (size_t i = 0; i < out->text.n; i++)
        most += 2 * out->text.sentences[i].n + 1;
    out->triples = hx_arena_alloc(w->arena, most * sizeof *out->triples);
    if (!out->triples) return err->code = HX_ENOMEM;
    for (size_t i = 0; i < out->text.n; i++) {
        hx_status st = hx_triples_find(&out->text.sentences[i], w->arena, &some, &n, err);
        if (st != HX_OK) return st;
        if (n > 0) memcpy(out->triples + out->n_triples, some, n * sizeof *some);
        out->n_triples += n;
    }
    return HX_OK;
}

/* What was read ahead of this very text; false where nothing was. */
static bool take_said(hx_filter_worker *w, hx_str text, hx_tagged_text *out) {
    while (w->said_at < w->n_said) {
        size_t at = w->said_at++;
        if (w->said_of[at].ptr != text.ptr || w->said_of[at].len != text.len) continue;
        *out = w->said[at];
        return true;
    }
    return false;
}

hx_status hx_filter_words_read(const hx_filter_plan *p, hx_filter_worker *w, hx_str text,
                               hx_filter_words *out, hx_error *err) {
    if (p->kind == HX_FILTER_ENTITIES)
        return hx_tagger_entities(w->tagger, text, w->arena, &out->entities, &out->n_entities, err);
    hx_status st = HX_OK;
    if (!take_said(w, text, &out->text))
        st = p->kind == HX_FILTER_WORDS
                 ? hx_tagger_cut(w->tagger, &text, 1, w->arena, &out->text, err)
                 : hx_tagger_read(w->tagger, &text, 1, w->arena, &out->text, err);
    if (p->kind == HX_FILTER_WORDS) return st == HX_OK ? flat_words(p, w, text, out, err) : st;
    if (st == HX_OK && p->kind == HX_FILTER_PARSE) st = all_triples(w, out, err);
    if (st == HX_OK && p->shape == HX_SHAPE_CONLLU)
        st = hx_tagged_conllu(text, &out->text, w->arena, &out->conllu, err);
    return st;
}

/* ------------------------------------------------------------------ JSON */
static hx_str span_text(hx_str text, hx_span span) {
    return (hx_str){text.ptr + span.start, span.end - span.start};
}

static void begin_list(hx_outbuf *b, const char *key) {
    if (b->len > 0 && b->ptr[b->len - 1] != '{') hx_outbuf_byte(b, ',');
    hx_outbuf_printf(b, "\"%s\":[", key);
}

static void put_member(hx_outbuf *b, const char *key, hx_str value) {
    hx_outbuf_printf(b, "\"%s\":", key);
    if (value.len > 0)
        hx_outbuf_json(b, value);
    else
        hx_outbuf_text(b, "null");
}

static void put_place(hx_outbuf *b, hx_span span) {
    hx_outbuf_printf(b, ",\"start\":%u,\"end\":%u}", span.start, span.end);
}

static void json_words(hx_outbuf *b, bool trees, hx_str text, const hx_tagged_text *t) {
    begin_list(b, trees ? "parse" : "tags");
    for (size_t i = 0, shown = 0; i < t->n; i++)
        for (size_t k = 0; k < t->sentences[i].n; k++) {
            const hx_tagged_word *w = &t->sentences[i].words[k];
            hx_outbuf_text(b, shown++ ? ",{" : "{");
            if (trees) hx_outbuf_printf(b, "\"sentence\":%zu,\"id\":%zu,", i + 1, k + 1);
            put_member(b, "word", span_text(text, w->span));
            hx_outbuf_byte(b, ',');
            put_member(b, "upos", hx_str_of(w->upos ? w->upos : ""));
            if (trees && w->deprel) hx_outbuf_printf(b, ",\"head\":%u,", w->head);
            if (trees && !w->deprel) hx_outbuf_text(b, ",\"head\":null,");
            if (trees) put_member(b, "deprel", hx_str_of(w->deprel ? w->deprel : ""));
            put_place(b, w->span);
        }
    hx_outbuf_byte(b, ']');
}

static void json_triples(hx_outbuf *b, hx_str text, const hx_filter_words *f) {
    begin_list(b, "triples");
    for (size_t i = 0; i < f->n_triples; i++) {
        hx_outbuf_text(b, i ? ",{" : "{");
        put_member(b, "subject", span_text(text, f->triples[i].subject));
        hx_outbuf_byte(b, ',');
        put_member(b, "predicate", span_text(text, f->triples[i].predicate));
        hx_outbuf_byte(b, ',');
        put_member(b, "object", span_text(text, f->triples[i].object));
        hx_outbuf_byte(b, '}');
    }
    hx_outbuf_byte(b, ']');
}

static void json_entities(hx_outbuf *b, hx_str text, const hx_filter_words *f) {
    begin_list(b, "entities");
    for (size_t i = 0; i < f->n_entities; i++) {
        const hx_entity *e = &f->entities[i];
        hx_outbuf_text(b, i ? ",{" : "{");
        put_member(b, "text", span_text(text, e->span));
        hx_outbuf_printf(b, ",\"type\":\"%s\",\"score\":", hx_entity_name(e->kind));
        hx_outbuf_score(b, e->score);
        put_place(b, e->span);
    }
    hx_outbuf_byte(b, ']');
}

void hx_filter_words_json(hx_outbuf *b, const hx_filter_plan *p, hx_str text,
                          const hx_filter_words *f) {
    if (p->kind == HX_FILTER_ENTITIES) {
        json_entities(b, text, f);
        return;
    }
    if (!p->triples) json_words(b, p->kind == HX_FILTER_PARSE, text, &f->text);
    if (p->kind == HX_FILTER_PARSE) json_triples(b, text, f);
}

/* ------------------------------------------------------------------ cells */
static void put_text(hx_outbuf *b, hx_str s) {
    hx_outbuf_bytes(b, s.ptr, s.len);
}

static void cell_words(hx_outbuf *b, bool trees, hx_str text, const hx_tagged_text *t) {
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < t->sentences[i].n; k++) {
            const hx_tagged_word *w = &t->sentences[i].words[k];
            if (b->len > 0) hx_outbuf_byte(b, ' ');
            put_text(b, span_text(text, w->span));
            hx_outbuf_printf(b, "/%s", w->upos ? w->upos : "_");
            if (trees && w->deprel) hx_outbuf_printf(b, "/%u/%s", w->head, w->deprel);
        }
}

void hx_filter_words_cell(hx_outbuf *b, hx_str text, const hx_filter_words *f, const char *name) {
    if (strcmp(name, "tags") == 0 || strcmp(name, "parse") == 0)
        cell_words(b, *name == 'p', text, &f->text);
    for (size_t i = 0; i < f->n_triples && strcmp(name, "triples") == 0; i++) {
        if (i > 0) hx_outbuf_text(b, "; ");
        put_text(b, span_text(text, f->triples[i].subject));
        hx_outbuf_text(b, " | ");
        put_text(b, span_text(text, f->triples[i].predicate));
        hx_outbuf_text(b, " | ");
        put_text(b, span_text(text, f->triples[i].object));
    }
    for (size_t i = 0; i < f->n_entities && strcmp(name, "entities") == 0; i++) {
        if (i > 0) hx_outbuf_byte(b, ' ');
        put_text(b, span_text(text, f->entities[i].span));
        hx_outbuf_printf(b, ":%s", hx_entity_name(f->entities[i].kind));
    }
}

/* ------------------------------------------------------------------ trees to look at */
typedef struct {
    uint32_t word;
    uint32_t depth;
    bool last; /* of its head's words */
} tree_line;

static void put_branch(hx_outbuf *b, const tree_line *l, const bool *ended) {
    hx_outbuf_text(b, "   ");
    for (uint32_t d = 1; d < l->depth; d++)
        hx_outbuf_text(b, ended[d] ? "   " : "│  ");
    if (l->depth > 0) hx_outbuf_text(b, l->last ? "└─ " : "├─ ");
}

static size_t push_words(const hx_tagged_sentence *s, uint32_t head, uint32_t depth,
                         tree_line *stack, size_t n) {
    bool last = true;
    for (size_t i = s->n; i-- > 0 && n < HX_TAGGED_WORDS_MAX;)
        if (s->words[i].head == head) {
            stack[n++] = (tree_line){(uint32_t)i, depth, last};
            last = false;
        }
    return n;
}

/* Each line takes one word off the stack, and at most as many lines are made as there are words: also where a tree were none. */
static void put_tree(hx_outbuf *b, hx_str text, const hx_tagged_sentence *s) {
    tree_line stack[HX_TAGGED_WORDS_MAX];
    bool ended[HX_TAGGED_WORDS_MAX + 1] = {false};
    size_t n = push_words(s, 0, 0, stack, 0);
    for (size_t lines = 0; n > 0 && lines < s->n; lines++) {
        const tree_line l = stack[--n];
        const hx_tagged_word *w = &s->words[l.word];
        ended[l.depth] = l.last;
        put_branch(b, &l, ended);
        hx_outbuf_visible(b, span_text(text, w->span), 0);
        hx_outbuf_printf(b, "  %s  %s\n", w->upos ? w->upos : "_", w->deprel);
        if (l.depth < HX_TAGGED_WORDS_MAX) n = push_words(s, l.word + 1, l.depth + 1, stack, n);
    }
}

void hx_filter_words_block(hx_outbuf *b, const hx_filter_plan *p, uint64_t row, hx_str text,
                           const hx_filter_words *f) {
    if (p->shape == HX_SHAPE_CONLLU) {
        if (f->conllu.len > 0) hx_outbuf_printf(b, "# newdoc id = %llu\n", (unsigned long long)row);
        put_text(b, f->conllu);
        return;
    }
    for (size_t i = 0; i < f->text.n; i++) {
        const hx_tagged_sentence *s = &f->text.sentences[i];
        hx_span span = {s->words[0].span.start, s->words[s->n - 1].span.end};
        if (i == 0) hx_outbuf_printf(b, "%llu", (unsigned long long)row);
        hx_outbuf_text(b, "  ");
        hx_outbuf_visible(b, span_text(text, span), 0);
        hx_outbuf_byte(b, '\n');
        if (s->words[0].deprel)
            put_tree(b, text, s);
        else
            hx_outbuf_text(b, "   _\n");
    }
    for (size_t i = 0; i < f->n_triples; i++) {
        hx_outbuf_text(b, "   → ");
        hx_outbuf_visible(b, span_text(text, f->triples[i].subject), 0);
        hx_outbuf_text(b, " | ");
        hx_outbuf_visible(b, span_text(text, f->triples[i].predicate), 0);
        hx_outbuf_text(b, " | ");
        hx_outbuf_visible(b, span_text(text, f->triples[i].object), 0);
        hx_outbuf_byte(b, '\n');
    }
}
