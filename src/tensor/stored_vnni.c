/* stored_vnni.c - stored.h for AVX-512 with VNNI: see stored_avx512_loops.h. */
#include "tensor/stored_kernels.h"

#if defined(__x86_64__)

#include "tensor/stored_avx512_loops.h"

const hx_stored_kernels hx_stored_vnni = HX_STORED_TABLE;

#endif
