/* linear.c - a matrix product as described: its parts, its rows and lanes, and which form runs.
 *
 * Invariants: parts are borrowed and never written. All parts have k columns; k is a multiple of each one's block. The rows of x are
 * made ready in a first step of the team (normed; rotated and quantised), and multiplied in a second; both go by rows and panels whose
 * results do not depend on each other, so neither the split nor the number of threads shows. */
#include "tensor/linear.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "tensor/linear_parts.h"
#include "tensor/memory.h"

size_t hx_linear_rows(const hx_linear *l) {
    return l->n;
}

size_t hx_linear_columns(const hx_linear *l) {
    return l->k;
}

bool hx_linear_is_packed(const hx_linear *l) {
    return l->weights != NULL;
}

size_t hx_linear_row_bytes(const hx_linear *l, hx_dtype type) {
    const hx_dtype_info *info = hx_dtype_describe((uint32_t)type);
    return l->k / info->block * info->bytes;
}

const hx_linear_part *hx_linear_part_of(const hx_linear *l, size_t i, size_t *row) {
    const hx_linear_part *part = l->parts;
    while (i >= part->n)
        i -= part++->n;
    *row = i;
    return part;
}

/* The row of W behind a lane; n where the panel is padded. */
static size_t row_of_lane(const hx_linear *l, size_t panel, size_t lane) {
    if (l->kind != HX_LINEAR_SWIGLU) {
        size_t i = panel * HX_GEMM_LANES + lane;
        return i < l->n ? i : l->n;
    }
    size_t i = panel * HX_GEMM_HALF + lane % HX_GEMM_HALF;
    if (i >= l->n / 2) return l->n;
    return lane < HX_GEMM_HALF ? i : l->n / 2 + i;
}

const void *hx_linear_lane(const hx_linear *l, size_t panel, size_t lane, hx_dtype *type) {
    size_t row, i = row_of_lane(l, panel, lane);
    if (i >= l->n) return NULL;
    const hx_linear_part *part = hx_linear_part_of(l, i, &row);
    *type = part->type;
    return (const char *)part->data + row * hx_linear_row_bytes(l, part->type);
}

static hx_status check_parts(const hx_linear_part *parts, size_t n_parts, size_t k,
                             hx_linear_kind kind, hx_error *err) {
    if (n_parts == 0 || n_parts > HX_LINEAR_PARTS_MAX)
        return hx_fail(err, HX_EINVAL, "a product takes 1 to %d matrices, not %zu",
                       HX_LINEAR_PARTS_MAX, n_parts);
    if (k == 0 || k > HX_LINEAR_K_MAX)
        return hx_fail(err, HX_ELIMIT, "a matrix has 1 to %d columns, not %zu", HX_LINEAR_K_MAX, k);
    for (size_t i = 0; i < n_parts; i++) {
        const hx_dtype_info *info = hx_dtype_describe((uint32_t)parts[i].type);
        if (!info->name || !info->is_weight)
            return hx_fail(err, HX_EUNSUPPORTED,
                           "nothing can be multiplied with elements of type %u",
                           (unsigned)parts[i].type);
        if (k % info->block != 0)
            return hx_fail(err, HX_EFORMAT, "%zu columns are no whole number of blocks of %s", k,
                           info->name);
        if (parts[i].n == 0 || parts[i].n > (SIZE_MAX >> 8) / k)
            return hx_fail(err, HX_EINVAL, "a matrix of %zu rows cannot be multiplied with",
                           parts[i].n);
    }
    if (kind == HX_LINEAR_SWIGLU && (n_parts != 2 || parts[0].n != parts[1].n))
        return hx_fail(err, HX_EINVAL, "gate and up must be two matrices of equally many rows");
    return HX_OK;
}

/* The largest power of two that divides k, HX_LINEAR_BLOCK_MAX at most. */
static size_t block_of(size_t k) {
    size_t block = 1;
    while (block < HX_LINEAR_BLOCK_MAX && k % (2 * block) == 0)
        block *= 2;
    return block;
}

static void fill_bias(hx_linear *l) {
    for (size_t i = 0; i < l->n_panels * HX_GEMM_LANES; i++) {
        size_t row, at = row_of_lane(l, i / HX_GEMM_LANES, i % HX_GEMM_LANES);
        if (at >= l->n) continue;
        const hx_linear_part *part = hx_linear_part_of(l, at, &row);
        if (part->bias) l->bias[i] = part->bias[row];
    }
}

hx_status hx_linear_new(hx_linear **out, const hx_kernels *kernels, const hx_linear_part *parts,
                        size_t n_parts, size_t k, hx_linear_kind kind, hx_error *err) {
    HX_TRY(check_parts(parts, n_parts, k, kind, err));
    hx_linear *l = calloc(1, sizeof *l);
    if (!l) return hx_fail(err, HX_ENOMEM, "not enough memory for a matrix product");
    l->kernels = kernels;
    l->kind = kind;
    l->n_parts = n_parts;
    memcpy(l->parts, parts, n_parts * sizeof *parts);
    for (size_t i = 0; i < n_parts; i++)
        l->n += parts[i].n;
    l->k = k;
    l->k4 = hx_linear_round(k, 4);
    l->block = block_of(k);
    size_t of_y = kind == HX_LINEAR_SWIGLU ? l->n / 2 : l->n;
    l->n_panels = (of_y + hx_linear_width(l) - 1) / hx_linear_width(l);
    l->bias = calloc(l->n_panels * HX_GEMM_LANES, sizeof *l->bias);
    if (!l->bias) {
        free(l);
        return hx_fail(err, HX_ENOMEM, "not enough memory for a matrix product");
    }
    fill_bias(l);
    *out = l;
    return HX_OK;
}

void hx_linear_free(hx_linear *l) {
    if (!l) return;
    if (l->owned) hx_memory_free(l->owned, l->owned_bytes);
    free(l->bias);
    free(l);
}

/* The columns of y that come from lanes [*from, *from + count) of a panel; returns where they start in a row of y. */
static size_t columns_of(const hx_linear_job *job, size_t panel, size_t *from, size_t *count) {
    size_t width = hx_linear_width(job->l), at = panel * width;
    *from = at < job->first ? job->first - at : 0;
    size_t end = job->first + job->n - at < width ? job->first + job->n - at : width;
    *count = end - *from;
    return at + *from - job->first;
}

float *hx_linear_out(const hx_linear_job *job, size_t panel, size_t row, size_t rows, float *tile,
                     size_t *ld) {
    size_t from, count, at = columns_of(job, panel, &from, &count);
    float *y = job->call->y + row * job->call->ldy + at;
    for (size_t m = 0; m < rows; m++) {
        const char *line = (const char *)(y + m * job->call->ldy);
        __builtin_prefetch(line, 1);
        __builtin_prefetch(line + 64, 1);
    }
    bool whole = job->l->kind == HX_LINEAR_STORE && count == HX_GEMM_LANES;
    *ld = whole ? job->call->ldy : HX_GEMM_LANES;
    return whole ? y : tile;
}

void hx_linear_put(const hx_linear_job *job, size_t panel, size_t row, size_t rows,
                   const float *tile) {
    const hx_gemm_kernels *g = job->l->kernels->gemm;
    const size_t ld = HX_GEMM_LANES, ldy = job->call->ldy;
    size_t from, count, at = columns_of(job, panel, &from, &count);
    float *y = job->call->y + row * ldy + at;
    switch (job->l->kind) {
    case HX_LINEAR_STORE:
        for (size_t m = 0; count < ld && m < rows; m++)
            memcpy(y + m * ldy, tile + m * ld + from, count * sizeof *y);
        break;
    case HX_LINEAR_ADD:
        g->add(tile + from, ld, rows, count, y, ldy);
        break;
    case HX_LINEAR_SWIGLU:
        g->swiglu(tile, tile + HX_GEMM_HALF, ld, rows, count, y, ldy);
        break;
    }
}

size_t hx_linear_scratch(const hx_linear *l, hx_form form, size_t m, size_t n_threads) {
    switch (form) {
    case HX_FORM_INT8:
        return hx_linear_int8_scratch(l, m, n_threads);
    case HX_FORM_STORED:
        return hx_linear_stored_scratch(l, m, n_threads);
    default:
        return hx_linear_exact_scratch(l, m, n_threads);
    }
}

void hx_linear_run(const hx_linear *l, hx_form form, const hx_linear_call *call, void *scratch,
                   hx_team *team) {
    if (call->m == 0) return;
    hx_linear_job job = {.l = l, .call = call, .first = call->first, .n = call->n};
    if (job.n == 0) job.n = (l->kind == HX_LINEAR_SWIGLU ? l->n / 2 : l->n) - job.first;
    job.first_panel = job.first / hx_linear_width(l);
    job.n_panels = (job.first + job.n - 1) / hx_linear_width(l) - job.first_panel + 1;
    switch (form) {
    case HX_FORM_INT8:
        hx_linear_run_int8(&job, scratch, team);
        break;
    case HX_FORM_STORED:
        hx_linear_run_stored(&job, scratch, team);
        break;
    default:
        hx_linear_run_exact(&job, scratch, team);
        break;
    }
}
