/* memory.c - big blocks on huge pages: mappings aligned to 2 MB with MADV_HUGEPAGE. A 4 KB page a fault costs more than filling it. */
#include "tensor/memory.h"

#include <stdint.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define SMALL_PAGE ((size_t)65536) /* a multiple of every page size there is */

static size_t mapped_bytes(size_t bytes) {
    return (bytes + SMALL_PAGE - 1) / SMALL_PAGE * SMALL_PAGE;
}

static void *map(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void *hx_memory_new(size_t bytes) {
    if (bytes == 0 || bytes > SIZE_MAX / 2) return NULL;
    bytes = mapped_bytes(bytes);
    if (bytes < HUGE_PAGE) return map(bytes);
    char *p = map(bytes + HUGE_PAGE);
    if (!p) return NULL;
    size_t before = (HUGE_PAGE - (uintptr_t)p % HUGE_PAGE) % HUGE_PAGE;
    if (before) munmap(p, before);
    if (HUGE_PAGE - before) munmap(p + before + bytes, HUGE_PAGE - before);
    (void)madvise(p + before, bytes, MADV_HUGEPAGE);
    return p + before;
}

void hx_memory_free(void *p, size_t bytes) {
    if (p) munmap(p, mapped_bytes(bytes));
}

void hx_memory_sparse(void *p, size_t bytes) {
    size_t before = (SMALL_PAGE - (uintptr_t)p % SMALL_PAGE) % SMALL_PAGE;
    if (bytes < before + SMALL_PAGE) return;
    (void)madvise((char *)p + before, (bytes - before) / SMALL_PAGE * SMALL_PAGE, MADV_NOHUGEPAGE);
}
