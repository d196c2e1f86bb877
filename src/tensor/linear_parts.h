/* linear_parts.h - what the files of linear.h share; not for others.
 *
 * Panels (gemm_kernels.h): panel p of kinds STORE and ADD holds rows 32 p ... 32 p + 31 of W, parts one above the other. Of kind SWIGLU
 * lanes 0-15 are rows 16 p ... of gate and lanes 16-31 the same rows of up, so that both factors of an output come out of one tile. */
#ifndef HX_TENSOR_LINEAR_PARTS_H
#define HX_TENSOR_LINEAR_PARTS_H

#include "tensor/gemm_kernels.h"
#include "tensor/linear.h"

#define HX_LINEAR_PARTS_MAX 8
#define HX_LINEAR_K_MAX 131072 /* so that no sum of products of int8 passes 2^31 */
#define HX_LINEAR_BLOCK_MAX 512 /* of the Walsh-Hadamard transform */

struct hx_linear {
    const hx_kernels *kernels;
    hx_linear_kind kind;
    hx_linear_part parts[HX_LINEAR_PARTS_MAX];
    size_t n_parts, n, k;
    size_t k4; /* k rounded up to 4 */
    size_t block; /* of the transform */
    size_t n_panels;
    float *bias; /* owned; (32 n_panels) in the order of lanes, zeros where there is none */
    /* The int8 form. */
    int8_t *weights; /* NULL until packed; (n_panels, k4 / 4, 32, 4), aligned to 64 */
    int32_t *start; /* (32 n_panels) */
    float *scale; /* (32 n_panels): max / 127 / block */
    void *owned; /* what of it must be freed; NULL = the caller's memory */
    size_t owned_bytes;
};

/* The stored row behind a lane; NULL where the panel is padded. */
const void *hx_linear_lane(const hx_linear *l, size_t panel, size_t lane, hx_dtype *type);
/* The part of row i of all, and the row in it. i < n */
const hx_linear_part *hx_linear_part_of(const hx_linear *l, size_t i, size_t *row);
size_t hx_linear_row_bytes(const hx_linear *l, hx_dtype type);

/* Columns of y that lane 0 of a panel makes the first of, and how many there are at most. */
static inline size_t hx_linear_width(const hx_linear *l) {
    return l->kind == HX_LINEAR_SWIGLU ? HX_GEMM_HALF : HX_GEMM_LANES;
}

static inline size_t hx_linear_round(size_t n, size_t to) {
    return (n + to - 1) / to * to;
}

/* Bytes between rows that are read together: an odd number of 64-byte lines, so that they do not meet in one set of the cache. */
static inline size_t hx_linear_stride(size_t bytes) {
    return (bytes + 63) / 64 * 64 | 64;
}

/* One step that makes the rows of x ready, and one that multiplies. */
typedef struct {
    const hx_linear *l;
    const hx_linear_call *call;
    size_t first, n; /* the range of rows of W, n > 0 */
    size_t first_panel, n_panels; /* that hold it */
    uint8_t *rows; /* (m): int8, F32 or blocks, by form */
    size_t stride; /* bytes */
    float *scale; /* (m) INT8 */
    uint8_t *workers; /* scratch of each worker */
    size_t worker_bytes;
    size_t rows_a_piece, panels_a_piece, n_row_pieces;
} hx_linear_job;

/* Where the tile of a panel goes: into y itself where all its lanes are stored as they are, otherwise to `tile` (rows, 32). */
float *hx_linear_out(const hx_linear_job *job, size_t panel, size_t row, size_t rows, float *tile,
                     size_t *ld);
/* Puts what hx_linear_out() sent to `tile` into y. */
void hx_linear_put(const hx_linear_job *job, size_t panel, size_t row, size_t rows,
                   const float *tile);
size_t hx_linear_int8_scratch(const hx_linear *l, size_t m, size_t n_threads);
size_t hx_linear_exact_scratch(const hx_linear *l, size_t m, size_t n_threads);
size_t hx_linear_stored_scratch(const hx_linear *l, size_t m, size_t n_threads);
void hx_linear_run_int8(hx_linear_job *job, uint8_t *scratch, hx_team *team);
void hx_linear_run_exact(hx_linear_job *job, uint8_t *scratch, hx_team *team);
void hx_linear_run_stored(hx_linear_job *job, uint8_t *scratch, hx_team *team);

#endif
