/* tokenizer_folder.h - readers of the tokenizer files of a folder. Each fills `t` but for what hx__tokenizer_finish() does. */
#ifndef HX_LLAMA_TOKENIZER_FOLDER_H
#define HX_LLAMA_TOKENIZER_FOLDER_H

#include "base/json.h"
#include "llama/tokenizer_parts.h"

#define HX_TOKENIZER_FILE_MAX ((size_t)64 << 20) /* bytes of one file */

/* A tokenizer.model; `file` lives in t's arena. */
hx_status hx__sentencepiece_read(hx_tokenizer *t, hx_str file, hx_error *err) HX_MUST_USE;
/* A tokenizer.json; what is kept of it is copied. */
hx_status hx__tokenizer_json_read(hx_tokenizer *t, hx_str file, hx_error *err) HX_MUST_USE;
/* Its normalizer, pre_tokenizer, decoder and post_processor. The vocabulary is there. */
hx_status hx__json_steps_read(hx_tokenizer *t, const json_t *root, hx_error *err) HX_MUST_USE;
/* tokenizer_config.json, special_tokens_map.json (same keys), generation_config.json. */
hx_status hx__tokenizer_config_read(hx_tokenizer *t, const json_t *config,
                                    hx_error *err) HX_MUST_USE;
/* After hx__tokenizer_finish() and, for SentencePiece BPE without merges, its pairs: all is there. */
hx_status hx__tokenizer_complete(hx_tokenizer *t, hx_error *err) HX_MUST_USE;

/* The text of a JSON string; {NULL, 0} where `j` is none. Lives as long as `j`. */
static inline hx_str hx_json_text(const json_t *j) {
    return json_is_string(j) ? (hx_str){json_string_value(j), json_string_length(j)}
                             : (hx_str){NULL, 0};
}

static inline bool hx_json_is(const json_t *j, const char *text) {
    return json_is_string(j) && hx_str_equal(hx_json_text(j), hx_str_of(text));
}

#endif
