/* linear.h - y = norm(x) W^T + b for rows of x: the one place where weights are multiplied.
 *
 * W (N, K) is one or several matrices of a model file, one above the other (q, k, v; gate, up), read in their stored type. Forms:
 *
 *   EXACT   F32 arithmetic. Panels of W are decoded into scratch; each output is one sum over k in ascending order with fused multiply-adds.
 *   INT8    per row of x: H x (H: orthonormal fast Walsh-Hadamard transform of blocks of the largest power of two that divides K,
 *           at most 512), scaled by its own absolute maximum to int8; per row of W the same, made once. Integer sums are exact; the
 *           result is sum * scale_x[m] * scale_w[n] + b[n]. H spreads outliers over their block (QuaRot, arXiv 2404.00456), which keeps
 *           int8 close to F32 without calibration.
 *   STORED  for one or a few rows: blocks of W as stored x int8 activations in blocks of 32 with a scale each.
 *
 * In every form an output depends on its row of x and its row of W alone: neither the number of rows nor of threads changes a bit. */
#ifndef HX_TENSOR_LINEAR_H
#define HX_TENSOR_LINEAR_H

#include "tensor/dtype.h"
#include "tensor/kernels.h"
#include "tensor/team.h"

typedef enum { HX_FORM_EXACT = 0, HX_FORM_INT8, HX_FORM_STORED } hx_form;

typedef struct {
    hx_dtype type;
    size_t n; /* rows */
    const void *data; /* (n, k) as stored; borrowed until free */
    const float *bias; /* (n) or NULL; borrowed */
} hx_linear_part;

typedef enum {
    HX_LINEAR_STORE = 0, /* y (M, N) = r */
    HX_LINEAR_ADD, /* y += r: the residual */
    HX_LINEAR_SWIGLU /* two parts of equal n, gate and up: y (M, N / 2) = silu(r_gate) * r_up */
} hx_linear_kind;

typedef struct hx_linear hx_linear;

/* Only describes; no weight is read. Every part has k columns, a multiple of its type's block. */
hx_status hx_linear_new(hx_linear **out, const hx_kernels *kernels, const hx_linear_part *parts,
                        size_t n_parts, size_t k, hx_linear_kind kind, hx_error *err) HX_MUST_USE;
void hx_linear_free(hx_linear *l);
size_t hx_linear_rows(const hx_linear *l); /* N */
size_t hx_linear_columns(const hx_linear *l); /* K */

/* Makes the int8 form: N K bytes and a little. Done once; EXACT and STORED need nothing. `dropped` (NULL = none) is called after each part has
 * been read, so that its pages can be let go. */
hx_status hx_linear_pack(hx_linear *l, hx_team *team, void (*dropped)(void *context, size_t part),
                         void *context, hx_error *err) HX_MUST_USE;
/* The same into memory of the caller (hx_linear_packed_bytes, aligned to 64, borrowed until free): one block of huge pages for a whole
 * model faults and translates faster than many small ones (memory.h makes one). */
size_t hx_linear_packed_bytes(const hx_linear *l); /* a multiple of 64 */
hx_status hx_linear_pack_into(hx_linear *l, void *memory, hx_team *team,
                              void (*dropped)(void *context, size_t part), void *context,
                              hx_error *err) HX_MUST_USE;
bool hx_linear_is_packed(const hx_linear *l);

typedef struct {
    const float *x; /* (M, K), rows ldx apart */
    size_t m, ldx;
    const float *norm; /* (K) RMSNorm weights applied to x first; NULL = none */
    float eps; /* of the norm */
    float *
        y; /* (M, N) or (M, N / 2), rows ldy apart; never overlaps x unless kind ADD without norm reads another buffer */
    size_t ldy;
    size_t first, n; /* rows of W wanted: [first, first + n); n = 0 = all. SWIGLU: all */
    const hx_linear
        *next; /* the product that follows (all of it, same form), a hint for STORED; NULL = none */
} hx_linear_call;

/* Bytes of scratch that a call of `m` rows needs, in this form, for a team of `n_threads`. */
size_t hx_linear_scratch(const hx_linear *l, hx_form form, size_t m, size_t n_threads);
/* `scratch` is aligned to 64. The form INT8 must have been packed. */
void hx_linear_run(const hx_linear *l, hx_form form, const hx_linear_call *call, void *scratch,
                   hx_team *team);

#endif
