/* replay.c - runs a fuzz target over files without a fuzzer: each file of the folders given, as it is, cut off at every length up to 64
 * and at some beyond, and with single bytes changed (fixed seed). */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "fuzz.h"

#define FILE_MAX_BYTES (1u << 20)
#define CUTS 64
#define CHANGES 200

/* Each run on a heap copy of just its size, so that a read beyond it is seen. */
static void run(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) exit(1);
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_variants(uint8_t *data, size_t size, hx_rng *rng) {
    run(data, size);
    for (size_t n = 0; n < CUTS && n < size; n++)
        run(data, n);
    for (int i = 0; size > 0 && i < CHANGES; i++) {
        size_t at = hx_rng_below(rng, size);
        uint8_t before = data[at];
        data[at] = (uint8_t)hx_rng_next(rng);
        run(data, i % 4 ? size : hx_rng_below(rng, size + 1));
        data[at] = before;
    }
}

static int replay_file(const char *path) {
    static const uint64_t seed = 20261121;
    FILE *in = fopen(path, "rb");
    uint8_t *data = malloc(FILE_MAX_BYTES);
    if (!in || !data) {
        fprintf(stderr, "%s: can't be read\n", path);
        return 1;
    }
    size_t size = fread(data, 1, FILE_MAX_BYTES, in);
    (void)fclose(in);
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    run_variants(data, size, &rng);
    free(data);
    return 0;
}

static int replay_folder(const char *path) {
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, NULL, alphasort), failed = 0, files = 0;
    for (int i = 0; i < n; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            failed |= replay_file(file);
            files++;
        }
        free(entries[i]);
    }
    free(entries);
    if (files == 0) fprintf(stderr, "%s: has no files\n", path);
    return failed || files == 0;
}

int main(int argc, char **argv) {
    int failed = argc < 2;
    for (int i = 1; i < argc; i++)
        failed |= replay_folder(argv[i]);
    return failed;
}
