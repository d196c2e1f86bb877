/* t2s.c - the dictionary of t2s.h, and conversion of a plain text.
 *
 * OpenCC cuts a text by longest match over TSPhrases and then converts each piece by longest match over TSPhrases, then TSCharacters. A
 * position at which no phrase begins in the whole text has none in its piece either, so one greedy walk gives the same.
 * Where a key has several values the first counts, which tools/compile_text.c has already chosen. Indices read from the file are checked
 * when it is opened or used. */
#include "text/t2s.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/utf8.h"

static hx_status map_sections(hx_t2s *t, hx_error *err) {
    hx_str codes, rare, nodes, values, triggers;
    HX_TRY(hx__datafile_section(&t->file, "codes", 1, &codes, err));
    HX_TRY(hx__datafile_section(&t->file, "rare", 1, &rare, err));
    HX_TRY(hx__datafile_section(&t->file, "nodes", 1, &nodes, err));
    HX_TRY(hx__trie_view(&t->trie, codes, rare, nodes, err));
    HX_TRY(hx__datafile_section(&t->file, "values", sizeof(hx_t2s_value), &values, err));
    HX_TRY(hx__datafile_section(&t->file, "text", 1, &t->text, err));
    HX_TRY(hx__datafile_section(&t->file, "triggers", sizeof(uint32_t), &triggers, err));
    t->values = (const hx_t2s_value *)(const void *)values.ptr;
    t->n_values = values.len / sizeof *t->values;
    t->triggers = (const uint32_t *)(const void *)triggers.ptr;
    t->n_triggers = triggers.len / sizeof *t->triggers;
    for (size_t i = 0; i < t->n_values; i++)
        if (t->values[i].offset > t->text.len ||
            t->values[i].len > t->text.len - t->values[i].offset)
            return hx_fail(err, HX_EFORMAT,
                           "a dictionary in a data file has a wrong size; build the data again");
    return HX_OK;
}

hx_status hx__t2s_open(hx_t2s **out, const char *share_dir, hx_error *err) {
    hx_buf path;
    hx_buf_init(&path, 4096);
    hx_buf_printf(&path, "%s/t2s.hxd%c", share_dir, 0);
    hx_t2s *t = calloc(1, sizeof *t);
    hx_status status = t ? hx_buf_status(&path, "a path", err)
                         : hx_fail(err, HX_ENOMEM, "out of memory while opening a dictionary");
    if (status == HX_OK) status = hx__datafile_open(&t->file, path.ptr, "t2s", err);
    if (status == HX_OK) status = map_sections(t, err);
    hx_buf_release(&path);
    if (status != HX_OK)
        hx__t2s_close(t);
    else
        *out = t;
    return status;
}

void hx__t2s_close(hx_t2s *t) {
    if (!t) return;
    hx__datafile_close(&t->file);
    free(t);
}

size_t hx__t2s_match(const hx_t2s *t, hx_str text, bool guarded, hx_str *to) {
    uint32_t node = 0;
    size_t longest = 0;
    for (size_t at = 0; at < text.len;) {
        node = hx__trie_step(&t->trie, node, hx__trie_code(&t->trie, hx_utf8_next(text, &at)));
        if (node == 0) break;
        uint64_t value = t->trie.nodes[node].value;
        size_t index = (size_t)(value & 0xFFFFFFFFu);
        if (index == 0 || index > t->n_values || (!guarded && (value & HX_T2S_GUARD))) continue;
        *to = (hx_str){t->text.ptr + t->values[index - 1].offset, t->values[index - 1].len};
        longest = at;
    }
    return longest;
}

void hx__t2s_convert(const hx_t2s *t, hx_str text, hx_buf *out) {
    while (text.len > 0) {
        hx_str to;
        size_t n = hx__t2s_match(t, text, false, &to);
        if (n == 0) {
            (void)hx_utf8_next(text, &n);
            to = (hx_str){text.ptr, n};
        }
        hx_buf_append_str(out, to);
        text.ptr += n;
        text.len -= n;
    }
}
