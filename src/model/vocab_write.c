/* vocab_write.c - the files of a tokenizer with other ids; see vocab_files.h.
 *
 *     tokenizer.json          vocab, merges whose three parts are kept, added_tokens, ids in post_processor, unk_id
 *     tokenizer.model         kept pieces as they are; size and special ids of the trainer's settings
 *     tokenizer_config.json   added_tokens_decoder
 *     generation_config.json  bos, eos, pad
 *
 * All else stays as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "model/model_file.h"
#include "model/vocab_files.h"

#define DEPTH_MAX HX_JSON_DEPTH_MAX

/* ------------------------------------------------------------------ JSON */
static int put_json(const char *bytes, size_t n, void *out) {
    return hx_buf_append(out, bytes, n) ? 0 : -1;
}

static hx_status write_bytes(const char *folder, const char *name, hx_str bytes, hx_error *err) {
    char *path = hx_model_join(folder, name);
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = hx_file_write(path, bytes, false, err);
    free(path);
    return st;
}

static hx_status write_json(const char *folder, const char *name, const json_t *j, hx_error *err) {
    hx_buf out;
    hx_buf_init(&out, (size_t)1 << 30);
    bool put = json_dump_callback(j, put_json, &out, JSON_INDENT(1)) == 0;
    hx_status st = put ? write_bytes(folder, name, hx_buf_str(&out), err)
                       : hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_release(&out);
    return st;
}

static json_t *renumber_vocab(const json_t *vocab, const hx__renumbering *r) {
    json_t *made = json_is_array(vocab) ? json_array() : json_object(), *value;
    const char *key;
    size_t i;
    if (json_is_array(vocab)) {
        json_array_foreach(vocab, i, value) {
            if (hx__new_id(r, (int64_t)i) >= 0) (void)json_array_append(made, value);
        }
        return made;
    }
    json_object_foreach((json_t *)(uintptr_t)vocab, key, value) {
        int64_t id = json_is_integer(value) ? hx__new_id(r, json_integer_value(value)) : -1;
        if (id >= 0) (void)json_object_set_new(made, key, json_integer(id));
    }
    return made;
}

static bool is_kept(const hx__vocab_files *f, const hx__renumbering *r, hx_str spelling) {
    return hx__new_id(r, hx__vocab_files_find(f, spelling)) >= 0;
}

static json_t *keep_merges(const hx__vocab_files *f, const json_t *merges,
                           const hx__renumbering *r) {
    json_t *made = json_array(), *merge;
    hx_buf both;
    size_t i;
    hx_buf_init(&both, 1u << 20);
    json_array_foreach(merges, i, merge) {
        hx_str left, right;
        if (!hx__vocab_split_merge(merge, &left, &right)) continue;
        hx_buf_reset(&both);
        (void)hx_buf_append_str(&both, left);
        (void)hx_buf_append_str(&both, right);
        if (is_kept(f, r, left) && is_kept(f, r, right) && is_kept(f, r, hx_buf_str(&both)))
            (void)json_array_append(made, merge);
    }
    hx_buf_release(&both);
    return made;
}

static void renumber_member(json_t *object, const char *key, const hx__renumbering *r) {
    json_t *value = json_object_get(object, key), *one;
    size_t i;
    if (json_is_integer(value)) {
        int64_t id = hx__new_id(r, json_integer_value(value));
        (void)json_object_set_new(object, key, id < 0 ? json_null() : json_integer(id));
        return;
    }
    if (!json_is_array(value)) return;
    json_t *made = json_array();
    json_array_foreach(value, i, one) {
        int64_t id = json_is_integer(one) ? hx__new_id(r, json_integer_value(one)) : -1;
        if (id >= 0) (void)json_array_append_new(made, json_integer(id));
    }
    (void)json_object_set_new(object, key, made);
}

/* {"ids": [...]} and ["</s>", 2] anywhere within a post_processor; depth is bounded by the parser. */
static void renumber_processor(json_t *root, const hx__renumbering *r) {
    json_t *stack[DEPTH_MAX * 16], *value;
    size_t n = 0, i;
    const char *key;
    if (json_is_object(root) || json_is_array(root)) stack[n++] = root;
    while (n > 0) {
        json_t *j = stack[--n];
        if (json_is_object(j) && json_is_array(json_object_get(j, "ids"))) {
            renumber_member(j, "ids", r);
            continue;
        }
        if (json_is_array(j) && json_array_size(j) == 2 && json_is_string(json_array_get(j, 0)) &&
            json_is_integer(json_array_get(j, 1))) {
            int64_t id = hx__new_id(r, json_integer_value(json_array_get(j, 1)));
            (void)json_array_set_new(j, 1, json_integer(id < 0 ? 0 : id));
            continue;
        }
        json_object_foreach(j, key, value) {
            if (n < DEPTH_MAX * 16) stack[n++] = value;
        }
        json_array_foreach(j, i, value) {
            if (n < DEPTH_MAX * 16) stack[n++] = value;
        }
    }
}

static void renumber_added(json_t *root, const hx__renumbering *r) {
    json_t *added = json_object_get(root, "added_tokens"), *value, *made = json_array();
    size_t i;
    json_array_foreach(added, i, value) {
        int64_t id = hx__new_id(r, json_integer_value(json_object_get(value, "id")));
        if (id < 0) continue;
        (void)json_object_set_new(value, "id", json_integer(id));
        (void)json_array_append(made, value);
    }
    (void)json_object_set_new(root, "added_tokens", made);
}

static hx_status write_tokenizer_json(hx__vocab_files *f, const hx__renumbering *r,
                                      const char *folder, hx_error *err) {
    json_t *model = json_object_get(f->json, "model");
    const json_t *merges = json_object_get(model, "merges");
    if (merges) (void)json_object_set_new(model, "merges", keep_merges(f, merges, r));
    (void)json_object_set_new(model, "vocab", renumber_vocab(json_object_get(model, "vocab"), r));
    renumber_member(model, "unk_id", r);
    renumber_added(f->json, r);
    renumber_processor(json_object_get(f->json, "post_processor"), r);
    return write_json(folder, "tokenizer.json", f->json, err);
}

/* ------------------------------------------------------------------ tokenizer.model */
static void put_number(hx_buf *b, uint32_t field, uint64_t v) {
    hx_put_u64(b, (uint64_t)field << 3);
    hx_put_u64(b, v);
}

static void put_trainer(hx_buf *out, hx_str message, const hx__renumbering *r) {
    hx_cursor c = hx_cursor_of(message);
    hx_proto_field field;
    while (hx__vocab_next_field(&c, &field)) {
        bool id = field.number >= 40 && field.number <= 43 && field.wire == 0;
        if (field.number == 4 && field.wire == 0)
            put_number(out, 4, r->n_new);
        else if (id)
            put_number(out, field.number, (uint64_t)hx__new_id(r, (int64_t)(int32_t)field.value));
        else
            (void)hx_buf_append_str(out, field.whole);
    }
}

static hx_status write_tokenizer_model(const hx__vocab_files *f, const hx__renumbering *r,
                                       const char *folder, hx_error *err) {
    hx_cursor c = hx_cursor_of(hx_buf_str(&f->model));
    hx_proto_field field;
    hx_buf out, trainer;
    int64_t n = 0;
    hx_buf_init(&out, (size_t)1 << 30);
    hx_buf_init(&trainer, (size_t)1 << 30);
    while (hx__vocab_next_field(&c, &field)) {
        if (field.number == 1 && hx__new_id(r, n++) < 0) continue;
        if (field.number != 2 || field.wire != 2) {
            (void)hx_buf_append_str(&out, field.whole);
            continue;
        }
        hx_buf_reset(&trainer);
        put_trainer(&trainer, field.bytes, r);
        hx_put_u64(&out, 2 << 3 | 2);
        hx_put_str(&out, hx_buf_str(&trainer));
    }
    hx_status st = hx_buf_status(&trainer, "tokenizer.model", err);
    if (st == HX_OK) st = hx_buf_status(&out, "tokenizer.model", err);
    if (st == HX_OK) st = write_bytes(folder, "tokenizer.model", hx_buf_str(&out), err);
    hx_buf_release(&out);
    hx_buf_release(&trainer);
    return st;
}

/* ------------------------------------------------------------------ the other files */
/* {"0": {...}} with ids as keys. */
static void renumber_decoder(json_t *config, const hx__renumbering *r) {
    json_t *decoder = json_object_get(config, "added_tokens_decoder"), *value, *made;
    const char *key;
    if (!json_is_object(decoder)) return;
    made = json_object();
    json_object_foreach(decoder, key, value) {
        int64_t old = 0;
        char text[24];
        for (const char *p = key; *p >= '0' && *p <= '9' && old < INT32_MAX; p++)
            old = old * 10 + (*p - '0');
        int64_t id = hx__new_id(r, old);
        (void)snprintf(text, sizeof text, "%lld", (long long)id);
        if (id >= 0) (void)json_object_set(made, text, value);
    }
    (void)json_object_set_new(config, "added_tokens_decoder", made);
}

static hx_status rewrite(const char *folder, const char *name, const hx__renumbering *r,
                         hx_error *err) {
    char *path = hx_model_join(folder, name);
    hx_buf text;
    json_t *j = NULL;
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    bool there = hx_file_exists(path);
    hx_buf_init(&text, HX_MODEL_JSON_MAX);
    hx_status st = there ? hx_file_read(path, &text, err) : HX_OK;
    free(path);
    if (there && st == HX_OK)
        st = hx_json_parse(hx_buf_str(&text), HX_MODEL_JSON_MAX, name, &j, err);
    if (j) {
        renumber_decoder(j, r);
        renumber_member(j, "bos_token_id", r);
        renumber_member(j, "eos_token_id", r);
        renumber_member(j, "pad_token_id", r);
        st = write_json(folder, name, j, err);
    }
    json_decref(j);
    hx_buf_release(&text);
    return st;
}

hx_status hx__vocab_files_write(hx__vocab_files *f, const hx__renumbering *r, const char *folder,
                                hx_error *err) {
    HX_TRY(rewrite(folder, "tokenizer_config.json", r, err));
    HX_TRY(rewrite(folder, "generation_config.json", r, err));
    return f->json ? write_tokenizer_json(f, r, folder, err)
                   : write_tokenizer_model(f, r, folder, err);
}
