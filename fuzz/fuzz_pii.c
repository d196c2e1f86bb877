/* fuzz_pii.c - personal data in any bytes: finds lie in the text, in order, and do not overlap. */
#include "fuzz.h"

#include <stdlib.h>

#include "huaxiang/privacy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hx_arena *arena = hx_arena_new(64u << 20);
    const hx_pii *finds = NULL;
    size_t n = 0;
    hx_str masked;
    if (hx_pii_redact((hx_str){(const char *)data, size}, arena, &masked, &finds, &n, NULL) ==
        HX_OK)
        for (size_t i = 0; i < n; i++)
            if (finds[i].start >= finds[i].end || finds[i].end > size ||
                (i > 0 && finds[i].start < finds[i - 1].end))
                abort();
    hx_arena_free(arena);
    return 0;
}
