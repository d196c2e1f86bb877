/* fuzz_csv.c - CSV, TSV, plain text and whatever is sniffed, plain, gzip or zstd. The first byte chooses the options. */
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const hx_format formats[] = {HX_FORMAT_AUTO, HX_FORMAT_CSV, HX_FORMAT_TSV,
                                        HX_FORMAT_TEXT};
    if (size == 0) return 0;
    hx_reader_options o = {.format = formats[data[0] & 3],
                           .quote = data[0] & 4 ? '"' : '\0',
                           .no_header = data[0] & 8,
                           .chunk_bytes = (size_t)1 << (data[0] >> 4)};
    fuzz_file(data + 1, size - 1, &o);
    return 0;
}
