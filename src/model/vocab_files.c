/* vocab_files.c - reading what merges in the files of a tokenizer; see vocab_files.h. Writing: vocab_write.c.
 *
 * tokenizer.json: model.vocab is {spelling: id} (BPE) or [[spelling, score]] (Unigram); model.merges is ["l r"] or [["l", "r"]], the earliest
 * merges first. tokenizer.model: field 1 of ModelProto is a piece {1: spelling, 2: score, 3: type}; field 2 the trainer's settings, of
 * which 3 is the kind (1 = unigram, 2 = BPE). */
#include "model/vocab_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "model/model_file.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)

static uint64_t pair_key(hx_str left, hx_str right) {
    return hx_hash_mix(hx_hash(left), hx_hash(right));
}

/* ------------------------------------------------------------------ tokenizer.json */
static hx_str text_of(const json_t *j) {
    return json_is_string(j) ? (hx_str){json_string_value(j), json_string_length(j)}
                             : (hx_str){NULL, 0};
}

static bool add_piece(hx__vocab_files *f, hx_str spelling, json_int_t id) {
    uint64_t *place = hx_map_put(&f->pieces, hx_hash(spelling));
    if (place) *place = (uint64_t)id + 1;
    return place != NULL;
}

static bool read_json_vocab(hx__vocab_files *f, const json_t *model) {
    json_t *vocab = json_object_get(model, "vocab"), *value;
    const char *key;
    size_t i;
    if (json_is_array(vocab)) {
        json_array_foreach(vocab, i, value) {
            if (!add_piece(f, text_of(json_array_get(value, 0)), (json_int_t)i)) return false;
        }
        return true;
    }
    json_object_foreach(vocab, key, value) {
        if (json_is_integer(value) && json_integer_value(value) >= 0 &&
            !add_piece(f, hx_str_of(key), json_integer_value(value)))
            return false;
    }
    return true;
}

bool hx__vocab_split_merge(const json_t *merge, hx_str *left, hx_str *right) {
    if (json_is_array(merge)) {
        *left = text_of(json_array_get(merge, 0));
        *right = text_of(json_array_get(merge, 1));
        return left->ptr && right->ptr;
    }
    hx_str s = text_of(merge);
    const char *blank = s.len ? memchr(s.ptr, ' ', s.len) : NULL;
    if (!blank) return false;
    *left = (hx_str){s.ptr, (size_t)(blank - s.ptr)};
    *right = (hx_str){blank + 1, s.len - left->len - 1};
    return true;
}

static hx_status read_json(hx__vocab_files *f, hx_error *err) {
    const json_t *model = json_object_get(f->json, "model");
    json_t *merges = json_object_get(model, "merges"), *merge;
    size_t i;
    if (!read_json_vocab(f, model)) return hx_fail(err, HX_ENOMEM, "out of memory");
    f->merges = json_is_array(merges);
    json_array_foreach(merges, i, merge) {
        hx_str left, right;
        if (!hx__vocab_split_merge(merge, &left, &right))
            return hx_fail(err, HX_EFORMAT, "tokenizer.json: merge %zu is no pair", i);
        uint64_t *place = hx_map_put(&f->ranks, pair_key(left, right));
        if (!place) return hx_fail(err, HX_ENOMEM, "out of memory");
        if (*place == 0) *place = i + 1;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ tokenizer.model */
bool hx__vocab_next_field(hx_cursor *c, hx_proto_field *f) {
    if (c->at >= c->end || c->failed) return false;
    f->whole.ptr = (const char *)c->at;
    uint64_t tag = hx_get_u64(c);
    f->number = (uint32_t)(tag >> 3);
    f->wire = (uint32_t)(tag & 7);
    f->value = 0;
    f->bytes = (hx_str){NULL, 0};
    size_t fixed = f->wire == 1 ? 8 : f->wire == 5 ? 4 : 0;
    if (f->wire == 0)
        f->value = hx_get_u64(c);
    else if (f->wire == 2)
        f->bytes = hx_get_str(c);
    else if (fixed > 0 && (size_t)(c->end - c->at) >= fixed) {
        f->bytes = (hx_str){(const char *)c->at, fixed};
        c->at += fixed;
    } else
        c->failed = true;
    f->whole.len = (size_t)((const char *)c->at - f->whole.ptr);
    return !c->failed;
}

static bool read_piece(hx__vocab_files *f, hx_str message, size_t id) {
    hx_cursor c = hx_cursor_of(message);
    hx_proto_field field;
    hx_str spelling = {NULL, 0};
    float score = 0;
    while (hx__vocab_next_field(&c, &field)) {
        if (field.number == 1 && field.wire == 2) spelling = field.bytes;
        if (field.number == 2 && field.wire == 5) memcpy(&score, field.bytes.ptr, sizeof score);
    }
    return !c.failed && add_piece(f, spelling, (json_int_t)id) &&
           hx_buf_append(&f->scores, &score, sizeof score);
}

static bool is_byte_pairs(hx_str trainer) {
    hx_cursor c = hx_cursor_of(trainer);
    hx_proto_field field;
    while (hx__vocab_next_field(&c, &field))
        if (field.number == 3 && field.wire == 0) return field.value == 2;
    return false;
}

static hx_status read_model(hx__vocab_files *f, hx_error *err) {
    hx_cursor c = hx_cursor_of(hx_buf_str(&f->model));
    hx_proto_field field;
    size_t n = 0;
    bool good = true;
    while (good && hx__vocab_next_field(&c, &field)) {
        if (field.number == 1 && field.wire == 2) good = read_piece(f, field.bytes, n++);
        if (field.number == 2 && field.wire == 2) f->merges = is_byte_pairs(field.bytes);
    }
    if (good && !c.failed) return HX_OK;
    return hx_fail(err, HX_EFORMAT, "tokenizer.model: damaged behind piece %zu", n);
}

/* ------------------------------------------------------------------ opening */
static hx_status read_file(const char *folder, const char *name, hx_buf *out, bool *there,
                           hx_error *err) {
    char *path = hx_model_join(folder, name);
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    *there = hx_file_exists(path);
    hx_status st = *there ? hx_file_read(path, out, err) : HX_OK;
    free(path);
    return st;
}

static hx_status open_files(hx__vocab_files *f, const char *folder, hx_error *err) {
    bool there = false;
    HX_TRY(read_file(folder, "tokenizer.json", &f->model, &there, err));
    if (there) {
        HX_TRY(
            hx_json_parse(hx_buf_str(&f->model), FILE_MAX_BYTES, "tokenizer.json", &f->json, err));
        return read_json(f, err);
    }
    HX_TRY(read_file(folder, "tokenizer.model", &f->model, &there, err));
    if (!there)
        return hx_fail(err, HX_ENOTFOUND, "%s: has no tokenizer whose vocabulary could be pruned",
                       folder);
    return read_model(f, err);
}

hx_status hx__vocab_files_open(hx__vocab_files *f, const char *folder, hx_error *err) {
    *f = (hx__vocab_files){0};
    hx_buf_init(&f->model, FILE_MAX_BYTES);
    hx_buf_init(&f->scores, FILE_MAX_BYTES);
    hx_map_init(&f->ranks);
    hx_map_init(&f->pieces);
    hx_status st = open_files(f, folder, err);
    if (st != HX_OK) hx__vocab_files_release(f);
    return st;
}

void hx__vocab_files_release(hx__vocab_files *f) {
    json_decref(f->json);
    hx_buf_release(&f->model);
    hx_buf_release(&f->scores);
    hx_map_release(&f->ranks);
    hx_map_release(&f->pieces);
    *f = (hx__vocab_files){0};
}

int64_t hx__vocab_files_find(const hx__vocab_files *f, hx_str spelling) {
    const uint64_t *place = hx_map_get(&f->pieces, hx_hash(spelling));
    return place ? (int64_t)*place - 1 : -1;
}

bool hx__vocab_files_rank(const hx__vocab_files *f, hx_str left, hx_str right, double *rank) {
    if (f->json) {
        const uint64_t *place = hx_map_get(&f->ranks, pair_key(left, right));
        if (place) *rank = (double)*place;
        return place != NULL;
    }
    int64_t id = hx__vocab_files_find(f, (hx_str){left.ptr, left.len + right.len});
    if (id < 0) return false;
    *rank = -(double)((const float *)(const void *)f->scores.ptr)[id];
    return true;
}
