/* t2s.h - traditional to simplified Chinese, as OpenCC's t2s: at each place the longest phrase of TSPhrases, else the character of
 * TSCharacters, else the character itself. t2s.hxd is described in tools/compile_text.c. */
#ifndef HX_TEXT_T2S_H
#define HX_TEXT_T2S_H

#include "text/datafile.h"
#include "text/trie.h"

#define HX_T2S_GUARD ((uint64_t)1 << 32)

typedef struct {
    uint32_t offset, len; /* into the section `text` */
} hx_t2s_value;

typedef struct hx_t2s {
    hx_datafile file; /* owned */
    hx_trie trie;
    const hx_t2s_value *values;
    size_t n_values;
    hx_str text;
    const uint32_t *triggers; /* code points, borrowed from the file */
    size_t n_triggers;
} hx_t2s;

hx_status hx__t2s_open(hx_t2s **out, const char *share_dir, hx_error *err) HX_MUST_USE;
void hx__t2s_close(hx_t2s *t); /* NULL is fine */

/* The longest entry at the start of `text` (valid UTF-8): its bytes, 0 = none, and what it becomes in *to (as many code points).
 * `guarded` also honours the phrases that keep simplified results as they are. */
size_t hx__t2s_match(const hx_t2s *t, hx_str text, bool guarded, hx_str *to);

/* Appends `text` (valid UTF-8) converted exactly as `opencc -c t2s.json` does. */
void hx__t2s_convert(const hx_t2s *t, hx_str text, hx_buf *out);

#endif
