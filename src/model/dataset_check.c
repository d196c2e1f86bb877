/* dataset_check.c - what should be known before training.
 *
 *     duplicates   texts of train that stand in train before; conflicts: with another label there
 *     leaks        texts of validation and test that stand in train: figures on them say nothing
 *     imbalance    the most frequent label of train against the rarest one that occurs
 *
 * Texts are compared by a 64-bit hash of their folded form (dataset_text.c). Counts are for the parts as they are, after each new split. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/pool.h"
#include "model/dataset_parts.h"

#define A_JOB 1024
#define TEXT_SHOWN 160 /* bytes */

/* ------------------------------------------------------------------ keys */
static hx_status make_some(void *context, size_t job, size_t worker, hx_error *err) {
    hx_dataset *d = context;
    size_t end = (job + 1) * A_JOB < hx__dataset_n(d) ? (job + 1) * A_JOB : hx__dataset_n(d);
    hx_buf b;
    (void)worker;
    hx_buf_init(&b, SIZE_MAX / 2);
    for (size_t i = job * A_JOB; i < end; i++) {
        const hx_example *e = &hx__examples(d)[i];
        hx_buf_reset(&b);
        hx__text_fold(e->text, &b);
        if (e->text2.len > 0) {
            (void)hx_buf_append_byte(&b, '\0');
            hx__text_fold(e->text2, &b);
        }
        if (b.failed) break;
        d->keys[i] = hx_hash(hx_buf_str(&b));
    }
    hx_status st = hx_buf_status(&b, "a text", err);
    hx_buf_release(&b);
    return st;
}

hx_status hx__dataset_make_keys(hx_dataset *d, hx_error *err) {
    size_t n = hx__dataset_n(d);
    d->keys = hx_arena_alloc(d->arena, (n + 1) * sizeof *d->keys);
    if (!d->keys) return hx_fail(err, HX_ENOMEM, "out of memory");
    return hx_pool_run(0, (n + A_JOB - 1) / A_JOB, make_some, d, err);
}

/* ------------------------------------------------------------------ parts */
static hx_status list_parts(hx_dataset *d, hx_error *err) {
    size_t n = hx__dataset_n(d), at[HX_DATASET_PARTS] = {0};
    const hx_example *e = hx__examples(d);
    if (!d->order[0]) d->order[0] = calloc(n + 1, sizeof *d->order[0]);
    if (!d->order[0]) return hx_fail(err, HX_ENOMEM, "out of memory");
    memset(d->n_part, 0, sizeof d->n_part);
    for (size_t i = 0; i < n; i++)
        if (e[i].part < HX_DATASET_PARTS) d->n_part[e[i].part]++;
    for (size_t p = 1; p < HX_DATASET_PARTS; p++)
        d->order[p] = d->order[p - 1] + d->n_part[p - 1];
    for (size_t i = 0; i < n; i++)
        if (e[i].part < HX_DATASET_PARTS) d->order[e[i].part][at[e[i].part]++] = (uint32_t)i;
    return HX_OK;
}

/* ------------------------------------------------------------------ what is found */
static bool same_answer(const hx_dataset *d, const hx_example *a, const hx_example *b) {
    if (d->target == HX_TARGET_LABEL) return a->label == b->label;
    if (d->target == HX_TARGET_NUMBER) return !(a->number < b->number || a->number > b->number);
    if (d->target == HX_TARGET_NONE) return true;
    return a->n_labels == b->n_labels &&
           (a->n_labels == 0 || memcmp(hx__many(d) + a->label, hx__many(d) + b->label,
                                       a->n_labels * sizeof(uint32_t)) == 0);
}

/* In `seen`: key -> 1 + the first example of train that has it. */
static bool find_duplicates(hx_dataset *d, hx_map *seen) {
    for (size_t k = 0; k < d->n_part[HX_PART_TRAIN]; k++) {
        uint32_t i = d->order[HX_PART_TRAIN][k];
        uint64_t *place = hx_map_put(seen, d->keys[i]);
        if (!place) return false;
        if (*place == 0) {
            *place = i + 1u;
            continue;
        }
        d->check.n_duplicates++;
        if (!same_answer(d, &hx__examples(d)[*place - 1], &hx__examples(d)[i]))
            d->check.n_conflicts++;
    }
    return true;
}

static void find_leaks(hx_dataset *d, const hx_map *seen) {
    for (size_t p = HX_PART_VALIDATION; p < HX_DATASET_PARTS; p++)
        for (size_t k = 0; k < d->n_part[p]; k++) {
            uint32_t i = d->order[p][k];
            const uint64_t *place = hx_map_get(seen, d->keys[i]);
            if (!place) continue;
            const hx__leak leak = {(uint32_t)(*place - 1), i};
            d->check.n_leaks++;
            (void)hx_buf_append(&d->leaks, &leak, sizeof leak);
        }
}

static hx_status find_imbalance(hx_dataset *d, hx_error *err) {
    size_t n_labels = hx_dataset_n_labels(d);
    uint64_t most = 0, least = UINT64_MAX;
    d->check.imbalance = 0;
    if (n_labels == 0) return HX_OK;
    uint64_t *counts = calloc(n_labels, sizeof *counts);
    if (!counts) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t k = 0; k < d->n_part[HX_PART_TRAIN]; k++) {
        const hx_example *e = &hx__examples(d)[d->order[HX_PART_TRAIN][k]];
        if (d->target == HX_TARGET_LABEL) counts[e->label]++;
        for (uint32_t i = 0; d->target != HX_TARGET_LABEL && i < e->n_labels; i++)
            counts[hx__many(d)[e->label + i]]++;
    }
    for (size_t i = 0; i < n_labels; i++) {
        if (counts[i] > most) most = counts[i];
        if (counts[i] > 0 && counts[i] < least) least = counts[i];
    }
    free(counts);
    if (most > 0) d->check.imbalance = (double)most / (double)least;
    return HX_OK;
}

hx_status hx__dataset_check_all(hx_dataset *d, hx_error *err) {
    hx_map seen;
    HX_TRY(list_parts(d, err));
    d->check.n_duplicates = d->check.n_conflicts = d->check.n_leaks = 0;
    hx_buf_reset(&d->leaks);
    hx_map_init(&seen);
    bool found = find_duplicates(d, &seen);
    if (found) find_leaks(d, &seen);
    hx_map_release(&seen);
    if (!found) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_buf_status(&d->leaks, "texts that stand in two parts", err));
    return find_imbalance(d, err);
}

/* ------------------------------------------------------------------ leaks */
bool hx_dataset_leak(const hx_dataset *d, size_t i, const hx_example **train,
                     const hx_example **other) {
    if (i >= d->leaks.len / sizeof(hx__leak)) return false;
    const hx__leak *leak = (const hx__leak *)(const void *)d->leaks.ptr + i;
    *train = &hx__examples(d)[leak->train];
    *other = &hx__examples(d)[leak->other];
    return true;
}

static void put_place(hx_buf *b, const hx_dataset *d, const hx_example *e) {
    const char *path = hx_dataset_source(d, e->source);
    (void)hx_buf_printf(b, "%s:%lld", path ? path : "", (long long)e->row);
}

hx_str hx_dataset_leak_text(const hx_dataset *d, size_t i, hx_ui_lang ui, hx_arena *arena) {
    const hx_example *train, *other;
    hx_str kept = {NULL, 0};
    hx_buf b;
    if (!hx_dataset_leak(d, i, &train, &other)) return kept;
    bool zh = ui == HX_UI_ZH, test = other->part == HX_PART_TEST;
    hx_str shown = other->text;
    if (shown.len > TEXT_SHOWN) shown.len = TEXT_SHOWN;
    shown.len = (size_t)hx_str_shown(shown);
    hx_buf_init(&b, 1u << 16);
    put_place(&b, d, other);
    (void)hx_buf_append_lit(&b, zh ? (test ? "（测试集）与 " : "（验证集）与 ")
                                   : (test ? " (test) is also " : " (validation) is also "));
    put_place(&b, d, train);
    (void)hx_buf_append_lit(&b, zh ? "（训练集）相同：" : " (train): ");
    (void)hx_buf_append_str(&b, shown);
    if (shown.len < other->text.len) (void)hx_buf_append_lit(&b, "…");
    if (!b.failed) kept = hx_arena_str(arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return kept;
}

hx_status hx_dataset_drop_leaks(hx_dataset *d, hx_error *err) {
    hx_map judged;
    bool made = true;
    hx_map_init(&judged);
    for (size_t i = 0; i < d->leaks.len / sizeof(hx__leak) && made; i++) {
        const hx__leak *leak = (const hx__leak *)(const void *)d->leaks.ptr + i;
        made = hx_map_put(&judged, d->keys[leak->other]) != NULL;
    }
    for (size_t k = 0; made && k < d->n_part[HX_PART_TRAIN]; k++) {
        uint32_t i = d->order[HX_PART_TRAIN][k];
        if (!hx_map_get(&judged, d->keys[i])) continue;
        hx__examples(d)[i].part = HX_DATASET_PARTS;
        d->check.n_dropped++;
    }
    hx_map_release(&judged);
    if (!made) return hx_fail(err, HX_ENOMEM, "out of memory");
    return hx__dataset_check_all(d, err);
}
