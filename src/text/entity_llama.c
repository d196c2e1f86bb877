/* entity_llama.c - names that the model's head `entities` marks.
 *
 *     sentence -> atoms with one blank between -> hx_llama_tag() -> B-X I-X ... -> spans
 *
 * As training reads them: in Chinese sentences each Han character and each mark is an atom, letters and digits together are one; in English ones
 * an atom is a word. A span of the head ends where the next atom is no I- of its kind. Its score is the least of its atoms'. */
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "text/entity.h"

typedef struct {
    hx_span *spans; /* (n) */
    uint32_t *starts; /* (n): in the line */
    size_t n;
    char *line;
    size_t len;
} entity_atoms;

static bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static void put_atom(entity_atoms *a, hx_str text, size_t from, size_t to) {
    if (a->n > 0) a->line[a->len++] = ' ';
    a->starts[a->n] = (uint32_t)a->len;
    a->spans[a->n++] = (hx_span){(uint32_t)from, (uint32_t)to};
    for (size_t i = from; i < to; i++)
        if (text.ptr[i] != ' ' && (text.ptr[i] < '\t' || text.ptr[i] > '\r'))
            a->line[a->len++] = text.ptr[i];
}

static void put_word(entity_atoms *a, hx_str text, const hx_tagged_word *w, bool chinese) {
    hx_str word = {text.ptr, w->span.end};
    size_t at = w->span.start;
    if (!chinese) {
        put_atom(a, text, at, w->span.end);
        return;
    }
    while (at < w->span.end) {
        size_t end = at;
        while (end < w->span.end && is_alnum(text.ptr[end]))
            end++;
        if (end == at) (void)hx_utf8_next(word, &end);
        if (text.ptr[at] != ' ' && (text.ptr[at] < '\t' || text.ptr[at] > '\r'))
            put_atom(a, text, at, end);
        at = end;
    }
}

static hx_status make_atoms(hx_str text, const hx_tagged_sentence *s, hx_arena *scratch,
                            entity_atoms *a, hx_error *err) {
    size_t bytes = 1;
    for (size_t i = 0; i < s->n; i++)
        bytes += s->words[i].span.end - s->words[i].span.start;
    *a = (entity_atoms){.spans = hx_arena_alloc(scratch, bytes * sizeof *a->spans),
                        .starts = hx_arena_alloc(scratch, bytes * sizeof *a->starts),
                        .line = hx_arena_alloc(scratch, 2 * bytes)};
    if (!a->spans || !a->starts || !a->line)
        return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    for (size_t i = 0; i < s->n; i++)
        put_word(a, text, &s->words[i], s->chinese);
    return HX_OK;
}

/* HX_ENTITY_N = no name of a kind we know. */
static hx_entity_kind kind_of(const char *label) {
    static const char *const names[HX_ENTITY_N] = {"PER", "LOC", "ORG", "PRODUCT", "TIME", "MONEY"};
    int k = 0;
    if ((label[0] != 'B' && label[0] != 'I') || label[1] != '-') return HX_ENTITY_N;
    while (k < HX_ENTITY_N && strcmp(label + 2, names[k]) != 0)
        k++;
    return (hx_entity_kind)k;
}

static void take_marks(hx_entity_finds *f, const hx_llama *m, size_t head, const entity_atoms *a,
                       const hx_tags *tags) {
    hx_entity now = {.kind = HX_ENTITY_N};
    size_t at = 0;
    for (size_t i = 0; i < tags->n; i++) {
        const hx_tag *tag = &tags->tags[i];
        while (at < a->n && a->starts[at] != tag->span.start)
            at++;
        if (at == a->n) break;
        const char *label = hx_llama_head_label(m, head, tag->label);
        hx_entity_kind kind = kind_of(label);
        if (kind != now.kind || label[0] == 'B') {
            if (now.kind != HX_ENTITY_N)
                hx__entity_add(f, now.span.start, now.span.end, now.kind, now.score, false);
            now = (hx_entity){a->spans[at], kind, (double)tag->score, false};
        }
        now.span.end = a->spans[at].end;
        if ((double)tag->score < now.score) now.score = (double)tag->score;
    }
    if (now.kind != HX_ENTITY_N)
        hx__entity_add(f, now.span.start, now.span.end, now.kind, now.score, false);
}

hx_status hx__entity_marks(hx_tagger *t, hx_entity_finds *f, hx_arena *scratch, hx_error *err) {
    hx_llama_context *context;
    const hx_small *small = hx__tagger_small(t, &context);
    size_t head = small->heads[HX_SMALL_ENTITIES];
    const hx_tag_options options = {
        .words = true, .apart = true, .head = hx_llama_head_of(small->llama, head)->name};
    hx_tagged_text words;
    HX_TRY(hx_tagger_cut(t, &f->text, 1, scratch, &words, err));
    entity_atoms *atoms = hx_arena_alloc(scratch, (words.n + 1) * sizeof *atoms);
    hx_str *lines = hx_arena_alloc(scratch, (words.n + 1) * sizeof *lines);
    hx_tags *tags = hx_arena_alloc(scratch, (words.n + 1) * sizeof *tags);
    if (!atoms || !lines || !tags)
        return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    for (size_t i = 0; i < words.n; i++) {
        HX_TRY(make_atoms(f->text, &words.sentences[i], scratch, &atoms[i], err));
        lines[i] = (hx_str){atoms[i].line, atoms[i].len};
    }
    if (words.n > 0) HX_TRY(hx_llama_tag(context, lines, words.n, &options, scratch, tags, err));
    for (size_t i = 0; i < words.n; i++)
        take_marks(f, small->llama, head, &atoms[i], &tags[i]);
    return HX_OK;
}
