/* tagger_words.c - sentences and words of a text; see tagger_words.h.
 *
 *     Chinese    marks[at]: a word begins at this byte, by the head and the characters around (boundary.h), by one of both, or by the rules; a
 *                user's words set and clear them; white space ends words
 *     English    hx_english_words() of the run of lines, and the user's words
 *
 * Pieces of Chinese lines of all texts are gathered first, and read together (CUTTER_GROUP a pass); then each text gets its words.
 *
 * Invariant: a word begins at the first byte that is no white space, behind white space, and where a mark says so on a character's first byte; so
 * whatever the model says, words cover the text. A head reads pieces of at most PIECE characters, cut behind a mark of punctuation if there is
 * one; a word never goes on over a piece's end. */
#include "text/tagger_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "text/annotator.h"
#include "text/beside.h"
#include "text/boundary.h"
#include "text/breaks.h"
#include "text/model.h"
#include "text/small.h"
#include "text/wordseg_data.h"

enum { PIECE = 160, CUTTER_GROUP = 256 };
#define CUTTER_CAP ((size_t)2 << 30) /* bytes */
#define P_MIN 1e-5f /* of the head: its logits are within 11.5 */

struct hx_word_cutter {
    const hx_text_model *model; /* borrowed, as the context */
    hx_llama_context *context; /* NULL = the rules cut */
    const char *head; /* for Chinese words; NULL = no head cuts */
    const hx_learned_boundary *grams; /* borrowed; NULL = no characters around are asked */
    hx_beside_mix mix; /* logit = bias + llama x the head's + learn x the grams' */
    hx_annotator *annotator; /* owned: the rules, and the user's words */
    hx_arena *scratch; /* owned; of a call */
};

/* A text on its way. */
typedef struct {
    hx_word_cutter *c;
    hx_str text;
    uint8_t *marks; /* (len + 1): MARK_... */
    hx_tagged_word *words;
    size_t n_words;
    hx_tagged_sentence *sentences;
    size_t n_sentences;
} cutting;

/* A piece of a text, on its way to a head. */
typedef struct {
    cutting *of;
    hx_str text;
} cut_piece;

typedef struct {
    cut_piece *list;
    size_t n, room;
} cut_pieces;

enum { MARK_WORD = 1, MARK_SENTENCE = 2, MARK_JOINS = 4, MARK_CHINESE = 8, MARK_BLANK = 16 };

static hx_status cutter_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
}

/* ------------------------------------------------------------------ open */
static const char *head_name(const hx_small *s, hx_words_standard standard) {
    static const hx_small_task tasks[4][2] = {[HX_WORDS_UD] = {HX_SMALL_WORDS_UD, HX_SMALL_N},
                                              [HX_WORDS_PKU] = {HX_SMALL_WORDS_PKU, HX_SMALL_N},
                                              [HX_WORDS_SXU] = {HX_SMALL_WORDS_SXU, HX_SMALL_N},
                                              [HX_WORDS_RULES] = {HX_SMALL_N}};
    if (!s) return NULL;
    for (const hx_small_task *task = tasks[standard]; *task != HX_SMALL_N; task++)
        if (hx__small_has(s, *task)) return hx_llama_head_of(s->llama, s->heads[*task])->name;
    return NULL;
}

/* Both where numbers for both are known; the head alone where it has none; else the grams alone. */
static void choose_readers(hx_word_cutter *c, hx_words_standard standard) {
    const hx_text_model *m = c->model;
    const hx_learned *learned = hx__learned_of(m);
    const bool has_grams =
        learned && standard < HX_BOUNDARY_N && learned->boundary[standard].table.check;
    c->head = c->context ? head_name(m->small, standard) : NULL;
    c->mix = (hx_beside_mix){.llama = c->head ? 1 : 0, .learn = c->head ? 0 : 1};
    if (!has_grams) return;
    const hx_beside_mix *mix =
        hx__beside_mix(m->beside, (hx_beside_task)(HX_BESIDE_WORDS + (int)standard), HX_LANG_ZH);
    if (c->head && !mix) return;
    c->grams = &learned->boundary[standard];
    if (c->head) c->mix = *mix;
}

hx_status hx__word_cutter_open(hx_word_cutter **out, const hx_text_model *m,
                               hx_llama_context *context, hx_words_standard standard,
                               hx_error *err) {
    hx_word_cutter *c = calloc(1, sizeof *c);
    if (!c) return cutter_memory(err);
    c->model = m;
    c->context = context;
    choose_readers(c, standard);
    c->scratch = hx_arena_new(CUTTER_CAP);
    hx_status st = c->scratch ? hx_annotator_new(&c->annotator, m, err) : cutter_memory(err);
    if (st != HX_OK) {
        hx__word_cutter_close(c);
        return st;
    }
    *out = c;
    return HX_OK;
}

void hx__word_cutter_close(hx_word_cutter *c) {
    if (!c) return;
    hx_annotator_free(c->annotator);
    hx_arena_free(c->scratch);
    free(c);
}

bool hx__word_cutter_reads(const hx_word_cutter *c) {
    return c->head || c->grams;
}

hx_annotator *hx__word_cutter_annotator(const hx_word_cutter *c) {
    return c->annotator;
}

/* ------------------------------------------------------------------ characters */
/* Bytes of the white space at `at`, 0 = none. */
static size_t space_len(hx_str s, size_t at) {
    size_t next = at;
    unsigned char c = (unsigned char)s.ptr[at];
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
    uint32_t cp = hx_utf8_next(s, &next);
    bool blank = cp == 0x85 || cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) ||
                 cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
    return blank ? next - at : 0;
}

static bool has_han(hx_str s, size_t from, size_t to) {
    while (from < to)
        if (hx_utf8_is_han(hx_utf8_next(s, &from))) return true;
    return false;
}

static bool is_closing(uint32_t cp) {
    return cp == 0x201D || cp == 0x2019 || cp == 0x300D || cp == 0x300F || cp == 0xFF09 ||
           cp == ')' || cp == 0x300B || cp == '"' || cp == 0x3011;
}

/* A link's "?a=1" ends nothing. */
static bool is_inside(hx_str s, size_t next) {
    unsigned char before = next > 1 ? (unsigned char)s.ptr[next - 1] : 0;
    unsigned char c = next < s.len ? (unsigned char)s.ptr[next] : 0;
    bool letter = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
    return (before == '!' || before == '?') && letter;
}

static bool is_end_mark(uint32_t cp) {
    return cp == 0x3002 || cp == 0xFF01 || cp == 0xFF1F || cp == 0xFF1B || cp == '!' || cp == '?' ||
           cp == 0xFF61;
}

static bool is_pause(uint32_t cp) {
    return is_end_mark(cp) || cp == 0xFF0C || cp == ',' || cp == 0x3001 || cp == 0xFF1A ||
           cp == ';';
}

/* ------------------------------------------------------------------ Chinese sentences */
/* Marks the character behind each sentence of a line. */
static void mark_sentences(cutting *k, size_t from, size_t to) {
    hx_str line = {k->text.ptr, to};
    bool ended = true; /* the next word begins a sentence */
    bool closes = false; /* behind the end: what closes it still belongs to it */
    for (size_t at = from; at < to;) {
        size_t next = at, blank = space_len(line, at);
        if (blank) {
            at += blank;
            continue;
        }
        uint32_t cp = hx_utf8_next(line, &next);
        bool same = closes && (is_closing(cp) || is_end_mark(cp));
        if (ended && !same) {
            k->marks[at] |= MARK_SENTENCE | MARK_WORD;
            closes = false;
        }
        ended = same || (is_end_mark(cp) && !is_inside(line, next));
        closes = ended;
        at = next;
    }
}

/* ------------------------------------------------------------------ Chinese words */
/* The end of the piece at `from`: behind a pause in its second half if there is one. */
static size_t piece_end(hx_str line, size_t from) {
    size_t at = from, pause = 0, chars = 0;
    while (at < line.len && chars < PIECE) {
        uint32_t cp = hx_utf8_next(line, &at);
        if (++chars > PIECE / 2 && is_pause(cp)) pause = at;
    }
    return at == line.len || pause == 0 ? at : pause;
}

static hx_status add_piece(cutting *k, hx_str text, cut_pieces *to, hx_error *err) {
    if (to->n == to->room) {
        size_t wider = to->room ? 2 * to->room : CUTTER_GROUP;
        cut_piece *list = hx_arena_alloc(k->c->scratch, wider * sizeof *list);
        if (!list) return cutter_memory(err);
        if (to->n > 0) memcpy(list, to->list, to->n * sizeof *list);
        to->list = list;
        to->room = wider;
    }
    to->list[to->n++] = (cut_piece){k, text};
    return HX_OK;
}

/* Sentences [from, to) as pieces that the head reads, without the white space around them. */
static hx_status split_pieces(cutting *k, size_t from, size_t to, cut_pieces *pieces,
                              hx_error *err) {
    for (size_t at = from; at < to;) {
        size_t end = at + 1, blank;
        while (end < to && !(k->marks[end] & MARK_SENTENCE))
            end++;
        while (at < end && (blank = space_len(k->text, at)) > 0)
            at += blank;
        if (at >= end) continue;
        size_t next = piece_end((hx_str){k->text.ptr, end}, at), last = next;
        while (last > at + 1 && (k->text.ptr[last - 1] == '\n' || k->text.ptr[last - 1] == '\r' ||
                                 k->text.ptr[last - 1] == ' '))
            last--;
        HX_TRY(add_piece(k, (hx_str){k->text.ptr + at, last - at}, pieces, err));
        at = next;
    }
    return HX_OK;
}

/* logits (bytes): of each character's first byte. Alone, what the head leaves out is a word a character, and a token's inside is no begin; of both the
 * characters around decide. */
static void put_head(const hx_tags *tags, hx_str piece, const hx_beside_mix *mix, bool alone,
                     float *logits) {
    size_t at = 0;
    for (size_t i = 0; i <= tags->n; i++) {
        size_t start = i < tags->n ? tags->tags[i].span.start : piece.len;
        while (at < start) {
            logits[at] = alone ? INFINITY : 0;
            (void)hx_utf8_next(piece, &at);
        }
        if (i == tags->n) break;
        const hx_tag *t = &tags->tags[i];
        float p = fminf(fmaxf(t->score, P_MIN), 1 - P_MIN), logit = logf(p / (1 - p));
        logits[start] = (float)(mix->bias + mix->llama * (double)(t->label == 0 ? logit : -logit));
        for (at = start + 1; at < t->span.end; at++)
            logits[at] = alone ? -INFINITY : 0;
    }
}

static bool is_latin(uint32_t cp) {
    return cp == 'a' || cp == '0';
}

/* Adds what the characters of a run without white space say. */
static hx_status add_grams(const cutting *k, hx_str run, float *logits, hx_error *err) {
    size_t n;
    const hx_word_cutter *c = k->c;
    const hx_boundary_char *chars =
        hx__boundary_chars(c->grams, c->model->wordseg, run, c->scratch, &n);
    float *said = chars ? hx_arena_alloc(c->scratch, (n + 1) * sizeof *said) : NULL;
    if (!said) return cutter_memory(err);
    hx__boundary_logits(c->grams, chars, n, said);
    for (size_t i = 0; i < n; i++) {
        bool inside = i > 0 && is_latin(chars[i].cp) && chars[i].cp == chars[i - 1].cp;
        logits[chars[i].start] += inside ? -INFINITY : (float)(c->mix.learn * (double)said[i]);
    }
    return HX_OK;
}

static hx_status add_runs(const cutting *k, hx_str piece, float *logits, hx_error *err) {
    for (size_t at = 0, end; at < piece.len; at = end) {
        size_t blank = space_len(piece, at);
        for (end = at + blank; blank == 0 && end < piece.len && !space_len(piece, end);)
            (void)hx_utf8_next(piece, &end);
        if (blank == 0) HX_TRY(add_grams(k, (hx_str){piece.ptr + at, end - at}, logits + at, err));
    }
    return HX_OK;
}

/* A word begins where both together say so; tags NULL = the characters around alone. */
static hx_status mark_piece(cutting *k, hx_str piece, const hx_tags *tags, hx_error *err) {
    const size_t base = (size_t)(piece.ptr - k->text.ptr);
    float *logits = hx_arena_alloc(k->c->scratch, (piece.len + 1) * sizeof *logits);
    if (!logits) return cutter_memory(err);
    memset(logits, 0, (piece.len + 1) * sizeof *logits);
    if (tags) put_head(tags, piece, &k->c->mix, !k->c->grams, logits);
    if (k->c->grams) HX_TRY(add_runs(k, piece, logits, err));
    for (size_t at = 0; at < piece.len; (void)hx_utf8_next(piece, &at))
        if (at == 0 || logits[at] > 0) k->marks[base + at] |= MARK_WORD;
    return HX_OK;
}

static hx_status mark_pieces(hx_word_cutter *c, const cut_pieces *pieces, hx_error *err) {
    const hx_tag_options options = {.head = c->head, .apart = true};
    hx_str texts[CUTTER_GROUP];
    hx_tags tags[CUTTER_GROUP];
    for (size_t i = 0, n; i < pieces->n; i += n) {
        n = pieces->n - i < CUTTER_GROUP ? pieces->n - i : CUTTER_GROUP;
        for (size_t k = 0; k < n; k++)
            texts[k] = pieces->list[i + k].text;
        if (c->head) HX_TRY(hx_llama_tag(c->context, texts, n, &options, c->scratch, tags, err));
        for (size_t k = 0; k < n; k++)
            HX_TRY(mark_piece(pieces->list[i + k].of, texts[k], c->head ? &tags[k] : NULL, err));
    }
    return HX_OK;
}

static hx_status cut_by_rules(cutting *k, size_t from, size_t to, hx_error *err) {
    const hx_word *words;
    size_t n;
    HX_TRY(hx_text_words(k->c->annotator, (hx_str){k->text.ptr + from, to - from}, k->c->scratch,
                         &words, &n, err));
    for (size_t i = 0; i < n; i++)
        k->marks[from + words[i].span.start] |= MARK_WORD;
    return HX_OK;
}

/* A user's words stay whole, also over the end of a sentence, and what was taught holds. */
static hx_status keep_user_words(cutting *k, size_t from, size_t to, hx_error *err) {
    static const hx_clean_rules rules = {.keep_repeats = true};
    hx_str line = {k->text.ptr + from, to - from};
    const hx_cut *cuts;
    hx_clean clean;
    size_t n;
    HX_TRY(hx__clean(k->c->annotator, line, &rules, &clean, err));
    HX_TRY(hx__wordseg_cut(k->c->annotator, &clean, &cuts, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (cuts[i].kind != HX_CUT_USER && !cuts[i].taught) continue;
        hx_span span = hx__clean_span(&clean, cuts[i].start, cuts[i].end);
        size_t start = from + span.start, end = from + span.end;
        k->marks[start] |= MARK_WORD;
        for (size_t at = start + 1; at < end; at++)
            k->marks[at] =
                (uint8_t)(k->marks[at] & ~(MARK_WORD | MARK_SENTENCE | MARK_JOINS)) | MARK_BLANK;
        k->marks[end] |= MARK_WORD;
    }
    return HX_OK;
}

static hx_status cut_chinese(cutting *k, size_t from, size_t to, cut_pieces *pieces,
                             hx_error *err) {
    mark_sentences(k, from, to);
    for (size_t at = from; at < to; at++)
        k->marks[at] |= MARK_CHINESE;
    return hx__word_cutter_reads(k->c) ? split_pieces(k, from, to, pieces, err)
                                       : cut_by_rules(k, from, to, err);
}

static hx_status break_english(const cutting *k, hx_str text, hx_english_word *words, size_t n,
                               hx_error *err) {
    const hx_beside *b = k->c->model->beside;
    const hx_beside_mix *mix =
        hx__beside_mix(b, (hx_beside_task)(HX_BESIDE_SYNTAX + HX_SYNTAX_BREAKS), HX_LANG_EN);
    if (!mix || !b->syntax || !b->syntax->part[HX_SYNTAX_BREAKS][1].table.check) return HX_OK;
    bool *said = hx_arena_alloc(k->c->scratch, n + 1);
    if (!said) return cutter_memory(err);
    hx__break_words(&b->syntax->part[HX_SYNTAX_BREAKS][1], mix->bias, text, words, n, said);
    return HX_OK;
}

static hx_status cut_english(cutting *k, size_t from, size_t to, hx_error *err) {
    hx_english_word *words;
    size_t n;
    HX_TRY(
        hx_english_words((hx_str){k->text.ptr + from, to - from}, k->c->scratch, &words, &n, err));
    HX_TRY(break_english(k, (hx_str){k->text.ptr + from, to - from}, words, n, err));
    for (size_t i = 0; i < n; i++)
        k->marks[from + words[i].span.start] |=
            (uint8_t)(MARK_WORD | (words[i].begins ? MARK_SENTENCE : 0) |
                      (words[i].joins ? MARK_JOINS : 0));
    return HX_OK;
}

/* ------------------------------------------------------------------ runs of lines */
static size_t line_end(hx_str s, size_t at) {
    const char *end = memchr(s.ptr + at, '\n', s.len - at);
    return end ? (size_t)(end - s.ptr) + 1 : s.len;
}

/* The end of the run of lines at `from`: a Chinese line, or all lines up to the next one. */
static size_t run_end(hx_str s, size_t from, bool *chinese) {
    size_t end = line_end(s, from);
    *chinese = has_han(s, from, end);
    while (!*chinese && end < s.len && !has_han(s, end, line_end(s, end)))
        end = line_end(s, end);
    return end;
}

static hx_status cut_lines(cutting *k, cut_pieces *pieces, hx_error *err) {
    bool chinese;
    for (size_t at = 0, end; at < k->text.len; at = end) {
        end = run_end(k->text, at, &chinese);
        HX_TRY(chinese ? cut_chinese(k, at, end, pieces, err) : cut_english(k, at, end, err));
        if (!chinese) k->marks[at] |= MARK_SENTENCE;
    }
    return HX_OK;
}

static hx_status keep_lines(cutting *k, hx_error *err) {
    bool chinese;
    if (k->c->model->wordseg->user_hash == 0) return HX_OK;
    for (size_t at = 0, end; at < k->text.len; at = end) {
        end = run_end(k->text, at, &chinese);
        HX_TRY(keep_user_words(k, at, end, err));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ words from marks */
static void add_word(cutting *k, size_t start, size_t end, bool joins) {
    k->words[k->n_words++] = (hx_tagged_word){
        .span = {(uint32_t)start, (uint32_t)end}, .head = HX_TAGGED_NO_HEAD, .joins = joins};
}

/* The mark of a sentence may stand on white space: it is for the next word. */
static void collect_words(cutting *k, uint8_t *begins) {
    hx_str s = k->text;
    size_t start = SIZE_MAX;
    uint8_t seen = MARK_SENTENCE;
    for (size_t at = 0; at < s.len;) {
        bool inside = start != SIZE_MAX && (k->marks[at] & MARK_BLANK);
        size_t blank = inside ? 0 : space_len(s, at);
        seen |= k->marks[at];
        if (start != SIZE_MAX && (blank > 0 || (k->marks[at] & MARK_WORD))) {
            k->words[k->n_words - 1].span.end = (uint32_t)at;
            start = SIZE_MAX;
        }
        if (blank == 0 && start == SIZE_MAX) {
            begins[k->n_words] = seen & MARK_SENTENCE;
            add_word(k, at, s.len, k->marks[at] & MARK_JOINS);
            start = at;
            seen = 0;
        }
        if (start != SIZE_MAX) seen = 0;
        at += blank ? blank : 1;
    }
}

/* Where a sentence that is too long is cut: behind the last pause of its second half, else at the most words. */
static size_t cut_long(const cutting *k, size_t first) {
    size_t n = HX_TAGGED_WORDS_MAX;
    for (size_t i = n; i > n / 2; i--) {
        hx_span span = k->words[first + i - 1].span;
        size_t at = span.start;
        if (is_pause(hx_utf8_next((hx_str){k->text.ptr, span.end}, &at)) && at == span.end)
            return i;
    }
    while (n > 1 && k->words[first + n].joins)
        n--;
    return n;
}

static void collect_sentences(cutting *k, const uint8_t *begins) {
    for (size_t first = 0; first < k->n_words;) {
        size_t n = 1;
        while (first + n < k->n_words && !begins[first + n])
            n++;
        if (n > HX_TAGGED_WORDS_MAX) n = cut_long(k, first);
        bool chinese = k->marks[k->words[first].span.start] & MARK_CHINESE;
        k->sentences[k->n_sentences++] = (hx_tagged_sentence){k->words + first, n, chinese};
        first += n;
    }
}

static hx_status begin_text(hx_word_cutter *c, hx_str text, cutting *k, hx_error *err) {
    *k = (cutting){.c = c, .text = text};
    if (text.len > HX_TEXT_MAX)
        return hx_fail(err, HX_ELIMIT, "a text has %zu bytes; at most %u can be cut into words",
                       text.len, HX_TEXT_MAX);
    k->marks = hx_arena_alloc(c->scratch, text.len + 1);
    return k->marks ? HX_OK : cutter_memory(err);
}

static hx_status end_text(cutting *k, hx_arena *arena, hx_tagged_text *out, hx_error *err) {
    size_t n = 1;
    HX_TRY(keep_lines(k, err));
    for (size_t at = 0; at < k->text.len; at++)
        n += (k->marks[at] & MARK_WORD) != 0 || space_len(k->text, at) > 0;
    uint8_t *begins = hx_arena_alloc(k->c->scratch, n + 1);
    k->words = hx_arena_alloc(arena, (n + 1) * sizeof *k->words);
    k->sentences = hx_arena_alloc(arena, (n + 1) * sizeof *k->sentences);
    if (!begins || !k->words || !k->sentences) return cutter_memory(err);
    collect_words(k, begins);
    collect_sentences(k, begins);
    *out = (hx_tagged_text){k->sentences, k->n_sentences};
    return HX_OK;
}

hx_status hx__word_cutter_cut(hx_word_cutter *c, const hx_str *texts, size_t n, hx_arena *arena,
                              hx_tagged_text *out, hx_error *err) {
    cut_pieces pieces = {NULL, 0, 0};
    hx_arena_reset(c->scratch);
    cutting *all = hx_arena_alloc(c->scratch, (n + 1) * sizeof *all);
    if (!all) return cutter_memory(err);
    for (size_t i = 0; i < n; i++) {
        HX_TRY(begin_text(c, texts[i], &all[i], err));
        HX_TRY(cut_lines(&all[i], &pieces, err));
    }
    HX_TRY(mark_pieces(c, &pieces, err));
    for (size_t i = 0; i < n; i++)
        HX_TRY(end_text(&all[i], arena, &out[i], err));
    return HX_OK;
}
