/* tagger.c - sentences, words, parts of speech and trees; see tagger.h.
 *
 *     sentence -> its words with one blank between them -> hx_llama_tag_parse() with `words`
 *
 * That is how training reads them: each word encoded by itself, label and arc at its first token. White space inside a user's word is left out
 * there. All sentences of a language, of all texts, go in one call, and one pass says both; it says of each the same bits whatever is beside it.
 *
 * A head reads at most its length in tokens: words behind hang on the root's word as "dep", without a part of speech, which only happens where
 * words of a sentence are spelt byte by byte. */
#include "text/tagger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "text/annotator.h"
#include "text/model.h"
#include "text/small.h"
#include "text/tagger_syntax.h"
#include "text/tagger_words.h"

#define TAGGER_CAP ((size_t)1 << 30) /* bytes */

struct hx_tagger {
    const hx_text_model *model; /* borrowed */
    const hx_small *small; /* borrowed; NULL = none */
    hx_llama_context *context; /* owned; NULL = none */
    hx_word_cutter *cutter; /* owned */
    hx_arena *scratch; /* owned; reset by each call */
    bool no_trees;
};

static hx_status tagger_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
}

hx_status hx_tagger_open(hx_tagger **out, const hx_text_model *m, hx_words_standard standard,
                         hx_error *err) {
    hx_tagger *t = calloc(1, sizeof *t);
    if (!t) return tagger_memory(err);
    t->model = m;
    t->small = m->small;
    t->scratch = hx_arena_new(TAGGER_CAP);
    hx_status st = t->scratch ? HX_OK : tagger_memory(err);
    if (st == HX_OK && t->small)
        st = hx_llama_context_open(&t->context, t->small->llama, NULL, err);
    if (st == HX_OK) st = hx__word_cutter_open(&t->cutter, m, t->context, standard, err);
    if (st != HX_OK) {
        hx_tagger_close(t);
        return st;
    }
    *out = t;
    return HX_OK;
}

void hx_tagger_close(hx_tagger *t) {
    if (!t) return;
    hx__word_cutter_close(t->cutter);
    hx_llama_context_close(t->context);
    hx_arena_free(t->scratch);
    free(t);
}

bool hx_tagger_cuts(const hx_tagger *t) {
    return hx__word_cutter_reads(t->cutter);
}

bool hx_tagger_tags(const hx_tagger *t, bool chinese) {
    return hx__small_has(t->small, chinese ? HX_SMALL_POS_ZH : HX_SMALL_POS_EN);
}

bool hx_tagger_parses(const hx_tagger *t, bool chinese) {
    return hx__small_has(t->small, chinese ? HX_SMALL_TREES_ZH : HX_SMALL_TREES_EN);
}

void hx_tagger_trees(hx_tagger *t, bool wanted) {
    t->no_trees = !wanted;
}

hx_annotator *hx__tagger_annotator(const hx_tagger *t) {
    return hx__word_cutter_annotator(t->cutter);
}

const hx_small *hx__tagger_small(const hx_tagger *t, hx_llama_context **context) {
    *context = t->context;
    return t->small;
}

hx_status hx_tagger_cut(hx_tagger *t, const hx_str *texts, size_t n, hx_arena *arena,
                        hx_tagged_text *out, hx_error *err) {
    return hx__word_cutter_cut(t->cutter, texts, n, arena, out, err);
}

hx_status hx_tagger_read(hx_tagger *t, const hx_str *texts, size_t n, hx_arena *arena,
                         hx_tagged_text *out, hx_error *err) {
    HX_TRY(hx_tagger_cut(t, texts, n, arena, out, err));
    return hx_tagger_parse(t, texts, out, n, err);
}

/* ------------------------------------------------------------------ what the heads read */
typedef struct {
    hx_tagged_sentence **sentences; /* (n) */
    hx_str *lines; /* (n): words with blanks between */
    uint32_t **starts; /* (n): where each word begins in its line */
    const hx_str **words; /* (n): the words in the line, */
    size_t *n_words; /* and how many */
    size_t n;
} tagger_lines;

static bool is_ascii_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static hx_status put_line(hx_tagger *t, hx_str text, hx_tagged_sentence *s, tagger_lines *to,
                          hx_error *err) {
    size_t bytes = 1, at = 0;
    for (size_t i = 0; i < s->n; i++)
        bytes += s->words[i].span.end - s->words[i].span.start + 1;
    char *line = hx_arena_alloc(t->scratch, bytes);
    uint32_t *starts = hx_arena_alloc(t->scratch, (s->n + 1) * sizeof *starts);
    hx_str *words = hx_arena_alloc(t->scratch, (s->n + 1) * sizeof *words);
    if (!line || !starts || !words) return tagger_memory(err);
    for (size_t i = 0; i < s->n; i++) {
        if (i > 0) line[at++] = ' ';
        starts[i] = (uint32_t)at;
        for (uint32_t k = s->words[i].span.start; k < s->words[i].span.end; k++)
            if (!is_ascii_blank(text.ptr[k])) line[at++] = text.ptr[k];
        words[i] = (hx_str){line + starts[i], at - starts[i]};
    }
    to->words[to->n] = words;
    to->n_words[to->n] = s->n;
    to->sentences[to->n] = s;
    to->starts[to->n] = starts;
    to->lines[to->n++] = (hx_str){line, at};
    return HX_OK;
}

static hx_status gather_lines(hx_tagger *t, const hx_str *texts, hx_tagged_text *out, size_t n,
                              bool chinese, tagger_lines *to, hx_error *err) {
    size_t most = 1;
    for (size_t i = 0; i < n; i++)
        most += out[i].n;
    *to = (tagger_lines){.sentences = hx_arena_alloc(t->scratch, most * sizeof *to->sentences),
                         .lines = hx_arena_alloc(t->scratch, most * sizeof *to->lines),
                         .starts = hx_arena_alloc(t->scratch, most * sizeof *to->starts),
                         .words = hx_arena_alloc(t->scratch, most * sizeof *to->words),
                         .n_words = hx_arena_alloc(t->scratch, most * sizeof *to->n_words)};
    if (!to->sentences || !to->lines || !to->starts || !to->words || !to->n_words)
        return tagger_memory(err);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < out[i].n; k++)
            if (out[i].sentences[k].chinese == chinese && out[i].sentences[k].n > 0)
                HX_TRY(put_line(t, texts[i], &out[i].sentences[k], to, err));
    return HX_OK;
}

/* ------------------------------------------------------------------ what they say */
/* The word that a span is of, from *at on; n = none. Where every word has one, they are in order, also where the head reads lower case. */
static size_t word_at(const uint32_t *starts, size_t n, size_t n_said, uint32_t start, size_t *at) {
    if (n_said == n) return (*at)++;
    while (*at < n && starts[*at] != start)
        ++*at;
    return *at < n ? (*at)++ : n;
}

/* Parts of speech on their way into the lines: what the head says, joined with what the words around say. */
typedef struct {
    hx_tagger *t;
    const tagger_lines *lines;
    const hx_tags *tags; /* (lines); NULL = the model has no such head */
    size_t head;
    hx_syntax_joiner join;
} upos_reader;

static void take_upos(const upos_reader *r, size_t i) {
    const tagger_lines *l = r->lines;
    hx_tagged_sentence *s = l->sentences[i];
    const hx_tags *tags = &r->tags[i];
    for (size_t k = 0, at = 0; k < tags->n; k++) {
        size_t w = word_at(l->starts[i], s->n, tags->n, tags->tags[k].span.start, &at);
        uint32_t label = tags->tags[k].label;
        if (w == s->n) continue;
        if (tags->logs)
            label = hx__join_upos(&r->join, l->words[i], s->n, w, tags->logs + k * r->join.n);
        s->words[w].upos = hx_llama_head_label(r->t->small->llama, r->head, label);
    }
}

/* For the tree of line i, whose tags stand there already; NULL when out of memory. */
static const char *const *upos_of_line(void *self, size_t i) {
    const upos_reader *r = self;
    const hx_tagged_sentence *s = r->lines->sentences[i];
    const char **upos = hx_arena_alloc(r->t->scratch, (s->n + 1) * sizeof *upos);
    if (!upos) return NULL;
    if (r->tags) take_upos(r, i);
    for (size_t k = 0; k < s->n; k++)
        upos[k] = s->words[k].upos;
    return upos;
}

/* Words that were not read hang on the root's word. */
static void hang_rest(hx_tagged_sentence *s) {
    uint32_t root = 0;
    for (size_t k = 0; k < s->n && root == 0; k++)
        if (s->words[k].deprel && s->words[k].head == 0) root = (uint32_t)k + 1;
    for (size_t k = 0; k < s->n; k++) {
        if (s->words[k].deprel) continue;
        s->words[k].deprel = root == 0 ? "root" : "dep";
        s->words[k].head = root;
        if (root == 0) root = (uint32_t)k + 1;
    }
}

static hx_status take_arcs(hx_tagger *t, const tagger_lines *l, size_t i, size_t head,
                           const hx_tree *tree, hx_error *err) {
    hx_tagged_sentence *s = l->sentences[i];
    size_t *which = hx_arena_alloc(t->scratch, (tree->n + 1) * sizeof *which), at = 0;
    if (!which) return tagger_memory(err);
    for (size_t k = 0; k < tree->n; k++)
        which[k] = word_at(l->starts[i], s->n, tree->n, tree->arcs[k].span.start, &at);
    for (size_t k = 0; k < tree->n; k++) {
        const hx_arc *arc = &tree->arcs[k];
        if (which[k] == s->n || (arc->head > 0 && which[arc->head - 1] == s->n)) continue;
        hx_tagged_word *w = &s->words[which[k]];
        w->head = arc->head ? (uint32_t)which[arc->head - 1] + 1 : 0;
        w->deprel = arc->head ? hx_llama_head_label(t->small->llama, head, arc->label) : "root";
    }
    hang_rest(s);
    return HX_OK;
}

static hx_status ask_heads(hx_tagger *t, const tagger_lines *l, const hx_tag_options *tag,
                           const hx_tag_options *parse, hx_tags *tags, hx_tree *trees,
                           hx_error *err) {
    if (tags && trees)
        return hx_llama_tag_parse(t->context, l->lines, l->n, tag, parse, t->scratch, tags, trees,
                                  err);
    return trees ? hx_llama_parse(t->context, l->lines, l->n, parse, t->scratch, trees, err)
                 : hx_llama_tag(t->context, l->lines, l->n, tag, t->scratch, tags, err);
}

/* Parts of speech and trees of all lines, by the heads that there are (NULL in `tags`, `trees` = none): from one pass where both are. */
static hx_status say_lines(hx_tagger *t, const tagger_lines *l, const size_t *heads, bool chinese,
                           hx_tags *tags, hx_tree *trees, hx_error *err) {
    const hx_llama *m = t->small->llama;
    const hx_beside *b = t->model->beside;
    upos_reader reader = {.t = t, .lines = l, .tags = tags, .head = heads[0]};
    hx_tree_joiner joiner = {.words = l->words, .n_words = l->n_words, .upos = upos_of_line};
    hx_tag_options tag = {.words = true, .apart = true}, parse = {.words = true};
    joiner.self = &reader;
    if (tags) {
        reader.join = hx__syntax_joiner(b, HX_SYNTAX_UPOS, m, heads[0], chinese);
        tag.head = hx_llama_head_of(m, heads[0])->name;
        tag.logs = reader.join.part != NULL;
    }
    if (trees) {
        joiner.arcs = hx__syntax_joiner(b, HX_SYNTAX_ARCS, m, heads[1], chinese);
        joiner.relations = hx__syntax_joiner(b, HX_SYNTAX_RELATIONS, m, heads[1], chinese);
        parse.head = hx_llama_head_of(m, heads[1])->name;
    }
    const hx_tree_beside beside = hx__join_trees(&joiner);
    if (joiner.arcs.part || joiner.relations.part) parse.beside = &beside;
    HX_TRY(ask_heads(t, l, &tag, &parse, tags, trees, err));
    for (size_t i = 0; tags && i < l->n; i++)
        take_upos(&reader, i);
    for (size_t i = 0; trees && i < l->n; i++)
        HX_TRY(take_arcs(t, l, i, heads[1], &trees[i], err));
    return HX_OK;
}

static hx_status say_language(hx_tagger *t, const tagger_lines *l, bool chinese, hx_error *err) {
    const hx_small_task pos = chinese ? HX_SMALL_POS_ZH : HX_SMALL_POS_EN,
                        tree = chinese ? HX_SMALL_TREES_ZH : HX_SMALL_TREES_EN;
    const bool tags_them = hx__small_has(t->small, pos),
               parses = hx__small_has(t->small, tree) && !t->no_trees;
    const size_t heads[2] = {t->small->heads[pos], t->small->heads[tree]};
    hx_tags *tags = hx_arena_alloc(t->scratch, (l->n + 1) * sizeof *tags);
    hx_tree *trees = hx_arena_alloc(t->scratch, (l->n + 1) * sizeof *trees);
    if (!tags || !trees) return tagger_memory(err);
    if (l->n == 0 || (!tags_them && !parses)) return HX_OK;
    return say_lines(t, l, heads, chinese, tags_them ? tags : NULL, parses ? trees : NULL, err);
}

static void forget_trees(hx_tagged_text *out, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < out[i].n; k++)
            for (size_t w = 0; w < out[i].sentences[k].n; w++) {
                hx_tagged_word *word = &out[i].sentences[k].words[w];
                word->upos = word->deprel = NULL;
                word->head = HX_TAGGED_NO_HEAD;
            }
}

hx_status hx_tagger_parse(hx_tagger *t, const hx_str *texts, hx_tagged_text *out, size_t n,
                          hx_error *err) {
    hx_arena_reset(t->scratch);
    forget_trees(out, n);
    for (int chinese = 0; chinese < 2 && t->small; chinese++) {
        tagger_lines l;
        HX_TRY(gather_lines(t, texts, out, n, chinese, &l, err));
        HX_TRY(say_language(t, &l, chinese != 0, err));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ CoNLL-U */
static hx_str words_text(hx_str text, const hx_tagged_word *from, const hx_tagged_word *to) {
    return (hx_str){text.ptr + from->span.start, to->span.end - from->span.start};
}

/* A column holds no tab or end of line. */
static hx_str column_text(hx_str s, hx_arena *arena) {
    hx_str copy = hx_arena_str(arena, s);
    char *to = (char *)(uintptr_t)copy.ptr;
    for (size_t i = 0; copy.ptr && i < copy.len; i++)
        if (is_ascii_blank(to[i])) to[i] = ' ';
    return copy;
}

static void blank_columns(hx_conllu_row *row, uint32_t id, bool space) {
    *row = (hx_conllu_row){.kind = HX_CONLLU_WORD, .id = id, .last = id, .head = HX_CONLLU_NO_HEAD};
    for (int c = 0; c < HX_CONLLU_COLUMNS; c++)
        row->columns[c] = HX_STR_LIT("_");
    if (!space) row->columns[HX_CONLLU_MISC] = HX_STR_LIT("SpaceAfter=No");
}

/* Whether white space, or nothing at all, is behind word i. */
static bool has_space(hx_str text, const hx_tagged_sentence *s, size_t i) {
    uint32_t end = s->words[i].span.end;
    return end >= text.len || is_ascii_blank(text.ptr[end]);
}

static size_t written_end(const hx_tagged_sentence *s, size_t i) {
    while (i + 1 < s->n && s->words[i + 1].joins)
        i++;
    return i;
}

static void number_row(hx_conllu_row *row, hx_arena *arena) {
    char id[32];
    int n = row->kind == HX_CONLLU_RANGE ? snprintf(id, sizeof id, "%u-%u", row->id, row->last)
                                         : snprintf(id, sizeof id, "%u", row->id);
    row->columns[HX_CONLLU_ID] = hx_arena_str(arena, (hx_str){id, (size_t)n});
}

static void put_word_row(hx_str text, const hx_tagged_sentence *s, size_t i, bool in_range,
                         hx_arena *arena, hx_conllu_row *row) {
    const hx_tagged_word *w = &s->words[i];
    blank_columns(row, (uint32_t)i + 1, in_range || has_space(text, s, i));
    number_row(row, arena);
    row->columns[HX_CONLLU_FORM] = column_text(words_text(text, w, w), arena);
    if (w->upos) row->columns[HX_CONLLU_UPOS] = hx_str_of(w->upos);
    if (!w->deprel) return;
    row->columns[HX_CONLLU_DEPREL] = hx_str_of(w->deprel);
    row->head = w->head;
}

static hx_status put_sentence(hx_str text, const hx_tagged_sentence *s, hx_arena *arena,
                              hx_conllu_sentence *out, hx_error *err) {
    *out = (hx_conllu_sentence){.n_words = s->n};
    out->rows = hx_arena_alloc(arena, (2 * s->n + 1) * sizeof *out->rows);
    if (!out->rows) return tagger_memory(err);
    for (size_t i = 0, last = 0; i < s->n; i++) {
        if (i == 0 || i > last) {
            last = written_end(s, i);
            hx_conllu_row *row = &out->rows[out->n_rows];
            if (last > i) {
                blank_columns(row, (uint32_t)i + 1, has_space(text, s, last));
                row->kind = HX_CONLLU_RANGE;
                row->last = (uint32_t)last + 1;
                number_row(row, arena);
                row->columns[HX_CONLLU_FORM] =
                    column_text(words_text(text, &s->words[i], &s->words[last]), arena);
                out->n_rows++;
            }
        }
        bool in_range = s->words[i].joins || last > i;
        put_word_row(text, s, i, in_range, arena, &out->rows[out->n_rows++]);
    }
    for (size_t i = 0; i < out->n_rows; i++)
        if (!out->rows[i].columns[HX_CONLLU_FORM].ptr || !out->rows[i].columns[HX_CONLLU_ID].ptr)
            return tagger_memory(err);
    return HX_OK;
}

hx_status hx__tagged_conllu(hx_str text, const hx_tagged_text *said, hx_arena *arena,
                            hx_conllu_sentence **out, size_t *n, hx_error *err) {
    *out = hx_arena_alloc(arena, (said->n + 1) * sizeof **out);
    *n = 0;
    if (!*out) return tagger_memory(err);
    for (size_t i = 0; i < said->n; i++)
        if (said->sentences[i].n > 0)
            HX_TRY(put_sentence(text, &said->sentences[i], arena, &(*out)[(*n)++], err));
    return HX_OK;
}

hx_status hx_tagged_conllu(hx_str text, const hx_tagged_text *said, hx_arena *arena, hx_str *out,
                           hx_error *err) {
    hx_conllu_sentence *sentences;
    size_t n;
    HX_TRY(hx__tagged_conllu(text, said, arena, &sentences, &n, err));
    return hx_conllu_write(sentences, n, arena, out, err);
}
