/* fuzz_safetensors.c - the header of a safetensors file: as it is, and (what a fuzzer gets further with) with its length put right: the
 * header is what comes before the first NUL, the rest are the tensors. The first byte chooses. */
#include "fuzz_tensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    if (data[0] & 1) {
        fuzz_tensors(data + 1, size - 1);
        return 0;
    }
    const uint8_t *nul = memchr(data + 1, '\0', size - 1);
    uint64_t header = nul ? (uint64_t)(nul - data - 1) : size - 1;
    size_t rest = nul ? size - 2 - (size_t)header : 0;
    uint8_t *file = malloc(sizeof header + (size_t)header + rest);
    FUZZ_REQUIRE(file);
    memcpy(file, &header, sizeof header);
    memcpy(file + sizeof header, data + 1, (size_t)header);
    if (rest) memcpy(file + sizeof header + header, nul + 1, rest);
    fuzz_tensors(file, sizeof header + (size_t)header + rest);
    free(file);
    return 0;
}
