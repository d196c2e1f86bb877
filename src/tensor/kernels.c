/* kernels.c - the tables of kernels.h, and the choice among them by what the processor says it can do.
 *
 * A set is offered where it was compiled in and the processor (and the operating system, which must save its registers: gcc's
 * __builtin_cpu_supports() looks at both) can run it.
 *
 * Invariant: the tables are complete and constant. A group without loops of its own for a set takes the next lower set's. */
#include "tensor/kernels.h"

#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "base/error.h"
#include "tensor/attention_kernels.h"
#include "tensor/gemm_kernels.h"
#include "tensor/kernel_table.h"
#include "tensor/stored_kernels.h"
#include "tensor/vector_kernels.h"

static const hx_kernels kernel_scalar = {
    .name = "scalar",
    .set = HX_KERNELS_SCALAR,
    .gemm = &hx_gemm_scalar,
    .vector = &hx_vector_scalar,
    .attention = &hx_attention_scalar,
    .stored = &hx_stored_scalar,
};
#if defined(__x86_64__)
static const hx_kernels kernel_avx2 = {
    .name = "avx2",
    .set = HX_KERNELS_AVX2,
    .gemm = &hx_gemm_avx2,
    .vector = &hx_vector_avx2,
    .attention = &hx_attention_avx2,
    .stored = &hx_stored_avx2,
};
static const hx_kernels kernel_avx512 = {
    .name = "avx512",
    .set = HX_KERNELS_AVX512,
    .gemm = &hx_gemm_avx512,
    .vector = &hx_vector_avx512,
    .attention = &hx_attention_avx512,
    .stored = &hx_stored_avx512,
};
static const hx_kernels kernel_vnni = {
    .name = "vnni",
    .set = HX_KERNELS_VNNI,
    .gemm = &hx_gemm_vnni,
    .vector = &hx_vector_avx512,
    .attention = &hx_attention_avx512,
    .stored = &hx_stored_vnni,
};
#elif defined(__aarch64__)
static const hx_kernels kernel_neon = {
    .name = "neon",
    .set = HX_KERNELS_NEON,
    .gemm = &hx_gemm_neon,
    .vector = &hx_vector_neon,
    .attention = &hx_attention_neon,
    .stored = &hx_stored_neon,
};
#endif

/* NULL where it was not compiled in. */
static const hx_kernels *table_of(hx_kernels_set set) {
    switch (set) {
    case HX_KERNELS_SCALAR:
        return &kernel_scalar;
#if defined(__x86_64__)
    case HX_KERNELS_AVX2:
        return &kernel_avx2;
    case HX_KERNELS_AVX512:
        return &kernel_avx512;
    case HX_KERNELS_VNNI:
        return &kernel_vnni;
#elif defined(__aarch64__)
    case HX_KERNELS_NEON:
        return &kernel_neon;
#endif
    default:
        return NULL;
    }
}

#if defined(__x86_64__)
/* clang 14 does not know "f16c". */
static bool has_f16c(void) {
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
}

static bool has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
#endif

bool hx_kernels_has(hx_kernels_set set) {
#if defined(__x86_64__)
    if (set == HX_KERNELS_AVX2) return has_avx2();
    if (set == HX_KERNELS_AVX512) return has_avx512();
    if (set == HX_KERNELS_VNNI) return has_avx512() && __builtin_cpu_supports("avx512vnni");
#endif
    return table_of(set) != NULL;
}

bool hx_kernels_has_bf16(const hx_kernels *k) {
#if defined(__x86_64__)
    return (k->set == HX_KERNELS_AVX512 || k->set == HX_KERNELS_VNNI) &&
           __builtin_cpu_supports("avx512bf16");
#else
    (void)k;
    return false;
#endif
}

const hx_bf16_kernels *hx__kernels_bf16(const hx_kernels *kernels) {
#if defined(__x86_64__)
    if (hx_kernels_has_bf16(kernels)) return &hx_bf16_avx512;
#endif
    (void)kernels;
    return &hx_bf16_scalar;
}

static const hx_kernels *best_table(void) {
    const hx_kernels *best = &kernel_scalar;
    for (hx_kernels_set set = HX_KERNELS_SCALAR; set < HX_KERNELS_N; set++)
        if (table_of(set) && hx_kernels_has(set)) best = table_of(set);
    return best;
}

static bool is_set_name(const char *name) {
    static const char *const names[] = {"scalar", "avx2", "avx512", "vnni", "neon"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

hx_status hx_kernels_choose(const char *name, const hx_kernels **out, hx_error *err) {
    if (!name || !*name) {
        *out = best_table();
        return HX_OK;
    }
    for (hx_kernels_set set = HX_KERNELS_SCALAR; set < HX_KERNELS_N; set++) {
        const hx_kernels *k = table_of(set);
        if (!k || strcmp(k->name, name) != 0) continue;
        if (!hx_kernels_has(set))
            return hx_fail(err, HX_EUNSUPPORTED,
                           "this processor cannot run the kernels '%s'; the best it can is '%s'",
                           k->name, best_table()->name);
        *out = k;
        return HX_OK;
    }
    if (is_set_name(name))
        return hx_fail(
            err, HX_EUNSUPPORTED,
            "the kernels '%.*s' are for another kind of processor; the best here is '%s'",
            HX_STR_ARG(hx_str_of(name)), best_table()->name);
    return hx_fail(err, HX_EINVAL,
                   "there are no kernels '%.*s'; there are scalar, avx2, avx512, vnni and neon",
                   HX_STR_ARG(hx_str_of(name)));
}

const char *hx_kernels_name(const hx_kernels *k) {
    return k->name;
}
