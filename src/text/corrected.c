/* corrected.c - see corrected.h.
 *
 * An edit "whenit" -> "when it" changes one place only: what both sides begin and end with is no part of the change, so its piece is the blank alone.
 *
 *     as given     [0 ......... from)[from, to)[to ..........        piece: bytes [from, to) became bytes [at, end)
 *     corrected    [0 ......... at)  [at, end) [end .........
 *
 * A byte before a piece keeps its distance to what is before it, a byte behind it to what is behind it; inside the piece there is no finer map, so a
 * span that touches it has all of it. Spans that ascend ascend after that too, and begin and end between characters. */
#include "text/corrected.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "text/model.h"

#define CORRECTIONS_CAP ((size_t)4 << 30)

struct hx_correcting {
    hx_corrector *corrector; /* owned */
    hx_arena *arena; /* owned; of the texts read last */
    hx_map places; /* hash of a text -> its place + 1 */
    hx_str *texts; /* (n) in arena */
    hx_correction *said; /* (n) in arena */
    size_t n;
};

/* ------------------------------------------------------------------ reading */
hx_status hx__correcting_new(hx_correcting **out, const hx_correct_model *m, hx_error *err) {
    hx_correcting *c = calloc(1, sizeof *c);
    if (!c) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_map_init(&c->places);
    c->arena = hx_arena_new(CORRECTIONS_CAP);
    hx_status st = c->arena ? hx_corrector_new(&c->corrector, m, err)
                            : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st != HX_OK) {
        hx__correcting_free(c);
        return st;
    }
    *out = c;
    return HX_OK;
}

void hx__correcting_free(hx_correcting *c) {
    if (!c) return;
    hx_corrector_free(c->corrector);
    hx_map_release(&c->places);
    hx_arena_free(c->arena);
    free(c);
}

/* One of each; a text whose hash is another's waits until it is asked for. */
static hx_status gather(hx_correcting *c, const hx_str *texts, size_t n, hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (texts[i].len > HX_TEXT_MAX) continue;
        uint64_t *place = hx_map_put(&c->places, hx_hash(texts[i]));
        if (!place) return hx_fail(err, HX_ENOMEM, "out of memory");
        if (*place) continue;
        c->texts[c->n] = hx_arena_str(c->arena, texts[i].ptr ? texts[i] : HX_STR_LIT(""));
        if (!c->texts[c->n].ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
        *place = ++c->n;
    }
    return HX_OK;
}

hx_status hx__correcting_read(hx_correcting *c, const hx_str *texts, size_t n, hx_error *err) {
    hx_arena_reset(c->arena);
    hx_map_reset(&c->places);
    c->n = 0;
    c->texts = hx_arena_alloc(c->arena, (n + 1) * sizeof *c->texts);
    c->said = hx_arena_alloc(c->arena, (n + 1) * sizeof *c->said);
    if (!c->texts || !c->said) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = gather(c, texts, n, err);
    if (st == HX_OK) st = hx_correct_texts(c->corrector, c->texts, c->n, c->arena, c->said, err);
    if (st != HX_OK) c->n = 0;
    return st;
}

const hx_correction *hx__correcting_kept(const hx_correcting *c, hx_str text) {
    const uint64_t *place = hx_map_get(&c->places, hx_hash(text));
    size_t i = place ? (size_t)*place : 0;
    return i > 0 && i <= c->n && hx_str_equal(c->texts[i - 1], text) ? &c->said[i - 1] : NULL;
}

hx_status hx__correcting_of(hx_correcting *c, hx_str text, const hx_correction **out,
                            hx_error *err) {
    static const hx_correction none = {{"", 0}, NULL, 0};
    *out = hx__correcting_kept(c, text);
    if (*out) return HX_OK;
    HX_TRY(hx__correcting_read(c, &text, 1, err));
    *out = hx__correcting_kept(c, text);
    if (!*out) *out = &none;
    return HX_OK;
}

/* ------------------------------------------------------------------ places */
typedef struct {
    size_t from, to; /* of the text as given */
    size_t at, end; /* of the corrected text */
} piece;

static bool is_inside(hx_str s, size_t at) {
    return at > 0 && at < s.len && ((unsigned char)s.ptr[at] & 0xC0) == 0x80;
}

/* `moved`: how far the corrected text is ahead before this edit; what both sides share is left out. */
static piece piece_of(const hx_edit *e, int64_t moved) {
    hx_str a = e->from, b = e->to;
    size_t least = a.len < b.len ? a.len : b.len, before = 0, behind = 0;
    while (before < least && a.ptr[before] == b.ptr[before])
        before++;
    while (is_inside(a, before) || is_inside(b, before))
        before--;
    while (behind < least - before && a.ptr[a.len - 1 - behind] == b.ptr[b.len - 1 - behind])
        behind++;
    while (is_inside(a, a.len - behind) || is_inside(b, b.len - behind))
        behind--;
    size_t at = (size_t)((int64_t)e->span.start + moved);
    return (piece){.from = e->span.start + before,
                   .to = e->span.end - behind,
                   .at = at + before,
                   .end = at + b.len - behind};
}

static size_t before(hx_str s, size_t at) {
    if (at > 0) at--;
    while (is_inside(s, at))
        at--;
    return at;
}

static size_t behind(hx_str s, size_t at) {
    if (at < s.len) at++;
    while (is_inside(s, at))
        at++;
    return at;
}

hx_span hx__original_span(const hx_correction *c, hx_str given, hx_span span) {
    int64_t moved = 0;
    size_t start = span.start, end = span.end;
    for (size_t i = 0; i < c->n_edits; i++) {
        piece p = piece_of(&c->edits[i], moved);
        moved += (int64_t)c->edits[i].to.len - (int64_t)c->edits[i].from.len;
        if (p.at > span.start && p.at >= span.end) break;
        if (span.start >= p.end)
            start = span.start - p.end + p.to;
        else if (span.start >= p.at)
            start = p.from;
        if (span.end > p.at) end = span.end > p.end ? span.end - p.end + p.to : p.to;
    }
    if (span.start >= span.end) end = start;
    if (span.start < span.end && start >= end) {
        end = start;
        start = before(given, start);
        if (start == end) end = behind(given, end);
    }
    return (hx_span){(uint32_t)start, (uint32_t)end};
}

/* ------------------------------------------------------------------ annotations */
static hx_status put_evidence(const hx_correction *c, hx_str given, hx_arena *arena,
                              const hx_evidence **list, size_t n, hx_error *err) {
    hx_evidence *copy = hx_arena_alloc(arena, (n + 1) * sizeof *copy);
    if (!copy) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        copy[i] = (hx_evidence){hx__original_span(c, given, (*list)[i].span), (*list)[i].weight};
    *list = copy;
    return HX_OK;
}

static hx_status put_keywords(const hx_correction *c, hx_str given, hx_arena *arena,
                              hx_annotation *a, hx_error *err) {
    hx_keyword *copy = hx_arena_alloc(arena, (a->n_keywords + 1) * sizeof *copy);
    if (!copy) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < a->n_keywords; i++) {
        copy[i] = a->keywords[i];
        copy[i].span = hx__original_span(c, given, copy[i].span);
    }
    a->keywords = copy;
    return HX_OK;
}

static hx_status put_aspects(const hx_correction *c, hx_str given, hx_arena *arena,
                             hx_annotation *a, hx_error *err) {
    hx_aspect *copy = hx_arena_alloc(arena, (a->n_aspects + 1) * sizeof *copy);
    if (!copy) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < a->n_aspects; i++) {
        copy[i] = a->aspects[i];
        copy[i].span = hx__original_span(c, given, copy[i].span);
        copy[i].opinion = hx__original_span(c, given, copy[i].opinion);
        HX_TRY(put_evidence(c, given, arena, &copy[i].evidence, copy[i].n_evidence, err));
    }
    a->aspects = copy;
    return HX_OK;
}

hx_status hx__original_annotation(const hx_correction *c, hx_str given, hx_arena *arena,
                                  hx_annotation *a, hx_error *err) {
    if (c->n_edits == 0) return HX_OK;
    HX_TRY(put_evidence(c, given, arena, &a->sentiment.evidence, a->sentiment.n_evidence, err));
    HX_TRY(put_evidence(c, given, arena, &a->intent.evidence, a->intent.n_evidence, err));
    HX_TRY(put_evidence(c, given, arena, &a->emotion.evidence, a->emotion.n_evidence, err));
    HX_TRY(put_keywords(c, given, arena, a, err));
    return put_aspects(c, given, arena, a, err);
}

/* ------------------------------------------------------------------ what was done */
static const char *const mode_names[HX_CORRECT_N] = {"off", "suggest", "apply"};

const char *hx_correct_mode_name(hx_correct_mode m) {
    return (unsigned)m < HX_CORRECT_N ? mode_names[m] : "off";
}

bool hx_correct_mode_parse(hx_str name, hx_correct_mode *out) {
    for (int i = 0; i < HX_CORRECT_N; i++)
        if (hx_str_equal(name, hx_str_of(mode_names[i]))) {
            *out = (hx_correct_mode)i;
            return true;
        }
    return false;
}

hx_corrected hx__correction_of(const hx_text_model *m, hx_correct_mode mode) {
    if (!m->corrects || mode == HX_CORRECT_OFF) return (hx_corrected){.mode = HX_CORRECT_OFF};
    return (hx_corrected){.mode = mode,
                          .engine = hx_correct_model_engine(m->corrects),
                          .threshold = {hx_correct_model_threshold(m->corrects, HX_LANG_ZH),
                                        hx_correct_model_threshold(m->corrects, HX_LANG_EN)},
                          .hash = hx_correct_model_hash(m->corrects)};
}

hx_status hx__correction_keep(const hx_correction *c, hx_arena *arena, hx_corrected *out,
                              hx_error *err) {
    hx_edit *edits = hx_arena_alloc(arena, (c->n_edits + 1) * sizeof *edits);
    if (!edits) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < c->n_edits; i++) {
        const hx_edit *e = &c->edits[i];
        edits[i] = (hx_edit){.span = e->span,
                             .from = hx_arena_str(arena, e->from),
                             .to = hx_arena_str(arena, e->to),
                             .score = e->score};
        if (!edits[i].from.ptr || !edits[i].to.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    out->edits = edits;
    out->n_edits = c->n_edits;
    return HX_OK;
}

hx_str hx__corrected_text(const hx_corrected *c, hx_str given, hx_arena *arena) {
    size_t len = given.len, used = 0, at = 0;
    if (c->mode != HX_CORRECT_APPLY || c->n_edits == 0) return given;
    for (size_t i = 0; i < c->n_edits; i++)
        len += c->edits[i].to.len;
    char *text = hx_arena_alloc(arena, len + 1);
    if (!text) return (hx_str){NULL, 0};
    for (size_t i = 0; i < c->n_edits; i++) {
        const hx_edit *e = &c->edits[i];
        memcpy(text + used, given.ptr + at, e->span.start - at);
        used += e->span.start - at;
        if (e->to.len > 0) memcpy(text + used, e->to.ptr, e->to.len);
        used += e->to.len;
        at = e->span.end;
    }
    if (given.len > at) memcpy(text + used, given.ptr + at, given.len - at);
    return (hx_str){text, used + given.len - at};
}
