/* linear_pack.c - the int8 form of the weights, made once.
 *
 * Row by row: decode to F32, transform, scale by its own maximum to int8. 16 rows at a time go to a half of a panel; all of it stays
 * in the cache, so that the stored weights are read and the packed ones written once. One block of memory:
 *   weights (n_panels, k4 / 4, 32, 4) int8, then scale (32 n_panels) F32, then start (32 n_panels) int32. */
#include <string.h>

#include "base/error.h"
#include "tensor/linear_parts.h"
#include "tensor/memory.h"

typedef struct {
    hx_linear *l;
    size_t first_half; /* of the step */
    size_t half_stride; /* 1, or 2 where gate and up alternate */
    uint8_t *workers;
    size_t worker_bytes;
} pack_job;

static size_t weight_bytes(const hx_linear *l) {
    return l->n_panels * HX_GEMM_LANES * l->k4;
}

size_t hx_linear_packed_bytes(const hx_linear *l) {
    return weight_bytes(l) + l->n_panels * HX_GEMM_LANES * (sizeof *l->scale + sizeof *l->start);
}

/* Bytes between the 16 rows of a half. */
static size_t row_stride(const hx_linear *l) {
    return hx_linear_stride(l->k4);
}

static size_t pack_worker_bytes(const hx_linear *l) {
    return hx_linear_round(l->k * sizeof(float), 64) + HX_GEMM_HALF * row_stride(l);
}

static void pack_lane(const hx_linear *l, size_t panel, size_t lane, float *row, int8_t *q) {
    const hx_gemm_kernels *g = l->kernels->gemm;
    size_t at = panel * HX_GEMM_LANES + lane;
    hx_dtype type;
    int32_t sum;
    const void *stored = hx_linear_lane(l, panel, lane, &type);
    l->scale[at] = 0.0f;
    l->start[at] = 0;
    if (!stored) {
        memset(q, 0, l->k4);
        return;
    }
    g->decode(type, stored, l->k, row);
    l->scale[at] = g->ready(row, l->k, NULL, 0.0f, l->block, 0, row, q, &sum) / (float)l->block;
    memset(q + l->k, 0, l->k4 - l->k);
    l->start[at] = (int32_t)(0u - 128u * (uint32_t)sum);
}

static void pack_half(void *context, size_t i, size_t worker) {
    const pack_job *job = context;
    const hx_linear *l = job->l;
    size_t half = job->first_half + i * job->half_stride;
    size_t panel = half / 2, lane = half % 2 * HX_GEMM_HALF, stride = row_stride(l);
    uint8_t *scratch = job->workers + worker * job->worker_bytes;
    float *row = (float *)(void *)scratch;
    int8_t *q = (int8_t *)scratch + hx_linear_round(l->k * sizeof(float), 64);
    for (size_t j = 0; j < HX_GEMM_HALF; j++)
        pack_lane(l, panel, lane + j, row, q + j * stride);
    l->kernels->gemm->pack8(q, stride, l->k4,
                            l->weights + (panel * l->k4 * HX_GEMM_LANES + lane * 4));
}

/* Halves in the order of parts, so that each part is done with before the next one. */
static void pack_parts(pack_job *job, hx_team *team, void (*dropped)(void *context, size_t part),
                       void *context) {
    const hx_linear *l = job->l;
    bool alternates = l->kind == HX_LINEAR_SWIGLU;
    size_t done = 0, rows = 0;
    for (size_t part = 0; part < l->n_parts; part++) {
        bool last = part + 1 == l->n_parts;
        rows += l->parts[part].n;
        size_t end = last ? 2 * l->n_panels : (rows + HX_GEMM_HALF - 1) / HX_GEMM_HALF;
        job->first_half = alternates ? part : done;
        job->half_stride = alternates ? 2 : 1;
        hx_team_run(team, alternates ? l->n_panels : end - done, pack_half, job);
        done = end;
        if (dropped) dropped(context, part);
    }
}

hx_status hx_linear_pack_into(hx_linear *l, void *memory, hx_team *team,
                              void (*dropped)(void *context, size_t part), void *context,
                              hx_error *err) {
    if (l->weights) return HX_OK;
    size_t n_lanes = l->n_panels * HX_GEMM_LANES, worker_bytes = pack_worker_bytes(l);
    uint8_t *workers = hx_memory_new(worker_bytes * hx_team_size(team));
    if (!workers) return hx_fail(err, HX_ENOMEM, "not enough memory to convert weights");
    l->weights = memory;
    l->scale = (float *)(void *)(l->weights + weight_bytes(l));
    l->start = (int32_t *)(void *)(l->scale + n_lanes);
    pack_job job = {.l = l, .workers = workers, .worker_bytes = worker_bytes};
    pack_parts(&job, team, dropped, context);
    hx_memory_free(workers, worker_bytes * hx_team_size(team));
    return HX_OK;
}

hx_status hx_linear_pack(hx_linear *l, hx_team *team, void (*dropped)(void *context, size_t part),
                         void *context, hx_error *err) {
    if (l->weights) return HX_OK;
    size_t bytes = hx_linear_packed_bytes(l);
    void *memory = hx_memory_new(bytes);
    if (!memory)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the int8 form of weights (%zu bytes)",
                       bytes);
    hx_status status = hx_linear_pack_into(l, memory, team, dropped, context, err);
    if (status != HX_OK) {
        hx_memory_free(memory, bytes);
        return status;
    }
    l->owned = memory;
    l->owned_bytes = bytes;
    return HX_OK;
}
