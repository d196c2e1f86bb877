/* kernels_peak.c - independent chains of F32 fused multiply-adds and of vpdpbusd, and one reading of more memory than caches hold.
 *
 * 12 chains of registers cover the latency of either instruction; the sums go to a place the compiler must keep. Functions carry
 * their instruction sets themselves, and only run where the processor has them. */
#include "kernels_peak.h"

#include <stdatomic.h>

#include "tensor/memory.h"

#define TURNS 2000000
#define CHAINS 12
#define READ_BYTES ((size_t)256 << 20)
#define READ_PIECE ((size_t)1 << 20)

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static float run_f32_512(void) {
    __m512 s[CHAINS], a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(0.25f);
    for (int i = 0; i < CHAINS; i++)
        s[i] = a;
    for (int turn = 0; turn < TURNS; turn++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            s[i] = _mm512_fmadd_ps(s[i], a, b);
    for (int i = 1; i < CHAINS; i++)
        s[0] = _mm512_add_ps(s[0], s[i]);
    return _mm512_cvtss_f32(s[0]);
}

__attribute__((target("avx2,fma"))) static float run_f32_256(void) {
    __m256 s[CHAINS], a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(0.25f);
    for (int i = 0; i < CHAINS; i++)
        s[i] = a;
    for (int turn = 0; turn < TURNS; turn++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            s[i] = _mm256_fmadd_ps(s[i], a, b);
    for (int i = 1; i < CHAINS; i++)
        s[0] = _mm256_add_ps(s[0], s[i]);
    return _mm256_cvtss_f32(s[0]);
}

__attribute__((target("avx512f,avx512vnni"))) static float run_int8_512(void) {
    __m512i s[CHAINS], a = _mm512_set1_epi8(3);
    for (int i = 0; i < CHAINS; i++)
        s[i] = _mm512_set1_epi32(i);
    for (int turn = 0; turn < TURNS; turn++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            s[i] = _mm512_dpbusd_epi32(s[i], a, s[i]);
    for (int i = 1; i < CHAINS; i++)
        s[0] = _mm512_add_epi32(s[0], s[i]);
    return (float)_mm512_cvtsi512_si32(s[0]);
}

typedef float peak_loop(void);

/* The loop, and its operations a run. */
static peak_loop *loop_of(peak_kind kind, double *ops) {
    if (kind == PEAK_INT8) {
        *ops = 128.0 * CHAINS * TURNS;
        return __builtin_cpu_supports("avx512vnni") ? run_int8_512 : NULL;
    }
    if (__builtin_cpu_supports("avx512f")) {
        *ops = 32.0 * CHAINS * TURNS;
        return run_f32_512;
    }
    *ops = 16.0 * CHAINS * TURNS;
    return __builtin_cpu_supports("fma") ? run_f32_256 : NULL;
}
#else
typedef float peak_loop(void);

static peak_loop *loop_of(peak_kind kind, double *ops) {
    (void)kind;
    *ops = 0.0;
    return NULL;
}
#endif

typedef struct {
    peak_loop *loop;
    const unsigned char *memory;
    _Atomic float kept; /* so that no loop is left out */
} peak_job;

static void compute(void *context, size_t i, size_t worker) {
    (void)i;
    (void)worker;
    peak_job *job = context;
    atomic_store(&job->kept, job->loop());
}

static void read_piece(void *context, size_t i, size_t worker) {
    (void)worker;
    peak_job *job = context;
    const uint64_t *p = (const uint64_t *)(const void *)(job->memory + i * READ_PIECE);
    uint64_t sum[8] = {0};
    for (size_t j = 0; j < READ_PIECE / sizeof *p; j += 8)
        for (size_t h = 0; h < 8; h++)
            sum[h] += p[j + h];
    for (size_t h = 1; h < 8; h++)
        sum[0] += sum[h];
    atomic_store(&job->kept, (float)sum[0]);
}

static double memory_rate(hx_team *team, clockid_t clock) {
    unsigned char *memory = hx_memory_new(READ_BYTES);
    if (!memory) return 0.0;
    for (size_t i = 0; i < READ_BYTES; i += 4096)
        memory[i] = 1;
    peak_job job = {.memory = memory};
    double start = now(clock);
    hx_team_run(team, READ_BYTES / READ_PIECE, read_piece, &job);
    double seconds = now(clock) - start;
    hx_memory_free(memory, READ_BYTES);
    return (double)READ_BYTES / seconds / 1e9;
}

double peak_rate(peak_kind kind, hx_team *team, clockid_t clock) {
    if (kind == PEAK_MEMORY) return memory_rate(team, clock);
    double ops;
    peak_job job = {.loop = loop_of(kind, &ops)};
    if (!job.loop) return 0.0;
    size_t n = hx_team_size(team);
    double start = now(clock);
    hx_team_run(team, n, compute, &job);
    return ops * (double)n / (now(clock) - start) / 1e9;
}
