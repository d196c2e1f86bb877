/* clause.c - one pass over words and mentions together.
 *
 *     物流很快，  |  但是  价格太贵。  ||  Nice screen,  |  bad sound
 *     clause      |  clause           ||  sentence      |  clause
 *
 * Pause marks: , ; : ~ and ellipses; those that end a sentence: . ! ? 。 An enumeration comma (、) parts nothing: 价格、服务都好. An
 * adversative (但是, but) begins a clause where no mark stands. A blank between two Chinese words is a pause mark, since
 * many writers use no other; so is one behind an emoji. */
#include "text/clause.h"

#include <string.h>

#include "base/error.h"
#include "text/annotator.h"

typedef enum { PAUSE_NONE = 0, PAUSE_CLAUSE, PAUSE_SENTENCE } pause_kind;

static pause_kind pause_of(const hx_analysis *t, size_t i) {
    const hx_cut *c = &t->words[i];
    hx_str text = t->clean.text;
    if (c->kind == HX_CUT_MARK) {
        hx_str mark = hx__cut_text(&t->clean, c);
        if (mark.len == 1 && strchr(".!?", mark.ptr[0])) return PAUSE_SENTENCE;
        if (mark.len == 1 && strchr(",;:~", mark.ptr[0])) return PAUSE_CLAUSE;
        if (mark.len == 3 && memcmp(mark.ptr, "。", 3) == 0) return PAUSE_SENTENCE;
        bool dots = mark.len > 1 && (mark.ptr[0] == '.' || memcmp(mark.ptr, "…", 2) == 0);
        return dots ? PAUSE_CLAUSE : PAUSE_NONE;
    }
    bool blank = c->end < text.len && text.ptr[c->end] == ' ';
    bool next_han = i + 1 < t->n_words && t->words[i + 1].kind == HX_CUT_HAN;
    bool own = c->kind == HX_CUT_HAN || c->kind == HX_CUT_EMOJI;
    return blank && next_han && own ? PAUSE_CLAUSE : PAUSE_NONE;
}

static void begin(hx_clauses *c, uint32_t start, bool sentence) {
    if (c->list[c->n - 1].start == start) {
        c->list[c->n - 1].sentence |= sentence;
    } else {
        c->list[c->n++] = (hx_clause){start, sentence};
    }
}

hx_status hx__clauses_find(hx_annotator *a, const hx_analysis *text, const hx_mentions *mentions,
                           hx_clauses *out, hx_error *err) {
    hx_clauses c = {hx_arena_alloc(a->scratch, (2 * text->n_words + 1) * sizeof *c.list), 1};
    if (!c.list)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       text->clean.text.len);
    c.list[0] = (hx_clause){0, true};
    size_t m = 0;
    for (size_t i = 0; i < text->n_words; i++) {
        for (; m < mentions->n && mentions->list[m].start <= text->words[i].start; m++) {
            const hx_lexeme *l = mentions->list[m].lexeme;
            if (l && (l->roles & HX_ROLE_TURN)) begin(&c, mentions->list[m].start, false);
        }
        pause_kind pause = pause_of(text, i);
        if (pause != PAUSE_NONE) begin(&c, text->words[i].end, pause == PAUSE_SENTENCE);
    }
    *out = c;
    return HX_OK;
}

size_t hx__clause_of(const hx_clauses *c, size_t *from, uint32_t at) {
    while (*from + 1 < c->n && c->list[*from + 1].start <= at)
        ++*from;
    return *from;
}
