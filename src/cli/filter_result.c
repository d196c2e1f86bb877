/* filter_result.c - what a filter says about one text, and how the record is written.
 *
 * JSON: the input's columns as strings (a JSON Lines record as it stands), then the results. CSV: a label is two columns, the label and
 * its score. Tables show labels only. Offsets are bytes of the text as given. redact puts the masked text in the text's place.
 *
 * Restricted labels (--labels): a sentiment that is not allowed becomes, by the sign of the evidence, the allowed one of positive and
 * negative with probability 1 / (1 + exp(-|logit|)); an intent that is not allowed becomes other. With --abstain P a label with a score
 * below P is called unsure; the score stays. */
#include "cli/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <utf8proc.h>

#include "cli/filter_correct.h"
#include "cli/filter_llama.h"
#include "cli/filter_words.h"
#include "cli/grid.h"

typedef struct {
    hx_str text; /* as given */
    hx_clean_text clean;
    hx_str redacted;
    const hx_pii *pii;
    size_t n_pii;
    const hx_word *words;
    size_t n_words;
    const hx_keyword *keywords;
    size_t n_keywords;
    const hx_key_sentence *sentences;
    size_t n_sentences;
    const hx_aspect *aspects;
    size_t n_aspects;
    hx_sentiment sentiment;
    hx_intent intent;
    const hx_intent_part *parts; /* of intent alone */
    size_t n_parts;
    hx_emotion emotion;
    hx_annotation all;
    hx_llama_said said; /* of a language model */
    const hx_correction *correction;
    hx_filter_words tagged;
} filter_result;

/* ------------------------------------------------------------------ names */
static bool corrects_before(const hx_filter_plan *p) {
    return p->model && hx_text_model_correction(p->model).mode != HX_CORRECT_OFF;
}

const char *const *hx_filter_columns(const hx_filter_plan *p, bool table) {
    static const char *const csv[][13] = {{"clean", NULL},
                                          {"pii", NULL},
                                          {"words", NULL},
                                          {"sentiment", "sentiment_score", NULL},
                                          {"intent", "intent_score", NULL},
                                          {"keywords", NULL},
                                          {"aspects", NULL},
                                          {"emotion", "emotion_score", NULL},
                                          {"lang", "clean", "words", "sentiment", "sentiment_score",
                                           "intent", "intent_score", "emotion", "emotion_score",
                                           "keywords", "aspects", "pii", NULL},
                                          {"corrected", "edits", NULL},
                                          {"parse", "triples", NULL},
                                          {"entities", NULL},
                                          {"input_ids", "attention_mask", NULL},
                                          {"embedding", NULL},
                                          {"label", "score", NULL},
                                          {"tags", NULL},
                                          {"generated", NULL}};
    static const char *const shown[][10] = {
        {"clean", NULL},     {"pii", NULL},       {"words", NULL},
        {"sentiment", NULL}, {"intent", NULL},    {"keywords", NULL},
        {"aspects", NULL},   {"emotion", NULL},   {"lang", "sentiment", "intent", "keywords", NULL},
        {"corrected", NULL}, {"triples", NULL},   {"entities", NULL},
        {"input_ids", NULL}, {"embedding", NULL}, {"label", "score", NULL},
        {"tags", NULL},      {"generated", NULL}};
    static const char *const just_triples[] = {"triples", NULL};
    static const char *const with_sentences[] = {"keywords", "sentences", NULL};
    static const char *const with_edits[] = {
        "lang",     "clean",   "words", "sentiment", "sentiment_score", "intent", "intent_score",
        "keywords", "aspects", "pii",   "correct",   "edits",           NULL};
    if (p->llama && p->llama->columns) return p->llama->columns;
    if (p->sentences > 0) return with_sentences;
    if (p->triples) return just_triples;
    if (p->kind == HX_FILTER_ANNOTATE && !table && corrects_before(p)) return with_edits;
    return table ? shown[p->kind] : csv[p->kind];
}

bool hx_filter_replaces(const hx_filter_plan *p, hx_str name) {
    for (const char *const *c = hx_filter_columns(p, false); *c; c++) {
        size_t n = strlen(*c);
        if (name.len < n || memcmp(name.ptr, *c, n) != 0) continue;
        if (name.len == n || name.ptr[n] == '.')
            return true; /* members of a nested record have dots */
    }
    return false;
}

/* ------------------------------------------------------------------ reading a text */
static void restrict_sentiment(hx_sentiment *s, unsigned allowed) {
    if (allowed == 0 || s->label == HX_SENTIMENT_NONE || (allowed >> s->label & 1)) return;
    bool positive = allowed >> HX_SENTIMENT_POSITIVE & 1,
         negative = allowed >> HX_SENTIMENT_NEGATIVE & 1;
    bool neutral = allowed >> HX_SENTIMENT_NEUTRAL & 1;
    if (neutral && s->label != HX_SENTIMENT_NEUTRAL) {
        s->score = s->label == HX_SENTIMENT_MIXED ? s->score : 1 - s->score;
        s->label = HX_SENTIMENT_NEUTRAL;
        return;
    }
    bool up = positive && (!negative || s->logit >= 0);
    s->label = up ? HX_SENTIMENT_POSITIVE : HX_SENTIMENT_NEGATIVE;
    s->score = 1 / (1 + exp(up ? -s->logit : s->logit));
}

static void restrict_intent(hx_intent *i, unsigned allowed) {
    if (allowed == 0 || (allowed >> i->label & 1)) return;
    i->label = HX_INTENT_OTHER;
    i->score = 1 - i->score;
}

static hx_status read_all(const hx_filter_plan *p, hx_filter_worker *w, filter_result *r,
                          hx_error *err) {
    hx_status st = hx_text_annotate(w->annotator, r->text, w->arena, &r->all, err);
    if (st == HX_OK) st = hx_text_clean(w->annotator, r->text, &p->clean, w->arena, &r->clean, err);
    if (st == HX_OK)
        st = hx_text_words(w->annotator, r->text, w->arena, &r->words, &r->n_words, err);
    if (st == HX_OK) st = hx_pii_find(r->text, w->arena, &r->pii, &r->n_pii, err);
    if (st != HX_OK) return st;
    r->sentiment = r->all.sentiment;
    r->intent = r->all.intent;
    r->keywords = r->all.keywords;
    r->n_keywords = r->all.n_keywords;
    r->aspects = r->all.aspects;
    r->n_aspects = r->all.n_aspects;
    r->emotion = r->all.emotion;
    return HX_OK;
}

static bool is_blank(hx_str s) {
    size_t i = 0;
    while (i < s.len && strchr(" \t\r\n", s.ptr[i]) && s.ptr[i])
        i++;
    return i == s.len;
}

/* A language model's choice as the rules' result; nothing is said of a text without words. */
static hx_status read_by_llama(const hx_filter_plan *p, hx_filter_worker *w, filter_result *r,
                               hx_error *err) {
    double score = 0;
    hx_status st = hx_filter_llama_text(p, w, r->text, &r->said, err);
    if (st != HX_OK || (p->kind != HX_FILTER_SENTIMENT && p->kind != HX_FILTER_INTENT)) return st;
    int code = p->llama->codes[hx_filter_llama_best(p->llama, &r->said, &score)];
    if (p->kind == HX_FILTER_INTENT) {
        r->intent.label = is_blank(r->text) ? HX_INTENT_OTHER : (hx_intent_label)code;
        r->intent.score = score;
    } else if (!is_blank(r->text)) {
        r->sentiment.label = (hx_sentiment_label)code;
        r->sentiment.score = score;
    }
    return HX_OK;
}

static hx_status read_text(const hx_filter_plan *p, hx_filter_worker *w, filter_result *r,
                           hx_error *err) {
    hx_status st = HX_OK;
    if (p->llama) return read_by_llama(p, w, r, err);
    if (p->kind == HX_FILTER_CORRECT) {
        r->correction = &w->corrected[w->row];
        return HX_OK;
    }
    if (p->tags) {
        st = hx_filter_words_read(p, w, r->text, &r->tagged, err);
        r->words = r->tagged.words;
        r->n_words = r->tagged.n_words;
        return st;
    }
    switch (p->kind) {
    case HX_FILTER_CLEAN:
        return hx_text_clean(w->annotator, r->text, &p->clean, w->arena, &r->clean, err);
    case HX_FILTER_REDACT:
        return hx_pii_redact(r->text, w->arena, &r->redacted, &r->pii, &r->n_pii, err);
    case HX_FILTER_WORDS:
        return hx_text_words(w->annotator, r->text, w->arena, &r->words, &r->n_words, err);
    case HX_FILTER_SENTIMENT:
        st = p->target.len > 0
                 ? hx_text_sentiment_of(w->annotator, r->text, p->target, w->arena, &r->sentiment,
                                        err)
                 : hx_text_sentiment(w->annotator, r->text, w->arena, &r->sentiment, err);
        restrict_sentiment(&r->sentiment, p->sentiments);
        return st;
    case HX_FILTER_INTENT:
        st = hx_text_intents(w->annotator, w->clauses, r->text, w->arena, &r->intent, &r->parts,
                             &r->n_parts, err);
        restrict_intent(&r->intent, p->intents);
        return st;
    case HX_FILTER_KEYWORDS:
        st = hx_text_keywords(w->annotator, r->text, p->method, p->top, w->arena, &r->keywords,
                              &r->n_keywords, err);
        if (st == HX_OK && p->sentences > 0)
            st = hx_text_sentences(w->annotator, r->text, p->sentences, w->arena, &r->sentences,
                                   &r->n_sentences, err);
        return st;
    case HX_FILTER_EMOTIONS:
        return hx_text_emotion(w->annotator, r->text, w->arena, &r->emotion, err);
    case HX_FILTER_ASPECTS:
        return hx_text_aspects(w->annotator, r->text, w->arena, &r->aspects, &r->n_aspects, err);
    default:
        return read_all(p, w, r, err);
    }
}

/* ------------------------------------------------------------------ results as JSON */
/* The word as it stands in the text, so that all of them together give the text. */
static hx_str word_text(const filter_result *r, const hx_word *word) {
    return (hx_str){r->text.ptr + word->span.start, word->span.end - word->span.start};
}

static void put_key(hx_outbuf *b, const char *key) {
    if (b->len > 0 && b->ptr[b->len - 1] != '{') hx_outbuf_byte(b, ',');
    hx_outbuf_byte(b, '"');
    hx_outbuf_text(b, key);
    hx_outbuf_text(b, "\":");
}

static void put_span(hx_outbuf *b, uint32_t start, uint32_t end) {
    hx_outbuf_text(b, "\"start\":");
    hx_outbuf_uint(b, start);
    hx_outbuf_text(b, ",\"end\":");
    hx_outbuf_uint(b, end);
    hx_outbuf_byte(b, '}');
}

static void put_label(hx_outbuf *b, const char *key, const char *label, double score) {
    put_key(b, key);
    if (!label) {
        hx_outbuf_text(b, "null");
        return;
    }
    hx_outbuf_text(b, "{\"label\":\"");
    hx_outbuf_text(b, label);
    hx_outbuf_text(b, "\",\"score\":");
    hx_outbuf_score(b, score);
    hx_outbuf_byte(b, '}');
}

static const char *sentiment_label(const hx_filter_plan *p, const filter_result *r) {
    if (r->sentiment.label == HX_SENTIMENT_NONE) return NULL;
    return r->sentiment.score < p->abstain ? "unsure" : hx_sentiment_name(r->sentiment.label);
}

static const char *intent_label(const hx_filter_plan *p, const filter_result *r) {
    return r->intent.score < p->abstain ? "unsure" : hx_intent_name(r->intent.label);
}

/* All intents that hold, the surest first, where there are several. */
static void put_intents(hx_outbuf *b, const hx_filter_plan *p, const hx_intent *i) {
    uint32_t left = p->intents ? i->holds & p->intents : i->holds;
    if ((left & (left - 1)) == 0) return;
    put_key(b, "intents");
    for (char before = '['; left != 0; before = ',') {
        int best = -1;
        for (int k = 0; k < HX_INTENT_N; k++)
            if ((left >> k & 1) && (best < 0 || i->scores[k] > i->scores[best])) best = k;
        left &= ~(1u << best);
        hx_outbuf_byte(b, before);
        hx_outbuf_printf(b, "{\"label\":\"%s\",\"score\":", hx_intent_name((hx_intent_label)best));
        hx_outbuf_score(b, i->scores[best]);
        hx_outbuf_byte(b, '}');
    }
    hx_outbuf_byte(b, ']');
}

/* The same with the part of the text that says each, in the text's order. */
static void put_intent_parts(hx_outbuf *b, const hx_filter_plan *p, const filter_result *r) {
    char before = '[';
    bool more = false; /* than the label says */
    for (size_t i = 0; i < r->n_parts; i++)
        more |= r->parts[i].label != r->intent.label &&
                (!p->intents || (p->intents >> r->parts[i].label & 1));
    if (!more) return;
    put_key(b, "intents");
    for (size_t i = 0; i < r->n_parts; i++) {
        const hx_intent_part *part = &r->parts[i];
        if (p->intents && !(p->intents >> part->label & 1)) continue;
        hx_outbuf_byte(b, before);
        hx_outbuf_printf(b, "{\"label\":\"%s\",\"score\":", hx_intent_name(part->label));
        hx_outbuf_score(b, part->score);
        hx_outbuf_byte(b, ',');
        put_span(b, part->span.start, part->span.end);
        before = ',';
    }
    hx_outbuf_byte(b, ']');
}

static const char *emotion_label(const hx_filter_plan *p, const filter_result *r) {
    return r->emotion.score < p->abstain ? "unsure" : hx_emotion_name(r->emotion.label);
}

/* With all six probabilities, and where in the text it stands. */
static void put_emotion(hx_outbuf *b, const hx_filter_plan *p, const filter_result *r) {
    put_label(b, "emotion", emotion_label(p, r), r->emotion.score);
    put_key(b, "emotions");
    for (int e = 0; e < HX_EMOTION_N; e++) {
        hx_outbuf_printf(b, "%c\"%s\":", e ? ',' : '{', hx_emotion_name((hx_emotion_label)e));
        hx_outbuf_score(b, r->emotion.scores[e]);
    }
    hx_outbuf_text(b, "}");
    put_key(b, "evidence");
    hx_outbuf_byte(b, '[');
    for (size_t i = 0; i < r->emotion.n_evidence; i++) {
        hx_outbuf_text(b, i ? ",{" : "{");
        put_span(b, r->emotion.evidence[i].span.start, r->emotion.evidence[i].span.end);
    }
    hx_outbuf_byte(b, ']');
}

static bool is_punctuation(hx_str s) {
    utf8proc_int32_t cp = 0;
    for (utf8proc_ssize_t n = 0; s.len > 0; s = (hx_str){s.ptr + n, s.len - (size_t)n}) {
        n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr, (utf8proc_ssize_t)s.len, &cp);
        if (n <= 0) return false;
        utf8proc_category_t k = utf8proc_category(cp);
        if (k < UTF8PROC_CATEGORY_PC || k > UTF8PROC_CATEGORY_PO) return false;
    }
    return true;
}

static bool is_left_out(const hx_filter_plan *p, const filter_result *r, size_t word) {
    return p->no_stop && (r->words[word].stop || is_punctuation(word_text(r, &r->words[word])));
}

static void put_words(hx_outbuf *b, const hx_filter_plan *p, const filter_result *r) {
    put_key(b, "words");
    hx_outbuf_byte(b, '[');
    for (size_t i = 0, shown = 0; i < r->n_words; i++) {
        if (is_left_out(p, r, i)) continue;
        if (shown++ > 0) hx_outbuf_byte(b, ',');
        hx_outbuf_json(b, word_text(r, &r->words[i]));
    }
    hx_outbuf_byte(b, ']');
}

static void put_keywords(hx_outbuf *b, const filter_result *r) {
    put_key(b, "keywords");
    hx_outbuf_byte(b, '[');
    for (size_t i = 0; i < r->n_keywords; i++) {
        hx_outbuf_text(b, i ? ",{\"text\":" : "{\"text\":");
        hx_outbuf_json(b, r->keywords[i].text);
        hx_outbuf_text(b, ",\"score\":");
        hx_outbuf_score(b, r->keywords[i].score);
        hx_outbuf_byte(b, ',');
        put_span(b, r->keywords[i].span.start, r->keywords[i].span.end);
    }
    hx_outbuf_byte(b, ']');
}

static hx_str sentence_text(const filter_result *r, size_t i) {
    hx_span span = r->sentences[i].span;
    return (hx_str){r->text.ptr + span.start, span.end - span.start};
}

static void put_sentences(hx_outbuf *b, const filter_result *r) {
    put_key(b, "sentences");
    hx_outbuf_byte(b, '[');
    for (size_t i = 0; i < r->n_sentences; i++) {
        hx_outbuf_text(b, i ? ",{\"text\":" : "{\"text\":");
        hx_outbuf_json(b, sentence_text(r, i));
        hx_outbuf_text(b, ",\"score\":");
        hx_outbuf_score(b, r->sentences[i].score);
        hx_outbuf_byte(b, ',');
        put_span(b, r->sentences[i].span.start, r->sentences[i].span.end);
    }
    hx_outbuf_byte(b, ']');
}

static void put_aspects(hx_outbuf *b, const filter_result *r) {
    put_key(b, "aspects");
    hx_outbuf_byte(b, '[');
    for (size_t i = 0; i < r->n_aspects; i++) {
        const hx_aspect *a = &r->aspects[i];
        hx_outbuf_text(b, i ? ",{\"aspect\":" : "{\"aspect\":");
        hx_outbuf_json(b, a->name);
        hx_outbuf_text(b, ",\"id\":");
        hx_outbuf_json(b, a->id);
        hx_outbuf_printf(b, ",\"sentiment\":\"%s\",\"score\":", hx_sentiment_name(a->label));
        hx_outbuf_score(b, a->score);
        if (a->opinion.end > a->opinion.start) {
            hx_outbuf_text(b, ",\"opinion\":{");
            put_span(b, a->opinion.start, a->opinion.end);
        }
        hx_outbuf_byte(b, ',');
        put_span(b, a->span.start, a->span.end);
    }
    hx_outbuf_byte(b, ']');
}

static void put_pii(hx_outbuf *b, const filter_result *r) {
    put_key(b, "pii");
    hx_outbuf_byte(b, '[');
    for (size_t i = 0; i < r->n_pii; i++) {
        hx_outbuf_text(b, i ? ",{\"type\":\"" : "{\"type\":\"");
        hx_outbuf_text(b, hx_pii_name(r->pii[i].type));
        hx_outbuf_text(b, "\",");
        put_span(b, r->pii[i].start, r->pii[i].end);
    }
    hx_outbuf_byte(b, ']');
}

static void put_clean(hx_outbuf *b, const filter_result *r) {
    put_key(b, "clean");
    hx_outbuf_json(b, r->clean.text);
}

static void put_all(hx_outbuf *b, const hx_filter_plan *p, const filter_result *r) {
    put_key(b, "lang");
    hx_outbuf_printf(b, "\"%s\"", hx_lang_name(r->all.lang));
    if (r->all.noise != HX_NOISE_NONE) {
        put_key(b, "noise");
        hx_outbuf_printf(b, "\"%s\"", hx_noise_name(r->all.noise));
    }
    put_clean(b, r);
    put_words(b, p, r);
    put_label(b, "sentiment", sentiment_label(p, r), r->sentiment.score);
    put_label(b, "intent", intent_label(p, r), r->intent.score);
    put_intents(b, p, &r->intent);
    if (r->all.emotion.score > 0)
        put_label(b, "emotion", hx_emotion_name(r->all.emotion.label), r->all.emotion.score);
    put_keywords(b, r);
    put_aspects(b, r);
    put_pii(b, r);
    if (r->all.corrected.mode != HX_CORRECT_OFF) {
        put_key(b, "correct");
        hx_outbuf_printf(b, "\"%s\",\"edits\":", hx_correct_mode_name(r->all.corrected.mode));
        hx_filter_correct_edits(b, r->all.corrected.edits, r->all.corrected.n_edits);
    }
    put_key(b, "engine");
    hx_outbuf_printf(b, "\"%s\",\"model\":\"%016llx\"", hx_engine_name(r->all.engine),
                     (unsigned long long)r->all.model);
}

static void put_results(hx_outbuf *b, const hx_filter_plan *p, const filter_result *r) {
    switch (p->kind) {
    case HX_FILTER_CLEAN:
        put_clean(b, r);
        break;
    case HX_FILTER_REDACT:
        put_pii(b, r);
        break;
    case HX_FILTER_WORDS:
        put_words(b, p, r);
        break;
    case HX_FILTER_SENTIMENT:
        put_label(b, "sentiment", sentiment_label(p, r), r->sentiment.score);
        break;
    case HX_FILTER_INTENT:
        put_label(b, "intent", intent_label(p, r), r->intent.score);
        put_intent_parts(b, p, r);
        break;
    case HX_FILTER_KEYWORDS:
        put_keywords(b, r);
        if (p->sentences > 0) put_sentences(b, r);
        break;
    case HX_FILTER_EMOTIONS:
        put_emotion(b, p, r);
        break;
    case HX_FILTER_ASPECTS:
        put_aspects(b, r);
        break;
    case HX_FILTER_ANNOTATE:
        put_all(b, p, r);
        break;
    case HX_FILTER_CORRECT:
        hx_filter_correct_json(b, r->correction);
        break;
    default:
        if (p->tags)
            hx_filter_words_json(b, p, r->text, &r->tagged);
        else
            hx_filter_llama_json(b, p, &r->said);
    }
}

/* ------------------------------------------------------------------ JSON records */
static hx_str shown_cell(const hx_filter_plan *p, const filter_result *r, const hx_row *row,
                         size_t column) {
    return p->kind == HX_FILTER_REDACT && column == p->text_column ? r->redacted
                                                                   : row->cells[column];
}

/* The record without its last brace and the blanks around; {NULL, 0} where it is no object on its own. */
static hx_str open_record(hx_str raw) {
    while (raw.len > 0 && strchr(" \t\r\n,", raw.ptr[raw.len - 1]))
        raw.len--;
    while (raw.len > 0 && strchr(" \t\r\n", raw.ptr[0]))
        raw = (hx_str){raw.ptr + 1, raw.len - 1};
    if (raw.len < 2 || raw.ptr[0] != '{' || raw.ptr[raw.len - 1] != '}') return (hx_str){NULL, 0};
    raw.len--;
    while (raw.len > 1 && strchr(" \t\r\n", raw.ptr[raw.len - 1]))
        raw.len--;
    return raw;
}

/* JSON has line ends between its members as blanks; a record is one line. */
static void put_one_line(hx_outbuf *b, hx_str s) {
    size_t start = b->len;
    hx_outbuf_bytes(b, s.ptr, s.len);
    for (size_t i = start; i < b->len; i++)
        if (b->ptr[i] == '\n' || b->ptr[i] == '\r') b->ptr[i] = ' ';
}

/* A JSON Lines record, types kept, without members that results replace and with the masked text in its place. False where the
 * record is no object or the text no member of its own. */
static bool put_changed_record(hx_outbuf *b, const hx_filter_plan *p, const hx_row *row,
                               const filter_result *r) {
    char key[256];
    hx_str name = p->columns[p->text_column].name;
    if (name.len >= sizeof key) return false;
    memcpy(key, name.ptr, name.len);
    key[name.len] = '\0';
    json_t *record = json_loadb(row->raw.ptr, row->raw.len, 0, NULL);
    bool good = json_is_object(record);
    for (const char *const *c = hx_filter_columns(p, false); good && *c; c++)
        if (strcmp(*c, key) != 0) (void)json_object_del(record, *c);
    if (good && p->kind == HX_FILTER_REDACT)
        good =
            json_object_get(record, key) &&
            json_object_set_new(record, key, json_stringn(r->redacted.ptr, r->redacted.len)) == 0;
    char *text = good ? json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    if (text) hx_outbuf_bytes(b, text, strlen(text) - 1);
    free(text);
    json_decref(record);
    return text != NULL;
}

static void put_columns(hx_outbuf *b, const hx_filter_plan *p, const hx_row *row,
                        const filter_result *r) {
    hx_outbuf_byte(b, '{');
    for (size_t k = 0, shown = 0; k < p->n_columns; k++) {
        if (p->hidden[k]) continue;
        if (shown++ > 0) hx_outbuf_byte(b, ',');
        hx_outbuf_json(b, p->columns[k].name);
        hx_outbuf_byte(b, ':');
        if (row->cells[k].ptr)
            hx_outbuf_json(b, shown_cell(p, r, row, k));
        else
            hx_outbuf_text(b, "null");
    }
}

static void put_json(hx_outbuf *b, const hx_filter_plan *p, const hx_row *row,
                     const filter_result *r) {
    hx_str record = p->splice ? open_record(row->raw) : (hx_str){NULL, 0};
    if (record.ptr)
        put_one_line(b, record);
    else if (!p->json_lines || !put_changed_record(b, p, row, r))
        put_columns(b, p, row, r);
    put_results(b, p, r);
    hx_outbuf_text(b, "}\n");
}

/* ------------------------------------------------------------------ CSV and tables */
typedef struct {
    const hx_filter_plan *plan;
    hx_outbuf *out;
    size_t n; /* cells so far */
} cell_row;

static void put_cell(cell_row *c, hx_str s) {
    if (c->plan->shape == HX_SHAPE_TABLE) {
        hx_grid_encode(c->out, s, c->plan->cell_max);
        return;
    }
    if (c->n++ > 0) hx_outbuf_byte(c->out, ',');
    hx_outbuf_csv(c->out, s);
}

static void put_score(cell_row *c, double score, bool known) {
    if (c->plan->shape == HX_SHAPE_TABLE) return;
    hx_outbuf_byte(c->out, ',');
    if (known) hx_outbuf_score(c->out, score);
}

static void join(hx_outbuf *b, hx_str s) {
    if (b->len > 0) hx_outbuf_byte(b, ' ');
    hx_outbuf_bytes(b, s.ptr, s.len);
}

static void put_joined(cell_row *c, const filter_result *r, const char *what) {
    hx_outbuf list = {0};
    if (strcmp(what, "words") == 0)
        for (size_t i = 0; i < r->n_words; i++)
            if (!is_left_out(c->plan, r, i)) join(&list, word_text(r, &r->words[i]));
    if (strcmp(what, "keywords") == 0)
        for (size_t i = 0; i < r->n_keywords; i++)
            join(&list, r->keywords[i].text);
    for (size_t i = 0; i < r->n_sentences && strcmp(what, "sentences") == 0; i++)
        join(&list, sentence_text(r, i));
    for (size_t i = 0; i < r->n_aspects && strcmp(what, "aspects") == 0; i++) {
        join(&list, r->aspects[i].name);
        hx_outbuf_printf(&list, ":%s", hx_sentiment_name(r->aspects[i].label));
    }
    if (strcmp(what, "edits") == 0)
        hx_filter_correct_edits(&list, r->all.corrected.edits, r->all.corrected.n_edits);
    if (strcmp(what, "pii") == 0)
        for (size_t i = 0; i < r->n_pii; i++)
            join(&list, hx_str_of(hx_pii_name(r->pii[i].type)));
    if (list.failed) c->out->failed = true;
    put_cell(c, hx_outbuf_str(&list));
    hx_outbuf_release(&list);
}

static void put_said(cell_row *c, const filter_result *r, const char *name) {
    hx_outbuf text = {0};
    if (c->plan->tags)
        hx_filter_words_cell(&text, r->text, &r->tagged, name);
    else if (r->correction)
        hx_filter_correct_cell(&text, c->plan, r->text, r->correction, name);
    else
        hx_filter_llama_cell(&text, c->plan, &r->said, name);
    if (text.failed) c->out->failed = true;
    put_cell(c, hx_outbuf_str(&text));
    hx_outbuf_release(&text);
}

static void put_column(cell_row *c, const filter_result *r, const char *name) {
    if (c->plan->kind >= HX_FILTER_PARSE || r->correction) {
        put_said(c, r, name);
    } else if (strcmp(name, "clean") == 0) {
        put_cell(c, r->clean.text);
    } else if (strcmp(name, "correct") == 0) {
        put_cell(c, hx_str_of(hx_correct_mode_name(r->all.corrected.mode)));
    } else if (strcmp(name, "lang") == 0) {
        put_cell(c, hx_str_of(hx_lang_name(r->all.lang)));
    } else if (strcmp(name, "sentiment") == 0) {
        put_cell(c, hx_str_of(sentiment_label(c->plan, r)));
    } else if (strcmp(name, "sentiment_score") == 0) {
        put_score(c, r->sentiment.score, sentiment_label(c->plan, r) != NULL);
    } else if (strcmp(name, "intent") == 0) {
        put_cell(c, hx_str_of(intent_label(c->plan, r)));
    } else if (strcmp(name, "intent_score") == 0) {
        put_score(c, r->intent.score, true);
    } else if (strcmp(name, "emotion") == 0) {
        put_cell(c, hx_str_of(emotion_label(c->plan, r)));
    } else if (strcmp(name, "emotion_score") == 0) {
        put_score(c, r->emotion.score, true);
    } else {
        put_joined(c, r, name);
    }
}

static void put_cells(hx_outbuf *b, const hx_filter_plan *p, const hx_row *row,
                      const filter_result *r) {
    cell_row c = {p, b, 0};
    for (size_t k = 0; k < p->n_columns; k++)
        if (!p->hidden[k]) put_cell(&c, shown_cell(p, r, row, k));
    for (const char *const *name = hx_filter_columns(p, p->shape == HX_SHAPE_TABLE); *name; name++)
        put_column(&c, r, *name);
    if (p->shape == HX_SHAPE_CSV) hx_outbuf_byte(b, '\n');
}

hx_status hx_filter_row(const hx_filter_plan *p, hx_filter_worker *w, const hx_row *row,
                        hx_outbuf *out, hx_error *err) {
    filter_result r = {.text = row->cells[p->text_column]};
    if (!r.text.ptr) r.text = HX_STR_LIT("");
    hx_status st = read_text(p, w, &r, err);
    if (st != HX_OK) return st;
    if (p->blocks)
        hx_filter_words_block(out, p, (uint64_t)row->row, r.text, &r.tagged);
    else if (p->shape == HX_SHAPE_JSON)
        put_json(out, p, row, &r);
    else
        put_cells(out, p, row, &r);
    return HX_OK;
}
