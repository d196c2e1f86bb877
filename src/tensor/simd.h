/* simd.h - what the files of several instruction sets share. */
#ifndef HX_TENSOR_SIMD_H
#define HX_TENSOR_SIMD_H

/* Loops over registers must vanish: their bounds are constants after inlining. */
#define HX_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define HX_UNROLL _Pragma("clang loop unroll(full)")
#else
#define HX_UNROLL _Pragma("GCC unroll 64")
#endif

/* 2^r = 1 + r (c1 + r (c2 + ...)) for |r| <= 1/2, relative error 2e-9 before rounding, 1 exactly at 0 (weighted minimax by
 * Lawson's iteration). With rounding 2^x is within one unit of the last place. */
#define HX_EXP2_1 0.6931472028551602f
#define HX_EXP2_2 0.24022647913622186f
#define HX_EXP2_3 0.05550332470888694f
#define HX_EXP2_4 0.0096184373578076f
#define HX_EXP2_5 0.0013398874516354284f
#define HX_EXP2_6 0.0001535336209392002f
#define HX_EXP2_LOWEST (-126.0f) /* below it the loops give 0 */
#define HX_LOG2_E 1.4426950408889634f

#endif
