/* tokenizer_train_write.c - the learnt pieces as a SentencePiece model; see tokenizer_train.h for their order.
 *
 *   ModelProto      1 piece*  2 trainer_spec  3 normalizer_spec        (sentencepiece_model.proto of google/sentencepiece)
 *   SentencePiece   1 text  2 score  3 type: 1 normal, 2 unknown, 3 control, 4 user defined, 6 byte
 *   TrainerSpec     3 model_type 2 = BPE  4 vocab_size  10 character_coverage  20 max_sentencepiece_length  25 split_digits
 *                   26 allow_whitespace_only_pieces  31 user_defined_symbols  35 byte_fallback  40-43 ids of unk, bos, eos, pad
 *   NormalizerSpec  1 name  3 add_dummy_prefix  4 remove_extra_whitespaces  5 escape_whitespaces  */
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "llama/tokenizer_train_parts.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)

enum { NORMAL = 1, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 6 };

static void put_number(hx_buf *b, unsigned field, uint64_t value) {
    hx_put_u64(b, (uint64_t)field << 3);
    hx_put_u64(b, value);
}

static void put_bytes(hx_buf *b, unsigned field, hx_str bytes) {
    hx_put_u64(b, (uint64_t)field << 3 | 2);
    hx_put_str(b, bytes);
}

static void put_float(hx_buf *b, unsigned field, float value) {
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    hx_put_u64(b, (uint64_t)field << 3 | 5);
    for (unsigned i = 0; i < 4; i++)
        hx_buf_append_byte(b, (char)(uint8_t)(bits >> 8 * i));
}

static void put_piece(hx_buf *file, hx_buf *scratch, hx_str text, float score, unsigned type) {
    hx_buf_reset(scratch);
    put_bytes(scratch, 1, text);
    put_float(scratch, 2, score);
    put_number(scratch, 3, type);
    put_bytes(file, 1, hx_buf_str(scratch));
    if (scratch->failed) file->failed = true;
}

/* A learnt piece: blanks become U+2581. Scores fall by one from piece to piece. */
static void put_learnt(hx_buf *file, hx_buf *scratch, hx_str text, size_t rank) {
    char escaped[12 * HX_TOKENIZER_TRAIN_PIECE_MAX];
    size_t len = 0;
    for (size_t i = 0; i < text.len && len + 3 <= sizeof escaped; i++) {
        bool is_blank = text.ptr[i] == ' ';
        memcpy(escaped + len, is_blank ? "\xE2\x96\x81" : text.ptr + i, is_blank ? 3 : 1);
        len += is_blank ? 3 : 1;
    }
    put_piece(file, scratch, (hx_str){escaped, len}, -(float)rank, NORMAL);
}

static void put_reserved(hx_buf *file, hx_buf *scratch, const hx_tokenizer_train_options *o) {
    put_piece(file, scratch, HX_STR_LIT("<unk>"), 0, UNKNOWN);
    put_piece(file, scratch, HX_STR_LIT("<s>"), 0, CONTROL);
    put_piece(file, scratch, HX_STR_LIT("</s>"), 0, CONTROL);
    for (unsigned i = 0; i < 256; i++) {
        char name[8];
        int n = snprintf(name, sizeof name, "<0x%02X>", i);
        put_piece(file, scratch, (hx_str){name, (size_t)n}, 0, BYTE);
    }
    for (size_t i = 0; i < o->n_symbols; i++)
        put_piece(file, scratch, o->symbols[i], 0, USER_DEFINED);
}

static void put_specs(hx_buf *file, hx_buf *scratch, const hx_tokenizer_train_options *o,
                      size_t n_pieces) {
    hx_buf_reset(scratch);
    put_number(scratch, 3, 2);
    put_number(scratch, 4, n_pieces);
    put_float(scratch, 10, (float)o->coverage);
    put_number(scratch, 20, o->max_piece);
    put_number(scratch, 25, o->split_digits);
    put_number(scratch, 26, 1);
    for (size_t i = 0; i < o->n_symbols; i++)
        put_bytes(scratch, 31, o->symbols[i]);
    put_number(scratch, 35, 1);
    for (unsigned i = 0; i < 3; i++)
        put_number(scratch, 40 + i, i);
    put_number(scratch, 43, UINT64_MAX); /* -1: no padding */
    put_bytes(file, 2, hx_buf_str(scratch));
    if (scratch->failed) file->failed = true;
    hx_buf_reset(scratch);
    put_bytes(scratch, 1, HX_STR_LIT("identity"));
    put_number(scratch, 3, 1);
    put_number(scratch, 4, 0);
    put_number(scratch, 5, 1);
    put_bytes(file, 3, hx_buf_str(scratch));
    if (scratch->failed) file->failed = true;
}

hx_status hx__train_write(const char *path, const hx_tokenizer_train_options *o,
                          const hx_train_pieces *merges, const uint32_t *kept, size_t n_kept,
                          hx_error *err) {
    hx_buf file, scratch;
    hx_buf_init(&file, FILE_MAX_BYTES);
    hx_buf_init(&scratch, FILE_MAX_BYTES);
    put_reserved(&file, &scratch, o);
    for (size_t i = 0; i < merges->n; i++) {
        const uint32_t *at = merges->starts + i;
        put_learnt(&file, &scratch, (hx_str){merges->text.ptr + at[0], at[1] - at[0]}, i);
    }
    for (size_t i = 0; i < n_kept; i++) {
        char utf8[4];
        size_t len = hx_utf8_put(kept[i], utf8);
        put_learnt(&file, &scratch, (hx_str){utf8, len}, merges->n + i);
    }
    put_specs(&file, &scratch, o, 259 + o->n_symbols + merges->n + n_kept);
    hx_status status = hx_buf_status(&file, "the model of the tokenizer", err);
    if (status == HX_OK) status = hx_file_write(path, hx_buf_str(&file), false, err);
    hx_buf_release(&file);
    hx_buf_release(&scratch);
    return status;
}
