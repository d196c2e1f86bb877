/* tokenize.c - tokenises the records of a file with the tokenizer of a model, and says how fast.
 *
 *     bench_tokenize MODEL RECORDS ROUNDS [IDS]
 *
 * MODEL is a .gguf file or a folder. RECORDS: u32 length and bytes, again and again. The best of ROUNDS counts. IDS is written with u32 count
 * and i32 ids a record. Prints one line of JSON; opening by the clock on the wall, since two threads do it, the rest by processor time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "llama/tokenizer.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double wall(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int fail(const hx_error *err) {
    fprintf(stderr, "bench_tokenize: %s\n", err->message);
    return 1;
}

static hx_status open_tokenizer(hx_tokenizer **t, hx_tensor_file **f, const char *path,
                                hx_error *err) {
    size_t n = strlen(path);
    *f = NULL;
    if (n < 5 || strcmp(path + n - 5, ".gguf") != 0) return hx_tokenizer_open_folder(t, path, err);
    hx_status status = hx_tensor_file_open(f, path, err);
    return status == HX_OK ? hx_tokenizer_open_gguf(t, *f, err) : status;
}

typedef struct {
    size_t bytes, tokens, records;
} totals;

/* One pass over all records. */
static hx_status encode_all(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str records,
                            FILE *ids_out, totals *sum, hx_error *err) {
    hx_buf ids;
    hx_status status = HX_OK;
    *sum = (totals){0, 0, 0};
    hx_buf_init(&ids, SIZE_MAX / 2);
    for (size_t at = 0; at + 4 <= records.len && status == HX_OK;) {
        uint32_t len;
        memcpy(&len, records.ptr + at, 4);
        hx_buf_reset(&ids);
        status = hx_tokenizer_encode(t, s, (hx_str){records.ptr + at + 4, len}, NULL, &ids, err);
        uint32_t n = (uint32_t)(ids.len / sizeof(int32_t));
        if (ids_out) {
            fwrite(&n, sizeof n, 1, ids_out);
            fwrite(ids.ptr, 1, ids.len, ids_out);
        }
        sum->bytes += len;
        sum->tokens += n;
        sum->records++;
        at += 4 + len;
    }
    hx_buf_release(&ids);
    return status;
}

int main(int argc, char **argv) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tokenizer *t = NULL;
    hx_tensor_file *f = NULL;
    hx_mapping records;
    totals sum = {0, 0, 0};
    if (argc < 4) return 2;
    double start = wall();
    if (open_tokenizer(&t, &f, argv[1], &err) != HX_OK) return fail(&err);
    double opened = wall() - start, best = 1e9;
    if (hx_mapping_open(&records, argv[2], &err) != HX_OK) return fail(&err);
    FILE *ids_out = argc > 4 ? fopen(argv[4], "wb") : NULL;
    for (long round = 0, rounds = atol(argv[3]); round < rounds; round++) {
        hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
        start = now();
        if (!s || encode_all(t, s, records.bytes, NULL, &sum, &err) != HX_OK) return fail(&err);
        double seconds = now() - start;
        best = seconds < best ? seconds : best;
        hx_tokenizer_scratch_free(s);
    }
    if (ids_out) {
        hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
        if (!s || encode_all(t, s, records.bytes, ids_out, &sum, &err) != HX_OK) return fail(&err);
        hx_tokenizer_scratch_free(s);
        fclose(ids_out);
    }
    printf("{\"open_ms\": %.2f, \"seconds\": %.5f, \"bytes\": %zu, \"tokens\": %zu, "
           "\"records\": %zu, \"mb_s\": %.1f}\n",
           opened * 1e3, best, sum.bytes, sum.tokens, sum.records, (double)sum.bytes / best / 1e6);
    hx_mapping_close(&records);
    hx_tokenizer_close(t);
    hx_tensor_file_close(f);
    return 0;
}
