/* intent_parts.c - all intents of a text and where it says each: its clauses are read for themselves, in one pass of a language model.
 *
 *     我要退款，另外发票什么时候开？      refund [我要退款，]  invoice [另外发票什么时候开？]
 *
 * The whole text decides first, since a clause torn from its neighbours may say something else; a clause adds an intent only where it is quite
 * sure of it. Clauses of one or two characters, and texts of more than PARTS_MAX clauses (then sentences are taken), are not read apart. */
#include "base/error.h"
#include "text/annotator.h"
#include "text/clause.h"

enum { PARTS_MAX = 24, PART_BYTES_LEAST = 6 };
static const double part_least = 0.2; /* less likely ones are left out, but for the label itself */
static const double part_place =
    0.3; /* a clause this likely is where an intent of the whole stands */

/* Where clauses (or sentences alone) begin, as spans of the text as given; *n = 0 where there are too many or one. */
static hx_status find_parts(hx_annotator *a, hx_str text, hx_span *list, size_t *n, hx_error *err) {
    hx_analysis analysis;
    hx_mentions mentions;
    hx_clauses clauses;
    *n = 0;
    hx_arena_reset(a->scratch);
    HX_TRY(hx__text_analyse(a, text, &analysis, err));
    if (analysis.n_words == 0) return HX_OK;
    HX_TRY(hx__mentions_find(a, &analysis, &mentions, err));
    HX_TRY(hx__clauses_find(a, &analysis, &mentions, &clauses, err));
    const bool sentences = clauses.n > PARTS_MAX;
    uint32_t from = 0;
    for (size_t i = 1; i <= clauses.n; i++) {
        const bool last = i == clauses.n;
        const uint32_t to = last ? (uint32_t)analysis.clean.text.len : clauses.list[i].start;
        if (!last && (to - from < PART_BYTES_LEAST || (sentences && !clauses.list[i].sentence)))
            continue;
        if (*n == PARTS_MAX) {
            *n = 0;
            return HX_OK;
        }
        if (to > from) list[(*n)++] = hx__clean_span(&analysis.clean, from, to);
        from = to;
    }
    return HX_OK;
}

static void place(hx_intent_part *part, const hx_intent *said, const hx_span *spans, size_t n) {
    double best = part_place;
    bool found = false;
    for (size_t i = 0; i < n; i++)
        if (said[i].scores[part->label] > best) {
            best = said[i].scores[part->label];
            part->span = spans[i];
            found = true;
        }
    if (found && best > part->score) part->score = best;
}

static bool is_listed(const hx_intent_part *list, size_t n, hx_intent_label label) {
    for (size_t i = 0; i < n; i++)
        if (list[i].label == label) return true;
    return false;
}

/* In the text's order; one that takes the whole text first, then the surer one. */
static bool is_before(const hx_intent_part *x, const hx_intent_part *y) {
    if (x->span.start != y->span.start) return x->span.start < y->span.start;
    return x->score > y->score;
}

static void sort_parts(hx_intent_part *list, size_t n) {
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && is_before(&list[k], &list[k - 1]); k--) {
            const hx_intent_part swap = list[k];
            list[k] = list[k - 1];
            list[k - 1] = swap;
        }
}

static size_t collect(const hx_intent *whole, const hx_intent *said, const hx_span *spans, size_t n,
                      size_t text_len, hx_intent_part *list) {
    size_t n_list = 0;
    for (int k = 0; k < HX_INTENT_N; k++) {
        if (k == HX_INTENT_OTHER || !(whole->holds >> k & 1)) continue;
        list[n_list] =
            (hx_intent_part){(hx_intent_label)k, whole->scores[k], {0, (uint32_t)text_len}};
        place(&list[n_list], said, spans, n);
        const bool kept = k == (int)whole->label || list[n_list].score >= part_least;
        n_list += kept;
    }
    for (size_t i = 0; i < n; i++) {
        const hx_intent_label label = said[i].label;
        if (label == HX_INTENT_OTHER || said[i].score < HX_INTENT_PART_SURE ||
            is_listed(list, n_list, label))
            continue;
        list[n_list++] = (hx_intent_part){label, said[i].score, spans[i]};
    }
    sort_parts(list, n_list);
    return n_list;
}

static hx_status read_parts(hx_annotator *a, hx_str text, const hx_span *spans, size_t n,
                            hx_arena *arena, hx_intent *said, hx_error *err) {
    hx_str texts[PARTS_MAX];
    for (size_t i = 0; i < n; i++)
        texts[i] = (hx_str){text.ptr + spans[i].start, spans[i].end - spans[i].start};
    HX_TRY(hx_text_ahead(a, texts, n, HX_ASKS_INTENT, err));
    for (size_t i = 0; i < n; i++)
        HX_TRY(hx_text_intent(a, texts[i], arena, &said[i], err));
    return HX_OK;
}

hx_status hx_text_intents(hx_annotator *a, hx_annotator *parts, hx_str text, hx_arena *arena,
                          hx_intent *whole, const hx_intent_part **out, size_t *n, hx_error *err) {
    hx_span spans[PARTS_MAX];
    size_t n_parts = 0;
    *n = 0;
    HX_TRY(hx_text_intent(a, text, arena, whole, err));
    HX_TRY(find_parts(parts, text, spans, &n_parts, err));
    if (n_parts == 1) n_parts = 0; /* read already */
    hx_intent *said = hx_arena_alloc(arena, (n_parts + 1) * sizeof *said);
    hx_intent_part *list = hx_arena_alloc(arena, (HX_INTENT_N + PARTS_MAX) * sizeof *list);
    if (!said || !list)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for intents in a text of %zu bytes", text.len);
    HX_TRY(read_parts(parts, text, spans, n_parts, arena, said, err));
    *n = collect(whole, said, spans, n_parts, text.len, list);
    *out = list;
    return HX_OK;
}
