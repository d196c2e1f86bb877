/* text_learner_file.c - a learner as one file.
 *
 *     "HXLEARN1"
 *     kind, n_labels                          varints; then each label: length, bytes
 *     prior (n_labels), temperature           IEEE bits, little-endian
 *     summary                                 length, JSON
 *     linear: features, n_outputs, weights    text_features.c; (features + 1, n_outputs) floats
 *     neural: the net                         text_net.c
 *     XXH3 of all before                      8 bytes, little-endian
 *
 * The hash is checked before anything is believed; what it can't tell (another program's bytes with a right hash) is checked field by field. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "learn/text_learner.h"

#define MAGIC "HXLEARN1"
#define MAGIC_LEN 8
#define FILE_MAX_ ((size_t)4 << 30)
#define LABELS_MAX 65536u

static void put_floats(hx_buf *out, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        const char bytes[4] = {(char)bits, (char)(bits >> 8), (char)(bits >> 16),
                               (char)(bits >> 24)};
        hx_buf_append(out, bytes, sizeof bytes);
    }
}

static void put_double(hx_buf *out, double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    hx_put_fixed64(out, bits);
}

static void write_learner(const hx_text_learner *l, hx_buf *out) {
    hx_buf_append(out, MAGIC, MAGIC_LEN);
    hx_put_u64(out, (uint64_t)l->kind);
    hx_put_u64(out, l->n_labels);
    for (size_t k = 0; k < l->n_labels; k++)
        hx_put_str(out, hx_str_of(l->labels[k]));
    put_floats(out, l->prior, l->n_labels);
    put_double(out, l->temperature);
    hx_put_str(out, l->summary);
    if (l->net) {
        hx_text_net_write(l->net, out);
    } else {
        hx_features_write(&l->features, out);
        hx_put_u64(out, l->n_outputs);
        put_floats(out, l->weights, (l->features.n + 1) * l->n_outputs);
    }
    hx_put_fixed64(out, hx_hash(hx_buf_str(out)));
}

hx_status hx_text_learner_save(const hx_text_learner *l, const char *path, hx_error *err) {
    hx_buf out;
    hx_buf_init(&out, FILE_MAX_);
    write_learner(l, &out);
    hx_status st = hx_buf_status(&out, path, err);
    if (st == HX_OK) st = hx_file_write(path, hx_buf_str(&out), false, err);
    hx_buf_release(&out);
    return st;
}

/* ------------------------------------------------------------------ reading */
static bool get_floats(hx_cursor *in, float *x, size_t n) {
    if ((size_t)(in->end - in->at) / 4 < n) in->failed = true;
    for (size_t i = 0; i < n && !in->failed; i++, in->at += 4) {
        uint32_t bits = (uint32_t)in->at[0] | (uint32_t)in->at[1] << 8 | (uint32_t)in->at[2] << 16 |
                        (uint32_t)in->at[3] << 24;
        memcpy(&x[i], &bits, sizeof bits);
        if (!isfinite(x[i])) in->failed = true;
    }
    return !in->failed;
}

static double get_double(hx_cursor *in) {
    uint64_t bits = hx_get_fixed64(in);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static hx_status damaged(const char *path, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "%s is damaged; train it again or copy it anew", path);
}

static hx_status read_head(hx_text_learner *l, hx_cursor *in, const char *path, hx_error *err) {
    uint64_t kind = hx_get_u64(in);
    l->n_labels = hx_get_count(in, 1);
    if (in->failed || l->n_labels < 2 || l->n_labels > LABELS_MAX) return damaged(path, err);
    if (kind >= HX_TEXT_LEARNER_N)
        return hx_fail(err, HX_EUNSUPPORTED, "%s holds a learner this version does not know", path);
    l->kind = (hx_text_learner_kind)kind;
    l->labels = hx_arena_alloc(l->arena, l->n_labels * sizeof *l->labels);
    l->prior = calloc(l->n_labels, sizeof *l->prior);
    if (!l->labels || !l->prior) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    for (size_t k = 0; k < l->n_labels; k++) {
        l->labels[k] = hx_arena_str(l->arena, hx_get_str(in)).ptr;
        if (!l->labels[k]) return damaged(path, err);
    }
    if (!get_floats(in, l->prior, l->n_labels)) return damaged(path, err);
    l->temperature = get_double(in);
    l->summary = hx_arena_str(l->arena, hx_get_str(in));
    return in->failed || !(l->temperature > 0) || !isfinite(l->temperature) ? damaged(path, err)
                                                                            : HX_OK;
}

static hx_status read_linear(hx_text_learner *l, hx_cursor *in, const char *path, hx_error *err) {
    HX_TRY(hx_features_read(&l->features, in, err));
    l->n_outputs = (size_t)hx_get_u64(in);
    if (in->failed || (l->n_outputs != l->n_labels && !(l->n_outputs == 1 && l->n_labels == 2)))
        return damaged(path, err);
    size_t n = (l->features.n + 1) * l->n_outputs;
    if ((size_t)(in->end - in->at) / 4 < n) return damaged(path, err);
    l->weights = calloc(n, sizeof *l->weights);
    if (!l->weights) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    return get_floats(in, l->weights, n) ? HX_OK : damaged(path, err);
}

static hx_status read_learner(hx_text_learner *l, hx_cursor *in, const char *path, hx_error *err) {
    l->arena = hx_arena_new(0);
    if (!l->arena) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    HX_TRY(read_head(l, in, path, err));
    if (hx_text_learner_is_neural(l->kind)) {
        l->n_outputs = l->n_labels;
        HX_TRY(hx_text_net_read(&l->net, in, l->n_labels, err));
    } else {
        HX_TRY(read_linear(l, in, path, err));
    }
    return in->failed || in->at != in->end ? damaged(path, err) : HX_OK;
}

static hx_status check_hash(hx_str bytes, const char *path, hx_cursor *in, hx_error *err) {
    if (bytes.len < MAGIC_LEN || memcmp(bytes.ptr, MAGIC, MAGIC_LEN) != 0)
        return hx_fail(err, HX_EFORMAT, "%s is no learner that huaxiang trained", path);
    if (bytes.len < MAGIC_LEN + 8) return damaged(path, err);
    hx_cursor end = hx_cursor_of((hx_str){bytes.ptr + bytes.len - 8, 8});
    hx_str body = {bytes.ptr, bytes.len - 8};
    if (hx_get_fixed64(&end) != hx_hash(body)) return damaged(path, err);
    *in = hx_cursor_of((hx_str){bytes.ptr + MAGIC_LEN, body.len - MAGIC_LEN});
    return HX_OK;
}

hx_status hx_text_learner_load(hx_text_learner **out, const char *path, hx_error *err) {
    hx_mapping file;
    hx_cursor in;
    HX_TRY(hx_mapping_open(&file, path, err));
    hx_status st = check_hash(file.bytes, path, &in, err);
    hx_text_learner *l = st == HX_OK ? calloc(1, sizeof *l) : NULL;
    if (st == HX_OK)
        st = l ? read_learner(l, &in, path, err)
               : hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    hx_mapping_close(&file);
    if (st == HX_OK)
        *out = l;
    else
        hx_text_learner_free(l);
    return st;
}

bool hx_text_learner_is_file(const char *path) {
    char head[MAGIC_LEN];
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    bool is = fread(head, 1, MAGIC_LEN, f) == MAGIC_LEN && memcmp(head, MAGIC, MAGIC_LEN) == 0;
    (void)fclose(f);
    return is;
}
