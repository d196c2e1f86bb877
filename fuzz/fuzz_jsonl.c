/* fuzz_jsonl.c - JSON Lines. The first byte chooses the size of chunks. */
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    hx_reader_options o = {.format = HX_FORMAT_JSONL, .chunk_bytes = (size_t)1 << (data[0] & 15)};
    fuzz_file(data + 1, size - 1, &o);
    return 0;
}
