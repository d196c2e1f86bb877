/* small_say.c - emotions and keywords of the engine `llama`, from what its heads said; see small_read.h.
 *
 * Emotions: the head's labels are named as hx_emotion_name() has them; a label that it does not have keeps 0. There is no evidence: the rules give some,
 * where a caller asks for it.
 *
 * Keywords: where the engine learn stands beside the model, its ranker chooses (on dev it finds more). Else the head marks phrases (B-KEY I-KEY ...). A phrase's text is what stands in the cleaned text between its ends, its span the bytes of the
 * text as given; the same words twice are one, by its surer place; single Chinese characters, single letters and what has neither are none. Scores
 * are divided by the best one's; of equal ones the first comes first. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/utf8.h"
#include "text/annotator.h"
#include "text/beside.h"
#include "text/keyword.h"
#include "text/small_read.h"

enum { PHRASES_MOST = 4096 }; /* of a text: each is compared with those before it */

/* ------------------------------------------------------------------ emotions */
bool hx__small_feels(const hx_small *s, const hx_analysis *text) {
    return hx__small_has(s, HX_SMALL_EMOTION) && text->n_words > 0 &&
           (text->lang == HX_LANG_ZH || text->lang == HX_LANG_MIXED);
}

void hx__small_feeling(const hx_small *s, const hx_small_said *said, hx_emotion *out) {
    size_t head = s->heads[HX_SMALL_EMOTION];
    *out = (hx_emotion){.label = HX_EMOTION_NEUTRAL};
    for (unsigned e = 0; e < HX_EMOTION_N; e++) {
        size_t label = hx__small_label(s, head, hx_emotion_name((hx_emotion_label)e));
        if (label == hx_llama_head_of(s->llama, head)->n_labels) continue;
        out->scores[e] = (double)said->feeling[label];
        if (out->scores[e] > out->scores[out->label]) out->label = (hx_emotion_label)e;
    }
    out->score = out->scores[out->label];
}

/* ------------------------------------------------------------------ keywords */
/* The first clean byte that comes from byte `at` of the original or from behind it. */
static size_t clean_at(const hx_clean *c, uint32_t at) {
    size_t low = 0, high = c->text.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->starts[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_blank_or_mark(unsigned char c) {
    return c < 0x80 && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
           !(c >= 'A' && c <= 'Z');
}

/* The clean words of a phrase without blanks and marks around them; empty where they say nothing. */
static hx_str words_of(const hx_clean *c, hx_span span, size_t *from) {
    size_t start = clean_at(c, span.start), end = clean_at(c, span.end);
    const char *text = c->text.ptr;
    while (start < end && is_blank_or_mark((unsigned char)text[start]))
        start++;
    while (end > start && is_blank_or_mark((unsigned char)text[end - 1]))
        end--;
    *from = start;
    hx_str words = {text + start, end - start};
    if (end == start || hx_utf8_count(words) < 2) words.len = 0;
    return words;
}

static int by_score(const void *x, const void *y) {
    const hx_keyword *a = x, *b = y;
    if (a->score != b->score) return a->score < b->score ? 1 : -1;
    return (a->span.start > b->span.start) - (a->span.start < b->span.start);
}

/* Takes a phrase, or makes the one of the same words surer. */
static void take(hx_keyword *list, size_t *n, const hx_clean *c, hx_str words, size_t from,
                 double score) {
    for (size_t i = 0; i < *n; i++)
        if (hx_str_equal(list[i].text, words)) {
            list[i].score = fmax(list[i].score, score);
            return;
        }
    list[(*n)++] = (hx_keyword){hx__clean_span(c, from, from + words.len), words, score};
}

static hx_status no_memory(const hx_analysis *text, hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                   text->clean.text.len);
}

static hx_status take_marked(const hx_tags *keys, const hx_analysis *text, hx_arena *arena,
                             hx_keyword **out, size_t *n, hx_error *err) {
    size_t room = keys->n < PHRASES_MOST ? keys->n : PHRASES_MOST;
    hx_keyword *list = hx_arena_alloc(arena, (room + 1) * sizeof *list);
    *n = 0;
    if (!list) return no_memory(text, err);
    for (size_t i = 0; i < room; i++) {
        size_t from;
        hx_span span = {keys->tags[i].span.start, keys->tags[i].span.end};
        hx_str words = words_of(&text->clean, span, &from);
        if (words.len > 0) take(list, n, &text->clean, words, from, (double)keys->tags[i].score);
    }
    qsort(list, *n, sizeof *list, by_score);
    *out = list;
    return HX_OK;
}

hx_status hx__small_keywords_find(hx_annotator *a, hx_str given, const hx_analysis *text,
                                  size_t top, hx_arena *arena, const hx_keyword **out, size_t *n,
                                  hx_error *err) {
    const hx_small_said *said;
    hx_keyword *list = NULL;
    size_t found = 0;
    if (a->model->beside && a->model->beside->learned->phrases.weight)
        return hx__phrases_find(a, given, text, HX_KEYWORDS_LEARN, top, arena, out, n, err);
    if (hx__small_has(a->model->small, HX_SMALL_KEYWORDS) && text->n_words > 0) {
        HX_TRY(hx__small_of(a->small, given, HX_ASKS_KEYWORDS, &said, err));
        HX_TRY(take_marked(said->keys, text, arena, &list, &found, err));
    }
    if (found == 0) return hx__keywords_find(a, text, HX_KEYWORDS_TFIDF, top, arena, out, n, err);
    if (found > top) found = top;
    double best = list[0].score;
    for (size_t i = 0; i < found; i++) {
        list[i].score = best > 0 ? list[i].score / best : 1;
        list[i].text = hx_arena_str(arena, list[i].text);
        if (!list[i].text.ptr) return no_memory(text, err);
    }
    *out = list;
    *n = found;
    return HX_OK;
}
