/* taught_words.c - reads corrections of words from a journal for cutting into words; see taught_words.h.
 *
 * A word's place in the cleaned text is found by the map of cleaning, so it doesn't matter what cleaning changes inside. Where cleaning joins
 * two taught words in one character, or leaves nothing of a word, what it makes is no longer what was taught, and it is not taken.
 *
 * Cleaning has rules, and callers differ in them: a whole text is kept as each of them would have it. */
#include "text/taught_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "text/annotator.h"

#define TAUGHT_CAP ((size_t)1 << 30) /* bytes */

static hx_status taught_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
}

/* ------------------------------------------------------------------ where words lie */
/* The first clean byte that comes from original byte `at` or behind it. */
static size_t clean_place(const hx_clean *c, size_t at) {
    size_t low = 0, high = c->text.len;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->starts[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool only_blanks(hx_str s, size_t from, size_t to) {
    while (from < to && s.ptr[from] == ' ')
        from++;
    return from >= to;
}

/* Goes behind the word that comes next: between words there is nothing but white space. False, at the end, where it isn't there. */
static bool pass_word(hx_str text, size_t *at, hx_str word) {
    while (*at + word.len <= text.len && memcmp(text.ptr + *at, word.ptr, word.len) != 0)
        ++*at;
    bool found = *at + word.len <= text.len;
    *at = found ? *at + word.len : text.len;
    return found;
}

/* The words in a cleaned text; false where they are not all of it. */
static bool place_words(const hx_clean *c, hx_str text, const hx_word_run *run, hx_taught_cut *cut,
                        hx_arena *arena) {
    size_t at = 0, end = 0;
    cut->text = hx_arena_str(arena, c->text);
    cut->words = hx_arena_alloc(arena, (run->n + 1) * sizeof *cut->words);
    cut->n = 0;
    if (!cut->text.ptr || !cut->words) return false;
    for (size_t i = 0; i < run->n; i++) {
        if (!pass_word(text, &at, run->words[i])) return false;
        size_t from = clean_place(c, at - run->words[i].len), to = clean_place(c, at);
        while (from < to && c->text.ptr[from] == ' ')
            from++;
        while (from < to && c->text.ptr[to - 1] == ' ')
            to--;
        if (from >= to || !only_blanks(c->text, end, from)) return false;
        if (from > 0 && c->starts[from] < c->ends[from - 1]) return false;
        cut->words[cut->n++] = (hx_span){(uint32_t)from, (uint32_t)to};
        end = to;
    }
    return cut->n > 0 && only_blanks(c->text, end, c->text.len);
}

/* ------------------------------------------------------------------ maps */
static hx_status keep(hx_taught_words *t, hx_map *map, const hx_taught_cut *cut, hx_error *err) {
    uint64_t key = hx_hash(cut->text);
    hx_taught_cut *copy = hx_arena_alloc(t->arena, sizeof *copy);
    uint64_t *at = copy ? hx_map_put(map, key) : NULL;
    if (!at) return taught_memory(err);
    *copy = *cut;
    *at = (uint64_t)(uintptr_t)copy;
    t->hash = hx_hash_mix(t->hash + 1, key);
    for (size_t i = 0; i < cut->n; i++)
        t->hash = hx_hash_mix(t->hash, (uint64_t)cut->words[i].end << 32 | cut->words[i].start);
    return HX_OK;
}

static hx_status keep_cleaned(hx_taught_words *t, hx_annotator *a, hx_str text,
                              const hx_word_run *run, const hx_clean_rules *rules, hx_map *map,
                              hx_error *err) {
    hx_clean clean;
    hx_taught_cut cut;
    HX_TRY(hx__clean(a, text, rules, &clean, err));
    return place_words(&clean, text, run, &cut, t->arena) ? keep(t, map, &cut, err) : HX_OK;
}

static hx_status keep_text(hx_taught_words *t, hx_annotator *a, hx_str text, const hx_word_run *run,
                           hx_error *err) {
    for (int i = 0; i < 4; i++) {
        const hx_clean_rules rules = {.keep_urls = i & 1, .keep_repeats = i & 2};
        HX_TRY(keep_cleaned(t, a, text, run, &rules, &t->texts, err));
    }
    return HX_OK;
}

/* Each line on its own: so a tagger reads them. A word over the end of a line belongs to neither. */
static hx_status keep_lines(hx_taught_words *t, hx_annotator *a, const hx_taught *c,
                            hx_error *err) {
    size_t word = 0;
    for (size_t from = 0; from < c->text.len;) {
        const char *mark = memchr(c->text.ptr + from, '\n', c->text.len - from);
        size_t to = mark ? (size_t)(mark - c->text.ptr) : c->text.len, at = 0, first = word;
        const hx_str line = {c->text.ptr + from, to - from};
        while (word < c->words.n && pass_word(line, &at, c->words.words[word]))
            word++;
        const hx_word_run run = {c->words.words + first, word - first};
        if (run.n > 0 && line.len < c->text.len) HX_TRY(keep_text(t, a, line, &run, err));
        from = to + 1;
    }
    return HX_OK;
}

static hx_status keep_run(hx_taught_words *t, hx_annotator *a, const hx_word_run *run,
                          hx_arena *scratch, hx_error *err) {
    static const hx_clean_rules rules = {.keep_urls = true, .keep_repeats = true};
    size_t bytes = 0, at = 0;
    for (size_t i = 0; i < run->n; i++)
        bytes += run->words[i].len;
    char *joined = hx_arena_alloc(scratch, bytes + 1);
    if (!joined) return taught_memory(err);
    for (size_t i = 0; i < run->n; at += run->words[i++].len)
        memcpy(joined + at, run->words[i].ptr, run->words[i].len);
    return keep_cleaned(t, a, (hx_str){joined, bytes}, run, &rules, &t->runs, err);
}

/* ------------------------------------------------------------------ the trie of runs */
static bool is_long(hx_str s) {
    return hx_utf8_count(s) > HX_TRIE_KEY_MAX;
}

static hx_status build_trie(hx_taught_words *t, hx_error *err) {
    hx_buf entries;
    uint64_t key, value;
    hx_buf_init(&entries, TAUGHT_CAP);
    for (size_t i = 0; hx_map_next(&t->runs, &i, &key, &value);) {
        const hx_taught_cut *cut = (const hx_taught_cut *)(uintptr_t)value;
        const hx_trie_entry e = {.key = cut->text, .value = value};
        if (cut->n > 1 && !is_long(cut->text)) hx_buf_append(&entries, &e, sizeof e);
    }
    hx_status st = hx_buf_status(&entries, "corrections of words", err);
    if (st == HX_OK && entries.len > 0) {
        st = hx__trie_build(&t->parts, (hx_trie_entry *)(void *)entries.ptr,
                            entries.len / sizeof(hx_trie_entry), err);
        t->has_trie = st == HX_OK;
        if (st == HX_OK)
            st = hx__trie_view(&t->trie, hx_buf_str(&t->parts.codes), hx_buf_str(&t->parts.rare),
                               hx_buf_str(&t->parts.nodes), err);
    }
    hx_buf_release(&entries);
    return st;
}

hx_status hx__taught_words_single(const hx_taught_words *t, hx_arena *arena, hx_str **out,
                                  size_t *n, hx_error *err) {
    uint64_t key, value;
    *n = 0;
    *out = hx_arena_alloc(arena, (t->runs.n + 1) * sizeof **out);
    if (!*out) return taught_memory(err);
    for (size_t i = 0; hx_map_next(&t->runs, &i, &key, &value);) {
        const hx_taught_cut *cut = (const hx_taught_cut *)(uintptr_t)value;
        if (cut->n == 1 && !is_long(cut->text)) (*out)[(*n)++] = cut->text;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ open, ask, close */
static hx_status read_words(hx_taught_words *t, hx_annotator *a, const char *path,
                            hx_arena *scratch, hx_error *err) {
    const hx_taught *all;
    size_t n;
    HX_TRY(hx_memory_read(path, scratch, &all, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (all[i].undone || all[i].words.n == 0) continue;
        HX_TRY(keep_text(t, a, all[i].text, &all[i].words, err));
        HX_TRY(keep_lines(t, a, &all[i], err));
        for (size_t k = 0; k < all[i].n_learned; k++)
            HX_TRY(keep_run(t, a, &all[i].learned[k], scratch, err));
    }
    return build_trie(t, err);
}

hx_status hx__taught_words_open(hx_taught_words **out, hx_annotator *a, const char *path,
                                hx_error *err) {
    hx_arena *scratch = hx_arena_new(TAUGHT_CAP);
    hx_taught_words *t = calloc(1, sizeof *t);
    *out = NULL;
    if (t) {
        hx_map_init(&t->texts);
        hx_map_init(&t->runs);
        t->arena = hx_arena_new(TAUGHT_CAP);
    }
    hx_status st =
        scratch && t && t->arena ? read_words(t, a, path, scratch, err) : taught_memory(err);
    hx_arena_free(scratch);
    if (st == HX_OK && t->hash != 0)
        *out = t;
    else
        hx__taught_words_close(t);
    return st;
}

void hx__taught_words_close(hx_taught_words *t) {
    if (!t) return;
    hx_map_release(&t->texts);
    hx_map_release(&t->runs);
    if (t->has_trie) hx__trie_parts_release(&t->parts);
    hx_arena_free(t->arena);
    free(t);
}

const hx_taught_cut *hx__taught_text(const hx_taught_words *t, hx_str clean) {
    const uint64_t *at = hx_map_get(&t->texts, hx_hash(clean));
    const hx_taught_cut *cut = at ? (const hx_taught_cut *)(uintptr_t)*at : NULL;
    return cut && hx_str_equal(cut->text, clean) ? cut : NULL;
}
