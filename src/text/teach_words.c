/* teach_words.c - one correction of words, into a journal: what of it every reader of words has wrong, and what is learned of that.
 *
 *     as taught     我 | 爱 | 云南白药牙膏        as cut      我 | 爱 | 云南白药 | 牙膏
 *     the least run of words that begins and ends together in both and differs inside:  云南白药牙膏
 *
 * The rules and every standard that is there are asked; equal runs are learned once. A run with white space between its words is not learned, that parts
 * words already; nor one that is longer than a user's word may be. The text itself is cut as taught whatever is learned (taught_words.h). */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "text/memory.h"
#include "text/model.h"
#include "text/trie.h"

#define TEACH_CAP ((size_t)256 << 20) /* bytes */

typedef struct {
    const hx_text_model *model;
    hx_str text;
    hx_span *right; /* (n): the words as taught */
    size_t n;
    hx_taught *taught;
    hx_arena *arena; /* the caller's */
    hx_arena *scratch;
} teaching;

static hx_status teach_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
}

static bool is_space(hx_str s, size_t at, size_t *end) {
    uint32_t cp = hx_utf8_next(s, &at);
    *end = at;
    return cp == ' ' || (cp >= 9 && cp <= 13) || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

static size_t pass_space(hx_str s, size_t at) {
    for (size_t end; at < s.len && is_space(s, at, &end);)
        at = end;
    return at;
}

/* ------------------------------------------------------------------ the words in the text */
static hx_status find_words(teaching *t, const hx_str *words, size_t n, hx_error *err) {
    size_t at = pass_space(t->text, 0);
    t->right = hx_arena_alloc(t->arena, (n + 1) * sizeof *t->right);
    t->taught->words.words = hx_arena_alloc(t->arena, (n + 1) * sizeof *words);
    if (!t->right || !t->taught->words.words) return teach_memory(err);
    for (size_t i = 0; i < n; i++) {
        hx_str rest = {t->text.ptr + at, t->text.len - at};
        if (words[i].len == 0 || words[i].len > rest.len ||
            memcmp(rest.ptr, words[i].ptr, words[i].len) != 0)
            return hx_fail(err, HX_EINVAL, "the words are not the text's from word %zu on: '%.*s'",
                           i + 1, HX_STR_ARG(words[i]));
        t->right[t->n++] = (hx_span){(uint32_t)at, (uint32_t)(at + words[i].len)};
        t->taught->words.words[i] = (hx_str){rest.ptr, words[i].len};
        at = pass_space(t->text, at + words[i].len);
    }
    t->taught->words.n = n;
    if (at < t->text.len)
        return hx_fail(err, HX_EINVAL, "the words end before the text does: '%.*s' is left",
                       (int)(t->text.len - at > 60 ? 60 : t->text.len - at), t->text.ptr + at);
    return HX_OK;
}

/* ------------------------------------------------------------------ what differs */
static bool is_learned(const hx_taught *t, const hx_str *words, size_t n) {
    for (size_t i = 0; i < t->n_learned; i++) {
        size_t same = 0;
        while (t->learned[i].n == n && same < n &&
               hx_str_equal(t->learned[i].words[same], words[same]))
            same++;
        if (same == n) return true;
    }
    return false;
}

static bool may_learn(const teaching *t, size_t first, size_t last) {
    hx_str run = {t->text.ptr + t->right[first].start, t->right[last].end - t->right[first].start};
    for (size_t i = first; i < last; i++)
        if (t->right[i].end != t->right[i + 1].start) return false;
    return hx_utf8_count(run) <= HX_TRIE_KEY_MAX &&
           !is_learned(t->taught, t->taught->words.words + first, last - first + 1);
}

/* said (n): words of a reader, in order. Both cover the text without its white space. */
static void learn_from(teaching *t, const hx_span *said, size_t n) {
    size_t i = 0, k = 0;
    while (i < t->n && k < n) {
        size_t first = i, words = 1;
        while (t->right[i].end != said[k].end && i < t->n && k < n) {
            bool behind = t->right[i].end < said[k].end;
            if (behind ? i + 1 == t->n : k + 1 == n) return;
            i += behind;
            k += !behind;
            words++;
        }
        if (words > 1 && may_learn(t, first, i))
            t->taught->learned[t->taught->n_learned++] =
                (hx_word_run){t->taught->words.words + first, i - first + 1};
        i++;
        k++;
    }
}

static hx_status ask_rules(teaching *t, hx_error *err) {
    hx_annotator *a = NULL;
    const hx_word *words;
    size_t n = 0;
    HX_TRY(hx_annotator_new(&a, t->model, err));
    hx_status st = hx_text_words(a, t->text, t->scratch, &words, &n, err);
    hx_annotator_free(a);
    if (st != HX_OK) return st;
    hx_span *spans = hx_arena_alloc(t->scratch, (n + 1) * sizeof *spans);
    if (!spans) return teach_memory(err);
    for (size_t i = 0; i < n; i++)
        spans[i] = words[i].span;
    learn_from(t, spans, n);
    return HX_OK;
}

static hx_status ask_standard(teaching *t, hx_words_standard standard, hx_error *err) {
    hx_tagger *tagger = NULL;
    hx_tagged_text said = {NULL, 0};
    size_t n = 0;
    HX_TRY(hx_tagger_open(&tagger, t->model, standard, err));
    hx_status st =
        hx_tagger_cuts(tagger) ? hx_tagger_cut(tagger, &t->text, 1, t->scratch, &said, err) : HX_OK;
    hx_tagger_close(tagger);
    for (size_t i = 0; i < said.n && st == HX_OK; i++)
        n += said.sentences[i].n;
    hx_span *spans = hx_arena_alloc(t->scratch, (n + 1) * sizeof *spans);
    if (st == HX_OK && !spans) return teach_memory(err);
    n = 0;
    for (size_t i = 0; i < said.n && st == HX_OK; i++)
        for (size_t k = 0; k < said.sentences[i].n; k++)
            spans[n++] = said.sentences[i].words[k].span;
    if (st == HX_OK) learn_from(t, spans, n);
    return st;
}

/* At most a run a word and reader. */
static hx_status learn(teaching *t, hx_error *err) {
    size_t readers = 1 + HX_WORDS_RULES;
    t->taught->learned =
        hx_arena_alloc(t->arena, (readers * t->n + 1) * sizeof *t->taught->learned);
    if (!t->taught->learned) return teach_memory(err);
    HX_TRY(ask_rules(t, err));
    for (int s = 0; s < HX_WORDS_RULES; s++)
        HX_TRY(ask_standard(t, (hx_words_standard)s, err));
    return HX_OK;
}

hx_status hx_memory_teach_words(const char *path, const hx_text_model *m, hx_str text,
                                const hx_str *words, size_t n, int64_t now, hx_arena *arena,
                                hx_taught *out, hx_error *err) {
    *out = (hx_taught){.text = text, .engine = hx_str_of(hx_engine_name(hx_text_model_engine(m)))};
    teaching t = {.model = m, .text = text, .taught = out, .arena = arena};
    if (text.len > HX_TEXT_MAX || n == 0 || !hx_utf8_is_valid(text))
        return hx_fail(err, HX_EINVAL, "words are taught of a text in UTF-8 with at least one");
    HX_TRY(find_words(&t, words, n, err));
    t.scratch = hx_arena_new(TEACH_CAP);
    hx_status st = t.scratch ? learn(&t, err) : teach_memory(err);
    hx_arena_free(t.scratch);
    return st == HX_OK ? hx__memory_append(path, out, now, err) : st;
}
