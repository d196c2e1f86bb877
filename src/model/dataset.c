/* dataset.c - labelled examples: reading in order, and looking at what was read; see dataset.h and dataset_parts.h.
 *
 *     files -> examples -> labels sorted -> shares drawn -> sample drawn -> keys -> checks
 *
 * Labels are numbered as they come and renumbered once, bytewise, when all files have been read; the parts of a file are drawn after that, so
 * that they do not depend on which label came first. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "model/dataset_parts.h"

#define TEXTS_MAX ((size_t)16 << 30) /* bytes of all texts */

/* ------------------------------------------------------------------ labels */
static hx_status give_labels(hx_dataset *d, const hx_dataset_options *o, hx_error *err) {
    const hx__dataset_row none = {0};
    for (size_t i = 0; o->labels && i < o->n_labels; i++) {
        uint32_t id = 0;
        hx_str label = hx__text_strip(hx_str_of(o->labels[i]));
        HX_TRY(hx__dataset_label_id(d, label, &none, &id, err));
        if (id != i || label.len == 0)
            return hx_fail(err, HX_EINVAL, "the label '%s' is empty or given twice", o->labels[i]);
    }
    d->labels_given = o->labels && o->n_labels > 0;
    return HX_OK;
}

typedef struct {
    const char *name;
    uint32_t old;
} numbered;

static int by_name(const void *a, const void *b) {
    return strcmp(((const numbered *)a)->name, ((const numbered *)b)->name);
}

static void renumber(hx_dataset *d, const uint32_t *new_of) {
    hx_example *e = hx__examples(d);
    uint32_t *many = hx__many(d);
    for (size_t i = 0; d->target == HX_TARGET_LABEL && i < hx__dataset_n(d); i++)
        e[i].label = new_of[e[i].label];
    for (size_t i = 0; i < d->many.len / sizeof *many; i++)
        many[i] = new_of[many[i]];
    for (size_t i = 0; d->target == HX_TARGET_LABELS && i < hx__dataset_n(d); i++)
        for (uint32_t a = e[i].label + 1; a < e[i].label + e[i].n_labels; a++)
            for (uint32_t b = a; b > e[i].label && many[b - 1] > many[b]; b--) {
                uint32_t kept = many[b];
                many[b] = many[b - 1];
                many[b - 1] = kept;
            }
}

static hx_status sort_labels(hx_dataset *d, hx_error *err) {
    size_t n = hx_dataset_n_labels(d);
    if (d->labels_given || n == 0) return HX_OK;
    numbered *all = calloc(n, sizeof *all);
    uint32_t *new_of = calloc(n, sizeof *new_of);
    if (all && new_of) {
        for (size_t i = 0; i < n; i++)
            all[i] = (numbered){hx__labels(d)[i], (uint32_t)i};
        qsort(all, n, sizeof *all, by_name);
        for (size_t i = 0; i < n; i++) {
            hx__labels(d)[i] = all[i].name;
            new_of[all[i].old] = (uint32_t)i;
        }
        renumber(d, new_of);
    }
    hx_status st = all && new_of ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
    free(all);
    free(new_of);
    return st;
}

/* ------------------------------------------------------------------ reading */
static hx_status keep_paths(hx_dataset *d, const char *const paths[HX_DATASET_FILES],
                            hx_error *err) {
    for (size_t i = 0; i < HX_DATASET_FILES; i++) {
        if (!paths[i]) continue;
        d->paths[i] = hx_arena_str(d->arena, hx_str_of(paths[i])).ptr;
        if (!d->paths[i]) return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    return HX_OK;
}

static hx_status read_all(hx_dataset *d, const char *path, const hx_dataset_options *o,
                          hx_error *err) {
    static const hx_part parts[HX_DATASET_FILES] = {HX_PART_TRAIN, HX_PART_VALIDATION,
                                                    HX_PART_TEST};
    const char *const paths[HX_DATASET_FILES] = {path, o->validation_path, o->test_path};
    HX_TRY(keep_paths(d, paths, err));
    HX_TRY(give_labels(d, o, err));
    for (uint32_t i = 0; i < HX_DATASET_FILES; i++)
        if (paths[i]) HX_TRY(hx__dataset_read_file(d, i, parts[i], o, err));
    if (hx__dataset_n(d) == 0)
        return hx_fail(err, HX_EFORMAT,
                       "%s: no usable example in %zu rows (%zu without text, %zu without label, "
                       "%zu unreadable)",
                       path, d->check.n_rows, d->check.n_empty, d->check.n_unlabelled,
                       d->check.n_bad);
    HX_TRY(sort_labels(d, err));
    HX_TRY(hx__dataset_split(d, o, err));
    HX_TRY(hx__dataset_sample(d, o->max_examples, o->seed, err));
    HX_TRY(hx__dataset_make_keys(d, err));
    return hx__dataset_check_all(d, err);
}

hx_status hx_dataset_read(hx_dataset **out, const char *path, const hx_dataset_options *options,
                          hx_error *err) {
    static const hx_dataset_options defaults = {0};
    const hx_dataset_options *o = options ? options : &defaults;
    hx_dataset *d = calloc(1, sizeof *d);
    if (d) d->arena = hx_arena_new(TEXTS_MAX);
    if (!d || !d->arena) {
        free(d);
        return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    d->target = o->target;
    hx_buf_init(&d->examples, SIZE_MAX / 2);
    hx_buf_init(&d->many, SIZE_MAX / 2);
    hx_buf_init(&d->heads, SIZE_MAX / 2);
    hx_buf_init(&d->labels, SIZE_MAX / 2);
    hx_buf_init(&d->leaks, SIZE_MAX / 2);
    hx_map_init(&d->label_ids);
    hx_status st = read_all(d, path, o, err);
    if (st == HX_OK)
        *out = d;
    else
        hx_dataset_free(d);
    return st;
}

void hx_dataset_free(hx_dataset *d) {
    if (!d) return;
    hx_map_release(&d->label_ids);
    hx_buf_release(&d->leaks);
    hx_buf_release(&d->labels);
    hx_buf_release(&d->heads);
    hx_buf_release(&d->many);
    hx_buf_release(&d->examples);
    free(d->order[0]);
    hx_arena_free(d->arena);
    free(d);
}

/* ------------------------------------------------------------------ looking */
const char *hx_dataset_source(const hx_dataset *d, uint32_t source) {
    return source < HX_DATASET_FILES ? d->paths[source] : NULL;
}

hx_target_kind hx_dataset_target(const hx_dataset *d) {
    return d->target;
}

size_t hx_dataset_count(const hx_dataset *d, hx_part part) {
    return part < HX_DATASET_PARTS ? d->n_part[part] : 0;
}

const hx_example *hx_dataset_at(const hx_dataset *d, hx_part part, size_t i) {
    return i < hx_dataset_count(d, part) ? &hx__examples(d)[d->order[part][i]] : NULL;
}

size_t hx_dataset_n_labels(const hx_dataset *d) {
    return d->labels.len / sizeof(char *);
}

const char *hx_dataset_label(const hx_dataset *d, size_t i) {
    return i < hx_dataset_n_labels(d) ? hx__labels(d)[i] : NULL;
}

const uint32_t *hx_dataset_many(const hx_dataset *d, const hx_example *e) {
    bool has = d->target == HX_TARGET_LABELS || d->target == HX_TARGET_TAGS;
    return has && e->n_labels > 0 ? hx__many(d) + e->label : NULL;
}

const uint32_t *hx_dataset_heads(const hx_dataset *d, const hx_example *e) {
    const uint32_t *heads = (const uint32_t *)(const void *)d->heads.ptr;
    bool there = d->has_heads && d->target == HX_TARGET_TAGS && e->n_labels > 0 &&
                 ((size_t)e->label + e->n_labels) * sizeof *heads <= d->heads.len;
    return there ? heads + e->label : NULL;
}

const hx_dataset_check *hx_dataset_checked(const hx_dataset *d) {
    return &d->check;
}
