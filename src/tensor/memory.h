/* memory.h - big blocks straight from the operating system: aligned to 64 at least, zero, on huge pages where it has some. */
#ifndef HX_TENSOR_MEMORY_H
#define HX_TENSOR_MEMORY_H

#include "huaxiang/base.h"

/* NULL when out of memory. The caller owns it and frees it with the same size. */
void *hx_memory_new(size_t bytes);
void hx_memory_free(void *p, size_t bytes);
/* Advice about a part of such a block: most of it will never be written. What is not takes no memory, page by small page. */
void hx_memory_sparse(void *p, size_t bytes);

#endif
