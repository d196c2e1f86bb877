/* vocab_files.h - the files of a tokenizer as what pruning needs of them: which pairs merge, and the same files with other ids.
 *
 *     tokenizer.json    jansson's tree; merges in their order
 *     tokenizer.model   SentencePiece's protobuf; a pair merges where its text is a piece, the highest score first */
#ifndef HX_MODEL_VOCAB_FILES_H
#define HX_MODEL_VOCAB_FILES_H

#include "base/codec.h"
#include "base/json.h"
#include "base/map.h"

typedef struct {
    json_t *json; /* owned; NULL = a tokenizer.model */
    hx_buf model; /* its bytes */
    hx_map ranks; /* JSON: hash of "left\0right" -> rank + 1 */
    hx_map pieces; /* hash of a spelling -> id + 1 */
    hx_buf scores; /* float, of tokenizer.model */
    bool merges; /* byte pairs; false = unigram: nothing is made on the way */
} hx__vocab_files;

hx_status hx__vocab_files_open(hx__vocab_files *f, const char *folder, hx_error *err) HX_MUST_USE;
void hx__vocab_files_release(hx__vocab_files *f);
/* The id of a spelling; -1 = none. */
int64_t hx__vocab_files_find(const hx__vocab_files *f, hx_str spelling);
/* How early `left` and `right`, which lie one behind the other, merge: the smallest first; false where they don't. */
bool hx__vocab_files_rank(const hx__vocab_files *f, hx_str left, hx_str right, double *rank);

/* A field of a protobuf message: `whole` = with its tag; value of varints, bytes of the others. */
typedef struct {
    uint32_t number, wire;
    uint64_t value;
    hx_str bytes, whole;
} hx_proto_field;
bool hx__vocab_next_field(hx_cursor *c, hx_proto_field *f); /* false at the end, and c->failed */
/* "l r" or ["l", "r"]. */
bool hx__vocab_split_merge(const json_t *merge, hx_str *left, hx_str *right);

/* new_ids (n_old): -1 = gone. */
typedef struct {
    const int64_t *new_ids;
    size_t n_old, n_new;
} hx__renumbering;
static inline int64_t hx__new_id(const hx__renumbering *r, int64_t old) {
    return old >= 0 && (size_t)old < r->n_old ? r->new_ids[old] : -1;
}
/* tokenizer.json or tokenizer.model, tokenizer_config.json, generation_config.json. */
hx_status hx__vocab_files_write(hx__vocab_files *f, const hx__renumbering *r, const char *folder,
                                hx_error *err) HX_MUST_USE;

#endif
